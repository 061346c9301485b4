"""The staircase: which degrees n = d^a samples teach a kernel, as the dimension grows."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from riskcalc.arguments import FloatArray, instance, numbers
from riskcalc.kernels import Kernel
from riskcalc.theory.linear_regime import KERNEL_HINT

DECADES = ((10**6, 10**7), (10**3, 10**4), (10**2, 10**3))  # pairs of dimensions, as far as the kernel has digits


def staircase(energies: npt.ArrayLike, exponent: npt.ArrayLike, kernel: Kernel | None = None) -> FloatArray:
    r"""Limit of the excess risk of kernel ridge regression with :math:`n = d^a` samples on the sphere or the hypercube.

    .. math:: \mathrm{excess} \to \|P_{>\ell}f_*\|^2 = \sum_{k>\ell} F_k^2, \qquad \ell < a < \ell+1

    Parameters
    ----------
    energies : array_like, >= 0, shape (K + 1,)
        :math:`F_k^2 = \|P_kf_*\|^2`, the target's energy in each degree 0 ... K. Units of y².
    exponent : array_like, >= 0
        a, any shape. At a whole number the limit does not exist: the upper value is returned, that of smaller
        exponents. What happens there depends on n/d^a (``critical_ridge_risk``), and may exceed both neighbours.
    kernel : Kernel, optional
        Its degrees with eigenvalue 0 (parity, or a polynomial's finite rank) are never learned and stay. Left out,
        the kernel has every degree.

    Returns
    -------
    ndarray
        Of the shape of ``exponent``, units of y². The noise is not fitted, and the test error is this + τ².

    Raises
    ------
    ValueError
        If a number is outside its domain, or the kernel is not positive definite or its degrees up to K are lost in
        rounding.
    TypeError
        If ``kernel`` is not a Kernel.

    Notes
    -----
    The limit d → ∞ for every ridge from 0 to o(n d^(−ℓ)), at fixed energies and a kernel with h(1) of order 1. What
    is not learned acts as a ridge, so that interpolation does no harm. A degree k whose mass is of order :math:`d^{-j}`
    (its Taylor coefficient vanishes, but not that of k + 2j) is learned from a = k + j on (derived); j is read off the
    kernel's spectrum in two large dimensions.

    The limit is slow: step ℓ is at n ≈ d^ℓ/ℓ!, and the excess at a = 1.5 errs by 7 % at d = 1000. For numbers use
    ``predict`` with SphereData.

    References
    ----------
    .. [1] ghorbani2021 (place not checked)
    .. [2] mei2022 (place not checked)

    Examples
    --------
    >>> import riskcalc as rc
    >>> print(rc.limits.staircase([0.0, 0.5, 0.3, 0.2], exponent=[0.5, 1.5, 2, 2.5, 3.5]))
    [1.  0.5 0.5 0.2 0. ]
    >>> print(rc.limits.staircase([0.0, 0.5, 0.3, 0.2], 3.5, kernel=rc.kernels.ReluNeuralTangent(depth=1)))
    0.2
    """
    F = numbers("energies", energies, at_least=0, ndim=1)
    if F.size == 0:
        raise ValueError("energies must have at least one entry, that of degree 0, got none")
    a = numbers("exponent", exponent, at_least=0)
    steps = np.arange(F.size) if kernel is None else _steps(instance("kernel", kernel, Kernel, KERNEL_HINT), F.size)
    return np.asarray(np.where(steps >= a[..., None], F, 0.0).sum(axis=-1))


def _steps(kernel: Kernel, n_degrees: int) -> FloatArray:
    """The exponent beyond which each degree is learned, k + j; inf for a degree that the kernel has not."""
    low, high, ratio = _masses_in_two_dimensions(kernel, n_degrees - 1)
    present = (low > -np.inf) & (high > -np.inf)
    fall = np.where(present, low, 0.0) - np.where(present, high, 0.0)
    return np.where(present, np.arange(n_degrees) + np.rint(fall / math.log(ratio)), math.inf)


def _masses_in_two_dimensions(kernel: Kernel, max_degree: int) -> tuple[FloatArray, FloatArray, float]:
    """Logarithms of the masses in the largest two dimensions in which the kernel has digits, and their ratio."""
    for first, last in DECADES[:-1]:
        try:
            return _log_masses(kernel, first, max_degree), _log_masses(kernel, last, max_degree), last / first
        except ValueError:  # lost in rounding
            continue
    first, last = DECADES[-1]
    return _log_masses(kernel, first, max_degree), _log_masses(kernel, last, max_degree), last / first


def _log_masses(kernel: Kernel, n_inputs: int, max_degree: int) -> FloatArray:
    return kernel.spectrum(n_inputs, max_degree).log_masses
