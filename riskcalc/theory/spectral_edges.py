"""Where the law of a sample covariance begins and ends: the real critical points of its equation."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize.elementwise import find_root

from riskcalc.arguments import FloatArray
from riskcalc.errors import NotConvergedError
from riskcalc.theory.spectral_atoms import PIECE, Anchors, Atoms, Index

DIP = 2.0  # dips of D below it are looked for
CLOSED = 1e-28  # D is known to about 1e-31: a gap whose least D is this near to 1 is closed


@dataclass(frozen=True, eq=False)
class CriticalPoints:
    r"""Anchors in descending κ, that is in ascending x: the edges, and the dips of D that do not open a gap.

    [silversteinchoi1995]: x is outside the support iff it is x(κ) for a real κ with D(κ) < 1. D is convex between its
    poles −σ, so that D = 1 has one root beyond each end and none or two between neighbours.
    ``is_edge`` tells the edges from the dips; ``n_above`` counts the atoms σ > −κ. ``upper_mass`` is the share of the p
    sample eigenvalues beyond an edge: that of the population's beyond −κ, as the two separate exactly
    [baisilverstein1999], and 1/γ beyond the lower edge if n < rank.
    """

    anchors: Anchors
    is_edge: npt.NDArray[np.bool_]
    n_above: Index
    upper_mass: FloatArray

    @classmethod
    def of(cls, atoms: Atoms) -> CriticalPoints:
        """All critical points of one law."""
        gap, dip = _dips(atoms)
        at_dip = Anchors.of(atoms, dip)
        gap, at_dip = gap[at_dip.residual < DIP - 1], at_dip.take(np.flatnonzero(at_dip.residual < DIP - 1))
        opened = at_dip.residual - at_dip.slope**2 / (3 * at_dip.bend) < -CLOSED
        upper, lower = _ends_of_gaps(atoms, gap[opened], at_dip.take(np.flatnonzero(opened)))
        k = atoms.sigma.size
        edges = np.concatenate([[_leftmost(atoms)], upper, lower, [_rightmost(atoms)]])
        n_above = np.concatenate([[k], gap[opened] + 1, gap[opened] + 1, [0], gap[~opened] + 1])
        kappa = np.concatenate([_polished(atoms, edges), at_dip.kappa[~opened]])
        is_edge = np.arange(kappa.size) < edges.size
        order = np.argsort(-kappa, kind="stable")
        upper_mass = np.minimum(atoms.upper_masses[n_above[order]], 1 / atoms.aspect_ratio)
        return cls(Anchors.of(atoms, kappa[order]), is_edge[order], n_above[order], upper_mass)

    @cached_property
    def edges(self) -> Index:
        """Numbers of the edges, two for each bulk."""
        return np.flatnonzero(self.is_edge)

    @cached_property
    def segments(self) -> Index:
        """Numbers of the points from which to the next one there is support."""
        return np.flatnonzero(np.cumsum(self.is_edge)[:-1] % 2 == 1)

    @cached_property
    def thresholds(self) -> FloatArray:
        """The least float above each point."""
        high, low = self.anchors.high, self.anchors.low
        return np.where(low < 0, high, np.nextafter(high, np.inf))


def _dips(atoms: Atoms) -> tuple[Index, FloatArray]:
    """Neighbours (their first number) between which D may fall below 1, and where D is least there."""
    gap = np.arange(atoms.sigma.size - 1)
    gap = gap[_two_pole_bound(atoms, gap) < DIP]
    rows = max(1, PIECE // atoms.sigma.size)
    kept = [gap[start : start + rows][_bound(atoms, gap[start : start + rows]) < DIP] for start in range(0, gap.size, rows)]
    gap = np.concatenate([np.zeros(0, dtype=np.intp), *kept])
    if gap.size == 0:
        return gap, np.zeros(0)

    def imbalance(s: FloatArray, number: FloatArray) -> FloatArray:
        """Increases from below 0 to above 0, nearly linearly, and vanishes where D' does."""
        at = number.astype(np.intp)
        with np.errstate(divide="ignore"):
            pulls = atoms.weight / abs((atoms.sigma - atoms.sigma[at, None]) + s[:, None]) ** 3
        before = np.arange(atoms.sigma.size) <= at[:, None]
        left, right = np.where(before, pulls, 0.0).sum(axis=1), np.where(before, 0.0, pulls).sum(axis=1)
        return np.asarray(left ** (-1 / 3) - right ** (-1 / 3))

    width = atoms.sigma[gap] - atoms.sigma[gap + 1]
    s = root_in("least D of a gap", imbalance, (np.zeros_like(width), width), gap.astype(np.float64))
    return gap, s - atoms.sigma[gap]


def _two_pole_bound(atoms: Atoms, gap: Index) -> FloatArray:
    """What the two poles of a gap alone leave of D at least."""
    width = atoms.sigma[gap] - atoms.sigma[gap + 1]
    cubes = np.cbrt(atoms.weight)
    return np.asarray((cubes[gap] + cubes[gap + 1]) ** 3 / width**2)


def _bound(atoms: Atoms, gap: Index) -> FloatArray:
    """The same with every other pole at its distance from the far end of the gap."""
    number = np.arange(atoms.sigma.size)
    far = np.where(number <= gap[:, None], atoms.sigma[gap + 1][:, None], atoms.sigma[gap][:, None])
    others = (number != gap[:, None]) & (number != gap[:, None] + 1)
    rest = np.divide(atoms.weight, (atoms.sigma - far) ** 2, out=np.zeros(far.shape), where=others)
    return _two_pole_bound(atoms, gap) + rest.sum(axis=1)


def _ends_of_gaps(atoms: Atoms, gap: Index, dip: Anchors) -> tuple[FloatArray, FloatArray]:
    """The two κ with D = 1 on either side of each dip, upper ones first."""
    root = np.sqrt(atoms.share)
    d = atoms.sigma + dip.kappa[:, None]
    w = atoms.share * (atoms.sigma / d) ** 2

    def beyond(h: FloatArray, number: FloatArray) -> FloatArray:
        """1 − 1/√D at κ₀ + h, from D(κ₀) − 1: nearly linear towards the poles."""
        at = number.astype(np.intp)
        e = d[at] + h[:, None]
        excess = dip.residual[at] - h * (w[at] * (d[at] + e) / e**2).sum(axis=1)
        level = np.sqrt(1 + excess)
        return np.asarray(excess / (level * (1 + level)))

    ends = (-atoms.sigma[gap + 1] * (1 + root[gap + 1])) - dip.kappa, (-atoms.sigma[gap] * (1 - root[gap])) - dip.kappa
    number, start = np.arange(gap.size, dtype=np.float64), np.zeros(gap.size)
    upper, lower = (root_in("edge of a gap", beyond, (start, np.asarray(end)), number) for end in ends)
    return dip.kappa + upper, dip.kappa + lower


def _rightmost(atoms: Atoms) -> float:
    """κ of the upper edge, in its bracket by the first pole alone and by all of them at the first."""
    first, sigma = atoms.sigma[0], atoms.sigma

    def beyond(t: FloatArray) -> FloatArray:
        d = (first - sigma) + t[:, None]
        return np.asarray(1 - 1 / np.sqrt((atoms.weight / d**2).sum(axis=1)))

    low, high = first * np.sqrt(atoms.share[:1]), np.sqrt(atoms.weight.sum(keepdims=True))
    return float(-first - root_in("upper edge", beyond, (0.999 * low, 1.001 * high))[0])


def _leftmost(atoms: Atoms) -> float:
    """κ of the lower edge of what is not at zero."""
    counts = Counted(atoms.sigma, atoms.multiplicity * atoms.sigma, atoms.multiplicity)
    return float(counts.largest_root(np.array([atoms.n_samples.high]), np.array([atoms.rank_excess]))[0])


def _polished(atoms: Atoms, kappa: FloatArray) -> FloatArray:
    """One step of Newton's method with D − 1 to twice the precision of a float."""
    anchors = Anchors.of(atoms, kappa)
    return np.asarray(kappa + np.where(anchors.residual == 0, 0.0, anchors.residual / (2 * anchors.slope)))


@dataclass(frozen=True, eq=False)
class Counted:
    r"""Eigenvalues (descending), masses and multiplicities, summed without cancellation near n = rank.

    Eigenvalues above :math:`|\kappa|` enter by their number less a sum, the others by a sum (level is their number over
    n, less one):

    .. math:: \frac{\mathrm{df}_2}n - 1 = \mathrm{level} - \sum_{\sigma>|\kappa|}\frac{c\kappa(2\sigma+\kappa)}
              {(\sigma+\kappa)^2} + \sum_{\sigma\le|\kappa|}\frac{c\sigma^2}{(\sigma+\kappa)^2}
    """

    sigma: FloatArray
    mass: FloatArray
    multiplicity: FloatArray

    def largest_root(self, n: FloatArray, excess: FloatArray) -> FloatArray:
        """The largest κ with df2(κ) = n, for flat n > 0; ``excess`` is rank/n − 1."""
        kappa = np.zeros_like(n)
        for at, ends in ((excess > 0, self._bracket_above), (excess < 0, self._bracket_below)):
            if at.any():
                sign = np.where(excess[at] > 0, 1.0, -1.0)
                low, high = ends(n[at], excess[at])
                arguments = (sign, n[at], excess[at])
                root = root_in("lower edge", self._log_df2, (np.log(low), np.log(high)), *arguments)
                kappa[at] = sign * np.exp(root)
        return kappa

    def limit(self, n: FloatArray, excess: FloatArray, kappa: FloatArray) -> FloatArray:
        r"""λ(κ) = κ(n − df1(κ)); at the largest root less than two thirds of it cancel (derived)."""
        level, above, c = self._counts(n, excess, kappa)
        d = self.sigma + kappa[:, None]
        terms = np.where(above, c * kappa[:, None] / d, -(self.mass / n[:, None]) / d)
        return np.asarray(kappa * n * (terms.sum(axis=1) - level))

    def _log_df2(self, log_kappa: FloatArray, sign: FloatArray, n: FloatArray, excess: FloatArray) -> FloatArray:
        kappa = sign * np.exp(log_kappa)
        level, above, c = self._counts(n, excess, kappa)
        k, d = kappa[:, None], self.sigma + kappa[:, None]
        with np.errstate(divide="ignore"):
            terms = np.where(above, -c * (k / d) * ((self.sigma + d) / d), (self.mass / n[:, None]) * (self.sigma / d) / d)
        return np.log1p(np.maximum(level + terms.sum(axis=1), -1 + 1e-300))

    def _counts(self, n: FloatArray, excess: FloatArray, kappa: FloatArray) -> tuple[FloatArray, Any, FloatArray]:
        above = (self.sigma > abs(kappa)[:, None]) & (self.multiplicity > 0)
        number = above.sum(axis=1)
        counted = np.append(0.0, np.cumsum(self.multiplicity))[number]
        whole = number == np.count_nonzero(self.multiplicity)
        return np.where(whole, excess, (counted - n) / n), above, self.multiplicity / n[:, None]

    def _bracket_above(self, n: FloatArray, excess: FloatArray) -> tuple[FloatArray, FloatArray]:
        """With N eigenvalues of at least σ, df2(κ) is at least N σ²/(σ+κ)², and at most Σ mσ²/κ²."""
        number = np.cumsum(self.multiplicity)
        level = (number - n[:, None]) / n[:, None]
        if np.isfinite(excess).all():
            level[:, -1] = excess
        level = np.maximum(level, 0)
        low = (self.sigma * level / (1 + np.sqrt(1 + level))).max(axis=1)
        return 0.999 * low, 1.001 * np.sqrt((self.mass * self.sigma).sum() / n)

    def _bracket_below(self, n: FloatArray, excess: FloatArray) -> tuple[FloatArray, FloatArray]:
        """With −κ = t up to half the least σ, df2 is at most rank + 8 t Σ m/σ; beyond, the last pole alone bounds it."""
        last = self.sigma[-1]
        low = np.minimum(last / 2, -excess * n / (8 * (self.multiplicity / self.sigma).sum()))
        return 0.999 * low, last * (1 - 0.999 * np.sqrt(self.multiplicity[-1] / n))


def root_in(quantity: str, function: Any, bracket: tuple[FloatArray, FloatArray], *arguments: FloatArray) -> FloatArray:
    """Roots in proved brackets, elementwise; NotConvergedError if one was not found (not seen)."""
    if np.size(bracket[0]) == 0:
        return np.zeros(0)
    root = find_root(function, bracket, args=arguments)
    if not np.all(root.success):
        raise NotConvergedError(quantity, best=root.x, residual=np.max(abs(root.f_x)))
    return np.asarray(root.x)
