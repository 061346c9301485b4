# mypy: allow-untyped-defs, allow-untyped-calls, allow-untyped-decorators
"""Beyond the lazy regime: floors of lazy methods, one neuron, mean field, one-pass descent (lecture 6)."""

from sympy import Eq, Integral, Max, Symbol, asin, ceiling, erf, exp, log, oo, pi, sqrt

from riskcalc.statements.call import Word, call
from riskcalc.statements.formula import formula
from riskcalc.statements.letters import Letter
from riskcalc.statements.writing import DEGREE, POINT, total
from riskcalc.statements.writing import LAST as COUNT

LETTERS = {
    "gs": Letter("coefficients", "g", "Hermite coefficients of the target over sqrt(k!)", "real", (0.1, 1), "k"),
    "mus": Letter("activation_coefficients", "b", "those of the activation", "real", (0.1, 1), "k"),
    "floor": Letter("floor", "R", "excess risk that remains"),
    "level": Letter("degree", r"\ell", "degree up to which the method learns", ">= 0, whole", (0, 2)),
    "reached": Letter("level", r"\ell", "degree up to which the method learns", ">= 0, whole"),
    "F": Letter("energies", "e", "energies of the target by degree", ">= 0", (0.1, 1), "k"),
    "d": Letter("n_inputs", "d", "dimension of the inputs", ">= 3, whole", (5, 20)),
    "n": Letter("n_samples", "n", "number of training samples", "> 0", (20, 60)),
    "m": Letter("m", "m", "correlation of the neuron with the direction of the target", "-1 to 1", (0.05, 0.9)),
    "loss": Letter("loss", r"\mathcal{R}", "loss, half the mean squared error without noise"),
    "drift": Letter("drift", r"\dot m", "velocity of the correlation", "real"),
    "eta": Letter("step", r"\eta", "step over the dimension, 0 for gradient flow", ">= 0", (0.1, 1)),
    "V": Letter("gradient_power", "V", "mean square of the gradient per input"),
    "power": Letter("second_moment", r"\mathrm{E}\varphi^2", "second moment of the activation", "> 0"),
    "c": Letter("products", "c", "products of the two coefficients", "> 0", (0.2, 1), "k"),
    "T": Letter("hitting_time", "T", "time from one correlation to the other"),
    "m0": Letter("start", "m_0", "correlation at the start", "-1 to 1", (0.05, 0.4)),
    "m1": Letter("end", "m_1", "correlation at the end", "-1 to 1", (0.5, 0.95)),
    "g0": Letter("g_0", "g_0", "mean of the target", "real", (0.1, 1)),
    "g1": Letter("g_1", "g_1", "linear coefficient of the target", "real", (0.1, 1)),
    "g2": Letter("g_2", "g_2", "coefficient of the target on the normalised square", "real", (0.1, 1)),
    "a": Letter("a", "a", "output weights", "real", (0.3, 1), "j"),
    "mj": Letter("overlaps", "m", "overlaps of the neurons with the direction", "real", (0.1, 0.9), "j"),
    "r": Letter("r", "r", "lengths of the neurons across it", "> 0", (0.3, 1.5), "j"),
    "q": Letter("norms", "q", "squared lengths of the neurons, here orthogonal", "> 0", (1.1, 2), "j"),
    "n_j": Letter("n_points", "N", "number of neurons", ">= 1, whole", (3, 3)),
    "target": Letter("link", "g", "target, here of degree 2", "function of z"),
    "f": Letter("network", "f", "network", "function of z"),
    "gauss": Letter("gauss", "p", "standard Gaussian density", "function of z"),
    "adot": Letter("a_velocity", r"\dot a_1", "velocity of the first output weight", "real"),
    "mdot": Letter("m_velocity", r"\dot m_1", "velocity of the first overlap", "real"),
    "rdot": Letter("r_velocity", r"\dot r_1", "velocity of the first length across", "real"),
    "D": Letter("force", "D", "force on the first neuron", "real"),
    "student": Letter("student", "a", "output weight of the student", "real", (0.3, 1)),
    "teacher": Letter("teacher", "v", "output weight of the teacher", "real", (0.3, 1)),
    "Q": Letter("Q", "Q", "squared norm of the student", "> 0", (0.5, 1.5)),
    "R": Letter("R", "R", "overlap of student and teacher", "real", (0.1, 0.5)),
    "TT": Letter("teacher_overlap", "T", "squared norm of the teacher", "> 0", (0.5, 1.5)),
    "Qdot": Letter("Q_velocity", r"\frac{dQ}{dt}", "velocity of Q in samples over the dimension", "real"),
    "Rdot": Letter("R_velocity", r"\frac{dR}{dt}", "velocity of R in samples over the dimension", "real"),
    "Lambda": Letter("Lambda", r"\Lambda", "determinant of student and teacher", "> 0"),
    "Omega": Letter("Omega", r"\Omega", "determinant of two students and a teacher", "> 0"),
    "S": Letter("noise_power", "S", "squared error in the directions that the step sees", "real"),
    "leap": Letter("leap", r"\ell", "leap complexity of the target", ">= 0, whole", (1, 5)),
    "exponent": Letter("exponent", "s", "exponent of the dimension in the samples", ">= 1, whole"),
}

Z, X = Symbol("z", real=True), Symbol("x", real=True)
TARGET = call("targets.SingleIndex", "coefficients")
ERF = call("activations.Erf", scale=0.5**0.5)
NEURON = call("dynamics.SingleNeuron", activation=ERF, target=TARGET)
QUADRATIC = call("targets.SingleIndex", coefficients=("g_0", "g_1", "g_2"))
PARTICLES = call("dynamics.MeanField", activation=ERF, target=QUADRATIC)
WIDE = call("dynamics.FiniteWidthFlow", activation=ERF, target=QUADRATIC)
PAIR = call(
    "dynamics.OnePass",
    "step",
    "noise",
    student=("student",),
    teacher=("teacher",),
    teacher_overlaps=(("teacher_overlap",),),
)
VELOCITY = PARTICLES.call("velocity", "a", "r", m="overlaps")
MOTION = PAIR.call("velocity", Q=(("Q",),), R=(("R",),))
COEFFICIENTS = ERF.call(
    "hermite_coefficients", max_degree=call("numpy.subtract", _x1=call("numpy.size", a="coefficients"), _x2=1)
)
LAZY = "any kernel that is invariant under rotations, random features and tangent models among them"
FLOOR = {"ghorbani2021": "place not checked", "yehudai2019": "place not checked", "mei2022": "place not checked"}
FIELD = {"mei2018": "place not checked", "berthier2023": "place not checked", "abbe2022": "place not checked"}
ONE_PASS = {"saad1995": "place not checked", "biehl1995": "place not checked", "goldt2019": "place not checked"}


@formula(
    "dynamics.lazy_floor",
    numeric={"floor": call("dynamics.lazy_floor", "degree", target=TARGET)},
    assumptions=LAZY + "; a target of one direction, at most d^(l + 1 - delta) samples",
    error="o(1) as d grows: a lower bound, reached between the steps",
    sources=FLOOR,
    letters=LETTERS,
)
def lazy_floor(floor, level, gs):
    """Excess risk below which lazy methods do not come."""
    return Eq(floor, total(gs**2, DEGREE, level + 1))


@formula(
    "dynamics.lazy_staircase",
    numeric={
        "floor": call("dynamics.lazy_staircase", "n_inputs", "n_samples", target=TARGET),
        "F": TARGET.call(
            "energies",
            "n_inputs",
            max_degree=call("numpy.subtract", _x1=call("numpy.size", a="coefficients"), _x2=1),
            domain=Word("sphere"),
        ).field("by_degree"),
    },
    assumptions=LAZY + "; d^l < n <= d^(l + 1)",
    error="a step function for a smooth one",
    sources=FLOOR,
    letters=LETTERS,
)
def lazy_staircase(floor, n, d, reached, F, gs):
    """Floor of lazy methods at a number of samples."""
    return Eq(floor, total(F, DEGREE, reached + 1)), Eq(reached, ceiling(log(n) / log(d)) - 1)


@formula(
    "dynamics.neuron_loss",
    numeric={
        "loss": NEURON.call("loss", "m"),
        "mus": COEFFICIENTS,
        "power": ERF.call("second_moment"),
    },
    assumptions="one neuron of norm 1 (here erf(u/sqrt(2))) and a target of one direction, Gaussian inputs",
    sources={"benarous2021": "place not checked"},
    letters=LETTERS,
)
def neuron_loss(loss, m, power, mus, gs):
    """Loss of one neuron as a function of its correlation with the direction."""
    return Eq(loss, power / 2 + total(gs**2, DEGREE, 0) / 2 - total(mus * gs * m**DEGREE, DEGREE, 0))


@formula(
    "dynamics.neuron_drift",
    numeric={
        "drift": NEURON.call("drift", "m", "step", "noise"),
        "mus": COEFFICIENTS,
        "V": NEURON.call("gradient_power", "m", "noise"),
    },
    assumptions="one-pass gradient descent on the sphere with step eta/d, t = eta n/d, d to infinity; eta = 0 is the "
    "gradient flow; V is the mean of ((g - phi)^2 + tau^2) phi'^2",
    error="O(d^(-1/2))",
    sources={"benarous2021": "place not checked", "derived": "the term of the step"},
    letters=LETTERS,
)
def neuron_drift(drift, m, eta, V, mus, gs, tau2):
    """Velocity of one neuron's correlation with the direction."""
    return Eq(drift, (1 - m**2) * total(DEGREE * mus * gs * m ** (DEGREE - 1), DEGREE, 1) - eta * m * V / 2)


@formula(
    "dynamics.hitting_time",
    numeric={"T": call("dynamics.hitting_time", "products", "start", "end")},
    assumptions="spherical gradient flow of one neuron; infinite if the drift vanishes on the way",
    sources={"benarous2021": "place not checked"},
    letters=LETTERS,
)
def hitting_time(T, m0, m1, c):
    """Time in which one neuron finds the direction."""
    return Eq(T, Integral(1 / ((1 - X**2) * total(DEGREE * c * X ** (DEGREE - 1), DEGREE, 1)), (X, m0, m1)))


def quadratic(target, g0, g1, g2):
    """A target with three Hermite coefficients."""
    return Eq(target(Z), g0 + g1 * Z + g2 * (Z**2 - 1) / sqrt(2))


def density(gauss):
    """The standard Gaussian density."""
    return Eq(gauss(Z), exp(-(Z**2) / 2) / sqrt(2 * pi))


def network(f, a, mj, r):
    """The network along the direction, averaged over what is across it."""
    return Eq(f(Z), total(a * erf(mj * Z / sqrt(2 * (1 + r**2))), POINT) / COUNT[POINT])


@formula(
    "dynamics.mean_field_loss",
    numeric={"loss": PARTICLES.call("loss", "a", "r", m="overlaps")},
    assumptions="activation erf(u/sqrt(2)), target of one direction, neurons w = m e + r w' with isotropic w'; d, then "
    "N to infinity",
    error="O(1/N)",
    sources=FIELD,
    letters=LETTERS,
)
def mean_field_loss(loss, target, f, gauss, g0, g1, g2, a, mj, r):
    """Loss of a wide network in the mean-field limit."""
    return (
        Eq(loss, Integral((target(Z) - f(Z)) ** 2 * gauss(Z), (Z, -oo, oo)) / 2),
        network(f, a, mj, r),
        quadratic(target, g0, g1, g2),
        density(gauss),
    )


@formula(
    "dynamics.mean_field_flow",
    numeric={
        "adot": VELOCITY.field("a").entry(0),
        "mdot": VELOCITY.field("m").entry(0),
        "rdot": VELOCITY.field("r").entry(0),
    },
    assumptions="activation erf(u/sqrt(2)), target of one direction, neurons w = m e + r w' with isotropic w'; d, then "
    "N to infinity; the other neurons alike",
    error="O(1/N)",
    sources=FIELD,
    letters=LETTERS,
)
def mean_field_flow(adot, mdot, rdot, D, target, f, gauss, g0, g1, g2, a, mj, r):
    """Gradient flow of a wide network in the mean-field limit."""
    first, overlap, across = a.base[1], mj.base[1], r.base[1]
    q2 = 1 + across**2
    force = (target(Z) - f(Z)) * Z * sqrt(2 / pi) * exp(-(overlap**2) * Z**2 / (2 * q2)) * gauss(Z)
    return (
        Eq(adot, Integral((target(Z) - f(Z)) * erf(overlap * Z / sqrt(2 * q2)) * gauss(Z), (Z, -oo, oo))),
        Eq(mdot, D / sqrt(q2)),
        Eq(rdot, -D * overlap * across / sqrt(q2) ** 3),
        Eq(D, first * Integral(force, (Z, -oo, oo))),
        network(f, a, mj, r),
        quadratic(target, g0, g1, g2),
        density(gauss),
    )


@formula(
    "dynamics.finite_width_loss",
    numeric={"loss": WIDE.call("loss", "a", M="overlaps", Q=call("numpy.diag", v="norms"))},
    assumptions="activation erf(u/sqrt(2)), Gaussian inputs in any dimension, target of one direction; here for "
    "orthogonal neurons, whose overlaps satisfy m^2 < q",
    sources={"berthier2023": "place not checked", "derived": "closed form"},
    letters=LETTERS,
)
def finite_width_loss(loss, target, gauss, g0, g1, g2, a, mj, q):
    """Loss of a network of any width and orthogonal neurons."""
    seen = Integral(target(Z) * total(a * erf(mj * Z / sqrt(2 * (1 + q - mj**2))), POINT) * gauss(Z), (Z, -oo, oo))
    width = COUNT[POINT]
    return (
        Eq(loss, (g0**2 + g1**2 + g2**2) / 2 - seen / width + total(a**2 * asin(q / (1 + q)), POINT) / (pi * width**2)),
        quadratic(target, g0, g1, g2),
        density(gauss),
    )


@formula(
    "dynamics.one_pass_loss",
    numeric={"loss": PAIR.call("loss", Q=(("Q",),), R=(("R",),))},
    assumptions="one student, one teacher, activation erf(u/sqrt(2)), Gaussian inputs",
    sources=ONE_PASS,
    letters=LETTERS,
)
def one_pass_loss(loss, student, teacher, Q, R, TT, eta, tau2):
    """Loss of a student as a function of its overlaps."""
    return Eq(
        loss,
        (
            student**2 * asin(Q / (1 + Q))
            + teacher**2 * asin(TT / (1 + TT))
            - 2 * student * teacher * asin(R / sqrt((1 + Q) * (1 + TT)))
        )
        / pi,
    )


@formula(
    "dynamics.one_pass_flow",
    numeric={"Rdot": MOTION.field("R").entry(0).entry(0), "Qdot": MOTION.field("Q").entry(0).entry(0)},
    assumptions="one student, one teacher, activation erf(u/sqrt(2)), Gaussian inputs, step eta/d, time n/d, d to "
    "infinity",
    error="O(d^(-1/2))",
    sources=ONE_PASS,
    letters=LETTERS,
)
def one_pass_flow(Rdot, Qdot, S, student, teacher, Q, R, TT, Lambda, Omega, eta, tau2):
    """Velocities of the overlaps of a student with its teacher and with itself."""
    a, v, long = student, teacher, 1 + 2 * Q
    across = v * (TT * (1 + Q) - R**2) / sqrt(Lambda) - a * R / sqrt(long)
    along = v * R / sqrt(Lambda) - a * Q / sqrt(long)
    squares = a**2 * asin(Q / (1 + 3 * Q)) + v**2 * asin((long * TT - 2 * R**2) / Omega)
    return (
        Eq(Rdot, 2 * eta * a / (pi * (1 + Q)) * across),
        Eq(Qdot, 4 * eta * a / (pi * (1 + Q)) * along + 2 * eta**2 * a**2 / (pi * sqrt(long)) * (S + tau2)),
        Eq(S, 2 / pi * (squares - 2 * a * v * asin(R / sqrt((1 + 3 * Q) * Omega)))),
        Eq(Lambda, (1 + Q) * (1 + TT) - R**2),
        Eq(Omega, (1 + 2 * Q) * (1 + TT) - 2 * R**2),
    )


@formula(
    "dynamics.sample_exponent",
    numeric={"exponent": call("dynamics.sample_exponent", "leap")},
    assumptions="one-pass gradient descent on a polynomial of few directions; the leap of a single-index target is its "
    "information exponent",
    error="logarithms; conjectured in general, proved in cases",
    sources={"abbe2023": "place not checked", "benarous2021": "single index; place not checked"},
    letters=LETTERS,
)
def sample_exponent(exponent, leap):
    """Exponent of the dimension in the samples that one-pass descent needs."""
    return Eq(exponent, Max(leap - 1, 1))
