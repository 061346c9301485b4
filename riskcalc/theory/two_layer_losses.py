r"""The loss :math:`\tfrac12E(f_*-f)^2` of a network in training, by the equations that there are for it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from riskcalc.activations import Activation, Erf
from riskcalc.arguments import FloatArray
from riskcalc.targets import SingleIndex
from riskcalc.theory.dynamics import FiniteWidthFlow, MeanField, OnePass, SingleNeuron
from riskcalc.theory.dynamics.erf_integrals import average_2
from riskcalc.theory.dynamics.integrate import flow

PARTICLES = 64  # that stand for the mean-field limit with a random start
ATOL = 1e-11


@dataclass(frozen=True)
class Start:
    """Output weights a, overlaps m = ⟨w, e⟩, and r² = |w|² - m²; parts across e are orthogonal, as for d → ∞."""

    a: FloatArray
    m: FloatArray
    r2: FloatArray

    @classmethod
    def of(cls, width: float, n_inputs: float, overlap: float | None) -> Start:
        """Of N neurons; random overlaps N(0, 1/d) are quantiles, those of a = 1 and of a = -1 apart."""
        if overlap is not None:
            a = np.resize([1.0, -1.0], 2 if math.isinf(width) else int(width))
            return cls(a, np.full(a.size, overlap), np.full(a.size, 1 - overlap**2))
        a = np.resize([1.0, -1.0], PARTICLES if math.isinf(width) else int(width))
        m = np.empty(a.size)
        for sign in (1.0, -1.0):
            m[a == sign] = normal_quantiles(int((a == sign).sum())) / math.sqrt(n_inputs)
        return cls(a, m, np.full(a.size, 1 - 1 / n_inputs))

    @property
    def overlaps(self) -> FloatArray:
        """Q = WWᵀ."""
        return np.outer(self.m, self.m) + np.diag(self.r2)


def normal_quantiles(count: int) -> FloatArray:
    """Quantiles of N(0, 1) in the middle of ``count`` equal parts, scaled to variance 1."""
    z = np.asarray(ndtri((np.arange(count) + 0.5) / max(count, 1)))
    return z / math.sqrt(np.mean(z**2)) if count > 1 else z


@dataclass(frozen=True)
class Case:
    """What is integrated once: target, activation, start, and where it matters the step η and the noise τ²."""

    target: SingleIndex
    activation: Activation
    start: Start
    layers: str
    step: float
    noise: float


@dataclass(frozen=True)
class Equation:
    """``losses(case, times)`` at t = ηn/d; ``finite_step``: exact at any η as d → ∞, else in the limit η → 0."""

    name: str
    losses: Callable[[Case, FloatArray], FloatArray]
    finite_step: bool
    sources: tuple[str, ...]


def _mean_field(case: Case, times: FloatArray) -> FloatArray:
    start = case.start
    path = MeanField(case.activation, case.target).trajectory(times, start.a, start.m, np.sqrt(start.r2))
    return np.asarray(path.loss)


def _finite_width(case: Case, times: FloatArray) -> FloatArray:
    start = case.start
    path = FiniteWidthFlow(case.activation, case.target).trajectory(times, start.a, start.m, start.overlaps)
    return np.asarray(path.loss)


def _single_neuron(case: Case, times: FloatArray) -> FloatArray:
    neuron = SingleNeuron(case.activation, case.target)
    return neuron.loss(neuron.trajectory(times, float(case.start.m[0]), case.step, case.noise))


def _one_pass(case: Case, times: FloatArray) -> FloatArray:
    r"""Saad and Solla's equations of (Q, R), with :math:`\dot a_j = \eta\,E(f_*-f)\varphi(u_j)` where a is trained.

    Their φ is erf(u/√2), without 1/N: weights are √2 times the scale of erf as large, and steps N times the square.
    """
    a, b = case.activation.scale, case.target.link.scale  # type: ignore[attr-defined, union-attr]
    scale, link = 2 * a * a, 2 * b * b
    start, eta, N = case.start, case.step or 1.0, case.start.a.size
    Q, R = scale * start.overlaps, 2 * a * b * start.m[:, None]
    moves = 1.0 if case.layers == "both" else 0.0

    def model(outer: FloatArray) -> OnePass:
        return OnePass(outer / N, [1.0], [[link]], scale * N * eta, case.noise)

    def velocity(state: FloatArray) -> FloatArray:
        Q, R, outer = state[:, :N], state[:, N : N + 1], state[:, -1]
        moving = model(outer)._velocity(Q, R)
        return np.column_stack([moving.Q, moving.R, moves * eta * error_moments(outer, Q, R[:, 0], link)])

    path = flow(velocity, np.column_stack([Q, R, start.a]), times / eta, ATOL)
    return np.array([float(model(s[:, -1])._loss(s[:, :N], s[:, N : N + 1])) for s in path])


def error_moments(a: FloatArray, Q: FloatArray, R: FloatArray, link: float) -> FloatArray:
    """E (f* - f)φ(u_j) for φ = erf(u/√2)."""
    variance = np.diagonal(Q)
    inner = average_2(variance[:, None], Q, variance) @ a / a.size
    return np.asarray(average_2(variance, R, np.asarray(link)) - inner)


MEAN_FIELD = Equation("mean-field flow", _mean_field, False, ("mei2018", "berthier2023"))
FINITE_WIDTH = Equation("flow of the overlaps", _finite_width, False, ("mei2018",))
SINGLE_NEURON = Equation("single neuron, one pass", _single_neuron, True, ("benarous2021",))
ONE_PASS = Equation("overlaps, one pass", _one_pass, True, ("saad1995", "goldt2019"))


def equation_of(activation: Activation, target: SingleIndex, width: float, scaling: str, layers: str) -> Equation:
    """The equation for a network and a target of one direction, or a ValueError that says what there is."""
    if scaling == "lazy":
        raise ValueError(
            "scaling must be 'mean_field' to be predicted, got 'lazy': there is no equation for one pass of a lazy "
            "network; NeuralTangentRidge or KernelRidge with its kernel can be predicted, and simulate trains it"
        )
    erf = isinstance(activation, Erf) and activation.scale != 0 and isinstance(target.link, Erf)
    if layers == "directions" and width == 1:
        return SINGLE_NEURON
    if layers != "directions" and erf and math.isfinite(width):
        return ONE_PASS
    if layers == "both":
        return FINITE_WIDTH if math.isfinite(width) else MEAN_FIELD
    known = {
        "directions": "width 1",
        "first": "a finite width with activations.Erf and a target of link activations.Erf",
    }
    raise ValueError(
        f"layers must be 'both' to be predicted at width {width:g} with {activation!r} on {target!r}, got {layers!r}, "
        f"for which there are equations only at {known[layers]}; simulate trains it"
    )
