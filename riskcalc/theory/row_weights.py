"""The law of the weights of elliptical rows, and the fixed point that it changes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from riskcalc.arguments import FloatArray, numbers
from riskcalc.spectrum import BLOCK, Spectrum
from riskcalc.theory.bracketed_root import root_in
from riskcalc.theory.effective_ridge import FixedPoint, fixed_point
from riskcalc.theory.newton import NO_SAMPLES
from riskcalc.theory.nodes import Nodes


@dataclass(frozen=True)
class RowWeights:
    """Positive weights w of the rows, and their probabilities."""

    weights: FloatArray
    probabilities: FloatArray

    @classmethod
    def of(cls, weights: npt.ArrayLike, probabilities: npt.ArrayLike | None) -> RowWeights:
        """Checked; equally likely if no probabilities are given."""
        w = numbers("weights", weights, above=0, ndim=1, hint="a row of weight 0 is none: lower n_samples")
        if w.size == 0:
            raise ValueError("weights must not be empty; [1.0] is the standard model")
        if probabilities is None:
            return cls(w, np.full(w.size, 1 / w.size))
        p = numbers("probabilities", probabilities, at_least=0, ndim=1)
        if p.size != w.size or abs(p.sum() - 1) > 1e-9:
            raise ValueError(
                f"probabilities must be one per weight ({w.size}) and add up to 1, got {p.size} with sum {p.sum():g}"
            )
        return cls(w[p > 0], p[p > 0] / p.sum())

    def mean(self, values: FloatArray) -> FloatArray:
        """Expectation over the last axis."""
        return np.asarray(values @ self.probabilities)


@dataclass(frozen=True)
class EllipticalPoint:
    """Root (δ, κ) of c = nE w/(1+wδ), cδ = df₁(κ), λ = κc; δ = inf at ridge 0 and n <= rank."""

    point: FixedPoint
    log_delta: FloatArray


def elliptical_point(spectrum: Spectrum, n: FloatArray, ridge: FloatArray, rows: RowWeights) -> EllipticalPoint:
    """The root with its exact cases.

    In δ alone the equation is df₁(λ/c(δ)) = n E wδ/(1+wδ) with c(δ) = n E w/(1+wδ). The right side increases from 0 to
    n; c decreases, so that λ/c increases and the left side does not; hence one root where λ > 0 or n > rank. From
    Tr Σ/(σ₁ + κ) <= df₁(κ) <= min(Tr Σ/κ, rank) it lies between Tr Σ/(λ + σ₁ n E w) and the smaller of Tr Σ/λ and
    rank/((n - rank) min w). At ridge 0 and n <= rank, δ is infinite and df₁(κ) = n, whatever the weights.
    """
    shape = np.broadcast_shapes(n.shape, ridge.shape)
    n, lam = np.broadcast_to(n, shape).ravel(), np.broadcast_to(ridge, shape).ravel()
    rank, trace = spectrum.rank, spectrum.trace
    empty = (n < NO_SAMPLES) | (lam == np.inf)
    free = (lam == 0) & (n <= rank) & ~empty
    with np.errstate(divide="ignore"):
        shrunk = np.log(trace) - np.log(lam) if trace > 0 else np.full(lam.shape, -np.inf)
        log_delta = np.where(empty, shrunk, np.where(free, np.inf, -np.inf))
    solvable = ~(empty | free) & (trace > 0)
    log_delta[solvable] = _log_delta(spectrum, n[solvable], lam[solvable], rows)
    log_kappa = np.where(empty, np.inf, _log_kappa(log_delta, n, lam, rows))
    log_kappa[free] = fixed_point(spectrum, n[free], 0.0).log_kappa
    with np.errstate(over="ignore", under="ignore"):
        kappa, bare = np.exp(log_kappa), np.exp(_log_c(log_delta, n, rows))
    point = FixedPoint(kappa.reshape(shape), log_kappa.reshape(shape), bare.reshape(shape))
    return EllipticalPoint(point, log_delta.reshape(shape))


def shares(log_delta: FloatArray, rows: RowWeights) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Three functions of the weights, on the last axis: max(1, δ)/(1+wδ), finite at δ = inf, 1/(1+wδ), wδ/(1+wδ)."""
    x, y = np.exp(-np.maximum(log_delta, 0.0))[..., None], np.exp(np.minimum(log_delta, 0.0))[..., None]  # x/y = 1/δ
    v = 1 / (x + rows.weights * y)
    return v, x * v, rows.weights * y * v


def _log_c(log_delta: FloatArray, n: FloatArray, rows: RowWeights) -> FloatArray:
    """Logarithm of c = n E w/(1+wδ)."""
    log_w = np.log(rows.weights)
    with np.errstate(divide="ignore"):
        seen = np.logaddexp.reduce(np.log(rows.probabilities) + log_w - _log1p(log_delta[:, None] + log_w), axis=-1)
        return np.asarray(np.log(n) + seen)


def _log_kappa(log_delta: FloatArray, n: FloatArray, ridge: FloatArray, rows: RowWeights) -> FloatArray:
    """Logarithm of κ = λ/c."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.log(ridge) - _log_c(log_delta, n, rows))


def _log1p(log_x: FloatArray) -> FloatArray:
    """log(1 + x) of log x."""
    return np.asarray(np.logaddexp(0.0, log_x))


def _log_delta(spectrum: Spectrum, n: FloatArray, ridge: FloatArray, rows: RowWeights) -> FloatArray:
    """Roots in the proved bracket, widened by a unit so that rounding cannot close it; in blocks."""
    nodes = Nodes.of(spectrum, n_points=n.size)
    rank, top = spectrum.rank, spectrum.eigenvalues.max()
    mean, least = rows.weights @ rows.probabilities, rows.weights.min()
    with np.errstate(divide="ignore", over="ignore"):
        low = np.log(spectrum.trace) - np.log(ridge + n * mean * top)
        high = np.log(spectrum.trace) - np.log(ridge)
        over = n > rank
        high[over] = np.minimum(high[over], np.log(rank) - np.log(n[over] - rank) - np.log(least))

    def surplus(log_delta: FloatArray, n: FloatArray, ridge: FloatArray) -> FloatArray:
        return _surplus(nodes, spectrum.tail, rows, log_delta, n, ridge)

    step = max(1, BLOCK // (nodes.sigma.size + rows.weights.size))
    parts = [slice(start, start + step) for start in range(0, n.size, step)]
    bracket = low - 1, high + 1
    roots = [root_in("δ", surplus, (bracket[0][at], bracket[1][at]), n[at], ridge[at]) for at in parts]
    return np.concatenate([np.zeros(0), *roots])


def _surplus(
    nodes: Nodes, tail: float, rows: RowWeights, log_delta: FloatArray, n: FloatArray, ridge: FloatArray
) -> FloatArray:
    """df₁(κ) - n E wδ/(1+wδ), with eigenvalues above κ and weights above 1/δ counted, not summed."""
    log_kappa = _log_kappa(log_delta, n, ridge, rows)
    at = log_kappa[:, None]
    with np.errstate(over="ignore", under="ignore"):
        above = (nodes.log_sigma > at) & (nodes.multiplicity > 0)
        there = np.where(above, 0.0, np.exp(nodes.log_mass - np.logaddexp(nodes.log_sigma, at))).sum(axis=1)
        lacking = np.where(above, nodes.multiplicity * np.exp(-_log1p(nodes.log_sigma - at)), 0.0).sum(axis=1)
        there = there + (tail * np.exp(-log_kappa) if tail else 0.0)
        x = log_delta[:, None] + np.log(rows.weights)
        large, p = x > 0, rows.probabilities
        fitted = n * (np.where(large, 0.0, np.exp(-_log1p(-x))) @ p)
        left = n * (np.where(large, np.exp(-_log1p(x)), 0.0) @ p)
    whole, rest = (above.astype(np.float64) @ nodes.counts).T
    counted = np.where(large.any(axis=1), n * (1 - np.where(large, 0.0, p).sum(axis=1)), 0.0)
    return np.asarray((whole - counted) + rest + (there - lacking) + (left - fitted))
