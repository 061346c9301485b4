"""Ridge regression on a random part of a table, judged on its other rows."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from riskcalc.arguments import FloatArray, common_shape, numbers
from riskcalc.result import Risk
from riskcalc.spectrum import BLOCK, Spectrum
from riskcalc.theory.eigensystem import Eigensystem
from riskcalc.theory.newton import NO_SAMPLES, solve
from riskcalc.theory.nodes import Nodes

SOURCES = ("wei2022", "simon2023")
WARN_ABOVE = 0.03  # of |LOO/GCV - 1|


def finite_population_risk(
    kernel_eigenvalues: npt.ArrayLike,
    squared_projections: npt.ArrayLike,
    n_samples: npt.ArrayLike,
    ridge: npt.ArrayLike,
) -> Risk:
    r"""Held-out error of kernel ridge regression on n of m given rows, drawn without replacement.

    .. math:: n = \sum_{i=1}^m\frac{s_i+\lambda}{s_i+\omega},\qquad
              \mathrm{test} = \frac{n}{m^2}\,\frac{\sum_i c_i/(s_i+\omega)^2}{g_1^2-(1-n/m)g_2},\qquad
              g_k = \frac1m\sum_i\frac{1}{(s_i+\omega)^k}

    Parameters
    ----------
    kernel_eigenvalues : array_like, >= 0, shape (m,)
        All m eigenvalues :math:`s_i` of the m × m kernel matrix, zeros included.
    squared_projections : array_like, >= 0, shape (m,)
        :math:`c_i = (u_i^\top y)^2`, summed over outputs; not divided by m.
    n_samples : array_like, 0 <= n <= m
    ridge : array_like, >= 0
        λ of the sum objective.

    Returns
    -------
    Risk
        ``test`` is the error on the other m - n rows (the limit at n = m is GCV of the full fit), ``effective_ridge``
        is ω/m. Bias, variance and noise cannot be told apart on a table and are None, and so is df2. At ridge 0 and n
        equal to the rank of the kernel matrix the error is inf if y has a part outside its range.

    Raises
    ------
    ValueError
        If n_samples exceeds m, or a number is outside its domain.

    Notes
    -----
    Right if the eigenvectors are spread over the rows; ``predict`` corrects for localised ones. Rows of very unequal
    norm break it.

    References
    ----------
    .. [1] derived (free subordination of the kernel matrix and the sampling mask)
    .. [2] wei2022 (GCV, the case n = m; place not checked)

    Examples
    --------
    >>> import riskcalc as rc
    >>> risk = rc.finite_population_risk([4.0, 1.0, 0.0, 0.0], [3.0, 1.0, 0.5, 0.5], n_samples=3, ridge=0)
    >>> print(risk.test)  # n c0 / ((m - r)(n - r))
    1.5
    """
    s = numbers("kernel_eigenvalues", kernel_eigenvalues, at_least=0, ndim=1)
    c = numbers("squared_projections", squared_projections, at_least=0, ndim=1)
    if s.shape != c.shape or s.size == 0:
        raise ValueError(f"squared_projections must have one entry per kernel eigenvalue ({s.size}), got {c.size}")
    positive = s > 0
    return finite_population(s[positive], c[positive], float(c[~positive].sum()), s.size, n_samples, ridge)[0]


def finite_population(
    s: FloatArray,
    c: FloatArray,
    outside: float,
    m: int,
    n_samples: npt.ArrayLike,
    ridge: npt.ArrayLike,
    largest: float | None = None,
) -> tuple[Risk, FloatArray]:
    """The risk from the positive eigenvalues alone, and ω; n is at most ``largest``, m if that is left out."""
    most, hint = (m, f"the table has {m} rows and tells no more") if largest is None else (largest, "")
    n_given = numbers("n_samples", n_samples, at_least=0, at_most=most, hint=hint)
    lam_given = numbers("ridge", ridge, at_least=0)
    shape = common_shape(n_samples=n_given, ridge=lam_given)
    n, lam = np.broadcast_to(n_given, shape).ravel(), np.broadcast_to(lam_given, shape).ravel()
    n = np.where(n < NO_SAMPLES, 0.0, n)
    rank = s.size
    omega = np.zeros(n.size)
    solvable = (n > 0) & ((lam > 0) | (n < rank))
    nodes = Nodes.of(Spectrum.from_eigenvalues(s if rank else 0.0))
    omega[solvable] = solve(nodes, n[solvable], (m - rank) * lam[solvable], lam[solvable])[0]
    omega[n == 0] = np.inf
    test, hat, df1 = np.empty((3, n.size))
    step = max(1, BLOCK // max(rank, 1))
    for start in range(0, n.size, step):
        part = slice(start, start + step)
        test[part], hat[part], df1[part] = _held_out(s, c, outside, m, n[part], lam[part], omega[part])
    with np.errstate(invalid="ignore"):
        train = np.where(hat == 0, 0.0, hat**2 * test)
    risk = Risk(
        test=test.reshape(shape),
        train=train.reshape(shape),
        effective_ridge=(omega / m).reshape(shape),
        df1=df1.reshape(shape),
        coordinates={"n_samples": n_given, "ridge": lam_given},
        route="finite population",
        sources=SOURCES,
    )
    return risk, omega.reshape(shape)


def _held_out(
    s: FloatArray, c: FloatArray, outside: float, m: int, n: FloatArray, lam: FloatArray, omega: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    r"""Held-out error, the bare share λg₁/a of the train error, and df1 = Σ s/(s+ω).

    With w of ``weights``, means over the m rows, and b = λ/(ω + s₀) nothing cancels, and nothing vanishes as ω → 0:

    .. math:: (\omega+s_0)^2[g_1^2 - (1-a)g_2] = \bar w\,[\overline{ws/(s+\omega)} + b\,\overline{w^2}],
              \qquad 1-a = (\omega-\lambda)g_1
    """
    a, zeros, w = n / m, m - s.size, weights(s, omega, m)
    with np.errstate(divide="ignore", invalid="ignore"):
        learned = s / (s + omega[:, None])
        least = 0.0 if zeros else s.min()
        b = np.where(omega + least > 0, lam / (omega + least), (n - s.size) / max(zeros, 1))
        w1, w2 = (w.sum(axis=1) + zeros) / m, ((w**2).sum(axis=1) + zeros) / m
        energy = (w**2 @ c + outside) / m
        test = np.where(energy == 0, 0.0, a * energy / (w1 * ((w * learned).sum(axis=1) / m + b * w2)))
        hat = b * w1 / a
    total = lam + s.sum() / m
    at_zero = np.divide(lam, total, out=np.ones_like(lam), where=total > 0)
    return np.where(n == 0, energy, test), np.where(n == 0, at_zero, hat), learned.sum(axis=1)


def weights(s: FloatArray, omega: FloatArray, m: int) -> FloatArray:
    """1/(s + ω), one row per ω, in units of its value at s₀, the least of all m eigenvalues (0 if s are fewer)."""
    least = s.min() if s.size == m else 0.0
    with np.errstate(invalid="ignore"):
        w = (omega[:, None] + least) / (omega[:, None] + s)
    return np.where(np.isinf(omega)[:, None], 1.0, w)


def localisation(table: Eigensystem, omega: FloatArray) -> FloatArray:
    """LOO/GCV at ω on the whole table: 1 where the eigenvectors are spread over the rows."""
    flat, out = omega.ravel(), np.ones(omega.size)
    squares = table.vectors**2
    m, rank = squares.shape
    beyond = np.zeros(m) if rank == m else np.clip(1 - squares.sum(axis=1), 0.0, None)
    n_outputs = table.projections.shape[1]
    step = max(1, BLOCK // (m * n_outputs))
    for start in range(0, flat.size, step):
        w = weights(table.eigenvalues, flat[start : start + step], m).T  # eigenvalues x points
        diagonal = (squares @ w + beyond[:, None])[:, :, None]
        weighted = (w[:, :, None] * table.projections[:, None, :]).reshape(rank, w.shape[1] * n_outputs)
        residuals = (table.vectors @ weighted).reshape(m, -1, n_outputs) + table.orthogonal[:, None, :]
        gcv = (residuals**2).sum(axis=(0, 2)) / diagonal.mean(axis=(0, 2)) ** 2
        defined = (gcv > 0) & (diagonal.min(axis=(0, 2)) > 0)
        with np.errstate(divide="ignore", invalid="ignore"):
            loo = (residuals**2 / diagonal**2).sum(axis=(0, 2))
            out[start : start + step] = np.where(defined, loo / gcv, 1.0)
    return out.reshape(omega.shape)
