"""What the next order costs beside the sweep it belongs to: python -m pytest tests/benchmarks --benchmark-only -s."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import numpy as np
import pytest
from pytest_benchmark.fixture import BenchmarkFixture
from threadpoolctl import threadpool_limits

import riskcalc as rc

SHELLS = rc.GaussianData(rc.Spectrum.from_eigenvalues([2.0, 0.3], [30, 30]), [0.8, 0.3], 0.5)


def median_seconds(function: Callable[[], object], rounds: int = 7) -> float:
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


@pytest.mark.parametrize(
    ("data", "side"),
    [
        pytest.param(SHELLS, 1000, id="two shells, 1e6 points"),
        pytest.param(rc.GaussianData.power_law(1.5, 0.4, 0.1, n_features=10**3), 300, id="1e3 eigenvalues, 1e5 points"),
        pytest.param(rc.GaussianData.power_law(1.5, 0.4, 0.1, n_features=10**6), 30, id="1e6 eigenvalues, 1e3 points"),
    ],
)
def test_a_corrected_sweep(benchmark: BenchmarkFixture, data: rc.GaussianData, side: int) -> None:
    """At most twice the plain one, for all ten fields."""
    n, estimator = np.linspace(10, 300, side)[:, None], rc.Ridge(np.geomspace(1e-3, 1e2, side))
    with threadpool_limits(1):
        rc.predict(data, estimator, n)
        plain = median_seconds(lambda: rc.predict(data, estimator, n))
        benchmark.pedantic(rc.predict, (data, estimator, n), {"correction": "first"}, rounds=7)
    seconds = benchmark.stats.stats.median
    print(f"\ncorrected {seconds:.3f} s, plain {plain:.3f} s, ratio {seconds / plain:.2f}")
    assert seconds < 2 * plain
