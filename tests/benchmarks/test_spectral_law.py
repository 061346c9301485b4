"""Benchmarks of the general Marchenko-Pastur law: python -m pytest tests/benchmarks --benchmark-only -s.

Each call makes a new law, so that its edges and its table are paid for.
"""

from __future__ import annotations

import numpy as np
import pytest
from pytest_benchmark.fixture import BenchmarkFixture
from threadpoolctl import threadpool_limits

import riskcalc as rc
from riskcalc.theory.spectral_edges import ridge_lower_limit
from riskcalc.theory.spectral_law import SpectralLaw

SPECTRA = {
    "uniform": rc.Spectrum.from_eigenvalues(np.linspace(1, 2, 1000)),
    "eight decades": rc.Spectrum.from_eigenvalues(np.geomspace(1e-8, 1, 1000)),
    "power law": rc.Spectrum.power_law(1.5, 1000),
    "ten": rc.Spectrum.from_eigenvalues(np.arange(1, 11), 100),
}


def grid(law: SpectralLaw, size: int) -> np.ndarray:
    """As many points of the support, in equal parts of its intervals, denser towards the edges."""
    angles = np.linspace(0, np.pi / 2, -(-size // len(law.support)))
    return np.concatenate([a + (b - a) * np.sin(angles) ** 2 for a, b in law.support])[:size]


@pytest.mark.parametrize("name", SPECTRA)
@pytest.mark.parametrize("method", ["pdf", "cdf", "ppf"])
def test_ten_thousand_points(benchmark: BenchmarkFixture, name: str, method: str) -> None:
    """Asked for is the density of a thousand eigenvalues at 10⁴ points within 100 ms."""
    x = grid(SpectralLaw(SPECTRA[name], 0.5), 10_000)
    argument = np.linspace(0, 1, 10_000) if method == "ppf" else x
    with threadpool_limits(1):
        benchmark.pedantic(
            lambda: getattr(SpectralLaw(SPECTRA[name], 0.5), method)(argument), rounds=5, warmup_rounds=1
        )


def test_a_thousand_bulks(benchmark: BenchmarkFixture) -> None:
    """The most edges that a thousand eigenvalues can have."""
    with threadpool_limits(1):
        benchmark.pedantic(lambda: SpectralLaw(SPECTRA["uniform"], 1e-7).pdf(1.5), rounds=1)


def test_the_lowest_ridge_at_ten_thousand_sizes(benchmark: BenchmarkFixture) -> None:
    n = np.geomspace(1, 1e5, 10_000)
    with threadpool_limits(1):
        benchmark.pedantic(ridge_lower_limit, (SPECTRA["power law"], n), rounds=3)
