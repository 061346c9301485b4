"""Effective ranks: the definition on lists, mpmath twins of the families, inequalities; orders of magnitude."""

from __future__ import annotations

import math

import mpmath
import numpy as np
import precise_infinite
import pytest
import strategies
from hypothesis import assume, given
from hypothesis import strategies as st
from mpmath import mpf
from numpy.testing import assert_allclose

import riskcalc as rc
from riskcalc.theory import benign_bounds, df2_bounds

EPS = np.finfo(float).eps
whole = st.lists(st.tuples(st.floats(-9, 3).map(lambda x: 10.0**x), st.integers(1, 6)), min_size=1, max_size=6)


def listed(shells: list[tuple[float, int]]) -> list[mpf]:
    """Every eigenvalue as often as it occurs, descending."""
    return sorted((mpf(s) for s, m in shells for _ in range(m)), reverse=True)


@given(whole, st.sampled_from([0.0, 1e-6, 1.0, 1e5]), st.floats(0, 1), st.sampled_from([0.0, 1e-3, 2.0]))
def test_the_definition_on_lists(shells, ridge, place, tail):
    """Positive terms: a few roundings."""
    with mpmath.workdps(30):
        sigma = listed(shells)
        k = int(place * (len(sigma) - 1))
        spectrum = rc.Spectrum.from_eigenvalues([s for s, _ in shells], [m for _, m in shells], tail)
        ranks = rc.effective_ranks(spectrum, k, ridge)
        rest = mpf(ridge) + mpf(tail) + mpmath.fsum(sigma[k:])
        assert_allclose(ranks.r, float(rest / sigma[k]), rtol=100 * EPS)
        assert_allclose(ranks.R, float(rest**2 / mpmath.fsum(s**2 for s in sigma[k:])), rtol=200 * EPS)


@given(strategies.spectra(tails=False), st.floats(0, 1, exclude_max=True))
def test_inequalities(spectrum, share):
    """R >= r >= what is left of the multiplicity; R <= r² for counts (σ² <= σ σ_{k+1}, and Σσ² >= σ_{k+1}²)."""
    k = math.floor(share * spectrum.rank)
    assume(k < spectrum.rank)
    ranks = rc.effective_ranks(spectrum, k)
    slack = 1 + 1e-13
    assert ranks.r <= ranks.R * slack
    counts = spectrum.multiplicities[spectrum.eigenvalues > 0]
    if (counts == np.rint(counts)).all():
        assert ranks.r * slack >= 1
        assert ranks.R <= ranks.r**2 * slack
    more = rc.effective_ranks(spectrum, k, ridge=[0.1, 1.0, np.inf])
    assert (np.diff([ranks.r, *more.r]) >= 0).all()
    assert more.R[-1] == np.inf


def test_parts_of_a_multiplicity_and_ratios():
    spectrum = rc.Spectrum.from_eigenvalues([1.0, 4.0, 0.0], multiplicities=[2.5, 0.5, 7])
    ranks = rc.effective_ranks(spectrum, [0.0, 0.25, 0.5, 1.0, 2.75])
    assert_allclose(ranks.r, [4.5 / 4, 3.5 / 4, 2.5, 2.0, 0.25], rtol=1e-15)
    assert_allclose(ranks.R, [4.5**2 / 10.5, 3.5**2 / 6.5, 2.5, 2.0, 0.25], rtol=1e-15)
    assert rc.effective_ranks(spectrum, 0.0).r.shape == ()
    assert rc.effective_ranks(spectrum, np.zeros((3, 1)), np.ones(2)).R.shape == (3, 2)
    scaled = rc.effective_ranks(rc.Spectrum.from_log_eigenvalues([-2000.0, -2001.0], [3, 2]), [0, 3])
    assert_allclose(scaled.r, [3 + 2 / math.e, 2], rtol=1e-12)


@pytest.mark.parametrize("exponent", [1.05, 2.0, 6.0])
def test_power_law(exponent):
    """ζ(α, k+1) and ζ(2α, k+1); at k = 10³⁰⁰ the integral, k/(α-1)."""
    k = np.array([0, 3, 200, 247, 248, 249, 1000, 10**7])
    data = rc.GaussianData.power_law(exponent, 0.4)
    for spectrum in (rc.Spectrum.power_law(exponent, scale=0.3), data.spectrum):
        ranks = rc.effective_ranks(spectrum, k)
        with mpmath.workdps(40):
            alpha = mpf(exponent)
            for i, q in enumerate(k + 1):
                first, second = (mpmath.zeta(p * alpha, int(q)) * mpf(int(q)) ** (p * alpha) for p in (1, 2))
                assert_allclose([ranks.r[i], ranks.R[i]], [float(first), float(first**2 / second)], rtol=1e-12)
    far = rc.effective_ranks(rc.Spectrum.power_law(exponent), 1e300).r
    assert_allclose(far, 1e300 / (exponent - 1), rtol=1e-12)


@pytest.mark.parametrize("exponent", [1.05, 2.0, 8.0])
def test_logarithmic(exponent):
    twin = precise_infinite.Logarithmic(exponent)
    k = np.array([0, 5, 247, 248, 500, 10**6])
    ranks = rc.effective_ranks(rc.Spectrum.logarithmic(exponent), k)
    with mpmath.workdps(25):
        for i, q in enumerate(k + 1):
            at = twin.sigma(mpf(int(q)))
            first, second = (twin.tail(int(q), p) / at**p for p in (1, 2))
            assert_allclose([ranks.r[i], ranks.R[i]], [float(first), float(first**2 / second)], rtol=1e-12)


@pytest.mark.parametrize("rate", [0.001, 0.3, 5.0])
def test_exponential(rate):
    """Geometric series: r = 1/(1-q) and R = (1+q)/(1-q) at every whole k."""
    q = math.exp(-rate)
    ranks = rc.effective_ranks(rc.Spectrum.exponential(rate), [0, 17, 10**4, 10**12])
    assert_allclose(ranks.r, -1 / math.expm1(-rate), rtol=1e-12)
    assert_allclose(ranks.R, (1 + q) / -math.expm1(-rate), rtol=1e-12)
    part = rc.effective_ranks(rc.Spectrum.exponential(rate), 2.25)
    assert_allclose(part.r, 0.75 + q / -math.expm1(-rate), rtol=1e-12)
    ridge = rc.effective_ranks(rc.Spectrum.exponential(rate), 2, ridge=0.5)
    assert_allclose(ridge.r, -1 / math.expm1(-rate) + 0.5 * math.exp(3 * rate), rtol=1e-12)


def test_only_a_tail_is_left():
    spectrum = rc.Spectrum.from_eigenvalues([2.0, 1.0], tail=0.5)
    ranks = rc.effective_ranks(spectrum, [0, 1, 2, 50])
    assert_allclose(ranks.r, [1.75, 1.5, np.inf, np.inf])
    assert_allclose(ranks.R, [3.5**2 / 5, 1.5**2, np.inf, np.inf])


def test_bad_input():
    three = rc.Spectrum.from_eigenvalues([3.0, 2.0, 1.0, 0.0])
    with pytest.raises(ValueError, match=r"^k must be below the rank 3, got 3; nothing would be left"):
        rc.effective_ranks(three, 3)
    with pytest.raises(ValueError, match=r"^k must be finite and >= 0, got -1"):
        rc.effective_ranks(three, -1)
    with pytest.raises(ValueError, match=r"^ridge must be >= 0, got -1"):
        rc.effective_ranks(three, 0, -1)
    with pytest.raises(TypeError, match=r"^spectrum must be a Spectrum"):
        rc.effective_ranks([1.0], 0)
    own = rc.Spectrum.from_masses([0.0, -20.0], [2.0, 0.1], [2.0, np.inf])
    assert_allclose(rc.effective_ranks(own, 1).r, 1.1, rtol=1e-14)
    with pytest.raises(ValueError, match=r"^k must be below 2, where the nodes of this infinite spectrum end, got 5"):
        rc.effective_ranks(own, [1, 5])


# Orders of magnitude


@given(whole, st.sampled_from([0.0, 1e-4, 3.0]), st.sampled_from([0.0, 1e-3, 1.0]), st.sampled_from([0.5, 3.0, 11.0]))
def test_benign_bounds_on_lists(shells, ridge, tail, n):
    """Definition, eigenvalue by eigenvalue: k* is the first k with r_k >= b n."""
    distinct = {s: m for s, m in shells}
    shells = list(distinct.items())
    energies = [1.0 + 0.3 * i for i in range(len(shells))]
    spectrum = rc.Spectrum.from_eigenvalues([s for s, _ in shells], [m for _, m in shells], tail)
    got = benign_bounds(rc.Problem(spectrum, energies, noise=0.7, outside_energy=0.2), n, ridge, factor=1.5)
    sigma = sorted((s for s, m in shells for _ in range(m)), reverse=True)
    for k in range(len(sigma) + 1):
        rest = ridge + tail + math.fsum(sigma[k:])
        needed = 1.5 * n * (sigma[k] if k < len(sigma) else 0.0)
        if rest > 0 and rest >= needed:
            break
    else:
        assert got.split == got.variance == got.bias == np.inf
        return
    assume(abs(rest - needed) > 1e-9 * rest)
    assert got.split == k
    assert_allclose(got.variance, 0.7 * (k / n + n * math.fsum(s**2 for s in sigma[k:]) / rest**2), rtol=1e-11)
    above = {s: e for (s, _), e in zip(shells, energies, strict=True) if s in sigma[:k]}
    beyond = sum(energies) - sum(above.values()) + 0.2
    bias = beyond + (rest / n) ** 2 * sum(e / s**2 for s, e in above.items())
    assert_allclose(got.bias, bias, rtol=1e-9)


@pytest.mark.parametrize("n", [100, 1000, 10000])
def test_the_order_of_magnitude_is_that_of_the_prediction(n):
    """Within a factor 10 for spiked, logarithmic and ridge-regularised power-law spectra."""
    problems = [
        (rc.Problem(rc.Spectrum.from_eigenvalues([1.0, 0.01], [5, 50 * n]), [1.0, 0.1], 1.0), 0.0),
        (rc.Problem(rc.Spectrum.logarithmic(2.0), np.zeros(721), 1.0), 0.0),
        (rc.reduce(rc.GaussianData.power_law(1.5, 0.3, noise=1.0), rc.Ridge(1)), 1.0),
    ]
    for problem, ridge in problems:
        bounds, risk = benign_bounds(problem, n, ridge), rc.ridge_risk(problem, n, ridge)
        assert 0.1 < bounds.variance / risk.variance < 10
        assert (risk.bias == 0 and bounds.bias == 0) or 0.1 < bounds.bias / risk.bias < 10


def test_no_benign_split_of_an_exponential():
    spectrum = rc.Spectrum.exponential(1.0)
    bounds = benign_bounds(rc.Problem(spectrum, np.zeros(spectrum.eigenvalues.size), [1.0, 2.0]), 50.0)
    assert bounds.split.tolist() == bounds.variance.tolist() == [np.inf, np.inf]


@given(strategies.spectra(), st.floats(-20, 20).map(lambda x: 10.0**x))
def test_df2_lies_between_its_bounds(spectrum, kappa):
    """The count of eigenvalues >= κ and the sum of squares below; a quarter of it on the other side."""
    bounds, df2 = df2_bounds(spectrum, kappa), spectrum.df2(kappa)
    assert bounds.lower * (1 - 1e-13) <= df2 <= bounds.upper * (1 + 1e-13)
    large = spectrum.eigenvalues >= kappa
    small = math.fsum(spectrum.multiplicities[~large] * (spectrum.eigenvalues[~large] / kappa) ** 2)
    assert_allclose(bounds.upper, math.fsum(spectrum.multiplicities[large]) + small, rtol=1e-13, atol=1e-290)
    assert_allclose(bounds.lower * 4, bounds.upper, rtol=1e-15)


def test_both_bounds_of_df2_are_reached():
    spectrum = rc.Spectrum.isotropic(8.0)
    bounds = df2_bounds(spectrum, [1.0, 1e-9, 1e9])
    assert bounds.lower[0] == spectrum.df2(1.0) == 2.0
    assert_allclose(bounds.upper[1:], spectrum.df2([1e-9, 1e9]), rtol=3e-9)
