"""Where the error comes from: weights, samples, noise, and what they do together."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from riskcalc.arguments import FloatArray, common_shape, instance, numbers
from riskcalc.theory.problem import PROBLEM_HINT, Problem
from riskcalc.theory.random_features.formulas import Thresholds, diverging
from riskcalc.theory.random_features.shares import Flags, Shares, Solved


@dataclass(frozen=True, eq=False, repr=False)
class Decomposition:
    r"""Analysis of variance of the excess error; all of one broadcast shape, in units of y², >= 0.

    Parameters
    ----------
    bias : ndarray
        Of the predictor averaged over weights, samples and noise.
    sampling : ndarray
        Variance over the training inputs of the predictor averaged over the rest.
    initialisation : ndarray
        Variance over the weights of the predictor averaged over the rest.
    interaction : ndarray
        What weights and inputs do only together.
    sampling_noise : ndarray
        What inputs and label noise do together; noise alone does nothing.
    interaction_noise : ndarray
        What weights, inputs and label noise do together.

    References
    ----------
    .. [1] adlam2020 (the components; place not checked)

    Examples
    --------
    >>> import riskcalc as rc
    >>> problem = rc.Problem(rc.Spectrum.isotropic(2.0), energies=[1.0], noise=0.25)
    >>> print(rc.random_features.decomposition(problem, n_samples=1.0, width=[1.5, 3.0], ridge=0).excess)
    [2.25 1.125]
    """

    bias: FloatArray
    sampling: FloatArray
    initialisation: FloatArray
    interaction: FloatArray
    sampling_noise: FloatArray
    interaction_noise: FloatArray

    @property
    def excess(self) -> FloatArray:
        """Their sum, test - noise."""
        return np.asarray(sum(getattr(self, field.name) for field in fields(self)))

    def __repr__(self) -> str:
        if self.bias.ndim:
            return f"Decomposition(shape={self.bias.shape})"
        return f"Decomposition({', '.join(f'{f.name}={float(getattr(self, f.name)):.6g}' for f in fields(self))})"


def decomposition(
    problem: Problem, n_samples: npt.ArrayLike, width: npt.ArrayLike, ridge: npt.ArrayLike
) -> Decomposition:
    r"""The error of random features by its causes.

    .. math:: B = Q_2,\quad V_X = \frac{Q_2\mathrm{df}_2}{n-\mathrm{df}_2},\quad
              V_W = \frac{gR}{N-\mathrm{df}_2},\quad
              V_{XW} = \frac{ng^2Q_2}{\Delta(n-\mathrm{df}_2)}
              + \frac{gR[\mathrm{df}_2(N-\mathrm{df}_2)+g^2]}{\Delta(N-\mathrm{df}_2)},\quad
              V_{X\varepsilon} = \frac{\tau^2\mathrm{df}_2}{n-\mathrm{df}_2},\quad
              V_{XW\varepsilon} = \frac{\tau^2ng^2}{\Delta(n-\mathrm{df}_2)}

    with R = Q₁ - Q₂ and the rest as in ``random_feature_risk``.

    Parameters
    ----------
    problem : Problem
        Of the kernel of infinite width.
    n_samples, width, ridge : array_like, >= 0
        As in ``random_feature_risk``.

    Returns
    -------
    Decomposition
        ``.bias``, ``.sampling``, ``.initialisation``, ``.interaction``, ``.sampling_noise``, ``.interaction_noise`` of
        the broadcast shape. ``Risk.bias`` is the sum of the first four, ``Risk.variance`` of the last two.

    Raises
    ------
    ValueError
        As ``random_feature_risk``.

    Notes
    -----
    At ridge 0 and n = N only the two interactions diverge. d'Ascoli et al. call V_Xε + V_XWε noise, V_W + V_XW
    initialisation, V_X sampling.

    References
    ----------
    .. [1] adlam2020 (the components; place not checked)
    .. [2] dascoli2020 (their grouping; place not checked)
    .. [3] derived (formulas for any spectrum)

    Examples
    --------
    >>> import riskcalc as rc
    >>> problem = rc.Problem(rc.Spectrum.isotropic(2.0), energies=[1.0], noise=0.25)
    >>> print(rc.random_features.decomposition(problem, n_samples=1.0, width=1.5, ridge=0))
    Decomposition(bias=0.25, sampling=0.25, initialisation=0.125, interaction=0.875, sampling_noise=0.25, ...)
    """
    n = numbers("n_samples", n_samples, at_least=0, finite=False)
    size = numbers("width", width, at_least=0, finite=False)
    lam = numbers("ridge", ridge, at_least=0, finite=False)
    noise: FloatArray = np.asarray(instance("problem", problem, Problem, PROBLEM_HINT).noise)
    shape = common_shape(n_samples=n, width=size, ridge=lam, noise=noise)
    parts = components(Solved.of(problem, n, size, lam), noise)
    return Decomposition(**{name: np.broadcast_to(part, shape) for name, part in parts.items()})


def components(solved: Solved, noise: FloatArray) -> dict[str, FloatArray]:
    """The six by name, with their limits."""
    s, at = solved.shares(), Thresholds.of(solved)
    outside = s.outside
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        values = _components(s, noise)
        beyond = 1 / (4 * s.beta)
        equal = {
            "interaction": diverging(s.unlearned),
            "interaction_noise": diverging(noise),
        }
        samples_at_rank = {
            "sampling": diverging(outside),
            "initialisation": 0.0,
            "interaction": np.where(outside > 0, outside * beyond * solved.n / solved.width, 0.0),
            "sampling_noise": diverging(noise),
            "interaction_noise": np.where(noise > 0, noise * beyond * solved.n / solved.width, 0.0),
        }
        width_at_rank = {"initialisation": 0.0, "interaction": 0.0, "interaction_noise": 0.0}
        empty = {name: s.far if name == "bias" else 0.0 for name in values}
    cases: tuple[tuple[Flags, dict[str, Any]], ...] = (
        (at.equal, equal),
        (at.samples_at_rank, samples_at_rank),
        (at.width_at_rank, width_at_rank),
        (solved.empty, empty),
    )
    for where, limits in cases:
        values = {k: np.where(where, limits[k], v) if k in limits else v for k, v in values.items()}
    return values


def _components(s: Shares, noise: FloatArray) -> dict[str, FloatArray]:
    n_left, width_left = s.alpha + s.spread_n, s.beta + s.spread_width  # (n - df2)/n and (N - df2)/N
    both = s.spread_n * s.spread_width / s.gap  # g²/Δ
    weights = s.spread_width * s.mixed / width_left
    return {
        "bias": s.far,
        "sampling": s.far * s.learned_n / n_left,
        "initialisation": weights,
        "interaction": both * s.far / n_left + weights * (s.learned_n * width_left / s.gap + both),
        "sampling_noise": noise * s.learned_n / n_left,
        "interaction_noise": noise * both / n_left,
    }
