"""mpmath twin of kernel ridge regression on the sphere, from the definitions: masses as integrals, κ by bisection.

Every degree is summed until the masses are below 1e-30; there is no tail. Nothing here is imported by riskcalc, and
nothing of riskcalc is used here.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import mpmath
from mpmath import mpf

DIGITS = 40
Profile = Callable[[Any], Any]  # of t


def multiplicity(d: int, k: int) -> int:
    """Polynomials of degree k less those divisible by |x|²."""
    return math.comb(d + k - 1, d - 1) - (math.comb(d + k - 3, d - 1) if k >= 2 else 0)


def zonal(d: int, k: int, t: mpf) -> mpf:
    """P_k(t) by the explicit sum of Gegenbauer's polynomial, normalised at 1."""
    if d == 2:
        return mpmath.chebyt(k, t)
    return mpmath.gegenbauer(k, mpf(d - 2) / 2, t) / mpmath.gegenbauer(k, mpf(d - 2) / 2, 1)


def expectation(function: Profile, d: int, points: int = 120) -> mpf:
    """E g(t), t a coordinate of a uniform point of the unit sphere, for even d and entire g.

    Over the angle the integrand is then analytic and periodic, so that the midpoint rule converges geometrically.
    """
    assert d % 2 == 0
    angles = [(mpf(j) + mpf(1) / 2) * mpmath.pi / points for j in range(points)]
    weights = [mpmath.sin(theta) ** (d - 2) for theta in angles]
    values = (w * function(mpmath.cos(theta)) for w, theta in zip(weights, angles, strict=True))
    return mpmath.fsum(values) / mpmath.fsum(weights)


@cache
def shells(profile: Profile, d: int, top: int) -> list[tuple[int, mpf]]:
    """(B, ξ) of the degrees 0 ... top."""
    with mpmath.workdps(DIGITS + 30):
        return [
            (multiplicity(d, k), expectation(lambda t, k=k: profile(t) * zonal(d, k, t), d)) for k in range(top + 1)
        ]


def risk(
    spectrum: list[tuple[int, mpf]], energies: Mapping[int, float], noise: float, n: int, ridge: float
) -> dict[str, mpf]:
    """The equations of the sheet, for λ > 0 or n below the rank."""
    with mpmath.workdps(DIGITS):
        lam, tau = mpf(ridge), mpf(noise)
        total = lam + sum(b * xi for b, xi in spectrum)
        low, high = mpf(10) ** -60, total / n
        for _ in range(400):
            middle = mpmath.sqrt(low * high)
            if lam / middle + sum(b * xi / (xi + middle) for b, xi in spectrum) > n:
                low = middle
            else:
                high = middle
        share = [xi / (xi + high) for _, xi in spectrum]
        df2 = sum(b * s**2 for (b, _), s in zip(spectrum, share, strict=True))
        left = sum(mpf(e) * (1 - (share[k] if k < len(share) else 0)) ** 2 for k, e in energies.items())
        bias, variance = left / (1 - df2 / n), tau * df2 / (n - df2)
        test = bias + variance + tau
        return {
            "effective_ridge": high,
            "df1": n - lam / high,
            "df2": df2,
            "bias": bias,
            "variance": variance,
            "test": test,
            "train": (lam / (n * high)) ** 2 * test,
        }


def single_index_energy(link: Profile, d: int, k: int) -> mpf:
    """B (E g(√d t) P_k(t))²."""
    with mpmath.workdps(DIGITS):
        root = mpmath.sqrt(d)
        return multiplicity(d, k) * expectation(lambda t: link(root * t) * zonal(d, k, t), d) ** 2
