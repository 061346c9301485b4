"""The sums of the theory with their derivatives, as κ moves."""

from __future__ import annotations

from dataclasses import dataclass

from riskcalc.arguments import FloatArray
from riskcalc.theory.sums import Sums
from riskcalc.theory.tangent import Tangent


@dataclass(frozen=True)
class SumsTangent:
    """The sums of ``Sums``, each with its derivative."""

    df1: Tangent
    df2: Tangent
    spread: Tangent
    trace: Tangent
    left: Tangent
    norm: Tangent
    far: Tangent


def tangents_of(sums: Sums, kappa: FloatArray, moved: FloatArray) -> SumsTangent:
    """The sums (made with slopes) and what they gain as κ moves by ``moved``."""
    return SumsTangent(
        df1=Tangent(sums.df1, -sums.trace * moved),
        df2=Tangent(sums.df2, -2 * sums.df2_slope * moved),
        spread=Tangent(sums.spread, (2 * sums.df2_slope - sums.trace) * moved),
        trace=Tangent(sums.trace, -2 * sums.trace_slope * moved),
        left=Tangent(sums.left, 2 * kappa * sums.left_slope * moved),
        norm=Tangent(sums.norm, -2 * sums.left_slope * moved),
        far=Tangent(sums.far, 2 * kappa * sums.far_slope * moved),
    )
