r"""Formulas as a LaTeX document of its own, with its bibliography in it."""

from __future__ import annotations

import re
from collections.abc import Iterable

from riskcalc.statements.bibliography import entries
from riskcalc.statements.formula import Formula

BIBLIOGRAPHY = "riskcalc-references"
SPECIAL = {"_": r"\_", "%": r"\%", "&": r"\&", "#": r"\#", "^": r"\^{}", "<": r"$<$", ">": r"$>$"}
HEAD = r"""\documentclass[a4paper,11pt]{article}
\usepackage[T1]{fontenc}
\usepackage{amsmath,amssymb,geometry,graphicx}
\geometry{margin=25mm}
\setlength{\parindent}{0pt}
\raggedright
\emergencystretch=3em
\newsavebox{\statement}
\newcommand{\fitted}[1]{\savebox{\statement}{$\displaystyle #1$}%
  \ifdim\wd\statement>\linewidth\resizebox{\linewidth}{!}{\usebox{\statement}}\else\usebox{\statement}\fi}
"""


def document(formulas: Iterable[Formula]) -> str:
    r"""A file for pdflatex and bibtex: each formula with its letters, where it holds, and its sources.

    The bibliography is written beside it by ``filecontents``; no other file is needed.
    """
    chosen = list(formulas)
    keys = dict.fromkeys(key for formula in chosen for key in formula.sources if key != "derived")
    parts = [
        f"\\begin{{filecontents*}}[overwrite]{{{BIBLIOGRAPHY}.bib}}\n{entries(keys)}\n\\end{{filecontents*}}\n",
        HEAD,
        "\\title{Formulas of riskcalc}\n\\author{}\n\\date{}\n\\begin{document}\n\\maketitle\n",
        *(_section(topic, [f for f in chosen if _topic(f) == topic]) for topic in dict.fromkeys(map(_topic, chosen))),
        *([f"\\bibliographystyle{{plain}}\n\\bibliography{{{BIBLIOGRAPHY}}}\n"] if keys else []),
        "\\end{document}\n",
    ]
    return "".join(parts)


def _topic(formula: Formula) -> str:
    return formula.name.partition(".")[0]


def _section(topic: str, formulas: list[Formula]) -> str:
    title = topic.replace("_", " ").capitalize()
    return f"\\section*{{{title}}}\n" + "".join(map(_entry, formulas))


def _entry(formula: Formula) -> str:
    letters = ", ".join(f"${letter.latex}$ {escaped(letter.meaning)}" for letter in formula.shown)
    return (
        f"\\subsection*{{{escaped(formula.title)}}}\n"
        f"{_code(formula.name)}, computed by {_code(formula.function)}\n"
        f"\\[\\fitted{{{formula.latex()}}}\\]\n"
        f"Letters: {letters}.\n\n"
        f"Holds for: {escaped(formula.assumptions)}. Error: {escaped(formula.error)}.\n\n"
        f"Sources: {'; '.join(_source(key, place) for key, place in formula.sources.items())}.\n"
    )


def _source(key: str, place: str) -> str:
    return f"{escaped(place)} (derived)" if key == "derived" else f"\\cite{{{key}}} ({escaped(place)})"


def _code(name: str) -> str:
    """A dotted name that may be broken after dots and underscores."""
    return "\\texttt{" + re.sub(r"(\.|\\_)", r"\1\\allowbreak ", escaped(name)) + "}"


def escaped(text: str) -> str:
    """Plain words for TeX."""
    return re.sub("|".join(map(re.escape, SPECIAL)), lambda found: SPECIAL[found[0]], text)
