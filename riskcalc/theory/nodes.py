"""A spectrum prepared for the solver: scaled, and compressed where it is long."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.linalg

from riskcalc.arguments import FloatArray
from riskcalc.spectrum import Spectrum

TINY = np.finfo(float).tiny
LONG, MANY = 512, 16  # eigenvalues and points from which compression pays
BIN = np.pi  # width of a bin in log σ
GAUSS = 16  # nodes of a bin
REORTHOGONALISED = 4096  # atoms of a bin up to which the Lanczos vectors are orthogonalised again


@dataclass(frozen=True)
class Nodes:
    r"""Positive eigenvalues, masses and multiplicities, and the target's energies at ``energy_sigma``.

    ``multiplicity`` is zero where only the mass is finite. ``counts`` are the multiplicities in two columns, the first
    of which can be summed exactly: near n = rank the count of eigenvalues must not be rounded.

    A long spectrum is compressed: log σ is cut into bins of width π, and in each the 16-node Gauss rule of the discrete
    mass measure (by Lanczos) replaces the atoms; the energies get nodes of their own. The weights are positive, and the
    rule is exact for polynomials of degree 31 in log σ. Every sum of the theory is an integral of
    :math:`\sigma^{a-1}\kappa^b/(\sigma+\kappa)^{a+b}` against the mass, analytic in log σ up to its poles log κ ± iπ
    whatever κ is, and polynomials of degree 31 approximate it on a bin to rounding. Seen: 5e-15 over twelve decades,
    1e-14 over ninety (tests/theory/test_nodes.py).
    """

    sigma: FloatArray
    mass: FloatArray
    multiplicity: FloatArray
    log_sigma: FloatArray
    log_mass: FloatArray
    energy_sigma: FloatArray
    energy_log_sigma: FloatArray
    energies: FloatArray
    lost: FloatArray | float = 0.0  # what compression took from the counts by rounding

    @classmethod
    def of(cls, spectrum: Spectrum, energies: FloatArray | None = None, n_points: int = 1) -> Nodes:
        """Nodes of the positive eigenvalues, compressed if they are many and so are the points."""
        kept: Any = spectrum.log_eigenvalues > -np.inf
        kept = slice(None) if kept.all() else kept
        log_sigma, log_mass = spectrum.log_eigenvalues[kept], spectrum.log_masses[kept]
        sigma, mass, multiplicity = spectrum.eigenvalues[kept], spectrum.masses[kept], spectrum.multiplicities[kept]
        multiplicity = np.where(np.isfinite(multiplicity), multiplicity, 0.0)
        energy = np.zeros(log_sigma.size) if energies is None else energies[kept]
        nodes = cls(sigma, mass, multiplicity, log_sigma, log_mass, sigma, log_sigma, energy)
        return nodes.compressed() if log_sigma.size >= LONG and n_points >= MANY else nodes

    @cached_property
    def plain(self) -> bool:
        """Whether a float holds the eigenvalues with room to spare."""
        return self.log_sigma.size == 0 or bool(self.log_sigma.min() > -600 and self.log_sigma.max() < 230)

    @cached_property
    def counts(self) -> FloatArray:
        """Two columns that add up to the multiplicities; any sum of the first is exact in floating point."""
        whole, rest = _split(self.multiplicity)
        return np.stack([whole, rest + self.lost], axis=1)

    def compressed(self) -> Nodes:
        """Gauss nodes in place of the atoms, or the nodes as they are if that would not halve them."""
        if not self.plain or ((self.multiplicity == 0) & (self.mass > 0)).any():
            return self
        order: Any = slice(None) if np.all(np.diff(self.log_sigma) <= 0) else np.argsort(-self.log_sigma)
        x, m = self.log_sigma[order], self.multiplicity[order]
        log_sigma, mass, bins = _gauss_in_bins(x, self.mass[order])
        if 2 * log_sigma.size > x.size:
            return self
        energy_x, energies, _ = _gauss_in_bins(x, self.energies[order])
        sigma = np.exp(log_sigma)
        lost = _lost_counts(x, m, bins, mass / sigma)
        return replace(
            self, sigma=sigma, mass=mass, multiplicity=mass / sigma, log_sigma=log_sigma, log_mass=np.log(mass),
            energy_sigma=np.exp(energy_x), energy_log_sigma=energy_x, energies=energies, lost=lost,
        )  # fmt: skip


def _split(multiplicity: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Multiplicities as multiples of a power of two so coarse that their sums are exact, and the remainders."""
    total = multiplicity.sum()
    grid = 2.0 ** (np.ceil(np.log2(total)) - 50) if total > 0 else 1.0
    whole = np.rint(multiplicity / grid) * grid
    return whole, multiplicity - whole


def _lost_counts(x: FloatArray, m: FloatArray, bins: npt.NDArray[np.intp], nodes_m: FloatArray) -> FloatArray:
    """What rounding took from the count of each bin, given back to its largest node."""
    out = np.zeros_like(nodes_m)
    (whole, rest), (nodes_whole, nodes_rest) = _split(m), _split(nodes_m)
    bounds = _bounds(_bin_numbers(x))
    numbers = _bin_numbers(x[bounds[:-1]], x[0])
    for number, start, stop in zip(numbers, bounds[:-1], bounds[1:], strict=True):
        at = np.flatnonzero(bins == number)
        if at.size:
            lost = (whole[start:stop].sum() - nodes_whole[at].sum()) + (rest[start:stop].sum() - nodes_rest[at].sum())
            out[at[np.argmax(nodes_m[at])]] = lost
    return out


def _bin_numbers(x: FloatArray, largest: float | None = None) -> npt.NDArray[np.intp]:
    """Bins of descending log eigenvalues, counted from the largest down."""
    return np.asarray(np.floor(((x[0] if largest is None else largest) - x) / BIN), dtype=np.intp)


def _bounds(numbers: npt.NDArray[np.intp]) -> npt.NDArray[np.intp]:
    """Starts of the runs of equal numbers, and the end."""
    return np.append(np.flatnonzero(np.diff(numbers, prepend=-1)), numbers.size)


def _gauss_in_bins(x: FloatArray, weights: FloatArray) -> tuple[FloatArray, FloatArray, npt.NDArray[np.intp]]:
    """Nodes, weights and bin numbers of the Gauss rules of all bins of descending x; few atoms are kept as they are."""
    largest = x[0]
    if not weights.all():
        x, weights = x[weights > 0], weights[weights > 0]
    first = np.flatnonzero(np.diff(x, prepend=np.inf))  # equal eigenvalues are one atom
    if first.size < x.size:
        x, weights = x[first], np.add.reduceat(weights, first) if first.size else weights
    number = _bin_numbers(x, largest)
    nodes, masses, bins = [np.zeros(0)], [np.zeros(0)], [np.zeros(0, dtype=np.intp)]
    for start, stop in pairwise(_bounds(number)):
        part = slice(start, stop)
        rule = (x[part], weights[part]) if stop - start <= GAUSS else _gauss(x[part], weights[part])
        nodes.append(rule[0])
        masses.append(rule[1])
        bins.append(np.full(rule[0].size, number[start]))
    return np.concatenate(nodes), np.concatenate(masses), np.concatenate(bins)


def _gauss(x: FloatArray, w: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Gauss rule of the discrete measure w at x, by Lanczos on the centred variable scaled to [-2, 2]."""
    centre, half = (x[0] + x[-1]) / 2, (x[0] - x[-1]) / 4
    t, total = (x - centre) / half, w.sum()
    basis = np.zeros((GAUSS + 1, x.size))
    basis[0] = np.sqrt(w / total)
    alpha, beta = np.empty(GAUSS), np.empty(GAUSS)
    for k in range(GAUSS):
        following = t * basis[k]
        alpha[k] = following @ basis[k]
        following -= alpha[k] * basis[k]
        if k:
            following -= beta[k - 1] * basis[k - 1]
        if x.size <= REORTHOGONALISED:
            following -= (basis[: k + 1] @ following) @ basis[: k + 1]
        beta[k] = np.sqrt(following @ following)
        np.divide(following, beta[k], out=basis[k + 1])
    points, vectors = scipy.linalg.eigh_tridiagonal(alpha, beta[:-1])
    return centre + half * points, total * vectors[0] ** 2
