"""Finite-size gaps that a comparison allows: fixed per pair before anything runs.

They follow from the order of the next term, but for κ and n - df1 of kernels and df1 of late flows, whose form was
chosen after a simulation had shown that the general one is too small.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from riskcalc.arguments import FloatArray
from riskcalc.data import Dataset, GaussianData, HypercubeData, LatentSpaceData, SphereData
from riskcalc.data.gaussian import entries_kurtosis
from riskcalc.estimators import Ensemble, GradientFlow, KernelRidge, Ridge
from riskcalc.model import Model
from riskcalc.result import Risk, Trials
from riskcalc.spectrum import Spectrum
from riskcalc.theory import predict, reduce, ridge_lower_limit

Allowances = tuple[dict[str, FloatArray], str]
FEW_FOR_TRAIN = 100  # samples below which the training error of a kernel is not judged
MEETING = 0.1  # expected number of pairs of rows of the hypercube that are equal or opposite
DEGREE = 3  # of the targets that are not linear, up to which their next order is allowed


def _next_order(trials: Trials, risk: Any, predicted: Mapping[str, FloatArray]) -> Allowances:
    """The next term in 1/n is bounded by a few units of (1 + |excess kurtosis|)/(n - df2 - 1)."""
    data: Any = trials.data
    kurtosis = entries_kurtosis(getattr(data, "entries", "gaussian"))
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
        for name, more in _nonlinear_order(data, risk, unit).items():
            sizes[name] = sizes[name] + more
        allowed = {
            name: np.where(np.isfinite(sizes[name]), np.abs(sizes[name]), 0.0) for name in predicted if name in sizes
        }
    return {name: allowed.get(name, np.zeros(trials.shape)) for name in predicted}, (
        "allowed beside the standard error: (3 bias + 1 variance) u for test, 1 u of variance, 3 u of the others but "
        "df2/(n - df2) u of effective_ridge and n - df1, where u = (1 + |excess kurtosis|)/(n - df2 - 1), times "
        "n/(n - df2) for a negative ridge"
        + (
            f"; beside a target of degree up to {DEGREE}: {2 * DEGREE} u of its energy for test, bias and in_sample, "
            "as much times max σ/(σ+κ)² for norm_squared and estimation, and of train and gcv themselves"
            if getattr(data, "target", None) is not None
            else ""
        )
    )


def _nonlinear_order(data: Any, risk: Any, unit: FloatArray) -> dict[str, FloatArray]:
    r"""What a part f of the target that depends on x adds to the next order.

    A row enters the fit with weight f, and its feature z_i with variance E z_i²f² in place of E f². By the number
    operator :math:`\sum_i(\mathrm{E}z_i^2f^2 - \mathrm{E}f^2) = 2k\,\mathrm{E}f^2` for Gaussian z and f of degree k,
    the worst case being that all of it is in one direction.
    """
    if getattr(data, "target", None) is None:
        return {}
    more = 2 * DEGREE * unit
    sigma = data.spectrum.eigenvalues[data.spectrum.eigenvalues > 0]
    largest = (sigma / (sigma + risk.effective_ridge[..., None]) ** 2).max(axis=-1, initial=0.0)
    energy = data.outside_energy * more
    return (
        dict.fromkeys(("test", "bias", "in_sample"), energy)
        | dict.fromkeys(("norm_squared", "estimation"), energy * largest)
        | {"train": risk.train * more, "gcv": risk.gcv * more}
    )


def _table_of_deviations(trials: Trials, risk: Risk, predicted: Mapping[str, FloatArray]) -> Allowances:
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


def _flow_next_order(trials: Trials, risk: Any, predicted: Mapping[str, FloatArray]) -> Allowances:
    """The same term with df2 at the comparable ridge n/t."""
    n, time = trials.coordinates["n_samples"], trials.coordinates["time"]
    with np.errstate(divide="ignore", over="ignore"):
        ridges = {"ridge": np.asarray(n / time)}
    comparable = predict(trials.data, Ridge(ridges["ridge"]), n)
    as_ridge = replace(risk, df2=comparable.df2, effective_ridge=comparable.effective_ridge, gcv=comparable.gcv)
    allowed, rule = _next_order(replace(trials, coordinates=dict(trials.coordinates) | ridges), as_ridge, predicted)
    spectrum = reduce(trials.data, trials.estimator).spectrum
    if "train" in allowed:  # late it comes from the edge of the spectrum, where the next term is larger
        late = np.where(np.isfinite(time), time * spectrum.trace / n, 0.0) ** 1.5
        allowed["train"] = allowed["train"] * (1 + late)
    if "df1" in allowed:  # the next term of a trace Tr f is at most half the largest |f|, for Gaussian entries
        edge = -ridge_lower_limit(spectrum, n) / n
        unfitted = np.where(np.isfinite(time), np.exp(-np.where(np.isfinite(time), time, 0.0) * edge), 0.0)
        allowed["df1"] = np.maximum(allowed["df1"], unfitted)
    return allowed, (
        f"{rule}; df2 at the comparable ridge n/t, train times 1 + (t Tr Σ/n)^(3/2), and for df1 at least e^(-ta), a "
        "the left edge of the bulk"
    )


def _next_order_of_members(trials: Trials, risk: Any, predicted: Mapping[str, FloatArray]) -> Allowances:
    """That of one member: the next terms of pairs of members, which share fewer samples than they have, are smaller."""
    coordinates = trials.coordinates
    k = coordinates.get("subsample", coordinates["n_samples"])
    sizes, rule = _next_order(replace(trials, coordinates={**coordinates, "n_samples": k}), risk, predicted)
    return sizes, f"{rule}; n is the subsample"


def _kernel_next_order(trials: Trials, risk: Any, predicted: Mapping[str, FloatArray]) -> Allowances:
    """Three units of 1/(n - df2 - 1), as for Gaussian features, and what the cut of the spectrum leaves open.

    For κ and n - df1, which hardly fluctuate, as many units as the fourth moment of the features that are being fitted,
    3^k of a product of k Gaussians, on average over df2; by simulation 1 to 2 at degree 2, 8 at degree 3.

    Nothing is promised where rows of the hypercube meet (n²/2^d of them, or their opposites), and of the training error
    and cross-validation below n = 100: the equivalent misses them by 10 % where λ/(nκ) is small.
    """
    data: Any = trials.data
    n = trials.coordinates["n_samples"]
    unit = 3 / np.maximum(n - risk.df2 - 1, 1.0)
    met = n**2 * 2.0**-data.n_inputs if isinstance(data, HypercubeData) else np.zeros_like(n)
    sizes = {name: np.abs(value) * unit for name, value in risk.fields.items()}
    fourth = np.maximum(unit, unit / 3 * _fourth_moment(reduce(data, trials.estimator).spectrum, risk))
    sizes |= {"test": (risk.bias + risk.variance) * unit}
    sizes |= {"effective_ridge": risk.effective_ridge * fourth, "df1": (n - risk.df1) * fourth}
    sizes["test"] = sizes["test"] + risk.truncation * risk.test
    for name in ("train", "gcv"):
        sizes[name] = np.where(n < FEW_FOR_TRAIN, np.inf, sizes[name])
    return {name: np.where(met > MEETING, np.inf, sizes[name]) for name in predicted}, (
        "allowed beside the standard error: 3/(n - df2 - 1) of bias and variance for test, of the others themselves, "
        "and the truncation of test; for effective_ridge and n - df1 the mean of 3^degree over df2 in place of 3; "
        f"train and gcv are judged from n = {FEW_FOR_TRAIN} on, the hypercube where n²/2^d <= {MEETING:g}"
    )


def _fourth_moment(spectrum: Spectrum, risk: Any) -> FloatArray:
    """Mean of 3^k over the shares of the degrees in df2; degrees beyond 6 count as 6."""
    weights: FloatArray = np.minimum(spectrum.multiplicities, 1e300) * risk.learned**2
    total = weights.sum(axis=-1)
    moments = weights @ 3.0 ** np.minimum(np.arange(weights.shape[-1]), 6)
    return np.asarray(np.divide(moments, total, out=np.ones_like(total), where=total > 0))


def _linear_regime(trials: Trials, risk: Any, predicted: Mapping[str, FloatArray]) -> Allowances:
    """The kernel is linear up to 1/d: 200/d % were measured (sheet of kernels), or the next order in 1/n if larger."""
    data: Any = trials.data
    judged, _ = _next_order(trials, risk, {"test": predicted["test"]}) if "test" in predicted else ({}, "")
    test = {name: np.maximum(size, 2 / data.spectrum.n_features * risk.test) for name, size in judged.items()}
    return {name: test.get(name, np.full(trials.shape, np.inf)) for name in predicted}, (
        "allowed beside the standard error: for test 2/d of it, or (3 bias + 1 variance) u if that is larger, where "
        "u = (1 + |excess kurtosis|)/(n - df2 - 1); other fields are shown, not judged: degree 2 changes them more"
    )


ALLOWANCES: dict[tuple[type[Model], type[Model]], Callable[[Trials, Risk, Mapping[str, FloatArray]], Allowances]] = {
    (GaussianData, Ridge): _next_order,
    (Dataset, Ridge): _table_of_deviations,
    (Dataset, KernelRidge): _table_of_deviations,
    (LatentSpaceData, Ridge): _next_order,
    (SphereData, KernelRidge): _kernel_next_order,
    (HypercubeData, KernelRidge): _kernel_next_order,
    (GaussianData, GradientFlow): _flow_next_order,
    (LatentSpaceData, GradientFlow): _flow_next_order,
    (GaussianData, KernelRidge): _linear_regime,
    (GaussianData, Ensemble): _next_order_of_members,
    (LatentSpaceData, Ensemble): _next_order_of_members,
}
