"""The risk of ridge regression: its mpmath twin (precise), exact cases by proof, identities, limits, closed forms."""

from __future__ import annotations

import math
import re

import mpmath
import numpy as np
import precise
import pytest
import strategies
from hypothesis import given
from hypothesis import strategies as st
from mpmath import mpf
from numpy.testing import assert_allclose, assert_array_equal

import riskcalc as rc
from riskcalc import ridge_risk

EPS = np.finfo(float).eps
FIELDS = (
    "test", "train", "bias", "variance", "noise", "effective_ridge", "df1", "df2",
    "norm_squared", "estimation", "in_sample", "gcv",
)  # fmt: skip
SMALLEST = 1e-290  # products of what is above it do not underflow on the way

# rank 30 of 42 features, energy at a zero eigenvalue and outside
MIXED = rc.Problem(
    rc.Spectrum.from_eigenvalues([4.0, 1.0, 0.2, 0.0], multiplicities=[5, 10, 15, 12]),
    energies=[1.0, 0.5, 0.25, 0.125],
    noise=0.5,
    outside_energy=0.0625,
)
INSIDE = MIXED.replace(energies=[1.0, 0.5, 0.25, 0.0], outside_energy=0.0)  # reached by the features


def rounding(problem: rc.Problem, log_kappa: float, ridge: float, n: float) -> float:
    """Relative error to be expected of every field: of κ (tests/theory/test_effective_ridge.py) and a few sums.

    Where the equation or its sums are taken in logs, to stay within the range of a float, the logs are rounded.
    Seen in 5000 draws: 17 EPS, and in logs 1.8 |log κ| EPS.
    """
    sigma = problem.spectrum.eigenvalues
    log_top = math.log(sigma.max()) if sigma.max() > 0 else 0.0
    in_logs = max(abs(log_kappa), abs(log_top - log_kappa)) > 200 or 0 < ridge < 1e-190 * n
    return float(EPS * (32 + (2 * (abs(log_kappa) + abs(log_top)) if in_logs else 0)))


def assert_agrees(problem: rc.Problem, n: float, ridge: float) -> None:
    """Every field, to ``rounding``; or, where it underflows, to ``SMALLEST``."""
    risk, twin = ridge_risk(problem, n, ridge), precise.Shells.of(problem)
    log_kappa = precise.log_effective_ridge(twin, n, ridge, digits=18)
    if mpmath.isinf(log_kappa):
        return  # exact cases have tests of their own
    exact = precise.ridge_risk(twin, n, ridge, float(problem.noise), digits=20)
    allowed = rounding(problem, float(log_kappa), ridge, n)
    with mpmath.workdps(30):
        for name in exact:
            got = float(getattr(risk, name))
            assert np.isfinite(got), name
            if exact[name] > SMALLEST:
                assert abs(mpf(got) / exact[name] - 1) <= allowed, name
            else:
                assert 0 <= got <= 2 * SMALLEST, name


# Precise: against the sheet's table at the root found by bisection


@given(strategies.solved())
def test_every_field_agrees_with_its_twin(drawn):
    assert_agrees(*drawn)


@pytest.mark.parametrize("offset", [-1, -1e-9, 0, 1e-9, 1])
@pytest.mark.parametrize("ridge", [0, 1e-300, 1e-200, 1e-100, 1e-16, 1e-8, 1, 1e6])
def test_hard_inputs(offset, ridge):
    """Condition 1e16, n at the rank: the variance reaches 1e150 and is right."""
    spectrum = rc.Spectrum.from_eigenvalues([1.0, 3e-5, 2e-9, 1e-16], multiplicities=[2.5, 10, 7, 20.5])
    assert_agrees(rc.Problem(spectrum, [1.0, 0.1, 1e-3, 1e-6], noise=0.3, outside_energy=0.01), 40 + offset, ridge)


@pytest.mark.parametrize(("n", "ridge"), [(30, 0), (1e9, 0), (1e4, 1e-3)])
@pytest.mark.parametrize(("exponent", "source"), [(1.02, 0.4), (2, 1.0), (4, 1.5)])
def test_infinite_power_laws(exponent, source, n, ridge):
    """To what the nodes promise, 1e-12; here without the amplification n/(n - df2) <= 51. Seen 2e-14."""
    data = rc.GaussianData.power_law(exponent, source, noise=0.1)
    exact = precise.ridge_risk(precise.PowerLaw(exponent, source), n, ridge, 0.1, digits=16)
    risk = rc.predict(data, rc.Ridge(ridge), n)
    for name in exact:
        if name != "estimation" or source > 0.5:  # else ‖θ*‖² is infinite
            assert_allclose(getattr(risk, name), float(exact[name]), rtol=1e-13, err_msg=name)


def test_estimation_error_of_coefficients_without_a_norm():
    """σ_i θ_i² = i^(-1-2αr) with r <= 1/2: ‖θ*‖² = Σ i^(α-1-2αr) diverges."""
    for source in (0.25, 0.5):
        risk = rc.predict(rc.GaussianData.power_law(1.5, source), rc.Ridge(0), 100)
        assert risk.estimation == np.inf


# Exact cases, by proof


def test_no_samples():
    """The predictor is 0; κ = inf, and the training error has the limit (λ/(λ + Tr Σ))² test."""
    risk = ridge_risk(MIXED, 0, [0, 32.5, 1e-300])
    total = 1.0 + 0.5 + 0.25 + 0.125 + 0.0625
    assert risk.bias.tolist() == [total] * 3
    assert risk.variance.tolist() == [0] * 3
    assert risk.test.tolist() == [total + 0.5] * 3
    assert risk.effective_ridge.tolist() == [np.inf] * 3
    assert risk.df1.tolist() == risk.df2.tolist() == [0] * 3
    assert MIXED.spectrum.trace == 33
    assert_allclose(risk.train, (np.array([0, 32.5 / 65.5, 0]) ** 2) * risk.test, rtol=4 * EPS, atol=1e-300)
    few = ridge_risk(MIXED, 1e-12, [0, 32.5, 1e-300])  # it is the limit
    for name in set(FIELDS) - {"effective_ridge"}:
        assert_allclose(getattr(few, name), getattr(risk, name), rtol=1e-10, atol=1e-10, err_msg=name)


def test_ridgeless_with_more_samples_than_the_rank():
    """κ = 0, df1 = df2 = r, bias nM/(n - r), variance τ² r/(n - r), train (1 - r/n)(M + τ²)."""
    n = np.array([30 + 2**-20, 31, 45, 1e6])
    risk, misfit = ridge_risk(MIXED, n, 0), 0.125 + 0.0625
    assert_array_equal(risk.effective_ridge, 0)
    assert_array_equal(risk.df1, 30)
    assert_array_equal(risk.df2, 30)
    assert_allclose(risk.bias, n * misfit / (n - 30), rtol=4 * EPS)
    assert_allclose(risk.variance, 0.5 * 30 / (n - 30), rtol=4 * EPS)
    assert_allclose(risk.test, n * (misfit + 0.5) / (n - 30), rtol=4 * EPS)
    assert_allclose(risk.train, (n - 30) / n * (misfit + 0.5), rtol=4 * EPS)
    inside = ridge_risk(INSIDE, n, 0)
    assert_array_equal(inside.bias, 0)
    assert_allclose(inside.test, n * 0.5 / (n - 30), rtol=4 * EPS)


@pytest.mark.parametrize(("noise", "outside", "at_zero"), [(0, 0, 0), (0.5, 0, 0), (0, 1, 0), (0, 0, 1), (2, 1, 1)])
def test_ridgeless_at_the_threshold(noise, outside, at_zero):
    """N = rank: the variance is inf iff there is noise, the bias iff there is energy outside; else 0. Train is 0."""
    problem = MIXED.replace(energies=[1, 1, 1, at_zero], noise=noise, outside_energy=outside)
    risk = ridge_risk(problem, 30, 0)
    assert risk.variance == (np.inf if noise else 0)
    assert risk.bias == (np.inf if outside or at_zero else 0)
    assert risk.test == (np.inf if noise or outside or at_zero else 0)
    assert (risk.train, risk.effective_ridge, risk.df1, risk.df2) == (0, 0, 30, 30)


@given(st.data())
def test_ridgeless_with_fewer_samples_than_the_rank(data):
    """Everything at λ = 0: it interpolates (train 0, df1 = n) and the risks are finite."""
    spectrum = data.draw(strategies.spectra())
    problem = data.draw(strategies.problems(spectrum))
    n = min(spectrum.rank, 1e3) * data.draw(st.floats(0.01, 0.99))
    risk = ridge_risk(problem, n, 0)
    assert risk.train == 0
    assert_allclose(risk.df1, n, rtol=16 * EPS)
    assert np.isfinite(risk.test)
    assert risk.effective_ridge > 0


def test_energy_at_zero_eigenvalues_is_outside():
    moved = MIXED.replace(energies=[1.0, 0.5, 0.25, 0.0], outside_energy=0.0625 + 0.125)
    for n in (0, 10, 29, 30, 31, 100):
        for ridge in (0, 1e-3, 1.0):
            one, other = ridge_risk(MIXED, n, ridge), ridge_risk(moved, n, ridge)
            for name in FIELDS:
                assert_allclose(getattr(one, name), getattr(other, name), rtol=4 * EPS)


def test_a_tail_is_a_ridge_of_the_solution_and_not_of_the_training_error():
    """κ, df2, bias and variance are those at λ + t; train keeps the bare λ, df1 = n - λ/κ counts the tail."""
    tail, ridge, n = 3.0, 0.7, 20.0
    with_tail = MIXED.replace(spectrum=MIXED.spectrum.replace(tail=tail))
    risk, plain = ridge_risk(with_tail, n, ridge), ridge_risk(MIXED, n, ridge + tail)
    for name in ("test", "bias", "variance", "effective_ridge", "df2"):
        assert_allclose(getattr(risk, name), getattr(plain, name), rtol=8 * EPS)
    assert_allclose(risk.df1, n - ridge / risk.effective_ridge, rtol=8 * EPS)
    assert_allclose(risk.df1 - plain.df1, tail / risk.effective_ridge, rtol=64 * EPS)
    assert_allclose(risk.train, (ridge / (n * risk.effective_ridge)) ** 2 * risk.test, rtol=8 * EPS)
    ridgeless = ridge_risk(with_tail, [10, 30, 50, 1e5], 0)  # no threshold: the rank is infinite
    assert np.isfinite(ridgeless.test).all()
    assert_array_equal(ridgeless.train, 0)


def test_spectrum_of_zeros():
    """Nothing can be learned: test = M + τ² + what sits at the zeros, at any n and ridge."""
    problem = rc.Problem(rc.Spectrum.from_eigenvalues([0.0, 0.0]), [1.0, 2.0], noise=0.5, outside_energy=4.0)
    risk = ridge_risk(problem, [0, 1, 5], [[0], [1], [1e-100]])
    assert_array_equal(risk.test, 7.5)
    assert_array_equal(risk.variance, 0)
    assert_array_equal(risk.train, 7.5)


# Identities of sheet 1, section 8


@given(strategies.solved())
def test_identities(drawn):
    problem, n, ridge = drawn
    risk = ridge_risk(problem, n, ridge)
    kappa = float(risk.effective_ridge)
    assert not any(np.isnan(getattr(risk, name)) for name in FIELDS)
    assert_array_equal(risk.test, risk.bias + risk.variance + risk.noise)
    assert_allclose(risk.excess, risk.bias + risk.variance, rtol=1e-12, atol=4 * EPS * (risk.noise + risk.bias))
    if not 1e-200 < kappa:
        return
    share = ridge / (n * kappa)
    assert_allclose(risk.train, share**2 * risk.test, rtol=1e-12, atol=SMALLEST)
    assert_allclose(ridge / kappa + risk.df1, n, rtol=1e-13)
    if share > 1e-6:  # GCV; else 1 - df1/n has lost its digits
        assert_allclose(risk.train / (1 - risk.df1 / n) ** 2, risk.test, rtol=1e-9)
    assert risk.df2 <= risk.df1 * (1 + 4 * EPS) <= min(n, problem.spectrum.rank) * (1 + 64 * EPS)
    misfit = problem.outside_energy + problem.energies[problem.spectrum.eigenvalues == 0].sum()
    assert risk.test >= (problem.noise + misfit) * (1 - 16 * EPS)
    assert risk.train <= risk.test * (1 + 16 * EPS)


@given(strategies.solved())
def test_identities_of_the_sample(drawn):
    r"""Minimum of the objective, and the optimism of the training error (sheet 1, section 2.2); a tail counts too.

    n·train + λ‖θ̂‖² = λ[Σ Fσ/(σ+κ) + (M+τ²)/κ], and in-sample = train - τ² + 2τ² df1/n where M = 0.
    """
    problem, n, ridge = drawn
    risk = ridge_risk(problem, n, ridge)
    kappa, sigma, e = float(risk.effective_ridge), problem.spectrum.eigenvalues, problem.energies
    assert_array_equal(risk.gcv, risk.test)
    if 1e-100 < kappa < np.inf and ridge > 1e-100:
        misfit = problem.outside_energy + e[sigma == 0].sum()
        reached = (e[sigma > 0] / (sigma[sigma > 0] + kappa)).sum()
        objective = n * risk.train / ridge + risk.norm_squared
        assert_allclose(objective, reached + (misfit + problem.noise) / kappa, rtol=1e-12)
    if kappa > 1e-100:
        inside = problem.replace(outside_energy=0.0, energies=np.where(sigma > 0, e, 0.0))
        risk = ridge_risk(inside, n, ridge)
        tau = float(risk.noise)
        optimism = risk.train - tau + 2 * tau * risk.df1 / n
        assert_allclose(risk.in_sample, optimism, rtol=1e-12, atol=8 * EPS * (risk.train + 3 * tau))


@given(strategies.solved())
def test_gap_is_bare_and_spread(drawn):
    r"""N - df2 = λ/κ + t/κ + κ Σ mσ/(σ+κ)², here read off variance/noise = df2/(n - df2)."""
    problem, n, ridge = drawn
    risk = ridge_risk(problem.replace(noise=1.0), n, ridge)
    kappa, spectrum = float(risk.effective_ridge), problem.spectrum
    if 1e-100 < kappa < np.inf and risk.df2 > 1e-200:
        spread = (spectrum.multiplicities * spectrum.eigenvalues / (spectrum.eigenvalues + kappa) ** 2).sum()
        gap = (ridge + spectrum.tail) / kappa + kappa * spread
        assert_allclose(risk.df2 / risk.variance, gap, rtol=1e-12)
        assert_allclose(risk.bias * gap / n, precise_left(problem, kappa), rtol=1e-12, atol=SMALLEST)


def precise_left(problem: rc.Problem, kappa: float) -> float:
    with mpmath.workdps(30):
        return float(precise.Shells.of(problem).left(mpf(kappa)))


@given(strategies.solved(), st.sampled_from([0.25, 2.0, 64.0]))
def test_scaling(drawn, factor):
    """Powers of two: (σ, λ) → c leaves the risks, (e, τ², M) → a multiplies them, (m, n, λ) → a leaves them."""
    problem, n, ridge = drawn
    ridge = ridge if ridge == 0 or ridge > 1e-180 else 1e-180
    spectrum, risk = problem.spectrum, ridge_risk(problem, n, ridge)
    sigma, m = spectrum.eigenvalues, spectrum.multiplicities
    stretched = rc.Spectrum.from_eigenvalues(factor * sigma, m, factor * spectrum.tail)
    counted = rc.Spectrum.from_eigenvalues(sigma, factor * m, factor * spectrum.tail)
    louder = problem.replace(
        energies=factor * problem.energies, noise=factor * problem.noise, outside_energy=factor * problem.outside_energy
    )
    cases = [
        (
            ridge_risk(problem.replace(spectrum=stretched), n, factor * ridge),
            {"effective_ridge": factor, "norm_squared": 1 / factor, "estimation": 1 / factor},
        ),
        (ridge_risk(louder, n, ridge), dict.fromkeys(set(FIELDS) - {"effective_ridge", "df1", "df2"}, factor)),
        (ridge_risk(problem.replace(spectrum=counted), factor * n, factor * ridge), {"df1": factor, "df2": factor}),
    ]
    for other, factors in cases:
        for name in FIELDS:
            expected = factors.get(name, 1) * getattr(risk, name)
            assert_allclose(getattr(other, name), expected, rtol=1e-13, atol=SMALLEST, err_msg=name)


@given(strategies.spectra())
def test_monotone(spectrum):
    """In λ: variance and df1 fall, train rises; in n: df1 rises; bias in λ and test in n are not monotone."""
    energies = np.linspace(1, 2, spectrum.eigenvalues.size)
    problem = rc.Problem(spectrum, energies, noise=1.0, outside_energy=0.1)
    listed = spectrum.multiplicities.sum()
    n, ridge = listed * np.geomspace(0.01, 100, 21), np.append(0, np.geomspace(1e-8, 1e6, 40))
    risk = ridge_risk(problem, n[:, None], ridge)
    for values, axis, sign in [(risk.variance, 1, -1), (risk.df1, 1, -1), (risk.train, 1, 1), (risk.df1, 0, 1)]:
        finite = np.minimum(values, 1e300)
        step = sign * np.diff(finite, axis=axis)
        assert (step >= -64 * EPS * np.take(finite, range(1, finite.shape[axis]), axis=axis)).all()
    assert not np.isnan(risk.test).any()


@given(st.data())
def test_splitting_an_eigenspace_changes_nothing(data):
    problem, n, ridge = data.draw(strategies.solved())
    share = data.draw(st.sampled_from([0.0, 0.25, 1.0]))
    spectrum = problem.spectrum
    halves = rc.Spectrum.from_eigenvalues(
        np.repeat(spectrum.eigenvalues, 2), np.repeat(spectrum.multiplicities / 2, 2), spectrum.tail
    )
    energies = np.stack([share * problem.energies, (1 - share) * problem.energies], axis=1).ravel()
    split = ridge_risk(problem.replace(spectrum=halves, energies=energies), n, ridge)
    risk = ridge_risk(problem, n, ridge)
    for name in FIELDS:
        assert_allclose(getattr(split, name), getattr(risk, name), rtol=4e-13, atol=SMALLEST, err_msg=name)


# Limits


@pytest.mark.parametrize("n", [1, 15, 29, 31, 60, 1e4])
def test_small_ridge_tends_to_ridgeless(n):
    """Away from the threshold the difference is of the order of the ridge."""
    limit = ridge_risk(MIXED, n, 0)
    for ridge in (1e-9, 1e-12, 1e-100, 1e-200, 1e-300):
        risk = ridge_risk(MIXED, n, ridge)
        for name in FIELDS:
            tolerance = 1e3 * ridge + rounding(MIXED, math.log(ridge), ridge, n)
            assert_allclose(getattr(risk, name), getattr(limit, name), rtol=tolerance, atol=1e2 * ridge)


@pytest.mark.parametrize("ridge", [1e-8, 1e-16, 1e-100, 1e-200])
def test_at_the_threshold_the_variance_diverges_as_one_over_the_root_of_the_ridge(ridge):
    """κ → √(λ/Tr Σ⁻¹), variance → τ² n/(2√(λ Tr Σ⁻¹)); the next term is smaller by √λ."""
    risk = ridge_risk(INSIDE, 30, ridge)
    inverse_trace = 5 / 4.0 + 10 / 1.0 + 15 / 0.2
    error = 1e3 * math.sqrt(ridge) + 1e-13
    assert_allclose(risk.effective_ridge, math.sqrt(ridge / inverse_trace), rtol=error)
    assert_allclose(risk.variance, 0.5 * 30 / (2 * math.sqrt(ridge * inverse_trace)), rtol=error)
    if ridge > 1e-150:  # else the squares underflow
        sums = 1.0 / 4**2 + 0.5 / 1**2 + 0.25 / 0.2**2
        bias = 30 * ridge / inverse_trace * sums / (2 * math.sqrt(ridge * inverse_trace))
        assert_allclose(risk.bias, bias, rtol=error)


def test_large_ridge_learns_nothing():
    """λ → ∞: κ → (λ + Tr Σ)/n, test and train → all the energy; the next term is of order Tr Σ n/λ."""
    for n in (3, 30, 3000):
        risk = ridge_risk(MIXED, n, 1e12)
        assert_allclose(risk.effective_ridge, (1e12 + 33) / n, rtol=1e-10 * n)
        assert_allclose([risk.test, risk.train], [1.9375 + 0.5] * 2, rtol=1e-10 * n)
        assert_allclose(risk.df1, 33 * n / 1e12, rtol=1e-8 * n)


def test_many_samples_learn_all():
    """N → ∞: test → τ² + M, and n (test - τ² - M) → r (τ² + M) + what the ridge costs, which is of order λ²/n."""
    misfit = 0.1875
    for ridge in (0, 2.0):
        n = 1e8
        risk = ridge_risk(MIXED, n, ridge)
        assert_allclose(risk.test, 0.5 + misfit, rtol=1e-6)
        assert_allclose(n * (risk.test - 0.5 - misfit), 30 * (0.5 + misfit), rtol=1e-5, atol=1e2 / n)
        assert_allclose(risk.train, 0.5 + misfit, rtol=1e-6)


# Coefficients: norm and estimation error


def test_coefficients_in_exact_cases():
    """Norm and estimation error at n = 0, above the rank and at it; θ* has ‖θ*‖² = Σ e/σ where σ > 0."""
    coefficients, inverse_trace = 1.0 / 4 + 0.5 / 1 + 0.25 / 0.2, 5 / 4 + 10 / 1 + 15 / 0.2
    empty = ridge_risk(MIXED, 0, [0, 2.0])
    assert empty.norm_squared.tolist() == [0, 0]
    assert_allclose(empty.estimation, coefficients, rtol=4 * EPS)
    for n in (31, 45, 1e6):
        risk, amplified = ridge_risk(MIXED, n, 0), (0.5 + 0.1875) * inverse_trace / (n - 30)
        assert_allclose(risk.norm_squared, coefficients + amplified, rtol=8 * EPS)
        assert_allclose(risk.estimation, amplified, rtol=8 * EPS)
        assert_allclose(risk.in_sample, (0.5 + 0.1875) * 30 / n, rtol=8 * EPS)
    threshold, silent = ridge_risk(MIXED, 30, 0), ridge_risk(INSIDE.replace(noise=0.0), 30, 0)
    assert threshold.norm_squared == threshold.estimation == np.inf
    assert_allclose(threshold.in_sample, 0.5 + 0.1875)  # it interpolates: τ² + M
    assert_allclose(silent.norm_squared, coefficients, rtol=8 * EPS)
    assert (silent.estimation, silent.in_sample) == (0, 0)


def test_estimation_error_is_split_from_the_norm():
    r"""E‖θ̂‖² - E‖θ̂-θ*‖² = A₀ - E₀ = Σ F (σ² - κ²)/(σ+κ)²."""
    for n, ridge in [(10, 0), (10, 0.3), (50, 0.3), (50, 40.0)]:
        risk = ridge_risk(MIXED, n, ridge)
        kappa = float(risk.effective_ridge)
        expected = sum(f * (s - kappa) / (s + kappa) for s, f in [(4.0, 0.25), (1.0, 0.5), (0.2, 1.25)])
        assert_allclose(risk.norm_squared - risk.estimation, expected, rtol=1e-12)


# Derivatives and negative ridges


@pytest.mark.parametrize("tail", [0.0, 2.0])
@pytest.mark.parametrize(("n", "ridge"), [(12.0, 0.3), (30.0, 0.01), (40.0, 5.0), (12.0, -0.5)])
def test_derivatives_of_every_field(n, ridge, tail):
    """By central differences with step h = 1e-5 of n and λ, which leave h² and EPS/h: 1e-8 of the field's scale."""
    problem = MIXED.replace(spectrum=MIXED.spectrum.replace(tail=tail))
    risk = ridge_risk(problem, n, ridge)
    for parameter, (h, k) in {"ridge": (0.0, 1e-5 * abs(ridge)), "n_samples": (1e-5 * n, 0.0)}.items():
        up, down = ridge_risk(problem, n + h, ridge + k), ridge_risk(problem, n - h, ridge - k)
        for name in FIELDS:
            slope = (getattr(up, name) - getattr(down, name)) / (2 * (h + k))
            scale = abs(getattr(risk, name)) / max(abs(ridge) * bool(k), n * bool(h))
            assert_allclose(risk.derivative(name, parameter), slope, rtol=1e-6, atol=1e-7 * scale, err_msg=name)


@pytest.mark.parametrize("n", [12.0, 40.0])
@pytest.mark.parametrize("ridge", [1e-30, 1e-100, 1e-110, 1e-200, 1e-300])
def test_derivatives_at_tiny_ridges_are_those_at_0(n, ridge):
    """One-sided at 0, where n is not the rank: cubes of κ over σ leave the range of a float on the way."""
    limit, risk = ridge_risk(MIXED, n, 0), ridge_risk(MIXED, n, ridge)
    for name in FIELDS:
        assert_allclose(risk.derivative(name, "ridge"), limit.derivative(name, "ridge"), rtol=1e-11, atol=1e-14)


@pytest.mark.parametrize(("gamma", "z"), [(0.5, -0.05), (0.5, -0.08), (2.0, -0.1), (2.0, -0.17), (1.3, -0.01)])
def test_negative_ridge_in_closed_form(gamma, z):
    """Isotropic, down to -(1 - √γ)²: κ is the larger root of κ² + (1 - γ - z)κ = z, below 0 where γ < 1."""
    risk = ridge_risk(rc.Problem(rc.Spectrum.isotropic(gamma), [1.7], noise=0.4, outside_energy=0.2), 1.0, z)
    b = 1 - gamma - z
    with mpmath.workdps(30):
        kappa = (mpmath.sqrt(mpf(b) ** 2 + 4 * mpf(z)) - mpf(b)) / 2
        kappa = float(kappa)
    below = (1 + kappa) ** 2 - gamma
    assert (kappa < 0) == (gamma < 1)
    assert_allclose(risk.effective_ridge, kappa, rtol=1e-13)
    assert_allclose(risk.bias, (1.7 * kappa**2 + 0.2 * (1 + kappa) ** 2) / below, rtol=1e-12)
    assert_allclose(risk.variance, 0.4 * gamma / below, rtol=1e-12)
    assert_allclose(risk.train, (z / kappa) ** 2 * risk.test, rtol=1e-12)


def test_negative_ridge_on_several_eigenspaces():
    """The defining equation at the root, λ → 0⁻ equals λ = 0, and below the limit there is a sentence."""
    for n in (12.0, 29.0, 31.0, 60.0):
        limit = float(precise.lower_limit(precise.Shells.of(MIXED), n)[1])
        risk = ridge_risk(MIXED, n, limit * np.array([0.999, 0.5, 1e-9]))
        for kappa, ridge in zip(risk.effective_ridge, limit * np.array([0.999, 0.5, 1e-9]), strict=True):
            with mpmath.workdps(40):
                twin, k = precise.Shells.of(MIXED), mpf(float(kappa))
                assert abs(mpf(ridge) / k + twin.df1(k) - n) <= 1e-12 * n
                assert n - twin.df2(k) > 0  # the larger root
        assert_allclose(risk.test[2], ridge_risk(MIXED, n, 0).test, rtol=1e-6)
        with pytest.raises(ValueError, match=r"^ridge must be above ridge_lower_limit\(spectrum, n_samples\)"):
            ridge_risk(MIXED, n, 1.001 * limit)
    with pytest.raises(ValueError, match=r"^ridge must be above ridge_lower_limit"):
        ridge_risk(MIXED, 30, -1e-12)


# Beyond the range of a float


@pytest.mark.parametrize("power", [-930, -500, -300, 300, 450])
def test_units_do_not_matter(power):
    """(σ, t, λ) times 2^power, exactly: every dimensionless field stays, in logs where squares leave the floats."""
    unit = 2.0**power
    problem = MIXED.replace(spectrum=MIXED.spectrum.replace(tail=0.5))
    spectrum = problem.spectrum
    far = problem.replace(
        spectrum=rc.Spectrum.from_eigenvalues(unit * spectrum.eigenvalues, spectrum.multiplicities, 0.5 * unit)
    )
    n, ridge = np.array([0, 1, 29, 30, 31, 100])[:, None], np.array([0, 0.01, 3.0])
    near, risk = ridge_risk(problem, n, ridge), ridge_risk(far, n, unit * ridge)
    for name in FIELDS:
        factor = {"effective_ridge": unit, "norm_squared": 1 / unit, "estimation": 1 / unit}.get(name, 1.0)
        expected = factor * getattr(near, name)
        assert_allclose(getattr(risk, name), expected, rtol=2e-12, atol=1e-300, err_msg=name)
    if abs(power) > 300:
        return  # the derivatives have cubes of the units in them
    n, ridge = np.array([1, 29, 30, 31, 100])[:, None], np.array([0.01, 3.0])
    near, risk = ridge_risk(problem, n, ridge), ridge_risk(far, n, unit * ridge)
    for name in set(FIELDS) - {"noise"}:
        factor = {"effective_ridge": unit, "norm_squared": 1 / unit, "estimation": 1 / unit}.get(name, 1.0)
        for parameter, scale in {"ridge": factor / unit, "n_samples": factor}.items():
            expected = scale * near.derivative(name, parameter)
            assert_allclose(risk.derivative(name, parameter), expected, rtol=1e-10, atol=1e-13 * scale, err_msg=name)


@pytest.mark.parametrize("scale", [1e-85, 1.0, 1e60, 1e88])
@pytest.mark.parametrize("ridge", [1e-120, 1e-88, 1e-60, 1e-20])
def test_far_apart_scales(scale, ridge):
    """κ down to 10^-200 of the eigenvalues: neither squares nor cubes of their ratio may be lost."""
    problem = rc.Problem(
        rc.Spectrum.from_eigenvalues([scale, 0.3 * scale], [4, 3]), [1.0, 2.0], noise=0.3, outside_energy=0.1
    )
    for n in (5, 7, 9):
        assert_agrees(problem, n, ridge)


def test_masses_whose_multiplicity_overflows_act_as_a_tail():
    """On the sphere: eigenvalue 10^-400 with 10^400 directions has mass 2; in logs beside an eigenvalue 10^-300."""
    log_small = -400 * math.log(10)
    for smallest in (0.5, 1e-300):
        logs = np.log([1.0, smallest])
        sphere = rc.Spectrum.from_masses([*logs, log_small], [5.0, 3 * smallest, 2.0], [5, 3, np.inf])
        plain = rc.Spectrum.from_eigenvalues([1.0, smallest], [5, 3], tail=2.0)
        for n, ridge in [(1, 0), (5, 0), (8, 0), (9, 0.3), (100, 0)]:
            one = ridge_risk(rc.Problem(sphere, [1, 2, 0], noise=0.5), n, ridge)
            other = ridge_risk(rc.Problem(plain, [1, 2], noise=0.5), n, ridge)
            for name in FIELDS:
                assert_allclose(getattr(one, name), getattr(other, name), rtol=2e-12, err_msg=name)


# Counts and ratios, arrays


def test_counts_and_ratios():
    """A model of 600 features and 300 samples is a model of the ratio 2 at n = 1."""
    counts = ridge_risk(rc.Problem(rc.Spectrum.isotropic(600), [1.0], noise=0.3), 300, [0, 30.0])
    ratios = ridge_risk(rc.Problem(rc.Spectrum.isotropic(2.0), [1.0], noise=0.3), 1, [0, 0.1])
    for name in ("test", "train", "bias", "variance", "effective_ridge"):
        assert_allclose(getattr(counts, name), getattr(ratios, name), rtol=16 * EPS)
    assert_allclose(counts.df2, 300 * ratios.df2, rtol=16 * EPS)


def test_noise_broadcasts():
    noise = np.array([0.0, 0.5, 2.0])
    problem = MIXED.replace(noise=noise)
    risk = ridge_risk(problem, [[10], [30]], 0)
    assert risk.test.shape == (2, 3)
    assert set(risk.coordinates) == {"n_samples", "ridge", "noise"}
    for i, n in enumerate([10, 30]):
        for j, variance in enumerate(noise):
            alone = ridge_risk(MIXED.replace(noise=variance), n, 0)
            for name in FIELDS:
                assert_allclose(getattr(risk, name)[i, j], getattr(alone, name), rtol=4 * EPS)
    with pytest.raises(ValueError, match=re.escape("shapes do not broadcast: n_samples (2,), ridge (), noise (3,)")):
        ridge_risk(problem, [1, 2], 0)


def test_shapes_and_coordinates():
    risk = ridge_risk(MIXED, np.ones((4, 1)), np.ones(3))
    assert all(getattr(risk, name).shape == (4, 3) for name in FIELDS)
    assert set(risk.coordinates) == {"n_samples", "ridge"}
    assert all(getattr(ridge_risk(MIXED, 3, 1), name).shape == () for name in FIELDS)
    assert ridge_risk(MIXED, [], 1).test.shape == (0,)


def test_a_point_does_not_depend_on_the_others_of_its_grid():
    n = np.array([0, 1, 29, 30, 30 + 1e-9, 31, 1e5])[:, None]
    ridge = np.array([0, 1e-300, 1e-200, 1e-20, 1.0, 1e150])
    grid = ridge_risk(MIXED, n, ridge)
    for i, j in np.ndindex(grid.test.shape):
        alone = ridge_risk(MIXED, n[i, 0], ridge[j])
        for name in FIELDS:
            assert_allclose(getattr(grid, name)[i, j], getattr(alone, name), rtol=40 * EPS, err_msg=name)


def test_long_problems_agree_with_their_parts():
    """A long spectrum is compressed where there are many points: energies too, each field to 1e-13."""
    rng = np.random.default_rng(2)
    sigma, energies = 10.0 ** -rng.uniform(0, 9, 2000), rng.exponential(size=2000)
    problem = rc.Problem(rc.Spectrum.from_eigenvalues(sigma), energies, noise=0.3)
    n, ridge = np.array([10.0, 1000, 1999, 2000, 2001, 5000])[:, None], np.append(0, np.geomspace(1e-12, 1e3, 30))
    grid = ridge_risk(problem, n, ridge)
    kappa = grid.effective_ridge[..., None]
    with np.errstate(divide="ignore", invalid="ignore"):
        c = np.where(kappa > 0, kappa / (sigma + kappa), 0.0)
        gap = np.where(kappa[..., 0] > 0, ridge / kappa[..., 0] + (c * (1 - c)).sum(axis=-1), n - 2000)
        bias = np.where(gap == 0, 0, n * (c**2 @ energies) / gap)
        variance = 0.3 * ((1 - c) ** 2).sum(axis=-1) / gap
    assert_allclose(grid.bias, bias, rtol=1e-13)
    assert_allclose(grid.variance, variance, rtol=1e-13)
    assert_allclose(grid.df2, ((1 - c) ** 2).sum(axis=-1), rtol=1e-13)


# Closed forms


@pytest.mark.parametrize("scale", [1.0, 0.3])
@pytest.mark.parametrize(
    ("gamma", "z"),
    [(gamma, z) for gamma in (0.2, 0.9, 1.0, 1.1, 4.0) for z in (0.0, 1e-6, 0.1, 3.0) if (gamma, z) != (1, 0)],
)
def test_isotropic_closed_form(gamma, z, scale):
    """Sheet 1, section 3.3, with n = 1: κ is a root of κ² + (1 - γ - z)κ = z, and (1 + κ)² - γ = (1 + κ)q."""
    signal, noise, misfit = 1.7, 0.4, 0.2
    problem = rc.Problem(rc.Spectrum.isotropic(gamma, scale), [signal], noise=noise, outside_energy=misfit)
    risk = ridge_risk(problem, 1.0, z * scale)
    b = 1 - gamma - z
    q = math.hypot(b, 2 * math.sqrt(z))
    kappa = 2 * z / (b + q) if b > 0 else (q - b) / 2
    below = (1 + kappa) * q
    assert_allclose(risk.effective_ridge, scale * kappa, rtol=1e-13)
    assert_allclose(risk.bias, (signal * kappa**2 + misfit * (1 + kappa) ** 2) / below, rtol=1e-13)
    assert_allclose(risk.variance, noise * gamma / below, rtol=1e-13)
    assert_allclose(risk.df2, gamma / (1 + kappa) ** 2, rtol=1e-13)
    share = z / kappa if kappa > 0 else 1 - gamma
    assert_allclose(risk.train, share**2 * risk.test, rtol=1e-13, atol=1e-300)


@pytest.mark.parametrize("gamma", [0.3, 1.0, 2.5])
@pytest.mark.parametrize("ridge", [1e-3, 0.5, 4.0])
def test_duality(gamma, ridge):
    """n(1 + κ(n, p, λ)) = p(1 + κ(p, n, λ)) of isotropic features (sheet 1, section 3.6)."""
    one = rc.effective_ridge(rc.Spectrum.isotropic(gamma), 1.0, ridge)
    other = rc.effective_ridge(rc.Spectrum.isotropic(1.0), gamma, ridge)
    assert_allclose(1 + one, gamma * (1 + other), rtol=16 * EPS)


@pytest.mark.parametrize("exponent", [1.1, 1.5, 2.0, 3.0])
def test_ridgeless_power_law_is_tempered(exponent):
    """variance/τ² → (α - 1) - α/(2n + 1); the next term is of the order of κ = (A/n)^α (sheet 1, section 5.1)."""
    data = rc.GaussianData.power_law(exponent, 0.5, noise=0.25)
    amplitude = math.pi / exponent / math.sin(math.pi / exponent)
    for n in (1e3, 1e5, 1e7):
        risk = rc.predict(data, rc.Ridge(0), n)
        allowed = 10 * (amplitude / n) ** exponent + 1e-13
        assert_allclose(risk.variance / 0.25, exponent - 1 - exponent / (2 * n + 1), rtol=allowed)
        assert_allclose(risk.effective_ridge, (amplitude / (n + 0.5)) ** exponent, rtol=allowed)


@pytest.mark.parametrize(("exponent", "source"), [(1.2, 0.3), (1.5, 0.25), (2.0, 0.4), (3.0, 0.6)])
def test_noiseless_power_law(exponent, source):
    """Test → Γ(2r) Γ(2 - 2r) (A/n)^(2αr), 0 < r < 1 (sheet 1, section 5.1).

    With n + ½ in place of n the next term comes from the end i = 1 of the sum, of order κ^(2 - 2r) and κ.
    """
    data = rc.GaussianData.power_law(exponent, source)
    amplitude = math.pi / exponent / math.sin(math.pi / exponent)
    constant = math.gamma(2 * source) * math.gamma(2 - 2 * source)
    for n in (1e4, 1e6, 1e8):
        kappa = (amplitude / (n + 0.5)) ** exponent
        expected = constant * n / (n + 0.5) * kappa ** (2 * source)
        allowed = 10 * (kappa ** min(1, 2 - 2 * source))
        assert_allclose(rc.predict(data, rc.Ridge(0), n).test, expected, rtol=allowed + 1e-12)


# Problem


def test_problem_from_moments():
    """Y = x₁ - x₃ + something outside, for explicit covariance: the same as its eigenspaces."""
    rng = np.random.default_rng(0)
    root = rng.standard_normal((5, 3))
    covariance = root @ root.T  # rank 3
    theta = rng.standard_normal(5)
    energy = theta @ covariance @ theta
    problem = rc.Problem.from_moments(covariance, covariance @ theta, energy + 0.5, noise=0.1)
    sigma, vectors = np.linalg.eigh(covariance)
    assert problem.spectrum.rank == 3
    assert_allclose(problem.energies.sum() + problem.outside_energy, energy + 0.5, rtol=1e-12)
    assert_allclose(problem.outside_energy, 0.5, rtol=1e-10)
    assert_allclose(problem.energies[:3], (sigma * (vectors.T @ theta) ** 2)[:1:-1], rtol=1e-9)
    with pytest.raises(ValueError, match=r"^energy must be >= "):
        rc.Problem.from_moments(covariance, covariance @ theta, energy * 0.9)
    with pytest.raises(ValueError, match=r"^cross must have one entry per feature"):
        rc.Problem.from_moments(covariance, theta[:4], 1.0)


@pytest.mark.parametrize(
    ("changes", "error", "sentence"),
    [
        ({"energies": [1.0]}, ValueError, "energies must have one entry per spectrum entry (4), got shape (1,)"),
        ({"energies": [1, 2, 3, -1]}, ValueError, "energies must be finite and >= 0, got -1"),
        ({"energies": [1, 2, 3, math.nan]}, ValueError, "energies must be finite and >= 0, got nan"),
        ({"noise": -0.1}, ValueError, "noise must be finite and >= 0, got -0.1; it is a variance"),
        ({"noise": math.nan}, ValueError, "noise must be finite and >= 0, got nan"),
        ({"outside_energy": -1}, ValueError, "outside_energy must be finite and >= 0, got -1"),
        ({"outside_energy": [1, 2]}, ValueError, "outside_energy must be"),
        ({"spectrum": [1, 2]}, TypeError, "spectrum must be a Spectrum, got [1, 2]; use Spectrum.from_eigenvalues"),
        (
            {"colour": 1},
            ValueError,
            "Problem has no parameter 'colour'; it has energies, noise, outside_energy, spectrum",
        ),
    ],
)
def test_bad_problems(changes, error, sentence):
    with pytest.raises(error, match=r"^" + re.escape(sentence)):
        MIXED.replace(**changes)


def test_bad_numbers():
    with pytest.raises(ValueError, match=r"^ridge must be > -inf, got nan"):
        ridge_risk(MIXED, 10, math.nan)
    with pytest.raises(ValueError, match=r"^n_samples must be finite and >= 0, got nan"):
        ridge_risk(MIXED, math.nan, 1)
