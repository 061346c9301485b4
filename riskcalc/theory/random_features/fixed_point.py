"""The two effective regularisations of random features: the fixed point with its exact cases."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.special import expit, log_expit

from riskcalc.arguments import FloatArray
from riskcalc.errors import NotConvergedError
from riskcalc.spectrum import BLOCK, Spectrum
from riskcalc.theory.effective_ridge import FixedPoint, fixed_point
from riskcalc.theory.newton import NO_SAMPLES, solve
from riskcalc.theory.nodes import Nodes
from riskcalc.theory.random_features.concave_root import (
    ARRIVED,
    MOST_STEPS,
    Parts,
    Places,
    Sizes,
    risen,
    rising_step,
    smaller_factor,
)

PLAIN_STEPS = 12  # steps by matrix products before the cancellation-free ones take over


@dataclass(frozen=True)
class FeaturePoint:
    """ν₂ = κ = 1/u, its logarithm, and the shares α = (n - D)/n and β = (N - D)/N that are not used up."""

    kappa: FloatArray
    log_kappa: FloatArray
    alpha: FloatArray
    beta: FloatArray

    @property
    def kernel(self) -> FixedPoint:
        """The point at which the sums over the kernel's spectrum are taken."""
        return FixedPoint(self.kappa, self.log_kappa, self.alpha)


def feature_point(
    spectrum: Spectrum, nodes: Nodes, n: FloatArray, width: FloatArray, ridge: FloatArray
) -> FeaturePoint:
    r"""Root of :math:`(n-D)(N-D) = \lambda N/\kappa` with :math:`D = \mathrm{df}_1(\kappa)`, by cases.

    No predictor (κ = inf): n = 0, N = 0 or λ = inf. Ridge regression with min(n, N) samples: λ = 0, N = inf and, with
    ridge 0, n = inf. Else the iteration.
    """
    n, width, ridge = np.broadcast_arrays(n, width, ridge)
    shape = n.shape
    n, width, ridge = n.ravel(), width.ravel(), ridge.ravel()
    refuse_undetermined(spectrum.rank, n, width, ridge)
    least = np.minimum(n, width)
    empty = (least < NO_SAMPLES) | (ridge == np.inf)
    simple = ~empty & ((ridge == 0) | np.isinf(n) | np.isinf(width))
    rest = ~(empty | simple)
    kappa, log_kappa, unused = np.full(n.size, np.inf), np.full(n.size, np.inf), np.zeros(n.size)
    size = np.where(np.isinf(least), spectrum.rank + 1, least)[simple]  # more than the rank, whatever it is
    point = fixed_point(spectrum, size, np.where(np.isinf(n) | (ridge == 0), 0.0, ridge)[simple], nodes)
    kappa[simple], log_kappa[simple], unused[simple] = point.kappa, point.log_kappa, point.bare
    log_u = log_root(nodes, spectrum.tail, Sizes.of(n[rest], width[rest], ridge[rest]))
    with np.errstate(over="ignore", under="ignore", divide="ignore"):
        kappa[rest], log_kappa[rest] = np.exp(-log_u), -log_u
        log_product = np.log(ridge[rest]) + np.log(width[rest]) + log_u
        unused[rest] = smaller_factor(np.abs(width[rest] - n[rest]), np.exp(log_product))[0]
    _refuse_unresolved(spectrum, n, log_kappa)
    alpha, beta = _unused_share(unused, n, least), _unused_share(unused, width, least)
    alpha[empty], beta[empty] = 1.0, np.where(width < NO_SAMPLES, 0.0, 1.0)[empty]
    first = (n < NO_SAMPLES) & (width >= NO_SAMPLES)
    alpha[first] = unused_at_no_samples(spectrum.trace, ridge[first])
    return FeaturePoint(*(x.reshape(shape) for x in (kappa, log_kappa, alpha, beta)))


def unused_at_no_samples(trace: FloatArray | float, ridge: FloatArray) -> FloatArray:
    """Limit of (n - D)/n as n → 0: λ/(λ + T)."""
    with np.errstate(invalid="ignore"):
        share = ridge / (ridge + trace)
    return np.where((ridge == np.inf) | (ridge + trace == 0), 1.0, share)


def refuse_undetermined(rank: FloatArray | float, n: FloatArray, width: FloatArray, ridge: FloatArray) -> None:
    """ValueError where the answer depends on which argument goes to infinity first."""
    if (np.isinf(n) & np.isinf(ridge)).any():
        raise ValueError("n_samples and ridge must not both be inf: only ridge/n_samples has a meaning; give numbers")
    if (np.isinf(n) & np.isinf(width) & np.isinf(rank)).any():
        raise ValueError(
            "n_samples and width must not both be inf for a kernel of infinite rank: without a ridge the limit depends "
            "on which comes first; make one of them a large number"
        )


def _unused_share(unused: FloatArray, size: FloatArray, least: FloatArray) -> FloatArray:
    """(size - D)/size, 1 where size is inf."""
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        share = (unused + (size - least)) / size
    return np.where(np.isinf(size), 1.0, share)


def _refuse_unresolved(spectrum: Spectrum, n: FloatArray, log_kappa: FloatArray) -> None:
    """The nodes that close an infinite spectrum (only their mass is finite) are a rule for κ well above them."""
    closing = spectrum.log_eigenvalues[np.isinf(spectrum.multiplicities)]
    if closing.size and (log_kappa < np.log(10) + closing.max()).any():
        raise ValueError(
            f"n_samples and width must leave log κ >= {np.log(10) + closing.max():.6g}, where the nodes of this "
            f"infinite spectrum end, got n_samples {n[np.argmin(log_kappa)]:g}; give a larger ridge or a finite "
            "n_features"
        )


def log_root(nodes: Nodes, tail: float, sizes: Sizes) -> FloatArray:
    """Logarithms of u: by matrix products, then once more without cancellation where D is near min(n, N)."""
    log_u = np.empty_like(sizes.least)
    step = max(1, BLOCK // max(1, nodes.sigma.size))
    plain = nodes.plain & (sizes.product > 1e-250) & (sizes.product < 1e200) & (sizes.least > 1e-100)
    plain &= sizes.least + sizes.gap < 1e100
    with np.errstate(over="ignore", under="ignore", divide="ignore"):
        for at in _pieces(np.flatnonzero(plain), step):
            log_u[at] = _plain_root(nodes, tail, sizes.at(at))
        for at in _pieces(np.flatnonzero(~plain), step):
            some = sizes.at(at)
            log_u[at] = _counted_root(nodes, tail, some, _start(nodes, tail, some))
    return log_u


def _pieces(at: Places, size: int) -> Iterator[Places]:
    return (at[start : start + size] for start in range(0, at.size, size))


def _plain_root(nodes: Nodes, tail: float, sizes: Sizes) -> FloatArray:
    def parts(at: Places, u: FloatArray) -> Parts:
        c = np.multiply.outer(u, nodes.sigma)
        np.reciprocal(np.add(c, 1, out=c), out=c)
        rising, slope = u * (c @ nodes.mass + tail), u * (np.square(c) @ nodes.mass + tail)
        return Parts(sizes.least[at], 0.0, rising, slope)

    reached = risen(sizes, sizes.start(nodes.mass.sum() + tail), parts, PLAIN_STEPS)
    log_u = np.log(reached.u)
    again = np.union1d(reached.missed, np.flatnonzero(reached.slope < 0.1 * sizes.least))
    log_u[again] = _counted_root(nodes, tail, sizes.at(again), log_u[again])
    return np.asarray(log_u)


def _start(nodes: Nodes, tail: float, sizes: Sizes) -> FloatArray:
    """Below the root by q <= e + ρu/4e: ridge regression with e fewer samples and ridge ρ/4e, for two e."""
    log_trace = np.logaddexp.reduce(nodes.log_mass, initial=np.log(tail) if tail else -np.inf)
    total = np.logaddexp(log_trace + np.log(2 * sizes.least + sizes.gap), np.log(sizes.product))
    bounds = [np.log(sizes.least) + np.log(sizes.least + sizes.gap) - total]
    for share in (0.5, 1e-3):
        given = share * sizes.least
        bounds.append(-solve(nodes, sizes.least - given, sizes.product / (4 * given) + tail, np.zeros_like(given))[1])
    return np.asarray(np.max(bounds, axis=0))


def _counted_root(nodes: Nodes, tail: float, sizes: Sizes, log_u: FloatArray) -> FloatArray:
    """The iteration in log u, with the eigenvalues above κ counted and not summed."""
    t, todo = log_u.copy(), np.arange(log_u.size)
    log_product = np.log(sizes.product)
    for _ in range(MOST_STEPS):
        if todo.size == 0:
            return t
        parts = _counted_parts(nodes, tail, sizes.least[todo], t[todo])
        by, _ = rising_step(sizes.gap[todo], np.exp(log_product[todo] + t[todo]), parts)
        t[todo] += np.log1p(by)
        todo = todo[~(np.abs(by) < ARRIVED)]
    raise NotConvergedError("effective ridge of random features", best=np.exp(-t[todo]), residual=np.abs(by).max())


def _counted_parts(nodes: Nodes, tail: float, least: FloatArray, log_u: FloatArray) -> Parts:
    t = log_u[:, None]
    x = nodes.log_sigma + t
    large = (x > 0) & (nodes.multiplicity > 0)
    lost = expit(-x)
    falling = np.where(large, nodes.multiplicity * lost, 0.0)
    rising = np.where(large, 0.0, np.exp(nodes.log_mass + t + log_expit(-x)))
    slope = (falling * expit(x) + rising * lost).sum(axis=1)
    whole, rest = (large.astype(np.float64) @ nodes.counts).T
    tail_u = np.exp(log_u + np.log(tail)) if tail else np.zeros_like(log_u)
    return Parts((least - whole) - rest, falling.sum(axis=1), rising.sum(axis=1) + tail_u, slope + tail_u)
