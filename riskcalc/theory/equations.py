"""How each pair is predicted. The table of pairs of this room."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy.typing as npt

from riskcalc.data import Dataset, GaussianData, HypercubeData, LatentSpaceData, SphereData
from riskcalc.estimators import (
    Ensemble,
    GradientFlow,
    KernelRidge,
    NeuralTangentRidge,
    RandomFeatureRidge,
    Ridge,
    TwoLayerNetwork,
)
from riskcalc.model import Model, lookup
from riskcalc.result import Risk
from riskcalc.theory.ensemble import ensemble_risk
from riskcalc.theory.finite_size.corrected import finite_size_risk
from riskcalc.theory.gaussian_kernel import gaussian_kernel_risk
from riskcalc.theory.gradient_flow import gradient_flow_risk
from riskcalc.theory.kernel_ensemble import kernel_ensemble_risk
from riskcalc.theory.kernel_flow import kernel_flow_risk
from riskcalc.theory.kernel_ridge import kernel_ridge_risk
from riskcalc.theory.neural_tangent.pairs import neural_tangent_risk
from riskcalc.theory.random_features.pairs import gaussian_features_risk, kernel_features_risk
from riskcalc.theory.reductions import reduce
from riskcalc.theory.table import table_risk
from riskcalc.theory.two_layer import two_layer_risk


@dataclass(frozen=True)
class Equation:
    """``risk(data, estimator, n_samples, **choices)``, and the names of the choices that the pair offers."""

    risk: Callable[..., Risk]
    choices: tuple[str, ...] = ()


def _ridge(data: GaussianData | LatentSpaceData, estimator: Ridge, n_samples: npt.ArrayLike, **choices: Any) -> Risk:
    return finite_size_risk(data, reduce(data, estimator), estimator.ridge, n_samples, **choices)


def _flow(data: Model, estimator: GradientFlow, n_samples: npt.ArrayLike) -> Risk:
    return gradient_flow_risk(reduce(data, estimator), n_samples, estimator.time)


def _ensemble(data: Model, estimator: Ensemble, n_samples: npt.ArrayLike, **choices: str) -> Risk:
    equation = lookup(MEMBERS, "theory of an ensemble", data, estimator.estimator)
    return equation(data, estimator, n_samples, **choices)


def _linear_ensemble(data: Model, estimator: Ensemble, n_samples: npt.ArrayLike) -> Risk:
    member: Any = estimator.estimator
    return ensemble_risk(reduce(data, estimator), n_samples, member.ridge, estimator.size, estimator.subsample)


def _features_ensemble(data: Any, estimator: Ensemble, n_samples: npt.ArrayLike, **choices: str) -> Risk:
    member: Any = estimator.estimator
    return kernel_features_risk(data, member, n_samples, size=estimator.size, **choices)  # type: ignore[arg-type]


def _gaussian_features_ensemble(data: GaussianData, estimator: Ensemble, n_samples: npt.ArrayLike) -> Risk:
    member: Any = estimator.estimator
    return gaussian_features_risk(data, member, n_samples, size=estimator.size)


MEMBERS: dict[tuple[type[Model], type[Model]], Callable[..., Risk]] = {
    (GaussianData, Ridge): _linear_ensemble,
    (LatentSpaceData, Ridge): _linear_ensemble,
    (SphereData, KernelRidge): kernel_ensemble_risk,
    (HypercubeData, KernelRidge): kernel_ensemble_risk,
    (SphereData, RandomFeatureRidge): _features_ensemble,
    (HypercubeData, RandomFeatureRidge): _features_ensemble,
    (GaussianData, RandomFeatureRidge): _gaussian_features_ensemble,
}  # by data and member of an ensemble
EQUATIONS: dict[tuple[type[Model], type[Model]], Equation] = {
    (GaussianData, Ridge): Equation(_ridge, choices=("correction", "certify")),
    (Dataset, Ridge): Equation(table_risk, choices=("route",)),
    (Dataset, KernelRidge): Equation(table_risk, choices=("route",)),
    (LatentSpaceData, Ridge): Equation(_ridge, choices=("correction", "certify")),
    (SphereData, KernelRidge): Equation(kernel_ridge_risk, choices=("tail",)),
    (HypercubeData, KernelRidge): Equation(kernel_ridge_risk, choices=("tail",)),
    (GaussianData, Ensemble): Equation(_ensemble),
    (LatentSpaceData, Ensemble): Equation(_ensemble),
    (SphereData, Ensemble): Equation(_ensemble, choices=("tail",)),
    (HypercubeData, Ensemble): Equation(_ensemble, choices=("tail",)),
    (GaussianData, GradientFlow): Equation(_flow),
    (LatentSpaceData, GradientFlow): Equation(_flow),
    (SphereData, GradientFlow): Equation(kernel_flow_risk, choices=("tail",)),
    (HypercubeData, GradientFlow): Equation(kernel_flow_risk, choices=("tail",)),
    (GaussianData, KernelRidge): Equation(gaussian_kernel_risk),
    (SphereData, RandomFeatureRidge): Equation(kernel_features_risk, choices=("tail",)),
    (HypercubeData, RandomFeatureRidge): Equation(kernel_features_risk, choices=("tail",)),
    (GaussianData, RandomFeatureRidge): Equation(gaussian_features_risk),
    (SphereData, NeuralTangentRidge): Equation(neural_tangent_risk, choices=("route", "tail")),
    (HypercubeData, NeuralTangentRidge): Equation(neural_tangent_risk, choices=("route", "tail")),
    (GaussianData, NeuralTangentRidge): Equation(neural_tangent_risk, choices=("route",)),
    (SphereData, TwoLayerNetwork): Equation(two_layer_risk),
    (GaussianData, TwoLayerNetwork): Equation(two_layer_risk),
}
