"""Ensembles: the allowance of one member, which is looked up again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from riskcalc.allowances.features import feature_linear_regime, feature_next_order
from riskcalc.allowances.kernels import kernel_next_order, rows_meet
from riskcalc.allowances.linear import next_order_of_members
from riskcalc.allowances.shared import Allowances
from riskcalc.arguments import FloatArray
from riskcalc.data import GaussianData, HypercubeData, LatentSpaceData, SphereData
from riskcalc.estimators import KernelRidge, RandomFeatureRidge, Ridge
from riskcalc.model import Model, lookup
from riskcalc.result import Risk, Trials


def ensemble_allowance(trials: Trials, risk: Risk, predicted: Mapping[str, FloatArray]) -> Allowances:
    """That of the pair of data and member."""
    member: Any = trials.estimator.estimator  # type: ignore[attr-defined]
    return lookup(MEMBERS, "allowance of an ensemble", trials.data, member)(trials, risk, predicted)


def _kernel_members(trials: Trials, risk: Any, predicted: Mapping[str, FloatArray]) -> Allowances:
    """As of linear members: n is the subsample, but for the rows of the hypercube that meet."""
    coordinates = trials.coordinates
    k = coordinates.get("subsample", coordinates["n_samples"])
    sizes, rule = kernel_next_order(_of_member(trials, n_samples=k), risk, predicted)
    met = rows_meet(trials.data, coordinates["n_samples"])
    return {name: np.where(met, np.inf, size) for name, size in sizes.items()}, f"{rule}; n is the subsample"


def _feature_members(trials: Trials, risk: Any, predicted: Mapping[str, FloatArray]) -> Allowances:
    """The next orders of R_1 and of R_∞, of which the second has no more of it, in the proportion that they have."""
    return feature_next_order(_of_member(trials), risk, predicted)


def _gaussian_feature_members(trials: Trials, risk: Any, predicted: Mapping[str, FloatArray]) -> Allowances:
    return feature_linear_regime(_of_member(trials), risk, predicted)


def _of_member(trials: Trials, **coordinates: FloatArray) -> Trials:
    """The trials as if they were of the member."""
    member: Any = trials.estimator.estimator  # type: ignore[attr-defined]
    return replace(trials, estimator=member, coordinates={**trials.coordinates, **coordinates})


MEMBERS: dict[tuple[type[Model], type[Model]], Callable[[Trials, Risk, Mapping[str, FloatArray]], Allowances]] = {
    (GaussianData, Ridge): next_order_of_members,
    (LatentSpaceData, Ridge): next_order_of_members,
    (SphereData, KernelRidge): _kernel_members,
    (HypercubeData, KernelRidge): _kernel_members,
    (SphereData, RandomFeatureRidge): _feature_members,
    (HypercubeData, RandomFeatureRidge): _feature_members,
    (GaussianData, RandomFeatureRidge): _gaussian_feature_members,
}
