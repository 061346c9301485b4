"""mpmath twins of the expansions in 1/n, from their definitions.

``Expansion`` holds the two terms of E log det(XᵀX + Λ) for the penalty matrix Λ = λ + sΣ + tθθᵀ and differentiates them
numerically; ``by_power_sums`` is the sheet's closed form, written in its own letters. Nothing here is imported by
riskcalc or uses it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import mpmath
from mpmath import mpf
from precise_linear import kappa_of


@dataclass
class Expansion:
    r"""Φ₀ = log det(Λ+wΣ) - n log(w/n) - (n-w) with n - w = Tr wΣ(Λ+wΣ)⁻¹, and Φ₁ = ½ log(1-D) - (κ₄/2) D̃.

    D = (1/n) Tr M² and D̃ = (1/n) Σ M_jj² of M = w Σ^{1/2}(Λ+wΣ)⁻¹Σ^{1/2}; one coordinate per eigenvalue.
    """

    sigma: Sequence[Any]
    theta: Sequence[Any]
    n: Any
    ridge: Any
    kurtosis: Any = 0

    def __post_init__(self) -> None:
        self.sigma, self.theta = [mpf(x) for x in self.sigma], mpmath.matrix([mpf(x) for x in self.theta])
        self.n, self.ridge, self.kurtosis = mpf(self.n), mpf(self.ridge), mpf(self.kurtosis)
        ones = [mpf(1)] * len(self.sigma)
        self.start = self.ridge / kappa_of(self.sigma, ones, self.n, self.ridge)

    def penalty(self, lam: mpf, s: mpf, t: mpf) -> mpmath.matrix:
        return mpmath.diag([lam + s * x for x in self.sigma]) + t * self.theta * self.theta.T

    def resolved(self, penalty: mpmath.matrix, w: mpf) -> mpmath.matrix:
        """The matrix M."""
        roots = mpmath.diag([mpmath.sqrt(x) for x in self.sigma])
        return w * roots * (penalty + w * mpmath.diag(self.sigma)) ** -1 * roots

    def root(self, penalty: mpmath.matrix) -> mpf:
        def excess(w: mpf) -> mpf:
            M = self.resolved(penalty, w)
            return self.n - w - sum(M[j, j] for j in range(M.rows))

        return mpmath.findroot(excess, (self.start, self.start * (1 + mpf(10) ** -6)))

    def zeroth(self, lam: mpf, s: mpf, t: mpf) -> mpf:
        penalty = self.penalty(lam, s, t)
        w = self.root(penalty)
        determinant = mpmath.det(penalty + w * mpmath.diag(self.sigma))
        return mpmath.log(determinant) - self.n * mpmath.log(w / self.n) - (self.n - w)

    def first(self, lam: mpf, s: mpf, t: mpf) -> mpf:
        penalty = self.penalty(lam, s, t)
        M = self.resolved(penalty, self.root(penalty))
        square, p = M * M, M.rows
        D = sum(square[j, j] for j in range(p)) / self.n
        diagonal = sum(M[j, j] ** 2 for j in range(p)) / self.n
        return mpmath.log(1 - D) / 2 - self.kurtosis / 2 * diagonal

    def means(self, order: int, noise: Any) -> dict[str, mpf]:
        """Every mean, by the exact identities that express it in derivatives of Φ."""
        phi, lam, noise = (self.zeroth, self.first)[order], self.ridge, mpf(noise)

        def d(*times: int) -> mpf:
            return mpmath.diff(phi, (lam, mpf(0), mpf(0)), times)

        zeroth = 1 - order
        more = zeroth * (self.n - len(self.sigma))  # log det(XXᵀ+λ) = log det(XᵀX+λ) + (n-p) log λ
        norm = zeroth * (self.theta.T * self.theta)[0]
        d_l, d_ll = d(1, 0, 0) + more / lam, d(2, 0, 0) - more / lam**2
        d_t, d_lt = d(0, 0, 1), d(1, 0, 1)
        objective = lam * (norm - lam * d_t) + lam * noise * d_l
        norm_squared = norm - 2 * lam * d_t - lam**2 * d_lt + noise * (d_l + lam * d_ll)
        train = (objective - lam * norm_squared) / self.n
        df1 = zeroth * self.n - lam * d_l  # Tr H = n - λ Tr(XXᵀ+λ)⁻¹
        bias, variance = -(lam**2) * d(0, 1, 1), noise * (d(0, 1, 0) + lam * d(1, 1, 0))
        return {
            "inverse": d_l,
            "bias": bias,
            "variance": variance,
            "test": bias + variance + zeroth * noise,
            "df1": df1,
            "norm_squared": norm_squared,
            "train": train,
            "in_sample": train - zeroth * noise + 2 * noise * df1 / self.n,
            "estimation": norm_squared - 2 * (norm - lam * d_t) + norm,
        }

    def variance(self, noise: Any) -> mpf:
        r"""Of the test error: λ⁴ ∂_{s₁}∂_{s₂} of Cov(θᵀG₁θ, θᵀG₂θ) = 2w₁w₂/(n(1-D₁₂)) (θᵀR₁ΣR₂θ)².

        Noise is a coordinate with σ₀ → 0 and σ₀θ₀² = τ², for which R = 1/λ.
        """
        noise, zero = mpf(noise), mpf(0)

        def covariance(s1: mpf, s2: mpf) -> mpf:
            w, R = [], []
            for s in (s1, s2):
                w.append(self.root(self.penalty(self.ridge, s, zero)))
                R.append([1 / (self.ridge + s * x + w[-1] * x) for x in self.sigma])
            rows = list(zip(self.sigma, self.theta, *R, strict=True))
            D = w[0] * w[1] / self.n * mpmath.fsum(x**2 * r1 * r2 for x, _, r1, r2 in rows)
            along = mpmath.fsum(x * f**2 * r1 * r2 for x, f, r1, r2 in rows) + noise / self.ridge**2
            return 2 * w[0] * w[1] / (self.n * (1 - D)) * along**2

        return self.ridge**4 * mpmath.diff(covariance, (zero, zero), (1, 1))


def by_power_sums(
    sigma: Sequence[Any], m: Sequence[Any], energies: Sequence[Any], n: Any, kappa: Any, ridge: Any, noise: Any,
    outside: Any, kurtosis: Any, tail: Any = 0,
) -> dict[str, mpf]:  # fmt: skip
    """The closed forms in τ_k and b_k, and the variance of the test error, at a κ > 0."""
    n, kappa, noise, outside, k4 = mpf(n), mpf(kappa), mpf(noise), mpf(outside), mpf(kurtosis)
    rows = [(mpf(x), mpf(w), mpf(e) / mpf(x)) for x, w, e in zip(sigma, m, energies, strict=True)]
    t1, D, t3, t4 = (mpmath.fsum(w * (x / (x + kappa)) ** k for x, w, _ in rows) / n for k in (1, 2, 3, 4))
    b1, b2, b3 = (
        kappa**2 * mpmath.fsum(f * (x / (x + kappa)) ** k / (x + kappa) for x, _, f in rows) for k in (1, 2, 3)
    )
    t1 += mpf(tail) / kappa / n
    s = mpf(ridge) / (n * kappa)
    E, xi, d = 1 - D, t3 - D**2, D - t3
    zeta, a = t4 - 2 * D * t3 + D**3, 3 * t4 - 2 * t3 + 3 * D**2 - 4 * D * t3

    def error(A: mpf, b2: mpf, b3: mpf) -> mpf:
        gauss = 3 * b3 - 4 * d / E * b2 + A * (a / E - 4 * d * xi / E**2)
        fourth = 3 * b3 - 2 * (2 * D - D**2 - t3) / E * b2 + A * (a / E - 2 * d * xi / E**2)
        return gauss / (n * E**2) + k4 / (n * E) * fourth

    def variance(A: mpf) -> mpf:
        square = A**2 * (D**2 + zeta / E + 2 * xi**2 / E**2 - 2 * D * xi / E)
        return 2 / (n * E**3) * (square - 4 * A * b2 * (D - xi / E) + 2 * b2**2 + 2 * A * b3)

    A = b1 + outside + noise
    J, K = d * A / E - b2, 1 / E + k4
    v_s, v_delta, v_A, v_b2, v_K = t1 - D, -2 * d + 3 * (t3 - t4), 2 * b2, 3 * b3 - b2, -2 * d / E**2
    v_J = v_delta * A / E + v_A * d / E - 2 * d**2 * A / E**2 - v_b2
    slope = v_s * K * J + s * v_K * J + s * K * v_J
    h = s / n * (d / E**2 + k4 * d / E)
    train = (s * K * J - s / E * slope) / n
    norm = slope / (n * kappa * E)
    out = {
        "bias": error(b1 + outside, b2, b3),
        "variance": error(noise, mpf(0), mpf(0)),
        "test": error(A, b2, b3),
        "train": train,
        "effective_ridge": -kappa / n * (d / E**2 + k4 * d / E),
        "df1": -n * h,
        "norm_squared": norm,
        "in_sample": train - 2 * (noise + outside) * h,
        "estimation": norm - 2 * K * (d * b1 / E - b2) / (n * kappa),
        "variance of test": variance(A),
        "variance of bias": variance(b1),
    }
    if s != 0:
        out["gcv"] = train / s**2 - 2 * s**-3 * (s**2 * A / E) * h
    return out
