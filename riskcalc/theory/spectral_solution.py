"""The solved equation of one law: edges, table and roots behind the methods of SpectralLaw, in the unit of its atoms."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from riskcalc.arguments import FloatArray
from riskcalc.theory.spectral_atoms import Anchors, Atoms
from riskcalc.theory.spectral_curve import ComplexArray, Curve
from riskcalc.theory.spectral_edges import CriticalPoints
from riskcalc.theory.spectral_quantile import upper_quantile
from riskcalc.theory.spectral_roots import complex_roots, real_roots
from riskcalc.theory.spectral_table import Table

FAR = 1e60  # beyond it 1/κ is −1/x to rounding


@dataclass(frozen=True, eq=False)
class Solution:
    """Everything flat; each part is solved for when it is first asked for."""

    atoms: Atoms

    @cached_property
    def critical(self) -> CriticalPoints:
        """Edges and dips."""
        return CriticalPoints.of(self.atoms)

    @cached_property
    def curve(self) -> Curve:
        """The equation with its anchors; the last of them is κ = 0 where that is outside the support (n > rank)."""
        anchors = self.critical.anchors
        if self.atoms.rank_excess < 0:
            anchors = Anchors.of(self.atoms, np.append(anchors.kappa, 0.0))
        return Curve(self.atoms, anchors)

    @cached_property
    def table(self) -> Table:
        """Points of the curve over the support."""
        return Table.of(self.curve, self.critical)

    @property
    def starts_at_zero(self) -> bool:
        """Whether n = rank."""
        return self.atoms.rank_excess == 0

    def inside(self, x: FloatArray) -> npt.NDArray[np.bool_]:
        """Whether x is in the support, its lower edges aside."""
        return np.asarray(self._edges_below(x) % 2 == 1)

    def on_support(self, x: FloatArray) -> npt.NDArray[np.bool_]:
        """Whether x is in the support as far as floats can tell."""
        return self.inside(x) | np.isin(x, self.critical.anchors.high[self.critical.edges])

    def boundary(self, x: FloatArray) -> ComplexArray:
        """κ(x + i0) for x in the support."""
        branch, offset = self.table.locate(x)
        return np.asarray(self.curve.anchors.kappa[self.table.branches.at[branch]] + self.table.solve(branch, offset))

    def mass_above(self, x: FloatArray) -> FloatArray:
        """Share of the eigenvalues above x >= 0."""
        edges, below = self.critical.edges, self._edges_below(x)
        mass = np.append(self.critical.upper_mass[edges], 0.0)[below]
        inside = below % 2 == 1
        branch, offset = self.table.locate(x[inside]) if inside.any() else (np.zeros(0, dtype=np.intp), np.zeros(0))
        if inside.any():
            mass[inside] = self.table.mass_above(branch, self.table.solve(branch, offset))
        return mass

    def quantile(self, mass: FloatArray) -> FloatArray:
        """The least x of the support with at most ``mass`` above it."""
        return upper_quantile(self.table, mass)

    def roots(self, z: ComplexArray) -> tuple[ComplexArray, ComplexArray]:
        """κ(z), and the sum of c/(σ+κ), for z off the support; the conjugate of z gives the conjugates."""
        kappa, trace = -z, np.sum(self.atoms.share) / -z
        real, near = z.imag == 0, abs(z) < FAR
        for at, off_axis in ((near & real, False), (near & ~real, True)):
            if at.any():
                upper = z.real[at] + 1j * abs(z.imag[at])
                found = complex_roots(self.curve, upper) if off_axis else real_roots(self.curve, self.critical, upper.real)
                flip = z.imag[at] < 0
                for out, value in ((kappa, found.kappa), (trace, self.curve.inverse_trace(found.at, found.h))):
                    out[at] = np.where(flip, value.conj(), value)
        return kappa, trace

    def _edges_below(self, x: FloatArray) -> npt.NDArray[np.intp]:
        return np.asarray(np.searchsorted(self.critical.thresholds[self.critical.edges], x, side="right"))
