r"""The mean :math:`E\,\varphi(u)\varphi(v)` of a pair at angle θ, from values of φ alone.

With r and ψ the polar coordinates of the plane, u = r cos ψ and v = r cos(ψ - θ); ψ is uniform, and r has the law of
the first layer: Rayleigh for Gaussian weights, r² = d sin²χ on the sphere. Panels end where u or v passes a kink.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from riskcalc.arguments import FloatArray
from riskcalc.quadrature import Nodes, composite_legendre, panel_ends

ANGLES = 64  # h is smooth in θ, also where it is not in t; kinks away from 0 want more
MANY_ANGLES = 256
FEW = 8  # points at which h is integrated itself
PANELS, NODES = 8, 16
HALVINGS = 25
LEGENDRE = np.polynomial.legendre.leggauss(NODES)


def profile_of_pairs(
    function: Callable[[FloatArray], FloatArray], kinks: Sequence[float], radial: Nodes, t: FloatArray
) -> FloatArray:
    """H at t = cos θ; at many points by a polynomial in θ through its values at Chebyshev's angles."""
    size = MANY_ANGLES if any(kinks) else ANGLES
    if t.size <= FEW:
        return np.array([_mean_of_product(function, kinks, radial, math.acos(one)) for one in t.flat]).reshape(t.shape)
    x = np.cos(np.pi * (np.arange(size) + 0.5) / size)
    values = np.array([_mean_of_product(function, kinks, radial, math.pi * (1 + one) / 2) for one in x])
    coefficients = np.polynomial.chebyshev.chebvander(x, size - 1).T @ values * 2 / size
    coefficients[0] /= 2
    return np.asarray(np.polynomial.chebyshev.chebval(2 * np.arccos(t) / math.pi - 1, coefficients))


def profile_accuracy(kinks: Sequence[float]) -> float:
    """Relative accuracy of ``profile_of_pairs``, as measured; circles tangent to a kink away from 0 cost digits."""
    return 1e-7 if any(kinks) else 1e-13


def gaussian_radius(kinks: Sequence[float]) -> Nodes:
    """The law of r for w ~ N(0, I/d): density r exp(-r²/2)."""
    panels = _radial_panels(14.0, 2.0, kinks)
    return Nodes(panels.points, panels.weights * panels.points * np.exp(-(panels.points**2) / 2))


def sphere_radius(n_inputs: int, kinks: Sequence[float]) -> Nodes:
    """The law of r = √d sin χ for w uniform on the sphere: density (d-2) sin χ cos^(d-3) χ; r = √2 at d = 2."""
    root = math.sqrt(n_inputs)
    if n_inputs == 2:
        return Nodes(np.array([root]), np.ones(1))
    ends = [math.asin(abs(kink) / root) for kink in kinks if abs(kink) < root]
    reach = min(math.pi / 2, 14 / root)
    panels = _radial_panels(reach, reach / 7, ends)
    density = np.sin(panels.points) * np.exp((n_inputs - 3) * np.log(np.cos(panels.points)))
    weights = panels.weights * density
    return Nodes(root * np.sin(panels.points), weights / weights.sum())


def _radial_panels(reach: float, length: float, kinks: Sequence[float]) -> Nodes:
    """Panels that halve towards the circles that touch a kink."""
    circles = [abs(kink) for kink in kinks if kink != 0]
    return composite_legendre(panel_ends(0.0, reach, length, circles, HALVINGS if circles else 0), NODES)


def _mean_of_product(
    function: Callable[[FloatArray], FloatArray], kinks: Sequence[float], radial: Nodes, angle: float
) -> float:
    r = radial.points[:, None]
    ends = [np.broadcast_to(np.linspace(0, 2 * np.pi, PANELS + 1), (r.size, PANELS + 1))]
    for kink in kinks:
        crossing = np.arccos((kink / r).clip(-1, 1))
        ends += [(shift + sign * crossing) % (2 * np.pi) for shift in (0.0, angle) for sign in (-1, 1)]
    panels = np.sort(np.hstack(ends), axis=1)
    nodes, weights = LEGENDRE
    half = np.diff(panels, axis=1)[..., None] / 2
    psi = panels[:, :-1, None] + half * (1 + nodes)
    product = function(r[..., None] * np.cos(psi)) * function(r[..., None] * np.cos(psi - angle))
    return float(radial.weights @ (product * half * weights).sum(axis=(1, 2)) / (2 * math.pi))
