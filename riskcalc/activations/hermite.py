"""Hermite polynomials as activations: exact rational arithmetic on the sphere."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from riskcalc.activations.activation import Activation, Parity
from riskcalc.arguments import FloatArray, whole
from riskcalc.harmonics import sphere_multiplicity

LARGEST = 150  # E He_k² = k! is a float up to 170, and φ² at the nodes beyond


@dataclass(frozen=True, eq=False, repr=False)
class Hermite(Activation):
    r"""Hermite polynomial of the probabilists.

    .. math:: He_{k+1}(x) = x\,He_k(x) - k\,He_{k-1}(x), \qquad E\,He_k(G)^2 = k!

    Parameters
    ----------
    degree : int, 0 <= degree <= 150
        k.

    Raises
    ------
    ValueError
        If ``degree`` is outside its domain.

    Notes
    -----
    Not normalised: its only Hermite coefficient is :math:`c_k = \sqrt{k!}`. On the sphere in exact fractions.

    References
    ----------
    .. [1] derived

    Examples
    --------
    >>> import riskcalc as rc
    >>> print(rc.activations.Hermite(2).hermite_coefficients(3).round(6))
    [0.       0.       1.414214 0.      ]
    """

    degree: int

    def _checked(self) -> dict[str, object]:
        degree = whole("degree", self.degree)
        if degree > LARGEST:
            raise ValueError(f"degree must be <= {LARGEST}, got {degree}; beyond, k! is no float")
        return {"degree": degree}

    @property
    def parity(self) -> Parity:
        """That of the degree."""
        return "odd" if self.degree % 2 else "even"

    def _value(self, x: FloatArray) -> FloatArray:
        return hermite_polynomial(self.degree, x)

    def _slope(self, x: FloatArray) -> FloatArray:
        return self.degree * hermite_polynomial(max(self.degree - 1, 0), x)

    def _hermite(self, max_degree: int) -> FloatArray:
        c = np.zeros(max_degree + 1)
        c[self.degree : self.degree + 1] = math.sqrt(math.factorial(self.degree))
        return c

    def _sphere(self, n_inputs: int, max_degree: int) -> FloatArray:
        c = np.zeros(max_degree + 1)
        for k in range(self.degree % 2, min(self.degree, max_degree) + 1, 2):
            share = rational_coefficient(self.degree, n_inputs, k)
            mass = share**2 * n_inputs**k * sphere_multiplicity(n_inputs, k)
            c[k] = math.copysign(math.sqrt(mass), share)
        return c

    def _moment(self, n_inputs: int | None) -> float:
        if n_inputs is None:
            return float(math.factorial(self.degree))
        return float((self._sphere(n_inputs, self.degree) ** 2).sum())


def hermite_polynomial(degree: int, x: FloatArray) -> FloatArray:
    """He_(k+1) = x He_k - k He_(k-1)."""
    before, now = np.zeros_like(x), np.ones_like(x)
    for k in range(degree):
        before, now = now, x * now - k * before
    return now


def rational_coefficient(degree: int, n_inputs: int, k: int) -> Fraction:
    r"""d^(-k/2) E He_m(√d t) P_k(t), from :math:`E\,t^m P_k = m!/(2^j j! \prod_{i<k+j}(d+2i))`, m = k + 2j."""
    d, total = n_inputs, Fraction(0)
    for power in range(k, degree + 1, 2):
        j, dropped = (power - k) // 2, (degree - power) // 2
        monomial = Fraction((-1) ** dropped * math.factorial(degree), 2**dropped * math.factorial(dropped))
        total += monomial * Fraction(d**j, 2**j * math.factorial(j) * math.prod(d + 2 * i for i in range(k + j)))
    return total
