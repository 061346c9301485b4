"""How each pair is simulated. The table of pairs of this room."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from riskcalc.arguments import FloatArray
from riskcalc.data import Dataset, GaussianData, HypercubeData, LatentSpaceData, SphereData
from riskcalc.estimators import Ensemble, GradientFlow, KernelRidge, Ridge
from riskcalc.model import Model, lookup
from riskcalc.simulation.ensemble import (
    gaussian_ensemble_trial,
    latent_space_ensemble_trial,
    members,
    scaled_ensemble,
)
from riskcalc.simulation.gaussian_kernel import gaussian_kernel_trial, scaled_gaussian_kernel
from riskcalc.simulation.gradient_flow import (
    FLOW_FIELDS,
    gaussian_flow_trial,
    latent_space_flow_trial,
    scaled_gaussian_flow,
    scaled_latent_flow,
)
from riskcalc.simulation.kernel_ridge import KERNEL_FIELDS, kernel_flops, kernel_ridge_trial, scaled_kernel_ridge
from riskcalc.simulation.latent_space import scaled_latent_ridge
from riskcalc.simulation.linear import LINEAR_FIELDS, gaussian_ridge_trial, latent_space_ridge_trial
from riskcalc.simulation.sizes import scaled_gaussian_ridge, scaled_table_ridge
from riskcalc.simulation.table import TABLE_FIELDS, kernel_table_trial, table_ridge_trial

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


PROCEDURES: dict[tuple[type[Model], type[Model]], Procedure] = {
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
    (GaussianData, KernelRidge): Procedure(
        KERNEL_FIELDS, gaussian_kernel_trial, scaled_gaussian_kernel, _gaussian_kernel_flops
    ),
    (GaussianData, Ensemble): Procedure(
        LINEAR_FIELDS, gaussian_ensemble_trial, scaled_ensemble, _gaussian_ensemble_flops, path="estimator.ridge"
    ),
    (LatentSpaceData, Ensemble): Procedure(
        LINEAR_FIELDS, latent_space_ensemble_trial, scaled_ensemble, _columns_ensemble_flops, path="estimator.ridge"
    ),
}


def procedure(data: Model, estimator: Model) -> Procedure:
    """How a pair is simulated; a missing pair is a TypeError that lists those there are."""
    return lookup(PROCEDURES, "experiment", data, estimator)
