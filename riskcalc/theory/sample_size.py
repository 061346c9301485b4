"""The verb sample_size: the smallest sample that is enough."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize.elementwise import find_root
from scipy.special import ndtri

from riskcalc.arguments import FloatArray, common_shape, instance, numbers
from riskcalc.data import Dataset, GaussianData, LatentSpaceData
from riskcalc.errors import NotConvergedError
from riskcalc.estimators import KernelRidge, RandomFeatureRidge, Ridge
from riskcalc.model import Model
from riskcalc.theory.finite_size.corrected import finite_size_risk, independent_kurtosis
from riskcalc.theory.problem import Problem
from riskcalc.theory.random_features import random_feature_risk
from riskcalc.theory.reductions import reduce
from riskcalc.theory.ridge import ridge_risk
from riskcalc.theory.table_sample_size import SampleSizes, table_sample_size

PER_DECADE = 48  # grid points of the scan for a crossing
LARGEST = 1e10


def sample_size(
    data: Model,
    estimator: Model,
    test: npt.ArrayLike,
    *,
    probability: npt.ArrayLike | None = None,
    ridge: str = "fixed",
    level: float = 0.9,
    rng: int | np.random.Generator = 0,
) -> FloatArray | SampleSizes:
    r"""Smallest sample whose predicted test error is small enough.

    .. math:: \min\{n : \mathrm{test}(n) \le t\}, \qquad
              \min\{n : \mathrm{test}(n) + \Phi^{-1}(q)\,\mathrm{spread}(n) \le t\}

    Parameters
    ----------
    data : GaussianData, LatentSpaceData, SphereData, HypercubeData, Problem or Dataset
    estimator : Ridge, KernelRidge or RandomFeatureRidge
        With a single ridge (and width).
    test : array_like, >= 0
        The error t to be reached; units of y².
    probability : array_like, 0.5 <= q < 1, optional
        For GaussianData and LatentSpaceData with Ridge: the share of experiments, each with its own samples and noise,
        whose test error is to be small enough; broadcasts against ``test``. Left out, the mean is to be, which is the
        same as q = 0.5 here.
    ridge : {"fixed", "per_row", "best"}
        For a Dataset: how the penalty goes with n, as in ``learning_curve``.
    level : float, 0 < level < 1
        For a Dataset: nominal coverage of the interval that makes the set.
    rng : int or Generator
        For a Dataset: of the random groups of the jackknife.

    Returns
    -------
    ndarray, or SampleSizes
        Shape of ``test``, or its common shape with ``probability``: a real number (round it up), 0 if no sample is
        needed, inf if none below 1e10 is enough. A Dataset tells a set of sizes between its number of rows m and 32 m,
        ``.lower .upper .verdict``: those at which the error is within the interval of ``learning_curve``.

    Raises
    ------
    TypeError
        If there is no theory for the pair.
    ValueError
        If a number is outside its domain, ridge or noise is not a single number, or ``probability`` is given where no
        spread is known.
    NotConvergedError
        If a root is not found in its bracket (not seen).

    Notes
    -----
    At a fixed ridge the error need not fall with n: it is scanned on a logarithmic grid of 48 points a decade, denser
    around the rank, and the first crossing is refined. A dip narrower than the grid is missed.

    A ``probability`` rests on the normal approximation: the test error of one experiment is taken as Gaussian with the
    mean of the deterministic equivalent and the standard deviation ``spread["test"]`` of the Risk, both to leading
    order in 1/n. Its law is skewed to the right: for q between 0.5 and 0.84 the answer is somewhat too large, beyond
    too small; and at few effective samples (n - df2 below 7) it is a guess.

    The set of a table is unbounded above more often than not: its interval widens, and curves near their floor are
    flat.

    References
    ----------
    .. [1] derived (with ``probability``: formally)

    Examples
    --------
    >>> import riskcalc as rc
    >>> print(rc.sample_size(rc.GaussianData.isotropic(200, noise=0.25), rc.Ridge(0), test=0.5).round(9))
    400.0
    >>> print(rc.sample_size(rc.GaussianData.isotropic(200, noise=0.25), rc.Ridge(0), 0.5, probability=0.9).round(1))
    434.9
    """
    if isinstance(data, Dataset):
        if probability is not None:
            raise ValueError(
                f"probability must be left out for a Dataset, got {probability!r}; level is for its interval"
            )
        return table_sample_size(data, estimator, test, ridge, level, rng)
    if ridge != "fixed":
        raise ValueError(f"ridge must be 'fixed' unless data is a Dataset, got {ridge!r}; tune finds the best ridge")
    if not isinstance(estimator, (KernelRidge, RandomFeatureRidge)):
        instance("estimator", estimator, Ridge, "or a KernelRidge or RandomFeatureRidge: Ridge(1.0), say")
    lam: npt.ArrayLike = estimator.ridge  # type: ignore[attr-defined]
    problem = data if isinstance(data, Problem) else reduce(data, estimator)
    target = numbers("test", test, at_least=0)
    width: npt.ArrayLike = getattr(estimator, "width", np.inf)
    for name, value in (("ridge", lam), ("noise", problem.noise), ("width", width)):
        if np.size(value) != 1:
            raise ValueError(f"{name} must be a single number for a sample size, got shape {np.shape(value)}")
    grid = _sizes(problem.spectrum.rank, float(np.reshape(width, ())))
    if probability is None:
        return _first(lambda n, z: _test(problem, estimator, n) + 0 * z, grid, target, np.zeros(()))
    return _first(_quantile(data, estimator, problem), grid, target, _scores(probability))


def _first(
    error: Callable[[FloatArray, FloatArray], FloatArray], grid: FloatArray, t: FloatArray, z: FloatArray
) -> FloatArray:
    """The first crossing of each target t by the error, which depends on n and on the score z."""
    shape = common_shape(test=t, probability=z)
    flat, scores = np.broadcast_to(t, shape).ravel(), np.broadcast_to(z, shape).ravel()

    def finite(n: FloatArray, z: FloatArray) -> FloatArray:
        value = error(n, z)
        return np.where(np.isfinite(value), value, np.finfo(float).max / 4)  # so that a bracket may end at a threshold

    out = np.full(flat.size, np.inf)
    distinct, which = np.unique(scores, return_inverse=True)
    enough = finite(grid, distinct[:, None])[which] <= flat[:, None]
    out[finite(np.zeros(1), scores) <= flat] = 0.0
    at = np.flatnonzero(enough.any(axis=1) & (out > 0))
    first = enough[at].argmax(axis=1)
    low = np.log(grid[np.maximum(first - 1, 0)])

    def excess(x: FloatArray, t: FloatArray, z: FloatArray) -> FloatArray:
        return finite(np.exp(x), z) - t

    root = find_root(excess, (low, np.log(grid[first])), args=(flat[at], scores[at])) if at.size else None
    if root is not None:
        if not np.all(root.success):
            raise NotConvergedError("sample size", best=np.exp(root.x), residual=float(np.abs(root.f_x).max()))
        out[at] = np.exp(root.x)
    return out.reshape(shape)


def _scores(probability: npt.ArrayLike) -> FloatArray:
    """The quantiles of a standard Gaussian variable."""
    hint = "below one half the normal approximation would promise what it cannot"
    return np.asarray(ndtri(numbers("probability", probability, at_least=0.5, at_most=np.nextafter(1, 0), hint=hint)))


def _quantile(data: Model, estimator: Any, problem: Problem) -> Callable[[FloatArray, FloatArray], FloatArray]:
    """The error that a share Φ(z) of the experiments stays below, as a function of n and z."""
    if not isinstance(data, (GaussianData, LatentSpaceData)) or not isinstance(estimator, Ridge):
        pair = f"({type(data).__name__}, {type(estimator).__name__})"
        raise ValueError(
            f"probability must be left out for {pair}; the spread is known of Ridge on GaussianData and LatentSpaceData"
        )
    if why := independent_kurtosis(data)[1]:
        raise ValueError(f"probability must be left out where no spread is known: {why}")

    def error(n: FloatArray, z: FloatArray) -> FloatArray:
        risk = finite_size_risk(data, problem, np.reshape(estimator.ridge, ()), n)
        beside = risk.spread["test"] if risk.spread else np.zeros(())
        with np.errstate(invalid="ignore"):
            return np.asarray(risk.test.reshape(n.shape) + np.where(z > 0, z * beside.reshape(n.shape), 0.0))

    return error


def _test(problem: Problem, estimator: Any, n: FloatArray) -> FloatArray:
    """The test error; given weights are a problem of ridge regression."""
    if isinstance(estimator, RandomFeatureRidge) and isinstance(estimator.weights, str):
        return random_feature_risk(problem, n, estimator.width, estimator.ridge).test.reshape(n.shape)
    return ridge_risk(problem, n, estimator.ridge).test.reshape(n.shape)


def _sizes(*thresholds: float) -> FloatArray:
    """The grid of sizes, with points that close in on a finite rank or width from both sides."""
    finite = [size for size in thresholds if 0 < size < np.inf]
    start = 1e-4 * min(1.0, *(max(size, 1e-6) for size in thresholds))
    grid = np.geomspace(start, LARGEST, int(PER_DECADE * np.log10(LARGEST / start)))
    steps = np.geomspace(1e-12, 0.5, 60)
    around = [size * (1 + sign * steps) for size in finite for sign in (-1, 1)]
    return np.unique(np.concatenate([grid, *around]))
