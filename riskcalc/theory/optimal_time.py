"""The best time to stop gradient flow."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from riskcalc.arguments import FloatArray, common_shape, instance, numbers
from riskcalc.result import Risk
from riskcalc.theory.bracketed_root import root_in
from riskcalc.theory.complex_ridge import RidgeMap
from riskcalc.theory.gradient_flow import flow_parts, gradient_flow_risk
from riskcalc.theory.nodes import Nodes
from riskcalc.theory.problem import PROBLEM_HINT, Problem
from riskcalc.theory.ridge import ridge_risk

PER_DECADE = 12  # grid points of the scan for local minima
BEFORE, AFTER = 1e-3, 1e3  # of the shortest and of the longest time scale: where the scan begins and ends
MOST_DECADES = 20
FLAT = 1e-12  # of the whole energy: what an earlier or later time must gain to be better


@dataclass(frozen=True, eq=False, repr=False)
class OptimalTime:
    """The best time of a gradient flow and its risk.

    Parameters
    ----------
    time : ndarray
        0 where predicting zero is best, inf where the minimum-norm interpolator is.
    risk : Risk
        The risk there.

    References
    ----------
    .. [1] derived

    Examples
    --------
    >>> import riskcalc as rc
    >>> problem = rc.Problem(rc.Spectrum.isotropic(200), [1.0], noise=0.25)
    >>> rc.optimal_time(problem, n_samples=400)
    OptimalTime(time=4.00437, test=0.432161)
    """

    time: FloatArray
    risk: Risk

    def __repr__(self) -> str:
        if self.time.ndim:
            return f"OptimalTime(shape={self.time.shape})"
        return f"OptimalTime(time={float(self.time):.6g}, test={float(self.risk.test):.6g})"


def optimal_time(problem: Problem, n_samples: npt.ArrayLike) -> OptimalTime:
    r"""Time of the smallest predicted test error of gradient flow.

    .. math:: \frac{d\,\mathrm{test}}{dt} = \frac{d\,\mathrm{bias}}{dt} + \tau^2\frac{dV}{dt}, \qquad
              \frac{dV}{dt} = \frac2n\,\mathrm{E\,Tr}\,\Sigma\,\big(e^{-t\hat\Sigma}-e^{-2t\hat\Sigma}\big)

    Parameters
    ----------
    problem : Problem
    n_samples : array_like, > 0
        Broadcasts against the noise.

    Returns
    -------
    OptimalTime
        Of the broadcast shape.

    Raises
    ------
    ValueError
        If a number is outside its domain.
    NotConvergedError
        If a root is not found in its bracket (not seen).

    Notes
    -----
    The exact slope is scanned on a logarithmic grid of 12 times a decade over all scales of the sample eigenvalues (at
    most 20 decades), each change of sign is refined, and the lowest of all minima is taken, the ends 0 and inf
    included. Times are right to about 1e-11, less where the error is flat. Two turns between neighbouring grid points
    are taken for none.

    For a random target with independent coefficients of one variance no stopped flow beats the best ridge, and in
    estimation error, for Σ = I, the best one is within a factor 1.22 of it [1]_.

    References
    ----------
    .. [1] ali2019 (place not checked)
    .. [2] derived (the slope)

    Examples
    --------
    >>> import riskcalc as rc
    >>> problem = rc.Problem(rc.Spectrum.isotropic(200), energies=[1.0], noise=[0, 0.25])
    >>> rc.optimal_time(problem, n_samples=400).time.round(6)
    array([     inf, 4.00437])
    """
    n = numbers("n_samples", n_samples, above=0)
    noise = np.asarray(instance("problem", problem, Problem, PROBLEM_HINT).noise)
    shape = common_shape(n_samples=n, noise=noise)
    flat = problem.replace(noise=np.broadcast_to(noise, shape).ravel())
    time = _best_time(flat, np.broadcast_to(n, shape).ravel()).reshape(shape)
    return OptimalTime(time, gradient_flow_risk(problem, n, time))


def _best_time(problem: Problem, n: FloatArray) -> FloatArray:
    """Optimal time for flat n and noise: the best of the local minima and of the two ends."""
    best, error = np.full(n.shape, np.inf), ridge_risk(problem, n, 0.0).test
    all_noise = np.asarray(problem.noise) + problem.unreached
    idle = problem.reached.sum() + all_noise
    margin = FLAT * idle
    at_rest = idle <= error + margin  # a tie is won by the simplest predictor
    best, error = np.where(at_rest, 0.0, best), np.where(at_rest, idle, error)
    row, log_time = _minima(problem, n, all_noise)
    parts = flow_parts(problem, n[row], np.exp(log_time))
    found = parts.left + all_noise[row] * (1 + parts.amplified)
    for k in np.argsort(-found, kind="stable"):  # the lowest last
        if found[k] < error[row[k]] - margin[row[k]]:
            best[row[k]] = np.exp(log_time[k])
    return best


def _minima(problem: Problem, n: FloatArray, all_noise: FloatArray) -> tuple[npt.NDArray[np.intp], FloatArray]:
    """Local minima between 0 and inf: row numbers and log times."""
    rows: list[npt.NDArray[np.intp]] = []
    lows: list[FloatArray] = []
    highs: list[FloatArray] = []
    for size in np.unique(n):
        at, grid = np.flatnonzero(n == size), _grid(problem, size)
        if grid.size:
            slope = _slope(problem, size, np.exp(grid), all_noise[at, None])
            row, column = np.nonzero((slope[:, :-1] < -FLAT) & (slope[:, 1:] >= -FLAT / 4))
            rows, lows, highs = [*rows, at[row]], [*lows, grid[column]], [*highs, grid[column + 1]]
    if not rows:
        return np.zeros(0, dtype=np.intp), np.zeros(0)
    row = np.concatenate(rows)

    def slope_at(log_time: FloatArray, number: FloatArray) -> FloatArray:
        place = row[number.astype(np.intp)]
        slope = _slope(problem, n[place], np.exp(log_time), all_noise[place])
        return np.where(abs(slope) < FLAT / 2, 0.0, slope)

    bracket = np.concatenate(lows), np.concatenate(highs)
    return row, root_in("optimal time", slope_at, bracket, np.arange(row.size, dtype=np.float64))


def _slope(problem: Problem, n: npt.ArrayLike, time: FloatArray, all_noise: FloatArray) -> FloatArray:
    """The slope of the test error in log t, in units of the whole energy: what is below FLAT is not told from 0."""
    parts = flow_parts(problem, np.asarray(n), time)
    slope: FloatArray = parts.left_slope + all_noise * parts.amplified_slope
    return np.asarray(slope / np.maximum(problem.reached.sum() + all_noise, np.finfo(float).tiny))


def _grid(problem: Problem, n: float) -> FloatArray:
    """Log times that cover the scales of the sample eigenvalues, or none if all are 0.

    The smallest is of the order of g²/T(0), where the map from h to w bends, or of the smallest eigenvalue.
    """
    nodes = Nodes.of(problem.spectrum)
    if nodes.sigma.size == 0:
        return np.zeros(0)
    ridge_map = RidgeMap.of(problem.spectrum, nodes, n)
    largest = nodes.sigma.max() + problem.spectrum.trace / n
    bend = ridge_map.gap**2 / (ridge_map.weights @ (1 / ridge_map.distances))
    smallest = max(min(bend, nodes.sigma.min()), largest * BEFORE / AFTER * 10.0 ** (6 - MOST_DECADES))
    low, high = np.log(BEFORE / largest), np.log(AFTER / smallest)
    return np.linspace(low, high, int(PER_DECADE * (high - low) / np.log(10)) + 2)
