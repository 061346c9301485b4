"""Fields against a coordinate: theory as lines, simulation as points, bias and variance as areas."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from riskcalc.arguments import FloatArray
from riskcalc.compare import Comparison
from riskcalc.curves import SYMBOLS, Curves, pair_of, spoken, values_of
from riskcalc.estimators import Ridge
from riskcalc.plot.style import cycle, require_matplotlib
from riskcalc.result import Risk, Trials
from riskcalc.theory import reduce

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.collections import PolyCollection
    from matplotlib.container import ErrorbarContainer
    from matplotlib.lines import Line2D

AREAS = {"bias": "#0072B2", "variance": "#E69F00", "noise": "#C8C8C8"}  # dark, middle and light in grey
DECADES = 1.5  # values that span more are drawn on a logarithmic axis
THRESHOLD = "n = rank"


@dataclass(frozen=True, eq=False)
class Artists:
    """What was drawn.

    Parameters
    ----------
    lines : tuple of Line2D
        Theory, one per curve.
    points : tuple of ErrorbarContainer
        Simulation, one set per curve.
    areas : tuple of PolyCollection
        Bias, variance and noise, from the bottom up.
    threshold : Line2D or None
        The line n = rank.

    References
    ----------
    .. [1] derived (a container of what was drawn)

    Examples
    --------
    >>> import riskcalc as rc
    >>> from matplotlib.figure import Figure
    >>> risk = rc.predict(rc.GaussianData.isotropic(100), rc.Ridge(1), [50, 200])
    >>> artists = rc.plot.risk_curve(risk, ax=Figure().subplots())
    >>> len(artists.lines), len(artists.points), artists.threshold.get_label()
    (1, 0, 'n = rank = 100')
    """

    lines: tuple[Line2D, ...] = ()
    points: tuple[ErrorbarContainer, ...] = ()
    areas: tuple[PolyCollection, ...] = ()
    threshold: Line2D | None = None


def risk_curve(
    result: Risk | Trials | Comparison,
    *,
    ax: Axes,
    field: str = "test",
    x: str | None = None,
    label: str | None = None,
    xscale: str | None = None,
    yscale: str | None = None,
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
    **line
        Properties of the lines; color, alpha, marker, ... go to the points too.

    Returns
    -------
    Artists
        ``.lines .points .threshold``

    Raises
    ------
    ValueError
        For a single point, a field or coordinate that the result does not have, or an x that varies along several axes.
    ImportError
        Without matplotlib.

    Notes
    -----
    Error bars are one standard error of the mean over trials. Infinite values leave a gap in the line. A thin vertical
    line marks the interpolation threshold n = rank of Ridge where it is in range. Theory and simulation of the same
    label share colour and legend entry, also in two calls: a fine grid of theory, then a coarse one of trials.

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
    """
    require_matplotlib()
    from matplotlib.cbook import normalize_kwargs
    from matplotlib.lines import Line2D

    line = normalize_kwargs(line, Line2D)
    theory, trials = values_of(result, field)
    drawn = [array for array in (theory, None if trials is None else trials.mean) if array is not None]
    cut = Curves(x, pair_of(result).coordinates, drawn[0].shape)
    lines, points = [], []
    for k, others in enumerate(cut.labels):
        text = ", ".join(filter(None, (label, others))) or spoken(field)
        if theory is not None:
            lines.append(line_of(ax, text, cut.at, cut(theory)[k], line))
        if trials is not None:
            points.append(_points(ax, text, cut.at, cut(trials.mean)[k], cut(trials.standard_error)[k], line))
    _merge_entries(ax)
    _finish(ax, cut, field, xscale, yscale, np.concatenate(drawn, axis=None))
    return Artists(tuple(lines), tuple(points), (), _threshold(ax, result, cut))


def decomposition(risk: Risk, *, ax: Axes, x: str | None = None) -> Artists:
    r"""Draw bias, variance and noise as areas on top of each other; the upper edge is the test error.

    .. math:: \mathrm{test} = \mathrm{bias} + \mathrm{variance} + \mathrm{noise}

    Parameters
    ----------
    risk : Risk
        One curve of at least two points.
    ax, x
        As for ``risk_curve``.

    Returns
    -------
    Artists
        ``.areas .threshold``; the areas from the bottom up.

    Raises
    ------
    ValueError
        For a single point, several curves, or a risk whose bias and variance cannot be told apart.
    ImportError
        Without matplotlib.

    Notes
    -----
    Infinite values leave a gap. The vertical axis is linear: only there areas add up.

    References
    ----------
    .. [1] derived

    Examples
    --------
    >>> import riskcalc as rc
    >>> from matplotlib.figure import Figure
    >>> from riskcalc import plot
    >>> risk = rc.predict(rc.GaussianData.isotropic(100, noise=0.25), rc.Ridge(10), [50, 100, 200])
    >>> [area.get_label() for area in plot.decomposition(risk, ax=Figure().subplots()).areas]
    ['bias', 'variance', 'noise']
    """
    require_matplotlib()
    if not isinstance(risk, Risk) or not AREAS.keys() <= risk.fields.keys():
        raise ValueError(f"risk must be a Risk with bias, variance and noise to be decomposed, got {risk!r}")
    cut = Curves(x, risk.coordinates, risk.test.shape)
    if len(cut.labels) > 1:
        raise ValueError(f"risk must be one curve, got {len(cut.labels)} ({'; '.join(cut.labels)}); choose one")
    edges = np.cumsum([np.zeros(cut.at.size), *(cut(risk.fields[name])[0] for name in AREAS)], axis=0)
    areas = [
        ax.fill_between(cut.at, edges[i], edges[i + 1], np.isfinite(edges[i + 1]).tolist(), color=c, lw=0, label=name)
        for i, (name, c) in enumerate(AREAS.items())
    ]
    _finish(ax, cut, "test", None, "linear", edges[-1])
    return Artists(areas=tuple(areas), threshold=_threshold(ax, risk, cut))


def _style(ax: Axes, text: str) -> dict[str, Any]:
    """Colour, line style and marker of a label: the same for theory and simulation, others for another label."""
    there = dict.fromkeys(str(line.get_label()).removeprefix("_") for line in ax.lines)
    texts = [label for label in there if not label.startswith(THRESHOLD)]
    styles = cycle()
    return styles[(texts.index(text) if text in texts else len(texts)) % len(styles)]


def line_of(ax: Axes, text: str, at: FloatArray, values: FloatArray, given: dict[str, Any]) -> Line2D:
    """A line in the style of its label; infinite values leave a gap."""
    style = _style(ax, text) | {name: value for name, value in given.items() if not name.startswith("marker")}
    finite = np.where(np.isfinite(values), values, np.nan)
    (line,) = ax.plot(at, finite, **style | {"label": text, "marker": "", "markevery": []})
    return line


def _points(
    ax: Axes, text: str, at: FloatArray, mean: FloatArray, error: FloatArray, given: dict[str, Any]
) -> ErrorbarContainer:
    style = {"zorder": 3, "elinewidth": 0.8} | _style(ax, text) | given
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


def _finish(ax: Axes, cut: Curves, field: str, xscale: str | None, yscale: str | None, values: FloatArray) -> None:
    """Scales and axis labels; a label that is there already stays."""
    if xscale is not None:
        ax.set_xscale(xscale)
    elif _spans_decades(cut.at) and cut.at[0] == 0:
        ax.set_xscale("symlog", linthresh=cut.at[cut.at > 0][0])
    elif _spans_decades(cut.at) and cut.at[0] > 0:
        ax.set_xscale("log")
    if yscale is not None or (_spans_decades(values) and values.min() > 0):
        ax.set_yscale(yscale or "log")
    ax.set_xlabel(ax.get_xlabel() or f"{spoken(cut.x)} {SYMBOLS.get(cut.x, '')}".strip())
    ax.set_ylabel(ax.get_ylabel() or f"{spoken(field)} {SYMBOLS.get(field, '')}".strip())


def _spans_decades(values: FloatArray) -> bool:
    positive = values[(values > 0) & np.isfinite(values)]
    return positive.size > 0 and bool(np.log10(positive.max() / positive.min()) > DECADES)


def _threshold(ax: Axes, result: Risk | Trials | Comparison, cut: Curves) -> Line2D | None:
    pair = pair_of(result)
    if cut.x != "n_samples" or pair.data is None or not isinstance(pair.estimator, Ridge):
        return None
    rank = reduce(pair.data, pair.estimator).spectrum.rank
    if not cut.at[0] <= rank <= cut.at[-1]:
        return None
    text = f"{THRESHOLD} = {rank:g}"
    there = [line for line in ax.lines if line.get_label() == text]
    return there[0] if there else ax.axvline(rank, color="0.5", linewidth=0.6, zorder=1.5, label=text)
