"""Integrals of the Marchenko-Pastur density at unit scale: the mass next to an edge, and the moments."""

from __future__ import annotations

from math import comb

import numpy as np
from scipy.special import hyp2f1

from riskcalc.arguments import FloatArray

NODES, WEIGHTS = np.polynomial.legendre.leggauss(20)


def edge_mass(t: FloatArray, near: FloatArray, far: FloatArray) -> FloatArray:
    r"""Mass between an edge and x, t² being x's distance from that edge over its distance from the other one.

    .. math:: \frac{16}\pi\int_0^t\frac{\tau^2d\tau}{(1+\tau^2)^2(n^2+f^2\tau^2)}
              = \frac{4t}{\pi(f-n)^2}\Big[f^2h\big(\tfrac{ft}n\big) - \tfrac{f^2+n^2}2h(t)
              - \tfrac{f^2-n^2}2\tfrac{t^2}{1+t^2}\Big], \quad h(y) = 1-\tfrac{\arctan y}y

    for the roots n and f of the near and the far edge. At ratios below 1/16 the right side cancels and the integrand is
    so smooth that 20 nodes give it to rounding. The integral is at most the smaller of t³/3n² and t/f², and for t <= 1
    at least a 24th of the smaller of t³/n² and t/f²: the bracket of the quantile.
    """
    a, b, distance = near**2, far**2, far - near
    ratio = np.where(near > 0, t * far / np.maximum(near, 1e-300), np.inf)
    bracket = b * arctan_defect(ratio) - (a + b) / 2 * arctan_defect(t) - (b - a) / 2 * t**2 / (1 + t**2)
    closed = 4 * t / (np.pi * np.maximum(distance**2, 1 / 4)) * bracket
    squares = ((t * (1 + node) / 2) ** 2 for node in NODES)
    terms = (w * s / ((1 + s) ** 2 * (np.maximum(a, 1 / 2) + b * s)) for w, s in zip(WEIGHTS, squares, strict=True))
    return np.where(abs(distance) < 1 / 2, 8 / np.pi * t * sum(terms), closed)


def arctan_defect(y: FloatArray) -> FloatArray:
    """1 − arctan(y)/y, for 0 <= y <= inf."""
    small, large = np.minimum(y, 1), np.maximum(y, 1)
    return np.where(y < 1, small**2 / 3 * hyp2f1(1, 1.5, 2.5, -(small**2)), 1 - np.arctan(large) / large)


def narayana(k: int, ratio: FloatArray) -> FloatArray:
    """Narayana's polynomial of order k, the k-th moment at variance 1; 1 for k = 0."""
    coefficients = [float(comb(k, j) * comb(k, j + 1) // k) for j in range(k)] or [1.0]
    return np.asarray(np.polynomial.polynomial.polyval(ratio, np.array(coefficients)))
