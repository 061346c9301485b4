"""Finished pictures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from riskcalc.compare import Comparison
from riskcalc.curves import SYMBOLS, spoken, values_of
from riskcalc.plot.artists import Artists
from riskcalc.plot.comparison import comparison
from riskcalc.plot.curve import risk_curve
from riskcalc.plot.risk_map import risk_map
from riskcalc.plot.style import STYLE, require_matplotlib
from riskcalc.result import Risk, Trials

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MANY = 6  # more legend entries go below the picture
TALLER = 1.25  # a picture with a panel of z


def figure(
    *results: Risk | Trials | Comparison, title: str | None = None, x: str | None = None, z: bool = False
) -> Figure:
    """A finished picture of the test error, one column wide.

    Parameters
    ----------
    *results : Risk, Trials or Comparison
        Drawn on the same axes: one Comparison, or theory on a fine grid and trials on a coarse one.
    title : str, optional
    x : str, optional
        As for ``risk_curve``.
    z : bool
        Whether to add a panel that shows the gap in standard errors, as ``comparison`` does; of one Comparison only.

    Returns
    -------
    matplotlib.figure.Figure
        Unknown to pyplot; ``.axes[0]`` is there for changes, ``.axes[1]`` is the panel of z.

    Raises
    ------
    ValueError, ImportError
        As ``risk_curve`` does.
    TypeError
        For a panel of z of something else than one Comparison.

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
        ax, artists = _with_z(picture, results, x) if z else _plain(picture, results, x)
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


def map_figure(risk: Risk, *, x: str, y: str, field: str = "test", title: str | None = None) -> Figure:
    """A finished picture of a field over two parameters in colour, one column wide.

    Parameters
    ----------
    risk : Risk
        On a grid of the two, of at least two points each.
    x, y : str
        Coordinates, as for ``risk_map``.
    field : str
        What to draw.
    title : str, optional

    Returns
    -------
    matplotlib.figure.Figure
        Unknown to pyplot; ``.axes[0]`` is there for changes, ``.axes[1]`` is the colour bar.

    Raises
    ------
    ValueError, ImportError
        As ``risk_map`` does.

    References
    ----------
    .. [1] derived

    Examples
    --------
    >>> import riskcalc as rc
    >>> risk = rc.predict(rc.GaussianData.isotropic(100, noise=1), rc.Ridge([1, 100]), [[50], [200]])
    >>> rc.plot.map_figure(risk, x="n_samples", y="ridge").axes[1].get_ylabel()
    'test error'
    """
    require_matplotlib()
    from matplotlib import style
    from matplotlib.figure import Figure

    with style.context(["default", STYLE]):
        picture = Figure(layout="constrained")
        ax = picture.subplots()
        artists = risk_map(risk, ax=ax, x=x, y=y, field=field)
        picture.colorbar(artists.mesh, label=f"{spoken(field)} {SYMBOLS.get(field, '')}".strip())
        ax.set_title(title or "")
        picture.legend(*ax.get_legend_handles_labels(), loc="outside lower center", ncols=2)
    return picture


def _plain(picture: Figure, results: Sequence[Risk | Trials | Comparison], x: str | None) -> tuple[Axes, list[Artists]]:
    ax = picture.subplots()
    return ax, [risk_curve(result, ax=ax, x=x) for result in results]


def _with_z(
    picture: Figure, results: Sequence[Risk | Trials | Comparison], x: str | None
) -> tuple[Axes, list[Artists]]:
    """Curves above, a third of them for z below."""
    one = results[0] if len(results) == 1 else None
    if not isinstance(one, Comparison):
        raise TypeError(f"results must be one Comparison for a panel of z, got {len(results)}; verify(...) gives one")
    picture.set_figheight(TALLER * picture.get_figheight())
    upper, lower = picture.subplots(2, 1, sharex=True, height_ratios=[3, 1])
    artists = comparison(one, axes=(upper, lower), x=x)
    picture.align_ylabels()
    return upper, [artists.curves]


def _cut_off_peaks(ax: Axes, results: Sequence[Risk | Trials | Comparison]) -> None:
    """Where theory is infinite, end the picture a little above its finite values: a measured peak says nothing."""
    theory = [np.ravel(values) for values, _ in (values_of(result, "test") for result in results) if values is not None]
    predicted = np.concatenate([*theory, np.zeros(0)])
    finite = predicted[np.isfinite(predicted)]
    if finite.size and finite.size < predicted.size:
        bottom, top = ax.get_ylim()
        ax.set_ylim(bottom, min(top, 3 * finite.max()))
