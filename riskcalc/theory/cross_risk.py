"""Two ridge regressions on samples that overlap: the product of their errors, of which every ensemble is made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import expit

from riskcalc.arguments import FloatArray, common_shape, instance, numbers
from riskcalc.spectrum import BLOCK
from riskcalc.theory.effective_ridge import FixedPoint, fixed_point
from riskcalc.theory.nodes import Nodes
from riskcalc.theory.problem import PROBLEM_HINT, Problem


def cross_risk(
    problem: Problem,
    n_samples: tuple[npt.ArrayLike, npt.ArrayLike],
    ridges: tuple[npt.ArrayLike, npt.ArrayLike],
    overlap: npt.ArrayLike,
) -> FloatArray:
    r"""Mean product of the errors of two ridge regressions at a fresh point.

    .. math:: \mathrm{E}(y-\hat f_1)(y-\hat f_2) = \frac{\kappa_1\kappa_2\sum_i e_i/((\sigma_i+\kappa_1)
              (\sigma_i+\kappa_2)) + M + \tau^2}{1-\frac{o}{k_1k_2}\,\mathrm{df}_2(\kappa_1,\kappa_2)},\qquad
              \mathrm{df}_2(\kappa_1,\kappa_2) = \sum_i\frac{m_i\sigma_i^2}{(\sigma_i+\kappa_1)(\sigma_i+\kappa_2)}

    Parameters
    ----------
    problem : Problem
    n_samples : pair of array_like, >= 0
        :math:`k_1, k_2`, counts or ratios.
    ridges : pair of array_like, >= 0
        λ of the sum objective of either; it gives :math:`\kappa_i = \kappa(k_i, \lambda_i)`.
    overlap : array_like, 0 <= overlap <= both n_samples
        How many samples both have: 0 for disjoint parts, :math:`k_1 = k_2` for two ridges on the same data,
        :math:`k_1k_2/n` for random parts of n.

    Returns
    -------
    ndarray
        Broadcast shape of all of them and ``problem.noise``. The test error of the weighted average
        :math:`\sum_a w_a\hat f_a`, with weights of sum 1, is :math:`\sum_{ab}w_aw_b` times this.

    Raises
    ------
    ValueError
        If a number is outside its domain, or more samples overlap than there are.

    Notes
    -----
    Relative error O(1/(k - df2)) as for ``ridge_risk``, which it is for equal samples and ridges. At ridges 0, and both
    samples the same and as large as the rank, it is inf if there is noise or energy outside.

    References
    ----------
    .. [1] derived (samples that overlap in part)
    .. [2] patil2023 (equal subsamples; place not checked)

    Examples
    --------
    >>> import riskcalc as rc
    >>> from riskcalc.theory.cross_risk import cross_risk
    >>> problem = rc.Problem(rc.Spectrum.isotropic(200), energies=[1.0], noise=0.25)
    >>> apart, same = cross_risk(problem, (160, 160), (0, 0), overlap=[0, 160])
    >>> print(apart.round(6), same.round(6))  # disjoint parts, and one fit with itself
    0.29 1.45
    """
    instance("problem", problem, Problem, PROBLEM_HINT)
    k = [numbers("n_samples", x, at_least=0) for x in _pair("n_samples", n_samples)]
    lam = [numbers("ridges", x, at_least=0, finite=False) for x in _pair("ridges", ridges)]
    shared = numbers("overlap", overlap, at_least=0)
    noise: FloatArray = np.asarray(problem.noise)
    shape = common_shape(k1=k[0], k2=k[1], ridge1=lam[0], ridge2=lam[1], overlap=shared, noise=noise)
    most = np.minimum(*k)
    if (shared > most * (1 + 1e-12)).any():
        raise ValueError(f"overlap must be <= both n_samples, got {shared.max():g}; two samples share at most the less")
    shared = np.minimum(shared, most)  # k₁k₂/n is rounded
    nodes = Nodes.of(problem.spectrum, problem.reached)
    solved = common_shape(k1=k[0], k2=k[1], ridge1=lam[0], ridge2=lam[1])
    one, two = (
        fixed_point(problem.spectrum, np.broadcast_to(a, solved), b, nodes) for a, b in zip(k, lam, strict=True)
    )
    sums = _pair_sums(nodes, one, two)
    with np.errstate(divide="ignore", invalid="ignore"):
        tail = problem.spectrum.tail / two.kappa if problem.spectrum.tail else 0.0
        room = np.where(k[1] > 0, (two.bare + tail + sums.spread) / k[1], 1.0)  # 1 - df2/k₂, without cancellation
        share, rest = (np.where(k[0] > 0, x / k[0], at_zero) for x, at_zero in ((shared, 0.0), (k[0] - shared, 1.0)))
        left = sums.left + problem.unreached + noise
        return np.broadcast_to(np.where(left == 0, 0.0, left / (rest + share * room)), shape)


@dataclass(frozen=True)
class PairSums:
    r"""``left`` κ₁κ₂ Σ e/((σ+κ₁)(σ+κ₂)) and ``spread`` κ₁ Σ mσ/((σ+κ₁)(σ+κ₂)) = df1(κ₂) - df2(κ₁, κ₂)."""

    left: FloatArray
    spread: FloatArray


def _pair_sums(nodes: Nodes, one: FixedPoint, two: FixedPoint) -> PairSums:
    """In logs, so that κ = 0 and κ = inf are limits; in blocks."""
    logs, rows = np.stack([one.log_kappa.ravel(), two.log_kappa.ravel()]), np.empty((2, one.kappa.size))
    step = max(1, BLOCK // max(1, nodes.sigma.size))
    for start in range(0, rows.shape[1], step):
        at = slice(start, start + step)
        first, second = logs[:, at, None]
        lost = expit(first - nodes.energy_log_sigma) * expit(second - nodes.energy_log_sigma)
        counted = np.where(
            nodes.multiplicity > 0,
            nodes.multiplicity * expit(nodes.log_sigma - second),
            np.exp(nodes.log_mass - np.logaddexp(nodes.log_sigma, second)),
        )
        rows[0, at] = lost @ nodes.energies
        rows[1, at] = (counted * expit(first - nodes.log_sigma)).sum(axis=1)
    return PairSums(*rows.reshape(2, *one.kappa.shape))


def _pair(name: str, values: object) -> tuple[Any, Any]:
    if not isinstance(values, (tuple, list)) or len(values) != 2:
        raise ValueError(f"{name} must be a pair, one for each regression, got {str(values)[:80]}; as (80, 80)")
    return values[0], values[1]
