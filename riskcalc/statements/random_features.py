# mypy: allow-untyped-defs, allow-untyped-calls, allow-untyped-decorators
"""The random-feature model: risk, where it comes from, ensembles, limits, rates (lecture 4)."""

from sympy import Eq, Max, Min, Rational, asin, floor, pi, sqrt

from riskcalc.statements.call import call
from riskcalc.statements.formula import formula
from riskcalc.statements.letters import Letter
from riskcalc.statements.writing import DEGREE, total

LETTERS = {
    "xi": Letter("eigenvalues", r"\xi", "eigenvalues of the kernel of infinite width", "> 0", (0.02, 2), "i"),
    "m": Letter("multiplicities", "m", "their multiplicities", "> 0", (15, 60), "i", 1.0),
    "e": Letter("energies", "e", "energies of the target in the eigenspaces", ">= 0", (0.1, 1), "i"),
    "s": Letter("tail", "s", "trace of infinitely many infinitesimal eigenvalues", ">= 0", (0.1, 2)),
    "N": Letter("width", "N", "number of random features", "> 0", (20, 60)),
    "n": Letter("n_samples", "n", "number of training samples", "> 0", (20, 60)),
    "nu1": Letter("nu1", r"\nu_1", "effective regularisation of the features", ">= 0"),
    "nu2": Letter("nu2", r"\nu_2", "effective regularisation of the kernel", "> 0"),
    "mu": Letter("implicit", r"\mu", "ridge of the kernel regression that the average over weights is"),
    "u": Letter("u", "u", "inverse of the effective regularisation of the kernel", "> 0"),
    "D": Letter("df1", "D", "degrees of freedom"),
    "g": Letter("spread", "g", "first minus second degrees of freedom"),
    "A": Letter("free_samples", "A", "samples that are not used up, n - D"),
    "Bw": Letter("free_features", "B", "features that are not used up, N - D"),
    "Delta": Letter("determinant", r"\Delta", "common denominator", "> 0"),
    "Q1": Letter("first_energy", "Q_1", "energy that the average over weights at infinitely many samples leaves"),
    "Q2": Letter("second_energy", "Q_2", "energy that the average over weights and samples misses"),
    "norm2": Letter("norm_squared", r"\|a\|^2", "expected squared norm of the coefficients"),
    "V_X": Letter("sampling", "V_X", "what the draw of the inputs adds"),
    "V_W": Letter("initialisation", "V_W", "what the draw of the weights adds"),
    "V_XW": Letter("interaction", "V_{XW}", "what both draws add together"),
    "V_Xe": Letter("sampling_noise", r"V_{X\varepsilon}", "label noise at the average over weights"),
    "V_XWe": Letter("interaction_noise", r"V_{XW\varepsilon}", "label noise by the draw of the weights"),
    "averaged": Letter("averaged", "V_0", "bias with everything averaged"),
    "K": Letter("size", "L", "number of models with weights of their own", ">= 1, whole", (2, 6)),
    "one": Letter("single", "R_1", "excess risk of one model"),
    "limit": Letter("infinite", r"R_\infty", "excess risk of infinitely many"),
    "psi1": Letter("psi1", r"\psi_1", "features per input dimension", "> 0", (0.4, 4)),
    "psi2": Letter("psi2", r"\psi_2", "samples per input dimension", "> 0", (0.4, 4)),
    "mu1": Letter("mu1", r"\mu_1", "first Hermite coefficient of the activation", "real", (0.3, 1)),
    "mu_star2": Letter("mu_star_squared", r"\mu_*^2", "what is not affine in the activation", ">= 0", (0.05, 1)),
    "e1": Letter("linear_energy", "e_1", "energy of the linear part of the target", ">= 0"),
    "e_star": Letter("nonlinear_energy", "e_*", "energy of the rest of the target", ">= 0"),
    "chi": Letter("chi", r"\chi", "the source's product of resolvents, minus the scaled root", "< 0"),
    "zeta": Letter("zeta", r"\zeta", "ratio of linear to nonlinear part of the activation", "> 0"),
    "share": Letter("learned", "q", "share of the linear part that is learned"),
    "rho": Letter("ridge_per_sample", r"\rho", "ridge per sample", ">= 0", (0.01, 0.2)),
    "theta": Letter("ratio", r"\theta", "samples per feature, not 1", "> 0"),
    "mass": Letter("mass_above", "m", "mass of the degrees above", "> 0", (0.2, 1)),
    "energy": Letter("energy_above", "e", "energy of the target in the degrees above", ">= 0", (0.2, 1)),
    "U": Letter("spent", "U", "degrees of freedom per feature", "> 0"),
    "b": Letter("half_sum", "b", "sum of the two roots", "> 0"),
    "E0": Letter("E_0", r"\mathcal{E}_0", "denominator", "real"),
    "E1": Letter("E_1", r"\mathcal{E}_1", "numerator of the bias", "real"),
    "E2": Letter("E_2", r"\mathcal{E}_2", "numerator of the variance", "real"),
    "kappa1": Letter("linear_part", r"\kappa_1^2", "squared linear coefficient, per unit of variance", ">= 0"),
    "kappa_star": Letter("nonlinear_part", r"\kappa_*^2", "second moment of what is not affine", ">= 0"),
    "zero": Letter("constant_part", r"\kappa_0^2", "squared mean", ">= 0"),
    "variance_of": Letter("variance", "r", "variance of the preactivations", "> 0"),
    "above": Letter("next_variance", "r'", "variance of the next preactivations", "> 0"),
    "Psi": Letter("teacher_eigenvalues", r"\Psi", "covariance of the teacher", "> 0", (1.2, 2), "i"),
    "Phi": Letter("cross_eigenvalues", r"\Phi", "covariance of teacher and student", "real", (0.2, 0.9), "i"),
    "Omega": Letter("student_eigenvalues", r"\Omega", "covariance of the student", "> 0", (0.8, 2), "i"),
    "theta_i": Letter("coefficients", r"\theta", "coefficients of the teacher", "real", (0.2, 1), "i"),
    "missed": Letter("outside_energy", "M", "energy that is not reached", ">= 0"),
    "b1": Letter("slope", "b", "slope of the target", "real"),
    "overlap": Letter("overlap", "m", "overlap of the weight with the direction", "-1 to 1", (0.1, 0.9)),
    "second": Letter("second_moment", "q", "second moment of the feature", "> 0"),
    "cross": Letter("cross_moment", "c", "mean product of feature and target", "real"),
    "N1": Letter("first_width", "N_1", "neurons of the first layer", "> 0", (20, 60)),
    "N2": Letter("width", "N_2", "neurons of the second layer", "> 0", (20, 60)),
    "d": Letter("n_features", "d", "dimension of the inputs", "> 0", (20, 60)),
    "s2": Letter("input_variance", "s", "variance of the inputs", "> 0"),
    "k1": Letter(
        "first_linear", r"\kappa_{1,1}^2", "squared linear coefficient of the first activation", "> 0", (0.2, 0.6)
    ),
    "k1s": Letter("first_nonlinear", r"\kappa_{*,1}^2", "nonlinear part of the first activation", ">= 0", (0.05, 0.3)),
    "k2": Letter(
        "last_linear", r"\kappa_{1,2}^2", "squared linear coefficient of the second activation", "> 0", (0.2, 0.6)
    ),
    "k2s": Letter("last_nonlinear", r"\kappa_{*,2}^2", "nonlinear part of the second activation", ">= 0", (0.05, 0.3)),
    "c": Letter("outer", "c", "multiplier at the first layer", "> 0"),
    "c1": Letter("middle", "c'", "multiplier behind the nonlinear part", "> 0"),
    "c2": Letter("inner", "c''", "multiplier at the inputs", "> 0"),
    "tangent": Letter("tangent_excess", r"R_{\mathrm{NT}}", "what a tangent model of that width cannot represent"),
    "level": Letter("level", r"\ell", "last degree that random features represent", ">= 0, whole"),
    "by_degree": Letter("energies", "e", "energies of the target by degree", ">= 0", (0.1, 1), "k"),
    "alpha": Letter("exponent", r"\alpha", "capacity: the k-th eigenvalue is k^(-alpha)", "> 1", (1.2, 3)),
    "r": Letter("source", "r", "source: the k-th energy is k^(-1 - 2 alpha r)", "> 0", (0.1, 1.6)),
    "q": Letter("width_exponent", "q", "the width is n^q", "> 0", (0.1, 1.9)),
    "ell": Letter("ridge_exponent", r"\ell", "the ridge is n^(1 - l)", ">= 0", (0.1, 4)),
    "delta": Letter("delta", r"\delta", "exponent of the degrees of freedom"),
    "bias_rate": Letter("bias_exponent", r"\beta_{\mathrm{bias}}", "exponent of the bias in n", "<= 0"),
    "variance_rate": Letter("variance_exponent", r"\beta_{\mathrm{var}}", "exponent of the variance in n", "<= 0"),
    "best_rate": Letter("best_exponent", r"\beta_*", "exponent of the excess risk at the best ridge", "<= 0"),
    "enough": Letter("least_width_exponent", r"q_{\min}", "least exponent of the width with the rate of the kernel"),
}

SPECTRUM = call("Spectrum.from_eigenvalues", "eigenvalues", "multiplicities", "tail")
PROBLEM = call("Problem", "energies", "noise", "outside_energy", spectrum=SPECTRUM)
RISK = call("random_feature_risk", "n_samples", "width", "ridge", problem=PROBLEM)
RIDGELESS = call("random_feature_risk", "n_samples", "width", problem=PROBLEM, ridge=0)
ROOTS = call("random_features.effective_ridges", "n_samples", "width", "ridge", spectrum=SPECTRUM)
PARTS = call("random_features.decomposition", "n_samples", "width", "ridge", problem=PROBLEM)
BAG = call("random_features.ensemble_risk", "n_samples", "width", "ridge", "size", problem=PROBLEM)
KERNEL = call("ridge_risk", "n_samples", problem=PROBLEM, ridge=ROOTS.field("implicit"))
PROJECTION = call("random_features.population_risk", "width", "ridge_per_sample", problem=PROBLEM)
PROPORTIONAL = call(
    "limits.mei_montanari",
    "psi1",
    "psi2",
    "ridge",
    "mu1",
    "mu_star_squared",
    "linear_energy",
    "nonlinear_energy",
    "noise",
)
PLATEAU = call(
    "limits.polynomial_random_features",
    "ridge",
    "noise",
    "psi1",
    "psi2",
    "mass_above",
    "energy_above",
    sample_exponent=0.5,
    width_exponent=0.5,
    masses=(0.3,),
    energies=(0.4,),
)
RATE = call("limits.random_feature_rate", "exponent", "source", "width_exponent", "ridge_exponent")
BEST = call("limits.best_random_feature_rate", "exponent", "source", "width_exponent")
ERF = call("activations.Erf", scale=0.5**0.5)
LAYERS = call("random_features.layer_moments", "variance", activations=(ERF, ERF))
BLOCKS = call(
    "ridge_risk",
    "n_samples",
    "ridge",
    problem=call(
        "random_features.covariate_problem",
        "coefficients",
        "noise",
        teacher_covariance=call("numpy.diag", v="teacher_eigenvalues"),
        cross_covariance=call("numpy.diag", v="cross_eigenvalues"),
        student_covariance=call("numpy.diag", v="student_eigenvalues"),
    ),
)
ACROSS = call("numpy.sqrt", _x=call("numpy.subtract", _x1=1, _x2=call("numpy.square", _x="overlap")))
ONE = call(
    "random_features.conditional_problem",
    "noise",
    activation=ERF,
    weights=(("overlap", ACROSS),),
    target=call("targets.SingleIndex", coefficients=(0, "slope")),
)
DEEP = call(
    "random_features.deep_risk",
    "n_samples",
    "ridge",
    problem=call(
        "Problem",
        "noise",
        spectrum=call("Spectrum.isotropic", "n_features", eigenvalue="input_variance"),
        energies=("linear_energy",),
    ),
    widths=("first_width", "width"),
    moments=(("first_linear", "first_nonlinear"), ("last_linear", "last_nonlinear")),
)
MODEL = "N features phi(<w, x>)/sqrt(N) of random weights, sum objective; dimension free"
SIZE = "relative O(1/min(n, N)), more where the training error is small"
SOURCES = {
    "defilippis2024": "fixed point and risk; place not checked",
    "simon2024": "place not checked",
    "derived": "the form in five sums",
}


def degrees(u, D, g, df2, xi, m, s):
    """Degrees of freedom at the root; the tail counts in the first ones only."""
    return (
        Eq(D, total(m * xi * u / (1 + xi * u)) + s * u),
        second_degrees(u, df2, xi, m),
        Eq(g, D - df2),
    )


def second_degrees(u, df2, xi, m):
    """Second degrees of freedom at the root."""
    return Eq(df2, total(m * (xi * u / (1 + xi * u)) ** 2))


def left(u, Q1, Q2, xi, e, M):
    """Energies that are left, linear and squared."""
    return Eq(Q1, total(e / (1 + xi * u)) + M), Eq(Q2, total(e / (1 + xi * u) ** 2) + M)


def frame(n, N, lam, u, D, g, A, Bw, Delta):
    """The fixed point, and what it leaves of samples and features."""
    return (
        Eq((n - D) * (N - D), lam * N * u),
        Eq(A, n - D),
        Eq(Bw, N - D),
        Eq(Delta, A * Bw + g * (A + Bw)),
    )


INVERSE = call("numpy.reciprocal", _x=RISK.field("effective_ridge"))


@formula(
    "random_features.effective_ridges",
    numeric={"nu1": ROOTS.field("nu1"), "nu2": ROOTS.field("nu2"), "mu": ROOTS.field("implicit")},
    assumptions=MODEL,
    error="exact: they are definitions",
    sources={
        "defilippis2024": "place not checked",
        "simon2024": "place not checked",
        "jacot2020": "implicit ridge; place not checked",
    },
    letters=LETTERS,
)
def effective_ridges(nu1, nu2, mu, n, N, lam, D, xi, m, s):
    """Effective regularisations of the random-feature model."""
    return (
        Eq(n - lam / nu1, D),
        Eq(N - N * nu1 / nu2, D),
        Eq(mu, lam * N / (N - D)),
        Eq(D, total(m * xi / (xi + nu2)) + s / nu2),
    )


@formula(
    "random_features.bias",
    numeric={"bias": RISK.field("bias"), "u": INVERSE},
    assumptions=MODEL,
    error=SIZE,
    sources=SOURCES,
    letters=LETTERS,
)
def random_feature_bias(bias, n, N, lam, u, D, g, df2, A, Bw, Delta, Q1, Q2, M, s, xi, m, e, tau2):
    """Bias of random-feature ridge regression."""
    return (
        Eq(bias, n * (Bw * Q2 + g * Q1) / Delta),
        *frame(n, N, lam, u, D, g, A, Bw, Delta),
        *degrees(u, D, g, df2, xi, m, s),
        *left(u, Q1, Q2, xi, e, M),
    )


@formula(
    "random_features.variance",
    numeric={"variance": RISK.field("variance"), "u": INVERSE},
    assumptions=MODEL,
    error=SIZE,
    sources=SOURCES,
    letters=LETTERS,
)
def random_feature_variance(variance, n, N, lam, u, D, g, df2, A, Bw, Delta, tau2, s, xi, m, e, M):
    """Variance of random-feature ridge regression."""
    return (
        Eq(variance, tau2 * (D * g + Bw * df2) / Delta),
        *frame(n, N, lam, u, D, g, A, Bw, Delta),
        *degrees(u, D, g, df2, xi, m, s),
    )


@formula(
    "random_features.train",
    numeric={
        "train": RISK.field("train"),
        "test": RISK.field("test"),
        "norm2": RISK.field("norm_squared"),
        "u": INVERSE,
    },
    assumptions=MODEL,
    error=SIZE,
    sources=SOURCES,
    letters=LETTERS,
)
def random_feature_train(train, test, norm2, n, N, lam, u, D, g, df2, A, Bw, Delta, Q1, Q2, tau2, M, s, xi, m, e):
    """Training error of random-feature ridge regression, and the norm of the coefficients."""
    return (
        Eq(train, (A / n) ** 2 * test),
        Eq(norm2, N * u / Delta * (g * (Q1 + tau2) + A * (Q1 - Q2))),
        Eq(n * train + lam * norm2, A * (Q1 + tau2)),
        *frame(n, N, lam, u, D, g, A, Bw, Delta),
        *degrees(u, D, g, df2, xi, m, s),
        *left(u, Q1, Q2, xi, e, M),
    )


@formula(
    "random_features.wide_interpolator",
    numeric={
        "bias": RIDGELESS.field("bias"),
        "variance": RIDGELESS.field("variance"),
        "u": call("numpy.reciprocal", _x=RIDGELESS.field("effective_ridge")),
    },
    assumptions=MODEL + "; ridge 0, fewer samples than features and than the rank",
    error=SIZE,
    sources=SOURCES,
    letters=LETTERS,
    typical={"n": (10, 25), "N": (30, 60)},
)
def wide_interpolator(bias, variance, n, N, u, df2, Q1, Q2, tau2, M, s, xi, m, e):
    """Errors of the interpolator with more features than samples."""
    return (
        Eq(bias, n * Q2 / (n - df2) + n * Q1 / (N - n)),
        Eq(variance, tau2 * (df2 / (n - df2) + n / (N - n))),
        Eq(n, total(m * xi * u / (1 + xi * u)) + s * u),
        second_degrees(u, df2, xi, m),
        *left(u, Q1, Q2, xi, e, M),
    )


@formula(
    "random_features.narrow_interpolator",
    numeric={
        "bias": RIDGELESS.field("bias"),
        "variance": RIDGELESS.field("variance"),
        "train": RIDGELESS.field("train"),
        "u": call("numpy.reciprocal", _x=RIDGELESS.field("effective_ridge")),
    },
    assumptions=MODEL + "; ridge 0, fewer features than samples and than the rank: least squares on the features",
    error=SIZE,
    sources=SOURCES,
    letters=LETTERS,
    typical={"N": (10, 25), "n": (30, 60)},
)
def narrow_interpolator(bias, variance, train, n, N, u, Q1, tau2, M, s, xi, m, e):
    """Errors of least squares on fewer features than samples."""
    return (
        Eq(bias, n * Q1 / (n - N)),
        Eq(variance, tau2 * N / (n - N)),
        Eq(train, (1 - N / n) * (Q1 + tau2)),
        Eq(N, total(m * xi * u / (1 + xi * u)) + s * u),
        Eq(Q1, total(e / (1 + xi * u)) + M),
    )


@formula(
    "random_features.decomposition",
    numeric={
        "averaged": PARTS.field("bias"),
        "V_X": PARTS.field("sampling"),
        "V_W": PARTS.field("initialisation"),
        "V_XW": PARTS.field("interaction"),
        "V_Xe": PARTS.field("sampling_noise"),
        "V_XWe": PARTS.field("interaction_noise"),
        "u": INVERSE,
    },
    assumptions=MODEL + "; the last two and V_XW diverge at n = N without ridge",
    error=SIZE,
    sources={"adlam2020": "place not checked", "dascoli2020": "place not checked", "derived": "the closed forms"},
    letters=LETTERS,
)
def decomposition(
    averaged, V_X, V_W, V_XW, V_Xe, V_XWe, n, N, lam, u, D, g, df2, A, Bw, Delta, Q1, Q2, tau2, M, s, xi, m, e
):
    """Where the excess risk comes from: analysis of variance in inputs, weights and noise."""
    spread = g * (Q1 - Q2)
    return (
        Eq(averaged, Q2),
        Eq(V_X, Q2 * df2 / (n - df2)),
        Eq(V_W, spread / (N - df2)),
        Eq(
            V_XW,
            n * g**2 * Q2 / (Delta * (n - df2)) + spread * (df2 * (N - df2) + g**2) / (Delta * (N - df2)),
        ),
        Eq(V_Xe, tau2 * df2 / (n - df2)),
        Eq(V_XWe, tau2 * n * g**2 / (Delta * (n - df2))),
        *frame(n, N, lam, u, D, g, A, Bw, Delta),
        *degrees(u, D, g, df2, xi, m, s),
        *left(u, Q1, Q2, xi, e, M),
    )


@formula(
    "random_features.ensemble",
    numeric={"excess": BAG.field("excess"), "one": RISK.field("excess"), "limit": KERNEL.field("excess")},
    assumptions=MODEL + "; models with weights of their own, fitted to the same samples; R_infinity is kernel ridge "
    "regression with the implicit ridge",
    error=SIZE,
    sources={"jacot2020": "implicit ridge; place not checked", "derived": "the law in the number of models"},
    letters=LETTERS,
)
def feature_ensemble(excess, one, limit, K, n, N, lam, s, xi, m, e, tau2, M):
    """Excess risk of the average of several random-feature models."""
    return Eq(excess, limit + (one - limit) / K)


@formula(
    "random_features.approximation",
    numeric={
        "excess": PROJECTION.field("excess"),
        "u": call("numpy.reciprocal", _x=PROJECTION.field("effective_ridge")),
    },
    assumptions=MODEL + "; infinitely many samples, ridge rho per sample; at rho = 0 it is the approximation error Q_1",
    error="relative O(1/N)",
    sources={"defilippis2024": "place not checked", "derived": "with a ridge per sample"},
    letters=LETTERS,
    typical={"N": (10, 40)},
)
def approximation(excess, N, rho, u, D, g, df2, Q1, Q2, M, s, xi, m, e, tau2):
    """Excess risk of the penalised projection on random features."""
    return (
        Eq(excess, ((N - D) * Q2 + g * Q1) / (N - df2)),
        Eq(N - N * rho * u, D),
        *degrees(u, D, g, df2, xi, m, s),
        *left(u, Q1, Q2, xi, e, M),
    )


@formula(
    "random_features.mei_montanari",
    numeric={
        "bias": PROPORTIONAL.field("bias"),
        "variance": PROPORTIONAL.field("variance"),
        "train": PROPORTIONAL.field("train"),
        "u": call("numpy.reciprocal", _x=PROPORTIONAL.field("effective_ridge")),
    },
    assumptions="inputs and weights uniform on spheres; features and samples in proportion to the dimension",
    error="2 percent at d = 100, 5 percent for interpolators with more features than samples",
    sources={"meimontanari2022": "main theorem, in another form; place not checked"},
    letters=LETTERS,
)
def mei_montanari(
    bias, variance, train, psi1, psi2, lam, u, D, g, share, A, Bw, Delta, Q1, Q2, mu1, mu_star2, e1, e_star, tau2
):
    """Risk of random features in the proportional limit."""
    return (
        Eq(bias, psi2 * (Bw * Q2 + g * Q1) / Delta),
        Eq(variance, tau2 * (D * g + Bw * share**2) / Delta),
        Eq(train, (A / psi2) ** 2 * (bias + variance + tau2)),
        *frame(psi2, psi1, lam, u, D, g, A, Bw, Delta),
        Eq(D, share + mu_star2 * u),
        Eq(g, share * (1 - share) + mu_star2 * u),
        Eq(share, mu1**2 * u / (1 + mu1**2 * u)),
        Eq(Q1, e1 * (1 - share) + e_star),
        Eq(Q2, e1 * (1 - share) ** 2 + e_star),
    )


@formula(
    "random_features.mei_montanari_published",
    numeric={
        "excess": PROPORTIONAL.field("excess"),
        "u": call("numpy.reciprocal", _x=PROPORTIONAL.field("effective_ridge")),
    },
    assumptions="as random_features.mei_montanari, of which it is the published form; its penalty is lambda/psi_2, and "
    "the polynomials cancel for small ridges and nearly affine activations",
    error="2 percent at d = 100, 5 percent for interpolators with more features than samples",
    sources={"meimontanari2022": "Definition 1 and Theorem 2; place not checked"},
    letters=LETTERS,
)
def mei_montanari_published(excess, psi1, psi2, lam, u, chi, zeta, E0, E1, E2, mu1, mu_star2, e1, e_star, tau2):
    """Risk of random features in the proportional limit, by the polynomials of the source."""
    return (
        Eq(excess, e1 * E1 / E0 + (tau2 + e_star) * E2 / E0 + e_star),
        Eq(
            E0,
            -(chi**5) * zeta**6
            + 3 * chi**4 * zeta**4
            + (psi1 * psi2 - psi2 - psi1 + 1) * chi**3 * zeta**6
            - 2 * chi**3 * zeta**4
            - 3 * chi**3 * zeta**2
            + (psi1 + psi2 - 3 * psi1 * psi2 + 1) * chi**2 * zeta**4
            + 2 * chi**2 * zeta**2
            + chi**2
            + 3 * psi1 * psi2 * chi * zeta**2
            - psi1 * psi2,
        ),
        Eq(E1, psi2 * chi**3 * zeta**4 - psi2 * chi**2 * zeta**2 + psi1 * psi2 * chi * zeta**2 - psi1 * psi2),
        Eq(
            E2,
            chi**5 * zeta**6
            - 3 * chi**4 * zeta**4
            + (psi1 - 1) * chi**3 * zeta**6
            + 2 * chi**3 * zeta**4
            + 3 * chi**3 * zeta**2
            - (psi1 + 1) * chi**2 * zeta**4
            - 2 * chi**2 * zeta**2
            - chi**2,
        ),
        Eq(zeta, mu1 / sqrt(mu_star2)),
        Eq(chi, -mu_star2 * u),
        Eq(
            (psi2 + chi - chi * zeta**2 / (chi * zeta**2 - 1)) * (psi1 + chi - chi * zeta**2 / (chi * zeta**2 - 1)),
            lam * psi1 * u,
        ),
    )


@formula(
    "random_features.plateau",
    numeric={"test": PLATEAU.field("test"), "train": PLATEAU.field("train")},
    assumptions="inputs and weights uniform on spheres; samples and features of the same order d^kappa, kappa not a "
    "whole number, in the ratio theta; degrees below kappa are learned at no cost",
    error="o(1) as d grows",
    sources={"hulumisiakiewicz2024": "place not checked", "mei2022": "place not checked", "derived": "closed form"},
    letters=LETTERS,
)
def plateau(test, train, psi1, psi2, theta, lam, mass, energy, U, b, tau2):
    """Limit of the errors of random features where samples and features are of one order."""
    return (
        Eq(test, (energy + tau2) / (1 - U**2 / theta)),
        Eq(train, (1 - U / theta) ** 2 * test),
        Eq(U, 2 * theta / (b + sqrt(b**2 - 4 * theta))),
        Eq(b, 1 + theta + lam / mass),
        Eq(theta, psi2 / psi1),
    )


@formula(
    "random_features.exponents",
    numeric={"delta": RATE.field("delta"), "bias_rate": RATE.field("bias"), "variance_rate": RATE.field("variance")},
    assumptions="eigenvalues k^(-alpha), energies k^(-1 - 2 alpha r), width n^q, ridge n^(1 - l), away from n = N",
    error="constants and logarithms",
    sources={"defilippis2024": "place not checked", "derived": "the form in delta"},
    letters=LETTERS,
)
def rates(delta, bias_rate, variance_rate, alpha, r, q, ell):
    """Exponents of the learning curve of random features."""
    return (
        Eq(delta, Min(ell / alpha, q, 1)),
        Eq(bias_rate, -Min(2 * alpha * Min(r, 1) * delta, q - delta + alpha * Min(2 * r, 1) * delta)),
        Eq(variance_rate, delta - 1),
    )


@formula(
    "random_features.best_exponents",
    numeric={"best_rate": BEST.field("excess"), "enough": BEST.field("least_width_exponent")},
    assumptions="eigenvalues k^(-alpha), energies k^(-1 - 2 alpha r), noise, the best ridge, and a width n^q with q at "
    "least q_min",
    error="constants and logarithms",
    sources={"rudi2017": "upper bound; place not checked", "defilippis2024": "place not checked"},
    letters=LETTERS,
    typical={"q": (1.0, 1.9)},
)
def best_rates(best_rate, enough, alpha, r, q):
    """Exponent at the best ridge, and the width that it takes."""
    return (
        Eq(best_rate, -2 * alpha * Min(r, 1) / (1 + 2 * alpha * Min(r, 1))),
        Eq(enough, (1 + alpha * (2 * Max(Rational(1, 2), Min(r, 1)) - 1)) / (1 + 2 * alpha * Min(r, 1))),
    )


@formula(
    "random_features.activation_moments",
    numeric={
        "kappa1": LAYERS.entry(0).field("linear"),
        "kappa_star": LAYERS.entry(0).field("nonlinear"),
        "above": LAYERS.entry(1).field("variance"),
        "zero": call("random_features.moments", "variance", activation=ERF).field("constant"),
    },
    assumptions="activation erf(u/sqrt(2)), preactivations of variance r; the next layer has the variance r'",
    sources={"schroder2023": "recursion; place not checked", "derived": "closed form"},
    letters=LETTERS,
)
def activation_moments(kappa1, kappa_star, zero, variance_of, above):
    """Linear and nonlinear part of an activation, and the variance that it passes on."""
    return (
        Eq(kappa1, 2 / (pi * (1 + variance_of))),
        Eq(kappa_star, 2 / pi * asin(variance_of / (1 + variance_of)) - zero - variance_of * kappa1),
        Eq(zero, 0),
        Eq(above, variance_of * kappa1 + kappa_star),
    )


@formula(
    "random_features.covariates",
    numeric={
        "bias": BLOCKS.field("bias"),
        "variance": BLOCKS.field("variance"),
        "kappa": BLOCKS.field("effective_ridge"),
    },
    assumptions="Gaussian teacher u and student v with y = <theta, u> + noise; here in a basis in which the three "
    "covariances are diagonal",
    error="relative O(1/(n - df2))",
    sources={"loureiro2021": "the model; place not checked", "derived": "square loss is ridge regression"},
    letters=LETTERS,
)
def covariates(bias, variance, n, lam, kappa, df2, M, tau2, Psi, Phi, Omega, theta_i):
    """Bias and variance of ridge regression on covariates that are correlated with the teacher's."""
    return (
        Eq(bias, n / (n - df2) * (kappa**2 * total(theta_i**2 * Phi**2 / (Omega * (Omega + kappa) ** 2)) + M)),
        Eq(M, total(theta_i**2 * (Psi - Phi**2 / Omega))),
        Eq(variance, tau2 * df2 / (n - df2)),
        Eq(df2, total(Omega**2 / (Omega + kappa) ** 2)),
        Eq(n - lam / kappa, total(Omega / (Omega + kappa))),
    )


@formula(
    "random_features.given_weight",
    numeric={"missed": ONE.field("outside_energy")},
    assumptions="activation erf(u/sqrt(2)), Gaussian inputs, a linear target b <e, x>, and one weight of norm 1 at the "
    "overlap m with e; several weights have a matrix in place of the second moment",
    sources={"derived": "Gaussian integrals"},
    letters=LETTERS,
)
def given_weight(missed, b1, overlap, second, cross, tau2):
    """Energy of a linear function that one random feature with a given weight does not reach."""
    return (
        Eq(missed, b1**2 - cross**2 / second),
        Eq(second, 2 / pi * asin(Rational(1, 2))),
        Eq(cross, b1 * overlap / sqrt(pi)),
    )


@formula(
    "random_features.deep_degrees",
    numeric={"D": DEEP.field("df1"), "u": call("numpy.reciprocal", _x=DEEP.field("effective_ridge"))},
    assumptions="two random layers of odd activations, isotropic inputs of variance s in dimension d, the last layer "
    "fitted; the risk follows from D(u) and its slope as for one layer",
    error="relative O(1/min(n, N))",
    sources={"schroder2023": "recursion of the covariances; place not checked", "derived": "nested equations"},
    letters=LETTERS,
)
def deep_degrees(D, n, N1, N2, lam, u, c, c1, c2, k1, k1s, k2, k2s, s2, d, e1, tau2):
    """Degrees of freedom of two random layers."""
    return (
        Eq((n - D) * (N2 - D), lam * N2 * u),
        Eq(D, N1 - (N1 - d * c2 * s2 / (1 + c2 * s2)) / (1 + c * k1s) + u * k2s),
        Eq(c, u * k2 / N1),
        Eq(c1, c * k1 / (1 + c * k1s)),
        Eq(N1 - d * c2 * s2 / (1 + c2 * s2), d * c2 / c1),
    )


@formula(
    "random_features.approximation_staircase",
    numeric={
        "excess": call("limits.random_feature_approximation", "energies", "width_exponent"),
        "tangent": call("limits.neural_tangent_approximation", "energies", "width_exponent"),
    },
    assumptions="inputs uniform on the sphere, infinitely many samples, N = d^q neurons, q not a whole number; a "
    "degree that the activation lacks is never represented",
    error="o(1) as d grows",
    sources={"ghorbani2021": "place not checked", "mei2022": "place not checked"},
    letters=LETTERS,
)
def approximation_staircase(excess, tangent, q, level, by_degree):
    """Limit of what random features and tangent models of a width cannot represent."""
    return (
        Eq(excess, total(by_degree, DEGREE, level + 1)),
        Eq(tangent, total(by_degree, DEGREE, level + 2)),
        Eq(level, floor(q)),
    )
