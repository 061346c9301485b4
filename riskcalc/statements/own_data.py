# mypy: allow-untyped-defs, allow-untyped-calls, allow-untyped-decorators
"""The user's own table: held-out error, cross-validation and learning curves from one kernel matrix."""

from sympy import Eq

from riskcalc.statements.call import Word, call
from riskcalc.statements.formula import formula
from riskcalc.statements.letters import Letter
from riskcalc.statements.writing import ENTRY, LAST, total

LETTERS = {
    "n_i": Letter("n_entries", "m", "number of rows of the table", ">= 1, whole", (3, 3)),
    "s": Letter("kernel_eigenvalues", "s", "eigenvalues of the kernel matrix of all m rows", ">= 0", (0.2, 4), "i"),
    "c": Letter(
        "squared_projections", "c", "squared coefficients of the outputs in its eigenvectors", ">= 0", (0.1, 2), "i"
    ),
    "n": Letter("n_samples", "n", "number of training rows", "> 0", (1.2, 2.8)),
    "omega": Letter("omega", r"\omega", "ridge at which all m rows are as regular as n rows at the ridge", ">= 0"),
    "kappa": Letter("effective_ridge", r"\kappa", "effective regularisation", "> 0"),
    "g1": Letter("first_mean", "g_1", "mean inverse of the regularised kernel matrix"),
    "g2": Letter("second_mean", "g_2", "mean squared inverse of the regularised kernel matrix"),
    "E": Letter("missed", "E", "what the averaged predictor misses, with the noise"),
    "T1": Letter("trace", "T_1", "trace of the inverse of the regularised kernel matrix"),
    "T2": Letter("squared_trace", "T_2", "trace of its square"),
    "gcv": Letter("gcv", r"\mathrm{GCV}", "generalised cross-validation of the fit to all rows"),
}

ROWS = "rows drawn independently; the n training rows are a random part of m given ones, whose kernel matrix has "
ROWS += "eigenvectors that are spread over the rows; the error is on the other rows"
SIZE = "not known in general; the training error can be 10 percent off where it is small"
SOURCES = {
    "derived": "free subordination of the kernel matrix and the sampling mask",
    "wei2022": "n = m; place not checked",
}
RISK = call("finite_population_risk", "kernel_eigenvalues", "squared_projections", "n_samples", "ridge")
WHOLE = call(
    "finite_population_risk",
    "kernel_eigenvalues",
    "squared_projections",
    "ridge",
    n_samples=call("numpy.size", a="kernel_eigenvalues"),
)
TABLE = call(
    "Dataset.from_kernel",
    matrix=call("numpy.diag", v="kernel_eigenvalues"),
    outputs=call("numpy.sqrt", _x="squared_projections"),
)
PLUG_IN = call(
    "predict",
    "n_samples",
    data=TABLE,
    estimator=call("Ridge", "ridge"),
    route=Word("plug_in"),
)


@formula(
    "own_data.held_out",
    numeric={
        "test": RISK.field("test"),
        "train": RISK.field("train"),
        "df1": RISK.field("df1"),
        "kappa": RISK.field("effective_ridge"),
    },
    assumptions=ROWS,
    error=SIZE,
    sources=SOURCES,
    letters=LETTERS,
)
def held_out(test, train, df1, n, lam, kappa, omega, g1, g2, s, c):
    """Held-out error, training error and degrees of freedom of a fit to a part of a table."""
    m = LAST[ENTRY]
    return (
        Eq(test, n / m**2 * total(c / (s + omega) ** 2) / (g1**2 - (1 - n / m) * g2)),
        Eq(train, (m * lam * g1 / n) ** 2 * test),
        Eq(df1, n - m * lam * g1),
        Eq(g1, 1 / m * total(1 / (s + omega))),
        Eq(g2, 1 / m * total(1 / (s + omega) ** 2)),
        Eq(n, total((s + lam) / (s + omega))),
        Eq(omega, m * kappa),
    )


@formula(
    "own_data.any_size",
    numeric={
        "test": RISK.field("test"),
        "omega": call(
            "numpy.multiply", _x1=call("numpy.size", a="kernel_eigenvalues"), _x2=RISK.field("effective_ridge")
        ),
    },
    assumptions=ROWS
    + "; n may exceed m as long as the root omega is not negative: for ridges of at least (n - m) over "
    "the trace of the inverse kernel matrix",
    error=SIZE,
    sources={"derived": "elimination of the population from the equivalent at m and at n rows"},
    letters=LETTERS,
)
def any_size(test, n, lam, kappa, omega, E, T1, T2, s, c):
    """Test error at any number of rows from a table of m rows."""
    m = LAST[ENTRY]
    return (
        Eq(test, n * E / (T1**2 / T2 + n - m)),
        Eq(E, total(c / (s + omega) ** 2) / T2),
        Eq(lam, omega + (n - m) * kappa),
        Eq(kappa, 1 / T1),
        Eq(T1, total(1 / (s + omega))),
        Eq(T2, total(1 / (s + omega) ** 2)),
    )


@formula(
    "own_data.gcv",
    numeric={"gcv": WHOLE.field("test")},
    assumptions="rows drawn independently; the limit of the held-out error at n = m",
    error=SIZE,
    sources={"golub1969": "place not checked", "wei2022": "place not checked"},
    letters=LETTERS,
)
def generalised_cross_validation(gcv, lam, s, c):
    """Generalised cross-validation from the kernel matrix of a table."""
    return Eq(gcv, LAST[ENTRY] * total(c / (s + lam) ** 2) / total(1 / (s + lam)) ** 2)


@formula(
    "own_data.plug_in",
    numeric={"test": PLUG_IN.field("test"), "kappa": PLUG_IN.field("effective_ridge")},
    assumptions="the table is taken for the population; too low, without limit as n nears m",
    error="not bounded: prefer own_data.held_out",
    sources={"simon2023": "place not checked", "canatar2021": "place not checked"},
    letters=LETTERS,
)
def plug_in(test, n, lam, kappa, df2, s, c):
    """Test error with the table's spectrum in place of the population's."""
    m = LAST[ENTRY]
    return (
        Eq(test, m * kappa**2 * total(c / (s + m * kappa) ** 2) / (1 - df2 / n)),
        Eq(df2, total(s**2 / (s + m * kappa) ** 2)),
        Eq(n - lam / kappa, total(s / (s + m * kappa))),
    )
