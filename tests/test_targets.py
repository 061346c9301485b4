"""Targets: the energies that they claim are those of the functions that they draw."""

from __future__ import annotations

import math
from itertools import product

import mpmath
import numpy as np
import precise_kernel_ridge as precise
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

import riskcalc as rc
from riskcalc import targets
from riskcalc.activations import Abs, Hermite, ReLU, Sign, Tanh, custom
from riskcalc.harmonics import gegenbauer, krawtchouk

RANDOM = targets.DegreeEnergies({0: 0.2, 1: 0.7, 2: 0.3, 3: 0.5})
CYCLIC = targets.DegreeEnergies({0: 0.2, 1: 0.7, 2: 0.3, 3: 0.5}, symmetry="cyclic")
POLYNOMIAL = targets.Monomials({(0, 1, 2): 1.0, (0, 0, 1): 0.5, (3,): -1.0, (): 0.4, (1, 1, 1, 1): 0.3})
SERIES = targets.SingleIndex(coefficients=[0.5, 1, 0.7, 0.3])
ALL = [RANDOM, CYCLIC, POLYNOMIAL, SERIES, targets.SingleIndex(Tanh()), targets.SingleIndex(ReLU())]


def points(domain: str, n: int, d: int, rng: np.random.Generator) -> np.ndarray:
    X = rng.standard_normal((n, d))
    if domain == "sphere":
        return X * np.sqrt(d / (X**2).sum(axis=1))[:, None]
    return np.sign(X) if domain == "hypercube" else X


def cube(d: int) -> np.ndarray:
    return np.array(list(product([-1.0, 1.0], repeat=d)))


# ---------------------------------------------------------------------------- energies of the drawn functions


@pytest.mark.parametrize("target", ALL, ids=repr)
@pytest.mark.parametrize(("domain", "d"), [("sphere", 5), ("sphere", 11), ("gaussian", 6)])
def test_the_total_energy_is_that_of_a_drawn_function(target: targets.Target, domain: str, d: int) -> None:
    """50 000 fresh points; 36 cases, so that 4.5 standard errors are passed by luck in 1 of 4000 runs."""
    if domain == "gaussian" and target is CYCLIC:
        pytest.skip("Gaussian inputs have no cyclic harmonics here")
    rng = np.random.default_rng(d)
    values = target.draw(d, rng, domain)(points(domain, 50_000, d, rng))
    squares = values**2
    assert abs(squares.mean() - target.total_energy(d, domain)) < 4.5 * squares.std() / math.sqrt(50_000)


@pytest.mark.parametrize("target", ALL, ids=repr)
@pytest.mark.parametrize("d", [5, 9])
def test_energies_by_degree_on_the_sphere(target: targets.Target, d: int) -> None:
    """B E f(x) f(x') P_k(⟨x, x'⟩/d) over independent pairs is F_k²: an estimate for each degree, without bias."""
    rng, n = np.random.default_rng(d), 50_000 if target is CYCLIC else 200_000
    X, Z = points("sphere", n, d, rng), points("sphere", n, d, rng)
    f = target.draw(d, rng)
    t = np.clip((X * Z).sum(axis=1) / d, -1, 1)
    energies = target.energies(d, 4).by_degree
    for k in range(5):
        sample = rc.harmonics.sphere_multiplicity(d, k) * f(X) * f(Z) * gegenbauer(d, k, t)
        assert abs(sample.mean() - energies[k]) < 4.5 * sample.std() / math.sqrt(n), k


@pytest.mark.parametrize("target", ALL, ids=repr)
@pytest.mark.parametrize("d", [4, 8])
def test_energies_on_the_hypercube_are_exact(target: targets.Target, d: int) -> None:
    """Over all 2^d points, so that nothing is random but the function itself."""
    X = cube(d)
    values = target.draw(d, np.random.default_rng(1), "hypercube")(X)
    overlaps = np.rint(X @ X.T) / d
    found = [
        rc.harmonics.hypercube_multiplicity(d, k) * values @ krawtchouk(d, k, overlaps) @ values / 4.0**d
        for k in range(d + 1)
    ]
    energies = target.energies(d, d, "hypercube")
    assert_allclose(found, energies.by_degree, atol=1e-12 * energies.total)
    assert_allclose((values**2).mean(), energies.total, rtol=1e-12)
    assert energies.rest < 1e-12


@pytest.mark.parametrize("target", [RANDOM, CYCLIC, POLYNOMIAL, SERIES], ids=repr)
def test_energies_on_the_sphere_are_exact_in_two_dimensions(target: targets.Target) -> None:
    """On the circle harmonics are Fourier modes: the energies of a drawn function by one FFT."""
    if target is POLYNOMIAL:
        target = targets.Monomials({(0, 1, 1): 1.0, (0, 0, 1): 0.5, (1,): -1.0, (): 0.4, (1, 1, 1, 1): 0.3})
    angles = 2 * np.pi * np.arange(64) / 64
    X = math.sqrt(2) * np.column_stack([np.cos(angles), np.sin(angles)])
    modes = np.fft.rfft(target.draw(2, np.random.default_rng(3))(X)) / 64
    energies = np.abs(modes) ** 2 * np.where(np.arange(33) > 0, 2, 1)
    assert_allclose(energies[:8], target.energies(2, 7).by_degree, atol=1e-14)


def test_cyclic_functions_do_not_see_shifts_and_others_do() -> None:
    rng = np.random.default_rng(0)
    for domain, d in (("sphere", 7), ("sphere", 12), ("hypercube", 12)):
        X = points(domain, 50, d, rng)
        f, g = CYCLIC.draw(d, rng, domain), RANDOM.draw(d, rng, domain)
        assert_allclose(f(np.roll(X, 5, axis=1)), f(X), rtol=1e-9, atol=1e-9)
        assert np.abs(g(np.roll(X, 5, axis=1)) - g(X)).max() > 0.1
    assert CYCLIC.is_cyclic(7)
    assert not RANDOM.is_cyclic(7)
    ring = targets.Monomials({(i, (i + 1) % 5): 0.5 for i in range(5)})
    assert ring.is_cyclic(5)
    assert not ring.is_cyclic(6)
    assert not targets.Monomials({(0,): 1.0}).is_cyclic(5)


def test_draws_differ_and_repeat_with_the_generator() -> None:
    X = points("sphere", 20, 6, np.random.default_rng(0))
    first, second, other = (RANDOM.draw(6, np.random.default_rng(s))(X) for s in (1, 1, 2))
    assert_array_equal(first, second)
    assert np.abs(first - other).max() > 0.1


# ------------------------------------------------------------------------------------------ precise energies


@pytest.mark.parametrize(
    ("link", "exact"),
    [(Tanh(), mpmath.tanh), (Hermite(3), lambda x: x**3 - 3 * x), (custom(np.cosh), mpmath.cosh)],
    ids=["tanh", "He3", "cosh"],
)
def test_single_index_energies_match_mpmath(link: object, exact: object) -> None:
    """At d = 6; tanh has poles at ±iπ/2, where the twin's 120 points still give 1e-13."""
    found = targets.SingleIndex(link).energies(6, 4)  # type: ignore[arg-type]
    for k, energy in enumerate(found.by_degree):
        assert_allclose(energy, float(precise.single_index_energy(exact, 6, k)), atol=3e-12 * found.total)  # type: ignore[arg-type]


def test_hermite_coefficients_are_the_gaussian_energies_and_the_limit() -> None:
    g = np.array([0.5, 1, 0.7, 0.3])
    assert_allclose(SERIES.energies(5, 3, "gaussian").by_degree, g**2, atol=1e-13)
    for d in (200, 2000):
        for domain in ("sphere", "hypercube"):
            assert_allclose(SERIES.energies(d, 3, domain).by_degree, g**2, atol=8 / d)


def test_a_link_and_its_coefficients_are_the_same_target() -> None:
    coefficients = np.zeros(4)
    coefficients[3] = math.sqrt(6)
    for d, domain in ((5, "sphere"), (30, "sphere"), (7, "hypercube"), (9, "gaussian")):
        link = targets.SingleIndex(Hermite(3)).energies(d, 5, domain)
        series = targets.SingleIndex(coefficients=coefficients).energies(d, 5, domain)
        assert_allclose(link.by_degree, series.by_degree, atol=1e-12 * series.total)


@given(
    coefficients=st.dictionaries(
        st.lists(st.integers(0, 2), max_size=5).map(lambda m: tuple(sorted(m))),
        st.floats(-2, 2),
        min_size=1,
        max_size=4,
    ),
    d=st.integers(3, 12),
)
def test_polynomials_have_the_moments_that_they_should(coefficients: dict[tuple[int, ...], float], d: int) -> None:
    """Total energy by the moments of the sphere, d^m Π(α-1)!!/Π(d+2i); the Gaussian and the hypercube likewise."""
    target = targets.Monomials(coefficients)
    totals = {"sphere": 0.0, "hypercube": 0.0, "gaussian": 0.0}
    for (a, c), (b, e) in product(coefficients.items(), repeat=2):
        powers = [(a + b).count(i) for i in range(3)]
        if all(p % 2 == 0 for p in powers):
            gaussian = c * e * math.prod(math.prod(range(p - 1, 0, -2)) for p in powers)
            half = sum(powers) // 2
            totals["gaussian"] += gaussian
            totals["sphere"] += gaussian * d**half / math.prod(d + 2 * i for i in range(half))
            totals["hypercube"] += c * e
    for domain, total in totals.items():
        energies = target.energies(d, 2, domain)
        assert_allclose(energies.total, total, rtol=1e-10, atol=1e-10)
        assert (energies.by_degree >= 0).all()


def test_kinks_and_jumps_are_integrated() -> None:
    """|t| and sign t on the sphere: E t² d = 1, and the first energies in closed form."""
    d = 8
    assert_allclose(targets.SingleIndex(Abs()).total_energy(d), 1.0, rtol=1e-12)
    sign = targets.SingleIndex(Sign()).energies(d, 2)
    mean = math.gamma(d / 2) / math.gamma((d + 1) / 2) / math.sqrt(math.pi)  # E|t|
    assert_allclose([*sign.by_degree, sign.total], [0, d * mean**2, 0, 1], atol=1e-12)


# ---------------------------------------------------------------------------------------- files and refusals


def test_spellings_for_files() -> None:
    assert targets.DegreeEnergies({"2": 0.3, "1": 0.7}) == targets.DegreeEnergies({1: 0.7, 2: 0.3})
    assert targets.Monomials({"0 1 1": 2.0, "": 1.0}) == targets.Monomials({(1, 0, 1): 2.0, (): 1.0})
    assert targets.Monomials({frozenset({2, 0}): 1.0}) == targets.Monomials({(0, 2): 1.0})


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: targets.DegreeEnergies({1: -0.1}), ValueError, "energy of degree 1 must be finite and >= 0"),
        (lambda: targets.DegreeEnergies({}), ValueError, "at least one"),
        (lambda: targets.DegreeEnergies({-1: 0.1}), ValueError, "a degree must be a whole number >= 0"),
        (lambda: targets.DegreeEnergies([0.1]), TypeError, "by_degree must be a mapping"),
        (lambda: targets.DegreeEnergies({1: 1.0}, "mirror"), ValueError, "symmetry must be one of"),
        (lambda: targets.DegreeEnergies({1: 1.0, "1": 2.0}), ValueError, "each degree once"),
        (lambda: rc.HypercubeData(4, targets.DegreeEnergies({5: 1.0})), ValueError, "degrees must be <= n_inputs"),
        (lambda: targets.SingleIndex(), ValueError, "link must be given"),
        (lambda: targets.SingleIndex(Tanh(), [1.0]), ValueError, "and not both"),
        (lambda: targets.SingleIndex("tanh"), TypeError, "link must be an activation"),
        (lambda: targets.SingleIndex(coefficients=[]), ValueError, "at least one entry"),
        (lambda: targets.Monomials({}), ValueError, "at least one monomial"),
        (lambda: targets.Monomials({(0, 1): 1.0, (1, 0): 2.0}), ValueError, "each monomial once"),
        (lambda: targets.Monomials({0: 1.0}), TypeError, "a tuple or a frozenset"),
        (lambda: targets.Monomials({"x0": 1.0}), ValueError, "variables like"),
        (lambda: targets.Monomials({(-1,): 1.0}), ValueError, "a variable must be a whole number"),
        (lambda: rc.SphereData(3, targets.Monomials({(3,): 1.0})), ValueError, "n_inputs must be > 3"),
        (lambda: RANDOM.energies(5, 2, "ball"), ValueError, "domain must be one of"),
        (lambda: RANDOM.energies(1, 2), ValueError, "n_inputs must be a whole number >= 2"),
        (lambda: CYCLIC.draw(5, np.random.default_rng(0), "gaussian"), ValueError, "symmetry must be"),
    ],
)
def test_refusals(call: object, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        call()  # type: ignore[operator]
