"""How each pair is reduced to a Problem. The table of pairs of this room."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.linalg

from riskcalc.data import Dataset, GaussianData, HypercubeData, LatentSpaceData, SphereData
from riskcalc.estimators import Ensemble, GradientFlow, KernelRidge, NeuralTangentRidge, RandomFeatureRidge, Ridge
from riskcalc.estimators.gradient_flow import kernel_of
from riskcalc.kernels import Dual, NeuralTangent
from riskcalc.model import Model, lookup
from riskcalc.spectrum import Spectrum
from riskcalc.theory.activation_moments import moments
from riskcalc.theory.eigensystem import Eigensystem
from riskcalc.theory.kernel_reduction import kernel_problem
from riskcalc.theory.linear_regime import linear_regime, whole_dimension
from riskcalc.theory.neural_tangent.reductions import gaussian_tangent_problem, tangent_given_weights_problem
from riskcalc.theory.problem import Problem
from riskcalc.theory.random_features.given_weights import given_weights_problem


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


def _kernel_ridge(data: SphereData | HypercubeData, estimator: KernelRidge) -> Problem:
    return kernel_problem(data, estimator.kernel)


def _gaussian_kernel(data: GaussianData, estimator: KernelRidge) -> Problem:
    """The linear part of the kernel, then the constant, without energy; higher degrees are the tail."""
    regime = linear_regime(estimator.kernel, data.spectrum)
    return Problem(regime.spectrum, np.append(data.energies, 0.0), data.noise, data.outside_energy)


def _kernel_features(data: SphereData | HypercubeData, estimator: RandomFeatureRidge) -> Problem:
    """That of the kernel of infinite width, or of the given weights."""
    if not isinstance(estimator.weights, str):
        return given_weights_problem(data, estimator)
    return kernel_problem(data, Dual(estimator.activation, estimator.weights))


def _gaussian_features(data: GaussianData, estimator: RandomFeatureRidge) -> Problem:
    """The linear part of the activation, then its constant, without energy; the rest is the tail."""
    if not isinstance(estimator.weights, str):
        return given_weights_problem(data, estimator)
    d = whole_dimension(data.spectrum)
    part = moments(estimator.activation, data.spectrum.trace / d)
    xi = np.append(part.linear * data.spectrum.eigenvalues / d, part.constant)
    spectrum = Spectrum.from_eigenvalues(xi, np.append(data.spectrum.multiplicities, 1.0), tail=float(part.nonlinear))
    return Problem(spectrum, np.append(data.energies, 0.0), data.noise, data.outside_energy)


def _ensemble(data: Any, estimator: Ensemble) -> Problem:
    """That of its members."""
    return lookup(MEMBERS, "theory of an ensemble", data, estimator.estimator)(data, estimator.estimator)


def _gaussian_flow(data: GaussianData, estimator: GradientFlow) -> Problem:
    if estimator.kernel is not None:
        raise TypeError(f"kernel must be None for GaussianData, got {estimator.kernel!r}; its model is linear")
    return _gaussian_ridge(data, Ridge(0))


def _latent_space_flow(data: LatentSpaceData, estimator: GradientFlow) -> Problem:
    if estimator.kernel is not None:
        raise TypeError(f"kernel must be None for LatentSpaceData, got {estimator.kernel!r}; its model is linear")
    return _latent_space_ridge(data, Ridge(0))


def _kernel_flow(data: SphereData | HypercubeData, estimator: GradientFlow) -> Problem:
    return kernel_problem(data, kernel_of(estimator, data))


def _neural_tangent(data: SphereData | HypercubeData | GaussianData, estimator: NeuralTangentRidge) -> Problem:
    """That of the given weights, or of the kernel of infinite width, whatever the width is."""
    if not isinstance(estimator.weights, str):
        return tangent_given_weights_problem(data, estimator)
    if isinstance(data, GaussianData):
        return gaussian_tangent_problem(data, estimator)
    return kernel_problem(data, NeuralTangent(estimator.activation, estimator.layers, estimator.weights))


Reduction = Callable[[Any, Any], Problem]
MEMBERS: dict[tuple[type[Model], type[Model]], Reduction] = {
    (GaussianData, Ridge): _gaussian_ridge,
    (LatentSpaceData, Ridge): _latent_space_ridge,
    (SphereData, KernelRidge): _kernel_ridge,
    (HypercubeData, KernelRidge): _kernel_ridge,
    (SphereData, RandomFeatureRidge): _kernel_features,
    (HypercubeData, RandomFeatureRidge): _kernel_features,
    (GaussianData, RandomFeatureRidge): _gaussian_features,
}  # of which there are ensembles
REDUCTIONS: dict[tuple[type[Model], type[Model]], Reduction] = {
    (GaussianData, Ridge): _gaussian_ridge,
    (Dataset, Ridge): _dataset_ridge,
    (Dataset, KernelRidge): _dataset_ridge,
    (LatentSpaceData, Ridge): _latent_space_ridge,
    (SphereData, KernelRidge): _kernel_ridge,
    (HypercubeData, KernelRidge): _kernel_ridge,
    (GaussianData, Ensemble): _ensemble,
    (LatentSpaceData, Ensemble): _ensemble,
    (SphereData, Ensemble): _ensemble,
    (HypercubeData, Ensemble): _ensemble,
    (GaussianData, GradientFlow): _gaussian_flow,
    (LatentSpaceData, GradientFlow): _latent_space_flow,
    (SphereData, GradientFlow): _kernel_flow,
    (HypercubeData, GradientFlow): _kernel_flow,
    (GaussianData, KernelRidge): _gaussian_kernel,
    (SphereData, RandomFeatureRidge): _kernel_features,
    (HypercubeData, RandomFeatureRidge): _kernel_features,
    (GaussianData, RandomFeatureRidge): _gaussian_features,
    (SphereData, NeuralTangentRidge): _neural_tangent,
    (HypercubeData, NeuralTangentRidge): _neural_tangent,
    (GaussianData, NeuralTangentRidge): _neural_tangent,
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
