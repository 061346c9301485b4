"""Gradient flow on drawn features: one eigendecomposition of XᵀX serves all times."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from riskcalc.arguments import FloatArray
from riskcalc.data import GaussianData, LatentSpaceData
from riskcalc.estimators import GradientFlow, Ridge
from riskcalc.model import Model
from riskcalc.simulation.draw import LinearSample, linear_sample
from riskcalc.simulation.fit import Factorisation, factorisations
from riskcalc.simulation.latent_space import latent_sample, scaled_latent_ridge
from riskcalc.simulation.measures import Fit, measured
from riskcalc.simulation.sizes import scaled_gaussian_ridge

if TYPE_CHECKING:
    from riskcalc.simulation.cells import Cell

FLOW_FIELDS = ("test", "train", "bias", "variance", "df1", "norm_squared", "estimation", "in_sample")


def comparable_ridge(n: int, times: FloatArray) -> FloatArray:
    """n/t, which decides by which factorisation a time keeps its digits."""
    with np.errstate(divide="ignore", over="ignore"):
        return n / times


def learned(fit: Factorisation, time: float) -> FloatArray:
    """Shares 1 - e^{-ts²/n} of the outputs along the singular vectors that are fitted by the time; 1 at inf, if s > 0.

    What rounding leaves of s = 0 counts for less than 1e-6 of them, as the factorisations see to.
    """
    with np.errstate(invalid="ignore"):
        reached = np.where(fit.squares > 0, time * (fit.squares / fit.n_rows), 0.0)
    return np.asarray(-np.expm1(-reached))


def flow_coefficients(fit: Factorisation, cross: FloatArray, time: float) -> FloatArray:
    """(XᵀX)⁺(1 - e^{-tXᵀX/n})Xᵀy from ``cross`` = Xᵀy."""
    scale = np.divide(learned(fit, time), fit.squares, out=np.zeros_like(fit.squares), where=fit.squares > 0)
    return np.asarray(fit.vectors @ (scale * (fit.vectors.T @ cross)))


def signal(sample: LinearSample) -> FloatArray:
    """The target on the rows, as far as it is not averaged over."""
    linear: FloatArray = sample.features @ sample.coefficients
    return linear if sample.nonlinear is None else linear + sample.nonlinear


def drawn_labels(sample: LinearSample, noise: float) -> FloatArray:
    """The labels with their one draw of noise."""
    return np.asarray(
        signal(sample) + np.sqrt(sample.outside_energy) * sample.outside + np.sqrt(noise) * sample.label_noise
    )


def averaged_fields(fit: Factorisation, sample: LinearSample, time: float, noise: float) -> tuple[float, ...]:
    """The fields in their order, exact in Σ and averaged over the label noise."""
    X, theta, sigma, n = sample.features, sample.coefficients, sample.covariance, fit.n_rows
    share, labels = learned(fit, time), signal(sample)
    mean = flow_coefficients(fit, X.T @ labels, time)
    error, residual, fitted = mean - theta, labels - X @ mean, X @ (mean - theta)
    squares = np.divide(share**2, fit.squares, out=np.zeros_like(share), where=fit.squares > 0)
    spread, every = float(sigma @ fit.vectors**2 @ squares), sample.outside_energy + noise
    bias = float(sigma @ error**2) + sample.nonlinear_energy + sample.outside_energy * (1 + spread)
    unfitted = float(((1 - share) ** 2).sum()) + n - share.size
    return (
        bias + noise * spread + noise,
        float(residual @ residual + every * unfitted) / n,
        bias,
        noise * spread,
        float(share.sum()),
        float(mean @ mean + every * squares.sum()),
        float(error @ error + every * squares.sum()),
        float(fitted @ fitted + every * (share**2).sum()) / n,
    )


def drawn_fields(
    coefficients: FloatArray, outputs: FloatArray, sample: LinearSample, noise: float, averaged: tuple[float, ...]
) -> tuple[float, ...]:
    """The same for one draw of the labels; bias and df1 do not depend on it."""
    error, (bias, df1) = coefficients - sample.coefficients, (averaged[2], averaged[4])
    residual, fitted = outputs - sample.features @ coefficients, sample.features @ error
    test = float(sample.covariance @ error**2) + sample.outside_energy + sample.nonlinear_energy + noise
    return (
        test,
        float(np.mean(residual**2)),
        bias,
        test - bias - noise,
        df1,
        float(coefficients @ coefficients),
        float(error @ error),
        float(np.mean(fitted**2)),
    )


def scaled_gaussian_flow(
    data: GaussianData, estimator: GradientFlow, sizes: FloatArray, factor: float
) -> tuple[Model, Model]:
    """Multiplicities times the scale; the time is that of a mean, and stays."""
    if estimator.kernel is not None:
        raise TypeError(f"kernel must be None for GaussianData, got {estimator.kernel!r}; its model is linear")
    return scaled_gaussian_ridge(data, Ridge(0.0), sizes, factor)[0], estimator


def scaled_latent_flow(
    data: LatentSpaceData, estimator: GradientFlow, sizes: FloatArray, factor: float
) -> tuple[Model, Model]:
    """The sizes are those of the loadings."""
    return scaled_latent_ridge(data, Ridge(0.0), sizes, factor)[0], estimator


def gaussian_flow_trial(cell: Cell, rng: np.random.Generator, points: FloatArray) -> FloatArray:
    """On Gaussian data."""
    return _flow_trial(cell, linear_sample(cell.data, cell.n_samples, rng), points)  # type: ignore[arg-type]


def latent_space_flow_trial(cell: Cell, rng: np.random.Generator, points: FloatArray) -> FloatArray:
    """On latent space data."""
    return _flow_trial(cell, latent_sample(cell.data, cell.n_samples, rng), points)  # type: ignore[arg-type]


def _flow_trial(cell: Cell, sample: LinearSample, points: FloatArray) -> FloatArray:
    """The flow's fields at each (time, noise)."""
    n, count = cell.n_samples, len(FLOW_FIELDS)
    out = np.empty((len(cell.fields), len(points)))
    ridges = comparable_ridge(n, points[:, 0])
    for fit, at in factorisations(sample.features, ridges):
        for k in at:
            time, noise = (float(value) for value in points[k])
            averaged = averaged_fields(fit, sample, time, noise)
            out[:count, k] = averaged
            if cell.label_noise == "drawn" or cell.measures:
                X, y = sample.features, drawn_labels(sample, noise)
                theta = flow_coefficients(fit, X.T @ y, time)
                if cell.label_noise == "drawn":
                    out[:count, k] = drawn_fields(theta, y, sample, noise, averaged)
                own = Fit(X, y, theta, float(ridges[k]), noise, sample.coefficients, sample.covariance, time)
                out[count:, k] = measured(cell.measures, own)
    return out
