"""Multiplicities of the harmonics of each degree, exactly, and the validation of sizes and degrees."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from riskcalc.arguments import FloatArray, choice, common_shape, numbers, whole

DOMAINS = ("sphere", "hypercube")


def sphere_multiplicity(n_inputs: int, degree: int) -> int:
    r"""Dimension of the spherical harmonics of one degree.

    .. math:: B(d, k) = \binom{d+k-1}{k} - \binom{d+k-3}{k-2}

    Parameters
    ----------
    n_inputs : int, >= 2
        The dimension d.
    degree : int, >= 0
        The degree k.

    Returns
    -------
    int
        Exact, of any size.

    Raises
    ------
    ValueError
        If ``n_inputs`` or ``degree`` is outside its domain.

    References
    ----------
    .. [1] misiakiewicz2024 (lecture 3; place not checked)

    Examples
    --------
    >>> import riskcalc as rc
    >>> rc.harmonics.sphere_multiplicity(3, 4), rc.harmonics.sphere_multiplicity(100, 2)
    (9, 5049)
    """
    d, k = sizes("sphere", n_inputs, degree)
    return math.comb(d + k - 1, k) - (math.comb(d + k - 3, k - 2) if k >= 2 else 0)


def hypercube_multiplicity(n_inputs: int, degree: int) -> int:
    r"""Number of monomials of one degree on the hypercube.

    .. math:: \binom{d}{k}

    Parameters
    ----------
    n_inputs : int, >= 1
        The dimension d.
    degree : int, 0 <= degree <= n_inputs
        The degree k.

    Returns
    -------
    int
        Exact, of any size.

    Raises
    ------
    ValueError
        If ``n_inputs`` or ``degree`` is outside its domain.

    References
    ----------
    .. [1] misiakiewicz2024 (lecture 3; place not checked)

    Examples
    --------
    >>> import riskcalc as rc
    >>> rc.harmonics.hypercube_multiplicity(10, 3)
    120
    """
    d, k = sizes("hypercube", n_inputs, degree)
    return math.comb(d, k)


def cyclic_multiplicity(n_inputs: int, degree: int, domain: str = "sphere") -> int:
    r"""Dimension of the harmonics of one degree that cyclic shifts of the coordinates leave unchanged.

    .. math:: D_{\rm cube} = \frac1d \sum_{j \mid \gcd(d, k)} \varphi(j) \binom{d/j}{k/j}, \qquad
              D_{\rm sphere} = \frac1d \sum_{j \mid d} \varphi(j) \left[c_j(k) - c_j(k-2)\right], \quad
              c_j(k) = \binom{k/j + d/j - 1}{k/j} \text{ if } j \mid k, \text{ else } 0

    Parameters
    ----------
    n_inputs : int, >= 2 (sphere) or >= 1 (hypercube)
        The dimension d.
    degree : int, >= 0, on the hypercube <= n_inputs
        The degree k.
    domain : "sphere" or "hypercube"

    Returns
    -------
    int
        Exact; about 1/d of the multiplicity without the symmetry.

    Raises
    ------
    ValueError
        If an argument is outside its domain.

    Notes
    -----
    φ is Euler's totient: the average over the group of the trace of a shift, whose cycles all have length j (derived).

    References
    ----------
    .. [1] mei2021 (place not checked)

    Examples
    --------
    >>> import riskcalc as rc
    >>> rc.harmonics.cyclic_multiplicity(12, 3, "hypercube"), rc.harmonics.hypercube_multiplicity(12, 3)
    (19, 220)
    """
    d, k = sizes(choice("domain", domain, DOMAINS), n_inputs, degree)
    if domain == "hypercube":
        common = math.gcd(d, k)
        return sum(_totient(j) * math.comb(d // j, k // j) for j in _divisors(common)) // d
    fixed = (_totient(j) * (_fixed_monomials(d, k, j) - _fixed_monomials(d, k - 2, j)) for j in _divisors(d))
    return sum(fixed) // d


def log_sphere_multiplicity(n_inputs: npt.ArrayLike, degree: npt.ArrayLike) -> FloatArray:
    r"""Natural logarithm of :math:`B(d, k)`, right to rounding where the number itself is beyond a float.

    Parameters
    ----------
    n_inputs : array_like of integers, >= 2
    degree : array_like of integers, >= 0

    Returns
    -------
    ndarray
        Of the common broadcast shape.

    Raises
    ------
    ValueError
        If an argument is outside its domain.

    References
    ----------
    .. [1] misiakiewicz2024 (lecture 3; place not checked)

    Examples
    --------
    >>> import riskcalc as rc
    >>> print(rc.harmonics.log_sphere_multiplicity(10_000, [1, 300]).round(6))
    [   9.21034  1352.636299]
    """
    return _elementwise_log(sphere_multiplicity, n_inputs, degree)


def log_hypercube_multiplicity(n_inputs: npt.ArrayLike, degree: npt.ArrayLike) -> FloatArray:
    r"""Natural logarithm of :math:`\binom{d}{k}`, right to rounding where the number itself is beyond a float.

    Parameters
    ----------
    n_inputs : array_like of integers, >= 1
    degree : array_like of integers, 0 <= degree <= n_inputs

    Returns
    -------
    ndarray
        Of the common broadcast shape.

    Raises
    ------
    ValueError
        If an argument is outside its domain.

    References
    ----------
    .. [1] misiakiewicz2024 (lecture 3; place not checked)

    Examples
    --------
    >>> import riskcalc as rc
    >>> print(rc.harmonics.log_hypercube_multiplicity(10, [0, 3]).round(6))
    [0.       4.787492]
    """
    return _elementwise_log(hypercube_multiplicity, n_inputs, degree)


def sizes(domain: str, n_inputs: object, degree: object) -> tuple[int, int]:
    """The dimension and the degree as Python integers, if the domain has them."""
    hint = "the sphere in one dimension is two points; use d >= 2" if domain == "sphere" else ""
    d = whole("n_inputs", n_inputs, at_least=2 if domain == "sphere" else 1, hint=hint)
    k = whole("degree", degree)
    if domain == "hypercube" and k > d:
        raise ValueError(f"degree must be <= n_inputs on the hypercube ({d}), got {k}; there are no monomials beyond")
    return d, k


def degrees(domain: str, n_inputs: int, degree: npt.ArrayLike) -> FloatArray:
    """An array of degrees, checked like one of them."""
    array = numbers("degree", degree, at_least=0)
    for k in np.unique(array):
        sizes(domain, n_inputs, float(k))
    return array


def multiplicity_ratios(n_inputs: int, max_degree: int) -> FloatArray:
    """B(d, k)/B(d, k-1) for k = 1 ... max_degree."""
    d, k = n_inputs, np.arange(2.0, max_degree + 1)
    later = (2 * k + d - 2) * (k + d - 3) / ((2 * k + d - 4) * k)
    return np.concatenate([[float(d)], later])[:max_degree]


def _elementwise_log(
    multiplicity: Callable[[int, int], int], n_inputs: npt.ArrayLike, degree: npt.ArrayLike
) -> FloatArray:
    """``math.log`` of the exact integers, which it takes at any size."""
    d, k = numbers("n_inputs", n_inputs), numbers("degree", degree)
    result = np.empty(common_shape(n_inputs=d, degree=k))
    for index, (one_d, one_k) in enumerate(np.broadcast(d, k)):
        result.flat[index] = math.log(multiplicity(one_d, one_k))
    return result


def _fixed_monomials(d: int, k: int, order: int) -> int:
    """Trace of a shift of the given order on the monomials of degree k: those that are constant on its cycles."""
    cycles, copies = d // order, k // order
    return math.comb(copies + cycles - 1, cycles - 1) if k >= 0 and k % order == 0 else 0


def _divisors(number: int) -> list[int]:
    return [j for j in range(1, number + 1) if number % j == 0]


def _totient(number: int) -> int:
    return sum(math.gcd(number, j) == 1 for j in range(1, number + 1))
