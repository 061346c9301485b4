"""Precise: spectra against mpmath twins made from the definition, 1e-12 for every degree up to 200.

The error of a row of the walk is that of its largest terms, 1e-15, plus where a power-law tail carries the mass (small
d, large k) the extrapolation of the Taylor coefficients: 26 roundings of coefficients that are right to 1e-14.
"""

from __future__ import annotations

import mpmath
import numpy as np
import precise_kernels
import pytest

import riskcalc.kernels as kernels
from riskcalc.kernels.kernel import Kernel

DIMENSIONS = (2, 3, 5, 10, 100, 1000, 10_000)
EVERYDAY = (2, 10, 1000)
DEGREES = (0, 1, 2, 3, 7, 20, 61, 100, 150, 199, 200)
RTOL = 1e-12


def assert_log_masses(kernel: Kernel, d: int, exact: list, degrees: tuple[int, ...], domain: str = "sphere") -> None:
    """Relative error of the masses; their logarithms are stored to rounding, which alone is |log m| ε of the mass."""
    found = kernel.spectrum(d, max(degrees), domain).log_masses
    for k, mass in zip(degrees, exact, strict=True):
        log_mass = mpmath.log(mass)
        assert abs(float(mpmath.expm1(mpmath.mpf(float(found[k])) - log_mass))) < RTOL, (d, k)


SLOW_TAILS = {
    "depth 3": (kernels.ReluNeuralTangent(3), precise_kernels.neural_tangent(3)),
    "process": (kernels.ReluGaussianProcess(2), precise_kernels.neural_tangent(2, process=True)),
    "laplace": (kernels.Laplace(), precise_kernels.laplace(mpmath.sqrt(2))),
    "erf": (kernels.Erf(100.0), precise_kernels.arc_sine(mpmath.mpf(1) / (1 + mpmath.mpf("0.5") / 10_000))),
}


@pytest.mark.parametrize("d", EVERYDAY)
@pytest.mark.parametrize("name", ["depth 3", "laplace"])
def test_slow_taylor_tails(name: str, d: int) -> None:
    kernel, profile = SLOW_TAILS[name]
    assert_log_masses(kernel, d, precise_kernels.sphere_masses(profile, d, DEGREES, lost=20), DEGREES)


@pytest.mark.slow
@pytest.mark.parametrize("d", DIMENSIONS)
@pytest.mark.parametrize("name", SLOW_TAILS)
def test_slow_taylor_tails_everywhere(name: str, d: int) -> None:
    kernel, profile = SLOW_TAILS[name]
    degrees = tuple(k for k in DEGREES if name != "erf" or k % 2)
    assert_log_masses(kernel, d, precise_kernels.sphere_masses(profile, d, degrees, lost=20), degrees)


@pytest.mark.parametrize("d", [2, 10])
def test_late_taylor_tails(d: int) -> None:
    """Depth 8, and Laplace with c = √(2d)/s = 25: their coefficients become powers after a hundred terms and more."""
    degrees = (0, 1, 2, 7, 61, 200)
    deep = precise_kernels.sphere_masses(precise_kernels.neural_tangent(8), d, degrees, lost=20)
    assert_log_masses(kernels.ReluNeuralTangent(8), d, deep, degrees)
    short = kernels.Laplace(float(np.sqrt(2 * d)) / 25)
    exact = precise_kernels.sphere_masses(precise_kernels.laplace(mpmath.mpf(short._lengths(d))), d, degrees, lost=40)
    assert_log_masses(short, d, exact, degrees)


def test_the_integral_of_the_twin_has_converged() -> None:
    profile = precise_kernels.neural_tangent(3)
    coarse = precise_kernels.sphere_masses(profile, 2, DEGREES, lost=20, step=1 / 300)
    fine = precise_kernels.sphere_masses(profile, 2, DEGREES, lost=20, step=1 / 470)
    for one, other in zip(coarse, fine, strict=True):
        assert abs(one / other - 1) < 1e-20


@pytest.mark.parametrize("d", DIMENSIONS)
@pytest.mark.parametrize("scale", [0.01, 1.0, 50.0, 600.0])
def test_exponential(scale: float, d: int) -> None:
    """Masses down to 1e-375, and 1e-840 at scale 0.01, are kept as logarithms."""
    found = kernels.Exponential(scale).spectrum(d, 200).log_eigenvalues
    for k in DEGREES:
        exact = precise_kernels.exponential_log_eigenvalue(scale, d, k)
        assert abs(float(exact - mpmath.mpf(float(found[k])))) < RTOL, k


@pytest.mark.parametrize("d", DIMENSIONS)
@pytest.mark.parametrize("order", [0, 0.5, 1, 2, 3.7])
def test_arc_cosine(order: float, d: int) -> None:
    found = kernels.ArcCosine(order).spectrum(d, 200).log_eigenvalues
    for k in (0, 1, 2, 3, 4, 5, 20, 61, 100, 199, 200):
        exact = precise_kernels.arc_cosine_log_eigenvalue(order, d, k)
        assert found[k] == exact == -np.inf or abs(float(exact - mpmath.mpf(float(found[k])))) < RTOL, k


@pytest.mark.parametrize("d", [2, 3, 10, 100])
@pytest.mark.parametrize("order", [0, 1, 2.5])
def test_the_walk_with_its_closing_gives_the_closed_form(order: float, d: int) -> None:
    """ArcCosine has both: its Taylor series, closed after 256 terms or so, and ζ_k²."""
    walk = Kernel._masses(kernels.ArcCosine(order), d, 200, "sphere").logs
    closed = kernels.ArcCosine(order).spectrum(d, 200).log_masses
    present = closed > -np.inf
    assert (walk[~present] == -np.inf).all()
    np.testing.assert_allclose(np.expm1(walk[present] - closed[present]), 0, atol=RTOL)


def test_digits_of_the_sheet() -> None:
    assert kernels.Exponential().spectrum(1000, 60).eigenvalues[60] == pytest.approx(3.3e-182, rel=0.02)
    assert kernels.ArcCosine(1).spectrum(1000, 60).eigenvalues[60] == pytest.approx(1.3e-104, rel=0.04)


HYPERCUBE = {
    "exponential": (kernels.Exponential(), mpmath.exp, 200),
    "gaussian": (kernels.RBF(0.05), lambda t: mpmath.exp(-mpmath.mpf(0.05) * 2 * 40 * (1 - t)), 40),
    "depth 3": (kernels.ReluNeuralTangent(3), lambda t: precise_kernels.neural_tangent(3)(mpmath.acos(t)), 40),
    "depth 1": (kernels.ReluNeuralTangent(1), lambda t: precise_kernels.neural_tangent(1)(mpmath.acos(t)), 16),
    "laplace": (kernels.Laplace(), lambda t: mpmath.exp(-mpmath.sqrt(2 * (1 - t))), 120),
    "two inputs": (kernels.ArcCosine(0), lambda t: 1 - mpmath.acos(t) / mpmath.pi, 2),
}


@pytest.mark.parametrize("name", HYPERCUBE)
def test_hypercube(name: str) -> None:
    """Including the masses that sit at t = ±1, which the walk alone would miss."""
    kernel, profile, d = HYPERCUBE[name]
    degrees = tuple(
        k for k in (0, 1, 2, 4, 10, d // 2, d - 1, d) if k <= d and (name != "depth 1" or k < 2 or k % 2 == 0)
    )
    degrees = tuple(k for k in degrees if name != "two inputs" or k < 2)
    assert_log_masses(
        kernel, d, precise_kernels.hypercube_masses(profile, d, degrees, 60 if d < 200 else 900), degrees, "hypercube"
    )


@pytest.mark.parametrize("d", [5, 40, 300, 5000])
def test_exponential_on_the_hypercube(d: int) -> None:
    r"""The closed form sinh^k(a/d) cosh^(d-k)(a/d)."""
    found = kernels.Exponential(2.0).spectrum(d, min(d, 200), "hypercube").log_eigenvalues
    k = np.arange(found.size)
    with mpmath.workdps(30):
        a = mpmath.mpf(2) / d
        exact = [k_ * mpmath.log(mpmath.sinh(a)) + (d - int(k_)) * mpmath.log(mpmath.cosh(a)) for k_ in k]
        gaps = [abs(float(e - mpmath.mpf(float(f)))) for e, f in zip(exact, found, strict=True)]
    assert max(gaps) < RTOL
