"""How each pair is predicted. The table of pairs of this room."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy.typing as npt

from riskcalc.data import Dataset, GaussianData, HypercubeData, LatentSpaceData, SphereData
from riskcalc.estimators import Ensemble, GradientFlow, KernelRidge, Ridge
from riskcalc.model import Model
from riskcalc.result import Risk
from riskcalc.theory.ensemble import ensemble_risk
from riskcalc.theory.gaussian_kernel import gaussian_kernel_risk
from riskcalc.theory.gradient_flow import gradient_flow_risk
from riskcalc.theory.kernel_ridge import kernel_ridge_risk
from riskcalc.theory.problem import reduce
from riskcalc.theory.ridge import ridge_risk
from riskcalc.theory.table import table_risk


@dataclass(frozen=True)
class Equation:
    """``risk(data, estimator, n_samples, **choices)``, and the names of the choices that the pair offers."""

    risk: Callable[..., Risk]
    choices: tuple[str, ...] = ()


def _ridge(data: Model, estimator: Ridge, n_samples: npt.ArrayLike) -> Risk:
    return ridge_risk(reduce(data, estimator), n_samples, estimator.ridge)


def _flow(data: Model, estimator: GradientFlow, n_samples: npt.ArrayLike) -> Risk:
    return gradient_flow_risk(reduce(data, estimator), n_samples, estimator.time)


def _ensemble(data: Model, estimator: Ensemble, n_samples: npt.ArrayLike) -> Risk:
    member: Any = estimator.estimator
    return ensemble_risk(reduce(data, estimator), n_samples, member.ridge, estimator.size, estimator.subsample)


EQUATIONS: dict[tuple[type[Model], type[Model]], Equation] = {
    (GaussianData, Ridge): Equation(_ridge),
    (Dataset, Ridge): Equation(table_risk, choices=("route",)),
    (Dataset, KernelRidge): Equation(table_risk, choices=("route",)),
    (LatentSpaceData, Ridge): Equation(_ridge),
    (SphereData, KernelRidge): Equation(kernel_ridge_risk, choices=("tail",)),
    (HypercubeData, KernelRidge): Equation(kernel_ridge_risk, choices=("tail",)),
    (GaussianData, Ensemble): Equation(_ensemble),
    (LatentSpaceData, Ensemble): Equation(_ensemble),
    (GaussianData, GradientFlow): Equation(_flow),
    (LatentSpaceData, GradientFlow): Equation(_flow),
    (GaussianData, KernelRidge): Equation(gaussian_kernel_risk),
}
