"""Sentences where a prediction is not to be trusted: small counts, exhausted hypercubes, few neurons."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

import riskcalc as rc

RELU = rc.activations.ReLU()
TARGET = rc.targets.DegreeEnergies({1: 1.0})
SPHERE = rc.SphereData(40, TARGET, noise=0.1)


def said(risk, words):
    return any(words in note for note in risk.notes)


def test_sizes_below_ten_are_counts_on_the_sphere_and_may_be_ratios_of_gaussian_data():
    narrow = rc.predict(SPHERE, rc.RandomFeatureRidge(RELU, 8, 0.1), 200)
    assert said(narrow, "width - df2 is only")
    assert not said(rc.predict(SPHERE, rc.RandomFeatureRidge(RELU, 200, 0.1), 200), "width - df2 is only")
    assert said(rc.predict(SPHERE, rc.KernelRidge(rc.kernels.Exponential(), 0.1), 5), "n_samples - df2 is only")
    ratio = rc.predict(rc.GaussianData.isotropic(2.0, noise=0.1), rc.Ridge(0.1), 1.0)
    assert ratio.notes == ()


def test_no_samples_and_no_width_are_exact():
    assert not said(rc.predict(SPHERE, rc.KernelRidge(rc.kernels.Exponential(), 0.1), 0), "is only")
    assert not said(rc.predict(SPHERE, rc.RandomFeatureRidge(RELU, 0, 0.1), 200), "width - df2 is only")


@pytest.mark.parametrize(("n", "meets"), [(10, False), (11, True)])
def test_rows_of_a_hypercube_that_meet(n, meets):
    """At n² = 0.1 · 2^d: 10.1 rows in 10 dimensions."""
    cube = rc.HypercubeData(10, TARGET, noise=0.1)
    for estimator in (rc.KernelRidge(rc.kernels.Exponential(), 0.1), rc.RandomFeatureRidge(RELU, 100, 0.1)):
        assert said(rc.predict(cube, estimator, n), "are equal or opposite") is meets
    assert not said(rc.predict(rc.SphereData(10, TARGET), estimator, n), "are equal or opposite")
    huge = rc.HypercubeData(5000, TARGET, noise=0.1)
    assert not said(rc.predict(huge, rc.KernelRidge(rc.kernels.Exponential(), 0.1), 1e4), "are equal or opposite")


@pytest.mark.parametrize(("width", "few"), [(29, True), (30, False)])
def test_few_given_neurons(width, few):
    linear = rc.SphereData(6, TARGET, noise=0.1)
    given = rc.NeuralTangentRidge.of_random_weights(RELU, width, 6, 0.1)
    assert said(rc.predict(linear, given, 60), f"there are only {width} neurons") is few


def test_the_width_of_given_weights_is_an_axis():
    weights = np.random.default_rng(0).standard_normal((12, 40))
    weights /= np.linalg.norm(weights, axis=1, keepdims=True)
    risk = rc.predict(SPHERE, rc.RandomFeatureRidge(RELU, np.full((3, 1), 12), [0.01, 0.1], weights), 50)
    plain = rc.predict(SPHERE, rc.RandomFeatureRidge(RELU, 12, [0.01, 0.1], weights), 50)
    for name, values in risk.fields.items():
        assert values.shape == (3, 2), name
        assert_allclose(values, np.broadcast_to(plain.fields[name], (3, 2)), rtol=1e-14)  # order of sums


@pytest.mark.parametrize(
    ("width", "n", "route"), [(50, 60, "both layers"), (100, 60, "infinite width"), (1000, 700, "both layers")]
)
def test_both_layers_of_a_wide_network_are_its_kernel(width, n, route):
    """Where n <= N and n/(Nd) <= 0.02."""
    data = rc.SphereData(30, TARGET, noise=0.1)
    assert rc.predict(data, rc.NeuralTangentRidge(RELU, width, 0.1, layers="both"), n).route == route
