"""Fields against a coordinate: theory as lines, simulation as points with error bars, the spread as bands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from riskcalc.arguments import FloatArray
from riskcalc.compare import Comparison
from riskcalc.curves import Curves, pair_of, spoken, values_of
from riskcalc.plot.artists import Artists
from riskcalc.plot.curve_axes import finish, line_of, style_of, threshold_line
from riskcalc.plot.style import require_matplotlib
from riskcalc.result import Risk, Trials

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.collections import PolyCollection
    from matplotlib.container import ErrorbarContainer
    from matplotlib.lines import Line2D

BAND = "± spread of one experiment"


def risk_curve(
    result: Risk | Trials | Comparison,
    *,
    ax: Axes,
    field: str = "test",
    x: str | None = None,
    label: str | None = None,
    xscale: str | None = None,
    yscale: str | None = None,
    spread: bool | str = False,
    **line: Any,
) -> Artists:
    r"""Draw a field against a coordinate: theory as a line, simulation as points, a Comparison as both.

    .. math:: \bar v \pm \mathrm{s.e.}, \qquad \mathrm{s.e.}^2 = \frac{1}{T(T-1)}\sum_{t=1}^T (v_t-\bar v)^2

    Parameters
    ----------
    result : Risk, Trials or Comparison
        At least two points along ``x``. A grid gives one curve per value of the other coordinates.
    ax : matplotlib.axes.Axes
        Drawn upon; figure, style, legend and saving are the caller's.
    field : str
        What to draw: "test", "train", "bias", ...
    x : str, optional
        Coordinate of the horizontal axis; left out, the one that varies along the first axis.
    label : str, optional
        Legend entry, to which several curves add the other coordinates ("λ = 0.1").
    xscale, yscale : str, optional
        A matplotlib scale; left out, "log" where positive values span more than 1.5 decades ("symlog" for an x from 0).
    spread : bool or str
        Whether to draw ``Risk.spread[field]``, the standard deviation over experiments, as a band about the theory. A
        name takes that of another field: "bias" is the spread of a test error averaged over the label noise.
    **line
        Properties of the lines; color, alpha, marker, ... go to the points too.

    Returns
    -------
    Artists
        ``.lines .points .threshold .bands``

    Raises
    ------
    ValueError
        For a single point, a field, coordinate or spread that the result does not have, or an x that varies along
        several axes.
    ImportError
        Without matplotlib.

    Notes
    -----
    Error bars are one standard error of the mean over trials; a band is one standard deviation of a single trial.
    Infinite values leave a gap in the line. A thin vertical line marks the interpolation threshold n = rank of Ridge
    where it is in range. Theory and simulation of the same label share colour and legend entry, also in two calls: a
    fine grid of theory, then a coarse one of trials.

    References
    ----------
    .. [1] derived

    Examples
    --------
    >>> import numpy as np
    >>> import riskcalc as rc
    >>> from matplotlib.figure import Figure
    >>> from riskcalc import plot
    >>> data = rc.GaussianData.isotropic(n_features=100, noise=0.25)
    >>> risk = rc.predict(data, rc.Ridge([0.1, 10]), np.arange(20, 201, 20)[:, None])
    >>> artists = plot.risk_curve(risk, ax=Figure().subplots())
    >>> [line.get_label() for line in artists.lines], artists.threshold.get_label()
    (['λ = 0.1', 'λ = 10'], 'n = rank = 100')
    >>> risk.spread["test"].shape, len(plot.risk_curve(risk, ax=Figure().subplots(), spread=True).bands)
    ((10, 2), 2)
    """
    require_matplotlib()
    from matplotlib.cbook import normalize_kwargs
    from matplotlib.lines import Line2D

    line = normalize_kwargs(line, Line2D)
    theory, trials = values_of(result, field)
    drawn = [array for array in (theory, None if trials is None else trials.mean) if array is not None]
    cut = Curves(x, pair_of(result).coordinates, drawn[0].shape)
    sigma = _spread(result, field, spread)
    lines, points, bands = [], [], []
    for k, others in enumerate(cut.labels):
        text = ", ".join(filter(None, (label, others))) or spoken(field)
        if theory is not None:
            lines.append(line_of(ax, text, cut.at, cut(theory)[k], line))
        if theory is not None and sigma is not None:
            bands.append(_band(ax, lines[-1], cut.at, cut(theory)[k], cut(sigma)[k]))
        if trials is not None:
            points.append(_points(ax, text, cut.at, cut(trials.mean)[k], cut(trials.standard_error)[k], line))
    _merge_entries(ax)
    finish(ax, cut, field, xscale, yscale, np.concatenate(drawn, axis=None))
    return Artists(tuple(lines), tuple(points), (), threshold_line(ax, result, cut), tuple(bands))


def _spread(result: Risk | Trials | Comparison, field: str, spread: bool | str) -> FloatArray | None:
    """Standard deviation over experiments; None if it is not to be drawn."""
    if spread is False:
        return None
    name = field if spread is True else spread
    risk = result.prediction if isinstance(result, Comparison) else result
    known = risk.spread if isinstance(risk, Risk) else None
    if known is None:
        raise ValueError("spread must be left out where theory has none; it has one for Ridge on GaussianData")
    if name not in known:
        raise ValueError(f"spread must be that of one of {', '.join(known)}, got {name!r}")
    return known[name]


def _band(ax: Axes, line: Line2D, at: FloatArray, values: FloatArray, sigma: FloatArray) -> PolyCollection:
    """One standard deviation to both sides of a line, in its colour; the first has a legend entry."""
    shown = np.isfinite(values) & np.isfinite(sigma)
    middle, half = np.where(shown, values, np.nan), np.where(shown, sigma, np.nan)
    label = f"_{BAND}" if BAND in ax.get_legend_handles_labels()[1] else BAND
    look: dict[str, Any] = {"color": line.get_color(), "alpha": 0.18, "linewidth": 0, "label": label}
    return ax.fill_between(at, middle - half, middle + half, where=shown.tolist(), **look)


def _points(
    ax: Axes, text: str, at: FloatArray, mean: FloatArray, error: FloatArray, given: dict[str, Any]
) -> ErrorbarContainer:
    style = {"zorder": 3, "elinewidth": 0.8} | style_of(ax, text) | given
    style.pop("linewidth", None)
    bars = ax.errorbar(at, mean, yerr=error, **style | {"label": text, "linestyle": "none"})
    bars.lines[0].set_label(f"_{text}")
    return bars


def _merge_entries(ax: Axes) -> None:
    """One legend entry for theory and simulation of the same label: the line's, with the marker of the points."""
    from matplotlib.container import ErrorbarContainer

    lines = {line.get_label(): line for line in ax.lines}
    for bars in ax.containers:
        text = bars.get_label()
        if isinstance(bars, ErrorbarContainer) and text in lines:
            lines[text].set_marker(bars.lines[0].get_marker())
            bars.set_label(f"_{text}")
