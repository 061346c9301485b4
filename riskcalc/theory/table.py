"""What theory says of a table: the error on the rows that were not drawn, by three routes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from riskcalc.arguments import FloatArray, choice, common_shape, numbers, whole
from riskcalc.data import Dataset
from riskcalc.result import Risk
from riskcalc.theory.eigensystem import Eigensystem
from riskcalc.theory.finite_population import WARN_ABOVE, finite_population, localisation
from riskcalc.theory.reductions import reduce
from riskcalc.theory.ridge import ridge_risk

MUCH = 0.15  # of |LOO/GCV - 1|, from which the heuristic itself is not to be trusted
ROUTES = ("finite_population", "plug_in", "gcv")


def table_risk(data: Dataset, estimator: Any, n_samples: npt.ArrayLike, route: str | None = None) -> Risk:
    """Risk of an estimator on n rows of a table, by a route of ``predict``."""
    route = choice("route", "finite_population" if route is None else route, ROUTES)
    answer = {"finite_population": _finite_population, "plug_in": _plug_in, "gcv": _gcv}[route]
    risk = answer(data, estimator, n_samples)
    return replace(risk, data=data, estimator=estimator, notes=risk.notes + _duplicates(data))


def _finite_population(data: Dataset, estimator: Any, n_samples: npt.ArrayLike) -> Risk:
    table = Eigensystem.of(data, estimator)
    risk, omega = finite_population(
        table.eigenvalues, table.squared_projections, table.outside_energy, data.n_rows, n_samples, estimator.ridge
    )
    correction = localisation(table, omega)
    notes: tuple[str, ...] = ()
    worst = float(np.abs(correction - 1).max(initial=0.0))
    if worst > WARN_ABOVE:
        notes = (
            f"the eigenvectors are localised: LOO/GCV differs from 1 by up to {worst:.0%}; it is multiplied "
            f"in, which is a heuristic, so expect errors of {'tens of' if worst > MUCH else 'several'} per cent",
        )
    with np.errstate(invalid="ignore"):
        return replace(risk, test=risk.test * correction, notes=notes)


def _plug_in(data: Dataset, estimator: Any, n_samples: npt.ArrayLike) -> Risk:
    risk = ridge_risk(reduce(data, estimator), n_samples, estimator.ridge)
    note = "plug-in: too low without limit as n_samples nears the number of rows; training errors are not to be trusted"
    return replace(risk, bias=None, variance=None, noise=None, rule=None, route="plug-in", notes=(note,))


def _gcv(data: Dataset, estimator: Any, n_samples: npt.ArrayLike) -> Risk:
    r"""Generalised cross-validation of the fit to n rows at even distances in the table, and to no others.

    .. math:: \mathrm{GCV} = \frac{n\,y^\top(K+\lambda)^{-2}y}{(\mathrm{Tr}\,(K+\lambda)^{-1})^2}
    """
    n = numbers("n_samples", n_samples, at_least=1, at_most=data.n_rows, hint="the rows of the table")
    ridge = numbers("ridge", estimator.ridge, at_least=0)
    shape = common_shape(n_samples=n, ridge=ridge)
    sizes, lam = (np.broadcast_to(a, shape).ravel() for a in (n, ridge))
    out = np.empty((4, sizes.size))
    for size in np.unique(sizes):
        at = np.flatnonzero(sizes == size)
        rows = np.arange(whole("n_samples", size)) * data.n_rows // int(size)
        part = data.replace(inputs=np.asarray(data.inputs)[rows], outputs=np.asarray(data.outputs)[rows])
        out[:, at] = _gcv_of_fit(Eigensystem.of(part, estimator), int(size), lam[at])
    test, train, kappa, df1 = out.reshape(4, *shape)
    return Risk(
        test, train, effective_ridge=kappa, df1=df1, gcv=test, coordinates={"n_samples": n, "ridge": ridge},
        route="gcv", sources=("wei2022",),
    )  # fmt: skip


def _gcv_of_fit(table: Eigensystem, n: int, ridge: FloatArray) -> tuple[FloatArray, ...]:
    """GCV, training error, 1/Tr (K+λ)⁻¹ and trace of the hat matrix; at ridge 0 the limits, by zero eigenvalues."""
    zeros = n - table.eigenvalues.size
    s, c = table.eigenvalues, table.squared_projections
    left = ridge[:, None] / (s + ridge[:, None])  # λ/(s+λ); at λ = 0 its limit is 1 at zero eigenvalues
    train = (left**2 @ c + table.outside_energy) / n
    gaps = left.sum(axis=1) + zeros  # n - df1 = λ Tr (K+λ)⁻¹
    inverse = 1 / (s + ridge[:, None])
    with np.errstate(divide="ignore", invalid="ignore"):
        test = np.where(gaps > 0, n * n * train / gaps**2, n * (inverse**2 @ c) / inverse.sum(axis=1) ** 2)
        kappa = np.where(gaps > 0, ridge / gaps, 1 / inverse.sum(axis=1))
    return test, train, kappa, n - gaps


def _duplicates(data: Dataset) -> tuple[str, ...]:
    k = data.n_duplicates
    if k == 0:
        return ()
    return (
        f"{k} of {data.n_rows} rows repeat the inputs of another: held-out rows have twins among the training rows",
    )
