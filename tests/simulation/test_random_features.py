"""Random features as they are simulated: against scikit-learn, against fresh draws, and beside theory."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import stats
from sklearn.linear_model import Ridge as ScikitRidge

import riskcalc as rc
from riskcalc import activations, targets
from riskcalc.simulation.cells import Cell
from riskcalc.simulation.kernel_ridge import kernel_sample
from riskcalc.simulation.random_features import (
    FEATURE_FIELDS,
    FeatureFit,
    FeatureSample,
    averaged,
    drawn,
    drawn_weights,
    feature_fits,
    feature_sample,
    feature_trial,
)

RELU, TANH = activations.ReLU(), activations.Tanh()
TARGET = targets.DegreeEnergies({0: 0.1, 1: 1.0, 2: 0.3})
SPHERE = rc.SphereData(12, TARGET, 0.25)
NOISE = 0.25


def features(activation: activations.Activation, width: Any, ridge: Any, weights: Any = "sphere") -> Any:
    return rc.RandomFeatureRidge(activation, width, ridge, weights)


def a_sample(n: int, width: int, seed: int, activation: activations.Activation = RELU) -> FeatureSample:
    rng = np.random.default_rng(seed)
    return feature_sample(kernel_sample(SPHERE, n, rng), features(activation, width, 0), rng)


def a_fit(sample: FeatureSample, ridge: float) -> FeatureFit:
    ((fit, _),) = feature_fits(sample, np.array([ridge]))
    return fit


# ------------------------------------------------------------------------------------------------------ draws


def test_weights_are_uniform_on_the_sphere_or_gaussian() -> None:
    """Norms, and fourth moments, 3/(d(d+2)) and 3/d², in standard errors."""
    d, n = 7, 30_000
    for law, fourth in (("sphere", 3 / (d * (d + 2))), ("gaussian", 3 / d**2)):
        W = drawn_weights(features(RELU, n, 0, law), d, np.random.default_rng(0))
        assert W.shape == (n, d)
        if law == "sphere":
            assert_allclose((W**2).sum(axis=1), 1, rtol=1e-13)
        for values, mean in ((W, 0.0), (W**2, 1 / d), (W**4, fourth)):
            assert (np.abs(values.mean(axis=0) - mean) < 4.5 * values.std(axis=0) / np.sqrt(n)).all()
    given = np.ones((2, d))
    assert_array_equal(drawn_weights(features(RELU, 2, 0, given), d, np.random.default_rng(0)), given)


def test_features_are_normalised_and_share_their_weights() -> None:
    rng = np.random.default_rng(1)
    W = rng.standard_normal((5, 12))
    inputs = kernel_sample(SPHERE, 8, rng)
    sample = feature_sample(inputs, features(TANH, 5, 0, W), rng)
    assert_allclose(sample.features, np.tanh(inputs.inputs @ W.T) / np.sqrt(5), rtol=1e-14)
    assert_allclose(sample.test_features, np.tanh(inputs.test_inputs @ W.T) / np.sqrt(5), rtol=1e-14)


# ----------------------------------------------------------------------------------------------- scikit-learn


@pytest.mark.parametrize("ridge", [1e-3, 0.1, 5.0])
@pytest.mark.parametrize(("n", "width"), [(60, 90), (90, 60), (60, 60), (50, 7)])
def test_the_fit_is_that_of_scikit_learn(n: int, width: int, ridge: float) -> None:
    sample = a_sample(n, width, n + width)
    fit, y = a_fit(sample, ridge), sample.labels(NOISE)
    other = ScikitRidge(alpha=ridge, fit_intercept=False, solver="svd").fit(sample.features, y)
    assert_allclose(fit.coefficients(y, ridge), other.coef_, rtol=1e-10, atol=1e-10 * np.abs(other.coef_).max())
    found = dict(zip(FEATURE_FIELDS, drawn(fit, sample, ridge, NOISE, bias=0.0), strict=True))
    residual = y - other.predict(sample.features)
    error = sample.test_values - other.predict(sample.test_features)
    hat = (
        sample.features @ np.linalg.inv(sample.features.T @ sample.features + ridge * np.eye(width)) @ sample.features.T
    )
    assert_allclose(found["test"], np.mean(error**2) + NOISE, rtol=1e-10)
    assert_allclose(found["train"], np.mean(residual**2), rtol=1e-9)
    assert_allclose(found["norm_squared"], other.coef_ @ other.coef_, rtol=1e-10)
    assert_allclose(found["df1"], np.trace(hat), rtol=1e-10)
    assert_allclose(found["gcv"], np.mean(residual**2) / (1 - np.trace(hat) / n) ** 2, rtol=1e-8)
    nu1, nu2 = found["feature_ridge"], found["effective_ridge"]
    assert_allclose(n - ridge / nu1, np.trace(hat), rtol=1e-9, atol=1e-9 * n)
    assert_allclose(width - width * nu1 / nu2, np.trace(hat), rtol=1e-9, atol=1e-9 * width)


@pytest.mark.parametrize(("n", "width"), [(40, 90), (90, 40)])
def test_without_a_ridge_it_is_least_squares_of_least_norm(n: int, width: int) -> None:
    sample = a_sample(n, width, 0)
    fit, y = a_fit(sample, 0.0), sample.labels(NOISE)
    expected = np.linalg.lstsq(sample.features, y, rcond=None)[0]
    assert_allclose(fit.coefficients(y, 0.0), expected, rtol=1e-7, atol=1e-9 * np.abs(expected).max())
    found = dict(zip(FEATURE_FIELDS, drawn(fit, sample, 0.0, NOISE, bias=0.0), strict=True))
    assert_allclose(found["train"], np.mean((y - sample.features @ expected) ** 2), rtol=1e-9, atol=1e-20)
    s = np.linalg.svd(sample.features, compute_uv=False)
    nu2 = width / ((s**-2).sum() * abs(n - width))
    assert_allclose(found["effective_ridge"], nu2, rtol=1e-9)
    assert_allclose(found["feature_ridge"], 1 / (s**-2).sum() if n < width else 0, rtol=1e-9)


# ------------------------------------------------------------------------------------------------- identities


@pytest.mark.parametrize(("n", "width", "ridge"), [(60, 40, 0.0), (40, 60, 0.0), (50, 50, 0.1)])
def test_the_closed_form_is_the_mean_over_the_label_noise(n: int, width: int, ridge: float) -> None:
    """4000 draws of the noise, and of what is outside, for the same features; 4.5 is passed by luck 1e-5."""
    rng = np.random.default_rng(5)
    base = a_sample(n, width, 3)
    sample = FeatureSample(
        base.features, base.values, base.test_features, base.test_values, base.label_noise, base.outside, 0.3
    )
    fit, repeats = a_fit(sample, ridge), []
    closed = averaged(fit, sample, ridge, NOISE)
    for _ in range(4000):
        noise, outside = rng.standard_normal((2, n))
        again = FeatureSample(base.features, base.values, base.test_features, base.test_values, noise, outside, 0.3)
        repeats.append(drawn(fit, again, ridge, NOISE, bias=closed[2]))
    mean, error = np.mean(repeats, axis=0), np.std(repeats, axis=0) / np.sqrt(4000)
    assert (np.abs(mean - closed) <= 4.5 * error + 1e-12 * np.abs(closed)).all()


def test_longer_grids_and_more_trials_keep_the_old_numbers() -> None:
    short = rc.simulate(SPHERE, features(RELU, [20, 50], 0.1), 40, n_trials=2, rng=0)
    long = rc.simulate(SPHERE, features(RELU, [10, 20, 50], [[0], [0.1], [1]]), 40, n_trials=3, rng=0)
    for name in FEATURE_FIELDS:
        values = long.measurements[name].values[:2, 1, 1:]
        assert_array_equal(values, short.measurements[name].values)
    assert long.coordinates["width"].tolist() == [10, 20, 50]
    assert long.test.values.shape == (3, 3, 3)


def test_label_noise_that_is_drawn_has_the_same_mean() -> None:
    drawn_noise, mean = (
        rc.simulate(SPHERE, features(RELU, 30, 0.1), 40, n_trials=200, rng=0, label_noise=how)
        for how in ("drawn", "averaged")
    )
    gap = drawn_noise.test.values - mean.test.values  # the same features
    assert abs(gap.mean()) < 4.5 * gap.std() / np.sqrt(200)
    assert_array_equal(drawn_noise.df1.values, mean.df1.values)


def trained(fit: Any) -> float:
    return float(np.mean((fit.outputs - fit.inputs @ fit.coefficients) ** 2))


def test_measures_see_the_features() -> None:
    trials = rc.simulate(
        SPHERE, features(RELU, 30, [0.0, 0.1]), 40, n_trials=2, rng=0, label_noise="drawn", measures={"mine": trained}
    )
    assert_allclose(trials.mine.values, trials.train.values, rtol=1e-10)


def test_scale_multiplies_sizes_and_width_and_not_the_ridge() -> None:
    data = rc.GaussianData.isotropic(n_features=1.0, noise=0.25)
    trials = rc.simulate(data, features(TANH, [0.5, 2.0], 0.1), 1.5, n_trials=2, rng=0, scale=40)
    whole = rc.simulate(rc.GaussianData.isotropic(40, noise=0.25), features(TANH, [20, 80], 0.1), 60, n_trials=2, rng=0)
    assert_array_equal(trials.test.values, whole.test.values)
    assert rc.verify(data, features(TANH, 2.0, 0.1), 1.5, n_trials=10, rng=0, scale=60).agrees


def test_a_part_of_the_target_that_no_feature_sees() -> None:
    """Outside energy is bias, and a nonlinear target of that energy gives about the same."""
    spectrum = rc.Spectrum.isotropic(60)
    blind = rc.GaussianData(spectrum, [1.0], noise=0.1, outside_energy=0.5)
    seen = blind.replace(target=targets.DegreeEnergies({2: 0.5}))
    expected = rc.predict(blind, features(TANH, 80, 0.2), 120)
    for data in (blind, seen):
        comparison = rc.verify(data, features(TANH, 80, 0.2), 120, n_trials=20, rng=0)
        assert comparison.agrees, comparison.table()
        assert_allclose(comparison.predicted["bias"], expected.bias, rtol=1e-14)


# ----------------------------------------------------------------------------------------------- independence


def refuse(*args: object, **more: object) -> None:
    raise AssertionError("the theory was asked")


def test_activations_and_targets_are_functions_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Coefficients, moments and energies raise; what is simulated is the same."""
    cases = [
        (SPHERE, RELU, "sphere"),
        (rc.SphereData(8, targets.SingleIndex(TANH)), activations.Erf(0.7), "gaussian"),
        (rc.HypercubeData(9, TARGET), activations.Sin(1.0), "sphere"),
        (rc.GaussianData.isotropic(9), activations.ELU(), "gaussian"),
    ]
    before = [
        rc.simulate(data, features(phi, [10, 30], 0.1, law), 20, n_trials=2, rng=0).test.values
        for data, phi, law in cases
    ]
    kinds = [activations.Activation, *{type(phi) for _, phi, _ in cases}]
    for kind in kinds:
        for name in ("hermite_coefficients", "sphere_coefficients", "second_moment", "_hermite", "_sphere", "_moment"):
            monkeypatch.setattr(kind, name, refuse)
    for kind in (targets.Target, targets.DegreeEnergies, targets.SingleIndex, targets.Monomials):
        monkeypatch.setattr(kind, "energies", refuse)
        monkeypatch.setattr(kind, "_energies", refuse)
    for (data, phi, law), values in zip(cases, before, strict=True):
        found = rc.simulate(data, features(phi, [10, 30], 0.1, law), 20, n_trials=2, rng=0)
        assert_array_equal(found.test.values, values)
    with pytest.raises(AssertionError, match="the theory was asked"):
        rc.predict(SPHERE, features(activations.Hermite(2), 10, 0.1), 21)


# ----------------------------------------------------------------------------------------------- beside theory

EVERYDAY = [
    (rc.SphereData(100, TARGET, 0.25), RELU, "sphere", 200, 150, 0.1),
    (rc.SphereData(100, TARGET, 0.25), TANH, "gaussian", 150, 300, 0.05),
    (rc.SphereData(100, TARGET, 0.25), RELU, "sphere", 240, 120, 0.0),
    (rc.SphereData(20, TARGET, 0.25), RELU, "sphere", 200, 400, 0.05),
    (rc.HypercubeData(60, TARGET, 0.25), activations.Sign(), "sphere", 200, 150, 0.3),
    (rc.SphereData(100, targets.SingleIndex(RELU), 0.1), activations.GELU(), "sphere", 150, 150, 0.1),
    (rc.GaussianData.isotropic(100, noise=0.25), TANH, "gaussian", 200, 150, 0.05),
    (
        rc.GaussianData(rc.Spectrum.from_eigenvalues([1.8, 0.2], [50, 50]), [0.8, 0.2], 0.25, entries="uniform"),
        RELU, "sphere", 150, 250, 0.1,
    ),
]  # fmt: skip


@pytest.mark.parametrize(("data", "phi", "law", "n", "width", "ridge"), EVERYDAY)
def test_theory_and_experiment_agree(data: Any, phi: Any, law: str, n: int, width: int, ridge: float) -> None:
    comparison = rc.verify(data, features(phi, width, ridge, law), n, n_trials=10, rng=1)
    assert comparison.agrees, comparison.table()
    assert comparison.judged.all()


@pytest.mark.parametrize("data", [rc.SphereData(60, TARGET, 0.25), rc.GaussianData.isotropic(60, noise=0.25)])
def test_the_threshold_is_shown_and_not_judged(data: Any) -> None:
    """At ridge 0 theory is inf at n = N, and three samples to either side the tails are heavy."""
    comparison = rc.verify(data, features(RELU, [30, 40, 50], [[0.0], [0.1]]), 43, n_trials=4, rng=0)
    assert comparison.judged.tolist() == [[True, False, True], [True] * 3]
    peak = rc.verify(data, features(RELU, 40, 0.0), 40, n_trials=4, rng=0)
    assert not peak.judged
    assert peak.predicted["test"] == np.inf
    assert np.isfinite(peak.trials.effective_ridge.values).all()


def given_rows(width: int, d: int) -> np.ndarray:
    W = np.random.default_rng(4).standard_normal((width, d))
    return W / np.linalg.norm(W, axis=1, keepdims=True)


@pytest.mark.parametrize(
    ("data", "phi"),
    [
        (rc.GaussianData.isotropic(60, noise=0.25), RELU),
        (rc.GaussianData.isotropic(60, noise=0.25), activations.Erf(1.0)),
        (rc.SphereData(60, TARGET, 0.25), TANH),
        (
            rc.GaussianData(rc.Spectrum.from_eigenvalues([2.0, 0.5], [20, 40]), [0.3, 0.7], 0.25, outside_energy=0.2),
            RELU,
        ),
    ],
)
def test_given_weights_agree_with_the_conditional_theory(data: Any, phi: Any) -> None:
    """The same weights in all trials: 90 and 240 samples on 120 features."""
    estimator = features(phi, 120, [0.02, 0.2], given_rows(120, 60))
    comparison = rc.verify(data, estimator, [[90], [240]], n_trials=20, rng=0)
    assert comparison.agrees, comparison.table()
    assert comparison.prediction is not None
    assert comparison.prediction.route == "given weights"


def test_a_wrong_theory_is_refused() -> None:
    """Another ridge, width, activation or law of the inputs: the comparison says so."""
    data, n = rc.SphereData(60, TARGET, 0.25), 150
    estimator = features(RELU, 120, 0.05)
    trials = rc.simulate(data, estimator, n, n_trials=40, rng=3)
    assert rc.compare(rc.predict(data, estimator, n), trials).agrees
    for wrong in (
        rc.predict(data, estimator.replace(ridge=0.05 * 120), n),
        rc.predict(data, estimator.replace(ridge=0.05 / 120), n),
        rc.predict(data, estimator.replace(width=170), n),
        rc.predict(data, estimator.replace(activation=activations.LeakyReLU(0.2)), n),
        rc.predict(data.replace(target=targets.DegreeEnergies({0: 0.1, 1: 0.7, 2: 0.6})), estimator, n),
    ):
        assert not rc.compare({"test": wrong.test, "df1": wrong.df1}, trials).agrees


PHIS = [RELU, TANH, activations.Sign(), activations.GELU(), activations.Erf(1.0)]
SHAPES = [(100, 300), (150, 150), (200, 120), (300, 100), (150, 400), (250, 250)]


@pytest.mark.slow
def test_z_scores_over_many_cells_are_those_of_a_normal_sample() -> None:
    """60 cells with d, n, N >= 100 and λ > 0, 10 trials each, so that a standard error is 2 %, the gap below 1 %.

    The statistics of Student's t with 9 degrees of freedom, turned to normal scores; as in the test of kernels.
    """
    scores = []
    for i, phi in enumerate(PHIS):
        for j, (n, width) in enumerate(SHAPES):
            law, ridge = ("sphere", "gaussian")[(i + j) % 2], (0.05, 0.2, 1.0)[(i + j) % 3]
            sphere = rc.SphereData(100 + 20 * (j % 3), TARGET, NOISE)
            for data in (sphere, rc.HypercubeData(120, TARGET, NOISE) if j % 2 else gaussian(i)):
                trials = rc.simulate(data, features(phi, width, ridge, law), n, n_trials=10, rng=7 + i)
                z = rc.compare(rc.predict(data, features(phi, width, ridge, law), n), trials).z["test"]
                scores.append(float(stats.norm.ppf(stats.t.cdf(float(z), 9))))
    z = np.array(scores)
    assert z.size == 60
    assert np.abs(z).max() < stats.norm.isf(1e-3 / 2 / z.size)
    assert stats.chi2.ppf(5e-4, z.size) < (z**2).sum() < stats.chi2.isf(5e-4, z.size)
    assert abs(z.mean()) < 3.3 / np.sqrt(z.size)
    assert stats.kstest(z, stats.norm.cdf).pvalue > 1e-3


def gaussian(i: int) -> rc.GaussianData:
    sigma = np.linspace(1.8, 0.2, 110 + 10 * i)
    return rc.GaussianData(rc.Spectrum.from_eigenvalues(sigma), sigma / sigma.sum(), NOISE)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["width-double-descent", "random-features-map", "random-features-staircase"])
def test_shipped_experiments_agree(name: str) -> None:
    comparison = rc.Experiment.load(name, quick=True).verify()
    assert comparison.agrees, comparison.table()


# ------------------------------------------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: rc.simulate(SPHERE, features(RELU, 9, 0), 9, n_trials=2, scale=2), "scale must be 1 for SphereData"),
        (lambda: rc.simulate(SPHERE, features(RELU, np.inf, 0), 9, n_trials=2), "limit of infinite width"),
        (lambda: rc.simulate(SPHERE, features(RELU, 9, np.inf), 9, n_trials=2), "infinite ridge needs no experiment"),
        (lambda: rc.simulate(SPHERE, features(RELU, [9, 0.3], 0), 9, n_trials=2), "width must be at least 1"),
        (
            lambda: rc.simulate(SPHERE, features(RELU, 2, 0, np.ones((2, 3))), 9, n_trials=2),
            "weights must have a column per input",
        ),
        (
            lambda: rc.simulate(rc.HypercubeData(9, TARGET), features(RELU, 2, 0, np.ones((2, 9))), 9, n_trials=2),
            "no rotation symmetry",
        ),
        (
            lambda: rc.simulate(rc.GaussianData.power_law(2, 0.5), features(RELU, 2, 0), 9, n_trials=2),
            "n_features must be finite",
        ),
    ],
)
def test_refusals(call: Callable[[], object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        call()


@pytest.mark.parametrize(
    ("activation", "width", "n"),
    [(rc.activations.Linear(), 60, 40), (rc.activations.Linear(), 25, 40), (rc.activations.Quadratic(), 100, 80)],
)
def test_features_of_finite_rank_are_fitted_as_a_direct_solve_does(activation: Any, width: int, n: int) -> None:
    """Rank 10 (55): what rounding leaves of the other singular values is no direction of the outputs."""
    data = rc.SphereData(10, rc.targets.DegreeEnergies({1: 1.0}), noise=0.1)
    cell = Cell(data, rc.RandomFeatureRidge(activation, width, 0.0), n)
    rng = np.random.default_rng(3)
    sample = feature_sample(kernel_sample(data, n, rng), cell.estimator, rng)
    ridges = np.array([1e-12, 0.1, 3.0])
    fields = feature_trial(cell, sample, np.column_stack([ridges, np.full(3, 0.1)]))
    Z, fresh, y = sample.features, sample.test_features, sample.values
    for k, ridge in enumerate(ridges[1:], start=1):
        hat = Z @ np.linalg.solve(Z.T @ Z + ridge * np.eye(width), Z.T)
        left, smoother = np.eye(n) - hat, fresh @ np.linalg.solve(Z.T @ Z + ridge * np.eye(width), Z.T)
        found = dict(zip(cell.fields, fields[:, k], strict=True))
        assert_allclose(found["train"], (np.sum((left @ y) ** 2) + 0.1 * np.sum(left**2)) / n, rtol=1e-8)
        assert_allclose(found["df1"], np.trace(hat), rtol=1e-8)
        assert_allclose(found["bias"], np.mean((sample.test_values - smoother @ y) ** 2), rtol=1e-8)
        assert_allclose(found["variance"], 0.1 * np.mean(np.sum(smoother**2, axis=1)), rtol=1e-8)
