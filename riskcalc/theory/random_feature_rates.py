"""Scaling laws of random features under source and capacity conditions: powers of n in every regime."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from riskcalc.arguments import FloatArray, common_shape, numbers


@dataclass(frozen=True, eq=False)
class RandomFeatureRate:
    """Powers of n (a quantity goes like n to its exponent); arrays of one shape.

    Parameters
    ----------
    delta : ndarray
        Of the degrees of freedom D.
    bias, variance, excess : ndarray
        Of the bias, of the variance (0: it does not decay), and of the larger of the two, test - τ² with noise.
    ridge_exponent : ndarray
        ℓ of the ridge n^(1-ℓ); inf is ridgeless.
    least_width_exponent : ndarray
        The smallest q that keeps the best rate of kernel ridge regression, at its best ridge and with noise.

    References
    ----------
    .. [1] defilippis2024 (place not checked)

    Examples
    --------
    >>> import riskcalc as rc
    >>> print(rc.limits.best_random_feature_rate(exponent=2.0, source=0.5, width_exponent=1.0).least_width_exponent)
    0.3333333333333333
    """

    delta: FloatArray
    bias: FloatArray
    variance: FloatArray
    excess: FloatArray
    ridge_exponent: FloatArray
    least_width_exponent: FloatArray


def random_feature_rate(
    exponent: npt.ArrayLike,
    source: npt.ArrayLike,
    width_exponent: npt.ArrayLike,
    ridge_exponent: npt.ArrayLike = np.inf,
) -> RandomFeatureRate:
    r"""Exponents of the learning curve of random features.

    .. math:: \xi_k = k^{-\alpha},\ e_k = k^{-1-2\alpha r},\ N = n^q,\ \lambda = n^{1-\ell}:\quad
              D \sim n^\delta,\ \delta = \min(\ell/\alpha, q, 1),\quad
              \mathrm{bias} \sim n^{-\min\{2\alpha\bar r\delta,\ (q-\delta)+\alpha\min(2r,1)\delta\}},\quad
              \mathrm{variance} \sim n^{\delta-1}

    with :math:`\bar r = \min(r,1)`.

    Parameters
    ----------
    exponent : array_like, > 1
        α.
    source : array_like, > 0
        r.
    width_exponent : array_like, > 0
        q; inf is kernel ridge regression.
    ridge_exponent : array_like, >= 0
        ℓ of the sum objective's ridge n^(1-ℓ); inf is ridgeless. All four broadcast.

    Returns
    -------
    RandomFeatureRate
        ``.delta``, ``.bias``, ``.variance``, ``.excess``, ... of the broadcast shape. Like those of
        ``learning_curve_exponents`` they are powers of n: a rate γ is the exponent -γ.

    Raises
    ------
    ValueError
        If a number is outside its domain.

    Notes
    -----
    Not at n = N without a ridge (q = 1 and ℓ >= α), where the error diverges; slow where q - δ is small and positive;
    logarithms at r = ½ and r = 1 are not shown. The first term of the bias is that of the kernel, the second the price
    of the width.

    References
    ----------
    .. [1] defilippis2024 (scaling laws; place not checked)
    .. [2] derived

    Examples
    --------
    >>> import riskcalc as rc
    >>> rate = rc.limits.random_feature_rate(exponent=2.0, source=0.75, width_exponent=[0.45, 0.7], ridge_exponent=0.5)
    >>> print(rate.bias, rate.variance)
    [-0.7  -0.75] [-0.75 -0.75]
    """
    alpha, r = numbers("exponent", exponent, above=1), numbers("source", source, above=0)
    q = numbers("width_exponent", width_exponent, above=0, finite=False)
    ell = numbers("ridge_exponent", ridge_exponent, at_least=0, finite=False)
    shape = common_shape(exponent=alpha, source=r, width_exponent=q, ridge_exponent=ell)
    delta = np.minimum(np.minimum(ell / alpha, q), 1.0)
    return _rate(shape, alpha, r, q, ell, delta)


def best_random_feature_rate(
    exponent: npt.ArrayLike, source: npt.ArrayLike, width_exponent: npt.ArrayLike
) -> RandomFeatureRate:
    r"""Exponents of the learning curve of random features at the best ridge, with noise.

    .. math:: \mathrm{excess} \sim n^{-2\alpha\bar r/(1+2\alpha\bar r)}\quad\text{if}\quad
              q \ge \frac{1+\alpha(2\max(\tfrac12,\bar r)-1)}{1+2\alpha\bar r}

    Parameters
    ----------
    exponent : array_like, > 1
        α.
    source : array_like, > 0
        r.
    width_exponent : array_like, > 0
        q. All three broadcast.

    Returns
    -------
    RandomFeatureRate
        With the best ``.ridge_exponent`` (where any larger one does as well, the least of them).

    Raises
    ------
    ValueError
        If a number is outside its domain.

    Notes
    -----
    Too narrow, the rate is αq·min(2r, 1) while the width limits (r <= ½ or q <= 1/(1+α)), else 1 - (1-q)/α. Without
    noise the best exponent is that of ``random_feature_rate`` at ridge_exponent inf.

    References
    ----------
    .. [1] rudi2017 (enough features; place not checked)
    .. [2] defilippis2024 (no fewer; place not checked)
    .. [3] derived (the rates below)

    Examples
    --------
    >>> import riskcalc as rc
    >>> rate = rc.limits.best_random_feature_rate(exponent=2.0, source=0.75, width_exponent=[0.2, 0.4, 0.6, 1.0])
    >>> print(rate.excess, rate.least_width_exponent)
    [-0.4  -0.7  -0.75 -0.75] [0.5 0.5 0.5 0.5]
    """
    alpha, r = numbers("exponent", exponent, above=1), numbers("source", source, above=0)
    q = numbers("width_exponent", width_exponent, above=0, finite=False)
    shape = common_shape(exponent=alpha, source=r, width_exponent=q)
    balanced = 1 / (1 + 2 * alpha * np.minimum(r, 1))  # bias of the kernel and variance
    narrow = (1 - q) / (alpha * np.minimum(2 * r, 1))  # price of the width and variance
    delta = np.minimum(q, np.maximum(balanced, narrow))
    return _rate(shape, alpha, r, q, alpha * delta, delta)


def _rate(
    shape: tuple[int, ...], alpha: FloatArray, r: FloatArray, q: FloatArray, ell: FloatArray, delta: FloatArray
) -> RandomFeatureRate:
    capped = np.minimum(r, 1)
    kernel, width = 2 * alpha * capped * delta, (q - delta) + alpha * np.minimum(2 * r, 1) * delta
    bias, variance = -np.minimum(kernel, width), delta - 1
    least = (1 + alpha * (2 * np.maximum(0.5, capped) - 1)) / (1 + 2 * alpha * capped)
    fields = (delta, bias, variance, np.maximum(bias, variance), ell, least)
    return RandomFeatureRate(*(np.broadcast_to(field, shape) for field in fields))
