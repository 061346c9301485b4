"""Harmonics: counting and orthogonality (exact twins), identities, the urn as an experiment on paper."""

from __future__ import annotations

import math
from fractions import Fraction

import mpmath
import numpy as np
import precise_harmonics as precise
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mpmath import mpf
from numpy.testing import assert_allclose, assert_array_equal

from riskcalc import harmonics
from riskcalc.harmonics.multiplicity import multiplicity_ratios
from riskcalc.quadrature import composite_legendre, panel_ends

EPS = np.finfo(float).eps
DIMENSIONS = [2, 3, 4, 5, 10, 100, 1000, 10_000]


# Multiplicities


@pytest.mark.parametrize("d", range(2, 8))
def test_sphere_multiplicity_counts_polynomials(d):
    for k in range(12):
        got = harmonics.sphere_multiplicity(d, k)
        assert type(got) is int
        assert got == precise.sphere_dimension(d, k)


def test_known_multiplicities():
    assert [harmonics.sphere_multiplicity(2, k) for k in range(4)] == [1, 2, 2, 2]
    assert [harmonics.sphere_multiplicity(3, k) for k in range(5)] == [1, 3, 5, 7, 9]
    assert [harmonics.hypercube_multiplicity(4, k) for k in range(5)] == [1, 4, 6, 4, 1]
    assert harmonics.sphere_multiplicity(10_000, 300) == precise.sphere_dimension(10_000, 300)


@pytest.mark.parametrize("d", [2, 3, 4, 5, 6])
def test_cyclic_multiplicity_counts_orbits(d):
    for k in range(7):
        harmonic = precise.monomial_orbits(d, k) - precise.monomial_orbits(d, k - 2)
        assert harmonics.cyclic_multiplicity(d, k) == harmonic


@pytest.mark.parametrize("d", range(1, 13))
def test_cyclic_multiplicity_counts_necklaces(d):
    for k in range(d + 1):
        assert harmonics.cyclic_multiplicity(d, k, "hypercube") == precise.subset_orbits(d, k)


@pytest.mark.parametrize("d", DIMENSIONS)
def test_log_multiplicities(d):
    """The logarithm of an exact integer: right to rounding, where three log-gammas lose 1e-11."""
    k = np.array([0, 1, 2, 7, 40, 300])
    with mpmath.workdps(30):
        exact = [float(mpmath.log(precise.sphere_dimension(d, int(j)))) for j in k]
        cube = [float(mpmath.log(math.comb(d, int(j)))) for j in k if j <= d]
    assert_allclose(harmonics.log_sphere_multiplicity(d, k), exact, rtol=2 * EPS)
    assert_allclose(harmonics.log_hypercube_multiplicity(d, k[k <= d]), cube, rtol=2 * EPS)


def test_logs_broadcast():
    grid = harmonics.log_sphere_multiplicity(np.array([[3], [50]]), [0, 1, 2])
    assert grid.shape == (2, 3)
    assert_allclose(np.exp(grid), [[1, 3, 5], [1, 50, 1274]], rtol=1e-14)
    assert harmonics.log_hypercube_multiplicity(5, 2).shape == ()


@pytest.mark.parametrize("d", DIMENSIONS)
def test_ratios_of_multiplicities(d):
    exact = [Fraction(precise.sphere_dimension(d, k), precise.sphere_dimension(d, k - 1)) for k in range(1, 30)]
    assert_allclose(multiplicity_ratios(d, 29), [float(x) for x in exact], rtol=4 * EPS)


# Polynomials


@pytest.mark.parametrize("d", DIMENSIONS)
def test_gegenbauer_is_jacobis(d):
    """A rounding at degree j grows like U_(k-j)(t), at most min(k, 1/sin θ), relative to the envelope of P_k.

    The envelope between the outermost zeros is B^(-1/2) (sin θ)^(-(d-2)/2), and never above 1.
    """
    t = np.array([-1.0, -0.9, -0.31, 0.0, 0.02, 0.5, 0.997, 1.0])
    for k in (0, 1, 2, 3, 8, 31, 100):
        with mpmath.workdps(60):
            exact = [precise.zonal(d, k, mpf(float(x))) for x in t]
            B = precise.sphere_dimension(d, k)
            sine = [mpmath.sqrt(1 - mpf(float(x)) ** 2) for x in t]
            envelope = [min(1, 1 / mpmath.sqrt(B * s ** (d - 2))) if s else 1 for s in sine]
        growth = np.array([min(k + 1, 1 / s) if s else k + 1 for s in sine], dtype=float)
        size = np.maximum(np.array(envelope, dtype=float), np.abs(np.array(exact, dtype=float)))
        allowed = (k + 4) * growth * EPS * size
        assert (np.abs(harmonics.gegenbauer(d, k, t) - np.array(exact, dtype=float)) <= allowed).all()


def test_chebyshev_and_legendre():
    theta = np.linspace(0, math.pi, 7)
    for k in (1, 5, 12):
        assert_allclose(harmonics.gegenbauer(2, k, np.cos(theta)), np.cos(k * theta), atol=2e-14)
    t = np.linspace(-1, 1, 9)
    assert_allclose(harmonics.gegenbauer(3, 3, t), (5 * t**3 - 3 * t) / 2, atol=1e-15)


def test_gegenbauer_broadcasts():
    table = harmonics.gegenbauer(6, np.arange(5)[:, None], np.linspace(-1, 1, 11))
    assert table.shape == (5, 11)
    assert_array_equal(table[3], harmonics.gegenbauer(6, 3, np.linspace(-1, 1, 11)))
    assert harmonics.gegenbauer(6, 3, 0.5).shape == ()
    assert_array_equal(table[:, -1], 1)
    assert harmonics.gegenbauer(6, 4, 1 + 4e-16) == 1  # a cosine with rounding
    assert harmonics.gegenbauer(6, [], 0.5).shape == (0,)


@pytest.mark.parametrize("d", [1, 2, 3, 9, 30, 61])
def test_krawtchouk_is_the_mean_of_products(d):
    """Exact Fractions; degrees above d/2 too, where a plain recursion would be unstable."""
    j, k = np.arange(d + 1), np.arange(d + 1)[:, None]
    exact = [[float(precise.mean_of_products(d, int(a), int(b))) for b in j] for a in k[:, 0]]
    assert_allclose(harmonics.krawtchouk(d, k, 1 - 2 * j / d), exact, rtol=1e-11, atol=(d + 4) * EPS)


def test_krawtchouk_polynomials_are_orthogonal_for_the_binomial_law():
    d, k = 20, np.arange(21)[:, None]
    j = np.arange(d + 1)
    weights = np.array([math.comb(d, int(i)) for i in j]) / 2.0**d
    P = harmonics.krawtchouk(d, k, 1 - 2 * j / d)
    sizes = np.exp(harmonics.log_hypercube_multiplicity(d, k[:, 0]))
    assert_allclose((P * weights) @ P.T * np.sqrt(sizes[:, None] * sizes), np.eye(d + 1), atol=1e-12)


# Multiplication by t


@given(st.integers(2, 60), st.integers(0, 20), st.floats(-1, 1))
def test_times_t_on_the_sphere(d, k, t):
    masses = harmonics.times_t(np.eye(k + 1)[k], d)
    P = harmonics.gegenbauer(d, np.arange(k + 2), t)
    assert_allclose(masses @ P, t * P[k], atol=1e-13)
    assert_allclose(masses.sum(), 1, rtol=4 * EPS)
    assert (masses >= 0).all()


@given(st.integers(1, 25), st.data())
def test_times_t_on_the_hypercube(d, data):
    k, flips = data.draw(st.integers(0, d)), data.draw(st.integers(0, d))
    masses = harmonics.times_t(np.eye(d + 1)[k], d, "hypercube")
    assert masses.shape == (d + 1,)
    P = [float(precise.mean_of_products(d, j, flips)) for j in range(d + 1)]
    assert_allclose(masses @ P, (1 - 2 * flips / d) * P[k], atol=1e-13)


def test_up_probability_is_a_probability_and_certain_at_0():
    for domain, d in (("sphere", 2), ("sphere", 10), ("hypercube", 1), ("hypercube", 10)):
        up = harmonics.up_probability(d, np.arange(d + 1), domain)
        assert ((up >= 0) & (up <= 1)).all()
        assert up[0] == 1
    assert harmonics.up_probability(10, 10, "hypercube") == 0


# Nodes


@pytest.mark.parametrize("d", DIMENSIONS)
def test_gauss_rule_has_the_moments_of_a_coordinate(d):
    """E t^(2j) = (2j-1)!!/(d(d+2)...(d+2j-2))."""
    nodes = harmonics.sphere_nodes(d, 40)
    for j in range(8):
        exact = Fraction(math.prod(range(1, 2 * j, 2)), math.prod(d + 2 * i for i in range(j)))
        assert_allclose(nodes.weights @ nodes.points ** (2 * j), float(exact), rtol=2e-14)
        assert abs(nodes.weights @ nodes.points ** (2 * j + 1)) <= 2 * EPS / math.sqrt(d)  # rounding of the dot product
    assert (nodes.weights >= 0).all()
    assert_allclose(nodes.weights.sum(), 1, rtol=4 * EPS)


@pytest.mark.parametrize("d", DIMENSIONS)
def test_angle_rule_makes_the_polynomials_orthonormal(d):
    k = np.arange(0, 101, 5)
    nodes = harmonics.angle_nodes(d, 100, kinks=[0.3])
    P = harmonics.gegenbauer(d, k[:, None], nodes.points)
    P = P * np.exp(harmonics.log_sphere_multiplicity(d, k) / 2)[:, None]
    assert_allclose((P * nodes.weights) @ P.T, np.eye(k.size), atol=2e-13)
    assert_allclose(np.cos(nodes.angles), nodes.points, atol=2 * EPS)


@pytest.mark.parametrize("d", [2, 3, 7, 400])
def test_a_kink_is_a_panel_end(d):
    """E |t| = Γ(d/2)/(√π Γ((d+1)/2)), which an unsplit Gauss rule misses by 1e-4."""
    exact = math.exp(math.lgamma(d / 2) - math.lgamma((d + 1) / 2)) / math.sqrt(math.pi)
    split = harmonics.angle_nodes(d, kinks=[0.0])
    assert_allclose(split.weights @ np.abs(split.points), exact, rtol=1e-13)
    plain = harmonics.sphere_nodes(d, 65)
    assert abs(plain.weights @ np.abs(plain.points) / exact - 1) > 1e-5


def test_halving_panels_integrate_a_root():
    """E √|t| on the circle is Γ(3/4)/(√π Γ(5/4))."""
    nodes = harmonics.angle_nodes(2, 4, kinks=[0.0], halvings=40)
    exact = math.gamma(0.75) / (math.sqrt(math.pi) * math.gamma(1.25))
    assert_allclose(nodes.weights @ np.sqrt(np.abs(nodes.points)), exact, rtol=1e-14)
    assert harmonics.angle_nodes(2, 4, kinks=[-1.0, 1.0], halvings=40).weights.size > 0


# Bad input


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: harmonics.sphere_multiplicity(1, 2), r"^n_inputs must be a whole number >= 2, got 1; .* use d >= 2"),
        (lambda: harmonics.sphere_multiplicity(5, -1), r"^degree must be a whole number >= 0, got -1"),
        (lambda: harmonics.sphere_multiplicity(5, 1.5), r"^degree must be a whole number >= 0, got 1.5"),
        (lambda: harmonics.sphere_multiplicity(5, math.nan), r"^degree must be a whole number"),
        (lambda: harmonics.hypercube_multiplicity(5, 6), r"^degree must be <= n_inputs on the hypercube \(5\), got 6"),
        (lambda: harmonics.hypercube_multiplicity(0, 0), r"^n_inputs must be a whole number >= 1, got 0"),
        (lambda: harmonics.krawtchouk(5, [1, 6], 0.2), r"^degree must be <= n_inputs on the hypercube"),
        (lambda: harmonics.krawtchouk(5, 1, 0.5), r"^t must be 1 - 2j/5 with a whole j, got 0.5"),
        (lambda: harmonics.gegenbauer(5, 1, 1.01), r"^t must be .*, got 1.01; it is a cosine"),
        (lambda: harmonics.gegenbauer(5, [0.5], 0), r"^degree must be a whole number"),
        (lambda: harmonics.gegenbauer(5, [1, 2], [0, 0, 0]), r"^shapes do not broadcast: degree \(2,\), t \(3,\)"),
        (lambda: harmonics.cyclic_multiplicity(5, 1, "torus"), r"^domain must be one of 'sphere', 'hypercube'"),
        (lambda: harmonics.times_t(1.0, 5), r"^masses must have one entry per degree"),
        (lambda: harmonics.log_sphere_multiplicity(5, [1, -1]), r"^degree must be a whole number >= 0, got -1"),
        (lambda: harmonics.angle_nodes(5, kinks=[2.0]), r"^kinks must be"),
        (lambda: harmonics.sphere_nodes(5, 0), r"^n_nodes must be a whole number >= 1"),
    ],
)
def test_bad_input(call, sentence):
    with pytest.raises(ValueError, match=sentence):
        call()


# Panels


def test_panels_end_on_the_kinks_and_halve_towards_them():
    ends = panel_ends(-1, 2, 0.5, kinks=[0.3, 5.0], halvings=3)
    assert (np.diff(ends) > 0).all()
    assert np.diff(ends).max() <= 0.5
    assert (ends[0], ends[-1]) == (-1, 2)
    assert {0.3, 0.3 + 0.0625, 0.3 - 0.0625} <= set(ends)
    rule = composite_legendre(ends, 5)
    assert_allclose(rule.weights @ rule.points**9, (2.0**10 - 1) / 10, rtol=1e-14)


def test_a_multiplicity_that_no_float_holds() -> None:
    """B(10⁴, 300) = C(10299, 300) - C(10297, 298) has 588 digits: sheet 2 §1.1 has 10^589 for it."""
    exact = math.comb(10_299, 300) - math.comb(10_297, 298)
    assert harmonics.sphere_multiplicity(10_000, 300) == exact
    assert len(str(exact)) == 588
