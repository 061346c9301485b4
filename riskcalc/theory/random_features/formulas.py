"""Bias, variance, train error and norm of random features from the shares, and their limits where those are 0/0."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from riskcalc.arguments import FloatArray
from riskcalc.theory.random_features.shares import Flags, Shares, Solved


def bias(s: Shares) -> Any:
    r"""n[(N-D)Q₂ + gQ₁]/Δ."""
    return (s.beta * s.far + s.spread_width * s.unlearned) / s.gap


def variance(s: Shares, noise: Any) -> Any:
    r"""τ²[Dg + (N-D)df2]/Δ."""
    return noise * (s.fit_width * s.spread_n + s.beta * s.learned_n) / s.gap


def norm_squared(s: Shares, noise: Any) -> Any:
    r"""Nu[g(Q₁+τ²) + (n-D)(Q₁-Q₂)]/Δ."""
    return (s.pull * (s.unlearned + noise) + s.alpha * s.norm) / s.gap


def reached_excess(s: Shares, noise: Any) -> Any:
    """Excess error less M, within what the kernel reaches: what is outside acts as noise."""
    return bias(replace(s, outside=0.0)) + variance(s, noise + s.outside)


def in_sample(s: Shares, noise: Any, reached: Any) -> Any:
    r"""((n-D)/n)²(excess - M) + (D/n)²(τ²+M)."""
    return s.alpha * s.alpha * reached + s.fit_n * s.fit_n * (noise + s.outside)


@dataclass(frozen=True)
class Thresholds:
    """Where Δ = 0, all at ridge 0: n = N below the rank, n = rank <= N, and N = rank < n."""

    equal: Flags
    samples_at_rank: Flags
    width_at_rank: Flags

    @classmethod
    def of(cls, solved: Solved) -> Thresholds:
        """The three sets; κ is 0 by proof where its logarithm is -inf."""
        n, width, rank = solved.n, solved.width, solved.rank
        full = (solved.point.log_kappa == -np.inf) & ~solved.empty
        equal = (n == width) & (solved.ridge == 0) & ~full & ~solved.empty
        return cls(equal, full & (n == rank), full & (width == rank) & (n > rank))


def at_limits(solved: Solved, noise: FloatArray, values: dict[str, Any]) -> dict[str, Any]:
    """Bias, variance and norm with their limits: no predictor, and the three thresholds."""
    s, at = solved.shares(), Thresholds.of(solved)
    outside, reached_norm = s.outside, s.norm
    residual = outside + noise
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        empty = {
            "bias": s.far, "variance": 0.0, "df1": 0.0, "df2": 0.0, "norm_squared": 0.0,
        }  # fmt: skip
        equal = {
            "bias": diverging(s.unlearned), "variance": diverging(noise),
            "norm_squared": diverging(s.unlearned + noise),
        }  # fmt: skip
        finite_norm = np.where(s.beta > 0, reached_norm / s.beta, diverging(reached_norm))
        samples_at_rank = {
            "bias": diverging(outside), "variance": diverging(noise),
            "norm_squared": finite_norm + diverging(residual),
        }  # fmt: skip
        width_at_rank = {
            "bias": outside / s.alpha, "variance": noise * s.fit_n / s.alpha,
            "norm_squared": diverging(s.pull * residual + reached_norm),
        }  # fmt: skip
    for where, limits in (
        (at.equal, equal),
        (at.samples_at_rank, samples_at_rank),
        (at.width_at_rank, width_at_rank),
        (solved.empty, empty),
    ):
        values = {k: np.where(where, limits[k], v) if k in limits else v for k, v in values.items()}
    return values


def diverging(amount: FloatArray) -> FloatArray:
    """Infinite where there is anything to amplify, else 0."""
    return np.where(amount > 0, np.inf, 0.0)


def fitted(solved: Solved, noise: FloatArray, test: FloatArray, reached: FloatArray) -> dict[str, FloatArray]:
    """Errors on the training inputs, given the test error and its part within what is reached."""
    s, at = solved.shares(), Thresholds.of(solved)
    residual = noise + s.outside
    with np.errstate(invalid="ignore", divide="ignore"):
        train = np.where(s.alpha > 0, s.alpha * s.alpha * test, 0.0)
        error = in_sample(s, noise, reached)
        error = np.where(at.width_at_rank, s.fit_n * residual, error)
        error = np.where((s.alpha == 0) & ~solved.empty, s.fit_n * s.fit_n * residual, error)
        empty = s.alpha**2 * s.left + (1 - s.alpha) ** 2 * residual
    return {"train": train, "in_sample": np.where(solved.empty, empty, error)}
