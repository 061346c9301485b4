# mypy: allow-untyped-defs, allow-untyped-calls, allow-untyped-decorators
"""The neural tangent model (lecture 5)."""

from sympy import Eq, acos, pi, sqrt

from riskcalc.statements.call import call
from riskcalc.statements.formula import formula
from riskcalc.statements.letters import Letter
from riskcalc.statements.writing import DEGREE, total

LETTERS = {
    "b": Letter("coefficients", "b", "Hermite coefficients of the activation over sqrt(k!)", "real", (0, 1), "k"),
    "v": Letter("self_induced", r"v_\ell", "ridge that the degrees from l on act as", ">= 0"),
    "level": Letter("degree", r"\ell", "degree that is resolved", ">= 0, whole", (0, 4)),
    "slope2": Letter("slope_power", r"\mathrm{E}\varphi'^2", "second moment of the slope, here of erf(a u)", "> 0"),
    "xi": Letter("eigenvalue", r"\xi_k", "eigenvalue of the tangent kernel on degree k", ">= 0"),
    "below": Letter("coefficient_below", r"\zeta_{k-1}", "coefficient of the slope on degree k - 1", "real"),
    "beyond": Letter("coefficient_beyond", r"\zeta_{k+1}", "coefficient of the slope on degree k + 1", "real"),
    "dim": Letter("dimension", "d", "dimension of the inputs", ">= 3, whole", (5, 30)),
    "k": Letter("k", "k", "degree", ">= 1, whole", (1, 6)),
    "h": Letter("identity", "h", "part along the identity", "real"),
    "crossed": Letter("crossed", "b", "part along the products of the two weights", "real"),
    "straight": Letter("straight", "q", "part along the square of each weight", "real"),
    "rho": Letter("overlap", r"\rho", "overlap of the two weights", "-1 to 1", (-0.9, 0.9)),
    "gap": Letter("deviation", r"\delta_N", "scale of the difference"),
    "N": Letter("width", "N", "number of neurons", "> 0", (50, 500)),
    "a": Letter("scale", "a", "scale of the activation", "> 0", (0.3, 1.5)),
    "d": Letter("n_inputs", "d", "dimension of the inputs", "> 0", (20, 60)),
    "m0": Letter("mean_slope", "m_0", "mean slope of the activation", "real"),
    "v1": Letter("self_induced", "v_1", "ridge that the nonlinear degrees act as", ">= 0"),
    "kappa": Letter("effective_ridge", r"\kappa", "effective regularisation", "> 0"),
    "e1": Letter("linear_energy", "e_1", "energy of the linear part of the target", ">= 0"),
    "e_star": Letter("nonlinear_energy", "e_*", "energy of the rest of the target", ">= 0"),
}

STEPS = call("activations.Step").call(
    "sphere_coefficients", n_inputs="dimension", max_degree=call("numpy.add", _x1="k", _x2=1)
)
ERF = call("activations.Erf", "scale")
BLOCK = call("neural_tangent.block", "overlap", activation=call("activations.ReLU"))
LINEAR = call(
    "neural_tangent.linear_equivalent_risk",
    "n_inputs",
    "n_samples",
    "ridge",
    "linear_energy",
    "nonlinear_energy",
    "noise",
    activation=ERF,
)


def slopes(slope2, a):
    """Second moment of the slope of erf(a u)."""
    return Eq(slope2, 4 * a**2 / (pi * sqrt(1 + 4 * a**2)))


@formula(
    "neural_tangent.self_induced_ridge",
    numeric={
        "v": call("neural_tangent.self_induced_ridge", "degree", activation=ERF),
        "b": ERF.call("hermite_coefficients", max_degree=5),
    },
    assumptions="first layer trained, d^l << n << d^(l + 1) and n << N d; the sum starts at l since degree k of the "
    "kernel carries the coefficient k - 1 of the slope",
    error="o(1) as d grows",
    sources={"montanari2022": "place not checked"},
    letters=LETTERS,
)
def self_induced_ridge(v, level, slope2, b, a):
    """Ridge that the high degrees of a neural tangent kernel act as."""
    return Eq(v, slope2 - total(DEGREE * b**2, DEGREE, 1, level)), slopes(slope2, a)


@formula(
    "neural_tangent.linear_equivalent",
    numeric={
        "test": LINEAR.field("test"),
        "variance": LINEAR.field("variance"),
        "kappa": LINEAR.field("effective_ridge"),
    },
    assumptions="first layer trained, N d much larger than n, n of the order of d; here the activation is erf(a u)",
    error="O(1/d)",
    sources={"montanari2022": "place not checked", "adlam2020ntk": "proportional widths; place not checked"},
    letters=LETTERS,
)
def linear_equivalent(test, variance, n, lam, d, kappa, df2, m0, v1, slope2, e1, e_star, tau2, a):
    """Test error of a wide neural tangent model with samples in proportion to the dimension."""
    return (
        Eq(test, (e1 * (d * kappa / (m0**2 + d * kappa)) ** 2 + e_star + tau2) / (1 - df2 / n)),
        Eq(variance, tau2 * df2 / (n - df2)),
        Eq(df2, d * (m0**2 / (m0**2 + d * kappa)) ** 2),
        Eq(n - (lam + v1) / kappa, d * m0**2 / (m0**2 + d * kappa)),
        Eq(v1, slope2 - m0**2),
        Eq(m0, 2 * a / sqrt(pi * (1 + 2 * a**2))),
        slopes(slope2, a),
    )


@formula(
    "neural_tangent.eigenvalue",
    numeric={
        "xi": call("kernels.NeuralTangent", activation=call("activations.ReLU"))
        .call("spectrum", n_inputs="dimension", max_degree="k")
        .field("eigenvalues")
        .entry("k"),
        "below": call("numpy.take", a=STEPS, indices=call("numpy.subtract", _x1="k", _x2=1)),
        "beyond": call("numpy.take", a=STEPS, indices=call("numpy.add", _x1="k", _x2=1)),
    },
    assumptions="first layer trained, infinite width, inputs and weights uniform on spheres; here ReLU, whose odd "
    "degrees from 3 on have eigenvalue 0 and are never learned",
    sources={"bietti2019": "place not checked", "derived": "multiplication by the inner product"},
    letters=LETTERS,
)
def eigenvalue(xi, below, beyond, dim, k):
    """Eigenvalue of the neural tangent kernel on the harmonics of a degree."""
    return Eq(xi, k / (2 * k + dim - 2) * below**2 + (k + dim - 2) / (2 * k + dim - 2) * beyond**2)


@formula(
    "neural_tangent.block",
    numeric={
        "h": BLOCK.field("identity"),
        "crossed": BLOCK.field("crossed"),
        "straight": BLOCK.field("straight"),
    },
    assumptions="first layer trained, Gaussian inputs, two weights of norm 1 with overlap rho, here ReLU; the second "
    "moment of their features is h 1 + b (w w'^T + w' w^T) + q (w w^T + w' w'^T)",
    sources={"derived": "Gaussian integration by parts"},
    letters=LETTERS,
)
def block(h, crossed, straight, rho):
    """Second moments of the tangent features of two neurons."""
    return (
        Eq(h, (pi - acos(rho)) / (2 * pi)),
        Eq(crossed, 1 / (2 * pi * sqrt(1 - rho**2))),
        Eq(straight, -rho * crossed),
    )


@formula(
    "neural_tangent.kernel_deviation",
    numeric={"gap": call("neural_tangent.kernel_deviation", "n_inputs", "n_samples", "width")},
    assumptions="first layer trained; up to logarithms the relative difference of the kernel matrix of finite width "
    "from that of infinite width, and of the two risks",
    error="a factor of logarithms",
    sources={"montanari2022": "place not checked"},
    letters=LETTERS,
)
def kernel_deviation(gap, n, d, N):
    """How far a tangent model of finite width is from its kernel."""
    return Eq(gap, sqrt(n / (N * d)))
