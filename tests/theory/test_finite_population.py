"""A table's held-out error: its mpmath twin (precise), identities and exact limits, random splits (simulated)."""

from __future__ import annotations

import math
import re

import mpmath
import numpy as np
import precise
import pytest
import scipy.linalg
import strategies
from hypothesis import given
from hypothesis import strategies as st
from mpmath import mpf
from numpy.testing import assert_allclose, assert_array_equal

import riskcalc as rc
from riskcalc import finite_population_risk
from riskcalc.theory.eigensystem import Eigensystem
from riskcalc.theory.finite_population import localisation

EPS = np.finfo(float).eps
FIELDS = ("test", "train", "effective_ridge", "df1")


def table(seed: int, m: int, p: int, n_outputs: int | None = None, decades: float = 2.0) -> rc.Dataset:
    """M rows, p inputs with a spread of scales, and outputs that are not linear in them."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((m, p)) * 10.0 ** -np.linspace(0, decades / 2, p)
    return rc.Dataset(X, rng.standard_normal(m if n_outputs is None else (m, n_outputs)) + X[:, :1].reshape(
        (m,) if n_outputs is None else (m, 1)))  # fmt: skip


def spectrum_of(data: rc.Dataset) -> tuple[np.ndarray, np.ndarray]:
    """All m eigenvalues of K = XXᵀ and (u_iᵀy)², by an eigenvalue routine (the package takes singular values)."""
    K = data.inputs @ data.inputs.T
    s, u = np.linalg.eigh(K)
    s[s < 1e-12 * s.max()] = 0
    return s, ((u.T @ data.output_columns) ** 2).sum(axis=1)


# Precise: bisection on the equation of ω, and the boxed formula as it is written


@given(strategies.tables())
def test_agrees_with_its_twin(drawn):
    """Seen in 5000 draws: 14 EPS, and 730 EPS where ω is solved for in logs (below a ridge of 1e-190)."""
    s, c, n, ridge = drawn
    risk = finite_population_risk(s, c, n, ridge)
    exact = precise.finite_population(s, c, n, ridge, digits=20)
    in_logs = 0 < ridge < 1e-190 * max(n, s.max())
    rtol = EPS * (32 + (1500 if in_logs else 0))
    with mpmath.workdps(30):
        root = s.size * exact["effective_ridge"]
        least = min(s) if min(s) > 0 else mpf(0)
        squares = sum(mpf(c_i) * ((root + least) / (s_i + root)) ** 2 for c_i, s_i in zip(c, s, strict=True))
        for name in FIELDS:
            got, right = getattr(risk, name), exact[name]
            held = right > 1e-280 and (squares > 1e-280 or name not in ("test", "train"))
            if held:
                assert abs(mpf(float(got)) / right - 1) <= rtol, name
            else:  # it, or the squares that it is a ratio of, underflow
                assert 0 <= got <= 2 * right + 2e-280, name


@pytest.mark.parametrize("ridge", [0, 1e-100, 1e-16, 1e-3, 1, 1e6])
@pytest.mark.parametrize("n", [1, 4 - 1e-9, 4, 4 + 1e-9, 5, 7.5, 8])
def test_hard_inputs(n, ridge):
    """Condition 1e16, n at the rank and at the whole table."""
    c = [1.0, 2.0, 0.5, 1e-6, 0.25, 1e-3, 0.0, 2.0]
    for s in ([1.0, 1e-4, 1e-9, 1e-16, 0, 0, 0, 0], [1.0, 0.3, 1e-4, 1e-8, 1e-9, 1e-12, 1e-15, 1e-16]):
        if ridge == 0 and n >= sum(value > 0 for value in s):
            continue  # exact cases, below
        risk, exact = finite_population_risk(s, c, n, ridge), precise.finite_population(s, c, n, ridge, digits=20)
        for name in FIELDS:
            got = float(getattr(risk, name))
            assert_allclose(got, float(exact[name]), rtol=1e-13, atol=1e-280, err_msg=f"{name} {s}")


@pytest.mark.parametrize("n_outputs", [1, 2])
@pytest.mark.parametrize(("p", "omega"), [(3, 0.7), (3, 1e-6), (9, 0.02), (20, 5.0)])
def test_localisation_is_leave_one_out_over_gcv(p, omega, n_outputs):
    """By the explicit inverse of K + ω, at 9 rows."""
    data = table(1, 9, p, n_outputs)
    loo, gcv = precise.loo_and_gcv(data.inputs @ data.inputs.T, data.output_columns, omega, digits=30)
    assert_allclose(localisation(Eigensystem.of(data), np.array([omega]))[0], float(loo / gcv), rtol=1e-9)


# Exact cases


def test_whole_table_is_gcv_of_the_full_fit():
    """N = m: ω = λ, and the value is (1/m)‖(1 - H)y‖² / (1 - Tr H/m)²."""
    data = table(2, 12, 5)
    K, y = data.inputs @ data.inputs.T, data.outputs
    for ridge in (1e-3, 0.5, 20.0):
        risk = finite_population_risk(*spectrum_of(data), 12, ridge)
        residual = np.eye(12) - K @ np.linalg.inv(K + ridge * np.eye(12))
        gcv = np.mean((residual @ y) ** 2) / (np.trace(residual) / 12) ** 2
        assert_allclose(risk.test, gcv, rtol=1e-9)
        assert_allclose(risk.train, np.mean((residual @ y) ** 2), rtol=1e-9)
        assert_allclose(risk.df1, 12 - np.trace(residual), rtol=1e-9)
        assert_allclose(risk.effective_ridge, ridge / 12, rtol=32 * EPS)


def test_ridgeless_above_the_rank():
    """Test = n c₀/((m - r)(n - r)), train = test (1 - r/n)²."""
    s, c = [5.0, 1.0, 0.1, 0, 0, 0, 0, 0], [9.0, 4.0, 1.0, 0.5, 0.25, 0, 1.0, 2.0]
    n = np.array([3 + 1e-9, 3.5, 4, 6, 8])
    risk = finite_population_risk(s, c, n, 0)
    assert_allclose(risk.test, n * 3.75 / (5 * (n - 3)), rtol=8 * EPS)
    assert_allclose(risk.train, risk.test * ((n - 3) / n) ** 2, rtol=8 * EPS)
    assert_allclose(risk.df1, 3, rtol=8 * EPS)
    assert_array_equal(risk.effective_ridge, 0)
    least_squares = 3.75 / 8 / (1 - 3 / 8) ** 2  # at n = m it is GCV of least squares
    assert_allclose(risk.test[-1], least_squares, rtol=8 * EPS)


def test_ridgeless_at_the_rank():
    """Inf if the outputs have a part outside the range of K, else 0."""
    s = [5.0, 1.0, 0.0, 0.0]
    assert finite_population_risk(s, [1, 1, 0, 0.5], 2, 0).test == np.inf
    inside = finite_population_risk(s, [1, 1, 0, 0], [1, 2, 3, 4], 0)
    assert inside.test[0] > 0
    assert inside.test[1:].tolist() == [0, 0, 0]
    assert inside.train.tolist() == [0, 0, 0, 0]


def test_ridgeless_on_the_whole_table_of_full_rank():
    """N = m = r: the limit of GCV, mean((Qy)²)/mean(Q_ii)² with Q = 1/K; tiny ridges come to it."""
    s, c = np.array([5.0, 1.0, 0.2, 1e-3]), np.array([1.0, 2.0, 0.5, 0.1])
    limit = np.mean(c / s**2) / np.mean(1 / s) ** 2
    assert_allclose(finite_population_risk(s, c, 4, 0).test, limit, rtol=8 * EPS)
    assert finite_population_risk(s, c, 4, 0).train == 0
    assert finite_population_risk(s, c, 4, 0).df1 == 4
    assert_allclose(finite_population_risk([1.04] * 3, [1.0, 0, 0], 3, 1e-300).test, 1 / 3, rtol=1e-12)
    for ridge in (1e-12, 1e-100, 1e-155, 1e-185, 1e-200, 1e-300):
        assert_allclose(finite_population_risk(s, c, 4, ridge).test, limit, rtol=1e4 * ridge + 1e-12)
    for missing in (1e-6, 1e-9):
        assert_allclose(finite_population_risk(s, c, 4 - missing, 0).test, limit, rtol=1e4 * missing)


def test_no_samples():
    """The prediction is 0: the error is mean y², and training has the limit (λ/(λ + mean K_ii))² of it."""
    s, c = [5.0, 1.0, 0.0, 0.0], [1.0, 2.0, 0.5, 0.5]
    risk = finite_population_risk(s, c, 0, [0, 1.5])
    assert risk.test.tolist() == [1.0, 1.0]
    assert risk.train.tolist() == [0.0, 0.25]
    assert risk.df1.tolist() == [0.0, 0.0]
    assert_allclose(finite_population_risk(s, c, 1e-12, 1.5).train, 0.25, rtol=1e-11)


def test_a_kernel_of_zeros():
    risk = finite_population_risk([0.0, 0.0], [1.0, 2.0], [0, 1, 2], [[0.0], [2.0]])
    assert_allclose(risk.test, 1.5, rtol=4 * EPS)


# Identities


@given(strategies.tables())
def test_ridgeless_below_the_rank_is_the_plug_in_value_over_one_minus_a(drawn):
    s, c, n, _ = drawn
    rank, m = (s > 0).sum(), s.size
    n = n / m * rank * 0.999
    risk = finite_population_risk(s, c, n, 0)
    plug_in = rc.ridge_risk(rc.Problem(rc.Spectrum.from_eigenvalues(s / m), c / m), n, 0)
    assert_allclose(risk.test * (1 - n / m), plug_in.test, rtol=1e-13 / (1 - n / m), atol=1e-290)
    assert_allclose(risk.effective_ridge, plug_in.effective_ridge, rtol=1e-13)


@pytest.mark.parametrize("ridge", [0.0, 0.3, 10.0])
def test_few_of_many_rows_are_the_plug_in(ridge):
    """N ≪ m: the difference is of order n/m. The same shells, repeated ever more often, show the rate."""
    s, c = np.array([40.0, 10.0, 1.0, 0.25]), np.array([3.0, 1.0, 0.5, 0.2])
    gaps = []
    for copies in (100, 1000, 10_000):
        m = 4 * copies
        risk = finite_population_risk(np.repeat(s * copies, copies), np.repeat(c, copies), 3, ridge)
        problem = rc.Problem(rc.Spectrum.from_eigenvalues(s / 4, copies), c / 4)
        gaps.append(float(risk.test / rc.ridge_risk(problem, 3, ridge).test - 1))
        assert 0 <= gaps[-1] <= 10 * 3 / m
    assert_allclose(gaps[1] / gaps[0], 0.1, rtol=0.05)


@given(strategies.tables(), st.randoms())
def test_order_and_degenerate_projections_do_not_matter(drawn, random):
    s, c, n, ridge = drawn
    order = list(range(s.size))
    random.shuffle(order)
    risk, other = finite_population_risk(s, c, n, ridge), finite_population_risk(s[order], c[order], n, ridge)
    equal = finite_population_risk(np.ones_like(s), c, n, ridge)  # K = 1: only the sum of c matters
    same = finite_population_risk(np.ones_like(s), np.full_like(c, c.mean()), n, ridge)
    for name in FIELDS:
        assert_allclose(getattr(other, name), getattr(risk, name), rtol=2e-12, atol=1e-280)
        assert_allclose(getattr(equal, name), getattr(same, name), rtol=2e-12, atol=1e-280)


@given(strategies.tables())
def test_bounds(drawn):
    """ω >= λ, df1 in [0, min(n, rank)], train <= test, homogeneous in (s, λ) and in c."""
    s, c, n, ridge = drawn
    m, risk = s.size, finite_population_risk(s, c, n, ridge)
    assert risk.effective_ridge * m >= ridge * (1 - 2e-13)
    assert -1e-12 * n <= risk.df1 <= min(n, (s > 0).sum()) * (1 + 1e-12)
    assert risk.train <= risk.test * (1 + 1e-12)
    stretched = finite_population_risk(8 * s, c, n, 8 * ridge)
    assert_allclose(stretched.test, risk.test, rtol=2e-12)
    assert_allclose(stretched.effective_ridge, 8 * risk.effective_ridge, rtol=2e-12)
    assert_allclose(finite_population_risk(s, 4 * c, n, ridge).test, 4 * risk.test, rtol=4 * EPS)


@pytest.mark.parametrize("power", [-930, -500, 300, 450])
def test_units_do_not_matter(power):
    """K and λ times 2^power, exactly, where the equation is solved in logs."""
    s, c, unit = np.array([4.0, 1.0, 0.3, 0.01, 0, 0]), np.array([1, 2, 0.5, 3, 0.25, 0.5]), 2.0**power
    n, ridge = np.array([0.5, 2, 4, 5, 6])[:, None], np.array([0, 0.02, 1.0, 30.0])
    near, far = finite_population_risk(s, c, n, ridge), finite_population_risk(unit * s, c, n, unit * ridge)
    for name in FIELDS:
        factor = unit if name == "effective_ridge" else 1.0
        assert_allclose(getattr(far, name), factor * getattr(near, name), rtol=2e-12, atol=1e-300, err_msg=name)


def test_localisation_of_spread_eigenvectors_is_1():
    """Haar eigenvectors and outputs independent of them: LOO/GCV - 1 is of order 1/√m at one table."""
    rng = np.random.default_rng(4)
    for m, p in [(400, 40), (400, 800)]:
        X = rng.standard_normal((m, p)) / math.sqrt(p)
        data = rc.Dataset(X, X @ rng.standard_normal(p) + rng.standard_normal(m))
        values = localisation(Eigensystem.of(data), np.array([0.0 if p < m else 1e-3, 0.1, 1.0, 10.0]))
        assert_allclose(values, 1, atol=3 / math.sqrt(m))


def test_localisation_sees_a_row_that_stands_alone():
    """Half of the rows have ten times the norm: leaving them out is another thing than leaving out the others."""
    rng = np.random.default_rng(5)
    X = rng.standard_normal((60, 20)) * np.repeat([1.0, 10.0], 30)[:, None]
    data = rc.Dataset(X, rng.standard_normal(60))
    assert abs(localisation(Eigensystem.of(data), np.array([5.0]))[0] - 1) > 0.1


def test_localisation_at_no_samples_and_where_nothing_is_left():
    data = table(3, 10, 4)
    assert_allclose(localisation(Eigensystem.of(data), np.array([np.inf])), 1, rtol=16 * EPS)
    exact = rc.Dataset(data.inputs, data.inputs @ [1.0, 2.0, 3.0, 4.0])
    assert_allclose(localisation(Eigensystem.of(exact), np.array([0.0])), 1)  # no residual: 0/0
    alone = rc.Dataset([[1.0, 0.0], [0.0, 1.0], [0.0, 2.0]], [1.0, 1.0, 1.0])
    assert np.isfinite(localisation(Eigensystem.of(alone), np.array([0.0, 1e-9, 1.0]))).all()  # leverage 1


# Simulated: the split itself


@pytest.mark.parametrize(("p", "n", "ridge"), [(20, 60, 0.0), (20, 60, 5.0), (20, 15, 0.0), (120, 50, 2.0)])
def test_random_splits_of_one_table(p, n, ridge):
    """Gaussian rows, m = 90: z of 400 splits, and the O(1/(n - df1)) error of the equivalent allowed beside it."""
    rng = np.random.default_rng(8)
    m = 90
    X = rng.standard_normal((m, p)) / math.sqrt(p)
    y = X @ rng.standard_normal(p) + rng.standard_normal(m)
    errors = []
    for _ in range(400):
        rows = rng.permutation(m)
        A, b = X[rows[:n]], y[rows[:n]]
        theta = scipy.linalg.pinv(A) @ b if ridge == 0 else A.T @ np.linalg.solve(A @ A.T + ridge * np.eye(n), b)
        errors.append(np.mean((y[rows[n:]] - X[rows[n:]] @ theta) ** 2))
    risk = rc.predict(rc.Dataset(X, y), rc.Ridge(ridge), n)
    standard_error = np.std(errors, ddof=1) / 20
    allowed = 4 * standard_error + 2 / (n - float(risk.df1) if risk.df1 < n else n - p if n > p else p - n) * risk.test
    assert abs(np.mean(errors) - risk.test) <= allowed


# Arrays and bad input


def test_shapes():
    s, c = [4.0, 1.0, 0.0], [1.0, 1.0, 1.0]
    risk = finite_population_risk(s, c, [[1], [2], [3]], [0.0, 1.0])
    assert all(getattr(risk, name).shape == (3, 2) for name in FIELDS)
    assert risk.bias is risk.variance is risk.noise is risk.df2 is None
    assert set(risk.coordinates) == {"n_samples", "ridge"}
    assert finite_population_risk(s, c, 1, 1.0).test.shape == ()
    for i, j in np.ndindex(3, 2):
        assert_allclose(risk.test[i, j], finite_population_risk(s, c, i + 1, float(j)).test, rtol=16 * EPS)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"n_samples": 4}, "n_samples must be finite and >= 0 and <= 3, got 4; the table has 3 rows"),
        ({"n_samples": 3.001}, "n_samples must be finite and >= 0 and <= 3, got 3.001"),
        ({"n_samples": -1}, "n_samples must be finite and >= 0 and <= 3, got -1"),
        ({"n_samples": math.nan}, "n_samples must be finite and >= 0 and <= 3, got nan"),
        ({"ridge": -1.0}, "ridge must be finite and >= 0, got -1"),
        ({"kernel_eigenvalues": [1, 2, -1]}, "kernel_eigenvalues must be finite and >= 0, got -1"),
        ({"squared_projections": [1, 2, math.inf]}, "squared_projections must be finite and >= 0, got inf"),
        ({"squared_projections": [1, 2]}, "squared_projections must have one entry per kernel eigenvalue (3), got 2"),
        ({"kernel_eigenvalues": [], "squared_projections": []}, "squared_projections must have one entry per"),
        ({"kernel_eigenvalues": 1.0}, "kernel_eigenvalues must be an array of 1 dimension(s), got shape ()"),
    ],
)
def test_bad_input(changes, sentence):
    good = {"kernel_eigenvalues": [4.0, 1, 0], "squared_projections": [1.0, 1, 1], "n_samples": 2, "ridge": 1.0}
    with pytest.raises(ValueError, match=r"^" + re.escape(sentence)):
        finite_population_risk(**(good | changes))
