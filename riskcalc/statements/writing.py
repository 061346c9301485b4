"""From letters to sympy, and from sympy to LaTeX; equations stay as they were written."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import sympy
from sympy.core.function import AppliedUndef
from sympy.core.relational import Relational
from sympy.printing.latex import LatexPrinter

from riskcalc.statements.letters import ASSUMPTIONS, COUNTS, Letter

ENTRY, POINT, DEGREE = (sympy.Symbol(name, integer=True) for name in COUNTS)
STYLE = {
    "order": "none",
    "gothic_re_im": True,
    "imaginary_unit": "ri",
    "inv_trig_style": "full",
    "long_frac_ratio": 5,
}
MOST_TERMS = 5  # on a line
COUNTED = {count.name for count in COUNTS.values()}
LAST = {
    sympy.Symbol(name, integer=True): sympy.Symbol(count.name, integer=True, positive=True)
    for name, count in COUNTS.items()
}


def total(term: Any, index: Any = ENTRY, first: Any = 1, last: Any = None) -> Any:
    """Sum of the term over the entries."""
    return sympy.Sum(term, (index, first, LAST[index] if last is None else last))


def equations(statement: Callable[..., Any], letters: Sequence[Letter]) -> tuple[Any, ...]:
    """What the statement says of the letters, in the order and form in which it says it."""
    with sympy.evaluate(False):
        stated = statement(*(symbol(letter) for letter in letters if letter.name not in COUNTED))
    return tuple(_tidy(equation) for equation in (stated if isinstance(stated, (tuple, list)) else [stated]))


def symbol(letter: Letter) -> Any:
    """A sympy symbol, the entry of an indexed one, or a function."""
    if letter.domain.startswith("function"):
        return sympy.Function(letter.name)
    plain = sympy.Symbol(letter.name, **ASSUMPTIONS.get(letter.domain, {"real": True}))
    return sympy.IndexedBase(plain)[sympy.Symbol(letter.index, integer=True)] if letter.index else plain


def latex(equation: Any, letters: Sequence[Letter]) -> str:
    """LaTeX with an alignment mark before the relation."""
    names = {atom: letter.latex for atom in _atoms(equation) for letter in letters if atom.name == letter.name}
    printer = _Printer({**STYLE, "symbol_names": names})
    printer.functions = {letter.name: letter.latex for letter in letters}
    left, right = equation.args
    return f"{printer.doprint(left)} &{printer.relation(equation)} {_broken(right, printer)}"


def _broken(side: Any, printer: LatexPrinter) -> str:
    """A sum of many terms on several lines, all else on one."""
    if not isinstance(side, sympy.Add) or len(side.args) <= MOST_TERMS:
        return str(printer.doprint(side))
    parts = [side.args[start : start + MOST_TERMS] for start in range(0, len(side.args), MOST_TERMS)]
    first, *rest = (printer.doprint(sympy.Add(*part, evaluate=False)) for part in parts)
    return str(first) + "".join(f" \\\\\n&\\quad {line if line.startswith('-') else f'+ {line}'}" for line in rest)


def names(stated: Sequence[Any]) -> set[str]:
    """Names of the symbols and functions in the equations."""
    functions = {applied.func.__name__ for equation in stated for applied in equation.atoms(AppliedUndef)}
    return functions | {atom.name for equation in stated for atom in _atoms(equation)}


def _atoms(expression: Any) -> set[Any]:
    return {atom for atom in sympy.preorder_traversal(expression) if isinstance(atom, sympy.Symbol)}


def _tidy(expression: Any) -> Any:
    """Sums of sums and products of products in one, and no factors 1: what keeping sympy from evaluating leaves."""
    if not expression.args or isinstance(expression, (sympy.Indexed, sympy.IndexedBase, sympy.Tuple)):
        return expression
    args = [_tidy(arg) for arg in expression.args]
    if isinstance(expression, (sympy.Add, sympy.Mul)):
        kind = type(expression)
        flat = [inner for arg in args for inner in (arg.args if isinstance(arg, kind) else (arg,))]
        args = [arg for arg in flat if arg is not kind.identity] or [kind.identity]
        return args[0] if len(args) == 1 else kind(*args, evaluate=False)
    if isinstance(expression, (Relational, sympy.Pow)):
        return expression.func(*args, evaluate=False)
    with sympy.evaluate(False):
        return _without_one(expression.func(*args))


def _without_one(expression: Any) -> Any:
    """Sums and integrals made anew have got a factor 1 again."""
    if isinstance(expression, (sympy.Sum, sympy.Integral)):
        body = expression.args[0]
        if isinstance(body, sympy.Mul) and body.args[0] is sympy.S.One:
            rest = body.args[1:]
            body = rest[0] if len(rest) == 1 else sympy.Mul(*rest, evaluate=False)
            expression = sympy.Expr.__new__(type(expression), body, *expression.args[1:])
            expression.is_commutative = True
    return expression


class _Printer(LatexPrinter):  # type: ignore[misc]
    """Indices without braces about the letter, where it has none of its own, and functions by their letters."""

    functions: Mapping[str, str]

    def relation(self, equation: Any) -> str:
        return {"==": "=", "<=": r"\le", ">=": r"\ge", "<": "<", ">": ">"}[equation.rel_op]

    def _print_Indexed(self, expression: Any) -> str:
        base = self._print(expression.base)
        index = ",".join(self._print(entry) for entry in expression.indices)
        return f"{{{base}}}_{{{index}}}" if "_" in base or "^" in base else f"{base}_{{{index}}}"

    def _print_AppliedUndef(self, expression: Any, exp: str | None = None) -> str:
        arguments = ", ".join(self._print(argument) for argument in expression.args)
        power = "" if exp is None else f"^{{{exp}}}"
        return f"{self.functions[expression.func.__name__]}{power}({arguments})"
