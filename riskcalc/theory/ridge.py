"""Ridge regression: from a Problem to its Risk."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from riskcalc.arguments import FloatArray, choice, common_shape, instance, numbers
from riskcalc.result import Risk
from riskcalc.spectrum import Spectrum
from riskcalc.theory.effective_ridge import FixedPoint, fixed_point
from riskcalc.theory.newton import NO_SAMPLES
from riskcalc.theory.nodes import Nodes
from riskcalc.theory.problem import PROBLEM_HINT, Problem
from riskcalc.theory.sums import Sums, sums_at
from riskcalc.theory.sums_tangent import tangents_of
from riskcalc.theory.tangent import Tangent

SOURCES = ("misiakiewicz2024", "cheng2024", "hastie2022")


def ridge_risk(problem: Problem, n_samples: npt.ArrayLike, ridge: npt.ArrayLike) -> Risk:
    r"""Deterministic equivalent of ridge regression.

    .. math:: \mathrm{bias} = \frac{n(B+M)}{n-\mathrm{df}_2},\quad
              \mathrm{variance} = \tau^2\frac{\mathrm{df}_2}{n-\mathrm{df}_2},\quad
              \mathrm{train} = \Big(\frac{\lambda}{n\kappa}\Big)^2\mathrm{test},\qquad
              B = \kappa^2\sum_i\frac{e_i}{(\sigma_i+\kappa)^2}

    Parameters
    ----------
    problem : Problem
    n_samples : array_like, >= 0
    ridge : array_like, > ridge_lower_limit(spectrum, n_samples)
        λ of the sum objective. 0 is the minimum-norm interpolator; inf predicts zero.

    Returns
    -------
    Risk
        Fields of the broadcast shape of ``n_samples``, ``ridge`` and ``problem.noise``. At ridge 0 and n_samples equal
        to the rank: variance inf if there is noise, bias inf if there is energy outside, else 0.

    Raises
    ------
    ValueError
        If a number is outside its domain.

    Notes
    -----
    Dimension-free: relative error O(1/(n - df2)), for independent entries with enough moments; it is not valid where
    n - df2 is of order 1. The limit ridge → 0 is a case of its own.

    References
    ----------
    .. [1] cheng2024 (place not checked)
    .. [2] hastie2022 (place not checked)
    .. [3] dobriban2018 (place not checked)

    Examples
    --------
    >>> import riskcalc as rc
    >>> problem = rc.Problem(rc.Spectrum.isotropic(200), energies=[1.0], noise=0.25)
    >>> print(rc.ridge_risk(problem, n_samples=400, ridge=[1.0, 50.0]).test)
    [0.49515836 0.42539053]
    """
    n = numbers("n_samples", n_samples, at_least=0)
    lam = numbers("ridge", ridge, above=-np.inf, finite=False)
    common_shape(n_samples=n, ridge=lam, noise=np.asarray(instance("problem", problem, Problem, PROBLEM_HINT).noise))
    return risk_at(problem, n, lam, *point_and_sums(problem, n, lam))


def risk_at(problem: Problem, n: FloatArray, lam: FloatArray, point: FixedPoint, sums: Sums) -> Risk:
    """The risk at a root that has been found."""
    noise: FloatArray = np.asarray(problem.noise)
    shape = np.broadcast_shapes(n.shape, lam.shape, noise.shape)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        values = ridge_fields(n, noise, problem.unreached, point.bare, sums)
        values = with_limits(problem, n, lam, noise, point.bare + sums.spread, sums, values)
    if without_norm(problem):
        values["estimation"] = np.full_like(values["estimation"], np.inf)
    arrays: dict[str, Any] = {name: np.broadcast_to(value, shape) for name, value in values.items()}
    return Risk(
        **arrays,
        noise=np.broadcast_to(noise, shape),
        effective_ridge=np.broadcast_to(point.kappa, shape),
        coordinates={"n_samples": n, "ridge": lam} | ({"noise": noise} if noise.ndim else {}),
        route="deterministic equivalent",
        sources=SOURCES,
        rule=partial(ridge_derivative, problem, n, lam),
    )


def without_norm(problem: Problem) -> bool:
    """Whether the squared coefficients e/σ have no sum: energy on infinitely many eigenvalues without mass."""
    spectrum = problem.spectrum
    massless = np.isinf(spectrum.multiplicities) & (spectrum.log_masses == -np.inf)
    return bool((problem.reached[massless] > 0).any())


def point_and_sums(problem: Problem, n: FloatArray, lam: FloatArray, slopes: bool = False) -> tuple[FixedPoint, Sums]:
    """The root and the sums there."""
    nodes, point = nodes_and_point(problem, n, lam)
    return point, sums_with_tail(problem, nodes, point, slopes)


def nodes_and_point(problem: Problem, n: FloatArray, lam: FloatArray) -> tuple[Nodes, FixedPoint]:
    """The problem made ready for the solver, and the root."""
    size = math.prod(np.broadcast_shapes(n.shape, lam.shape))
    nodes = Nodes.of(problem.spectrum, problem.reached, n_points=size)
    return nodes, fixed_point(problem.spectrum, n, lam, nodes)


def sums_with_tail(problem: Problem, nodes: Nodes, point: FixedPoint, slopes: bool = False) -> Sums:
    """The sums at the root with the tail in them: mass t at σ = 0, so that only df2 and the target lack it."""
    sums, tail = sums_at(nodes, point, slopes), problem.spectrum.tail
    if tail == 0:
        return sums
    with np.errstate(over="ignore"):
        u = 1 / point.kappa
        return replace(
            sums,
            df1=sums.df1 + tail * u,
            spread=sums.spread + tail * u,
            trace=sums.trace + tail * u * u,
            trace_slope=sums.trace_slope + tail * u * u * u,
        )


def ridge_fields(n: Any, noise: Any, outside: Any, bare: Any, sums: Any) -> dict[str, Any]:
    """The formulas, for arrays or for tangents; ``bare`` is λ/κ, and bare + spread is n - df2."""
    gap = bare + sums.spread
    hat = bare / n
    bias, variance = n * (sums.left + outside) / gap, noise * sums.df2 / gap
    test = bias + variance + noise
    amplified = sums.trace * (sums.left + outside + noise) / gap
    noisy = (noise + outside) * (sums.df2 + sums.spread * sums.spread / gap) / n
    return {
        "test": test,
        "train": hat * hat * test,
        "bias": bias,
        "variance": variance,
        "df1": sums.df1,
        "df2": sums.df2,
        "norm_squared": sums.norm + amplified,
        "estimation": sums.far + amplified,
        "in_sample": hat * hat * (n * sums.left / gap) + noisy,
        "gcv": test,
    }


def with_limits(
    problem: Problem, n: FloatArray, lam: FloatArray, noise: FloatArray, gap: FloatArray, sums: Sums,
    values: dict[str, FloatArray],
) -> dict[str, FloatArray]:  # fmt: skip
    """The fields with their limits at n = 0 and at the threshold n - df2 = 0."""
    outside = problem.unreached
    empty, threshold = n + 0 * gap < NO_SAMPLES, (gap == 0) & (n >= NO_SAMPLES)
    hat = _hat_at_zero(problem.spectrum, lam)
    left = sums.left + outside
    test = left + noise
    at_empty: dict[str, npt.ArrayLike] = {
        "test": test,
        "train": hat**2 * test,
        "bias": left,
        "variance": 0.0,
        "df1": 0.0,
        "norm_squared": 0.0,
        "estimation": sums.far,
        "in_sample": hat**2 * sums.left + (1 - hat) ** 2 * (noise + outside),
        "gcv": test,
    }
    diverging = np.where(test > 0, np.inf, 0.0)
    at_threshold: dict[str, npt.ArrayLike] = {
        "test": diverging,
        "train": 0.0,
        "bias": np.where(left > 0, np.inf, 0.0),
        "variance": np.where(noise > 0, np.inf, 0.0),
        "norm_squared": sums.norm + diverging,
        "estimation": sums.far + diverging,
        "in_sample": noise + outside,
        "gcv": diverging,
    }
    values = {k: np.where(threshold, at_threshold[k], v) if k in at_threshold else v for k, v in values.items()}
    return {k: np.where(empty, at_empty[k], v) if k in at_empty else v for k, v in values.items()}


def ridge_derivative(
    problem: Problem, n_samples: FloatArray, ridge: FloatArray, field: str, parameter: str
) -> FloatArray:
    r"""Derivative of a field of ``ridge_risk`` by implicit differentiation of the fixed point.

    .. math:: \frac{\partial\kappa}{\partial\lambda} = \frac{1}{n-\mathrm{df}_2},\qquad
              \frac{\partial\kappa}{\partial n} = \frac{-\kappa}{n-\mathrm{df}_2}

    At ridge 0 it is one-sided. ValueError at n = 0 and at the threshold n - df2 = 0, where there is none.
    """
    n, lam, noise = np.asarray(n_samples), np.asarray(ridge), np.asarray(problem.noise)
    choice("parameter", parameter, ("ridge", "n_samples"))
    point, sums = point_and_sums(problem, n, lam, slopes=True)
    kappa = point.kappa
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        gap = point.bare + sums.spread
        moved = (1 if parameter == "ridge" else -kappa) / gap  # dκ
        grown = 0.0 if parameter == "ridge" else 1.0  # dn
        tangents = tangents_of(sums, kappa, moved)
        bare = Tangent(point.bare, grown + sums.trace * moved)
        values = ridge_fields(Tangent(n, np.asarray(grown)), noise, problem.unreached, bare, tangents)
        values |= {"effective_ridge": Tangent(kappa, moved), "noise": Tangent(noise, np.zeros(()))}
        if field not in values:
            raise ValueError(f"field must be one of {', '.join(values)}, got {field!r}")
        if ((gap == 0) | (n < NO_SAMPLES)).any():
            raise ValueError("n_samples must be > 0 and, at ridge 0, not the rank: there the fields have no derivative")
        slope = values[field].slope
    return np.broadcast_to(slope, np.broadcast_shapes(slope.shape, n.shape, lam.shape, noise.shape))


def _hat_at_zero(spectrum: Spectrum, lam: FloatArray) -> FloatArray:
    """Limit of λ/(nκ) as n → 0: λ/(λ + Tr Σ)."""
    total = lam + spectrum.trace
    with np.errstate(invalid="ignore"):
        ratio = np.divide(lam, total, out=np.ones_like(total), where=total > 0)
    return np.where(lam == np.inf, 1.0, ratio)
