"""Random features: risk, decomposition, ensembles, deep features and tuning."""

from riskcalc.theory.activation_moments import Moments, layer_moments, moments
from riskcalc.theory.random_features.conditional import conditional_problem
from riskcalc.theory.random_features.covariates import covariate_problem
from riskcalc.theory.random_features.decomposition import Decomposition, decomposition
from riskcalc.theory.random_features.deep import deep_risk
from riskcalc.theory.random_features.ensemble import ensemble_risk
from riskcalc.theory.random_features.population import population_risk
from riskcalc.theory.random_features.regularisation import Regularisation, effective_ridges
from riskcalc.theory.random_features.risk import random_feature_risk
from riskcalc.theory.random_features.tune import TunedWidth, tune, tune_width

__all__ = [
    "Decomposition",
    "Moments",
    "Regularisation",
    "TunedWidth",
    "conditional_problem",
    "covariate_problem",
    "decomposition",
    "deep_risk",
    "effective_ridges",
    "ensemble_risk",
    "layer_moments",
    "moments",
    "population_risk",
    "random_feature_risk",
    "tune",
    "tune_width",
]
