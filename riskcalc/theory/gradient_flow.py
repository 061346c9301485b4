"""Gradient flow on the least squares: from a Problem to its Risk at a time."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from riskcalc.arguments import FloatArray, common_shape, instance, numbers
from riskcalc.result import Risk
from riskcalc.spectrum import BLOCK
from riskcalc.theory.complex_ridge import ComplexArray, RidgeMap
from riskcalc.theory.inverse_laplace import HALF, NODES, at_double_time, at_time, at_two_times
from riskcalc.theory.newton import NO_SAMPLES
from riskcalc.theory.nodes import Nodes
from riskcalc.theory.problem import PROBLEM_HINT, Problem
from riskcalc.theory.ridge import ridge_risk

SOURCES = ("ali2019", "cheng2024", "weideman2007")
EARLY = 0.1  # of the time scale: up to here what grows as t² is summed without what grows as t
SQUARES = 9  # the first parts, which are means of squares; the others are slopes
LONGEST = 1e280  # beyond it, or below its inverse, a time is its limit: Newton's iteration needs some room


def gradient_flow_risk(problem: Problem, n_samples: npt.ArrayLike, time: npt.ArrayLike) -> Risk:
    r"""Deterministic equivalent of gradient flow from 0, stopped at a time.

    .. math:: \mathrm{bias} = \frac1{(2\pi i)^2}\iint e^{t(w+w')}\,\frac{\kappa\kappa'}{ww'}\,
              \frac{\sum_ie_i/((\sigma_i+\kappa)(\sigma_i+\kappa'))}{1-\mathrm{df}_2(\kappa,\kappa')/n}\,dw\,dw'
              + M(1+V), \qquad \mathrm{variance} = \tau^2V

    .. math:: V = \frac1{2\pi i}\int (e^{2tw}-2e^{tw})\,\frac{\mathrm{df}_1(\kappa)}n\,\frac{\kappa\,dw}{w^2},\qquad
              \mathrm{train} = \frac1{2\pi i}\int e^{2tw}\Big[\sum_i\frac{e_i}{\sigma_i+\kappa}
              +\frac{M+\tau^2}\kappa\Big]dw

    Parameters
    ----------
    problem : Problem
    n_samples : array_like, >= 0
    time : array_like, >= 0
        t of the flow :math:`\dot\theta = X^\mathsf{T}(y-X\theta)/n`, units of one over the eigenvalues. It is
        comparable with the ridge n/t. inf is the minimum-norm interpolator, ridge 0.

    Returns
    -------
    Risk
        Fields of the broadcast shape of ``n_samples``, ``time`` and ``problem.noise``; ``df1`` is the trace of the
        hat matrix. ``effective_ridge``, ``df2`` and ``gcv`` are None: they have no meaning for a flow.

    Raises
    ------
    ValueError
        If a number is outside its domain, or the eigenvalues need more range than a float has.

    Notes
    -----
    Flow for a time t is a mean of ridge regressions with complex ridges λ = nw, κ = κ(w) their effective ridge and the
    path that of an inverse Laplace transform, round the negative axis:
    :math:`e^{-t\hat\Sigma} = (2\pi i)^{-1}\int e^{tw}(w+\hat\Sigma)^{-1}dw`. All sample eigenvalues are on one side of
    it, so that gaps, edges and atoms need no care, and the same 32 nodes serve any spectrum, infinite ones and a tail
    included. Absolute error about 1e-15 of the energies at any time against three twins of 25 digits or another path,
    so that a training error below that is not resolved; df1, variance and norm_squared keep their relative precision at
    early times. Dimension-free like ``ridge_risk``; milder, as every finite time regularises: at n = rank nothing
    diverges before t = inf.

    For Σ = I the bias and V are the integrals of :math:`e^{-2tx}` and :math:`\gamma(1-e^{-tx})^2/x` against the
    Marchenko-Pastur law [1]_.

    References
    ----------
    .. [1] ali2019 (isotropic features; place not checked)
    .. [2] cheng2024 (resolvents; place not checked)
    .. [3] weideman2007 (the path; place not checked)
    .. [4] derived (general covariance)

    Examples
    --------
    >>> import riskcalc as rc
    >>> problem = rc.Problem(rc.Spectrum.isotropic(100), energies=[1.0], noise=1.0)
    >>> risk = rc.gradient_flow_risk(problem, n_samples=200, time=[0, 2.0])
    >>> print(risk.bias.round(4), risk.variance.round(4))
    [1.     0.1303] [0.     0.3218]
    """
    n = numbers("n_samples", n_samples, at_least=0)
    t = numbers("time", time, at_least=0, finite=False)
    noise: FloatArray = np.asarray(instance("problem", problem, Problem, PROBLEM_HINT).noise)
    shape = common_shape(n_samples=n, time=t, noise=noise)
    parts = flow_parts(problem, n, t)
    values = _fields(n, noise, problem.unreached, parts)
    if np.isinf(t).any():
        last = ridge_risk(problem, n, 0.0).fields
        values = {name: np.where(np.isinf(t), last[name], value) for name, value in values.items()}
    arrays: dict[str, Any] = {name: np.broadcast_to(value, shape) for name, value in values.items()}
    return Risk(
        **arrays,
        noise=np.broadcast_to(noise, shape),
        coordinates={"n_samples": n, "time": t} | ({"noise": noise} if noise.ndim else {}),
        route="deterministic equivalent of gradient flow",
        sources=SOURCES,
    )


@dataclass(frozen=True)
class FlowParts:
    r"""What a flow does to the signal and to unit noise, with :math:`P_t = e^{-t\hat\Sigma}`, K̂ = XXᵀ/n.

    ``left`` θᵀP_tΣP_tθ, ``amplified`` (1/n) Tr Σ Σ̂⁺(1-P_t)², ``unfitted`` θᵀΣ̂P_{2t}θ, ``untouched``
    (1/n) Tr e^{-2tK̂}, ``hat`` and ``hat_twice`` (1/n) Tr(1-e^{-tK̂}) and its square's, ``far`` θᵀP_{2t}θ, ``norm``
    θᵀ(1-P_t)²θ, ``noise_norm`` (1/n) Tr Σ̂⁺(1-P_t)²; ``left_slope`` and ``amplified_slope`` are t d/dt.
    """

    left: FloatArray
    amplified: FloatArray
    unfitted: FloatArray
    untouched: FloatArray
    hat: FloatArray
    hat_twice: FloatArray
    far: FloatArray
    norm: FloatArray
    noise_norm: FloatArray
    left_slope: FloatArray
    amplified_slope: FloatArray


def flow_parts(problem: Problem, n: FloatArray, t: FloatArray) -> FlowParts:
    """All parts, by distinct n and in blocks of times; their limits at t = 0 and n = 0. At t = inf what is at t = 0."""
    spectrum, shape = problem.spectrum, np.broadcast_shapes(n.shape, t.shape)
    nodes = Nodes.of(spectrum, problem.reached)
    if not nodes.plain:
        raise ValueError(
            f"eigenvalues must be 0 or from 1e-260 to 1e99 for a flow, got e^{nodes.log_sigma.min():.4g} to "
            f"e^{nodes.log_sigma.max():.4g}; give the smallest as 0, or all in other units and 1/time likewise"
        )
    n, t = (np.broadcast_to(a, shape).ravel() for a in (n, t))
    out = np.zeros((len(fields(FlowParts)), n.size))
    out[:] = _at_rest(nodes)[:, None]
    started = (t > 1 / LONGEST) & (t < np.inf)
    out[:, started & (n < NO_SAMPLES)] = _without_samples(nodes, spectrum.trace)[:, None]
    moving = started & (n >= NO_SAMPLES)
    step = max(1, BLOCK // (HALF * max(HALF, nodes.sigma.size)))
    for size in np.unique(n[moving]):
        ridge_map, at = RidgeMap.of(spectrum, nodes, size), np.flatnonzero(moving & (n == size))
        for start in range(0, at.size, step):
            part = at[start : start + step]
            out[:, part] = _moving(nodes, spectrum.tail, ridge_map, size, np.minimum(t[part], LONGEST))
    out[:SQUARES] = np.maximum(out[:SQUARES], 0.0)  # late, what is left is below the rounding of the transform
    return FlowParts(*(row.reshape(shape) for row in out))


def _at_rest(nodes: Nodes) -> FloatArray:
    """The parts at t = 0, where the predictor is 0."""
    energy, norm = nodes.energies.sum(), (nodes.energies / nodes.energy_sigma).sum()
    return np.array([energy, 0, energy, 1, 0, 0, norm, 0, 0, 0, 0])


def _without_samples(nodes: Nodes, trace: float) -> FloatArray:
    """The parts as n → 0 at t > 0: the eigenvalue of K̂, which is Tr Σ/n, is fitted at once."""
    at_rest, fitted = _at_rest(nodes), float(trace > 0)
    at_rest[2:6] = (1 - fitted) * at_rest[2], 1 - fitted, fitted, fitted
    return at_rest


def _moving(nodes: Nodes, tail: float, ridge_map: RidgeMap, n: float, t: FloatArray) -> FloatArray:
    """The parts at 0 < t < inf, one row each, from the transforms at w = NODES/t."""
    w = NODES / t[:, None]
    h, slope = ridge_map.roots(w.ravel())
    kappa = (ridge_map.kappa_0 + h)[:, None]
    q = 1 / (nodes.sigma + kappa)
    energy_q = q if nodes.energy_sigma is nodes.sigma else 1 / (nodes.energy_sigma + kappa)
    mass, e, sigma = nodes.mass / n, nodes.energies, nodes.energy_sigma
    h, slope, kappa = (a.reshape(w.shape) for a in (h, slope, kappa))

    def summed(terms: ComplexArray, weights: FloatArray) -> ComplexArray:
        return np.asarray((terms @ weights).reshape(w.shape))

    df1, squares = summed(q, mass) + tail / n / kappa, summed(q, mass * nodes.sigma)
    signal, signal_mass, norm = summed(energy_q, e), summed(energy_q, e * sigma), summed(energy_q, e / sigma)
    total = mass.sum() + tail / n
    early = (t * (total + nodes.sigma.max(initial=0.0)) < EARLY)[:, None]
    grown = np.where(early, -squares, h - w) / w
    grown_hat = np.where(early, -(squares + kappa * df1**2) / w, df1)
    grown_norm = np.where(early, -(signal_mass + kappa * df1 * signal) / w, signal)
    late = 1 / kappa if ridge_map.kappa_0 > 0 else h * summed(q, ridge_map.weights) / w
    grown_noise = np.where(early, -df1 / w, late)
    left, left_slope = _two_resolvents(energy_q.reshape(*w.shape, -1), e, kappa, h, slope, w)
    return np.stack([
        left,
        _twice_less_double(grown),
        at_double_time(w * signal),
        at_double_time(w / kappa),
        at_time(df1),
        _twice_less_double(grown_hat),
        at_double_time(kappa * norm),
        _twice_less_double(grown_norm),
        _twice_less_double(grown_noise),
        left_slope,
        2 * t * (at_time(w * grown) - at_double_time(w * grown)),
    ])  # fmt: skip


def _twice_less_double(values: ComplexArray) -> FloatArray:
    r"""The transform :math:`\int\rho(dx)(1-e^{-tx})^2/x` of :math:`F = \int\rho(dx)/(w+x)`, given F.

    With :math:`Q(t) = \int\rho(dx)(1-e^{-tx})/x`, the transform of F/w, it is 2Q(t) - Q(2t): what F has as 1/w, an atom
    of ρ at 0, does not matter and is best left out, and so is a constant of Q.
    """
    return 2 * at_time(values) - at_double_time(values)


def _two_resolvents(
    q: ComplexArray, e: FloatArray, kappa: ComplexArray, h: ComplexArray, slope: ComplexArray, w: ComplexArray
) -> tuple[FloatArray, FloatArray]:
    r"""θᵀP_tΣP_tθ and t times its slope, with :math:`1-\mathrm{df}_2(\kappa,\kappa')/n = (w-w')/(\kappa-\kappa')`."""
    lost = q * kappa[..., None]
    weighted, diagonal = (lost * e).swapaxes(-1, -2), np.eye(HALF, dtype=bool)
    rise, run = h[..., :, None] - h[..., None, :], w[..., :, None] - w[..., None, :]
    equal = np.where(diagonal, slope[..., None], rise) / np.where(diagonal, 1, run) * (lost @ weighted)
    across = (h[..., :, None] - h[..., None, :].conj()) / (w[..., :, None] - w[..., None, :].conj())
    opposite = across * (lost @ weighted.conj())
    moved = equal * (NODES[:, None] + NODES), opposite * (NODES[:, None] + NODES.conj())
    return at_two_times(equal, opposite), at_two_times(*moved)


def _fields(n: FloatArray, noise: FloatArray, outside: float, parts: FlowParts) -> dict[str, FloatArray]:
    """The fields; what no feature reaches acts on the fit as noise does."""
    all_noise = noise + outside
    bias, variance = parts.left + outside * (1 + parts.amplified), noise * parts.amplified
    return {
        "test": bias + variance + noise,
        "train": parts.unfitted + all_noise * parts.untouched,
        "bias": bias,
        "variance": variance,
        "df1": n * parts.hat,
        "norm_squared": parts.norm + all_noise * parts.noise_norm,
        "estimation": parts.far + all_noise * parts.noise_norm,
        "in_sample": parts.unfitted + all_noise * parts.hat_twice,
    }
