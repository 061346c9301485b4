"""Exact twins of the harmonics, by counting and by orthogonality. Nothing here is imported by riskcalc or uses it."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction

import mpmath
from mpmath import mpf


def sphere_dimension(d: int, k: int) -> int:
    """Homogeneous polynomials of degree k less those of degree k - 2, counted by the series (1 - z²)/(1 - z)^d."""
    series = [1] + [0] * k
    for _ in range(d):
        series = list(itertools.accumulate(series))
    return series[k] - (series[k - 2] if k >= 2 else 0)


def monomial_orbits(d: int, k: int) -> int:
    """Orbits of the monomials of degree k in d variables under cyclic shifts: the invariant polynomials of degree k."""
    if k < 0:
        return 0
    exponents = (e for e in itertools.product(range(k + 1), repeat=d) if sum(e) == k)
    return len({min(e[i:] + e[:i] for i in range(d)) for e in exponents})


def subset_orbits(d: int, k: int) -> int:
    """Orbits of the k-subsets of d places on a circle."""
    subsets = itertools.combinations(range(d), k)
    return len({min(tuple(sorted((i + s) % d for i in one)) for s in range(d)) for one in subsets})


def zonal(d: int, k: int, t: mpf) -> mpf:
    """The Jacobi polynomial orthogonal for (1 - t²)^((d-3)/2), 1 at 1."""
    a = mpf(d - 3) / 2
    return mpmath.jacobi(k, a, a, t, zeroprec=1000) / mpmath.jacobi(k, a, a, 1)


def mean_of_products(d: int, k: int, flips: int) -> Fraction:
    """Mean of Π_{i in S} x_i over the k-subsets S, with ``flips`` of the d coordinates -1."""
    total = sum((-1) ** i * math.comb(flips, i) * math.comb(d - flips, k - i) for i in range(k + 1))
    return Fraction(total, math.comb(d, k))
