"""mpmath twins of the coefficients of activations, from the integrals that define them.

Gauss-Legendre panels of length 1/2 or less in x, their ends on the multiples of 1/2 where the kinks are, at 36 digits.
Nothing here is imported by riskcalc or uses it.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable

import mpmath
from mpmath import mpf

DIGITS = 36


@functools.cache
def gauss_legendre() -> list[tuple[mpf, mpf]]:
    """Nodes and weights on [-1, 1]."""
    with mpmath.workdps(DIGITS):
        return mpmath.calculus.quadrature.GaussLegendre(mpmath.mp).calc_nodes(4, mpmath.mp.prec)


def panels(low: mpf, high: mpf, length: mpf, graded: bool) -> list[tuple[mpf, mpf]]:
    """Panels from 0 outwards to both sides; graded: halving towards 0."""
    ends = [mpf(0)]
    if graded:
        ends += [length / 2**i for i in range(60, 0, -1)]
    while ends[-1] < high:
        ends.append(min(ends[-1] + length, high))
    right = list(itertools.pairwise(ends))
    return [(-b, -a) for a, b in right if -a > low] + right


def expectations(
    function: Callable[[mpf], mpf], max_degree: int, n_inputs: int | None, graded: bool = False
) -> tuple[list[mpf], mpf]:
    """E φ(x) p_k(x) with orthonormal p_k, and E φ², x ~ N(0, 1) or x = √d t on the sphere, in the angle."""
    with mpmath.workdps(DIGITS):
        root = mpmath.sqrt(n_inputs) if n_inputs else mpf(1)
        reach = 2 * mpmath.sqrt(max_degree) + 13
        high = min(reach, root * mpmath.pi / 2) if n_inputs else reach
        length = mpf(1) / 2 if not n_inputs or n_inputs > 30 else mpf(1) / 4
        c, square, total = [mpf(0)] * (max_degree + 1), mpf(0), mpf(0)
        betas = [mpf(0)] + [beta(k, n_inputs) for k in range(1, max_degree + 2)]
        for a, b in panels(-high, high, length, graded):
            for node, weight in gauss_legendre():
                s = (a + b) / 2 + (b - a) / 2 * node
                x = root * mpmath.sin(s / root) if n_inputs else s
                w = (b - a) / 2 * weight
                w *= mpmath.cos(s / root) ** (n_inputs - 2) if n_inputs else mpmath.exp(-s * s / 2)
                value = function(x)
                total, square = total + w, square + w * value * value
                before, now, scaled = mpf(0), mpf(1), w * value
                for k in range(max_degree + 1):
                    c[k] += scaled * now
                    before, now = now, (x * now - betas[k] * before) / betas[k + 1]
        return [one / total for one in c], square / total


def beta(k: int, n_inputs: int | None) -> mpf:
    """β_k of x p_k = β_(k+1) p_(k+1) + β_k p_(k-1): the norm that makes the recursion orthonormal."""
    if n_inputs is None:
        return mpmath.sqrt(k)
    d = n_inputs
    return mpf(1) if k == 1 else mpmath.sqrt(mpf(d) * k * (k + d - 3) / ((2 * k + d - 2) * (2 * k + d - 4)))
