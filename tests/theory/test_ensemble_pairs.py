"""Ensembles of random features and of kernels on data: the sheet's digits, an mpmath twin, and identities."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np
import precise_random_features as precise
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mpmath import mpf
from numpy.testing import assert_allclose, assert_array_equal

import riskcalc as rc
from riskcalc import activations, kernels, targets
from riskcalc.theory.kernel_ensemble import kernel_ensemble_risk
from riskcalc.theory.random_features.pairs import kernel_features_risk

INF = np.inf
TARGET = targets.DegreeEnergies({0: 0.1, 1: 1.0, 2: 0.3})
SPHERE, CUBE = rc.SphereData(40, TARGET, 0.25), rc.HypercubeData(40, TARGET, 0.25)
GAUSSIAN = rc.GaussianData(rc.Spectrum.from_eigenvalues([2.0, 0.5], [15, 25]), [0.7, 0.3], 0.25, outside_energy=0.1)
RELU, TANH = activations.ReLU(), activations.Tanh()
RBF = kernels.RBF()
ALL = pytest.mark.parametrize("data", [SPHERE, CUBE, GAUSSIAN], ids=["sphere", "hypercube", "gaussian"])
DEGREES = pytest.mark.parametrize("data", [SPHERE, CUBE], ids=["sphere", "hypercube"])


def features(width: Any, ridge: Any, phi: Any = RELU, weights: str = "sphere") -> rc.RandomFeatureRidge:
    return rc.RandomFeatureRidge(phi, width, ridge, weights)


# ------------------------------------------------------------------------------------------ random features


@pytest.mark.parametrize(
    ("phi", "n", "width", "ridge", "excess"),
    [(TANH, 200, 150, 0.02, [0.427, 0.302, 0.239]), (RELU, 150, 300, 0.0, [0.825, 0.546, 0.406])],
)
def test_the_sheet_s_digits(phi: Any, n: int, width: int, ridge: float, excess: list[float]) -> None:
    """Sheet 3 §4: K = 1, 2, 4 on the sphere in 100 dimensions."""
    data = rc.SphereData(100, targets.DegreeEnergies({1: 1.0}), noise=0.25)
    risk = rc.predict(data, rc.Ensemble(features(width, ridge, phi), [1, 2, 4]), n)
    assert_allclose(risk.excess, excess, atol=5.1e-4)


@ALL
def test_one_member_is_the_model_itself(data: Any) -> None:
    member = features([10, 60, 200], [[0.0], [0.1]], TANH)
    one, single = rc.predict(data, rc.Ensemble(member, 1), 60), rc.predict(data, member, 60)
    assert set(one.fields) == set(single.fields) - {"norm_squared"}
    for name, value in one.fields.items():
        assert_allclose(value, single.fields[name], rtol=1e-12, atol=1e-15, err_msg=name)
    assert one.route == single.route
    assert set(one.sources) > set(single.sources)
    if data is not GAUSSIAN:
        assert_array_equal(one.learned, single.learned)


@DEGREES
@pytest.mark.parametrize("law", ["sphere", "gaussian"])
def test_infinitely_many_members_are_the_kernel_with_the_implicit_ridge(data: Any, law: str) -> None:
    """Kernel ridge regression by its own code, with μ = λN/(N - D), or ν₂(n - N) for N < n at ridge 0, for λ."""
    n, member = np.array([30.0, 120.0]), features([[[40]], [[90]]], [[0.0], [0.05]], TANH, law)
    averaged = rc.predict(data, rc.Ensemble(member, INF), n)
    spectrum = rc.reduce(data, member).spectrum
    implicit = rc.random_features.effective_ridges(spectrum, n, member.width, member.ridge).implicit
    kernel = rc.predict(data, rc.KernelRidge(kernels.Dual(TANH, law), implicit), n)
    for name in ("test", "train", "bias", "variance", "df1", "df2", "in_sample"):
        assert_allclose(averaged.fields[name], kernel.fields[name], rtol=1e-9, atol=1e-14, err_msg=name)
    assert_allclose(averaged.effective_ridge, kernel.effective_ridge, rtol=1e-9)
    assert_allclose(averaged.learned, kernel.learned, rtol=1e-9)
    assert_allclose(averaged.truncation, kernel.truncation, rtol=1e-6, atol=1e-12)


@pytest.mark.parametrize(("n", "width", "ridge"), [(30, 50, 0.01), (50, 30, 0), (30, 50, 0), (60, 60, 2.0)])
def test_a_sigmoid_on_gaussian_data_in_30_digits(n: int, width: int, ridge: float) -> None:
    """Five members: R_∞ from a root of its own at μ, R_1 in the published form, moments as integrals at r = Tr Σ/d."""
    d, size = 40, 5
    with mpmath.workdps(30):
        r = mpmath.mpf(15 * 2 + 25 / 2) / d
        density = lambda g: mpmath.exp(-g * g / 2) / mpmath.sqrt(2 * mpmath.pi)  # noqa: E731
        phi = lambda g: 1 / (1 + mpmath.exp(-mpmath.sqrt(r) * g))  # noqa: E731

        def mean(f: Callable[[Any], Any]) -> Any:
            return mpmath.quad(lambda g: f(g) * density(g), [-13, -4, 0, 4, 13])

        k0, k1, square = mean(phi), mean(lambda g: g * phi(g)) / mpmath.sqrt(r), mean(lambda g: phi(g) ** 2)
        model = precise.Model(
            [k1**2 * 2 / d, k1**2 / 2 / d, k0**2], [15, 25, 1], [mpf("0.7"), mpf("0.3"), 0],
            square - k0**2 - r * k1**2, mpf("0.1"), mpf("0.25"),
        )  # fmt: skip
        one = precise.risk(model, n, width, ridge)
        many = averaged(model, n, width, ridge)
        expected = {name: float(many[name] + (one[name] - many[name]) / size) for name in many}
    risk = rc.predict(GAUSSIAN, rc.Ensemble(features(width, ridge, activations.Sigmoid()), size), n)
    for name, value in expected.items():
        assert_allclose(risk.fields[name], value, rtol=1e-10, atol=1e-15, err_msg=name)


def averaged(model: precise.Model, n: int, width: int, ridge: float) -> dict[str, mpf]:
    """Kernel ridge regression with μ = λN/(N - D), or with Tr Σ(Σ+κ)⁻¹ = N at ridge 0 and N < n."""
    nu1, nu2 = precise.coupled(model, n, width, ridge)
    mu = mpf(ridge) * nu2 / nu1 if ridge else (nu2 * (n - width) if width < n else mpf(0))
    low, high = mpf(-200), mpf(200)
    for _ in range(160):
        middle = (low + high) / 2
        low, high = (middle, high) if n - mu / mpmath.exp(middle) < model.df1(mpmath.exp(middle)) else (low, middle)
    kappa = mpmath.exp(high)
    df2 = model.total(lambda s, w, e: w * s**2 / (s + kappa) ** 2)
    left = model.total(lambda s, w, e: e * kappa**2 / (s + kappa) ** 2) + mpf(model.outside)
    return {"bias": n * left / (n - df2), "variance": mpf(model.noise) * df2 / (n - df2)}


@ALL
def test_sizes_broadcast(data: Any) -> None:
    member = features([30, 90], 0.05)
    risk = rc.predict(data, rc.Ensemble(member, [[[1]], [[3]], [[INF]]]), [[40], [70]])
    assert risk.test.shape == (3, 2, 2)
    assert_array_equal(risk.coordinates["size"].ravel(), [1, 3, INF])
    for k, size in enumerate((1, 3, INF)):
        alone = rc.predict(data, rc.Ensemble(member, size), [[40], [70]])
        assert "size" not in alone.coordinates
        for name in alone.fields:
            assert_allclose(risk.fields[name][k], alone.fields[name], rtol=1e-14, atol=1e-16, err_msg=name)


@ALL
def test_only_infinite_ensembles_survive_the_threshold(data: Any) -> None:
    risk = rc.predict(data, rc.Ensemble(features(60, 0), [1, 50, INF]), 60)
    assert_array_equal(risk.test[:2], INF)
    assert_array_equal(risk.train, 0)
    assert np.isfinite(risk.test[2])
    assert risk.test[2] < rc.predict(data, rc.Ensemble(features(60, 0), 50), 66).test


@DEGREES
@pytest.mark.parametrize("size", [1, 3, INF])
def test_the_bound_on_the_cut_holds_for_features(data: Any, size: float) -> None:
    """Cut after degree 2 or 3, so that the tail is large, against as many degrees as are needed."""
    member, n = features([40, 300], [[0.0], [0.02]], TANH), [[[60]], [[250]]]
    whole = kernel_features_risk(data, member, n, size=size)
    for top in (2, 3):
        for tail in ("ridge", "atom"):
            cut = kernel_features_risk(data, member, n, tail, max_degree=top, size=size)
            assert (np.abs(whole.test - cut.test) <= cut.truncation * cut.test * (1 + 1e-9) + 1e-12).all()
            assert (cut.truncation < 0.5).all()


# ------------------------------------------------------------------------------------------------- kernels


@DEGREES
def test_kernel_ensembles_are_between_one_member_and_one_regression(data: Any) -> None:
    """M = 1: the regression on k samples; M = inf: that on all with λ + κ(n - k); all members whole: that with λ."""
    ridge, n, k = np.array([0.0, 0.1, 2.0]), 200, np.array([[60], [150]])
    one = rc.predict(data, rc.Ensemble(rc.KernelRidge(RBF, ridge), 1, k), n)
    small = rc.predict(data, rc.KernelRidge(RBF, ridge), k)
    for name in ("test", "bias", "variance", "effective_ridge", "df1", "df2", "norm_squared", "truncation", "learned"):
        assert_allclose(getattr(one, name), getattr(small, name), rtol=1e-11, atol=1e-15, err_msg=name)
    all_ = rc.predict(data, rc.Ensemble(rc.KernelRidge(RBF, ridge), INF, k), n)
    large = rc.predict(data, rc.KernelRidge(RBF, ridge + np.asarray(one.effective_ridge) * (n - k)), n)
    more = ("effective_ridge", "df1", "df2", "norm_squared", "in_sample", "gcv")
    for name in ("test", "train", "bias", "variance", *more):
        assert_allclose(all_.fields[name], large.fields[name], rtol=1e-10, atol=1e-15, err_msg=name)
    same = rc.predict(data, rc.Ensemble(rc.KernelRidge(RBF, ridge), 7), n)
    alone = rc.predict(data, rc.KernelRidge(RBF, ridge), n)
    for name in ("test", "train", "bias", "variance", "effective_ridge", "learned", "truncation"):
        assert_allclose(getattr(same, name), getattr(alone, name), rtol=1e-12, atol=1e-15, err_msg=name)
    assert same.notes == alone.notes


@settings(max_examples=15)
@given(st.integers(1, 30), st.floats(20, 400), st.floats(0.05, 1.0), st.floats(-3, 1))
def test_kernel_ensembles_follow_the_law_in_their_size(size: int, n: float, share: float, log_ridge: float) -> None:
    estimator = rc.Ensemble(rc.KernelRidge(RBF, 10.0**log_ridge), [1, size, INF], share * n)
    risk = rc.predict(SPHERE, estimator, n)
    for name in ("test", "train", "bias", "variance", "norm_squared", "in_sample"):
        a, b, c = risk.fields[name]
        assert_allclose(b, c + (a - c) / size, rtol=1e-11)
        assert a >= b * (1 - 1e-12) >= c * (1 - 2e-12)


@DEGREES
@pytest.mark.parametrize("size", [1, 4, INF])
def test_the_bound_on_the_cut_holds_for_kernels(data: Any, size: float) -> None:
    estimator, n = rc.Ensemble(rc.KernelRidge(RBF, [[0.0], [0.05]]), size, [60, 220]), 250
    whole = kernel_ensemble_risk(data, estimator, n)
    for top in (2, 3):
        for tail in ("ridge", "atom"):
            cut = kernel_ensemble_risk(data, estimator, n, tail, max_degree=top)
            assert (np.abs(whole.test - cut.test) <= cut.truncation * cut.test * (1 + 1e-9) + 1e-12).all()
            assert (cut.truncation < 0.5).all()


def test_notes_are_those_of_the_members() -> None:
    few = rc.predict(SPHERE, rc.Ensemble(features(45, 1e-6, activations.Linear()), 3), 200)
    assert any("width - df2 is only" in note for note in few.notes)
    small = rc.predict(SPHERE, rc.Ensemble(rc.KernelRidge(RBF, 0.01), 3, 43), 400)
    assert any(note.startswith("subsample - df2 is only") or "below 100 samples" in note for note in small.notes)
    assert not rc.predict(SPHERE, rc.Ensemble(rc.KernelRidge(RBF, 0.01), 3, 300), 400).notes


# ----------------------------------------------------------------------------------------------- refusals


def test_members_without_a_theory_are_named() -> None:
    table = rc.Dataset(np.eye(4) + 1, np.arange(4.0))
    for data, member, words in (
        (SPHERE, rc.Ridge(1), r"\(SphereData, Ridge\); the pairs there are: .*\(SphereData, RandomFeatureRidge\)"),
        (GAUSSIAN, rc.KernelRidge(RBF, 1), r"\(GaussianData, KernelRidge\); the pairs there are: "),
        (CUBE, rc.GradientFlow(1.0, RBF), r"\(HypercubeData, GradientFlow\); the pairs there are: "),
    ):
        for verb in (rc.reduce, lambda data, estimator: rc.predict(data, estimator, 30)):
            with pytest.raises(TypeError, match="^no theory of an ensemble for " + words):
                verb(data, rc.Ensemble(member, 3))
        with pytest.raises(TypeError, match="^no experiment of an ensemble for " + words):
            rc.simulate(data, rc.Ensemble(member, 3), 30, n_trials=2)
    with pytest.raises(TypeError, match=r"^no theory for \(Dataset, Ensemble\)"):
        rc.predict(table, rc.Ensemble(rc.Ridge(1), 3), 3)


def test_what_is_refused() -> None:
    member = rc.KernelRidge(RBF, [0, 1])
    with pytest.raises(ValueError, match=r"^subsample must be <= n_samples, got 41 of 40; members are drawn"):
        rc.predict(SPHERE, rc.Ensemble(member, 3, 41), 40)
    with pytest.raises(ValueError, match=r"^tail must be one of 'ridge', 'atom', got 'wag'"):
        rc.predict(SPHERE, rc.Ensemble(member, 3, 20), 40, tail="wag")
    with pytest.raises(ValueError, match=r"^tail must be left out for"):
        rc.predict(GAUSSIAN, rc.Ensemble(features(20, 0.1), 3), 40, tail="atom")
