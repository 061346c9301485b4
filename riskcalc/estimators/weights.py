"""The first layer of a random network: a law of its weights, or given ones."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from riskcalc.arguments import FloatArray, choice, numbers

LAWS = ("sphere", "gaussian")


def checked_weights(weights: str | npt.ArrayLike) -> str | FloatArray:
    """One of ``LAWS``, or a finite matrix with a row per neuron."""
    if isinstance(weights, str):
        return choice("weights", weights, LAWS)
    return numbers("weights", weights, ndim=2, hint='use "sphere", "gaussian", or an array of shape (width, n_inputs)')


def refuse_other_width(width: FloatArray, weights: str | FloatArray) -> None:
    """A width that is not the number of given rows."""
    if not isinstance(weights, str) and (width != len(weights)).any():
        raise ValueError(f"width must be the number of rows of weights ({len(weights)}), got {width}")


def random_weights(law: str, width: int, n_inputs: int, rng: np.random.Generator) -> FloatArray:
    """Rows that are uniform on the unit sphere, or N(0, I/d)."""
    rows = rng.standard_normal((width, n_inputs))
    norms = np.sqrt(n_inputs) if law == "gaussian" else np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / norms)
