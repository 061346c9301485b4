"""Neural tangent ridge regression on data as a Problem: given weights, and the linear regime of Gaussian data."""

from __future__ import annotations

from typing import Any

import numpy as np

from riskcalc.data import GaussianData, HypercubeData
from riskcalc.estimators import NeuralTangentRidge
from riskcalc.spectrum import Spectrum
from riskcalc.targets import SingleIndex
from riskcalc.theory.neural_tangent.block import sloped
from riskcalc.theory.neural_tangent.conditional import tangent_covariance, tangent_cross
from riskcalc.theory.neural_tangent.induced import self_induced_ridge
from riskcalc.theory.neural_tangent.linear_equivalent import linear_slope
from riskcalc.theory.problem import Problem
from riskcalc.theory.random_features.given_weights import averaged_problem
from riskcalc.theory.random_features.input_law import InputLaw, target_expansion, weight_rows

LINEAR = SingleIndex(coefficients=[0.0, 1.0])


def gaussian_tangent_problem(data: GaussianData, estimator: NeuralTangentRidge) -> Problem:
    r"""The kernel of infinite width for x ~ N(0, 1) and n ~ d: linear functions, and a tail.

    .. math:: \xi_1 = \frac{\mu_1^2}d\,[\times 2],\qquad s_1 = v_1\,[+\mu_*^2],

    the brackets for both layers.
    """
    phi, layers = sloped(estimator.activation), 1 + (estimator.layers == "both")
    eigenvalue = layers * linear_slope(phi) ** 2 / data.spectrum.n_features
    tail = float(self_induced_ridge(phi, 1))
    if layers == 2:
        constant, linear = phi.hermite_coefficients(1)
        tail += max(phi.second_moment() - constant**2 - linear**2, 0.0)
    spectrum = Spectrum.from_eigenvalues([eigenvalue], data.spectrum.multiplicities, tail=tail)
    return Problem(spectrum, data.energies, data.noise, data.outside_energy)


def tangent_given_weights_problem(data: Any, estimator: NeuralTangentRidge) -> Problem:
    r"""Eigenvalues of the features' covariance, and the mean energy along its eigenvectors of a linear target.

    .. math:: \mathrm{E}\,cc^\top = \frac{F_1^2}d\sum_{a\le d}c(e_a)c(e_a)^\top,\qquad
              c(e) = \mathrm{E}\,\psi(x)\langle e,x\rangle
    """
    both = estimator.layers == "both"
    if isinstance(data, HypercubeData):
        raise ValueError(
            'weights must be "sphere" or "gaussian" for HypercubeData, got an array; its targets have no rotation '
            "symmetry: use SphereData or GaussianData"
        )
    if isinstance(data, GaussianData):
        law, linear, total = "gaussian", float(np.sum(data.energies)), float(np.sum(data.energies))
        outside, d = data.outside_energy, int(data.spectrum.n_features)
    else:
        d = data.n_inputs
        energies = data.target.energies(d, 1)
        law, linear, total, outside = "sphere", float(energies.by_degree[1]), energies.total, 0.0
    if total - linear > 1e-12 * total:
        raise ValueError(
            f"target must be linear beside given weights, got {data.target!r}; "
            "neural_tangent.conditional_problem(activation, weights, target) takes others, in one direction"
        )
    phi, inputs = sloped(estimator.activation), InputLaw.of(law, d)
    W = weight_rows(estimator.weights, unit="neural tangent models")
    if W.shape[1] != d:
        raise ValueError(f"weights must have a column per input ({d}), got shape {W.shape}")
    link = target_expansion(inputs, LINEAR)
    slopes = np.column_stack([tangent_cross(phi, W, e, link, inputs, both) for e in np.eye(d)])
    cross = slopes @ slopes.T * (linear / d)
    return averaged_problem(tangent_covariance(phi, W, inputs, both), cross, total + outside, data.noise)
