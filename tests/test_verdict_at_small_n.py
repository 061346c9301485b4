"""Simulated: with the known next order in place of a bound on it, small samples tell right from wrong."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest

import riskcalc as rc

MODELS = {
    "isotropic": (rc.GaussianData.isotropic(50, noise=1.0), 50.0),
    "two shells": (
        rc.GaussianData(rc.Spectrum.from_eigenvalues([2.0, 0.3], [30, 30]), [0.8, 0.3], noise=0.5),
        50.0,
    ),
    "signs": (
        rc.GaussianData(
            rc.Spectrum.from_eigenvalues([2.0, 0.3], [30, 30]), [0.8, 0.3], noise=0.5, entries="rademacher"
        ),
        50.0,
    ),
}
N = 100


@cache
def trials_of(name: str, n: int, n_trials: int) -> rc.Trials:
    data, ridge = MODELS[name]
    return rc.simulate(data, rc.Ridge(ridge * n / N), n, n_trials=n_trials, rng=0)


Formula = Callable[[rc.Risk], Any]
WRONG: dict[str, tuple[str, Formula]] = {
    "variance 1 % too large": ("variance", lambda r: 1.01 * r.variance),
    "variance 1 % too small": ("variance", lambda r: 0.99 * r.variance),
    "bias 10 % too large": ("bias", lambda r: 1.1 * r.bias),
    "df1 for df2 in the variance": ("variance", lambda r: r.noise * r.df1 / (N - r.df1)),
    "df1 for df2 in the bias": ("bias", lambda r: r.bias * (1 - r.df2 / N) / (1 - r.df1 / N)),
    "bias without 1/(1 - df2/n)": ("bias", lambda r: r.bias * (1 - r.df2 / N)),
    "noise left out of the test error": ("test", lambda r: r.test - r.noise),
    "train error of the bare hat": ("train", lambda r: r.train / (1 - r.df1 / N)),
    "train error not divided by n": ("train", lambda r: r.train * N),
    "df1 by df2": ("df1", lambda r: r.df2),
    "effective ridge by its first guess": ("effective_ridge", lambda r: 0 * r.test + 0.1),
}


@pytest.mark.parametrize("name", ["isotropic", "two shells"])
@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_formula_is_refused_at_a_hundred_samples(name: str, wrong: str) -> None:
    """With 200 trials and the default allowance; the right one, with and without its next order, is not."""
    data, ridge = MODELS[name]
    trials = trials_of(name, N, 200)
    risk = rc.predict(data, rc.Ridge(ridge), N)
    assert rc.compare(risk, trials).agrees
    assert rc.compare(rc.predict(data, rc.Ridge(ridge), N, correction="first"), trials).agrees
    field, formula = WRONG[wrong]
    comparison = rc.compare(risk.fields | {field: formula(risk)}, trials)
    assert [other for other, z in comparison.excess_z.items() if z > comparison.limit] == [field]


@pytest.mark.parametrize(("n", "n_trials"), [(20, 4000), (40, 2000)])
@pytest.mark.parametrize("name", MODELS)
def test_the_right_formula_passes_many_trials_of_few_samples(name: str, n: int, n_trials: int) -> None:
    """Also with the next order added, where only what lies beyond it is allowed."""
    data, ridge = MODELS[name]
    estimator = rc.Ridge(ridge * n / N)
    trials = trials_of(name, n, n_trials)
    for correction in (None, "first"):
        comparison = rc.compare(rc.predict(data, estimator, n, correction=correction), trials)
        assert comparison.agrees, comparison.table()


@pytest.mark.parametrize("name", ["isotropic", "two shells"])
def test_the_bound_would_have_let_one_per_cent_pass(name: str) -> None:
    """The bound is u of the variance and 3u of bias and train, u = 1/(n - df2 - 1), which is 1.2 % here."""
    data, ridge = MODELS[name]
    trials = trials_of(name, N, 200)
    risk = rc.predict(data, rc.Ridge(ridge), N)
    known = rc.compare(risk, trials)
    added = rc.compare(rc.predict(data, rc.Ridge(ridge), N, correction="first"), trials)
    unit = 1 / (N - risk.df2 - 1)
    bounds = {"bias": 3 * risk.bias * unit, "variance": risk.variance * unit, "train": 3 * risk.train * unit}
    for field, bound in bounds.items():
        assert known.allowances[field] < bound / 2
        assert added.allowances[field] < bound / 8
    measured = trials.measurements["variance"]
    beyond = (np.abs(measured.mean - 1.01 * risk.variance) - bounds["variance"]) / measured.standard_error
    assert beyond < known.limit
