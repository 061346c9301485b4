"""What was computed for an activation is kept: spectra ask for the same coefficients again, and for more of them."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from riskcalc.arguments import FloatArray

KEPT = 64  # activations (and dimensions) of each kind
MORE = 64  # coefficients computed beyond those asked for


def kept(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function of an activation (and more) with its last results, unless the activation is a function by name."""
    cached = functools.lru_cache(maxsize=KEPT)(function)

    @functools.wraps(function)
    def called(*arguments: Any) -> Any:
        return (cached if arguments[0].is_named else function)(*arguments)

    return called


def kept_longest(function: Callable[..., FloatArray]) -> Callable[..., FloatArray]:
    """``function(*key, n)`` whose first entries do not depend on n: the longest array is kept, and cut."""
    longest = functools.lru_cache(maxsize=KEPT)(lambda *key: [])

    @functools.wraps(function)
    def called(*arguments: Any) -> FloatArray:
        *key, n = arguments
        found = longest(*key)
        if not found or len(found[-1]) <= n:
            found[:] = [function(*key, n + max(MORE, n // 8))]
        return np.array(found[-1][: n + 1])

    return called
