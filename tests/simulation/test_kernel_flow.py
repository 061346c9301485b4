"""Simulated flows with a kernel: the flow itself, averages over the noise, and the equations in standard errors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.linalg
from numpy.testing import assert_allclose
from scipy import stats

import riskcalc as rc
from riskcalc import kernels, lazy, targets
from riskcalc.simulation.kernel_flow import KERNEL_FLOW_FIELDS, dual_path
from riskcalc.simulation.kernel_ridge import dual_coefficients, factorised, kernel_sample

TARGET = targets.DegreeEnergies({0: 0.1, 1: 0.5, 2: 0.3, 3: 0.1})
SPHERE = rc.SphereData(10, TARGET, 0.25)


@pytest.mark.parametrize("time", [0.0, 0.4, 30.0, np.inf])
def test_the_fit_solves_the_flow(time: float) -> None:
    """Against the matrix exponential of ṙ = -K r/n, and the linearised flow in closed form on one Gram matrix."""
    kernel, n = kernels.ReluNeuralTangent(1), 40
    sample = kernel_sample(SPHERE, n, np.random.default_rng(0))
    K, y = kernel(sample.inputs), sample.values + sample.label_noise
    c = dual_path(factorised(kernel, sample), y, time)
    left = scipy.linalg.expm(-time * K / n) @ y if time < np.inf else np.zeros(n)
    assert_allclose(K @ c, y - left, atol=1e-11)
    assert_allclose(c, lazy.flow_path(K, y, time), atol=1e-10 * (1 + np.abs(c).max()))


def test_a_kernel_of_finite_rank() -> None:
    """Rank 11 of 30 samples: the rest of the labels is left for ever, at inf the fit is that of ridge 0."""
    sample = kernel_sample(SPHERE, 30, np.random.default_rng(1))
    fit = factorised(kernels.Polynomial(1), sample)
    assert np.count_nonzero(fit.eigenvalues) == 11
    y = sample.values
    assert_allclose(dual_path(fit, y, np.inf), dual_coefficients(fit, y, 0.0), rtol=1e-12, atol=1e-13)
    trials = rc.simulate(SPHERE, rc.GradientFlow([0, np.inf], kernels.Polynomial(1)), 30, n_trials=3, rng=0)
    ridge = rc.simulate(SPHERE, rc.KernelRidge(kernels.Polynomial(1), 0.0), 30, n_trials=3, rng=0)
    assert_allclose(trials.df1.values, [[0, 11]] * 3, atol=1e-12)
    assert not trials.norm_squared.values[:, 0].any()
    assert trials.df1.values[0, 1] == pytest.approx(ridge.df1.values[0])


def test_fields_from_their_definitions() -> None:
    """One drawn trial, its matrices in full; the hat matrix is K c for the unit vectors."""
    kernel, n, time, noise = kernels.Exponential(), 25, 6.0, 0.25
    estimator, own = rc.GradientFlow(time, kernel), {"own": _seen}
    found = rc.simulate(SPHERE, estimator, n, n_trials=2, rng=3, measures=own, label_noise="drawn")
    averaged = rc.simulate(SPHERE, estimator, n, n_trials=2, rng=3)
    for k, (X, y, c, ridge, when) in enumerate(SEEN[-2:]):
        K = kernel(X)
        hat = np.eye(n) - scipy.linalg.expm(-time * K / n)
        assert_allclose(c, np.linalg.solve(K, hat @ y), rtol=1e-7, atol=1e-9)
        assert (ridge, when) == (n / time, time)
        assert_allclose(found.train.values[k], np.mean((y - hat @ y) ** 2), rtol=1e-10)
        assert_allclose(found.norm_squared.values[k], c @ K @ c, rtol=1e-8)
        assert_allclose(found.df1.values[k], np.trace(hat), rtol=1e-10)
        Z = np.random.default_rng(0).standard_normal((20000, 10))
        Z *= np.sqrt(10) / np.linalg.norm(Z, axis=1, keepdims=True)
        V = noise * ((kernel(Z, X) @ np.linalg.solve(K, hat)) ** 2).sum(axis=1)
        assert abs(averaged.variance.values[k] - V.mean()) < 5 * V.std() / np.sqrt(1000)


SEEN: list[tuple[Any, ...]] = []


def _seen(fit: Any) -> float:
    SEEN.append((fit.inputs, fit.outputs, fit.coefficients, fit.ridge, fit.time))
    return 0.0


def test_drawn_labels_average_to_the_closed_form() -> None:
    """Same inputs trial by trial: the difference is the noise alone, and has mean zero. 4 fields × 2 cells."""
    estimator = rc.GradientFlow([3.0, 100.0], kernels.RBF())
    averaged = rc.simulate(SPHERE, estimator, 30, n_trials=300, rng=6)
    drawn = rc.simulate(SPHERE, estimator, 30, n_trials=300, rng=6, label_noise="drawn")
    for name in ("test", "train", "variance", "norm_squared"):
        gap = getattr(drawn, name).values - getattr(averaged, name).values
        z = gap.mean(axis=0) / (gap.std(axis=0, ddof=1) / np.sqrt(300))
        assert np.abs(z).max() < 4.0, name  # 8 values: 5e-4 beyond
        assert gap.std() > 0
    for name in ("bias", "df1"):
        assert np.array_equal(getattr(drawn, name).values, getattr(averaged, name).values)


def test_each_time_is_the_same_alone_and_among_others() -> None:
    many = rc.simulate(SPHERE, rc.GradientFlow([0.1, 3.0, 1e4], kernels.RBF()), 30, n_trials=2, rng=5)
    for k, time in enumerate((0.1, 3.0, 1e4)):
        alone = rc.simulate(SPHERE, rc.GradientFlow(time, kernels.RBF()), 30, n_trials=2, rng=5)
        for name in KERNEL_FLOW_FIELDS:
            assert np.array_equal(getattr(many, name).values[:, k], getattr(alone, name).values), name


CELLS = [
    (kernels.ReluNeuralTangent(1), 10, 150, 3.0),
    (kernels.ReluNeuralTangent(1), 10, 150, 300.0),
    (kernels.ReluNeuralTangent(2), 20, 300, 40.0),
    (kernels.ReluGaussianProcess(1), 30, 100, 10.0),
    (kernels.ReluGaussianProcess(1), 30, 300, np.inf),
    (kernels.Exponential(), 20, 200, 1.0),
    (kernels.Exponential(), 20, 200, 100.0),
    (kernels.Exponential(), 50, 100, 1000.0),
    (kernels.RBF(), 10, 200, 30.0),
    (kernels.RBF(), 10, 200, 300.0),
    (kernels.RBF(0.1), 20, 150, 100.0),
    (kernels.RBF(), 3, 150, 10.0),
    (kernels.RBF(), 3, 60, 1000.0),
    (kernels.Laplace(), 10, 200, 30.0),
    (kernels.Laplace(), 10, 200, 1e4),
    (kernels.Polynomial(2), 30, 150, 300.0),
    (kernels.Polynomial(2), 8, 200, 300.0),
    (kernels.Erf(1.0), 20, 200, 50.0),
]


@pytest.mark.slow
@pytest.mark.parametrize("make", [rc.SphereData, rc.HypercubeData])
def test_z_scores_over_many_cells_are_those_of_a_normal_sample(make: type) -> None:
    """10 trials a cell, whose standard errors of 2 to 5 % are above the finite-size gap; Student's t turned to normal.

    Not where rows of the cube meet. The tail of Laplace is 2 % of the trace, of ReLU kernels 1 %.
    """
    scores = []
    for kernel, d, n, time in CELLS:
        if make is rc.HypercubeData and n**2 > 0.1 * 2**d:
            continue
        data, estimator = make(d, TARGET, 0.25), rc.GradientFlow(time, kernel)
        trials = rc.simulate(data, estimator, n, n_trials=10, rng=8)
        z = rc.compare(rc.predict(data, estimator, n), trials).z["test"]
        scores.append(float(stats.norm.ppf(stats.t.cdf(z, 9))))
    z = np.array(scores)
    assert len(z) >= (18 if make is rc.SphereData else 9)
    assert np.abs(z).max() < stats.norm.isf(1e-3 / 2 / len(z))
    assert (z**2).sum() < stats.chi2.isf(1e-3, len(z))
    assert abs(z.mean()) < 3.3 / np.sqrt(len(z))


@pytest.mark.parametrize(
    ("data", "kernel", "n"),
    [
        (rc.SphereData(10, TARGET, 0.25), kernels.ReluNeuralTangent(1), [100, 200]),
        (rc.SphereData(10, TARGET, 0.25), kernels.Laplace(), [100, 200]),
        (rc.SphereData(15, targets.SingleIndex(rc.activations.ReLU()), 0.1), kernels.Exponential(), [60, 150]),
        (rc.HypercubeData(20, TARGET, 0.25), kernels.RBF(), [60, 150]),
        (rc.HypercubeData(20, targets.Monomials({(0, 1): 1.0, (2,): 0.5}), 0.1), kernels.Polynomial(2), [120, 150]),
    ],
    ids=lambda value: type(value).__name__,
)
def test_theory_and_experiment_agree(data: rc.SphereData, kernel: kernels.Kernel, n: list[int]) -> None:
    """Ten cells each, times 0 and inf among them; all fields."""
    times = [0.0, 1.0, 30.0, 300.0, np.inf]
    comparison = rc.verify(data, rc.GradientFlow(times, kernel), np.reshape(n, (-1, 1)), n_trials=20, rng=2)
    assert comparison.agrees, comparison.table()
    assert comparison.judged.all()
    assert np.isfinite(comparison.allowances["test"]).all()


def test_late_train_errors_and_traces_are_shown_and_not_judged() -> None:
    """κ of ridge 0 is .0019 here, so that the mean eigenvalue of K/n has been fitted by t = 526."""
    times, n = [300.0, 500.0, 550.0, 3000.0, np.inf], 150
    found = rc.verify(SPHERE, rc.GradientFlow(times, kernels.RBF()), n, n_trials=5, rng=0)
    spectrum = rc.reduce(SPHERE, rc.KernelRidge(kernels.RBF(), 0.0)).spectrum
    assert 500 < 1 / rc.effective_ridge(spectrum, n, 0.0) < 550
    for name in ("train", "df1"):
        assert np.isfinite(found.allowances[name]).tolist() == [True, True, False, False, True], name
    for name in ("test", "bias", "variance", "norm_squared"):
        assert np.isfinite(found.allowances[name]).all(), name


def test_a_wrong_theory_is_refused() -> None:
    """Another time by 20 %, energies in other degrees, another kernel; ridge regression at n/t, which is close."""
    estimator, n = rc.GradientFlow([10.0, 100.0], kernels.Exponential()), 150
    trials = rc.simulate(SPHERE, estimator, n, n_trials=40, rng=3)
    assert rc.compare(rc.predict(SPHERE, estimator, n), trials).agrees
    swapped = SPHERE.replace(target=targets.DegreeEnergies({0: 0.1, 1: 0.1, 2: 0.3, 3: 0.5}))
    for wrong in (
        rc.predict(swapped, estimator, n),
        rc.predict(SPHERE, rc.GradientFlow([12.0, 120.0], kernels.Exponential()), n),
        rc.predict(SPHERE, estimator.replace(kernel=kernels.Exponential(2.0)), n),
        rc.predict(SPHERE, rc.KernelRidge(kernels.Exponential(), [n / 10, n / 100]), n),
    ):
        assert not rc.compare({"test": wrong.test, "df1": wrong.df1, "train": wrong.train}, trials).agrees


def test_the_experiment_asks_no_spectrum(monkeypatch: pytest.MonkeyPatch) -> None:
    """The kernel is a function of vectors, and nothing else of it."""

    def refuse(*args: object, **more: object) -> None:
        raise AssertionError("the theory was asked")

    for name in ("spectrum", "second_moment", "profile"):
        monkeypatch.setattr(kernels.RBF, name, refuse)
    assert rc.simulate(SPHERE, rc.GradientFlow([1.0, 30.0], kernels.RBF()), 30, n_trials=2, rng=0).test.mean.min() > 0
    with pytest.raises(AssertionError, match="the theory was asked"):
        rc.predict(SPHERE, rc.GradientFlow(1.0, kernels.RBF()), 30)


def test_refused() -> None:
    with pytest.raises(TypeError, match=r"kernel must be given for SphereData.*got None; use GradientFlow"):
        rc.simulate(SPHERE, rc.GradientFlow(1.0), 20, n_trials=2)
    with pytest.raises(ValueError, match="scale must be 1 for SphereData"):
        rc.simulate(SPHERE, rc.GradientFlow(1.0, kernels.RBF()), 20, n_trials=2, scale=2)
    with pytest.raises(ValueError, match="target must be invariant"):
        rc.simulate(SPHERE, rc.GradientFlow(1.0, kernels.Cyclic(kernels.RBF())), 20, n_trials=2)
    lost = rc.SphereData(3, TARGET)
    for time in (1e14, np.inf):
        with pytest.raises(ValueError, match=r"time must be at most .* lost in rounding"):
            rc.simulate(lost, rc.GradientFlow([1.0, time], kernels.RBF()), 200, n_trials=2, rng=0)
    assert rc.simulate(lost, rc.GradientFlow(1e10, kernels.RBF()), 200, n_trials=2, rng=0).test.mean > 0
