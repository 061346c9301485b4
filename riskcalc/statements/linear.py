# mypy: allow-untyped-defs, allow-untyped-calls, allow-untyped-decorators
"""Ridge regression: the fixed point and the risks at it (lecture 2)."""

from sympy import Eq

from riskcalc.statements.call import Word, call
from riskcalc.statements.formula import formula
from riskcalc.statements.letters import Letter
from riskcalc.statements.writing import total

SPECTRUM = call("Spectrum.from_eigenvalues", "eigenvalues", "multiplicities")
PROBLEM = call("Problem", "energies", "noise", "outside_energy", spectrum=SPECTRUM)
RISK = call("ridge_risk", "n_samples", "ridge", problem=PROBLEM)
KAPPA = call("effective_ridge", "n_samples", "ridge", spectrum=SPECTRUM)

RIDGELESS = call("ridge_risk", "n_samples", ridge=0, problem=PROBLEM)
IN_SAMPLE = call("ridge_risk", "n_samples", "ridge", problem=call("Problem", "energies", "noise", spectrum=SPECTRUM))
LOWEST = call("ridge_lower_limit", "n_samples", spectrum=SPECTRUM)
ISOTROPIC = call("GaussianData.isotropic", "n_features", "signal", "noise")
BEST = call("tune", "n_samples", data=ISOTROPIC, estimator=call("Ridge", ridge=0))
PARTS = call("theory.bias_decomposition", "n_samples", "ridge", problem=PROBLEM)

FEATURES = "features with independent sub-Gaussian entries in the eigenbasis of the covariance; dimension free"
AWAY = "relative O(1/(n - df2))"
SOURCES = {"cheng2024": "place not checked", "hastie2022": "place not checked"}

LETTERS = {
    "norm2": Letter("norm_squared", r"\|\hat\theta\|^2", "expected squared norm of the coefficients"),
    "far2": Letter("estimation", r"\|\hat\theta-\theta_*\|^2", "expected squared error of the coefficients"),
    "inside": Letter("in_sample", r"R_{\mathrm{in}}", "error on the training inputs, against the noiseless target"),
    "gcv": Letter("gcv", r"\mathrm{GCV}", "generalised cross-validation"),
    "A": Letter("learned_norm", "A", "squared norm of the averaged coefficients"),
    "E": Letter("missed_norm", "E", "squared norm of what the averaged coefficients miss"),
    "S": Letter("trace", "S", "(df1 - df2) over the effective regularisation"),
    "T": Letter("trace_slope", "T", "half the slope of df2, with the other sign"),
    "C": Letter("energy_slope", "C", "half the slope of B over the squared effective regularisation"),
    "slope": Letter("risk_slope", r"\frac{\partial R_{\mathrm{test}}}{\partial\lambda}", "slope in the ridge", "real"),
    "kappa_slope": Letter("ridge_slope", r"\frac{\partial\kappa}{\partial\lambda}", "slope of the effective ridge"),
    "rank": Letter("rank", "r", "rank of the covariance", "> 0"),
    "rho2": Letter("signal", r"\rho^2", "squared norm of the coefficients", "> 0"),
    "p": Letter("n_features", "p", "number of features", "> 0", (10, 100)),
    "best": Letter("best_ridge", r"\lambda_{\mathrm{opt}}", "ridge of the smallest test error", "> 0"),
    "kappa0": Letter("lowest_effective_ridge", r"\kappa_{\min}", "where the branch of the root ends", "real"),
    "lam0": Letter("lower_limit", r"\lambda_{\min}", "the ridge, zero or negative, above which there is a fit", "real"),
    "averaged": Letter("averaged", r"R_{\mathrm{averaged}}", "error of the predictor averaged over training sets"),
    "sampling": Letter("sampling", r"R_{\mathrm{sampling}}", "what the draw of the inputs adds at zero noise"),
}


def slope_of(name):
    """The derivative of a field of the risk by the ridge."""
    return RISK.call("derivative", field=Word(name), parameter=Word("ridge"))


def fixed_point(n, lam, kappa, sigma, m):
    """The equation of the effective regularisation."""
    return Eq(n - lam / kappa, total(m * sigma / (sigma + kappa)))


def first_degrees(df1, kappa, sigma, m):
    """The trace of Σ(Σ + κ)⁻¹."""
    return Eq(df1, total(m * sigma / (sigma + kappa)))


def second_degrees(df2, kappa, sigma, m):
    """The trace of Σ²(Σ + κ)⁻²."""
    return Eq(df2, total(m * sigma**2 / (sigma + kappa) ** 2))


def unlearned(B, kappa, sigma, e):
    """The energy that the averaged predictor misses."""
    return Eq(B, kappa**2 * total(e / (sigma + kappa) ** 2))


@formula(
    "ridge.effective_ridge",
    numeric={"kappa": KAPPA},
    assumptions=FEATURES + "; at ridge 0 with n at least the rank the root is 0, where lambda/kappa = n - rank",
    error="exact: it is the definition",
    sources={"cheng2024": "definition of the effective regularisation; place not checked"},
)
def effective_ridge(n, lam, kappa, sigma, m):
    """Effective regularisation of ridge regression."""
    return fixed_point(n, lam, kappa, sigma, m)


@formula(
    "ridge.degrees_of_freedom",
    numeric={"df1": SPECTRUM.call("df1", _kappa=KAPPA), "kappa": KAPPA},
    assumptions=FEATURES,
    error=AWAY,
    sources={"cheng2024": "place not checked"},
)
def degrees_of_freedom(df1, n, lam, kappa, sigma, m):
    """Trace of the hat matrix."""
    return first_degrees(df1, kappa, sigma, m), Eq(df1, n - lam / kappa)


@formula(
    "ridge.bias",
    numeric={"bias": RISK.field("bias"), "kappa": KAPPA},
    assumptions=FEATURES + "; what lies outside the features acts as noise",
    error=AWAY,
    sources=SOURCES,
)
def bias(bias, n, lam, kappa, df2, B, M, sigma, m, e, tau2):
    """Bias of ridge regression."""
    return (
        Eq(bias, n * (B + M) / (n - df2)),
        unlearned(B, kappa, sigma, e),
        second_degrees(df2, kappa, sigma, m),
        fixed_point(n, lam, kappa, sigma, m),
    )


@formula(
    "ridge.variance",
    numeric={"variance": RISK.field("variance"), "kappa": KAPPA},
    assumptions=FEATURES,
    error=AWAY,
    sources=SOURCES,
)
def variance(variance, n, lam, kappa, df2, tau2, sigma, m, e, M):
    """Variance of ridge regression."""
    return (
        Eq(variance, tau2 * df2 / (n - df2)),
        second_degrees(df2, kappa, sigma, m),
        fixed_point(n, lam, kappa, sigma, m),
    )


@formula(
    "ridge.test",
    numeric={"test": RISK.field("test"), "kappa": KAPPA},
    assumptions=FEATURES + "; what lies outside the features acts as noise",
    error=AWAY,
    sources=SOURCES,
)
def test_error(test, n, lam, kappa, df2, B, M, tau2, sigma, m, e):
    """Test error of ridge regression."""
    return (
        Eq(test, n * (B + M + tau2) / (n - df2)),
        unlearned(B, kappa, sigma, e),
        second_degrees(df2, kappa, sigma, m),
        fixed_point(n, lam, kappa, sigma, m),
    )


@formula(
    "ridge.train",
    numeric={"train": RISK.field("train"), "test": RISK.field("test"), "kappa": KAPPA},
    assumptions=FEATURES,
    error=AWAY + ", more where the training error is small",
    sources=SOURCES,
)
def train(train, test, n, lam, kappa, sigma, m, e, tau2, M):
    """Training error of ridge regression."""
    return Eq(train, (lam / (n * kappa)) ** 2 * test), fixed_point(n, lam, kappa, sigma, m)


@formula(
    "ridge.gcv",
    numeric={
        "gcv": RISK.field("gcv"),
        "train": RISK.field("train"),
        "df1": RISK.field("df1"),
        "test": RISK.field("test"),
    },
    assumptions=FEATURES + "; at ridge 0 it is the limit",
    error=AWAY,
    sources={"golub1969": "place not checked", "hastie2022": "place not checked"},
    letters=LETTERS,
)
def gcv(gcv, train, test, n, lam, df1, sigma, m, e, tau2, M):
    """Generalised cross-validation estimates the test error."""
    return Eq(gcv, train / (1 - df1 / n) ** 2), Eq(gcv, test)


@formula(
    "ridge.norm_squared",
    numeric={"norm2": RISK.field("norm_squared"), "test": RISK.field("test"), "kappa": KAPPA},
    assumptions=FEATURES,
    error=AWAY,
    sources=SOURCES,
    letters=LETTERS,
)
def norm_squared(norm2, n, lam, kappa, test, A, S, sigma, m, e, tau2, M):
    """Expected squared norm of the coefficients."""
    return (
        Eq(norm2, A + S * test / n),
        Eq(A, total(e * sigma / (sigma + kappa) ** 2)),
        Eq(S, total(m * sigma / (sigma + kappa) ** 2)),
        fixed_point(n, lam, kappa, sigma, m),
    )


@formula(
    "ridge.estimation",
    numeric={"far2": RISK.field("estimation"), "test": RISK.field("test"), "kappa": KAPPA},
    assumptions=FEATURES + "; no energy at eigenvalue zero",
    error=AWAY,
    sources=SOURCES,
    letters=LETTERS,
)
def estimation(far2, n, lam, kappa, test, E, S, sigma, m, e, tau2, M):
    """Expected squared error of the coefficients."""
    return (
        Eq(far2, E + S * test / n),
        Eq(E, kappa**2 * total(e / (sigma * (sigma + kappa) ** 2))),
        Eq(S, total(m * sigma / (sigma + kappa) ** 2)),
        fixed_point(n, lam, kappa, sigma, m),
    )


@formula(
    "ridge.in_sample",
    numeric={"inside": IN_SAMPLE.field("in_sample"), "train": IN_SAMPLE.field("train"), "df1": IN_SAMPLE.field("df1")},
    assumptions=FEATURES + "; no energy outside the features",
    error=AWAY,
    sources={"derived": "covariance penalty of a linear smoother"},
    letters=LETTERS,
)
def in_sample(inside, train, n, lam, df1, tau2, sigma, m, e):
    """Error on the training inputs."""
    return Eq(inside, train - tau2 + 2 * tau2 * df1 / n)


@formula(
    "ridge.objective",
    numeric={"norm2": RISK.field("norm_squared"), "train": RISK.field("train"), "kappa": KAPPA},
    assumptions=FEATURES,
    error=AWAY,
    sources={"derived": "from the rows for the training error and the norm"},
    letters=LETTERS,
)
def objective(norm2, train, n, lam, kappa, tau2, M, sigma, m, e):
    """Minimum of the ridge objective, and the norm that goes with it."""
    return (
        Eq(n * train + lam * norm2, lam * (total(e / (sigma + kappa)) + (M + tau2) / kappa)),
        fixed_point(n, lam, kappa, sigma, m),
    )


@formula(
    "ridge.interpolator",
    numeric={
        "test": RIDGELESS.field("test"),
        "kappa": call("effective_ridge", "n_samples", spectrum=SPECTRUM, ridge=0),
    },
    assumptions=FEATURES + "; ridge 0 and fewer samples than the rank",
    error=AWAY,
    sources={"hastie2022": "over-parametrised case; place not checked"},
    letters=LETTERS,
    typical={"n": (5, 20)},
)
def interpolator(test, n, kappa, B, M, S, tau2, sigma, m, e):
    """Test error of the minimum-norm interpolator."""
    return (
        Eq(test, n * (B + M + tau2) / (kappa * S)),
        unlearned(B, kappa, sigma, e),
        Eq(S, total(m * sigma / (sigma + kappa) ** 2)),
        Eq(n, total(m * sigma / (sigma + kappa))),
    )


@formula(
    "ridge.least_squares",
    numeric={"test": RIDGELESS.field("test")},
    assumptions=FEATURES + "; ridge 0 and more samples than the rank; independent of the spectrum",
    error="relative O(1/(n - rank)); exact for Gaussian features and M = 0 with n - rank - 1 in the denominator",
    sources={"hastie2022": "under-parametrised case; place not checked"},
    letters=LETTERS,
    typical={"n": (250, 400)},
)
def least_squares(test, n, rank, M, tau2, sigma, m, e):
    """Test error of least squares."""
    return Eq(test, n * (M + tau2) / (n - rank)), Eq(rank, total(m))


@formula(
    "ridge.lower_limit",
    numeric={"lam0": LOWEST},
    assumptions="kappa_min is the largest root, above minus the smallest eigenvalue; minus n times the left edge of "
    "the nonzero sample eigenvalues",
    error="exact for the limiting law; a sample of n stays a few n^(-2/3) above it",
    sources={"silversteinchoi1995": "place not checked"},
    letters=LETTERS,
)
def lower_limit(lam0, kappa0, n, sigma, m):
    """The lower limit of negative ridges."""
    return (
        Eq(lam0, kappa0 * (n - total(m * sigma / (sigma + kappa0)))),
        Eq(n, total(m * sigma**2 / (sigma + kappa0) ** 2)),
    )


@formula(
    "ridge.slope",
    numeric={
        "slope": slope_of("test"),
        "kappa_slope": slope_of("effective_ridge"),
        "test": RISK.field("test"),
        "kappa": KAPPA,
    },
    assumptions=FEATURES + "; at the best ridge it vanishes: test = n kappa C/T",
    error=AWAY,
    sources={"derived": "from the test error and the fixed point"},
    letters=LETTERS,
)
def slope(slope, kappa_slope, test, n, lam, kappa, C, T, df2, sigma, m, e, tau2, M):
    """Slope of the test error in the ridge."""
    return (
        Eq(slope, 2 * kappa_slope**2 * (n * kappa * C - T * test)),
        Eq(kappa_slope, 1 / (n - df2)),
        Eq(C, total(e * sigma / (sigma + kappa) ** 3)),
        Eq(T, total(m * sigma**2 / (sigma + kappa) ** 3)),
        second_degrees(df2, kappa, sigma, m),
        fixed_point(n, lam, kappa, sigma, m),
    )


@formula(
    "ridge.best_ridge",
    numeric={
        "best": BEST.field("ridge"),
        "test": BEST.field("risk").field("test"),
        "kappa": BEST.field("risk").field("effective_ridge"),
    },
    assumptions="isotropic features; for any covariance if the coefficients are isotropic",
    error="exact: it is the posterior mean",
    sources={"dobriban2018": "place not checked"},
    letters=LETTERS,
)
def best_ridge(best, test, n, p, rho2, tau2, kappa):
    """Ridge of the smallest test error, and that error."""
    return Eq(best, tau2 * p / rho2), Eq(test, n * kappa * rho2 / p), Eq(n - best / kappa, p / (1 + kappa))


@formula(
    "ridge.bias_decomposition",
    numeric={"averaged": PARTS.field("averaged"), "sampling": PARTS.field("sampling"), "kappa": KAPPA},
    assumptions=FEATURES,
    error=AWAY,
    sources={"cheng2024": "place not checked", "derived": "the split"},
    letters=LETTERS,
)
def bias_decomposition(averaged, sampling, n, lam, kappa, df2, M, sigma, m, e, tau2):
    """The bias is that of the averaged predictor and what the draw of the inputs adds."""
    return (
        Eq(averaged, kappa**2 * total(e / (sigma + kappa) ** 2)),
        Eq(sampling, (averaged + M) * df2 / (n - df2)),
        second_degrees(df2, kappa, sigma, m),
        fixed_point(n, lam, kappa, sigma, m),
    )
