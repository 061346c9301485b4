"""Identities, simulated: gap, z, limit and verdict as defined; wrong formulas are refused, right ones are not."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.stats
from numpy.testing import assert_allclose, assert_array_equal

import riskcalc as rc
from riskcalc.compare import LEVEL, ROUNDING, Comparison
from riskcalc.result import Measurement, Trials
from riskcalc.simulation.linear import LINEAR_FIELDS

compare_module = importlib.import_module("riskcalc.compare")  # rc.compare is the function
ISOTROPIC = rc.GaussianData.isotropic(20, noise=1.0)
RNG = np.random.default_rng(0)


def trials_of(
    values: dict[str, Any], n_samples: Any = 100.0, ridge: Any = 1.0, data: Any = ISOTROPIC, **coordinates: Any
) -> Trials:
    """Trials with the given values, trials first."""
    measured = {name: Measurement(np.asarray(v, dtype=float)) for name, v in values.items()}
    axes = {"n_samples": np.asarray(n_samples, float), "ridge": np.asarray(ridge, float), **coordinates}
    return Trials(measured, axes, data, rc.Ridge(ridge), len(next(iter(measured.values())).values), 0)


def normal_trials(shape: tuple[int, ...] = (), n_trials: int = 10) -> Trials:
    draws = RNG.normal(2.0, 0.5, (2, n_trials, *shape))
    n = np.full(shape, 100.0)
    return trials_of({"test": draws[0], "df1": draws[1]}, n_samples=n)


# ---------------------------------------------------------------------------------------------------- z and verdict


def test_z_and_excess_z_are_gaps_in_standard_errors() -> None:
    trials = normal_trials((3,))
    predicted = np.array([1.9, 2.0, 4.0])
    comparison = rc.compare({"test": predicted}, trials, allowance=10.0)
    v = trials.test.values
    error = v.std(axis=0, ddof=1) / np.sqrt(10)
    assert_allclose(comparison.z["test"], (v.mean(axis=0) - predicted) / error, rtol=1e-14)
    beyond = np.abs(v.mean(axis=0) - predicted) - 10 / 100 * predicted
    assert_allclose(comparison.excess_z["test"], np.maximum(beyond, 0) / error, rtol=1e-14)
    assert comparison.worst == comparison.excess_z["test"].max()
    assert comparison.agrees == (comparison.worst <= comparison.limit)
    assert not comparison.agrees


@pytest.mark.parametrize(("shape", "fields", "n_trials"), [((), 1, 2), ((), 2, 10), ((3, 4), 2, 10), ((5,), 1, 40)])
def test_limit_shares_the_level_among_judged_cells_and_fields(
    shape: tuple[int, ...], fields: int, n_trials: int
) -> None:
    trials = normal_trials(shape, n_trials)
    comparison = rc.compare(dict(list({"test": 2.0, "df1": 2.0}.items())[:fields]), trials)
    count = fields * int(np.prod(shape))
    two_sided = 2 * scipy.stats.t.sf(comparison.limit, df=n_trials - 1)
    assert two_sided == pytest.approx(LEVEL / count, rel=1e-9)
    assert LEVEL == 1e-3


def test_cells_that_are_not_judged_do_not_share_the_level_and_cannot_disagree() -> None:
    trials = normal_trials((3,))
    all_judged = rc.compare({"test": [2.0, 2.0, 2.0]}, trials)
    one_inf = rc.compare({"test": [2.0, np.inf, 2.0]}, trials)
    assert_array_equal(one_inf.judged, [True, False, True])
    assert one_inf.limit < all_judged.limit
    assert one_inf.excess_z["test"][1] == 0
    assert one_inf.z["test"][1] == -np.inf
    none = rc.compare({"test": np.inf}, trials)
    assert none.agrees
    assert none.worst == 0
    assert none.verdict == "nothing could be judged: every cell is at the threshold (0 of 3 cells judged, 1 fields)"
    assert np.isfinite(none.limit)


@pytest.mark.parametrize("ridge", [0.0, 1e-300, 1.0])
def test_near_the_rank_cells_are_judged_only_with_a_ridge(ridge: float) -> None:
    n = 20.0 + np.arange(-5, 6)
    trials = trials_of({"test": RNG.normal(2, 0.5, (5, 11))}, n_samples=n, ridge=ridge)
    judged = rc.compare({"test": 2.0}, trials).judged
    assert_array_equal(judged, (np.abs(n - 20) > 3) | (ridge > 0))


def test_the_threshold_is_the_rank_and_not_the_number_of_features() -> None:
    data = rc.GaussianData(rc.Spectrum.from_eigenvalues([1.0, 0.0], [20, 30]), [1.0, 0.0], noise=1.0)
    n = np.array([20.0, 50.0])
    trials = trials_of({"test": RNG.normal(2, 0.5, (5, 2))}, n_samples=n, ridge=0.0, data=data)
    assert_array_equal(rc.compare({"test": 2.0}, trials).judged, [False, True])
    table = rc.Dataset(np.column_stack([np.eye(12)[:, :6], np.ones((12, 2))]), np.arange(12.0))  # rank 7 of 8 columns
    trials = trials_of({"test": RNG.normal(2, 0.5, (5, 3))}, n_samples=[3, 10, 11], ridge=0.0, data=table)
    assert_array_equal(rc.compare({"test": 2.0}, trials).judged, [True, False, True])


def test_zero_standard_errors_are_judged_by_rounding_and_allowance() -> None:
    """Ridgeless: train is 0 and df1 is n in every trial, up to rounding."""
    constant = np.ones((4, 1)) * np.array([1.0, 1.0 + 0.9 * ROUNDING, 1.0 + 9 * ROUNDING, 1.05])
    n = np.full(4, 10.0)
    comparison = rc.compare({"df1": 1.0}, trials_of({"test": constant, "df1": constant}, n_samples=n), allowance=0)
    assert_array_equal(comparison.z["df1"], [0, 0, np.inf, np.inf])
    assert_array_equal(comparison.excess_z["df1"], [0, 0, np.inf, np.inf])
    assert not comparison.agrees
    allowed = rc.compare({"df1": 1.0}, trials_of({"test": constant, "df1": constant}, n_samples=n), allowance=1.0)
    assert_array_equal(allowed.z["df1"], [0, 0, np.inf, np.inf])
    assert_array_equal(allowed.excess_z["df1"], [0, 0, 0, 0])
    assert allowed.agrees
    below = rc.compare({"df1": 2.0}, trials_of({"test": constant, "df1": constant}, n_samples=n), allowance=1.0)
    assert_array_equal(below.z["df1"], np.full(4, -np.inf))
    assert not below.agrees


def test_errors_of_rounding_size_count_as_zero() -> None:
    """In units of the test error for risks; not for df1 and the effective ridge, whose units are others."""
    tiny = np.array([[1e-13], [3e-13], [2e-13]])
    risks = ("train", "bias", "variance", "in_sample")
    values = {"test": np.full((3, 1), 1.0)} | dict.fromkeys((*risks, "effective_ridge"), tiny)
    comparison = rc.compare(dict.fromkeys((*risks, "effective_ridge"), 0.0), trials_of(values, [100.0]))
    assert all(comparison.z[name] == 0 for name in risks)
    error = tiny.std(ddof=1) / np.sqrt(3)
    assert comparison.z["effective_ridge"] == pytest.approx(2e-13 / error)
    bigger = {"test": np.full((3, 1), 1.0), "train": 100 * tiny}
    assert rc.compare({"train": 0.0}, trials_of(bigger, [100.0])).z["train"] == pytest.approx(2e-13 / error)
    wide = trials_of({"test": [[1.0], [1.5], [2.0]]}, [100.0])
    exact = rc.compare({"test": 1.5 * (1 + 1e-9)}, wide).z["test"]  # a gap of rounding size is still a gap
    assert exact == pytest.approx(-1.5e-9 / (0.5 / np.sqrt(3)), rel=1e-6)


# ------------------------------------------------------------------------------------------------------- allowances


@pytest.mark.parametrize(
    ("entries", "factor"),
    [("gaussian", 1), ("rademacher", 3), ("uniform", 2.2), ("student(10)", 2), ("student(5)", 7), ("student(3)", 1)],
)
def test_allowance_of_the_next_order(entries: str, factor: float) -> None:
    data = ISOTROPIC.replace(entries=entries)
    trials = rc.simulate(data, rc.Ridge([0.5, 30.0]), [[10], [40]], n_trials=3, rng=0)
    risk = rc.predict(data, rc.Ridge([0.5, 30.0]), [[10], [40]])
    n = np.array([[10.0], [40.0]])
    u = factor / (n - risk.df2 - 1)
    expected = {
        "test": u * (3 * risk.bias + risk.variance),
        "train": 3 * u * risk.train,
        "bias": 3 * u * risk.bias,
        "variance": u * risk.variance,
        "effective_ridge": u * risk.df2 / (n - risk.df2) * risk.effective_ridge,
        "df1": u * risk.df2 / (n - risk.df2) * (n - risk.df1),
        "norm_squared": 3 * u * risk.norm_squared,
        "estimation": 3 * u * risk.estimation,
        "in_sample": 3 * u * risk.in_sample,
        "gcv": 3 * u * risk.gcv,
    }
    sound: dict[str, Any] = {}
    for name, term in (risk.next_order or {}).items():  # where it is known and small, it takes the bound's place
        size = {"test": risk.bias + risk.variance, "df1": n - risk.df1}.get(name, getattr(risk, name))
        sound[name] = (n - risk.df2 >= 7) & (np.abs(term) <= 0.3 * getattr(risk, name))
        sound[name] &= (name != "gcv") | (n - risk.df1 >= 3)
        known = np.abs(term) + 3 * size * (u**2 + (term / size) ** 2)
        if name != "test":
            expected[name] = np.where(sound[name], known, expected[name])
    if sound:
        term, size = risk.next_order["test"], risk.bias + risk.variance
        known = np.abs(term) + 3 * size * (u**2 + (term / size) ** 2)
        expected["test"] = np.where(sound["bias"] & sound["variance"], known, expected["test"])
        assert 0 < np.sum(sound["variance"]) < 4
        corrected = rc.compare(rc.predict(data, rc.Ridge([0.5, 30.0]), [[10], [40]], correction="first"), trials)
        for name, term in risk.next_order.items():  # a prediction that it has been added to is not allowed it again
            added = sound["bias"] & sound["variance"] if name == "test" else sound[name]
            less = expected[name] - np.where(added, np.abs(term), 0.0)
            assert_allclose(corrected.allowances[name], less, rtol=1e-12, err_msg=name)
    for prediction in (risk, risk.fields, rc.Risk(risk.test, risk.train)):
        comparison = rc.compare(prediction, trials)
        for name in comparison.predicted:
            assert_allclose(comparison.allowances[name], expected[name], rtol=1e-12, err_msg=name)
    assert list(rc.compare(risk, trials).allowances) == list(expected)
    assert "where u = (1 + |excess kurtosis|)/(n - df2 - 1)" in comparison.rule


def test_a_wrong_prediction_does_not_choose_its_own_allowance() -> None:
    """A conjecture of another model is judged by the allowance of the trials' own pair."""
    trials = rc.simulate(ISOTROPIC, rc.Ridge(1.0), 40, n_trials=5, rng=0)
    own = rc.compare(rc.predict(ISOTROPIC, rc.Ridge(1.0), 40), trials)
    for other in (
        rc.predict(ISOTROPIC, rc.Ridge(1e-3), 40),
        rc.predict(rc.GaussianData.isotropic(39, noise=1.0), rc.Ridge(1.0), 40),
        rc.ridge_risk(rc.Problem(rc.Spectrum.isotropic(39), [1.0], 1.0), 40, 1.0),
    ):
        comparison = rc.compare(other, trials)
        for name, allowance in comparison.allowances.items():
            assert_array_equal(allowance, own.allowances[name])


def test_allowance_of_tables_by_the_share_of_the_ridge() -> None:
    table = rc.Dataset(np.sqrt([[0.5, 1.5], [1.0, 1.0], [2.0, 0.0], [1.5, 0.5]]), [1.0, 2.0, 3.0, 4.0])
    trials = rc.simulate(table, rc.Ridge(2 * np.array([0.0, 0.0899, 0.0901, 0.349, 0.351])), 2, n_trials=3, rng=0)
    comparison = rc.compare({"test": 10.0, "df1": -1.0}, trials)  # the mean diagonal is 2
    assert_allclose(comparison.allowances["test"], [0.8, 0.8, 0.35, 0.35, 0.1], rtol=1e-14)
    assert "1, 3.5, 8 % of test" in comparison.rule


def test_what_is_not_promised_of_a_table_is_shown_and_not_judged() -> None:
    table = rc.Dataset(RNG.standard_normal((12, 3)), RNG.standard_normal(12))
    trials = rc.simulate(table, rc.Ridge([0.5, 5.0]), 8, n_trials=4, rng=0)
    wrong = {"test": trials.test.mean, "train": 1e3, "df1": -1.0}
    comparison = rc.compare(wrong, trials)
    assert comparison.agrees
    assert_array_equal(comparison.excess_z["train"], 0)
    assert_array_equal(comparison.allowances["df1"], np.inf)
    assert np.all(np.abs(comparison.z["df1"]) > 10)
    assert comparison.verdict.endswith("(2 of 2 cells judged, 1 fields)")
    labels = {(row["field"], row["judged"]) for row in comparison.rows()}
    nothing = "not judged: nothing promised"
    assert labels == {("test", ""), ("train", nothing), ("df1", nothing)}
    assert comparison.limit == rc.compare({"test": 1.0}, trials).limit
    assert not rc.compare(wrong, trials, allowance=1.0).agrees
    assert rc.compare({"df1": -1.0}, trials).verdict == (
        "nothing could be judged: nothing is promised of these fields (2 of 2 cells judged, 0 fields)"
    )


def test_allowance_of_ones_own_is_in_units_of_1_over_n() -> None:
    trials = trials_of({"test": RNG.normal(2, 0.5, (5, 2))}, n_samples=[100.0, 400.0])
    comparison = rc.compare({"test": [-3.0, np.inf]}, trials, allowance=2.0)
    assert_allclose(comparison.allowances["test"], [2 * 3 / 100, 0.0])
    assert comparison.rule == "allowed beside the standard error: 2/n of each value"
    for bad in (-1.0, np.nan, np.inf):
        with pytest.raises(ValueError, match=r"^allowance must be finite and >= 0, got"):
            rc.compare({"test": 1.0}, trials, allowance=bad)


# ------------------------------------------------------------------------------------------------------- conjectures


def test_a_conjecture_broadcasts_and_needs_no_other_field() -> None:
    trials = normal_trials((2, 3))
    for value in (2.0, np.full(3, 2.0), np.full((2, 1), 2.0), np.full((2, 3), 2.0)):
        comparison = rc.compare({"test": value}, trials)
        assert comparison.predicted["test"].shape == (2, 3)
        assert list(comparison.predicted) == ["test"]
        assert comparison.prediction is None
    assert list(rc.compare({"noise": 1.0, "df1": 2.0}, trials).predicted) == ["df1"]


def test_the_users_own_measure_is_compared_too() -> None:
    trials = rc.simulate(
        ISOTROPIC, rc.Ridge(0.0), 50, n_trials=30, rng=0, measures={"norm": lambda fit: fit.coefficients @ fit.target}
    )
    assert rc.compare({"norm": 1.0}, trials).agrees  # least squares is unbiased, and |target|² = 1
    assert not rc.compare({"norm": 1.5}, trials).agrees
    assert rc.compare({"norm": 1.0}, trials).allowances["norm"] == 0


@pytest.mark.parametrize(
    ("prediction", "kind", "message"),
    [
        ({"test": [1.0, 2.0]}, ValueError, r"prediction 'test' must have the trials' shape \(3,\), got shape \(2,\)"),
        ({"test": np.ones((2, 3))}, ValueError, r"prediction 'test' must have the trials' shape \(3,\), got shape"),
        ({"tset": 1.0}, ValueError, r"prediction must have fields that were measured \(test, df1\), got tset"),
        ({}, ValueError, r"prediction must have fields that were measured \(test, df1\), got "),
        ({"test": np.nan}, ValueError, r"prediction 'test' must be a number, got nan"),
        ({"test": "large"}, TypeError, r"prediction 'test' must be real numbers, got 'large'"),
    ],
)
def test_conjectures_that_do_not_fit(prediction: Any, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=f"^{message}"):
        rc.compare(prediction, normal_trials((3,)))


def test_sizes_are_predicted_as_simulated() -> None:
    data = rc.GaussianData.isotropic(0.666, noise=0.25)
    comparison = rc.verify(data, rc.Ridge([0.1, 0.2]), 1.004, n_trials=3, rng=0, scale=100)
    exact = rc.predict(rc.GaussianData.isotropic(67, noise=0.25), rc.Ridge(np.array([0.1, 0.2]) * 100), 100)
    for name in comparison.predicted:
        assert_array_equal(comparison.predicted[name], exact.fields[name])
    assert comparison.prediction.data == comparison.trials.data


def test_verify_hands_everything_on(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    seen: dict[str, Any] = {}
    original = rc.simulate

    def spy(*args: Any, **more: Any) -> Trials:
        seen.update(more, args=args)
        return original(*args, **more)

    monkeypatch.setattr(compare_module, "simulate", spy)
    given = {"n_trials": 3, "rng": 4, "executor": None, "store": tmp_path / "s", "scale": 2.0, "measures": None}
    given |= {"test_data": None, "route": None}
    comparison = rc.verify(ISOTROPIC, rc.Ridge(1.0), 30, **given, label_noise="drawn", allowance=0.5)
    assert seen == given | {"label_noise": "drawn", "args": (ISOTROPIC, rc.Ridge(1.0), 30)}
    assert "0.5/n" in comparison.rule
    assert comparison.trials.rng == 4


# ------------------------------------------------------------------------------------------------------ what is shown


def ridgeless() -> Comparison:
    return rc.verify(ISOTROPIC, rc.Ridge([0.0, 1.0]), [[20], [60]], n_trials=4, rng=0)


def test_rows_and_table_label_what_is_not_judged() -> None:
    comparison = ridgeless()
    rows = comparison.rows()
    assert len(rows) == 4 * 10
    assert list(rows[0]) == [
        *("n_samples", "ridge", "field", "theory", "simulation", "standard_error", "allowance", "z", "judged")
    ]
    for row in rows:
        at_threshold = (row["n_samples"], row["ridge"]) == (20, 0)
        assert row["judged"] == ("not judged: at the threshold" if at_threshold else "")
        place = int(row["n_samples"] == 60), int(row["ridge"] == 1)
        assert row["theory"] == comparison.predicted[row["field"]][place]
        assert row["simulation"] == comparison.trials.measurements[row["field"]].mean[place]
        assert row["standard_error"] == comparison.trials.measurements[row["field"]].standard_error[place]
        assert row["allowance"] == comparison.allowances[row["field"]][place]
        assert row["z"] == comparison.z[row["field"]][place]
    text = comparison.table()
    *_, rule, verdict = text.splitlines()
    assert (rule, verdict) == (comparison.rule, comparison.verdict)
    assert text.count("not judged:") == 10
    assert text.count("spread of") == 1
    assert len(text.splitlines()) >= 40 + 4 + 2


def test_to_dict_is_strict_json() -> None:
    comparison = ridgeless()
    back = json.loads(json.dumps(comparison.to_dict(), allow_nan=False))
    assert back["kind"] == "comparison"
    assert back["agrees"] is comparison.agrees
    assert back["judged"] == [[False, True], [True, True]]
    assert back["theory"]["test"][0][0] == "inf"
    assert back["z"]["test"][0][0] == "-inf"
    assert_array_equal(np.array(back["theory"]["bias"]), comparison.predicted["bias"])
    assert_array_equal(np.array(back["simulation"]["test"]), comparison.trials.test.mean)
    assert (back["worst"], back["limit"]) == (comparison.worst, comparison.limit)
    assert (back["rule"], back["verdict"]) == (comparison.rule, comparison.verdict)
    assert back["simulation"]["rng"] == 0


def test_one_line_and_html() -> None:
    comparison = ridgeless()
    assert repr(comparison) == f"Comparison({comparison.verdict})"
    assert "\n" not in repr(comparison)
    assert comparison.verdict.startswith("theory and simulation agree: largest excess |z| ")
    assert comparison.verdict.endswith("(3 of 4 cells judged, 10 fields and 1 spread)")
    wrong = rc.compare({"variance": 30.0}, comparison.trials)
    assert wrong.verdict.startswith("theory and simulation DISAGREE: ")
    assert f"<p>{comparison.verdict}</p>" in comparison._repr_html_()
    assert "<th>variance z</th>" in comparison._repr_html_()


# ------------------------------------------------------------------------------------------- wrong formulas are caught

N = 1000
TWO_SHELLS = rc.GaussianData(rc.Spectrum.from_eigenvalues([2.0, 0.3], [300, 300]), [0.8, 0.3], noise=0.5)
MODELS = {
    "isotropic": (rc.GaussianData.isotropic(500, noise=1.0), 500.0),
    "two shells": (TWO_SHELLS, 500.0),
}


@pytest.fixture(scope="module", params=MODELS)
def large(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, float, Any]:
    """Model, ridge, and a function that verifies a formula on 20 stored trials of n = 1000 with an allowance of 1/n.

    By sheet 7 the next order is 0.6/n to 1.0/n of the bias and at most 0.3/n of the other fields, so the right formula
    passes; each wrong one below is more than 2.5 limits away, with other seeds too.
    """
    data, ridge = MODELS[request.param]
    store = tmp_path_factory.mktemp("stores") / "trials.sqlite"
    original = compare_module.predict

    def verify(formula: Any) -> Comparison:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(compare_module, "predict", lambda *args, **more: formula(original(*args, **more)))
            return rc.verify(data, rc.Ridge(ridge), N, n_trials=20, rng=0, store=store, allowance=1.0)

    return data, ridge, verify


def changed(**fields: Any) -> Any:
    """A formula: the right one, and in the place of some fields a function of it."""
    return lambda risk: risk.fields | {name: np.asarray(change(risk)) for name, change in fields.items()}


def left(risk: rc.Risk) -> Any:
    """B, the energy that is not learned."""
    return risk.bias * (1 - risk.df2 / N)


WRONG = {
    "variance 3 % too large": changed(variance=lambda r: 1.03 * r.variance),
    "variance 3 % too small": changed(variance=lambda r: 0.97 * r.variance),
    "df1 for df2 in the variance": changed(variance=lambda r: r.noise * r.df1 / (N - r.df1)),
    "df1 for df2 in the bias": changed(bias=lambda r: left(r) / (1 - r.df1 / N)),
    "bias without 1/(1 - df2/n)": changed(bias=left),
    "noise left out of the test error": changed(test=lambda r: r.test - r.noise),
    "noise left out of the train error": changed(train=lambda r: r.train * (1 - r.noise / r.test)),
    "train error not divided by n": changed(train=lambda r: r.train * N),
    "train error of the bare hat": changed(train=lambda r: r.train / (1 - r.df1 / N)),
    "df1 by df2": changed(df1=lambda r: r.df2),
    "effective ridge by its first guess": changed(effective_ridge=lambda r: 0 * r.test + 0.1),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_formula_is_refused(large: tuple[Any, float, Any], name: str) -> None:
    *_, verify = large
    comparison = verify(WRONG[name])
    right = verify(lambda risk: risk)
    assert not comparison.agrees
    culprits = [field for field, z in comparison.excess_z.items() if z > comparison.limit]
    assert culprits == [
        field for field in comparison.predicted if comparison.predicted[field] != right.predicted[field]
    ]


@pytest.mark.parametrize("factor", [1 / N, N, 0.9])
def test_another_ridge_is_refused(large: tuple[Any, float, Any], factor: float) -> None:
    data, ridge, verify = large
    comparison = verify(lambda risk: rc.predict(data, rc.Ridge(ridge * factor), N))
    assert not comparison.agrees
    for name in ("train", "variance", "effective_ridge", "df1", "norm_squared"):  # the others have a minimum near here
        assert comparison.excess_z[name] > comparison.limit, name


def test_other_models_are_refused(large: tuple[Any, float, Any]) -> None:
    data, ridge, verify = large
    for other, n in (
        (data.replace(energies=np.asarray(data.energies) * 1.1), N),
        (data.replace(noise=1.03 * np.asarray(data.noise)), N),
        (data, N + 10),
        (data, N - 10),
    ):
        assert not verify(lambda risk, other=other, n=n: rc.predict(other, rc.Ridge(ridge), n).fields).agrees


def test_the_right_formula_is_accepted_with_the_same_settings(large: tuple[Any, float, Any]) -> None:
    *_, verify = large
    comparison = verify(lambda risk: risk)
    assert comparison.agrees, comparison.table()
    assert comparison.judged.all()
    assert list(comparison.predicted) == list(LINEAR_FIELDS)
    for name, value in comparison.predicted.items():
        assert_allclose(comparison.allowances[name], value / N, rtol=1e-12)


# -------------------------------------------------------------------------------------------------- the false alarms


def test_false_alarms_of_normal_trials_are_as_rare_as_the_level() -> None:
    """One cell and one field: refused with probability exactly 1e-3. Of many, at most that (Bonferroni)."""
    n_runs, n_trials = 20_000, 6
    rng = np.random.default_rng(1)
    for cells in (1, 12):
        trials = trials_of({"test": rng.normal(1, 0.3, (n_trials, n_runs, cells))}, np.full((n_runs, cells), 100.0))
        z = np.abs(rc.compare({"test": 1.0}, trials, allowance=0).z["test"])
        one_run = trials_of({"test": np.ones((n_trials, cells))}, np.full(cells, 100.0))
        limit = rc.compare({"test": 1.0}, one_run).limit
        refused = int((z.max(axis=1) > limit).sum())
        low, high = scipy.stats.binom.interval(1 - 1e-4, n_runs, LEVEL)
        assert refused <= high
        assert refused >= (low if cells == 1 else scipy.stats.binom.ppf(1e-4 / 2, n_runs, LEVEL * (1 - LEVEL)))


def test_false_alarms_of_real_runs() -> None:
    """200 seeds of least squares, whose exact law at finite n is known: variance p/(n - p - 1), train 1 - p/n."""
    n, p, n_seeds = 60, 6, 200
    data = rc.GaussianData.isotropic(p, noise=1.0)
    exact = {"test": 1 + p / (n - p - 1), "train": 1 - p / n, "variance": p / (n - p - 1), "df1": p, "bias": 0.0}
    refused, scores = 0, []
    for seed in range(n_seeds):
        trials = rc.simulate(data, rc.Ridge(0.0), n, n_trials=20, rng=seed, label_noise="averaged")
        comparison = rc.compare(exact, trials, allowance=0)
        refused += not comparison.agrees
        scores.append(float(comparison.z["variance"]))
    assert refused <= scipy.stats.binom.isf(1e-4, n_seeds, LEVEL)
    assert scipy.stats.kstest(scores, scipy.stats.t(19).cdf).pvalue > 1e-3
