"""BibTeX of what a result rests on."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Protocol, runtime_checkable

from riskcalc.result import Risk
from riskcalc.statements.bibliography import bibliography, entries
from riskcalc.statements.formula import Formula
from riskcalc.statements.registry import formulas


@runtime_checkable
class Predicting(Protocol):
    """What has a prediction, as an Experiment."""

    def predict(self) -> Risk: ...  # noqa: D102


def cite(x: Risk | Formula | Predicting | str | None = None) -> str:
    """BibTeX entries of what a result rests on, of a formula, of one key, or of everything.

    Parameters
    ----------
    x : Risk, Formula, Experiment, str or None
        A Risk (its ``sources``), a formula or its name, an Experiment (the sources of its prediction), a key of the
        bibliography, or nothing for all entries.

    Returns
    -------
    str
        BibTeX.

    Raises
    ------
    ValueError
        If there is no such key or formula; the nearest is named.
    TypeError
        If ``x`` is nothing that has sources.

    References
    ----------
    .. [1] derived

    Examples
    --------
    >>> import riskcalc as rc
    >>> print(rc.cite("marchenko1967").splitlines()[0])
    @article{marchenko1967,
    >>> print(rc.cite("ridge.effective_ridge").splitlines()[0])
    @article{cheng2024,
    """
    return entries(bibliography() if x is None else _keys(x))


def _keys(x: object) -> Iterable[str]:
    if isinstance(x, str):
        return _named(x)
    if isinstance(x, Predicting):
        return x.predict().sources
    if isinstance(x, (Risk, Formula)):
        return x.sources
    raise TypeError(f"x must be a Risk, a formula, an Experiment or a key of the bibliography, got {x!r}")


def _named(name: str) -> Iterable[str]:
    """A key, or the sources of a formula: only formulas have a dot in their names."""
    known = bibliography()
    if name in known:
        return [name]
    if "." in name:
        return formulas[name].sources
    near = difflib.get_close_matches(name, known, 1)
    hint = f"did you mean {near[0]!r}?" if near else f"the keys are {', '.join(known)}"
    raise ValueError(f"x must be a Risk, a formula or a key of the bibliography, got {name!r}; {hint}")
