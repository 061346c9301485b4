"""mpmath twins of the complete ridge risk, written from the definitions: bisection for κ, then sums over coefficients.

Finite spectra without a tail, in coefficients F = e/σ. Nothing here is imported by riskcalc or uses it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import mpmath
from mpmath import mpf


def bisect(increasing: Callable[[mpf], mpf], low: mpf, high: mpf) -> mpf:
    """Root of an increasing function, to the working precision."""
    for _ in range(4 * mpmath.mp.prec):
        middle = (low + high) / 2
        low, high = (middle, high) if increasing(middle) < 0 else (low, middle)
    return (low + high) / 2


def lowest_kappa(sigma: Sequence[mpf], m: Sequence[mpf], n: mpf) -> mpf:
    """Largest root of df2(κ) = n on (-σ_min, ∞)."""
    least = min(sigma)

    def missing(kappa: mpf) -> mpf:
        return n - mpmath.fsum(w * s**2 / (s + kappa) ** 2 for s, w in zip(sigma, m, strict=True))

    top = mpmath.sqrt(mpmath.fsum(w * s**2 for s, w in zip(sigma, m, strict=True)) / n)
    return bisect(missing, -least * (1 - mpf(10) ** (-mpmath.mp.dps // 3)), top)


def kappa_of(sigma: Sequence[mpf], m: Sequence[mpf], n: mpf, ridge: mpf) -> mpf:
    """The κ above the lowest one with κ(n - df1(κ)) = λ."""

    def excess(kappa: mpf) -> mpf:
        return kappa * (n - mpmath.fsum(w * s / (s + kappa) for s, w in zip(sigma, m, strict=True))) - ridge

    top = (abs(ridge) + mpmath.fsum(w * s for s, w in zip(sigma, m, strict=True))) / n + 1
    return bisect(excess, lowest_kappa(sigma, m, n), top)


def complete_risk(
    sigma: Sequence[Any], m: Sequence[Any], energies: Sequence[Any], n: Any, ridge: Any, noise: Any, outside: Any
) -> dict[str, mpf]:
    """Every field at a κ that is not 0, by the sheet's formulas in coefficients F = e/σ."""
    sigma, m = [mpf(s) for s in sigma], [mpf(w) for w in m]
    F = [mpf(e) / s for e, s in zip(energies, sigma, strict=True)]
    n, ridge, noise, outside = mpf(n), mpf(ridge), mpf(noise), mpf(outside)
    k = kappa_of(sigma, m, n, ridge)
    triples = list(zip(sigma, m, F, strict=True))
    df1 = mpmath.fsum(w * s / (s + k) for s, w, _ in triples)
    df2 = mpmath.fsum(w * s**2 / (s + k) ** 2 for s, w, _ in triples)
    B = mpmath.fsum(f * s * k**2 / (s + k) ** 2 for s, _, f in triples)
    S = mpmath.fsum(w * s / (s + k) ** 2 for s, w, _ in triples)
    test = n * (B + outside + noise) / (n - df2)
    hat = ridge / (n * k)
    observed = df2 + (df1 - df2) ** 2 / (n - df2)  # Tr H²
    return {
        "effective_ridge": k,
        "df1": df1,
        "df2": df2,
        "bias": n * (B + outside) / (n - df2),
        "variance": noise * df2 / (n - df2),
        "test": test,
        "train": hat**2 * test,
        "gcv": test,
        "norm_squared": mpmath.fsum(f * s**2 / (s + k) ** 2 for s, _, f in triples) + S * test / n,
        "estimation": mpmath.fsum(f * k**2 / (s + k) ** 2 for s, _, f in triples) + S * test / n,
        "in_sample": hat**2 * n * B / (n - df2) + (noise + outside) / n * observed,
    }


def derivatives(parameter: str, n: Any, ridge: Any, **problem: Any) -> dict[str, mpf]:
    """Of every field, by central differences of the twin with a third of the working digits as the step."""
    step = mpf(10) ** (-mpmath.mp.dps // 3)
    sides = []
    for sign in (1, -1):
        factor = 1 + sign * step
        at_n, at_ridge = (n, mpf(ridge) * factor) if parameter == "ridge" else (mpf(n) * factor, ridge)
        sides.append(complete_risk(n=at_n, ridge=at_ridge, **problem))
    width = 2 * step * mpf(ridge if parameter == "ridge" else n)
    return {name: (sides[0][name] - sides[1][name]) / width for name in sides[0]}
