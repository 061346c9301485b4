"""The linearised flow in closed form, and the ridge beside it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from riskcalc.arguments import FloatArray, common_shape, numbers, positive_part, symmetric
from riskcalc.theory.lazy.quotient import over


def flow_path(gram: npt.ArrayLike, outputs: npt.ArrayLike, times: npt.ArrayLike) -> FloatArray:
    r"""The linearised flow in closed form: weights of the kernel functions at each time.

    .. math:: \hat f_t(x) = k(x)^{\sf T}c_t, \qquad
              c_t = U\,\mathrm{diag}\Big(\frac{1-e^{-s_it/n}}{s_i}\Big)U^{\sf T}y, \quad
              K = U\,\mathrm{diag}(s)U^{\sf T}

    Parameters
    ----------
    gram : array_like, shape (n, n)
        K, the kernel matrix of the training samples; :math:`\alpha^2DD^{\sf T}` for a network with scale α.
    outputs : array_like, shape (n,) or (n, q)
        y, less the output at the start where that is not 0.
    times : array_like, >= 0
        t, any shape; inf is the minimum-norm interpolator.

    Returns
    -------
    ndarray
        :math:`c_t`, of shape ``times.shape + outputs.shape``; ``gram @ c[0]`` are the fitted values at the first time.

    Raises
    ------
    ValueError
        If the matrix is not symmetric and positive semidefinite, shapes do not match, or a time is negative or nan.

    Notes
    -----
    Where :math:`s_i = 0` the factor is t/n, which no prediction sees; at t = inf it is set to 0. Ridge regression has
    1/(s + λ) in its place; the match is λ = n/t (``ridge_for_time``), and the two differ by at most 0.2036322/s.

    References
    ----------
    .. [1] ali2019 (place not checked)

    Examples
    --------
    >>> import riskcalc as rc
    >>> print(rc.lazy.flow_path([[2.0, 0.0], [0.0, 1.0]], [1.0, 1.0], times=[0, 1, float("inf")]).round(6))
    [[0.       0.      ]
     [0.31606  0.393469]
     [0.5      1.      ]]
    """
    K, y = symmetric("gram", gram), numbers("outputs", outputs)
    t = numbers("times", times, at_least=0, finite=False)
    if y.ndim not in (1, 2) or len(y) != len(K):
        raise ValueError(f"outputs must have shape ({len(K)},) or ({len(K)}, q), as gram, got {y.shape}")
    eigenvalues, U = np.linalg.eigh(K)
    s, n = positive_part("gram", eigenvalues), len(K)
    with np.errstate(invalid="ignore", over="ignore"):
        learned = -np.expm1(-s * t[..., None] / n)
    idle = np.where(t < np.inf, t / n, 0.0)[..., None]
    factors = np.where(s > 0, np.divide(learned, s, where=s > 0, out=np.zeros_like(learned)), idle)
    projected = U.T @ y.reshape(n, -1)
    return np.asarray(U @ (factors[..., None] * projected)).reshape(*t.shape, *y.shape)


def ridge_for_time(time: npt.ArrayLike, n_samples: npt.ArrayLike) -> FloatArray:
    r"""The ridge that does what the flow does at a time, as nearly as a ridge can.

    .. math:: \lambda = \frac nt

    Parameters
    ----------
    time : array_like, >= 0
        t; inf gives 0.
    n_samples : array_like, > 0
        n.

    Returns
    -------
    ndarray
        λ of the sum objective, of the broadcast shape; inf at time 0.

    Raises
    ------
    ValueError
        If a number is outside its domain, or shapes do not broadcast.

    Notes
    -----
    For an isotropic prior the estimation risk of the flow is at most 1.68591 times that of ridge regression there.

    References
    ----------
    .. [1] ali2019 (place not checked)

    Examples
    --------
    >>> import riskcalc as rc
    >>> print(rc.lazy.ridge_for_time([0, 2.0], n_samples=10))
    [inf  5.]
    """
    t, n = numbers("time", time, at_least=0, finite=False), numbers("n_samples", n_samples, above=0)
    common_shape(time=t, n_samples=n)
    return over(t, n)
