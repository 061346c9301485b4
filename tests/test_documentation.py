"""Identities: every public docstring is complete, every source is in the bibliography, the README is true."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pybtex.database
import pytest
from numpydoc.docscrape import NumpyDocString

import riskcalc as rc
from riskcalc.model import Model
from riskcalc.simulation.procedures import PROCEDURES
from riskcalc.statements.cite import bibliography
from riskcalc.theory.equations import EQUATIONS

ROOT = Path(__file__).parents[1]
PLACE = re.compile(r"\.\. \[\d+\] (?P<key>\w+)(?: \((?P<place>[^)]+)\))?")


def public_objects() -> dict[str, object]:
    """The public names, those of public modules as ``module:name``, and the methods of both."""
    objects: dict[str, object] = {name: getattr(rc, name) for name in rc.__all__}
    for name, module in list(objects.items()):
        if inspect.ismodule(module):
            inside = {f"{name}:{inner}": getattr(module, inner) for inner in module.__all__}
            objects |= {inner: thing for inner, thing in inside.items() if callable(thing) or inspect.ismodule(thing)}
            del objects[name]
    objects["formulas"] = type(rc.formulas)  # an object, documented by its class
    for name, thing in list(objects.items()):
        if inspect.isclass(thing):
            for method, member in vars(thing).items():
                function = member.__func__ if isinstance(member, (classmethod, staticmethod)) else member
                if not method.startswith("_") and inspect.isfunction(function):
                    objects[f"{name}.{method}"] = function
    return objects


OBJECTS = public_objects()


@pytest.mark.parametrize("name", OBJECTS)
def test_docstring_is_complete(name: str) -> None:
    """One-line methods without parameters need no sections; everything else has its parameters and its errors."""
    thing = OBJECTS[name]
    text = inspect.getdoc(thing)
    assert text, name
    doc = NumpyDocString(text)
    assert "".join(doc["Summary"]).endswith("."), name
    if inspect.isclass(thing) and issubclass(thing, Exception):
        return
    signature = inspect.signature(thing)  # type: ignore[arg-type]
    parameters = [p for p in signature.parameters if p not in ("self", "cls")]
    if not parameters:
        return
    documented = {part.strip(" *") for p in doc["Parameters"] for part in p.name.split(",")}
    if inspect.isfunction(thing) and len(text.splitlines()) == 1 and "." in name:
        return
    assert set(parameters) - documented <= {"changes"}, f"{name}: {set(parameters) - documented}"
    if inspect.isfunction(thing):
        assert doc["Returns"], name
        assert doc["Raises"] or "." in name, name
    if "." not in name:
        assert doc["References"], name
        assert ">>>" in text, name


@pytest.mark.parametrize("path", sorted((ROOT / "riskcalc").rglob("*.py")), ids=lambda p: str(p.relative_to(ROOT)))
def test_references_are_in_the_bibliography_and_name_a_place(path: Path) -> None:
    for match in PLACE.finditer(path.read_text(encoding="utf-8")):
        if match["key"] != "derived":
            assert match["key"] in bibliography()
            assert match["place"], f"{path.name}: {match['key']} without a place"


def test_the_bibliography_is_bibtex_and_used() -> None:
    parsed = pybtex.database.parse_string(rc.cite(), "bibtex")
    assert list(parsed.entries) == list(bibliography())
    sources = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "riskcalc").rglob("*.[pt][yo]*"))
    for key in bibliography():
        assert re.search(rf"\b{key}\b", sources), f"{key} is cited nowhere"


def test_cite_resolves_a_risk_and_names_the_nearest_key() -> None:
    risk = rc.predict(rc.GaussianData.isotropic(2.0), rc.Ridge(1.0), 1.0)
    assert all(key in rc.cite(risk) for key in risk.sources)
    with pytest.raises(ValueError, match="did you mean 'hastie2022'"):
        rc.cite("hastie2021")


def readme_block(marker: str) -> str:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    match = re.search(rf"<!-- {marker} -->\n```\w*\n(.*?)```", text, re.DOTALL)
    assert match, marker
    return match[1]


def pair_rows() -> list[str]:
    pairs = dict.fromkeys([*EQUATIONS, *PROCEDURES])
    return [
        f"| `{d.__name__}` | `{e.__name__}` | {'yes' if (d, e) in EQUATIONS else '–'} | "
        f"{'yes' if (d, e) in PROCEDURES else '–'} |"
        for d, e in pairs
    ]


def test_the_matrix_of_pairs_is_the_two_tables() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    rows = text.split("|---|---|---|---|\n", 1)[1].split("\n\n", 1)[0].splitlines()
    assert rows == pair_rows()
    assert all(issubclass(kind, Model) for pair in EQUATIONS for kind in pair)


def test_the_ten_lines_of_the_readme_draw_double_descent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code = readme_block("double-descent")
    assert len([line for line in code.splitlines() if line.strip()]) <= 10
    monkeypatch.chdir(tmp_path)
    exec(compile(code, "README.md", "exec"), {})
    assert list(tmp_path.iterdir())


def test_the_readme_names_the_commands_that_make_their_own_environment() -> None:
    for marker in ("install", "test"):
        assert "python3 -m venv" in readme_block(marker)
