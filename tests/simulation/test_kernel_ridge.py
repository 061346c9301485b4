"""Kernel ridge regression as it is simulated: against scikit-learn, against fresh draws, and beside theory."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import stats
from sklearn.kernel_ridge import KernelRidge as ScikitKernelRidge
from sklearn.metrics.pairwise import polynomial_kernel, rbf_kernel

import riskcalc as rc
from riskcalc import kernels, targets
from riskcalc.simulation.kernel_ridge import (
    KERNEL_FIELDS,
    averaged,
    drawn,
    dual_coefficients,
    factorised,
    inputs,
    kernel_sample,
)

TARGET = targets.DegreeEnergies({0: 0.1, 1: 0.1, 2: 0.4, 3: 0.2})
SPHERE = rc.SphereData(8, TARGET, 0.25)


# ------------------------------------------------------------------------------------------------------ draws


def test_inputs_are_on_the_sphere_and_on_the_hypercube() -> None:
    """Norms exactly; means, and E x_i² x_j², whose law tells the sphere from a Gaussian, in standard errors."""
    rng, d, n = np.random.default_rng(0), 5, 40_000
    X = inputs(rc.SphereData(d, TARGET), n, rng)
    assert_allclose((X**2).sum(axis=1), d, rtol=1e-13)
    products = X[:, 0] ** 2 * X[:, 1] ** 2
    for values, mean in ((X, 0.0), (products, d / (d + 2)), (X[:, 0] ** 4, 3 * d / (d + 2))):
        error = values.std(axis=0) / np.sqrt(n)
        assert (np.abs(values.mean(axis=0) - mean) < 4.5 * error).all()
    S = inputs(rc.HypercubeData(d, TARGET), n, rng)
    assert set(np.unique(S)) == {-1.0, 1.0}
    counts = np.unique(S, axis=0, return_counts=True)[1]
    assert counts.size == 32
    assert stats.chisquare(counts).pvalue > 1e-4


def test_targets_are_drawn_on_their_domain() -> None:
    """On the hypercube in four dimensions there is one function of degree 4, a sign; on the sphere there are many."""
    target = targets.DegreeEnergies({4: 1.0})
    cube, sphere = (
        kernel_sample(make(4, target), 50, np.random.default_rng(0)) for make in (rc.HypercubeData, rc.SphereData)
    )
    assert_allclose(np.abs(cube.values), 1, rtol=1e-14)
    assert_array_equal(np.sign(cube.values), np.sign(cube.values[0] * cube.inputs.prod(axis=1) / cube.inputs[0].prod()))
    assert np.abs(sphere.values).std() > 0.1


# ----------------------------------------------------------------------------------------------- scikit-learn


@pytest.mark.parametrize("ridge", [1e-3, 0.1, 5.0])
@pytest.mark.parametrize(
    ("kernel", "gram"),
    [
        (kernels.RBF(0.1), lambda X, Z: rbf_kernel(X, Z, gamma=0.1)),
        (kernels.Polynomial(3), lambda X, Z: polynomial_kernel(X, Z, degree=3, coef0=1)),
    ],
    ids=["rbf", "polynomial"],
)
def test_the_fit_is_that_of_scikit_learn(kernel: kernels.Kernel, gram: object, ridge: float) -> None:
    sample, noise = kernel_sample(SPHERE, 60, np.random.default_rng(3)), 0.25
    fit = factorised(kernel, sample)
    y = sample.values + np.sqrt(noise) * sample.label_noise
    other = ScikitKernelRidge(alpha=ridge, kernel="precomputed").fit(gram(sample.inputs, sample.inputs), y)  # type: ignore[operator]
    predicted = other.predict(gram(sample.test_inputs, sample.inputs))  # type: ignore[operator]
    assert_allclose(dual_coefficients(fit, y, ridge), other.dual_coef_, rtol=1e-8, atol=1e-10 * np.abs(y).max() / ridge)
    found = dict(zip(KERNEL_FIELDS, drawn(fit, sample, ridge, noise, bias=0.0), strict=True))
    residual = y - other.predict(gram(sample.inputs, sample.inputs))  # type: ignore[operator]
    assert_allclose(found["test"], np.mean((sample.test_values - predicted) ** 2) + noise, rtol=1e-10)
    assert_allclose(found["train"], np.mean(residual**2), rtol=1e-10)
    K = gram(sample.inputs, sample.inputs)  # type: ignore[operator]
    hat = K @ np.linalg.inv(K + ridge * np.eye(60))
    assert_allclose(found["df1"], np.trace(hat), rtol=1e-10)
    assert_allclose(found["norm_squared"], other.dual_coef_ @ K @ other.dual_coef_, rtol=1e-9)
    assert_allclose(found["gcv"], np.mean(residual**2) / (1 - np.trace(hat) / 60) ** 2, rtol=1e-8)
    assert_allclose(found["effective_ridge"], ridge / (60 - np.trace(hat)), rtol=1e-7)


# ------------------------------------------------------------------------------------------------- identities


@pytest.mark.parametrize("ridge", [0.0, 0.1])
@pytest.mark.parametrize("kernel", [kernels.ReluNeuralTangent(1), kernels.Polynomial(2)], ids=repr)
def test_the_closed_form_is_the_mean_over_the_label_noise(kernel: kernels.Kernel, ridge: float) -> None:
    """4000 draws of the noise for the same inputs, in standard errors; 8 fields, so that 4.5 is passed by luck 1e-5."""
    rng, noise = np.random.default_rng(5), 0.5
    sample = kernel_sample(SPHERE, 60, rng)
    fit = factorised(kernel, sample)
    closed = averaged(fit, sample, ridge, noise)
    rows = []
    for _ in range(4000):
        again = type(sample)(
            sample.inputs, sample.values, sample.test_inputs, sample.test_values, rng.standard_normal(60)
        )
        rows.append(drawn(fit, again, ridge, noise, bias=closed[2]))
    mean, error = np.mean(rows, axis=0), np.std(rows, axis=0) / np.sqrt(4000)
    assert (np.abs(mean - closed) <= 4.5 * error + 1e-12 * np.abs(closed)).all()


def test_the_interpolator_interpolates_and_finite_rank_does_not() -> None:
    trials = rc.simulate(SPHERE, rc.KernelRidge(kernels.Exponential(), 0), 40, n_trials=2, rng=0)
    assert (trials.train.values < 1e-20).all()
    assert_allclose(trials.df1.values, 40)
    rank = 1 + 8 + 35
    trials = rc.simulate(SPHERE, rc.KernelRidge(kernels.Polynomial(2), 0), 100, n_trials=2, rng=0)
    assert_allclose(trials.df1.values, rank, rtol=1e-12)
    assert_array_equal(trials.effective_ridge.values, 0)
    assert (trials.train.values > 0.01).all()


def test_longer_paths_and_more_trials_keep_the_old_numbers() -> None:
    kernel = kernels.RBF()
    few = rc.simulate(SPHERE, rc.KernelRidge(kernel, [0.1]), [30], n_trials=3, rng=1)
    many = rc.simulate(SPHERE, rc.KernelRidge(kernel, [0.01, 0.1, 1]), [[30], [50]], n_trials=5, rng=1)
    for name in KERNEL_FIELDS:
        assert_array_equal(many.measurements[name].values[:3, 0, 1], few.measurements[name].values[:, 0])
    noisy = rc.simulate(SPHERE.replace(noise=[0, 1.0]), rc.KernelRidge(kernel, 0.1), 30, n_trials=3, rng=1)
    assert_array_equal(noisy.variance.values[:, 0], 0)
    assert_allclose(noisy.bias.values[:, 0], few.bias.values[:, 0])


def test_measures_see_the_dual_fit() -> None:
    def error(fit: object) -> float:
        kernel = kernels.RBF()
        residual = fit.outputs - kernel(fit.inputs) @ fit.coefficients  # type: ignore[attr-defined]
        return float(residual @ residual) / len(residual)

    trials = rc.simulate(
        SPHERE, rc.KernelRidge(kernels.RBF(), 0.1), 30, n_trials=3, rng=0, measures={"mine": error}, label_noise="drawn"
    )
    assert_allclose(trials.mine.values, trials.train.values, rtol=1e-10)


def test_models_are_equal_by_content_and_pickle() -> None:
    for model in (
        SPHERE,
        rc.HypercubeData(9, targets.Monomials({(0, 1): 1.0, (): 0.5}), [0.1, 0.2]),
        rc.SphereData(9, targets.SingleIndex(rc.activations.Tanh())),
        rc.KernelRidge(kernels.Cyclic(kernels.RBF()), [0, 1]),
    ):
        again = pickle.loads(pickle.dumps(model))
        assert again == model
        assert hash(again) == hash(model)
    assert SPHERE != rc.HypercubeData(8, TARGET, 0.25)
    assert SPHERE != SPHERE.replace(target=targets.DegreeEnergies({1: 1.0}))


# ----------------------------------------------------------------------------------------------- independence


def refuse(*args: object, **more: object) -> None:
    raise AssertionError("the theory was asked")


def test_kernels_and_targets_are_functions_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spectra, moments, coefficients and energies raise; what is simulated is the same."""
    cases = (
        (SPHERE, kernels.ReluNeuralTangent(2)),
        (rc.HypercubeData(8, TARGET), kernels.Cyclic(kernels.RBF()).kernel),
        (rc.SphereData(8, targets.SingleIndex(rc.activations.Tanh())), kernels.Exponential()),
        (
            rc.HypercubeData(8, targets.DegreeEnergies({1: 1.0}, "cyclic")),
            kernels.Cyclic(kernels.RBF()),
        ),
    )
    before = [rc.simulate(data, rc.KernelRidge(k, 0.1), 20, n_trials=2, rng=0).test.values for data, k in cases]
    for kind in (kernels.Kernel, kernels.Cyclic):
        for name in ("spectrum", "second_moment", "_masses", "_series"):
            monkeypatch.setattr(kind, name, refuse)
    for name in ("hermite_coefficients", "sphere_coefficients", "second_moment"):
        monkeypatch.setattr(rc.activations.Activation, name, refuse)
    for kind in (targets.Target, targets.DegreeEnergies, targets.SingleIndex, targets.Monomials):
        monkeypatch.setattr(kind, "energies", refuse)
        monkeypatch.setattr(kind, "_energies", refuse)
    for (data, kernel), values in zip(cases, before, strict=True):
        with pytest.raises(AssertionError, match="the theory was asked"):
            rc.predict(data, rc.KernelRidge(kernel.replace(), 0.1), 21)
        assert_array_equal(rc.simulate(data, rc.KernelRidge(kernel, 0.1), 20, n_trials=2, rng=0).test.values, values)


# ----------------------------------------------------------------------------------------------- beside theory

CELLS = [
    (kernels.ReluNeuralTangent(1), 10, 100, 0.0),
    (kernels.ReluNeuralTangent(1), 15, 400, 0.1),
    (kernels.ReluNeuralTangent(1), 30, 600, 0.0),
    (kernels.ReluNeuralTangent(3), 20, 200, 0.0),
    (kernels.ReluNeuralTangent(3), 20, 200, 0.3),
    (kernels.ReluNeuralTangent(3), 50, 500, 0.0),
    (kernels.ReluGaussianProcess(1), 15, 200, 0.1),
    (kernels.ReluGaussianProcess(1), 30, 600, 0.0),
    (kernels.ReluGaussianProcess(1), 10, 100, 0.01),
    (kernels.Polynomial(2), 10, 200, 0.1),
    (kernels.Polynomial(2), 20, 100, 0.0),
    (kernels.Polynomial(2), 20, 600, 0.0),
    (kernels.Polynomial(3), 10, 150, 1.0),
    (kernels.Polynomial(3), 15, 400, 0.1),
    (kernels.Polynomial(3), 8, 500, 0.0),
    (kernels.Exponential(), 30, 300, 0.0),
    (kernels.Exponential(), 50, 400, 1.0),
    (kernels.Exponential(), 10, 60, 0.1),
    (kernels.Exponential(), 20, 1200, 0.0),
    (kernels.RBF(), 3, 30, 0.1),
    (kernels.RBF(), 3, 100, 0.01),
    (kernels.RBF(), 3, 300, 0.1),
    (kernels.RBF(0.1), 20, 100, 0.0),
    (kernels.RBF(0.1), 12, 300, 0.1),
    (kernels.Laplace(), 10, 200, 0.0),
    (kernels.Erf(1.0), 20, 300, 0.1),
]


@pytest.mark.slow
@pytest.mark.parametrize("make", [rc.SphereData, rc.HypercubeData])
def test_z_scores_over_many_cells_are_those_of_a_normal_sample(make: type) -> None:
    """10 trials a cell: standard errors of 2 to 5 %, above the finite-size gap. Not where rows of the cube meet.

    The statistics of Student's t with 9 degrees of freedom, turned to normal scores.
    """
    scores = []
    for kernel, d, n, ridge in CELLS:
        if make is rc.HypercubeData and n**2 > 0.1 * 2**d:
            continue
        data, estimator = make(d, TARGET, 0.25), rc.KernelRidge(kernel, ridge)
        trials = rc.simulate(data, estimator, n, n_trials=10, rng=7)
        z = rc.compare(rc.predict(data, estimator, n), trials).z["test"]
        scores.append(float(stats.norm.ppf(stats.t.cdf(z, 9))))
    z = np.array(scores)
    assert len(z) >= (25 if make is rc.SphereData else 8)
    assert np.abs(z).max() < stats.norm.isf(1e-3 / 2 / len(z))
    assert (z**2).sum() < stats.chi2.isf(1e-3, len(z))
    assert abs(z.mean()) < 3.3 / np.sqrt(len(z))


@pytest.mark.parametrize(
    ("data", "kernel", "n"),
    [
        (rc.SphereData(10, TARGET, 0.25), kernels.ReluNeuralTangent(1), [40, 150]),
        (rc.SphereData(3, TARGET, 0.25), kernels.RBF(), [30, 150]),
        (rc.SphereData(15, targets.SingleIndex(rc.activations.ReLU()), 0.1), kernels.Exponential(), [20, 150]),
        (
            rc.SphereData(12, targets.Monomials({(0, 1, 2): 1.0, (3, 3): 0.5}), 0.1),
            kernels.ReluGaussianProcess(2),
            [120],
        ),
        (rc.HypercubeData(20, TARGET, 0.25), kernels.Exponential(), [40, 150]),
        (rc.HypercubeData(20, targets.Monomials({(0, 1): 1.0, (2,): 0.5}), 0.1), kernels.ReluNeuralTangent(2), [120]),
        (
            rc.HypercubeData(20, targets.DegreeEnergies({1: 1.0, 2: 0.5, 3: 0.25}, "cyclic"), 0.1),
            kernels.Cyclic(kernels.Exponential()),
            [40, 120],
        ),
        (
            rc.SphereData(12, targets.DegreeEnergies({1: 1.0, 2: 0.5, 3: 0.25}, "cyclic"), 0.1),
            kernels.Cyclic(kernels.Exponential()),
            [40, 120],
        ),
    ],
    ids=lambda value: type(value).__name__,
)
def test_theory_and_experiment_agree(data: rc.SphereData, kernel: kernels.Kernel, n: list[int]) -> None:
    comparison = rc.verify(data, rc.KernelRidge(kernel, [0.02, 0.3]), np.reshape(n, (-1, 1)), n_trials=20, rng=2)
    assert comparison.agrees, comparison.table()
    assert comparison.judged.all()


def test_a_wrong_theory_is_refused() -> None:
    """Energies in other degrees, another ridge, kernel or dimension: the comparison says so."""
    data, estimator, n = rc.SphereData(10, TARGET, 0.25), rc.KernelRidge(kernels.Exponential(), 0.1), 150
    trials = rc.simulate(data, estimator, n, n_trials=40, rng=3)
    assert rc.compare(rc.predict(data, estimator, n), trials).agrees
    swapped = data.replace(target=targets.DegreeEnergies({0: 0.1, 1: 0.1, 2: 0.2, 3: 0.4}))
    for wrong in (
        rc.predict(swapped, estimator, n),
        rc.predict(data, estimator.replace(ridge=1.0), n),
        rc.predict(data, estimator.replace(kernel=kernels.Exponential(2.0)), n),
        rc.predict(data.replace(n_inputs=9), estimator, n),
    ):
        assert not rc.compare({"test": wrong.test, "df1": wrong.df1}, trials).agrees


# ------------------------------------------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda e: rc.simulate(SPHERE, e, 20, n_trials=2, scale=2), "scale must be 1 for SphereData"),
        (lambda e: rc.simulate(SPHERE, e.replace(ridge=np.inf), 20, n_trials=2), "infinite ridge needs no experiment"),
        (
            lambda e: rc.simulate(SPHERE, e.replace(kernel=kernels.Cyclic(kernels.RBF())), 20, n_trials=2),
            "target must be invariant",
        ),
        (
            lambda e: rc.simulate(rc.SphereData(3, TARGET), e.replace(ridge=0), 200, n_trials=2, rng=0),
            "ridge must be at least .* lost in rounding",
        ),
    ],
)
def test_refusals(call: object, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        call(rc.KernelRidge(kernels.RBF(), 0.1))  # type: ignore[operator]
