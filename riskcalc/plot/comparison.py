"""Theory against simulation, and below it the gap in standard errors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from riskcalc.arguments import FloatArray, instance
from riskcalc.compare import Comparison
from riskcalc.curves import Curves
from riskcalc.plot.artists import Artists
from riskcalc.plot.curve import risk_curve
from riskcalc.plot.curve_axes import named, scale_x
from riskcalc.plot.style import require_matplotlib

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.collections import LineCollection
    from matplotlib.lines import Line2D

ROOM = 1.3  # height of the panel of z, in units of the largest |z| that it has to show


@dataclass(frozen=True, eq=False)
class ComparisonArtists:
    """What was drawn.

    Parameters
    ----------
    curves : Artists
        Theory and simulation.
    judged, unjudged : tuple of Line2D
        Excess z with its sign where a cell is judged, and z where it is not; one each per curve, gaps elsewhere.
    allowances : tuple of LineCollection
        From the excess z to z, one per curve.
    limits : tuple of Line2D
        The two lines that a right theory does not cross.

    References
    ----------
    .. [1] derived (a container of what was drawn)

    Examples
    --------
    >>> import riskcalc as rc
    >>> from matplotlib.figure import Figure
    >>> found = rc.verify(rc.GaussianData.isotropic(50, noise=0.25), rc.Ridge(1.0), [25, 100], n_trials=5, rng=0)
    >>> artists = rc.plot.comparison(found, axes=Figure().subplots(2, 1))
    >>> len(artists.curves.lines), artists.limits[1].get_ydata()[0] == found.limit
    (1, True)
    """

    curves: Artists
    judged: tuple[Line2D, ...]
    unjudged: tuple[Line2D, ...]
    allowances: tuple[LineCollection, ...]
    limits: tuple[Line2D, ...]


def comparison(
    comparison: Comparison, *, axes: Sequence[Axes], field: str = "test", x: str | None = None
) -> ComparisonArtists:
    r"""Draw theory against simulation on the first axes, and their gap in standard errors on the second.

    .. math:: \mathrm{sign}(z)\,z_{excess} = \frac{\mathrm{sign}(\bar v - v)\max(0, |\bar v - v| - a)}{\mathrm{s.e.}}

    Parameters
    ----------
    comparison : Comparison
        At least two points along ``x``.
    axes : sequence of two matplotlib.axes.Axes
        Drawn upon, the upper first; where they share the horizontal axis, only the lower names it.
    field : str
        One that was predicted.
    x : str, optional
        As for ``risk_curve``.

    Returns
    -------
    ComparisonArtists
        ``.curves .judged .unjudged .allowances .limits``

    Raises
    ------
    TypeError
        If ``comparison`` is not a Comparison.
    ValueError
        If there are not two axes, or as ``risk_curve`` does.
    ImportError
        Without matplotlib.

    Notes
    -----
    Filled points are what is judged: the theory is refused if one of them is beyond the two lines, at
    ``comparison.limit``, in this field or another. A thin line leads from each to z itself: its length is the allowance
    a for the finite size. Hollow points are z where nothing is judged. What is infinite is drawn at the edge; what is
    not judged and beyond it is left out.

    References
    ----------
    .. [1] derived

    Examples
    --------
    >>> import riskcalc as rc
    >>> from matplotlib.figure import Figure
    >>> from riskcalc import plot
    >>> data = rc.GaussianData.isotropic(50, noise=0.25)
    >>> found = rc.verify(data, rc.Ridge([1.0, 10.0]), [[25], [50], [100]], n_trials=5, rng=0)
    >>> upper, lower = Figure().subplots(2, 1, sharex=True, height_ratios=[3, 1])
    >>> artists = plot.comparison(found, axes=(upper, lower))
    >>> bool((abs(artists.judged[0].get_ydata()) <= found.limit).all()), lower.get_ylabel()
    (True, 'z')
    """
    require_matplotlib()
    instance("comparison", comparison, Comparison, "verify(...) gives one")
    if len(axes) != 2:
        raise ValueError(f"axes must be two, for the curves and for z below, got {len(axes)}; figure.subplots(2, 1)")
    if field not in comparison.predicted:
        raise ValueError(f"field must be one of {', '.join(comparison.predicted)}, got {field!r}")
    upper, lower = axes
    curves = risk_curve(comparison, ax=upper, field=field, x=x)
    cut = Curves(x, comparison.trials.coordinates, comparison.judged.shape)
    z, excess = cut(comparison.z[field]), cut(comparison.excess_z[field])
    judged = cut(np.where(comparison.judged & np.isfinite(comparison.allowances[field]), 1.0, 0.0)) == 1
    edge = ROOM * max([comparison.limit, *excess[judged & np.isfinite(excess)]])
    shown = [
        _cells(lower, cut.at, z[k], excess[k], judged[k], edge, bars.lines[0]) for k, bars in enumerate(curves.points)
    ]
    limits = _panel(lower, comparison.limit, edge)
    _share(upper, lower, cut.at, named(cut.x))
    filled, hollow, allowances = zip(*shown, strict=True)
    return ComparisonArtists(curves, filled, hollow, allowances, limits)


def _cells(
    ax: Axes, at: FloatArray, z: FloatArray, excess: FloatArray, judged: npt.NDArray[np.bool_], edge: float,
    like: Line2D,
) -> tuple[Line2D, Line2D, LineCollection]:  # fmt: skip
    """Points of one curve in the look of its simulation, and the allowances as lines to z."""
    color = like.get_color()
    look: dict[str, Any] = {"color": color, "marker": like.get_marker(), "linestyle": "none"}
    empty = {"markerfacecolor": "none", "markeredgecolor": color, "markeredgewidth": 0.7}
    signed = np.where(judged, np.clip(np.copysign(excess, z), -edge, edge), np.nan)
    (filled,) = ax.plot(at, signed, **look, clip_on=False, zorder=3)
    (hollow,) = ax.plot(at, np.where(judged | np.isinf(z), np.nan, z), **look | empty)
    stems = ax.vlines(at, signed, np.where(judged, np.clip(z, -edge, edge), np.nan), color=color, linewidth=0.8)
    return filled, hollow, stems


def _panel(ax: Axes, limit: float, edge: float) -> tuple[Line2D, ...]:
    """Zero, the two limits between which a right theory stays, and the name of the axis."""
    ax.axhline(0, color="0.5", linestyle="-", linewidth=0.6, zorder=1)
    ax.set_ylim(-edge, edge)
    ax.set_ylabel(ax.get_ylabel() or "z")
    return tuple(ax.axhline(y, color="0.5", linestyle="--", linewidth=0.6, zorder=1) for y in (-limit, limit))


def _share(upper: Axes, lower: Axes, at: FloatArray, name: str) -> None:
    """The lower axis is scaled as the upper one; shared, it alone has a name."""
    if lower in upper.get_shared_x_axes().get_siblings(upper):
        upper.set_xlabel("")
    else:
        scale_x(lower, at)
        lower.set_xlim(upper.get_xlim())
    lower.set_xlabel(lower.get_xlabel() or name)
