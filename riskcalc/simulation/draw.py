"""Random draws: features, targets and splits; every draw comes from the generator it is given."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from riskcalc.arguments import FloatArray, numbers
from riskcalc.data import Dataset, GaussianData
from riskcalc.data.gaussian import squared_radii, student_degrees
from riskcalc.targets import Target

DOMAINS = {"gaussian": "gaussian", "rademacher": "hypercube"}  # where the models of targets know their energies


@dataclass(frozen=True)
class LinearSample:
    """Features X (n × p) of covariance diag(σ), target coefficients θ, and standardised noises for the labels.

    ``outside`` times the root of ``outside_energy`` is a part of the target that is independent of x; ``nonlinear`` are
    the values on the rows of a part that is uncorrelated with x, of energy ``nonlinear_energy``.
    """

    features: FloatArray
    covariance: FloatArray
    coefficients: FloatArray
    outside: FloatArray
    label_noise: FloatArray
    outside_energy: float = 0.0
    nonlinear: FloatArray | None = None
    nonlinear_energy: float = 0.0


def linear_sample(data: GaussianData, n: int, rng: np.random.Generator) -> LinearSample:
    """One sample of n rows. Each eigenspace's part of the target points in a random direction of its energy."""
    kept = (data.spectrum.eigenvalues > 0) & (data.spectrum.multiplicities > 0)
    counts = data.spectrum.multiplicities[kept].astype(np.int64)
    sigma = np.repeat(data.spectrum.eigenvalues[kept], counts)
    z = entries(data.entries, (n, sigma.size), rng)
    direction = rng.standard_normal(sigma.size)
    starts = np.cumsum(counts) - counts
    energy = np.add.reduceat(direction**2, starts) if counts.size else np.empty(0)
    share = np.asarray(data.energies)[kept] / (energy * data.spectrum.eigenvalues[kept])
    theta = direction * np.sqrt(np.repeat(share, counts))
    outside, label_noise = rng.standard_normal(n), rng.standard_normal(n)
    dead = float(np.asarray(data.energies)[data.spectrum.eigenvalues == 0].sum())  # no feature sees it
    X = z * np.sqrt(sigma)
    if data.target is None:
        return LinearSample(X, sigma, theta, outside, label_noise, data.outside_energy + dead)
    return LinearSample(
        X, sigma, theta, outside, label_noise, dead, nonlinear_values(data, z, rng), data.outside_energy
    )


def nonlinear_values(data: GaussianData, z: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Values of the target on the rows of z; one that draws functions draws the trial's own."""
    target: Any = data.target
    if isinstance(target, Target):
        target = target.draw(z.shape[1], rng, _domain(data, target, z.shape[1]))
    elif hasattr(target, "draw"):
        target = target.draw(z.shape[1], rng)
    values = numbers("the values of target", target(z), hint="it takes z, shape (n, p)")
    if values.shape != (len(z),):
        raise ValueError(f"target must return one value per row, shape ({len(z)},), got shape {values.shape}")
    return values


def _domain(data: GaussianData, target: Target, n_features: int) -> str:
    """Where the target's energies are those of the data, and none of them linear; else one sentence."""
    domain = DOMAINS.get(data.entries)
    if domain is None:
        raise ValueError(
            f"target must be a function for entries {data.entries!r}, got {target!r}, whose energies are known for "
            f"{' and '.join(DOMAINS)}"
        )
    energies = target.energies(n_features, 1, domain)
    if energies.by_degree.max() > 1e-9 * energies.total:
        raise ValueError(
            f"target must have no energy in the degrees 0 and 1, got {energies.by_degree[0]:g} and "
            f"{energies.by_degree[1]:g}; what is linear belongs in energies"
        )
    if abs(energies.total - data.outside_energy) > 1e-9 * energies.total:
        raise ValueError(
            f"outside_energy must be the energy of target, {energies.total:g}, got {data.outside_energy:g}"
        )
    return domain


def entries(law: str, shape: tuple[int, ...], rng: np.random.Generator) -> FloatArray:
    """Entries of mean 0 and variance 1, independent unless all of a row share a random radius."""
    squares = squared_radii(law)
    if squares:
        radii = np.sqrt(squares)[rng.integers(0, 2, shape[0])]
        return np.asarray(radii[:, None] * rng.standard_normal(shape))
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
