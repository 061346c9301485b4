"""Error matrices of several outputs: identities with the risk of one output, exact cases, hand-written simulation."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest
import scipy.stats
import strategies
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

import riskcalc as rc
from riskcalc.theory import error_matrix

EPS = np.finfo(float).eps
SPECTRUM = rc.Spectrum.from_eigenvalues([4.0, 1.0, 0.2, 0.0], multiplicities=[5, 10, 15, 12])


def covariances(rng: np.random.Generator, count: int, q: int) -> np.ndarray:
    roots = rng.standard_normal((count, q, q))
    return roots @ np.swapaxes(roots, -2, -1)


@given(st.data())
def test_every_direction_of_the_outputs_is_a_single_output(data):
    """For a vector w of weights, wᵀ(matrix)w is the test error of the output Σ w_a y_a: diagonal and polarisation."""
    spectrum = data.draw(strategies.spectra())
    n, ridge = data.draw(strategies.points(spectrum))
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    q, w = 3, rng.standard_normal(3)
    energies = covariances(rng, spectrum.eigenvalues.size, q)
    noise, outside = covariances(rng, 2, q)
    matrix = error_matrix(spectrum, energies, n, ridge, noise, outside)
    assert matrix.shape == (q, q)
    if np.isinf(matrix).any():  # ∞ - ∞ in a direction; exact cases have a test of their own
        assert (ridge, n) == (0, spectrum.rank)
        return
    assert_allclose(matrix, matrix.T, rtol=1e-13, atol=1e-13 * np.abs(matrix).max())
    kappa = rc.effective_ridge(spectrum, n, ridge)
    logs = abs(float(np.log(kappa))) if 0 < kappa < np.inf else 0.0
    size = (w**2).sum() * np.trace(matrix)  # the sum over outputs may cancel
    for v in (*np.eye(q), w):
        problem = rc.Problem(spectrum, np.einsum("a,kab,b->k", v, energies, v), v @ noise @ v, v @ outside @ v)
        single = rc.ridge_risk(problem, n, ridge).test
        assert abs(v @ matrix @ v - single) <= (100 + 4 * logs) * EPS * (single + size)


def test_trace_is_the_sum_of_the_outputs_of_a_problem():
    rng = np.random.default_rng(0)
    energies, noise = covariances(rng, 4, 5), covariances(rng, 1, 5)[0]
    n, ridge = np.array([0, 5, 29, 31, 100])[:, None], np.array([0, 0.1, 3.0, np.inf])
    matrix = error_matrix(SPECTRUM, energies, n, ridge, noise, 0.3)
    assert matrix.shape == (5, 4, 5, 5)
    total = rc.Problem(SPECTRUM, np.trace(energies, axis1=1, axis2=2), np.trace(noise), 5 * 0.3)
    assert_allclose(np.trace(matrix, axis1=2, axis2=3), rc.ridge_risk(total, n, ridge).test, rtol=1e-13)
    assert (np.linalg.eigvalsh(matrix) > 0).all()


def test_exact_cases():
    """N = 0: all energies; n > rank: n S/(n - r); n = rank: inf by the sign of S + M, 0 where that is 0."""
    energies = np.array([[[1.0, 0.5], [0.5, 2.0]]] * 4)
    noise = np.array([[1.0, -0.5], [-0.5, 1.0]])
    assert_allclose(error_matrix(SPECTRUM, energies, 0, 1.0, noise), energies.sum(axis=0) + noise, rtol=4 * EPS)
    assert_allclose(error_matrix(SPECTRUM, energies, 45, 0, noise), 3 * (noise + energies[3]), rtol=4 * EPS)
    reached = energies * np.array([1, 1, 1, 0])[:, None, None]
    assert_allclose(error_matrix(SPECTRUM, reached, 30, 0, noise), [[np.inf, -np.inf], [-np.inf, np.inf]])
    assert_allclose(error_matrix(SPECTRUM, reached, 30, 0, np.diag([1.0, 0.0])), [[np.inf, 0], [0, 0]])
    far = rc.Spectrum.from_log_eigenvalues(-np.arange(1.0, 2001.0))  # κ underflows
    single = rc.ridge_risk(rc.Problem(far, np.ones(2000)), 1000, 0).test
    assert_allclose(error_matrix(far, np.ones((2000, 1, 1)), 1000, 0)[0, 0], single, rtol=1e-12)


def test_simulation_of_every_entry():
    """16 cells of three outputs, 6 entries each: signed products of targets and of noises, written out by hand.

    Largest of 96 z-scores at level 1e-3, after an allowance of 3/(n - df2) of √(error_a error_b).
    """
    p, n_trials, worst, off = 100, 60, 0.0, []
    sigma = 4.0 * np.arange(1.0, p + 1) ** -0.7
    noise = np.array([[0.4, -0.3, 0.1], [-0.3, 0.5, 0.0], [0.1, 0.0, 0.2]])
    root = np.linalg.cholesky(noise)
    cells = [(n, ridge, seed) for n in (40, 70, 140, 300) for ridge in (0.0, 1.0) for seed in (0, 1)]
    for n, ridge, seed in cells:
        rng = np.random.default_rng([n, int(ridge), seed])
        theta = rng.standard_normal((p, 3)) @ np.array([[1, 0.8, -0.5], [0, 0.6, 0], [0, 0, 0.9]]) / math.sqrt(p)
        energies = sigma[:, None, None] * theta[:, :, None] * theta[:, None, :]
        spectrum = rc.Spectrum.from_eigenvalues(sigma)
        expected = error_matrix(spectrum, energies, n, ridge, noise)
        values = []
        for _ in range(n_trials):
            X = rng.standard_normal((n, p)) * np.sqrt(sigma)
            Y = X @ theta + rng.standard_normal((n, 3)) @ root.T
            fit = np.linalg.solve(X.T @ X + ridge * np.eye(p), X.T @ Y) if ridge else np.linalg.pinv(X) @ Y
            values.append((fit - theta).T @ (sigma[:, None] * (fit - theta)) + noise)
        values = np.array(values)
        gap, error = values.mean(axis=0) - expected, values.std(axis=0, ddof=1) / math.sqrt(n_trials)
        df2 = float(rc.ridge_risk(rc.Problem(spectrum, np.zeros(p)), n, ridge).df2)
        size = np.sqrt(np.outer(np.diag(expected), np.diag(expected)))
        z = np.maximum(np.abs(gap) - 3 * size / (n - df2), 0) / error
        worst = max(worst, float(z.max()))
        off.append(float(np.abs(expected[0, 1]) / error[0, 1]))
    assert worst <= scipy.stats.t(n_trials - 1).isf(1e-3 / 2 / (6 * len(cells)))
    assert np.median(off) > 8  # the off-diagonal entries are not zero within their errors


@pytest.mark.parametrize(
    ("changes", "error", "sentence"),
    [
        ({"spectrum": 3}, TypeError, "spectrum must be a Spectrum, got 3"),
        ({"cross_energies": np.ones((3, 2, 2))}, ValueError, "cross_energies must have shape (4, q, q)"),
        ({"cross_energies": np.ones(4)}, ValueError, "cross_energies must be an array of 3 dimension(s)"),
        ({"cross_energies": -np.ones((4, 2, 2))}, ValueError, "cross_energies must be positive semidefinite"),
        ({"cross_energies": [[[1, 2], [0, 1]]] * 4}, ValueError, "cross_energies must be symmetric"),
        ({"noise": -1}, ValueError, "noise must be finite and >= 0, got -1"),
        ({"noise": [1, 2]}, ValueError, "noise must be a number or a matrix with a row per output (2), got shape (2,)"),
        ({"noise": [[1, 2], [2, 1]]}, ValueError, "noise must be positive semidefinite, got the eigenvalue -1"),
        ({"outside_energy": [[1, 2], [0, 1]]}, ValueError, "outside_energy must be symmetric"),
        ({"n_samples": -1}, ValueError, "n_samples must be"),
    ],
)
def test_bad_input(changes, error, sentence):
    arguments = {"spectrum": SPECTRUM, "cross_energies": np.ones((4, 2, 2)), "n_samples": 10, "ridge": 1} | changes
    with pytest.raises(error, match=r"^" + re.escape(sentence)):
        error_matrix(**arguments)
