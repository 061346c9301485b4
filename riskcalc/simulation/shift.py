"""Fitted coefficients judged under another distribution than the one they were fitted to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from riskcalc.arguments import FloatArray, instance, numbers
from riskcalc.data import GaussianData
from riskcalc.model import Model
from riskcalc.simulation.draw import LinearSample
from riskcalc.simulation.fit import Factorisation, coefficients


@dataclass(frozen=True)
class Judge:
    """The test distribution: variances of the features and its target, what lies outside of them, and its noise."""

    covariance: FloatArray
    target: FloatArray
    outside_energy: float
    noise: float

    def error(self, fitted: FloatArray) -> float:
        """Test error of coefficients, without the noise."""
        return float(self.covariance @ (fitted - self.target) ** 2) + self.outside_energy

    def averaged(
        self, fit: Factorisation, sample: LinearSample, ridge: FloatArray, noise: FloatArray
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Test, bias and variance, averaged over the label noise of training."""
        signal = sample.features @ sample.coefficients + (0.0 if sample.nonlinear is None else sample.nonlinear)
        cross, weights = sample.features.T @ signal, self.covariance @ fit.vectors**2
        bias, unit = np.empty(ridge.size), np.empty(ridge.size)
        for k, value in enumerate(ridge):
            inverse = fit.inverse(value)
            unit[k] = weights @ (fit.squares * inverse * inverse)
            bias[k] = self.error(coefficients(fit, cross, float(value))) + sample.outside_energy * unit[k]
        variance = noise * unit
        return bias + variance + self.noise, bias, variance

    def drawn(self, fitted: FloatArray, bias: float) -> tuple[float, float]:
        """Test, and its part beyond bias and noise, for one draw of the labels."""
        error = self.error(fitted)
        return error + self.noise, error - bias


def judge_of(data: GaussianData, test_data: GaussianData, sample: LinearSample, rng: np.random.Generator) -> Judge:
    """The test distribution on the features of a sample.

    In each eigenspace its target is parallel to the training target; where there is none, in a random direction.
    """
    sigma, shifted = data.spectrum.eigenvalues, test_data.spectrum.eigenvalues
    kept = (sigma > 0) & (data.spectrum.multiplicities > 0)
    own, wanted = np.asarray(data.energies), np.asarray(test_data.energies)
    counts = data.spectrum.multiplicities[kept].astype(np.int64)
    owner = np.repeat(np.arange(counts.size), counts)
    direction = np.where(own[kept][owner] > 0, sample.coefficients, rng.standard_normal(owner.size))
    squares = np.bincount(owner, direction**2, minlength=counts.size)
    alive = shifted[kept] > 0
    share = np.divide(wanted[kept], squares * shifted[kept], out=np.zeros(counts.size), where=alive)
    unseen = float(wanted[(shifted == 0) | ~kept].sum())  # without variance in one of the two
    target = direction * np.sqrt(share)[owner]
    return Judge(shifted[kept][owner], target, test_data.outside_energy + unseen, float(np.asarray(test_data.noise)))


def refuse_other_features(data: Model, test_data: Model) -> None:
    """The test data must have the features of the training data, and one noise."""
    hint = "give a GaussianData with the same entries"
    trained = instance("data", data, GaussianData, "only GaussianData can be judged under a shift")
    spectrum = instance("test_data", test_data, GaussianData, hint).spectrum
    numbers("noise of test_data", test_data.noise, ndim=0)  # type: ignore[attr-defined]
    if not np.array_equal(trained.spectrum.multiplicities, spectrum.multiplicities):
        raise ValueError(
            "test_data must have the entries of data, in the same order and with the same multiplicities, got "
            f"{spectrum.multiplicities.size} entries of {spectrum.n_features:g} features for "
            f"{trained.spectrum.multiplicities.size} of {trained.spectrum.n_features:g}"
        )
