"""mpmath twins of random features: the coupled system for (ν₁, ν₂) by bisection, and the published form of the risk.

Nothing here is imported by riskcalc or uses it. Spectra are finite, with a tail ("dust").
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import mpmath
from mpmath import mpf


@dataclass(frozen=True)
class Model:
    """Positive eigenvalues with multiplicities and energies, the tail, what is outside, and the noise."""

    sigma: Sequence[Any]
    m: Sequence[Any]
    energies: Sequence[Any]
    tail: Any = 0
    outside: Any = 0
    noise: Any = 0

    def total(self, term: Callable[[mpf, mpf, mpf], Any]) -> mpf:
        """Sum over (σ, m, e)."""
        return mpmath.fsum(
            term(mpf(s), mpf(w), mpf(e)) for s, w, e in zip(self.sigma, self.m, self.energies, strict=True)
        )

    def df1(self, nu: mpf) -> mpf:
        return self.total(lambda s, w, e: w * s / (s + nu)) + mpf(self.tail) / nu


def coupled(model: Model, n: Any, width: Any, ridge: Any) -> tuple[mpf, mpf]:
    """(ν₁, ν₂) of n - λ/ν₁ = D = N - Nν₁/ν₂ by bisection in log ν₂; ridge 0 below the rank is D = min(n, N)."""
    n, width, ridge = mpf(n), mpf(width), mpf(ridge)

    def too_small(nu2: mpf) -> bool:
        d = model.df1(nu2)
        nu1 = nu2 * (1 - d / width)
        return bool(nu1 <= 0 or d >= n or n - ridge / nu1 < d)

    low, high = mpf(-1500), mpf(1500)
    for _ in range(mpmath.mp.prec + 20):
        middle = (low + high) / 2
        low, high = (middle, high) if too_small(mpmath.exp(middle)) else (low, middle)
    nu2 = mpmath.exp(high)
    return nu2 * (1 - model.df1(nu2) / width), nu2


def risk(model: Model, n: Any, width: Any, ridge: Any) -> dict[str, mpf]:
    """The published form, with Υ and χ; the norm as the slope in λ of the least objective."""
    nu1, nu2 = coupled(model, n, width, ridge)
    n, width, noise = mpf(n), mpf(width), mpf(model.noise)
    d, df2 = model.df1(nu2), model.total(lambda s, w, e: w * s**2 / (s + nu2) ** 2)
    chi = (model.total(lambda s, w, e: w * s / (s + nu2) ** 2) + mpf(model.tail) / nu2**2) / (width - df2)
    upsilon = width / n * ((1 - nu1 / nu2) ** 2 + (nu1 / nu2) ** 2 * df2 / (width - df2))
    far = model.total(lambda s, w, e: e / (s + nu2) ** 2)
    near = model.total(lambda s, w, e: e * s / (s + nu2) ** 2)
    bias = (nu2**2 * (far + chi * near) + mpf(model.outside)) / (1 - upsilon)
    variance = noise * upsilon / (1 - upsilon)
    test = bias + variance + noise
    return {
        "effective_ridge": nu2, "df1": d, "df2": df2, "bias": bias, "variance": variance, "test": test,
        "train": ((n - d) / n) ** 2 * test, "gcv": test,
    }  # fmt: skip


def objective(model: Model, n: Any, width: Any, ridge: Any) -> mpf:
    """Least ‖y - Za‖² + λ‖a‖² = λ/ν₁ times the approximation error of the features and the noise."""
    nu1, nu2 = coupled(model, n, width, ridge)
    unlearned = model.total(lambda s, w, e: e * nu2 / (s + nu2)) + mpf(model.outside)
    return mpf(ridge) / nu1 * (unlearned + mpf(model.noise))


def norm_squared(model: Model, n: Any, width: Any, ridge: Any) -> mpf:
    """Slope of the objective in λ > 0."""
    ridge = mpf(ridge)
    with mpmath.workdps(3 * mpmath.mp.dps):
        h = ridge * mpf(10) ** (-mpmath.mp.dps // 3)
        return (objective(model, n, width, ridge + h) - objective(model, n, width, ridge - h)) / (2 * h)


def in_sample(model: Model, n: Any, width: Any, ridge: Any) -> mpf:
    """(1/n)E‖f̂ - f‖² = train - τ² + 2τ²D/n, the trace of the hat matrix being D; what is outside counts as noise."""
    within = replace(model, outside=0, noise=mpf(model.noise) + mpf(model.outside))
    found = risk(within, n, width, ridge)
    return found["train"] - within.noise + 2 * within.noise * found["df1"] / mpf(n)


def mei_montanari(psi1: Any, psi2: Any, scaled: Any, zeta2: Any, steps: int = 20000) -> tuple[mpf, mpf]:
    """(ℬ, 𝒱) by their coupled equations for ν₁, ν₂ on the imaginary axis (damped steps) and the polynomials E₀, E₁, E₂.

    ``scaled`` is λ_MM/μ_*². With ν = i·t the equations are real: t = ψ/(x + t' + ζ²t'/(1 + ζ²tt')).
    """
    p1, p2, z2 = mpf(psi1), mpf(psi2), mpf(zeta2)
    x = mpmath.sqrt(p1 * p2 * mpf(scaled))
    a, b = p1 / x, p2 / x
    for _ in range(steps):
        a_new = p1 / (x + b + z2 * b / (1 + z2 * a * b))
        b_new = p2 / (x + a_new + z2 * a_new / (1 + z2 * a_new * b))
        moved = abs(a_new - a) / a + abs(b_new - b) / b
        a, b = (a + a_new) / 2, (b + b_new) / 2
        if moved < mpf(10) ** (-mpmath.mp.dps + 5):
            break
    c, z4, z6 = -a * b, z2**2, z2**3
    e0 = (
        -(c**5) * z6 + 3 * c**4 * z4 + (p1 * p2 - p2 - p1 + 1) * c**3 * z6 - 2 * c**3 * z4 - 3 * c**3 * z2
        + (p1 + p2 - 3 * p1 * p2 + 1) * c**2 * z4 + 2 * c**2 * z2 + c**2 + 3 * p1 * p2 * c * z2 - p1 * p2
    )  # fmt: skip
    e1 = p2 * c**3 * z4 - p2 * c**2 * z2 + p1 * p2 * c * z2 - p1 * p2
    e2 = (
        c**5 * z6 - 3 * c**4 * z4 + (p1 - 1) * c**3 * z6 + 2 * c**3 * z4 + 3 * c**3 * z2 + (-p1 - 1) * c**2 * z4
        - 2 * c**2 * z2 - c**2
    )  # fmt: skip
    return e1 / e0, e2 / e0
