"""Precise: layers of neurons in few and many dimensions, by routes that have nothing in common but the definition."""

from __future__ import annotations

import math
import time
from fractions import Fraction

import mpmath
import numpy as np
import precise_kernels
import pytest
from numpy.testing import assert_allclose

import riskcalc as rc
from riskcalc import activations, kernels
from riskcalc.activations.waves import sphere_waves
from riskcalc.harmonics import gegenbauer, krawtchouk
from riskcalc.kernels.slope import _by_waves
from riskcalc.kernels.sphere_on_hypercube import connection

EPS = np.finfo(float).eps


@pytest.mark.parametrize("d", [2, 3, 10, 100, 1000])
def test_waves_are_bessel_functions(d: int) -> None:
    r"""√B Γ(d/2)(2/z)^(d/2-1) J_(k+d/2-1)(z), z = ω√d, to 1e-13 of the largest around a zero in k."""
    omega, degrees = np.array([0.0625, 0.5, 3.0, 11.0, 25.0]), (0, 1, 2, 7, 40, 120)
    found = sphere_waves(omega, d, max(degrees))
    for i, one in enumerate(omega):
        with mpmath.workdps(60):
            z = mpmath.mpf(float(one)) * mpmath.sqrt(d)
            for k in degrees:
                B = math.comb(d + k - 1, k) - (math.comb(d + k - 3, k - 2) if k > 1 else 0)
                order = mpmath.mpf(d) / 2 - 1
                exact = mpmath.sqrt(B) * mpmath.gamma(order + 1) * (2 / z) ** order * mpmath.besselj(k + order, z)
                scale = max(abs(float(exact)), float(np.abs(found[max(0, k - 1) : k + 2, i]).max()))
                assert abs(found[k, i] - float(exact)) <= 1e-13 * scale + 1e-300, (d, one, k)


@pytest.mark.parametrize("top", [0, 1, 3])
@pytest.mark.parametrize("d", [2, 3])
def test_slopes_in_two_dimensions_with_few_degrees(d: int, top: int) -> None:
    """Of tanh': its density falls like exp(-πω/2) only, whatever the degree."""
    spectrum = kernels.NeuralTangent(activations.Tanh()).spectrum(d, top).masses
    with mpmath.workdps(25):
        norm = mpmath.gamma(mpmath.mpf(d) / 2) / mpmath.sqrt(mpmath.pi) / mpmath.gamma(mpmath.mpf(d - 1) / 2)

        def mass(k: int) -> float:
            """B ζ² of tanh'."""

            def integrand(angle: mpmath.mpf) -> mpmath.mpf:
                x = mpmath.cos(angle)
                zonal = mpmath.cos(k * angle) if d == 2 else mpmath.legendre(k, x)
                return zonal * mpmath.sin(angle) ** (d - 2) / mpmath.cosh(mpmath.sqrt(d) * x) ** 2

            zeta = norm * mpmath.quad(integrand, mpmath.linspace(0, mpmath.pi, 9))
            return float(zeta**2 * (1 if k == 0 else 2 if d == 2 else 2 * k + 1))

        m = [mass(k) for k in range(top + 2)]
    exact = [
        (m[k - 1] * (1 if k == 1 else (k + d - 3) / (2 * k + d - 4)) if k else 0) + m[k + 1] * (k + 1) / (2 * k + d)
        for k in range(top + 1)
    ]
    assert_allclose(spectrum, exact, rtol=1e-13, atol=1e-18)


@pytest.mark.parametrize("d", [2, 3, 10, 100, 1000])
def test_frequencies_reach_far_enough_for_few_degrees(d: int) -> None:
    """The integral for few degrees is that for many, of which the frequencies reach further: 1e-8 was lost at d = 2."""
    integral = _by_waves.__wrapped__  # nothing kept
    for top in (0, 1, 5):
        assert_allclose(
            integral(activations.Tanh(), d, top),
            integral(activations.Tanh(), d, top + 300)[: top + 1],
            rtol=1e-14,
            atol=1e-300,
        )


@pytest.mark.parametrize(("d", "last"), [(2, 12), (5, 20), (12, 30), (100, 40)])
def test_the_sphere_on_the_hypercube(d: int, last: int) -> None:
    """P_j = Σ_k C_jk P_k at all overlaps; C itself in rational numbers, not negative, and 1 in sum."""
    shares, t = connection(d, last, d), 1 - 2 * np.arange(d + 1) / d
    assert (shares >= 0).all()
    assert_allclose(shares.sum(axis=1), 1, atol=8 * last * EPS)
    j = np.arange(last + 1)[:, None]
    if d <= 12:
        assert_allclose(shares @ krawtchouk(d, np.arange(d + 1)[:, None], t), gegenbauer(d, j, t), atol=1e-12)
    before, now = [Fraction(0)] * (d + 1), [Fraction(int(k == 0)) for k in range(d + 1)]
    for j in range(last + 1):
        assert_allclose(shares[j], [float(share) for share in now], rtol=0, atol=8 * (j + 1) * EPS)
        moved = [
            (now[k - 1] * Fraction(d - k + 1, d) if k else Fraction(0))
            + (now[k + 1] * Fraction(k + 1, d) if k < d else 0)
            for k in range(d + 1)
        ]
        after = (
            moved
            if j == 0
            else [((2 * j + d - 2) * a - j * b) / (j + d - 2) for a, b in zip(moved, before, strict=True)]
        )
        before, now = now, after


@pytest.mark.parametrize("d", [20, 100])
def test_exponentials_of_spherical_weights_on_the_hypercube(d: int) -> None:
    r"""φ = e^(ax): h = ₀F₁(; d/2; a²d(1+t)/2), the sum over 2^d points in 60 digits and more."""
    a, degrees = 0.5, (0, 1, 2, 3, 5, 9, 15)
    square = mpmath.mpf(a) ** 2 * d / 2
    exact = precise_kernels.hypercube_masses(
        lambda t: mpmath.hyp0f1(mpmath.mpf(d) / 2, square * (1 + t)), d, degrees, 80
    )
    found = kernels.Dual(activations.Exp(a)).spectrum(d, max(degrees), "hypercube").log_masses
    for k, mass in zip(degrees, exact, strict=True):
        assert abs(float(mpmath.expm1(mpmath.mpf(float(found[k])) - mpmath.log(mass)))) < 1e-12, k


def test_polynomials_of_spherical_weights_on_a_large_hypercube() -> None:
    """He_3 in 1000 dimensions: degrees 1 and 3, whose masses values of h alone would lose."""
    spectrum = kernels.Dual(activations.Hermite(3)).spectrum(1000, 30, "hypercube")
    assert (spectrum.masses > 0).nonzero()[0].tolist() == [1, 3]
    assert_allclose(spectrum.masses.sum(), activations.Hermite(3).second_moment(1000), rtol=1e-13)


def test_what_is_kept_is_what_is_computed() -> None:
    """Coefficients do not depend on what was asked for before."""
    for make in (activations.Tanh, activations.GELU, activations.ELU):
        long = kernels.Dual(make(), "gaussian").spectrum(50, 90).log_masses
        assert_allclose(kernels.Dual(make(), "gaussian").spectrum(50, 20).log_masses, long[:21], rtol=1e-13)
        for n_inputs in (7, 8):
            c = make().sphere_coefficients(n_inputs, 8)
            c[:] = 0.0
            again = make().sphere_coefficients(n_inputs, 8)
            assert again[1] > 0
            assert_allclose(again, make().sphere_coefficients(n_inputs, 30)[:9], rtol=1e-12, atol=1e-15)
    one = activations.custom(np.tanh)
    assert not one.is_named


def test_two_dimensions_take_no_time() -> None:
    """A thousand degrees of tanh; a spectrum without end took 14 seconds."""
    data = rc.SphereData(2, rc.targets.DegreeEnergies({1: 1.0}))
    start = time.process_time()
    for kernel in (kernels.Dual(activations.Tanh()), kernels.NeuralTangent(activations.GELU())):
        rc.predict(data, rc.KernelRidge(kernel, 0.1), 50)
    assert time.process_time() - start < 3
