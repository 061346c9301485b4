"""A two-layer network at its start: the Gram matrix of its Jacobian, and how fast the Jacobian may turn."""

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
from riskcalc.arguments import FloatArray, instance, numbers, positive_part, symmetric

ACTIVATION_HINT = "make one with riskcalc.activations"


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
