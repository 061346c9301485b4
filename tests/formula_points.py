"""Random points of a formula's domain, and its equations in mpmath at the numbers that the package computes there."""

from __future__ import annotations

from typing import Any

import mpmath
import numpy as np
import sympy
from sympy.core.function import AppliedUndef

from riskcalc.statements.formula import Formula
from riskcalc.statements.letters import COUNTS

DIGITS = 30
NODES = {1: 160, 2: 56}  # on a circle, and on each of two


def drawn(formula: Formula, rng: np.random.Generator, count: int) -> dict[str, Any]:
    """A value for each letter that the numeric calls take; indexed ones have ``count`` entries, largest first."""
    inputs = dict.fromkeys(name for call in formula.numeric.values() for name in call.letters())
    letters = {letter.name: letter for letter in formula.symbols}
    return {name: _drawn(letters[name], rng, count) for name in inputs}


def _drawn(letter: Any, rng: np.random.Generator, count: int) -> Any:
    low, high = letter.typical
    if letter.whole:
        return int(rng.integers(low, high + 1))
    values = np.sort(rng.uniform(low, high, count if letter.index else 1))[::-1]
    return values.tolist() if letter.index else float(values[0])


def complete(formula: Formula, values: dict[str, Any], hidden: dict[str, Any] | None = None) -> dict[str, Any]:
    """The values with those of the numeric calls, and of the letters that the equations define from these."""
    found = values | {name: _plain(call.value(values)) for name, call in formula.numeric.items()} | (hidden or {})
    for letter in formula.symbols:
        if letter.whole and isinstance(found.get(letter.name), float):
            found[letter.name] = int(found[letter.name])
        if letter.index and letter.name in found:
            entries, first = found[letter.name], 0 if letter.index == "k" else 1
            found[letter.name] = [None] * first + entries
            found.setdefault(COUNTS[letter.index].name, len(entries) - 1 + first)
    for equation in formula.sympy:
        if isinstance(equation.lhs, AppliedUndef):
            found.setdefault(equation.lhs.func.__name__, sympy.Lambda(equation.lhs.args, equation.rhs))
    whole = {letter.name for letter in formula.symbols if letter.whole}
    for _ in range(len(formula.sympy)):
        for equation in formula.sympy:
            left = equation.lhs
            known = not isinstance(equation, sympy.Eq) or getattr(left, "name", None) in found
            if isinstance(left, sympy.Symbol) and not known and names(equation.rhs) <= set(found):
                value = evaluated(equation.rhs, found)
                found[left.name] = int(value) if left.name in whole else value
    return found


def undefined(formula: Formula, values: dict[str, Any]) -> set[str]:
    """Letters of the equations that have no value."""
    return {name for equation in formula.sympy for name in names(equation)} - set(values)


def _plain(value: Any) -> Any:
    array = np.asarray(value)
    return array.tolist()


def names(expression: Any) -> set[str]:
    """Letters and functions of an expression, those that are bound aside."""
    if isinstance(getattr(expression, "lhs", None), AppliedUndef):
        return {expression.lhs.func.__name__} | (names(expression.rhs) - names_of(expression.lhs.args))
    return names_of([expression]) | {applied.func.__name__ for applied in expression.atoms(AppliedUndef)}


def names_of(expressions: Any) -> set[str]:
    """Free symbols by name."""
    free = {atom for expression in expressions for atom in expression.free_symbols}
    return {atom.name for atom in free if isinstance(atom, sympy.Symbol)}


def evaluated(expression: Any, values: dict[str, Any]) -> Any:
    """The expression in mpmath; functions are replaced by their definitions, polynomials written out."""
    while applied := expression.atoms(AppliedUndef):
        expression = expression.xreplace({one: values[one.func.__name__](*one.args) for one in applied})
    if expression.has(sympy.gegenbauer):
        whole = {atom: values[atom.name] for atom in expression.free_symbols if type(values.get(atom.name)) is int}
        expression = expression.xreplace(whole).replace(sympy.gegenbauer, sympy.gegenbauer)
    expression = expression.replace(_is_round, _trapezoidal)
    atoms = sorted({atom for atom in sympy.preorder_traversal(expression) if isinstance(atom, sympy.Symbol)}, key=str)
    atoms = [atom for atom in atoms if atom.name in values]
    function = sympy.lambdify(atoms, expression, "mpmath")
    with mpmath.workdps(DIGITS):
        return function(*(_precise(values[atom.name]) for atom in atoms))


def _is_round(expression: Any) -> bool:
    return isinstance(expression, sympy.Integral) and expression.limits[0][1:] == (0, 2 * sympy.pi)


def _trapezoidal(integral: Any) -> Any:
    """Integrals of analytic periodic functions by the rule that converges geometrically for them."""
    body, nodes = integral.function, NODES[len(integral.limits)]
    for place, limit in enumerate(integral.limits):
        node = sympy.Symbol(f"node{place}", integer=True)
        step = 2 * sympy.pi / nodes
        body = sympy.Sum(step * body.xreplace({limit[0]: step * node}), (node, 1, nodes))
    return body


def _precise(value: Any) -> Any:
    if isinstance(value, list):
        return [_precise(entry) for entry in value]
    return value if value is None or isinstance(value, int) else mpmath.mpmathify(value)


def gap(equation: Any, values: dict[str, Any]) -> float:
    """|left - right| over the larger of the two; of a bound, 0 if it holds and else by how much it does not."""
    if isinstance(equation.lhs, AppliedUndef):
        return 0.0
    left, right = evaluated(equation.lhs, values), evaluated(equation.rhs, values)
    if isinstance(equation, sympy.Le):
        return max(0.0, float(left - right))
    with mpmath.workdps(DIGITS):
        size = max(abs(left), abs(right))
        return float(abs(left - right) / size) if size else 0.0
