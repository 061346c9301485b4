"""The equation of the law off its support: real roots in the gaps, and roots for complex arguments."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from riskcalc.arguments import FloatArray
from riskcalc.errors import NotConvergedError
from riskcalc.spectrum import BLOCK
from riskcalc.theory.bracketed_root import root_in
from riskcalc.theory.spectral_atoms import Anchors, Atoms, Index
from riskcalc.theory.spectral_curve import ComplexArray, Curve
from riskcalc.theory.spectral_edges import CriticalPoints

FIXED_POINT_STEPS = 8  # z -> κ S(κ) − z maps the lower half plane into itself: a start for Newton's iteration


@dataclass(frozen=True, eq=False)
class Roots:
    """Roots κ = κ₀ + h of x(κ) = z, each with its anchor κ₀ (``at``) and h, which keeps its digits."""

    curve: Curve
    at: Index
    h: ComplexArray

    @property
    def kappa(self) -> ComplexArray:
        """κ."""
        return self.curve.anchors.kappa[self.at] + self.h


def real_roots(curve: Curve, critical: CriticalPoints, x: FloatArray) -> Roots:
    """κ for real x outside the support: x decreases with κ between the edges on either side of it."""
    edges, anchors = critical.edges, curve.anchors
    below = np.searchsorted(critical.thresholds[edges], x, side="right")
    kappa = anchors.kappa[edges]
    reach = 2 * (np.maximum(-x, 0) + (curve.atoms.share * curve.atoms.sigma).sum())
    above = np.where(below == 0, reach, kappa[np.maximum(below - 1, 0)])
    under = np.where(below == edges.size, -2 * abs(x) - abs(kappa[-1]), kappa[np.minimum(below, edges.size - 1)])
    sides = [edges[np.maximum(below - 1, 0)], edges[np.minimum(below, edges.size - 1)]]
    if anchors.kappa.size > critical.is_edge.size:
        sides.append(np.where(below == 0, anchors.kappa.size - 1, sides[0]))
    at = _nearest(anchors, np.stack(sides), x)
    offset, start = anchors.distance(at, x), anchors.kappa[at]

    def excess(h: FloatArray, number: FloatArray) -> FloatArray:
        rows = number.astype(np.intp)
        position: FloatArray = curve.position(at[rows], h.astype(np.complex128))[0].real
        return offset[rows] - position

    number = np.arange(x.size, dtype=np.float64)
    h = root_in("κ in a gap of the support", excess, (under - start, above - start), number)
    return Roots(curve, at, h.astype(np.complex128))


def complex_roots(curve: Curve, z: ComplexArray) -> Roots:
    """κ in the lower half plane for z in the upper one: Newton's iteration, else the two proved brackets."""
    order = np.argsort(curve.anchors.high)
    place = np.searchsorted(curve.anchors.high[order], z.real)
    sides = order[np.stack([np.maximum(place - 1, 0), np.minimum(place, order.size - 1)])]
    at = _nearest(curve.anchors, sides, z.real)
    goal = curve.anchors.distance(at, z.real) + 1j * z.imag
    h = -z - curve.anchors.kappa[at]
    for _ in range(FIXED_POINT_STEPS):
        h += curve.position(at, h)[0] - goal
    h, todo = curve.root(at, goal, h)
    for lost in np.array_split(todo, todo.size * curve.atoms.sigma.size // BLOCK + 1):
        if lost.size:
            start = _bracketed(curve.atoms, z[lost]) - curve.anchors.kappa[at[lost]]
            h[lost], still = curve.root(at[lost], goal[lost], start)
            if still.size:
                raise NotConvergedError("κ off the real axis", best=h[lost[still]], residual=float(still.size))
    return Roots(curve, at, h)


def _nearest(anchors: Anchors, sides: Index, x: FloatArray) -> Index:
    """Of each column of candidates the one nearest to x."""
    nearest = np.argmin(abs(anchors.high[sides] - x), axis=0)
    return np.asarray(np.take_along_axis(sides, nearest[None], axis=0)[0])


def _bracketed(atoms: Atoms, z: ComplexArray) -> ComplexArray:
    r"""κ = a − ib with Im x = Im z, which fixes b for each a, and Re x = Re z, which decreases with a on that curve.

    Both are monotone: with :math:`P = \sum_i c\sigma^2/|\sigma+\kappa|^2` Im x = b(1 − P) increases with b where it is
    positive, and |D(κ)| ≤ P < 1 there. As :math:`|\kappa S| \le \sum c\sigma + (\sum c\sigma^2)^{1/2}` (by Cauchy and
    Schwarz), a is within that of −Re z (derived).
    """
    square, reach = atoms.weight.sum(), (atoms.share * atoms.sigma).sum()

    def inverse(a: FloatArray, b: FloatArray) -> FloatArray:
        return np.asarray(1 / ((atoms.sigma + a[:, None]) ** 2 + b[:, None] ** 2))

    def height(a: FloatArray, y: FloatArray) -> FloatArray:
        ends = y, (y + np.hypot(y, 2 * np.sqrt(square))) / 2
        return root_in(
            "height",
            lambda b, a, y: b - b * (inverse(a, b) @ atoms.weight) - y,
            (0.999 * ends[0], 1.001 * ends[1]),
            a,
            y,
        )

    def excess(a: FloatArray, x: FloatArray, y: FloatArray) -> FloatArray:
        b = height(a, y)
        q = inverse(a, b)
        return np.asarray(
            a * (q @ (atoms.share * atoms.sigma**2)) + (a**2 + b**2) * (q @ (atoms.share * atoms.sigma)) - a - x
        )

    reach = 1.001 * (reach + np.sqrt(square))
    a = root_in("κ off the real axis", excess, (-z.real - reach, -z.real + reach), z.real, z.imag)
    return a - 1j * height(a, z.imag)
