"""Multiplicities of the degrees 0, 1, ... as floats (inf where a float cannot hold them) and as logarithms."""

from __future__ import annotations

import itertools
import math

import numpy as np

from riskcalc.arguments import FloatArray


def multiplicities(n_inputs: int, max_degree: int, domain: str) -> tuple[FloatArray, FloatArray]:
    """Multiplicity and its log, from exact integers: binomials by recursion, B(d, k) = C(d+k-1, k) - C(d+k-3, k-2)."""
    if domain == "hypercube":
        exact = _running(n_inputs, max_degree, step=-1)
    else:
        monomials = _running(n_inputs, max_degree, step=1)
        exact = [m - lower for m, lower in zip(monomials, [0, 0, *monomials], strict=False)]
    return np.array([_float(m) for m in exact]), np.array([math.log(m) for m in exact])


def _running(n_inputs: int, max_degree: int, step: int) -> list[int]:
    """Π_(i<k) (d ± i)/(i + 1) for k = 0 ... max_degree."""
    ratios = ((n_inputs + step * i, i + 1) for i in range(max_degree))
    return list(itertools.accumulate(ratios, lambda m, ratio: m * ratio[0] // ratio[1], initial=1))


def _float(number: int) -> float:
    return float(number) if number.bit_length() <= 1023 else math.inf
