"""Where the law of a sample covariance begins and ends: the real critical points of its equation."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from riskcalc.arguments import FloatArray, numbers
from riskcalc.spectrum import BLOCK, Spectrum
from riskcalc.theory.bracketed_root import root_in
from riskcalc.theory.lower_edge import Counted
from riskcalc.theory.nodes import Nodes
from riskcalc.theory.spectral_atoms import PIECE, Anchors, Atoms, Index

DIP = 2.0  # dips of D below it are looked for
NARROW = 0.1  # of D below 1: such a gap is measured from its dip
NO_SAMPLES = 1e-36  # per effective dimension: the limit is minus the trace to rounding
CLOSED = 1e-28  # D is known to about 1e-31: a gap whose least D is this near to 1 is closed


@dataclass(frozen=True, eq=False)
class CriticalPoints:
    r"""Anchors in descending κ, that is in ascending x: the edges, and the dips of D that do not open a gap.

    [silversteinchoi1995]: x is outside the support iff it is x(κ) for a real κ with D(κ) < 1. D is convex between its
    poles −σ, so that D = 1 has one root beyond each end and none or two between neighbours.
    ``is_edge`` tells the edges from the dips; ``n_above`` counts the atoms σ > −κ. ``upper_mass`` is the share of the p
    sample eigenvalues beyond an edge: that of the population's beyond −κ, as the two separate exactly
    [baisilverstein1999], and 1/γ beyond the lower edge if n < rank.
    """

    anchors: Anchors
    is_edge: npt.NDArray[np.bool_]
    n_above: Index
    upper_mass: FloatArray

    @classmethod
    def of(cls, atoms: Atoms) -> CriticalPoints:
        """All critical points of one law."""
        gap, dip = _dips(atoms)
        at_dip = Anchors.of(atoms, dip)
        gap, at_dip = gap[at_dip.residual < DIP - 1], at_dip.take(np.flatnonzero(at_dip.residual < DIP - 1))
        opened = at_dip.residual - at_dip.slope**2 / (3 * at_dip.bend) < -CLOSED
        upper, lower = _ends_of_gaps(atoms, gap[opened], at_dip.take(np.flatnonzero(opened)))
        k = atoms.sigma.size
        edges = np.concatenate([[_leftmost(atoms)], upper, lower, [_rightmost(atoms)]])
        n_above = np.concatenate([[k], gap[opened] + 1, gap[opened] + 1, [0], gap[~opened] + 1])
        kappa = np.concatenate([_polished(atoms, edges), at_dip.kappa[~opened]])
        is_edge = np.arange(kappa.size) < edges.size
        order = np.argsort(-kappa, kind="stable")
        upper_mass = np.minimum(atoms.upper_masses[n_above[order]], 1 / atoms.aspect_ratio)
        return cls(Anchors.of(atoms, kappa[order]), is_edge[order], n_above[order], upper_mass)

    @cached_property
    def edges(self) -> Index:
        """Numbers of the edges, two for each bulk."""
        return np.flatnonzero(self.is_edge)

    @cached_property
    def segments(self) -> Index:
        """Numbers of the points from which to the next one there is support."""
        return np.flatnonzero(np.cumsum(self.is_edge)[:-1] % 2 == 1)

    @cached_property
    def thresholds(self) -> FloatArray:
        """The least float above each point."""
        high, low = self.anchors.high, self.anchors.low
        return np.where(low < 0, high, np.nextafter(high, np.inf))


def _dips(atoms: Atoms) -> tuple[Index, FloatArray]:
    """Neighbours (their first number) between which D may fall below 1, and where D is least there."""
    gap = np.arange(atoms.sigma.size - 1)
    gap = gap[_two_pole_bound(atoms, gap) < DIP]
    rows = max(1, PIECE // atoms.sigma.size)
    kept = [
        gap[start : start + rows][_bound(atoms, gap[start : start + rows]) < DIP] for start in range(0, gap.size, rows)
    ]
    gap = np.concatenate([np.zeros(0, dtype=np.intp), *kept])
    if gap.size == 0:
        return gap, np.zeros(0)

    def imbalance(t: FloatArray, number: FloatArray) -> FloatArray:
        """Falls from above 0 to below 0, nearly linearly, and vanishes where D' does; κ is t beyond the lower pole."""
        at = number.astype(np.intp)
        with np.errstate(divide="ignore"):
            pulls = atoms.weight / abs((atoms.sigma - atoms.sigma[at + 1, None]) - t[:, None]) ** 3
        before = np.arange(atoms.sigma.size) <= at[:, None]
        left, right = np.where(before, pulls, 0.0).sum(axis=1), np.where(before, 0.0, pulls).sum(axis=1)
        return np.asarray(left ** (-1 / 3) - right ** (-1 / 3))

    width = atoms.sigma[gap] - atoms.sigma[gap + 1]
    t = root_in("least D of a gap", imbalance, (np.zeros_like(width), width), gap.astype(np.float64))
    return gap, -(atoms.sigma[gap + 1] + t)


def _two_pole_bound(atoms: Atoms, gap: Index) -> FloatArray:
    """What the two poles of a gap alone leave of D at least."""
    width = atoms.sigma[gap] - atoms.sigma[gap + 1]
    cubes = np.cbrt(atoms.weight)
    return np.asarray((cubes[gap] + cubes[gap + 1]) ** 3 / width**2)


def _bound(atoms: Atoms, gap: Index) -> FloatArray:
    """The same with every other pole at its distance from the far end of the gap."""
    number = np.arange(atoms.sigma.size)
    far = np.where(number <= gap[:, None], atoms.sigma[gap + 1][:, None], atoms.sigma[gap][:, None])
    others = (number != gap[:, None]) & (number != gap[:, None] + 1)
    rest = np.divide(atoms.weight, (atoms.sigma - far) ** 2, out=np.zeros(far.shape), where=others)
    return np.asarray(_two_pole_bound(atoms, gap) + rest.sum(axis=1))


def _ends_of_gaps(atoms: Atoms, gap: Index, dip: Anchors) -> tuple[FloatArray, FloatArray]:
    """The two κ with D = 1 on either side of each dip, the upper and the lower ones."""
    narrow, reach = dip.residual > -NARROW, 0.999 * atoms.sigma * np.sqrt(atoms.share)
    base = np.where(narrow, dip.kappa, 0.0)
    upper = _where_one(atoms, dip, base, -atoms.sigma[gap + 1] - reach[gap + 1])
    lower = _where_one(atoms, dip, base, -atoms.sigma[gap] + reach[gap])
    return base + upper, base + lower


def _where_one(atoms: Atoms, dip: Anchors, base: FloatArray, far: FloatArray) -> FloatArray:
    """κ with D = 1 between each dip and ``far``, less the base: the dip itself if the gap is narrow and D near 1."""
    d = atoms.sigma + dip.kappa[:, None]
    w = atoms.share * (atoms.sigma / d) ** 2

    def beyond(h: FloatArray, number: FloatArray) -> FloatArray:
        """1 − 1/√D, nearly linear towards the poles."""
        at = number.astype(np.intp)
        e = (atoms.sigma + base[at, None]) + h[:, None]
        level = np.sqrt((atoms.weight / e**2).sum(axis=1))
        excess = dip.residual[at] - h * (w[at] * (d[at] + e) / e**2).sum(axis=1)
        return np.asarray(np.where(base[at] != 0, excess / (level * (1 + level)), 1 - 1 / level))

    ends = dip.kappa - base, far - base
    number = np.arange(base.size, dtype=np.float64)
    return root_in("edge of a gap", beyond, (np.minimum(*ends), np.maximum(*ends)), number)


def _rightmost(atoms: Atoms) -> float:
    """κ of the upper edge, in its bracket by the first pole alone and by all of them at the first."""
    first, sigma = atoms.sigma[0], atoms.sigma

    def beyond(t: FloatArray) -> FloatArray:
        d = (first - sigma) + t[:, None]
        return np.asarray(1 - 1 / np.sqrt((atoms.weight / d**2).sum(axis=1)))

    low, high = first * np.sqrt(atoms.share[:1]), np.sqrt(atoms.weight.sum(keepdims=True))
    return float(-first - root_in("upper edge", beyond, (0.999 * low, 1.001 * high))[0])


def _leftmost(atoms: Atoms) -> float:
    """κ of the lower edge of what is not at zero."""
    counts = Counted(atoms.sigma, atoms.multiplicity * atoms.sigma, atoms.multiplicity)
    return float(counts.largest_root(np.array([atoms.n_samples.high]), np.array([atoms.rank_excess]))[0])


def _polished(atoms: Atoms, kappa: FloatArray) -> FloatArray:
    """One step of Newton's method with D − 1 to twice the precision of a float."""
    anchors = Anchors.of(atoms, kappa)
    return np.asarray(kappa + np.where(anchors.residual == 0, 0.0, anchors.residual / (2 * anchors.slope)))


def ridge_lower_limit(spectrum: Spectrum, n_samples: npt.ArrayLike) -> FloatArray:
    r"""The ridge, zero or negative, above which ridge regression and its equivalent are defined.

    .. math:: \lambda_{\min} = \kappa_{\min}\,(n - \mathrm{df}_1(\kappa_{\min})), \qquad
              \kappa_{\min} = \text{the largest root of } \mathrm{df}_2(\kappa) = n,\ \kappa > -\sigma_{\min}

    Parameters
    ----------
    spectrum : Spectrum
        A tail adds to the ridge, so that it lowers the limit by its trace. The spectrum may be infinite.
    n_samples : array_like, >= 0
        Counts or ratios.

    Returns
    -------
    ndarray
        Shape of ``n_samples``; units of the ridge. Without a tail 0 where n_samples is the rank; minus the trace at
        n_samples = 0, the limit.

    Raises
    ------
    ValueError
        If n_samples is outside its domain, or too large for an infinite spectrum to resolve.
    NotConvergedError
        If a root is not found in its bracket (not seen).

    Notes
    -----
    It is −n times the lower edge of the nonzero sample eigenvalues of XᵀX/n. On (λ_min, ∞) κ increases with the ridge
    and n − df2 > 0; the predicted risk diverges at λ_min. For Σ = sI it is −s(√n − √p)². A finite sample should stay
    above it by a few n^(−2/3) of its size. Relative error about 1e-15, near n = rank too.

    References
    ----------
    .. [1] silversteinchoi1995 (place not checked)

    Examples
    --------
    >>> import riskcalc as rc
    >>> rc.ridge_lower_limit(rc.Spectrum.isotropic(400), n_samples=[100, 400, 900])
    array([-100.,    0., -100.])
    """
    n = numbers("n_samples", n_samples, at_least=0)
    finite = np.isfinite(spectrum.multiplicities)
    held = not ((spectrum.eigenvalues == 0) & (spectrum.log_eigenvalues > -np.inf)).any()  # by a float
    rank = spectrum.rank
    if not (held and finite.all() and spectrum.tail == 0):
        rank = float(spectrum.multiplicities[finite & (spectrum.eigenvalues > 0)].sum())
    if not finite.all() and n.size and n.max() > rank / 100:
        raise ValueError(f"n_samples must be <= {rank / 100:.2g} for this infinite spectrum, got {n.max():g}")
    flat, limit = n.ravel(), np.zeros(n.size)
    unit = float(spectrum.eigenvalues.max()) or 1.0
    tiny = flat <= NO_SAMPLES * spectrum.trace**2 / max(float(spectrum.masses @ spectrum.eigenvalues), 1e-300)
    limit[tiny] = (spectrum.tail - spectrum.trace) / unit
    below = (flat > rank) & (rank > 0) & held & (spectrum.tail == 0)
    for at, n_points in ((~tiny & (flat < rank), n.size), (below, 0)):
        if not at.any():
            continue
        counted = _counted(spectrum, unit, n_points)
        for some in np.array_split(np.flatnonzero(at), at.sum() * counted.sigma.size // BLOCK + 1):
            excess = (rank - flat[some]) / flat[some]
            limit[some] = counted.limit(flat[some], excess, counted.largest_root(flat[some], excess))
    return np.asarray(np.minimum(limit, 0) * unit - spectrum.tail).reshape(n.shape)[()]


def _counted(spectrum: Spectrum, unit: float, n_points: int) -> Counted:
    """Positive eigenvalues that a float holds, descending; compressed only where κ > 0, as poles must be far."""
    nodes = Nodes.of(spectrum, n_points=n_points)
    order = np.argsort(-nodes.sigma, kind="stable")
    order = order[nodes.sigma[order] > 0]
    return Counted(nodes.sigma[order] / unit, nodes.mass[order] / unit, nodes.counts.sum(axis=1)[order])
