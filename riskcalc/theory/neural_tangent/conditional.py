"""Tangent features of given weights: their second moments, exactly, and the Problem of ridge regression on them."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from riskcalc.activations import Activation
from riskcalc.arguments import FloatArray, choice
from riskcalc.theory.neural_tangent.block import slope_products, sloped
from riskcalc.theory.neural_tangent.moments import pair_moments
from riskcalc.theory.neural_tangent.plane import PairMoments
from riskcalc.theory.problem import Problem
from riskcalc.theory.random_features.conditional import feature_covariance, feature_cross
from riskcalc.theory.random_features.input_law import (
    Expansion,
    InputLaw,
    single_index,
    target_expansion,
    unit_direction,
    weight_rows,
)  # fmt: skip

LAYERS = ("first", "both")


def conditional_problem(
    activation: Activation,
    weights: npt.ArrayLike,
    target: object,
    noise: npt.ArrayLike = 0,
    layers: str = "first",
    *,
    inputs: str = "gaussian",
    direction: npt.ArrayLike | None = None,
) -> Problem:
    r"""Problem of a neural tangent model with given weights, on its Nd features.

    .. math:: f(x;b) = \frac1{\sqrt{Nd}}\sum_{j\le N}\langle b_j,x\rangle\,\varphi'(\langle w_j,x\rangle)
              \quad\Big[+\frac1{\sqrt N}\sum_ja_j\varphi(\langle w_j,x\rangle)\Big],\qquad
              Nd\,\Sigma_{ij} = h\,1 + b\,(w_iw_j^\top+w_jw_i^\top) + q\,(w_iw_i^\top+w_jw_j^\top)

    Parameters
    ----------
    activation : Activation
        φ, with a bounded derivative.
    weights : array_like, shape (N, d)
        Rows :math:`w_j` of norm 1.
    target : targets.SingleIndex
        g; ``SingleIndex(coefficients=[0, b])`` is the linear function b⟨e, x⟩.
    noise : array_like, >= 0
        τ², a variance.
    layers : "first" or "both"
        Which layers are trained; "both" adds the bracket, with the same ridge.
    inputs : "gaussian" or "sphere"
        x ~ N(0, 1_d), or uniform on the sphere of radius √d.
    direction : array_like, shape (d,), optional
        The unit vector e with target g(⟨e, x⟩); the first axis if it is left out.

    Returns
    -------
    Problem
        For ``ridge_risk``, any n_samples and ridge: one eigendecomposition serves all. Its ``unreached`` is the
        approximation error.

    Raises
    ------
    ValueError
        If weights or direction are not as said, or φ' is not bounded.
    TypeError
        If ``activation`` is not an Activation or ``target`` not a SingleIndex.

    Notes
    -----
    Second moments are exact; on the sphere those of ReLU are the same (its features have degree 1 in x), others differ
    from Gaussian ones by O(1/d). What is asymptotic is the equivalent, together with Gaussian universality, which at
    n ≈ Nd is supported by simulation. Gaussian inputs share the fluctuation of their norm among all features, so that
    the prediction is low: by some 10 % around n = Nd at d = 20 and ridge 1e-4, by 2 % at ridge 0.05. On the sphere it
    is not. Cost O((Nd)³): Nd up to a few thousand. The covariance may be singular (a quadratic φ has rank at most
    d(d+1)/2): the interpolation threshold is then at its rank.

    References
    ----------
    .. [1] ghorbani2021 (the model; place not checked)
    .. [2] montanari2022 (the model; place not checked)
    .. [3] derived (the moments)

    Examples
    --------
    >>> import numpy as np
    >>> import riskcalc as rc
    >>> W = np.random.default_rng(0).standard_normal((15, 20))
    >>> W /= np.linalg.norm(W, axis=1, keepdims=True)
    >>> target = rc.targets.SingleIndex(coefficients=[0, 1, 0.5])
    >>> problem = rc.neural_tangent.conditional_problem(rc.activations.ReLU(), W, target, noise=0.1)
    >>> print(rc.ridge_risk(problem, n_samples=[150, 300, 600], ridge=0.05).test.round(4))
    [0.5746 0.553  0.4707]
    """
    phi, g = sloped(activation), single_index(target)
    W = weight_rows(weights, unit="neural tangent models")
    law = InputLaw.of(inputs, W.shape[1])
    link, e = target_expansion(law, g), unit_direction(direction, law.n_inputs)
    both = choice("layers", layers, LAYERS) == "both"
    covariance = tangent_covariance(phi, W, law, both)
    cross = tangent_cross(phi, W, e, link, law, both)
    return Problem.from_moments(covariance, cross, g.total_energy(max(law.n_inputs, 2), inputs), noise)


def tangent_covariance(activation: Activation, W: FloatArray, law: InputLaw, both: bool) -> FloatArray:
    """Σ, shape (Nd, Nd), neuron by neuron; with both layers shape (N + Nd, N + Nd), the N outer features first."""
    (width, d), size = W.shape, W.size
    plus, minus = _unit(W[:, None] + W), _unit(W[:, None] - W)
    at = pair_moments(activation, _angles(W), law)
    blocks = at.across[..., None, None] * np.eye(d)
    blocks += (at.plus - at.across)[..., None, None] * plus[..., :, None] * plus[..., None, :]
    blocks += (at.minus - at.across)[..., None, None] * minus[..., :, None] * minus[..., None, :]
    inner = blocks.transpose(0, 2, 1, 3).reshape(size, size) / size
    if not both:
        return np.asarray((inner + inner.T) / 2)
    outer = feature_covariance(activation, W, law) / width
    mixed = _mixed(W, at).reshape(width, size) / (width * math.sqrt(d))
    whole = np.block([[outer, mixed], [mixed.T, inner]])
    return np.asarray((whole + whole.T) / 2)


def _mixed(W: FloatArray, at: PairMoments) -> FloatArray:
    """E φ(⟨w_i, x⟩)φ'(⟨w_j, x⟩)x, shape (N, N, d)."""
    apart = W[:, None] - W
    beside = _unit(apart - (apart * W).sum(axis=-1, keepdims=True) * W)
    return np.asarray(at.along[..., None] * W + at.side[..., None] * beside)


def _angles(W: FloatArray) -> FloatArray:
    """Angles between all rows, right to the last digits also for rows that are nearly the same."""
    apart, together = (np.linalg.norm(pair, axis=-1) for pair in (W[:, None] - W, W[:, None] + W))
    return np.asarray(2 * np.arctan2(apart, together))


def _unit(vectors: FloatArray) -> FloatArray:
    """Of norm 1, or 0."""
    norms = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(np.divide(vectors, norms, out=np.zeros_like(vectors), where=norms > 0))


def tangent_cross(
    activation: Activation, W: FloatArray, e: FloatArray, link: Expansion, law: InputLaw, both: bool
) -> FloatArray:
    """E ψ(x)g(⟨e, x⟩), in the order of ``tangent_covariance``."""
    (width, d), overlaps = W.shape, np.clip(W @ e, -1, 1)
    along_weight, along_target = slope_products(activation, overlaps, link, law)
    inner = (along_weight[:, None] * W + along_target[:, None] * e).ravel() / math.sqrt(width * d)
    if not both:
        return np.asarray(inner)
    return np.concatenate([feature_cross(activation, W, e, link, law) / math.sqrt(width), inner])
