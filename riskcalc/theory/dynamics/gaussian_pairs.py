"""Expectations of two standard Gaussians with a given correlation."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from riskcalc.arguments import FloatArray
from riskcalc.quadrature import composite_legendre, panel_ends

ROOT_2PI = math.sqrt(2 * math.pi)
REFERENCE = (26.0, 1 / 64)
CANDIDATES = ((12.0, 1 / 8), (12.0, 1 / 16), (18.0, 1 / 16), (18.0, 1 / 32))  # reach and step of the trapezoidal rule
AGREEMENT = 1e-12
PANEL = 16  # nodes
INNER_PANELS = 10  # of each piece between two kinks


@dataclass(frozen=True)
class Pairs:
    """Points u and v = mu + √(1 - m²) z with weights of their joint law."""

    u: FloatArray
    v: FloatArray
    z: FloatArray
    weights: FloatArray


def trapezoid(reach: float, step: float) -> tuple[FloatArray, FloatArray]:
    """Points and weights for E F(G): right to exp(-2πa/step) for F analytic in a strip of half-width a."""
    x = step * np.arange(-math.ceil(reach / step), math.ceil(reach / step) + 1.0)
    return x, step * np.exp(-(x**2) / 2) / ROOT_2PI


def adapted_rule(integrand: Callable[[FloatArray], FloatArray], name: str) -> tuple[float, float]:
    """Reach and step of the coarsest rule that integrates the integrand like a far finer one; else a ValueError."""
    x, w = trapezoid(*REFERENCE)
    with np.errstate(over="ignore", invalid="ignore"):
        exact = w @ integrand(x)
    for candidate in CANDIDATES:
        x, w = trapezoid(*candidate)
        gap = abs(w @ integrand(x) - exact)
        if gap <= AGREEMENT * abs(exact):
            return candidate
    raise ValueError(
        f"{name} could not be integrated: rules still differ by {gap / abs(exact):.1e}; "
        "name the points where a function or its derivative jumps as kinks, or take a less steep one"
    )


def smooth_pairs(m: float, reach: float, step: float) -> Pairs:
    """The trapezoidal rule in (u, z), inside a circle."""
    x, w = trapezoid(reach, step)
    inside = x[:, None] ** 2 + x**2 <= reach**2
    u, z = np.broadcast_to(x[:, None], inside.shape)[inside], np.broadcast_to(x, inside.shape)[inside]
    return Pairs(u, m * u + math.sqrt(1 - m * m) * z, z, (w[:, None] * w)[inside])


def kinked_pairs(m: float, kinks_u: Sequence[float], kinks_v: Sequence[float], reach: float = 12.0) -> Pairs:
    """Panels in u, and for each u panels in z, that end where u or v is at a kink.

    What is left after z is integrated changes over s/m, s = √(1 - m²), where mu is at a kink of v: panels halve
    towards these points down to that width.
    """
    s = math.sqrt(1 - m * m)
    sharp = [k / m for k in kinks_v] if abs(m) > s else []
    halvings = math.ceil(math.log2(abs(m) / s)) + 4 if sharp and s > 0 else 4
    outer = composite_legendre(panel_ends(-reach, reach, 1.0, [*kinks_u, *sharp], min(halvings, 60)), PANEL)
    u = outer.points[:, None]
    with np.errstate(divide="ignore", over="ignore"):
        cuts = np.sort(np.clip((np.asarray(kinks_v) - m * u) / s if kinks_v else u[:, :0], -reach, reach), axis=1)
    ends = np.concatenate([np.full_like(u, -reach), cuts, np.full_like(u, reach)], axis=1)
    unit = composite_legendre(np.linspace(0.0, 1.0, INNER_PANELS + 1), PANEL)
    z = (ends[:, :-1, None] + np.diff(ends)[:, :, None] * unit.points).reshape(u.size, -1)
    w = (np.diff(ends)[:, :, None] * unit.weights).reshape(u.size, -1)
    weights = outer.weights[:, None] * w * np.exp(-(u**2 + z**2) / 2) / ROOT_2PI**2
    u = np.broadcast_to(u, z.shape)
    return Pairs(u.ravel(), (m * u + s * z).ravel(), z.ravel(), weights.ravel())
