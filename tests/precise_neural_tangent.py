"""mpmath twins of neural tangent models with given weights, from the definitions: integrals over two coordinates of x.

Nothing here is imported by riskcalc or uses it. An activation is a pair of functions (φ, φ') with a kink at 0 or none.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import mpmath
from mpmath import fp, mpf

Function = Callable[[Any], Any]
REACH = 9.0  # of a Gaussian: exp(-81/2) is 3e-18


def relu(u: float) -> float:
    return max(u, 0.0)


def step(u: float) -> float:
    return 1.0 if u > 0 else 0.0 if u < 0 else 0.5


def hermite(k: int, u: float) -> float:
    """He_k/√k!, by the recursion of He."""
    before, now = 0.0, 1.0
    for j in range(k):
        before, now = now, u * now - j * before
    return now / math.sqrt(math.factorial(k))


def zonal(d: int, k: int) -> Function:
    """√B P_k(u/√d) as a function of u: a polynomial orthogonal to lower degrees by moments, normalised by one."""
    moment = [mpf(1)]  # E u^(2j) = d^j 1·3·…/(d(d+2)…)
    for j in range(2 * k):
        moment.append(moment[-1] * d * (2 * j + 1) / (d + 2 * j))
    mean = lambda i: moment[i // 2] if i % 2 == 0 else mpf(0)  # noqa: E731
    gram = mpmath.matrix([[mean(i + j) for j in range(k + 1)] for i in range(k + 1)])
    last = mpmath.lu_solve(gram, mpmath.matrix([mpf(0)] * k + [mpf(1)]))
    norm = mpmath.sqrt(last[k])
    coefficients = [float(last[i] / norm) for i in range(k + 1)]
    return lambda u: math.fsum(c * u**i for i, c in enumerate(coefficients))


def pair_mean(f: Callable[[float, float, float], float], rho: float, d: int | None = None) -> float:
    """E f(u, v, r²) of u = ⟨w, x⟩, v = ⟨w', x⟩ with ⟨w, w'⟩ = ρ; r the length of x in their plane; d None: Gaussian.

    Tanh-sinh rules in Cartesian coordinates, between the kinks at u = 0 and v = 0, in doubles: right to 1e-12.
    """
    s = math.sqrt(1 - rho * rho)
    end = REACH if d is None else math.sqrt(d)

    def weight(r2: float) -> float:
        if d is None:
            return math.exp(-r2 / 2) / (2 * math.pi)
        return (d - 2) / (2 * math.pi * d) * max(1 - r2 / d, 0.0) ** ((d - 4) / 2)

    def inner(u: float) -> float:
        top = REACH if d is None else math.sqrt(max(d - u * u, 0.0))
        if top < 1e-12:
            return 0.0
        kink = -rho * u / s
        points = [-top, kink, top] if -top < kink < top else [-top, 0, top]
        return float(fp.quad(lambda z: f(u, rho * u + s * z, u * u + z * z) * weight(u * u + z * z), points))

    turns = {end * s, -end * s} if d is not None else {-3.0, 3.0}  # where the kink of v leaves the disc
    return float(fp.quad(inner, sorted({-end, 0.0, end} | turns)))


def block(slope: Function, rho: float, d: int | None = None) -> list[float]:
    """(h, b, q) from E D, E D u², E D uv, and the mean of D times a squared coordinate outside the plane."""

    def mean(factor: Callable[[float, float, float], float]) -> float:
        return pair_mean(lambda u, v, r2: slope(u) * slope(v) * factor(u, v, r2), rho, d)

    h = mean(lambda u, v, r2: 1.0 if d is None else (d - r2) / (d - 2))
    straight = mean(lambda u, v, r2: u * u) - h  # wᵀMw = 2ρb + (1 + ρ²)q
    crossed = mean(lambda u, v, r2: u * v) - h * rho  # wᵀMw' = (1 + ρ²)b + 2ρq
    det = (2 * rho) ** 2 - (1 + rho**2) ** 2
    return [h, (2 * rho * straight - (1 + rho**2) * crossed) / det, (2 * rho * crossed - (1 + rho**2) * straight) / det]


def cross(slope: Function, g: Function, rho: float, d: int | None = None) -> list[float]:
    """(A, B) of E φ'(u)g(v)x = Aw + Be from its products with w and e."""
    with_weight = pair_mean(lambda u, v, r2: slope(u) * g(v) * u, rho, d)
    with_target = pair_mean(lambda u, v, r2: slope(u) * g(v) * v, rho, d)
    det = 1 - rho**2
    return [(with_weight - rho * with_target) / det, (with_target - rho * with_weight) / det]


def conditional_risk(
    covariance: Sequence[Sequence[Any]], moment: Sequence[Any], energy: Any, n: Any, ridge: Any, noise: Any
) -> dict[str, mpf]:
    """Of dense matrices, with inverses: κ by bisection of n - λ/κ = Tr Σ(Σ+κ)⁻¹, and the first form of 𝒫."""
    sigma, c = mpmath.matrix(covariance), mpmath.matrix(moment)
    n, ridge, noise, size = mpf(n), mpf(ridge), mpf(noise), len(moment)

    def resolvent(kappa: mpf) -> mpmath.matrix:
        return (sigma + kappa * mpmath.eye(size)) ** -1

    def trace(matrix: mpmath.matrix) -> mpf:
        return mpmath.fsum(matrix[i, i] for i in range(size))

    low, high = mpf(-60), mpf(10)
    for _ in range(mpmath.mp.prec + 10):
        middle = (low + high) / 2
        kappa = mpmath.exp(middle)
        if n - ridge / kappa < trace(sigma * resolvent(kappa)):
            low = middle
        else:
            high = middle
    kappa = mpmath.exp(high)
    solved = resolvent(kappa)
    gone = (c.T * solved * c)[0]
    back = (c.T * solved * sigma * solved * c)[0]
    left = mpf(energy) - 2 * gone + back
    df2 = trace(sigma * solved * sigma * solved)
    room = 1 - df2 / n
    return {
        "effective_ridge": kappa, "df2": df2, "bias": left / room, "variance": noise * df2 / n / room,
        "test": (left + noise) / room, "train": (ridge / (n * kappa)) ** 2 * (left + noise) / room,
    }  # fmt: skip


def marchenko_pastur_mean(f: Function, psi1: Any) -> mpf:
    """Mean of f over the min(N, d) squared singular values of W by the density, N/d = ψ₁."""
    psi1 = mpf(psi1)
    low, high = (1 - mpmath.sqrt(psi1)) ** 2, (1 + mpmath.sqrt(psi1)) ** 2
    middle, half = (high + low) / 2, (high - low) / 2

    def at(theta: mpf) -> mpf:
        x = middle + half * mpmath.cos(theta)
        density = high - x if psi1 == 1 else half**2 * mpmath.sin(theta) ** 2 / x
        return f(x) * density / (2 * mpmath.pi)

    return mpmath.quad(at, mpmath.linspace(0, mpmath.pi, 9)) / min(psi1, mpf(1))


def eigenvalue_of_limit_kernel(slope_kernel: Function, d: int, k: int) -> mpf:
    """ξ_k = E t h_d(t) P_k(t) by direct integration; P_k by its generating recursion, P_k(1) = 1."""

    def polynomial(t: mpf) -> mpf:
        return mpmath.gegenbauer(k, mpf(d - 2) / 2, t) / mpmath.gegenbauer(k, mpf(d - 2) / 2, 1)

    weight = lambda t: (1 - t * t) ** (mpf(d - 3) / 2)  # noqa: E731
    points = mpmath.linspace(-1, 1, 9)
    total = mpmath.quad(weight, points)
    return mpmath.quad(lambda t: t * slope_kernel(t) * polynomial(t) * weight(t), points) / total
