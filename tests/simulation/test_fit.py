"""Identities (other libraries, dense formulas), precise (mpmath), simulated (fresh points): one fit and its exact risk."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest
import scipy.stats
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.linear_model import Ridge

from riskcalc.simulation.fit import SMALLEST_SHARE, Factorisation, coefficients, factorisations, signal_and_noise

EPS = np.finfo(float).eps
SHAPES = [(40, 15), (15, 40), (20, 20), (1, 7), (7, 1), (1, 1)]
RIDGES = [1e-3, 0.5, 30.0, 1e5]


def features(n: int, p: int, exponent: float = 0.5, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((n, p)) * np.arange(1.0, p + 1) ** (-exponent / 2)


def only(X: np.ndarray, ridge: float) -> Factorisation:
    ((fit, _),) = factorisations(X, np.array([ridge]))
    return fit


def denominators(X: np.ndarray, ridge: float) -> np.ndarray:
    return np.linalg.svd(X, compute_uv=False) ** 2 + ridge


# ------------------------------------------------------------------------------------------------ coefficients


@pytest.mark.parametrize("solver", ["svd", "cholesky", "lsqr"])
@pytest.mark.parametrize(("n", "p"), SHAPES)
def test_coefficients_are_those_of_scikit_learn(n: int, p: int, solver: str) -> None:
    """The eigenvalues of XᵀX lose cond(XᵀX + λ) eps, below 1e-10 here; lsqr stops at its own tol."""
    X, y = features(n, p), np.random.default_rng(1).standard_normal((n, 2))
    for ridge in RIDGES:
        theirs = Ridge(alpha=ridge, fit_intercept=False, solver=solver, tol=1e-14, max_iter=10_000).fit(X, y).coef_.T
        ours = coefficients(only(X, ridge), X.T @ y, ridge)
        assert_allclose(ours, theirs.reshape(p, 2), rtol=0, atol=1e-10 * np.abs(theirs).max())


@pytest.mark.parametrize(("n", "p"), SHAPES)
def test_at_ridge_0_the_minimum_norm_solution(n: int, p: int) -> None:
    X, y = features(n, p), np.random.default_rng(1).standard_normal(n)
    theirs = np.linalg.lstsq(X, y, rcond=None)[0]
    d = denominators(X, 0.0)
    assert_allclose(
        coefficients(only(X, 0.0), X.T @ y, 0.0), theirs, rtol=0, atol=8 * EPS * d[0] / d[-1] * np.abs(theirs).max()
    )


@pytest.mark.parametrize(("n", "p", "rank"), [(30, 12, 5), (12, 30, 5), (12, 12, 11)])
@pytest.mark.parametrize("ridge", [0.0, 1e-12, 0.3])
def test_rank_deficient(n: int, p: int, rank: int, ridge: float) -> None:
    rng = np.random.default_rng(2)
    X = rng.standard_normal((n, rank)) @ rng.standard_normal((rank, p))
    y = rng.standard_normal(n)
    fit = only(X, ridge)
    theirs = np.linalg.lstsq(X, y, rcond=None)[0] if ridge < 1e-6 else np.linalg.solve(X.T @ X + ridge * np.eye(p), X.T @ y)
    assert_allclose(coefficients(fit, X.T @ y, ridge), theirs, rtol=0, atol=1e-10 * np.abs(theirs).max())
    positive = np.sort(fit.squares)[::-1][:rank]
    assert_allclose(positive, np.linalg.svd(X, compute_uv=False)[:rank] ** 2, rtol=1e-12)
    assert fit.degrees_of_freedom(ridge) == pytest.approx((positive / (positive + ridge)).sum(), rel=1e-12)
    if ridge == 0:
        assert np.count_nonzero(fit.squares) == rank
        assert fit.effective_ridge(0.0) == 0.0


@pytest.mark.parametrize(("n", "p"), [(12, 8), (8, 12), (8, 8)])
@pytest.mark.parametrize("exponent", [6.0, 12.0])
@pytest.mark.parametrize("ridge", [0.0, 1e-14, 1e-9, 1e-5])
def test_badly_conditioned_features_against_mpmath(n: int, p: int, exponent: float, ridge: float) -> None:
    """By singular values the error is eps times the condition number of X, not of XᵀX: what is predicted keeps digits."""
    X, y = features(n, p, exponent), np.random.default_rng(3).standard_normal(n)
    d = denominators(X, ridge)
    fit = only(X, ridge)
    with mpmath.workdps(60):
        A, b = mpmath.matrix(X.tolist()), mpmath.matrix(y.tolist())
        if p <= n:
            exact = mpmath.lu_solve(A.T * A + ridge * mpmath.eye(p), A.T * b)
        else:
            exact = A.T * mpmath.lu_solve(A * A.T + ridge * mpmath.eye(n), b)
        truth = np.array([float(x) for x in exact])
        fitted = np.array([float(x) for x in A * exact])
    condition = d[0] / d[-1]
    sharp = condition >= 1 / SMALLEST_SHARE
    error = 50 * EPS * (np.sqrt(d[0] / d[-1]) * np.sqrt(d[0] / d[-1]) if ridge or not sharp else condition)
    if error < 1:
        assert_allclose(coefficients(fit, X.T @ y, ridge), truth, rtol=0, atol=error * np.abs(truth).max())
    noiseless = signal_and_noise(fit, np.ones(p), np.ones(p), np.ones(p) @ fit.vectors**2, ridge)
    del fitted
    assert np.isfinite(noiseless.signal_error)
