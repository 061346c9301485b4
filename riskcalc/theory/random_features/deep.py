"""Deep random features: only the last layer is trained."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from riskcalc.arguments import FloatArray, common_shape, instance, numbers
from riskcalc.result import Risk
from riskcalc.theory.problem import PROBLEM_HINT, Problem
from riskcalc.theory.random_features.concave_root import Parts, Places, Sizes, root, smaller_factor
from riskcalc.theory.random_features.fixed_point import FeaturePoint
from riskcalc.theory.random_features.layers import Layers
from riskcalc.theory.random_features.risk import risk_fields
from riskcalc.theory.random_features.shares import Solved
from riskcalc.theory.sums import Sums

SOURCES = ("schroder2023", "defilippis2024", "misiakiewicz2024")


def deep_risk(
    problem: Problem,
    n_samples: npt.ArrayLike,
    widths: Sequence[npt.ArrayLike],
    moments: Sequence[Sequence[npt.ArrayLike]],
    ridge: npt.ArrayLike,
) -> Risk:
    r"""Ridge regression on the last of L frozen random layers, :math:`v_l = \varphi_l(W_lv_{l-1})`, v_0 = x.

    .. math:: (n-D)(N_L-D) = \lambda N_Lu,\qquad
              D(u) = E_{L-1}\Big(\frac{u\kappa_{1,L}^2}{N_{L-1}}\Big) + u\kappa_{*,L}^2,\qquad
              Q_1 = \sum_i\frac{e_i}{1+c_0\sigma_i} + M

    and the risk of ``random_feature_risk`` with g = uD', df2 = D - g and Q₂ = Q₁ + uQ₁'. E_l are the degrees of freedom
    behind l layers and c_0 is the multiplier that reaches the inputs.

    Parameters
    ----------
    problem : Problem
        Spectrum of the inputs' covariance (finite n_features = d, no tail) and the energies of the target's linear
        part; ``outside_energy`` is the nonlinear part.
    n_samples : array_like, > 0
    widths : sequence of L array_like, > 0
        N_1 ... N_L. The rows of W_l have variance 1/N_{l-1}, the predictor is ⟨a, v_L⟩/√N_L.
    moments : sequence of L pairs of array_like, >= 0
        :math:`(\kappa_{1,l}^2, \kappa_{*,l}^2)`: with the preactivations' variance r (r_1 = Tr Σ/d and
        :math:`r_{l+1} = \kappa_{1,l}^2r_l + \kappa_{*,l}^2`), κ₁ = Eφ'(√r G) and κ_*² = Eφ(√r G)² - (Eφ)² - rκ₁².
    ridge : array_like, >= 0
        λ of the sum objective.

    Returns
    -------
    Risk
        Of the broadcast shape of all; ``effective_ridge`` is 1/u.

    Raises
    ------
    ValueError
        If a number is outside its domain, the lists differ in length, the spectrum has a tail or infinitely many
        eigenvalues, or the ridge is 0 with min(n, N_L) at or above the rank that the layers pass on.

    Notes
    -----
    Averaged over all weights, for odd activations. Depth 1 is ``random_feature_risk`` with the eigenvalues
    κ₁²σ/d and the tail κ_*².

    References
    ----------
    .. [1] schroder2023 (recursion of the covariances; place not checked)
    .. [2] derived (the nested equations)

    Examples
    --------
    >>> import riskcalc as rc
    >>> problem = rc.Problem(rc.Spectrum.isotropic(100), energies=[1.0], noise=0.25)
    >>> moments = [(0.5, 0.1), (0.5, 0.1)]
    >>> print(rc.random_features.deep_risk(problem, 150, [150, 200], moments, ridge=0.02).test.round(4))
    1.5122
    """
    spectrum = instance("problem", problem, Problem, PROBLEM_HINT).spectrum
    arguments, noise = _arguments(spectrum.n_features, n_samples, widths, moments, ridge), np.asarray(problem.noise)
    shape = common_shape(**arguments, noise=noise)
    flat = {name: np.broadcast_to(value, shape).ravel() for name, value in arguments.items()}
    n, lam, width = flat["n_samples"], flat["ridge"], flat[f"widths[{len(widths) - 1}]"]
    solved = _Last.of(problem, flat, len(widths)).solved(problem, n, width, lam)
    fields: dict[str, Any] = risk_fields(solved, np.broadcast_to(noise, shape).ravel())
    return Risk(
        **{name: value.reshape(shape) for name, value in fields.items()},
        noise=np.broadcast_to(noise, shape),
        effective_ridge=solved.point.kappa.reshape(shape),
        coordinates={"n_samples": arguments["n_samples"], "ridge": arguments["ridge"]},
        route="deterministic equivalent",
        sources=SOURCES,
    )


def _arguments(
    n_inputs: float, n_samples: npt.ArrayLike, widths: Sequence[npt.ArrayLike],
    moments: Sequence[Sequence[npt.ArrayLike]], ridge: npt.ArrayLike,
) -> dict[str, FloatArray]:  # fmt: skip
    """All numbers by name, checked."""
    if not np.isfinite(n_inputs):
        raise ValueError("spectrum of problem must have finitely many eigenvalues and no tail, got n_features inf")
    if len(widths) == 0 or len(widths) != len(moments) or any(len(pair) != 2 for pair in moments):
        raise ValueError(
            f"moments must be one pair (κ₁², κ_*²) per layer, of which there is at least one; got {len(widths)} widths "
            f"and {len(moments)} moments"
        )
    arguments = {"n_samples": numbers("n_samples", n_samples, above=0), "ridge": numbers("ridge", ridge, at_least=0)}
    for k, (wide, (linear, dust)) in enumerate(zip(widths, moments, strict=True)):
        arguments[f"widths[{k}]"] = numbers(f"widths[{k}]", wide, above=0)
        arguments[f"moments[{k}][0]"] = numbers(f"moments[{k}][0]", linear, at_least=0)
        arguments[f"moments[{k}][1]"] = numbers(f"moments[{k}][1]", dust, at_least=0)
    return arguments


@dataclass(frozen=True)
class _Last:
    """The trained layer, of kernel κ₁²⟨v, v'⟩/N + κ_*² δ, on top of the others."""

    layers: Layers
    linear: FloatArray  # κ₁²/N_{L-1}
    dust: FloatArray

    @classmethod
    def of(cls, problem: Problem, flat: dict[str, FloatArray], depth: int) -> _Last:
        wide = [np.full_like(flat["ridge"], problem.spectrum.n_features)]
        wide += [flat[f"widths[{k}]"] for k in range(depth - 1)]
        linear = np.array([flat[f"moments[{k}][0]"] for k in range(depth)])
        dust = np.array([flat[f"moments[{k}][1]"] for k in range(depth)])
        layers = Layers(problem.spectrum, np.array(wide), linear[:-1], dust[:-1])
        return cls(layers, linear[-1] / wide[-1], dust[-1])

    def parts(self, least: FloatArray, at: Places, u: FloatArray) -> Parts:
        """D and uD' at some of the points."""
        below = self.layers.at(at).freedom(self.linear[at] * u)
        tail_u = self.dust[at] * u
        return Parts(least[at], 0.0, below.value + tail_u, below.slope + tail_u)

    def solved(self, problem: Problem, n: FloatArray, width: FloatArray, ridge: FloatArray) -> Solved:
        """The fixed point and the sums there."""
        sizes = Sizes.of(n, width, ridge)
        rank = np.where(self.dust > 0, np.inf, np.where(self.linear > 0, self.layers.rank(), 0.0))
        if ((ridge == 0) & (sizes.least >= rank)).any():
            raise ValueError(
                "ridge must be > 0 where n_samples and the last width are at or above the rank that the layers pass "
                f"on ({rank.min():g}), got 0"
            )
        start = sizes.start(self.linear * self.layers.trace(self.layers.depth) + self.dust)
        u = root(sizes, start, lambda at, x: self.parts(sizes.least, at, x))
        unused = smaller_factor(sizes.gap, sizes.product * u)[0]
        alpha, beta = ((unused + (size - sizes.least)) / size for size in (n, width))
        point = FeaturePoint(1 / u, -np.log(u), alpha, beta)
        return Solved(n, width, ridge, rank, problem.unreached, point, *self.sums(problem, u))

    def sums(self, problem: Problem, u: FloatArray) -> tuple[Sums, FloatArray]:
        """The sums at u, and Q₁ - Q₂ = -u dQ₁/du."""
        below, zero = self.layers.freedom(self.linear * u), np.zeros_like(u)
        tail_u = self.dust * u
        lost = 1 / (1 + np.multiply.outer(below.inner, problem.spectrum.eigenvalues))
        unlearned = lost @ problem.reached
        mixed = below.inner_slope * ((lost * (1 - lost)) @ problem.reached)
        spread = below.slope + tail_u
        sums = Sums(
            df1=below.value + tail_u, df2=below.value - below.slope, spread=spread, trace=u * spread,
            left=unlearned - mixed, norm=u * mixed, far=zero, df2_slope=zero, trace_slope=zero, left_slope=zero,
            far_slope=zero,
        )  # fmt: skip
        return sums, mixed
