# mypy: allow-untyped-defs, allow-untyped-calls, allow-untyped-decorators
"""Spectral laws of sample covariances: Marchenko and Pastur, any population, spikes (lecture 2)."""

from sympy import Abs, Eq, Max, Symbol, atan, binomial, im, pi, sqrt

from riskcalc.statements.call import call
from riskcalc.statements.formula import formula
from riskcalc.statements.letters import Letter
from riskcalc.statements.linear import SPECTRUM
from riskcalc.statements.writing import total

LETTERS = {
    "s": Letter("variance", "s", "variance of each feature", "> 0"),
    "x": Letter("x", "x", "sample eigenvalue, of the continuous part", "> 0", (0.9, 1.4)),
    "f": Letter("density", "f", "density of the sample eigenvalues"),
    "F": Letter("cdf", "F", "distribution function of the sample eigenvalues"),
    "a": Letter("lower_edge", "a", "lower edge of the continuous part"),
    "b": Letter("upper_edge", "b", "upper edge of the continuous part"),
    "atom": Letter("atom", r"\mu_0", "mass of the sample eigenvalue zero"),
    "z": Letter("z", "z", "a negative number; minus the ridge per sample", "< 0", (-3, -0.2)),
    "stieltjes": Letter("stieltjes", r"\mathfrak{m}", "Stieltjes transform at z: the mean of 1/(x - z)"),
    "k": Letter("order", "k", "order of the moment", ">= 1, whole", (1, 6)),
    "moment": Letter("moment", "M_k", "moment of order k of the sample eigenvalues"),
    "inverse": Letter("inverse_moment", "M_{-1}", "mean inverse sample eigenvalue"),
    "root": Letter(
        "root", r"\kappa", "complex effective regularisation, the root with negative imaginary part", "complex"
    ),
    "edge": Letter("edge", "b", "upper edge of the continuous part"),
    "edge_root": Letter("edge_root", r"\kappa_b", "the root below minus the largest eigenvalue", "< 0"),
    "p": Letter("n_features", "p", "number of features", "> 0"),
    "w": Letter(
        "multiplicities", "m", "multiplicities of the eigenvalues, which add up to p", "> 0", (8, 40), "i", 1.0
    ),
    "ell": Letter("eigenvalue", r"\ell", "population eigenvalue of the spike", "> 0", (9, 15)),
    "location": Letter("location", r"\psi", "sample eigenvalue of the spike"),
    "slope": Letter("location_slope", r"\psi'", "slope of the location; the spike is detached where it is positive"),
    "overlap": Letter("overlap", r"\omega", "squared overlap of sample and population eigenvector"),
    "white": Letter("eigenvalue", r"\ell", "population eigenvalue of the spike, above 1 + sqrt(gamma)", "> 0", (3, 9)),
    "n2": Letter("n_samples", "n", "number of training samples", "> 0", (20, 60)),
    "lam2": Letter("ridge", r"\lambda", "ridge penalty of the sum objective", "> 0", (0.5, 30)),
    "p2": Letter("n_features", "p", "number of features", "> 0", (10, 100)),
}

LAW = call("MarchenkoPastur", "aspect_ratio", "variance")
GENERAL = call("SpectralLaw", "aspect_ratio", spectrum=SPECTRUM)
SPIKE = call("spike", "aspect_ratio", "eigenvalue", spectrum=SPECTRUM)
WHITE = call("spike", "aspect_ratio", "eigenvalue", spectrum=call("Spectrum.isotropic", n_features=1))
PROPORTIONAL = "independent entries of unit variance; features and samples in proportion"
MARCHENKO = {"marchenko1967": "place not checked"}
BULK = {"marchenko1967": "place not checked", "silverstein1995": "place not checked"}
SPIKES = {"bbp2005": "place not checked", "baiksilverstein2006": "place not checked", "paul2007": "place not checked"}
INDEX = Symbol("j", integer=True)


def edges(a, b, s, gamma):
    """Ends of the continuous part."""
    return Eq(a, s * (1 - sqrt(gamma)) ** 2), Eq(b, s * (1 + sqrt(gamma)) ** 2)


@formula(
    "marchenko_pastur.density",
    numeric={
        "f": LAW.call("pdf", _x="x"),
        "a": LAW.field("support").entry(0).entry(0),
        "b": LAW.field("support").entry(0).entry(1),
        "atom": LAW.field("atom"),
    },
    assumptions=PROPORTIONAL,
    error="O(1/n) in distribution",
    sources=MARCHENKO,
    letters=LETTERS,
)
def marchenko_pastur_density(f, x, s, gamma, a, b, atom):
    """Law of Marchenko and Pastur: density, edges and atom."""
    return (
        Eq(f, sqrt((b - x) * (x - a)) / (2 * pi * gamma * s * x)),
        *edges(a, b, s, gamma),
        Eq(atom, Max(0, 1 - 1 / gamma)),
    )


@formula(
    "marchenko_pastur.cdf",
    numeric={"F": LAW.call("cdf", _x="x")},
    assumptions=PROPORTIONAL,
    error="O(1/n)",
    sources=MARCHENKO | {"derived": "the closed form"},
    letters=LETTERS,
)
def marchenko_pastur_cdf(F, x, s, gamma, a, b):
    """Distribution function of the law of Marchenko and Pastur."""
    bracket = (
        sqrt((x - a) * (b - x)) / s
        + 2 * (1 + gamma) * atan(sqrt((x - a) / (b - x)))
        - 2 * Abs(1 - gamma) * atan(sqrt(b * (x - a) / (a * (b - x))))
    )
    return Eq(F, Max(0, 1 - 1 / gamma) + bracket / (2 * pi * gamma)), *edges(a, b, s, gamma)


@formula(
    "marchenko_pastur.stieltjes",
    numeric={"stieltjes": LAW.call("stieltjes", _z="z")},
    assumptions=PROPORTIONAL,
    error="O(1/n)",
    sources=MARCHENKO,
    letters=LETTERS,
)
def marchenko_pastur_stieltjes(stieltjes, z, s, gamma):
    """Stieltjes transform of the law of Marchenko and Pastur."""
    return Eq(gamma * s * z * stieltjes**2 + (z - s * (1 - gamma)) * stieltjes, -1)


@formula(
    "marchenko_pastur.moment",
    numeric={"moment": LAW.call("moment", _k="order")},
    assumptions=PROPORTIONAL,
    error="O(1/n)",
    sources=MARCHENKO,
    letters=LETTERS,
)
def marchenko_pastur_moment(moment, k, s, gamma):
    """Moments of the law of Marchenko and Pastur."""
    term = gamma**INDEX / (INDEX + 1) * binomial(k, INDEX) * binomial(k - 1, INDEX)
    return Eq(moment, s**k * total(term, INDEX, 0, k - 1))


@formula(
    "marchenko_pastur.inverse_moment",
    numeric={"inverse": LAW.call("moment", _k=-1)},
    assumptions=PROPORTIONAL + "; fewer features than samples",
    error="O(1/n)",
    sources=MARCHENKO,
    letters=LETTERS,
    typical={"gamma": (0.1, 0.9)},
)
def marchenko_pastur_inverse(inverse, s, gamma):
    """Mean inverse eigenvalue of the law of Marchenko and Pastur."""
    return Eq(inverse, 1 / (s * (1 - gamma)))


@formula(
    "marchenko_pastur.effective_ridge",
    numeric={
        "kappa": call("effective_ridge", "n_samples", "ridge", spectrum=call("Spectrum.isotropic", "n_features")),
    },
    assumptions="isotropic features of variance 1; at ridge 0 the root is the positive part of gamma - 1",
    sources={"hastie2022": "isotropic case; place not checked"},
    letters=LETTERS,
)
def isotropic_effective_ridge(kappa, n2, lam2, p2):
    """Effective regularisation for isotropic features."""
    b = 1 - (p2 + lam2) / n2
    return (
        Eq(kappa**2 + b * kappa, lam2 / n2),
        Eq(kappa, (sqrt(b**2 + 4 * lam2 / n2) - b) / 2),
    )


@formula(
    "spectral_law.density",
    numeric={"f": GENERAL.call("pdf", _x="x")},
    assumptions=PROPORTIONAL + "; the root with negative imaginary part",
    error="O(1/n) in distribution",
    sources=BULK,
    letters=LETTERS,
    typical={"gamma": (0.9, 1.1)},
)
def spectral_law_density(f, x, gamma, root, p, sigma, w):
    """Density of the sample eigenvalues for any population spectrum."""
    return (
        Eq(f, im(1 / root) / (pi * gamma)),
        Eq(x, root * (gamma / p * total(w * sigma / (sigma + root)) - 1)),
        Eq(p, total(w)),
    )


@formula(
    "spectral_law.stieltjes",
    numeric={"stieltjes": GENERAL.call("stieltjes", _z="z")},
    assumptions=PROPORTIONAL + "; at a negative z the root is the effective regularisation of the ridge -n z",
    error="O(1/n)",
    sources=BULK,
    letters=LETTERS,
)
def spectral_law_stieltjes(stieltjes, z, gamma, kappa, p, sigma, w):
    """Stieltjes transform of the sample eigenvalues for any population spectrum."""
    return (
        Eq(stieltjes, -kappa / (z * p) * total(w / (sigma + kappa))),
        Eq(z, kappa * (gamma / p * total(w * sigma / (sigma + kappa)) - 1)),
        Eq(p, total(w)),
    )


@formula(
    "spectral_law.edge",
    numeric={"edge": GENERAL.field("support").entry(-1).entry(1)},
    assumptions=PROPORTIONAL + "; the other edges are the images of the other real roots",
    error="the largest sample eigenvalue is at a distance of order n^(-2/3)",
    sources={"silversteinchoi1995": "place not checked"},
    letters=LETTERS,
)
def spectral_law_edge(edge, gamma, edge_root, p, sigma, w):
    """Upper edge of the sample eigenvalues."""
    return (
        Eq(edge, edge_root * (gamma / p * total(w * sigma / (sigma + edge_root)) - 1)),
        Eq(gamma / p * total(w * sigma**2 / (sigma + edge_root) ** 2), 1),
        Eq(p, total(w)),
    )


@formula(
    "spike.location",
    numeric={"location": SPIKE.field("location"), "overlap": SPIKE.field("overlap")},
    assumptions=PROPORTIONAL
    + "; a population eigenvalue outside the bulk, of bounded multiplicity, where the slope is "
    "positive",
    error="O(n^(-1/2)), near the threshold n^(-1/3)",
    sources=SPIKES,
    letters=LETTERS,
)
def spike_location(location, overlap, slope, ell, gamma, p, sigma, w):
    """Sample eigenvalue of a spike, and the overlap of its eigenvector."""
    return (
        Eq(location, ell * (1 + gamma / p * total(w * sigma / (ell - sigma)))),
        Eq(overlap, ell * slope / location),
        Eq(slope, 1 - gamma / p * total(w * sigma**2 / (ell - sigma) ** 2)),
        Eq(p, total(w)),
    )


@formula(
    "spike.isotropic",
    numeric={"location": WHITE.field("location"), "overlap": WHITE.field("overlap")},
    assumptions=PROPORTIONAL + "; bulk of variance 1, spike above 1 + sqrt(gamma)",
    error="O(n^(-1/2)), near the threshold n^(-1/3)",
    sources=SPIKES,
    letters=LETTERS,
)
def spike_isotropic(location, overlap, white, gamma):
    """Sample eigenvalue of a spike over an isotropic bulk, its overlap, and back."""
    back = location + 1 - gamma
    return (
        Eq(location, white * (1 + gamma / (white - 1))),
        Eq(overlap, (1 - gamma / (white - 1) ** 2) / (1 + gamma / (white - 1))),
        Eq(white, (back + sqrt(back**2 - 4 * location)) / 2),
    )
