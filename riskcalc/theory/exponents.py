"""Learning curves of ridge regression on power laws: exponents in every regime, and constants without a ridge."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import gamma, zeta

from riskcalc.arguments import FloatArray, common_shape, numbers

LAST = 1.25  # source from which on what the target leaves at small eigenvalues is beyond the order of the formula
STIELTJES = -0.0728158454836767  # γ₁, the next coefficient of ζ after Euler's γ
POLE = 1e-9  # distance from source 1 at which two terms of opposite sign have lost the digits that their limit lacks


@dataclass(frozen=True, eq=False)
class LearningCurveExponents:
    """Powers of n (a quantity goes like n to its exponent); arrays of one shape.

    Parameters
    ----------
    effective_ridge, bias, variance : ndarray
        Of κ, of the bias (the excess without noise), and of the variance (0: it does not decay).
    excess : ndarray
        Of test - τ² with noise: the larger of bias and variance.
    noise_dominates : ndarray of bool
        Whether the variance decays more slowly than the bias.
    best_ridge_exponent : ndarray
        ℓ* at which bias and variance balance, with noise. Ridges beyond it let the noise take over.
    optimal : ndarray
        Of the excess at ℓ*, with noise.
    optimal_noiseless : ndarray
        Of the excess at the best ridge (any ℓ >= α) without noise.
    """

    effective_ridge: FloatArray
    bias: FloatArray
    variance: FloatArray
    excess: FloatArray
    noise_dominates: npt.NDArray[np.bool_]
    best_ridge_exponent: FloatArray
    optimal: FloatArray
    optimal_noiseless: FloatArray


def learning_curve_exponents(
    exponent: npt.ArrayLike, source: npt.ArrayLike, ridge_exponent: npt.ArrayLike = np.inf
) -> LearningCurveExponents:
    r"""Exponents of the learning curve under capacity and source conditions.

    .. math:: \sigma_i = i^{-\alpha},\quad e_i = i^{-1-2\alpha r},\quad \lambda = n^{1-\ell}:\qquad
              \kappa \sim n^{-\min(\ell,\alpha)},\quad \mathrm{bias} \sim n^{-2\rho\min(\ell,\alpha)},\quad
              \mathrm{variance} \sim n^{\min(\ell/\alpha,1)-1},\quad \rho = \min(r, 1)

    Parameters
    ----------
    exponent : array_like, > 1
        α.
    source : array_like, > 0
        r; saturates at 1.
    ridge_exponent : array_like, >= 0
        ℓ: the ridge of the sum objective is n^(1-ℓ), the one per sample n^-ℓ. inf is ridgeless. All three broadcast.

    Returns
    -------
    LearningCurveExponents
        Of the broadcast shape; ``.optimal`` is -2αρ/(1+2αρ), reached at the ridge exponent α/(1+2αρ).

    Raises
    ------
    ValueError
        If a number is outside its domain.

    Notes
    -----
    Powers of n only: at r = 1 the bias carries a factor log n besides, and constants decide where a crossover is seen.
    ℓ < α is effectively regularised, ℓ >= α effectively ridgeless. Caponnetto and De Vito's b is α and their c is 2r;
    the kernel literature's a (energies i^-a) is 1 + 2αr. Spectra are fixed as n grows, and the features independent.

    References
    ----------
    .. [1] cui2021 (all regimes; place not checked)
    .. [2] caponnetto2007 (optimal rate; place not checked)

    Examples
    --------
    >>> import riskcalc as rc
    >>> rates = rc.learning_curve_exponents(exponent=2.0, source=0.5, ridge_exponent=[0.5, 1.0, float("inf")])
    >>> print(rates.bias, rates.variance, rates.excess, rates.optimal)
    [-0.5 -1.  -2. ] [-0.75 -0.5   0.  ] [-0.5 -0.5  0. ] [-0.66666667 -0.66666667 -0.66666667]
    """
    alpha, r = numbers("exponent", exponent, above=1), numbers("source", source, above=0)
    ell = numbers("ridge_exponent", ridge_exponent, at_least=0, finite=False)
    shape = common_shape(exponent=alpha, source=r, ridge_exponent=ell)
    effective, rate = np.minimum(ell, alpha), 2 * alpha * np.minimum(r, 1.0)
    bias, variance = 0 - rate / alpha * effective, effective / alpha - 1
    best = alpha / (1 + rate)
    noisy = variance > bias
    fields = (0 - effective, bias, variance, np.maximum(bias, variance), noisy, best, -rate / (1 + rate), -rate)
    return LearningCurveExponents(*(np.broadcast_to(field, shape) for field in fields))


@dataclass(frozen=True, eq=False)
class RidgelessPowerLaw:
    """Leading terms for large n; arrays of one shape.

    Parameters
    ----------
    effective_ridge, bias, variance, test : ndarray
        The test error contains the noise.
    """

    effective_ridge: FloatArray
    bias: FloatArray
    variance: FloatArray
    test: FloatArray


def ridgeless_power_law(
    exponent: npt.ArrayLike, source: npt.ArrayLike, n_samples: npt.ArrayLike, noise: npt.ArrayLike = 0
) -> RidgelessPowerLaw:
    r"""Closed form of the ridgeless learning curve on an infinite power law, for large n.

    .. math:: \kappa \simeq \Big(\frac A{n+1/2}\Big)^\alpha,\quad A = \frac{\pi/\alpha}{\sin(\pi/\alpha)},\qquad
              \frac{\mathrm{variance}}{\tau^2} \simeq \alpha - 1 - \frac{\alpha}{2n+1},\qquad
              \mathrm{bias} \simeq \frac{n}{n+1/2}\Big[\Gamma(2r)\Gamma(2-2r)\,\kappa^{2r}
              + \alpha\,\zeta(1+2\alpha(r-1))\,\kappa^2\Big]

    Parameters
    ----------
    exponent : array_like, > 1
        α, with eigenvalues i^-α.
    source : array_like, > 0
        r, with energies i^(-1-2αr).
    n_samples : array_like, > 0
    noise : array_like, >= 0
        τ². All four broadcast.

    Returns
    -------
    RidgelessPowerLaw
        ``.effective_ridge``, ``.bias``, ``.variance`` and ``.test`` of the broadcast shape.

    Raises
    ------
    ValueError
        If a number is outside its domain.

    Notes
    -----
    The first term of the bias leads below r = 1 and the second above; at r = 1 their poles cancel, and the bracket is
    κ²(log(1/κ) - 1 + αγ) with Euler's γ. From r = 5/4 on the first term, of the order of others that are left out, is
    left out too. Relative errors: of κ and the variance about ακ/n and κ; of the bias κ^min(1, 3-2r) below r = 5/4
    (close to r = 1 rounding adds up to 1e-7) and κ^min(1, 2r-2) above (times log(1/κ) at r = 3/2). ``ridge_risk``
    has none of them.

    References
    ----------
    .. [1] cui2021 (exponents; place not checked)
    .. [2] derived (constants)

    Examples
    --------
    >>> import riskcalc as rc
    >>> limit = rc.theory.ridgeless_power_law(exponent=1.5, source=0.4, n_samples=1e6, noise=0.1)
    >>> print(limit.variance.round(6), f"{limit.bias:.6e}")
    0.05 1.946231e-07
    """
    alpha, r = numbers("exponent", exponent, above=1), numbers("source", source, above=0)
    n, tau2 = numbers("n_samples", n_samples, above=0), numbers("noise", noise, at_least=0)
    shape = common_shape(exponent=alpha, source=r, n_samples=n, noise=tau2)
    kappa = (np.pi / alpha / np.sin(np.pi / alpha) / (n + 0.5)) ** alpha
    bias = n / (n + 0.5) * _missed(alpha, r, kappa)
    variance = tau2 * (alpha - 1 - alpha / (2 * n + 1))
    fields = (kappa, bias, variance, bias + variance + tau2)
    return RidgelessPowerLaw(*(np.broadcast_to(field, shape) for field in fields))


def _missed(alpha: FloatArray, r: FloatArray, kappa: FloatArray) -> FloatArray:
    """The two terms of the bias; where r is within POLE of 1, their limit there."""
    pole = np.abs(r - 1) < POLE
    below, other = np.where((r < LAST) & ~pole, r, 0.5), np.where(pole, 2.0, r)
    first = np.where(r < LAST, gamma(2 * below) * gamma(2 - 2 * below) * kappa ** (2 * below), 0.0)
    second = alpha * _zeta(2 * alpha * (other - 1)) * kappa**2
    return np.where(pole, kappa**2 * (alpha * np.euler_gamma - 1 - np.log(kappa)), first + second)


def _zeta(x: FloatArray) -> FloatArray:
    """ζ(1 + x) for x not 0, near it by the Laurent series: the sum 1 + x would be rounded."""
    near = np.abs(x) < 1e-4
    close, far = np.where(near, x, 1.0), np.where(near, 1.0, x)
    return np.where(near, 1 / close + np.euler_gamma - STIELTJES * close, zeta(1 + far))
