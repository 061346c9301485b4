r"""Taylor coefficients :math:`a_j = h^{(j)}(0)/j!` of a kernel, as signs and logarithms: a_200 of e^t is 1e-375."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from riskcalc.arguments import FloatArray

FIT_DEGREE = 9
FIT_FROM = 20  # the fit looks at the coefficients beyond j = J/20


@dataclass(frozen=True)
class PowerSeries:
    r"""The series :math:`h(t) = \sum_j a_j t^j` on [-1, 1].

    ``logs(n)`` are log|a_0|, ..., log|a_{n-1}| (-inf for zero), ``signs(n)`` their signs or None if none is negative.
    ``degree`` is the last nonzero coefficient. Where the coefficients decay like a power, j^-β times a series in 1/j
    for even and for odd j, ``decay`` is β, and from j = ``settled`` on that series needs few terms; where they decay
    faster, ``decay`` is None. ``error(n)`` are the logs of the coefficients' absolute errors where those are more than
    rounding, ``log_rest`` that of the sum of those beyond ``degree``, if the series had to be cut there.
    """

    logs: Callable[[int], FloatArray]
    signs: Callable[[int], FloatArray] | None = None
    degree: float = math.inf
    decay: float | None = None
    error: Callable[[int], FloatArray] | None = None
    log_rest: float = -math.inf
    settled: float = 1.0

    def scaled(self, log_factor: float) -> PowerSeries:
        """The series of a multiple."""
        error = None if self.error is None else _shifted(self.error, log_factor)
        return replace(self, logs=_shifted(self.logs, log_factor), error=error, log_rest=self.log_rest + log_factor)

    def __add__(self, other: PowerSeries) -> PowerSeries:
        degree = max(self.degree, other.degree)
        if self.signs is None and other.signs is None:
            decays = [part.decay for part in (self, other) if part.decay is not None]
            return PowerSeries(
                lambda n: np.logaddexp(self.logs(n), other.logs(n)), degree=degree, decay=min(decays, default=None)
            )
        return PowerSeries(
            lambda n: logarithm(np.abs(self.values(n) + other.values(n))),
            lambda n: np.sign(self.values(n) + other.values(n)),
            degree,
        )

    def times_t(self) -> PowerSeries:
        """The series of t h(t), for its coefficients only."""
        return PowerSeries(
            lambda n: np.concatenate([[-np.inf], self.logs(n)])[:n], degree=self.degree + 1, decay=self.decay
        )

    def values(self, n_terms: int) -> FloatArray:
        """The coefficients themselves; 0 where they underflow."""
        with np.errstate(under="ignore"):
            return np.exp(self.logs(n_terms)) * (1.0 if self.signs is None else self.signs(n_terms))


def _shifted(logs: Callable[[int], FloatArray], log_factor: float) -> Callable[[int], FloatArray]:
    return lambda n: logs(n) + log_factor


@dataclass(frozen=True)
class AlgebraicTail:
    """The coefficients of one parity beyond those that were computed, j^-β Σ c_p T_p(2J/j - 1) for real j >= J."""

    decay: float
    first: float
    coefficients: FloatArray

    def __call__(self, j: FloatArray) -> FloatArray:
        """a_j, shape of ``j``."""
        return j**-self.decay * self._series(j)

    def _series(self, j: FloatArray) -> FloatArray:
        return np.asarray(np.polynomial.chebyshev.chebval(2 * self.first / j - 1, self.coefficients), dtype=np.float64)


def algebraic_tail(coefficients: FloatArray, decay: float, parity: int) -> AlgebraicTail:
    """The law of the coefficients of one parity, read off the last nineteen twentieths of those given.

    Extrapolation from z = J/(20 j) in [1/20, 1] to 0 multiplies rounding by cosh(9 arccosh(21/19)) = 26.
    """
    first = coefficients.size // FIT_FROM
    j = np.arange(first + (first + parity) % 2, coefficients.size, 2.0)
    law = np.polynomial.chebyshev.chebvander(2 * first / j - 1, FIT_DEGREE)
    values = coefficients[j.astype(int)] * j**decay
    return AlgebraicTail(decay, float(first), np.linalg.lstsq(law, values, rcond=None)[0])


def from_floats(coefficients: Callable[[int], FloatArray], **properties: float | None) -> PowerSeries:
    """The series whose non-negative coefficients floats can hold."""
    return PowerSeries(lambda n: logarithm(coefficients(n)), **properties)  # type: ignore[arg-type]


def logarithm(values: FloatArray) -> FloatArray:
    """log, -inf at 0."""
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(values))


def polynomial(coefficients: FloatArray) -> PowerSeries:
    """The series of a polynomial; coefficients of either sign."""
    top = int(np.flatnonzero(coefficients).max(initial=0))

    def padded(n: int) -> FloatArray:
        return np.pad(coefficients[:n], (0, max(0, n - coefficients.size)))

    signs = (lambda n: np.sign(padded(n))) if (coefficients < 0).any() else None
    return PowerSeries(lambda n: logarithm(np.abs(padded(n))), signs, degree=top)
