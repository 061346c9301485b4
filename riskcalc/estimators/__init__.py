"""What is fitted: frozen models."""

from riskcalc.estimators.ridge import Ridge

__all__ = ["Ridge"]
