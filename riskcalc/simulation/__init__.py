"""The experiments: what the risk was."""

from riskcalc.simulation.simulate import simulate

__all__ = ["simulate"]
