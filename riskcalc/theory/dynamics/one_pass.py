"""One-pass gradient descent with a finite step: teachers and students."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from riskcalc.arguments import FloatArray, numbers, symmetric
from riskcalc.model import Model
from riskcalc.theory.dynamics.erf_integrals import average_2, average_3, average_4, slopes_2
from riskcalc.theory.dynamics.integrate import flow, time_axis

ATOL = 1e-11


@dataclass(frozen=True, eq=False)
class StudentOverlaps:
    """Overlaps Q = WWᵀ of the students and R = WTᵀ with the teachers; or their velocities."""

    Q: FloatArray
    R: FloatArray


@dataclass(frozen=True, eq=False)
class StudentPath(StudentOverlaps):
    """Overlaps at ``times``, whose axes come first, and the ``loss`` at each."""

    times: FloatArray
    loss: FloatArray


@dataclass(frozen=True, eq=False, repr=False)
class OnePass(Model):
    r"""K students that learn M teachers by one-pass gradient descent with a finite step, φ(u) = erf(u/√2).

    .. math:: f = \sum_{i\le K} a_i\varphi(\langle w_i, x\rangle), \quad
              f_* = \sum_{m\le M} v_m\varphi(\langle t_m, x\rangle), \qquad
              w_i \leftarrow w_i + \tfrac\eta d\,\delta\,a_i\varphi'(u_i)\,x, \quad \delta = y - f

    Parameters
    ----------
    student : array_like, shape (K,)
        Output weights a; they stay.
    teacher : array_like, shape (M,)
        Output weights v. Units of y.
    teacher_overlaps : array_like, shape (M, M)
        T, :math:`T_{mn} = \langle t_m, t_n\rangle`.
    step : array_like, shape (), > 0
        η.
    noise : array_like, shape (), >= 0
        Variance τ² of the label noise.

    Raises
    ------
    ValueError
        If a number is outside its domain, or T is no Gram matrix of M vectors.

    Notes
    -----
    With p, q over students and teachers, ω = (-a, v) and :math:`I_3 = E\,\varphi'(u_1)u_2\varphi(u_3)`,
    :math:`I_4 = E\,\varphi'\varphi'\varphi\varphi`, at the time α = n/d, as d → ∞ at a fixed step,

    .. math:: \frac{dR_{im}}{d\alpha} = \eta\,a_i\sum_p\omega_pI_3(i,m,p), \qquad
              \frac{dQ_{ik}}{d\alpha} = \eta\Big[a_i\sum_p\omega_pI_3(i,k,p) + (i\leftrightarrow k)\Big]
              + \eta^2a_ia_k\Big[\sum_{pq}\omega_p\omega_qI_4(i,k,p,q) + \tau^2E\,\varphi'(u_i)\varphi'(u_k)\Big]

    There is no factor 1/K. Runs at d = 2000 deviate by up to 6 %, as :math:`d^{-1/2}`. Sources that divide the inputs
    by √d are the same in these variables.

    References
    ----------
    .. [1] saad1995 (place not checked)
    .. [2] biehl1995 (place not checked)
    .. [3] goldt2019 (place not checked)

    Examples
    --------
    >>> import numpy as np
    >>> import riskcalc as rc
    >>> model = rc.dynamics.OnePass(student=[1.0], teacher=[1.0], teacher_overlaps=[[1.0]], step=1.0)
    >>> path = model.trajectory([0, 1, 10, 30], Q=[[1.0]], R=[[0.1]])
    >>> print(path.loss.round(6))
    [3.01489e-01 1.99369e-01 1.40000e-03 2.00000e-06]
    """

    student: npt.ArrayLike
    teacher: npt.ArrayLike
    teacher_overlaps: npt.ArrayLike
    step: npt.ArrayLike
    noise: npt.ArrayLike = 0.0

    def _checked(self) -> dict[str, object]:
        v, T = numbers("teacher", self.teacher, ndim=1), symmetric("teacher_overlaps", self.teacher_overlaps)
        if len(T) != v.size:
            raise ValueError(f"teacher_overlaps must have shape ({v.size}, {v.size}), as teacher, got {T.shape}")
        _gram("teacher_overlaps", T)
        return {
            "student": numbers("student", self.student, ndim=1),
            "teacher": v,
            "teacher_overlaps": T,
            "step": numbers("step", self.step, above=0, ndim=0),
            "noise": numbers("noise", self.noise, at_least=0, ndim=0),
        }

    def loss(self, Q: npt.ArrayLike, R: npt.ArrayLike) -> FloatArray:
        r"""Half the mean square of the error, :math:`\tfrac12\sum_{pq}\omega_p\omega_qI_2(p,q)`, without label noise.

        Parameters
        ----------
        Q : array_like, shape (K, K)
        R : array_like, shape (K, M)

        Returns
        -------
        ndarray, shape ()
            Units of y².
        """
        return self._loss(*self._state(Q, R))

    def velocity(self, Q: npt.ArrayLike, R: npt.ArrayLike) -> StudentOverlaps:
        """Velocities of the overlaps by α = n/d.

        Parameters
        ----------
        Q : array_like, shape (K, K)
        R : array_like, shape (K, M)

        Returns
        -------
        StudentOverlaps
            ``Q`` and ``R``: their derivatives.
        """
        return self._velocity(*self._state(Q, R))

    def trajectory(self, times: npt.ArrayLike, Q: npt.ArrayLike, R: npt.ArrayLike) -> StudentPath:
        """The overlaps at each time α = n/d.

        Parameters
        ----------
        times : array_like, >= 0
            α.
        Q : array_like, shape (K, K)
        R : array_like, shape (K, M)
            The start.

        Returns
        -------
        StudentPath
            ``Q`` and ``R`` of shape ``times.shape`` + theirs, ``loss`` of shape ``times.shape``.
        """
        t, (q, r) = time_axis(times), self._state(Q, R)
        K = len(q)

        def velocity(state: FloatArray) -> FloatArray:
            moving = self._velocity(state[:, :K], state[:, K:])
            return np.concatenate([moving.Q, moving.R], axis=1)

        path = flow(velocity, np.concatenate([q, r], axis=1), t, ATOL)
        flat = [self._loss(state[:, :K], state[:, K:]) for state in path.reshape(-1, *path.shape[-2:])]
        return StudentPath(path[..., :K], path[..., K:], t, np.reshape(flat, t.shape))

    def _state(self, Q: npt.ArrayLike, R: npt.ArrayLike) -> tuple[FloatArray, FloatArray]:
        """Q and R, if they and T are the overlaps of K + M vectors."""
        q, r = symmetric("Q", Q), numbers("R", R, ndim=2)
        K, M = np.size(self.student), np.size(self.teacher)
        if q.shape != (K, K) or r.shape != (K, M):
            raise ValueError(f"Q and R must have shapes ({K}, {K}) and ({K}, {M}), got {q.shape} and {r.shape}")
        _gram("the covariance of Q, R and teacher_overlaps", self._covariance(q, r))
        return q, r

    def _covariance(self, Q: FloatArray, R: FloatArray) -> FloatArray:
        """C of (u, y)."""
        return np.block([[Q, R], [R.T, np.asarray(self.teacher_overlaps)]])

    def _signs(self) -> FloatArray:
        """ω = (-a, v)."""
        return np.concatenate([-np.asarray(self.student), np.asarray(self.teacher)])

    def _loss(self, Q: FloatArray, R: FloatArray) -> FloatArray:
        C, omega = self._covariance(Q, R), self._signs()
        variance = np.diagonal(C)
        return np.asarray(omega @ average_2(variance[:, None], C, variance) @ omega / 2)

    def _velocity(self, Q: FloatArray, R: FloatArray) -> StudentOverlaps:
        a, omega, C = np.asarray(self.student), self._signs(), self._covariance(Q, R)
        K, eta = a.size, np.asarray(self.step)
        variance, u = np.diagonal(C), C[:K]
        i, j, p = np.ix_(range(K), range(omega.size), range(omega.size))
        drift = eta * a[:, None] * (average_3(variance[i], u[i, j], u[i, p], C[j, p], variance[p]) @ omega)
        i, k, p, q = np.ix_(range(K), range(K), range(omega.size), range(omega.size))
        squared = average_4(
            variance[i], C[i, k], C[i, p], C[i, q], variance[k], C[k, p], C[k, q], variance[p], C[p, q], variance[q]
        )
        slopes = slopes_2(np.diagonal(Q)[:, None], Q, np.diagonal(Q))
        power = squared @ omega @ omega + np.asarray(self.noise) * slopes
        return StudentOverlaps(drift[:, :K] + drift[:, :K].T + eta**2 * np.outer(a, a) * power, drift[:, K:])


def _gram(name: str, matrix: FloatArray) -> None:
    """ValueError if the matrix is no Gram matrix."""
    smallest = float(np.linalg.eigvalsh(matrix).min())
    if smallest < -1e-10 * np.abs(matrix).max():
        raise ValueError(
            f"{name} must be positive semidefinite, got the eigenvalue {smallest:g}; they are scalar products"
        )
