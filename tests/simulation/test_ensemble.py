"""Ensembles simulated: refits of every member by another route, fresh points, and theory in standard errors."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import riskcalc as rc
from riskcalc.simulation.cells import Cell
from riskcalc.simulation.draw import linear_sample
from riskcalc.simulation.ensemble import averaged_maps
from riskcalc.simulation.gradient_flow import drawn_labels
from riskcalc.simulation.measures import Fit
from riskcalc.simulation.procedures import procedure

SPECTRUM = rc.Spectrum.from_eigenvalues([4.0, 1.0, 0.2], [8, 10, 12])
DATA = rc.GaussianData(SPECTRUM, [0.5, 0.3, 0.2], noise=0.3, outside_energy=0.1)
RIDGES = np.array([0.0, 0.5])


def first(fit: Fit) -> float:
    return float(fit.coefficients[0])


def distance(fit: Fit) -> float:
    return float(((fit.coefficients - fit.target) ** 2).sum())


# One trial


@pytest.mark.parametrize("k", [0, 1, 12, 29, 30, 33])
def test_the_averaged_map_is_the_mean_of_its_members(k: int) -> None:
    """Each by least squares on [X; √λ 1], of minimum norm; the subsets are those of the same generator."""
    sample = linear_sample(DATA, 40, np.random.default_rng(3))
    y = np.random.default_rng(5).standard_normal(40)
    maps = averaged_maps(sample, 3, k, RIDGES, np.random.default_rng(4))
    rng = np.random.default_rng(4)
    subsets = [rng.permutation(40)[:k] for _ in range(3)]
    for got, ridge in zip(maps, RIDGES, strict=True):
        fits, traces = [], []
        for rows in subsets:
            X = sample.features[rows]
            stacked = np.vstack([X, np.sqrt(ridge) * np.eye(30)])
            fits.append(np.linalg.lstsq(stacked, np.append(y[rows], np.zeros(30)), rcond=1e-12)[0])
            inverse = np.linalg.eigvalsh(X @ X.T + ridge * np.eye(k))
            traces.append(1 / (1 / inverse).sum() if k and inverse.min() > 1e-9 else 0.0)
        assert_allclose(got.matrix @ y, np.mean(fits, axis=0), atol=1e-8)
        if k:
            assert_allclose(got.effective_ridge, np.mean(traces), rtol=1e-8)


def test_the_exact_risk_is_that_at_fresh_points() -> None:
    """Test and train error of drawn labels, recomputed from predictions; 200 000 fresh points."""
    estimator = rc.Ensemble(rc.Ridge(0.5), 3, 20)
    cell = Cell(DATA.replace(noise=0.0), estimator, 40, "drawn", {"first": first})
    values = procedure(DATA, estimator).trial(cell, np.random.default_rng(0), np.array([[0.5, 0.3]]))[:, 0]
    found = dict(zip(cell.fields, values, strict=True))
    rng = np.random.default_rng(0)
    sample = linear_sample(DATA, 40, rng)
    y = drawn_labels(sample, 0.3)
    theta = averaged_maps(sample, 3, 20, np.array([0.5]), rng)[0].matrix @ y
    assert found["first"] == theta[0]
    assert_allclose(found["train"], ((y - sample.features @ theta) ** 2).mean(), rtol=1e-12)
    assert_allclose(found["norm_squared"], theta @ theta, rtol=1e-12)
    assert_allclose(found["estimation"], ((theta - sample.coefficients) ** 2).sum(), rtol=1e-12)
    fitted = sample.features @ (theta - sample.coefficients)
    assert_allclose(found["in_sample"], (fitted**2).mean(), rtol=1e-12)
    assert_allclose(found["gcv"], found["train"] / (1 - found["df1"] / 40) ** 2, rtol=1e-12)
    fresh = np.random.default_rng(9)
    X = fresh.standard_normal((200_000, 30)) * np.sqrt(sample.covariance)
    f = X @ sample.coefficients + np.sqrt(0.1) * fresh.standard_normal(200_000)
    errors = (f + np.sqrt(0.3) * fresh.standard_normal(200_000) - X @ theta) ** 2
    assert abs(errors.mean() - found["test"]) < 4 * errors.std() / np.sqrt(200_000)


def test_averaged_labels_are_the_mean_of_drawn_ones() -> None:
    """The same features and subsets in both: 400 trials, each field within 4 standard errors of the difference."""
    estimator = rc.Ensemble(rc.Ridge([0.0, 0.5]), 3, 20)
    runs = [rc.simulate(DATA, estimator, 40, n_trials=400, rng=0, label_noise=how) for how in ("drawn", "averaged")]
    for name in runs[0].measurements:
        gap = runs[0].measurements[name].values - runs[1].measurements[name].values
        error = gap.std(axis=0) / 20
        assert (np.abs(gap.mean(axis=0)) <= 4 * error + 1e-12).all(), name
    assert runs[0].test.standard_error[0] > 0


def test_members_with_the_whole_sample_are_ridge_regression() -> None:
    """The same trial, bit for bit; the limit of cross-validation at ridge 0 as well."""
    points = np.array([[0.0, 0.3], [0.5, 0.3], [0.5, 1.0]])
    bare = DATA.replace(noise=0.0)
    for n in (20, 40):
        alone = Cell(bare, rc.Ridge(0.0), n)
        one = procedure(bare, alone.estimator).trial(alone, np.random.default_rng(0), points)
        for subsample in (None, n):
            cell = Cell(bare, rc.Ensemble(rc.Ridge(0.0), 5, subsample), n)
            many = procedure(bare, cell.estimator).trial(cell, np.random.default_rng(0), points)
            assert_array_equal(many, one)


# Grids


def test_longer_grids_keep_the_old_numbers() -> None:
    few = rc.simulate(DATA, rc.Ensemble(rc.Ridge(0.5), 3, 20), 40, n_trials=3, rng=0)
    estimator = rc.Ensemble(rc.Ridge([0.1, 0.5]), 3, np.array([[10], [20]]))
    noisy = DATA.replace(noise=np.array([0.3, 1.0])[:, None, None])
    many = rc.simulate(noisy, estimator, 40, n_trials=5, rng=0)
    assert many.shape == (2, 2, 2)
    assert list(many.coordinates) == ["n_samples", "subsample", "ridge", "noise"]
    for name, measured in few.measurements.items():
        assert_array_equal(many.measurements[name].values[:3, 0, 1, 1], measured.values, err_msg=name)
    assert not np.array_equal(
        few.test.values, rc.simulate(DATA, rc.Ensemble(rc.Ridge(0.5), 3, 21), 40, n_trials=3, rng=0).test.values
    )


def test_scale_multiplies_ridge_and_subsample() -> None:
    data = rc.GaussianData.isotropic(0.5, noise=0.3)
    trials = rc.simulate(data, rc.Ensemble(rc.Ridge(0.1), 2, [0.3, 0.501]), 1.0, n_trials=2, rng=0, scale=60)
    assert_array_equal(trials.coordinates["subsample"], [18, 30])
    assert_allclose(trials.coordinates["ridge"], 6.0)
    assert trials.estimator == rc.Ensemble(rc.Ridge(0.1 * 60), 2, [18, 30])


def test_measures_see_the_averaged_fit() -> None:
    trials = rc.simulate(
        DATA, rc.Ensemble(rc.Ridge([0.0, 0.5]), 3, 20), 40, n_trials=3, rng=0, label_noise="drawn",
        measures={"distance": distance},
    )  # fmt: skip
    assert_allclose(trials.measurements["distance"].values, trials.estimation.values, rtol=1e-12)


def test_refusals() -> None:
    with pytest.raises(ValueError, match=r"^size must be finite to be simulated, got inf; give a size"):
        rc.simulate(DATA, rc.Ensemble(rc.Ridge(1.0), float("inf"), 20), 40, n_trials=2)
    with pytest.raises(ValueError, match=r"^subsample must be <= n_samples, got 41 of 40; members are drawn"):
        rc.simulate(DATA, rc.Ensemble(rc.Ridge(1.0), 3, [20, 41]), 40, n_trials=2)
    with pytest.raises(ValueError, match=r"^ridge must be above .* of a sample that was drawn, got -1000"):
        rc.simulate(DATA, rc.Ensemble(rc.Ridge(-1e3), 3, 20), 40, n_trials=2)
    with pytest.raises(TypeError, match=r"^no experiment of an ensemble for \(GaussianData, Spectrum\)"):
        rc.simulate(DATA, rc.Ensemble(SPECTRUM, 3, 20), 40, n_trials=2)
    table = rc.Dataset(np.eye(4) + 1, np.arange(4.0))
    with pytest.raises(TypeError, match=r"^no experiment for \(Dataset, Ensemble\); the pairs there are: "):
        rc.simulate(table, rc.Ensemble(rc.Ridge(1.0), 3, 2), 3, n_trials=2)


def test_at_the_threshold_nothing_is_judged() -> None:
    """Parts within 3 of the rank, ridgeless: heavy tails of the members, although n is far."""
    comparison = rc.verify(DATA, rc.Ensemble(rc.Ridge([0.0, 0.5]), 2, [[15], [28]]), 60, n_trials=4, rng=0)
    assert_array_equal(comparison.judged, [[True, True], [False, True]])


# Theory in standard errors

SHARES = np.array([0.3, 0.5, 0.7, 0.9])[:, None]


@pytest.mark.parametrize(("n", "entries"), [(150, "gaussian"), (150, "rademacher"), (400, "gaussian")])
@pytest.mark.parametrize("size", [2, 8])
def test_theory_agrees(n: int, entries: str, size: int) -> None:
    """Eight cells each, over- and under-parametrised (rank 240), ridge 0 and 3: all ten fields.

    Of the 480 numbers none may be more than 4 standard errors beyond a gap of 2/(k - df2) of its value, the next term
    (seen: 0.8 beyond, and gaps of 1 or 2 units where the standard error is as large). A wrong overlap (k or 0 for
    k²/n) moves test by 10 to 60 %.
    """
    spectrum = rc.Spectrum.from_eigenvalues([4.0, 1.0, 0.2], [60, 120, 60])
    data = rc.GaussianData(spectrum, [0.5, 0.3, 0.2], noise=0.3, outside_energy=0.1, entries=entries)
    estimator = rc.Ensemble(rc.Ridge([0.0, 3.0]), size, np.rint(n * SHARES))
    comparison = rc.verify(data, estimator, n, n_trials=12, rng=1)
    assert comparison.agrees
    risk = rc.predict(data, estimator, n)
    room = 2 / (np.rint(n * SHARES) - risk.df2)
    for name, measured in comparison.trials.measurements.items():
        value = risk.fields[name] if name != "df1" else n - risk.df1
        gap = np.abs(measured.mean - risk.fields[name])
        assert (gap <= 4 * measured.standard_error + room * value + 1e-9).all(), name


def test_latent_space_data() -> None:
    rng = np.random.default_rng(0)
    data = rc.LatentSpaceData(rng.standard_normal((120, 40)) / 5, rng.standard_normal(40) / 6, noise=0.2)
    estimator = rc.Ensemble(rc.Ridge([0.0, 2.0]), 4, [[60], [90]])
    assert rc.verify(data, estimator, 180, n_trials=12, rng=0).agrees


def test_a_wrong_conjecture_is_found_out() -> None:
    """The ensemble is neither one member nor the infinite ensemble."""
    estimator = rc.Ensemble(rc.Ridge(0.0), 4, 20)
    trials = rc.simulate(DATA, estimator, 60, n_trials=40, rng=0)
    for size in (1, 2, float("inf")):
        wrong = rc.predict(DATA, estimator.replace(size=size), 60).test
        assert not rc.compare({"test": wrong}, trials, allowance=1.0).agrees
