"""Bias, variance and noise as areas on top of each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from riskcalc.curves import Curves
from riskcalc.plot.artists import Artists
from riskcalc.plot.curve_axes import finish, threshold_line
from riskcalc.plot.style import require_matplotlib
from riskcalc.result import Risk

if TYPE_CHECKING:
    from matplotlib.axes import Axes

AREAS = {"bias": "#0072B2", "variance": "#E69F00", "noise": "#C8C8C8"}  # dark, middle and light in grey


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
    finish(ax, cut, "test", None, "linear", edges[-1])
    return Artists(areas=tuple(areas), threshold=threshold_line(ax, risk, cut))
