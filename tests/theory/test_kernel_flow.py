"""Flows with a kernel: a twin with a tail from contour integrals, limits, expansions, and what is learned by degree."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from precise_kernel_flow import with_tail

import riskcalc as rc
from riskcalc import kernels, targets
from riskcalc.theory.kernel_flow import degrees_learned, kernel_flow_risk
from riskcalc.theory.kernel_reduction import kernel_problem

TARGET = targets.DegreeEnergies({0: 0.1, 1: 0.5, 2: 0.3, 3: 0.1})
SPHERE = rc.SphereData(20, TARGET, noise=0.25)
FIELDS = ("test", "train", "bias", "variance", "df1", "norm_squared", "in_sample")


@pytest.mark.parametrize("n", [40.0, 90.0])
@pytest.mark.parametrize("time", [0.2, 3.0])
@pytest.mark.parametrize("tail", [0.0, 5.0, 60.0])
def test_a_tail_shifts_the_kernel_matrix(n: float, time: float, tail: float) -> None:
    """1200 points of a contour round everything, right to about 1e-10 (roots of polynomials)."""
    sigma, m, e = [2.0, 0.5], [10.0, 60.0], [0.7, 0.4]
    exact = with_tail(sigma, m, e, tail, n, time)
    problem = rc.Problem(rc.Spectrum.from_eigenvalues(sigma, m, tail), e, [0.0, 1.0])
    risk = rc.gradient_flow_risk(problem, n, time)
    assert_allclose(risk.bias, exact["bias"], atol=1e-9)
    assert_allclose(risk.variance, [0, exact["variance"]], atol=1e-9)
    assert_allclose(risk.df1, exact["df1"], atol=1e-8)
    assert_allclose(risk.train, exact["train_signal"] + np.array([0, exact["train_noise"]]), atol=1e-9)
    assert_allclose(risk.norm_squared, exact["norm_signal"] + np.array([0, exact["norm_noise"]]), atol=1e-9)
    assert_allclose(degrees_learned(problem, np.asarray(n), np.asarray(time))[0], exact["learned"], atol=1e-9)


def test_a_tail_of_small_eigenvalues_on_drawn_features() -> None:
    """Gaussian features beside 20000 small ones of trace 30: fits by matrices of n rows, in 5 standard errors."""
    rng, n, tail, t, noise = np.random.default_rng(0), 60, 30.0, 4.0, 0.5
    sigma, m, e = np.array([2.0, 0.3]), np.array([20, 50]), np.array([0.8, 0.5])
    scales, values = np.repeat(np.sqrt(sigma), m), []
    for _ in range(60):
        X, small = rng.standard_normal((n, 70)) * scales, rng.standard_normal((n, 20000)) * math.sqrt(tail / 20000)
        theta = rng.standard_normal(70)
        theta *= np.sqrt(np.repeat(e / sigma / m, m)) * np.repeat(
            [math.sqrt(20) / np.linalg.norm(theta[:20]), math.sqrt(50) / np.linalg.norm(theta[20:])], m
        )
        s, U = np.linalg.eigh(X @ X.T + small @ small.T)
        fit = U * (-np.expm1(-t * s / n) / s) @ U.T
        spread = (scales[:, None] * (scales[:, None] * (X.T @ fit))) * (X.T @ fit)
        spread = spread.sum() + tail / 20000 * ((small.T @ fit) ** 2).sum()
        new = scales * (X.T @ fit @ X @ theta - theta)
        left = U * np.exp(-t * s / n) @ U.T
        bias = new @ new + tail / 20000 * ((small.T @ fit @ X @ theta) ** 2).sum()
        values.append(
            [bias, noise * spread, np.mean((left @ X @ theta) ** 2) + noise * (left**2).sum() / n, n - np.trace(left)]
        )
    risk = rc.gradient_flow_risk(rc.Problem(rc.Spectrum.from_eigenvalues(sigma, m, tail), e, noise), n, t)
    found = np.array(values)
    error = found.std(axis=0, ddof=1) / math.sqrt(60)
    theory = np.array([risk.bias, risk.variance, risk.train, risk.df1])
    assert (np.abs(found.mean(axis=0) - theory) < 5 * error + np.abs(theory) * [3 / n, 3 / n, 3 / n, 1 / n**2]).all()


KERNELS = [kernels.RBF(), kernels.ReluNeuralTangent(1), kernels.Laplace(), kernels.Polynomial(3), kernels.Exponential()]


@pytest.mark.parametrize("make", [rc.SphereData, rc.HypercubeData])
@pytest.mark.parametrize("kernel", KERNELS, ids=lambda k: type(k).__name__)
def test_ends(make: type, kernel: kernels.Kernel) -> None:
    """Time 0 predicts 0; inf is ridge 0, which late times reach: 1e6 times the inverse of the smallest eigenvalues."""
    data, n = make(20, TARGET, 0.25), np.array([[60.0], [250.0]])
    ends = rc.predict(data, rc.GradientFlow([0.0, 1e9, np.inf], kernel), n)
    ridgeless = rc.predict(data, rc.KernelRidge(kernel, 0.0), n[:, 0])
    assert_allclose(ends.test[:, 0], 1.25, rtol=1e-14)
    assert_array_equal(ends.df1[:, 0], 0)
    for name in FIELDS:
        expected = getattr(ridgeless, name)
        assert_allclose(getattr(ends, name)[:, 2], expected, rtol=1e-14, atol=0, err_msg=name)
        assert_allclose(getattr(ends, name)[:, 1], expected, rtol=1e-7, atol=1e-9, err_msg=name)
    assert_array_equal(ends.learned[:, 0], 0)
    assert_allclose(ends.learned[:, 2], ridgeless.learned, rtol=1e-12)
    assert_allclose(ends.learned[:, 1], ridgeless.learned, atol=1e-7)


@pytest.mark.parametrize("kernel", KERNELS, ids=lambda k: type(k).__name__)
def test_early_times(kernel: kernels.Kernel) -> None:
    """The fit is f̂ = (t/n) Σ K(·, x_i) y_i + O(t²), with ‖f̂‖² = (t/n)²yᵀKy, df1 = t h(1) and the share tξ of a degree.

    So bias is E f² - 2tΣξe, variance τ²t²Σmξ²/n, train (1 - 2t h(1)/n)(E f²+τ²) - 2tΣξe; the tail is in h(1) alone.
    """
    n, t = 80.0, 1e-5
    risk = rc.predict(SPHERE, rc.GradientFlow(t, kernel), n)
    problem = kernel_problem(SPHERE, kernel)
    xi, e, total = problem.spectrum.eigenvalues, np.asarray(problem.energies), problem.spectrum.trace
    assert_allclose((1 - risk.bias) / (2 * t), xi @ e, rtol=1e-4)
    assert_allclose(risk.variance, 0.25 * t**2 * (problem.spectrum.masses @ xi) / n, rtol=1e-4)
    assert_allclose((1.25 - risk.train) / (2 * t), xi @ e + 1.25 * total / n, rtol=1e-4)
    assert_allclose(risk.df1, t * total, rtol=1e-4)
    assert_allclose(risk.norm_squared, t**2 * (xi @ e + 1.25 * total / n), rtol=1e-4)
    assert_allclose(risk.learned, t * xi, rtol=1e-4, atol=1e-15)


def test_the_comparable_ridge() -> None:
    """At λ = n/t each share fitted is larger, by a factor 1.2984256 and by .2036322 at most."""
    t, n = np.geomspace(0.1, 1e4, 12), 120.0
    for kernel in KERNELS:
        flow = rc.predict(SPHERE, rc.GradientFlow(t, kernel), n)
        ridge = rc.predict(SPHERE, rc.KernelRidge(kernel, n / t), n)
        assert (flow.df1 >= ridge.df1).all()
        assert (flow.df1 <= 1.2984257 * ridge.df1).all()
        assert (flow.df1 <= ridge.df1 + 0.2036323 * n).all()
        assert (flow.learned >= ridge.learned - 1e-14).all()
        assert (flow.learned <= np.minimum(1.2984257 * ridge.learned, ridge.learned + 0.2036323) + 1e-14).all()
        assert (flow.train <= ridge.train).all()


def test_learned_and_energies_by_degree() -> None:
    """One degree at a time: its bias is at least (1 - share)² e, as for any mean of random shares."""
    kernel, n, t = kernels.ReluGaussianProcess(1), 150.0, 40.0
    for degree in (0, 1, 2, 4):
        data = rc.SphereData(20, targets.DegreeEnergies({degree: 1.0}))
        risk = rc.predict(data, rc.GradientFlow(t, kernel), n)
        assert risk.bias >= (1 - risk.learned[degree]) ** 2 - 1e-14
    odd = rc.predict(rc.SphereData(20, targets.DegreeEnergies({3: 1.0})), rc.GradientFlow(t, kernel), n)
    assert odd.learned[3] == 0  # this kernel has no degree 3
    assert odd.bias > 1


def test_eigenvalues_and_multiplicities_beyond_a_float() -> None:
    """Degree 400 in 2000 dimensions has multiplicity 1e464 and the eigenvalue e^-1080·…: its energy is noise."""
    far = rc.SphereData(2000, targets.DegreeEnergies({1: 0.6, 400: 0.4}), 0.1)
    spectrum = kernel_problem(far, kernels.Exponential()).spectrum
    assert np.isinf(spectrum.multiplicities[-1])
    assert spectrum.log_eigenvalues[400] < -690
    near = rc.SphereData(2000, targets.DegreeEnergies({1: 0.6}), 0.1)
    n, estimator = np.array([[300.0], [3000.0]]), rc.GradientFlow([1.0, 500.0], kernels.Exponential())
    one, other = rc.predict(far, estimator, n), rc.predict(near.replace(noise=0.5), estimator, n)
    for name in ("test", "train", "norm_squared", "df1"):
        assert_allclose(getattr(one, name), getattr(other, name), rtol=1e-9, atol=1e-12, err_msg=name)
    with pytest.raises(ValueError, match=r"time must be at most 1e\+230, or inf, for this kernel, got 1e\+240"):
        rc.predict(far, estimator.replace(time=1e240), 300.0)
    assert np.isfinite(rc.predict(far, estimator.replace(time=np.inf), 300.0).test)


def test_both_closures_of_the_tail() -> None:
    """An atom and a ridge differ where the tail is large and close to being learned, and then a note says so."""
    estimator = rc.GradientFlow([1.0, 1e3], kernels.Laplace())
    cut = {tail: kernel_flow_risk(SPHERE, estimator, 300.0, tail) for tail in ("ridge", "atom")}
    assert_allclose(cut["atom"].test, cut["ridge"].test, rtol=1e-3)
    assert cut["ridge"].notes == ()
    assert rc.predict(SPHERE, estimator, 300.0, tail="atom").test[1] == cut["atom"].test[1]
    huge = rc.predict(
        rc.HypercubeData(500, TARGET), estimator.replace(kernel=kernels.Exponential()), 300.0, tail="atom"
    )
    assert np.isfinite(huge.test).all()
    with pytest.raises(ValueError, match="tail must be one of"):
        rc.predict(SPHERE, estimator, 300.0, tail="none")


def test_shapes_and_coordinates() -> None:
    data = SPHERE.replace(noise=[0.1, 0.2])
    grid = rc.predict(data, rc.GradientFlow([[0.0], [1.0], [np.inf]], kernels.RBF()), [[[50]], [[100]]])
    assert grid.test.shape == grid.df1.shape == (2, 3, 2)
    assert grid.learned.shape[:-1] == (2, 3, 2)
    assert list(grid.coordinates) == ["n_samples", "time", "noise"]
    one = rc.predict(SPHERE, rc.GradientFlow(1.0, kernels.RBF()), 50)
    assert one.test.shape == ()
    assert one.learned.ndim == 1
    assert one.effective_ridge is None
    assert one.truncation is None
    assert one.sources == ("misiakiewicz2024", "ali2019", "weideman2007")
    nothing = rc.predict(SPHERE, rc.GradientFlow([0.0, 1.0], kernels.RBF()), [[0.0], [1e-9]])
    assert_allclose(nothing.bias, 1, atol=1e-8)
    assert_allclose(nothing.learned, 0, atol=1e-8)


def test_one_block_of_times_or_several() -> None:
    times = np.geomspace(0.01, 1e4, 300)
    problem: Any = kernel_problem(SPHERE, kernels.RBF())
    together = degrees_learned(problem, np.asarray(70.0), times)
    alone = np.stack([degrees_learned(problem, np.asarray(70.0), np.asarray(t)) for t in times[[0, 140, 299]]])
    assert_allclose(together[[0, 140, 299]], alone, rtol=0, atol=1e-15)
    assert (np.diff(together, axis=0) >= -1e-14).all()


def test_the_best_time_of_a_kernel() -> None:
    """Between the ends, and no worse than its neighbours."""
    estimator = rc.GradientFlow(0.0, kernels.RBF())
    best = rc.optimal_time(rc.reduce(SPHERE, estimator), 150.0)
    around = rc.predict(SPHERE, estimator.replace(time=best.time * np.array([0.8, 1.0, 1.25])), 150.0)
    assert 0 < best.time < np.inf
    assert around.test[1] < around.test[[0, 2]].min()


def test_refused() -> None:
    for data in (SPHERE, rc.HypercubeData(10, TARGET)):
        for call in (rc.predict, lambda d, e, n: rc.reduce(d, e)):
            with pytest.raises(TypeError, match=f"kernel must be given for {type(data).__name__}.*kernels.RBF"):
                call(data, rc.GradientFlow(1.0), 10)
    with pytest.raises(ValueError, match="target must be invariant"):
        rc.predict(SPHERE, rc.GradientFlow(1.0, kernels.Cyclic(kernels.RBF())), 10)
    with pytest.raises(ValueError, match="route must be left out"):
        rc.predict(SPHERE, rc.GradientFlow(1.0, kernels.RBF()), 10, route="gcv")
