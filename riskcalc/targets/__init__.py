"""Targets: functions of x that are known by their energy in each degree, and drawn anew in each trial."""

from riskcalc.targets.degree_energies import DegreeEnergies
from riskcalc.targets.monomials import Monomials
from riskcalc.targets.single_index import SingleIndex
from riskcalc.targets.target import Energies, Target

__all__ = ["DegreeEnergies", "Energies", "Monomials", "SingleIndex", "Target"]
