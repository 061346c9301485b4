"""Infinitely many samples with a ridge in proportion."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from riskcalc.arguments import FloatArray, common_shape, instance, numbers
from riskcalc.result import Risk
from riskcalc.theory.effective_ridge import fixed_point
from riskcalc.theory.nodes import Nodes
from riskcalc.theory.problem import PROBLEM_HINT, Problem
from riskcalc.theory.random_features.fixed_point import FeaturePoint
from riskcalc.theory.random_features.risk import SOURCES, risk_fields
from riskcalc.theory.random_features.shares import Solved, sums_with_tail


def population_risk(problem: Problem, width: npt.ArrayLike, ridge_per_sample: npt.ArrayLike) -> Risk:
    r"""Random features in the limit n → ∞ with λ = nρ: the penalised projection on N features.

    .. math:: N - N\rho u = D,\qquad \mathrm{excess} = \frac{(N-D)Q_2+gQ_1}{N-\mathrm{df}_2},\qquad
              \mathrm{variance} = 0,\qquad \mathrm{train} = \mathrm{test}

    Parameters
    ----------
    problem : Problem
        Of the kernel of infinite width.
    width : array_like, > 0
    ridge_per_sample : array_like, >= 0
        ρ; 0 is ``random_feature_risk`` at n_samples inf. Mei and Montanari's ψ₂ → ∞ at fixed λ_MM is ρ = λ_MM with the
        width ψ₁, the one eigenvalue μ₁² and the tail μ_*².

    Returns
    -------
    Risk
        Of the broadcast shape of the two and ``problem.noise``.

    Raises
    ------
    ValueError
        If a number is outside its domain.

    References
    ----------
    .. [1] meimontanari2022 (this limit in the proportional regime; place not checked)
    .. [2] derived

    Examples
    --------
    >>> import riskcalc as rc
    >>> problem = rc.Problem(rc.Spectrum.isotropic(2.0), energies=[1.0], noise=0.25)
    >>> print(rc.random_features.population_risk(problem, width=1.0, ridge_per_sample=0).excess)
    0.5
    """
    size = numbers("width", width, above=0)
    rho = numbers("ridge_per_sample", ridge_per_sample, at_least=0)
    noise: FloatArray = np.asarray(instance("problem", problem, Problem, PROBLEM_HINT).noise)
    shape = common_shape(width=size, ridge_per_sample=rho, noise=noise)
    wide, rho = np.broadcast_arrays(size, rho)
    nodes = Nodes.of(problem.spectrum, problem.reached, n_points=wide.size)
    kernel = fixed_point(problem.spectrum, wide, wide * rho, nodes)
    point = FeaturePoint(kernel.kappa, kernel.log_kappa, np.ones_like(wide), kernel.bare / wide)
    sums, mixed = sums_with_tail(problem, nodes, kernel, slopes=False)
    solved = Solved(np.full_like(wide, np.inf), wide, rho, problem.spectrum.rank, problem.unreached, point, sums, mixed)
    arrays: dict[str, Any] = {k: np.broadcast_to(v, shape) for k, v in risk_fields(solved, noise).items()}
    return Risk(
        **arrays,
        noise=np.broadcast_to(noise, shape),
        effective_ridge=np.broadcast_to(kernel.kappa, shape),
        coordinates={"width": size, "ridge_per_sample": rho},
        route="deterministic equivalent",
        sources=SOURCES,
    )
