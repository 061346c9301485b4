"""The waist of the hourglass: what a pair (data, estimator) is reduced to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt
import scipy.linalg

from riskcalc.arguments import FloatArray, instance, numbers, positive_part, symmetric
from riskcalc.data.gaussian import energies_per_entry
from riskcalc.model import Model
from riskcalc.spectrum import SPECTRUM_HINT, Spectrum

PROBLEM_HINT = "use Problem(spectrum, energies, noise)"


@dataclass(frozen=True, eq=False, repr=False)
class Problem(Model):
    r"""A spectrum, the target's energy in each eigenspace, what lies outside, and the noise.

    .. math:: \mathrm{E} f_*^2 = \sum_i e_i + M, \qquad \mathrm{E}\varepsilon^2 = \tau^2

    Parameters
    ----------
    spectrum : Spectrum
    energies : array_like, >= 0, one per spectrum entry
        :math:`e_i`, in function space. Energy at a zero eigenvalue counts as outside.
    noise : array_like, >= 0
        τ², broadcasts against n_samples and ridge.
    outside_energy : float, >= 0
        M, what no linear function of the features reaches.

    Raises
    ------
    ValueError
        Energies of another length, or numbers outside their domain.
    TypeError
        If ``spectrum`` is not a Spectrum.

    References
    ----------
    .. [1] misiakiewicz2024 (lecture 2; place not checked)

    Examples
    --------
    >>> import riskcalc as rc
    >>> problem = rc.Problem(rc.Spectrum.isotropic(2.0), energies=[1.0], noise=0.25)
    >>> print(rc.ridge_risk(problem, n_samples=1.0, ridge=0).test)
    1.0
    """

    spectrum: Spectrum
    energies: npt.ArrayLike
    noise: npt.ArrayLike = 0.0
    outside_energy: float = 0.0

    def _checked(self) -> dict[str, object]:
        instance("spectrum", self.spectrum, Spectrum, SPECTRUM_HINT)
        return {
            "energies": energies_per_entry(self.spectrum, self.energies),
            "noise": numbers("noise", self.noise, at_least=0, hint="it is a variance"),
            "outside_energy": float(numbers("outside_energy", self.outside_energy, at_least=0, ndim=0)),
        }

    @classmethod
    def from_moments(
        cls, covariance: npt.ArrayLike, cross: npt.ArrayLike, energy: float, noise: npt.ArrayLike = 0
    ) -> Self:
        r"""Problem of explicit features ψ with given second moments.

        .. math:: C = \mathrm{E}\psi\psi^\top,\quad c = \mathrm{E}\psi f_*,\quad \mathrm{E}f_*^2

        Parameters
        ----------
        covariance : array_like, shape (p, p)
        cross : array_like, shape (p,)
        energy : float, >= 0
            At least :math:`c^\top C^{-1} c`, what the features explain.
        noise : array_like, >= 0

        Returns
        -------
        Problem
            :math:`e_i = \langle v_i, c\rangle^2/\sigma_i`; the rest of ``energy`` is outside.

        Raises
        ------
        ValueError
            If the matrix is not a covariance, lengths differ, or the features explain more than ``energy``.

        Notes
        -----
        Eigenvalues below the matrix's rounding, p times 2e-16 of the largest, count as 0, and what the cross moment has
        there is dropped: since :math:`\langle v_i, c\rangle^2 \le \sigma_i\,\mathrm{E}f_*^2` it is no larger than the
        root of that; a larger part is outside the range and refused. The energy there is outside. Kernels with a fast
        spectrum have many such directions.

        Examples
        --------
        >>> import riskcalc as rc
        >>> rc.Problem.from_moments([[2.0, 0.0], [0.0, 1.0]], cross=[2.0, 0.0], energy=3.0).outside_energy
        1.0
        """
        matrix = symmetric("covariance", covariance)
        c = numbers("cross", cross, ndim=1)
        if c.size != len(matrix):
            raise ValueError(f"cross must have one entry per feature ({len(matrix)}), got shape {c.shape}")
        total = float(numbers("energy", energy, at_least=0, ndim=0))
        sigma, vectors = scipy.linalg.eigh(matrix)
        rounding = np.finfo(float).eps * sigma.size * np.array([np.abs(sigma).max(), np.abs(c).max()])
        sigma = positive_part("covariance", sigma)
        projections = vectors.T @ c
        lost = np.abs(projections[sigma == 0]).max(initial=0.0)
        if lost > 1e-10 * np.abs(c).max() + 2 * np.sqrt(rounding[0] * total):
            raise ValueError("cross must vanish along directions where covariance does, got a part outside its range")
        slopes = np.divide(projections, sigma, out=np.zeros_like(sigma), where=sigma > 0)
        energies = projections * slopes
        doubt = 1e-10 * total + rounding[0] * (slopes @ slopes) + 2 * rounding[1] * np.abs(slopes).sum()
        outside = total - energies.sum()
        if outside < -doubt:
            raise ValueError(f"energy must be >= {energies.sum():g}, which the features explain, got {total:g}")
        return cls(Spectrum.from_eigenvalues(sigma[::-1]), energies[::-1], noise, max(outside, 0.0))

    @property
    def reached(self) -> FloatArray:
        """Energies at positive eigenvalues, zero elsewhere."""
        return np.where(self.spectrum.log_eigenvalues > -np.inf, self.energies, 0.0)

    @property
    def unreached(self) -> float:
        """Energy outside: the given one and what sits at zero eigenvalues."""
        return self.outside_energy + float((np.asarray(self.energies) - self.reached).sum())
