"""Stored answers on the command line: every format from every command, again from the file, and refusals."""

import io
import json
import re
import shlex
from dataclasses import replace

import numpy as np
import pytest

import riskcalc as rc
from riskcalc import report
from riskcalc.cli import main, stored_answers
from riskcalc.report import read, to_json

SMALL = """
title = "A small one"
n_samples = [20, 60]
n_trials = 5
data = { kind = "GaussianData.isotropic", n_features = 30, noise = 0.25 }
estimator = { kind = "Ridge", ridge = [0.5, 5] }
"""
CURVE = "learning-curve --table my.csv --target y --n-samples 20,80 --ridge 1"
SUFFIXES = {"json": '{"riskcalc"', "csv": "# ", "md": "| n_samples | ridge |", "tex": "% ", "nc": "CDF\x02"}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    (tmp_path / "small.toml").write_text(SMALL)
    rng = np.random.default_rng(7)
    rows = rng.standard_normal((40, 3))
    (tmp_path / "my.csv").write_text("\n".join(["a,b,y", *(",".join(map(str, row)) for row in rows)]) + "\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def run(capsys, folder):
    def runner(command):
        code = main(shlex.split(command))
        out, err = capsys.readouterr()
        return code, out, err

    return runner


@pytest.fixture(params=["predict", "simulate", "verify"])
def command(request):
    return request.param


class TestFormats:
    @pytest.mark.parametrize("suffix", SUFFIXES)
    def test_a_suffix_chooses_the_format(self, run, folder, command, suffix):
        if suffix == "nc":
            pytest.importorskip("xarray")
        assert run(f"{command} small.toml -o answer.{suffix}") == (0, "", "")
        assert (folder / f"answer.{suffix}").read_bytes().startswith(SUFFIXES[suffix].encode())

    @pytest.mark.parametrize("flag", ["json", "csv", "latex", "markdown"])
    def test_a_flag_chooses_the_format(self, run, command, flag):
        suffix = {"latex": "tex", "markdown": "md"}.get(flag, flag)
        code, out, err = run(f"{command} small.toml --{flag}")
        assert (code, err) == (0, "")
        assert out.startswith(SUFFIXES[suffix])

    def test_every_format_of_a_stored_answer_is_that_of_the_command(self, run, folder, command):
        for suffix in [*SUFFIXES, "txt"]:
            if suffix == "nc":
                pytest.importorskip("xarray")
            run(f"{command} small.toml -o direct.{suffix}")
            assert run(f"report direct.json -o again.{suffix}") == (0, "", "")
            assert (folder / f"again.{suffix}").read_bytes() == (folder / f"direct.{suffix}").read_bytes()

    def test_several_experiments(self, run, folder):
        code, out, _ = run("verify small.toml small.toml --latex")
        assert code == 0
        assert out.startswith("\\begin{tabular}{l")
        assert out.count("small.toml & 4 & ") == 2
        run("verify small.toml small.toml -o both.jsonl")
        assert run("report both.jsonl --line 2 --json")[1] == (folder / "both.jsonl").read_text().splitlines()[1] + "\n"

    def test_a_learning_curve(self, run):
        run(f"{CURVE} -o curve.json")
        code, out, err = run("report curve.json --latex")
        assert (code, err) == (0, "")
        assert "n\\_samples & ridge & test & lower & upper" in out
        assert "my.csv" in out
        assert "note" in out or read("curve.json").notes == ()

    def test_stdin(self, run, monkeypatch):
        monkeypatch.setattr("sys.stdin", io.StringIO(run("predict small.toml --json")[1]))
        code, out, _ = run("report -")
        assert (code, out) == (0, run("predict small.toml")[1])

    def test_the_examples_of_the_help_text_run(self, run):
        examples = re.findall(r"^ {8}riskcalc (.+)$", stored_answers.report.__doc__, re.MULTILINE)
        assert len(examples) == 4
        for example in examples:
            assert run(example)[::2] == (0, ""), example


class TestPlot:
    @pytest.fixture(autouse=True)
    def _matplotlib(self):
        pytest.importorskip("matplotlib")

    @pytest.mark.parametrize("options", ["", "--no-simulation", "--map"])
    def test_a_stored_comparison(self, run, folder, options):
        run("verify small.toml -o answer.json")
        assert run(f"plot answer.json {options} -o figure.svg") == (0, "", "")
        assert (folder / "figure.svg").read_text().startswith("<?xml")

    def test_what_is_drawn_is_what_was_stored(self, run, monkeypatch):
        from riskcalc import plot

        seen = []
        monkeypatch.setattr(plot, "figure", lambda *results, title, x: seen.append((*results, title, x)))
        monkeypatch.setattr(plot, "save", lambda figure, path: None)
        run("verify small.toml -o answer.json")
        for options in ("", "--no-simulation"):
            assert run(f"plot answer.json {options} -o figure.svg")[0] == 0
        (both, title, x), (theory, *_) = seen
        assert (type(both), title, x) == (rc.Comparison, "small.toml", "n_samples")
        assert type(theory) is rc.Risk

    @pytest.mark.parametrize("make", ["simulate small.toml", "predict small.toml", CURVE])
    def test_other_answers(self, run, make):
        assert run(f"{make} -o answer.json")[0] == 0
        assert run("plot answer.json -o figure.svg") == (0, "", "")

    def test_a_map_needs_theory(self, run):
        run("simulate small.toml -o answer.json")
        code, out, err = run("plot answer.json --map -o figure.svg")
        assert (code, out) == (2, "")
        assert "answer.json holds no theory to be drawn alone" in err


REFUSED = [
    ("report nope.json", "nope.json: No such file or directory"),
    ("report .", "directory"),
    ("report small.toml", "small.toml is not an answer of riskcalc"),
    ("report other.json", "other.json is not an answer of riskcalc: kind must be one of"),
    ("report newer.json", "newer.json was written by riskcalc 9.0 in format 3, and riskcalc"),
    ("report both.jsonl", "both.jsonl holds 2 answers; choose one by its line, from 1 to 2"),
    ("report both.jsonl --line 3", "line must be at most 2, the number of answers in both.jsonl, got 3"),
    ("report both.jsonl --line 0", "line must be a whole number >= 1, got 0"),
    ("report one.json --json --latex", "--json and --latex exclude each other; give one"),
    ("report one.json --csv -o one.nc", "--csv and a file of netCDF (.nc) exclude each other; give one"),
    ("report one.json -o no/one.tex", "there is no folder"),
    ("report", "requires an argument"),
    ("verify small.toml small.toml -o both.nc", "a file of netCDF holds one experiment, got 2"),
    ("predict small.toml --json --markdown", "--json and --markdown exclude each other"),
    ("plot one.json --ridge 1 -o figure.svg", "one.json is drawn as it was computed"),
    ("plot one.json --trials 5 -o figure.svg", "one.json is drawn as it was computed"),
    ("plot other.json -o figure.svg", "other.json is not an answer of riskcalc"),
    ("experiments --latex", "Unknown option: --latex"),
]


class TestRefusals:
    @pytest.mark.parametrize(("command", "sentence"), REFUSED, ids=[command for command, _ in REFUSED])
    def test_one_sentence_and_exit_code_2(self, run, folder, command, sentence):
        risk = rc.predict(rc.GaussianData.isotropic(30, noise=0.25), rc.Ridge(0.5), [20.0, 60.0])
        text = to_json(replace(risk, rule=None))
        (folder / "one.json").write_text(text)
        (folder / "both.jsonl").write_text(f"{text}\n{text}\n")
        (folder / "other.json").write_text('{"answer": 42}')
        (folder / "newer.json").write_text(json.dumps({"riskcalc": "9.0", "format": 3}))
        code, out, err = run(command)
        assert (code, out) == (2, "")
        assert err.startswith("riskcalc: ")
        assert sentence in err
        assert err.count("\n") == 1

    def test_netcdf_without_xarray_is_refused_before_anything_is_computed(self, run, monkeypatch):
        monkeypatch.setattr(report.dataset, "find_spec", lambda name: None)
        code, out, err = run("predict small.toml -o answer.nc")
        assert (code, out) == (2, "")
        assert err == "riskcalc: netCDF needs xarray: pip install 'riskcalc[data]'\n"
