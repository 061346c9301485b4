"""Kernel ridge regression by degree: mpmath twin of the whole reduction, digits of the theory sheet, identities."""

from __future__ import annotations

import math

import mpmath
import numpy as np
import precise_kernel_ridge as precise
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

import riskcalc as rc
from riskcalc import kernels, targets
from riskcalc.theory.kernel_reduction import Tail, kernel_problem, kernel_spectrum, tail_of
from riskcalc.theory.kernel_ridge import kernel_ridge_risk, with_atom
from riskcalc.theory.problem import Problem

TARGET = targets.DegreeEnergies({0: 0.1, 1: 0.1, 2: 0.4, 3: 0.2})
CYCLIC = targets.DegreeEnergies({1: 1.0, 2: 0.5, 3: 0.25}, symmetry="cyclic")
NTK = kernels.ReluNeuralTangent(1)


# ------------------------------------------------------------------------------------------------- precise


def cube(t: mpmath.mpf) -> mpmath.mpf:
    return (1 + t) ** 3


def gaussian(t: mpmath.mpf) -> mpmath.mpf:
    return mpmath.exp(-2 * mpmath.mpf(0.2) * 8 * (1 - t))


@pytest.mark.parametrize(
    ("kernel", "profile", "top"),
    [
        (kernels.Exponential(), mpmath.exp, 24),
        (kernels.Polynomial(3), cube, 3),
        (kernels.RBF(0.2), gaussian, 40),
    ],
    ids=["exp", "polynomial", "rbf"],
)
@pytest.mark.parametrize(("n", "ridge"), [(30, 0.5), (60, 1e-3), (400, 2.0), (20, 0.0)])
def test_the_whole_reduction_matches_mpmath(
    kernel: kernels.Kernel, profile: object, top: int, n: int, ridge: float
) -> None:
    d, noise = 8, 0.25
    energies = {0: 0.1, 1: 0.1, 2: 0.4, 4: 0.2}
    exact = precise.risk(precise.shells(profile, d, top), energies, noise, n, ridge)  # type: ignore[arg-type]
    risk = rc.predict(rc.SphereData(d, targets.DegreeEnergies(energies), noise), rc.KernelRidge(kernel, ridge), n)
    for name, value in exact.items():
        # The masses are right to 1e-14 and df2 may near n: (n - df2)/n is at least 0.1 here.
        assert_allclose(getattr(risk, name), float(value), rtol=2e-12, atol=1e-30, err_msg=name)
    assert risk.truncation <= 1e-12


# ------------------------------------------------------------------------------------ digits of the theory sheet


def test_the_bracket_of_the_sheet() -> None:
    data, estimator = rc.SphereData(15, TARGET, 0.25), rc.KernelRidge(NTK, 0)
    atom, ridge = (kernel_ridge_risk(data, estimator, 400, tail, max_degree=2) for tail in ("atom", "ridge"))
    whole = rc.predict(data, estimator, 400)
    found = [float(f"{float(r.effective_ridge):.4e}") for r in (atom, whole, ridge)]
    assert found == [6.3056e-4, 6.3073e-4, 6.3836e-4]


@pytest.mark.parametrize(
    ("exponent", "expected"),
    [(1.5, [0.614, 0.536, 0.511]), (2.5, [0.318, 0.233, 0.210]), (3.5, [0.299, 0.264, 0.085])],
)
def test_the_staircase_of_the_sheet(exponent: float, expected: list[float]) -> None:
    target, estimator = targets.DegreeEnergies({1: 0.5, 2: 0.3, 3: 0.2}), rc.KernelRidge(kernels.Exponential(), 0)
    excess = [rc.predict(rc.SphereData(d, target, 0.5), estimator, d**exponent).excess for d in (100, 1000, 10_000)]
    assert_allclose(excess, expected, atol=0.00051)


def test_the_invariant_kernels_of_the_sheet() -> None:
    """The sheet does not name its energies; 1, ½, ¼ with noise 0.1 and ridge 0.001 reproduce all its digits to 1 %."""
    n, data = np.array([16, 40, 120, 400]), rc.HypercubeData(16, CYCLIC, 0.1)
    for kernel, sheet in (
        (kernels.Cyclic(kernels.Exponential()), [0.571, 0.303, 0.178, 0.143]),
        (kernels.Exponential(), [1.51, 1.12, 0.741, 0.392]),
    ):
        assert_allclose(rc.predict(data, rc.KernelRidge(kernel, 1e-3), n).test, sheet, rtol=0.01)


def test_monomials_on_the_sphere_are_those_of_the_sheet() -> None:
    for d in (2, 5, 40):
        two = targets.Monomials({(0, 1): 1.0}).energies(d, 3).by_degree
        assert_allclose(two, [0, 0, d / (d + 2), 0], rtol=1e-15)
    three = targets.Monomials({(0, 1, 2): 1.0}).energies(30, 3)
    assert_allclose(three.by_degree[3], 900 / (32 * 34), rtol=1e-15)
    assert three.rest == 0


# ------------------------------------------------------------------------------------------------ identities


@pytest.mark.parametrize(
    "data", [rc.SphereData(12, TARGET, 0.3), rc.HypercubeData(12, TARGET, 0.3)], ids=["sphere", "cube"]
)
@pytest.mark.parametrize("kernel", [kernels.Exponential(), NTK, kernels.Polynomial(2), kernels.Laplace()], ids=repr)
def test_predict_is_ridge_risk_on_the_problem(data: rc.SphereData, kernel: kernels.Kernel) -> None:
    estimator, n = rc.KernelRidge(kernel, [0, 0.1, 10]), np.array([[5], [60], [300]])
    risk, problem = rc.predict(data, estimator, n), rc.reduce(data, estimator)
    direct = rc.ridge_risk(problem, n, estimator.ridge)
    for name, value in direct.fields.items():
        assert_array_equal(getattr(risk, name), value)
    assert risk.data == data
    positive, xi = risk.effective_ridge > 0, problem.spectrum.eigenvalues
    assert_allclose(risk.learned[positive], xi / (xi + risk.effective_ridge[positive][:, None]), rtol=1e-13)
    assert_array_equal(risk.learned[~positive], np.broadcast_to(xi > 0, risk.learned[~positive].shape))
    energy = problem.energies.sum() + problem.outside_energy
    assert_allclose(energy, data.target.total_energy(12, data.domain), rtol=1e-14)
    assert_allclose(problem.spectrum.trace, kernel.profile(1.0, 12), rtol=1e-13)


@given(
    n=st.integers(1, 2000),
    ridge=st.sampled_from([0.0, 1e-3, 0.1, 3.0]),
    factor=st.floats(0.1, 10),
    domain=st.sampled_from([rc.SphereData, rc.HypercubeData]),
)
def test_a_multiple_of_the_kernel_is_a_multiple_of_the_ridge(n: int, ridge: float, factor: float, domain: type) -> None:
    data = domain(9, TARGET, 0.2)
    one = rc.predict(data, rc.KernelRidge(NTK, ridge), n)
    other = rc.predict(data, rc.KernelRidge(factor * NTK, factor * ridge), n)
    assert_allclose(other.effective_ridge, factor * one.effective_ridge, rtol=1e-10)
    assert_allclose(other.test, one.test, rtol=1e-9)


def tailed(data: rc.SphereData, kernel: kernels.Kernel, top: int) -> tuple[Problem, Tail]:
    problem = kernel_problem(data, kernel, top)
    return problem, tail_of(data, kernel, problem.spectrum)


@given(
    n=st.integers(1, 3000),
    ridge=st.sampled_from([0.0, 1e-3, 0.1, 3.0]),
    top=st.integers(2, 6),
    energies=st.sampled_from([{1: 0.4, 2: 0.3, 5: 0.2, 7: 0.1}, {1: 1.0}, {2: 1.0}]),
    noise=st.sampled_from([0.0, 0.1]),
    kernel=st.sampled_from([NTK, kernels.Exponential(), kernels.Laplace(), kernels.ReluNeuralTangent(3)]),
    domain=st.sampled_from([rc.SphereData, rc.HypercubeData]),
)
def test_the_bracket_holds_the_whole_spectrum(
    n: int, ridge: float, top: int, energies: dict[int, float], noise: float, kernel: kernels.Kernel, domain: type
) -> None:
    """κ_atom <= κ <= κ_ridge, and the test error of all degrees is within the truncation of that of a few.

    So is that of the other closure, which is the limit of tails of many tiny eigenvalues, or a tail of its own.
    """
    data, estimator = domain(10, targets.DegreeEnergies(energies), noise), rc.KernelRidge(kernel, ridge)
    whole, cut = rc.predict(data, estimator, n), kernel_ridge_risk(data, estimator, n, max_degree=top)
    assert whole.truncation < 1e-7
    assert whole.effective_ridge <= cut.effective_ridge * (1 + 1e-12)
    assert abs(whole.test - cut.test) <= (cut.truncation + 1e-7) * cut.test
    if ridge == 0 and n >= with_atom(*tailed(data, kernel, top)).spectrum.rank:
        with pytest.raises(ValueError, match="tail must be"):
            kernel_ridge_risk(data, estimator, n, "atom", max_degree=top)
        return
    atom = kernel_ridge_risk(data, estimator, n, "atom", max_degree=top)
    assert atom.effective_ridge <= whole.effective_ridge * (1 + 1e-12)
    for one, other in ((atom, whole), (atom, cut), (cut, atom)):
        assert abs(one.test - other.test) <= (one.truncation + 1e-7) * one.test


def test_the_atom_is_of_second_order() -> None:
    """Errors of κ at K = 4 in units of ξ_max/κ: the ridge's are of first order, the atom's far below."""
    data, estimator = rc.SphereData(20, TARGET, 0.2), rc.KernelRidge(kernels.ReluNeuralTangent(3), 0.1)
    exact = rc.predict(data, estimator, 600).effective_ridge
    ridge, atom = (kernel_ridge_risk(data, estimator, 600, tail, 4).effective_ridge for tail in ("ridge", "atom"))
    beyond = tail_of(data, estimator.kernel, kernel_spectrum(data, estimator.kernel, 4))
    ratio = beyond.largest / exact
    assert 0 < ridge - exact < ratio * exact
    assert 0 <= exact - atom < ratio * (ridge - exact)


@pytest.mark.parametrize("make", [rc.SphereData, rc.HypercubeData])
def test_finite_rank_without_ridge(make: type) -> None:
    """(1+t)² in d = 6: p = 28 on the sphere with the degrees 0, 1, 2, or 22 on the hypercube; F_3² is outside."""
    noise = 0.25
    data, estimator = make(6, TARGET, noise), rc.KernelRidge(kernels.Polynomial(2), 0)
    p = rc.reduce(data, estimator).spectrum.rank
    assert p == (1 + 6 + 20 if make is rc.SphereData else 1 + 6 + 15)
    over = rc.predict(data, estimator, 2 * p)
    assert_allclose([over.effective_ridge, over.df1, over.df2], [0, p, p], rtol=1e-13)
    assert_allclose([over.bias, over.variance], [0.2 / 0.5, noise * p / p], rtol=1e-13)
    assert_allclose(over.train, 0.25 * over.test, rtol=1e-13)
    assert over.truncation == 0
    at = rc.predict(data, estimator, p)
    assert [at.test, at.variance, at.bias, at.train] == [math.inf, math.inf, math.inf, 0]
    silent = rc.predict(make(6, targets.DegreeEnergies({1: 1.0})), estimator, p)
    assert [silent.test, silent.bias, silent.variance, silent.train] == [0, 0, 0, 0]
    below = rc.predict(data, estimator, p / 2)
    assert below.effective_ridge > 0
    assert below.train == 0


def test_the_train_error_keeps_the_bare_ridge() -> None:
    data, n = rc.SphereData(20, TARGET, 0.25), 150
    risk = rc.predict(data, rc.KernelRidge(NTK, [0, 0.3]), n)
    assert_allclose(risk.train, (np.array([0, 0.3]) / n / risk.effective_ridge) ** 2 * risk.test, rtol=1e-12)
    assert risk.train[0] == 0
    assert risk.effective_ridge[0] > 0


def test_a_degree_that_parity_forbids_is_never_learned() -> None:
    data = rc.SphereData(6, targets.DegreeEnergies({1: 0.5, 3: 0.5}))
    two_layers, three = (rc.predict(data, rc.KernelRidge(kernels.ReluNeuralTangent(L), 0), 1e6) for L in (1, 2))
    assert two_layers.bias >= 0.5
    assert two_layers.learned[3] == 0
    assert three.bias < 0.01


@given(n=st.integers(20, 600), ridge=st.sampled_from([1e-3, 0.1, 2.0]))
def test_derivatives_are_those_of_ridge_risk(n: int, ridge: float) -> None:
    data, step = rc.SphereData(10, TARGET, 0.2), 1e-5 * ridge
    risk = rc.predict(data, rc.KernelRidge(NTK, ridge), n)
    pair = rc.predict(data, rc.KernelRidge(NTK, [ridge - step, ridge + step]), n).test
    assert_allclose(risk.derivative("test", "ridge"), (pair[1] - pair[0]) / (2 * step), rtol=1e-4, atol=1e-6)


def test_limits_of_size_and_ridge() -> None:
    data = rc.SphereData(8, TARGET, 0.2)
    none = rc.predict(data, rc.KernelRidge(NTK, [0, 1, np.inf]), 0)
    assert_allclose(none.test, 1.0, rtol=1e-14)
    assert_array_equal(none.truncation, 0)
    assert_array_equal(none.learned, 0)
    assert_allclose(rc.predict(data, rc.KernelRidge(NTK, np.inf), 50).test, 1.0, rtol=1e-14)


@pytest.mark.parametrize("make", [rc.SphereData, rc.HypercubeData])
def test_degrees_are_resolved_until_nothing_is_left(make: type) -> None:
    for kernel in (kernels.Exponential(), kernels.ReluNeuralTangent(3), kernels.RBF(), kernels.Laplace()):
        for d, n in ((3, 200), (10, 1000), (50, 1200)):
            risk = rc.predict(make(d, targets.DegreeEnergies({1: 1.0}), 0.1), rc.KernelRidge(kernel, 1e-3), n)
            assert risk.truncation < (1e-4 if d == 3 else 1e-8), (kernel, d)
            assert risk.notes == () or "truncation" not in risk.notes[0]


CIRCLE = [kernels.Exponential(), kernels.RBF(), kernels.Dual(rc.activations.Tanh(), "gaussian")]


@pytest.mark.parametrize("kernel", CIRCLE, ids=repr)
def test_eigenvalues_far_below_rounding_are_resolved_on_the_circle(kernel: kernels.Kernel) -> None:
    """Without ridge κ lies among the eigenvalues of the degrees near n/2 (n, if parity forbids half of them)."""
    n, data = 301, rc.SphereData(2, targets.DegreeEnergies({1: 1.0}), 0.1)
    risk = rc.predict(data, rc.KernelRidge(kernel, [0, 0.1]), n)
    spectrum = rc.reduce(data, rc.KernelRidge(kernel, 0)).spectrum
    assert (risk.truncation < 1e-9).all()
    positive = spectrum.log_eigenvalues > -np.inf
    ranks = np.cumsum(np.where(positive, spectrum.multiplicities, 0))
    around = np.flatnonzero(positive & (np.abs(ranks - n) <= 8))
    log_kappa = rc.log_effective_ridge(spectrum, n, 0)
    assert spectrum.log_eigenvalues[around[-1]] < log_kappa < spectrum.log_eigenvalues[around[0]]


def test_degrees_that_no_float_holds_are_no_finite_rank() -> None:
    data, estimator = rc.SphereData(2, targets.DegreeEnergies({1: 1.0}), 0.1), rc.KernelRidge(kernels.Exponential(), 0)
    with pytest.raises(ValueError, match="n_samples must be below 2049 at ridge 0"):
        rc.predict(data, estimator, 2049)
    assert rc.predict(data, estimator.replace(ridge=1e-3), 10_000).test < 0.1003
    polynomial = rc.predict(data, estimator.replace(kernel=kernels.Polynomial(3)), 2049)
    assert_allclose(polynomial.variance, 0.1 * 7 / 2042, rtol=1e-12)


def test_a_kernel_that_is_known_by_values_goes_as_far_as_it_is_resolved() -> None:
    data, estimator = rc.SphereData(100, TARGET, 0.1), rc.KernelRidge(kernels.custom(lambda t: np.exp(t)), 0.1)
    found, exact = rc.reduce(data, estimator).spectrum, kernels.Exponential().spectrum(100, 60)
    top = found.eigenvalues.size
    assert 3 <= top < 60
    assert_allclose(found.masses, exact.masses[:top], rtol=1e-6)
    with pytest.raises(ValueError, match="max_degree must be"):
        estimator.kernel.spectrum(100, top)
    risk = rc.predict(data, estimator, 1000)
    assert_allclose(risk.test, rc.predict(data, rc.KernelRidge(kernels.Exponential(), 0.1), 1000).test, rtol=1e-6)


# ------------------------------------------------------------------------------------------------ invariant kernels


@pytest.mark.parametrize(("domain", "d"), [("sphere", 5), ("sphere", 12), ("hypercube", 9), ("hypercube", 12)])
@pytest.mark.parametrize("kernel", [kernels.Exponential(), kernels.ReluNeuralTangent(3)], ids=repr)
def test_invariant_spectra_have_the_trace_of_the_gram_matrix(kernel: kernels.Kernel, domain: str, d: int) -> None:
    """E K_inv(x, x) by random points, in standard errors; and the same whatever degrees are listed."""
    invariant = kernels.Cyclic(kernel)
    make = rc.SphereData if domain == "sphere" else rc.HypercubeData
    rng = np.random.default_rng(0)
    X = rng.standard_normal((3000, d))
    X = X * np.sqrt(d / (X**2).sum(axis=1))[:, None] if make is rc.SphereData else np.sign(X)
    diagonal = np.mean([kernel.profile((X * np.roll(X, g, axis=1)).sum(axis=1) / d, d) for g in range(d)], axis=0)
    two, five = invariant.spectrum(d, 2, domain), invariant.spectrum(d, 5, domain)
    assert abs(diagonal.mean() - two.trace) < 4 * diagonal.std() / np.sqrt(len(X))
    assert_allclose(two.trace, five.trace, rtol=1e-9 if domain == "sphere" and d < 6 else 1e-12)
    counts = [rc.harmonics.cyclic_multiplicity(d, k, domain) for k in range(3)]
    assert_array_equal(two.multiplicities, counts)
    assert_allclose(two.eigenvalues, kernel.spectrum(d, 2, domain).eigenvalues, rtol=1e-14)
    squares = (invariant(X[:500], X[500:1000]) ** 2).mean(axis=1)
    assert abs(squares.mean() - invariant.second_moment(d, domain)) < 4 * squares.std() / np.sqrt(500) * np.sqrt(2)


@pytest.mark.parametrize(
    "kernel", [kernels.Exponential(), NTK, kernels.Laplace(), kernels.Cyclic(kernels.Laplace())], ids=repr
)
@pytest.mark.parametrize("make", [rc.SphereData, rc.HypercubeData])
@pytest.mark.parametrize("top", [1, 2, 4])
def test_what_is_known_of_the_tail_bounds_it(kernel: kernels.Kernel, make: type, top: int) -> None:
    data = make(8, CYCLIC)
    beyond = tail_of(data, kernel, kernel_spectrum(data, kernel, top))
    more = kernel_spectrum(data, kernel, 8 if make is rc.HypercubeData else 80)
    assert_allclose(more.masses[top + 1 :].sum() + more.tail, beyond.trace, rtol=1e-9)
    assert beyond.largest >= more.eigenvalues[top + 1 :].max() * (1 - 1e-12)
    moment = more.masses[top + 1 :] @ more.eigenvalues[top + 1 :]
    assert moment / beyond.trace * (1 - 1e-12) <= beyond.mean < 2 * moment / beyond.trace


def test_the_invariant_gram_matrix_does_not_see_shifts() -> None:
    X = np.random.default_rng(1).standard_normal((6, 7))
    kernel = kernels.Cyclic(kernels.RBF())
    gram = kernel(X)
    assert_allclose(gram, gram.T, rtol=1e-13)
    assert_allclose(gram, kernel(X, np.roll(X, 3, axis=1)), rtol=1e-13)
    assert_allclose(gram, np.mean([kernels.RBF()(X, np.roll(X, g, axis=1)) for g in range(7)], axis=0), rtol=1e-13)
    assert (2 * kernel) == kernels.Cyclic(2 * kernels.RBF())


# ------------------------------------------------------------------------------------------------ refusals


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: rc.KernelRidge(NTK, -0.1), ValueError, "ridge must be >= 0"),
        (lambda: rc.KernelRidge(np.exp, 0.1), TypeError, "kernel must be a Kernel"),
        (
            lambda: rc.predict(rc.SphereData(8, TARGET), rc.KernelRidge(kernels.Cyclic(NTK), 0.1), 10),
            ValueError,
            "target must be invariant under cyclic shifts",
        ),
        (
            lambda: rc.predict(rc.SphereData(8, TARGET), rc.KernelRidge(NTK, 0.1), 10, tail="none"),
            ValueError,
            "tail must be one of 'ridge', 'atom'",
        ),
        (
            lambda: rc.predict(rc.GaussianData.isotropic(2.0), rc.Ridge(0.1), 10, tail="atom"),
            ValueError,
            "tail must be left out",
        ),
        (
            lambda: rc.predict(rc.SphereData(8, TARGET), rc.KernelRidge(kernels.Taylor([1.0, -0.5]), 0.1), 10),
            ValueError,
            "kernel must be positive definite",
        ),
        (
            lambda: kernel_ridge_risk(rc.SphereData(8, TARGET), rc.KernelRidge(kernels.Laplace(), 0), 5000, "atom", 2),
            ValueError,
            'tail must be "ridge"',
        ),
        (lambda: kernels.Cyclic(kernels.Cyclic(NTK)), TypeError, "averaged already"),
        (lambda: kernels.Cyclic(NTK) + NTK, TypeError, "unsupported operand"),
        (lambda: kernels.Cyclic(NTK).profile(0.5, 8), ValueError, "no function of"),
    ],
)
def test_refusals(call: object, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        call()  # type: ignore[operator]


def test_a_coarse_cut_says_so() -> None:
    data = rc.SphereData(15, TARGET, 0.25)
    risk = kernel_ridge_risk(data, rc.KernelRidge(NTK, 0), 400, max_degree=2)
    assert "uncertain by up to 0.22" in risk.notes[0]
    problem = kernel_problem(data, NTK, 2)
    assert problem.outside_energy == pytest.approx(0.2)
    assert rc.predict(data, rc.KernelRidge(NTK, 0), 400).notes == ()


@pytest.mark.parametrize("model", [rc.SphereData, rc.HypercubeData])
def test_a_needle_in_many_dimensions_learns_nothing(model: type) -> None:
    """The second moment of exp(-2‖x-z‖²) underflows at d = 1e4, and bounds the tail all the same: κ = (λ + 1)/n."""
    risk = rc.predict(model(10_000, TARGET, 0.0), rc.KernelRidge(kernels.RBF(2.0), 0.1), 100)
    assert_allclose(risk.test, TARGET.energies(10_000, 3, "sphere").by_degree.sum(), rtol=1e-12)
    assert_allclose(risk.effective_ridge, 1.1 / 100, rtol=1e-12)
    assert risk.truncation < 1e-12


def test_a_slowly_falling_tail_on_a_large_hypercube_is_not_followed_to_the_end() -> None:
    """At degree d the walk would take a minute; 257 to 513 degrees bound the error well enough."""
    risk = rc.predict(rc.HypercubeData(10_000, TARGET, 0.1), rc.KernelRidge(kernels.ArcCosine(2.5), 0.1), 1e4)
    assert risk.learned.size <= 513
    assert risk.truncation < 1e-8


def test_few_samples_are_noted() -> None:
    near = rc.predict(rc.SphereData(20, TARGET, 0.1), rc.KernelRidge(kernels.RBF(), 1e-3), [50, 200])
    assert any("train error" in note for note in near.notes)
    assert not any("train error" in note for note in rc.predict(near.data, near.estimator, 200).notes)
    invariant = rc.targets.DegreeEnergies({1: 1.0}, symmetry="cyclic")
    data, estimator = rc.HypercubeData(16, invariant, 0.1), rc.KernelRidge(kernels.Cyclic(kernels.Exponential()), 1.0)
    assert any("invariant" in note for note in rc.predict(data, estimator, 16).notes)
    assert not any("invariant" in note for note in rc.predict(data, estimator, 120).notes)


def test_a_size_that_is_no_number_is_named() -> None:
    with pytest.raises(TypeError, match="n_samples must be real"):
        rc.predict(rc.SphereData(20, TARGET), rc.KernelRidge(NTK, 0.1), "a")  # type: ignore[arg-type]
