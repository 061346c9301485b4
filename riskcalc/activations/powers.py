"""Activations that are a power on each side of 0."""

from __future__ import annotations

from dataclasses import dataclass

from riskcalc.activations.activation import finite
from riskcalc.activations.piecewise_power import PiecewisePower, gaussian_powers

__all__ = [
    "Abs",
    "LeakyReLU",
    "Linear",
    "PiecewisePower",
    "Power",
    "Quadratic",
    "ReLU",
    "Sign",
    "Step",
    "gaussian_powers",
]


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
