"""Division by what may be 0."""

from __future__ import annotations

import numpy as np

from riskcalc.arguments import FloatArray


def over(below: FloatArray, top: FloatArray) -> FloatArray:
    """The quotient top/below; inf where ``below`` is 0."""
    shape = np.broadcast_shapes(top.shape, below.shape)
    quotient = np.full(shape, np.inf)
    np.divide(top, below, out=quotient, where=np.broadcast_to(below > 0, shape))
    return quotient
