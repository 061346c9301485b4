"""What a function has drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.collections import PolyCollection
    from matplotlib.container import ErrorbarContainer
    from matplotlib.lines import Line2D


@dataclass(frozen=True, eq=False)
class Artists:
    """What was drawn.

    Parameters
    ----------
    lines : tuple of Line2D
        Theory, one per curve.
    points : tuple of ErrorbarContainer
        Simulation, one set per curve.
    areas : tuple of PolyCollection
        Bias, variance and noise, from the bottom up.
    threshold : Line2D or None
        The line n = rank.
    bands : tuple of PolyCollection
        Spread about the theory, one per curve.

    References
    ----------
    .. [1] derived (a container of what was drawn)

    Examples
    --------
    >>> import riskcalc as rc
    >>> from matplotlib.figure import Figure
    >>> risk = rc.predict(rc.GaussianData.isotropic(100), rc.Ridge(1), [50, 200])
    >>> artists = rc.plot.risk_curve(risk, ax=Figure().subplots())
    >>> len(artists.lines), len(artists.points), artists.threshold.get_label()
    (1, 0, 'n = rank = 100')
    """

    lines: tuple[Line2D, ...] = ()
    points: tuple[ErrorbarContainer, ...] = ()
    areas: tuple[PolyCollection, ...] = ()
    threshold: Line2D | None = None
    bands: tuple[PolyCollection, ...] = ()
