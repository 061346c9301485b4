"""Ridge regression on random features: what a trial measures; one factorisation serves the whole ridge path."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from riskcalc.arguments import FloatArray, numbers
from riskcalc.data import GaussianData, HypercubeData, SphereData
from riskcalc.estimators import RandomFeatureRidge
from riskcalc.estimators.weights import random_weights
from riskcalc.model import Model
from riskcalc.simulation.fit import SMALLEST_SHARE, Factorisation, factorisations
from riskcalc.simulation.gaussian_kernel import gaussian_kernel_sample
from riskcalc.simulation.kernel_ridge import TEST_POINTS, KernelSample, kernel_sample
from riskcalc.simulation.measures import Fit, measured
from riskcalc.simulation.sizes import scaled_gaussian_ridge
from riskcalc.targets import Monomials

if TYPE_CHECKING:
    from riskcalc.simulation.cells import Cell

FEATURE_FIELDS = (
    *("test", "train", "bias", "variance", "effective_ridge", "feature_ridge"),
    *("df1", "norm_squared", "gcv"),
)
TEST, BIAS, VARIANCE = 0, 2, 3
ROUNDING = float(np.finfo(float).eps)


@dataclass(frozen=True)
class FeatureSample:
    """Features Z (n × N) of the training inputs and of fresh ones, the values of one drawn target, standardised noises.

    ``outside`` times the root of ``outside_energy`` is a part of the target that is independent of x.
    """

    features: FloatArray
    values: FloatArray
    test_features: FloatArray
    test_values: FloatArray
    label_noise: FloatArray
    outside: FloatArray
    outside_energy: float = 0.0

    def labels(self, noise: float) -> FloatArray:
        """The labels with their one draw of noise, and of what is outside."""
        outside = np.sqrt(self.outside_energy) * self.outside
        return np.asarray(self.values + outside + np.sqrt(noise) * self.label_noise)


@dataclass(frozen=True)
class FeatureFit:
    """Squared singular values s² > 0 of Z = U s Vᵀ, U, and Z_test V s: the prediction is Z_test V s/(s² + λ) Uᵀy."""

    squares: FloatArray
    left_vectors: FloatArray
    cross: FloatArray
    right_vectors: FloatArray
    width: int

    @classmethod
    def of(cls, fit: Factorisation, sample: FeatureSample, rounding: float = 0.0) -> FeatureFit:
        """From the right singular vectors, those of a singular value that vanishes but for rounding left out."""
        kept = fit.squares > rounding
        s, v = np.sqrt(fit.squares[kept]), fit.vectors[:, kept]
        left = (sample.features @ v) / s
        return cls(fit.squares[kept], left, (sample.test_features @ v) * s, v, len(v))

    @property
    def unseen(self) -> tuple[int, int]:
        """Dimensions of the outputs and of the coefficients that the features do not reach, n - rank and N - rank."""
        rank = self.squares.size
        return len(self.left_vectors) - rank, self.width - rank

    def coefficients(self, outputs: FloatArray, ridge: float) -> FloatArray:
        """(ZᵀZ + λ)⁻¹Zᵀy, the minimum-norm solution at ridge 0."""
        scale = np.sqrt(self.squares) / (self.squares + ridge)
        return np.asarray(self.right_vectors @ (scale * (self.left_vectors.T @ outputs)))


def feature_fits(sample: FeatureSample, ridges: FloatArray) -> Iterator[tuple[FeatureFit, npt.NDArray[np.intp]]]:
    """By the smaller of the Gram matrices ZZᵀ and ZᵀZ, or by singular values where that would lose digits."""
    for fit, at in factorisations(sample.features, ridges):
        largest, ridge = fit.squares.max(initial=0.0), ridges[at].min()
        by_gram = fit.squares.min(initial=0.0) + ridge > SMALLEST_SHARE * (largest + ridge)  # squares: less is rounding
        yield FeatureFit.of(fit, sample, ROUNDING * max(sample.features.shape) * largest if by_gram else 0.0), at


def drawn_weights(estimator: RandomFeatureRidge, n_inputs: int, rng: np.random.Generator) -> FloatArray:
    """The given weights, or N rows that are uniform on the unit sphere or N(0, I/d)."""
    if not isinstance(estimator.weights, str):
        return np.asarray(estimator.weights, dtype=np.float64)
    return random_weights(estimator.weights, int(estimator.width), n_inputs, rng)  # type: ignore[arg-type]


def feature_sample(
    sample: KernelSample, estimator: RandomFeatureRidge, rng: np.random.Generator, outside: FloatArray | None = None,
    outside_energy: float = 0.0,
) -> FeatureSample:  # fmt: skip
    """φ(XWᵀ)/√N on the training and the test inputs."""
    W = drawn_weights(estimator, sample.inputs.shape[1], rng)
    Z, fresh = (estimator.activation(X @ W.T) / np.sqrt(len(W)) for X in (sample.inputs, sample.test_inputs))
    values = sample.values
    outside = np.zeros_like(values) if outside is None else outside[: values.size]
    return FeatureSample(Z, values, fresh, sample.test_values, sample.label_noise, outside, outside_energy)


def averaged(fit: FeatureFit, sample: FeatureSample, ridge: float, noise: float) -> FloatArray:
    """The fields averaged over the label noise in closed form; the error on new inputs is a mean over test points."""
    inverse, M = 1 / (fit.squares + ridge), sample.outside_energy
    seen = fit.left_vectors.T @ sample.values
    unseen = float(sample.values @ sample.values - seen @ seen) if fit.unseen[0] else 0.0
    error = np.mean((sample.test_values - fit.cross @ (inverse * seen)) ** 2)
    spread = np.mean(fit.cross**2 @ inverse**2)  # per unit of label noise
    bias, variance, every = error + M * (1 + spread), noise * spread, noise + M
    outputs, rest = seen**2 + every, max(unseen, 0.0) + every * fit.unseen[0]
    return _fields(fit, ridge, outputs, rest, (bias + variance + noise, bias, variance))


def drawn(fit: FeatureFit, sample: FeatureSample, ridge: float, noise: float, bias: float) -> FloatArray:
    """The same for one draw of the labels; bias, ν₁, ν₂ and df1 do not depend on it."""
    y, inverse = sample.labels(noise), 1 / (fit.squares + ridge)
    seen = fit.left_vectors.T @ y
    unseen = max(float(y @ y - seen @ seen), 0.0) if fit.unseen[0] else 0.0
    error = np.mean((sample.test_values - fit.cross @ (inverse * seen)) ** 2)
    test = error + sample.outside_energy + noise
    return _fields(fit, ridge, seen**2, unseen, (test, bias, test - bias - noise))


def _fields(
    fit: FeatureFit, ridge: float, outputs: FloatArray, rest: float, errors: tuple[np.floating[Any] | float, ...]
) -> FloatArray:
    """From (Uᵀy)² and what of ‖y‖² is outside the range of U, or their means over the noise."""
    n, (beyond, _) = len(fit.left_vectors), fit.unseen
    inverse = 1 / (fit.squares + ridge)
    left = ridge * inverse
    shares, whole = (left, 1.0) if beyond else (inverse, 0.0)  # a common factor λ cancels in cross-validation
    test, bias, variance = errors
    return np.array(
        [
            test,
            (left**2 @ outputs + rest) / n,
            bias,
            variance,
            *effective_ridges(fit, ridge),
            (fit.squares * inverse).sum(),
            (fit.squares * inverse**2) @ outputs,
            n * (shares**2 @ outputs + whole * rest) / (shares.sum() + whole * beyond) ** 2,
        ]
    )


def effective_ridges(fit: FeatureFit, ridge: float) -> tuple[float, float]:
    """N/(λ Tr(ZZᵀ+λ)⁻¹ Tr(ZᵀZ+λ)⁻¹) and 1/Tr(ZZᵀ+λ)⁻¹, which estimate ν₂ and ν₁.

    0 where a trace is infinite; and ν₂ for n = N at ridge 0, of which the sample says nothing.
    """
    trace, (beyond, idle) = float((1 / (fit.squares + ridge)).sum()), fit.unseen
    if ridge > 0:
        by_outputs, by_features = trace + beyond / ridge, trace + idle / ridge
        return fit.width / (ridge * by_outputs * by_features), 1 / by_outputs
    nu2 = 0.0 if bool(beyond) == bool(idle) else fit.width / (trace * (beyond + idle))
    return nu2, 0.0 if beyond else 1 / trace


def feature_trial(cell: Cell, sample: FeatureSample, points: FloatArray) -> FloatArray:
    """All fields at each (ridge, noise); each ridge by itself, so that longer paths keep the old bits."""
    count = len(FEATURE_FIELDS)
    out = np.empty((count + len(cell.measures), len(points)))
    for fit, at in feature_fits(sample, points[:, 0]):
        for k in at:
            ridge, noise = (float(value) for value in points[k])
            out[:count, k] = averaged(fit, sample, ridge, noise)
            if cell.label_noise == "drawn":
                out[:count, k] = drawn(fit, sample, ridge, noise, bias=out[BIAS, k])
            y = sample.labels(noise)
            own = Fit(sample.features, y, fit.coefficients(y, ridge), ridge, noise)
            out[count:, k] = measured(cell.measures, own)
    return out


def random_features_trial(cell: Cell, rng: np.random.Generator, points: FloatArray) -> FloatArray:
    """On the sphere or the hypercube, in each trial with fresh inputs, target and weights."""
    estimator: Any = cell.estimator
    sample = kernel_sample(cell.data, cell.n_samples, rng)
    return feature_trial(cell, feature_sample(sample, estimator, rng), points)


def gaussian_random_features_trial(cell: Cell, rng: np.random.Generator, points: FloatArray) -> FloatArray:
    """On Gaussian data, whose target may have a part that is independent of x."""
    estimator: Any = cell.estimator
    sample, linear = gaussian_kernel_sample(cell.data, cell.n_samples, rng)  # type: ignore[arg-type]
    features = feature_sample(sample, estimator, rng, linear.outside, linear.outside_energy)
    return feature_trial(cell, features, points)


def feature_flops(cell: Cell, n_inputs: float) -> float:
    """Work of a trial."""
    estimator: Any = cell.estimator
    n, width = float(cell.n_samples), float(np.max(estimator.width))
    least = min(n, width)
    return 12 * n * width * least + 2 * (n + TEST_POINTS) * width * (n_inputs + least)


def scaled_random_features(
    data: SphereData | HypercubeData, estimator: RandomFeatureRidge, sizes: npt.ArrayLike, factor: float
) -> tuple[Model, Model]:
    """Nothing is scaled: the multiplicities are those of the inputs, and features are normalised."""
    if factor != 1:
        raise ValueError(
            f"scale must be 1 for {type(data).__name__}, whose multiplicities are those of its inputs, got {factor:g}"
        )
    fixed = isinstance(data, HypercubeData) or isinstance(data.target, Monomials)
    if not isinstance(estimator.weights, str) and fixed:
        raise ValueError(
            'weights must be "sphere" or "gaussian" where data and target have no rotation symmetry, got an array for '
            f"{type(data).__name__} with {data.target!r}"
        )
    return data, counted(estimator, 1.0, data.n_inputs)


def scaled_gaussian_features(
    data: GaussianData, estimator: RandomFeatureRidge, sizes: npt.ArrayLike, factor: float
) -> tuple[Model, Model]:
    """Multiplicities and width times the scale; features are normalised, and their ridge stays."""
    scaled, _ = scaled_gaussian_ridge(data, estimator.replace(ridge=0.0), np.asarray(sizes), factor)  # type: ignore[arg-type]
    return scaled, counted(estimator, factor, int(scaled.spectrum.n_features))  # type: ignore[attr-defined]


def counted(estimator: RandomFeatureRidge, factor: float, n_inputs: int) -> RandomFeatureRidge:
    """The estimator with the whole number of features that is drawn."""
    numbers("ridge", estimator.ridge, hint="an infinite ridge needs no experiment: it predicts zero")
    hint = "kernels.Dual(activation) with KernelRidge is the limit of infinite width"
    width = np.asarray(np.rint(numbers("width", estimator.width, hint=hint) * factor))
    if width.min(initial=1) < 1:
        raise ValueError(f"width must be at least 1 to be simulated, got {np.min(estimator.width):g} times {factor:g}")
    if not isinstance(estimator.weights, str):
        columns = np.shape(estimator.weights)[1]
        if factor != 1 or columns != n_inputs:
            raise ValueError(
                f"weights must have a column per input ({n_inputs}), and scale must be 1 beside them, got {columns} "
                f"columns and scale {factor:g}"
            )
    return estimator.replace(width=width)
