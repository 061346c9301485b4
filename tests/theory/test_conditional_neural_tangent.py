"""Neural tangent models of given weights: identities, and twins from the definitions (integrals over a plane)."""

from __future__ import annotations

import math

import mpmath
import numpy as np
import precise_neural_tangent as precise
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

import riskcalc as rc

A, nt = rc.activations, rc.neural_tangent
ERF = A.Erf(2**-0.5)
HARD = A.custom(lambda x: np.clip(x, -1, 1), lambda x: (np.abs(x) < 1) * 1.0, (-1, 1))
SLOPES = {
    "relu": (A.ReLU(), precise.step),
    "erf": (ERF, lambda u: np.sqrt(2 / np.pi) * np.exp(-u * u / 2)),
    "tanh": (A.Tanh(), lambda u: 1 / np.cosh(u) ** 2),
    "cube": (A.Hermite(3), lambda u: 3 * (u * u - 1)),
    "half square": (A.Power(2), lambda u: 2 * max(u, 0.0)),
    "leaky": (A.LeakyReLU(-0.3), lambda u: precise.step(u) + 0.3 * (precise.step(u) - 1) if u else 0.35),
}
TARGET = [0.2, 0.7, -0.4, 0.5]


def kind(phi: rc.activations.Activation) -> str:
    return type(phi).__name__


def law(d: int | None) -> dict[str, object]:
    return {} if d is None else {"inputs": "sphere", "n_inputs": d}


def unit(rows: int, d: int, seed: int = 0) -> np.ndarray:
    g = np.random.default_rng(seed).standard_normal((rows, d))
    return g / np.linalg.norm(g, axis=1, keepdims=True)


@pytest.mark.parametrize(("d", "rho"), [(None, -0.35), (6, 0.7), (7, -0.6)])
@pytest.mark.parametrize("name", SLOPES)
def test_blocks_are_the_integrals(name: str, d: int | None, rho: float) -> None:
    phi, slope = SLOPES[name]
    found = nt.block(phi, rho, **law(d))
    exact, size = precise.block(slope, rho, d), max(1.0, float(nt.block(phi, 1.0).identity))
    assert_allclose([found.identity, found.crossed, found.straight], exact, rtol=0, atol=2e-13 * size)


@pytest.mark.parametrize("d", [None, 6])
@pytest.mark.parametrize("name", SLOPES)
def test_products_with_a_target_are_the_integrals(name: str, d: int | None) -> None:
    phi, slope = SLOPES[name]

    def g(u: float) -> float:
        return sum(c * precise.hermite(k, u) for k, c in enumerate(TARGET))

    found = nt.cross(phi, -0.6, rc.targets.SingleIndex(coefficients=TARGET), **law(d))
    assert_allclose([found.along_weight, found.along_target], precise.cross(slope, g, -0.6, d), atol=1e-12)


@given(rho=st.floats(-0.999, 0.999))
def test_tables_of_relu_and_erf(rho: float) -> None:
    """The closed forms as they are printed, and their Hermite series at smaller overlaps."""
    relu, erf = nt.block(A.ReLU(), rho), nt.block(ERF, rho)
    b = 1 / (2 * np.pi * np.sqrt(1 - rho**2))
    assert_allclose(relu.identity, (np.pi - np.arccos(rho)) / (2 * np.pi), atol=1e-15)
    assert_allclose([relu.crossed, relu.straight], [b, -rho * b], rtol=1e-11, atol=1e-12)
    h = 2 / (np.pi * np.sqrt(4 - rho**2))
    assert_allclose(erf.identity, h, rtol=1e-14)
    assert_allclose([erf.crossed, erf.straight], [rho * h / (4 - rho**2), -2 * h / (4 - rho**2)], rtol=1e-13)


@pytest.mark.parametrize("phi", [A.Tanh(), A.Sin(1.3), A.GELU(), ERF, HARD, A.ELU()], ids=kind)
def test_blocks_are_their_hermite_series(phi: rc.activations.Activation) -> None:
    """H = Σ s², b = h', q = Σ √((k+1)(k+2)) s_k s_(k+2), s_k = √(k+1) c_(k+1): 60 degrees at |ρ| <= 1/2."""
    c = phi.hermite_coefficients(60)
    k = np.arange(60.0)
    s, rho = np.sqrt(k + 1) * c[1:], np.array([-0.5, 0.1, 0.45])
    found = nt.block(phi, rho)
    assert_allclose(found.identity, np.polynomial.polynomial.polyval(rho, s**2), rtol=1e-12, atol=1e-12)
    assert_allclose(found.crossed, np.polynomial.polynomial.polyval(rho, (k * s**2)[1:]), rtol=1e-11, atol=1e-12)
    products = np.sqrt((k + 1) * (k + 2))[:-2] * s[:-2] * s[2:]
    assert_allclose(found.straight, np.polynomial.polynomial.polyval(rho, products), rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("phi", [A.ReLU(), ERF, A.Tanh(), A.ELU(), A.Power(2)], ids=kind)
def test_blocks_at_parallel_weights(phi: rc.activations.Activation) -> None:
    """E φ'² 1 + (E φ'²u² - E φ'²) wwᵀ at ρ = 1; with ρ = -1 the plane's direction has E φ'(u)φ'(-u)u²."""
    x = np.linspace(-12, 12, 480_001)
    density = np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi) * (x[1] - x[0])
    same, opposite = phi.derivative(x) ** 2, phi.derivative(x) * phi.derivative(-x)
    at = nt.block(phi, [1.0, -1.0])
    assert_allclose(at.identity, [density @ same, density @ opposite], atol=1e-4)
    expected = [density @ (same * (x**2 - 1)), density @ (opposite * (x**2 - 1))]
    assert_allclose(2 * (at.straight + np.array([1, -1]) * at.crossed), expected, atol=1e-4)
    near = nt.block(phi, 1 - 1e-9)
    assert_allclose(2 * (near.straight + near.crossed), expected[0], atol=2e-4)


def test_relu_has_isotropic_diagonal_blocks() -> None:
    at = nt.block(A.ReLU(), [1.0, -1.0])
    assert_allclose([at.identity, at.crossed, at.straight], [[0.5, 0.0], [0.0, 0.0], [0.0, 0.0]], atol=1e-16)


@pytest.mark.parametrize("phi", [A.ReLU(), A.LeakyReLU(0.2), A.Abs()], ids=kind)
def test_piecewise_linear_features_do_not_see_the_radius(phi: rc.activations.Activation) -> None:
    W = unit(4, 5)
    target = rc.targets.SingleIndex(coefficients=[0, 1])
    for layers in ("first", "both"):
        gaussian, sphere = (
            nt.conditional_problem(phi, W, target, layers=layers, inputs=inputs) for inputs in ("gaussian", "sphere")
        )
        assert_allclose(gaussian.spectrum.eigenvalues, sphere.spectrum.eigenvalues, rtol=1e-9, atol=1e-15)
        assert_allclose(gaussian.unreached, sphere.unreached, atol=1e-10)


@pytest.mark.parametrize("inputs", ["gaussian", "sphere"])
@pytest.mark.parametrize("phi", [A.ReLU(), ERF, A.Tanh(), A.ELU(), A.Quadratic(), A.Hermite(3), HARD], ids=kind)
def test_moments_of_samples(phi: rc.activations.Activation, inputs: str) -> None:
    """E ψψᵀ and E ψf* of both layers from 100 000 points: the largest of about 200 entries is below 4.5 errors."""
    if phi is HARD and inputs == "sphere":
        return  # refused, see below
    N, d, m = 3, 4, 100_000
    W, rng = unit(N, d, 3), np.random.default_rng(4)
    x = rng.standard_normal((m, d))
    if inputs == "sphere":
        x *= np.sqrt(d) / np.linalg.norm(x, axis=1, keepdims=True)
    e = unit(1, d, 9)[0]
    target = rc.targets.SingleIndex(coefficients=TARGET)
    u, s = x @ W.T, x @ e
    inner = (phi.derivative(u)[:, :, None] * x[:, None]).reshape(m, -1) / np.sqrt(N * d)
    psi = np.concatenate([phi(u) / np.sqrt(N), inner], axis=1)
    f = TARGET[0] + TARGET[1] * s + TARGET[2] * (s**2 - 1) / np.sqrt(2) + TARGET[3] * (s**3 - 3 * s) / np.sqrt(6)
    problem = nt.conditional_problem(phi, W, target, layers="both", inputs=inputs, direction=e)
    from riskcalc.theory.neural_tangent.conditional import tangent_covariance, tangent_cross
    from riskcalc.theory.random_features.input_law import InputLaw, target_expansion

    its = InputLaw.of(inputs, d)
    covariance = tangent_covariance(phi, W, its, True)
    cross = tangent_cross(phi, W, e, target_expansion(its, target), its, True)
    rows = np.concatenate([psi.T, f[None]])
    expected = np.vstack([covariance, cross])
    for i, row in enumerate(rows):
        products = row[:, None] * psi
        z = (products.mean(axis=0) - expected[i]) / (products.std(axis=0) / np.sqrt(m) + 1e-15)
        assert np.abs(z).max() < 4.5, (i, z)
    energy = float((f**2).mean())
    assert_allclose(problem.unreached + problem.reached.sum(), energy, rtol=5 * (f**2).std() / energy / np.sqrt(m))


def test_a_clipped_neuron_with_itself() -> None:
    """At angle 0 the series does not end: E φ'², E φ'²u² and E φφ'u of the hard tanh are in closed form."""
    from riskcalc.theory.neural_tangent.moments import pair_moments
    from riskcalc.theory.random_features.input_law import InputLaw

    at = pair_moments(HARD, np.array([0.0]), InputLaw.of("gaussian", 3))
    inside = math.erf(0.5**0.5)
    square = inside - np.sqrt(2 / (np.pi * np.e))
    found = np.concatenate([at.across, at.minus, at.plus, at.along, at.side])
    assert_allclose(found, [inside, inside, square, square, 0], rtol=1e-12)


def test_conditional_equivalent_from_dense_matrices() -> None:
    """Two ReLU neurons in three dimensions, Σ and c from integrals over pairs, the rest in 30 digits with inverses."""
    W, noise, d = np.array([[1.0, 0, 0], [0.6, 0.8, 0]]), 0.2, 3
    overlaps = W @ W.T
    sigma, moment = np.zeros((6, 6)), np.zeros(6)
    e = np.array([0.0, 0.6, 0.8])
    for i in range(2):
        a, b = precise.cross(precise.step, lambda u: precise.hermite(1, u) + 0.5 * precise.hermite(2, u), W[i] @ e)
        moment[3 * i : 3 * i + 3] = (a * W[i] + b * e) / np.sqrt(2 * d)
        for j in range(2):
            w, v = W[i][:, None], W[j][:, None]
            if i == j:
                block = np.eye(3) / 2
            else:
                h, crossed, straight = precise.block(precise.step, overlaps[i, j])
                block = h * np.eye(3) + crossed * (w @ v.T + v @ w.T) + straight * (w @ w.T + v @ v.T)
            sigma[3 * i : 3 * i + 3, 3 * j : 3 * j + 3] = block / (2 * d)
    target = rc.targets.SingleIndex(coefficients=[0, 1, 0.5])
    problem = nt.conditional_problem(A.ReLU(), W, target, noise, direction=e)
    for n, ridge in ((4.0, 0.01), (20.0, 0.3)):
        with mpmath.workdps(30):
            exact = precise.conditional_risk(sigma.tolist(), moment.tolist(), 1.25, n, ridge, noise)
        found = rc.ridge_risk(problem, n, ridge)
        for name, value in exact.items():
            assert_allclose(float(getattr(found, name)), float(value), rtol=1e-10, err_msg=name)


def test_threshold_is_at_the_rank() -> None:
    """A quadratic activation has the features xᵀAx with A = Σ (w bᵀ + b wᵀ): rank d(d+1)/2 - (d-N)(d-N+1)/2."""
    d, N = 7, 4
    problem = nt.conditional_problem(A.Quadratic(), unit(N, d), rc.targets.SingleIndex(coefficients=[0, 0, 1]), 0.1)
    rank = d * (d + 1) // 2 - (d - N) * (d - N + 1) // 2
    assert problem.spectrum.rank == rank < N * d
    risk = rc.ridge_risk(problem, [rank - 1, rank, rank + 1, 3 * rank], 0)
    assert np.isinf(risk.test[1])
    assert np.isfinite(risk.test[[0, 2, 3]]).all()
    assert risk.train[0] == 0
    assert_allclose(risk.train[3], (1 - 1 / 3) * (problem.unreached + 0.1), rtol=1e-12)


@pytest.mark.parametrize("inputs", ["gaussian", "sphere"])
def test_a_neuron_is_represented_by_both_layers(inputs: str) -> None:
    """φ(⟨w_3, x⟩) is one of the features of the second layer."""
    W, tanh = unit(12, 4), rc.targets.SingleIndex(A.Tanh())
    assert nt.conditional_problem(A.Tanh(), W, tanh, layers="both", direction=W[3], inputs=inputs).unreached < 1e-9


@pytest.mark.parametrize("layers", ["first", "both"])
def test_a_relu_neuron_is_represented_by_its_own_slope(layers: str) -> None:
    """⟨w, x⟩φ'(⟨w, x⟩) = φ(⟨w, x⟩): of its first 9 degrees no more is left than the energy of the others."""
    W, c = unit(12, 4), A.ReLU().hermite_coefficients(9)
    target = rc.targets.SingleIndex(coefficients=c)
    assert nt.conditional_problem(A.ReLU(), W, target, layers=layers, direction=W[3]).unreached < 0.5 - c @ c
