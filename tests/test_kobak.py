"""Published: negative optimal ridges and implicit ridges of Kobak, Lomond & Sanchez, from published/kobak2020.toml."""

from __future__ import annotations

import tomllib
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose

import riskcalc as rc

PUBLISHED = tomllib.loads((Path(__file__).parent / "published" / "kobak2020.toml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("row", PUBLISHED["spiked"], ids=str)
def test_the_optimal_ridge_of_a_spiked_model_is_negative(row):
    """The eigenvalues of I + ρ11ᵀ are 1 + ρp once and 1 the other p - 1 times."""
    p = row["p"]
    spectrum = rc.Spectrum.from_eigenvalues([1 + row["rho"] * p, 1.0], [1, p - 1])
    problem = rc.Problem(spectrum, [row["signal"], 0.0], row["noise"])
    tuned = rc.tune(problem, rc.Ridge(0), row["n"], allow_negative=True)
    assert rc.ridge_lower_limit(spectrum, row["n"]) < tuned.ridge < 0
    assert tuned.risk.test < rc.ridge_risk(problem, row["n"], 0.0).test
    assert abs(tuned.risk.derivative("test", "ridge")) * abs(tuned.ridge) < 1e-6 * tuned.risk.test
    assert rc.tune(problem, rc.Ridge(0), row["n"]).ridge == 0  # the best that is not negative
    isotropic = rc.Problem(rc.Spectrum.isotropic(p), [row["signal"]], row["noise"])
    assert rc.tune(isotropic, rc.Ridge(0), row["n"], allow_negative=True).ridge > 0


@pytest.mark.parametrize("row", PUBLISHED["augmented"], ids=str)
def test_small_random_covariates_are_a_ridge(row):
    """κ solves n = df1 + λ/(λ/q + κ), which differs from n = df1 + λ/κ by a relative λ/(qκ): an error of order 1/q."""
    n, p, penalty = row["n"], row["p"], row["penalty"]
    sigma = np.geomspace(4.0, 0.1, p)
    expected = rc.effective_ridge(rc.Spectrum.from_eigenvalues(sigma), n, penalty)
    gaps = []
    for q in (1e3, 1e4, 1e5):
        augmented = rc.Spectrum.from_eigenvalues([*sigma, penalty / q], [*[1] * p, q])
        gaps.append(abs(rc.effective_ridge(augmented, n, 0.0) / expected - 1))
    assert_allclose(np.array(gaps[:-1]) / gaps[1:], 10, rtol=0.1)
    assert gaps[0] < 2 * penalty / (1e3 * expected)
