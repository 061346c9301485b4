"""Values that carry one derivative along: a formula written once gives both."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from riskcalc.arguments import FloatArray


@dataclass(frozen=True)
class Tangent:
    """A value and its derivative with respect to one parameter."""

    value: FloatArray
    slope: FloatArray

    @staticmethod
    def of(x: Tangent | FloatArray | float) -> Tangent:
        """A constant, if it is not one yet."""
        return x if isinstance(x, Tangent) else Tangent(np.asarray(x, dtype=np.float64), np.zeros(()))

    def __add__(self, other: Tangent | FloatArray | float) -> Tangent:
        x = Tangent.of(other)
        return Tangent(self.value + x.value, self.slope + x.slope)

    def __mul__(self, other: Tangent | FloatArray | float) -> Tangent:
        x = Tangent.of(other)
        return Tangent(self.value * x.value, self.slope * x.value + self.value * x.slope)

    def __truediv__(self, other: Tangent | FloatArray | float) -> Tangent:
        x = Tangent.of(other)
        ratio = self.value / x.value
        return Tangent(ratio, (self.slope - ratio * x.slope) / x.value)

    __array_ufunc__ = None  # so that array * Tangent comes here
    __radd__ = __add__
    __rmul__ = __mul__
