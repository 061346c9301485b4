"""A real two-layer network, its first layer trained by gradient flow."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.integrate import solve_ivp

from riskcalc.activations import Activation
from riskcalc.arguments import FloatArray
from riskcalc.errors import NotConvergedError

RELATIVE = 1e-9  # tolerance of a step
Velocity = Callable[[float, FloatArray], FloatArray]


@dataclass(frozen=True)
class Start:
    """First layer, rows of unit length (N × d), and output signs (N,) of a network at the start."""

    weights: FloatArray
    signs: FloatArray
    antisymmetric: bool = False


@dataclass(frozen=True)
class TrainedPath:
    """Residuals y - αf on the training inputs and outputs αf on the test inputs (times × points), by rescaled times.

    ``moved`` are the distances of the first layer from its start, ``weights`` the first layer at the end; f is centred.
    """

    residuals: FloatArray
    outputs: FloatArray
    moved: FloatArray
    weights: FloatArray


def drawn_start(n_inputs: int, width: int, rng: np.random.Generator, antisymmetric: bool) -> Start:
    """Uniform directions and signs; antisymmetric: two copies of half of them, with opposite signs."""
    drawn = width // 2 if antisymmetric else width
    weights = rng.standard_normal((drawn, n_inputs))
    weights /= np.linalg.norm(weights, axis=1, keepdims=True)
    signs = rng.choice([-1.0, 1.0], drawn)
    if antisymmetric:
        return Start(np.tile(weights, (2, 1)), np.append(signs, -signs), antisymmetric)
    return Start(weights, signs)


def points_like(inputs: FloatArray, count: int, rng: np.random.Generator) -> FloatArray:
    """Directions of Gaussian vectors with the second moments of the inputs, with norms of random rows of them."""
    points = rng.standard_normal((count, len(inputs))) @ inputs
    norms = np.linalg.norm(inputs, axis=1)[rng.integers(len(inputs), size=count)]
    lengths = np.linalg.norm(points, axis=1)
    return np.asarray(points * np.divide(norms, lengths, out=np.zeros_like(norms), where=lengths > 0)[:, None])


def output(activation: Activation, inputs: FloatArray, weights: FloatArray, signs: FloatArray) -> FloatArray:
    """The network f = N^{-1/2} Σ a_j φ(⟨w_j, x⟩)."""
    return np.asarray(activation(inputs @ weights.T) @ signs / math.sqrt(signs.size))


def pulled_back(
    activation: Activation, inputs: FloatArray, weights: FloatArray, signs: FloatArray, residual: FloatArray
) -> FloatArray:
    """Dᵀr, of the shape of the weights, D the Jacobian of f on the inputs."""
    slopes = activation.derivative(inputs @ weights.T) * signs / math.sqrt(signs.size)
    return np.asarray((slopes * residual[:, None]).T @ inputs)


def trained(
    activation: Activation,
    start: Start,
    inputs: FloatArray,
    outputs: FloatArray,
    test_inputs: FloatArray,
    scale: float,
    times: FloatArray,
) -> TrainedPath:
    r"""Gradient flow of ‖y - α(f(W) - f(W₀))‖²/2n in the first layer, at rescaled times s = α²t, from s = 0 on.

    Integrated in V = α(W - W₀), which is of the same size at every α:

    .. math:: \frac{dV}{ds} = \frac1nD(W_0 + V/\alpha)^{\sf T}\big(y - \alpha(f(W_0 + V/\alpha) - f(W_0))\big)

    Where the slope of φ jumps the flow may slide along a jump, which no control of errors gets past: then in steps of
    the first time at most, which must be short beside the fastest direction.
    """
    W, a, n, shape = start.weights, start.signs, len(inputs), start.weights.shape
    before, before_test = (output(activation, x, W, a) for x in (inputs, test_inputs))

    def residual(weights: FloatArray) -> FloatArray:
        return outputs - scale * (output(activation, inputs, weights, a) - before)

    def velocity(_: float, moved: FloatArray) -> FloatArray:
        weights = W + moved.reshape(shape) / scale
        return pulled_back(activation, inputs, weights, a, residual(weights)).ravel() / n

    pull = float(np.linalg.norm(pulled_back(activation, inputs, W, a, outputs)))
    size = float(outputs @ outputs) / pull if pull > 0 else 1.0  # of V, if the first direction were the only one
    absolute = RELATIVE * size / math.sqrt(W.size)
    zero = np.zeros(W.size)
    with np.errstate(over="ignore", invalid="ignore"):  # of a step that is tried and then refused
        states = stepped(velocity, zero, times) if activation.kinks else integrated(velocity, zero, times, absolute)
    layers = [W + moved.reshape(shape) / scale for moved in states]
    residuals = np.stack([residual(weights) for weights in layers])
    _refuse_rising((residuals**2).sum(axis=1), states)
    tests = [scale * (output(activation, test_inputs, weights, a) - before_test) for weights in layers]
    return TrainedPath(residuals, np.stack(tests), np.linalg.norm(states, axis=1) / scale, layers[-1])


def integrated(velocity: Velocity, state: FloatArray, times: FloatArray, absolute: float) -> FloatArray:
    """The states at the times, each the end of a step: interpolation between steps would err more than they do."""
    states = [state]
    for span in pairwise(times):
        path = solve_ivp(velocity, span, states[-1], "DOP853", rtol=RELATIVE, atol=absolute)
        if not path.success:
            raise NotConvergedError("gradient flow of a network", best=path.y[:, -1], residual=np.inf)
        states.append(path.y[:, -1])
    return np.stack(states)


def stepped(velocity: Velocity, state: FloatArray, times: FloatArray) -> FloatArray:
    """The states at the times, by the classical method of order 4 with steps of at most ``times[1]``."""
    states = [state]
    for left, right in pairwise(times):
        count, v = math.ceil((right - left) / times[1] * (1 - RELATIVE)), states[-1]
        h = (right - left) / count
        for _ in range(count):
            k1 = velocity(0.0, v)
            k2 = velocity(0.0, v + h / 2 * k1)
            k3 = velocity(0.0, v + h / 2 * k2)
            v = v + h / 6 * (k1 + 2 * k2 + 2 * k3 + velocity(0.0, v + h * k3))
        states.append(v)
    return np.stack(states)


def _refuse_rising(losses: FloatArray, states: FloatArray) -> None:
    """A gradient flow never raises its loss; steps that are too long for it may."""
    risen = np.flatnonzero(~(np.diff(losses) <= RELATIVE * losses[0]))
    if risen.size:
        k = risen[0]
        raise NotConvergedError("gradient flow of a network", best=states[k], residual=losses[k + 1] / losses[k] - 1)
