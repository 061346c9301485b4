"""The sums, per sample, that every correction of order 1/n is made of."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np

from riskcalc.arguments import FloatArray
from riskcalc.theory.effective_ridge import FixedPoint
from riskcalc.theory.nodes import Nodes
from riskcalc.theory.problem import Problem
from riskcalc.theory.ridge import nodes_and_point, sums_with_tail
from riskcalc.theory.sums import Sums, rows_at


@dataclass(frozen=True)
class PowerSums:
    r"""With :math:`u = \sigma/(\sigma+\kappa)`: sums over multiplicities m, divided by n, and over energies e.

    ``share`` λ/(nκ), ``width`` Σ mu(1-u), ``D`` Σ mu², ``E`` 1 - D, ``delta`` Σ mu²(1-u), ``epsilon`` Σ mu²(1-u)²,
    ``b1, b2, b3`` Σ e(1-u)² {1, u, u²}. All terms are positive (κ > 0), so that nothing cancels; in power sums
    :math:`\tau_k = \frac1n\sum mu^k`, δ = τ₂ - τ₃ and ε = τ₂ - 2τ₃ + τ₄. ``trace`` is n(width)/κ, also at κ = 0.
    """

    n: FloatArray
    kappa: FloatArray
    share: FloatArray
    width: FloatArray
    D: FloatArray
    E: FloatArray
    delta: FloatArray
    epsilon: FloatArray
    b1: FloatArray
    b2: FloatArray
    b3: FloatArray
    trace: FloatArray


@dataclass(frozen=True)
class Solution:
    """A problem solved at n and λ: leading order, corrections and spread are made from it."""

    problem: Problem
    n: FloatArray
    nodes: Nodes
    point: FixedPoint
    sums: Sums

    @classmethod
    def of(cls, problem: Problem, n: FloatArray, lam: FloatArray) -> Self:
        """The root and the sums of the leading order."""
        nodes, point = nodes_and_point(problem, n, lam)
        return cls(problem, n, nodes, point, sums_with_tail(problem, nodes, point))

    @cached_property
    def powers(self) -> PowerSums:
        """The sums per sample, the tail in those where it counts; E = 1 - df2/n comes without a difference."""
        delta, epsilon, b2, b3 = rows_at(self.nodes, self.point, _plain, _in_logs, 4)
        n, kappa, sums = self.n, self.point.kappa, self.sums
        with np.errstate(divide="ignore", invalid="ignore"):
            share, width, D = self.point.bare / n, sums.spread / n, sums.df2 / n
            E = share + width
            return PowerSums(n, kappa, share, width, D, E, delta / n, epsilon / n, sums.left, b2, b3, sums.trace)


def _plain(nodes: Nodes, kappa: FloatArray) -> FloatArray:
    v = 1 / kappa
    ratio = np.multiply.outer(v, nodes.sigma)
    lost = np.reciprocal(ratio + 1)  # 1 - u
    part = ratio * lost * np.square(lost)  # u(1-u)²
    delta, epsilon = v * (part @ nodes.mass), v * ((part * lost) @ nodes.mass)
    if nodes.energy_sigma is not nodes.sigma:
        ratio = np.multiply.outer(v, nodes.energy_sigma)
        lost = np.reciprocal(ratio + 1)
        part = ratio * lost * np.square(lost)
    return np.stack([delta, epsilon, part @ nodes.energies, (part * ratio * lost) @ nodes.energies])


def _in_logs(nodes: Nodes, log_kappa: FloatArray) -> FloatArray:
    """The same where κ or the eigenvalues are beyond a float, κ = 0 and κ = inf among them."""
    with np.errstate(over="ignore", under="ignore", divide="ignore", invalid="ignore"):
        at = log_kappa[:, None]
        u, lost = -np.logaddexp(0, at - nodes.log_sigma), -np.logaddexp(0, nodes.log_sigma - at)
        massive = np.where(nodes.log_mass > -np.inf, nodes.log_mass - at + lost, -np.inf)
        first = np.where(nodes.multiplicity > 0, np.log(nodes.multiplicity) + u, massive)  # mu
        x, log_e = nodes.energy_log_sigma, np.log(nodes.energies)
        v, c = -np.logaddexp(0, at - x), -np.logaddexp(0, x - at)
        rows = [first + u + lost, first + u + 2 * lost, log_e + v + 2 * c, log_e + 2 * v + 2 * c]
        return np.stack([np.exp(row).sum(axis=1) for row in rows])
