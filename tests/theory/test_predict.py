"""The verb predict: identities between its routes and the formulas written out, notes, and what it refuses."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass

import mpmath
import numpy as np
import precise
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import riskcalc as rc
from riskcalc.model import Model
from riskcalc.theory.equations import EQUATIONS
from riskcalc.theory.reductions import REDUCTIONS

FIELDS = ("test", "train", "bias", "variance", "noise", "effective_ridge", "df1", "df2")
EPS = np.finfo(float).eps


def table(m: int, p: int, seed: int = 0, n_outputs: int = 1) -> rc.Dataset:
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((m, p)) * np.linspace(1, 0.2, p)
    y = X @ rng.standard_normal((p, n_outputs)) + 0.5 * rng.standard_normal((m, n_outputs))
    return rc.Dataset(X, y[:, 0] if n_outputs == 1 else y)


# The table of pairs


@dataclass(frozen=True, eq=False, repr=False)
class OtherData(rc.GaussianData):
    """A subclass is another model: exact types."""


@dataclass(frozen=True, eq=False, repr=False)
class Lasso(Model):
    """Nothing is known of it."""


@pytest.mark.parametrize(
    ("data", "estimator", "name"),
    [
        (OtherData(rc.Spectrum.isotropic(3), [1.0]), rc.Ridge(1), "(OtherData, Ridge)"),
        (table(5, 2), Lasso(), "(Dataset, Lasso)"),
        (rc.Spectrum.isotropic(3), rc.Ridge(1), "(Spectrum, Ridge)"),
        (rc.GaussianData.isotropic(3), Lasso(), "(GaussianData, Lasso)"),
        (None, None, "(NoneType, NoneType)"),
    ],
)
def test_a_missing_pair_lists_those_there_are(data, estimator, name):
    """Reduce has fewer pairs: a trained network is predicted, and stands for no problem."""
    assert EQUATIONS.keys() > REDUCTIONS.keys()
    for table, verb in ((REDUCTIONS, rc.reduce), (EQUATIONS, lambda data, estimator: rc.predict(data, estimator, 10))):
        pairs = ", ".join(f"({data.__name__}, {estimator.__name__})" for data, estimator in table)
        assert "(GaussianData, Ridge), (Dataset, Ridge)" in pairs
        sentence = f"^no theory for {re.escape(name)}; the pairs there are: {re.escape(pairs)}$"
        with pytest.raises(TypeError, match=sentence):
            verb(data, estimator)


# GaussianData


def test_gaussian_data_is_its_problem():
    data = rc.GaussianData(
        rc.Spectrum.from_eigenvalues([2.0, 1.0, 0.0], [3, 4, 5]), [1, 2, 0.5], noise=[0.1, 0.2], outside_energy=0.3
    )
    estimator, n = rc.Ridge([[0.0], [1.0]]), 5
    risk = rc.predict(data, estimator, n)
    problem = rc.Problem(data.spectrum, data.energies, data.noise, data.outside_energy)
    assert rc.reduce(data, estimator) == problem
    plain = rc.ridge_risk(problem, n, [[0.0], [1.0]])
    for name in FIELDS:
        assert_array_equal(getattr(risk, name), getattr(plain, name))
    assert risk.data is data
    assert risk.estimator is estimator
    assert risk.route == "deterministic equivalent"
    assert risk.notes == ()
    assert "cheng2024" in risk.sources
    assert set(risk.coordinates) == {"n_samples", "ridge", "noise"}


def test_the_law_of_the_entries_does_not_enter():
    gaussian = rc.GaussianData.isotropic(20, noise=0.1)
    for entries in ("rademacher", "uniform", "student(6)"):
        assert_array_equal(rc.predict(gaussian.replace(entries=entries), rc.Ridge(1), 30).test,
                           rc.predict(gaussian, rc.Ridge(1), 30).test)  # fmt: skip


# Dataset: the equations written out


@pytest.mark.parametrize("n_outputs", [1, 3])
@pytest.mark.parametrize(("p", "ridge"), [(4, 0.5), (4, 1e-8), (15, 0.5), (15, 1e-8), (10, 1.0)])
def test_finite_population_with_its_localisation(p, ridge, n_outputs):
    """M = 10 rows: ω, the held-out formula and LOO/GCV in mpmath, from K = XXᵀ itself."""
    data = table(10, p, n_outputs=n_outputs)
    K, Y = data.inputs @ data.inputs.T, data.output_columns
    with mpmath.workdps(40):
        kernel = mpmath.matrix(data.inputs.tolist())
        s, u = mpmath.eigsy(kernel * kernel.T)
        s = [value if value > 1e-30 else mpmath.mpf(0) for value in s]
        c = [sum(value**2 for value in (u[:, i].T * mpmath.matrix(Y.tolist()))) for i in range(10)]
        for n in (1, 3, 7, 10):
            risk = rc.predict(data, rc.Ridge(ridge), n)
            exact = precise.finite_population(s, c, n, ridge, digits=20)
            with mpmath.workdps(40):
                rows = [[kernel[i, :] * kernel[j, :].T for j in range(10)] for i in range(10)]
                rows = [[entry[0] for entry in row] for row in rows]
            loo, gcv = precise.loo_and_gcv(rows, Y, 10 * exact["effective_ridge"], digits=30)
            assert_allclose(risk.test, float(exact["test"] * loo / gcv), rtol=1e-10)
            for name in ("train", "effective_ridge", "df1"):
                assert_allclose(getattr(risk, name), float(exact[name]), rtol=1e-10, err_msg=name)
    assert K.shape == (10, 10)
    assert risk.route == "finite population"
    assert risk.bias is risk.variance is risk.noise is risk.df2 is None
    assert risk.data is data


def test_on_the_whole_table_it_is_leave_one_out():
    """N = m: GCV times LOO/GCV, here by leaving each row out in turn."""
    data = table(12, 5)
    X, y = data.inputs, data.outputs
    for ridge in (0.0, 0.3, 5.0):
        left_out = []
        for i in range(12):
            A, b = np.delete(X, i, axis=0), np.delete(y, i)
            theta = np.linalg.solve(A.T @ A + ridge * np.eye(5), A.T @ b)
            left_out.append((y[i] - X[i] @ theta) ** 2)
        assert_allclose(rc.predict(data, rc.Ridge(ridge), 12).test, np.mean(left_out), rtol=1e-10)


@pytest.mark.parametrize("p", [4, 15])
def test_plug_in_takes_the_table_for_the_population(p):
    data = table(10, p, n_outputs=2)
    n, ridges = np.array([[1], [3], [8], [10], [40]]), [0.0, 0.3]
    risk = rc.predict(data, rc.Ridge(ridges), n, route="plug_in")
    covariance = data.inputs.T @ data.inputs / 10
    expected = 0.0
    for y in data.output_columns.T:
        problem = rc.Problem.from_moments(covariance, data.inputs.T @ y / 10, np.mean(y**2) * (1 + 1e-14))
        expected = expected + rc.ridge_risk(problem, n, ridges).test
    usual = np.isfinite(risk.test) & (risk.test > 1e-6)  # n = p = rank at ridge 0 aside
    assert usual.sum() >= 8
    assert_allclose(risk.test[usual], np.asarray(expected)[usual], rtol=1e-6)
    assert risk.route == "plug-in"
    assert risk.bias is risk.variance is risk.noise is None
    assert risk.notes[0].startswith("plug-in: too low without limit as n_samples nears the number of rows")


def test_an_exact_linear_table():
    """Outputs in the range of K: at ridge 0 and n >= rank nothing is left, and n = rank is no threshold."""
    X = table(20, 5).inputs
    data = rc.Dataset(X, X @ [1.0, -2.0, 0.5, 3.0, 1.0])
    risk = rc.predict(data, rc.Ridge(0), [1, 4, 5, 6, 20])
    assert (risk.test[:2] > 0).all()
    assert risk.test[2:].tolist() == [0, 0, 0]
    noisy = rc.Dataset(X, data.outputs + np.random.default_rng(0).standard_normal(20))
    assert rc.predict(noisy, rc.Ridge(0), 5).test == np.inf


@pytest.mark.parametrize("route", ["finite_population", "plug_in"])
def test_a_table_of_zeros(route):
    """Nothing to learn from: mean y² at any size and ridge."""
    data = rc.Dataset(np.zeros((5, 2)), np.arange(5.0))
    risk = rc.predict(data, rc.Ridge([0.0, 1.0]), [[0], [3], [5]], route=route)
    assert_allclose(risk.test, 6.0, rtol=4 * EPS)
    assert_allclose(risk.train, 6.0, rtol=4 * EPS)


# Notes


def note(risk: rc.Risk, words: str) -> list[str]:
    return [sentence for sentence in risk.notes if words in sentence]


def test_localised_eigenvectors_are_noted():
    """Above 3 % of LOO/GCV - 1, and not below: rows of equal size against rows of which a few are large."""
    rng = np.random.default_rng(2)
    X, noise = rng.standard_normal((300, 10)), rng.standard_normal(300)
    y = X @ rng.standard_normal(10) + noise
    even = rc.predict(rc.Dataset(X, y), rc.Ridge(1.0), [100, 200])
    assert note(even, "localised") == []
    X[:15] *= 12
    uneven = rc.predict(rc.Dataset(X, X @ np.ones(10) + noise), rc.Ridge(1.0), [100, 200])
    assert len(note(uneven, "the eigenvectors are localised: LOO/GCV differs from 1 by up to ")) == 1


@pytest.mark.parametrize(("off", "noted"), [(1.029, False), (1.031, True), (0.971, False), (0.969, True)])
def test_the_note_appears_at_three_per_cent(monkeypatch, off, noted):
    """And the correction is multiplied in either way."""
    data = table(10, 4)
    plain = rc.finite_population_risk(*_spectrum(data), 5, 1.0)
    monkeypatch.setattr(
        sys.modules["riskcalc.theory.table"], "localisation", lambda table, omega: np.full(omega.shape, off)
    )
    risk = rc.predict(data, rc.Ridge(1.0), 5)
    assert bool(note(risk, "localised")) == noted
    assert_allclose(risk.test, off * plain.test, rtol=1e-9)
    assert_allclose(risk.train, plain.train, rtol=1e-9)


def _spectrum(data: rc.Dataset) -> tuple[np.ndarray, np.ndarray]:
    s, u = np.linalg.eigh(data.inputs @ data.inputs.T)
    s[s < 1e-12 * s.max()] = 0
    return s, (u.T @ data.outputs) ** 2


@pytest.mark.parametrize("route", ["finite_population", "plug_in"])
def test_duplicate_rows_are_noted(route):
    data = table(10, 3)
    assert note(rc.predict(data, rc.Ridge(1), 5, route=route), "repeat") == []
    twice = rc.Dataset(np.vstack([data.inputs, data.inputs[:2]]), np.append(data.outputs, [0.0, 1.0]))
    noted = note(rc.predict(twice, rc.Ridge(1), 5, route=route), "repeat")
    assert noted == ["2 of 12 rows repeat the inputs of another: held-out rows have twins among the training rows"]


# What is refused


def test_routes():
    data = table(10, 3)
    default = rc.predict(data, rc.Ridge(1), 5)
    assert_array_equal(rc.predict(data, rc.Ridge(1), 5, route="finite_population").test, default.test)
    with pytest.raises(ValueError, match=r"^route must be one of 'finite_population', 'plug_in'.*, got 'exact'$"):
        rc.predict(data, rc.Ridge(1), 5, route="exact")
    with pytest.raises(ValueError, match=r"^route must be left out for \(GaussianData, Ridge\), got 'plug_in'; a tab"):
        rc.predict(rc.GaussianData.isotropic(3), rc.Ridge(1), 5, route="plug_in")


def test_sizes():
    data = table(10, 3)
    with pytest.raises(
        ValueError, match=r"^n_samples must be finite and >= 0 and <= 10, got 11; the table has 10 rows"
    ):
        rc.predict(data, rc.Ridge(1), [5, 11])
    with pytest.raises(ValueError, match=r"^n_samples must be finite and >= 0"):
        rc.predict(rc.GaussianData.isotropic(3), rc.Ridge(1), -1)
    assert rc.predict(data, rc.Ridge([0.0, 1.0]), [[1], [5], [10]]).test.shape == (3, 2)
    assert rc.predict(data, rc.Ridge(1), 0).test == pytest.approx(np.mean(data.outputs**2), rel=8 * EPS)
