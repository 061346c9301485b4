# mypy: allow-untyped-defs, allow-untyped-calls, allow-untyped-decorators
"""Gradient flow on the least squares objective, stopped at a time (lecture 2)."""

from sympy import Eq, I, Integral, Max, Symbol, exp, pi, sqrt

from riskcalc.statements.call import call
from riskcalc.statements.formula import formula
from riskcalc.statements.letters import Letter
from riskcalc.statements.linear import FEATURES, PROBLEM
from riskcalc.statements.writing import total

LETTERS = {
    "t": Letter("time", "t", "time of the flow on half the mean squared error", ">= 0", (0.2, 1.5)),
    "rho2": Letter("signal", r"\rho^2", "squared norm of the coefficients", ">= 0"),
    "p": Letter("n_features", "p", "number of features", "> 0", (10, 100)),
    "low": Letter("lower_edge", "a", "lower edge of the law of Marchenko and Pastur", ">= 0"),
    "high": Letter("upper_edge", "b", "upper edge of the law of Marchenko and Pastur", "> 0"),
    "f": Letter("density", "f", "density of the law of Marchenko and Pastur", "function of x"),
    "g": Letter("gamma", r"\gamma", "features per sample", "> 0"),
    "K": Letter("path", r"\kappa", "effective regularisation on a circle", "function of an angle"),
    "x": Letter("sample", "z", "the sample eigenvalue that belongs to it", "function of an angle"),
    "D": Letter("path_df1", r"\mathrm{df}_1", "degrees of freedom on the circle", "function of an angle"),
    "dx": Letter("sample_slope", "z'", "derivative of z by the effective regularisation", "function of an angle"),
    "G": Letter("mixed_df2", r"\mathrm{df}_2", "second degrees of freedom of two points", "function of two angles"),
    "centre": Letter("centre", "c", "centre of a circle about 0 and the image of the bulk", "real"),
    "radius": Letter("radius", r"\varrho", "its radius", "> 0"),
    "v": Letter("noise_factor", "v", "variance per unit of noise", ">= 0"),
}

X, PHI, CHI = Symbol("x", positive=True), Symbol("varphi", real=True), Symbol("chi", real=True)
SOURCES = {"ali2019": "isotropic features; place not checked", "derived": "general covariance"}
FLOW = call("gradient_flow_risk", "n_samples", "time", problem=PROBLEM)
ISOTROPIC = call(
    "gradient_flow_risk",
    "n_samples",
    "time",
    problem=call("Problem", "noise", spectrum=call("Spectrum.isotropic", "n_features"), energies=("signal",)),
)
ROUND = FEATURES + "; the circle surrounds 0 and what belongs to the bulk: minus the eigenvalues, with the discs of "
ROUND += "radius (sum of m sigma^2/n)^(1/2) about them, and the effective ridge of ridge 0"


def marchenko_pastur(f, low, high, g):
    """The density between its edges."""
    return (
        Eq(f(X), sqrt((high - X) * (X - low)) / (2 * pi * g * X)),
        Eq(low, (1 - sqrt(g)) ** 2),
        Eq(high, (1 + sqrt(g)) ** 2),
    )


def around(term):
    """The contour integral of a function of the angle, over 2πi."""
    return Integral(term * exp(I * PHI), (PHI, 0, 2 * pi))


def path(K, x, centre, radius, n, sigma, m):
    """The circle and the sample eigenvalue that belongs to each of its points."""
    return (
        Eq(K(PHI), centre + radius * exp(I * PHI)),
        Eq(x(PHI), K(PHI) * (total(m * sigma / (sigma + K(PHI))) / n - 1)),
    )


def velocity(dx, K, n, sigma, m):
    """Derivative of the sample eigenvalue along the circle."""
    return Eq(dx(PHI), total(m * sigma**2 / (sigma + K(PHI)) ** 2) / n - 1)


@formula(
    "flow.isotropic_bias",
    numeric={"bias": ISOTROPIC.field("bias")},
    assumptions="isotropic features of variance 1; gradient flow from 0 on half the mean squared error",
    error="relative O(1/n)",
    sources=SOURCES,
    letters=LETTERS,
)
def isotropic_bias(bias, n, p, g, t, rho2, f, low, high, tau2):
    """Bias of gradient flow with isotropic features."""
    return (
        Eq(bias, rho2 * (Integral(exp(-2 * t * X) * f(X), (X, low, high)) + Max(0, 1 - 1 / g))),
        *marchenko_pastur(f, low, high, g),
        Eq(g, p / n),
    )


@formula(
    "flow.isotropic_variance",
    numeric={"variance": ISOTROPIC.field("variance")},
    assumptions="isotropic features of variance 1; gradient flow from 0 on half the mean squared error",
    error="relative O(1/n)",
    sources=SOURCES,
    letters=LETTERS,
)
def isotropic_variance(variance, n, p, g, t, tau2, f, low, high, rho2):
    """Variance of gradient flow with isotropic features."""
    return (
        Eq(variance, tau2 * g * Integral((1 - exp(-t * X)) ** 2 / X * f(X), (X, low, high))),
        *marchenko_pastur(f, low, high, g),
        Eq(g, p / n),
    )


@formula(
    "flow.variance",
    numeric={"variance": FLOW.field("variance")},
    assumptions=ROUND,
    error="relative O(1/n)",
    sources=SOURCES,
    letters=LETTERS,
)
def flow_variance(variance, n, t, tau2, K, x, dx, D, centre, radius, sigma, m, e, M):
    """Variance of gradient flow for any covariance, as a contour integral."""
    integrand = (1 - exp(-t * x(PHI))) ** 2 * K(PHI) * D(PHI) * dx(PHI) / x(PHI) ** 2
    return (
        Eq(variance, tau2 * radius / (2 * pi * n) * around(integrand)),
        *path(K, x, centre, radius, n, sigma, m),
        Eq(D(PHI), total(m * sigma / (sigma + K(PHI)))),
        velocity(dx, K, n, sigma, m),
    )


@formula(
    "flow.train",
    numeric={"train": FLOW.field("train")},
    assumptions=ROUND,
    error="relative O(1/n)",
    sources=SOURCES,
    letters=LETTERS,
)
def flow_train(train, n, t, tau2, M, K, x, dx, centre, radius, sigma, m, e):
    """Training error of gradient flow for any covariance, as a contour integral."""
    integrand = exp(-2 * t * x(PHI)) * (total(e / (sigma + K(PHI))) + (tau2 + M) / K(PHI)) * dx(PHI)
    return (
        Eq(train, -radius / (2 * pi) * around(integrand)),
        *path(K, x, centre, radius, n, sigma, m),
        velocity(dx, K, n, sigma, m),
    )


@formula(
    "flow.bias",
    numeric={"bias": FLOW.field("bias"), "variance": FLOW.field("variance")},
    assumptions=ROUND,
    error="relative O(1/n)",
    sources=SOURCES,
    letters=LETTERS,
)
def flow_bias(bias, variance, n, t, tau2, M, K, x, dx, G, centre, radius, sigma, m, e):
    """Bias of gradient flow for any covariance, as a double contour integral."""
    both = exp(-t * (x(PHI) + x(CHI))) * K(PHI) * K(CHI) * dx(PHI) * dx(CHI) / (x(PHI) * x(CHI))
    missed = total(e / ((sigma + K(PHI)) * (sigma + K(CHI)))) / (1 - G(PHI, CHI) / n)
    circles = Integral(both * missed * exp(I * (PHI + CHI)), (PHI, 0, 2 * pi), (CHI, 0, 2 * pi))
    return (
        Eq(bias, (radius / (2 * pi)) ** 2 * circles + M * (1 + variance / tau2)),
        *path(K, x, centre, radius, n, sigma, m),
        velocity(dx, K, n, sigma, m),
        Eq(G(PHI, CHI), total(m * sigma**2 / ((sigma + K(PHI)) * (sigma + K(CHI))))),
    )
