"""Trials of ridge regression on linear models."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from riskcalc.arguments import FloatArray
from riskcalc.simulation.draw import LinearSample, linear_sample
from riskcalc.simulation.fit import (
    Factorisation,
    SignalAndNoise,
    coefficients,
    factorisations,
    generalised_cross_validation,
    refuse_indefinite,
    signal_and_noise,
)
from riskcalc.simulation.gradient_flow import drawn_labels
from riskcalc.simulation.latent_space import latent_sample
from riskcalc.simulation.measures import Fit, measured
from riskcalc.simulation.nonlinear import with_nonlinear
from riskcalc.simulation.shift import Judge, judge_of

if TYPE_CHECKING:
    from riskcalc.simulation.cells import Cell

LINEAR_FIELDS = (
    "test",
    "train",
    "bias",
    "variance",
    "effective_ridge",
    "df1",
    "norm_squared",
    "estimation",
    "in_sample",
    "gcv",
)


def gaussian_ridge_trial(cell: Cell, rng: np.random.Generator, points: FloatArray) -> FloatArray:
    """On Gaussian data, judged by other data if there are any."""
    data: Any = cell.data
    test_data: Any = cell.test_data
    sample = linear_sample(data, cell.n_samples, rng)
    return linear_ridge_trial(cell, sample, points, judge_of(data, test_data, sample, rng) if test_data else None)


def latent_space_ridge_trial(cell: Cell, rng: np.random.Generator, points: FloatArray) -> FloatArray:
    """On latent space data."""
    return linear_ridge_trial(cell, latent_sample(cell.data, cell.n_samples, rng), points)  # type: ignore[arg-type]


def linear_ridge_trial(cell: Cell, sample: LinearSample, points: FloatArray, judge: Judge | None = None) -> FloatArray:
    """Test, train, bias, variance and the rest by the exact quadratic form in Σ, averaged over the label noise.

    A judge takes the place of the training distribution in test, bias and variance.
    """
    outside = sample.outside_energy
    out = np.empty((len(cell.fields), len(points)))
    for fit, at in factorisations(sample.features, points[:, 0]):
        ridge, noise = points[at].T
        refuse_indefinite(fit, ridge)
        weights = sample.covariance @ fit.vectors**2
        parts = signal_and_noise(fit, sample.covariance, sample.coefficients, weights, ridge)
        parts = with_nonlinear(parts, fit, sample, ridge)
        out[: len(LINEAR_FIELDS), at] = averaged_fields(
            parts,
            noise,
            outside,
            fit.effective_ridge(ridge),
            fit.degrees_of_freedom(ridge),
            sample.nonlinear_energy,
        )
        if judge:
            out[np.array([[0], [2], [3]]), at] = judge.averaged(fit, sample, ridge, noise)
        if cell.label_noise == "drawn" or cell.measures:
            for k in at:
                own = _drawn(fit, sample, *points[k])
                if cell.label_noise == "drawn":
                    out[: len(LINEAR_FIELDS), k] = _drawn_fields(own, fit, sample, points[k, 1], out[:, k])
                    if judge:
                        out[[0, 3], k] = judge.drawn(own.coefficients, out[2, k])
                out[len(LINEAR_FIELDS) :, k] = measured(cell.measures, own)
    return out


def averaged_fields(
    parts: SignalAndNoise,
    noise: FloatArray,
    outside: float,
    effective_ridge: FloatArray,
    df1: FloatArray,
    nonlinear: float = 0.0,
) -> FloatArray:
    """The fields averaged over the label noise; energy ``outside`` acts as noise, ``nonlinear`` is in ``parts``."""
    bias = parts.signal_error + nonlinear + outside * (1 + parts.noise_error)
    variance, all_noise = noise * parts.noise_error, outside + noise
    return np.array(
        [
            bias + variance + noise,
            parts.signal_train + all_noise * parts.noise_train,
            bias,
            variance,
            effective_ridge,
            df1,
            parts.signal_norm + all_noise * parts.noise_norm,
            parts.signal_distance + all_noise * parts.noise_norm,
            parts.signal_fitted + all_noise * parts.noise_fitted,
            parts.signal_gcv + all_noise * parts.noise_gcv,
        ]
    )


def _drawn(fit: Factorisation, sample: LinearSample, ridge: float, noise: float) -> Fit:
    y = drawn_labels(sample, noise)
    theta = coefficients(fit, sample.features.T @ y, ridge)
    return Fit(sample.features, y, theta, float(ridge), float(noise), sample.coefficients, sample.covariance)


def _drawn_fields(
    own: Fit, fit: Factorisation, sample: LinearSample, noise: float, averaged: FloatArray
) -> tuple[float, ...]:
    """The same fields for one draw of the labels; bias, κ and df1 do not depend on it."""
    error = own.coefficients - sample.coefficients
    residual = own.outputs - sample.features @ own.coefficients
    test = float(sample.covariance @ error**2) + sample.outside_energy + sample.nonlinear_energy + noise
    train, bias, df1 = float(residual @ residual) / len(residual), averaged[2], averaged[5]
    fitted = sample.features @ error
    return (
        test,
        train,
        bias,
        test - bias - noise,
        averaged[4],
        df1,
        float(own.coefficients @ own.coefficients),
        float(error @ error),
        float(fitted @ fitted) / len(residual),
        generalised_cross_validation(fit, sample.features.T @ own.outputs, own.outputs, own.ridge),
    )
