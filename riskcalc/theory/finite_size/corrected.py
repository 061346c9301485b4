"""Leading order and next order together, where the second may be trusted."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from riskcalc.arguments import FloatArray, choice, common_shape, numbers
from riskcalc.data import GaussianData, LatentSpaceData
from riskcalc.data.gaussian import entries_kurtosis, squared_radii
from riskcalc.result import Risk
from riskcalc.tables import Fields
from riskcalc.theory.certificate import certified
from riskcalc.theory.finite_size.next_order import SOURCES, next_order
from riskcalc.theory.finite_size.power_sums import Solution
from riskcalc.theory.finite_size.spread import spread
from riskcalc.theory.problem import Problem
from riskcalc.theory.ridge import risk_at

ENOUGH = 7.0  # n - df2 from which the term of the variance helps; at 4.3 it does not
LARGEST = 0.3  # share of the leading order up to which the term is a correction
WELL_ABOVE = 3.0  # λ/κ from which that of cross-validation is one; at 1.7 it helps, at 0.84 it does not
ROUTE = "deterministic equivalent and next order"


def finite_size_risk(
    data: GaussianData | LatentSpaceData, problem: Problem, ridge: npt.ArrayLike, n_samples: npt.ArrayLike,
    correction: str | None = None, certify: bool = False,
) -> Risk:  # fmt: skip
    """``ridge_risk`` with its next order and its spread, made from the same root when they are asked for."""
    n = numbers("n_samples", n_samples, at_least=0)
    lam = numbers("ridge", ridge, above=-np.inf, finite=False)
    common_shape(n_samples=n, ridge=lam, noise=np.asarray(problem.noise))
    solution = Solution.of(problem, n, lam)
    risk = risk_at(problem, n, lam, solution.point, solution.sums)
    if certify and correction is not None:
        raise ValueError("certify must be False with correction, whose expansion has no bound, got True")
    if certify:
        radius, notes = certified(solution, lam, risk)
        risk = replace(risk, radius=radius, notes=risk.notes + notes)
    kurtosis, why = independent_kurtosis(data)
    if correction is not None:
        choice("correction", correction, ("first",))
        if why:
            raise ValueError(f"correction must be left out where there is none known: {why}")
    if why:
        return risk
    terms, spreads = partial(next_order, solution, kurtosis), partial(spread, solution, kurtosis)
    risk = replace(risk, next_order=Fields(terms), spread=Fields(spreads))
    return risk if correction is None else corrected(risk, kurtosis)


def independent_kurtosis(data: GaussianData | LatentSpaceData) -> tuple[float, str]:
    """Excess kurtosis of the entries, and a sentence if the expansion does not hold for them."""
    if isinstance(data, LatentSpaceData):
        return 0.0, ""
    kurtosis = entries_kurtosis(data.entries)
    if squared_radii(data.entries):
        return kurtosis, f"entries {data.entries!r} depend on each other"
    if not np.isfinite(kurtosis):
        return kurtosis, f"entries {data.entries!r} have no fourth moment"
    return kurtosis, "the target is not linear" if data.target is not None else ""


def corrected(risk: Any, kurtosis: float) -> Any:
    """Each field with its next order, and the leading order where ``trusted`` says no; test is the sum of its parts."""
    values, held = {}, {}
    for name, term in risk.next_order.items():
        if name == "test":
            continue
        leading = getattr(risk, name)
        sound = trusted(risk, name, term)
        with np.errstate(invalid="ignore"):
            sum_ = resummed(risk, leading, term) if name == "variance" and kurtosis == 0 else leading + term
        values[name], held[name] = np.where(sound, sum_, leading), ~sound
    values["test"] = values["bias"] + values["variance"] + risk.noise
    return replace(
        risk, **values, route=ROUTE, sources=risk.sources + SOURCES, notes=risk.notes + withheld(risk, held), rule=None
    )


def trusted(risk: Any, name: str, term: FloatArray) -> npt.NDArray[np.bool_]:
    """Where the expansion is one: enough samples beyond df2, a term small beside the leading one, and for gcv λ ≫ κ."""
    n, leading = risk.coordinates["n_samples"], getattr(risk, name)
    sound: npt.NDArray[np.bool_] = (
        (n - risk.df2 >= ENOUGH) & np.isfinite(leading) & (np.abs(term) <= LARGEST * np.abs(leading))
    )
    return sound & (n - risk.df1 >= WELL_ABOVE) if name == "gcv" else sound


def resummed(risk: Any, variance: FloatArray, term: FloatArray) -> FloatArray:
    """X₀/(1 - X₁/X₀) at ridge 0, exact for Gaussian entries above the rank and for isotropic ones below it."""
    ratio = np.divide(term, variance, out=np.zeros_like(variance), where=(variance > 0) & np.isfinite(variance))
    ridgeless = (risk.coordinates["ridge"] == 0) & (np.abs(ratio) < 1)
    return np.where(ridgeless, variance / (1 - np.where(ridgeless, ratio, 0.0)), variance + term)


def withheld(risk: Any, held: dict[str, npt.NDArray[np.bool_]]) -> tuple[str, ...]:
    """One sentence on the points and fields that keep their leading order."""
    counts = {name: int(np.count_nonzero(where)) for name, where in held.items() if where.any()}
    if not counts:
        return ()
    fields = ", ".join(f"{name} ({count})" for name, count in counts.items())
    return (
        f"no correction where n_samples - df2 < {ENOUGH:g}, where it would exceed {LARGEST:.0%} of the leading order, "
        f"nor of gcv where ridge/effective_ridge < {WELL_ABOVE:g}: of {risk.test.size} points these keep the leading "
        f"order: {fields}",
    )
