"""A formula: equations as sympy, the meaning of their letters, where they hold, and what computes them."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from riskcalc.statements.bibliography import entries
from riskcalc.statements.call import Call
from riskcalc.statements.letters import COMMON, COUNTS, Letter


@dataclass(frozen=True, eq=False, repr=False)
class Formula:
    r"""A statement of the theory: ``.sympy`` to look at it, ``.latex()`` for papers, ``.evaluate()`` for numbers.

    Parameters
    ----------
    name : str
        Topic and short name, ``ridge.test``.
    title : str
        What the first equation says.
    symbols : tuple of Letter
        Every letter of the equations, in the order in which they are explained.
    statement : callable
        From the letters as sympy objects to the equations: the statement first, then the definitions of what enters.
    numeric : mapping of str to Call
        For letters that the package computes the call that does it; the first is the formula's own value.
    assumptions : str
        On what, and in which regime.
    error : str
        Size of the error term, where it is known.
    sources : mapping of str to str
        Key of the bibliography to the place in that source.

    References
    ----------
    .. [1] derived

    Examples
    --------
    >>> import riskcalc as rc
    >>> print(rc.formulas["ridge.effective_ridge"].latex())
    n - \frac{\lambda}{\kappa} = \sum_{i=1}^{K} \frac{m_{i} \sigma_{i}}{\sigma_{i} + \kappa}
    """

    name: str
    title: str
    symbols: tuple[Letter, ...]
    statement: Callable[..., Any]
    numeric: Mapping[str, Call]
    assumptions: str
    error: str
    sources: Mapping[str, str]

    @property
    def function(self) -> str:
        """Dotted public name of the numeric function."""
        return self._call.dotted

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of the letters that ``evaluate`` takes."""
        return tuple(self._call.letters())

    @property
    def shown(self) -> tuple[Letter, ...]:
        """The symbols that stand in the equations; the others are needed by the function alone."""
        from riskcalc.statements.writing import names

        found = names(self.sympy)
        return tuple(letter for letter in self.symbols if letter.name in found)

    @cached_property
    def sympy(self) -> tuple[Any, ...]:
        """The equations as ``sympy.Eq`` (bounds as relations), unevaluated: ``.doit()`` lets sympy rearrange them."""
        from riskcalc.statements.writing import equations

        return equations(self.statement, self.symbols)

    def latex(self, symbols: Mapping[str, str] | None = None) -> str:
        r"""LaTeX of the equations, for a mathematical environment.

        Parameters
        ----------
        symbols : mapping of str to str, optional
            Your own letters: name of the symbol to its LaTeX, for example ``{"ridge": r"\mu"}``.

        Returns
        -------
        str
            One equation as it is; several inside ``\begin{aligned}``.

        Raises
        ------
        ValueError
            If the formula has no such symbol.

        Examples
        --------
        >>> import riskcalc as rc
        >>> print(rc.formulas["ridge.train"].latex({"train": "E", "effective_ridge": r"\lambda_*"}).splitlines()[1])
        E &= \left(\frac{\lambda}{n \lambda_*}\right)^{2} R_{\mathrm{test}} \\
        """
        from riskcalc.statements.writing import latex

        chosen = dict(symbols or {})
        for name in chosen:
            self._known(name, [letter.name for letter in self.symbols])
        letters = [replace(letter, latex=chosen.get(letter.name, letter.latex)) for letter in self.symbols]
        lines = [latex(equation, letters) for equation in self.sympy]
        if len(lines) == 1:
            return lines[0].replace("&", "")
        return "\\begin{aligned}\n" + " \\\\\n".join(lines) + "\n\\end{aligned}"

    def bibtex(self) -> str:
        """BibTeX entries of the sources."""
        return entries(self.sources)

    def evaluate(self, **values: Any) -> Any:
        """Value of the formula, by the numeric function of the package.

        Parameters
        ----------
        **values : array_like
            The letters in ``inputs`` by their names; those with a default may be left out.

        Returns
        -------
        array
            Whatever the function returns: it broadcasts as that function does.

        Raises
        ------
        ValueError
            If a letter is missing or there is no such letter, or by the function itself.

        Examples
        --------
        >>> import riskcalc as rc
        >>> law = rc.formulas["ridge.effective_ridge"]
        >>> print(law.evaluate(eigenvalues=[1.0], multiplicities=[200], n_samples=400, ridge=50.0).round(6))
        0.212695
        """
        letters = {letter.name: letter for letter in self.symbols}
        for name in values:
            self._known(name, self.inputs)
        needed = {name: letters[name] for name in self.inputs if name not in values}
        for name, letter in needed.items():
            if letter.default is None:
                raise ValueError(
                    f"{self.name} needs {name} ({letter.meaning}; {letter.domain}); it takes {self._inputs}"
                )
        lengths = {letters[name].index: len(value) for name, value in values.items() if letters[name].index}
        defaults = {name: self._default(letter, lengths) for name, letter in needed.items()}
        return self._call.value(values | defaults)

    def python(self) -> str:
        r"""A program that computes the formula with riskcalc at an example.

        Examples
        --------
        >>> import riskcalc as rc
        >>> print(rc.formulas["lazy.ratio"].python())
        import riskcalc as rc
        <BLANKLINE>
        lipschitz = 1.25  # L: Lipschitz constant of the Jacobian; > 0
        residual = 1.25  # r_0: norm of the residuals at initialisation; >= 0
        sigma_min = 1.25  # \sigma_{\min}: smallest singular value of the Jacobian at initialisation; > 0
        scale = 1.25  # \alpha: scale of the network's output; > 0
        laziness_ratio = rc.lazy.laziness_ratio(
            lipschitz=lipschitz,
            residual=residual,
            sigma_min=sigma_min,
            scale=scale,
        )
        print(laziness_ratio)
        """
        letters = {letter.name: letter for letter in self.symbols}
        told = [letters[name] for name in self.inputs]
        lines = [f"{x.name} = {x.example()!r}  # {x.latex}: {x.meaning}; {x.domain}" for x in told]
        value = next(iter(self.numeric))
        code = f"{value} = {self._call.code()}"
        numpy = ["import numpy", ""] if "numpy." in code else []
        return "\n".join([*numpy, "import riskcalc as rc", "", *lines, code, f"print({value})"])

    def to_dict(self) -> dict[str, Any]:
        """All there is to say, as strings, lists and dicts."""
        return {
            "name": self.name,
            "title": self.title,
            "latex": self.latex(),
            "equations": [str(equation) for equation in self.sympy],
            "symbols": [letter.to_dict() for letter in self.symbols],
            "assumptions": self.assumptions,
            "error": self.error,
            "sources": dict(self.sources),
            **self._call.to_dict(),
        }

    def __repr__(self) -> str:
        return f"Formula({self.name!r}: {self.title})"

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {self.latex()}$"

    @property
    def _call(self) -> Call:
        return next(iter(self.numeric.values()))

    @property
    def _inputs(self) -> str:
        return ", ".join(self.inputs)

    def _known(self, name: str, names: Iterable[str]) -> None:
        names = list(names)
        if name not in names:
            near = difflib.get_close_matches(name, names, 1)
            hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(names)}"
            raise ValueError(f"{self.name} has no symbol {name!r} here; {hint}")

    @staticmethod
    def _default(letter: Letter, lengths: Mapping[str, int]) -> Any:
        return [letter.default] * lengths[letter.index] if letter.index else letter.default


def formula(
    name: str,
    *,
    numeric: Mapping[str, Call],
    assumptions: str,
    sources: Mapping[str, str],
    error: str = "exact",
    letters: Mapping[str, Letter] | None = None,
    typical: Mapping[str, tuple[float, float]] | None = None,
) -> Callable[[Callable[..., Any]], Formula]:
    """Make a Formula of the function that states it: its parameters are the letters, its docstring is the title.

    Parameters
    ----------
    name : str
    numeric, assumptions, sources, error
        As in Formula; ``numeric`` by the names of the letters in the function's signature.
    letters : mapping of str to Letter, optional
        What the letters are that are not in COMMON; the topic's table. ``n_i`` is the number of entries over i.
    typical : mapping of str to pair, optional
        Ranges of letters that this formula restricts, by their names in the signature.
    """
    known = COMMON | dict(letters or {})

    def made(statement: Callable[..., Any]) -> Formula:
        keys = list(inspect.signature(statement).parameters)
        own = {key: replace(known[key], typical=(typical or {}).get(key, known[key].typical)) for key in keys}
        indices = dict.fromkeys(letter.index for letter in own.values() if letter.index)
        counts = [known.get(f"n_{index}", COUNTS[index]) for index in indices]
        return Formula(
            name,
            " ".join((inspect.getdoc(statement) or "").split()).removesuffix("."),
            (*own.values(), *counts),
            statement,
            {own[key].name: computed for key, computed in numeric.items()},
            assumptions,
            error,
            sources,
        )

    return made
