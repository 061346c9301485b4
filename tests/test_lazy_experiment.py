"""Trained networks beside their linearisation: slopes, both guarantees, and each quantity from its definition."""

from __future__ import annotations

import json
import math
from collections.abc import Callable

import numpy as np
import pytest
import scipy.linalg
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

import riskcalc as rc
from riskcalc import lazy
from riskcalc.activations import GELU, Abs, Activation, Erf, Linear, Quadratic, ReLU, Sin, Step, Tanh, custom
from riskcalc.lazy_experiment import LazyExperiment
from riskcalc.simulation.network import drawn_start, points_like, trained

X6 = np.random.default_rng(0).standard_normal((6, 4))
Y6 = X6[:, 0] + X6[:, 1] * X6[:, 2]


def published_setting(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """20 Gaussian inputs in 8 dimensions, and outputs of unit mean square, linear but for noise."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((20, 8))
    y = X @ np.ones(8) / math.sqrt(8) + 0.3 * rng.standard_normal(20)
    return X, y * math.sqrt(20) / np.linalg.norm(y)


@pytest.mark.parametrize(("antisymmetric", "fast", "allowed"), [(False, -1, 0.03), (True, -2, 0.05)])
def test_slopes_for_large_scales(antisymmetric: bool, fast: int, allowed: float) -> None:
    """At d = 8, n = 20, N = 400: displacement 1/α, kernel and gap 1/α, or 1/α² from the antisymmetric start.

    The next term is a share 1/α of the first, seen to be 1 % at α = 100.
    """
    X, y = published_setting(0)
    found = rc.lazy_experiment(Tanh(), X, y, 400, [128, 64], rng=0, antisymmetric=antisymmetric)
    slopes = found.slopes
    assert abs(slopes["displacement"] + 1) < 0.005
    assert abs(slopes["kernel_change"] - fast) < allowed
    assert abs(slopes["gap"] - fast) < allowed
    assert found.rate_bound.all()
    assert found.displacement_bound.all()
    assert found.notes == ()


def test_magnitudes_are_those_of_the_published_table() -> None:
    """At α = 32: ‖Δθ‖ .0870, ‖ΔK‖/‖K‖ 3.35e-4, gap 4.39e-4, ρ 2.2, of one draw whose outputs are not known.

    The geometric mean of three draws, within a factor 2 (of ρ, which has the smallest eigenvalue in it, 3).
    """
    found = [rc.lazy_experiment(Tanh(), *published_setting(seed), 400, 32.0, rng=seed) for seed in (1, 2, 3)]
    for name, value, factor in [
        ("displacement", 0.0870, 2), ("kernel_change", 3.35e-4, 2), ("gap", 4.39e-4, 2), ("laziness_ratio", 2.2, 3),
    ]:  # fmt: skip
        mean = float(np.exp(np.mean([np.log(getattr(f, name)) for f in found])))
        assert 1 / factor < mean / value < factor, (name, mean)


Case = tuple[Activation, int, int, int, int, float, bool]
cases = st.tuples(
    st.sampled_from([Tanh(), Erf(2**-0.5), GELU(), Sin(1.0)]),
    st.integers(2, 6),
    st.integers(1, 5),
    st.integers(5, 20),
    st.integers(0, 10**6),
    st.floats(0.05, 0.99),
    st.booleans(),
)


@given(cases)
@settings(max_examples=25, deadline=None)
def test_both_inequalities_hold_wherever_the_ratio_is_below_one(case: Case) -> None:
    """Errors and displacements of the trained network at all times against the inequalities, written out in α and t."""
    phi, d, n, half, seed, ratio, antisymmetric = case
    rng = np.random.default_rng(seed)
    X, y, N = rng.standard_normal((n, d)), rng.standard_normal(n), 2 * half
    start = drawn_start(d, N, np.random.default_rng(seed), antisymmetric)
    slopes = phi.derivative(X @ start.weights.T) * start.signs / math.sqrt(N)
    D = (slopes[:, :, None] * X[:, None, :]).reshape(n, -1)
    singular = np.linalg.svd(D, compute_uv=False)
    assume(len(singular) == n and singular[-1] > 0.03 * singular[0])
    sigma, r0 = float(singular[-1]), float(np.linalg.norm(y))
    L = float(lazy.lipschitz_bound(phi, X, N))
    alpha = 4 * L * r0 / sigma**2 / ratio
    assume(alpha < 1e6)
    found = rc.lazy_experiment(phi, X, y, N, alpha, rng=seed, antisymmetric=antisymmetric, test_inputs=X)
    assert_allclose(found.laziness_ratio, ratio, rtol=1e-6)  # σ² is right to the square root of rounding
    assert found.rate_bound
    assert found.displacement_bound
    path, t = trained(phi, start, X, y, X, alpha, found.times), found.times / alpha**2
    assert ((path.residuals**2).sum(axis=1) <= r0**2 * np.exp(-(alpha**2) * sigma**2 * t / (2 * n)) * (1 + 1e-9)).all()
    assert (path.moved <= 2 * r0 / (alpha * sigma)).all()
    assert_allclose(found.displacement, path.moved[-1], rtol=1e-12)


def test_promises_may_be_broken_where_none_was_made() -> None:
    """One sample, one neuron: sin has slope 0 at π/2, where the labels are out of reach at small scales."""
    found = rc.lazy_experiment(Sin(1.0), [[1.0]], [3.0], 1, [0.01, 1e3], rng=0)
    assert found.laziness_ratio[0] > 1 > found.laziness_ratio[1]
    assert found.rate_bound.tolist() == [False, True]
    assert_allclose(found.displacement[0], math.pi / 2 - 1, rtol=1e-3)  # from w = ±1


def test_far_from_lazy_nothing_overflows() -> None:
    """A step that is tried and refused may: the slopes of u² have no bound."""
    found = rc.lazy_experiment(Quadratic(), [[0.1, 0.995], [1.0, 0.0]], [1.0, -40.0], 3, 0.05, rng=1)
    assert found.kernel_change > 100
    assert found.training_error < 1e-6


@pytest.mark.parametrize(("antisymmetric", "seen"), [(False, False), (True, False), (False, True)])
def test_each_quantity_from_its_definition(antisymmetric: bool, seen: bool) -> None:
    """The linearised flow by the matrix exponential of D Dᵀ, Jacobians entry by entry."""
    phi, N, alpha = Tanh(), 24, 3.0
    Z = X6 if seen else np.random.default_rng(4).standard_normal((7, 4))
    found = rc.lazy_experiment(phi, X6, Y6, N, [alpha], rng=3, antisymmetric=antisymmetric, test_inputs=Z)
    start = drawn_start(4, N, np.random.default_rng(3), antisymmetric)

    def jacobian(points: np.ndarray, W: np.ndarray) -> np.ndarray:
        slopes = (1 - np.tanh(points @ W.T) ** 2) * start.signs / math.sqrt(N)
        return np.asarray((slopes[:, :, None] * points[:, None, :]).reshape(len(points), -1))

    D, DZ = jacobian(X6, start.weights), jacobian(Z, start.weights)
    path = trained(phi, start, X6, Y6, Z, alpha, found.times)
    gaps = []
    for s, outputs in zip(found.times, path.outputs, strict=True):
        left = scipy.linalg.expm(-s / 6 * D @ D.T) @ Y6
        moved = D.T @ np.linalg.solve(D @ D.T, Y6 - left)  # αΔθ of the linearised flow
        gaps.append(np.sqrt(np.mean((outputs - DZ @ moved) ** 2)))
    assert_allclose(found.gap, [max(gaps)], rtol=1e-6)
    assert (gaps[-1] < 0.1 * max(gaps)) == seen  # on the training inputs both end at the labels
    K, last = D @ D.T, jacobian(X6, path.weights)
    assert_allclose(found.kernel_change, [np.linalg.norm(last @ last.T - K) / np.linalg.norm(K)], rtol=1e-9)
    assert_allclose(found.training_error, [np.mean(path.residuals[-1] ** 2)], rtol=1e-12)
    sigma = np.linalg.svd(D, compute_uv=False)[-1]
    assert_allclose(found.sigma_min, sigma, rtol=1e-6)
    assert_allclose(found.times[[0, -1]], [0, 8 * 6 / sigma**2], rtol=1e-6)
    curvature = 4 / (3 * math.sqrt(3))
    L = curvature / math.sqrt(N) * np.linalg.norm(X6, 2) * np.linalg.norm(X6, axis=1).max()
    assert_allclose(found.laziness_ratio, [4 * L * np.linalg.norm(Y6) / (alpha * sigma**2)], rtol=1e-6)


def test_a_network_that_is_its_linearisation() -> None:
    """φ(u) = u: no gap but the integration's, no change of the kernel, ρ = 0, and the displacement is that of lazy."""
    found = rc.lazy_experiment(Linear(), X6[:4], Y6[:4], 9, [0.5, 20], rng=1)
    assert (found.gap < 1e-6).all()
    assert_array_equal(found.laziness_ratio, 0)
    assert found.kernel_change.max() < 1e-15
    K = X6[:4] @ X6[:4].T
    c = lazy.flow_path(K, Y6[:4], found.times[-1])
    assert_allclose(found.displacement * found.scales, math.sqrt(c @ K @ c), rtol=1e-7)


def test_fewer_parameters_than_samples_promise_nothing() -> None:
    X = np.random.default_rng(2).standard_normal((9, 2))
    for width, antisymmetric in ((4, False), (8, True)):
        found = rc.lazy_experiment(Tanh(), X, X[:, 0], width, [2.0], rng=0, antisymmetric=antisymmetric)
        assert found.laziness_ratio == np.inf
        assert found.sigma_min == 0
        assert "fewer independent columns than rows" in found.notes[0]
        assert found.training_error > 1e-6


def test_twice_the_same_input_promises_nothing() -> None:
    X, y = np.vstack([X6, X6[:1]]), np.append(Y6, -Y6[0])
    found = rc.lazy_experiment(Tanh(), X, y, 40, 50.0, rng=0)
    assert found.laziness_ratio > 1e12
    assert_allclose(found.training_error, 2 * Y6[0] ** 2 / 7, rtol=0.02)  # what no function fits
    assert len(found.notes) == 1


@pytest.mark.parametrize("phi", [ReLU(), Abs()], ids=repr)
def test_slopes_that_jump(phi: Activation) -> None:
    """ρ is inf; where no unit changes sides the network is its linearisation: the gap is then that of the steps."""
    found = rc.lazy_experiment(phi, X6, Y6, 60, [1.0, 1e6], rng=0)
    assert_array_equal(found.laziness_ratio, np.inf)
    assert "no finite Lipschitz constant" in found.notes[0]
    assert found.kernel_change[1] == 0
    assert found.gap[1] < 1e-5 < found.gap[0]
    assert found.slopes["kernel_change"] == -math.inf
    assert found.notes[0] in found.table()


def test_activations_of_ones_own() -> None:
    arctan = custom(np.arctan, lambda x: 1 / (1 + np.asarray(x) ** 2))
    unknown = rc.lazy_experiment(arctan, X6, Y6, 40, 9.0, rng=0)
    assert unknown.laziness_ratio == np.inf
    assert "give curvature" in unknown.notes[0]
    known = rc.lazy_experiment(arctan, X6, Y6, 40, 9.0, rng=0, curvature=3 * math.sqrt(3) / 8)
    assert np.isfinite(known.laziness_ratio)
    assert known.gap == unknown.gap


def test_training_that_is_cut_short_says_so() -> None:
    X = np.array([[1.0, 0.0], [1.0, 1e-3], [0.0, 1.0]])
    found = rc.lazy_experiment(Tanh(), X, [1.0, -1.0, 0.5], 30, 1e3, rng=0)
    assert "before the slowest direction is learned" in found.notes[0]
    assert found.training_error > 0.1


def test_shapes_and_reproducibility() -> None:
    one = rc.lazy_experiment(Tanh(), X6, Y6, 30, 4.0, rng=5)
    grid = rc.lazy_experiment(Tanh(), X6, Y6, 30, [[1.0, 4.0], [2.0, 8.0]], rng=5)
    assert one.gap.shape == one.rate_bound.shape == ()
    assert grid.gap.shape == grid.rate_bound.shape == grid.laziness_ratio.shape == (2, 2)
    for name in ("displacement", "kernel_change", "gap", "training_error", "laziness_ratio"):
        assert getattr(grid, name)[0, 1] == getattr(one, name)
    assert rc.lazy_experiment(Tanh(), X6, Y6, 30, 4.0, rng=np.random.SeedSequence(5)).gap != one.gap
    with pytest.raises(ValueError, match="two different values"):
        _ = one.slopes
    tests = points_like(X6, 200, _after_the_start(5, 4, 30))
    assert rc.lazy_experiment(Tanh(), X6, Y6, 30, 4.0, rng=5, test_inputs=tests).gap == one.gap


def _after_the_start(seed: int, d: int, width: int) -> np.random.Generator:
    stream = np.random.default_rng(seed)
    drawn_start(d, width, stream, antisymmetric=False)
    return stream


def test_reports() -> None:
    found = rc.lazy_experiment(ReLU(), X6, Y6, 30, [1.0, 1e5], rng=0)
    words = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert words["laziness_ratio"] == ["inf", "inf"]
    assert words["rate_bound"] == [True, True]
    assert len(words["times"]) == 61
    assert "kernel change" in found.table()
    assert repr(found).startswith("LazyExperiment(2 scales from 1 to 100000")
    assert "<table>" in found._repr_html_()
    assert isinstance(found, LazyExperiment)


@pytest.mark.parametrize(
    ("call", "error", "sentence"),
    [
        (lambda f: f(np.tanh, X6, Y6, 9, 1.0, 0), TypeError, "activation must be a Activation"),
        (lambda f: f(Step(), X6, Y6, 9, 1.0, 0), ValueError, "no derivative"),
        (lambda f: f(Tanh(), X6, Y6[:5], 9, 1.0, 0), ValueError, "inputs and outputs must have shapes"),
        (lambda f: f(Tanh(), X6, 0 * Y6, 9, 1.0, 0), ValueError, "outputs must not all be 0"),
        (lambda f: f(Tanh(), 0 * X6, Y6, 9, 1.0, 0), ValueError, "inputs must give a Jacobian that is not 0"),
        (lambda f: f(Tanh(), X6, Y6, 0, 1.0, 0), ValueError, "width must be a whole number >= 1"),
        (lambda f: f(Tanh(), X6, Y6, 9, 1.0, 0, True), ValueError, "width must be even .* use 10"),
        (lambda f: f(Tanh(), X6, Y6, 9, 0.0, 0), ValueError, "scales must be"),
        (lambda f: f(Tanh(), X6, Y6, 9, 1e9, 0), ValueError, "scales must be .* <= 1e"),
        (lambda f: f(Tanh(), X6, Y6, 9, [], 0), ValueError, "scales must have at least one"),
        (lambda f: f(Tanh(), X6, Y6, 9, 1.0, "seed"), TypeError, "rng must be"),
        (lambda f: f(Tanh(), X6, Y6, 9, 1.0, 0, test_inputs=X6[:, :2]), ValueError, r"test_inputs must have shape"),
        (lambda f: f(Tanh(), [[1.0, np.nan]], [1.0], 9, 1.0, 0), ValueError, "inputs must be finite"),
    ],
)
def test_bad_input_is_refused(call: Callable[..., object], error: type[Exception], sentence: str) -> None:
    with pytest.raises(error, match=sentence):
        call(rc.lazy_experiment)
