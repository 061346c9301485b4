"""What a table tells of its population: degrees of freedom and error energy as functions of the effective ridge."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from riskcalc.arguments import FloatArray
from riskcalc.spectrum import BLOCK
from riskcalc.theory.eigensystem import Eigensystem
from riskcalc.theory.finite_population import localisation, weights

GRID_POINTS = 100
DETERMINED = 0.9  # df1 up to this share of the rows is determined by the table
FITTED = 0.8  # and up to this one is good enough to start an extrapolation
LEAST_ENTRIES = 0.05  # of the rows, that carry Tr M²


@dataclass(frozen=True)
class PopulationFunctions:
    r"""κ, df₁, df₂ and E at an ascending auxiliary ridge ω, with :math:`M = (K+\omega)^{-1}`.

    .. math:: \kappa=\frac1{\mathrm{Tr}M},\quad df_1=m-\omega\,\mathrm{Tr}M,\quad
              m-df_2=\frac{(\mathrm{Tr}M)^2}{\mathrm{Tr}M^2},\quad E=\frac{y^\top M^2y}{\mathrm{Tr}M^2}

    They belong to the population, not to m: at any n the test error at ridge :math:`\kappa(n-df_1)` is
    :math:`nE/(n-df_2)`. ``entries`` is :math:`(\mathrm{Tr}M^2)^2/\mathrm{Tr}M^4`, the rows that carry Tr M².
    """

    n_rows: int
    omega: FloatArray
    kappa: FloatArray
    df1: FloatArray
    df2: FloatArray
    energy: FloatArray
    entries: FloatArray

    @classmethod
    def of(cls, table: Eigensystem, omega: FloatArray) -> PopulationFunctions:
        """At ω > 0, from the positive eigenvalues and what lies outside."""
        s, m = table.eigenvalues, len(table.vectors)
        zeros, least = m - s.size, s.min() if s.size == m else 0.0
        out = np.empty((5, omega.size))
        step = max(1, BLOCK // max(s.size, 1))
        for start in range(0, omega.size, step):
            part = omega[start : start + step]
            w = weights(s, part, m)  # in units of 1/(ω + s₀)
            w1, w2, w4 = ((w**k).sum(axis=1) + zeros for k in (1, 2, 4))
            energy = (w**2 @ table.squared_projections + table.outside_energy) / w2
            df1 = (s / (s + part[:, None])).sum(axis=1)
            out[:, start : start + step] = (part + least) / w1, df1, m - w1**2 / w2, energy, w2**2 / w4
        return cls(m, omega, *out)

    @classmethod
    def on_grid(cls, table: Eigensystem) -> PopulationFunctions:
        """From far below the smallest eigenvalue that matters to far above the largest."""
        s, m = table.eigenvalues, len(table.vectors)
        mean, largest = s.sum() / m, s.max()
        return cls.of(table, np.geomspace(max(1e-9 * mean, 1e-12 * largest), 1e3 * (largest + mean), GRID_POINTS))

    def localised(self, table: Eigensystem) -> FloatArray:
        """E with the localisation correction."""
        return self.energy * localisation(table, self.omega)

    def ridge(self, n: FloatArray) -> FloatArray:
        """λ = ω + (n - m)κ, sizes by ω."""
        return np.asarray(self.omega + (n[:, None] - self.n_rows) * self.kappa)

    def edge(self, share: float) -> Edge:
        """Where, coming from large ω, df1 rises above ``share`` of the rows, or too few rows carry Tr M²."""
        m = self.n_rows
        excess = np.log(np.maximum(self.df1 / (share * m), LEAST_ENTRIES * m / self.entries))
        above = np.flatnonzero(excess > 0)
        if above.size == 0:
            return Edge(float(self.omega[0]), float(self.kappa[0]), float(self.df1[0]))
        k = above[-1]
        part = excess[k] / (excess[k] - excess[k + 1])  # df1 is far below the share at the last point
        omega, kappa = (np.exp((1 - part) * np.log(a[k]) + part * np.log(a[k + 1])) for a in (self.omega, self.kappa))
        return Edge(float(omega), float(kappa), float(m - omega / kappa))


@dataclass(frozen=True)
class Edge:
    """The smallest auxiliary ridge that is used, with κ and df1 there; ω = 0 if every one may be."""

    omega: float
    kappa: float
    df1: float

    @classmethod
    def of(cls, table: Eigensystem, functions: PopulationFunctions, share: float) -> Edge:
        """None at all if the rank is a smaller share of the rows: then small ω resolve all there is."""
        edge = functions.edge(share)
        if table.eigenvalues.size < share * functions.n_rows and edge.omega == functions.omega[0]:
            return cls(0.0, 0.0, float(table.eigenvalues.size))
        return edge

    def n_samples(self, ridge: FloatArray) -> FloatArray:
        """Largest n = df1 + λ/κ at which the test error is determined; inf if every n is."""
        return np.full_like(ridge, np.inf) if self.omega == 0 else self.df1 + ridge / self.kappa

    def ridge(self, n: FloatArray) -> FloatArray:
        """Smallest λ = κ(n - df1), not below 0, at which the test error at n is determined."""
        return np.maximum(self.kappa * (n - self.df1), 0.0)
