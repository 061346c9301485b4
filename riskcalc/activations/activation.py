"""What every activation is: a frozen model that is a function, with its coefficients and moments."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
import numpy.typing as npt

from riskcalc.activations.kept import kept
from riskcalc.activations.projection import Gaussian, Law, Sphere, coefficients, second_moment
from riskcalc.arguments import FloatArray, numbers, whole
from riskcalc.harmonics import log_sphere_multiplicity
from riskcalc.harmonics.multiplicity import sizes
from riskcalc.model import Model

Parity = Literal["even", "odd"] | None
SQRT_2PI = math.sqrt(2 * math.pi)


class Activation(Model):
    r"""An activation φ; a subclass gives ``_value`` and ``_slope``, and where there is one a closed form.

    .. math:: c_k = \frac{E\,\varphi(G)\,He_k(G)}{\sqrt{k!}}, \qquad
              \zeta_{d,k} = E\,\varphi(\sqrt d\,t)\,P_k(t), \qquad \sqrt{B(d,k)}\,\zeta_{d,k} \to c_k

    The hooks ``_hermite`` (c_k), ``_sphere`` (√B ζ) and ``_moment`` default to quadrature.
    """

    @property
    def is_named(self) -> bool:
        """Whether the model says all about φ, so that its coefficients can be kept; not so for the user's functions."""
        return True

    @property
    def kinks(self) -> tuple[float, ...]:
        """Points where φ or a derivative of it jumps, ascending."""
        return ()

    @property
    def parity(self) -> Parity:
        """One of "even", "odd" and None; the coefficients of the other parity are exactly 0."""
        return None

    def __call__(self, x: npt.ArrayLike, /) -> FloatArray:
        """φ(x), of the shape of ``x``."""
        return np.asarray(self._value(np.asarray(x, dtype=np.float64)))

    def derivative(self, x: npt.ArrayLike, /) -> FloatArray:
        """φ'(x), of the shape of ``x``; ValueError for an activation that jumps, whose derivative is no function."""
        return np.asarray(self._slope(np.asarray(x, dtype=np.float64)))

    def hermite_coefficients(self, max_degree: int) -> FloatArray:
        r"""Normalised Hermite coefficients :math:`c_k = E\,\varphi(G) He_k(G)/\sqrt{k!}`.

        Parameters
        ----------
        max_degree : int, >= 0
            The last degree.

        Returns
        -------
        ndarray, shape (max_degree + 1,)

        Raises
        ------
        ValueError
            Where quadrature does not resolve the last degree to a relative 1e-6; the sentence names the largest that
            it does.
        """
        return self._without_forbidden(self._hermite(whole("max_degree", max_degree)))

    def sphere_coefficients(self, n_inputs: int, max_degree: int, *, normalised: bool = False) -> FloatArray:
        r"""Coefficients on the sphere, :math:`\zeta_{d,k} = E\,\varphi(\sqrt d\,t) P_k(t)`.

        Parameters
        ----------
        n_inputs : int, >= 2
            The dimension d.
        max_degree : int, >= 0
            The last degree.
        normalised : bool
            :math:`\sqrt{B(d,k)}\,\zeta_{d,k}`, whose squares are the masses of the kernel and which tend to
            ``hermite_coefficients`` as d grows; the plain ones underflow where :math:`B(d,k)` is beyond 1e600.

        Returns
        -------
        ndarray, shape (max_degree + 1,)

        Raises
        ------
        ValueError
            Where quadrature does not resolve the last degree to a relative 1e-6; the sentence names the largest that
            it does.
        """
        d, k = sizes("sphere", n_inputs, 0)[0], whole("max_degree", max_degree)
        c = self._without_forbidden(self._sphere(d, k))
        if normalised:
            return c
        with np.errstate(under="ignore"):
            return np.asarray(c * np.exp(-log_sphere_multiplicity(d, np.arange(k + 1)) / 2))

    def second_moment(self, n_inputs: int | None = None) -> float:
        r"""The second moment :math:`E\,\varphi(G)^2`, or on the sphere :math:`E\,\varphi(\sqrt d\,t)^2`.

        Parameters
        ----------
        n_inputs : int, >= 2, optional
            The dimension d of the sphere.

        Returns
        -------
        float

        Raises
        ------
        ValueError
            If ``n_inputs`` is outside its domain.
        """
        return self._moment(None if n_inputs is None else sizes("sphere", n_inputs, 0)[0])

    def _value(self, x: FloatArray) -> FloatArray:
        raise NotImplementedError

    def _slope(self, x: FloatArray) -> FloatArray:
        raise NotImplementedError

    def _hermite(self, max_degree: int) -> FloatArray:
        return self._projected(Gaussian(), max_degree)

    def _sphere(self, n_inputs: int, max_degree: int) -> FloatArray:
        return self._projected(Sphere(n_inputs), max_degree)

    def _moment(self, n_inputs: int | None) -> float:
        return float(_second_moment(self, Gaussian() if n_inputs is None else Sphere(n_inputs)))

    def _projected(self, law: Law, max_degree: int) -> FloatArray:
        return np.array(_coefficients(self, law, max_degree))

    def _without_forbidden(self, c: FloatArray) -> FloatArray:
        if self.parity is not None:
            c[self.parity == "even" :: 2] = 0.0
        return c


@kept
def _second_moment(activation: Activation, law: Law) -> float:
    return second_moment(activation, law, activation.kinks, repr(activation))


@kept
def _coefficients(activation: Activation, law: Law, max_degree: int) -> FloatArray:
    return coefficients(activation, law, max_degree, activation.kinks, repr(activation))


def finite(name: str, value: npt.ArrayLike, **bounds: float) -> float:
    """One finite number."""
    return float(numbers(name, value, ndim=0, **bounds))  # type: ignore[arg-type]
