"""The fixed point of every deterministic equivalent: the only place where a scalar equation is solved."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from riskcalc.arguments import FloatArray, common_shape, numbers
from riskcalc.errors import NotConvergedError
from riskcalc.spectrum import BLOCK, Spectrum

PLAIN_STEPS = 12  # steps by matrix products before the slower, cancellation-free ones take over
MOST_STEPS = 400
TINY = np.finfo(float).tiny


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
    ridge : array_like, >= 0
        λ of the sum objective; broadcasts against ``n_samples``.

    Returns
    -------
    ndarray
        Broadcast shape of ``n_samples`` and ``ridge``; units of the eigenvalues. 0 if ridge is 0 and n_samples is at
        least the rank; inf if n_samples is 0. What is below 1e-308 underflows to 0: see ``log_effective_ridge``.

    Raises
    ------
    ValueError
        If a number is outside its domain.
    NotConvergedError
        If the iteration stalls (not seen).

    Notes
    -----
    Solved in u = 1/κ, where the equation is increasing and concave, so that Newton's iteration from
    n/(λ + Tr Σ) rises monotonically to the root. Relative error about 1e-15 n/(n - df2), and 1e-15 near n = rank too,
    where the sum is taken without cancellation. Bare equation; the ridge of a mean objective is λ/n.

    References
    ----------
    .. [1] cheng2022 (definition of the effective regularisation; place not checked)
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
    .. [1] cheng2022 (place not checked)

    Examples
    --------
    >>> import numpy as np
    >>> import riskcalc as rc
    >>> spectrum = rc.Spectrum.from_log_eigenvalues(-np.arange(1.0, 2001.0))  # exponential decay, far below 1e-308
    >>> print(rc.log_effective_ridge(spectrum, n_samples=1000, ridge=0).round(6))
    -1000.5
    """
    return fixed_point(spectrum, n_samples, ridge).log_kappa


def fixed_point(spectrum: Spectrum, n_samples: npt.ArrayLike, ridge: npt.ArrayLike) -> FixedPoint:
    """Root of n - λ/κ = df1(κ) with its exact cases."""
    n = numbers("n_samples", n_samples, at_least=0)
    lam = numbers("ridge", ridge, at_least=0)
    shape = common_shape(n_samples=n, ridge=lam)
    n, lam = np.broadcast_to(n, shape).ravel(), np.broadcast_to(lam, shape).ravel()
    _refuse_unresolved(spectrum, n)
    rank = spectrum.rank
    interpolable = (lam == 0) & (n >= rank)
    solvable = (n > 0) & ~interpolable
    log_kappa = np.where(n == 0, np.inf, -np.inf)
    kappa = np.where(n == 0, np.inf, 0.0)
    bare = np.where(interpolable & (n > 0), n - min(rank, 1e300), 0.0)
    root, log_root = solve(spectrum, n[solvable], lam[solvable] + spectrum.tail, np.zeros(solvable.sum()))
    kappa[solvable], log_kappa[solvable] = root, log_root
    with np.errstate(under="ignore", divide="ignore"):
        bare[solvable] = np.exp(np.log(lam[solvable]) - log_root)
        direct = solvable & (kappa > TINY)
        bare[direct] = lam[direct] / kappa[direct]
    return FixedPoint(kappa.reshape(shape), log_kappa.reshape(shape), bare.reshape(shape))


def _refuse_unresolved(spectrum: Spectrum, n: FloatArray) -> None:
    """An infinite spectrum given by nodes is right as long as κ stays above its last panels."""
    finite = np.isfinite(spectrum.multiplicities)
    if not finite.all() and spectrum.tail == 0 and n.size:
        limit = spectrum.multiplicities[finite].sum() / 100
        if n.max() > limit:
            raise ValueError(f"n_samples must be <= {limit:.2g} for this infinite spectrum, got {n.max():g}")


def solve(spectrum: Spectrum, n: FloatArray, linear: FloatArray, shift: FloatArray) -> tuple[FloatArray, FloatArray]:
    r"""Root κ = 1/u, and log κ, of :math:`\ell u + \sum_i m_i(\sigma_i + s)u/(1+\sigma_iu) = n`, flat arrays, n > 0.

    ``linear`` ℓ and ``shift`` s are >= 0. With s = 0 it is the equation of ridge regression, with s = λ the one of
    sampling without replacement. The left side is increasing and concave in u for either.
    """
    kept = spectrum.log_eigenvalues > -np.inf
    log_scale = float(spectrum.log_eigenvalues[kept].max()) if kept.any() else 0.0
    nodes = _Nodes.of(spectrum, kept, log_scale)
    kappa, log_kappa = np.empty_like(n), np.empty_like(n)
    step = max(1, BLOCK // max(1, nodes.sigma.size))
    with np.errstate(over="ignore", under="ignore", divide="ignore"):
        log_linear, log_shift = np.log(linear) - log_scale, np.log(shift) - log_scale
        for start in range(0, n.size, step):
            part = slice(start, start + step)
            log_u, u = nodes.root(n[part], log_linear[part], log_shift[part])
            log_kappa[part] = log_scale - log_u
            kappa[part] = np.where(np.isfinite(u) & (u > 0), nodes.scale / u, np.exp(log_kappa[part]))
    return kappa, log_kappa


@dataclass(frozen=True)
class _Nodes:
    """Positive eigenvalues and masses in units of the largest eigenvalue, and their logarithms."""

    sigma: FloatArray
    mass: FloatArray
    multiplicity: FloatArray
    log_sigma: FloatArray
    log_mass: FloatArray
    scale: float

    @classmethod
    def of(cls, spectrum: Spectrum, kept: npt.NDArray[np.bool_], log_scale: float) -> _Nodes:
        with np.errstate(under="ignore", over="ignore"):
            scale = float(spectrum.eigenvalues[kept].max()) if kept.any() else 1.0
            usual = TINY < scale < np.inf
            log_sigma = spectrum.log_eigenvalues[kept] - log_scale
            log_mass = spectrum.log_masses[kept] - log_scale
            return cls(
                spectrum.eigenvalues[kept] / scale if usual else np.exp(log_sigma),
                spectrum.masses[kept] / scale if usual else np.exp(log_mass),
                spectrum.multiplicities[kept],
                log_sigma,
                log_mass,
                scale if usual else float(np.exp(log_scale)),
            )

    def root(self, n: FloatArray, log_linear: FloatArray, log_shift: FloatArray) -> tuple[FloatArray, FloatArray]:
        """log u and u (inf or 0 where a float cannot hold it)."""
        linear, shift = np.exp(log_linear), np.exp(log_shift)
        plain = np.isfinite(linear) & np.isfinite(shift) & ((linear == 0) | (linear > n * 1e-290))
        plain &= bool(self.log_sigma.min(initial=0.0) > -600)
        log_u, u = np.empty_like(n), np.full_like(n, np.inf)
        at = np.flatnonzero(plain)
        if at.size:
            u[at], gap, done = self._plain(n[at], linear[at], shift[at])
            log_u[at] = np.log(u[at])
            again = at[~done | (gap < 0.1 * n[at])]
            u[again] = self._split(n[again], linear[again], shift[again], u[again])
            log_u[again] = np.log(u[again])
        rest = np.flatnonzero(~plain)
        if rest.size:
            log_u[rest] = self._split_logs(n[rest], log_linear[rest], log_shift[rest])
            u[rest] = np.exp(log_u[rest])
        return log_u, u

    def _plain(
        self, n: FloatArray, linear: FloatArray, shift: FloatArray
    ) -> tuple[FloatArray, FloatArray, npt.NDArray[np.bool_]]:
        """Newton from the left by matrix products; u, u h'(u), and whether it has arrived."""
        finite_m = np.where(np.isfinite(self.multiplicity), self.multiplicity, 0.0)
        weights = np.stack([self.mass, finite_m], axis=1)
        u = n / (linear + self.mass.sum() + shift * finite_m.sum())
        gap, done = np.empty_like(n), np.zeros(n.size, dtype=bool)
        todo = np.arange(n.size)
        for _ in range(PLAIN_STEPS):
            c = 1 / (1 + u[todo, None] * self.sigma)
            masses, counts = (c @ weights).T
            h = u[todo] * (linear[todo] + masses + shift[todo] * counts)
            masses, counts = (np.square(c, out=c) @ weights).T
            gap[todo] = u[todo] * (linear[todo] + masses + shift[todo] * counts)
            step = (n[todo] - h) / gap[todo]
            u[todo] *= 1 + step
            done[todo] = step <= 1e-8  # the error after a step is at most the square of the one before
            todo = todo[step > 1e-8]
            if todo.size == 0:
                break
        return u, gap, done

    def _split(self, n: FloatArray, linear: FloatArray, shift: FloatArray, u: FloatArray) -> FloatArray:
        """Newton with the large eigenvalues counted, not summed, so that nothing cancels near n = rank."""
        if n.size == 0:
            return u

        def step(todo: npt.NDArray[np.intp]) -> FloatArray:
            x = np.minimum(u[todo, None] * self.sigma, 1e300)
            open_mass = (self.mass * u[todo, None], linear[todo] * u[todo])
            return self._split_step(n[todo], x, *open_mass, shift[todo, None] / self.sigma)

        def move(todo: npt.NDArray[np.intp], by: FloatArray) -> None:
            u[todo] *= 1 + by

        _iterate(step, move, n.size)
        return u

    def _split_logs(self, n: FloatArray, log_linear: FloatArray, log_shift: FloatArray) -> FloatArray:
        """The same iteration in log u, for eigenvalues or ridges beyond the range of a float."""
        log_sum = np.logaddexp.reduce(self.log_mass) if self.log_mass.size else -np.inf
        count = np.log(self.multiplicity.sum()) if self.log_mass.size else -np.inf
        log_u = np.log(n) - np.logaddexp(np.logaddexp(log_linear, log_sum), log_shift + count)

        def step(todo: npt.NDArray[np.intp]) -> FloatArray:
            at = log_u[todo, None]
            x = np.exp(np.clip(self.log_sigma + at, -690, 690))
            open_mass = (np.exp(np.minimum(self.log_mass + at, 690)), np.exp(log_linear[todo] + log_u[todo]))
            return self._split_step(n[todo], x, *open_mass, np.exp(log_shift[todo, None] - self.log_sigma))

        def move(todo: npt.NDArray[np.intp], by: FloatArray) -> None:
            log_u[todo] += np.log1p(by)

        _iterate(step, move, n.size)
        return log_u

    def _split_step(
        self, n: FloatArray, x: FloatArray, mass_u: FloatArray, linear_u: FloatArray, shift_ratio: FloatArray
    ) -> FloatArray:
        r"""Relative step of u, the larger of two that cannot overshoot.

        With x = σu, the eigenvalues x > 1 contribute their count less :math:`\sum m/(1+x)`. The first step is Newton's;
        the second solves :math:`N - a/t + bt = n`, which bounds the left side from above for t = u'/u > 1 and is exact
        when no eigenvalue is near κ.
        """
        c = 1 / (1 + x)
        large = (x > 1) & np.isfinite(self.multiplicity)
        m = np.where(large, self.multiplicity, 0.0) * (1 + shift_ratio * large)
        small = np.where(large, 0.0, mass_u * (1 + shift_ratio) * c)
        count, a, b = m.sum(axis=1), (m * c).sum(axis=1), small.sum(axis=1) + linear_u
        missing = n - count
        newton = (missing - b + a) / (linear_u + (small * c).sum(axis=1) + (m * c * (x * c)).sum(axis=1))
        root = np.hypot(missing, 2 * np.sqrt(a) * np.sqrt(b))
        with np.errstate(divide="ignore", invalid="ignore"):
            up = np.where(missing > 0, (root + missing) / (2 * b), 2 * a / np.maximum(root - missing, TINY))
        return np.maximum(newton, np.where(newton > 1e-3, up - 1, newton))


def _iterate(
    step: Callable[[npt.NDArray[np.intp]], FloatArray],
    move: Callable[[npt.NDArray[np.intp], FloatArray], None],
    size: int,
) -> None:
    """Step all entries until each has arrived; an error below 1e-8 is squared by the last step."""
    todo = np.arange(size)
    by = np.ones(size)
    for _ in range(MOST_STEPS):
        by = step(todo)
        move(todo, by)
        todo = todo[np.abs(by) > 1e-8]
        if todo.size == 0:
            return
    raise NotConvergedError("effective ridge", best=todo, residual=float(np.abs(by).max()))
