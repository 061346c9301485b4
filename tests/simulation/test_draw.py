"""Identities, simulated: the draws have the moments and laws they are named after, and exactly the given energies."""

from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.stats
from numpy.testing import assert_allclose, assert_array_equal

import riskcalc as rc
from riskcalc.data.gaussian import entries_kurtosis
from riskcalc.simulation.draw import entries, linear_sample, split

EPS = np.finfo(float).eps


def student_moment(nu: float, k: int) -> float:
    """E x^k of Student's law scaled to variance 1."""
    raw = nu ** (k / 2) * math.gamma((k + 1) / 2) * math.gamma((nu - k) / 2) / (math.sqrt(math.pi) * math.gamma(nu / 2))
    return raw * ((nu - 2) / nu) ** (k / 2)


# law: (E x^4, E x^8, its distribution function or None)
LAWS = {
    "gaussian": (3.0, 105.0, scipy.stats.norm()),
    "rademacher": (1.0, 1.0, None),
    "uniform": (9 / 5, 9.0, scipy.stats.uniform(-math.sqrt(3), 2 * math.sqrt(3))),
    "student(20)": (student_moment(20, 4), student_moment(20, 8), scipy.stats.t(20, scale=math.sqrt(18 / 20))),
    "student": (student_moment(5, 4), math.inf, scipy.stats.t(5, scale=math.sqrt(3 / 5))),
    "student(2.5)": (math.inf, math.inf, scipy.stats.t(2.5, scale=math.sqrt(0.5 / 2.5))),
}
LIMIT = float(scipy.stats.norm.isf(1e-4 / 2 / (5 * len(LAWS))))  # of |z|, for five checks of each law


@pytest.mark.parametrize("law", LAWS)
def test_entries(law: str) -> None:
    """Bounds from the number of draws: the s.d. of a mean of x^k is sqrt((E x^2k - (E x^k)²)/N)."""
    fourth, eighth, distribution = LAWS[law]
    x = entries(law, (400, 500), np.random.default_rng(1)).ravel()
    root = math.sqrt(x.size)
    assert abs(x.mean()) * root <= LIMIT
    assert abs(np.mean(x[:-1] * x[1:])) * root <= LIMIT  # neighbours in a row
    if math.isfinite(fourth):
        assert entries_kurtosis(law) == pytest.approx(fourth - 3, rel=8 * EPS, abs=8 * EPS)
        assert abs(np.mean(x**2) - 1) * root <= LIMIT * math.sqrt(fourth - 1)
    else:
        assert entries_kurtosis(law) == math.inf
    if math.isfinite(eighth):
        assert abs(np.mean(x**4) - fourth) * root <= LIMIT * math.sqrt(eighth - fourth**2)
    if distribution is None:
        assert set(np.unique(x)) == {-1.0, 1.0}
    else:
        assert scipy.stats.kstest(x, distribution.cdf).pvalue > 1e-4 / len(LAWS)


def test_entries_use_nothing_but_their_generator() -> None:
    before = np.random.get_state(legacy=False)["state"]["key"].copy()  # noqa: NPY002
    for law in LAWS:
        assert_array_equal(
            entries(law, (3, 2), np.random.default_rng(5)), entries(law, (3, 2), np.random.default_rng(5))
        )
        assert entries(law, (0, 3), np.random.default_rng(5)).shape == (0, 3)
    assert_array_equal(np.random.get_state(legacy=False)["state"]["key"], before)  # noqa: NPY002


SHELLS = rc.GaussianData(
    rc.Spectrum.from_eigenvalues([4.0, 1e-8, 0.0, 1.0, 3.0, 2.0], [3, 2, 4, 1, 0, 5]),
    energies=[0.7, 0.2, 0.9, 0.3, 0.0, 0.0],
)


@pytest.mark.parametrize("data", [SHELLS, rc.GaussianData.power_law(2.0, 0.4, n_features=50)])
def test_energy_of_each_eigenspace_is_the_given_one(data: rc.GaussianData) -> None:
    sample = linear_sample(data, 7, np.random.default_rng(2))
    spectrum = data.spectrum
    kept = (spectrum.eigenvalues > 0) & (spectrum.multiplicities > 0)
    counts = spectrum.multiplicities[kept].astype(int)
    assert_array_equal(sample.covariance, np.repeat(spectrum.eigenvalues[kept], counts))
    assert sample.features.shape == (7, counts.sum())
    owner = np.repeat(np.arange(counts.size), counts)
    energy = np.bincount(owner, sample.covariance * sample.coefficients**2)
    assert_allclose(energy, np.asarray(data.energies)[kept], rtol=8 * EPS)


def test_target_points_in_every_direction_of_its_eigenspace() -> None:
    """A random direction in m dimensions has mean 0, mean square 1/m, and variance of the square 2(m-1)/(m²(m+2))."""
    m, n_draws = 4, 4000
    data = rc.GaussianData(rc.Spectrum.from_eigenvalues([9.0, 1.0], [m, 2]), energies=[1.0, 5.0])
    theta = np.array(
        [linear_sample(data, 1, np.random.default_rng(seed)).coefficients[:m] * 3 for seed in range(n_draws)]
    )
    limit = float(scipy.stats.norm.isf(1e-4 / 2 / (2 * m + 1))) / math.sqrt(n_draws)
    assert np.abs(theta.mean(axis=0)).max() <= limit * math.sqrt(1 / m)
    assert np.abs((theta**2).mean(axis=0) - 1 / m).max() <= limit * math.sqrt(2 * (m - 1) / (m**2 * (m + 2)))
    assert abs((theta[:, 0] * theta[:, 1]).mean()) <= limit * math.sqrt(1 / (m * (m + 2)))


@pytest.mark.parametrize("law", ["gaussian", "rademacher", "uniform"])
def test_covariance_of_the_features(law: str) -> None:
    """Entry (i, j) of XᵀX/n has s.d. sqrt(σ_i σ_j (1 + [i = j](1 + excess kurtosis))/n)."""
    n = 20_000
    data = rc.GaussianData(rc.Spectrum.from_eigenvalues([100.0, 1.0, 1e-6], [2, 4, 2]), [1.0, 1.0, 1.0], entries=law)
    sample = linear_sample(data, n, np.random.default_rng(3))
    p = sample.covariance.size
    scaled = sample.features / np.sqrt(sample.covariance)
    gap = scaled.T @ scaled / n - np.eye(p)
    deviation = np.sqrt((1 + np.eye(p) * (1 + entries_kurtosis(law))) / n)
    limit = float(scipy.stats.norm.isf(1e-4 / 2 / (p * (p + 1) / 2)))
    assert np.all(np.abs(gap) <= limit * deviation + 8 * EPS)


def test_noises_are_standard_and_independent_of_features_and_of_each_other() -> None:
    n = 40_000
    sample = linear_sample(rc.GaussianData.isotropic(2), n, np.random.default_rng(4))
    columns = np.column_stack([sample.features, sample.outside, sample.label_noise])
    gap = np.abs(columns.T @ columns / n - np.eye(4)) * math.sqrt(n) / np.sqrt(1 + np.eye(4))
    assert gap.max() <= scipy.stats.norm.isf(1e-4 / 2 / 10)
    for noise in (sample.outside, sample.label_noise):
        assert scipy.stats.kstest(noise, "norm").pvalue > 1e-4


@pytest.mark.parametrize("n", [1, 6, 9])
def test_split_is_without_replacement_and_covers_the_table(n: int) -> None:
    rows = np.arange(10.0)
    table = rc.Dataset(np.column_stack([rows, rows**2]), np.column_stack([-rows, rows + 0.5]))
    for seed in range(20):
        part = split(table, n, np.random.default_rng(seed))
        assert (len(part.train_inputs), len(part.test_inputs)) == (n, 10 - n)
        drawn = np.concatenate([part.train_inputs[:, 0], part.test_inputs[:, 0]])
        assert_array_equal(np.sort(drawn), rows)
        assert_array_equal(np.vstack([part.train_inputs, part.test_inputs])[:, 1], drawn**2)
        outputs = np.vstack([part.train_outputs, part.test_outputs])
        assert_array_equal(outputs, np.column_stack([-drawn, drawn + 0.5]))


def test_every_row_and_every_pair_is_drawn_equally_often() -> None:
    m, n, n_draws = 10, 4, 20_000
    table = rc.Dataset(np.arange(float(m))[:, None], np.zeros(m))
    rng = np.random.default_rng(6)
    drawn = np.zeros((n_draws, m))
    for row in drawn:
        row[split(table, n, rng).train_inputs[:, 0].astype(int)] = 1
    together = drawn.T @ drawn / n_draws
    expected = np.where(np.eye(m) == 1, n / m, n * (n - 1) / (m * (m - 1)))
    z = (together - expected) / np.sqrt(expected * (1 - expected) / n_draws)
    assert np.abs(z).max() <= scipy.stats.norm.isf(1e-4 / 2 / (m * (m + 1) / 2))
