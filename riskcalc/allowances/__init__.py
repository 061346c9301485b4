"""Finite-size gaps that a comparison allows: fixed per pair before anything runs.

They follow from the order of the next term, but for κ, n - df1 and train of kernels and df1 of late flows, whose form
was chosen after a simulation had shown that the general one is too small; and train and df1 of late flows with a
kernel, which a simulation showed to be beyond any relative allowance; and neural tangent ridge regression with given
weights on Gaussian data.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from riskcalc.allowances.ensembles import ensemble_allowance
from riskcalc.allowances.features import feature_linear_regime, feature_next_order
from riskcalc.allowances.kernels import kernel_flow_next_order, kernel_next_order, linear_regime
from riskcalc.allowances.linear import flow_next_order, known_next_order
from riskcalc.allowances.networks import finite_dimension, neural_tangent
from riskcalc.allowances.shared import DEGREE, FEW_FOR_TRAIN, MEETING, Allowances
from riskcalc.allowances.tables import table_of_deviations
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
from riskcalc.model import Model
from riskcalc.result import Risk, Trials

__all__ = ["ALLOWANCES", "DEGREE", "FEW_FOR_TRAIN", "MEETING", "Allowances"]

ALLOWANCES: dict[tuple[type[Model], type[Model]], Callable[[Trials, Risk, Mapping[str, FloatArray]], Allowances]] = {
    (GaussianData, Ridge): known_next_order,
    (Dataset, Ridge): table_of_deviations,
    (Dataset, KernelRidge): table_of_deviations,
    (LatentSpaceData, Ridge): known_next_order,
    (SphereData, KernelRidge): kernel_next_order,
    (HypercubeData, KernelRidge): kernel_next_order,
    (GaussianData, GradientFlow): flow_next_order,
    (LatentSpaceData, GradientFlow): flow_next_order,
    (SphereData, GradientFlow): kernel_flow_next_order,
    (HypercubeData, GradientFlow): kernel_flow_next_order,
    (GaussianData, KernelRidge): linear_regime,
    (SphereData, RandomFeatureRidge): feature_next_order,
    (HypercubeData, RandomFeatureRidge): feature_next_order,
    (GaussianData, RandomFeatureRidge): feature_linear_regime,
    (GaussianData, Ensemble): ensemble_allowance,
    (LatentSpaceData, Ensemble): ensemble_allowance,
    (SphereData, Ensemble): ensemble_allowance,
    (HypercubeData, Ensemble): ensemble_allowance,
    (SphereData, NeuralTangentRidge): neural_tangent,
    (HypercubeData, NeuralTangentRidge): neural_tangent,
    (GaussianData, NeuralTangentRidge): neural_tangent,
    (SphereData, TwoLayerNetwork): finite_dimension,
    (GaussianData, TwoLayerNetwork): finite_dimension,
}
