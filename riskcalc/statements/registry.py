"""All formulas by name."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from functools import cache

from riskcalc.statements.formula import Formula


class UnknownFormulaError(KeyError, ValueError):
    """There is no formula of that name; the sentence has the nearest."""

    def __str__(self) -> str:
        return str(self.args[0])


class Formulas(Mapping[str, Formula]):
    r"""The formulas of the package, by name: what they say, where they come from, and what computes them.

    A mapping: ``formulas["ridge.test"]`` is a ``Formula``, iterating gives the names, topic by topic. sympy is imported
    when the first formula is looked at.

    References
    ----------
    .. [1] misiakiewicz2024 (the lectures that the topics follow; place not checked)

    Examples
    --------
    >>> import riskcalc as rc
    >>> rc.formulas["ridge.variance"]
    Formula('ridge.variance': Variance of ridge regression)
    >>> print(rc.formulas["ridge.variance"].latex({"variance": "V", "noise": "s^2"}).splitlines()[1])
    V &= \frac{s^2 \mathrm{df}_2}{n - \mathrm{df}_2} \\
    """

    def __getitem__(self, name: str) -> Formula:
        known = _catalogue()
        if name not in known:
            near = difflib.get_close_matches(str(name), known, 1)
            hint = f"did you mean {near[0]!r}?" if near else "the names are list(riskcalc.formulas)"
            raise UnknownFormulaError(f"there is no formula {name!r}; {hint}")
        return known[name]

    def __iter__(self) -> Iterator[str]:
        return iter(_catalogue())

    def __len__(self) -> int:
        return len(_catalogue())

    def __contains__(self, name: object) -> bool:
        return name in _catalogue()

    def search(self, word: str) -> tuple[Formula, ...]:
        """Formulas that have the word in their name, title, symbols, assumptions, sources or function; in any case.

        Parameters
        ----------
        word : str

        Returns
        -------
        tuple of Formula

        Raises
        ------
        TypeError
            If ``word`` is not a string.

        Examples
        --------
        >>> import riskcalc as rc
        >>> [formula.name for formula in rc.formulas.search("saad1995")][:1]
        ['dynamics.one_pass_loss']
        """
        if not isinstance(word, str):
            raise TypeError(f"word must be a string, got {word!r}")
        return tuple(found for found in self.values() if word.casefold() in _text(found))

    def __repr__(self) -> str:
        return f"<{len(self)} formulas: list(formulas) names them, formulas.search(word) finds them>"


@cache
def _catalogue() -> dict[str, Formula]:
    from riskcalc.statements import (
        dynamics,
        exponents,
        finite_size,
        finite_size_terms,
        flow,
        kernels,
        lazy,
        linear,
        linear_variants,
        neural_tangent,
        own_data,
        random_features,
        spectral,
    )

    lecture_2 = (linear, linear_variants, finite_size, finite_size_terms, flow, exponents, spectral)
    topics = (lazy, *lecture_2, kernels, random_features, neural_tangent, dynamics, own_data)
    found = [thing for topic in topics for thing in vars(topic).values() if isinstance(thing, Formula)]
    return {one.name: one for one in found}


def _text(found: Formula) -> str:
    symbols = (f"{letter.name} {letter.meaning}" for letter in found.symbols)
    parts = (found.name, found.title, *symbols, found.assumptions, *found.sources, found.function)
    return " ".join(parts).casefold()


formulas = Formulas()
