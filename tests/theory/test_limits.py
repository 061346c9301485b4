"""Limits of high dimension: mpmath integrals, identities, the rates of finite dimensions, experiments."""

from __future__ import annotations

import math
import re

import numpy as np
import precise_limits as precise
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

import riskcalc as rc
from riskcalc import activations, kernels, limits, targets
from riskcalc.allowances import ALLOWANCES
from riskcalc.harmonics import sphere_multiplicity

EXP = kernels.Exponential()
FIELDS = ("test", "train", "bias", "variance", "effective_ridge")
positive = st.floats(1e-4, 1e4)
small = st.just(0.0) | st.floats(1e-6, 100)
energy = st.just(0.0) | st.floats(1e-6, 10)


def sphere_risk(
    d: int, kernel: kernels.Kernel, energies: dict[int, float], noise: float, ridge: float, n: float
) -> rc.Risk:
    return rc.predict(rc.SphereData(d, targets.DegreeEnergies(energies), noise), rc.KernelRidge(kernel, ridge), n)


# ------------------------------------------------------------------------------------------------- staircase


def test_the_staircase_by_hand() -> None:
    energies = [0.1, 0.5, 0.3, 0.2]
    a = np.array([[0.0, 0.5, 1.0], [1.5, 2.0, 2.5], [3.0, 3.5, 9.0]])
    assert_allclose(limits.staircase(energies, a), [[1.1, 1.0, 1.0], [0.5, 0.5, 0.2], [0.2, 0.0, 0.0]], atol=1e-15)
    assert limits.staircase(energies, 1.5).shape == ()


@pytest.mark.parametrize(
    ("kernel", "learned_from"),
    [
        (EXP, [0, 1, 2, 3, 4]),
        (kernels.ReluNeuralTangent(1), [0, 1, 2, math.inf, 4]),
        (kernels.ReluNeuralTangent(2), [0, 1, 2, 3, 4]),
        (kernels.Erf(), [math.inf, 1, math.inf, 3, math.inf]),
        (kernels.Polynomial(2), [0, 1, 2, math.inf, math.inf]),
        (kernels.Monomial(3), [math.inf, 2, math.inf, 3, math.inf]),
        (kernels.Monomial(4), [2, math.inf, 3, math.inf, 4]),
        (kernels.Taylor([1, 0, 1, 1]), [0, 2, 2, 3, math.inf]),
        (kernels.Dual(activations.Hermite(3), "gaussian"), [math.inf, 2, math.inf, 3, math.inf]),
        (kernels.Dual(activations.Hermite(3), "sphere"), [math.inf, 3, math.inf, 3, math.inf]),  # the square of 1/d
        (kernels.custom(lambda t: np.exp(t)), [0, 1, 2, 3, 4]),
    ],
    ids=lambda value: repr(value)[:40] if isinstance(value, kernels.Kernel) else "",
)
def test_degrees_are_learned_where_their_mass_allows(kernel: kernels.Kernel, learned_from: list[float]) -> None:
    """One energy at a time: k + j with masses of order d^-j, by hand from the Taylor coefficients."""
    for k, step in enumerate(learned_from):
        unit = np.eye(5)[k]
        assert_array_equal(limits.staircase(unit, 50.0, kernel), float(step == math.inf))
        if step < math.inf:
            assert_array_equal(limits.staircase(unit, [step, step + 0.01], kernel), [1, 0])


@pytest.mark.parametrize(("exponent", "expected"), [(1.5, [0.614, 0.536, 0.511]), (2.5, [0.318, 0.233, 0.210])])
def test_finite_dimensions_come_down_to_the_staircase_as_the_root_of_d(exponent: float, expected: list[float]) -> None:
    r"""The digits of the sheet, and their rate with its coefficient.

    With n = d^(ℓ+½) and κ = λ_{>ℓ}/n: degree ℓ+1 is learned to c/√d, c = (ℓ+1)! m_{ℓ+1}/λ_{>ℓ}, which is gained twice
    in its energy and costs c²/(ℓ+1)! in df2/n beside the 1/ℓ! of the degree ℓ, so that

    excess - limit = [(1/ℓ! + c²/(ℓ+1)!)(F_{>ℓ}² + τ²) - 2c F_{ℓ+1}²]/√d, with corrections of relative order 1/√d.
    """
    F, noise, level = {1: 0.5, 2: 0.3, 3: 0.2}, 0.5, int(exponent)
    dimensions = np.array([10**2, 10**3, 10**4, 10**6, 10**8])
    limit = float(limits.staircase([0, 0.5, 0.3, 0.2], exponent, EXP))
    excess = np.array([sphere_risk(int(d), EXP, F, noise, 0.0, float(d) ** exponent).excess for d in dimensions])
    assert_allclose(excess[:3], expected, atol=0.00051)
    tail = math.e - sum(1 / math.factorial(k) for k in range(level + 1))
    c = 1 / tail  # (ℓ+1)! times the Taylor coefficient 1/(ℓ+1)!
    upper = math.factorial(level + 1)
    coefficient = (1 / math.factorial(level) + c**2 / upper) * (limit + noise) - 2 * c * F[level + 1]
    scaled = (excess - limit) * np.sqrt(dimensions)
    assert (np.abs(scaled / coefficient - 1) < 5 / np.sqrt(dimensions)).all()


def test_a_degree_whose_mass_is_of_order_1_over_d_takes_a_step_later() -> None:
    """With h = ½ + .3 t² + .2 t³: degree 1 has the mass .6/d, and n = d^1.5 does not teach it while n = d^2.5 does."""
    kernel = kernels.Taylor([0.5, 0, 0.3, 0.2])
    for exponent, limit in ((1.5, 1.0), (2.5, 0.0)):
        assert limits.staircase([0, 1.0], exponent, kernel) == limit
        gaps = [
            abs(float(sphere_risk(d, kernel, {1: 1.0}, 0.0, 0.0, float(d) ** exponent).excess) - limit)
            for d in (10**2, 10**4, 10**6)
        ]
        assert gaps[2] < gaps[1] / 5 < gaps[0] / 25
        assert gaps[2] < 0.01


# ------------------------------------------------------------------------------------------- critical regime


@pytest.mark.parametrize("psi", [0.02, 0.5, 0.97, 1.0, 1.4, 40.0])
@pytest.mark.parametrize(("ridge", "tail"), [(0.0, 0.3), (0.2, 0.0), (2.0, 0.5), (1e-4, 1e-3)])
def test_the_critical_regime_is_integrals_against_marchenko_and_pastur(psi: float, ridge: float, tail: float) -> None:
    exact = precise.critical(psi, ridge, tail, 0.6, 0.3, 0.25)
    risk = limits.critical_ridge_risk(psi, ridge, tail, 0.6, 0.3, 0.25)
    for name in FIELDS:
        # The input ψ - 1 - ζ rounds by 1e-16, which moves 1 - D by that over √ζ: 1e-14.
        assert_allclose(getattr(risk, name), float(exact[name]), rtol=1e-13, atol=1e-30, err_msg=name)
    assert_allclose(risk.excess, risk.test - 0.25)


@given(psi=positive, ridge=st.floats(0, 100), tail=st.floats(1e-6, 100), level=energy, above=energy, noise=energy)
def test_the_root_solves_its_equation(
    psi: float, ridge: float, tail: float, level: float, above: float, noise: float
) -> None:
    risk = limits.critical_ridge_risk(psi, ridge, tail, level, above, noise)
    r, zeta = float(risk.effective_ridge), ridge + tail
    assert_allclose(
        1 / (1 + r) + zeta / r, psi, rtol=1e-12
    )  # ψ - 1 - ζ rounds by 1e-16 (1 + ζ + ψ), beside √(ψζ) > 1e-3
    assert_allclose(risk.bias + risk.variance + noise, risk.test, rtol=1e-14)


@given(psi=st.just(0.0) | positive, ridge=small, tail=small, level=energy, above=energy, noise=energy)
def test_it_is_ridge_regression_on_one_shell_with_a_tail(
    psi: float, ridge: float, tail: float, level: float, above: float, noise: float
) -> None:
    problem = rc.Problem(rc.Spectrum.from_eigenvalues(1.0, tail=tail), [level], noise, above)
    expected = rc.ridge_risk(problem, psi, ridge)
    risk = limits.critical_ridge_risk(psi, ridge, tail, level, above, noise)
    if psi != 1 and abs(psi - 1) < 1e-6:
        return  # ψ - 1 has lost digits on both sides
    for name in FIELDS:
        wanted, found = getattr(expected, name), getattr(risk, name)
        assert_allclose(found, wanted, rtol=1e-10, atol=1e-280, err_msg=name)


def test_the_ends_are_the_plateaus() -> None:
    at_zero, at_infinity = limits.critical_ridge_risk([0.0, np.inf], 0.1, 0.2, 0.6, 0.3, 0.25).excess
    assert_allclose([at_zero, at_infinity], limits.staircase([0, 0, 0.6, 0.3], [1.5, 2.5]), rtol=1e-15)
    near = limits.critical_ridge_risk([1e-9, 1e9], 0.1, 0.2, 0.6, 0.3, 0.25)
    assert_allclose(near.excess, [0.9, 0.3], rtol=1e-8)
    ends = limits.critical_ridge_risk([0.0, np.inf], 0.1, 0.2, 0.6, 0.3, 0.25)
    assert_allclose(near.train, ends.train, rtol=1e-7)
    assert_allclose(ends.train, [(0.1 / 1.3) ** 2 * 1.15, (0.1 / 0.3) ** 2 * 0.55])  # λ/(ψr) → λ/(1+ζ) and λ/ζ
    assert_array_equal(ends.effective_ridge, [np.inf, 0])
    assert_array_equal(ends.variance, [0, 0])


def test_without_tail_and_ridge_the_step_diverges_where_there_is_something_to_amplify() -> None:
    risk = limits.critical_ridge_risk([0.5, 1.0, 2.0], 0, 0, 0.6, 0.3, [[0.25], [0.0]])
    assert_array_equal(risk.variance, [[0.25, np.inf, 0.25], [0, 0, 0]])  # τ²ψ/(1-ψ), τ²/(ψ-1)
    assert_array_equal(risk.bias[:, 1], np.inf)
    assert_allclose(risk.bias[0, [0, 2]], [0.3 + 0.6, 0.6])  # F(1-ψ) + M/(1-ψ), Mψ/(ψ-1)
    assert_allclose(risk.train[0], [0, 0, 0.25 * 1.1])  # (1 - 1/ψ)² test
    clean = limits.critical_ridge_risk(1.0, 0, 0, 0.6, 0, 0)
    assert_array_equal([clean.test, clean.train, clean.bias, clean.effective_ridge], 0)


def test_an_infinite_ridge_predicts_zero() -> None:
    risk = limits.critical_ridge_risk([0.0, 0.5, np.inf], np.inf, 0.2, 0.6, 0.3, 0.25)
    assert_array_equal(risk.test, risk.train)
    assert_allclose(risk.test, 1.15)
    assert_array_equal(risk.effective_ridge, np.inf)
    assert_array_equal(risk.variance, 0)
    large = limits.critical_ridge_risk(0.5, 1e12, 0.2, 0.6, 0.3, 0.25)
    assert_allclose([large.test, large.train], 1.15, rtol=1e-11)


def test_the_bump_has_the_height_of_one_over_twice_the_root_of_zeta() -> None:
    """At ψ = 1: r = √ζ(1 + √ζ/2 + ...), 1 - D = 2√ζ(1 + O(√ζ))."""
    for zeta in (1e-4, 1e-8, 1e-12):
        excess = limits.critical_ridge_risk(1.0, 0, zeta, 1.0, 0.3, 0.25).excess
        assert abs(excess * 2 * math.sqrt(zeta) / 0.55 - 1) < 3 * math.sqrt(zeta)


def test_it_broadcasts_as_numpy_does() -> None:
    psi, ridge, noise = np.array([[0.5], [2.0]]), np.array([0.0, 0.1, 1.0]), 0.25
    risk = limits.critical_ridge_risk(psi, ridge, 0.2, 0.6, 0.3, noise)
    assert risk.test.shape == (2, 3)
    assert limits.critical_ridge_risk(0.5, 0, 0.2, 0.6, 0.3, 0.25).test.shape == ()
    for i, j in np.ndindex(2, 3):
        one = limits.critical_ridge_risk(psi[i, 0], ridge[j], 0.2, 0.6, 0.3, noise)
        for name in FIELDS:
            assert getattr(one, name) == getattr(risk, name)[i, j]


@pytest.mark.parametrize("psi", [0.5, 2.0])
@pytest.mark.parametrize(("level", "ridge"), [(1, 0.0), (2, 0.0), (2, 0.3)])
def test_the_sphere_comes_to_the_critical_regime_as_1_over_d(psi: float, level: int, ridge: float) -> None:
    """The gap halves as d doubles, though at d = 20 it is 10 % (1.05 for 1.25 at ℓ = 2, ψ = ½, ridge 0)."""
    F, noise, gaps = {1: 0.5, 2: 0.3, 3: 0.2}, 0.5, []
    for d in (400, 800, 1600):
        spectrum = EXP.spectrum(d, level)
        m, above = float(spectrum.masses[level]), sum(F[k] for k in F if k > level)
        limit = limits.critical_ridge_risk(psi, ridge / m, spectrum.tail / m, F[level], above, noise)
        finite = sphere_risk(d, EXP, F, noise, ridge, psi * sphere_multiplicity(d, level))
        gaps.append(float(finite.test / limit.test) - 1)
    assert_allclose([gaps[0] / gaps[1], gaps[1] / gaps[2]], 2, atol=0.1)
    assert abs(gaps[2]) < 0.01


def test_the_limit_is_far_from_small_dimensions() -> None:
    d, F, noise = 20, {1: 0.5, 2: 0.3, 3: 0.2}, 0.5
    spectrum = EXP.spectrum(d, 2)
    m = spectrum.masses[2]
    limit = limits.critical_ridge_risk(0.5, 0, spectrum.tail / m, F[2], F[3], noise)
    finite = sphere_risk(d, EXP, F, noise, 0.0, 0.5 * sphere_multiplicity(d, 2))
    assert_allclose([limit.test, finite.test], [1.055, 1.248], atol=0.001)


# ------------------------------------------------------------------------------------- spectrum of kernel matrices


def eigenvalues(kernel: kernels.Kernel, d: int, n: int, seed: int) -> np.ndarray:
    x = np.random.default_rng(seed).standard_normal((n, d))
    return np.linalg.eigvalsh(kernel(x * np.sqrt(d) / np.linalg.norm(x, axis=1, keepdims=True)))


SHEET = kernels.Taylor([0.3, 1, 1, 0.02])


def test_the_spectrum_of_the_sheet() -> None:
    law = limits.kernel_spectrum(SHEET, 40, 400)
    assert law.level == 2
    assert_allclose(law.support, [[0.130, 2.712]], atol=0.0005)
    assert_allclose(law.spikes, [400 * 0.325 + 1.995, 11.008], rtol=1e-4)
    assert_array_equal(law.multiplicities, [1, 40])
    assert law.atom == 0
    plain = 0.975 * (1 + np.array([-1, 1]) * math.sqrt(400 / 819)) ** 2 + 0.018571
    assert_allclose(plain, [0.107, 2.833], atol=0.0015)  # n/B for ψ: worse, as the sheet says


def test_simulated_eigenvalues_lie_where_the_law_has_them() -> None:
    """Edges move by n^(-2/3): 2 % of 2.7. The 40 spikes average to their place, each being off by √(40/400)."""
    law, measured = limits.kernel_spectrum(SHEET, 40, 400), [eigenvalues(SHEET, 40, 400, seed) for seed in range(6)]
    bulk, degree1, constant = (np.array([e[part] for e in measured]) for part in (slice(-41), slice(-41, -1), -1))
    assert_allclose(bulk.min(axis=1).mean(), law.support[0, 0], atol=0.01)
    assert_allclose(bulk.max(axis=1).mean(), law.support[0, 1], rtol=0.02)
    assert_allclose(degree1.mean(), law.spikes[1], rtol=0.005)
    assert_allclose(constant.mean(), law.spikes[0], rtol=0.005)
    pooled = np.sort(bulk.ravel())
    steps = (np.arange(pooled.size) + 0.5) / pooled.size * law.share
    assert np.abs(law.cdf(pooled) - steps).max() < 0.01  # eigenvalues are rigid: log n/n


def test_beyond_the_number_of_harmonics_there_is_an_atom_that_degree_3_smears() -> None:
    law, found = limits.kernel_spectrum(SHEET, 40, 1400), eigenvalues(SHEET, 40, 1400, 0)
    assert_allclose(law.bulk.aspect_ratio, (1400 - 41) / 819)
    assert_allclose(law.atom, 1 - (819 + 41) / 1400)
    assert_allclose(law.shift, 0.0185714, rtol=1e-5)
    smeared = found[: round(1400 * float(law.atom))]
    assert_allclose(smeared.mean(), law.shift, rtol=0.02)  # the harmonics of degree 3 are orthogonal to the others
    assert_allclose(found[0], 0.0112, atol=0.0003)  # the sheet's
    assert found[539] < 2 * law.shift  # the last of the 540; the gap to the bulk is there
    assert found[540] > 0.9 * law.support[0, 0]
    assert_array_equal(law.cdf([law.shift - 1e-9, law.shift + 1e-9, 1e9]), [0, law.atom, 1])


def test_the_law_is_a_law() -> None:
    law = limits.kernel_spectrum(EXP, 100, 400)
    assert law.level == 1
    ((a, b),) = law.support
    angle = (np.arange(20_000) + 0.5) * np.pi / 20_000  # x = mid - half cos: the midpoint rule is exact to rounding
    x = (a + b) / 2 - (b - a) / 2 * np.cos(angle)
    weights = (b - a) / 2 * np.sin(angle) * np.pi / 20_000
    assert_allclose(law.pdf(x) @ weights, law.share - law.atom, rtol=1e-7)
    assert_allclose(np.gradient(law.cdf(x), x)[100:-100], law.pdf(x)[100:-100], rtol=1e-3)
    trace = law.atom * law.shift + (law.pdf(x) * x) @ weights + law.spikes @ law.multiplicities / 400
    assert_allclose(trace, math.e, rtol=1e-6)  # K(x, x): n ξ B/n + m_>, and n'(λ_> + m)/n
    assert law.cdf(np.inf) == 1
    assert law.pdf(-1.0) == 0


def test_the_level_is_a_degree_that_the_kernel_has() -> None:
    assert limits.kernel_spectrum(kernels.Erf(), 30, 4000).level == 3
    assert limits.kernel_spectrum(kernels.Erf(), 30, 4000).spikes.size == 1  # no constant, no degree 2
    assert limits.kernel_spectrum(EXP, 30, 30, level=1).level == 1
    cube = limits.kernel_spectrum(EXP, 12, 66, domain="hypercube")
    assert cube.level == 2
    assert_array_equal(cube.multiplicities, [1, 12])
    assert_allclose(cube.bulk.aspect_ratio, (66 - 13) / 66)


# ------------------------------------------------------------------------------------------------- linear regime


def uniform(d: int, mean: float = 1.0) -> rc.Spectrum:
    return rc.Spectrum.from_eigenvalues(mean * np.linspace(0.2, 1.8, d))


def test_the_parameters_of_the_exponential_kernel() -> None:
    spectrum = uniform(50, 1.3)
    regime = limits.linear_regime(kernels.Exponential(0.7), spectrum)
    square = float(np.sum(spectrum.eigenvalues**2)) / 2500
    assert_allclose(regime.constant, 1 + 0.49 * square / 2, rtol=1e-14)
    assert_allclose(regime.linear, 0.7, rtol=1e-14)
    assert_allclose(regime.ridge, math.exp(0.91) - 1 - 0.91, rtol=1e-14)
    assert_allclose(regime.quadratic, 0.49 * (1.3 * 1.8 / 50) ** 2, rtol=1e-14)
    assert_allclose(regime.equivalent_ridge([0.0, 0.1]), 50 * (np.array([0.0, 0.1]) + regime.ridge) / 0.7, rtol=1e-14)
    assert_allclose(regime.spectrum.eigenvalues[:-1], 0.7 * spectrum.eigenvalues / 50, rtol=1e-14)
    assert regime.spectrum.eigenvalues[-1] == regime.constant
    assert regime.spectrum.tail == regime.ridge
    assert limits.linear_regime(2 * EXP, spectrum).linear == 2


def test_the_ridge_keeps_its_digits_where_the_kernel_is_nearly_linear() -> None:
    assert limits.linear_regime(kernels.Taylor([0.1, 0.7]), uniform(30, 1.7)).ridge == 0
    small = limits.linear_regime(EXP, uniform(30, 1e-6))
    assert_allclose(small.ridge, 0.5e-12 + 1e-18 / 6, rtol=1e-9)
    deep = limits.linear_regime(kernels.Taylor([*np.zeros(200), 1.0]) + kernels.Monomial(1), uniform(30))
    assert_allclose(deep.ridge, 1.0, rtol=1e-12)  # beyond the terms that are summed


def test_a_linear_kernel_is_ridge_regression() -> None:
    data = rc.GaussianData(uniform(40), np.linspace(0, 0.02, 40), 0.3, outside_energy=0.1)
    ridges = np.array([0.0, 0.05, 1.0])
    for n in (20, 90):
        ridge, kernel = rc.Ridge(40 * ridges), rc.KernelRidge(kernels.Monomial(1), ridges)
        linear, by_kernel = rc.predict(data, ridge, n), rc.predict(data, kernel, n)
        for name in ("test", "train", "bias", "variance", "df1", "gcv"):
            assert_allclose(getattr(by_kernel, name), getattr(linear, name), rtol=1e-10, err_msg=name)
        assert_allclose(by_kernel.effective_ridge * 40, linear.effective_ridge, rtol=1e-10)
        assert_allclose(by_kernel.norm_squared, linear.norm_squared * 40, rtol=1e-10)  # ‖f‖_K² = d‖θ‖²


@pytest.mark.parametrize("psi", [0.5, 1.0, 3.0])
def test_isotropic_data_are_the_critical_regime_of_level_1_and_marchenko_and_pastur(psi: float) -> None:
    """With α = 0: the closed form, and the mpmath integrals of white features."""
    d, kernel, lam = 200, kernels.Taylor([0.0, 0.8, 0.0, 0.3]), 0.1
    data = rc.GaussianData(rc.Spectrum.isotropic(d), [0.6], 0.25, outside_energy=0.3)
    regime = limits.linear_regime(kernel, data.spectrum)
    assert_allclose([regime.linear, regime.ridge], [0.8, 0.3], rtol=1e-13)
    risk = rc.predict(data, rc.KernelRidge(kernel, lam), psi * d)
    critical = limits.critical_ridge_risk(psi, lam / 0.8, 0.3 / 0.8, 0.6, 0.3, 0.25)
    exact = precise.critical(psi, lam / 0.8, 0.3 / 0.8, 0.6, 0.3, 0.25)
    for name in ("test", "train", "bias", "variance"):
        assert_allclose(getattr(risk, name), getattr(critical, name), rtol=1e-12, err_msg=name)
        assert_allclose(getattr(risk, name), float(exact[name]), rtol=1e-12, err_msg=name)


def test_the_sphere_is_the_linear_regime_up_to_1_over_d() -> None:
    for kernel in (EXP, kernels.ReluNeuralTangent(1), kernels.RBF()):
        gaps = []
        for d in (200, 400, 800):
            spectrum = kernel.spectrum(d, 1)
            regime = limits.linear_regime(kernel, rc.Spectrum.isotropic(d))
            found = regime.constant, regime.linear, regime.ridge
            gaps.append(np.abs(np.array(found) - [*spectrum.masses, spectrum.tail]) * d)
        # α and γ hold the 1/d of h''(0), one each way; β lacks that of h'''(0), which is m_1 = a_1 + (6a_3 - 0)/2d
        assert_allclose(gaps[2], gaps[1], rtol=0.02, atol=0.02)
        target = {1: 1.0}
        errors = []
        for d in (200, 400, 800):
            data = rc.GaussianData.isotropic(d, noise=0.25)
            linear = rc.predict(data, rc.KernelRidge(kernel, 0.1), 2 * d).test
            errors.append(float(linear / sphere_risk(d, kernel, target, 0.25, 0.1, 2 * d).test) - 1)
        assert_allclose([errors[0] / errors[1], errors[1] / errors[2]], 2, atol=0.2)
        assert abs(errors[0]) < 0.01


def test_a_kernel_without_linear_part_learns_nothing_linear() -> None:
    data = rc.GaussianData.isotropic(50, signal=0.8, noise=0.25)
    kernel = kernels.Monomial(2)
    assert_array_equal(limits.linear_regime(kernel, data.spectrum).equivalent_ridge([0.0, 1.0]), np.inf)
    risk = rc.predict(data, rc.KernelRidge(kernel, 0.5), 100)
    assert risk.bias >= 0.8  # in full, amplified by the constant's one degree of freedom
    assert_allclose(risk.bias, 0.8, rtol=0.011)


@pytest.mark.parametrize("kernel", [EXP, kernels.RBF(), kernels.ReluNeuralTangent(1), kernels.Laplace()], ids=repr)
def test_experiments_agree_with_the_linear_regime_to_2_over_d(kernel: kernels.Kernel) -> None:
    """Theory errs by 2/d; 3.5 standard errors over 24 cells, of which those of one size share their samples."""
    d = 100
    data = rc.GaussianData(uniform(d), np.full(d, 0.8 / d), 0.25, outside_energy=0.1)
    found = rc.verify(data, rc.KernelRidge(kernel, [0.0, 0.1, 1.0]), [[d // 2], [2 * d]], n_trials=30, rng=3)
    gap = np.abs(found.trials.test.mean - found.prediction.test)
    assert (gap <= 3.5 * found.trials.test.standard_error + 2 / d * found.prediction.test).all()
    assert (found.trials.test.standard_error < 0.015 * found.prediction.test).all()
    assert found.agrees


def test_only_the_test_error_is_judged_and_to_2_over_d() -> None:
    data = rc.GaussianData(uniform(100), np.full(100, 0.8 / 100), 0.25)
    trials = rc.simulate(data, rc.KernelRidge(EXP, [0.0, 0.1]), [[50], [2000]], n_trials=2, rng=0)
    risk = rc.predict(data, trials.estimator, trials.coordinates["n_samples"])
    sizes, rule = ALLOWANCES[type(data), type(trials.estimator)](trials, risk, {"test": risk.test, "train": risk.train})
    assert_allclose(sizes["test"][1], 0.02 * risk.test[1])  # many samples: 2/d is all
    assert (sizes["test"][0] > 0.02 * risk.test[0]).all()  # few: the next order of ridge regression is larger
    assert_array_equal(sizes["train"], np.inf)
    assert "2/d" in rule


@pytest.mark.slow
def test_the_error_of_the_linear_regime_is_of_order_1_over_d() -> None:
    """The sheet: exp, n = 2d, λ = .1, +1.77(31), +1.17(34), +.67(43) % at d = 100, 200, 400: about 200/d %."""
    for d, trials in ((50, 400), (100, 200), (200, 60)):
        data = rc.GaussianData(uniform(d), np.full(d, 1 / d), 0.25)
        found = rc.verify(data, rc.KernelRidge(EXP, 0.1), 2 * d, n_trials=trials, rng=0)
        relative = float(found.trials.test.mean / found.prediction.test) - 1
        error = float(found.trials.test.standard_error / found.prediction.test)
        assert abs(relative) < 2 / d + 3 * error


def test_the_target_outside_counts_as_bias_and_drawn_labels_average_to_the_same() -> None:
    """Averaged and drawn noise see the same inputs, so that the difference is the label noise of 60 trials alone."""
    data = rc.GaussianData(uniform(30), np.full(30, 0.02), 0.25, outside_energy=0.4)
    estimator = rc.KernelRidge(EXP, 0.1)
    averaged = rc.simulate(data, estimator, 60, n_trials=60, rng=1)
    drawn = rc.simulate(data, estimator, 60, n_trials=60, rng=1, label_noise="drawn")
    assert_allclose(averaged.bias.values + averaged.variance.values + 0.25, averaged.test.values, rtol=1e-12)
    for name in ("test", "train", "norm_squared"):
        difference = getattr(drawn, name).values - getattr(averaged, name).values
        assert abs(difference.mean()) < 3.5 * difference.std(ddof=1) / math.sqrt(60), name
    assert_array_equal(drawn.bias.values, averaged.bias.values)


def test_what_is_independent_of_x_is_fitted_like_noise() -> None:
    """Without a linear part the bias is M(1 + v) where the variance is τ²v, in every trial."""
    data = rc.GaussianData(uniform(30), np.zeros(30), 0.25, outside_energy=0.4)
    trials = rc.simulate(data, rc.KernelRidge(EXP, [0.0, 0.1]), 60, n_trials=4, rng=1)
    assert_allclose(trials.bias.values, 0.4 * (1 + trials.variance.values / 0.25), rtol=1e-12)


def quadratic(z: np.ndarray) -> np.ndarray:
    return np.asarray((z[:, 0] ** 2 - 1) / math.sqrt(10))  # energy 0.2


def test_a_quadratic_part_acts_as_noise() -> None:
    d = 100
    data = rc.GaussianData(uniform(d), np.full(d, 0.8 / d), 0.25, outside_energy=0.2, target=quadratic)
    found = rc.verify(data, rc.KernelRidge(EXP, [0.1]), 2 * d, n_trials=40, rng=5)
    relative = found.trials.test.mean / found.prediction.test - 1
    assert np.abs(relative) < 2 / d + 3.5 * found.trials.test.standard_error / found.prediction.test


def test_zero_eigenvalues_count_in_the_dimension_and_their_energy_is_outside() -> None:
    spectrum = rc.Spectrum.from_eigenvalues([1.6, 0.0], multiplicities=[50, 30])
    data = rc.GaussianData(spectrum, [0.8, 0.2], 0.25)
    assert limits.linear_regime(EXP, spectrum).covariance.n_features == 80
    found = rc.verify(data, rc.KernelRidge(EXP, 0.2), 120, n_trials=40, rng=2)
    assert found.agrees
    assert found.prediction.bias > 0.2


def test_a_scale_multiplies_the_inputs_and_not_the_ridge() -> None:
    data = rc.GaussianData.isotropic(2, noise=0.25)
    trials = rc.simulate(data, rc.KernelRidge(EXP, 0.1), 4, n_trials=4, scale=20, rng=0)
    direct = rc.simulate(rc.GaussianData.isotropic(40, noise=0.25), rc.KernelRidge(EXP, 0.1), 80, n_trials=4, rng=0)
    assert_array_equal(trials.test.values, direct.test.values)


def test_a_note_says_where_degree_2_is_learned() -> None:
    data = rc.GaussianData.isotropic(50)
    assert rc.predict(data, rc.KernelRidge(EXP, 0.1), 100).notes == ()
    assert "degree 2 is learned" in rc.predict(data, rc.KernelRidge(EXP, 0.1), [100, 2000]).notes[0]
    assert rc.predict(data, rc.KernelRidge(kernels.Taylor([1, 1, 0, 1]), 0.1), 2000).notes == ()


# -------------------------------------------------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: limits.staircase([[0.1]], 1.5), "energies must be an array of 1 dimension"),
        (lambda: limits.staircase([], 1.5), "energies must have at least one entry"),
        (lambda: limits.staircase([-0.1], 1.5), "energies must be finite and >= 0, got -0.1"),
        (lambda: limits.staircase([0.1], np.nan), "exponent must be finite and >= 0, got nan"),
        (lambda: limits.critical_ridge_risk(-1, 0, 0, 1, 1, 1), "psi must be >= 0, got -1"),
        (lambda: limits.critical_ridge_risk(1, 0, np.inf, 1, 1, 1), "tail must be finite and >= 0, got inf"),
        (lambda: limits.critical_ridge_risk([1, 2], [0, 1, 2], 0, 1, 1, 1), "shapes do not broadcast: psi"),
        (lambda: limits.critical_ridge_risk(1, 0, 0, 1, 1, -1), "noise must be finite and >= 0, got -1; it is a var"),
        (lambda: limits.kernel_spectrum(EXP, 30, 20, level=1.5), "level must be a whole number >= 1"),
        (lambda: limits.kernel_spectrum(EXP, 30, 20, level=2), "n_samples must be above the number of harmonics"),
        (lambda: limits.kernel_spectrum(kernels.Erf(), 30, 20, level=2), "level must be a degree that the kernel has"),
        (lambda: limits.kernel_spectrum(kernels.Polynomial(0), 30, 20), "kernel must have a degree >= 1"),
        (lambda: limits.kernel_spectrum(EXP, 30, 20, domain="torus"), "domain must be one of"),
        (lambda: limits.linear_regime(EXP, rc.Spectrum.isotropic(2.5)), "n_features must be a finite whole number"),
        (lambda: limits.linear_regime(EXP, rc.Spectrum.power_law(2.0)), "n_features must be a finite whole number"),
        (lambda: limits.linear_regime(kernels.RBF(), uniform(20, 1.3)), "where Tr Σ is not d"),
        (lambda: limits.linear_regime(2 * kernels.RBF() + EXP, uniform(20, 1.3)), "with Tr Σ/d = 1.3"),
        (lambda: limits.linear_regime(kernels.Cyclic(EXP), uniform(20)), "must not be averaged over shifts"),
        (lambda: limits.linear_regime(kernels.Taylor([1, -1]), uniform(20)), "must be positive definite"),
        (lambda: limits.linear_regime(EXP, uniform(20, 1e6)), "K(x, x) at ‖x‖² = Tr Σ must be finite"),
        (lambda: limits.linear_regime(EXP, uniform(20)).equivalent_ridge(-1), "ridge must be >= 0"),
    ],
)  # fmt: skip
def test_refusals(call: object, words: str) -> None:
    with pytest.raises(ValueError, match=re.escape(words)):
        call()  # type: ignore[operator]


def test_types_are_refused() -> None:
    for call in (
        lambda: limits.staircase([1.0], 1.5, "exp"),
        lambda: limits.kernel_spectrum("exp", 30, 20),
        lambda: limits.linear_regime("exp", uniform(20)),
        lambda: limits.linear_regime(EXP, [1.0]),
    ):
        with pytest.raises(TypeError, match="must be a "):
            call()
