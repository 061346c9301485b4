"""How long the correlation of a neuron takes from one value to another."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from riskcalc.arguments import FloatArray, common_shape, numbers

NODES = 40
SEPARATION = 1.5  # distance of a panel's centre from the nearest pole, in half lengths: 40 nodes are right to 1e-33
ZERO = 64 * float(np.finfo(float).eps)  # of a sum, in units of the sum of its absolute terms


def hitting_time(products: npt.ArrayLike, start: npt.ArrayLike, end: npt.ArrayLike) -> FloatArray:
    r"""Time of the spherical gradient flow from one correlation to another.

    .. math:: T = \int_{m_0}^{m_1}\frac{dm}{(1-m^2)\,b(m)}, \qquad
              b(m) = \sum_{k\ge1} k\,\frac{c_k}{k!}\,m^{k-1}, \qquad c_k = \mu_kg_k

    Parameters
    ----------
    products : array_like, shape (K + 1,)
        :math:`c_k/k!`, the products of the normalised Hermite coefficients of activation and target; entry 0 has no
        effect. Units of the loss.
    start : array_like, -1 < start < 1
        :math:`m_0`.
    end : array_like, -1 <= end <= 1
        :math:`m_1`.

    Returns
    -------
    ndarray
        Of the broadcast shape of ``start`` and ``end``; 0 where they are equal, inf where the flow never arrives: where
        b vanishes between them (a zero that rounding hides counts as one), has the sign of the other direction, or
        ``end`` is ±1.

    Raises
    ------
    ValueError
        If a number is outside its domain, or shapes do not broadcast.

    Notes
    -----
    For the series that is given the relative error is of rounding. Closed forms: only :math:`c_1`,
    :math:`T = (\operatorname{artanh}m_1-\operatorname{artanh}m_0)/c_1`; only :math:`c_2`,
    :math:`T = \ln\big(m_1\sqrt{1-m_0^2}/(m_0\sqrt{1-m_1^2})\big)/c_2`; and for an information exponent s >= 3,
    :math:`T \simeq (s-1)!\,m_0^{-(s-2)}/((s-2)c_s)` as :math:`m_0 \to 0`. That :math:`m_0 \sim d^{-1/2}` makes this a
    law of d for one-pass gradient descent is a heuristic here (not verified by simulation in d).

    References
    ----------
    .. [1] benarous2021 (place not checked)

    Examples
    --------
    >>> import riskcalc as rc
    >>> print(rc.dynamics.hitting_time([0, 0, 0, 1 / 6], start=[0.03, 0.03], end=[0.8, 1.0]).round(4))
    [66.3039     inf]
    """
    p = numbers("products", products, ndim=1)
    m0 = numbers("start", start, above=-1, at_most=np.nextafter(1, 0), hint="a correlation inside (-1, 1)")
    m1 = numbers("end", end, at_least=-1, at_most=1)
    shape = common_shape(start=m0, end=m1)
    first, last = np.broadcast_to(m0, shape).ravel(), np.broadcast_to(m1, shape).ravel()
    b = np.append(np.arange(1.0, p.size) * p[1:], 0.0)
    arrives = _arrives(b, first, last)
    time = np.where(first == last, 0.0, np.inf)
    time[arrives] = _integral(b, first[arrives], last[arrives])
    return time.reshape(shape)


def _arrives(b: FloatArray, first: FloatArray, last: FloatArray) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    """Whether b has the sign of last - first from end to end: there, and beside its complex roots (a double root)."""
    inner = _roots(b).real
    points = np.concatenate([first[:, None], last[:, None], np.broadcast_to(inner, (first.size, inner.size))], axis=1)
    low, high = np.minimum(first, last)[:, None], np.maximum(first, last)[:, None]
    value = np.sign(last - first)[:, None] * _polynomial(b, points)
    size = _polynomial(np.abs(b), np.abs(points))
    between = (points >= low) & (points <= high)
    return np.asarray(((value > ZERO * size) | ~between).all(axis=1) & (np.abs(last) < 1))


def _integral(b: FloatArray, first: FloatArray, last: FloatArray) -> FloatArray:
    """Gauss-Legendre on panels that are short beside their distance from the poles."""
    poles = np.append(_roots(b), [-1.0, 1.0])
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    total = np.zeros(first.size)
    owner, low, high = np.arange(first.size), first, last
    while owner.size:
        centre, half = (low + high) / 2, (high - low) / 2
        distance = np.abs(centre[:, None] - poles).min(axis=1)
        done = (distance >= SEPARATION * np.abs(half)) | (centre == low) | (centre == high)
        m = centre[done, None] + half[done, None] * nodes
        values = weights / ((1 - m) * (1 + m) * _polynomial(b, m))
        np.add.at(total, owner[done], half[done] * values.sum(axis=1))
        owner, low, centre, high = (x[~done] for x in (owner, low, centre, high))
        owner, low, high = np.tile(owner, 2), np.concatenate([low, centre]), np.concatenate([centre, high])
    return total


def _polynomial(b: FloatArray, m: FloatArray) -> FloatArray:
    """Σ b_k m^k."""
    return np.asarray(np.polynomial.polynomial.polyval(m, b))


def _roots(b: FloatArray) -> np.ndarray[tuple[int, ...], np.dtype[np.complex128]]:
    """Roots of Σ b_k m^k; leading terms that are nothing beside the largest, for |m| <= 1, are left out."""
    kept = np.flatnonzero(np.abs(b) > 1e-20 * np.abs(b).max())
    return np.asarray(np.roots(b[: kept[-1] + 1][::-1]) if kept.size else np.zeros(0), dtype=np.complex128)
