"""Random draws: features, targets and splits; every draw comes from the generator it is given."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from riskcalc.arguments import FloatArray
from riskcalc.data import Dataset, GaussianData
from riskcalc.data.gaussian import student_degrees


@dataclass(frozen=True)
class LinearSample:
    """Features X (n × p) of covariance diag(σ), target coefficients θ, and standardised noises for the labels."""

    features: FloatArray
    covariance: FloatArray
    coefficients: FloatArray
    outside: FloatArray
    label_noise: FloatArray


def linear_sample(data: GaussianData, n: int, rng: np.random.Generator) -> LinearSample:
    """One sample of n rows. Each eigenspace's part of the target points in a random direction of its energy."""
    kept = (data.spectrum.eigenvalues > 0) & (data.spectrum.multiplicities > 0)
    counts = data.spectrum.multiplicities[kept].astype(np.int64)
    sigma = np.repeat(data.spectrum.eigenvalues[kept], counts)
    X = entries(data.entries, (n, sigma.size), rng) * np.sqrt(sigma)
    direction = rng.standard_normal(sigma.size)
    starts = np.cumsum(counts) - counts
    energy = np.add.reduceat(direction**2, starts) if counts.size else np.empty(0)
    share = np.asarray(data.energies)[kept] / (energy * data.spectrum.eigenvalues[kept])
    theta = direction * np.sqrt(np.repeat(share, counts))
    return LinearSample(X, sigma, theta, rng.standard_normal(n), rng.standard_normal(n))


def entries(law: str, shape: tuple[int, ...], rng: np.random.Generator) -> FloatArray:
    """Independent entries of mean 0 and variance 1."""
    if law == "gaussian":
        return rng.standard_normal(shape)
    if law == "rademacher":
        return np.asarray(2.0 * rng.integers(0, 2, shape, dtype=np.int8) - 1.0, dtype=np.float64)
    if law == "uniform":
        return math.sqrt(3.0) * (2.0 * rng.random(shape) - 1.0)
    nu = student_degrees(law)
    return np.asarray(rng.standard_t(nu, shape) * math.sqrt((nu - 2) / nu))


@dataclass(frozen=True)
class Split:
    """Rows of a table to train on and rows to test on."""

    train_inputs: FloatArray
    train_outputs: FloatArray
    test_inputs: FloatArray
    test_outputs: FloatArray


def split(data: Dataset, n: int, rng: np.random.Generator) -> Split:
    """Draw n rows without replacement, keep the others."""
    order = rng.permutation(data.n_rows)
    X, y = np.asarray(data.inputs), data.output_columns
    return Split(X[order[:n]], y[order[:n]], X[order[n:]], y[order[n:]])
