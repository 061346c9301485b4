"""One target learned by several methods, above the floor of the lazy ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from riskcalc.arguments import whole
from riskcalc.compare import Comparison
from riskcalc.curves import pair_of
from riskcalc.data import HypercubeData, SphereData
from riskcalc.plot.artists import Artists
from riskcalc.plot.curve import risk_curve
from riskcalc.plot.style import require_matplotlib
from riskcalc.result import Risk, Trials

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def lazy_or_trained(results: Mapping[str, Risk | Trials | Comparison], *, ax: Axes, degree: int = 1) -> Artists:
    r"""Draw the test error of several methods on the same data, and the floor that lazy ones do not pass.

    .. math:: \tau^2 + \|P_{>\ell}f_*\|^2

    Parameters
    ----------
    results : mapping of str to Risk, Trials or Comparison
        By label; all of the same SphereData or HypercubeData, each of at least two n_samples.
    ax : matplotlib.axes.Axes
    degree : int, >= 0
        ℓ: what lazy methods have not learned from at most :math:`d^{\ell+1-\delta}` samples is the energy above it.

    Returns
    -------
    Artists
        ``.lines`` (theory by label, the floor last) and ``.points``.

    Raises
    ------
    ValueError
        If there is nothing to draw, or the results are of different data.
    TypeError
        If the data are neither on a sphere nor on a hypercube.
    ImportError
        Without matplotlib.

    Notes
    -----
    The floor is that of d → ∞ with the energies of the finite d: before n is of the order :math:`d^{\ell+1}` the error
    of a method with a rotation-invariant kernel comes down to it, and stays. Label noise enters as one number.

    References
    ----------
    .. [1] ghorbani2021 (place not checked)

    Examples
    --------
    >>> import riskcalc as rc
    >>> from matplotlib.figure import Figure
    >>> from riskcalc import plot
    >>> erf, n = rc.activations.Erf(), [25, 100, 400, 1600]
    >>> data = rc.SphereData(50, rc.targets.SingleIndex(rc.activations.Erf(1.5)))
    >>> lazy = rc.predict(data, rc.KernelRidge(rc.kernels.NeuralTangent(erf, layers="both"), ridge=1e-3), n)
    >>> trained = rc.predict(data, rc.TwoLayerNetwork(4, erf, learning_rate=1), n)
    >>> artists = plot.lazy_or_trained({"kernel": lazy, "trained": trained}, ax=Figure().subplots())
    >>> [line.get_label() for line in artists.lines]
    ['kernel', 'trained', 'energy above degree 1']
    """
    require_matplotlib()
    if not results:
        raise ValueError("results must have an entry to be drawn, got none")
    height = _floor([pair_of(result).data for result in results.values()], whole("degree", degree))
    drawn = [risk_curve(result, ax=ax, label=label) for label, result in results.items()]
    floor = ax.axhline(height, color="0.5", linestyle="-", linewidth=0.6, zorder=1.5)
    floor.set_label(f"energy above degree {degree}" if degree else "energy of what is not constant")
    lines = [line for artists in drawn for line in artists.lines]
    return Artists((*lines, floor), tuple(bars for artists in drawn for bars in artists.points))


def _floor(data: list[Any], degree: int) -> float:
    """Noise and energy above the degree."""
    first = data[0]
    if not isinstance(first, (SphereData, HypercubeData)):
        raise TypeError(f"results must be of SphereData or HypercubeData, whose targets have degrees, got {first!r}")
    if any(other != first for other in data):
        raise ValueError(f"results must be of the same data, got {' and '.join(dict.fromkeys(map(repr, data)))}")
    noise = np.unique(np.asarray(first.noise))
    if noise.size != 1:
        raise ValueError(f"noise must be one number for one floor, got {noise}")
    return float(noise[0]) + first.target.energies(first.n_inputs, degree, first.domain).rest
