"""Neural tangent equations: identities, special cases, and mpmath twins from the definitions."""

from __future__ import annotations

import mpmath
import numpy as np
import precise_neural_tangent as precise
import pytest
from numpy.testing import assert_allclose

import riskcalc as rc

A, nt = rc.activations, rc.neural_tangent
ERF = A.Erf(2**-0.5)
HARD = A.custom(lambda x: np.clip(x, -1, 1), lambda x: (np.abs(x) < 1) * 1.0, (-1, 1))


def unit(rows: int, d: int, seed: int = 0) -> np.ndarray:
    g = np.random.default_rng(seed).standard_normal((rows, d))
    return g / np.linalg.norm(g, axis=1, keepdims=True)


def test_more_layers_and_more_neurons_represent_more() -> None:
    W = unit(40, 6)
    errors = {
        layers: nt.approximation_error(A.GELU(), W, np.arange(6), layers) for layers in ("first", "second", "both")
    }
    assert (errors["both"] <= np.minimum(errors["first"], errors["second"]) + 1e-9).all()
    fewer = nt.approximation_error(A.GELU(), W[:20], np.arange(6))
    assert (errors["first"] <= fewer + 1e-9).all()
    assert nt.approximation_error(A.ReLU(), W, [[3], [5]]).shape == (2, 1)
    assert_allclose(nt.approximation_error(A.ReLU(), W, [3, 5]), 1, atol=1e-12)  # odd degrees from 3 on are not there
    assert_allclose(nt.approximation_error(A.ReLU(), W, [3, 5], "both"), 1, atol=1e-12)


def test_approximation_error_is_the_limit_of_many_samples() -> None:
    W = unit(8, 5)
    for layers in ("first", "both"):
        errors = nt.approximation_error(A.Tanh(), W, [1, 3], layers, inputs="sphere")
        for k, error in zip((1, 3), errors, strict=True):
            zonal = precise.zonal(5, k)
            link = A.custom(lambda x, zonal=zonal: np.vectorize(zonal)(x))
            problem = nt.conditional_problem(A.Tanh(), W, rc.targets.SingleIndex(link), layers=layers, inputs="sphere")
            assert_allclose(rc.ridge_risk(problem, 1e9, 0).test, error, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize(
    ("N", "draws", "inner", "outer"),
    [
        (15, 8, [0.04, 0.54, 1.0], [0.66, 0.99]),
        pytest.param(60, 4, [0.007, 0.20, 1.0], [0.24, 0.94], marks=pytest.mark.slow),
    ],
)
def test_residuals_of_relu_in_thirty_dimensions(N: int, draws: int, inner: list[float], outer: list[float]) -> None:
    """Degrees 1, 2, 4 and 1, 2 of one draw, against the mean and the spread of several: wide transitions."""
    first = [nt.approximation_error(A.ReLU(), unit(N, 30, seed), [1, 2, 4]) for seed in range(draws)]
    second = [nt.approximation_error(A.ReLU(), unit(N, 30, seed), [1, 2], "second") for seed in range(draws)]
    for found, expected in ((first, inner), (second, outer)):
        spread = np.std(found, axis=0, ddof=1)
        assert (np.abs(np.mean(found, axis=0) - expected) < 3.5 * spread + 0.01).all()


def test_self_induced_ridge() -> None:
    """Values of the sheet; the sum of all is E φ'²; a polynomial's is exactly 0 beyond its degree."""
    for phi, v1 in ((A.ReLU(), 0.25), (A.Tanh(), 0.0975237), (ERF, 0.0492427)):
        assert_allclose(nt.self_induced_ridge(phi, 1), v1, atol=5e-8)
        assert_allclose(
            nt.self_induced_ridge(phi, 0), phi.second_moment() * 0 + nt.block(phi, 1.0).identity, rtol=1e-12
        )
    assert_allclose(nt.self_induced_ridge(A.Hermite(3), [0, 2, 3, 9]), [18, 18, 0, 0])
    assert_allclose(nt.self_induced_ridge(A.Sin(2.0), [1, 1]), 4 * (1 + np.exp(-8)) / 2 - 4 * np.exp(-4), rtol=1e-12)
    deep = nt.self_induced_ridge(ERF, [61, 59])  # Σ_{k>=ℓ} 4/(π·3)·(1/3)^... : only even k, one term apart
    c = ERF.hermite_coefficients(61)
    assert_allclose(deep[1] - deep[0], 61 * c[61] ** 2, rtol=1e-9)
    with mpmath.workdps(30):
        slope = lambda u: mpmath.sqrt(2 / mpmath.pi) * mpmath.exp(-u * u / 2)  # noqa: E731
        head = mpmath.fsum(mpmath.mpf(k + 1) * mpmath.mpf(c[k + 1]) ** 2 for k in range(20))
        total = mpmath.quad(lambda u: slope(u) ** 2 * mpmath.npdf(u), [-12, 0, 12])
        assert_allclose(float(nt.self_induced_ridge(ERF, 20)), float(total - head), rtol=1e-6)


@pytest.mark.parametrize("d", [10, 30])
def test_eigenvalues_of_the_limit_kernel(d: int) -> None:
    """ξ_k = E t h_d(t)P_k: bias-free ReLU has none at odd k >= 3."""
    with mpmath.workdps(20):
        exact = [precise.eigenvalue_of_limit_kernel(lambda t: (mpmath.pi - mpmath.acos(t)) / (2 * mpmath.pi), d, k)
                 for k in range(1, 6)]  # fmt: skip
    found = rc.kernels.NeuralTangent(A.ReLU()).spectrum(d, 5).eigenvalues[1:]
    assert_allclose(found, [float(x) for x in exact], rtol=1e-9, atol=1e-16)
    assert (found[[2, 4]] == 0).all()


def test_linear_equivalent_is_its_quadratic() -> None:
    """nκ² + (n - Λ - d)κ - Λ = 0 with Λ = d(λ+v₁)/m₀², and the risk from its root; κ there is d/m₀² times ours."""
    phi, d, n, ridge, linear, nonlinear, noise = A.Tanh(), 80.0, np.array([20.0, 80.0, 400.0]), 0.3, 1.3, 0.4, 0.2
    m0, v1 = phi.hermite_coefficients(1)[1], 0.09752374
    big = d * (ridge + v1) / m0**2
    b = n - big - d
    kappa = (-b + np.sqrt(b**2 + 4 * n * big)) / (2 * n)
    df2 = d / (1 + kappa) ** 2
    test = (linear * kappa**2 / (1 + kappa) ** 2 + nonlinear + noise) / (1 - df2 / n)
    risk = nt.linear_equivalent_risk(phi, d, n, ridge, linear, nonlinear, noise)
    assert_allclose(risk.test, test, rtol=1e-6)
    assert_allclose(risk.effective_ridge * d / m0**2, kappa, rtol=1e-6)
    assert_allclose(risk.variance, noise * df2 / n / (1 - df2 / n), rtol=1e-6)
    assert_allclose(risk.train, (d * ridge / (m0**2 * n * kappa)) ** 2 * test, rtol=1e-6)
    assert_allclose(risk.df2, df2, rtol=1e-6)


def test_linear_equivalent_is_the_kernel_in_high_dimension() -> None:
    """With all degrees of the tangent kernel the difference is O(1/d)."""
    gaps = []
    for d in (100, 1000):
        spectrum = rc.kernels.NeuralTangent(A.ReLU()).spectrum(d, 6)
        full = rc.ridge_risk(rc.Problem(spectrum, [0, 1, 0, 0, 0, 0, 0], 0.2, 0.5), [d / 2, 2 * d], 0.1).test
        gaps.append(np.abs(nt.linear_equivalent_risk(A.ReLU(), d, [d / 2, 2 * d], 0.1, 1, 0.5, 0.2).test / full - 1))
    assert (gaps[0] < 0.02).all()
    assert (gaps[1] < gaps[0] / 6).all()


def test_linear_equivalent_without_a_linear_part_and_at_its_ends() -> None:
    even = nt.linear_equivalent_risk(A.Cos(1.0), 50, [25, 500], 0.1, 1.0, 0.5, 0.2)
    assert_allclose(even.bias, 1.5)
    assert_allclose(even.variance, 0)
    affine = nt.linear_equivalent_risk(A.Linear(), 50, [25, 50, 100], 0, 1.0, 0, 0.2)
    assert_allclose(affine.test, [0.5 + 0.2 + 0.2, np.inf, 0.4])
    assert_allclose(nt.linear_equivalent_risk(A.ReLU(), 50, 100, np.inf, 1.0, 0.5, 0.2).test, 1.7)


@pytest.mark.parametrize("psi1", [0.3, 0.97, 1.0, 4.0])
def test_rule_for_singular_values(psi1: float) -> None:
    """Against the density, for a function with a pole at x = -1/10 and for moments, also near ψ₁ = 1."""
    from riskcalc.theory.neural_tangent.both_layers import singular_values

    rule = singular_values(psi1)
    with mpmath.workdps(20):
        for f in (lambda x: 1 / (x + 0.1), lambda x: x, lambda x: x**3):
            exact = float(precise.marchenko_pastur_mean(f, psi1))
            assert_allclose(rule.weights @ f(rule.points), exact, rtol=1e-10)


@pytest.mark.parametrize(("d", "width"), [(300, 120), (240, 240), (150, 330)])
def test_both_layers_average_over_the_weights(d: int, width: int) -> None:
    """Against one realised W, dense, and all directions of the target: such statistics of W fluctuate by O(1/d)."""
    phi, n, ridge, noise = A.Tanh(), np.array([0.5 * d, float(d), 2.5 * d]), 0.01, 0.2
    mu1 = phi.hermite_coefficients(1)[1]
    star, v1 = phi.second_moment() - mu1**2, float(nt.self_induced_ridge(phi, 1))
    W = unit(width, d, 5)
    outer = (mu1**2 * W @ W.T + star * np.eye(width)) / width
    mixed = mu1**2 * W / np.sqrt(width * d)
    sigma = np.block([[outer, mixed], [mixed.T, mu1**2 * np.eye(d) / d]])
    cross = np.concatenate([mu1 * W / np.sqrt(width), mu1 * np.eye(d) / np.sqrt(d)])
    eigenvalues, vectors = np.linalg.eigh(sigma)
    energies = ((vectors.T @ cross) ** 2).sum(axis=1) / eigenvalues / d
    assert_allclose(energies.sum(), 1, rtol=1e-9)
    spectrum = rc.Spectrum.from_eigenvalues(eigenvalues, tail=v1)
    dense = rc.ridge_risk(rc.Problem(spectrum, energies, noise, 0.4), n, ridge)
    found = nt.both_layers_risk(phi, d, n, width, ridge, 1.0, 0.4, noise)
    for name in ("test", "train", "bias", "variance", "effective_ridge", "df1", "df2"):
        assert_allclose(getattr(found, name), getattr(dense, name), rtol=1 / d, err_msg=name)


def test_both_layers_limits_and_shapes() -> None:
    wide = nt.both_layers_risk(ERF, 200, [100, 600], [[1e9], [np.inf]], 0.05, 1, 0.6, 0.2)
    assert_allclose(wide.test[0], wide.test[1], rtol=1e-6)
    narrow = nt.both_layers_risk(ERF, 200, [100, 600], 1e-6, 0.05, 1, 0.6, 0.2)
    assert_allclose(narrow.test, nt.linear_equivalent_risk(ERF, 200, [100, 600], 0.05, 1, 0.6, 0.2).test, rtol=1e-3)
    near = nt.both_layers_risk(ERF, 200, 150, [200 * (1 - 1e-9), 200, 200 * (1 + 1e-9)], 0.0, 1, 0.6, 0.2).test
    assert_allclose(near, near[1], rtol=1e-8)
    even = nt.both_layers_risk(A.Cos(1.0), 50, 100, [20, np.inf], 0.1, 1.0, 0.5, 0.0)
    assert_allclose(even.bias[1], 1.5)
    grid = nt.both_layers_risk(ERF, 100, [[50], [100]], [40, 80, 160], 0.1, [1, 2, 3], 0, 0.1)
    assert grid.test.shape == (2, 3)
    one = nt.both_layers_risk(ERF, 100, 100, 80, 0.1, 2, 0, 0.1)
    assert_allclose(grid.test[1, 1], one.test, rtol=1e-14)


def test_staircases_of_networks() -> None:
    energies = [0.1, 0.4, 0.2, 0.2, 0.05, 0.05]
    exponents = [0.5, 1.5, 2.5, 3.5]
    tails = np.array([sum(energies[k + 1 :]) for k in range(6)])
    assert_allclose(rc.limits.random_feature_approximation(energies, exponents), tails[:4])
    assert_allclose(rc.limits.neural_tangent_approximation(energies, exponents), tails[1:5])
    stays = rc.limits.neural_tangent_approximation(energies, 6.5, A.ReLU())
    assert_allclose(stays, energies[3] + energies[5])
    odd = rc.limits.random_feature_approximation(energies, 8.5, A.Tanh())
    assert_allclose(odd, energies[0] + energies[2] + energies[4])
    for function in (rc.limits.random_feature_approximation, rc.limits.neural_tangent_approximation):
        with pytest.raises(ValueError, match="width_exponent must be"):
            function(energies, -1)


def test_staircase_is_approached_by_random_features() -> None:
    """N = d^1.5 features, n = ∞: what is left is P_{>1}f*, slowly; the distance falls with d."""
    gaps = []
    for d in (100, 10_000, 1_000_000):
        spectrum = rc.kernels.Dual(A.ReLU()).spectrum(d, 4)
        problem = rc.Problem(spectrum, [0, 0.5, 0.3, 0, 0.2])
        gaps.append(abs(float(rc.random_feature_risk(problem, np.inf, d**1.5, 0).test) - 0.5))
    assert gaps[2] < gaps[1] < gaps[0] < 0.1
    assert gaps[2] < 0.005


SENTENCES = [
    (lambda: nt.block(A.Step(), 0.1), "bounded derivative|no derivative"),
    (lambda: nt.block(A.Power(0.7), 0.1), "bounded derivative"),
    (lambda: nt.block(A.ReLU(), 1.1), "overlap must be"),
    (lambda: nt.block(A.ReLU(), 0.1, inputs="sphere"), "n_inputs must be given"),
    (lambda: nt.block(A.ReLU(), 0.1, inputs="cube"), "inputs must be one of"),
    (lambda: nt.block(A.Tanh(), 0.1, inputs="sphere", n_inputs=2), "n_inputs must be >= 3"),
    (lambda: nt.block(HARD, 0.1, inputs="sphere", n_inputs=9), "inputs must be \"gaussian\""),
    (lambda: nt.block(HARD, 0.9999), "nearly parallel"),
    (lambda: nt.conditional_problem(A.ReLU(), 2 * unit(3, 4), rc.targets.SingleIndex(A.Tanh())), "rows of norm 1"),
    (lambda: nt.conditional_problem(A.ReLU(), np.zeros((0, 4)), rc.targets.SingleIndex(A.Tanh())), "at least one row"),
    (
        lambda: nt.conditional_problem(A.ReLU(), np.eye(3), rc.targets.SingleIndex(A.Tanh()), direction=[1.0, 1, 0]),
        "direction must be a unit vector",
    ),
    (
        lambda: nt.conditional_problem(A.ReLU(), unit(3, 4), rc.targets.SingleIndex(A.Tanh()), layers="second"),
        "layers must be",
    ),
    (
        lambda: nt.conditional_problem(A.ReLU(), np.eye(3), rc.targets.SingleIndex(A.Sign()), direction=[1.0, 0, 0]),
        "nearly along the target",
    ),
    (lambda: nt.self_induced_ridge(A.ReLU(), 0.5), "whole number"),
    (lambda: nt.approximation_error(A.ReLU(), unit(3, 4), 1.5), "whole number"),
    (lambda: nt.linear_equivalent_risk(A.ReLU(), 0, 1, 1, 1), "n_inputs must be"),
    (lambda: nt.both_layers_risk(A.ReLU(), 10, 10, 0, 1, 1), "width must be"),
    (lambda: nt.kernel_deviation(1, -1, 1), "n_samples must be"),
]  # fmt: skip


@pytest.mark.parametrize("index", range(len(SENTENCES)))
def test_what_is_refused(index: int) -> None:
    call, sentence = SENTENCES[index]
    with pytest.raises(ValueError, match=sentence):
        call()


def test_other_targets_and_activations_are_a_type_error() -> None:
    with pytest.raises(TypeError, match="target must be a SingleIndex"):
        nt.conditional_problem(A.ReLU(), unit(3, 4), rc.targets.DegreeEnergies({1: 1.0}))
    with pytest.raises(TypeError, match="activation must be"):
        nt.block("relu", 0.1)
