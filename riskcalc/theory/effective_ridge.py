"""The fixed point of every deterministic equivalent: the only place where a scalar equation is solved."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from riskcalc.arguments import FloatArray, common_shape, instance, numbers
from riskcalc.spectrum import SPECTRUM_HINT, Spectrum
from riskcalc.theory.newton import NO_SAMPLES, negative_root, refuse_below_limit, solve
from riskcalc.theory.nodes import TINY, Nodes


@dataclass(frozen=True)
class FixedPoint:
    """Root κ of the equation, its logarithm (kept when κ underflows), and λ/κ by cases; all of one shape."""

    kappa: FloatArray
    log_kappa: FloatArray
    bare: FloatArray


def effective_ridge(spectrum: Spectrum, n_samples: npt.ArrayLike, ridge: npt.ArrayLike) -> FloatArray:
    r"""Effective regularisation κ of ridge regression.

    .. math:: n - \frac{\lambda}{\kappa} = \mathrm{Tr}\,\Sigma(\Sigma+\kappa)^{-1}

    Parameters
    ----------
    spectrum : Spectrum
        Of the covariance Σ; a tail adds to the ridge.
    n_samples : array_like, >= 0
        Counts or ratios (then multiplicities and ridge are ratios too).
    ridge : array_like, > ridge_lower_limit(spectrum, n_samples)
        λ of the sum objective; broadcasts against ``n_samples``. It may be negative down to n_samples times the
        smallest positive sample eigenvalue, less than 0 by the theory; inf is legal.

    Returns
    -------
    ndarray
        Broadcast shape of ``n_samples`` and ``ridge``; units of the eigenvalues. 0 if ridge is 0 and n_samples is at
        least the rank; inf if n_samples is 0 or ridge inf; negative if ridge is and n_samples exceeds the rank. What is
        below 1e-308 underflows to 0: see ``log_effective_ridge``.

    Raises
    ------
    ValueError
        If a number is outside its domain.
    NotConvergedError
        If the iteration stalls (not seen).

    Notes
    -----
    Solved in u = 1/κ, where the equation is increasing and concave, so that Newton's iteration from
    n/(λ + Tr Σ) rises monotonically to the root. Relative error below 3e-15, also near n = rank, where eigenvalues are
    counted and not summed so that nothing cancels. Where ridges below 1e-290 n or above 1e200, or eigenvalues beyond
    1e-260 or 1e100, need it, the unknown is log κ, and the error about 1e-16 times its size. A mean objective has the
    ridge λ/n.

    References
    ----------
    .. [1] cheng2024 (definition of the effective regularisation; place not checked)
    .. [2] derived (the iteration)

    Examples
    --------
    >>> import riskcalc as rc
    >>> rc.effective_ridge(rc.Spectrum.isotropic(200), n_samples=400, ridge=[0.001, 1.0, 50.0])
    array([4.99997500e-06, 4.97536826e-03, 2.12695265e-01])
    """
    return fixed_point(spectrum, n_samples, ridge).kappa


def log_effective_ridge(spectrum: Spectrum, n_samples: npt.ArrayLike, ridge: npt.ArrayLike) -> FloatArray:
    r"""Natural logarithm of the effective regularisation, where κ itself underflows.

    .. math:: \log\kappa, \qquad n - \lambda/\kappa = \mathrm{Tr}\,\Sigma(\Sigma+\kappa)^{-1}

    Parameters
    ----------
    spectrum : Spectrum
    n_samples : array_like, >= 0
    ridge : array_like, >= 0

    Returns
    -------
    ndarray
        Broadcast shape; -inf where κ is exactly 0.

    Raises
    ------
    ValueError
        If a number is outside its domain.

    References
    ----------
    .. [1] cheng2024 (place not checked)

    Examples
    --------
    >>> import numpy as np
    >>> import riskcalc as rc
    >>> spectrum = rc.Spectrum.from_log_eigenvalues(-np.arange(1.0, 2001.0))  # exponential decay, far below 1e-308
    >>> print(rc.log_effective_ridge(spectrum, n_samples=1000, ridge=0).round(6))
    -1000.5
    """
    point = fixed_point(spectrum, n_samples, ridge)
    if (point.kappa < 0).any():
        raise ValueError("ridge must be >= 0 where n_samples exceeds the rank, where κ is negative and has no log")
    return point.log_kappa


def fixed_point(
    spectrum: Spectrum, n_samples: npt.ArrayLike, ridge: npt.ArrayLike, nodes: Nodes | None = None
) -> FixedPoint:
    """Root of n - λ/κ = df1(κ) with its exact cases; ``nodes`` if the spectrum's have been made already."""
    n = numbers("n_samples", n_samples, at_least=0)
    lam = numbers("ridge", ridge, above=-np.inf, finite=False)
    shape = common_shape(n_samples=n, ridge=lam)
    n, lam = np.broadcast_to(n, shape).ravel(), np.broadcast_to(lam, shape).ravel()
    n = np.where(n < NO_SAMPLES, 0.0, n)
    nodes = nodes or Nodes.of(instance("spectrum", spectrum, Spectrum, SPECTRUM_HINT), n_points=n.size)
    rank = spectrum.rank
    empty, zero = (n == 0) | (lam == np.inf), (lam == 0) & (n >= rank)
    below = (lam < 0) & (n > rank) & ~empty
    refuse_below_limit(n[(lam < 0) & (n == rank)], lam[(lam < 0) & (n == rank)])
    solvable = ~(empty | zero | below)
    kappa, log_kappa = np.where(empty, np.inf, 0.0), np.where(empty, np.inf, -np.inf)
    bare = np.where(zero & ~empty, n - min(rank, 1e300), np.where(lam == np.inf, n, 0.0))
    linear = lam[solvable] + spectrum.tail
    _refuse_unresolved(spectrum, nodes, n[solvable], linear)
    kappa[solvable], log_kappa[solvable] = solve(nodes, n[solvable], linear, np.zeros_like(linear))
    with np.errstate(divide="ignore", under="ignore"):
        kappa[below] = negative_root(nodes, n[below], lam[below], rank)
        log_kappa[below] = np.log(-kappa[below])
        rooted = solvable | below
        bare[rooted] = np.sign(lam[rooted]) * np.exp(np.log(np.abs(lam[rooted])) - log_kappa[rooted])
        direct = rooted & (np.abs(kappa) > TINY)
        bare[direct] = lam[direct] / kappa[direct]
    return FixedPoint(kappa.reshape(shape), log_kappa.reshape(shape), bare.reshape(shape))


def _refuse_unresolved(spectrum: Spectrum, nodes: Nodes, n: FloatArray, linear: FloatArray) -> None:
    """The nodes that close an infinite spectrum (only their mass is finite) are a rule for κ well above them."""
    closing = spectrum.log_eigenvalues[np.isinf(spectrum.multiplicities)]
    if closing.size == 0:
        return
    least = np.log(10) + closing.max()
    with np.errstate(divide="ignore", over="ignore"):
        bare = np.sign(linear) * np.exp(np.log(np.abs(linear)) - least)
        unresolved = n > bare + df1_at(nodes, least)
    if unresolved.any():
        shown = f"κ >= {np.exp(least):.2g}" if least > -700 else f"log κ >= {least:.6g}"
        raise ValueError(
            f"n_samples must leave {shown}, where the nodes of this infinite spectrum end, got "
            f"{n[unresolved].min():g}; give a larger ridge or a finite n_features, "
            "for exponential decay a larger max_samples"
        )


def df1_at(nodes: Nodes, log_kappa: float) -> float:
    """Sum of σ/(σ+κ) at a κ that a float need not hold, above the nodes that have only a mass."""
    with np.errstate(divide="ignore", under="ignore"):
        log_terms = np.where(nodes.multiplicity > 0, np.log(nodes.multiplicity) + nodes.log_sigma, nodes.log_mass)
        return float(np.exp(log_terms - np.logaddexp(nodes.log_sigma, log_kappa)).sum())
