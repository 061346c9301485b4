"""Rules that replace infinite sums and integrals by nodes with positive weights."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import roots_jacobi

from riskcalc.arguments import FloatArray

# |G_1| ... |G_8|, Gregory's coefficients: the end correction of a sum by backward differences. Eight of them keep every
# weight positive, and beyond index 256 they leave less than 1e-16 (tests/test_quadrature.py).
GREGORY = (1 / 2, 1 / 12, 1 / 24, 19 / 720, 3 / 160, 863 / 60480, 275 / 24192, 33953 / 3628800)
ATOMS = 256
LAST_INDEX = 1e14
PANEL_NODES = 16
CLOSING_NODES = 12


@dataclass(frozen=True)
class PowerLawNodes:
    """Nodes of an infinite power law: indices (as logs), multiplicities, masses, and the target's energies."""

    log_indices: FloatArray
    multiplicities: FloatArray
    log_masses: FloatArray
    energies: FloatArray


def power_law_nodes(exponent: float, source: float | None = None) -> PowerLawNodes:
    r"""Nodes for :math:`\sum_{i\ge1} i^{-\alpha} g(i^{-\alpha})` and, with a source, :math:`\sum_i i^{-1-2\alpha r} g`.

    Indices up to 256 are kept (the last eight with Gregory's end weights), the integral beyond runs over Gauss-Legendre
    panels of width :math:`\pi/\alpha` in the logarithm of the index up to 1e14, and what lies further is closed by
    Gauss-Jacobi rules that carry the exact mass and the exact energy. All weights are positive. For
    :math:`g(\sigma) = 1/(\sigma+\kappa)^j` the relative error is below 1e-13 for every κ above the eigenvalue of index
    1e13 (derived; tests/test_quadrature.py). The nodes that close the mass have infinite multiplicity, those that close
    the energy have none, or infinitely many without mass if the squared coefficients have no sum (r <= 1/2).
    """
    atoms = np.arange(1, ATOMS + 1, dtype=np.float64)
    log_x, log_w = [np.log(atoms)], [np.log(gregory_weights())]
    start, stop = math.log(ATOMS), math.log(LAST_INDEX)
    n_panels = math.ceil((stop - start) * exponent / math.pi)
    nodes, weights = np.polynomial.legendre.leggauss(PANEL_NODES)
    half = (stop - start) / (2 * n_panels)
    panels = (start + half * (2 * np.arange(n_panels)[:, None] + 1 + nodes)).ravel()
    log_x.append(panels)
    log_w.append(np.log(half * np.tile(weights, n_panels)) + panels)
    t, log_multiplicities = np.concatenate(log_x), np.concatenate(log_w)

    closing, mass = _closing(exponent, -1 / exponent, stop)
    t_all, log_masses = [t, closing], [log_multiplicities - exponent * t, mass]
    multiplicities = [np.exp(log_multiplicities), np.full(CLOSING_NODES, np.inf)]
    energies = [np.zeros_like(t), np.zeros(CLOSING_NODES)]
    if source is not None:
        energies[0] = np.exp(log_multiplicities - (1 + 2 * exponent * source) * t)
        closing, energy = _closing(exponent, 2 * source - 1, stop)
        if source > 0.5:  # the squared coefficients have a sum: a rule that carries it, and with it the energy
            closing, coefficient = _closing(exponent, 2 * source - 2, stop)
            energy = coefficient - exponent * closing
        t_all.append(closing)
        log_masses.append(np.full(CLOSING_NODES, -np.inf))
        multiplicities.append(np.full(CLOSING_NODES, 0.0 if source > 0.5 else np.inf))
        energies.append(np.exp(energy))
    return PowerLawNodes(*map(np.concatenate, (t_all, multiplicities, log_masses, energies)))


def gregory_weights() -> FloatArray:
    """Weights of the indices up to 256 that, with the integral beyond, sum a function that is smooth from 248 on."""
    weights = np.ones(ATOMS)
    for order, coefficient in enumerate(GREGORY):
        for i in range(order + 1):
            weights[-1 - i] -= coefficient * (-1) ** i * math.comb(order, i)
    return weights


def _closing(exponent: float, power: float, log_last: float) -> tuple[FloatArray, FloatArray]:
    r"""Log indices and log weights of a Gauss rule for :math:`\int_0^{\sigma_c}\sigma^q g(\sigma)d\sigma/\alpha`."""
    x, w = roots_jacobi(CLOSING_NODES, 0.0, power)
    # near power -1 nearly all weight is at the first node and the others are wrong by a common 5e-12: right two moments
    w[1:] *= 2 ** (power + 2) / (power + 2) / (w @ (1 + x))
    w[0] = 2 ** (power + 1) / (power + 1) - w[1:].sum()
    log_scale = -exponent * log_last - math.log(2.0)
    log_sigma = log_scale + np.log1p(x)
    return -log_sigma / exponent, np.log(w) + (power + 1) * log_scale - math.log(exponent)


@dataclass(frozen=True)
class Nodes:
    """A rule: points, and the weights of a positive measure there."""

    points: FloatArray
    weights: FloatArray


def composite_legendre(ends: FloatArray, nodes_per_panel: int = 40) -> Nodes:
    """Gauss-Legendre on each of the panels between consecutive ``ends``."""
    nodes, weights = np.polynomial.legendre.leggauss(nodes_per_panel)
    middle, half = (ends[1:] + ends[:-1])[:, None] / 2, np.diff(ends)[:, None] / 2
    return Nodes((middle + half * nodes).ravel(), (half * weights).ravel())


def panel_ends(low: float, high: float, length: float, kinks: Sequence[float] = (), halvings: int = 0) -> FloatArray:
    """Ends of panels of at most ``length``; each kink is an end, with panels that halve towards it."""
    fixed = np.unique([low, high, *(kink for kink in kinks if low < kink < high)])
    ends = [np.linspace(a, b, math.ceil((b - a) / length) + 1) for a, b in itertools.pairwise(fixed)]
    graded = length * 0.5 ** np.arange(1, halvings + 1)
    ends += [kink + sign * graded for kink in kinks for sign in (-1, 1)]
    merged = np.unique(np.concatenate(ends))
    return np.asarray(merged[(merged >= low) & (merged <= high)])
