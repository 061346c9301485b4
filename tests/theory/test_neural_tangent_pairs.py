"""Neural tangent ridge regression on data: the route that is taken, and what it is equal to."""

import re

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import riskcalc as rc

RELU, ERF = rc.activations.ReLU(), rc.activations.Erf(2**-0.5)
TARGET = rc.targets.DegreeEnergies({1: 1.0, 2: 0.5})
SPHERE, LINEAR = rc.SphereData(30, TARGET, noise=0.2), rc.SphereData(20, rc.targets.DegreeEnergies({1: 0.7}), noise=0.3)
GAUSSIAN = rc.GaussianData(rc.Spectrum.isotropic(60), [0.8], noise=0.2, outside_energy=0.3)
CUBE = rc.HypercubeData(12, rc.targets.Monomials({(0,): 1.0, (1, 2): 0.5}), noise=0.1)
FIELDS = ("test", "train", "bias", "variance", "effective_ridge", "df1", "df2")


def unit_rows(width, d, seed=0):
    rows = np.random.default_rng(seed).standard_normal((width, d))
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@pytest.mark.parametrize("data", [SPHERE, CUBE], ids=lambda d: type(d).__name__)
@pytest.mark.parametrize("layers", ["first", "both"])
def test_infinite_width_is_kernel_ridge_regression(data, layers):
    ridge, n = [0.01, 0.5], np.array([[20.0], [200.0]])
    risk = rc.predict(data, rc.NeuralTangentRidge(RELU, ridge=ridge, layers=layers), n)
    kernel = rc.kernels.NeuralTangent(RELU, layers)
    expected = rc.predict(data, rc.KernelRidge(kernel, ridge), n)
    for name in FIELDS:
        assert_array_equal(getattr(risk, name), getattr(expected, name))
    assert risk.route == "infinite width"
    assert not any("width" in note for note in risk.notes)
    assert rc.reduce(data, rc.NeuralTangentRidge(RELU, layers=layers)) == rc.reduce(data, rc.KernelRidge(kernel, 0))


def test_width_is_an_axis():
    risk = rc.predict(SPHERE, rc.NeuralTangentRidge(RELU, [300.0, np.inf], [[0.1], [1.0], [3.0]]), 40.0)
    assert risk.test.shape == (3, 2)
    assert_array_equal(risk.test[:, 0], risk.test[:, 1])
    assert list(risk.coordinates) == ["n_samples", "width", "ridge"]
    assert any("n/(Nd) is up to 0.0044" in note for note in risk.notes)


@pytest.mark.parametrize("data", [SPHERE, GAUSSIAN], ids=lambda d: type(d).__name__)
def test_a_narrow_network_is_refused_and_can_be_forced(data):
    narrow, n = rc.NeuralTangentRidge(RELU, width=20, ridge=0.1), 400
    d = 30 if data is SPHERE else 60
    words = f"width must be at least {400 / (0.02 * d):.0f} for 400 samples, got 20: no theory"
    with pytest.raises(ValueError, match=re.escape(words)):
        rc.predict(data, narrow, n)
    forced = rc.predict(data, narrow, n, route="infinite_width")
    wide = rc.predict(data, narrow.replace(width=np.inf), n)
    assert_array_equal(forced.test, wide.test)
    assert any("count as infinitely many" in note for note in forced.notes)


def test_the_edge_of_what_counts_as_wide():
    at = rc.NeuralTangentRidge(RELU, width=100, ridge=0.1)
    assert rc.predict(SPHERE, at, 60).route == "infinite width"  # n/(Nd) = 0.02
    with pytest.raises(ValueError, match=r"width must be at least 101 for 60\.6 samples"):
        rc.predict(SPHERE, at, 60.6)


def test_gaussian_data_are_the_linear_equivalent():
    n = np.array([30.0, 60.0, 150.0])
    risk = rc.predict(GAUSSIAN, rc.NeuralTangentRidge(ERF, 1000, 0.1), n)
    expected = rc.neural_tangent.linear_equivalent_risk(ERF, 60, n, 0.1, 0.8, 0.3, 0.2)
    assert_array_equal(risk.test, expected.test)
    problem = rc.reduce(GAUSSIAN, rc.NeuralTangentRidge(ERF, 1000, 0.1))
    assert_allclose(rc.ridge_risk(problem, n, 0.1).test, expected.test, rtol=1e-12)


@pytest.mark.parametrize("layers", ["first", "both"])
def test_the_problem_of_gaussian_data_is_the_limit_of_the_sphere(layers):
    estimator = rc.NeuralTangentRidge(ERF, ridge=0.1, layers=layers)
    far = rc.GaussianData.isotropic(2000.0, noise=0.2)
    sphere = rc.SphereData(2000, rc.targets.DegreeEnergies({1: 1.0}), noise=0.2)
    one, other = (rc.ridge_risk(rc.reduce(data, estimator), 1000.0, 0.1).test for data in (far, sphere))
    assert_allclose(one, other, rtol=2e-3)  # O(1/d)


def test_both_layers_at_finite_width():
    n, width = np.array([[30.0], [90.0]]), [20.0, 200.0]
    estimator = rc.NeuralTangentRidge(ERF, width, 0.05, layers="both")
    for data, linear, rest, d in ((SPHERE, 1.0, 0.5, 30), (GAUSSIAN, 0.8, 0.3, 60)):
        risk = rc.predict(data, estimator, n)
        expected = rc.neural_tangent.both_layers_risk(ERF, d, n, width, 0.05, linear, rest, 0.2)
        assert_array_equal(risk.test, expected.test)
        assert risk.route == "both layers"
    notes = rc.predict(SPHERE, estimator, 300.0).notes
    assert any("n/d is up to 10: degree 2 is being learned" in note for note in notes)
    wide = rc.predict(SPHERE, estimator.replace(width=1e9), n)
    assert wide.route == "infinite width"
    assert_allclose(wide.test, rc.predict(SPHERE, estimator.replace(width=np.inf), n).test, rtol=1e-12)
    constant = rc.SphereData(30, rc.targets.DegreeEnergies({0: 0.5, 1: 1.0}))
    with pytest.raises(ValueError, match=r"target must have no constant part .*got energy 0.5 in degree 0"):
        rc.predict(constant, estimator, 30.0)
    assert rc.predict(constant, estimator, 30.0, route="infinite_width").route == "infinite width"


@pytest.mark.parametrize("layers", ["first", "both"])
@pytest.mark.parametrize(
    ("data", "law"),
    [(LINEAR, "sphere"), (rc.GaussianData.isotropic(20, signal=0.7, noise=0.3), "gaussian")],
    ids=["sphere", "gaussian"],
)
def test_given_weights_are_the_mean_over_the_directions_of_the_target(data, law, layers):
    W = unit_rows(6, 20)
    estimator = rc.NeuralTangentRidge(ERF, 6, 0.02, layers, W)
    n = np.array([40.0, 110.0, 300.0])
    risk = rc.predict(data, estimator, n)
    link = rc.targets.SingleIndex(coefficients=[0, np.sqrt(0.7)])
    one = [
        rc.ridge_risk(
            rc.neural_tangent.conditional_problem(ERF, W, link, 0.3, layers, inputs=law, direction=e), n, 0.02
        )
        for e in np.eye(20)
    ]
    assert_allclose(risk.bias, np.mean([r.bias for r in one], axis=0), rtol=1e-9)
    assert_allclose(risk.variance, one[0].variance, rtol=1e-9)
    assert_allclose(risk.train, np.mean([r.train for r in one], axis=0), rtol=1e-9)
    assert risk.route == "given weights"
    assert any("there are only 6 neurons" in note for note in risk.notes)


def test_bad_input():
    W = unit_rows(6, 20)
    given = rc.NeuralTangentRidge(RELU, 6, 0.1, weights=W)
    curved = rc.SphereData(20, TARGET)
    for answer, words in (
        (lambda: rc.predict(curved, given, 50), "target must be linear beside given weights"),
        (
            lambda: rc.predict(rc.GaussianData.isotropic(30), given, 50),
            r"weights must have a column per input \(30\), got shape \(6, 20\)",
        ),
        (lambda: rc.predict(CUBE, given, 50), "weights must be .* for HypercubeData, got an array"),
        (lambda: rc.predict(LINEAR, given, 50, route="infinite_width"), "exactly if weights are given"),
        (lambda: rc.predict(SPHERE, rc.NeuralTangentRidge(RELU), 50, route="given_weights"), "exactly if weights"),
        (lambda: rc.predict(SPHERE, rc.NeuralTangentRidge(RELU), 50, route="both_layers"), "for layers=.first."),
        (lambda: rc.predict(SPHERE, rc.NeuralTangentRidge(RELU), 50, route="nearest"), "route must be"),
        (lambda: rc.predict(LINEAR, given, 50, tail="atom"), "tail must be"),
        (
            lambda: rc.predict(rc.GaussianData.power_law(1.5, 0.5, n_features=20), rc.NeuralTangentRidge(RELU), 9),
            "spectrum must be isotropic with eigenvalue 1",
        ),
        (lambda: rc.NeuralTangentRidge(RELU, 7, weights=W), r"width must be the number of rows of weights \(6\)"),
        (lambda: rc.NeuralTangentRidge(RELU, -1), "width must be"),
        (lambda: rc.NeuralTangentRidge(RELU, layers="second"), "layers must be"),
        (lambda: rc.NeuralTangentRidge(RELU, weights="uniform"), "weights must be"),
        (lambda: rc.predict(SPHERE, rc.NeuralTangentRidge(rc.activations.Step()), 50), "Step"),
    ):
        with pytest.raises(ValueError, match=words):
            answer()


def test_random_weights_are_drawn_once_from_the_seed():
    one, same, other = (rc.NeuralTangentRidge.of_random_weights(RELU, 5, 4, rng=seed) for seed in (1, 1, 2))
    assert one == same
    assert one != other
    assert_allclose(np.linalg.norm(one.weights, axis=1), 1, rtol=1e-15)
    gaussian = rc.NeuralTangentRidge.of_random_weights(RELU, 4000, 9, weights="gaussian")
    assert_allclose(np.mean(np.sum(gaussian.weights**2, axis=1)), 1, atol=5 * np.sqrt(2 / 9 / 4000))
