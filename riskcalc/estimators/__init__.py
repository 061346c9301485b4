"""What is fitted: frozen models."""

from riskcalc.estimators.ensemble import Ensemble
from riskcalc.estimators.gradient_flow import GradientFlow
from riskcalc.estimators.kernel_ridge import KernelRidge
from riskcalc.estimators.neural_tangent import NeuralTangentRidge
from riskcalc.estimators.random_features import RandomFeatureRidge
from riskcalc.estimators.ridge import Ridge
from riskcalc.estimators.two_layer import TwoLayerNetwork

__all__ = [
    "Ensemble",
    "GradientFlow",
    "KernelRidge",
    "NeuralTangentRidge",
    "RandomFeatureRidge",
    "Ridge",
    "TwoLayerNetwork",
]
