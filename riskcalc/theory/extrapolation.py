"""Test error of one table at any size: determined by the table where it can be, continued elsewhere."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from riskcalc.arguments import FloatArray
from riskcalc.theory.eigensystem import Eigensystem
from riskcalc.theory.finite_population import finite_population, localisation
from riskcalc.theory.population_functions import DETERMINED, FITTED, Edge, PopulationFunctions
from riskcalc.theory.power_law_fit import continued, steepening

FIT_POINTS = 12


@dataclass(frozen=True)
class TableCurve:
    """A table's eigensystem with the edges of what it determines."""

    table: Eigensystem
    functions: PopulationFunctions
    determined: Edge
    fitted: Edge

    @classmethod
    def of(cls, table: Eigensystem) -> TableCurve:
        """From one eigendecomposition, for every size and ridge."""
        functions = PopulationFunctions.on_grid(table)
        return cls(table, functions, *(Edge.of(table, functions, share) for share in (DETERMINED, FITTED)))

    def test(self, n: FloatArray, ridge: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Test error at flat n >= 0 and λ, and the correction that it contains: LOO/GCV, 1 where it was continued."""
        out, correction = np.empty(n.size), np.ones(n.size)
        inside = n <= self.determined.n_samples(ridge)
        out[inside], correction[inside] = self._determined(n[inside], ridge[inside])
        out[~inside] = self._continued(n[~inside], ridge[~inside])
        return out, correction

    def _determined(self, n: FloatArray, ridge: FloatArray) -> tuple[FloatArray, FloatArray]:
        r"""The finite-population formula, which holds for n > m as well as long as its root ω is >= 0.

        .. math:: \text{test}(n, \omega+(n-m)\kappa) =
                  \frac{n\,E}{(\mathrm{Tr}M)^2/\mathrm{Tr}M^2+n-m}\cdot\frac{\mathrm{LOO}}{\mathrm{GCV}}
        """
        s, c, m = self.table.eigenvalues, self.table.squared_projections, self.functions.n_rows
        risk, omega = finite_population(s, c, self.table.outside_energy, m, n, ridge, largest=np.inf)
        correction = localisation(self.table, omega)
        with np.errstate(invalid="ignore"):
            return risk.test * correction, correction

    def _continued(self, n: FloatArray, ridge: FloatArray) -> FloatArray:
        """A power law with a constant, fitted at each ridge to the curve up to the edge of the fit."""
        values, which = np.unique(ridge, return_inverse=True)
        return continued(*self._end(values), which, n)

    def _end(self, ridge: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Sizes up to the edge of the fit, and test errors, one curve per ridge."""
        last = self.fitted.n_samples(ridge)
        first = np.minimum(0.1 * self.functions.n_rows, 0.2 * last)
        sizes = first[:, None] * (last / first)[:, None] ** np.linspace(0, 1, FIT_POINTS)
        sizes[:, -1] = last
        test, _ = self._determined(sizes.ravel(), np.repeat(ridge, FIT_POINTS))
        return sizes, test.reshape(sizes.shape)

    def steepening(self, ridge: FloatArray) -> float:
        """The most that the end of a curve falls faster than its continuation, over ridges that are continued."""
        return float(steepening(*self._end(np.unique(ridge))).max(initial=0.0)) if ridge.size else 0.0

    def bound(self, n: FloatArray) -> FloatArray:
        """Best test error at n among the ridges >= 0 at which it is determined, the least of them included."""
        f = self.functions
        allowed = (f.omega >= self.determined.omega) & (f.ridge(n) >= 0)
        with np.errstate(divide="ignore", invalid="ignore"):
            test = n[:, None] * f.localised(self.table) / (n[:, None] - f.df2)
        at_least, _ = self._determined(n, self.determined.ridge(n))
        return np.asarray(np.minimum(at_least, np.where(allowed, test, np.inf).min(axis=1)))
