# mypy: allow-untyped-defs, allow-untyped-calls, allow-untyped-decorators
"""Effective ranks, overfitting, and the exponents of learning curves (lecture 2)."""

from sympy import Eq, Le, Max, Min, Rational, gamma, pi, sin, zeta

from riskcalc.statements.call import call
from riskcalc.statements.formula import formula
from riskcalc.statements.letters import Letter
from riskcalc.statements.writing import ENTRY, total

LETTERS = {
    "sigma": Letter("eigenvalues", r"\sigma", "eigenvalues of the covariance, descending", "> 0", (0.2, 3), "i"),
    "m": Letter("multiplicities", "m", "multiplicities of the eigenvalues", "> 0", (8, 40), "i", 1.0),
    "k": Letter("k", "k", "number of eigenvalues that are set aside", ">= 0, whole", (0, 2)),
    "r_k": Letter("effective_rank", "r_k", "effective rank of the rest", "> 0"),
    "R_k": Letter("second_effective_rank", "R_k", "second effective rank of the rest", "> 0"),
    "left": Letter("left", "t_k", "ridge and the trace of the rest"),
    "level": Letter("kappa", r"\kappa", "a level", "> 0", (0.3, 2)),
    "count": Letter("count", "N", "eigenvalues above the level, and the smaller ones in part"),
    "lower": Letter("lower", r"\mathrm{df}_2^-", "lower bound"),
    "upper": Letter("upper", r"\mathrm{df}_2^+", "upper bound"),
    "few": Letter("n_samples", "n", "number of training samples", "> 0", (1.0, 2.5)),
    "split": Letter("split", "k", "the least k with an effective rank of at least n", ">= 0, whole"),
    "low_variance": Letter("variance_order", r"\tilde R_{\mathrm{var}}", "order of magnitude of the variance"),
    "low_bias": Letter("bias_order", r"\tilde R_{\mathrm{bias}}", "order of magnitude of the bias"),
    "alpha": Letter("exponent", r"\alpha", "capacity: the i-th eigenvalue is i^(-alpha)", "> 1", (1.2, 3)),
    "r": Letter("source", "r", "source: the i-th energy is i^(-1 - 2 alpha r)", "> 0", (0.1, 1.6)),
    "rough": Letter("source", "r", "source: the i-th energy is i^(-1 - 2 alpha r)", "> 0", (0.1, 0.9)),
    "ell": Letter("ridge_exponent", r"\ell", "the ridge is n^(1 - l)", ">= 0", (0.1, 4)),
    "bias_rate": Letter("bias_exponent", r"\beta_{\mathrm{bias}}", "exponent of the bias in n", "<= 0"),
    "variance_rate": Letter("variance_exponent", r"\beta_{\mathrm{var}}", "exponent of the variance in n", "<= 0"),
    "excess_rate": Letter("excess_exponent", r"\beta", "exponent of the excess risk in n", "<= 0"),
    "best_rate": Letter("best_exponent", r"\beta_*", "exponent of the excess risk at the best ridge", "<= 0"),
    "best_ell": Letter("best_ridge_exponent", r"\ell_*", "exponent of the best ridge", "> 0"),
    "A": Letter("constant", "A", "constant of the degrees of freedom of a power law", "> 0"),
    "many": Letter("n_samples", "n", "number of training samples", "> 0", (1000, 10000)),
}

PLAIN = call("Spectrum.from_eigenvalues", "eigenvalues")
RANKS = call("effective_ranks", "k", "ridge", spectrum=PLAIN)
BOUNDS = call("theory.df2_bounds", "kappa", spectrum=call("Spectrum.from_eigenvalues", "eigenvalues", "multiplicities"))
BENIGN = call(
    "theory.benign_bounds",
    "n_samples",
    "ridge",
    problem=call("Problem", "energies", "noise", "outside_energy", spectrum=PLAIN),
)
RATES = call("learning_curve_exponents", "exponent", "source", "ridge_exponent")
BEST = call("learning_curve_exponents", "exponent", "source")
POWER_LAW = call("theory.ridgeless_power_law", "exponent", "source", "n_samples", "noise")
BENIGN_SOURCES = {"bartlett2020": "place not checked", "tsigler2023": "with a ridge; place not checked"}


def rest(left, lam, sigma, k):
    """The ridge and the trace of what is left after k eigenvalues."""
    return Eq(left, lam + total(sigma, ENTRY, k + 1))


@formula(
    "overfitting.effective_ranks",
    numeric={"r_k": RANKS.field("r"), "R_k": RANKS.field("R")},
    assumptions="k below the rank",
    error="exact: they are definitions",
    sources=BENIGN_SOURCES,
    letters=LETTERS,
)
def effective_ranks(r_k, R_k, k, lam, left, sigma):
    """Effective ranks of what is left after the largest eigenvalues."""
    return (
        Eq(r_k, left / sigma.base[k + 1]),
        Eq(R_k, left**2 / total(sigma**2, ENTRY, k + 1)),
        rest(left, lam, sigma, k),
    )


@formula(
    "overfitting.df2_bounds",
    numeric={"lower": BOUNDS.field("lower"), "upper": BOUNDS.field("upper")},
    assumptions="any spectrum, any positive level",
    sources={"derived": "term by term"},
    letters=LETTERS,
)
def df2_bounds(lower, upper, df2, count, level, sigma, m):
    """Two-sided bound on the second degrees of freedom."""
    return (
        Le(lower, df2),
        Le(df2, upper),
        Eq(lower, count / 4),
        Eq(upper, count),
        Eq(count, total(m * Min(1, sigma / level) ** 2)),
        Eq(df2, total(m * sigma**2 / (sigma + level) ** 2)),
    )


@formula(
    "overfitting.benign_bounds",
    numeric={
        "low_variance": BENIGN.field("variance"),
        "low_bias": BENIGN.field("bias"),
        "split": BENIGN.field("split"),
    },
    assumptions="the truth is within constant factors that are not specified: no prediction; k such that the effective "
    "rank of the rest is at least n",
    error="a constant factor",
    sources=BENIGN_SOURCES,
    letters=LETTERS,
    typical={"lam": (0.1, 2), "tau2": (0.1, 1)},
)
def benign_bounds(low_variance, low_bias, few, split, R_k, lam, left, tau2, M, sigma, e):
    """Orders of magnitude of variance and bias under benign overfitting."""
    return (
        Eq(low_variance, tau2 * (split / few + few / R_k)),
        Eq(low_bias, M + total(e, ENTRY, split + 1) + (left / few) ** 2 * total(e / sigma**2, ENTRY, 1, split)),
        Eq(R_k, left**2 / total(sigma**2, ENTRY, split + 1)),
        rest(left, lam, sigma, split),
    )


@formula(
    "overfitting.power_law",
    numeric={
        "variance": POWER_LAW.field("variance"),
        "bias": POWER_LAW.field("bias"),
        "kappa": POWER_LAW.field("effective_ridge"),
    },
    assumptions="ridge 0, independent features with eigenvalues i^(-alpha), i = 1, 2, ...; tempered overfitting: the "
    "test error tends to alpha times the noise",
    error="relative O(kappa/n) of variance and root; of the bias a power of the root",
    sources={
        "cui2021": "exponents; place not checked",
        "mallinar2022": "taxonomy; place not checked",
        "derived": "constants",
    },
    letters=LETTERS,
)
def power_law(variance, bias, many, kappa, A, tau2, alpha, rough):
    """Bias and variance of the interpolator on a power law."""
    first = gamma(2 * rough) * gamma(2 - 2 * rough) * kappa ** (2 * rough)
    return (
        Eq(variance, tau2 * (alpha - 1 - alpha / (2 * many + 1))),
        Eq(bias, many / (many + Rational(1, 2)) * (first + alpha * zeta(1 + 2 * alpha * (rough - 1)) * kappa**2)),
        Eq(kappa, (A / (many + Rational(1, 2))) ** alpha),
        Eq(A, pi / (alpha * sin(pi / alpha))),
    )


@formula(
    "learning_curve.exponents",
    numeric={
        "excess_rate": RATES.field("excess"),
        "bias_rate": RATES.field("bias"),
        "variance_rate": RATES.field("variance"),
    },
    assumptions="eigenvalues i^(-alpha), energies i^(-1 - 2 alpha r), ridge n^(1 - l); a factor log n at r = 1",
    error="constants and logarithms",
    sources={"cui2021": "place not checked"},
    letters=LETTERS,
)
def exponents(excess_rate, bias_rate, variance_rate, alpha, r, ell):
    """Exponents of the learning curve of ridge regression on a power law."""
    return (
        Eq(excess_rate, Max(bias_rate, variance_rate)),
        Eq(bias_rate, -2 * Min(r, 1) * Min(ell, alpha)),
        Eq(variance_rate, Min(ell / alpha, 1) - 1),
    )


@formula(
    "learning_curve.best_exponents",
    numeric={"best_rate": BEST.field("optimal"), "best_ell": BEST.field("best_ridge_exponent")},
    assumptions="eigenvalues i^(-alpha), energies i^(-1 - 2 alpha r), noise, and the best ridge",
    error="constants and logarithms",
    sources={"caponnetto2007": "place not checked", "cui2021": "place not checked"},
    letters=LETTERS,
)
def best_exponents(best_rate, best_ell, alpha, r):
    """Exponent of the learning curve at the best ridge."""
    return (
        Eq(best_rate, -2 * alpha * Min(r, 1) / (1 + 2 * alpha * Min(r, 1))),
        Eq(best_ell, alpha / (1 + 2 * alpha * Min(r, 1))),
    )
