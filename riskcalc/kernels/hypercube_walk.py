r"""Masses on the hypercube from Taylor coefficients: Ehrenfest's urn.

Multiplication by t moves mass from degree k to k+1 with probability (d-k)/d and to k-1 with probability k/d, so that
:math:`m_k = \sum_j a_j \Pr(S_j = k)`. What a slowly decaying series leaves over after many steps sits at t = ±1:

.. math:: m_k \leftarrow m_k + 2^{-d}\binom dk\left[\delta(1) + (-1)^k\delta(-1)\right], \qquad
          \delta(t) = h(t) - \sum_{j \le M} a_j t^j

(derived; between the ends the rest is smaller by (1-2/d)^M).
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from riskcalc.arguments import FloatArray
from riskcalc.kernels.masses import Masses, added, positive, summed
from riskcalc.kernels.power_series import PowerSeries, logarithm
from riskcalc.kernels.sphere_walk import converged, cut_errors

Profile = Callable[[FloatArray], FloatArray]
FEWEST, DIRECT = 64, 4096
LOG_TINY, NEGLIGIBLE = math.log(np.finfo(float).tiny), 1e-18
DENSE = 128  # up to this size of the urn whole blocks of steps are products of matrices
STEPS_PER_INPUT = 18  # (1-2/d)^(18 d) = 2e-16


def hypercube_masses(series: PowerSeries, profile: Profile, log_multiplicities: FloatArray, n_inputs: int) -> Masses:
    """Masses of the degrees 0, 1, ..., one per multiplicity; ``profile`` is h, asked for at ±1 where that counts."""
    top = log_multiplicities.size - 1
    if log_probability_of_climbing(n_inputs, top) < LOG_TINY:
        raise ValueError(
            f"max_degree must be smaller on the hypercube with n_inputs={n_inputs}, got {top}: 1/d^k underflows"
        )
    n_terms, most = top + FEWEST, top + max(FEWEST, STEPS_PER_INPUT * n_inputs)
    if series.degree < math.inf:
        n_terms = most = int(series.degree) + 1
    elif series.decay is not None and most <= DIRECT:
        n_terms = most  # a slow series is not done before
    while True:
        masses, settled = _sums(series, walk_probabilities(n_inputs, top, n_terms), n_inputs)
        if n_terms >= most or settled:
            break
        n_terms = min(2 * n_terms, most)
    if series.degree == math.inf and not settled:
        return added(masses, positive(_ends(series.logs(n_terms), profile, log_multiplicities, n_inputs)))
    return masses


def _sums(series: PowerSeries, walk: FloatArray, n_inputs: int) -> tuple[Masses, bool]:
    """Σ_j a_j Pr(S_j = k), and whether the last terms no longer count; as floats where they can hold all terms."""
    n_terms = walk.shape[1]
    logs = series.logs(n_terms)
    if series.signs is None and series.error is None:
        smallest, largest = logs.min(initial=math.inf, where=logs > -np.inf), logs.max()
        if smallest - largest + log_probability_of_climbing(n_inputs, len(walk) - 1) > LOG_TINY:
            coefficients = np.exp(logs - max(largest, smallest))
            sums = walk @ coefficients
            last = (walk[:, -8:] * coefficients[-8:]).max(axis=1)
            return positive(logarithm(sums) + largest), bool((n_terms * last <= NEGLIGIBLE * sums).all())
    log_walk = logarithm(walk)
    terms = logs + log_walk
    signs = None if series.signs is None else np.broadcast_to(series.signs(n_terms), terms.shape)
    errors = None if series.error is None else cut_errors(series, series.error(n_terms) + log_walk, log_walk)
    return summed(terms, signs, errors), converged(terms)


def walk_probabilities(n_inputs: int, max_degree: int, n_terms: int) -> FloatArray:
    """Pr(S_j = k), shape (degrees 0 ... max_degree, steps 0 ... n_terms - 1); all sums are of positive terms."""
    size = min(n_inputs, (n_terms + max_degree) // 2 + 1) + 1  # what climbs higher does not come back in time
    k = np.arange(size)
    up, down = (n_inputs - k[:-1]) / n_inputs, k[1:] / n_inputs
    start = np.zeros(size)
    start[0] = 1.0
    shown = min(size, max_degree + 1)
    out = np.zeros((max_degree + 1, n_terms))
    if size <= DENSE:
        _by_blocks(np.diag(up, -1) + np.diag(down, 1), start, out[:shown])
    else:
        _by_steps(up, down, start, out[:shown])
    return out


def _by_steps(up: FloatArray, down: FloatArray, probability: FloatArray, out: FloatArray) -> None:
    for step in range(out.shape[1]):
        out[:, step] = probability[: len(out)]
        moved = np.zeros_like(probability)
        moved[1:] = probability[:-1] * up
        moved[:-1] += probability[1:] * down
        probability = moved


def _by_blocks(transition: FloatArray, probability: FloatArray, out: FloatArray) -> None:
    """The first steps by doubling, then as many at a time."""
    block, power = probability[:, None], transition
    while block.shape[1] < min(DENSE, out.shape[1]):
        block = np.hstack([block, power @ block])
        power = power @ power
    for first in range(0, out.shape[1], block.shape[1]):
        last = min(first + block.shape[1], out.shape[1])
        out[:, first:last] = block[: len(out), : last - first]
        block = power @ block


def log_probability_of_climbing(n_inputs: int, degree: int) -> float:
    """Log Pr(S_k = k)."""
    return float(np.log1p(-np.arange(degree) / n_inputs).sum())


def _ends(logs: FloatArray, profile: Profile, log_multiplicities: FloatArray, n_inputs: int) -> FloatArray:
    """Log of 2^-d C(d, k) [δ(1) + (-1)^k δ(-1)]."""
    coefficients, ends = np.exp(logs), profile(np.array([1.0, -1.0]))
    even, odd = coefficients[::2].sum(), coefficients[1::2].sum()
    left = np.array([ends[0] + ends[1] - 2 * even, ends[0] - ends[1] - 2 * odd]).clip(0)  # δ(1) ± δ(-1)
    left[[logs[-2:][(index + logs.size) % 2] == -np.inf for index in (0, 1)]] = 0.0  # a parity that is absent stays so
    parity = np.arange(log_multiplicities.size) % 2
    return np.asarray(logarithm(left)[parity] + log_multiplicities - n_inputs * math.log(2.0))
