"""Simulated gradient flow: the flow itself, exact averages over the noise, and the equations in standard errors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.linalg
from numpy.testing import assert_allclose

import riskcalc as rc
from riskcalc.simulation.draw import linear_sample
from riskcalc.simulation.fit import factorisations
from riskcalc.simulation.gradient_flow import comparable_ridge, flow_coefficients

SHELLS = rc.GaussianData(rc.Spectrum.from_eigenvalues([4.0, 1.0, 0.2], [12, 28, 40]), [1.2, 0.4, 0.06], noise=0.5)
NAMES = ("test", "train", "bias", "variance", "df1", "norm_squared", "estimation", "in_sample")


@pytest.mark.parametrize("n", [30, 80, 120])
@pytest.mark.parametrize("time", [0.0, 0.7, 40.0, np.inf])
def test_coefficients_solve_the_flow(n: int, time: float) -> None:
    """Against Σ̂⁺(1 - exp(-tΣ̂))Xᵀy/n by the matrix exponential and the pseudoinverse."""
    sample = linear_sample(SHELLS, n, np.random.default_rng(1))
    X, y = sample.features, sample.features @ sample.coefficients + sample.label_noise
    gram = X.T @ X / n
    if time < np.inf:
        block = np.block([[-gram, (X.T @ y / n)[:, None]], [np.zeros((1, 81))]])  # dθ/dt = -Σ̂θ + Xᵀy/n
        expected = scipy.linalg.expm(time * block)[:80, 80]
    else:
        expected = np.linalg.pinv(X) @ y
    for fit, _ in factorisations(X, comparable_ridge(n, np.array([time]))):
        assert np.abs(flow_coefficients(fit, X.T @ y, time) - expected).max() < 1e-10 * (1 + np.abs(expected).max())


def test_small_steps_of_gradient_descent_are_the_flow() -> None:
    """Euler's method at step η errs by O(η): halving η halves the distance."""
    sample = linear_sample(SHELLS, 60, np.random.default_rng(2))
    X, y = sample.features, sample.features @ sample.coefficients + sample.label_noise
    (fit, _), *_ = factorisations(X, comparable_ridge(60, np.array([1.0])))
    flow, gaps = flow_coefficients(fit, X.T @ y, 1.0), []
    for steps in (2000, 4000):
        theta = np.zeros(80)
        for _ in range(steps):
            theta += X.T @ (y - X @ theta) / 60 / steps
        gaps.append(np.linalg.norm(theta - flow))
    assert gaps[0] < 0.01 * np.linalg.norm(flow)
    assert abs(gaps[0] / gaps[1] - 2) < 0.02


def test_ends_are_ridge_regression() -> None:
    flow = rc.simulate(SHELLS, rc.GradientFlow([0, np.inf]), [[40], [120]], n_trials=3, rng=4)
    assert np.allclose(flow.test.values[..., 0], 1.66 + 0.5)
    assert not flow.norm_squared.values[..., 0].any()
    assert (flow.train.values[:, 0, 1] < 1e-20).all()
    assert (flow.df1.values[:, :, 1] == [[40, 80]] * 3).all()


def test_each_time_is_the_same_alone_and_among_others() -> None:
    many = rc.simulate(SHELLS, rc.GradientFlow([0.1, 3.0, 1e9]), 50, n_trials=2, rng=5)
    for k, time in enumerate((0.1, 3.0, 1e9)):
        alone = rc.simulate(SHELLS, rc.GradientFlow(time), 50, n_trials=2, rng=5)
        for name in NAMES:
            assert np.array_equal(getattr(many, name).values[:, k], getattr(alone, name).values), name


def test_drawn_labels_average_to_the_closed_form() -> None:
    """Same features trial by trial: the difference is the noise alone, and has mean zero. 6 fields x 4 cells."""
    data = SHELLS.replace(outside_energy=0.2)
    estimator, sizes = rc.GradientFlow([0.5, 5.0]), [[40], [120]]
    averaged = rc.simulate(data, estimator, sizes, n_trials=400, rng=6)
    drawn = rc.simulate(data, estimator, sizes, n_trials=400, rng=6, label_noise="drawn")
    for name in ("test", "train", "variance", "norm_squared", "estimation", "in_sample"):
        gap = getattr(drawn, name).values - getattr(averaged, name).values
        z = gap.mean(axis=0) / (gap.std(axis=0, ddof=1) / 20)
        assert np.abs(z).max() < 4.2, name  # 24 cells: 5e-4 beyond
        assert gap.std() > 0
    for name in ("bias", "df1"):
        assert np.array_equal(getattr(drawn, name).values, getattr(averaged, name).values)


def _time_of(fit: Any) -> float:
    return float(fit.time)


def _own_train(fit: Any) -> float:
    return float(np.mean((fit.outputs - fit.inputs @ fit.coefficients) ** 2))


def test_measures_see_the_fit() -> None:
    trials = rc.simulate(
        SHELLS, rc.GradientFlow([0.5, 5.0]), 40, n_trials=2, rng=7, label_noise="drawn",
        measures={"when": _time_of, "own_train": _own_train},
    )  # fmt: skip
    assert (trials.when.values == [0.5, 5.0]).all()
    assert np.allclose(trials.own_train.values, trials.train.values, rtol=1e-12)


def test_scale_multiplies_sizes_and_leaves_the_time() -> None:
    ratios = rc.GaussianData.isotropic(0.5, noise=1.0)
    trials = rc.simulate(ratios, rc.GradientFlow(2.0), 1.0, n_trials=2, rng=0, scale=100)
    assert trials.coordinates["n_samples"] == 100
    assert trials.coordinates["time"] == 2.0
    assert trials.data.spectrum.n_features == 50  # type: ignore[attr-defined]


def test_refused() -> None:
    with pytest.raises(TypeError, match="kernel must be None"):
        rc.simulate(SHELLS, rc.GradientFlow(1.0, kernel=rc.kernels.RBF()), 10, n_trials=2)
    with pytest.raises(TypeError, match="no experiment"):
        rc.simulate(rc.Dataset([[1.0], [2.0]], [1.0, 2.0]), rc.GradientFlow(1.0), 1, n_trials=2)
    with pytest.raises(ValueError, match="n_features must be finite"):
        rc.simulate(rc.GaussianData.power_law(2.0, 0.3), rc.GradientFlow(1.0), 10, n_trials=2)


@pytest.mark.parametrize("entries", ["gaussian", "rademacher"])
def test_equations_in_standard_errors(entries: str) -> None:
    """18 cells: three sizes below, near and above the rank, three times, two noises; 8 fields.

    The theory's own error is of order 1/n relative: 3/n of the field is allowed beside 4 standard errors, and of
    n - df1 for df1, which fluctuates less.
    """
    data = rc.GaussianData(
        rc.Spectrum.from_eigenvalues([4.0, 1.0, 0.2], [30, 70, 100]), [1.2, 0.4, 0.06], [0.2, 1.0], 0.1, entries=entries
    )
    estimator, n = rc.GradientFlow([[0.3], [2.0], [15.0]]), np.array([100, 200, 400])[:, None, None]
    theory = rc.predict(data, estimator, n)
    trials = rc.simulate(data, estimator, n, n_trials=40, rng=8)
    for name in NAMES:
        measured, expected = getattr(trials, name), np.asarray(getattr(theory, name))
        size = n - expected if name == "df1" else expected
        excess = np.abs(measured.mean - expected) - 3 / n * np.abs(size)
        assert (excess < 4 * measured.standard_error).all(), name
    assert rc.compare(theory, trials).agrees


def test_white_noise_in_standard_errors() -> None:
    """16 cells. Later the train error below the rank is e^{-2ta} at the edge a of the spectrum, where the next term is
    not 1/n of it but t^{3/2}/n: its own test.
    """
    times, n = np.geomspace(0.1, 3, 8), np.array([[150], [600]])
    data = rc.GaussianData.isotropic(300, noise=1.0)
    theory = rc.predict(data, rc.GradientFlow(times), n)
    trials = rc.simulate(data, rc.GradientFlow(times), n, n_trials=60, rng=9)
    for name in ("test", "bias", "train", "estimation", "norm_squared", "in_sample"):
        measured, expected = getattr(trials, name), np.asarray(getattr(theory, name))
        z = (np.abs(measured.mean - expected) - 3 / n * expected) / measured.standard_error
        assert z.max() < 4, name


def test_late_train_error_has_its_next_term_at_the_edge() -> None:
    """For real Gaussian rows E Tr f exceeds n ∫f dF by (f(a)+f(b))/4 - (1/2π)∫f/√((x-a)(b-x)) (Bai and Silverstein)."""
    n, p, t = 150, 300, 20.0
    data = rc.GaussianData.isotropic(p, signal=0.0, noise=1.0)
    trials = rc.simulate(data, rc.GradientFlow(t), n, n_trials=300, rng=10)
    predicted = float(rc.predict(data, rc.GradientFlow(t), n).train)
    a, b = (1 - np.sqrt(2)) ** 2, (1 + np.sqrt(2)) ** 2
    x = (a + b) / 2 + (b - a) / 2 * np.cos((np.arange(400) + 0.5) * np.pi / 400)
    next_term = (np.exp(-2 * t * a) + np.exp(-2 * t * b)) / 4 - np.exp(-2 * t * x).mean() / 2
    gap = float(trials.train.mean) - predicted
    assert gap > 5 * trials.train.standard_error
    assert abs(gap - next_term / n) < 4 * trials.train.standard_error + 0.15 * next_term / n


@pytest.mark.parametrize("n", [60, 80, 120])
def test_any_time_can_be_compared(n: int) -> None:
    """No overflow of n/t at t = 0 or 1e-310, and no 0·inf at t = inf and n = rank, where the edge is 0: not judged."""
    found = rc.verify(SHELLS, rc.GradientFlow([0.0, 1e-310, 1.0, 1e8, np.inf]), n, n_trials=4, rng=0)
    assert all(np.isfinite(allowance).all() for allowance in found.allowances.values())
    assert found.judged[:3].all()
    assert found.judged[-1] == (n != 80)
    assert found.agrees


@pytest.mark.parametrize("label_noise", ["averaged", "drawn"])
def test_latent_space_data(label_noise: str) -> None:
    """Eight cells on both sides of p = 60, and time inf, which is the minimum-norm interpolator."""
    rng = np.random.default_rng(5)
    data = rc.LatentSpaceData(rng.standard_normal((60, 8)) / np.sqrt(8), rng.standard_normal(8), noise=0.3)
    flow = rc.GradientFlow([0.3, 1.0, 5.0, np.inf])
    found = rc.verify(data, flow, np.array([40, 120])[:, None], n_trials=60, rng=0, label_noise=label_noise)
    assert found.agrees, found.table()
    assert found.judged.all()
    late = rc.predict(data, rc.GradientFlow(np.inf), 40)
    assert_allclose(late.test, rc.predict(data, rc.Ridge(0.0), 40).test, rtol=1e-12)
    with pytest.raises(TypeError, match="kernel must be None for LatentSpaceData"):
        rc.predict(data, rc.GradientFlow(1.0, rc.kernels.RBF()), 40)
