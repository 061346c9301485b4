"""What is learned of each degree."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from riskcalc.curves import Curves
from riskcalc.plot.artists import Artists
from riskcalc.plot.curve_axes import line_of
from riskcalc.plot.style import require_matplotlib
from riskcalc.result import Risk

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def degrees(risk: Risk, *, ax: Axes, max_degree: int = 5, exponent: bool = False) -> Artists:
    r"""Draw the share of each degree that a kernel has learned, a line per degree.

    .. math:: s_k = \frac{\xi_k}{\xi_k+\kappa}

    Parameters
    ----------
    risk : Risk
        Of KernelRidge on SphereData or HypercubeData, one curve over n_samples of at least two points.
    ax : matplotlib.axes.Axes
    max_degree : int
        The last degree that is drawn; degrees that the kernel does not have are left out.
    exponent : bool
        Draw against log n/log d instead of n: degree k is learned around k.

    Returns
    -------
    Artists
        ``.lines``

    Raises
    ------
    ValueError
        If the risk has no degrees, is not one curve over n_samples, or n_samples is not positive with ``exponent``.
    ImportError
        Without matplotlib.

    References
    ----------
    .. [1] derived

    Examples
    --------
    >>> import numpy as np
    >>> import riskcalc as rc
    >>> from matplotlib.figure import Figure
    >>> from riskcalc import plot
    >>> data = rc.SphereData(20, rc.targets.DegreeEnergies({1: 1.0}))
    >>> risk = rc.predict(data, rc.KernelRidge(rc.kernels.ReluGaussianProcess(1), 0), np.geomspace(5, 2000, 40))
    >>> [line.get_label() for line in plot.degrees(risk, ax=Figure().subplots()).lines]
    ['degree 0', 'degree 1', 'degree 2', 'degree 4']
    """
    require_matplotlib()
    if risk.learned is None:
        raise ValueError("risk must be that of KernelRidge on SphereData or HypercubeData, which have degrees")
    cut = Curves("n_samples", risk.coordinates, risk.test.shape)
    if len(cut.labels) > 1:
        raise ValueError(f"risk must be one curve, got {len(cut.labels)} ({'; '.join(cut.labels)}); choose one")
    shares = risk.learned.reshape(-1, risk.learned.shape[-1])[cut.order]
    at = cut.at
    if exponent:
        if at[0] <= 0:
            raise ValueError(f"n_samples must be > 0 for its logarithm, got {at[0]:g}")
        at = np.log(at) / math.log(risk.data.n_inputs)  # type: ignore[union-attr]
    lines = [
        line_of(ax, f"degree {k}", at, shares[:, k], {})
        for k in range(min(max_degree + 1, shares.shape[1]))
        if shares[:, k].any()
    ]
    if not exponent:
        ax.set_xscale("log")
    ax.set_xlabel("log n / log d" if exponent else "number of samples n")
    ax.set_ylabel("share learned")
    ax.set_ylim(-0.02, 1.02)
    return Artists(tuple(lines))
