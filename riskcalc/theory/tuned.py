"""What tuning finds."""

from __future__ import annotations

from dataclasses import dataclass

from riskcalc.arguments import FloatArray
from riskcalc.result import Risk


@dataclass(frozen=True, eq=False, repr=False)
class Tuned:
    """The best ridge and its risk.

    Parameters
    ----------
    ridge : ndarray
        Optimal λ of the sum objective; 0 where the minimum-norm interpolator is best, inf where predicting zero is.
    risk : Risk
        The risk there.

    References
    ----------
    .. [1] derived

    Examples
    --------
    >>> import riskcalc as rc
    >>> rc.tune(rc.GaussianData.isotropic(200, noise=0.25), rc.Ridge(0), n_samples=400)
    Tuned(ridge=50, test=0.425391)
    """

    ridge: FloatArray
    risk: Risk

    def __repr__(self) -> str:
        if self.ridge.ndim:
            return f"Tuned(shape={self.ridge.shape})"
        return f"Tuned(ridge={float(self.ridge):.6g}, test={float(self.risk.test):.6g})"
