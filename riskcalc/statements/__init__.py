"""What results rest on: the bibliography."""

from riskcalc.statements.cite import cite

__all__ = ["cite"]
