"""Zonal polynomials P_k(t), P_k(1) = 1, of the sphere and of the hypercube, by their three-term recursions."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from riskcalc.arguments import FloatArray, common_shape, numbers
from riskcalc.harmonics.multiplicity import degrees, sizes

ROUNDING = 1e-12  # how far beyond ±1 rounding may put a cosine


def gegenbauer(n_inputs: int, degree: npt.ArrayLike, t: npt.ArrayLike) -> FloatArray:
    r"""Zonal polynomial of the sphere, :math:`P_k(1) = 1`.

    .. math:: (k+d-2)\,P_{k+1} = (2k+d-2)\,t P_k - k P_{k-1}, \qquad P_0 = 1,\ P_1 = t

    Parameters
    ----------
    n_inputs : int, >= 2
        The dimension d; 2 gives the polynomials of Chebyshev, 3 those of Legendre.
    degree : array_like of integers, >= 0
        The degree k.
    t : array_like, -1 <= t <= 1
        Cosines; what rounding puts beyond ±1 (by up to 1e-12) is taken as ±1.

    Returns
    -------
    ndarray
        Of the common broadcast shape.

    Raises
    ------
    ValueError
        If an argument is outside its domain.

    Notes
    -----
    This is :math:`Q_k^{(d)}(d\,t)` of the literature, and :math:`E\,P_j P_k = \delta_{jk}/B(d, k)`. The recursion is
    stable upwards: near a zero the error is some roundings of the envelope, :math:`B^{-1/2}(\sin\theta)^{-(d-2)/2}`.

    References
    ----------
    .. [1] misiakiewicz2024 (lecture 3; place not checked)

    Examples
    --------
    >>> import riskcalc as rc
    >>> print(rc.harmonics.gegenbauer(5, [0, 1, 2, 3], 0.5).round(6))
    [ 1.       0.5      0.0625  -0.15625]
    """
    d, cosines = sizes("sphere", n_inputs, 0)[0], _cosines(t)
    return _rows_at(polynomials(d, cosines), degrees("sphere", d, degree), cosines)


def krawtchouk(n_inputs: int, degree: npt.ArrayLike, t: npt.ArrayLike) -> FloatArray:
    r"""Zonal polynomial of the hypercube: the mean of :math:`\prod_{i\in S} x_i` over the sets of k coordinates.

    .. math:: (d-k)\,P_{k+1} = d\,t P_k - k P_{k-1}, \qquad P_0 = 1,\ P_1 = t, \qquad t = \frac1d\sum_i x_i

    Parameters
    ----------
    n_inputs : int, >= 1
        The dimension d.
    degree : array_like of integers, 0 <= degree <= n_inputs
        The degree k.
    t : array_like, in {-1, -1 + 2/d, ..., 1}
        Overlaps of two points of the hypercube.

    Returns
    -------
    ndarray
        Of the common broadcast shape.

    Raises
    ------
    ValueError
        If an argument is outside its domain.

    Notes
    -----
    With j = d(1 - t)/2 flipped signs this is the Krawtchouk polynomial :math:`Kr_k(j)/\binom dk`. Above d/2 the
    recursion is not stable; there :math:`P_k = (-1)^j P_{d-k}`.

    References
    ----------
    .. [1] misiakiewicz2024 (lecture 3; place not checked)

    Examples
    --------
    >>> import riskcalc as rc
    >>> print(rc.harmonics.krawtchouk(4, [0, 1, 2, 3, 4], 0.5))
    [ 1.   0.5  0.  -0.5 -1. ]
    """
    d, cosines = sizes("hypercube", n_inputs, 0)[0], _cosines(t)
    flips = d * (1 - cosines) / 2
    if (np.abs(flips - flips.round()) > ROUNDING * d).any():
        raise ValueError(
            f"t must be 1 - 2j/{d} with a whole j, got {cosines.flat[0]:g}; it is an overlap of ±1 vectors"
        )
    k = degrees("hypercube", d, degree)
    half = _rows_at(polynomials(d, cosines, "hypercube"), np.minimum(k, d - k), cosines)
    return np.where(2 * k > d, 1 - 2 * (flips.round() % 2), 1.0) * half


def polynomials(n_inputs: int, t: FloatArray, domain: str = "sphere") -> Iterator[FloatArray]:
    """P_0(t), P_1(t), P_2(t), ... without end on the sphere, up to degree d on the hypercube."""
    d, before, now = n_inputs, np.zeros_like(t), np.ones_like(t)
    for k in itertools.count() if domain == "sphere" else range(d + 1):
        yield now
        if domain == "sphere":
            after = t if k == 0 else ((2 * k + d - 2) * t * now - k * before) / (k + d - 2)
        else:
            after = (d * t * now - k * before) / max(d - k, 1)
        before, now = now, after


def _cosines(t: npt.ArrayLike) -> FloatArray:
    """``t`` with rounding beyond ±1 cut off."""
    array = numbers("t", t, at_least=-1 - ROUNDING, at_most=1 + ROUNDING, hint="it is a cosine, ⟨x, x'⟩/d")
    return np.clip(array, -1, 1)


def _rows_at(rows: Iterator[FloatArray], degree: FloatArray, t: FloatArray) -> FloatArray:
    """The row of each degree, for broadcast arrays of degrees and points."""
    shape = common_shape(degree=degree, t=t)
    k, result = np.broadcast_to(degree, shape), np.empty(shape)
    last = int(degree.max(initial=0))
    for index, row in enumerate(itertools.islice(rows, last + 1)):
        chosen = k == index
        result[chosen] = np.broadcast_to(row, shape)[chosen]
    return result
