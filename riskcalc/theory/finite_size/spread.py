"""How much the test error of one experiment varies."""

from __future__ import annotations

from functools import partial

import numpy as np
import numpy.typing as npt

from riskcalc.arguments import FloatArray, common_shape, instance, numbers
from riskcalc.tables import Fields
from riskcalc.theory.finite_size.power_sums import PowerSums, Solution
from riskcalc.theory.newton import NO_SAMPLES
from riskcalc.theory.nodes import Nodes
from riskcalc.theory.problem import PROBLEM_HINT, Problem
from riskcalc.theory.sums import rows_at


def ridge_spread(problem: Problem, n_samples: npt.ArrayLike, ridge: npt.ArrayLike, kurtosis: float = 0.0) -> Fields:
    r"""Standard deviation over experiments of the population test error of a ridge regression.

    .. math:: \mathrm{Var} = \frac{2}{nE^3}\Big[A^2\Big(D + \frac{\epsilon-2\delta}{E}\Big) + 2J^2 + 2Ab_3\Big],
              \qquad J = \frac{\delta A}{E} - b_2

    in the notation of ``ridge_next_order``, with A = b₁ + M + τ² if the noise is drawn, and A = b₁ on average over it.

    Parameters
    ----------
    problem : Problem
    n_samples : array_like, >= 0
        The spread falls as n^{-1/2}: where sizes are ratios, it is that of n samples times √n.
    ridge : array_like, > ridge_lower_limit(spectrum, n_samples)
        λ of the sum objective.
    kurtosis : float, >= -2
        Excess kurtosis κ₄ of independent entries. It adds
        :math:`\frac{\kappa_4}{nE^2}\sum\frac{3e^2}{m+2}(1-u)^4(D-2u)^2` for a target of random direction in each
        eigenspace, which counts where few coordinates carry the target.

    Returns
    -------
    mapping of str to ndarray
        ``test``: X and the noise are drawn anew in each experiment. ``bias``: X alone, on average over the noise and
        over the part outside; to this order it is also the spread of a test error averaged over the noise. Units of y².
        0 without samples and at infinite ridge, inf at a threshold n = df2 where the error is inf.

    Raises
    ------
    ValueError
        If a number is outside its domain.

    Notes
    -----
    Leading order, by a formal expansion for Gaussian noise; the relative error is O(1/n): in simulations of ``test`` 4
    to 8 % too low at n = 10, 2 to 5 % at 20, 1 to 3 % at 40; of ``bias`` also about 1.4 times the relative error of the
    leading bias. Not covered is what remains where all of this vanishes: with a zero target an error averaged over the
    noise varies by O(1/n) of itself.

    References
    ----------
    .. [1] derived (formally)
    .. [2] bai2004 (place not checked)

    Examples
    --------
    >>> import riskcalc as rc
    >>> problem = rc.Problem(rc.Spectrum.isotropic(40), energies=[1.0], noise=1.0)
    >>> print(rc.finite_size.ridge_spread(problem, n_samples=80, ridge=8)["test"].round(4))
    0.1576
    """
    n = numbers("n_samples", n_samples, at_least=0)
    lam = numbers("ridge", ridge, above=-np.inf, finite=False)
    noise: FloatArray = np.asarray(instance("problem", problem, Problem, PROBLEM_HINT).noise)
    fourth = float(numbers("kurtosis", kurtosis, at_least=-2, ndim=0))
    common_shape(n_samples=n, ridge=lam, noise=noise)
    return Fields(partial(spread, Solution.of(problem, n, lam), fourth))


def measured_spread(spread: npt.ArrayLike, test: npt.ArrayLike, n_test: npt.ArrayLike) -> FloatArray:
    r"""Standard deviation over experiments of a test error that is itself measured on finitely many points.

    .. math:: \mathrm{Var}_{measured} = \mathrm{Var} + \frac{2\,\mathrm{test}^2}{n_{test}}

    Parameters
    ----------
    spread : array_like, >= 0
        Of the population test error, ``ridge_spread(...)["test"]``.
    test : array_like, >= 0
        The population test error.
    n_test : array_like, > 0
        Fresh points on which it is measured.

    Returns
    -------
    ndarray
        Broadcast shape, units of y².

    Raises
    ------
    ValueError
        If a number is outside its domain.

    Notes
    -----
    The residuals at fresh points are Gaussian given the fit, if x and the noise are: their squares have the variance
    2 test².

    References
    ----------
    .. [1] derived

    Examples
    --------
    >>> import riskcalc as rc
    >>> print(rc.finite_size.measured_spread(0.0, 1.0, n_test=[50, 200]))
    [0.2 0.1]
    """
    given = numbers("spread", spread, at_least=0, finite=False), numbers("test", test, at_least=0, finite=False)
    fresh = numbers("n_test", n_test, above=0, finite=False)
    common_shape(spread=given[0], test=given[1], n_test=fresh)
    return np.asarray(np.hypot(given[0], given[1] * np.sqrt(2 / fresh)))


def spread(solution: Solution, kurtosis: float) -> dict[str, FloatArray]:
    """Both spreads, with their cases."""
    p, outside, noise = solution.powers, solution.problem.unreached, np.asarray(solution.problem.noise)
    local = localised(solution, kurtosis)
    out = {}
    for name, more in (("test", outside + noise), ("bias", np.zeros(()))):
        A = p.b1 + more
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            value = np.sqrt(np.maximum(gaussian_variance(p, A) + local, 0.0))
        value = np.where(p.E == 0, np.where(A > 0, np.inf, 0.0), value)
        value = np.where((p.n < NO_SAMPLES) | np.isinf(p.kappa), 0.0, value)
        out[name] = np.broadcast_to(value, np.broadcast_shapes(value.shape, noise.shape))
    return out


def gaussian_variance(p: PowerSums, A: FloatArray) -> FloatArray:
    """Variance of A/E, for Gaussian entries."""
    J = p.delta * A / p.E - p.b2
    return 2 / (p.n * p.E**3) * (A**2 * (p.D + (p.epsilon - 2 * p.delta) / p.E) + 2 * J**2 + 2 * A * p.b3)


def localised(solution: Solution, kurtosis: float) -> FloatArray:
    """What entries with a fourth cumulant add where few coordinates carry the target."""
    if kurtosis == 0:
        return np.zeros(())
    p, problem, point = solution.powers, solution.problem, solution.point
    squares = 3 * problem.reached**2 / (problem.spectrum.multiplicities + 2)
    nodes = Nodes.of(problem.spectrum, squares, point.kappa.size)
    constant, first, second = rows_at(nodes, point, _plain, _in_logs, 3)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(kurtosis / (p.n * p.E**2) * (p.D**2 * constant - 4 * p.D * first + 4 * second))


def _plain(nodes: Nodes, kappa: FloatArray) -> FloatArray:
    """Σ w(1-u)⁴ times 1, u and u²."""
    ratio = np.multiply.outer(1 / kappa, nodes.energy_sigma)
    lost = np.reciprocal(ratio + 1)
    u, fourth = ratio * lost, np.square(np.square(lost))
    return np.stack([fourth @ nodes.energies, (fourth * u) @ nodes.energies, (fourth * u * u) @ nodes.energies])


def _in_logs(nodes: Nodes, log_kappa: FloatArray) -> FloatArray:
    with np.errstate(over="ignore", under="ignore", divide="ignore", invalid="ignore"):
        at, x = log_kappa[:, None], nodes.energy_log_sigma
        u, rest = -np.logaddexp(0, at - x), np.log(nodes.energies) - 4 * np.logaddexp(0, x - at)
        return np.stack([np.exp(rest + k * u).sum(axis=1) for k in range(3)])
