"""The equations: what the risk will be."""

from riskcalc.theory.effective_ridge import effective_ridge, log_effective_ridge
from riskcalc.theory.finite_population import finite_population_risk
from riskcalc.theory.marchenko_pastur import MarchenkoPastur
from riskcalc.theory.predict import predict
from riskcalc.theory.problem import Problem, reduce
from riskcalc.theory.ridge import ridge_risk

__all__ = [
    "MarchenkoPastur",
    "Problem",
    "effective_ridge",
    "finite_population_risk",
    "log_effective_ridge",
    "predict",
    "reduce",
    "ridge_risk",
]
