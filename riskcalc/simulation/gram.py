"""Kernel ridge regression fitted: one factorisation of the Gram matrix serves the whole ridge path."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from riskcalc.arguments import FloatArray


@dataclass(frozen=True)
class GramFactorisation:
    """Eigenvalues (n,), those that are rounding set to zero, and eigenvectors (n × n) of the Gram matrix."""

    eigenvalues: FloatArray
    vectors: FloatArray

    @classmethod
    def of(cls, gram: FloatArray) -> GramFactorisation:
        """Of a positive semidefinite matrix."""
        s, vectors = np.linalg.eigh(gram)
        return cls(np.where(s > np.finfo(float).eps * len(s) * s[-1], s, 0.0), vectors)

    def inverse(self, ridge: FloatArray) -> FloatArray:
        """1/(s + λ), and 0 for s = λ = 0 (the interpolator of least norm), shape (n, ridges)."""
        total = self.eigenvalues[:, None] + ridge
        return np.divide(1.0, total, out=np.zeros_like(total), where=total > 0)

    def dual(self, outputs: FloatArray, ridge: FloatArray) -> FloatArray:
        """(K + λ)⁻¹ y for outputs (n × q) at every ridge, shape (n, ridges, q)."""
        seen = self.vectors.T @ outputs
        return np.tensordot(self.vectors, self.inverse(ridge)[:, :, None] * seen[:, None, :], axes=1)

    def degrees_of_freedom(self, ridge: FloatArray) -> FloatArray:
        """Trace of the hat matrix at every ridge."""
        return np.asarray(self.eigenvalues @ self.inverse(ridge))
