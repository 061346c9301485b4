"""The verb tune: the ridge of the smallest predicted test error."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize.elementwise import find_root

from riskcalc.arguments import FloatArray, common_shape, instance, numbers
from riskcalc.data import Dataset
from riskcalc.errors import NotConvergedError
from riskcalc.estimators import KernelRidge, RandomFeatureRidge, Ridge
from riskcalc.model import Model
from riskcalc.spectrum import BLOCK
from riskcalc.theory import random_features
from riskcalc.theory.effective_ridge import FixedPoint, fixed_point
from riskcalc.theory.nodes import Nodes
from riskcalc.theory.predict import predict
from riskcalc.theory.problem import Problem
from riskcalc.theory.reductions import reduce
from riskcalc.theory.ridge import ridge_risk
from riskcalc.theory.sums import sums_at
from riskcalc.theory.tuned import Tuned

PER_DECADE = 24  # grid points of the scan for local minima
FLAT = 1e-13  # relative: what a smaller error must gain to be one


def tune(data: Model, estimator: Model, n_samples: npt.ArrayLike, *, allow_negative: bool = False) -> Tuned:
    r"""Ridge of the smallest predicted test error.

    .. math:: \frac{d\,\mathrm{test}}{d\kappa} = \frac{2[n\kappa C - T\,\mathrm{test}]}{n-\mathrm{df}_2},\qquad
              C = \sum_i\frac{e_i\sigma_i}{(\sigma_i+\kappa)^3},\quad
              T = \sum_i\frac{m_i\sigma_i^2}{(\sigma_i+\kappa)^3}

    Parameters
    ----------
    data : GaussianData, LatentSpaceData, SphereData, HypercubeData or Problem
    estimator : Ridge, KernelRidge or RandomFeatureRidge
        Its own ridge is ignored; a width broadcasts against n_samples. (``optimal_time`` is the same for a gradient
        flow.)
    n_samples : array_like, > 0
        Broadcasts against the noise.
    allow_negative : bool
        Whether ridges down to ``ridge_lower_limit`` are allowed. A negative one is best only below the rank, with
        little noise and the target in the large eigenvalues.

    Returns
    -------
    Tuned
        Of the broadcast shape.

    Raises
    ------
    TypeError
        If there is no theory for the pair, or for a Dataset.
    ValueError
        If a number is outside its domain.
    NotConvergedError
        If a root is not found in its bracket (not seen).

    Notes
    -----
    The test error is a function of κ alone and may have several local minima: its derivative is scanned on a
    logarithmic grid of 24 points a decade, each change of sign is refined, and the lowest of all minima is taken, the
    ends (the lowest ridge and inf) included. Two turns between neighbouring grid points are taken for none. If the
    coefficients are isotropic, e_i proportional to m_i σ_i, the answer is λ = τ²p/‖θ*‖² whatever the spectrum.

    References
    ----------
    .. [1] derived (the derivative)
    .. [2] dobriban2018 (the closed form; place not checked)
    .. [3] kobak2020 (negative ridge; place not checked)

    Examples
    --------
    >>> import riskcalc as rc
    >>> print(rc.tune(rc.GaussianData.isotropic(200, signal=2.0, noise=0.25), rc.Ridge(0), 400).ridge.round(9))
    25.0
    """
    if isinstance(data, Dataset):
        raise TypeError("data must be a GaussianData or a Problem, got a Dataset; predict it at a list of ridges")
    if isinstance(estimator, (KernelRidge, RandomFeatureRidge)):
        if allow_negative:
            raise ValueError(
                f"allow_negative must be False for {type(estimator).__name__}, whose ridge is >= 0, got True"
            )
    else:
        instance(
            "estimator", estimator, Ridge, "or a KernelRidge or RandomFeatureRidge; its own ridge is ignored: Ridge(0)"
        )
    problem = data if isinstance(data, Problem) else reduce(data, estimator)
    if isinstance(estimator, RandomFeatureRidge) and isinstance(estimator.weights, str):
        found = random_features.tune(problem, n_samples, estimator.width)
        best = estimator.replace(ridge=found.ridge)
        return found if data is problem else Tuned(found.ridge, predict(data, best, n_samples))
    n, noise = numbers("n_samples", n_samples, above=0), np.asarray(problem.noise)
    shape = common_shape(n_samples=n, noise=noise)
    flat = problem.replace(noise=np.broadcast_to(noise, shape).ravel())
    ridge = _best_ridge(flat, np.broadcast_to(n, shape).ravel(), allow_negative).reshape(shape)
    if data is problem:
        return Tuned(ridge, ridge_risk(problem, n, ridge))
    tuned: Any = estimator
    return Tuned(ridge, predict(data, tuned.replace(ridge=ridge), n))


def _best_ridge(problem: Problem, n: FloatArray, allow_negative: bool) -> FloatArray:
    """Optimal ridge for flat n and noise: the best of the local minima and of the two ends."""
    curve = _Curve.of(problem, n)
    if curve.nodes.sigma.size == 0 or n.size == 0:
        return np.full_like(n, np.inf)
    lowest = fixed_point(problem.spectrum, n, 0.0).kappa
    best, error = np.zeros_like(n), ridge_risk(problem, n, 0.0).test
    if allow_negative:
        below = (n < problem.spectrum.rank) & (lowest > 0)
        lowest[below] = curve.lowest(n[below], lowest[below])
    predicts_zero = problem.reached.sum() + problem.unreached + curve.noise
    best = np.where(predicts_zero < error * (1 - FLAT), np.inf, best)
    error = np.minimum(error, predicts_zero)
    row, kappa = curve.minima(n, lowest)
    found, ridge = curve.test(kappa, row, n), curve.ridge(kappa, n[row])
    for k in np.argsort(-found, kind="stable"):  # the lowest last
        if found[k] < error[row[k]] * (1 - FLAT):
            best[row[k]] = ridge[k]
    return best if allow_negative else np.maximum(best, 0.0)


@dataclass(frozen=True)
class _Curve:
    """The test error as a function of κ."""

    nodes: Nodes
    noise: FloatArray
    outside: float
    tail: float

    @classmethod
    def of(cls, problem: Problem, n: FloatArray) -> _Curve:
        nodes = Nodes.of(problem.spectrum, problem.reached, n_points=10**6)
        return cls(nodes, np.asarray(problem.noise), problem.unreached, problem.spectrum.tail)

    def minima(self, n: FloatArray, lowest: FloatArray) -> tuple[npt.NDArray[np.intp], FloatArray]:
        """Local minima above the lowest κ of each row: row numbers and κ."""
        sigma = self.nodes.sigma
        bottom = 1e-3 * min(sigma.min(), lowest[lowest > 0].min(initial=np.inf))
        top = 1e6 * max(sigma.max(), self.nodes.mass.sum() / n.min())
        grid = np.geomspace(bottom, top, int(PER_DECADE * np.log10(top / bottom)) + 2)
        left, df2, rise, fall = self._sums(grid)
        rows, columns = [], []
        step = max(1, BLOCK // grid.size)
        for start in range(0, n.size, step):
            part = slice(start, start + step)
            k = n[part, None]
            with np.errstate(divide="ignore", invalid="ignore"):
                slope = rise - fall * (left + self.outside + self.noise[part, None]) / (k - df2)
            allowed = (grid[1:] > lowest[part, None]) & (df2[1:] < k)
            falls = (slope[:, :-1] < 0) | (grid[:-1] <= lowest[part, None])
            row, column = np.nonzero(falls & (slope[:, 1:] >= 0) & allowed)
            rows.append(row + start)
            columns.append(column)
        row, column = np.concatenate(rows), np.concatenate(columns)
        low, high = np.maximum(grid[column], lowest[row]), grid[column + 1]
        turns = self._slope(low, row, n) < 0  # else the error rises from the lowest κ on
        row, low, high = row[turns], np.log(low[turns]), np.log(high[turns])
        if row.size == 0:
            return row, low

        def slope_at(x: FloatArray, r: FloatArray) -> FloatArray:
            return self._slope(np.exp(x), r.astype(np.intp), n)

        return row, np.exp(_root(slope_at, low, high, row))

    def test(self, kappa: FloatArray, row: npt.NDArray[np.intp], n: FloatArray) -> FloatArray:
        """Test error at κ in the row's problem."""
        left, df2, _, _ = self._sums(kappa)
        return np.asarray(n[row] * (left + self.outside + self.noise[row]) / (n[row] - df2))

    def ridge(self, kappa: FloatArray, n: FloatArray) -> FloatArray:
        """The ridge λ = κ(n - df1) - tail that leads to κ."""
        sums = sums_at(self.nodes, FixedPoint(kappa, np.log(kappa), kappa))
        return np.asarray(kappa * (n - sums.df1) - self.tail)

    def lowest(self, n: FloatArray, ridgeless: FloatArray) -> FloatArray:
        """κ just above the root of df2(κ) = n, where the error diverges; it lies below the κ of ridge 0."""
        floor = np.full_like(n, np.log(1e-3 * self.nodes.sigma.min()))

        def excess(x: FloatArray, size: FloatArray) -> FloatArray:
            return self._sums(np.exp(x))[1] - size

        return np.exp(_root(excess, np.minimum(floor, np.log(ridgeless) - 60), np.log(ridgeless), n)) * (1 + 1e-9)

    def _slope(self, kappa: FloatArray, row: npt.NDArray[np.intp], n: FloatArray) -> FloatArray:
        """The sign of d test / dκ: κC - T (test/n)."""
        left, df2, rise, fall = self._sums(kappa)
        return np.asarray(rise - fall * (left + self.outside + self.noise[row]) / (n[row] - df2))

    def _sums(self, kappa: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
        """The energy left, df2, κ²C and κT at κ."""
        sums = sums_at(self.nodes, FixedPoint(kappa, np.log(kappa), kappa), slopes=True)
        return sums.left, sums.df2, kappa**2 * sums.left_slope, kappa * sums.df2_slope


def _root(
    function: Callable[[FloatArray, FloatArray], FloatArray], low: FloatArray, high: FloatArray, argument: npt.ArrayLike
) -> FloatArray:
    """Root in a bracket, its status looked at."""
    root = find_root(function, (low, high), args=(argument,))
    if not np.all(root.success):
        raise NotConvergedError("optimal ridge", best=root.x, residual=float(np.abs(root.f_x).max()))
    return np.asarray(root.x)
