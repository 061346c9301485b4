r"""When is a network its own linearisation: a sufficient condition, its guarantees, and the linearised flow.

The network is :math:`\alpha f`, trained by :math:`\dot\theta = -\nabla\frac1{2n}\|y - \alpha f(\theta)\|^2`;
:math:`\sigma_{\min}`, :math:`L` and the Jacobian are those of f on the data, without the scale α.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from riskcalc.activations import (
    ELU,
    GELU,
    Activation,
    Cos,
    Custom,
    Erf,
    Hermite,
    Linear,
    Power,
    Quadratic,
    Sigmoid,
    SiLU,
    Sin,
    Softplus,
    Tanh,
)
from riskcalc.arguments import FloatArray, common_shape, instance, numbers, positive_part, symmetric

__all__ = [
    "convergence_rate",
    "displacement_bound",
    "flow_path",
    "laziness_ratio",
    "lazy_scale",
    "lipschitz_bound",
    "neural_tangent_gram",
    "ridge_for_time",
    "singular_values",
]

ACTIVATION_HINT = "make one with riskcalc.activations"


def laziness_ratio(
    lipschitz: npt.ArrayLike, residual: npt.ArrayLike, sigma_min: npt.ArrayLike, scale: npt.ArrayLike = 1
) -> FloatArray:
    r"""The ratio ρ below 1 of which training is certain to stay close to the linearisation.

    .. math:: \rho = \frac{4L\,r_0}{\alpha\,\sigma_{\min}^2}

    Parameters
    ----------
    lipschitz : array_like, >= 0
        L, of the Jacobian on the data in operator norm, as ``lipschitz_bound``; may be inf.
    residual : array_like, >= 0
        :math:`r_0 = \|y - \alpha f(\theta_0)\|`, the Euclidean norm.
    sigma_min : array_like, >= 0
        Smallest of the n singular values of the Jacobian; 0 if there are fewer parameters than samples.
    scale : array_like, >= 0
        α.

    Returns
    -------
    ndarray
        Of the broadcast shape; inf where nothing is promised: at ``sigma_min`` 0, ``scale`` 0 or ``lipschitz`` inf.

    Raises
    ------
    ValueError
        If a number is outside its domain, or shapes do not broadcast.

    Notes
    -----
    ρ < 1 is sufficient: then ``convergence_rate`` and ``displacement_bound`` hold at all times. It is pessimistic, in
    experiments by two orders of magnitude.

    References
    ----------
    .. [1] oymak2019 (place not checked)
    .. [2] chizat2019 (place not checked)
    .. [3] bartlett2021 (section 5; place not checked)

    Examples
    --------
    >>> import riskcalc as rc
    >>> print(rc.lazy.laziness_ratio(lipschitz=0.5, residual=4.0, sigma_min=[2.0, 0.0], scale=8))
    [0.25  inf]
    """
    return _over(numbers("scale", scale, at_least=0), lazy_scale(lipschitz, residual, sigma_min))


def lazy_scale(lipschitz: npt.ArrayLike, residual: npt.ArrayLike, sigma_min: npt.ArrayLike) -> FloatArray:
    r"""The scale above which training is certain to stay close to the linearisation.

    .. math:: \alpha_{\rm lazy} = \frac{4L\,r_0}{\sigma_{\min}^2}

    Parameters
    ----------
    lipschitz, residual, sigma_min : array_like, >= 0
        As ``laziness_ratio``.

    Returns
    -------
    ndarray
        Of the broadcast shape; inf where no scale is promised to be enough.

    Raises
    ------
    ValueError
        If a number is outside its domain, or shapes do not broadcast.

    Notes
    -----
    For a residual that does not depend on α, as of a network that starts at f = 0.

    References
    ----------
    .. [1] oymak2019 (place not checked)

    Examples
    --------
    >>> import riskcalc as rc
    >>> print(rc.lazy.lazy_scale(lipschitz=0.5, residual=4.0, sigma_min=2.0))
    2.0
    """
    L = numbers("lipschitz", lipschitz, at_least=0, finite=False)
    r0, sigma = numbers("residual", residual, at_least=0), numbers("sigma_min", sigma_min, at_least=0)
    common_shape(lipschitz=L, residual=r0, sigma_min=sigma)
    with np.errstate(invalid="ignore"):
        top = np.where(L == np.inf, np.inf, 4 * L * r0)
    return _over(sigma, _over(sigma, top))


def convergence_rate(sigma_min: npt.ArrayLike, n_samples: npt.ArrayLike, scale: npt.ArrayLike = 1) -> FloatArray:
    r"""Rate of the training error that is guaranteed where ``laziness_ratio`` is below 1.

    .. math:: \|y - \alpha f(\theta_t)\|^2 \le r_0^2\,e^{-ct}, \qquad c = \frac{\alpha^2\sigma_{\min}^2}{2n}

    Parameters
    ----------
    sigma_min : array_like, >= 0
        Smallest singular value of the Jacobian.
    n_samples : array_like, > 0
        n.
    scale : array_like, >= 0
        α.

    Returns
    -------
    ndarray
        c, of the broadcast shape. Units of 1/t.

    Raises
    ------
    ValueError
        If a number is outside its domain, or shapes do not broadcast.

    Notes
    -----
    A quarter of the rate of the linearised flow, :math:`2\alpha^2\sigma_{\min}^2/n`.

    References
    ----------
    .. [1] oymak2019 (place not checked)

    Examples
    --------
    >>> import riskcalc as rc
    >>> print(rc.lazy.convergence_rate(sigma_min=2.0, n_samples=20, scale=10))
    10.0
    """
    sigma, n = numbers("sigma_min", sigma_min, at_least=0), numbers("n_samples", n_samples, above=0)
    alpha = numbers("scale", scale, at_least=0)
    common_shape(sigma_min=sigma, n_samples=n, scale=alpha)
    return np.asarray((alpha * sigma) ** 2 / (2 * n))


def displacement_bound(residual: npt.ArrayLike, sigma_min: npt.ArrayLike, scale: npt.ArrayLike = 1) -> FloatArray:
    r"""How far the parameters move at most, at any time, where ``laziness_ratio`` is below 1.

    .. math:: \|\theta_t - \theta_0\| \le \frac{2r_0}{\alpha\,\sigma_{\min}}

    Parameters
    ----------
    residual, sigma_min, scale : array_like, >= 0
        As ``laziness_ratio``.

    Returns
    -------
    ndarray
        Of the broadcast shape; inf where ``sigma_min`` or ``scale`` is 0.

    Raises
    ------
    ValueError
        If a number is outside its domain, or shapes do not broadcast.

    Notes
    -----
    It bounds the length of the path.

    References
    ----------
    .. [1] oymak2019 (place not checked)

    Examples
    --------
    >>> import riskcalc as rc
    >>> print(rc.lazy.displacement_bound(residual=4.0, sigma_min=2.0, scale=8))
    0.5
    """
    r0, sigma = numbers("residual", residual, at_least=0), numbers("sigma_min", sigma_min, at_least=0)
    alpha = numbers("scale", scale, at_least=0)
    common_shape(residual=r0, sigma_min=sigma, scale=alpha)
    return _over(alpha, _over(sigma, 2 * r0))


def lipschitz_bound(
    activation: Activation, inputs: npt.ArrayLike, width: npt.ArrayLike, curvature: float | None = None
) -> FloatArray:
    r"""Bound of the Lipschitz constant of the Jacobian of a two-layer network whose first layer is trained.

    .. math:: f(x) = \frac1{\sqrt N}\sum_j a_j\varphi(\langle w_j, x\rangle), \quad |a_j| \le 1, \qquad
              L \le \frac{\sup|\varphi''|}{\sqrt N}\,\sigma_{\max}(X)\,\max_i\|x_i\|

    Parameters
    ----------
    activation : Activation
        φ.
    inputs : array_like, shape (n, d)
        X.
    width : array_like, > 0
        N.
    curvature : float, >= 0, optional
        :math:`\sup|\varphi''|`, for an activation of one's own.

    Returns
    -------
    ndarray
        Of the shape of ``width``; inf for an activation whose slope jumps or whose second derivative is unbounded.

    Raises
    ------
    ValueError
        If a number is outside its domain, or the activation is one's own and ``curvature`` is not given.

    Notes
    -----
    Where the second derivative jumps but is bounded (ELU) it is the Lipschitz constant of φ' that counts.

    References
    ----------
    .. [1] derived
    .. [2] bartlett2021 (section 5; place not checked)

    Examples
    --------
    >>> import numpy as np
    >>> import riskcalc as rc
    >>> print(rc.lazy.lipschitz_bound(rc.activations.Tanh(), np.eye(3), width=[100, 400]).round(6))
    [0.07698 0.03849]
    """
    X, N = numbers("inputs", inputs, ndim=2), numbers("width", width, above=0)
    if X.size == 0:
        raise ValueError(f"inputs must have at least one row and one column, got shape {X.shape}")
    B = _curvature(activation) if curvature is None else float(numbers("curvature", curvature, at_least=0, ndim=0))
    size = float(np.linalg.norm(X, 2) * np.linalg.norm(X, axis=1).max())
    with np.errstate(invalid="ignore"):
        return np.asarray(np.where(B == np.inf, np.inf, B * size) / np.sqrt(N))


def neural_tangent_gram(
    activation: Activation, inputs: npt.ArrayLike, weights: npt.ArrayLike, output_weights: npt.ArrayLike
) -> FloatArray:
    r"""Gram matrix of the Jacobian of a two-layer network whose first layer is trained.

    .. math:: DD^{\sf T} = XX^{\sf T} \circ \frac1N\sum_ja_j^2\,\varphi'(Xw_j)\varphi'(Xw_j)^{\sf T}

    Parameters
    ----------
    activation : Activation
        φ.
    inputs : array_like, shape (n, d)
        X.
    weights : array_like, shape (N, d)
        Rows :math:`w_j`, as they are at the start.
    output_weights : array_like, shape (N,)
        a, without the factor :math:`N^{-1/2}` of f.

    Returns
    -------
    ndarray, shape (n, n)
        For :math:`a_j = \pm1` it is d times the kernel of the neural tangent model.

    Raises
    ------
    ValueError
        If shapes do not match, or the activation has no derivative.

    Notes
    -----
    The Jacobian, n × Nd, is never formed.

    References
    ----------
    .. [1] jacot2018 (place not checked)

    Examples
    --------
    >>> import numpy as np
    >>> import riskcalc as rc
    >>> X, W = np.eye(2), np.eye(2)
    >>> print(rc.lazy.neural_tangent_gram(rc.activations.ReLU(), X, W, [1, -1]))
    [[0.625 0.   ]
     [0.    0.625]]
    """
    phi = instance("activation", activation, Activation, ACTIVATION_HINT)
    X, W = numbers("inputs", inputs, ndim=2), numbers("weights", weights, ndim=2)
    a = numbers("output_weights", output_weights, ndim=1)
    if X.shape[1] != W.shape[1] or len(W) != a.size or a.size == 0:
        raise ValueError(
            f"inputs, weights and output_weights must have shapes (n, d), (N, d) and (N,), got {X.shape}, {W.shape} "
            f"and {a.shape}"
        )
    slopes = a * phi.derivative(X @ W.T)
    return np.asarray((X @ X.T) * (slopes @ slopes.T) / a.size)


def singular_values(gram: npt.ArrayLike) -> FloatArray:
    r"""Singular values of the Jacobian from its Gram matrix, descending.

    .. math:: \sigma_i(D) = \sqrt{\lambda_i(DD^{\sf T})}

    Parameters
    ----------
    gram : array_like, shape (n, n)
        :math:`DD^{\sf T}`.

    Returns
    -------
    ndarray, shape (n,)
        The first is :math:`\sigma_{\max}`, the last :math:`\sigma_{\min}`; 0 where it cannot be told from 0, as all
        beyond the number of parameters.

    Raises
    ------
    ValueError
        If the matrix is not symmetric and positive semidefinite.

    Notes
    -----
    Right to an absolute error of about :math:`10^{-8}\sigma_{\max}`: the square root of rounding.

    References
    ----------
    .. [1] derived

    Examples
    --------
    >>> import riskcalc as rc
    >>> print(rc.lazy.singular_values([[4.0, 0.0], [0.0, 9.0]]))
    [3. 2.]
    """
    eigenvalues: FloatArray = np.asarray(np.linalg.eigvalsh(symmetric("gram", gram)), dtype=np.float64)
    return np.sqrt(positive_part("gram", eigenvalues))[::-1]


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
    return _over(t, n)


def _over(below: FloatArray, top: FloatArray) -> FloatArray:
    """The quotient top/below; inf where ``below`` is 0."""
    shape = np.broadcast_shapes(top.shape, below.shape)
    quotient = np.full(shape, np.inf)
    np.divide(top, below, out=quotient, where=np.broadcast_to(below > 0, shape))
    return quotient


def _curvature(activation: Activation) -> float:
    """The supremum of the slopes of φ', which is sup |φ''| where φ' has no jump."""
    phi = instance("activation", activation, Activation, ACTIVATION_HINT)
    if isinstance(phi, Custom):
        raise ValueError(f"curvature must be given for {phi!r}; it is sup |φ''|")
    if isinstance(phi, Erf):
        return 4 * phi.scale**2 / math.sqrt(2 * math.pi * math.e)
    if isinstance(phi, (Sin, Cos)):
        return float(phi.frequency) ** 2
    if isinstance(phi, Hermite) and phi.degree <= 2:
        return 2.0 if phi.degree == 2 else 0.0
    if isinstance(phi, Power) and phi.exponent == 2:
        return 2.0
    return CURVATURES.get(type(phi), math.inf)


CURVATURES: dict[type[Activation], float] = {
    Tanh: 4 / (3 * math.sqrt(3)),
    Sigmoid: 1 / (6 * math.sqrt(3)),
    Softplus: 1 / 4,
    SiLU: 1 / 2,
    GELU: 2 / math.sqrt(2 * math.pi),
    ELU: 1.0,
    Linear: 0.0,
    Quadratic: 2.0,
}
