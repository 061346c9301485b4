"""General Marchenko-Pastur: mpmath twins (precise), identities, the isotropic special case, matrices (simulated)."""

from __future__ import annotations

import math
import pickle
from functools import cache

import mpmath
import numpy as np
import precise_spectral_law as precise
import pytest
import scipy.linalg
import strategies
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from riskcalc import MarchenkoPastur, Spectrum, effective_ridge
from riskcalc.theory import spectral_roots
from riskcalc.theory.spectral_curve import Curve
from riskcalc.theory.spectral_law import SpectralLaw

EPS = np.finfo(float).eps
CRITICAL = 5 / 32  # where the gap of the eigenvalues 1 and 1/2 (4 times) closes: D = 1 and D' = 0 at κ = -3/4, by hand

# eigenvalues, multiplicities, aspect ratio
FEW = {
    "one": ([2.0], [3.0], 0.5),
    "three bulks": ([10.0, 3.0, 1.0], [3.0, 4.0, 3.0], 0.1),
    "ten": (np.arange(1.0, 11.0), np.ones(10), 0.5),
    "ten above": (np.arange(1.0, 11.0), np.ones(10), 3.0),
    "far apart": ([1.0, 1e-8], [1.0, 3.0], 0.7),
    "gap open": ([1.0, 0.5], [1.0, 4.0], CRITICAL * (1 - 1e-9)),
    "gap closed": ([1.0, 0.5], [1.0, 4.0], CRITICAL * (1 + 1e-9)),
    "gap critical": ([1.0, 0.5], [1.0, 4.0], CRITICAL),
    "zeros below": ([2.0, 1.0, 0.0], [1.0, 2.0, 3.0], 0.7),
    "zeros at rank": ([2.0, 1.0, 0.0], [1.0, 2.0, 3.0], 2.0),
    "zeros above": ([2.0, 1.0, 0.0], [1.0, 2.0, 3.0], 5.0),
    "at one": ([3.0, 1.0], [1.0, 1.0], 1.0),
    "near one": ([3.0, 1.0], [1.0, 1.0], 1.0 + 1e-9),
    "tiny ratio": ([2.0, 1.0], [1.0, 1.0], 1e-9),
    "huge ratio": ([2.0, 1.0], [1.0, 1.0], 1e9),
}
MANY = {
    "uniform": (np.linspace(1.0, 2.0, 100), np.ones(100), 0.5),
    "power law": (np.arange(1.0, 101.0) ** -1.0, np.ones(100), 0.3),
}
ALL = FEW | MANY


@cache
def law(name: str) -> SpectralLaw:
    eigenvalues, multiplicities, gamma = ALL[name]
    return SpectralLaw(Spectrum.from_eigenvalues(eigenvalues, multiplicities), gamma)


def population(name: str) -> precise.Population:
    return precise.Population(*ALL[name])


def points(name: str, shares: list[float]) -> np.ndarray:
    """Points of every bulk, ``shares`` of its width from either edge, as far as floats tell them from the edges."""
    support = law(name).support
    low, width = support[:, :1], np.diff(support)
    x = np.concatenate([low + width * shares, low + width * (1 - np.asarray(shares))], axis=1)
    return x[(support[:, :1] < x) & (x < support[:, 1:])]


def rounding(of: SpectralLaw, x) -> np.ndarray:
    """What an error of a few units in the last place of x and of the edges makes of F(x), and F's own rounding."""
    density = np.where(np.isinf(of.pdf(x)), 0.0, of.pdf(x))
    return 4 * EPS * (1 + np.asarray(x) * density)


# Precise: against the roots of polynomials, and against integrals of their density


@pytest.mark.parametrize("name", FEW)
def test_edges_are_roots_of_the_discriminant(name):
    exact = precise.edges(population(name))
    if name in ("zeros at rank", "at one"):
        exact = [0.0, *[x for x in exact if x > 0]]  # κ = 0 is a root too, divided out of the polynomial
    if name == "gap critical":
        exact = [exact[0], exact[-1]]  # the double root between is no edge
    support = law(name).support
    assert support.size == len(exact)
    assert_allclose(support.ravel(), [float(x) for x in exact], rtol=2 * EPS)


@pytest.mark.parametrize("name", FEW)
def test_density_is_the_root_of_the_polynomial_also_next_to_an_edge(name):
    """Asked for is 1e-10 at 1e-12 of the width from an edge; there the exact x - edge enters, not its rounding."""
    for x in points(name, [1e-14, 1e-12, 1e-9, 1e-5, 0.01, 0.3, 0.5]):
        try:
            exact = precise.density(population(name), x)
        except ValueError:  # the float is on the other side of the edge
            assert law(name).pdf(x) == 0
            continue
        # where two edges nearly meet x is a cubic in κ, whose square term is a difference: an error of EPS/|h|
        critical = [*law(name).support.ravel(), 0.84375]
        share = max(min(abs(x - np.array(critical))) / np.ptp(law(name).support), EPS)
        assert_allclose(law(name).pdf(x), float(exact), rtol=4 * EPS * share ** (-1 / 3) if "gap" in name else 16 * EPS)


@pytest.mark.parametrize("name", MANY)
def test_density_of_many_atoms(name):
    for x in points(name, [1e-12, 0.4])[[0, -1]]:
        exact = precise.density(population(name), x, digits=18, root=precise.kappa_by_continuation)
        assert_allclose(law(name).pdf(x), float(exact), rtol=1e-13)


@pytest.mark.parametrize("name", ["three bulks", "zeros below", "zeros above", "far apart"])
def test_distribution_is_the_integral_of_the_density(name):
    """And each bulk has the mass of its atoms: exact separation."""
    of, twin = law(name), population(name)
    bulk = of.support[len(of.support) // 2]
    x = bulk[0] + 0.3 * np.ptp(bulk)
    below = precise.integral(twin, lambda _: mpmath.mpf(1), start=bulk[0], stop=x)
    assert abs(of.cdf(x) - of.cdf(bulk[0]) - float(below)) < 1e-13
    above = precise.integral(twin, lambda _: mpmath.mpf(1), start=x, stop=bulk[1])
    assert abs(of.sf(x) - of.sf(bulk[1]) - float(above)) < 1e-13


@pytest.mark.parametrize("name", FEW)
def test_transforms_are_roots_of_the_polynomial(name):
    of, twin = law(name), population(name)
    low, high = of.support[0, 0], of.support[-1, 1]
    inside = of.support[0, 0] + 0.4 * np.ptp(of.support[0])
    for z in [1j * high, inside + 0.01j * high, inside + 1e-9j * high, -high + 1e-12j * high, 0.5 * low + 1e-3j * high]:
        v, m = 1 / complex(precise.kappa(twin, z)), complex(precise.stieltjes(twin, z))
        assert abs(of.companion_stieltjes(z) - v) <= 40 * EPS * abs(v)
        assert abs(of.stieltjes(z) - m) <= 40 * EPS * abs(m)
        assert abs(of.stieltjes(z.conjugate()) - m.conjugate()) <= 40 * EPS * abs(m)
    v = 1 / complex(precise.kappa(twin, inside))
    assert abs(of.companion_stieltjes(inside) - v) <= 16 * EPS * abs(v)


@pytest.mark.parametrize("name", FEW)
def test_transforms_on_the_real_axis(name):
    """The twin comes down to the axis: at a height of 1e-30 the real part is that on it."""
    of, twin = law(name), population(name)
    low, high = of.support[0, 0], of.support[-1, 1]
    gaps = [(a + b) / 2 for a, b in zip(of.support[:-1, 1], of.support[1:, 0], strict=True) if b - a > 1e-3 * b]
    zs = [-1e-9 * high, -high, -1e9 * high, 1.001 * high, 1e9 * high, *gaps, *([0.7 * low] if low > 0 else [])]
    for z in zs:
        exact = float(mpmath.re(precise.stieltjes(twin, mpmath.mpc(z, mpmath.mpf(10) ** -30), digits=40)))
        got = of.stieltjes(z)
        edge = min(abs(of.support.ravel() - z))
        assert_allclose(got, exact, rtol=16 * EPS * (1 + abs(z) / edge), atol=8 * EPS * abs(1 / edge) * (z in gaps))
        assert of.companion_stieltjes(z).imag == 0


@pytest.mark.parametrize("name", ["three bulks", "ten", "zeros above", "at one", "huge ratio", "far apart"])
def test_moments_are_sums_over_non_crossing_partitions(name):
    for k in range(1, 7):
        assert_allclose(law(name).moment(k), float(precise.moment(population(name), k)), rtol=(4 + k) * EPS)


@pytest.mark.parametrize("gamma", [0.1, 0.9])
def test_negative_moments_are_integrals(gamma):
    twin = precise.Population([2.0, 1.0], [1.0, 2.0], gamma)
    of = SpectralLaw(Spectrum.from_eigenvalues([2.0, 1.0], [1.0, 2.0]), gamma)
    for k in (-2, -5):
        exact = precise.integral(twin, lambda x, k=k: x**k)
        assert_allclose(of.moment(k), float(exact), rtol=1e-13)


# The special case equals the general one


@pytest.mark.parametrize("gamma", [1e-8, 1e-3, 0.0626, 0.5, 1 - 1e-9, 1.0, 1 + 1e-9, 2.0, 1e3, 1e8])
def test_one_eigenvalue_is_marchenko_pastur(gamma):
    one, of = MarchenkoPastur(gamma, 3.0), SpectralLaw(Spectrum.isotropic(7, 3.0), gamma)
    a, b = one.support[0]
    assert_allclose(of.support, one.support, rtol=4 * EPS)
    assert_allclose(of.atom, one.atom, rtol=4 * EPS)
    x = a + (b - a) * np.array([-0.1, 0.003, 0.2, 0.5, 0.9, 0.997, 1.1])
    lost = 16 * EPS * (1 + b / (b - a) / 0.003)  # the other's distances from the edges are rounded
    assert_allclose(of.pdf(x), one.pdf(x), rtol=lost)
    assert np.all(abs(of.cdf(x) - one.cdf(x)) <= 2 * rounding(of, x))
    q = np.linspace(0, 1, 11)
    assert_allclose(of.ppf(q), one.ppf(q), rtol=1e-13, atol=1e-13 * b)
    assert_allclose(of.isf(q), one.isf(q), rtol=1e-13, atol=1e-13 * b)
    z = np.array([-1e-9 * b, -b, -1e9 * b, 2 * b, 1e12 * b])
    assert_allclose(of.stieltjes(z), one.stieltjes(z), rtol=64 * EPS)
    z = np.array([1j * b, (a + b) / 2 - 0.1j * (b - a), -b + 1e-9j * b])
    assert_allclose(of.stieltjes(z), one.stieltjes(z), rtol=64 * EPS * (1 + b / (b - a)))
    for k in (-500, -7, -1, 0, 1, 2, 7, 500):
        assert_allclose(of.moment(k), one.moment(k), rtol=(4 + abs(k)) * EPS)
    assert_allclose([of.mean(), of.var(), of.std()], [one.mean(), one.var(), one.std()], rtol=4 * EPS)


def test_fifty_decades():
    """Eigenvalues that far apart do not see each other, but that the larger one takes its share c of the samples.

    At κ ~ σ₂ it is x = (1 − c₁) κ (c₂/(1 − c₁) σ₂/(σ₂ + κ) − 1), one eigenvalue's equation, up to 1e-50 (derived).
    """
    of, first, second = SpectralLaw(Spectrum.from_eigenvalues([1.0, 1e-50], [1.0, 3.0]), 0.7), 0.7 / 4, 0.7 * 3 / 4
    large = MarchenkoPastur(first)
    small = MarchenkoPastur(second / (1 - first), 1e-50 * (1 - first))
    assert_allclose(of.support, [small.support[0], large.support[0]], rtol=8 * EPS)
    for one, share, below in ((small, 0.75, 0.0), (large, 0.25, 0.75)):
        x = one.support[0, 0] + np.ptp(one.support) * np.array([0.01, 0.3, 0.9])
        assert_allclose(of.pdf(x), share * one.pdf(x), rtol=1e-12)
        assert_allclose(of.cdf(x), below + share * one.cdf(x), rtol=1e-14)
        assert_allclose(of.ppf(below + share * 0.4), one.ppf(0.4), rtol=1e-13)
    assert_allclose(of.moment(-2), 0.75 * small.moment(-2), rtol=1e-14)


# Identities


@cache
def thousand(kind: str) -> tuple[np.ndarray, SpectralLaw]:
    eigenvalues = {"uniform": np.linspace(1, 2, 1000), "power law": np.arange(1.0, 1001.0) ** -1.5}[kind]
    return eigenvalues, SpectralLaw(Spectrum.from_eigenvalues(eigenvalues), 0.5)


@pytest.mark.parametrize("kind", ["uniform", "power law"])
def test_the_equation_holds_on_a_fine_grid(kind):
    """At 2000 points of each of three bulks: no artefact of the table. Summed with the 64 bits of a long double."""
    sigma, of = thousand(kind)
    x = np.concatenate([np.linspace(a, b, 2002)[1:-1] for a, b in of.support[[0, len(of.support) // 2, -1]]])
    v = of.companion_stieltjes(x)
    assert np.all(v.imag > 0)
    assert_allclose(v.imag / (np.pi * 0.5), of.pdf(x), rtol=8 * EPS)
    for some in np.array_split(np.arange(x.size), 30):
        kappa = (1 / v[some, None]).astype(np.clongdouble)
        total = (0.5 / sigma.size * sigma / (sigma + kappa)).sum(axis=1)
        slope = (0.5 / sigma.size * (sigma / (sigma + kappa)) ** 2).sum(axis=1) - 1
        # an error of x(κ) is one of κ times x'; κ is right to a few units in its last place
        assert np.all(abs(kappa[:, 0] * (total - 1) - x[some]) <= 8 * EPS * (abs(kappa[:, 0] * slope) + x[some]))


@pytest.mark.parametrize("kind", ["uniform", "power law"])
def test_the_table_is_a_good_start(kind, monkeypatch):
    """One or two sums a point for the density, two or three steps for a quantile: what the speed rests on."""
    sigma, _ = thousand(kind)
    of, count = SpectralLaw(Spectrum.from_eigenvalues(sigma), 0.5), dict.fromkeys(("position", "upper_mass"), 0)
    methods = {name: getattr(Curve, name) for name in count}
    for name in count:

        def counted(self, at, h, name=name):
            count[name] += at.size
            return methods[name](self, at, h)

        monkeypatch.setattr(Curve, name, counted)
    of.ppf(0.5)
    count["position"] = 0
    x = np.concatenate([np.linspace(a, b, 502)[1:-1] for a, b in of.support])
    of.pdf(x)
    assert count["position"] <= 2.2 * x.size
    count["upper_mass"] = 0
    of.ppf(np.linspace(0.01, 0.99, 1000))
    assert count["upper_mass"] <= {"uniform": 2100, "power law": 3100}[kind]


@pytest.mark.parametrize("name", [*FEW, "uniform"])
def test_total_mass_by_quadrature_of_the_density(name):
    """Gauss and Legendre's rule in φ, x = a + (b − a) sin²(φ/2), panel by panel towards the ends."""
    of, total = law(name), 0.0
    nodes, weights = np.polynomial.legendre.leggauss(24)
    cuts = np.concatenate([[0], np.pi / 2 * 2.0 ** -np.arange(26, -1, -1)])
    cuts = np.unique(np.concatenate([cuts, np.pi - cuts, np.linspace(0, np.pi, 33)]))
    for a, b in of.support:
        if name.startswith("gap c"):  # a cusp, or nearly one, at κ = -3/4
            inner = 2 * math.asin(math.sqrt((0.84375 - a) / (b - a)))
            cuts = np.unique(np.concatenate([inner * cuts / np.pi, inner + (np.pi - inner) * cuts / np.pi]))
        half = np.diff(cuts)[:, None] / 2
        phi = cuts[:-1, None] + half * (1 + nodes)
        x = a + (b - a) * np.sin(phi / 2) ** 2
        mass = np.sum(half * weights * np.sin(phi) * (b - a) / 2 * of.pdf(x))
        assert abs(mass - (of.cdf(b) - of.cdf(a))) < 1e-12 * (1 + b / (b - a))
        total += mass
    assert abs(total + of.atom - 1) < 1e-12 * (1 + b / (b - a))


@pytest.mark.parametrize("name", ALL)
def test_quantile_and_distribution_are_inverse(name):
    """Asked for: F(ppf(q)) = q to 1e-12, and |ppf(F(x)) - x| <= 1e-12 max(1, 1/f(x))."""
    of = law(name)
    q = np.concatenate([np.linspace(0, 1, 201), [1e-15, 1e-9, 1 - 1e-9, 1 - 1e-15]])
    x = of.ppf(q)
    assert np.all(np.diff(x[:201]) >= 0)
    assert np.all(x[q <= of.atom] == (0 if of.atom > 0 else of.support[0, 0]))
    above = q > of.atom
    assert np.all(
        abs(of.cdf(x) - q)[above] <= np.minimum(1e-12, rounding(of, x)[above]) + EPS * x[above] * of.pdf(x[above])
    )
    y = points(name, [1e-3, 0.1, 0.4])
    assert np.all(abs(of.ppf(of.cdf(y)) - y) <= 4 * EPS * y + 16 * EPS / of.pdf(y))
    assert np.all(abs(of.isf(of.sf(y)) - y) <= 4 * EPS * y + 16 * EPS / of.pdf(y))


@given(strategies.spectra(tails=False), strategies.powers_of_ten(-3, 3), st.floats(0, 1), st.floats(-12, 0))
@settings(max_examples=40, deadline=None)
def test_any_spectrum(spectrum, gamma, q, nearness):
    """Up to twenty decades: a law with all its mass, increasing, and with the two functions inverse to each other."""
    of = SpectralLaw(spectrum, gamma)
    support = of.support
    assert np.all(np.diff(support.ravel()) >= 0)
    x = of.ppf(q)
    if q > of.atom:
        assert abs(of.cdf(x) - q) <= rounding(of, x)
    grid = np.unique(support[:, :1] + np.diff(support) * np.array([0, 1e-9, 0.1, 0.5, 0.9, 1]))
    assert np.all(np.diff(of.cdf(grid)) >= -4 * EPS)
    assert_allclose(of.cdf(grid) + of.sf(grid), 1, rtol=4 * EPS)
    assert of.cdf(support[-1, 1]) == 1
    assert of.cdf(-1.0) == 0
    z = complex(grid[0], 10.0**nearness * grid[-1])
    m = of.stieltjes(z)
    assert m.imag > 0
    kappa = 1 / of.companion_stieltjes(z)
    rows = spectrum.eigenvalues > 0
    n = spectrum.n_features / gamma
    total = np.sum(spectrum.masses[rows] / (spectrum.eigenvalues[rows] + kappa)) / n
    assert abs(kappa * (total - 1) - z) <= 64 * EPS * (abs(z) + abs(kappa) * (1 + gamma))


@given(strategies.spectra(tails=False, zeros=False, max_size=4), strategies.powers_of_ten(-2, 2), st.integers(1, 9))
@settings(max_examples=25, deadline=None)
def test_zeros_scale_and_splitting(spectrum, gamma, zeros):
    """Zeros only dilute; the scale and a common factor of the multiplicities go through; equal eigenvalues are one."""
    of, p = SpectralLaw(spectrum, gamma), spectrum.n_features
    share = p / (p + zeros)
    diluted = Spectrum.from_eigenvalues([0.0, *spectrum.eigenvalues], [zeros, *spectrum.multiplicities])
    other = SpectralLaw(diluted, gamma / share)
    doubled = Spectrum.from_eigenvalues(np.tile(8 * spectrum.eigenvalues, 2), np.tile(spectrum.multiplicities, 2) * 7)
    scaled = SpectralLaw(doubled, gamma)
    # the rounding of p and γ moves an edge that is near zero by much of itself
    assume(abs(p / gamma / spectrum.rank - 1) > 1e-3)
    assert_allclose(other.support, of.support, rtol=1e-11)
    assert_allclose(scaled.support, 8 * of.support, rtol=1e-11)
    x = of.support[:, 0] + 0.3 * np.ptp(of.support, axis=1)
    assert_allclose(other.sf(x), share * of.sf(x), rtol=0, atol=1e-11)
    assert_allclose(scaled.pdf(8 * x), of.pdf(x) / 8, rtol=1e-9)
    assert_allclose(scaled.stieltjes(-8 * x), of.stieltjes(-x) / 8, rtol=1e-11)


@pytest.mark.parametrize("name", ALL)
def test_gaps_separate_exactly(name):
    """In a gap, F is the population's share below: no rounding of the curve."""
    of = law(name)
    eigenvalues, multiplicities, _ = ALL[name]
    counts = np.asarray(multiplicities)[np.argsort(eigenvalues)]
    shares = np.cumsum(counts) / counts.sum()
    for below, above in zip(of.support[:-1, 1], of.support[1:, 0], strict=True):
        gap = of.cdf((below + above) / 2)
        assert min(abs(shares - gap)) <= EPS
        assert of.cdf(below) <= gap <= of.cdf(above)
    assert len(of.support) == {
        "three bulks": 3,
        "far apart": 2,
        "gap open": 2,
        "tiny ratio": 2,
        "power law": 6,
    }.get(name, 1)


@pytest.mark.parametrize("name", ["three bulks", "ten above", "zeros at rank", "uniform"])
def test_derivative_of_the_distribution(name):
    of = law(name)
    x = points(name, [0.2, 0.45])
    h = 1e-6 * np.ptp(of.support[0])
    assert_allclose((of.cdf(x + h) - of.cdf(x - h)) / (2 * h), of.pdf(x), rtol=1e-7)


@pytest.mark.parametrize("name", ["three bulks", "ten", "zeros below", "zeros above", "at one"])
def test_moments_of_the_sheet(name):
    eigenvalues, multiplicities, g = ALL[name]
    w = np.asarray(multiplicities) / np.sum(multiplicities)
    m1, m2, m3, m4 = (w @ np.asarray(eigenvalues) ** k for k in (1, 2, 3, 4))
    fourth = m4 + 4 * g * m1 * m3 + 2 * g * m2**2 + 6 * g**2 * m1**2 * m2 + g**3 * m1**4
    expected = [1, m1, m2 + g * m1**2, m3 + 3 * g * m1 * m2 + g**2 * m1**3, fourth]
    assert_allclose([law(name).moment(k) for k in range(5)], expected, rtol=8 * EPS)
    assert_allclose(law(name).var(), law(name).moment(2) - m1**2, rtol=16 * EPS * (1 + m1**2 / law(name).var()))


@pytest.mark.parametrize("name", ["three bulks", "ten", "ten above", "zeros above"])
def test_moments_are_the_expansion_of_stieltjes(name):
    """-z m(z) = Σ E x^k / z^k on a circle round the support, and m(z) = Σ E x^(-k-1) z^k on one round zero."""
    of = law(name)
    circle = np.exp(2j * np.pi * (np.arange(64) + 0.5) / 64)
    z = 2 * of.support[-1, 1] * circle
    for k in range(6):
        coefficient = np.mean(-(z ** (k + 1)) * of.stieltjes(z))
        assert abs(coefficient - of.moment(k)) <= 8 * EPS * abs(z[0]) ** k
    if of.atom == 0:
        z = of.support[0, 0] / 2 * circle
        for k in range(6):
            coefficient = np.mean(of.stieltjes(z) / z**k)
            assert_allclose(coefficient, of.moment(-k - 1), rtol=200 * EPS * 2**k)
        assert_allclose(of.stieltjes(0.0), of.moment(-1), rtol=4 * EPS)


@pytest.mark.parametrize("name", ["three bulks", "ten above", "zeros below", "zeros above", "at one", "uniform"])
def test_companion_is_the_effective_ridge(name):
    """v(−λ/n) = 1/κ, and γ m = v + (1 − γ)/z."""
    eigenvalues, multiplicities, gamma = ALL[name]
    spectrum = Spectrum.from_eigenvalues(eigenvalues, multiplicities)
    n, z = spectrum.n_features / gamma, np.array([1e-3, 1.0, 1e3])
    v = law(name).companion_stieltjes(-z)
    assert_allclose(1 / v.real, effective_ridge(spectrum, n, z * n), rtol=1e-13)
    assert_allclose(gamma * law(name).stieltjes(-z), v.real + (1 - gamma) / -z, rtol=1e-11)


def test_density_at_zero_when_n_is_the_rank():
    """κ ≃ −i√(x/A) with A = Σ c/σ, so that f ≃ √A/(πγ√x); the next term is O(√x) relative."""
    for name in ("zeros at rank", "at one"):
        of = law(name)
        eigenvalues, multiplicities, gamma = ALL[name]
        sigma, m = np.array(eigenvalues), np.array(multiplicities)
        a = gamma * np.sum(m[sigma > 0] / sigma[sigma > 0]) / m.sum()
        for x in (1e-30, 1e-18):
            assert_allclose(of.pdf(x) * math.sqrt(x), math.sqrt(a) / (np.pi * gamma), rtol=2 * math.sqrt(x) + 8 * EPS)
            assert_allclose(of.cdf(x) - of.atom, 2 * x * of.pdf(x), rtol=0, atol=4 * EPS)
        assert of.pdf(0) == np.inf
        assert of.support[0, 0] == 0
        assert of.moment(-1) == np.inf
        assert_allclose(of.cdf(0), of.atom, rtol=0)


def test_rounded_ratios_are_the_rank():
    """γ = p/rank is no float as a rule; its rounding is taken for it."""
    for rank, zeros in ((30, 5), (7, 11), (49, 0), (1e7, 3)):
        of = SpectralLaw(Spectrum.from_eigenvalues([2.0, 1.0, 0.0], [rank - 3, 3, zeros]), (rank + zeros) / rank)
        assert of.pdf(0) == np.inf
        assert_allclose(of.atom, zeros / (rank + zeros), rtol=EPS)


def test_a_gap_opens_with_the_last_digit():
    """γ one unit in the last place on either side of where two bulks touch; nothing is decided by a tolerance."""
    spectrum = Spectrum.from_eigenvalues([1.0, 0.5], [1.0, 4.0])
    below, above = np.nextafter(CRITICAL, 0), np.nextafter(CRITICAL, 1)
    assert len(SpectralLaw(spectrum, CRITICAL).support) == 1
    assert len(SpectralLaw(spectrum, above).support) == 1
    touching = SpectralLaw(spectrum, below)
    assert_array_equal(touching.support[:, [1, 0]].ravel()[[0, 3]], [0.84375, 0.84375])
    assert_allclose(touching.cdf(0.84375), 0.8, rtol=4 * EPS)
    for gamma in (below, CRITICAL, above):  # a cusp: f ~ |x - c|^(1/3)
        of = SpectralLaw(spectrum, gamma)
        near, far = of.pdf(0.84375 + 1e-12), of.pdf(0.84375 + 1e-9)
        assert_allclose(far / near, 10, rtol=1e-3)


@pytest.mark.parametrize("name", ["three bulks", "ten above", "gap closed", "zeros at rank", "power law"])
def test_what_catches_a_lost_iteration(name, monkeypatch):
    """The nested brackets alone give the same roots: Newton's iteration is made to fail everywhere."""
    eigenvalues, multiplicities, gamma = ALL[name]
    of = SpectralLaw(Spectrum.from_eigenvalues(eigenvalues, multiplicities), gamma)
    x = points(name, [1e-6, 0.03, 0.4])
    density = law(name).pdf(x)
    z = x[::3] + 1j * of.support[-1, 1] * np.geomspace(1e-9, 1, x[::3].size)
    m, newton = law(name).stieltjes(z), Curve.root
    monkeypatch.setattr(Curve, "root", lambda self, at, x, start: (start, np.arange(at.size)))
    assert_allclose(of.pdf(x), density, rtol=1e-9)
    calls = []

    def only_the_second(self, at, x, start):
        calls.append(at.size)
        return newton(self, at, x, start) if len(calls) % 2 == 0 else (start, np.arange(at.size))

    monkeypatch.setattr(Curve, "root", only_the_second)
    assert_allclose(of.stieltjes(z), m, rtol=1e-12)
    assert calls
    assert spectral_roots.FIXED_POINT_STEPS > 0


# Simulated


def sample_eigenvalues(eigenvalues, n, seed=11):
    """Eigenvalues of XᵀX/n for one Gaussian X, the min(n, rank) of them that are not zero."""
    sigma = np.asarray(eigenvalues)
    x = np.random.default_rng(seed).standard_normal((n, sigma.size)) * np.sqrt(sigma)
    gram = x.T @ x if sigma.size <= n else x @ x.T
    found = scipy.linalg.eigvalsh(gram / n)
    return found[-min(n, np.count_nonzero(sigma)) :]


def largest_error(of, found, p):
    """Largest error of the count of the p eigenvalues above an x, over all x."""
    upper = p * of.sf(found)
    count = len(found)
    return np.maximum(abs(upper - np.arange(count, 0, -1)), abs(upper - np.arange(count - 1, -1, -1))).max()


def matrices(size: int):
    half, third = size // 2, size // 3
    return {
        "uniform": (np.linspace(1, 2, half), size),
        "power law": (np.arange(1.0, half + 1) ** -1.0, size),
        "three bulks": (np.repeat([10.0, 3.0, 1.0], [third, third, third]), 10 * third),
        "wide": (np.linspace(1, 2, size), half),
        "zeros": (np.repeat([2.0, 1.0, 0.0], [half // 2, half // 2, half]), size),
        "at rank": (np.repeat([2.0, 1.0], [half // 2, half // 2]), 2 * (half // 2)),
    }


def compare(case: str, size: int) -> None:
    """The count of eigenvalues above x errs by √2 log(p)/π at the worst x, to leading order, as for white noise.

    That is the maximum of the log-correlated fluctuations of real symmetric matrices; see test_marchenko_pastur.py.
    Allowed is twice it (2.8 for 500); independent draws would err by √p.
    """
    eigenvalues, n = matrices(size)[case]
    of = SpectralLaw(Spectrum.from_eigenvalues(eigenvalues), len(eigenvalues) / n)
    found = sample_eigenvalues(eigenvalues, n)
    assert largest_error(of, found, len(eigenvalues)) < 2 * math.sqrt(2) * math.log(len(found)) / math.pi
    assert_allclose(np.sum(found**2) / len(eigenvalues), of.moment(2), rtol=0.05)
    if case == "power law":
        return  # its outer bulks are single eigenvalues, which fluctuate as those do
    edges = of.support[[0, -1], [0, 1]]
    assert np.all(abs(found[[0, -1]] - edges) < 6 * edges[1] * len(found) ** (-2 / 3))  # Tracy and Widom's scale


@pytest.mark.parametrize("case", matrices(400))
def test_eigenvalues_of_a_sample_covariance(case):
    compare(case, 400)


@pytest.mark.slow
@pytest.mark.parametrize("case", matrices(2000))
def test_eigenvalues_of_a_large_sample_covariance(case):
    compare(case, 2000)


@pytest.mark.parametrize("name", ["three bulks", "zeros above"])
def test_draws_follow_the_distribution(name):
    """Massart's bound P(√n D > t) <= 2 exp(−2t²) at the level 1e-6."""
    n, of = 20_000, law(name)
    draws = of.rvs(n, rng=5)
    found, counts = np.unique(draws, return_counts=True)
    upto = np.cumsum(counts) / n
    limit = math.sqrt(math.log(2e6) / 2 / n)
    assert abs(upto - of.cdf(found)).max() < limit
    assert abs((upto - counts / n - of.cdf(found))[found > 0]).max() < limit
    assert_array_equal(draws, of.rvs((n,), rng=np.random.SeedSequence(5)))
    generator = np.random.default_rng(5)
    assert_allclose(draws[:4], of.rvs((2, 2), rng=generator).ravel(), rtol=4 * EPS)
    assert of.rvs(rng=generator).shape == ()


# Shapes and bad input


def test_shapes():
    of = law("three bulks")
    for method in (of.pdf, of.cdf, of.sf, of.ppf, of.isf, of.stieltjes, of.companion_stieltjes):
        assert method(0.5 if method in (of.ppf, of.isf) else -0.5).shape == ()
        assert method(np.full((2, 1, 3), 0.25 if method in (of.ppf, of.isf) else -0.5)).shape == (2, 1, 3)
        assert method([]).shape == (0,)
    assert of.support.shape == (3, 2)
    scalars = [
        of.pdf(1),
        of.cdf(1),
        of.sf(1),
        of.ppf(0.5),
        of.isf(0.5),
        of.moment(-2),
        of.moment(0),
        of.mean(),
        of.var(),
    ]
    assert all(np.shape(v) == () and v.dtype == np.float64 for v in [*scalars, of.std(), of.median(), of.atom])
    assert of.stieltjes(-1).dtype == np.float64
    assert of.stieltjes(1j).dtype == of.companion_stieltjes(-1).dtype == np.complex128
    single = [of.pdf(x) for x in (0.7, 1.0, 3.0)]
    assert_array_equal(of.pdf([0.7, 1.0, 3.0]), single)


def test_outside_and_at_infinity():
    of = law("zeros below")
    x = [-np.inf, -1.0, 0.0, 1e-3, 1e6, 1e300, np.inf]
    assert_array_equal(of.pdf(x), np.zeros(7))
    assert_array_equal(of.cdf(x), [0, 0, 0.5, 0.5, 1, 1, 1])
    assert_array_equal(of.sf(x), [1, 1, 0.5, 0.5, 0, 0, 0])
    assert_array_equal(of.ppf([0, 0.5, 1]), [0, 0, of.support[0, 1]])
    assert_array_equal(of.isf([0, 0.5, 1]), [of.support[0, 1], 0, 0])
    assert_array_equal(law("three bulks").ppf([0.0, 0.3, 1.0]), law("three bulks").support.ravel()[[0, 1, 5]])
    assert_allclose(of.stieltjes([1e300, -1e300, 1e200j]), [-1e-300, 1e-300, 1e-200j], rtol=4 * EPS)
    assert_allclose(of.companion_stieltjes([1e300, -1e300]), [-1e-300, 1e-300], rtol=4 * EPS)


def test_extreme_scales():
    """Powers of two go through exactly; eigenvalues and multiplicities of any size are held."""
    eigenvalues, multiplicities, gamma = ALL["three bulks"]
    for factor, count in ((2.0**-600, 2.0**900), (2.0**900, 2.0**-900)):
        spectrum = Spectrum.from_eigenvalues(np.array(eigenvalues) * factor, np.array(multiplicities) * count)
        of = SpectralLaw(spectrum, gamma)
        assert_array_equal(of.support, law("three bulks").support * factor)
        assert_array_equal(of.ppf([0.1, 0.9]), law("three bulks").ppf([0.1, 0.9]) * factor)
        assert of.moment(2) == law("three bulks").moment(2) * factor**2 if factor < 1 else np.inf
        assert not np.isnan(of.moment(-3))
        assert_array_equal(of.stieltjes(-factor), law("three bulks").stieltjes(-1.0) / factor)
        for method in (of.stieltjes, of.companion_stieltjes):
            assert_allclose(method([1e300, -1e300j]) if factor < 1 else [-1e-300, -1e-300j], [-1e-300, -1e-300j])
        assert of.pdf(1e300) == (0 if factor < 1 else of.pdf(1e300))


def test_equality_and_pickling():
    of = law("three bulks")
    assert pickle.loads(pickle.dumps(of)) == of
    assert of.replace(aspect_ratio=0.2) != of
    assert of.replace(aspect_ratio=0.1) == of
    assert repr(of) == "SpectralLaw(spectrum=Spectrum(n_features=10, trace=45), aspect_ratio=0.1)"


TWO = Spectrum.from_eigenvalues([2.0, 1.0])


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: SpectralLaw(TWO, 0), "aspect_ratio must be finite and > 0, got 0"),
        (lambda: SpectralLaw(TWO, np.nan), "aspect_ratio must be finite and > 0, got nan"),
        (lambda: SpectralLaw(TWO, [1, 2]), r"aspect_ratio must be an array of 0 dimension"),
        (lambda: SpectralLaw(TWO, 1e40), "upper edge|multiplicities must be 0 or from"),
        (lambda: SpectralLaw(TWO, 1e-20), "multiplicities must be 0 or from 1e-15 to 1e.15 per sample"),
        (lambda: SpectralLaw(Spectrum.from_eigenvalues([1e290]), 1e20), "upper edge.* must be finite"),
        (lambda: SpectralLaw(Spectrum.from_eigenvalues([1.0], tail=0.5), 1), "no tail to have a law, got tail 0.5"),
        (lambda: SpectralLaw(Spectrum.power_law(2.0), 1), "finitely many eigenvalues.*give a finite n_features"),
        (lambda: SpectralLaw(Spectrum.from_eigenvalues([0.0]), 1), "must have a positive eigenvalue, got none"),
        (lambda: SpectralLaw(Spectrum.from_log_eigenvalues([0, -900]), 1), "0 or at least 1e-60 of the largest"),
        (lambda: law("one").pdf(np.nan), "x must be a number, got nan"),
        (lambda: law("one").ppf(1.5), "q must be finite and >= 0 and <= 1, got 1.5"),
        (lambda: law("one").isf(np.nan), "q must be"),
        (lambda: law("one").moment(0.5), "k must be a whole number"),
        (lambda: law("one").moment(501), "k must be a whole number <= 500"),
        (lambda: law("one").moment(-501), "k must be a whole number >= -500"),
        (
            lambda: law("one").stieltjes(2.0),
            "z must be off the .support and the .atom, got 2; give it an imaginary part",
        ),
        (lambda: law("one").stieltjes([-1.0, law("one").support[0, 1]]), "z must be off the .support"),
        (lambda: law("zeros above").stieltjes(0j), "z must be off the .support and the .atom, got 0"),
        (lambda: law("at one").stieltjes(0), "z must be off the .support"),
        (lambda: law("one").stieltjes(np.inf), "z must be finite"),
        (lambda: law("one").companion_stieltjes(0), "z must not be 0 where n_samples is at least the rank"),
        (lambda: law("at one").companion_stieltjes(0), "z must not be 0"),
        (lambda: law("one").companion_stieltjes(np.nan), "z must be finite"),
    ],
)
def test_bad_input(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_not_a_spectrum():
    with pytest.raises(TypeError, match=r"spectrum must be a Spectrum, got list; see Spectrum\.from_eigenvalues"):
        SpectralLaw([1.0, 2.0], 0.5)
    with pytest.raises(TypeError, match="aspect_ratio must be real numbers"):
        SpectralLaw(TWO, "0.5")
    assert law("ten above").companion_stieltjes(0).real > 0  # n < rank: no atom of the companion, and κ(0) > 0
