r"""The end of a row of the walk where Taylor coefficients decay like a power: an integral instead of a sum.

With A the last term that was computed and :math:`f(i) = a_{k+2i}W_{k,i} \sim i^{-\beta-(d-1)/2}`,

.. math:: \sum_{i>A} f(i) = \int_0^1 f(A/z)\,\frac{A\,dz}{z^2} + \text{end weights of Gregory},

a Gauss-Jacobi rule, since f(A/z) is a power of z times an analytic function of z.
"""

from __future__ import annotations

import numpy as np
import scipy.linalg
from scipy.special import roots_jacobi

from riskcalc.arguments import FloatArray
from riskcalc.kernels.power_series import algebraic_tail
from riskcalc.quadrature import GREGORY

NODES = 32
STIRLING = (1 / 12, -1 / 360, 1 / 1260, -1 / 1680)
DIFFERENCES: FloatArray = np.asarray(scipy.linalg.pascal(len(GREGORY), kind="lower"), dtype=float) * (
    -1.0
) ** np.arange(len(GREGORY))
END_WEIGHTS: FloatArray = 1 - np.array(GREGORY) @ DIFFERENCES  # of the last term, the one before it, ...


def closing_terms(
    logs: FloatArray, decay: float, last_walk: FloatArray, degrees: FloatArray, n_inputs: int, n_terms: int
) -> FloatArray:
    """Logs of the terms that stand for all those beyond the ``n_terms`` of a row, shape (degrees, nodes)."""
    last, order = n_terms - 1.0, decay + (n_inputs - 1) / 2
    nodes, weights = roots_jacobi(NODES, 0.0, order - 2)
    z = (1 + nodes) / 2
    k, x = degrees[:, None], last / z
    growth = _log_growth(k, x, n_inputs) - _log_growth(k, np.array([last]), n_inputs)
    log_weights = np.log(last * weights) - (order - 1) * np.log(2.0) - order * np.log(z)
    return np.asarray(last_walk[:, None] + growth + _log_coefficients(logs, decay, degrees, x) + log_weights)


def end_weights(n_terms: int) -> FloatArray:
    """Logs of Gregory's weights of the computed terms, 0 but for the last eight."""
    weights: FloatArray = np.zeros(n_terms)
    weights[-END_WEIGHTS.size :] = np.log(END_WEIGHTS[::-1])
    return weights


def _log_coefficients(logs: FloatArray, decay: float, degrees: FloatArray, x: FloatArray) -> FloatArray:
    """Log a_{k+2x} by the algebraic law of the parity of k; -inf for a parity that is absent."""
    j = degrees[:, None] + 2 * x
    out = np.full(j.shape, -np.inf)
    for parity in (0, 1):
        rows = degrees % 2 == parity
        if rows.any() and logs[parity::2][-1] > -np.inf:
            out[rows] = np.log(algebraic_tail(np.exp(logs), decay, parity)(j[rows]))
    return out


def _log_growth(k: FloatArray, x: FloatArray, n_inputs: int) -> FloatArray:
    """Log of Γ(x+(k+1)/2) Γ(x+k/2+1) / (Γ(x+1) Γ(x+k+d/2)): Stirling's series without large numbers."""
    total = (1 - n_inputs) / 2 * np.log(x)
    for sign, shift in ((1, (k + 1) / 2), (1, k / 2 + 1), (-1, 0 * k + 1), (-1, k + n_inputs / 2)):
        argument = x + shift
        series = sum(c * argument ** -(2.0 * i + 1) for i, c in enumerate(STIRLING))
        total = total + sign * ((argument - 0.5) * np.log1p(shift / x) - shift + series)
    return np.asarray(total)
