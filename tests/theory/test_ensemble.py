"""Ensembles of ridge regressions: mpmath twins (precise), exact cases by proof, the equivalence, derivatives."""

from __future__ import annotations

import itertools
import math
import pickle
from typing import Any

import mpmath
import numpy as np
import precise_ensemble as precise
import precise_linear
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

import riskcalc as rc
from riskcalc.theory import cross_risk, ensemble_risk, equivalent_ridge

EPS = np.finfo(float).eps
INF = float("inf")
FIELDS = (
    "effective_ridge", "df1", "df2", "bias", "variance", "test", "train", "gcv", "norm_squared", "estimation",
    "in_sample",
)  # fmt: skip
# rank 30 of 42 features, energy at a zero eigenvalue and outside
MIXED = rc.Problem(
    rc.Spectrum.from_eigenvalues([4.0, 1.0, 0.2, 0.0], multiplicities=[5, 10, 15, 12]),
    energies=[1.0, 0.5, 0.25, 0.125],
    noise=0.5,
    outside_energy=0.0625,
)


@st.composite
def cases(draw: st.DrawFn, least: float = 1e-6) -> dict[str, Any]:
    """A model, a sample and a part of it, away from the rank."""
    count = draw(st.integers(1, 4))
    m = [float(draw(st.integers(1, 60))) for _ in range(count)]
    k = draw(st.sampled_from([0.2, 0.6, 0.95, 1.05, 1.5])) * sum(m)
    return {
        "model": precise.Model(
            sigma=[10.0 ** draw(st.floats(math.log10(least), 1)) for _ in range(count)],
            m=m,
            energies=[draw(st.floats(0, 1)) for _ in range(count)],
            noise=draw(st.sampled_from([0.0, 0.3])),
            outside=draw(st.sampled_from([0.0, 0.2])),
            tail=draw(st.sampled_from([0.0, 0.1])),
        ),
        "n": k * draw(st.sampled_from([1.0, 1.001, 1.5, 4.0])),
        "k": k,
        "size": draw(st.sampled_from([1, 2, 7, 1000, INF])),
        "ridge": 10.0 ** draw(st.floats(-6, 3)),
    }


def problem_of(model: precise.Model) -> rc.Problem:
    spectrum = rc.Spectrum.from_eigenvalues(model.sigma, model.m, model.tail)
    return rc.Problem(spectrum, model.energies, model.noise, model.outside)


def risk_of(case: dict[str, Any]) -> rc.Risk:
    return ensemble_risk(problem_of(case["model"]), case["n"], case["ridge"], case["size"], case["k"])


def condition(case: dict[str, Any], risk: rc.Risk) -> float:
    """Of 1/(k - df2): how much an error of κ may grow."""
    return float(case["k"] / (case["k"] - risk.df2))


# Precise


@given(cases())
def test_every_field_agrees_with_its_twin(case: dict[str, Any]) -> None:
    """As for ridge regression, 1e-13 k/(k - df2). Seen: 4e-15."""
    risk = risk_of(case)
    with mpmath.workdps(50):
        exact = precise.ensemble(**case)
    for name in FIELDS:
        allowed = 1e-13 * condition(case, risk)
        assert_allclose(risk.fields[name], float(exact[name]), rtol=allowed, atol=1e-300, err_msg=name)


@pytest.mark.parametrize("offset", [-1e-9, 0, 1e-9])
@pytest.mark.parametrize("ridge", [1e-16, 1e-8, 1.0])
@pytest.mark.parametrize("extra", [1e-9, 1.0, 100.0])
def test_hard_inputs(offset: float, ridge: float, extra: float) -> None:
    """Parts as large as the rank: a member's k - df2 is a small sum, and so is a pair's n - df2."""
    model = precise.Model([1.0, 1e-3, 1e-6], [3, 7, 10], [1.0, 0.1, 1e-3], 0.3, 0.01)
    k = 20.0 + offset
    for size in (1, 5, INF):
        case = {"model": model, "n": k + extra, "ridge": ridge, "size": size, "k": k}
        risk = risk_of(case)
        with mpmath.workdps(60):
            exact = precise.ensemble(**case)
        for name in FIELDS:  # seen: 2e-14
            assert_allclose(risk.fields[name], float(exact[name]), rtol=2e-13, err_msg=name)


def test_effective_ridges_below_the_range_of_a_float() -> None:
    """σ_i = e^(-5i): κ of 180 samples is e^-902, and that of a pair is the same, not the one of 200 samples."""
    log_sigma = -5.0 * np.arange(1, 301)
    model = precise.Model([mpmath.exp(x) for x in log_sigma], [1] * 300, [0] * 300, noise=1)
    problem = rc.Problem(rc.Spectrum.from_log_eigenvalues(log_sigma), np.zeros(300), noise=1.0)
    risk = ensemble_risk(problem, 200, 0, [1, 3, INF], 180)
    assert (risk.effective_ridge == 0).all()
    for size, value in zip([1, 3, INF], risk.test, strict=True):
        with mpmath.workdps(30):
            assert_allclose(value, float(precise.ensemble(model, 200, 0, size, 180)["test"]), rtol=1e-11)


@given(cases(least=1e-2), st.floats(0.02, 0.98))
def test_negative_ridge_agrees_with_its_twin(case: dict[str, Any], share: float) -> None:
    model = case["model"]
    model = precise.Model(model.sigma, model.m, model.energies, model.noise, model.outside)
    with mpmath.workdps(50):
        sigma, m = [mpmath.mpf(s) for s in model.sigma], [mpmath.mpf(w) for w in model.m]
        lowest = precise_linear.lowest_kappa(sigma, m, mpmath.mpf(case["k"]))
        ridge = float(share * lowest * (case["k"] - model.df1(lowest)))
        kappa = precise_linear.kappa_of(sigma, m, mpmath.mpf(case["k"]), mpmath.mpf(ridge))
        exact = precise.ensemble(model, case["n"], ridge, case["size"], case["k"], kappa)
    case |= {"model": model, "ridge": ridge}
    risk = risk_of(case)
    for name in FIELDS:
        size, n, k, df1 = float(exact[name]), case["n"], case["k"], float(exact["df1"])
        allowed = 1e-12 * condition(case, risk)
        if name in ("train", "gcv", "in_sample"):  # 1 - df1/k and 1 - df1/n may be differences
            allowed *= max(1.0, k / abs(k - df1), n / abs(n - df1)) ** 2
        assert_allclose(risk.fields[name], size, rtol=allowed, err_msg=name)


# The equivalence


@given(cases())
def test_an_infinite_ensemble_is_one_ridge_regression_on_all_samples(case: dict[str, Any]) -> None:
    """At λ + κ(n - k), solved anew for n: every field, to 1e-12 n/(n - df2)."""
    problem, (n, k, ridge) = problem_of(case["model"]), (case[name] for name in ("n", "k", "ridge"))
    one = rc.ridge_risk(problem, n, equivalent_ridge(problem.spectrum, n, ridge, k))
    infinite = ensemble_risk(problem, n, ridge, INF, k)
    for name in FIELDS:
        allowed = 1e-12 * float(n / (n - one.df2))
        assert_allclose(infinite.fields[name], one.fields[name], rtol=allowed, atol=1e-300, err_msg=name)
    assert equivalent_ridge(problem.spectrum, n, ridge, k) >= ridge


@given(cases())
def test_members_with_the_whole_sample_are_one_fit(case: dict[str, Any]) -> None:
    """Bit for bit, whatever the size."""
    problem, n, ridge = problem_of(case["model"]), case["n"], case["ridge"]
    one = rc.ridge_risk(problem, n, ridge)
    for subsample in (None, n):
        many = ensemble_risk(problem, n, ridge, case["size"], subsample)
        for name in (*FIELDS, "noise"):
            assert_array_equal(many.fields[name], one.fields[name], err_msg=name)
    assert equivalent_ridge(problem.spectrum, n, ridge, n) == ridge


def test_subsampling_without_a_ridge_attains_the_best_ridge() -> None:
    """Parts of k = df1(κ*) samples, κ* that of the best ridge: ridgeless, and as good."""
    problem = MIXED.replace(noise=0.3, outside_energy=0.0, energies=[1.0, 0.5, 0.25, 0.0])
    for n in (25.0, 60.0):
        best = rc.tune(problem, rc.Ridge(0), n)
        k = best.risk.df1
        assert k < min(n, 30)
        ridgeless = ensemble_risk(problem, n, 0, INF, k)
        assert_allclose(ridgeless.test, best.risk.test, rtol=1e-12)
        assert_allclose(equivalent_ridge(problem.spectrum, n, 0, k), best.ridge, rtol=1e-6)  # flat at its optimum
        around = ensemble_risk(problem, n, 0, INF, k * np.array([0.8, 0.95, 1.05])).test
        assert (around > ridgeless.test).all()


def test_numbers_of_the_sheet() -> None:
    """n=200, k=80, λ=1: disjoint 1.0325, one member 1.707, two 1.226, equivalent ridge 45.767.

    The model is not given, but it enters by κ, df1, df2 and the error of disjoint parts alone. The equivalent ridge
    gives κ and df1, the first two errors df2: isotropic features with these give the third error.
    """
    kappa = (45.767 - 1) / (200 - 80)
    df1, df2 = 80 - 1 / kappa, 80 * (1 - 1.0325 / 1.707)
    learned = df2 / df1  # σ/(σ+κ)
    spectrum = rc.Spectrum.from_eigenvalues([kappa * learned / (1 - learned)], [df1 / learned])
    problem = rc.Problem(spectrum, [0.5 / (1 - learned) ** 2], noise=0.5325)
    assert_allclose(equivalent_ridge(spectrum, 200, 1, 80), 45.767, rtol=1e-12)
    assert_allclose(cross_risk(problem, (80, 80), (1, 1), 0), 1.0325, rtol=1e-12)
    one, infinite = ensemble_risk(problem, 200, 1, [1, INF], 80).test
    assert_allclose(one, 1.707, rtol=1e-12)
    assert round(float(infinite), 3) == 1.226


# Exact cases, by proof


def test_nothing_is_ever_nan() -> None:
    sizes = [1.0, 2.0, 1e9, INF]
    for k, extra, ridge in itertools.product([0, 1e-300, 10, 30, 40], [0, 1e-12, 7], [0, 1e-300, 1.0, 1e300, INF]):
        risk = ensemble_risk(MIXED, k + extra, ridge, sizes, k)
        for name, value in risk.fields.items():
            assert not np.isnan(value).any(), (name, k, extra, ridge)


def test_empty_subsamples_predict_nothing() -> None:
    """Test and train are E y² (of the in-sample error, what features reach), κ = inf; without samples as for Ridge."""
    risk = ensemble_risk(MIXED, [10, 1e6], [[0], [1.0]], [[[1]], [[INF]]], 0)
    total, reached = 1.0 + 0.5 + 0.25 + 0.125 + 0.0625 + 0.5, 1.75
    for name, value in (("test", total), ("train", total), ("gcv", total), ("in_sample", reached), ("df1", 0)):
        assert_array_equal(risk.fields[name], value, err_msg=name)
    assert_array_equal(risk.effective_ridge, INF)
    assert_array_equal(risk.norm_squared, 0)
    assert equivalent_ridge(MIXED.spectrum, 10, 0, 0) == INF
    nothing, one = ensemble_risk(MIXED, 0, [0, 1.0], 5, 0), rc.ridge_risk(MIXED, 0, [0, 1.0])
    for name in FIELDS:
        assert_array_equal(nothing.fields[name], one.fields[name])
    few = ensemble_risk(MIXED, 10, [0, 1.0], 3, 1e-9)  # it is the limit
    for name in set(FIELDS) - {"effective_ridge"}:
        assert_allclose(few.fields[name], ensemble_risk(MIXED, 10, [0, 1.0], 3, 0).fields[name], rtol=1e-7, atol=1e-8)


def test_infinite_ridge_predicts_nothing() -> None:
    risk = ensemble_risk(MIXED, [40, 60], INF, [[1], [4], [INF]], 40)
    for name, value in (("test", 2.4375), ("train", 2.4375), ("gcv", 2.4375), ("in_sample", 1.75), ("df1", 0)):
        assert_allclose(risk.fields[name], value, rtol=8 * EPS, err_msg=name)


def test_ridgeless_parts_larger_than_the_rank() -> None:
    """κ = 0: a pair is least squares on all samples, n(M + τ²)/(n - r), one member k(M + τ²)/(k - r)."""
    every = 0.125 + 0.0625 + 0.5
    one, two, infinite = ensemble_risk(MIXED, 50, 0, [1, 2, INF], 40).test
    assert_allclose([one, infinite], [every * 40 / 10, every * 50 / 20], rtol=4 * EPS)
    assert_allclose(two, (one + infinite) / 2, rtol=4 * EPS)
    assert_allclose(rc.ridge_risk(MIXED, 50, 0).test, infinite, rtol=4 * EPS)


@pytest.mark.parametrize(("noise", "outside"), [(0, 0), (0.5, 0), (0, 1.0), (2, 1)])
def test_ridgeless_parts_as_large_as_the_rank(noise: float, outside: float) -> None:
    """A finite ensemble has its members' inf, with noise or energy outside; an infinite one least squares on all."""
    problem = MIXED.replace(energies=[1.0, 1.0, 1.0, 0.0], noise=noise, outside_energy=outside)
    finite, infinite = (ensemble_risk(problem, 50, 0, size, 30) for size in (1000, INF))
    assert finite.variance == (INF if noise else 0)
    assert finite.bias == (INF if outside else 0)
    for name in ("test", "train", "gcv", "norm_squared", "in_sample"):
        at = finite.fields[name]
        assert at == INF if noise or outside else np.isfinite(at), name
    assert_allclose(infinite.test, 50 * (noise + outside) / 20)
    at_n = ensemble_risk(problem, 30, 0, INF, 30)
    assert at_n.test == (INF if noise or outside else 0)
    assert at_n.train == 0


# Identities


@given(cases())
def test_identities(case: dict[str, Any]) -> None:
    """Linear in 1/M and falling; the parts add up; the optimism of the training error; GCV is too large, if finite."""
    problem, n, ridge, k = problem_of(case["model"]), case["n"], case["ridge"], case["k"]
    sizes = np.array([1.0, 2.0, 3.0, 10.0, INF])
    risk = ensemble_risk(problem, n, ridge, sizes, k)
    assert_array_equal(risk.test, risk.bias + risk.variance + risk.noise)
    every = float(problem.noise) + problem.outside_energy
    optimism = risk.train - every + 2 * every * risk.df1 / n
    assert_allclose(
        risk.in_sample, optimism, rtol=1e-11, atol=1e-13 * float(risk.test[0]) * condition(case, risk_of(case))
    )
    left = 1 - risk.df1 / n
    assert_allclose(risk.gcv * left**2, risk.train, rtol=1e-8, atol=1e-12 * float(risk.test[0]))
    assert (risk.gcv >= risk.test * (1 - 64 * EPS)).all()
    assert_array_equal(risk.gcv[-1], risk.test[-1])
    for name in FIELDS:
        value = risk.fields[name]
        assert_allclose(value, value[-1] + (value[0] - value[-1]) / sizes, rtol=1e-13, atol=1e-300, err_msg=name)
        assert (np.diff(value) <= 64 * EPS * np.abs(value[0])).all()


@given(cases(), st.sampled_from([0.25, 2.0, 64.0]))
def test_counts_and_ratios(case: dict[str, Any], factor: float) -> None:
    """(n, k, m, λ, t) → c leaves the risks: powers of two, so that only sums round."""
    model = case["model"]
    stretched = case | {
        "model": precise.Model(
            model.sigma, [factor * w for w in model.m], model.energies, model.noise, model.outside, factor * model.tail
        ),
        "n": factor * case["n"],
        "k": factor * case["k"],
        "ridge": factor * case["ridge"],
    }
    one, other = risk_of(case), risk_of(stretched)
    for name in set(FIELDS) - {"df1", "df2"}:
        assert_allclose(other.fields[name], one.fields[name], rtol=1e-13 * condition(case, one), atol=1e-300)
    assert_allclose(other.df2, factor * one.df2, rtol=1e-13)


# Two fits


@given(cases(), st.floats(-4, 2), st.floats(0.1, 3), st.sampled_from([0.0, 0.3, 1.0]))
def test_cross_risk_agrees_with_its_twin(case: dict[str, Any], log_other: float, ratio: float, shared: float) -> None:
    model, (k, ridge), other = case["model"], (case["k"], case["ridge"]), 10.0**log_other
    sizes, ridges = (k, ratio * k), (ridge, other)
    overlap = shared * min(sizes)
    got = cross_risk(problem_of(model), sizes, ridges, overlap)
    with mpmath.workdps(50):
        kappas = tuple(model.kappa(a, b) for a, b in zip(sizes, ridges, strict=True))
        exact = float(precise.Pair(model, kappas, sizes, overlap).test())
    assert_allclose(got, exact, rtol=1e-13 * condition(case, risk_of(case)), atol=1e-300)
    swapped = cross_risk(problem_of(model), sizes[::-1], ridges[::-1], overlap)
    assert_allclose(got, swapped, rtol=1e-13 * condition(case, risk_of(case)), atol=1e-300)


@given(cases())
def test_cross_risk_of_equal_ridges(case: dict[str, Any]) -> None:
    """With itself it is the test error, at overlap k²/n the infinite ensemble's, and a weighted mean is an ensemble."""
    problem, n, ridge, k = problem_of(case["model"]), case["n"], case["ridge"], case["k"]
    same, other = cross_risk(problem, (k, k), (ridge, ridge), [k, k * k / n])
    one, three, infinite = ensemble_risk(problem, n, ridge, [1, 3, INF], k).test
    allowed = 1e-13 * condition(case, risk_of(case))
    assert_allclose([same, other], [one, infinite], rtol=allowed)
    assert_allclose((np.full((3, 3), other) + (same - other) * np.eye(3)).mean(), three, rtol=allowed)


def test_cross_risk_at_its_edges() -> None:
    every = 0.125 + 0.0625 + 0.5
    assert cross_risk(MIXED, (30, 30), (0, 0), 30) == INF
    assert cross_risk(MIXED.replace(noise=0, outside_energy=0, energies=[1, 1, 1, 0]), (30, 30), (0, 0), 30) == 0
    assert_allclose(cross_risk(MIXED, (30, 30), (0, 0), 29), every / (1 - 29 / 30), rtol=1e-14)
    assert_allclose(cross_risk(MIXED, (30, 40), (0, 0), [[0], [30]])[:, 0], [every, every / (1 - 30 / 40)], rtol=1e-14)
    assert_allclose(cross_risk(MIXED, (0, 30), (1, 0), 0), every)  # 0 against least squares without bias
    assert_allclose(cross_risk(MIXED, (0, 0), (0, INF), 0), 2.4375)
    assert_allclose(cross_risk(MIXED, (20, 25), (INF, INF), 20), 2.4375)
    reverse = [cross_risk(MIXED, (30, 30), ridges, 30) for ridges in ((0, 1), (1, 0))]
    assert_allclose(*reverse, rtol=1e-14)
    assert cross_risk(MIXED, ([20, 30], 40), (1, [[0], [1], [2]]), 5).shape == (3, 2)
    for bad, match in (
        (dict(n_samples=(30, 20), ridges=(0, 0), overlap=21), r"^overlap must be <= both n_samples, got 21"),
        (dict(n_samples=30, ridges=(0, 0), overlap=21), r"^n_samples must be a pair"),
        (dict(n_samples=(30, 20), ridges=(0, -1), overlap=1), r"^ridges must be >= 0"),
    ):
        with pytest.raises(ValueError, match=match):
            cross_risk(MIXED, **bad)  # type: ignore[arg-type]


# Derivatives


@given(cases(least=1e-3), st.sampled_from(["ridge", "n_samples", "subsample"]))
def test_derivatives_of_every_field(case: dict[str, Any], parameter: str) -> None:
    """Against mpmath's differentiation of the twin, which is smooth through k = n."""
    name_of = {"ridge": "ridge", "n_samples": "n", "subsample": "k"}
    risk = risk_of(case)
    with mpmath.workdps(60):
        slopes = precise.derivatives(name_of[parameter], **case)
    amplified = condition(case, risk) ** 3
    for name in FIELDS:
        exact = float(slopes[name])
        size = abs(exact) + 1e-9 * abs(float(risk.fields[name])) / case[name_of[parameter]]
        assert abs(float(risk.derivative(name, parameter)) - exact) <= 1e-8 * size * amplified, name


def test_derivatives_without_a_subsample_are_those_of_ridge_regression() -> None:
    for n, parameter in itertools.product([12.0, 77.0], ["ridge", "n_samples"]):
        many, one = ensemble_risk(MIXED, n, 0.5, 3), rc.ridge_risk(MIXED, n, 0.5)
        for name in (*FIELDS, "noise"):
            assert_allclose(many.derivative(name, parameter), one.derivative(name, parameter), rtol=1e-12, atol=1e-15)
    with pytest.raises(ValueError, match=r"^parameter must be one of 'ridge', 'n_samples', got 'subsample'"):
        many.derivative("test", "subsample")
    again = pickle.loads(pickle.dumps(many))
    assert again.derivative("test", "ridge") == many.derivative("test", "ridge")


def test_what_has_no_derivative() -> None:
    with pytest.raises(ValueError, match=r"^subsample must be > 0 and, at ridge 0, not the rank"):
        ensemble_risk(MIXED, 50, 0, 3, 30).derivative("test", "ridge")
    with pytest.raises(ValueError, match=r"^subsample must be > 0"):
        ensemble_risk(MIXED, 20, 0, 3, 20).derivative("gcv", "n_samples")
    with pytest.raises(ValueError, match=r"^field must be one of test"):
        ensemble_risk(MIXED, 50, 0, 3, 20).derivative("tst", "ridge")
    assert np.isfinite(ensemble_risk(MIXED, 20, 0, 3, 20).derivative("test", "n_samples"))


# Shapes, words


def test_shapes_and_coordinates() -> None:
    problem = MIXED.replace(noise=[0.1, 0.2])
    risk = ensemble_risk(problem, np.array([40, 50, 60])[:, None], 1.0, 5, np.array([10, 20])[:, None, None])
    assert risk.test.shape == risk.noise.shape == risk.effective_ridge.shape == (2, 3, 2)
    assert list(risk.coordinates) == ["n_samples", "ridge", "subsample", "noise"]
    assert "size" in ensemble_risk(MIXED, 40, 1.0, [1, 2], 20).coordinates
    assert "subsample" not in ensemble_risk(MIXED, 40, 1.0, 2).coordinates
    alone = ensemble_risk(MIXED.replace(noise=0.2), 50, 1.0, 5, 20)
    assert alone.test.shape == ()
    assert_array_equal(risk.test[1, 1, 1], alone.test)


def test_predict_reduces_to_the_members_problem() -> None:
    data = rc.GaussianData.isotropic(60, noise=0.5)
    estimator = rc.Ensemble(rc.Ridge([0, 1.0]), size=4, subsample=[[20], [30]])
    risk = rc.predict(data, estimator, 50)
    assert rc.reduce(data, estimator) == rc.reduce(data, rc.Ridge(0))
    assert_array_equal(risk.test, ensemble_risk(rc.reduce(data, rc.Ridge(0)), 50, [0, 1.0], 4, [[20], [30]]).test)
    assert "patil2023" in rc.cite(risk)
    noted = rc.predict(data, estimator.replace(subsample=58.0), 80).notes
    assert any("subsample - df2 is only" in note for note in noted)


def test_refusals() -> None:
    with pytest.raises(ValueError, match=r"^subsample must be <= n_samples, got 51 of 50; members are drawn without"):
        ensemble_risk(MIXED, 50, 1.0, 3, [20, 51])
    with pytest.raises(ValueError, match=r"^subsample must be <= n_samples"):
        equivalent_ridge(MIXED.spectrum, 50, 1.0, 51)
    with pytest.raises(ValueError, match=r"^size must be whole numbers >= 1 or inf, got 2.5"):
        ensemble_risk(MIXED, 50, 1.0, [1, 2.5], 20)
    with pytest.raises(ValueError, match=r"^size must be"):
        ensemble_risk(MIXED, 50, 1.0, 0, 20)
    with pytest.raises(ValueError, match=r"^shapes do not broadcast"):
        ensemble_risk(MIXED, [50, 60], 1.0, 3, [10, 20, 30])
    with pytest.raises(ValueError, match=r"^ridge must be above ridge_lower_limit"):
        ensemble_risk(MIXED, 90, -10.0, 3, 40)
    table = rc.Dataset(np.eye(4) + 1, np.arange(4.0))
    with pytest.raises(TypeError, match=r"^no theory for \(Dataset, Ensemble\); the pairs there are: .*Ensemble"):
        rc.predict(table, rc.Ensemble(rc.Ridge(1.0), 3, 2), 3)
    with pytest.raises(
        TypeError, match=r"^no theory of an ensemble for \(GaussianData, Spectrum\); .*GaussianData, Ridge"
    ):
        rc.reduce(rc.GaussianData.isotropic(5), rc.Ensemble(rc.Spectrum.isotropic(3), 3))
