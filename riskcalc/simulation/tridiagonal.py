"""The resolvent (T + λ)⁻¹ of a positive tridiagonal matrix T = CᵀC, for many λ in time proportional to its size."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.linalg.blas import dtbsv
from scipy.linalg.lapack import dpttrf, dpttrs

from riskcalc.arguments import FloatArray

# Subtracting loses as many digits as the condition has: above this one the pivots are made by additions alone.
MOST = 1e6


@dataclass(frozen=True)
class Tridiagonal:
    """T = CᵀC in terms of the entries of C: T_kk = x_k² + y_{k-1}² and T_{k,k+1} = x_k y_k, from y_0 on."""

    x: FloatArray
    y: FloatArray

    @cached_property
    def diagonal(self) -> FloatArray:
        """T_kk."""
        return self.x**2 + self.y**2

    @cached_property
    def beside(self) -> FloatArray:
        """T_{k,k+1}, and a 0 at the end."""
        return np.append(self.x[:-1] * self.y[1:], 0.0)

    def careful_pivots(self, ridge: float) -> FloatArray:
        """D of T + λ = LDLᵀ for λ >= 0 by sums of positive numbers alone: each has all its digits.

        D_k = x_k² + t_k, t_1 = λ + y_0², t_{k+1} = λ + y_k² t_k/D_k.
        """
        pivots, left = [], ridge + float(self.y[0]) ** 2
        for x_squared, y_squared in zip((self.x**2).tolist(), [*(self.y[1:] ** 2).tolist(), 0.0], strict=True):
            pivot = x_squared + left
            pivots.append(pivot)
            left = ridge + y_squared * (left / pivot)
        return np.array(pivots)

    def quick_pivots(self, ridge: FloatArray) -> FloatArray:
        """D of T + λ = LDLᵀ by LAPACK, a row for each ridge; LinAlgError where T + λ is not positive definite.

        All systems are one call: they follow each other on one long diagonal and do not touch.
        """
        total = self.diagonal + ridge[:, None]
        beside = np.tile(self.beside, len(ridge))
        pivots, _, failed = dpttrf(total.ravel(), _all_but_last(beside), overwrite_d=1, overwrite_e=1)
        if failed:
            raise np.linalg.LinAlgError("T + λ is not positive definite")
        return np.asarray(pivots).reshape(total.shape)

    def norm(self, ridge: FloatArray) -> FloatArray:
        """Largest sum of absolute values in a row of T + λ."""
        rows = self.diagonal + self.beside
        rows[1:] += self.beside[:-1]
        return np.asarray(rows.max() + np.abs(ridge))


@dataclass(frozen=True)
class Resolvent:
    """R = (T + λ)⁻¹ by T + λ = LDLᵀ: pivots D and multipliers l of L, shape (ridges, m), a last l of 0.

    R_jj = 1/D_j + l_j² R_{j+1,j+1},  c_{j+1} = 1 + l_j² c_j  and  Σ_{i<j} R_ij² = Σ_j R_jj² (c_j - 1):
    all terms are positive, and each ridge is computed by itself, whatever the others are.
    """

    matrix: Tridiagonal
    ridge: FloatArray
    pivots: FloatArray
    multipliers: FloatArray

    @classmethod
    def of(cls, matrix: Tridiagonal, ridge: FloatArray) -> Resolvent:
        """Factorised, carefully where LAPACK loses too much; LinAlgError where a ridge < 0 makes T + λ indefinite."""
        try:
            quick = cls.from_pivots(matrix, ridge, matrix.quick_pivots(ridge))
        except np.linalg.LinAlgError:
            if len(ridge) == 1 and ridge[0] < 0:
                raise
            return cls.one_by_one(matrix, ridge)
        uneven = (quick.condition() > MOST) & (ridge >= 0)
        if not uneven.any():
            return quick
        pivots = quick.pivots.copy()
        for k in np.flatnonzero(uneven):
            pivots[k] = matrix.careful_pivots(float(ridge[k]))
        return cls.from_pivots(matrix, ridge, pivots)

    @classmethod
    def one_by_one(cls, matrix: Tridiagonal, ridge: FloatArray) -> Resolvent:
        """Where LAPACK fails at some ridge."""
        if len(ridge) == 1:
            return cls.from_pivots(matrix, ridge, matrix.careful_pivots(float(ridge[0]))[None])
        return cls.from_pivots(
            matrix, ridge, np.vstack([cls.of(matrix, ridge[k : k + 1]).pivots for k in range(len(ridge))])
        )

    @classmethod
    def from_pivots(cls, matrix: Tridiagonal, ridge: FloatArray, pivots: FloatArray) -> Resolvent:
        """l_k = T_{k,k+1}/D_k."""
        return cls(matrix, ridge, pivots, matrix.beside / pivots)

    def condition(self) -> FloatArray:
        """‖T + λ‖ ‖R‖ in the norm of row sums, exactly: the signs of R alternate as on a chessboard."""
        signs = np.ones(self.pivots.shape[1])
        signs[1::2] = -1.0
        return np.asarray(self.matrix.norm(self.ridge) * np.abs(self.solve(signs)).max(axis=-1))

    def solve(self, right: FloatArray) -> FloatArray:
        """R b for a b per ridge, or one for all."""
        x = np.empty(self.pivots.shape)
        x[:] = right
        solved, _ = dpttrs(self.pivots.ravel(), _all_but_last(self.multipliers), x.ravel(), overwrite_b=1)
        return np.asarray(solved).reshape(x.shape)

    def first_column(self) -> FloatArray:
        """R e₁, without cancellation."""
        first = np.zeros(self.pivots.shape[1])
        first[0] = 1.0
        return self.solve(first)

    def traces(self) -> Traces:
        """All sums over the eigenvalues s of T that a risk needs."""
        l_squared = self.multipliers**2
        sums = _recursion(l_squared, np.ones_like(l_squared), forward=True)
        own = _recursion(l_squared, 1 / self.pivots, forward=False)
        inverse = own.sum(axis=-1)
        shares = (own / inverse[:, None]) ** 2
        apart = 2 * (shares * (sums - 1)).sum(axis=-1)
        kept, lost = self._kept(own), self.ridge * inverse
        return Traces(
            inverse=inverse,
            inverse_squared=shares.sum(axis=-1) + apart,
            kept=kept.sum(axis=-1),
            kept_squared=(kept**2).sum(axis=-1) + lost**2 * apart,
            kept_inverse=(kept * own).sum(axis=-1) - lost * inverse * apart,
            lost=lost,
        )

    def _kept(self, own: FloatArray) -> FloatArray:
        """Diagonal of TR = 1 - λR, by the side that does not cancel on average."""
        ridge = self.ridge[:, None]
        small = ridge[:, 0] * own.mean(axis=-1) < 0.5
        if small.all():
            return 1 - ridge * own
        beside = -self.multipliers[:, :-1] * own[:, 1:] * self.matrix.beside[:-1]
        by_product = self.matrix.diagonal * own
        by_product[:, :-1] += beside
        by_product[:, 1:] += beside
        by_product[small] = (1 - ridge * own)[small]
        return by_product


@dataclass(frozen=True)
class Traces:
    """Σ 1/(s+λ), Σ 1/(s+λ)² in units of its square, Σ s/(s+λ), Σ s²/(s+λ)², Σ s/(s+λ)², Σ λ/(s+λ); one per ridge."""

    inverse: FloatArray
    inverse_squared: FloatArray
    kept: FloatArray
    kept_squared: FloatArray
    kept_inverse: FloatArray
    lost: FloatArray


def _all_but_last(rows: FloatArray) -> FloatArray:
    """One long row without its end, as LAPACK wants what lies beside a diagonal; of a single entry, that entry."""
    return rows.ravel()[: max(rows.size - 1, 1)]


def _recursion(factors: FloatArray, terms: FloatArray, *, forward: bool) -> FloatArray:
    """v_{j+1} = terms_{j+1} + f_j v_j along each row; backward v_j = terms_j + f_j v_{j+1}. The last f is 0.

    The terms are overwritten.
    """
    band = np.empty((2, factors.size), order="F")  # its diagonal is not read
    np.negative(factors.ravel(), out=band[1])
    v = dtbsv(1, band, terms.ravel(), lower=1, diag=1, trans=0 if forward else 1, overwrite_x=1)
    return np.asarray(v).reshape(terms.shape)


def in_blocks(function: Callable[[FloatArray], FloatArray], rows: FloatArray, size: int) -> FloatArray:
    """The columns that ``function`` gives for a few rows at a time, which bounds the memory; at least one row."""
    step = max(1, size)
    return np.hstack([function(rows[start : start + step]) for start in range(0, len(rows), step)])
