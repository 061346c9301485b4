"""Newton's iteration for the fixed point: concave, so that it rises to the root and cannot miss it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt

from riskcalc.arguments import FloatArray
from riskcalc.errors import NotConvergedError
from riskcalc.spectrum import BLOCK
from riskcalc.theory.nodes import TINY, Nodes

PLAIN_STEPS = 12  # steps by matrix products before the slower, cancellation-free ones take over
MOST_STEPS = 400
NO_SAMPLES = 1e-290  # a smaller n is taken for 0: κ would be beyond a float
PIECE = 1 << 15  # entries of one piece of a sum


def solve(nodes: Nodes, n: FloatArray, linear: FloatArray, shift: FloatArray) -> tuple[FloatArray, FloatArray]:
    r"""Root κ = 1/u, and log κ, of :math:`\ell u + \sum_i m_i(\sigma_i + s)u/(1+\sigma_iu) = n`, flat arrays, n > 0.

    ``shift`` s is >= 0, and so is ``linear`` ℓ unless s = 0. With s = 0 it is the equation of ridge regression, with
    s = λ the one of sampling without replacement. For either the left side is concave in u, starts at 0, and increases
    up to the smaller root, which is the one that is meant.
    """
    kappa, log_kappa = np.empty_like(n), np.empty_like(n)
    size = np.abs(linear)
    plain = nodes.plain & (n < 1e100) & ((size == 0) | ((size > n * 1e-290) & (size < 1e200)))
    plain &= (shift == 0) | ((shift > 1e-190) & (shift < 1e200))  # u comes up to 1/shift
    if ((linear < 0) & ~plain).any():
        raise ValueError(
            "ridge must be >= 0 where ridge or eigenvalues need more range than a float has, got a negative"
        )
    step = max(1, BLOCK // max(1, nodes.sigma.size))
    with np.errstate(over="ignore", under="ignore", divide="ignore", invalid="ignore"):
        for at in _pieces(np.flatnonzero(plain), step):
            u = _root(nodes, n[at], linear[at], shift[at])
            kappa[at], log_kappa[at] = 1 / u, -np.log(u)
        for at in _pieces(np.flatnonzero(~plain), step):
            log_kappa[at] = -_log_root(nodes, n[at], np.log(linear[at]), np.log(shift[at]))
            kappa[at] = np.exp(log_kappa[at])
    return kappa, log_kappa


def _pieces(at: npt.NDArray[np.intp], size: int) -> Iterator[npt.NDArray[np.intp]]:
    return (at[start : start + size] for start in range(0, at.size, size))


def _root(nodes: Nodes, n: FloatArray, linear: FloatArray, shift: FloatArray) -> FloatArray:
    """Newton from the left by matrix products, then once more without cancellation where n - df2 is small."""
    weights = np.stack([nodes.mass, nodes.multiplicity] if shift.any() else [nodes.mass], axis=1)
    u: FloatArray = n / (linear + nodes.mass.sum() + shift * nodes.multiplicity.sum())
    gap, todo = np.empty_like(n), np.arange(n.size)
    for _ in range(PLAIN_STEPS):
        left, slope = _plain_sums(nodes.sigma, weights, u[todo])
        ratio = np.stack([np.ones(todo.size), shift[todo]])[: weights.shape[1]]
        h = u[todo] * (linear[todo] + (ratio * left).sum(axis=0))
        gap[todo] = u[todo] * (linear[todo] + (ratio * slope).sum(axis=0))  # u h'(u)
        if (linear < 0).any():
            past = (gap[todo] <= 0) | (u[todo] <= 0)
            refuse_below_limit(n[todo][past], linear[todo][past])
        step = (n[todo] - h) / gap[todo]
        u[todo] *= 1 + step
        todo = todo[step > 1e-8]  # the error after a step is at most the square of the one before
        if todo.size == 0:
            break
    again = np.union1d(todo, np.flatnonzero(gap < 0.1 * n))
    if again.size and nodes.sigma.size:
        u[again] = _root_by_counting(nodes, n[again], linear[again], shift[again], u[again])
    return u


def _plain_sums(sigma: FloatArray, weights: FloatArray, u: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Sums of the weights against 1/(1+σu) and its square, in pieces that stay in the cache."""
    first, second = np.zeros((2, weights.shape[1], u.size))
    size = max(1, PIECE // u.size)
    for start in range(0, sigma.size, size):
        part = slice(start, start + size)
        c = np.multiply.outer(u, sigma[part])
        np.reciprocal(np.add(c, 1, out=c), out=c)
        first += (c @ weights[part]).T
        second += (np.square(c, out=c) @ weights[part]).T
    return first, second


def _root_by_counting(nodes: Nodes, n: FloatArray, linear: FloatArray, shift: FloatArray, u: FloatArray) -> FloatArray:
    """Newton with the eigenvalues above κ counted, not summed, so that nothing cancels near n = rank."""

    def step(at: npt.NDArray[np.intp]) -> FloatArray:
        x = np.minimum(u[at, None] * nodes.sigma, 1e300)
        return _counting_step(
            nodes, n[at], x, nodes.mass * u[at, None], linear[at] * u[at], shift[at, None] / nodes.sigma
        )

    def move(at: npt.NDArray[np.intp], by: FloatArray) -> None:
        u[at] *= 1 + by

    _iterate(step, move, lambda at: 1 / u[at], n.size)
    return u


def _log_root(nodes: Nodes, n: FloatArray, log_linear: FloatArray, log_shift: FloatArray) -> FloatArray:
    """The same iteration in log u and with sums in logs, for eigenvalues or ridges beyond the range of a float."""
    log_m = np.log(nodes.multiplicity)
    log_u = _log_start(nodes, n, log_linear, log_shift)

    def step(at: npt.NDArray[np.intp]) -> FloatArray:
        log_x = nodes.log_sigma + log_u[at, None]
        log_c, log_s = -np.logaddexp(0, log_x), -np.logaddexp(0, -log_x)
        shifted = np.logaddexp(0, log_shift[at, None] - nodes.log_sigma)
        large = (log_x > 0) & (nodes.multiplicity > 0)
        log_large = np.where(large, log_m + shifted + log_c, -np.inf)
        log_small = np.where(large, -np.inf, nodes.log_mass + log_u[at, None] + shifted + log_c)
        whole, rest = (large.astype(np.float64) @ nodes.counts).T
        moved = np.where(large, nodes.multiplicity * np.expm1(shifted), 0.0).sum(axis=1)
        missing = (n[at] - whole) - (rest + moved)
        ridge = log_linear[at] + log_u[at]
        log_a = np.logaddexp.reduce(log_large, axis=1, initial=-np.inf)
        log_b = np.logaddexp(np.logaddexp.reduce(log_small, axis=1, initial=-np.inf), ridge)
        log_gap = np.logaddexp.reduce(np.where(large, log_large + log_s, log_small + log_c), axis=1, initial=-np.inf)
        log_gap = np.logaddexp(log_gap, ridge)
        jump = np.sign(missing) * np.exp(np.minimum(np.log(np.abs(missing)) - log_gap, 690))
        newton = jump + np.exp(log_a - log_gap) - np.exp(log_b - log_gap)
        root = np.hypot(missing, 2 * np.exp((log_a + log_b) / 2))
        up = np.where(missing > 0, np.log((root + missing) / 2) - log_b, log_a - np.log((root - missing) / 2))
        up = np.where(missing == 0, (log_a - log_b) / 2, up)
        slow = np.log1p(np.maximum(newton, -0.5))
        return np.asarray(np.where(newton > 1e-3, np.fmax(slow, up), slow))

    def move(at: npt.NDArray[np.intp], by: FloatArray) -> None:
        log_u[at] += by

    _iterate(step, move, lambda at: np.exp(-log_u[at]), n.size)
    return log_u


def _log_start(nodes: Nodes, n: FloatArray, log_linear: FloatArray, log_shift: FloatArray) -> FloatArray:
    r"""Log of the largest of the lower bounds that follow from σu/(1+σu) <= min(1, σu), k = 0, 1, ... of it counted.

    .. math:: u \ge \frac{n-\sum_{i\le k}m_i(1+s/\sigma_i)}{\ell+\sum_{i>k}m_i(\sigma_i+s)}

    Nodes without a count are always among the rest.
    """
    counted = nodes.multiplicity > 0
    order = np.flatnonzero(counted)[np.argsort(-nodes.log_sigma[counted], kind="stable")]
    shifted = np.logaddexp(0, log_shift[:, None] - nodes.log_sigma)
    log_rest = (nodes.log_mass + shifted)[:, np.concatenate([order, np.flatnonzero(~counted)])]
    log_rest = np.logaddexp.accumulate(log_rest[:, ::-1], axis=1)[:, ::-1][:, : order.size]
    size = (nodes.multiplicity * np.exp(shifted))[:, order]
    missing = np.column_stack([n, n[:, None] - np.cumsum(size, axis=1)[:, :-1]])[:, : order.size]
    bounds = np.where(missing > 1e-9 * n[:, None], np.log(missing), -np.inf)
    total = np.logaddexp.reduce(nodes.log_mass + shifted, axis=1, initial=-np.inf)
    plain = np.log(n) - np.logaddexp(log_linear, total)
    best: FloatArray = (bounds - np.logaddexp(log_linear[:, None], log_rest)).max(axis=1, initial=-np.inf)
    return np.asarray(np.maximum(plain, best))


def _counting_step(
    nodes: Nodes, n: FloatArray, x: FloatArray, mass_u: FloatArray, linear_u: FloatArray, shift_ratio: FloatArray
) -> FloatArray:
    r"""Relative step of u, the larger of two that cannot overshoot.

    With x = σu, the eigenvalues x > 1 contribute their count less :math:`\sum m/(1+x)`. The first step is Newton's;
    the second solves :math:`N - a/t + bt = n`, which bounds the left side from above for t = u'/u > 1 and is exact
    when no eigenvalue is near κ.
    """
    c = 1 / (1 + x)
    large = (x > 1) & (nodes.multiplicity > 0)
    m = np.where(large, nodes.multiplicity * (1 + shift_ratio), 0.0)
    small = np.where(large, 0.0, mass_u * (1 + shift_ratio) * c)
    whole, rest = (large.astype(np.float64) @ nodes.counts).T
    missing = (n - whole) - (rest + np.where(large, nodes.multiplicity * shift_ratio, 0.0).sum(axis=1))
    a, b = (m * c).sum(axis=1), small.sum(axis=1) + linear_u
    gap = linear_u + (small * c).sum(axis=1) + (m * c * (x * c)).sum(axis=1)
    past = (gap <= 0) & (linear_u < 0)
    refuse_below_limit(n[past], linear_u[past])
    newton = (missing - b + a) / gap
    root = np.hypot(missing, 2 * np.sqrt(a) * np.sqrt(np.maximum(b, 0)))
    up = np.where(missing > 0, (root + missing) / (2 * b), 2 * a / np.maximum(root - missing, TINY))
    return np.asarray(np.maximum(newton, np.where((newton > 1e-3) & (b >= 0), up - 1, newton)))


def negative_root(nodes: Nodes, n: FloatArray, ridge: FloatArray, rank: float) -> FloatArray:
    r"""Root κ < 0 of :math:`\kappa[(n-r) + \kappa\sum m_i/(\sigma_i+\kappa)] = \lambda` for λ < 0 and n > r.

    The left side is convex and increasing above its minimum, so that Newton from κ = 0 falls to the root.
    """
    kappa, todo = np.zeros_like(n), np.arange(n.size)
    for _ in range(MOST_STEPS):
        k = kappa[todo, None]
        outside = (k <= -nodes.sigma).any(axis=1)
        refuse_below_limit(n[todo][outside], ridge[todo][outside])
        gap = n[todo] - rank
        value = kappa[todo] * (gap + kappa[todo] * (1 / (nodes.sigma + k) @ nodes.multiplicity))
        slope = gap + (k * (2 * nodes.sigma + k) / (nodes.sigma + k) ** 2) @ nodes.multiplicity
        refuse_below_limit(n[todo][slope <= 0], ridge[todo][slope <= 0])
        step = (value - ridge[todo]) / slope
        kappa[todo] -= step
        todo = todo[np.abs(step) > 1e-9 * np.abs(kappa[todo])]
        if todo.size == 0:
            return kappa
    raise NotConvergedError("effective ridge", best=kappa, residual=float(np.abs(step).max()))


def refuse_below_limit(n: FloatArray, ridge: FloatArray) -> None:
    """ValueError for the points that have no root."""
    if n.size:
        raise ValueError(
            f"ridge must be above ridge_lower_limit(spectrum, n_samples), got {ridge[0]:g} at n_samples {n[0]:g}; at "
            "that limit the test error diverges"
        )


def _iterate(
    step: Callable[[npt.NDArray[np.intp]], FloatArray],
    move: Callable[[npt.NDArray[np.intp], FloatArray], None],
    kappa: Callable[[npt.NDArray[np.intp]], FloatArray],
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
    raise NotConvergedError("effective ridge", best=kappa(todo), residual=float(np.abs(by).max()))
