"""mpmath twins of kernel spectra, from the definition: B(d, k) E h(t) P_k(t), with as many digits as it takes.

The integral over the angle is a double-exponential rule, the polynomials follow their recursion in integers that stand
for fixed-point numbers. Nothing here is imported by riskcalc, and nothing of riskcalc is used here.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import mpmath
import numpy as np
from mpmath import mpf

Profile = Callable[[Any], Any]  # of the angle θ


def sphere_masses(profile: Profile, d: int, degrees: Sequence[int], lost: int = 0, step: float = 1 / 300) -> list[mpf]:
    """m_k for some degrees, to about 20 digits; ``lost`` is how many digits the masses themselves are below 1.

    E h P_k is as small as m_k/B, so that log10 B + ``lost`` digits cancel in the integral.
    """
    top = max(degrees)
    multiplicities = [_sphere_multiplicity(d, k) for k in range(top + 1)]
    digits = 25 + lost + math.ceil(math.log10(multiplicities[-1]))
    with mpmath.workdps(digits + 10):
        one = 1 << int(3.33 * digits)
        cosines, weights = _angles(profile, d, digits, step, one)
        before, now = np.zeros_like(cosines), np.full_like(cosines, one)
        sums = []
        for k in range(top + 1):
            sums.append(int((weights * now).sum()))
            after = (
                now * cosines // one
                if k == 0
                else ((2 * k + d - 2) * (now * cosines // one) - k * before) // (k + d - 2)
            )
            before, now = now, after
        norm = mpmath.gamma(mpf(d) / 2) / mpmath.sqrt(mpmath.pi) / mpmath.gamma(mpf(d - 1) / 2)
        return [norm * sums[k] * multiplicities[k] / mpf(one) ** 2 for k in degrees]


def _angles(profile: Profile, d: int, digits: int, step: float, one: int) -> tuple[np.ndarray, np.ndarray]:
    """Cos θ and h(θ) sin^(d-2)θ dθ at the nodes θ = π(1 + tanh(π/2 sinh u))/2, in fixed point."""
    floor, step_mp = mpf(10) ** -digits, mpf(step) if d < 1000 else mpf(step) / 6
    cosines, weights = [], []
    for sign in (1, -1):
        i = 0 if sign == 1 else 1
        while True:
            u = sign * i * step_mp
            x = mpmath.pi / 2 * mpmath.sinh(u)
            angle = mpmath.pi / (1 + mpmath.exp(-2 * x))
            weight = mpmath.sin(angle) ** (d - 2) * mpmath.pi**2 / 4 * mpmath.cosh(u) / mpmath.cosh(x) ** 2 * step_mp
            if weight < floor:
                break
            cosines.append(int(mpmath.cos(angle) * one))
            weights.append(int(weight * profile(angle) * one))
            i += 1
    return np.array(cosines, dtype=object), np.array(weights, dtype=object)


def hypercube_masses(profile: Profile, d: int, degrees: Sequence[int], digits: int = 60) -> list[mpf]:
    """m_k = 2^-d Σ_j C(d, j) Kr_k(j) h(1 - 2j/d), Kr_k(j) in integers; ``profile`` of t."""
    with mpmath.workdps(digits + d // 2):
        values = [math.comb(d, j) * profile(1 - mpf(2 * j) / d) for j in range(d + 1)]
        before, now = np.zeros(d + 1, dtype=object), np.ones(d + 1, dtype=object)
        signs, sums = np.array([d - 2 * j for j in range(d + 1)], dtype=object), []
        for k in range(max(degrees) + 1):
            sums.append(sum(value * int(kr) for value, kr in zip(values, now, strict=True)) / mpf(2) ** d)
            before, now = now, (signs * now - (d - k + 1) * before) // (k + 1)
        return [sums[k] for k in degrees]


def _sphere_multiplicity(d: int, k: int) -> int:
    return math.comb(d + k - 1, k) - (math.comb(d + k - 3, k - 2) if k >= 2 else 0)


# Profiles of the angle


def exponential(scale: float) -> Profile:
    return lambda angle: mpmath.exp(mpf(scale) * mpmath.cos(angle))


def laplace(lengths: Any) -> Profile:
    """exp(-c √(1 - cos θ))."""
    return lambda angle: mpmath.exp(-lengths * mpmath.sqrt(2) * mpmath.sin(angle / 2))


def arc_sine(slope: Any) -> Profile:
    return lambda angle: 2 / mpmath.pi * mpmath.asin(slope * mpmath.cos(angle))


def neural_tangent(depth: int, *, process: bool = False) -> Profile:
    """Θ^L (or Σ^L) by the recursion over layers, Σ^l the cosine of an angle."""

    def profile(angle: Any) -> Any:
        sigma = theta = mpmath.cos(angle)
        for _ in range(depth):
            mean = (mpmath.sin(angle) + (mpmath.pi - angle) * sigma) / mpmath.pi
            theta = theta * (1 - angle / mpmath.pi) + mean
            sigma, angle = mean, mpmath.acos(min(mean, mpf(1)))
        return sigma if process else theta

    return profile


# Closed forms


def exponential_log_eigenvalue(scale: float, d: int, k: int) -> mpf:
    """(a/2)^k Γ(d/2)/Γ(d/2+k) 0F1(; k+d/2; a²/4)."""
    with mpmath.workdps(40):
        half, a = mpf(d) / 2, mpf(scale)
        ratio = mpmath.loggamma(half) - mpmath.loggamma(half + k)
        return k * mpmath.log(a / 2) + ratio + mpmath.log(mpmath.hyp0f1(half + k, a**2 / 4))


def arc_cosine_log_eigenvalue(order: float, d: int, k: int) -> mpf:
    """2√π Γ(d/2+α)/(Γ(α+½)Γ(d/2)) ζ_k², ζ_k = Γ(α+1)Γ(d/2)/(2^(α+1) Γ((α-k)/2+1) Γ((α+k+d)/2))."""
    with mpmath.workdps(40):
        half, a = mpf(d) / 2, mpf(order)
        zeta = mpmath.gamma(a + 1) * mpmath.rgamma((a - k) / 2 + 1) / 2 ** (a + 1)
        if zeta == 0:
            return mpf("-inf")
        log_zeta = mpmath.log(abs(zeta)) + mpmath.loggamma(half) - mpmath.loggamma((a + k + d) / 2)
        scale = mpmath.log(2 * mpmath.sqrt(mpmath.pi)) - mpmath.loggamma(a + mpf(1) / 2)
        return 2 * log_zeta + scale + mpmath.loggamma(half + a) - mpmath.loggamma(half)
