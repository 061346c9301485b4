"""mpmath twins of infinite spectra, written from the definitions: Euler-Maclaurin sums and geometric series.

Nothing here is imported by riskcalc or uses it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import mpmath
from mpmath import mpf


@dataclass(frozen=True)
class Logarithmic:
    """σ_i = 1/(i (1 + log i)^β), i = 1, 2, ...: summed up to index 100, Euler-Maclaurin beyond."""

    exponent: Any

    def sigma(self, x: mpf) -> mpf:
        return 1 / (x * (1 + mpmath.log(x)) ** mpf(self.exponent))

    def trace(self) -> mpf:
        return self._sum(self.sigma, mpf(1), lambda w: w ** (1 - mpf(self.exponent)) / (mpf(self.exponent) - 1), 1)

    def df1(self, kappa: mpf) -> mpf:
        beta = mpf(self.exponent)
        return self._sum(
            lambda x: 1 / (1 + kappa / self.sigma(x)), kappa, lambda w: w ** (1 - beta) / (beta - 1) / kappa, 1
        )

    def df2(self, kappa: mpf) -> mpf:
        return self._sum(lambda x: 1 / (1 + kappa / self.sigma(x)) ** 2, kappa, lambda w: mpf(0), 1)

    def tail(self, first: int, power: int) -> mpf:
        """Σ_{i>=first} σ_i^power."""
        beta = mpf(self.exponent)
        end = (lambda w: w ** (1 - beta) / (beta - 1)) if power == 1 else (lambda w: mpf(0))
        return self._sum(lambda x: self.sigma(x) ** power, self.sigma(mpf(first)), end, first)

    def _sum(self, f: Callable[[mpf], mpf], kappa: mpf, end: Callable[[mpf], mpf], first: int) -> mpf:
        """Σ_{i>=first} f(i); ``end`` is the integral of f from w = 1 + log x on, where σ is 1e-30 of κ or less."""
        last = max(100, first)
        stop = mpmath.log(last) + max(0, -mpmath.log(kappa) - mpmath.log(last)) + 75
        pieces = int(stop - mpmath.log(last)) // 5
        points = mpmath.linspace(mpmath.log(last), stop, pieces)
        with mpmath.workdps(mpmath.mp.dps + 20):  # the error that quad estimates is not always that of its result
            integral = mpmath.quad(lambda t: f(mpmath.exp(t)) * mpmath.exp(t), points) + end(1 + stop)
        with mpmath.workdps(mpmath.mp.dps + 40):
            scaled = mpmath.taylor(lambda s: f(last * s), mpf(1), 17)
            taylor = [c / mpf(last) ** j for j, c in enumerate(scaled)]
        correction = mpmath.fsum(mpmath.bernoulli(2 * j) / (2 * j) * taylor[2 * j - 1] for j in range(1, 9))
        return mpmath.fsum(f(mpf(i)) for i in range(first, last)) + f(mpf(last)) / 2 + integral - correction


@dataclass(frozen=True)
class Exponential:
    """σ_i = e^(-a i), i = 1, 2, ..., term by term; the terms that are 1 or geometric to 1e-40 are counted."""

    rate: Any

    def trace(self) -> mpf:
        q = mpmath.exp(-mpf(self.rate))
        return q / (1 - q)

    def _near(self, log_kappa: mpf) -> tuple[int, range]:
        """How many eigenvalues are 1e40 above κ, and the indices of those that are not, down to 1e-40 of it."""
        a = mpf(self.rate)
        low, high = int(max(0, (-log_kappa - 93) / a)), int(max(0, (-log_kappa + 93) / a)) + 2
        return low, range(low + 1, high)

    def df1(self, log_kappa: mpf) -> mpf:
        a, (count, near) = mpf(self.rate), self._near(log_kappa)
        rest = mpmath.exp(-a * near.stop - log_kappa) / (1 - mpmath.exp(-a))
        return count + rest + mpmath.fsum(1 / (1 + mpmath.exp(log_kappa + a * i)) for i in near)

    def df2(self, log_kappa: mpf) -> mpf:
        a, (count, near) = mpf(self.rate), self._near(log_kappa)
        rest = mpmath.exp(-2 * a * near.stop - 2 * log_kappa) / (1 - mpmath.exp(-2 * a))
        return count + rest + mpmath.fsum(1 / (1 + mpmath.exp(log_kappa + a * i)) ** 2 for i in near)
