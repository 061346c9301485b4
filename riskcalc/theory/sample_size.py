"""The verb sample_size: the smallest sample that is enough."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.optimize.elementwise import find_root

from riskcalc.arguments import FloatArray, instance, numbers
from riskcalc.data import Dataset
from riskcalc.errors import NotConvergedError
from riskcalc.estimators import KernelRidge, Ridge
from riskcalc.model import Model
from riskcalc.theory.problem import Problem, reduce
from riskcalc.theory.ridge import ridge_risk
from riskcalc.theory.table_sample_size import SampleSizes, table_sample_size

PER_DECADE = 48  # grid points of the scan for a crossing
LARGEST = 1e10


def sample_size(
    data: Model,
    estimator: Model,
    test: npt.ArrayLike,
    *,
    ridge: str = "fixed",
    level: float = 0.9,
    rng: int | np.random.Generator = 0,
) -> FloatArray | SampleSizes:
    r"""Smallest sample whose predicted test error is small enough.

    .. math:: \min\{n : \mathrm{test}(n) \le t\}

    Parameters
    ----------
    data : GaussianData, LatentSpaceData, SphereData, HypercubeData, Problem or Dataset
    estimator : Ridge or KernelRidge
        With a single ridge.
    test : array_like, >= 0
        The error t to be reached; units of y².
    ridge : {"fixed", "per_row", "best"}
        For a Dataset: how the penalty goes with n, as in ``learning_curve``.
    level : float, 0 < level < 1
        For a Dataset: nominal coverage of the interval that makes the set.
    rng : int or Generator
        For a Dataset: of the random groups of the jackknife.

    Returns
    -------
    ndarray, or SampleSizes
        Shape of ``test``: a real number (round it up), 0 if no sample is needed, inf if none below 1e10 is enough. A
        Dataset tells a set of sizes between its number of rows m and 32 m, ``.lower .upper .verdict``: those at which
        the error is within the interval of ``learning_curve``.

    Raises
    ------
    TypeError
        If there is no theory for the pair.
    ValueError
        If a number is outside its domain, or ridge or noise is not a single number.
    NotConvergedError
        If a root is not found in its bracket (not seen).

    Notes
    -----
    At a fixed ridge the error need not fall with n: it is scanned on a logarithmic grid of 48 points a decade, denser
    around the rank, and the first crossing is refined. A dip narrower than the grid is missed. The set of a table is
    unbounded above more often than not: its interval widens, and curves near their floor are flat.

    References
    ----------
    .. [1] derived

    Examples
    --------
    >>> import riskcalc as rc
    >>> print(rc.sample_size(rc.GaussianData.isotropic(200, noise=0.25), rc.Ridge(0), test=0.5).round(9))
    400.0
    """
    if isinstance(data, Dataset):
        return table_sample_size(data, estimator, test, ridge, level, rng)
    if ridge != "fixed":
        raise ValueError(f"ridge must be 'fixed' unless data is a Dataset, got {ridge!r}; tune finds the best ridge")
    if not isinstance(estimator, KernelRidge):
        instance("estimator", estimator, Ridge, "Ridge(1.0), say")
    lam: npt.ArrayLike = estimator.ridge  # type: ignore[attr-defined]
    problem = data if isinstance(data, Problem) else reduce(data, estimator)
    target = numbers("test", test, at_least=0)
    for name, value in (("ridge", lam), ("noise", problem.noise)):
        if np.size(value) != 1:
            raise ValueError(f"{name} must be a single number for a sample size, got shape {np.shape(value)}")

    def error(n: FloatArray) -> FloatArray:
        value = ridge_risk(problem, n, lam).test.reshape(np.shape(n))
        return np.where(np.isfinite(value), value, np.finfo(float).max / 4)  # so that a bracket may end at a threshold

    grid = _sizes(problem.spectrum.rank)
    flat, out = target.ravel(), np.full(target.size, np.inf)
    enough = error(grid) <= flat[:, None]
    out[float(error(np.zeros(1))[0]) <= flat] = 0.0
    at = np.flatnonzero(enough.any(axis=1) & (out > 0))
    first = enough[at].argmax(axis=1)
    low = np.log(grid[np.maximum(first - 1, 0)])

    def excess(x: FloatArray, t: FloatArray) -> FloatArray:
        return error(np.exp(x)) - t

    root = find_root(excess, (low, np.log(grid[first])), args=(flat[at],)) if at.size else None
    if root is not None:
        if not np.all(root.success):
            raise NotConvergedError("sample size", best=np.exp(root.x), residual=float(np.abs(root.f_x).max()))
        out[at] = np.exp(root.x)
    return out.reshape(target.shape)


def _sizes(rank: float) -> FloatArray:
    """The grid of sizes, with points that close in on a finite rank from both sides."""
    start = 1e-4 * min(1.0, max(rank, 1e-6))
    grid = np.geomspace(start, LARGEST, int(PER_DECADE * np.log10(LARGEST / start)))
    if not np.isfinite(rank) or rank == 0:
        return grid
    steps = np.geomspace(1e-12, 0.5, 60)
    return np.unique(np.concatenate([grid, rank * (1 - steps), rank * (1 + steps)]))
