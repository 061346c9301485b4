"""Ridge regression: from a Problem to its Risk."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from riskcalc.arguments import FloatArray, common_shape, numbers
from riskcalc.result import Risk
from riskcalc.spectrum import BLOCK, Spectrum
from riskcalc.theory.effective_ridge import TINY, FixedPoint, fixed_point
from riskcalc.theory.problem import Problem

SOURCES = ("misiakiewicz2024", "cheng2022", "hastie2022")


@dataclass(frozen=True)
class Sums:
    r"""The sums at κ that every risk is made of, flat arrays.

    ``df1`` = Σ mσ/(σ+κ), ``df2`` = Σ mσ²/(σ+κ)², ``spread`` = κ Σ mσ/(σ+κ)² = df1 - df2 (a sum, not a difference), all
    without the tail, and ``left`` = κ² Σ e/(σ+κ)², the target's energy that is not learned.
    """

    df1: FloatArray
    df2: FloatArray
    spread: FloatArray
    left: FloatArray


def ridge_risk(problem: Problem, n_samples: npt.ArrayLike, ridge: npt.ArrayLike) -> Risk:
    r"""Deterministic equivalent of ridge regression.

    .. math:: \mathrm{bias} = \frac{n(B+M)}{n-\mathrm{df}_2},\quad
              \mathrm{variance} = \tau^2\frac{\mathrm{df}_2}{n-\mathrm{df}_2},\quad
              \mathrm{train} = \Big(\frac{\lambda}{n\kappa}\Big)^2\mathrm{test},\qquad
              B = \kappa^2\sum_i\frac{e_i}{(\sigma_i+\kappa)^2}

    Parameters
    ----------
    problem : Problem
    n_samples : array_like, >= 0
    ridge : array_like, >= 0
        λ of the sum objective. 0 is the minimum-norm interpolator.

    Returns
    -------
    Risk
        Fields of the broadcast shape of ``n_samples``, ``ridge`` and ``problem.noise``. At ridge 0 and n_samples equal
        to the rank: variance inf if there is noise, bias inf if there is energy outside, else 0.

    Raises
    ------
    ValueError
        If a number is outside its domain.

    Notes
    -----
    Dimension-free: relative error O(1/(n - df2)), for independent entries with enough moments; it is not valid where
    n - df2 is of order 1. The limit ridge → 0 is a case of its own.

    References
    ----------
    .. [1] cheng2022 (place not checked)
    .. [2] hastie2022 (place not checked)
    .. [3] dobriban2018 (place not checked)

    Examples
    --------
    >>> import riskcalc as rc
    >>> problem = rc.Problem(rc.Spectrum.isotropic(200), energies=[1.0], noise=0.25)
    >>> print(rc.ridge_risk(problem, n_samples=400, ridge=[1.0, 50.0]).test)
    [0.49515836 0.42539053]
    """
    n = numbers("n_samples", n_samples, at_least=0)
    lam = numbers("ridge", ridge, at_least=0)
    noise: FloatArray = np.asarray(problem.noise)
    shape = common_shape(n_samples=n, ridge=lam, noise=noise)
    point = fixed_point(problem.spectrum, n, lam)
    sums = sums_at(problem.spectrum, problem.reached, point)
    outside, tail = problem.unreached, problem.spectrum.tail
    with np.errstate(divide="ignore", invalid="ignore"):
        tail_u = np.where(tail > 0, tail / point.kappa, 0.0)
        gap = point.bare + tail_u + sums.spread  # n - df2, free of cancellation
        empty, threshold = n + 0 * gap == 0, (gap == 0) & (n > 0)
        share = np.where(empty, 1.0, n / gap)  # n / (n - df2)
        bias = np.where(threshold & (sums.left + outside == 0), 0.0, share * (sums.left + outside))
        unit = np.where(empty, 0.0, sums.df2 / gap)
        variance = np.where(noise == 0, 0.0, noise * unit)
        test = bias + variance + noise
        hat = np.where(empty, _hat_at_zero(problem.spectrum, lam), point.bare / n)
        train = np.where(hat == 0, 0.0, hat**2 * test)
    fields = {
        "test": test,
        "train": train,
        "bias": bias,
        "variance": variance,
        "noise": noise,
        "effective_ridge": point.kappa,
        "df1": np.where(empty, 0.0, sums.df1 + tail_u),
        "df2": sums.df2,
    }
    coordinates = {"n_samples": n, "ridge": lam} | ({"noise": noise} if noise.ndim else {})
    return Risk(
        **{name: np.broadcast_to(value, shape) for name, value in fields.items()},  # type: ignore[arg-type]
        coordinates=coordinates,
        route="deterministic equivalent",
        sources=SOURCES,
    )


def sums_at(spectrum: Spectrum, energies: FloatArray, point: FixedPoint) -> Sums:
    """The sums at the roots, in blocks, with κ = 0 and κ = inf as limits."""
    flat, log_flat = point.kappa.ravel(), point.log_kappa.ravel()
    out = np.empty((4, flat.size))
    kept = spectrum.log_eigenvalues > -np.inf
    for part, rows in _blocks(flat.size, spectrum.eigenvalues.size):
        at = log_flat[part]
        direct = bool(np.all((flat[part] > TINY) & np.isfinite(flat[part]))) and bool(
            np.all(spectrum.eigenvalues[kept] > TINY)
        )
        rows[:] = _direct(spectrum, energies, flat[part]) if direct else _in_logs(spectrum, energies, at)
        out[:, part] = rows
    return Sums(*(row.reshape(point.kappa.shape) for row in out))


def _blocks(n_points: int, n_entries: int) -> Iterator[tuple[slice, FloatArray]]:
    step = max(1, BLOCK // n_entries)
    for start in range(0, n_points, step):
        size = min(step, n_points - start)
        yield slice(start, start + size), np.empty((4, size))


def _direct(spectrum: Spectrum, energies: FloatArray, kappa: FloatArray) -> FloatArray:
    u = 1 / kappa
    mass = spectrum.masses
    weights = np.stack([mass, mass * spectrum.eigenvalues, energies], axis=1)
    c = 1 / (1 + u[:, None] * spectrum.eigenvalues)
    df1 = u * (c @ mass)
    spread, df2, left = (np.square(c, out=c) @ weights).T
    return np.stack([df1, df2 * u**2, spread * u, left])


def _in_logs(spectrum: Spectrum, energies: FloatArray, log_kappa: FloatArray) -> FloatArray:
    with np.errstate(over="ignore", under="ignore", invalid="ignore", divide="ignore"):
        log_x = spectrum.log_eigenvalues - log_kappa[:, None]
        log_x = np.where(np.isnan(log_x), -np.inf, log_x)  # a zero eigenvalue at κ = 0
        c = 1 / (1 + np.exp(log_x))
        s = 1 / (1 + np.exp(-log_x))
        finite = np.isfinite(spectrum.multiplicities)
        open_mass = np.exp(np.minimum(spectrum.log_masses - log_kappa[:, None], 700)) * c
        share = np.where(finite, np.where(finite, spectrum.multiplicities, 0.0) * s, open_mass)
        share = np.where(log_x == -np.inf, 0.0, share)
        return np.stack([share.sum(1), (share * s).sum(1), (share * c).sum(1), c**2 @ energies])


def _hat_at_zero(spectrum: Spectrum, lam: FloatArray) -> FloatArray:
    """Limit of λ/(nκ) as n → 0: λ/(λ + Tr Σ)."""
    total = lam + spectrum.trace
    return np.divide(lam, total, out=np.zeros_like(total), where=total > 0)
