r"""Families of infinite spectra: nodes with positive weights in place of infinitely many eigenvalues, and exact tails.

Indices up to 256 are kept, the last eight with Gregory's end weights, and Gauss-Legendre panels of width π in log σ
carry the integral beyond: every sum of the theory is analytic in log σ up to the poles log κ ± iπ, so that 16 nodes a
panel are enough. Beyond the last index that is resolved the nodes have infinite multiplicity: only their mass counts,
and one last node, at an eigenvalue below 1e-17 of any legal κ, closes it with the exact remainder.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy.special import roots_laguerre

from riskcalc.arguments import FloatArray
from riskcalc.quadrature import ATOMS, PANEL_NODES, Nodes, composite_legendre, gregory_weights, power_law_nodes

EXACT = ATOMS - 8  # indices whose weight is 1
LOG_LAST = math.log(1e20)  # index up to which the logarithmic family is resolved
CLOSING = 40.0  # of log σ between the last resolved eigenvalue and the node that closes the mass
SMOOTH = 0.02  # rate up to which Gregory's weights are right at index 256 (the poles in the index are at ± iπ/rate)
DEPTH = 500.0  # least range of log σ over which exponential decay is resolved


@dataclass(frozen=True)
class SpectrumNodes:
    """Logarithms of eigenvalues and masses, and multiplicities; inf where only the mass counts."""

    log_sigma: FloatArray
    log_masses: FloatArray
    multiplicities: FloatArray


@dataclass(frozen=True)
class PowerLaw:
    r""":math:`\sigma_i = c\,i^{-\alpha}`."""

    exponent: float
    log_scale: float
    overfitting: ClassVar[str] = "tempered"

    def nodes(self) -> SpectrumNodes:
        """The rule for the whole sum."""
        rule = power_law_nodes(self.exponent)
        log_sigma = self.log_scale - self.exponent * rule.log_indices
        return SpectrumNodes(log_sigma, self.log_scale + rule.log_masses, rule.multiplicities)

    def log_sigma(self, index: FloatArray) -> FloatArray:
        """Log eigenvalue of an index."""
        return self.log_scale - self.exponent * np.log(index)

    def integral(self, first: FloatArray, power: int) -> FloatArray:
        """∫_q^∞ (σ(x)/σ(q))^power dx, q = ``first``."""
        return first / (power * self.exponent - 1)


@dataclass(frozen=True)
class Logarithmic:
    r""":math:`\sigma_i = i^{-1}(1+\log i)^{-\beta}`; in w = 1 + log x the mass is w^-β dw."""

    exponent: float
    overfitting: ClassVar[str] = "benign"

    def nodes(self) -> SpectrumNodes:
        """The rule for the whole sum."""
        beta, (start, resolved) = self.exponent, (1 + math.log(ATOMS), 1 + LOG_LAST)
        stop = resolved + CLOSING
        atoms = np.arange(1, ATOMS + 1, dtype=np.float64)
        panels, closing = self._panels(start, resolved), self._panels(resolved, stop)
        w = np.concatenate([1 + np.log(atoms), panels.points, closing.points, [stop]])
        smooth = np.log(np.concatenate([panels.weights, closing.weights])) - beta * np.log(w[ATOMS:-1])
        rest = (1 - beta) * math.log(stop) - math.log(beta - 1)
        greg = gregory_weights()
        return SpectrumNodes(
            1 - w - beta * np.log(w),
            np.concatenate([np.log(greg) + self.log_sigma(atoms), smooth, [rest]]),
            np.concatenate(
                [greg, panels.weights * np.exp(panels.points - 1), np.full(closing.points.size + 1, np.inf)]
            ),
        )

    def _panels(self, low: float, high: float) -> Nodes:
        """Gauss panels in w, each of width π in log σ = 1 - w - β log w."""
        fine = np.linspace(low, high, 2000)
        log_sigma = fine + self.exponent * np.log(fine)
        levels = np.linspace(log_sigma[0], log_sigma[-1], math.ceil((log_sigma[-1] - log_sigma[0]) / math.pi) + 1)
        return composite_legendre(np.interp(levels, log_sigma, fine), PANEL_NODES)

    def log_sigma(self, index: FloatArray) -> FloatArray:
        """Log eigenvalue of an index."""
        return -np.log(index) - self.exponent * np.log1p(np.log(index))

    def integral(self, first: FloatArray, power: int) -> FloatArray:
        """∫_q^∞ (σ(x)/σ(q))^power dx: q w/(β-1) for power 1, for power 2 q ∫ e^-y (1 + y/w)^-2β dy (Laguerre)."""
        w = 1 + np.log(first)
        if power == 1:
            return np.asarray(first * w / (self.exponent - 1))
        y, weights = roots_laguerre(60)
        return np.asarray(first * (np.exp(-2 * self.exponent * np.log1p(y / w[..., None])) @ weights))


@dataclass(frozen=True)
class Exponential:
    r""":math:`\sigma_i = e^{-ai}`, eigenvalue by eigenvalue up to index ``last``, or by panels where a is small."""

    rate: float
    last: int
    overfitting: ClassVar[str] = "catastrophic"

    @classmethod
    def resolving(cls, rate: float, n_samples: float) -> Exponential:
        """The family down to σ = e^-a(n + 3/a), a margin below κ ≃ e^-a(n + ½), and at least to e^-500."""
        return cls(rate, math.ceil(max(n_samples, DEPTH / rate) + 3 / rate))

    def nodes(self) -> SpectrumNodes:
        """The rule for the whole sum."""
        return self._panels() if self.rate <= SMOOTH else self._atoms()

    def _atoms(self) -> SpectrumNodes:
        size = self.last + math.ceil(CLOSING / self.rate)
        index = np.append(np.arange(1.0, size + 1), size + 1)
        m = np.where(index <= self.last, 1.0, np.inf)
        log_masses = -self.rate * index
        log_masses[-1] -= math.log(-math.expm1(-self.rate))  # the geometric series beyond
        return SpectrumNodes(-self.rate * index, log_masses, m)

    def _panels(self) -> SpectrumNodes:
        a, atoms = self.rate, np.arange(1, ATOMS + 1, dtype=np.float64)
        stop = self.last + CLOSING / a
        size = math.ceil((self.last - ATOMS) * a / math.pi)
        panels = composite_legendre(np.linspace(ATOMS, self.last, size + 1), PANEL_NODES)
        closing = composite_legendre(np.linspace(self.last, stop, math.ceil(CLOSING / math.pi) + 1), PANEL_NODES)
        x = np.concatenate([atoms, panels.points, closing.points, [stop]])
        m = np.concatenate([gregory_weights(), panels.weights, closing.weights, [1 / a]])
        return SpectrumNodes(-a * x, np.log(m) - a * x, np.where(x <= self.last, m, np.inf))

    def log_sigma(self, index: FloatArray) -> FloatArray:
        """Log eigenvalue of an index."""
        return -self.rate * index


Family = PowerLaw | Logarithmic | Exponential


def tail_sum(family: PowerLaw | Logarithmic, first: FloatArray, power: int) -> FloatArray:
    r""":math:`\sum_{i\ge q}(\sigma_i/\sigma_q)^p` for q > 248: the integral, and Gregory's differences at its end."""
    ends = 1 - gregory_weights()[: EXACT - 1 : -1]
    ratios = np.exp(power * (family.log_sigma(first[..., None] + np.arange(8)) - family.log_sigma(first)[..., None]))
    return np.asarray(family.integral(first, power) + ratios @ ends)


def family_of(nodes: SpectrumNodes) -> Family | None:
    """The family that has these nodes, or None."""
    massive = nodes.log_masses > -np.inf
    x, m = nodes.log_sigma[massive], nodes.multiplicities[massive]
    if x.size < ATOMS or not np.isinf(m).any():
        return None
    for candidate in _candidates(x, float(m[np.isfinite(m)].sum())):
        made = candidate.nodes()
        if made.log_sigma.size == x.size and all(
            np.allclose(a, b, rtol=1e-11, atol=1e-10)
            for a, b in ((made.log_sigma, x), (made.log_masses, nodes.log_masses[massive]), (made.multiplicities, m))
        ):
            return candidate
    return None


def _candidates(x: FloatArray, count: float) -> list[Family]:
    """The members of each family with these first two log eigenvalues."""
    step = float(x[0] - x[1])
    found: list[Family] = []
    if step > math.log(2.0):
        found.append(PowerLaw(step / math.log(2.0), float(x[0])))
    beta = (step - math.log(2.0)) / math.log1p(math.log(2.0))
    if x[0] == 0 and beta > 1:
        found.append(Logarithmic(beta))
    if x[0] < 0 and abs(x[1] - 2 * x[0]) <= 1e-12 * abs(x[1]):
        found.append(Exponential(-float(x[0]), round(count)))
    return found
