r"""A rigorous bound on what compression changes in the sums, whatever the rounding of the Gauss rules was.

On a bin of width π in x = log σ, a function that is analytic in a Bernstein ellipse has the Chebyshev series
:math:`F(x) = \sum_k c_k T_k(t)`, t in [-1, 1]. Atoms w at x and nodes w' at x' differ in its sum by at most

.. math:: \sum_{k<32}|c_k|\,\Big|\sum_j w'_jT_k(t'_j)-\sum_i w_iT_k(t_i)\Big|
          + \sum_{k\ge 32}|c_k|\,\Big(\sum_j w'_j+\sum_i w_i\Big).

The differences of moments are computed, with a bound on their own rounding; they would vanish for exact Gauss rules.
All sums of the theory have :math:`F_\xi(x) = z^q/(1+z)^p`, z = exp(x - ξ), ξ = log κ. For z = r exp(iy),
:math:`|1+z|\ge(1+r)\cos(y/2)`, so that on an ellipse inside \|y\| < π

.. math:: |F_\xi(x+iy)| \le F_\xi(x)/\cos^p(y/2),\qquad |c_k| \le 2\max|F_\xi|\,\rho^{-k}.

Low coefficients are computed at ξ on a grid; between its points they change by no more than half its step times a bound
on the coefficients of :math:`F' = F(q - pz/(1+z))`, and the sum itself by no more than exp(±half a step) to the power
:math:`\max(|q|, |p-q|)`. The bound is the largest quotient on the grid, for all κ of a sweep at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Self

import numpy as np
import numpy.typing as npt
import scipy.fft

from riskcalc.arguments import FloatArray
from riskcalc.theory.nodes import BIN, Nodes

LongArray = npt.NDArray[np.longdouble]
UNIT, LONG_UNIT = 2.0**-53, float(np.finfo(np.longdouble).eps) / 2
TERMS = 32  # moments of a bin that are compared
HALF = 1.65  # half width of the interval of a bin: half of π, and more than half a step
PER_BIN = 32  # points of the grid of ξ in a bin
STEP = BIN / PER_BIN
FAR = 13 * PER_BIN  # grid points, 40 in log κ, beyond which F is a power of z to rounding
ELLIPSES = np.array([1.3, 1.7, 2.1, 2.5, 2.9, 3.3, 3.6, 3.8, 3.95])  # ρ; the poles are at 4.05
ANGLES = 256
BLOCK, CAREFUL = 32, 8  # terms of a block, and moments that are taken in extended precision
PIECE = 256 * BLOCK
POWERS = {"df1": (0, 1), "df2": (1, 2), "trace": (0, 2), "left": (0, 2), "norm": (1, 2), "far": (-1, 2)}  # (q, p)


@dataclass(frozen=True)
class _Bins:
    """The bins of a compressed spectrum, each with the middle of its atoms, in grid points below the top."""

    top: float
    middles: npt.NDArray[np.intp]

    @classmethod
    def of(cls, x: LongArray) -> Self:
        """Of the atoms' log eigenvalues, in descending order."""
        bins = cls(float(x[0]), np.zeros(int((x[0] - x[-1]) / BIN) + 1, dtype=np.intp))
        bounds = bins.bounds(x)
        filled = np.flatnonzero(np.diff(bounds))
        bins.middles[filled] = np.rint((bins.top - (x[bounds[filled]] + x[bounds[filled + 1] - 1]) / 2) / STEP)
        return bins

    def bounds(self, x: LongArray) -> npt.NDArray[np.intp]:
        """Where the bins begin and end in descending x."""
        edges = self.top - BIN * np.arange(1, self.middles.size)
        return np.concatenate([[0], np.searchsorted(-x, -edges, side="right"), [x.size]])


@dataclass(frozen=True)
class _Differences:
    """Of every bin: bounds on the differences of moments, shape (bins, TERMS), and both totals; then the rule."""

    moments: FloatArray
    totals: FloatArray
    x: FloatArray
    weights: FloatArray


def compression_bounds(atoms: Nodes, nodes: Nodes, lowest: float, highest: float) -> dict[str, float]:
    """Largest relative change of each sum for log κ in an interval; zeros if nothing was compressed."""
    if nodes.sigma.size == atoms.sigma.size:
        return dict.fromkeys(POWERS, 0.0)
    x, weights = _descending(_exact_logs(atoms.sigma), np.stack([atoms.mass, atoms.energies]))
    bins = _Bins.of(x)
    ends = np.floor((bins.top - highest) / STEP), np.ceil((bins.top - lowest) / STEP)
    first, last = np.clip(ends, -FAR, bins.middles.max() + FAR)
    places = np.arange(first, last + 1)  # ξ = top - STEP * places
    moments, rounding = _moments(bins, x, weights)
    kinds = []
    for row, (y, w) in enumerate(((nodes.sigma, nodes.mass), (nodes.energy_sigma, nodes.energies))):
        of_nodes, its_rounding = _moments(bins, _exact_logs(y), w[None])
        gaps = np.abs(of_nodes[:, 0] - moments[:, row]) + rounding[:, row] + its_rounding[:, 0]
        totals = of_nodes[:, 0, 0] + moments[:, row, 0]
        kinds.append(_Differences(gaps.astype(np.float64), totals.astype(np.float64), np.log(y), w))
    logs = 8 * LONG_UNIT * np.abs(x).max()
    return {
        name: _largest_quotient(bins, kinds[name in ("left", "norm", "far")], places, q, p)
        + float(_steepness(q, p) * logs) + 2 * UNIT  # of the masses
        for name, (q, p) in POWERS.items()
    }  # fmt: skip


def _exact_logs(sigma: FloatArray) -> LongArray:
    """Of the eigenvalues as they are, in extended precision."""
    return np.log(sigma.astype(np.longdouble))


def _steepness(q: int, p: int) -> int:
    """Largest steepness of log F at real x."""
    return max(abs(q), abs(p - q))


def _descending(x: LongArray, weights: FloatArray) -> tuple[LongArray, FloatArray]:
    if (np.diff(x) <= 0).all():
        return x, weights
    order = np.argsort(-x)
    return x[order], weights[:, order]


def _moments(bins: _Bins, x: LongArray, weights: FloatArray) -> tuple[LongArray, LongArray]:
    """Chebyshev moments of each row of weights in each bin, shape (bins, rows, TERMS), and bounds on their rounding."""
    x, weights = _descending(x, weights)
    bounds = bins.bounds(x)
    out = np.zeros((bins.middles.size, len(weights), TERMS), dtype=np.longdouble)
    astray = np.zeros(bins.middles.size, dtype=np.bool_)
    for b in np.flatnonzero(np.diff(bounds)):
        part = slice(bounds[b], bounds[b + 1])
        t = (x[part] - (bins.top - bins.middles[b] * STEP)) / HALF
        out[b] = _moments_of_bin(t, weights[:, part])
        astray[b] = np.abs(t).max() > 1
    k, levels = np.arange(TERMS), np.ceil(np.log2(np.diff(bounds) + BLOCK)) + 2
    added = BLOCK + levels[:, None] + 4 + 8 * k**2
    rounding = np.where(k < CAREFUL, LONG_UNIT * added, UNIT * added)
    rounding[astray] = np.inf
    return out, rounding[:, None] * 1.01 * np.maximum(np.abs(out[:, :, :1]), UNIT**18)


def _moments_of_bin(t: LongArray, weights: FloatArray) -> LongArray:
    """Σ w T_k(t) by blocks, the first k in extended precision."""
    size = -(-t.size // BLOCK) * BLOCK
    t, weights = np.pad(t, (0, size - t.size)), np.pad(weights, ((0, 0), (0, size - t.size)))
    pieces = [slice(start, start + PIECE) for start in range(0, size, PIECE)]
    careful = [_first_moments(t[at], weights[:, at]) for at in pieces]
    others = [_other_moments(t[at].astype(np.float64), weights[:, at]) for at in pieces]
    first, other = _in_pairs(np.concatenate(careful)), _in_pairs(np.concatenate(others))
    return np.concatenate([first, other]).T


def _first_moments(t: LongArray, weights: FloatArray) -> LongArray:
    previous, current, rows = np.ones_like(t), t, []
    blocks = weights.astype(np.longdouble).reshape(len(weights), -1, BLOCK)
    for _ in range(CAREFUL):
        rows.append(np.einsum("qbj,bj->bq", blocks, previous.reshape(-1, BLOCK)))
        previous, current = current, 2 * t * current - previous
    return np.stack(rows, axis=1)


def _other_moments(t: FloatArray, weights: FloatArray) -> FloatArray:
    """One row of moments per block."""
    polynomials = np.empty((TERMS, t.size))
    polynomials[0], polynomials[1], twice = 1.0, t, 2 * t
    for k in range(2, TERMS):
        np.multiply(twice, polynomials[k - 1], out=polynomials[k])
        polynomials[k] -= polynomials[k - 2]
    left = polynomials[CAREFUL:].reshape(TERMS - CAREFUL, -1, BLOCK).transpose(1, 0, 2)
    return np.asarray(left @ weights.reshape(len(weights), -1, BLOCK).transpose(1, 2, 0))


def _in_pairs(terms: LongArray) -> LongArray:
    """Sum over the first axis with at most ⌈log2 size⌉ roundings of each term."""
    while len(terms) > 1:
        half = len(terms) // 2
        pairs = terms[:half] + terms[half : 2 * half]
        terms = np.concatenate([pairs, terms[2 * half :]]) if len(terms) % 2 else pairs
    return np.asarray(terms[0])


def _largest_quotient(bins: _Bins, one: _Differences, places: FloatArray, q: int, p: int) -> float:
    """Largest bound on the difference of a sum over the sum itself, over the grid of ξ and between its points."""
    if one.weights.size == 0:
        return 0.0
    value = np.exp(_log_f(one.x - (bins.top - STEP * places[:, None]), q, p)) @ one.weights
    coefficients, beyond = _coefficients(q, p)
    missed = np.zeros(places.size)
    for middle, moments, total in zip(bins.middles, one.moments, one.totals, strict=True):
        offset = places - middle
        at = (np.clip(offset, -FAR, FAR) + FAR).astype(np.intp)
        missed += np.exp(_log_f(STEP * offset, q, p)) * (coefficients[at] @ moments + beyond[at] * total)
    return float((missed / value).max() * np.exp(_steepness(q, p) * STEP / 2)) * 1.001


def _log_f(x: FloatArray, q: int, p: int) -> FloatArray:
    return np.asarray(q * x - p * np.logaddexp(0, x))


@lru_cache
def _coefficients(q: int, p: int) -> tuple[FloatArray, FloatArray]:
    """Bounds on c_k within half a step of each offset, and on their sum from TERMS on, in units of F at the centre.

    The discrete cosine transform at 128 points has c_k up to aliasing (below 4^-200) and rounding.
    """
    offsets: FloatArray = np.asarray(STEP * np.arange(-FAR, FAR + 1), dtype=np.float64)
    t = np.cos(np.pi * (np.arange(128) + 0.5) / 128)
    at_centre = _log_f(offsets, q, p)[:, None]
    values = np.exp(_log_f(offsets[:, None] + HALF * t, q, p) - at_centre)
    exact = np.abs(scipy.fft.dct(values, axis=1))[:, :TERMS] / 128
    exact[:, 0] /= 2
    exact += 4e-15 * values.max(axis=1, keepdims=True)
    k = np.arange(TERMS + 1)
    angle = np.pi * (np.arange(ANGLES) + 0.5) / ANGLES
    bound, slope = np.full((2, offsets.size, TERMS + 1), np.inf)
    for rho in ELLIPSES:
        wide, high = HALF * (rho + 1 / rho) / 2, HALF * (rho - 1 / rho) / 2
        y = high * np.sin(angle)
        between = np.exp((_steepness(q, p) * wide + p * high * np.tan(high / 2) / 2) * np.pi / (2 * ANGLES))
        size = _log_f(offsets[:, None] + wide * np.cos(angle), q, p) - at_centre - p * np.log(np.cos(y / 2))
        largest = (np.exp(size.max(axis=1)) * between * np.exp(_steepness(q, p) * STEP / 2))[:, None]
        bound = np.minimum(bound, 2 * largest * rho**-k)
        slope = np.minimum(slope, 2 * largest * (abs(q) + p / np.cos(high / 2)) * rho**-k)
        tail = 2 * largest[:, 0] * rho**-TERMS / (1 - 1 / rho)
        bound[:, TERMS] = np.minimum(bound[:, TERMS], tail) if rho > ELLIPSES[0] else tail
    return np.minimum(exact + STEP / 2 * slope[:, :TERMS], bound[:, :TERMS]), bound[:, TERMS]
