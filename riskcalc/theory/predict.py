"""The verb predict."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from riskcalc.arguments import choice
from riskcalc.data import Dataset
from riskcalc.data.gaussian import entries_kurtosis
from riskcalc.estimators import Ridge
from riskcalc.model import Model, lookup
from riskcalc.result import Risk
from riskcalc.theory.eigensystem import Eigensystem
from riskcalc.theory.finite_population import WARN_ABOVE, finite_population, localisation
from riskcalc.theory.problem import REDUCTIONS, Problem, reduce
from riskcalc.theory.ridge import ridge_risk

FEW = 10.0  # n - df2 below which the leading order is not to be trusted

EQUATIONS: dict[type[Model], Callable[[Problem, npt.ArrayLike, Any], Risk]] = {
    Ridge: lambda problem, n_samples, estimator: ridge_risk(problem, n_samples, estimator.ridge),
}


def predict(data: Model, estimator: Model, n_samples: npt.ArrayLike, *, route: str | None = None) -> Risk:
    r"""What theory says of an estimator on data of n samples.

    .. math:: (\text{data}, \text{estimator}) \to \text{Problem} \to \mathrm{Risk}

    Parameters
    ----------
    data : data model
    estimator : estimator
    n_samples : array_like, >= 0
        Counts or ratios; broadcasts against the estimator's ridge and the data's noise: ``n_samples[:, None]`` with a
        list of ridges is a grid.
    route : {"finite_population", "plug_in"}, optional
        For a Dataset. ``"finite_population"`` (default) is the error on the rows that were not drawn, with the
        localisation correction; ``"plug_in"`` takes the table for the population, and is biased down without limit as
        n_samples nears the number of rows.

    Returns
    -------
    Risk
        Fields of the broadcast shape; a scalar gives 0-d arrays.

    Raises
    ------
    TypeError
        If there is no theory for the pair; the sentence lists the pairs there are.
    ValueError
        If a number is outside its domain, or n_samples exceeds the rows of a table.

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
    if isinstance(data, Dataset):
        route = choice("route", "finite_population" if route is None else route, ("finite_population", "plug_in"))
        answer = _from_table if route == "finite_population" else _plug_in
        risk = answer(data, estimator, n_samples)
        return replace(risk, data=data, estimator=estimator, notes=risk.notes + _duplicates(data))
    if route is not None:
        raise ValueError(f"route must be left out for {type(data).__name__}, got {route!r}; only a Dataset has several")
    problem = reduce(data, estimator)
    risk = EQUATIONS[type(estimator)](problem, n_samples, estimator)
    return replace(risk, data=data, estimator=estimator, notes=_validity(data, risk))


def _from_table(data: Dataset, estimator: Any, n_samples: npt.ArrayLike) -> Risk:
    lookup(REDUCTIONS, "theory", data, estimator)
    table = Eigensystem.of(data)
    risk, omega = finite_population(
        table.eigenvalues, table.squared_projections, table.outside_energy, data.n_rows, n_samples, estimator.ridge
    )
    correction = localisation(table, omega)
    notes: tuple[str, ...] = ()
    worst = float(np.abs(correction - 1).max(initial=0.0))
    if worst > WARN_ABOVE:
        notes = (
            f"the eigenvectors are localised: LOO/GCV differs from 1 by up to {worst:.0%}; it is multiplied "
            "in, which is a heuristic, so expect errors of several per cent",
        )
    with np.errstate(invalid="ignore"):
        return replace(risk, test=risk.test * correction, notes=notes)


def _plug_in(data: Dataset, estimator: Any, n_samples: npt.ArrayLike) -> Risk:
    problem = reduce(data, estimator)
    risk = EQUATIONS[type(estimator)](problem, n_samples, estimator)
    note = "plug-in: too low without limit as n_samples nears the number of rows; training errors are not to be trusted"
    return replace(risk, bias=None, variance=None, noise=None, rule=None, route="plug-in", notes=(note,))


def _validity(data: Any, risk: Risk) -> tuple[str, ...]:
    """Where the equivalent of a linear model is not to be trusted: too few effective samples, too heavy tails."""
    notes = []
    if not np.isfinite(entries_kurtosis(data.entries)):
        notes.append(f"entries {data.entries!r} have no fourth moment: the theory does not hold, and is too low by far")
    n, room = risk.coordinates["n_samples"], risk.coordinates["n_samples"] - np.asarray(risk.df2)
    few = (room < FEW) & (n >= FEW) & np.isfinite(risk.test)  # below it n may be a ratio
    if few.any():
        worst = np.unravel_index(np.argmin(np.where(few, room, np.inf)), few.shape)
        size = np.broadcast_to(n, few.shape)[worst]
        notes.append(
            f"n_samples - df2 is only {room[worst]:.2g} at n_samples {size:g}: the theory is right to leading order in "
            "its inverse, and the mean over samples may be dominated by rare ones"
        )
    return tuple(notes)


def _duplicates(data: Dataset) -> tuple[str, ...]:
    k = data.n_duplicates
    if k == 0:
        return ()
    return (
        f"{k} of {data.n_rows} rows repeat the inputs of another: held-out rows have twins among the training rows",
    )
