"""How each pair is simulated. The table of pairs of this room."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from riskcalc.arguments import FloatArray
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
from riskcalc.simulation.bidiagonal import bidiagonal_flops, bidiagonal_trial
from riskcalc.simulation.ensemble import (
    gaussian_ensemble_trial,
    latent_space_ensemble_trial,
    members,
    scaled_ensemble,
)
from riskcalc.simulation.feature_ensemble import (
    FEATURE_ENSEMBLE_FIELDS,
    feature_ensemble_flops,
    features_ensemble_trial,
    gaussian_features_ensemble_trial,
)
from riskcalc.simulation.gaussian_kernel import gaussian_kernel_trial, scaled_gaussian_kernel
from riskcalc.simulation.gradient_flow import (
    FLOW_FIELDS,
    gaussian_flow_trial,
    latent_space_flow_trial,
    scaled_gaussian_flow,
    scaled_latent_flow,
)
from riskcalc.simulation.kernel_ensemble import kernel_ensemble_flops, kernel_ensemble_trial
from riskcalc.simulation.kernel_flow import KERNEL_FLOW_FIELDS, kernel_flow_trial, scaled_kernel_flow
from riskcalc.simulation.kernel_ridge import KERNEL_FIELDS, kernel_flops, kernel_ridge_trial, scaled_kernel_ridge
from riskcalc.simulation.latent_space import scaled_latent_ridge
from riskcalc.simulation.linear import LINEAR_FIELDS, gaussian_ridge_trial, latent_space_ridge_trial
from riskcalc.simulation.neural_tangent import (
    gaussian_neural_tangent_trial,
    neural_tangent_flops,
    neural_tangent_trial,
    scaled_gaussian_tangent,
    scaled_neural_tangent,
)
from riskcalc.simulation.random_features import (
    FEATURE_FIELDS,
    feature_flops,
    gaussian_random_features_trial,
    random_features_trial,
    scaled_gaussian_features,
    scaled_random_features,
)
from riskcalc.simulation.sizes import scaled_gaussian_ridge, scaled_table_ridge
from riskcalc.simulation.table import TABLE_FIELDS, kernel_table_trial, table_ridge_trial
from riskcalc.simulation.two_layer import (
    TWO_LAYER_FIELDS,
    network_flops,
    scaled_gaussian_network,
    scaled_sphere_network,
    two_layer_trial,
)

if TYPE_CHECKING:
    from riskcalc.simulation.cells import Cell


@dataclass(frozen=True)
class Procedure:
    """How a pair is simulated: the fields that a trial measures, the trial, and the rounding of its sizes.

    ``path`` is the estimator's parameter that one factorisation serves; each value of the others is a cell of its own.
    ``flops`` estimates the work of a trial, to size the tasks of an executor. ``judges_shift``: the trial heeds the
    cell's ``test_data``.
    """

    fields: tuple[str, ...]
    trial: Callable[[Cell, np.random.Generator, FloatArray], FloatArray]
    scaled: Callable[[Any, Any, FloatArray, float], tuple[Model, Model]]
    flops: Callable[[Cell], float]
    path: str = "ridge"
    judges_shift: bool = False


def factorisation_flops(n: float, p: float) -> float:
    """Work of a factorisation of an n × p matrix."""
    return 10 * n * p * min(n, p)


def _gaussian_flops(cell: Cell) -> float:
    return factorisation_flops(cell.n_samples, cell.data.spectrum.n_features)  # type: ignore[attr-defined]


def _columns_flops(cell: Cell) -> float:
    return factorisation_flops(cell.n_samples, cell.data.n_features)  # type: ignore[attr-defined]


def _gaussian_ensemble_flops(cell: Cell) -> float:
    return members(cell.estimator, cell.n_samples)[0] * _gaussian_flops(cell)  # type: ignore[arg-type]


def _columns_ensemble_flops(cell: Cell) -> float:
    return members(cell.estimator, cell.n_samples)[0] * _columns_flops(cell)  # type: ignore[arg-type]


def _rows_flops(cell: Cell) -> float:
    return factorisation_flops(cell.n_samples, cell.n_samples)


def _kernel_flops(cell: Cell) -> float:
    return kernel_flops(cell.n_samples, cell.data.n_inputs)  # type: ignore[attr-defined]


def _gaussian_kernel_flops(cell: Cell) -> float:
    return kernel_flops(cell.n_samples, cell.data.spectrum.n_features)  # type: ignore[attr-defined]


def _feature_flops(cell: Cell) -> float:
    return feature_flops(cell, cell.data.n_inputs)  # type: ignore[attr-defined]


def _gaussian_feature_flops(cell: Cell) -> float:
    return feature_flops(cell, cell.data.spectrum.n_features)  # type: ignore[attr-defined]


def _feature_ensemble_flops(cell: Cell) -> float:
    return feature_ensemble_flops(cell, cell.data.n_inputs)  # type: ignore[attr-defined]


def _gaussian_feature_ensemble_flops(cell: Cell) -> float:
    return feature_ensemble_flops(cell, cell.data.spectrum.n_features)  # type: ignore[attr-defined]


def _tangent_flops(cell: Cell) -> float:
    return neural_tangent_flops(cell, cell.data.n_inputs)  # type: ignore[attr-defined]


def _gaussian_tangent_flops(cell: Cell) -> float:
    return neural_tangent_flops(cell, cell.data.spectrum.n_features)  # type: ignore[attr-defined]


Pair = tuple[type[Model], type[Model]]
MEMBERS: dict[Pair, Procedure] = {
    (GaussianData, Ridge): Procedure(
        LINEAR_FIELDS,
        gaussian_ensemble_trial,
        partial(scaled_ensemble, scaled_gaussian_ridge),
        _gaussian_ensemble_flops,
        path="estimator.ridge",
    ),
    (LatentSpaceData, Ridge): Procedure(
        LINEAR_FIELDS,
        latent_space_ensemble_trial,
        partial(scaled_ensemble, scaled_latent_ridge),
        _columns_ensemble_flops,
        path="estimator.ridge",
    ),
    **dict.fromkeys(
        ((SphereData, KernelRidge), (HypercubeData, KernelRidge)),
        Procedure(
            KERNEL_FIELDS,
            kernel_ensemble_trial,
            partial(scaled_ensemble, scaled_kernel_ridge),
            kernel_ensemble_flops,
            path="estimator.ridge",
        ),
    ),
    **dict.fromkeys(
        ((SphereData, RandomFeatureRidge), (HypercubeData, RandomFeatureRidge)),
        Procedure(
            FEATURE_ENSEMBLE_FIELDS,
            features_ensemble_trial,
            partial(scaled_ensemble, scaled_random_features),
            _feature_ensemble_flops,
            path="estimator.ridge",
        ),
    ),
    (GaussianData, RandomFeatureRidge): Procedure(
        FEATURE_ENSEMBLE_FIELDS,
        gaussian_features_ensemble_trial,
        partial(scaled_ensemble, scaled_gaussian_features),
        _gaussian_feature_ensemble_flops,
        path="estimator.ridge",
    ),
}  # by data and member of an ensemble
PROCEDURES: dict[Pair, Procedure | Mapping[Pair, Procedure]] = {
    (GaussianData, Ridge): Procedure(
        LINEAR_FIELDS, gaussian_ridge_trial, scaled_gaussian_ridge, _gaussian_flops, judges_shift=True
    ),
    (Dataset, KernelRidge): Procedure(TABLE_FIELDS, kernel_table_trial, scaled_table_ridge, _rows_flops),
    (Dataset, Ridge): Procedure(TABLE_FIELDS, table_ridge_trial, scaled_table_ridge, _columns_flops),
    (LatentSpaceData, Ridge): Procedure(LINEAR_FIELDS, latent_space_ridge_trial, scaled_latent_ridge, _columns_flops),
    (SphereData, KernelRidge): Procedure(KERNEL_FIELDS, kernel_ridge_trial, scaled_kernel_ridge, _kernel_flops),
    (HypercubeData, KernelRidge): Procedure(KERNEL_FIELDS, kernel_ridge_trial, scaled_kernel_ridge, _kernel_flops),
    (GaussianData, GradientFlow): Procedure(
        FLOW_FIELDS, gaussian_flow_trial, scaled_gaussian_flow, _gaussian_flops, path="time"
    ),
    (LatentSpaceData, GradientFlow): Procedure(
        FLOW_FIELDS, latent_space_flow_trial, scaled_latent_flow, _columns_flops, path="time"
    ),
    (SphereData, GradientFlow): Procedure(
        KERNEL_FLOW_FIELDS, kernel_flow_trial, scaled_kernel_flow, _kernel_flops, path="time"
    ),
    (HypercubeData, GradientFlow): Procedure(
        KERNEL_FLOW_FIELDS, kernel_flow_trial, scaled_kernel_flow, _kernel_flops, path="time"
    ),
    (GaussianData, KernelRidge): Procedure(
        KERNEL_FIELDS, gaussian_kernel_trial, scaled_gaussian_kernel, _gaussian_kernel_flops
    ),
    (SphereData, RandomFeatureRidge): Procedure(
        FEATURE_FIELDS, random_features_trial, scaled_random_features, _feature_flops
    ),
    (HypercubeData, RandomFeatureRidge): Procedure(
        FEATURE_FIELDS, random_features_trial, scaled_random_features, _feature_flops
    ),
    (GaussianData, RandomFeatureRidge): Procedure(
        FEATURE_FIELDS, gaussian_random_features_trial, scaled_gaussian_features, _gaussian_feature_flops
    ),
    (GaussianData, Ensemble): MEMBERS,
    (LatentSpaceData, Ensemble): MEMBERS,
    (SphereData, Ensemble): MEMBERS,
    (HypercubeData, Ensemble): MEMBERS,
    (SphereData, NeuralTangentRidge): Procedure(
        KERNEL_FIELDS, neural_tangent_trial, scaled_neural_tangent, _tangent_flops
    ),
    (HypercubeData, NeuralTangentRidge): Procedure(
        KERNEL_FIELDS, neural_tangent_trial, scaled_neural_tangent, _tangent_flops
    ),
    (GaussianData, NeuralTangentRidge): Procedure(
        KERNEL_FIELDS, gaussian_neural_tangent_trial, scaled_gaussian_tangent, _gaussian_tangent_flops
    ),
    (SphereData, TwoLayerNetwork): Procedure(
        TWO_LAYER_FIELDS, two_layer_trial, scaled_sphere_network, network_flops, path="learning_rate"
    ),
    (GaussianData, TwoLayerNetwork): Procedure(
        TWO_LAYER_FIELDS, two_layer_trial, scaled_gaussian_network, network_flops, path="learning_rate"
    ),
}


ROUTES = {"bidiagonal": Procedure(LINEAR_FIELDS, bidiagonal_trial, scaled_gaussian_ridge, bidiagonal_flops)}


def procedure(data: Model, estimator: Model, route: str | None = None) -> Procedure:
    """How a pair is simulated, or a named route; a missing pair is a TypeError that lists those there are.

    An ensemble looks its member up again.
    """
    if route is not None:
        return ROUTES[route]
    found = lookup(PROCEDURES, "experiment", data, estimator)
    if isinstance(found, Procedure):
        return found
    return lookup(found, "experiment of an ensemble", data, estimator.estimator)  # type: ignore[attr-defined]
