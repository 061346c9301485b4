"""Ensembles of random features: models with weights of their own on one sample, each linear in the labels."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from riskcalc.arguments import FloatArray
from riskcalc.simulation.gaussian_kernel import gaussian_kernel_sample
from riskcalc.simulation.kernel_ridge import TEST_POINTS, KernelSample, kernel_sample
from riskcalc.simulation.measures import Fit, measured
from riskcalc.simulation.random_features import (
    FeatureFit,
    FeatureSample,
    effective_ridges,
    feature_fits,
    feature_flops,
    feature_sample,
)
from riskcalc.simulation.smoother import Smoother

if TYPE_CHECKING:
    from riskcalc.simulation.cells import Cell

FEATURE_ENSEMBLE_FIELDS = ("test", "train", "bias", "variance", "effective_ridge", "feature_ridge", "df1", "gcv")


@dataclass
class Total:
    """Sums over members at one ridge λ: U(s² + λ)⁻¹Uᵀ, 1 - UUᵀ, what is predicted at fresh points, ν₂ and ν₁."""

    inverse: FloatArray
    beyond: FloatArray
    fresh: FloatArray
    ridges: FloatArray
    interpolates: bool = True

    @classmethod
    def of(cls, n: int, m: int) -> Total:
        """Of no member yet."""
        return cls(np.zeros((n, n)), np.zeros((n, n)), np.zeros((m, n)), np.zeros(2))

    def add(self, fit: FeatureFit, ridge: float) -> None:
        """One member more."""
        scale, U = 1 / (fit.squares + ridge), fit.left_vectors
        self.inverse += (U * scale) @ U.T
        self.fresh += (fit.cross * scale) @ U.T
        self.ridges += effective_ridges(fit, ridge)
        if fit.unseen[0]:
            self.beyond += np.eye(len(U)) - U @ U.T
            self.interpolates = False

    def mean(self, size: int, ridge: float) -> Smoother:
        """The smoother of the average: λ(ZZᵀ + λ)⁻¹ is left by each member."""
        left = (ridge * self.inverse + self.beyond) / size
        return Smoother(left, self.fresh / size, self.inverse if self.interpolates and ridge == 0 else left)


def averaged_features(members: list[FeatureSample], ridges: FloatArray) -> list[tuple[Smoother, tuple[float, float]]]:
    """Per ridge the smoother of the average, and the means of ν₂ and ν₁; one factorisation of a member serves all."""
    n, m = len(members[0].values), len(members[0].test_values)
    totals = [Total.of(n, m) for _ in ridges]
    for sample in members:
        for fit, at in feature_fits(sample, ridges):
            for j in at:
                totals[j].add(fit, float(ridges[j]))
    size = len(members)
    return [
        (total.mean(size, float(ridge)), (total.ridges[0] / size, total.ridges[1] / size))
        for total, ridge in zip(totals, ridges, strict=True)
    ]


def averaged_coefficients(members: list[FeatureSample], outputs: FloatArray, ridge: float) -> tuple[FloatArray, ...]:
    """The features of all members over K, side by side, and their coefficients: the average is one linear model."""
    inputs = np.hstack([sample.features for sample in members]) / len(members)
    fits = [next(feature_fits(sample, np.array([ridge])))[0] for sample in members]
    return inputs, np.concatenate([fit.coefficients(outputs, ridge) for fit in fits])


def feature_ensemble_trial(cell: Cell, members: list[FeatureSample], points: FloatArray) -> FloatArray:
    """All fields at each (ridge, noise)."""
    one, count = members[0], len(FEATURE_ENSEMBLE_FIELDS)
    ridges, which = np.unique(points[:, 0], return_inverse=True)
    fits = averaged_features(members, ridges)
    out = np.empty((len(cell.fields), len(points)))
    for k, (ridge, noise) in enumerate(points):
        smoother, (nu2, nu1) = fits[which[k]]
        y = one.labels(noise)
        e = smoother.averaged(one.values, one.test_values, noise, one.outside_energy)
        if cell.label_noise == "drawn":
            e = smoother.drawn(y, one.test_values, noise, one.outside_energy, e.bias)
        out[:count, k] = e.test, e.train, e.bias, e.variance, nu2, nu1, e.df1, e.gcv
        if cell.measures:
            inputs, coefficients = averaged_coefficients(members, y, ridge)
            out[count:, k] = measured(cell.measures, Fit(inputs, y, coefficients, float(ridge), float(noise)))
    return out


def drawn_members(
    estimator: Any, sample: KernelSample, rng: np.random.Generator, outside: FloatArray | None = None,
    outside_energy: float = 0.0,
) -> list[FeatureSample]:  # fmt: skip
    """The same inputs and labels for all, weights drawn for each."""
    draws = range(int(np.asarray(estimator.size)))
    return [feature_sample(sample, estimator.estimator, rng, outside, outside_energy) for _ in draws]


def features_ensemble_trial(cell: Cell, rng: np.random.Generator, points: FloatArray) -> FloatArray:
    """On the sphere or the hypercube, in each trial with fresh inputs, target and weights."""
    sample = kernel_sample(cell.data, cell.n_samples, rng)
    return feature_ensemble_trial(cell, drawn_members(cell.estimator, sample, rng), points)


def gaussian_features_ensemble_trial(cell: Cell, rng: np.random.Generator, points: FloatArray) -> FloatArray:
    """On Gaussian data, whose target may have a part that is independent of x."""
    sample, linear = gaussian_kernel_sample(cell.data, cell.n_samples, rng)  # type: ignore[arg-type]
    members = drawn_members(cell.estimator, sample, rng, linear.outside, linear.outside_energy)
    return feature_ensemble_trial(cell, members, points)


def feature_ensemble_flops(cell: Cell, n_inputs: float) -> float:
    """Work of a trial: that of each member, and its smoother."""
    estimator: Any = cell.estimator
    n, width = float(cell.n_samples), float(np.max(estimator.estimator.width))
    smoother = 2 * n * min(n, width) * (n + TEST_POINTS)
    return float(estimator.size) * (feature_flops(replace(cell, estimator=estimator.estimator), n_inputs) + smoother)
