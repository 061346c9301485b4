"""Identities: the commands print what the library says, and refuse in one sentence."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import riskcalc as rc
from riskcalc.cli import main


def said(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> str:
    assert main(list(arguments)) == code
    captured = capsys.readouterr()
    return captured.err if code else captured.out


def test_formula_lists_all(capsys: pytest.CaptureFixture[str]) -> None:
    lines = said(capsys, "formula").splitlines()
    assert [line.split()[0] for line in lines] == list(rc.formulas)


def test_a_name_prints_the_page(capsys: pytest.CaptureFixture[str]) -> None:
    text = said(capsys, "formula", "ridge.train")
    formula = rc.formulas["ridge.train"]
    for part in (formula.latex(), formula.title, formula.function, "cheng2024: place not checked", "Holds for: "):
        assert part in text


@pytest.mark.parametrize(("option", "method"), [("--latex", "latex"), ("--bibtex", "bibtex"), ("--python", "python")])
def test_the_forms_are_those_of_the_library(option: str, method: str, capsys: pytest.CaptureFixture[str]) -> None:
    text = said(capsys, "formula", "ridge.train", option)
    assert text.strip() == getattr(rc.formulas["ridge.train"], method)().strip()


def test_json_has_one_object_per_line(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [json.loads(line) for line in said(capsys, "formula", "--search", "gradient flow", "--json").splitlines()]
    assert [row["name"] for row in rows] == [one.name for one in rc.formulas.search("gradient flow")]
    assert all(row["kind"] == "formula" and row["riskcalc"] == rc.__version__ for row in rows)


def test_search_lists_what_it_finds(capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys, "formula", "--search", "benign").split()[0] == "overfitting.benign_bounds"


def test_all_formulas_go_into_a_file(tmp_path: Path) -> None:
    path = tmp_path / "all.tex"
    assert main(["formula", "--all", "--tex", "-o", str(path)]) == 0
    text = path.read_text(encoding="utf-8")
    assert text.rstrip().endswith("\\end{document}")
    assert text.count("\\subsection*{") == len(rc.formulas)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("ridge.tset",), "did you mean 'ridge.test'?"),
        (("ridge.test", "--latex", "--json"), "give one of --latex"),
        (("ridge.test", "--all"), "give one of NAME"),
        (("--search", "no such word"), "no formula has 'no such word'"),
        (("--all", "--tex", "-o", "/no/such/folder/x.tex"), "there is no folder"),
    ],
)
def test_formula_refuses_in_one_sentence(
    arguments: tuple[str, ...], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    error = said(capsys, "formula", *arguments, code=2)
    assert sentence in error
    assert len(error.splitlines()) == 1


def test_cite_takes_keys_formulas_experiments_and_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys, "cite", "hastie2022").strip() == rc.cite("hastie2022")
    assert said(capsys, "cite", "ridge.test").strip() == rc.cite("ridge.test")
    assert said(capsys, "cite", "isotropic").strip() == rc.cite(rc.Experiment.load("isotropic"))
    assert said(capsys, "cite").strip() == rc.cite()
    assert "did you mean 'hastie2022'" in said(capsys, "cite", "hastie2021", code=2)
