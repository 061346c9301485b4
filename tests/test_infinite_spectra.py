"""Logarithmic and exponential spectra: mpmath twins from the definition (precise_infinite), limits, bad input."""

from __future__ import annotations

import math
import pickle

import mpmath
import numpy as np
import precise_infinite as precise
import pytest
from mpmath import mpf
from numpy.testing import assert_allclose

import riskcalc as rc
from riskcalc.infinite_spectra import Exponential, Logarithmic, PowerLaw, SpectrumNodes, family_of
from riskcalc.theory.effective_ridge import FixedPoint
from riskcalc.theory.nodes import Nodes
from riskcalc.theory.sums import sums_at

RATES = [1e-6, 0.005, 0.019, 0.021, 0.2, 1.0, 5.0, 30.0]


def df_at(spectrum: rc.Spectrum, log_kappa: float) -> tuple[float, float]:
    """Df1 and df2 where κ itself may underflow."""
    log = np.array(log_kappa)
    with np.errstate(under="ignore"):
        sums = sums_at(Nodes.of(spectrum), FixedPoint(np.exp(log), log, np.zeros(())))
    return float(sums.df1), float(sums.df2)


@pytest.mark.parametrize("exponent", [1.02, 2.0, 20.0])
def test_logarithmic_sums(exponent):
    """Seen 3e-14: the rounding of the masses, and 16 nodes a panel of width π."""
    spectrum, twin = rc.Spectrum.logarithmic(exponent), precise.Logarithmic(exponent)
    least = -math.log(1e20) - exponent * math.log(1 + math.log(1e20)) + math.log(10)  # what the solver takes
    with mpmath.workdps(25):
        assert_allclose(spectrum.trace, float(twin.trace()), rtol=1e-13)
        for log_kappa in (least, 0.5 * least, -5.6 - exponent * 1.9, 1.0):
            kappa = math.exp(log_kappa)
            assert_allclose(spectrum.df1(kappa), float(twin.df1(mpf(kappa))), rtol=1e-13)
            assert_allclose(spectrum.df2(kappa), float(twin.df2(mpf(kappa))), rtol=1e-13)


def test_the_logarithmic_twin_itself():
    """Against a sum of 200 000 terms, whose rest lies between two integrals."""
    with mpmath.workdps(25):
        twin, last = precise.Logarithmic(3), 200_000
        i = np.arange(1.0, last + 1)
        summed = math.fsum(1 / (i * (1 + np.log(i)) ** 3))
        rest = float(twin.trace()) - summed
        assert (1 + math.log(last + 1)) ** -2 / 2 < rest < (1 + math.log(last)) ** -2 / 2
        assert_allclose(rest, (1 + math.log(last + 0.5)) ** -2 / 2, rtol=1e-9)
        for power in (1, 2):
            assert (
                abs(twin.tail(7, power) + sum(twin.sigma(mpf(j)) ** power for j in range(1, 7)) - twin.tail(1, power))
                < 1e-20
            )


def test_logarithmic_is_benign_at_the_rate_of_the_sheet():
    """(df2/n) log n at n = 10², 10⁴, 10⁸, 10¹⁶ (sheet 1, section 5.2), β = 2; tends to β - 1."""
    n = np.array([1e2, 1e4, 1e8, 1e16])
    spectrum = rc.Spectrum.logarithmic(2.0)
    share = spectrum.df2(rc.effective_ridge(spectrum, n, 0)) / n * np.log(n)
    assert (share.round(3) == [0.838, 0.960, 1.007, 1.019]).all()


def test_bias_of_a_target_on_the_first_eigenvalues():
    """The first 248 entries are the eigenvalues: B = κ² Σ e/(σ+κ)² at the twin's own sums."""
    spectrum, twin, n = rc.Spectrum.logarithmic(1.7), precise.Logarithmic(1.7), 300.0
    energies = np.zeros(spectrum.eigenvalues.size)
    energies[:3] = [0.5, 0.3, 0.2]
    risk = rc.ridge_risk(rc.Problem(spectrum, energies, noise=0.1), n, 0.4)
    with mpmath.workdps(25):
        kappa = mpf(float(risk.effective_ridge))
        assert abs(n - 0.4 / kappa - twin.df1(kappa)) < 1e-11
        left = mpmath.fsum(
            mpf(e) * (kappa / (twin.sigma(mpf(i)) + kappa)) ** 2 for i, e in ((1, 0.5), (2, 0.3), (3, 0.2))
        )
        df2 = twin.df2(kappa)
        assert_allclose(risk.bias, float(n * left / (n - df2)), rtol=1e-12)
        assert_allclose(risk.variance, float(mpf("0.1") * df2 / (n - df2)), rtol=1e-12)


@pytest.mark.parametrize("rate", RATES)
def test_exponential_sums(rate):
    """At κ from far above the eigenvalues to the last that is legal; where atoms are many, fewer of them."""
    spectrum, twin = rc.Spectrum.exponential(rate), precise.Exponential(rate)
    deepest = -rate * max(1e4, 500 / rate)
    depths = [3.0, -0.3 * rate, -rate * 255.5, -40.0, 0.1 * deepest, deepest]
    with mpmath.workdps(40):
        assert_allclose(spectrum.trace, float(twin.trace()), rtol=1e-14)
        for depth in depths:
            if rate < 1e-5:  # far too many terms: their integral and the half at its end (Euler-Maclaurin: rate/12)
                exact = math.log1p(math.exp(-depth)) / rate - 0.5 / (1 + math.exp(depth))
                assert_allclose(df_at(spectrum, depth)[0], exact, rtol=rate**2)
                continue
            df1, df2 = df_at(spectrum, depth)
            assert_allclose(df1, float(twin.df1(mpf(depth))), rtol=2e-13)
            assert_allclose(df2, float(twin.df2(mpf(depth))), rtol=2e-13)


@pytest.mark.parametrize("rate", [0.001, 0.019, 0.2, 3.0])
def test_the_last_node_carries_what_is_left(rate):
    """In units of its own eigenvalue: a geometric series, or the integral where Gauss panels end, 1/a."""
    nodes = Exponential.resolving(rate, 1e4).nodes()
    left = math.exp(nodes.log_masses[-1] - nodes.log_sigma[-1])
    assert_allclose(left, 1 / rate if rate < 0.02 else -1 / math.expm1(-rate), rtol=1e-9)


@pytest.mark.parametrize("rate", [0.01, 0.2, 1.0, 7.0])
@pytest.mark.parametrize("n", [2.5, 40.0, 1000.0, 9999.0])
def test_exponential_root_solves_its_equation(rate, n):
    """The equation changes sign within 1e-13 of log κ."""
    log_kappa = float(rc.log_effective_ridge(rc.Spectrum.exponential(rate), n, 0))
    twin, tolerance = precise.Exponential(rate), 1e-13 * max(1.0, abs(log_kappa))
    with mpmath.workdps(40):
        assert twin.df1(mpf(log_kappa) - tolerance) > n > twin.df1(mpf(log_kappa) + tolerance)


@pytest.mark.parametrize("rate", [0.3, 1.0])
def test_exponential_is_catastrophic(rate):
    """Log κ = -a(n + ½) and variance = τ²(an - 1), up to oscillations of relative size 2w/sinh w, w = 2π²/a."""
    spectrum = rc.Spectrum.exponential(rate)
    n, w = np.array([1000.0, 9000.0]), 2 * math.pi**2 / rate
    wave = 2 * w / math.sinh(w) + 1e-12
    problem = rc.Problem(spectrum, np.zeros(spectrum.eigenvalues.size), noise=0.5)
    assert_allclose(rc.log_effective_ridge(spectrum, n, 0), -rate * (n + 0.5), rtol=wave)
    assert_allclose(rc.ridge_risk(problem, n, 0).variance, 0.5 * (rate * n - 1), rtol=2 * wave)


def test_a_million_samples():
    spectrum = rc.Spectrum.exponential(0.5, max_samples=1e6)
    risk = rc.ridge_risk(rc.Problem(spectrum, np.zeros(spectrum.eigenvalues.size), noise=1.0), 1e6, 0)
    assert_allclose(risk.variance, 0.5e6 - 1, rtol=1e-9)
    assert spectrum.rank == np.inf


def test_beyond_the_nodes_is_refused():
    spectrum = rc.Spectrum.exponential(1.0)
    sentence = (
        r"^n_samples must leave log κ >= -10001\.7, where the nodes of this infinite spectrum end, got 11000; give"
    )
    with pytest.raises(ValueError, match=sentence):
        rc.log_effective_ridge(spectrum, [10.0, 11000.0], 0)
    assert rc.effective_ridge(spectrum, 11000.0, 1e-3) > 0
    with pytest.raises(ValueError, match=r"^n_samples must leave κ >= "):
        rc.effective_ridge(rc.Spectrum.logarithmic(2.0), 1e30, 0)


def test_weights_are_positive_and_the_rank_infinite():
    for spectrum in (rc.Spectrum.logarithmic(1.3), rc.Spectrum.exponential(0.001), rc.Spectrum.exponential(2.0)):
        assert (spectrum.multiplicities > 0).all()
        assert (spectrum.log_masses > -np.inf).all()
        assert spectrum.rank == spectrum.n_features == np.inf
        assert (np.diff(spectrum.log_eigenvalues) < 0).all()
        assert pickle.loads(pickle.dumps(spectrum)) == spectrum
    i = np.arange(1.0, 249)
    assert_allclose(rc.Spectrum.logarithmic(3.0).eigenvalues[:248], 1 / (i * (1 + np.log(i)) ** 3), rtol=1e-14)


@pytest.mark.parametrize(
    "family",
    [
        *(PowerLaw(alpha, math.log(c)) for alpha in (1.03, 2.0, 7.3) for c in (1.0, 0.2)),
        *map(Logarithmic, (1.01, 2.0, 11.1)),
        *(Exponential.resolving(a, n) for a in (1e-4, 0.02, 0.1, 3.0) for n in (1e4, 3e4)),
    ],
)
def test_families_are_recognised_by_their_nodes(family):
    nodes = family.nodes()
    found = family_of(nodes)
    assert type(found) is type(family)
    assert_allclose(found.log_sigma(np.arange(1.0, 9)), family.log_sigma(np.arange(1.0, 9)), rtol=1e-13)
    for place in (5, 400, nodes.log_masses.size - 1):  # one entry changed: not the family any more
        changed = nodes.log_masses.copy()
        changed[place] += 1e-3
        assert family_of(SpectrumNodes(nodes.log_sigma, changed, nodes.multiplicities)) is None


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: rc.Spectrum.logarithmic(1.0), r"exponent must be finite and > 1, got 1; eigenvalues without a trace"),
        (lambda: rc.Spectrum.logarithmic(math.nan), "exponent must be finite and > 1, got nan"),
        (lambda: rc.Spectrum.exponential(0.0), "rate must be finite and > 0 and <= 700, got 0"),
        (lambda: rc.Spectrum.exponential(math.inf), "rate must be finite and > 0 and <= 700, got inf"),
        (lambda: rc.Spectrum.exponential(1.0, 1e9), r"max_samples must be finite and > 0 and <= 1e\+07, got 1e\+09"),
    ],
)
def test_bad_input(make, sentence):
    with pytest.raises(ValueError, match="^" + sentence):
        make()
