"""The error of random features by its causes, as areas on top of each other."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from riskcalc.arguments import instance, numbers
from riskcalc.plot.artists import Artists
from riskcalc.plot.curve_axes import scale_x
from riskcalc.plot.style import require_matplotlib
from riskcalc.theory.random_features import Decomposition

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOURS = ("#0072B2", "#56B4E9", "#009E73", "#D55E00", "#F0E442", "#E69F00")  # by cause, the interactions reddish
HINT = "use random_features.decomposition(problem, n_samples, width, ridge)"


def parts(decomposition: Decomposition, x_values: npt.ArrayLike, *, ax: Axes) -> Artists:
    r"""Draw the six parts of the excess error of random features as areas; the upper edge is the excess error.

    .. math:: \mathrm{test}-\tau^2 = B + V_X + V_W + V_{XW} + V_{X\varepsilon} + V_{XW\varepsilon}

    Parameters
    ----------
    decomposition : random_features.Decomposition
        Of one curve, shape (points,).
    x_values : array_like, shape (points,)
        What it was computed for, widths or numbers of samples, at least two.
    ax : matplotlib.axes.Axes

    Returns
    -------
    Artists
        ``.areas`` from the bottom up, labelled by their names; parts that are 0 everywhere are left out.

    Raises
    ------
    TypeError
        If ``decomposition`` is none.
    ValueError
        If it is not one curve, or not of as many points as ``x_values``.
    ImportError
        Without matplotlib.

    Notes
    -----
    Infinite values, at n = N without a ridge, leave a gap. The vertical axis is linear: only there areas add up.

    References
    ----------
    .. [1] adlam2020 (the parts; place not checked)

    Examples
    --------
    >>> import riskcalc as rc
    >>> from matplotlib.figure import Figure
    >>> from riskcalc import plot
    >>> problem = rc.Problem(rc.Spectrum.isotropic(2.0), energies=[1.0], noise=0.25)
    >>> causes = rc.random_features.decomposition(problem, 1.0, width=[0.5, 1.5, 3.0], ridge=0)
    >>> [area.get_label() for area in plot.parts(causes, [0.5, 1.5, 3.0], ax=Figure().subplots()).areas]
    ['bias', 'sampling', 'initialisation', 'interaction', 'sampling noise', 'interaction noise']
    """
    require_matplotlib()
    instance("decomposition", decomposition, Decomposition, HINT)
    at = numbers("x_values", x_values, ndim=1)
    if at.size < 2 or decomposition.bias.shape != at.shape:
        raise ValueError(
            f"x_values must be two or more, one for each of the points of one curve, got shape {at.shape} for a "
            f"decomposition of shape {decomposition.bias.shape}"
        )
    order = np.argsort(at, kind="stable")
    values = {field.name: getattr(decomposition, field.name)[order] for field in fields(decomposition)}
    edges = np.cumsum([np.zeros(at.size), *values.values()], axis=0)
    drawn = [k for k, value in enumerate(values.values()) if (value > 0).any()]
    names, finite = [name.replace("_", " ") for name in values], np.isfinite(edges[-1])
    areas = [
        ax.fill_between(at[order], edges[k], edges[k + 1], finite.tolist(), color=COLOURS[k], lw=0, label=names[k])
        for k in drawn
    ]
    scale_x(ax, at[order])
    ax.set_ylabel(ax.get_ylabel() or "excess error")
    return Artists(areas=tuple(areas))
