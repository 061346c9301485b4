"""Kernels of finite rank: powers and polynomials of the inner product."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import comb

from riskcalc.arguments import FloatArray, numbers, whole
from riskcalc.kernels.kernel import Kernel
from riskcalc.kernels.power_series import PowerSeries, polynomial

LARGEST_DEGREE = 1000


@dataclass(frozen=True, eq=False, repr=False)
class Monomial(Kernel):
    r"""A power of the inner product.

    .. math:: h(t) = t^m, \qquad \xi_k = \frac{m!}{2^j\,j!\,\prod_{i<(m+k)/2}(d+2i)}, \quad j = \frac{m-k}2 \ge 0

    Parameters
    ----------
    degree : int, 0 <= degree <= 1000
        The exponent m. Degrees k of other parity, or above m, have eigenvalue 0.

    Raises
    ------
    ValueError
        If the degree is outside its domain.

    Notes
    -----
    On vectors :math:`(\langle x, z\rangle/d)^m`, whatever their norms.

    References
    ----------
    .. [1] bartlett2021 (place not checked)

    Examples
    --------
    >>> import riskcalc as rc
    >>> print(rc.kernels.Monomial(2).spectrum(10, 3).masses)
    [0.1 0.  0.9 0. ]
    """

    degree: int

    def _checked(self) -> dict[str, object]:
        return {"degree": _degree(self.degree)}

    def _profile(self, t: FloatArray, n_inputs: int) -> FloatArray:
        return np.asarray(t**self.degree)

    def _series(self, n_inputs: int) -> PowerSeries:
        return polynomial(np.eye(1, self.degree + 1, self.degree)[0])


@dataclass(frozen=True, eq=False, repr=False)
class Polynomial(Kernel):
    r"""A power of the inner product plus a constant.

    .. math:: h(t) = (c + t)^m

    Parameters
    ----------
    degree : int, 0 <= degree <= 1000
        The exponent m.
    constant : float, >= 0
        c; 0 keeps the degrees of the parity of m only.

    Raises
    ------
    ValueError
        If a number is outside its domain.

    Notes
    -----
    On vectors :math:`(\langle x, z\rangle/d + c)^m`: scikit-learn's ``polynomial_kernel`` with its default gamma = 1/d.
    With c > 0 the rank is that of all polynomials of degree m.

    References
    ----------
    .. [1] bartlett2021 (place not checked)

    Examples
    --------
    >>> import riskcalc as rc
    >>> print(rc.kernels.Polynomial(2).spectrum(10, 2).masses)
    [1.1 2.  0.9]
    """

    degree: int
    constant: float = 1.0

    def _checked(self) -> dict[str, object]:
        return {
            "degree": _degree(self.degree),
            "constant": float(numbers("constant", self.constant, at_least=0, ndim=0)),
        }

    def _profile(self, t: FloatArray, n_inputs: int) -> FloatArray:
        with np.errstate(over="ignore"):
            return np.asarray((self.constant + t) ** self.degree)

    def _series(self, n_inputs: int) -> PowerSeries:
        j = np.arange(self.degree + 1)
        with np.errstate(under="ignore"):
            return polynomial(comb(self.degree, j) * self.constant ** (self.degree - j))


@dataclass(frozen=True, eq=False, repr=False)
class Taylor(Kernel):
    r"""A polynomial with given coefficients.

    .. math:: h(t) = \sum_{j=0}^m a_j\,t^j

    Parameters
    ----------
    coefficients : array_like, shape (m + 1,)
        :math:`a_0, a_1, \dots`; of any sign as long as the kernel is positive definite where it is used.

    Raises
    ------
    ValueError
        If they are not a non-empty list of finite numbers.

    Notes
    -----
    Positive definite in every dimension if and only if no coefficient is negative.

    References
    ----------
    .. [1] bartlett2021 (place not checked)

    Examples
    --------
    >>> import riskcalc as rc
    >>> print(rc.kernels.Taylor([0.3, 1, 1, 0.02]).spectrum(40, 3).masses.round(6))
    [0.325    1.001429 0.975    0.018571]
    """

    coefficients: npt.ArrayLike

    def _checked(self) -> dict[str, object]:
        a = numbers("coefficients", self.coefficients, ndim=1)
        if not 0 < a.size <= LARGEST_DEGREE + 1:
            raise ValueError(f"coefficients must be 1 to {LARGEST_DEGREE + 1} numbers, got {a.size}")
        return {"coefficients": a}

    @property
    def degree(self) -> int:
        """Degree of the polynomial."""
        return int(np.flatnonzero(self.coefficients).max(initial=0))

    def _profile(self, t: FloatArray, n_inputs: int) -> FloatArray:
        return np.asarray(np.polynomial.polynomial.polyval(t, np.asarray(self.coefficients)))

    def _series(self, n_inputs: int) -> PowerSeries:
        return polynomial(np.asarray(self.coefficients))


def _degree(value: object) -> int:
    degree = whole("degree", value)
    if degree > LARGEST_DEGREE:
        raise ValueError(f"degree must be <= {LARGEST_DEGREE}, got {degree}; take kernels.Exponential")
    return degree
