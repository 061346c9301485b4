"""Gradient flow: other definitions to many digits, printed numbers, limits, identities, and the best time."""

from __future__ import annotations

import math
from typing import Any

import mpmath as mp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from precise_gradient_flow import Inverted, around, bias_by_parabola, isotropic

import riskcalc as rc

SHELLS = ([4.0, 1.0, 0.2], [30.0, 70.0, 100.0], [0.5, 0.3, 0.2])
FIELDS = ("test", "train", "bias", "variance", "df1", "norm_squared", "estimation", "in_sample")
ROUNDING = 2e-13  # 32 nodes err by 1e-15 of each transform; sums of a hundred terms and of two transforms by a few more


def problem(sigma: Any, m: Any, e: Any, noise: Any = 1.0, outside: float = 0.0, tail: float = 0.0) -> rc.Problem:
    return rc.Problem(rc.Spectrum.from_eigenvalues(sigma, m, tail), e, noise, outside)


def white(gamma: float, noise: Any = 1.0) -> rc.Problem:
    return rc.Problem(rc.Spectrum.isotropic(gamma), [1.0], noise)


def test_printed_numbers() -> None:
    """Four digits, from an independent evaluation; the coefficients of the three shells have energies .3, .4, .3."""
    risk = rc.gradient_flow_risk(white(0.5, noise=0.5), 1.0, 2.0)
    assert (round(float(risk.bias), 4), round(float(risk.train), 4)) == (0.1303, 0.3217)
    assert round(float(risk.variance), 4) == round(0.3218 / 2, 4)
    risk = rc.gradient_flow_risk(white(2.0), 1.0, [1.5, 20])
    assert risk.bias.round(4).tolist() == [0.5382, 0.5]
    assert risk.variance.round(4).tolist() == [0.4412, 0.9955]
    risk = rc.gradient_flow_risk(problem(*SHELLS[:2], [1.2, 0.4, 0.06]), 100, [0.5, 3])
    assert risk.bias.round(4).tolist() == [0.4993, 0.2874]
    assert risk.variance.round(4).tolist() == [0.2344, 0.7915]


@pytest.mark.parametrize("gamma", [0.5, 1.0, 1.001, 2.0])
@pytest.mark.parametrize("time", [1e-3, 2.0, 1e6])
def test_white_noise_by_the_marchenko_pastur_integral(gamma: float, time: float) -> None:
    exact, risk = isotropic(gamma, time), rc.gradient_flow_risk(white(gamma), 1.0, time)
    for name, value in exact.items():
        assert abs(getattr(risk, name) - value) <= ROUNDING * max(1, value), name
    assert abs(risk.variance / exact["variance"] - 1) < ROUNDING  # relative, at early times too
    assert abs(risk.estimation - risk.bias - risk.variance) <= ROUNDING * risk.estimation  # Σ = I


@pytest.mark.parametrize("n", [100.0, 200.0, 300.0])
@pytest.mark.parametrize("time", [0.05, 0.5, 3.0])
def test_shells_by_a_contour_round_the_support(n: float, time: float) -> None:
    exact = around(*SHELLS, n, time)
    risk = rc.gradient_flow_risk(problem(*SHELLS), n, time)
    silent = rc.gradient_flow_risk(problem(*SHELLS, noise=0.0), n, time)
    for name in ("bias", "variance", "df1"):
        assert abs(getattr(risk, name) - exact[name]) < ROUNDING * max(1, exact[name]), name
    assert abs(silent.train - exact["train_signal"]) < ROUNDING
    assert abs(risk.train - silent.train - exact["train_noise"]) < ROUNDING


DECADES = (np.array([100.0, 1.0, 1e-4]), np.array([10.0, 40.0, 200.0]), np.array([0.5, 0.3, 0.2]))


@pytest.mark.parametrize("n", [100.0, 249.9, 250.0, 400.0])
@pytest.mark.parametrize("time", [1e-3, 30.0, 1e8])
def test_bias_over_six_decades_and_near_the_rank(n: float, time: float) -> None:
    risk = rc.gradient_flow_risk(problem(*DECADES), n, time)
    assert abs(risk.bias - bias_by_parabola(*DECADES, n, time)) < ROUNDING


def _against_inversion(exact: dict[str, Any], pair: rc.Problem, n: float, time: float) -> None:
    risk, silent = (rc.gradient_flow_risk(pair.replace(noise=noise), n, time) for noise in (1.0, 0.0))
    assert abs(risk.variance / exact["variance"] - 1) < ROUNDING
    assert abs(silent.train - exact["train_signal"]) < ROUNDING
    assert abs(risk.train - silent.train - exact["train_noise"]) < ROUNDING
    assert abs(risk.df1 / exact["df1"] - 1) < ROUNDING


@pytest.mark.slow
def test_six_decades_at_a_late_time_by_inversion() -> None:
    sigma, m, e = DECADES
    inverted = Inverted(lambda k: sum(m * sigma / (sigma + k)), lambda k: sum(e / (sigma + k)), 250.0, 1.0)
    _against_inversion(inverted.fields(1e5), problem(*DECADES), 250.0, 1e5)


@pytest.mark.slow
def test_infinite_power_law_by_its_closed_form() -> None:
    """At σ = i⁻², df1 = π coth(π/√κ)/(2√κ) - 1/2, and with e = σ the target's sum is the same."""

    def df1(k: Any) -> Any:
        return mp.pi / (2 * mp.sqrt(k)) * mp.coth(mp.pi / mp.sqrt(k)) - mp.mpf(1) / 2

    pair = rc.reduce(rc.GaussianData.power_law(2.0, 0.25), rc.GradientFlow(0))
    _against_inversion(Inverted(df1, df1, 100.0, 1.0).fields(1e4), pair, 100.0, 1e4)


def test_start_and_end() -> None:
    pair = problem([3.0, 1.0, 0.1, 0.0], [20, 30, 50, 10], [1.0, 0.5, 0.2, 0.1], noise=0.3, outside=0.2)
    n = np.array([0.0, 40.0, 99.0, 100.0, 250.0])
    start, end = rc.gradient_flow_risk(pair, n, 0), rc.gradient_flow_risk(pair, n, np.inf)
    assert np.allclose(start.test, 2.3)
    assert np.allclose(start.train, 2.3)
    assert np.allclose(start.bias, 2.0)
    assert not (start.variance.any())
    assert not (start.df1.any())
    assert not (start.norm_squared.any())
    assert np.allclose(start.in_sample, 1.7)
    assert np.allclose(start.estimation, 1 / 3 + 0.5 + 2)
    ridgeless = rc.ridge_risk(pair, n, 0)
    for name in FIELDS:
        assert np.array_equal(getattr(end, name), getattr(ridgeless, name)), name
    assert end.test[3] == np.inf
    assert end.variance[3] == np.inf
    # the smallest sample eigenvalue at n = 99 is about 0.1 (0.01/4)², and 1e9 times its inverse is late
    late, last = rc.gradient_flow_risk(pair, n[[1, 2, 4]], 1e14), rc.ridge_risk(pair, n[[1, 2, 4]], 0)
    for name in FIELDS:
        expected = getattr(last, name)
        assert np.abs(getattr(late, name) - expected).max() < 1e-11 * max(1, np.abs(expected).max()), name


def test_before_the_first_sample_every_label_is_fitted_at_once() -> None:
    pair = problem([2.0, 1.0], [2.0, 2.0], [1.0, 0.5], noise=0.3)
    nothing, little = rc.gradient_flow_risk(pair, 0.0, 1.5), rc.gradient_flow_risk(pair, 1e-9, 1.5)
    for name in FIELDS:
        assert abs(getattr(nothing, name) - getattr(little, name)) < 1e-8, name
    assert nothing.train == 0
    assert nothing.in_sample == 0.3


def test_at_the_rank_the_variance_grows_as_the_root_of_time() -> None:
    """∫(1-e^{-tx})²/x against the density x^{-1/2}/π near 0 is 4(1 - 2^{-1/2})(t/π)^{1/2}; corrections 1/√t."""
    t = np.array([1e6, 1e10, 1e14])
    growth = 4 * (1 - math.sqrt(0.5)) * np.sqrt(t / np.pi)
    assert (np.abs(rc.gradient_flow_risk(white(1.0), 1.0, t).variance / growth - 1) < 2 / np.sqrt(t)).all()


def test_without_features_nothing_is_learned() -> None:
    risk = rc.gradient_flow_risk(problem([0.0], [5.0], [1.0], noise=0.5), [0, 3, 7], [[0.0], [1.0], [np.inf]])
    assert (risk.test == 1.5).all()
    assert np.allclose(risk.train, 1.5, rtol=1e-14)
    assert not risk.df1.any()


def test_a_tail_is_many_small_eigenvalues() -> None:
    """Their mass 3 at eigenvalue s differs from the tail by terms of order s."""
    tail, size = problem([1.0], [50.0], [1.0], tail=3.0), 1e-7
    listed = problem([1.0, size], [50.0, 3 / size], [1.0, 0.0])
    for time in (0.3, 5.0, 40.0):
        one, other = (rc.gradient_flow_risk(p, 30.0, time) for p in (tail, listed))
        for name in FIELDS:
            assert abs(getattr(one, name) - getattr(other, name)) < 1e-4 * max(1, float(getattr(one, name))), name
    late, last = rc.gradient_flow_risk(tail, 30.0, 1e9), rc.ridge_risk(tail, 30.0, 0)
    assert abs(late.test - last.test) < 1e-12


def test_shapes() -> None:
    grid = rc.gradient_flow_risk(white(100.0, noise=[0.1, 0.2]), [[[50]], [[100]]], [[0.0], [1.0], [np.inf]])
    assert grid.test.shape == (2, 3, 2)
    assert list(grid.coordinates) == ["n_samples", "time", "noise"]
    one = rc.gradient_flow_risk(white(100.0), 50, 1.0)
    assert one.test.shape == ()
    assert one.effective_ridge is None
    assert one.df2 is None
    assert one.gcv is None
    assert rc.gradient_flow_risk(white(100.0), [], 1.0).test.shape == (0,)
    risk = rc.predict(rc.GaussianData.isotropic(100, noise=1.0), rc.GradientFlow([0, 2.0]), 200)
    assert risk.bias.round(4).tolist() == [1.0, 0.1303]
    assert risk.notes == ()


@pytest.mark.parametrize("time", [-1.0, np.nan, -np.inf])
def test_refused_times(time: float) -> None:
    with pytest.raises(ValueError, match="time must be"):
        rc.gradient_flow_risk(white(2.0), 1.0, time)
    with pytest.raises(ValueError, match="time must be"):
        rc.GradientFlow(time)


def test_refused_pairs() -> None:
    with pytest.raises(TypeError, match="kernel must be"):
        rc.GradientFlow(1.0, kernel="rbf")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="no theory for"):
        rc.predict(rc.Dataset([[1.0], [2.0]], [1.0, 2.0]), rc.GradientFlow(1.0), 1)
    with pytest.raises(TypeError, match="kernel must be None"):
        rc.predict(rc.GaussianData.isotropic(2), rc.GradientFlow(1.0, kernel=rc.kernels.RBF()), 1)
    with pytest.raises(ValueError, match=r"must be 0 or from 1e-260 to 1e99 for a flow, got e\^-900 to e\^0"):
        rc.gradient_flow_risk(rc.Problem(rc.Spectrum.from_log_eigenvalues([0, -900.0]), [1, 0]), 1, 1)


shells = st.lists(
    st.tuples(st.floats(-3, 2), st.floats(0.2, 60), st.floats(0.0, 2)).map(lambda s: (10 ** s[0], s[1], s[2])),
    min_size=1,
    max_size=4,
)
sizes, times = st.floats(0.5, 150), st.floats(-3, 6).map(lambda x: 10.0**x)


def close(one: Any, other: Any, factor: float = 1.0, names: tuple[str, ...] = FIELDS) -> None:
    for name in names:
        a, b = getattr(one, name), factor * getattr(other, name)
        assert np.abs(a - b).max() <= 1e-11 * max(1.0, np.abs(b).max()), name


@given(shells, sizes, times, st.floats(0.01, 100))
def test_units(parts: Any, n: float, time: float, c: float) -> None:
    """σ → cσ with t → t/c; sizes at fixed time; energies."""
    sigma, m, e = (np.array(column) for column in zip(*parts, strict=True))
    base = rc.gradient_flow_risk(problem(sigma, m, e, 0.5, 0.1), n, time)
    units = rc.gradient_flow_risk(problem(c * sigma, m, e, 0.5, 0.1), n, time / c)
    close(units, base, names=("test", "train", "bias", "variance", "df1", "in_sample"))
    close(units, base, 1 / c, names=("norm_squared", "estimation"))
    larger = rc.gradient_flow_risk(problem(sigma, c * m, e, 0.5, 0.1), c * n, time)
    close(larger, base, names=("test", "train", "bias", "variance", "norm_squared", "estimation", "in_sample"))
    close(larger, base, c, names=("df1",))
    close(rc.gradient_flow_risk(problem(sigma, m, c * e, c * 0.5, c * 0.1), n, time), base, c, names=FIELDS[:4])


@given(shells, sizes, times)
def test_listing_does_not_matter(parts: Any, n: float, time: float) -> None:
    sigma, m, e = (np.array(column) for column in zip(*parts, strict=True))
    split = problem([*sigma[::-1], sigma[0], 0.0], [*m[:0:-1], m[0] / 4, 3 * m[0] / 4, 7.0], [*e[::-1], 0.0, 0.0])
    close(rc.gradient_flow_risk(split, n, time), rc.gradient_flow_risk(problem(sigma, m, e), n, time))


@given(shells, sizes, times, st.floats(0, 2))
def test_what_is_outside_acts_as_noise(parts: Any, n: float, time: float, outside: float) -> None:
    sigma, m, e = (np.array(column) for column in zip(*parts, strict=True))
    misfit = rc.gradient_flow_risk(problem(sigma, m, e, 0.5, outside), n, time)
    noise = rc.gradient_flow_risk(problem(sigma, m, e, 0.5 + outside), n, time)
    close(misfit, noise, names=("test", "train", "norm_squared", "estimation", "in_sample"))
    unit = rc.gradient_flow_risk(problem(sigma, m, e, 1.0), n, time)
    assert abs(misfit.bias - unit.bias - outside * (1 + unit.variance)) <= 1e-11 * (1 + misfit.bias)
    total = misfit.bias + misfit.variance + misfit.noise
    assert misfit.test == total


@given(shells, sizes)
def test_what_grows_with_time(parts: Any, n: float) -> None:
    sigma, m, e = (np.array(column) for column in zip(*parts, strict=True))
    t = np.append(np.geomspace(1e-4, 1e7, 40), np.inf)
    risk = rc.gradient_flow_risk(problem(sigma, m, e, 0.5, 0.1), n, t)
    for values, sign in ((risk.variance, 1), (risk.df1, 1), (risk.norm_squared, 1), (risk.train, -1)):
        rises = sign * (values[1:] - values[:-1])  # type: ignore[index]
        assert (rises >= -1e-12 * (1 + np.abs(values[1:]))).all()  # type: ignore[index]
    assert (risk.bias >= -1e-12).all()  # type: ignore[operator]
    fitted = risk.train - 0.6 + 2 * 0.6 * risk.df1 / n  # type: ignore[operator]
    assert np.abs(risk.in_sample - fitted).max() < 1e-11 * (1 + np.abs(fitted).max())  # for any linear fit


@pytest.mark.parametrize("n", [60.0, 200.0, 400.0])
def test_best_time_against_a_dense_grid(n: float) -> None:
    pair = problem(*SHELLS, noise=0.4)
    best = rc.optimal_time(pair, n)
    t = float(best.time) * np.exp(np.linspace(-0.5, 0.5, 1001))
    test = rc.gradient_flow_risk(pair, n, t).test
    assert np.argmin(test) == 500
    assert best.risk.test <= test.min() + 1e-14
    fine = rc.gradient_flow_risk(pair, n, best.time * np.exp([-1e-5, 1e-5])).test
    curve = (test[600] - 2 * test[500] + test[400]) / 0.1**2
    assert abs(fine[1] - fine[0]) / 2e-5 < 1e-9 + 1e-8 * curve  # the slope at the best time, to rounding of the two
    wide = rc.gradient_flow_risk(pair, n, np.geomspace(1e-6, 1e12, 400)).test
    assert best.risk.test <= wide.min()


def test_best_time_at_the_ends() -> None:
    assert rc.optimal_time(white(200, noise=0.0), [[100], [200], [400]]).time.ravel().tolist() == [np.inf] * 3
    nothing = rc.Problem(rc.Spectrum.isotropic(200), [0.0], noise=[0.0, 0.3])
    assert rc.optimal_time(nothing, 100).time.tolist() == [0.0, 0.0]
    assert rc.optimal_time(problem([0.0], [3.0], [1.0]), 10).time == 0
    assert repr(rc.optimal_time(white(200, 0.25), 400)) == "OptimalTime(time=4.00437, test=0.432161)"
    with pytest.raises(ValueError, match="n_samples must be"):
        rc.optimal_time(white(200), 0)


def test_early_stopping_is_within_22_per_cent_of_the_best_ridge() -> None:
    """Isotropic prior, Σ = I; the lower bound is Bayes' optimality of ridge. The constant is that of the abstract."""
    gamma, snr = np.geomspace(0.05, 20, 12), np.geomspace(0.02, 300, 12)
    ratio = np.empty((12, 12))
    for k, g in enumerate(gamma):
        pair = white(float(g), noise=1 / snr)
        stopped, ridge = rc.optimal_time(pair, 1.0).risk, rc.ridge_risk(pair, 1.0, g / snr)
        ratio[k] = stopped.excess / ridge.excess
    assert ratio.min() > 1 - 1e-12
    assert 1.02 < ratio.max() < 1.22


def test_no_stopped_flow_beats_the_best_ridge_for_isotropic_coefficients() -> None:
    sigma, m, _ = SHELLS
    pair = problem(sigma, m, np.multiply(sigma, m) / 200, noise=[0.1, 1.0])
    n = np.array([[50.0], [200.0], [500.0]])
    stopped, ridge = rc.optimal_time(pair, n).risk, rc.tune(pair, rc.Ridge(0), n).risk
    assert (stopped.test > ridge.test).all()
    assert (stopped.excess < 1.22 * ridge.excess).all()


def test_an_aligned_target_can_make_stopping_better_than_ridge() -> None:
    """Two scales, all signal in the large one: a flow learns it and stops, where a ridge shrinks it."""
    pair = problem([10.0, 0.1], [20.0, 400.0], [1.0, 0.0], noise=0.5)
    assert rc.optimal_time(pair, 100.0).risk.test < rc.tune(pair, rc.Ridge(0), 100.0).risk.test


def test_means_of_squares_are_never_negative() -> None:
    """Late, the training error is far below what the transform resolves, and rounding has either sign."""
    rng = np.random.default_rng(0)
    for _ in range(10):
        sigma, m, e = 10.0 ** rng.uniform(-3, 2, 4), rng.integers(1, 40, 4), rng.uniform(0, 1, 4)
        case = problem(sigma, m, e, rng.choice([0, 0.3]))
        risk = rc.gradient_flow_risk(case, rng.uniform(1, 200, 5)[:, None], np.geomspace(1e-12, 1e12, 60))
        for name in FIELDS:
            assert (risk.fields[name] >= 0).all(), name


def test_every_source_can_be_cited() -> None:
    risk = rc.gradient_flow_risk(white(2.0), 1.0, 1.0)
    assert rc.cite(risk).count("@") == len(risk.sources) == 3


def test_there_are_no_derivatives_and_the_sentence_names_the_flow() -> None:
    with pytest.raises(ValueError, match="no derivatives for the route 'deterministic equivalent of gradient flow'"):
        rc.gradient_flow_risk(white(2.0), 1.0, 1.0).derivative("test", "n_samples")
