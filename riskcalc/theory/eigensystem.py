"""A table seen from the eigenvectors of its kernel matrix."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from riskcalc.arguments import FloatArray, positive_part
from riskcalc.data import Dataset
from riskcalc.estimators.kernel_ridge import KernelRidge
from riskcalc.estimators.ridge import Ridge


@dataclass(frozen=True)
class Eigensystem:
    """Positive eigenvalues s of the kernel matrix K = XXᵀ, its eigenvectors, and the outputs seen from them."""

    eigenvalues: FloatArray
    vectors: FloatArray
    projections: FloatArray
    orthogonal: FloatArray

    @classmethod
    def of(cls, data: Dataset, estimator: Ridge | KernelRidge | None = None) -> Eigensystem:
        """Eigensystem of a table with the kernel of the estimator; that of Ridge is the inner product."""
        if not isinstance(estimator, KernelRidge):
            return cls.of_inputs(np.asarray(data.inputs), data.output_columns)
        return cls.of_matrix(estimator.kernel(data.inputs), data.output_columns)

    @classmethod
    def of_matrix(cls, kernel: FloatArray, y: FloatArray) -> Eigensystem:
        """From the kernel matrix; other threads run meanwhile."""
        eigenvalues, vectors = np.linalg.eigh(kernel)
        s = positive_part("kernel matrix", eigenvalues)
        return cls._projected(s[s > 0], vectors[:, s > 0], y)

    @classmethod
    def of_inputs(cls, X: FloatArray, y: FloatArray) -> Eigensystem:
        """By the singular values of the inputs; other threads run meanwhile."""
        u, s, _ = np.linalg.svd(X, full_matrices=False)
        if s[0] > 0 and not 1e-140 < s[0] < 1e140:
            raise ValueError(
                f"inputs must have a size whose square a float holds, got a singular value of {s[0]:g}; rescale them"
            )
        kept = s > np.finfo(float).eps * max(X.shape) * s[0]
        return cls._projected(s[kept] ** 2, u[:, kept], y)

    @classmethod
    def _projected(cls, eigenvalues: FloatArray, u: FloatArray, y: FloatArray) -> Eigensystem:
        """Outputs seen from the eigenvectors, and what is orthogonal to them beyond rounding."""
        projections = u.T @ y
        orthogonal = y - u @ projections if eigenvalues.size < len(y) else np.zeros_like(y)
        rounding = 10 * np.finfo(float).eps * len(y) * np.linalg.norm(y, axis=0)
        orthogonal[:, np.linalg.norm(orthogonal, axis=0) <= rounding] = 0.0
        return cls(eigenvalues, u, projections, orthogonal)

    @property
    def squared_projections(self) -> FloatArray:
        """(u_iᵀy)², summed over outputs."""
        return np.asarray((self.projections**2).sum(axis=1))

    @property
    def outside_energy(self) -> float:
        """‖y‖² outside the range of K."""
        return float((self.orthogonal**2).sum())
