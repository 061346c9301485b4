"""mpmath twins of the Marchenko-Pastur law: its density as the definition has it, and integrals against it."""

from __future__ import annotations

from collections.abc import Callable

import mpmath
from mpmath import mpf

GUARD = 12  # digits beyond those asked for: the square roots at the edges and narrow intervals cost some


def edges(gamma: float, variance: float = 1.0, digits: int = 20) -> tuple[mpf, mpf]:
    with mpmath.workdps(digits + GUARD):
        root = mpmath.sqrt(mpf(gamma))
        return mpf(variance) * (1 - root) ** 2, mpf(variance) * (1 + root) ** 2


def density(gamma: float, variance: float, x: mpf, digits: int = 20) -> mpf:
    """Continuous part at x in (a, b)."""
    with mpmath.workdps(digits + GUARD):
        a, b = edges(gamma, variance, digits)
        x = mpf(x)
        product = (b - x) * (x - a)
        return mpmath.sqrt(product) / (2 * mpmath.pi * mpf(gamma) * mpf(variance) * x) if product > 0 else mpf(0)


def integral(
    function: Callable[[mpf], mpf],
    gamma: float,
    variance: float = 1.0,
    digits: int = 20,
    start: float | None = None,
    stop: float | None = None,
) -> mpf:
    """Integral of ``function`` against the continuous part, from ``start`` to ``stop`` (the edges by default).

    The interval is cut at the powers of ten times the lower edge and at a thousandth from the ends, so that each piece
    is smooth up to square roots at its ends.
    """
    with mpmath.workdps(digits + GUARD):
        a, b = edges(gamma, variance, digits)
        low, high = a if start is None else mpf(start), b if stop is None else mpf(stop)
        cuts = [low, low + (high - low) / 1000, high - (high - low) / 1000, high]
        decade = 10 * max(a, mpf(10) ** -4 * b)
        while decade < high:
            cuts.append(decade)
            decade *= 10
        tiny = 10 * a
        while 0 < tiny < high:
            cuts.append(tiny)
            tiny *= 10
        points = sorted({cut for cut in cuts if low <= cut <= high})
        return mpmath.quad(lambda x: function(x) * density(gamma, variance, x, digits), points)


def atom(gamma: float, digits: int = 20) -> mpf:
    with mpmath.workdps(digits + GUARD):
        return max(1 - 1 / mpf(gamma), mpf(0))


def cdf(gamma: float, variance: float, x: float, digits: int = 20) -> mpf:
    with mpmath.workdps(digits + GUARD):
        return atom(gamma, digits) + integral(lambda _: mpf(1), gamma, variance, digits, stop=x)


def sf(gamma: float, variance: float, x: float, digits: int = 20) -> mpf:
    with mpmath.workdps(digits + GUARD):
        return integral(lambda _: mpf(1), gamma, variance, digits, start=x)


def moment(gamma: float, variance: float, k: int, digits: int = 20) -> mpf:
    with mpmath.workdps(digits + GUARD):
        return integral(lambda x: x**k, gamma, variance, digits) + (atom(gamma, digits) if k == 0 else 0)


def stieltjes(gamma: float, variance: float, z: complex, digits: int = 20) -> mpmath.mpc:
    with mpmath.workdps(digits + GUARD):
        point = mpmath.mpmathify(z)
        mass = atom(gamma, digits)
        return (-mass / point if mass else 0) + integral(lambda x: 1 / (x - point), gamma, variance, digits)
