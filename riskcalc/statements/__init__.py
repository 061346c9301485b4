"""The formulas with their sources, and the bibliography."""

from riskcalc.statements.cite import cite
from riskcalc.statements.formula import Formula
from riskcalc.statements.registry import formulas

__all__ = ["Formula", "cite", "formulas"]
