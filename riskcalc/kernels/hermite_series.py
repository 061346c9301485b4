r"""Taylor coefficients of the dual of an activation: :math:`a_j = c_j^2`, its squared Hermite coefficients."""

from __future__ import annotations

import math

import numpy as np

from riskcalc.activations import ELU, Activation, Hermite
from riskcalc.activations.kept import kept, kept_longest
from riskcalc.activations.piecewise_power import PiecewisePower
from riskcalc.activations.projection import Gaussian, converged
from riskcalc.arguments import FloatArray
from riskcalc.kernels.power_series import PowerSeries, logarithm
from riskcalc.kernels.slope import Slope

CUT = 512  # where the Hermite series of a function known by its values is cut


def hermite_series(activation: Activation) -> PowerSeries:
    """The series of Σ c_j² t^j."""
    if _by_quadrature(activation):
        return _cut(activation)

    def logs(n: int) -> FloatArray:
        return _log_squares(activation, n - 1)

    return PowerSeries(logs, degree=_degree(activation), decay=_decay(activation))


@kept_longest
def _log_squares(activation: Activation, last: int) -> FloatArray:
    """Log c_j² for j <= last."""
    return 2 * logarithm(np.abs(activation.hermite_coefficients(last)))


def _by_quadrature(activation: Activation) -> bool:
    inner = activation.activation if isinstance(activation, Slope) else activation
    return type(inner)._hermite is Activation._hermite


def _degree(activation: Activation) -> float:
    """Degree of an activation that is a polynomial."""
    if isinstance(activation, Hermite):
        return activation.degree
    if isinstance(activation, PiecewisePower) and not activation.kinks:
        return activation.branches()[2]
    return math.inf


def _decay(activation: Activation) -> float | None:
    """β of c_j² ~ j^-β at a jump of the s-th derivative at 0, s + 3/2; None for activations without."""
    if isinstance(activation, PiecewisePower):
        return activation.branches()[2] + 1.5 if activation.kinks else None
    if isinstance(activation, ELU):
        return 3.5
    if isinstance(activation, Slope) and isinstance(activation.activation, ELU):
        return 2.5
    return None


def _cut(activation: Activation) -> PowerSeries:
    """The first coefficients by quadrature with their absolute error, and the energy of the others."""
    found, error = _first(activation)
    c = np.abs(found[:-1])
    c[c <= error] = 0.0
    if activation.parity is not None:
        c[activation.parity == "even" :: 2] = 0.0
    rest = max(0.0, found[-1] ** 2 - (c**2).sum()) + 4 * error * found[-1]
    allowed = np.log(2 * c * error + error**2)
    if activation.parity is not None:
        allowed[activation.parity == "even" :: 2] = -np.inf

    def padded(values: FloatArray, n: int) -> FloatArray:
        return np.pad(values, (0, max(0, n - values.size)), constant_values=-np.inf)[:n]

    squared = 2 * logarithm(c)
    return PowerSeries(lambda n: padded(squared, n), None, CUT, None, lambda n: padded(allowed, n), math.log(rest))


@kept
def _first(activation: Activation) -> tuple[FloatArray, float]:
    return converged(activation, Gaussian(), CUT, activation.kinks, repr(activation))
