"""Published: Hastie et al.'s formulas for isotropic features at stated points, from published/hastie2022.toml."""

from __future__ import annotations

import tomllib
from fractions import Fraction
from pathlib import Path

import mpmath
import numpy as np
import pytest
from mpmath import mpf
from numpy.testing import assert_allclose

import riskcalc as rc

PUBLISHED = tomllib.loads((Path(__file__).parent / "published" / "hastie2022.toml").read_text(encoding="utf-8"))
EPS = np.finfo(float).eps


def points(table: str):
    """The rows of a table as fractions by name, one test each."""
    rows = [{name: Fraction(value) for name, value in row.items()} for row in PUBLISHED[table]]
    return pytest.mark.parametrize("point", rows, ids=[" ".join(f"{k}={v}" for k, v in row.items()) for row in rows])


def stieltjes(gamma: mpf, penalty: mpf) -> mpf:
    """m(-λ) as the paper has it."""
    b = 1 - gamma + penalty
    return (mpmath.sqrt(b**2 + 4 * gamma * penalty) - b) / (2 * gamma * penalty)


def exact(value: Fraction) -> mpf:
    return mpf(value.numerator) / value.denominator


def predicted(
    gamma: Fraction, penalty: Fraction | float, signal: Fraction = Fraction(1), noise: float = 1.0
) -> rc.Risk:
    """At n = 1 the penalty of the mean objective is the ridge of the sum objective."""
    data = rc.GaussianData.isotropic(float(gamma), signal=float(signal), noise=noise)
    return rc.predict(data, rc.Ridge(float(penalty)), n_samples=1.0)


# The file against the paper's formulas


@points("ridge")
def test_fractions_of_the_file(point):
    with mpmath.workdps(40):
        gamma, penalty = exact(point["gamma"]), exact(point["lambda"])
        m = stieltjes(gamma, penalty)
        slope = -mpmath.diff(lambda value: stieltjes(gamma, value), penalty)  # m', the derivative in the argument -λ
        assert abs(m - exact(point["m"])) < 1e-30
        assert abs(penalty**2 * slope - exact(point["bias"])) < 1e-15
        assert abs(gamma * (m - penalty * slope) - exact(point["variance"])) < 1e-15


@points("optimum")
def test_optimum_of_the_file(point):
    with mpmath.workdps(40):
        gamma, penalty = exact(point["gamma"]), exact(point["lambda"])
        assert penalty == gamma / exact(point["signal"])
        assert abs(gamma * stieltjes(gamma, penalty) - exact(point["excess"])) < 1e-30


# riskcalc against the file


@points("ridgeless")
def test_ridgeless(point):
    risk = predicted(point["gamma"], 0)
    assert_allclose(risk.bias, float(point["bias"]), rtol=8 * EPS)
    assert_allclose(risk.variance, float(point["variance"]), rtol=8 * EPS)
    counts = rc.GaussianData.isotropic(float(600 * point["gamma"]), noise=1.0)
    assert_allclose(rc.predict(counts, rc.Ridge(0), 600).test, risk.test, rtol=16 * EPS)


@points("ridge")
def test_ridge(point):
    risk = predicted(point["gamma"], point["lambda"])
    assert_allclose(risk.bias, float(point["bias"]), rtol=16 * EPS)
    assert_allclose(risk.variance, float(point["variance"]), rtol=16 * EPS)
    n = 300.0  # the sum objective has n times the penalty
    counts = rc.GaussianData.isotropic(float(point["gamma"]) * n, noise=1.0)
    assert_allclose(rc.predict(counts, rc.Ridge(n * float(point["lambda"])), n).test, risk.test, rtol=16 * EPS)


@points("minimum")
def test_second_descent_has_its_minimum(point):
    gamma, snr = point["gamma"], point["snr"]
    assert_allclose(predicted(gamma, 0, snr).excess, float(point["excess"]), rtol=16 * EPS)
    step = Fraction(1, 1000)
    left, right = predicted(gamma - step, 0, snr).excess, predicted(gamma + step, 0, snr).excess
    assert min(left, right) > float(point["excess"])
    assert_allclose(left, right, rtol=1e-5)  # stationary: they differ by the third derivative times step³


@points("optimum")
def test_optimal_ridge(point):
    gamma, signal = point["gamma"], point["signal"]
    penalty, excess = float(point["lambda"]), float(point["excess"])
    best = predicted(gamma, penalty, signal)
    assert_allclose(best.excess, excess, rtol=16 * EPS)
    assert_allclose(best.test, best.effective_ridge * float(signal / gamma), rtol=16 * EPS)  # sheet 1, section 3.4
    for factor in [0, 1e-3, 0.1, 0.9, 0.999, 1.001, 1.1, 10, 1e3]:
        assert predicted(gamma, factor * penalty, signal).excess > excess
    lower, upper = predicted(gamma, 0.999 * penalty, signal).excess, predicted(gamma, 1.001 * penalty, signal).excess
    assert_allclose(lower, upper, rtol=1e-8)  # stationary: third derivative times (10⁻³)³


@pytest.mark.parametrize("n", [40.0, 100.0, 400.0])
def test_optimal_ridge_of_isotropic_coefficients_on_any_spectrum(n):
    """F_i = m_i ρ²/p makes λ = τ²p/ρ² optimal whatever Σ is, with test = nκρ²/p (dobriban2018, place not checked)."""
    sigma, m = np.array([5.0, 1.0, 0.1]), np.array([20.0, 50.0, 80.0])
    noise, signal, p = 0.7, 2.0, 150.0
    data = rc.GaussianData(rc.Spectrum.from_eigenvalues(sigma, m), sigma * m * signal / p, noise=noise)
    ridge = noise * p / signal
    best = rc.predict(data, rc.Ridge(ridge), n)
    assert_allclose(best.test, n * best.effective_ridge * signal / p, rtol=16 * EPS)
    around = rc.predict(data, rc.Ridge(ridge * np.array([0, 0.1, 0.99, 1.01, 10])), n).test
    assert (around > best.test).all()


def test_every_published_file_names_its_source():
    for path in (Path(__file__).parent / "published").glob("*.toml"):
        text = path.read_text(encoding="utf-8")
        assert tomllib.loads(text)["source"]
        assert text.startswith("#")
        assert "place not checked" in text or "checked on" in text
