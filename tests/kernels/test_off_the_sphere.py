"""Kernels of layers on vectors of any norm: against means over drawn weights, the integral, and scaling."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.special import erf

import riskcalc as rc
from riskcalc import activations, kernels

HOMOGENEOUS = [
    activations.ReLU(),
    activations.LeakyReLU(0.3),
    activations.Abs(),
    activations.Power(1.5),
    activations.Linear(),
    activations.Quadratic(),
    activations.Step(),
    activations.Sign(),
]
GAUSSIAN_ONLY = [activations.Exp(0.6), activations.Sin(1.3), activations.Cos(0.7), activations.Erf(0.8)]
CASES = [(phi, weights) for phi in HOMOGENEOUS for weights in ("gaussian", "sphere")]
CASES += [(phi, "gaussian") for phi in GAUSSIAN_ONLY]
X = np.array([[0.4, -1.0, 0.3, 0.2], [2.0, 1.5, -1.0, 3.0], [-0.5, 0.1, 0.0, 0.7]])  # squared norms 1.29, 16.25, 0.75
JUMPING = (activations.Step, activations.Sign)


def drawn(weights: str, n: int, rng: np.random.Generator) -> np.ndarray:
    """Rows uniform on the unit sphere, or N(0, I/d)."""
    w = rng.standard_normal((n, X.shape[1]))
    return w / np.sqrt(X.shape[1]) if weights == "gaussian" else w / np.linalg.norm(w, axis=1)[:, None]


@pytest.mark.parametrize(("phi", "weights"), CASES, ids=repr)
def test_the_mean_over_weights(phi: activations.Activation, weights: str) -> None:
    """All six pairs of three vectors, both layers: at most 12 cells, |z| < 4.5 (1e-4 a test that one is beyond)."""
    w = drawn(weights, 100_000, np.random.default_rng(3))
    values, pairs = phi(w @ X.T), np.triu_indices(3)
    products = values[:, pairs[0]] * values[:, pairs[1]]
    assert_close(products, kernels.Dual(phi, weights)(X)[pairs])
    if not isinstance(phi, JUMPING):
        slopes = phi.derivative(w @ X.T)
        first = (X @ X.T / X.shape[1])[pairs] * slopes[:, pairs[0]] * slopes[:, pairs[1]]
        assert_close(first, kernels.NeuralTangent(phi, "first", weights)(X)[pairs])
        assert_close(first + products, kernels.NeuralTangent(phi, "both", weights)(X)[pairs])


def assert_close(products: np.ndarray, exact: np.ndarray) -> None:
    error = products.std(axis=0) / np.sqrt(len(products)) + 1e-12
    assert (np.abs(products.mean(axis=0) - exact) < 4.5 * error).all()


def gaussian_mean(phi, variances: tuple[float, float], covariance: float) -> float:
    """E φ(u)φ(v) as the double integral, u = a g and v = b g + c h, panels ending where u or v changes its sign."""
    a = np.sqrt(variances[0])
    b = covariance / a
    c = np.sqrt(variances[1] - b**2)
    nodes, weights = np.polynomial.legendre.leggauss(120)

    def rule(low: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        half = (high - low)[..., None] / 2
        x = (high + low)[..., None] / 2 + half * nodes
        return x, half * weights * np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi)

    g, outer = (part.ravel() for part in rule(np.array([-9.0, 0.0]), np.array([0.0, 9.0])))
    zero = (-b / c * g).clip(-9, 9)
    h, inner = (np.hstack(parts) for parts in zip(rule(-9 + 0 * g, zero), rule(zero, 9 + 0 * g), strict=True))
    return float(outer @ (phi(a * g) * (inner * phi(b * g[:, None] + c * h)).sum(axis=1)))


TWINS = {
    "ReLU": (activations.ReLU(), lambda u: np.maximum(u, 0), lambda u: 1.0 * (u > 0)),
    "leaky": (
        activations.LeakyReLU(0.3),
        lambda u: np.where(u > 0, u, 0.3 * u),
        lambda u: np.where(u > 0, 1.0, 0.3),
    ),
    "square": (activations.Power(2), lambda u: np.maximum(u, 0) ** 2, lambda u: 2 * np.maximum(u, 0)),
    "erf": (
        activations.Erf(0.8),
        lambda u: erf(0.8 * u),
        lambda u: 1.6 / np.sqrt(np.pi) * np.exp(-0.64 * u * u),
    ),
    "cosine": (activations.Cos(1.1), lambda u: np.cos(1.1 * u), lambda u: -1.1 * np.sin(1.1 * u)),
    "sine": (activations.Sin(1.1), lambda u: np.sin(1.1 * u), lambda u: 1.1 * np.cos(1.1 * u)),
    "exponential": (activations.Exp(0.6), lambda u: np.exp(0.6 * u), lambda u: 0.6 * np.exp(0.6 * u)),
}


@pytest.mark.parametrize("name", TWINS)
def test_the_integral_over_gaussian_weights(name: str) -> None:
    """Cut at nine standard deviations; 1e-11."""
    phi, function, derivative = TWINS[name]
    d = X.shape[1]
    (A, C), (_, B) = X[:2] @ X[:2].T / d
    second = gaussian_mean(function, (A, B), C)
    first = C * gaussian_mean(derivative, (A, B), C)
    assert_allclose(kernels.Dual(phi, "gaussian")(X[0], X[1]), second, rtol=1e-11, atol=1e-13)
    assert_allclose(kernels.NeuralTangent(phi, "first", "gaussian")(X[0], X[1]), first, rtol=1e-11, atol=1e-13)
    assert_allclose(kernels.NeuralTangent(phi, "both", "gaussian")(X[0], X[1]), first + second, rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("weights", ["gaussian", "sphere"])
@pytest.mark.parametrize("phi", HOMOGENEOUS, ids=repr)
def test_scaling(phi: activations.Activation, weights: str) -> None:
    """(‖x‖‖z‖/d)^α, the first layer's kernel with the same power as the second's."""
    alpha = phi.branches()[2]
    layers = [kernels.Dual(phi, weights)]
    if not isinstance(phi, JUMPING):
        layers += [kernels.NeuralTangent(phi, layer, weights) for layer in ("first", "both")]
    for kernel in layers:
        assert_allclose(kernel(2 * X, 3 * X), 6.0**alpha * kernel(X, X), rtol=1e-12, atol=1e-15)
        assert np.linalg.eigvalsh(kernel(X)).min() > -1e-12


@pytest.mark.parametrize("phi", HOMOGENEOUS, ids=repr)
def test_a_zero_vector_has_the_values_of_phi_at_zero(phi: activations.Activation) -> None:
    """φ(0) E φ(v): 1/4 for the step, whose value at 0 is 1/2, else 0."""
    expected = 0.25 if isinstance(phi, activations.Step) else 0.0
    for weights in ("gaussian", "sphere"):
        assert_allclose(kernels.Dual(phi, weights)(np.zeros(4), X), np.full(3, expected), atol=0)
        if not isinstance(phi, JUMPING):
            assert (kernels.NeuralTangent(phi, "both", weights)(np.zeros((1, 4)), X) == 0).all()


def test_one_hidden_layer_of_any_norm() -> None:
    both = kernels.NeuralTangent(activations.ReLU(), "both")
    assert_allclose(2 * both(X), kernels.ReluNeuralTangent(1)(X), rtol=1e-13)
    assert_allclose(kernels.Dual(activations.Erf(0.6), "gaussian")(X), kernels.Erf(0.6)(X), rtol=1e-13)
    relu = kernels.Dual(activations.ReLU(), "gaussian")
    assert_allclose(2 * relu(X), kernels.ArcCosine(1)(X), rtol=1e-13)


@pytest.mark.parametrize("scale", [0.5, 2.0])
@pytest.mark.parametrize(
    "kernel",
    [
        kernels.Dual(activations.Tanh(), "gaussian"),
        kernels.Dual(activations.Erf()),
        kernels.NeuralTangent(activations.GELU(), "both"),
        kernels.NeuralTangent(activations.Sin(), "first", "sphere"),
    ],
    ids=repr,
)
def test_other_activations_refuse_other_norms(kernel: kernels.Kernel, scale: float) -> None:
    """Inside the sphere too, where ⟨x, z⟩/d looks like a cosine."""
    on_sphere = np.array([[2.0, 0.0, 0.0, 0.0], [0.0, 0.0, -2.0, 0.0]])
    assert np.isfinite(kernel(on_sphere)).all()
    with pytest.raises(ValueError, match=r"rows of squared norm 4, .* rescale the rows"):
        kernel(scale * on_sphere)
    with pytest.raises(ValueError, match="Z must have rows"):
        kernel(on_sphere, scale * on_sphere)


def test_a_table_can_be_learned_with_them() -> None:
    """Ridge 1 of 40 rows of any norm: the prediction and the experiment both take the kernel."""
    rng = np.random.default_rng(0)
    inputs = rng.standard_normal((60, 3)) * rng.uniform(0.5, 2, (60, 1))
    data = rc.Dataset(inputs, inputs[:, 0] + np.abs(inputs[:, 1]))
    for kernel in (kernels.NeuralTangent(activations.ReLU(), "both"), kernels.Dual(activations.Erf(), "gaussian")):
        found = rc.verify(data, rc.KernelRidge(kernel, 1.0), 40, n_trials=40, rng=0)
        gap = found.predicted["test"] - found.trials.test.mean
        assert abs(gap) <= 4 * found.trials.test.standard_error + 0.1 * found.trials.test.mean
        assert found.predicted["test"] < np.mean(data.outputs**2) / 2
