r"""Coefficients of the wave :math:`e^{i\omega x}` = Σ i^k u_k(ω) p_k(x), of which other activations are integrals."""

from __future__ import annotations

import math

import numpy as np

from riskcalc.arguments import FloatArray
from riskcalc.harmonics.multiplicity import multiplicity_ratios

LARGE, SMALL = 1e200, 1e-250


def gaussian_waves(omega: FloatArray, max_degree: int) -> FloatArray:
    """u_k = ω^k e^(-ω²/2)/√k!, shape (max_degree + 1, frequencies)."""
    steps = omega / np.sqrt(np.arange(1.0, max_degree + 1))[:, None]
    return np.cumprod(np.concatenate([np.exp(-(omega**2) / 2)[None], steps]), axis=0)


def sphere_waves(omega: FloatArray, n_inputs: int, max_degree: int) -> FloatArray:
    r"""u_k = √B i^(-k) E exp(iω√d t) P_k(t), shape (max_degree + 1, frequencies).

    :math:`u_k = \sqrt{B}\,\Gamma(d/2)\,(2/z)^{d/2-1} J_{k+d/2-1}(z)` with z = ω√d, so that
    :math:`(2k+d-2)\,u_k/(z\sqrt{B_k}) = u_{k-1}/\sqrt{B_{k-1}} + u_{k+1}/\sqrt{B_{k+1}}`: run downwards, where it is
    stable (Miller), and scaled by :math:`\sum_k u_k^2 = E\,|e^{i\omega x}|^2 = 1`.
    """
    d, top = n_inputs, _top(float(np.abs(omega).max()), n_inputs, max_degree)
    step = np.sqrt(multiplicity_ratios(d, top + 1))  # step[k-1] = √(B_k/B_(k-1))
    z = np.maximum(np.abs(omega) * math.sqrt(d), 1e-100)
    u = np.zeros((top + 2, omega.size))
    u[top] = SMALL
    for k in range(top, 0, -1):
        u[k - 1] = ((2 * k + d - 2) / z * u[k] - u[k + 1] / step[k]) / step[k - 1]
        large = np.abs(u[k - 1]) > LARGE
        if large.any():
            u[k - 1 :, large] *= SMALL
    u /= np.abs(u).max(axis=0)
    u /= np.sqrt((u**2).sum(axis=0))
    u[1::2] *= np.sign(omega)
    return u[: max_degree + 1]


def complete_wave(frequency: float, n_inputs: int) -> FloatArray:
    """u_k of one frequency on the sphere, all that count."""
    return sphere_waves(np.array([frequency]), n_inputs, _top(abs(frequency), n_inputs, 0))[:, 0]


def real_or_imaginary(u: FloatArray) -> FloatArray:
    """Coefficients of cos (even degrees) and sin (odd degrees): signs +, +, -, -, ... of i^k."""
    return np.asarray(u * (1.0 - 2 * (np.arange(u.size) // 2 % 2)))


def _top(omega: float, n_inputs: int, max_degree: int) -> int:
    """A degree beyond which u_k falls faster than geometrically, and 40 more."""
    return math.ceil(max(max_degree, min(math.e * omega**2, omega * math.sqrt(n_inputs))) + 40 + 8 * omega)
