"""A population spectrum prepared for its sample law: distinct eigenvalues per sample, and real points to expand at."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from riskcalc.arguments import FloatArray, numbers
from riskcalc.spectrum import Spectrum
from riskcalc.theory.double_double import DoubleDouble

EPS = np.finfo(float).eps
SMALLEST = 1e-60  # of the largest eigenvalue: fourth powers of the smallest distances must not underflow
Index = npt.NDArray[np.intp]
FEWEST, MOST = 1e-15, 1e15  # multiplicity per sample: beyond, a float does not resolve κ between eigenvalue and edge
PIECE = 1 << 15  # entries of one (points x eigenvalues) block: it stays in the cache


@dataclass(frozen=True, eq=False)
class Atoms:
    r"""Distinct positive eigenvalues σ, descending, and multiplicities per sample :math:`c_i = m_i/n`, n = p/γ.

    With them the equation of the law is

    .. math:: x(\kappa) = \kappa\,(S(\kappa) - 1), \quad S = \sum_i\frac{c_i\sigma_i}{\sigma_i+\kappa}, \qquad
              x'(\kappa) = D(\kappa) - 1, \quad D = \sum_i\frac{c_i\sigma_i^2}{(\sigma_i+\kappa)^2}

    (S and D are df1/n and df2/n). ``sigma`` is in units of ``unit``, a power of two, so that nothing is rounded; the
    multiplicities, p and n have another common factor. n is kept to twice the precision of a float.
    """

    sigma: FloatArray
    multiplicity: FloatArray
    n_samples: DoubleDouble
    n_features: float
    zeros: float
    aspect_ratio: float
    unit: float

    @classmethod
    def of(cls, spectrum: Spectrum, aspect_ratio: float) -> Atoms:
        """The atoms of a spectrum that has a law; ValueError with the reason if it has none."""
        _refuse_infinite(spectrum)
        counted = spectrum.multiplicities > 0
        positive = counted & (spectrum.log_eigenvalues > -np.inf)
        if not positive.any():
            raise ValueError("spectrum must have a positive eigenvalue, got none; the law is then an atom at 0")
        largest = float(spectrum.eigenvalues[positive].max())
        numbers("the upper edge, eigenvalue (1 + √aspect_ratio)²,", largest * (1 + math.sqrt(aspect_ratio)) ** 2)
        if spectrum.eigenvalues[positive].min() < SMALLEST * largest or largest < 1e-200:
            raise ValueError(
                f"eigenvalues must be 0 or at least {SMALLEST:g} of the largest (and that above 1e-200), "
                f"got {spectrum.eigenvalues[positive].min():g} beside {largest:g}; give the smallest as 0"
            )
        unit, size = _power_of_two(largest), _power_of_two(float(spectrum.multiplicities.max()))
        multiplicities = spectrum.multiplicities / size
        ascending, place = np.unique(spectrum.eigenvalues[positive] / unit, return_inverse=True)
        counts: FloatArray = np.zeros(ascending.size)
        np.add.at(counts, place.ravel(), multiplicities[positive])
        total = DoubleDouble.of(multiplicities[counted]).total()
        n = total / DoubleDouble.of(aspect_ratio)
        rank = DoubleDouble.of(counts).total()
        if abs(float((n - rank).high)) <= 0.5001 * EPS * float(rank.high):  # γ = p/rank, rounded
            n = rank
        zeros = float(multiplicities[counted & ~positive].sum())
        atoms = cls(ascending[::-1].copy(), counts[::-1].copy(), n, float(total.high), zeros, aspect_ratio, unit)
        if not FEWEST <= atoms.share.min() <= atoms.share.max() <= MOST:
            raise ValueError(
                f"multiplicities must be 0 or from {FEWEST:g} to {MOST:g} per sample, n_samples = p/aspect_ratio, "
                f"got {atoms.share.min():g} to {atoms.share.max():g}; a lone eigenvalue is a spike: see spike"
            )
        return atoms

    @cached_property
    def share(self) -> FloatArray:
        """Multiplicities per sample c."""
        return self.multiplicity / float(self.n_samples.high)

    @cached_property
    def weight(self) -> FloatArray:
        """Weights c σ² of D."""
        return self.share * self.sigma**2

    @cached_property
    def rank_excess(self) -> float:
        """rank/n − 1, without cancellation."""
        rank = DoubleDouble.of(self.multiplicity).total()
        return float((rank - self.n_samples).high / self.n_samples.high)

    @cached_property
    def upper_masses(self) -> FloatArray:
        """Share of the p eigenvalues that are among the first 0, 1, ..., k atoms."""
        masses = np.append(0.0, np.cumsum(self.multiplicity) / self.n_features)
        masses[-1] = 1 - self.zeros / self.n_features
        return masses


@dataclass(frozen=True, eq=False)
class Anchors:
    r"""Real points κ₀ at which :math:`x(\kappa_0)` = high + low and :math:`D(\kappa_0) - 1` = residual are known.

    From them the equation needs no difference of nearly equal numbers: exactly (derived)

    .. math:: x(\kappa_0+h) = x(\kappa_0) + h\,(D(\kappa_0)-1) - h^2\,T(h), \qquad
              T(h) = \sum_i\frac{c_i\sigma_i^2}{(\sigma_i+\kappa_0)^2(\sigma_i+\kappa_0+h)}

    At an edge of the support the residual is rounding, and x and h near it keep all their digits.
    ``slope`` is T(0), :math:`-D'(\kappa_0)/2`; ``bend`` is :math:`D''(\kappa_0)/6`.
    """

    kappa: FloatArray
    residual: FloatArray
    high: FloatArray
    low: FloatArray
    slope: FloatArray
    bend: FloatArray

    @classmethod
    def of(cls, atoms: Atoms, kappa: FloatArray) -> Anchors:
        """Both numbers by sums to twice the precision of a float, in blocks."""
        rows = max(1, PIECE // atoms.sigma.size)
        blocks = [_anchored(atoms, kappa[start : start + rows]) for start in range(0, kappa.size, rows)]
        columns = zip(*blocks, strict=True) if blocks else [()] * 5
        return cls(kappa, *(np.concatenate([np.zeros(0), *column]) for column in columns))

    def take(self, at: Index) -> Anchors:
        """Some of them."""
        return Anchors(*(getattr(self, name)[at] for name in self.__dataclass_fields__))

    def distance(self, at: Index, x: FloatArray) -> FloatArray:
        """X less the anchor's, right to rounding."""
        return (x - self.high[at]) - self.low[at]


def _anchored(atoms: Atoms, kappa: FloatArray) -> tuple[FloatArray, ...]:
    point, n = DoubleDouble.of(kappa), atoms.n_samples
    sigma = DoubleDouble.of(np.broadcast_to(atoms.sigma, (kappa.size, atoms.sigma.size)))
    ratio = sigma / (sigma + DoubleDouble.of(kappa[:, None]))
    counted = DoubleDouble.of(atoms.multiplicity) * ratio
    x = point * (counted.total() - n) / n
    residual = ((counted * ratio).total() - n) / n
    d = atoms.sigma + kappa[:, None]
    w = atoms.share * (atoms.sigma / d) ** 2
    noise = 1e-30 * abs(kappa) * (1 + atoms.share @ abs(atoms.sigma / d).T)  # an edge that is a float is that float
    low = np.where(abs(x.low) < noise, 0.0, x.low)
    return residual.high, x.high, low, (w / d).sum(axis=1), (w / d**2).sum(axis=1)


def _power_of_two(value: float) -> float:
    """The largest power of two up to a value: dividing by it rounds nothing."""
    return 2.0 ** (math.frexp(value)[1] - 1)


def _refuse_infinite(spectrum: Spectrum) -> None:
    if not isinstance(spectrum, Spectrum):
        raise TypeError(f"spectrum must be a Spectrum, got {type(spectrum).__name__}; see Spectrum.from_eigenvalues")
    if spectrum.tail > 0:
        raise ValueError(
            f"spectrum must have no tail to have a law, got tail {spectrum.tail:g} (infinitely many eigenvalues, of "
            "which only the trace is known); list them, or take the spectrum without its tail"
        )
    if not np.isfinite(spectrum.multiplicities).all():
        raise ValueError(
            "spectrum must have finitely many eigenvalues to have a law (p = n_samples times aspect_ratio), got "
            "infinitely many; give a finite n_features"
        )
