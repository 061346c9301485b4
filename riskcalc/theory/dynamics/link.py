"""The link g of a single-index target, and Hermite coefficients with a known error."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from riskcalc.activations import Activation
from riskcalc.activations.projection import Gaussian, converged
from riskcalc.arguments import FloatArray, instance
from riskcalc.targets import SingleIndex

ACTIVATION_HINT = "make one with riskcalc.activations"
TARGET_HINT = "make one with targets.SingleIndex(link=...) or (coefficients=...); the dynamics has one direction"


@dataclass(frozen=True)
class Link:
    """A function of one variable, and where it or a derivative of it jumps."""

    value: Callable[[FloatArray], FloatArray]
    kinks: tuple[float, ...]

    @classmethod
    def of(cls, target: SingleIndex) -> Link:
        """G of the target."""
        g = target._function
        return cls(g, tuple(getattr(g, "kinks", ())))


def differentiable(activation: object) -> Activation:
    """The activation, if it has a bounded derivative at each of its kinks, else a ValueError."""
    phi = instance("activation", activation, Activation, ACTIVATION_HINT)
    slopes = phi.derivative(np.array([0.0, *phi.kinks]))
    if not np.isfinite(slopes).all():
        raise ValueError(f"activation must have a bounded derivative, got {phi!r}; take a smoother one")
    return phi


def single_index(target: object) -> SingleIndex:
    """The target, if it is a function of one direction, else a TypeError."""
    return instance("target", target, SingleIndex, TARGET_HINT)


def normalised_coefficients(
    function: Callable[[FloatArray], FloatArray], kinks: Sequence[float], max_degree: int, name: str
) -> FloatArray:
    """E φ(G) He_k(G)/√k! for k = 0 ... max_degree; 0 where quadrature cannot tell it from 0."""
    found, error = converged(function, Gaussian(), max_degree, kinks, name)
    return np.where(np.abs(found[:-1]) > error, found[:-1], 0.0)
