"""How far the test error of random features may be from that of the whole spectrum, of which K degrees are resolved."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from riskcalc.arguments import FloatArray
from riskcalc.result import Risk
from riskcalc.theory.kernel_reduction import Tail
from riskcalc.theory.kernel_ridge import learned, mean_bound
from riskcalc.theory.problem import Problem
from riskcalc.theory.random_features.shares import Solved


def truncation(problem: Problem, atom: Problem, tail: Tail, risk: Risk, size: npt.ArrayLike = 1.0) -> FloatArray:
    r"""The larger of the distances to both bounds, as a share of the test error.

    By Jensen :math:`D_{\rm atom}(u) \le D(u) \le D_{\rm ridge}(u)`, whose roots are therefore in the opposite order.
    Between them n - D and N - D grow with u, what is not learned falls, and :math:`g = D - \mathrm{df}_2` lies between
    differences of bounds. With τ² in Q₁ and Q₂,

    .. math:: \mathrm{test} = \frac{n[(N-D)Q_2+gQ_1]}{(n-D)(N-D)+g(n+N-2D)}

    rises with both Q, falls with n - D and N - D since Q₂ <= Q₁, and is monotone in g. An ensemble has the share 1/K of
    it, and of :math:`nQ_2/(n-\mathrm{df}_2)` the rest.
    """
    test = np.asarray(risk.test)
    if tail.trace == 0:
        return np.zeros(test.shape)
    sizes = _Sizes(*(np.broadcast_to(risk.coordinates[name], test.shape) for name in ("n_samples", "width", "ridge")))
    low, high = (Solved.of(p, sizes.n, sizes.width, sizes.ridge).point for p in (atom, problem))
    alpha, beta = (high.alpha, low.alpha), (high.beta, low.beta)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore", under="ignore"):
        square = np.exp(math.log(tail.mean) + math.log(tail.trace) - 2 * low.log_kappa)
        df2 = _df2(problem, high.log_kappa), _df2(problem, low.log_kappa) + square
        D = sizes.fit(alpha[1], beta[1]), sizes.fit(alpha[0], beta[0])
        spread = np.maximum(D[0] - df2[1], 0.0), np.maximum(D[1] - df2[0], 0.0)
        noise, beyond = np.asarray(problem.noise), problem.outside_energy
        kept = 1 / (1 + np.exp(math.log(tail.largest) - low.log_kappa))
        least = [_left(problem, low.log_kappa, power) + beyond * kept**power + noise for power in (1, 2)]
        most = [_left(problem, high.log_kappa, power) + beyond + noise for power in (1, 2)]
        upper = np.maximum(*(sizes.test(alpha[0], beta[0], g, *most) for g in spread))
        lower = np.minimum(*(sizes.test(alpha[1], beta[1], g, *least) for g in spread))
        upper = mean_bound(size, upper, sizes.averaged(df2[1], most[1]))
        lower = mean_bound(size, lower, sizes.averaged(df2[0], least[1]))
        share = np.maximum(upper - test, test - lower) / test
    share = np.where(np.isnan(share), np.inf, np.maximum(share, 0.0))
    return np.where((test > 0) & np.isfinite(test), share, 0.0)


@dataclass(frozen=True)
class _Sizes:
    """n, N and λ, of which n or N may be inf."""

    n: FloatArray
    width: FloatArray
    ridge: FloatArray

    def fit(self, alpha: FloatArray, beta: FloatArray) -> FloatArray:
        """D from (n - D)/n and (N - D)/N."""
        return np.where(np.isfinite(self.n), self.n * (1 - alpha), self.width * (1 - beta))

    def test(self, alpha: FloatArray, beta: FloatArray, g: FloatArray, q1: FloatArray, q2: FloatArray) -> FloatArray:
        """[βQ₂ + gQ₁/N]/[αβ + gα/N + gβ/n]; without samples or features nothing is fitted."""
        per_n, per_width = g / self.n, g / self.width
        value = (beta * q2 + per_width * q1) / (alpha * beta + per_width * alpha + per_n * beta)
        return np.where(np.minimum(self.n, self.width) > 0, value, q2)

    def averaged(self, df2: FloatArray, q2: FloatArray) -> FloatArray:
        """Q₂/(1 - df2/n), inf where the bound of df2 is not below n."""
        room = 1 - df2 / self.n
        return np.where(np.minimum(self.n, self.width) > 0, np.where(room > 0, q2 / room, np.inf), q2)


def _left(problem: Problem, log_kappa: FloatArray, power: int) -> FloatArray:
    """Σ e (1-s)^j."""
    return np.asarray(((1 - learned(problem, log_kappa)) ** power) @ np.asarray(problem.energies))


def _df2(problem: Problem, log_kappa: FloatArray) -> FloatArray:
    """Σ m s² of the degrees that are resolved, with B s² = m s/(ξ+κ)."""
    spectrum = problem.spectrum
    counts = np.exp(spectrum.log_masses - np.logaddexp(spectrum.log_eigenvalues, log_kappa[..., None]))
    counts = np.where(spectrum.log_masses > -np.inf, counts, 0.0)
    return np.asarray((counts * learned(problem, log_kappa)).sum(axis=-1))
