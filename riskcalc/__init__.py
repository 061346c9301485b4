"""riskcalc, the asymptotic risk calculator: the test error of linearised networks, predicted and checked."""

from riskcalc.compare import Comparison, compare, verify
from riskcalc.data import Dataset, GaussianData
from riskcalc.errors import NotConvergedError, StoreError
from riskcalc.estimators import Ridge
from riskcalc.experiment import Experiment
from riskcalc.result import Risk, Trials
from riskcalc.simulation import simulate
from riskcalc.spectrum import Spectrum
from riskcalc.statements import cite
from riskcalc.sweep import sweep
from riskcalc.theory import (
    MarchenkoPastur,
    Problem,
    SpectralLaw,
    effective_ridge,
    finite_population_risk,
    log_effective_ridge,
    predict,
    reduce,
    ridge_lower_limit,
    ridge_risk,
    sample_size,
    spike,
    tune,
)

__version__ = "0.1.0"

__all__ = [
    "Comparison",
    "Dataset",
    "Experiment",
    "GaussianData",
    "MarchenkoPastur",
    "NotConvergedError",
    "Problem",
    "Ridge",
    "Risk",
    "SpectralLaw",
    "Spectrum",
    "StoreError",
    "Trials",
    "cite",
    "compare",
    "effective_ridge",
    "finite_population_risk",
    "log_effective_ridge",
    "predict",
    "reduce",
    "ridge_lower_limit",
    "ridge_risk",
    "sample_size",
    "simulate",
    "spike",
    "sweep",
    "tune",
    "verify",
]
