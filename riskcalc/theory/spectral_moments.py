"""Moments of the law of a sample covariance from those of its population, by Lagrange's inversion."""

from __future__ import annotations

import math

import numpy as np

from riskcalc.arguments import FloatArray
from riskcalc.theory.spectral_atoms import Atoms

HUGE = 2.0**500


def moment(atoms: Atoms, k: int) -> float:
    r"""E x^k for k ≠ 0, in the units of the spectrum; for k < 0 only if no σ is zero and γ < 1.

    With :math:`M_j = \int t^jdH` and :math:`[t^k]` for the coefficient of :math:`t^k` (derived)

    .. math:: E\,x^k = \frac1{\gamma(k+1)}\,[t^k]\Big(1+\gamma\sum_{j\ge1}M_jt^j\Big)^{k+1}, \qquad
              E\,x^{-1} = \frac{M_{-1}}{1-\gamma}, \qquad
              E\,x^{-k-1} = \frac1{\gamma k}\,[t^{k+1}]\Big(1-\gamma-\gamma\sum_{j\ge1}M_{-j}t^j\Big)^{-k}

    because −1/κ is a power series of 1/x and κ one of x, both inverse to x(κ) = κ(S(κ) − 1). All terms are positive.
    """
    scale = float(atoms.sigma[0] if k > 0 else atoms.sigma[-1])
    moments = _population(atoms, atoms.sigma / scale if k > 0 else scale / atoms.sigma, abs(k))
    gap = -atoms.rank_excess  # 1 − γ where it is needed
    if k > 0:
        value, exponent = coefficient(moments, k + 1)
        value /= k + 1
    elif k == -1:
        value, exponent = float(moments[0]) / gap, 0
    else:
        value, exponent = coefficient(-moments / gap, k + 1)
        mantissa, shift = _power(gap, k + 1)
        value, exponent = value * mantissa / (-k - 1), exponent + shift
    mantissa, shift = _power(scale * atoms.unit, k)
    with np.errstate(over="ignore", under="ignore"):
        return float(np.ldexp(value / atoms.aspect_ratio * mantissa, exponent + shift))


def coefficient(series: FloatArray, power: int) -> tuple[float, int]:
    r"""Of :math:`(1 + \sum_j s_jt^j)^p` the last coefficient, :math:`t^k` for k terms, as a float and a power of two.

    Euler's recurrence. Its terms are positive both for positive s and p > k, and for negative s and p = 1 − k.
    """
    found, shift = np.zeros(series.size + 1), 0
    found[0] = 1.0
    j = np.arange(1, series.size + 1)
    for i in j:
        found[i] = ((j[:i] * (power + 1) - i) / i * series[:i]) @ found[i - 1 :: -1][:i]
        if found[i] > HUGE:
            found, shift = found / HUGE, shift + 500
    return float(found[-1]), shift


def _population(atoms: Atoms, ratio: FloatArray, k: int) -> FloatArray:
    """γ M_1, ..., γ M_k of the ratios."""
    power, moments = np.ones_like(ratio), np.empty(k)
    for j in range(k):
        power *= ratio
        moments[j] = power @ atoms.share
    return moments


def _power(base: float, k: int) -> tuple[float, int]:
    """base^k as a float and a power of two."""
    mantissa, exponent = math.frexp(base)
    return mantissa**k, exponent * k
