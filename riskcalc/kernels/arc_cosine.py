"""Arc-cosine kernels: the kernels of a layer of truncated powers."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from scipy.special import gamma, hyp2f1

from riskcalc.activations import Power
from riskcalc.activations.piecewise_power import gaussian_powers
from riskcalc.arguments import FloatArray, numbers
from riskcalc.kernels.kernel import Kernel
from riskcalc.kernels.masses import Masses, positive
from riskcalc.kernels.power_series import PowerSeries, from_floats, logarithm


class Homogeneous(Kernel):
    r"""A kernel :math:`(\|x\|\|z\|/d)^\alpha\,h(\cos\angle(x, z))`; a zero vector has the kernel 0 with everything."""

    def _order(self) -> float:
        """α."""
        return 1.0

    def _gram(self, X: FloatArray, Z: FloatArray, same: bool) -> FloatArray:
        return homogeneous_gram(partial(self._profile, n_inputs=X.shape[1]), self._order(), X, Z, same)


def homogeneous_gram(
    profile: Callable[[FloatArray], FloatArray],
    order: float,
    X: FloatArray,
    Z: FloatArray,
    same: bool,
    at_zero: float = 0.0,
) -> FloatArray:
    """(‖x‖‖z‖/d)^α h(cos), and ``at_zero`` with a zero vector."""
    norms = [np.linalg.norm(rows, axis=1) for rows in (X, Z)]
    unit = [rows / np.where(norm > 0, norm, 1.0)[:, None] for rows, norm in zip((X, Z), norms, strict=True)]
    cosines = (unit[0] @ unit[1].T).clip(-1, 1)
    if same:
        np.fill_diagonal(cosines, 1.0)
    scale = np.outer(*norms) / X.shape[1]
    return np.where(scale > 0, np.where(scale > 0, scale, 1.0) ** order * profile(cosines), at_zero)


@dataclass(frozen=True, eq=False, repr=False)
class ArcCosine(Homogeneous):
    r"""The kernel of an infinite layer of truncated powers :math:`\varphi(u) = u_+^\alpha`, normalised to h(1) = 1.

    .. math:: h(t) = \frac{E\,\varphi(u)\varphi(v)}{E\,\varphi(u)^2}, \qquad
              \xi_k = \zeta_k^2\,\frac{2\sqrt\pi\,\Gamma(d/2+\alpha)}{\Gamma(\alpha+\frac12)\,\Gamma(d/2)}, \qquad
              \zeta_k = \frac{\Gamma(\alpha+1)\,\Gamma(d/2)}
                        {2^{\alpha+1}\,\Gamma(\frac{\alpha-k}2+1)\,\Gamma(\frac{\alpha+k+d}2)}

    Parameters
    ----------
    order : float, 0 <= order <= 40
        α: 0 is the step, 1 is ReLU; not only whole numbers.

    Raises
    ------
    ValueError
        If the order is outside its domain.

    Notes
    -----
    On vectors :math:`(\|x\|\|z\|/d)^\alpha\,h(\cos)`. A degree k > α whose difference to α is even has eigenvalue 0. In
    closed form :math:`h = z^{\alpha+1/2}\,{}_2F_1(\frac12, \frac12; \alpha+\frac32; z)`, z = (1+t)/2, up to its value
    at 1 (derived, from the integral of Mehler and Dirichlet).

    References
    ----------
    .. [1] cho2009 (place not checked)
    .. [2] bach2017 (place not checked)

    Examples
    --------
    >>> import riskcalc as rc
    >>> print(rc.kernels.ArcCosine(1).spectrum(1000, 60).eigenvalues[[1, 3, 60]])
    [5.00000000e-004 0.00000000e+000 1.33672077e-104]
    """

    order: float

    def _checked(self) -> dict[str, object]:
        return {"order": float(numbers("order", self.order, at_least=0, at_most=40, ndim=0))}

    def _order(self) -> float:
        return self.order

    def _profile(self, t: FloatArray, n_inputs: int) -> FloatArray:
        return arc_cosine(self.order, t)

    def _total(self, n_inputs: int) -> float:
        return 1.0

    def _series(self, n_inputs: int) -> PowerSeries:
        return power_series(self.order)

    def _masses(self, n_inputs: int, max_degree: int, domain: str) -> Masses:
        if domain == "hypercube":
            return super()._masses(n_inputs, max_degree, domain)
        phi = Power(self.order)
        c = phi.sphere_coefficients(n_inputs, max_degree, normalised=True)
        return positive(2 * logarithm(np.abs(c)) - math.log(phi.second_moment(n_inputs)))


def arc_cosine(order: float, t: FloatArray) -> FloatArray:
    """κ_α(t), κ_α(1) = 1."""
    angle = np.arccos(t)
    if order == 0:
        return 1 - angle / math.pi
    if order == 1:
        return (np.sin(angle) + (math.pi - angle) * t) / math.pi
    half, a = (1 + t) / 2, order
    scale = gamma(a + 1) / gamma(a + 1.5) * gamma(a + 1) / gamma(a + 0.5)
    with np.errstate(under="ignore"):
        return np.asarray(scale * half ** (a + 0.5) * hyp2f1(0.5, 0.5, a + 1.5, half))


def power_series(order: float) -> PowerSeries:
    """Taylor coefficients of κ_α: a_(j+2)/a_j = (α-j)²/((j+1)(j+2)), a_j ~ j^(-α-3/2)."""
    mean, slope = gaussian_powers(order)
    total = gaussian_powers(2 * order)[0]

    def coefficients(n: int) -> FloatArray:
        j = np.arange(n + 2.0)
        ratios = (order - j) ** 2 / ((j + 1) * (j + 2))
        a = np.empty(n + 2)
        a[:2] = mean**2 / total, slope**2 / total
        for parity in (0, 1):
            a[parity::2][1:] = a[parity] * np.cumprod(ratios[parity::2])[: a[parity::2].size - 1]
        return a[:n]

    return from_floats(coefficients, decay=order + 1.5)
