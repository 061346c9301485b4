"""Neural tangent models: given weights, wide networks, and what they cannot represent."""

from riskcalc.theory.neural_tangent.approximation import approximation_error
from riskcalc.theory.neural_tangent.block import Block, Cross, block, cross
from riskcalc.theory.neural_tangent.both_layers import both_layers_risk
from riskcalc.theory.neural_tangent.concentration import kernel_deviation
from riskcalc.theory.neural_tangent.conditional import conditional_problem
from riskcalc.theory.neural_tangent.induced import self_induced_ridge
from riskcalc.theory.neural_tangent.linear_equivalent import linear_equivalent_risk

__all__ = [
    "Block",
    "Cross",
    "approximation_error",
    "block",
    "both_layers_risk",
    "conditional_problem",
    "cross",
    "kernel_deviation",
    "linear_equivalent_risk",
    "self_induced_ridge",
]
