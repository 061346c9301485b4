"""Spikes: what a few population eigenvalues outside the bulk make of the sample's eigenvalues and eigenvectors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from riskcalc.arguments import FloatArray, common_shape, numbers
from riskcalc.spectrum import Spectrum
from riskcalc.theory.spectral_atoms import Atoms
from riskcalc.theory.spectral_solution import Solution


@dataclass(frozen=True, eq=False)
class Spike:
    """What becomes of a spike; arrays of one shape.

    Parameters
    ----------
    location : ndarray
        Limit of the sample eigenvalue that has the spike's rank; units of the eigenvalues.
    overlap : ndarray
        Limit of the squared inner product of the sample's and the population's eigenvectors; 0 if not detached.
    detached : ndarray of bool
        Whether the sample eigenvalue is outside the support of the law.

    References
    ----------
    .. [1] derived (a container of results)

    Examples
    --------
    >>> import riskcalc as rc
    >>> rc.spike(rc.Spectrum.isotropic(1), aspect_ratio=0.25, eigenvalue=2).detached
    np.True_
    """

    location: FloatArray
    overlap: FloatArray
    detached: npt.NDArray[np.bool_]


def spike(spectrum: Spectrum, aspect_ratio: npt.ArrayLike, eigenvalue: npt.ArrayLike) -> Spike:
    r"""Sample eigenvalue and eigenvector of a population eigenvalue ℓ that is added to a bulk, with multiplicity O(1).

    .. math:: \psi(\ell) = \ell\Big(1+\frac\gamma p\,\mathrm{Tr}\,\Sigma(\ell-\Sigma)^{-1}\Big), \qquad
              \text{detached iff } \psi'(\ell) = 1 - \frac\gamma p\,\mathrm{Tr}\,\Sigma^2(\ell-\Sigma)^{-2} > 0, \qquad
              \text{overlap } \frac{\ell\,\psi'(\ell)}{\psi(\ell)}

    Parameters
    ----------
    spectrum : Spectrum
        Of the bulk Σ; finitely many eigenvalues and no tail.
    aspect_ratio : array_like, > 0
        γ = p/n.
    eigenvalue : array_like, > 0
        ℓ, units of the spectrum; broadcasts against ``aspect_ratio``.

    Returns
    -------
    Spike
        Broadcast shape: ``.location`` (ψ(ℓ) if detached), ``.overlap`` and ``.detached``.

    Raises
    ------
    ValueError
        If a number is outside its domain, or the spectrum has no law.

    Notes
    -----
    For the bulk Σ = I the threshold is ℓ = 1 + √γ, and 1 − √γ below the bulk if γ < 1. At the threshold, and for a
    spike that is not detached, the overlap is 0 and the location is that of the same rank in the bulk's law: the edge
    next to ℓ if ℓ is outside the eigenvalues of Σ whose bulk it joins, the quantile between them, and 0 if n or more
    eigenvalues are larger. Finite samples err by O(1/√n), near the threshold by n^(−1/3).

    References
    ----------
    .. [1] bbp2005 (place not checked)
    .. [2] baiksilverstein2006 (place not checked)
    .. [3] paul2007 (place not checked)

    Examples
    --------
    >>> import riskcalc as rc
    >>> found = rc.spike(rc.Spectrum.isotropic(1), aspect_ratio=0.5, eigenvalue=[1.5, 2, 6])
    >>> print(found.location.round(4), found.overlap.round(4), found.detached)
    [2.9142 3.     6.6   ] [0.     0.3333 0.8909] [False  True  True]
    """
    gamma = numbers("aspect_ratio", aspect_ratio, above=0)
    ell = numbers("eigenvalue", eigenvalue, above=0)
    shape = common_shape(aspect_ratio=gamma, eigenvalue=ell)
    gamma, ell = np.broadcast_to(gamma, shape).ravel(), np.broadcast_to(ell, shape).ravel()
    location, overlap, detached = np.empty(gamma.size), np.empty(gamma.size), np.empty(gamma.size, dtype=bool)
    for ratio in np.unique(gamma):
        at, atoms = gamma == ratio, Atoms.of(spectrum, float(ratio))
        location[at], overlap[at], detached[at] = _in_units(Solution(atoms), ell[at] / atoms.unit)
        location[at] *= atoms.unit
    return Spike(location.reshape(shape)[()], overlap.reshape(shape)[()], detached.reshape(shape)[()])


def _in_units(solution: Solution, ell: FloatArray) -> tuple[FloatArray, FloatArray, npt.NDArray[np.bool_]]:
    atoms, critical = solution.atoms, solution.critical
    with np.errstate(divide="ignore"):
        ratio = atoms.sigma / (ell[:, None] - atoms.sigma)
    below = np.searchsorted(-critical.anchors.kappa[critical.edges], ell, side="right")
    with np.errstate(invalid="ignore"):
        stretch, slope = 1 + ratio @ atoms.share, 1 - ratio**2 @ atoms.share
    detached = (below % 2 == 0) & (slope > 0)
    location, overlap = np.where(detached, ell * stretch, 0.0), np.zeros(ell.size)
    overlap[detached] = slope[detached] / stretch[detached]
    stuck = np.flatnonzero(~detached)
    location[stuck] = _of_the_same_rank(solution, ell[stuck], below[stuck])
    return location, overlap, detached


def _of_the_same_rank(solution: Solution, ell: FloatArray, below: npt.NDArray[np.intp]) -> FloatArray:
    """Where the bulk's law leaves the share of Σ's eigenvalues above ℓ above itself, within the bulk that ℓ joins."""
    atoms, critical = solution.atoms, solution.critical
    edges, places = critical.edges, -critical.anchors.kappa[critical.edges]
    last = np.clip(below, 1, edges.size - 1)
    nearest = np.where(ell - places[last - 1] <= places[last] - ell, last - 1, last)  # at an edge, to rounding
    bulk = np.where(below % 2 == 1, below, nearest + 1 - nearest % 2) // 2
    low, high = edges[2 * bulk], edges[2 * bulk + 1]
    above = np.searchsorted(-atoms.sigma, -ell, side="left")
    place = np.where(above == critical.n_above[high], critical.anchors.high[high], critical.anchors.high[low])
    between = (critical.n_above[high] < above) & (above < critical.n_above[low])
    if between.any():
        place[between] = solution.quantile(atoms.upper_masses[above[between]])
    return np.where(atoms.upper_masses[above] >= 1 / atoms.aspect_ratio, 0.0, place)
