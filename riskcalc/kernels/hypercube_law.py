"""The law of the overlap of two points of the hypercube."""

from __future__ import annotations

import numpy as np

from riskcalc.arguments import FloatArray


def hypercube_law(n_inputs: int) -> tuple[FloatArray, FloatArray]:
    """The d + 1 overlaps t = 1 - 2j/d, and their probabilities C(d, j)/2^d, from the middle outwards."""
    j = np.arange(n_inputs + 1.0)
    middle = n_inputs // 2
    ratios = (n_inputs - j[middle:-1]) / (j[middle:-1] + 1)  # C(d, j+1)/C(d, j)
    with np.errstate(under="ignore"):
        right = np.concatenate([[1.0], np.cumprod(ratios)])
    weights = np.concatenate([right[n_inputs - middle - np.arange(middle)], right])
    return 1 - 2 * j / n_inputs, weights / weights.sum()
