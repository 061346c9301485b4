"""Bias, variance, train error and norm of random features from the shares, and their limits where those are 0/0."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from riskcalc.arguments import FloatArray
from riskcalc.theory.random_features.shares import Shares, Solved

Flags = npt.NDArray[np.bool_]


def bias(s: Shares) -> Any:
    r"""n[(N-D)Q₂ + gQ₁]/Δ."""
    return (s.beta * s.left + s.spread_width * s.unlearned) / s.gap


def variance(s: Shares, noise: Any) -> Any:
    r"""τ²[Dg + (N-D)df2]/Δ."""
    return noise * (s.fit_width * s.spread_n + s.beta * s.learned_n) / s.gap


def norm_squared(s: Shares, noise: Any) -> Any:
    r"""Nu[g(Q₁+τ²) + (n-D)(Q₁-Q₂)]/Δ."""
    return (s.pull * (s.unlearned + noise) + s.alpha * s.norm) / s.gap


def in_sample(s: Shares, noise: Any, outside: Any, excess: Any) -> Any:
    r"""((n-D)/n)²(excess - M) + (D/n)²(τ²+M): what is outside acts as noise."""
    return s.alpha * s.alpha * (excess + (-1.0) * outside) + s.fit_n * s.fit_n * (noise + outside)


def at_limits(solved: Solved, noise: FloatArray, values: dict[str, Any]) -> dict[str, FloatArray]:
    """The fields with their limits: no predictor, the threshold n = N, and the rank where that is n or N."""
    s, kinds = solved.shares(), Kinds.of(solved)
    outside, total = solved.problem.unreached, s.unlearned + noise
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        empty = {
            "bias": s.left, "variance": 0.0, "df1": 0.0, "df2": 0.0, "norm_squared": 0.0,
            "in_sample": s.alpha**2 * (s.left - outside) + (1 - s.alpha) ** 2 * (noise + outside),
        }  # fmt: skip
        threshold = {
            "bias": diverging(s.unlearned), "variance": diverging(noise), "norm_squared": diverging(total),
            "in_sample": outside + noise,
        }  # fmt: skip
        all_samples = {
            "bias": diverging(np.asarray(outside)), "variance": diverging(noise), "in_sample": outside + noise,
            "norm_squared": s.norm / s.beta + diverging(outside + noise),
        }  # fmt: skip
        all_width = {
            "bias": outside / s.alpha, "variance": noise * s.fit_n / s.alpha,
            "in_sample": s.alpha * outside * s.fit_n + s.alpha * noise * s.fit_n + s.fit_n**2 * (outside + noise),
            "norm_squared": diverging(s.pull * (outside + noise) + s.norm),
        }  # fmt: skip
    for where, limits in (
        (kinds.threshold, threshold),
        (kinds.samples_at_rank, all_samples),
        (kinds.width_at_rank, all_width),
        (solved.empty, empty),
    ):
        values = {k: np.where(where, limits[k], v) if k in limits else v for k, v in values.items()}
    return values


def diverging(amount: FloatArray) -> FloatArray:
    """inf where there is anything to amplify, else 0."""
    return np.where(amount > 0, np.inf, 0.0)
