"""The equations: what the risk will be."""

from riskcalc.theory import dynamics, finite_size, lazy, limits, neural_tangent, random_features
from riskcalc.theory.balls import certify
from riskcalc.theory.bias import BiasDecomposition, bias_decomposition
from riskcalc.theory.cross_risk import cross_risk
from riskcalc.theory.effective_ranks import benign_bounds, df2_bounds, effective_ranks
from riskcalc.theory.effective_ridge import effective_ridge, log_effective_ridge
from riskcalc.theory.elliptical import elliptical_risk
from riskcalc.theory.ensemble import ensemble_risk, equivalent_ridge
from riskcalc.theory.exponents import learning_curve_exponents, ridgeless_power_law
from riskcalc.theory.finite_population import finite_population_risk
from riskcalc.theory.gradient_flow import gradient_flow_risk
from riskcalc.theory.learning_curve import LearningCurve, learning_curve
from riskcalc.theory.marchenko_pastur import MarchenkoPastur
from riskcalc.theory.optimal_time import OptimalTime, optimal_time
from riskcalc.theory.outputs import error_matrix
from riskcalc.theory.overfitting import overfitting_type
from riskcalc.theory.predict import predict
from riskcalc.theory.problem import Problem
from riskcalc.theory.random_features import random_feature_risk
from riskcalc.theory.reductions import reduce
from riskcalc.theory.ridge import ridge_risk
from riskcalc.theory.sample_size import sample_size
from riskcalc.theory.shift import shifted_risk
from riskcalc.theory.spectral_edges import ridge_lower_limit
from riskcalc.theory.spectral_law import SpectralLaw
from riskcalc.theory.spike import spike
from riskcalc.theory.table_sample_size import SampleSizes
from riskcalc.theory.tune import tune
from riskcalc.theory.tuned import Tuned

__all__ = [
    "BiasDecomposition",
    "LearningCurve",
    "MarchenkoPastur",
    "OptimalTime",
    "Problem",
    "SampleSizes",
    "SpectralLaw",
    "Tuned",
    "benign_bounds",
    "bias_decomposition",
    "certify",
    "cross_risk",
    "df2_bounds",
    "dynamics",
    "effective_ranks",
    "effective_ridge",
    "elliptical_risk",
    "ensemble_risk",
    "equivalent_ridge",
    "error_matrix",
    "finite_population_risk",
    "finite_size",
    "gradient_flow_risk",
    "lazy",
    "learning_curve",
    "learning_curve_exponents",
    "limits",
    "log_effective_ridge",
    "neural_tangent",
    "optimal_time",
    "overfitting_type",
    "predict",
    "random_feature_risk",
    "random_features",
    "reduce",
    "ridge_lower_limit",
    "ridge_risk",
    "ridgeless_power_law",
    "sample_size",
    "shifted_risk",
    "spike",
    "tune",
]
