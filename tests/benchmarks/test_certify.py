"""What certified digits cost beside the sweep they belong to: python -m pytest tests/benchmarks --benchmark-only -s."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import numpy as np
import pytest
from pytest_benchmark.fixture import BenchmarkFixture
from threadpoolctl import threadpool_limits

import riskcalc as rc


def median_seconds(functions: list[Callable[[], object]], rounds: int = 5) -> list[float]:
    """Medians, the functions in turn."""
    times: list[list[float]] = [[] for _ in functions]
    for _ in range(rounds):
        for function, seconds in zip(functions, times, strict=True):
            start = time.perf_counter()
            function()
            seconds.append(time.perf_counter() - start)
    return [statistics.median(seconds) for seconds in times]


@pytest.mark.parametrize(
    ("n_features", "side"),
    [
        pytest.param(10**2, 400, id="1e2 eigenvalues, 1.6e5 points"),
        pytest.param(10**4, 400, id="1e4 eigenvalues, 1.6e5 points"),
        pytest.param(10**5, 600, id="1e5 eigenvalues, 3.6e5 points"),
    ],
)
def test_a_certified_sweep(benchmark: BenchmarkFixture, n_features: int, side: int) -> None:
    """At most 1.2 times the plain one; κ within 3e-14 n/(n - df2)."""
    data = rc.GaussianData.power_law(1.5, 0.4, 0.1, n_features=n_features)
    n, estimator = np.linspace(10, 300, side)[:, None], rc.Ridge(np.geomspace(1e-5, 1e2, side))
    with threadpool_limits(1):
        risk = benchmark.pedantic(rc.predict, (data, estimator, n), {"certify": True}, rounds=1, warmup_rounds=1)
        plain, certified = median_seconds(
            [lambda: rc.predict(data, estimator, n), lambda: rc.predict(data, estimator, n, certify=True)]
        )
    relative = (risk.radius["effective_ridge"] * (n - risk.df2) / n).max()
    print(
        f"\ncertified {certified:.3f} s, plain {plain:.3f} s, ratio {certified / plain:.2f}; radius {relative:.1e} n/d"
    )
    assert relative < 3e-14
    assert certified < 1.2 * plain


def test_balls(benchmark: BenchmarkFixture) -> None:
    """25 digits of all fields for 79 eigenvalues."""
    index = np.arange(1.0, 80)
    problem = rc.Problem(rc.Spectrum.from_eigenvalues(index**-1.5), index**-1.2, 0.1)
    ridges = np.geomspace(1e-6, 1, 20)
    benchmark(rc.certify, problem, 30, ridges, digits=25)
    print(f"\nballs: {benchmark.stats.stats.median / ridges.size * 1e3:.2f} ms a point")
