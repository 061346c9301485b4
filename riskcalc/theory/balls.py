"""Ridge regression in ball arithmetic: as many certified digits as are asked for."""

from __future__ import annotations

from fractions import Fraction
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from riskcalc.arguments import common_shape, instance, numbers, whole
from riskcalc.errors import NotConvergedError
from riskcalc.theory.effective_ridge import log_effective_ridge
from riskcalc.theory.newton import NO_SAMPLES
from riskcalc.theory.problem import PROBLEM_HINT, Problem
from riskcalc.theory.ridge import ridge_fields

MOST_BITS = 1 << 15
ROUNDED = 64  # units of rounding below which a relative step is none
MOST_STEPS = 60
FIELDS = (
    "effective_ridge", "test", "train", "bias", "variance", "noise", "df1", "df2", "norm_squared", "estimation",
    "in_sample", "gcv",
)  # fmt: skip


class Point(NamedTuple):
    """Where, and the root as floats have it."""

    n: float
    ridge: float
    noise: float
    log_kappa: float


def certify(
    problem: Problem, n_samples: npt.ArrayLike, ridge: npt.ArrayLike, digits: int = 30
) -> dict[str, npt.NDArray[np.str_]]:
    r"""Fields of ``ridge_risk`` with certified decimal digits, by ball arithmetic.

    .. math:: \Big|\log\frac{\kappa}{\kappa_*}\Big| \le -\log\Big(1-\frac{|h(1/\kappa)-n|}{n-\mathrm{df}_2}\Big),\qquad
              h(u) = \lambda u+\sum_i\frac{m_i\sigma_iu}{1+\sigma_iu}

    Parameters
    ----------
    problem : Problem
        Of a finite spectrum; its floats are taken as the exact numbers they are (below 1e-300, the logarithms).
    n_samples : array_like, > 0
    ridge : array_like, >= 0
        At ridge 0, n_samples is not the rank.
    digits : int, >= 1
        Significant digits.

    Returns
    -------
    dict of str to ndarray of str
        ``"effective_ridge"`` and every field of the Risk, of the broadcast shape of ``n_samples``, ``ridge`` and
        ``problem.noise``. Every digit printed is right, up to one unit in the last; "0" is exactly zero.

    Raises
    ------
    ImportError
        Without python-flint, the extra ``certify``.
    TypeError
        If ``problem`` is not a Problem.
    ValueError
        If a number is outside its domain, or the spectrum is infinite: its nodes have an error of their own.
    NotConvergedError
        If 32768 bits are not enough (not seen).

    Notes
    -----
    ``predict(..., certify=True)`` bounds the error of floats at the same point. Time grows with the number of
    eigenvalues, some 20 µs for each; nothing is compressed.

    References
    ----------
    .. [1] cheng2024 (definition of the effective regularisation; place not checked)
    .. [2] derived (the bound on the root)

    Examples
    --------
    >>> import riskcalc as rc
    >>> problem = rc.Problem(rc.Spectrum.isotropic(2), energies=[1.0], noise=0.25)
    >>> print(rc.certify(problem, n_samples=3, ridge=1)["effective_ridge"])  # 1/√3
    0.577350269189625764509148780502
    """
    flint = _flint()
    instance("problem", problem, Problem, PROBLEM_HINT)
    hint = "predict gives the exact limits"
    n = numbers("n_samples", n_samples, at_least=NO_SAMPLES, hint=hint)
    lam = numbers("ridge", ridge, at_least=0, hint="digits are certified of ridges from 0 on")
    noise, digits = np.asarray(problem.noise), whole("digits", digits, at_least=1)
    shape = common_shape(n_samples=n, ridge=lam, noise=noise)
    if np.isinf(problem.spectrum.multiplicities).any():
        raise ValueError("spectrum must be finite, got nodes of an infinite one, which have an error of their own")
    rank = _rank(problem)
    starts = log_effective_ridge(problem.spectrum, n, lam)
    columns = [np.broadcast_to(array, shape).ravel().tolist() for array in (n, lam, noise, starts)]
    points = [Point(*row) for row in zip(*columns, strict=True)]
    if any(point.n == rank and point.ridge == 0 for point in points):
        raise ValueError(f"n_samples must not be the rank at ridge 0, got {float(rank or 0):g}; {hint}")
    rows = [_digits_at(flint, problem, rank, point, digits) for point in points]
    return {name: np.array([row[name] for row in rows], dtype=np.str_).reshape(shape) for name in FIELDS}


def _flint() -> Any:
    """The library of balls, or the sentence that names the extra."""
    try:
        import flint
    except ImportError:
        raise ImportError("certify needs python-flint; install the extra: pip install 'riskcalc[certify]'") from None
    return flint


def _rank(problem: Problem) -> Fraction | None:
    """Number of positive eigenvalues, exactly; None if there is a tail."""
    spectrum = problem.spectrum
    positive = spectrum.multiplicities[spectrum.log_eigenvalues > -np.inf]
    return None if spectrum.tail > 0 else sum(map(Fraction, positive.tolist()), Fraction(0))


def _digits_at(flint: Any, problem: Problem, rank: Fraction | None, point: Point, digits: int) -> dict[str, str]:
    """Fields as strings, with the precision doubled until all have their digits."""
    bits, kept = int(3.33 * digits) + 64, flint.ctx.prec
    wanted = 3.33 * digits + 4
    try:
        while bits <= MOST_BITS:
            flint.ctx.prec = bits
            balls = _fields(flint.arb, problem, rank, point)
            if balls and all(ball.is_zero() or ball.rel_accuracy_bits() > wanted for ball in balls.values()):
                return {name: ball.str(digits, radius=False) for name, ball in balls.items()}
            bits *= 2
    finally:
        flint.ctx.prec = kept
    raise NotConvergedError("effective ridge in ball arithmetic", best=np.nan, residual=np.inf)


def _fields(arb: Any, problem: Problem, rank: Fraction | None, point: Point) -> dict[str, Any]:
    """Balls of all fields, none if the root was not enclosed at this precision."""
    atoms = _atoms(arb, problem)
    tail, n, lam, noise = arb(problem.spectrum.tail), arb(point.n), arb(point.ridge), arb(point.noise)
    if rank is not None and point.ridge == 0 and point.n > rank:
        kappa, bare = arb(0), n - arb(rank.numerator) / rank.denominator
    else:
        kappa = _root(arb, atoms, tail, n, lam, (-arb(point.log_kappa)).exp().mid())
        if kappa is None:
            return {}
        bare = lam / kappa
    sums = _sums(arb, atoms, tail, kappa)
    hidden = np.asarray(problem.energies)[problem.spectrum.log_eigenvalues == -np.inf].tolist()
    outside = sum(map(arb, hidden), arb(problem.outside_energy))
    values: dict[str, Any] = ridge_fields(n, noise, outside, bare, sums)
    return values | {"effective_ridge": kappa, "noise": noise}


def _atoms(arb: Any, problem: Problem) -> list[tuple[Any, Any, Any]]:
    """Positive eigenvalues, multiplicities and energies."""
    spectrum = problem.spectrum
    rows = zip(
        spectrum.eigenvalues.tolist(), spectrum.log_eigenvalues.tolist(), spectrum.multiplicities.tolist(),
        np.asarray(problem.energies).tolist(), strict=True,
    )  # fmt: skip
    return [
        (arb(sigma) if sigma > 1e-300 else arb(log).exp(), arb(m), arb(e)) for sigma, log, m, e in rows if log > -np.inf
    ]


def _root(arb: Any, atoms: list[tuple[Any, Any, Any]], tail: Any, n: Any, lam: Any, u: Any) -> Any:
    """Ball around κ: Newton's iteration on midpoints, and then the bound that its last residual proves."""
    for _ in range(MOST_STEPS):
        shares = [(m, sigma * u / (1 + sigma * u)) for sigma, m, _ in atoms]
        linear = (lam + tail) * u
        residual = n - linear - sum((m * s for m, s in shares), arb(0))
        gap = linear + sum((m * s * (1 - s) for m, s in shares), arb(0))
        quotient = abs(residual) / gap
        if residual.contains(0) or quotient < ROUNDED * arb(1).exp().rad():
            delta = -(1 - quotient.abs_upper()).log()
            return arb(0, delta.abs_upper()).exp() / u if delta.is_finite() else None
        step = (residual / gap).mid()
        u = (u * (1 + step)).mid() if step > -0.5 else (u / 2).mid()
    return None


def _sums(arb: Any, atoms: list[tuple[Any, Any, Any]], tail: Any, kappa: Any) -> SimpleNamespace:
    """The sums of ``Sums``, the tail in those where it counts."""
    rows = [(sigma, m, e, sigma / (sigma + kappa), 1 / (sigma + kappa)) for sigma, m, e in atoms]
    ridge = tail / kappa if tail > 0 else arb(0)
    trace = sum((m * s * g for _, m, _, s, g in rows), arb(0)) + (ridge / kappa if tail > 0 else arb(0))
    return SimpleNamespace(
        df1=sum((m * s for _, m, _, s, _ in rows), arb(0)) + ridge,
        df2=sum((m * s * s for _, m, _, s, _ in rows), arb(0)),
        spread=kappa * trace,
        trace=trace,
        left=sum((e * (kappa * g) ** 2 for _, _, e, _, g in rows), arb(0)),
        norm=sum((e * s * g for _, _, e, s, g in rows), arb(0)),
        far=sum((e / sigma * (kappa * g) ** 2 for sigma, _, e, _, g in rows), arb(0)),
    )
