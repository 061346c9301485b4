"""Kernel ridge regression on the sphere and the hypercube: what a trial measures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from riskcalc.arguments import FloatArray, numbers
from riskcalc.data import HypercubeData, SphereData
from riskcalc.estimators import KernelRidge
from riskcalc.kernels.cyclic import Cyclic
from riskcalc.model import Model
from riskcalc.simulation.gram import GramFactorisation
from riskcalc.simulation.measures import Fit, measured

if TYPE_CHECKING:
    from riskcalc.simulation.cells import Cell

TEST_POINTS = 1000  # fresh ones in each trial, the same for all ridges
ROUNDING = float(np.finfo(float).eps)
GAP = 1e4  # in units of rounding, between the eigenvalues of a kernel of finite rank and zero
KERNEL_FIELDS = ("test", "train", "bias", "variance", "effective_ridge", "df1", "norm_squared", "gcv")


@dataclass(frozen=True)
class KernelSample:
    """Training inputs (n × d) and fresh test inputs with the values of one drawn target, standardised label noise."""

    inputs: FloatArray
    values: FloatArray
    test_inputs: FloatArray
    test_values: FloatArray
    label_noise: FloatArray


@dataclass(frozen=True)
class KernelFactorisation:
    """Eigenvalues s and eigenvectors U of the Gram matrix, and K(test, train) U: one serves the whole ridge path.

    Eigenvalues below n roundings of the largest are 0: at ridge 0 the fit is the least-norm one on the others.
    """

    eigenvalues: FloatArray
    vectors: FloatArray
    cross: FloatArray

    @classmethod
    def of(cls, gram: FloatArray, cross: FloatArray) -> KernelFactorisation:
        """From K(train, train) and K(test, train)."""
        one = GramFactorisation.of(gram)
        return cls(one.eigenvalues, one.vectors, np.where(one.eigenvalues > 0, cross @ one.vectors, 0.0))

    def refuse_unresolved(self, ridge: float) -> None:
        """Ridges that are lost in rounding, unless the eigenvalues above it end at a gap: then the rank is finite."""
        s, rounding = self.eigenvalues, ROUNDING * len(self.eigenvalues) * self.eigenvalues.max()
        if ridge < rounding and (s == 0).any() and s[s > 0].min() < GAP * rounding:
            raise ValueError(
                f"ridge must be at least {rounding:.2g} to be simulated with this kernel and n_samples {len(s)}, got "
                f"{ridge:g}: the smaller eigenvalues of the Gram matrix are lost in rounding"
            )

    def inverse(self, ridge: float) -> FloatArray:
        """1/(s + λ), and 0 for s = λ = 0."""
        total = self.eigenvalues + ridge
        return np.divide(1.0, total, out=np.zeros_like(total), where=total > 0)

    def left(self, ridge: float) -> FloatArray:
        """The shares of the outputs that the fit leaves over, λ/(s + λ)."""
        return np.where(self.eigenvalues > 0, ridge * self.inverse(ridge), 1.0)


def kernel_sample(data: Any, n: int, rng: np.random.Generator) -> KernelSample:
    """One sample of n rows and fresh test points, with one function drawn from the target."""
    function = data.target.draw(data.n_inputs, rng, data.domain)
    X, Z = (inputs(data, rows, rng) for rows in (n, TEST_POINTS))
    return KernelSample(X, function(X), Z, function(Z), rng.standard_normal(n))


def inputs(data: SphereData | HypercubeData, n: int, rng: np.random.Generator) -> FloatArray:
    """N rows, uniform on the sphere of radius √d or on {±1}^d."""
    d = data.n_inputs
    if isinstance(data, HypercubeData):
        return np.asarray(2.0 * rng.integers(0, 2, (n, d), dtype=np.int8) - 1.0, dtype=np.float64)
    rows = rng.standard_normal((n, d))
    return np.asarray(rows * (np.sqrt(d) / np.linalg.norm(rows, axis=1, keepdims=True)))


def factorised(kernel: Any, sample: KernelSample) -> KernelFactorisation:
    """The kernel as a function of vectors, and nothing else of it."""
    return KernelFactorisation.of(kernel(sample.inputs), kernel(sample.test_inputs, sample.inputs))


def averaged(fit: KernelFactorisation, sample: KernelSample, ridge: float, noise: float) -> FloatArray:
    """The fields averaged over the label noise in closed form; the error on new inputs is a mean over test points."""
    fit.refuse_unresolved(ridge)
    n, inverse, left = len(sample.values), fit.inverse(ridge), fit.left(ridge)
    seen = fit.vectors.T @ sample.values
    bias = np.mean((sample.test_values - fit.cross @ (inverse * seen)) ** 2)
    variance = noise * np.mean(fit.cross**2 @ inverse**2)
    outputs = seen**2 + noise  # E(Uᵀy)²
    return _fields(fit, n, ridge, outputs, (bias + variance + noise, bias, variance), left)


def drawn(fit: KernelFactorisation, sample: KernelSample, ridge: float, noise: float, bias: float) -> FloatArray:
    """The same for one draw of the labels; bias, κ and df1 do not depend on it."""
    n, inverse, left = len(sample.values), fit.inverse(ridge), fit.left(ridge)
    seen = fit.vectors.T @ (sample.values + np.sqrt(noise) * sample.label_noise)
    test = np.mean((sample.test_values - fit.cross @ (inverse * seen)) ** 2) + noise
    return _fields(fit, n, ridge, seen**2, (test, bias, test - bias - noise), left)


def _fields(
    fit: KernelFactorisation,
    n: int,
    ridge: float,
    outputs: FloatArray,
    errors: tuple[np.floating[Any] | float, ...],
    left: FloatArray,
) -> FloatArray:
    s, inverse = fit.eigenvalues, fit.inverse(ridge)
    test, bias, variance = errors
    # Cross-validation is a ratio of shares left over, whose common factor λ cancels where there are no zeros.
    shares = left if (s == 0).any() else inverse
    return np.array(
        [
            test,
            left**2 @ outputs / n,
            bias,
            variance,
            effective_ridge(s, ridge),
            (s * inverse).sum(),
            (s * inverse**2) @ outputs,
            n * (shares**2 @ outputs) / shares.sum() ** 2,
        ]
    )


def effective_ridge(s: FloatArray, ridge: float) -> float:
    """1/Tr(K + λ)⁻¹, which estimates κ; 0 where the trace is infinite."""
    total = s + ridge
    return 0.0 if (total == 0).any() else float(1 / (1 / total).sum())


def dual_coefficients(fit: KernelFactorisation, outputs: FloatArray, ridge: float) -> FloatArray:
    """α of f̂ = Σ α_i K(·, x_i)."""
    return np.asarray(
        fit.vectors @ (np.where(fit.eigenvalues > 0, fit.inverse(ridge), 0.0) * (fit.vectors.T @ outputs))
    )


def kernel_flops(n: float, n_inputs: float) -> float:
    """Work of a trial."""
    return 10 * n**3 + 2 * TEST_POINTS * n * (n + n_inputs)


def scaled_kernel_ridge(
    data: SphereData | HypercubeData, estimator: KernelRidge, sizes: npt.ArrayLike, factor: float
) -> tuple[Model, Model]:
    """Nothing is scaled: the multiplicities are those of the inputs, and kernels are normalised."""
    numbers("ridge", estimator.ridge, hint="an infinite ridge needs no experiment: it predicts zero")
    if factor != 1:
        raise ValueError(
            f"scale must be 1 for {type(data).__name__}, whose multiplicities are those of its inputs, got {factor:g}"
        )
    if isinstance(estimator.kernel, Cyclic) and not data.target.is_cyclic(data.n_inputs):
        raise ValueError(f"target must be invariant under cyclic shifts for {estimator.kernel!r}, got {data.target!r}")
    return data, estimator


def kernel_ridge_trial(cell: Cell, rng: np.random.Generator, points: FloatArray) -> FloatArray:
    """Kernel ridge regression on drawn inputs: one Gram matrix, and one set of test points, for all ridges."""
    sample = kernel_sample(cell.data, cell.n_samples, rng)
    return kernel_path(cell, factorised(cell.estimator.kernel, sample), sample, points)  # type: ignore[attr-defined]


def kernel_path(cell: Cell, fit: KernelFactorisation, sample: KernelSample, points: FloatArray) -> FloatArray:
    """All fields at each (ridge, noise), each by itself."""
    out = np.empty((len(cell.fields), len(points)))
    for k, (ridge, noise) in enumerate(points):
        out[: len(KERNEL_FIELDS), k] = averaged(fit, sample, ridge, noise)
        if cell.label_noise == "drawn":
            out[: len(KERNEL_FIELDS), k] = drawn(fit, sample, ridge, noise, bias=out[2, k])
        outputs = sample.values + np.sqrt(noise) * sample.label_noise
        own = Fit(sample.inputs, outputs, dual_coefficients(fit, outputs, ridge), float(ridge), float(noise))
        out[len(KERNEL_FIELDS) :, k] = measured(cell.measures, own)
    return out
