"""Identities of CSV and Markdown: a row a point, every digit, and a head that pgfplots and pandas pass over."""

import csv
import io
import json
import math

import numpy as np
import pytest
from numpy.testing import assert_allclose

import riskcalc as rc
from riskcalc.report import points, to_csv, to_markdown, written
from riskcalc.report.origin import LONGEST

DATA = rc.GaussianData.isotropic(20, noise=0.25)
SIZES = np.array([[10.0], [20.0], [40.0]])
RISK = rc.predict(DATA, rc.Ridge([0, 1 / 3]), SIZES)
TRIALS = rc.simulate(DATA, rc.Ridge([0.1, 1 / 3]), SIZES, n_trials=5, rng=3)
COMPARISON = rc.compare(rc.predict(DATA, rc.Ridge([0.1, 1 / 3]), SIZES), TRIALS)
ANSWERS = {"risk": RISK, "trials": TRIALS, "comparison": COMPARISON}
EXPERIMENT = {"name": "mine", "parameters": {"path": "a\nb\u2028c", "n_features": math.inf}}


def parts(text):
    """Comment lines, and the rows under their header."""
    lines = text.split("\n")
    head = [line for line in lines if line.startswith("# ")]
    return head, list(csv.DictReader(lines[len(head) : -1]))


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
class TestCsv:
    def test_a_row_a_point_with_every_digit(self, answer):
        _, rows = parts(to_csv(answer, EXPERIMENT))
        assert len(rows) == 6
        for row, expected in zip(rows, points(answer), strict=True):
            assert {name: float(value) for name, value in row.items()} == expected

    def test_every_cell_is_a_number_that_pgfplots_reads(self, answer):
        """It knows inf, -inf and nan by these names."""
        for row in parts(to_csv(answer))[1]:
            for cell in row.values():
                assert cell in ("inf", "-inf", "nan") or math.isfinite(float(cell))

    def test_the_head_says_where_it_comes_from(self, answer):
        head, _ = parts(to_csv(answer, EXPERIMENT))
        assert f"# riskcalc {rc.__version__}; mine; " in "\n".join(head)
        assert '# parameters: {"path": "a\\nb' in "\n".join(head)
        assert '"n_features": "inf"}' in "\n".join(head)
        assert ("5 trials, rng 3" in head[-1]) == (answer is not RISK)
        assert (", ".join(RISK.sources) in head[-1]) == (answer is not TRIALS)

    def test_pandas_reads_it(self, answer):
        pandas = pytest.importorskip("pandas")
        table = pandas.read_csv(io.StringIO(to_csv(answer, EXPERIMENT)), comment="#")
        assert len(table) == 6
        for name, column in table.items():
            assert_allclose(column, [row[name] for row in points(answer)], rtol=1e-15)

    def test_markdown_says_where_it_comes_from(self, answer):
        lines = to_markdown(answer, EXPERIMENT).splitlines()
        assert lines[-1].startswith(f"riskcalc {rc.__version__}; mine; {DATA!r}")
        assert "parameters: " in to_markdown(answer, EXPERIMENT)


def test_a_comparison_is_wide():
    row = parts(to_csv(COMPARISON))[1][3]
    assert float(row["test_theory"]) == COMPARISON.predicted["test"][1, 1]
    assert float(row["test_simulation"]) == TRIALS.test.mean[1, 1]
    assert float(row["test_standard_error"]) == TRIALS.test.standard_error[1, 1]
    assert float(row["test_z"]) == COMPARISON.z["test"][1, 1]
    assert float(row["test_allowance"]) == COMPARISON.allowances["test"][1, 1]
    assert {row["test_judged"], row["df1_judged"]} <= {"1.0", "0.0"}
    for name, ratio in COMPARISON.spread.items():
        assert float(row[f"{name}_spread_ratio"]) == ratio.ratio[1, 1]


def test_cells_that_are_not_judged_are_marked():
    comparison = rc.compare({"test": [[1.0], [np.inf], [1.0]]}, TRIALS)
    marks = [row["test_judged"] for row in parts(to_csv(comparison))[1]]
    assert marks == ["1.0", "1.0", "0.0", "0.0", "1.0", "1.0"]


def test_a_swept_noise_is_one_column():
    risk = rc.predict(rc.GaussianData.isotropic(20, noise=[0.1, 0.2]), rc.Ridge(1.0), 40)
    head, rows = parts(to_csv(risk))
    assert [row["noise"] for row in rows] == ["0.1", "0.2"]
    assert rows[0].keys() == {"n_samples", "ridge", *risk.fields}
    assert '"noise": [0.1, 0.2]' in "\n".join(head)


def test_parameters_are_the_models_without_an_experiment_and_left_out_where_they_are_very_long():
    head, _ = parts(to_csv(RISK))
    found = json.loads(next(line for line in head if line.startswith("# parameters: ")).removeprefix("# parameters: "))
    assert found["estimator"] == {"kind": "Ridge", "ridge": [0.0, 1 / 3]}
    long = parts(to_csv(RISK, {"parameters": {"x": "x" * LONGEST}}))[0]
    assert not any(line.startswith("# parameters") for line in long)
    assert repr(DATA) in long[-1]


def test_a_learning_curve():
    X = np.random.default_rng(0).standard_normal((40, 3))
    curve = rc.learning_curve(rc.Dataset(X, X[:, 0] ** 2), rc.Ridge(1.0), [20, 80])
    rows = parts(to_csv(curve))[1]
    assert [float(row["upper"]) for row in rows] == curve.upper.tolist()
    for form in ("json", "latex", "markdown", "text"):
        assert rc.__version__ in written(curve, form)


def test_an_unknown_format():
    with pytest.raises(ValueError, match="form must be one of 'json', 'csv', 'latex'"):
        written(RISK, "docx")
