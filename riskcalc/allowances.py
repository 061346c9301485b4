"""Finite-size gaps that a comparison allows: fixed per pair before anything runs, never fitted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from riskcalc.arguments import FloatArray
from riskcalc.data import Dataset, GaussianData
from riskcalc.data.gaussian import entries_kurtosis
from riskcalc.estimators import Ridge
from riskcalc.model import Model
from riskcalc.result import Risk, Trials

Allowances = tuple[dict[str, FloatArray], str]


def _next_order(trials: Trials, risk: Any, predicted: Mapping[str, FloatArray]) -> Allowances:
    """The next term in 1/n is bounded by a few units of (1 + |excess kurtosis|)/(n - df2 - 1)."""
    data: Any = trials.data
    kurtosis = entries_kurtosis(data.entries)
    n, df2 = trials.coordinates["n_samples"], risk.df2
    unit = (1 + (abs(kurtosis) if np.isfinite(kurtosis) else 0.0)) / np.maximum(n - df2 - 1, 1.0)
    unit = unit * np.where(trials.coordinates["ridge"] < 0, n / np.maximum(n - df2, 1.0), 1.0)
    few = unit * df2 / np.maximum(n - df2, 1.0)
    with np.errstate(invalid="ignore"):
        sizes = {
            "test": (3 * risk.bias + risk.variance) * unit,
            "train": 3 * risk.train * unit,
            "bias": 3 * risk.bias * unit,
            "variance": risk.variance * unit,
            "norm_squared": 3 * risk.norm_squared * unit,
            "estimation": 3 * risk.estimation * unit,
            "in_sample": 3 * risk.in_sample * unit,
            "gcv": 3 * risk.gcv * unit,
            "effective_ridge": risk.effective_ridge * few,
            "df1": (n - risk.df1) * few,
        }
        allowed = {
            name: np.where(np.isfinite(sizes[name]), np.abs(sizes[name]), 0.0) for name in predicted if name in sizes
        }
    return {name: allowed.get(name, np.zeros(trials.shape)) for name in predicted}, (
        "allowed beside the standard error: (3 bias + 1 variance) u for test, 1 u of variance, 3 u of the others but "
        "df2/(n - df2) u of effective_ridge and n - df1, where u = (1 + |excess kurtosis|)/(n - df2 - 1), times "
        "n/(n - df2) for a negative ridge"
    )


def _table_of_deviations(trials: Trials, risk: Risk, predicted: Mapping[str, FloatArray]) -> Allowances:
    """The deviations of the finite-population equivalent on real tables, by ridge over the mean diagonal of K."""
    data: Any = trials.data
    with np.errstate(divide="ignore", invalid="ignore"):  # a table of zeros
        share = trials.coordinates["ridge"] / (np.asarray(data.inputs) ** 2).sum(axis=1).mean()
    relative = np.where(share >= 0.35, 0.01, np.where(share >= 0.09, 0.035, 0.08))
    return {
        name: relative * np.abs(v) if name == "test" else np.full(v.shape, np.inf) for name, v in predicted.items()
    }, (
        "allowed beside the standard error: 1, 3.5, 8 % of test where ridge / mean diagonal of the kernel matrix is "
        ">= 0.35, >= 0.09, below; other fields are shown, not judged"
    )


ALLOWANCES: dict[tuple[type[Model], type[Model]], Callable[[Trials, Risk, Mapping[str, FloatArray]], Allowances]] = {
    (GaussianData, Ridge): _next_order,
    (Dataset, Ridge): _table_of_deviations,
}
