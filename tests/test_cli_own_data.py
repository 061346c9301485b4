"""The commands for a table of one's own: their answers are those of the functions, their refusals one sentence."""

import csv
import io
import json
import os
import re
import shlex
import subprocess
import sys

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import riskcalc as rc
from riskcalc.cli import main, own_data
from riskcalc.hindsight import held_out_errors
from riskcalc.theory.table_parts import HALF_DECADES

M = 120
TABLE = "--table my.csv --target y"


def lines(X, y, head="a,b,c,y"):
    return "\n".join([head, *(",".join(f"{value:.6f}" for value in [*x, out]) for x, out in zip(X, y, strict=True))])


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A user's folder: a table of 120 rows, and tables that will not do."""
    rng = np.random.default_rng(7)
    X = rng.standard_normal((M, 3))
    y = np.sin(X[:, 0]) + 0.5 * X[:, 1] + 0.3 * rng.standard_normal(M) + 3
    good = lines(X, y)
    files = {
        "my": good,
        "few": lines(X[:29], y[:29]),
        "constant": lines(X, np.full(M, 0.25)),
        "zero": lines(0 * X, y),
        "hole": good + "\n1,,3,4\n",
        "nan": good + "\n1,nan,3,4\n",
        "infinite": good + "\n1,inf,3,4\n",
        "word": good + "\n1,red,3,4\n",
        "flat": lines(np.c_[X[:, :2], np.ones(M)], y),
        "twice": lines(np.r_[X, X], np.r_[y, y]),
    }
    for name, text in files.items():
        (tmp_path / f"{name}.csv").write_text(text + "\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def run(folder, capsys):
    """Run a command in this process: (exit code, stdout, stderr)."""

    def runner(command):
        code = main(shlex.split(command))
        out, err = capsys.readouterr()
        return code, out, err

    return runner


@pytest.fixture
def data(folder):
    return rc.Dataset.from_csv("my.csv", "y")


def strict(text):
    """The object of a line of JSON that has no NaN or Infinity in it."""

    def refuse(name):
        raise AssertionError(f"{name} is not JSON")

    (line,) = text.splitlines()
    return json.loads(line, parse_constant=refuse)


def numbers(value):
    return np.array(value, dtype=float)


def table(text):
    return list(csv.DictReader(line for line in io.StringIO(text) if not line.startswith("#")))


FIELDS = ("test", "lower", "upper", "n_identified", "bound", "penalty")


class TestLearningCurve:
    def test_json_is_the_function(self, run, data):
        code, out, err = run(f"learning-curve {TABLE} --n-samples 50:5000:4:log --ridge best --kernel RBF --json")
        assert (code, err) == (0, "")
        found, n = strict(out), np.geomspace(50, 5000, 4)
        expected = rc.learning_curve(data, rc.KernelRidge(rc.kernels.RBF(), 1.0), n, ridge="best")
        for name in FIELDS:
            assert_array_equal(numbers(found[name]), getattr(expected, name))
        assert found["identified"] == expected.identified.tolist()
        assert found["coordinates"] == {"n_samples": n.tolist()}
        assert found["riskcalc"] == rc.__version__
        assert (found["kind"], found["n_rows"], found["level"], found["ridge_rule"]) == (
            "learning curve", M, 0.9, "best"
        )  # fmt: skip
        assert found["experiment"]["name"] == "my.csv"
        assert found["experiment"]["parameters"] == {
            "data": {
                "kind": "Dataset.from_csv", "path": "my.csv", "target": "y", "standardise": False, "intercept": False,
                "drop": [], "missing": "error",
            },
            "estimator": {"kind": "KernelRidge", "ridge": "best", "kernel": {"kind": "kernels.RBF"}},
            "n_samples": "50:5000:4:log", "ridge_rule": "best", "level": 0.9, "rng": 0,
        }  # fmt: skip
        assert found["notes"] == list(expected.notes)

    def test_a_grid_of_sizes_and_ridges(self, run, data):
        code, out, _ = run(f"learning-curve {TABLE} --n-samples 60,600 --ridge 0.1,1,10 --kernel Laplace --csv")
        assert code == 0
        rows = table(out)
        expected = rc.learning_curve(data, rc.KernelRidge(rc.kernels.Laplace(), [0.1, 1, 10]), [[60], [600]])
        assert [(row["n_samples"], row["ridge"]) for row in rows] == [
            (n, ridge) for n in ("60.0", "600.0") for ridge in ("0.1", "1.0", "10.0")
        ]
        for name in FIELDS:
            assert_array_equal([float(row[name]) for row in rows], getattr(expected, name).ravel())
        assert [row["identified"] for row in rows] == [str(bool(x)) for x in expected.identified.ravel()]

    def test_options_reach_the_function(self, run, data):
        command = f"learning-curve {TABLE} --n-samples 300 --ridge-per-row 0.01 --level 0.5 --rng 3 --standardise "
        code, out, _ = run(command + "--kernel RBF --set estimator.kernel.gamma=0.2 --json")
        assert code == 0
        table = rc.Dataset.from_csv("my.csv", "y", standardise=True)
        estimator = rc.KernelRidge(rc.kernels.RBF(0.2), 0.01)
        expected = rc.learning_curve(table, estimator, 300, ridge="per_row", level=0.5, rng=3)
        found = strict(out)
        assert (found["lower"], found["upper"], found["rng"]) == (expected.lower, expected.upper, 3)
        assert found["penalty"] == expected.penalty == 3.0
        assert found["estimator"].endswith("ridge=0.01 n)")

    def test_inf_is_a_string(self, run):
        found = strict(run(f"learning-curve {TABLE} --n-samples 300 --ridge 1 --json")[1])
        assert found["n_identified"] == "inf"  # three columns: a rank far below 120

    def test_without_options_the_best_ridge_of_ridge_regression_on_twenty_sizes(self, run, data):
        found = strict(run(f"learning-curve {TABLE} --json")[1])
        n = numbers(found["coordinates"]["n_samples"])
        assert_array_equal(n, np.round(np.geomspace(0.1 * M, 8 * M, 20)))
        assert_array_equal(found["test"], rc.learning_curve(data, rc.Ridge(1.0), n, ridge="best").test)

    def test_a_table_for_people(self, run):
        code, out, err = run(f"learning-curve {TABLE} --n-samples 60,2000 --ridge 0.001 --kernel Laplace")
        assert (code, err) == (0, "")
        head, _, first, second, *remarks = out.splitlines()
        assert head.split("  ")[0].strip() == "n samples"
        assert "penalty" not in head  # it is the ridge
        assert (" yes " in first, " no " in second) == (True, True)
        assert remarks[0].startswith("note: extrapolated to ")
        assert remarks[-1] == (
            f"riskcalc {rc.__version__}; my.csv; Dataset(120 rows, 3 inputs, 1 output); "
            "KernelRidge(kernel=Laplace(scale=None), ridge=0.001); 90% interval, rng 0"
        )

    def test_duplicates_are_said(self, run):
        assert "\nnote: 120 of 240 rows repeat" in run("learning-curve --table twice.csv --target y --n-samples 300")[1]

    @pytest.mark.parametrize("suffix", ["json", "csv", "md", "txt"])
    def test_output_takes_its_format_from_the_name(self, run, folder, suffix):
        code, out, err = run(f"learning-curve {TABLE} --n-samples 60,240 -o answer.{suffix}")
        assert (code, out, err) == (0, "", "")
        first = {"json": '{"riskcalc": ', "csv": "# ", "md": "| n_samples | test |", "txt": " n samples "}
        assert (folder / f"answer.{suffix}").read_text().startswith(first[suffix])


class TestSampleSize:
    def test_the_verdict_comes_first(self, run, data):
        found = rc.sample_size(data, rc.KernelRidge(rc.kernels.RBF(), 1.0), [0.5, 0.15, 0.001], ridge="best")
        code, out, err = run(f"sample-size {TABLE} --test 0.5,0.15,0.001 --kernel RBF")
        assert (code, err) == (0, "")
        assert out.splitlines()[:3] == [
            f"{words}, for a test error of {target}"
            for words, target in zip(found.verdict, ("0.5", "0.15", "0.001"), strict=True)
        ]
        assert found.verdict[0] == "the table's own 120 rows are enough"
        assert found.verdict[2].startswith("never below ")
        curve, y = found.curve, np.asarray(data.outputs)
        assert out.splitlines()[3] == (
            f"with the 120 rows of the table it is {curve.test[0]:.3g} (from {curve.lower[0]:.3g} to "
            f"{curve.upper[0]:.3g}); that of the mean of the target is {y.var(ddof=1):.3g}"
        )
        assert out.splitlines()[4] == ""
        assert out.splitlines()[5].split() == ["test", "lower", "upper"]

    def test_json(self, run, data):
        options = "--ridge 0.3 --level 0.8 --rng 5 --kernel RBF"
        code, out, _ = run(f"sample-size {TABLE} --test 0.15 {options} --json")
        assert code == 0
        expected = rc.sample_size(data, rc.KernelRidge(rc.kernels.RBF(), 0.3), 0.15, level=0.8, rng=5)
        found = strict(out)
        assert found["verdict"] == expected.verdict
        assert float(found["lower"]) == expected.lower
        assert float(found["upper"]) == expected.upper
        assert (found["kind"], found["level"], found["rng"]) == ("sample sizes", 0.8, 5)
        curve = expected.curve
        assert found["at_n_rows"] == {"test": curve.test[0], "lower": curve.lower[0], "upper": curve.upper[0]}
        assert found["experiment"]["parameters"]["test"] == 0.15

    def test_csv(self, run, data):
        out = run(f"sample-size {TABLE} --test 0.5,0.001 --csv")[1]
        expected = rc.sample_size(data, rc.Ridge(1.0), [0.5, 0.001], ridge="best")
        rows = table(out)
        assert [row["verdict"] for row in rows] == expected.verdict.tolist()
        assert [float(row["upper"]) for row in rows] == expected.upper.tolist()


class TestHindsight:
    def test_json_is_the_function(self, run, data):
        options = "--n-samples 60,100 --ridge 0.1,1 --part 0.3 --splits 3 --trials 4 --rng 2"
        code, out, err = run(f"hindsight {TABLE} {options} --kernel Laplace --json")
        assert (code, err) == (0, "")
        estimator = rc.KernelRidge(rc.kernels.Laplace(), [0.1, 1])
        expected = rc.hindsight(data, estimator, [[60], [100]], part=0.3, n_splits=3, n_trials=4, rng=2)
        found = strict(out)
        for name in ("test", "lower", "upper", "measured", "standard_error", "coverage", "error"):
            assert_array_equal(numbers(found[name]), getattr(expected, name))
        assert found["verdict"] == expected.verdict
        assert (found["n_part"], found["experiment"]["parameters"]["n_splits"]) == (36, 3)

    def test_text_and_default_sizes(self, run):
        code, out, _ = run(f"hindsight {TABLE} --splits 2 --trials 2 --part 0.25")
        assert code == 0
        sizes = [int(line.split()[0]) for line in out.splitlines()[2:-2]]
        assert sizes == np.round(np.geomspace(45, 96, 4)).tolist()
        assert out.splitlines()[-2].startswith("from 30 of 120 rows the 90% interval covered the measured error: ")
        assert out.splitlines()[-1].startswith(f"riskcalc {rc.__version__}; my.csv; ")

    def test_csv(self, run):
        rows = table(run(f"hindsight {TABLE} --splits 2 --trials 2 --n-samples 60 --csv")[1])
        assert list(rows[0])[:3] == ["n_samples", "measured", "standard_error"]


@pytest.mark.parametrize("rule", ["fixed", "per_row", "best"])
def test_errors_on_rows_left_out_are_at_the_ridge_of_the_curve(data, rule):
    n, estimator = np.array([40.0, 80.0]), rc.KernelRidge(rc.kernels.Laplace(), 0.02)
    found = held_out_errors(data, estimator, n, rule, 4, 1)
    y = np.asarray(data.outputs)
    ridges = {"fixed": np.full((2, 1), 0.02), "per_row": 0.02 * n[:, None], "best": HALF_DECADES[None]}[rule]
    path = rc.KernelRidge(rc.kernels.Laplace(), ridges)
    expected = rc.simulate(data.replace(outputs=y - y.mean()), path, n[:, None], n_trials=4, rng=1).test.mean
    assert_allclose(found.test.mean, expected.min(axis=1), rtol=1e-12)
    assert found.test.values.shape == (4, 2)
    assert list(found.coordinates) == (["n_samples"] if rule == "best" else ["n_samples", "ridge"])


class TestPlot:
    @pytest.mark.parametrize("suffix", ["pdf", "png", "svg"])
    def test_a_picture_beside_the_numbers(self, run, folder, suffix):
        pytest.importorskip("matplotlib")
        code, out, err = run(f"learning-curve {TABLE} --n-samples 30:900:5:log --trials 2 --plot curve.{suffix}")
        assert (code, err) == (0, "")
        assert len(out.splitlines()) > 6
        head = {"pdf": b"%PDF", "png": b"\x89PNG", "svg": b"<?xml"}
        assert (folder / f"curve.{suffix}").read_bytes().startswith(head[suffix])

    @pytest.mark.parametrize(
        ("options", "sizes"),
        [
            ("--n-samples 30:900:5:log --trials 3", np.round(np.geomspace(30, 96, 6))),
            ("--n-samples 2:900:5:log --trials 3", np.round(np.geomspace(12, 96, 6))),
            ("--n-samples 30:900:5:log --trials 0", None),
            ("--n-samples 100:900:5:log --trials 3", None),  # no size that could be measured
        ],
    )
    def test_what_is_measured(self, run, monkeypatch, options, sizes):
        from riskcalc import plot

        seen = []
        real = plot.learning_curve
        monkeypatch.setattr(plot, "learning_curve", lambda curve, measured: seen.append(measured) or real(curve))
        monkeypatch.setattr(plot, "save", lambda figure, path: None)
        assert run(f"learning-curve {TABLE} {options} --plot curve.pdf --ridge 0.1,1")[0] == 0
        if sizes is None:
            assert seen == [None]
        else:
            assert_array_equal(seen[0].coordinates["n_samples"].ravel(), sizes)
            assert seen[0].test.values.shape == (3, 6, 2)


REFUSED = [
    ("learning-curve --target y", "give --table FILE, a CSV file of numbers, and --target COLUMN"),
    ("learning-curve --table my.csv", "--table needs --target COLUMN"),
    ("learning-curve --table no.csv --target y", "no.csv: No such file or directory"),
    ("learning-curve --table my.csv --target z", "my.csv: data: target must be a column of the table, got 'z'"),
    ("learning-curve --table few.csv --target y", "dataset must have at least 30 rows, got 29; fewer tell nothing"),
    ("learning-curve --table constant.csv --target y", "target 'y' must vary, got the constant 0.25"),
    ("learning-curve --table zero.csv --target y", "inputs must not all be zero"),
    ("learning-curve --table hole.csv --target y", "hole.csv: line 122 has no value in column 'b'"),
    ("learning-curve --table nan.csv --target y", "nan.csv: line 122 has no value in column 'b'"),
    ("learning-curve --table infinite.csv --target y", "line 122 has 'inf' in column 'b'; numbers must be finite"),
    ("learning-curve --table word.csv --target y", "word.csv: line 122 has 'red' in column 'b'"),
    ("learning-curve --table flat.csv --target y --standardise", "column 'c' is constant; leave it out (drop)"),
    (f"learning-curve {TABLE} --n-samples 1", "n_samples must be finite and >= 2, got 1"),
    (f"learning-curve {TABLE} --n-samples 50,nan", "n_samples must be"),
    (f"learning-curve {TABLE} --n-samples 50:800", "n_samples must be a number, a list of numbers or a grid"),
    (f"learning-curve {TABLE} --ridge bst", "estimator.ridge must be a number, a list of numbers or a grid"),
    (f"learning-curve {TABLE} --ridge=-1", "ridge must be finite and >= 0, got -1"),
    (f"learning-curve {TABLE} --ridge inf", "ridge must be finite and >= 0, got inf"),
    (f"learning-curve {TABLE} --ridge 1 --ridge-per-row 1", "--ridge and --ridge-per-row exclude each other"),
    (f"learning-curve {TABLE} --set estimator.ridge=1", "give --ridge GRID, --ridge-per-row GRID or neither"),
    (f"learning-curve {TABLE} --level 1", "level must be finite and > 0 and <= 1, got 1; below 1, say 0.9"),
    (f"learning-curve {TABLE} --level 0", "level must be finite and > 0"),
    (f"learning-curve {TABLE} --rng=-1", "rng must be a whole number >= 0, got -1"),
    (f"learning-curve {TABLE} --kernel rbf", "is not known; did you mean 'kernels.RBF'?"),
    (f"learning-curve {TABLE} --plot curve.jpg", "--plot must end in .pdf, .png, .svg, got 'curve.jpg'"),
    (f"learning-curve {TABLE} --plot no/curve.pdf", "there is no folder"),
    (f"learning-curve {TABLE} --plot curve.pdf --n-samples 100", "two points or more"),
    (f"learning-curve {TABLE} --trials 1", "--trials must be at least 2, or 0 for a picture without points, got 1"),
    (f"learning-curve {TABLE} --json --csv", "--json and --csv exclude each other"),
    (f"learning-curve {TABLE} -o no/file", "there is no folder"),
    ("learning-curve diabetes", "Unused Tokens"),
    (f"sample-size {TABLE}", "parameter --test requires an argument"),
    (f"sample-size {TABLE} --test 0", "test must be finite and > 0, got 0; it is a mean squared error, in units of"),
    (f"sample-size {TABLE} --test -1", "test must be finite and > 0, got -1"),
    (f"sample-size {TABLE} --test 0.3,-1", "test must be finite and > 0, got -1"),
    (f"sample-size {TABLE} --test nan", "test must be a number, got nan"),
    (f"sample-size {TABLE} --test small", "test must be a number, a list of numbers or a grid"),
    (f"sample-size {TABLE} --test 0.3 --ridge 1,2", "ridge must be a single number for a sample size, got shape (2,)"),
    ("sample-size --table few.csv --target y --test 0.3", "dataset must have at least 30 rows, got 29"),
    ("sample-size --table constant.csv --target y --test 0.3", "target 'y' must vary"),
    (f"hindsight {TABLE} --part 0.1", "part must leave at least 30 rows, got 0.1 of 120, 12 rows"),
    (f"hindsight {TABLE} --part 1", "--part must be between 0 and 1, a share of the rows, got 1"),
    (f"hindsight {TABLE} --part=-1", "--part must be between 0 and 1, a share of the rows, got -1"),
    (f"hindsight {TABLE} --part nan", "--part must be between 0 and 1, a share of the rows, got nan"),
    (f"hindsight {TABLE} --n-samples 120", "n_samples must be finite and >= 2 and <= 119, got 120; some rows must be"),
    (f"hindsight {TABLE} --splits 0", "n_splits must be a whole number >= 1, got 0"),
    (f"hindsight {TABLE} --trials 1", "n_trials must be a whole number >= 2, got 1"),
    ("hindsight --table few.csv --target y", "part must leave at least 30 rows"),
]


class TestRefusals:
    @pytest.mark.parametrize(("command", "sentence"), REFUSED, ids=[command for command, _ in REFUSED])
    def test_one_sentence_and_exit_code_2(self, run, folder, command, sentence):
        before = set(folder.iterdir())
        code, out, err = run(command)
        assert (code, out) == (2, "")
        assert err.startswith("riskcalc: ")
        assert sentence in err
        assert err.count("\n") == 1
        assert set(folder.iterdir()) == before

    def test_nothing_is_computed_if_the_answer_cannot_be_written(self, run, monkeypatch):
        monkeypatch.setattr(own_data.Own, "of", None)
        for command in ("--plot x.gif", "--plot no/x.pdf", "-o no/x.csv", "-o ."):
            assert run(f"learning-curve {TABLE} {command}")[0] == 2

    @pytest.mark.parametrize(
        ("error", "code", "sentence"),
        [
            (KeyboardInterrupt(), 130, "interrupted; nothing was written, and the same command starts again\n"),
            (rc.NotConvergedError("effective ridge", 0.5, 1e-3), 3, "effective ridge was not solved for"),
            (MemoryError("8 GiB"), 2, "not enough memory (8 GiB)"),
        ],
    )
    @pytest.mark.parametrize("command", ["learning-curve", "sample-size --test 0.3", "hindsight"])
    def test_exit_codes(self, run, monkeypatch, command, error, code, sentence):
        def fail(*_, **__):
            raise error

        monkeypatch.setattr(rc.kernels.RBF, "__call__", fail)
        found, out, err = run(f"{command} {TABLE} --kernel RBF")
        assert (found, out) == (code, "")
        assert err.startswith(f"riskcalc: {sentence}")
        assert err.count("\n") == 1


class TestHelp:
    @pytest.mark.parametrize("command", ["learning_curve", "sample_size", "hindsight"])
    def test_the_examples_of_the_help_texts_run(self, run, folder, command):
        examples = re.findall(r"^ {8}riskcalc (.+)$", getattr(own_data, command).__doc__, re.MULTILINE)
        assert len(examples) >= 2
        for example in examples:
            shorter = example.replace("100,300", "60,90")  # the table of the test has 120 rows
            code, _, err = run(shorter)
            assert (code, err) == (0, ""), example
        assert command != "learning_curve" or (folder / "curve.pdf").exists()

    def test_commands_are_listed(self, run):
        out = run("--help")[1]
        assert all(name in out for name in ("learning-curve", "sample-size", "hindsight"))


@pytest.mark.skipif(os.name != "posix", reason="a terminal of POSIX")
def test_a_bar_on_a_terminal_only(folder):
    """Stderr is a terminal that is read back: the bar is there, and stdout has the answer alone."""
    import termios

    ours, theirs = os.openpty()
    termios.tcsetwinsize(theirs, (24, 80))
    command = [sys.executable, "-m", "riskcalc", "learning-curve", *TABLE.split(), "--n-samples", "60,90", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=theirs, text=True) as process:
        out, _ = process.communicate(timeout=60)
    os.set_blocking(ours, False)
    seen = os.read(ours, 1 << 16).decode()  # before the other end is closed: what is unread is lost then
    os.close(theirs)
    os.close(ours)
    assert process.returncode == 0
    assert strict(out)["n_rows"] == M
    assert "table" in seen
    assert subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stderr == ""
