"""Sizes at which a share of the experiments is good enough: limits, an exact law, a simulation, refusals."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.stats
from numpy.testing import assert_allclose, assert_array_equal

import riskcalc as rc

LEAST_SQUARES = rc.GaussianData.isotropic(200, noise=0.25)
SHELLS = rc.GaussianData(rc.Spectrum.from_eigenvalues([2.0, 0.3], [30, 30]), [0.8, 0.3], noise=0.5)
NO_SKEW = float(scipy.stats.norm.cdf(1))  # z² - 1 = 0: the first term of Edgeworth's expansion of a quantile vanishes


@pytest.mark.parametrize(
    ("data", "ridge"), [(LEAST_SQUARES, 0.0), (SHELLS, 20.0), (rc.LatentSpaceData(np.eye(30, 5), np.ones(5), 0.3), 3.0)]
)
def test_one_half_is_the_mean(data: Any, ridge: float) -> None:
    """And further shares need more samples, each a root of test + z spread = t."""
    target = 1.2 * float(rc.predict(data, rc.Ridge(ridge), 400).test)
    plain = rc.sample_size(data, rc.Ridge(ridge), target)
    assert_allclose(rc.sample_size(data, rc.Ridge(ridge), target, probability=0.5), plain, rtol=1e-12)
    q = np.array([0.5, 0.8, 0.99])
    sizes = rc.sample_size(data, rc.Ridge(ridge), target, probability=q)
    assert np.all(np.diff(sizes) > 0.02 * plain)
    risk = rc.predict(data, rc.Ridge(ridge), sizes)
    assert_allclose(risk.test + scipy.stats.norm.ppf(q) * risk.spread["test"], target, rtol=1e-9)


def test_shapes_broadcast() -> None:
    targets, q = np.array([[0.4], [0.5], [2.0], [0.2]]), np.array([0.5, 0.9])
    sizes = rc.sample_size(LEAST_SQUARES, rc.Ridge(0), targets, probability=q)
    assert sizes.shape == (4, 2)
    for row, target in zip(sizes, targets, strict=True):
        for size, share in zip(row, q, strict=True):
            one = rc.sample_size(LEAST_SQUARES, rc.Ridge([0]), float(target[0]), probability=float(share))
            assert one.shape == ()
            assert_allclose(size, one, rtol=1e-12)
    assert_array_equal(sizes[2:], [[0, 0], [np.inf, np.inf]])


@pytest.mark.parametrize("target", [0.5, 0.3])
def test_least_squares_by_its_exact_law(target: float) -> None:
    """The F law of one experiment: the share is q within the terms of order 1/(n - r), the skewness apart.

    Mean and deviation are short by 1/(n - r) and 2.5/(n - r) of themselves, which in units of the deviation is
    (1/(n - r)) excess/spread + 2.5 z/(n - r).
    """
    n = float(rc.sample_size(LEAST_SQUARES, rc.Ridge(0), target, probability=NO_SKEW))
    law = rc.finite_size.least_squares_law(n, 200, 0.25)
    spread = float(rc.predict(LEAST_SQUARES, rc.Ridge(0), n).spread["test"])
    missed = ((target - 0.25) / spread + 2.5) / (n - 200)
    assert 0.01 < missed < 0.08
    assert abs(law.cdf(target) - NO_SKEW) < missed * scipy.stats.norm.pdf(1) * 1.5
    assert abs(law.cdf(target) - NO_SKEW) < 0.01


@pytest.mark.parametrize(("data", "ridge"), [(SHELLS, 20.0), (SHELLS.replace(entries="rademacher"), 20.0)])
def test_the_share_of_simulated_experiments(data: Any, ridge: float) -> None:
    """800 experiments at the size, features and noise drawn; 0.02 is left for the terms beyond the leading order.

    They are the next order of the mean, 0.3 % of it, in units of a deviation of 7 %, and 2.5/(n - df2) of that one.
    """
    target = 0.85
    n = np.ceil(rc.sample_size(data, rc.Ridge(ridge), target, probability=NO_SKEW))
    risk, n_trials = rc.predict(data, rc.Ridge(ridge), n), 800
    next_order = abs(float(risk.next_order["test"] / risk.spread["test"]))
    assert next_order < 0.1
    trials = rc.simulate(data, rc.Ridge(ridge), n, n_trials=n_trials, rng=0, label_noise="drawn")
    share = float((trials.test.values <= target).mean())
    beyond = scipy.stats.norm.pdf(1) * (next_order + 2.5 / float(n - risk.df2))
    assert beyond < 0.04
    expected = scipy.stats.norm.cdf(float((target - risk.test) / risk.spread["test"]))  # n was rounded up
    error = np.sqrt(expected * (1 - expected) / n_trials)
    assert abs(share - expected) < beyond + 3.3 * error
    assert abs(share - 0.5) > 5 * error  # the plain answer would be another


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: rc.sample_size(SHELLS, rc.Ridge(1), 0.9, probability=0.4), "probability must be .*>= 0.5.* got 0.4"),
        (lambda: rc.sample_size(SHELLS, rc.Ridge(1), 0.9, probability=1.0), "probability must be .* got 1"),
        (lambda: rc.sample_size(SHELLS, rc.Ridge(1), 0.9, probability=np.nan), "probability must be"),
        (lambda: rc.sample_size(SHELLS, rc.Ridge(1), [0.9, 0.8], probability=[0.6] * 3), "shapes do not broadcast"),
        (
            lambda: rc.sample_size(SHELLS.replace(entries="student(3)"), rc.Ridge(1), 0.9, probability=0.9),
            "probability must be left out where no spread is known: entries 'student\\(3\\)' have no fourth moment",
        ),
        (
            lambda: rc.sample_size(rc.Problem(rc.Spectrum.isotropic(5), [1.0]), rc.Ridge(1), 0.9, probability=0.9),
            r"probability must be left out for \(Problem, Ridge\); the spread is known of Ridge on GaussianData",
        ),
        (
            lambda: rc.sample_size(rc.Dataset(np.eye(9), np.arange(9.0)), rc.Ridge(1), 0.9, probability=0.9),
            "probability must be left out for a Dataset, got 0.9; level is for its interval",
        ),
    ],
)
def test_bad_probabilities(call: Any, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}"):
        call()
