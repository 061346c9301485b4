"""Spectrum: sums against their mpmath twin (precise), identities between the constructors, bad input."""

from __future__ import annotations

import math
import re

import mpmath
import numpy as np
import precise
import pytest
import strategies
from hypothesis import given
from hypothesis import strategies as st
from mpmath import mpf
from numpy.testing import assert_allclose, assert_array_equal

import riskcalc as rc
from riskcalc import Spectrum

EPS = np.finfo(float).eps


@given(strategies.spectra(), st.floats(-250, 250).map(lambda exponent: 10.0**exponent))
def test_sums_agree_with_their_definition(spectrum, kappa):
    """Positive terms: a few roundings, whatever κ is."""
    twin = precise.Shells.of(spectrum)
    with mpmath.workdps(30):
        assert abs(spectrum.trace / twin.trace() - 1) <= 4 * EPS
        assert spectrum.rank == float(twin.rank())
        for got, exact in [(spectrum.df1(kappa), twin.df1(mpf(kappa))), (spectrum.df2(kappa), twin.df2(mpf(kappa)))]:
            if exact > 1e-290:
                assert abs(float(got / exact) - 1) <= 12 * EPS
            else:
                assert 0 <= got <= 2e-290


@given(strategies.spectra())
def test_limits_and_shapes_of_the_sums(spectrum):
    """df2 <= df1 <= rank, both fall with κ, κ df1 → Tr Σ from below."""
    kappa = np.geomspace(1e-30, 1e30, 40).reshape(4, 10)
    df1, df2 = spectrum.df1(kappa), spectrum.df2(kappa)
    assert df1.shape == df2.shape == (4, 10)
    assert spectrum.df1(1.0).shape == ()
    assert (df2 <= df1 * (1 + 8 * EPS)).all()
    assert (df1 <= min(spectrum.rank, 1e300) * (1 + 8 * EPS)).all()
    assert (np.diff(df1.ravel()) <= 8 * EPS * df1.ravel()[1:]).all()
    assert (np.diff(df2.ravel()) <= 8 * EPS * df2.ravel()[1:]).all()
    assert_allclose(kappa[-1, -1] * df1[-1, -1], spectrum.trace, rtol=1e-15 + spectrum.trace / 1e29)


@given(strategies.spectra())
def test_constructors_agree(spectrum):
    """Eigenvalues, their logarithms, and masses are three ways to say the same."""
    logs = Spectrum.from_log_eigenvalues(spectrum.log_eigenvalues, spectrum.multiplicities, spectrum.tail)
    masses = Spectrum.from_masses(spectrum.log_eigenvalues, spectrum.masses, spectrum.multiplicities, spectrum.tail)
    guessed = Spectrum.from_masses(spectrum.log_eigenvalues, spectrum.masses, tail=spectrum.tail)
    kappa = np.array([1e-8, 1.0, 1e4])
    for other in (logs, masses, guessed):
        assert_allclose(other.eigenvalues, spectrum.eigenvalues, rtol=64 * EPS)
        assert_allclose(other.masses, spectrum.masses, rtol=128 * EPS)
        assert_allclose(other.df1(kappa), spectrum.df1(kappa), rtol=256 * EPS)
        assert_allclose(other.df2(kappa), spectrum.df2(kappa), rtol=256 * EPS)
    assert logs.rank == masses.rank == spectrum.rank
    assert logs.n_features == masses.n_features == spectrum.n_features
    positive = spectrum.eigenvalues > 0
    assert_allclose(guessed.multiplicities[positive], spectrum.multiplicities[positive], rtol=128 * EPS)


def test_what_is_stored_is_what_was_given():
    spectrum = Spectrum.from_eigenvalues([0.1, 3.0, 0.0], multiplicities=[1.5, 2, 4], tail=0.25)
    assert spectrum.eigenvalues.tolist() == [0.1, 3.0, 0.0]
    assert spectrum.multiplicities.tolist() == [1.5, 2.0, 4.0]
    assert spectrum.log_eigenvalues.tolist() == [math.log(0.1), math.log(3.0), -math.inf]
    assert spectrum.masses.tolist() == [0.1 * 1.5, 6.0, 0.0]
    assert spectrum.trace == 6.4
    assert spectrum.rank == spectrum.n_features == math.inf
    finite = spectrum.replace(tail=0.0)
    assert (finite.rank, finite.n_features) == (3.5, 7.5)
    assert Spectrum.from_eigenvalues(2.0).eigenvalues.tolist() == [2.0]
    assert Spectrum.from_eigenvalues(np.full(10, 0.7), 0.1).rank == 1
    assert Spectrum.isotropic(2.5, 4.0) == Spectrum.from_eigenvalues([4.0], [2.5])


def test_beyond_the_range_of_a_float():
    """Eigenvalues 10^±400, and a multiplicity 10^400 whose mass is 2."""
    far = 400 * math.log(10)
    small = Spectrum.from_log_eigenvalues([-far, 0.0], multiplicities=[3, 5])
    assert small.rank == 8
    assert_allclose(small.trace, 5)
    sphere = Spectrum.from_masses([-far], masses=[2.0])
    assert sphere.multiplicities.tolist() == [np.inf]
    assert sphere.rank == np.inf
    assert_allclose(sphere.trace, 2.0)
    assert_allclose(sphere.df1(0.5), 4.0)
    assert sphere.df2(0.5) == 0
    with pytest.raises(ValueError, match=r"^masses \(multiplicity times eigenvalue\) must be finite, got inf"):
        Spectrum.from_eigenvalues([1e200], [1e200])
    with pytest.raises(ValueError, match="^log_eigenvalues must be <= 700, got 921"):
        Spectrum.from_log_eigenvalues([far])


def test_covariance_and_samples():
    rng = np.random.default_rng(1)
    X = rng.standard_normal((30, 6))
    samples, covariance = Spectrum.from_samples(X), Spectrum.from_covariance(X.T @ X / 30)
    assert_allclose(samples.eigenvalues, covariance.eigenvalues, rtol=1e-12)
    assert (np.diff(samples.eigenvalues) <= 0).all()
    assert_array_equal(samples.multiplicities, 1)
    wide = Spectrum.from_samples(X.T)  # 6 rows, 30 columns
    assert (wide.rank, wide.n_features) == (6, 30)
    assert_allclose(wide.eigenvalues[:6], samples.eigenvalues * 30 / 6, rtol=1e-12)
    deficient = Spectrum.from_covariance(np.outer([1.0, 2, 3], [1.0, 2, 3]))
    assert (deficient.rank, deficient.n_features) == (1, 3)
    assert_allclose(deficient.trace, 14)


def test_finite_power_law():
    spectrum = Spectrum.power_law(1.5, n_features=4, scale=2.0)
    assert_allclose(spectrum.eigenvalues, [2.0, 2 * 2**-1.5, 2 * 3**-1.5, 2 * 4**-1.5], rtol=2 * EPS)
    assert spectrum.rank == 4
    assert Spectrum.power_law(0.0, n_features=3).eigenvalues.tolist() == [1, 1, 1]
    data = rc.GaussianData.power_law(1.5, 0.4, n_features=3, noise=0.1)
    assert_allclose(data.energies, np.arange(1.0, 4) ** -2.2, rtol=2 * EPS)
    # the infinite one: what a million indices leave out is the integral beyond, and its end
    long, infinite = Spectrum.power_law(1.5, n_features=10**6), Spectrum.power_law(1.5)
    assert_allclose(infinite.trace - long.trace, 2 * (1e6 + 0.5) ** -0.5, rtol=1e-9)


def test_repr():
    assert repr(Spectrum.isotropic(200)) == "Spectrum(n_features=200, trace=200)"
    assert repr(Spectrum.isotropic(2, 0.5).replace(tail=0.1)) == "Spectrum(n_features=inf, trace=1.1, tail=0.1)"


@pytest.mark.parametrize(
    ("make", "error", "sentence"),
    [
        (lambda: Spectrum.from_eigenvalues([]), ValueError, "eigenvalues must be a non-empty list, got shape (0,)"),
        (lambda: Spectrum.from_eigenvalues([[1.0]]), ValueError, "eigenvalues must be a non-empty list, got shape (1, 1)"),
        (lambda: Spectrum.from_eigenvalues([1, -2]), ValueError, "eigenvalues must be finite and >= 0, got -2"),
        (lambda: Spectrum.from_eigenvalues([math.nan]), ValueError, "eigenvalues must be finite and >= 0, got nan"),
        (lambda: Spectrum.from_eigenvalues([math.inf]), ValueError, "eigenvalues must be finite and >= 0, got inf"),
        (lambda: Spectrum.from_eigenvalues("12"), TypeError, "eigenvalues must be real numbers, got '12'"),
        (
            lambda: Spectrum.from_eigenvalues([1, 2], [1, 2, 3]),
            ValueError,
            "multiplicities must have one entry per eigenvalue (2), got shape (3,)",
        ),
        (lambda: Spectrum.from_eigenvalues([1], [-1]), ValueError, "multiplicities must be finite and >= 0, got -1"),
        (lambda: Spectrum.from_eigenvalues([1], [math.inf]), ValueError, "multiplicities must be finite and >= 0, got inf"),
        (lambda: Spectrum.from_eigenvalues([1], tail=-1), ValueError, "tail must be finite and >= 0, got -1"),
        (lambda: Spectrum.from_eigenvalues([1], tail=math.nan), ValueError, "tail must be finite and >= 0, got nan"),
        (lambda: Spectrum.from_log_eigenvalues([math.nan]), ValueError, "log_eigenvalues must be <= 700, got nan"),
        (lambda: Spectrum.from_masses([0.0, 1.0], [1.0]), ValueError, "masses must have one entry per eigenvalue (2)"),
        (lambda: Spectrum.from_masses([0.0], [-1.0]), ValueError, "masses must be finite and >= 0, got -1"),
        (lambda: Spectrum.isotropic(0), ValueError, "n_features must be finite and > 0, got 0"),
        (lambda: Spectrum.isotropic(1, -1), ValueError, "eigenvalue must be finite and >= 0, got -1"),
        (lambda: Spectrum.power_law(2, 3.5), ValueError, "n_features must be a whole number or inf for a power law"),
        (lambda: Spectrum.power_law(2, 0), ValueError, "n_features must be finite and >= 1"),
        (lambda: Spectrum.power_law(2, scale=0), ValueError, "scale must be finite and > 0, got 0"),
        (lambda: Spectrum.power_law(-1, 5), ValueError, "exponent must be finite and >= 0, got -1"),
        (lambda: Spectrum.from_covariance([[1.0, 2.0]]), ValueError, "matrix must be square, got shape (1, 2)"),
        (lambda: Spectrum.from_covariance([[1.0, 2.0], [0.0, 1.0]]), ValueError, "matrix must be symmetric"),
        (
            lambda: Spectrum.from_covariance([[1.0, 2.0], [2.0, 1.0]]),
            ValueError,
            "matrix must be positive semidefinite, got the eigenvalue -1",
        ),
        (lambda: Spectrum.from_samples(np.zeros((0, 3))), ValueError, "X must have at least one row and one column"),
        (lambda: Spectrum.from_samples([1.0, 2.0]), ValueError, "X must be an array of 2 dimension(s), got shape (2,)"),
        (lambda: Spectrum.from_samples([[1.0, math.nan]]), ValueError, "X must be finite, got nan"),
        (lambda: Spectrum.isotropic(3).df1(0.0), ValueError, "kappa must be finite and > 0, got 0"),
        (lambda: Spectrum.isotropic(3).df2(-1.0), ValueError, "kappa must be finite and > 0, got -1"),
    ],
)
def test_bad_input(make, error, sentence):
    with pytest.raises(error, match="^" + re.escape(sentence)):
        make()
