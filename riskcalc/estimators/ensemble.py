"""The average of several fits to one sample: to random parts of it, or with random weights of their own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from riskcalc.arguments import FloatArray, instance, numbers, whole
from riskcalc.estimators.random_features import RandomFeatureRidge
from riskcalc.model import Model


@dataclass(frozen=True, eq=False, repr=False)
class Ensemble(Model):
    r"""Average of fits to one sample, each to a random subset of k of its n points, or with random weights of its own.

    .. math:: \hat f = \frac1M\sum_{a=1}^M \hat f_{I_a,W_a}, \qquad I_a \subset \{1,\dots,n\},\quad |I_a| = k

    Parameters
    ----------
    estimator : estimator
        What is fitted to each subset, with the ridge of a single member; Ridge, KernelRidge or RandomFeatureRidge.
    size : array_like, >= 1
        M, whole numbers, or inf for the average over all subsets or weights; any shape that broadcasts.
    subsample : array_like, >= 0, optional
        k, at most n_samples, in the same units (a ratio where n_samples is one); any shape that broadcasts. Left out,
        every member has the whole sample: members of random features differ by their weights alone, and an ensemble of
        Ridge or KernelRidge is one fit.

    Raises
    ------
    ValueError
        If a size is not a whole number or inf, or a subsample is negative, nan or infinite; for RandomFeatureRidge if
        there is a subsample at all, or its weights are given.
    TypeError
        If ``estimator`` is not a model, or an ensemble itself. Which members can be predicted, ``predict`` says.

    References
    ----------
    .. [1] patil2023 (place not checked)
    .. [2] du2023 (place not checked)
    .. [3] jacot2020 (averages over weights; place not checked)

    Examples
    --------
    >>> import riskcalc as rc
    >>> rc.Ensemble(rc.Ridge([0, 0.1]), size=10, subsample=80)
    Ensemble(estimator=Ridge(ridge=[0, 0.1]), size=10, subsample=80)
    >>> data = rc.SphereData(100, rc.targets.DegreeEnergies({1: 1.0}), noise=0.25)
    >>> member = rc.RandomFeatureRidge(rc.activations.Tanh(), width=200, ridge=0.01)
    >>> print(rc.predict(data, rc.Ensemble(member, size=[1, 2, 4, float("inf")]), n_samples=200).test.round(3))
    [0.693 0.562 0.496 0.43 ]
    """

    estimator: Model
    size: npt.ArrayLike
    subsample: npt.ArrayLike | None = None

    def _checked(self) -> dict[str, object]:
        inner = instance("estimator", self.estimator, Model, "use Ensemble(Ridge(1), size=10, subsample=80)")
        if isinstance(inner, Ensemble):
            raise TypeError("estimator must not be an Ensemble; an ensemble of ensembles is one of all their members")
        k = None if self.subsample is None else numbers("subsample", self.subsample, at_least=0)
        if isinstance(inner, RandomFeatureRidge):
            _refuse_equal_members(inner, k)
        return {"size": _members(self.size), "subsample": k}


def _members(size: npt.ArrayLike) -> float | FloatArray:
    """One whole number or inf as itself, several as an array."""
    if np.ndim(size) == 0:
        one = np.asarray(size).item()
        return one if one == np.inf else whole("size", one, at_least=1, hint="or inf, for all subsets")
    many = numbers("size", size, at_least=1, finite=False, hint="whole numbers, or inf for all subsets")
    if (many != np.floor(many)).any():
        raise ValueError(f"size must be whole numbers or inf, got {many[many != np.floor(many)].flat[0]:g}")
    return many


def _refuse_equal_members(member: RandomFeatureRidge, subsample: FloatArray | None) -> None:
    if subsample is not None:
        raise ValueError(
            "subsample must be left out for RandomFeatureRidge, whose members have the whole sample and weights of "
            f"their own, got {subsample}"
        )
    if not isinstance(member.weights, str):
        raise ValueError(
            'weights must be "sphere" or "gaussian" in an ensemble, whose members draw their own, got an array'
        )
