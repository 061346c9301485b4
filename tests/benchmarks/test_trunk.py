"""Benchmarks of the trunk beside their peers in the same run: python -m pytest tests/benchmarks --benchmark-only -s."""

from __future__ import annotations

import math
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import scipy.optimize
from pytest_benchmark.fixture import BenchmarkFixture
from sklearn.linear_model import Ridge as PeerRidge
from threadpoolctl import threadpool_limits

import riskcalc as rc
from riskcalc.simulation.cells import Cell


def median_seconds(function: Callable[[], object], rounds: int = 5) -> float:
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


@pytest.mark.parametrize("n_points", [1, 1000])
def test_effective_ridge_on_a_million_eigenvalues(benchmark: BenchmarkFixture, n_points: int) -> None:
    """Against scipy's bisect with its default tolerances on the same function, one point after the other."""
    sigma = np.arange(1, 10**6 + 1) ** -1.5
    spectrum = rc.Spectrum.from_eigenvalues(sigma)
    n = np.geomspace(1e3, 1e5, n_points)
    ridge = 1e-6

    def bisect(size: float) -> float:
        return scipy.optimize.bisect(lambda k: np.sum(sigma / (sigma + k)) + ridge / k - size, 1e-15, 1e10)

    def exact(size: float) -> float:
        """Newton's step from our root with sums in extended precision: what is left is the error."""
        k, s = np.longdouble(ours[0]), sigma.astype(np.longdouble)
        h = ridge / k + (s / (s + k)).sum()
        return float(k * (1 + (h - size) / (ridge / k + (s * k / (s + k) ** 2).sum())))

    with threadpool_limits(1):
        ours = np.atleast_1d(benchmark(rc.effective_ridge, spectrum, n, ridge))
        peer_seconds = median_seconds(lambda: bisect(n[0]), 3) * n_points
        true = exact(n[0])
        seconds = benchmark.stats.stats.median
    print(
        f"\neffective_ridge, 1e6 eigenvalues, {n_points} points: {seconds:.4f} s, bisect {peer_seconds:.4g} s, "
        f"ratio {peer_seconds / seconds:.0f}; relative error {abs(ours[0] / true - 1):.1e}, "
        f"bisect {abs(bisect(n[0]) / true - 1):.1e}"
    )
    assert math.isclose(ours[0], true, rel_tol=1e-14)


def test_a_grid_of_a_million_points(benchmark: BenchmarkFixture) -> None:
    """All fields of Risk for 10^6 points on 10^3 and on 10^6 eigenvalues: time hardly grows with the eigenvalues."""
    n, ridge = np.linspace(1, 3000, 1000)[:, None], np.geomspace(1e-8, 1e2, 1000)
    seconds = {}
    for p in (10**3, 10**6):
        sigma = np.arange(1, p + 1) ** -1.5
        problem = rc.Problem(rc.Spectrum.from_eigenvalues(sigma), sigma**1.2, 0.1)
        seconds[p] = median_seconds(lambda problem=problem: rc.ridge_risk(problem, n, ridge), 3)
    print(f"\nridge_risk, 1e6 points: {seconds}")
    risk = benchmark.pedantic(rc.ridge_risk, (problem, n, ridge), rounds=1)
    for i, j in ((3, 700), (500, 0), (999, 999)):  # one point at a time nothing is compressed
        alone = rc.ridge_risk(problem, n[i, 0], ridge[j])
        assert math.isclose(risk.test[i, j], alone.test, rel_tol=1e-13)


def test_one_trial_with_thirty_ridges(benchmark: BenchmarkFixture) -> None:
    """At (n, p) = (400, 200), against a loop over scikit-learn's Ridge with 10^4 test points."""
    data = rc.GaussianData.power_law(1.2, 0.4, n_features=200)
    sigma = data.spectrum.eigenvalues
    ridges = np.geomspace(1e-3, 1e2, 30)
    points = np.column_stack([ridges, np.full(30, 0.09)])
    cell = Cell(data, rc.Ridge(0.0), 400)
    rng = np.random.default_rng(0)

    def peer() -> None:
        X, X_test = (rng.standard_normal((rows, 200)) * np.sqrt(sigma) for rows in (400, 10_000))
        theta = rng.standard_normal(200)
        y, y_test = (Z @ theta + 0.3 * rng.standard_normal(len(Z)) for Z in (X, X_test))
        for ridge in ridges:
            fit = PeerRidge(alpha=ridge, fit_intercept=False).fit(X, y)
            np.mean((fit.predict(X_test) - y_test) ** 2)

    def forty(pool: ThreadPoolExecutor) -> None:
        list(pool.map(lambda trial: cell.run(0, trial, points), range(40)))

    with threadpool_limits(1):
        peer_seconds = median_seconds(peer)
        benchmark(cell.run, 0, 0, points)
        with ThreadPoolExecutor(2) as pool:
            two_threads = median_seconds(lambda: forty(pool)) / 40
    seconds = benchmark.stats.stats.median
    print(
        f"\none trial, 30 ridges: {1e3 * seconds:.2f} ms, on two threads {1e3 * two_threads:.2f} ms, "
        f"peer {1e3 * peer_seconds:.0f} ms, ratios {peer_seconds / seconds:.0f} and {peer_seconds / two_threads:.0f}"
    )


def test_import(benchmark: BenchmarkFixture) -> None:
    """``import riskcalc`` less the start of Python itself."""
    empty = median_seconds(lambda: subprocess.run([sys.executable, "-c", ""], check=True))
    benchmark(subprocess.run, [sys.executable, "-c", "import riskcalc"], check=True)
    print(f"\nimport riskcalc: {benchmark.stats.stats.median - empty:.3f} s")
