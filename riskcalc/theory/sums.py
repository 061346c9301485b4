"""The sums over the spectrum, at the effective ridge, that every risk is made of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import partial

import numpy as np
import numpy.typing as npt

from riskcalc.arguments import FloatArray
from riskcalc.spectrum import BLOCK
from riskcalc.theory.effective_ridge import FixedPoint
from riskcalc.theory.nodes import Nodes

FEW, GROUPS = 32, 8  # nodes from which sums are taken in groups, and the number of these

Rows = Callable[[Nodes, FloatArray], FloatArray]


@dataclass(frozen=True)
class Sums:
    r"""Sums over eigenvalues σ with multiplicity m and target energy e, at κ; the tail is not in them.

    ``df1`` Σ mσ/(σ+κ), ``df2`` Σ mσ²/(σ+κ)², ``spread`` κ Σ mσ/(σ+κ)² = df1 - df2 (without cancellation),
    ``trace`` Σ mσ/(σ+κ)², ``left`` κ² Σ e/(σ+κ)², ``norm`` Σ eσ/(σ+κ)², ``far`` κ² Σ (e/σ)/(σ+κ)².

    For derivatives, zero unless asked for: ``df2_slope`` Σ mσ²/(σ+κ)³, ``trace_slope`` Σ mσ/(σ+κ)³, ``left_slope``
    Σ eσ/(σ+κ)³, ``far_slope`` Σ e/(σ+κ)³.
    """

    df1: FloatArray
    df2: FloatArray
    spread: FloatArray
    trace: FloatArray
    left: FloatArray
    norm: FloatArray
    far: FloatArray
    df2_slope: FloatArray
    trace_slope: FloatArray
    left_slope: FloatArray
    far_slope: FloatArray


def sums_at(nodes: Nodes, point: FixedPoint, slopes: bool = False) -> Sums:
    """The sums at the roots, in blocks, with κ = 0 and κ = inf as limits."""
    plain, in_logs = partial(_plain, slopes=slopes), partial(_in_logs, slopes=slopes)
    return Sums(*rows_at(nodes, point, plain, in_logs, len(fields(Sums))))


def rows_at(nodes: Nodes, point: FixedPoint, plain: Rows, in_logs: Rows, n_rows: int) -> FloatArray:
    """Rows of sums at every root, from κ where floats hold its powers and from log κ elsewhere; missing rows are 0."""
    kappa, log_kappa = point.kappa.ravel(), point.log_kappa.ravel()
    out = np.zeros((n_rows, kappa.size))
    step = max(1, BLOCK // max(1, nodes.sigma.size))
    usual = held(nodes, kappa)
    for sums, given, flags in ((plain, kappa, usual), (in_logs, log_kappa, ~usual)):
        places = np.flatnonzero(flags)
        for start in range(0, places.size, step):
            at = places[start : start + step]
            rows = sums(nodes, given[at])
            out[: len(rows), at] = rows
    return out.reshape(n_rows, *point.kappa.shape)


def held(nodes: Nodes, kappa: FloatArray) -> npt.NDArray[np.bool_]:
    """Where (κ/σ)³ and 1/κ³ stay within a float."""
    lowest = 1e-90 * nodes.sigma.max(initial=1.0)
    return np.asarray((kappa < 0) | (nodes.plain & (kappa > lowest) & (kappa < 1e90)))


def _plain(nodes: Nodes, kappa: FloatArray, slopes: bool) -> FloatArray:
    u = 1 / kappa
    e, sigma = nodes.energies, nodes.energy_sigma
    mass = np.stack([nodes.mass, nodes.mass * nodes.sigma], axis=1)
    energy = np.stack([e, e * sigma, e / sigma], axis=1)
    c = _lost(u, nodes.sigma)
    d = c if sigma is nodes.sigma else _lost(u, sigma)
    df1, squares, energy_squares = u * _summed(c, mass[:, :1])[:, 0], np.square(c), np.square(d)
    trace, df2 = _summed(squares, mass).T * u**2
    left, norm, far = _summed(energy_squares, energy).T
    rows = [df1, df2, trace * kappa, trace, left, norm * u**2, far]
    if slopes:
        trace_slope, df2_slope = ((squares * c) @ mass).T * u**3
        far_slope, left_slope = ((energy_squares * d) @ energy[:, :2]).T * u**3
        rows += [df2_slope, trace_slope, left_slope, far_slope]
    return np.stack(rows)


def _summed(terms: FloatArray, weights: FloatArray) -> FloatArray:
    """Each row of terms against each column of weights: long sums in groups, so that fewer roundings add up."""
    size, columns = weights.shape
    if size < FEW:
        return terms @ weights
    places = np.arange(size)
    grouped = np.zeros((size, GROUPS, columns))
    grouped[places, places * GROUPS // size] = weights
    return np.asarray((terms @ grouped.reshape(size, -1)).reshape(-1, GROUPS, columns).sum(axis=1))


def roundings(size: int) -> int:
    """Most additions that a term of a sum goes through, in any order."""
    return size if size < FEW else -(-size // GROUPS) + GROUPS


def _lost(u: FloatArray, sigma: FloatArray) -> FloatArray:
    """κ/(σ+κ), one row per u = 1/κ."""
    c = np.multiply.outer(u, sigma)
    return np.asarray(np.reciprocal(np.add(c, 1, out=c), out=c))


def _in_logs(nodes: Nodes, log_kappa: FloatArray, slopes: bool) -> FloatArray:
    """The same where κ or the eigenvalues are beyond a float, κ = 0 and κ = inf among them."""
    with np.errstate(over="ignore", under="ignore", divide="ignore", invalid="ignore"):
        at, log_m = log_kappa[:, None], np.log(nodes.multiplicity)
        log_s, log_c = -np.logaddexp(0, at - nodes.log_sigma), -np.logaddexp(0, nodes.log_sigma - at)
        massive = np.where(nodes.log_mass > -np.inf, nodes.log_mass - at + log_c, -np.inf)
        df1 = np.where(nodes.multiplicity > 0, log_m + log_s, massive)
        trace = df1 + log_s - nodes.log_sigma
        s, c = -np.logaddexp(0, at - nodes.energy_log_sigma), -np.logaddexp(0, nodes.energy_log_sigma - at)
        log_e, x = np.log(nodes.energies), nodes.energy_log_sigma
        rows = [
            df1,
            df1 + log_s,
            df1 + log_c,
            trace,
            log_e + 2 * c,
            log_e + 2 * s - x,
            log_e + 2 * c - x,
            trace + log_s,
            trace + log_s - nodes.log_sigma,
            log_e + 3 * s - 2 * x,
            log_e + 3 * s - 3 * x,
        ]
        return np.stack([np.exp(row).sum(axis=1) for row in (rows if slopes else rows[:7])])
