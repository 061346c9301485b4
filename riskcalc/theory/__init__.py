"""The equations: what the risk will be."""

from riskcalc.theory.effective_ridge import effective_ridge, log_effective_ridge
from riskcalc.theory.finite_population import finite_population_risk
from riskcalc.theory.marchenko_pastur import MarchenkoPastur
from riskcalc.theory.predict import predict
from riskcalc.theory.problem import Problem, reduce
from riskcalc.theory.ridge import ridge_risk
from riskcalc.theory.sample_size import sample_size
from riskcalc.theory.spectral_edges import ridge_lower_limit
from riskcalc.theory.spectral_law import SpectralLaw
from riskcalc.theory.spike import spike
from riskcalc.theory.tune import Tuned, tune

__all__ = [
    "MarchenkoPastur",
    "Problem",
    "SpectralLaw",
    "Tuned",
    "effective_ridge",
    "finite_population_risk",
    "log_effective_ridge",
    "predict",
    "reduce",
    "ridge_lower_limit",
    "ridge_risk",
    "sample_size",
    "spike",
    "tune",
]
