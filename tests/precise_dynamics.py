"""Twins of the dynamics, written from the definitions: mpmath integrals, and quadrature of the update itself."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Sequence

import mpmath
import numpy as np
import numpy.typing as npt
from mpmath import mpf
from mpmath.calculus.quadrature import GaussLegendre

FloatArray = npt.NDArray[np.float64]
Real = Callable[[mpf], mpf]


def density(x: mpf) -> mpf:
    return mpmath.exp(-x * x / 2) / mpmath.sqrt(2 * mpmath.pi)


def panels(ends: Sequence[mpf]) -> list[tuple[mpf, mpf]]:
    """Nodes and weights of a 24-point rule on each panel."""
    nodes = GaussLegendre(mpmath.mp).calc_nodes(4, mpmath.mp.prec)
    rule = []
    for low, high in itertools.pairwise(ends):
        half, middle = (high - low) / 2, (high + low) / 2
        rule += [(middle + half * x, half * w) for x, w in nodes]
    return rule


def neuron_integrals(
    phi: Real, slope: Real, g: Real, m: float, noise: float, cuts: Sequence[float]
) -> tuple[mpf, mpf, mpf]:
    """E ½(g(v) - φ(u))², E g(v)φ'(u)(v - mu) and E ((g(v) - φ(u))² + τ²)φ'(u)², corr(u, v) = m; φ bends at the cuts."""
    s = mpmath.sqrt((1 - mpf(m)) * (1 + mpf(m)))
    step = [mpf(x) for x in range(-9, 10, 2)]
    inner = [(z, w * density(z)) for z, w in panels(step)]
    loss = drift = power = mpf(0)
    for u, w_u in panels(sorted({*step, *map(mpf, cuts)})):
        value, turn, weight = phi(u), slope(u), w_u * density(u)
        for z, w_z in inner:
            if u * u + z * z < 81:
                goal = g(m * u + s * z)
                w, error = weight * w_z, (goal - value) ** 2
                loss += w * error / 2
                drift += w * goal * turn * s * z
                power += w * (error + noise) * turn * turn
    return loss, drift, power


def hermite_products(phi: Real, g: Real, degrees: Iterable[int]) -> list[mpf]:
    """Products c_k/k! = μ_k g_k/k!, by integration against He_k."""
    ends = [mpf(x) for x in range(-14, 15, 2)]

    def mu(f: Real, k: int) -> mpf:
        def integrand(x: mpf) -> mpf:
            he = mpmath.hermite(k, x / mpmath.sqrt(2)) / mpmath.mpf(2) ** (mpf(k) / 2)
            return density(x) * f(x) * he

        return mpmath.quad(integrand, ends)

    return [mu(phi, k) * mu(g, k) / mpmath.factorial(k) for k in degrees]


def hitting_time(products: Sequence[float], start: float, end: float) -> mpf:
    """The integral, cut at powers of two of its lower end."""

    def speed(m: mpf) -> mpf:
        return (1 - m * m) * sum(k * mpf(p) * m ** (k - 1) for k, p in enumerate(products) if k)

    ends = [mpf(start)]
    while 0 < abs(ends[-1]) < abs(mpf(end)) / 2:
        ends.append(2 * ends[-1])
    return mpmath.quad(lambda m: 1 / speed(m), [*ends, mpf(end)])


def leap(degrees: Sequence[dict[int, int]]) -> int:
    """The definition: the best of all orderings of the monomials."""
    best = math.inf
    for order in itertools.permutations(degrees):
        known: set[int] = set()
        worst = 0
        for monomial in order:
            worst = max(worst, sum(n for k, n in monomial.items() if k not in known))
            known |= {k for k, n in monomial.items() if n}
        best = min(best, worst)
    return int(best) if degrees else 0


def gaussian_grid(dimension: int, step: float, reach: float = 8.0) -> tuple[FloatArray, FloatArray]:
    """Trapezoidal rule for N(0, 1) in a few dimensions: points (n, dimension) and weights."""
    x = step * np.arange(-math.ceil(reach / step), math.ceil(reach / step) + 1.0)
    w = step * np.exp(-(x**2) / 2) / math.sqrt(2 * math.pi)
    points = np.stack(np.meshgrid(*[x] * dimension, indexing="ij"), axis=-1).reshape(-1, dimension)
    weights = np.ones(1)
    for _ in range(dimension):
        weights = np.multiply.outer(weights, w)
    return points, weights.ravel()


def plane_grid(directions: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Rule for N(0, 1) in the plane, exact across lines through 0 that are normal to the directions."""
    angles = np.arctan2(directions[:, 1], directions[:, 0])
    kinks = np.concatenate([angles + np.pi / 2, angles - np.pi / 2, [0.0, np.pi / 2, np.pi, -np.pi / 2]]) % (2 * np.pi)
    ends = np.unique(np.append(kinks, [0.0, 2 * np.pi]))
    nodes, weights = np.polynomial.legendre.leggauss(40)
    half = np.diff(ends)[:, None] / 2
    theta, w_theta = ((ends[1:] + ends[:-1])[:, None] / 2 + half * nodes).ravel(), (half * weights).ravel()
    x, w = np.polynomial.legendre.leggauss(200)
    rho, w_rho = 6 * (1 + x), 6 * w
    points = rho[:, None, None] * np.stack([np.cos(theta), np.sin(theta)], axis=-1)
    mass = (w_rho * rho * np.exp(-(rho**2) / 2))[:, None] * w_theta / (2 * np.pi)
    return points.reshape(-1, 2), mass.ravel()
