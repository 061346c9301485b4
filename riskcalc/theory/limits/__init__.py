"""Limits of high dimension: the staircase, its steps, the spectrum of kernel matrices, and the linear regime."""

from riskcalc.theory.limits.critical import critical_ridge_risk
from riskcalc.theory.limits.kernel_matrix import KernelSpectrum, kernel_spectrum
from riskcalc.theory.limits.staircase import staircase
from riskcalc.theory.linear_regime import LinearRegime, linear_regime

__all__ = [
    "KernelSpectrum",
    "LinearRegime",
    "critical_ridge_risk",
    "kernel_spectrum",
    "linear_regime",
    "staircase",
]
