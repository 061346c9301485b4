"""The lazy regime: both inequalities on trained networks, closed forms by integration, mpmath constants, limits."""

from __future__ import annotations

import math
from collections.abc import Callable

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.integrate import solve_ivp

import riskcalc as rc
from riskcalc import lazy
from riskcalc.activations import (
    ELU,
    GELU,
    Activation,
    Cos,
    Erf,
    Exp,
    Hermite,
    Power,
    Quadratic,
    ReLU,
    Sigmoid,
    SiLU,
    Sin,
    Softplus,
    Step,
    Tanh,
)


def jacobian(phi: Activation, X: np.ndarray, W: np.ndarray, a: np.ndarray) -> np.ndarray:
    """The matrix, n × Nd, by its definition."""
    return np.asarray((a * phi.derivative(X @ W.T))[:, :, None] * X[:, None, :] / math.sqrt(a.size)).reshape(len(X), -1)


def network(seed: int, n: int = 4, d: int = 6, N: int = 30) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return (
        rng.standard_normal((n, d)),
        rng.standard_normal((N, d)) / math.sqrt(d),
        rng.choice([-1.0, 1.0], N),
        rng.standard_normal(n),
    )


@pytest.mark.parametrize("phi", [Tanh(), ReLU(), Erf(2**-0.5)], ids=repr)
def test_gram_and_singular_values_are_those_of_the_jacobian(phi: Activation) -> None:
    X, W, a, _ = network(0)
    a = a * np.linspace(0.2, 1, a.size)
    D = jacobian(phi, X, W, a)
    gram = lazy.neural_tangent_gram(phi, X, W, a)
    assert_allclose(gram, D @ D.T, rtol=1e-12, atol=1e-13)
    assert_allclose(lazy.singular_values(gram), np.linalg.svd(D, compute_uv=False), rtol=1e-9)
    h = 1e-6
    moved = [(np.asarray(phi(X @ V.T)) @ a) / math.sqrt(a.size) for V in (W + h * np.eye(30, 6), W - h * np.eye(30, 6))]
    assert_allclose((moved[0] - moved[1]) / (2 * h), D @ np.eye(30, 6).ravel(), atol=1e-8)


def test_gram_is_d_times_the_neural_tangent_kernel() -> None:
    """Its mean over the weights; 4000 neurons, five standard errors."""
    X = np.random.default_rng(0).standard_normal((3, 20))
    X *= math.sqrt(20) / np.linalg.norm(X, axis=1, keepdims=True)
    W = np.random.default_rng(1).standard_normal((4000, 20))
    W /= np.linalg.norm(W, axis=1, keepdims=True)
    kernel = rc.kernels.NeuralTangent(Tanh(), layers="first", weights="sphere")
    assert_allclose(
        lazy.neural_tangent_gram(Tanh(), X, W, np.ones(4000)) / 20, kernel(X), atol=5 * 0.4 / math.sqrt(4000)
    )


def test_fewer_parameters_than_samples_promise_nothing() -> None:
    X, W, a, _ = network(0, n=9, d=2, N=3)
    sigma = lazy.singular_values(lazy.neural_tangent_gram(Tanh(), X, W, a))
    assert_array_equal(sigma[6:], 0)
    assert lazy.laziness_ratio(1.0, 1.0, sigma[-1], 1e9) == math.inf


@given(st.integers(0, 10**6), st.floats(0.05, 0.99))
@settings(max_examples=12, deadline=None)
def test_both_guarantees_hold_on_trained_networks(seed: int, ratio: float) -> None:
    """The real flow of the first layer at the scale where ρ is ``ratio``, f centred, by DOP853."""
    phi, (X, W, a, y) = Tanh(), network(seed)
    n, N = len(X), a.size
    sigma = lazy.singular_values(lazy.neural_tangent_gram(phi, X, W, a))[-1]
    L, r0 = float(lazy.lipschitz_bound(phi, X, N)), float(np.linalg.norm(y))
    alpha = float(lazy.lazy_scale(L, r0, sigma)) / ratio
    assert_allclose(lazy.laziness_ratio(L, r0, sigma, alpha), ratio, rtol=1e-12)

    def output(V: np.ndarray) -> np.ndarray:
        return np.asarray((phi(X @ V.T) - phi(X @ W.T)) @ a / math.sqrt(N))

    def velocity(t: float, theta: np.ndarray) -> np.ndarray:
        V = theta.reshape(W.shape)
        pull = (y - alpha * output(V))[:, None] * a * phi.derivative(X @ V.T) / math.sqrt(N)
        return np.asarray(alpha / n * pull.T @ X).ravel()

    rate = float(lazy.convergence_rate(sigma, n, alpha))
    times = np.linspace(0, 3 / rate, 8)
    path = solve_ivp(velocity, (0, times[-1]), W.ravel(), "DOP853", times, rtol=1e-8, atol=1e-10 / alpha)
    for t, theta in zip(times, path.y.T, strict=True):
        assert np.linalg.norm(y - alpha * output(theta.reshape(W.shape))) ** 2 <= r0**2 * math.exp(-rate * t) * (
            1 + 1e-6
        )
        assert np.linalg.norm(theta - W.ravel()) <= lazy.displacement_bound(r0, sigma, alpha)


@given(st.integers(0, 10**6), st.sampled_from([Tanh(), Erf(2**-0.5), GELU(), ELU(), Quadratic()]))
@settings(max_examples=30, deadline=None)
def test_the_bound_is_above_the_constant(seed: int, phi: Activation) -> None:
    """Differences of Jacobians between random points, and along the worst direction for one neuron."""
    X, W, a, _ = network(seed)
    V = W + np.random.default_rng(seed).standard_normal(W.shape)
    gap = np.linalg.norm(jacobian(phi, X, V, a) - jacobian(phi, X, W, a), 2) / np.linalg.norm(V - W)
    assert gap <= lazy.lipschitz_bound(phi, X, a.size)


def test_the_bound_is_reached() -> None:
    """One sample, one neuron, at the point of largest curvature: the bound is an equality."""
    x = np.array([[0.6, 0.8]])
    for phi, worst in [(Tanh(), math.atanh(1 / math.sqrt(3))), (Erf(2**-0.5), 1.0), (Quadratic(), 0.3), (GELU(), 0.0)]:
        W, h = worst * x, 1e-5
        gap = jacobian(phi, x, W + h * x, np.ones(1)) - jacobian(phi, x, W - h * x, np.ones(1))
        assert_allclose(np.linalg.norm(gap) / (2 * h), lazy.lipschitz_bound(phi, x, 1), rtol=1e-8)


SMOOTH = [Tanh(), Sigmoid(), Softplus(), SiLU(), GELU(), Erf(2**-0.5), Erf(1.7), Sin(1.5), Cos(0.7), Quadratic(), ELU()]


@pytest.mark.parametrize("phi", SMOOTH, ids=repr)
def test_curvatures_are_the_steepest_slopes_of_the_derivative(phi: Activation) -> None:
    """On a grid of step h: below the supremum by a relative O(h²), never above it but for rounding."""
    x = np.linspace(-6, 6, 120001)
    steepest = np.abs(np.diff(phi.derivative(x)) / np.diff(x)).max()
    bound = float(lazy.lipschitz_bound(phi, [[1.0]], 1))
    assert_allclose(steepest, bound, rtol=1e-4)
    assert steepest <= bound * (1 + 1e-9)


def test_activations_without_bounded_curvature() -> None:
    X = np.eye(2)
    for phi in (ReLU(), Step(), Exp(1.0), Hermite(3), Power(1.5)):
        assert lazy.lipschitz_bound(phi, X, 10) == math.inf
    assert lazy.lipschitz_bound(Hermite(2), X, 4) == lazy.lipschitz_bound(Power(2), X, 4) == 1.0
    assert lazy.lipschitz_bound(rc.activations.custom(np.tanh), X, [1.0, 4.0], curvature=3.0).tolist() == [3.0, 1.5]
    assert lazy.laziness_ratio(math.inf, 0.0, 1.0) == math.inf


@given(st.integers(0, 1000), st.integers(1, 6), st.floats(0.01, 30))
def test_flow_path_is_the_flow(seed: int, rank: int, t: float) -> None:
    """Against the matrix exponential of the residual, ṙ = -K r/n, K c = y - r; also where K is singular."""
    rng = np.random.default_rng(seed)
    A, y = rng.standard_normal((6, rank)), rng.standard_normal((6, 2))
    K = A @ A.T
    s, U = np.linalg.eigh(K)
    fitted = y - U @ np.diag(np.exp(-s * t / 6)) @ U.T @ y
    c = lazy.flow_path(K, y, [0.0, t, math.inf])
    assert c.shape == (3, 6, 2)
    assert_array_equal(c[0], 0)
    assert_allclose(K @ c[1], fitted, atol=1e-9)
    assert_allclose(c[2], np.linalg.pinv(K, rcond=1e-12) @ y, rtol=1e-5, atol=1e-7)


def test_flow_path_early_and_where_nothing_is_seen() -> None:
    """Weights t y/n to first order, and for ever along eigenvectors of 0."""
    c = lazy.flow_path([[2.0, 0.0], [0.0, 0.0]], [1.0, 1.0], [1e-12, 4.0])
    assert_allclose(c[0], 5e-13, rtol=1e-11)
    assert_allclose(c[1], [(1 - math.exp(-4)) / 2, 2.0], rtol=1e-14)
    assert lazy.flow_path([[1.0]], [1.0], 2.0).shape == (1,)


def test_the_flow_and_its_ridge() -> None:
    """At λ = n/t the factors differ by at most .2036322, at z = 2.5128624, and by the ratio 1.2984256 (mpmath)."""
    with mpmath.workdps(20):
        apart = mpmath.findroot(lambda z: mpmath.diff(lambda x: 1 / (1 + x) - mpmath.exp(-x), z), 2.5)
        gap = 1 / (1 + apart) - mpmath.exp(-apart)
        assert_allclose([float(apart), float(gap)], [2.5128624, 0.2036322], rtol=1e-7)
    s, n, t = np.geomspace(1e-3, 1e3, 400), 400, 7.0
    flow = s * lazy.flow_path(np.diag(s), np.ones(n), t)
    ridge = s / (s + lazy.ridge_for_time(t, n))
    assert (np.abs(flow - ridge) <= float(gap)).all()
    assert np.abs(flow - ridge).max() > 0.99 * float(gap)
    assert (flow <= 1.2984257 * ridge).all()
    assert (flow >= ridge).all()


def test_scalings() -> None:
    assert_allclose(lazy.laziness_ratio(2.0, 3.0, 4.0, [1.0, 10.0]), [1.5, 0.15])
    assert lazy.lazy_scale(2.0, 3.0, 4.0) == 1.5
    assert lazy.convergence_rate(3.0, 10, 2.0) == 1.8
    assert lazy.displacement_bound(3.0, 4.0, 2.0) == 0.75
    zero = np.array([0.0, 1.0])
    assert_array_equal(lazy.laziness_ratio(1.0, 1.0, zero), [np.inf, 4.0])
    assert_array_equal(lazy.laziness_ratio(1.0, 1.0, 1.0, zero), [np.inf, 4.0])
    assert_array_equal(lazy.displacement_bound(1.0, zero), [np.inf, 2.0])
    assert_array_equal(lazy.ridge_for_time([0, 2, np.inf], 10), [np.inf, 5, 0])
    assert lazy.laziness_ratio([[1.0], [2.0]], 1.0, [1.0, 2.0, 3.0]).shape == (2, 3)
    assert lazy.laziness_ratio(0.0, 1.0, 1.0) == 0


@pytest.mark.parametrize(
    ("call", "error", "sentence"),
    [
        (lambda: lazy.laziness_ratio(-1.0, 1.0, 1.0), ValueError, "lipschitz must be"),
        (lambda: lazy.laziness_ratio(1.0, 1.0, math.nan), ValueError, "sigma_min must be"),
        (lambda: lazy.laziness_ratio(1.0, 1.0, 1.0, -2), ValueError, "scale must be"),
        (lambda: lazy.laziness_ratio([1.0, 2.0], [1.0, 2.0, 3.0], 1.0), ValueError, "shapes do not broadcast"),
        (lambda: lazy.convergence_rate(1.0, 0), ValueError, "n_samples must be"),
        (lambda: lazy.displacement_bound(-1, 1.0), ValueError, "residual must be"),
        (
            lambda: lazy.lipschitz_bound(rc.activations.custom(np.tanh), np.eye(2), 4),
            ValueError,
            "curvature must be given",
        ),
        (lambda: lazy.lipschitz_bound(np.tanh, np.eye(2), 4), TypeError, "activation must be a Activation"),
        (lambda: lazy.lipschitz_bound(Tanh(), np.ones(3), 4), ValueError, "inputs must be an array of 2"),
        (lambda: lazy.lipschitz_bound(Tanh(), np.eye(2), 0), ValueError, "width must be"),
        (lambda: lazy.neural_tangent_gram(Tanh(), np.eye(2), np.eye(3), [1.0] * 3), ValueError, "must have shapes"),
        (lambda: lazy.neural_tangent_gram(Step(), np.eye(2), np.eye(2), [1.0] * 2), ValueError, "has no derivative"),
        (lambda: lazy.singular_values([[1.0, 2.0], [2.0, 1.0]]), ValueError, "must be positive semidefinite"),
        (lambda: lazy.flow_path(np.eye(2), [1.0], 1.0), ValueError, r"outputs must have shape \(2,\) or \(2, q\)"),
        (lambda: lazy.flow_path(np.eye(2), [1.0, 1.0], -1.0), ValueError, "times must be"),
        (lambda: lazy.ridge_for_time(-1, 10), ValueError, "time must be"),
    ],
)
def test_bad_input_is_refused(call: Callable[[], object], error: type[Exception], sentence: str) -> None:
    with pytest.raises(error, match=sentence):
        call()
