"""Networks of a lazy experiment against their scale."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from riskcalc.arguments import FloatArray, instance
from riskcalc.lazy_experiment import LazyExperiment
from riskcalc.plot.style import cycle, require_matplotlib

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

LABELS = {
    "displacement": "displacement of the weights",
    "kernel_change": "relative change of the kernel",
    "gap": "gap to the linearised flow",
}
GUIDE_COLOUR = "0.6"


@dataclass(frozen=True, eq=False)
class LazyArtists:
    """What was drawn.

    Parameters
    ----------
    lines : tuple of Line2D
        Displacement, kernel change and gap.
    guides : tuple of Line2D
        Their slopes for large scales, through the last points.
    threshold : Line2D or None
        Where ρ = 1, if it is in the picture.

    References
    ----------
    .. [1] derived (a container of what was drawn)

    Examples
    --------
    >>> import numpy as np
    >>> import riskcalc as rc
    >>> from matplotlib.figure import Figure
    >>> X = np.random.default_rng(0).standard_normal((4, 3))
    >>> found = rc.lazy_experiment(rc.activations.Tanh(), X, X[:, 0], 40, [1, 8], rng=0)
    >>> len(rc.plot.lazy(found, ax=Figure().subplots()).guides)
    3
    """

    lines: tuple[Line2D, ...]
    guides: tuple[Line2D, ...]
    threshold: Line2D | None


def lazy(experiment: LazyExperiment, *, ax: Axes) -> LazyArtists:
    r"""Draw displacement, kernel change and prediction gap against the scale, on logarithmic axes, with slope guides.

    .. math:: \|\Delta\theta\| \propto \alpha^{-1}, \qquad \|\Delta K\|/\|K\|,\ \text{gap} \propto \alpha^{-1}
              \quad\text{(antisymmetric start: } \alpha^{-2})

    Parameters
    ----------
    experiment : LazyExperiment
    ax : matplotlib.axes.Axes

    Returns
    -------
    LazyArtists
        ``.lines .guides .threshold``

    Raises
    ------
    TypeError
        If ``experiment`` is not a LazyExperiment.
    ImportError
        Without matplotlib.

    Notes
    -----
    A quantity of 0 is left out, and so is the guide of one that is 0 at the largest scale. To the right of the vertical
    line, where ρ = 1, training is certain to be lazy.

    References
    ----------
    .. [1] chizat2019 (place not checked)

    Examples
    --------
    >>> import numpy as np
    >>> import riskcalc as rc
    >>> from matplotlib.figure import Figure
    >>> X = np.random.default_rng(0).standard_normal((4, 3))
    >>> found = rc.lazy_experiment(rc.activations.Tanh(), X, X[:, 0], 40, [1, 8], rng=0)
    >>> rc.plot.lazy(found, ax=Figure().subplots()).lines[0].get_label()
    'displacement of the weights'
    """
    require_matplotlib()
    instance("experiment", experiment, LazyExperiment, "lazy_experiment(...) gives one")
    scales, at = np.unique(experiment.scales, return_index=True)
    ax.set_xscale("log")
    ax.set_yscale("log")
    fast = -2 if experiment.antisymmetric else -1
    lines: list[Line2D] = []
    guides: list[Line2D] = []
    paths = [getattr(experiment, name).ravel()[at] for name in LABELS]
    for label, values, style in zip(LABELS.values(), paths, cycle(), strict=False):
        lines += ax.plot(scales, np.where(values > 0, values, np.nan), label=label, zorder=2.5, **style)
    for values, exponent in zip(paths, (-1, fast, fast), strict=True):
        if values[-1] > 0:
            guides.append(_guide(ax, scales, float(values[-1]), exponent))
    ax.set_xlabel("scale α")
    ax.set_ylabel("distance from the linearisation")
    return LazyArtists(tuple(lines), tuple(guides), _threshold(ax, experiment, scales))


def _guide(ax: Axes, scales: FloatArray, last: float, exponent: int) -> Line2D:
    """A straight line of the slope through the last point; one entry of the legend per slope."""
    label = f"slope −{-exponent}"
    shown = f"_{label}" if label in ax.get_legend_handles_labels()[1] else label
    values = last * (scales / scales[-1]) ** exponent
    return ax.plot(scales, values, color=GUIDE_COLOUR, linestyle="-", marker="", linewidth=0.6, label=shown)[0]


def _threshold(ax: Axes, experiment: LazyExperiment, scales: FloatArray) -> Line2D | None:
    """The scale of ρ = 1, which is ρα, if it is among the scales."""
    enough = float((experiment.laziness_ratio * experiment.scales).ravel()[0])
    if not scales[0] <= enough <= scales[-1]:
        return None
    return ax.axvline(enough, color=GUIDE_COLOUR, linestyle=":", marker="", label="ρ = 1")
