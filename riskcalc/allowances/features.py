"""Random features: the next order in 1/n and in 1/N."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from riskcalc.allowances.kernels import fourth_moment, rows_meet
from riskcalc.allowances.shared import DEGREE, FEW_FOR_TRAIN, MEETING, Allowances
from riskcalc.arguments import FloatArray
from riskcalc.data.gaussian import entries_kurtosis
from riskcalc.result import Trials
from riskcalc.theory import reduce


def feature_next_order(trials: Trials, risk: Any, predicted: Mapping[str, FloatArray]) -> Allowances:
    """That of kernels for the samples, and once more for the features, which the exchange of n and N turns into them.

    Fixed before any of the shipped experiments ran.
    """
    data: Any = trials.data
    n, width = trials.coordinates["n_samples"], trials.coordinates["width"]
    unit = 3 * room_of_features(trials, risk)
    sizes = {name: np.abs(value) * unit for name, value in risk.fields.items()}
    fourth = unit
    if risk.learned is not None:
        fourth = unit * np.maximum(1.0, fourth_moment(reduce(data, trials.estimator).spectrum, risk) / 3)
    unfitted = np.maximum(np.minimum(n, width) - risk.df1, 0.0)
    sizes |= {"test": (risk.bias + risk.variance) * unit, "df1": unfitted * fourth}
    sizes |= {name: sizes[name] / unit * fourth for name in ("effective_ridge", "feature_ridge")}
    if risk.truncation is not None:
        sizes["test"] = sizes["test"] + risk.truncation * np.where(np.isfinite(risk.test), risk.test, 0.0)
    for name in ("train", "gcv"):
        sizes[name] = np.where(n < FEW_FOR_TRAIN, np.inf, sizes[name])
    return {name: np.where(rows_meet(data, n), np.inf, sizes[name]) for name in predicted}, (
        "allowed beside the standard error: u = 3/(n - df2 - 1) + 3/(width - df2 - 1), for given weights the first "
        "term alone, of bias and variance for test, of the others themselves, and the truncation of test; for the "
        "effective ridges and the smaller of n - df1 and width - df1 the mean of 3^degree over df2 in place of 3, if "
        f"that is known and larger; train and gcv are judged from n = {FEW_FOR_TRAIN} on, the hypercube where n²/2^d "
        f"<= {MEETING:g}"
    )


def room_of_features(trials: Trials, risk: Any) -> FloatArray:
    """1/(n - df2 - 1) + 1/(width - df2 - 1), the first term alone for given weights."""
    n, width = trials.coordinates["n_samples"], trials.coordinates["width"]
    drawn = (n, width) if isinstance(trials.estimator.weights, str) else (n,)  # type: ignore[attr-defined]
    return np.asarray(sum(1 / np.maximum(size - risk.df2 - 1, 1.0) for size in drawn))


def feature_linear_regime(trials: Trials, risk: Any, predicted: Mapping[str, FloatArray]) -> Allowances:
    """The same, and 2/d for what is linearised, as for kernels; with the kurtosis and the targets of linear models.

    The squared norms of the inputs fluctuate by a relative 2/d. What is learned of a linear function goes with them,
    which acts as misspecification: 2/d of test is allowed of the bias, too, since a simulation at d = 50 has shown 18 %
    of a small one. So does the part κ_*² of a sample: of train, 25 % off where the fit almost interpolates, nothing is
    promised.
    """
    data: Any = trials.data
    kurtosis, d = entries_kurtosis(data.entries), data.spectrum.n_features
    sizes, _ = feature_next_order(trials, risk, dict.fromkeys(("test", "bias", "variance"), risk.test))
    scale = 1 + (abs(kurtosis) if np.isfinite(kurtosis) else 0.0)
    more = data.outside_energy * 2 * DEGREE * room_of_features(trials, risk) if data.target is not None else 0.0
    for name in sizes:
        given = np.abs(risk.variance if name == "variance" else risk.test)
        sizes[name] = scale * sizes[name] + 2 / d * given + (more if name in ("test", "bias") else 0.0)
    return {name: sizes.get(name, np.full(trials.shape, np.inf)) for name in predicted}, (
        "allowed beside the standard error: u = (1 + |excess kurtosis|) [3/(n - df2 - 1) + 3/(width - df2 - 1)], for "
        "given weights without the second term, of bias and variance, and of both for test; and 2/d of test for test "
        "and bias, of itself for variance"
        + (f"; {2 * DEGREE} u/3 of the energy of the nonlinear part" if data.target is not None else "")
        + "; other fields are shown, not judged: degree 2 and the fluctuating norms of the inputs change them more"
    )
