"""Simulated random features: Gaussian eigenfunctions, nonlinear features on the sphere, deep and structured inputs.

The equivalent's own error at these sizes (n, N >= 100) is up to 5 % without a ridge and 2 % with one, as hundreds of
longer simulations have shown; the bounds are four standard errors and that.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import riskcalc as rc

SIGMA = np.arange(1, 401.0) ** -1.5
ENERGIES = np.arange(1, 401.0) ** -2 / (np.arange(1, 401.0) ** -2).sum()
THETA = np.sqrt(ENERGIES)  # in orthonormal eigenfunctions
NOISE = 0.25
PROBLEM = rc.Problem(rc.Spectrum.from_eigenvalues(SIGMA), ENERGIES, noise=NOISE)


def close(found: np.ndarray, expected: float, share: float, name: str) -> None:
    mean, error = found.mean(), found.std(ddof=1) / np.sqrt(found.size)
    assert abs(mean - expected) < 4 * error + share * abs(expected) + 1e-12, f"{name}: {mean} ± {error}, not {expected}"


def coefficients(features: np.ndarray, outputs: np.ndarray, ridge: float) -> np.ndarray:
    """Ridge regression: Zᵀ(ZZᵀ + λ)⁻¹y, by the singular values."""
    u, s, vt = np.linalg.svd(features, full_matrices=False)
    return vt.T @ ((s / (s**2 + ridge))[:, None] * (u.T @ outputs))


@pytest.mark.parametrize(
    ("n", "width", "ridge"), [(100, 200, 0.0), (200, 100, 0.0), (150, 150, 0.1), (100, 300, 0.02), (300, 100, 1.0)]
)
def test_gaussian_eigenfunctions(n: int, width: int, ridge: float) -> None:
    """Z = XΣ^½Wᵀ/√N: the risk of a model with weights b = Σ^½Wᵀa/√N is ‖b - θ‖². One model, and a mean of two."""
    rng = np.random.default_rng(n)
    rows: dict[str, list[float]] = {k: [] for k in ("bias", "variance", "train", "norm_squared", "in_sample", "pair")}
    for _ in range(40):
        x, noise = rng.standard_normal((n, 400)), np.sqrt(NOISE) * rng.standard_normal(n)
        maps = [np.sqrt(SIGMA)[:, None] * rng.standard_normal((400, width)) / np.sqrt(width) for _ in range(2)]
        parts = [coefficients(x @ m, np.column_stack([x @ THETA, noise]), ridge) for m in maps]
        clean, loud = (np.mean([m @ a[:, k] for m, a in zip(maps, parts, strict=True)], axis=0) for k in (0, 1))
        rows["pair"].append(float(((clean + loud - THETA) ** 2).sum()))
        m, a = maps[0], parts[0]
        rows["bias"].append(float(((m @ a[:, 0] - THETA) ** 2).sum()))
        rows["variance"].append(float(((m @ a[:, 1]) ** 2).sum()))
        residual = x @ (m @ a.sum(axis=1) - THETA)
        rows["train"].append(float(((residual - noise) ** 2).mean()))
        rows["in_sample"].append(float((residual**2).mean()))
        rows["norm_squared"].append(float((a.sum(axis=1) ** 2).sum()))
    expected = rc.random_feature_risk(PROBLEM, n, width, ridge).fields
    pair = rc.random_features.ensemble_risk(PROBLEM, n, width, ridge, 2).excess
    for name, values in rows.items():
        close(np.array(values), float(pair if name == "pair" else expected[name]), 0.02 if ridge else 0.05, name)


@pytest.mark.parametrize(
    ("activation", "n", "width", "ridge"),
    [
        (rc.activations.ReLU(), 200, 200, 0.1),
        (rc.activations.ReLU(), 300, 150, 0.0),
        (rc.activations.Tanh(), 300, 200, 0.05),
        (rc.activations.Tanh(), 100, 300, 0.01),
    ],
)
def test_nonlinear_features_on_the_sphere(
    activation: rc.activations.Activation, n: int, width: int, ridge: float
) -> None:
    """Target x₁ + √.3 · normalised x₂x₃ at d = 100, by the spectrum of degrees and by the proportional limit."""
    d, rng = 100, np.random.default_rng(n + width)

    def target(x: np.ndarray) -> np.ndarray:
        return np.asarray(x[:, 0] + np.sqrt(0.3 * (d + 2) / d) * x[:, 1] * x[:, 2])

    def sphere(rows: int) -> np.ndarray:
        g = rng.standard_normal((rows, d))
        return g / np.linalg.norm(g, axis=1)[:, None]

    rows: dict[str, list[float]] = {"bias": [], "variance": [], "train": []}
    for _ in range(25):
        w, x, fresh = sphere(width), np.sqrt(d) * sphere(n), np.sqrt(d) * sphere(1500)
        noise = np.sqrt(NOISE) * rng.standard_normal(n)
        z, z_fresh = (activation(inputs @ w.T) / np.sqrt(width) for inputs in (x, fresh))
        a = coefficients(z, np.column_stack([target(x), noise]), ridge)
        rows["bias"].append(float(((z_fresh @ a[:, 0] - target(fresh)) ** 2).mean()))
        rows["variance"].append(float(((z_fresh @ a[:, 1]) ** 2).mean()))
        rows["train"].append(float(((z @ a.sum(axis=1) - target(x) - noise) ** 2).mean()))
    spectrum = rc.kernels.Dual(activation, "sphere").spectrum(d, 5)
    by_degree = rc.random_feature_risk(rc.Problem(spectrum, [0, 1, 0.3, 0, 0, 0], NOISE), n, width, ridge)
    _, mu1 = activation.hermite_coefficients(1)
    dust = activation.second_moment() - (activation.hermite_coefficients(1) ** 2).sum()
    limit = rc.limits.mei_montanari(width / d, n / d, ridge, mu1, dust, 1.0, 0.3, NOISE)
    for name, values in rows.items():
        for expected in (by_degree.fields[name], limit.fields[name]):
            close(np.array(values), float(expected), 0.02 if ridge else 0.04, name)


def moments(function: Callable[[np.ndarray], np.ndarray], variance: float) -> tuple[float, float]:
    """κ₁² and κ_*² of an odd function, by the trapezoidal rule."""
    x = np.linspace(-9, 9, 601)
    weights = np.exp(-(x**2) / 2) / np.exp(-(x**2) / 2).sum()
    y = function(np.sqrt(variance) * x)
    slope = weights @ (x * y) / np.sqrt(variance)
    return float(slope**2), float(weights @ y**2 - variance * slope**2)


def steep(x: np.ndarray) -> np.ndarray:
    return np.tanh(2 * x)


def chain(depth: int, variance: float) -> list[tuple[float, float]]:
    out: list[tuple[float, float]] = []
    for _ in range(depth):
        out.append(moments(steep, variance))
        variance = out[-1][0] * variance + out[-1][1]
    return out


@pytest.mark.parametrize(
    ("widths", "n", "ridge"), [((250,), 150, 0.05), ((150, 200), 150, 0.02), ((200, 100), 250, 0.005)]
)
def test_deep_features_of_structured_inputs(widths: tuple[int, ...], n: int, ridge: float) -> None:
    """tanh(2x) in every layer, σ uniform on [.2, 1.8], target ∝ Σ x_i, d = 100."""
    d, rng = 100, np.random.default_rng(sum(widths))
    sigma = np.linspace(0.2, 1.8, d)
    theta = np.ones(d) / np.sqrt(sigma.sum())

    def inputs(rows: int) -> np.ndarray:
        return np.sqrt(sigma) * rng.standard_normal((rows, d))

    rows: dict[str, list[float]] = {"bias": [], "variance": []}
    for _ in range(25):
        weights = [rng.standard_normal((b, a)) / np.sqrt(a) for a, b in zip((d, *widths[:-1]), widths, strict=True)]
        x, fresh = inputs(n), inputs(1500)
        z, z_fresh = x, fresh
        for w in weights:
            z, z_fresh = steep(z @ w.T), steep(z_fresh @ w.T)
        noise = np.sqrt(NOISE) * rng.standard_normal(n)
        scale = np.sqrt(widths[-1])
        a = coefficients(z / scale, np.column_stack([x @ theta, noise]), ridge)
        rows["bias"].append(float(((z_fresh / scale @ a[:, 0] - fresh @ theta) ** 2).mean()))
        rows["variance"].append(float(((z_fresh / scale @ a[:, 1]) ** 2).mean()))
    problem = rc.Problem(rc.Spectrum.from_eigenvalues(sigma), sigma * theta**2, noise=NOISE)
    risk = rc.random_features.deep_risk(problem, n, widths, chain(len(widths), sigma.mean()), ridge)
    for name, values in rows.items():
        close(np.array(values), float(risk.fields[name]), 0.03, name)
