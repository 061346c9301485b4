"""Local minima of the test error along a curve of fixed points, all of them, by the sign of its derivative."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from riskcalc.arguments import FloatArray
from riskcalc.spectrum import BLOCK
from riskcalc.theory.bracketed_root import root_in
from riskcalc.theory.effective_ridge import FixedPoint
from riskcalc.theory.nodes import Nodes
from riskcalc.theory.problem import Problem
from riskcalc.theory.random_features.shares import sums_with_tail
from riskcalc.theory.sums import Sums
from riskcalc.theory.tangent import Tangent

PER_DECADE = 24  # grid points of the scan
FLAT = 1e-13  # relative: what a smaller error must gain to be one
Rows = npt.NDArray[np.intp]


@dataclass(frozen=True)
class Scan:
    """A problem whose sums are taken at many κ."""

    problem: Problem
    nodes: Nodes

    @classmethod
    def of(cls, problem: Problem) -> Scan:
        """Its nodes, compressed."""
        return cls(problem, Nodes.of(problem.spectrum, problem.reached, n_points=10**6))

    def sums(self, kappa: FloatArray) -> tuple[Sums, FloatArray]:
        """The sums with derivatives, and Q₁ - Q₂."""
        with np.errstate(under="ignore"):
            return sums_with_tail(self.problem, self.nodes, FixedPoint(kappa, np.log(kappa), kappa), True)

    def grid(self, lowest: FloatArray, least: float) -> FloatArray:
        """κ from the lowest that is needed to one at which nothing is learned by ``least`` samples or features."""
        sigma = self.nodes.sigma
        bottom = np.where(lowest > 0, lowest, 1e-6 * sigma.min(initial=np.inf)).min()
        top = 1e6 * max(sigma.max(initial=0.0), self.problem.spectrum.trace / least)
        return np.geomspace(bottom, top, int(PER_DECADE * np.log10(top / bottom)) + 2)

    def minima(
        self, test: Callable[[FloatArray, Rows, tuple[Sums, FloatArray]], Tangent], lowest: FloatArray, least: float
    ) -> tuple[Rows, FloatArray]:
        """Rows and κ of the minima above the rows' lowest κ; ``test`` is the error with its derivative in log u."""
        if self.problem.spectrum.trace == 0 or lowest.size == 0:
            return np.zeros(0, dtype=np.intp), np.zeros(0)
        grid = self.grid(lowest, least)
        at_grid = self.sums(grid)
        rows, columns = [], []
        step = max(1, BLOCK // grid.size)
        for start in range(0, lowest.size, step):
            row = np.arange(start, min(start + step, lowest.size))[:, None]
            slope = -test(grid, row, at_grid).slope
            outside = grid <= lowest[row]
            found, column = np.nonzero(((slope[:, :-1] < 0) | outside[:, :-1]) & (slope[:, 1:] >= 0) & ~outside[:, 1:])
            rows.append(found + start)
            columns.append(column)
        where, column = np.concatenate(rows), np.concatenate(columns)

        def slope_at(x: FloatArray, at: FloatArray | Rows) -> FloatArray:
            return -test(np.exp(x), at.astype(np.intp), self.sums(np.exp(x))).slope

        low, high = np.log(np.maximum(grid[column], lowest[where] * (1 + 1e-12))), np.log(grid[column + 1])
        turns = slope_at(low, where) < 0  # else the error rises from the lowest κ on
        where, low, high = where[turns], low[turns], high[turns]
        return where, np.exp(root_in("optimum of random features", slope_at, (low, high), where.astype(np.float64)))


def best_of(
    values: FloatArray, errors: FloatArray, rows: Rows, found: FloatArray, found_errors: FloatArray
) -> FloatArray:
    """The rows' values, or what was found in their place where its error is lower."""
    best, least = values.copy(), errors.copy()
    for k in np.argsort(found_errors, kind="stable"):  # the lowest of a row comes first
        if found_errors[k] < least[rows[k]] * (1 - FLAT):
            best[rows[k]], least[rows[k]] = found[k], found_errors[k]
    return best
