"""Simulation under another test distribution: against fresh points, identities, and z-scores beside the theory."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest
import scipy.stats
from numpy.testing import assert_allclose, assert_array_equal

import riskcalc as rc
from riskcalc.simulation.draw import linear_sample
from riskcalc.simulation.shift import judge_of

SHELLS = rc.Spectrum.from_eigenvalues([3.0, 1.0, 0.2, 0.0], [20, 40, 50, 10])
DATA = rc.GaussianData(SHELLS, [0.5, 0.3, 0.2, 0.1], noise=0.5, outside_energy=0.1)
OTHER = rc.Spectrum.from_eigenvalues([0.5, 2.0, 0.0, 1.5], [20, 40, 50, 10])
SHIFTED = ("test", "bias", "variance")
TESTS = {
    "same target": rc.GaussianData(OTHER, [0.5 / 6, 0.6, 0.0, 0.0], 0.2),
    "rescaled": rc.GaussianData(OTHER, [0.4, 0.1, 0.15, 0.25], 0.2, 0.05),
    "new energies": rc.GaussianData(SHELLS, [0.0, 0.9, 0.2, 0.3], 1.0),
}


def test_the_same_data_change_nothing():
    """Test data like the training data: the same features, so the same numbers, to the rounding of sums."""
    for label_noise in ("averaged", "drawn"):
        keywords = {"n_trials": 5, "rng": 3, "label_noise": label_noise}
        for n in (60, 150):
            plain = rc.simulate(DATA, rc.Ridge([0, 1.0, 20.0]), n, **keywords)
            shifted = rc.simulate(DATA, rc.Ridge([0, 1.0, 20.0]), n, **keywords, test_data=DATA)
            assert shifted.test_data == DATA
            for name, measured in plain.measurements.items():
                if name in SHIFTED:
                    assert_allclose(shifted.measurements[name].values, measured.values, rtol=1e-9, atol=1e-12)
                else:
                    assert_array_equal(shifted.measurements[name].values, measured.values)


@pytest.mark.parametrize("name", TESTS)
def test_fields_of_training_do_not_change(name):
    plain = rc.simulate(DATA, rc.Ridge([0.0, 1.0]), 60, n_trials=4, rng=1)
    shifted = rc.simulate(DATA, rc.Ridge([0.0, 1.0]), 60, n_trials=4, rng=1, test_data=TESTS[name])
    for field, measured in plain.measurements.items():
        if field not in SHIFTED:
            assert_array_equal(shifted.measurements[field].values, measured.values)
    assert (shifted.test.values != plain.test.values).all()


@pytest.mark.parametrize("name", TESTS)
def test_the_exact_risk_is_that_on_fresh_points(name):
    """20000 fresh points of the test distribution, with outputs of their own: within 4 standard errors."""
    test, rng = TESTS[name], np.random.default_rng(11)
    sample = linear_sample(DATA, 60, rng)
    judge = judge_of(DATA, test, sample, rng)
    y = sample.features @ sample.coefficients + math.sqrt(0.7) * rng.standard_normal(60)
    X = sample.features
    fitted = np.linalg.solve(X.T @ X + 2.0 * np.eye(110), X.T @ y)
    variances = np.repeat(test.spectrum.eigenvalues[:3], [20, 40, 50])
    Z = rng.standard_normal((20000, 110)) * np.sqrt(variances)
    rest = test.outside_energy + float(test.energies[3]) + float(test.noise)  # the last entry is never seen
    rest += float(np.asarray(test.energies)[:3][test.spectrum.eigenvalues[:3] == 0].sum())
    errors = (Z @ (judge.target - fitted) + math.sqrt(rest) * rng.standard_normal(20000)) ** 2
    exact = judge.error(fitted) + judge.noise
    assert abs(errors.mean() - exact) <= 4 * errors.std() / math.sqrt(20000)


@pytest.mark.parametrize("name", TESTS)
def test_the_target_has_the_energies_and_the_direction(name):
    test, rng = TESTS[name], np.random.default_rng(5)
    sample = linear_sample(DATA, 10, rng)
    judge = judge_of(DATA, test, sample, rng)
    owner = np.repeat(np.arange(3), [20, 40, 50])
    energies = np.bincount(owner, judge.covariance * judge.target**2)
    alive = test.spectrum.eigenvalues[:3] > 0
    assert_allclose(energies[alive], np.asarray(test.energies)[:3][alive], rtol=1e-12)
    inner = np.bincount(owner, judge.target * sample.coefficients)
    norms = np.bincount(owner, judge.target**2) * np.bincount(owner, sample.coefficients**2)
    assert_allclose(inner, np.sqrt(norms), rtol=1e-12)
    if name == "same target":
        assert_allclose(judge.target[alive[owner]], sample.coefficients[alive[owner]], rtol=1e-12)


def test_theory_and_simulation_agree():
    """48 cells: three shifts, two sizes, ridges 0 to 30, two laws, drawn noise: z with the allowance of the pair.

    The raw z-scores of test and bias are those of Student's t up to the next order in 1/n, a fraction of an error.
    """
    raw = []
    for k, (name, test) in enumerate(TESTS.items()):
        for n in (60, 240):
            for entries in ("gaussian", "rademacher"):
                data = DATA.replace(entries=entries)
                comparison = rc.verify(
                    data, rc.Ridge([0.0, 0.3, 3.0, 30.0]), n, n_trials=20, rng=[7, 8, 9][k], test_data=test,
                    label_noise="drawn",
                )  # fmt: skip
                assert comparison.judged.all()
                assert comparison.agrees, f"{name} {n} {entries}: {comparison.verdict}"
                raw += list(comparison.z["test"])
    limit = scipy.stats.t(19).isf(1e-3 / 2 / len(raw))
    assert len(raw) == 48
    assert np.abs(raw).max() <= limit + 1
    assert np.median(np.abs(raw)) < 1.5


def test_verify_sees_a_wrong_target():
    """The unshifted prediction, and the one of another target, are refused."""
    test = TESTS["rescaled"]
    trials = rc.simulate(DATA, rc.Ridge([0.3, 3.0]), 240, n_trials=20, rng=0, test_data=test)
    right = rc.predict(DATA, rc.Ridge([0.3, 3.0]), 240, test_data=test)
    assert rc.compare(right, trials).agrees
    assert not rc.compare(rc.predict(DATA, rc.Ridge([0.3, 3.0]), 240), trials).agrees
    same = test.replace(energies=[0.5 / 6, 0.6, 0.0, 0.25])
    assert not rc.compare(rc.predict(DATA, rc.Ridge([0.3, 3.0]), 240, test_data=same), trials).agrees


def test_store_and_scale(tmp_path):
    """A store tells shifted trials from plain ones; scale multiplies the sizes of both data."""
    ratios = rc.GaussianData(rc.Spectrum.from_eigenvalues([2.0, 1.0], [0.5, 1.0]), [1.0, 0.5], noise=0.1)
    test = rc.GaussianData(rc.Spectrum.from_eigenvalues([1.0, 3.0], [0.5, 1.0]), [0.5, 1.5], noise=0.3)
    keywords = {"n_trials": 3, "rng": 0, "store": tmp_path / "trials.sqlite", "scale": 50}
    one = rc.simulate(ratios, rc.Ridge(0.1), 1.0, **keywords)
    two = rc.simulate(ratios, rc.Ridge(0.1), 1.0, **keywords, test_data=test)
    again = rc.simulate(ratios, rc.Ridge(0.1), 1.0, **keywords, test_data=test)
    assert (one.test.values != two.test.values).all()
    assert_array_equal(two.test.values, again.test.values)
    assert two.test_data.spectrum.rank == 75
    assert rc.verify(ratios, rc.Ridge(0.1), 1.0, n_trials=20, rng=0, scale=100, test_data=test).agrees


@pytest.mark.parametrize(
    ("data", "test_data", "error", "sentence"),
    [
        (
            DATA,
            rc.GaussianData.isotropic(120),
            ValueError,
            "test_data must have the entries of data, in the same order",
        ),
        (DATA, rc.Dataset(np.ones((3, 2)), np.ones(3)), TypeError, "test_data must be a GaussianData"),
        (DATA, DATA.replace(noise=[0.1, 0.2]), ValueError, "noise of test_data must be an array of 0 dimension(s)"),
        (rc.Dataset(np.ones((3, 2)), np.ones(3)), DATA, TypeError, "test_data must be left out for Dataset with Ridge"),
    ],
)
def test_bad_input(data, test_data, error, sentence):
    with pytest.raises(error, match=r"^" + re.escape(sentence)):
        rc.simulate(data, rc.Ridge(1.0), 2, n_trials=2, rng=0, test_data=test_data)
