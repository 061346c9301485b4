"""The effective regularisations of random features."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from riskcalc.arguments import FloatArray, common_shape, instance, numbers
from riskcalc.spectrum import SPECTRUM_HINT, Spectrum
from riskcalc.theory.nodes import Nodes
from riskcalc.theory.random_features.fixed_point import FeaturePoint, feature_point


@dataclass(frozen=True, eq=False, repr=False)
class Regularisation:
    """Effective regularisations, all of one shape and in units of the eigenvalues.

    Parameters
    ----------
    nu1 : ndarray
        ν₁ = λ/(n-D), that of ridge regression on the N given features.
    nu2 : ndarray
        ν₂ = 1/u >= ν₁, that of the kernel: ``Risk.effective_ridge``.
    implicit : ndarray
        μ = ν₂(n-D) >= λ: averaged over its weights the predictor is kernel ridge regression with this ridge.

    References
    ----------
    .. [1] defilippis2024 (place not checked)

    Examples
    --------
    >>> import riskcalc as rc
    >>> rc.random_features.effective_ridges(rc.Spectrum.isotropic(2.0), 1.0, 2.0, ridge=0)
    Regularisation(nu1=0.5, nu2=1, implicit=0)
    """

    nu1: FloatArray
    nu2: FloatArray
    implicit: FloatArray

    def __repr__(self) -> str:
        if self.nu2.ndim:
            return f"Regularisation(shape={self.nu2.shape})"
        return f"Regularisation(nu1={self.nu1:.6g}, nu2={self.nu2:.6g}, implicit={self.implicit:.6g})"


def effective_ridges(
    spectrum: Spectrum, n_samples: npt.ArrayLike, width: npt.ArrayLike, ridge: npt.ArrayLike
) -> Regularisation:
    r"""Both effective regularisations, and the implicit ridge of the average over weights.

    .. math:: n - \frac\lambda{\nu_1} = N - \frac{N\nu_1}{\nu_2} = D,\qquad
              D = \mathrm{Tr}\,\Sigma(\Sigma+\nu_2)^{-1},\qquad \mu = \frac{\lambda N}{N-D}

    Parameters
    ----------
    spectrum : Spectrum
        Of the kernel of infinite width.
    n_samples, width, ridge : array_like, >= 0
        As in ``random_feature_risk``; they broadcast.

    Returns
    -------
    Regularisation
        ``.nu1``, ``.nu2``, ``.implicit`` of the broadcast shape.

    Raises
    ------
    ValueError
        If a number is outside its domain.

    Notes
    -----
    At ridge 0: N < n leaves ν₁ = 0 and μ = ν₂(n-N) > 0; n < N leaves ν₁ = ν₂(1-n/N) and μ = 0.

    References
    ----------
    .. [1] defilippis2024 (fixed point; place not checked)
    .. [2] jacot2020 (implicit ridge; place not checked)

    Examples
    --------
    >>> import riskcalc as rc
    >>> found = rc.random_features.effective_ridges(rc.Spectrum.isotropic(2.0), n_samples=2.0, width=1.0, ridge=0)
    >>> print(found.nu1, found.nu2, found.implicit)
    0.0 1.0 1.0
    """
    n = numbers("n_samples", n_samples, at_least=0, finite=False)
    size = numbers("width", width, at_least=0, finite=False)
    lam = numbers("ridge", ridge, at_least=0, finite=False)
    shape = common_shape(n_samples=n, width=size, ridge=lam)
    nodes = Nodes.of(instance("spectrum", spectrum, Spectrum, SPECTRUM_HINT), n_points=int(np.prod(shape)))
    point = feature_point(spectrum, nodes, n, size, lam)
    nu1 = feature_ridge(point, n, size, lam)
    with np.errstate(divide="ignore", invalid="ignore"):
        left = np.where(
            point.kappa > 0, n * point.alpha * point.kappa, np.where((n < np.inf) | (lam == 0), 0.0, np.inf)
        )
        implicit = np.where(point.beta > 0, lam / point.beta, np.where(size > 0, left, np.inf))
    return Regularisation(*(np.broadcast_to(x, shape) for x in (nu1, point.kappa, implicit)))


def feature_ridge(point: FeaturePoint, n: FloatArray, width: FloatArray, ridge: FloatArray) -> FloatArray:
    """ν₁ = ν₂(N - D)/N; λ/n where there are no features, and inf where there are no samples either."""
    with np.errstate(divide="ignore", invalid="ignore"):
        nu1 = np.where(point.beta > 0, point.beta * point.kappa, np.where(width > 0, 0.0, ridge / n))
    return np.where((width == 0) & (n == 0), np.inf, nu1)
