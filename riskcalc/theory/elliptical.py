"""Ridge regression on rows of random radius: from a Problem to its Risk."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from riskcalc.arguments import FloatArray, common_shape, instance, numbers
from riskcalc.result import Risk
from riskcalc.theory.newton import NO_SAMPLES
from riskcalc.theory.nodes import Nodes
from riskcalc.theory.problem import PROBLEM_HINT, Problem
from riskcalc.theory.row_weights import EllipticalPoint, RowWeights, elliptical_point, shares
from riskcalc.theory.sums import Sums, sums_at


def elliptical_risk(
    problem: Problem,
    n_samples: npt.ArrayLike,
    ridge: npt.ArrayLike,
    weights: npt.ArrayLike,
    probabilities: npt.ArrayLike | None = None,
) -> Risk:
    r"""Deterministic equivalent of ridge regression on elliptical rows :math:`x_i = \sqrt{w_i}\,\Sigma^{1/2}z_i`.

    .. math::
        c = n\,\mathrm{E}\frac{w}{1+w\delta},\quad c\delta = \mathrm{df}_1(\kappa),\quad \lambda = \kappa c,\quad
        q = \frac{n}{c^2}\mathrm{E}\frac{w^2}{(1+w\delta)^2},\\
        \mathrm{bias} = \frac{B}{1-q\,\mathrm{df}_2} + M(1+v),\quad \mathrm{variance} = \tau^2 v,\quad
        v = \frac{\mathrm{df}_2(1-q\,\mathrm{df}_1)}{c(1-q\,\mathrm{df}_2)},\quad
        B = \kappa^2\sum_i\frac{e_i}{(\sigma_i+\kappa)^2}

    Parameters
    ----------
    problem : Problem
        Σ, the energies and the noise of a row of weight 1. What lies outside (M) is, like the noise, independent of the
        row's radius.
    n_samples : array_like, >= 0
    ridge : array_like, >= 0
        λ of the sum objective. 0 is the minimum-norm interpolator; inf predicts zero.
    weights : array_like, > 0, shape (k,)
        Values of w: squared radii, or the nodes of a quadrature rule for a continuous law.
    probabilities : array_like, >= 0, shape (k,), optional
        They add up to 1; equal if left out.

    Returns
    -------
    Risk
        Fields of the broadcast shape of ``n_samples``, ``ridge`` and ``problem.noise``, without derivatives. The test
        point has covariance Σ; where E w = 1 that is also the law of the rows. At ridge 0 and n_samples equal to the
        rank: variance inf if there is noise, bias inf if there is energy outside, else 0.

    Raises
    ------
    ValueError
        If a number is outside its domain.
    NotConvergedError
        If a root is not found in its bracket (not seen).

    Notes
    -----
    Weights that are all 1 give ``ridge_risk``. With E w = 1 and any spread the test error is above that, and
    generalised cross-validation misses it, while leave-one-out does not: ``gcv`` is the limit of the former. At ridge 0
    and n_samples below the rank the radii enter through the noise alone: κ and the bias without M are those of
    ``ridge_risk``, and the variance is E(1/w) times its.

    ``effective_ridge`` is None, because κ is not 1/Tr(XXᵀ + λ)⁻¹ here, by which an experiment measures it; κ itself is
    ``effective_ridge(spectrum, risk.df1, 0)``.

    References
    ----------
    .. [1] derived (all but the equation for c)
    .. [2] silverstein1995 (the equation for c where Σ = 1; place not checked)

    Examples
    --------
    >>> import riskcalc as rc
    >>> problem = rc.Problem(rc.Spectrum.isotropic(100), energies=[1.0], noise=0.5)
    >>> print(rc.elliptical_risk(problem, n_samples=200, ridge=10.0, weights=[0.2, 1.8]).test.round(6))
    0.985377
    >>> print(rc.ridge_risk(problem, n_samples=200, ridge=10.0).test.round(6))
    0.873057
    """
    n = numbers("n_samples", n_samples, at_least=0)
    lam = numbers("ridge", ridge, at_least=0, finite=False)
    noise: FloatArray = np.asarray(instance("problem", problem, Problem, PROBLEM_HINT).noise)
    rows = RowWeights.of(weights, probabilities)
    shape = common_shape(n_samples=n, ridge=lam, noise=noise)
    root = elliptical_point(problem.spectrum, n, lam, rows)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        values = _fields(problem, n, noise, root, rows, _sums(problem, root))
    arrays: dict[str, Any] = {name: np.broadcast_to(value, shape) for name, value in values.items()}
    return Risk(
        **arrays,
        noise=np.broadcast_to(noise, shape),
        coordinates={"n_samples": n, "ridge": lam} | ({"noise": noise} if noise.ndim else {}),
        route="deterministic equivalent of elliptical rows",
        sources=("silverstein1995",),
    )


def _sums(problem: Problem, root: EllipticalPoint) -> Sums:
    """The sums at κ, with a tail as mass at σ = 0: df2 and the target lack it."""
    nodes = Nodes.of(problem.spectrum, problem.reached, n_points=root.log_delta.size)
    sums, tail = sums_at(nodes, root.point), problem.spectrum.tail
    if tail == 0:
        return sums
    with np.errstate(over="ignore", divide="ignore"):
        lost = tail / root.point.kappa
        return replace(sums, df1=sums.df1 + lost, spread=sums.spread + lost, trace=sums.trace + lost / root.point.kappa)


def _fields(
    problem: Problem, n: FloatArray, noise: FloatArray, root: EllipticalPoint, rows: RowWeights, sums: Sums
) -> dict[str, FloatArray]:
    """The formulas; a row of weight w has the left-out error w ``error`` + ``random``, and a times its root is left."""
    outside, w, mean = problem.unreached, rows.weights, rows.mean
    v, a, b = shares(root.log_delta, rows)
    gap = _gap(mean(w * v * a) / mean(w * v), sums)
    size = np.where(n < NO_SAMPLES, 1.0, n) * mean(w * v) ** 2
    amplified = np.where(gap == 0, np.inf, sums.df2 * mean(w * v**2) / (size * gap))
    signal = np.where(gap == 0, 0.0, sums.left / gap)  # nothing is left of the target at the threshold
    random = outside + noise
    error = signal + _times(random, amplified)
    score = (mean((w * v) ** 2) * error + mean(w * v**2) * random) / size
    rest = error[..., None] * w + random[..., None]
    bias = signal + outside + _times(np.asarray(outside), amplified)
    variance = _times(noise, amplified)
    estimation = sums.far + _times(sums.trace, score)
    return {
        "test": bias + variance + noise,
        "train": mean(_times(a**2, rest)),
        "bias": bias,
        "variance": variance,
        "df1": sums.df1,
        "df2": sums.df2,
        "norm_squared": sums.norm + _times(sums.trace, score),
        "estimation": np.full_like(estimation, np.inf) if _norm_diverges(problem) else estimation,
        "in_sample": _times(mean(w * a**2), error) + random * mean(b**2),
        "gcv": mean(v**2 * rest) / mean(v) ** 2,
    }


def _gap(fresh: FloatArray, sums: Sums) -> FloatArray:
    """1 - q df2 = ((1 - q df1) df2 + df1 - df2)/df1 from ``fresh`` = 1 - q df1, a sum of positive terms."""
    some = sums.df1 > 0
    return np.where(some, (fresh * sums.df2 + sums.spread) / np.where(some, sums.df1, 1.0), 1.0)


def _norm_diverges(problem: Problem) -> bool:
    """Whether the squared coefficients e/σ have no sum: energy on infinitely many eigenvalues without mass."""
    spectrum = problem.spectrum
    massless = np.isinf(spectrum.multiplicities) & (spectrum.log_masses == -np.inf)
    return bool((problem.reached[massless] > 0).any())


def _times(x: FloatArray, y: FloatArray) -> FloatArray:
    """A product in which 0 · inf is 0."""
    return np.asarray(np.where((x == 0) | (y == 0), 0.0, x * y))
