"""Quadrature for the law of t = ⟨x, e⟩/√d, x uniform on the sphere of radius √d."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.linalg import eigh_tridiagonal

from riskcalc.arguments import FloatArray, numbers, whole
from riskcalc.harmonics.multiplicity import sizes
from riskcalc.quadrature import Nodes, composite_legendre, panel_ends


@dataclass(frozen=True)
class AngleNodes(Nodes):
    """A rule in the angle, as ``angle_nodes`` makes it.

    Parameters
    ----------
    points : ndarray, shape (m,)
        t = cos θ, ascending.
    weights : ndarray, shape (m,)
        Positive; they sum to 1.
    angles : ndarray, shape (m,)
        θ.

    References
    ----------
    .. [1] derived

    Examples
    --------
    >>> import riskcalc as rc
    >>> nodes = rc.harmonics.angle_nodes(4)
    >>> print((nodes.weights @ nodes.angles).round(12))  # π/2 by symmetry
    1.570796326795
    """

    angles: FloatArray


def sphere_nodes(n_inputs: int, n_nodes: int = 64) -> Nodes:
    r"""Gauss rule for the density :math:`c_d (1-t^2)^{(d-3)/2}` on [-1, 1].

    .. math:: E\,g(t) \approx \sum_i w_i\, g(t_i), \qquad \text{exact for polynomials of degree } 2N - 1

    Parameters
    ----------
    n_inputs : int, >= 2
        The dimension d.
    n_nodes : int, >= 1
        The number N of nodes.

    Returns
    -------
    Nodes
        ``points`` ascending and exactly antisymmetric, ``weights`` that sum to 1.

    Raises
    ------
    ValueError
        If an argument is outside its domain.

    Notes
    -----
    By Golub and Welsch: eigenvalues of the Jacobi matrix with off-diagonal :math:`\alpha_k`,
    :math:`\alpha_k^2 = k(k+d-3)/((2k+d-2)(2k+d-4))`, and squared first components of its eigenvectors. Made for smooth
    g; at a kink, or for g that is smooth only in the angle, take ``angle_nodes``.

    References
    ----------
    .. [1] golub1969 (place not checked)

    Examples
    --------
    >>> import riskcalc as rc
    >>> nodes = rc.harmonics.sphere_nodes(5, 8)
    >>> print((nodes.weights @ nodes.points**2).round(12))  # 1/d
    0.2
    """
    d, _ = sizes("sphere", n_inputs, 0)
    size = whole("n_nodes", n_nodes, at_least=1)
    points, vectors = eigh_tridiagonal(np.zeros(size), recursion_coefficients(d, size - 1))
    weights = vectors[0] ** 2
    weights = weights + weights[::-1]
    return Nodes((points - points[::-1]) / 2, weights / weights.sum())


def recursion_coefficients(n_inputs: int, size: int) -> FloatArray:
    """α_1 ... α_size of t p_k = α_(k+1) p_(k+1) + α_k p_(k-1), where E p_j p_k = δ_jk."""
    d, k = n_inputs, np.arange(2.0, size + 1)
    later = np.sqrt(k * (k + d - 3) / ((2 * k + d - 2) * (2 * k + d - 4)))
    return np.concatenate([[math.sqrt(1 / d)], later])[:size]


def angle_nodes(
    n_inputs: int, max_degree: int = 64, kinks: Sequence[float] = (), *, refinement: int = 1, halvings: int = 0
) -> AngleNodes:
    r"""Composite Gauss-Legendre rule in θ = arccos t, with panels that end on the kinks.

    .. math:: E\,g(t) = c_d \int_0^\pi g(\cos\theta) \sin^{d-2}\theta\, d\theta, \qquad
              c_d = \frac{\Gamma(d/2)}{\sqrt\pi\,\Gamma((d-1)/2)}

    Parameters
    ----------
    n_inputs : int, >= 2
        The dimension d.
    max_degree : int, >= 0
        Highest degree of a zonal polynomial in the integrand.
    kinks : sequence of float
        Values of t where the integrand or a derivative of it jumps.
    refinement : int, >= 1
        Panels are this many times shorter than the degree asks for.
    halvings : int, >= 0
        Panels that halve towards the kinks inside (-1, 1): for integrands like a root there.

    Returns
    -------
    AngleNodes
        ``angles``, ``points`` and ``weights``; pass the angles on to functions that are smooth in θ only.

    Raises
    ------
    ValueError
        If an argument is outside its domain.

    Notes
    -----
    The weight is concentrated at :math:`|\theta - \pi/2| = O(d^{-1/2})`; beyond :math:`(2\sqrt k + 12)/\sqrt d`
    nothing is left of :math:`\sin^{d-2}\theta\,P_k^2 B(d, k)` in double precision.

    References
    ----------
    .. [1] derived

    Examples
    --------
    >>> import riskcalc as rc
    >>> nodes = rc.harmonics.angle_nodes(3, kinks=[0.0])
    >>> print((nodes.weights @ abs(nodes.points)).round(12))
    0.5
    """
    d, k = sizes("sphere", n_inputs, 0)[0], whole("max_degree", max_degree)
    places = numbers("kinks", kinks, at_least=-1, at_most=1, ndim=1)
    half = min(math.pi / 2, (2 * math.sqrt(k) + 12) / math.sqrt(d))
    length = 1 / (refinement * max(math.sqrt(d), math.sqrt(k * (k + d)) / 4))
    singular = [math.asin(t) for t in places if abs(t) < 1]
    panels = composite_legendre(panel_ends(-half, half, length, singular, halvings))
    t = np.sin(panels.points)
    middle = 0.5 * np.log1p(-np.minimum(t**2, 0.5))
    log_sine = np.where(t**2 < 0.5, middle, np.log(np.sin(math.pi / 2 - np.abs(panels.points))))
    weights = panels.weights * np.exp((d - 2) * log_sine)
    return AngleNodes(t, weights / weights.sum(), math.pi / 2 - panels.points)
