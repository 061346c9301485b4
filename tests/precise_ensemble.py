"""mpmath twins of ensembles, from the definition: an average over pairs of members, and over who has seen a sample.

Finite spectra in coefficients F = e/σ, with a tail. Nothing here is imported by riskcalc or uses it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import mpmath
from mpmath import mpf


@dataclass(frozen=True)
class Model:
    """Positive eigenvalues with multiplicities and energies, what is outside, the noise, and a tail."""

    sigma: Sequence[Any]
    m: Sequence[Any]
    energies: Sequence[Any]
    noise: Any = 0
    outside: Any = 0
    tail: Any = 0

    def shells(self) -> list[tuple[mpf, mpf, mpf]]:
        """(σ, m, F)."""
        rows = zip(self.sigma, self.m, self.energies, strict=True)
        return [(mpf(s), mpf(w), mpf(e) / mpf(s)) for s, w, e in rows]

    def df1(self, kappa: mpf) -> mpf:
        return mpmath.fsum(w * s / (s + kappa) for s, w, _ in self.shells()) + mpf(self.tail) / kappa

    def kappa(self, k: Any, ridge: Any) -> mpf:
        """Root of k - λ/κ = df1(κ), by bisection in log κ."""
        k, ridge = mpf(k), mpf(ridge)
        low, high = mpf(-3000), mpmath.log((ridge + mpf(self.tail) + sum(s * w for s, w, _ in self.shells())) / k) + 1
        for _ in range(mpmath.mp.prec + 16):
            middle = (low + high) / 2
            at = mpmath.exp(middle)
            low, high = (middle, high) if at * (k - self.df1(at)) < ridge else (low, middle)
        return mpmath.exp((low + high) / 2)


@dataclass(frozen=True)
class Pair:
    """Two fits at their effective ridges, of k₁ and k₂ samples with ``overlap`` in common."""

    model: Model
    kappas: tuple[mpf, mpf]
    sizes: tuple[Any, Any]
    overlap: Any

    def share(self) -> mpf:
        return mpf(self.overlap) / (mpf(self.sizes[0]) * mpf(self.sizes[1]))

    def parts(self) -> tuple[mpf, mpf]:
        """E(y - f̂₁)(y - f̂₂): what is there without noise, and what is proportional to it (the noise itself too)."""
        a, b = self.kappas
        df2 = mpmath.fsum(w * s**2 / ((s + a) * (s + b)) for s, w, _ in self.model.shells())
        left = mpmath.fsum(f * s * a * b / ((s + a) * (s + b)) for s, _, f in self.model.shells())
        return (left + mpf(self.model.outside)) / (1 - self.share() * df2), mpf(self.model.noise) / (
            1 - self.share() * df2
        )

    def test(self) -> mpf:
        return sum(self.parts())

    def norms(self) -> tuple[mpf, mpf]:
        """E⟨θ̂₁, θ̂₂⟩ and E⟨θ̂₁ - θ*, θ̂₂ - θ*⟩."""
        a, b = self.kappas
        shells = self.model.shells()
        moved = mpmath.fsum(w * s / ((s + a) * (s + b)) for s, w, _ in shells) + mpf(self.model.tail) / (a * b)
        amplified = self.share() * self.test() * moved
        norm = mpmath.fsum(f * s**2 / ((s + a) * (s + b)) for s, _, f in shells)
        far = mpmath.fsum(f * a * b / ((s + a) * (s + b)) for s, _, f in shells)
        return norm + amplified, far + amplified


def ensemble(model: Model, n: Any, ridge: Any, size: Any, k: Any, kappa: mpf | None = None) -> dict[str, mpf]:
    """Every field at κ > 0 (or at the κ given)."""
    n, k, ridge = mpf(n), mpf(k), mpf(ridge)
    kappa = model.kappa(k, ridge) if kappa is None else kappa
    shrunk, f = ridge / (k * kappa), k / n  # a residual on what was fitted, in units of one at a fresh point
    same, other = (Pair(model, (kappa, kappa), (k, k), o) for o in (k, k * k / n))
    one = 1 / mpf(size)

    def mean(of_one: mpf, of_two: mpf) -> mpf:
        return one * of_one + (1 - one) * of_two

    bias, noisy = (mean(x, y) for x, y in zip(same.parts(), other.parts(), strict=True))
    seen_by_one = (1 - f) + f * shrunk**2
    seen_by_two = (1 - f) ** 2 + 2 * f * (1 - f) * shrunk + f**2 * shrunk**2
    train = mean(seen_by_one * same.test(), seen_by_two * other.test())
    norm, far = (mean(x, y) for x, y in zip(same.norms(), other.norms(), strict=True))
    df1, every = model.df1(kappa), mpf(model.noise) + mpf(model.outside)
    return {
        "effective_ridge": kappa,
        "df1": df1,
        "df2": mpmath.fsum(w * s**2 / (s + kappa) ** 2 for s, w, _ in model.shells()),
        "bias": bias,
        "variance": noisy - mpf(model.noise),
        "test": bias + noisy,
        "train": train,
        "gcv": train / (1 - df1 / n) ** 2,
        "norm_squared": norm,
        "estimation": far,
        "in_sample": train - every + 2 * every * df1 / n,
    }


def derivatives(parameter: str, model: Model, **point: Any) -> dict[str, mpf]:
    """Of every field, by central differences with a third of the working digits as the step."""
    step = mpf(point[parameter]) * mpf(10) ** (-mpmath.mp.dps // 3)
    up, down = (ensemble(model, **(point | {parameter: mpf(point[parameter]) + sign * step})) for sign in (1, -1))
    return {name: (up[name] - down[name]) / (2 * step) for name in up}
