"""Random features on data: published and simulated digits, mpmath twins, identities, and bad input."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np
import precise_random_features as precise
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

import riskcalc as rc
from riskcalc import activations, kernels, targets
from riskcalc.theory.random_features.pairs import kernel_features_risk

INF = np.inf
SPHERE = rc.SphereData(100, targets.DegreeEnergies({1: 1.0, 2: 0.3}), noise=0.25)
RELU, TANH = activations.ReLU(), activations.Tanh()


def half_square(x: np.ndarray) -> np.ndarray:
    return np.maximum(x, 0) ** 2 - 0.5


def features(activation: activations.Activation, width: Any, ridge: Any, weights: Any = "sphere") -> Any:
    return rc.RandomFeatureRidge(activation, width, ridge, weights)


# ------------------------------------------------------------------------------------------- the sheet's tables

LEVELS = [
    (RELU, 100, 150, 300, 0, 1.183, 0.374, 0.0),
    (RELU, 100, 300, 150, 0, 1.208, 0.250, 0.427),
    (RELU, 100, 200, 200, 0.1, 0.853, 0.106, 0.299),
    (TANH, 100, 300, 200, 0.05, 0.5435, 0.1079, 0.319),
    (TANH, 100, 100, 400, 0, 1.034, 0.435, 0.0),
    (activations.Erf(1.0), 60, 240, 180, 0.2, 0.4640, 0.0565, 0.395),
    (activations.Sign(), 100, 200, 400, 0.5, 0.770, 0.0618, 0.263),
    (RELU, 200, 600, 400, 0.1, 0.776, 0.0969, 0.388),
    (TANH, 200, 400, 900, 0, 0.8325, 0.3944, 0.0),
]


@pytest.mark.parametrize("row", LEVELS, ids=lambda row: f"{row[0]!r} {row[1:5]}")
def test_the_table_of_the_proportional_regime(row: tuple[Any, ...]) -> None:
    """Sheet 3 §3, the column of exact levels: to one unit of the last digit printed."""
    phi, d, n, width, ridge, *printed = row
    risk = rc.predict(SPHERE.replace(n_inputs=d), features(phi, width, ridge), n)
    for name, value in zip(("bias", "variance", "train"), printed, strict=True):
        digits = len(f"{value!r}".partition(".")[2])
        assert abs(risk.fields[name] - value) <= 10.0**-digits, name


@pytest.mark.parametrize(
    ("phi", "d", "n", "width", "ridge", "bias", "variance", "train"),
    [
        (RELU, 20, 200, 100, 0.05, 0.576, 0.092, 0.381),
        (RELU, 20, 200, 600, 0.05, 0.310, 0.0895, 0.1355),
        (RELU, 20, 400, 210, 0.0, 0.385, 0.276, 0.206),
        (activations.custom(half_square, kinks=(0.0,)), 25, 325, 650, 0.1, 0.318, 0.157, 0.063),
    ],
)
def test_the_table_of_the_polynomial_regime(
    phi: Any, d: int, n: int, width: int, ridge: float, bias: float, variance: float, train: float
) -> None:
    """Sheet 3 §5: degrees 1 and 2 are learned at d = 20."""
    data = rc.SphereData(d, targets.DegreeEnergies({1: 1.0, 2: 0.5}), noise=0.25)
    risk = rc.predict(data, features(phi, width, ridge), n)
    assert_allclose([risk.bias, risk.variance, risk.train], [bias, variance, train], atol=1.01e-3)


@pytest.mark.parametrize(
    ("n", "width", "ridge", "test"), [(60, 120, 0.05, 1.846), (120, 60, 0.05, 2.039), (60, 120, 0, 2.449)]
)
def test_the_plateau(n: int, width: int, ridge: float, test: float) -> None:
    """Sheet 3 §5: tanh at d = 2000, where next to nothing is learned."""
    data = rc.SphereData(2000, targets.DegreeEnergies({1: 1.0}), noise=0.25)
    assert abs(rc.predict(data, features(TANH, width, ridge), n).test - test) <= 6e-4


def test_structured_inputs() -> None:
    """Sheet 3 §6.2: σ uniform on [.2, 1.8]; bias .178, variance .158, train .092, and without a ridge .260, .375, .142.

    Its target is one random θ, so that the energies σ_i θ_i² are those of ours times χ² of one degree of freedom: the
    bias differs by some per cent, √(2/100) times the spread of what is left of each. The variance has no target in it.
    """
    sigma = np.linspace(0.2, 1.8, 100)
    data = rc.GaussianData(rc.Spectrum.from_eigenvalues(sigma), sigma / sigma.sum(), noise=0.25)
    one, two = (rc.predict(data, features(TANH, w, ridge), n) for n, w, ridge in ((150, 250, 0.05), (250, 150, 0)))
    assert_allclose([one.variance, two.variance], [0.158, 0.375], atol=5.1e-4)
    assert_allclose([one.bias, one.train, two.bias, two.train], [0.178, 0.092, 0.260, 0.142], rtol=0.05)


# ---------------------------------------------------------------------------------------------------- twins


@pytest.mark.parametrize(("n", "width", "ridge"), [(30, 50, 0.01), (50, 30, 0), (30, 50, 0), (60, 60, 2.0)])
def test_relu_on_the_sphere_in_40_digits(n: int, width: int, ridge: float) -> None:
    """Masses from the Gamma functions of ζ, E φ(√d t)² = 1/2, and the published coupled equations by bisection."""
    d, top = 8, 12
    with mpmath.workdps(40):
        zeta = [
            mpmath.sqrt(d) * mpmath.gamma(mpmath.mpf(d) / 2) / 4
            * mpmath.rgamma(mpmath.mpf(1 - k) / 2 + 1) * mpmath.rgamma(mpmath.mpf(1 + k + d) / 2)
            for k in range(top + 1)
        ]  # fmt: skip
        counts = [1, d] + [mpmath.binomial(d + k - 1, k) - mpmath.binomial(d + k - 3, k - 2) for k in range(2, top + 1)]
        energies = [0.1, 0.5, 0.3, 0.2] + [0] * (top - 3)
        kept = [k for k in range(top + 1) if zeta[k] != 0]
        tail = mpmath.mpf(1) / 2 - mpmath.fsum(counts[k] * zeta[k] ** 2 for k in kept)
        model = precise.Model(
            [zeta[k] ** 2 for k in kept], [counts[k] for k in kept], [mpmath.mpf(str(energies[k])) for k in kept],
            tail, mpmath.mpf("0.2"), mpmath.mpf("0.25"),
        )  # fmt: skip
        expected = {name: float(value) for name, value in precise.risk(model, n, width, ridge).items()}
        nu1, nu2 = map(float, precise.coupled(model, n, width, ridge))
    data = rc.SphereData(d, targets.DegreeEnergies({0: 0.1, 1: 0.5, 2: 0.3, 3: 0.2}), noise=0.25)
    risk = kernel_features_risk(data, features(RELU, width, ridge), n, max_degree=top)
    for name in ("bias", "variance", "train"):
        assert_allclose(risk.fields[name], expected[name], rtol=1e-11, atol=1e-15, err_msg=name)
    assert_allclose([risk.effective_ridge, risk.feature_ridge], [nu2, nu1], rtol=1e-11, atol=1e-15)


@pytest.mark.parametrize(("n", "width", "ridge"), [(30, 50, 0.01), (50, 30, 0), (60, 60, 2.0)])
def test_a_sigmoid_on_gaussian_data_in_30_digits(n: int, width: int, ridge: float) -> None:
    """κ_0, κ_1, κ_* as integrals at r = Tr Σ/d, ξ = κ_1²σ/d, the constant once, the rest as dust."""
    sigma, energies = [2.5, 1.0, 0.25], [0.4, 0.5, 0.1]
    counts = [4, 6, 10]
    with mpmath.workdps(30):
        r = mpmath.fsum(m * s for m, s in zip(counts, sigma, strict=True)) / 20

        def mean(f: Callable[[Any], Any]) -> Any:
            density = lambda g: mpmath.exp(-g * g / 2) / mpmath.sqrt(2 * mpmath.pi)  # noqa: E731
            return mpmath.quad(lambda g: f(g) * density(g), [-13, -4, 0, 4, 13])

        phi = lambda g: 1 / (1 + mpmath.exp(-mpmath.sqrt(r) * g))  # noqa: E731
        k0, k1, square = mean(phi), mean(lambda g: g * phi(g)) / mpmath.sqrt(r), mean(lambda g: phi(g) ** 2)
        model = precise.Model(
            [*(k1**2 * s / 20 for s in sigma), k0**2], [*counts, 1], [*energies, 0],
            square - k0**2 - r * k1**2, mpmath.mpf("0.3"), mpmath.mpf("0.25"),
        )  # fmt: skip
        expected = {name: float(value) for name, value in precise.risk(model, n, width, ridge).items()}
    spectrum = rc.Spectrum.from_eigenvalues(sigma, counts)
    data = rc.GaussianData(spectrum, energies, noise=0.25, outside_energy=0.3)
    risk = rc.predict(data, features(activations.Sigmoid(), width, ridge), n)
    for name in ("bias", "variance", "train"):
        assert_allclose(risk.fields[name], expected[name], rtol=1e-10, atol=1e-15, err_msg=name)


# --------------------------------------------------------------------------------------------------- identities


@pytest.mark.parametrize("law", ["sphere", "gaussian"])
@pytest.mark.parametrize("data", [SPHERE, rc.HypercubeData(30, SPHERE.target, 0.25)], ids=["sphere", "hypercube"])
def test_infinite_width_is_the_kernel_of_the_same_law(data: Any, law: str) -> None:
    n, ridge = np.array([[20], [100], [300]]), [0.0, 0.01, 1.0]
    wide = rc.predict(data, features(TANH, INF, ridge, law), n)
    kernel = rc.predict(data, rc.KernelRidge(kernels.Dual(TANH, law), ridge), n)
    for name in ("test", "train", "bias", "variance", "effective_ridge", "df1", "df2", "norm_squared"):
        assert_allclose(wide.fields[name], kernel.fields[name], rtol=1e-12, atol=1e-15, err_msg=name)
    assert_array_equal(wide.learned, kernel.learned)
    assert_array_equal(wide.feature_ridge, wide.effective_ridge)


@pytest.mark.parametrize("law", ["sphere", "gaussian"])
def test_predict_is_the_equation_on_the_reduced_problem(law: str) -> None:
    """The two laws have other kernels at d = 10, which all verbs must see."""
    data = rc.SphereData(10, targets.DegreeEnergies({1: 0.7, 3: 0.3}), noise=0.25)
    for one in (data, rc.HypercubeData(10, data.target, 0.25), rc.GaussianData.isotropic(10, noise=0.25)):
        estimator = features(TANH, [10, 40], 0.05, law)
        risk = rc.predict(one, estimator, 30)
        general = rc.random_feature_risk(rc.reduce(one, estimator), 30, [10, 40], 0.05)
        for name in general.fields:
            assert_array_equal(risk.fields[name], general.fields[name])
    masses = rc.reduce(data, features(TANH, 1, 0, law)).spectrum.masses
    assert_allclose(masses[1], {"gaussian": 0.3728, "sphere": 0.3906}[law], atol=6e-5)  # sheet 2 §1.6
    assert_array_equal(masses, kernels.Dual(TANH, law).spectrum(10, masses.size - 1).masses)


def test_infinite_width_on_gaussian_data_is_the_linear_regime_of_the_kernel() -> None:
    """Equal for an odd activation, whose constant is 0 in both."""
    data = rc.GaussianData.isotropic(100, noise=0.25)
    wide = rc.predict(data, features(TANH, INF, 0.05), [80, 150])
    kernel = rc.predict(data, rc.KernelRidge(kernels.Dual(TANH, "gaussian"), 0.05), [80, 150])
    assert_allclose(wide.test, kernel.test, rtol=1e-11)


@settings(max_examples=25)
@given(st.floats(20, 400), st.floats(20, 400), st.floats(-3, 1), st.sampled_from([RELU, TANH]))
def test_samples_and_features_exchange_at_a_fixed_raw_ridge(n: float, width: float, raw: float, phi: Any) -> None:
    """ν₂ and D are unchanged at Nλ fixed, and both regularisations satisfy their equations."""
    alpha = 10**raw * 100
    one = rc.predict(SPHERE, features(phi, width, alpha / width), n)
    two = rc.predict(SPHERE, features(phi, n, alpha / n), width)
    assert_allclose(one.df1, two.df1, rtol=1e-11)
    assert_allclose(one.effective_ridge, two.effective_ridge, rtol=1e-11)
    nu1, nu2 = one.feature_ridge, one.effective_ridge
    assert_allclose(n - alpha / width / nu1, one.df1, rtol=1e-9, atol=1e-9 * n)
    assert_allclose(width - width * nu1 / nu2, one.df1, rtol=1e-9, atol=1e-9 * width)
    both = rc.random_features.effective_ridges(rc.reduce(SPHERE, features(phi, 1, 0)).spectrum, n, width, alpha / width)
    assert_allclose([both.nu1, both.nu2], [nu1, nu2], rtol=1e-12)


def test_the_peak_grows_as_the_inverse_root_of_the_ridge() -> None:
    """The limit test √λ → n(Q₁+τ²)/(2√(Nu)) at N = n, with a relative error of order √λ; inf at λ = 0."""
    n, ridges = 200, np.array([1e-6, 1e-8, 1e-10])
    risk = rc.predict(SPHERE, features(RELU, n, ridges), n)
    ridgeless = rc.predict(SPHERE, features(RELU, n, 0), n)
    assert ridgeless.test == INF
    assert ridgeless.train == 0
    problem, kappa = rc.reduce(SPHERE, features(RELU, n, 0)), float(ridgeless.effective_ridge)
    unlearned = problem.energies @ (kappa / (problem.spectrum.eigenvalues + kappa)) + problem.outside_energy
    limit = n * (unlearned + 0.25) * np.sqrt(kappa / n) / 2
    gap = risk.test * np.sqrt(ridges) / limit - 1
    assert abs(gap[2]) < 2e-4
    assert_allclose(gap[:2] / gap[1:], 10, rtol=0.1)


def test_width_does_not_matter_beyond_the_rank() -> None:
    """A linear activation has the features x: rank d, without dust, at any width above."""
    data = rc.GaussianData.isotropic(50, noise=0.25)
    risk = rc.predict(data, features(activations.Linear(), [60, 100, 1000], 0), 120)
    ridge = rc.predict(data, rc.Ridge(0), 120)
    assert_allclose(risk.test, ridge.test, rtol=1e-12)
    sphere = rc.SphereData(50, targets.DegreeEnergies({1: 1.0}), noise=0.25)
    found = rc.predict(sphere, features(activations.Linear(), [60, 100], 0), 120)
    assert_allclose(found.test, ridge.test, rtol=1e-10)
    assert_allclose(found.truncation, 0)
    narrow = rc.predict(data, features(activations.Linear(), 30, 0), 120)  # N < d: least squares on 30 directions
    assert_allclose(narrow.bias, 120 * (1 - 30 / 50) / 90, rtol=1e-12)


def test_an_even_activation_learns_nothing_odd() -> None:
    """μ_1 = 0: a linear target acts as noise."""
    for data in (SPHERE.replace(target=targets.DegreeEnergies({1: 1.0})), rc.GaussianData.isotropic(100, noise=0.25)):
        risk = rc.predict(data, features(activations.Abs(), [50, 400], [[0.1], [1.0]]), 200)
        none = rc.predict(
            data.replace(noise=1.25, **({"energies": [0.0]} if hasattr(data, "energies") else {"target": zero()})),
            features(activations.Abs(), [50, 400], [[0.1], [1.0]]), 200,
        )  # fmt: skip
        assert_allclose(risk.test, none.test, rtol=1e-12)
        assert (risk.bias > 1).all()


def zero() -> targets.Target:
    return targets.DegreeEnergies({1: 0.0})


def test_signal_or_noise_alone_are_answers() -> None:
    quiet = rc.predict(SPHERE.replace(noise=0), features(RELU, [100, 200], 0), 200)
    assert_array_equal(quiet.variance, 0)
    assert np.isfinite(quiet.bias[0])
    assert quiet.bias[1] == INF
    loud = rc.predict(SPHERE.replace(target=zero()), features(RELU, [100, 200], 0), 200)
    assert_array_equal(loud.bias, 0)
    assert loud.variance[1] == INF
    neither = rc.predict(SPHERE.replace(target=zero(), noise=0), features(RELU, [100, 200], 0), 200)
    assert_array_equal(neither.test, 0)


def test_infinite_sizes() -> None:
    """Infinitely many samples leave the approximation error; 1e9 are near, at a distance of order 1/n."""
    for data in (SPHERE, rc.GaussianData.isotropic(100, noise=0.25)):
        population = rc.predict(data, features(RELU, [20, 150], 0.1), INF)
        many = rc.predict(data, features(RELU, [20, 150], 0.1), 1e9)
        assert_allclose(population.test, many.test, rtol=1e-6)
        assert_array_equal(population.variance, 0)
        nothing = rc.predict(data, features(RELU, [0, 10], [[0.1], [INF]]), [[50], [50]])
        assert_allclose(nothing.test.ravel()[[0, 2, 3]], nothing.test[0, 0], rtol=1e-14)
        assert_allclose(nothing.bias[0, 0] + 0.25, nothing.test[0, 0], rtol=1e-14)


def test_learned_shares_are_those_of_the_averaged_predictor() -> None:
    risk = rc.predict(SPHERE, features(RELU, [50, INF], 0.1), 200)
    xi = rc.reduce(SPHERE, features(RELU, 1, 0)).spectrum.eigenvalues
    assert_allclose(risk.learned, xi / (xi + risk.effective_ridge[:, None]), rtol=1e-13)
    assert (risk.learned[0] <= risk.learned[1]).all()


@pytest.mark.parametrize("phi", [RELU, activations.Step()], ids=repr)
@pytest.mark.parametrize("ridge", [0.0, 1e-3, 0.1])
def test_the_bracket_of_the_truncation_holds(phi: Any, ridge: float) -> None:
    """The spectrum cut early, against that of all degrees: within truncation, by both closures."""
    data = rc.SphereData(6, targets.DegreeEnergies({1: 0.4, 2: 0.3, 4: 0.2, 6: 0.1}), noise=0.1)
    n, width = np.array([[10.0], [60.0], [INF]]), np.array([25.0, 60.5, 120.0, INF])
    n, width = n[: 3 if ridge == 0 else 2], width[:3]
    whole = rc.predict(data, features(phi, width, ridge), n)
    assert whole.truncation.max() < 2e-3
    finite = []
    for top in (4, 8, 16):
        for tail in ("ridge", "atom"):
            cut = kernel_features_risk(data, features(phi, width, ridge), n, tail=tail, max_degree=top)
            gap = np.abs(whole.test / cut.test - 1)
            assert (gap <= cut.truncation + whole.truncation + 1e-12).all(), (top, tail, gap, cut.truncation)
        finite.append(np.isfinite(cut.truncation).mean())
    assert cut.truncation.min() < 0.05  # and it says something
    assert finite[-1] >= 0.5


# -------------------------------------------------------------------------------------------------- given weights


def rows(width: int, d: int, seed: int, unit: bool = True) -> np.ndarray:
    W = np.random.default_rng(seed).standard_normal((width, d))
    return W / (np.linalg.norm(W, axis=1, keepdims=True) if unit else np.sqrt(d))


def test_given_weights_of_a_linear_target_are_the_mean_over_its_directions() -> None:
    """A uniform direction has the second moment 1/d, and so have the d axes: an exact mean of conditional problems."""
    d, width = 12, 20
    link = targets.SingleIndex(coefficients=[0, 1])
    cases = [
        (RELU, "gaussian", rc.GaussianData.isotropic(d, noise=0.25), False),
        (TANH, "gaussian", rc.GaussianData.isotropic(d, noise=0.25), True),
        (TANH, "sphere", rc.SphereData(d, targets.DegreeEnergies({1: 1.0}), noise=0.25), True),
    ]
    for phi, law, data, unit in cases:
        W = rows(width, d, 0, unit)
        pair = rc.predict(data, features(phi, width, 0.1, W), 40)
        each = [
            rc.ridge_risk(
                rc.random_features.conditional_problem(phi, W, link, 0.25, inputs=law, direction=e), 40, 0.1
            ).test
            for e in np.eye(d)
        ]
        assert_allclose(pair.test, np.mean(each), rtol=1e-9)
        assert pair.route == "given weights"


def test_given_weights_of_structured_inputs() -> None:
    """⟨w, Σ^½z⟩ = ⟨Σ^½w, z⟩: weights of other lengths, and a target whose energy along z_i is e_i."""
    sigma, e = np.array([3.0, 1.5, 1.0, 0.5]), np.array([0.1, 0.5, 0.2, 0.2])
    data = rc.GaussianData(rc.Spectrum.from_eigenvalues(sigma), e, noise=0.25, outside_energy=0.3)
    for phi in (RELU, activations.Erf(0.8)):
        W = rows(6, 4, 1, unit=False)
        pair = rc.predict(data, features(phi, 6, 0.1, W), 30)
        link = targets.SingleIndex(coefficients=[0, 1])
        make = rc.random_features.conditional_problem
        each = [make(phi, W * np.sqrt(sigma), link, 0.25 + 0.3, direction=axis) for axis in np.eye(4)]
        tests = [rc.ridge_risk(problem, 30, 0.1).test for problem in each]
        assert_allclose(pair.test, e @ (np.array(tests) - 0.55) + 0.55, rtol=1e-9)


def test_given_weights_of_higher_degrees_are_a_mean_over_directions() -> None:
    """200 random directions of a link with four degrees, in standard errors."""
    d, width, rng = 10, 30, np.random.default_rng(0)
    link, W, step = targets.SingleIndex(coefficients=[0.3, 0.8, 0.6, 0.5]), rows(30, 10, 3), activations.Step()
    data = rc.SphereData(d, link, noise=0.25)
    pair = rc.predict(data, features(step, width, 0.05, W), 80)
    found = []
    for _ in range(200):
        e = rng.standard_normal(d)
        problem = rc.random_features.conditional_problem(
            step, W, link, 0.25, inputs="sphere", direction=e / np.linalg.norm(e)
        )
        found.append(float(rc.ridge_risk(problem, 80, 0.05).test))
    error = np.std(found) / np.sqrt(200)
    assert abs(np.mean(found) - pair.test) < 4 * error
    assert error < 0.01 * pair.test
    same = rc.predict(data.replace(target=energies_of(link, d)), features(step, width, 0.05, W), 80)
    assert_allclose(same.test, pair.test, rtol=1e-10)


def energies_of(target: targets.Target, d: int) -> targets.Target:
    return targets.DegreeEnergies(dict(enumerate(target.energies(d, 3).by_degree)))


def test_given_weights_average_to_the_kernel_equations() -> None:
    """12 draws of 150 weights at d = 60: the mean is that of the law, and ν₁ and ν₂ keep their meaning."""
    data, n = rc.SphereData(60, targets.DegreeEnergies({1: 1.0, 2: 0.3}), noise=0.25), 200
    expected = rc.predict(data, features(TANH, 150, 0.05), n)
    found = [rc.predict(data, features(TANH, 150, 0.05, rows(150, 60, seed)), n) for seed in range(12)]
    for name in ("test", "bias", "variance", "effective_ridge", "feature_ridge", "df1", "norm_squared"):
        values = np.array([float(risk.fields[name]) for risk in found])
        error = values.std(ddof=1) / np.sqrt(12)
        assert abs(values.mean() - expected.fields[name]) < 4 * error + 0.01 * abs(expected.fields[name]), name
    risk = found[0]
    assert_allclose(n - 0.05 / risk.feature_ridge, risk.df1, rtol=1e-10)
    assert_allclose(150 * (1 - risk.feature_ridge / risk.effective_ridge), risk.df1, rtol=1e-10)
    ridgeless = rc.predict(data, features(TANH, 150, 0, rows(150, 60, 0)), 300)
    assert ridgeless.feature_ridge == 0
    assert_allclose(ridgeless.effective_ridge, rc.predict(data, features(TANH, 150, 0), 300).effective_ridge, rtol=0.02)


# ----------------------------------------------------------------------------------------------- tune, sample_size


def test_tune_finds_the_least_of_a_scan() -> None:
    for data in (SPHERE, rc.GaussianData.isotropic(100, noise=0.25)):
        found = rc.tune(data, features(RELU, [100, 400], 0), 250)
        scan = rc.predict(data, features(RELU, [100, 400], np.geomspace(1e-4, 1e2, 400)[:, None]), 250).test
        assert (found.risk.test <= scan.min(axis=0)).all()
        assert_allclose(found.risk.test, scan.min(axis=0), rtol=1e-4)
        assert found.risk.data == data
    problem = rc.reduce(SPHERE, features(RELU, 1, 0))
    assert_allclose(
        rc.tune(problem, features(RELU, 300, 0), 250).ridge, rc.random_features.tune(problem, 250, 300).ridge
    )
    W = rows(150, 100, 0)
    given_weights = rc.tune(SPHERE, features(TANH, 150, 0, W), 250)
    scan = rc.predict(SPHERE, features(TANH, 150, np.geomspace(1e-4, 1e2, 400), W), 250).test
    assert_allclose(given_weights.risk.test, scan.min(), rtol=1e-4)


def test_sample_size_is_where_the_error_is_reached() -> None:
    estimator = features(RELU, 300, 0.1)
    n = rc.sample_size(SPHERE, estimator, [0.9, 1.2, 1.55])
    assert_allclose(rc.predict(SPHERE, estimator, n[:2]).test, [0.9, 1.2], rtol=1e-9)
    assert n[2] == 0
    assert rc.sample_size(SPHERE, estimator, 0.3) == INF  # below the approximation error of 300 features
    assert rc.sample_size(SPHERE, features(RELU, INF, 0.1), 0.9) < n[0]
    dip = rc.sample_size(SPHERE, features(RELU, 100, 0), 1.4)  # beyond the peak at n = 100
    assert dip > 200
    assert_allclose(rc.predict(SPHERE, features(RELU, 100, 0), dip).test, 1.4, rtol=1e-9)


# ---------------------------------------------------------------------------------------------------- bad input

TABLE = rc.Dataset(np.eye(5), np.arange(5.0))


@pytest.mark.parametrize(
    ("call", "kind", "words"),
    [
        (lambda: features(RELU, -1, 0), ValueError, "width must be >= 0"),
        (lambda: features(RELU, 10, -1), ValueError, "ridge must be >= 0"),
        (lambda: features(RELU, 10, 0, "uniform"), ValueError, "weights must be one of"),
        (lambda: features(RELU, 10, 0, np.ones((9, 3))), ValueError, "number of rows of weights"),
        (lambda: rc.predict(SPHERE, features(RELU, INF, 0), INF), ValueError, "must not both be inf"),
        (lambda: rc.predict(rc.GaussianData.isotropic(1.5), features(RELU, 1, 0), 1), ValueError, "whole number"),
        (lambda: rc.predict(rc.GaussianData.power_law(2, 0.5), features(RELU, 1, 0), 1), ValueError, "whole number"),
        (lambda: rc.predict(TABLE, features(RELU, 1, 0), 1), TypeError, "no theory for"),
        (lambda: rc.predict(SPHERE, features(RELU, 9, 0), 9, tail="none"), ValueError, "tail must be one of"),
        (
            lambda: rc.predict(rc.GaussianData.isotropic(9), features(RELU, 9, 0), 9, tail="atom"),
            ValueError,
            "tail must be left out",
        ),
        (lambda: rc.predict(SPHERE, features(TANH, 2, 0, np.ones((2, 3))), 9), ValueError, "a column per input"),
        (lambda: rc.predict(SPHERE, features(TANH, 2, 0, np.ones((2, 100))), 9), ValueError, "rows of norm 1"),
        (
            lambda: rc.predict(SPHERE, features(TANH, 2, 0, rows(2, 100, 0)), 9, tail="atom"),
            ValueError,
            "for given weights",
        ),
        (
            lambda: rc.predict(rc.HypercubeData(9, SPHERE.target), features(RELU, 2, 0, rows(2, 9, 0)), 9),
            ValueError,
            "weights must be .* for HypercubeData",
        ),
        (
            lambda: rc.predict(
                SPHERE.replace(target=targets.Monomials({(0,): 1.0})), features(TANH, 2, 0, rows(2, 100, 0)), 9
            ),
            ValueError,
            "random direction beside given weights",
        ),
        (lambda: rc.tune(SPHERE, features(RELU, 9, 0), 9, allow_negative=True), ValueError, "allow_negative must be"),
        (lambda: rc.sample_size(SPHERE, features(RELU, [9, 8], 0), 1), ValueError, "width must be a single number"),
    ],
)
def test_refusals(call: Callable[[], object], kind: type[Exception], words: str) -> None:
    with pytest.raises(kind, match=words):
        call()


def test_notes_say_where_not_to_trust() -> None:
    few = rc.SphereData(5, targets.DegreeEnergies({1: 1.0}))
    assert any("width - df2" in note for note in rc.predict(few, features(RELU, 20, 0), 1000).notes)
    assert any("train error" in note for note in rc.predict(SPHERE, features(RELU, 400, 1e-3), 50).notes)
    small = rc.GaussianData.isotropic(20, noise=0.25)
    assert any("degree 2" in note for note in rc.predict(small, features(RELU, 600, 0.01), 600).notes)
    assert not rc.predict(SPHERE, features(RELU, 200, 0.1), 200).notes
    assert not rc.predict(rc.GaussianData.isotropic(100), features(TANH, 200, 0.1), 200).notes
