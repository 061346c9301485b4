"""Kernels as functions of vectors: against scikit-learn, the profile, Monte Carlo, and each other."""

from __future__ import annotations

import numpy as np
import pytest
import sklearn.metrics.pairwise as pairwise
from numpy.testing import assert_allclose, assert_array_equal

import riskcalc as rc
import riskcalc.activations as activations
import riskcalc.kernels as kernels
from riskcalc.kernels.kernel import Kernel
from riskcalc.kernels.relu_network import _inverse_root

ALL = [
    kernels.Monomial(3),
    kernels.Polynomial(3, 0.5),
    kernels.Exponential(0.7),
    kernels.RBF(),
    kernels.RBF(0.3),
    kernels.Laplace(),
    kernels.Laplace(1.7),
    kernels.ArcCosine(0),
    kernels.ArcCosine(1),
    kernels.ArcCosine(2.5),
    kernels.ReluGaussianProcess(3),
    kernels.ReluNeuralTangent(3),
    kernels.Erf(0.8),
    kernels.Dual(activations.Tanh()),
    kernels.Dual(activations.ReLU(), "gaussian"),
    kernels.NeuralTangent(activations.SiLU(), "both"),
    kernels.Taylor([0.1, 1.0, 0.5]),
    kernels.custom(np.cosh),
    2 * kernels.Laplace() + kernels.Monomial(1),
]


def sphere_points(n: int, d: int, rng: int = 0) -> np.ndarray:
    x = np.random.default_rng(rng).standard_normal((n, d))
    return x * np.sqrt(d) / np.linalg.norm(x, axis=1)[:, None]


@pytest.mark.parametrize("kernel", ALL, ids=repr)
def test_the_gram_matrix_is_the_profile_on_the_sphere(kernel: Kernel) -> None:
    X, Z = sphere_points(8, 6), sphere_points(5, 6, 1)
    assert_allclose(kernel(X, Z), kernel.profile(X @ Z.T / 6, 6), atol=1e-13)
    gram = kernel(X)
    assert_allclose(gram, gram.T, atol=1e-15)
    assert_allclose(np.diag(gram), kernel.profile(1.0, 6), rtol=1e-12)
    assert np.linalg.eigvalsh(gram).min() > -1e-12
    assert_array_equal(kernel(X[0], Z[1]).shape, ())
    assert_allclose(kernel(X[0], Z[1]), kernel(X, Z)[0, 1], rtol=1e-14)


def test_scikit_learn_agrees() -> None:
    X, Z = np.random.default_rng(0).standard_normal((7, 5)), np.random.default_rng(1).standard_normal((4, 5))
    assert_allclose(kernels.RBF()(X, Z), pairwise.rbf_kernel(X, Z), rtol=1e-12)
    assert_allclose(kernels.RBF(0.3)(X), pairwise.rbf_kernel(X, gamma=0.3), rtol=1e-12)
    assert_allclose(kernels.Polynomial(3)(X, Z), pairwise.polynomial_kernel(X, Z, degree=3), rtol=1e-12)
    assert_allclose(kernels.Polynomial(2, 0.3)(X, Z), pairwise.polynomial_kernel(X, Z, degree=2, coef0=0.3), rtol=1e-12)
    assert_allclose(kernels.Monomial(1)(X, Z), pairwise.linear_kernel(X, Z) / 5, rtol=1e-12, atol=1e-15)


def test_laplace_has_the_euclidean_norm_and_scikit_learn_the_other() -> None:
    X = np.array([[0.0, 0.0], [3.0, 4.0]])
    assert_allclose(kernels.Laplace(2.0)(X)[0, 1], np.exp(-5 / 2))
    assert_allclose(pairwise.laplacian_kernel(X, gamma=0.5)[0, 1], np.exp(-7 / 2))


@pytest.mark.parametrize(
    "kernel",
    [kernels.ArcCosine(0), kernels.ArcCosine(1.5), kernels.ReluNeuralTangent(2), kernels.ReluGaussianProcess(1)],
)
def test_homogeneous_kernels_scale_with_the_norms(kernel: Kernel) -> None:
    X, Z = sphere_points(4, 3), sphere_points(5, 3, 1)
    order = kernel.order if isinstance(kernel, kernels.ArcCosine) else 1
    assert_allclose(kernel(2 * X, 3 * Z), 6.0**order * kernel(X, Z), rtol=1e-12)
    assert (kernel(np.zeros(3), Z) == 0).all()


def test_erf_of_vectors_is_the_mean_over_gaussian_weights() -> None:
    """Williams' formula off the sphere; 4e5 weights, four standard errors of a product bounded by 1."""
    from scipy.special import erf

    rng, scale = np.random.default_rng(0), 0.8
    x, z = np.array([1.0, 2.0, 0.5]), np.array([-0.3, 1.0, 2.0])
    w = scale * rng.standard_normal((400_000, 3)) / np.sqrt(3)
    product = erf(w @ x) * erf(w @ z)
    assert abs(product.mean() - kernels.Erf(scale)(x, z)) < 4 * product.std() / np.sqrt(product.size)


DUALS = [activations.Tanh(), activations.ELU(), activations.Softplus(), activations.Step(), activations.LeakyReLU(0.3)]


@pytest.mark.parametrize("weights", ["gaussian", "sphere"])
@pytest.mark.parametrize("phi", DUALS, ids=repr)
def test_dual_kernels_are_means_over_weights(phi: activations.Activation, weights: str) -> None:
    """Both layers of a two-layer network, at three angles; |z| < 4.5 in 20 cells of 3."""
    rng, d = np.random.default_rng(7), 5
    t = np.array([-0.7, 0.4, 0.9])
    x = np.sqrt(d) * np.eye(d)[0]
    z = np.sqrt(d) * (t[:, None] * np.eye(d)[0] + np.sqrt(1 - t**2)[:, None] * np.eye(d)[1])
    w = rng.standard_normal((200_000, d))
    w = w / np.sqrt(d) if weights == "gaussian" else w / np.linalg.norm(w, axis=1)[:, None]
    layers = {"second": phi(w @ x)[:, None] * phi(w @ z.T)}
    kernel = {"second": kernels.Dual(phi, weights).profile(t, d)}
    if not isinstance(phi, activations.Step):
        layers["first"] = t * phi.derivative(w @ x)[:, None] * phi.derivative(w @ z.T)
        kernel["first"] = kernels.NeuralTangent(phi, "first", weights).profile(t, d)
        assert_allclose(kernels.NeuralTangent(phi, "both", weights).profile(t, d), kernel["first"] + kernel["second"])
    for layer, products in layers.items():
        error = products.std(axis=0) / np.sqrt(len(products)) + 1e-12
        assert (np.abs(products.mean(axis=0) - kernel[layer]) < 4.5 * error).all(), layer


def test_the_two_laws_of_the_weights_differ() -> None:
    """Sheet: tanh, d = 10, h(0.4) = 0.14820 and 0.15531, m_1 = 0.3728 and 0.3906."""
    gaussian, sphere = (kernels.Dual(activations.Tanh(), weights) for weights in ("gaussian", "sphere"))
    assert_allclose([gaussian.profile(0.4, 10), sphere.profile(0.4, 10)], [0.14820, 0.15531], atol=5e-6)
    assert_allclose([k.spectrum(10, 1).masses[1] for k in (gaussian, sphere)], [0.3728, 0.3906], atol=5e-5)
    assert_allclose(kernels.Dual(activations.Tanh()).spectrum(100, 9).trace, 0.396015, atol=5e-7)
    assert_allclose(kernels.Dual(activations.Tanh(), "gaussian").spectrum(100, 9).trace, 0.394294, atol=5e-7)


@pytest.mark.parametrize("domain", ["sphere", "hypercube"])
@pytest.mark.parametrize("alpha", [0.0, 1.0, 1.5])
def test_homogeneous_activations_have_one_kernel_up_to_scale(alpha: float, domain: str) -> None:
    """E|w|^(2α) = (2/d)^α Γ(d/2+α)/Γ(d/2) for w ~ N(0, I/d); the order-α kernel of Cho and Saul, times E φ(G)².

    On the hypercube h(1) less a Taylor sum, right to a rounding of h(1), enters with 2^-d C(d, k) < 0.23.
    """
    from scipy.special import gamma

    phi, d = activations.Power(alpha), 12
    gaussian, sphere = (kernels.Dual(phi, weights).spectrum(d, 10, domain) for weights in ("gaussian", "sphere"))
    scale = (2 / d) ** alpha * gamma(d / 2 + alpha) / gamma(d / 2)
    rounding = 0.0 if domain == "sphere" else 4e-16 * 0.23 * phi.second_moment()
    assert_allclose(gaussian.masses, scale * sphere.masses, rtol=1e-12, atol=rounding)
    normalised = kernels.ArcCosine(alpha).spectrum(d, 10, domain)
    assert_allclose(gaussian.masses, phi.second_moment() * normalised.masses, rtol=1e-12, atol=rounding)


def test_one_hidden_layer_by_three_routes() -> None:
    deep, both = kernels.ReluNeuralTangent(1), kernels.NeuralTangent(activations.ReLU(), "both")
    t = np.linspace(-1, 1, 9)
    assert_allclose(deep.profile(t, 7), (2 * both).profile(t, 7), atol=1e-14)
    assert_allclose(deep.spectrum(7, 60).masses, (2 * both).spectrum(7, 60).masses, rtol=1e-12)
    assert_allclose(kernels.ReluGaussianProcess(1).profile(t, 7), kernels.ArcCosine(1).profile(t, 7), atol=1e-14)


def test_erf_is_a_dual() -> None:
    """Var u = s² is an activation erf(s u) of a unit variance."""
    t, dual = np.linspace(-1, 1, 9), kernels.Dual(activations.Erf(0.6), "gaussian")
    assert_allclose(kernels.Erf(0.6).profile(t, 5), dual.profile(t, 5), atol=1e-13)
    assert_allclose(kernels.Erf(0.6).spectrum(5, 9).masses, dual.spectrum(5, 9).masses, rtol=1e-12)


def test_the_neural_tangent_masses_tend_to_hermite_coefficients() -> None:
    """K c_k² for the first layer, (1+k) c_k² for both, to O(1/d)."""
    c, k = activations.Tanh().hermite_coefficients(5), np.arange(6)
    for layers, factor in (("first", k), ("both", 1 + k)):
        for d in (100, 1000):
            masses = kernels.NeuralTangent(activations.Tanh(), layers).spectrum(d, 5).masses
            assert_allclose(masses, factor * c**2, atol=2 / d)


def test_a_wave_of_one_frequency_is_its_own_derivative() -> None:
    """φ = sin(fx): φ' = f cos(fx), for which the layers add up to a known kernel."""
    f, d = 1.3, 9
    first = kernels.NeuralTangent(activations.Sin(f), "first")
    cosine = kernels.Dual(activations.Cos(f))
    t = np.linspace(-1, 1, 5)
    assert_allclose(first.profile(t, d), f**2 * t * cosine.profile(t, d), atol=1e-13)


def test_models_are_equal_by_content_and_exported() -> None:
    assert kernels.RBF(1) == kernels.RBF(1.0) != kernels.RBF()
    assert kernels.Dual(activations.Tanh()) == kernels.Dual(activations.Tanh(), "sphere")
    assert 2 * kernels.RBF() + kernels.Monomial(1) == kernels.RBF() * 2 + kernels.Monomial(1)
    assert repr(2 * (kernels.Laplace() + kernels.Monomial(2))) == "2 * (Laplace(scale=None) + Monomial(degree=2))"
    assert rc.kernels is kernels


def test_refusals() -> None:
    for call, words in [
        (lambda: kernels.Taylor([1, -1]).spectrum(10, 3), "positive definite.*mass -1 at degree 1 on the sphere"),
        (lambda: kernels.custom(lambda t: -(t**3)).spectrum(10, 3), "positive definite.*at degree 1"),
        (lambda: kernels.custom(np.exp).spectrum(1000, 20), r"max_degree must be <= 5 .* largest safe degree is 5"),
        (lambda: kernels.Exponential(800).spectrum(10, 3), r"finite h\(1\), got inf"),
        (lambda: kernels.NeuralTangent(activations.Step()), r"h\(1\) is infinite"),
        (lambda: kernels.NeuralTangent(activations.Power(0.4)), r"h\(1\) is infinite"),
        (lambda: kernels.RBF().spectrum(10, 11, "hypercube"), "degree must be <= n_inputs"),
        (lambda: kernels.RBF().spectrum(10, 3, "ball"), "domain must be one of"),
        (lambda: kernels.RBF().spectrum(1, 3), "n_inputs must be"),
        (lambda: -1 * kernels.RBF(), "factor must be"),
        (lambda: kernels.RBF(-1), "gamma must be"),
        (lambda: kernels.Polynomial(2, -1), "constant must be"),
        (lambda: kernels.ArcCosine(-0.5), "order must be"),
        (lambda: kernels.ReluNeuralTangent(0), "depth must be"),
        (lambda: kernels.Dual(activations.Tanh(), "cube"), "weights must be one of"),
        (lambda: kernels.Dual(activations.Tanh())([[3.0, 0.0]]), "rescale the rows"),
        (lambda: kernels.RBF()([[1.0, 2.0]], [[1.0]]), "as many columns"),
        (lambda: kernels.RBF().profile(1.1, 3), "t must be"),
        (lambda: kernels.custom(np.exp).taylor(5, 3), "known by its values only"),
        (lambda: kernels.Laplace(1e-3).spectrum(10, 3), "scale must be >="),
    ]:
        with pytest.raises(ValueError, match=words):
            call()
    with pytest.raises(TypeError, match="activation must be"):
        kernels.Dual(np.tanh)  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        kernels.RBF() + 1  # type: ignore[operator]


def test_custom_kernels_agree_with_their_series_as_far_as_their_digits_go() -> None:
    """An absolute error of 1e-16 √B: 1e-6 of the mass is the bound at which degrees are refused."""
    for d, top in ((3, 9), (20, 8), (1000, 5)):
        custom, exact = kernels.custom(np.exp).spectrum(d, top), kernels.Exponential().spectrum(d, top)
        assert_allclose(custom.masses, exact.masses, rtol=1e-6)
        assert_allclose(custom.tail, exact.tail, atol=1e-12)
    jump = kernels.custom(lambda t: np.where(t > 0.5, 1.0, 0.0) + 3 * np.exp(t), kinks=[0.5])
    with pytest.raises(ValueError, match="positive definite"):
        jump.spectrum(5, 30)


def test_a_negative_coefficient_is_legal_where_the_kernel_is_positive() -> None:
    """P_2 of d = 10 itself: (10 t² - 1)/9."""
    assert_allclose(kernels.Taylor([-1 / 9, 0, 10 / 9]).spectrum(10, 4).masses, [0, 0, 1, 0, 0], atol=0, rtol=1e-14)
    with pytest.raises(ValueError, match="degree 0"):
        kernels.Taylor([-1 / 9, 0, 10 / 9]).spectrum(11, 4)


def test_functions_do_not_use_coefficients(monkeypatch: pytest.MonkeyPatch) -> None:
    """A simulation calls kernels as functions; what theory uses must not be behind them."""

    def forbidden(*arguments: object, **options: object) -> None:
        raise AssertionError("coefficients used")

    monkeypatch.setattr(activations.Activation, "hermite_coefficients", forbidden)
    monkeypatch.setattr(activations.Activation, "sphere_coefficients", forbidden)
    monkeypatch.setattr(Kernel, "spectrum", forbidden)
    for kernel in ALL:
        kernel(sphere_points(3, 6))


@pytest.mark.parametrize("n_inputs", [20, 101, 1000, 10_000])
def test_values_on_the_hypercube_give_masses_up_to_their_promised_error(n_inputs: int) -> None:
    """Promised is 1e-16 √B; gammaln of d = 1e4 in the weights would leave 1e-11 √B, a false negative mass."""
    top = 3 if n_inputs == 10_000 else 4
    mine = kernels.custom(np.exp).spectrum(n_inputs, top, "hypercube")
    series = kernels.Exponential().spectrum(n_inputs, top, "hypercube")
    error = 20 * np.finfo(float).eps * np.sqrt(series.multiplicities) * np.exp(0.5 / n_inputs)
    assert (np.abs(mine.masses - series.masses) <= error + 1e-15).all()


def test_the_last_degrees_on_a_small_hypercube_come_from_values_too() -> None:
    for n_inputs in (2, 3, 4, 5):
        mine = kernels.custom(np.exp).spectrum(n_inputs, n_inputs, "hypercube").masses
        assert_allclose(mine, kernels.Exponential().spectrum(n_inputs, n_inputs, "hypercube").masses, rtol=1e-12)


def test_a_profile_that_divides_by_zero_at_one_is_refused() -> None:
    with pytest.raises(ValueError, match="finite h"):
        kernels.custom(lambda t: 1 / (1 - t)).spectrum(20, 4)


@pytest.mark.parametrize("start", [0.0, 0.2])
@pytest.mark.parametrize("size", [2, 64, 65, 66, 200])
def test_the_inverse_root_of_a_series_solves_its_equation(start: float, size: int) -> None:
    """s² (1 - q) = 1 to all orders, across the borders of the blocks."""
    q = start * 0.5 ** np.arange(size)
    s = _inverse_root(q)
    one = np.convolve(np.convolve(s, s)[:size], np.concatenate([[1 - q[0]], -q[1:]]))[:size]
    assert_allclose(one, np.eye(1, size)[0], atol=1e-13)


def test_one_hidden_layer_is_the_arc_cosine_kernel_of_order_one() -> None:
    one, ramp = kernels.ReluGaussianProcess(1), kernels.ArcCosine(1)
    for domain, d in (("sphere", 2), ("sphere", 50), ("hypercube", 12)):
        assert_array_equal(one.spectrum(d, 8, domain).masses, ramp.spectrum(d, 8, domain).masses)
