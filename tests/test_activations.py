"""Activations: coefficients against the integrals that define them (mpmath), identities, bad input.

Closed forms and integrals of one sign are right to a relative 1e-13 at every degree; quadrature (custom functions, ELU
on the sphere) to an absolute 1e-14 of the norm.
"""

from __future__ import annotations

import functools
import math
import pickle
from collections.abc import Callable

import mpmath
import numpy as np
import precise_activations as precise
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mpmath import mpf
from numpy.testing import assert_allclose, assert_array_equal

from riskcalc import activations, harmonics
from riskcalc.activations.piecewise_power import log_gamma_ratio
from riskcalc.activations.projection import Gaussian, Sphere, converged

EPS = np.finfo(float).eps
DIMENSIONS = [2, 3, 5, 10, 100, 1000, 10_000]


def clip(x):
    return np.clip(x, -1, 1)


def bump(x):
    return 1 / (1 + x**2)


def sigmoid(x: mpf) -> mpf:
    return 1 / (1 + mpmath.exp(-x))


# activation, its definition in mpmath, whether it is irregular at 0, whether it comes by quadrature (Gaussian, sphere)
CASES: dict[str, tuple[activations.Activation, Callable[[mpf], mpf], bool, tuple[bool, bool]]] = {
    "ReLU": (activations.ReLU(), lambda x: max(x, mpf(0)), False, (False, False)),
    "LeakyReLU": (activations.LeakyReLU(0.25), lambda x: x if x > 0 else x / 4, False, (False, False)),
    "ELU": (activations.ELU(), lambda x: x if x > 0 else mpmath.expm1(x), False, (False, True)),
    "GELU": (activations.GELU(), lambda x: x * mpmath.ncdf(x), False, (False, False)),
    "SiLU": (activations.SiLU(), lambda x: x * sigmoid(x), False, (False, False)),
    "Softplus": (activations.Softplus(), lambda x: mpmath.log1p(mpmath.exp(x)), False, (False, False)),
    "Sigmoid": (activations.Sigmoid(), sigmoid, False, (False, False)),
    "Tanh": (activations.Tanh(), mpmath.tanh, False, (False, False)),
    "Erf": (activations.Erf(), mpmath.erf, False, (False, False)),
    "narrow Erf": (activations.Erf(-0.125), lambda x: mpmath.erf(-x / 8), False, (False, False)),
    "Sign": (activations.Sign(), mpmath.sign, False, (False, False)),
    "Step": (activations.Step(), lambda x: mpf(x > 0), False, (False, False)),
    "Abs": (activations.Abs(), abs, False, (False, False)),
    "Power": (activations.Power(2.5), lambda x: x**2.5 if x > 0 else mpf(0), True, (False, False)),
    "root": (activations.Power(0.5), lambda x: mpmath.sqrt(x) if x > 0 else mpf(0), True, (False, False)),
    "Sin": (activations.Sin(1.5), lambda x: mpmath.sin(1.5 * x), False, (False, False)),
    "Cos": (activations.Cos(-0.75), lambda x: mpmath.cos(0.75 * x), False, (False, False)),
    "Exp": (activations.Exp(-0.75), lambda x: mpmath.exp(-0.75 * x), False, (False, False)),
    "Hermite": (activations.Hermite(5), lambda x: x**5 - 10 * x**3 + 15 * x, False, (False, False)),
    "Linear": (activations.Linear(), lambda x: x, False, (False, False)),
    "Quadratic": (activations.Quadratic(), lambda x: x * x, False, (False, False)),
    "clip": (activations.custom(clip, kinks=[1, -1]), lambda x: max(min(x, mpf(1)), mpf(-1)), False, (True, True)),
}
NARROW_ON_SPHERE = {"clip"}  # its kinks are no panel ends of the twin, which works in the angle


@functools.cache
def twin(name: str, max_degree: int, n_inputs: int | None) -> tuple[np.ndarray, float]:
    _, function, irregular, _ = CASES[name]
    c, square = precise.expectations(function, max_degree, n_inputs, irregular)
    return np.array([float(x) if abs(x) > 1e-33 else 0.0 for x in c]), float(square)


def check_coefficients(got: np.ndarray, exact: np.ndarray, norm: float, by_quadrature: bool) -> None:
    if by_quadrature:
        assert_allclose(got, exact, rtol=0, atol=1e-14 * norm)
    else:
        assert_allclose(got, exact, rtol=1e-13, atol=1e-33)  # the twin has 36 digits


def check_hermite(name: str, max_degree: int) -> None:
    activation, (by_quadrature, _) = CASES[name][0], CASES[name][3]
    exact, square = twin(name, max_degree, None)
    check_coefficients(activation.hermite_coefficients(max_degree), exact, math.sqrt(square), by_quadrature)
    assert_allclose(activation.second_moment(), square, rtol=1e-13)


@pytest.mark.parametrize("name", CASES)
def test_hermite_coefficients_are_the_integrals(name):
    check_hermite(name, 40 if name in ("Tanh", "SiLU", "ReLU") else 18)


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_hermite_coefficients_up_to_degree_100(name):
    check_hermite(name, 100)


def check_sphere(name: str, d: int, max_degree: int) -> None:
    activation, by_quadrature = CASES[name][0], CASES[name][3][1]
    exact, square = twin(name, max_degree, d)
    got = activation.sphere_coefficients(d, max_degree, normalised=True)
    check_coefficients(got, exact, math.sqrt(square), by_quadrature)
    assert_allclose(activation.second_moment(d), square, rtol=1e-13)
    plain = activation.sphere_coefficients(d, max_degree)
    B = np.exp(harmonics.log_sphere_multiplicity(d, np.arange(max_degree + 1)))
    assert_allclose(plain * np.sqrt(B), got, rtol=1e-12)


ON_SPHERE = [name for name in CASES if name not in NARROW_ON_SPHERE]


@pytest.mark.parametrize(("name", "d"), [(n, DIMENSIONS[i % 7]) for i, n in enumerate(ON_SPHERE)])
def test_sphere_coefficients_are_the_integrals(name, d):
    check_sphere(name, d, 14)


@pytest.mark.slow
@pytest.mark.parametrize("d", DIMENSIONS)
@pytest.mark.parametrize("name", ON_SPHERE)
def test_sphere_coefficients_are_the_integrals_everywhere(name, d):
    check_sphere(name, d, 40)


# Identities


@pytest.mark.parametrize("name", CASES)
def test_quadrature_agrees_with_the_closed_form(name):
    """The base class's own route, for both laws: absolute 1e-13 of the norm."""
    activation = CASES[name][0]
    for d in (None, *DIMENSIONS):
        law = Gaussian() if d is None else Sphere(d)
        found, error = converged(activation, law, 30, activation.kinks, name)
        closed = (
            activation.hermite_coefficients(12) if d is None else activation.sphere_coefficients(d, 12, normalised=True)
        )
        assert_allclose(found[:13], closed, rtol=0, atol=1e-13 * found[-1])
        assert error <= 1e-13 * found[-1]
        assert_allclose(activation.second_moment(d), found[-1] ** 2, rtol=1e-13)


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("d", [None, 2, 10, 1000])
def test_parseval(name, d):
    """Σ c_k² <= E φ², and the gap closes like Σ_{k>K} of the slowest, k^(-3/2) for a jump."""
    activation = CASES[name][0]
    degree = 300 if activation.kinks else 20
    c = (
        activation.hermite_coefficients(degree)
        if d is None
        else activation.sphere_coefficients(d, degree, normalised=True)
    )
    missing = activation.second_moment(d) - c @ c
    assert missing >= -1e-13 * activation.second_moment(d)
    assert missing <= (0.05 if activation.kinks else 0.01) * activation.second_moment(d)


@pytest.mark.parametrize("name", CASES)
def test_the_sphere_becomes_gaussian(name):
    """√B ζ_k → c_k with an error of order 1/d: ten times the dimension, a tenth of the gap."""
    activation = CASES[name][0]
    c = activation.hermite_coefficients(5 if name == "Hermite" else 2)
    gaps = [np.abs(activation.sphere_coefficients(d, c.size - 1, normalised=True) - c).max() for d in (10**3, 10**4)]
    assert gaps[0] < 0.2 * np.sqrt(activation.second_moment())
    assert gaps[1] <= 0.11 * gaps[0] + 1e-13
    assert_allclose(activation.second_moment(10**6), activation.second_moment(), rtol=1e-4)


def test_known_relu_values():
    """μ_k: 1/√2π, 1/2, 1/√2π, 0, -1/√2π, 0, 3/√2π."""
    mu = activations.ReLU().hermite_coefficients(6) * np.sqrt([math.factorial(k) for k in range(7)])
    assert_allclose(mu, np.array([1, math.sqrt(math.pi / 2), 1, 0, -1, 0, 3]) / math.sqrt(2 * math.pi), rtol=4e-16)


@pytest.mark.parametrize("d", DIMENSIONS)
@pytest.mark.parametrize("alpha", [0, 0.5, 1, 2, 3.25])
def test_powers_on_the_sphere_in_gamma_functions(alpha, d):
    """ζ_k = Γ(α+1)Γ(d/2)/(2^(α+1) Γ((α-k)/2+1) Γ((α+k+d)/2)), at 40 digits."""
    got = activations.Power(alpha).sphere_coefficients(d, 60)
    with mpmath.workdps(40):
        a = mpf(alpha)
        exact = [
            mpf(d) ** (a / 2) * mpmath.gamma(a + 1) * mpmath.gamma(mpf(d) / 2) / 2 ** (a + 1)
            * mpmath.rgamma((a - k) / 2 + 1) * mpmath.rgamma((a + k + d) / 2)
            for k in range(61)
        ]  # fmt: skip
        exact = np.array([float(x) for x in exact])
    assert_allclose(got, exact, rtol=3e-13)  # the logarithm of a multiplicity of 1e200 is rounded
    assert_array_equal(got[np.abs(exact) == 0], 0)


@given(st.floats(0.5, 1e6), st.floats(0, 200))
@settings(max_examples=60)
def test_log_gamma_ratio(x, s):
    with mpmath.workdps(40):
        exact = mpmath.loggamma(mpf(x) + mpf(s)) - mpmath.loggamma(mpf(x))
        assert abs(log_gamma_ratio(x, s) - exact) <= 8 * EPS * (1 + abs(exact))


@pytest.mark.parametrize("name", CASES)
def test_parity_forbids_exactly(name):
    activation = CASES[name][0]
    x = np.linspace(0.1, 3, 7)
    even, odd = np.allclose(activation(x), activation(-x)), np.allclose(activation(x), -activation(-x))
    assert activation.parity == ("even" if even else "odd" if odd else None)
    for c in (activation.hermite_coefficients(20), activation.sphere_coefficients(7, 20)):
        if activation.parity is not None:
            assert_array_equal(c[1 if even else 0 :: 2], 0)
    half_linear = ("SiLU", "GELU", "Softplus")  # x/2 plus an even function, or 1/2 plus an odd one
    if name in (*half_linear, "ReLU", "Sigmoid", "Step"):
        c = activation.sphere_coefficients(7, 20)
        assert_array_equal(c[2::2] if name in ("Sigmoid", "Step") else c[3::2], 0)


def test_parity_of_relatives():
    assert activations.LeakyReLU(1.0).parity == "odd"
    assert activations.LeakyReLU(-1.0).parity == "even"
    assert activations.LeakyReLU(1.0).kinks == activations.Linear().kinks == activations.Quadratic().kinks == ()
    assert activations.Abs().kinks == activations.Power(2).kinks == (0.0,)
    assert activations.Hermite(4).parity == "even"
    assert activations.custom(np.tanh).parity == "odd"
    assert activations.custom(bump).parity == "even"
    assert activations.custom(np.exp).parity is None


DERIVATIVES = [name for name in CASES if name not in ("Sign", "Step", "clip")]


@pytest.mark.parametrize("name", DERIVATIVES)
def test_derivatives_are_finite_differences(name):
    activation, x, h = CASES[name][0], np.array([-2.1, -0.6, 0.4, 1.7]), 1e-5
    difference = (activation(x + h) - activation(x - h)) / (2 * h)
    assert_allclose(activation.derivative(x), difference, rtol=1e-8, atol=1e-9)


@pytest.mark.parametrize("name", [name for name in DERIVATIVES if name != "root"])  # its φ' is not square-integrable
def test_derivatives_shift_the_hermite_coefficients(name):
    """μ_k(φ') = μ_(k+1)(φ) by parts, for φ that does not jump."""
    activation = CASES[name][0]
    shifted = activation.hermite_coefficients(4)[1:] * np.sqrt(np.arange(1.0, 5))
    found, _ = converged(activation.derivative, Gaussian(), 3, activation.kinks, name)
    assert_allclose(found[:-1], shifted, atol=1e-13 * found[-1])


def test_values_and_shapes():
    x = np.array([[-2.0, 0.0, 3.0]])
    for name, (activation, function, _, _) in CASES.items():
        assert activation(x).shape == (1, 3)
        assert activation(1).shape == ()
        exact = [float(function(mpf(float(v)))) for v in x[0]] if name != "Step" else [0, 0.5, 1]
        assert_allclose(activation(x)[0], exact, rtol=1e-15, atol=1e-16)
    assert_array_equal(activations.ReLU().derivative(x), [[0, 0.5, 1]])
    assert activations.Power(0.5).derivative(0.0) == np.inf


@pytest.mark.parametrize("name", CASES)
def test_few_degrees_are_the_first_of_many(name):
    activation = CASES[name][0]
    many = activation.sphere_coefficients(30, 5), activation.hermite_coefficients(5)
    for degree in (0, 1, 2):
        few = activation.sphere_coefficients(30, degree), activation.hermite_coefficients(degree)
        for one, all_of_them in zip(few, many, strict=True):
            assert one.shape == (degree + 1,)
            assert_allclose(one, all_of_them[: degree + 1], rtol=1e-13, atol=1e-15)


@given(st.floats(0.01, 3.5), st.sampled_from([2, 3, 8, 50, 2000]))
@settings(max_examples=25, deadline=None)
def test_waves_add_up(frequency, d):
    """cos² + sin² = 1, E cos(ωx) is the zeroth coefficient, and erf is a mixture of sines."""
    cos, sin = activations.Cos(frequency), activations.Sin(frequency)
    assert_allclose(cos.second_moment(d) + sin.second_moment(d), 1, rtol=1e-13)
    double = activations.Cos(2 * frequency).sphere_coefficients(d, 0)[0]
    assert_allclose(2 * cos.second_moment(d) - 1, double, atol=1e-13)
    erf = activations.Erf(frequency)
    by_quadrature = activations.custom(erf).sphere_coefficients(d, 1)
    assert_allclose(erf.sphere_coefficients(d, 1), by_quadrature, rtol=1e-12)


def test_hermite_polynomials_with_their_norm():
    assert activations.Hermite(3).second_moment() == 6
    assert_allclose(activations.Hermite(3).hermite_coefficients(4), [0, 0, 0, math.sqrt(6), 0], rtol=1e-15)
    assert_array_equal(activations.Hermite(0)([3.0, 4.0]), 1)
    assert_array_equal(activations.Hermite(0).derivative([3.0]), 0)
    assert activations.Hermite(150).hermite_coefficients(150)[-1] > 1e130
    assert_allclose(activations.Quadratic().sphere_coefficients(9, 2), [1, 0, 8 / 44], rtol=1e-14)  # 9t² = 1 + 8 P_2


# Custom functions


def test_custom_functions_travel_if_they_can_be_imported():
    named = activations.custom(np.sinc)
    assert pickle.loads(pickle.dumps(named)) == named
    assert hash(named) == hash(activations.custom(np.sinc)) != hash(activations.custom(np.sinc, kinks=[1]))
    nameless = activations.custom(lambda x: np.sinc(x))
    assert_array_equal(nameless.hermite_coefficients(6), named.hermite_coefficients(6))
    with pytest.raises(ValueError, match=r"^function must be a function that can be imported by name"):
        pickle.dumps(nameless)
    with pytest.raises(ValueError, match="can be imported by name"):
        hash(nameless)


def test_models_are_equal_by_content():
    assert activations.LeakyReLU(0.1) == activations.LeakyReLU(0.1) != activations.LeakyReLU(0.2)
    assert activations.ReLU() == activations.ReLU() != activations.Abs()
    assert repr(activations.Erf(0.5)) == "Erf(scale=0.5)"
    assert activations.Sin(2).replace(frequency=3) == activations.Sin(3.0)


def test_a_jump_that_is_not_named_is_refused():
    for function in (clip, np.abs, np.sign, lambda x: np.maximum(x - 0.3, 0)):
        with pytest.raises(ValueError, match=r"could not be integrated: .* name the points where"):
            activations.custom(function).hermite_coefficients(4)
        with pytest.raises(ValueError, match="could not be integrated"):
            activations.custom(lambda x, f=function: f(x - 0.1)).sphere_coefficients(20, 4)


def test_degrees_that_quadrature_does_not_resolve_are_refused():
    """The largest safe degree is named, and it is safe."""
    steady = activations.custom(lambda x: np.sin(x / 4))
    with pytest.raises(ValueError, match=r"^max_degree must be <= (\d+) .* belong in the tail$") as refused:
        steady.sphere_coefficients(50, 40)
    safe = int(str(refused.value).split("<= ")[1].split()[0])
    got, exact = steady.sphere_coefficients(50, safe), activations.Sin(0.25).sphere_coefficients(50, safe)
    assert_allclose(got, exact, rtol=1e-6)
    assert 5 <= safe <= 15
    cubic = activations.custom(lambda x: x**3 - x)
    with pytest.raises(ValueError, match=r"^max_degree must be <= 3 "):
        cubic.hermite_coefficients(4)
    assert_allclose(cubic.hermite_coefficients(3), [0, 2, 0, math.sqrt(6)], rtol=1e-14)


def test_accidental_zeros_are_zero():
    """(x - 1)₊ has μ_4 ~ He_2(1) = 0 between degrees that count."""
    c = activations.custom(lambda x: np.maximum(x - 1, 0), kinks=[1]).hermite_coefficients(12)
    assert c[4] == 0
    assert (c[[3, 5, 6, 7]] != 0).all()


@pytest.mark.parametrize(
    ("make", "error", "sentence"),
    [
        (lambda: activations.custom(lambda x: 1.0), ValueError, r"^function must return an array of the shape"),
        (lambda: activations.custom(lambda x: x[:-1]), ValueError, r"^function must return an array of the shape"),
        (lambda: activations.custom(lambda x: x * np.nan), ValueError, r"^function must be finite, got nan at x = "),
        (lambda: activations.custom(lambda x: x + 1j), ValueError, r"^function must return real numbers"),
        (lambda: activations.custom(np.tanh, lambda x: 1.0), ValueError, r"^derivative must return an array"),
        (lambda: activations.custom("tanh"), TypeError, r"^function must be a function of an array, got 'tanh'"),
        (lambda: activations.custom(np.tanh, 3), TypeError, r"^derivative must be a function"),
        (lambda: activations.custom(np.tanh, kinks=[np.nan]), ValueError, r"^kinks must be finite, got nan"),
        (lambda: activations.custom(np.tanh).derivative(0), ValueError, r"has no derivative; give one"),
        (lambda: activations.Step().derivative(0), ValueError, r"^Step\(\) has no derivative: it jumps at 0"),
        (lambda: activations.LeakyReLU(np.nan), ValueError, r"^slope must be finite, got nan"),
        (lambda: activations.Power(-1), ValueError, r"^exponent must be finite and >= 0"),
        (lambda: activations.Hermite(1.5), ValueError, r"^degree must be a whole number"),
        (lambda: activations.Hermite(151), ValueError, r"^degree must be <= 150"),
        (lambda: activations.Exp(40), ValueError, r"^scale must be .* <= 18"),
        (lambda: activations.Sin(np.inf), ValueError, r"^frequency must be finite"),
        (lambda: activations.ReLU().hermite_coefficients(-1), ValueError, r"^max_degree must be a whole number >= 0"),
        (lambda: activations.ReLU().hermite_coefficients(1.5), ValueError, r"^max_degree must be a whole number"),
        (lambda: activations.ReLU().sphere_coefficients(1, 3), ValueError, r"^n_inputs must be .* >= 2, got 1"),
        (lambda: activations.ReLU().second_moment(1), ValueError, r"^n_inputs must be .* >= 2, got 1"),
    ],
)
def test_bad_input(make, error, sentence):
    with pytest.raises(error, match=sentence):
        make()
