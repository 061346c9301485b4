r"""Activations with a positive Fourier density g, odd or even about a line.

.. math:: \varphi(x) = \varphi(0) + \int_0^\infty \sin(\omega x)\,g(\omega)\,d\omega \qquad\text{or}\qquad
          \varphi(x) = \varphi(0) + \frac x2 + \int_0^\infty (1 - \cos\omega x)\,g(\omega)\,d\omega

Their coefficients are the same integrals of those of a wave: small ones are as accurate as large ones.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import erf, expit, ndtr

from riskcalc.activations.activation import SQRT_2PI, Activation, Parity, finite
from riskcalc.activations.fourier_density import STEP, EvenFourier, OddFourier
from riskcalc.activations.waves import sphere_reach
from riskcalc.arguments import FloatArray

WIDEST = 1.5  # scale of erf beyond which its density reaches far and quadrature resolves as much
MANY = 300  # inputs, from which on waves fall like exp(-ω²/2) or faster


def sigmoid_density(omega: FloatArray) -> FloatArray:
    """1/sinh(πω), of the sigmoid."""
    return np.asarray(2 * np.exp(-math.pi * omega) / -np.expm1(-2 * math.pi * omega))


@dataclass(frozen=True, eq=False, repr=False)
class Sigmoid(OddFourier):
    r"""Logistic function.

    .. math:: \varphi(x) = \frac1{1+e^{-x}} = \frac12 + \int_0^\infty \frac{\sin\omega x}{\sinh\pi\omega}\,d\omega

    References
    ----------
    .. [1] derived

    Examples
    --------
    >>> import riskcalc as rc
    >>> print(rc.activations.Sigmoid().hermite_coefficients(3).round(6))
    [ 0.5       0.206621  0.       -0.025473]
    """

    def _value(self, x: FloatArray) -> FloatArray:
        return np.asarray(expit(x))

    def _slope(self, x: FloatArray) -> FloatArray:
        return np.asarray(expit(x) * expit(-x))

    def _density(self, omega: FloatArray) -> FloatArray:
        return sigmoid_density(omega)


@dataclass(frozen=True, eq=False, repr=False)
class Tanh(OddFourier):
    r"""Hyperbolic tangent.

    .. math:: \varphi(x) = \tanh x = \int_0^\infty \frac{\sin\omega x}{\sinh(\pi\omega/2)}\,d\omega

    References
    ----------
    .. [1] derived

    Examples
    --------
    >>> import riskcalc as rc
    >>> print(rc.activations.Tanh().hermite_coefficients(3).round(6))
    [ 0.        0.605706  0.       -0.148437]
    """

    @property
    def parity(self) -> Parity:
        """Odd."""
        return "odd"

    def _value(self, x: FloatArray) -> FloatArray:
        return np.tanh(x)

    def _slope(self, x: FloatArray) -> FloatArray:
        return np.asarray(4 * expit(2 * x) * expit(-2 * x))

    def _density(self, omega: FloatArray) -> FloatArray:
        return sigmoid_density(omega / 2)


@dataclass(frozen=True, eq=False, repr=False)
class Softplus(EvenFourier):
    r"""Smooth rectifier.

    .. math:: \varphi(x) = \log(1+e^x), \qquad \varphi' = \text{sigmoid}

    References
    ----------
    .. [1] derived

    Examples
    --------
    >>> import riskcalc as rc
    >>> print(rc.activations.Softplus().hermite_coefficients(3).round(6))
    [0.806059 0.5      0.146103 0.      ]
    """

    def _value(self, x: FloatArray) -> FloatArray:
        return np.logaddexp(0, x)

    def _slope(self, x: FloatArray) -> FloatArray:
        return np.asarray(expit(x))

    def _density(self, omega: FloatArray) -> FloatArray:
        return sigmoid_density(omega) / omega


@dataclass(frozen=True, eq=False, repr=False)
class SiLU(EvenFourier):
    r"""Sigmoid linear unit, also called swish.

    .. math:: \varphi(x) = \frac{x}{1+e^{-x}}

    References
    ----------
    .. [1] derived

    Examples
    --------
    >>> import riskcalc as rc
    >>> print(rc.activations.SiLU().hermite_coefficients(3).round(6))
    [0.206621 0.5      0.248085 0.      ]
    """

    def _value(self, x: FloatArray) -> FloatArray:
        return np.asarray(x * expit(x))

    def _slope(self, x: FloatArray) -> FloatArray:
        return np.asarray(expit(x) * (1 + x * expit(-x)))

    def _density(self, omega: FloatArray) -> FloatArray:
        """Minus the derivative of the sigmoid's density: x sin(ωx) = d(1 - cos ωx)/dω."""
        return math.pi * sigmoid_density(omega) / np.tanh(math.pi * omega)


@dataclass(frozen=True, eq=False, repr=False)
class GELU(EvenFourier):
    r"""Gaussian error linear unit.

    .. math:: \varphi(x) = x\,\Phi(x), \qquad \mu_k = \tfrac12(k+1)\,\mu_{k-1}(\Phi) \text{ for even } k \ge 2

    Notes
    -----
    Φ is the normal distribution function; the approximation by tanh is another function (``custom``).

    References
    ----------
    .. [1] derived

    Examples
    --------
    >>> import riskcalc as rc
    >>> print(rc.activations.GELU().hermite_coefficients(3).round(6))
    [0.282095 0.5      0.299207 0.      ]
    """

    def _value(self, x: FloatArray) -> FloatArray:
        return np.asarray(x * ndtr(x))

    def _slope(self, x: FloatArray) -> FloatArray:
        return np.asarray(ndtr(x) + x * np.exp(-(x**2) / 2) / SQRT_2PI)

    def _density(self, omega: FloatArray) -> FloatArray:
        """Minus the derivative of exp(-ω²/2)/(πω), which is that of Φ - ½."""
        return np.asarray(np.exp(-(omega**2) / 2) * (1 + omega**-2) / math.pi)


@dataclass(frozen=True, eq=False, repr=False)
class Erf(OddFourier):
    r"""Error function.

    .. math:: \varphi(x) = \mathrm{erf}(a x), \qquad
              \mu_{2q+1} = \frac{2a}{\sqrt{\pi(1+2a^2)}}\,\frac{(2q)!}{q!}\left(\frac{-a^2}{1+2a^2}\right)^q

    Parameters
    ----------
    scale : float
        a; :math:`2^{-1/2}` gives :math:`2\Phi(x) - 1`.

    Raises
    ------
    ValueError
        If ``scale`` is not finite.

    Notes
    -----
    On the sphere by waves for :math:`|a| \le 3/2`, by quadrature (with its limit on the degree) beyond.

    References
    ----------
    .. [1] derived

    Examples
    --------
    >>> import riskcalc as rc
    >>> print(rc.activations.Erf().hermite_coefficients(3).round(6))
    [ 0.        0.65147   0.       -0.177308]
    """

    scale: float = 1.0

    def _checked(self) -> dict[str, object]:
        return {"scale": finite("scale", self.scale)}

    @property
    def parity(self) -> Parity:
        """Odd."""
        return "odd"

    def _value(self, x: FloatArray) -> FloatArray:
        return np.asarray(erf(self.scale * x))

    def _slope(self, x: FloatArray) -> FloatArray:
        return np.asarray(2 * self.scale / math.sqrt(math.pi) * np.exp(-((self.scale * x) ** 2)))

    def _density(self, omega: FloatArray) -> FloatArray:
        a = self.scale
        return np.asarray(math.copysign(2 / math.pi, a) * np.exp(-((omega / (2 * a)) ** 2)) / omega)

    def _frequencies(self, n_inputs: int | None, max_degree: int) -> FloatArray:
        """As far as the density goes; in many dimensions the waves are over before."""
        a = abs(self.scale)
        reach, step = a * (math.sqrt(2 * max_degree) + 14), min(STEP, 2 * math.pi / (25 + 6 / a))
        if n_inputs is not None and n_inputs >= MANY:
            reach = min(reach, sphere_reach(n_inputs, max_degree))
        return np.asarray(step * (np.arange(math.ceil(reach / step)) + 0.5))

    def _hermite(self, max_degree: int) -> FloatArray:
        """μ_1 = 2a/√(π(1 + 2a²)), μ_(k+2)/μ_k = -2k a²/(1 + 2a²)."""
        c, a2 = np.zeros(max_degree + 2), self.scale**2
        k = np.arange(1.0, max_degree, 2)
        first = 2 * self.scale / math.sqrt(math.pi * (1 + 2 * a2))
        ratios = -2 * k * a2 / (1 + 2 * a2) / np.sqrt((k + 1) * (k + 2))
        c[1 : 2 * k.size + 2 : 2] = first * np.cumprod(np.concatenate([[1.0], ratios]))
        return c[: max_degree + 1]

    def _sphere(self, n_inputs: int, max_degree: int) -> FloatArray:
        """By waves where the density is narrow, by quadrature where the function is steep."""
        if self.scale == 0:
            return np.zeros(max_degree + 1)
        if abs(self.scale) > WIDEST:
            return Activation._sphere(self, n_inputs, max_degree)
        return super()._sphere(n_inputs, max_degree)

    def _moment(self, n_inputs: int | None) -> float:
        if n_inputs is not None:
            return super()._moment(n_inputs)
        a2 = self.scale**2
        return 2 / math.pi * math.asin(2 * a2 / (1 + 2 * a2))
