"""A table seen from the eigenvectors of its kernel matrix."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.linalg

from riskcalc.arguments import FloatArray
from riskcalc.data import Dataset


@dataclass(frozen=True)
class Eigensystem:
    """Positive eigenvalues s of the kernel matrix K = XXᵀ, its eigenvectors, and the outputs seen from them."""

    eigenvalues: FloatArray
    vectors: FloatArray
    projections: FloatArray
    orthogonal: FloatArray

    @classmethod
    def of(cls, data: Dataset) -> Eigensystem:
        """Eigensystem of a table, by the singular values of its inputs."""
        X, y = np.asarray(data.inputs), data.output_columns
        u, s, _ = scipy.linalg.svd(X, full_matrices=False, lapack_driver="gesdd")
        if s[0] > 0 and not 1e-140 < s[0] < 1e140:
            raise ValueError(
                f"inputs must have a size whose square a float holds, got a singular value of {s[0]:g}; rescale them"
            )
        kept = s > np.finfo(float).eps * max(X.shape) * s[0]
        u, projections = u[:, kept], u[:, kept].T @ y
        orthogonal = y - u @ projections if kept.sum() < len(X) else np.zeros_like(y)
        rounding = 10 * np.finfo(float).eps * max(X.shape) * np.linalg.norm(y, axis=0)
        orthogonal[:, np.linalg.norm(orthogonal, axis=0) <= rounding] = 0.0
        return cls(s[kept] ** 2, u, projections, orthogonal)

    @property
    def squared_projections(self) -> FloatArray:
        """(u_iᵀy)², summed over outputs."""
        return np.asarray((self.projections**2).sum(axis=1))

    @property
    def outside_energy(self) -> float:
        """‖y‖² outside the range of K."""
        return float((self.orthogonal**2).sum())
