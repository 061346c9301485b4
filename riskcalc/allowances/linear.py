"""Linear models: the next order in 1/n, of flows and of ensembles, too."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from riskcalc.allowances.shared import DEGREE, Allowances
from riskcalc.arguments import FloatArray
from riskcalc.data.gaussian import entries_kurtosis
from riskcalc.estimators import Ridge
from riskcalc.result import Trials
from riskcalc.theory import predict, reduce, ridge_lower_limit
from riskcalc.theory.finite_size.corrected import ENOUGH, trusted
from riskcalc.theory.finite_size.corrected import ROUTE as CORRECTED


def next_order(trials: Trials, risk: Any, predicted: Mapping[str, FloatArray]) -> Allowances:
    """The next term in 1/n is bounded by a few units of (1 + |excess kurtosis|)/(n - df2 - 1)."""
    data: Any = trials.data
    n, df2, unit = trials.coordinates["n_samples"], risk.df2, sample_unit(trials, risk)
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
        for name, more in nonlinear_order(data, risk, unit).items():
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


def sample_unit(trials: Trials, risk: Any) -> FloatArray:
    """(1 + |excess kurtosis|)/(n - df2 - 1), and more for a negative ridge."""
    kurtosis = entries_kurtosis(getattr(trials.data, "entries", "gaussian"))
    n, df2 = trials.coordinates["n_samples"], risk.df2
    unit = (1 + (abs(kurtosis) if np.isfinite(kurtosis) else 0.0)) / np.maximum(n - df2 - 1, 1.0)
    return np.asarray(unit * np.where(trials.coordinates["ridge"] < 0, n / np.maximum(n - df2, 1.0), 1.0))


def known_next_order(trials: Trials, risk: Any, predicted: Mapping[str, FloatArray]) -> Allowances:
    """The next term itself, and what lies beyond it, in place of the bound on it.

    Where it is known and small enough to be trusted. A prediction that it has been added to is allowed only the second:
    three units squared and three times the square of the term, at least three times what simulations showed.
    """
    added = risk.route == CORRECTED
    leading: Any = predict(trials.data, trials.estimator, trials.coordinates["n_samples"]) if added else risk
    allowed, rule = next_order(trials, leading, predicted)
    if leading.next_order is None:
        return allowed, rule
    n, unit, sound = trials.coordinates["n_samples"], sample_unit(trials, leading), {}
    scales = leading.fields | {"test": leading.bias + leading.variance, "df1": n - leading.df1}
    for name, term in leading.next_order.items():
        sound[name] = trusted(leading, name, term)
        if name in allowed and name != "test":
            allowed[name] = np.where(sound[name], beyond(scales[name], term, unit, added), allowed[name])
    if "test" in allowed:
        both = sound["bias"] & sound["variance"]
        test = beyond(scales["test"], leading.next_order["test"], unit, added)
        allowed["test"] = np.where(both, test, allowed["test"])
    return allowed, (
        f"{rule}; but where the next order is known and n - df2 >= {ENOUGH:g}: {'' if added else 'its size, and '}3 "
        "(u² + v²) of the field, of bias + variance for test and of n - df1, where v is its share of that"
    )


def beyond(scale: FloatArray, term: FloatArray, unit: FloatArray, added: bool) -> FloatArray:
    """Three squared units and three squared shares of the term, and the term if it has not been added."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        share = np.where(scale > 0, term / scale, 0.0)
        return np.where(np.isfinite(scale), 3 * scale * (unit**2 + share**2), 0.0) + (0.0 if added else np.abs(term))


def nonlinear_order(data: Any, risk: Any, unit: FloatArray) -> dict[str, FloatArray]:
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


def flow_next_order(trials: Trials, risk: Any, predicted: Mapping[str, FloatArray]) -> Allowances:
    """The same term with df2 at the comparable ridge n/t."""
    n, time = trials.coordinates["n_samples"], trials.coordinates["time"]
    with np.errstate(divide="ignore", over="ignore"):
        ridges = {"ridge": np.asarray(n / time)}
    comparable = predict(trials.data, Ridge(ridges["ridge"]), n)
    as_ridge = replace(risk, df2=comparable.df2, effective_ridge=comparable.effective_ridge, gcv=comparable.gcv)
    allowed, rule = next_order(replace(trials, coordinates=dict(trials.coordinates) | ridges), as_ridge, predicted)
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


def next_order_of_members(trials: Trials, risk: Any, predicted: Mapping[str, FloatArray]) -> Allowances:
    """That of one member: the next terms of pairs of members, which share fewer samples than they have, are smaller."""
    coordinates = trials.coordinates
    k = coordinates.get("subsample", coordinates["n_samples"])
    sizes, rule = next_order(replace(trials, coordinates={**coordinates, "n_samples": k}), risk, predicted)
    return sizes, f"{rule}; n is the subsample"
