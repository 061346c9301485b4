"""The waist of the hourglass: what a pair (data, estimator) is reduced to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import scipy.linalg

from riskcalc.arguments import FloatArray, instance, numbers, positive_part, symmetric
from riskcalc.data import Dataset, GaussianData, HypercubeData, LatentSpaceData, SphereData
from riskcalc.data.gaussian import energies_per_entry
from riskcalc.estimators import Ensemble, GradientFlow, KernelRidge, Ridge
from riskcalc.kernels import Kernel
from riskcalc.model import Model, lookup
from riskcalc.spectrum import SPECTRUM_HINT, Spectrum
from riskcalc.theory.eigensystem import Eigensystem
from riskcalc.theory.kernel_reduction import kernel_spectrum
from riskcalc.theory.linear_regime import linear_regime

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
        sigma = positive_part("covariance", sigma)
        projections = vectors.T @ c
        if np.abs(projections[sigma == 0]).max(initial=0.0) > 1e-10 * np.abs(c).max():
            raise ValueError("cross must vanish along directions where covariance does, got a part outside its range")
        energies = np.divide(projections**2, sigma, out=np.zeros_like(sigma), where=sigma > 0)
        outside = total - energies.sum()
        if outside < -1e-10 * total:
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


def _gaussian_ridge(data: GaussianData, estimator: Ridge) -> Problem:
    return Problem(data.spectrum, data.energies, data.noise, data.outside_energy)


def _dataset_ridge(data: Dataset, estimator: Ridge | KernelRidge) -> Problem:
    """Plug-in: the table's own second moment as if it were the population's; its label noise counts as target."""
    table, m = Eigensystem.of(data, estimator), data.n_rows
    if table.eigenvalues.size == 0:
        return Problem(Spectrum.from_eigenvalues(0.0), [0.0], 0.0, table.outside_energy / m)
    spectrum = Spectrum.from_eigenvalues(table.eigenvalues / m)
    return Problem(spectrum, table.squared_projections / m, 0.0, table.outside_energy / m)


def _latent_space_ridge(data: LatentSpaceData, estimator: Ridge) -> Problem:
    r"""Along the singular vectors of W = U s Vᵀ: eigenvalues 1 + s², energies s²a²/(1+s²) of a = Vᵀϑ, the rest outside.

    :math:`\Sigma = WW^\top+1` and :math:`e_i = \langle u_i, W\vartheta\rangle^2/\sigma_i`; no term of either cancels.
    """
    loadings, theta = np.asarray(data.loadings), np.asarray(data.coefficients)
    _, s, rows = scipy.linalg.svd(loadings, full_matrices=data.n_latent > data.n_features)
    along = (rows @ theta) ** 2
    seen, unseen = along[: s.size], float(along[s.size :].sum())
    sigma = 1 + s**2
    spectrum = Spectrum.from_eigenvalues([*sigma, 1.0], [*np.ones(s.size), data.n_features - s.size])
    return Problem(spectrum, [*(seen * (s**2 / sigma)), 0.0], data.noise, float((seen / sigma).sum()) + unseen)


def kernel_problem(data: SphereData | HypercubeData, kernel: Kernel, max_degree: int | None = None) -> Problem:
    """Eigenvalues and energies by degree up to ``max_degree`` (chosen if it is None), the rest in tail and outside."""
    spectrum = kernel_spectrum(data, kernel, max_degree)
    energies = data.target.energies(data.n_inputs, spectrum.eigenvalues.size - 1, data.domain)
    return Problem(spectrum, energies.by_degree, data.noise, energies.rest)


def _kernel_ridge(data: SphereData | HypercubeData, estimator: KernelRidge) -> Problem:
    return kernel_problem(data, estimator.kernel)


def _gaussian_kernel(data: GaussianData, estimator: KernelRidge) -> Problem:
    """The linear part of the kernel, then the constant, without energy; higher degrees are the tail."""
    regime = linear_regime(estimator.kernel, data.spectrum)
    return Problem(regime.spectrum, np.append(data.energies, 0.0), data.noise, data.outside_energy)


def _ensemble(data: Any, estimator: Ensemble) -> Problem:
    """That of its members, which must be ridge regressions on a linear model."""
    members = {pair: entry for pair, entry in REDUCTIONS.items() if pair[1] is Ridge and pair[0] is not Dataset}
    return lookup(members, "theory of an ensemble", data, estimator.estimator)(data, estimator.estimator)


def _gaussian_flow(data: GaussianData, estimator: GradientFlow) -> Problem:
    if estimator.kernel is not None:
        raise TypeError(f"kernel must be None for GaussianData, got {estimator.kernel!r}; its model is linear")
    return _gaussian_ridge(data, Ridge(0))


def _latent_space_flow(data: LatentSpaceData, estimator: GradientFlow) -> Problem:
    if estimator.kernel is not None:
        raise TypeError(f"kernel must be None for LatentSpaceData, got {estimator.kernel!r}; its model is linear")
    return _latent_space_ridge(data, Ridge(0))


REDUCTIONS: dict[tuple[type[Model], type[Model]], Callable[[Any, Any], Problem]] = {
    (GaussianData, Ridge): _gaussian_ridge,
    (Dataset, Ridge): _dataset_ridge,
    (Dataset, KernelRidge): _dataset_ridge,
    (LatentSpaceData, Ridge): _latent_space_ridge,
    (SphereData, KernelRidge): _kernel_ridge,
    (HypercubeData, KernelRidge): _kernel_ridge,
    (GaussianData, Ensemble): _ensemble,
    (LatentSpaceData, Ensemble): _ensemble,
    (GaussianData, GradientFlow): _gaussian_flow,
    (LatentSpaceData, GradientFlow): _latent_space_flow,
    (GaussianData, KernelRidge): _gaussian_kernel,
}


def reduce(data: Model, estimator: Model) -> Problem:
    """The Problem that a pair stands for.

    Parameters
    ----------
    data : data model
    estimator : estimator
        Its ridge does not matter.

    Returns
    -------
    Problem

    Raises
    ------
    TypeError
        If there is no theory for the pair; the sentence lists the pairs there are.

    Notes
    -----
    For a Dataset this is the plug-in problem: the table taken as the population. ``predict`` uses the
    finite-population equivalent instead.

    References
    ----------
    .. [1] derived

    Examples
    --------
    >>> import riskcalc as rc
    >>> print(rc.reduce(rc.GaussianData.isotropic(2.0, noise=0.1), rc.Ridge(0)).noise)
    0.1
    """
    return lookup(REDUCTIONS, "theory", data, estimator)(data, estimator)
