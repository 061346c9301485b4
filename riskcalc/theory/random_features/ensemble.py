"""Ensembles of random-feature models: independent weights, the same data."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from riskcalc.arguments import FloatArray, common_shape, instance, numbers
from riskcalc.result import Risk
from riskcalc.theory.problem import PROBLEM_HINT, Problem
from riskcalc.theory.random_features.decomposition import components
from riskcalc.theory.random_features.formulas import fitted
from riskcalc.theory.random_features.regularisation import feature_ridge
from riskcalc.theory.random_features.shares import Solved

SOURCES = ("misiakiewicz2024", "jacot2020", "ruben2024")


def ensemble_risk(
    problem: Problem, n_samples: npt.ArrayLike, width: npt.ArrayLike, ridge: npt.ArrayLike, size: npt.ArrayLike
) -> Risk:
    r"""Average of K random-feature models of width N with independent weights, fitted to the same data.

    .. math:: R_K = R_\infty + \frac{R_1-R_\infty}K,\qquad
              R_\infty = \frac{nQ_2+\tau^2\mathrm{df}_2}{n-\mathrm{df}_2}, \qquad
              \mathrm{train} = \Big(\frac{n-D}n\Big)^2\mathrm{test}

    Parameters
    ----------
    problem : Problem
        Of the kernel of infinite width.
    n_samples, width, ridge : array_like, >= 0
        As in ``random_feature_risk``: N and λ are those of each model.
    size : array_like, >= 1
        K; inf averages the weights away. It broadcasts too.

    Returns
    -------
    Risk
        Bias and variance each follow the law in K; ``effective_ridge`` ν₂ and ``feature_ridge`` ν₁ are those of each
        model, ``norm_squared`` has no meaning.

    Raises
    ------
    ValueError
        If a number is outside its domain.

    Notes
    -----
    For K = inf it is kernel ridge regression with the *implicit* ridge μ = λN/(N-D) of ``effective_ridges``, not λ, and
    does not diverge at n = N. With the total width KN given and the ridge optimal, K = 1 is best.

    References
    ----------
    .. [1] jacot2020 (implicit ridge; place not checked)
    .. [2] ruben2024 (one wide model is best; place not checked)
    .. [3] derived (the law in K from the analysis of variance)

    Examples
    --------
    >>> import riskcalc as rc
    >>> problem = rc.Problem(rc.Spectrum.isotropic(2.0), energies=[1.0], noise=0.25)
    >>> print(rc.random_features.ensemble_risk(problem, 1.0, 1.5, ridge=0, size=[1, 2, float("inf")]).test)
    [2.5  1.75 1.  ]
    """
    n = numbers("n_samples", n_samples, at_least=0, finite=False)
    wide = numbers("width", width, at_least=0, finite=False)
    lam = numbers("ridge", ridge, at_least=0, finite=False)
    many = numbers("size", size, at_least=1, finite=False)
    noise: FloatArray = np.asarray(instance("problem", problem, Problem, PROBLEM_HINT).noise)
    shape = common_shape(n_samples=n, width=wide, ridge=lam, size=many, noise=noise)
    solved = Solved.of(problem, n, wide, lam)
    bias, variance = _averaged(solved, noise, many)
    within = sum(_averaged(replace(solved, outside=np.zeros(())), noise + solved.outside, many))
    test = bias + variance + noise
    values = {
        "test": test, "bias": bias, "variance": variance, "noise": noise, "gcv": test,
        "effective_ridge": solved.point.kappa, "feature_ridge": feature_ridge(solved.point, n, wide, lam),
        "df1": solved.sums.df1, "df2": solved.sums.df2,
    } | fitted(solved, noise, test, np.asarray(within))  # fmt: skip
    arrays: dict[str, Any] = {name: np.broadcast_to(value, shape) for name, value in values.items()}
    return Risk(
        **arrays,
        coordinates={"n_samples": n, "width": wide, "ridge": lam}
        | {name: x for name, x in (("size", many), ("noise", noise)) if x.ndim},
        route="deterministic equivalent",
        sources=SOURCES,
    )


def _averaged(solved: Solved, noise: FloatArray, size: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Bias and variance of the average over K draws of the weights."""
    parts = components(solved, noise)
    bias = parts["bias"] + parts["sampling"] + _share(parts["initialisation"] + parts["interaction"], size)
    return bias, parts["sampling_noise"] + _share(parts["interaction_noise"], size)


def _share(amount: FloatArray, size: FloatArray) -> FloatArray:
    """amount/size, 0 for size = inf also at the threshold where the amount is inf."""
    with np.errstate(invalid="ignore"):
        return np.where(np.isinf(size), 0.0, amount / size)
