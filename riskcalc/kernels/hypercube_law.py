"""The law of the overlap of two points of the hypercube."""

from __future__ import annotations

import numpy as np
from scipy.special import gammaln

from riskcalc.arguments import FloatArray


def hypercube_law(n_inputs: int) -> tuple[FloatArray, FloatArray]:
    """The d + 1 overlaps t = 1 - 2j/d, and their probabilities C(d, j)/2^d."""
    j = np.arange(n_inputs + 1.0)
    logs = -gammaln(j + 1) - gammaln(n_inputs - j + 1)
    with np.errstate(under="ignore"):
        weights = np.exp(logs - logs.max())
    return 1 - 2 * j / n_inputs, weights / weights.sum()
