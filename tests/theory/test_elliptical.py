"""Elliptical rows: identities (hypothesis), limits by cases, and an mpmath twin written from the definition."""

from __future__ import annotations

from typing import Any

import mpmath
import numpy as np
import precise_elliptical
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from strategies import solved

import riskcalc as rc
from riskcalc.theory.row_weights import RowWeights, elliptical_point

FIELDS = ("test", "train", "bias", "variance", "df1", "df2", "norm_squared", "estimation", "in_sample", "gcv")
SHELLS = rc.Problem(
    rc.Spectrum.from_eigenvalues([4.0, 1.0, 0.2, 0.0], [60, 140, 200, 3]),
    energies=[1.0, 0.5, 0.3, 0.1],
    noise=0.5,
    outside_energy=0.2,
)
TWO = [0.2, 1.8]


def risk(problem: rc.Problem = SHELLS, n: Any = 200.0, ridge: Any = 1.0, w: Any = TWO, p: Any = None) -> rc.Risk:
    return rc.elliptical_risk(problem, n, ridge, w, p)


def assert_same(ours: rc.Risk, theirs: rc.Risk, rtol: float, names: tuple[str, ...] = FIELDS) -> None:
    for name in names:
        assert_allclose(ours.fields[name], theirs.fields[name], rtol=rtol, err_msg=name)


# --------------------------------------------------------------------------------------------------- mpmath twin

CASES = {
    "shells": ([4.0, 1.0, 0.2], [60, 140, 200], [1.0, 0.5, 0.3], 200, 1.0, TWO, [0.5, 0.5]),
    "many weights": ([4.0, 1.0], [60, 140], [1.0, 0.5], 150, 3.0, [0.01, 0.5, 1.0, 30.0], [0.1, 0.4, 0.4, 0.1]),
    "weights of eight decades": ([4.0, 1.0], [60, 140], [1.0, 0.5], 150, 3.0, [1e-4, 1.0, 1e4], [0.25, 0.5, 0.25]),
    "below the rank, tiny ridge": ([4.0, 1.0], [60, 141], [1.0, 0.5], 200, 1e-13, TWO, [0.5, 0.5]),
    "above the rank, tiny ridge": ([4.0, 1.0], [60, 139], [1.0, 0.5], 200, 1e-13, TWO, [0.5, 0.5]),
    "at the rank": ([4.0, 1.0], [60, 140], [1.0, 0.5], 200, 1e-10, TWO, [0.5, 0.5]),
    "smallest ridge": ([4.0, 1.0], [60, 140], [1.0, 0.5], 100, 1e-300, TWO, [0.5, 0.5]),
    "largest ridge": ([4.0, 1.0], [60, 140], [1.0, 0.5], 100, 1e12, TWO, [0.5, 0.5]),
    "condition 1e16": ([1.0, 1e-4, 1e-8, 1e-16], [5, 20, 30, 50], [1.0, 0.3, 0.1, 1e-3], 60, 1e-9, TWO, [0.3, 0.7]),
    "one sample": ([4.0, 1.0], [60, 140], [1.0, 0.5], 1, 3.0, TWO, [0.5, 0.5]),
}


@pytest.mark.parametrize("name", CASES)
def test_against_the_definition_in_many_digits(name: str) -> None:
    """Rounding alone: log δ carries 1e-16 of its size (700 at the smallest ridge), and the sums a few more."""
    sigma, m, e, n, ridge, w, p = CASES[name]
    with mpmath.workdps(700 if ridge < 1e-100 else 60):
        exact = precise_elliptical.elliptical_risk(sigma, m, e, w, p, n, ridge, noise=0.5, outside=0.2)
        exact = {name: float(value) for name, value in exact.items()}
    problem = rc.Problem(rc.Spectrum.from_eigenvalues(sigma, m), e, noise=0.5, outside_energy=0.2)
    found = risk(problem, n, ridge, w, p)
    for field, value in exact.items():
        assert_allclose(found.fields[field], value, rtol=3e-12 if ridge < 1e-100 else 1e-13, atol=1e-307, err_msg=field)


@given(
    n=st.floats(0.5, 900.0),
    ridge=st.floats(-6, 4).map(lambda x: 10**x),
    w=st.lists(st.floats(-2, 2).map(lambda x: 10**x), min_size=1, max_size=4),
)
def test_the_equations_hold_at_the_root(n: float, ridge: float, w: list[float]) -> None:
    """For c = nE w/(1+wδ), cδ = df1(κ), λ = κc, where no cancellation hides anything."""
    rows = RowWeights.of(w, None)
    root = elliptical_point(SHELLS.spectrum, np.asarray(n), np.asarray(ridge), rows)
    delta, kappa, c = float(np.exp(root.log_delta)), float(root.point.kappa), float(root.point.bare)
    weights = np.asarray(w)
    assert c == pytest.approx(n * np.mean(weights / (1 + weights * delta)), rel=1e-12)
    assert c * delta == pytest.approx(float(SHELLS.spectrum.df1(kappa)), rel=1e-12)
    assert kappa * c == pytest.approx(ridge, rel=1e-12)


# ----------------------------------------------------------------------------------------------------- identities


@given(case=solved(tails=True), p=st.floats(0.01, 0.99))
def test_weights_that_are_all_1_are_the_standard_model(case: tuple[rc.Problem, float, float], p: float) -> None:
    """Two solvers of one equation; κ is lost to cancellation in neither. Near the threshold 1/(n - df2) amplifies."""
    problem, n, ridge = case
    standard = rc.ridge_risk(problem, n, ridge)
    for found in (risk(problem, n, ridge, [1.0]), risk(problem, n, ridge, [1.0, 1.0], [p, 1 - p])):
        for name in FIELDS:
            assert_allclose(found.fields[name], standard.fields[name], rtol=1e-9, atol=1e-300, err_msg=name)


@given(case=solved(tails=True), log_w=st.lists(st.floats(-9, 9), min_size=1, max_size=4))
def test_never_nan_and_never_negative(case: tuple[rc.Problem, float, float], log_w: list[float]) -> None:
    problem, n, ridge = case
    found = risk(problem, n, ridge, np.exp(log_w))
    for name, value in found.fields.items():
        assert value >= 0, name
    assert_allclose(found.test, found.bias + found.variance + found.noise, rtol=1e-14)


def test_generalised_cross_validation_by_its_ratio() -> None:
    found = risk(n=[[100.0], [600.0]], ridge=[0.1, 1.0, 30.0])
    n = np.array([[100.0], [600.0]])
    assert_allclose(found.gcv, found.train / (1 - found.df1 / n) ** 2, rtol=1e-12)
    assert np.all(found.gcv < 0.97 * found.test)


def test_spread_of_the_radii_costs() -> None:
    """E w = 1: both parts are above the standard ones, the more the wider."""
    parts = [risk(n=200, w=[1 - s, 1 + s]) for s in (0.0, 0.3, 0.6, 0.9)]
    assert np.all(np.diff([part.variance for part in parts]) > 0)
    assert np.all(np.diff([part.bias for part in parts]) > 0)


def test_equal_weights_merge_and_order_does_not_matter() -> None:
    assert_same(risk(w=[0.2, 1.8, 1.8], p=[0.5, 0.2, 0.3]), risk(), 1e-13)
    assert_same(risk(w=[1.8, 0.2]), risk(), 1e-13)
    assert_same(risk(w=[0.2, 1.8, 7.0], p=[0.5, 0.5, 0.0]), risk(), 1e-13)


@pytest.mark.parametrize("s", [0.01, 3.0, 1e4])
def test_a_common_factor_of_the_weights_moves_to_ridge_and_noise(s: float) -> None:
    """‖y - √s Xθ‖² + λ‖θ‖² = s(‖y/√s - Xθ‖² + (λ/s)‖θ‖²) for y = √s Xθ* + ε."""
    ridge = np.array([0.0, 0.1, 3.0])
    quiet = rc.Problem(SHELLS.spectrum, SHELLS.energies, noise=0.5 / s, outside_energy=0.0)
    bare = rc.Problem(SHELLS.spectrum, SHELLS.energies, noise=0.5, outside_energy=0.0)
    scaled = risk(bare, ridge=s * ridge, w=s * np.array(TWO))
    plain = risk(quiet, ridge=ridge)
    energy_there = 0.1  # at the zero eigenvalue: outside, of which 1/s acts in the scaled units
    noise_like = plain.variance / (0.5 / s)
    assert_allclose(scaled.variance, plain.variance, rtol=1e-12)
    assert_allclose(scaled.bias, plain.bias + energy_there * noise_like * (1 / s - 1), rtol=1e-12)


@given(a=st.floats(0.1, 10.0))
def test_counts_and_ratios(a: float) -> None:
    """(n, multiplicities, ridge) → a(…) changes nothing but df's."""
    spectrum = rc.Spectrum.from_eigenvalues(SHELLS.spectrum.eigenvalues, a * SHELLS.spectrum.multiplicities)
    larger = risk(rc.Problem(spectrum, SHELLS.energies, 0.5, 0.2), n=200 * a, ridge=[0.0, a])
    names = tuple(name for name in FIELDS if name not in ("df1", "df2"))
    assert_same(larger, risk(ridge=[0.0, 1.0]), 1e-10, names)


def test_what_is_outside_acts_as_noise_that_counts_as_bias() -> None:
    more = risk(rc.Problem(SHELLS.spectrum, SHELLS.energies, 0.5, 0.9))
    noisier = risk(rc.Problem(SHELLS.spectrum, SHELLS.energies, 1.2, 0.2))
    assert_same(more, noisier, 1e-13, tuple(name for name in FIELDS if name not in ("bias", "variance")))
    assert_allclose(more.variance, risk().variance, rtol=1e-14)


def test_broadcasts_and_says_what_it_is() -> None:
    problem = rc.Problem(SHELLS.spectrum, SHELLS.energies, np.array([[[0.1]], [[1.0]]]), 0.2)
    grid = risk(problem, n=[[100], [400], [500]], ridge=[0.0, 1.0, 2.0, 3.0])
    assert grid.test.shape == (2, 3, 4)
    single = risk(rc.Problem(SHELLS.spectrum, SHELLS.energies, 1.0, 0.2), n=500, ridge=2.0)
    for name in FIELDS:
        assert_allclose(np.broadcast_to(grid.fields[name], (2, 3, 4))[1, 2, 2], single.fields[name], rtol=1e-13)
    assert single.test.shape == ()
    assert single.effective_ridge is None
    assert "silverstein1995" in rc.cite(single)
    with pytest.raises(ValueError, match="there are no derivatives for the route"):
        single.derivative("test", "ridge")


def test_a_long_spectrum_on_a_long_grid() -> None:
    """Compressed and in blocks: equal to the single points."""
    data = rc.GaussianData.power_law(1.5, 0.4, noise=0.3, n_features=3000)
    problem, ridge = rc.reduce(data, rc.Ridge(0)), np.geomspace(1e-3, 10, 300)
    grid = risk(problem, n=100, ridge=ridge)
    for k in (0, 150, 299):
        assert_allclose(grid.test[k], risk(problem, n=100, ridge=ridge[k]).test, rtol=1e-11)
    infinite = rc.reduce(rc.GaussianData.power_law(1.5, 0.4, noise=0.3), rc.Ridge(0))
    assert_allclose(risk(infinite, n=100, w=[1.0]).test, rc.ridge_risk(infinite, 100, 1.0).test, rtol=1e-11)


# --------------------------------------------------------------------------------------------------------- limits


def test_ridgeless_below_the_rank_the_radii_enter_through_the_noise_alone() -> None:
    bare = rc.Problem(rc.Spectrum.from_eigenvalues([4.0, 1.0], [100, 200]), [1.0, 0.5], noise=0.5)
    found, standard = risk(bare, n=200, ridge=0), rc.ridge_risk(bare, 200, 0)
    assert_allclose(found.bias, standard.bias, rtol=1e-13)
    assert_allclose(found.variance, standard.variance * np.mean(1 / np.array(TWO)), rtol=1e-13)
    assert_allclose(rc.effective_ridge(bare.spectrum, found.df1, 0), standard.effective_ridge, rtol=1e-13)


def test_ridgeless_above_the_rank_is_weighted_least_squares() -> None:
    """δ = Tr Σ(XᵀX)⁻¹: E wδ/(1+wδ) = r/n, a quadratic equation for two weights; variance τ²δ."""
    n, r = 500.0, 400.0
    a, b = TWO
    roots = np.roots([a * b * (1 - r / n), (a + b) * (0.5 - r / n), -r / n])
    found = risk(n=n, ridge=0)
    assert_allclose(found.variance, 0.5 * roots.max(), rtol=1e-12)
    assert_allclose(found.bias, 0.3 * (1 + roots.max()), rtol=1e-12)
    assert_allclose(found.df1, r, rtol=1e-14)


@pytest.mark.parametrize("n", [100.0, 390.0, 410.0, 600.0])
def test_a_vanishing_ridge_has_the_ridgeless_limit(n: float) -> None:
    """The relative change is of order λ Tr Σ⁻¹/|n - r|, below 1e-8 here."""
    assert_same(risk(n=n, ridge=1e-10), risk(n=n, ridge=0), 1e-7, ("test", "bias", "variance", "df1", "df2", "gcv"))


def test_at_the_threshold() -> None:
    spectrum = rc.Spectrum.from_eigenvalues([4.0, 1.0], [100, 100])
    for noise, outside, bias, variance in (
        (0.5, 0.2, np.inf, np.inf),
        (0.5, 0, 0, np.inf),
        (0, 0.2, np.inf, 0),
        (0, 0, 0, 0),
    ):
        found = risk(rc.Problem(spectrum, [1.0, 0.5], noise, outside), n=200, ridge=0)
        assert (found.bias, found.variance, found.train) == (bias, variance, 0)
        assert found.gcv == found.test == bias + variance
        assert found.in_sample == noise + outside


def test_nothing_is_learned() -> None:
    total = 2.1
    for found in (risk(n=0, ridge=[0, 1.0]), risk(n=[0, 5], ridge=np.inf), risk(n=1e-300)):
        assert_allclose(found.test, total + 0.5, rtol=1e-13)
        assert_array_equal(found.variance, 0)
        assert_array_equal(found.norm_squared, 0)
        assert_array_equal(found.df1, 0)
    assert_array_equal(risk(n=0, ridge=0).train, 0)
    assert_allclose(risk(n=7, ridge=np.inf).train, total + 0.5, rtol=1e-14)
    assert_allclose(risk(n=1e-9, ridge=2.0).train, risk(n=0, ridge=2.0).train, rtol=1e-8)
    nowhere = rc.Problem(rc.Spectrum.from_eigenvalues([0.0], [9]), [0.3], 0.5)
    assert_allclose(risk(nowhere, n=[0, 5], ridge=[[0.0], [1.0]]).test, 0.8)


# ------------------------------------------------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("changes", "kind", "sentence"),
    [
        ({"w": [0.0, 1.0]}, ValueError, "weights must be finite and > 0, got 0; a row of weight 0 is none"),
        ({"w": []}, ValueError, "weights must not be empty"),
        ({"w": 1.0}, ValueError, "weights must be an array of 1 dimension"),
        ({"p": [0.5]}, ValueError, "probabilities must be one per weight (2) and add up to 1, got 1 with sum 0.5"),
        ({"p": [0.5, 0.6]}, ValueError, "probabilities must be one per weight (2) and add up to 1, got 2 with sum 1.1"),
        ({"p": [-0.5, 1.5]}, ValueError, "probabilities must be finite and >= 0, got -0.5"),
        ({"ridge": -1.0}, ValueError, "ridge must be >= 0, got -1"),
        ({"ridge": np.nan}, ValueError, "ridge must be >= 0, got nan"),
        ({"n": -1}, ValueError, "n_samples must be finite and >= 0, got -1"),
        ({"problem": 3}, TypeError, "problem must be a Problem, got 3"),
    ],
)
def test_refused_in_one_sentence(changes: dict[str, Any], kind: type[Exception], sentence: str) -> None:
    with pytest.raises(kind) as caught:
        risk(**changes)
    assert str(caught.value).startswith(sentence)
    assert "\n" not in str(caught.value)
