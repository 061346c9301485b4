"""Pictures: theory as a line, simulation as points with error bars. Needs the extra ``plot`` (matplotlib)."""

from __future__ import annotations

import io
import math
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from riskcalc.arguments import FloatArray
from riskcalc.compare import Comparison
from riskcalc.estimators import Ridge
from riskcalc.result import Measurement, Risk, Trials
from riskcalc.tables import Coordinates
from riskcalc.theory import reduce

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.collections import FillBetweenPolyCollection
    from matplotlib.container import ErrorbarContainer
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

STYLE = Path(__file__).with_name("riskcalc.mplstyle")
METADATA: dict[str, dict[str, Any]] = {".pdf": {"CreationDate": None}, ".png": {}, ".svg": {"Date": None}}
AREAS = {"bias": "#0072B2", "variance": "#E69F00", "noise": "#C8C8C8"}  # dark, middle and light in grey
DECADES = 1.5  # values that span more are drawn on a logarithmic axis
NAMES = {  # symbol, name
    "n_samples": ("n", "number of samples"),
    "ridge": ("λ", "ridge"),
    "noise": ("τ²", "noise variance"),
    "test": ("", "test error"),
    "train": ("", "training error"),
    "effective_ridge": ("κ", "effective ridge"),
    "df1": ("df₁", "degrees of freedom"),
    "df2": ("df₂", "degrees of freedom"),
}


@dataclass(frozen=True, eq=False)
class Curves:
    """The artists of ``risk_curve``, one entry per curve.

    Parameters
    ----------
    lines : tuple of Line2D
        Theory; empty if there is none.
    points : tuple of ErrorbarContainer
        Simulation; empty if there is none.
    threshold : Line2D or None
        The vertical line at n = rank.
    """

    lines: tuple[Line2D, ...]
    points: tuple[ErrorbarContainer, ...]
    threshold: Line2D | None


@dataclass(frozen=True, eq=False)
class Stack:
    """The artists of ``decomposition``.

    Parameters
    ----------
    bias, variance, noise : FillBetweenPolyCollection
        The areas, from the bottom up.
    threshold : Line2D or None
        The vertical line at n = rank.
    """

    bias: FillBetweenPolyCollection
    variance: FillBetweenPolyCollection
    noise: FillBetweenPolyCollection
    threshold: Line2D | None


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
) -> Curves:
    r"""Draw a field against a coordinate: theory as a line, simulation as points, a Comparison as both.

    .. math:: \text{error bar} = \bar v \pm \mathrm{s.e.}, \qquad
              \mathrm{s.e.} = \sqrt{\frac{1}{T(T-1)}\sum_t (v_t-\bar v)^2}

    Parameters
    ----------
    result : Risk, Trials or Comparison
        At least two points along ``x``. A grid gives one curve per value of the other coordinates.
    ax : matplotlib.axes.Axes
        Drawn upon; figure, style, legend and saving are the caller's.
    field : str
        What to draw, e.g. "test", "train", "bias".
    x : str, optional
        Coordinate of the horizontal axis; left out, the one that varies along the first axis.
    label : str, optional
        Legend entry; goes before the value of the other coordinates ("λ = 0.1") if there are several curves.
    xscale, yscale : str, optional
        A matplotlib scale. Left out, "log" where the values span more than 1.5 decades ("symlog" for an x that starts
        at 0, nothing for a y that does).
    **line
        Properties of the lines; color, alpha, marker etc. go to the points too.

    Returns
    -------
    Curves
        The artists.

    Raises
    ------
    ValueError
        A result that is a single point, a field or a coordinate that it does not have, or an x that varies along
        several axes.
    ImportError
        If matplotlib is missing.

    Notes
    -----
    Error bars are one standard error of the mean over trials. Infinite values leave a gap in the line. A thin vertical
    line marks the interpolation threshold n = rank of Ridge where it is inside the range. Curves of the same label
    share colour and legend entry, also from two calls: a fine grid of theory and a coarse one of trials.

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
    >>> curves = plot.risk_curve(risk, ax=Figure().subplots())
    >>> [line.get_label() for line in curves.lines], curves.threshold.get_label()
    (['λ = 0.1', 'λ = 10'], 'n = rank = 100')
    """
    _require_matplotlib()
    from matplotlib.cbook import normalize_kwargs
    from matplotlib.lines import Line2D

    line = normalize_kwargs(line, Line2D)
    theory, trials = _values(result, field)
    drawn = [array for array in (theory, None if trials is None else trials.mean) if array is not None]
    cut = _Cut.along(x, _pair(result).coordinates, drawn[0].shape)
    lines, points = [], []
    for k, others in enumerate(cut.labels):
        text = ", ".join(filter(None, (label, others))) or _name(field)
        if theory is not None:
            lines.append(_line(ax, text, cut.at, cut(theory)[k], line))
        if trials is not None:
            points.append(_points(ax, text, cut.at, cut(trials.mean)[k], cut(trials.standard_error)[k], line))
    _merge(ax)
    _finish(ax, cut, field, xscale, yscale, np.array(drawn))
    return Curves(tuple(lines), tuple(points), _threshold(ax, result, cut))


def decomposition(risk: Risk, *, ax: Axes, x: str | None = None) -> Stack:
    r"""Draw bias, variance and noise as areas on top of each other; the upper edge is the test error.

    .. math:: \mathrm{test} = \mathrm{bias} + \mathrm{variance} + \mathrm{noise}

    Parameters
    ----------
    risk : Risk
        One curve: at least two points along ``x``, and no other coordinate varies.
    ax : matplotlib.axes.Axes
        Drawn upon; figure, style, legend and saving are the caller's.
    x : str, optional
        Coordinate of the horizontal axis; left out, the one that varies along the first axis.

    Returns
    -------
    Stack
        The artists.

    Raises
    ------
    ValueError
        A single point, several curves, or a risk whose bias and variance cannot be told apart.
    ImportError
        If matplotlib is missing.

    Notes
    -----
    Infinite values leave a gap. The vertical axis is linear, since areas add up only there.

    References
    ----------
    .. [1] derived

    Examples
    --------
    >>> import numpy as np
    >>> import riskcalc as rc
    >>> from matplotlib.figure import Figure
    >>> from riskcalc import plot
    >>> risk = rc.predict(rc.GaussianData.isotropic(100, noise=0.25), rc.Ridge(10), np.arange(20, 201, 20))
    >>> plot.decomposition(risk, ax=Figure().subplots()).variance.get_label()
    'variance'
    """
    _require_matplotlib()
    if not isinstance(risk, Risk) or risk.bias is None or risk.variance is None or risk.noise is None:
        raise ValueError(f"risk must be a Risk with bias, variance and noise to be decomposed, got {risk!r}")
    cut = _Cut.along(x, risk.coordinates, np.shape(risk.test))
    if len(cut.labels) > 1:
        raise ValueError(f"risk must be one curve, got {len(cut.labels)} ({', '.join(cut.labels)}); keep one value")
    low, areas = np.zeros(cut.at.size), []
    for name, color in AREAS.items():
        high = low + cut(risk.fields[name])[0]
        finite = np.isfinite(high)
        areas.append(ax.fill_between(cut.at, low, high, where=finite, color=color, linewidth=0, label=name))
        low = high
    _finish(ax, cut, "test", None, "linear", low)
    return Stack(*areas, threshold=_threshold(ax, risk, cut))


def figure(*results: Risk | Trials | Comparison, title: str | None = None) -> Figure:
    """A finished picture of the test error, one column wide.

    Parameters
    ----------
    *results : Risk, Trials or Comparison
        Drawn by ``risk_curve`` on the same axes: one Comparison, or theory on a fine grid and trials on a coarse one.
    title : str, optional

    Returns
    -------
    matplotlib.figure.Figure
        Not known to pyplot; ``.axes[0]`` is there for changes.

    Raises
    ------
    ValueError
        As ``risk_curve`` does.
    ImportError
        If matplotlib is missing.

    Notes
    -----
    The style is riskcalc.mplstyle upon matplotlib's defaults, whatever the user's own settings are; they are not
    changed. It is safe for the colour-blind, and lines and markers vary so that it can be read in grey.

    Examples
    --------
    >>> import riskcalc as rc
    >>> from riskcalc import plot
    >>> risk = rc.predict(rc.GaussianData.isotropic(100, noise=0.25), rc.Ridge(10), [50, 100, 200])
    >>> plot.figure(risk, title="isotropic").axes[0].get_ylabel()
    'test error'
    """
    _require_matplotlib()
    from matplotlib import style
    from matplotlib.figure import Figure

    with style.context(["default", STYLE]):
        picture = Figure(layout="constrained")
        ax = picture.subplots()
        curves = [risk_curve(result, ax=ax) for result in results]
        both = any(c.lines for c in curves) and any(c.points for c in curves)
        legend = ax.legend(title="lines: theory, points: simulation ± s.e." if both else None)
        if title:
            ax.set_title(title)
    return picture


def save(figure: Figure, path: str | os.PathLike[str]) -> None:
    """Write a figure to a .pdf, .png or .svg file: wholly or not at all, and the same bytes for the same figure.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
    path : path
        Replaced if it is there.

    Raises
    ------
    ValueError
        If the name ends in something else.
    OSError
        If the file cannot be written; an old one is then still there.
    ImportError
        If matplotlib is missing.

    Notes
    -----
    The time is left out of the metadata, and the identifiers in an SVG file are not random. Other versions of
    matplotlib give other bytes.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from matplotlib.figure import Figure
    >>> from riskcalc import plot
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "empty.svg"
    >>> plot.save(Figure(), path)
    >>> path.read_text()[:5]
    '<?xml'
    """
    _require_matplotlib()
    from matplotlib import style

    path = Path(path)
    suffix = path.suffix.lower()
    if suffix not in METADATA:
        raise ValueError(f"path must end in {', '.join(METADATA)}, got {str(path)!r}")
    drawn = io.BytesIO()
    with style.context(["default", STYLE]):
        figure.savefig(drawn, format=suffix[1:], metadata=METADATA[suffix])
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        unfinished.write_bytes(drawn.getvalue())
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def _require_matplotlib() -> None:
    try:
        import matplotlib  # noqa: F401
    except ImportError:
        raise ImportError("drawing needs matplotlib: pip install 'riskcalc[plot]'") from None


def _pair(result: Risk | Trials | Comparison) -> Risk | Trials:
    return result.trials if isinstance(result, Comparison) else result


def _values(result: Risk | Trials | Comparison, field: str) -> tuple[FloatArray | None, Measurement | None]:
    """What theory and simulation say of a field."""
    theory = result.predicted if isinstance(result, Comparison) else result.fields if isinstance(result, Risk) else {}
    measured = {} if isinstance(result, Risk) else _pair(result).measurements
    if field not in theory and field not in measured:
        raise ValueError(f"field must be one of {', '.join(theory or measured)}, got {field!r}")
    return theory.get(field), measured.get(field)


@dataclass(frozen=True, eq=False)
class _Cut:
    """How an array over a grid is cut into curves along one axis, in ascending order of the coordinate x."""

    x: str
    axis: int
    shape: tuple[int, ...]
    order: npt.NDArray[np.intp]
    at: FloatArray
    labels: tuple[str, ...] = ()

    @classmethod
    def along(cls, x: str | None, coordinates: Coordinates, shape: tuple[int, ...]) -> _Cut:
        wide = {name: np.broadcast_to(value, shape) for name, value in coordinates.items()}
        axes = {name: _axes(value) for name, value in wide.items()}
        able = sorted((name for name in wide if len(axes[name]) == 1), key=lambda name: axes[name])
        if not able:
            raise ValueError(
                f"result must have two points or more to be drawn, got shape {shape}; give n_samples a list"
            )
        x = able[0] if x is None else x
        if x not in able:
            raise ValueError(f"x must be a coordinate that varies along one axis ({', '.join(able)}), got {x!r}")
        (axis,) = axes[x]
        at = np.moveaxis(wide[x], axis, -1).reshape(-1, shape[axis])[0]
        cut = cls(x, axis, shape, np.argsort(at, kind="stable"), np.sort(at))
        others = {name: cut(value) for name, value in wide.items() if set(axes[name]) - {axis}}
        labels = [", ".join(_equation(name, values[k]) for name, values in others.items()) for k in range(len(cut(at)))]
        return replace(cut, labels=tuple(labels))

    def __call__(self, values: FloatArray) -> FloatArray:
        """Values of shape (curves, points)."""
        wide = np.moveaxis(np.broadcast_to(values, self.shape), self.axis, -1)
        return wide.reshape(-1, self.at.size)[:, self.order]


def _axes(value: FloatArray) -> list[int]:
    """The axes along which an array varies."""
    return [axis for axis in range(value.ndim) if value.size and (value != value.take([0], axis)).any()]


def _equation(name: str, values: FloatArray) -> str:
    low, high = values.min(), values.max()
    return f"{NAMES.get(name, ('',))[0] or _name(name)} = {low:g}" + (f" … {high:g}" if high > low else "")


def _name(name: str) -> str:
    return NAMES[name][1] if name in NAMES else name.replace("_", " ")


def _style(ax: Axes, text: str) -> dict[str, Any]:
    """Colour, line style and marker: those of the curve that has this label already, else the next ones."""
    from matplotlib import rc_params_from_file

    cycle = list(rc_params_from_file(STYLE, use_default_template=False)["axes.prop_cycle"])
    lines, bars = _drawn(ax)
    colors = {k: bar.lines[0].get_color() for k, bar in bars.items()} | {k: ln.get_color() for k, ln in lines.items()}
    if text not in colors:
        return cycle[len(colors) % len(cycle)]
    color = colors[text]
    return next((style for style in cycle if style["color"] == color), cycle[0]) | {"color": color}


def _drawn(ax: Axes) -> tuple[dict[str, Line2D], dict[str, ErrorbarContainer]]:
    """The curves that ``risk_curve`` drew, by their labels in the legend."""
    from matplotlib.container import ErrorbarContainer

    lines = {str(line.get_label()): line for line in ax.lines if line.get_markevery() == []}
    bars = {str(bar.get_label()): bar for bar in ax.containers if isinstance(bar, ErrorbarContainer)}
    return lines, {text: bar for text, bar in bars.items() if not text.startswith("_")}


def _line(ax: Axes, text: str, at: FloatArray, values: FloatArray, given: dict[str, Any]) -> Line2D:
    style = _style(ax, text) | {name: value for name, value in given.items() if not name.startswith("marker")}
    style |= {"label": text, "marker": "", "markevery": []}  # a marker, set by _merge, is shown in the legend only
    (line,) = ax.plot(at, np.where(np.isfinite(values), values, np.nan), **style)
    return line


def _points(
    ax: Axes, text: str, at: FloatArray, mean: FloatArray, error: FloatArray, given: dict[str, Any]
) -> ErrorbarContainer:
    style = _style(ax, text) | given | {"label": text, "linestyle": "none"}
    style.pop("linewidth", None)
    return ax.errorbar(at, mean, yerr=error, **({"zorder": 3, "elinewidth": 0.8} | style))


def _merge(ax: Axes) -> None:
    """One legend entry, line and marker, for theory and simulation of the same label."""
    lines, bars = _drawn(ax)
    for text in lines.keys() & bars.keys():
        lines[text].set_marker(bars[text].lines[0].get_marker())
        bars[text].set_label(f"_{text}")


def _finish(ax: Axes, cut: _Cut, field: str, xscale: str | None, yscale: str | None, values: FloatArray) -> None:
    """Scales and axis labels; what is there already stays."""
    positive = cut.at[cut.at > 0]
    if xscale is not None:
        ax.set_xscale(xscale)
    elif _spans_decades(cut.at) and cut.at[0] >= 0:
        ax.set_xscale("log") if cut.at[0] > 0 else ax.set_xscale("symlog", linthresh=positive[0])
    if yscale is not None:
        ax.set_yscale(yscale)
    elif _spans_decades(values) and values.min() > 0:
        ax.set_yscale("log")
    for axis, name in ((ax.xaxis, cut.x), (ax.yaxis, field)):
        if not axis.get_label_text():
            axis.set_label_text(" ".join(filter(None, (_name(name), NAMES.get(name, ("",))[0]))))


def _spans_decades(values: FloatArray) -> bool:
    positive = values[(values > 0) & np.isfinite(values)]
    return positive.size > 0 and math.log10(positive.max() / positive.min()) > DECADES


def _threshold(ax: Axes, result: Risk | Trials | Comparison, cut: _Cut) -> Line2D | None:
    pair = _pair(result)
    if cut.x != "n_samples" or pair.data is None or not isinstance(pair.estimator, Ridge):
        return None
    rank = reduce(pair.data, pair.estimator).spectrum.rank
    if not cut.at[0] <= rank <= cut.at[-1]:
        return None
    text = f"n = rank = {rank:g}"
    there = [line for line in ax.lines if line.get_label() == text]
    return there[0] if there else ax.axvline(rank, color="0.5", linewidth=0.6, zorder=0, label=text)
