"""Infinite power laws by nodes: mpmath twins by Hurwitz zeta, Euler-Maclaurin and 2F1 (precise); identities."""

from __future__ import annotations

import math
from fractions import Fraction

import mpmath
import numpy as np
import precise
import pytest
from mpmath import mpf
from numpy.testing import assert_allclose

import riskcalc as rc
from riskcalc.quadrature import ATOMS, power_law_nodes

EXPONENTS = [1.02, 1.1, 1.5, 2.0, 3.0, 4.0]
SOURCES = [0.05, 0.25, 0.5, 0.51, 1.0, 1.7]
INDICES = [1e13, 1e12, 3e10, 1e7, 1e4, 300.0, 255.0, 30.0, 1.5]  # κ is the size of the eigenvalue of this index


def kappas(exponent: float) -> list[float]:
    return [index**-exponent for index in INDICES] + [1.0, 100.0]


@pytest.mark.parametrize("exponent", EXPONENTS)
def test_trace_is_zeta(exponent):
    with mpmath.workdps(30):
        assert abs(rc.Spectrum.power_law(exponent).trace / mpmath.zeta(mpf(exponent)) - 1) < 1e-14
        assert abs(rc.Spectrum.power_law(exponent, scale=3.0).trace / mpmath.zeta(mpf(exponent)) - 3) < 3e-14


@pytest.mark.parametrize("exponent", EXPONENTS)
def test_degrees_of_freedom(exponent):
    """The goal is 1e-12; seen 2e-14, the rounding of log σ and log mass at index 1e14."""
    spectrum, twin = rc.Spectrum.power_law(exponent), precise.PowerLaw(exponent)
    for kappa in kappas(exponent):
        with mpmath.workdps(30):
            assert_allclose(spectrum.df1(kappa), float(twin.df1(mpf(kappa))), rtol=5e-14)
            assert_allclose(spectrum.df2(kappa), float(twin.df2(mpf(kappa))), rtol=5e-14)


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("exponent", EXPONENTS)
def test_energies(exponent, source):
    """Σ e_i, κ² Σ e_i/(σ_i + κ)² and κ² Σ (e_i/σ_i)/(σ_i + κ)², e_i = i^(-1-2αr), by nodes of their own."""
    data, twin = rc.GaussianData.power_law(exponent, source), precise.PowerLaw(exponent, source)
    sigma = data.spectrum.eigenvalues
    with mpmath.workdps(30):
        assert_allclose(data.energies.sum(), float(twin.energy()), rtol=5e-14)
        for kappa in kappas(exponent):
            got = math.fsum(data.energies * (kappa / (sigma + kappa)) ** 2)
            assert_allclose(got, float(twin.left(mpf(kappa))), rtol=1e-13)
            if source > 0.5:  # the squared coefficients have a sum
                got = math.fsum(data.energies / sigma * (kappa / (sigma + kappa)) ** 2)
                assert_allclose(got, float(twin.far(mpf(kappa))), rtol=1e-13)


def test_the_twin_itself():
    """Euler-Maclaurin against mpmath's own summation and against the closed form at α = 2."""
    with mpmath.workdps(30):
        law, kappa = precise.PowerLaw(1.5, 0.4), mpf("0.001")
        summed = mpmath.nsum(lambda i: 1 / (1 + kappa * i ** mpf(1.5)) ** 2, [1, mpmath.inf], method="e")
        assert abs(law.df2(kappa) - summed) < 1e-20
        integral = mpmath.quad(lambda x: 1 / (1 + kappa * x ** mpf(1.5)) ** 2, [64, 100, 1000, 10**5, mpmath.inf])
        assert abs(law.integral(mpf(0), 2, kappa, mpf(64)) / integral - 1) < 1e-15
        for kappa in (mpf(10) ** -20, mpf("0.01"), mpf(7)):
            assert abs(precise.PowerLaw(2).df1(kappa) / coth_form(kappa) - 1) < 1e-25


def coth_form(kappa):
    root = mpmath.sqrt(kappa)
    return mpmath.pi / (2 * root) * mpmath.coth(mpmath.pi / root) - mpf(1) / 2


def test_exponent_2_in_closed_form():
    """df1 = (π/(2√κ)) coth(π/√κ) - ½."""
    spectrum = rc.Spectrum.power_law(2.0)
    for kappa in [1e-24, 1e-12, 1e-4, 0.1, 1.0, 10.0]:
        with mpmath.workdps(40):
            assert_allclose(spectrum.df1(kappa), float(coth_form(mpf(kappa))), rtol=5e-14)


@pytest.mark.parametrize("exponent", [1.02, 2.0, 4.0])
def test_weights_are_positive(exponent):
    nodes = power_law_nodes(exponent, 0.3)
    assert (nodes.multiplicities >= 0).all()
    assert (nodes.energies >= 0).all()
    closing = nodes.log_indices > math.log(1e14)
    assert (np.isinf(nodes.multiplicities) == closing).all()  # the squared coefficients have no sum either
    summable = power_law_nodes(exponent, 0.6)
    closing = (summable.log_indices > math.log(1e14)) * (summable.log_masses > -np.inf)
    assert (np.isinf(summable.multiplicities) == closing).all()
    spectrum = rc.Spectrum.power_law(exponent)
    assert (spectrum.masses > 0).all()
    assert spectrum.rank == spectrum.n_features == np.inf


@pytest.mark.parametrize("degree", range(8))
def test_end_weights_are_exact_on_polynomials(degree):
    """G_N p = Σ_{i<=N} w_i p(i) is what summation makes of ∫^N p: moving the end by 1 adds the integral between.

    Eight differences make that exact up to degree 7.
    """
    weights = power_law_nodes(2.0).multiplicities[:ATOMS]
    i = np.arange(1.0, ATOMS + 1)

    def p(x):
        return ((x - ATOMS) / 16) ** degree

    moved = math.fsum(weights * p(i + 1)) + float(p(1.0)) - math.fsum(weights * p(i))
    integral = (1 / 16) ** degree / (degree + 1)
    scale = np.abs(p(i)).max() * ATOMS
    assert abs(moved - integral) <= 4e-16 * scale
    assert (weights[:-8] == 1).all()
    assert weights[-1] < 0.5


def test_end_weights_are_gregorys():
    """Weight of the i-th index from the end: 1 - Σ_k |G_(k+1)| (-1)^i C(k, i), with G_(k+1) = ∫₀¹ C(x, k+1) dx."""
    orders = range(8)
    coefficients = [abs(binomial_integral(k + 1)) for k in orders]
    weights = power_law_nodes(2.0).multiplicities[:ATOMS]
    for i in orders:
        exact = 1 - sum(c * (-1) ** i * math.comb(k, i) for k, c in zip(orders, coefficients, strict=True))
        assert_allclose(weights[-1 - i], float(exact), rtol=4e-15)


def binomial_integral(k: int) -> Fraction:
    """∫₀¹ x(x-1)...(x-k+1)/k! dx."""
    polynomial = [Fraction(1)]
    for j in range(k):
        shifted, scaled = [Fraction(0), *polynomial], [-j * c for c in polynomial] + [Fraction(0)]
        polynomial = [a + b for a, b in zip(shifted, scaled, strict=True)]
    return sum((c / (power + 1) for power, c in enumerate(polynomial)), Fraction(0)) / math.factorial(k)


def test_an_exponent_without_a_trace_is_refused():
    for exponent in (1.0, 0.5, math.nan, math.inf):
        with pytest.raises(ValueError, match=r"^exponent must be finite and > 1, got .*; or give a finite n_features"):
            rc.Spectrum.power_law(exponent)
