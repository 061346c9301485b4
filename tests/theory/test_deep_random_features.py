"""Deep random features: the nested equations at the root, exact special cases, the sheet's simulated numbers."""

from __future__ import annotations

from typing import Any

import mpmath
import numpy as np
import pytest
from mpmath import mpf
from numpy.testing import assert_allclose

import riskcalc as rc
from riskcalc.theory.random_features.layers import Layers

RF = rc.random_features
SIGMA = np.array([1.8, 1.0, 0.2])
MULTIPLICITIES = np.array([20.0, 50.0, 30.0])
PROBLEM = rc.Problem(rc.Spectrum.from_eigenvalues(SIGMA, MULTIPLICITIES), [0.5, 0.3, 0.2], 0.25, 0.1)
FIELDS = ("df1", "df2", "bias", "variance", "test", "train", "norm_squared")


def freedom(c: mpf, widths: list[float], moments: list[tuple[float, float]]) -> tuple[mpf, mpf]:
    """E_l(c) and c_0 from their definition, the inner equation by bisection; ``widths`` begins with d."""
    if not moments:
        return mpmath.fsum(m * c * s / (1 + c * s) for s, m in zip(SIGMA, MULTIPLICITIES, strict=True)), c
    width, before = mpf(widths[-1]), mpf(widths[-2])
    linear, dust = (mpf(k) for k in moments[-1])
    outer = c * linear / (1 + c * dust)
    low, high = mpf(0), outer * width / before
    for _ in range(mpmath.mp.prec + 10):
        middle = (low + high) / 2
        below = freedom(middle, widths[:-1], moments[:-1])[0]
        low, high = (middle, high) if width - below > before * middle / outer else (low, middle)
    below, inner = freedom(high, widths[:-1], moments[:-1])
    return width - (width - below) / (1 + c * dust), inner


def twin(n: float, widths: list[float], moments: list[tuple[float, float]], ridge: float) -> dict[str, mpf]:
    """The outer equation by bisection, derivatives by finite differences in extended precision."""
    linear, dust, last = mpf(moments[-1][0]) / mpf(widths[-2]), mpf(moments[-1][1]), mpf(widths[-1])

    def both(u: mpf) -> tuple[mpf, mpf]:
        value, inner = freedom(u * linear, widths[:-1], moments[:-1])
        unlearned = mpmath.fsum(mpf(e) / (1 + inner * s) for e, s in zip((0.5, 0.3, 0.2), SIGMA, strict=True))
        return value + dust * u, unlearned + mpf(0.1)

    low, high = mpf(-30), mpf(30)
    for _ in range(mpmath.mp.prec + 10):
        middle = (low + high) / 2
        d = both(mpmath.exp(middle))[0]
        below = d < min(n, last) and (n - d) * (last - d) > ridge * last * mpmath.exp(middle)
        low, high = (middle, high) if below else (low, middle)
    u = mpmath.exp(low)
    h = mpf(10) ** (-mpmath.mp.dps // 3)
    d, q1 = both(u)
    up, down = both(u * (1 + h)), both(u * (1 - h))
    g, q2 = (up[0] - down[0]) / (2 * h), q1 + (up[1] - down[1]) / (2 * h)
    df2 = d - g
    delta = (n - df2) * (last - df2) - g**2
    bias = n * ((last - d) * q2 + g * q1) / delta
    variance = mpf(0.25) * (d * g + (last - d) * df2) / delta
    test = bias + variance + mpf(0.25)
    norm = last * u / delta * (g * (q1 + mpf(0.25)) + (n - d) * (q1 - q2))
    return {"df1": d, "df2": df2, "bias": bias, "variance": variance, "test": test, "train": ((n - d) / n) ** 2 * test,
            "norm_squared": norm}  # fmt: skip


@pytest.mark.parametrize(
    ("n", "widths", "moments", "ridge"),
    [
        (60, [40], [(0.5, 0.1)], 0.1),
        (150, [150, 200], [(0.5, 0.1), (0.3, 0.2)], 0.02),
        (150, [80, 150], [(0.5, 0.1), (0.3, 0.0)], 1e-4),
        (90, [200, 60], [(0.5, 0.0), (0.3, 0.0)], 1e-3),
        (30, [120, 90], [(0.9, 0.01), (0.6, 0.3)], 5.0),
    ],
)
def test_fields_agree_with_the_nested_equations(
    n: float, widths: list[float], moments: list[tuple[float, float]], ridge: float
) -> None:
    """Finite differences of step 1e-13 in 40 digits: 1e-11."""
    found = RF.deep_risk(PROBLEM, n, widths, moments, ridge)
    with mpmath.workdps(40):
        exact = twin(n, [100.0, *widths], moments, ridge)
    for name in FIELDS:
        assert_allclose(found.fields[name], float(exact[name]), rtol=1e-11, err_msg=name)


def test_one_layer_is_random_features_of_structured_inputs() -> None:
    kernel = PROBLEM.replace(spectrum=rc.Spectrum.from_eigenvalues(0.5 * SIGMA / 100, MULTIPLICITIES, tail=0.1))
    n, width, lam = np.array([50.0, 200])[:, None, None], np.array([70.0, 300])[:, None], np.array([0, 0.1, 3])
    deep, flat = RF.deep_risk(PROBLEM, n, [width], [(0.5, 0.1)], lam), rc.random_feature_risk(kernel, n, width, lam)
    for name in flat.fields:
        assert_allclose(deep.fields[name], flat.fields[name], rtol=1e-12, err_msg=name)


def test_few_degrees_of_freedom_are_the_trace() -> None:
    """The start of the iteration: E_l(c) = T_l c(1 + O(c)), below T_l c."""
    widths, linear, dust = np.array([[100.0], [80], [150]]), np.array([[0.5], [0.3]]), np.array([[0.1], [0.2]])
    layers = Layers(PROBLEM.spectrum, widths, linear, dust)
    for k in range(3):
        share = layers.freedom(np.array([1e-9]), k).value / (1e-9 * layers.trace(k))
        assert 1 - 1e-6 < share[0] <= 1 + 1e-14
    assert_allclose(layers.freedom(np.array([1e12])).value, layers.rank(), rtol=1e-6)


def test_infinitely_wide_layers_drop_out() -> None:
    """N₁ → ∞ leaves one layer with levels κ₁₂²κ₁₁²σ/d and dust κ₁₂²κ_*₁² + κ_*₂²; errors are O(1/N₁)."""
    deep = RF.deep_risk(PROBLEM, 80, [[1e7, 1e9], 120], [(0.5, 0.1), (0.3, 0.2)], 0.1)
    flat = RF.deep_risk(PROBLEM, 80, [120], [(0.3 * 0.5, 0.3 * 0.1 + 0.2)], 0.1)
    error = np.abs(deep.test / flat.test - 1)
    assert_allclose(error[0] / error[1], 100, rtol=0.05)
    assert error[1] < 1e-6


def test_a_bottleneck_of_linear_layers_limits_the_rank() -> None:
    """A linear layer of width 20 passes 20 directions on: ridgeless fits below it exist, at it they are refused."""
    moments = [(1.0, 0.0), (1.0, 0.0)]
    assert_allclose(RF.deep_risk(PROBLEM, 15, [20, 50], moments, 0).df1, 15, rtol=1e-12)
    with pytest.raises(ValueError, match="ridge must be > 0 where n_samples and the last width"):
        RF.deep_risk(PROBLEM, 20, [20, 50], moments, 0)
    assert RF.deep_risk(PROBLEM, 300, [20, 200], moments, 1e-6).df1 < 20


def test_numbers_of_the_sheet() -> None:
    """Bias, variance and train error that were simulated for tanh(2x); to the digits printed."""

    def chain(depth: int, r: float) -> list[tuple[float, float]]:
        x = np.linspace(-9, 9, 601)
        w = np.exp(-(x**2) / 2) / np.exp(-(x**2) / 2).sum()
        out = []
        for _ in range(depth):
            y = np.tanh(2 * np.sqrt(r) * x)
            linear = (w @ (x * y)) ** 2 / r
            out.append((linear, w @ y**2 - r * linear))
            r = w @ y**2
        return out

    for d, widths, n, lam, *expected in (
        (100, (150, 200), 150, 0.02, 0.760, 0.298, 0.053), (100, (200, 100), 250, 0.005, 0.737, 0.160, 0.420),
        (100, (150, 150, 150), 150, 0.005, 1.834, 0.652, 0.067),
        (200, (300, 300, 300), 300, 0.005, 1.836, 0.652, 0.067),
    ):  # fmt: skip
        sigma = np.linspace(0.2, 1.8, d)
        problem = rc.Problem(rc.Spectrum.from_eigenvalues(sigma), sigma / sigma.sum(), noise=0.25)
        risk = RF.deep_risk(problem, n, widths, chain(len(widths), 1.0), lam)
        assert_allclose([risk.bias, risk.variance, risk.train], expected, atol=6e-4)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"n_samples": 0}, "n_samples must be finite and > 0"), ({"ridge": -1}, "ridge must be finite and >= 0"),
        ({"widths": [0, 10]}, r"widths\[0\] must be finite and > 0"), ({"widths": [10]}, "moments must be one pair"),
        ({"moments": [(0.5, 0.1), (0.5, -0.1)]}, r"moments\[1\]\[1\] must be finite and >= 0"),
        ({"moments": [(0.5, 0.1), (0.5,)]}, "moments must be one pair"),
    ],
)  # fmt: skip
def test_bad_arguments_are_refused(change: dict[str, Any], sentence: str) -> None:
    arguments: dict[str, Any] = {"n_samples": 10, "widths": [5, 10], "moments": [(0.5, 0.1)] * 2, "ridge": 0.1} | change
    with pytest.raises(ValueError, match=sentence):
        RF.deep_risk(PROBLEM, **arguments)
    with pytest.raises(ValueError, match="finitely many eigenvalues"):
        RF.deep_risk(rc.Problem(rc.Spectrum.isotropic(3).replace(tail=1.0), [1]), 3, [4], [(1, 1)], 1)


def test_covariates_of_a_teacher_and_a_student_are_ridge_regression() -> None:
    """A student that sees a linear image of the teacher's inputs and noise: the formulas of the sheet with Ω, Φ, Ψ."""
    rng = np.random.default_rng(5)
    teacher = np.diag([2.0, 1.0, 0.5])
    image = rng.standard_normal((4, 3))
    student, cross, theta = image @ teacher @ image.T + 0.3 * np.eye(4), teacher @ image.T, np.array([1.0, -1.0, 2.0])
    problem = RF.covariate_problem(teacher, cross, student, theta, noise=0.2)
    best = np.linalg.solve(student, cross.T @ theta)
    left = theta @ teacher @ theta - theta @ cross @ best
    risk = rc.ridge_risk(problem, 7.0, 0.4)
    k = float(risk.effective_ridge)
    inverse = np.linalg.inv(student + k * np.eye(4))
    assert_allclose(7 - 0.4 / k, np.trace(student @ inverse), rtol=1e-12)
    df2 = np.trace(student @ inverse @ student @ inverse)
    assert_allclose(risk.bias, (k**2 * best @ inverse @ student @ inverse @ best + left) / (1 - df2 / 7), rtol=1e-12)
    with pytest.raises(ValueError, match="cross_covariance must have shape"):
        RF.covariate_problem(teacher, cross.T, student, theta)
    with pytest.raises(ValueError, match="coefficients must have one entry"):
        RF.covariate_problem(teacher, cross, student, theta[:2])
    with pytest.raises(ValueError, match="energy must be >="):
        RF.covariate_problem(0.1 * teacher, cross, student, theta)
