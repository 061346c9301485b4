"""Identities: what the masses of every kernel satisfy, from its values as a function."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

import riskcalc.activations as activations
import riskcalc.kernels as kernels
from riskcalc.harmonics import gegenbauer, krawtchouk, log_hypercube_multiplicity, log_sphere_multiplicity
from riskcalc.kernels.kernel import Kernel
from riskcalc.kernels.masses import times_t

EPS = np.finfo(float).eps
positive = st.floats(0.05, 3.0)
analytic = st.one_of(
    positive.map(kernels.Exponential),
    st.floats(0.0, 0.2).map(kernels.RBF),
    positive.map(kernels.Erf),
    st.builds(kernels.Polynomial, st.integers(0, 9), st.floats(0.0, 2.0)),
    st.integers(0, 9).map(kernels.Monomial),
    st.lists(st.floats(0.0, 1.0), min_size=1, max_size=8).map(kernels.Taylor),
    st.just(kernels.Dual(activations.Tanh(), "gaussian")),
    st.just(kernels.Dual(activations.Tanh())),
    st.just(kernels.Dual(activations.GELU())),
    st.just(kernels.NeuralTangent(activations.Tanh(), "both")),
    st.just(kernels.NeuralTangent(activations.Softplus(), "first", "gaussian")),
    st.just(kernels.NeuralTangent(activations.Erf(0.7))),
)
singular = st.one_of(
    st.floats(0.0, 4.0).map(kernels.ArcCosine),
    st.integers(1, 4).map(kernels.ReluGaussianProcess),
    st.integers(1, 4).map(kernels.ReluNeuralTangent),
    st.just(kernels.Laplace()),
    st.just(kernels.Dual(activations.ELU(), "gaussian")),
    st.just(kernels.Dual(activations.Step())),
    st.just(kernels.NeuralTangent(activations.LeakyReLU(0.2), "both")),
)
anything = st.one_of(analytic, singular, st.builds(lambda a, b, c: a + c * b, analytic, singular, positive))


@given(anything, st.sampled_from([2, 3, 7, 30, 500]), st.integers(0, 12))
def test_masses_and_tail_are_the_value_at_one(kernel: Kernel, d: int, top: int) -> None:
    spectrum = kernel.spectrum(d, top)
    assert (spectrum.masses >= 0).all()
    assert spectrum.tail >= 0
    assert_allclose(spectrum.trace, kernel.profile(1.0, d), rtol=1e-12)
    log_multiplicities = log_sphere_multiplicity(d, np.arange(top + 1))
    assert_allclose(spectrum.log_masses, spectrum.log_eigenvalues + log_multiplicities, atol=4 * EPS * (20 + top * 7))


@settings(max_examples=25)
@given(anything, st.sampled_from([2, 5, 40]), st.floats(-1, 1))
def test_the_series_of_polynomials_is_the_profile(kernel: Kernel, d: int, t: float) -> None:
    """|P_k| <= 1, so what is missing is at most the tail."""
    spectrum = kernel.spectrum(d, 60)
    series = spectrum.masses @ gegenbauer(d, np.arange(61), t)
    assert abs(series - kernel.profile(t, d)) <= spectrum.tail + 1e-12 * kernel.profile(1.0, d)


@settings(max_examples=25)
@given(analytic, st.sampled_from([2, 3, 10, 300]))
def test_the_second_moment_is_the_sum_of_masses_times_eigenvalues(kernel: Kernel, d: int) -> None:
    spectrum = kernel.spectrum(d, 80)
    assert_allclose(spectrum.masses @ spectrum.eigenvalues, kernel.second_moment(d), rtol=1e-10)


@given(singular, st.sampled_from([10, 50, 300]))
def test_the_second_moment_of_singular_kernels(kernel: Kernel, d: int) -> None:
    """The degrees beyond 80 have eigenvalues below 1e-10 of the trace."""
    spectrum = kernel.spectrum(d, 80)
    assert_allclose(spectrum.masses @ spectrum.eigenvalues, kernel.second_moment(d), rtol=1e-9)


@settings(max_examples=25)
@given(anything, st.sampled_from([2, 5, 12]), st.integers(0, 12))
def test_the_hypercube_is_a_finite_sum(kernel: Kernel, d: int, flips: int) -> None:
    """All d + 1 degrees are the kernel: nothing is left for the tail."""
    t = 1 - 2 * min(flips, d) / d
    spectrum = kernel.spectrum(d, d, "hypercube")
    total = float(kernel.profile(1.0, d))
    assert spectrum.tail == 0
    assert_allclose(spectrum.masses @ krawtchouk(d, np.arange(d + 1), t), kernel.profile(t, d), atol=2e-12 * total)
    assert_allclose(spectrum.masses @ spectrum.eigenvalues, kernel.second_moment(d, "hypercube"), rtol=1e-10)
    assert_allclose(
        spectrum.log_masses, spectrum.log_eigenvalues + log_hypercube_multiplicity(d, np.arange(d + 1)), atol=1e-12
    )


@settings(max_examples=25)
@given(st.one_of(analytic, singular).filter(lambda kernel: not isinstance(kernel, kernels.RBF)))  # whose h depends on d
def test_the_hypercube_is_the_sphere_up_to_one_over_d(kernel: Kernel) -> None:
    """Both are a_k + [(k+1)(k+2) a_(k+2) - k(k-1) a_k]/(2d) to O(1/d²): ten times d makes the gap 100 times smaller."""
    gaps = []
    if kernel.profile(1.0, 100) == 0:
        return
    for d in (100, 1000):
        gap = kernel.spectrum(d, 4).masses - kernel.spectrum(d, 4, "hypercube").masses
        gaps.append(np.abs(gap).max() / kernel.profile(1.0, d))
    assert gaps[1] < gaps[0] / 40 + 1e-13


@given(st.one_of(analytic, singular), st.sampled_from([50, 500]))
def test_masses_are_taylor_coefficients_to_first_order(kernel: Kernel, d: int) -> None:
    if isinstance(kernel, (kernels.Dual, kernels.NeuralTangent)) and kernel.weights == "sphere":
        return
    a, k = kernel.taylor(d, 40), np.arange(5)
    if a.argmax() > 4:  # the mass is in degrees beyond, as of RBF with γd > 2, whose terms (γd)²/d are not small
        return
    first = a[k] + ((k + 1) * (k + 2) * a[k + 2] - k * (k - 1) * a[k]) / (2 * d)
    assert_allclose(kernel.spectrum(d, 4).masses, first, atol=600 * a.max() / d**2)


@given(st.one_of(analytic, singular), st.floats(-0.6, 0.6))
def test_taylor_coefficients_sum_to_the_profile(kernel: Kernel, t: float) -> None:
    if isinstance(kernel, (kernels.Dual, kernels.NeuralTangent)) and kernel.weights == "sphere":
        return
    assert_allclose(kernel.taylor(9, 300) @ t ** np.arange(300), kernel.profile(t, 9), rtol=1e-12, atol=1e-12)


@settings(max_examples=20)
@given(anything, st.sampled_from([2, 3, 40]), st.sampled_from(["sphere", "hypercube"]))
def test_the_product_rule(kernel: Kernel, d: int, domain: str) -> None:
    """Masses of t h(t) by quadrature of t h(t), those of h by the kernel."""
    top = min(d, 6)
    moved = np.exp(
        times_t(kernel._masses(d, min(d, top + 1) if domain == "hypercube" else top + 1, domain), d, domain).logs
    )
    product = kernels.custom(lambda t: t * kernel._profile(t, d))
    direct = product._masses(d, top, domain)
    assert_allclose(moved[: top + 1], np.exp(direct.logs) * direct.signs, atol=1e-10 * kernel.profile(1.0, d))


@pytest.mark.parametrize("domain", ["sphere", "hypercube"])
def test_parity_is_exact(domain: str) -> None:
    assert (kernels.ReluNeuralTangent(1).spectrum(20, 20, domain).eigenvalues[3::2] == 0).all()
    assert (kernels.ReluNeuralTangent(2).spectrum(20, 20, domain).eigenvalues > 0).all()
    assert (kernels.Erf().spectrum(20, 20, domain).eigenvalues[::2] == 0).all()
    assert (kernels.ArcCosine(0).spectrum(20, 20, domain).eigenvalues[2::2] == 0).all()
    assert kernels.Monomial(4).spectrum(20, 20, domain).rank == sum(
        kernels.Polynomial(4).spectrum(20, 20, domain).multiplicities[[0, 2, 4]]
    )
    shifted = kernels.ReluNeuralTangent(1) + kernels.Polynomial(0)  # an added constant goes into degree 0 only
    extra = shifted.spectrum(20, 20, domain).masses - kernels.ReluNeuralTangent(1).spectrum(20, 20, domain).masses
    assert_allclose(extra, np.eye(21)[0], atol=4 * EPS)


@pytest.mark.parametrize("d", [2, 10, 1000])
def test_polynomials_have_all_polynomials_as_rank_and_no_tail(d: int) -> None:
    for top in (3, 8):
        spectrum = kernels.Polynomial(3).spectrum(d, top)
        assert spectrum.tail == 0
        assert spectrum.rank == sum(
            math.comb(d + k - 1, k) - (math.comb(d + k - 3, k - 2) if k > 1 else 0) for k in range(4)
        )


@pytest.mark.parametrize(("m", "k", "d"), [(4, 2, 7), (5, 1, 3), (6, 6, 30), (7, 3, 2), (6, 3, 5)])
def test_monomials_have_the_eigenvalues_of_the_table(m: int, k: int, d: int) -> None:
    r"""m!/(2^j j! Π_(i<(m+k)/2) (d+2i)), j = (m-k)/2, else 0."""
    j, odd = divmod(m - k, 2)
    exact = (
        0.0
        if odd
        else math.factorial(m) / (2**j * math.factorial(j) * math.prod(d + 2 * i for i in range((m + k) // 2)))
    )
    assert_allclose(kernels.Monomial(m).spectrum(d, 7).eigenvalues[k], exact, rtol=1e-14)


@pytest.mark.parametrize("k", [1, 3, 5, 9, 31])
@pytest.mark.parametrize(("scale", "d"), [(1.0, 10), (0.3, 3), (3.0, 200)])
def test_erf_has_the_eigenvalues_of_the_table(scale: float, d: int, k: int) -> None:
    r"""(2/π)(c/2)^k ((k-2)!!)²/(d/2)_k 2F1(k/2, k/2; k+d/2; c²)."""
    import mpmath

    c = mpmath.mpf(2) * scale**2 / (1 + 2 * mpmath.mpf(scale) ** 2)
    double = mpmath.fac2(k - 2) ** 2 / mpmath.rf(mpmath.mpf(d) / 2, k)
    exact = 2 / mpmath.pi * (c / 2) ** k * double * mpmath.hyp2f1(k / 2, k / 2, k + d / 2, c**2)
    assert_allclose(kernels.Erf(scale).spectrum(d, 31).log_eigenvalues[k], float(mpmath.log(exact)), atol=1e-12)


@pytest.mark.parametrize("d", [2, 3, 50])
def test_tails_below_rounding_are_summed(d: int) -> None:
    """A difference would leave ±1e-16 of a tail of 1e-20; the next degrees say what it is."""
    tail = kernels.Exponential().spectrum(d, 20).tail
    assert_allclose(tail, kernels.Exponential().spectrum(d, 80).masses[21:].sum(), rtol=1e-12)
    assert 0 < tail < 1e-18


def test_a_sharp_gaussian_keeps_its_small_masses() -> None:
    """With a = 2γd = 500 the mass of degree 0 is e^-500 times that of e^(500 t)."""
    sharp = kernels.RBF(2.5).spectrum(100, 200).log_masses
    assert_allclose(sharp, kernels.Exponential(500.0).spectrum(100, 200).log_masses - 500, atol=1e-11)
