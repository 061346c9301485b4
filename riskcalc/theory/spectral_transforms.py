"""What is known of a law through its transforms: the atom, the moments, and the two Stieltjes transforms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from riskcalc.arguments import FloatArray, numbers, whole
from riskcalc.theory.spectral_moments import moment

if TYPE_CHECKING:
    from riskcalc.theory.spectral_solution import Solution

HIGHEST_MOMENT = 500
FAR = 1e60


class Transforms:
    """The part of SpectralLaw that needs no density."""

    aspect_ratio: float

    @property
    def _solution(self) -> Solution:
        raise NotImplementedError

    @property
    def atom(self) -> FloatArray:
        """Mass at zero, 1 − min(n, rank)/p; 0-d."""
        atoms, gamma = self._solution.atoms, self.aspect_ratio
        return np.asarray((gamma - 1) / gamma if atoms.rank_excess > 0 else atoms.zeros / atoms.n_features)[()]

    def mean(self) -> FloatArray:
        """Mean, Tr Σ/p."""
        return self.moment(1)

    def var(self) -> FloatArray:
        """Variance: the population's, plus γ times the squared mean."""
        atoms, mean = self._solution.atoms, self.mean()
        share = atoms.multiplicity / atoms.n_features
        spread = share @ (atoms.sigma * atoms.unit - mean) ** 2 + atoms.zeros / atoms.n_features * mean**2
        return np.asarray(spread + self.aspect_ratio * mean**2)[()]

    def std(self) -> FloatArray:
        """Standard deviation."""
        return np.sqrt(self.var())

    def moment(self, k: int, /) -> FloatArray:
        r"""Moment of any whole order, from the population's moments :math:`M_j = \mathrm{Tr}\,\Sigma^j/p`.

        .. math:: E\,x^k = \frac1{\gamma(k+1)}[t^k]\Big(1+\gamma\sum_{j\ge1}M_jt^j\Big)^{k+1}, \qquad
                  E\,x^{-k-1} = \frac1{\gamma k}[t^{k+1}]\Big(1-\gamma-\gamma\sum_{j\ge1}M_{-j}t^j\Big)^{-k}

        Parameters
        ----------
        k : int, -500 to 500
            Order.

        Returns
        -------
        ndarray
            0-d; inf for negative k if γ ≥ 1 or an eigenvalue is zero.

        Raises
        ------
        ValueError
            If k is not a whole number of its domain.

        Notes
        -----
        :math:`[t^k]` is the coefficient of :math:`t^k`; k ≥ 1. All terms are positive: relative error 1e-16 |k|.

        References
        ----------
        .. [1] derived (Lagrange's inversion of x(κ))

        Examples
        --------
        >>> import riskcalc as rc
        >>> law = rc.SpectralLaw(rc.Spectrum.from_eigenvalues([4, 1]), aspect_ratio=0.5)
        >>> print(law.moment(1), law.moment(2), law.moment(-1))
        2.5 11.625 1.25
        """
        k = whole("k", k, at_least=-HIGHEST_MOMENT)
        if k > HIGHEST_MOMENT:
            raise ValueError(f"k must be a whole number <= {HIGHEST_MOMENT}, got {k}")
        atoms = self._solution.atoms
        if k == 0:
            return np.asarray(1.0)[()]
        if k < 0 and (atoms.rank_excess >= 0 or atoms.zeros > 0):
            return np.asarray(np.inf)[()]
        return np.asarray(moment(atoms, k))[()]

    def stieltjes(self, z: npt.ArrayLike, /) -> npt.NDArray[Any]:
        r"""Stieltjes transform m(z) = E 1/(x − z).

        .. math:: m(z) = -\frac1{z\,p}\,\mathrm{Tr}\,\kappa(\Sigma+\kappa)^{-1}, \qquad x(\kappa) = z

        Parameters
        ----------
        z : array_like, real or complex
            Real outside the support (and not 0 if there is an atom), or with an imaginary part of either sign.

        Returns
        -------
        ndarray
            Shape of z; real for real z.

        Raises
        ------
        ValueError
            If z is on the support, at the atom, nan or infinite.

        Examples
        --------
        >>> import riskcalc as rc
        >>> law = rc.SpectralLaw(rc.Spectrum.from_eigenvalues([4, 1]), aspect_ratio=0.5)
        >>> print(law.stieltjes([-1, 0, 20]).round(6))
        [ 0.42226   1.25     -0.058348]
        """
        point, atoms = _complex(z), self._solution.atoms
        refused = self._on_support(point) | ((point == 0) & (self.atom > 0))
        if refused.any():
            got = point.real[refused].flat[0]
            raise ValueError(f"z must be off the .support and the .atom, got {got:g}; give it an imaginary part")
        value = _at_infinity(point)
        value[point == 0] = self.moment(-1)
        near = (abs(point) < FAR * atoms.unit) & (point != 0)
        kappa, trace = self._solution.roots(point[near] / atoms.unit)
        value[near] *= kappa * trace / self.aspect_ratio + atoms.zeros / atoms.n_features
        return np.asarray(value if np.iscomplexobj(z) else value.real).reshape(np.shape(z))[()]

    def companion_stieltjes(self, z: npt.ArrayLike, /) -> npt.NDArray[np.complex128]:
        r"""Stieltjes transform v(z) = E 1/(x − z) of the law of :math:`XX^\mathsf{T}/n`, on the support from above.

        .. math:: v(z) = \frac1\kappa = \gamma\,m(z) - \frac{1-\gamma}z, \qquad v(x+i0) = \ldots + i\pi\gamma f(x)

        Parameters
        ----------
        z : array_like, real or complex
            Anywhere, 0 aside if n_samples is at least the rank.

        Returns
        -------
        ndarray
            Shape of z, complex. In ridge regression v(−λ/n) = 1/κ with the effective ridge κ.

        Raises
        ------
        ValueError
            If z is 0 and the law has an atom or an infinite density there, or z is nan or infinite.

        Examples
        --------
        >>> import riskcalc as rc
        >>> law = rc.SpectralLaw(rc.Spectrum.from_eigenvalues([4, 1]), aspect_ratio=0.5)
        >>> print(law.companion_stieltjes([-1, 3]).round(6))
        [ 0.71113 +0.j       -0.263476+0.155703j]
        """
        point, unit = _complex(z), self._solution.atoms.unit
        if ((point == 0) & (self._solution.atoms.rank_excess <= 0)).any():
            raise ValueError(
                "z must not be 0 where n_samples is at least the rank, as v is infinite there; give it a sign"
            )
        near = abs(point) < FAR * unit
        on = self._on_support(point)
        off = near & ~on
        value = _at_infinity(point)
        value[on] = 1 / (self._solution.boundary(point.real[on] / unit) * unit)
        value[off] = 1 / (self._solution.roots(point[off] / unit)[0] * unit)
        return value.reshape(np.shape(z))[()]

    def _on_support(self, point: npt.NDArray[np.complex128]) -> npt.NDArray[np.bool_]:
        unit = self._solution.atoms.unit
        on: npt.NDArray[np.bool_] = np.asarray((abs(point) < FAR * unit) & (point.imag == 0))
        on[on] = self._solution.on_support(point.real[on] / unit)
        return on


def _complex(z: npt.ArrayLike) -> npt.NDArray[np.complex128]:
    """Flat."""
    return np.ravel(numbers("z", np.real(z)) + 1j * numbers("z", np.imag(z)))


def _at_infinity(point: npt.NDArray[np.complex128]) -> npt.NDArray[np.complex128]:
    """What both transforms are to rounding far off."""
    return np.asarray(-1 / np.where(point == 0, 1, point), dtype=np.complex128)
