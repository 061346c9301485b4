"""What is fitted: frozen models."""

from riskcalc.estimators.ensemble import Ensemble
from riskcalc.estimators.gradient_flow import GradientFlow
from riskcalc.estimators.kernel_ridge import KernelRidge
from riskcalc.estimators.ridge import Ridge

__all__ = ["Ensemble", "GradientFlow", "KernelRidge", "Ridge"]
