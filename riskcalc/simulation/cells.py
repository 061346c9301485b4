"""One cell of an experiment: what a single trial does, by pair. The table of pairs of this room."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from riskcalc.arguments import FloatArray, numbers
from riskcalc.data import Dataset, GaussianData, HypercubeData, LatentSpaceData, SphereData
from riskcalc.estimators import Ensemble, GradientFlow, KernelRidge, Ridge
from riskcalc.model import Model, importable_name, lookup
from riskcalc.simulation.draw import LinearSample, linear_sample, split
from riskcalc.simulation.ensemble import averaged_maps, members, scaled_ensemble
from riskcalc.simulation.fit import (
    Factorisation,
    coefficients,
    factorisations,
    generalised_cross_validation,
    refuse_indefinite,
    signal_and_noise,
)
from riskcalc.simulation.gaussian_kernel import (
    averaged_with_outside,
    drawn_with_outside,
    gaussian_kernel_sample,
    scaled_gaussian_kernel,
    with_outside,
)
from riskcalc.simulation.gradient_flow import (
    FLOW_FIELDS,
    averaged_fields,
    comparable_ridge,
    drawn_fields,
    drawn_labels,
    flow_coefficients,
    scaled_gaussian_flow,
)
from riskcalc.simulation.kernel_ridge import (
    KERNEL_FIELDS,
    averaged,
    drawn,
    dual_coefficients,
    factorised,
    kernel_flops,
    kernel_sample,
    scaled_kernel_ridge,
)
from riskcalc.simulation.latent_space import latent_sample, scaled_latent_ridge
from riskcalc.simulation.nonlinear import with_nonlinear
from riskcalc.simulation.shift import Judge, judge_of
from riskcalc.simulation.sizes import scaled_gaussian_ridge, scaled_table_ridge
from riskcalc.simulation.table import kernel_split

ALGORITHM = 1  # raise it when the draws change, so that a store never mixes the old and the new


@dataclass(frozen=True)
class Fit:
    """One fitted estimator of one trial, as the user's own measures see it.

    ``inputs`` (n × p) and ``outputs`` are the training sample with its drawn noise, ``coefficients`` the fit (of a
    kernel the dual ones, (K + λ)⁻¹y),
    ``target`` the true coefficients and ``covariance`` the eigenvalues of the features' covariance (both None for a
    table, and so is ``noise``), ``ridge`` and ``noise`` the point; a flow has a ``time``, and the comparable ridge n/t.
    """

    inputs: FloatArray
    outputs: FloatArray
    coefficients: FloatArray
    ridge: float
    noise: float | None = None
    target: FloatArray | None = None
    covariance: FloatArray | None = None
    time: float | None = None


Measures = Mapping[str, Callable[[Fit], float]]


@dataclass(frozen=True)
class Cell:
    """Data without noise level, estimator without the path of its ridge, a size; how labels are treated and judged."""

    data: Model
    estimator: Model
    n_samples: int
    label_noise: str = "averaged"
    measures: Measures = field(default_factory=dict)
    test_data: Model | None = None

    def __getstate__(self) -> dict[str, Any]:
        for name, measure in self.measures.items():
            importable_name(measure, name)
        return self.__dict__

    @property
    def key(self) -> str:
        """SHA-256 that names the cell in a store and seeds its trials, in hexadecimal."""
        words = [
            f"riskcalc {ALGORITHM}",
            ",".join(self.fields),
            self.data.digest().hex(),
            self.estimator.digest().hex(),
            str(self.n_samples),
        ]
        words += [str(self.n_samples), self.label_noise] + [
            f"{name}={importable_name(f, name)}" for name, f in sorted(self.measures.items())
        ]
        words += [self.test_data.digest().hex()] if self.test_data else []
        return hashlib.sha256("\n".join(words).encode()).hexdigest()

    @property
    def description(self) -> str:
        """What the cell is, as JSON for people who query a store."""
        words = {"data": repr(self.data), "estimator": repr(self.estimator), "n_samples": self.n_samples}
        words |= {"test_data": repr(self.test_data)} if self.test_data else {}
        return json.dumps(words | {"label_noise": self.label_noise, "fields": self.fields})

    @property
    def seed_words(self) -> tuple[int, ...]:
        """The draws depend on data, estimator and size alone: averaged and drawn noise see the same features."""
        text = f"{ALGORITHM}{self.data.digest().hex()}{self.estimator.digest().hex()}{self.n_samples}"
        digest = hashlib.sha256(text.encode()).digest()
        return tuple(int.from_bytes(digest[i : i + 4], "little") for i in range(0, 32, 4))

    @property
    def fields(self) -> tuple[str, ...]:
        """Names of what a trial measures."""
        return (*procedure(self.data, self.estimator).fields, *self.measures)

    def run(self, entropy: int, trial: int, points: FloatArray) -> FloatArray:
        """Values of shape (fields, points) of one trial; each point is a pair (value along the path, noise)."""
        seed = np.random.SeedSequence(entropy, spawn_key=(*self.seed_words, trial))
        return procedure(self.data, self.estimator).trial(self, np.random.default_rng(seed), points)


@dataclass(frozen=True)
class Procedure:
    """How a pair is simulated: the fields that a trial measures, the trial, and the rounding of its sizes.

    ``path`` is the estimator's parameter that one factorisation serves; each value of the others is a cell of its own.
    ``flops`` estimates the work of a trial, to size the tasks of an executor. ``judges_shift``: the trial heeds the
    cell's ``test_data``.
    """

    fields: tuple[str, ...]
    trial: Callable[[Cell, np.random.Generator, FloatArray], FloatArray]
    scaled: Callable[[Any, Any, FloatArray, float], tuple[Model, Model]]
    flops: Callable[[Cell], float]
    path: str = "ridge"
    judges_shift: bool = False


def factorisation_flops(n: float, p: float) -> float:
    """Work of a factorisation of an n × p matrix."""
    return 10 * n * p * min(n, p)


def _gaussian_flops(cell: Cell) -> float:
    return factorisation_flops(cell.n_samples, cell.data.spectrum.n_features)  # type: ignore[attr-defined]


def _columns_flops(cell: Cell) -> float:
    return factorisation_flops(cell.n_samples, cell.data.n_features)  # type: ignore[attr-defined]


def _gaussian_ensemble_flops(cell: Cell) -> float:
    return members(cell.estimator, cell.n_samples)[0] * _gaussian_flops(cell)  # type: ignore[arg-type]


def _columns_ensemble_flops(cell: Cell) -> float:
    return members(cell.estimator, cell.n_samples)[0] * _columns_flops(cell)  # type: ignore[arg-type]


def _rows_flops(cell: Cell) -> float:
    return factorisation_flops(cell.n_samples, cell.n_samples)


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


def _gaussian_ridge(cell: Cell, rng: np.random.Generator, points: FloatArray) -> FloatArray:
    data: Any = cell.data
    test_data: Any = cell.test_data
    sample = linear_sample(data, cell.n_samples, rng)
    return _linear_ridge(cell, sample, points, judge_of(data, test_data, sample, rng) if test_data else None)


def _latent_space_ridge(cell: Cell, rng: np.random.Generator, points: FloatArray) -> FloatArray:
    return _linear_ridge(cell, latent_sample(cell.data, cell.n_samples, rng), points)  # type: ignore[arg-type]


def _linear_ridge(cell: Cell, sample: LinearSample, points: FloatArray, judge: Judge | None = None) -> FloatArray:
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
        bias = parts.signal_error + sample.nonlinear_energy + outside * (1 + parts.noise_error)
        variance, all_noise = noise * parts.noise_error, outside + noise
        out[: len(LINEAR_FIELDS), at] = (
            bias + variance + noise,
            parts.signal_train + all_noise * parts.noise_train,
            bias,
            variance,
            fit.effective_ridge(ridge),
            fit.degrees_of_freedom(ridge),
            parts.signal_norm + all_noise * parts.noise_norm,
            parts.signal_distance + all_noise * parts.noise_norm,
            parts.signal_fitted + all_noise * parts.noise_fitted,
            parts.signal_gcv + all_noise * parts.noise_gcv,
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
                out[len(LINEAR_FIELDS) :, k] = [
                    _measured(name, measure, own) for name, measure in cell.measures.items()
                ]
    return out


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


def _measured(name: str, measure: Callable[[Fit], float], fit: Fit) -> float:
    return float(numbers(f"measure {name!r}", measure(fit), finite=False, ndim=0, hint="a measure returns one number"))


def _gaussian_ensemble(cell: Cell, rng: np.random.Generator, points: FloatArray) -> FloatArray:
    return _linear_ensemble(cell, linear_sample(cell.data, cell.n_samples, rng), rng, points)  # type: ignore[arg-type]


def _latent_space_ensemble(cell: Cell, rng: np.random.Generator, points: FloatArray) -> FloatArray:
    return _linear_ensemble(cell, latent_sample(cell.data, cell.n_samples, rng), rng, points)  # type: ignore[arg-type]


def _linear_ensemble(cell: Cell, sample: LinearSample, rng: np.random.Generator, points: FloatArray) -> FloatArray:
    """The fields of the averaged fit; members that all have the whole sample are one ridge regression."""
    size, subsample = members(cell.estimator, cell.n_samples)  # type: ignore[arg-type]
    if subsample == cell.n_samples:
        return _linear_ridge(cell, sample, points)
    ridges, which = np.unique(points[:, 0], return_inverse=True)
    maps = averaged_maps(sample, size, subsample, ridges, rng)
    out = np.empty((len(cell.fields), len(points)))
    for j, (ridge, noise) in enumerate(points):
        fit, y = maps[which[j]], drawn_labels(sample, noise)
        own = Fit(sample.features, y, fit.matrix @ y, ridge, noise, sample.coefficients, sample.covariance)
        values = fit.fields(sample, noise)
        drawn = cell.label_noise == "drawn"
        out[: len(LINEAR_FIELDS), j] = fit.drawn_fields(sample, y, noise, values) if drawn else values
        out[len(LINEAR_FIELDS) :, j] = [_measured(name, measure, own) for name, measure in cell.measures.items()]
    return out


def _table_ridge(cell: Cell, rng: np.random.Generator, points: FloatArray) -> FloatArray:
    """A random split of the table: the error on the rows that were not drawn."""
    data: Any = cell.data
    part = split(data, cell.n_samples, rng)
    cross = part.train_inputs.T @ part.train_outputs
    out = np.empty((len(cell.fields), len(points)))
    for fit, at in factorisations(part.train_inputs, points[:, 0]):
        refuse_indefinite(fit, points[at, 0])
        for k in at:
            ridge = points[k, 0]
            theta = coefficients(fit, cross, ridge)
            test = ((part.test_outputs - part.test_inputs @ theta) ** 2).sum(axis=1).mean()
            train = ((part.train_outputs - part.train_inputs @ theta) ** 2).sum(axis=1).mean()
            out[:3, k] = test, train, fit.degrees_of_freedom(ridge)
            own = Fit(part.train_inputs, part.train_outputs, theta, float(ridge))
            out[3:, k] = [_measured(name, measure, own) for name, measure in cell.measures.items()]
    return out


def _gaussian_flow(cell: Cell, rng: np.random.Generator, points: FloatArray) -> FloatArray:
    """The flow's fields at each (time, noise)."""
    sample, n = linear_sample(cell.data, cell.n_samples, rng), cell.n_samples  # type: ignore[arg-type]
    out, count = np.empty((len(cell.fields), len(points))), len(FLOW_FIELDS)
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
                out[count:, k] = [_measured(name, measure, own) for name, measure in cell.measures.items()]
    return out


def _kernel_table(cell: Cell, rng: np.random.Generator, points: FloatArray) -> FloatArray:
    """A random split of the table and kernel ridge regression; the user's measures see the dual coefficients."""
    data: Any = cell.data
    estimator: Any = cell.estimator
    part = split(data, cell.n_samples, rng)
    dual, values = kernel_split(part, estimator.kernel, points[:, 0])
    own = [
        [
            _measured(name, measure, Fit(part.train_inputs, part.train_outputs, dual[:, k], float(points[k, 0])))
            for k in range(len(points))
        ]
        for name, measure in cell.measures.items()
    ]
    return np.vstack([values, np.reshape(own, (len(own), len(points)))])


def _kernel_flops(cell: Cell) -> float:
    return kernel_flops(cell.n_samples, cell.data.n_inputs)  # type: ignore[attr-defined]


def _kernel_ridge(cell: Cell, rng: np.random.Generator, points: FloatArray) -> FloatArray:
    """Kernel ridge regression on drawn inputs: one Gram matrix, and one set of test points, for all ridges."""
    sample = kernel_sample(cell.data, cell.n_samples, rng)
    fit = factorised(cell.estimator.kernel, sample)  # type: ignore[attr-defined]
    out = np.empty((len(cell.fields), len(points)))
    for k, (ridge, noise) in enumerate(points):
        out[: len(KERNEL_FIELDS), k] = averaged(fit, sample, ridge, noise)
        if cell.label_noise == "drawn":
            out[: len(KERNEL_FIELDS), k] = drawn(fit, sample, ridge, noise, bias=out[2, k])
        outputs = sample.values + np.sqrt(noise) * sample.label_noise
        own = Fit(sample.inputs, outputs, dual_coefficients(fit, outputs, ridge), float(ridge), float(noise))
        out[len(KERNEL_FIELDS) :, k] = [_measured(name, measure, own) for name, measure in cell.measures.items()]
    return out


def _gaussian_kernel(cell: Cell, rng: np.random.Generator, points: FloatArray) -> FloatArray:
    """Kernel ridge regression on linear data: as on the sphere, with a target that may have a part outside."""
    sample, linear = gaussian_kernel_sample(cell.data, cell.n_samples, rng)  # type: ignore[arg-type]
    fit = factorised(cell.estimator.kernel, sample)  # type: ignore[attr-defined]
    labelled, (theta, sigma) = with_outside(sample, linear), (linear.coefficients, linear.covariance)
    out, count = np.empty((len(cell.fields), len(points))), len(KERNEL_FIELDS)
    for k, (ridge, noise) in enumerate(points):
        out[:count, k] = averaged_with_outside(fit, sample, linear, ridge, noise)
        if cell.label_noise == "drawn":
            out[:count, k] = drawn_with_outside(fit, sample, linear, ridge, noise, bias=out[2, k])
        y = labelled.values + np.sqrt(noise) * sample.label_noise
        own = Fit(sample.inputs, y, dual_coefficients(fit, y, ridge), float(ridge), float(noise), theta, sigma)
        out[count:, k] = [_measured(name, measure, own) for name, measure in cell.measures.items()]
    return out


def _gaussian_kernel_flops(cell: Cell) -> float:
    return kernel_flops(cell.n_samples, cell.data.spectrum.n_features)  # type: ignore[attr-defined]


PROCEDURES: dict[tuple[type[Model], type[Model]], Procedure] = {
    (GaussianData, Ridge): Procedure(
        LINEAR_FIELDS, _gaussian_ridge, scaled_gaussian_ridge, _gaussian_flops, judges_shift=True
    ),
    (Dataset, KernelRidge): Procedure(("test", "train", "df1"), _kernel_table, scaled_table_ridge, _rows_flops),
    (Dataset, Ridge): Procedure(("test", "train", "df1"), _table_ridge, scaled_table_ridge, _columns_flops),
    (LatentSpaceData, Ridge): Procedure(LINEAR_FIELDS, _latent_space_ridge, scaled_latent_ridge, _columns_flops),
    (SphereData, KernelRidge): Procedure(KERNEL_FIELDS, _kernel_ridge, scaled_kernel_ridge, _kernel_flops),
    (HypercubeData, KernelRidge): Procedure(KERNEL_FIELDS, _kernel_ridge, scaled_kernel_ridge, _kernel_flops),
    (GaussianData, GradientFlow): Procedure(
        FLOW_FIELDS, _gaussian_flow, scaled_gaussian_flow, _gaussian_flops, path="time"
    ),
    (GaussianData, KernelRidge): Procedure(
        KERNEL_FIELDS, _gaussian_kernel, scaled_gaussian_kernel, _gaussian_kernel_flops
    ),
    (GaussianData, Ensemble): Procedure(
        LINEAR_FIELDS, _gaussian_ensemble, scaled_ensemble, _gaussian_ensemble_flops, path="estimator.ridge"
    ),
    (LatentSpaceData, Ensemble): Procedure(
        LINEAR_FIELDS, _latent_space_ensemble, scaled_ensemble, _columns_ensemble_flops, path="estimator.ridge"
    ),
}


def procedure(data: Model, estimator: Model) -> Procedure:
    """How a pair is simulated; a missing pair is a TypeError that lists those there are."""
    return lookup(PROCEDURES, "experiment", data, estimator)
