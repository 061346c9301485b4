"""The finer split of the bias: identities, its mpmath twin, exact cases, and predictors averaged over training sets."""

from __future__ import annotations

import math

import numpy as np
import precise_shift as precise
import pytest
import scipy.stats
import strategies
from hypothesis import given
from numpy.testing import assert_allclose, assert_array_equal

import riskcalc as rc
from riskcalc.theory import bias_decomposition

EPS = np.finfo(float).eps
PARTS = ("averaged", "outside", "sampling", "noise_variance")


@given(strategies.solved())
def test_the_parts_add_up_to_the_risk(drawn):
    problem, n, ridge = drawn
    parts, risk = bias_decomposition(problem, n, ridge), rc.ridge_risk(problem, n, ridge)
    log_kappa = abs(float(np.log(risk.effective_ridge))) if 0 < risk.effective_ridge < np.inf else 0.0
    assert_allclose(parts.bias, risk.bias, rtol=(32 + 4 * log_kappa) * EPS, atol=1e-289)
    assert_allclose(parts.noise_variance, risk.variance, rtol=16 * EPS, atol=1e-289)
    assert all((getattr(parts, name) >= 0).all() for name in PARTS)


@pytest.mark.parametrize("ridge", [1e-3, 0.7, 30.0])
@pytest.mark.parametrize("n", [4.0, 9.0, 25.0])
def test_averaged_is_the_error_of_the_mean_coefficients(n, ridge):
    """From coefficients: ‖θ* - Σ(Σ+κ)⁻¹θ*‖²_Σ at a κ of its own."""
    sigma, energies = [3.0, 1.5, 1.0, 1e-3, *[0.1] * 5], [1.0, 0.0, 0.4, 0.2, *[0.05] * 5]
    parts = bias_decomposition(rc.Problem(rc.Spectrum.from_eigenvalues(sigma), energies), n, ridge)
    assert_allclose(parts.averaged, float(precise.averaged_error(sigma, energies, n, ridge)), rtol=1e-13)


def test_exact_cases():
    problem = rc.Problem(rc.Spectrum.from_eigenvalues([2.0, 1.0, 0.0], [10, 20, 5]), [1.0, 0.5, 0.2], 0.3, 0.1)
    n = np.array([0, 30, 45])
    parts = bias_decomposition(problem, n, 0)
    assert_allclose(parts.averaged, [1.5, 0, 0], rtol=4 * EPS)
    assert_allclose(parts.outside, 0.3, rtol=4 * EPS)
    assert_allclose(parts.sampling, [0, np.inf, 0.3 * 2], rtol=4 * EPS)
    assert_allclose(parts.noise_variance, [0, np.inf, 0.3 * 2], rtol=4 * EPS)
    inside = bias_decomposition(problem.replace(energies=[1, 0.5, 0], outside_energy=0.0, noise=0.0), n, 0)
    assert_array_equal(inside.sampling, 0)
    assert_array_equal(inside.noise_variance, 0)
    assert_allclose(bias_decomposition(problem, 20, np.inf).averaged, 1.5, rtol=4 * EPS)
    noisy = bias_decomposition(problem.replace(noise=[0.1, 0.2]), [[10], [50]], 1.0)
    assert all(getattr(noisy, name).shape == (2, 2) for name in PARTS)
    assert repr(noisy) == "BiasDecomposition(shape=(2, 2))"
    with pytest.raises(TypeError, match="problem must be a Problem"):
        bias_decomposition(3, 10, 1)


def test_isotropic_closed_form():
    """γ = 2 without ridge: κ = 1, B = ρ²/4, df2/(n - df2) = 1: half of the bias is sampling."""
    parts = bias_decomposition(rc.Problem(rc.Spectrum.isotropic(2.0), [3.0], 0.7), 1.0, 0)
    assert_allclose([parts.averaged, parts.sampling, parts.noise_variance], [0.75, 0.75, 0.7], rtol=4 * EPS)


def test_predictors_averaged_over_training_sets():
    """16 cells, 120 training sets each; the error of the mean and the spread about it have unbiased estimates.

    With T fits θ_t of error v_t = θ_t - θ*, the mean product of different ones, v_s·Σv_t, estimates B (f⊥ and noise
    drop out, because they are independent), and half the mean square of their differences the spread. Standard errors
    by halving: eight groups of fits. Allowed beside them: 3/(n - df2) relative.
    """
    p, groups, size, scores = 90, 8, 15, []
    sigma = 3.0 * np.arange(1.0, p + 1) ** -0.6
    cells = [(n, ridge, seed) for n in (45, 200) for ridge in (0.0, 0.5, 5.0, 50.0) for seed in (0, 1)]
    for n, ridge, seed in cells:
        rng = np.random.default_rng([n, int(10 * ridge), seed])
        theta = rng.standard_normal(p) / math.sqrt(p)
        noise, outside = 0.3, 0.2
        problem = rc.Problem(rc.Spectrum.from_eigenvalues(sigma), sigma * theta**2, noise, outside)
        parts, df2 = bias_decomposition(problem, n, ridge), float(rc.ridge_risk(problem, n, ridge).df2)
        means, spreads, noisy = np.empty(groups), np.empty(groups), np.empty(groups)
        for g in range(groups):
            errors, units = np.empty((size, p)), np.empty(size)
            for t in range(size):
                X = rng.standard_normal((n, p)) * np.sqrt(sigma)
                map_to = np.linalg.solve(X.T @ X + ridge * np.eye(p), X.T) if ridge else np.linalg.pinv(X)
                errors[t] = map_to @ (X @ theta + math.sqrt(outside) * rng.standard_normal(n)) - theta
                units[t] = (sigma[:, None] * map_to**2).sum()
            products = (errors * sigma) @ errors.T
            means[g] = (products.sum() - np.trace(products)) / size / (size - 1)
            spreads[g] = np.trace(products) / size - means[g]
            noisy[g] = noise * units.mean()
        for values, expected in (
            (means, parts.averaged),
            (spreads, parts.sampling),
            (noisy, parts.noise_variance),
        ):
            gap, error = values.mean() - expected, values.std(ddof=1) / math.sqrt(groups)
            allowed = 3 * expected / (n - df2) + 1e-14
            scores.append(max(abs(gap) - allowed, 0) / max(error, 1e-14))
    assert max(scores) <= scipy.stats.t(groups - 1).isf(1e-3 / 2 / len(scores))
