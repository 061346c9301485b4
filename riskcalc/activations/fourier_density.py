r"""What activations with a positive Fourier density share: their coefficients are integrals of those of a wave."""

from __future__ import annotations

import math

import numpy as np

from riskcalc.activations.activation import Activation
from riskcalc.activations.kept import kept, kept_longest
from riskcalc.activations.waves import gaussian_waves, real_or_imaginary, sphere_reach, sphere_waves
from riskcalc.arguments import FloatArray

STEP = 1 / 8  # a multiple of φ's period 2π/STEP = 50 away, the rule adds copies of φ: beyond what the laws reach


class OddFourier(Activation):
    """φ - φ(0) is odd; a subclass gives the density of the sines."""

    def _density(self, omega: FloatArray) -> FloatArray:
        raise NotImplementedError

    def _frequencies(self, n_inputs: int | None, max_degree: int) -> FloatArray:
        """Midpoints as far as the waves count and the density is a float."""
        reach = math.sqrt(max_degree) + 10 if n_inputs is None else sphere_reach(n_inputs, max_degree)
        omega: FloatArray = STEP * (np.arange(float(math.ceil(reach / STEP))) + 0.5)
        return np.asarray(omega[self._density(omega) > np.finfo(float).tiny])

    def _hermite(self, max_degree: int) -> FloatArray:
        omega = self._frequencies(None, max_degree)
        return self._from_waves(omega, gaussian_waves(omega, max_degree))

    def _sphere(self, n_inputs: int, max_degree: int) -> FloatArray:
        return _by_waves(self, n_inputs, max_degree)

    def _from_waves(self, omega: FloatArray, waves: FloatArray) -> FloatArray:
        c = 2 * float(omega[0]) * real_or_imaginary(waves @ self._density(omega))
        c[0], c[2::2] = float(self(0.0)), 0.0
        return c


@kept_longest
def _by_waves(activation: OddFourier, n_inputs: int, max_degree: int) -> FloatArray:
    omega = activation._frequencies(n_inputs, max_degree)
    return activation._from_waves(omega, sphere_waves(omega, n_inputs, max_degree))


class EvenFourier(OddFourier):
    """φ - φ(0) - x/2 is even; a subclass gives the density of the 1 - cosines."""

    def _hermite(self, max_degree: int) -> FloatArray:
        c = super()._hermite(max_degree)
        c[0] = _mean(self, None)
        return c

    def _sphere(self, n_inputs: int, max_degree: int) -> FloatArray:
        c = super()._sphere(n_inputs, max_degree)
        c[0] = _mean(self, n_inputs)
        return c

    def _from_waves(self, omega: FloatArray, waves: FloatArray) -> FloatArray:
        c = -2 * float(omega[0]) * real_or_imaginary(waves @ self._density(omega))
        c[1:2], c[3::2] = 0.5, 0.0
        return c


@kept
def _mean(activation: Activation, n_inputs: int | None) -> float:
    """E φ by quadrature."""
    c = Activation._hermite(activation, 0) if n_inputs is None else Activation._sphere(activation, n_inputs, 0)
    return float(c[0])
