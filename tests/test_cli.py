"""The command line as its users meet it: answers, one-sentence refusals, exit codes, interruptions."""

import csv
import io
import json
import os
import re
import shlex
import signal
import sqlite3
import subprocess
import sys
import time
from concurrent.futures.process import BrokenProcessPool

import numpy as np
import pytest

import riskcalc as rc
from riskcalc.cli import commands, main
from riskcalc.cli.options import parsed
from riskcalc.errors import NotConvergedError
from riskcalc.experiment import Experiment
from riskcalc.recipe import SHIPPED
from riskcalc.report import read_json

SMALL = """
title = "A small one"
n_samples = [20, 60]
n_trials = 10
[data]
kind = "GaussianData.isotropic"
n_features = 30
noise = 0.25
[estimator]
kind = "Ridge"
ridge = [0.5, 5]
[quick]
n_trials = 3
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A user's folder: an experiment and a table of 450 rows."""
    rng = np.random.default_rng(7)
    X = rng.standard_normal((450, 4))
    y = X @ [1.0, 2.0, 0.0, -1.0] + 0.5 * rng.standard_normal(450)
    lines = [";".join(f"{value:.6f}" for value in [*x, out]) for x, out in zip(X, y, strict=True)]
    (tmp_path / "my.csv").write_text("\n".join(["a;b;c;d;y", *lines]) + "\n")
    (tmp_path / "hole.csv").write_text("\n".join(["a;b;c;d;y", "1;;3;4;5", *lines]) + "\n")
    (tmp_path / "word.csv").write_text("\n".join(["a;b;c;d;y", "1;red;3;4;5", *lines]) + "\n")
    (tmp_path / "small.toml").write_text(SMALL)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def run(capsys):
    """Run a command in this process: (exit code, stdout, stderr)."""

    def runner(command):
        code = main(shlex.split(command))
        out, err = capsys.readouterr()
        return code, out, err

    return runner


def process(*command, **options):
    """Run the command in a process of its own, every warning an error."""
    return subprocess.run(
        [sys.executable, "-W", "error", "-m", "riskcalc", *command],
        capture_output=True,
        text=True,
        timeout=60,
        **options,
    )


@pytest.mark.usefixtures("folder")
class TestPredict:
    def test_table_for_people(self, run):
        code, out, err = run("predict isotropic --ridge 0,1 --n-samples 100,200")
        assert (code, err) == (0, "")
        assert len(out.splitlines()) == 2 + 4 + 1
        assert "inf" in out
        assert out.splitlines()[-1].startswith(f"riskcalc {rc.__version__}; isotropic; GaussianData(")

    def test_json(self, run):
        code, out, _ = run("predict isotropic --set estimator.ridge=[0,1] --set n_samples=100:200:2 --json")
        found = json.loads(out)
        assert code == 0
        assert found["experiment"]["name"] == "isotropic"
        assert found["experiment"]["parameters"]["estimator"] == {"kind": "Ridge", "ridge": [0, 1]}
        assert found["experiment"]["parameters"]["n_samples"] == "100:200:2"
        assert found["test"][1][0] == "inf"
        expected = rc.predict(rc.GaussianData.isotropic(200, noise=0.25), rc.Ridge([0, 1]), [[100], [200]])
        assert np.array_equal(read_json(out).test, expected.test)

    def test_csv(self, run):
        _, out, _ = run("predict small.toml --csv")
        rows = list(csv.DictReader(line for line in io.StringIO(out) if not line.startswith("#")))
        assert [(row["n_samples"], row["ridge"]) for row in rows] == [
            ("20.0", "0.5"), ("20.0", "5.0"), ("60.0", "0.5"), ("60.0", "5.0")
        ]  # fmt: skip

    def test_stdin(self, run, monkeypatch):
        monkeypatch.setattr("sys.stdin", io.StringIO(SMALL))
        assert run("predict - --json")[0] == 0
        monkeypatch.setattr("sys.stdin", io.StringIO("n_samples ="))
        code, out, err = run("predict -")
        assert (code, out) == (2, "")
        assert err.startswith("riskcalc: stdin: Invalid value")

    @pytest.mark.parametrize("suffix", ["json", "csv", "md", "txt"])
    def test_output_takes_its_format_from_the_name(self, run, folder, suffix):
        code, out, err = run(f"predict small.toml -o answer.{suffix}")
        assert (code, out, err) == (0, "", "")
        text = (folder / f"answer.{suffix}").read_text()
        first = {
            "json": '{"riskcalc": ',
            "csv": "# ",
            "md": "| n_samples | ridge |",
            "txt": " n samples   ridge",
        }
        assert text.startswith(first[suffix])

    def test_a_table_needs_no_file(self, run):
        code, out, _ = run("predict --table my.csv --target y --n-samples 50:400:8 --json")
        assert code == 0
        expected = rc.predict(rc.Dataset.from_csv("my.csv", "y"), rc.Ridge(1), np.linspace(50, 400, 8))
        assert np.array_equal(read_json(out).test, expected.test)

    def test_a_table_with_a_kernel(self, run):
        code, out, _ = run(
            "predict --table my.csv --target y --n-samples 50,100 --kernel RBF --set estimator.kernel.gamma=0.1 "
            "--ridge 2 --standardise --json"
        )
        assert code == 0
        data = rc.Dataset.from_csv("my.csv", "y", standardise=True)
        expected = rc.predict(data, rc.KernelRidge(rc.kernels.RBF(0.1), 2), [50, 100])
        assert np.array_equal(read_json(out).test, expected.test)

    def test_options_of_a_table(self, run):
        code, out, _ = run(
            "predict --table hole.csv --target -1 --n-samples 50 --ridge 0.1:10:3:log --standardise --intercept "
            "--drop c --drop d --missing drop --json"
        )
        assert code == 0
        data = rc.Dataset.from_csv("hole.csv", "y", standardise=True, intercept=True, drop=["c", "d"], missing="drop")
        expected = rc.predict(data, rc.Ridge([0.1, 1, 10]), 50)
        assert np.array_equal(read_json(out).test, expected.test)

    def test_notes_are_printed_below_the_table(self, run, folder):
        lines = (folder / "my.csv").read_text().splitlines()
        (folder / "twice.csv").write_text("\n".join([*lines, *lines[1:]]) + "\n")
        _, out, _ = run("predict --table twice.csv --target y --n-samples 50")
        assert "\nnote: 450 of 900 rows repeat" in out


@pytest.mark.usefixtures("folder")
class TestSimulateAndVerify:
    def test_simulate_is_the_function(self, run):
        code, out, err = run("simulate small.toml --trials 4 --rng 11 --json")
        assert (code, err) == (0, "")
        expected = rc.simulate(
            rc.GaussianData.isotropic(30, noise=0.25), rc.Ridge([0.5, 5]), [[20], [60]], n_trials=4, rng=11
        )
        found = read_json(out)
        assert np.array_equal(found.fields["test"], expected.test.mean)
        assert (found.n_trials, found.rng) == (4, 11)

    def test_workers_and_stores_change_nothing(self, run):
        alone = run("simulate small.toml --csv")[1]
        assert run("simulate small.toml --csv --workers 2 --store trials.db")[1] == alone
        assert run("simulate small.toml --csv --store trials.db")[1] == alone

    def test_quick(self, run):
        assert "3 trials, rng 0" in run("simulate small.toml --quick")[1]
        assert "5 trials, rng 0" in run("simulate small.toml --quick --trials 5")[1]

    def test_verify_one(self, run):
        code, out, _ = run("verify small.toml")
        assert code == 0
        assert "theory and simulation agree: largest excess |z|" in out
        assert "allowed beside the standard error" in out

    def test_verify_a_table(self, run):
        code, out, _ = run("verify --table my.csv --target y --n-samples 50:400:3 --standardise --trials 40 --json")
        assert code == 0
        assert json.loads(out)["agrees"] is True
        assert json.loads(out)["experiment"]["parameters"]["data"]["path"] == "my.csv"

    def test_disagreement_has_exit_code_1(self, run):
        code, out, err = run('verify ridgeless --set data.entries="student(2.1)" --quick')  # outside the theory
        assert (code, err) == (1, "")
        assert "DISAGREE" in out

    def test_several_give_a_verdict_each(self, run):
        code, out, _ = run("verify small.toml ridgeless --trials 3")
        assert code == 0
        assert [line.split()[0] for line in out.splitlines()[2:4]] == ["small.toml", "ridgeless"]
        assert out.splitlines()[-1] == f"theory and simulation agree (riskcalc {rc.__version__})"
        _, out, _ = run("verify small.toml ridgeless --trials 3 --json")
        assert [json.loads(line)["kind"] for line in out.splitlines()] == ["comparison"] * 2
        code, out, _ = run('verify ridgeless ridgeless --set data.entries="student(2.1)" --trials 10 --csv')
        assert code == 1
        assert [row["verdict"] for row in csv.DictReader(io.StringIO(out))] == ["DISAGREE"] * 2

    def test_without_a_name_the_four(self, run):
        code, out, err = run("verify --trials 3 --quick -o all.md")
        assert (code, out, err) == (0, "", "")
        with open("all.md") as file:
            rows = [line.split("|")[1].strip() for line in file][2:]
        assert rows == ["isotropic", "power-law", "ridgeless", "diabetes"]

    def test_all(self, run):
        code, out, _ = run("verify --all --quick --trials 3 --csv")
        assert code == 0
        assert [row["experiment"] for row in csv.DictReader(io.StringIO(out))] == list(Experiment.names())


class TestExperimentsAndHelp:
    def test_a_line_each(self, run):
        code, out, _ = run("experiments")
        assert code == 0
        assert [line.split()[0] for line in out.splitlines()] == list(Experiment.names())
        lines = run("experiments --json")[1].splitlines()
        assert [json.loads(line)["experiment"] for line in lines] == list(Experiment.names())
        assert run("experiments --csv")[1].startswith("experiment,title\n")

    def test_version(self, run):
        assert run("--version") == (0, f"{rc.__version__}\n", "")

    @pytest.mark.parametrize("command", ["", "--help", "predict --help", "verify -h"])
    def test_help(self, run, command):
        code, out, err = run(command)
        assert (code, err) == (0, "")
        assert out.startswith("Usage: riskcalc")
        assert "For example:" in out

    def test_completion(self, run, tmp_path):
        assert run(f"--install-completion --shell bash --output {tmp_path / 'riskcalc'}")[0] == 0
        assert "riskcalc" in (tmp_path / "riskcalc").read_text()

    @pytest.mark.parametrize("command", ["predict", "simulate", "verify", "experiments", "plot"])
    def test_the_examples_of_the_help_texts_run(self, run, folder, command):
        examples = re.findall(r"^ {8}riskcalc (.+)$", getattr(commands, command).__doc__, re.MULTILINE)
        assert examples
        for example in examples:
            code, _, err = run(example)
            assert (code, err) == (0, ""), example
        assert command != "plot" or {".pdf", ".svg"} <= {path.suffix for path in folder.iterdir()}


class TestValues:
    @pytest.mark.parametrize(
        ("text", "value"),
        [
            ("3", 3), ("0.1", 0.1), (".5", 0.5), ("1e-3", 1e-3), ("inf", np.inf), ("true", True), ('"3"', "3"),
            ("[1, 2]", [1, 2]), ("0,0.5,1", [0, 0.5, 1]), ("50:800:8:log", "50:800:8:log"), ("student", "student"),
            ("student(7)", "student(7)"), ("1 # one", 1), ("1\nb = 2", "1\nb = 2"), ("{a = 1}", {"a": 1}), ("-1", -1),
        ],
    )  # fmt: skip
    def test_parsed(self, text, value):
        found = parsed(text)
        assert found == value
        assert type(found) is type(value)


REFUSED = [
    ("predict", "give an experiment (bagging, benign"),
    ("predict isotropc", "isotropc: there is no such file, and no shipped experiment of that name; did you mean"),
    ("predict nope.toml", "nope.toml: there is no such file"),
    ("predict .", ".: there is no such file"),
    ("predict isotropic --set estimator.rigde=1", "Ridge has no 'rigde'; did you mean 'ridge'?"),
    ("predict isotropic --set estimator.ridge=-1000", "ridge must be above ridge_lower_limit(spectrum, n_samples)"),
    ("predict isotropic --set estimator.ridge=nan", "ridge must be > -inf, got nan"),
    ("predict isotropic --set data.n_features=50:800:8", "data.n_features must be a number, got '50:800:8'; only"),
    ("predict isotropic --set foo=1", "an experiment has no 'foo'"),
    ("predict isotropic --set foo", "--set takes KEY=VALUE"),
    ("predict isotropic --set =1", "--set takes KEY=VALUE"),
    ("predict isotropic --n-samples 50:800", "n_samples must be a number, a list of numbers or a grid"),
    ("predict isotropic --ridge=-1000", "ridge must be above ridge_lower_limit"),
    ("predict isotropic --json --csv", "--json and --csv exclude each other"),
    ("predict isotropic -o no/file", "there is no folder"),
    ("predict isotropic -o .", "is a folder"),
    ("predict isotropic --target y", "belong to --table FILE"),
    ("predict isotropic --kernel RBF", "belong to --table FILE"),
    ("predict --table my.csv --target y --n-samples 50 --kernel rbf", "is not known; did you mean 'kernels.RBF'?"),
    ("predict --table my.csv --target y --n-samples 50 --kernel Polynomial", "kernels.Polynomial needs 'degree'"),
    ("predict isotropic --sett x=1", "Unknown option: --sett. Did you mean --set?"),
    ("predict isotropic diabetes", "Unused Tokens"),
    ("prdict isotropic", 'Unknown command "prdict". Did you mean "predict"?'),
    ("predict isotropic --table my.csv --target y", "give an experiment or --table, not both"),
    ("predict --table my.csv --n-samples 50", "--table needs --target COLUMN"),
    ("predict --table my.csv --target y", "--table needs --n-samples"),
    ("predict --table my.csv --target y --n-samples 50 --quick", "--quick belongs to experiments"),
    ("predict --table my.csv --target z --n-samples 50", "target must be a column of the table, got 'z'"),
    ("predict --table my.csv --target y --n-samples 50 --drop q", "drop must be a column of the table, got 'q'"),
    ("predict --table my.csv --target y --n-samples 451", "the table has 450 rows"),
    ("predict --table nope.csv --target y --n-samples 50", "nope.csv: No such file or directory"),
    ("predict --table hole.csv --target y --n-samples 50", "hole.csv: line 2 has no value in column 'b'"),
    ("predict --table word.csv --target y --n-samples 50", "word.csv: line 2 has 'red' in column 'b'"),
    ("predict --table my.csv --target y --n-samples 50 --missing fill", 'Invalid value "fill" for --missing'),
    ("simulate --table my.csv --target y --n-samples 450", "n_samples must be below the 450 rows"),
    ("simulate isotropic --trials 1", "n_trials must be a whole number >= 2, got 1"),
    ("simulate isotropic --trials many", 'unable to convert "many" into int'),
    ("simulate isotropic --rng=-1", "rng must be a whole number >= 0, got -1"),
    ("simulate isotropic --workers 0", "--workers must be at least 1, got 0"),
    ("simulate isotropic --store no/trials.db", "there is no folder"),
    ("simulate isotropic --store my.csv", "my.csv is not a store of riskcalc"),
    ("simulate power-law --set data.n_features=inf", "n_features must be finite to be simulated"),
    ("verify isotropic --all", "give names or --all, not both"),
    ("verify small.toml isotropic --set estimator.rigde=1", "small.toml: estimator: Ridge has no 'rigde'"),
    ("plot small.toml", "--output requires an argument"),
    ("plot small.toml -o figure.jpg", "output must end in .pdf, .png, .svg, got 'figure.jpg'"),
    ("plot small.toml -o no/figure.pdf", "there is no folder"),
    ("plot small.toml --ridge 1 --n-samples 20 -o figure.pdf", "two points or more"),
]


@pytest.mark.usefixtures("folder")
class TestRefusals:
    @pytest.mark.parametrize(("command", "sentence"), REFUSED, ids=[command for command, _ in REFUSED])
    def test_one_sentence_and_exit_code_2(self, run, command, sentence):
        code, out, err = run(command)
        assert (code, out) == (2, "")
        assert err.startswith("riskcalc: ")
        assert sentence in err
        assert err.count("\n") == 1
        assert "Traceback" not in err

    def test_nothing_is_computed_if_the_output_cannot_be_written(self, run, monkeypatch):
        monkeypatch.setattr(Experiment, "verify", None)
        monkeypatch.setattr(Experiment, "simulate", None)
        for command in ("verify small.toml -o no/x.csv", "simulate small.toml -o .", "plot small.toml -o x.gif"):
            assert run(command)[0] == 2

    @pytest.mark.parametrize(
        ("error", "code", "sentence"),
        [
            (NotConvergedError("effective ridge", 0.5, 1e-3), 3, "effective ridge was not solved for"),
            (KeyboardInterrupt(), 130, "interrupted; with --store FILE"),
            (MemoryError("8 GiB"), 2, "not enough memory (8 GiB); give smaller sizes"),
            (PermissionError(13, "Permission denied", "x.csv"), 2, "x.csv: Permission denied"),
            (rc.StoreError("store x is locked"), 2, "store x is locked"),
            (TypeError("no theory for (A, B)"), 2, "no theory for (A, B)"),
            (ImportError("drawing needs matplotlib"), 2, "drawing needs matplotlib"),
        ],
    )
    def test_exit_codes(self, run, monkeypatch, error, code, sentence):
        def fail(_):
            raise error

        monkeypatch.setattr(Experiment, "predict", fail)
        found, out, err = run("predict small.toml -o answer.json")
        assert (found, out) == (code, "")
        assert err.startswith(f"riskcalc: {sentence}")
        assert err.count("\n") == 1
        assert not os.path.exists("answer.json")

    def test_a_lost_worker_is_one_sentence(self, run, monkeypatch):
        def fail(*_, **__):
            raise RuntimeError("a worker process was lost") from BrokenProcessPool()

        monkeypatch.setattr(Experiment, "simulate", fail)
        assert run("simulate small.toml") == (2, "", "riskcalc: a worker process was lost\n")

    @pytest.mark.parametrize("error", [RuntimeError("a bug"), ZeroDivisionError("a bug"), KeyError("a bug")])
    def test_a_bug_keeps_its_traceback(self, monkeypatch, error):
        def fail(_):
            raise error

        monkeypatch.setattr(Experiment, "predict", fail)
        with pytest.raises(type(error), match="a bug"):
            main(["predict", "small.toml"])


class TestPlot:
    @pytest.mark.parametrize("suffix", ["pdf", "png", "svg"])
    def test_figures(self, run, folder, suffix):
        pytest.importorskip("matplotlib")
        code, out, err = run(f"plot small.toml --trials 3 -o figure.{suffix}")
        assert (code, out, err) == (0, "", "")
        head = {"pdf": b"%PDF", "png": b"\x89PNG", "svg": b"<?xml"}
        assert (folder / f"figure.{suffix}").read_bytes().startswith(head[suffix])

    @pytest.mark.parametrize("options", ["", "--no-simulation"])
    def test_the_line_is_finer_than_the_points(self, run, folder, monkeypatch, options):
        from riskcalc import plot

        seen = []
        monkeypatch.setattr(plot, "figure", lambda *results, title, x: seen.append((results, title, x)))
        monkeypatch.setattr(plot, "save", lambda figure, path: None)
        assert run(f"plot small.toml --trials 3 -o figure.pdf {options}")[0] == 0
        (((risk, *trials), title, x),) = seen
        assert (title, x) == ("A small one", "n_samples")
        assert risk.test.shape[0] > 100
        assert [t.n_trials for t in trials] == ([] if options else [3])

    def test_the_line_is_tested_where_the_points_are(self, run, folder, monkeypatch):
        from riskcalc import plot

        seen = []
        monkeypatch.setattr(plot, "figure", lambda *results, title, x: seen.extend(results))
        monkeypatch.setattr(plot, "save", lambda figure, path: None)
        (folder / "shifted.toml").write_text(
            SMALL + '[test_data]\nkind = "GaussianData.isotropic"\nn_features = 30\nnoise = 7\n'
        )
        assert run("plot shifted.toml --trials 3 -o figure.pdf")[0] == 0
        assert (seen[0].noise == 7).all()
        assert seen[0].test_data == seen[1].test_data

    def test_a_map_over_samples_and_width(self, run, monkeypatch):
        from riskcalc import plot

        seen = []
        monkeypatch.setattr(plot, "map_figure", lambda risk, **how: seen.append((risk, how)))
        monkeypatch.setattr(plot, "save", lambda figure, path: None)
        assert run("plot random-features-map --map -o map.png")[0] == 0
        ((risk, how),) = seen
        assert {how["x"], how["y"]} == {"n_samples", "width"}
        assert min(risk.test.shape) > 100

    @pytest.mark.parametrize("options", ["--quick --trials 2", "--no-simulation"])
    def test_the_line_over_widths_is_finer_than_the_points(self, run, monkeypatch, options):
        from riskcalc import plot

        seen = []
        monkeypatch.setattr(plot, "figure", lambda *results, title, x: seen.append((results[0], x)))
        monkeypatch.setattr(plot, "save", lambda figure, path: None)
        assert run(f"plot width-double-descent {options} -o figure.pdf")[0] == 0
        ((risk, x),) = seen
        assert x == "width"
        assert risk.test.shape[0] > 100

    def test_the_longest_axis_is_the_horizontal_one(self, run, monkeypatch):
        from riskcalc import plot

        seen = []
        monkeypatch.setattr(plot, "figure", lambda *results, title, x: seen.append((results[0].test.shape, x)))
        monkeypatch.setattr(plot, "save", lambda figure, path: None)
        assert run("plot early-stopping --no-simulation -o figure.pdf")[0] == 0
        assert seen == [((2, 2, 13), "time")]

    def test_ratios_are_drawn_at_the_sizes_simulated(self, run, folder):
        pytest.importorskip("matplotlib")
        assert run("plot small.toml --set data.n_features=1.5 --set n_samples=1,2 --set scale=20 -o f.svg")[0] == 0


@pytest.mark.usefixtures("folder")
class TestProcesses:
    def test_verify_quick_without_a_warning(self):
        start = time.monotonic()
        found = process("verify", "--quick", env=os.environ | {"NO_COLOR": "1"})
        assert (found.returncode, found.stderr) == (0, "")
        assert found.stdout.count(" agree") == 5
        assert "\x1b" not in found.stdout
        assert time.monotonic() - start < 60  # 4 s on an idle machine; the promise is 15 s

    def test_the_command_imports_nothing_heavy_by_itself(self):
        """With an empty package root, ``--version`` needs neither numpy nor scipy."""
        code = (
            "import sys, types; root = types.ModuleType('riskcalc'); root.__path__ = [sys.argv[1]];"
            "sys.modules['riskcalc'] = root\n"
            "from riskcalc.cli import main\n"
            "assert main(['--version']) == 0\n"
            "found = {'numpy', 'scipy', 'sympy', 'mpmath', 'matplotlib', 'pandas'} & set(sys.modules)\n"
            "assert not found, found"
        )
        found = subprocess.run(
            [sys.executable, "-c", code, str(SHIPPED.parent)], capture_output=True, text=True, timeout=60
        )
        assert (found.returncode, found.stderr, found.stdout) == (0, "", f"{rc.__version__}\n")

    def test_importing_the_package_does_not_import_the_command_line(self):
        heavy = "{'cyclopts', 'sympy', 'mpmath', 'matplotlib', 'pandas', 'rich'}"
        code = f"import sys, riskcalc; print({heavy} & set(sys.modules))"
        found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
        assert found.stdout == "set()\n"

    @pytest.mark.skipif(os.name != "posix", reason="pipes of POSIX")
    def test_a_closed_pipe_is_silent(self):
        command = f"{shlex.quote(sys.executable)} -m riskcalc predict isotropic --n-samples 1:999:9000 --csv"
        found = subprocess.run(
            ["bash", "-c", f"{command} | head -n 1; echo ${{PIPESTATUS[0]}}"],
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert found.stderr == ""
        assert found.stdout.splitlines()[0].startswith("# ")
        assert found.stdout.splitlines()[-1] == "0"

    @pytest.mark.skipif(not os.path.exists("/dev/full"), reason="Linux")
    def test_a_full_disk_is_one_sentence(self):
        with open("/dev/full", "w") as full:
            found = subprocess.run(
                [sys.executable, "-m", "riskcalc", "predict", "small.toml"],
                stdout=full, stderr=subprocess.PIPE, text=True, timeout=60,
            )  # fmt: skip
        assert found.returncode == 2
        assert found.stderr == "riskcalc: [Errno 28] No space left on device\n"

    @pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
    @pytest.mark.parametrize("workers", ["1", "2"])
    def test_interrupted_and_started_again(self, workers, folder):
        text = SMALL.replace("[20, 60]", "[150]").replace("n_features = 30", "n_features = 150")
        (folder / "long.toml").write_text(text.replace("n_trials = 10", "n_trials = 300"))
        command = ["simulate", "long.toml", "--json", "--store", "trials.db", "--workers", workers]
        running = subprocess.Popen(
            [sys.executable, "-m", "riskcalc", *command], start_new_session=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        while _stored() == 0 and running.poll() is None:
            time.sleep(0.05)
        os.killpg(running.pid, signal.SIGINT)  # as the terminal does: the workers, too
        out, err = running.communicate(timeout=60)
        assert (running.returncode, out) == (130, "")
        assert err.startswith("riskcalc: interrupted")
        assert err.count("\n") == 1
        assert 0 < _stored() < 300
        again = process(*command)
        assert again.returncode == 0
        assert _stored() == 300
        assert again.stdout == process("simulate", "long.toml", "--json").stdout


def _stored():
    try:
        with sqlite3.connect("file:trials.db?mode=ro", uri=True) as connection:
            return connection.execute("SELECT count(*) FROM trials").fetchone()[0]
    except sqlite3.OperationalError:
        return 0
    finally:
        if "connection" in locals():
            connection.close()
