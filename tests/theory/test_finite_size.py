"""The term of order 1/n, its guard and the spread: precise twins, exact facts at finite n, limits, refusals."""

from __future__ import annotations

import pickle

import mpmath
import numpy as np
import pytest
import scipy.stats
import strategies
from hypothesis import given
from hypothesis import strategies as st
from mpmath import mpf
from numpy.testing import assert_allclose, assert_array_equal
from precise_finite_size import Expansion, by_power_sums
from precise_linear import kappa_of

import riskcalc as rc
from riskcalc.theory.finite_size import (
    isotropic_ridgeless_bias,
    isotropic_ridgeless_bias_spread,
    isotropic_ridgeless_variance,
    least_squares_law,
    least_squares_variance,
    measured_spread,
    ridge_next_order,
    ridge_spread,
)
from riskcalc.theory.finite_size.corrected import ENOUGH, LARGEST, WELL_ABOVE

EPS = np.finfo(float).eps
FIELDS = (
    *("test", "train", "bias", "variance", "effective_ridge", "df1"),
    *("norm_squared", "estimation", "in_sample", "gcv"),
)
KURTOSES = (0.0, -2.0, -1.2, 6.0)


def four_coordinates(seed: int) -> tuple[np.ndarray, np.ndarray, float, float, float]:
    """(σ, θ, n, λ, τ²) with n on either side of 4."""
    rng = np.random.default_rng(seed)
    return np.sort(rng.lognormal(0, 1, 4))[::-1], rng.standard_normal(4), rng.uniform(2.5, 9), *rng.uniform(0.3, 3, 2)


def problem_of(sigma: np.ndarray, theta: np.ndarray, noise: float) -> rc.Problem:
    return rc.Problem(rc.Spectrum.from_eigenvalues(sigma), sigma * theta**2, noise)


# ------------------------------------------------------------------------------------- precise: derivatives of Φ


@pytest.mark.parametrize(("seed", "kurtosis"), [(0, 0.0), (1, -1.2), (2, -2.0), (3, 2.5)])
def test_every_mean_is_a_derivative_of_the_generating_function(seed: int, kurtosis: float) -> None:
    """To 1e-12: both orders, by numerical differentiation of Φ₀ and Φ₁ for a matrix penalty."""
    sigma, theta, n, ridge, noise = four_coordinates(seed)
    problem = problem_of(sigma, theta, noise)
    risk, term = rc.ridge_risk(problem, n, ridge), ridge_next_order(problem, n, ridge, kurtosis)
    with mpmath.workdps(30):
        twin = Expansion(sigma, theta, n, ridge, kurtosis)
        zeroth, first = twin.means(0, noise), twin.means(1, noise)
        kappa = mpf(1) / zeroth.pop("inverse")
        inverse = first.pop("inverse")
    assert_allclose(risk.effective_ridge, float(kappa), rtol=1e-13)
    assert_allclose(term["effective_ridge"], float(-(kappa**2) * inverse), rtol=1e-12)
    for name in zeroth:
        assert_allclose(getattr(risk, name), float(zeroth[name]), rtol=1e-12, err_msg=name)
        assert_allclose(term[name], float(first[name]), rtol=1e-12, err_msg=name)
    share = risk.df1 / n - 1  # GCV = train/(1 - Tr H/n)², expanded
    assert_allclose(term["gcv"], term["train"] / share**2 - 2 * risk.train * term["df1"] / n / share**3, rtol=1e-10)


@pytest.mark.parametrize("seed", [0, 1])
def test_the_spread_is_a_derivative_of_the_covariance(seed: int) -> None:
    sigma, theta, n, ridge, noise = four_coordinates(seed)
    spread = ridge_spread(problem_of(sigma, theta, noise), n, ridge)
    with mpmath.workdps(30):
        twin = Expansion(sigma, theta, n, ridge)
        expected = {"test": mpmath.sqrt(twin.variance(noise)), "bias": mpmath.sqrt(twin.variance(0))}
    for name, value in expected.items():
        assert_allclose(spread[name], float(value), rtol=1e-12, err_msg=name)


SHELLS = rc.Problem(
    rc.Spectrum.from_eigenvalues([3.0, 1.0, 0.2, 0.0], multiplicities=[4, 10.5, 16, 3], tail=2.0),
    energies=[0.6, 0.5, 0.3, 0.1],
    noise=0.5,
    outside_energy=0.25,
)


@pytest.mark.parametrize("kurtosis", KURTOSES)
@pytest.mark.parametrize(("n", "ridge"), [(20, 0), (20, 2), (60, 0.0), (60, 20), (60, -1.0), (33.5, 1e-6), (1e6, 3e5)])
def test_closed_form(kurtosis: float, n: float, ridge: float) -> None:
    """Shells, a tail, energy outside and at a zero eigenvalue, either sign of the ridge: the sheet's power sums."""
    problem = SHELLS if ridge >= 0 else SHELLS.replace(spectrum=SHELLS.spectrum.replace(tail=0.0))
    tail, sigma = problem.spectrum.tail, problem.spectrum.eigenvalues[:3]
    with mpmath.workdps(40):
        m = [mpf(x) for x in problem.spectrum.multiplicities[:3]]
        kappa = kappa_of([mpf(x) for x in sigma], m, mpf(n), mpf(ridge) + mpf(tail))
        outside = mpf(problem.unreached)
        exact = by_power_sums(sigma, m, problem.energies[:3], n, kappa, ridge, 0.5, outside, kurtosis, tail)
    term, spread = ridge_next_order(problem, n, ridge, kurtosis), ridge_spread(problem, n, ridge)
    sizes = {name: float(abs(value)) for name, value in exact.items()}
    for name in FIELDS:
        if name in exact:
            scale = sizes["train"] if name == "in_sample" else 0.0
            assert_allclose(term[name], float(exact[name]), rtol=1e-11, atol=1e-13 * scale, err_msg=name)
    for name in ("test", "bias"):
        assert_allclose(spread[name] ** 2, float(exact[f"variance of {name}"]), rtol=1e-12, err_msg=name)


def test_closed_form_where_powers_leave_the_floats() -> None:
    """κ from 1e-120 to 1e+120 of the eigenvalues: the terms scale as their fields do."""
    base = rc.Problem(rc.Spectrum.from_eigenvalues([2.0, 0.5], [5, 9]), [1.0, 2.0], 0.5)
    reference, spread = ridge_next_order(base, 20, 3.0, -1.2), ridge_spread(base, 20, 3.0, -1.2)
    units = {"effective_ridge": 1, "norm_squared": -1, "estimation": -1}
    for c in (1e-120, 1e-80, 1e80, 1e120):
        scaled = base.replace(spectrum=rc.Spectrum.from_eigenvalues([2 * c, 0.5 * c], [5, 9]))
        term = ridge_next_order(scaled, 20, 3.0 * c, -1.2)
        for name in FIELDS:
            assert_allclose(term[name], c ** units.get(name, 0) * reference[name], rtol=1e-12, err_msg=name)
        for name in ("test", "bias"):
            assert_allclose(ridge_spread(scaled, 20, 3.0 * c, -1.2)[name], spread[name], rtol=1e-12)


# --------------------------------------------------------------------------------------------------- identities


@given(strategies.solved(), st.sampled_from(KURTOSES))
def test_never_nan_and_the_parts_add_up(drawn: tuple[rc.Problem, float, float], kurtosis: float) -> None:
    problem, n, ridge = drawn
    term, spread = ridge_next_order(problem, n, ridge, kurtosis), ridge_spread(problem, n, ridge, kurtosis)
    assert set(term) == set(FIELDS)
    assert not any(np.isnan(value) for value in (*term.values(), *spread.values()))
    assert all(value >= 0 for value in spread.values())
    assert_allclose(term["test"], term["bias"] + term["variance"], rtol=4 * EPS)


@given(strategies.solved(), st.sampled_from([0.25, 4.0, 64.0]))
def test_the_term_falls_as_one_over_n(drawn: tuple[rc.Problem, float, float], factor: float) -> None:
    """(m, n, λ) → a(m, n, λ): terms of the risks are divided by a, variances too."""
    problem, n, ridge = drawn
    ridge = ridge if ridge == 0 or ridge > 1e-180 else 1e-180
    spectrum = problem.spectrum
    larger = problem.replace(
        spectrum=rc.Spectrum.from_eigenvalues(
            spectrum.eigenvalues, factor * spectrum.multiplicities, factor * spectrum.tail
        )
    )
    term, other = ridge_next_order(problem, n, ridge), ridge_next_order(larger, factor * n, factor * ridge)
    risk = rc.ridge_risk(problem, n, ridge)
    room = min(1.0, float((n - risk.df2) / n)) if n > 0 else 1.0
    if room < 1e-6 or not 1e-80 < float(risk.effective_ridge) < 1e80:
        return
    for name in FIELDS:
        size = np.abs(getattr(risk, name)) / n
        expected = term[name] if name == "df1" else term[name] / factor
        assert_allclose(other[name], expected, rtol=1e-9, atol=1e-10 * size / room**4 + 1e-250, err_msg=name)
    one, two = ridge_spread(problem, n, ridge), ridge_spread(larger, factor * n, factor * ridge)
    for name in one:
        assert_allclose(np.sqrt(factor) * two[name], one[name], rtol=1e-6, atol=1e-12 * risk.test / room, err_msg=name)


def test_a_shell_may_be_split() -> None:
    whole = rc.Problem(rc.Spectrum.from_eigenvalues([2.0, 0.5], [6, 10]), [1.0, 2.0], 0.5)
    split = rc.Problem(rc.Spectrum.from_eigenvalues([2.0, 2.0, 0.5], [2, 4, 10]), [1 / 3, 2 / 3, 2.0], 0.5)
    for n, ridge in ((9, 0), (9, 1.0), (40, 0), (40, 5.0)):
        one, two = ridge_next_order(whole, n, ridge, -2), ridge_next_order(split, n, ridge, -2)
        for name in FIELDS:
            assert_allclose(one[name], two[name], rtol=1e-12, atol=1e-15, err_msg=name)


def test_long_spectra_are_compressed_and_blocks_do_not_matter() -> None:
    data = rc.GaussianData.power_law(1.3, 0.4, noise=0.2, n_features=3000)
    n, ridge = np.array([[50.0], [400.0]]), np.geomspace(1e-4, 10, 12)
    problem = rc.reduce(data, rc.Ridge(0))
    grid, spread = ridge_next_order(problem, n, ridge, -1.2), ridge_spread(problem, n, ridge, -1.2)
    for i, j in ((0, 0), (1, 5), (0, 11)):
        one = ridge_next_order(problem, n[i, 0], ridge[j], -1.2)
        for name in FIELDS:
            assert_allclose(grid[name][i, j], one[name], rtol=1e-11, err_msg=name)
        for name in ("test", "bias"):
            assert_allclose(
                spread[name][i, j], ridge_spread(problem, n[i, 0], ridge[j], -1.2)[name], rtol=1e-12, err_msg=name
            )


def test_gaussian_coordinates_do_not_matter_but_others_do() -> None:
    """The fourth cumulant enters the spread by 3e²/(m+2), of a random direction: written out for three coordinates."""
    spectrum = rc.Spectrum.from_eigenvalues([2.0, 0.5], [1, 2])
    problem = rc.Problem(spectrum, [1.0, 2.0], 0.5)
    n, ridge = 8.0, 1.0
    kappa = rc.effective_ridge(spectrum, n, ridge)
    D = spectrum.df2(kappa) / n
    u = np.array([2, 0.5]) / (np.array([2, 0.5]) + kappa)
    fourth_powers = np.array([1.0, 2.0**2 * 3 / 4])  # Σ (θ_j²σ_j)²: E cos⁴ + sin⁴ = 3/4
    more = -2 * (fourth_powers * (1 - u) ** 4 * (D - 2 * u) ** 2).sum() / (n * (1 - D) ** 2)
    for name in ("test", "bias"):
        plain, signs = ridge_spread(problem, n, ridge)[name], ridge_spread(problem, n, ridge, -2)[name]
        assert_allclose(signs**2 - plain**2, more, rtol=1e-12)


# ----------------------------------------------------------------------------------------- exact facts at finite n


def test_gaussian_least_squares_is_exact() -> None:
    """Above the rank τ² r/(n-r-1) is X₀/(1 - X₁/X₀); the law of one error has that mean and the spread's variance."""
    n, r, tau = np.array([20.0, 40.0, 400.0]), 10.0, 0.7
    problem = rc.Problem(rc.Spectrum.from_eigenvalues([5.0, 0.1], [4, 6]), [1.0, 2.0], tau)
    leading, term = rc.ridge_risk(problem, n, 0), ridge_next_order(problem, n, 0)
    exact = least_squares_variance(n, r, tau)
    assert_allclose(leading.variance / (1 - term["variance"] / leading.variance), exact, rtol=1e-13)
    assert_allclose(term["variance"], tau * r / n / (n * (1 - r / n) ** 2), rtol=1e-13)
    assert_array_equal(term["bias"], 0)
    law = least_squares_law(n, r, tau)
    assert_allclose(law.mean(), tau + exact, rtol=1e-12)
    assert_allclose(law.std() / ridge_spread(problem, n, 0)["test"], 1, rtol=8 / n.min(), atol=0)
    assert_allclose((law.std() / ridge_spread(problem, n, 0)["test"])[-1], 1, rtol=8 / 400)
    assert_array_equal(ridge_spread(problem, n, 0)["bias"], 0)
    corrected = rc.predict(rc.GaussianData(problem.spectrum, problem.energies, tau), rc.Ridge(0), n, correction="first")
    assert_allclose(corrected.variance, exact, rtol=1e-13)
    assert_allclose(corrected.test, exact + tau, rtol=1e-13)
    # the norm: τ² Tr Σ⁻¹/(n-r-1) beyond the target's own
    assert_allclose(term["norm_squared"], tau * (4 / 5 + 6 / 0.1) / (n - r) ** 2, rtol=1e-13)
    assert_allclose(term["estimation"], term["norm_squared"], rtol=1e-13)


def test_isotropic_interpolation_is_exact() -> None:
    n, p = np.array([5.0, 10.0, 30.0]), 40.0
    problem = rc.Problem(rc.Spectrum.isotropic(p), [1.5], 0.7)
    leading, term = rc.ridge_risk(problem, n, 0), ridge_next_order(problem, n, 0)
    assert_allclose(leading.bias, isotropic_ridgeless_bias(n, p, 1.5), rtol=1e-13)
    assert_allclose(term["bias"], 0, atol=1e-14)
    exact = isotropic_ridgeless_variance(n, p, 0.7)
    assert_allclose(leading.variance / (1 - term["variance"] / leading.variance), exact, rtol=1e-12)
    expansion = 1.5 * np.sqrt(2 * (n / p) ** 2 * (1 - n / p) / n)
    assert_allclose(ridge_spread(problem, n, 0)["bias"], expansion, rtol=1e-12)
    assert_allclose(isotropic_ridgeless_bias_spread(n, p, 1.5), expansion * np.sqrt(p / (p + 2)), rtol=1e-13)


def test_the_law_of_the_least_squares_error() -> None:
    """3000 fits at n = 9, r = 4 and a correlated covariance, by Kolmogorov and Smirnov."""
    rng = np.random.default_rng(0)
    root = np.tril(rng.standard_normal((4, 4))) + 2 * np.eye(4)
    X = rng.standard_normal((3000, 9, 4)) @ root.T
    error = np.linalg.pinv(X) @ rng.normal(0, np.sqrt(0.7), (3000, 9, 1))
    test = 0.7 + ((root.T @ error)[..., 0] ** 2).sum(axis=1)
    assert scipy.stats.kstest(test, least_squares_law(9, 4, 0.7).cdf).pvalue > 1e-3
    assert scipy.stats.kstest(test, least_squares_law(10, 4, 0.7).cdf).pvalue < 1e-6
    assert_allclose(test.mean() - 0.7, least_squares_variance(9, 4, 0.7), atol=4 * test.std() / np.sqrt(3000))


def test_the_bias_of_isotropic_interpolation_has_a_beta_law() -> None:
    """Share of a vector in a random subspace; and its variance n τ²/(p-n-1), both by 4000 draws at n = 3, p = 9."""
    rng = np.random.default_rng(1)
    X = rng.standard_normal((4000, 3, 9))
    inverse = np.linalg.inv(X @ X.transpose(0, 2, 1))
    lost = 1 - np.einsum("ti,tij,tj->t", X[:, :, 0], inverse, X[:, :, 0])
    error = lost.std() / np.sqrt(4000)
    assert abs(lost.mean() - isotropic_ridgeless_bias(3, 9, 1.0)) < 4 * error
    assert_allclose(lost.std(), isotropic_ridgeless_bias_spread(3, 9, 1.0), rtol=4 / np.sqrt(2 * 4000))
    beta = scipy.stats.beta(6 / 2, 3 / 2)
    assert_allclose(beta.std(), isotropic_ridgeless_bias_spread(3, 9, 1.0), rtol=1e-12)
    trace = inverse.trace(axis1=1, axis2=2)
    assert abs(trace.mean() - isotropic_ridgeless_variance(3, 9, 1.0)) < 4 * trace.std() / np.sqrt(4000)


def test_exact_facts_at_their_borders() -> None:
    assert least_squares_variance([4, 5, 6], 4, 1.0).tolist() == [np.inf, np.inf, 4.0]
    assert least_squares_variance([4, 5, 6], 4, 0.0).tolist() == [0, 0, 0]
    assert least_squares_variance(0, 0, 1.0) == 0
    assert isotropic_ridgeless_variance([3, 2, 1], 3, 1.0).tolist() == [np.inf, np.inf, 1.0]
    assert isotropic_ridgeless_variance(0, 1, 1.0) == 0
    assert isotropic_ridgeless_bias([0, 3], 3, 2.0).tolist() == [2, 0]
    assert isotropic_ridgeless_bias_spread([0, 3], 3, 2.0).tolist() == [0, 0]
    assert least_squares_law(5, 4, 1.0).mean() == np.inf


def test_a_finite_test_set_adds_its_share() -> None:
    """Residuals at fresh points are Gaussian with variance test: 20000 means of 50 squares."""
    squares = scipy.stats.chi2(50).rvs(20000, random_state=0) * 1.7 / 50
    assert_allclose(squares.std(), measured_spread(0.0, 1.7, 50), rtol=4 / np.sqrt(2 * 20000) * 1.1)
    assert_allclose(measured_spread(0.3, 1.7, [50, np.inf]) ** 2, [0.09 + 2 * 1.7**2 / 50, 0.09], rtol=1e-14)
    assert measured_spread(np.inf, np.inf, 10) == np.inf


# ------------------------------------------------------------------------------------------------------ limits


def test_nothing_is_corrected_where_the_leading_order_is_exact() -> None:
    problem = SHELLS.replace(spectrum=SHELLS.spectrum.replace(tail=0.0))
    for n, ridge in ((0, 0.0), (0, 1.0), (20, np.inf), (30.5, 0.0)):
        term, spread = ridge_next_order(problem, n, ridge, -2), ridge_spread(problem, n, ridge, -2)
        assert all(value == 0 for value in term.values())
        expected = np.inf if n == 30.5 else 0
        assert (spread["test"], spread["bias"]) == (expected, 0)


def test_ridge_to_zero_is_the_ridgeless_term() -> None:
    problem = SHELLS.replace(spectrum=SHELLS.spectrum.replace(tail=0.0))
    for n in (20, 60):
        limit, close = ridge_next_order(problem, n, 0.0, -1.2), ridge_next_order(problem, n, 1e-9, -1.2)
        for name in FIELDS:
            assert_allclose(close[name], limit[name], rtol=1e-7, atol=1e-8, err_msg=name)
        limit, close = ridge_spread(problem, n, 0.0, -1.2), ridge_spread(problem, n, 1e-9, -1.2)
        for name in limit:
            assert_allclose(close[name], limit[name], rtol=1e-6, atol=1e-8, err_msg=name)


# -------------------------------------------------------------------------------------- predict and the guard

DATA = rc.GaussianData.isotropic(20, noise=1.0)


def test_predict_carries_the_term_and_adds_it_on_demand() -> None:
    data = DATA.replace(entries="uniform", noise=np.array([0.5, 1.0]))
    estimator, n = rc.Ridge([[4.0], [8.0]]), 60
    plain, full = rc.predict(data, estimator, n), rc.predict(data, estimator, n, correction="first")
    term = ridge_next_order(rc.reduce(data, estimator), n, estimator.ridge, -1.2)
    for name in FIELDS:
        assert_array_equal(plain.next_order[name], term[name])
        assert_array_equal(full.next_order[name], term[name])
        assert_allclose(getattr(full, name), getattr(plain, name) + term[name], rtol=8 * EPS, err_msg=name)
        assert getattr(full, name).shape == (2, 2)
        assert not plain.next_order[name].flags.writeable
    assert full.notes == plain.notes == ()
    assert full.route == "deterministic equivalent and next order"
    assert "bai2004" in full.sources
    assert_array_equal(full.df2, plain.df2)
    assert_array_equal(full.test, full.bias + full.variance + full.noise)
    spread = ridge_spread(rc.reduce(data, estimator), n, estimator.ridge, -1.2)
    assert_array_equal(plain.spread["test"], spread["test"])
    with pytest.raises(ValueError, match="no derivatives for the route"):
        full.derivative("test", "ridge")
    assert repr(plain.next_order).startswith("Fields(test, bias")


def test_a_risk_travels_with_its_terms() -> None:
    risk = rc.predict(DATA, rc.Ridge(1.0), 60)
    risk.next_order["test"]
    other = pickle.loads(pickle.dumps(risk))
    assert dict(other.next_order) == dict(risk.next_order)
    assert dict(other.spread) == dict(risk.spread)


def test_the_kurtosis_is_that_of_the_entries() -> None:
    problem = rc.reduce(DATA, rc.Ridge(1.0))
    laws = {"gaussian": 0.0, "rademacher": -2.0, "uniform": -1.2, "student": 6.0, "student(10)": 1.0}
    for entries, kurtosis in laws.items():
        risk = rc.predict(DATA.replace(entries=entries), rc.Ridge(1.0), 60)
        assert_array_equal(risk.next_order["test"], ridge_next_order(problem, 60, 1.0, kurtosis)["test"])
        assert_array_equal(risk.spread["test"], ridge_spread(problem, 60, 1.0, kurtosis)["test"])


def test_latent_space_data_are_exactly_gaussian() -> None:
    data = rc.LatentSpaceData(np.arange(20.0).reshape(10, 2) / 10, [1.0, -2.0], noise=0.3)
    risk = rc.predict(data, rc.Ridge(2.0), 40)
    term = ridge_next_order(rc.reduce(data, rc.Ridge(2.0)), 40, 2.0)
    assert_array_equal(risk.next_order["test"], term["test"])


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (DATA.replace(entries="student(4)"), r"entries 'student\(4\)' have no fourth moment"),
        (DATA.replace(entries="ellipse(0.5, 1.5)"), r"entries 'ellipse\(0.5, 1.5\)' depend on each other"),
        (DATA.replace(outside_energy=1.0, target=rc.targets.Monomials({(0, 1): 1.0})), "the target is not linear"),
    ],
)
def test_where_there_is_no_term(data: rc.GaussianData, why: str) -> None:
    risk = rc.predict(data, rc.Ridge(1.0), 60)
    assert risk.next_order is None
    assert risk.spread is None
    with pytest.raises(ValueError, match=f"^correction must be left out where there is none known: {why}$"):
        rc.predict(data, rc.Ridge(1.0), 60, correction="first")


def test_other_pairs_and_other_words_are_refused() -> None:
    with pytest.raises(ValueError, match=r"^correction must be one of 'first', got 'second'$"):
        rc.predict(DATA, rc.Ridge(1.0), 60, correction="second")
    with pytest.raises(ValueError, match=r"^correction must be left out for \(GaussianData, GradientFlow\)"):
        rc.predict(DATA, rc.GradientFlow(1.0), 60, correction="first")
    with pytest.raises(
        ValueError, match=r"^correction must be left out for \(GaussianData, Ridge\).*without test_data"
    ):
        rc.predict(DATA, rc.Ridge(1.0), 60, test_data=DATA, correction="first")
    assert rc.predict(DATA, rc.GradientFlow(1.0), 60).next_order is None


@pytest.mark.parametrize("p", [20, 60])
def test_the_guard(p: int) -> None:
    """Points: n - df2 below and above 7, terms above and below 30 %, λ/κ below and above 3."""
    data, n, ridge = rc.GaussianData.isotropic(p, noise=1.0), np.array([[8], [20], [24], [60]]), [0.0, 0.05, 2.0, 50.0]
    plain, full = rc.predict(data, rc.Ridge(ridge), n), rc.predict(data, rc.Ridge(ridge), n, correction="first")
    enough, share = n - plain.df2 >= ENOUGH, {}
    assert 0 < enough.sum() < enough.size
    for name in ("train", "bias", "variance", "effective_ridge", "df1", "estimation", "in_sample", "gcv"):
        leading, term = getattr(plain, name), plain.next_order[name]
        sound = enough & (np.abs(term) <= LARGEST * leading)
        if name == "gcv":
            sound &= n - plain.df1 >= WELL_ABOVE
        changed = getattr(full, name) != leading
        assert not (changed & ~sound).any(), name
        assert (changed | (np.abs(term) <= EPS * leading))[sound].all(), name
        share[name] = int((~sound).sum())
    assert_array_equal(full.test, full.bias + full.variance + full.noise)
    assert not any(np.isnan(getattr(full, name)).any() for name in FIELDS)
    (note,) = [note for note in full.notes if note.startswith("no correction where n_samples - df2 < 7")]
    assert f"bias ({share['bias']})" in note
    assert f"gcv ({share['gcv']})" in note
    assert "of 16 points" in note


def test_ratios_have_no_correction() -> None:
    """One sample stands for a limit: n - df2 < 7, so the leading order stays, with its note."""
    data = rc.GaussianData.isotropic(2.0, noise=0.25)
    plain, full = rc.predict(data, rc.Ridge(0.1), 1.0), rc.predict(data, rc.Ridge(0.1), 1.0, correction="first")
    assert full.test == plain.test
    assert len(full.notes) == 1
    larger = rc.predict(rc.GaussianData.isotropic(200.0, noise=0.25), rc.Ridge(10.0), 100)
    assert_allclose(larger.next_order["test"], plain.next_order["test"] / 100, rtol=1e-12)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: ridge_next_order(SHELLS, -1, 0), "n_samples must be finite and >= 0"),
        (lambda: ridge_next_order(SHELLS, 10, np.nan), "ridge must be"),
        (lambda: ridge_next_order(SHELLS, 10, 1, -3), "kurtosis must be finite and >= -2"),
        (lambda: ridge_next_order(SHELLS, [1, 2], [1, 2, 3]), "shapes do not broadcast"),
        (lambda: ridge_spread(SHELLS, 10, 1, np.inf), "kurtosis must be finite"),
        (lambda: least_squares_variance(3, 4, 1), "n_samples must be >= rank"),
        (lambda: least_squares_law(5, 0, 1), "rank must be finite and > 0"),
        (lambda: isotropic_ridgeless_bias(5, 4, 1), "n_samples must be <= n_features"),
        (lambda: isotropic_ridgeless_variance(1, 4, -1), "noise must be finite and >= 0"),
        (lambda: isotropic_ridgeless_bias_spread(1, 0, 1), "n_features must be finite and > 0"),
        (lambda: measured_spread(0.1, 1.0, 0), "n_test must be > 0"),
    ],
)
def test_bad_input(call, sentence) -> None:
    with pytest.raises(ValueError, match=f"^{sentence}"):
        call()
    with pytest.raises(TypeError, match="problem must be a Problem"):
        ridge_spread(DATA, 10, 1)  # type: ignore[arg-type]
