"""Random features where n, N and d grow together: one linear level and the nonlinear rest."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from riskcalc.arguments import FloatArray, common_shape, numbers
from riskcalc.result import Risk
from riskcalc.theory.random_features.concave_root import Parts, Places, Sizes, root, smaller_factor
from riskcalc.theory.random_features.fixed_point import FeaturePoint, refuse_undetermined
from riskcalc.theory.random_features.risk import risk_fields
from riskcalc.theory.random_features.shares import Solved
from riskcalc.theory.sums import Sums

SOURCES = ("meimontanari2022", "misiakiewicz2024")


def mei_montanari(
    psi1: npt.ArrayLike,
    psi2: npt.ArrayLike,
    ridge: npt.ArrayLike,
    mu1: npt.ArrayLike,
    mu_star_squared: npt.ArrayLike,
    linear_energy: npt.ArrayLike,
    nonlinear_energy: npt.ArrayLike = 0,
    noise: npt.ArrayLike = 0,
) -> Risk:
    r"""Random-feature ridge regression in the proportional limit :math:`N/d\to\psi_1`, :math:`n/d\to\psi_2`.

    .. math:: (\psi_2-\mathcal D)(\psi_1-\mathcal D) = \lambda\psi_1u,\qquad
              \mathcal D = \frac{\mu_1^2u}{1+\mu_1^2u} + \mu_*^2u

    and the risk of ``random_feature_risk`` with n → ψ₂, N → ψ₁ and the one level :math:`\xi = \mu_1^2`.

    Parameters
    ----------
    psi1, psi2 : array_like, > 0
        Width and samples per input dimension; one of them may be inf.
    ridge : array_like, >= 0
        λ of the sum objective for features φ/√N. Mei and Montanari's is λ_MM = λ/ψ₂ = λ d/n (features φ and penalty
        N λ_MM/d times the squared coefficients, mean objective).
    mu1, mu_star_squared : array_like
        E Gφ(G) and E φ(G)² - (Eφ(G))² - μ₁² >= 0 of the activation; 0 for an even and for an affine one.
    linear_energy, nonlinear_energy, noise : array_like, >= 0
        Energies of the target's linear part and of what is orthogonal to affine functions, and the variance τ². A
        constant in the target is learned if Eφ(G) is not 0, and counts as nonlinear if it is.

    Returns
    -------
    Risk
        Of the broadcast shape of all arguments; the bias contains the nonlinear energy with its amplification.
        ``effective_ridge`` is 1/u, and df1, df2 are per input dimension.

    Raises
    ------
    ValueError
        If a number is outside its domain, or where the limit depends on the order of two infinite arguments.

    Notes
    -----
    Inputs uniform on the sphere of radius √d, weights on the unit sphere. ψ₁ = inf is kernel ridge regression, ψ₂ = inf
    the approximation error; their ψ₂ → ∞ at fixed λ_MM is another limit, in which λ grows like n
    (``random_features.population_risk``). The source's χ = ν₁ν₂ is -μ_*²u, its risk is ``excess``, its ℬ the bias of a
    unit of linear energy and 𝒱 the variance of a unit of noise: bias = F₁²ℬ + F_*²(1+𝒱). Finite d costs about 2 % at
    d = 100, and 5 % at ridge 0 with n < N.

    References
    ----------
    .. [1] meimontanari2022 (Definition 1 and Theorem 2; place not checked)
    .. [2] derived (the one equation in place of two complex ones)

    Examples
    --------
    >>> import riskcalc as rc
    >>> import numpy as np
    >>> relu = {"mu1": 0.5, "mu_star_squared": 0.25 - 0.5 / np.pi}
    >>> risk = rc.limits.mei_montanari(3.0, 1.5, 0, **relu, linear_energy=1, nonlinear_energy=0.3, noise=0.25)
    >>> print(risk.bias.round(3))
    1.19
    """
    arguments: dict[str, FloatArray] = {
        "psi1": numbers("psi1", psi1, above=0, finite=False),
        "psi2": numbers("psi2", psi2, above=0, finite=False),
        "ridge": numbers("ridge", ridge, at_least=0, finite=False),
        "mu1": numbers("mu1", mu1),
        "mu_star_squared": numbers("mu_star_squared", mu_star_squared, at_least=0),
        "linear_energy": numbers("linear_energy", linear_energy, at_least=0),
        "nonlinear_energy": numbers("nonlinear_energy", nonlinear_energy, at_least=0),
        "noise": numbers("noise", noise, at_least=0),
    }
    shape = common_shape(**arguments)
    flat = [np.broadcast_to(value, shape).ravel() for value in arguments.values()]
    width, n, lam, mu, tail, energy, outside, tau2 = flat
    fields = one_level_fields(n, width, lam, mu * mu, tail, energy, outside, tau2)
    swept = {name: value for name, value in arguments.items() if value.ndim}
    return Risk(
        **{name: value.reshape(shape) for name, value in fields.items()},
        coordinates={"psi1": arguments["psi1"], "psi2": arguments["psi2"], "ridge": arguments["ridge"]} | swept,
        route="proportional limit",
        sources=SOURCES,
    )


def one_level_fields(
    n: FloatArray, width: FloatArray, ridge: FloatArray, level: FloatArray, tail: FloatArray, energy: FloatArray,
    outside: FloatArray, noise: FloatArray,
) -> dict[str, Any]:  # fmt: skip
    """Flat fields of a spectrum with one eigenvalue of multiplicity 1, its energy, and a tail, all of them arrays."""
    outside = outside + np.where(level > 0, 0.0, energy)
    energy = np.where(level > 0, energy, 0.0)
    rank = np.where(tail > 0, np.inf, np.where(level > 0, 1.0, 0.0))
    refuse_undetermined(rank, n, width, ridge)
    point = _point(n, width, ridge, level, tail, rank)
    solved = Solved(n, width, ridge, rank, outside, point, *_sums(point.kappa, level, tail, energy))
    return {
        **risk_fields(solved, noise),
        "noise": noise,
        "effective_ridge": point.kappa,
    }


def _point(
    n: FloatArray, width: FloatArray, ridge: FloatArray, level: FloatArray, tail: FloatArray, rank: FloatArray
) -> FeaturePoint:
    """The cases of ``feature_point``; where one factor is alone, a quadratic."""
    least = np.where(np.isinf(n) & np.isinf(width), 2.0, np.minimum(n, width))
    one = (ridge == 0) | np.isinf(n) | np.isinf(width)
    both = ~one & (ridge < np.inf)
    bare = np.where(np.isinf(width) & ~np.isinf(n), ridge, 0.0)
    full = one & (bare == 0) & (least >= rank)
    u, unused = np.zeros_like(n), np.zeros_like(n)
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        u[one] = _kernel_root(least[one], level[one], bare[one] + tail[one])
        unused[one] = np.where(bare > 0, bare * u, 0.0)[one]
        unused[ridge == np.inf] = least[ridge == np.inf]
        u[full], unused[full] = np.inf, (least - rank)[full]
        u[ridge == np.inf] = 0.0
        sizes = Sizes.of(n[both], width[both], ridge[both])
        u[both] = _root(sizes, level[both], tail[both])
        unused[both] = smaller_factor(sizes.gap, sizes.product * u[both])[0]
        alpha, beta = (np.where(np.isinf(x), 1.0, (unused + (x - least)) / x) for x in (n, width))
        return FeaturePoint(1 / u, -np.log(u), alpha, beta)


def _kernel_root(n: FloatArray, level: FloatArray, linear: FloatArray) -> FloatArray:
    """Root of ℓu + au/(1+au) = n, as the ratio that does not cancel."""
    b = linear + level * (1 - n)
    q = np.hypot(b, 2 * np.sqrt(linear * level * n))
    return np.asarray(np.where(b >= 0, 2 * n / (b + q), (q - b) / (2 * linear * level)))


def _root(sizes: Sizes, level: FloatArray, tail: FloatArray) -> FloatArray:
    def parts(at: Places, u: FloatArray) -> Parts:
        x, tail_u = level[at] * u, tail[at] * u
        lost, large = 1 / (1 + x), x > 1
        small = np.where(large, 0.0, x * lost)
        return Parts(
            missing=np.where(large, sizes.least[at] - 1, sizes.least[at]),
            falling=np.where(large, lost, 0.0),
            rising=small + tail_u,
            slope=x * lost * lost + tail_u,
        )

    return root(sizes, sizes.start(level + tail), parts)


def _sums(kappa: FloatArray, level: FloatArray, tail: FloatArray, energy: FloatArray) -> tuple[Sums, FloatArray]:
    """The sums of one eigenvalue and the tail at κ, with κ = 0 and κ = inf as limits, and Q₁ - Q₂."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        u = 1 / kappa
        share = np.where(level > 0, 1 / (1 + kappa / level), 0.0)
        lost = np.where(level > 0, 1 / (1 + level * u), 1.0)
        tail_u = np.where(tail > 0, tail * u, 0.0)
        per_level = np.where(level > 0, share * share / level, 0.0)  # σ/(σ+κ)²
        trace = per_level + np.where(tail > 0, tail_u * u, 0.0)
    zero = np.zeros_like(kappa)
    sums = Sums(
        df1=share + tail_u, df2=share * share, spread=share * lost + tail_u, trace=trace, left=energy * lost * lost,
        norm=energy * per_level, far=zero, df2_slope=zero, trace_slope=zero, left_slope=zero, far_slope=zero,
    )  # fmt: skip
    return sums, energy * share * lost
