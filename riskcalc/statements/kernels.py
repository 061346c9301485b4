# mypy: allow-untyped-defs, allow-untyped-calls, allow-untyped-decorators
"""Kernels on the sphere, and kernel ridge regression in high dimension (lecture 3)."""

from sympy import Eq, Integral, Symbol, besseli, binomial, exp, factorial, floor, gamma, gegenbauer, pi, sqrt

from riskcalc.statements.call import call
from riskcalc.statements.formula import formula
from riskcalc.statements.letters import Letter
from riskcalc.statements.linear import AWAY, unlearned
from riskcalc.statements.writing import DEGREE, ENTRY, LAST, total

LETTERS = {
    "d": Letter("n_inputs", "d", "dimension of the inputs", ">= 3, whole", (4, 20)),
    "k": Letter("degree", "k", "degree", ">= 1, whole", (1, 4)),
    "B": Letter("multiplicity", "N_{d,k}", "number of spherical harmonics of degree k", ">= 1, whole"),
    "t": Letter("t", "t", "inner product of two inputs over d", "-1 to 1", (-0.9, 0.9)),
    "P": Letter("gegenbauer", "P_k", "Gegenbauer polynomial with value 1 at 1", "function of t"),
    "value": Letter("value", "P_k(t)", "Gegenbauer polynomial with value 1 at 1", "real"),
    "h": Letter("profile", "h", "profile of the kernel, here the exponential one", "function of t"),
    "a": Letter("scale", "a", "scale of the exponential kernel", "> 0", (0.3, 3)),
    "xi": Letter("eigenvalue", r"\xi_k", "eigenvalue of the kernel on degree k"),
    "q": Letter("half_difference", "q", "half the difference of the power and the degree", ">= 0, whole", (0, 3)),
    "alpha": Letter("exponent", r"\alpha", "power", ">= 0", (0.2, 2.7)),
    "zeta": Letter("coefficient", r"\zeta_k", "coefficient of the positive part to that power", "real"),
    "xis": Letter("eigenvalues", r"\xi", "eigenvalues of the kernel", "> 0", (0.01, 0.2), "i"),
    "m": Letter("multiplicities", "N", "their multiplicities", "> 0", (5, 60), "i", 1.0),
    "e": Letter("energies", "e", "energies of the target in the eigenspaces", ">= 0", (0.1, 1), "i"),
    "tail": Letter("tail", "s", "mass of the degrees that are not resolved, which acts as a ridge", ">= 0", (0.1, 2)),
    "Bl": Letter("unlearned", "B", "energy that the averaged predictor misses"),
    "energies": Letter("energies", "e", "energies of the target by degree", ">= 0", (0.1, 1), "k"),
    "growth": Letter("exponent", r"\theta", "exponent of the sample size: n is of order d^theta", "> 0", (0.2, 1.9)),
    "level": Letter("level", r"\ell", "last degree that is learned", ">= 0, whole"),
    "psi": Letter("psi", r"\psi", "samples per harmonic of the critical degree", "> 0", (0.3, 3)),
    "lam": Letter("ridge", r"\lambda", "ridge over the mass of the critical degree", ">= 0", (0.05, 1)),
    "above": Letter("tail", "s", "mass of higher degrees over that of the critical one", ">= 0", (0.05, 1)),
    "r": Letter("effective_ridge", "r", "effective regularisation over the eigenvalue of the critical degree", "> 0"),
    "D": Letter("share", "D", "second degrees of freedom per sample"),
    "e_level": Letter("energy_level", r"e_\ell", "energy of the target in the critical degree", ">= 0"),
    "e_above": Letter("energy_above", r"e_{>\ell}", "energy of the target above it", ">= 0"),
    "shift": Letter("shift", r"m_{>\ell}", "mass of the degrees above l"),
    "mass": Letter("mass", r"m_\ell", "mass of the degree l"),
    "low": Letter("lower_edge", "a", "lower edge of the bulk of the kernel matrix"),
    "high": Letter("upper_edge", "b", "upper edge of the bulk of the kernel matrix"),
    "spike": Letter("spike", r"\hat\lambda_0", "eigenvalue of the constant function"),
    "xi0": Letter("eigenvalue_0", r"\xi_0", "eigenvalue of the kernel on constants"),
    "rest0": Letter("mass_above_0", r"m_{>0}", "mass of the degrees above 0"),
    "many": Letter("n_samples", "n", "number of training samples", "> 0, whole", (20, 90)),
    "wide": Letter("n_inputs", "d", "dimension of the inputs", ">= 3, whole", (30, 40)),
    "ratio": Letter("psi", r"\psi", "samples per harmonic"),
    "coefficient": Letter("coefficients", "a", "Taylor coefficients of the profile", ">= 0", (0.1, 1), "k"),
    "sigma": Letter("covariance_eigenvalues", r"\sigma", "eigenvalues of the covariance", ">= 0", (0.2, 1.8), "i"),
    "constant": Letter("constant", r"\alpha", "eigenvalue of the constant function"),
    "beta": Letter("linear", r"\beta", "slope of the kernel"),
    "gamma": Letter("implicit_ridge", r"\gamma", "what the degrees from 2 on add to the ridge"),
    "tau": Letter("mean_variance", r"\bar\sigma", "mean eigenvalue of the covariance"),
    "linear_ridge": Letter("equivalent_ridge", r"\lambda_{\mathrm{lin}}", "ridge of the same regression on the inputs"),
    "count": Letter("dimension", "d", "dimension of the inputs, the number of eigenvalues", ">= 1, whole"),
    "usual": Letter("ridge", r"\lambda", "ridge penalty of the sum objective", ">= 0", (0.1, 5)),
}

T = Symbol("t", real=True)
SPHERE = "inputs uniform on the sphere of radius sqrt(d); kernel h of the inner product over d"
DIRECT = "direct computation"
EXPONENTIAL = call("kernels.Exponential", "scale").call("spectrum", "n_inputs", max_degree="degree")
SPECTRUM = call("Spectrum.from_eigenvalues", "eigenvalues", "multiplicities", "tail")
RISK = call("ridge_risk", "n_samples", "ridge", problem=call("Problem", "energies", "noise", spectrum=SPECTRUM))
KAPPA = call("effective_ridge", "n_samples", "ridge", spectrum=SPECTRUM)
CRITICAL = call("limits.critical_ridge_risk", "psi", "ridge", "tail", "energy_level", "energy_above", "noise")
MATRIX = call("limits.kernel_spectrum", "n_inputs", "n_samples", kernel=call("kernels.Exponential", scale=1), level=1)
MASSES = call("kernels.Exponential", scale=1).call("spectrum", "n_inputs", max_degree=0)
LINEAR = call(
    "limits.linear_regime",
    kernel=call("kernels.Taylor", "coefficients"),
    spectrum=call("Spectrum.from_eigenvalues", eigenvalues="covariance_eigenvalues"),
)


def polynomial(P, d, k):
    """The zonal polynomial of the sphere, 1 at 1."""
    return Eq(P(T), gegenbauer(k, d / 2 - 1, T) / binomial(k + d - 3, k))


@formula(
    "kernel.multiplicity",
    numeric={"B": call("harmonics.sphere_multiplicity", "n_inputs", "degree")},
    assumptions="the sphere in dimension d >= 3",
    sources={"derived": DIRECT},
    letters=LETTERS,
)
def multiplicity(B, d, k):
    """Number of spherical harmonics of a degree."""
    return Eq(B, (2 * k + d - 2) / k * binomial(k + d - 3, k - 1))


@formula(
    "kernel.gegenbauer",
    numeric={"value": call("harmonics.gegenbauer", "n_inputs", "degree", "t")},
    assumptions="the sphere in dimension d >= 3",
    sources={"derived": DIRECT},
    letters=LETTERS,
)
def zonal_polynomial(value, d, k, t):
    """Zonal polynomial of a degree, 1 at 1."""
    return Eq(value, gegenbauer(k, d / 2 - 1, t) / binomial(k + d - 3, k))


@formula(
    "kernel.funk_hecke",
    numeric={"xi": EXPONENTIAL.field("eigenvalues").entry("degree")},
    assumptions=SPHERE + ", for example the exponential one",
    sources={"derived": "formula of Funk and Hecke", "bach2017": "use for kernels of networks; place not checked"},
    letters=LETTERS,
)
def funk_hecke(xi, d, k, h, P, a):
    """Eigenvalue of a kernel on the harmonics of a degree."""
    weight = (1 - T**2) ** ((d - 3) / 2)
    constant = gamma(d / 2) / (sqrt(pi) * gamma((d - 1) / 2))
    return (
        Eq(xi, constant * Integral(h(T) * P(T) * weight, (T, -1, 1))),
        polynomial(P, d, k),
        Eq(h(T), exp(a * T)),
    )


@formula(
    "kernel.exponential",
    numeric={"xi": EXPONENTIAL.field("eigenvalues").entry("degree")},
    assumptions=SPHERE + ", h(t) = exp(a t)",
    sources={"derived": DIRECT},
    letters=LETTERS,
)
def exponential_kernel(xi, d, k, a):
    """Eigenvalue of the exponential kernel on the harmonics of a degree."""
    return Eq(xi, gamma(d / 2) * (2 / a) ** (d / 2 - 1) * besseli(k + d / 2 - 1, a))


@formula(
    "kernel.monomial",
    numeric={
        "xi": call(
            "kernels.Monomial",
            degree=call("numpy.add", _x1="degree", _x2=call("numpy.multiply", _x1=2, _x2="half_difference")),
        )
        .call("spectrum", "n_inputs", max_degree="degree")
        .field("eigenvalues")
        .entry("degree")
    },
    assumptions=SPHERE + ", h(t) = t^(k + 2q); degrees of the other parity have eigenvalue 0",
    sources={"derived": DIRECT},
    letters=LETTERS,
)
def monomial_kernel(xi, d, k, q):
    """Eigenvalue of a power of the inner product on the harmonics of a degree."""
    return Eq(xi, gamma(d / 2) * factorial(k + 2 * q) / (2 ** (k + 2 * q) * factorial(q) * gamma(d / 2 + k + q)))


@formula(
    "kernel.power_coefficient",
    numeric={
        "zeta": call("activations.Power", "exponent")
        .call("sphere_coefficients", "n_inputs", max_degree="degree")
        .entry("degree")
    },
    assumptions="activation max(x, 0)^alpha of an input sqrt(d) t, t a coordinate of a uniform unit vector; the "
    "eigenvalue of the kernel of random features is the square",
    sources={"cho2009": "place not checked", "bach2017": "place not checked"},
    letters=LETTERS,
)
def power_coefficient(zeta, d, k, alpha):
    """Coefficient of a power of the positive part on the sphere."""
    return Eq(
        zeta,
        d ** (alpha / 2)
        * gamma(alpha + 1)
        * gamma(d / 2)
        / (2 ** (alpha + 1) * gamma((alpha - k) / 2 + 1) * gamma((alpha + k + d) / 2)),
    )


@formula(
    "kernel_ridge.test",
    numeric={"test": RISK.field("test"), "train": RISK.field("train"), "kappa": KAPPA},
    assumptions=SPHERE + ", or any kernel whose eigenfunctions behave like independent features; degrees that are not "
    "resolved act as a ridge in the fixed point, not in the training error",
    error=AWAY + ", and the largest eigenvalue of the tail over the effective regularisation",
    sources={"misiakiewicz2024": "lecture 3; place not checked", "canatar2021": "place not checked"},
    letters=LETTERS,
)
def kernel_ridge_test(test, train, n, usual, kappa, tail, df2, Bl, tau2, xis, m, e):
    """Test and training error of kernel ridge regression."""
    return (
        Eq(test, (Bl + tau2) / (1 - df2 / n)),
        Eq(train, (usual / (n * kappa)) ** 2 * test),
        unlearned(Bl, kappa, xis, e),
        Eq(df2, total(m * xis**2 / (xis + kappa) ** 2)),
        Eq(n, total(m * xis / (xis + kappa)) + (usual + tail) / kappa),
    )


@formula(
    "kernel_ridge.staircase",
    numeric={"excess": call("limits.staircase", "energies", "exponent")},
    assumptions=SPHERE + "; n of order d^theta, theta not a whole number, ridge of order at most 1; a degree that the "
    "kernel lacks is never learned",
    error="o(1) as d grows, with large constants",
    sources={"ghorbani2021": "place not checked", "mei2022": "place not checked"},
    letters=LETTERS,
)
def staircase(excess, growth, level, energies):
    """Limit of the excess risk of kernel ridge regression between the steps."""
    return Eq(excess, total(energies, DEGREE, level + 1)), Eq(level, floor(growth))


@formula(
    "kernel_ridge.critical",
    numeric={
        "test": CRITICAL.field("test"),
        "variance": CRITICAL.field("variance"),
        "train": CRITICAL.field("train"),
        "r": CRITICAL.field("effective_ridge"),
    },
    assumptions=SPHERE + "; n/N(d, l) tends to psi; lower degrees are learned at no cost",
    error="O(1/d), with large constants",
    sources={"misiakiewicz2022": "place not checked", "xiao2022": "place not checked"},
    letters=LETTERS,
)
def critical(test, variance, train, psi, lam, above, r, D, e_level, e_above, tau2):
    """Limit of the errors of kernel ridge regression at a step."""
    return (
        Eq(test, (e_level * (r / (1 + r)) ** 2 + e_above + tau2) / (1 - D)),
        Eq(variance, tau2 * D / (1 - D)),
        Eq(train, (lam / (psi * r)) ** 2 * test),
        Eq(D, 1 / (psi * (1 + r) ** 2)),
        Eq(psi, 1 / (1 + r) + (lam + above) / r),
    )


@formula(
    "kernel_ridge.matrix_spectrum",
    numeric={
        "low": MATRIX.field("support").entry(0).entry(0),
        "high": MATRIX.field("support").entry(0).entry(1),
        "spike": MATRIX.field("spikes").entry(0),
        "shift": MATRIX.field("shift"),
        "mass": MATRIX.field("scale"),
        "xi0": MASSES.field("eigenvalues").entry(0),
        "rest0": MASSES.field("tail"),
    },
    assumptions=SPHERE + "; here h(t) = exp(t) and l = 1, so that one eigenvalue, of the constant, is a spike",
    error="O(1/d); spikes have a relative width of sqrt(N(d, k)/n)",
    sources={"misiakiewicz2022": "place not checked", "lu2022": "place not checked"},
    letters=LETTERS,
)
def matrix_spectrum(low, high, spike, ratio, many, wide, shift, mass, xi0, rest0):
    """Bulk and spike of a kernel matrix at the first step."""
    return (
        Eq(low, shift + mass * (1 - sqrt(ratio)) ** 2),
        Eq(high, shift + mass * (1 + sqrt(ratio)) ** 2),
        Eq(spike, many * xi0 + rest0),
        Eq(ratio, (many - 1) / wide),
    )


@formula(
    "kernel_ridge.linear_regime",
    numeric={
        "constant": LINEAR.field("constant"),
        "beta": LINEAR.field("linear"),
        "gamma": LINEAR.field("ridge"),
        "linear_ridge": LINEAR.call("equivalent_ridge", "ridge"),
    },
    assumptions="inputs Sigma^(1/2) z with independent entries, n and d in proportion, kernel h of the inner product "
    "over d with Taylor coefficients a_k; the kernel is alpha + beta <x, x'>/d, and gamma on the diagonal",
    error="relative O(1/d)",
    sources={
        "elkaroui2010": "place not checked",
        "liang2020": "place not checked",
        "bartlett2021": "place not checked",
    },
    letters=LETTERS,
)
def linear_regime(constant, beta, gamma, linear_ridge, usual, tau, coefficient, sigma):
    """Kernel ridge regression is ridge regression when samples and dimension are in proportion."""
    a, d = coefficient.base, LAST[ENTRY]
    return (
        Eq(constant, a[0] + a[2] * total(sigma**2) / d**2),
        Eq(beta, a[1]),
        Eq(gamma, total(coefficient * tau**DEGREE, DEGREE, 2)),
        Eq(linear_ridge, d * (usual + gamma) / beta),
        Eq(tau, total(sigma) / d),
    )
