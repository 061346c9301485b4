"""Kernels on the sphere, the hypercube and Gaussian data: the next order in 1/n by degree, and what is linearised."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from riskcalc.allowances.linear import next_order
from riskcalc.allowances.shared import FEW_FOR_TRAIN, MEETING, Allowances
from riskcalc.arguments import FloatArray
from riskcalc.data import HypercubeData
from riskcalc.estimators import KernelRidge
from riskcalc.result import Trials
from riskcalc.spectrum import Spectrum
from riskcalc.theory import effective_ridge, predict, reduce


def kernel_next_order(trials: Trials, risk: Any, predicted: Mapping[str, FloatArray]) -> Allowances:
    """Three units of 1/(n - df2 - 1), as for Gaussian features, and what the cut of the spectrum leaves open.

    For κ and n - df1, which hardly fluctuate, as many units as the fourth moment of the features that are being fitted,
    3^k of a product of k Gaussians, on average over df2; by simulation 1 to 2 at degree 2, 8 at degree 3. The training
    error is (λ/nκ)² times the test error: twice as many of κ, and those of the test error.

    Nothing is promised where rows of the hypercube meet (n²/2^d of them, or their opposites), and of the training error
    and cross-validation below n = 100: the equivalent misses them by 10 % where λ/(nκ) is small.
    """
    data: Any = trials.data
    n = trials.coordinates["n_samples"]
    unit = 3 / np.maximum(n - risk.df2 - 1, 1.0)
    sizes = {name: np.abs(value) * unit for name, value in risk.fields.items()}
    fourth = np.maximum(unit, unit / 3 * fourth_moment(reduce(data, trials.estimator).spectrum, risk))
    sizes |= {"test": (risk.bias + risk.variance) * unit}
    sizes |= {"effective_ridge": risk.effective_ridge * fourth, "df1": (n - risk.df1) * fourth}
    sizes["test"] = sizes["test"] + risk.truncation * risk.test
    sizes["train"] = risk.train * (unit + 2 * fourth)
    for name in ("train", "gcv"):
        sizes[name] = np.where(n < FEW_FOR_TRAIN, np.inf, sizes[name])
    return {name: np.where(rows_meet(data, n), np.inf, sizes[name]) for name in predicted}, (
        "allowed beside the standard error: 3/(n - df2 - 1) of bias and variance for test, of the others themselves, "
        "and the truncation of test; for effective_ridge and n - df1 the mean of 3^degree over df2 in place of 3, "
        f"and twice that more for train; train and gcv are judged from n = {FEW_FOR_TRAIN} on, the hypercube where "
        f"n²/2^d <= {MEETING:g}"
    )


def rows_meet(data: Any, n: FloatArray) -> npt.NDArray[np.bool_]:
    """Whether n rows of the hypercube are not to be taken for distinct."""
    met = n**2 * 2.0**-data.n_inputs if isinstance(data, HypercubeData) else np.zeros_like(n)
    return np.asarray(met > MEETING)


def fourth_moment(spectrum: Spectrum, risk: Any) -> FloatArray:
    """Mean of 3^k over the shares of the degrees in df2; degrees beyond 6 count as 6."""
    weights: FloatArray = np.minimum(spectrum.multiplicities, 1e300) * risk.learned**2
    total = weights.sum(axis=-1)
    moments = weights @ 3.0 ** np.minimum(np.arange(weights.shape[-1]), 6)
    return np.asarray(np.divide(moments, total, out=np.ones_like(total), where=total > 0))


def linear_regime(trials: Trials, risk: Any, predicted: Mapping[str, FloatArray]) -> Allowances:
    """The kernel is linear up to 1/d: 200/d % were measured (sheet of kernels), or the next order in 1/n if larger."""
    data: Any = trials.data
    judged, _ = next_order(trials, risk, {"test": predicted["test"]}) if "test" in predicted else ({}, "")
    test = {name: np.maximum(size, 2 / data.spectrum.n_features * risk.test) for name, size in judged.items()}
    return {name: test.get(name, np.full(trials.shape, np.inf)) for name in predicted}, (
        "allowed beside the standard error: for test 2/d of it, or (3 bias + 1 variance) u if that is larger, where "
        "u = (1 + |excess kurtosis|)/(n - df2 - 1); other fields are shown, not judged: degree 2 changes them more"
    )


def kernel_flow_next_order(trials: Trials, risk: Any, predicted: Mapping[str, FloatArray]) -> Allowances:
    """That of kernel ridge regression at the comparable ridge n/t.

    Nothing is promised of train and df1 at finite times beyond 1/κ of ridge 0, by which the mean eigenvalue of K/n has
    been fitted: what is left is an exponential of the smallest ones, and so is its next term.
    """
    n, time = trials.coordinates["n_samples"], trials.coordinates["time"]
    with np.errstate(divide="ignore", over="ignore"):
        estimator = KernelRidge(trials.estimator.kernel, np.asarray(n / time))  # type: ignore[attr-defined]
    comparable: Any = predict(trials.data, estimator, n)
    as_ridge = replace(comparable, **{name: value for name, value in risk.fields.items() if name != "truncation"})
    allowed, rule = kernel_next_order(replace(trials, estimator=estimator), as_ridge, predicted)
    kappa = effective_ridge(reduce(trials.data, trials.estimator).spectrum, n, 0.0)
    with np.errstate(invalid="ignore"):
        late = np.isfinite(time) & (time * kappa > 1)
    for name in {"train", "df1"} & set(allowed):
        allowed[name] = np.where(late, np.inf, allowed[name])
    if "train" in allowed:  # no λ/nκ is in it
        ordinary = risk.train * 3 / np.maximum(n - comparable.df2 - 1, 1.0)
        allowed["train"] = np.where(np.isfinite(allowed["train"]), ordinary, np.inf)
    return allowed, (
        f"{rule}; df2 and truncation at the comparable ridge n/t, train as the others, and train and df1 are judged up "
        "to the time 1/κ of ridge 0, and at inf"
    )
