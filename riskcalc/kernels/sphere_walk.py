r"""Masses on the sphere from Taylor coefficients: a walk on degrees.

Multiplication by t moves mass from degree k to k+1 with probability (k+d-2)/(2k+d-2) and to k-1 otherwise, so that

.. math:: m_k = \sum_i a_{k+2i}\,W_{k,i}, \qquad W_{k,i} = \Pr(S_{k+2i} = k), \qquad
          \frac{W_{k,i+1}}{W_{k,i}} = \frac{(k+2i+2)(k+2i+1)}{4(i+1)(i+k+d/2)}

(derived; the ratio is Rodrigues' formula). All terms are positive where the coefficients are.
"""

from __future__ import annotations

import functools
import math
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from riskcalc.arguments import FloatArray
from riskcalc.kernels.closing import closing_terms, end_weights
from riskcalc.kernels.masses import Masses, joined, log_sums, summed
from riskcalc.kernels.power_series import FIT_FROM, PowerSeries

FEWEST, DIRECT, MOST = 32, 640, 1 << 20  # terms of a row
BLOCK = 1 << 20  # entries of a block of rows
NEGLIGIBLE = math.log(1e-18)


def sphere_masses(series: PowerSeries, n_inputs: int, max_degree: int) -> Masses:
    """Masses of the degrees 0, ..., max_degree."""
    series = replace(series, logs=functools.cache(series.logs))  # asked for several times below
    n_terms = _enough(series, n_inputs, max_degree)
    while n_terms <= MOST:
        rows = max(1, BLOCK // n_terms)
        starts = range(0, max_degree + 1, rows)
        degrees = (np.arange(start, min(start + rows, max_degree + 1), dtype=np.float64) for start in starts)
        blocks = [_block(series, n_inputs, k, n_terms) for k in degrees]
        if None not in blocks:
            return joined([block for block in blocks if block is not None])
        n_terms *= 2
    raise ValueError(f"the Taylor series of the kernel must converge within {MOST} terms; take a smoother kernel")


def log_walk(degrees: FloatArray, n_inputs: int, n_terms: int) -> FloatArray:
    """Log W_{k,i}, shape (degrees, terms)."""
    k, i, d = degrees[:, None], np.arange(n_terms - 1.0), n_inputs
    below = np.arange(1.0, max(2.0, degrees[-1]))
    up = np.concatenate(([0.0, 0.0], np.cumsum(np.log((below + d - 2) / (2 * below + d - 2)))))  # from 0 always up
    walk = np.empty((degrees.size, n_terms))
    walk[:, 0] = up[degrees.astype(int)]
    j = k + 2 * i
    np.cumsum(np.log((j + 2) * (j + 1) / (4 * (i + 1) * (i + k + d / 2))), axis=1, out=walk[:, 1:])
    walk[:, 1:] += walk[:, :1]
    return walk


def _enough(series: PowerSeries, n_inputs: int, max_degree: int) -> int:
    """Terms a row: all of a polynomial, those before an algebraic tail is closed, or until the rest is negligible."""
    if series.degree < math.inf:
        return int(series.degree) // 2 + 1
    last = _closes_at(series, n_inputs, max_degree)
    if last <= DIRECT:
        return last
    n_terms, rows = (
        FEWEST if series.decay is None else 2 * FEWEST,
        np.unique([0.0, min(1, max_degree), max(0, max_degree - 1), max_degree]),
    )
    while n_terms < last:
        logs = series.logs(max_degree + 2 * n_terms)
        if converged(logs[_index(rows, n_terms)] + log_walk(rows, n_inputs, n_terms)):
            return n_terms
        n_terms *= 2
    return last


def _closes_at(series: PowerSeries, n_inputs: int, max_degree: int) -> int:
    """Where log W changes by at most 1/10 a term, so that Gregory's eight weights leave 1e-13 of the last terms.

    The law of the coefficients is read off the last nineteen twentieths of them: there they must have settled.
    """
    if series.decay is None:
        return MOST
    return int(max(256, 5 * (n_inputs + 2 * series.decay), 2.5 * max_degree, FIT_FROM / 2 * series.settled))


def _index(degrees: FloatArray, n_terms: int) -> npt.NDArray[np.intp]:
    """Indices j = k + 2i, shape (degrees, terms)."""
    return degrees.astype(np.intp)[:, None] + 2 * np.arange(n_terms)


def _block(series: PowerSeries, n_inputs: int, degrees: FloatArray, n_terms: int) -> Masses | None:
    """Masses of some degrees, or None if the rows have not converged."""
    logs, index = series.logs(int(degrees[-1]) + 2 * n_terms), _index(degrees, n_terms)
    walk = log_walk(degrees, n_inputs, n_terms)
    terms = logs[index] + walk
    if not (series.degree < math.inf or converged(terms)):
        if series.decay is None:
            return None
        beyond = closing_terms(logs, series.decay, walk[:, -1], degrees, n_inputs, n_terms)
        terms = np.hstack([terms + end_weights(n_terms), beyond])
    signs = None if series.signs is None else series.signs(logs.size)[index]
    errors = None if series.error is None else cut_errors(series, series.error(logs.size)[index] + walk, walk)
    return summed(terms, signs, errors)


def converged(terms: FloatArray) -> bool:
    """Whether the last terms of each row, as many times over as there are terms, do not count."""
    largest = terms.max(axis=1)
    return bool(
        ((terms[:, -8:].max(axis=1) + math.log(terms.shape[1]) <= largest + NEGLIGIBLE) | (largest == -np.inf)).all()
    )


def cut_errors(series: PowerSeries, terms: FloatArray, walk: FloatArray) -> FloatArray:
    """Log errors of the rows: those of the coefficients, and what the cut left over at the walk's last value."""
    falling, errors = walk[:, -1] < walk.max(axis=1), log_sums(terms)
    rest = series.log_rest + np.where(falling, walk[:, -8:].max(axis=1), 0.0)
    return np.where(errors > -np.inf, np.logaddexp(errors, rest), -np.inf)  # a parity that is absent stays so
