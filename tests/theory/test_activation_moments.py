"""Published digits and mpmath integrals: the moments of activations at any variance of the preactivation."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

import riskcalc as rc
from riskcalc import activations
from riskcalc.theory.activation_moments import layer_moments, moments, second_coefficient

# The table of sheet 3 §1, to the digits that it shows: μ_0, μ_1, E φ², μ_*²
DUST = 0.25 - 1 / (2 * math.pi)
TABLE: list[tuple[activations.Activation, float, float, float, float]] = [
    (activations.ReLU(), 1 / math.sqrt(2 * math.pi), 0.5, 0.5, 0.0908450569),
    (activations.LeakyReLU(0.1), 0.9 / math.sqrt(2 * math.pi), 0.55, 0.505, 0.81 * DUST),
    (activations.Abs(), math.sqrt(2 / math.pi), 0.0, 1.0, 1 - 2 / math.pi),
    (activations.Sign(), 0.0, math.sqrt(2 / math.pi), 1.0, 1 - 2 / math.pi),
    (activations.Step(), 0.5, 1 / math.sqrt(2 * math.pi), 0.5, DUST),
    (activations.Erf(1.0), 0.0, 2 / math.sqrt(3 * math.pi), 2 / math.pi * math.asin(2 / 3), 0.0401458728),
    (activations.Erf(2**-0.5), 0.0, math.sqrt(1 / math.pi), 1 / 3, 1 / 3 - 1 / math.pi),
    (activations.GELU(), 0.5 / math.sqrt(math.pi), 0.5, 1 / 3 + 0.5 / (math.sqrt(3) * math.pi), 0.0956440110),
    (activations.Sin(1.0), 0.0, math.exp(-0.5), (1 - math.exp(-2)) / 2, 0.0644529172),
    (activations.Cos(1.0), math.exp(-0.5), 0.0, (1 + math.exp(-2)) / 2, 0.1997882004),
    (activations.Quadratic(), 1.0, 0.0, 3.0, 2.0),
    (activations.custom(lambda x: x**3), 0.0, 3.0, 15.0, 6.0),
    (activations.Power(2.0), 0.5, math.sqrt(2 / math.pi), 1.5, 1.25 - 2 / math.pi),
    (activations.custom(lambda x: np.exp(-(x**2))), 1 / math.sqrt(3), 0.0, 1 / math.sqrt(5), 1 / math.sqrt(5) - 1 / 3),
    (
        activations.custom(lambda x: np.clip(x, -1, 1), kinks=(-1.0, 1.0)),
        0.0, math.erf(1 / math.sqrt(2)), 1 - math.sqrt(2 / (math.pi * math.e)), 0.0499936083,
    ),
    (activations.Tanh(), 0.0, 0.605705509602, 0.394294490398, 0.0274153260354),
    (activations.Sigmoid(), 0.5, 0.206620964142, 0.293379035858, 6.86813035162e-4),
    (activations.SiLU(), 0.206620964142, 0.5, 0.355775519817, 0.0630832969944),
    (activations.Softplus(), 0.806059183347, 0.5, 0.921245908859, 0.0215145018006),
    (activations.ELU(), 0.160520572266, 0.761578291865, 0.644945417493, 0.0391770687319),
    (
        activations.custom(lambda x: x / (1 + np.abs(x)), kinks=(0.0,)),
        0.0, 0.412755100339, 0.183014021267, 0.0126472484105,
    ),
]  # fmt: skip


@pytest.mark.parametrize("row", TABLE, ids=lambda row: repr(row[0])[:24])
def test_the_table_of_moments(row: tuple[activations.Activation, float, float, float, float]) -> None:
    """One unit of the last digit shown (μ_0 of ELU is cut, not rounded): twelve of quadratures, ten of differences."""
    phi, mean, slope, square, rest = row
    found = moments(phi)
    assert_allclose([math.sqrt(found.constant), math.sqrt(found.linear)], [mean, slope], rtol=0, atol=1e-12)
    assert_allclose(found.total, square, rtol=0, atol=1e-12)
    assert_allclose(found.nonlinear, rest, rtol=6e-10 if len(f"{rest:.12g}") <= 12 else 1e-11)
    assert_allclose(found.total, phi.second_moment(), rtol=1e-12)


def test_tanh_at_variance_one_half() -> None:
    found = moments(activations.Tanh(), 0.5)
    assert_allclose(math.sqrt(found.linear), 0.513588407994 / math.sqrt(0.5), rtol=1e-12)
    assert_allclose(found.nonlinear, 0.00990325511054, rtol=1e-12)


PRECISE: dict[str, tuple[activations.Activation, Callable[[Any], Any], tuple[float, ...]]] = {
    "tanh": (activations.Tanh(), mpmath.tanh, ()),
    "softplus": (activations.Softplus(), lambda x: mpmath.log1p(mpmath.exp(x)), ()),
    "elu": (activations.ELU(), lambda x: x if x > 0 else mpmath.expm1(x), (0.0,)),
    "relu": (activations.ReLU(), lambda x: x if x > 0 else mpmath.mpf(0), (0.0,)),
    "root": (activations.Power(0.5), lambda x: mpmath.sqrt(x) if x > 0 else mpmath.mpf(0), (0.0,)),
    "clip": (
        activations.custom(lambda x: np.clip(x, -1, 2), kinks=(-1.0, 2.0)),
        lambda x: min(max(x, mpmath.mpf(-1)), mpmath.mpf(2)),
        (-1.0, 2.0),
    ),
}


@pytest.mark.parametrize("variance", [0.04, 9.0])
@pytest.mark.parametrize("name", PRECISE)
def test_moments_are_the_integrals_of_their_definition(name: str, variance: float) -> None:
    """In 18 digits, over the law of ⟨w, x⟩ itself, which is N(0, r); the rule agrees with itself to 1e-13."""
    phi, exact, kinks = PRECISE[name]
    with mpmath.workdps(18):
        r = mpmath.mpf(variance)
        root = mpmath.sqrt(r)
        ends = sorted({*(float(e * root) for e in (-9, -3, -1, 1, 3, 9)), *kinks})

        def mean(function: Callable[[Any], Any]) -> Any:
            density = lambda x: mpmath.exp(-x * x / (2 * r)) / mpmath.sqrt(2 * mpmath.pi * r)  # noqa: E731
            return mpmath.quad(lambda x: function(x) * density(x), ends)

        k0, k1 = mean(exact), mean(lambda x: x * exact(x)) / r
        rest = mean(lambda x: (exact(x) - k0 - k1 * x) ** 2)
        expected = [float(k0**2), float(k1**2), float(rest)]
    found = moments(phi, variance)
    assert_allclose([found.constant, found.linear, found.nonlinear], expected, rtol=1e-11, atol=1e-14 * sum(expected))


@pytest.mark.parametrize("bend", [1e-2, 1e-5, 1e-7])
def test_a_nearly_affine_activation_keeps_its_digits(bend: float) -> None:
    """κ_*² of x + b tanh x is b² that of tanh: as a difference of moments it would be known to 1e-16/b²."""
    tanh = float(moments(activations.Tanh()).nonlinear)
    found = moments(activations.custom(lambda x: x + bend * np.tanh(x))).nonlinear
    assert_allclose(found, bend**2 * tanh, rtol=1e-13 / bend)
    leaky = moments(activations.LeakyReLU(1 - bend)).nonlinear
    assert_allclose(leaky, bend**2 * DUST, rtol=1e-15 / bend)


def test_affine_activations_have_no_dust() -> None:
    """Exactly: 1e-17 of it would make a model of finite rank interpolate."""
    for phi in (activations.Linear(), activations.LeakyReLU(1.0), activations.custom(lambda x: 3 - 2 * x)):
        assert (moments(phi, [0.1, 1.0, 7.3]).nonlinear == 0).all()


def test_parity_leaves_exact_zeros() -> None:
    assert (moments(activations.Tanh(), [0.3, 2.0]).constant == 0).all()
    assert (moments(activations.Cos(1.3), [0.3, 2.0]).linear == 0).all()
    assert (moments(activations.Abs(), [0.3, 2.0]).linear == 0).all()


@given(st.floats(1e-4, 1e4), st.sampled_from([0.5, 1.0, 2.0]))
def test_homogeneous_activations_scale(variance: float, exponent: float) -> None:
    unit, found = (moments(activations.Power(exponent), r) for r in (1.0, variance))
    for name, power in (("constant", exponent), ("linear", exponent - 1), ("nonlinear", exponent)):
        assert_allclose(getattr(found, name), getattr(unit, name) * variance**power, rtol=1e-13)


def test_arrays_in_arrays_out() -> None:
    r = np.array([[0.5, 1.0], [2.0, 1.0]])
    found = moments(activations.ELU(), r)
    assert found.linear.shape == r.shape
    for index in np.ndindex(r.shape):
        one = moments(activations.ELU(), r[index])
        assert one.linear.shape == ()
        assert_array_equal([found.linear[index], found.nonlinear[index]], [one.linear, one.nonlinear])
    assert moments(activations.Tanh(), []).linear.shape == (0,)


def test_second_coefficient() -> None:
    for phi in (activations.ELU(), activations.ReLU(), activations.Cos(1.0), activations.Tanh()):
        assert_allclose(second_coefficient(phi, 1.0), phi.hermite_coefficients(2)[2], rtol=1e-9, atol=1e-15)
    a, r = 0.7, 2.5  # of cos(ax) at variance r: that of cos(a√r x)
    expected = activations.Cos(a * math.sqrt(r)).hermite_coefficients(2)[2]
    assert_allclose(second_coefficient(activations.Cos(a), r), expected, rtol=1e-12)
    assert_allclose(second_coefficient(activations.ReLU(), r), math.sqrt(r / (4 * math.pi)), rtol=1e-12)


# ------------------------------------------------------------------------------------------------------ layers


def test_layers_carry_the_second_moment_on() -> None:
    """r_{l+1} is E φ(√r_l G)² of a centred activation, and E x² stays 1 for a normalised one."""
    stack = [activations.Tanh(), activations.Erf(0.7), activations.ReLU()]
    found = layer_moments(stack, 1.3)
    assert_allclose(found[1].variance, found[0].total, rtol=1e-14)
    assert_allclose(found[2].variance, found[1].total, rtol=1e-14)
    sign = layer_moments([activations.Sign()] * 3, 0.3)
    assert_allclose([layer.variance for layer in sign], [0.3, 1.0, 1.0], rtol=1e-14)


def test_layers_of_deep_features_are_those_of_their_definition() -> None:
    """tanh(2x) on variance 1, as simulated in sheet 3 §6.3: bias .760, variance .298, train .053."""
    layers = layer_moments([activations.custom(steep)] * 2, 1.0)
    sigma = np.linspace(0.2, 1.8, 100)
    energies = sigma / sigma.sum()
    problem = rc.Problem(rc.Spectrum.from_eigenvalues(sigma), energies, noise=0.25)
    risk = rc.random_features.deep_risk(problem, 150, (150, 200), [layer.pair for layer in layers], 0.02)
    assert_allclose([risk.bias, risk.variance, risk.train], [0.760, 0.298, 0.053], atol=5.1e-4)


def steep(x: np.ndarray) -> np.ndarray:
    return np.tanh(2 * x)


def test_depth_one_is_the_pair_on_gaussian_data() -> None:
    sigma = np.linspace(0.2, 1.8, 60)
    data = rc.GaussianData(rc.Spectrum.from_eigenvalues(sigma), sigma, noise=0.25)
    phi = activations.Tanh()
    pair = rc.predict(data, rc.RandomFeatureRidge(phi, 90, 0.05), 120)
    problem = rc.reduce(data, rc.Ridge(0))
    deep = rc.random_features.deep_risk(problem, 120, [90], [layer_moments([phi])[0].pair], 0.05)
    for name in ("test", "train", "bias", "variance", "effective_ridge", "feature_ridge", "norm_squared"):
        assert_allclose(deep.fields[name], pair.fields[name], rtol=1e-12)


@pytest.mark.parametrize(
    ("call", "kind", "words"),
    [
        (lambda: moments(activations.Tanh(), 0), ValueError, "variance must be finite and > 0"),
        (lambda: moments(activations.Tanh(), [1, -1]), ValueError, "variance must be finite and > 0"),
        (lambda: moments(np.tanh), TypeError, "activation must be a.*Activation"),
        (lambda: layer_moments([]), ValueError, "at least one layer"),
        (lambda: layer_moments([activations.ReLU(), activations.Tanh()]), ValueError, "centred below the last layer"),
        (lambda: moments(activations.custom(jagged)), ValueError, "name the points where"),
    ],
)
def test_refusals(call: Callable[[], object], kind: type[Exception], words: str) -> None:
    with pytest.raises(kind, match=words):
        call()


def jagged(x: np.ndarray) -> np.ndarray:
    return np.floor(7.3 * x + 0.41)
