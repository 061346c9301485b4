"""riskcalc, the asymptotic risk calculator: the test error of linearised networks, predicted and checked."""

from riskcalc import activations, harmonics, kernels, plot, targets
from riskcalc.compare import Comparison, compare, verify
from riskcalc.data import Dataset, GaussianData, HypercubeData, LatentSpaceData, SphereData
from riskcalc.errors import NotConvergedError, StoreError
from riskcalc.estimators import Ensemble, GradientFlow, KernelRidge, NeuralTangentRidge, RandomFeatureRidge, Ridge
from riskcalc.experiment import Experiment
from riskcalc.hindsight import Hindsight, hindsight
from riskcalc.result import Risk, Trials
from riskcalc.simulation import simulate
from riskcalc.spectrum import Spectrum
from riskcalc.statements import cite
from riskcalc.sweep import sweep
from riskcalc.theory import (
    LearningCurve,
    MarchenkoPastur,
    Problem,
    SampleSizes,
    SpectralLaw,
    dynamics,
    effective_ranks,
    effective_ridge,
    elliptical_risk,
    ensemble_risk,
    finite_population_risk,
    gradient_flow_risk,
    lazy,
    learning_curve,
    learning_curve_exponents,
    limits,
    log_effective_ridge,
    optimal_time,
    overfitting_type,
    predict,
    random_feature_risk,
    random_features,
    reduce,
    ridge_lower_limit,
    ridge_risk,
    sample_size,
    shifted_risk,
    spike,
    tune,
)

__version__ = "0.1.0"

__all__ = [
    "Comparison",
    "Dataset",
    "Ensemble",
    "Experiment",
    "GaussianData",
    "GradientFlow",
    "Hindsight",
    "HypercubeData",
    "KernelRidge",
    "LatentSpaceData",
    "LearningCurve",
    "MarchenkoPastur",
    "NeuralTangentRidge",
    "NotConvergedError",
    "Problem",
    "RandomFeatureRidge",
    "Ridge",
    "Risk",
    "SampleSizes",
    "SpectralLaw",
    "Spectrum",
    "SphereData",
    "StoreError",
    "Trials",
    "activations",
    "cite",
    "compare",
    "dynamics",
    "effective_ranks",
    "effective_ridge",
    "elliptical_risk",
    "ensemble_risk",
    "finite_population_risk",
    "gradient_flow_risk",
    "harmonics",
    "hindsight",
    "kernels",
    "lazy",
    "learning_curve",
    "learning_curve_exponents",
    "limits",
    "log_effective_ridge",
    "optimal_time",
    "overfitting_type",
    "plot",
    "predict",
    "random_feature_risk",
    "random_features",
    "reduce",
    "ridge_lower_limit",
    "ridge_risk",
    "sample_size",
    "shifted_risk",
    "simulate",
    "spike",
    "sweep",
    "targets",
    "tune",
    "verify",
]
