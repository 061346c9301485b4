"""Simulated neural tangent regression: through n = Nd with given weights, wide networks, both layers, concentration.

Bounds are four standard errors and what the equivalent errs by at these sizes: 2 % on the sphere with ReLU and a linear
target, where Gaussian universality holds best; 4 % elsewhere (Gaussian x share the fluctuation of their norm).
"""

from __future__ import annotations

import numpy as np
import pytest

import riskcalc as rc

A, nt = rc.activations, rc.neural_tangent
NOISE = 0.2


def rows_of_norm(radius: float, rows: int, d: int, rng: np.random.Generator) -> np.ndarray:
    g = rng.standard_normal((rows, d))
    return radius * g / np.linalg.norm(g, axis=1, keepdims=True)


def features(phi: rc.activations.Activation, x: np.ndarray, W: np.ndarray) -> np.ndarray:
    return (phi.derivative(x @ W.T)[:, :, None] * x[:, None]).reshape(len(x), -1) / np.sqrt(W.size)


def ridge(z: np.ndarray, y: np.ndarray, penalty: float) -> np.ndarray:
    if z.shape[0] < z.shape[1]:
        return z.T @ np.linalg.solve(z @ z.T + penalty * np.eye(len(z)), y)
    return np.linalg.solve(z.T @ z + penalty * np.eye(z.shape[1]), z.T @ y)


def close(found: list[float], expected: float, share: float, name: str) -> None:
    mean, error = float(np.mean(found)), float(np.std(found, ddof=1) / np.sqrt(len(found)))
    assert abs(mean - expected) < 4 * error + share * abs(expected), f"{name}: {mean} ± {error}, not {expected}"


def through_the_threshold(
    phi: rc.activations.Activation, d: int, N: int, ratio: float, penalty: float, g: list[float], inputs: str,
    repeats: int, share: float,
) -> None:  # fmt: skip
    """One W, several data sets, fresh points."""
    rng = np.random.default_rng(d + N)
    W, n = rows_of_norm(1, N, d, rng), round(ratio * N * d)
    problem = nt.conditional_problem(phi, W, rc.targets.SingleIndex(coefficients=g), NOISE, inputs=inputs)
    expected = rc.ridge_risk(problem, n, penalty)

    def target(x: np.ndarray) -> np.ndarray:
        return np.polynomial.hermite_e.hermeval(x[:, 0], np.array(g) / np.sqrt([1, 1, 2][: len(g)]))

    def draw(rows: int) -> np.ndarray:
        return rng.standard_normal((rows, d)) if inputs == "gaussian" else rows_of_norm(np.sqrt(d), rows, d, rng)

    test, train = [], []
    for _ in range(repeats):
        x, fresh = draw(n), draw(3000)
        y = target(x) + np.sqrt(NOISE) * rng.standard_normal(n)
        z = features(phi, x, W)
        b = ridge(z, y, penalty)
        train.append(float(((z @ b - y) ** 2).mean()))
        test.append(float(((features(phi, fresh, W) @ b - target(fresh)) ** 2).mean()) + NOISE)
    close(test, float(expected.test), share, f"test at n/p = {ratio}")
    if ratio > 1:
        close(train, float(expected.train), 0.05, f"train at n/p = {ratio}")


@pytest.mark.parametrize("ratio", [0.5, 1.25])
def test_sphere_through_the_threshold(ratio: float) -> None:
    through_the_threshold(A.ReLU(), 20, 15, ratio, 1e-4, [0, 1], "sphere", 10, 0.03)


@pytest.mark.slow
@pytest.mark.parametrize("ratio", [0.5, 0.8, 1.25, 2.0])
def test_sphere_through_the_threshold_at_length(ratio: float) -> None:
    through_the_threshold(A.ReLU(), 20, 30, ratio, 1e-4, [0, 1], "sphere", 16, 0.02)


@pytest.mark.parametrize("ratio", [0.5, 2.0])
def test_gaussian_inputs_with_a_ridge(ratio: float) -> None:
    through_the_threshold(A.ReLU(), 40, 10, ratio, 0.05, [0, 1, 0.6], "gaussian", 6, 0.04)


@pytest.mark.slow
@pytest.mark.parametrize("ratio", [0.2, 0.8, 1.05, 5.0])
@pytest.mark.parametrize("phi", [A.ReLU(), A.Erf(2**-0.5)], ids=str)
def test_gaussian_inputs_with_a_ridge_at_length(phi: rc.activations.Activation, ratio: float) -> None:
    through_the_threshold(phi, 40, 15, ratio, 0.05, [0, 1, 0.6], "gaussian", 6, 0.05)


def wide(
    phi: rc.activations.Activation, d: int, N: int, n: int, penalty: float, repeats: int, both: bool
) -> tuple[list[float], float]:
    """Test errors of kernel regression with the kernel of finite width, sphere, f* = x_1 + 0.8 x_2x_3, and E f_NL²."""
    rng = np.random.default_rng(d + N + n)
    mean = float(phi.hermite_coefficients(0)[0])

    def target(x: np.ndarray) -> np.ndarray:
        return np.asarray(x[:, 0] + 0.8 * x[:, 1] * x[:, 2])

    test = []
    for _ in range(repeats):
        W = rows_of_norm(1, N, d, rng)
        x, fresh = (rows_of_norm(np.sqrt(d), rows, d, rng) for rows in (n, 1500))
        slopes, fresh_slopes = phi.derivative(x @ W.T), phi.derivative(fresh @ W.T)
        K, k = (x @ x.T / d) * (slopes @ slopes.T / N), (fresh @ x.T / d) * (fresh_slopes @ slopes.T / N)
        if both:
            values, fresh_values = phi(x @ W.T) - mean, phi(fresh @ W.T) - mean
            K, k = K + values @ values.T / N, k + fresh_values @ values.T / N
        y = target(x) + np.sqrt(NOISE) * rng.standard_normal(n)
        fitted = k @ np.linalg.solve(K + penalty * np.eye(n), y)
        residual = target(fresh)
        control = (residual**2).mean() - 1 - 0.64 * d / (d + 2)  # its mean is 0
        test.append(float(((fitted - residual) ** 2).mean() - control + NOISE))
    return test, 0.64 * d / (d + 2)


@pytest.mark.parametrize(("phi", "n"), [(A.ReLU(), 100), (A.Tanh(), 200)], ids=str)
def test_wide_networks_are_linear(phi: rc.activations.Activation, n: int) -> None:
    found, rest = wide(phi, 100, 300, n, 0.3, 8, both=False)
    close(found, float(nt.linear_equivalent_risk(phi, 100, n, 0.3, 1, rest, NOISE).test), 0.03, f"n = {n}")


@pytest.mark.slow
@pytest.mark.parametrize("n", [100, 200, 400, 800])
@pytest.mark.parametrize("penalty", [0.0, 0.3])
def test_wide_networks_are_linear_at_length(n: int, penalty: float) -> None:
    found, rest = wide(A.ReLU(), 200, 300, n, penalty, 8, both=False)
    close(found, float(nt.linear_equivalent_risk(A.ReLU(), 200, n, penalty, 1, rest, NOISE).test), 0.03, f"n = {n}")


def test_both_layers() -> None:
    erf = A.Erf(2**-0.5)
    found, rest = wide(erf, 100, 100, 100, 0.05, 12, both=True)
    close(found, float(nt.both_layers_risk(erf, 100, 100, 100, 0.05, 1, rest, NOISE).test), 0.04, "n = d = N")


@pytest.mark.slow
@pytest.mark.parametrize("N", [50, 200, 600])
@pytest.mark.parametrize("phi", [A.ReLU(), A.Erf(2**-0.5)], ids=str)
def test_both_layers_at_length(phi: rc.activations.Activation, N: int) -> None:
    for n in (100, 200, 600):
        for penalty in (0.0, 0.05):
            found, rest = wide(phi, 200, N, n, penalty, 6, both=True)
            expected = float(nt.both_layers_risk(phi, 200, n, N, penalty, 1, rest, NOISE).test)
            close(found, expected, 0.04, f"N = {N}, n = {n}, ridge {penalty}")


@pytest.mark.slow
@pytest.mark.parametrize("phi", [A.ReLU(), A.Tanh()], ids=str)
def test_kernels_of_finite_width_concentrate(phi: rc.activations.Activation) -> None:
    """‖K^-½K_NK^-½ - 1‖, the difference of two predictors and of two risks, over √(n/(Nd)) for N from 8 to 512.

    The first two are proportional to it. The mean difference of the risks is of its square: what is learned from the
    fluctuation of the kernel is orthogonal to the target; a single draw's is below the scale itself.
    """
    d, n, penalty = 40, 120, 0.1
    rng, kernel = np.random.default_rng(8), rc.kernels.NeuralTangent(phi)
    x, fresh = (rows_of_norm(np.sqrt(d), rows, d, rng) for rows in (n, 800))
    clean = fresh[:, 0] + 0.8 * fresh[:, 1] * fresh[:, 2]
    y = x[:, 0] + 0.8 * x[:, 1] * x[:, 2] + np.sqrt(NOISE) * rng.standard_normal(n)
    K, k = kernel(x, x), kernel(fresh, x)
    limit = k @ np.linalg.solve(K + penalty * np.eye(n), y)
    eigenvalues, vectors = np.linalg.eigh(K)
    root = vectors / np.sqrt(eigenvalues)
    widths = np.array([8, 32, 128, 512])
    scale = nt.kernel_deviation(d, n, widths)
    norms, gaps, risks = (np.zeros((10, widths.size)) for _ in range(3))
    for i in range(10):
        for j, N in enumerate(widths):
            W = rows_of_norm(1, N, d, rng)
            D, fresh_D = phi.derivative(x @ W.T), phi.derivative(fresh @ W.T)
            K_N, k_N = (x @ x.T / d) * (D @ D.T / N), (fresh @ x.T / d) * (fresh_D @ D.T / N)
            norms[i, j] = np.abs(np.linalg.eigvalsh(root.T @ K_N @ root) - 1).max()
            fitted = k_N @ np.linalg.solve(K_N + penalty * np.eye(n), y)
            gaps[i, j] = np.sqrt(((fitted - limit) ** 2).mean())
            risks[i, j] = ((fitted - clean) ** 2).mean() - ((limit - clean) ** 2).mean()
    for values in (norms, gaps):
        ratio = values.mean(axis=0) / scale
        assert ratio.max() / ratio.min() < 1.5, ratio
    assert (norms.mean(axis=0) / scale > 1.5).all()
    assert (norms.mean(axis=0) / scale < 3.5).all()
    assert (np.abs(risks) < scale).all()
    assert (np.abs(risks.mean(axis=0)) < 1.2 * scale**2 + 4 * risks.std(axis=0, ddof=1) / np.sqrt(10)).all()
    assert risks[:, 0].mean() > 0.1 * scale[0] ** 2
