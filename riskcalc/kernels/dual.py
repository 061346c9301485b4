"""Kernels of an infinitely wide first layer with any activation."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial

import numpy as np

from riskcalc.activations import Activation
from riskcalc.activations.piecewise_power import PiecewisePower, gaussian_powers, radial_ratio
from riskcalc.arguments import FloatArray, choice, instance, numbers
from riskcalc.kernels.arc_cosine import arc_cosine, homogeneous_gram
from riskcalc.kernels.bivariate import gaussian_radius, profile_accuracy, profile_of_pairs, sphere_radius
from riskcalc.kernels.custom import cosines_on_the_sphere
from riskcalc.kernels.gaussian_pairs import gaussian_pairs
from riskcalc.kernels.hermite_series import hermite_series
from riskcalc.kernels.kernel import FURTHER, Kernel
from riskcalc.kernels.masses import EPS, Masses, positive
from riskcalc.kernels.power_series import PowerSeries, logarithm
from riskcalc.kernels.projection import projected
from riskcalc.kernels.sphere_on_hypercube import hypercube_from_sphere

WEIGHTS = ("sphere", "gaussian")
SMALL = 20  # inputs up to which the finite sum over the hypercube may know its degrees better
ACTIVATION_HINT = "use one of riskcalc.activations, or activations.custom(function)"


@dataclass(frozen=True, eq=False, repr=False)
class Dual(Kernel):
    r"""The kernel of an infinitely wide layer of neurons (random features, the Gaussian-process limit).

    .. math:: h(t) = E_w\,\varphi(\langle w, x\rangle)\,\varphi(\langle w, x'\rangle); \qquad
              w \sim N(0, I/d):\ h(t) = \sum_k c_k^2\,t^k, \qquad
              w \sim \mathrm{Unif}(S^{d-1}):\ \xi_k = \zeta_{d,k}^2

    Parameters
    ----------
    activation : Activation
        φ, with normalised Hermite coefficients c and coefficients ζ on the sphere.
    weights : "sphere" or "gaussian"
        The law of the first layer's weights. The two kernels differ by O(1/d), h(1) included; for positively
        homogeneous φ they are multiples of each other.

    Raises
    ------
    ValueError
        If ``weights`` is another word.
    TypeError
        If ``activation`` is not an Activation.

    Notes
    -----
    On vectors of any norm where that has a closed form: :math:`(\|x\|\|z\|/d)^\alpha\,h(\cos)` for φ that is positively
    homogeneous of degree α (ReLU, LeakyReLU, Abs, Power, Step, Sign, Linear, Quadratic), and for Gaussian weights Exp,
    Sin, Cos and Erf. Of other activations only with :math:`\|x\|^2 = d`. The profile is integrated from values of φ, so
    that it does not depend on the coefficients from which the spectrum is made.

    References
    ----------
    .. [1] williams1997 (place not checked)
    .. [2] daniely2016 (place not checked)

    Examples
    --------
    >>> import riskcalc as rc
    >>> tanh = rc.activations.Tanh()
    >>> for weights in ("gaussian", "sphere"):
    ...     print(rc.kernels.Dual(tanh, weights).profile(0.4, 10).round(5))
    0.1482
    0.15531
    """

    activation: Activation
    weights: str = "sphere"

    def _checked(self) -> dict[str, object]:
        instance("activation", self.activation, Activation, ACTIVATION_HINT)
        return {"weights": choice("weights", self.weights, WEIGHTS)}

    def _profile(self, t: FloatArray, n_inputs: int) -> FloatArray:
        phi = self.activation
        if isinstance(phi, PiecewisePower):
            p, q, alpha = phi.branches()
            total = gaussian_powers(2 * alpha)[0] * self._radial_ratio(n_inputs)
            same, opposite = arc_cosine(alpha, t), arc_cosine(alpha, -t) if p * q else 0.0
            return total * ((p * p + q * q) * same + 2 * p * q * opposite)
        if self.weights == "gaussian":
            radial = gaussian_radius(phi.kinks)
        else:
            radial = sphere_radius(n_inputs, phi.kinks)
        return profile_of_pairs(phi, phi.kinks, radial, t)

    def _gram(self, X: FloatArray, Z: FloatArray, same: bool) -> FloatArray:
        phi, d = self.activation, X.shape[1]
        profile = partial(self._profile, n_inputs=d)
        if isinstance(phi, PiecewisePower):
            p, q, alpha = phi.branches()
            return homogeneous_gram(profile, alpha, X, Z, same, ((p + q) / 2) ** 2 if alpha == 0 else 0.0)
        if self.weights == "gaussian":
            A, B = ((rows**2).sum(axis=1) / d for rows in (X, Z))
            closed = gaussian_pairs(phi, A[:, None], B, X @ Z.T / d)
            if closed is not None:
                return closed
        return profile(cosines_on_the_sphere(X, Z))

    def _total(self, n_inputs: int) -> float:
        return self.activation.second_moment(None if self.weights == "gaussian" else n_inputs)

    def _series(self, n_inputs: int) -> PowerSeries | None:
        if self.weights == "gaussian":
            return hermite_series(self.activation)
        if isinstance(self.activation, PiecewisePower):
            return hermite_series(self.activation).scaled(math.log(self._radial_ratio(n_inputs)))
        return None

    def _masses(self, n_inputs: int, max_degree: int, domain: str) -> Masses:
        if self.weights == "sphere" and domain == "sphere":
            c = self.activation.sphere_coefficients(n_inputs, max_degree, normalised=True)
            return positive(2 * logarithm(np.abs(c)))
        if self._series(n_inputs) is not None:
            return super()._masses(n_inputs, max_degree, domain)
        by_degree = self._from_sphere(n_inputs, max_degree) if n_inputs > 1 else None
        if by_degree is not None and n_inputs > SMALL:
            return by_degree
        by_values = projected(
            lambda t: self._profile(t, n_inputs),
            n_inputs,
            max_degree,
            domain,
            repr(self),
            parity=self.activation.parity,
            accuracy=profile_accuracy(self.activation.kinks),
        )
        return by_values if by_degree is None else min(by_degree, by_values, key=Masses.doubt)

    def _from_sphere(self, n_inputs: int, max_degree: int) -> Masses | None:
        """Masses on the hypercube from those on the sphere, if φ has coefficients so far beyond."""
        try:
            on_sphere = self._masses(n_inputs, max_degree + FURTHER, "sphere").logs
        except ValueError:  # known by quadrature, which does not resolve them
            return None
        with np.errstate(under="ignore"):
            masses = np.exp(on_sphere)
        try:
            tail = self._tail(masses, n_inputs, "sphere")
        except ValueError:
            tail = max(self._total(n_inputs) - math.fsum(masses), EPS * self._total(n_inputs))
        return hypercube_from_sphere(on_sphere, tail, n_inputs, max_degree)

    def _radial_ratio(self, n_inputs: int) -> float:
        """For a homogeneous φ: the kernel of spherical weights over that of Gaussian ones."""
        if self.weights == "gaussian" or not isinstance(self.activation, PiecewisePower):
            return 1.0
        return radial_ratio(n_inputs, 2 * self.activation.branches()[2])


@dataclass(frozen=True, eq=False, repr=False)
class Erf(Kernel):
    r"""The kernel of an infinitely wide layer of erf neurons with Gaussian weights.

    .. math:: h(t) = \frac2\pi\arcsin(ct), \qquad c = \frac{2s^2}{1+2s^2}

    Parameters
    ----------
    scale : float, > 0
        s, the standard deviation of the pre-activation u on :math:`\|x\|^2 = d`; the activation is erf(u).

    Raises
    ------
    ValueError
        If the scale is not positive.

    Notes
    -----
    Odd degrees only. On vectors :math:`\frac2\pi\arcsin\frac{2s^2\langle x,z\rangle/d}
    {\sqrt{(1+2s^2\|x\|^2/d)(1+2s^2\|z\|^2/d)}}`, whatever their norms.

    References
    ----------
    .. [1] williams1997 (place not checked)

    Examples
    --------
    >>> import riskcalc as rc
    >>> print(rc.kernels.Erf().spectrum(100, 3).masses.round(6))
    [0.       0.425347 0.       0.031104]
    """

    scale: float = 1.0

    def _checked(self) -> dict[str, object]:
        return {"scale": float(numbers("scale", self.scale, above=0, ndim=0))}

    def _slope(self) -> float:
        """C."""
        return 1 / (1 + 0.5 / self.scale**2)

    def _profile(self, t: FloatArray, n_inputs: int) -> FloatArray:
        return np.asarray(2 / math.pi * np.arcsin(self._slope() * t))

    def _gram(self, X: FloatArray, Z: FloatArray, same: bool) -> FloatArray:
        factor = 2 * self.scale**2 / X.shape[1]
        norms = [1 + factor * (rows**2).sum(axis=1) for rows in (X, Z)]
        return np.asarray(2 / math.pi * np.arcsin(factor * (X @ Z.T) / np.sqrt(np.outer(*norms))))

    def _series(self, n_inputs: int) -> PowerSeries:
        def logs(n: int) -> FloatArray:
            q = np.arange(1.0, n // 2 + 1)
            binomials = np.concatenate([[0.0], np.cumsum(np.log1p(-0.5 / q))])[: n // 2]
            odd = np.arange(1.0, n, 2)
            out = np.full(n, -np.inf)
            out[1::2] = math.log(2 / math.pi) + binomials[: odd.size] - np.log(odd) + odd * math.log(self._slope())
            return out

        return PowerSeries(logs)
