r"""The scalar equation of random features, :math:`(n-D)(N-D) = \lambda Nu`, solved by a Newton iteration that rises.

With m = min(n, N), δ = |N - n| and ρ = λN the smaller of the two factors is the positive root q of q(q + δ) = ρu, so

.. math:: D(u) + q(u) = m, \qquad q(u) = \frac{2\rho u}{\delta+\sqrt{\delta^2+4\rho u}} .

The left side is concave, increasing and 0 at u = 0: it is the equation of ridge regression with q(u) in place of λu.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from riskcalc.arguments import FloatArray
from riskcalc.errors import NotConvergedError

MOST_STEPS = 400
ARRIVED = 1e-8  # a step below it is the last: the error is squared by each
Places = npt.NDArray[np.intp]


@dataclass(frozen=True)
class Parts:
    r"""m - D(u) = missing + falling - rising, and the slope :math:`g = uD'(u)`.

    ``falling`` falls at most like 1/u and ``rising`` grows at most like u; ``missing`` is a difference of counts, so
    that m - D does not cancel where D saturates.
    """

    missing: FloatArray
    falling: FloatArray | float
    rising: FloatArray
    slope: FloatArray


@dataclass(frozen=True)
class Sizes:
    """Flat m = min(n, N), δ = |N - n| and ρ = λN, all positive but δ >= 0."""

    least: FloatArray
    gap: FloatArray
    product: FloatArray

    @classmethod
    def of(cls, n: FloatArray, width: FloatArray, ridge: FloatArray) -> Sizes:
        """Those of flat finite n, N and λ."""
        return cls(np.minimum(n, width), np.abs(width - n), ridge * width)

    def at(self, places: Any) -> Sizes:
        """Some of them."""
        return Sizes(self.least[places], self.gap[places], self.product[places])

    def start(self, trace: FloatArray | float) -> FloatArray:
        r"""Root of :math:`Tu + q(u) = m`, below that of the equation since D <= Tu (T the trace)."""
        total = trace * (2 * self.least + self.gap) + self.product
        under = trace * self.gap * (trace * self.gap) + self.product * (total + trace * (2 * self.least + self.gap))
        return np.asarray(2 * self.least * (self.least + self.gap) / (total + np.sqrt(under)))


def smaller_factor(gap: FloatArray, product: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Positive root q of q(q + δ) = r, and dq/d log r."""
    root = np.hypot(gap, 2 * np.sqrt(product))
    with np.errstate(invalid="ignore"):
        q, slope = 2 * product / (gap + root), product / root
    return np.where(product > 0, q, 0.0), np.where(product > 0, slope, 0.0)


def rising_step(gap: FloatArray, ridge_u: FloatArray, parts: Parts) -> tuple[FloatArray, FloatArray]:
    """Relative step of u, the larger of two that cannot overshoot, and u d(D + q)/du; ``ridge_u`` is ρu.

    The first is Newton's. The second solves missing + falling/t - (rising + q)t = 0 for t = u'/u: D + q is not above
    what that assumes for t > 1, and nearly equal to it where no eigenvalue is near 1/u.
    """
    q, q_slope = smaller_factor(gap, ridge_u)
    up, slope = parts.rising + q, parts.slope + q_slope
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        newton = (parts.missing + parts.falling - up) / slope
        root = np.hypot(parts.missing, 2 * np.sqrt(parts.falling * up))
        positive = parts.missing > 0
        jump = np.where(positive, (parts.missing + root) / (2 * up), 2 * parts.falling / (root - parts.missing)) - 1
    return np.where(newton > 1e-3, np.fmax(newton, jump), newton), slope


@dataclass(frozen=True)
class Risen:
    """Flat roots u, u d(D + q)/du there, and the places that have not arrived."""

    u: FloatArray
    slope: FloatArray
    missed: Places


def risen(
    sizes: Sizes, start: FloatArray, parts: Callable[[Places, FloatArray], Parts], steps: int = MOST_STEPS
) -> Risen:
    """At most so many steps from below; ``parts`` takes places and u there."""
    u, slope, todo = start.copy(), np.empty_like(start), np.arange(start.size)
    for _ in range(steps):
        if todo.size == 0:
            break
        by, slope[todo] = rising_step(sizes.gap[todo], sizes.product[todo] * u[todo], parts(todo, u[todo]))
        u[todo] *= 1 + by
        todo = todo[~(np.abs(by) < ARRIVED)]
    return Risen(u, slope, todo)


def root(sizes: Sizes, start: FloatArray, parts: Callable[[Places, FloatArray], Parts]) -> FloatArray:
    """The roots u; NotConvergedError if one was not reached (not seen)."""
    reached = risen(sizes, start, parts)
    if reached.missed.size:
        raise NotConvergedError("effective ridge of random features", best=reached.u, residual=np.inf)
    return reached.u
