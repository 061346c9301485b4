"""The page on which a reader moves the parameters. Needs the extra ``explore`` (marimo)."""

from riskcalc.explore.serve import serve

__all__ = ["serve"]
