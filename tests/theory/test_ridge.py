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
FIELDS = ("test", "train", "bias", "variance", "noise", "effective_ridge", "df1", "df2")
SMALLEST = 1e-290  # products of what is above it do not underflow on the way

# rank 30 of 42 features, energy at a zero eigenvalue and outside
MIXED = rc.Problem(
    rc.Spectrum.from_eigenvalues([4.0, 1.0, 0.2, 0.0], multiplicities=[5, 10, 15, 12]),
    energies=[1.0, 0.5, 0.25, 0.125],
    noise=0.5,
    outside_energy=0.0625,
)
INSIDE = MIXED.replace(energies=[1.0, 0.5, 0.25, 0.0], outside_energy=0.0)  # reached by the features


def rounding(log_kappa: float, ridge: float, n: float) -> float:
    """Relative error to be expected of every field: of κ (tests/theory/test_effective_ridge.py) and a few sums.

    Seen in 20 000 draws: SEEN.
    """
    in_logs = abs(log_kappa) > 300 or 0 < ridge < 1e-190 * n
    return EPS * (32 + (2 * abs(float(log_kappa)) if in_logs else 0))


def assert_agrees(problem: rc.Problem, n: float, ridge: float, twin: precise.Sums | None = None) -> None:
    """Every field, to ``rounding``; one that underflows to ``SMALLEST``."""
    risk = ridge_risk(problem, n, ridge)
    twin = twin or precise.Shells.of(problem)
    log_kappa = precise.log_effective_ridge(twin, n, ridge, digits=18)
    if mpmath.isinf(log_kappa):
        return  # exact cases have tests of their own
    exact = precise.ridge_risk(twin, n, ridge, float(problem.noise), digits=20)
    with mpmath.workdps(30):
        for name in FIELDS:
            got = getattr(risk, name)
            assert np.isfinite(got), name
            if exact[name] > SMALLEST:
                assert abs(mpf(float(got)) / exact[name] - 1) <= rounding(log_kappa, ridge, n), name
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
    for name in FIELDS:
        assert_allclose(getattr(risk, name), float(exact[name]), rtol=1e-13, err_msg=name)


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
    assert_allclose(ridge_risk(MIXED, 1e-12, 32.5).train, risk.train[1], rtol=1e-11)  # it is the limit


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
    assert_array_equal(risk.train, 7.5 * np.array([[0, 1, 1], [1, 1, 1], [1, 1, 1]]))


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
        (ridge_risk(problem.replace(spectrum=stretched), n, factor * ridge), {"effective_ridge": factor}),
        (ridge_risk(louder, n, ridge), dict.fromkeys(("test", "train", "bias", "variance", "noise"), factor)),
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
            tolerance = 1e3 * ridge + rounding(math.log(ridge), ridge, n)
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
