"""Ensembles of kernel ridge regressions on random subsets: the equations of linear members on the kernel's spectrum."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from riskcalc.arguments import FloatArray, choice, numbers
from riskcalc.result import Risk
from riskcalc.theory.ensemble import ensemble_risk
from riskcalc.theory.kernel_reduction import Inputs, Tail, kernel_problem, tail_of
from riskcalc.theory.kernel_ridge import (
    CLOSURES,
    bounds,
    few_samples,
    learned,
    mean_bound,
    refuse_atom,
    refuse_underflow,
    share_of,
    truncation_notes,
    with_atom,
)
from riskcalc.theory.problem import Problem

SOURCES = ("misiakiewicz2024", "mei2022", "canatar2021", "patil2023", "du2023")


def kernel_ensemble_risk(
    data: Inputs, estimator: Any, n_samples: npt.ArrayLike, tail: str = "ridge", max_degree: int | None = None
) -> Risk:
    r"""The risk of the average of M kernel ridge regressions, each on k of the n samples, with the members' κ.

    .. math:: \mathrm{test} = \frac1M\frac{k(\mathcal B+\tau^2)}{k-\mathrm{df}_2}
              + \Big(1-\frac1M\Big)\frac{n(\mathcal B+\tau^2)}{n-\mathrm{df}_2},\qquad
              k - \frac\lambda\kappa = \sum_{j\le K} B_js_j + \frac{s_1}\kappa

    with :math:`\mathcal B = \sum_j F_j^2(1-s_j)^2`. The tail is the limit of eigenvalues that are many and small, for
    which the equations of linear members hold; ``tail="atom"`` puts one eigenvalue in its place.
    """
    choice("tail", tail, CLOSURES)
    member, n = estimator.estimator, numbers("n_samples", n_samples, at_least=0)
    problem = kernel_problem(data, member.kernel, max_degree)
    beyond = tail_of(data, member.kernel, problem.spectrum)
    atom = with_atom(problem, beyond)
    k = n if estimator.subsample is None else np.asarray(estimator.subsample)
    refuse_underflow(data, problem, k, member.ridge)
    if tail == "atom":
        refuse_atom(atom, k, member.ridge)
    used = atom if tail == "atom" else problem
    risk = ensemble_risk(used, n, member.ridge, estimator.size, estimator.subsample)
    with np.errstate(divide="ignore"):
        log_kappa = np.log(np.asarray(risk.effective_ridge))
    bound = _truncation(problem, atom, beyond, risk, (k, n), member.ridge, estimator.size)
    fitted = replace(risk, coordinates=dict(risk.coordinates) | {"n_samples": k})
    return replace(
        risk,
        truncation=bound,
        learned=learned(problem, log_kappa),
        sources=SOURCES,
        notes=risk.notes + truncation_notes(bound) + few_samples(fitted, member),
    )


def _truncation(
    problem: Problem, atom: Problem, tail: Tail, risk: Risk, sizes: tuple[FloatArray, FloatArray],
    ridge: npt.ArrayLike, size: npt.ArrayLike,
) -> FloatArray:  # fmt: skip
    """Bounds of one member, and of two on all n samples at the same κ, in the proportion of the ensemble."""
    test = np.asarray(risk.test)
    if tail.trace == 0:
        return np.zeros(test.shape)
    k, n = sizes
    one, pair = (bounds(problem, atom, tail, k, count, ridge) for count in (k, n))
    least, most = (mean_bound(size, first, second) for first, second in zip(one, pair, strict=True))
    return share_of(test, least, most)
