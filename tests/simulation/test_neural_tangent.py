"""Neural tangent ridge regression simulated: its two forms, and theory at z-scores."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import Ridge

import riskcalc as rc
from riskcalc.simulation.cells import Cell
from riskcalc.simulation.kernel_ridge import dual_coefficients, inputs, kernel_path, kernel_sample
from riskcalc.simulation.neural_tangent import Tangent, drawn_tangent, factorised, feature_path

RELU, TANH = rc.activations.ReLU(), rc.activations.Tanh()
SPHERE = rc.SphereData(8, rc.targets.DegreeEnergies({1: 1.0, 2: 0.5}), noise=0.2)


@pytest.mark.parametrize("layers", ["first", "both"])
def test_the_gram_matrix_is_that_of_the_jacobian(layers):
    """Finite differences of the network in its parameters, divided by √d where theory divides by it."""
    rng = np.random.default_rng(0)
    W, X = rng.standard_normal((5, 8)) / 3, inputs(SPHERE, 6, rng)
    tangent = Tangent(rc.NeuralTangentRidge(TANH, layers=layers), W)
    step = 1e-6
    columns = []
    for index in np.ndindex(W.shape):
        moved = np.zeros_like(W)
        moved[index] = step
        slope = (TANH(X @ (W + moved).T) - TANH(X @ (W - moved).T)).sum(axis=1) / (2 * step)
        columns.append(slope / np.sqrt(5 * 8))
    jacobian = np.column_stack(columns)
    if layers == "both":
        jacobian = np.hstack([TANH(X @ W.T) / np.sqrt(5), jacobian])
    assert_allclose(tangent.gram(X, X), jacobian @ jacobian.T, atol=1e-8)
    features = tangent.features(X)
    assert features.shape == (6, tangent.n_features)
    assert_allclose(features @ features.T, tangent.gram(X, X), rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("layers", ["first", "both"])
def test_both_forms_measure_the_same(layers):
    cell = Cell(SPHERE, rc.NeuralTangentRidge(TANH, 4, 0.0, layers), 60)
    rng = np.random.default_rng(1)
    sample = kernel_sample(SPHERE, 60, rng)
    tangent = drawn_tangent(cell, sample, rng)
    assert tangent.n_features < 60
    points = np.array([[1e-3, 0.2], [0.1, 0.2], [2.0, 0.0]])
    by_gram = kernel_path(cell, factorised(tangent, sample), sample, points)
    by_features = feature_path(cell, tangent, sample, np.zeros(60), 0.0, points)
    assert_allclose(by_features, by_gram, rtol=1e-8)


def test_the_fit_is_that_of_scikit_learn():
    rng = np.random.default_rng(2)
    sample = kernel_sample(SPHERE, 20, rng)
    tangent = Tangent(rc.NeuralTangentRidge(TANH), rng.standard_normal((7, 8)))
    theirs = KernelRidge(kernel="precomputed", alpha=0.3).fit(tangent.gram(sample.inputs, sample.inputs), sample.values)
    assert_allclose(dual_coefficients(factorised(tangent, sample), sample.values, 0.3), theirs.dual_coef_, rtol=1e-9)
    narrow = Tangent(rc.NeuralTangentRidge(TANH), rng.standard_normal((2, 8)))
    linear = Ridge(alpha=0.3, fit_intercept=False).fit(narrow.features(sample.inputs), sample.values)
    cell = Cell(SPHERE, rc.NeuralTangentRidge(TANH, 2), 20, "drawn")
    fields = dict(
        zip(
            cell.fields,
            feature_path(cell, narrow, sample, np.zeros(20), 0.0, np.array([[0.3, 0.0]]))[:, 0],
            strict=True,
        )
    )
    predicted = linear.predict(narrow.features(sample.test_inputs))
    assert_allclose(fields["test"], np.mean((sample.test_values - predicted) ** 2), rtol=1e-9)
    assert_allclose(fields["norm_squared"], linear.coef_ @ linear.coef_, rtol=1e-9)


def test_theory_and_simulation_agree_at_infinite_width():
    data = rc.SphereData(60, rc.targets.DegreeEnergies({1: 1.0, 2: 0.5}), noise=0.2)
    n = np.array([60, 120])[:, None]
    for estimator in (
        rc.NeuralTangentRidge(RELU, 120, [0, 0.3]),
        rc.NeuralTangentRidge(TANH, 120, [0.01, 0.3]),
        rc.NeuralTangentRidge(RELU, [60, 120], 0.1, layers="both"),
    ):
        check = rc.verify(data, estimator, n, n_trials=12, rng=0)
        assert check.agrees
        assert check.judged.all()


def test_given_weights_through_the_threshold():
    """Within the leading order; a wrong λ (nλ, λ/n) or a width that counts as infinite is refused."""
    data = rc.SphereData(20, rc.targets.DegreeEnergies({1: 1.0}), noise=0.2)
    estimator = rc.NeuralTangentRidge.of_random_weights(RELU, 15, 20, [1e-3, 0.05])
    n = np.array([100, 200, 450])[:, None]
    check = rc.verify(data, estimator, n, n_trials=20, rng=0)
    assert check.agrees
    trials = rc.simulate(data, estimator, n, n_trials=20, rng=0)
    wrong = {
        "infinite width": rc.predict(data, estimator.replace(weights="sphere"), n, route="infinite_width").test,
        "mean objective": rc.predict(data, estimator.replace(ridge=np.array([1e-3, 0.05]) / 300), n).test,
        "twice the ridge": rc.predict(data, estimator.replace(ridge=np.array([2e-3, 0.1])), n).test,
    }
    for words, test in wrong.items():
        assert not rc.compare({"test": test}, trials, allowance=3).agrees, words


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["neural-tangent", "neural-tangent-threshold", "neural-tangent-gaussian", "neural-tangent-both-layers"]
)
def test_shipped_experiments_agree(name):
    assert rc.Experiment.load(name).verify().agrees


def test_the_pairs_own_verdict_refuses_wrong_formulas():
    """What the allowances of both routes leave over: twice the ridge, λ/n, and a wrong noise are refused."""
    given = rc.NeuralTangentRidge.of_random_weights(RELU, 30, 10, [0.05, 1.0])
    wide = rc.NeuralTangentRidge(RELU, 400, [1.0, 10.0])
    for data, estimator, n in (
        (rc.SphereData(10, rc.targets.DegreeEnergies({1: 1.0}), noise=0.5), given, 200),
        (rc.SphereData(60, rc.targets.DegreeEnergies({1: 1.0, 2: 0.5}), noise=0.5), wide, 300),
    ):
        trials = rc.simulate(data, estimator, n, n_trials=40, rng=0)
        assert rc.compare(rc.predict(data, estimator, n), trials).agrees
        ridge = np.asarray(estimator.ridge)
        for wrong in (
            rc.predict(data, estimator.replace(ridge=2 * ridge), n),
            rc.predict(data, estimator.replace(ridge=ridge / n), n),
            rc.predict(data.replace(noise=0.6), estimator, n),
        ):
            assert not rc.compare({"test": wrong.test}, trials).agrees
