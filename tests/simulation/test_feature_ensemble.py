"""Ensembles of random features as they are simulated: scikit-learn's fits, drawn labels, and theory beside them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import stats
from sklearn.linear_model import Ridge as ScikitRidge

import riskcalc as rc
from riskcalc import activations, targets
from riskcalc.simulation.cells import Cell
from riskcalc.simulation.feature_ensemble import averaged_features, drawn_members
from riskcalc.simulation.kernel_ridge import kernel_sample
from riskcalc.simulation.measures import Fit
from riskcalc.simulation.procedures import procedure
from riskcalc.simulation.random_features import FeatureSample

RELU, TANH = activations.ReLU(), activations.Tanh()
TARGET = targets.DegreeEnergies({0: 0.1, 1: 1.0, 2: 0.3})
SMALL = rc.SphereData(12, TARGET, 0.25)
OUTSIDE = rc.GaussianData(rc.Spectrum.isotropic(12), [1.0], 0.25, outside_energy=0.4)
SIZE, NOISE = 3, 0.25


def features(width: Any, ridge: Any, phi: Any = RELU, weights: str = "sphere") -> rc.RandomFeatureRidge:
    return rc.RandomFeatureRidge(phi, width, ridge, weights)


def some_members(n: int, width: int, seed: int = 0) -> list[FeatureSample]:
    rng = np.random.default_rng(seed)
    return drawn_members(rc.Ensemble(features(width, 0), SIZE), kernel_sample(SMALL, n, rng), rng)


def a_trial(
    data: Any, estimator: Any, n: int, how: str = "averaged", seed: int = 0, **measures: Any
) -> dict[str, float]:
    point = np.array([[float(estimator.estimator.ridge), NOISE]])
    cell = Cell(data.replace(noise=0.0), estimator, n, how, measures)
    values = procedure(data, estimator).trial(cell, np.random.default_rng(seed), point)[:, 0]
    return dict(zip(cell.fields, values, strict=True))


def train_error(fit: Fit) -> float:
    return float(((fit.outputs - fit.inputs @ fit.coefficients) ** 2).mean())


# --------------------------------------------------------------------------------------------------- one trial


def test_members_share_the_sample_and_nothing_else() -> None:
    members = some_members(20, 30)
    for one in members[1:]:
        assert_array_equal(one.values, members[0].values)
        assert_array_equal(one.label_noise, members[0].label_noise)
        assert np.abs(one.features - members[0].features).max() > 0.01
    assert len(members) == SIZE


@pytest.mark.parametrize("ridge", [1e-3, 0.1, 5.0])
@pytest.mark.parametrize(("n", "width"), [(60, 90), (90, 60), (60, 60), (50, 7)])
def test_the_smoother_is_the_mean_of_scikit_learn_s_fits(n: int, width: int, ridge: float) -> None:
    members = some_members(n, width)
    ((smoother, (nu2, nu1)),) = averaged_features(members, np.array([ridge]))
    y = members[0].labels(NOISE)
    fits = [ScikitRidge(alpha=ridge, fit_intercept=False, solver="svd").fit(one.features, y) for one in members]
    fresh = np.mean([fit.predict(one.test_features) for fit, one in zip(fits, members, strict=True)], axis=0)
    residual = y - np.mean([fit.predict(one.features) for fit, one in zip(fits, members, strict=True)], axis=0)
    assert_allclose(smoother.fresh @ y, fresh, rtol=1e-9, atol=1e-10)
    assert_allclose(smoother.left @ y, residual, rtol=1e-8, atol=1e-11)
    grams = [one.features @ one.features.T for one in members]
    traces = [np.trace(np.linalg.inv(gram + ridge * np.eye(n))) for gram in grams]
    assert_allclose(nu1, np.mean([1 / t for t in traces]), rtol=1e-9)
    inner = [np.trace(np.linalg.inv(Z.T @ Z + ridge * np.eye(width))) for Z in (one.features for one in members)]
    assert_allclose(nu2, np.mean([width / (ridge * s * t) for s, t in zip(inner, traces, strict=True)]), rtol=1e-9)
    found = smoother.drawn(y, members[0].test_values, NOISE, 0.0, bias=0.2)
    assert_allclose(found.test, np.mean((members[0].test_values - fresh) ** 2) + NOISE, rtol=1e-10)
    assert_allclose(found.train, np.mean(residual**2), rtol=1e-8)
    assert_allclose(found.variance, found.test - 0.2 - NOISE, rtol=1e-10)
    hat = np.mean([n - ridge * t for t in traces])
    assert_allclose(found.df1, hat, rtol=1e-9)
    assert_allclose(found.gcv, np.mean(residual**2) / (1 - hat / n) ** 2, rtol=1e-7)


@pytest.mark.parametrize(("n", "width"), [(40, 90), (90, 40)])
def test_without_a_ridge_members_are_of_least_norm(n: int, width: int) -> None:
    members = some_members(n, width)
    y = members[0].labels(NOISE)
    (smoother, _), (small, _) = averaged_features(members, np.array([0.0, 1e-9]))
    fits = [np.linalg.lstsq(one.features, y, rcond=None)[0] for one in members]
    fresh = np.mean([one.test_features @ a for one, a in zip(members, fits, strict=True)], axis=0)
    assert_allclose(smoother.fresh @ y, fresh, rtol=1e-6, atol=1e-7 * np.abs(fresh).max())
    zero, near = (one.drawn(y, members[0].test_values, NOISE, 0.0, 0.0) for one in (smoother, small))
    assert_allclose(zero.train, 0.0 if n < width else near.train, rtol=1e-6, atol=1e-18)
    assert_allclose(zero.gcv, near.gcv, rtol=1e-3)  # its limit, whatever the ridge tends to: the share of 1e-9 in s²
    assert zero.gcv > 0.01


@pytest.mark.parametrize("data", [SMALL, OUTSIDE])
@pytest.mark.parametrize(("width", "ridge"), [(15, 0.1), (60, 0.0)])
def test_averaged_labels_are_the_mean_of_drawn_ones(data: Any, width: int, ridge: float) -> None:
    """The same inputs and weights in both: 300 trials, each field within 4.5 standard errors of the difference."""
    estimator = rc.Ensemble(features(width, ridge), SIZE)
    runs = [rc.simulate(data, estimator, 30, n_trials=300, rng=0, label_noise=how) for how in ("drawn", "averaged")]
    for name in runs[0].measurements:
        gap = runs[0].measurements[name].values - runs[1].measurements[name].values
        assert abs(gap.mean()) <= 4.5 * gap.std() / np.sqrt(300) + 1e-12, name
    assert runs[0].test.values.std() > 0


@pytest.mark.parametrize("data", [SMALL, rc.HypercubeData(12, TARGET, NOISE), OUTSIDE])
@pytest.mark.parametrize(("width", "ridge"), [(20, 0.1), (60, 0.1), (20, 0.0), (60, 0.0)])
@pytest.mark.parametrize("how", ["averaged", "drawn"])
def test_one_member_is_the_model_itself(data: Any, width: int, ridge: float, how: str) -> None:
    member = features(width, ridge)
    point, cell = np.array([[ridge, NOISE]]), Cell(data.replace(noise=0.0), member, 40, how)
    single = procedure(data, member).trial(cell, np.random.default_rng(0), point)[:, 0]
    alone = dict(zip(cell.fields, single, strict=True))
    for name, value in a_trial(data, rc.Ensemble(member, 1), 40, how).items():
        assert_allclose(value, alone[name], rtol=1e-7, atol=1e-12, err_msg=name)


def test_measures_see_the_averaged_fit() -> None:
    for data in (SMALL, OUTSIDE):
        found = a_trial(data, rc.Ensemble(features(20, 0.1), SIZE), 40, "drawn", train_again=train_error)
        assert_allclose(found["train_again"], found["train"], rtol=1e-9)


# --------------------------------------------------------------------------------------------------------- grids


def test_longer_grids_keep_the_old_numbers() -> None:
    few = rc.simulate(SMALL, rc.Ensemble(features(20, 0.1), 2), 30, n_trials=3, rng=0)
    estimator = rc.Ensemble(features([[[20]], [[35]]], [0.0, 0.1]), [[1], [2]])
    noisy = SMALL.replace(noise=np.array([0.25, 1.0])[:, None, None, None])
    many = rc.simulate(noisy, estimator, 30, n_trials=4, rng=0)
    assert many.shape == (2, 2, 2, 2)
    assert list(many.coordinates) == ["n_samples", "size", "width", "ridge", "noise"]
    assert "size" not in few.coordinates
    for name, measured in few.measurements.items():
        assert_array_equal(many.measurements[name].values[:3, 0, 0, 1, 1], measured.values, err_msg=name)
    assert np.abs(many.test.values[:, 0, :, 0] - many.test.values[:, 0, :, 1]).min() > 0


def test_scale_multiplies_sizes_of_gaussian_data() -> None:
    data = rc.GaussianData.isotropic(0.5, noise=0.3)
    trials = rc.simulate(data, rc.Ensemble(features(0.4, 0.1), 2), 1.0, n_trials=2, rng=0, scale=60)
    assert trials.estimator == rc.Ensemble(features(24, 0.1), 2)
    with pytest.raises(ValueError, match=r"^scale must be 1 for SphereData"):
        rc.simulate(SMALL, rc.Ensemble(features(20, 0.1), 2), 30, n_trials=2, scale=2)


def test_infinite_ensembles_are_not_simulated() -> None:
    with pytest.raises(ValueError, match=r"^size must be finite to be simulated, got inf"):
        rc.simulate(SMALL, rc.Ensemble(features(20, 0.1), [1, np.inf]), 30, n_trials=2)


# ------------------------------------------------------------------------------------------------- beside theory

SPHERE = rc.SphereData(100, TARGET, 0.25)
EVERYDAY = [
    (SPHERE, TANH, "sphere", 200, [150, 300], 0.02),
    (SPHERE, RELU, "gaussian", 150, [300], 0.0),
    (SPHERE, RELU, "sphere", 200, [200], 0.01),
    (rc.HypercubeData(60, TARGET, 0.25), activations.Sign(), "sphere", 200, [150], 0.3),
    (rc.GaussianData.isotropic(100, noise=0.25), TANH, "gaussian", 200, [150], 0.05),
]


@pytest.mark.parametrize(("data", "phi", "law", "n", "width", "ridge"), EVERYDAY)
def test_theory_and_experiment_agree(data: Any, phi: Any, law: str, n: int, width: list[int], ridge: float) -> None:
    estimator = rc.Ensemble(features(width, ridge, phi, law), [[2], [5]])
    comparison = rc.verify(data, estimator, n, n_trials=10, rng=1)
    assert comparison.agrees, comparison.table()
    assert comparison.judged.all()


def test_the_threshold_is_shown_and_not_judged() -> None:
    comparison = rc.verify(SMALL, rc.Ensemble(features([30, 40, 50], [[0.0], [0.1]]), 2), 43, n_trials=3, rng=0)
    assert comparison.judged.tolist() == [[True, False, True], [True] * 3]


def test_a_wrong_theory_is_refused() -> None:
    """Neither one model, nor more or fewer, nor the kernel with λ in place of μ, nor one model of the whole width."""
    data, n, ridge = rc.SphereData(60, TARGET, 0.25), 150, 0.02
    estimator = rc.Ensemble(features(120, ridge), 4)
    trials = rc.simulate(data, estimator, n, n_trials=40, rng=3)
    assert rc.compare(rc.predict(data, estimator, n), trials).agrees
    kernel = rc.KernelRidge(rc.kernels.Dual(RELU, "sphere"), ridge)
    for wrong in (
        *(rc.predict(data, estimator.replace(size=size), n) for size in (1, 2, 10, np.inf)),
        rc.predict(data, kernel, n),
        rc.predict(data, features(480, ridge), n),
        rc.predict(data, estimator.replace(estimator=features(120, ridge / 4)), n),
    ):
        assert not rc.compare({"test": wrong.test, "train": wrong.train}, trials).agrees


@pytest.mark.slow
def test_z_scores_over_many_cells_are_those_of_a_normal_sample() -> None:
    """48 cells with d, n, N >= 100 and λ > 0, 10 trials each, as in the test of single models."""
    scores = []
    for i, phi in enumerate((RELU, TANH, activations.Sign(), activations.GELU())):
        for j, (n, width) in enumerate([(100, 300), (150, 150), (200, 120), (300, 100), (150, 400), (250, 250)]):
            law, ridge, size = ("sphere", "gaussian")[(i + j) % 2], (0.05, 0.2, 1.0)[(i + j) % 3], (2, 3, 5)[j % 3]
            sphere = rc.SphereData(100 + 20 * (j % 3), TARGET, NOISE)
            gaussian = rc.GaussianData.isotropic(110 + 10 * i, noise=NOISE)
            other = rc.HypercubeData(120, TARGET, NOISE) if j % 2 else gaussian
            for data in (sphere, other):
                estimator = rc.Ensemble(features(width, ridge, phi, law), size)
                trials = rc.simulate(data, estimator, n, n_trials=10, rng=7 + i)
                z = rc.compare(rc.predict(data, estimator, n), trials).z["test"]
                scores.append(float(stats.norm.ppf(stats.t.cdf(float(z), 9))))
    z = np.array(scores)
    assert z.size == 48
    assert np.abs(z).max() < stats.norm.isf(1e-3 / 2 / z.size)
    assert stats.chi2.ppf(5e-4, z.size) < (z**2).sum() < stats.chi2.isf(5e-4, z.size)
    assert abs(z.mean()) < 3.3 / np.sqrt(z.size)
    assert stats.kstest(z, stats.norm.cdf).pvalue > 1e-3
