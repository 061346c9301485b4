"""Scaling laws in the width: slopes of the equations against the closed forms, and the shipped experiments."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

import riskcalc as rc
from riskcalc import activations


def slopes(values: np.ndarray, widths: np.ndarray) -> np.ndarray:
    return np.diff(np.log(values)) / np.diff(np.log(widths))


@pytest.mark.parametrize(("alpha", "r"), [(1.5, 0.3), (2.0, 0.25), (2.0, 0.75), (3.0, 0.3)])
def test_a_narrow_model_is_limited_by_its_width(alpha: float, r: float) -> None:
    """N = n^q for small q: bias ≍ n^(-γ_b) is a power γ_b/q of N, whatever n and a ridge n^(1-ℓ), ℓ > αq, are.

    A slope test needs a tolerance of .05 (sheet 3 §8): the next term of D is relative N^-1, that of Q₁ a power of N
    that is small where r is near 1/2.
    """
    data = rc.GaussianData.power_law(alpha, r)
    problem, widths = rc.Problem(data.spectrum, data.energies), np.array([1e3, 4e3])
    for q in (0.35, 0.4):
        rate = rc.limits.random_feature_rate(alpha, r, q)
        assert_allclose(rate.delta, q)
        found = slopes(rc.random_feature_risk(problem, 4e3 ** (1 / q), widths, 0).bias, widths)
        assert_allclose(found, rate.bias / q, atol=0.05)
        assert_allclose(rate.bias / q, -alpha * min(2 * r, 1), rtol=1e-12)


@pytest.mark.parametrize("noise", [0.0, 0.1])
def test_a_wide_model_pays_in_proportion_to_samples_over_width(noise: float) -> None:
    """Where n ≪ N, and no ridge: the error above the kernel's is (Q₁ + τ²)n/(N - n), a slope of -1 up to n/N = 3 %."""
    data = rc.GaussianData.power_law(1.5, 0.3, noise)
    problem, widths = rc.Problem(data.spectrum, data.energies, noise), np.array([1e4, 4e4])
    wide = rc.random_feature_risk(problem, 300, np.inf, 0)
    price = rc.random_feature_risk(problem, 300, widths, 0).test - wide.test
    assert_allclose(slopes(price, widths), -1, atol=0.03)


def test_the_shipped_experiment_shows_both_slopes() -> None:
    """At the experiment's own sizes the narrow slope is within 0.17 of the limit, N being 10 to 40 (D + 1/2 = N)."""
    risk = rc.Experiment.load("width-scaling").predict()
    widths = risk.coordinates["width"].ravel()
    alpha, r = 1.5, 0.3
    limit = rc.limits.random_feature_rate(alpha, r, 0.4).bias / 0.4
    narrow = slopes(risk.bias[:3, 0], widths[:3])
    assert (np.abs(narrow - limit) < 0.17).all()
    assert np.isinf(risk.test[widths == 300, 0]).all()
    assert np.isfinite(risk.test[:, 1]).all()


def test_linear_features_are_projections_of_the_spectrum() -> None:
    """κ_1 = 1, κ_* = 0: eigenvalues σ/d, no tail, and the ridge in units of them."""
    data = rc.GaussianData.power_law(1.5, 0.3, 0.01, n_features=400)
    member = rc.RandomFeatureRidge(activations.Linear(), [40, 600], 1e-4, "gaussian")
    problem = rc.Problem(data.spectrum, data.energies, data.noise)
    assert_allclose(rc.predict(data, member, 300).test, rc.random_feature_risk(problem, 300, [40, 600], 0.04).test)
    assert rc.reduce(data, member).spectrum.tail == 0


@pytest.mark.slow
@pytest.mark.parametrize("name", ["random-features-ensemble", "width-scaling"])
def test_shipped_experiments_agree(name: str) -> None:
    comparison = rc.Experiment.load(name, quick=True).verify()
    assert comparison.agrees, comparison.table()
