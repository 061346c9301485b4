"""One neuron: mpmath twins from the defining integrals (precise), the sheet's table, simulated descent, identities."""

from __future__ import annotations

import math
from collections.abc import Callable

import mpmath
import numpy as np
import precise_dynamics as precise
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mpmath import mpf
from numpy.testing import assert_allclose, assert_array_equal
from scipy.integrate import solve_ivp

import riskcalc as rc
from riskcalc.activations import Abs, Cos, Erf, Hermite, LeakyReLU, ReLU, Sin, Step, Tanh, custom
from riskcalc.targets import SingleIndex
from riskcalc.theory.dynamics import SingleNeuron, hitting_time

EVEN = custom(lambda x: (x * x - 1) / math.sqrt(2), lambda x: math.sqrt(2) * x)  # He_2/√2


def neuron(phi: rc.activations.Activation, g: object = None) -> SingleNeuron:
    return SingleNeuron(phi, SingleIndex(phi if g is None else g))  # type: ignore[arg-type]


def soft(x: mpf) -> mpf:
    return mpmath.tanh(2 * x) + mpf(3) / 10 * mpmath.cos(x)


SOFT = custom(lambda x: np.tanh(2 * x) + 0.3 * np.cos(x))
CASES: dict[str, tuple[SingleNeuron, Callable[[mpf], mpf], Callable[[mpf], mpf], Callable[[mpf], mpf], list[float]]] = {
    "tanh": (neuron(Tanh(), SOFT), mpmath.tanh, lambda x: mpmath.sech(x) ** 2, soft, []),
    "sin": (neuron(Sin(1.5), SOFT), lambda x: mpmath.sin(1.5 * x), lambda x: 1.5 * mpmath.cos(1.5 * x), soft, []),
    "relu": (neuron(ReLU(), SOFT), lambda x: max(x, mpf(0)), lambda x: mpf(x > 0), soft, [0.0]),
}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("m", [pytest.param(-0.7, marks=pytest.mark.slow), 0.3, 0.9])
def test_loss_drift_and_power_are_the_gaussian_integrals(name: str, m: float) -> None:
    """Integrals in 20 digits; φ'(u) g(v)(v - mu) is the drift by the definition of the spherical gradient."""
    model, phi, slope, g, cuts = CASES[name]
    with mpmath.workdps(18):
        loss, drift, power = precise.neuron_integrals(phi, slope, g, m, 0.25, cuts)
    assert_allclose(model.loss(m), float(loss), rtol=1e-12)
    assert_allclose(model.drift(m), float(drift), rtol=1e-12, atol=1e-14)
    assert_allclose(model.gradient_power(m, noise=0.25), float(power), rtol=1e-12)
    assert_allclose(model.drift(m, step=0.7, noise=0.25), float(drift - 0.35 * m * power), rtol=1e-12, atol=1e-14)


def test_products_are_those_of_hermite_coefficients() -> None:
    with mpmath.workdps(20):
        exact = precise.hermite_products(mpmath.tanh, soft, range(1, 12))
    assert_allclose(CASES["tanh"][0].products[1:12], np.array(exact, dtype=float), atol=1e-15)


@pytest.mark.parametrize("phi", [ReLU(), LeakyReLU(0.2), Abs()])
def test_two_kinks_against_the_arc_cosine_kernel(phi: rc.activations.Activation) -> None:
    """Derived: φ = p x₊ + q (-x)₊ against itself; b = E φ'(u)φ'(v) by P(u, v > 0) = (π - arccos m)/2π."""
    p, q = float(phi(1.0)), float(phi(-1.0))
    m = np.array([-1.0, -0.99, -0.6, 0.0, 0.4, 0.51, 0.97, 1 - 1e-6, 1.0])
    same, opposite = (np.pi - np.arccos(m)) / (2 * np.pi), np.arccos(m) / (2 * np.pi)
    slopes = (p * p + q * q) * same - 2 * p * q * opposite
    root = np.sqrt((1 - m) * (1 + m)) / (2 * np.pi)
    product = (p * p + q * q) * (m * same + root) + 2 * p * q * (root - m * opposite)
    model = neuron(phi)
    assert_allclose(model.drift(m), (1 - m) * (1 + m) * slopes, rtol=1e-11, atol=1e-14)
    assert_allclose(model.loss(m), (p * p + q * q) / 2 - product, rtol=1e-9, atol=1e-14)
    assert model.loss(1.0) == 0
    assert model.gradient_power(1.0) == 0
    assert_allclose(model.gradient_power(1.0, noise=2.0), p * p + q * q, rtol=1e-13)


@given(st.floats(-0.99, 0.99), st.sampled_from(list(CASES)))
@settings(deadline=None, max_examples=20)
def test_drift_is_the_slope_of_the_loss(m: float, name: str) -> None:
    """Central differences, error h² R'''/6 and rounding 1e-15/h."""
    model, h = CASES[name][0], 1e-4
    slope = (model.loss(m + h) - model.loss(m - h)) / (2 * h)
    assert_allclose(model.drift(m), -(1 - m * m) * slope, atol=1e-6)


def test_series_and_integral_meet() -> None:
    for model, *_ in CASES.values():
        below, above = model.drift([0.5, np.nextafter(0.5, 1)])
        assert_allclose(below, above, rtol=1e-13)


TABLE = {  # the sheet's column "ODE with V" and "gradient flow", three digits
    "tanh": (Tanh(), 0.5, 0.1, [1, 2, 4, 8], [0.425, 0.664, 0.9006, 0.9818], [0.441, 0.699, 0.938, 0.998]),
    "even": (EVEN, 0.05, 0.25, [0.375, 0.75, 1.5, 3], [0.438, 0.677, 0.9555, 0.9984], [0.480, 0.757, 0.982, 1.0]),
}


@pytest.mark.parametrize("name", TABLE)
def test_the_table_of_the_lecture(name: str) -> None:
    phi, step, start, times, descent, gradient = TABLE[name]
    model = neuron(phi)
    found = model.trajectory(times, start, step=[0, step], noise=0.09)
    assert found.shape == (4, 2)
    assert_allclose(found[:, 1], descent, atol=5.1e-4)
    assert_allclose(found[:, 0], gradient, atol=5.1e-4)


def test_power_of_the_even_neuron() -> None:
    """Printed as 11.43."""
    m = 0.25
    with mpmath.workdps(15):
        even: precise.Real = lambda x: (x * x - 1) / mpmath.sqrt(2)  # noqa: E731
        _, _, twin = precise.neuron_integrals(even, lambda x: mpmath.sqrt(2) * x, even, m, 0.09, [])
    assert_allclose(neuron(EVEN).gradient_power(m, noise=0.09), float(twin), rtol=1e-12)
    assert_allclose(neuron(EVEN).gradient_power(m, noise=0.09), 11.43, atol=5e-3)


def test_trajectory_is_an_integral_of_the_drift() -> None:
    """Against another method (DOP853, rtol 1e-12) and, for the gradient flow, against the hitting time."""
    model = neuron(Tanh(), SOFT)
    times = np.array([[0.0, 3.0], [1.0, 0.5]])
    found = model.trajectory(times, start=[0.02, -0.3], step=0.3, noise=0.1)
    assert found.shape == (2, 2, 2)
    assert_array_equal(found[0, 0], [0.02, -0.3])
    for i, start in enumerate([0.02, -0.3]):
        path = solve_ivp(
            lambda t, m: model.drift(m, 0.3, 0.1), (0, 3), [start], "DOP853", [0, 0.5, 1, 3], rtol=1e-12, atol=1e-14
        )
        assert_allclose(found[..., i].ravel()[[0, 3, 2, 1]], path.y[0], rtol=1e-8)
    cubic = neuron(Hermite(3))
    for start, end in [(1e-3, 0.5), (0.1, 0.999), (1e-6, 2e-6)]:
        time = hitting_time(cubic.products, start, end)
        arrived = cubic.trajectory(time, start)
        assert_allclose(hitting_time(cubic.products, start, arrived), time, rtol=1e-8)  # near its end m grows like m²


def descend(
    model: SingleNeuron, d: int, step: float, noise: float, start: float, times: list[float], runs: int
) -> np.ndarray:
    """One-pass descent as the class states it; overlaps, shape (runs, times)."""
    rng = np.random.default_rng(5)
    phi, g = model.activation, model.target._function
    w = rng.standard_normal((runs, d))
    w[:, 0] = 0
    w *= math.sqrt(1 - start**2) / np.linalg.norm(w, axis=1, keepdims=True)
    w[:, 0] = start
    found, stops = [], [round(t * d / step) for t in times]
    for i in range(1, max(stops) + 1):
        x = rng.standard_normal((runs, d))
        u = (w * x).sum(axis=1, keepdims=True)
        y = g(x[:, :1]) + math.sqrt(noise) * rng.standard_normal((runs, 1))
        w += step / d * (y - phi(u)) * phi.derivative(u) * (x - u * w)
        w /= np.linalg.norm(w, axis=1, keepdims=True)
        if i in stops:
            found.append(w[:, 0].copy())
    return np.stack(found, axis=1)


@pytest.mark.parametrize(("phi", "step", "times"), [(Tanh(), 0.8, [1.5, 4.0]), (ReLU(), 0.8, [1.0, 4.0])])
def test_one_pass_descent_follows(phi: rc.activations.Activation, step: float, times: list[float]) -> None:
    """24 runs at d = 250: within 4.5 standard errors and a finite-size term 2/d; without V the gap is above 0.04."""
    d, runs, model = 250, 24, neuron(phi)
    found = descend(model, d, step, 0.3, 0.2, times, runs)
    theory = model.trajectory(times, 0.2, step=step, noise=0.3)
    error = found.std(axis=0, ddof=1) / math.sqrt(runs)
    allowed = 4.5 * error + 2 / d
    assert (np.abs(found.mean(axis=0) - theory) < allowed).all()
    assert (np.abs(model.trajectory(times, 0.2) - theory) > allowed)[-1]


def test_information_exponent_is_that_of_the_product() -> None:
    cubic = SingleIndex(coefficients=[0, 0, 0, 1])
    both = SingleIndex(coefficients=[0, 1, 0, 1])
    assert neuron(Tanh()).information_exponent == 1
    assert SingleNeuron(Tanh(), cubic).information_exponent == 3
    assert SingleNeuron(Hermite(3), both).information_exponent == 3
    assert SingleNeuron(Cos(1.0), both).information_exponent == math.inf  # even against odd
    assert SingleNeuron(Tanh(), SingleIndex(coefficients=[2.0])).information_exponent == math.inf
    assert SingleNeuron(Abs(), SingleIndex(Cos(2.0))).information_exponent == 2
    for s, exponent in [(1, 1), (2, 1), (3, 2), (5, 4)]:
        assert SingleNeuron(Hermite(s), SingleIndex(Hermite(s))).sample_exponent == exponent
    assert SingleNeuron(Cos(1.0), both).sample_exponent == math.inf


def test_a_negative_even_product_decays() -> None:
    """ReLU against cos 2z: c_2 < 0, the neuron forgets."""
    model = SingleNeuron(ReLU(), SingleIndex(Cos(2.0)))
    assert model.products[2] < 0
    path = model.trajectory([0, 5, 50], 0.3)
    assert path[0] == 0.3 > path[1] > path[2] >= 0
    assert hitting_time(model.products, 0.3, 0.5) == math.inf


def test_hitting_times_by_event() -> None:
    """Against the closed forms, and with noise against the integral of 1/drift (Gauss-Legendre in log m)."""
    even = neuron(EVEN)  # c_2 = 1·2!/2
    exact = (math.log(0.8 / 0.01) + math.log(1 - 1e-4) / 2 - math.log(0.36) / 2) / (2 * even.products[2])
    assert_allclose(even.hitting_time([0.01, -0.01], [0.8, -0.8]), exact, rtol=1e-7)
    assert_allclose(neuron(Tanh()).hitting_time(-0.2, 0.6), hitting_time(neuron(Tanh()).products, -0.2, 0.6), rtol=1e-7)
    x, w = np.polynomial.legendre.leggauss(60)
    half, middle = math.log(0.7 / 0.05) / 2, math.log(0.7 * 0.05) / 2
    m = np.exp(middle + half * x)
    noisy = half * (w * m / neuron(Tanh()).drift(m, 0.4, 0.2)).sum()
    assert_allclose(neuron(Tanh()).hitting_time(0.05, 0.7, step=0.4, noise=0.2), noisy, rtol=1e-7)


def test_flows_that_never_arrive() -> None:
    """Beyond the balance of drift and noise, against the drift, at ±1, at a saddle, where noise outweighs a cubic."""
    model = neuron(Tanh())
    rest = float(model.trajectory(1e4, 0.3, step=2.0, noise=5.0))
    ends = [rest / 2, rest * 0.9, rest * 1.1, -rest / 2, 1.0]
    found = model.hitting_time(rest / 2, ends, step=2.0, noise=5.0)
    assert found[0] == 0
    assert 0 < found[1] < math.inf
    assert_array_equal(found[2:], math.inf)
    assert neuron(EVEN).hitting_time(0.0, 0.5) == math.inf
    cubic = neuron(Hermite(3))
    assert_array_equal(cubic.hitting_time(0.01, 0.5, step=[0.0, 1e-3]) < math.inf, [True, False])


def test_limits_and_shapes() -> None:
    model = neuron(Tanh())
    assert_array_equal(model.drift([-1, 1]), 0)
    assert_allclose(model.loss(1.0), 0, atol=1e-30)
    assert model.loss(0.3).shape == ()
    assert model.drift([[0.1], [0.2]], step=[0, 0.1, 0.2]).shape == (2, 3)
    assert_array_equal(model.trajectory(0.0, [0.1, 0.2]), [0.1, 0.2])
    assert model.trajectory([], 0.1).shape == (0,)
    assert_array_equal(model.trajectory(1e3, [0.5, -0.5]) > [0.999999, 0.9], [True, True])


def test_stiff_descent_reaches_its_fixed_point() -> None:
    """A large noise: m rests where (1 - m²) b = η m V/2."""
    model = neuron(Tanh())
    rest = model.trajectory(1e4, 0.3, step=2.0, noise=5.0)
    assert 0 < rest < 0.9
    assert_allclose(model.drift(rest, 2.0, 5.0), 0, atol=1e-9)


@pytest.mark.parametrize(
    ("call", "error", "sentence"),
    [
        (lambda: neuron(Step()), ValueError, "has no derivative"),
        (lambda: neuron(rc.activations.Power(0.5)), ValueError, "activation must have a bounded derivative"),
        (lambda: SingleNeuron(np.tanh, SingleIndex(Tanh())), TypeError, "activation must be a Activation"),
        (lambda: SingleNeuron(Tanh(), rc.targets.DegreeEnergies({1: 1.0})), TypeError, "target must be a SingleIndex"),
        (lambda: neuron(Tanh()).loss(1.1), ValueError, "m must be finite and >= -1 and <= 1, got 1.1"),
        (lambda: neuron(Tanh()).trajectory(1, 1.0), ValueError, r"start must be inside \(-1, 1\), got 1"),
        (lambda: neuron(Tanh()).trajectory(-1, 0.5), ValueError, "times must be finite and >= 0, got -1"),
        (lambda: neuron(Tanh()).drift(0.1, step=-1), ValueError, "step must be"),
        (lambda: neuron(Tanh()).gradient_power(0.1, noise=math.nan), ValueError, "noise must be"),
        (lambda: neuron(Tanh()).drift([0.1, 0.2], step=[1, 2, 3]), ValueError, "shapes do not broadcast"),
    ],
)
def test_bad_input_is_refused(call: Callable[[], object], error: type[Exception], sentence: str) -> None:
    with pytest.raises(error, match=sentence):
        call()


def test_models_are_equal_by_content() -> None:
    assert neuron(Erf(0.5)) == neuron(Erf(0.5)) != neuron(Erf(0.6))
