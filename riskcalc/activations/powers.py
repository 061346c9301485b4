"""Activations that are a power on each side of 0: everything about them is a two-step recursion."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import gamma

from riskcalc.activations.activation import Activation, Parity, finite
from riskcalc.arguments import FloatArray
from riskcalc.harmonics.multiplicity import multiplicity_ratios


class PiecewisePower(Activation):
    r"""The function :math:`\varphi(x) = p\,x_+^\alpha + q\,(-x)_+^\alpha`; a subclass gives (p, q, α)."""

    def branches(self) -> tuple[float, float, float]:
        """p, q and α."""
        raise NotImplementedError

    @property
    def kinks(self) -> tuple[float, ...]:
        """0, unless the function is a polynomial."""
        p, q, alpha = self.branches()
        return () if alpha == int(alpha) and q == (-1) ** int(alpha) * p else (0.0,)

    @property
    def parity(self) -> Parity:
        """Even if p = q, odd if p = -q."""
        p, q, _ = self.branches()
        return "even" if p == q else "odd" if p == -q else None

    def _value(self, x: FloatArray) -> FloatArray:
        return piecewise_power(x, *self.branches())

    def _slope(self, x: FloatArray) -> FloatArray:
        p, q, alpha = self.branches()
        if alpha == 0:
            raise ValueError(f"{self!r} has no derivative: it jumps at 0; use an activation that is continuous")
        return piecewise_power(x, alpha * p, -alpha * q, alpha - 1)

    def _hermite(self, max_degree: int) -> FloatArray:
        """c_(k+2)/c_k = (α - k)/√((k+1)(k+2))."""
        p, q, alpha = self.branches()
        c = np.zeros(max_degree + 2)
        c[:2] = gaussian_powers(alpha)
        for k in range(max_degree - 1):
            c[k + 2] = c[k] * (alpha - k) / math.sqrt((k + 1) * (k + 2))
        return _sides(p, q, c[: max_degree + 1])

    def _sphere(self, n_inputs: int, max_degree: int) -> FloatArray:
        """ζ_(k+2)/ζ_k = (α - k)/(α + k + d)."""
        p, q, alpha = self.branches()
        d, c = n_inputs, np.zeros(max_degree + 2)
        mean, slope = gaussian_powers(alpha)
        c[0] = mean * radial_ratio(d, alpha)
        c[1] = slope * radial_ratio(d, alpha + 1)
        ratios = multiplicity_ratios(d, max_degree)
        for k in range(max_degree - 1):
            c[k + 2] = c[k] * (alpha - k) / (alpha + k + d) * math.sqrt(ratios[k] * ratios[k + 1])
        return _sides(p, q, c[: max_degree + 1])

    def _moment(self, n_inputs: int | None) -> float:
        p, q, alpha = self.branches()
        radial = 1.0 if n_inputs is None else radial_ratio(n_inputs, 2 * alpha)
        return (p * p + q * q) * gaussian_powers(2 * alpha)[0] * radial


def piecewise_power(x: FloatArray, p: float, q: float, alpha: float) -> FloatArray:
    """The function p x_+^α + q (-x)_+^α; the mean of both sides where x^α jumps at 0."""
    with np.errstate(divide="ignore"):
        return np.asarray(np.where(x > 0, p, np.where(x < 0, q, (p + q) / 2)) * np.abs(x) ** alpha)


def gaussian_powers(alpha: float) -> tuple[float, float]:
    """E G_+^α and E G_+^(α+1)."""
    half = 2 ** (alpha / 2) / (2 * math.sqrt(math.pi))
    return half * float(gamma((alpha + 1) / 2)), half * math.sqrt(2) * float(gamma(alpha / 2 + 1))


def radial_ratio(n_inputs: int, alpha: float) -> float:
    r"""Moment on the sphere over the Gaussian one, :math:`(d/2)^{\alpha/2}\,\Gamma(d/2)/\Gamma((d+\alpha)/2)`."""
    x, s = n_inputs / 2, alpha / 2
    return math.exp(s * math.log(x) - log_gamma_ratio(x, s))


def log_gamma_ratio(x: float, s: float) -> float:
    """Difference log Γ(x + s) - log Γ(x) for x > 0, s >= 0, by Stirling's series: no large logarithms cancel."""
    total = 0.0
    while x < 20:
        total += math.log(x / (x + s))
        x += 1
    y = x + s
    total += (x - 0.5) * math.log1p(s / x) + s * math.log(y) - s
    for power, coefficient in STIRLING:
        total += coefficient * (y**-power - x**-power)
    return total


STIRLING = ((1, 1 / 12), (3, -1 / 360), (5, 1 / 1260), (7, -1 / 1680), (9, 1 / 1188))


def _sides(p: float, q: float, c: FloatArray) -> FloatArray:
    """The sum p c_k + q (-1)^k c_k: the left side is the right one mirrored."""
    signs = 1 - 2 * (np.arange(c.size) % 2)
    return np.asarray((p + q * signs) * c)


@dataclass(frozen=True, eq=False, repr=False)
class ReLU(PiecewisePower):
    r"""Rectified linear unit.

    .. math:: \varphi(x) = \max(x, 0), \qquad \mu_k = \frac{2^{(k-3)/2}}{\Gamma((3-k)/2)}

    References
    ----------
    .. [1] derived

    Examples
    --------
    >>> import riskcalc as rc
    >>> print(rc.activations.ReLU().hermite_coefficients(3).round(6))
    [0.398942 0.5      0.282095 0.      ]
    """

    def branches(self) -> tuple[float, float, float]:
        """Of x₊ and (-x)₊, and their power."""
        return 1.0, 0.0, 1.0


@dataclass(frozen=True, eq=False, repr=False)
class LeakyReLU(PiecewisePower):
    r"""Leaky rectified linear unit.

    .. math:: \varphi(x) = x_+ - a\,(-x)_+

    Parameters
    ----------
    slope : float
        The slope a on the left.

    Raises
    ------
    ValueError
        If ``slope`` is not finite.

    References
    ----------
    .. [1] derived

    Examples
    --------
    >>> import riskcalc as rc
    >>> print(rc.activations.LeakyReLU(0.1).hermite_coefficients(3).round(6))
    [0.359048 0.55     0.253885 0.      ]
    """

    slope: float

    def _checked(self) -> dict[str, object]:
        return {"slope": finite("slope", self.slope)}

    def branches(self) -> tuple[float, float, float]:
        """Of x₊ and (-x)₊, and their power."""
        return 1.0, -self.slope, 1.0


@dataclass(frozen=True, eq=False, repr=False)
class Power(PiecewisePower):
    r"""Truncated power.

    .. math:: \varphi(x) = x_+^\alpha, \qquad
              \mu_k = \frac{\Gamma(\alpha+1)\,2^{(k-\alpha)/2-1}}{\Gamma((\alpha-k)/2+1)}, \qquad
              \zeta_{d,k} = \frac{d^{\alpha/2}\,\Gamma(\alpha+1)\Gamma(d/2)}
              {2^{\alpha+1}\Gamma((\alpha-k)/2+1)\Gamma((\alpha+k+d)/2)}

    Parameters
    ----------
    exponent : float, 0 <= exponent <= 80
        The exponent α; 0 is the step.

    Raises
    ------
    ValueError
        If ``exponent`` is outside its domain.

    Notes
    -----
    Coefficients by :math:`c_{k+2}/c_k = (\alpha-k)/\sqrt{(k+1)(k+2)}` and
    :math:`\zeta_{k+2}/\zeta_k = (\alpha-k)/(\alpha+k+d)`: exact zeros, no cancellation.

    References
    ----------
    .. [1] derived

    Examples
    --------
    >>> import riskcalc as rc
    >>> print(rc.activations.Power(2).hermite_coefficients(3).round(6))
    [0.5      0.797885 0.707107 0.325735]
    """

    exponent: float

    def _checked(self) -> dict[str, object]:
        return {"exponent": finite("exponent", self.exponent, at_least=0, at_most=80)}

    def branches(self) -> tuple[float, float, float]:
        """Of x₊ and (-x)₊, and their power."""
        return 1.0, 0.0, self.exponent


@dataclass(frozen=True, eq=False, repr=False)
class Step(PiecewisePower):
    r"""Heaviside's step.

    .. math:: \varphi(x) = 1_{x > 0}, \qquad \varphi(0) = \tfrac12

    Notes
    -----
    It has no derivative.

    References
    ----------
    .. [1] derived

    Examples
    --------
    >>> import riskcalc as rc
    >>> print(rc.activations.Step().hermite_coefficients(3).round(6))
    [ 0.5       0.398942  0.       -0.162868]
    """

    def branches(self) -> tuple[float, float, float]:
        """Of x₊ and (-x)₊, and their power."""
        return 1.0, 0.0, 0.0


@dataclass(frozen=True, eq=False, repr=False)
class Sign(PiecewisePower):
    r"""Sign.

    .. math:: \varphi(x) = 1_{x > 0} - 1_{x < 0}

    Notes
    -----
    It has no derivative.

    References
    ----------
    .. [1] derived

    Examples
    --------
    >>> import riskcalc as rc
    >>> print(rc.activations.Sign().hermite_coefficients(3).round(6))
    [ 0.        0.797885  0.       -0.325735]
    """

    def branches(self) -> tuple[float, float, float]:
        """Of x₊ and (-x)₊, and their power."""
        return 1.0, -1.0, 0.0


@dataclass(frozen=True, eq=False, repr=False)
class Abs(PiecewisePower):
    r"""Absolute value.

    .. math:: \varphi(x) = |x|

    References
    ----------
    .. [1] derived

    Examples
    --------
    >>> import riskcalc as rc
    >>> print(rc.activations.Abs().hermite_coefficients(3).round(6))
    [0.797885 0.       0.56419  0.      ]
    """

    def branches(self) -> tuple[float, float, float]:
        """Of x₊ and (-x)₊, and their power."""
        return 1.0, 1.0, 1.0


@dataclass(frozen=True, eq=False, repr=False)
class Linear(PiecewisePower):
    r"""The identity.

    .. math:: \varphi(x) = x

    References
    ----------
    .. [1] derived

    Examples
    --------
    >>> import riskcalc as rc
    >>> print(rc.activations.Linear().hermite_coefficients(3).round(6))
    [0. 1. 0. 0.]
    """

    def branches(self) -> tuple[float, float, float]:
        """Of x₊ and (-x)₊, and their power."""
        return 1.0, -1.0, 1.0


@dataclass(frozen=True, eq=False, repr=False)
class Quadratic(PiecewisePower):
    r"""The square.

    .. math:: \varphi(x) = x^2, \qquad \mu_0 = 1,\ \mu_2 = 2

    References
    ----------
    .. [1] derived

    Examples
    --------
    >>> import riskcalc as rc
    >>> print(rc.activations.Quadratic().hermite_coefficients(3).round(6))
    [1.       0.       1.414214 0.      ]
    """

    def branches(self) -> tuple[float, float, float]:
        """Of x₊ and (-x)₊, and their power."""
        return 1.0, 1.0, 2.0
