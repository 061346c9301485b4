"""Kernel ridge regression on a part of a table, judged on the rows that were not drawn."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from riskcalc.arguments import FloatArray
from riskcalc.simulation.draw import Split, split
from riskcalc.simulation.fit import coefficients, factorisations, refuse_indefinite
from riskcalc.simulation.gram import GramFactorisation
from riskcalc.simulation.measures import Fit, measured

if TYPE_CHECKING:
    from riskcalc.simulation.cells import Cell

TABLE_FIELDS = ("test", "train", "df1")


def kernel_split(part: Split, kernel: Callable[..., FloatArray], ridge: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Dual coefficients (n, ridges, q), and test error, training error and trace of the hat matrix (3, ridges)."""
    gram, cross = kernel(part.train_inputs), kernel(part.test_inputs, part.train_inputs)
    fit = GramFactorisation.of(gram)
    dual = fit.dual(part.train_outputs, ridge)
    errors = [
        ((y[:, None] - np.tensordot(K, dual, axes=1)) ** 2).sum(axis=2).mean(axis=0)
        for K, y in ((cross, part.test_outputs), (gram, part.train_outputs))
    ]
    return dual, np.stack([*errors, fit.degrees_of_freedom(ridge)])


def table_ridge_trial(cell: Cell, rng: np.random.Generator, points: FloatArray) -> FloatArray:
    """A random split of the table: the error on the rows that were not drawn."""
    data: Any = cell.data
    part = split(data, cell.n_samples, rng)
    cross = part.train_inputs.T @ part.train_outputs
    out = np.empty((len(cell.fields), len(points)))
    for fit, at in factorisations(part.train_inputs, points[:, 0]):
        refuse_indefinite(fit, points[at, 0])
        for k in at:
            ridge = points[k, 0]
            theta = coefficients(fit, cross, ridge)
            test = ((part.test_outputs - part.test_inputs @ theta) ** 2).sum(axis=1).mean()
            train = ((part.train_outputs - part.train_inputs @ theta) ** 2).sum(axis=1).mean()
            out[:3, k] = test, train, fit.degrees_of_freedom(ridge)
            own = Fit(part.train_inputs, part.train_outputs, theta, float(ridge))
            out[3:, k] = measured(cell.measures, own)
    return out


def kernel_table_trial(cell: Cell, rng: np.random.Generator, points: FloatArray) -> FloatArray:
    """A random split of the table and kernel ridge regression; the user's measures see the dual coefficients."""
    data: Any = cell.data
    estimator: Any = cell.estimator
    part = split(data, cell.n_samples, rng)
    dual, values = kernel_split(part, estimator.kernel, points[:, 0])
    fits = [Fit(part.train_inputs, part.train_outputs, dual[:, k], float(points[k, 0])) for k in range(len(points))]
    own = [measured(cell.measures, fit) for fit in fits]
    return np.vstack([values, np.reshape(own, (len(points), len(cell.measures))).T])
