"""Random features: mpmath twins of the coupled system (precise), identities, limits decided by proof, derivatives."""

from __future__ import annotations

import itertools
from typing import Any

import mpmath
import numpy as np
import precise_random_features as precise
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from strategies import problems, spectra

import riskcalc as rc
from riskcalc.theory.random_features.concave_root import Sizes

INF = float("inf")
RF = rc.random_features
FIELDS = ("effective_ridge", "df1", "df2", "bias", "variance", "test", "train", "gcv")
RIDGES = (0.0, *(10.0 ** np.arange(-12, 2)))
# rank 10 and infinite rank, energy outside and none
FINITE = rc.Problem(rc.Spectrum.from_eigenvalues([2.0, 1.0], [3, 7]), [1.0, 0.5], noise=0.25, outside_energy=0.1)
DUSTY = FINITE.replace(spectrum=rc.Spectrum.from_eigenvalues([2.0, 1.0], [3, 7], tail=0.3))
CLEAN = FINITE.replace(noise=0.0, outside_energy=0.0)


def twin(problem: rc.Problem) -> precise.Model:
    spectrum, kept = problem.spectrum, problem.spectrum.eigenvalues > 0
    return precise.Model(
        spectrum.eigenvalues[kept].tolist(), spectrum.multiplicities[kept].tolist(),
        np.asarray(problem.energies)[kept].tolist(), spectrum.tail, problem.unreached, float(problem.noise),
    )  # fmt: skip


def power_law(noise: float = 0.25) -> rc.Problem:
    energies = np.arange(1, 401.0) ** -2
    return rc.Problem(rc.Spectrum.power_law(1.5, 400), energies / energies.sum(), noise=noise)


# Precise


def test_every_field_agrees_with_the_coupled_system() -> None:
    """288 points of ψ ∈ 10^±2, every third at n = N: Newton's root against bisection. Seen: 3e-14."""
    rng = np.random.default_rng(7)
    psi1, psi2 = 10 ** rng.uniform(-2, 2, (2, 288))
    psi1[::3] = psi2[::3]
    ridge = np.resize(RIDGES, 288)
    level, tail = np.resize([1.0, 0.25, 1e-3, 0.0], 288), np.resize([0.09, 1.0, 1e-4], 288)
    for p1, p2, lam, a, s in zip(psi1, psi2, ridge, level, tail, strict=True):
        problem = rc.Problem(rc.Spectrum.from_eigenvalues([a], 1, s), [0.8], noise=0.25, outside_energy=0.3)
        found = rc.random_feature_risk(problem, p2, p1, lam)
        if lam == 0 and p1 == p2:
            assert found.test == INF
            continue
        with mpmath.workdps(60):
            exact = precise.risk(twin(problem), p2, p1, lam)
        for name in FIELDS:
            atol = 1e-100 if name != "train" else 1e-300 + (lam == 0) * 1e-60
            assert_allclose(found.fields[name], float(exact[name]), rtol=1e-11, atol=atol, err_msg=name)


@given(st.data())
def test_any_spectrum_agrees_with_the_coupled_system(data: st.DataObject) -> None:
    """Up to condition 1e20, sizes near the rank, ridges down to 1e-30: the error is 1e-11 n/(n - df2)."""
    spectrum = data.draw(spectra(max_size=5))
    problem = data.draw(problems(spectrum))
    listed = float(spectrum.multiplicities[spectrum.eigenvalues > 0].sum())
    shares = st.sampled_from([0.1, 0.7, 1 - 1e-9, 1.0, 1 + 1e-9, 1.5, 30.0])
    n, width = listed * data.draw(shares), listed * data.draw(shares)
    lam = data.draw(st.one_of(st.sampled_from([1e-30, 1e-16]), st.floats(-12, 4).map(lambda x: 10.0**x)))
    found = rc.random_feature_risk(problem, n, width, lam)
    with mpmath.workdps(120):
        exact = precise.risk(twin(problem), n, width, lam)
    for name in FIELDS:
        assert_allclose(found.fields[name], float(exact[name]), rtol=1e-11, atol=1e-300, err_msg=name)


@pytest.mark.parametrize("problem", [FINITE, DUSTY, CLEAN], ids=["finite", "dusty", "clean"])
@pytest.mark.parametrize(("n", "width"), [(5, 8), (8, 5), (7, 7), (10, 10), (25, 12), (12, 25), (0.5, 60)])
def test_norm_and_in_sample_error(problem: rc.Problem, n: float, width: float) -> None:
    """The norm is the slope of the least objective; the in-sample error follows from the trace of the hat matrix."""
    for lam in (1e-6, 1e-2, 1.0, 30.0):
        found = rc.random_feature_risk(problem, n, width, lam)
        with mpmath.workdps(40):
            assert_allclose(found.norm_squared, float(precise.norm_squared(twin(problem), n, width, lam)), rtol=1e-11)
            assert_allclose(found.in_sample, float(precise.in_sample(twin(problem), n, width, lam)), rtol=1e-10)


@pytest.mark.parametrize("width", [10, 12])
def test_no_digit_is_lost_near_the_rank(width: float) -> None:
    """Summed instead of counted, n - D of size 1e-5 to 1e-7 would cost as many digits of κ."""
    problem = rc.Problem(rc.Spectrum.from_eigenvalues([1.0, 0.3], [4, 6]), [1.0, 1.0], noise=0.3)
    for lam in (1e-10, 1e-12, 1e-14, 1e-16, 1e-18):
        with mpmath.workdps(60):
            exact = precise.coupled(twin(problem), 10, width, lam)[1]
        assert_allclose(rc.random_feature_risk(problem, 10, width, lam).effective_ridge, float(exact), rtol=1e-14)


def test_hard_inputs() -> None:
    """Both sizes at the rank, and eigenvalues twenty decades apart, with ridges down to 1e-300."""
    for sigma, m, n, width in (
        ([1.0], [10], 10, 10),
        ([1.0, 1e-20], [1, 1], 2, 2),
        ([1.0, 1e-20], [1, 1], 2, 3),
        ([1.0, 1e-6, 1e-12], [3, 4, 5], 12 - 1e-9, 12),
    ):
        problem = rc.Problem(rc.Spectrum.from_eigenvalues(sigma, m), np.ones(len(sigma)), noise=0.3)
        for lam in (1e-300, 1e-100, 1e-30, 1e-8):
            found = rc.random_feature_risk(problem, n, width, lam)
            with mpmath.workdps(250):
                exact = precise.risk(twin(problem), n, width, lam)
            for name in ("effective_ridge", "df1", "df2", "bias", "variance"):
                assert_allclose(found.fields[name], float(exact[name]), rtol=1e-11, err_msg=name)


def test_eigenvalues_below_the_range_of_a_float() -> None:
    log_sigma = -4.0 * np.arange(1.0, 301.0)
    problem = rc.Problem(rc.Spectrum.from_log_eigenvalues(log_sigma), np.zeros(300), noise=1.0)
    model = precise.Model([mpmath.exp(x) for x in log_sigma], [1] * 300, [0] * 300, noise=1)
    for n, width, lam in ((100, 200, 1e-200), (200, 200, 1e-290), (190, 250, 0)):
        found = rc.random_feature_risk(problem, n, width, lam)
        with mpmath.workdps(40):
            exact = precise.risk(model, n, width, lam)
        assert_allclose(found.df1, float(exact["df1"]), rtol=1e-12)
        assert_allclose(found.variance, float(exact["variance"]), rtol=1e-11)


# The equation


@given(st.floats(-2, 2), st.floats(-2, 2), st.floats(-12, 1))
def test_the_start_is_below_the_root(log_n: float, log_width: float, log_ridge: float) -> None:
    n, width, lam = 10.0**log_n, 10.0**log_width, 10.0**log_ridge
    spectrum = rc.Spectrum.from_eigenvalues([0.7], 1.0, tail=0.1)
    start = Sizes.of(*(np.array([x]) for x in (n, width, lam))).start(spectrum.trace)[0]
    assert_allclose((n - 0.8 * start) * (width - 0.8 * start), lam * width * start, rtol=1e-9, atol=1e-14 * n * width)
    root = 1 / RF.effective_ridges(spectrum, n, width, lam).nu2
    assert start <= root * (1 + 1e-14)
    d = spectrum.df1(1 / root)
    assert_allclose((n - d) * (width - d), lam * width * root, rtol=1e-9, atol=1e-13 * n * width)


def test_regularisations_solve_the_coupled_system() -> None:
    n, width, lam = np.array([5.0, 12, 30]), np.array([[4.0], [12], [40]]), 0.3
    found = RF.effective_ridges(DUSTY.spectrum, n, width, lam)
    d = DUSTY.spectrum.df1(found.nu2)
    assert_allclose(n - lam / found.nu1, d, rtol=1e-13)
    assert_allclose(width * (1 - found.nu1 / found.nu2), d, rtol=1e-13)
    assert_allclose(found.implicit, lam * width / (width - d), rtol=1e-13)
    ridgeless = RF.effective_ridges(DUSTY.spectrum, [5.0, 9.0, 0.0, 3.0], [9.0, 5.0, 3.0, 0.0], 0)
    assert_allclose(ridgeless.nu1, [ridgeless.nu2[0] * 4 / 9, 0, INF, 0])
    assert_allclose(ridgeless.implicit, [0, ridgeless.nu2[1] * 4, 0, INF])
    averaged = rc.ridge_risk(DUSTY, 12, RF.effective_ridges(DUSTY.spectrum, 12, 20, lam).implicit)
    assert_allclose(averaged.effective_ridge, RF.effective_ridges(DUSTY.spectrum, 12, 20, lam).nu2, rtol=1e-13)


# Identities


@given(st.floats(0.1, 100), st.floats(0.1, 100), st.floats(-6, 2))
def test_samples_and_features_exchange_at_the_same_raw_ridge(n: float, width: float, log_raw: float) -> None:
    """At fixed Nλ: the fixed point always, and the bias if energies are proportional to masses, outside to tail."""
    raw = 10.0**log_raw
    problem = rc.Problem(rc.Spectrum.from_eigenvalues([3.0, 0.1], [2, 30], tail=0.4), [6.0, 3.0], outside_energy=0.4)
    one = rc.random_feature_risk(problem, n, width, raw / width)
    other = rc.random_feature_risk(problem, width, n, raw / n)
    for name in ("effective_ridge", "df1", "df2", "bias"):
        assert_allclose(one.fields[name], other.fields[name], rtol=1e-10, err_msg=name)


@given(st.floats(0.5, 80), st.floats(0.5, 80), st.floats(-6, 3), st.floats(-3, 3))
def test_units(n: float, width: float, log_ridge: float, log_unit: float) -> None:
    lam, t = 10.0**log_ridge, 10.0**log_unit
    base = rc.random_feature_risk(DUSTY, n, width, lam)
    eigenvalues, m = DUSTY.spectrum.eigenvalues, DUSTY.spectrum.multiplicities
    scaled = DUSTY.replace(spectrum=rc.Spectrum.from_eigenvalues(t * eigenvalues, m, t * DUSTY.spectrum.tail))
    found = rc.random_feature_risk(scaled, n, width, t * lam)
    assert_allclose(found.test, base.test, rtol=1e-11)
    assert_allclose(found.norm_squared * t, base.norm_squared, rtol=1e-11)
    per_input = DUSTY.replace(spectrum=rc.Spectrum.from_eigenvalues(eigenvalues, t * m, t * DUSTY.spectrum.tail))
    assert_allclose(rc.random_feature_risk(per_input, t * n, t * width, t * lam).test, base.test, rtol=1e-11)
    louder = DUSTY.replace(energies=t * np.asarray(DUSTY.energies), outside_energy=t * 0.1, noise=t * 0.25)
    assert_allclose(rc.random_feature_risk(louder, n, width, lam).test, t * base.test, rtol=1e-11)
    moved = DUSTY.replace(noise=0.0, outside_energy=0.35)
    assert_allclose(rc.random_feature_risk(moved, n, width, lam).test, base.test, rtol=1e-12)


def test_order_and_bounds_on_a_grid() -> None:
    n, width, lam = (
        np.geomspace(1, 300, 12)[:, None, None],
        np.geomspace(1, 300, 12)[:, None],
        np.geomspace(1e-6, 1e3, 9),
    )
    risk = rc.random_feature_risk(DUSTY, n, width, lam)
    least = np.minimum(n, width)
    assert (risk.df2 <= risk.df1).all()
    assert (risk.df1 <= least).all()
    assert (risk.test >= 0.25).all()
    assert (risk.train <= risk.test).all()
    assert (risk.train <= 1.6 + 0.25).all()
    for axis, sign in ((0, 1), (1, 1), (2, -1)):
        assert (sign * np.diff(risk.df1, axis=axis) > 0).all()
    assert (np.diff(np.log(risk.train), axis=2) > -1e-14).all()
    assert (np.diff(np.log(risk.norm_squared), axis=2) < 1e-14).all()
    nus = RF.effective_ridges(DUSTY.spectrum, n, width, lam)
    assert (nus.nu1 < nus.nu2).all()
    assert (nus.implicit > lam).all()
    objective = n * risk.train + lam * risk.norm_squared
    unlearned = (np.asarray(DUSTY.energies) / (1 + DUSTY.spectrum.eigenvalues / nus.nu2[..., None])).sum(axis=-1)
    assert_allclose(objective, lam / nus.nu1 * (unlearned + 0.1 + 0.25), rtol=1e-11)


def test_a_level_in_two_parts_and_dust_as_many_eigenvalues() -> None:
    split = DUSTY.replace(
        spectrum=rc.Spectrum.from_eigenvalues([2.0, 1.0, 1.0], [3, 3, 4], tail=0.3), energies=[1.0, 0.2, 0.3]
    )
    assert_allclose(rc.random_feature_risk(split, 20, 9, 0.1).test, rc.random_feature_risk(DUSTY, 20, 9, 0.1).test)
    fine = rc.Spectrum.from_eigenvalues([2.0, 1.0, 0.3e-6], [3, 7, 1e6])
    dust = DUSTY.replace(spectrum=fine, energies=[1.0, 0.5, 0.0])
    u = 1 / rc.random_feature_risk(DUSTY, 20, 14, 0.1).effective_ridge
    error = rc.random_feature_risk(dust, 20, 14, 0.1).test / rc.random_feature_risk(DUSTY, 20, 14, 0.1).test - 1
    assert 0 < abs(error) < 10 * u * 0.3e-6


def test_long_spectra_are_compressed_without_loss() -> None:
    i = np.arange(1, 20_001.0)
    problem = rc.Problem(rc.Spectrum.from_eigenvalues(i**-1.5), i**-2.0, noise=0.1)
    n, width, lam = (
        np.geomspace(10, 3000, 5)[:, None, None],
        np.geomspace(10, 3000, 5)[:, None],
        np.array([0, 1e-8, 1e-2]),
    )
    grid = rc.random_feature_risk(problem, n, width, lam)
    for (i_n, a), (i_w, b), (i_l, c) in itertools.product(*(enumerate(x.ravel()) for x in (n, width, lam))):
        single = rc.random_feature_risk(problem, a, b, c)  # one point: not compressed
        for name in ("bias", "variance", "norm_squared"):
            assert_allclose(grid.fields[name][i_n, i_w, i_l], single.fields[name], rtol=1e-11)


# Limits


@pytest.mark.parametrize("problem", [FINITE, DUSTY, CLEAN, power_law()])
def test_infinite_width_is_kernel_ridge_regression(problem: rc.Problem) -> None:
    n, lam = np.array([[0.0], [3.0], [10.0], [40.0]]), np.array([0, 1e-8, 0.3, INF])
    wide, kernel = rc.random_feature_risk(problem, n, INF, lam), rc.ridge_risk(problem, n, lam)
    for name in wide.fields:
        other = kernel.fields["effective_ridge" if name == "feature_ridge" else name]
        assert_allclose(wide.fields[name], other, rtol=1e-13, atol=1e-15, err_msg=name)
    near = rc.random_feature_risk(problem, 7.0, 1e9, [1e-8, 0.3])
    assert_allclose(near.test, rc.ridge_risk(problem, 7.0, [1e-8, 0.3]).test, rtol=1e-6)


def test_the_price_of_width_is_continuous_and_first_order() -> None:
    """Ridgeless, n < N: exactly (Q₁ + τ²)n/(N - n) above the kernel."""
    kernel = rc.ridge_risk(DUSTY, 6, 0)
    unlearned = (np.asarray(DUSTY.energies) / (1 + DUSTY.spectrum.eigenvalues / kernel.effective_ridge)).sum() + 0.1
    for width in (6.5, 12, 1e4, 1e12):
        price = rc.random_feature_risk(DUSTY, 6, width, 0).test - kernel.test
        assert_allclose(price, (unlearned + 0.25) * 6 / (width - 6), rtol=1e-8, atol=1e-14)


def test_infinitely_many_samples_leave_the_approximation_error() -> None:
    width, lam = np.array([2.0, 9.0, 10.0, 30.0]), np.array([[0.0], [5.0]])
    for problem in (DUSTY, FINITE):
        risk = rc.random_feature_risk(problem, INF, width, lam)
        nu2 = np.asarray(risk.effective_ridge)[..., None]
        unlearned = 0.1 + (np.asarray(problem.energies) * nu2 / (problem.spectrum.eigenvalues + nu2)).sum(axis=-1)
        assert_allclose(risk.excess, unlearned, rtol=1e-13)
        assert_array_equal(risk.variance, 0)
        assert_allclose(risk.train, risk.test, rtol=1e-15)
        assert_allclose(risk.df1, np.minimum(np.broadcast_to(width, (2, 4)), problem.spectrum.rank), rtol=1e-13)
        large = rc.random_feature_risk(problem, 1e10, width, lam)
        assert_allclose(large.test, risk.test, rtol=1e-4)  # √(λ/n) where N is the rank
        ridged = RF.population_risk(problem, width, 1e-3)
        assert_allclose(ridged.test, rc.random_feature_risk(problem, 1e11, width, 1e8).test, rtol=1e-8)
        assert_allclose(ridged.norm_squared, rc.random_feature_risk(problem, 1e11, width, 1e8).norm_squared, rtol=1e-8)
    assert_allclose(RF.population_risk(DUSTY, width, 0).test, rc.random_feature_risk(DUSTY, INF, width, 0).test)


def test_no_samples_or_no_features_is_no_predictor() -> None:
    for problem in (FINITE, DUSTY, CLEAN):
        total, noise = 1.5 + float(problem.outside_energy), float(problem.noise)
        for n, width, lam in (
            (0, 5, 0),
            (0, 5, 2.0),
            (5, 0, 0),
            (5, 0, 2.0),
            (0, 0, 1),
            (INF, 0, 1),
            (0, INF, 1),
            (3, 4, INF),
        ):
            risk = rc.random_feature_risk(problem, n, width, lam)
            assert (risk.bias, risk.variance, risk.df1, risk.df2, risk.norm_squared) == (total, 0, 0, 0, 0)
            hat = lam / (lam + problem.spectrum.trace) if n == 0 and width > 0 else 1.0
            assert_allclose(risk.train, hat**2 * (total + noise), rtol=1e-14)
        near = rc.random_feature_risk(problem, 1e-9, 5, 2.0)
        assert_allclose(near.train, rc.random_feature_risk(problem, 0, 5, 2.0).train, rtol=1e-8)
        assert_allclose(near.in_sample, rc.random_feature_risk(problem, 0, 5, 2.0).in_sample, rtol=1e-7)
        few = rc.random_feature_risk(problem, 5, 1e-9, 2.0)
        assert_allclose(few.in_sample, rc.random_feature_risk(problem, 5, 0, 2.0).in_sample, rtol=1e-7)


@pytest.mark.parametrize("problem", [FINITE, DUSTY, power_law()])
def test_ridge_to_zero_in_both_regimes(problem: rc.Problem) -> None:
    """Errors are O(λ); sizes below the rank and above."""
    for n, width in ((4, 7), (7, 4), (25, 6), (6, 25), (14, 30), (30, 14)):
        zero, small = rc.random_feature_risk(problem, n, width, 0), rc.random_feature_risk(problem, n, width, 1e-11)
        for name in zero.fields:
            assert_allclose(small.fields[name], zero.fields[name], rtol=1e-6, atol=1e-9, err_msg=f"{name} {n} {width}")


def test_closed_forms_without_a_ridge() -> None:
    least_squares = rc.random_feature_risk(DUSTY, 12, 5, 0)
    unlearned = 0.1 + (np.asarray(DUSTY.energies) / (1 + np.array([2.0, 1.0]) / least_squares.effective_ridge)).sum()
    assert_allclose(least_squares.bias, 12 * unlearned / 7, rtol=1e-14)
    assert_allclose(least_squares.variance, 0.25 * 5 / 7, rtol=1e-14)
    assert_allclose(least_squares.train, (1 - 5 / 12) * (unlearned + 0.25), rtol=1e-14)
    full = rc.random_feature_risk(FINITE, 25, [12, 90, INF], 0)  # the width does not matter beyond the rank
    assert_allclose(full.bias, 25 * 0.1 / 15, rtol=1e-14)
    assert_allclose(full.variance, 0.25 * 10 / 15, rtol=1e-14)
    assert_allclose(full.train, (1 - 10 / 25) * 0.35, rtol=1e-14)


def test_thresholds() -> None:
    """Infinite where there is something to amplify, else 0, never nan."""
    for problem, n, width in ((DUSTY, 7, 7), (FINITE, 7, 7), (FINITE, 10, 12), (FINITE, 10, 10)):
        for noise, outside in itertools.product((0.0, 0.25), (0.0, 0.1)):
            risk = rc.random_feature_risk(problem.replace(noise=noise, outside_energy=outside), n, width, 0)
            assert risk.variance == (INF if noise else 0)
            assert risk.bias == (INF if outside or n < 10 else 0)
            assert risk.train == 0
            assert_allclose(risk.df1, n, rtol=1e-13)
            assert_allclose(risk.in_sample, noise + outside, rtol=1e-13)
    at_width = rc.random_feature_risk(FINITE, 16, 10, 0)
    near = rc.random_feature_risk(FINITE, 16, 10, 1e-14)
    for name in ("bias", "variance", "train", "in_sample"):
        assert_allclose(near.fields[name], at_width.fields[name], rtol=1e-5)
    assert_allclose(at_width.bias, 16 * 0.1 / 6)
    assert at_width.norm_squared == INF
    nothing = DUSTY.replace(energies=[0.0, 0.0], outside_energy=0.0, noise=0.0)
    silent = rc.random_feature_risk(nothing, 7, 7, [0, 1.0])
    assert all((silent.fields[name] == 0).all() for name in ("test", "train", "norm_squared", "in_sample"))


def test_where_samples_width_and_rank_meet_small_ridges_keep_a_bias() -> None:
    """The limit λ → 0 is (n/3)Σ(e/ξ)/Σ(m/ξ) there; the interpolator itself, ridge 0, is exact."""
    limit = 10 / 3 * (1.0 / 2 + 0.5 / 1) / (3 / 2 + 7 / 1)
    assert_allclose(rc.random_feature_risk(CLEAN, 10, 10, 1e-40).bias, limit, rtol=1e-10)
    with mpmath.workdps(120):
        assert_allclose(float(precise.risk(twin(CLEAN), 10, 10, mpmath.mpf(10) ** -40)["bias"]), limit, rtol=1e-10)
    assert rc.random_feature_risk(CLEAN, 10, 10, 0).bias == 0


@pytest.mark.parametrize("n", [3.0, 7.0, 50.0])
def test_the_peak_grows_like_the_inverse_root_of_the_ridge(n: float) -> None:
    """The limit of test √λ is n(Q₁ + τ²)/(2√(Nu)), with corrections O(√λ)."""
    lam = np.array([1e-8, 1e-10, 1e-12])
    risk = rc.random_feature_risk(DUSTY, n, n, lam)
    kappa = rc.random_feature_risk(DUSTY, n, n, 0).effective_ridge
    unlearned = 0.1 + (np.asarray(DUSTY.energies) / (1 + np.array([2.0, 1.0]) / kappa)).sum()
    peak = n * (unlearned + 0.25) / (2 * np.sqrt(n / kappa))
    assert_allclose(risk.test * np.sqrt(lam), peak, rtol=1e-3)
    assert_allclose(risk.train / np.sqrt(lam), np.sqrt(n / kappa) * (unlearned + 0.25) / (2 * n), rtol=1e-3)
    errors = np.abs(risk.test * np.sqrt(lam) / peak - 1)
    assert_allclose(errors[:-1] / errors[1:], 10, rtol=0.05)


# Where the error comes from


@given(st.floats(0.5, 60), st.floats(0.5, 60), st.one_of(st.just(0.0), st.floats(-9, 2).map(lambda x: 10.0**x)))
def test_the_components_add_up(n: float, width: float, lam: float) -> None:
    for problem in (DUSTY, FINITE):
        parts, risk = RF.decomposition(problem, n, width, lam), rc.random_feature_risk(problem, n, width, lam)
        bias = parts.bias + parts.sampling + parts.initialisation + parts.interaction
        assert_allclose(bias, risk.bias, rtol=1e-9)
        assert_allclose(parts.sampling_noise + parts.interaction_noise, risk.variance, rtol=1e-9)
        assert_allclose(parts.excess, risk.excess, rtol=1e-9)
        assert min(vars(parts).values()) >= 0
        averaged = rc.ridge_risk(problem, n, RF.effective_ridges(problem.spectrum, n, width, lam).implicit)
        assert_allclose(parts.bias + parts.sampling, averaged.bias, rtol=1e-9)
        assert_allclose(parts.sampling_noise, averaged.variance, rtol=1e-9)


def test_only_the_interactions_diverge_at_the_threshold() -> None:
    parts = RF.decomposition(DUSTY, 7, 7, 0)
    assert parts.interaction == parts.interaction_noise == INF
    assert all(np.isfinite(getattr(parts, name)) for name in ("bias", "sampling", "initialisation", "sampling_noise"))
    at_rank, near = RF.decomposition(FINITE, 10, 25, 0), RF.decomposition(FINITE, 10, 25, 1e-14)
    assert at_rank.sampling == at_rank.sampling_noise == INF
    assert_allclose(near.interaction, at_rank.interaction, rtol=1e-4)
    assert_allclose(near.interaction_noise, at_rank.interaction_noise, rtol=1e-4)
    assert "interaction_noise=" in repr(parts)
    assert repr(RF.decomposition(DUSTY, [7, 8], 7, 0)) == "Decomposition(shape=(2,))"


def test_components_of_the_sheet() -> None:
    """Seven numbers that 250 to 400 simulations confirmed within their errors (n, N, λ) of a power law."""
    parts = RF.decomposition(power_law(), [100, 150], [200, 150], [0, 1e-3])
    assert_allclose(parts.bias + parts.sampling, [0.0127, 0.0074], atol=6e-5)
    assert_allclose(parts.bias + parts.initialisation, [0.0115, 0.0118], atol=6e-5)
    assert_allclose(parts.bias, [0.0066, 0.0038], atol=6e-5)
    assert_allclose(parts.sampling_noise, [0.2304, 0.2375], atol=6e-5)


def test_numbers_of_the_sheet() -> None:
    """Predictions that were simulated with 250 to 400 repetitions; to the digits printed."""
    n, width = np.array([100, 200, 60, 150, 150, 300, 30, 10]), np.array([200, 100, 150, 150, 150, 40, 300, 20])
    risk = rc.random_feature_risk(power_law(), n, width, [0, 0, 0.02, 0.1, 0.001, 1, 0.1, 0.1])
    assert_allclose(risk.bias, [0.0335, 0.0416, 0.0459, 0.0252, 0.0818, 0.0687, 0.0628, 0.3087], atol=6e-5)
    assert_allclose(
        risk.variance, [0.4804, 0.25, 0.27, 0.1404, 1.484, 0.0225, 0.132, 0.224], atol=2e-4
    )  # 1.484, .132 and .224 had three digits
    assert_allclose(risk.train, [0, 0.1354, 0.0040, 0.0884, 0.0111, 0.2745, 0.0113, 0.0163], atol=6e-5)
    assert_allclose(risk.norm_squared, [257.6, 141.8, 62.0, 59.2, 1422, 6.13, 13.2, 5.61], rtol=1e-3)


@given(st.floats(0.5, 60), st.floats(0.5, 60), st.floats(-9, 2), st.integers(1, 50))
def test_ensembles_follow_the_law_in_their_size(n: float, width: float, log_ridge: float, size: int) -> None:
    lam = 10.0**log_ridge
    one, many, all_ = (RF.ensemble_risk(DUSTY, n, width, lam, k) for k in (1, size, INF))
    single = rc.random_feature_risk(DUSTY, n, width, lam)
    for name in one.fields:
        assert_allclose(one.fields[name], single.fields[name], rtol=1e-9, err_msg=name)
    for name in ("bias", "variance", "test", "train", "in_sample"):
        a, b, c = (x.fields[name] for x in (one, many, all_))
        assert_allclose(b, c + (a - c) / size, rtol=1e-9)
    averaged = rc.ridge_risk(DUSTY, n, RF.effective_ridges(DUSTY.spectrum, n, width, lam).implicit)
    for name in ("bias", "variance", "train", "in_sample", "df1"):
        assert_allclose(all_.fields[name], averaged.fields[name], rtol=1e-9, err_msg=name)


def test_only_infinite_ensembles_survive_the_threshold() -> None:
    risk = RF.ensemble_risk(DUSTY, 7, 7, 0, [1, 100, INF])
    assert_array_equal(risk.test[:2], INF)
    assert_allclose(risk.test[2], rc.ridge_risk(DUSTY, 7, 0).test, rtol=1e-13)
    assert_array_equal(risk.train, 0)
    narrow = RF.ensemble_risk(DUSTY, 12, 5, 0, INF)  # N < n: the implicit ridge is ν₂(n - N)
    assert_allclose(narrow.test, rc.ridge_risk(DUSTY, 12, narrow.effective_ridge * 7).test, rtol=1e-13)


# The best ridge and the best width


def test_tuning_is_below_a_fine_grid() -> None:
    rng = np.random.default_rng(0)
    lam = np.concatenate([[0], np.geomspace(1e-8, 1e6, 2000), [INF]])
    sizes = np.concatenate([[0], np.geomspace(1e-3, 1e5, 3000), [INF]])
    for _ in range(25):
        k = rng.integers(1, 6)
        spectrum = rc.Spectrum.from_eigenvalues(
            10 ** rng.uniform(-4, 1, k), rng.integers(1, 50, k), rng.choice([0, 0.1])
        )
        problem = rc.Problem(spectrum, 10 ** rng.uniform(-2, 1, k), rng.choice([0, 0.1, 1, 30]), rng.choice([0, 0.2]))
        n, width = rng.uniform(5, 100, 2)
        best = RF.tune(problem, n, width)
        assert_allclose(best.risk.test, rc.random_feature_risk(problem, n, width, lam).test.min(), rtol=1e-4)
        assert best.risk.test <= rc.random_feature_risk(problem, n, width, lam).test.min() * (1 + 1e-12)
        ridge = rng.choice([0, 0.01, 1, 10])
        wide = RF.tune_width(problem, n, ridge)
        assert_allclose(wide.risk.test, rc.random_feature_risk(problem, n, sizes, ridge).test.min(), rtol=1e-4)
        assert wide.risk.test <= rc.random_feature_risk(problem, n, sizes, ridge).test.min() * (1 + 1e-12)


def test_tuned_more_is_better() -> None:
    n, width = np.geomspace(2, 400, 14)[:, None], np.append(np.geomspace(2, 400, 14), INF)
    best = RF.tune(power_law().replace(noise=0.05), n, width)
    assert (np.diff(best.risk.test, axis=0) < 0).all()
    assert (np.diff(best.risk.test, axis=1) < 0).all()
    assert_allclose(best.ridge[:, -1], rc.tune(power_law().replace(noise=0.05), rc.Ridge(0), n[:, 0]).ridge, rtol=1e-6)
    positive = best.ridge > 0
    n, width = np.broadcast_to(n, positive.shape)[positive], np.broadcast_to(width, positive.shape)[positive]
    at_best = rc.random_feature_risk(power_law().replace(noise=0.05), n, width, best.ridge[positive])
    assert (np.abs(at_best.derivative("test", "ridge")) < 1e-7 * at_best.test / best.ridge[positive]).all()


def test_the_best_ridge_is_the_closed_form_for_isotropic_coefficients_and_never_zero_at_the_threshold() -> None:
    """Infinite width: λ = τ²p/‖θ‖². At n = N the ridgeless error is infinite."""
    problem = rc.Problem(rc.Spectrum.isotropic(200), [2.0], noise=0.25)
    assert_allclose(RF.tune(problem, [50, 400], INF).ridge, 25.0, rtol=1e-6)
    assert RF.tune(DUSTY, 7, 7).ridge > 0
    clean = rc.Problem(rc.Spectrum.power_law(1.5, 30), np.arange(1, 31.0) ** -2)
    best = RF.tune(clean, 12, 100)  # the sheet's number; it calls these energies k^-4, their square
    assert best.ridge == 0
    assert_allclose(best.risk.test, 0.15390953659, rtol=1e-10)
    assert repr(best).startswith("Tuned(ridge=0")
    widths = RF.tune_width(problem, 400, [1.0, 100.0])
    assert repr(widths) == "TunedWidth(shape=(2,))"
    assert_array_equal(np.isinf(widths.width), [False, True])
    assert repr(RF.effective_ridges(DUSTY.spectrum, [7, 8], 7, 0)) == "Regularisation(shape=(2,))"
    loud = DUSTY.replace(noise=1e9)
    assert RF.tune(loud, 7, 20).risk.test <= 1e9 + 1.6


# Derivatives


@pytest.mark.parametrize("parameter", ["ridge", "n_samples", "width"])
def test_derivatives_against_finite_differences(parameter: str) -> None:
    """Central differences of relative step 1e-5: error 1e-10 of the third derivative, and 1e-10 from rounding."""
    point = {
        "n_samples": np.array([5.0, 12, 30, 9]),
        "width": np.array([9.0, 12, 7, 80]),
        "ridge": np.array([0.1, 1, 3, 0.01]),
    }
    risk = rc.random_feature_risk(DUSTY, **point)
    h = 1e-5 * point[parameter]
    up, down = (rc.random_feature_risk(DUSTY, **(point | {parameter: point[parameter] + s * h})) for s in (1, -1))
    for name in risk.fields:
        if name != "noise":
            expected = (up.fields[name] - down.fields[name]) / (2 * h)
            scale = risk.fields[name] / point[parameter]
            assert_allclose(
                risk.derivative(name, parameter) / scale, expected / scale, rtol=1e-6, atol=1e-8, err_msg=name
            )
    assert_array_equal(risk.derivative("noise", parameter), 0)


def test_one_sided_derivatives_and_where_there_are_none() -> None:
    at_zero = rc.random_feature_risk(DUSTY, [5.0, 9.0], [9.0, 5.0], 0)
    h = 1e-7
    stepped = [rc.random_feature_risk(DUSTY, [5.0, 9.0], [9.0, 5.0], k * h).test for k in (0, 1, 2)]
    expected = (-3 * stepped[0] + 4 * stepped[1] - stepped[2]) / (2 * h)
    assert_allclose(at_zero.derivative("test", "ridge"), expected, rtol=1e-5)
    wide = rc.random_feature_risk(DUSTY, 12.0, INF, 0.3)
    assert wide.derivative("test", "width") == 0
    assert_allclose(wide.derivative("test", "ridge"), rc.ridge_risk(DUSTY, 12.0, 0.3).derivative("test", "ridge"))
    for n, width, lam in ((0, 5, 1), (7, 7, 0), (5, 6, INF)):
        with pytest.raises(ValueError, match="have no derivative"):
            rc.random_feature_risk(DUSTY, n, width, lam).derivative("test", "ridge")
    with pytest.raises(ValueError, match="parameter must be one of 'ridge', 'n_samples', 'width'"):
        at_zero.derivative("test", "noise")
    with pytest.raises(ValueError, match="field must be one of"):
        at_zero.derivative("estimation", "ridge")


# Shapes and bad input


def test_everything_broadcasts() -> None:
    problem = DUSTY.replace(noise=np.array([0.0, 0.5]))
    arguments: dict[str, Any] = {
        "n_samples": np.array([3.0, 7, 12, INF]).reshape(4, 1, 1, 1), "width": np.array([5.0, 7, 20]).reshape(3, 1, 1),
        "ridge": np.array([[0.0], [0.1]]),
    }  # fmt: skip
    risk = rc.random_feature_risk(problem, **arguments)
    assert {value.shape for value in risk.fields.values()} == {(4, 3, 2, 2)}
    assert list(risk.coordinates) == ["n_samples", "width", "ridge", "noise"]
    single = rc.random_feature_risk(DUSTY.replace(noise=0.5), 12, 20, 0.1)
    assert single.test.shape == ()
    assert_allclose(risk.test[2, 2, 1, 1], single.test)
    assert RF.decomposition(problem, **arguments).bias.shape == (4, 3, 2, 2)
    assert RF.ensemble_risk(problem, **arguments, size=[[[[1]]], [[[3]]]] * 2).test.shape == (4, 3, 2, 2)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"n_samples": -1}, "n_samples must be >= 0, got -1"),
        ({"width": -1}, "width must be >= 0, got -1"),
        ({"width": float("nan")}, "width must be >= 0, got nan"),
        ({"ridge": -0.1}, "ridge must be >= 0, got -0.1"),
        ({"n_samples": INF, "ridge": INF}, "must not both be inf"),
        ({"n_samples": INF, "width": INF}, "must not both be inf"),
        ({"n_samples": [1, 2], "width": [1, 2, 3]}, "shapes do not broadcast"),
    ],
)
def test_bad_numbers_are_refused(change: dict[str, Any], sentence: str) -> None:
    arguments: dict[str, Any] = {"n_samples": 3, "width": 4, "ridge": 0.1} | change
    for function in (rc.random_feature_risk, RF.decomposition):
        with pytest.raises(ValueError, match=sentence):
            function(DUSTY, **arguments)
    with pytest.raises(TypeError, match="problem must be a Problem"):
        rc.random_feature_risk(DUSTY.spectrum, 3, 4, 1)  # type: ignore[arg-type]


def test_finite_rank_has_one_limit_of_infinite_sizes() -> None:
    risk = rc.random_feature_risk(FINITE, INF, INF, [0, 1.0])
    assert_allclose(risk.bias, 0.1)
    assert_array_equal(risk.variance, 0)
