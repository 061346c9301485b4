"""mpmath twins of the shifted risk, from the definition: resolvent matrices in the eigenbasis, coefficients as vectors.

λ(XᵀX+λ)⁻¹ ≃ κ(Σ+κ)⁻¹, so that the mean of θ̂ is Σ(Σ+κ)⁻¹θ*, and its covariance is (test/n) Σ(Σ+κ)⁻². Nothing here is
imported by riskcalc or uses it, and every feature is a row of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import mpmath
from mpmath import mpf


def bisect_kappa(sigma: Sequence[mpf], n: mpf, ridge: mpf) -> mpf:
    """Root of n - λ/κ = Tr Σ(Σ+κ)⁻¹ for positive λ or n below the rank, between bounds of every such root."""
    total, positive = mpmath.fsum(sigma), [s for s in sigma if s > 0]
    low = ridge / n if ridge > 0 else min(positive) * (len(positive) - n) / n
    low, high = low / 2, 2 * (ridge + total) / n
    for _ in range(4 * mpmath.mp.prec):
        middle = mpmath.sqrt(low * high)
        missing = n - ridge / middle - mpmath.fsum(s / (s + middle) for s in sigma)
        low, high = (middle, high) if missing < 0 else (low, middle)
    return mpmath.sqrt(low * high)


def shifted_risk(
    sigma: Sequence[Any],
    theta: Sequence[Any],
    noise: Any,
    outside: Any,
    n: Any,
    ridge: Any,
    test_covariance: Any,
    test_theta: Sequence[Any],
    test_noise: Any,
    test_outside: Any,
    digits: int = 30,
) -> dict[str, mpf]:
    """Bias, variance and test error of a linear model with one row per feature, under another covariance and target."""
    with mpmath.workdps(3 * digits):
        s, t = [mpf(v) for v in sigma], [mpf(v) for v in theta]
        n, ridge, noise, outside = mpf(n), mpf(ridge), mpf(noise), mpf(outside)
        A = mpmath.matrix([[mpf(v) for v in row] for row in test_covariance])
        kappa = bisect_kappa(s, n, ridge)
        size = range(len(s))
        resolvent = [1 / (v + kappa) for v in s]
        df2 = mpmath.fsum((v * r) ** 2 for v, r in zip(s, resolvent, strict=True))
        missed = mpmath.fsum(v * (kappa * r * x) ** 2 for v, r, x in zip(s, resolvent, t, strict=True))
        error = [s[i] * resolvent[i] * t[i] - mpf(test_theta[i]) for i in size]
        squared = mpmath.fsum(error[i] * A[i, j] * error[j] for i in size for j in size)
        gain = mpmath.fsum(A[i, i] * s[i] * resolvent[i] ** 2 for i in size)
        bias = squared + (missed + outside) * gain / (n - df2) + mpf(test_outside)
        variance = noise * gain / (n - df2)
        return {"bias": bias, "variance": variance, "test": bias + variance + mpf(test_noise)}


def averaged_error(sigma: Sequence[Any], energies: Sequence[Any], n: Any, ridge: Any, digits: int = 30) -> mpf:
    """‖θ* - Σ(Σ+κ)⁻¹θ*‖²_Σ from coefficients √(e/σ)."""
    with mpmath.workdps(3 * digits):
        s = [mpf(v) for v in sigma]
        kappa = bisect_kappa(s, mpf(n), mpf(ridge))
        theta = [mpmath.sqrt(mpf(e) / v) for e, v in zip(energies, s, strict=True)]
        return mpmath.fsum(v * (x - v / (v + kappa) * x) ** 2 for v, x in zip(s, theta, strict=True))
