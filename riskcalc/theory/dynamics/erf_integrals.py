r"""Gaussian averages of :math:`\varphi(u) = \mathrm{erf}(u/\sqrt2)` over two, three and four correlated inputs.

.. math:: I_2 = E\,\varphi\varphi, \qquad I_3 = E\,\varphi'(u_1)\,u_2\,\varphi(u_3), \qquad
          I_4 = E\,\varphi'(u_1)\varphi'(u_2)\varphi(u_3)\varphi(u_4)

All take the entries C_ij of the covariance and broadcast; repeated inputs are covered by repeating their covariance.
"""

from __future__ import annotations

import math

import numpy as np

from riskcalc.arguments import FloatArray


def average_2(c11: FloatArray, c12: FloatArray, c22: FloatArray) -> FloatArray:
    """(2/π) arcsin C_12/√((1 + C_11)(1 + C_22))."""
    return 2 / math.pi * _arcsin(c12, (1 + c11) * (1 + c22))


def average_3(c11: FloatArray, c12: FloatArray, c13: FloatArray, c23: FloatArray, c33: FloatArray) -> FloatArray:
    """(2/π) (C_23(1 + C_11) - C_12 C_13)/((1 + C_11)√Λ), Λ = (1 + C_11)(1 + C_33) - C_13²."""
    slope = 1 + c11
    return np.asarray(2 / math.pi * (c23 * slope - c12 * c13) / (slope * np.sqrt(slope * (1 + c33) - c13**2)))


def average_4(
    c11: FloatArray, c12: FloatArray, c13: FloatArray, c14: FloatArray, c22: FloatArray,
    c23: FloatArray, c24: FloatArray, c33: FloatArray, c34: FloatArray, c44: FloatArray,
) -> FloatArray:  # fmt: skip
    """(4/π²) Λ_4^(-1/2) arcsin Λ_0/√(Λ_1 Λ_2): under the tilted law, C less its part along u_1 and u_2."""
    s1, s2 = 1 + c11, 1 + c22
    lambda4 = s1 * s2 - c12**2

    def reduced(c1p: FloatArray, c2p: FloatArray, c1q: FloatArray, c2q: FloatArray) -> FloatArray:
        """Λ_4 times what u_1 and u_2 explain of the covariance of u_p and u_q."""
        return np.asarray(c2p * c2q * s1 + c1p * c1q * s2 - c12 * (c1p * c2q + c1q * c2p))

    lambda0 = lambda4 * c34 - reduced(c13, c23, c14, c24)
    lambda1 = lambda4 * (1 + c33) - reduced(c13, c23, c13, c23)
    lambda2 = lambda4 * (1 + c44) - reduced(c14, c24, c14, c24)
    return np.asarray(4 / math.pi**2 / np.sqrt(lambda4) * _arcsin(lambda0, lambda1 * lambda2))


def slopes_2(c11: FloatArray, c12: FloatArray, c22: FloatArray) -> FloatArray:
    """E φ'(u_1)φ'(u_2) = (2/π)/√((1 + C_11)(1 + C_22) - C_12²)."""
    return np.asarray(2 / math.pi / np.sqrt((1 + c11) * (1 + c22) - c12**2))


def _arcsin(top: FloatArray, square: FloatArray) -> FloatArray:
    """Arcsine of top/√square, which rounding may take beyond ±1."""
    return np.asarray(np.arcsin(np.clip(top / np.sqrt(square), -1, 1)))
