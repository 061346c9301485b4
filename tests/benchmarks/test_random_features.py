"""Benchmarks of random features beside the damped fixed point: python -m pytest tests/benchmarks --benchmark-only -s.

Only ratios within a run are asserted. The peer iterates the coupled equations of Mei and Montanari, on the imaginary
axis and hence in real numbers, one point after the other until a step is below 1e-12.
"""

from __future__ import annotations

import time

import numpy as np
import pytest
from pytest_benchmark.fixture import BenchmarkFixture
from threadpoolctl import threadpool_limits

import riskcalc as rc

MU1, DUST = 0.5, 0.25 - 0.5 / np.pi
ZETA2 = MU1**2 / DUST


def damped(psi1: float, psi2: float, scaled: float, most: int = 200_000) -> tuple[float, int]:
    """μ_*²u and the number of steps."""
    x = np.sqrt(psi1 * psi2 * scaled)
    a, b = psi1 / x, psi2 / x
    steps = 0
    while steps < most:
        steps += 1
        a_new = psi1 / (x + b + ZETA2 * b / (1 + ZETA2 * a * b))
        b_new = psi2 / (x + a_new + ZETA2 * a_new / (1 + ZETA2 * a_new * b))
        moved = abs(a_new - a) / a + abs(b_new - b) / b
        a, b = a_new, b_new
        if moved < 1e-12:
            break
    return float(a * b), steps


def cells(size: int, equal: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """ψ₁, ψ₂ ∈ 10^±1.5 and λ_MM/μ_*² ∈ 10^(-8, 1)."""
    rng = np.random.default_rng(0)
    psi1, psi2 = 10 ** rng.uniform(-1.5, 1.5, (2, size))
    return psi1, psi1 if equal else psi2, 10 ** rng.uniform(-8, 1, size)


@pytest.mark.parametrize("equal", [False, True], ids=["random", "threshold"])
def test_the_proportional_limit(benchmark: BenchmarkFixture, equal: bool) -> None:
    """P6 in its numpy form: a hundred thousand points at once."""
    psi1, psi2, scaled = cells(100_000, equal)
    with threadpool_limits(1):
        risk = benchmark.pedantic(
            rc.limits.mei_montanari, (psi1, psi2, psi2 * scaled * DUST, MU1, DUST, 1.0, 0.3, 0.25), rounds=5
        )
    seconds = benchmark.stats.stats.median / psi1.size
    sample = range(25 if equal else 200)
    start = time.perf_counter()
    peers = [damped(psi1[k], psi2[k], scaled[k]) for k in sample]
    peer_seconds = (time.perf_counter() - start) / len(peers)
    errors = [abs(u * risk.effective_ridge[k] / DUST - 1) for k, (u, _) in zip(sample, peers, strict=True)]
    steps = [s for _, s in peers]
    print(
        f"\nMei-Montanari, {'psi1 = psi2' if equal else 'random'}: {seconds * 1e9:.0f} ns a point (7 fields), damped "
        f"{peer_seconds * 1e6:.0f} us, ratio {peer_seconds / seconds:.0f}; its steps mean {np.mean(steps):.0f} max "
        f"{max(steps)}, its error median {np.median(errors):.1e} max {max(errors):.1e}"
    )
    assert peer_seconds > (1000 if equal else 20) * seconds
    assert max(errors) < 1e-4


def test_a_million_eigenvalues(benchmark: BenchmarkFixture) -> None:
    """P7: a hundred thousand (n, N, λ) on a power law of 1e6 eigenvalues, sums and compression included."""
    index = np.arange(1, 10**6 + 1.0)
    problem = rc.Problem(rc.Spectrum.from_eigenvalues(index**-1.5), index**-2.0, noise=0.25)
    rng = np.random.default_rng(1)
    n, width, ridge = (
        10 ** rng.uniform(1, 5, 100_000),
        10 ** rng.uniform(1, 5, 100_000),
        10 ** rng.uniform(-8, 1, 100_000),
    )
    with threadpool_limits(1):
        risk = benchmark.pedantic(rc.random_feature_risk, (problem, n, width, ridge), rounds=3)
        seconds = benchmark.stats.stats.median / n.size
        start = time.perf_counter()
        for _ in range(20):
            np.sum(index**-1.5 / (index**-1.5 + 1e-3))
        pass_seconds = (time.perf_counter() - start) / 20
    u = 1 / risk.effective_ridge[:20]
    d = np.array([(index**-1.5 * x / (1 + index**-1.5 * x)).sum() for x in u])
    g = np.array([(index**-1.5 * x / (1 + index**-1.5 * x) ** 2).sum() for x in u])
    left, product = (n[:20] - d) * (width[:20] - d), ridge[:20] * width[:20] * u
    error = np.abs((left - product) / (product + g * (n[:20] + width[:20] - 2 * d)))  # of u, by one step of Newton
    print(
        f"\nrandom features, 1e6 eigenvalues: {seconds * 1e6:.2f} us a point (all fields), one pass over the spectrum "
        f"{pass_seconds * 1e3:.1f} ms, ratio {pass_seconds / seconds:.0f}; relative error max {error.max():.1e}"
    )
    assert pass_seconds > 100 * seconds
    assert error.max() < 1e-13
