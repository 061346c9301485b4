"""Activations that are a power on each side of 0: everything about them is a two-step recursion."""

from __future__ import annotations

import math

import numpy as np
from scipy.special import gamma

from riskcalc.activations.activation import Activation, Parity
from riskcalc.arguments import FloatArray
from riskcalc.harmonics.multiplicity import multiplicity_ratios


class PiecewisePower(Activation):
    r"""The function :math:`\varphi(x) = p\,x_+^\alpha + q\,(-x)_+^\alpha`; a subclass gives (p, q, α)."""

    def branches(self) -> tuple[float, float, float]:
        """p, q and α."""
        raise NotImplementedError

    @property
    def kinks(self) -> tuple[float, ...]:
        """0, unless the function is a polynomial."""
        p, q, alpha = self.branches()
        return () if alpha == int(alpha) and q == (-1) ** int(alpha) * p else (0.0,)

    @property
    def parity(self) -> Parity:
        """Even if p = q, odd if p = -q."""
        p, q, _ = self.branches()
        return "even" if p == q else "odd" if p == -q else None

    def _value(self, x: FloatArray) -> FloatArray:
        return piecewise_power(x, *self.branches())

    def _slope(self, x: FloatArray) -> FloatArray:
        p, q, alpha = self.branches()
        if alpha == 0:
            raise ValueError(f"{self!r} has no derivative: it jumps at 0; use an activation that is continuous")
        return piecewise_power(x, alpha * p, -alpha * q, alpha - 1)

    def _hermite(self, max_degree: int) -> FloatArray:
        """c_(k+2)/c_k = (α - k)/√((k+1)(k+2))."""
        p, q, alpha = self.branches()
        k = np.arange(float(max_degree))
        ratios = (alpha - k) / np.sqrt((k + 1) * (k + 2))
        return _sides(p, q, _two_steps(gaussian_powers(alpha), ratios)[: max_degree + 1])

    def _sphere(self, n_inputs: int, max_degree: int) -> FloatArray:
        """ζ_(k+2)/ζ_k = (α - k)/(α + k + d)."""
        p, q, alpha = self.branches()
        d, k = n_inputs, np.arange(float(max_degree))
        mean, slope = gaussian_powers(alpha)
        start = mean * radial_ratio(d, alpha), slope * radial_ratio(d, alpha + 1)
        multiplicity = multiplicity_ratios(d, max_degree + 1)
        ratios = (alpha - k) / (alpha + k + d) * np.sqrt(multiplicity[:-1] * multiplicity[1:])
        return _sides(p, q, _two_steps(start, ratios)[: max_degree + 1])

    def _moment(self, n_inputs: int | None) -> float:
        p, q, alpha = self.branches()
        radial = 1.0 if n_inputs is None else radial_ratio(n_inputs, 2 * alpha)
        return (p * p + q * q) * gaussian_powers(2 * alpha)[0] * radial


def piecewise_power(x: FloatArray, p: float, q: float, alpha: float) -> FloatArray:
    """The function p x_+^α + q (-x)_+^α; the mean of both sides where x^α jumps at 0."""
    with np.errstate(divide="ignore"):
        return np.asarray(np.where(x > 0, p, np.where(x < 0, q, (p + q) / 2)) * np.abs(x) ** alpha)


def gaussian_powers(alpha: float) -> tuple[float, float]:
    """E G_+^α and E G_+^(α+1)."""
    half = 2 ** (alpha / 2) / (2 * math.sqrt(math.pi))
    return half * float(gamma((alpha + 1) / 2)), half * math.sqrt(2) * float(gamma(alpha / 2 + 1))


def radial_ratio(n_inputs: int, alpha: float) -> float:
    r"""Moment on the sphere over the Gaussian one, :math:`(d/2)^{\alpha/2}\,\Gamma(d/2)/\Gamma((d+\alpha)/2)`."""
    x, s = n_inputs / 2, alpha / 2
    return math.exp(s * math.log(x) - log_gamma_ratio(x, s))


def log_gamma_ratio(x: float, s: float) -> float:
    """Difference log Γ(x + s) - log Γ(x) for x > 0, s >= 0, by Stirling's series: no large logarithms cancel."""
    total = 0.0
    while x < 20:
        total += math.log(x / (x + s))
        x += 1
    y = x + s
    total += (x - 0.5) * math.log1p(s / x) + s * math.log(y) - s
    for power, coefficient in STIRLING:
        total += coefficient * (y**-power - x**-power)
    return total


STIRLING = ((1, 1 / 12), (3, -1 / 360), (5, 1 / 1260), (7, -1 / 1680), (9, 1 / 1188))


def _two_steps(start: tuple[float, float], ratios: FloatArray) -> FloatArray:
    """c_0, c_1 and c_(k+2) = c_k ratios[k]."""
    c = np.empty(ratios.size + 2)
    for parity in (0, 1):
        c[parity::2] = start[parity] * np.cumprod(np.concatenate([[1.0], ratios[parity::2]]))
    return c


def _sides(p: float, q: float, c: FloatArray) -> FloatArray:
    """The sum p c_k + q (-1)^k c_k: the left side is the right one mirrored."""
    signs = 1 - 2 * (np.arange(c.size) % 2)
    return np.asarray((p + q * signs) * c)
