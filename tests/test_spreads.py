"""Exact laws, simulated: the spread of trials beside the predicted one; a wrong one is refused, a right one is not."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import scipy.stats
from numpy.testing import assert_allclose, assert_array_equal

import riskcalc as rc
from riskcalc.compare import LEVEL
from riskcalc.result import Measurement, Trials
from riskcalc.spreads import MISSED

SHELLS = rc.GaussianData(rc.Spectrum.from_eigenvalues([2.0, 0.3], [30, 30]), [0.8, 0.3], noise=0.5)
RIDGE = rc.Ridge([20.0, 60.0])
N = 100


@pytest.fixture(scope="module")
def drawn() -> Trials:
    return rc.simulate(SHELLS, RIDGE, N, n_trials=400, rng=0, label_noise="drawn")


def times(risk: rc.Risk, factor: float, *names: str) -> rc.Risk:
    """The prediction with a wrong spread of these fields."""
    return replace(risk, spread={name: (factor if name in names else 1) * risk.spread[name] for name in risk.spread})


# --------------------------------------------------------------------------------------------------- the verdict


@pytest.mark.parametrize("factor", [1.5, 1 / 1.5])
@pytest.mark.parametrize("field", ["bias", "test"])
def test_a_wrong_spread_is_refused_and_the_right_one_is_not(drawn: Trials, field: str, factor: float) -> None:
    """The logarithm of 1.5 is 0.41: the allowances are below 0.1, a standard error is 0.04, the limit 4.3 of them."""
    risk = rc.predict(SHELLS, RIDGE, N)
    right, wrong = rc.compare(risk, drawn), rc.compare(times(risk, factor, field), drawn)
    assert right.agrees, right.table()
    assert not wrong.agrees
    assert max(float(z.max()) for z in wrong.excess_z.values()) < wrong.limit
    for name in ("bias", "test"):
        assert np.all((wrong.spread[name].excess_z > wrong.limit) == (name == field))
    assert "DISAGREE" in wrong.verdict
    assert wrong.verdict.endswith("(2 of 2 cells judged, 10 fields and 2 spreads)")


def test_ratio_and_z_as_defined(drawn: Trials) -> None:
    risk = rc.predict(SHELLS, RIDGE, N)
    comparison = rc.compare(risk, drawn)
    for name, found in comparison.spread.items():
        values, theory = drawn.measurements[name].values, risk.spread[name]
        deviation = values.std(axis=0, ddof=1)
        error = scipy.stats.bootstrap(
            (values,), lambda v, axis: np.log(v.std(axis=axis, ddof=1)), n_resamples=300, rng=1, axis=0, method="basic"
        ).standard_error
        assert_allclose(found.ratio, deviation / theory, rtol=1e-12)
        assert_allclose(found.relative_error, error, rtol=0.25)  # 300 resamples know it to 4 %, kurtosis below 3 is 3
        assert_allclose(found.standard_error, found.ratio * found.relative_error, rtol=1e-12)
        assert_allclose(found.z, np.log(deviation / theory) / found.relative_error, rtol=1e-10)
        beyond = np.abs(np.log(deviation / theory)) - found.allowance
        assert_allclose(found.excess_z, np.maximum(beyond, 0) / found.relative_error, atol=1e-12)
    count = 2 * 10 + 2 * 2
    assert 2 * scipy.stats.t.sf(comparison.limit, 399) == pytest.approx(LEVEL / count, rel=1e-9)


def test_the_standard_error_of_a_deviation() -> None:
    """Gaussian values: 1/√(2(T - 1)). A chi-square of one degree: √((15 - 1)/T)/2; a uniform one counts as Gaussian."""
    rng, n_trials = np.random.default_rng(0), 200_000
    normal = Measurement(rng.standard_normal((n_trials, 1)))
    assert_allclose(normal.relative_error_of_deviation, 1 / np.sqrt(2 * (n_trials - 1)), rtol=0.02)
    assert_allclose(
        Measurement(normal.values**2).relative_error_of_deviation, np.sqrt(14 / n_trials) / 2, rtol=0.1
    )  # an eighth moment: 5 % here
    uniform = Measurement(rng.random((n_trials, 1)))
    assert_allclose(uniform.relative_error_of_deviation, 1 / np.sqrt(2 * (n_trials - 1)), rtol=1e-9)
    assert Measurement(np.ones((5, 1))).relative_error_of_deviation == pytest.approx(1 / np.sqrt(8))


# ---------------------------------------------------------------------------------- what the leading order misses


@pytest.mark.parametrize("n", [25, 50, 100, 400])
def test_one_coordinate_without_ridge_by_its_exact_law(n: int) -> None:
    r"""The bias λ²θ²/(xᵀx)², moments of 1/χ⁴_n: 1/((n-2)(n-4)) and of its square 1/((n-2)(n-4)(n-6)(n-8)).

    The leading bias is short by 3/n of itself, its deviation by 6.9/n: beside 1/n twice as much, so that 1.5 times are
    not enough, and 2.5 times are.
    """
    problem, ridge = rc.Problem(rc.Spectrum.isotropic(1), [1.0]), 1e-6
    spread = rc.finite_size.ridge_spread(problem, n, ridge)["bias"]
    bias, term = rc.ridge_risk(problem, n, ridge).bias, rc.finite_size.ridge_next_order(problem, n, ridge)["bias"]
    first, second = 1 / ((n - 2) * (n - 4)), 1 / ((n - 2) * (n - 4) * (n - 6) * (n - 8))
    missed = np.log(ridge**2 * np.sqrt(second - first**2) / spread)
    assert_allclose(term / bias, 3 / n, rtol=2 / n)
    assert missed == pytest.approx(6.875 / n, rel=6 / n)
    assert 1 / n + 1.5 * term / bias < missed < 1 / n + MISSED * term / bias


@pytest.mark.parametrize(("n", "rank"), [(25, 12), (40, 20), (40, 33), (100, 90), (400, 200)])
def test_least_squares_by_its_exact_law(n: int, rank: int) -> None:
    """The deviation is short by 2.5/(n - r) of itself, to first order: 1/n does not cover that, 3/(n - r - 1) does."""
    problem = rc.Problem(rc.Spectrum.isotropic(rank), [1.0], 0.3)
    missed = np.log(
        rc.finite_size.least_squares_law(n, rank, 0.3).std() / rc.finite_size.ridge_spread(problem, n, 0)["test"]
    )
    assert 1 / n < missed < 3 / (n - rank - 1)


@pytest.mark.parametrize("n_trials", [5, 20, 300])
def test_false_alarms_of_a_law_with_heavy_tails(n_trials: int) -> None:
    """One cell, 3000 runs of least squares: n - df2 = 12, where a ratio of chi-squares has no sixth moment."""
    n, rank, n_runs = 30, 18, 3000
    data = rc.GaussianData.isotropic(rank, noise=1.0)
    law = rc.finite_size.least_squares_law(n, rank, 1.0)
    values = law.rvs(size=(n_trials, n_runs), random_state=np.random.default_rng(n_trials))
    sizes = {"n_samples": np.full(n_runs, float(n)), "ridge": np.zeros(n_runs)}
    trials = Trials({"test": Measurement(values)}, sizes, data, rc.Ridge(np.zeros(n_runs)), n_trials, 0, None, "drawn")
    found = rc.compare(rc.predict(data, rc.Ridge(np.zeros(n_runs)), n), trials).spread["test"]
    assert found.judged.all()
    limit = scipy.stats.t.isf(LEVEL / 2, n_trials - 1)
    assert (found.excess_z > limit).sum() <= scipy.stats.binom.isf(1e-4, n_runs, LEVEL)
    assert (np.abs(found.z) > limit).sum() >= (0 if n_trials < 300 else 10)  # without the allowance it would be refused


@pytest.mark.parametrize("entries", ["gaussian", "rademacher", "student(10)"])
@pytest.mark.parametrize(("n", "n_trials"), [(20, 1500), (60, 500)])
def test_right_spreads_of_few_samples_pass(n: int, n_trials: int, entries: str) -> None:
    """Small and large ridges, three features for ten samples and three times as many."""
    for share in (0.3, 3):
        p = round(share * n / 2)
        data = rc.GaussianData(
            rc.Spectrum.from_eigenvalues([2.0, 0.3], [p, p]), [0.8, 0.3], noise=[0.05, 1.0], entries=entries
        )
        ridge = n * np.array([[0.0], [0.03], [0.2], [1.0]])
        trials = rc.simulate(data, rc.Ridge(ridge), n, n_trials=n_trials, rng=1, label_noise="drawn")
        comparison = rc.compare(rc.predict(data, rc.Ridge(ridge), n), trials)
        judged = {name: int(found.judged.sum()) for name, found in comparison.spread.items()}
        assert min(judged.values()) >= 2
        for name, found in comparison.spread.items():
            assert np.all(found.excess_z < comparison.limit), (name, share, comparison.table())


def test_energy_outside_makes_the_bias_vary_more() -> None:
    """By its noise-like part, M √(2n df2)/(n - df2)², which is 0.9 of the spread of a small rest: trials need it."""
    data = rc.GaussianData(rc.Spectrum.isotropic(30), [0.01], noise=0.1, outside_energy=2.0)
    trials = rc.simulate(data, rc.Ridge(5.0), 80, n_trials=600, rng=0)
    risk = rc.predict(data, rc.Ridge(5.0), 80)
    comparison = rc.compare(risk, trials)
    found = comparison.spread["bias"]
    n, df2 = 80.0, risk.df2
    outside = 2 * np.sqrt(2 * n * df2) / (n - df2) ** 2 / risk.spread["bias"]
    known = 1 / (n - df2 - 1) + MISSED * np.abs(risk.next_order["bias"] / risk.bias)
    assert_allclose(found.allowance, known + outside, rtol=1e-12)
    assert found.judged
    assert found.excess_z < comparison.limit
    assert np.abs(found.z) - known / found.relative_error > comparison.limit


# ------------------------------------------------------------------------------------------- what is not judged


def test_test_is_judged_only_where_the_noise_was_drawn(drawn: Trials, tmp_path: Any) -> None:
    averaged = rc.simulate(SHELLS, RIDGE, N, n_trials=4, rng=0, store=tmp_path / "s")
    assert (averaged.label_noise, drawn.label_noise) == ("averaged", "drawn")
    assert averaged.to_dict()["label_noise"] == "averaged"
    risk = rc.predict(SHELLS, RIDGE, N)
    assert list(rc.compare(risk, averaged).spread) == ["bias"]
    assert list(rc.compare(risk, drawn).spread) == ["bias", "test"]
    again = rc.simulate(SHELLS, RIDGE, N, n_trials=4, rng=0, store=tmp_path / "s", label_noise="drawn")
    assert again.label_noise == "drawn"
    assert_array_equal(again.test.values, drawn.test.values[:4])  # a store keeps the two apart, as before
    assert_array_equal(again.bias.values, averaged.bias.values)


def test_cells_that_are_not_judged() -> None:
    """At the rank; where n - df2 < 7; where nothing varies."""
    data = rc.GaussianData.isotropic(20, noise=1.0)
    ridge = np.array([0.0, 0.5, 40.0])
    comparison = rc.verify(data, rc.Ridge(ridge), np.array([20, 60])[:, None], n_trials=5, rng=0, label_noise="drawn")
    assert_array_equal(comparison.spread["bias"].judged, [[False, False, True], [False, True, True]])
    assert_array_equal(comparison.spread["test"].judged, [[False, False, True], [True, True, True]])
    assert np.all(comparison.spread["bias"].allowance[0, :2] == np.inf)
    assert np.all(comparison.spread["bias"].excess_z[0, :2] == 0)
    assert np.isfinite(comparison.limit)
    assert_array_equal(comparison.spread["test"].ratio[0, 0], 0)  # inf is predicted
    assert_array_equal(comparison.spread["bias"].ratio[1, 0], np.inf)  # 0 is predicted, of what rounding leaves
    heavy = rc.GaussianData.isotropic(30, noise=1.0).replace(entries="student(4.5)")
    comparison = rc.verify(heavy, rc.Ridge(0.0), 40, n_trials=5, rng=0, label_noise="drawn")
    assert np.abs(comparison.prediction.next_order["variance"] / comparison.prediction.variance) > 0.3
    assert not comparison.spread["test"].judged


@pytest.mark.parametrize(
    "make",
    [
        lambda: rc.verify(SHELLS.replace(entries="student(3)"), rc.Ridge(1.0), 70, n_trials=3, rng=0, allowance=1e9),
        lambda: rc.verify(SHELLS, rc.Ridge(1.0), 70, n_trials=3, rng=0, test_data=SHELLS.replace(noise=0.1)),
        lambda: rc.verify(SHELLS, rc.GradientFlow(1.0), 70, n_trials=3, rng=0),
        lambda: rc.compare({"bias": 1.0}, rc.simulate(SHELLS, rc.Ridge(1.0), 70, n_trials=3, rng=0)),
    ],
)
def test_where_no_spread_is_known_nothing_is_said_of_it(make: Any) -> None:
    comparison = make()
    assert comparison.spread == {}
    assert "spread" not in comparison.to_dict()
    assert "spread" not in comparison.verdict + comparison.rule


def test_a_wrong_model_does_not_choose_its_own_allowance(drawn: Trials) -> None:
    own = rc.compare(rc.predict(SHELLS, RIDGE, N), drawn)
    other = rc.compare(rc.predict(SHELLS.replace(noise=0.1), RIDGE, N), drawn)
    corrected = rc.compare(rc.predict(SHELLS, RIDGE, N, correction="first"), drawn)
    for name, found in own.spread.items():
        assert_array_equal(other.spread[name].allowance, found.allowance)
        assert_array_equal(corrected.spread[name].allowance, found.allowance)
        assert_array_equal(corrected.spread[name].z, found.z)
    assert np.all(other.spread["test"].excess_z > 2 * other.limit)


# -------------------------------------------------------------------------------------------------- what is shown


def test_it_is_shown(drawn: Trials) -> None:
    comparison = rc.compare(rc.predict(SHELLS, RIDGE, N), drawn)
    text, found = comparison.table(), comparison.spread["test"]
    assert f"{found.ratio[1]:.6g}" in text
    assert f"{found.standard_error[1]:.6g}" in text
    assert "spread of" in text
    assert "factor e^a" in comparison.rule
    told = json.loads(json.dumps(comparison.to_dict(), allow_nan=False))["spread"]
    assert list(told) == ["bias", "test"]
    assert list(told["test"]) == ["theory", "simulation", "ratio", "standard_error", "allowance", "z", "judged"]
    assert_array_equal(told["test"]["ratio"], found.ratio)
    assert told["test"]["judged"] == [True, True]
    assert repr(found) == "SpreadRatio(shape=(2,), 2 judged)"


def test_a_risk_tells_its_next_order_and_spread() -> None:
    known = rc.predict(SHELLS, RIDGE, N)
    told = json.loads(json.dumps(known.to_dict(), allow_nan=False))
    for name in ("next_order", "spread"):
        assert {field: np.asarray(value).tolist() for field, value in getattr(known, name).items()} == told[name]
    unknown = rc.predict(SHELLS, rc.GradientFlow(1.0), N).to_dict()
    assert not {"next_order", "spread"} & unknown.keys()
