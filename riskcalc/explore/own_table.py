"""A table that was uploaded: its learning curve and the picture of it."""

from __future__ import annotations

import io
import tempfile
from pathlib import Path

import numpy as np

from riskcalc import kernels
from riskcalc.data import Dataset
from riskcalc.estimators import KernelRidge, Ridge
from riskcalc.plot import STYLE, learning_curve
from riskcalc.theory import LearningCurve
from riskcalc.theory import learning_curve as predicted

MOST_ROWS = 1000
KERNELS = {"RBF": kernels.RBF, "Laplace": kernels.Laplace}


def curve_of(content: bytes | None, target: str, kernel: str) -> LearningCurve:
    """Learning curve at the best ridge, from 20 rows to eight times the table."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table.csv"
        path.write_bytes(content or b"")
        column = int(target) if target.lstrip("-").isdigit() else target
        try:
            data = Dataset.from_csv(path, column, standardise=True)
        except ValueError as error:
            raise ValueError(str(error).replace(str(path), "the file")) from None
    if data.n_rows > MOST_ROWS:
        raise ValueError(
            f"the table must have at most {MOST_ROWS} rows here, got {data.n_rows}; use riskcalc learning-curve"
        )
    n = np.unique(np.geomspace(20, 8 * data.n_rows, 40).round())
    estimator = KernelRidge(KERNELS[kernel](), 0) if kernel in KERNELS else Ridge(0)
    return predicted(data, estimator, n, ridge="best")


def curve_picture(curve: LearningCurve) -> bytes:
    """The curve with its band, as SVG."""
    from matplotlib import style
    from matplotlib.figure import Figure

    with style.context(STYLE):
        figure = Figure(figsize=(6.4, 3.8), layout="constrained")
        axes = figure.subplots()
        learning_curve(curve, ax=axes)
        file = io.BytesIO()
        figure.savefig(file, format="svg", metadata={"Date": None})
    return file.getvalue()
