"""Ensembles of kernel ridge regressions as they are simulated: refits of every member, and theory beside them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.kernel_ridge import KernelRidge as ScikitKernelRidge

import riskcalc as rc
from riskcalc import kernels, targets
from riskcalc.simulation.cells import Cell
from riskcalc.simulation.kernel_ensemble import averaged_duals
from riskcalc.simulation.kernel_ridge import kernel_sample
from riskcalc.simulation.measures import Fit
from riskcalc.simulation.procedures import procedure

TARGET = targets.DegreeEnergies({0: 0.1, 1: 1.0, 2: 0.3})
SMALL = rc.SphereData(12, TARGET, 0.25)
RBF, SIZE, NOISE = kernels.RBF(), 3, 0.25


def first(fit: Fit) -> float:
    return float(fit.coefficients[0])


@pytest.mark.parametrize("ridge", [0.0, 0.05, 2.0])
@pytest.mark.parametrize("k", [1, 12, 29])
def test_a_trial_is_the_mean_of_refits(k: int, ridge: float) -> None:
    """Predictions of scikit-learn's members on the subsets of the same generator; traces by inversion."""
    n, estimator = 30, rc.Ensemble(rc.KernelRidge(RBF, ridge), SIZE, k)
    cell = Cell(SMALL.replace(noise=0.0), estimator, n, "drawn", {"first": first})
    values = procedure(SMALL, estimator).trial(cell, np.random.default_rng(0), np.array([[ridge, NOISE]]))[:, 0]
    found = dict(zip(cell.fields, values, strict=True))
    rng = np.random.default_rng(0)
    sample = kernel_sample(SMALL, n, rng)
    y = sample.values + np.sqrt(NOISE) * sample.label_noise
    gram, cross = RBF(sample.inputs), RBF(sample.test_inputs, sample.inputs)
    dual, kappas, hats = np.zeros(n), [], []
    for _ in range(SIZE):
        rows = rng.permutation(n)[:k]
        K = gram[np.ix_(rows, rows)]
        fit = ScikitKernelRidge(alpha=max(ridge, 1e-14), kernel="precomputed").fit(K, y[rows])
        dual[rows] += fit.dual_coef_ / SIZE
        inverse = np.linalg.inv(K + ridge * np.eye(k))
        kappas.append(1 / np.trace(inverse))
        hats.append(np.trace(K @ inverse))
    test = np.mean((sample.test_values - cross @ dual) ** 2) + NOISE
    train = np.mean((y - gram @ dual) ** 2)
    assert_allclose(found["first"], dual[0], rtol=1e-8, atol=1e-12)
    assert_allclose(found["test"], test, rtol=1e-9)
    assert_allclose(found["train"], train, rtol=1e-9)
    assert_allclose(found["norm_squared"], dual @ gram @ dual, rtol=1e-8)
    assert_allclose(found["effective_ridge"], np.mean(kappas), rtol=1e-9)
    assert_allclose(found["df1"], np.mean(hats), rtol=1e-9)
    assert_allclose(found["gcv"], train / (1 - np.mean(hats) / n) ** 2, rtol=1e-8)
    assert_allclose(found["variance"], test - found["bias"] - NOISE, rtol=1e-9)


def test_an_empty_subset_predicts_nothing() -> None:
    duals, kappas = averaged_duals(np.eye(4), 2, 0, np.array([0.0, 1.0]), np.random.default_rng(0))
    assert_array_equal(duals, 0)
    assert_array_equal(kappas, 0)


def test_averaged_labels_are_the_mean_of_drawn_ones() -> None:
    """The same inputs and subsets in both: 300 trials, each field within 4.5 standard errors of the difference."""
    estimator = rc.Ensemble(rc.KernelRidge(RBF, [0.0, 0.1]), SIZE, 20)
    runs = [rc.simulate(SMALL, estimator, 30, n_trials=300, rng=0, label_noise=how) for how in ("drawn", "averaged")]
    for name in runs[0].measurements:
        gap = runs[0].measurements[name].values - runs[1].measurements[name].values
        assert (np.abs(gap.mean(axis=0)) <= 4.5 * gap.std(axis=0) / np.sqrt(300) + 1e-12).all(), name
    assert (runs[0].test.values.std(axis=0) > 0).all()


def test_members_with_the_whole_sample_are_kernel_ridge_regression() -> None:
    """The same trial, bit for bit."""
    points, bare = np.array([[0.0, 0.3], [0.5, 0.3], [0.5, 1.0]]), SMALL.replace(noise=0.0)
    alone = Cell(bare, rc.KernelRidge(RBF, 0.0), 20)
    one = procedure(bare, alone.estimator).trial(alone, np.random.default_rng(0), points)
    for subsample in (None, 20):
        cell = Cell(bare, rc.Ensemble(rc.KernelRidge(RBF, 0.0), 5, subsample), 20)
        assert_array_equal(procedure(bare, cell.estimator).trial(cell, np.random.default_rng(0), points), one)


def test_longer_grids_keep_the_old_numbers() -> None:
    few = rc.simulate(SMALL, rc.Ensemble(rc.KernelRidge(RBF, 0.1), 3, 20), 30, n_trials=3, rng=0)
    estimator = rc.Ensemble(rc.KernelRidge(RBF, [0.0, 0.1]), 3, np.array([[10], [20]]))
    many = rc.simulate(SMALL, estimator, 30, n_trials=4, rng=0)
    for name, measured in few.measurements.items():
        assert_array_equal(many.measurements[name].values[:3, 1, 1], measured.values, err_msg=name)


def test_a_kernel_that_is_lost_in_rounding_is_refused() -> None:
    estimator = rc.Ensemble(rc.KernelRidge(RBF, 0.0), 2, 200)
    with pytest.raises(ValueError, match=r"^ridge must be at least .* lost in rounding"):
        rc.simulate(rc.SphereData(3, TARGET), estimator, 220, n_trials=2, rng=0)


@pytest.mark.parametrize("data", [rc.SphereData(60, TARGET, NOISE), rc.HypercubeData(60, TARGET, NOISE)])
@pytest.mark.parametrize("kernel", [kernels.Exponential(), kernels.Laplace()])
def test_theory_and_experiment_agree(data: Any, kernel: Any) -> None:
    """Twelve cells of eight fields: two sizes, two subsamples, ridges 0, 0.1 and 1."""
    estimator = rc.Ensemble(rc.KernelRidge(kernel, [0, 0.1, 1.0]), [[2], [6]], [[[100]], [[160]]])
    comparison = rc.verify(data, estimator, 200, n_trials=10, rng=0)
    assert comparison.agrees, comparison.table()
    assert comparison.judged.all()


def test_where_rows_of_the_hypercube_meet_nothing_is_promised() -> None:
    data, estimator = rc.HypercubeData(14, TARGET, NOISE), rc.Ensemble(rc.KernelRidge(RBF, 0.1), 2, 30)
    comparison = rc.verify(data, estimator, 100, n_trials=3, rng=0)  # 100²/2¹⁴ = 0.6, 30²/2¹⁴ = 0.05
    assert all(np.isinf(allowance).all() for allowance in comparison.allowances.values())


def test_a_wrong_theory_is_refused() -> None:
    """Neither one member, nor the infinite ensemble, nor members of another size, nor independent samples."""
    data, n = rc.SphereData(60, TARGET, NOISE), 200
    estimator = rc.Ensemble(rc.KernelRidge(RBF, 0.0), 4, 100)
    trials = rc.simulate(data, estimator, n, n_trials=60, rng=0)
    assert rc.compare(rc.predict(data, estimator, n), trials).agrees
    for wrong in (
        *(rc.predict(data, estimator.replace(size=size), n) for size in (1, 2, np.inf)),
        rc.predict(data, estimator.replace(subsample=140), n),
        rc.predict(data, estimator, 400),
    ):
        assert not rc.compare({"test": wrong.test, "train": wrong.train}, trials).agrees
