r"""A rigorous radius of every number of ``ridge_risk``: how far rounding, iteration and compression can have moved it.

**Sums.** Each term is positive, made by at most 16 operations, and goes through at most K additions in whatever order;
K is the number of terms, or with groups an eighth of it and 8. So a sum is right up to a factor exp(±ε),
ε = (K + 16) u, u = 2^-53. With sums in logarithms of size L, ε grows by 50 L u. Compression adds its own bound
(``compression_bound``).

**Root.** As a function of s = log u = -log κ the equation :math:`h = \lambda u + \sum m\sigma u/(1+\sigma u) = n` has
the derivative :math:`d = n-\mathrm{df}_2 = \lambda/\kappa + \kappa\sum m\sigma/(\sigma+\kappa)^2`, every term of which
changes by no more than exp(±t) when s moves by t. Hence :math:`|h(s)-n| \ge d\,(1-e^{-|s-s_*|})`, and

.. math:: |\log\kappa-\log\kappa_*| \le \delta = -\log\Big(1-\frac{|h-n|}{d}\Big).

The computed residual is off by ε n, which near n = rank is larger than d. There, if nothing was compressed, the N
eigenvalues above κ are counted,
:math:`h-n = (N-n) - \sum_{\sigma>\kappa}m\kappa/(\sigma+\kappa) + \sum_{\sigma\le\kappa}m\sigma/(\sigma+\kappa)
+ \lambda/\kappa`; the sums are at most 2d, so that δ stays of order ε however small d is.

**Fields.** With κ each sum moves by a power of it between two known exponents, df2 between κ^-2 and κ^0. Fields are
products, quotients and sums of positive terms, in which logarithms of errors and exponents add up, or the wider
prevails: the formulas of ``ridge_fields`` are evaluated once more, on these numbers in place of the sums.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from riskcalc.arguments import FloatArray
from riskcalc.result import Risk
from riskcalc.spectrum import BLOCK
from riskcalc.theory.compression_bound import UNIT, compression_bounds
from riskcalc.theory.effective_ridge import FixedPoint
from riskcalc.theory.finite_size.power_sums import Solution
from riskcalc.theory.newton import NO_SAMPLES
from riskcalc.theory.nodes import Nodes
from riskcalc.theory.problem import Problem
from riskcalc.theory.ridge import ridge_fields
from riskcalc.theory.sums import Sums, held, roundings

SMALL, LARGE = 1e-230, 1e230  # beyond which products on the way may have left the range of a float
LEAST = 1e-306  # κ from which it is no subnormal number
RAW = 1e-280
OPERATIONS = 16  # on each term of a sum, its additions aside
EXPONENTS = {  # of κ, between which the sum lies when κ moves
    "df1": (-1, 0), "df2": (-2, 0), "spread": (-1, 1), "trace": (-2, 0),
    "left": (0, 2), "norm": (-2, 0), "far": (0, 2),
}  # fmt: skip


@dataclass(frozen=True)
class Error:
    """Bound on the logarithm of a number over its exact value at κ, and exponents of κ between which that lies."""

    rounding: Any = 0.0
    lowest: float = 0.0
    highest: float = 0.0

    def __add__(self, other: Error) -> Error:
        rounding = np.maximum(self.rounding, other.rounding) + 1.01 * UNIT
        return Error(rounding, min(self.lowest, other.lowest), max(self.highest, other.highest))

    def __mul__(self, other: Error) -> Error:
        rounding = self.rounding + other.rounding + 1.01 * UNIT
        return Error(rounding, self.lowest + other.lowest, self.highest + other.highest)

    def __truediv__(self, other: Error) -> Error:
        rounding = self.rounding + other.rounding + 1.01 * UNIT
        return Error(rounding, self.lowest - other.highest, self.highest - other.lowest)

    def radius(self, delta: FloatArray) -> FloatArray:
        """Relative, for κ within exp(±delta)."""
        return np.asarray(np.expm1((self.rounding + max(-self.lowest, self.highest) * delta) * (1 + 1e-12)))


def certified(solution: Solution, lam: FloatArray, risk: Risk) -> tuple[dict[str, FloatArray], tuple[str, ...]]:
    """Relative radius of each field, inf where none is certified, and a sentence on where and why."""
    problem, nodes, point, sums = solution.problem, solution.nodes, solution.point, solution.sums
    shape = point.kappa.shape
    n, lam = np.broadcast_to(solution.n, shape), np.broadcast_to(lam, shape)
    allowed, why = _allowed(problem, n, lam, point)
    errors = _errors_of_sums(problem, nodes, point)
    gap = point.bare + sums.spread
    allowed &= (gap > SMALL) & (gap < LARGE) & (sums.trace < LARGE)
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):  # sums times 1/κ² did not underflow before
        kept = (sums.trace * point.kappa**2 > RAW) & (sums.df2 * point.kappa**2 > RAW)
    plain = held(nodes, point.kappa)
    allowed &= kept | ~plain | (nodes.sigma.size == 0)
    with np.errstate(over="ignore", under="ignore", divide="ignore", invalid="ignore"):
        delta = _distance(solution, n, errors)
        delta = np.where(allowed & (delta < 1), delta, np.inf)
        outcomes: dict[str, Error] = ridge_fields(Error(), Error(), errors["outside"], errors["bare"], _Named(errors))
        log_kappa = Error(errors["kappa"].rounding, -1, 1)
        radii = {name: error.radius(delta) for name, error in (outcomes | {"effective_ridge": log_kappa}).items()}
    radii = _where_floats_hold(problem, point, plain, sums, risk, radii)
    unsound = ~np.isfinite(radii["test"])
    notes = (f"no radius at {int(unsound.sum())} of {unsound.size} points: {why}",) if unsound.any() else ()
    return radii | {"noise": np.zeros_like(risk.test)}, notes


class _Named:
    """Errors by attribute, as ``ridge_fields`` reads its sums."""

    def __init__(self, errors: dict[str, Error]) -> None:
        self.__dict__.update(errors)


def _allowed(problem: Problem, n: FloatArray, lam: FloatArray, point: FixedPoint) -> tuple[npt.NDArray[np.bool_], str]:
    """Where the proof applies, and a sentence that says where it does not."""
    spectrum = problem.spectrum
    why = (
        "it is proved for n_samples > 0, 0 <= ridge < inf, away from n_samples = rank at ridge 0, and numbers between "
        f"{SMALL:g} and {LARGE:g}"
    )
    if np.isinf(spectrum.multiplicities).any():
        return np.zeros(n.shape, dtype=np.bool_), "nodes of infinite spectra have an error of their own; " + why
    exact = problem.spectrum.rank == np.inf or not (Nodes.of(spectrum).counts[:, 1]).any()
    regular = (lam >= 0) & (lam < np.inf) & (n >= NO_SAMPLES)
    rooted = (point.kappa > LEAST) & (point.kappa < LARGE)
    return regular & (rooted | ((point.kappa == 0) & (lam == 0) & (n > spectrum.rank) & exact)), why


def _errors_of_sums(problem: Problem, nodes: Nodes, point: FixedPoint) -> dict[str, Error]:
    """Of the sums at the root that was found, of λ/κ, of κ and of the energy outside."""
    spectrum, positive = problem.spectrum, point.kappa[(point.kappa > LEAST) & (point.kappa < LARGE)]
    ends = np.log([positive.min(), positive.max()]) if positive.size else np.zeros(2)
    compression = compression_bounds(Nodes.of(spectrum, problem.reached), nodes, *ends)
    logs = np.concatenate([ends, *map(_finite_logs, (nodes.sigma, nodes.mass, nodes.multiplicity, nodes.energies))])
    plain = held(nodes, point.kappa)
    in_logs: Any = 0.0 if plain.all() else np.where(plain, 0.0, 50 * (1 + np.abs(logs).max()) * UNIT)
    steps = OPERATIONS + (6 if spectrum.tail > 0 else 0)
    errors = {"bare": Error(in_logs + 1.01 * UNIT, -1, -1), "kappa": Error(in_logs)}
    for name, exponents in EXPONENTS.items():
        size = nodes.energies.size if name in ("left", "norm", "far") else nodes.mass.size
        bound = -np.log1p(-min(compression["trace" if name == "spread" else name], 0.5))
        bound = bound if bound < 0.5 else np.inf
        errors[name] = Error(1.01 * (roundings(size) + steps) * UNIT + bound + in_logs, *exponents)
    hidden = np.asarray(problem.energies)[spectrum.log_eigenvalues == -np.inf]
    return errors | {"outside": Error((hidden.size + 1) * UNIT if hidden.any() else 0.0)}


def _finite_logs(values: FloatArray) -> FloatArray:
    return np.log(values[(values > 0) & (values < np.inf)])


def _distance(solution: Solution, n: FloatArray, errors: dict[str, Error]) -> FloatArray:
    """Bound δ on the distance of log κ from the root."""
    spectrum, nodes, point, sums = solution.problem.spectrum, solution.nodes, solution.point, solution.sums
    total = point.bare + sums.df1
    doubt = np.expm1(np.maximum(errors["df1"].rounding, errors["bare"].rounding)) * total + 4 * UNIT * total
    residual = np.asarray(np.abs(total - n) + doubt)
    gap = point.bare + sums.spread
    if nodes.sigma.size == np.count_nonzero(spectrum.log_eigenvalues > -np.inf):  # not compressed
        near = (gap < 0.1 * n) & (point.kappa > LEAST) & (point.kappa < LARGE)
        rounding = np.broadcast_to(errors["df1"].rounding, n.shape)[near]
        linear = point.bare[near] + spectrum.tail / point.kappa[near]
        residual[near] = _counted_residual(nodes, n[near], linear, point.log_kappa[near], point.kappa[near], rounding)
    quotient = residual / gap * np.exp(np.maximum(errors["spread"].rounding, errors["bare"].rounding) + 2 * UNIT)
    delta = -np.log1p(-np.minimum(quotient, 0.9))
    return np.where(point.kappa == 0, 0.0, np.where(quotient < 0.9, delta, np.inf))


def _counted_residual(
    nodes: Nodes, n: FloatArray, linear: FloatArray, log_kappa: FloatArray, kappa: FloatArray, rounding: FloatArray
) -> FloatArray:
    """|h - n| and its own error, with the eigenvalues above κ counted."""
    out, step = np.empty_like(n), max(1, BLOCK // max(1, nodes.sigma.size))
    plain, rest_error = held(nodes, kappa), nodes.sigma.size * UNIT * np.abs(nodes.counts[:, 1]).sum()
    for start in range(0, n.size, step):
        at = slice(start, start + step)
        by_logs = np.exp(np.minimum(nodes.log_sigma - log_kappa[at, None], 690))
        x = np.where(plain[at, None], np.minimum(nodes.sigma / kappa[at, None], 1e300), by_logs)
        large = x > 1
        above = np.where(large, nodes.multiplicity / (1 + x), 0.0).sum(axis=1)
        below = np.where(large, 0.0, nodes.multiplicity * x / (1 + x)).sum(axis=1) + linear[at]
        whole, rest = (large.astype(np.float64) @ nodes.counts).T
        missing = (n[at] - whole) - rest
        doubt = np.expm1(rounding[at]) * (above + below) + 4 * UNIT * (above + below + np.abs(missing))
        out[at] = np.abs((below - above) - missing) + doubt + rest_error + UNIT * np.abs(n[at] - whole)
    return out


def _where_floats_hold(
    problem: Problem,
    point: FixedPoint,
    held_here: npt.NDArray[np.bool_],
    sums: Sums,
    risk: Risk,
    radii: dict[str, FloatArray],
) -> dict[str, FloatArray]:
    """The radii where nothing underflowed on the way, 0 at zeros that are exact, and inf elsewhere."""
    kappa, noise, outside = point.kappa, np.asarray(problem.noise), problem.unreached
    at_zero, ridgeless = kappa == 0, point.bare == 0
    left_zero = at_zero | (not problem.reached.any())
    unexplained = outside + noise == 0
    silent = left_zero & unexplained
    empty = problem.spectrum.rank == 0
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        norm_held = (sums.norm * kappa**2 > RAW) | ~held_here | left_zero
    zeros = {
        "test": silent, "gcv": silent, "train": silent | ridgeless, "bias": left_zero & (outside == 0),
        "variance": (noise == 0) | empty, "df1": empty, "df2": empty,
        "norm_squared": silent & (not problem.reached.any()), "estimation": silent,
        "in_sample": unexplained & (left_zero | ridgeless), "effective_ridge": at_zero,
    }  # fmt: skip
    sound = (sums.left + outside + noise > SMALL) | silent
    need = dict.fromkeys(("test", "gcv", "train", "estimation", "in_sample"), sound)
    need |= {"norm_squared": sound & norm_held, "bias": sums.left + outside > SMALL}
    out = {}
    for name, radius in radii.items():
        value = getattr(risk, name)
        least = LEAST if name == "effective_ridge" else SMALL
        certain = (value > least) & (value < LARGE) & need.get(name, True)
        found = np.where(certain, radius, np.inf)
        exact = (value == 0) & zeros[name] & np.isfinite(radii["effective_ridge"])
        out[name] = np.broadcast_to(np.where(exact, 0.0, found), risk.test.shape)
    return out
