"""ELU, whose Hermite coefficients are incomplete normal integrals."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from riskcalc.activations.activation import SQRT_2PI, Activation
from riskcalc.arguments import FloatArray


@dataclass(frozen=True, eq=False, repr=False)
class ELU(Activation):
    r"""Exponential linear unit.

    .. math:: \varphi(x) = x \text{ for } x > 0,\ e^x - 1 \text{ for } x < 0, \qquad
              \mu_k = E\,1_{G<0}\,e^G He_{k-2}(G) \text{ for } k \ge 2

    Notes
    -----
    On the sphere by quadrature, split at 0.

    References
    ----------
    .. [1] derived

    Examples
    --------
    >>> import riskcalc as rc
    >>> print(rc.activations.ELU().hermite_coefficients(3).round(6))
    [ 0.160521  0.761578  0.184964 -0.056079]
    """

    @property
    def kinks(self) -> tuple[float, ...]:
        """0, where the second derivative jumps."""
        return (0.0,)

    def _value(self, x: FloatArray) -> FloatArray:
        return np.where(x > 0, x, np.expm1(np.minimum(x, 0)))

    def _slope(self, x: FloatArray) -> FloatArray:
        return np.exp(np.minimum(x, 0))

    def _hermite(self, max_degree: int) -> FloatArray:
        """μ_k = E φ''(G) He_(k-2)(G) for k >= 2, where φ'' = e^x on the left and 0 on the right."""
        left = left_exponential(max_degree)
        c = np.zeros(max_degree + 1)
        c[0], c[1:2] = 1 / SQRT_2PI + left[0] - 0.5, 0.5 + left[0]
        k = np.arange(2.0, max_degree + 1)
        c[2:] = left[: max(max_degree - 1, 0)] / np.sqrt(k * (k - 1))
        return c


def left_exponential(max_degree: int) -> FloatArray:
    """E 1[G < 0] e^G He_k(G)/√k! = A_k/√k!, by parts: A_k = A_(k-1) - He_(k-1)(0)/√2π, A_0 = √e Φ(-1)."""
    a, he = np.empty(max_degree + 1), np.zeros(max_degree + 2)
    a[0], he[0] = math.exp(0.5) * float(ndtr(-1.0)), 1.0
    for k in range(1, max_degree + 1):
        a[k] = (a[k - 1] - he[k - 1] / SQRT_2PI) / math.sqrt(k)
        he[k + 1] = -he[k - 1] * math.sqrt(k / (k + 1))
    return a
