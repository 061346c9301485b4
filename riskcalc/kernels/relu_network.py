"""Kernels of deep ReLU networks of infinite width."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from functools import partial

import numpy as np
from scipy.linalg import solve_triangular

from riskcalc.arguments import FloatArray, whole
from riskcalc.kernels.arc_cosine import ArcCosine, Homogeneous, arc_cosine
from riskcalc.kernels.masses import Masses, added, times_t
from riskcalc.kernels.power_series import PowerSeries, from_floats

DEEPEST = 16
BLOCK = 64  # coefficients that are solved for at once


@dataclass(frozen=True, eq=False, repr=False)
class ReluGaussianProcess(Homogeneous):
    r"""The Gaussian-process kernel of a ReLU network with L hidden layers.

    .. math:: \Sigma^0 = t, \qquad \Sigma^l = \kappa_1(\Sigma^{l-1}), \qquad
              \kappa_1(s) = \frac{\sqrt{1-s^2} + s\,(\pi - \arccos s)}\pi, \qquad h = \Sigma^L

    Parameters
    ----------
    depth : int, 1 <= depth <= 16
        The number L of hidden layers; 1 is ``ArcCosine(1)``.

    Raises
    ------
    ValueError
        If the depth is outside its domain.

    Notes
    -----
    No biases, weights of variance 2/fan-in, so that h(1) = 1. Masses are right to 1e-12 (2e-12 at
    depth 16, d = 2). On vectors :math:`\|x\|\|z\|/d\;h(\cos)`.

    References
    ----------
    .. [1] cho2009 (place not checked)

    Examples
    --------
    >>> import riskcalc as rc
    >>> print(rc.kernels.ReluGaussianProcess(2).profile([-1, 0, 1], 10).round(6))
    [0.31831  0.493731 1.      ]
    """

    depth: int

    def _checked(self) -> dict[str, object]:
        return {"depth": _depth(self.depth)}

    def _profile(self, t: FloatArray, n_inputs: int) -> FloatArray:
        return _layers(self.depth, t)[0]

    def _series(self, n_inputs: int) -> PowerSeries:
        return from_floats(lambda n: _layer_coefficients(self.depth, n)[0], decay=2.5, settled=self.depth**2)

    def _masses(self, n_inputs: int, max_degree: int, domain: str) -> Masses:
        if self.depth == 1:
            return ArcCosine(1)._masses(n_inputs, max_degree, domain)
        return super()._masses(n_inputs, max_degree, domain)


@dataclass(frozen=True, eq=False, repr=False)
class ReluNeuralTangent(Homogeneous):
    r"""The neural tangent kernel of a ReLU network with L hidden layers, all of them trained.

    .. math:: \Theta^0 = \Sigma^0 = t, \qquad \Theta^l = \Theta^{l-1}\,\kappa_0(\Sigma^{l-1}) + \Sigma^l, \qquad
              \kappa_0(s) = 1 - \frac{\arccos s}\pi, \qquad h = \Theta^L

    Parameters
    ----------
    depth : int, 1 <= depth <= 16
        The number L of hidden layers; 1 is ``2 * NeuralTangent(ReLU(), layers="both")``.

    Raises
    ------
    ValueError
        If the depth is outside its domain.

    Notes
    -----
    h(1) = L + 1. No biases: at depth 1 the odd degrees from 3 on have eigenvalue 0 and are never learned; from depth 2
    on all degrees are present. On vectors :math:`\|x\|\|z\|/d\;h(\cos)`.

    References
    ----------
    .. [1] jacot2018 (place not checked)
    .. [2] bietti2019 (place not checked)

    Examples
    --------
    >>> import riskcalc as rc
    >>> print(rc.kernels.ReluNeuralTangent(1).spectrum(100, 4).masses.round(6))
    [0.323104 1.       0.476596 0.       0.066447]
    """

    depth: int

    def _checked(self) -> dict[str, object]:
        return {"depth": _depth(self.depth)}

    def _profile(self, t: FloatArray, n_inputs: int) -> FloatArray:
        return _layers(self.depth, t)[1]

    def _series(self, n_inputs: int) -> PowerSeries:
        return from_floats(lambda n: _layer_coefficients(self.depth, n)[1], decay=1.5, settled=self.depth**2)

    def _masses(self, n_inputs: int, max_degree: int, domain: str) -> Masses:
        if self.depth > 1 or domain == "hypercube":
            return super()._masses(n_inputs, max_degree, domain)
        step = ArcCosine(0)._masses(n_inputs, max_degree + 1, domain)
        ramp = ArcCosine(1)._masses(n_inputs, max_degree, domain)
        return added(times_t(step, n_inputs, domain), ramp)


def _depth(value: object) -> int:
    depth = whole("depth", value, at_least=1)
    if depth > DEEPEST:
        raise ValueError(f"depth must be <= {DEEPEST}, got {depth}")
    return depth


def _layers(depth: int, t: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Σ^L and Θ^L; the angle by its half, since 1 - Σ is what matters near 1."""
    gap, sigma = 1 - t, t
    theta = t
    for _ in range(depth):
        angle = 2 * np.arcsin(np.sqrt((gap / 2).clip(0, 1)))
        sigma_next = (np.sin(angle) + (math.pi - angle) * sigma) / math.pi
        theta = theta * (1 - angle / math.pi) + sigma_next
        gap, sigma = _next_gap(gap, angle), sigma_next
    return np.asarray(sigma), np.asarray(theta)


def _next_gap(gap: FloatArray, angle: FloatArray) -> FloatArray:
    """1 - κ_1(cos θ) = 1 - cos θ - (sin θ - θ cos θ)/π, the bracket by its series where it cancels."""
    square = angle**2
    series = angle**3 * (1 / 3 - square * (1 / 30 - square * (1 / 840 - square * (1 / 45360 - square / 3991680))))
    bracket = np.where(angle < 0.3, series, np.sin(angle) - angle * np.cos(angle))
    return np.asarray(gap - bracket / math.pi)


def _layer_coefficients(depth: int, n_terms: int) -> tuple[FloatArray, FloatArray]:
    """Taylor coefficients of Σ^L and Θ^L: power series with positive terms only, so that no digit is lost."""
    sigma, theta = _layer_series(depth, max(n_terms, 2))
    return sigma[:n_terms], theta[:n_terms]


@functools.lru_cache(maxsize=32)
def _layer_series(depth: int, size: int) -> tuple[FloatArray, FloatArray]:
    sigma = np.zeros(size)
    sigma[1] = 1.0
    theta = sigma
    for _ in range(depth):
        kappa0, kappa1 = _composed(sigma)
        theta = _product(theta, kappa0, size) + kappa1
        sigma = kappa1
    sigma.flags.writeable = theta.flags.writeable = False
    return sigma, theta


def _composed(g: FloatArray) -> tuple[FloatArray, FloatArray]:
    r"""Series of κ_0(g) and κ_1(g): κ_0' = g'/(π √(1-g²)) and κ_1' = κ_0(g) g'."""
    size = g.size
    index = np.arange(1.0, size)
    slope = index * g[1:]
    start = partial(arc_cosine, t=np.array(g[0]))
    kappa0, kappa1 = np.empty(size), np.empty(size)
    kappa0[0], kappa1[0] = start(0), start(1)
    kappa0[1:] = _product(slope, _inverse_root(_product(g, g, size)), size - 1) / index / math.pi
    kappa1[1:] = _product(kappa0, slope, size - 1) / index
    return kappa0, kappa1


def _inverse_root(q: FloatArray) -> FloatArray:
    """Series of (1 - q)^(-1/2) by Miller, in blocks: n (1-q_0) s_n = Σ_(m<n) (n+m)/2 q_(n-m) s_m."""
    size, index, s = q.size, np.arange(float(q.size)), np.empty(q.size)
    s[0] = (1 - q[0]) ** -0.5
    lag = np.arange(BLOCK)[:, None] - np.arange(BLOCK)
    near = np.where(lag > 0, np.pad(q, (0, BLOCK))[lag], 0.0)
    for start in range(1, size, BLOCK):
        n, before = index[start : start + BLOCK], s[:start]
        far = q[1 : start + n.size]
        known = n * np.convolve(far, before, "valid") + np.convolve(far, index[:start] * before, "valid")
        within = np.diag(n * (1 - q[0])) - (n[:, None] + n) / 2 * near[: n.size, : n.size]
        s[start : start + BLOCK] = solve_triangular(within, known / 2, lower=True, check_finite=False)
    return s


def _product(first: FloatArray, second: FloatArray, size: int) -> FloatArray:
    return np.asarray(np.convolve(first, second)[:size])
