"""A power law with a constant, fitted to a computed learning curve and continued."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from riskcalc.arguments import FloatArray

EXPONENTS = np.linspace(0.05, 3.0, 60)


def fitted(sizes: FloatArray, values: FloatArray) -> tuple[FloatArray, FloatArray]:
    r"""Least relative squares :math:`an^{-b}+c`, a, c >= 0, per curve: the share of :math:`an^{-b}` at the end, and b.

    ``sizes`` and ``values`` have shape (curves, points), the last size the largest.
    """
    x = (sizes / sizes[:, -1:])[:, None, :] ** -EXPONENTS[:, None] / values[:, None, :]  # curves, exponents, points
    one = np.broadcast_to(1 / values[:, None, :], x.shape)
    a, c, loss = (np.stack(each, axis=1) for each in zip(_both(x, one), _power(x), _constant(one), strict=True))
    kind, k = np.divmod(loss.reshape(len(loss), 3 * EXPONENTS.size).argmin(axis=1), EXPONENTS.size)
    curve = np.arange(len(loss))
    a, c = a[curve, kind, k], c[curve, kind, k]
    return a / (a + c), EXPONENTS[k]


def continued(sizes: FloatArray, values: FloatArray, which: npt.NDArray[np.intp], n: FloatArray) -> FloatArray:
    """The fit at sizes n, times what puts it through the last value; at each n ``which`` curve it is."""
    share, b = (each[which] for each in fitted(sizes, values))
    return np.asarray(values[which, -1] * (share * (n / sizes[which, -1]) ** -b + 1 - share))


def steepening(sizes: FloatArray, values: FloatArray) -> FloatArray:
    """How much faster the curves fall over their last quarter than the fits at their end, in -d log test/d log n."""
    share, b = fitted(sizes, values)
    return np.asarray(np.log(values[:, -4] / values[:, -1]) / np.log(sizes[:, -1] / sizes[:, -4]) - share * b)


def _both(x: FloatArray, one: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Normal equations of a x + c one = 1; where a or c would be negative it is no candidate."""
    xx, xo, oo, x1, o1 = ((p * q).sum(axis=-1) for p, q in ((x, x), (x, one), (one, one), (x, 1.0), (one, 1.0)))
    determinant = xx * oo - xo**2
    with np.errstate(divide="ignore", invalid="ignore"):
        a, c = (oo * x1 - xo * o1) / determinant, (xx * o1 - xo * x1) / determinant
        possible = (determinant > 1e-12 * xx * oo) & (a >= 0) & (c >= 0)
    a, c = np.where(possible, a, 0.0), np.where(possible, c, 0.0)
    return a, c, np.where(possible, _loss(a, c, x, one), np.inf)


def _power(x: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    a = x.sum(axis=-1) / (x**2).sum(axis=-1)
    return a, np.zeros_like(a), _loss(a, np.zeros_like(a), x, np.zeros_like(x))


def _constant(one: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    c = one.sum(axis=-1) / (one**2).sum(axis=-1)
    return np.zeros_like(c), c, _loss(np.zeros_like(c), c, np.zeros_like(one), one)


def _loss(a: FloatArray, c: FloatArray, x: FloatArray, one: FloatArray) -> FloatArray:
    """Squared relative errors of the fit."""
    return np.asarray(((a[..., None] * x + c[..., None] * one - 1) ** 2).sum(axis=-1))
