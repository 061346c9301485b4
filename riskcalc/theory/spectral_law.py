"""The law of the eigenvalues of a large sample covariance, for any population: the general Marchenko-Pastur law."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from riskcalc.arguments import FloatArray, numbers
from riskcalc.model import Model
from riskcalc.spectrum import Spectrum
from riskcalc.theory.spectral_atoms import Atoms
from riskcalc.theory.spectral_solution import Solution
from riskcalc.theory.spectral_transforms import Transforms


@dataclass(frozen=True, eq=False, repr=False)
class SpectralLaw(Transforms, Model):
    r"""Law of the eigenvalues of :math:`X^\mathsf{T}X/n`, where the n rows of X have the covariance Σ, p × p.

    .. math:: x(\kappa) = \kappa\Big(\frac{\mathrm{df}_1(\kappa)}n-1\Big), \qquad
              f(x) = \frac1{\pi\gamma}\,\mathrm{Im}\,\frac1{\kappa}, \quad x(\kappa) = x,\ \mathrm{Im}\,\kappa<0,
              \quad \gamma = p/n

    Parameters
    ----------
    spectrum : Spectrum
        Of Σ; zeros count. Only the ratios of the multiplicities matter. Finitely many eigenvalues and no tail.
    aspect_ratio : float, > 0
        γ, features per sample; dimensionless.

    Raises
    ------
    ValueError
        If aspect_ratio is outside its domain, or the spectrum has a tail, infinitely many eigenvalues, or only zeros.
    TypeError
        If ``spectrum`` is not a Spectrum.

    Notes
    -----
    The limit p, n → ∞ at fixed γ, with the methods of ``MarchenkoPastur``. The first call solves for the edges and for
    a table of the curve κ(x); a point then costs one or two sums over the eigenvalues. The equation is expanded at the
    edges, which are known to twice the precision of a float, so that the density is right to 1e-13 at any x, however
    near an edge, and a gap that the last digit of γ opens is seen. γ within rounding of p/rank is taken to be p/rank,
    where the density grows as 1/√x at 0.

    References
    ----------
    .. [1] marchenko1967 (place not checked)
    .. [2] silverstein1995 (place not checked)
    .. [3] silversteinchoi1995 (place not checked)

    Examples
    --------
    >>> import riskcalc as rc
    >>> law = rc.SpectralLaw(rc.Spectrum.from_eigenvalues([10, 3, 1], [0.3, 0.4, 0.3]), aspect_ratio=0.1)
    >>> print(law.support.round(4))
    [[ 0.6115  1.2585]
     [ 1.8774  4.1918]
     [ 7.0584 13.9581]]
    """

    spectrum: Spectrum
    aspect_ratio: float

    def _checked(self) -> dict[str, object]:
        gamma = float(numbers("aspect_ratio", self.aspect_ratio, above=0, ndim=0))
        Atoms.of(self.spectrum, gamma)
        return {"aspect_ratio": gamma}

    @property
    def support(self) -> FloatArray:
        """Ends of all intervals of the continuous part, ascending; shape (k, 2), units of the eigenvalues."""
        critical = self._solution.critical
        return critical.anchors.high[critical.edges].reshape(-1, 2) * self._solution.atoms.unit

    def pdf(self, x: npt.ArrayLike, /) -> FloatArray:
        r"""Density of the continuous part: the atom is not in it.

        .. math:: f(x) = \frac{\beta}{\pi\gamma|\kappa|^2}, \qquad \kappa = \alpha - i\beta

        Parameters
        ----------
        x : array_like
            Real or infinite, units of the eigenvalues.

        Returns
        -------
        ndarray
            Shape of x. 0 outside the support; inf at x = 0 if n = rank.

        Raises
        ------
        ValueError
            If x is nan.

        Examples
        --------
        >>> import riskcalc as rc
        >>> law = rc.SpectralLaw(rc.Spectrum.from_eigenvalues([4, 1]), aspect_ratio=0.5)
        >>> print(law.pdf([0.1, 1, 3, 9]).round(6))
        [0.       0.285613 0.099123 0.013933]
        """
        y = self._scaled(x)
        density, inside = np.zeros(y.shape), self._solution.inside(y)
        kappa = self._solution.boundary(y[inside])
        density[inside] = (
            abs(kappa.imag) / abs(kappa) / abs(kappa) / (np.pi * self.aspect_ratio * self._solution.atoms.unit)
        )
        density[(y == 0) & self._solution.starts_at_zero] = np.inf
        return density[()]

    def cdf(self, x: npt.ArrayLike, /) -> FloatArray:
        r"""Distribution function P(eigenvalue ≤ x), the atom included.

        .. math:: F(x) = 1 - \frac1{\pi\gamma}\Big[\beta_0 + \frac1n\sum_im_i\Big(\beta_i-\beta_0
                  -\frac{\beta\sigma_i}{|\sigma_i+\kappa|^2}\Big)\Big], \qquad
                  \beta_i = \pi - \arg(\sigma_i+\bar\kappa),\ \sigma_0 = 0

        Parameters
        ----------
        x : array_like
            Real or infinite, units of the eigenvalues.

        Returns
        -------
        ndarray
            Shape of x; 0 for x < 0.

        Raises
        ------
        ValueError
            If x is nan.

        Notes
        -----
        Absolute error about 1e-15. In a gap it is exactly the population's share below −κ [1]_.

        References
        ----------
        .. [1] baisilverstein1999 (place not checked)

        Examples
        --------
        >>> import riskcalc as rc
        >>> law = rc.SpectralLaw(rc.Spectrum.from_eigenvalues([4, 1, 0], [1, 2, 1]), aspect_ratio=0.1)
        >>> print(law.cdf([-1, 0, 1, 2, 4]).round(6))
        [0.       0.25     0.535752 0.75     0.870806]
        """
        y = self._scaled(x)
        return np.where(y < 0, 0.0, np.maximum(1 - self._solution.mass_above(y), self.atom))[()]

    def sf(self, x: npt.ArrayLike, /) -> FloatArray:
        """Survival function P(eigenvalue > x); absolute error about 1e-15."""
        y = self._scaled(x)
        return np.where(y < 0, 1.0, self._solution.mass_above(y))[()]

    def ppf(self, q: npt.ArrayLike, /) -> FloatArray:
        r"""Quantile, the least x with F(x) ≥ q.

        .. math:: F(x) = q

        Parameters
        ----------
        q : array_like, >= 0 and <= 1
            Probability; dimensionless.

        Returns
        -------
        ndarray
            Shape of q. 0 where q is at most a positive atom; without an atom q = 0 gives the lower edge.

        Raises
        ------
        ValueError
            If q is outside [0, 1] or nan.
        NotConvergedError
            If a root is not found in its bracket (not seen).

        Notes
        -----
        F(ppf(q)) = q to the rounding of x, 1e-16 x f(x), and of F.

        Examples
        --------
        >>> import riskcalc as rc
        >>> law = rc.SpectralLaw(rc.Spectrum.from_eigenvalues([4, 1, 0], [1, 2, 1]), aspect_ratio=0.1)
        >>> print(law.ppf([0.2, 0.5, 0.75, 1]).round(6))
        [0.       0.950229 1.452987 5.428674]
        """
        q = numbers("q", q, at_least=0, at_most=1)
        return np.where(
            (q <= self.atom) & (self.atom > 0), 0.0, self._solution.atoms.unit * self._solution.quantile(1 - q)
        )[()]

    def isf(self, q: npt.ArrayLike, /) -> FloatArray:
        """Upper quantile, the least x with P(eigenvalue > x) ≤ q."""
        q = numbers("q", q, at_least=0, at_most=1)
        return np.where(
            (q >= 1 - self.atom) & (self.atom > 0), 0.0, self._solution.atoms.unit * self._solution.quantile(q)
        )[()]

    def median(self) -> FloatArray:
        """Median, ppf(1/2)."""
        return self.ppf(0.5)

    def rvs(self, size: int | tuple[int, ...] = (), *, rng: Any = None) -> FloatArray:
        """Independent draws, by inversion (the eigenvalues of one matrix are not independent: they repel each other).

        Parameters
        ----------
        size : int or tuple of int
            Shape of the answer.
        rng : int, SeedSequence or Generator, optional
            As in ``numpy.random.default_rng``; a Generator moves on.

        Returns
        -------
        ndarray
            Of shape ``size``; units of the eigenvalues.

        Examples
        --------
        >>> import riskcalc as rc
        >>> law = rc.SpectralLaw(rc.Spectrum.from_eigenvalues([4, 1, 0], [1, 2, 1]), aspect_ratio=0.1)
        >>> print(law.rvs(10_000, rng=0).mean().round(2), law.mean().round(12))
        1.5 1.5
        """
        return self.ppf(np.random.default_rng(rng).random(size))

    @cached_property
    def _solution(self) -> Solution:
        return Solution(Atoms.of(self.spectrum, self.aspect_ratio))

    def _scaled(self, x: npt.ArrayLike) -> FloatArray:
        with np.errstate(over="ignore"):
            return np.asarray(numbers("x", x, finite=False) / self._solution.atoms.unit)
