"""Trained networks: the equations from the definition of a step (precise), the sheet's digits, limits, refusals.

The twin here integrates one-pass descent as d → ∞ with every average taken over the inputs themselves.
"""

from __future__ import annotations

import math
import re

import numpy as np
import precise_dynamics as precise
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.integrate import solve_ivp
from scipy.special import erf

import riskcalc as rc
from riskcalc.targets import SingleIndex
from riskcalc.theory import two_layer_losses
from riskcalc.theory.dynamics import FiniteWidthFlow, MeanField, SingleNeuron
from riskcalc.theory.reductions import REDUCTIONS
from riskcalc.theory.two_layer import OneDirection, finite_size_gap, step_noise
from riskcalc.theory.two_layer_losses import Start, normal_quantiles

ERF, STEEP = rc.activations.Erf(2**-0.5), rc.activations.Erf(1.5)
TANH = rc.activations.Tanh()
CURVED = SingleIndex(coefficients=[0.0, 0.8, 0.4])
HE2 = rc.activations.custom(lambda x: (x * x - 1) / math.sqrt(2), lambda x: math.sqrt(2) * x)
SPHERE = rc.SphereData(40, SingleIndex(STEEP), noise=0.1)


def quadratic(noise: float = 0.0, d: float = 40) -> rc.GaussianData:
    """He_2/√2 of a direction on Gaussian data."""
    target = SingleIndex(coefficients=[0, 0, 1])
    return rc.GaussianData(rc.Spectrum.isotropic(d), [0.0], noise, outside_energy=1.0, target=target)


# One pass at a finite step


def test_one_pass_is_the_mean_of_a_step() -> None:
    """N = 2 in the coordinates (e, two across): da, dM, dQ by α from E over x, with the squared step of |x|² = d."""
    a0, scale, link, eta, tau2 = np.array([1.0, -1.0]), 0.8, 1.5, 0.9, 0.2
    m0, x, w = 0.3, *precise.gaussian_grid(3, 0.3)
    g = erf(link * x[:, 0])

    def parts(state: np.ndarray) -> tuple[np.ndarray, ...]:
        a, M, Q = state[:2], state[2:4], state[[4, 5, 5, 6]].reshape(2, 2)
        W = np.column_stack([M, np.linalg.cholesky(Q - np.outer(M, M))])
        u = x @ W.T
        return a, u, g - erf(scale * u) @ a / 2, 2 * scale / math.sqrt(math.pi) * np.exp(-((scale * u) ** 2))

    def velocity(alpha: float, state: np.ndarray) -> np.ndarray:
        a, u, error, slope = parts(state)
        push = a * slope * error[:, None]
        a_dot, M_dot = eta * (w * error) @ erf(scale * u), eta * (w * x[:, 0]) @ push
        drift = eta * (push * w[:, None]).T @ u
        spread = eta**2 * (push * w[:, None]).T @ push
        noisy = eta**2 * tau2 * (a * slope * w[:, None]).T @ (a * slope)
        Q_dot = drift + drift.T + spread + noisy
        return np.concatenate([a_dot, M_dot, Q_dot[np.triu_indices(2)]])

    alphas = np.array([0.0, 1.0, 3.0])
    start = np.concatenate([a0, [m0, m0], [1.0, m0 * m0, 1.0]])
    path = solve_ivp(velocity, (0, 3), start, t_eval=alphas, rtol=1e-9, atol=1e-10).y.T
    expected = [float(w @ parts(state)[2] ** 2) + tau2 for state in path]
    network = rc.TwoLayerNetwork(2, rc.activations.Erf(scale), eta, overlap=m0)
    data = SPHERE.replace(target=SingleIndex(rc.activations.Erf(link)), noise=tau2)
    assert_allclose(rc.predict(data, network, 40 * alphas).test, expected, rtol=1e-7)
    frozen = rc.predict(data, network.replace(layers="first"), 40 * alphas).test
    assert frozen[0] == pytest.approx(expected[0], rel=1e-7)
    assert abs(frozen[2] - expected[2]) > 0.01


def test_small_steps_tend_to_the_flow() -> None:
    """At a fixed time the gap is O(η): half at half the step, to the next order."""
    flow = FiniteWidthFlow(ERF, SPHERE.target).trajectory(3.0, *_overlaps(Start.of(4, 40, 0.2))).loss
    gaps = []
    for eta in (0.04, 0.02):
        network = rc.TwoLayerNetwork(4, ERF, eta, overlap=0.2)
        gaps.append(float(rc.predict(SPHERE, network, 3.0 * 40 / eta).excess - 2 * flow))
    assert gaps[0] > 1e-3
    assert_allclose(gaps[0] / gaps[1], 2, rtol=0.03)


def _overlaps(start: Start) -> tuple[np.ndarray, ...]:
    return start.a, start.m, start.overlaps


def test_minus_erf_is_erf_from_the_other_side() -> None:
    """φ(-u) with the overlap -m₀ is φ(u) with m₀, and minus a target needs minus the output weights."""
    plus = rc.predict(SPHERE, rc.TwoLayerNetwork(2, ERF, 1.0, overlap=0.3), [0, 40, 200]).test
    minus = rc.predict(SPHERE, rc.TwoLayerNetwork(2, rc.activations.Erf(-ERF.scale), 1.0, overlap=-0.3), [0, 40, 200])
    assert_allclose(minus.test, plus, rtol=1e-9)
    flipped = SPHERE.replace(target=SingleIndex(rc.activations.Erf(-1.5)))
    other = rc.predict(flipped, rc.TwoLayerNetwork(2, ERF, 1.0, overlap=-0.3), [0, 40, 200])
    assert_allclose(other.test, plus, rtol=1e-9)


# One neuron: the table of the lecture (three digits of m, so that the loss is known between the two ends)


@pytest.mark.parametrize(
    ("phi", "eta", "m0", "times", "table"),
    [
        (TANH, 0.5, 0.1, [1, 2, 4, 8], [0.425, 0.664, 0.9006, 0.9818]),
        (HE2, 0.05, 0.25, [0.375, 0.75, 1.5, 3], [0.438, 0.677, 0.9555, 0.9984]),
    ],
)
def test_the_single_neuron_of_the_lecture(phi, eta, m0, times, table) -> None:
    data = rc.SphereData(500, SingleIndex(phi), noise=0.09)
    network = rc.TwoLayerNetwork(1, phi, eta, layers="directions", overlap=m0)
    risk = rc.predict(data, network, np.array(times) * 500 / eta)
    half = np.where(np.array(table) < 0.9, 5e-4, 5e-5)
    neuron = SingleNeuron(phi, data.target)
    ends = [2 * neuron.loss(np.array(table) + side * half) + 0.09 for side in (1, -1)]
    assert ((ends[0] <= risk.test) & (risk.test <= ends[1])).all()
    assert risk.route == "single neuron, one pass"
    assert "benarous2021" in risk.sources


def test_a_random_neuron_starts_at_zero_where_there_is_a_linear_term() -> None:
    network = rc.TwoLayerNetwork(1, TANH, 0.5, layers="directions")
    data = rc.SphereData(500, SingleIndex(TANH))
    expected = SingleNeuron(TANH, data.target).trajectory([1.0, 4.0], 0.0, 0.5)
    found = rc.predict(data, network, np.array([1.0, 4.0]) * 1000)
    assert_allclose(found.test, 2 * SingleNeuron(TANH, data.target).loss(expected), rtol=1e-8)
    with pytest.raises(
        ValueError, match=r"^overlap must be given at information exponent 2: a random start is as small"
    ):
        rc.predict(rc.SphereData(500, SingleIndex(HE2)), network.replace(activation=HE2), 100)


# The flow of both layers


def test_finite_width_is_the_flow_of_its_overlaps() -> None:
    a, M = np.resize([1.0, -1.0], 3), np.full(3, 0.2)
    path = FiniteWidthFlow(TANH, CURVED).trajectory([0.0, 2.0], a, M, np.full((3, 3), 0.04) + 0.96 * np.eye(3))
    data = rc.SphereData(40, CURVED, noise=[0.0, 0.3])
    network = rc.TwoLayerNetwork(3, TANH, 0.1, overlap=0.2)
    risk = rc.predict(data, network, np.array([[0.0], [2.0 * 40 / 0.1]]))
    assert_allclose(risk.test, 2 * path.loss[:, None] + [0.0, 0.3], rtol=1e-8)
    assert_allclose(risk.excess[:, 0], risk.excess[:, 1])
    assert risk.route == "flow of the overlaps"


def test_infinite_width_is_the_limit() -> None:
    """With one overlap for all the limit is two particles; the gap at N neurons is O(1/N), half at twice the width."""
    data, n = rc.SphereData(40, CURVED), 3.0 * 40 / 0.05
    test = rc.predict(data, rc.TwoLayerNetwork([16, 32, np.inf], ERF, 0.05, overlap=0.2), n).test
    path = MeanField(ERF, CURVED).trajectory(3.0, [1.0, -1.0], [0.2, 0.2], [math.sqrt(0.96)] * 2)
    assert_allclose(test[2], 2 * path.loss, rtol=1e-8)
    assert_allclose((test[0] - test[2]) / (test[1] - test[2]), 2, rtol=0.05)
    assert test[1] - test[2] > 1e-3


def test_random_overlaps_are_quantiles(monkeypatch: pytest.MonkeyPatch) -> None:
    """Mean 0 and variance 1/d for each sign of a; J particles err by O(1/J), 64 of them by about 2e-4."""
    start = Start.of(10, 25, None)
    for sign in (1, -1):
        assert_allclose(start.m[start.a == sign].mean(), 0, atol=1e-15)
        assert_allclose(start.m[start.a == sign].var(), 1 / 25)
    assert_allclose(np.diagonal(start.overlaps), start.m**2 + 24 / 25)
    assert normal_quantiles(1).tolist() == [0.0]
    assert Start.of(3, 25, None).m[1] == 0
    data, network, n = rc.SphereData(25, CURVED), rc.TwoLayerNetwork(np.inf, ERF, 0.1), [0, 500, 2000]
    found = []
    for count in (32, 64, 128):
        monkeypatch.setattr(two_layer_losses, "PARTICLES", count)
        found.append(rc.predict(data, network, n).test)
    assert_allclose(found[2], found[1], rtol=2e-4)
    assert 1.5 < (found[1] - found[0])[1] / (found[2] - found[1])[1] < 3


def test_the_late_rows_of_the_lecture_table() -> None:
    """The table of N = 100, d = 200 at t = 8, 12, 20: losses .0563 .0542 .0508 of (a, m, r), to the 1 % of a start."""
    link = rc.activations.custom(lambda z: erf(math.sqrt(2) * z) + 0.4 * (z * z - 1) * np.exp(-z * z / 4))
    data, n = rc.SphereData(200, SingleIndex(link)), np.array([8.0, 12.0, 20.0]) * 200 / 0.02
    found = rc.predict(data, rc.TwoLayerNetwork(np.inf, ERF, 0.02), n)
    assert_allclose(found.test / 2, [0.0563, 0.0542, 0.0508], rtol=0.01)


# What all have in common


NETWORKS = {
    "one pass": rc.TwoLayerNetwork(4, ERF, 0.7, overlap=0.2),
    "first": rc.TwoLayerNetwork(3, ERF, 0.7, layers="first"),
    "flow": rc.TwoLayerNetwork(4, rc.activations.ReLU(), 0.1),
    "limit": rc.TwoLayerNetwork(np.inf, ERF, 0.1),
    "neuron": rc.TwoLayerNetwork(1, ERF, 0.7, layers="directions", overlap=0.2),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_no_sample_and_no_step_leave_the_start(name: str) -> None:
    """E(f* - f)² at the start, by E erf(bG)² = (2/π) arcsin(2b²/(1 + 2b²)) and κ of the sheet where φ is erf."""
    network = NETWORKS[name]
    still = rc.predict(SPHERE, network.replace(learning_rate=[0.0, 0.7]), np.array([[0.0], [50.0]])).test
    assert_allclose(still[0, 1], still[0, 0], rtol=1e-12)
    assert_allclose(still[1, 0], still[0, 0], rtol=1e-12)
    assert still[1, 1] < still[0, 0] - 0.01
    if network.activation == ERF:
        start = Start.of(float(network.width), 40, network.overlap)
        Q, N = start.overlaps, start.a.size
        q = np.diagonal(Q)
        kappa = 2 / np.pi * np.arcsin(Q / np.sqrt(np.outer(1 + q, 1 + q)))
        if np.isinf(network.width):  # each particle is many neurons with parts of their own
            kappa = 2 / np.pi * np.arcsin(np.outer(start.m, start.m) / np.sqrt(np.outer(1 + q, 1 + q)))
        psi = 2 / np.pi * np.arcsin(math.sqrt(4.5) * start.m / np.sqrt((1 + q) * 5.5))
        energy = 2 / np.pi * np.arcsin(4.5 / 5.5)
        expected = energy - 2 * start.a @ psi / N + start.a @ kappa @ start.a / N**2 + 0.1
        assert_allclose(still[0, 0], expected, rtol=1e-9)


@pytest.mark.parametrize("name", NETWORKS)
def test_a_grid_is_its_points(name: str) -> None:
    data, network = SPHERE.replace(noise=[0.0, 0.2]), NETWORKS[name].replace(learning_rate=[[0.1], [0.3]])
    n = np.array([[[0.0]], [[30.0]], [[90.0]]])
    grid = rc.predict(data, network, n)
    assert grid.test.shape == (3, 2, 2)
    assert set(grid.fields) == {"test", "noise"}
    assert set(grid.coordinates) == {"n_samples", "width", "learning_rate", "noise"}
    for i, j, k in ((1, 0, 1), (2, 1, 0), (2, 1, 1)):
        point = network.replace(learning_rate=float(network.learning_rate[j, 0]))
        one = rc.predict(SPHERE.replace(noise=float(data.noise[k])), point, float(n[i, 0, 0]))
        assert one.test.shape == ()
        assert_allclose(one.test, grid.test[i, j, k], rtol=1e-7)


def test_label_noise_enters_through_finite_steps_alone() -> None:
    quiet, loud = (
        [float(rc.predict(SPHERE.replace(noise=tau2), network, 80).excess) for network in NETWORKS.values()]
        for tau2 in (0.0, 0.5)
    )
    changed = dict(zip(NETWORKS, np.subtract(loud, quiet), strict=True))
    assert all(changed[name] > 1e-3 for name in ("one pass", "first", "neuron"))
    assert_allclose([changed["flow"], changed["limit"]], 0, atol=1e-12)


def test_gaussian_data_is_the_same_direction() -> None:
    """A linear target of energy s is √s times its direction; what is independent of x is noise; only n/d matters."""
    sphere = rc.SphereData(40, SingleIndex(coefficients=[0, math.sqrt(0.6)]), noise=0.3)
    gaussian = rc.GaussianData(rc.Spectrum.isotropic(40), [0.6], noise=0.1, outside_energy=0.2)
    neuron = rc.TwoLayerNetwork(1, ERF, 0.7, layers="directions", overlap=0.2)
    for network in (neuron, rc.TwoLayerNetwork(4, ERF, 0.1)):
        one, other = (rc.predict(data, network, [0, 80]) for data in (sphere, gaussian))
        assert_allclose(one.test, other.test, rtol=1e-12)
        assert (one.noise, other.noise) == (pytest.approx([0.3] * 2), pytest.approx([0.1] * 2))
    ratios = rc.predict(gaussian.replace(spectrum=rc.Spectrum.isotropic(0.5)), neuron, [0, 1.0])
    assert_allclose(ratios.test, rc.predict(gaussian, neuron, [0, 80]).test, rtol=1e-9)
    shaped = rc.predict(quadratic(0.1), rc.TwoLayerNetwork(4, HE2, 0.05, overlap=0.5), 40.0)
    same = rc.predict(rc.SphereData(40, SingleIndex(coefficients=[0, 0, 1]), 0.1), shaped.estimator, 40.0)
    assert_allclose(shaped.test, same.test, rtol=1e-12)


# Notes and allowances


def test_large_steps_of_a_flow_are_noted() -> None:
    """η∫test dt, here by a fine trapezoidal rule; none for equations of a finite step."""
    network, n = rc.TwoLayerNetwork(4, ERF, 0.1), 800.0
    data = rc.SphereData(40, CURVED, noise=0.1)
    fine = rc.predict(data, network, np.linspace(0, n, 401)).test
    grown = 0.1 * np.trapezoid(fine, np.linspace(0, n, 401) * 0.1 / 40)
    risk = rc.predict(data, network, n)
    (note,) = risk.notes
    assert note.startswith(f"the noise of the steps adds up to about {grown:.2g} to the squared weights")
    assert rc.predict(data, network.replace(learning_rate=0.01), n).notes == ()
    assert rc.predict(SPHERE, network.replace(learning_rate=1.0), n).notes == ()
    model = OneDirection.of(data)
    assert_allclose(step_noise(network, model, np.array(n), np.array(fine.mean())), grown, rtol=0.01)
    assert step_noise(network, OneDirection.of(SPHERE), np.array(n), np.array(1.0)) == 0


def test_steps_that_are_large_for_the_dimension_are_noted_and_allowed_for() -> None:
    """η/d above .1; the share u is 3η/d from η = 1 on: twice as much at twice the rate, to first order."""
    network = rc.TwoLayerNetwork(2, ERF, [1.0, 4.1])
    (note,) = rc.predict(SPHERE, network, 10.0).notes
    assert note.startswith("a step moves an output weight by about 0.1 of its error (learning_rate/d)")
    assert rc.predict(SPHERE, network.replace(learning_rate=3.9), 10.0).notes == ()
    assert rc.predict(SPHERE, network.replace(layers="first"), 10.0).notes == ()
    wide = SPHERE.replace(n_inputs=10_000)
    for rate in (0.5, 2.0):
        one = network.replace(learning_rate=rate, overlap=0.2)
        n = np.array([0.99, 1.0, 1.01]) * 20_000
        test = rc.predict(wide, one, n).test
        relative = abs(test[2] - test[0]) / 0.02 + test[1] - 0.1
        assert_allclose(finite_size_gap(wide, one, n[1]), 3 * max(1, rate) / 1e4 * relative, rtol=0.02)


def test_a_random_start_at_a_saddle_is_noted_and_not_judged() -> None:
    network = rc.TwoLayerNetwork(4, HE2, 0.02)
    (note,) = rc.predict(quadratic(), network, 10.0).notes
    assert note.startswith("heuristic: from a random start")
    assert (finite_size_gap(quadratic(), network, [10.0, 20.0]) == np.inf).all()
    given = network.replace(overlap=0.4)
    assert rc.predict(quadratic(), given, 10.0).notes == ()
    assert np.isfinite(finite_size_gap(quadratic(), given, 10.0))


def test_the_gap_is_of_the_order_one_over_d() -> None:
    """At the same n/d; of a neuron without a linear term 1/(d m₀²), where that is more."""
    network = rc.TwoLayerNetwork(4, ERF, 1.0, overlap=0.2)
    gaps = [float(finite_size_gap(SPHERE.replace(n_inputs=d), network, 2.0 * d)) for d in (400, 800)]
    assert_allclose(gaps[0] / gaps[1], 2, rtol=0.01)
    first = rc.predict(SPHERE.replace(n_inputs=400), network, 800)
    slope = (rc.predict(SPHERE, network, 82).test - rc.predict(SPHERE, network, 78).test) / 4 * 80
    assert_allclose(gaps[0], 3 / 400 * (abs(slope) + first.excess), rtol=0.02)
    neuron = rc.TwoLayerNetwork(1, HE2, 0.01, layers="directions", overlap=0.1)
    small, large = (
        float(finite_size_gap(quadratic(d=1e6), neuron.replace(overlap=m), 1e8 * math.log(1 + 1 / m)))
        for m in (0.1, 0.5)
    )
    assert small > 10 * large


# Refused


def test_what_has_no_equation() -> None:
    data, many = SPHERE, rc.SphereData(40, rc.targets.DegreeEnergies({1: 1.0}))
    lazy = rc.TwoLayerNetwork(4, ERF, 1.0, scaling="lazy")
    with pytest.raises(ValueError, match=r"^scaling must be 'mean_field' to be predicted, got 'lazy'"):
        rc.predict(data, lazy, 10)
    with pytest.raises(TypeError, match=r"^target must be a SingleIndex to be predicted, got DegreeEnergies"):
        rc.predict(many, rc.TwoLayerNetwork(4, ERF, 1.0), 10)
    with pytest.raises(ValueError, match=r"^layers must be 'both' .* at width 2 .*got 'directions'.* only at width 1;"):
        rc.predict(data, rc.TwoLayerNetwork(2, ERF, 1.0, layers="directions"), 10)
    for network in (
        rc.TwoLayerNetwork(2, TANH, 1.0, layers="first"),
        rc.TwoLayerNetwork(np.inf, ERF, 1.0, layers="first"),
    ):
        with pytest.raises(ValueError, match=r"^layers must be 'both' .*got 'first'.* only at a finite width with"):
            rc.predict(data, network, 10)
    two = rc.GaussianData(
        rc.Spectrum.isotropic(9), [0.5], outside_energy=1.0, target=SingleIndex(coefficients=[0, 0, 1])
    )
    with pytest.raises(
        ValueError, match=r"^data must have a target of one direction to be predicted, got a linear part"
    ):
        rc.predict(two, rc.TwoLayerNetwork(2, ERF, 1.0), 10)
    with pytest.raises(ValueError, match=r"^outside_energy must be the energy of target, 1, got 2"):
        rc.predict(two.replace(energies=[0.0], outside_energy=2.0), rc.TwoLayerNetwork(2, ERF, 1.0), 10)
    with pytest.raises(ValueError, match=r"^n_features must be a number of inputs above 1 for a random start, got 0.5"):
        rc.predict(rc.GaussianData.isotropic(0.5), rc.TwoLayerNetwork(2, ERF, 1.0), 10)
    with pytest.raises(ValueError, match=r"^n_samples must be finite and >= 0, got -1"):
        rc.predict(data, rc.TwoLayerNetwork(2, ERF, 1.0), -1)


def test_it_stands_for_no_problem() -> None:
    pairs = ", ".join(f"({data.__name__}, {estimator.__name__})" for data, estimator in REDUCTIONS)
    sentence = f"^no theory for (SphereData, TwoLayerNetwork); the pairs there are: {pairs}$"
    with pytest.raises(TypeError, match=re.escape(sentence[1:-1])):
        rc.reduce(SPHERE, rc.TwoLayerNetwork(2, ERF, 1.0))
    risk = rc.predict(SPHERE, rc.TwoLayerNetwork(2, ERF, 1.0), 10)
    assert risk.train is risk.bias is risk.variance is risk.effective_ridge is None
    assert_array_equal(risk.excess, risk.test - 0.1)
