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
        squares, vectors = np.linalg.eigh(X.T @ X if p <= n else X @ X.T)  # lets other threads run, as scipy's does not
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

    def inverse(self, ridge: npt.ArrayLike) -> FloatArray:
        """1/(s² + λ), and 0 for s = λ = 0 (the minimum-norm solution); one row per ridge."""
        total = self.squares + np.asarray(ridge, dtype=np.float64)[..., None]
        return np.divide(1.0, total, out=np.zeros_like(total), where=np.abs(total) > np.finfo(float).tiny)

    def degrees_of_freedom(self, ridge: npt.ArrayLike) -> FloatArray:
        """Trace of the hat matrix."""
        return np.asarray((self.squares * self.inverse(ridge)).sum(axis=-1))

    def effective_ridge(self, ridge: npt.ArrayLike) -> FloatArray:
        """1 / Tr (XXᵀ + λ)⁻¹, which estimates κ; 0 where the trace is infinite."""
        positive = self.squares > 0
        n_zero = self.n_rows - np.count_nonzero(positive)
        with np.errstate(over="ignore", divide="ignore"):
            zeros = n_zero / np.asarray(ridge, dtype=np.float64) if n_zero else 0.0
            return np.asarray(1 / (np.where(positive, self.inverse(ridge), 0.0).sum(axis=-1) + zeros))


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
    """What one fit does to the signal and to unit noise, by the exact population covariance; one entry per ridge.

    ``signal_error`` is the error of the noiseless fit, ``noise_error`` the one per unit of noise variance, averaged
    over the noise; likewise for the train error, the squared norm of the coefficients, their squared distance from the
    target (whose noise part is that of the norm), the fitted values on the training inputs (whose signal part is that
    of the train error, if the target is linear), and the numerator of generalised cross-validation.
    """

    signal_error: FloatArray
    noise_error: FloatArray
    signal_train: FloatArray
    noise_train: FloatArray
    signal_norm: FloatArray
    noise_norm: FloatArray
    signal_distance: FloatArray
    signal_fitted: FloatArray
    noise_fitted: FloatArray
    signal_gcv: FloatArray
    noise_gcv: FloatArray


def signal_and_noise(
    fit: Factorisation, covariance: FloatArray, coefficients: FloatArray, weights: FloatArray, ridge: npt.ArrayLike
) -> SignalAndNoise:
    """Closed form in the label noise; ``weights`` are vᵀΣv for the right singular vectors v.

    Each ridge is computed by itself, whatever the others are, so that longer paths keep the old bits.
    """
    ridge, n, squares = np.asarray(ridge, dtype=np.float64), fit.n_rows, fit.squares
    inverse = fit.inverse(ridge)
    kept = squares * inverse
    lost = np.where(kept != 0, ridge[..., None] * inverse, 1.0)
    seen = fit.vectors.T @ coefficients
    if squares.size == coefficients.size:
        error = _rotated(fit.vectors, lost * seen)
    else:
        error = coefficients - _rotated(fit.vectors, kept * seen)
    zeros = n - squares.size
    left = _shares_left(inverse, lost, zeros)
    diagonal = (left.sum(axis=-1) + zeros) / n
    signal_train = (squares * (lost * seen) ** 2).sum(axis=-1) / n
    return SignalAndNoise(
        signal_error=(covariance * error**2).sum(axis=-1),
        noise_error=(weights * (kept * inverse)).sum(axis=-1),
        signal_train=signal_train,
        noise_train=((lost * lost).sum(axis=-1) + zeros) / n,
        signal_norm=((kept * seen) ** 2).sum(axis=-1),
        noise_norm=(kept * inverse).sum(axis=-1),
        signal_distance=(error**2).sum(axis=-1),
        signal_fitted=signal_train,
        noise_fitted=(kept * kept).sum(axis=-1) / n,
        signal_gcv=(squares * (left * seen) ** 2).sum(axis=-1) / n / diagonal**2,
        noise_gcv=((left * left).sum(axis=-1) + zeros) / n / diagonal**2,
    )


def _rotated(vectors: FloatArray, rows: FloatArray) -> FloatArray:
    """Rows in the basis of the vectors, one product each."""
    out = np.empty((*rows.shape[:-1], len(vectors)))
    for index in np.ndindex(rows.shape[:-1]):
        out[index] = vectors @ rows[index]
    return out


def _shares_left(inverse: FloatArray, lost: FloatArray, zeros: int) -> FloatArray:
    """Shares of the outputs left over, λ/(s² + λ); where all are nearly 0, in units of the largest.

    Cross-validation is a ratio in which that unit cancels, and its limit at ridge 0 and n <= p has 1/s² for them.
    """
    if zeros or lost.shape[-1] == 0:
        return lost
    largest = lost.max(axis=-1, keepdims=True)
    relative = np.divide(lost, largest, out=np.zeros_like(lost), where=largest > 0)
    with np.errstate(invalid="ignore"):
        return np.asarray(np.where(largest > 0, relative, inverse / inverse.max(axis=-1, keepdims=True)))


def coefficients(fit: Factorisation, cross: FloatArray, ridge: float) -> FloatArray:
    """(XᵀX + λ)⁻¹ Xᵀy from ``cross`` = Xᵀy, shape (p,) or (p, q); the minimum-norm solution at ridge 0."""
    rotated = fit.vectors.T @ cross
    scale = np.where(fit.squares > 0, fit.inverse(ridge), 0.0)  # else the rounding of Xᵀy, divided by λ
    return fit.vectors @ (scale[:, None] * rotated if cross.ndim == 2 else scale * rotated)


def generalised_cross_validation(fit: Factorisation, cross: FloatArray, outputs: FloatArray, ridge: float) -> float:
    """(1/n)‖(1 - H)y‖² / (1 - Tr H/n)² from ``cross`` = Xᵀy; the limit of the ratio where both are 0."""
    n, zeros = fit.n_rows, fit.n_rows - fit.squares.size
    inverse = fit.inverse(ridge)
    left = _shares_left(inverse, np.where(fit.squares * inverse != 0, ridge * inverse, 1.0), zeros)
    seen = np.divide((fit.vectors.T @ cross) ** 2, fit.squares, out=np.zeros_like(fit.squares), where=fit.squares > 0)
    unseen = max(float(outputs @ outputs - seen.sum()), 0.0) if zeros else 0.0
    return float(n * (left**2 @ seen + unseen) / (left.sum() + zeros) ** 2)


def refuse_indefinite(fit: Factorisation, ridge: FloatArray) -> None:
    """A negative ridge must leave the smallest positive eigenvalue of the sample positive."""
    smallest = fit.squares[fit.squares > 0].min(initial=np.inf)
    if ridge.min(initial=0.0) <= -smallest:
        raise ValueError(
            f"ridge must be above {-smallest:g}, minus the smallest positive eigenvalue of a sample that was drawn, "
            f"got {ridge.min():g}"
        )
