"""Measures that worker processes import by name, and runs that tests start as processes of their own."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterable
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import nullcontext
from multiprocessing import get_context
from typing import Any

import numpy as np
from threadpoolctl import threadpool_info

import riskcalc as rc
from riskcalc.errors import StoreError
from riskcalc.simulation.measures import Fit
from riskcalc.simulation.store import Store

FATAL = "RISKCALC_TESTS_FATAL_CALL"  # number of the call of `fatal` that ends the process
N_TRIALS = 240
_calls = 0


def size(fit: Fit) -> float:
    return float(np.linalg.norm(fit.coefficients))


def population_risk(fit: Fit) -> float:
    error = fit.coefficients - fit.target
    return float(fit.covariance @ error**2) + fit.noise


def train_error(fit: Fit) -> float:
    return float(((fit.outputs - fit.inputs @ fit.coefficients) ** 2).sum() / len(fit.outputs))


def fatal(fit: Fit) -> float:
    """`size`, until the call whose number the environment names ends the process."""
    global _calls
    _calls += 1
    if _calls == int(os.environ.get(FATAL, "0")):
        os._exit(3)
    return size(fit)


def blas_threads(fit: Fit) -> float:
    (count,) = {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}
    return float(count)


def spawning_pool(n_workers: int) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(n_workers, mp_context=get_context("spawn"))


class Postponed:
    """An executor that runs nothing until its results are waited for, then one task, in the order of ``pick``.

    It is the queue of results too, as `trials.SimpleQueue`; ``error`` is raised at the wait of that number.
    """

    def __init__(self, pick: np.random.Generator | None = None, error: tuple[int, type[BaseException]] | None = None):
        self.queue: list[tuple[Future[Any], Any, tuple[Any, ...]]] = []
        self.results: list[Future[Any]] = []
        self.pick, self.error, self.waits, self.most = pick, error, 0, 0

    def submit(self, fn: Any, /, *args: Any) -> Future[Any]:
        self.queue.append((Future(), fn, args))
        self.most = max(self.most, len(self.queue))
        return self.queue[-1][0]

    def __call__(self) -> Postponed:
        return self

    def put(self, future: Future[Any]) -> None:
        self.results.append(future)

    def empty(self) -> bool:
        return not self.results

    def get(self) -> Future[Any]:
        self.waits += 1
        if self.error and self.waits == self.error[0]:
            raise self.error[1]
        if not self.results:
            at = -1 if self.pick is None else int(self.pick.integers(len(self.queue)))
            future, fn, args = self.queue.pop(at)
            future.set_result(fn(*args))
        return self.results.pop(0)


def killed_data() -> rc.GaussianData:
    return rc.GaussianData.power_law(1.5, 0.4, noise=0.25, n_features=120)


def killed_run(store: str | None, executor: Any = None) -> rc.Trials:
    """The run that test_kill interrupts."""
    return rc.simulate(
        killed_data(),
        rc.Ridge([0, 0.1, 1.0]),
        np.array([[100], [140]]),
        n_trials=N_TRIALS,
        rng=3,
        store=store,
        executor=executor,
    )


def main(store: str, n_workers: int, limit: int) -> None:
    """Run with a store; says how many trials it added, and one sentence if the store failed."""
    added, add = [], Store.add

    def counted(self: Store, cell: str, rng: int, rows: Iterable[Any]) -> None:
        rows = list(rows)
        add(self, cell, rng, rows)
        added.extend(rows)

    Store.add = counted
    import resource

    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # which a shell's background jobs ignore
    if limit:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    try:
        with spawning_pool(n_workers) if n_workers else nullcontext() as pool:
            killed_run(store, pool)
    except StoreError as error:
        print(error)
        sys.exit(4)
    finally:
        print("added", len(added))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
