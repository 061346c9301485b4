"""What every formula of random features is made of: the sums at the fixed point, as shares of n and N."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import expit

from riskcalc.arguments import FloatArray
from riskcalc.theory.effective_ridge import FixedPoint
from riskcalc.theory.newton import NO_SAMPLES
from riskcalc.theory.nodes import Nodes
from riskcalc.theory.problem import Problem
from riskcalc.theory.random_features.fixed_point import FeaturePoint, feature_point
from riskcalc.theory.sums import Sums, sums_at

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Shares:
    r"""D, df2 and :math:`g = D - \mathrm{df}_2` as shares of n and N, and the energies; arrays, or tangents.

    ``alpha`` (n-D)/n, ``beta`` (N-D)/N, ``fit_n`` D/n, ``fit_width`` D/N, ``learned_n`` df2/n, ``spread_n`` g/n,
    ``spread_width`` g/N, ``pull`` ug/n; ``left`` Σ e(1-s)², ``mixed`` Q₁ - Q₂ = Σ e s(1-s), ``norm`` u(Q₁ - Q₂),
    ``outside`` M. All are finite for n = inf and N = inf.
    """

    alpha: Any
    beta: Any
    fit_n: Any
    fit_width: Any
    learned_n: Any
    spread_n: Any
    spread_width: Any
    pull: Any
    left: Any
    mixed: Any
    norm: Any
    outside: Any

    @property
    def far(self) -> Any:
        """Q₂ = Σ e(1-s)² + M."""
        return self.left + self.outside

    @property
    def unlearned(self) -> Any:
        """Q₁ = Σ e(1-s) + M, the approximation error of the features."""
        return self.left + self.mixed + self.outside

    @property
    def gap(self) -> Any:
        """Δ/(nN)."""
        return self.alpha * self.beta + self.spread_width * self.alpha + self.spread_n * self.beta


@dataclass(frozen=True)
class Solved:
    """The fixed point of a spectrum of some rank, the sums there, and the energy outside M."""

    n: FloatArray
    width: FloatArray
    ridge: FloatArray
    rank: FloatArray | float
    outside: FloatArray | float
    point: FeaturePoint
    sums: Sums
    mixed: FloatArray

    @classmethod
    def of(cls, problem: Problem, n: FloatArray, width: FloatArray, ridge: FloatArray, slopes: bool = False) -> Solved:
        """Solve the equation, and sum."""
        nodes = Nodes.of(problem.spectrum, problem.reached, n_points=np.broadcast(n, width, ridge).size)
        point = feature_point(problem.spectrum, nodes, n, width, ridge)
        sums, mixed = sums_with_tail(problem, nodes, point.kernel, slopes)
        return cls(n, width, ridge, problem.spectrum.rank, problem.unreached, point, sums, mixed)

    @property
    def empty(self) -> Flags:
        """Where there is nothing to fit with or to."""
        return (np.minimum(self.n, self.width) + 0 * self.point.alpha) < NO_SAMPLES

    def shares(self) -> Shares:
        """The shares as arrays."""
        sums = self.sums
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            per_n, per_width = 1 / self.n, 1 / self.width
            return Shares(
                self.point.alpha, self.point.beta, sums.df1 * per_n, sums.df1 * per_width, sums.df2 * per_n,
                sums.spread * per_n, sums.spread * per_width, sums.trace * per_n, sums.left,
                self.mixed, sums.norm, np.asarray(self.outside),
            )  # fmt: skip


def sums_with_tail(problem: Problem, nodes: Nodes, point: FixedPoint, slopes: bool) -> tuple[Sums, FloatArray]:
    """The sums with the tail as mass at σ = 0, and Q₁ - Q₂."""
    sums, tail = sums_at(nodes, point, slopes), problem.spectrum.tail
    mixed = mixed_energy(nodes, point, sums.norm)
    if tail == 0:
        return sums, mixed
    with np.errstate(over="ignore", divide="ignore"):
        u = 1 / point.kappa
        return replace(
            sums,
            df1=sums.df1 + tail * u,
            spread=sums.spread + tail * u,
            trace=sums.trace + tail * u * u,
            trace_slope=sums.trace_slope + tail * u * u * u,
        ), mixed


def mixed_energy(nodes: Nodes, point: FixedPoint, norm: FloatArray) -> FloatArray:
    """Σ e s(1-s) = κ Σ eσ/(σ+κ)², also where the last sum is not held by a float."""
    kappa, log_kappa = point.kappa.ravel(), point.log_kappa.ravel()
    with np.errstate(invalid="ignore", over="ignore"):
        mixed = kappa * norm.ravel()
    held = nodes.plain & (kappa > 1e-90 * nodes.sigma.max(initial=1.0)) & (kappa < 1e90)
    x = log_kappa[~held, None] - nodes.energy_log_sigma
    mixed[~held] = (expit(x) * expit(-x)) @ nodes.energies
    return mixed.reshape(point.kappa.shape)
