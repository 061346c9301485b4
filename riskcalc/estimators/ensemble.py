"""The average of several fits on random parts of one sample."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy.typing as npt

from riskcalc.arguments import instance, numbers, whole
from riskcalc.model import Model


@dataclass(frozen=True, eq=False, repr=False)
class Ensemble(Model):
    r"""Average of fits on random subsets of one sample, each of k of its n points without replacement.

    .. math:: \hat f = \frac1M\sum_{a=1}^M \hat f_{I_a}, \qquad I_a \subset \{1,\dots,n\},\quad |I_a| = k

    Parameters
    ----------
    estimator : estimator
        What is fitted to each subset, with the ridge of a single member.
    size : float
        M, a whole number >= 1, or inf for the average over all subsets.
    subsample : array_like, >= 0, optional
        k, at most n_samples, in the same units (a ratio where n_samples is one); any shape that broadcasts. Left out,
        every member has the whole sample, and the ensemble is one fit.

    Raises
    ------
    ValueError
        If size is not a whole number or inf, or a subsample is negative, nan or infinite.
    TypeError
        If ``estimator`` is not a model, or an ensemble itself. Which members can be predicted, ``predict`` says.

    References
    ----------
    .. [1] patil2023 (place not checked)
    .. [2] du2023 (place not checked)

    Examples
    --------
    >>> import riskcalc as rc
    >>> rc.Ensemble(rc.Ridge([0, 0.1]), size=10, subsample=80)
    Ensemble(estimator=Ridge(ridge=[0, 0.1]), size=10, subsample=80)
    """

    estimator: Model
    size: float
    subsample: npt.ArrayLike | None = None

    def _checked(self) -> dict[str, object]:
        inner = instance("estimator", self.estimator, Model, "use Ensemble(Ridge(1), size=10, subsample=80)")
        if isinstance(inner, Ensemble):
            raise TypeError("estimator must not be an Ensemble; an ensemble of ensembles is one of all their members")
        infinite = isinstance(self.size, float) and self.size == math.inf
        size = math.inf if infinite else whole("size", self.size, at_least=1, hint="or inf, for all subsets")
        k = None if self.subsample is None else numbers("subsample", self.subsample, at_least=0)
        return {"size": size, "subsample": k}
