"""The commands for papers: formulas as LaTeX, Python and BibTeX, and what a result rests on."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from riskcalc.cli.commands import app
from riskcalc.cli.options import Output

if TYPE_CHECKING:
    from riskcalc.statements import Formula

File = Annotated[str | None, Parameter(alias="-o", metavar="FILE")]


@app.command
def formula(
    name: str | None = None,
    /,
    *,
    latex: bool = False,
    bibtex: bool = False,
    python: bool = False,
    json: bool = False,
    tex: bool = False,
    everything: Annotated[bool, Parameter(name="--all")] = False,
    search: Annotated[str | None, Parameter(metavar="WORD")] = None,
    output: File = None,
) -> int:
    """Print a formula of the theory, or list them all.

    For example:

        riskcalc formula
        riskcalc formula ridge.test
        riskcalc formula ridge.test --latex
        riskcalc formula --search interpolator
        riskcalc formula --all --tex -o riskcalc.tex

    Parameters
    ----------
    name
        Name of the formula; without it, all of them are listed.
    latex
        Its equations, to be put into a mathematical environment.
    bibtex
        The entries of its sources.
    python
        A program that computes it at an example.
    json
        All there is to say, one object per line.
    tex
        A document for pdflatex and bibtex, with the bibliography in it.
    everything
        Every formula, in the form that is asked for.
    search
        Those that have this word in their name, title, letters, assumptions, sources or function.
    output
        File instead of stdout, written wholly or not at all.
    """
    forms = {"latex": latex, "bibtex": bibtex, "python": python, "json": json, "tex": tex}
    asked = [form for form, wanted in forms.items() if wanted]
    if len(asked) > 1:
        raise ValueError(f"give one of --{', --'.join(forms)}, not several; got --{', --'.join(asked)}")
    out = Output(output=output)
    out.check()
    chosen = _chosen(name, everything, search)
    listed = name is None and not everything and not asked
    out.emit(_listing(chosen) if listed else WRITERS[asked[0] if asked else "text"](chosen))
    return 0


@app.command
def cite(name: str | None = None, /, *, output: File = None) -> int:
    """Print BibTeX: of everything, of a key, of a formula, or of what an experiment's prediction rests on.

    For example:

        riskcalc cite
        riskcalc cite hastie2022
        riskcalc cite ridge.test
        riskcalc cite isotropic -o isotropic.bib

    Parameters
    ----------
    name
        A key of the bibliography, the name of a formula, or an experiment (a shipped one, or a TOML file).
    output
        File instead of stdout, written wholly or not at all.
    """
    from riskcalc.experiment import Experiment
    from riskcalc.recipe import shipped
    from riskcalc.statements import cite as entries

    out = Output(output=output)
    out.check()
    if name is not None and (name in shipped() or name.endswith(".toml")):
        out.emit(entries(Experiment.load(name)) + "\n")
    else:
        out.emit(entries(name) + "\n")
    return 0


def _chosen(name: str | None, everything: bool, word: str | None) -> list[Formula]:
    from riskcalc.statements import formulas

    if sum((name is not None, everything, word is not None)) > 1:
        raise ValueError("give one of NAME, --all and --search WORD")
    if name is not None:
        return [formulas[name]]
    found = list(formulas.values() if word is None else formulas.search(word))
    if not found:
        raise ValueError(f"no formula has {word!r}; riskcalc formula lists them all")
    return found


def _listing(chosen: list[Formula]) -> str:
    width = max(len(one.name) for one in chosen) + 3
    return "".join(f"{one.name:{width}}{one.title}\n" for one in chosen)


def _text(chosen: list[Formula]) -> str:
    return "\n".join(map(_page, chosen))


def _page(one: Formula) -> str:
    """For people: the equations and what is to be known about them."""
    width = max(len(letter.latex) for letter in one.shown) + 2
    letters = (f"  {x.latex:{width}}{x.meaning} ({x.name}; {x.domain})" for x in one.shown)
    sources = (f"  {key}: {place}" for key, place in one.sources.items())
    return "\n".join(
        [
            f"{one.name}: {one.title}",
            "",
            one.latex(),
            "",
            *letters,
            "",
            f"Holds for: {one.assumptions}.",
            f"Error: {one.error}.",
            f"Computed by: {one.function} from {', '.join(one.inputs)}",
            "Sources:",
            *sources,
            "",
        ]
    )


def _json(chosen: list[Formula]) -> str:
    import json

    from riskcalc.report import version

    rows = ({"riskcalc": version(), "kind": "formula", **one.to_dict()} for one in chosen)
    return "".join(json.dumps(row) + "\n" for row in rows)


def _bibtex(chosen: list[Formula]) -> str:
    from riskcalc.statements.bibliography import entries

    return entries(dict.fromkeys(key for one in chosen for key in one.sources)) + "\n"


def _tex(chosen: list[Formula]) -> str:
    from riskcalc.statements.document import document

    return document(chosen)


WRITERS: dict[str, Callable[[list[Formula]], str]] = {
    "text": _text,
    "latex": lambda chosen: "\n\n".join(one.latex() for one in chosen) + "\n",
    "bibtex": _bibtex,
    "python": lambda chosen: "\n\n".join(one.python() for one in chosen) + "\n",
    "json": _json,
    "tex": _tex,
}
