"""Limits of high dimension: the staircase, its steps, the spectrum of kernel matrices, and the linear regime."""

from riskcalc.theory.limits.approximation import neural_tangent_approximation, random_feature_approximation
from riskcalc.theory.limits.critical import critical_ridge_risk
from riskcalc.theory.limits.kernel_matrix import KernelSpectrum, kernel_spectrum
from riskcalc.theory.limits.staircase import staircase
from riskcalc.theory.linear_regime import LinearRegime, linear_regime
from riskcalc.theory.mei_montanari import mei_montanari
from riskcalc.theory.random_feature_limits import polynomial_random_features
from riskcalc.theory.random_feature_rates import RandomFeatureRate, best_random_feature_rate, random_feature_rate

__all__ = [
    "KernelSpectrum",
    "LinearRegime",
    "RandomFeatureRate",
    "best_random_feature_rate",
    "critical_ridge_risk",
    "kernel_spectrum",
    "linear_regime",
    "mei_montanari",
    "neural_tangent_approximation",
    "polynomial_random_features",
    "random_feature_approximation",
    "random_feature_rate",
    "staircase",
]
