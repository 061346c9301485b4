"""Activations of neurons: functions with their Hermite coefficients, their coefficients on the sphere, and moments."""

from riskcalc.activations.activation import Activation
from riskcalc.activations.custom import Custom, custom
from riskcalc.activations.elu import ELU
from riskcalc.activations.exponentials import Cos, Exp, Sin
from riskcalc.activations.fourier import GELU, Erf, Sigmoid, SiLU, Softplus, Tanh
from riskcalc.activations.hermite import Hermite
from riskcalc.activations.powers import Abs, LeakyReLU, Linear, Power, Quadratic, ReLU, Sign, Step

__all__ = [
    "ELU",
    "GELU",
    "Abs",
    "Activation",
    "Cos",
    "Custom",
    "Erf",
    "Exp",
    "Hermite",
    "LeakyReLU",
    "Linear",
    "Power",
    "Quadratic",
    "ReLU",
    "SiLU",
    "Sigmoid",
    "Sign",
    "Sin",
    "Softplus",
    "Step",
    "Tanh",
    "custom",
]
