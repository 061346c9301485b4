"""The term of relative order 1/n of every field of ridge regression."""

from __future__ import annotations

from functools import partial

import numpy as np
import numpy.typing as npt

from riskcalc.arguments import FloatArray, common_shape, instance, numbers
from riskcalc.tables import Fields
from riskcalc.theory.finite_size.power_sums import PowerSums, Solution
from riskcalc.theory.newton import NO_SAMPLES
from riskcalc.theory.problem import PROBLEM_HINT, Problem
from riskcalc.theory.tangent import Tangent

SOURCES = ("bai2004",)


def ridge_next_order(problem: Problem, n_samples: npt.ArrayLike, ridge: npt.ArrayLike, kurtosis: float = 0.0) -> Fields:
    r"""What is to be added to the deterministic equivalent of ridge regression: the term of order 1/n.

    .. math:: \mathrm{bias}_1 = \frac{1}{nE^2}\Big[3b_3 + \frac{4\delta}{E}J
              + A\Big(D + \frac{3\epsilon-4\delta}{E}\Big)\Big]
              + \frac{\kappa_4}{nE}\Big[3b_3 + \frac{2\delta}{E}J - 2Db_2
              + A\Big(D + \frac{3\epsilon-2\delta(1+E)}{E}\Big)\Big],\qquad J = \frac{\delta A}{E} - b_2

    with :math:`u = \sigma/(\sigma+\kappa)`, :math:`D = \frac1n\sum mu^2`, :math:`E = 1-D`,
    :math:`\delta = \frac1n\sum mu^2(1-u)`, :math:`\epsilon = \frac1n\sum mu^2(1-u)^2`,
    :math:`b_k = \sum e(1-u)^2u^{k-1}` and :math:`A = b_1 + M`; A = b₁ + M + τ² gives the test error.

    Parameters
    ----------
    problem : Problem
    n_samples : array_like, >= 0
        The term falls as 1/n: where sizes are ratios, it is that of n samples times n.
    ridge : array_like, > ridge_lower_limit(spectrum, n_samples)
        λ of the sum objective.
    kurtosis : float, >= -2
        Excess kurtosis κ₄ of the independent entries of Σ^{-1/2}x: 0 for Gaussian ones, -2 for signs.

    Returns
    -------
    mapping of str to ndarray
        ``test``, ``train``, ``bias``, ``variance``, ``effective_ridge`` (of 1/Tr(XXᵀ+λ)⁻¹), ``df1`` (of the hat
        matrix), ``norm_squared``, ``estimation``, ``in_sample``, ``gcv``; units and shapes of the fields of
        ``ridge_risk``. 0 without samples, at infinite ridge and at the threshold n = df2, where there is nothing to be
        corrected.

    Raises
    ------
    ValueError
        If a number is outside its domain.

    Notes
    -----
    The derivation is formal: one function, E log det(XᵀX + Λ) of a penalty matrix Λ, gives every mean exactly, and its
    expansion in 1/n is differentiated term by term, without a bound on the remainder. It needs entries that are
    independent in the eigenbasis of Σ and have no third cumulant, and f_⊥ independent of x. In simulations with
    n = 10 ... 80 the error left is of order 1/n² where n - df2 >= 7 and the term is below 30 % of the leading one;
    closer to the threshold the term may be worse than none, and ``gcv`` is an expansion in κ/λ besides.

    References
    ----------
    .. [1] derived (formally; the Gaussian part of the generating function is the mean shift of linear statistics)
    .. [2] bai2004 (place not checked)

    Examples
    --------
    >>> import riskcalc as rc
    >>> problem = rc.Problem(rc.Spectrum.isotropic(10), energies=[1.0], noise=1.0)
    >>> leading, term = rc.ridge_risk(problem, 20, 2.0), rc.finite_size.ridge_next_order(problem, 20, 2.0)
    >>> print(leading.bias.round(4), (leading.bias + term["bias"]).round(4))
    0.0345 0.0399
    """
    n = numbers("n_samples", n_samples, at_least=0)
    lam = numbers("ridge", ridge, above=-np.inf, finite=False)
    noise: FloatArray = np.asarray(instance("problem", problem, Problem, PROBLEM_HINT).noise)
    fourth = float(numbers("kurtosis", kurtosis, at_least=-2, ndim=0))
    common_shape(n_samples=n, ridge=lam, noise=noise)
    return Fields(partial(next_order, Solution.of(problem, n, lam), fourth))


def next_order(solution: Solution, kurtosis: float) -> dict[str, FloatArray]:
    """Every term, with 0 where nothing is to be corrected."""
    p, outside, noise = solution.powers, solution.problem.unreached, np.asarray(solution.problem.noise)
    none = (p.n < NO_SAMPLES) | np.isinf(p.kappa) | (p.E == 0)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        bias = error_term(p, p.b1 + outside, p.b2, p.b3, kurtosis)
        variance = noise * error_term(p, 1.0, 0.0, 0.0, kurtosis)
        terms = {"test": bias + variance, "bias": bias, "variance": variance}
        terms |= sample_terms(p, p.b1 + outside + noise, kurtosis)
        lost = p.delta / p.E * (1 / p.E + kurtosis) / p.n
        terms |= {"effective_ridge": -p.kappa * lost, "df1": -p.n * p.share * lost}
        terms["in_sample"] = terms["train"] - 2 * (outside + noise) * p.share * lost
        terms["estimation"] = terms["norm_squared"] - 2 * along_target(p, kurtosis)
    shape = np.broadcast_shapes(none.shape, noise.shape)
    if none.any():
        terms = {name: np.where(none, 0.0, term) for name, term in terms.items()}
    return {name: np.broadcast_to(_overflown(np.asarray(term)), shape) for name, term in terms.items()}


def _overflown(term: FloatArray) -> FloatArray:
    """Inf where a product left the floats on its way."""
    lost = np.isnan(term)
    return np.where(lost, np.inf, term) if lost.any() else term


def error_term(
    p: PowerSums, A: FloatArray | float, b2: FloatArray | float, b3: FloatArray | float, kurtosis: float
) -> FloatArray:
    """Of a test error A/E, linear in A, b₂ and b₃; noise has A alone."""
    D, E, delta, epsilon = p.D, p.E, p.delta, p.epsilon
    J = delta * A / E - b2
    gaussian = 3 * b3 + 4 * delta / E * J + A * (D + (3 * epsilon - 4 * delta) / E)
    fourth = 3 * b3 + 2 * delta / E * J - 2 * D * b2 + A * (D + (3 * epsilon - 2 * delta * (1 + E)) / E)
    return gaussian / (p.n * E**2) + kurtosis * fourth / (p.n * E)


def sample_terms(p: PowerSums, A: FloatArray, kurtosis: float) -> dict[str, FloatArray]:
    r"""Of train, cross-validation and the norm, from the minimum of the objective, whose own term is O₁ = sKJ.

    .. math:: \mathrm{train}_1 = \frac{s^2}{nE}(1-\vartheta)KJ,\quad
              \mathrm{gcv}_1 = \frac{1}{nE}(1-\vartheta)KJ - \frac{2AK\delta}{nE^2},\quad
              \mathrm{norm}_1 = \frac{\vartheta(sKJ)}{n\kappa E},\qquad \vartheta = \kappa\frac{d}{d\kappa}

    with s = λ/(nκ), K = 1/E + κ₄; the slopes of the tangents are ϑ.
    """
    s = Tangent(p.share, p.width)
    E = Tangent(p.E, 2 * p.delta)
    delta = Tangent(p.delta, p.delta - 3 * p.epsilon)
    b2 = Tangent(p.b2, 3 * p.b3 - p.b2)
    J = delta * Tangent(A, 2 * p.b2) / E + -1.0 * b2
    K = Tangent.of(1.0) / E + kurtosis
    KJ, objective = K * J, s * K * J
    smooth = (KJ.value - KJ.slope) / (p.n * p.E)
    norm = objective.slope / (p.n * p.kappa * p.E)
    without_ridge = p.share * K.value * A * p.trace / (p.n * p.E) ** 2  # δ/κ → Σ m/(nσ), b₂/κ → 0
    return {
        "train": p.share**2 * smooth,
        "gcv": smooth - 2 * A * K.value * p.delta / (p.n * p.E**2),
        "norm_squared": np.where(p.kappa == 0, without_ridge, norm),
    }


def along_target(p: PowerSums, kurtosis: float) -> FloatArray:
    """Of ⟨θ*, E θ̂⟩, which is the minimum of the noiseless objective over λ."""
    J = p.delta * p.b1 / p.E - p.b2
    return np.where(p.kappa == 0, 0.0, (1 / p.E + kurtosis) * J / (p.n * p.kappa))
