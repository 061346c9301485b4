"""Which term decides the error of random features, over two exponents of their scaling laws."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from riskcalc.arguments import FloatArray, choice, numbers
from riskcalc.plot.style import edged, require_matplotlib
from riskcalc.theory.limits import RandomFeatureRate, random_feature_rate

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.collections import QuadMesh
    from matplotlib.contour import QuadContourSet
    from matplotlib.text import Text

TERMS = ("variance", "bias\nof the kernel", "bias\nof the width")
WORDS = {"exponent": "decay of the eigenvalues α", "source": "source r"}
WORDS |= {"width_exponent": "width q  (N = n$^q$)", "ridge_exponent": r"ridge ℓ  (λ = n$^{1-\ell}$)"}
SIZE = (0.16, 0.06)  # half the width and height of a name, as shares of the picture


@dataclass(frozen=True, eq=False)
class PhaseArtists:
    """What was drawn.

    Parameters
    ----------
    mesh : QuadMesh
        The rate, -1 times the exponent of the excess error.
    boundaries : tuple of QuadContourSet
        Where the variance, and where the bias of the width, ceases to decide; only if it is in the picture.
    labels : tuple of Text
        Inside the regions.
    regions : ndarray of int, shape (y, x)
        0 where the variance decides, 1 the bias of the kernel, 2 that of the width.

    References
    ----------
    .. [1] derived (a container of what was drawn)

    Examples
    --------
    >>> import numpy as np
    >>> import riskcalc as rc
    >>> from matplotlib.figure import Figure
    >>> q, ell = np.linspace(0.1, 1.4, 27), np.linspace(0, 3, 31)
    >>> rc.plot.phase_diagram(2.0, 0.75, q, ell, ax=Figure().subplots()).regions.shape
    (31, 27)
    """

    mesh: QuadMesh
    boundaries: tuple[QuadContourSet, ...]
    labels: tuple[Text, ...]
    regions: npt.NDArray[np.int_]


def phase_diagram(
    exponent: npt.ArrayLike,
    source: npt.ArrayLike,
    width_exponent: npt.ArrayLike,
    ridge_exponent: npt.ArrayLike,
    *,
    ax: Axes,
    x: str = "width_exponent",
    y: str = "ridge_exponent",
) -> PhaseArtists:
    r"""Draw the rate of random features over two of their exponents, and which term of the error decides it.

    .. math:: \mathrm{excess} \sim n^{-\min\{1-\delta,\ 2\alpha\bar r\delta,\ (q-\delta)+\alpha\min(2r,1)\delta\}}

    Parameters
    ----------
    exponent, source, width_exponent, ridge_exponent : array_like
        α, r, q and ℓ as for ``limits.random_feature_rate``: ascending lists of at least two for the axes, and single
        numbers for the other two.
    ax : matplotlib.axes.Axes
        Drawn upon; a colour bar is ``ax.figure.colorbar(artists.mesh)``.
    x, y : str
        Names of the two parameters that are lists.

    Returns
    -------
    PhaseArtists
        ``.mesh .boundaries .labels .regions``

    Raises
    ------
    ValueError
        If a number is outside its domain, or the lists are not those of x and y.
    ImportError
        Without matplotlib.

    Notes
    -----
    In the order of the formula: the variance (with label noise), the bias of the kernel of infinite width, and the
    price of the width. Where kernel and width tie, because the width alone limits what is learned, it counts as the
    width's. Boundaries are interpolated between the points of the lists. A region too small for its name has none.

    References
    ----------
    .. [1] defilippis2024 (place not checked)

    Examples
    --------
    >>> import numpy as np
    >>> import riskcalc as rc
    >>> from matplotlib.figure import Figure
    >>> from riskcalc import plot
    >>> q, ell = np.linspace(0.02, 1.4, 70), np.linspace(0, 3, 61)
    >>> artists = plot.phase_diagram(2.0, 0.75, q, ell, ax=Figure().subplots())
    >>> sorted(text.get_text() for text in artists.labels)
    ['bias\nof the kernel', 'bias\nof the width', 'variance']
    """
    require_matplotlib()
    given = {"exponent": exponent, "source": source, "width_exponent": width_exponent, "ridge_exponent": ridge_exponent}
    across, up = _axes(given, x, y)
    grid: dict[str, Any] = given | {x: across, y: up[:, None]}
    rate = random_feature_rate(**grid)
    noisy, narrow = rate.variance - rate.bias, _narrowness(rate, **{k: np.asarray(v, float) for k, v in grid.items()})
    regions = np.where(noisy > 0, 0, np.where(narrow >= 0, 2, 1))
    mesh = ax.pcolormesh(across, up, -rate.excess, shading="nearest", cmap="viridis", rasterized=True)
    edges = [_boundary(ax, across, up, margin) for margin in (noisy, np.minimum(narrow, -noisy))]
    labels = [_label(ax, across, up, regions == k, text) for k, text in enumerate(TERMS)]
    ax.set_xlabel(WORDS[x])
    ax.set_ylabel(WORDS[y])
    return PhaseArtists(mesh, tuple(filter(None, edges)), tuple(filter(None, labels)), regions)


def _axes(given: dict[str, npt.ArrayLike], x: str, y: str) -> tuple[FloatArray, FloatArray]:
    """The two lists; the other two parameters are single numbers."""
    for name, value in (("x", x), ("y", y)):
        choice(name, value, tuple(WORDS))
    if x == y:
        raise ValueError(f"x and y must be two parameters, got {x!r} twice")
    lists = {name: np.asarray(value) for name, value in given.items() if np.ndim(value)}
    if lists.keys() != {x, y}:
        raise ValueError(
            f"the lists must be {x} and {y}, and the others numbers; got lists {', '.join(lists) or 'none'}"
        )
    for name, values in lists.items():
        at = numbers(name, values, ndim=1)
        if at.size < 2 or (np.diff(at) <= 0).any():
            raise ValueError(f"{name} must be an ascending list of at least two numbers, got {str(at)[:80]}")
    return lists[x], lists[y]


def _narrowness(
    rate: RandomFeatureRate, exponent: FloatArray, source: FloatArray, width_exponent: FloatArray,
    ridge_exponent: FloatArray,
) -> FloatArray:  # fmt: skip
    """Where the width decides the bias, >= 0: the exponent of its term less that of the kernel, continued beyond δ = q.

    The two terms differ by α(2 max(r̄, 1/2) - 1)δ - (q - δ), which is 0 on a whole region of δ = q if r <= 1/2.
    """
    full = np.minimum(ridge_exponent / exponent, 1)
    more = 2 * np.maximum(np.minimum(source, 1), 0.5) - 1
    return np.asarray(full - width_exponent + exponent * more * rate.delta)


def _boundary(ax: Axes, across: FloatArray, up: FloatArray, margin: FloatArray) -> QuadContourSet | None:
    """The line where a margin is 0, if it changes sign."""
    if not margin.min() < 0 < margin.max():
        return None
    line = ax.contour(across, up, margin, levels=[0.0], colors="w", linewidths=1.2)
    line.set_path_effects(edged())
    return line


def _label(ax: Axes, across: FloatArray, up: FloatArray, inside: npt.NDArray[np.bool_], text: str) -> Text | None:
    """The name of a region where it has most room: across, or else upwards; none where it has not enough."""
    from scipy.ndimage import distance_transform_edt

    for angle, (width, height) in ((0, SIZE), (90, SIZE[::-1])):
        step = 1 / (up.size * height), 1 / (across.size * width)
        room = distance_transform_edt(np.pad(inside, 1), sampling=step)[1:-1, 1:-1]
        if room.max() >= 1:
            places = np.argwhere(room > 0.98 * room.max())
            row, column = places[np.square(places - places.mean(axis=0)).sum(axis=1).argmin()]
            look: dict[str, Any] = {"color": "w", "ha": "center", "va": "center", "fontsize": "small"}
            return ax.text(across[column], up[row], text, rotation=angle, path_effects=edged(), **look)
    return None
