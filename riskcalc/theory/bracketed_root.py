"""Roots in proved brackets, elementwise, with their status looked at."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.optimize.elementwise import find_root

from riskcalc.arguments import FloatArray
from riskcalc.errors import NotConvergedError


def root_in(
    quantity: str, function: Callable[..., FloatArray], bracket: tuple[FloatArray, FloatArray], *arguments: FloatArray
) -> FloatArray:
    """Flat roots between two flat ends; NotConvergedError if one was not found (not seen)."""
    if np.size(bracket[0]) == 0:
        return np.zeros(0)
    root = find_root(function, bracket, args=arguments)
    if not np.all(root.success):
        raise NotConvergedError(quantity, best=root.x, residual=np.max(abs(root.f_x)))
    return np.asarray(root.x)
