"""What pictures over a coordinate share: the look of a label, scales and names of the axes, and the line n = rank."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from riskcalc.arguments import FloatArray
from riskcalc.compare import Comparison
from riskcalc.curves import SYMBOLS, Curves, pair_of, spoken
from riskcalc.estimators import Ridge
from riskcalc.plot.style import cycle
from riskcalc.result import Risk, Trials
from riskcalc.theory import reduce

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

DECADES = 1.5  # values that span more are drawn on a logarithmic axis
THRESHOLD = "n = rank"


def style_of(ax: Axes, text: str) -> dict[str, Any]:
    """Colour, line style and marker of a label: the same for theory and simulation, others for another label."""
    there = dict.fromkeys(str(line.get_label()).removeprefix("_") for line in ax.lines)
    texts = [label for label in there if not label.startswith(THRESHOLD)]
    styles = cycle()
    return styles[(texts.index(text) if text in texts else len(texts)) % len(styles)]


def line_of(ax: Axes, text: str, at: FloatArray, values: FloatArray, given: dict[str, Any]) -> Line2D:
    """A line in the style of its label; infinite values leave a gap."""
    style = style_of(ax, text) | {name: value for name, value in given.items() if not name.startswith("marker")}
    finite = np.where(np.isfinite(values), values, np.nan)
    (line,) = ax.plot(at, finite, **style | {"label": text, "marker": "", "markevery": []})
    return line


def finish(ax: Axes, cut: Curves, field: str, xscale: str | None, yscale: str | None, values: FloatArray) -> None:
    """Scales and axis labels; a label that is there already stays."""
    if xscale is not None:
        ax.set_xscale(xscale)
    else:
        scale_x(ax, cut.at)
    if yscale is not None or (spans_decades(values) and values.min() > 0):
        ax.set_yscale(yscale or "log")
    ax.set_xlabel(ax.get_xlabel() or named(cut.x))
    ax.set_ylabel(ax.get_ylabel() or named(field))


def scale_x(ax: Axes, at: FloatArray) -> None:
    """A logarithmic axis where ascending values span decades, "symlog" where they start at 0."""
    if spans_decades(at) and at[0] == 0:
        ax.set_xscale("symlog", linthresh=at[at > 0][0])
    elif spans_decades(at) and at[0] > 0:
        ax.set_xscale("log")


def named(name: str) -> str:
    """A field or coordinate in words, with its symbol."""
    return f"{spoken(name)} {SYMBOLS.get(name, '')}".strip()


def spans_decades(values: FloatArray) -> bool:
    """Whether the positive values span more than a linear axis can show."""
    positive = values[(values > 0) & np.isfinite(values)]
    return positive.size > 0 and bool(np.log10(positive.max() / positive.min()) > DECADES)


def threshold_line(ax: Axes, result: Risk | Trials | Comparison, cut: Curves) -> Line2D | None:
    """The line n = rank of Ridge, where it is in range; it is drawn once."""
    pair = pair_of(result)
    if cut.x != "n_samples" or pair.data is None or not isinstance(pair.estimator, Ridge):
        return None
    rank = reduce(pair.data, pair.estimator).spectrum.rank
    if not cut.at[0] <= rank <= cut.at[-1]:
        return None
    text = f"{THRESHOLD} = {rank:g}"
    there = [line for line in ax.lines if line.get_label() == text]
    return there[0] if there else ax.axvline(rank, color="0.5", linewidth=0.6, zorder=1.5, label=text)
