"""What the test distribution asks of the coefficients that were learned: covariance and target after a shift."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.linalg

from riskcalc.arguments import FloatArray, numbers, positive_part, symmetric
from riskcalc.spectrum import BLOCK
from riskcalc.theory.effective_ridge import FixedPoint
from riskcalc.theory.problem import Problem

ROUNDING = 16 * np.finfo(float).eps  # relative: targets that differ by less are the same
EXCESS = 1e-9  # relative: what a cross energy may exceed the Cauchy-Schwarz bound by


@dataclass(frozen=True)
class ShiftedSums:
    r"""At κ: ``missed`` :math:`\|\Sigma(\Sigma+\kappa)^{-1}\theta_*-\theta'\|^2_{\Sigma'}` and ``gain``
    :math:`\mathrm{Tr}\,\Sigma'\Sigma(\Sigma+\kappa)^{-2}`, with their derivatives in κ.
    """

    missed: FloatArray
    gain: FloatArray
    missed_slope: FloatArray
    gain_slope: FloatArray


@dataclass(frozen=True)
class Shift:
    r"""A change of covariance and target, one entry per eigenspace of the training covariance.

    With c = κ/(σ+κ) an eigenspace keeps (1 - c)θ_i of the target, and θ'_i less that is c ``along`` + ``moved`` in the
    direction of θ_i and ``across`` in the direction of the rest of θ'_i. ``form`` is the test covariance in these
    directions, first all of the former, then all of the latter; None if it commutes with the training covariance: then
    the numbers are in units of :math:`1/\sqrt{\sigma'_i}`. ``log_mass`` is the log of the trace of Σ' in the
    eigenspace; where the training covariance vanishes nothing is learned, and mass and ``along`` are 0.
    """

    log_sigma: FloatArray
    log_mass: FloatArray
    along: FloatArray
    moved: FloatArray
    across: FloatArray
    form: FloatArray | None = None

    @classmethod
    def between(
        cls,
        problem: Problem,
        test_problem: Problem,
        cross_energies: npt.ArrayLike | None = None,
        test_covariance: npt.ArrayLike | None = None,
    ) -> Shift:
        """The shift from one problem to another with the same eigenspaces."""
        spectrum, other = problem.spectrum, test_problem.spectrum
        m = spectrum.multiplicities
        if not np.array_equal(m, other.multiplicities):
            raise ValueError(
                "test_problem must have the entries of problem (as test_data those of data), in the same order and "
                f"with the same multiplicities, got {other.multiplicities.size} entries of {other.n_features:g} "
                f"features for {m.size} of {spectrum.n_features:g}"
            )
        seen = spectrum.log_eigenvalues > -np.inf
        unit = _root_ratio(problem, test_problem) if test_covariance is None else _root_ratio(problem, None)
        own = np.sqrt(problem.reached) * np.where(seen, unit, 0.0)
        wanted = np.sqrt(test_problem.reached)
        if test_covariance is not None:
            wanted = wanted * _root_ratio(test_problem, None)
        cosine = _cosine(problem, test_problem, cross_energies, test_covariance is not None)
        kept, across = wanted * cosine, wanted * np.sqrt((1 - cosine) * (1 + cosine))
        moved = np.where(np.abs(kept - own) <= ROUNDING * own, 0.0, kept - own)
        form, log_mass = None, other.log_masses
        if test_covariance is not None:
            form, log_mass = _form(m, test_covariance, np.sign(own + wanted) + np.sign(across))
        log_sigma, log_mass = np.where(seen, spectrum.log_eigenvalues, 0.0), np.where(seen, log_mass, -np.inf)
        return cls(log_sigma, log_mass, own, moved, across, form)

    @property
    def is_none(self) -> bool:
        """Whether the target stays the same where the training features have variance."""
        return not (self.moved[self.log_mass > -np.inf].any() or self.across.any())

    def at(self, point: FixedPoint) -> ShiftedSums:
        """The sums at the roots, in blocks."""
        kappa, log_kappa = point.kappa.ravel(), point.log_kappa.ravel()
        out = np.empty((4, kappa.size))
        in_range = self.log_sigma.min() > -600 and self.log_sigma.max() < 230
        plain = (kappa < 0) | (in_range & (kappa > 1e-90 * np.exp(self.log_sigma.max())) & (kappa < 1e90))
        step = max(1, BLOCK // self.log_sigma.size)
        for shares, given, flags in ((self._plain, kappa, plain), (self._in_logs, log_kappa, ~plain)):
            places = np.flatnonzero(flags)
            for start in range(0, places.size, step):
                at = places[start : start + step]
                c, gain, turned, gain_slope = shares(given[at, None])
                out[:, at] = *self._missed(c, turned), gain.sum(axis=1), gain_slope.sum(axis=1)
        missed, missed_slope, gain, gain_slope = out.reshape(4, *point.kappa.shape)
        return ShiftedSums(missed, gain, missed_slope, gain_slope)

    def _missed(self, c: FloatArray, turned: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Squared norm of θ' - Σ(Σ+κ)⁻¹θ, and its derivative; ``turned`` is the derivative of c ``along``."""
        left = c * self.along + self.moved
        if self.form is None:
            return (left**2).sum(axis=1) + (self.across**2).sum(), 2 * (left * turned).sum(axis=1)
        whole = np.concatenate([left, np.broadcast_to(self.across, left.shape)], axis=1)
        image = whole @ self.form
        return (image * whole).sum(axis=1), 2 * (image[:, : self.along.size] * turned).sum(axis=1)

    def _plain(self, kappa: FloatArray) -> tuple[FloatArray, ...]:
        """c, σ'mσ/(σ+κ)² and the derivatives of c ``along`` and of the second, rows of κ."""
        sigma, mass = np.exp(self.log_sigma), np.exp(self.log_mass)
        u = 1 / (sigma + kappa)
        kept = sigma * u
        return kappa * u, mass * kept * u, self.along * kept * u, -2 * mass * kept * u * u

    def _in_logs(self, log_kappa: FloatArray) -> tuple[FloatArray, ...]:
        """The same where κ or the eigenvalues are beyond a float, κ = 0 and κ = inf among them."""
        x = self.log_sigma
        with np.errstate(over="ignore", under="ignore", divide="ignore", invalid="ignore"):
            log_kept, log_c = -np.logaddexp(0, log_kappa - x), -np.logaddexp(0, x - log_kappa)
            log_gain = self.log_mass + 2 * log_kept - x
            turned = np.exp(np.log(self.along) + 2 * log_kept - x)
            return np.exp(log_c), np.exp(log_gain), turned, -2 * np.exp(log_gain + log_kept - x)


def _root_ratio(problem: Problem, test_problem: Problem | None) -> FloatArray:
    """√(σ'/σ), or √(1/σ) without a test problem; 0 where σ = 0."""
    spectrum = problem.spectrum
    with np.errstate(divide="ignore", invalid="ignore", over="ignore", under="ignore"):
        if test_problem is None:
            plain, log_top = 1 / spectrum.eigenvalues, np.zeros_like(spectrum.eigenvalues)
        else:
            plain = test_problem.spectrum.eigenvalues / spectrum.eigenvalues
            log_top = test_problem.spectrum.log_eigenvalues
        held = (spectrum.eigenvalues > 1e-290) & (plain > 1e-290) & (plain < 1e290)
        ratio = np.where(held, np.sqrt(plain), np.exp((log_top - spectrum.log_eigenvalues) / 2))
    return np.where(spectrum.log_eigenvalues > -np.inf, ratio, 0.0)


def _cosine(problem: Problem, test_problem: Problem, cross_energies: npt.ArrayLike | None, strict: bool) -> FloatArray:
    """Cosine of the angle between θ_i and θ'_i; 1 where one of them is 0."""
    size = problem.spectrum.eigenvalues.size
    if cross_energies is None:
        return np.ones(size)
    cross = numbers("cross_energies", cross_energies)
    if cross.shape != (size,):
        raise ValueError(f"cross_energies must have one entry per spectrum entry ({size}), got shape {cross.shape}")
    bound = np.sqrt(problem.reached) * np.sqrt(test_problem.reached) * _root_ratio(test_problem, problem)
    dead = (test_problem.spectrum.log_eigenvalues == -np.inf) & (not strict)  # no variance: the product does not matter
    beyond = (np.abs(cross) > bound * (1 + EXCESS)) & ~dead
    if beyond.any():
        raise ValueError(
            f"cross_energies must be between -b and b, b = sqrt(energy * test energy * eigenvalue / test eigenvalue) = "
            f"{bound[beyond][0]:g}, got {cross[beyond][0]:g}; they are σ_i times the scalar product of the two targets"
        )
    cosine = np.divide(cross, bound, out=np.ones(size), where=bound > 0)
    return np.where(np.abs(np.abs(cosine) - 1) <= ROUNDING, np.sign(cosine), np.clip(cosine, -1, 1))


def _form(
    multiplicities: FloatArray, test_covariance: npt.ArrayLike, directions: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """The test covariance along and across the targets, and the log of its trace in each eigenspace."""
    matrix = symmetric("test_covariance", test_covariance)
    positive_part("test_covariance", np.asarray(scipy.linalg.eigvalsh(matrix), dtype=np.float64))
    if not np.isfinite(multiplicities).all() or (multiplicities % 1).any():
        raise ValueError("multiplicities must be whole numbers where test_covariance has a row for each feature")
    counts = multiplicities.astype(np.intp)
    if len(matrix) != counts.sum():
        raise ValueError(
            f"test_covariance must have one row per feature ({counts.sum()}), in the order of the spectrum's entries, "
            f"got {len(matrix)}"
        )
    if (counts < directions).any():
        raise ValueError(
            "multiplicities must leave room for both targets where test_covariance is given: 1 for a target, and 2 "
            "where cross_energies say that the targets are not parallel"
        )
    first = np.cumsum(counts) - counts
    last = len(matrix) - 1  # what a row without a target is, does not matter
    rows = np.minimum(np.concatenate([first, np.where(counts > 1, first + 1, first)]), last)
    owner = np.repeat(np.arange(counts.size), counts)
    with np.errstate(divide="ignore"):
        log_mass = np.log(np.bincount(owner, np.maximum(np.diag(matrix), 0.0), minlength=counts.size))
    return matrix[np.ix_(rows, rows)], log_mass
