r"""Masses from values of h alone: quadrature on the sphere, the finite sum on the hypercube.

The error of :math:`E\,h(t)\sqrt{B}P_k(t)` is absolute, a few roundings of the norm of h, so that small masses are lost.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from riskcalc.activations.activation import Parity
from riskcalc.activations.projection import EPS, converged
from riskcalc.arguments import FloatArray
from riskcalc.harmonics import angle_nodes
from riskcalc.harmonics.nodes import recursion_coefficients
from riskcalc.kernels.hypercube_law import hypercube_law
from riskcalc.kernels.masses import Masses
from riskcalc.kernels.multiplicities import multiplicities
from riskcalc.kernels.power_series import logarithm
from riskcalc.quadrature import Nodes

Profile = Callable[[FloatArray], FloatArray]
PROBES = np.linspace(0.013, 0.97, 23)
HALVINGS = 40  # panels that halve towards t = ±1, where h may be like a root


class Cosine:
    """The law of t = ⟨x, x'⟩/d on the sphere: a rule, and the recursion of the orthonormal polynomials."""

    def __init__(self, n_inputs: int) -> None:
        self.n_inputs = n_inputs

    def nodes(self, max_degree: int, kinks: Sequence[float], refinement: int) -> Nodes:
        """Panels in the angle that end on the kinks and halve towards both ends."""
        return angle_nodes(self.n_inputs, max_degree, kinks, refinement=refinement, halvings=HALVINGS)

    def recursion(self, size: int) -> FloatArray:
        """α_1 ... α_size."""
        return recursion_coefficients(self.n_inputs, size)


def projected(
    profile: Profile,
    n_inputs: int,
    max_degree: int,
    domain: str,
    name: str,
    *,
    kinks: Sequence[float] = (),
    parity: Parity = None,
    accuracy: float = EPS,
) -> Masses:
    """Masses m_k = √B E h √B P_k with their errors; ``accuracy`` is that of h, relative to its norm."""
    if domain == "sphere":
        found, error = converged(profile, Cosine(n_inputs), max_degree, kinks, name)
        c, norm = found[:-1], found[-1]
    else:
        c, norm = _hypercube(profile, n_inputs, max_degree)
        error = 4 * EPS * norm
    root = multiplicities(n_inputs, max_degree, domain)[1] / 2
    logs, errors = logarithm(np.abs(c)) + root, logarithm(np.array(4 * error + 4 * accuracy * norm)) + root
    if parity is not None:
        forbidden = slice(1 if parity == "even" else 0, None, 2)
        logs[forbidden] = errors[forbidden] = -np.inf
    return Masses(logs, np.sign(c), errors)


def parity_of(profile: Profile) -> Parity:
    """Even or odd if h is so at 23 pairs ±t, to the last digit or two."""
    right, left = profile(PROBES), profile(-PROBES)
    allowed = 4 * EPS * np.abs(right)
    if (np.abs(right - left) <= allowed).all():
        return "even"
    return "odd" if (np.abs(right + left) <= allowed).all() else None


def _hypercube(profile: Profile, n_inputs: int, max_degree: int) -> tuple[FloatArray, float]:
    """E h(t) p_k(t) over the d + 1 overlaps; beyond d/2 by p_(d-k) = (-1)^j p_k, where the recursion is stable."""
    t, weights = hypercube_law(n_inputs)
    root = np.sqrt(weights)
    values = profile(t) * root
    flipped = values * (1 - 2 * (np.arange(n_inputs + 1) % 2))
    half, total = n_inputs // 2, np.rint(n_inputs * t)
    last = min(half, max_degree)
    direct, mirrored = np.empty(last + 1), np.empty(last + 1)
    before, now = np.zeros_like(root), root
    for k in range(last + 1):
        direct[k], mirrored[k] = values @ now, flipped @ now
        up, down = np.sqrt((k + 1) * (n_inputs - k)), np.sqrt(k * (n_inputs - k + 1))
        before, now = now, (total * now - down * before) / up
    beyond = mirrored[: n_inputs - half][::-1] if max_degree > half else mirrored[:0]
    return np.concatenate([direct, beyond])[: max_degree + 1], float(np.sqrt(values @ values))
