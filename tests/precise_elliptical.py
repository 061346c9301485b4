"""mpmath twin of the risk on elliptical rows, from the definition: bisection for c, then the sums as they are written.

Finite spectra without a tail, in coefficients F = e/σ, ridge > 0. Nothing here is imported by riskcalc or uses it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import mpmath
from mpmath import mpf


def root_c(sigma: Sequence[mpf], m: Sequence[mpf], w: Sequence[mpf], p: Sequence[mpf], n: mpf, ridge: mpf) -> mpf:
    """The c in (0, nE w) with c = nE w/(1+wδ), δ = df1(λ/c)/c; bisection in log c, the digits of c kept."""

    def excess(c: mpf) -> mpf:
        kappa = ridge / c
        delta = mpmath.fsum(k * s / (s + kappa) for s, k in zip(sigma, m, strict=True)) / c
        return c - n * mpmath.fsum(q * x / (1 + x * delta) for x, q in zip(w, p, strict=True))

    high = n * mpmath.fsum(x * q for x, q in zip(w, p, strict=True))
    low = high
    while excess(low) > 0:
        low /= 2**20
    low, high = mpmath.log(low), mpmath.log(high)
    for _ in range(2 * mpmath.mp.prec):
        middle = (low + high) / 2
        low, high = (middle, high) if excess(mpmath.exp(middle)) < 0 else (low, middle)
    return mpmath.exp((low + high) / 2)


def elliptical_risk(
    sigma: Sequence[Any],
    m: Sequence[Any],
    energies: Sequence[Any],
    w: Sequence[Any],
    p: Sequence[Any],
    n: Any,
    ridge: Any,
    noise: Any,
    outside: Any,
) -> dict[str, mpf]:
    """Sheet 1 §6.5 for bias and variance; the rest from the residuals of a row, (left-out residual)/(1+wδ)."""
    sigma, m, w, p = ([mpf(x) for x in values] for values in (sigma, m, w, p))
    F = [mpf(e) / s for e, s in zip(energies, sigma, strict=True)]
    n, ridge, noise, outside = mpf(n), mpf(ridge), mpf(noise), mpf(outside)
    c = root_c(sigma, m, w, p, n, ridge)
    k = ridge / c
    triples = list(zip(sigma, m, F, strict=True))
    df1 = mpmath.fsum(x * s / (s + k) for s, x, _ in triples)
    df2 = mpmath.fsum(x * s**2 / (s + k) ** 2 for s, x, _ in triples)
    S = mpmath.fsum(x * s / (s + k) ** 2 for s, x, _ in triples)
    B = k**2 * mpmath.fsum(f * s / (s + k) ** 2 for s, _, f in triples)
    delta = df1 / c

    def mean(function: Any) -> mpf:
        return mpmath.fsum(q * function(x) for x, q in zip(w, p, strict=True))

    q = n * mean(lambda x: x**2 / (1 + x * delta) ** 2) / c**2
    v = df2 * (1 - q * df1) / (c * (1 - q * df2))
    bias, variance = B / (1 - q * df2) + outside * (1 + v), noise * v
    random = outside + noise
    error = bias + variance - outside
    score = n * mean(lambda x: x * (x * error + random) / (1 + x * delta) ** 2) / c**2
    train = mean(lambda x: (x * error + random) / (1 + x * delta) ** 2)
    return {
        "bias": bias,
        "variance": variance,
        "test": bias + variance + noise,
        "df1": df1,
        "df2": df2,
        "train": train,
        "gcv": train / (1 - df1 / n) ** 2,
        "norm_squared": mpmath.fsum(f * s**2 / (s + k) ** 2 for s, _, f in triples) + S * score,
        "estimation": mpmath.fsum(f * k**2 / (s + k) ** 2 for s, _, f in triples) + S * score,
        "in_sample": train - random + 2 * random * df1 / n,
    }
