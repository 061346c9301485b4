"""Ensembles of kernel ridge regressions on random subsets: one Gram matrix serves all members and all ridges."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from riskcalc.arguments import FloatArray
from riskcalc.simulation.ensemble import members
from riskcalc.simulation.kernel_ridge import (
    KERNEL_FIELDS,
    KernelFactorisation,
    KernelSample,
    effective_ridge,
    kernel_flops,
    kernel_path,
    kernel_sample,
)
from riskcalc.simulation.measures import Fit, measured
from riskcalc.simulation.smoother import Smoother

if TYPE_CHECKING:
    from riskcalc.simulation.cells import Cell


def averaged_duals(
    gram: FloatArray, size: int, subsample: int, ridges: FloatArray, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    """Per ridge the mean over members of (K_II + λ)⁻¹, filled up with zeros to n × n, and of their κ."""
    n = len(gram)
    duals, kappas = np.zeros((ridges.size, n, n)), np.zeros(ridges.size)
    for _ in range(size):
        rows = rng.permutation(n)[:subsample]
        if subsample == 0:
            continue
        fit = KernelFactorisation.of(gram[np.ix_(rows, rows)], gram[:, rows])
        for j, ridge in enumerate(ridges):
            fit.refuse_unresolved(ridge)
            scale = np.where(fit.eigenvalues > 0, fit.inverse(ridge), 0.0)
            duals[j][np.ix_(rows, rows)] += (fit.vectors * scale) @ fit.vectors.T
            kappas[j] += effective_ridge(fit.eigenvalues, ridge)
    return duals / size, kappas / size


def kernel_ensemble_path(
    cell: Cell, gram: FloatArray, cross: FloatArray, sample: KernelSample, rng: np.random.Generator, points: FloatArray
) -> FloatArray:
    """All fields at each (ridge, noise); ‖f̂‖² = yᵀDKDy, D the averaged dual."""
    size, subsample = members(cell.estimator, cell.n_samples)  # type: ignore[arg-type]
    ridges, which = np.unique(points[:, 0], return_inverse=True)
    duals, kappas = averaged_duals(gram, size, subsample, ridges, rng)
    out, count = np.empty((len(cell.fields), len(points))), len(KERNEL_FIELDS)
    for k, (ridge, noise) in enumerate(points):
        D, v = duals[which[k]], sample.values
        left = np.eye(len(D)) - gram @ D
        smoother, norms = Smoother(left, cross @ D, left), D @ gram @ D
        y = v + np.sqrt(noise) * sample.label_noise
        e, norm = smoother.averaged(v, sample.test_values, noise), v @ norms @ v + noise * np.trace(norms)
        if cell.label_noise == "drawn":
            e, norm = smoother.drawn(y, sample.test_values, noise, 0.0, e.bias), y @ norms @ y
        out[:count, k] = e.test, e.train, e.bias, e.variance, kappas[which[k]], e.df1, norm, e.gcv
        out[count:, k] = measured(cell.measures, Fit(sample.inputs, y, D @ y, float(ridge), float(noise)))
    return out


def kernel_ensemble_trial(cell: Cell, rng: np.random.Generator, points: FloatArray) -> FloatArray:
    """On the sphere or the hypercube; members that all have the whole sample are one kernel ridge regression."""
    estimator: Any = cell.estimator
    sample = kernel_sample(cell.data, cell.n_samples, rng)
    kernel = estimator.estimator.kernel
    gram, cross = kernel(sample.inputs), kernel(sample.test_inputs, sample.inputs)
    if members(estimator, cell.n_samples)[1] == cell.n_samples:
        return kernel_path(cell, KernelFactorisation.of(gram, cross), sample, points)
    return kernel_ensemble_path(cell, gram, cross, sample, rng, points)


def kernel_ensemble_flops(cell: Cell) -> float:
    """Work of a trial."""
    size, subsample = members(cell.estimator, cell.n_samples)  # type: ignore[arg-type]
    return kernel_flops(cell.n_samples, cell.data.n_inputs) + 12.0 * size * subsample**3  # type: ignore[attr-defined]
