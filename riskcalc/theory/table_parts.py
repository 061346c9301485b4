"""A table whose rows can be left out: the kernel is evaluated once, and stays what it is on all rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from riskcalc.arguments import FloatArray
from riskcalc.data import Dataset
from riskcalc.estimators import KernelRidge
from riskcalc.theory.eigensystem import Eigensystem

HALF_DECADES = 10 ** np.linspace(-3.5, 2.0, 12)  # candidates for the best ridge, in units of the mean diagonal


@dataclass(frozen=True)
class TableParts:
    """The inputs where they have few columns, else the kernel matrix, with the outputs."""

    outputs: FloatArray
    matrix: FloatArray
    is_kernel: bool

    @classmethod
    def of(cls, data: Dataset, estimator: Any, centre: bool) -> TableParts:
        """With the mean of the outputs taken off, if they are to be centred."""
        X, y = np.asarray(data.inputs), data.output_columns
        if (np.ptp(y, axis=0) == 0).all():
            raise ValueError("outputs must vary, got a constant; there is nothing to learn from it")
        y = y - y.mean(axis=0) if centre else y
        if not isinstance(estimator, KernelRidge) and 2 * data.n_features <= data.n_rows:
            return cls(y, X, False)
        with np.errstate(over="ignore", invalid="ignore"):
            kernel = estimator.kernel(X) if isinstance(estimator, KernelRidge) else X @ X.T
        if not np.isfinite(kernel).all():
            raise ValueError("inputs must have inner products that a float holds, got larger ones; rescale them")
        return cls(y, kernel, True)

    @property
    def mean_diagonal(self) -> float:
        """Mean of K(x, x) over the rows."""
        return float(np.mean(np.diag(self.matrix) if self.is_kernel else (self.matrix**2).sum(axis=1)))

    def eigensystem(self, rows: npt.NDArray[np.intp]) -> Eigensystem:
        """Of some of the rows."""
        if self.is_kernel:
            table = Eigensystem.of_matrix(self.matrix[np.ix_(rows, rows)], self.outputs[rows])
        else:
            table = Eigensystem.of_inputs(self.matrix[rows], self.outputs[rows])
        if table.eigenvalues.size == 0:
            raise ValueError("inputs must not all be zero, got a kernel matrix of zeros; it learns nothing")
        return table
