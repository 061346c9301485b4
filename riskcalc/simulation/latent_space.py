"""Draws of the latent space model."""

from __future__ import annotations

import numpy as np
import scipy.linalg

from riskcalc.arguments import FloatArray, numbers
from riskcalc.data import LatentSpaceData
from riskcalc.estimators import Ridge
from riskcalc.model import Model
from riskcalc.simulation.draw import LinearSample


def latent_sample(data: LatentSpaceData, n: int, rng: np.random.Generator) -> LinearSample:
    r"""Rows x = Wz + u in the basis of W's left singular vectors, in which u is as Gaussian as before.

    With W = U s Vᵀ the features are s⟨v, z⟩ + u, of variance 1 + s²; the best linear prediction of ⟨ϑ, z⟩ has the
    coefficients s⟨v, ϑ⟩/(1 + s²), and the rest of ⟨ϑ, z⟩ is independent of x.
    """
    theta = np.asarray(data.coefficients)
    _, s, V = scipy.linalg.svd(np.asarray(data.loadings), full_matrices=False)
    z, X = rng.standard_normal((n, data.n_latent)), rng.standard_normal((n, data.n_features))
    X[:, : s.size] += z @ V.T * s
    covariance, best = np.ones(data.n_features), np.zeros(data.n_features)
    covariance[: s.size] += s**2
    along = V @ theta
    best[: s.size] = s * along / (1 + s**2)
    unseen = theta - V.T @ along
    rest = float((along**2 / (1 + s**2)).sum() + unseen @ unseen)
    return LinearSample(
        X, covariance, best, np.zeros(n), rng.standard_normal(n), nonlinear=z @ theta - X @ best, nonlinear_energy=rest
    )


def scaled_latent_ridge(
    data: LatentSpaceData, estimator: Ridge, sizes: FloatArray, factor: float
) -> tuple[Model, Model]:
    """The numbers of features and of latent variables are those of the loadings."""
    numbers("ridge", estimator.ridge, hint="an infinite ridge needs no experiment: it predicts zero")
    if factor != 1:
        raise ValueError(f"scale must be 1 for LatentSpaceData, whose sizes are those of its loadings, got {factor:g}")
    return data, estimator
