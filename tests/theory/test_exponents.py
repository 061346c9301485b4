"""Exponents against slopes of the prediction in every regime; the ridgeless closed forms against the prediction."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

import riskcalc as rc
from riskcalc.theory import ridgeless_power_law

# (α, r, ℓ) on either side of every border: ℓ against α and against α/(1 + 2αρ), r against 1
REGULARISED = [(1.5, 0.3, 0.9), (1.5, 0.3, 0.5), (2.0, 0.5, 1.2), (2.0, 1.6, 1.2), (3.0, 0.2, 1.8), (1.3, 0.7, 0.8)]
RIDGELESS = [(1.5, 0.3, 2.5), (2.0, 0.5, np.inf), (2.0, 1.6, np.inf), (3.0, 0.2, 4.5), (1.3, 0.4, np.inf)]


def slope(alpha: float, r: float, ell: float, field: str, noise: float, n: float) -> float:
    """D log(field)/d log n of the prediction, along λ = n^(1-ℓ)."""
    at = n * np.array([0.99, 1.01])
    risk = rc.predict(rc.GaussianData.power_law(alpha, r, noise=noise), rc.Ridge(at ** (1 - ell)), at)
    values = risk.test - noise if field == "excess" else getattr(risk, field)
    return float(np.diff(np.log(values))[0] / np.diff(np.log(at))[0])


@pytest.mark.parametrize(("alpha", "r", "ell"), REGULARISED + RIDGELESS)
@pytest.mark.parametrize("n", [1e6, 1e9])
def test_slopes_of_the_prediction(alpha, r, ell, n):
    """Within .01 at n = 10⁶ for the larger of bias and variance.

    Next orders: n^(-|ℓ/α - 1|) of κ against λ/n, n^(-ℓ/α)/2 of df2 and n^(-2ℓ|1-r|) of the bias.
    """
    rates = rc.learning_curve_exponents(alpha, r, ell)
    least = min(ell, alpha)
    # each relative correction n^-d adds at most its own exponent times itself to the slope; constants are below 4
    allowed = 4 * n ** -abs(min(ell, 2 * alpha) / alpha - 1) + 2 * n ** (-least / alpha) + 1e-4
    saturation = 4 * n ** (-2 * least * abs(1 - r))
    assert_allclose(slope(alpha, r, ell, "effective_ridge", 1.0, n), rates.effective_ridge, atol=allowed)
    assert_allclose(slope(alpha, r, ell, "variance", 1.0, n), rates.variance, atol=allowed)
    assert_allclose(slope(alpha, r, ell, "bias", 0.0, n), rates.bias, atol=allowed + saturation)
    excess = slope(alpha, r, ell, "excess", 1.0, 1e12 if abs(rates.bias - rates.variance) < 0.3 else n)
    assert_allclose(excess, rates.excess, atol=0.01 if ell >= alpha or abs(ell / alpha - 0.6) < 0.2 else 0.05)


def test_slopes_at_a_million_samples():
    """The sheet's statement: .01 at n = 10⁶ away from the borders."""
    for alpha, r, ell in [(2.0, 0.5, 1.2), (1.5, 0.3, np.inf), (2.0, 0.4, np.inf), (2.0, 0.5, 5.0), (3.0, 0.3, 1.5)]:
        rates = rc.learning_curve_exponents(alpha, r, ell)
        assert_allclose(slope(alpha, r, ell, "bias", 0.0, 1e6), rates.bias, atol=0.01)
        assert_allclose(slope(alpha, r, ell, "variance", 1.0, 1e6), rates.variance, atol=0.01)
        dominated = (slope(alpha, r, ell, "excess", 1.0, 1e6), rates.excess)
        assert_allclose(*dominated, atol=0.01)


@pytest.mark.parametrize(("alpha", "r"), [(1.5, 0.4), (2.0, 0.8), (2.5, 2.0)])
def test_the_optimal_rate_is_that_of_the_best_ridge(alpha, r):
    """The excess at the tuned ridge falls like n^(-2αρ/(1+2αρ)), and the tuned ridge itself like n^(1-ℓ*)."""
    rates = rc.learning_curve_exponents(alpha, r)
    n = np.array([1e8, 1e9])
    data = rc.GaussianData.power_law(alpha, r, noise=1.0)
    tuned = [rc.tune(data, rc.Ridge(1), size) for size in n]
    excess = [float(t.risk.bias + t.risk.variance) for t in tuned]
    assert_allclose(np.diff(np.log(excess)) / np.log(10), rates.optimal, atol=0.01)
    ridges = [float(t.ridge) for t in tuned]
    assert_allclose(np.diff(np.log(ridges)) / np.log(10), 1 - rates.best_ridge_exponent, atol=0.01)


@given(st.floats(1.01, 10), st.floats(0.01, 3), st.floats(0, 20))
def test_identities(alpha, r, ell):
    rates = rc.learning_curve_exponents(alpha, r, [ell, np.inf])
    assert (rates.excess == np.maximum(rates.bias, rates.variance)).all()
    assert (rates.excess >= rates.optimal - 1e-12).all()
    assert (rates.bias >= rates.optimal_noiseless - 1e-12).all()
    assert rates.variance[1] == 0
    assert rates.noise_dominates[1]
    if abs(ell - rates.best_ridge_exponent[0]) > 1e-9:
        assert rates.noise_dominates[0] == (ell > rates.best_ridge_exponent[0])
    best = rc.learning_curve_exponents(alpha, r, rates.best_ridge_exponent[0])
    assert_allclose([best.bias, best.variance, best.excess], best.optimal, rtol=1e-12, atol=1e-12)
    saturated = rc.learning_curve_exponents(alpha, [1.0, 5.0], ell)
    assert saturated.bias[0] == saturated.bias[1]


@pytest.mark.parametrize("alpha", [1.2, 1.5, 2.0, 3.0])
@pytest.mark.parametrize("r", [0.1, 0.3, 0.5, 0.7, 0.9, 0.99, 1 - 1e-5, 1 - 1e-8, 1.0, 1 + 1e-10, 1.01, 1.2, 1.5, 3.0])
def test_ridgeless_closed_forms(alpha, r):
    """Against the sums: errors κ^min(1, 3-2r) below r = 5/4, κ^min(1, 2r-2) above (a log at 3/2), and at the pole of
    both terms, r = 1, what rounding leaves of their difference: eps/|r - 1|, or |r - 1| log² κ at its limit.
    """
    n = np.array([1e4, 1e6])
    closed = ridgeless_power_law(alpha, r, n, noise=0.25)
    risk = rc.predict(rc.GaussianData.power_law(alpha, r, noise=0.25), rc.Ridge(0), n)
    kappa = risk.effective_ridge
    assert_allclose(closed.effective_ridge / kappa, 1, atol=float(5 * kappa[0] / n[0] ** 0.5) + 1e-13)
    assert_allclose(closed.variance, risk.variance, rtol=float(5 * kappa[0]) + 1e-13)
    gap = np.abs(closed.bias / risk.bias - 1)
    power = min(1.0, 3 - 2 * r if r < 1.25 else 2 * r - 2)
    order = 5 * kappa**power * (np.log(1 / kappa) if r == 1.5 else 1)
    rounding = 1e-12 + (0.0 if r == 1 else 4 * np.finfo(float).eps / abs(r - 1))
    assert (gap <= order + rounding).all()
    assert_allclose(closed.test, closed.bias + closed.variance + 0.25)


def test_the_limits_of_the_sheet():
    """Variance → α - 1, and the noiseless test error → Γ(2r) Γ(2-2r) (A/n)^(2αr) (sheet 1, section 5.1)."""
    closed = ridgeless_power_law(1.5, 0.4, 1e12, noise=1.0)
    assert_allclose(closed.variance, 0.5, rtol=1e-11)
    amplitude = math.pi / 1.5 / math.sin(math.pi / 1.5)
    assert_allclose(closed.bias, math.gamma(0.8) * math.gamma(1.2) * (amplitude / 1e12) ** 1.2, rtol=1e-11)


def test_shapes_and_bad_input():
    assert rc.learning_curve_exponents(2.0, 0.5).bias.shape == ()
    assert rc.learning_curve_exponents([1.5, 2.0], np.ones((3, 1)), 1.0).optimal.shape == (3, 2)
    assert ridgeless_power_law([1.5, 2.0], np.ones((3, 1)), 1.0).test.shape == (3, 2)
    for arguments, sentence in [
        ((1.0, 0.5), "exponent must be finite and > 1, got 1"),
        ((2.0, 0.0), "source must be finite and > 0, got 0"),
        ((2.0, 0.5, -1.0), "ridge_exponent must be >= 0, got -1"),
        ((2.0, math.nan), "source must be finite and > 0, got nan"),
    ]:
        with pytest.raises(ValueError, match="^" + sentence):
            rc.learning_curve_exponents(*arguments)
    with pytest.raises(ValueError, match=r"^n_samples must be finite and > 0, got 0"):
        ridgeless_power_law(2.0, 0.5, 0)
