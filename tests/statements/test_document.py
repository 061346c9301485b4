"""The document compiles: pdflatex and bibtex find nothing to complain of."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

import riskcalc as rc
from riskcalc.statements.document import document, escaped


def test_special_characters_are_escaped() -> None:
    assert escaped("a_b 50% <c> n^2 & #") == r"a\_b 50\% $<$c$>$ n\^{}2 \& \#"


def test_a_document_of_one_formula_holds_its_sources_alone() -> None:
    text = document([rc.formulas["marchenko_pastur.density"]])
    assert text.count("@article{") == 1
    assert r"\cite{marchenko1967} (place not checked)" in text
    assert rc.formulas["marchenko_pastur.density"].latex() in text


def test_derived_formulas_need_no_bibliography() -> None:
    text = document([rc.formulas["ridge.in_sample"]])
    assert "\\bibliography{" not in text


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed (texlive-latex-base has it)")
def test_all_formulas_compile(tmp_path: Path) -> None:
    (tmp_path / "riskcalc.tex").write_text(document(rc.formulas.values()), encoding="utf-8")
    latex = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "riskcalc"]
    for command in (latex, ["bibtex", "riskcalc"], latex, latex):
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, errors="replace", check=False)
        assert done.returncode == 0, done.stdout[-2000:]
    log = (tmp_path / "riskcalc.log").read_text(errors="replace")
    assert "undefined" not in log
    assert "Overfull" not in log
    assert (tmp_path / "riskcalc.pdf").stat().st_size > 100_000
