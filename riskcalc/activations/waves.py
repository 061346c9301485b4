r"""Coefficients of the wave :math:`e^{i\omega x}` = Σ i^k u_k(ω) p_k(x), of which other activations are integrals."""

from __future__ import annotations

import math

import numpy as np

from riskcalc.arguments import FloatArray
from riskcalc.harmonics.multiplicity import multiplicity_ratios

BLOCK = 256  # frequencies at once
RESCALED = 64  # degrees after which products of ratios give their exponents away


def gaussian_waves(omega: FloatArray, max_degree: int) -> FloatArray:
    """u_k = ω^k e^(-ω²/2)/√k!, shape (max_degree + 1, frequencies)."""
    steps = omega / np.sqrt(np.arange(1.0, max_degree + 1))[:, None]
    return np.cumprod(np.concatenate([np.exp(-(omega**2) / 2)[None], steps]), axis=0)


def sphere_waves(omega: FloatArray, n_inputs: int, max_degree: int) -> FloatArray:
    r"""u_k = √B i^(-k) E exp(iω√d t) P_k(t), shape (max_degree + 1, frequencies).

    :math:`u_k = \sqrt{B}\,\Gamma(d/2)\,(2/z)^{d/2-1} J_{k+d/2-1}(z)` with z = ω√d, so that the ratios
    :math:`\rho_k = (u_k/\sqrt{B_k})/(u_{k-1}/\sqrt{B_{k-1}})` are a continued fraction,
    :math:`\rho_k = 1/((2k+d-2)/z - \rho_{k+1})`: run downwards, where it is stable, and scaled by
    :math:`\sum_k u_k^2 = E\,|e^{i\omega x}|^2 = 1`.
    """
    u = np.empty((max_degree + 1, omega.size))
    for start in range(0, omega.size, BLOCK):
        block = slice(start, start + BLOCK)
        u[:, block] = _all_degrees(omega[block], n_inputs, max_degree)[: max_degree + 1]
    return u


def complete_wave(frequency: float, n_inputs: int) -> FloatArray:
    """u_k of one frequency on the sphere, all that count."""
    return _all_degrees(np.array([frequency]), n_inputs, 0)[:, 0]


def sphere_reach(n_inputs: int, max_degree: int) -> float:
    r"""A frequency beyond which no u_k counts in an integral over a density that falls like exp(-πω/2).

    |u_k| is largest at :math:`\sqrt{k + k^2/d}`; beyond, it falls as if Gaussian where d is large, as ω^-(d-1)/2 else.
    """
    return math.sqrt(max_degree + max_degree**2 / n_inputs) + 10 + 1600 / (100 + n_inputs)


def real_or_imaginary(u: FloatArray) -> FloatArray:
    """Coefficients of cos (even degrees) and sin (odd degrees): signs +, +, -, -, ... of i^k."""
    return np.asarray(u * (1.0 - 2 * (np.arange(u.size) // 2 % 2)))


def _all_degrees(omega: FloatArray, n_inputs: int, max_degree: int) -> FloatArray:
    """u_0, u_1, ... as far as they count for their norm 1."""
    top = _top(float(np.abs(omega).max()), n_inputs, max_degree)
    z = np.maximum(np.abs(omega) * math.sqrt(n_inputs), 1e-100)
    ratios = np.outer(2 * np.arange(top + 2.0) + n_inputs - 2, 1 / z)
    ratios[-1] = 0.0
    for k in range(top, 0, -1):
        np.subtract(ratios[k], ratios[k + 1], out=ratios[k])
        np.reciprocal(ratios[k], out=ratios[k])
    ratios[0] = 1.0
    ratios[1:] *= np.sqrt(multiplicity_ratios(n_inputs, top + 1))[:, None]
    positive_at_the_top = 1 - 2 * ((ratios < 0).sum(axis=0) % 2)
    u = _products(ratios)
    u *= positive_at_the_top / np.sqrt((u**2).sum(axis=0))
    u[1::2] *= np.sign(omega)
    return u


def _products(ratios: FloatArray) -> FloatArray:
    """Running products down the columns up to a factor of each column, in place, without overflow."""
    exponents, carried, total = [], np.ones(ratios.shape[1]), np.zeros(ratios.shape[1], dtype=int)
    blocks = [ratios[start : start + RESCALED] for start in range(0, len(ratios), RESCALED)]
    for block in blocks:
        exponents.append(total)
        block[0] *= carried
        np.cumprod(block, axis=0, out=block)
        carried, exponent = np.frexp(block[-1])
        total = total + exponent
    largest = np.max([e + np.frexp(np.abs(b).max(axis=0))[1] for b, e in zip(blocks, exponents, strict=True)], axis=0)
    for block, exponent in zip(blocks, exponents, strict=True):
        np.ldexp(block, exponent - largest, out=block)
    return ratios


def _top(omega: float, n_inputs: int, max_degree: int) -> int:
    """A degree beyond which nothing counts: u_k is largest near k (k + d) = d ω², with tails of Gauss and of Airy."""
    z, d = float(omega * math.sqrt(n_inputs)), n_inputs
    largest = (math.hypot(d, 2 * z) - d) / 2
    return math.ceil(max(max_degree, largest) + 9 * omega * d / (2 * largest + d) + 13 * math.pow(z, 1 / 3) + 40)
