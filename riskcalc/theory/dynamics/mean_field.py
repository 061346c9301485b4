"""Two layers in the mean-field limit: particles (a, m, r)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from riskcalc.activations import Activation
from riskcalc.arguments import FloatArray, numbers
from riskcalc.model import Model
from riskcalc.targets import SingleIndex
from riskcalc.theory.dynamics.integrate import flow, time_axis
from riskcalc.theory.dynamics.link import differentiable, single_index
from riskcalc.theory.dynamics.smoothing import Smoothed, smoothed
from riskcalc.theory.dynamics.target_rule import TargetRule, integrable, target_rule

ATOL = 1e-11


@dataclass(frozen=True, eq=False)
class Particles:
    """Neurons, or their velocities: output weights a, overlaps m = ⟨w, e⟩, and r = |w - m e|; last axis the neurons."""

    a: FloatArray
    m: FloatArray
    r: FloatArray


@dataclass(frozen=True, eq=False)
class ParticlePath(Particles):
    """Particles at ``times``, whose axes come first, and the ``loss`` at each."""

    times: FloatArray
    loss: FloatArray


@dataclass(frozen=True, eq=False, repr=False)
class MeanField(Model):
    r"""Gradient flow of a two-layer network in the mean-field scaling, as d → ∞ and then N → ∞.

    .. math:: f(z) = \frac1N\sum_j a_j\,E\,\varphi(m_jz + r_jZ), \qquad v_j = m_jG + r_jZ, \qquad
              \dot a_j = E(g-f)(G)\varphi(v_j), \quad \dot m_j = a_jE(g-f)(G)\varphi'(v_j)G, \quad
              \dot r_j = a_jE(g-f)(G)\varphi'(v_j)Z

    Parameters
    ----------
    activation : Activation
        φ, smooth or linear on each side of 0.
    target : SingleIndex
        g. Units of y.

    Raises
    ------
    ValueError
        If the activation is neither.
    TypeError
        If the target is no ``SingleIndex``.

    Notes
    -----
    The loss is :math:`\tfrac12E(f_*-f)^2` and :math:`w = m\,e + r\,w_\perp` with independent isotropic
    :math:`w_\perp`. It is the limit of one-pass gradient descent, :math:`a_j \mathrel+= \varepsilon(y-f)\varphi(u_j)`,
    :math:`w_j \mathrel+= \varepsilon(y-f)a_j\varphi'(u_j)x` (no factor 1/N), at t = εn with εd → 0. At N neurons it
    is wrong by O(1/N) (``FiniteWidthFlow`` is exact). For erf it agrees with simulation at N = 100 to 2 %; for other
    activations the formulas are derived and compared with ``FiniteWidthFlow`` only. Where :math:`g_1 = 0` or φ is even
    m = 0 is never left: start from :math:`m_j \sim N(0, r^2/d)`; the escape time then depends on d. Integrals are right
    to 1e-10 while :math:`\sqrt{m^2+r^2}` is below 3 (tanh; for erf and piecewise linear φ everywhere).

    References
    ----------
    .. [1] mei2018 (place not checked)
    .. [2] chizat2018 (place not checked)
    .. [3] rotskoff2018 (place not checked)
    .. [4] sirignano2020 (place not checked)
    .. [5] abbe2022 (place not checked)
    .. [6] berthier2023 (place not checked)

    Examples
    --------
    >>> import riskcalc as rc
    >>> flow = rc.dynamics.MeanField(rc.activations.Erf(2**-0.5), rc.targets.SingleIndex(rc.activations.Tanh()))
    >>> path = flow.trajectory([0, 1, 10, 100], a=[1.0, -1.0], m=[0.3, -0.1], r=[1.0, 1.0])
    >>> print(path.loss.round(5))
    [0.13589 0.07381 0.00332 0.00018]
    """

    activation: Activation
    target: SingleIndex

    def _checked(self) -> dict[str, object]:
        return {"activation": integrable(differentiable(self.activation)), "target": single_index(self.target)}

    def loss(self, a: npt.ArrayLike, m: npt.ArrayLike, r: npt.ArrayLike) -> FloatArray:
        r"""Half the mean square of the error, :math:`\tfrac12E(g-f)^2`, without label noise.

        Parameters
        ----------
        a, m, r : array_like, shape (..., N)
            Output weights, overlaps, and r >= 0.

        Returns
        -------
        ndarray, shape (...)
            Units of y².
        """
        return self._loss(_state(a, m, r))

    def velocity(self, a: npt.ArrayLike, m: npt.ArrayLike, r: npt.ArrayLike) -> Particles:
        """Velocities of the particles.

        Parameters
        ----------
        a, m, r : array_like, shape (..., N)
            Output weights, overlaps, and r >= 0.

        Returns
        -------
        Particles
            ``a``, ``m``, ``r``: their derivatives by time.
        """
        velocity = self._velocity(_state(a, m, r))
        return Particles(velocity[..., 0, :], velocity[..., 1, :], velocity[..., 2, :])

    def trajectory(self, times: npt.ArrayLike, a: npt.ArrayLike, m: npt.ArrayLike, r: npt.ArrayLike) -> ParticlePath:
        """The particles at each time.

        Parameters
        ----------
        times : array_like, >= 0
        a, m, r : array_like, shape (N,)
            The start.

        Returns
        -------
        ParticlePath
            ``a``, ``m``, ``r`` of shape ``times.shape + (N,)``, ``loss`` of shape ``times.shape``.
        """
        t = time_axis(times)
        path = flow(self._velocity, _state(a, m, r), t, ATOL)
        path[..., 2, :] = np.abs(path[..., 2, :])  # r passes 0 only by rounding, and -r is the same neuron
        flat = [self._loss(state) for state in path.reshape(-1, *path.shape[-2:])]
        return ParticlePath(path[..., 0, :], path[..., 1, :], path[..., 2, :], t, np.reshape(flat, t.shape))

    @cached_property
    def _rule(self) -> TargetRule:
        return target_rule(self.target, self.activation)

    def _neurons(self, state: FloatArray) -> Smoothed:
        """Each neuron as a function of z, averaged over Z; last axis the nodes."""
        return smoothed(self.activation, state[..., 1, :, None] * self._rule.z, state[..., 2, :, None])

    def _error(self, a: FloatArray, neurons: Smoothed) -> FloatArray:
        """G - f at the nodes."""
        return np.asarray(self._rule.values - (a[..., None] * neurons.value).mean(axis=-2))

    def _loss(self, state: FloatArray) -> FloatArray:
        return np.asarray(self._error(state[..., 0, :], self._neurons(state)) ** 2 @ self._rule.weights / 2)

    def _velocity(self, state: FloatArray) -> FloatArray:
        """State and velocity have shape (..., 3, N)."""
        a, r, neurons = state[..., 0, :], state[..., 2, :], self._neurons(state)
        error = self._error(a, neurons)[..., None, :] * self._rule.weights
        along_a = (error * neurons.value).sum(axis=-1)
        along_m = a * (error * neurons.slope * self._rule.z).sum(axis=-1)
        along_r = a * r * (error * neurons.curvature).sum(axis=-1)
        return np.stack([along_a, along_m, along_r], axis=-2)


def _state(a: npt.ArrayLike, m: npt.ArrayLike, r: npt.ArrayLike) -> FloatArray:
    """The three arrays, checked, as one of shape (..., 3, N)."""
    arrays = [numbers("a", a), numbers("m", m), numbers("r", r, at_least=0)]
    if any(array.ndim == 0 for array in arrays):
        raise ValueError("a, m and r must have the neurons as their last axis, got a number; [1.0] is one neuron")
    try:
        return np.stack(np.broadcast_arrays(*arrays), axis=-2)
    except ValueError:
        shapes = ", ".join(str(array.shape) for array in arrays)
        raise ValueError(f"a, m and r must have as many neurons each, got shapes {shapes}") from None
