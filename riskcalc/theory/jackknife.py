"""Delete-a-group jackknife: how far a number made from a table moves when a tenth of its rows is left out."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from riskcalc.arguments import FloatArray
from riskcalc.progress import progress

GROUPS = 10
MEMORY = 4e9  # bytes for the matrices of all threads

Rows = npt.NDArray[np.intp]
T = TypeVar("T")


def row_sets(n_rows: int, rng: int | np.random.Generator) -> list[Rows]:
    """All rows, then all but one of ten random groups; rows are never repeated, which would break LOO and κ."""
    groups = np.array_split(np.random.default_rng(rng).permutation(n_rows), GROUPS)
    return [np.arange(n_rows), *(np.setdiff1d(np.arange(n_rows), group) for group in groups)]


def spread(logs: FloatArray) -> FloatArray:
    r"""Standard error of what was computed once from all rows, :math:`s^2 = \frac{G-1}{G}\sum_g(\log t_g-\bar{})^2`.

    Groups first. Equal values have spread 0, finite beside infinite ones have spread inf.
    """
    equal = (logs == logs[0]).all(axis=0)
    finite = np.isfinite(logs).all(axis=0)
    centred = np.where(finite, logs, 0.0)
    centred = centred - centred.mean(axis=0)
    variance = (GROUPS - 1) / GROUPS * (centred**2).sum(axis=0)
    return np.where(equal, 0.0, np.where(finite, np.sqrt(variance), np.inf))


def on_each(function: Callable[[Rows], T], sets: list[Rows]) -> list[T]:
    """The function of each set of rows, in parallel threads of one BLAS thread each."""
    n_rows = len(sets[0])
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    workers = max(1, min(len(sets), cores, int(MEMORY / (40 * n_rows**2))))
    with (
        threadpool_limits(1),
        ThreadPoolExecutor(workers) as pool,
        progress(len(sets), "table") as bar,
    ):
        results = []
        for result in pool.map(function, sets):
            results.append(result)
            bar.update()
    return results
