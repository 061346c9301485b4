"""Pictures: theory as a line, simulation as points with error bars. Needs the extra ``plot`` (matplotlib)."""

from __future__ import annotations

import io
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from riskcalc.arguments import FloatArray
from riskcalc.compare import Comparison
from riskcalc.curves import SYMBOLS, Curves, pair_of, spoken, values_of
from riskcalc.estimators import Ridge
from riskcalc.result import Risk, Trials
from riskcalc.theory import reduce

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.collections import PolyCollection
    from matplotlib.container import ErrorbarContainer
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

STYLE = Path(__file__).with_name("riskcalc.mplstyle")
UNDATED: dict[str, dict[str, Any]] = {".pdf": {"CreationDate": None}, ".png": {}, ".svg": {"Date": None}}
AREAS = {"bias": "#0072B2", "variance": "#E69F00", "noise": "#C8C8C8"}  # dark, middle and light in grey
DECADES = 1.5  # values that span more are drawn on a logarithmic axis
MANY = 6  # more legend entries go below the picture
THRESHOLD = "n = rank"


@dataclass(frozen=True, eq=False)
class Artists:
    """What was drawn: one line (theory) and one set of points (simulation) per curve, the areas, the line n = rank."""

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
    _require_matplotlib()
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
            lines.append(_line(ax, text, cut.at, cut(theory)[k], line))
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
    _require_matplotlib()
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


def figure(*results: Risk | Trials | Comparison, title: str | None = None) -> Figure:
    """A finished picture of the test error, one column wide.

    Parameters
    ----------
    *results : Risk, Trials or Comparison
        Drawn on the same axes: one Comparison, or theory on a fine grid and trials on a coarse one.
    title : str, optional

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

    Examples
    --------
    >>> import riskcalc as rc
    >>> from riskcalc import plot
    >>> risk = rc.predict(rc.GaussianData.isotropic(100, noise=0.25), rc.Ridge(10), [50, 100, 200])
    >>> plot.figure(risk, title="isotropic").axes[0].get_xlabel()
    'number of samples n'
    """
    _require_matplotlib()
    from matplotlib import style
    from matplotlib.figure import Figure

    with style.context(["default", STYLE]):
        picture = Figure(layout="constrained")
        ax = picture.subplots()
        artists = [risk_curve(result, ax=ax) for result in results]
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


def save(figure: Figure, path: str | os.PathLike[str]) -> None:
    """Write a figure to a .pdf, .png or .svg file, wholly or not at all; the same figure gives the same bytes.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
    path : path
        A file that is there is replaced.

    Raises
    ------
    ValueError
        If the name ends in something else.
    OSError
        If the file cannot be written; an old one is then still there.
    ImportError
        Without matplotlib.

    Notes
    -----
    The time is left out, and the identifiers in SVG are not random; other versions of matplotlib give other bytes.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from riskcalc import plot
    >>> plot.save(Figure(), "figure.jpg")
    Traceback (most recent call last):
    ValueError: path must end in .pdf, .png or .svg, got 'figure.jpg'
    """
    _require_matplotlib()
    from matplotlib import style

    path = Path(path)
    suffix = path.suffix.lower()
    if suffix not in UNDATED:
        raise ValueError(f"path must end in .pdf, .png or .svg, got {str(path)!r}")
    drawn = io.BytesIO()
    with style.context(["default", STYLE]):
        figure.savefig(drawn, format=suffix[1:], metadata=UNDATED[suffix])
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        unfinished.write_bytes(drawn.getvalue())
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def _cut_off_peaks(ax: Axes, results: Sequence[Risk | Trials | Comparison]) -> None:
    """Where theory is infinite, end the picture a little above its finite values: a measured peak says nothing."""
    theory = [np.ravel(values) for values, _ in (values_of(result, "test") for result in results) if values is not None]
    predicted = np.concatenate([*theory, np.zeros(0)])
    finite = predicted[np.isfinite(predicted)]
    if finite.size and finite.size < predicted.size:
        bottom, top = ax.get_ylim()
        ax.set_ylim(bottom, min(top, 3 * finite.max()))


def _require_matplotlib() -> None:
    try:
        import matplotlib  # noqa: F401
    except ImportError:
        raise ImportError("drawing needs matplotlib: pip install 'riskcalc[plot]'") from None


def _style(ax: Axes, text: str) -> dict[str, Any]:
    """Colour, line style and marker of a label: the same for theory and simulation, others for another label."""
    from matplotlib import rc_params_from_file

    cycle: list[dict[str, Any]] = list(rc_params_from_file(STYLE, use_default_template=False)["axes.prop_cycle"])
    there = dict.fromkeys(str(line.get_label()).removeprefix("_") for line in ax.lines)
    texts = [label for label in there if not label.startswith(THRESHOLD)]
    return cycle[(texts.index(text) if text in texts else len(texts)) % len(cycle)]


def _line(ax: Axes, text: str, at: FloatArray, values: FloatArray, given: dict[str, Any]) -> Line2D:
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
