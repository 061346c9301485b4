"""Identities of LaTeX tables: pdflatex compiles them, and a printed number is right to the digits that it claims."""

import math
import re
import shutil
import subprocess
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import riskcalc as rc
from riskcalc.report import latex_rows, to_csv, to_latex
from riskcalc.report.latex import escaped, number, with_error
from riskcalc.result import Measurement

DATA = rc.GaussianData.isotropic(20, noise=0.25)
SIZES = np.array([[10.0], [20.0], [40.0]])
RISK = rc.predict(DATA, rc.Ridge([0, 1 / 3]), SIZES)
TRIALS = rc.simulate(DATA, rc.Ridge([0.1, 1 / 3]), SIZES, n_trials=5, rng=3)
COMPARISON = rc.compare(rc.predict(DATA, rc.Ridge([0.1, 1 / 3]), SIZES), TRIALS)
ANSWERS = {"risk": RISK, "trials": TRIALS, "comparison": COMPARISON}
NASTY = {"name": '50%_of#$&~^\\{}<>|" λ é \x07', "parameters": {"path": "a\nb\u2028c\\end{tabular}", "noise": math.inf}}
POWER = r"(?:\\times10\^\{(-?\d+)\})?"

needs_pdflatex = pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")


def compiled(tmp_path, *tables):
    """Typeset the tables, one a page, and return what the log says."""
    body = "\n\\newpage\n".join(f"\\resizebox{{\\textwidth}}{{!}}{{%\n{table}}}" for table in tables)
    (tmp_path / "table.tex").write_text(
        "\\documentclass{article}\\usepackage{booktabs,graphicx}\\begin{document}\n" + body + "\\end{document}\n",
        encoding="utf-8",
    )
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "table.tex"]
    found = subprocess.run(command, cwd=tmp_path, capture_output=True, timeout=60)
    log = found.stdout.decode("utf-8", "replace")
    assert found.returncode == 0, log[-2000:]
    return log


@needs_pdflatex
def test_pdflatex_compiles_every_kind(tmp_path):
    words = [{"word": NASTY["name"], "value": -1.5, "50%_#": math.inf}, {"word": "", "value": math.nan, "50%_#": 1e-9}]
    log = compiled(
        tmp_path, *(to_latex(answer, NASTY) for answer in ANSWERS.values()), latex_rows(words), latex_rows([])
    )
    assert "Output written on table.pdf (5 pages" in log
    assert "Missing" not in log


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
class TestTables:
    def test_the_head_says_where_it_comes_from(self, answer):
        lines = to_latex(answer, {"name": "mine", "parameters": {"noise": math.inf}}).splitlines()
        head = lines[: lines.index(next(line for line in lines if line.startswith(r"\begin")))]
        assert all(line.startswith("% ") for line in head)
        text = "\n".join(head)
        assert f"riskcalc {rc.__version__}; mine; {DATA!r}; {answer_estimator(answer)!r}" in text
        assert '% parameters: {"noise": "inf"}' in head
        assert ("rng 3" in text) == (answer is not RISK)
        assert ("sources: " + ", ".join(RISK.sources) in text) == (answer is not TRIALS)
        assert head[-1] == r"% needs \usepackage{booktabs}"

    def test_without_an_experiment_the_models_are_the_parameters(self, answer):
        assert '\n% parameters: {"data": {"kind": "GaussianData", ' in "\n" + to_latex(answer)

    def test_rows_and_columns_fit(self, answer):
        body = to_latex(answer).split(r"\begin{tabular}", 1)[1].split(r"\end{tabular}")[0]
        n_columns = len(re.match(r"\{([lr]+)\}", body)[1])
        rows = [line for line in body.splitlines() if line.endswith(r"\\")]
        assert len(rows) == 1 + (6 if answer is not COMPARISON else 6 * len(COMPARISON.predicted))
        assert {row.count(" & ") for row in rows} == {n_columns - 1}


def answer_estimator(answer):
    return (answer.trials if isinstance(answer, rc.Comparison) else answer).estimator


def test_values():
    lines = to_latex(RISK).splitlines()
    assert lines[-8].startswith(r"10 & 0 & 1 & 0 & 0.5 & 0.25 & 0.25")
    assert lines[-6].startswith(r"20 & 0 & $\infty$ & 0 & 0 & $\infty$ & 0.25")
    mean, error = TRIALS.test.mean[2, 1], TRIALS.test.standard_error[2, 1]
    assert f" & {with_error(mean, error)} & " in to_latex(TRIALS)
    assert "standard" not in to_latex(TRIALS)
    assert r" & \$" not in to_latex(COMPARISON)


@pytest.mark.parametrize("newline", ["\n", "\r", "\r\n", "\u2028"])
def test_a_line_break_in_a_name_does_not_end_the_comment(newline):
    for written, mark, body in ((to_latex, "% ", "\\begin"), (to_csv, "# ", "n_samples,")):
        lines = re.split(r"\r\n|[\r\n\u2028]", written(RISK, {"name": f"mine{newline}\\undefined{newline}"}))
        first = next(i for i, line in enumerate(lines) if line.startswith(body))
        assert all(line.startswith(mark) for line in lines[:first])


def test_the_spread_of_a_comparison_is_a_table_of_its_own():
    assert bool(COMPARISON.spread) == ("spread of & theory" in to_latex(COMPARISON))
    assert to_latex(COMPARISON).count(r"\begin{tabular}") == 1 + bool(COMPARISON.spread)


@pytest.mark.parametrize(
    ("x", "text"),
    [
        (0.0, "0"), (-0.0, "0"), (1.0, "1"), (0.25, "0.25"), (1 / 3, "0.3333"), (-1.5, "$-1.5$"), (100.0, "100"),
        (math.inf, r"$\infty$"), (-math.inf, r"$-\infty$"), (math.nan, r"\mbox{--}"), (12345.0, r"$1.234\times10^{4}$"),
        (1e-9, r"$1\times10^{-9}$"), (9.99996e-5, r"$0.0001$".strip("$")), (-2e300, r"$-2\times10^{300}$"),
    ],
)  # fmt: skip
def test_numbers(x, text):
    assert number(x) == text


@pytest.mark.parametrize(
    ("mean", "error", "text"),
    [
        (0.42690, 0.00332, r"$0.4269 \pm 0.0033$"),
        (0.42690, 0.00996, r"$0.427 \pm 0.010$"),  # two digits after rounding
        (123.456, 7.0, r"$123.5 \pm 7.0$"),
        (0.0, 0.1, r"$0.00 \pm 0.10$"),
        (-3.0, 0.25, r"$-3.00 \pm 0.25$"),
        (15700.0, 9900.0, r"$(1.57 \pm 0.99)\times10^{4}$"),
        (3.4e-7, 1.1e-7, r"$(3.4 \pm 1.1)\times10^{-7}$"),
        (0.125, 0.0, r"$0.125 \pm 0$"),
        (20.0, 3e-15, r"$20 \pm 3\times10^{-15}$"),
        (math.inf, 1.0, r"$\infty \pm 1$"),
        (1.0, math.inf, r"$1 \pm \infty$"),
        (0.7, 40.0, r"$1 \pm 40$"),
        (0.7, 400.0, r"$(0.0 \pm 4.0)\times10^{2}$"),
    ],
)
def test_means_with_errors(mean, error, text):
    assert with_error(mean, error) == text


def value_of(digits, power):
    return Decimal(digits).scaleb(int(power or 0))


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_is_printed_to_four_digits(x):
    """What is printed is within half a unit of the fourth digit."""
    match = re.fullmatch(rf"\$?(-?[\d.]+){POWER}\$?", number(x))
    assert abs(value_of(*match.groups()) - Decimal(x)) <= abs(Decimal(x)) * Decimal("5.0000001e-4")


@given(st.floats(allow_nan=False, allow_infinity=False), st.floats(1e-300, 1e300))
def test_a_mean_is_printed_to_the_digits_of_its_error(mean, error):
    """The error is within 5 % (two digits), the mean within half a unit of the error's second digit."""
    text = with_error(mean, error)
    if error <= 1e-10 * abs(mean):  # each is printed by itself
        return
    if match := re.fullmatch(rf"\$\(?(-?[\d.]+) \\pm ([\d.]+)\)?{POWER}\$", text):
        m, e, power = match.groups()
        assert len(m.partition(".")[2]) == len(e.partition(".")[2])
        assert len(text) < 60
        printed = value_of(e, power)
        assert abs(printed - Decimal(error)) <= Decimal("0.0500001") * Decimal(error)
        assert abs(value_of(m, power) - Decimal(mean)) <= Decimal("0.0500001") * Decimal(error)
    else:
        pytest.fail(text)


@given(st.text(max_size=20))
def test_any_text_is_escaped(text):
    """No character of TeX is left bare, and no line is broken."""
    found = escaped(text)
    assert found.isascii()
    assert found.isprintable()
    bare = re.sub(r"\\text[a-z]+\{\}|\\[&%$#_{}]", "", found)
    assert not set(bare) & set('\\&%$#_{}~^<>|"')


def test_measured_fields_of_any_size_are_a_table():
    values = np.array([[1e-140, 1e140, 0.0, 5.0], [3e-140, 2e140, 0.0, 5.0]])
    trials = rc.Trials({"test": Measurement(values)}, {"n_samples": np.arange(4.0)}, DATA, rc.Ridge(1.0), 2)
    assert [line.split(" & ")[1] for line in to_latex(trials).splitlines()[-6:-2]] == [
        r"$(2.0 \pm 1.0)\times10^{-140}$ \\",
        r"$(1.50 \pm 0.50)\times10^{140}$ \\",
        r"$0 \pm 0$ \\",
        r"$5 \pm 0$ \\",
    ]
