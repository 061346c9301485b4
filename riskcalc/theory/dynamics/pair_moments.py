"""Second moments of two neurons, and their derivatives by the entries of their covariance."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from riskcalc.activations import Activation, Erf
from riskcalc.arguments import FloatArray
from riskcalc.errors import NotConvergedError
from riskcalc.theory.dynamics.gaussian_pairs import trapezoid
from riskcalc.theory.dynamics.smoothing import PIECEWISE_LINEAR

DEGREES = 320
STEP = 0.04
LOST = 1e-9  # share of E φ² or E φ'² beyond the last degree at which the series is refused


@dataclass(frozen=True)
class PairMoments:
    """κ_jk = E φ(u_j)φ(u_k), κ^C = ∂κ/∂Q_jk and κ^D = ∂κ/∂Q_jj, j and k taken as distinct also where j = k."""

    moment: FloatArray
    by_overlap: FloatArray
    by_variance: FloatArray


def pair_moments(activation: Activation, Q: FloatArray) -> PairMoments:
    """Closed forms for erf and for piecewise linear functions, else the Hermite series of every neuron."""
    if isinstance(activation, Erf):
        return _erf(activation.scale, Q)
    if isinstance(activation, PIECEWISE_LINEAR):
        return _lines(float(activation(1.0)), -float(activation(-1.0)), Q)
    return _series(activation, Q)


def _erf(a: float, Q: FloatArray) -> PairMoments:
    """(2/π) arcsin c with c = 2a²Q_jk/√((1 + 2a²Q_jj)(1 + 2a²Q_kk))."""
    row = 1 + 2 * a * a * np.diagonal(Q)[:, None]
    scale = np.sqrt(row * row.T)
    c = np.clip(2 * a * a * Q / scale, -1, 1)
    by_overlap = 4 * a * a / (math.pi * np.sqrt(1 - c * c) * scale)
    return PairMoments(2 / math.pi * np.arcsin(c), by_overlap, -by_overlap * c * scale / (2 * row))


def _lines(right: float, left: float, Q: FloatArray) -> PairMoments:
    """Slopes ``right`` and ``left`` of 0: φ = (right - left) relu + left · id, and uφ' = φ."""
    row = np.diagonal(Q)[:, None]
    norms = np.sqrt(row * row.T)
    c = np.clip(Q / norms, -1, 1)
    positive = (math.pi - np.arccos(c)) / (2 * math.pi)  # P(u_j > 0, u_k > 0)
    relu = norms * np.sqrt(1 - c * c) / (2 * math.pi) + Q * positive
    bend = right - left
    moment = bend**2 * relu + (bend * left + left**2) * Q
    by_overlap = bend**2 * positive + bend * left + left**2
    return PairMoments(moment, by_overlap, (moment - Q * by_overlap) / (2 * row))


def _series(phi: Activation, Q: FloatArray) -> PairMoments:
    """Σ_k h_jk h_lk ρ^k, and by parts 2Q_jj κ^D = E u_jφ'(u_j)φ(u_l) - Q_jl κ^C."""
    x, weights, basis = _hermite_basis()
    norms = np.sqrt(np.diagonal(Q))[:, None]
    values, slopes = phi(norms * x), phi.derivative(norms * x)
    h, d, w = values @ basis, slopes @ basis, (norms * x * slopes) @ basis
    for function, coefficients in ((values, h), (slopes, d)):
        power = function**2 @ weights
        lost = np.max(np.abs(power - (coefficients**2).sum(axis=1)) / np.where(power > 0, power, 1.0))
        if not lost <= LOST:
            raise NotConvergedError("Hermite series of a neuron this steep", best=h, residual=lost)
    rho = np.clip(Q / (norms * norms.T), -1, 1)
    moment, by_overlap, turned, power = (np.zeros_like(Q), np.zeros_like(Q), np.zeros_like(Q), np.ones_like(Q))
    for k in range(DEGREES + 1):
        moment += np.outer(h[:, k], h[:, k]) * power
        by_overlap += np.outer(d[:, k], d[:, k]) * power
        turned += np.outer(w[:, k], h[:, k]) * power
        power = power * rho
    return PairMoments(moment, by_overlap, (turned - Q * by_overlap) / (2 * norms**2))


@lru_cache(maxsize=1)
def _hermite_basis() -> tuple[FloatArray, FloatArray, FloatArray]:
    """Nodes x, weights w, and w He_k(x)/√k!, shape (nodes, 321)."""
    x, w = trapezoid(2 * math.sqrt(DEGREES) + 10, STEP)
    root = np.sqrt(w)
    before, now = np.zeros_like(x), root.copy()
    columns = []
    for k in range(DEGREES + 1):
        columns.append(root * now)
        before, now = now, (x * now - math.sqrt(k) * before) / math.sqrt(k + 1)
    return x, w, np.column_stack(columns)
