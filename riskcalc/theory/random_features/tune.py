"""The best ridge at given sizes, and the best width at a given ridge."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from riskcalc.arguments import FloatArray, common_shape, instance, numbers
from riskcalc.result import Risk
from riskcalc.theory.problem import PROBLEM_HINT, Problem
from riskcalc.theory.random_features import formulas
from riskcalc.theory.random_features.fixed_point import FeaturePoint
from riskcalc.theory.random_features.minima import Rows, Scan, best_of
from riskcalc.theory.random_features.risk import random_feature_risk, tangent_shares
from riskcalc.theory.random_features.shares import Shares, Solved
from riskcalc.theory.sums import Sums
from riskcalc.theory.tangent import Tangent
from riskcalc.theory.tuned import Tuned


def tune(problem: Problem, n_samples: npt.ArrayLike, width: npt.ArrayLike) -> Tuned:
    r"""Ridge of the smallest predicted test error of random features.

    .. math:: \min_u \mathrm{test}(u), \quad D(u) \le \min(n,N), \qquad \lambda = \frac{(n-D)(N-D)}{Nu}

    Parameters
    ----------
    problem : Problem
        Of the kernel of infinite width.
    n_samples : array_like, > 0
    width : array_like, > 0
        inf is kernel ridge regression. Both broadcast against the noise.

    Returns
    -------
    Tuned
        ``.ridge`` (0 where the interpolator is best, inf where predicting zero is) and ``.risk`` there.

    Raises
    ------
    ValueError
        If a number is outside its domain.
    NotConvergedError
        If a root is not found in its bracket (not seen).

    Notes
    -----
    The risk depends on the ridge through u alone and may have several minima: its derivative is scanned on 24 points a
    decade, each change of sign is refined, and the lowest is taken, both ends included. At the optimum more samples and
    more width never harm.

    References
    ----------
    .. [1] simon2024 (more is better; place not checked)
    .. [2] derived

    Examples
    --------
    >>> import riskcalc as rc
    >>> problem = rc.Problem(rc.Spectrum.isotropic(200), energies=[1.0], noise=0.25)
    >>> print(rc.random_features.tune(problem, n_samples=400, width=[100, 400, float("inf")]).ridge.round(4))
    [152.0774  17.8969  50.    ]
    """
    n = numbers("n_samples", n_samples, above=0)
    size = numbers("width", width, above=0, finite=False)
    noise: FloatArray = np.asarray(instance("problem", problem, Problem, PROBLEM_HINT).noise)
    shape = common_shape(n_samples=n, width=size, noise=noise)
    flat_n, flat_size, flat_noise = (np.broadcast_to(x, shape).ravel() for x in (n, size, noise))
    scan, flat = Scan.of(problem), problem.replace(noise=flat_noise)

    def shares(kappa: FloatArray, row: Rows, at: tuple[Sums, FloatArray]) -> Shares:
        sums, mixed = at
        many, wide = flat_n[row], flat_size[row]
        beta = np.where(np.isinf(wide), 1.0, 1 - sums.df1 / wide)
        point = FeaturePoint(kappa, np.log(kappa), 1 - sums.df1 / many, beta)
        solved = Solved(many, wide, kappa, np.inf, problem.unreached, point, sums, mixed)
        return tangent_shares(solved, np.ones(()), np.zeros(()), np.zeros(()))

    def test(kappa: FloatArray, row: Rows, at: tuple[Sums, FloatArray]) -> Tangent:
        return _test(shares(kappa, row, at), flat_noise[row])

    ridgeless, nothing = random_feature_risk(flat, flat_n, flat_size, 0), random_feature_risk(flat, flat_n, 0, 0)
    lowest = np.asarray(ridgeless.effective_ridge)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        row, kappa = scan.minima(test, lowest, float(np.minimum(flat_n, flat_size).min(initial=np.inf)))
        at = scan.sums(kappa)
        s = shares(kappa, row, at)
        ridge, error = flat_n[row] * s.alpha.value * s.beta.value * kappa, test(kappa, row, at).value
    zero_is_best = nothing.test < ridgeless.test * (1 - 1e-13)
    start = np.where(zero_is_best, np.inf, 0.0)
    best = best_of(start, np.minimum(ridgeless.test, nothing.test), row, ridge, error).reshape(shape)
    return Tuned(best, random_feature_risk(problem, n, size, best))


@dataclass(frozen=True, eq=False, repr=False)
class TunedWidth:
    """The best width and its risk.

    Parameters
    ----------
    width : ndarray
        Optimal N; inf where kernel ridge regression is best, 0 where predicting zero is.
    risk : Risk
        The risk there.

    References
    ----------
    .. [1] derived

    Examples
    --------
    >>> import riskcalc as rc
    >>> problem = rc.Problem(rc.Spectrum.isotropic(200), energies=[1.0], noise=0.25)
    >>> rc.random_features.tune_width(problem, n_samples=400, ridge=1.0)
    TunedWidth(width=235.346, test=0.483067)
    """

    width: FloatArray
    risk: Risk

    def __repr__(self) -> str:
        if self.width.ndim:
            return f"TunedWidth(shape={self.width.shape})"
        return f"TunedWidth(width={float(self.width):.6g}, test={float(self.risk.test):.6g})"


def tune_width(problem: Problem, n_samples: npt.ArrayLike, ridge: npt.ArrayLike) -> TunedWidth:
    r"""Width of the smallest predicted test error at a given ridge.

    .. math:: \min_u \mathrm{test}(u),\quad D + \lambda u \le n, \qquad N = \frac{D(n-D)}{n-D-\lambda u}

    Parameters
    ----------
    problem : Problem
        Of the kernel of infinite width.
    n_samples : array_like, > 0
    ridge : array_like, >= 0
        λ of the sum objective; it does not change with the width. Both broadcast against the noise.

    Returns
    -------
    TunedWidth
        ``.width``, a real number, and ``.risk``.

    Raises
    ------
    ValueError
        If a number is outside its domain.
    NotConvergedError
        If a root is not found in its bracket (not seen).

    Notes
    -----
    With the ridge tuned too the best width is inf; at a ridge that is too small for the noise it is finite, since few
    features regularise. Scanned as ``tune`` is.

    References
    ----------
    .. [1] derived

    Examples
    --------
    >>> import riskcalc as rc
    >>> problem = rc.Problem(rc.Spectrum.isotropic(200), energies=[1.0], noise=0.25)
    >>> print(rc.random_features.tune_width(problem, n_samples=400, ridge=[0.0, 1.0, 10.0, 100.0]).width.round(2))
    [   inf 235.35 429.38    inf]
    """
    n = numbers("n_samples", n_samples, above=0)
    lam = numbers("ridge", ridge, at_least=0)
    noise: FloatArray = np.asarray(instance("problem", problem, Problem, PROBLEM_HINT).noise)
    shape = common_shape(n_samples=n, ridge=lam, noise=noise)
    flat_n, flat_lam, flat_noise = (np.broadcast_to(x, shape).ravel() for x in (n, lam, noise))
    scan, flat = Scan.of(problem), problem.replace(noise=flat_noise)

    def test(kappa: FloatArray, row: Rows, at: tuple[Sums, FloatArray]) -> Tangent:
        return _test(_at_width(problem, kappa, flat_n[row], flat_lam[row], at), flat_noise[row])

    wide, nothing = random_feature_risk(flat, flat_n, np.inf, flat_lam), random_feature_risk(flat, flat_n, 0, 0)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        row, kappa = scan.minima(test, np.asarray(wide.effective_ridge), float(flat_n.min(initial=np.inf)))
        at = scan.sums(kappa)
        left = flat_n[row] - at[0].df1
        width, error = at[0].df1 * left / (left - flat_lam[row] / kappa), test(kappa, row, at).value
    start = np.where(nothing.test < wide.test * (1 - 1e-13), 0.0, np.inf)
    best = best_of(start, np.minimum(wide.test, nothing.test), row, width, error).reshape(shape)
    return TunedWidth(best, random_feature_risk(problem, n, best, lam))


def _at_width(
    problem: Problem, kappa: FloatArray, n: FloatArray, ridge: FloatArray, at: tuple[Sums, FloatArray]
) -> Shares:
    """The shares where N is what leads to κ: β = λu/(n - D) and N = D/(1 - β), both with their derivatives."""
    sums, mixed = at
    left = n - sums.df1
    beta = ridge / (kappa * left)
    slope = beta * (1 + sums.spread / left)
    width = sums.df1 / (1 - beta)
    grown = (sums.spread + width * slope) / (1 - beta)
    point = FeaturePoint(kappa, np.log(kappa), left / n, beta)
    solved = Solved(n, width, ridge, np.inf, problem.unreached, point, sums, mixed)
    return replace(tangent_shares(solved, np.ones(()), np.zeros(()), grown), beta=Tangent(beta, slope))


def _test(s: Shares, noise: FloatArray) -> Tangent:
    test: Tangent = formulas.bias(s) + formulas.variance(s, noise) + noise
    return test
