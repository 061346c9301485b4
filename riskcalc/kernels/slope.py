"""The derivative of an activation as an activation of its own, up to a factor."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from riskcalc.activations import Activation, Cos, Exp, Hermite, Sin
from riskcalc.activations.activation import Parity
from riskcalc.activations.fourier_density import EvenFourier, OddFourier
from riskcalc.activations.kept import kept_longest
from riskcalc.activations.piecewise_power import PiecewisePower
from riskcalc.activations.waves import real_or_imaginary, sphere_waves
from riskcalc.arguments import FloatArray

OTHER: dict[Parity, Parity] = {"even": "odd", "odd": "even", None: None}


def slope(activation: Activation) -> tuple[float, Activation]:
    """(f, ψ) with φ' = ±f ψ."""
    if isinstance(activation, PiecewisePower):
        p, q, alpha = activation.branches()
        return 1.0, Branches(alpha * p, -alpha * q, alpha - 1)
    if isinstance(activation, Sin):
        return activation.frequency, Cos(activation.frequency)
    if isinstance(activation, Cos):
        return activation.frequency, Sin(activation.frequency)
    if isinstance(activation, Exp):
        return activation.scale, activation
    if isinstance(activation, Hermite):
        return float(activation.degree), Hermite(max(activation.degree - 1, 0))
    return 1.0, Slope(activation)


@dataclass(frozen=True, eq=False, repr=False)
class Branches(PiecewisePower):
    """p x_+^α + q (-x)_+^α, α > -1/2."""

    right: float
    left: float
    exponent: float

    def branches(self) -> tuple[float, float, float]:
        """Of x₊ and (-x)₊, and their power."""
        return self.right, self.left, self.exponent


@dataclass(frozen=True, eq=False, repr=False)
class Slope(Activation):
    """φ'; its Hermite coefficients are √(k+1) c_(k+1)(φ)."""

    activation: Activation

    @property
    def is_named(self) -> bool:
        """As φ is."""
        return self.activation.is_named

    @property
    def kinks(self) -> tuple[float, ...]:
        """Those of φ."""
        return self.activation.kinks

    @property
    def parity(self) -> Parity:
        """The other one."""
        return OTHER[self.activation.parity]

    def _value(self, x: FloatArray) -> FloatArray:
        return self.activation.derivative(x)

    def _hermite(self, max_degree: int) -> FloatArray:
        c = self.activation.hermite_coefficients(max_degree + 1)
        return np.asarray(np.sqrt(np.arange(1.0, max_degree + 2)) * c[1:])

    def _sphere(self, n_inputs: int, max_degree: int) -> FloatArray:
        """Of φ = ∫ sin(ωx) g dω (or 1 - cos): the same integral of ω g, all of it positive."""
        if not isinstance(self.activation, OddFourier):
            return super()._sphere(n_inputs, max_degree)
        return _by_waves(self.activation, n_inputs, max_degree)


@kept_longest
def _by_waves(phi: OddFourier, n_inputs: int, max_degree: int) -> FloatArray:
    omega = phi._frequencies(n_inputs, max_degree)
    c = sphere_waves(omega, n_inputs, max_degree) @ (omega * phi._density(omega))
    c = 2 * float(omega[0]) * real_or_imaginary(c)
    if isinstance(phi, EvenFourier):
        c[::2] = 0.0
        c[0] = 0.5
    else:
        c[1::2] = 0.0
    return c
