"""Two layers: velocities against the gradient integrals (precise), limits, conservation, simulated descent."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import precise_dynamics as precise
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import erf

import riskcalc as rc
from riskcalc.activations import ELU, GELU, Abs, Activation, Erf, Hermite, LeakyReLU, ReLU, Sign, Sin, Tanh, custom
from riskcalc.errors import NotConvergedError
from riskcalc.targets import SingleIndex
from riskcalc.theory.dynamics import FiniteWidthFlow, MeanField

ERF = Erf(2**-0.5)
LECTURE = SingleIndex(custom(lambda z: erf(math.sqrt(2) * z) + 0.4 * (z * z - 1) * np.exp(-z * z / 4)))
SOFT = SingleIndex(custom(lambda z: np.tanh(z) + 0.4 * np.cos(z)))
SMOOTH: list[Activation] = [ERF, Erf(0.9), Tanh(), Sin(1.3), GELU(), Hermite(2)]
BENT: list[Activation] = [ReLU(), LeakyReLU(0.2), Abs()]


def grid(W: np.ndarray, bent: bool) -> tuple[np.ndarray, np.ndarray]:
    """Points of x and weights: in three dimensions, or in the plane with the kinks of the neurons as ends of panels."""
    return precise.plane_grid(W) if bent else precise.gaussian_grid(3, 0.25)


@pytest.mark.parametrize("phi", SMOOTH + BENT, ids=repr)
def test_the_finite_flow_is_the_gradient_of_the_loss(phi: Activation) -> None:
    """ȧ = E(f* - f)φ(u), ẇ = aE(f* - f)φ'(u)x over x itself, N = 3; then Ṁ = Ẇe and Q̇ = ẆWᵀ + WẆᵀ."""
    bent = phi in BENT
    rng = np.random.default_rng(1)
    W, a = 0.7 * rng.standard_normal((3, 2 if bent else 3)), rng.standard_normal(3)
    x, w = grid(W, bent)
    error = SOFT._function(x[:, 0]) - phi(x @ W.T) @ a / 3
    a_dot = (w * error) @ phi(x @ W.T)
    W_dot = a[:, None] * np.einsum("n,nj,nd->jd", w * error, phi.derivative(x @ W.T), x)
    model = FiniteWidthFlow(phi, SOFT)
    found = model.velocity(a, W[:, 0], W @ W.T)
    assert_allclose(model.loss(a, W[:, 0], W @ W.T), w @ error**2 / 2, rtol=1e-11)
    assert_allclose(found.a, a_dot, atol=1e-11)
    assert_allclose(found.M, W_dot[:, 0], atol=1e-11)
    assert_allclose(found.Q, W_dot @ W.T + W @ W_dot.T, atol=1e-11)


@pytest.mark.parametrize("phi", SMOOTH + BENT, ids=repr)
def test_the_mean_field_is_its_two_dimensional_integrals(phi: Activation) -> None:
    """Each neuron with a Z of its own, in the plane of (G, Z)."""
    bent = phi in BENT
    a, m, r = np.array([1.0, -0.6, 0.3]), np.array([0.5, -0.2, 0.0]), np.array([0.8, 1.1, 0.4])
    x, w = precise.plane_grid(np.stack([m, r], axis=1)) if bent else precise.gaussian_grid(2, 1 / 16, 9.0)
    v = x[:, :1] * m + x[:, 1:] * r
    error = smooth_error(phi, a, m, r, x[:, 0])
    model = MeanField(phi, SOFT)
    found = model.velocity(a, m, r)
    assert_allclose(model.loss(a, m, r), w @ error**2 / 2, rtol=1e-9 if bent else 1e-11)
    for name, expected in {
        "a": (w * error) @ phi(v),
        "m": a * ((w * error * x[:, 0]) @ phi.derivative(v)),
        "r": a * ((w * error * x[:, 1]) @ phi.derivative(v)),
    }.items():
        assert_allclose(getattr(found, name), expected, atol=1e-9 if bent else 1e-11)


def smooth_error(phi: Activation, a: np.ndarray, m: np.ndarray, r: np.ndarray, z: np.ndarray) -> np.ndarray:
    """Error g - f at z, by Gauss-Legendre over Z on both sides of the kink."""
    nodes, weights = np.polynomial.legendre.leggauss(120)
    f = np.zeros_like(z)
    for a_j, m_j, r_j in zip(a, m, r, strict=True):
        cut = np.clip(-m_j * z / r_j, -9, 9)
        for low, high in ((-9.0, cut), (cut, 9.0)):
            Z = (low + high)[:, None] / 2 + ((high - low) / 2)[:, None] * nodes
            mass = ((high - low) / 2)[:, None] * weights * np.exp(-(Z**2) / 2) / math.sqrt(2 * math.pi)
            f += a_j / a.size * (mass * phi(m_j * z[:, None] + r_j * Z)).sum(axis=1)
    return np.asarray(SOFT._function(z) - f)


def replicated(copies: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Three kinds of neurons, each ``copies`` times with orthogonal parts of their own: a, m, r and Q."""
    a, m, r = (np.repeat(x, copies) for x in ([1.0, -0.7, 0.4], [0.6, -0.3, 0.1], [0.9, 1.0, 1.2]))
    return a, m, r, np.outer(m, m) + np.diag(r**2)


@pytest.mark.parametrize("phi", [ERF, pytest.param(Tanh(), marks=pytest.mark.slow), ReLU()], ids=repr)
def test_the_limit_of_many_neurons_is_the_mean_field(phi: Activation) -> None:
    """The gap is 1/N times a constant, then 1/N²: it halves when N doubles, to 5 %."""
    gaps = []
    for copies in (8, 16):
        a, m, r, Q = replicated(copies)
        exact = FiniteWidthFlow(phi, LECTURE).trajectory([0, 3], a, m, Q)
        limit = MeanField(phi, LECTURE).trajectory([0, 3], a, m, r)
        gaps.append(np.append(exact.loss - limit.loss, (exact.M - limit.m)[1, ::copies]))
    assert_allclose(gaps[0], 2 * gaps[1], rtol=0.05)
    assert np.abs(gaps[1][:2]).max() > 1e-4


@pytest.mark.parametrize("phi", BENT, ids=repr)
def test_homogeneous_neurons_conserve_their_balance(phi: Activation) -> None:
    """Euler's uφ' = φ: a² - |w|² stays, to the tolerance of the integration."""
    a, m, r, Q = replicated(2)
    times = [0.0, 1.0, 10.0]
    particles, overlaps = (
        MeanField(phi, LECTURE).trajectory(times, a, m, r),
        FiniteWidthFlow(phi, LECTURE).trajectory(times, a, m, Q),
    )
    assert_allclose(particles.a**2 - particles.m**2 - particles.r**2, np.tile(a**2 - m**2 - r**2, (3, 1)), atol=1e-8)
    squared = np.diagonal(overlaps.Q, axis1=1, axis2=2)
    assert_allclose(overlaps.a**2 - squared, np.tile(a**2 - np.diagonal(Q), (3, 1)), atol=1e-8)
    assert np.ptp(overlaps.a, axis=0).max() > 0.05


@pytest.mark.parametrize("phi", [ERF, Sin(1.0), ReLU()], ids=repr)
def test_the_loss_falls_by_the_squared_gradient(phi: Activation) -> None:
    """dR/dt = -(1/N)Σ(ȧ² + ṁ² + ṙ²), by central differences along the velocity (error h²)."""
    a, m, r, _ = replicated(1)
    model, h = MeanField(phi, LECTURE), 1e-4
    v = model.velocity(a, m, r)
    moved = [float(model.loss(a + s * v.a, m + s * v.m, r + s * v.r)) for s in (h, -h)]
    assert_allclose((moved[0] - moved[1]) / (2 * h), -(v.a**2 + v.m**2 + v.r**2).mean(), rtol=1e-6)


def test_the_late_rows_of_the_lecture_table() -> None:
    """N = 100, d = 200, weights drawn anew: at t = 8, 12, 20 .0563 .0542 .0507 to the 1 % by which draws differ."""
    rng = np.random.default_rng(0)
    a, W = np.where(np.arange(100) % 2, 1.0, -1.0), rng.standard_normal((100, 200)) / math.sqrt(200)
    path = MeanField(ERF, LECTURE).trajectory([8, 12, 20], a, W[:, 0], np.linalg.norm(W[:, 1:], axis=1))
    assert_allclose(path.loss, [0.0563, 0.0542, 0.0507], rtol=0.01)


def test_one_pass_descent_follows_the_finite_flow() -> None:
    """N = 6, d = 40, ε = .01/d, 8 runs: within 4.5 standard errors and O(εd) = 1 %; the mean field is 3 % off."""
    N, d, runs, step, times = 6, 40, 8, 0.01 / 40, [0.5, 1.5]
    rng = np.random.default_rng(2)
    a0, W0 = np.where(np.arange(N) % 2, 1.0, -1.0), rng.standard_normal((N, d)) / math.sqrt(d)
    a, W, g = np.tile(a0, (runs, 1)), np.tile(W0, (runs, 1, 1)), LECTURE._function
    model, losses = FiniteWidthFlow(ERF, LECTURE), []
    for i in range(1, round(times[-1] / step) + 1):
        x = rng.standard_normal((runs, d))
        u = np.einsum("snd,sd->sn", W, x)
        error = (g(x[:, 0]) - (a * erf(u / math.sqrt(2))).mean(axis=1))[:, None]
        slope = math.sqrt(2 / math.pi) * np.exp(-(u**2) / 2)
        a, W = a + step * error * erf(u / math.sqrt(2)), W + (step * error * a * slope)[..., None] * x[:, None, :]
        if i in [round(t / step) for t in times]:
            losses.append([float(model.loss(a[s], W[s, :, 0], W[s] @ W[s].T)) for s in range(runs)])
    theory, found = model.trajectory(times, a0, W0[:, 0], W0 @ W0.T).loss, np.array(losses)
    allowed = 4.5 * found.std(axis=1, ddof=1) / math.sqrt(runs) + 0.01 * theory
    assert (np.abs(found.mean(axis=1) - theory) < allowed).all()
    limit = MeanField(ERF, LECTURE).trajectory(times, a0, W0[:, 0], np.linalg.norm(W0[:, 1:], axis=1)).loss
    assert (np.abs(limit - theory) > allowed).any()


def test_without_first_degree_the_saddle_is_not_left() -> None:
    a, m, r = [1.0, -1.0], np.zeros(2), np.ones(2)
    even = SingleIndex(Hermite(2))
    assert_allclose(MeanField(Tanh(), even).trajectory([5.0], a, m, r).m, 0, atol=1e-12)
    assert_array_equal(np.abs(MeanField(Tanh(), SOFT).trajectory([5.0], a, m, r).m) > 0.05, True)


def test_shapes_and_starts() -> None:
    a, m, r, Q = replicated(1)
    path = MeanField(ERF, SOFT).trajectory([[0.0, 1.0], [2.0, 0.0]], a, m, r)
    assert path.a.shape == (2, 2, 3)
    assert path.loss.shape == (2, 2)
    assert_array_equal(path.r[0, 0], r)
    assert MeanField(ERF, SOFT).loss(np.ones((5, 3)), m, r).shape == (5,)
    exact = FiniteWidthFlow(ERF, SOFT).trajectory(0.0, a, m, Q)
    assert_array_equal(exact.Q, Q)
    assert exact.loss.shape == ()
    aligned = MeanField(ReLU(), SOFT).velocity([1.0], [0.5], [0.0])  # r = 0: a neuron along e
    assert_array_equal(aligned.r, 0)


def test_a_neuron_too_steep_for_its_series_is_refused() -> None:
    with pytest.raises(NotConvergedError, match="Hermite series of a neuron this steep"):
        FiniteWidthFlow(Tanh(), SOFT).velocity([1.0], [0.0], [[900.0]])


@pytest.mark.parametrize(
    ("call", "error", "sentence"),
    [
        (lambda: MeanField(ELU(), SOFT), ValueError, "activation must be smooth, or linear on each side of 0"),
        (lambda: MeanField(ERF, SingleIndex(np.abs)).loss([1.0], [0.5], [0.5]), ValueError, "could not be integrated"),
        (lambda: FiniteWidthFlow(Sign(), SOFT), ValueError, "has no derivative"),
        (lambda: MeanField(ERF, rc.targets.Monomials({(0,): 1.0})), TypeError, "target must be a SingleIndex"),
        (lambda: MeanField(ERF, SOFT).loss(1.0, 0.5, 0.5), ValueError, "must have the neurons as their last axis"),
        (lambda: MeanField(ERF, SOFT).loss([1.0, 2.0], [0.5] * 3, [1.0]), ValueError, "as many neurons each"),
        (lambda: MeanField(ERF, SOFT).loss([1.0], [0.5], [-1.0]), ValueError, "r must be finite and >= 0"),
        (lambda: FiniteWidthFlow(ERF, SOFT).loss([1.0], [1.0], [[1.0]]), ValueError, "none of them parallel"),
        (lambda: FiniteWidthFlow(ERF, SOFT).loss([1.0], [1.5], [[1.0]]), ValueError, "must be the Gram matrix"),
        (lambda: FiniteWidthFlow(ERF, SOFT).loss([1.0, 1.0], [0.5], [[1.0]]), ValueError, "as many neurons each"),
        (lambda: FiniteWidthFlow(ERF, SOFT).loss([1.0], [0.5], [[1.0, 0.0]]), ValueError, "Q must be square"),
    ],
)
def test_bad_input_is_refused(call: Callable[[], object], error: type[Exception], sentence: str) -> None:
    with pytest.raises(error, match=sentence):
        call()
