"""Answers as text: what is written is read back bit for bit (identities), is strict, and is never half a file."""

import csv
import io
import json
import os
import stat

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import riskcalc as rc
from riskcalc.report import (
    points,
    read_json,
    refuse_unwritable,
    to_csv,
    to_json,
    to_markdown,
    to_text,
    version,
    write,
)

DATA = rc.GaussianData.isotropic(20, noise=0.25)
SIZES = np.array([[10.0], [20.0], [40.0]])
RISK = rc.predict(DATA, rc.Ridge([0, 1 / 3]), SIZES)
TRIALS = rc.simulate(DATA, rc.Ridge([0, 1 / 3]), SIZES, n_trials=5, rng=3)
COMPARISON = rc.compare(RISK, TRIALS)
ANSWERS = [RISK, TRIALS, COMPARISON]
IDS = ["risk", "trials", "comparison"]


def test_the_version_is_the_package_s():
    assert version() == rc.__version__


class TestJson:
    @pytest.mark.parametrize("answer", ANSWERS, ids=IDS)
    def test_is_one_strict_line_that_says_where_it_comes_from(self, answer):
        def refuse(word):
            raise AssertionError(f"{word} is not strict JSON")

        text = to_json(answer, {"name": "mine", "parameters": {"n_features": np.inf, "noise": [float("nan"), 1]}})
        assert "\n" not in text
        found = json.loads(text, parse_constant=refuse)
        assert found["riskcalc"] == rc.__version__
        assert found["experiment"] == {"name": "mine", "parameters": {"n_features": "inf", "noise": ["nan", 1]}}
        assert found["data"] == repr(DATA)
        assert found["estimator"] == "Ridge(ridge=[0, 0.333333])"
        assert found["rng"] == (None if answer is RISK else 3)
        assert found["sources"] == ([] if answer is TRIALS else list(RISK.sources))

    def test_a_risk_comes_back_bit_for_bit(self):
        again = read_json(to_json(RISK))
        assert isinstance(again, rc.Risk)
        assert np.isinf(again.test).any()
        assert again.fields.keys() == RISK.fields.keys()
        for name, value in RISK.fields.items():
            assert_array_equal(again.fields[name], value)
        for name, value in RISK.coordinates.items():
            assert_array_equal(again.coordinates[name], value)
        assert (again.route, again.sources, again.notes) == (RISK.route, RISK.sources, RISK.notes)

    def test_a_risk_of_a_table_has_no_bias(self):
        table = rc.Dataset(np.arange(12.0).reshape(6, 2) ** 2, np.arange(6.0))
        risk = rc.predict(table, rc.Ridge(0.1), 3)
        again = read_json(to_json(risk))
        assert again.bias is None
        assert again.test == risk.test
        assert again.notes == risk.notes

    def test_a_conjecture_has_no_sources(self):
        comparison = rc.compare({"test": 1.0}, TRIALS)
        assert json.loads(to_json(comparison))["sources"] == []

    @pytest.mark.parametrize("text", ["", "[]", "3", "{}", '{"kind": "table"}', "{"])
    def test_other_text_is_refused(self, text):
        with pytest.raises(ValueError):  # noqa: PT011  (json's own error is one)
            read_json(text)


class TestTables:
    @pytest.mark.parametrize("answer", ANSWERS, ids=IDS)
    def test_csv_keeps_all_digits_under_its_remarks(self, answer):
        lines = to_csv(answer, {"name": "mine"}).splitlines()
        remarks = [line for line in lines if line.startswith("# ")]
        assert f"riskcalc {rc.__version__}; mine; {DATA!r}; Ridge" in remarks[-1]
        found = list(csv.DictReader(io.StringIO("\n".join(lines[len(remarks) :]))))
        expected = points(answer)
        assert len(found) == len(expected) == 6
        for row, other in zip(found, expected, strict=True):
            assert row == {name: str(value) for name, value in other.items()}

    def test_pandas_reads_the_csv(self):
        pandas = pytest.importorskip("pandas")
        table = pandas.read_csv(io.StringIO(to_csv(RISK)), comment="#")
        assert_allclose(table["test"], RISK.test.ravel(), rtol=1e-15)

    def test_markdown(self):
        lines = to_markdown(RISK).splitlines()
        assert lines[0].startswith("| n_samples | ridge | test |")
        assert lines[1].startswith("| --- | --- |")
        assert len(lines) == 2 + 6 + 2 * len([*RISK.notes, "parameters", "origin"])
        assert "| inf |" in lines[4]

    def test_text_says_rule_verdict_notes_and_origin(self):
        text = to_text(COMPARISON)
        for sentence in (COMPARISON.rule, COMPARISON.verdict, "5 trials, rng 3", "sources: " + ", ".join(RISK.sources)):
            assert sentence in text
        table = rc.Dataset([[1.0, 2.0], [1.0, 2.0], [3.0, 5.0], [4.0, 1.0]], [1.0, 2.0, 3.0, 0.5])
        risk = rc.predict(table, rc.Ridge(1), 2)
        assert risk.notes
        for note in risk.notes:
            assert f"\nnote: {note}\n" in to_text(risk)
            assert f"# note: {note}\n" in to_csv(risk)

    def test_text_of_trials_has_mean_and_error_together(self):
        mean, error = TRIALS.test.mean[2, 1], TRIALS.test.standard_error[2, 1]
        assert f"{mean:.5g} ± {error:.1g}" in to_text(TRIALS)
        assert "standard" not in to_text(TRIALS)


class TestWriting:
    def test_replaces_a_file_and_keeps_links(self, tmp_path):
        (tmp_path / "old").write_text("old")
        (tmp_path / "link").symlink_to(tmp_path / "old")
        write(tmp_path / "link", "new\n")
        assert (tmp_path / "link").is_symlink()
        assert (tmp_path / "old").read_bytes() == b"new\n"

    def test_new_files_have_the_usual_rights(self, tmp_path):
        (tmp_path / "usual").write_text("x")
        write(tmp_path / "new", "x")
        assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == stat.S_IMODE((tmp_path / "usual").stat().st_mode)

    def test_a_failure_leaves_the_old_file_and_nothing_else(self, tmp_path, monkeypatch):
        def full(_):
            raise OSError(28, "No space left on device")

        (tmp_path / "old").write_text("old")
        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space left"):
            write(tmp_path / "old", "new")
        assert [path.name for path in tmp_path.iterdir()] == ["old"]
        assert (tmp_path / "old").read_text() == "old"

    def test_a_device_is_written_to(self):
        write(os.devnull, "text")
        assert not os.path.isfile(os.devnull)
        refuse_unwritable(os.devnull)

    def test_what_cannot_be_written_is_refused_before(self, tmp_path):
        with pytest.raises(ValueError, match="is a folder"):
            refuse_unwritable(tmp_path)
        with pytest.raises(ValueError, match="there is no folder"):
            refuse_unwritable(tmp_path / "no" / "file")
        refuse_unwritable(tmp_path / "file")

    def test_a_read_only_folder_is_refused_before(self, tmp_path, monkeypatch):
        monkeypatch.setattr(os, "access", lambda *_: False)  # root may write anywhere
        with pytest.raises(ValueError, match="read-only for you"):
            refuse_unwritable(tmp_path / "file")


def test_another_test_distribution_is_named():
    other = rc.GaussianData.isotropic(20, noise=0.5)
    risk = rc.predict(DATA, rc.Ridge(1.0), SIZES, test_data=other)
    for answer in (risk, rc.simulate(DATA, rc.Ridge(1.0), SIZES, n_trials=2, rng=0, test_data=other)):
        assert f"tested on {other!r}" in to_text(answer)
        assert json.loads(to_json(answer))["test_data"] == repr(other)
    assert "tested on" not in to_text(RISK)
    assert "test_data" not in json.loads(to_json(RISK))


@pytest.mark.parametrize("swept", ["data", "test_data"])
def test_a_swept_noise_is_a_coordinate_of_the_labelled_arrays(swept):
    pytest.importorskip("xarray")
    noisy, ridges = rc.GaussianData.isotropic(20, noise=[0.1, 0.2, 0.3]), rc.Ridge([[0.5], [1.0]])
    found = {
        "data": lambda: rc.predict(noisy, ridges, 40),
        "test_data": lambda: rc.predict(DATA, ridges, 40, test_data=noisy),
    }[swept]()
    name = {"data": "noise", "test_data": "test_noise"}[swept]
    table = found.to_xarray()
    assert table["test"].dims == ("ridge", name)
    assert_array_equal(table[name], [0.1, 0.2, 0.3])
    assert_array_equal(table["noise"].broadcast_like(table["test"]), found.noise)
    assert_array_equal(table["test"], found.test)
