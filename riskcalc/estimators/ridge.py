"""Ridge regression."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from riskcalc.arguments import numbers
from riskcalc.model import Model


@dataclass(frozen=True, eq=False, repr=False)
class Ridge(Model):
    r"""Ridge regression with the *sum* objective.

    .. math:: \hat\theta = \arg\min_\theta \|y - X\theta\|^2 + \lambda\|\theta\|^2

    Parameters
    ----------
    ridge : array_like
        λ, any shape; units of the squared features. The same number as ``alpha`` of scikit-learn's
        ``Ridge(alpha=ridge, fit_intercept=False)``. 0 is the minimum-norm interpolator; it may be
        negative down to ``ridge_lower_limit(spectrum, n_samples)``, below which theory and experiment refuse it (a
        Dataset wants >= 0), and inf, which predicts zero.

    Raises
    ------
    ValueError
        If a ridge is nan or -inf.

    References
    ----------
    .. [1] misiakiewicz2024 (lecture 2; place not checked)

    Examples
    --------
    >>> import riskcalc as rc
    >>> rc.Ridge([0, 0.1])
    Ridge(ridge=[0, 0.1])
    """

    ridge: npt.ArrayLike

    def _checked(self) -> dict[str, object]:
        return {"ridge": numbers("ridge", self.ridge, above=-np.inf, finite=False)}
