"""Infinitely many samples, given weights: what the features of either layer cannot represent."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import scipy.linalg

from riskcalc.activations import Activation
from riskcalc.arguments import FloatArray, choice, instance, numbers, positive_part
from riskcalc.theory.neural_tangent.block import sloped
from riskcalc.theory.neural_tangent.conditional import tangent_covariance, tangent_cross
from riskcalc.theory.random_features.conditional import ACTIVATION_HINT, feature_covariance, feature_cross
from riskcalc.theory.random_features.input_law import Expansion, InputLaw, unit_direction, weight_rows

LAYERS = ("first", "second", "both")


def approximation_error(
    activation: Activation,
    weights: npt.ArrayLike,
    degree: npt.ArrayLike,
    layers: str = "first",
    *,
    inputs: str = "gaussian",
    direction: npt.ArrayLike | None = None,
) -> FloatArray:
    r"""Share of a function of one degree and one direction that a network with given weights cannot represent.

    .. math:: 1 - c_k^\top\Sigma_W^{-1}c_k,\qquad c_k = E\,\psi(x)\,p_k(\langle e,x\rangle)

    Parameters
    ----------
    activation : Activation
        φ, with a bounded derivative unless only the second layer is trained.
    weights : array_like, shape (N, d)
        Rows of norm 1.
    degree : array_like of whole numbers, >= 0 and <= 200
        k; :math:`p_k` is :math:`He_k/\sqrt{k!}`, or on the sphere :math:`\sqrt{B(d,k)}\,P_k`.
    layers : "first", "second" or "both"
        Which layers are trained: the neural tangent model, random features, or both together.
    inputs : "gaussian" or "sphere"
        The law of x.
    direction : array_like, shape (d,), optional
        The unit vector e; the first axis if it is left out.

    Returns
    -------
    ndarray
        Of the shape of ``degree``, between 0 and 1: the risk at n = ∞, noise left out, for a target of energy 1.

    Raises
    ------
    ValueError
        If an argument is outside its domain.
    TypeError
        If ``activation`` is not an Activation.

    Notes
    -----
    Exact for any N and d, up to what a covariance matrix in floating point does not resolve (directions whose
    eigenvalue is below its rounding are not used). Errors of several degrees of one function do not simply add at
    finite N: for a function take ``conditional_problem(...).unreached``. In high dimension: ``limits`` has the
    staircases ``random_feature_approximation`` and ``neural_tangent_approximation``; the steps are wide, of order one
    in N/d.

    References
    ----------
    .. [1] ghorbani2021 (place not checked)
    .. [2] derived

    Examples
    --------
    >>> import numpy as np
    >>> import riskcalc as rc
    >>> W = np.random.default_rng(0).standard_normal((15, 30))
    >>> W /= np.linalg.norm(W, axis=1, keepdims=True)
    >>> for layers in ("first", "second"):
    ...     print(rc.neural_tangent.approximation_error(rc.activations.ReLU(), W, [1, 2, 3], layers).round(2))
    [0.05 0.48 1.  ]
    [0.59 0.99 1.  ]
    """
    trained = choice("layers", layers, LAYERS)
    phi = instance("activation", activation, Activation, ACTIVATION_HINT) if layers == "second" else sloped(activation)
    k = numbers("degree", degree, at_least=0, at_most=200)
    if (k != np.floor(k)).any():
        raise ValueError(f"degree must be a whole number, got {k[k != np.floor(k)].flat[0]:g}")
    W = weight_rows(weights, unit="approximation_error")
    law, e = InputLaw.of(inputs, W.shape[1]), unit_direction(direction, W.shape[1])
    degrees, where = np.unique(k.astype(int), return_inverse=True)
    links = [Expansion(np.eye(1, one + 1, one)[0], 1.0, 0.0) for one in degrees]
    if trained == "second":
        covariance = feature_covariance(phi, W, law) / len(W)
        cross = [feature_cross(phi, W, e, link, law) / math.sqrt(len(W)) for link in links]
    else:
        covariance = tangent_covariance(phi, W, law, trained == "both")
        cross = [tangent_cross(phi, W, e, link, law, trained == "both") for link in links]
    return np.asarray(_unexplained(covariance, np.array(cross))[where].reshape(k.shape))


def _unexplained(covariance: FloatArray, cross: FloatArray) -> FloatArray:
    """1 - cᵀΣ⁻¹c for each row c, on the positive eigenvalues, clipped to [0, 1]."""
    sigma, vectors = scipy.linalg.eigh(covariance)
    sigma = positive_part("covariance", sigma)
    squares = (cross @ vectors) ** 2
    explained = np.divide(squares, sigma, out=np.zeros_like(squares), where=sigma > 0).sum(axis=1)
    return np.asarray(np.clip(1 - explained, 0.0, 1.0))
