"""Ridge regression fitted: one factorisation of the features serves the whole ridge path."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.linalg

from riskcalc.arguments import FloatArray

# Squaring a matrix loses half the digits: below this ratio of the smallest to the largest denominator the singular
# value decomposition is used instead, so that what is measured keeps about ten digits.
SMALLEST_SHARE = 1e-6


@dataclass(frozen=True)
class Factorisation:
    """Right singular vectors (p × k) and squared singular values (k,) of the features, k = min(n, p)."""

    vectors: FloatArray
    squares: FloatArray
    n_rows: int

    @classmethod
    def by_eigenvalues(cls, X: FloatArray) -> Factorisation:
        """By the eigenvalues of the smaller of XᵀX and XXᵀ."""
        n, p = X.shape
        if min(n, p) == 0:
            return cls(np.zeros((p, 0)), np.zeros(0), n)
        squares, vectors = scipy.linalg.eigh(X.T @ X if p <= n else X @ X.T, driver="evd", check_finite=False)
        squares = np.maximum(squares, 0.0)
        if p > n:
            vectors = X.T @ vectors
            vectors = np.divide(vectors, np.sqrt(squares), out=np.zeros_like(vectors), where=squares > 0)
        return cls(vectors, squares, n)

    @classmethod
    def by_singular_values(cls, X: FloatArray) -> Factorisation:
        """By the singular values of X, for uneven ones."""
        n, p = X.shape
        _, singular, rows = scipy.linalg.svd(X, full_matrices=False, check_finite=False)
        singular[singular < np.finfo(float).eps * max(n, p) * singular[0]] = 0.0
        return cls(np.ascontiguousarray(rows.T), singular**2, n)

    def is_even(self, ridge: float) -> bool:
        """Whether the eigenvalues keep enough digits at this ridge."""
        lowest, highest = self.squares[[0, -1]] + ridge if self.squares.size else (1.0, 1.0)
        return bool(lowest > SMALLEST_SHARE * highest)

    def inverse(self, ridge: float) -> FloatArray:
        """1/(s² + λ), and 0 for s = λ = 0 (the minimum-norm solution)."""
        total = self.squares + ridge
        return np.divide(1.0, total, out=np.zeros_like(total), where=total > np.finfo(float).tiny)

    def degrees_of_freedom(self, ridge: float) -> float:
        """Trace of the hat matrix."""
        return float((self.squares * self.inverse(ridge)).sum())

    def effective_ridge(self, ridge: float) -> float:
        """1 / Tr (XXᵀ + λ)⁻¹, which estimates κ; 0 where the trace is infinite."""
        positive = self.squares > 0
        n_zero = self.n_rows - np.count_nonzero(positive)
        if ridge == 0 and n_zero:
            return 0.0
        with np.errstate(over="ignore"):
            return float(1 / (self.inverse(ridge)[positive].sum() + (n_zero / np.float64(ridge) if n_zero else 0.0)))


def factorisations(X: FloatArray, ridges: FloatArray) -> Iterator[tuple[Factorisation, npt.NDArray[np.intp]]]:
    """At most two, each with the positions of its ridges: the choice depends on X and the ridge, not on the others."""
    quick = Factorisation.by_eigenvalues(X)
    even = np.array([quick.is_even(ridge) for ridge in ridges], dtype=bool)
    if even.any():
        yield quick, np.flatnonzero(even)
    if not even.all():
        yield Factorisation.by_singular_values(X), np.flatnonzero(~even)


@dataclass(frozen=True)
class SignalAndNoise:
    """What one fit does to the signal and to unit noise, by the exact population covariance.

    ``signal_error`` is the error of the noiseless fit, ``noise_error`` the one per unit of noise variance, averaged
    over the noise; ``signal_train`` and ``noise_train`` are their shares of the train error.
    """

    signal_error: float
    noise_error: float
    signal_train: float
    noise_train: float


def signal_and_noise(
    fit: Factorisation, covariance: FloatArray, coefficients: FloatArray, weights: FloatArray, ridge: float
) -> SignalAndNoise:
    """Closed form in the label noise; ``weights`` are vᵀΣv for the right singular vectors v."""
    inverse = fit.inverse(ridge)
    kept = fit.squares * inverse
    lost = np.where(kept > 0, ridge * inverse, 1.0)
    seen = fit.vectors.T @ coefficients
    if fit.squares.size == coefficients.size:
        error = fit.vectors @ (lost * seen)
    else:
        error = coefficients - fit.vectors @ (kept * seen)
    return SignalAndNoise(
        float(covariance @ error**2),
        float(weights @ (kept * inverse)),
        float(fit.squares @ (lost * seen) ** 2) / fit.n_rows,
        (float(lost @ lost) + fit.n_rows - fit.squares.size) / fit.n_rows,
    )


def coefficients(fit: Factorisation, cross: FloatArray, ridge: float) -> FloatArray:
    """(XᵀX + λ)⁻¹ Xᵀy from ``cross`` = Xᵀy, shape (p,) or (p, q); the minimum-norm solution at ridge 0."""
    rotated = fit.vectors.T @ cross
    scale = np.where(fit.squares > 0, fit.inverse(ridge), 0.0)  # else the rounding of Xᵀy, divided by λ
    return fit.vectors @ (scale[:, None] * rotated if cross.ndim == 2 else scale * rotated)
