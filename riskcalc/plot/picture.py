"""Finished pictures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from riskcalc.compare import Comparison
from riskcalc.curves import values_of
from riskcalc.plot.curve import risk_curve
from riskcalc.plot.style import STYLE, require_matplotlib
from riskcalc.result import Risk, Trials

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MANY = 6  # more legend entries go below the picture


def figure(*results: Risk | Trials | Comparison, title: str | None = None, x: str | None = None) -> Figure:
    """A finished picture of the test error, one column wide.

    Parameters
    ----------
    *results : Risk, Trials or Comparison
        Drawn on the same axes: one Comparison, or theory on a fine grid and trials on a coarse one.
    title : str, optional
    x : str, optional
        As for ``risk_curve``.

    Returns
    -------
    matplotlib.figure.Figure
        Unknown to pyplot; ``.axes[0]`` is there for changes.

    Raises
    ------
    ValueError, ImportError
        As ``risk_curve`` does.

    Notes
    -----
    Where theory is infinite the picture ends a little above its finite values: the peak that a simulation measures
    there says nothing. The style is riskcalc.mplstyle on matplotlib's defaults; the user's own are left out, and
    unchanged. Colours are safe for the colour-blind, and lines and markers vary so that it can be read in grey.

    References
    ----------
    .. [1] derived

    Examples
    --------
    >>> import riskcalc as rc
    >>> from riskcalc import plot
    >>> risk = rc.predict(rc.GaussianData.isotropic(100, noise=0.25), rc.Ridge(10), [50, 100, 200])
    >>> plot.figure(risk, title="isotropic").axes[0].get_xlabel()
    'number of samples n'
    """
    require_matplotlib()
    from matplotlib import style
    from matplotlib.figure import Figure

    with style.context(["default", STYLE]):
        picture = Figure(layout="constrained")
        ax = picture.subplots()
        artists = [risk_curve(result, ax=ax, x=x) for result in results]
        both = any(a.lines for a in artists) and any(a.points for a in artists)
        heading = "line: theory\npoints: simulation ± s.e." if both else None
        handles, texts = ax.get_legend_handles_labels()
        if len(handles) <= MANY:
            ax.legend(handles, texts, title=heading)
        else:
            picture.legend(handles, texts, title=heading, loc="outside lower center", ncols=3)
        ax.set_title(title or "")
        _cut_off_peaks(ax, results)
    return picture


def _cut_off_peaks(ax: Axes, results: Sequence[Risk | Trials | Comparison]) -> None:
    """Where theory is infinite, end the picture a little above its finite values: a measured peak says nothing."""
    theory = [np.ravel(values) for values, _ in (values_of(result, "test") for result in results) if values is not None]
    predicted = np.concatenate([*theory, np.zeros(0)])
    finite = predicted[np.isfinite(predicted)]
    if finite.size and finite.size < predicted.size:
        bottom, top = ax.get_ylim()
        ax.set_ylim(bottom, min(top, 3 * finite.max()))
