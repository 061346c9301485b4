"""Trials of cells: what is in the store is taken, what is missing is computed, here or by an executor."""

from __future__ import annotations

import os
import threading
from collections.abc import Generator, Iterable, Iterator, Mapping
from concurrent.futures import BrokenExecutor, Future
from contextlib import closing, contextmanager
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Any, Protocol

import numpy as np
import scipy.linalg  # noqa: F401  (its BLAS must be loaded before the thread limit is set)
from threadpoolctl import OpenBLASController, threadpool_limits

from riskcalc.arguments import FloatArray
from riskcalc.progress import progress
from riskcalc.simulation.cells import Cell
from riskcalc.simulation.procedures import procedure
from riskcalc.simulation.store import Store

IN_FLIGHT = 256  # tasks handed to an executor at a time
TASK_FLOPS = 2e8  # work of one task: enough to hide the cost of sending it, little enough to lose

Paths = Mapping[int, tuple[FloatArray, FloatArray]]  # trial -> (points, values), as stored


class Submits(Protocol):
    """Anything with the ``submit`` of concurrent.futures."""

    def submit(self, fn: Any, /, *args: Any) -> Future[Any]:
        """Schedule ``fn(*args)``."""


@dataclass(frozen=True)
class Task:
    """A few trials of one cell at some points."""

    cell: Cell
    trials: tuple[int, ...]
    points: FloatArray
    entropy: int
    parent: int

    def run(self) -> list[tuple[int, FloatArray]]:
        """Values of each trial."""
        if os.getpid() != self.parent:
            _limit_this_process()
        return [(trial, self.cell.run(self.entropy, trial, self.points)) for trial in self.trials]


def run_task(task: Task) -> list[tuple[int, FloatArray]]:
    """Entry point of a worker."""
    return task.run()


def run_cells(
    work: list[tuple[Cell, FloatArray]], n_trials: int, entropy: int, executor: Submits | None, store: Store | None
) -> list[FloatArray]:
    """Values of shape (trials, fields, points) of each cell, at its points."""
    values, tasks, stored = [], [], []
    for index, (cell, points) in enumerate(work):
        out = np.full((n_trials, len(cell.fields), len(points)), np.nan)
        values.append(out)
        stored.append(store.finished(cell.key, entropy) if store else {})
        missing = _take(out, stored[-1], points)
        if store and missing:
            store.describe(cell.key, cell.description)
        tasks += [(index, task) for task in _tasks(cell, points, missing, entropy)]
    n_missing = sum(len(task.trials) for _, task in tasks)
    with (
        one_blas_thread(),
        progress(n_missing, "trial") as bar,
        closing(_results(tasks, executor)) as finished,
    ):
        for index, task, results in finished:
            cell, points = work[index]
            if store:
                _put(store, stored[index], task, results)
            at = [int(np.flatnonzero((points == point).all(axis=1))[0]) for point in task.points]
            for trial, result in results:
                values[index][trial][:, at] = result
            bar.update(len(results))
    return values


def _take(out: FloatArray, found: Paths, points: FloatArray) -> dict[int, FloatArray | None]:
    """Fill in what the store has; the trials that lack points, and which."""
    missing: dict[int, FloatArray | None] = {}
    for trial in range(len(out)):
        if trial not in found:
            missing[trial] = None
            continue
        columns = {point.tobytes(): j for j, point in enumerate(found[trial][0])}
        have = np.array([columns.get(point.tobytes(), -1) for point in points])
        out[trial][:, have >= 0] = found[trial][1][:, have[have >= 0]]
        if (have < 0).any():
            missing[trial] = points[have < 0]
    return missing


def _put(store: Store, found: Paths, task: Task, results: list[tuple[int, FloatArray]]) -> None:
    """Store the results, joined to the points that a trial had before."""
    rows = []
    for trial, values in results:
        if trial in found:
            old_points, old_values = found[trial]
            rows.append((trial, np.vstack([old_points, task.points]), np.hstack([old_values, values])))
        else:
            rows.append((trial, task.points, values))
    store.add(task.cell.key, task.entropy, rows)


def _tasks(cell: Cell, points: FloatArray, missing: dict[int, FloatArray | None], entropy: int) -> Iterator[Task]:
    flops = procedure(cell.data, cell.estimator, cell.route).flops(cell)
    chunk = int(np.clip(TASK_FLOPS / max(flops, 1), 1, 64))
    groups: dict[bytes, tuple[FloatArray, list[int]]] = {}
    for trial, lacking in missing.items():
        path = points if lacking is None else lacking
        groups.setdefault(path.tobytes(), (path, []))[1].append(trial)
    for path, trials in groups.values():
        for start in range(0, len(trials), chunk):
            yield Task(cell, tuple(trials[start : start + chunk]), path, entropy, os.getpid())


def _results(
    tasks: Iterable[tuple[int, Task]], executor: Submits | None
) -> Generator[tuple[int, Task, list[tuple[int, FloatArray]]], None, None]:
    """Results as they come; with an executor a bounded number of tasks is under way.

    Futures report to a queue: ``concurrent.futures.wait`` takes the lock of each, and a Ctrl-C in the middle of that
    leaves them locked, so that the executor never ends.
    """
    if executor is None:
        for index, task in tasks:
            yield index, task, task.run()
        return
    queue = iter(tasks)
    running: dict[Future[Any], tuple[int, Task]] = {}
    inbox: SimpleQueue[Future[Any]] = SimpleQueue()
    try:
        while True:
            for index, task in queue:
                future = executor.submit(run_task, task)
                running[future] = (index, task)
                future.add_done_callback(inbox.put)
                if len(running) >= IN_FLIGHT:
                    break
            if not running:
                return
            done = [inbox.get()]
            while not inbox.empty():
                done.append(inbox.get())
            for future in sorted(done, key=_failed):  # what was finished first, so that a failure does not lose it
                index, task = running.pop(future)
                yield index, task, future.result()
    except BrokenExecutor as error:
        raise RuntimeError(
            f"a worker process was lost ({error}); what was finished is kept if a store was given, and the same call "
            "goes on from there"
        ) from error
    finally:
        for future in running:
            future.cancel()


def _failed(future: Future[Any]) -> bool:
    return future.cancelled() or future.exception() is not None


_lock = threading.Lock()
_holders = 0
_limiter: threadpool_limits | None = None


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Hold BLAS at one thread while any simulation of this process runs."""
    global _holders, _limiter
    with _lock:
        _holders += 1
        if _holders == 1:
            _release_control()
            _limiter = threadpool_limits(1)
    try:
        yield
    finally:
        with _lock:
            _holders -= 1
            if _holders == 0 and _limiter is not None:
                _release_control()
                _limiter.restore_original_limits()
                _release_control()
                _limiter = None


def _release_control() -> None:
    """Let this thread set the limit: threadpoolctl 3.8 silently obeys the first thread that did, and no other."""
    release = getattr(OpenBLASController, "clear_controlling_thread", None)
    if release is not None:
        release(force=True)


_limited = False


def _limit_this_process() -> None:
    """A worker process keeps one BLAS thread for good."""
    global _limited
    if not _limited:
        _release_control()
        threadpool_limits(1)
        _limited = True
