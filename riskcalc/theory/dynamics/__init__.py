"""Beyond the lazy regime: how trained neurons find directions, and the floor that lazy methods do not pass.

Here ``loss`` is ½E(f* - f)², without label noise; the excess risk is twice that.
"""

from riskcalc.theory.dynamics.finite_width_flow import FiniteWidthFlow
from riskcalc.theory.dynamics.hitting_time import hitting_time
from riskcalc.theory.dynamics.lazy_floor import lazy_floor, lazy_staircase
from riskcalc.theory.dynamics.leap import leap, sample_exponent
from riskcalc.theory.dynamics.mean_field import MeanField
from riskcalc.theory.dynamics.one_pass import OnePass
from riskcalc.theory.dynamics.single_neuron import SingleNeuron

__all__ = [
    "FiniteWidthFlow",
    "MeanField",
    "OnePass",
    "SingleNeuron",
    "hitting_time",
    "lazy_floor",
    "lazy_staircase",
    "leap",
    "sample_exponent",
]
