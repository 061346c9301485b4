"""Two layers of finite width: the exact gradient flow of the overlaps (a, M, Q)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from riskcalc.activations import Activation
from riskcalc.arguments import FloatArray, numbers, symmetric
from riskcalc.model import Model
from riskcalc.targets import SingleIndex
from riskcalc.theory.dynamics.integrate import flow, time_axis
from riskcalc.theory.dynamics.link import differentiable, single_index
from riskcalc.theory.dynamics.pair_moments import pair_moments
from riskcalc.theory.dynamics.smoothing import Smoothed, smoothed
from riskcalc.theory.dynamics.target_rule import TargetRule, integrable, target_rule

ATOL = 1e-11


@dataclass(frozen=True, eq=False)
class Overlaps:
    """Output weights a, overlaps M = We with the target, and Q = WWᵀ; or their velocities."""

    a: FloatArray
    M: FloatArray
    Q: FloatArray


@dataclass(frozen=True, eq=False)
class OverlapPath(Overlaps):
    """Overlaps at ``times``, whose axes come first, and the ``loss`` at each."""

    times: FloatArray
    loss: FloatArray


@dataclass(frozen=True, eq=False, repr=False)
class FiniteWidthFlow(Model):
    r"""Gradient flow of a two-layer network of N neurons on a function of one direction, x ~ N(0, 1_d), any d.

    .. math:: f = \frac1N\sum_ja_j\varphi(u_j), \qquad \psi_j = E\,g(G)\varphi(u_j), \quad
              \kappa_{jk} = E\,\varphi(u_j)\varphi(u_k), \qquad \dot a = \psi - \tfrac1N\kappa a, \\
              \dot M = A + B\circ M + CM, \quad \dot Q = X + X^{\sf T}, \quad X = AM^{\sf T} + \mathrm{diag}(B)Q + CQ

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
    Here :math:`A_j = a_j\partial_M\psi_j`, :math:`C_{jk} = -\tfrac1Na_ja_k\,\partial\kappa_{jk}/\partial Q_{jk}` and
    :math:`B_j = 2a_j\partial_Q\psi_j - \tfrac2N\sum_ka_ja_k\,\partial\kappa_{jk}/\partial Q_{jj}`, with j and k taken
    as distinct neurons also where j = k. It is :math:`\dot a_j = -N\partial_{a_j}R`, :math:`\dot w_j = -N\nabla_{w_j}R`
    of the loss :math:`R = \tfrac12E(f_*-f)^2`, without approximation; one-pass gradient descent follows it at time εn
    as εd → 0 (simulated with erf: within 1.3 % at εd = .02, above it). N → ∞ with independent neurons is ``MeanField``.
    Neurons other than erf and piecewise linear ones are Hermite series of 320 degrees; ``NotConvergedError`` where a
    neuron is too steep for that (tanh: :math:`|w|` above about 3).

    References
    ----------
    .. [1] derived
    .. [2] mei2018 (place not checked)

    Examples
    --------
    >>> import riskcalc as rc
    >>> flow = rc.dynamics.FiniteWidthFlow(rc.activations.Erf(2**-0.5), rc.targets.SingleIndex(rc.activations.Tanh()))
    >>> path = flow.trajectory([0, 1, 10, 100], a=[1.0, -1.0], M=[0.3, -0.1], Q=[[1.09, 0.0], [0.0, 1.01]])
    >>> print(path.loss.round(5))
    [2.1529e-01 1.2262e-01 3.4700e-03 9.0000e-05]
    """

    activation: Activation
    target: SingleIndex

    def _checked(self) -> dict[str, object]:
        return {"activation": integrable(differentiable(self.activation)), "target": single_index(self.target)}

    def loss(self, a: npt.ArrayLike, M: npt.ArrayLike, Q: npt.ArrayLike) -> FloatArray:
        r"""Half the mean square error, :math:`\tfrac12Eg^2 - \tfrac1Na^{\sf T}\psi + \tfrac1{2N^2}a^{\sf T}\kappa a`.

        Parameters
        ----------
        a, M : array_like, shape (N,)
        Q : array_like, shape (N, N)
            Covariance of the neurons' inputs, with :math:`Q_{jj} > M_j^2`.

        Returns
        -------
        ndarray, shape ()
            Units of y². Without label noise.
        """
        return self._loss(*_checked_overlaps(a, M, Q))

    def velocity(self, a: npt.ArrayLike, M: npt.ArrayLike, Q: npt.ArrayLike) -> Overlaps:
        """Velocities of the overlaps.

        Parameters
        ----------
        a, M : array_like, shape (N,)
        Q : array_like, shape (N, N)
            Covariance of the neurons' inputs.

        Returns
        -------
        Overlaps
            ``a``, ``M``, ``Q``: their derivatives by time.
        """
        return self._velocity(*_checked_overlaps(a, M, Q))

    def trajectory(self, times: npt.ArrayLike, a: npt.ArrayLike, M: npt.ArrayLike, Q: npt.ArrayLike) -> OverlapPath:
        """The overlaps at each time.

        Parameters
        ----------
        times : array_like, >= 0
        a, M : array_like, shape (N,)
            The start.
        Q : array_like, shape (N, N)
            Covariance of the neurons' inputs at the start.

        Returns
        -------
        OverlapPath
            ``a`` and ``M`` of shape ``times.shape + (N,)``, ``Q`` with one more N, ``loss`` of shape ``times.shape``.
        """
        t = time_axis(times)
        start = _packed(Overlaps(*_checked_overlaps(a, M, Q)))
        size = np.shape(a)[0]
        path = flow(lambda state: _packed(self._velocity(*_unpacked(state, size))), start, t, ATOL)
        states = [_unpacked(state, size) for state in path.reshape(-1, start.size)]
        losses = np.reshape([self._loss(*state) for state in states], t.shape)
        a_path, M_path, Q_path = (
            np.reshape([s[i] for s in states], t.shape + np.shape(states[0][i])) for i in range(3)
        )
        return OverlapPath(a_path, M_path, Q_path, t, losses)

    @cached_property
    def _rule(self) -> TargetRule:
        return target_rule(self.target, self.activation)

    def _neurons(self, M: FloatArray, Q: FloatArray) -> Smoothed:
        """Each neuron as a function of z = ⟨e, x⟩, averaged over what else it sees."""
        deviation = np.sqrt(np.maximum(np.diagonal(Q) - M**2, 0.0))
        return smoothed(self.activation, M[:, None] * self._rule.z, deviation[:, None])

    def _loss(self, a: FloatArray, M: FloatArray, Q: FloatArray) -> FloatArray:
        N, moment = a.size, pair_moments(self.activation, Q).moment
        neurons = self._neurons(M, Q)
        psi = neurons.value @ (self._rule.weights * self._rule.values)
        return np.asarray(self._rule.power / 2 - a @ psi / N + a @ moment @ a / (2 * N * N))

    def _velocity(self, a: FloatArray, M: FloatArray, Q: FloatArray) -> Overlaps:
        N, pairs, rule = a.size, pair_moments(self.activation, Q), self._rule
        neurons = self._neurons(M, Q)
        weighted = rule.weights * rule.values
        psi, curvature = neurons.value @ weighted, neurons.curvature @ weighted
        psi_by_M, psi_by_Q = neurons.slope @ (weighted * rule.z) - M * curvature, curvature / 2
        A = a * psi_by_M
        B = a * (2 * psi_by_Q - 2 / N * pairs.by_variance @ a)
        C = -np.outer(a, a) * pairs.by_overlap / N
        X = np.outer(A, M) + B[:, None] * Q + C @ Q
        return Overlaps(psi - pairs.moment @ a / N, A + B * M + C @ M, X + X.T)


def _checked_overlaps(
    a: npt.ArrayLike, M: npt.ArrayLike, Q: npt.ArrayLike
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """The state, if it is one of N neurons none of which is a multiple of e."""
    weights, overlaps, covariance = numbers("a", a, ndim=1), numbers("M", M, ndim=1), symmetric("Q", Q)
    if not weights.size == overlaps.size == len(covariance):
        raise ValueError(
            f"a, M and Q must have as many neurons each, got {weights.size}, {overlaps.size} and {len(covariance)}"
        )
    free = covariance - np.outer(overlaps, overlaps)
    smallest = float(np.linalg.eigvalsh(free).min())
    if smallest < -1e-10 * np.abs(covariance).max() or (np.diagonal(free) <= 0).any():
        raise ValueError(
            "Q must be the Gram matrix of neurons with the overlaps M, none of them parallel to the target, "
            f"got Q - MMᵀ with the eigenvalue {smallest:g}; M = W @ e and Q = W @ W.T with |e| = 1"
        )
    return weights, overlaps, covariance


def _packed(state: Overlaps) -> FloatArray:
    """One vector; of Q the lower triangle."""
    return np.concatenate([state.a, state.M, state.Q[np.tril_indices(state.a.size)]])


def _unpacked(vector: FloatArray, size: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    """A, M and Q of the vector."""
    Q = np.zeros((size, size))
    Q[np.tril_indices(size)] = vector[2 * size :]
    return vector[:size], vector[size : 2 * size], Q + np.tril(Q, -1).T
