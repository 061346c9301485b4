"""A table's own rows: the deviations of the finite-population equivalent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from riskcalc.allowances.shared import Allowances
from riskcalc.arguments import FloatArray
from riskcalc.estimators import KernelRidge
from riskcalc.result import Risk, Trials


def table_of_deviations(trials: Trials, risk: Risk, predicted: Mapping[str, FloatArray]) -> Allowances:
    """The deviations of the finite-population equivalent on real tables, by ridge over the mean diagonal of K."""
    data: Any = trials.data
    X = np.asarray(data.inputs)
    diagonal = np.diag(trials.estimator.kernel(X)) if isinstance(trials.estimator, KernelRidge) else (X**2).sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):  # a table of zeros
        share = trials.coordinates["ridge"] / diagonal.mean()
    relative = np.where(share >= 0.35, 0.01, np.where(share >= 0.09, 0.035, 0.08))
    return {
        name: relative * np.abs(v) if name == "test" else np.full(v.shape, np.inf) for name, v in predicted.items()
    }, (
        "allowed beside the standard error: 1, 3.5, 8 % of test where ridge / mean diagonal of the kernel matrix is "
        ">= 0.35, >= 0.09, below; other fields are shown, not judged"
    )
