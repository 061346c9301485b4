"""The staircase: excess error against log n / log d in growing dimensions, and its limit."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from riskcalc.arguments import FloatArray
from riskcalc.curves import Curves
from riskcalc.data import HypercubeData, SphereData
from riskcalc.estimators import KernelRidge
from riskcalc.kernels import Kernel
from riskcalc.plot.artists import Artists
from riskcalc.plot.curve_axes import line_of
from riskcalc.plot.style import require_matplotlib
from riskcalc.result import Risk
from riskcalc.theory import limits

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LIMIT = "limit d → ∞"


def staircase(risks: Sequence[Risk], *, ax: Axes) -> Artists:
    r"""Draw the excess error against log n / log d, a line per dimension, and behind them the limit of large d.

    .. math:: \mathrm{excess}(n = d^a) \to \sum_{k\ge a} F_k^2

    Parameters
    ----------
    risks : sequence of Risk
        Of one KernelRidge on SphereData or HypercubeData of one target in several dimensions d; each one curve over
        n_samples of at least two points.
    ax : matplotlib.axes.Axes

    Returns
    -------
    Artists
        ``.lines``, the limit last.

    Raises
    ------
    TypeError
        If ``risks`` is not a sequence of such risks.
    ValueError
        If there is none, one is not one curve over n_samples >= 1, or the kernel or the target are not the same.
    ImportError
        Without matplotlib.

    Notes
    -----
    The limit is ``limits.staircase`` with the energies of the target in the largest d; its steps are drawn upright. It
    is slow: step k is at n ≈ d^k/k!, which is left of k by log k!/log d.

    References
    ----------
    .. [1] ghorbani2021 (place not checked)
    .. [2] mei2022 (place not checked)

    Examples
    --------
    >>> import numpy as np
    >>> import riskcalc as rc
    >>> from matplotlib.figure import Figure
    >>> from riskcalc import plot
    >>> target, kernel = rc.targets.DegreeEnergies({1: 0.6, 2: 0.4}), rc.KernelRidge(rc.kernels.Exponential(), 1e-3)
    >>> n = lambda d: d ** np.linspace(0.2, 2.8, 40)
    >>> risks = [rc.predict(rc.SphereData(d, target), kernel, n(d)) for d in (20, 100, 500)]
    >>> [line.get_label() for line in plot.staircase(risks, ax=Figure().subplots()).lines]
    ['d = 20', 'd = 100', 'd = 500', 'limit d → ∞']
    """
    require_matplotlib()
    data, kernel = _common(risks)
    curves = [_curve(risk, one.n_inputs) for risk, one in zip(risks, data, strict=True)]
    lines = [
        line_of(ax, f"d = {one.n_inputs}", *curve, {"zorder": 2.5}) for one, curve in zip(data, curves, strict=True)
    ]
    largest = max(data, key=lambda one: one.n_inputs)
    start, end = min(at[0] for at, _ in curves), max(at[-1] for at, _ in curves)
    at = np.array([start, *range(math.floor(start) + 1, math.ceil(end)), end])
    energies = largest.target.energies(largest.n_inputs, max(0, math.ceil(end) - 1), largest.domain)
    height = limits.staircase(energies.by_degree, (at[1:] + at[:-1]) / 2, kernel) + energies.rest
    behind: dict[str, Any] = {"color": "0.75", "linewidth": 3.0, "zorder": 1.2, "solid_joinstyle": "miter"}
    (limit,) = ax.plot(at, [*height, height[-1]], drawstyle="steps-post", marker="", ls="-", label=LIMIT, **behind)
    ax.set_xlabel("log n / log d")
    ax.set_ylabel("excess error")
    return Artists((*lines, limit))


def _common(risks: Sequence[Risk]) -> tuple[list[SphereData | HypercubeData], Kernel]:
    """The data of each risk, and the kernel that they share."""
    if isinstance(risks, Risk) or not risks:
        raise ValueError("risks must be a sequence of at least one Risk, one per dimension; put a single one in a list")
    data: list[SphereData | HypercubeData] = []
    kernels: list[Kernel] = []
    for risk in risks:
        if not (isinstance(risk.data, (SphereData, HypercubeData)) and isinstance(risk.estimator, KernelRidge)):
            raise TypeError(f"risks must be of KernelRidge on SphereData or HypercubeData, got {repr(risk)[:80]}")
        data.append(risk.data)
        kernels.append(risk.estimator.kernel)
    shared: dict[str, list[Any]] = {
        "kernel": kernels,
        "target": [one.target for one in data],
        "domain": [one.domain for one in data],
    }
    for name, found in shared.items():
        if any(other != found[0] for other in found):
            raise ValueError(f"risks must have one {name}, got {' and '.join(dict.fromkeys(map(repr, found)))}")
    return data, kernels[0]


def _curve(risk: Risk, n_inputs: int) -> tuple[FloatArray, FloatArray]:
    """The logarithm of n to the base d in ascending order, and the excess error there."""
    cut = Curves("n_samples", risk.coordinates, risk.test.shape)
    if len(cut.labels) > 1:
        raise ValueError(f"risks must be one curve each, got {len(cut.labels)} ({'; '.join(cut.labels)}); choose one")
    if not (cut.at[0] >= 1 and np.isfinite(cut.at[-1])):
        raise ValueError(f"n_samples must be >= 1 and finite, got {cut.at[0]:g} ... {cut.at[-1]:g}")
    return np.log(cut.at) / math.log(n_inputs), cut(risk.excess)[0]
