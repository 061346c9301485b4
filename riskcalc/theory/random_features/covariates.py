"""Gaussian covariates: teacher and student features with given covariances are one Problem of ridge regression."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from riskcalc.arguments import numbers, symmetric
from riskcalc.theory.problem import Problem


def covariate_problem(
    teacher_covariance: npt.ArrayLike,
    cross_covariance: npt.ArrayLike,
    student_covariance: npt.ArrayLike,
    coefficients: npt.ArrayLike,
    noise: npt.ArrayLike = 0,
) -> Problem:
    r"""Problem of a student v that learns a teacher y = ⟨θ,u⟩ + ε by square loss.

    .. math:: \Psi = \mathrm{E}uu^\top,\ \Phi = \mathrm{E}uv^\top,\ \Omega = \mathrm{E}vv^\top:\qquad
              b_* = \Omega^{-1}\Phi^\top\theta,\quad M = \theta^\top\Psi\theta - \theta^\top\Phi b_*

    Parameters
    ----------
    teacher_covariance : array_like, shape (k, k)
        Ψ.
    cross_covariance : array_like, shape (k, p)
        Φ.
    student_covariance : array_like, shape (p, p)
        Ω.
    coefficients : array_like, shape (k,)
        θ.
    noise : array_like, >= 0

    Returns
    -------
    Problem
        For ``ridge_risk``; what the student cannot reach is its ``outside_energy`` and counts as bias.

    Raises
    ------
    ValueError
        If shapes do not match, or the three are not the blocks of a covariance.

    References
    ----------
    .. [1] loureiro2021 (the model; place not checked)
    .. [2] derived (square loss is ridge regression with misspecification)

    Examples
    --------
    >>> import riskcalc as rc
    >>> make = rc.random_features.covariate_problem
    >>> make([[1.0]], [[0.8]], [[1.0]], [2.0], noise=0.1).outside_energy.__round__(12)
    1.44
    """
    psi, omega = (
        symmetric("teacher_covariance", teacher_covariance),
        symmetric("student_covariance", student_covariance),
    )
    phi, theta = numbers("cross_covariance", cross_covariance, ndim=2), numbers("coefficients", coefficients, ndim=1)
    if phi.shape != (len(psi), len(omega)):
        raise ValueError(f"cross_covariance must have shape ({len(psi)}, {len(omega)}), got {phi.shape}")
    if theta.size != len(psi):
        raise ValueError(f"coefficients must have one entry per teacher feature ({len(psi)}), got {theta.size}")
    return Problem.from_moments(omega, np.asarray(theta @ phi), float(theta @ psi @ theta), noise)
