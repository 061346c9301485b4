"""Ridge regression: from a Problem to its Risk."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from riskcalc.arguments import FloatArray, common_shape, numbers
from riskcalc.result import Risk
from riskcalc.spectrum import BLOCK, Spectrum
from riskcalc.theory.effective_ridge import FixedPoint, fixed_point
from riskcalc.theory.nodes import Nodes
from riskcalc.theory.problem import Problem

SOURCES = ("misiakiewicz2024", "cheng2024", "hastie2022")


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
    .. [1] cheng2024 (place not checked)
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
    nodes = Nodes.of(problem.spectrum, problem.reached, n_points=math.prod(np.broadcast_shapes(n.shape, lam.shape)))
    point = fixed_point(problem.spectrum, n, lam, nodes)
    sums = sums_at(nodes, point)
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


def sums_at(nodes: Nodes, point: FixedPoint) -> Sums:
    """The sums at the roots, in blocks, with κ = 0 and κ = inf as limits."""
    kappa, log_kappa = point.kappa.ravel(), point.log_kappa.ravel()
    out = np.empty((4, kappa.size))
    step = max(1, BLOCK // max(1, nodes.sigma.size))
    lowest = 1e-140 * nodes.sigma.max(initial=1.0)  # so that (κ/σ)² and 1/κ² stay within a float
    plain = nodes.plain & (kappa > lowest) & (kappa < 1e140)
    for sums, given, flags in ((_sums, kappa, plain), (_sums_in_logs, log_kappa, ~plain)):
        places = np.flatnonzero(flags)
        for start in range(0, places.size, step):
            at = places[start : start + step]
            out[:, at] = sums(nodes, given[at])
    return Sums(*(row.reshape(point.kappa.shape) for row in out))


def _sums(nodes: Nodes, kappa: FloatArray) -> FloatArray:
    u = 1 / kappa
    c = np.multiply.outer(u, nodes.sigma)
    np.reciprocal(np.add(c, 1, out=c), out=c)
    df1 = u * (c @ nodes.mass)
    spread, df2 = (np.square(c, out=c) @ np.stack([nodes.mass, nodes.mass * nodes.sigma], axis=1)).T
    if nodes.energy_sigma is not nodes.sigma:
        c = np.multiply.outer(u, nodes.energy_sigma)
        np.square(np.reciprocal(np.add(c, 1, out=c), out=c), out=c)
    return np.stack([df1, df2 * u**2, spread * u, c @ nodes.energies])


def _sums_in_logs(nodes: Nodes, log_kappa: FloatArray) -> FloatArray:
    """The same where κ or the eigenvalues are beyond a float, κ = 0 and κ = inf among them."""
    with np.errstate(over="ignore", under="ignore", divide="ignore"):
        at = log_kappa[:, None]
        ratio = np.exp(nodes.log_sigma - at)
        c, s = 1 / (1 + ratio), 1 / (1 + 1 / ratio)
        counted = nodes.multiplicity > 0
        share = np.where(counted, nodes.multiplicity * s, np.exp(np.minimum(nodes.log_mass - at, 690)) * c)
        left = (1 / (1 + np.exp(nodes.energy_log_sigma - at))) ** 2 @ nodes.energies
        return np.stack([share.sum(axis=1), (share * s).sum(axis=1), (share * c).sum(axis=1), left])


def _hat_at_zero(spectrum: Spectrum, lam: FloatArray) -> FloatArray:
    """Limit of λ/(nκ) as n → 0: λ/(λ + Tr Σ)."""
    total = lam + spectrum.trace
    return np.divide(lam, total, out=np.zeros_like(total), where=total > 0)
