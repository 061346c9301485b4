"""Learning curves of tables beside the usual baseline: python -m pytest tests/benchmarks --benchmark-only -s."""

from __future__ import annotations

import time

import numpy as np
import pytest
from known_tables import CASES, RIDGES, Case
from pytest_benchmark.fixture import BenchmarkFixture

import riskcalc as rc
from riskcalc.theory.power_law_fit import continued


def subsample_fit(case: Case, data: rc.Dataset, n: np.ndarray, ridges: np.ndarray, rng: int) -> np.ndarray:
    """What is done without theory: mean held-out error at 7 sizes from 0.1 m to 0.9 m, 8 splits each, a n^-b + c."""
    m, y = data.n_rows, np.asarray(data.outputs)
    sizes = np.unique(np.round(np.geomspace(0.1 * m, 0.9 * m, 7)))
    data = data.replace(outputs=y - y.mean())
    errors = rc.simulate(data, case.estimator(ridges), sizes[:, None], n_trials=8, rng=rng).test.mean.T  # ridges, sizes
    which = np.tile(np.arange(ridges.size), n.size)
    found = continued(np.tile(sizes, (ridges.size, 1)), errors, which, np.repeat(n, ridges.size))
    return found.reshape(n.size, ridges.size)


def test_a_fit_to_subsample_errors_loses_where_the_table_determines_the_error(benchmark: BenchmarkFixture) -> None:
    m, n = 200, np.array([300, 400, 800])
    ours, theirs, seconds = [], [], np.zeros(2)
    for case in CASES:
        ridges = RIDGES * case.diagonal
        truth = np.array([case.errors(size, ridges, 8, 1).mean(axis=0) for size in n])
        for seed in range(4):
            data = case.table(m, 500 + seed)
            start = time.perf_counter()
            curve = rc.learning_curve(data, case.estimator(ridges), n[:, None])
            middle = time.perf_counter()
            fit = subsample_fit(case, data, n, ridges, seed)
            seconds += middle - start, time.perf_counter() - middle
            ours.append(np.abs(curve.test / truth - 1)[curve.identified])
            theirs.append(np.abs(fit / truth - 1)[curve.identified])
    benchmark(rc.learning_curve, data, case.estimator(ridges), n[:, None])
    one, other = np.concatenate(ours), np.concatenate(theirs)
    print(
        f"\n{one.size} identified cells, |predicted/measured - 1|, median and 90th percentile: "
        f"{np.median(one):.3f} {np.quantile(one, 0.9):.3f}, fit to subsample errors {np.median(other):.3f} "
        f"{np.quantile(other, 0.9):.3f}; {seconds[0]:.1f} s and {seconds[1]:.1f} s"
    )
    assert np.median(one) < np.median(other)
    assert np.quantile(one, 0.9) < np.quantile(other, 0.9)


@pytest.mark.parametrize(("m", "most"), [(400, 2.0), (4000, 60.0)])
def test_every_size_and_ridge_of_a_table(benchmark: BenchmarkFixture, m: int, most: float) -> None:
    """Eleven eigendecompositions in as many threads as there are cores serve 20 sizes and the best of 12 ridges."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((m, 20))
    data = rc.Dataset(X, np.sin(X[:, 0]) + X[:, 1] + 0.3 * rng.standard_normal(m))
    estimator, n = rc.KernelRidge(rc.kernels.Laplace(5.0), 1.0), np.geomspace(50, 8 * m, 20)
    curve = benchmark.pedantic(rc.learning_curve, (data, estimator, n), {"ridge": "best"}, rounds=1)
    print(f"\nlearning curve of {m} rows, 20 sizes, best ridge: {benchmark.stats.stats.median:.2f} s; {curve}")
    assert benchmark.stats.stats.median < most
