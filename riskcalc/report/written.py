"""An answer in any of the formats, by its name."""

from __future__ import annotations

from collections.abc import Callable

from riskcalc.arguments import choice
from riskcalc.report.dataset import to_netcdf
from riskcalc.report.latex import to_latex
from riskcalc.report.origin import Answer, Context
from riskcalc.report.stored import to_json
from riskcalc.report.text import to_csv, to_markdown, to_text

Contents = str | bytes

FORMATS: dict[str, Callable[[Answer, Context], Contents]] = {
    "json": lambda answer, experiment: to_json(answer, experiment) + "\n",
    "csv": to_csv,
    "latex": to_latex,
    "markdown": to_markdown,
    "netcdf": to_netcdf,
    "text": to_text,
}


def written(answer: Answer, form: str, experiment: Context = None) -> Contents:
    """The contents of a file in one of the formats; bytes for "netcdf", text otherwise."""
    return FORMATS[choice("form", form, tuple(FORMATS))](answer, experiment)
