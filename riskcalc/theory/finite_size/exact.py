"""Exact facts at every n, for Gaussian features and noise at ridge 0."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from riskcalc.arguments import FloatArray, common_shape, numbers


def least_squares_variance(n_samples: npt.ArrayLike, rank: npt.ArrayLike, noise: npt.ArrayLike) -> FloatArray:
    r"""Mean excess test error of least squares with more Gaussian samples than features.

    .. math:: \tau^2\,\frac{r}{n-r-1}

    Parameters
    ----------
    n_samples : array_like, >= rank
    rank : array_like, >= 0
        r, the number of positive eigenvalues of the covariance, which does not enter otherwise.
    noise : array_like, >= 0
        τ², with the energy of an independent Gaussian part outside, if there is one.

    Returns
    -------
    ndarray
        Broadcast shape, units of y²; inf for n = r and n = r + 1 if there is noise.

    Raises
    ------
    ValueError
        If a number is outside its domain, or n_samples below the rank.

    References
    ----------
    .. [1] derived (the mean of an inverse Wishart matrix)

    Examples
    --------
    >>> import riskcalc as rc
    >>> print(rc.finite_size.least_squares_variance(n_samples=[11, 20], rank=10, noise=0.9))
    [inf 1.]
    """
    n, r, tau = _least_squares(n_samples, rank, noise)
    room = n - r - 1
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(room > 0, tau * r / room, np.where(tau * r > 0, np.inf, 0.0))


def least_squares_law(n_samples: npt.ArrayLike, rank: npt.ArrayLike, noise: npt.ArrayLike) -> Any:
    r"""Law of the population test error of one least-squares fit to more Gaussian samples than features.

    .. math:: \tau^2\Big(1 + \frac{\chi^2_r}{\chi^2_{n-r+1}}\Big)
              = \tau^2 + \frac{\tau^2 r}{n-r+1}\,F_{r,\,n-r+1}

    Parameters
    ----------
    n_samples : array_like, >= rank
    rank : array_like, > 0
    noise : array_like, > 0
        τ².

    Returns
    -------
    frozen distribution of scipy.stats
        With ``.mean() .std() .cdf(x) .ppf(q) .rvs(...)``, of the broadcast shape. The mean is infinite up to n = r + 1
        and the standard deviation up to n = r + 3.

    Raises
    ------
    ValueError
        If a number is outside its domain, or n_samples below the rank.

    Notes
    -----
    X and the noise are drawn anew; given X the error is a Gaussian vector of covariance τ²(XᵀX)⁻¹, and gᵀW⁻¹g for a
    Wishart W of n degrees of freedom is ‖g‖² over an independent χ² of n - r + 1.

    References
    ----------
    .. [1] derived

    Examples
    --------
    >>> import riskcalc as rc
    >>> print(rc.finite_size.least_squares_law(n_samples=20, rank=10, noise=0.9).mean().round(12))
    1.9
    """
    from scipy.stats import f

    n, r, tau = _least_squares(n_samples, rank, noise)
    numbers("rank", rank, above=0)
    numbers("noise", noise, above=0)
    return f(r, n - r + 1, loc=tau, scale=tau * r / (n - r + 1))


def isotropic_ridgeless_bias(n_samples: npt.ArrayLike, n_features: npt.ArrayLike, signal: npt.ArrayLike) -> FloatArray:
    r"""Mean noiseless test error of the minimum-norm interpolator of isotropic Gaussian data, n <= p.

    .. math:: \rho^2\Big(1-\frac np\Big)

    Parameters
    ----------
    n_samples : array_like, >= 0
    n_features : array_like, >= n_samples
    signal : array_like, >= 0
        ρ², the energy of the target.

    Returns
    -------
    ndarray
        Broadcast shape, units of y². The deterministic equivalent is the same: its correction vanishes.

    Raises
    ------
    ValueError
        If a number is outside its domain, or n_samples above n_features.

    References
    ----------
    .. [1] derived (the row space is a uniform random subspace)

    Examples
    --------
    >>> import riskcalc as rc
    >>> print(rc.finite_size.isotropic_ridgeless_bias(n_samples=5, n_features=20, signal=1.0))
    0.75
    """
    n, p, rho = _interpolator(n_samples, n_features, "signal", signal)
    return np.asarray(rho * (1 - n / p))


def isotropic_ridgeless_bias_spread(
    n_samples: npt.ArrayLike, n_features: npt.ArrayLike, signal: npt.ArrayLike
) -> FloatArray:
    r"""Standard deviation of that error over samples.

    .. math:: \rho^2\,\sqrt{\frac{2n(p-n)}{p^2(p+2)}}

    Parameters
    ----------
    n_samples : array_like, >= 0
    n_features : array_like, >= n_samples
    signal : array_like, >= 0
        ρ².

    Returns
    -------
    ndarray
        Broadcast shape, units of y².

    Raises
    ------
    ValueError
        If a number is outside its domain, or n_samples above n_features.

    References
    ----------
    .. [1] derived (the share of a unit vector in a uniform random subspace follows a beta law)

    Examples
    --------
    >>> import riskcalc as rc
    >>> print(rc.finite_size.isotropic_ridgeless_bias_spread(n_samples=1, n_features=2, signal=4.0).round(6))
    1.414214
    """
    n, p, rho = _interpolator(n_samples, n_features, "signal", signal)
    return np.asarray(rho * np.sqrt(2 * n * (p - n) / (p**2 * (p + 2))))


def isotropic_ridgeless_variance(
    n_samples: npt.ArrayLike, n_features: npt.ArrayLike, noise: npt.ArrayLike
) -> FloatArray:
    r"""Mean variance of the minimum-norm interpolator of isotropic Gaussian data, n <= p.

    .. math:: \tau^2\,\frac{n}{p-n-1}

    Parameters
    ----------
    n_samples : array_like, >= 0
    n_features : array_like, >= n_samples
    noise : array_like, >= 0
        τ².

    Returns
    -------
    ndarray
        Broadcast shape, units of y²; inf for p = n and p = n + 1 if there is noise and a sample.

    Raises
    ------
    ValueError
        If a number is outside its domain, or n_samples above n_features.

    References
    ----------
    .. [1] derived (the mean of an inverse Wishart matrix)

    Examples
    --------
    >>> import riskcalc as rc
    >>> print(rc.finite_size.isotropic_ridgeless_variance(n_samples=9, n_features=[10, 19], noise=1.0))
    [inf 1.]
    """
    n, p, tau = _interpolator(n_samples, n_features, "noise", noise)
    room = p - n - 1
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(room > 0, tau * n / room, np.where(tau * n > 0, np.inf, 0.0))


def _least_squares(
    n_samples: npt.ArrayLike, rank: npt.ArrayLike, noise: npt.ArrayLike
) -> tuple[FloatArray, FloatArray, FloatArray]:
    n, r = numbers("n_samples", n_samples, at_least=0), numbers("rank", rank, at_least=0)
    tau = numbers("noise", noise, at_least=0, hint="it is a variance")
    common_shape(n_samples=n, rank=r, noise=tau)
    if (n < r).any():
        raise ValueError("n_samples must be >= rank, below which it is no least-squares fit; see ridge_next_order")
    return n, r, tau


def _interpolator(
    n_samples: npt.ArrayLike, n_features: npt.ArrayLike, name: str, value: npt.ArrayLike
) -> tuple[FloatArray, FloatArray, FloatArray]:
    n, p = numbers("n_samples", n_samples, at_least=0), numbers("n_features", n_features, above=0)
    amount = numbers(name, value, at_least=0)
    common_shape(n_samples=n, n_features=p, **{name: amount})
    if (n > p).any():
        raise ValueError("n_samples must be <= n_features, above which it does not interpolate; see ridge_next_order")
    return n, p, amount
