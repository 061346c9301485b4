"""The axes of a learning curve: logarithmic, with plain numbers, and labels beside vertical lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from riskcalc.arguments import FloatArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.text import Text

GREY = "0.35"
BEYOND = 4.0  # times the largest value drawn: a band that goes higher is cut
BACKGROUND = {"facecolor": "white", "edgecolor": "none", "alpha": 0.7, "pad": 0.8}
FEW_DECADES = 0.6  # ticks of a shorter logarithmic axis are at equal steps


def set_scales(ax: Axes, values: FloatArray, top: float) -> None:
    """Logarithmic axes with plain numbers, from a little below the curves; linear upwards if an error is 0."""
    ax.set_xscale("log")
    _plain_ticks(ax.xaxis, *ax.get_xlim())
    finite = values[np.isfinite(values)]
    if finite.size and finite.min() > 0:
        ax.set_yscale("log")
        low, high = ax.get_ylim()
        ax.set_ylim(max(low, finite.min() / BEYOND), min(high, top))
        _plain_ticks(ax.yaxis, *ax.get_ylim())
    ax.set_xlabel(ax.get_xlabel() or "number of samples n")
    ax.set_ylabel(ax.get_ylabel() or "test error")


def _plain_ticks(axis: Axis, low: float, high: float) -> None:
    """Numbers as 0.2, 0.5, 1 on a logarithmic axis, as many as there is room for."""
    from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter, NullLocator

    decades = np.log10(high / low)
    axis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:g}"))
    axis.set_minor_formatter(NullFormatter())
    if decades < FEW_DECADES:
        axis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
        axis.set_minor_locator(NullLocator())
        return
    steps = (1.0, 2.0, 5.0) if decades < 1.3 else (1.0, 3.0) if decades < 3.5 else (1.0,)
    axis.set_major_locator(LogLocator(subs=steps, numticks=99))


def label_lines(ax: Axes, n_rows: int, ends: FloatArray) -> tuple[Text, ...]:
    """Beside the vertical lines: above on the right of the last one, below on the left of the other."""
    named = [(float(n_rows), f"{n_rows} rows")]
    named += [(n, f"determined ≤ {float(f'{n:.3g}'):g}") for n in ends[:1]]
    *before, last = sorted(named)
    places = [(n, text, 0.02, "bottom", -2, "right") for n, text in before] + [(*last, 0.98, "top", 2, "left")]
    return tuple(
        ax.annotate(
            text, (n, height), xycoords=ax.get_xaxis_transform(), xytext=(shift, 0), textcoords="offset points",
            rotation=90, va=va, ha=ha, color=GREY, fontsize="x-small", annotation_clip=True, bbox=BACKGROUND,
        )
        for n, text, height, va, shift, ha in places
    )  # fmt: skip
