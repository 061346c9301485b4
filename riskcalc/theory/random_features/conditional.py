"""Random features of given weights: their second moments, exactly, and the Problem of ridge regression on them."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from riskcalc.activations import Activation, Erf
from riskcalc.activations.powers import PiecewisePower
from riskcalc.arguments import FloatArray, instance
from riskcalc.kernels import Dual
from riskcalc.theory.problem import Problem
from riskcalc.theory.random_features.input_law import (
    LONGEST,
    RESOLVED,
    Expansion,
    InputLaw,
    mean_of_pair,
    refuse_unresolved,
    single_index,
    target_expansion,
    unit_direction,
    weight_rows,
)  # fmt: skip

ACTIVATION_HINT = "use one of riskcalc.activations, or activations.custom(function, derivative)"


def conditional_problem(
    activation: Activation,
    weights: npt.ArrayLike,
    target: object,
    noise: npt.ArrayLike = 0,
    *,
    inputs: str = "gaussian",
    direction: npt.ArrayLike | None = None,
) -> Problem:
    r"""Problem of random features with given weights, :math:`z(x) = \varphi(Wx)/\sqrt N`.

    .. math:: \Omega_{ij} = \tfrac1N E\,\varphi(\langle w_i,x\rangle)\varphi(\langle w_j,x\rangle),\qquad
              c_i = \tfrac1{\sqrt N}E\,\varphi(\langle w_i,x\rangle)\,g(\langle e,x\rangle),\qquad
              M = E g^2 - c^\top\Omega^{-1}c

    Parameters
    ----------
    activation : Activation
        φ.
    weights : array_like, shape (N, d)
        Rows :math:`w_j`. Of norm 1, but for a power on each side of 0 (ReLU, ...) and, with Gaussian inputs, for erf,
        where any norm is legal.
    target : targets.SingleIndex
        g; ``SingleIndex(coefficients=[0, b])`` is the linear function b⟨e, x⟩.
    noise : array_like, >= 0
        τ², a variance.
    inputs : "gaussian" or "sphere"
        x ~ N(0, 1_d), or uniform on the sphere of radius √d.
    direction : array_like, shape (d,), optional
        The unit vector e; the first axis if it is left out.

    Returns
    -------
    Problem
        For ``ridge_risk`` with λ of the sum objective on these features (N λ for features without the 1/√N).

    Raises
    ------
    ValueError
        If weights or direction are not as said, or a series does not reach the needed degree.
    TypeError
        If ``activation`` is not an Activation or ``target`` not a SingleIndex.

    Notes
    -----
    Second moments are exact for any width (nothing is linearised): closed forms, quadrature that depends on the angle
    alone, or :math:`\sum_kc_k^2t^k` for an activation with kinks away from 0 (Gaussian inputs only). What is asymptotic
    is the equivalent: n large, and features that concentrate. At n, N, d = 20 … 60 and ridge 0 it errs by some per
    cent. The mean of this risk over W is ``random_feature_risk`` as N grows, and κ its ν₁.

    References
    ----------
    .. [1] loureiro2021 (the model; place not checked)
    .. [2] williams1997 (the moments of erf; place not checked)
    .. [3] cho2009 (the moments of ReLU; place not checked)
    .. [4] derived

    Examples
    --------
    >>> import numpy as np
    >>> import riskcalc as rc
    >>> W = np.random.default_rng(0).standard_normal((120, 60)) / np.sqrt(60)
    >>> target = rc.targets.SingleIndex(coefficients=[0, 1])
    >>> problem = rc.random_features.conditional_problem(rc.activations.ReLU(), W, target, noise=0.25)
    >>> print(rc.ridge_risk(problem, n_samples=[60, 240], ridge=0).test.round(4))
    [1.3209 0.9157]
    """
    phi = instance("activation", activation, Activation, ACTIVATION_HINT)
    W, g = weight_rows(weights, unit="" if any_norm(phi, inputs) else needs_unit(phi, inputs)), single_index(target)
    law = InputLaw.of(inputs, W.shape[1])
    link, e = target_expansion(law, g), unit_direction(direction, law.n_inputs)
    width = len(W)
    covariance = feature_covariance(phi, W, law) / width
    cross = feature_cross(phi, W, e, link, law) / math.sqrt(width)
    return Problem.from_moments(covariance, cross, g.total_energy(max(law.n_inputs, 2), inputs), noise)


def any_norm(activation: Activation, inputs: str) -> bool:
    """Whether weights of any norm are legal."""
    return isinstance(activation, PiecewisePower) or (isinstance(activation, Erf) and inputs == "gaussian")


def needs_unit(activation: Activation, inputs: str) -> str:
    """For whom weights must have norm 1."""
    return f"{activation!r} and inputs={inputs!r}"


def feature_covariance(activation: Activation, W: FloatArray, law: InputLaw) -> FloatArray:
    """E φ(⟨w_i, x⟩)φ(⟨w_j, x⟩), shape (N, N)."""
    if isinstance(activation, Erf) and law.name == "gaussian":
        inner = 2 * activation.scale**2 * (W @ W.T)
        root = np.sqrt(1 + np.diagonal(inner))
        return np.asarray(2 / math.pi * np.arcsin(inner / np.outer(root, root)))
    norms = np.linalg.norm(W, axis=1)
    rows = W / norms[:, None]
    cosines = np.clip(rows @ rows.T, -1, 1)
    np.fill_diagonal(cosines, 1.0)
    if isinstance(activation, PiecewisePower):
        scale = norms ** activation.branches()[2]
        return np.outer(scale, scale) * _by_angle(activation, cosines, law)
    if any(activation.kinks):
        return _by_degree(activation, cosines, law)
    return _by_angle(activation, cosines, law)


def _by_angle(activation: Activation, cosines: FloatArray, law: InputLaw) -> FloatArray:
    """The mean over x for given weights is the mean over weights for given x."""
    return Dual(activation, weights=law.name).profile(cosines, law.n_inputs)


def _by_degree(activation: Activation, cosines: FloatArray, law: InputLaw) -> FloatArray:
    """Σ c_k² t^k, cut: positive semidefinite, as the moments of a polynomial; the rest goes to the diagonal."""
    refuse_kinks_on_sphere(activation, law)
    phi = law.expansion(activation, LONGEST, activation.kinks, repr(activation))
    refuse_parallel(np.abs(cosines[~np.eye(len(cosines), dtype=bool)]), phi, activation)
    squares = phi.coefficients**2
    series = np.polynomial.polynomial.polyval(cosines, squares)
    return np.asarray(np.where(np.eye(len(cosines)) > 0, phi.norm**2, series))


def refuse_kinks_on_sphere(activation: Activation, law: InputLaw) -> None:
    """There is neither a closed form nor a series that is cut with a known error."""
    if law.name == "sphere":
        raise ValueError(
            f'inputs must be "gaussian" for an activation with kinks away from 0, got "sphere" for {activation!r}'
        )


def refuse_parallel(cosines: FloatArray, phi: Expansion, activation: Activation) -> None:
    """Weights so nearly parallel that the degrees beyond the last one count."""
    off = float(cosines.max(initial=0.0))
    if phi.rest**2 * (LONGEST + 1) * off ** (LONGEST - 1) > RESOLVED * phi.norm**2:
        raise ValueError(
            f"weights must not be nearly parallel for {activation!r}, got the cosine {off:.6g}, where {LONGEST} "
            "degrees do not suffice; drop one of the two"
        )


def feature_cross(activation: Activation, W: FloatArray, e: FloatArray, link: Expansion, law: InputLaw) -> FloatArray:
    """E φ(⟨w_i, x⟩) g(⟨e, x⟩), shape (N,)."""
    norms = np.linalg.norm(W, axis=1)
    overlaps, degree = np.clip(W @ e / norms, -1, 1), link.coefficients.size - 1
    if isinstance(activation, Erf) and law.name == "gaussian":
        each, where = np.unique(norms, return_inverse=True)
        rows = np.array([Erf(activation.scale * r).hermite_coefficients(degree) for r in each])[where]
        return mean_of_pair(law, rows, link, overlaps)
    phi = law.expansion(activation, degree, activation.kinks, repr(activation))
    refuse_unresolved(law, phi, link, overlaps, "target")
    scale = norms ** activation.branches()[2] if isinstance(activation, PiecewisePower) else 1.0
    return np.asarray(scale * mean_of_pair(law, phi.coefficients, link, overlaps))
