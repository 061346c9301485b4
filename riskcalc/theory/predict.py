"""The verb predict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from riskcalc.data import Dataset, GaussianData, HypercubeData, SphereData
from riskcalc.data.gaussian import entries_kurtosis, squared_radii
from riskcalc.estimators import Ridge
from riskcalc.model import Model, lookup
from riskcalc.result import Risk
from riskcalc.theory.equations import EQUATIONS
from riskcalc.theory.reductions import reduce
from riskcalc.theory.shift import shifted_risk

FEW = 10.0  # n - df2 below which the leading order is not to be trusted
MEETING = 0.1  # expected number of pairs of rows of the hypercube that are equal or opposite

DEFAULTS = {"route": None, "tail": "ridge", "correction": None, "certify": False}
# Where a choice belongs that a pair does not offer
CHOICES = {
    "route": "a table and neural tangent ridge regression have several",
    "tail": "it is for kernels by degree",
    "correction": "the next order is known of Ridge on GaussianData and LatentSpaceData, without test_data",
    "certify": "a radius is known of Ridge on GaussianData and LatentSpaceData, without test_data",
}


def predict(
    data: Model,
    estimator: Model,
    n_samples: npt.ArrayLike,
    *,
    test_data: Model | None = None,
    route: str | None = None,
    tail: str = "ridge",
    correction: str | None = None,
    certify: bool = False,
) -> Risk:
    r"""What theory says of an estimator on data of n samples.

    .. math:: (\text{data}, \text{estimator}) \to \text{Problem} \to \mathrm{Risk}

    Parameters
    ----------
    data : data model
    estimator : estimator
    n_samples : array_like, >= 0
        Counts or ratios; broadcasts against the estimator's ridge and the data's noise: ``n_samples[:, None]`` with a
        list of ridges is a grid.
    test_data : GaussianData, optional
        Another distribution to be tested on, for GaussianData with Ridge: the same entries with the same
        multiplicities, with other variances, energies, outside energy or noise; ``shifted_risk`` says how they are
        read. The target is the same if energies change as eigenvalues do; else it is parallel in each eigenspace,
        and a note says so.
    route : str, optional
        For a Dataset: ``"finite_population"`` (default) is the error on the rows that were not drawn, with the
        localisation correction; ``"plug_in"`` takes the table for the population, and is biased down without limit as
        n_samples nears the number of rows; ``"gcv"`` is generalised cross-validation of the fit to n rows at even
        distances in the table (whole n), without any extrapolation. For NeuralTangentRidge: ``"infinite_width"`` (taken
        where n/(Nd) <= 0.02), ``"both_layers"`` (n, d and N of one order; taken for both layers of finite width) and
        ``"given_weights"`` (taken if they are given).
    tail : {"ridge", "atom"}
        For kernels on SphereData and HypercubeData, whose degrees are resolved up to some K: the trace beyond K adds to
        the ridge, or is one more eigenvalue. The two bracket the effective ridge of the whole spectrum; what is left
        open is in ``truncation``.
    correction : {None, "first"}
        For Ridge on GaussianData and LatentSpaceData: ``"first"`` adds the term of order 1/n, ``next_order`` of the
        Risk, wherever n - df2 >= 7, it is below 30 % of the leading order and, for ``gcv``, λ/κ >= 3; at ridge 0 the
        variance of Gaussian entries is X₀/(1 - X₁/X₀), which is exact above the rank. Elsewhere the leading order
        stands, and a note says so. The expansion is formal: no bound on what is left is proved.
    certify : bool
        For Ridge on GaussianData and LatentSpaceData: whether ``radius`` of the Risk is computed, a rigorous bound on
        the relative error of ``effective_ridge`` and of every field, as values of the equations for the Problem that
        ``reduce`` gives (not as statements about experiments). It covers rounding, iteration and the compression of
        long spectra. It is inf, and a note says why, where nothing is certified: for infinite spectra, negative or
        infinite ridge, n_samples 0, or the rank at ridge 0.

    Returns
    -------
    Risk
        Fields of the broadcast shape; a scalar gives 0-d arrays.

    Raises
    ------
    TypeError
        If there is no theory for the pair (the sentence lists the pairs there are), or none with ``test_data``.
    ValueError
        If a number is outside its domain, n_samples exceeds the rows of a table, a neural tangent model is too narrow,
        ``test_data`` has other entries, or no
        ``correction`` is known (dependent entries, no fourth moment, a target that is not linear).

    Notes
    -----
    The Risk names its route, sources and, where it is not to be trusted, the reason in ``notes``.

    References
    ----------
    .. [1] misiakiewicz2024 (lecture 2; place not checked)
    .. [2] cheng2024 (place not checked)

    Examples
    --------
    >>> import riskcalc as rc
    >>> data = rc.GaussianData.isotropic(n_features=200, noise=0.25)
    >>> print(rc.predict(data, rc.Ridge([1.0, 50.0]), n_samples=400).test)
    [0.49515836 0.42539053]
    """
    given = {"route": route, "tail": tail, "correction": correction, "certify": certify}
    chosen = {name: value for name, value in given.items() if value != DEFAULTS[name]}
    if test_data is not None:
        _refuse(data, estimator, chosen)
        return _shifted(data, estimator, n_samples, test_data)
    equation = lookup(EQUATIONS, "theory", data, estimator)
    _refuse(data, estimator, {name: value for name, value in chosen.items() if name not in equation.choices})
    risk = equation.risk(data, estimator, n_samples, **chosen)
    if isinstance(data, Dataset):
        return risk
    return replace(risk, data=data, estimator=estimator, notes=risk.notes + _validity(data, risk))


def _refuse(data: Model, estimator: Model, chosen: Mapping[str, object]) -> None:
    """Choices that the pair does not offer."""
    for name, value in chosen.items():
        pair = f"({type(data).__name__}, {type(estimator).__name__})"
        raise ValueError(f"{name} must be left out for {pair}, got {value!r}; {CHOICES[name]}")


def _shifted(data: Model, estimator: Model, n_samples: npt.ArrayLike, test_data: Model) -> Risk:
    """Tested on other data than those it was trained on."""
    pair = {"data": type(data), "estimator": type(estimator), "test_data": type(test_data)}
    if not isinstance(data, GaussianData) or not isinstance(estimator, Ridge) or type(test_data) is not type(data):
        got = ", ".join(f"{name} {kind.__name__}" for name, kind in pair.items())
        raise TypeError(f"test_data must be a GaussianData, and so must data, with Ridge; got {got}")
    problem, test_problem = reduce(data, estimator), reduce(test_data, estimator)
    risk = shifted_risk(problem, n_samples, estimator.ridge, test_problem)
    notes = risk.notes + _validity(data, risk)
    return replace(risk, data=data, estimator=estimator, test_data=test_data, notes=notes)


def _validity(data: Any, risk: Risk) -> tuple[str, ...]:
    """Where the equivalent of a linear model is not to be trusted: too few effective samples, too heavy tails."""
    notes = []
    entries = getattr(data, "entries", "gaussian")
    if not np.isfinite(entries_kurtosis(entries)):
        notes.append(f"entries {entries!r} have no fourth moment: the theory does not hold, and is too low by far")
    if squared_radii(entries):
        notes.append(
            f"entries {entries!r}: rows of random radius have dependent entries, for which the theory does not hold; "
            "elliptical_risk does"
        )
    if risk.df2 is None:  # a flow, which regularises at every finite time
        return tuple(notes)
    fitted = "subsample" if "subsample" in risk.coordinates else "n_samples"
    n, room = risk.coordinates[fitted], risk.coordinates[fitted] - np.asarray(risk.df2)
    counts = isinstance(data, (SphereData, HypercubeData))  # elsewhere small sizes may be ratios
    few = (room < FEW) & ((n >= FEW) | counts) & (n > 0) & np.isfinite(risk.test)
    if few.any():
        worst = np.unravel_index(np.argmin(np.where(few, room, np.inf)), few.shape)
        size = np.broadcast_to(n, few.shape)[worst]
        notes.append(
            f"{fitted} - df2 is only {room[worst]:.2g} at {fitted} {size:g}: the theory is right to leading order in "
            "its inverse, and the mean over samples may be dominated by rare ones"
        )
    if isinstance(data, HypercubeData) and (n > 2 ** (min(data.n_inputs, 1000) / 2) * MEETING**0.5).any():
        notes.append(
            f"up to {np.max(n):g} rows are drawn of only 2^{data.n_inputs}: some are equal or opposite, and the "
            "theory, which takes them for independent, may be far off"
        )
    return tuple(notes)
