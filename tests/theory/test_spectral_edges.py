"""Edges and the lowest ridge: mpmath twins (precise), identities, the isotropic closed form, double-double numbers."""

from __future__ import annotations

from fractions import Fraction

import mpmath
import numpy as np
import precise
import precise_spectral_law
import pytest
import strategies
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from mpmath import mpf
from numpy.testing import assert_allclose, assert_array_equal

from riskcalc import Spectrum, effective_ridge
from riskcalc.errors import NotConvergedError
from riskcalc.theory.bracketed_root import root_in
from riskcalc.theory.double_double import DoubleDouble
from riskcalc.theory.spectral_atoms import Anchors, Atoms
from riskcalc.theory.spectral_edges import CriticalPoints, ridge_lower_limit

EPS = np.finfo(float).eps


def critical(eigenvalues, multiplicities, gamma):
    atoms = Atoms.of(Spectrum.from_eigenvalues(eigenvalues, multiplicities), gamma)
    return atoms, CriticalPoints.of(atoms)


# Double-double arithmetic, against exact fractions


numbers = st.floats(-1e6, 1e6).filter(lambda x: abs(x) > 1e-6)


def exact(value: DoubleDouble) -> Fraction:
    return Fraction(float(value.high)) + Fraction(float(value.low))


@given(numbers, numbers, numbers, numbers)
def test_arithmetic_to_twice_the_precision(a, b, c, d):
    x, y = (DoubleDouble.of(p) + DoubleDouble.of(q * 1e-17) for p, q in ((a, b), (c, d)))
    p, q = exact(x), exact(y)
    assert abs(p - Fraction(a) - Fraction(b * 1e-17)) <= 2**-104 * abs(p)
    size = abs(p) + abs(q)  # a difference may cancel
    for got, want, scale in ((x + y, p + q, size), (x - y, p - q, size), (x * y, p * q, p * q), (x / y, p / q, p / q)):
        assert abs(exact(got) - want) <= 2**-100 * abs(scale)
        assert float(got.high) == float(got.high) + float(got.low)


@given(st.lists(numbers, min_size=1, max_size=33))
def test_sums_to_twice_the_precision(values):
    total = exact(DoubleDouble.of(values).total())
    assert abs(total - sum(map(Fraction, values))) <= 2**-100 * sum(abs(Fraction(v)) for v in values)
    assert_array_equal(DoubleDouble.of([values, values]).total().high, [float(total)] * 2)


# Critical points


def test_anchors_are_known_to_twice_the_precision():
    """Both x and D − 1 at a float κ, against fractions."""
    eigenvalues, counts, gamma = [4.0, 1.0, 0.25], [3, 4, 5], 0.375
    atoms = Atoms.of(Spectrum.from_eigenvalues(eigenvalues, counts), gamma)
    kappa = np.array([-5.1, -2.3, -0.4, -0.1, 0.7])
    anchors = Anchors.of(atoms, kappa)
    for i, k in enumerate(map(Fraction, kappa)):
        terms = [(Fraction(m) * Fraction(gamma) / 12, Fraction(s)) for s, m in zip(eigenvalues, counts, strict=True)]
        unit = Fraction(atoms.unit)
        x = k * (sum(c * s / unit / (s / unit + k) for c, s in terms) - 1)
        level = sum(c * (s / unit / (s / unit + k)) ** 2 for c, s in terms) - 1
        assert abs(Fraction(anchors.high[i]) + Fraction(anchors.low[i]) - x) <= abs(x) * Fraction(1, 2**95)
        assert abs(Fraction(anchors.residual[i]) - level) <= abs(level) * Fraction(1, 2**51)


@given(strategies.spectra(tails=False, max_size=7), strategies.powers_of_ten(-3, 3))
@settings(max_examples=40, deadline=None)
def test_gaps_are_those_of_a_dense_search(spectrum, gamma):
    """D < 1 somewhere between two poles, looked for on a fine grid: the gaps are those, and D = 1 at the edges."""
    atoms = Atoms.of(spectrum, gamma)
    points = CriticalPoints.of(atoms)
    sigma = atoms.sigma
    share = np.concatenate([np.geomspace(1e-12, 0.5, 4000), 1 - np.geomspace(0.5, 1e-12, 4000)])
    for i in np.flatnonzero(np.diff(sigma) < -1e-3 * sigma[1:]):
        kappa = -(sigma[i + 1] + (sigma[i] - sigma[i + 1]) * share)
        least = np.min((atoms.share * (sigma / (sigma + kappa[:, None])) ** 2).sum(axis=1))
        assume(abs(least - 1) > 1e-4)
        assert np.sum(points.n_above[points.is_edge] == i + 1) == (2 if least < 1 else 0)
    edges = points.anchors.take(points.edges)
    assert np.all(np.diff(points.anchors.kappa) < 0)
    assert np.all(np.diff(edges.high) >= 0)
    # one unit in the last place of κ moves D by that much of D'
    assert np.all(abs(edges.residual) <= 4 * EPS * (1 + 2 * abs(edges.slope * edges.kappa)))
    x = edges.kappa**2 * (atoms.share * sigma / (sigma + edges.kappa[:, None]) ** 2).sum(axis=1)
    assert_allclose(edges.high, x, rtol=1e-9)  # x = κ² Σ cσ/(σ+κ)² where D = 1, without cancellation


def test_many_separate_bulks():
    """A thousand eigenvalues and a thousand bulks, each with its atom."""
    sigma = np.linspace(1, 2, 1000)
    _, points = critical(sigma, np.ones(1000), 1e-6)
    assert points.edges.size == 2000
    edges = points.anchors.high[points.edges].reshape(-1, 2)
    assert np.all((edges[:, 0] < sigma / 2 * 1) & (sigma / 2 < edges[:, 1]))
    assert_allclose(points.upper_mass[points.edges][::2], np.arange(1000, 0, -1) / 1000, rtol=2 * EPS)


@pytest.mark.parametrize("ratio", [0.2, 1 / 3, 0.5, 0.9])
def test_two_bulks_touch_where_the_hand_says(ratio):
    r"""With s = a + κ and t = −1 − κ at the touching: c = s³/(a²(1−a)) and t³/(1−a), s + t = 1 − a (derived)."""
    a = Fraction(1, 2)
    s = (1 - a) * Fraction(ratio).limit_denominator(10)
    t = 1 - a - s
    counts = s**3 / (a**2 * (1 - a)), t**3 / (1 - a)
    scale = counts[0].denominator * counts[1].denominator
    multiplicities = [float(c * scale) for c in counts[::-1]]  # whole numbers
    gamma = float(sum(counts))
    for factor, bulks in ((1 - 1e-14, 2), (1 + 1e-14, 1)):
        _, points = critical([1.0, float(a)], multiplicities, gamma * factor)
        assert points.edges.size == 2 * bulks
        if bulks == 2:  # D ≃ 1 − 1e-14 + 3 bend h² round the dip
            upper, lower = points.anchors.kappa[points.edges][1:3]
            assert_allclose(upper - lower, 2 * np.sqrt(1e-14 / (3 * points.anchors.bend[points.edges][1])), rtol=0.02)
            assert np.all(abs(points.anchors.residual[1:3]) < 1e-21)
    assert_allclose(-points.anchors.kappa[~points.is_edge], float(a + s), rtol=1e-7)


# The lowest ridge


def test_isotropic_limit():
    """−s(√n − √p)², to rounding also next to n = p."""
    n = np.array([1e-40, 1e-9, 1.0, 100.0, 399.0, 400 - 1e-9, 400 + 1e-9, 401.0, 900.0, 1e9, 1e18])
    with mpmath.workdps(60):
        expected = [float(-3 * (mpmath.sqrt(mpf(float(v))) - 20) ** 2) for v in n]
    assert_allclose(ridge_lower_limit(Spectrum.isotropic(400, 3.0), n), expected, rtol=8 * EPS)
    tenths = Spectrum.from_eigenvalues(np.ones(10), 0.1)  # one after the other they do not add up to 1
    n = np.array([1 - 1e-12, 1 + 1e-12])
    with mpmath.workdps(60):
        expected = [float(-((mpmath.sqrt(mpf(float(v))) - 1) ** 2)) for v in n]
    assert_allclose(ridge_lower_limit(tenths, n), expected, rtol=8 * EPS)
    assert ridge_lower_limit(tenths, 1) == 0
    assert ridge_lower_limit(Spectrum.isotropic(400, 3.0), 400) == 0
    assert ridge_lower_limit(Spectrum.isotropic(400, 3.0), 0) == -1200


def lowest(df2, n, low, high):
    """Bisection for the root of a decreasing df2 = n, in mpmath."""
    low, high = mpf(low), mpf(high)
    while abs(high - low) > abs(low) * mpmath.eps * 10:
        middle = (low + high) / 2
        low, high = (middle, high) if df2(middle) > n else (low, middle)
    return low


@pytest.mark.parametrize(
    ("eigenvalues", "multiplicities"),
    [
        ([10.0, 3.0, 1.0, 0.0], [30.0, 40.0, 30.0, 7.0]),
        ([1.0, 1e-6, 1e-12], [10.0, 20.0, 5.0]),
        ([1.0, 1e-16], [10.0, 10.0]),
        (10.0 ** -np.arange(8.0), np.ones(8)),
    ],
)
def test_limit_is_the_minimum_of_the_ridge(eigenvalues, multiplicities):
    """λ(κ) = κ(n − df1) at the bisected root of df2 = n, also where n fills the eigenvalues above a wide gap."""
    spectrum = Spectrum.from_eigenvalues(eigenvalues, multiplicities)
    shells = precise.Shells(eigenvalues, multiplicities)
    rank, last = spectrum.rank, min(s for s in eigenvalues if s > 0)
    for n in (0.3, 0.5 * rank, 10.0, rank - 1, rank - 1e-6, rank + 1e-6, rank + 1, 40 * rank):
        with mpmath.workdps(60):
            low, high = (
                (-last, 0) if n > rank else (0, mpmath.sqrt(sum(m * mpf(s) ** 2 for s, m in shells._positive()) / n))
            )
            kappa = lowest(shells.df2, n, low, high)
            expected = float(kappa * (n - shells.df1(kappa)))
        assert_allclose(ridge_lower_limit(spectrum, n), expected, rtol=1e-13)
    assert ridge_lower_limit(spectrum, rank) == 0


@pytest.mark.parametrize("exponent", [1.2, 2.0, 3.5])
def test_limit_of_an_infinite_spectrum(exponent):
    spectrum, twin = Spectrum.power_law(exponent), precise.PowerLaw(exponent)
    for n in (1.0, 30.0, 1e4):
        with mpmath.workdps(30):
            kappa = lowest(twin.df2, n, (n + 1) ** -exponent / 4, 1)
            expected = float(kappa * (n - twin.df1(kappa)))
        assert_allclose(ridge_lower_limit(spectrum, n), expected, rtol=1e-11)
    with pytest.raises(ValueError, match=r"n_samples must be <= .* for this infinite spectrum, got 1e\+20"):
        ridge_lower_limit(spectrum, [1.0, 1e20])


def test_limit_with_a_tail():
    """The tail is a ridge: it lowers the limit by its trace, and n never reaches the rank."""
    bare, tailed = Spectrum.from_eigenvalues([2.0, 1.0]), Spectrum.from_eigenvalues([2.0, 1.0], tail=0.5)
    n = np.array([0.0, 0.5, 1.9, 2.0, 7.0])
    expected = ridge_lower_limit(bare, n) - 0.5
    expected[-1] = -0.5
    assert_allclose(ridge_lower_limit(tailed, n), expected, rtol=4 * EPS)


def test_limit_of_long_spectra():
    """Compressed, where κ > 0, they give what the sum over all gives."""
    sigma = np.arange(1, 20_001) ** -1.5
    spectrum, n = Spectrum.from_eigenvalues(sigma), np.geomspace(1, 1e5, 40)
    single = [float(ridge_lower_limit(spectrum, v)) for v in n[::8]]
    assert_allclose(ridge_lower_limit(spectrum, n)[::8], single, rtol=1e-13)


def test_limit_at_its_limits():
    assert_array_equal(ridge_lower_limit(Spectrum.from_eigenvalues([0.0]), [0, 1, 2]), np.zeros(3))
    assert_array_equal(ridge_lower_limit(Spectrum.from_eigenvalues([0.0], tail=2.0), [0, 1]), [-2, -2])
    tiny = Spectrum.from_log_eigenvalues([0.0, -900.0])  # exp(-900) is 0 in a float, but of rank 2
    assert_allclose(ridge_lower_limit(tiny, [0.25, 1, 1.5, 2, 3]), [-0.25, 0, 0, 0, 0], rtol=4 * EPS)
    assert ridge_lower_limit(Spectrum.isotropic(3), np.ones((2, 1, 3))).shape == (2, 1, 3)
    assert ridge_lower_limit(Spectrum.isotropic(3), []).shape == (0,)
    assert np.shape(ridge_lower_limit(Spectrum.isotropic(3), 1)) == ()
    for n in (np.nan, -1, np.inf):
        with pytest.raises(ValueError, match="n_samples must be finite and >= 0"):
            ridge_lower_limit(Spectrum.isotropic(3), n)


@given(strategies.spectra(tails=False), strategies.powers_of_ten(-2, 2))
@settings(max_examples=40, deadline=None)
def test_limit_is_the_lower_edge_of_the_law(spectrum, share):
    """−n times it; and the effective ridge exists just above, not below."""
    n = spectrum.rank * share
    limit = ridge_lower_limit(spectrum, n)
    assume(limit < 0)
    atoms = Atoms.of(spectrum, spectrum.n_features / n)
    edge = CriticalPoints.of(atoms).anchors.high[0] * atoms.unit
    # n is rounded on either side: of n − rank that is EPS n/|n − rank|
    assert_allclose(limit, -n * edge, rtol=16 * EPS * (1 + n / abs(n - spectrum.rank)))
    assert np.isfinite(effective_ridge(spectrum, n, limit * (1 - 1e-6)))
    with pytest.raises(ValueError, match="ridge_lower_limit"):
        effective_ridge(spectrum, n, limit * (1 + 1e-6))


def test_a_root_that_is_not_there():
    with pytest.raises(NotConvergedError, match="nothing was not solved for"):
        root_in("nothing", lambda x: x, (np.ones(1), np.full(1, 2.0)))


def test_edges_of_the_twin():
    """The polynomial's roots and the anchors, to twice the precision of a float."""
    eigenvalues, multiplicities, gamma = [10.0, 3.0, 1.0], [3.0, 4.0, 3.0], 0.1
    atoms, points = critical(eigenvalues, multiplicities, gamma)
    with mpmath.workdps(50):
        exact_edges = precise_spectral_law.edges(
            precise_spectral_law.Population(eigenvalues, multiplicities, gamma), 40
        )
        edges = points.anchors.take(points.edges)
        for want, high, low in zip(exact_edges, edges.high, edges.low, strict=True):
            assert abs((mpf(float(high)) + mpf(float(low))) * atoms.unit - want) < 1e-29 * want
