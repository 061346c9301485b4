"""The curve over the support as a table: where every x and every probability starts from, and what catches the rest."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from riskcalc.arguments import FloatArray
from riskcalc.theory.bracketed_root import root_in
from riskcalc.theory.spectral_atoms import Index
from riskcalc.theory.spectral_curve import ComplexArray, Curve
from riskcalc.theory.spectral_edges import CriticalPoints

FIRST_NODES = 9
GOOD_START = 1e-7  # error of the interpolated κ, in units of its distance from the real axis
MOST_ROUNDS = 30
FIRST_TAU = 1e-4  # nearer to an anchor x does not tell two points apart
MOST_ENTRIES = 2_000_000  # nodes times atoms at which the table costs more than it saves


@dataclass(frozen=True, eq=False)
class Branches:
    r"""Half-segments between critical points, in ascending x: each runs from its anchor to the middle of the segment.

    On a branch κ is a smooth function of :math:`t = \sqrt{|x - x_0|}`, also at an edge. ``sign`` is +1 where x
    increases away from the anchor; ``start`` is x₀ less the anchor's x, ``first`` is h there.
    """

    at: Index
    sign: FloatArray
    length: FloatArray
    from_edge: npt.NDArray[np.bool_]
    start: FloatArray
    first: ComplexArray

    @classmethod
    def of(cls, curve: Curve, points: CriticalPoints) -> Branches:
        """Two branches for each segment of the support."""
        at = np.stack([points.segments, points.segments + 1], axis=1).ravel()
        length = np.repeat(-np.diff(points.anchors.kappa)[points.segments], 2)
        from_edge, residual = points.is_edge[at], points.anchors.residual[at]
        h = np.where(from_edge, residual / (2 * np.where(from_edge, points.anchors.slope[at], 1)), 0) + 0j
        start = h.real * residual / 2
        dips = np.flatnonzero(~from_edge)
        h[dips] = -1j * curve.height(at[dips], np.zeros(dips.size))
        start[dips] = curve.position(at[dips], h[dips])[0].real
        return cls(at, np.tile([1.0, -1.0], points.segments.size), length, from_edge, start, h)

    def distance(self, branch: Index, x: FloatArray) -> FloatArray:
        """T of x, which is given less the anchor's."""
        return np.sqrt(np.maximum(self.sign[branch] * (x - self.start[branch]), 0))


@dataclass(frozen=True, eq=False)
class Points:
    """Points of the curve: the branch, τ (Re h is ∓ length τ²), h, x less the anchor's, t and dh/dt."""

    branch: Index
    tau: FloatArray
    h: ComplexArray
    x: FloatArray
    t: FloatArray
    slope: ComplexArray

    @classmethod
    def of(
        cls, curve: Curve, branches: Branches, branch: Index, tau: FloatArray, guess: FloatArray | None = None
    ) -> Points:
        """Solve for the height over each τ; x follows."""
        at, sign = branches.at[branch], branches.sign[branch]
        h, x, t = branches.first[branch], branches.start[branch], np.zeros(tau.size)
        steepness = np.where(branches.from_edge[branch], abs(curve.anchors.slope[at]), np.inf)
        slope = -1j / np.sqrt(steepness)
        on = np.flatnonzero(tau > 0)
        alpha = -sign[on] * branches.length[branch[on]] * tau[on] ** 2
        h[on] = alpha - 1j * curve.height(at[on], alpha, None if guess is None else guess[on])
        position, derivative = curve.position(at[on], h[on])
        x[on] = position.real
        t[on] = branches.distance(branch[on], x[on])
        slope[on] = 2 * t[on] * sign[on] / derivative
        return cls(branch, tau, h, x, t, slope)

    def take(self, at: Index) -> Points:
        """Some of them."""
        return Points(*(getattr(self, name)[at] for name in self.__dataclass_fields__))

    def merged(self, other: Points) -> Points:
        """Both, by branch and τ."""
        both = Points(*(np.concatenate([getattr(self, n), getattr(other, n)]) for n in self.__dataclass_fields__))
        return both.take(np.lexsort((both.tau, both.branch)))

    def between(self, left: Index, right: Index, t: FloatArray) -> ComplexArray:
        """Cubic Hermite interpolation of h, kept in the lower half plane."""
        width = self.t[right] - self.t[left]
        s = (t - self.t[left]) / np.where(width == 0, 1, width)
        bend = (1 - s) * self.slope[left] * width - s * self.slope[right] * width
        h = self.h[left] + s**2 * (3 - 2 * s) * (self.h[right] - self.h[left]) + s * (1 - s) * bend
        h.imag = np.minimum(h.imag, 0.1 * ((1 - s) * self.h.imag[left] + s * self.h.imag[right]))
        return np.asarray(h)


@dataclass(frozen=True, eq=False)
class Table:
    """Points of the curve in ascending x, so many that the interpolated κ is a good start everywhere."""

    curve: Curve
    critical: CriticalPoints
    branches: Branches
    nodes: Points

    @classmethod
    def of(cls, curve: Curve, critical: CriticalPoints) -> Table:
        """Halve the intervals in whose middle the interpolation errs, as long as it pays."""
        branches = Branches.of(curve, critical)
        tau = np.tile(np.linspace(0, np.sqrt(0.5), FIRST_NODES), branches.at.size)
        nodes = Points.of(curve, branches, np.repeat(np.arange(branches.at.size), FIRST_NODES), tau)
        left = np.flatnonzero(np.diff(nodes.branch) == 0)
        for _ in range(MOST_ROUNDS):
            tau = (nodes.tau[left] + nodes.tau[left + 1]) / 2
            guess = -(nodes.h.imag[left] + nodes.h.imag[left + 1]) / 2
            middle = Points.of(curve, branches, nodes.branch[left], tau, guess)
            error = abs(nodes.between(left, left + 1, middle.t) - middle.h) / abs(middle.h.imag)
            nodes = nodes.merged(middle)
            bad = (left + np.arange(1, left.size + 1))[error > GOOD_START]
            left = np.sort(np.concatenate([bad - 1, bad]))
            left = left[nodes.tau[left + 1] > FIRST_TAU]
            if left.size == 0 or (nodes.tau.size + left.size) * curve.atoms.sigma.size > MOST_ENTRIES:
                break
        order = np.lexsort((branches.sign[nodes.branch] * nodes.tau, nodes.branch))
        return cls(curve, critical, branches, nodes.take(order))

    @cached_property
    def bounds(self) -> Index:
        """Number of the first node of each branch, and of the end."""
        return np.asarray(np.searchsorted(self.nodes.branch, np.arange(self.branches.at.size + 1)))

    @cached_property
    def starts(self) -> FloatArray:
        """The least float inside of each segment; over a dip the curve is a little off the dip's x."""
        starts, anchors, dip = self.critical.thresholds.copy(), self.curve.anchors, ~self.branches.from_edge
        starts[self.branches.at[dip]] = anchors.high[self.branches.at[dip]] + self.branches.start[dip]
        return starts

    @cached_property
    def longest(self) -> FloatArray:
        """The largest t of each branch."""
        ends = np.where(self.branches.sign > 0, self.bounds[1:] - 1, self.bounds[:-1])
        return self.nodes.t[ends]

    @cached_property
    def keys(self) -> FloatArray:
        """Number of the branch plus the share of it below a node: ascends with x."""
        return self._key(self.nodes.branch, self.nodes.t)

    def locate(self, x: FloatArray) -> tuple[Index, FloatArray]:
        """Branch of each x of the support, and x less the x of the branch's anchor."""
        below = np.searchsorted(self.starts, x, side="right") - 1
        branch = 2 * np.searchsorted(self.critical.segments, below)
        offset = self.curve.anchors.distance(self.branches.at[branch], x)
        middle = self.nodes.x[self.bounds[branch + 1] - 1]
        branch = branch + (offset > middle)
        return branch, self.curve.anchors.distance(self.branches.at[branch], x)

    def solve(self, branch: Index, x: FloatArray) -> ComplexArray:
        """The h of κ for x on a branch (x less the anchor's): Newton from the table, else the two proved brackets."""
        branches, t = self.branches, self.branches.distance(branch, x)
        left = np.searchsorted(self.keys, self._key(branch, t), side="right") - 1
        left = np.clip(left, self.bounds[branch], self.bounds[branch + 1] - 2)
        h = branches.first[branch]
        on = np.flatnonzero(t > 0)
        start = self.nodes.between(left[on], left[on] + 1, np.minimum(t, self.longest[branch])[on])
        h[on], lost = self.curve.root(branches.at[branch[on]], x[on], start)
        if lost.size:
            at = on[lost]
            h[at] = self._bracketed(branch[at], x[at], left[at])
        return h

    def mass_above(self, branch: Index, h: ComplexArray) -> FloatArray:
        """Share of the eigenvalues above x(κ): between the masses beyond the two edges of the bulk, which are exact."""
        edges = self.critical.edges
        bulk = np.searchsorted(edges, self.critical.segments[branch // 2], side="right") // 2
        lower, upper = (self.critical.upper_mass[edges[2 * bulk + end]] for end in (0, 1))
        mass = np.clip(self.curve.upper_mass(self.branches.at[branch], h), upper, lower)
        return np.where(h.imag < 0, mass, self.critical.upper_mass[self.branches.at[branch]])

    @cached_property
    def masses(self) -> FloatArray:
        """The share above each node; descends."""
        return np.minimum.accumulate(self.mass_above(self.nodes.branch, self.nodes.h))

    def _key(self, branch: Index, t: FloatArray) -> FloatArray:
        share = np.minimum(t / self.longest[branch], 1)
        return np.asarray(branch + np.where(self.branches.sign[branch] > 0, share, 1 - share))

    def _bracketed(self, branch: Index, x: FloatArray, left: Index) -> ComplexArray:
        """Root over the real part, between two nodes: x on the curve decreases with it, and each has one height."""
        at = self.branches.at[branch]

        def excess(alpha: FloatArray, number: FloatArray, goal: FloatArray) -> FloatArray:
            here = at[number.astype(np.intp)]
            h = alpha - 1j * self.curve.height(here, alpha)
            return self.curve.position(here, h)[0].real - goal

        ends = self.nodes.h.real[left], self.nodes.h.real[left + 1]
        alpha = root_in("point of the curve", excess, ends, np.arange(at.size, dtype=np.float64), x)
        return alpha - 1j * self.curve.height(at, alpha)
