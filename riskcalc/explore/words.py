"""What the page says: sentences in place of errors, numbers at a point, the formula behind the curve."""

from __future__ import annotations

import html
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from riskcalc.errors import NotConvergedError
from riskcalc.explore.parts import ESTIMATORS
from riskcalc.statements import formulas
from riskcalc.statements.bibliography import bibliography

if TYPE_CHECKING:
    from riskcalc.explore.state import State

T = TypeVar("T")
MOST_SIZES = 30
LARGEST_SIZE = 3000


def sentence(answer: Callable[[], T]) -> tuple[T | None, str]:
    """The answer, or the sentence that says what is wrong."""
    try:
        return answer(), ""
    except (ValueError, TypeError, NotConvergedError, OSError) as error:
        return None, str(error)


def number_of(name: str, text: str, largest: float = np.inf) -> float:
    """A positive number that was typed."""
    try:
        value = float(text)
    except ValueError:
        value = np.nan
    if not 0 < value <= largest:
        limit = "" if largest == np.inf else f", at most {largest:g}"
        raise ValueError(f"{name} must be a number above 0{limit}, got {text.strip()!r}")
    return value


def sizes_of(text: str) -> list[float]:
    """A comma list of sample sizes."""
    words = [word for word in text.split(",") if word.strip()]
    if not 1 <= len(words) <= MOST_SIZES:
        raise ValueError(f"sizes must be 1 to {MOST_SIZES} numbers with commas between them, got {text.strip()!r}")
    return sorted({float(round(number_of("sizes", word, LARGEST_SIZE))) for word in words})


def point_table(state: State, typed: str) -> str:
    """The fields at one sample size, as HTML."""
    n = number_of("number of samples n", typed)
    risk = state.predicted_at(n)
    rows = "".join(
        f'<tr><th scope="row" style="text-align: left; padding-right: 1rem">{name}</th>'
        f'<td data-field="{name}">{float(np.ravel(value)[0]):.10g}</td></tr>'
        for name, value in risk.fields.items()
        if np.size(value) == 1
    )
    return f"<table><caption>at n = {n:g}, ratio {n / state.unit:.4g}</caption>{rows}</table>"


def formula_of(estimator: str) -> str:
    """The equations behind an estimator's curve and their sources, as Markdown with LaTeX."""
    shown = [formulas[name] for name in ESTIMATORS[estimator][1].formulas]
    equations = "\n\n".join(f"**{one.title}** (`{one.name}`)\n\n$$\n{one.latex()}\n$$" for one in shown)
    keys = dict.fromkeys(key for one in shown for key in one.sources if key in bibliography())
    entries = html.escape("\n\n".join(bibliography()[key] for key in keys))
    return (
        f"## The equations\n\n{equations}\n\n<details><summary>Sources (BibTeX)</summary><pre>{entries}</pre></details>"
    )
