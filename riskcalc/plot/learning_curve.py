"""A table's learning curve: what the table determines as a line, what is extrapolated dashed, what was measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from riskcalc.arguments import FloatArray
from riskcalc.curves import SYMBOLS, Curves
from riskcalc.hindsight import Hindsight
from riskcalc.plot.learning_curve_axes import BEYOND, GREY, label_lines, set_scales
from riskcalc.plot.style import STYLE, cycle, require_matplotlib
from riskcalc.result import Trials
from riskcalc.theory import LearningCurve

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.collections import PolyCollection
    from matplotlib.container import ErrorbarContainer
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D
    from matplotlib.text import Text

DASHES, DOTS = (0, (3.5, 1.8)), (0, (1, 1.5))
PROXIES: tuple[dict[str, Any], ...] = (
    {"linestyle": DASHES, "marker": ""},
    {"linestyle": "-", "marker": "", "linewidth": 5, "alpha": 0.25, "solid_capstyle": "butt"},
    {"linestyle": "none", "marker": "o"},
)
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class LearningCurveArtists:
    """What was drawn.

    Parameters
    ----------
    determined, extrapolated : tuple of Line2D
        The part that the table determines, and its continuation, one per curve; gaps where it is the other's.
    bands : tuple of PolyCollection
        Intervals, one per curve.
    points : tuple of ErrorbarContainer
        What was measured, with standard errors.
    rows : Line2D
        The vertical line at the number of rows m.
    ends : tuple of Line2D
        Vertical lines where a curve ceases to be determined.
    labels : tuple of Text
        Beside the vertical lines.
    figure : matplotlib.figure.Figure

    References
    ----------
    .. [1] derived (a container of what was drawn)

    Examples
    --------
    >>> import numpy as np
    >>> import riskcalc as rc
    >>> X = np.random.default_rng(0).standard_normal((60, 40))
    >>> curve = rc.learning_curve(rc.Dataset(X, X[:, 0]), rc.Ridge([1.0, 10.0]), [[30], [60], [240]])
    >>> artists = rc.plot.learning_curve(curve)
    >>> len(artists.determined), artists.rows.get_xdata()[0]
    (2, 60)
    """

    determined: tuple[Line2D, ...]
    extrapolated: tuple[Line2D, ...]
    bands: tuple[PolyCollection, ...]
    points: tuple[ErrorbarContainer, ...]
    rows: Line2D
    ends: tuple[Line2D, ...]
    labels: tuple[Text, ...]
    figure: Figure


def learning_curve(
    curve: LearningCurve, *, ax: Axes | None = None, measured: Hindsight | Trials | None = None
) -> LearningCurveArtists:
    r"""Draw a learning curve with its interval, the number of rows, and the end of what they determine.

    .. math:: n \mapsto \text{test}(n)\,e^{\pm q s(n)},\qquad n \le n_{\text{identified}}\ \text{solid, beyond dashed}

    Parameters
    ----------
    curve : LearningCurve
        At least two sizes; several ridges are one curve and one colour each.
    ax : matplotlib.axes.Axes, optional
        Drawn upon; figure, style, legend and saving are the caller's. Left out, a finished picture is made.
    measured : Hindsight or Trials, optional
        Errors on rows left out, drawn as points with standard errors in the colour of the same ridge.

    Returns
    -------
    LearningCurveArtists
        ``.determined .extrapolated .bands .points .rows .ends .labels .figure``

    Raises
    ------
    TypeError
        If ``curve`` or ``measured`` is something else.
    ValueError
        For a single size.
    ImportError
        Without matplotlib.

    Notes
    -----
    Both axes are logarithmic, the vertical one linear if an error is 0. A curve ceases to be determined between two of
    its sizes, where :math:`n/n_{\text{identified}}` interpolated in logarithms is 1: exactly at ``n_identified`` for a
    fixed ridge; of the best ridges, which change, it is the last size that is determined. Infinite values leave a gap;
    a band that goes far above the curves is cut.

    References
    ----------
    .. [1] derived

    Examples
    --------
    >>> import numpy as np
    >>> import riskcalc as rc
    >>> X = np.random.default_rng(0).standard_normal((60, 80))
    >>> curve = rc.learning_curve(rc.Dataset(X, X[:, 0]), rc.Ridge(10.0), np.geomspace(20, 600, 10))
    >>> artists = rc.plot.learning_curve(curve)
    >>> [text.get_text() for text in artists.labels]
    ['60 rows', 'determined ≤ ...']
    """
    if not isinstance(curve, LearningCurve):
        raise TypeError(f"curve must be a LearningCurve, as rc.learning_curve returns it, got {repr(curve)[:80]}")
    if not (measured is None or isinstance(measured, (Hindsight, Trials))):
        raise TypeError(f"measured must be a Hindsight or Trials, got {repr(measured)[:80]}")
    require_matplotlib()
    if ax is not None:
        return _drawn(curve, ax, measured)
    from matplotlib import style
    from matplotlib.figure import Figure

    with style.context(["default", STYLE]):
        picture = Figure(layout="constrained")
        ax = picture.subplots()
        artists = _drawn(curve, ax, measured)
        handles, texts = ax.get_legend_handles_labels()
        picture.legend(handles, texts, loc="outside lower center", ncols=3 if len(texts) > 4 else 2, columnspacing=1.3)
    return artists


@dataclass(frozen=True)
class _Part:
    """One curve at ascending sizes, with points where it ceases to be determined or becomes so."""

    at: FloatArray
    test: FloatArray
    lower: FloatArray
    upper: FloatArray
    inside: Mask
    ends: Mask

    @classmethod
    def of(cls, at: FloatArray, fields: Mapping[str, FloatArray], rule: str) -> _Part:
        """An end is where n/n_identified, a power of n between two sizes as all else, is 1; of best ridges, a size."""
        inside = fields["identified"] == 1
        before = np.flatnonzero(inside[1:] != inside[:-1])
        with np.errstate(divide="ignore", invalid="ignore"):
            excess = np.log(at / fields["n_identified"])
            share = excess[before] / (excess[before] - excess[before + 1])
            share = np.where(np.isfinite(share), share, 0.0) if rule != "best" else 1.0 - inside[before]
            n, test, lower, upper = (
                np.insert(values, before + 1, values[before] ** (1 - share) * values[before + 1] ** share)
                for values in (at, fields["test"], fields["lower"], fields["upper"])
            )
        ends = np.insert(np.zeros(at.size, dtype=bool), before + 1, True)
        return cls(n, test, lower, upper, np.insert(inside, before + 1, True), ends)

    def drawn(self, ax: Axes, color: str, top: float) -> tuple[Line2D, Line2D, PolyCollection]:
        """Line, continuation and band; infinite values leave a gap."""
        finite = np.isfinite(self.test)
        shown = (finite & self.inside, finite & (~self.inside | self.ends))
        solid, dashed = (
            ax.plot(self.at, np.where(where, self.test, np.nan), color=color, linestyle=dashes, marker="")[0]
            for where, dashes in zip(shown, ("-", DASHES), strict=True)
        )
        upper = np.minimum(self.upper, top)
        band = ax.fill_between(self.at, self.lower, upper, finite.tolist(), color=color, alpha=0.15, linewidth=0)
        return solid, dashed, band


def _drawn(curve: LearningCurve, ax: Axes, measured: Hindsight | Trials | None) -> LearningCurveArtists:
    """All artists, with scales, names and labels."""
    cut = Curves("n_samples", curve.coordinates, curve.test.shape)
    fields = {name: cut(values) for name, values in curve.fields.items()}
    texts = [_text(label, curve.ridge_rule) for label in cut.labels]
    curves = [{name: values[k] for name, values in fields.items()} for k in range(len(texts))]
    parts = [_Part.of(cut.at, one, curve.ridge_rule) for one in curves]
    colors = [color for color, _ in _looks(len(texts))]
    values = np.concatenate([curve.test.ravel(), [] if measured is None else _mean_and_error(measured)[0].ravel()])
    top = BEYOND * values[np.isfinite(values)].max(initial=0.0)
    drawn = [part.drawn(ax, color, top) for part, color in zip(parts, colors, strict=True)]
    solid, dashed, bands = zip(*drawn, strict=True)
    ends = [
        ax.axvline(n, color=color, linestyle=DOTS, linewidth=0.9, zorder=1.3)
        for part, color in zip(parts, colors, strict=True)
        for n in part.at[part.ends].tolist()
    ]
    points = [] if measured is None else _points(ax, measured, curve.ridge_rule, texts)
    rows = ax.axvline(curve.n_rows, color=GREY, linewidth=0.8, zorder=1.2)
    set_scales(ax, values, top)
    labels = label_lines(ax, curve.n_rows, parts[0].at[parts[0].ends] if len(parts) == 1 else np.zeros(0))
    picture = ax.get_figure(root=True)
    assert picture is not None
    found = LearningCurveArtists(solid, dashed, bands, tuple(points), rows, tuple(ends), labels, picture)
    _name(ax, found, texts, curve.level)
    return found


def _looks(count: int) -> list[tuple[str, str]]:
    """Colour and marker of each curve."""
    styles = cycle()
    return [(styles[k % len(styles)]["color"], styles[k % len(styles)]["marker"]) for k in range(count)]


def _text(label: str, rule: str) -> str:
    return label.replace(SYMBOLS["ridge"], f"{SYMBOLS['ridge']}/n") if rule == "per_row" else label


def _mean_and_error(measured: Hindsight | Trials) -> tuple[FloatArray, FloatArray]:
    if isinstance(measured, Hindsight):
        return measured.measured, measured.standard_error
    return measured.test.mean, measured.test.standard_error


def _points(ax: Axes, measured: Hindsight | Trials, rule: str, texts: list[str]) -> list[ErrorbarContainer]:
    """Means with standard errors, in the look of the curve of the same ridge, or in one of their own."""
    mean, error = _mean_and_error(measured)
    n, ridge = (np.broadcast_to(measured.coordinates.get(name, 0.0), mean.shape) for name in ("n_samples", "ridge"))
    if np.ptp(n) > 0:
        cut = Curves("n_samples", measured.coordinates, mean.shape)
        cells = [(label, cut.at, cut(mean)[k], cut(error)[k]) for k, label in enumerate(cut.labels)]
    else:
        at, value, bar = (a.reshape(-1, 1) for a in (n, mean, error))
        cells = [("", at[k], value[k], bar[k]) for k in range(mean.size)]
    names = [_text(label or f"{SYMBOLS['ridge']} = {ridge.flat[k]:g}", rule) for k, (label, *_) in enumerate(cells)]
    if len(names) == len(texts) == 1:
        names = texts
    known = list(dict.fromkeys([*texts, *names]))
    looks = dict(zip(known, _looks(len(known)), strict=True))
    return [
        ax.errorbar(
            at, value, yerr=bar, linestyle="none", elinewidth=0.8, zorder=3, color=looks[name][0],
            marker=looks[name][1], label=None if name in texts else name,
        )
        for name, (_, at, value, bar) in zip(names, cells, strict=True)
    ]  # fmt: skip


def _name(ax: Axes, found: LearningCurveArtists, texts: list[str], level: float) -> None:
    """Legend entries: of one curve its parts, of several the ridges and then the parts in grey; only what is seen."""
    words = ("extrapolated", f"{level:.0%} interval", "measured ± s.e.")
    seen = (any(np.isfinite(line.get_ydata()).any() for line in found.extrapolated), True, bool(found.points))
    if len(texts) == 1:
        found.determined[0].set_label("determined by the table")
        parts: tuple[Any, ...] = (*found.extrapolated, *found.bands, *found.points)
        for artist, word, there in zip(parts, words, seen, strict=False):
            artist.set_label(word if there else f"_{word}")
        return
    for line, text in zip(found.determined, texts, strict=True):
        line.set_label(text)
    for look, word, there in zip(PROXIES, words, seen, strict=True):
        if there:
            ax.plot([], [], color=GREY, label=word, **look)
    if found.ends:
        ax.plot([], [], color=GREY, linestyle=DOTS, marker="", label="last determined n")
