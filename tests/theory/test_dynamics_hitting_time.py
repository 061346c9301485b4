"""Hitting times: closed forms, the mpmath integral (precise), exact cases, additivity."""

from __future__ import annotations

import itertools
import math

import mpmath
import numpy as np
import precise_dynamics as precise
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from riskcalc.theory.dynamics import hitting_time

EPS = np.finfo(float).eps
INSIDE = st.floats(-0.999, 0.999)


@given(INSIDE, INSIDE, st.floats(0.01, 10))
def test_first_degree_alone(start: float, end: float, c: float) -> None:
    """T = (artanh m1 - artanh m0)/c_1; with the sign of c_1 the neuron only moves up."""
    exact = (math.atanh(end) - math.atanh(start)) / c
    found = hitting_time([0.3, c], start, end)
    if end < start:
        assert found == math.inf
        assert_allclose(hitting_time([0.3, -c], start, end), -exact, rtol=1e-12, atol=1e-14)
    else:
        assert_allclose(found, exact, rtol=1e-12, atol=1e-14)


@given(st.floats(1e-8, 0.9999), st.floats(1e-8, 0.9999), st.floats(0.01, 10))
def test_second_degree_alone(start: float, end: float, c: float) -> None:
    """T = ln(m1 √(1 - m0²)/(m0 √(1 - m1²)))/c_2, products c_2/2; even: the mirror image takes the same time."""
    assume(end > start)
    exact = math.log(end / start) + (math.log1p(-(start**2)) - math.log1p(-(end**2))) / 2
    found = hitting_time([0, 0, c / 2], start, end)
    assert_allclose(found, exact / c, rtol=1e-11, atol=1e-13)
    assert found == hitting_time([0, 0, c / 2], -start, -end)
    assert hitting_time([0, 0, c / 2], end, start) == hitting_time([0, 0, c / 2], -start, end) == math.inf


@pytest.mark.parametrize("s", [3, 4, 6])
def test_higher_exponents_from_small_starts(s: int) -> None:
    """T m0^(s-2) → (s-1)!/((s-2) c_s), with a relative correction of order m0 at most (times a logarithm)."""
    c, products = 1.7, np.eye(s + 1)[s] * 1.7 / math.factorial(s)
    for start in (1e-3, 1e-5):
        limit = math.factorial(s - 1) / ((s - 2) * c) * start ** -(s - 2.0)
        assert_allclose(hitting_time(products, start, 0.5), limit, rtol=20 * start)
    # the sheet prints 66.30 for c_3 = 1 from .03 to .8
    assert_allclose(hitting_time([0, 0, 0, 1 / 6], 0.03, 0.8), 66.30, atol=0.005)


HARD = {
    "all degrees": ([0.2, 0.1, 0.3, 0.0, 0.05, 0.2], 1e-4, 0.9999),
    "a slow passage": ([0.0, 0.25 + 1e-6, -0.5, 1 / 3], 0.1, 0.9),  # b = (m - ½)² + 1e-6
    "a slow passage at 0": ([0.0, 1e-10, 0.0, 1.0], -0.5, 0.5),
    "downwards": ([0.0, -0.3, 0.1], 0.9, -0.9),
    "near the pole": ([0.0, 1.0, -0.499999999], 0.1, 0.999999),
    "long series": ([0.0, *(1 / (k * k * 1.5**k) for k in range(1, 65))], 1e-6, 0.99),
}


@pytest.mark.parametrize("name", HARD)
def test_hard_cases_are_their_integrals(name: str) -> None:
    products, start, end = HARD[name]
    with mpmath.workdps(30):
        narrow = {"a slow passage": 0.5, "a slow passage at 0": 0.0}.get(name)
        ends = [start, end] if narrow is None else [start, *(narrow + x for x in np.geomspace(0.3, 1e-7, 20) * [-1.0])]
        if narrow is not None:
            ends += [narrow, *(narrow + x for x in np.geomspace(1e-7, 0.3, 20)), end]
        exact = sum(precise.hitting_time(products, a, b) for a, b in itertools.pairwise(ends))
    assert_allclose(hitting_time(products, start, end), float(exact), rtol=1e-8 if name == "near the pole" else 1e-10)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=6), st.lists(INSIDE, min_size=3, max_size=3, unique=True))
def test_times_add_up(p: list[float], places: list[float]) -> None:
    products = [0.0, 0.1 + 3 * sum(k * x for k, x in enumerate(p, 1)), *p]  # the first degree outweighs the others
    a, b, c = sorted(places)
    whole = hitting_time(products, a, c)
    assert 0 < whole < math.inf
    assert_allclose(hitting_time(products, [a, b], [b, c]).sum(), whole, rtol=1e-12, atol=1e-15)


@given(st.floats(0.2, 0.8), st.floats(-8, -3), st.lists(st.floats(1.05, 1.6), min_size=3, max_size=20))
def test_close_pairs_of_roots_are_seen(root: float, log_gap: float, others: list[float]) -> None:
    """Between them b is below 0, though the roots of a polynomial of a high degree are known poorly."""
    b = np.polynomial.polynomial.polyfromroots([root, root + 10**log_gap, *others])
    products = np.append(0.0, b / np.arange(1, b.size + 1)) * np.sign(b[0])
    assert hitting_time(products, 0.1, 0.9) == math.inf


def test_where_nothing_arrives() -> None:
    assert_array_equal(hitting_time([0, 1], [0.2, 0.2, 0.2, -0.5], [0.2, 1, 0.1, -1]), [0, np.inf, np.inf, np.inf])
    double_root = [0, 0.25, -0.5, 1 / 3]  # b = (m - ½)²
    assert_array_equal(hitting_time(double_root, [0.1, 0.6, 0.1], [0.4, 0.9, 0.6]) < np.inf, [True, True, False])
    assert hitting_time([0, 0, 1], 0.0, 0.5) == np.inf  # b(0) = 0: the saddle is never left
    assert hitting_time([1.0], 0.1, 0.2) == hitting_time([0, 0], 0.1, 0.2) == np.inf
    assert hitting_time([0, -1, 0, 2], 0.1, 0.9) == np.inf  # a root at √(1/6)
    assert hitting_time([0, 1], 0.1, [[0.2], [0.3]]).shape == (2, 1)
    assert hitting_time([0, 1], [], 0.5).shape == (0,)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (([0, 1], 1, 0.5), "start must be"),
        (([0, 1], -1, 0.5), "start must be"),
        (([0, 1], 0.1, 1.2), "end must be"),
        (([[0, 1]], 0.1, 0.2), "products must be an array of 1 dimension"),
        (([0, math.nan], 0.1, 0.2), "products must be finite"),
        (([0, 1], [0.1, 0.2], [0.3, 0.4, 0.5]), "shapes do not broadcast"),
    ],
)
def test_bad_input_is_refused(arguments: tuple[object, object, object], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        hitting_time(*arguments)  # type: ignore[arg-type]
