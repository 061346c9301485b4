"""Two-layer networks trained by one pass of stochastic gradient descent: the error along the way."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from riskcalc.arguments import FloatArray, common_shape, numbers
from riskcalc.data import GaussianData, SphereData
from riskcalc.estimators import TwoLayerNetwork
from riskcalc.estimators.two_layer import refuse_other_features
from riskcalc.result import Risk
from riskcalc.targets import SingleIndex
from riskcalc.theory.dynamics import SingleNeuron
from riskcalc.theory.two_layer_losses import Case, Start, equation_of

GRID = (np.arange(16) + 0.5) / 16  # shares of n at which the error before n is read
LARGE_STEP = 0.1  # growth of the squared weights by the noise of the steps from which the flow is not trusted


def two_layer_risk(data: GaussianData | SphereData, estimator: TwoLayerNetwork, n_samples: npt.ArrayLike) -> Risk:
    r"""Twice the loss after n steps, plus the noise, for a target of one direction.

    .. math:: \mathrm{test}(n) = 2R(t) + \tau^2, \qquad t = \frac{\eta n}d

    The equations are those of d → ∞: on the sphere, too, the inputs' projections are taken to be Gaussian.
    """
    model, n = OneDirection.of(data), numbers("n_samples", n_samples, at_least=0)
    swept = {"n_samples": n, "width": np.asarray(estimator.width), "learning_rate": np.asarray(estimator.learning_rate)}
    swept |= {"noise": model.noise} if model.noise.ndim else {}
    shape = common_shape(**swept)
    wide = np.broadcast_to(n, shape)
    test = tests(model, estimator, np.concatenate([wide[None], _before(wide)]))
    grown = step_noise(estimator, model, n, test[1:].mean(axis=0))
    return Risk(
        test=test[0],
        train=None,  # type: ignore[arg-type]  # of the samples that were seen nothing is known
        noise=np.broadcast_to(np.asarray(data.noise), shape),
        coordinates=swept | ({"noise": np.asarray(data.noise)} if model.noise.ndim else {}),
        route=" and ".join(dict.fromkeys(e.name for e in equations(model, estimator).values())),
        sources=tuple(dict.fromkeys(key for e in equations(model, estimator).values() for key in e.sources)),
        notes=_step_notes(grown) + _jump_notes(model, estimator) + _start_notes(model, estimator),
    )


@dataclass(frozen=True)
class OneDirection:
    """A target of one direction of d inputs, and the variance of all that no input explains."""

    target: SingleIndex
    n_inputs: float
    noise: FloatArray

    @classmethod
    def of(cls, data: Any) -> OneDirection:
        """Of the data, or an error that says what has no equation."""
        if isinstance(data, SphereData):
            return cls(_single_index(data.target), float(data.n_inputs), np.asarray(data.noise))
        refuse_other_features(data)
        d, linear = float(data.spectrum.n_features), float(np.asarray(data.energies)[0])
        if data.target is None:
            target = SingleIndex(coefficients=[0.0, math.sqrt(linear)])
            return cls(target, d, np.asarray(data.noise) + data.outside_energy)
        target = _single_index(data.target)
        energies = target.energies(max(int(d), 2), 1, "gaussian")
        if linear > 0 or energies.by_degree.max() > 1e-9 * energies.total:
            raise ValueError(
                "data must have a target of one direction to be predicted, got a linear part beside or inside "
                f"{target!r}; SphereData takes any SingleIndex"
            )
        if abs(energies.total - data.outside_energy) > 1e-9 * energies.total:
            raise ValueError(
                f"outside_energy must be the energy of target, {energies.total:g}, got {data.outside_energy:g}"
            )
        return cls(target, d, np.asarray(data.noise))


def _single_index(target: object) -> SingleIndex:
    if not isinstance(target, SingleIndex):
        raise TypeError(
            f"target must be a SingleIndex to be predicted, got {target!r}: the equations have one direction; "
            "simulate trains a TwoLayerNetwork on any target"
        )
    return target


def equations(model: OneDirection, estimator: TwoLayerNetwork) -> dict[float, Any]:
    """The equation for each width."""
    how = (estimator.scaling, estimator.layers)
    return {
        float(N): equation_of(estimator.activation, model.target, float(N), *how)
        for N in np.unique(np.asarray(estimator.width))
    }


def tests(model: OneDirection, estimator: TwoLayerNetwork, n: FloatArray) -> FloatArray:
    """Test errors at n, of a first axis and the shape of the rest; one integration for all times of a case."""
    N, eta, noise = (
        np.broadcast_to(x, n.shape[1:]).ravel() for x in (estimator.width, estimator.learning_rate, model.noise)
    )
    times = eta * n.reshape(len(n), -1) / model.n_inputs
    losses, by_width = np.empty(times.shape), equations(model, estimator)
    finite = np.array([by_width[width].finite_step for width in N.tolist()], dtype=bool)
    keys = np.column_stack([N, np.where(finite, eta, 0.0), np.where(finite, noise, 0.0)])
    distinct, number = np.unique(keys, axis=0, return_inverse=True)
    for k, (width, step, tau2) in enumerate(distinct.tolist()):
        at = number.reshape(-1) == k
        start = _start(model, estimator, width)
        case = Case(model.target, estimator.activation, start, estimator.layers, step, tau2)
        losses[:, at] = by_width[width].losses(case, times[:, at].ravel()).reshape(times[:, at].shape)
    return np.asarray(2 * losses + noise).reshape(n.shape)


def _before(n: FloatArray) -> FloatArray:
    """Sizes up to n on a first axis, for a mean over the time so far."""
    return np.stack([share * n for share in GRID])


def _start(model: OneDirection, estimator: TwoLayerNetwork, width: float) -> Start:
    """The start at one width, if it is one whose mean path is that of the equations."""
    overlap = estimator.overlap
    if overlap is None and model.n_inputs <= 1:
        raise ValueError(
            f"n_features must be a number of inputs above 1 for a random start, got {model.n_inputs:g}: the start "
            "depends on it; give overlap for ratios"
        )
    if overlap is None and estimator.layers == "directions":
        s = information_exponent(model, estimator)
        if 1 < s < math.inf:
            raise ValueError(
                f"overlap must be given at information exponent {s:g}: a random start is as small as the fluctuations, "
                "and the time of the escape is random"
            )
        overlap = 0.0
    return Start.of(width, model.n_inputs, overlap)


def information_exponent(model: OneDirection, estimator: TwoLayerNetwork) -> float:
    """Of activation and target."""
    return SingleNeuron(estimator.activation, model.target).information_exponent


def step_noise(estimator: TwoLayerNetwork, model: OneDirection, n: FloatArray, before: FloatArray) -> FloatArray:
    r"""About what the noise of the steps adds to |w|², :math:`\eta\int_0^t\mathrm{test}\,dt`, where a flow omits it.

    A step adds :math:`(\eta/d)^2(y-f)^2\varphi'^2|x|^2`, so n of them about η² n/d times the mean of ``before``.
    """
    flows = [N for N, equation in equations(model, estimator).items() if not equation.finite_step]
    eta = np.asarray(estimator.learning_rate)
    return np.where(np.isin(np.asarray(estimator.width), flows), eta**2 * n / model.n_inputs * before, 0.0)


def finite_size_gap(
    data: GaussianData | SphereData, estimator: TwoLayerNetwork, n_samples: npt.ArrayLike
) -> FloatArray:
    r"""How far the mean over runs in d dimensions may be from the equations of d → ∞, to the next order.

    Overlaps fluctuate by :math:`d^{-1/2}`, and a step moves an output weight by η/d: the time is wrong by a share
    u = 3 max(1, η)/d (η since a simulation at η = 20), or :math:`1/(dm_0^2)` if that is larger and a given overlap m₀
    has to grow by itself, without a linear term; the error by the share u of its excess, and a flow by the share
    ``step_noise`` of the test error. inf where a random start must leave a saddle. After simulations, too: the share of
    a given overlap had been 3 in place of 1 over dm₀², whatever the exponent; and 3/d was 1/d for a while, which is too
    small at η = 2.
    """
    model, n = OneDirection.of(data), numbers("n_samples", n_samples, at_least=0)
    shape = common_shape(
        n_samples=n, width=np.asarray(estimator.width), rate=np.asarray(estimator.learning_rate), noise=model.noise
    )
    if random_escape(model, estimator):
        return np.full(shape, np.inf)
    u, m = 3 / model.n_inputs * np.maximum(np.asarray(estimator.learning_rate), 1.0), estimator.overlap
    if m and information_exponent(model, estimator) > 1:
        u = np.maximum(u, 1 / (model.n_inputs * m * m))
    wide = np.broadcast_to(n, shape)
    sizes = np.concatenate([[wide, np.maximum(1 - u, 0.0) * wide, (1 + u) * wide], _before(wide)])
    now, *others = tests(model, estimator, sizes)
    shifted = np.maximum(np.abs(others[0] - now), np.abs(others[1] - now))
    grown = step_noise(estimator, model, n, np.mean(others[2:], axis=0))
    return np.asarray(shifted + u * (now - model.noise) + grown * now)


def _step_notes(grown: FloatArray) -> tuple[str, ...]:
    worst = float(grown.max(initial=0.0))
    if worst <= LARGE_STEP:
        return ()
    return (
        f"the noise of the steps adds up to about {worst:.2g} to the squared weights, which the gradient flow, the "
        "limit of small learning rates, leaves out: one pass lies above it",
    )


def _jump_notes(model: OneDirection, estimator: TwoLayerNetwork) -> tuple[str, ...]:
    """Where d is too small for the step."""
    jump = float(np.max(np.asarray(estimator.learning_rate), initial=0.0)) / model.n_inputs
    if estimator.layers != "both" or jump <= LARGE_STEP:
        return ()
    return (
        f"a step moves an output weight by about {jump:.2g} of its error (learning_rate/d), which must be small for "
        "the equations of d → ∞: one pass lies above them",
    )


def _start_notes(model: OneDirection, estimator: TwoLayerNetwork) -> tuple[str, ...]:
    if not random_escape(model, estimator):
        return ()
    return (
        "heuristic: from a random start the direction is found only after a time that grows with log d and differs "
        "from run to run; the prediction is the path of a typical start. Give overlap for a start that is not random",
    )


def random_escape(model: OneDirection, estimator: TwoLayerNetwork) -> bool:
    """Whether a random start must leave a saddle, for lack of a linear term."""
    return estimator.overlap is None and 1 < information_exponent(model, estimator) < math.inf
