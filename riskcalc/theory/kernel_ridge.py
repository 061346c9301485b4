"""Kernel ridge regression on the sphere and the hypercube: ridge regression on the kernel's spectrum by degree."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from riskcalc.arguments import FloatArray, choice, numbers
from riskcalc.kernels.cyclic import Cyclic
from riskcalc.result import Risk
from riskcalc.spectrum import Spectrum
from riskcalc.theory.effective_ridge import fixed_point
from riskcalc.theory.kernel_reduction import Inputs, Tail, kernel_problem, tail_of, underflows
from riskcalc.theory.problem import Problem
from riskcalc.theory.ridge import ridge_risk

CLOSURES = ("ridge", "atom")
WARN_ABOVE = 1e-2
FEW, FEW_INVARIANT = 100, 40  # n below which the train error, and every error of an invariant kernel, are off
INTERPOLATING = 0.5  # λ/(nκ), the square root of train over test
SOURCES = ("misiakiewicz2024", "mei2022", "canatar2021")


def kernel_ridge_risk(
    data: Inputs, estimator: Any, n_samples: npt.ArrayLike, tail: str = "ridge", max_degree: int | None = None
) -> Risk:
    r"""The risk, with the share :math:`s_k` that is learned of each degree and a bound on what the cut at K costs.

    .. math:: n - \frac\lambda\kappa = \sum_{k\le K} B_ks_k + \frac{s_1}\kappa,\qquad s_k = \frac{\xi_k}{\xi_k+\kappa},
              \qquad s_1 = h(1) - \sum_{k\le K} m_k

    (``tail="ridge"``; ``"atom"`` puts one eigenvalue in place of the tail). The train error is that of the bare λ.
    """
    choice("tail", tail, CLOSURES)
    n_samples = numbers("n_samples", n_samples, at_least=0)
    problem = kernel_problem(data, estimator.kernel, max_degree)
    beyond = tail_of(data, estimator.kernel, problem.spectrum)
    refuse_underflow(data, problem, n_samples, estimator.ridge)
    atom = with_atom(problem, beyond)
    if tail == "atom":
        refuse_atom(atom, n_samples, estimator.ridge)
    risk = ridge_risk(atom if tail == "atom" else problem, n_samples, estimator.ridge)
    with np.errstate(divide="ignore"):
        log_kappa = np.log(np.asarray(risk.effective_ridge))
    bound = truncation(problem, atom, beyond, n_samples, estimator.ridge, risk.test)
    return replace(
        risk,
        truncation=bound,
        learned=learned(problem, log_kappa),
        sources=SOURCES,
        notes=risk.notes + truncation_notes(bound) + few_samples(risk, estimator),
    )


def with_atom(problem: Problem, tail: Tail) -> Problem:
    r"""The tail as one eigenvalue :math:`\bar\xi = s_2/s_1` of multiplicity :math:`s_1/\bar\xi`, without energy."""
    if tail.trace == 0:
        return problem
    spectrum = problem.spectrum
    log_mean, log_trace = math.log(tail.mean), math.log(tail.trace)
    closed = Spectrum(
        np.append(spectrum.eigenvalues, tail.mean),
        np.append(spectrum.log_eigenvalues, log_mean),
        np.append(spectrum.log_masses, log_trace),
        np.append(spectrum.multiplicities, math.exp(log_trace - log_mean)),
    )
    return Problem(closed, np.append(problem.energies, 0.0), problem.noise, problem.outside_energy)


def learned(problem: Problem, log_kappa: FloatArray) -> FloatArray:
    """ξ/(ξ+κ), one row per point; at κ = 0 it is 1 where there is an eigenvalue."""
    log_xi = problem.spectrum.log_eigenvalues
    with np.errstate(invalid="ignore", over="ignore", under="ignore"):
        share = 1 / (1 + np.exp(log_kappa[..., None] - log_xi))
    return np.where(log_xi > -np.inf, share, 0.0)


def truncation(
    problem: Problem, atom: Problem, tail: Tail, n_samples: npt.ArrayLike, ridge: npt.ArrayLike, test: FloatArray
) -> FloatArray:
    r"""How far the test error may be from that of the whole spectrum, as a share of it.

    By Jensen :math:`\kappa_{\rm atom}\le\kappa\le\kappa_{\rm ridge}`. With N(κ) the error that is not learned, which
    grows with κ, and df2, which falls,

    .. math:: \frac{N(\kappa_{\rm atom})}{1-\mathrm{df}_2(\kappa_{\rm ridge})/n} \le \mathrm{test} \le
              \frac{N(\kappa_{\rm ridge})}{1-[\mathrm{df}_2(\kappa_{\rm atom})+s_2/\kappa_{\rm atom}^2]/n}

    where energy beyond K counts as :math:`(1+\xi_{\max}/\kappa)^{-2}` of it below and in full above. inf where the
    atom's κ is 0, so that it bounds nothing.
    """
    if tail.trace == 0:
        return np.zeros(test.shape)
    return share_of(test, *bounds(problem, atom, tail, n_samples, n_samples, ridge))


def bounds(
    problem: Problem, atom: Problem, tail: Tail, fitted: npt.ArrayLike, n_samples: npt.ArrayLike, ridge: npt.ArrayLike
) -> tuple[FloatArray, FloatArray]:
    """The two bounds of the test error on n samples at the κ of as many as are fitted."""
    n, noise = np.asarray(n_samples, dtype=np.float64), np.asarray(problem.noise)
    low, high = (fixed_point(p.spectrum, fitted, ridge).log_kappa for p in (atom, problem))
    with np.errstate(divide="ignore", invalid="ignore", over="ignore", under="ignore"):
        unlearned = problem.outside_energy / np.square(1 + np.exp(math.log(tail.largest) - low))
        least = (_left(problem, low) + unlearned + noise) / _room(problem, high, n, -np.inf)
        most = _left(problem, high) + problem.outside_energy + noise
        room = _room(problem, low, n, math.log(tail.mean) + math.log(tail.trace))
        most = np.where((room > 0) & (low > -np.inf), most / np.maximum(room, 0.0), np.inf)
    return np.asarray(least), np.asarray(most)


def share_of(test: FloatArray, least: FloatArray, most: FloatArray) -> FloatArray:
    """The larger of the distances to both bounds, as a share of the test error."""
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.maximum(most - test, test - least) / test
    return np.broadcast_to(np.where(test > 0, np.maximum(share, 0.0), 0.0), test.shape)


def mean_bound(size: npt.ArrayLike, one: FloatArray, pair: FloatArray) -> FloatArray:
    """Of an ensemble: one/M + (1 - 1/M) pair, from bounds of one member and of the cross term of two."""
    share = 1 / np.asarray(size, dtype=np.float64)
    with np.errstate(invalid="ignore"):
        return np.asarray(np.where(share > 0, one * share, 0.0) + np.where(share < 1, pair * (1 - share), 0.0))


def _left(problem: Problem, log_kappa: FloatArray) -> FloatArray:
    """Σ e (1-s)²."""
    return np.asarray(((1 - learned(problem, log_kappa)) ** 2) @ np.asarray(problem.energies))


def _room(problem: Problem, log_kappa: FloatArray, n: FloatArray, log_square: float) -> FloatArray:
    """1 - [df2(κ) + s_2/κ²]/n with B s² = m s/(ξ+κ); 1 for no samples."""
    spectrum = problem.spectrum
    counts = np.exp(spectrum.log_masses - np.logaddexp(spectrum.log_eigenvalues, log_kappa[..., None]))
    counts = np.where(spectrum.log_masses > -np.inf, counts, 0.0)
    df2 = (counts * learned(problem, log_kappa)).sum(axis=-1) + np.exp(log_square - 2 * log_kappa)
    return np.where(n > 0, 1 - df2 / n, 1.0)


def refuse_underflow(data: Inputs, problem: Problem, n_samples: npt.ArrayLike, ridge: npt.ArrayLike) -> None:
    """Beyond the degrees whose masses a float can hold κ is not known, and the rank is not theirs."""
    rank = problem.spectrum.rank
    many = (np.asarray(ridge) == 0) & (np.asarray(n_samples) >= rank)
    if many.any() and underflows(problem.spectrum, data.n_inputs, data.domain):
        raise ValueError(
            f"n_samples must be below {rank:g} at ridge 0, got up to {np.max(n_samples):g}: the eigenvalues of "
            "the degrees from there on underflow; give a ridge"
        )


def refuse_atom(atom: Problem, n_samples: npt.ArrayLike, ridge: npt.ArrayLike) -> None:
    """Ridgeless from the rank of the resolved degrees and the atom on, which the whole kernel does not have."""
    rank = atom.spectrum.rank
    if ((np.asarray(ridge) == 0) & (np.asarray(n_samples) >= rank)).any() and np.isfinite(rank):
        raise ValueError(
            f'tail must be "ridge" where ridge is 0 and n_samples at least the rank {rank:.4g} of the degrees that are '
            f"resolved and the atom, got n_samples up to {np.max(n_samples):g}"
        )


def truncation_notes(bound: FloatArray) -> tuple[str, ...]:
    """Where the degrees that are resolved leave the test error open."""
    worst = float(bound.max(initial=0.0))
    if worst <= WARN_ABOVE:
        return ()
    if worst == math.inf:
        return ("the degrees that are resolved give no upper bound of the test error: see truncation",)
    return (f"the degrees that are resolved leave the test error uncertain by up to {worst:.2g} of it",)


def few_samples(risk: Risk, estimator: Any) -> tuple[str, ...]:
    """What holds only from some number of samples on, found by simulation."""
    n, ridge = np.asarray(risk.coordinates["n_samples"]), np.asarray(estimator.ridge)
    notes = []
    with np.errstate(divide="ignore", invalid="ignore"):
        share = ridge / (n * np.asarray(risk.effective_ridge))
    if ((n > 0) & (n < FEW) & (share > 0) & (share < INTERPOLATING)).any():
        notes.append(f"below {FEW} samples the train error of an almost interpolating fit may be off by 10 % or more")
    if isinstance(estimator.kernel, Cyclic) and ((n > 0) & (n < FEW_INVARIANT)).any():
        notes.append(f"below {FEW_INVARIANT} samples the error of an invariant kernel may be 10 % too low or more")
    return tuple(notes)
