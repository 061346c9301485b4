"""Random features of given weights, and problems from explicit moments: identities, integrals and simulations."""

from __future__ import annotations

import numpy as np
import precise_neural_tangent as precise
import pytest
from numpy.testing import assert_allclose

import riskcalc as rc
from riskcalc.theory.random_features.conditional import feature_covariance, feature_cross
from riskcalc.theory.random_features.input_law import InputLaw, target_expansion

A = rc.activations
conditional = rc.random_features.conditional_problem
TARGET = [0.2, 0.7, -0.4, 0.5]
HARD = A.custom(lambda x: np.clip(x, -1, 1), None, (-1, 1))


def unit(rows: int, d: int, seed: int = 0) -> np.ndarray:
    g = np.random.default_rng(seed).standard_normal((rows, d))
    return g / np.linalg.norm(g, axis=1, keepdims=True)


@pytest.mark.parametrize("d", [None, 6])
@pytest.mark.parametrize(
    ("phi", "value", "kink"),
    [
        (A.ReLU(), lambda u: max(u, 0.0), True),
        (A.Erf(), lambda u: float(A.Erf()(u)), False),
        (A.Tanh(), np.tanh, False),
        (A.Sign(), np.sign, True),
        (A.Hermite(3), lambda u: u**3 - 3 * u, False),
    ],
    ids=["relu", "erf", "tanh", "sign", "cube"],
)
def test_moments_are_the_integrals(phi, value, kink, d):
    law = InputLaw.of("gaussian" if d is None else "sphere", d or 3)
    rho = -0.35
    W = np.zeros((2, law.n_inputs))
    W[0, 0], W[1, :2] = 1, (rho, np.sqrt(1 - rho**2))
    found = feature_covariance(phi, W, law)[0, 1]
    assert_allclose(found, precise.pair_mean(lambda u, v, r2: value(u) * value(v), rho, d), rtol=0, atol=3e-12)

    def g(u: float) -> float:
        return sum(c * precise.hermite(k, u) for k, c in enumerate(TARGET))

    link = target_expansion(law, rc.targets.SingleIndex(coefficients=TARGET))
    cross = feature_cross(phi, W[:1], W[1], link, law)[0]
    assert_allclose(cross, precise.pair_mean(lambda u, v, r2: value(u) * g(v), rho, d), rtol=0, atol=3e-12)


def test_printed_moments_of_erf_and_relu_at_any_norm():
    """(2/π) asin(2⟨w,w'⟩/√((1+2|w|²)(1+2|w'|²))), and the arc-cosine formula; with the target x_1."""
    W, law = np.array([[0.3, 1.2, 0.1], [2.0, -0.5, 0.4]]), InputLaw.of("gaussian", 3)
    link, e = target_expansion(law, rc.targets.SingleIndex(coefficients=[0, 1])), np.array([1.0, 0, 0])
    inner, norms = W @ W.T, (W**2).sum(axis=1)
    erf = 2 / np.pi * np.arcsin(2 * inner / np.sqrt(np.outer(1 + 2 * norms, 1 + 2 * norms)))
    assert_allclose(feature_covariance(A.Erf(), W, law), erf, rtol=1e-14)
    expected = W[:, 0] * 2 / np.sqrt(np.pi * (1 + 2 * norms))
    assert_allclose(feature_cross(A.Erf(), W, e, link, law), expected, rtol=1e-14)
    length = np.sqrt(np.outer(norms, norms))
    t = np.clip(inner / length, -1, 1)
    relu = length * (np.sqrt(1 - t**2) + t * (np.pi - np.arccos(t))) / (2 * np.pi)
    assert_allclose(feature_covariance(A.ReLU(), W, law), relu, rtol=1e-12)
    assert_allclose(feature_cross(A.ReLU(), W, e, link, law), W[:, 0] / 2, rtol=1e-12)


@pytest.mark.parametrize("phi", [A.Tanh(), A.ReLU(), A.Sin(1.0)], ids=str)
def test_covariance_on_the_sphere_is_the_sum_over_degrees(phi):
    """Ω_ij = Σ m_k P_k(⟨w_i, w_j⟩) with the masses of the activation."""
    d, W = 30, unit(20, 30)
    masses = phi.sphere_coefficients(d, 24, normalised=True) ** 2
    t = W @ W.T
    series = sum(mass * rc.harmonics.gegenbauer(d, k, np.clip(t, -1, 1)) for k, mass in enumerate(masses))
    found = feature_covariance(phi, W, InputLaw.of("sphere", d))
    off = ~np.eye(20, dtype=bool)
    assert_allclose(found[off], series[off], atol=1e-11)
    assert_allclose(np.diag(found), phi.second_moment(d), rtol=1e-12)


def test_kinks_away_from_zero_by_series():
    W, law = unit(5, 8), InputLaw.of("gaussian", 8)
    found = feature_covariance(HARD, W, law)
    x = np.linspace(-8, 8, 1601)  # the trapezoidal rule errs by the square of its step at a kink
    weights, t = np.exp(-(x**2) / 2) * 0.01 / np.sqrt(2 * np.pi), W[0] @ W[1]
    v = np.clip(t * x[:, None] + np.sqrt(1 - t**2) * x, -1, 1)
    assert_allclose(found[0, 1], (weights * np.clip(x, -1, 1)) @ v @ weights, atol=1e-5)
    assert_allclose(np.diag(found), HARD.second_moment(), rtol=1e-12)
    with pytest.raises(ValueError, match='inputs must be "gaussian"'):
        conditional(HARD, W, rc.targets.SingleIndex(coefficients=[0, 1]), inputs="sphere")
    with pytest.raises(ValueError, match="nearly parallel"):
        conditional(HARD, np.array([[1.0, 0], [1.0, 0]]), rc.targets.SingleIndex(coefficients=[0, 1]))


def test_the_mean_over_weights_is_the_risk_of_random_features():
    """κ and the risk given W, at N = 200, d = 100, scatter around those of the averaged equations by some per cent."""
    phi, d, N, n = A.Tanh(), 100, 200, 300
    target = rc.targets.SingleIndex(coefficients=[0, 1])
    problems = [conditional(phi, unit(N, d, seed), target, 0.25, inputs="sphere") for seed in range(12)]
    risks = [rc.ridge_risk(problem, n, 0.05) for problem in problems]
    spectrum = rc.kernels.Dual(phi).spectrum(d, 7)
    averaged = rc.random_feature_risk(rc.Problem(spectrum, [0, 1, 0, 0, 0, 0, 0, 0], 0.25), n, N, 0.05)
    for name in ("bias", "variance", "train"):
        values = np.array([getattr(risk, name) for risk in risks])
        mean, error = values.mean(), values.std(ddof=1) / np.sqrt(values.size)
        assert abs(mean - getattr(averaged, name)) < 4 * error + 0.01 * mean, name
    kappa = np.mean([risk.effective_ridge for risk in risks])
    assert_allclose(kappa, 0.05 / (n - averaged.df1), rtol=0.01)


def test_scale_of_weights_and_activation():
    W, target = unit(9, 6), rc.targets.SingleIndex(coefficients=TARGET)
    problem, twice = conditional(A.ReLU(), W, target), conditional(A.ReLU(), 2 * W, target)
    assert_allclose(twice.spectrum.eigenvalues, 4 * problem.spectrum.eigenvalues, rtol=1e-9)
    assert_allclose(twice.energies, problem.energies, atol=1e-12)
    for phi, power in ((A.Sign(), 0), (A.Power(2), 2)):  # φ(2u) = 2^α φ(u)
        problem, twice = conditional(phi, W, target), conditional(phi, 2 * W, target)
        assert_allclose(twice.spectrum.eigenvalues, 4.0**power * problem.spectrum.eigenvalues, rtol=1e-9)
        assert_allclose(twice.unreached, problem.unreached, rtol=1e-9)
    inner, outer = conditional(A.Erf(2.0), W, target), conditional(A.Erf(1.0), 2 * W, target)
    assert_allclose(inner.spectrum.eigenvalues, outer.spectrum.eigenvalues, rtol=1e-12)
    assert_allclose(inner.unreached, outer.unreached, rtol=1e-10)
    with pytest.raises(ValueError, match="rows of norm 1"):
        conditional(A.Tanh(), 2 * W, target)
    with pytest.raises(ValueError, match="rows of norm 1"):
        conditional(A.Erf(), 2 * W, target, inputs="sphere")
    with pytest.raises(ValueError, match="no row that is 0"):
        conditional(A.ReLU(), np.zeros((2, 3)), target)


@pytest.mark.parametrize("phi", [A.Erf(), A.Tanh(), A.Sin(1.0), A.Exp(0.5)], ids=str)
@pytest.mark.parametrize("inputs", ["gaussian", "sphere"])
def test_many_features_in_few_dimensions(phi, inputs):
    """Smooth φ at d = 3 has eigenvalues down to rounding; what the cross moment has there is dropped, not refused."""
    for coefficients in ([0, 1], [0, 0, 1], [1, 1, 1, 1, 1]):
        problem = conditional(phi, unit(150, 3), rc.targets.SingleIndex(coefficients=coefficients), inputs=inputs)
        assert problem.spectrum.rank < 150 or inputs == "gaussian"
        total = rc.targets.SingleIndex(coefficients=coefficients).total_energy(3, inputs)
        assert_allclose(problem.reached.sum() + problem.unreached, total, rtol=1e-6)
        test = rc.ridge_risk(problem, [20, 1000], 1e-3).test
        assert np.isfinite(test).all()


def test_from_moments_drops_what_rounding_put_there_and_no_more():
    """C of rank 3 in 40 features: c = Cθ is in its range up to rounding, and what is clearly outside is refused."""
    rng = np.random.default_rng(0)
    q, _ = np.linalg.qr(rng.standard_normal((40, 40)))
    sigma = np.array([1.0, 1e-3, 1e-9])
    covariance = (q[:, :3] * sigma) @ q[:, :3].T
    covariance = (covariance + covariance.T) / 2
    theta = np.array([1.0, -1.0, 100.0])
    cross = q[:, :3] @ (sigma * theta)
    energy = float(sigma @ theta**2)
    problem = rc.Problem.from_moments(covariance, cross, energy)
    assert problem.spectrum.rank == 3
    assert_allclose(problem.reached.sum(), energy, rtol=1e-6)
    inside = np.sqrt(40 * np.finfo(float).eps * energy)  # at most this is allowed below the rounding of the matrix
    rc.Problem.from_moments(covariance, cross + inside * q[:, 5], energy)
    with pytest.raises(ValueError, match="outside its range"):
        rc.Problem.from_moments(covariance, cross + 10 * inside * q[:, 5], energy)
    with pytest.raises(ValueError, match="energy must be"):
        rc.Problem.from_moments(covariance, cross, 0.999 * energy)


@pytest.mark.parametrize(
    ("phi", "d", "N", "n"), [(A.ReLU(), 60, 120, 240), pytest.param(A.Erf(), 60, 180, 90, marks=pytest.mark.slow)]
)
def test_simulated_with_fixed_weights(phi, d, N, n):
    """Ridgeless, target x_1, τ² = ¼, Gaussian x: 30 data sets; four standard errors and 2 % for the size."""
    W, rng = np.random.default_rng(1).standard_normal((N, d)) / np.sqrt(d), np.random.default_rng(2)
    expected = rc.ridge_risk(conditional(phi, W, rc.targets.SingleIndex(coefficients=[0, 1]), 0.25), n, 0)
    rows = {"bias": [], "variance": [], "train": []}
    for _ in range(30):
        x, fresh = rng.standard_normal((n, d)), rng.standard_normal((2000, d))
        noise = 0.5 * rng.standard_normal(n)
        z, z_fresh = phi(x @ W.T) / np.sqrt(N), phi(fresh @ W.T) / np.sqrt(N)
        a = np.linalg.pinv(z) @ np.column_stack([x[:, 0], noise])
        rows["bias"].append(((z_fresh @ a[:, 0] - fresh[:, 0]) ** 2).mean())
        rows["variance"].append(((z_fresh @ a[:, 1]) ** 2).mean())
        rows["train"].append(((z @ a.sum(axis=1) - x[:, 0] - noise) ** 2).mean())
    for name, values in rows.items():
        mean, error = np.mean(values), np.std(values, ddof=1) / np.sqrt(30)
        assert abs(mean - getattr(expected, name)) < 4 * error + 0.02 * mean + 1e-12, name
