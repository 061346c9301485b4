"""Benchmarks of the simulator beside its peers in one run: pytest tests/benchmarks --benchmark-only -s."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import numpy as np
import pytest
from pytest_benchmark.fixture import BenchmarkFixture
from scipy.linalg.lapack import dorgqr, dsytrd
from sklearn.linear_model import Ridge as PeerRidge
from threadpoolctl import threadpool_limits

import riskcalc as rc
from riskcalc.simulation.cells import Cell

SHARES = np.geomspace(1e-3, 1e2, 30)  # ridges in units of n/100


def cpu_seconds(function: Callable[[], object], rounds: int = 5) -> float:
    """Median CPU time of this thread, which other people's load does not lengthen much."""
    times = []
    for _ in range(rounds):
        start = time.thread_time()
        function()
        times.append(time.thread_time() - start)
    return statistics.median(times)


def peer_trial(data: rc.GaussianData, n: int, ridges: np.ndarray, noise: float, rng: np.random.Generator) -> np.ndarray:
    """A loop over scikit-learn's Ridge with 10⁴ test points: the test error of each ridge, of the same law."""
    sigma = np.repeat(data.spectrum.eigenvalues, data.spectrum.multiplicities.astype(int))
    energies = np.repeat(data.energies / data.spectrum.multiplicities, data.spectrum.multiplicities.astype(int))
    p = len(sigma)
    X, X_test = (rng.standard_normal((rows, p)) * np.sqrt(sigma) for rows in (n, 10_000))
    theta = rng.choice([-1.0, 1.0], p) * np.sqrt(energies / sigma)
    y, y_test = (Z @ theta + np.sqrt(noise) * rng.standard_normal(len(Z)) for Z in (X, X_test))
    fits = (PeerRidge(alpha=ridge, fit_intercept=False).fit(X, y) for ridge in ridges)
    return np.array([np.mean((fit.predict(X_test) - y_test) ** 2) for fit in fits])


def relative_variance(values: np.ndarray) -> float:
    """Of one trial, at the median ridge."""
    return float(np.median(values.var(axis=0, ddof=1) / values.mean(axis=0) ** 2))


@pytest.mark.parametrize(("n", "p"), [(400, 200), (200, 400), (1000, 500)])
def test_direct_route(benchmark: BenchmarkFixture, n: int, p: int) -> None:
    """P9 and P10: 30 ridges, exact risk, noise averaged; against scikit-learn and the rate of a matrix product.

    The limit is what XᵀX and 8/3 m³ flops take at the measured rate of GEMM. Beside it, what a tridiagonal route needs
    before its first ridge once the noise is averaged too: dsytrd, dorgqr and QᵀΣQ, against one eigendecomposition.
    """
    data, m = rc.GaussianData.power_law(1.2, 0.4, n_features=p), min(n, p)
    sigma, noise, ridges = data.spectrum.eigenvalues, 0.09, SHARES * n / 100
    points = np.column_stack([ridges, np.full(30, noise)])
    cell, rng = Cell(data, rc.Ridge(0.0), n), np.random.default_rng(0)
    X = rng.standard_normal((n, p)) * np.sqrt(sigma)
    gram = X.T @ X if p <= n else X @ X.T

    def tridiagonal() -> None:
        c, _, _, tau, _ = dsytrd(gram, lower=1, lwork=64 * m)
        Q, _, _ = dorgqr(np.asfortranarray(c[1:, :-1]), tau, lwork=64 * m)
        half = Q * np.sqrt(sigma[1:m])[:, None]
        half.T @ half

    with threadpool_limits(1):
        benchmark(cell.run, 0, 0, points)
        ours, peer = (
            cpu_seconds(lambda: cell.run(0, 0, points), 9),
            cpu_seconds(lambda: peer_trial(data, n, ridges, noise, rng), 3),
        )
        A = rng.standard_normal((500, 500))
        limit = (n * p * m + 8 / 3 * m**3) / (2 * 500**3 / cpu_seconds(lambda: A @ A, 9))
        eigen, start = cpu_seconds(lambda: np.linalg.eigh(gram), 9), cpu_seconds(tridiagonal, 9)
        variances = [
            relative_variance(np.array([cell.run(0, t, points)[0] for t in range(60)])),
            relative_variance(np.array([peer_trial(data, n, ridges, noise, rng) for _ in range(12)])),
        ]
    to_one_per_cent = [v / 1e-4 * s for v, s in zip(variances, (ours, peer), strict=True)]
    print(
        f"\n({n}, {p}), 30 ridges: {1e3 * ours:.2f} ms CPU, scikit-learn {1e3 * peer:.0f} ms, ratio {peer / ours:.0f}; "
        f"GEMM limit {limit / ours:.0%} reached; eigh {1e3 * eigen:.2f} ms, tridiagonal start {1e3 * start:.2f} ms; "
        f"CPU s to 1 %: {to_one_per_cent[0]:.3f}, scikit-learn {to_one_per_cent[1]:.1f}, "
        f"ratio {to_one_per_cent[1] / to_one_per_cent[0]:.0f}"
    )
    assert peer > 10 * ours


@pytest.mark.parametrize("n", [400, 1000, 10**4, 10**5, 10**6])
def test_bidiagonal_route(benchmark: BenchmarkFixture, n: int) -> None:
    """P11: 30 ridges of n × n/2 isotropic features (n × n from 10⁴ on), against the direct route and scikit-learn."""
    p, noise = n // 2 if n <= 1000 else n, 0.25
    data, ridges = rc.GaussianData.isotropic(p), SHARES * n
    points = np.column_stack([ridges, np.full(30, noise)])
    short, direct = (Cell(data, rc.Ridge(0.0), n, route=route) for route in ("bidiagonal", None))
    with threadpool_limits(1):
        benchmark.pedantic(short.run, (0, 0, points), rounds=3)
        ours = cpu_seconds(lambda: short.run(0, 0, points), 3)
        words = f"\n({n}, {p}), 30 ridges: {1e3 * ours:.2f} ms CPU, {1e9 * ours / 30 / p:.0f} ns per feature and ridge"
        if n <= 1000:
            rng = np.random.default_rng(0)
            theirs = cpu_seconds(lambda: direct.run(0, 0, points), 5)
            peer = cpu_seconds(lambda: peer_trial(data, n, ridges, noise, rng), 3)
            words += f"; direct {1e3 * theirs:.1f} ms, ratio {theirs / ours:.0f}; scikit-learn ratio {peer / ours:.0f}"
            assert theirs > ours
    print(words)
