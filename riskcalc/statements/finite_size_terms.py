# mypy: allow-untyped-defs, allow-untyped-calls, allow-untyped-decorators
"""Finite size, field by field: the term of order 1/n, the spread of the bias, the law of least squares."""

from sympy import Eq, beta

from riskcalc.statements.call import Word, call
from riskcalc.statements.formula import formula
from riskcalc.statements.letters import Letter
from riskcalc.statements.linear import KAPPA, PROBLEM, fixed_point
from riskcalc.statements.writing import total

TERM = call("finite_size.ridge_next_order", "n_samples", "ridge", "kurtosis", problem=PROBLEM)
SPREAD = call("finite_size.ridge_spread", "n_samples", "ridge", "kurtosis", problem=PROBLEM)
LEAST_SQUARES = call("finite_size.least_squares_law", "n_samples", "rank", "noise")

ENTRIES = "independent entries without third cumulant in the eigenbasis of the covariance; what lies outside is "
ENTRIES += "independent of the features"
FORMAL = "formal expansion: no bound is proved; in simulations O(1/n^2) where n - df2 is at least 7 and the term below "
FORMAL += "0.3 of the leading order"
SOURCES = {
    "derived": "expansion of the mean log-determinant for a matrix penalty",
    "bai2004": "its Gaussian part; place not checked",
}

LETTERS = {
    "bias1": Letter("bias_term", r"R_{\mathrm{bias}}^{(1)}", "term of order 1/n of the bias", "real"),
    "variance1": Letter("variance_term", r"R_{\mathrm{var}}^{(1)}", "term of order 1/n of the variance", "real"),
    "train1": Letter("train_term", r"R_{\mathrm{train}}^{(1)}", "term of order 1/n of the training error", "real"),
    "first1": Letter("df1_term", r"\mathrm{df}_1^{(1)}", "term of order 1/n of the trace of the hat matrix", "real"),
    "gcv1": Letter("gcv_term", r"\mathrm{GCV}^{(1)}", "term of order 1/n of generalised cross-validation", "real"),
    "S0": Letter("bias_spread", r"S_{\mathrm{bias}}", "standard deviation of the bias over samples of features"),
    "k4": Letter("kurtosis", r"\kappa_4", "excess kurtosis of the whitened entries", ">= -2", (-1.5, 1), "", 0.0),
    "D": Letter("second_share", "D", "second degrees of freedom per sample"),
    "E": Letter("room", "E", "share of the samples beyond the second degrees of freedom", "> 0"),
    "s": Letter("ridge_share", "s", "the ridge over n kappa"),
    "delta": Letter("delta", r"\delta", "second less third degrees of freedom, per sample"),
    "eps": Letter("epsilon", r"\epsilon", "the same with another factor 1 - u, per sample"),
    "b1": Letter("missed", "b_1", "energy that the averaged predictor misses"),
    "b2": Letter("missed_once", "b_2", "the same, weighted by the share that is learned"),
    "b3": Letter("missed_twice", "b_3", "the same, weighted by its square"),
    "A": Letter("all_missed", "A", "energy that is missed, with what acts as noise"),
    "J": Letter("objective_term", "J", "correction of the minimum of the objective, up to factors", "real"),
    "K": Letter("moment_factor", "K", "weight of that correction", "real"),
    "slope_J": Letter("objective_slope", "J'", "logarithmic derivative of J in kappa", "real"),
    "slope_K": Letter("moment_slope", "K'", "logarithmic derivative of K in kappa", "real"),
    "r": Letter("rank", "r", "rank of the covariance", "> 0", (4, 12)),
    "t": Letter("error", "t", "a value of the test error", "> 0", (1.5, 4)),
    "density": Letter("density", "f", "density of the test error of one fit at t"),
}


def term(name):
    """A term of order 1/n."""
    return TERM.entry(Word(name))


def share(kappa, sigma):
    """The learned share u of a direction."""
    return sigma / (sigma + kappa)


def lost(kappa, sigma):
    """The share 1 - u that is not."""
    return kappa / (sigma + kappa)


def sums(n, D, E, delta, eps, kappa, sigma, m):
    """The sums per sample."""
    u, v = share(kappa, sigma), lost(kappa, sigma)
    return (
        Eq(D, total(m * u**2) / n),
        Eq(E, 1 - D),
        Eq(delta, total(m * u**2 * v) / n),
        Eq(eps, total(m * u**2 * v**2) / n),
    )


def energies(b1, b2, b3, kappa, sigma, e):
    """The sums over the target."""
    u, v = share(kappa, sigma), lost(kappa, sigma)
    return Eq(b1, total(e * v**2)), Eq(b2, total(e * v**2 * u)), Eq(b3, total(e * v**2 * u**2))


def error_term(n, D, E, delta, eps, A, J, b2, b3, k4):
    """The term of order 1/n of A/E."""
    gaussian = 3 * b3 + 4 * delta / E * J + A * (D + (3 * eps - 4 * delta) / E)
    fourth = 3 * b3 + 2 * delta / E * J - 2 * D * b2 + A * (D + (3 * eps - 2 * delta * (1 + E)) / E)
    return gaussian / (n * E**2) + k4 / (n * E) * fourth


def slopes(slope_J, slope_K, K, E, delta, eps, A, b2, b3, k4):
    """Logarithmic derivatives in the effective regularisation."""
    return (
        Eq(K, 1 / E + k4),
        Eq(slope_K, -2 * delta / E**2),
        Eq(slope_J, (delta - 3 * eps) * A / E + 2 * delta * b2 / E - 2 * delta**2 * A / E**2 + b2 - 3 * b3),
    )


@formula(
    "finite_size.bias",
    numeric={"bias1": term("bias"), "kappa": KAPPA},
    assumptions=ENTRIES,
    error=FORMAL,
    sources=SOURCES,
    letters=LETTERS,
)
def bias(bias1, n, lam, kappa, D, E, delta, eps, A, J, b1, b2, b3, k4, M, sigma, m, e, tau2):
    """Next order of the bias of ridge regression."""
    return (
        Eq(bias1, error_term(n, D, E, delta, eps, A, J, b2, b3, k4)),
        Eq(A, b1 + M),
        Eq(J, delta * A / E - b2),
        *energies(b1, b2, b3, kappa, sigma, e),
        *sums(n, D, E, delta, eps, kappa, sigma, m),
        fixed_point(n, lam, kappa, sigma, m),
    )


@formula(
    "finite_size.variance",
    numeric={"variance1": term("variance"), "kappa": KAPPA},
    assumptions=ENTRIES,
    error=FORMAL + "; for Gaussian features at ridge 0 and n above the rank v/(1 - v1/v) is exact",
    sources=SOURCES,
    letters=LETTERS,
)
def variance(variance1, n, lam, kappa, D, E, delta, eps, k4, tau2, sigma, m, e, M):
    """Next order of the variance of ridge regression."""
    gaussian = D + (3 * eps - 4 * delta) / E + 4 * delta**2 / E**2
    fourth = D + (3 * eps - 2 * delta * (1 + E)) / E + 2 * delta**2 / E**2
    return (
        Eq(variance1, tau2 / (n * E**2) * gaussian + k4 * tau2 / (n * E) * fourth),
        *sums(n, D, E, delta, eps, kappa, sigma, m),
        fixed_point(n, lam, kappa, sigma, m),
    )


@formula(
    "finite_size.train",
    numeric={"train1": term("train"), "kappa": KAPPA},
    assumptions=ENTRIES,
    error=FORMAL,
    sources=SOURCES,
    letters=LETTERS,
)
def train(train1, n, lam, kappa, s, D, E, delta, eps, A, J, K, slope_J, slope_K, b1, b2, b3, k4, M, tau2, sigma, m, e):
    """Next order of the training error of ridge regression."""
    return (
        Eq(train1, s**2 / (n * E) * (K * J - slope_K * J - K * slope_J)),
        Eq(s, lam / (n * kappa)),
        Eq(J, delta * A / E - b2),
        *slopes(slope_J, slope_K, K, E, delta, eps, A, b2, b3, k4),
        Eq(A, b1 + M + tau2),
        *energies(b1, b2, b3, kappa, sigma, e),
        *sums(n, D, E, delta, eps, kappa, sigma, m),
        fixed_point(n, lam, kappa, sigma, m),
    )


@formula(
    "finite_size.df1",
    numeric={"first1": term("df1"), "kappa": KAPPA},
    assumptions=ENTRIES,
    error=FORMAL,
    sources=SOURCES,
    letters=LETTERS,
)
def degrees_of_freedom(first1, n, lam, kappa, s, D, E, delta, eps, k4, sigma, m, e, tau2, M):
    """Next order of the trace of the hat matrix."""
    return (
        Eq(first1, -s * delta * (1 / E**2 + k4 / E)),
        Eq(s, lam / (n * kappa)),
        *sums(n, D, E, delta, eps, kappa, sigma, m),
        fixed_point(n, lam, kappa, sigma, m),
    )


@formula(
    "finite_size.gcv",
    numeric={"gcv1": term("gcv"), "kappa": KAPPA},
    assumptions=ENTRIES + "; an expansion in kappa/lambda, too",
    error=FORMAL + " and lambda/kappa at least 3",
    sources=SOURCES,
    letters=LETTERS,
)
def gcv(gcv1, n, lam, kappa, D, E, delta, eps, A, J, K, slope_J, slope_K, b1, b2, b3, k4, M, tau2, sigma, m, e):
    """Next order of generalised cross-validation."""
    return (
        Eq(gcv1, (K * J - slope_K * J - K * slope_J) / (n * E) - 2 * A * K * delta / (n * E**2)),
        Eq(J, delta * A / E - b2),
        *slopes(slope_J, slope_K, K, E, delta, eps, A, b2, b3, k4),
        Eq(A, b1 + M + tau2),
        *energies(b1, b2, b3, kappa, sigma, e),
        *sums(n, D, E, delta, eps, kappa, sigma, m),
        fixed_point(n, lam, kappa, sigma, m),
    )


def variance_over_experiments(n, D, E, delta, eps, A, J, b3, k4, kappa, sigma, m, e):
    """Of the test error A/E; the fourth moments count where few directions carry the target."""
    gaussian = A**2 * (D + (eps - 2 * delta) / E) + 2 * J**2 + 2 * A * b3
    u, v = share(kappa, sigma), lost(kappa, sigma)
    return 2 / (n * E**3) * gaussian + k4 / (n * E**2) * total(3 * e**2 / (m + 2) * v**4 * (D - 2 * u) ** 2)


@formula(
    "finite_size.bias_spread",
    numeric={"S0": SPREAD.entry(Word("bias")), "kappa": KAPPA},
    assumptions=ENTRIES + "; features drawn anew, on average over the noise and over what lies outside",
    error="formal; relative O(1/n), and about twice the relative next order of the bias",
    sources={"derived": "covariance of log-determinants for two matrix penalties", "bai2004": "place not checked"},
    letters=LETTERS,
)
def bias_spread(S0, n, lam, kappa, D, E, delta, eps, A, J, b1, b2, b3, k4, sigma, m, e, M, tau2):
    """Variance over experiments of the bias, and of a test error averaged over the noise."""
    return (
        Eq(S0**2, variance_over_experiments(n, D, E, delta, eps, A, J, b3, k4, kappa, sigma, m, e)),
        Eq(A, b1),
        Eq(J, delta * A / E - b2),
        *energies(b1, b2, b3, kappa, sigma, e),
        *sums(n, D, E, delta, eps, kappa, sigma, m),
        fixed_point(n, lam, kappa, sigma, m),
    )


@formula(
    "finite_size.least_squares_law",
    numeric={"density": LEAST_SQUARES.call("pdf", x="error")},
    assumptions="Gaussian features and noise, ridge 0, n at least the rank, t above the noise; any covariance",
    sources={"derived": "a Gaussian vector against an independent Wishart matrix"},
    letters=LETTERS,
)
def least_squares_law(density, t, n, r, tau2):
    """Density of the test error of one least-squares fit: a ratio of two chi-squares."""
    return Eq(
        density, (t / tau2 - 1) ** (r / 2 - 1) * (tau2 / t) ** ((n + 1) / 2) / (tau2 * beta(r / 2, (n - r + 1) / 2))
    )
