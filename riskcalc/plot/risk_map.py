"""A field over two parameters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from riskcalc.arguments import FloatArray
from riskcalc.curves import Curves, spoken
from riskcalc.estimators import RandomFeatureRidge
from riskcalc.plot.curve_axes import named, spans_decades
from riskcalc.plot.style import edged, require_matplotlib
from riskcalc.result import Risk
from riskcalc.theory import reduce

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.collections import QuadMesh
    from matplotlib.lines import Line2D


@dataclass(frozen=True, eq=False)
class MapArtists:
    """What was drawn.

    Parameters
    ----------
    mesh : QuadMesh
        The coloured field.
    best : Line2D
        Through the smallest value at each x.
    threshold : Line2D or None
        The line N = n.

    References
    ----------
    .. [1] derived (a container of what was drawn)

    Examples
    --------
    >>> import riskcalc as rc
    >>> from matplotlib.figure import Figure
    >>> risk = rc.predict(rc.GaussianData.isotropic(100, noise=1), rc.Ridge([1, 100]), [[50], [200]])
    >>> rc.plot.risk_map(risk, ax=Figure().subplots(), x="n_samples", y="ridge").best.get_ydata()
    array([100., 100.])
    """

    mesh: QuadMesh
    best: Line2D
    threshold: Line2D | None = None


def risk_map(risk: Risk, *, ax: Axes, x: str, y: str, field: str = "test") -> MapArtists:
    r"""Draw a field over two parameters in colour, with the best y at each x, and where random features interpolate.

    .. math:: y_{best}(x) = \arg\min_y \mathrm{test}(x, y)

    Parameters
    ----------
    risk : Risk
        On a grid of two axes, of at least two points each.
    ax : matplotlib.axes.Axes
        Drawn upon; a colour bar is ``ax.figure.colorbar(artists.mesh)``.
    x, y : str
        Coordinates, each of which varies along one axis: "n_samples", "width", "psi1", "ridge", "subsample", ...
    field : str
        What to draw.

    Returns
    -------
    MapArtists
        ``.mesh .best .threshold``

    Raises
    ------
    ValueError
        For a field or coordinate that the risk does not have, a grid with other axes than these two, or an infinite
        coordinate.
    ImportError
        Without matplotlib.

    Notes
    -----
    Infinite values are left blank, and so is the best y where all are infinite. An axis is logarithmic where its
    positive values span more than 1.5 decades ("symlog" where it has zero or less too), and so is the colour. Over the
    width and n_samples, or ψ₁ and ψ₂, of random features the interpolation threshold N = n is marked, as far as neither
    exceeds the rank of the kernel.

    References
    ----------
    .. [1] derived

    Examples
    --------
    >>> import numpy as np
    >>> import riskcalc as rc
    >>> from matplotlib.figure import Figure
    >>> from riskcalc import plot
    >>> data = rc.GaussianData.isotropic(100, noise=0.25)
    >>> risk = rc.predict(data, rc.Ridge(np.geomspace(1, 100, 41)), np.array([50.0, 100.0, 200.0])[:, None])
    >>> artists = plot.risk_map(risk, ax=Figure().subplots(), x="n_samples", y="ridge")
    >>> artists.best.get_ydata().round()  # the best ridge is 25 whatever n is
    array([25., 25., 25.])
    >>> relu = {"mu1": 0.5, "mu_star_squared": 0.25 - 0.5 / np.pi, "linear_energy": 1.0, "noise": 0.25}
    >>> psi = np.geomspace(0.1, 10, 21)
    >>> risk = rc.limits.mei_montanari(psi[:, None], psi, 1e-3, **relu)
    >>> artists = plot.risk_map(risk, ax=Figure().subplots(), x="psi2", y="psi1")
    >>> artists.threshold.get_label(), artists.threshold.get_ydata()
    ('N = n', array([ 0.1, 10. ]))
    """
    require_matplotlib()
    from matplotlib.colors import LogNorm

    if field not in risk.fields:
        raise ValueError(f"field must be one of {', '.join(risk.fields)}, got {field!r}")
    across, up = (Curves(name, risk.coordinates, risk.test.shape) for name in (x, y))
    if across.axis == up.axis or across.at.size * up.at.size != risk.test.size:
        raise ValueError(f"risk must be a grid of {x} and {y} alone to be drawn as a map, got shape {risk.test.shape}")
    for name, cut in ((x, across), (y, up)):
        if not np.isfinite(cut.at).all():
            raise ValueError(f"{name} must be finite to be an axis of a map, got inf; leave it out of the grid")
    values = np.where(np.isfinite(risk.fields[field]), risk.fields[field], np.nan)
    table = np.moveaxis(values, (up.axis, across.axis), (-2, -1)).reshape(up.at.size, across.at.size)
    table = table[np.ix_(up.order, across.order)]
    norm = LogNorm() if spans_decades(table) and np.nanmin(table) > 0 else None
    mesh = ax.pcolormesh(across.at, up.at, table, norm=norm, shading="nearest", cmap="viridis", rasterized=True)
    best = np.where(np.isnan(table).all(axis=0), np.nan, up.at[np.where(np.isnan(table), np.inf, table).argmin(axis=0)])
    line = _marked(ax, across.at, best, "-", f"best {spoken(y)}")
    for cut, scale in ((across, ax.set_xscale), (up, ax.set_yscale)):
        if spans_decades(cut.at):
            scale("log") if cut.at[0] > 0 else scale("symlog", linthresh=cut.at[cut.at > 0][0])
    ax.set_xlabel(named(x))
    ax.set_ylabel(named(y))
    return MapArtists(mesh, line, _threshold(ax, risk, across, up))


def _marked(ax: Axes, x: FloatArray, y: FloatArray, dashes: str, label: str) -> Line2D:
    """A line that is seen on every colour."""
    look: dict[str, Any] = {"color": "w", "marker": "", "linewidth": 1.2, "path_effects": edged()}
    return ax.plot(x, y, linestyle=dashes, label=label, scalex=False, scaley=False, **look)[0]


def _threshold(ax: Axes, risk: Risk, across: Curves, up: Curves) -> Line2D | None:
    """The diagonal N = n of random features, up to the rank of their kernel."""
    axes, rank = {across.x, up.x}, np.inf
    if axes == {"width", "n_samples"} and isinstance(risk.estimator, RandomFeatureRidge) and risk.data is not None:
        rank = float(reduce(risk.data, risk.estimator).spectrum.rank)
    elif axes != {"psi1", "psi2"}:
        return None
    start, end = max(across.at[0], up.at[0]), min(across.at[-1], up.at[-1], rank)
    if start >= end:
        return None
    diagonal = np.array([start, end])
    return _marked(ax, diagonal, diagonal, ":", "N = n")
