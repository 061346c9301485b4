"""Ridge regression under another test distribution: identities, mpmath twin, exact cases, hand-written simulation."""

from __future__ import annotations

import math
import pickle
import re

import numpy as np
import precise_shift as precise
import pytest
import scipy.stats
import strategies
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

import riskcalc as rc
from riskcalc import shifted_risk

EPS = np.finfo(float).eps
SHIFTED = ("test", "bias", "variance", "noise")
KEPT = ("train", "effective_ridge", "df1", "df2", "norm_squared", "estimation", "in_sample", "gcv")
TRAIN = rc.Problem(
    rc.Spectrum.from_eigenvalues([4.0, 1.0, 0.2, 0.0], multiplicities=[5, 10, 15, 12]),
    energies=[1.0, 0.5, 0.25, 0.125],
    noise=0.5,
    outside_energy=0.0625,
)
TEST = rc.Problem(
    rc.Spectrum.from_eigenvalues([0.5, 0.0, 3.0, 2.0], multiplicities=[5, 10, 15, 12]),
    energies=[0.3, 0.2, 0.7, 0.11],
    noise=0.05,
    outside_energy=0.03,
)


def same_target(problem: rc.Problem, eigenvalues: list[float], **changes: float) -> rc.Problem:
    """The target of a problem under other eigenvalues."""
    spectrum = rc.Spectrum.from_eigenvalues(eigenvalues, problem.spectrum.multiplicities)
    sigma = problem.spectrum.eigenvalues
    F = np.divide(problem.energies, sigma, out=np.zeros_like(sigma), where=sigma > 0)
    return rc.Problem(spectrum, F * np.array(eigenvalues), **changes)


# Identities


@given(strategies.solved())
def test_without_a_shift_it_is_the_ridge_risk(drawn):
    """B + M + (B + M) df2/(n - df2) is n(B + M)/(n - df2): rounding of 1/n times df2, and logs of 1e20 and 1e-300."""
    problem, n, ridge = drawn
    plain, shifted = rc.ridge_risk(problem, n, ridge), shifted_risk(problem, n, ridge, problem)
    log_kappa = abs(float(np.log(plain.effective_ridge))) if 0 < plain.effective_ridge < np.inf else 0.0
    for name in SHIFTED:
        assert_allclose(getattr(shifted, name), getattr(plain, name), rtol=(64 + 4 * log_kappa) * EPS, atol=1e-289)
    for name in KEPT:
        assert_array_equal(getattr(shifted, name), getattr(plain, name))
    assert shifted.notes == plain.notes


@given(st.data())
def test_scaling_covariance_scales_what_is_not_noise(data):
    """Σ' = cΣ and the same target: the excess is c times that of training."""
    problem = data.draw(strategies.problems(data.draw(strategies.spectra(tails=False, zeros=False))))
    n, ridge = data.draw(strategies.points(problem.spectrum))
    spectrum = problem.spectrum
    scaled = rc.Spectrum.from_eigenvalues(3.0 * spectrum.eigenvalues, spectrum.multiplicities)
    inside = problem.replace(outside_energy=0.0)
    shifted = shifted_risk(inside, n, ridge, rc.Problem(scaled, 3.0 * np.asarray(problem.energies), noise=0.7))
    plain = rc.ridge_risk(inside, n, ridge)
    log_kappa = abs(float(np.log(plain.effective_ridge))) if 0 < plain.effective_ridge < np.inf else 0.0
    # the same target is recognised to 16 EPS, which are left of the bias where κ vanishes
    atol = 1e-289 + 1e3 * EPS**2 * float(np.sum(problem.energies))
    for name in ("bias", "variance"):
        assert_allclose(
            getattr(shifted, name), 3 * getattr(plain, name), rtol=(64 + 4 * log_kappa) * EPS, atol=atol, err_msg=name
        )


def test_the_fields_of_training_stay():
    risk = shifted_risk(TRAIN, [[20], [40]], [0, 1.0], TEST)
    plain = rc.ridge_risk(TRAIN, [[20], [40]], [0, 1.0])
    for name in KEPT:
        assert_array_equal(getattr(risk, name), getattr(plain, name))
    assert_allclose(risk.test, risk.bias + risk.variance + 0.05, rtol=4 * EPS)
    assert_array_equal(risk.noise, 0.05)
    assert (risk.gcv != risk.test).all()


def test_cross_energies_of_the_same_target_are_its_energies():
    test = same_target(TRAIN, [1.0, 2.0, 3.0, 0.0], noise=0.1)
    plain = shifted_risk(TRAIN, 20, 1.0, test)
    crossed = shifted_risk(TRAIN, 20, 1.0, test, cross_energies=[1.0, 0.5, 0.25, 0.0])
    assert_allclose(crossed.test, plain.test, rtol=8 * EPS)
    assert plain.notes == crossed.notes == ()


def test_the_error_is_linear_in_the_cross_energies():
    """‖sθ - θ'‖² - ‖sθ‖² - ‖θ'‖² = -2 Σ s σ'/σ x, for random products within their bounds."""
    rng = np.random.default_rng(0)
    sigma, shifted = TRAIN.spectrum.eigenvalues[:3], np.array([0.5, 2.0, 3.0])
    test = TEST.replace(spectrum=rc.Spectrum.from_eigenvalues([*shifted, 2.0], TRAIN.spectrum.multiplicities))
    bound = np.sqrt(np.array([1.0, 0.5, 0.25]) * np.array([0.3, 0.2, 0.7]) * sigma / shifted)
    n, ridge = 20, np.array([0.0, 0.3, 10.0])
    zero = shifted_risk(TRAIN, n, ridge, test, cross_energies=np.zeros(4))
    for _ in range(5):
        x = bound * rng.uniform(-1, 1, 3)
        risk = shifted_risk(TRAIN, n, ridge, test, cross_energies=[*x, 0.0])
        lost = 2 * (shifted * x / (sigma + risk.effective_ridge[:, None])).sum(axis=1)
        assert_allclose(risk.bias, zero.bias - lost, rtol=1e-13)


def test_the_matrix_of_a_commuting_shift_changes_nothing():
    """Covariance as a matrix, targets parallel or not, an entry that training never sees among them."""
    counts = TRAIN.spectrum.multiplicities.astype(int)
    test = TEST.replace(spectrum=rc.Spectrum.from_eigenvalues([0.5, 1.0, 3.0, 2.0], counts))
    matrix = np.diag(np.repeat([0.5, 1.0, 3.0, 2.0], counts))
    n = np.array([0, 10, 30, 40])[:, None]
    for cross in (None, [0.5, -0.2, 0.1, 0.0]):
        plain = shifted_risk(TRAIN, n, [0, 0.3, np.inf], test, cross)
        given_matrix = shifted_risk(TRAIN, n, [0, 0.3, np.inf], test, cross, matrix)
        for name in SHIFTED:
            assert_allclose(getattr(given_matrix, name), getattr(plain, name), rtol=32 * EPS)


def test_only_the_directions_of_the_target_matter_within_an_eigenspace():
    """Rotations of an eigenspace of Σ that leave the target alone change nothing; those that move it do."""
    rng = np.random.default_rng(1)
    problem = rc.Problem(rc.Spectrum.from_eigenvalues([2.0, 0.5], [4, 6]), [1.0, 0.4], noise=0.1)
    root = rng.standard_normal((10, 10))
    matrix = root @ root.T
    turn = np.eye(10)
    turn[1:4, 1:4] = scipy.stats.ortho_group.rvs(3, random_state=rng)
    turn[5:, 5:] = scipy.stats.ortho_group.rvs(5, random_state=rng)
    moved = np.eye(10)
    moved[:4, :4] = scipy.stats.ortho_group.rvs(4, random_state=rng)
    one, two, three = (
        shifted_risk(problem, 6, 0.2, problem, test_covariance=q.T @ matrix @ q).test for q in (np.eye(10), turn, moved)
    )
    assert_allclose(two, one, rtol=1e-13)
    assert abs(three / one - 1) > 1e-3


# Precise: the twin has a row for each feature


def as_vectors(train: rc.Problem, test: rc.Problem, cosine: np.ndarray) -> tuple[list[float], ...]:
    """Eigenvalues, coefficients, test eigenvalues and test coefficients of each feature."""
    sigma, theta, shifted, wanted = [], [], [], []
    for k, m in enumerate(train.spectrum.multiplicities.astype(int)):
        s, t = train.spectrum.eigenvalues[k], test.spectrum.eigenvalues[k]
        own = math.sqrt(train.energies[k] / s) if s > 0 else 0.0
        other = math.sqrt(test.energies[k] / t) if t > 0 else 0.0
        sigma += [s] * m
        shifted += [t] * m
        theta += [own] + [0.0] * (m - 1)
        wanted += [other * cosine[k], other * math.sqrt(1 - cosine[k] ** 2), *[0.0] * (m - 2)][:m]
    return sigma, theta, shifted, wanted


@st.composite
def shifts(draw):
    """Training and test problems of the same entries, cosines between their targets, and a point."""
    size = draw(st.integers(1, 3))
    m = [float(draw(st.integers(2, 4))) for _ in range(size)]
    eigenvalues = st.one_of(st.just(0.0), st.floats(-6, 3).map(lambda x: 10.0**x))
    energies = st.one_of(st.just(0.0), st.floats(0.01, 2))

    def problem(at_least_one: bool) -> rc.Problem:
        sigma = [draw(eigenvalues) for _ in range(size)]
        if at_least_one:
            sigma[0] = draw(st.floats(0.1, 2))
        spectrum = rc.Spectrum.from_eigenvalues(sigma, m)
        return rc.Problem(spectrum, [draw(energies) for _ in m], draw(energies), draw(energies))

    train, test = problem(True), problem(False)
    cosine = np.array([draw(st.sampled_from([1.0, -1.0, 0.0, 0.6])) for _ in m])
    n = draw(st.sampled_from([0.5, 1.5, 20.0]))
    ridge = draw(st.sampled_from([0.0, 1e-3, 1.0, 1e3])) if n < 2 else draw(st.sampled_from([1e-3, 1.0, 1e3]))
    return train, test, cosine, n, ridge


@given(shifts(), st.booleans(), st.integers(0, 2**31))
def test_it_agrees_with_its_twin(drawn, rotated, seed):
    """The error of each field is rounding of its terms: bias is a sum of squares, none of which cancels."""
    train, test, cosine, n, ridge = drawn
    reached = np.where((train.spectrum.eigenvalues > 0) & (test.spectrum.eigenvalues > 0), train.energies, 0.0)
    cosine = np.where((reached > 0) & (np.asarray(test.energies) > 0), cosine, 1.0)
    sigma, theta, shifted, wanted = as_vectors(train, test, cosine)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = train.spectrum.eigenvalues / test.spectrum.eigenvalues
        cross = np.where(reached > 0, cosine * np.sqrt(train.energies * test.energies * ratio), 0.0)
    matrix = np.diag(shifted)
    if rotated:
        root = np.random.default_rng(seed).standard_normal((len(sigma), len(sigma))) * np.sqrt(shifted)
        matrix = root @ root.T
    got = shifted_risk(train, n, ridge, test, cross, matrix if rotated else None)
    exact = precise.shifted_risk(
        sigma, theta, float(train.noise), train.unreached, n, ridge, matrix, wanted, float(test.noise), test.unreached
    )
    # a matrix is a quadratic form, whose terms may cancel: then the size of the terms counts
    size = float(np.max(np.abs(matrix))) * (sum(np.square(theta)) + sum(np.square(wanted))) if rotated else 0.0
    # a cosine that is 1 or -1 to rounding, multiplied by e'
    for name, value in exact.items():
        allowed = 1e-13 * float(value) + 4e-15 * float(np.sum(test.energies)) + 1e-14 * size
        assert abs(float(getattr(got, name)) - float(value)) <= allowed, name


# Exact cases, by proof


def test_no_samples_and_infinite_ridge():
    """The predictor is 0: the energies of the test count, whatever was to be learned."""
    for n, ridge in ((0, 0), (0, 1.0), (20, np.inf), (1e6, np.inf)):
        risk = shifted_risk(TRAIN, n, ridge, TEST)
        assert_allclose(risk.bias, 0.3 + 0.2 + 0.7 + 0.11 + 0.03, rtol=8 * EPS)
        assert risk.variance == 0
        assert_allclose(risk.test, risk.bias + 0.05, rtol=4 * EPS)
    few = shifted_risk(TRAIN, 1e-9, 1.0, TEST)
    assert_allclose(few.bias, 1.34, rtol=1e-8)
    assert few.variance < 1e-8


def test_ridgeless_with_more_samples_than_the_rank():
    """‖θ* - θ'‖²_Σ' + (M + τ²) Tr(Σ'Σ⁺)/(n - r) + what is never seen + M'."""
    n = np.array([31, 45, 1e6])
    risk = shifted_risk(TRAIN, n, 0, TEST)
    moved = (
        0.5 * (math.sqrt(1 / 4) - math.sqrt(0.3 / 0.5)) ** 2 + 3.0 * (math.sqrt(0.25 / 0.2) - math.sqrt(0.7 / 3)) ** 2
    )
    ratio = 5 * 0.5 / 4 + 15 * 3.0 / 0.2
    misfit = 0.0625 + 0.125
    assert_allclose(risk.bias, moved + 0.2 + 0.11 + 0.03 + misfit * ratio / (n - 30), rtol=8 * EPS)
    assert_allclose(risk.variance, 0.5 * ratio / (n - 30), rtol=8 * EPS)
    same = shifted_risk(TRAIN, n, 0, same_target(TRAIN, [0.7, 0.1, 0.3, 0.0]))
    assert_allclose(same.bias, misfit * (5 * 0.7 / 4 + 1 + 15 * 0.3 / 0.2) / (n - 30), rtol=8 * EPS)


@pytest.mark.parametrize(("noise", "outside"), [(0, 0), (0.5, 0), (0, 1), (2, 1)])
def test_ridgeless_at_the_threshold(noise, outside):
    """Inf as for the ridge risk; finite where Σ' and Σ have no direction in common."""
    problem = TRAIN.replace(energies=[1, 1, 1, 0], noise=noise, outside_energy=outside)
    risk = shifted_risk(problem, 30, 0, TEST)
    assert risk.variance == (np.inf if noise else 0)
    assert (risk.bias == np.inf) == (outside > 0)
    assert np.isfinite(risk.bias) or outside
    apart = TEST.replace(spectrum=rc.Spectrum.from_eigenvalues([0, 0, 0, 2.0], TRAIN.spectrum.multiplicities))
    risk = shifted_risk(problem, 30, 0, apart)
    assert risk.variance == 0
    assert_allclose(risk.bias, 1.34, rtol=8 * EPS)
    near = shifted_risk(problem, 30, 1e-12, same_target(problem, [1, 2, 3, 0]))
    if not noise and not outside:  # bias of order sqrt(λ)
        assert near.test < 1e-4


def test_what_training_never_sees_counts_in_full():
    """A zero eigenvalue of training: neither its multiplicity nor its test variance matters, only the energy."""
    for eigenvalue, ridge in ((2.0, 0.0), (1e-3, 0.3), (1e9, 10.0)):
        test = TEST.replace(spectrum=rc.Spectrum.from_eigenvalues([0.5, 0, 3, eigenvalue], [5, 10, 15, 12]))
        none = test.replace(energies=[0.3, 0.2, 0.7, 0.0])
        full, less = (shifted_risk(TRAIN, [10, 50], ridge, t).test for t in (test, none))
        assert_allclose(full - less, 0.11, rtol=1e-12)


def test_limits_are_approached():
    one, two = shifted_risk(TRAIN, [20, 45], 1e-9, TEST), shifted_risk(TRAIN, [20, 45], 0, TEST)
    assert_allclose(one.test, two.test, rtol=1e-6)
    assert_allclose(shifted_risk(TRAIN, 45, -1e-9, TEST).test, two.test[1], rtol=1e-6)


def test_a_negative_ridge_can_be_best():
    """Isotropic features and n > p with θ' = 2θ: to overshoot pays, unlike without a shift."""
    problem = rc.Problem(rc.Spectrum.isotropic(0.5), [1.0], noise=0.01)
    ridge = np.linspace(-0.08, 0.3, 77)
    shifted = shifted_risk(problem, 1.0, ridge, problem.replace(energies=[4.0])).test
    assert ridge[0] < ridge[np.argmin(shifted)] < 0
    assert ridge[np.argmin(rc.ridge_risk(problem, 1.0, ridge).test)] > 0


def test_a_tail_is_not_learned():
    """It is the limit of many small eigenvalues, with as little variance in the test."""

    def with_tail(tail: float, small: float) -> rc.Spectrum:
        eigenvalues, m = ([2.0, 1.0], [10, 20]) if tail else ([2.0, 1.0, small], [10, 20, 3.0 / small])
        return rc.Spectrum.from_eigenvalues(eigenvalues, m, tail)

    test = rc.Problem(rc.Spectrum.from_eigenvalues([1.0, 3.0], [10, 20], 0.5), [1.0, 0.2], 0.1)
    tail = shifted_risk(rc.Problem(with_tail(3.0, 0), [1.0, 0.5], 0.3), 12, 0.1, test)
    small = 1e-7
    spectrum = rc.Spectrum.from_eigenvalues([1.0, 3.0, small / 6], [10, 20, 3.0 / small])
    listed = shifted_risk(
        rc.Problem(with_tail(0, small), [1.0, 0.5, 0.0], 0.3), 12, 0.1, rc.Problem(spectrum, [1.0, 0.2, 0.0], 0.1)
    )
    assert_allclose(listed.test, tail.test, rtol=1e-6)


def test_spectra_beyond_a_float():
    """σ_i = e^-i up to i = 2000 with Σ' = Σ at ridge 0, where κ underflows."""
    spectrum = rc.Spectrum.from_log_eigenvalues(-np.arange(1.0, 2001.0))
    problem = rc.Problem(spectrum, np.ones(2000), noise=1.0)
    plain, shifted = rc.ridge_risk(problem, 1000, 0), shifted_risk(problem, 1000, 0, problem)
    for name in SHIFTED:
        assert_allclose(getattr(shifted, name), getattr(plain, name), rtol=2e3 * EPS, err_msg=name)
    infinite = rc.GaussianData.power_law(1.5, 0.4, noise=0.1)
    risk = rc.predict(infinite, rc.Ridge([0, 1.0]), 1000, test_data=infinite)
    assert_allclose(risk.test, rc.predict(infinite, rc.Ridge([0, 1.0]), 1000).test, rtol=1e-13)


# Arrays, derivatives, refusals


def test_shapes_and_coordinates():
    train, test = TRAIN.replace(noise=[0.0, 0.5]), TEST.replace(noise=np.ones((3, 1, 1)))
    risk = shifted_risk(train, [[10], [20]], 1.0, test)
    assert {value.shape for value in risk.fields.values()} == {(3, 2, 2)}
    assert set(risk.coordinates) == {"n_samples", "ridge", "training_noise", "test_noise"}
    alone = shifted_risk(TRAIN.replace(noise=0.5), 20, 1.0, TEST.replace(noise=1.0))
    for name, value in alone.fields.items():
        assert_allclose(risk.fields[name][0, 1, 1], value, rtol=4 * EPS)
        assert value.shape == ()
    with pytest.raises(
        ValueError, match=re.escape("shapes do not broadcast: n_samples (2,), ridge (), noise (), test_")
    ):
        shifted_risk(TRAIN, [1, 2], 0, TEST.replace(noise=np.ones(3)))


@pytest.mark.parametrize("n", [7.0, 20.0, 45.0])
@pytest.mark.parametrize("rotated", [False, True])
def test_derivatives(n, rotated):
    """Central differences of relative step 1e-5 are right to 1e-10 of the field, a few 1e-5 of the slope at worst."""
    rng = np.random.default_rng(3)
    root = rng.standard_normal((42, 42))
    cross, matrix = [0.1, -0.2, 0.1, 0.0], (root @ root.T / 42 if rotated else None)
    test = TEST.replace(spectrum=rc.Spectrum.from_eigenvalues([0.5, 1.0, 3.0, 2.0], [5, 10, 15, 12]))
    risk = shifted_risk(TRAIN, n, 0.3, test, cross, matrix)
    for parameter, up, down in (
        ("ridge", (n, 0.3 * (1 + 1e-5)), (n, 0.3 * (1 - 1e-5))),
        ("n_samples", (n * (1 + 1e-5), 0.3), (n * (1 - 1e-5), 0.3)),
    ):
        step = (up[0] - down[0]) + (up[1] - down[1])
        above, below = (shifted_risk(TRAIN, *point, test, cross, matrix) for point in (up, down))
        for name in (*SHIFTED, "train", "df1"):
            difference = (getattr(above, name) - getattr(below, name)) / step
            assert_allclose(risk.derivative(name, parameter), difference, rtol=1e-6, atol=1e-9, err_msg=name)
    with pytest.raises(ValueError, match="field must be one of"):
        risk.derivative("learned", "ridge")


def test_derivative_at_ridge_zero_and_pickle():
    risk = pickle.loads(pickle.dumps(shifted_risk(TRAIN, [20.0, 45.0], 0, TEST)))
    step = 1e-7
    difference = (shifted_risk(TRAIN, [20.0, 45.0], step, TEST).test - risk.test) / step
    assert_allclose(risk.derivative("test", "ridge"), difference, rtol=1e-5)
    with pytest.raises(ValueError, match="no derivative"):
        shifted_risk(TRAIN, 30, 0, TEST).derivative("test", "ridge")


def test_a_target_that_is_rescaled_is_noted():
    assert "rescaled" in shifted_risk(TRAIN, 20, 1.0, TEST).notes[0]
    assert shifted_risk(TRAIN, 20, 1.0, TEST, cross_energies=np.zeros(4)).notes == ()
    data = rc.GaussianData(TRAIN.spectrum, TRAIN.energies, 0.5)
    risk = rc.predict(data, rc.Ridge(1.0), 40, test_data=data.replace(energies=[2, 1, 0.5, 0.125], noise=0.1))
    assert "rescaled" in risk.notes[0]
    assert risk.test_data is not None


def test_predict_hands_on():
    data = rc.GaussianData(TRAIN.spectrum, TRAIN.energies, 0.5, 0.0625)
    test = rc.GaussianData(TEST.spectrum, TEST.energies, 0.05, 0.03)
    risk, plain = rc.predict(data, rc.Ridge([0, 1]), 40, test_data=test), shifted_risk(TRAIN, 40, [0, 1], TEST)
    for name, value in plain.fields.items():
        assert_array_equal(risk.fields[name], value)
    with pytest.raises(TypeError, match="test_data must be a GaussianData, and so must data"):
        rc.predict(rc.Dataset(np.ones((3, 2)), np.ones(3)), rc.Ridge(1), 2, test_data=data)
    with pytest.raises(ValueError, match="route must be left out"):
        rc.predict(data, rc.Ridge(1), 2, test_data=data, route="plug_in")


@pytest.mark.parametrize(
    ("changes", "error", "sentence"),
    [
        ({"test_problem": 3}, TypeError, "test_problem must be a Problem, got 3"),
        ({"problem": 3}, TypeError, "problem must be a Problem, got 3"),
        (
            {"test_problem": rc.Problem(rc.Spectrum.isotropic(42), [1.0])},
            ValueError,
            "test_problem must have the entries",
        ),
        ({"cross_energies": [1.0]}, ValueError, "cross_energies must have one entry per spectrum entry (4), got shape"),
        ({"cross_energies": [2.0, 0, 0, 0]}, ValueError, "cross_energies must be between -b and b, b = "),
        ({"cross_energies": [0, 0, 0, 1e-9]}, ValueError, "cross_energies must be between -b and b, b = "),
        ({"cross_energies": [math.nan, 0, 0, 0]}, ValueError, "cross_energies must be finite"),
        ({"test_covariance": np.eye(41)}, ValueError, "test_covariance must have one row per feature (42)"),
        ({"test_covariance": -np.eye(42)}, ValueError, "test_covariance must be positive semidefinite"),
        ({"test_covariance": np.triu(np.ones((42, 42)))}, ValueError, "test_covariance must be symmetric"),
        ({"ridge": -1e3}, ValueError, "ridge must be"),
    ],
)
def test_bad_input(changes, error, sentence):
    arguments = {"problem": TRAIN, "n_samples": 20, "ridge": 1.0, "test_problem": TEST} | changes
    with pytest.raises(error, match=r"^" + re.escape(sentence)):
        shifted_risk(**arguments)


def test_a_matrix_needs_rows_for_the_targets():
    thirds = rc.Problem(rc.Spectrum.from_eigenvalues([1.0, 2.0], [1.5, 1]), [1.0, 1.0])
    with pytest.raises(ValueError, match="multiplicities must be whole numbers"):
        shifted_risk(thirds, 1, 1, thirds, test_covariance=np.eye(2))
    single = rc.Problem(rc.Spectrum.from_eigenvalues([1.0, 2.0], [1, 1]), [1.0, 1.0])
    with pytest.raises(ValueError, match="multiplicities must leave room for both targets"):
        shifted_risk(single, 1, 1, single, cross_energies=[0.5, 1.0], test_covariance=np.eye(2))


# Simulated, written out by hand: signs, directions and covariances that predict does not take


def measured(rng, sigma, theta, noise, outside, n, ridge, covariance, wanted, n_trials):
    """Bias and variance of trials, averaged over the label noise: (n_trials, 2)."""
    out = []
    for _ in range(n_trials):
        X = rng.standard_normal((n, sigma.size)) * np.sqrt(sigma)
        if ridge > 0:
            map_to = np.linalg.solve(X.T @ X + ridge * np.eye(sigma.size), X.T)
        else:
            map_to = np.linalg.pinv(X)
        error = map_to @ (X @ theta) - wanted
        unit = np.einsum("ik,ij,jk->", map_to, covariance, map_to, optimize=True)
        out.append((error @ covariance @ error + outside * unit, noise * unit))
    return np.array(out)


P, N_TRIALS = 120, 80


def hand_written_cells():
    """18 cells: three shifts, n above and below p, ridge 0 and two more, with targets of every kind of angle."""
    for which in ("reversed", "rotated", "within"):
        for n in (60, 240):
            for ridge in (0.0, 2.0, 40.0):
                yield which, n, ridge


def model_of(which: str, rng: np.random.Generator):
    """Training and test problem, their cross energies and covariance, and the same thing as vectors."""
    counts = np.array([20, 40, 60]) if which == "within" else np.ones(P, dtype=int)
    entries = np.array([4.0, 1.0, 0.2]) if which == "within" else 4.0 * np.arange(1.0, P + 1) ** -0.8
    sigma = np.repeat(entries, counts)
    theta, wanted = rng.standard_normal((2, P)) / np.sqrt(P)
    wanted = 0.3 * theta + 0.7 * wanted
    if which == "reversed":
        covariance = 2 * np.diag(sigma[::-1])
        shifted = 2 * sigma[::-1]
    else:
        turn = scipy.stats.ortho_group.rvs(P, random_state=rng)
        spike = wanted - 0.5 * theta  # a direction in which the error of the coefficients is large
        covariance, shifted = turn @ np.diag(sigma) @ turn.T + 2 * np.outer(spike, spike) / (spike @ spike), entries
    owner = np.repeat(np.arange(counts.size), counts)
    own, other, inner = (np.bincount(owner, x, counts.size) for x in (theta**2, wanted**2, theta * wanted))
    train = rc.Problem(rc.Spectrum.from_eigenvalues(entries, counts), entries * own, noise=0.4, outside_energy=0.2)
    test = rc.Problem(rc.Spectrum.from_eigenvalues(shifted, counts), shifted * other, noise=0.1, outside_energy=0.05)
    if which == "reversed":
        return train, test, entries * inner, None, sigma, theta, covariance, wanted
    basis = np.zeros((P, P))  # the basis of the docstring: along θ, then towards θ', then anything
    for k in range(counts.size):
        at = np.flatnonzero(owner == k)
        columns = np.column_stack([theta[at], wanted[at], rng.standard_normal((at.size, max(at.size - 2, 0)))])
        q, r = np.linalg.qr(columns[:, : at.size])
        basis[np.ix_(at, at)] = q * np.where(np.diag(r) < 0, -1, 1)
    return train, test, entries * inner, basis.T @ covariance @ basis, sigma, theta, covariance, wanted


def test_hand_written_simulation():
    """36 z-scores with 80 trials each: the largest at level 1e-3 after an allowance of 3/(n - df2) relative.

    The 'rotated' cells have multiplicity 1 and random signs; the 'within' cells angles inside eigenspaces.
    """
    worst, raw = 0.0, []
    for k, (which, n, ridge) in enumerate(hand_written_cells()):
        rng = np.random.default_rng([5, k])
        train, test, cross, matrix, sigma, theta, covariance, wanted = model_of(which, rng)
        risk = shifted_risk(train, n, ridge, test, cross, matrix)
        values = measured(rng, sigma, theta, 0.4, 0.2, n, ridge, covariance, wanted, N_TRIALS)
        expected = np.array([float(risk.bias) - 0.05, float(risk.variance)])
        error = values.std(axis=0, ddof=1) / math.sqrt(N_TRIALS)
        gap = values.mean(axis=0) - expected
        allowed = 3 * expected / (n - float(risk.df2))
        worst = max(worst, float((np.maximum(np.abs(gap) - allowed, 0) / error).max()))
        raw += list(gap / error)
    assert worst <= scipy.stats.t(N_TRIALS - 1).isf(1e-3 / 2 / len(raw))
    assert np.median(np.abs(raw)) < 2.5


@pytest.mark.parametrize("wrong", ["sign", "energy only", "diagonal", "gcv"])
def test_the_simulation_tells_wrong_formulas(wrong):
    """Without the signs, without the angle, without the off-diagonal part, or by GCV: ten standard errors off."""
    which = "rotated" if wrong == "diagonal" else "reversed"
    rng = np.random.default_rng([6, 0])
    train, test, cross, matrix, sigma, theta, covariance, wanted = model_of(which, rng)
    values = measured(rng, sigma, theta, 0.4, 0.2, 60, 2.0, covariance, wanted, N_TRIALS).sum(axis=1) + 0.15
    mean, error = values.mean(), values.std(ddof=1) / math.sqrt(N_TRIALS)
    right = shifted_risk(train, 60, 2.0, test, cross, matrix).test
    guess = {
        "sign": lambda: shifted_risk(train, 60, 2.0, test, -cross).test,
        "energy only": lambda: shifted_risk(train, 60, 2.0, test).test,
        "diagonal": lambda: shifted_risk(train, 60, 2.0, test, cross, np.diag(np.diag(matrix))).test,
        "gcv": lambda: shifted_risk(train, 60, 2.0, test, cross).gcv,
    }[wrong]()
    assert abs(mean - right) <= 4 * error + 3 * right / 60
    assert abs(mean - guess) > 10 * error
