"""Limits of random features: published polynomials, the general route on the equivalent spectrum, kernels, slopes."""

from __future__ import annotations

import itertools

import mpmath
import numpy as np
import precise_random_features as precise
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import riskcalc as rc

INF = float("inf")
RELU = {"mu1": 0.5, "mu_star_squared": 0.25 - 0.5 / np.pi}
TANH = {"mu1": 0.605705509602, "mu_star_squared": 0.0274153260354}
SIGN = {"mu1": np.sqrt(2 / np.pi), "mu_star_squared": 1 - 2 / np.pi}
TARGET = {"linear_energy": 1.0, "nonlinear_energy": 0.3, "noise": 0.25}
mei_montanari, polynomial = rc.limits.mei_montanari, rc.limits.polynomial_random_features


# The proportional limit


@pytest.mark.parametrize("moments", [(0.5, 0.0908), (0.0, 0.2), (0.7, 0.0), (0.0, 0.0), (1.0, 1e-9), (1e-5, 1.0)])
def test_equal_to_the_general_route_on_the_equivalent_spectrum(moments: tuple[float, float]) -> None:
    """One eigenvalue μ₁² and a tail μ_*², at the thresholds and in all limits too. Seen: 1e-14."""
    mu1, dust = moments
    problem = rc.Problem(rc.Spectrum.from_eigenvalues([mu1**2], 1, tail=dust), [0.8], noise=0.25, outside_energy=0.3)
    sizes = (0.01, 0.5, 1.0, 1.5, 2.0, 100.0, INF)
    for p2, p1, lam in itertools.product(sizes, sizes, (0, 1e-300, 1e-12, 1e-3, 1.0, 10.0, INF)):
        if p2 == INF and (lam == INF or (p1 == INF and dust > 0)):
            with pytest.raises(ValueError, match="must not both be inf"):
                mei_montanari(p1, p2, lam, mu1, dust, 0.8, 0.3, 0.25)
            continue
        found = mei_montanari(p1, p2, lam, mu1, dust, 0.8, 0.3, 0.25)
        general = rc.random_feature_risk(problem, p2, p1, lam)
        for name in general.fields:
            rtol = 3e-13 if name == "feature_ridge" else 1e-13  # λ/(n-D) through log λ, which is up to 691
            assert_allclose(found.fields[name], general.fields[name], rtol=rtol, err_msg=f"{name} {p1} {p2} {lam}")


def test_published_polynomials_with_the_translation_of_the_ridge() -> None:
    """ℬ and 𝒱 of the coupled equations and E₀, E₁, E₂ in extended precision; λ = ψ₂ λ_MM; bias F₁²ℬ + F_*²(1+𝒱)."""
    for p1, p2, theirs, mu1, dust in (
        (3.0, 1.5, 0.1, 0.5, 0.0908), (0.5, 2.0, 0.01, 0.6, 0.03), (1.0, 1.0, 0.5, 0.8, 0.36),
        (10.0, 0.3, 1.0, 0.3, 0.5),
        (2.0, 2.0, 0.05, 1.0, 0.1), (0.1, 8.0, 0.2, 0.05, 1.0),
    ):  # fmt: skip
        with mpmath.workdps(30):
            bias, variance = precise.mei_montanari(p1, p2, mpmath.mpf(theirs) / dust, mpmath.mpf(mu1) ** 2 / dust)
        found = mei_montanari(p1, p2, p2 * theirs, mu1, dust, [1.0, 0.0, 0.7], [0.0, 1.0, 0.3], 0.25)
        expected = np.array([1.0, 0.0, 0.7]) * float(bias) + np.array([0.0, 1.0, 0.3]) * (1 + float(variance))
        assert_allclose(found.bias, expected, rtol=1e-11)
        assert_allclose(found.variance, 0.25 * float(variance), rtol=1e-11)


def test_ridgeless_closed_form() -> None:
    """χ = -μ_*²u = -[√(b²+4ζ²ψ) + b]/(2ζ²), b = ψζ² - ζ² - 1, ψ = min(ψ₁,ψ₂)."""
    p1, p2 = np.array([0.3, 3.0, 1.2, 40.0]), np.array([2.0, 1.1, 7.0, 0.02])
    zeta2, p = RELU["mu1"] ** 2 / RELU["mu_star_squared"], np.minimum(p1, p2)
    b = p * zeta2 - zeta2 - 1
    minus_chi = (np.sqrt(b**2 + 4 * zeta2 * p) + b) / (2 * zeta2)
    found = mei_montanari(p1, p2, 0, **RELU, **TARGET)
    assert_allclose(RELU["mu_star_squared"] / found.effective_ridge, minus_chi, rtol=1e-12)


def test_limits_in_their_normalisation() -> None:
    """ψ₁ → ∞ and ψ₂ → ∞ at fixed λ_MM, by the published ω: the latter is a ridge in proportion to the samples."""
    theirs, p = 0.07, np.array([0.3, 1.0, 4.0])
    mu2, dust = RELU["mu1"] ** 2, RELU["mu_star_squared"]
    zeta2, scaled = mu2 / dust, theirs / dust
    b = p * zeta2 - zeta2 - scaled * p - 1
    omega = -(np.sqrt(b**2 + 4 * p * zeta2 * (scaled * p + 1)) + b) / (2 * (scaled * p + 1))
    den = (p - 1) * omega**3 + (1 - 3 * p) * omega**2 + 3 * p * omega - p
    linear, loud = {"linear_energy": 1.0}, {"linear_energy": 0.0, "noise": 1.0}
    wide = mei_montanari(INF, p, p * theirs, **RELU, **linear)
    assert_allclose(wide.bias, (p * omega - p) / den, rtol=1e-12)
    assert_allclose(mei_montanari(INF, p, p * theirs, **RELU, **loud).variance, (omega**3 - omega**2) / den, rtol=1e-12)
    problem = rc.Problem(rc.Spectrum.from_eigenvalues([mu2], 1, tail=dust), [1.0])
    many = rc.random_features.population_risk(problem, p, theirs)
    assert_allclose(many.bias, ((omega**3 - omega**2) / zeta2 + p * omega - p) / den, rtol=1e-12)
    assert_allclose(mei_montanari(p, 1e9, 1e9 * theirs, **RELU, **linear).bias, many.bias, rtol=1e-7)


def test_numbers_of_the_sheet() -> None:
    """Bias, variance and train error of nine settings (column "MM") that were simulated; to the digits printed."""
    erf = {"mu1": 2 / np.sqrt(3 * np.pi)}
    erf["mu_star_squared"] = 2 / np.pi * np.arcsin(2 / 3) - erf["mu1"] ** 2
    for moments, d, n, width, lam, bias, variance, train in (
        (RELU, 100, 150, 300, 0, 1.190, 0.366, 0), (RELU, 100, 300, 150, 0, 1.220, 0.250, 0.430),
        (RELU, 100, 200, 200, 0.1, 0.855, 0.106, 0.300), (TANH, 100, 300, 200, 0.05, 0.5465, 0.1082, 0.319),
        (TANH, 100, 100, 400, 0, 1.029, 0.428, 0), (erf, 60, 240, 180, 0.2, 0.4668, 0.0565, 0.394),
        (SIGN, 100, 200, 400, 0.5, 0.772, 0.0617, 0.262), (RELU, 200, 600, 400, 0.1, 0.780, 0.0967, 0.389),
        (TANH, 200, 400, 900, 0, 0.8325, 0.3937, 0),
    ):  # fmt: skip
        found = mei_montanari(width / d, n / d, lam, **moments, **TARGET)
        assert_allclose([found.bias, found.variance, found.train], [bias, variance, train], atol=6e-4)


def test_degenerate_activations_give_answers() -> None:
    """μ₁ = 0: nothing linear is learned, 1 + 𝒱 = ψ₁ψ₂/(ψ₁ψ₂-U²). Affine: rank d, ridgeless F_*²n/(n-d)."""
    p1, p2, lam = np.array([0.5, 2.0, 2.0]), np.array([1.5, 2.0, 0.3]), 0.4
    even = mei_montanari(p1, p2, lam, 0.0, 0.2, **TARGET)
    u = 0.2 / even.effective_ridge
    assert_allclose((p2 - u) * (p1 - u), lam / 0.2 * p1 * u, rtol=1e-13)
    assert_allclose(even.test, (1.3 + 0.25) * p1 * p2 / (p1 * p2 - u**2), rtol=1e-13)
    ridgeless = mei_montanari(3.0, 2.0, 0, 0.0, 0.2, **TARGET)
    assert_allclose(ridgeless.test, 1.55 * 3, rtol=1e-13)
    affine = mei_montanari([3.0, INF], 2.0, 0, 0.7, 0.0, **TARGET)
    assert_allclose(affine.bias, 0.3 * 2)
    assert_allclose(affine.variance, 0.25)
    constant = mei_montanari(3.0, 2.0, [0, 0.1], 0.0, 0.0, **TARGET)
    assert_allclose(constant.excess, 1.3)
    assert mei_montanari(2.0, 2.0, 0, **RELU, **TARGET).test == INF
    assert mei_montanari(2.0, 2.0, 0, **RELU, linear_energy=0).test == 0
    assert_array_equal(mei_montanari(2.0, 2.0, 0, **RELU, linear_energy=[0, 1.0]).bias, [0, INF])
    assert_allclose(
        mei_montanari(2.0, 3.0, 0.1, -0.5, 0.1, **TARGET).test, mei_montanari(2.0, 3.0, 0.1, 0.5, 0.1, **TARGET).test
    )


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"psi1": 0}, "psi1 must be > 0, got 0"), ({"psi2": -1}, "psi2 must be > 0, got -1"),
        ({"ridge": -1}, "ridge must be >= 0"), ({"mu_star_squared": -1e-3}, "mu_star_squared must be finite and >= 0"),
        ({"noise": -1}, "noise must be finite and >= 0"), ({"mu1": float("nan")}, "mu1 must be finite"),
    ],
)  # fmt: skip
def test_bad_numbers_are_refused(change: dict[str, float], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        mei_montanari(**({"psi1": 1, "psi2": 2, "ridge": 0.1, **RELU, **TARGET} | change))


def test_all_arguments_broadcast() -> None:
    risk = mei_montanari([[1.0], [3.0]], [0.5, 2.0, 4.0], 0.1, **RELU, **(TARGET | {"noise": np.zeros((4, 1, 1))}))
    assert risk.test.shape == (4, 2, 3)
    assert_allclose(
        risk.test[3, 1, 2], mei_montanari(3.0, 4.0, 0.1, **RELU, linear_energy=1, nonlinear_energy=0.3).test
    )


# Polynomial scaling

MASSES, ENERGIES = [0.1, 0.3, 0.3, 0.2], [0.0, 0.5, 0.3, 0.2]
ABOVE = {"mass_above": 0.1, "energy_above": 0.1}


def by_degree(d: float, noise: float) -> rc.Problem:
    """A spectrum with multiplicities d^k/k! and these masses, and a tail."""
    multiplicities = np.array([1.0, d, d**2 / 2, d**3 / 6])
    spectrum = rc.Spectrum.from_eigenvalues(np.array(MASSES) / multiplicities, multiplicities, ABOVE["mass_above"])
    return rc.Problem(spectrum, ENERGIES, noise, ABOVE["energy_above"])


def test_staircase_in_the_smaller_exponent() -> None:
    risk = polynomial([2.5, 1.5, 0.5, 9.0], [1.5, 2.5, 9.0, 0.5], MASSES, ENERGIES, 0.2, 0.25, **ABOVE)
    assert_allclose(risk.excess, [0.6, 0.6, 1.1, 1.1])
    assert_array_equal(risk.variance, 0)
    hat = 0.2 / (0.2 + np.array([0.6, 0.9]))
    assert_allclose(risk.train, [0.85, hat[0] ** 2 * 0.85, hat[1] ** 2 * 1.35, 1.35])
    kernel = rc.limits.staircase([*ENERGIES, 0.1], [0.5, 1.5, 2.5])
    assert_allclose(polynomial([0.5, 1.5, 2.5], INF, MASSES, ENERGIES, **ABOVE).excess, kernel)


def test_plateau_where_the_exponents_are_equal() -> None:
    theta, lam = np.array([0.5, 1.0, 3.0]), 0.1
    risk = polynomial(2.5, 2.5, MASSES, ENERGIES, lam, 0.25, psi2=2 * theta, psi1=2.0, **ABOVE)
    b = 1 + theta + lam / 0.3
    d = 2 * theta / (b + np.sqrt(b**2 - 4 * theta))
    assert_allclose(risk.test, (0.3 + 0.25) / (1 - d**2 / theta), rtol=1e-13)
    assert_allclose(risk.train, (1 - d / theta) ** 2 * risk.test, rtol=1e-12)
    ridgeless = polynomial(2.5, 2.5, MASSES, ENERGIES, 0, 0.25, psi2=theta, **ABOVE)
    assert_allclose(ridgeless.test, [0.55 * 2, INF, 0.55 * 1.5])


def test_critical_lines() -> None:
    relu = {"psi1": 1.3, "psi2": 0.8}
    both = polynomial(2, 2, MASSES, ENERGIES, 0.1, 0.25, **relu, **ABOVE)
    exact = mei_montanari(1.3, 0.8, 0.1, np.sqrt(0.3), 0.3, 0.3, 0.3, 0.25)
    assert_allclose(both.test, exact.test, rtol=1e-13)
    samples = polynomial(2, [2.7, INF], MASSES, ENERGIES, 0.1, 0.25, **relu, **ABOVE)
    kernel = rc.limits.critical_ridge_risk(0.8, 0.1 / 0.3, 0.3 / 0.3, 0.3, 0.3, 0.25)
    assert_allclose(samples.test, kernel.test, rtol=1e-12)
    width = polynomial([2.7, INF], 2, MASSES, ENERGIES, 0.1, 0.25, **relu, **ABOVE)
    u = 1 / mei_montanari(1.3, INF, 0.1, np.sqrt(0.3), 0.3, 0.3).effective_ridge
    assert_allclose(0.3 * u / (1 + 0.3 * u) + 0.3 * u, 1.3, rtol=1e-13)
    assert_allclose(width.excess, 0.3 / (1 + 0.3 * u) + 0.3, rtol=1e-13)


def test_the_general_route_comes_near_it() -> None:
    """Errors by exact levels at d = 10⁸: powers of d between the exponents, and of λ."""
    d = 1e8
    problem = by_degree(d, 0.25)
    for k_n, k_width, lam, error in (
        (2.5, 1.5, 0.0, 2e-3),
        (1.5, 2.5, 0.0, 2e-3),
        (2.5, 2.5, 0.1, 2e-3),
        (2, 2, 0.1, 1e-6),
    ):
        scale = d**2 / 2 if k_n == k_width == 2 else 1.0
        n, width = (0.8 * scale, 1.3 * scale) if scale > 1 else (d**k_n, d**k_width)
        found = rc.random_feature_risk(problem, n, width, lam)
        limit = polynomial(
            k_n,
            k_width,
            MASSES,
            ENERGIES,
            lam,
            0.25,
            psi2=0.8 if scale > 1 else 1,
            psi1=1.3 if scale > 1 else 1,
            **ABOVE,
        )
        assert_allclose([found.test, found.train], [limit.test, limit.train], rtol=error, atol=error)


def test_forbidden_degrees_are_never_learned() -> None:
    masses = [0.1, 0.3, 0.3, 0.0]
    assert_allclose(polynomial(3.5, INF, masses, ENERGIES, **ABOVE).excess, 0.3)
    assert_allclose(polynomial(3, INF, masses, ENERGIES, 0.1, **ABOVE).excess, 0.3)
    assert_allclose(polynomial(9.0, 8.0, masses, ENERGIES).excess, 0.2)


def test_unlisted_degrees_and_bad_lists_are_refused() -> None:
    with pytest.raises(ValueError, match="the smaller exponent must be < 4"):
        polynomial(4.5, INF, MASSES, ENERGIES, **ABOVE)
    with pytest.raises(ValueError, match="must not both be inf"):
        polynomial(INF, INF, MASSES, ENERGIES)
    with pytest.raises(ValueError, match="energies must have one entry per degree"):
        polynomial(1.5, 2, MASSES, ENERGIES[:2])
    with pytest.raises(ValueError, match="psi1 must be finite and > 0"):
        polynomial(1.5, 2, MASSES, ENERGIES, psi1=0)


# Scaling laws


@pytest.mark.parametrize(
    ("alpha", "r", "q", "ell", "bias", "variance"),
    [
        (1.5, 0.3, 0.4, INF, 0.36, 0.6), (2, 0.75, 0.7, 0.5, 0.75, 0.75), (2, 0.75, 0.45, 0.5, 0.70, 0.75),
        (2, 0.75, 0.45, INF, 0.90, 0.55), (2, 0.4, 0.6, 0.6, 0.48, 0.70), (1.5, 0.75, 0.9, 1.2, 1.3, 0.2),
        (2, 0.8, 1.5, 1, 1.6, 0.5),
    ],
)  # fmt: skip
def test_exponents_are_the_slopes_of_the_risk(
    alpha: float, r: float, q: float, ell: float, bias: float, variance: float
) -> None:
    """Infinite power laws, n = 1e6 and 4e6; in the last of them the second term is still seen."""
    rate = rc.limits.random_feature_rate(alpha, r, q, ell)
    assert_allclose([-rate.bias, -rate.variance], [bias, variance], rtol=1e-12)
    spectrum = rc.Spectrum.power_law(alpha)
    index_energy = np.exp(spectrum.log_masses + spectrum.log_eigenvalues * (1 + 2 * alpha * r - alpha) / alpha)
    problem = rc.Problem(spectrum, index_energy, noise=1.0)
    n = np.array([1e8, 4e8])
    risk = rc.random_feature_risk(problem, n, n**q, 0 if ell == INF else n ** (1 - ell))
    slope = np.log([risk.bias[0] / risk.bias[1], risk.variance[0] / risk.variance[1]]) / np.log(4)
    assert_allclose(slope, [bias, variance], atol=0.05)


def test_best_rates() -> None:
    """The best over a grid of ridge exponents; enough width gives the kernel's rate, one step less does not."""
    ell = np.linspace(0, 6, 60_001)[:, None]
    q = np.array([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.9, 1.5, INF])
    for alpha, r in itertools.product((1.3, 2.0, 4.0), (0.2, 0.5, 0.75, 1.0, 3.0)):
        best = rc.limits.best_random_feature_rate(alpha, r, q)
        grid = rc.limits.random_feature_rate(alpha, r, q, ell)
        assert_allclose(best.excess, grid.excess.min(axis=0), atol=3e-4)
        assert (best.excess <= grid.excess.min(axis=0) + 1e-12).all()
        assert_allclose(rc.limits.random_feature_rate(alpha, r, q, best.ridge_exponent).excess, best.excess, rtol=1e-12)
        kernel = -2 * alpha * min(r, 1) / (1 + 2 * alpha * min(r, 1))
        least = best.least_width_exponent[0]
        around = rc.limits.best_random_feature_rate(alpha, r, [least * 0.99, least, least * 1.01]).excess
        assert around[0] > kernel + 1e-6
        assert_allclose(around[1:], kernel, rtol=1e-12)
    best = rc.limits.best_random_feature_rate(2.0, 0.4, INF)
    assert_allclose(best.excess, rc.learning_curve_exponents(2.0, 0.4).optimal)


def test_rates_refuse_what_has_no_trace() -> None:
    with pytest.raises(ValueError, match="exponent must be finite and > 1"):
        rc.limits.random_feature_rate(1.0, 0.5, 1)
    with pytest.raises(ValueError, match="width_exponent must be > 0"):
        rc.limits.best_random_feature_rate(2.0, 0.5, 0)
