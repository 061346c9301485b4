"""Identities: every equation holds, in mpmath, at the numbers that the package computes at random points."""

from __future__ import annotations

import contextlib
import io
import re
from typing import Any

import formula_points as points
import numpy as np
import pytest
import sympy
from precise_formulas import HIDDEN

import riskcalc as rc
from riskcalc.statements.bibliography import bibliography
from riskcalc.statements.formula import Formula
from riskcalc.statements.letters import ASSUMPTIONS, COUNTS

NAMES = list(rc.formulas)
ENTRIES = (3, 4, 5)  # of the sums, one random point each
ONCE = ("flow.bias", "dynamics.mean_field_flow", "dynamics.mean_field_loss", "dynamics.finite_width_loss")  # integrals
# Both sides are sums of a few terms of the size of the larger one; a float of the package is right to some 1e-16 of its
# own size, and n - D or 1 - df1/n of these points lose at most three digits of that.
TOLERANCE = 1e-12
COARSE = {"flow.train": 1e-11}  # 160 nodes on a circle: geometric, and this is what is left


def larger(value: Any) -> Any:
    """A number by a thousandth, a list in all its entries."""
    return [None if x is None else 1.001 * x for x in value] if isinstance(value, list) else 1.001 * value


def at_random(formula: Formula, count: int) -> dict[str, Any]:
    rng = np.random.default_rng([NAMES.index(formula.name), count])
    values = points.drawn(formula, rng, count)
    hidden = HIDDEN.get(formula.name, lambda values: {})(values)
    return points.complete(formula, values, hidden)


@pytest.mark.parametrize("name", [pytest.param(n, marks=pytest.mark.slow) if n == "flow.bias" else n for n in NAMES])
def test_the_equations_hold_at_random_points(name: str) -> None:
    formula = rc.formulas[name]
    for count in ENTRIES[:1] if name in ONCE else ENTRIES:
        values = at_random(formula, count)
        assert not points.undefined(formula, values)
        for equation in formula.sympy:
            assert points.gap(equation, values) < COARSE.get(name, TOLERANCE), (equation, values)


@pytest.mark.parametrize("name", [name for name in NAMES if name not in ONCE])
def test_the_equations_pin_every_number_down(name: str) -> None:
    """A number that is off by a thousandth breaks one of them: nothing in them is true by definition alone."""
    formula = rc.formulas[name]
    values = at_random(formula, 3)
    for letter in formula.numeric:
        if values[letter] == 0 or isinstance(values[letter], int):
            continue
        moved = values | {letter: larger(values[letter])}
        assert max(points.gap(equation, moved) for equation in formula.sympy) > 1e-7, letter


@pytest.mark.parametrize("name", NAMES)
def test_every_letter_is_explained_once_and_every_input_is_a_letter(name: str) -> None:
    formula = rc.formulas[name]
    names = [letter.name for letter in formula.symbols]
    assert len(set(names)) == len(names)
    used = set().union(*(points.names(equation) for equation in formula.sympy))
    assert used <= set(names)
    assert set(formula.numeric) <= used
    needed = used | {letter for call in formula.numeric.values() for letter in call.letters()}
    assert set(names) - needed <= {count.name for count in COUNTS.values()}
    assert set(names) >= needed
    for letter in formula.symbols:
        assert letter.meaning
        assert letter.meaning.isascii()
        assert letter.domain in ASSUMPTIONS or re.fullmatch(
            r"real|[<>]=? -?\d+(, whole)?|-1 to 1|function of .*", letter.domain
        ), letter.domain


@pytest.mark.parametrize("name", NAMES)
def test_it_says_where_it_holds_and_where_it_comes_from(name: str) -> None:
    formula = rc.formulas[name]
    assert formula.title
    assert formula.assumptions
    assert formula.error
    assert (formula.title + formula.assumptions + formula.error).isascii()
    assert formula.sources
    for key, place in formula.sources.items():
        assert key == "derived" or key in bibliography()
        assert place
    assert formula.bibtex().count("@") == len([key for key in formula.sources if key != "derived"])


@pytest.mark.parametrize("name", NAMES)
def test_the_program_computes_what_evaluate_does(name: str) -> None:
    formula = rc.formulas[name]
    letters = {letter.name: letter for letter in formula.symbols}
    values = {name: letters[name].example() for name in formula.inputs}
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        exec(compile(formula.python(), name, "exec"), {})
    assert said.getvalue() == f"{formula.evaluate(**values)}\n"


@pytest.mark.parametrize("name", NAMES)
def test_latex_takes_letters_of_ones_own(name: str) -> None:
    formula = rc.formulas[name]
    for letter in formula.shown:
        assert r"\mathbb{X}" in formula.latex({letter.name: r"\mathbb{X}"}), letter.name
    assert formula.latex({}) == formula.latex()
    assert formula.latex().count("{") == formula.latex().count("}")
    nodes = [node for equation in formula.sympy for node in sympy.preorder_traversal(equation)]
    assert not any(sympy.S.One in node.args for node in nodes if isinstance(node, sympy.Mul))


def test_sums_are_plain_sympy() -> None:
    """Substituting a spectrum and evaluating in sympy is the numeric function, too."""
    formula = rc.formulas["ridge.effective_ridge"]
    (equation,) = formula.sympy
    named = {atom.name: atom for atom in equation.free_symbols if isinstance(atom, sympy.Symbol)}
    right = equation.rhs.subs(named["n_entries"], 2).doit()
    sigma, m = (sympy.IndexedBase(named[name]) for name in ("eigenvalues", "multiplicities"))
    given = {sigma[1]: 2, sigma[2]: 1, m[1]: 20, m[2]: 30, named["n_samples"]: 40, named["ridge"]: 5}
    kappa = float(formula.evaluate(eigenvalues=[2, 1], multiplicities=[20, 30], n_samples=40, ridge=5))
    gap = (equation.lhs - right).subs(given).subs(named["effective_ridge"], kappa)
    assert abs(float(gap)) < 40 * 1e-15


def test_evaluate_broadcasts_and_takes_defaults() -> None:
    formula = rc.formulas["ridge.test"]
    found = formula.evaluate(eigenvalues=[2.0, 1.0], energies=[1.0, 0.5], n_samples=[10.0, 20.0], ridge=1.0, noise=0.1)
    problem = rc.Problem(rc.Spectrum.from_eigenvalues([2.0, 1.0]), [1.0, 0.5], 0.1)
    assert (found == rc.ridge_risk(problem, [10.0, 20.0], 1.0).test).all()


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"n_samples": 3, "ridge": 1}, r"needs eigenvalues \(eigenvalues of the feature covariance; > 0\)"),
        ({"n_sample": 3}, "did you mean 'n_samples'"),
        ({"eigenvalues": [1.0], "n_samples": -3, "ridge": 1}, "n_samples must be"),
    ],
)
def test_evaluate_says_what_is_wrong(values: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        rc.formulas["ridge.effective_ridge"].evaluate(**values)


def test_an_unknown_letter_is_refused() -> None:
    with pytest.raises(ValueError, match="did you mean 'effective_ridge'"):
        rc.formulas["ridge.test"].latex({"effectiveridge": "x"})


def test_a_formula_shows_itself() -> None:
    formula = rc.formulas["ridge.train"]
    assert repr(formula) == "Formula('ridge.train': Training error of ridge regression)"
    assert formula._repr_latex_().startswith("$\\displaystyle \\begin{aligned}")
    told = formula.to_dict()
    assert told["function"] == formula.function == "riskcalc.ridge_risk"
    assert told["arguments"]["n_samples"] == "n_samples"
    assert [symbol["name"] for symbol in told["symbols"]] == [letter.name for letter in formula.symbols]
