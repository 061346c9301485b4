"""Kernel ridge regression on linear data: the kernel on drawn features, with as many inputs as they have columns."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from riskcalc.arguments import FloatArray, numbers
from riskcalc.data import GaussianData
from riskcalc.estimators import KernelRidge, Ridge
from riskcalc.model import Model
from riskcalc.simulation.draw import LinearSample, linear_sample
from riskcalc.simulation.kernel_ridge import (
    KERNEL_FIELDS,
    TEST_POINTS,
    KernelFactorisation,
    KernelSample,
    averaged,
    drawn,
    dual_coefficients,
    factorised,
)
from riskcalc.simulation.measures import Fit, measured
from riskcalc.simulation.sizes import scaled_gaussian_ridge

if TYPE_CHECKING:
    from riskcalc.simulation.cells import Cell

TEST, BIAS, VARIANCE = 0, 2, 3  # places among the fields of a kernel


def gaussian_kernel_sample(data: GaussianData, n: int, rng: np.random.Generator) -> tuple[KernelSample, LinearSample]:
    """Training rows and fresh test rows of one linear sample, which is returned too; directions of variance 0 are 0."""
    both = linear_sample(data, n + TEST_POINTS, rng)
    rows = np.zeros((n + TEST_POINTS, int(data.spectrum.n_features)))
    rows[:, : both.covariance.size] = both.features
    values = both.features @ both.coefficients + (0.0 if both.nonlinear is None else both.nonlinear)
    return KernelSample(rows[:n], values[:n], rows[n:], values[n:], both.label_noise[:n]), both


def averaged_with_outside(
    fit: KernelFactorisation, sample: KernelSample, linear: LinearSample, ridge: float, noise: float
) -> FloatArray:
    """The fields averaged over the label noise, and over the part of the target that is independent of x.

    That part has the energy M: it is fitted like noise, and what is fitted of it is bias.
    """
    M = linear.outside_energy
    fields = averaged(fit, sample, ridge, M + noise)
    per_noise = averaged(fit, sample, ridge, 1.0)[VARIANCE] if M > 0 else 0.0
    fields[BIAS] += M * (1 + per_noise)
    fields[VARIANCE] -= M * per_noise
    return fields


def drawn_with_outside(
    fit: KernelFactorisation, sample: KernelSample, linear: LinearSample, ridge: float, noise: float, bias: float
) -> FloatArray:
    """The same for one draw of the labels; bias, κ and df1 do not depend on it."""
    M = linear.outside_energy
    fields = drawn(fit, with_outside(sample, linear), ridge, noise, bias - M)
    fields[[TEST, BIAS]] += M
    return fields


def with_outside(sample: KernelSample, linear: LinearSample) -> KernelSample:
    """The training values with the part of the target that is independent of x."""
    outside = np.sqrt(linear.outside_energy) * linear.outside[: len(sample.values)]
    return replace(sample, values=sample.values + outside)


def scaled_gaussian_kernel(
    data: GaussianData, estimator: KernelRidge, sizes: npt.ArrayLike, factor: float
) -> tuple[Model, Model]:
    """Multiplicities times the scale; a kernel is normalised, and its ridge stays."""
    checked = numbers("ridge", estimator.ridge, hint="an infinite ridge needs no experiment: it predicts zero")
    scaled, _ = scaled_gaussian_ridge(data, Ridge(checked), np.asarray(sizes), factor)
    return scaled, estimator


def gaussian_kernel_trial(cell: Cell, rng: np.random.Generator, points: FloatArray) -> FloatArray:
    """Kernel ridge regression on linear data: as on the sphere, with a target that may have a part outside."""
    sample, linear = gaussian_kernel_sample(cell.data, cell.n_samples, rng)  # type: ignore[arg-type]
    return gaussian_kernel_path(cell, factorised(cell.estimator.kernel, sample), sample, linear, points)  # type: ignore[attr-defined]


def gaussian_kernel_path(
    cell: Cell, fit: KernelFactorisation, sample: KernelSample, linear: LinearSample, points: FloatArray
) -> FloatArray:
    """All fields at each (ridge, noise), each by itself."""
    labelled, (theta, sigma) = with_outside(sample, linear), (linear.coefficients, linear.covariance)
    out, count = np.empty((len(cell.fields), len(points))), len(KERNEL_FIELDS)
    for k, (ridge, noise) in enumerate(points):
        out[:count, k] = averaged_with_outside(fit, sample, linear, ridge, noise)
        if cell.label_noise == "drawn":
            out[:count, k] = drawn_with_outside(fit, sample, linear, ridge, noise, bias=out[2, k])
        y = labelled.values + np.sqrt(noise) * sample.label_noise
        own = Fit(sample.inputs, y, dual_coefficients(fit, y, ridge), float(ridge), float(noise), theta, sigma)
        out[count:, k] = measured(cell.measures, own)
    return out
