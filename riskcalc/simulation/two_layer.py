"""Two-layer networks trained by one pass of stochastic gradient descent: what a trial measures."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from riskcalc.arguments import FloatArray, numbers
from riskcalc.data import GaussianData, SphereData
from riskcalc.estimators import Ridge, TwoLayerNetwork
from riskcalc.estimators.two_layer import refuse_other_features
from riskcalc.model import Model
from riskcalc.simulation.draw import nonlinear_values
from riskcalc.simulation.kernel_ridge import inputs
from riskcalc.simulation.sizes import scaled_gaussian_ridge
from riskcalc.targets import SingleIndex, Target
from riskcalc.targets.target import unit_rows

if TYPE_CHECKING:
    from riskcalc.simulation.cells import Cell

TEST_POINTS = 2000  # fresh ones in each trial, the same for all learning rates and noises
BLOCK = 256  # samples drawn at a time
STEP_FLOPS = 1e5  # what a step costs beside its products, in units of floating-point operations
TWO_LAYER_FIELDS = ("test",)

Function = Callable[[FloatArray], FloatArray]


@dataclass(frozen=True)
class Teacher:
    """One drawn target: its values, the direction that it depends on if there is one, and energy independent of x."""

    values: Function
    direction: FloatArray | None = None
    outside: float = 0.0


@dataclass
class Network:
    """A network in training; its arrays change from step to step."""

    estimator: TwoLayerNetwork
    a: FloatArray
    W: FloatArray
    step: float

    @property
    def unit(self) -> float:
        """Factor of the sum over neurons."""
        return math.pow(len(self.a), -0.5 if self.estimator.scaling == "lazy" else -1.0)

    def __call__(self, X: FloatArray) -> FloatArray:
        """Values on the rows of X."""
        return np.asarray(self.unit * self.estimator.activation(X @ self.W.T) @ self.a)

    def train(self, X: FloatArray, y: FloatArray) -> None:
        """One step per row."""
        phi, layers, unit = self.estimator.activation, self.estimator.layers, self.unit
        rate = self.step * (unit if self.estimator.scaling == "lazy" else 1.0)
        for x, label in zip(X, y, strict=True):
            u = self.W @ x
            value = phi(u)
            push = rate * (label - unit * (self.a @ value))
            along = (push * self.a * phi.derivative(u))[:, None]
            if layers == "directions":
                self.W += along * (x - u[:, None] * self.W)
                self.W /= np.linalg.norm(self.W, axis=1, keepdims=True)
            else:
                self.W += along * x
            if layers == "both":
                self.a += push * value


def start(estimator: Any, teacher: Teacher, d: int, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
    """Weights a and W of the estimator's start."""
    N, m = int(estimator.width), estimator.overlap
    a = np.where(np.arange(N) % 2, -1.0, 1.0)
    pairs = 2 if estimator.scaling == "lazy" else 1
    W = rng.standard_normal((N // pairs, d)) / math.sqrt(d)
    if m is not None:
        if teacher.direction is None:
            raise ValueError(
                f"overlap must be left out for a target of more than one direction, got {m:g}; SingleIndex has one"
            )
        W -= np.outer(W @ teacher.direction, teacher.direction)
    if m is not None or estimator.layers == "directions":
        W /= np.linalg.norm(W, axis=1, keepdims=True)
    if m is not None:
        W = m * teacher.direction + math.sqrt(1 - m * m) * W
    return a, np.repeat(W, pairs, axis=0)


def sphere_teacher(data: SphereData, rng: np.random.Generator) -> Teacher:
    """A function of the target's energies; one of a single direction draws that direction first."""
    seed = int(rng.integers(2**63))
    values = data.target.draw(data.n_inputs, np.random.default_rng(seed), data.domain)
    return Teacher(values, _direction(data.target, data.n_inputs, seed))


def gaussian_teacher(data: GaussianData, rng: np.random.Generator) -> Teacher:
    """The linear part in a random direction, and the part that is not linear."""
    d, linear = int(data.spectrum.n_features), float(np.asarray(data.energies)[0])
    theta, seed = unit_rows(1, d, rng)[0], int(rng.integers(2**63))
    coefficients = math.sqrt(linear) * theta
    if data.target is None:
        return Teacher(lambda X: X @ coefficients, theta, data.outside_energy)
    rest = _nonlinear(data, d, seed)
    direction = _direction(data.target, d, seed) if linear == 0 else None
    return Teacher(lambda X: X @ coefficients + rest(X), direction)


def _nonlinear(data: GaussianData, d: int, seed: int) -> Function:
    """The same function for every block of rows."""
    nonlinear_values(data, np.ones((1, d)), np.random.default_rng(seed))  # refuses what is no such part
    if isinstance(data.target, Target):
        return data.target.draw(d, np.random.default_rng(seed), "gaussian")
    return lambda X: nonlinear_values(data, X, np.random.default_rng(seed))


def _direction(target: object, d: int, seed: int) -> FloatArray | None:
    return np.asarray(unit_rows(1, d, np.random.default_rng(seed))[0]) if isinstance(target, SingleIndex) else None


def scaled_sphere_network(
    data: SphereData, estimator: TwoLayerNetwork, sizes: npt.ArrayLike, factor: float
) -> tuple[Model, Model]:
    """Nothing is scaled: the multiplicities are those of the inputs."""
    if factor != 1:
        raise ValueError(
            f"scale must be 1 for SphereData, whose multiplicities are those of its inputs, got {factor:g}"
        )
    return data, _finite(estimator)


def scaled_gaussian_network(
    data: GaussianData, estimator: TwoLayerNetwork, sizes: npt.ArrayLike, factor: float
) -> tuple[Model, Model]:
    """The number of features times the scale; the width stays."""
    refuse_other_features(data)
    scaled, _ = scaled_gaussian_ridge(data, Ridge(0), np.asarray(sizes), factor)
    return scaled, _finite(estimator)


def _finite(estimator: TwoLayerNetwork) -> TwoLayerNetwork:
    numbers("width", estimator.width, at_least=1, hint="an infinite network can be predicted, not trained")
    return estimator


def network_flops(cell: Cell) -> float:
    """Work of a trial at one learning rate."""
    return cell.n_samples * (STEP_FLOPS + 6 * float(cell.estimator.width) * inputs_of(cell.data))  # type: ignore[attr-defined]


def inputs_of(data: Any) -> int:
    """The dimension d."""
    return int(data.n_inputs if isinstance(data, SphereData) else data.spectrum.n_features)


def drawn_inputs(data: Any, n: int, rng: np.random.Generator) -> FloatArray:
    """N rows of inputs."""
    return inputs(data, n, rng) if isinstance(data, SphereData) else rng.standard_normal((n, inputs_of(data)))


def two_layer_trial(cell: Cell, rng: np.random.Generator, points: FloatArray) -> FloatArray:
    """One pass over one stream of samples, for each learning rate and noise from the same start.

    Test error: the mean square over test points without label noise, plus the variance of what no input explains. The
    label noise of the training samples is drawn in any case: it cannot be averaged in closed form.
    """
    if cell.measures:
        raise ValueError(
            f"measures must be left out for a TwoLayerNetwork, got {', '.join(cell.measures)}; its fits are not linear"
        )
    data: Any = cell.data
    d = inputs_of(data)
    teacher = sphere_teacher(data, rng) if isinstance(data, SphereData) else gaussian_teacher(data, rng)
    a, W = start(cell.estimator, teacher, d, rng)
    Z = drawn_inputs(data, TEST_POINTS, rng)
    estimator: Any = cell.estimator
    networks = [Network(estimator, a.copy(), W.copy(), rate / d) for rate, _ in points]
    noises = points[:, 1] + teacher.outside
    with np.errstate(over="ignore", invalid="ignore"):
        for first in range(0, cell.n_samples, BLOCK):
            X = drawn_inputs(data, min(BLOCK, cell.n_samples - first), rng)
            values, label_noise = teacher.values(X), rng.standard_normal(len(X))
            for network, noise in zip(networks, noises, strict=True):
                network.train(X, values + math.sqrt(noise) * label_noise)
        tests = [np.mean((teacher.values(Z) - network(Z)) ** 2) for network in networks]
    _refuse_diverged(points[:, 0], np.asarray(tests))
    return (np.asarray(tests) + noises)[None, :]


def _refuse_diverged(rates: FloatArray, tests: FloatArray) -> None:
    if not np.isfinite(tests).all():
        raise ValueError(
            f"learning_rate must be small enough for the weights to stay finite, got "
            f"{rates[~np.isfinite(tests)].min():g}, at which they overflowed; take a smaller one"
        )
