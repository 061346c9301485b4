"""Nodes for expectations over G = ⟨e, x⟩, and the activations whose neurons can be integrated there."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from riskcalc.activations import Activation, Erf
from riskcalc.arguments import FloatArray
from riskcalc.quadrature import composite_legendre, panel_ends
from riskcalc.targets import SingleIndex
from riskcalc.theory.dynamics.gaussian_pairs import ROOT_2PI, trapezoid
from riskcalc.theory.dynamics.link import Link
from riskcalc.theory.dynamics.smoothing import PIECEWISE_LINEAR

REACH = 14.0
FINE, COARSE = 1 / 32, 1 / 16
AGREEMENT = 1e-10
HALVINGS = 30  # of panels towards 0, where a kinked neuron changes over r/m


@dataclass(frozen=True)
class TargetRule:
    """Points z, their weights, g there, and E g²."""

    z: FloatArray
    weights: FloatArray
    values: FloatArray
    power: float


def target_rule(target: SingleIndex, activation: Activation) -> TargetRule:
    """Trapezoidal, or panels that end at the kinks of g and halve towards 0."""
    link = Link.of(target)
    if link.kinks or activation.kinks:
        places = sorted({0.0, *link.kinks})
        rule = composite_legendre(panel_ends(-REACH, REACH, 1.0, places, HALVINGS), 16)
        z, w = rule.points, rule.weights * np.exp(-(rule.points**2) / 2) / ROOT_2PI
    else:
        z, w = trapezoid(REACH, FINE if isinstance(activation, (Erf, *PIECEWISE_LINEAR)) else COARSE)
    g = link.value(z)
    power = float(w @ g**2)
    finer, w_finer = trapezoid(REACH, FINE / 2)
    gap = abs((w_finer * (1 + finer)) @ link.value(finer) - (w * (1 + z)) @ g)
    if not link.kinks and gap > AGREEMENT * math.sqrt(power):
        raise ValueError(
            f"{target!r} could not be integrated; name the points where its link or a derivative of it jumps as kinks"
        )
    return TargetRule(z, w, g, power)


def integrable(activation: Activation) -> Activation:
    """The activation, if it is smooth or piecewise linear, else a ValueError."""
    if activation.kinks and not isinstance(activation, PIECEWISE_LINEAR):
        raise ValueError(f"activation must be smooth, or linear on each side of 0, got {activation!r}; ReLU, say")
    return activation
