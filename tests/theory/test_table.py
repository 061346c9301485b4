"""Identities: kernel ridge regression on a table, by its three routes, against definitions and against other routes."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.kernel_ridge import KernelRidge as Reference

import riskcalc as rc
from riskcalc.simulation.gram import GramFactorisation

N = np.array([10, 25, 40])[:, None]
RIDGES = np.array([1e-3, 0.1, 10.0])
FIELDS = ("test", "train", "df1", "effective_ridge")


def table(m: int = 60, p: int = 5, outputs: int = 2, seed: int = 0) -> rc.Dataset:
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((m, p))
    return rc.Dataset(X, np.column_stack([np.sin(X @ rng.standard_normal(p)) for _ in range(outputs)]))


@pytest.mark.parametrize("route", ["finite_population", "plug_in", "gcv"])
def test_the_linear_kernel_is_ridge_regression(route: str) -> None:
    """⟨x, x'⟩/d: its ridge is 1/d of that of Ridge, and so is κ."""
    data = table(p=30)
    by_kernel = rc.predict(data, rc.KernelRidge(rc.kernels.Monomial(1), RIDGES / 30), N, route=route)
    by_columns = rc.predict(data, rc.Ridge(RIDGES), N, route=route)
    for name in FIELDS:
        unit = 1 / 30 if name == "effective_ridge" else 1
        assert_allclose(getattr(by_kernel, name), unit * getattr(by_columns, name), rtol=1e-8)


@pytest.mark.parametrize("route", ["finite_population", "plug_in", "gcv"])
def test_a_kernel_of_columns_and_its_matrix_are_one(route: str) -> None:
    data, kernel = table(), rc.kernels.RBF(0.3)
    matrix = rc.Dataset.from_kernel(kernel(data.inputs), data.outputs)
    found = rc.predict(data, rc.KernelRidge(kernel, RIDGES), N, route=route)
    expected = rc.predict(matrix, rc.Ridge(RIDGES), N, route=route)
    for name in FIELDS:
        assert_allclose(getattr(found, name), getattr(expected, name), rtol=1e-7)


def test_finite_population_on_all_rows_is_generalised_cross_validation() -> None:
    data, estimator = table(), rc.KernelRidge(rc.kernels.Laplace(2.0), RIDGES)
    K = estimator.kernel(data.inputs)
    s, u = np.linalg.eigh(K)
    c = ((u.T @ np.asarray(data.outputs)) ** 2).sum(axis=1)
    found = rc.predict(data, estimator, 60, route="gcv")
    assert_allclose(found.test, rc.finite_population_risk(s, c, 60, RIDGES).test, rtol=1e-9)


@pytest.mark.parametrize("ridge", [0.0, 1e-3, 0.5])
def test_cross_validation_of_a_part_from_its_definition(ridge: float) -> None:
    """Rows at even distances; train is the mean squared residual, 1 - Tr H/n the share that GCV divides by."""
    data, kernel = table(m=48), rc.kernels.RBF(0.3)
    rows = np.arange(0, 48, 3)
    K, y = kernel(np.asarray(data.inputs)[rows]), np.asarray(data.outputs)[rows]
    inverse = np.linalg.inv(K + ridge * np.eye(16))
    found = rc.predict(data, rc.KernelRidge(kernel, ridge), 16, route="gcv")
    assert_allclose(found.test, 16 * np.sum((inverse @ y) ** 2) / np.trace(inverse) ** 2, rtol=1e-6)
    assert_allclose(found.train, ridge**2 * np.sum((inverse @ y) ** 2) / 16, rtol=1e-6)
    assert_allclose(found.df1, 16 - ridge * np.trace(inverse), rtol=1e-9)
    assert_allclose(found.effective_ridge, 1 / np.trace(inverse), rtol=1e-6)


def test_cross_validation_at_ridge_0_is_the_limit() -> None:
    """Of full rank: from small ridges, to first order in λ. With zero eigenvalues: n c₀/r₀², as λ² cancels."""
    X = np.random.default_rng(3).standard_normal((30, 4))
    data = rc.Dataset(X, X[:, 0] ** 2)
    for n in (4, 12, 30):
        zero, small = (rc.predict(data, rc.Ridge(ridge), n, route="gcv") for ridge in (0.0, 1e-7))
        for name in FIELDS[:3]:
            assert_allclose(getattr(zero, name), getattr(small, name), rtol=1e-5, atol=1e-9)
    K = X @ X.T
    residual = np.asarray(data.outputs) - X @ np.linalg.lstsq(X, np.asarray(data.outputs), rcond=None)[0]
    assert np.linalg.matrix_rank(K) == 4
    assert_allclose(zero.test, 30 * residual @ residual / 26**2, rtol=1e-10)
    assert_allclose(zero.df1, 4)


@pytest.mark.parametrize(
    ("n", "sentence"),
    [
        (61, "n_samples must be finite and >= 1 and <= 60"),
        (0, "n_samples must be finite and >= 1 and <= 60"),
        (2.5, "n_samples must be a whole number"),
    ],
)
def test_sizes_that_cannot_be_cross_validated(n: float, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        rc.predict(table(), rc.Ridge(1.0), n, route="gcv")


def test_a_kernel_that_is_indefinite_on_the_table_is_refused() -> None:
    X = np.asarray(table().inputs)
    data = table().replace(inputs=X * np.sqrt(5) / np.linalg.norm(X, axis=1, keepdims=True))
    squared = rc.kernels.custom(np.cos)
    assert np.linalg.eigvalsh(squared(data.inputs)).min() < -0.1
    with pytest.raises(ValueError, match="kernel matrix must be positive semidefinite, got the eigenvalue -"):
        rc.predict(data, rc.KernelRidge(squared, 1.0), 20)


@pytest.mark.parametrize("ridge", [1e-3, 0.1, 10.0])
def test_the_simulated_fit_is_that_of_scikit_learn(ridge: float) -> None:
    data = table()
    K, y = rc.kernels.RBF(0.3)(data.inputs), np.asarray(data.outputs)
    fit = GramFactorisation.of(K)
    dual = fit.dual(y, np.array([5.0, ridge]))[:, 1]
    expected = Reference(alpha=ridge, kernel="precomputed").fit(K, y).dual_coef_
    assert_allclose(K @ dual, K @ expected, rtol=1e-10, atol=1e-12)
    hat = K @ np.linalg.inv(K + ridge * np.eye(len(K)))
    assert_allclose(fit.degrees_of_freedom(np.array([ridge])), np.trace(hat), rtol=1e-10)


def test_theory_and_trials_agree_on_a_table_with_a_kernel() -> None:
    """Ridges above a tenth of the diagonal, where sheet 2 §9 promises 3.5 %."""
    comparison = rc.verify(table(m=300, seed=2), rc.KernelRidge(rc.kernels.RBF(0.1), [0.2, 1.0]), N, n_trials=60, rng=0)
    assert comparison.agrees
    assert comparison.judged.all()


def test_the_users_measures_see_the_dual_coefficients() -> None:
    data, kernel = table(), rc.kernels.RBF(0.3)
    trials = rc.simulate(
        data, rc.KernelRidge(kernel, [0.1, 1.0]), 40, n_trials=2, rng=0, measures={"seen": training_error}
    )
    assert_allclose(trials.seen.values, trials.train.values, rtol=1e-9)


def training_error(fit) -> float:
    K = rc.kernels.RBF(0.3)(fit.inputs)
    return float(((fit.outputs - K @ fit.coefficients) ** 2).sum(axis=1).mean())
