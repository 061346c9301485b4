"""Identities (other libraries, dense algebra), precise (mpmath), simulated (fresh points): a fit and its exact risk."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest
import scipy.stats
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.linear_model import Ridge

from riskcalc.simulation.fit import (
    SMALLEST_SHARE,
    Factorisation,
    coefficients,
    factorisations,
    generalised_cross_validation,
    refuse_indefinite,
    signal_and_noise,
)

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
    theirs = (
        np.linalg.lstsq(X, y, rcond=None)[0] if ridge < 1e-6 else np.linalg.solve(X.T @ X + ridge * np.eye(p), X.T @ y)
    )
    assert_allclose(coefficients(fit, X.T @ y, ridge), theirs, rtol=0, atol=1e-10 * np.abs(theirs).max())
    positive = np.sort(fit.squares)[::-1][:rank]
    assert_allclose(positive, np.linalg.svd(X, compute_uv=False)[:rank] ** 2, rtol=1e-12)
    assert fit.degrees_of_freedom(ridge) == pytest.approx((positive / (positive + ridge)).sum(), rel=1e-12)
    if ridge == 0:
        assert np.count_nonzero(fit.squares) == rank
        assert fit.effective_ridge(0.0) == 0.0


def digits_lost(X: np.ndarray, ridge: float) -> float:
    """Relative error to expect: eps times the condition of XᵀX + λ by eigenvalues, its root by singular values."""
    d = denominators(X, ridge)
    ratio = d[0] / d[-1]
    return float(EPS * (np.sqrt(ratio) if ratio * SMALLEST_SHARE >= 1 else ratio))


class Exact:
    """The definitions in 60 digits: G = (XᵀX + λ)⁻¹, or its limit on the range of X."""

    def __init__(self, X: np.ndarray, ridge: float) -> None:
        n, p = X.shape
        self.X, self.n = mpmath.matrix(X.tolist()), n
        inverse = (self.X.T * self.X if p <= n else self.X * self.X.T) + mpmath.mpf(ridge) * mpmath.eye(min(n, p))
        inverse = inverse**-1
        self.M = inverse * self.X.T if p <= n else self.X.T * inverse  # from y to the coefficients
        self.hat = self.X * self.M

    def sizes(self, covariance: np.ndarray, theta: np.ndarray) -> list[mpmath.mpf]:
        t = mpmath.matrix(theta.tolist())
        seen = self.X * t
        error, left = self.M * seen - t, seen - self.hat * seen
        rest = mpmath.eye(self.n) - self.hat
        s = [mpmath.mpf(x) for x in covariance]
        return [
            mpmath.fsum(s[j] * error[j] ** 2 for j in range(len(s))),
            mpmath.fsum(s[j] * self.M[j, i] ** 2 for j in range(len(s)) for i in range(self.n)),
            mpmath.fsum(x**2 for x in left) / self.n,
            mpmath.fsum(x**2 for x in rest) / self.n,
        ]


HARD = [
    (n, p, e, ridge) for n, p in [(12, 8), (8, 12), (8, 8)] for e in (6.0, 14.0) for ridge in (0, 1e-14, 1e-9, 1e-5)
]


@pytest.mark.parametrize(("n", "p", "exponent", "ridge"), HARD)
def test_badly_conditioned_features_against_mpmath(n: int, p: int, exponent: float, ridge: float) -> None:
    """Conditions of XᵀX up to 1e14. Fitted values keep what `digits_lost` says; so do risks, in units of the signal.

    At the worst (singular values, ridge 0) that is 2e-9; by eigenvalues, which are left below 1e-6, 2e-10.
    """
    X, y = features(n, p, exponent), np.random.default_rng(3).standard_normal(n)
    covariance, theta = np.arange(1.0, p + 1) ** -exponent, np.random.default_rng(4).standard_normal(p)
    fit, lost = only(X, ridge), digits_lost(X, ridge)
    ours = coefficients(fit, X.T @ y, ridge)
    parts = signal_and_noise(fit, covariance, theta, covariance @ fit.vectors**2, ridge)
    with mpmath.workdps(60):
        exact = Exact(X, ridge)
        gap = exact.X * mpmath.matrix(ours.tolist()) - exact.hat * mpmath.matrix(y.tolist())
        assert float(mpmath.norm(gap)) <= 20 * lost * np.linalg.norm(y)
        signal_error, noise_error, signal_train, noise_train = exact.sizes(covariance, theta)
        signal = covariance @ theta**2
        assert abs(parts.signal_error - signal_error) <= 20 * lost * signal
        assert abs(parts.noise_error - noise_error) <= 20 * lost * noise_error
        assert abs(parts.signal_train - signal_train) <= 20 * lost * signal
        assert abs(parts.noise_train - noise_train) <= 20 * lost
        trace = mpmath.fsum(exact.hat[i, i] for i in range(n))
        assert abs(fit.degrees_of_freedom(ridge) - trace) <= 20 * lost * min(n, p)


def test_the_route_depends_on_the_ridge_and_on_no_other_ridge() -> None:
    X = features(12, 8, 14.0)
    ridges = np.array([0.0, 1e-9, 1e-3, 1.0, 1e-12])
    together = {int(k): fit for fit, at in factorisations(X, ridges) for k in at}
    assert sorted(together) == [0, 1, 2, 3, 4]
    assert together[0] is together[1] is together[4]
    assert together[2] is together[3] is not together[0]
    for k, ridge in enumerate(ridges):
        alone = only(X, ridge)
        assert_array_equal(alone.vectors, together[k].vectors)
        assert_array_equal(alone.squares, together[k].squares)


@pytest.mark.parametrize(("n", "p"), [(5, 0), (5, 3), (3, 5)])
def test_nothing_to_see(n: int, p: int) -> None:
    X = np.zeros((n, p))
    for ridge in (0.0, 5e-324, 1e-300, 2.0):
        fit = only(X, ridge)
        assert_array_equal(coefficients(fit, X.T @ np.ones(n), ridge), np.zeros(p))
        parts = signal_and_noise(fit, np.ones(p), np.ones(p), np.ones(p) @ fit.vectors**2, ridge)
        assert (parts.signal_error, parts.noise_error) == (p, 0.0)
        assert (parts.signal_train, parts.noise_train) == (0.0, 1.0)
        assert fit.degrees_of_freedom(ridge) == 0.0
        assert fit.effective_ridge(ridge) == pytest.approx(ridge / n, rel=1e-15, abs=1e-309)


# ----------------------------------------------------------------------------------------------- signal and noise


NEGATIVE = [(40, 15, -2.0), (15, 40, -1.0), (20, 20, -1e-3)]  # above minus the smallest eigenvalue: 3.7, 2.0, 3e-3
CASES = [(n, p, ridge) for n, p in SHAPES[:3] for ridge in (0.0, 0.5, 30.0)] + NEGATIVE


def dense(X: np.ndarray, ridge: float) -> np.ndarray:
    """From outputs to coefficients, by dense algebra."""
    return np.linalg.pinv(X) if ridge == 0 else X.T @ np.linalg.inv(X @ X.T + ridge * np.eye(len(X)))


@pytest.mark.parametrize(("n", "p", "ridge"), CASES)
def test_averages_over_the_noise_are_the_traces(n: int, p: int, ridge: float) -> None:
    X, covariance = features(n, p), np.linspace(2.0, 0.1, p)
    theta = np.random.default_rng(5).standard_normal(p)
    M, fit = dense(X, ridge), only(X, ridge)
    H = X @ M
    parts = signal_and_noise(fit, covariance, theta, covariance @ fit.vectors**2, ridge)
    scale = 200 * EPS * denominators(X, ridge)[0] / denominators(X, ridge)[-1]
    near = {"rel": scale, "abs": scale}
    assert parts.signal_error == pytest.approx(covariance @ (M @ X @ theta - theta) ** 2, **near)
    assert parts.noise_error == pytest.approx(np.trace(M.T @ np.diag(covariance) @ M), **near)
    assert parts.signal_train == pytest.approx(((X - H @ X) @ theta) @ ((X - H @ X) @ theta) / n, **near)
    assert parts.noise_train == pytest.approx(((np.eye(n) - H) ** 2).sum() / n, **near)
    assert fit.degrees_of_freedom(ridge) == pytest.approx(np.trace(H), **near)
    expected = 0.0 if ridge == 0 and n > p else 1 / np.trace(np.linalg.inv(X @ X.T + ridge * np.eye(n)))
    assert fit.effective_ridge(ridge) == pytest.approx(expected, **near)
    assert parts.signal_norm == pytest.approx(np.sum((M @ X @ theta) ** 2), **near)
    assert parts.noise_norm == pytest.approx((M**2).sum(), **near)
    assert parts.signal_distance == pytest.approx(np.sum((M @ X @ theta - theta) ** 2), **near)
    assert parts.noise_fitted == pytest.approx((H**2).sum() / n, **near)
    rest = np.linalg.inv(X @ X.T) if ridge == 0 and n <= p else np.eye(n) - H  # at ridge 0 the limit of the ratio
    assert parts.signal_gcv == pytest.approx(n * np.sum((rest @ X @ theta) ** 2) / np.trace(rest) ** 2, **near)
    assert parts.noise_gcv == pytest.approx(n * (rest**2).sum() / np.trace(rest) ** 2, **near)
    y = np.random.default_rng(6).standard_normal(n)
    ours = generalised_cross_validation(fit, X.T @ y, y, ridge)
    assert ours == pytest.approx(n * np.sum((rest @ y) ** 2) / np.trace(rest) ** 2, **near)


def test_a_path_is_its_ridges_one_by_one() -> None:
    """Bit for bit, so that a longer path keeps the old numbers."""
    for n, p in SHAPES:
        X, theta = features(n, p), np.random.default_rng(5).standard_normal(p)
        ridges = np.array([0.0, 1e-3, 0.5, 30.0, 1e5])
        fit = Factorisation.by_singular_values(X)
        weights = np.ones(p) @ fit.vectors**2
        whole = signal_and_noise(fit, np.ones(p), theta, weights, ridges)
        for k, ridge in enumerate(ridges):
            alone = signal_and_noise(fit, np.ones(p), theta, weights, ridges[k : k + 1])
            for name, value in vars(alone).items():
                assert_array_equal(vars(whole)[name][k : k + 1], value, err_msg=name)
            assert_array_equal(fit.effective_ridge(ridges)[k], fit.effective_ridge(ridges[k : k + 1])[0])
            assert_array_equal(fit.degrees_of_freedom(ridges)[k], fit.degrees_of_freedom(ridge))


@pytest.mark.parametrize(("n", "p"), SHAPES[:3])
def test_a_ridge_that_makes_the_objective_indefinite_is_refused(n: int, p: int) -> None:
    fit = only(features(n, p), 1.0)
    smallest = fit.squares.min()
    refuse_indefinite(fit, np.array([-0.999 * smallest, 0.0, 1.0]))
    refuse_indefinite(fit, np.array([]))
    for ridge in (-smallest, -1.001 * smallest, -1e9):
        with pytest.raises(
            ValueError, match=r"^ridge must be above -.*, minus the smallest positive eigenvalue of a sam"
        ):
            refuse_indefinite(fit, np.array([1.0, ridge]))


@pytest.mark.parametrize(("n", "p", "ridge"), [case for case in CASES if case != (20, 20, 0.0)])
def test_averages_over_the_noise_are_the_means_over_drawn_noises(n: int, p: int, ridge: float) -> None:
    """All that 4000 noisy fits measure, by the coefficients that each of them gives."""
    n_draws, noise = 4000, 0.7
    X, covariance = features(n, p), np.linspace(2.0, 0.1, p)
    rng = np.random.default_rng(6)
    theta = rng.standard_normal(p)
    fit = only(X, ridge)
    parts = signal_and_noise(fit, covariance, theta, covariance @ fit.vectors**2, ridge)
    Y = (X @ theta)[:, None] + np.sqrt(noise) * rng.standard_normal((n, n_draws))
    fitted = coefficients(fit, X.T @ Y, ridge)
    residuals, error = Y - X @ fitted, fitted - theta[:, None]
    pairs = {
        "test": (covariance @ error**2, parts.signal_error + noise * parts.noise_error),
        "train": ((residuals**2).mean(axis=0), parts.signal_train + noise * parts.noise_train),
        "norm": ((fitted**2).sum(axis=0), parts.signal_norm + noise * parts.noise_norm),
        "estimation": ((error**2).sum(axis=0), parts.signal_distance + noise * parts.noise_norm),
        "in_sample": (((X @ error) ** 2).mean(axis=0), parts.signal_train + noise * parts.noise_fitted),
        "gcv": (
            np.array([generalised_cross_validation(fit, X.T @ y, y, ridge) for y in Y.T[:500]]),
            parts.signal_gcv + noise * parts.noise_gcv,
        ),
    }
    limit = scipy.stats.norm.isf(1e-4 / 2 / (len(pairs) * len(CASES)))
    for name, (drawn, expected) in pairs.items():
        if expected > 1e-20:
            error = drawn.std(ddof=1) / np.sqrt(len(drawn))
            assert abs(drawn.mean() - expected) <= limit * error, name
        else:  # the train error of an interpolator
            assert drawn.max() < 1e-20, name


@pytest.mark.parametrize(("n", "p", "ridge"), CASES)
def test_exact_population_risk_is_the_error_on_fresh_points(n: int, p: int, ridge: float) -> None:
    n_fresh = 20_000
    covariance = np.arange(1.0, p + 1) ** -0.5
    rng = np.random.default_rng(7)
    theta, X = rng.standard_normal(p), rng.standard_normal((n, p)) * np.sqrt(covariance)
    fit = only(X, ridge)
    exact = signal_and_noise(fit, covariance, theta, covariance @ fit.vectors**2, ridge).signal_error
    fresh = rng.standard_normal((n_fresh, p)) * np.sqrt(covariance)
    squares = (fresh @ (coefficients(fit, X.T @ (X @ theta), ridge) - theta)) ** 2
    if ridge == 0 and n >= p:
        assert max(exact, squares.max()) < 1e-18
    else:
        error = squares.std(ddof=1) / np.sqrt(n_fresh)
        assert abs(squares.mean() - exact) <= scipy.stats.norm.isf(1e-4 / 2 / len(CASES)) * error
