"""The equations: what the risk will be."""

from riskcalc.theory.effective_ridge import effective_ridge, log_effective_ridge
from riskcalc.theory.finite_population import finite_population_risk
from riskcalc.theory.marchenko_pastur import MarchenkoPastur
from riskcalc.theory.predict import predict
from riskcalc.theory.problem import Problem, reduce
from riskcalc.theory.ridge import ridge_risk
from riskcalc.theory.sample_size import sample_size
from riskcalc.theory.tune import Tuned, tune

__all__ = [
    "MarchenkoPastur",
    "Problem",
    "Tuned",
    "effective_ridge",
    "finite_population_risk",
    "log_effective_ridge",
    "predict",
    "reduce",
    "ridge_risk",
    "sample_size",
    "tune",
]
