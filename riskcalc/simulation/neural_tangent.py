"""Neural tangent ridge regression: what a trial measures, by the Gram matrix or the features, whichever is smaller."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from riskcalc.arguments import FloatArray, numbers
from riskcalc.data import GaussianData, HypercubeData, SphereData
from riskcalc.estimators import NeuralTangentRidge, Ridge
from riskcalc.model import Model
from riskcalc.simulation.gaussian_kernel import gaussian_kernel_path, gaussian_kernel_sample
from riskcalc.simulation.kernel_ridge import (
    TEST_POINTS,
    KernelFactorisation,
    KernelSample,
    kernel_path,
    kernel_sample,
)
from riskcalc.simulation.random_features import FEATURE_FIELDS, FeatureSample, drawn_weights, feature_trial
from riskcalc.simulation.sizes import scaled_gaussian_ridge

if TYPE_CHECKING:
    from riskcalc.simulation.cells import Cell


class Tangent:
    """The kernel K_N of a network with weights W, as a function of vectors and as features."""

    def __init__(self, estimator: NeuralTangentRidge, weights: FloatArray) -> None:
        self.activation, self.both, self.weights = estimator.activation, estimator.layers == "both", weights

    @property
    def n_features(self) -> int:
        """Nd, and N more with both layers."""
        return self.weights.size + (len(self.weights) if self.both else 0)

    def gram(self, X: FloatArray, Z: FloatArray) -> FloatArray:
        r"""K_N(X, Z) = ⟨x,z⟩/d · (1/N) Σ φ'(u)φ'(v) [+ (1/N) Σ φ(u)φ(v)], never forming the Nd features."""
        (width, d), phi = self.weights.shape, self.activation
        u, v = X @ self.weights.T, Z @ self.weights.T
        inner = (X @ Z.T / d) * (phi.derivative(u) @ phi.derivative(v).T / width)
        return np.asarray(inner + phi(u) @ phi(v).T / width if self.both else inner)

    def features(self, X: FloatArray) -> FloatArray:
        """ψ(x), shape (n, n_features)."""
        (width, d), phi = self.weights.shape, self.activation
        u = X @ self.weights.T
        inner = (phi.derivative(u)[:, :, None] * X[:, None, :]).reshape(len(X), -1) / np.sqrt(width * d)
        return np.hstack([phi(u) / np.sqrt(width), inner]) if self.both else inner


def factorised(tangent: Tangent, sample: KernelSample) -> KernelFactorisation:
    """Eigenvalues and eigenvectors of K_N on the sample."""
    X, Z = sample.inputs, sample.test_inputs
    return KernelFactorisation.of(tangent.gram(X, X), tangent.gram(Z, X))


def feature_path(
    cell: Cell, tangent: Tangent, sample: KernelSample, outside: FloatArray, energy: float, points: FloatArray
) -> FloatArray:
    """The same from the features, where they are fewer than the rows; the effective ridge is that of the features."""
    Z, fresh = tangent.features(sample.inputs), tangent.features(sample.test_inputs)
    whole = FeatureSample(Z, sample.values, fresh, sample.test_values, sample.label_noise, outside[: len(Z)], energy)
    return np.delete(feature_trial(cell, whole, points), FEATURE_FIELDS.index("effective_ridge"), axis=0)


def neural_tangent_trial(cell: Cell, rng: np.random.Generator, points: FloatArray) -> FloatArray:
    """On the sphere or the hypercube, in each trial with fresh inputs, target and weights."""
    sample = kernel_sample(cell.data, cell.n_samples, rng)
    tangent = drawn_tangent(cell, sample, rng)
    if tangent.n_features < cell.n_samples:
        return feature_path(cell, tangent, sample, np.zeros(cell.n_samples), 0.0, points)
    return kernel_path(cell, factorised(tangent, sample), sample, points)


def gaussian_neural_tangent_trial(cell: Cell, rng: np.random.Generator, points: FloatArray) -> FloatArray:
    """On Gaussian data, whose target may have a part that is independent of x."""
    sample, linear = gaussian_kernel_sample(cell.data, cell.n_samples, rng)  # type: ignore[arg-type]
    tangent = drawn_tangent(cell, sample, rng)
    if tangent.n_features < cell.n_samples:
        return feature_path(cell, tangent, sample, linear.outside, linear.outside_energy, points)
    return gaussian_kernel_path(cell, factorised(tangent, sample), sample, linear, points)


def drawn_tangent(cell: Cell, sample: KernelSample, rng: np.random.Generator) -> Tangent:
    """The network of a trial, linearised at its weights."""
    estimator: Any = cell.estimator
    return Tangent(estimator, drawn_weights(estimator, sample.inputs.shape[1], rng))


def neural_tangent_flops(cell: Cell, n_inputs: float) -> float:
    """Work of a trial."""
    estimator: Any = cell.estimator
    n, width = float(cell.n_samples), float(np.max(estimator.width))
    parameters = width * n_inputs
    if parameters < n:
        return 12 * n * parameters**2 + 2 * TEST_POINTS * parameters**2
    return 10 * n**3 + 4 * (n + TEST_POINTS) * n * (width + n_inputs)


def scaled_neural_tangent(
    data: SphereData | HypercubeData, estimator: NeuralTangentRidge, sizes: npt.ArrayLike, factor: float
) -> tuple[Model, Model]:
    """Nothing is scaled: the multiplicities are those of the inputs, and features are normalised."""
    if factor != 1:
        raise ValueError(
            f"scale must be 1 for {type(data).__name__}, whose multiplicities are those of its inputs, got {factor:g}"
        )
    return data, counted(estimator, data.n_inputs)


def scaled_gaussian_tangent(
    data: GaussianData, estimator: NeuralTangentRidge, sizes: npt.ArrayLike, factor: float
) -> tuple[Model, Model]:
    """The same: the ratio n/(Nd) has two sizes below."""
    if factor != 1:
        raise ValueError(
            f"scale must be 1 for neural tangent ridge regression, whose n/(Nd) it changes, got {factor:g}"
        )
    scaled, _ = scaled_gaussian_ridge(data, Ridge(0.0), np.asarray(sizes), 1.0)
    return scaled, counted(estimator, int(scaled.spectrum.n_features))  # type: ignore[attr-defined]


def counted(estimator: NeuralTangentRidge, n_inputs: int) -> NeuralTangentRidge:
    """The estimator with the whole number of neurons that is drawn."""
    numbers("ridge", estimator.ridge, hint="an infinite ridge needs no experiment: it predicts zero")
    hint = "kernels.NeuralTangent(activation) with KernelRidge is the limit of infinite width"
    width = np.rint(numbers("width", estimator.width, hint=hint))
    if width.min(initial=1) < 1:
        raise ValueError(f"width must be at least 1 to be simulated, got {np.min(estimator.width):g}")
    if not isinstance(estimator.weights, str) and np.shape(estimator.weights)[1] != n_inputs:
        raise ValueError(
            f"weights must have a column per input ({n_inputs}), got {np.shape(estimator.weights)[1]} columns"
        )
    return estimator.replace(width=width)
