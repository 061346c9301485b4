"""Identities, precise: the best ridge is stationary and no grid beats it; the smallest sample is a first crossing."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

import riskcalc as rc

ANY = rc.Ridge(0)


@given(
    st.lists(st.tuples(st.floats(-3, 1), st.integers(1, 60), st.floats(0, 1)), min_size=1, max_size=4),
    st.sampled_from([0.0, 0.01, 0.3, 3.0]),
    st.sampled_from([0.0, 0.2]),
    st.sampled_from([0.0, 0.3]),
    st.floats(0.2, 3),
)
def test_no_ridge_on_a_grid_is_better(
    shells: list[tuple[float, int, float]], noise: float, outside: float, tail: float, ratio: float
) -> None:
    sigma, m, energies = zip(*shells, strict=True)
    spectrum = rc.Spectrum.from_eigenvalues(10.0 ** np.array(sigma), m, tail)
    problem = rc.Problem(spectrum, energies, noise, outside)
    n = ratio * sum(m)
    tuned = rc.tune(problem, ANY, n)
    grid = rc.ridge_risk(problem, n, np.append(0, np.geomspace(1e-9, 1e7, 2000))).test
    assert tuned.risk.test <= grid.min() * (1 + 1e-12)
    if 0 < tuned.ridge < math.inf:
        scale = float(tuned.risk.test) / (float(tuned.ridge) + spectrum.trace)
        assert abs(tuned.risk.derivative("test", "ridge")) <= 1e-8 * scale * n / (n - tuned.risk.df2)


@pytest.mark.parametrize("n", [50.0, 199.0, 200.0, 777.0])
def test_isotropic_coefficients_have_the_closed_form(n: float) -> None:
    """λ = τ² p / ‖θ*‖² whatever the spectrum and n, and then test = n κ ‖θ*‖² / p."""
    sigma, m = np.array([4.0, 1.0, 0.2]), np.array([30.0, 70.0, 100.0])
    problem = rc.Problem(rc.Spectrum.from_eigenvalues(sigma, m), m * sigma * 3 / 200, 0.7)
    tuned = rc.tune(problem, ANY, n)
    assert_allclose(tuned.ridge, 0.7 * 200 / 3, rtol=1e-7)
    assert_allclose(tuned.risk.test, n * tuned.risk.effective_ridge * 3 / 200, rtol=1e-9)


def test_ends_are_reported_as_such() -> None:
    assert rc.tune(rc.GaussianData.isotropic(200, signal=0, noise=0.25), ANY, 400).ridge == math.inf
    assert rc.tune(rc.GaussianData.isotropic(200, signal=1, noise=0), ANY, [100, 200, 400]).ridge.tolist() == [0, 0, 0]


def test_negative_optimum() -> None:
    """Ten spikes that carry the target, below the rank: the error rises with the ridge from -60 on."""
    data = rc.GaussianData(rc.Spectrum.from_eigenvalues([30.0, 1.0], [10, 390]), [75.0, 0.0], 0.05)
    assert rc.tune(data, ANY, 100).ridge == 0
    tuned = rc.tune(data, ANY, 100, allow_negative=True)
    assert -104.9 < tuned.ridge < -60
    assert abs(tuned.risk.derivative("test", "ridge")) < 1e-9
    assert tuned.risk.test < rc.predict(data, rc.Ridge(-60.0), 100).test
    assert_allclose(rc.predict(data, rc.Ridge([-60.0, -30, 0, 30]), 100).test, [0.789, 0.939, 1.106, 1.282], atol=5e-4)
    assert rc.tune(data, ANY, 800, allow_negative=True).ridge > 0  # never negative above the rank


def test_several_local_minima() -> None:
    """Two scales far apart: the lower of two minima is found, on either side."""
    spectrum = rc.Spectrum.from_eigenvalues([1.0, 1e-4], [100, 10_000])
    for energies, noise in (([1.0, 1e-3], 0.1), ([1.0, 0.5], 0.1), ([0.01, 0.5], 1.0)):
        problem = rc.Problem(spectrum, energies, noise)
        tuned = rc.tune(problem, ANY, 2000.0)
        grid = rc.ridge_risk(problem, 2000.0, np.append(0, np.geomspace(1e-8, 1e8, 20_000))).test
        assert tuned.risk.test <= grid.min() * (1 + 1e-12)


def test_broadcasting_and_data() -> None:
    data = rc.GaussianData.power_law(1.5, 0.4, noise=[0.01, 0.1, 1.0])
    tuned = rc.tune(data, ANY, np.array([100.0, 1000.0])[:, None])
    assert tuned.ridge.shape == (2, 3)
    assert tuned.risk.data is data
    assert_allclose(tuned.ridge[1, 2], rc.tune(data.replace(noise=1.0), ANY, 1000.0).ridge, rtol=1e-9)
    assert repr(tuned) == "Tuned(shape=(2, 3))"
    with pytest.raises(TypeError, match=r"^data must be a GaussianData or a Problem, got a Dataset"):
        rc.tune(rc.Dataset(np.eye(3), np.arange(3.0)), ANY, 2)
    with pytest.raises(ValueError, match=r"^n_samples must be finite and > 0, got 0"):
        rc.tune(data, ANY, 0)


def test_sample_size_is_the_first_crossing() -> None:
    """Isotropic least squares: 0.25 + 0.25 · 200/(n - 200) above the rank, 1 - n/200 + ... below."""
    data = rc.GaussianData.isotropic(200, noise=0.25)
    found = rc.sample_size(data, ANY, [0.2, 0.25, 0.3, 0.5, 1.0, 1.1, 1.25, 2.0])
    first = 200 * (1 - (1.1 + math.sqrt(1.1**2 - 4 * 0.25)) / 2)  # y = 1 - n/200: y + 0.25 (1 - y)/y + 0.25 = 1.1
    assert_allclose(found, [math.inf, math.inf, 1200, 400, 100, first, 0, 0], rtol=1e-6)
    with pytest.raises(ValueError, match=r"^ridge must be a single number for a sample size"):
        rc.sample_size(data, rc.Ridge([0, 1]), 1.0)


def test_sample_size_is_the_inverse_of_predict() -> None:
    data = rc.GaussianData.power_law(1.5, 0.4, noise=0.1)
    targets = rc.predict(data, rc.Ridge(0.01), [30.0, 300.0, 3000.0]).test
    assert_allclose(rc.sample_size(data, rc.Ridge(0.01), targets), [30, 300, 3000], rtol=1e-6)


@pytest.mark.parametrize("kernel", [rc.kernels.ReluNeuralTangent(3), rc.kernels.Polynomial(2)], ids=repr)
def test_the_best_ridge_of_a_kernel_by_a_dense_scan(kernel: rc.kernels.Kernel) -> None:
    """The scan has 16 ridges per decade: a relative step of 0.14, so the optimum is within it."""
    data = rc.SphereData(20, rc.targets.DegreeEnergies({1: 0.6, 2: 0.4}), noise=0.2)
    n, grid = np.array([50, 200, 1000]), np.append(0.0, np.geomspace(1e-4, 100, 96))
    tuned = rc.tune(data, rc.KernelRidge(kernel, 0.1), n)
    scanned = rc.predict(data, rc.KernelRidge(kernel, grid), n[:, None]).test
    assert np.all(tuned.risk.test <= scanned.min(axis=1) * (1 + 1e-12))
    assert np.all(np.abs(tuned.ridge - grid[scanned.argmin(axis=1)]) <= 0.16 * tuned.ridge + 1e-12)
    assert_array_equal(tuned.risk.test, rc.predict(data, rc.KernelRidge(kernel, tuned.ridge), n).test)


def test_the_sample_that_a_kernel_needs() -> None:
    data = rc.SphereData(20, rc.targets.DegreeEnergies({1: 0.6, 2: 0.4}), noise=0.2)
    estimator = rc.KernelRidge(rc.kernels.ReluNeuralTangent(3), 0.1)
    sizes = rc.sample_size(data, estimator, [2.0, 0.9, 0.5, 0.1])
    assert (sizes[0], sizes[3]) == (0.0, np.inf)
    assert_allclose(rc.predict(data, estimator, sizes[1:3]).test, [0.9, 0.5], rtol=1e-9)


def test_a_kernel_has_no_negative_ridge() -> None:
    data = rc.SphereData(20, rc.targets.DegreeEnergies({1: 1.0}))
    with pytest.raises(ValueError, match="allow_negative must be False for KernelRidge"):
        rc.tune(data, rc.KernelRidge(rc.kernels.Polynomial(2), 0.1), 50, allow_negative=True)
