"""Precise (mpmath twins) and identities: norm, estimation, in-sample error, cross-validation, derivatives, λ < 0."""

from __future__ import annotations

import math
import pickle
from typing import Any

import mpmath
import numpy as np
import precise_linear as precise
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

import riskcalc as rc

FIELDS = (
    "effective_ridge", "df1", "df2", "bias", "variance", "test", "train", "gcv", "norm_squared", "estimation",
    "in_sample",
)  # fmt: skip


@st.composite
def cases(draw: st.DrawFn, least: float = 1e-6) -> dict[str, Any]:
    """A problem without a tail, and a size away from the rank."""
    size = draw(st.integers(1, 5))
    numbers = st.floats(0, 1)
    sigma = [10.0 ** draw(st.floats(math.log10(least), 1)) for _ in range(size)]
    m = [float(draw(st.integers(1, 60))) for _ in range(size)]
    ratio = draw(st.sampled_from([0.2, 0.6, 0.95, 1.05, 1.5, 4.0]))
    return {
        "sigma": sigma,
        "m": m,
        "energies": [draw(numbers) for _ in range(size)],
        "noise": draw(st.sampled_from([0.0, 0.3])),
        "outside": draw(st.sampled_from([0.0, 0.2])),
        "n": ratio * sum(m),
    }


def problem_of(case: dict[str, Any]) -> rc.Problem:
    spectrum = rc.Spectrum.from_eigenvalues(case["sigma"], case["m"])
    return rc.Problem(spectrum, case["energies"], case["noise"], case["outside"])


def condition(risk: rc.Risk, n: float) -> float:
    return float(n / (n - risk.df2))


@given(cases(), st.floats(-6, 3))
def test_every_field_agrees_with_its_twin(case: dict[str, Any], log_ridge: float) -> None:
    """Seen: 3e-15 n/(n - df2)."""
    ridge = 10.0**log_ridge
    risk = rc.ridge_risk(problem_of(case), case["n"], ridge)
    with mpmath.workdps(50):
        exact = precise.complete_risk(ridge=ridge, **case)
    for name in FIELDS:
        assert_allclose(
            risk.fields[name], float(exact[name]), rtol=1e-13 * condition(risk, case["n"]), atol=1e-300, err_msg=name
        )


@given(cases(least=1e-2), st.floats(0.02, 0.98))
def test_negative_ridge_agrees_with_its_twin(case: dict[str, Any], share: float) -> None:
    """Between the limit, where the two real roots meet, and 0; above the rank κ is negative."""
    with mpmath.workdps(50):
        sigma, m = [mpmath.mpf(s) for s in case["sigma"]], [mpmath.mpf(w) for w in case["m"]]
        lowest = precise.lowest_kappa(sigma, m, mpmath.mpf(case["n"]))
        limit = float(lowest * (case["n"] - mpmath.fsum(w * s / (s + lowest) for s, w in zip(sigma, m, strict=True))))
    ridge = share * limit
    risk = rc.ridge_risk(problem_of(case), case["n"], ridge)
    with mpmath.workdps(50):
        exact = precise.complete_risk(ridge=ridge, **case)
    assert np.sign(risk.effective_ridge) == np.sign(sum(case["m"]) - case["n"])
    for name in FIELDS:
        assert_allclose(
            risk.fields[name], float(exact[name]), rtol=1e-12 * condition(risk, case["n"]), atol=1e-300, err_msg=name
        )
    with pytest.raises(ValueError, match=r"^ridge must be above ridge_lower_limit"):
        rc.ridge_risk(problem_of(case), case["n"], limit * 1.001)


@pytest.mark.parametrize("n", [100.0, 400.0])
def test_negative_ridge_isotropic(n: float) -> None:
    """κ² + (1 - γ - z)κ - z = 0, its larger root, down to the limit -n(1 - √γ)²."""
    gamma = 200 / n
    limit = -n * (1 - math.sqrt(gamma)) ** 2
    ridge = limit * np.array([1e-9, 0.1, 0.5, 0.9, 0.999, 0.9999999])
    z = ridge / n
    b = 1 - gamma - z
    root = np.sqrt(np.maximum(b**2 + 4 * z, 0))
    expected = (root - b) / 2 if n < 200 else 2 * z / (b + root)
    kappa = rc.effective_ridge(rc.Spectrum.isotropic(200), n, ridge)
    assert_allclose(kappa, expected, rtol=1e-12)  # the formula itself cancels by 1/√(1 - share)


def test_negative_ridge_at_the_rank_and_far_below_is_refused() -> None:
    spectrum = rc.Spectrum.isotropic(200)
    for n, ridge in ((200, -1e-9), (100, -1e4), (400, -35.0)):
        with pytest.raises(ValueError, match=r"^ridge must be above ridge_lower_limit"):
            rc.effective_ridge(spectrum, n, ridge)
    with pytest.raises(ValueError, match=r"^ridge must be >= 0 where n_samples exceeds the rank"):
        rc.log_effective_ridge(spectrum, 400, -1.0)
    assert rc.log_effective_ridge(spectrum, 100, -1.0) == pytest.approx(
        math.log(rc.effective_ridge(spectrum, 100, -1.0))
    )


def test_infinite_ridge_predicts_zero() -> None:
    problem = rc.Problem(rc.Spectrum.from_eigenvalues([2.0, 1.0], [10, 20]), [0.5, 0.25], 0.1, 0.2)
    risk, large = rc.ridge_risk(problem, [5.0, 100.0], np.inf), rc.ridge_risk(problem, [5.0, 100.0], 1e15)
    for name in FIELDS[1:]:
        assert_allclose(risk.fields[name], large.fields[name], atol=1e-11, err_msg=name)
    assert_allclose(risk.test, 1.05)
    assert_allclose(risk.train, 1.05)


@given(cases(least=1e-3), st.floats(-3, 2), st.sampled_from(["ridge", "n_samples"]), st.booleans())
def test_derivatives_of_every_field(case: dict[str, Any], log_ridge: float, parameter: str, negative: bool) -> None:
    """Against mpmath's differentiation of the twin."""
    ridge = 10.0**log_ridge * (-1e-4 if negative else 1)
    try:
        risk = rc.ridge_risk(problem_of(case), case["n"], ridge)
    except ValueError:
        return  # below the limit
    with mpmath.workdps(60):
        slopes = precise.derivatives(parameter, ridge=ridge, **case)
    for name in FIELDS:
        exact = float(slopes[name])
        size = abs(exact) + 1e-9 * abs(float(risk.fields[name])) / (abs(ridge) if parameter == "ridge" else case["n"])
        error = abs(float(risk.derivative(name, parameter)) - exact)
        assert error <= 1e-9 * size * condition(risk, case["n"]) ** 3, name


def test_derivatives_with_a_tail_at_ridge_zero_and_at_the_threshold() -> None:
    problem = rc.Problem(rc.Spectrum.from_eigenvalues([2.0, 1.0], [10, 20], tail=0.5), [0.5, 0.25], 0.1, 0.2)
    for n in (12.0, 30.0, 77.0):
        risk = rc.ridge_risk(problem, n, 0.0)
        for name in ("test", "bias", "df1", "norm_squared", "in_sample"):
            step = 1e-5
            forward = [float(rc.ridge_risk(problem, n, x).fields[name]) for x in (0.0, step, 2 * step)]
            slope = (-3 * forward[0] + 4 * forward[1] - forward[2]) / (2 * step)
            assert_allclose(risk.derivative(name, "ridge"), slope, rtol=1e-5, atol=1e-8, err_msg=name)
    at = rc.ridge_risk(rc.Problem(rc.Spectrum.isotropic(20), [1.0], 0.1), [10.0, 20.0], 0.0)
    with pytest.raises(ValueError, match=r"^n_samples must be > 0 and, at ridge 0, not the rank"):
        at.derivative("test", "ridge")
    assert rc.ridge_risk(rc.Problem(rc.Spectrum.isotropic(20), [1.0], 0.1), [10.0, 19.0], 0.0).derivative(
        "noise", "ridge"
    ).tolist() == [0, 0]


def test_what_has_no_derivative() -> None:
    risk = rc.predict(rc.GaussianData.isotropic(20), rc.Ridge(1.0), 10)
    with pytest.raises(ValueError, match=r"^parameter must be one of 'ridge', 'n_samples', got 'noise'"):
        risk.derivative("test", "noise")
    with pytest.raises(ValueError, match=r"^field must be one of test, train, bias"):
        risk.derivative("tst", "ridge")
    table = rc.predict(rc.Dataset(np.eye(4) + 1, np.arange(4.0)), rc.Ridge(1.0), 2)
    with pytest.raises(ValueError, match=r"^there are no derivatives for the route 'finite population'"):
        table.derivative("test", "ridge")


def test_a_risk_with_its_derivatives_can_be_pickled() -> None:
    risk = rc.predict(rc.GaussianData.isotropic(200, noise=0.25), rc.Ridge(50.0), n_samples=400)
    again = pickle.loads(pickle.dumps(risk))
    assert again.derivative("bias", "ridge") == risk.derivative("bias", "ridge")


@given(cases(), st.floats(-4, 3))
def test_identities(case: dict[str, Any], log_ridge: float) -> None:
    """The objective at its minimum, its derivative (the norm), the in-sample error."""
    n, noise, outside, ridge = case["n"], case["noise"], case["outside"], 10.0**log_ridge
    problem = problem_of(case)
    risk = rc.ridge_risk(problem, n, ridge)
    sigma, kappa = np.array(case["sigma"]), float(risk.effective_ridge)
    objective = n * risk.train + ridge * risk.norm_squared
    expected = ridge * ((np.array(case["energies"]) / (sigma + kappa)).sum() + (outside + noise) / kappa)
    assert_allclose(objective, expected, rtol=1e-9 * condition(risk, n))
    slope = n * risk.derivative("train", "ridge") + ridge * risk.derivative("norm_squared", "ridge")
    assert_allclose(slope, 0.0, atol=1e-7 * condition(risk, n) ** 3 * float(risk.norm_squared + risk.test / ridge))
    if outside == 0:
        assert_allclose(
            risk.in_sample, risk.train - noise + 2 * noise * risk.df1 / n, atol=1e-12 * float(risk.test + noise)
        )


def test_exact_finite_size_formulas_of_least_squares() -> None:
    """Ordinary least squares, λ = 0 and n > r; the equivalent has n - r for the exact n - r - 1."""
    problem = rc.Problem(rc.Spectrum.from_eigenvalues([2.0, 0.5], [10, 20]), [0.6, 0.4], 0.3)
    risk = rc.ridge_risk(problem, 90.0, 0.0)
    trace = 10 / 2.0 + 20 / 0.5
    assert_allclose(risk.norm_squared, 0.6 / 2 + 0.4 / 0.5 + 0.3 * trace / 60)
    assert_allclose(risk.estimation, 0.3 * trace / 60)
    assert_allclose(risk.in_sample, 0.3 * 30 / 90)
    at_rank = rc.ridge_risk(problem, 30.0, 0.0)
    assert math.isinf(at_rank.norm_squared)
    assert_allclose(at_rank.in_sample, 0.3)
    clean = rc.ridge_risk(problem.replace(noise=0.0), 30.0, 0.0)
    assert_allclose([clean.norm_squared, clean.estimation], [0.6 / 2 + 0.4 / 0.5, 0.0])
