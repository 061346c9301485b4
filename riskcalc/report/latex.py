"""Answers as LaTeX tables in the style of booktabs."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from riskcalc.compare import Comparison
from riskcalc.report.origin import Answer, Context, all_remarks, commented
from riskcalc.report.rows import ERROR, coordinates_of, for_people, spreads

DIGITS = 4  # of a value of theory
DIGITS_OF_COORDINATES = 6
NEGLIGIBLE = 1e-10  # a smaller relative standard error does not say how many digits to print
SPECIAL = {
    "\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}",
    ">": r"\textgreater{}", "|": r"\textbar{}", '"': "''", **{c: "\\" + c for c in "&%$#_{}"},
}  # fmt: skip


class Mathematics(str):
    """A cell that is LaTeX already."""


def to_latex(answer: Answer, experiment: Context = None) -> str:
    r"""A ``tabular`` for ``\usepackage{booktabs}``, after lines of comment that say where it comes from.

    Parameters
    ----------
    answer, experiment
        As for ``to_json``.

    Returns
    -------
    str
        Values to four digits, measured ones with two digits of their standard error: ``$0.4269 \pm 0.0033$``.

    Examples
    --------
    >>> import riskcalc as rc
    >>> from riskcalc.report import to_latex
    >>> risk = rc.predict(rc.GaussianData.isotropic(2.0, noise=0.25), rc.Ridge(0), n_samples=[1.0, 2.0])
    >>> print(to_latex(risk).splitlines()[-3][:40])
    2 & 0 & $\infty$ & 0 & 0 & $\infty$ & 0.
    """
    said = [*all_remarks(answer, experiment), r"needs \usepackage{booktabs}"]
    tables = [latex_rows([_cells(answer, row) for row in for_people(answer)], said)]
    tables += [latex_rows(table) for table in spreads(answer)]
    return "\n".join(tables)


def latex_rows(table: Sequence[Mapping[str, Any]], remarks: Iterable[str] = ()) -> str:
    """Rows of equal keys as a LaTeX table, numbers flush right."""
    names = list(table[0]) if table else []
    words = [any(_is_word(row[name]) for row in table) for name in names]
    body = [" & ".join(map(_cell, row.values())) + r" \\" for row in table]
    lines = [
        rf"\begin{{tabular}}{{{''.join('l' if word else 'r' for word in words) or 'r'}}}",
        r"\toprule",
        " & ".join(map(escaped, names)) + r" \\",
        r"\midrule",
        *body,
        r"\bottomrule",
        r"\end{tabular}",
    ]
    return commented("%", remarks) + "\n".join(lines) + "\n"


def escaped(text: str) -> str:
    """Text as LaTeX prints it; letters that pdflatex does not know by their number."""
    return "".join(SPECIAL.get(c, c if c.isascii() and c.isprintable() else f"U+{ord(c):04X}") for c in text)


def number(x: float, digits: int = DIGITS) -> Mathematics:
    """A number to so many digits, ∞ as a sign and nan as a dash."""
    inside = _inside(x, digits)
    upright = math.isnan(x) or inside.replace(".", "").isdecimal()
    return Mathematics(inside if upright else f"${inside}$")


def _inside(x: float, digits: int) -> str:
    """What stands between the dollar signs."""
    if math.isnan(x):
        return r"\mbox{--}"
    if math.isinf(x):
        return r"\infty" if x > 0 else r"-\infty"
    mantissa, e, exponent = f"{x + 0.0:.{digits}g}".partition("e")
    return rf"{mantissa}\times10^{{{int(exponent)}}}" if e else mantissa


def with_error(mean: float, error: float) -> Mathematics:
    """A mean to the digits that its standard error leaves, the error to two."""
    if not (math.isfinite(mean) and math.isfinite(error)) or error <= NEGLIGIBLE * abs(mean):
        return Mathematics(rf"${_inside(mean, DIGITS)} \pm {_inside(error, 2)}$")
    last = _exponent(error, 2) - 1
    largest = max(_exponent(mean, DIGITS) if mean else last, last + 1)
    scale = 0 if -4 < largest < 6 and last <= 0 else largest
    a, b = (Decimal(x).scaleb(-scale) for x in (mean, error))
    places = max(scale - last, 0)
    inside = rf"{a:.{places}f} \pm {b:.{places}f}"
    return Mathematics(rf"$({inside})\times10^{{{scale}}}$" if scale else f"${inside}$")


def _exponent(x: float, digits: int) -> int:
    """Decimal exponent of a number after it is rounded to so many digits."""
    return int(f"{x:.{digits - 1}e}".partition("e")[2])


def _cells(answer: Answer, row: Mapping[str, Any]) -> dict[str, Any]:
    """A row in which measured values and their errors stand together."""
    out: dict[str, Any] = {}
    swept = coordinates_of(answer)
    if isinstance(answer, Comparison):
        row = dict(row)
        row["simulation" + ERROR] = row.pop("standard_error")
        row |= {"z": Mathematics(f"${row['z']:.2f}$") if math.isfinite(row["z"]) else row["z"]}
    for name, value in row.items():
        if name.endswith(ERROR):
            continue
        if name + ERROR in row:
            out[name] = with_error(value, row[name + ERROR])
        else:
            out[name] = number(value, DIGITS_OF_COORDINATES) if name in swept else value
    return out


def _is_word(value: object) -> bool:
    return isinstance(value, str) and not isinstance(value, Mathematics)


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return number(value)
    return value if isinstance(value, Mathematics) else escaped(str(value))
