"""Masses of the degrees with their errors; what cannot be a kernel, or is lost in rounding, is refused."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from riskcalc.arguments import FloatArray
from riskcalc.harmonics import up_probability

RESOLVED = np.log(1e-6)  # a mass must be known to six digits
EPS = float(np.finfo(float).eps)


@dataclass(frozen=True)
class Masses:
    """log|m_k| and sign of m_k for k = 0, 1, ..., and log of the absolute error beyond rounding (-inf if none).

    ``exact_zeros`` says that a mass within its error is 0 (the cancellation of a polynomial's coefficients).
    """

    logs: FloatArray
    signs: FloatArray
    log_errors: FloatArray
    exact_zeros: bool = False

    def checked(self, kernel: str, n_inputs: int, domain: str) -> FloatArray:
        """Log m_k; ValueError if one is negative beyond its error, or not known to six digits."""
        within = self.logs <= self.log_errors + np.log(2.0)
        negative = (self.signs < 0) & ~within
        if negative.any():
            degree = int(np.argmax(negative))
            raise ValueError(
                f"kernel must be positive definite, got {kernel} with the mass {-np.exp(self.logs[degree]):.3g} at "
                f"degree {degree} on the {domain} with n_inputs={n_inputs}; add a kernel that makes it positive"
            )
        if self.exact_zeros:
            return np.where(within, -np.inf, self.logs)
        lost = self._lost
        between = lost & within & (np.arange(lost.size) < np.flatnonzero(~lost).max(initial=-1))
        if (lost & ~between).any():
            degree = int(np.argmax(lost & ~between))
            raise ValueError(_lost(kernel, n_inputs, domain, degree, self.logs.size - 1))
        return np.where(between, -np.inf, self.logs)

    @property
    def _lost(self) -> npt.NDArray[np.bool_]:
        """Which masses are not known to six digits."""
        return np.asarray((self.log_errors > self.logs + RESOLVED) & (self.log_errors > -np.inf))

    @property
    def n_resolved(self) -> int:
        """How many of the first masses are known to six digits (or are exactly 0)."""
        if self.exact_zeros:
            return self.logs.size
        return int(np.argmax(self._lost)) if self._lost.any() else self.logs.size

    def doubt(self) -> tuple[int, float]:
        """How many masses are not resolved, and the largest relative error (its log) of those that are."""
        n = self.n_resolved
        present = self.logs[:n] > -np.inf
        errors = self.log_errors[:n][present] - self.logs[:n][present]
        return self.logs.size - n, float(errors.max(initial=-np.inf))

    def scaled(self, log_factor: float) -> Masses:
        """Masses of a multiple of the kernel."""
        return replace(self, logs=self.logs + log_factor, log_errors=self.log_errors + log_factor)


def _lost(kernel: str, n_inputs: int, domain: str, degree: int, asked: int) -> str:
    way = (
        f"the largest safe degree is {degree - 1}; what lies beyond goes into the tail"
        if degree > 0
        else "no degree is safe: a smoother function is needed"
    )
    return (
        f"max_degree must be <= {degree - 1} for {kernel} on the {domain} with n_inputs={n_inputs}, got {asked}: "
        f"beyond, the masses are lost in rounding; {way}"
    )


def positive(logs: FloatArray) -> Masses:
    """Masses that are right to rounding."""
    return Masses(logs, np.ones_like(logs), np.full_like(logs, -np.inf))


def log_sums(terms: FloatArray, signs: FloatArray | float = 1.0) -> FloatArray:
    """log|Σ| of each row of terms given by their logarithms."""
    return _log_signed_sums(terms, signs)[0]


def summed(terms: FloatArray, signs: FloatArray | None = None, log_errors: FloatArray | None = None) -> Masses:
    """Masses that are the sums of rows of terms given by their logarithms; terms of both signs lose digits."""
    if signs is None:
        logs = log_sums(terms)
        return Masses(logs, np.ones_like(logs), np.full_like(logs, -np.inf) if log_errors is None else log_errors)
    logs, sign = _log_signed_sums(terms, signs)
    return Masses(logs, sign, log_sums(terms) + np.log(8 * EPS), exact_zeros=True)


def joined(blocks: list[Masses]) -> Masses:
    """Masses of consecutive degrees."""
    parts = ([getattr(block, name) for block in blocks] for name in ("logs", "signs", "log_errors"))
    logs, signs, errors = map(np.concatenate, parts)
    return Masses(logs, signs, errors, blocks[0].exact_zeros)


def _log_signed_sums(terms: FloatArray, signs: FloatArray | float) -> tuple[FloatArray, FloatArray]:
    largest = terms.max(axis=1)
    scale = np.where(largest > -np.inf, largest, 0.0)
    with np.errstate(under="ignore", divide="ignore"):
        total = (signs * np.exp(terms - scale[:, None])).sum(axis=1)
        return np.log(np.abs(total)) + scale, np.sign(total)


def added(first: Masses, second: Masses) -> Masses:
    """Masses of the sum of two kernels."""
    pairs = np.stack([first.logs, second.logs], axis=1)
    logs, signs = _log_signed_sums(pairs, np.stack([first.signs, second.signs], axis=1))
    errors = np.logaddexp(first.log_errors, second.log_errors)
    return Masses(logs, signs, errors, all(m.exact_zeros or (m.log_errors == -np.inf).all() for m in (first, second)))


def times_t(masses: Masses, n_inputs: int, domain: str) -> Masses:
    """Masses of t h(t), one degree fewer: m_k = p_(k-1) m_(k-1) + (1 - p_(k+1)) m_(k+1)."""
    size = masses.logs.size
    with np.errstate(divide="ignore"):
        up = np.log(up_probability(n_inputs, np.arange(size), domain))
        down = np.log1p(-up_probability(n_inputs, np.arange(size), domain))

    def moved(logs: FloatArray) -> FloatArray:
        risen = np.concatenate([[-np.inf], (up + logs)[:-1]])
        fallen = np.concatenate([(down + logs)[1:], [-np.inf]])
        return np.asarray(np.logaddexp(risen, fallen))

    logs = moved(masses.logs)
    keep = slice(size if domain == "hypercube" and size == n_inputs + 1 else size - 1)
    return Masses(logs[keep], np.ones_like(logs[keep]), moved(masses.log_errors)[keep])
