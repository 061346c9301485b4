"""Effective ranks, and the orders of magnitude and inequalities that are made of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from riskcalc.arguments import FloatArray, common_shape, instance, numbers
from riskcalc.infinite_spectra import EXACT, Exponential, Family, SpectrumNodes, family_of, tail_sum
from riskcalc.spectrum import SPECTRUM_HINT, Spectrum
from riskcalc.theory.problem import PROBLEM_HINT, Problem


@dataclass(frozen=True, eq=False)
class EffectiveRanks:
    """The two effective ranks; arrays of one shape.

    Parameters
    ----------
    r : ndarray
        (λ + sum of the eigenvalues after the k largest) over the next one, >= 1.
    R : ndarray
        The squared numerator over the sum of squares; r <= R <= r² at ridge 0.

    References
    ----------
    .. [1] bartlett2020 (definition of the effective ranks; place not checked)

    Examples
    --------
    >>> import riskcalc as rc
    >>> print(rc.effective_ranks(rc.Spectrum.isotropic(50), k=0).R)
    50.0
    """

    r: FloatArray
    R: FloatArray


def effective_ranks(spectrum: Spectrum, k: npt.ArrayLike, ridge: npt.ArrayLike = 0) -> EffectiveRanks:
    r"""Effective ranks of what is left after the k largest eigenvalues.

    .. math:: r_k = \frac{\lambda+\sum_{i>k}\sigma_i}{\sigma_{k+1}},\qquad
              R_k = \frac{(\lambda+\sum_{i>k}\sigma_i)^2}{\sum_{i>k}\sigma_i^2}

    Parameters
    ----------
    spectrum : Spectrum
        Eigenvalues in any order; each counts with its multiplicity.
    k : array_like, >= 0 and below the rank
        Counts or ratios; broadcasts against ``ridge``. Part of a multiplicity may be taken.
    ridge : array_like, >= 0
        λ of the sum objective.

    Returns
    -------
    EffectiveRanks
        ``.r`` and ``.R``, of the broadcast shape. Both are inf where only a tail is left, whose eigenvalues are
        infinitesimal, and where the ridge is inf.

    Raises
    ------
    ValueError
        If k is not below the rank, or beyond what the nodes of an infinite spectrum resolve.

    Notes
    -----
    At ridge 0, r_k >= 1 and r_k <= R_k <= r_k². The infinite spectra of ``Spectrum.power_law``, ``.logarithmic`` and
    ``.exponential`` are recognised and summed at any k without truncation, to 1e-12. Of other infinite spectra the
    entries are taken for eigenvalues, those of infinite multiplicity for a tail that is never reached.

    References
    ----------
    .. [1] bartlett2020 (definition of the effective ranks; place not checked)
    .. [2] tsigler2023 (with a ridge; place not checked)

    Examples
    --------
    >>> import riskcalc as rc
    >>> ranks = rc.effective_ranks(rc.Spectrum.exponential(1.0), k=[0, 10**6])
    >>> print(ranks.r.round(6), ranks.R.round(6))
    [1.581977 1.581977] [2.163953 2.163953]
    """
    instance("spectrum", spectrum, Spectrum, SPECTRUM_HINT)
    k_array, lam = numbers("k", k, at_least=0), numbers("ridge", ridge, at_least=0, finite=False)
    shape = common_shape(k=k_array, ridge=lam)
    k_array = np.broadcast_to(k_array, shape)
    family = family_of(SpectrumNodes(spectrum.log_eigenvalues, spectrum.log_masses, spectrum.multiplicities))
    if family is None or spectrum.tail > 0:
        log_next, first, second = _left_over(spectrum, k_array)
    else:
        log_next, first, second = _left_over_of_family(family, spectrum, k_array)
    with np.errstate(over="ignore", divide="ignore", invalid="ignore", under="ignore"):
        r = np.where(lam > 0, np.exp(np.log(lam) - log_next), 0.0) + first
        R = np.where(np.isinf(r), np.inf, r * r / second)
    return EffectiveRanks(r, np.asarray(R))


def _left_over(spectrum: Spectrum, k: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Log σ_{k+1}, Σσ/σ_{k+1} and Σσ²/σ_{k+1}² of what is left; -inf, inf and 1 if that is only the tail."""
    order = np.argsort(-spectrum.log_eigenvalues, kind="stable")
    kept = spectrum.log_masses[order] > -np.inf
    x, log_mass = spectrum.log_eigenvalues[order][kept], spectrum.log_masses[order][kept]
    ends = np.cumsum(spectrum.multiplicities[order][kept])
    if spectrum.tail == 0 and (k >= ends[-1:].max(initial=0.0)).any():
        raise ValueError(f"k must be below the rank {spectrum.rank:g}, got {k.max():g}; nothing would be left")
    if (bad := k >= ends[np.isfinite(ends)].max(initial=0.0)).any() and np.isinf(ends).any():
        raise ValueError(
            f"k must be below {ends[np.isfinite(ends)].max(initial=0.0):g}, where the nodes of this infinite spectrum "
            f"end, got {k[bad].min():g}"
        )
    at = np.searchsorted(ends, k, side="right")
    with np.errstate(divide="ignore", under="ignore"):
        x, log_tail = np.append(x, -np.inf), np.log(spectrum.tail)
        after = np.logaddexp.accumulate(np.append(log_mass, log_tail)[::-1])[::-1]
        squares = np.logaddexp.accumulate(np.append(log_mass + x[:-1], -np.inf)[::-1])[::-1]
        partly = np.append(ends, np.inf)[at] - k  # what is left of the eigenvalue's multiplicity
        only_tail = at == ends.size
        log_next = np.where(only_tail, 0.0, x[at])
        first = partly + np.exp(np.append(after, -np.inf)[at + 1] - log_next)
        second = partly + np.exp(np.append(squares, -np.inf)[at + 1] - 2 * log_next)
    return x[at], np.where(only_tail, np.inf, first), np.where(only_tail, 1.0, second)


def _left_over_of_family(
    family: Family, spectrum: Spectrum, k: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """The same at any k: the entries up to index 248 are the eigenvalues, and the law's own sums serve beyond."""
    whole = np.floor(k)
    partly = 1 - (k - whole)
    log_next = family.log_sigma(whole + 1)
    if isinstance(family, Exponential):
        left = [-1 / np.expm1(-power * family.rate) for power in (1, 2)]
        return log_next, partly + left[0] - 1, partly + left[1] - 1
    near, far = whole < EXACT, np.maximum(whole + 1, EXACT + 1)
    _, first, second = _left_over(spectrum, np.where(near, k, 0.0))
    sums = [partly - 1 + tail_sum(family, far, power) for power in (1, 2)]
    return log_next, np.where(near, first, sums[0]), np.where(near, second, sums[1])


@dataclass(frozen=True, eq=False)
class BenignBounds:
    """Orders of magnitude, constants unspecified: never predictions.

    Parameters
    ----------
    split : ndarray
        k*; inf if there is none.
    bias, variance : ndarray
        Right up to unspecified constants; inf where k* is (no bound).
    """

    split: FloatArray
    bias: FloatArray
    variance: FloatArray


def benign_bounds(
    problem: Problem, n_samples: npt.ArrayLike, ridge: npt.ArrayLike = 0, factor: float = 1
) -> BenignBounds:
    r"""Order of magnitude, constants unspecified, of bias and variance by the effective ranks.

    .. math:: k_* = \min\{k\ge0: r_k \ge bn\},\quad
              \mathrm{variance} \asymp \tau^2\Big(\frac{k_*}n+\frac n{R_{k_*}}\Big),\quad
              \mathrm{bias} \asymp \sum_{i>k_*}e_i +
              \Big(\frac{\lambda+\sum_{i>k_*}\sigma_i}n\Big)^2\sum_{i\le k_*}\frac{e_i}{\sigma_i^2}

    Parameters
    ----------
    problem : Problem
        Energy outside counts as unexplained, with the bias.
    n_samples : array_like, > 0
    ridge : array_like, >= 0
        λ of the sum objective; broadcasts against ``n_samples`` and the noise.
    factor : float, > 0
        b.

    Returns
    -------
    BenignBounds
        ``.split`` k*, ``.bias`` and ``.variance`` of the broadcast shape. Not predictions: those are ``ridge_risk``.

    Raises
    ------
    ValueError
        If a number is outside its domain.

    Notes
    -----
    The spectrum's entries are taken for eigenvalues, so that for an infinite spectrum k* beyond 248 is right to the
    spacing of the nodes. An eigenvalue that is repeated is never split: r_k falls while its copies are removed.

    References
    ----------
    .. [1] bartlett2020 (variance; place not checked)
    .. [2] tsigler2023 (bias, and the ridge; place not checked)

    Examples
    --------
    >>> import riskcalc as rc
    >>> spectrum = rc.Spectrum.from_eigenvalues([1.0, 0.001], multiplicities=[5, 10000])
    >>> problem = rc.Problem(spectrum, energies=[1.0, 0.0], noise=1.0)
    >>> bounds = rc.theory.benign_bounds(problem, n_samples=100)
    >>> print(bounds.split, bounds.variance.round(3), rc.ridge_risk(problem, 100, 0).variance.round(3))
    5.0 0.06 0.053
    """
    instance("problem", problem, Problem, PROBLEM_HINT)
    n, lam = numbers("n_samples", n_samples, above=0), numbers("ridge", ridge, at_least=0)
    b, noise = numbers("factor", factor, above=0, ndim=0), np.asarray(problem.noise)
    shape = common_shape(n_samples=n, ridge=lam, noise=noise)
    spectrum, energies = problem.spectrum, problem.reached
    order = np.argsort(-spectrum.log_eigenvalues, kind="stable")
    order = order[(spectrum.multiplicities[order] < np.inf) & (spectrum.log_masses[order] > -np.inf)]
    sigma, mass, e = spectrum.eigenvalues[order], spectrum.masses[order], energies[order]
    starts = np.concatenate([[0.0], np.cumsum(spectrum.multiplicities[order])])
    rest = np.append(np.cumsum(mass[::-1])[::-1], 0.0) + (spectrum.trace - mass.sum())
    squares = np.append(np.cumsum((mass * sigma)[::-1])[::-1], 0.0)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        total = lam[..., None] + rest
        large = (total >= b * n[..., None] * np.append(sigma, 0.0)) & (total > 0)
        at, none = np.argmax(large, axis=-1), ~large.any(axis=-1)
        left = np.take_along_axis(np.broadcast_to(total, large.shape), at[..., None], axis=-1)[..., 0]
        explained = np.append(0.0, np.cumsum(e / sigma**2))[at]
        beyond = energies.sum() - np.append(0.0, np.cumsum(e))[at] + problem.unreached
        variance = noise * (starts[at] / n + n * squares[at] / left**2)
        bias = np.maximum(beyond, 0.0) + (left / n) ** 2 * explained
    fields = [np.where(none, np.inf, field) for field in (starts[at], bias, variance)]
    return BenignBounds(*(np.broadcast_to(field, shape) for field in fields))


@dataclass(frozen=True, eq=False)
class Interval:
    """Rigorous bounds, arrays of one shape.

    Parameters
    ----------
    lower, upper : ndarray
    """

    lower: FloatArray
    upper: FloatArray


def df2_bounds(spectrum: Spectrum, kappa: npt.ArrayLike) -> Interval:
    r"""Exact two-sided inequality for the degrees of freedom df2, by counting eigenvalues.

    .. math:: \tfrac14\,N \le \mathrm{df}_2(\kappa) \le N,\qquad
              N = \#\{\sigma_i\ge\kappa\} + \kappa^{-2}\sum_{\sigma_i<\kappa}\sigma_i^2

    Parameters
    ----------
    spectrum : Spectrum
    kappa : array_like, > 0
        Units of the eigenvalues.

    Returns
    -------
    Interval
        ``.lower`` and ``.upper``, shape of ``kappa``.

    Raises
    ------
    ValueError
        If ``kappa`` is not positive.

    Notes
    -----
    Both sides follow term by term from min(1, x)²/4 <= (x/(1+x))² <= min(1, x)², x = σ/κ.

    References
    ----------
    .. [1] derived

    Examples
    --------
    >>> import riskcalc as rc
    >>> spectrum = rc.Spectrum.isotropic(200)
    >>> bounds = rc.theory.df2_bounds(spectrum, 1.0)
    >>> print(bounds.lower, spectrum.df2(1.0), bounds.upper)
    50.0 50.0 200.0
    """
    instance("spectrum", spectrum, Spectrum, SPECTRUM_HINT)
    at = numbers("kappa", kappa, above=0)[..., None]
    sigma = spectrum.eigenvalues
    with np.errstate(over="ignore", under="ignore"):
        terms = spectrum.masses / np.maximum(sigma, at) * np.minimum(sigma / at, 1.0)
    upper = np.asarray(terms.sum(axis=-1))
    return Interval(upper / 4, upper)
