"""Sentences that say where a table's learning curve is not to be trusted."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from riskcalc.arguments import FloatArray
from riskcalc.data import Dataset
from riskcalc.theory.extrapolation import TableCurve
from riskcalc.theory.table_parts import HALF_DECADES

FAR = 2.5  # times n_identified
OVERSHOOTS = 1.15  # LOO/GCV above which the correction is too large for more rows, if the rank is finite
STEEP = 0.15  # excess of the slope -d log test/d log n that is mentioned
OVERFITS = 0.1  # excess over the error of the best ridge, at a size that is determined for all, that is mentioned
LOCALISED = 0.1  # |LOO/GCV - 1| that is mentioned
FEW_ROWS = 100


def notes_of(
    data: Dataset, curve: TableCurve, n: FloatArray, ridge: FloatArray, correction: FloatArray, is_best: bool
) -> tuple[str, ...]:
    """All that applies, for cells of sizes n and penalties λ of one shape, each the best one or not."""
    continued = ridge[n > curve.determined.n_samples(ridge)]
    beyond = correction[n > data.n_rows] if (n > data.n_rows).any() else correction
    return (
        *_far(curve, n, ridge),
        *_steep(curve, continued),
        *(() if is_best else _overfits(curve, continued)),
        *_localised(curve, correction, beyond),
        *_rows(data),
    )


def _far(curve: TableCurve, n: FloatArray, ridge: FloatArray) -> Iterator[str]:
    share = n / curve.determined.n_samples(ridge)
    if share.max(initial=0.0) > FAR:
        worst = n.flat[share.argmax()]
        least = curve.determined.ridge(np.asarray(worst))
        yield (
            f"extrapolated to {share.max():.2g} times what the table determines, where errors of 20 % are usual: at "
            f"{worst:g} samples a ridge of at least {least:.3g} makes the value a determined one, and the best error "
            "among such ridges is in bound"
        )


def _steep(curve: TableCurve, ridge: FloatArray) -> Iterator[str]:
    faster = curve.steepening(ridge)
    if faster > STEEP:
        yield (
            f"the learning curve steepens where its determined part ends (its slope in logs is larger by {faster:.2f} "
            "than that of the continuation): beyond, the error is predicted too high, and the interval may miss it"
        )


def _overfits(curve: TableCurve, ridge: FloatArray) -> Iterator[str]:
    """Below the best ridge, at the largest size that the table determines for every ridge."""
    least = np.unique(ridge)[:1]
    n = np.minimum(curve.determined.n_samples(np.zeros(1)), curve.functions.n_rows)
    candidates = HALF_DECADES * curve.table.eigenvalues.sum() / curve.functions.n_rows
    errors = curve.test(np.repeat(n, candidates.size), candidates)[0]
    best = candidates[errors.argmin()]
    if least.size and least[0] < best and (excess := curve.test(n, least)[0][0] / errors.min() - 1) > OVERFITS:
        yield (
            f"a ridge of {least[0]:.2g} overfits: at {n[0]:.0f} samples its error is {excess:.0%} above that at a "
            f"ridge of {best:.2g}; the floor of such a curve is not visible yet, and its continuation may be wrong "
            "either way"
        )


def _localised(curve: TableCurve, correction: FloatArray, beyond: FloatArray) -> Iterator[str]:
    rank, m = curve.table.eigenvalues.size, curve.functions.n_rows
    high, gap = beyond.max(initial=1.0), np.abs(correction - 1).max(initial=0.0)
    if high > OVERSHOOTS and rank < m:
        yield (
            f"the kernel matrix has rank {rank} of {m} and LOO/GCV comes up to {high:.2f}: the localisation correction "
            "overshoots for more rows, and the curve may be too high by 30 %"
        )
    elif gap > LOCALISED:
        yield (
            f"the eigenvectors are localised: LOO/GCV differs from 1 by up to {gap:.0%}; it is multiplied in, which is "
            "a heuristic"
        )


def _rows(data: Dataset) -> Iterator[str]:
    m, k = data.n_rows, data.n_duplicates
    if m <= FEW_ROWS:
        yield f"{m} rows: their labels do not carry more than the interval says, and the interval is wide"
    if k:
        yield (
            f"{k} of {m} rows repeat the inputs of another: the theory assumes fresh independent rows, and twins make "
            "the error look smaller"
        )
