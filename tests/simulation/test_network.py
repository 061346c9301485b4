"""A trained network against other ways to train it: complex steps, Euler's method, closed forms; never theory."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
import scipy.special
from numpy.testing import assert_allclose, assert_array_equal

from riskcalc.activations import ELU, Activation, Linear, ReLU, Sin, Tanh, custom
from riskcalc.errors import NotConvergedError
from riskcalc.simulation import network
from riskcalc.simulation.network import Start, drawn_start, points_like, pulled_back, stepped, trained


def sample(seed: int = 0, n: int = 5, d: int = 3, N: int = 12) -> tuple[np.ndarray, np.ndarray, Start, np.ndarray]:
    rng = np.random.default_rng(seed)
    X, y = rng.standard_normal((n, d)), rng.standard_normal(n)
    return X, y, drawn_start(d, N, rng, antisymmetric=False), rng.standard_normal((4, d))


def loss(W: np.ndarray, X: np.ndarray, y: np.ndarray, start: Start, scale: float) -> complex:
    """The objective from its definition, for complex first layers."""
    f = (np.tanh(X @ W.T) - np.tanh(X @ start.weights.T)) @ start.signs / math.sqrt(start.signs.size)
    return complex(((y - scale * f) ** 2).sum() / (2 * len(X)))


@pytest.mark.parametrize("scale", [0.3, 5.0])
def test_the_right_hand_side_is_minus_the_gradient_of_the_loss(scale: float) -> None:
    """By complex steps, which have no cancellation: every entry to 1e-13."""
    X, y, start, _ = sample()
    W = start.weights + 0.3 * np.random.default_rng(5).standard_normal(start.weights.shape)
    f = network.output(Tanh(), X, W, start.signs) - network.output(Tanh(), X, start.weights, start.signs)
    pull = scale / len(X) * pulled_back(Tanh(), X, W, start.signs, y - scale * f)
    gradient = np.empty(W.shape)
    for at in np.ndindex(W.shape):
        turned = W.astype(complex)
        turned[at] += 1e-40j
        gradient[at] = loss(turned, X, y, start, scale).imag / 1e-40
    assert_allclose(pull, -gradient, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("scale", [0.4, 3.0])
def test_steps_of_gradient_descent_end_where_the_flow_does(scale: float) -> None:
    """Descent in W and t = s/α², written out for tanh: its error is O(η), and its extrapolation to 0 is the flow."""
    X, y, start, _ = sample(1)
    n, N, T = len(X), start.signs.size, 4.0
    path = trained(Tanh(), start, X, y, X[:1], scale, np.array([0.0, 1.0, T]))
    ends = []
    for steps in (4000, 8000, 16000):
        W, rate = start.weights.copy(), T / scale**2 / steps
        for _ in range(steps):
            h = np.tanh(X @ W.T)
            f = (h - np.tanh(X @ start.weights.T)) @ start.signs / math.sqrt(N)
            W += rate * scale / n * (((1 - h**2) * start.signs / math.sqrt(N)).T * (y - scale * f)) @ X
        ends.append(W)
    once = [2 * b - a for a, b in pairwise(ends)]
    far = np.linalg.norm(ends[0] - path.weights)
    assert far > 1e-6
    assert abs(far / np.linalg.norm(ends[1] - path.weights) - 2) < 0.01
    assert np.linalg.norm((4 * once[1] - once[0]) / 3 - path.weights) < 1e-5 * far + 1e-8
    assert_allclose(path.moved[-1], np.linalg.norm(path.weights - start.weights), rtol=1e-12)


def test_residuals_and_outputs_are_those_of_the_layers() -> None:
    X, y, start, Z = sample(2)
    path = trained(Tanh(), start, X, y, Z, 2.0, np.array([0.0, 0.5, 3.0]))
    for points, found in ((X, y - path.residuals[-1]), (Z, path.outputs[-1])):
        before, after = (np.tanh(points @ W.T) @ start.signs for W in (start.weights, path.weights))
        assert_allclose(found, 2.0 * (after - before) / math.sqrt(start.signs.size), atol=1e-13)
    assert_array_equal(path.residuals[0], y)
    assert_array_equal(path.outputs[0], 0)
    assert path.moved[0] == 0


def test_a_network_that_is_linear_in_its_layer_has_a_closed_form() -> None:
    """φ(u) = u: r_s = exp(-XXᵀs/n) r_0, as N^{-1}Σa² = 1, at any scale."""
    X, y, start, _ = sample(3)
    times = np.array([0.0, 0.3, 2.0, 9.0])
    s, U = np.linalg.eigh(X @ X.T)
    for scale in (0.1, 30.0):
        path = trained(Linear(), start, X, y, X[:1], scale, times)
        expected = (np.exp(-np.outer(times, s) / len(X)) * (U.T @ y)) @ U.T
        assert_allclose(path.residuals, expected, atol=2e-8)  # a tolerance of 1e-9 per step


@pytest.mark.parametrize("phi", [Tanh(), Sin(1.0)], ids=repr)
def test_fixed_steps_are_of_order_four(phi: Activation) -> None:
    """The path of the adaptive method, missed sixteen times less with steps of half the length."""
    X, y, start, _ = sample(4)
    n, W = len(X), start.weights

    def velocity(_: float, moved: np.ndarray) -> np.ndarray:
        f = network.output(phi, X, W + moved.reshape(W.shape), start.signs) - network.output(phi, X, W, start.signs)
        return pulled_back(phi, X, W + moved.reshape(W.shape), start.signs, y - f).ravel() / n

    exact = trained(phi, start, X, y, X[:1], 1.0, np.array([0.0, 4.0])).weights
    gaps = [
        np.linalg.norm(stepped(velocity, np.zeros(W.size), np.array([0.0, h, 4.0]))[-1] + W.ravel() - exact.ravel())
        for h in (1.0, 0.5)
    ]
    assert 10 < gaps[0] / gaps[1] < 26


def test_kinks_are_passed_in_fixed_steps() -> None:
    """ReLU: gradient descent in steps far below them ends at the same error; a slope that jumps costs O(step)."""
    X, y, start, _ = sample(6, n=6, d=3, N=30)
    times = np.linspace(0, 20, 401)
    path = trained(ReLU(), start, X, y, X[:1], 1.0, times)
    W, steps, active = start.weights.copy(), 40000, X @ start.weights.T > 0
    for _ in range(steps):
        u = X @ W.T
        f = (np.maximum(u, 0) - np.maximum(X @ start.weights.T, 0)) @ start.signs / math.sqrt(30)
        W += 20 / steps / 6 * (((u > 0) * start.signs / math.sqrt(30)).T * (y - f)) @ X
    assert ((X @ W.T > 0) != active).any()
    assert np.linalg.norm(path.weights - W) < 0.02 * np.linalg.norm(W - start.weights)
    assert (np.diff((path.residuals**2).sum(axis=1)) <= 1e-9).all()
    smooth = trained(ELU(), start, X, y, X[:1], 1.0, np.array([0.0, 0.05, 10.0]))
    assert np.isfinite(smooth.residuals).all()


def test_steps_that_are_too_long_are_an_error() -> None:
    X, y, start, _ = sample(7)
    with pytest.raises(NotConvergedError, match="gradient flow of a network"), np.errstate(over="ignore"):
        trained(ReLU(), start, X, y, X[:1], 1.0, np.array([0.0, 40.0, 400.0]))


def test_starts() -> None:
    rng = np.random.default_rng(0)
    start = drawn_start(4, 10, rng, antisymmetric=True)
    assert_allclose(np.linalg.norm(start.weights, axis=1), 1)
    assert_array_equal(start.weights[:5], start.weights[5:])
    assert_array_equal(start.signs[:5], -start.signs[5:])
    assert np.abs(network.output(Tanh(), rng.standard_normal((7, 4)), start.weights, start.signs)).max() < 1e-15
    many = drawn_start(3, 30000, rng, antisymmetric=False)
    second = many.weights.T @ many.weights / 30000  # variances 1/3; of w_i² 4/45, of w_i w_j 1/15
    assert np.abs(second - np.eye(3) / 3).max() < 4 * math.sqrt(4 / 45 / 30000)
    assert set(many.signs) == {-1.0, 1.0}
    assert abs(many.signs.mean()) < 4 / math.sqrt(30000)


def test_points_like_the_inputs() -> None:
    """The norms are theirs; on inputs of one norm in all directions the second moments are."""
    rng = np.random.default_rng(1)
    X = rng.standard_normal((9, 5)) * [3, 2, 1, 1, 0]
    Z = points_like(X, 300, rng)
    norms = np.linalg.norm(X, axis=1)
    assert np.abs(np.linalg.norm(Z, axis=1)[:, None] - norms).min(axis=1).max() < 1e-12
    assert not Z[:, 4].any()
    axes = np.sqrt(3) * np.vstack([np.eye(3), -np.eye(3)])
    many = points_like(axes, 20000, rng)
    assert np.abs(many.T @ many / 20000 - np.eye(3)).max() < 4.5 * math.sqrt(9 * 4 / 45 / 20000)
    assert not points_like(np.zeros((2, 3)), 5, rng).any()


def test_only_values_and_slopes_of_the_activation_are_used() -> None:
    """An activation that is nothing but a function and its slope."""
    X, y, start, Z = sample(8)
    plain = custom(np.arctan, lambda x: 1 / (1 + np.asarray(x) ** 2))
    assert np.isfinite(trained(plain, start, X, y, Z, 1.0, np.array([0.0, 1.0])).outputs).all()
    smooth = custom(scipy.special.erf, lambda x: 2 / math.sqrt(math.pi) * np.exp(-(np.asarray(x) ** 2)))
    assert trained(smooth, start, X, y, Z, 1.0, np.array([0.0, 1.0])).moved[-1] > 0


def test_labels_that_no_first_step_reaches() -> None:
    """Dᵀy = 0: nothing moves, and the absolute tolerance is not 0/0."""
    X, y = np.array([[1.0, 0.0], [1.0, 0.0]]), np.array([1.0, -1.0])
    start = drawn_start(2, 6, np.random.default_rng(0), antisymmetric=False)
    path = trained(Tanh(), start, X, y, X, 1.0, np.array([0.0, 5.0]))
    assert_allclose(path.residuals[-1], y, atol=1e-15)
