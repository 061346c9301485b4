"""Coefficients of a function in orthonormal polynomials by quadrature that knows its own error."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from riskcalc.arguments import FloatArray
from riskcalc.harmonics.nodes import angle_nodes, recursion_coefficients
from riskcalc.quadrature import Nodes, composite_legendre, panel_ends

Function = Callable[[FloatArray], FloatArray]
EPS = float(np.finfo(float).eps)
STEP = 0.04  # of the trapezoidal rule: right to exp(-2π b/0.04), b the distance of the nearest pole
HALVINGS = 40  # panels that halve towards a kink: a square root there is integrated to 2**-60
REFINEMENTS = (1, 2, 4, 8, 16)
AGREEMENT = 1e-13  # of two refinements, in units of the norm
RESOLUTION = 1e-6  # relative accuracy below which a coefficient is refused
LOOKAHEAD = 4  # degrees beyond the last: both parities, and an accidental zero


class Law(Protocol):
    """The law of a neuron's input x: a rule for its expectations and the recursion of its polynomials."""

    def nodes(self, max_degree: int, kinks: Sequence[float], refinement: int) -> Nodes:
        """Points x and weights."""

    def recursion(self, size: int) -> FloatArray:
        """β_1 ... β_size of x p_k = β_(k+1) p_(k+1) + β_k p_(k-1)."""


@dataclass(frozen=True)
class Gaussian:
    """x ~ N(0, 1); orthonormal polynomials He_k/√k!."""

    def nodes(self, max_degree: int, kinks: Sequence[float], refinement: int) -> Nodes:
        """Trapezoidal rule, or panels that end on the kinks; nothing is left beyond 2√k + 12."""
        reach = 2 * math.sqrt(max_degree) + 12
        if kinks:
            rule = composite_legendre(panel_ends(-reach, reach, 1 / refinement, kinks, HALVINGS))
            x, w = rule.points, rule.weights
        else:
            step, last = STEP / refinement, math.ceil(reach * refinement / STEP)
            x = step * np.arange(-last, last + 1.0)
            w = np.full_like(x, step)
        return Nodes(x, np.asarray(w * np.exp(-(x**2) / 2) / math.sqrt(2 * math.pi)))

    def recursion(self, size: int) -> FloatArray:
        """β_k = √k."""
        return np.asarray(np.sqrt(np.arange(1.0, size + 1)))


@dataclass(frozen=True)
class Sphere:
    """x = √d t, a coordinate of a uniform point on the sphere of radius √d; orthonormal polynomials √B P_k(t)."""

    n_inputs: int

    def nodes(self, max_degree: int, kinks: Sequence[float], refinement: int) -> Nodes:
        """Panels in the angle that end on the kinks."""
        scale = math.sqrt(self.n_inputs)
        inside = [kink / scale for kink in kinks if abs(kink) < scale]
        rule = angle_nodes(self.n_inputs, max_degree, inside, refinement=refinement, halvings=HALVINGS if kinks else 0)
        return Nodes(scale * rule.points, rule.weights)

    def recursion(self, size: int) -> FloatArray:
        """β_k = √d α_k."""
        return np.asarray(math.sqrt(self.n_inputs)) * recursion_coefficients(self.n_inputs, size)


def projections(function: Function, law: Law, max_degree: int, kinks: Sequence[float], refinement: int) -> FloatArray:
    """E φ(x) p_k(x) for k = 0 ... max_degree, and last the norm √(E φ²)."""
    rule = law.nodes(max_degree, kinks, refinement)
    beta = np.concatenate([[0.0], law.recursion(max_degree + 1)])
    root = np.sqrt(rule.weights)
    values = function(rule.points) * root
    result = np.empty(max_degree + 2)
    before, now, product = np.zeros_like(root), root.copy(), np.empty_like(root)
    for k in range(max_degree + 1):  # now <- (x now - β_k before)/β_(k+1), in place
        result[k] = values @ now
        np.multiply(rule.points, now, out=product)
        before *= -beta[k]
        before += product
        before /= beta[k + 1]
        before, now = now, before
    result[-1] = math.sqrt(values @ values)
    return result


def converged(
    function: Function, law: Law, max_degree: int, kinks: Sequence[float], name: str
) -> tuple[FloatArray, float]:
    """Projections and norm on which two refinements agree, and the error of each coefficient."""
    old = projections(function, law, max_degree, kinks, REFINEMENTS[0])
    gap = math.inf
    for refinement in REFINEMENTS[1:]:
        new = projections(function, law, max_degree, kinks, refinement)
        gap = float(np.abs(new - old).max())
        if gap <= AGREEMENT * new[-1]:
            return new, gap + 2 * EPS * float(new[-1])
        old = new
    raise ValueError(
        f"{name} could not be integrated: finer rules still differ by {gap:.1e}; "
        "name the points where it or a derivative jumps as kinks"
    )


def coefficients(function: Function, law: Law, max_degree: int, kinks: Sequence[float], name: str) -> FloatArray:
    """E φ(x) p_k(x) for k = 0 ... max_degree; 0 where it cannot be told from 0 between degrees that can.

    ValueError where the last degree is not known to a relative 1e-6: quadrature has an absolute error.
    """
    found, error = converged(function, law, max_degree + LOOKAHEAD, kinks, name)
    c = found[:-1]
    known = np.flatnonzero(np.abs(c) * RESOLUTION > error)
    safe = int(known[-1]) if known.size else 0
    if safe < max_degree and found[-1] > 0:
        raise ValueError(
            f"max_degree must be <= {safe} for {name}, got {max_degree}; coefficients beyond it are "
            f"below {error / RESOLUTION:.0e}, not known to a relative {RESOLUTION:g}, and belong in the tail"
        )
    return np.where(np.abs(c) > error, c, 0.0)[: max_degree + 1]


def second_moment(function: Function, law: Law, kinks: Sequence[float], name: str) -> float:
    """E φ(x)²."""
    return float(converged(function, law, 0, kinks, name)[0][-1] ** 2)
