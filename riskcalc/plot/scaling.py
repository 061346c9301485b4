"""Scaling laws: curves on logarithmic axes, the slopes that they have, and those that theory promises."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from riskcalc.arguments import FloatArray, instance, numbers
from riskcalc.curves import Curves
from riskcalc.plot.curve_axes import line_of, named
from riskcalc.plot.style import require_matplotlib
from riskcalc.result import Risk

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

LAST = 10**0.5  # the slope is fitted to x from the largest down to this part of it
GUIDE, GUIDE_COLOUR = "closed form", "0.6"
MINUS = str.maketrans("-", "−")


@dataclass(frozen=True, eq=False)
class ScalingArtists:
    """What was drawn.

    Parameters
    ----------
    lines, guides : tuple of Line2D
        The curves, and straight lines of the promised slopes through their last points.
    slopes : ndarray, shape (curves,)
        Fitted slopes.

    References
    ----------
    .. [1] derived (a container of what was drawn)

    Examples
    --------
    >>> import riskcalc as rc
    >>> from matplotlib.figure import Figure
    >>> risk = rc.predict(rc.GaussianData.power_law(1.5, 0.3), rc.Ridge(0), [1e2, 1e3, 1e4, 1e5])
    >>> rc.plot.scaling(risk, ax=Figure().subplots()).slopes.round(2)
    array([-0.9])
    """

    lines: tuple[Line2D, ...]
    guides: tuple[Line2D, ...]
    slopes: FloatArray


def scaling(
    risk: Risk,
    *,
    ax: Axes,
    exponents: npt.ArrayLike | None = None,
    field: str = "excess",
    x: str | None = None,
    labels: list[str] | None = None,
) -> ScalingArtists:
    r"""Draw a field on logarithmic axes, with the slope at its end and that of a closed form.

    .. math:: \hat\gamma = \frac{\sum_i(\log x_i-\overline{\log x})\log v_i}{\sum_i(\log x_i-\overline{\log x})^2},
              \qquad v = v_{last}\,(x/x_{last})^{\gamma}

    Parameters
    ----------
    risk : Risk
        At least two points along ``x``.
    ax : matplotlib.axes.Axes
    exponents : array_like, optional
        γ, powers of x as ``learning_curve_exponents(...)`` and ``limits.random_feature_rate(...)`` have them, of a
        shape that broadcasts to that of the curves. Left out, there are no guides.
    field : str
        A field of the risk, or "excess", the test error less the noise.
    x : str, optional
        Coordinate of the horizontal axis, as for ``risk_curve``.
    labels : list of str, optional
        Names of the curves; left out, the coordinates that tell them apart.

    Returns
    -------
    ScalingArtists
        ``.lines .guides .slopes``

    Raises
    ------
    TypeError
        If ``risk`` is not a Risk.
    ValueError
        For a field or coordinate that the risk does not have, values or an x that have no logarithm, or exponents or
        labels of another number than the curves.
    ImportError
        Without matplotlib.

    Notes
    -----
    The slope is fitted by least squares to the last half decade. Powers of n are reached slowly near a crossover, and
    with a logarithm at r = 1: a gap of a few hundredths between the two slopes is no contradiction.

    References
    ----------
    .. [1] derived

    Examples
    --------
    >>> import numpy as np
    >>> import riskcalc as rc
    >>> from matplotlib.figure import Figure
    >>> from riskcalc import plot
    >>> data, n, ell = rc.GaussianData.power_law(2.0, 0.5, noise=0.1), np.geomspace(1e2, 1e6, 30)[:, None], [0.5, 1.0]
    >>> risk = rc.predict(data, rc.Ridge(n ** (1 - np.array(ell))), n)
    >>> law = rc.learning_curve_exponents(2.0, 0.5, ell).excess
    >>> artists = plot.scaling(risk, ax=Figure().subplots(), exponents=law, labels=["ℓ = 0.5", "ℓ = 1"])
    >>> [line.get_label() for line in artists.lines]
    ['ℓ = 0.5: slope −0.50 (−0.50)', 'ℓ = 1: slope −0.50 (−0.50)']
    """
    require_matplotlib()
    cut, values = _curves(risk, field, x)
    law = None if exponents is None else _exponents(exponents, risk.test.shape, cut)
    if labels is not None and len(labels) != len(values):
        raise ValueError(f"labels must be as many as the curves, {len(values)}, got {len(labels)}")
    slopes, ends = _fitted(cut.at, values), (values.min(), values.max())
    lines = []
    for k, text in enumerate(labels or cut.labels):
        promised = "" if law is None else f" ({law[k]:.2f})"
        words = ": ".join(filter(None, (text, f"slope {slopes[k]:.2f}{promised}".translate(MINUS))))
        lines.append(line_of(ax, words, cut.at, values[k], {"zorder": 2.5}))
    guides = [] if law is None else [_guide(ax, cut.at, v, float(g), ends) for v, g in zip(values, law, strict=True)]
    ax.set_xscale("log")
    ax.set_yscale("log")
    ax.set_xlabel(named(cut.x))
    ax.set_ylabel("excess error" if field == "excess" else named(field))
    return ScalingArtists(tuple(lines), tuple(guides), slopes)


def _curves(risk: Risk, field: str, x: str | None) -> tuple[Curves, FloatArray]:
    """Positive curves over positive x."""
    known = {**instance("risk", risk, Risk, "predict(...) gives one").fields, "excess": risk.excess}
    if field not in known:
        raise ValueError(f"field must be one of {', '.join(known)}, got {field!r}")
    cut = Curves(x, risk.coordinates, risk.test.shape)
    values = cut(known[field])
    if cut.at[0] <= 0 or not np.isfinite(cut.at).all():
        raise ValueError(f"{cut.x} must be > 0 and finite for its logarithm, got {cut.at[0]:g} ... {cut.at[-1]:g}")
    if not ((values > 0) & np.isfinite(values)).all():
        raise ValueError(f"{field} must be > 0 and finite for its logarithm, got {values.min():g} ... {values.max():g}")
    return cut, values


def _exponents(exponents: npt.ArrayLike, shape: tuple[int, ...], cut: Curves) -> FloatArray:
    """One per curve, from an array that broadcasts over the grid."""
    given = numbers("exponents", exponents)
    others = tuple(1 if axis == cut.axis else size for axis, size in enumerate(shape))
    try:
        return np.broadcast_to(given, np.broadcast_shapes(given.shape, others)).reshape(len(cut.labels))
    except ValueError:
        raise ValueError(f"exponents must be one, or {len(cut.labels)} as the curves, got {given.shape}") from None


def _fitted(at: FloatArray, values: FloatArray) -> FloatArray:
    """Least squares in logarithms over the last half decade, of two points at least."""
    last = np.arange(at.size) >= min(np.searchsorted(at, at[-1] / LAST), at.size - 2)
    log_x = np.log(at[last]) - np.log(at[last]).mean()
    return np.asarray(np.log(values[:, last]) @ log_x / (log_x @ log_x))


def _guide(ax: Axes, at: FloatArray, values: FloatArray, exponent: float, ends: tuple[float, float]) -> Line2D:
    """A straight line through the last point, which ends where it leaves the picture."""
    label = f"_{GUIDE}" if GUIDE in ax.get_legend_handles_labels()[1] else GUIDE
    look: dict[str, Any] = {"color": GUIDE_COLOUR, "linestyle": "-", "linewidth": 0.7, "marker": "", "zorder": 1.5}
    straight = values[-1] * (at / at[-1]) ** exponent
    inside = (straight >= ends[0]) & (straight <= ends[1])
    (line,) = ax.plot(at, np.where(inside, straight, np.nan), label=label, **look)
    return line
