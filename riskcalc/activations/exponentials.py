"""exp(ax), sin(ωx), cos(ωx): on the sphere, Bessel functions of order k + d/2 - 1."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from riskcalc.activations.activation import Activation, Parity, finite
from riskcalc.activations.waves import complete_wave, gaussian_waves, real_or_imaginary, sphere_waves
from riskcalc.arguments import FloatArray
from riskcalc.harmonics.multiplicity import multiplicity_ratios


@dataclass(frozen=True, eq=False, repr=False)
class Exp(Activation):
    r"""Exponential.

    .. math:: \varphi(x) = e^{ax}, \qquad \mu_k = a^k e^{a^2/2}

    Parameters
    ----------
    scale : float, -18 <= scale <= 18
        a; beyond, :math:`E\varphi^2 = e^{2a^2}` is no float.

    Raises
    ------
    ValueError
        If ``scale`` is outside its domain.

    References
    ----------
    .. [1] derived

    Examples
    --------
    >>> import riskcalc as rc
    >>> print(rc.activations.Exp(0.5).hermite_coefficients(3).round(6))
    [1.133148 0.566574 0.200314 0.057826]
    """

    scale: float = 1.0

    def _checked(self) -> dict[str, object]:
        return {"scale": finite("scale", self.scale, at_least=-18, at_most=18)}

    def _value(self, x: FloatArray) -> FloatArray:
        return np.exp(self.scale * x)

    def _slope(self, x: FloatArray) -> FloatArray:
        return self.scale * np.exp(self.scale * x)

    def _hermite(self, max_degree: int) -> FloatArray:
        """μ_k = a^k e^(a²/2)."""
        steps = self.scale / np.sqrt(np.arange(1.0, max_degree + 1))
        return math.exp(self.scale**2 / 2) * np.cumprod(np.concatenate([[1.0], steps]))

    def _sphere(self, n_inputs: int, max_degree: int) -> FloatArray:
        """ζ_k = (a√d/2)^k Γ(d/2)/Γ(d/2 + k) · ₀F₁(k + d/2; a²d/4): a series of positive terms."""
        d, a, k = n_inputs, self.scale, np.arange(max_degree)
        leading = a * math.sqrt(d) / (d + 2 * k) * np.sqrt(multiplicity_ratios(d, max_degree))
        series = hypergeometric_0f1(np.asarray(d / 2 + np.arange(max_degree + 1.0)), a * a * d / 4)
        return np.cumprod(np.concatenate([[1.0], leading])) * series

    def _moment(self, n_inputs: int | None) -> float:
        """E exp(2ax)."""
        if n_inputs is None:
            return math.exp(2 * self.scale**2)
        return float(hypergeometric_0f1(np.array([n_inputs / 2]), self.scale**2 * n_inputs)[0])


@dataclass(frozen=True, eq=False, repr=False)
class Sin(Activation):
    r"""Sine.

    .. math:: \varphi(x) = \sin\omega x, \qquad \mu_k = (-1)^{(k-1)/2}\omega^k e^{-\omega^2/2} \text{ for odd } k

    Parameters
    ----------
    frequency : float, -30 <= frequency <= 30
        ω.

    Raises
    ------
    ValueError
        If ``frequency`` is outside its domain.

    References
    ----------
    .. [1] derived

    Examples
    --------
    >>> import riskcalc as rc
    >>> print(rc.activations.Sin(1).hermite_coefficients(3).round(6))
    [ 0.        0.606531  0.       -0.247615]
    """

    frequency: float = 1.0

    def _checked(self) -> dict[str, object]:
        return {"frequency": finite("frequency", self.frequency, at_least=-30, at_most=30)}

    @property
    def parity(self) -> Parity:
        """Odd."""
        return "odd"

    def _value(self, x: FloatArray) -> FloatArray:
        return np.sin(self.frequency * x)

    def _slope(self, x: FloatArray) -> FloatArray:
        return self.frequency * np.cos(self.frequency * x)

    def _hermite(self, max_degree: int) -> FloatArray:
        """μ_k = (-1)^((k-1)/2) ω^k e^(-ω²/2)."""
        return real_or_imaginary(gaussian_waves(np.array([self.frequency]), max_degree)[:, 0])

    def _sphere(self, n_inputs: int, max_degree: int) -> FloatArray:
        return real_or_imaginary(sphere_waves(np.array([self.frequency]), n_inputs, max_degree)[:, 0])

    def _moment(self, n_inputs: int | None) -> float:
        if n_inputs is None:
            return -math.expm1(-2 * self.frequency**2) / 2
        return float((complete_wave(self.frequency, n_inputs)[1::2] ** 2).sum())


@dataclass(frozen=True, eq=False, repr=False)
class Cos(Activation):
    r"""Cosine.

    .. math:: \varphi(x) = \cos\omega x, \qquad \mu_k = (-1)^{k/2}\omega^k e^{-\omega^2/2} \text{ for even } k

    Parameters
    ----------
    frequency : float, -30 <= frequency <= 30
        ω.

    Raises
    ------
    ValueError
        If ``frequency`` is outside its domain.

    References
    ----------
    .. [1] derived

    Examples
    --------
    >>> import riskcalc as rc
    >>> print(rc.activations.Cos(1).hermite_coefficients(3).round(6))
    [ 0.606531  0.       -0.428882  0.      ]
    """

    frequency: float = 1.0

    def _checked(self) -> dict[str, object]:
        return {"frequency": finite("frequency", self.frequency, at_least=-30, at_most=30)}

    @property
    def parity(self) -> Parity:
        """Even."""
        return "even"

    def _value(self, x: FloatArray) -> FloatArray:
        return np.cos(self.frequency * x)

    def _slope(self, x: FloatArray) -> FloatArray:
        return -self.frequency * np.sin(self.frequency * x)

    def _hermite(self, max_degree: int) -> FloatArray:
        """μ_k = (-1)^(k/2) ω^k e^(-ω²/2)."""
        return real_or_imaginary(gaussian_waves(np.array([self.frequency]), max_degree)[:, 0])

    def _sphere(self, n_inputs: int, max_degree: int) -> FloatArray:
        return real_or_imaginary(sphere_waves(np.array([self.frequency]), n_inputs, max_degree)[:, 0])

    def _moment(self, n_inputs: int | None) -> float:
        if n_inputs is None:
            return (1 + math.exp(-2 * self.frequency**2)) / 2
        return float((complete_wave(self.frequency, n_inputs)[0::2] ** 2).sum())


def hypergeometric_0f1(b: FloatArray, z: float) -> FloatArray:
    """₀F₁(; b; z) = Σ z^j/(j! (b)_j) for b > 0, z >= 0: positive terms, summed until they no longer count."""
    j = np.arange(math.ceil(40 + 6 * math.sqrt(z) + 2 * min(z / float(b.min()), math.sqrt(z))))
    terms = np.cumprod(z / ((j + 1) * (b[:, None] + j)), axis=1)
    return np.asarray(1 + terms.sum(axis=1))
