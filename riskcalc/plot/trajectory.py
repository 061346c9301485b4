"""Neurons in training."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from riskcalc.plot.artists import Artists
from riskcalc.plot.style import cycle, require_matplotlib

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WORDS = {"m": "overlap m", "M": "overlap M", "a": "output weight a", "r": "part across r", "loss": "loss"}


def trajectory(path: Any, *, ax: Axes, quantity: str = "m") -> Artists:
    r"""Draw a quantity of every neuron against time, or the loss.

    .. math:: m_j(t) = \langle w_j(t), e\rangle

    Parameters
    ----------
    path : path of ``dynamics``
        What ``MeanField(...).trajectory`` or ``FiniteWidthFlow(...).trajectory`` returns, at a list of times.
    ax : matplotlib.axes.Axes
    quantity : str
        Name of an attribute of the path: "m" or "M", "a", "r", "loss".

    Returns
    -------
    Artists
        ``.lines``, one per neuron.

    Raises
    ------
    ValueError
        If the path has no such quantity, or fewer than two times.
    ImportError
        Without matplotlib.

    Notes
    -----
    Neurons whose output weight starts above 0 have one colour, the others another.

    References
    ----------
    .. [1] derived

    Examples
    --------
    >>> import numpy as np
    >>> import riskcalc as rc
    >>> from matplotlib.figure import Figure
    >>> from riskcalc import plot
    >>> flow = rc.dynamics.MeanField(rc.activations.Erf(2**-0.5), rc.targets.SingleIndex(rc.activations.Tanh()))
    >>> path = flow.trajectory(np.linspace(0, 20, 50), a=[1.0, -1.0], m=[0.1, -0.1], r=[1.0, 1.0])
    >>> len(plot.trajectory(path, ax=Figure().subplots()).lines)
    2
    """
    require_matplotlib()
    known = [name for name in WORDS if hasattr(path, name)]
    if quantity not in known:
        raise ValueError(f"quantity must be one of {', '.join(known)} for {type(path).__name__}, got {quantity!r}")
    times, values = np.asarray(path.times), np.asarray(getattr(path, quantity))
    if times.ndim != 1 or times.size < 2:
        raise ValueError(f"path must have a list of times to be drawn, got shape {times.shape}")
    columns, styles = values.reshape(times.size, -1).T, cycle()
    positive = path.a[0] > 0 if len(columns) == path.a.shape[-1] and quantity != "loss" else [True] * len(columns)
    lines = [
        ax.plot(times, column, color=styles[0 if sign else 1]["color"], linestyle="-", linewidth=0.9, marker="")[0]
        for column, sign in zip(columns, positive, strict=True)
    ]
    ax.set_xlabel("time t")
    ax.set_ylabel(WORDS[quantity])
    return Artists(tuple(lines))
