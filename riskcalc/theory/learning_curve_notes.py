"""Sentences that say where a table's learning curve is not to be trusted."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from riskcalc.arguments import FloatArray
from riskcalc.data import Dataset
from riskcalc.theory.extrapolation import TableCurve

FAR = 2.5  # times n_identified
OVERSHOOTS = 1.15  # LOO/GCV above which the correction is too large for more rows, if the rank is finite
STEEP = 0.15  # excess of the slope -d log test/d log n that is mentioned
LOCALISED = 0.1  # |LOO/GCV - 1| that is mentioned
FEW_ROWS = 100


def notes_of(
    data: Dataset, curve: TableCurve, n: FloatArray, ridge: FloatArray, correction: FloatArray
) -> tuple[str, ...]:
    """All that applies, for cells of sizes n and penalties λ of one shape."""
    beyond = correction[n > data.n_rows] if (n > data.n_rows).any() else correction
    return (*_far(curve, n, ridge), *_steep(curve, n, ridge), *_localised(curve, correction, beyond), *_rows(data))


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


def _steep(curve: TableCurve, n: FloatArray, ridge: FloatArray) -> Iterator[str]:
    faster = curve.steepening(ridge[n > curve.determined.n_samples(ridge)])
    if faster > STEEP:
        yield (
            f"the learning curve steepens where its determined part ends (its slope in logs is larger by {faster:.2f} "
            "than that of the continuation): beyond, the error is predicted too high, and the interval may miss it"
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
