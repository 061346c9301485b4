"""Several outputs of one ridge regression: the matrix of their errors."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from riskcalc.arguments import FloatArray, common_shape, instance, numbers
from riskcalc.spectrum import SPECTRUM_HINT, Spectrum
from riskcalc.theory.effective_ridge import FixedPoint, fixed_point
from riskcalc.theory.problem import Problem
from riskcalc.theory.ridge import ridge_risk


def error_matrix(
    spectrum: Spectrum,
    cross_energies: npt.ArrayLike,
    n_samples: npt.ArrayLike,
    ridge: npt.ArrayLike,
    noise: npt.ArrayLike = 0.0,
    outside_energy: npt.ArrayLike = 0.0,
) -> FloatArray:
    r"""Test errors of several outputs that share their features, and the products of the errors of two of them.

    .. math:: \mathrm{E}(y_a-\hat f_a)(y_b-\hat f_b) = \frac{B_{ab}+M_{ab}+S_{ab}}{1-\mathrm{df}_2/n},\qquad
              B_{ab} = \kappa^2\sum_i\frac{\sigma_i\langle P_i\theta_a, P_i\theta_b\rangle}{(\sigma_i+\kappa)^2}

    Parameters
    ----------
    spectrum : Spectrum
    cross_energies : array_like, shape (k, q, q)
        :math:`\sigma_i\langle P_i\theta_a, P_i\theta_b\rangle` for each of the k spectrum entries: a positive
        semidefinite matrix of the q outputs. At a zero eigenvalue it counts as outside.
    n_samples : array_like, >= 0
    ridge : array_like, > ridge_lower_limit(spectrum, n_samples)
        One for all outputs.
    noise : array_like, shape (q, q), or scalar >= 0
        S, the covariance of the label noises of one sample; a number is that variance, independent in every output.
    outside_energy : array_like, shape (q, q), or scalar >= 0
        M, the second moments of what is not linear in the features; a number likewise.

    Returns
    -------
    ndarray
        Broadcast shape of ``n_samples`` and ``ridge``, then (q, q). The diagonal holds the test errors of
        ``ridge_risk``, and the trace is their sum. At ridge 0 and n_samples equal to the rank: inf or -inf
        by the sign of M + S, and 0 where that is 0.

    Raises
    ------
    TypeError
        If ``spectrum`` is not a Spectrum.
    ValueError
        If a number is outside its domain, or a matrix is not a covariance of the q outputs.

    Notes
    -----
    κ and df2 depend on the features alone. The same regime as ``ridge_risk``.

    References
    ----------
    .. [1] cheng2024 (place not checked)
    .. [2] derived (the products, by polarisation)

    Examples
    --------
    >>> import riskcalc as rc
    >>> shared = [[[1.0, 0.5], [0.5, 1.0]]]
    >>> noise = [[0.25, -0.1], [-0.1, 0.25]]
    >>> print(rc.theory.error_matrix(rc.Spectrum.isotropic(2.0), shared, n_samples=1.0, ridge=0, noise=noise))
    [[1.   0.05]
     [0.05 1.  ]]
    """
    size = instance("spectrum", spectrum, Spectrum, SPECTRUM_HINT).eigenvalues.size
    n = numbers("n_samples", n_samples, at_least=0)
    lam = numbers("ridge", ridge, above=-np.inf, finite=False)
    shape = common_shape(n_samples=n, ridge=lam)
    energies = numbers("cross_energies", cross_energies, ndim=3)
    q = energies.shape[1]
    if energies.shape != (size, q, q) or q == 0:
        raise ValueError(
            f"cross_energies must have shape ({size}, q, q), one matrix per spectrum entry, got shape {energies.shape}"
        )
    _refuse_indefinite("cross_energies", energies)
    unexplained = _matrix("noise", noise, q) + _matrix("outside_energy", outside_energy, q)
    missed = _lost(spectrum, fixed_point(spectrum, n, lam)) ** 2 @ energies.reshape(size, q * q)
    total = missed.reshape(*shape, q, q) + unexplained
    unit = ridge_risk(Problem(spectrum, np.zeros(size), noise=1.0), n, lam).test[..., None, None]  # n/(n - df2)
    with np.errstate(invalid="ignore"):
        return np.where(total == 0, 0.0, unit * total)


def _lost(spectrum: Spectrum, point: FixedPoint) -> FloatArray:
    """κ/(σ+κ), entries last: 1 at a zero eigenvalue; by logarithms where a float does not hold σ or κ."""
    kappa, x = point.kappa[..., None], spectrum.log_eigenvalues
    with np.errstate(divide="ignore", over="ignore", under="ignore", invalid="ignore"):
        plain = kappa / (spectrum.eigenvalues + kappa)
        in_logs = np.exp(-np.logaddexp(0, x - point.log_kappa[..., None]))
    held = (kappa < 0) | ((kappa > 1e-290) & (kappa < 1e290) & (spectrum.eigenvalues > 1e-290))
    return np.where(x == -np.inf, 1.0, np.where(held, plain, in_logs))


def _matrix(name: str, value: npt.ArrayLike, q: int) -> FloatArray:
    """A covariance of the outputs; a number is a multiple of the identity."""
    array = numbers(name, value)
    if array.ndim == 0:
        return np.asarray(float(numbers(name, array, at_least=0)) * np.eye(q))
    if array.shape != (q, q):
        raise ValueError(f"{name} must be a number or a matrix with a row per output ({q}), got shape {array.shape}")
    _refuse_indefinite(name, array)
    return array


def _refuse_indefinite(name: str, matrices: FloatArray) -> None:
    """Covariances are symmetric and have no negative eigenvalue beyond rounding."""
    top = np.abs(matrices).max(axis=(-2, -1), keepdims=True)
    gap = np.abs(matrices - np.swapaxes(matrices, -2, -1))
    if (gap > 1e-10 * top).any():
        raise ValueError(f"{name} must be symmetric, got entries that differ by {gap.max():g}; use (A + A.T) / 2")
    least = np.linalg.eigvalsh(matrices).min(axis=-1)
    beyond = least < -10 * np.finfo(float).eps * math.prod(matrices.shape[-1:]) * top[..., 0, 0]
    if beyond.any():
        raise ValueError(f"{name} must be positive semidefinite, got the eigenvalue {least.min():g}")
