"""Marchenko-Pastur: identities, mpmath twins (precise), Narayana's numbers (published), matrices (simulated)."""

from __future__ import annotations

import math
import pickle
import tomllib
from pathlib import Path

import mpmath
import numpy as np
import precise_marchenko_pastur as precise
import pytest
import scipy.linalg
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from riskcalc.theory.marchenko_pastur import MarchenkoPastur

EPS = np.finfo(float).eps
PUBLISHED = tomllib.loads((Path(__file__).parents[1] / "published" / "marchenko_pastur.toml").read_text())

# 1/16 is where the two forms of the distribution function meet
RATIOS = [1e-6, 1e-3, 0.06, 0.0625, 0.0626, 0.3, 0.9, 1 - 1e-8, 1.0, 1 + 1e-8, 1.5, 10.0, 16.5, 1e3, 1e6]
USUAL = [0.05, 0.5, 1.0, 2.0, 20.0]
ratios = st.floats(-6, 6).map(lambda exponent: 10.0**exponent)
probabilities = st.floats(0, 1)


def inside(law: MarchenkoPastur, share) -> np.ndarray:
    a, b = law.support[0]
    return a + (b - a) * np.asarray(share)


def rounding(law: MarchenkoPastur, x) -> np.ndarray:
    """What an error of one unit in the last place of x and of the edges makes of F(x), and F's own rounding."""
    return EPS * (1 + np.asarray(x) * law.pdf(x))


# Precise: against the density of the definition, integrated by mpmath


@pytest.mark.parametrize("gamma", RATIOS)
def test_distribution_is_the_integral_of_the_density(gamma):
    law = MarchenkoPastur(gamma, 3.0)
    for x in inside(law, [0.003, 0.4, 0.98]):
        assert abs(float(precise.cdf(gamma, 3.0, x, digits=20) - law.cdf(x))) <= 2 * rounding(law, x)
        assert abs(float(precise.sf(gamma, 3.0, x, digits=20) - law.sf(x))) <= 2 * rounding(law, x)


@pytest.mark.parametrize("gamma", RATIOS)
def test_density_is_the_definition(gamma):
    law = MarchenkoPastur(gamma, 3.0)
    x = inside(law, [0.1, 0.5, 0.9])
    exact = [float(precise.density(gamma, 3.0, v)) for v in x]
    width = np.ptp(law.support)  # the rounding of x and of the edges, relative to the distances from the edges
    assert_allclose(law.pdf(x), exact, rtol=10 * EPS * (1 + x.max() / width))


def test_total_mass():
    for gamma in RATIOS:
        mass = precise.integral(lambda _: mpmath.mpf(1), gamma, digits=30) + precise.atom(gamma, digits=30)
        assert abs(mass - 1) < 1e-18
        law = MarchenkoPastur(gamma)
        assert_allclose(float(precise.atom(gamma)), law.atom, rtol=2 * EPS)


@pytest.mark.parametrize("gamma", [0.01, 0.5, 0.999, 1.0, 3.0])
def test_tails_keep_their_digits(gamma):
    """The mass beside an edge to 1e-14, once the rounding of x itself (x/u, b/w) is allowed for."""
    law = MarchenkoPastur(gamma)
    a, b = precise.edges(gamma)
    for share in (1e-12, 1e-7, 1e-3):
        x = inside(law, share)
        u = float(x - a)
        exact = precise.sf(gamma, 1.0, a) - precise.sf(gamma, 1.0, x) if share > 1e-4 else small_mass(gamma, x)
        if gamma <= 1:
            assert_allclose(law.cdf(x), float(exact), rtol=1e-14 + 4 * EPS * x / u)
        x = inside(law, 1 - share)
        w = float(b - x)
        assert_allclose(law.sf(x), float(precise.sf(gamma, 1.0, x)), rtol=1e-14 + 4 * EPS * x / w)


def small_mass(gamma, x):
    a, _ = precise.edges(gamma)
    return precise.integral(lambda _: mpmath.mpf(1), gamma, start=a, stop=x)


@pytest.mark.parametrize("gamma", [1e-6, 0.05, 0.5, 0.9, 0.999, 1 - 1e-8])
def test_negative_moments_are_integrals(gamma):
    law = MarchenkoPastur(gamma, 2.0)
    for k in (-1, -3, -12) if gamma > 0.99 else (-1, -2, -3, -4, -7, -12):
        exact = float(precise.moment(gamma, 2.0, k, digits=20))
        assert_allclose(law.moment(k), exact, rtol=(4 + 2 * abs(k)) * EPS)


@pytest.mark.parametrize("gamma", [1e-6, 0.5, 1.0, 1.7, 1e6])
def test_positive_moments_are_integrals(gamma):
    law = MarchenkoPastur(gamma, 2.0)
    for k in (0, 1, 2, 3, 6, 11):
        assert_allclose(law.moment(k), float(precise.moment(gamma, 2.0, k, digits=20)), rtol=(4 + 2 * k) * EPS)


@pytest.mark.parametrize("gamma", [1e-6, 0.05, 0.5, 1.0, 2.0, 1e6])
def test_stieltjes_is_the_integral(gamma):
    law = MarchenkoPastur(gamma, 2.0)
    a, b = law.support[0]
    gap = [0.3 * a, 0.999 * a] if gamma != 1 else []
    for z in [-1e-12, -0.1 * b, -1e9 * b, *gap, b * 1.001, 7 * b, 1e12 * b]:
        exact = float(precise.stieltjes(gamma, 2.0, z, digits=20))
        distance = min(abs(z - a), abs(z - b))
        assert_allclose(law.stieltjes(z), exact, rtol=8 * EPS * (1 + (abs(z) + b) / distance))
    for z in [(a + b) / 2 + 0.1j * b, (a + b) / 2 - 0.1j * b, 1e-9j, -b + 3j * b, 0.7 * b - 1e10j]:
        exact = complex(precise.stieltjes(gamma, 2.0, z, digits=20))
        assert abs(law.stieltjes(z) - exact) <= 40 * EPS * abs(exact)


# Identities


@given(ratios, probabilities)
@settings(max_examples=60, deadline=None)
def test_quantile_inverts_the_distribution(gamma, q):
    law = MarchenkoPastur(gamma)
    x = law.ppf(q)
    a, b = law.support[0]
    if law.atom > 0 and q <= law.atom:
        assert x == 0
    else:
        assert a <= x <= b
        assert abs(law.cdf(x) - q) <= 1e-12
    assert abs(law.sf(law.isf(q)) - min(q, 1 - law.atom)) <= 1e-12


@given(ratios, st.floats(0.001, 0.999))
@settings(max_examples=60, deadline=None)
def test_distribution_inverts_the_quantile(gamma, share):
    law = MarchenkoPastur(gamma)
    x = inside(law, share)
    # one rounding of F, of the atom and of q moves x by EPS/f(x); x itself rounds
    assert_allclose(law.ppf(law.cdf(x)), x, rtol=0, atol=8 * EPS / law.pdf(x) + 8 * EPS * x)


@pytest.mark.parametrize("gamma", [0.0626, 0.9, 1 - 1e-15, 1.0])
def test_small_probabilities(gamma):
    """The quantile near the lower edge, in its own digits where the edge is 0 and to the rounding of x elsewhere."""
    law = MarchenkoPastur(gamma)
    q = np.concatenate([[5e-324], np.logspace(-300, -1, 60)])
    x, a = law.ppf(q), law.support[0, 0]
    assert np.all(np.diff(x) >= 0)
    assert np.all(x >= a)
    if gamma == 1:  # F(x) = 2 sqrt(x)/pi (1 + O(x))
        assert_allclose(x[(1e-150 < q) & (q < 1e-9)], (np.pi * q[(1e-150 < q) & (q < 1e-9)] / 2) ** 2, rtol=1e-14)
        assert_allclose(law.cdf(x)[q > 1e-150], q[q > 1e-150], rtol=1e-14)
    assert_allclose(law.cdf(x), q, rtol=0, atol=2 * EPS)


@given(st.floats(0.001, 1), st.floats(0.001, 1))
@settings(max_examples=60, deadline=None)
def test_reciprocity(gamma, share):
    law, other = MarchenkoPastur(gamma), MarchenkoPastur(1 / gamma)
    x = inside(law, share)
    # the rounding of 1/gamma moves the lower edge by 1 - gamma times it
    assert_allclose(other.support, law.support / gamma, rtol=8 * EPS, atol=4 * EPS * (1 - gamma) / gamma)
    assert_allclose(other.sf(x / gamma), gamma * law.sf(x), rtol=0, atol=8 * gamma * rounding(law, x))
    z = complex(x, 0.3)
    assert_allclose(other.stieltjes(z / gamma), gamma**2 * law.stieltjes(z) - gamma * (1 - gamma) / z, rtol=1e-13)


@given(ratios, st.floats(-100, 100).map(lambda exponent: 10.0**exponent))
@settings(max_examples=60, deadline=None)
def test_scaling_with_the_variance(gamma, variance):
    law, unit = MarchenkoPastur(gamma, variance), MarchenkoPastur(gamma)
    assert_allclose(law.support, variance * unit.support, rtol=1e-14)
    y = inside(unit, 0.3)
    assert abs(law.cdf(variance * y) - unit.cdf(y)) <= 4 * rounding(unit, y)
    assert_allclose(law.pdf(variance * y) * variance, unit.pdf(y), rtol=1e-12)
    assert_allclose(law.ppf(0.99), variance * unit.ppf(0.99), rtol=1e-14)
    assert_allclose(law.moment(2), variance**2 * unit.moment(2), rtol=1e-13)
    assert_allclose(law.stieltjes(-variance) * variance, unit.stieltjes(-1), rtol=1e-13)


@given(ratios, st.complex_numbers(min_magnitude=1e-6, max_magnitude=1e6))
@settings(max_examples=60, deadline=None)
def test_stieltjes_solves_its_equation(gamma, z):
    if abs(z.imag) < 1e-3 * abs(z):
        z = complex(-abs(z), 0.0)
    m = MarchenkoPastur(gamma, 2.0).stieltjes(z)
    terms = [2 * gamma * z * m**2, (z - 2 * (1 - gamma)) * m, 1.0]
    assert abs(sum(terms)) <= 1e-12 * max(map(abs, terms))
    if z.imag:
        assert m.imag * z.imag > 0


@pytest.mark.parametrize("gamma", USUAL)
def test_stieltjes_is_kappa_of_ridge_regression(gamma):
    z = np.array([0.01, 1.0, 100.0])
    law = MarchenkoPastur(gamma)
    v = gamma * law.stieltjes(-z) + (1 - gamma) / z  # the companion, 1/kappa
    # v comes from a difference of relative size 1/(z v)
    assert_allclose(1 - z * v, gamma / (1 + 1 / v), rtol=1e-10)
    assert_allclose(law.stieltjes(-z), 1 / v / (z * (1 + 1 / v)), rtol=1e-10)


@pytest.mark.parametrize("gamma", [0.05, 0.5, 1.0, 2.0, 20.0])
def test_moments_are_the_expansion_of_stieltjes(gamma):
    """-z m(z) = sum_k E x^k / z^k; its coefficients by the trapezoidal rule on a circle round the support."""
    law = MarchenkoPastur(gamma, 0.7)
    radius = 2 * law.support[0, 1]
    z = radius * np.exp(2j * np.pi * (np.arange(64) + 0.5) / 64)
    for k in range(6):
        coefficient = np.mean(-(z ** (k + 1)) * law.stieltjes(z))
        # aliasing leaves E x^(k+64)/radius^64 <= b^k 2^-64, rounding EPS radius^k
        assert abs(coefficient - law.moment(k)) <= 4 * EPS * radius**k


@pytest.mark.parametrize("gamma", [0.05, 0.5, 0.9])
def test_stieltjes_at_zero_gives_the_inverse_moments(gamma):
    law = MarchenkoPastur(gamma)
    assert_allclose(law.stieltjes(0.0), law.moment(-1), rtol=4 * EPS)
    radius = law.support[0, 0] / 2
    z = radius * np.exp(2j * np.pi * np.arange(64) / 64)
    for k in range(6):  # m(z) = sum_k E x^(-k-1) z^k
        coefficient = np.mean(law.stieltjes(z) / z**k)
        assert_allclose(coefficient, law.moment(-k - 1), rtol=40 * EPS * 2**k / law.support[0, 0])


def test_moments_satisfy_their_recursion():
    r"""(k+1) M_k = (2k-1)(1+γ) M_{k-1} - (k-2)(1-γ)² M_{k-2}, through negative orders too."""
    gamma = np.array([0.01, 0.3, 0.8])
    law = MarchenkoPastur(gamma)
    for k in range(-30, 31):
        terms = [(2 * k - 1) * (1 + gamma) * law.moment(k - 1), -(k - 2) * (1 - gamma) ** 2 * law.moment(k - 2)]
        scale = abs(terms[0]) + abs(terms[1])
        assert np.all(abs((k + 1) * law.moment(k) - sum(terms)) <= 200 * EPS * scale)


def test_derivative_of_the_distribution():
    law = MarchenkoPastur([0.04, 0.5, 1.0, 4.0])
    x = law.support[:, 0, 0] + 0.37 * np.ptp(law.support, axis=-1)[:, 0]
    h = 1e-5 * x
    assert_allclose((law.cdf(x + h) - law.cdf(x - h)) / (2 * h), law.pdf(x), rtol=1e-7)


def test_edges():
    law = MarchenkoPastur(1.0)
    assert law.pdf(0) == np.inf
    assert law.cdf(0) == 0
    assert law.support.tolist() == [[0.0, 4.0]]
    law = MarchenkoPastur([0.25, 4.0])
    assert law.support.tolist() == [[[0.25, 2.25]], [[1.0, 9.0]]]
    assert_array_equal(law.pdf([[-1.0], [0.0], [0.1], [9.5], [np.inf]]), np.zeros((5, 2)))
    assert_array_equal(
        law.cdf([[-np.inf], [-1e-300], [0.0], [9.5], [np.inf]]), [[0, 0], [0, 0], [0, 0.75], [1, 1], [1, 1]]
    )
    assert_array_equal(law.sf([[-1.0], [0.0], [9.0], [np.inf]]), [[1, 1], [1, 0.25], [0, 0], [0, 0]])
    assert_array_equal(law.ppf([0.0, 0.75]), [0.25, 0.0])
    assert_array_equal(law.ppf(1.0), [2.25, 9.0])
    assert_array_equal(law.isf([[0.0], [1.0]]), [[2.25, 9.0], [0.25, 0.0]])
    near = MarchenkoPastur(1 + 1e-12)
    assert_allclose(near.support[0, 0], float(precise.edges(1 + 1e-12)[0]), rtol=4 * EPS)


def test_moments_at_their_limits():
    law = MarchenkoPastur([0.5, 1.0, 2.0], [1e-200, 1.0, 1e200])
    for k in (-500, -7, -1, 0, 1, 7, 500):
        value = law.moment(k)
        assert not np.isnan(value).any()
        assert k >= 0 or np.all(value[1:] == np.inf)
    assert_array_equal(law.moment(0), np.ones(3))
    catalan = math.comb(40, 20) // 21
    assert_allclose(MarchenkoPastur(1).moment(20), catalan, rtol=4 * EPS)
    assert np.isfinite(MarchenkoPastur(1).moment(500))


def test_small_methods():
    law = MarchenkoPastur([0.5, 2.0], 3.0)
    assert_allclose(law.mean(), [3.0, 3.0], rtol=2 * EPS)
    assert_allclose(law.var(), law.moment(2) - law.moment(1) ** 2, rtol=16 * EPS)
    assert_allclose(law.std() ** 2, law.var(), rtol=4 * EPS)
    assert_array_equal(law.median(), law.ppf(0.5))
    low, high = MarchenkoPastur(0.5).interval(0.9)
    assert_allclose(MarchenkoPastur(0.5).cdf([low, high]), [0.05, 0.95], rtol=1e-14)
    assert law.interval(0.9).shape == (2, 2)


# Published


@pytest.mark.parametrize(("order", "row"), PUBLISHED["narayana"].items())
def test_narayana_polynomials(order, row):
    assert row == row[::-1]
    assert sum(row) == PUBLISHED["catalan"][int(order) - 1]
    gamma = np.array([0.0625, 0.5, 1.0, 2.0, 8.0])  # powers of two: exact in a float
    expected = np.polynomial.polynomial.polyval(gamma, row)
    assert_allclose(MarchenkoPastur(gamma).moment(int(order)), expected, rtol=2 * EPS)


# Simulated


@pytest.mark.parametrize("gamma", USUAL)
def test_draws_follow_the_distribution(gamma):
    """Massart's bound P(sqrt(n) D > t) <= 2 exp(-2 t²) at the level 1e-6."""
    n, law = 20_000, MarchenkoPastur(gamma, 1.3)
    draws = np.sort(law.rvs(n, rng=20))
    steps = np.arange(n + 1) / n
    positive = draws > 0
    above, below = steps[1:] - law.cdf(draws), (law.cdf(draws) - steps[:-1])[positive]
    limit = math.sqrt(math.log(2e6) / 2 / n)
    last = np.append(np.diff(draws) > 0, True)  # the empirical function jumps over ties at once
    assert max(above[last].max(), -above[last].min(), below.max()) < limit
    assert draws.dtype == np.float64


def test_draws_are_reproducible():
    law = MarchenkoPastur([0.5, 2.0])
    first = law.rvs((5, 2), rng=3)
    assert_array_equal(first, law.rvs((5, 2), rng=np.random.SeedSequence(3)))
    generator = np.random.default_rng(3)
    assert_array_equal(first, law.rvs((5, 2), rng=generator))
    assert not np.array_equal(first, law.rvs((5, 2), rng=generator))
    assert law.rvs(rng=1).shape == (2,)
    assert MarchenkoPastur(0.5).rvs(rng=1).shape == ()
    assert MarchenkoPastur(0.5).rvs(4).shape == (4,)


@pytest.mark.parametrize("shape", [(1000, 500), (500, 1000)])
def test_eigenvalues_of_a_sample_covariance(shape):
    """The count of p eigenvalues below x errs by sqrt(2) log(p)/pi (2.8 for 500) at the worst x, to leading order.

    That is the maximum of the log-correlated fluctuations of real symmetric matrices; the step of the empirical
    function and the law's O(1/p) correction add order one (seen in 40 matrices: 2.4 to 4.2). Allowed is twice the
    leading term; independent draws would err by 19.
    """
    n, p = shape
    x = np.random.default_rng(7).standard_normal(shape)
    gram = x.T @ x if p <= n else x @ x.T
    eigenvalues = scipy.linalg.eigvalsh(gram / n)
    law, count = MarchenkoPastur(p / n), len(eigenvalues)
    upper = p * law.sf(eigenvalues)
    error = np.maximum(abs(upper - np.arange(count, 0, -1)), abs(upper - np.arange(count - 1, -1, -1)))
    assert error.max() < 2 * math.sqrt(2) * math.log(count) / math.pi
    a, b = law.support[0]
    assert abs(eigenvalues[[0, -1]] - [a, b]).max() < 5 * b * n ** (-2 / 3)  # Tracy and Widom's scale
    assert_allclose(np.sum(eigenvalues**2) / p, law.moment(2), rtol=0.02)


# Shapes and bad input


def test_shapes():
    law = MarchenkoPastur([[0.5], [2.0]], [1.0, 2.0, 3.0])
    assert law.support.shape == (2, 3, 1, 2)
    assert law.atom.shape == law.moment(2).shape == law.mean().shape == law.median().shape == (2, 3)
    assert law.pdf(1.0).shape == law.cdf(np.ones((4, 1, 1))).shape[1:] == law.ppf(0.5).shape == (2, 3)
    assert law.stieltjes(np.full((4, 1, 1), -1.0)).shape == (4, 2, 3)
    assert law.rvs((5, 2, 3), rng=0).shape == (5, 2, 3)
    one = MarchenkoPastur(0.5)
    assert one.support.shape == (1, 2)
    scalars = [one.pdf(1), one.cdf(1), one.sf(1), one.ppf(0.5), one.isf(0.5), one.moment(-2), one.mean(), one.atom]
    assert all(np.shape(v) == () and v.dtype == np.float64 for v in scalars)
    assert one.stieltjes(-1).dtype == np.float64
    assert one.stieltjes(1j).dtype == np.complex128
    for k, (gamma, s) in enumerate(np.broadcast(*np.broadcast_arrays(law.aspect_ratio, law.variance))):
        single = MarchenkoPastur(gamma, s)
        for method, argument in [("pdf", 1.3), ("cdf", 1.3), ("sf", 1.3), ("ppf", 0.8), ("moment", 3), ("moment", -2)]:
            assert_allclose(getattr(law, method)(argument).flat[k], getattr(single, method)(argument), rtol=1e-14)


def test_equality_and_pickling():
    law = MarchenkoPastur([0.5, 2], 1)
    assert pickle.loads(pickle.dumps(law)) == law == MarchenkoPastur(np.array([0.5, 2.0]))
    assert law != MarchenkoPastur([0.5, 2], 2)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: MarchenkoPastur(0), "aspect_ratio must be finite and > 0, got 0"),
        (lambda: MarchenkoPastur(np.nan), "aspect_ratio must be finite and > 0, got nan"),
        (lambda: MarchenkoPastur(np.inf), "aspect_ratio must be finite"),
        (lambda: MarchenkoPastur(1, -1), "variance must be finite and > 0, got -1"),
        (lambda: MarchenkoPastur([1, 2], [1, 2, 3]), r"aspect_ratio \(2,\), variance \(3,\)"),
        (lambda: MarchenkoPastur(1e200, 1e200), "upper edge.* must be finite"),
        (lambda: MarchenkoPastur(1).pdf(np.nan), "x must be a number, got nan"),
        (lambda: MarchenkoPastur(1).ppf(1.5), "q must be finite and >= 0 and <= 1, got 1.5"),
        (lambda: MarchenkoPastur(1).ppf(-0.1), "q must be"),
        (lambda: MarchenkoPastur(1).isf(np.nan), "q must be"),
        (lambda: MarchenkoPastur(1).interval(2), "confidence must be"),
        (lambda: MarchenkoPastur(1).moment(0.5), "k must be a whole number"),
        (lambda: MarchenkoPastur(1).moment(501), "k must be a whole number <= 500"),
        (lambda: MarchenkoPastur(1).stieltjes(2), "z must be off the .support"),
        (lambda: MarchenkoPastur(1).stieltjes([-1, 0]), "z must be off the .support and the .atom, got 0"),
        (lambda: MarchenkoPastur(2).stieltjes(0j), "z must be off the .support and the .atom, got 0"),
        (lambda: MarchenkoPastur([0.5, 2]).stieltjes(1.0), "got 1; give it an imaginary part"),
        (lambda: MarchenkoPastur(2).stieltjes(np.inf), "z must be finite"),
        (lambda: MarchenkoPastur([1, 2]).rvs(3), "size must be a shape"),
        (lambda: MarchenkoPastur([[1], [2]]).rvs(5), "size must be a shape"),
    ],
)
def test_bad_input(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_not_numbers():
    with pytest.raises(TypeError, match="aspect_ratio must be real numbers"):
        MarchenkoPastur("0.5")
    with pytest.raises(TypeError, match="z must be real numbers"):
        MarchenkoPastur(0.5).stieltjes("0")
