"""Sums, products and quotients to twice the precision of a float: a number is the unevaluated sum of two floats."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from riskcalc.arguments import FloatArray

SPLITTER = 2.0**27 + 1  # Veltkamp's constant: it cuts 53 bits into two halves whose products are exact


@dataclass(frozen=True, eq=False)
class DoubleDouble:
    """high + low, where low is at most half a unit in the last place of high; relative precision about 1e-31."""

    high: FloatArray
    low: FloatArray

    @classmethod
    def of(cls, value: npt.ArrayLike) -> DoubleDouble:
        """Floats as pairs."""
        high = np.asarray(value, dtype=np.float64)
        return cls(high, np.zeros_like(high))

    def __add__(self, other: DoubleDouble) -> DoubleDouble:
        total, error = two_sum(self.high, other.high)
        return DoubleDouble(*two_sum(total, error + (self.low + other.low)))

    def __sub__(self, other: DoubleDouble) -> DoubleDouble:
        return self + DoubleDouble(-other.high, -other.low)

    def __mul__(self, other: DoubleDouble) -> DoubleDouble:
        product, error = two_product(self.high, other.high)
        return DoubleDouble(*two_sum(product, error + (self.high * other.low + self.low * other.high)))

    def __truediv__(self, other: DoubleDouble) -> DoubleDouble:
        quotient = self.high / other.high
        rest = self - other * DoubleDouble.of(quotient)
        return DoubleDouble(*two_sum(quotient, (rest.high + rest.low) / other.high))

    def total(self) -> DoubleDouble:
        """Sum over the last axis, by halves; the error is about 1e-32 of the sum of absolute values."""
        high, low = self.high, self.low
        while high.shape[-1] > 1:
            if high.shape[-1] % 2:
                zeros = np.zeros((*high.shape[:-1], 1))
                high, low = np.concatenate([high, zeros], axis=-1), np.concatenate([low, zeros], axis=-1)
            high, error = two_sum(high[..., ::2], high[..., 1::2])
            low = low[..., ::2] + low[..., 1::2] + error
        return DoubleDouble(*two_sum(high[..., 0], low[..., 0]))


def two_sum(a: FloatArray, b: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Sum a + b rounded, and what the rounding took (Knuth)."""
    total = a + b
    rounded = total - a
    return total, (a - (total - rounded)) + (b - rounded)


def two_product(a: FloatArray, b: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Product a b rounded, and what the rounding took (Dekker)."""
    product = a * b
    (a_high, a_low), (b_high, b_low) = _halves(a), _halves(b)
    return product, ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low


def _halves(a: FloatArray) -> tuple[FloatArray, FloatArray]:
    shifted = SPLITTER * a
    high = shifted - (shifted - a)
    return high, a - high
