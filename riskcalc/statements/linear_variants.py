# mypy: allow-untyped-defs, allow-untyped-calls, allow-untyped-decorators
"""Linear regression beyond one fit and one distribution: ensembles, shift, outputs, elliptical rows, latent space."""

from sympy import Eq, sqrt

from riskcalc.statements.call import call
from riskcalc.statements.formula import formula
from riskcalc.statements.letters import Letter
from riskcalc.statements.linear import (
    AWAY,
    FEATURES,
    KAPPA,
    PROBLEM,
    RISK,
    SPECTRUM,
    first_degrees,
    fixed_point,
    second_degrees,
    unlearned,
)
from riskcalc.statements.writing import LAST as LAST_OF
from riskcalc.statements.writing import POINT, total

LETTERS = {
    "k": Letter("subsample", "k", "samples of each member", "> 0", (12, 19)),
    "size": Letter("size", "L", "number of members", ">= 1, whole", (2, 9)),
    "equivalent": Letter("equivalent_ridge", r"\lambda_n", "ridge of the fit on all samples with the same risk"),
    "k1": Letter("first_samples", "k_1", "samples of the first fit", "> 0", (20, 40)),
    "k2": Letter("second_samples", "k_2", "samples of the second fit", "> 0", (20, 40)),
    "lam1": Letter("first_ridge", r"\lambda_1", "ridge of the first fit", ">= 0", (0.1, 5)),
    "lam2": Letter("second_ridge", r"\lambda_2", "ridge of the second fit", ">= 0", (0.1, 5)),
    "kappa1": Letter("first_effective_ridge", r"\kappa_1", "effective regularisation of the first fit", "> 0"),
    "kappa2": Letter("second_effective_ridge", r"\kappa_2", "effective regularisation of the second fit", "> 0"),
    "overlap": Letter("overlap", "o", "samples that both fits have", ">= 0", (1, 19)),
    "cross": Letter("cross", "R_{12}", "mean product of the errors at a fresh point"),
    "D": Letter("mixed_df2", "D", "second degrees of freedom of the two fits"),
    "sigma_new": Letter("test_eigenvalues", r"\sigma'", "eigenvalues of the test covariance", "> 0", (0.1, 3), "i"),
    "e_new": Letter("test_energies", "e'", "energies under the test distribution", ">= 0", (0.1, 1), "i"),
    "M_new": Letter("test_outside_energy", "M'", "energy outside, under the test distribution", ">= 0", (0.1, 1)),
    "noise_new": Letter("test_noise", r"{\tau'}^2", "noise of the test labels", ">= 0", (0.1, 1)),
    "test_new": Letter("shifted_test", r"R'_{\mathrm{test}}", "test error under the test distribution"),
    "c12": Letter("cross_energies", "e_{12}", "products of two targets in the eigenspaces", "real", (0.1, 0.3), "i"),
    "e1": Letter("first_energies", "e_1", "energies of the first target", ">= 0", (0.4, 1), "i"),
    "e2": Letter("second_energies", "e_2", "energies of the second target", ">= 0", (0.4, 1), "i"),
    "weight": Letter("weights", "w", "values of the squared radius of a row", "> 0", (0.2, 2), "j"),
    "c": Letter("effective_samples", "c", "effective number of samples", "> 0"),
    "delta": Letter("leverage", r"\delta", "leverage of a row of weight 1", "> 0"),
    "q": Letter("concentration", "q", "1/n where all weights are 1", "> 0"),
    "v": Letter("noise_factor", "v", "variance per unit of noise"),
    "s": Letter("singular_values", "s", "singular values of the loadings W", ">= 0", (0.3, 3), "i"),
    "a": Letter("coefficients", "a", "coefficients of the outcome along the singular vectors", "real", (0.2, 1), "i"),
    "Sigma": Letter("latent_eigenvalues", r"\sigma", "eigenvalues of the covariance of the inputs", "> 0"),
    "unseen": Letter("outside", "M", "energy of the outcome that the inputs do not tell"),
}

BAGGING = {"patil2023": "place not checked", "du2023": "place not checked"}
MEMBER = call("effective_ridge", "ridge", spectrum=SPECTRUM, n_samples="subsample")
BAG = call("ensemble_risk", "n_samples", "ridge", "size", "subsample", problem=PROBLEM)


LATENT = call(
    "predict",
    "n_samples",
    data=call("LatentSpaceData", "coefficients", "noise", loadings=call("numpy.diag", v="singular_values")),
    estimator=call("Ridge", "ridge"),
)
PAIRS = call(
    "numpy.moveaxis",
    a=(("first_energies", "cross_energies"), ("cross_energies", "second_energies")),
    source=2,
    destination=0,
)
ERRORS = call("theory.error_matrix", "n_samples", "ridge", "noise", spectrum=SPECTRUM, cross_energies=PAIRS)


def member_point(k, lam, kappa, sigma, m):
    """The fixed point of a member, which has k samples."""
    return fixed_point(k, lam, kappa, sigma, m)


@formula(
    "ensemble.test",
    numeric={"test": BAG.field("test"), "kappa": MEMBER},
    assumptions=FEATURES + "; the members are fitted to random subsets of k of the n samples, without replacement",
    error="relative O(1/(k - df2))",
    sources=BAGGING,
    letters=LETTERS,
)
def ensemble_test(test, n, lam, kappa, k, size, df2, B, M, tau2, sigma, m, e):
    """Test error of an average of ridge regressions on subsamples."""
    return (
        Eq(test, k * (B + M + tau2) / (size * (k - df2)) + (1 - 1 / size) * n * (B + M + tau2) / (n - df2)),
        unlearned(B, kappa, sigma, e),
        second_degrees(df2, kappa, sigma, m),
        member_point(k, lam, kappa, sigma, m),
    )


@formula(
    "ensemble.equivalent_ridge",
    numeric={
        "equivalent": call("theory.equivalent_ridge", "n_samples", "ridge", "subsample", spectrum=SPECTRUM),
        "kappa": MEMBER,
    },
    assumptions="the infinite ensemble; both have the same effective regularisation",
    sources=BAGGING,
    letters=LETTERS,
)
def ensemble_equivalent_ridge(equivalent, n, lam, kappa, k, sigma, m):
    """Ridge of the one fit that has the risk of the infinite ensemble."""
    return (
        Eq(equivalent, lam + kappa * (n - k)),
        member_point(k, lam, kappa, sigma, m),
        Eq(n - equivalent / kappa, total(m * sigma / (sigma + kappa))),
    )


@formula(
    "ensemble.cross_risk",
    numeric={
        "cross": call(
            "theory.cross_risk",
            "overlap",
            problem=PROBLEM,
            n_samples=("first_samples", "second_samples"),
            ridges=("first_ridge", "second_ridge"),
        ),
        "kappa1": call("effective_ridge", spectrum=SPECTRUM, n_samples="first_samples", ridge="first_ridge"),
        "kappa2": call("effective_ridge", spectrum=SPECTRUM, n_samples="second_samples", ridge="second_ridge"),
    },
    assumptions=FEATURES + "; 0 for disjoint samples is legal, as are two ridges on the same samples",
    error="relative O(1/(k - df2))",
    sources={"derived": "partial overlap", "patil2023": "equal subsamples; place not checked"},
    letters=LETTERS,
)
def cross_risk(cross, k1, k2, lam1, lam2, overlap, kappa1, kappa2, D, M, tau2, sigma, m, e):
    """Mean product of the errors of two ridge regressions that share samples."""
    return (
        Eq(
            cross,
            (kappa1 * kappa2 * total(e / ((sigma + kappa1) * (sigma + kappa2))) + M + tau2)
            / (1 - overlap * D / (k1 * k2)),
        ),
        Eq(D, total(m * sigma**2 / ((sigma + kappa1) * (sigma + kappa2)))),
        fixed_point(k1, lam1, kappa1, sigma, m),
        fixed_point(k2, lam2, kappa2, sigma, m),
    )


@formula(
    "ridge.shifted_test",
    numeric={
        "test_new": call(
            "shifted_risk",
            "n_samples",
            "ridge",
            problem=PROBLEM,
            test_problem=call(
                "Problem",
                spectrum=call("Spectrum.from_eigenvalues", "multiplicities", eigenvalues="test_eigenvalues"),
                energies="test_energies",
                noise="test_noise",
                outside_energy="test_outside_energy",
            ),
        ).field("test"),
        "test": RISK.field("test"),
        "kappa": KAPPA,
    },
    assumptions=FEATURES + "; the two covariances commute, and the targets are parallel in each eigenspace",
    error=AWAY,
    sources={"canatar2021": "place not checked", "patil2024": "place not checked"},
    letters=LETTERS,
)
def shifted_test(test_new, test, n, lam, kappa, sigma_new, e_new, M_new, noise_new, sigma, m, e, tau2, M):
    """Test error under another covariance, target and noise."""
    return (
        Eq(
            test_new,
            total((sqrt(sigma_new * sigma * e) / (sigma + kappa) - sqrt(e_new)) ** 2)
            + test / n * total(m * sigma_new * sigma / (sigma + kappa) ** 2)
            + M_new
            + noise_new,
        ),
        fixed_point(n, lam, kappa, sigma, m),
    )


@formula(
    "ridge.elliptical",
    numeric={
        "bias": call("elliptical_risk", "n_samples", "ridge", "weights", problem=PROBLEM).field("bias"),
        "variance": call("elliptical_risk", "n_samples", "ridge", "weights", problem=PROBLEM).field("variance"),
        "df1": call("elliptical_risk", "n_samples", "ridge", "weights", problem=PROBLEM).field("df1"),
        "kappa": call(
            "effective_ridge",
            spectrum=SPECTRUM,
            n_samples=call("elliptical_risk", "n_samples", "ridge", "weights", problem=PROBLEM).field("df1"),
            ridge=0,
        ),
    },
    assumptions="rows sqrt(w) Sigma^(1/2) z whose weights w take finitely many values with equal probability; "
    "the test point has weight 1",
    error="relative O(1/n)",
    sources={"derived": "all but the equation for c", "silverstein1995": "the equation for c; place not checked"},
    letters=LETTERS,
)
def elliptical(bias, variance, n, lam, kappa, df1, df2, B, M, tau2, c, delta, q, v, weight, sigma, m, e):
    """Bias and variance of ridge regression on elliptical rows."""
    points = LAST_OF[POINT]
    return (
        Eq(bias, B / (1 - q * df2) + M * (1 + v)),
        Eq(variance, tau2 * v),
        Eq(v, df2 * (1 - q * df1) / (c * (1 - q * df2))),
        Eq(c, lam / kappa),
        Eq(delta, df1 / c),
        Eq(c, n / points * total(weight / (1 + weight * delta), POINT)),
        Eq(q, n / (points * c**2) * total(weight**2 / (1 + weight * delta) ** 2, POINT)),
        unlearned(B, kappa, sigma, e),
        first_degrees(df1, kappa, sigma, m),
        second_degrees(df2, kappa, sigma, m),
    )


@formula(
    "ridge.latent_space",
    numeric={
        "bias": LATENT.field("bias"),
        "variance": LATENT.field("variance"),
        "kappa": LATENT.field("effective_ridge"),
    },
    assumptions="Gaussian x = W z + u and y = <theta, z> + noise; as many inputs as latent variables, else unit "
    "eigenvalues without energy are added",
    error=AWAY,
    sources={"hastie2022": "latent space model; place not checked"},
    letters=LETTERS,
)
def latent_space(bias, variance, n, lam, kappa, df2, tau2, s, a):
    """Bias and variance of ridge regression in the latent space model."""
    sigma = 1 + s**2
    return (
        Eq(
            bias,
            n / (n - df2) * (kappa**2 * total(s**2 * a**2 / (sigma * (sigma + kappa) ** 2)) + total(a**2 / sigma)),
        ),
        Eq(variance, tau2 * df2 / (n - df2)),
        Eq(df2, total(sigma**2 / (sigma + kappa) ** 2)),
        Eq(n - lam / kappa, total(sigma / (sigma + kappa))),
    )


@formula(
    "ridge.two_outputs",
    numeric={"cross": ERRORS.entry(0).entry(1), "test": ERRORS.entry(0).entry(0), "kappa": KAPPA},
    assumptions=FEATURES + "; one ridge for all outputs, label noises independent",
    error=AWAY,
    sources={"derived": "polarisation of the test error"},
    letters=LETTERS,
)
def two_outputs(cross, test, n, lam, kappa, df2, tau2, e1, e2, c12, sigma, m):
    """Product of the errors of two outputs that share their features."""
    return (
        Eq(cross, n * kappa**2 / (n - df2) * total(c12 / (sigma + kappa) ** 2)),
        Eq(test, n / (n - df2) * (kappa**2 * total(e1 / (sigma + kappa) ** 2) + tau2)),
        second_degrees(df2, kappa, sigma, m),
        fixed_point(n, lam, kappa, sigma, m),
    )
