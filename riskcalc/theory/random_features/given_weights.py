"""Random features of given weights on data whose target is drawn: the mean Problem over its directions."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from riskcalc.activations import Activation
from riskcalc.activations.piecewise_power import PiecewisePower
from riskcalc.arguments import FloatArray
from riskcalc.data import GaussianData, HypercubeData, SphereData
from riskcalc.estimators import RandomFeatureRidge
from riskcalc.harmonics import log_sphere_multiplicity
from riskcalc.harmonics.polynomials import polynomials
from riskcalc.spectrum import Spectrum
from riskcalc.targets import Monomials
from riskcalc.theory.activation_moments import moments
from riskcalc.theory.problem import Problem
from riskcalc.theory.random_features.conditional import any_norm, feature_covariance, needs_unit
from riskcalc.theory.random_features.input_law import InputLaw, weight_rows

MOST = 64  # degrees of a target that is no polynomial; the energy beyond counts as outside
NEGLIGIBLE = 1e-12  # of the energy


def given_weights_problem(data: Any, estimator: RandomFeatureRidge) -> Problem:
    r"""Eigenvalues of the features' covariance Ω, and the mean energy of the target along its eigenvectors v.

    .. math:: e_i = \frac{v_i^\top\,\mathrm{E}[cc^\top]\,v_i}{\omega_i},\qquad
              c_j = \tfrac1{\sqrt N}\,\mathrm{E}\,\varphi(\langle w_j,x\rangle)f_*(x)

    The mean is over the rotations of the target, which each trial of an experiment draws.
    """
    if isinstance(data, HypercubeData):
        raise ValueError(
            'weights must be "sphere" or "gaussian" for HypercubeData, got an array; its targets have no rotation '
            "symmetry: use SphereData or GaussianData"
        )
    moments_of = _on_gaussian if isinstance(data, GaussianData) else _on_sphere
    covariance, cross, energy = moments_of(data, estimator)
    width = len(covariance)
    return averaged_problem(covariance / width, cross / width, energy, data.noise)


def averaged_problem(covariance: FloatArray, cross: FloatArray, energy: float, noise: npt.ArrayLike) -> Problem:
    """From the features' covariance, the mean of c cᵀ, and the energy of the target; rounding counts as zero."""
    omega, vectors = np.linalg.eigh(covariance)
    omega = np.where(omega > len(omega) * np.finfo(float).eps * omega[-1], omega, 0.0)
    seen = np.einsum("ij,ij->j", vectors, cross @ vectors)
    energies = np.divide(np.maximum(seen, 0.0), omega, out=np.zeros_like(omega), where=omega > 0)
    outside = max(energy - float(energies.sum()), 0.0)
    return Problem(Spectrum.from_eigenvalues(omega[::-1]), energies[::-1], noise, outside)


def _on_sphere(data: SphereData, estimator: RandomFeatureRidge) -> tuple[FloatArray, FloatArray, float]:
    r"""In a random direction: :math:`\mathrm{E}\,cc^\top = \frac1N\sum_k\frac{F_k^2m_k}{B_k}P_k(WW^\top)`."""
    if isinstance(data.target, Monomials):
        raise ValueError(
            "target must be drawn in a random direction beside given weights, got Monomials; use "
            "targets.DegreeEnergies or targets.SingleIndex"
        )
    phi, d = estimator.activation, data.n_inputs
    law = InputLaw.of("sphere", d)
    W = _rows(phi, estimator, law)
    top = data.target.degree(d)
    energies = data.target.energies(d, int(min(top, MOST)))
    last = int(np.flatnonzero(energies.by_degree > NEGLIGIBLE * energies.total).max(initial=0))
    scale = np.linalg.norm(W, axis=1) ** (phi.branches()[2] if isinstance(phi, PiecewisePower) else 0.0)
    rows = W / np.linalg.norm(W, axis=1)[:, None]
    cosines = np.clip(rows @ rows.T, -1, 1)
    masses = phi.sphere_coefficients(d, last, normalised=True) ** 2
    weights = energies.by_degree[: last + 1] * masses * np.exp(-log_sphere_multiplicity(d, np.arange(last + 1)))
    cross = sum(w * P for w, P in zip(weights, polynomials(d, cosines), strict=False))
    return feature_covariance(phi, W, law), np.outer(scale, scale) * cross, energies.total


def _on_gaussian(data: GaussianData, estimator: RandomFeatureRidge) -> tuple[FloatArray, FloatArray, float]:
    r"""With weights Σ^½w of a standard z: :math:`\mathrm{E}\,cc^\top = \frac1N K W\,\mathrm{diag}(e/m)\,W^\top K`."""
    phi, spectrum = estimator.activation, data.spectrum
    whole_numbers = (np.rint(spectrum.multiplicities) == spectrum.multiplicities).all()
    if spectrum.tail > 0 or not math.isfinite(spectrum.n_features) or not whole_numbers:
        raise ValueError(
            f"n_features must be a finite whole number for given weights, got {spectrum.n_features:g}; they have a "
            "column per feature"
        )
    counts = spectrum.multiplicities.astype(np.int64)
    order = np.argsort(np.repeat(spectrum.eigenvalues == 0, counts), kind="stable")  # those of variance 0 last
    sigma = np.repeat(spectrum.eigenvalues, counts)[order]
    each = np.repeat(np.asarray(data.energies) / np.maximum(counts, 1), counts)[order]
    law = InputLaw.of("gaussian", sigma.size)
    W = _rows(phi, estimator, law, np.sqrt(sigma))
    slopes = np.sqrt(moments(phi, (W**2).sum(axis=1)).linear)
    along = slopes[:, None] * W
    cross = (along * np.where(sigma > 0, each, 0.0)) @ along.T
    return feature_covariance(phi, W, law), cross, float(np.asarray(data.energies).sum()) + data.outside_energy


def _rows(phi: Activation, estimator: RandomFeatureRidge, law: InputLaw, scale: FloatArray | float = 1.0) -> FloatArray:
    """The weights, in units in which the inputs are standard."""
    W = np.asarray(estimator.weights, dtype=np.float64)
    if W.shape[1] != law.n_inputs:
        raise ValueError(f"weights must have a column per input ({law.n_inputs}), got shape {W.shape}")
    return weight_rows(W * scale, unit="" if any_norm(phi, law.name) else needs_unit(phi, law.name))
