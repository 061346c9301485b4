"""Teachers and students: averages by independent quadrature (precise), the update itself, simulated descent, limits."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import precise_dynamics as precise
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import erf

import riskcalc as rc
from riskcalc.targets import SingleIndex
from riskcalc.theory.dynamics import FiniteWidthFlow, OnePass, SingleNeuron
from riskcalc.theory.dynamics.erf_integrals import average_2, average_3, average_4, slopes_2

# steps by dimension: integrands are entire, and inputs that depend linearly leave fewer dimensions, but steeper ones
STEPS = {1: 0.02, 2: 0.06, 3: 0.15, 4: 0.4}


def phi(u: np.ndarray) -> np.ndarray:
    return np.asarray(erf(u / math.sqrt(2)))


def slope(u: np.ndarray) -> np.ndarray:
    return np.asarray(math.sqrt(2 / math.pi) * np.exp(-(u**2) / 2))


def covariance(seed: int, size: int, rank: int) -> np.ndarray:
    A = np.random.default_rng(seed).standard_normal((size, rank)) / math.sqrt(rank)
    return np.asarray(A @ A.T)


def inputs(C: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Correlated inputs (n, 4) and weights of a trapezoidal rule."""
    s, U = np.linalg.eigh(C)
    kept = s > 1e-13 * s.max()
    z, w = precise.gaussian_grid(int(kept.sum()), STEPS[int(kept.sum())])
    return z @ (U[:, kept] * np.sqrt(s[kept])).T, w


@pytest.mark.parametrize(
    "indices", [(0, 1, 2, 3), (0, 0, 1, 2), (0, 1, 0, 1), (0, 1, 2, 2), (0, 0, 0, 0), (1, 0, 0, 3)]
)
@pytest.mark.parametrize("rank", [2, 6])
def test_averages_are_gaussian_integrals(indices: tuple[int, ...], rank: int) -> None:
    """By a rule in four dimensions, repeated and linearly dependent inputs included."""
    C = covariance(3, 4, rank)[np.ix_(indices, indices)]
    u, w = inputs(C)
    one, two, three, four = u.T
    assert_allclose(average_2(C[0, 0], C[0, 1], C[1, 1]), w @ (phi(one) * phi(two)), rtol=1e-11)
    assert_allclose(slopes_2(C[0, 0], C[0, 1], C[1, 1]), w @ (slope(one) * slope(two)), rtol=1e-11)
    third = average_3(C[0, 0], C[0, 1], C[0, 2], C[1, 2], C[2, 2])
    assert_allclose(third, w @ (slope(one) * two * phi(three)), rtol=1e-11, atol=1e-13)
    fourth = average_4(C[0, 0], C[0, 1], C[0, 2], C[0, 3], C[1, 1], C[1, 2], C[1, 3], C[2, 2], C[2, 3], C[3, 3])
    assert_allclose(fourth, w @ (slope(one) * slope(two) * phi(three) * phi(four)), rtol=1e-11, atol=1e-13)


def test_velocity_is_the_mean_update() -> None:
    """E Δ(WTᵀ) and E Δ(WWᵀ) of one step of the class's update, |x|² = d, in units of 1/d."""
    a, v, step, noise = np.array([1.0, -0.5]), np.array([0.8, 0.6]), 0.7, 0.2
    C = covariance(1, 4, 5)
    u, w = inputs(C)
    S, Y = u[:, :2], u[:, 2:]
    error = phi(Y) @ v - phi(S) @ a
    pulled = error[:, None] * a * slope(S)  # δ a_i φ'(u_i)
    R_dot = step * np.einsum("n,ni,nm->im", w, pulled, Y)
    X = step * np.einsum("n,ni,nk->ik", w, pulled, S)
    power = np.einsum("n,ni,nk->ik", w * (error**2 + noise), a * slope(S), a * slope(S))
    model = OnePass(a, v, C[2:, 2:], step, noise)
    found = model.velocity(C[:2, :2], C[:2, 2:])
    assert_allclose(found.R, R_dot, atol=1e-12)
    assert_allclose(found.Q, X + X.T + step**2 * power, atol=1e-12)
    assert_allclose(model.loss(C[:2, :2], C[:2, 2:]), w @ error**2 / 2, rtol=1e-11)


def test_small_steps_are_the_finite_width_flow() -> None:
    """K = 2 students of one erf teacher, fixed output weights: at step → 0 they move by the gradient of the loss.

    The mean-field flow has f = (1/N)Σ aφ and ẇ = -N∇R; with a → Na, velocities agree up to this factor.
    """
    W = np.random.default_rng(0).standard_normal((2, 3))
    a, e = np.array([0.7, -0.4]), np.eye(3)[0]
    teacher = SingleIndex(rc.activations.Erf(2**-0.5))
    step = 1e-9
    found = OnePass(a, [1.0], [[1.0]], step).velocity(W @ W.T, (W @ e)[:, None])
    flow = FiniteWidthFlow(rc.activations.Erf(2**-0.5), teacher).velocity(2 * a, W @ e, W @ W.T)
    assert_allclose(found.R[:, 0] / step, flow.M / 2, rtol=1e-8)
    assert_allclose(found.Q / step, flow.Q / 2, rtol=1e-8, atol=1e-9)


def test_perfect_students_rest_and_losses_fall() -> None:
    """At W = T without noise nothing moves; a small step decreases the loss."""
    T = covariance(2, 2, 4)
    model = OnePass([1.0, 1.0], [1.0, 1.0], T, 0.1)
    rest = model.velocity(T, T)
    assert_allclose(model.loss(T, T), 0, atol=1e-15)
    assert_allclose(rest.Q, 0, atol=1e-14)
    assert_allclose(rest.R, 0, atol=1e-14)
    path = model.trajectory([0, 1, 5, 20, 100], T + 0.3 * np.eye(2), 0.5 * T)
    assert (np.diff(path.loss) < 0).all()


@given(st.integers(0, 1000), st.permutations([0, 1, 2]))
@settings(max_examples=20, deadline=None)
def test_neurons_have_no_order(seed: int, order: list[int]) -> None:
    C = covariance(seed, 5, 6)
    a, Q, R = np.array([1.0, 0.5, -1.0]), C[:3, :3], C[:3, 3:]
    found = OnePass(a, [1.0, 2.0], C[3:, 3:], 0.5, 0.1).velocity(Q, R)
    turned = OnePass(a[order], [2.0, 1.0], C[3:, 3:][::-1, ::-1], 0.5, 0.1).velocity(
        Q[np.ix_(order, order)], R[order][:, ::-1]
    )
    assert_allclose(turned.Q, found.Q[np.ix_(order, order)], rtol=1e-12, atol=1e-13)
    assert_allclose(turned.R, found.R[order][:, ::-1], rtol=1e-12, atol=1e-13)


def test_a_free_norm_and_the_sphere() -> None:
    """K = M = 1: d(R/√Q)/dα is the drift of the single neuron at |w| = 1, noise term included."""
    erf_neuron = rc.activations.Erf(2**-0.5)
    sphere = SingleNeuron(erf_neuron, SingleIndex(erf_neuron))
    for m, step in [(0.2, 1e-6), (0.6, 0.5), (-0.4, 1.3)]:
        moving = OnePass([1.0], [1.0], [[1.0]], step, 0.3).velocity([[1.0]], [[m]])
        # normalised overlap: Ṙ - R Q̇/2, in units of α = t/η; the drift has the step inside
        turning = moving.R[0, 0] - m * moving.Q[0, 0] / 2
        assert_allclose(turning / step, sphere.drift(m, step, 0.3), rtol=1e-8)


def test_one_pass_descent_follows() -> None:
    """K = M = 2, d = 300, 12 runs: within 4.5 standard errors and 2 % (O(1/d) and the spread of the starts)."""
    d, runs, step, noise, times = 300, 12, 1.5, 0.1, [1.0, 4.0, 12.0]
    rng = np.random.default_rng(0)
    teachers, _ = np.linalg.qr(rng.standard_normal((d, 2)))
    start = rng.standard_normal((2, d)) / math.sqrt(d)
    W, losses = np.tile(start, (runs, 1, 1)), []
    model = OnePass([1.0, 1.0], [1.0, 1.0], np.eye(2), step, noise)
    for i in range(1, round(times[-1] * d) + 1):
        x = rng.standard_normal((runs, d))
        u = np.einsum("skd,sd->sk", W, x)
        y = phi(x @ teachers).sum(axis=1) + math.sqrt(noise) * rng.standard_normal(runs)
        W += step / d * ((y - phi(u).sum(axis=1))[:, None] * slope(u))[..., None] * x[:, None, :]
        if i in [round(t * d) for t in times]:
            losses.append([float(model.loss(w @ w.T, w @ teachers)) for w in W])
    found = np.array(losses)
    theory = model.trajectory(times, start @ start.T, start @ teachers).loss
    allowed = 4.5 * found.std(axis=1, ddof=1) / math.sqrt(runs) + 0.02 * theory
    assert (np.abs(found.mean(axis=1) - theory) < allowed).all()
    quiet = OnePass([1.0, 1.0], [1.0, 1.0], np.eye(2), step, 0.0)
    assert (np.abs(quiet.trajectory(times, start @ start.T, start @ teachers).loss - theory) > allowed).any()


def test_shapes() -> None:
    model = OnePass([1.0, 1.0], [1.0], [[1.0]], 0.5)
    path = model.trajectory([[0.0, 1.0]], np.eye(2), [[0.1], [0.2]])
    assert (path.Q.shape, path.R.shape, path.loss.shape) == ((1, 2, 2, 2), (1, 2, 2, 1), (1, 2))
    assert_array_equal(path.Q[0, 0], np.eye(2))


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: OnePass([1.0], [1.0], [[1.0]], 0), "step must be finite and > 0"),
        (lambda: OnePass([1.0], [1.0], [[1.0]], 1, -1), "noise must be finite and >= 0"),
        (lambda: OnePass([1.0], [1.0, 1.0], [[1.0]], 1), r"teacher_overlaps must have shape \(2, 2\)"),
        (lambda: OnePass([1.0], [1.0, 1.0], [[1.0, 2.0], [2.0, 1.0]], 1), "must be positive semidefinite"),
        (lambda: OnePass([1.0], [1.0], [[1.0]], 1).loss([[1.0]], [[1.5]]), "must be positive semidefinite"),
        (lambda: OnePass([1.0], [1.0], [[1.0]], 1).loss([[1.0]], [[0.5, 0.1]]), "Q and R must have shapes"),
    ],
)
def test_bad_input_is_refused(call: Callable[[], object], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        call()
