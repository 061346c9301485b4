"""Kernel ridge regression on a part of a table, judged on the rows that were not drawn."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from riskcalc.arguments import FloatArray
from riskcalc.simulation.draw import Split
from riskcalc.simulation.gram import GramFactorisation


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
