# mypy: allow-untyped-defs, allow-untyped-calls, allow-untyped-decorators
"""When a network is its own linearisation, and the linearised flow (lecture 1)."""

from sympy import Eq, Le, exp, sqrt

from riskcalc.statements.call import call
from riskcalc.statements.formula import formula
from riskcalc.statements.letters import Letter
from riskcalc.statements.writing import ENTRY, LAST

LETTERS = {
    "L": Letter("lipschitz", "L", "Lipschitz constant of the Jacobian", "> 0"),
    "r0": Letter("residual", "r_0", "norm of the residuals at initialisation", ">= 0"),
    "smin": Letter("sigma_min", r"\sigma_{\min}", "smallest singular value of the Jacobian at initialisation", "> 0"),
    "scale": Letter("scale", r"\alpha", "scale of the network's output", "> 0"),
    "ratio": Letter("laziness_ratio", r"\rho", "where it is below 1 training stays close to the linearisation", ">= 0"),
    "enough": Letter("lazy_scale", r"\alpha_{\mathrm{lazy}}", "scale above which the ratio is below 1", ">= 0"),
    "c": Letter("rate", "c", "guaranteed rate of the squared residuals", ">= 0"),
    "moved": Letter("displacement", r"\Delta", "bound on the displacement of the parameters", ">= 0"),
    "t": Letter("time", "t", "time of the flow on half the mean squared error", "> 0", (0.3, 4)),
    "n": Letter("n_samples", "n", "number of training samples", "> 0", (20, 60)),
    "N": Letter("width", "N", "number of neurons", "> 0", (20, 200)),
    "x": Letter("norms", "x", "norms of the inputs, here orthogonal", "> 0", (0.3, 3), "i"),
    "top": Letter("input_norm", r"\|X\|", "largest singular value of the inputs", "> 0"),
    "longest": Letter("longest", r"\max_i\|x_i\|", "norm of the longest input", "> 0"),
    "bend": Letter("curvature", r"\sup|\varphi''|", "largest second derivative of the activation, here tanh", "> 0"),
    "n_i": Letter("n_entries", "n", "number of training samples", ">= 1, whole", (3, 3)),
    "s": Letter("gram_eigenvalues", "s", "eigenvalues of the kernel matrix", "> 0", (0.2, 5), "i"),
    "y": Letter("outputs", "y", "outputs in its eigenvectors", "real", (0.2, 2), "i"),
    "weight": Letter("weight", "c_1", "weight of the kernel function along the first eigenvector", "real"),
}

CONDITION = "gradient flow on half the mean squared error of a network times its scale; not fewer parameters than "
CONDITION += "samples; valid at all times where the laziness ratio is below 1"
SOURCES = {"oymak2019": "place not checked", "chizat2019": "place not checked", "bartlett2021": "place not checked"}
INPUTS = call("numpy.diag", v="norms")


@formula(
    "lazy.ratio",
    numeric={"ratio": call("lazy.laziness_ratio", "lipschitz", "residual", "sigma_min", "scale")},
    assumptions=CONDITION,
    error="sufficient, and pessimistic by about two orders of magnitude",
    sources=SOURCES,
    letters=LETTERS,
)
def ratio(ratio, L, r0, smin, scale):
    """Ratio below which training stays close to the linearisation."""
    return Eq(ratio, 4 * L * r0 / (scale * smin**2))


@formula(
    "lazy.scale",
    numeric={"enough": call("lazy.lazy_scale", "lipschitz", "residual", "sigma_min")},
    assumptions=CONDITION + "; residuals that do not depend on the scale",
    error="sufficient, and pessimistic by about two orders of magnitude",
    sources=SOURCES,
    letters=LETTERS,
)
def lazy_scale(enough, L, r0, smin):
    """Scale above which training stays close to the linearisation."""
    return Eq(enough, 4 * L * r0 / smin**2)


@formula(
    "lazy.guarantees",
    numeric={
        "c": call("lazy.convergence_rate", "sigma_min", "n_samples", "scale"),
        "moved": call("lazy.displacement_bound", "residual", "sigma_min", "scale"),
    },
    assumptions=CONDITION,
    error="bounds: the squared residuals fall at least as exp(-c t), the parameters move at most by Delta",
    sources=SOURCES,
    letters=LETTERS,
)
def guarantees(c, moved, n, r0, smin, scale):
    """Guaranteed rate of convergence and bound on the displacement."""
    return Eq(c, scale**2 * smin**2 / (2 * n)), Eq(moved, 2 * r0 / (scale * smin))


@formula(
    "lazy.lipschitz_bound",
    numeric={
        "L": call("lazy.lipschitz_bound", "width", activation=call("activations.Tanh"), inputs=INPUTS),
        "top": call("numpy.linalg.norm", x=INPUTS, ord=2),
        "longest": call("numpy.max", a="norms"),
    },
    assumptions="two layers of which the first is trained, output weights of at most 1/sqrt(N); L is the bound",
    error="a bound",
    sources={"bartlett2021": "place not checked"},
    letters=LETTERS,
)
def lipschitz_bound(L, N, top, longest, bend, x):
    """Bound on the Lipschitz constant of the Jacobian of a two-layer network."""
    return Eq(L, bend / sqrt(N) * top * longest), Eq(bend, 4 / (3 * sqrt(3))), Le(longest, top)


@formula(
    "lazy.flow",
    numeric={
        "weight": call("lazy.flow_path", "outputs", gram=call("numpy.diag", v="gram_eigenvalues"), times="time").entry(
            0
        )
    },
    assumptions="linearised gradient flow on half the mean squared error, from output 0",
    sources={"jacot2018": "place not checked"},
    letters=LETTERS,
)
def flow(weight, t, s, y):
    """Linearised gradient flow along an eigenvector of the kernel matrix."""
    return Eq(weight, (1 - exp(-s.base[1] * t / LAST[ENTRY])) / s.base[1] * y.base[1])


@formula(
    "lazy.ridge_for_time",
    numeric={"lam": call("lazy.ridge_for_time", "time", "n_samples")},
    assumptions="the flow on half the mean squared error, and ridge of the sum objective",
    error="at most a factor 1.69 in the estimation risk under an isotropic prior",
    sources={"ali2019": "place not checked"},
    letters=LETTERS,
)
def ridge_for_time(lam, t, n):
    """Ridge that does what the flow does at a time, nearly."""
    return Eq(lam, n / t)
