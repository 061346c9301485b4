"""mpmath twins of the general Marchenko-Pastur law, from its equation: roots of polynomials, and continuation.

Floats are taken as the exact numbers they are. The equation is x = κ (Σ cσ/(σ+κ) − 1) with c = γ m / Σm (zeros count
in Σm); the law of the p × p sample covariance has the density Im(1/κ)/(πγ) at the root with Im κ < 0. Nothing here is
imported by riskcalc, and nothing of riskcalc is used here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import mpmath
from mpmath import mpc, mpf

GUARD = 15  # digits beyond those asked for: square roots at the edges take half of what is left


@dataclass(frozen=True)
class Population:
    """Eigenvalues, multiplicities and aspect ratio."""

    eigenvalues: Sequence[Any]
    multiplicities: Sequence[Any]
    aspect_ratio: Any

    def atoms(self) -> list[tuple[mpf, mpf]]:
        """Positive eigenvalues and their multiplicities per sample."""
        total = mpmath.fsum(mpf(m) for m in self.multiplicities)
        pairs = zip(self.eigenvalues, self.multiplicities, strict=True)
        return [(mpf(s), mpf(m) * mpf(self.aspect_ratio) / total) for s, m in pairs if s > 0 and m > 0]

    def position(self, kappa: mpc) -> mpc:
        """x(κ)."""
        return kappa * (mpmath.fsum(c * s / (s + kappa) for s, c in self.atoms()) - 1)

    def level(self, kappa: mpc) -> mpc:
        """df2(κ)/n, with x' = level - 1."""
        return mpmath.fsum(c * s**2 / (s + kappa) ** 2 for s, c in self.atoms())

    def rank(self) -> mpf:
        """Rank over n."""
        return mpmath.fsum(c for _, c in self.atoms())

    def atom(self) -> mpf:
        """Mass at zero: 1 - min(n, rank)/p."""
        return 1 - min(mpf(1), self.rank()) / mpf(self.aspect_ratio)


def _product(factors: Sequence[Sequence[mpf]]) -> list[mpf]:
    """Coefficients, highest first, of a product of polynomials."""
    out = [mpf(1)]
    for factor in factors:
        longer = [mpf(0)] * (len(out) + len(factor) - 1)
        for i, a in enumerate(out):
            for j, b in enumerate(factor):
                longer[i + j] += a * b
        out = longer
    return out


def _sum(polynomials: Sequence[Sequence[mpf]]) -> list[mpf]:
    size = max(map(len, polynomials))
    padded = [[mpf(0)] * (size - len(p)) + list(p) for p in polynomials]
    return [mpmath.fsum(column) for column in zip(*padded, strict=True)]


def _equation(population: Population, z: mpc) -> list[mpc]:
    """Numerator of κ (Σ cσ/(σ+κ) − 1) − z as a polynomial in κ."""
    atoms = population.atoms()
    every = [[mpf(1), s] for s, _ in atoms]
    terms = [_product([[-1, -z], *every])]
    for i, (s, c) in enumerate(atoms):
        terms.append(_product([[c * s, 0], *every[:i], *every[i + 1 :]]))
    return _sum(terms)


def kappa(population: Population, z: Any, digits: int = 20) -> mpc:
    """The root in the lower half plane for z in the upper one or on the support, among all roots of the polynomial."""
    with mpmath.workdps(digits + GUARD):
        polynomial = _equation(population, mpmath.mpmathify(z))
        try:
            roots = mpmath.polyroots(polynomial, maxsteps=200, extraprec=200)
        except mpmath.libmp.NoConvergence:  # three roots that nearly meet
            roots = mpmath.polyroots(polynomial, maxsteps=1000, extraprec=1000)
        root = min(roots, key=lambda k: mpmath.im(k))
        if mpmath.im(root) >= 0:
            raise ValueError(f"{z} is outside the support")
        return root


def edges(population: Population, digits: int = 20) -> list[mpf]:
    """The x at the real κ with df2(κ) = n, ascending, from the polynomial of degree 2k."""
    with mpmath.workdps(digits + GUARD):
        atoms = population.atoms()
        squares = [_product([[1, s], [1, s]]) for s, _ in atoms]
        terms = [[-a for a in _product(squares)]]
        for i, (s, c) in enumerate(atoms):
            terms.append(_product([[c * s**2], *squares[:i], *squares[i + 1 :]]))
        roots = mpmath.polyroots(_sum(terms), maxsteps=2000, extraprec=800)
        real = [mpmath.re(k) for k in roots if abs(mpmath.im(k)) < abs(k) * mpf(10) ** (-digits)]
        return sorted(population.position(k) for k in real)


def kappa_by_continuation(population: Population, z: Any, digits: int = 20) -> mpc:
    """The same root for many atoms: the fixed point iteration far above the axis, then Newton's on the way down.

    The fixed point κ -> κ S(κ) − z maps the lower half plane into itself; the last root is certified by its residual
    and its half plane, in which there is no other.
    """
    with mpmath.workdps(digits + GUARD):
        goal = mpmath.mpmathify(z)
        reach = mpmath.fsum(c * s for s, c in population.atoms()) + max(s for s, _ in population.atoms())
        height = 4 * reach
        point = mpc(mpmath.re(goal), mpmath.im(goal) + height)
        k = -point
        for _ in range(60):
            k = k + population.position(k) - point
        while height > reach * mpf(10) ** -6:
            height *= mpf("0.6")
            point = mpc(mpmath.re(goal), mpmath.im(goal) + height)
            k = _newton(population, point, k, 4)
        k = _newton(population, goal, k, 60)
        if mpmath.im(k) >= 0 or abs(population.position(k) - goal) > abs(goal) * mpf(10) ** (-digits - 3):
            raise ValueError("continuation lost the root")
        return k


def _newton(population: Population, z: mpc, k: mpc, steps: int) -> mpc:
    for _ in range(steps):
        step = (population.position(k) - z) / (population.level(k) - 1)
        k -= step
        if abs(step) < abs(k) * mpmath.eps * 1000:
            break
    return k


def density(population: Population, x: Any, digits: int = 20, root: Callable[..., mpc] = kappa) -> mpf:
    """Continuous part at x in the support."""
    with mpmath.workdps(digits + GUARD):
        return mpmath.im(1 / root(population, x, digits)) / (mpmath.pi * mpf(population.aspect_ratio))


def integral(
    population: Population, function: Callable[[mpf], mpf], start: Any = None, stop: Any = None, digits: int = 15
) -> mpf:
    """Integral of ``function`` against the continuous part from ``start`` to ``stop``, bulk by bulk."""
    with mpmath.workdps(digits + 5):
        ends, total = edges(population, digits), mpf(0)
        for a, b in zip(ends[::2], ends[1::2], strict=True):
            low, high = max(a, mpf(start if start is not None else a)), min(b, mpf(stop if stop is not None else b))
            if low < high:
                cuts = [low, (low + high) / 2, high]
                total += mpmath.quad(lambda x: function(x) * density(population, x, digits), cuts)
        return total


def stieltjes(population: Population, z: Any, digits: int = 20) -> mpc:
    """E 1/(x − z) for z in the upper half plane, from the companion's transform 1/κ."""
    with mpmath.workdps(digits + GUARD):
        gamma, point = mpf(population.aspect_ratio), mpmath.mpmathify(z)
        return (1 / kappa(population, point, digits + 10) + (1 - gamma) / point) / gamma


def set_partitions(k: int) -> list[list[list[int]]]:
    """All partitions of 0, ..., k-1 into blocks."""
    if k == 0:
        return [[]]
    smaller = set_partitions(k - 1)
    grown = [[*p[:i], [*p[i], k - 1], *p[i + 1 :]] for p in smaller for i in range(len(p))]
    return grown + [[*p, [k - 1]] for p in smaller]


def crosses(first: Sequence[int], second: Sequence[int]) -> bool:
    """Whether two blocks cross: a < b < c < d with a, c in one and b, d in the other."""
    return any(
        (a < b < c < d) or (b < a < d < c) for a, c in combinations(first, 2) for b, d in combinations(second, 2)
    )


def moment(population: Population, k: int, digits: int = 20) -> mpf:
    """E x^k, k >= 1: the companion law has the free cumulants γ M_j, so that sums run over non-crossing partitions."""
    with mpmath.workdps(digits + GUARD):
        cumulants = [mpmath.fsum(c * s**j for s, c in population.atoms()) for j in range(k + 1)]
        total = mpf(0)
        for partition in set_partitions(k):
            if not any(crosses(a, b) for a, b in combinations(partition, 2)):
                total += mpmath.fprod(cumulants[len(block)] for block in partition)
        return total / mpf(population.aspect_ratio)
