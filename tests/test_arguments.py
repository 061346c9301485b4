"""Identities: what an argument becomes, and the one sentence that it is refused with."""

from __future__ import annotations

import math
import re
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

from riskcalc.arguments import choice, common_shape, numbers, positive_part, symmetric, whole


@pytest.mark.parametrize(
    "value",
    [
        10**30,
        [10**30, 1.5],
        3,
        3.0,
        np.float32(3),
        np.int8(3),
        [1, 2],
        (1.0, 2.0),
        np.arange(4).reshape(2, 2),
        [],
        range(3),
        np.uint64(7),
    ],
)
def test_numbers_become_read_only_float64(value):
    array = numbers("x", value)
    assert isinstance(array, np.ndarray)
    assert array.dtype == np.float64
    assert array.shape == np.shape(value)
    assert not array.flags.writeable
    np.testing.assert_array_equal(array, np.asarray(value, dtype=np.float64))


def test_a_number_that_no_float_holds():
    with pytest.raises(ValueError, match=r"^x must be numbers that a float holds, got a larger one$"):
        numbers("x", [1, 10**400])


def test_numbers_are_copied_and_have_no_minus_zero():
    given = np.array([-0.0, 1.0])
    array = numbers("x", given)
    assert not np.shares_memory(array, given)
    assert given.flags.writeable
    assert np.signbit(given[0])
    assert not np.signbit(array).any()
    strided = np.arange(12.0).reshape(3, 4)[:, ::2]
    np.testing.assert_array_equal(numbers("x", strided), strided)


@pytest.mark.parametrize("big_endian", [np.array([1.5, 2.0], dtype=">f8"), np.array([1, 2], dtype=">i4")])
def test_numbers_are_native(big_endian):
    array = numbers("x", big_endian)
    assert array.dtype == np.dtype("=f8")
    np.testing.assert_array_equal(array, big_endian)


@pytest.mark.parametrize(
    ("value", "options", "sentence"),
    [
        (math.nan, {}, "x must be finite, got nan"),
        ([1, math.inf], {}, "x must be finite, got inf"),
        (-math.inf, {"finite": False, "at_least": 0}, "x must be >= 0, got -inf"),
        (math.nan, {"finite": False}, "x must be a number, got nan"),
        ([0, -1e-300], {"at_least": 0}, "x must be finite and >= 0, got -1e-300"),
        (0, {"above": 0}, "x must be finite and > 0, got 0"),
        (1.5, {"at_most": 1}, "x must be finite and <= 1, got 1.5"),
        ([3, 9], {"at_least": 1, "at_most": 8}, "x must be finite and >= 1 and <= 8, got 9"),
        (-1, {"at_least": 0, "hint": "it is a variance"}, "x must be finite and >= 0, got -1; it is a variance"),
        ([1.0], {"ndim": 0}, "x must be an array of 0 dimension(s), got shape (1,)"),
        (1.0, {"ndim": 2, "hint": "a table"}, "x must be an array of 2 dimension(s), got shape (); a table"),
        ([[1], [1, 2]], {}, "x must be real numbers, got rows of unequal length"),
    ],
)
def test_numbers_outside_their_domain(value, options, sentence):
    with pytest.raises(ValueError, match=r"^" + re.escape(sentence) + "$"):
        numbers("x", value, **options)


@pytest.mark.parametrize(
    ("value", "got"),
    [
        ("1", "'1'"),
        (None, "None"),
        (True, "True"),
        (1j, "1j"),
        (["a", "b"], "an array of dtype <U1"),
        ([True, False], "an array of dtype bool"),
        ([1, None], "an array of dtype object"),
        ([1 + 0j], "an array of dtype complex128"),
        (np.ma.masked_array([1.0, 2.0], [0, 1]), "a masked array; fill or drop the masked entries"),
        ({"a": 1}, "{'a': 1}"),
        (Decimal("0.1"), "Decimal('0.1')"),
    ],
)
def test_what_is_not_real_numbers(value, got):
    with pytest.raises(TypeError, match=r"^x must be real numbers, got " + re.escape(got) + "$"):
        numbers("x", value)


def test_boundaries_belong_to_the_domain():
    assert numbers("x", [0.0, 5e-324], at_least=0).tolist() == [0.0, 5e-324]
    assert numbers("x", 5e-324, above=0) > 0
    assert numbers("x", [1.0, 2.0], at_least=1, at_most=2).tolist() == [1.0, 2.0]
    assert numbers("x", [np.inf, -np.inf], finite=False).tolist() == [np.inf, -np.inf]


@pytest.mark.parametrize("value", [3, 3.0, np.int64(3), np.float32(3)])
def test_whole(value):
    assert whole("k", value) == 3
    assert type(whole("k", value)) is int
    assert whole("k", value, at_least=3) == 3


@pytest.mark.parametrize(
    ("value", "error", "sentence"),
    [
        (2.5, ValueError, "k must be a whole number >= 2, got 2.5"),
        (1, ValueError, "k must be a whole number >= 2, got 1"),
        (math.nan, ValueError, "k must be a whole number >= 2, got nan"),
        (math.inf, ValueError, "k must be a whole number >= 2, got inf"),
        (True, TypeError, "k must be a whole number, got True"),
        ("3", TypeError, "k must be a whole number, got '3'"),
        ([3], TypeError, "k must be a whole number, got [3]"),
        (None, TypeError, "k must be a whole number, got None; trials"),
    ],
)
def test_what_is_not_whole(value, error, sentence):
    hint = "trials" if value is None else ""
    with pytest.raises(error, match=r"^" + re.escape(sentence) + "$"):
        whole("k", value, at_least=2, hint=hint)


def test_choice():
    assert choice("route", "a", ("a", "b")) == "a"
    with pytest.raises(ValueError, match=r"^route must be one of 'a', 'b', got 'c'$"):
        choice("route", "c", ("a", "b"))
    with pytest.raises(ValueError, match=r"^route must be one of 'a', got None$"):
        choice("route", None, ("a",))


def test_common_shape():
    assert common_shape() == ()
    assert common_shape(a=np.ones((3, 1)), b=np.ones(4), c=np.ones(())) == (3, 4)
    with pytest.raises(ValueError, match=re.escape("shapes do not broadcast: a (2,), b (3,); for a grid give one of")):
        common_shape(a=np.ones(2), b=np.ones(3))


def test_symmetric():
    matrix = np.array([[2.0, 1.0], [1.0 + 1e-12, 3.0]])
    np.testing.assert_array_equal(symmetric("C", matrix), matrix)
    for bad, sentence in [
        (np.ones((2, 3)), "C must be square, got shape (2, 3)"),
        (np.ones((0, 0)), "C must be square, got shape (0, 0)"),
        ([[1.0, 2.0], [2.1, 1.0]], "C must be symmetric, got entries that differ by 0.1; use (A + A.T) / 2"),
    ]:
        with pytest.raises(ValueError, match=r"^" + re.escape(sentence) + "$"):
            symmetric("C", bad)


def test_positive_part():
    """Below EPS times size times the largest an eigenvalue is rounding; ten times that below zero is an error."""
    eps = np.finfo(float).eps
    assert positive_part("C", np.array([-3 * eps, eps, 1.0])).tolist() == [0, 0, 1]
    assert positive_part("C", np.array([4 * eps, 1.0])).tolist() == [4 * eps, 1]
    assert positive_part("C", np.zeros(3)).tolist() == [0, 0, 0]
    with pytest.raises(ValueError, match=r"^C must be positive semidefinite, got the eigenvalue -1e-12$"):
        positive_part("C", np.array([-1e-12, 1.0]))


def test_integers_of_any_size_and_fractions_are_real_numbers():
    assert numbers("x", [10**30, Fraction(1, 2)]).tolist() == [1e30, 0.5]
    with pytest.raises(ValueError, match=r"^x must be numbers that a float holds, got a larger one"):
        numbers("x", 10**400)
    with pytest.raises(ValueError, match=r"^x must be finite, got inf"):
        numbers("x", np.longdouble("1e400"))
