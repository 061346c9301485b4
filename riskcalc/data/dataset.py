"""The user's own table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from os import PathLike
from typing import Self

import numpy as np
import numpy.typing as npt
import scipy.linalg

from riskcalc.arguments import FloatArray, numbers, positive_part, symmetric
from riskcalc.data.array_file import array_or_file
from riskcalc.data.csv_table import read_table
from riskcalc.model import Model


@dataclass(frozen=True, eq=False, repr=False)
class Dataset(Model):
    r"""A table of m rows: inputs and outputs as they are, nothing centred, nothing scaled.

    .. math:: X \in \mathbb{R}^{m\times p},\quad y \in \mathbb{R}^m

    Parameters
    ----------
    inputs : array_like, shape (m, p)
        m >= 2 rows.
    outputs : array_like, shape (m,) or (m, q)
        Several outputs share the kernel; their squared errors are summed.
    names : sequence of str, optional
        Names of the input columns, for messages only.

    Raises
    ------
    ValueError
        Rows that do not match, fewer than two rows, no columns, or entries that are not finite.

    Notes
    -----
    There is no intercept unless ``with_intercept`` adds its column; ``standardised`` centres inputs and outputs.

    References
    ----------
    .. [1] derived

    Examples
    --------
    >>> import riskcalc as rc
    >>> table = rc.Dataset([[1.0, 2.0], [3.0, 4.0], [5.0, 7.0]], [1.0, 0.0, 2.0])
    >>> table.n_rows, table.n_features
    (3, 2)
    """

    inputs: npt.ArrayLike
    outputs: npt.ArrayLike
    names: Sequence[str] = field(default=(), compare=False)

    def _checked(self) -> dict[str, object]:
        hint = "drop or fill the rows with missing values"
        inputs = numbers("inputs", self.inputs, ndim=2, hint=hint)
        outputs = numbers("outputs", self.outputs, hint=hint)
        if len(inputs) < 2 or inputs.shape[1] == 0:
            raise ValueError(f"inputs must have at least two rows and one column, got shape {inputs.shape}")
        if outputs.ndim not in (1, 2) or len(outputs) != len(inputs) or outputs.size == 0:
            raise ValueError(f"outputs must have one row per row of inputs ({len(inputs)}), got shape {outputs.shape}")
        if self.names and len(self.names) != inputs.shape[1]:
            raise ValueError(f"names must have one entry per input column ({inputs.shape[1]}), got {len(self.names)}")
        return {"inputs": inputs, "outputs": outputs, "names": tuple(self.names)}

    @classmethod
    def from_csv(
        cls,
        path: str | PathLike[str],
        target: str | int | Sequence[str],
        *,
        standardise: bool = False,
        intercept: bool = False,
        drop: Sequence[str | int] = (),
        missing: str = "error",
        header: bool | None = None,
    ) -> Self:
        r"""Table of a CSV file with numeric columns, one of them the target.

        Parameters
        ----------
        path : path
            Comma, semicolon, tab or space between columns.
        target : str, int or sequence of str
            Name of the target's column, or its position (from 0; -1 is the last); several names are several outputs.
        standardise : bool
            Inputs to mean 0 and variance 1, output to mean 0.
        intercept : bool
            Adds an input column of ones (its coefficient is penalised like the others).
        drop : sequence of str or int
            Columns to leave out.
        missing : {"error", "drop"}
            What to do with rows that have an empty cell or NA, NaN, null, ?.

        header : bool, optional
            Whether the first line names the columns; left out, it does unless all its cells are numbers.

        Returns
        -------
        Dataset

        Raises
        ------
        ValueError
            No such column, text where numbers should be, missing values, rows of unequal length, fewer than two rows,
            a constant target, or a constant input that cannot be standardised; the sentence names row and column.
        OSError
            If the file cannot be read.

        Examples
        --------
        >>> import pathlib, tempfile
        >>> import riskcalc as rc
        >>> file = pathlib.Path(tempfile.mkdtemp()) / "my.csv"
        >>> _ = file.write_text("a,b,y\n1,2,3\n2,1,0\n0,0,1\n")
        >>> rc.Dataset.from_csv(file, target="y")
        Dataset(3 rows, 2 inputs, 1 output)
        """
        table = read_table(path, drop=drop, missing=missing, header=header)
        several = isinstance(target, (list, tuple))
        targets: list[str | int] = list(target) if isinstance(target, (list, tuple)) else [target]  # type: ignore[list-item]
        columns = [table.position(name, "target") for name in targets]
        y = table.values[:, columns]
        for column, values in zip(columns, y.T, strict=True):
            if np.ptp(values) == 0:
                name = table.names[column]
                raise ValueError(f"target {name!r} must vary, got the constant {values[0]:g}; name another column")
        names = tuple(name for column, name in enumerate(table.names) if column not in columns)
        outputs = y if several else y[:, 0]
        data = cls(np.delete(table.values, columns, axis=1), outputs, names)
        data = data.standardised() if standardise else data
        return data.with_intercept() if intercept else data

    @classmethod
    def from_kernel(cls, matrix: npt.ArrayLike | PathLike[str], outputs: npt.ArrayLike | PathLike[str]) -> Self:
        r"""Table of which only the kernel matrix is known: ridge regression on it is kernel ridge regression.

        .. math:: K = U\,\mathrm{diag}(s)\,U^\top = XX^\top, \qquad X = U\,\mathrm{diag}(s)^{1/2}

        Parameters
        ----------
        matrix : array_like or path, shape (m, m)
            Symmetric positive semidefinite, or a file that holds it: ``.npy``, ``.npz`` (one array, or one called
            "matrix"), or CSV.
        outputs : array_like or path, shape (m,) or (m, q)

        Returns
        -------
        Dataset
            The inputs are the features X of the kernel, as many as the rank of K; use it with ``Ridge``.

        Raises
        ------
        ValueError
            If the matrix is not square, not symmetric, has a negative eigenvalue beyond rounding (the sentence says how
            negative), or has another number of rows than ``outputs``.
        OSError
            If a file cannot be read.

        Examples
        --------
        >>> import riskcalc as rc
        >>> rc.Dataset.from_kernel([[2.0, 1.0, 0.0], [1.0, 2.0, 0.0], [0.0, 0.0, 1.0]], [1.0, 0.0, 2.0])
        Dataset(3 rows, 3 inputs, 1 output)
        """
        kernel = symmetric("matrix", array_or_file("matrix", matrix))
        eigenvalues, vectors = scipy.linalg.eigh(kernel, driver="evd")
        s = positive_part("matrix", eigenvalues)[::-1]
        kept = s > 0
        if not kept.any():
            raise ValueError("matrix must not be zero; a kernel that is 0 everywhere learns nothing")
        values = np.asarray(array_or_file("outputs", outputs))
        flat = values[:, 0] if values.ndim == 2 and values.shape[1] == 1 else values
        if len(flat) != len(kernel):
            raise ValueError(f"outputs must have one row per row of matrix ({len(kernel)}), got {len(flat)}")
        return cls(vectors[:, ::-1][:, kept] * np.sqrt(s[kept]), flat)

    def standardised(self) -> Self:
        """Copy with inputs of mean 0 and variance 1 and outputs of mean 0.

        Returns
        -------
        Dataset

        Raises
        ------
        ValueError
            If an input column is constant.
        """
        deviation = self._inputs.std(axis=0)
        constant = np.flatnonzero(deviation <= 1e-12 * np.abs(self._inputs).max(axis=0))
        if constant.size:
            name = repr(self.names[constant[0]]) if self.names else f"number {constant[0]}"
            raise ValueError(f"inputs must vary to be standardised, column {name} is constant; leave it out (drop)")
        outputs = np.asarray(self.outputs)
        return self.replace(
            inputs=(self._inputs - self._inputs.mean(axis=0)) / deviation, outputs=outputs - outputs.mean(axis=0)
        )

    def with_intercept(self) -> Self:
        """Copy with one more input column, of ones.

        Returns
        -------
        Dataset
        """
        names = (*self.names, "intercept") if self.names else ()
        return self.replace(inputs=np.column_stack([self._inputs, np.ones(self.n_rows)]), names=names)

    @property
    def n_rows(self) -> int:
        """Number of rows, m."""
        return len(self._inputs)

    @property
    def n_features(self) -> int:
        """Number of input columns, p."""
        return int(self._inputs.shape[1])

    @property
    def n_duplicates(self) -> int:
        """Number of rows whose inputs stand in an earlier row too."""
        return self.n_rows - len(np.unique(self._inputs, axis=0))

    @property
    def output_columns(self) -> FloatArray:
        """Outputs as a matrix, shape (m, q)."""
        outputs: FloatArray = np.asarray(self.outputs)
        return outputs.reshape(self.n_rows, -1)

    @property
    def _inputs(self) -> FloatArray:
        return np.asarray(self.inputs)

    def __repr__(self) -> str:
        q = self.output_columns.shape[1]
        return f"Dataset({self.n_rows} rows, {self.n_features} inputs, {q} output{'s' * (q > 1)})"
