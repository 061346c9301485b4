# mypy: allow-untyped-defs, allow-untyped-calls, allow-untyped-decorators
"""Finite samples: exact values, the next order, and how far one experiment is from the mean."""

from sympy import Eq, sqrt

from riskcalc.statements.call import Word, call
from riskcalc.statements.formula import formula
from riskcalc.statements.letters import Letter
from riskcalc.statements.linear import KAPPA, PROBLEM, fixed_point
from riskcalc.statements.writing import total

LETTERS = {
    "few": Letter("n_samples", "n", "number of training samples", "> 0", (5, 20)),
    "p": Letter("n_features", "p", "number of features", "> 0", (30, 60)),
    "many": Letter("n_samples", "n", "number of training samples", "> 0", (50, 90)),
    "rank": Letter("rank", "r", "rank of the covariance", "> 0", (10, 30)),
    "rho2": Letter("signal", r"\rho^2", "energy of the target", ">= 0"),
    "mean": Letter("mean", r"\mathrm{E} R_{\mathrm{test}}", "mean of the test error over experiments"),
    "deviation": Letter("deviation", "s", "standard deviation over experiments"),
    "tau_exact": Letter("noise", r"\tau^2", "variance of the label noise", "> 0", (0.05, 1)),
    "measured": Letter("measured_spread", r"s_{\mathrm{measured}}", "standard deviation of the measured test error"),
    "spread": Letter("spread", "s", "standard deviation of the population test error", ">= 0"),
    "given": Letter("test", r"R_{\mathrm{test}}", "test error", ">= 0"),
    "n_test": Letter("n_test", r"n_{\mathrm{test}}", "fresh points on which it is measured", "> 0", (50, 200)),
    "next_order": Letter("next_order", r"R_{\mathrm{test}, 1}", "what is to be added to the test error", "real"),
    "k4": Letter("kurtosis", r"\kappa_4", "excess kurtosis of the entries", ">= -2", (-1, 1)),
    "A": Letter("amplified", "A", "what is amplified: missed energy and noise"),
    "D": Letter("share", "D", "second degrees of freedom per sample"),
    "E": Letter("free", "E", "the rest of a sample", "> 0"),
    "t3": Letter("third", r"\tau_3", "third degrees of freedom per sample"),
    "t4": Letter("fourth", r"\tau_4", "fourth degrees of freedom per sample"),
    "xi": Letter("xi", r"\xi", "combination of the degrees of freedom", "real"),
    "delta": Letter("delta", r"\delta", "combination of the degrees of freedom", "real"),
    "zeta": Letter("zeta", r"\zeta", "combination of the degrees of freedom", "real"),
    "a": Letter("curvature", "a", "combination of the degrees of freedom", "real"),
    "b2": Letter("b_2", "b_2", "missed energy, weighted once by what is learned"),
    "b3": Letter("b_3", "b_3", "missed energy, weighted twice"),
}

GAUSSIAN = "Gaussian features and noise"
DERIVED = {"derived": "inverse Wishart moments"}
EXPANSION = {"derived": "formal expansion", "bai2004": "the mean shift that it integrates; place not checked"}
LAW = call("finite_size.least_squares_law", "n_samples", "rank", "noise")
NEXT = call("finite_size.ridge_next_order", "n_samples", "ridge", "kurtosis", problem=PROBLEM)
SPREAD = call("finite_size.ridge_spread", "n_samples", "ridge", problem=PROBLEM)


@formula(
    "finite_size.isotropic_interpolator",
    numeric={
        "variance": call("finite_size.isotropic_ridgeless_variance", "n_samples", "n_features", "noise"),
        "bias": call("finite_size.isotropic_ridgeless_bias", "n_samples", "n_features", "signal"),
        "deviation": call("finite_size.isotropic_ridgeless_bias_spread", "n_samples", "n_features", "signal"),
    },
    assumptions=GAUSSIAN + ", isotropic covariance, ridge 0, n < p - 1; s is that of the bias",
    sources=DERIVED,
    letters=LETTERS,
)
def isotropic_interpolator(variance, bias, deviation, few, p, tau2, rho2):
    """Exact errors of the interpolator with isotropic features."""
    return (
        Eq(variance, tau2 * few / (p - few - 1)),
        Eq(bias, rho2 * (1 - few / p)),
        Eq(deviation, rho2 * sqrt(2 * few * (p - few) / (p**2 * (p + 2)))),
    )


@formula(
    "finite_size.least_squares",
    numeric={
        "variance": call("finite_size.least_squares_variance", "n_samples", "rank", "noise"),
        "mean": LAW.call("mean"),
        "deviation": LAW.call("std"),
    },
    assumptions=GAUSSIAN
    + ", ridge 0, more than rank + 3 samples; the test error over the noise is 1 plus the ratio of "
    "independent chi-squared variables of r and n - r + 1 degrees of freedom",
    sources=DERIVED,
    letters=LETTERS,
)
def least_squares(variance, mean, deviation, many, rank, tau_exact):
    """Exact variance of least squares, and how far one experiment is from the mean."""
    free = many - rank
    return (
        Eq(variance, tau_exact * rank / (free - 1)),
        Eq(mean, tau_exact + variance),
        Eq(deviation, tau_exact * sqrt(2 * rank * (many - 1) / ((free - 1) ** 2 * (free - 3)))),
    )


@formula(
    "finite_size.measured_spread",
    numeric={"measured": call("finite_size.measured_spread", "spread", "test", "n_test")},
    assumptions="Gaussian errors at the fresh points",
    error="the next order in the spread",
    sources={"derived": "variance of a mean of squares"},
    letters=LETTERS,
)
def measured_spread(measured, spread, given, n_test):
    """Spread of a test error that is itself measured."""
    return Eq(measured, sqrt(spread**2 + 2 * given**2 / n_test))


def degrees(D, E, t3, n, kappa, sigma, m):
    """Degrees of freedom per sample, of second and third order."""
    learned = sigma / (sigma + kappa)
    return Eq(D, total(m * learned**2) / n), Eq(E, 1 - D), Eq(t3, total(m * learned**3) / n)


def missed(A, b2, b3, kappa, sigma, e, M, tau2):
    """Missed energies, weighted by powers of what is learned."""
    learned, left = sigma / (sigma + kappa), kappa / (sigma + kappa)
    return (
        Eq(A, total(e * left**2) + M + tau2),
        Eq(b2, total(e * left**2 * learned)),
        Eq(b3, total(e * left**2 * learned**2)),
    )


@formula(
    "finite_size.next_order",
    numeric={"next_order": NEXT.entry(Word("test")), "kappa": KAPPA},
    assumptions="independent entries in the eigenbasis of the covariance, without third cumulants",
    error="relative O(1/n^2); a formal expansion, no proof",
    sources=EXPANSION,
    letters=LETTERS,
)
def next_order(next_order, n, lam, kappa, k4, A, b2, b3, D, E, t3, t4, xi, delta, a, sigma, m, e, M, tau2):
    """The term of order 1/n of the test error of ridge regression."""
    gauss = 3 * b3 - 4 * delta * b2 / E + A * (a / E - 4 * delta * xi / E**2)
    other = 3 * b3 - 2 * (2 * D - D**2 - t3) * b2 / E + A * (a / E - 2 * delta * xi / E**2)
    return (
        Eq(next_order, 1 / (n * E**2) * gauss + k4 / (n * E) * other),
        Eq(xi, t3 - D**2),
        Eq(delta, D - t3),
        Eq(a, 3 * t4 - 2 * t3 + 3 * D**2 - 4 * D * t3),
        *missed(A, b2, b3, kappa, sigma, e, M, tau2),
        *degrees(D, E, t3, n, kappa, sigma, m),
        Eq(t4, total(m * (sigma / (sigma + kappa)) ** 4) / n),
        fixed_point(n, lam, kappa, sigma, m),
    )


@formula(
    "finite_size.spread",
    numeric={"deviation": SPREAD.entry(Word("test")), "kappa": KAPPA},
    assumptions=GAUSSIAN + "; inputs and noise drawn, the target fixed",
    error="relative O(1/n) of the variance; a formal expansion, no proof",
    sources=EXPANSION,
    letters=LETTERS,
)
def spread(deviation, n, lam, kappa, A, b2, b3, D, E, t3, t4, xi, zeta, sigma, m, e, M, tau2):
    """Standard deviation over experiments of the test error of ridge regression."""
    bracket = (
        A**2 * (D**2 + zeta / E + 2 * xi**2 / E**2 - 2 * D * xi / E)
        - 4 * A * b2 * (D - xi / E)
        + 2 * b2**2
        + 2 * A * b3
    )
    return (
        Eq(deviation, sqrt(2 / (n * E**3) * bracket)),
        Eq(xi, t3 - D**2),
        Eq(zeta, t4 - 2 * D * t3 + D**3),
        *missed(A, b2, b3, kappa, sigma, e, M, tau2),
        *degrees(D, E, t3, n, kappa, sigma, m),
        Eq(t4, total(m * (sigma / (sigma + kappa)) ** 4) / n),
        fixed_point(n, lam, kappa, sigma, m),
    )
