"""Targets with a part that is not linear: its values on the rows are given, and it is not averaged over."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from riskcalc.arguments import FloatArray
from riskcalc.simulation.draw import LinearSample
from riskcalc.simulation.fit import Factorisation, SignalAndNoise, coefficients, generalised_cross_validation


def with_nonlinear(
    parts: SignalAndNoise, fit: Factorisation, sample: LinearSample, ridge: FloatArray
) -> SignalAndNoise:
    """The signal's parts for labels Xθ + f with the sample's f; what unit label noise does stays as it is.

    The part f is uncorrelated with x, so that the error on new points is the quadratic form of the coefficients' error
    plus the energy of f, which is not in ``signal_error``.
    """
    X, theta, f = sample.features, sample.coefficients, sample.nonlinear
    if f is None:
        return parts
    labels = X @ theta + f
    cross = X.T @ labels
    rows = []
    for one in ridge:
        fitted = coefficients(fit, cross, one)
        error, residual = fitted - theta, labels - X @ fitted
        rows.append(
            {
                "signal_error": sample.covariance @ error**2,
                "signal_train": np.mean(residual**2),
                "signal_norm": fitted @ fitted,
                "signal_distance": error @ error,
                "signal_fitted": np.mean((X @ error) ** 2),
                "signal_gcv": generalised_cross_validation(fit, cross, labels, one),
            }
        )
    return replace(parts, **{name: np.array([row[name] for row in rows]) for name in rows[0]}) if rows else parts
