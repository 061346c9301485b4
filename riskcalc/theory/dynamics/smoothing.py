"""An activation averaged over a Gaussian input of given mean and deviation."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import erf, ndtr

from riskcalc.activations import Abs, Activation, Erf, LeakyReLU, Linear, ReLU
from riskcalc.arguments import FloatArray
from riskcalc.theory.dynamics.gaussian_pairs import ROOT_2PI, trapezoid

PIECEWISE_LINEAR = (ReLU, LeakyReLU, Abs, Linear)
REACH, STEP = 9.0, 1 / 8  # of the rule for other activations


@dataclass(frozen=True)
class Smoothed:
    """E φ(μ + rZ), E φ'(μ + rZ) and E φ''(μ + rZ) = E φ'(μ + rZ) Z / r."""

    value: FloatArray
    slope: FloatArray
    curvature: FloatArray


def smoothed(activation: Activation, mean: FloatArray, deviation: FloatArray) -> Smoothed:
    """Closed forms for erf and for piecewise linear functions, else the trapezoidal rule.

    At deviation 0 the curvature is that of the closed form if it has one, else 0: whoever asks multiplies by r.
    """
    if isinstance(activation, Erf):
        return _smoothed_erf(activation.scale, mean, deviation)
    if isinstance(activation, PIECEWISE_LINEAR):
        return _smoothed_lines(float(activation(1.0)), -float(activation(-1.0)), mean, deviation)
    return _smoothed_by_quadrature(activation, mean, deviation)


def _smoothed_erf(a: float, mu: FloatArray, r: FloatArray) -> Smoothed:
    """erf(aμ/q) with q² = 1 + 2a²r²."""
    q = np.sqrt(1 + 2 * (a * r) ** 2)
    slope = 2 * a / (math.sqrt(math.pi) * q) * np.exp(-((a * mu / q) ** 2))
    return Smoothed(erf(a * mu / q), slope, -2 * a * a * mu / q**2 * slope)


def _smoothed_lines(right: float, left: float, mu: FloatArray, r: FloatArray) -> Smoothed:
    """Slopes ``right`` and ``left`` of 0: with Φ and its density n at μ/r, E (μ + rZ)₊ = μΦ + rn."""
    mu, r = np.broadcast_arrays(mu, r)
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.where(r > 0, mu / r, np.where(mu == 0, 0.0, np.copysign(np.inf, mu)))
        density = np.exp(-(z**2) / 2) / ROOT_2PI
        curvature = (right - left) * np.where(r > 0, density / r, 0.0)
    above, below = ndtr(z), ndtr(-z)
    value = right * (mu * above + r * density) - left * (-mu * below + r * density)
    return Smoothed(value, right * above + left * below, curvature)


def _smoothed_by_quadrature(phi: Activation, mu: FloatArray, r: FloatArray) -> Smoothed:
    """Over Z, one node after another: the arrays are large enough."""
    mu, r = np.broadcast_arrays(mu, r)
    value, slope, turning = np.zeros_like(mu), np.zeros_like(mu), np.zeros_like(mu)
    for z, w in zip(*trapezoid(REACH, STEP), strict=True):
        at = mu + r * z
        steep = w * phi.derivative(at)
        value += w * phi(at)
        slope += steep
        turning += steep * z
    return Smoothed(value, slope, np.divide(turning, r, out=np.zeros_like(mu), where=r > 0))
