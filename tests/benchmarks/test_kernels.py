"""Benchmarks of kernel spectra: python -m pytest tests/benchmarks --benchmark-only -s. Only ratios are asserted."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import pytest
import scipy.integrate
from pytest_benchmark.fixture import BenchmarkFixture
from scipy.special import eval_gegenbauer
from threadpoolctl import threadpool_limits

import riskcalc as rc

KERNELS = [
    rc.kernels.Exponential(),
    rc.kernels.Laplace(),
    rc.kernels.ArcCosine(1),
    rc.kernels.ReluNeuralTangent(1),
    rc.kernels.ReluNeuralTangent(3),
    rc.kernels.Dual(rc.activations.Tanh(), "gaussian"),
    rc.kernels.Dual(rc.activations.Tanh(), "sphere"),
    rc.kernels.NeuralTangent(rc.activations.GELU(), "both"),
]


@pytest.mark.parametrize("n_inputs", [10, 100, 1000, 10_000])
@pytest.mark.parametrize("kernel", KERNELS, ids=repr)
def test_two_hundred_degrees(benchmark: BenchmarkFixture, kernel: rc.kernels.Kernel, n_inputs: int) -> None:
    """Asked for are 10 ms for d >= 100."""
    with threadpool_limits(1):
        benchmark.pedantic(kernel.spectrum, (n_inputs, 200), rounds=5, warmup_rounds=1)


@pytest.mark.parametrize("n_inputs", [100, 1000, 10_000])
@pytest.mark.parametrize("kernel", KERNELS, ids=repr)
def test_two_hundred_degrees_of_the_hypercube(
    benchmark: BenchmarkFixture, kernel: rc.kernels.Kernel, n_inputs: int
) -> None:
    """Asked for are 10 ms for d >= 100; 60 degrees where there are only 100."""
    top = 60 if n_inputs == 100 else 200
    with threadpool_limits(1):
        benchmark.pedantic(kernel.spectrum, (n_inputs, top, "hypercube"), rounds=5, warmup_rounds=1)


def test_the_first_spectrum_of_an_activation(benchmark: BenchmarkFixture) -> None:
    """Nothing is kept of an activation with a scale that was not asked for before: 15 ms."""
    scales = iter(np.linspace(0.5, 1.4, 100))

    def spectrum() -> None:
        rc.kernels.Dual(rc.activations.Erf(float(next(scales)))).spectrum(1000, 200)

    with threadpool_limits(1):
        benchmark.pedantic(spectrum, rounds=5, warmup_rounds=1)


def test_a_learning_curve_from_nothing(benchmark: BenchmarkFixture) -> None:
    """Asked for are 50 ms for 200 sizes, depth 3, d = 1000."""

    def curve() -> np.ndarray:
        spectrum = rc.kernels.ReluNeuralTangent(3).spectrum(1000, 30)
        energies = np.zeros(31)
        energies[1:3] = 0.7, 0.3
        problem = rc.Problem(spectrum, energies, noise=0.1)
        return rc.ridge_risk(problem, np.geomspace(10, 1e7, 200), 1e-3).test

    with threadpool_limits(1):
        benchmark.pedantic(curve, rounds=5, warmup_rounds=1)


def test_faster_than_a_quadrature_per_degree(benchmark: BenchmarkFixture) -> None:
    """201 degrees against 21 integrals of scipy, wrong from degree 8 on: at least ten times faster a degree."""
    d, order = 100, 49.0
    weight = scipy.integrate.quad(lambda t: (1 - t * t) ** (order - 0.5), -1, 1)[0]

    def integral(k: int) -> float:
        def integrand(t: float) -> float:
            polynomial = eval_gegenbauer(k, order, t) / eval_gegenbauer(k, order, 1.0)
            return float(np.exp(t) * polynomial * (1 - t * t) ** (order - 0.5))

        return float(scipy.integrate.quad(integrand, -1, 1)[0] / weight)

    kernel = rc.kernels.Exponential()
    naive = _seconds(lambda: [integral(k) for k in range(21)]) / 21
    ours = _seconds(lambda: kernel.spectrum(d, 200)) / 201
    print(f"seconds a degree: {ours:.2e}, by quadrature {naive:.2e}, ratio {naive / ours:.0f}")
    assert naive > 10 * ours
    benchmark.pedantic(kernel.spectrum, (d, 200), rounds=5)


def _seconds(run: Callable[[], object]) -> float:
    """Median of five."""
    times = []
    for _ in range(5):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return float(np.median(times))
