"""Ensembles of ridge regressions: each member is linear in the labels, and so is their average."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from riskcalc.arguments import FloatArray
from riskcalc.estimators import Ensemble
from riskcalc.model import Model
from riskcalc.simulation.draw import LinearSample, linear_sample
from riskcalc.simulation.fit import Factorisation, factorisations, refuse_indefinite
from riskcalc.simulation.gradient_flow import drawn_labels
from riskcalc.simulation.latent_space import latent_sample
from riskcalc.simulation.linear import LINEAR_FIELDS, linear_ridge_trial
from riskcalc.simulation.measures import Fit, measured

if TYPE_CHECKING:
    from riskcalc.simulation.cells import Cell


@dataclass(frozen=True)
class AveragedMap:
    """The p × n matrix A with θ̂ = A y, mean over the members, and the mean of their effective ridges."""

    matrix: FloatArray
    effective_ridge: float

    def fields(self, sample: LinearSample, noise: float) -> tuple[float, ...]:
        """The fields of a linear fit, test to gcv, exact in Σ and averaged over the label noise."""
        X, A, theta, sigma, n = (
            sample.features,
            self.matrix,
            sample.coefficients,
            sample.covariance,
            len(sample.features),
        )
        hat = X @ A
        signal = X @ theta + (0.0 if sample.nonlinear is None else sample.nonlinear)
        mean = A @ signal
        error, residual, fitted = mean - theta, signal - X @ mean, X @ (mean - theta)
        spread = float(sigma @ (A * A).sum(axis=1))
        df1, every = float(np.trace(hat)), sample.outside_energy + noise
        bias = float(sigma @ error**2) + sample.nonlinear_energy + sample.outside_energy * (1 + spread)
        train = float(residual @ residual + every * ((np.eye(n) - hat) ** 2).sum()) / n
        return (
            bias + noise * spread + noise,
            train,
            bias,
            noise * spread,
            self.effective_ridge,
            df1,
            float(mean @ mean + every * (A * A).sum()),
            float(error @ error + every * (A * A).sum()),
            float(fitted @ fitted + every * (hat * hat).sum()) / n,
            train / (1 - df1 / n) ** 2,
        )

    def drawn_fields(
        self, sample: LinearSample, outputs: FloatArray, noise: float, averaged: tuple[float, ...]
    ) -> tuple[float, ...]:
        """The same for one draw of the labels; bias, κ and df1 do not depend on it."""
        n, coefficients = len(outputs), self.matrix @ outputs
        bias, kappa, df1 = averaged[2], averaged[4], averaged[5]
        error = coefficients - sample.coefficients
        residual, fitted = outputs - sample.features @ coefficients, sample.features @ error
        test = float(sample.covariance @ error**2) + sample.outside_energy + sample.nonlinear_energy + noise
        train = float(residual @ residual) / n
        return (
            test,
            train,
            bias,
            test - bias - noise,
            kappa,
            df1,
            float(coefficients @ coefficients),
            float(error @ error),
            float(fitted @ fitted) / n,
            train / (1 - df1 / n) ** 2,
        )


def averaged_maps(
    sample: LinearSample, size: int, subsample: int, ridges: FloatArray, rng: np.random.Generator
) -> list[AveragedMap]:
    """One map per ridge, over ``size`` random subsets; one factorisation of each subset serves all ridges."""
    n, p = sample.features.shape
    maps, kappas = np.zeros((ridges.size, p, n)), np.zeros(ridges.size)
    for _ in range(size):
        rows = rng.permutation(n)[:subsample]
        X = sample.features[rows]
        for fit, at in factorisations(X, ridges):
            refuse_indefinite(fit, ridges[at])
            kappas[at] += fit.effective_ridge(ridges[at])
            projected = fit.vectors.T @ X.T
            for j in at:
                maps[j][:, rows] += _map(fit, projected, ridges[j])
    return [AveragedMap(total / size, float(kappa / size)) for total, kappa in zip(maps, kappas, strict=True)]


def _map(fit: Factorisation, projected: FloatArray, ridge: float) -> FloatArray:
    """(XᵀX + λ)⁻¹Xᵀ from ``projected`` = VᵀXᵀ; the pseudoinverse at ridge 0."""
    scale = np.where(fit.squares > 0, fit.inverse(ridge), 0.0)
    return fit.vectors @ (scale[:, None] * projected)


def members(estimator: Ensemble, n_samples: int) -> tuple[int, int]:
    """How many members there are, and the size of their subsets."""
    subsample = n_samples if estimator.subsample is None else int(np.asarray(estimator.subsample))
    return int(np.asarray(estimator.size)), subsample


def scaled_ensemble(
    scaled: Callable[[Any, Any, FloatArray, float], tuple[Model, Model]],
    data: Model, estimator: Ensemble, sizes: FloatArray, factor: float,
) -> tuple[Model, Model]:  # fmt: skip
    """Data and members as ``scaled`` does without an ensemble, and the subsets with the sample."""
    if np.isinf(estimator.size).any():
        raise ValueError("size must be finite to be simulated, got inf; give a size of 50, say, and compare at that")
    data, member = scaled(data, estimator.estimator, sizes, factor)
    k = None if estimator.subsample is None else _rounded(estimator.subsample, sizes, factor)
    return data, estimator.replace(estimator=member, subsample=k)


def _rounded(subsample: npt.ArrayLike, sizes: FloatArray, factor: float) -> FloatArray:
    k = np.asarray(np.rint(np.asarray(subsample) * factor))
    wide, n = np.broadcast_arrays(k, sizes)
    if (wide > n).any():
        at = np.argmax(wide > n)
        raise ValueError(
            f"subsample must be <= n_samples, got {wide.flat[at]:g} of {n.flat[at]:g}; "
            "members are drawn without replacement"
        )
    return k


def gaussian_ensemble_trial(cell: Cell, rng: np.random.Generator, points: FloatArray) -> FloatArray:
    """On Gaussian data."""
    return linear_ensemble_trial(cell, linear_sample(cell.data, cell.n_samples, rng), rng, points)  # type: ignore[arg-type]


def latent_space_ensemble_trial(cell: Cell, rng: np.random.Generator, points: FloatArray) -> FloatArray:
    """On latent space data."""
    return linear_ensemble_trial(cell, latent_sample(cell.data, cell.n_samples, rng), rng, points)  # type: ignore[arg-type]


def linear_ensemble_trial(cell: Cell, sample: LinearSample, rng: np.random.Generator, points: FloatArray) -> FloatArray:
    """The fields of the averaged fit; members that all have the whole sample are one ridge regression."""
    size, subsample = members(cell.estimator, cell.n_samples)  # type: ignore[arg-type]
    if subsample == cell.n_samples:
        return linear_ridge_trial(cell, sample, points)
    ridges, which = np.unique(points[:, 0], return_inverse=True)
    maps = averaged_maps(sample, size, subsample, ridges, rng)
    out = np.empty((len(cell.fields), len(points)))
    for j, (ridge, noise) in enumerate(points):
        fit, y = maps[which[j]], drawn_labels(sample, noise)
        own = Fit(sample.features, y, fit.matrix @ y, ridge, noise, sample.coefficients, sample.covariance)
        values = fit.fields(sample, noise)
        drawn = cell.label_noise == "drawn"
        out[: len(LINEAR_FIELDS), j] = fit.drawn_fields(sample, y, noise, values) if drawn else values
        out[len(LINEAR_FIELDS) :, j] = measured(cell.measures, own)
    return out
