"""Leaps: the minimum over all orderings (precise), the sheet's examples, monotonicity."""

from __future__ import annotations

import precise_dynamics as precise
import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskcalc.theory.dynamics import leap, sample_exponent

MONOMIAL = st.dictionaries(st.integers(0, 4), st.integers(0, 4), max_size=4)
SETS = st.frozensets(st.integers(0, 5), max_size=4)


@given(st.lists(MONOMIAL, max_size=5))
def test_hermite_leap_is_the_best_of_all_orderings(monomials: list[dict[int, int]]) -> None:
    assert leap(monomials) == precise.leap(monomials)


@given(st.lists(SETS, max_size=5))
def test_hypercube_leap_is_the_best_of_all_orderings(sets: list[frozenset[int]]) -> None:
    assert leap(sets, "hypercube") == precise.leap([dict.fromkeys(s, 1) for s in sets]) == leap(sets)


@given(st.lists(MONOMIAL, max_size=5), MONOMIAL)
def test_a_new_monomial_adds_at_most_its_degree(monomials: list[dict[int, int]], new: dict[int, int]) -> None:
    assert leap([*monomials, new]) <= max(leap(monomials), sum(new.values()))
    assert leap([*monomials, *monomials]) == leap(monomials) == leap(monomials[::-1])


@pytest.mark.parametrize(
    ("monomials", "expected"),
    [
        ([{0}, {0, 1}, {0, 1, 2}], 1),
        ([{0, 1, 2}], 3),
        ([{0}, {0, 1, 2}], 2),
        ([{0: 2}], 2),
        ([{0: 1}, {0: 3, 1: 1}], 1),
        ([{0: 2}, {0: 1}], 1),
        ([{0}, {1, 2}, {2, 3, 0}], 2),
        ([], 0),
        ([set()], 0),
        ([{0: 0}], 0),
        ([[3, 1]], 2),
    ],
)
def test_examples_of_the_lecture(monomials: list[object], expected: int) -> None:
    assert leap(monomials) == expected  # type: ignore[arg-type]


def test_exponents() -> None:
    assert [sample_exponent(k) for k in range(5)] == [1, 1, 1, 2, 3]


@pytest.mark.parametrize(
    ("monomials", "basis", "error", "sentence"),
    [
        ([{0: 2}], "hypercube", ValueError, "degrees must be <= 1 on the hypercube"),
        ([{0}], "fourier", ValueError, "basis must be one of 'hermite', 'hypercube'"),
        ([{0: -1}], "hermite", ValueError, "a degree must be a whole number >= 0"),
        ([{-1}], "hermite", ValueError, "a variable must be a whole number >= 0"),
        ([(0, 0)], "hermite", ValueError, "must name each variable once"),
        ([3], "hermite", TypeError, "a monomial must be"),
        (["01"], "hermite", TypeError, "a monomial must be"),
    ],
)
def test_bad_input_is_refused(monomials: list[object], basis: str, error: type[Exception], sentence: str) -> None:
    with pytest.raises(error, match=sentence):
        leap(monomials, basis)  # type: ignore[arg-type]
