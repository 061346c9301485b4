"""The lazy floor: coefficients by mpmath (precise), digits of the sheet, identities, the steps."""

from __future__ import annotations

import math

import mpmath
import numpy as np
import precise_dynamics as precise
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import riskcalc as rc
from riskcalc.targets import DegreeEnergies, Monomials, SingleIndex
from riskcalc.theory.dynamics import lazy_floor, lazy_staircase

STEEP = SingleIndex(rc.activations.custom(lambda x: np.tanh(2 * x)))


def test_the_floor_is_the_energy_that_is_left() -> None:
    """Squares of E g(G) He_k(G)/√k! by integration."""
    with mpmath.workdps(20):
        squares = np.array(
            precise.hermite_products(lambda x: mpmath.tanh(2 * x), lambda x: mpmath.tanh(2 * x), range(8))
        )
        total = mpmath.quad(lambda x: precise.density(x) * mpmath.tanh(2 * x) ** 2, np.arange(-12, 13, 2).tolist())
    exact = np.array([total, *(total - squares.cumsum())], dtype=float)
    assert_allclose(lazy_floor(STEEP, np.arange(-1, 8)), exact, rtol=1e-11)
    assert_allclose(np.diff(-lazy_floor(STEEP, [0, 1, 2, 3])), [0.5321, 0, 0.0628], atol=5e-5)  # printed


def test_small_floors_are_sums_and_not_differences() -> None:
    """Coefficients 1e-6 and 1e-8 beside one of 1, known to 2e-16: a difference from the total would be rounding."""
    target = SingleIndex(coefficients=[1.0, 0.0, 1e-6, 0.0, 1e-8])
    assert_allclose(lazy_floor(target, [1, 2, 3]), [1e-12 + 1e-16, 1e-16, 1e-16], rtol=4e-8)
    assert_array_equal(lazy_floor(target, [4, 9]), 0)


def test_other_targets() -> None:
    assert_allclose(lazy_floor(DegreeEnergies({1: 0.7, 2: 0.3}), [0, 1, 2]), [1.0, 0.3, 0.0], atol=1e-15)
    cubic = Monomials({(0,): 2.0, (0, 1, 7): 3.0, (4, 4): 1.0})  # x² = He_2 + 1
    assert_allclose(lazy_floor(cubic, [-1, 0, 1, 2, 3]), [16, 15, 11, 9, 0], atol=1e-14)
    assert lazy_floor(cubic, [[1], [2]]).shape == (2, 1)


def test_the_staircase_of_the_lecture() -> None:
    """The printed floor .1005, and energies .5387 and .0637 on the sphere at d = 50; steps after d^k."""
    n = np.array([0, 1, 2, 50, 51, 2500, 2501, 125000, 125001])
    found = lazy_staircase(STEEP, 50, n)
    total = STEEP.total_energy(50)
    assert_allclose(found[[0, 2]], total, rtol=1e-12)  # an odd target: nothing at degree 0
    assert_array_equal(found[1:3], found[3])
    assert_array_equal(found[4:8], found[4])
    assert_allclose(found[4], 0.1005, atol=5e-5)
    assert_allclose([found[3] - found[4], found[7] - found[8]], [0.5387, 0.0637], atol=5e-5)
    assert (np.diff(found) <= 0).all()


@pytest.mark.parametrize("d", [3, 10, 1000])
def test_powers_of_d_belong_to_the_step_before(d: int) -> None:
    """Exact, though log d^k/log d may be rounded up."""
    target = DegreeEnergies({0: 8.0, 1: 4.0, 2: 2.0, 3: 1.0})
    powers = float(d) ** np.arange(4)
    assert_allclose(lazy_staircase(target, d, powers), [15, 7, 3, 1], rtol=1e-14)
    assert_allclose(lazy_staircase(target, d, powers + 1), [7, 3, 1, 0], atol=1e-14)


def test_the_staircase_is_a_floor_under_kernel_ridge() -> None:
    """Between the steps the predicted excess risk lies above it, within the finite-size share of the next degree."""
    target = DegreeEnergies({1: 0.6, 2: 0.3, 3: 0.1})
    n = np.array([200, 400, 900])
    data = rc.SphereData(n_inputs=100, target=target)
    predicted = rc.predict(data, rc.KernelRidge(rc.kernels.Exponential(), 1e-6), n).excess
    floor = lazy_staircase(target, 100, n)
    assert (predicted >= 0.9 * floor).all()
    assert_allclose(floor, 0.4)


@pytest.mark.parametrize(
    ("call", "error", "sentence"),
    [
        (lambda: lazy_floor(STEEP, 1.5), ValueError, "degree must be whole numbers, got 1.5"),
        (lambda: lazy_floor(STEEP, -2), ValueError, "degree must be finite and >= -1"),
        (lambda: lazy_floor(np.tanh, 1), TypeError, "target must be a Target"),
        (lambda: lazy_staircase(STEEP, 1, 10), ValueError, "n_inputs must be a whole number >= 2"),
        (lambda: lazy_staircase(STEEP, 10, math.inf), ValueError, "n_samples must be finite"),
    ],
)
def test_bad_input_is_refused(call: object, error: type[Exception], sentence: str) -> None:
    with pytest.raises(error, match=sentence):
        call()  # type: ignore[operator]
