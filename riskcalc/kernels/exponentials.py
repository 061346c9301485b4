"""Kernels of an exponential: of the inner product, of the squared distance, of the distance."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.spatial.distance import cdist
from scipy.special import gammaln

from riskcalc.arguments import FloatArray, numbers
from riskcalc.kernels.kernel import Kernel
from riskcalc.kernels.power_series import PowerSeries, from_floats


@dataclass(frozen=True, eq=False, repr=False)
class Exponential(Kernel):
    r"""The exponential of the inner product.

    .. math:: h(t) = e^{at}, \qquad
              \xi_k = \left(\frac a2\right)^k \frac{\Gamma(d/2)}{\Gamma(d/2+k)}\;
              {}_0F_1\!\left(;k+\frac d2;\frac{a^2}4\right)

    Parameters
    ----------
    scale : float, >= 0
        a.

    Raises
    ------
    ValueError
        If the scale is negative.

    Notes
    -----
    On vectors :math:`\exp(a\langle x, z\rangle/d)`, whatever their norms. On the hypercube
    :math:`\xi_k = \sinh^k(a/d)\cosh^{d-k}(a/d)`.

    References
    ----------
    .. [1] bartlett2021 (place not checked)

    Examples
    --------
    >>> import riskcalc as rc
    >>> spectrum = rc.kernels.Exponential().spectrum(1000, 60)
    >>> print(spectrum.masses[:3].round(4), spectrum.eigenvalues[60])
    [1.0005 1.0005 0.4997] 3.31426222...e-182
    """

    scale: float = 1.0

    def _checked(self) -> dict[str, object]:
        return {"scale": float(numbers("scale", self.scale, at_least=0, ndim=0))}

    def _profile(self, t: FloatArray, n_inputs: int) -> FloatArray:
        with np.errstate(over="ignore"):
            return np.exp(self.scale * t)

    def _series(self, n_inputs: int) -> PowerSeries:
        return poisson(self.scale).scaled(self.scale)


@dataclass(frozen=True, eq=False, repr=False)
class RBF(Kernel):
    r"""The Gaussian of the distance.

    .. math:: K(x, z) = \exp(-\gamma\|x - z\|^2), \qquad h(t) = e^{-a(1-t)}, \quad a = 2\gamma d

    Parameters
    ----------
    gamma : float, >= 0, optional
        γ, as in scikit-learn's ``rbf_kernel``; 1/d if it is not given.

    Raises
    ------
    ValueError
        If gamma is negative.

    Notes
    -----
    The Taylor coefficients are the probabilities of a Poisson law of mean a, so the masses are those of a walk on
    degrees stopped after a Poisson number of steps (derived).

    References
    ----------
    .. [1] bartlett2021 (place not checked)

    Examples
    --------
    >>> import riskcalc as rc
    >>> print(rc.kernels.RBF()([[0.0, 0.0], [1.0, 1.0]]).round(6))
    [[1.       0.367879]
     [0.367879 1.      ]]
    """

    gamma: float | None = None

    def _checked(self) -> dict[str, object]:
        return {"gamma": None if self.gamma is None else float(numbers("gamma", self.gamma, at_least=0, ndim=0))}

    def _gamma(self, n_inputs: int) -> float:
        return 1 / n_inputs if self.gamma is None else self.gamma

    def _profile(self, t: FloatArray, n_inputs: int) -> FloatArray:
        with np.errstate(under="ignore"):
            return np.exp(-2 * self._gamma(n_inputs) * n_inputs * (1 - t))

    def _gram(self, X: FloatArray, Z: FloatArray, same: bool) -> FloatArray:
        squared: FloatArray = (X**2).sum(axis=1)[:, None] + (Z**2).sum(axis=1) - 2 * X @ Z.T
        if same:
            np.fill_diagonal(squared, 0.0)
        with np.errstate(under="ignore"):
            return np.asarray(np.exp(-self._gamma(X.shape[1]) * squared.clip(0)))

    def _series(self, n_inputs: int) -> PowerSeries:
        return poisson(2 * self._gamma(n_inputs) * n_inputs)


@dataclass(frozen=True, eq=False, repr=False)
class Laplace(Kernel):
    r"""The exponential of the Euclidean distance.

    .. math:: K(x, z) = \exp(-\|x - z\|/s), \qquad h(t) = e^{-c\sqrt{1-t}}, \quad c = \sqrt{2d}/s

    Parameters
    ----------
    scale : float, > 0, optional
        s; :math:`\sqrt d` if it is not given. At most 40 lengths :math:`\sqrt{2d}`/s are resolved by a spectrum.

    Raises
    ------
    ValueError
        If the scale is not positive, or (by ``spectrum``) c > 40.

    Notes
    -----
    The norm is Euclidean; scikit-learn's ``laplacian_kernel`` has the 1-norm and is another kernel. Taylor coefficients
    by :math:`a_{j+1} = [(j(j-1) + j/2)\,a_j + (c^2/4)\,a_{j-1}]/(j(j+1))` (derived).

    References
    ----------
    .. [1] bartlett2021 (place not checked)

    Examples
    --------
    >>> import riskcalc as rc
    >>> print(rc.kernels.Laplace(2.0)([0.0, 0.0], [3.0, 4.0]).round(6))
    0.082085
    """

    scale: float | None = None

    def _checked(self) -> dict[str, object]:
        return {"scale": None if self.scale is None else float(numbers("scale", self.scale, above=0, ndim=0))}

    def _profile(self, t: FloatArray, n_inputs: int) -> FloatArray:
        with np.errstate(under="ignore"):
            return np.exp(-self._lengths(n_inputs) * np.sqrt(1 - t))

    def _gram(self, X: FloatArray, Z: FloatArray, same: bool) -> FloatArray:
        scale = math.sqrt(X.shape[1]) if self.scale is None else self.scale
        with np.errstate(under="ignore"):
            return np.exp(-cdist(X, Z) / scale)

    def _lengths(self, n_inputs: int) -> float:
        """C."""
        return math.sqrt(2.0) if self.scale is None else math.sqrt(2 * n_inputs) / self.scale

    def _series(self, n_inputs: int) -> PowerSeries:
        c = self._lengths(n_inputs)
        if c > 40:
            raise ValueError(f"scale must be >= {math.sqrt(2 * n_inputs) / 40:.3g} for a spectrum, got {self.scale}")

        def coefficients(n: int) -> FloatArray:
            a = np.empty(max(n, 2))
            a[:2] = math.exp(-c), c / 2 * math.exp(-c)
            for j in range(1, n - 1):
                a[j + 1] = ((j * (j - 1) + j / 2) * a[j] + c * c / 4 * a[j - 1]) / (j * (j + 1))
            return a[:n]

        return from_floats(coefficients, decay=1.5, settled=c * c / 3)  # a_j ~ j^-3/2 exp(-c²/4j)


def poisson(mean: float) -> PowerSeries:
    r"""The series of :math:`e^{-a(1-t)}`: with j = a(1+r), log p_j = -a[(1+r) log(1+r) - r] - log √(2πj) - δ(j)."""

    def logs(n: int) -> FloatArray:
        j = np.arange(1.0, n)
        if mean == 0:
            return np.concatenate([[0.0], np.full(n - 1, -np.inf)])
        r = (j - mean) / mean
        deviance = mean * ((1 + r) * np.log1p(r) - r)
        return np.concatenate([[-mean], -deviance - 0.5 * np.log(2 * math.pi * j) - _stirling_error(j)])[:n]

    return PowerSeries(logs)


def _stirling_error(j: FloatArray) -> FloatArray:
    """δ(j) = log j! - [(j + ½) log j - j + ½ log 2π]."""
    small = np.minimum(j, 16)
    exact = gammaln(small + 1) - (small + 0.5) * np.log(small) + small - 0.5 * math.log(2 * math.pi)
    return np.where(j < 16, exact, 1 / (12 * j) - 1 / (360 * j**3) + 1 / (1260 * j**5) - 1 / (1680 * j**7))
