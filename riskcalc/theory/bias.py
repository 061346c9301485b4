"""The bias of ridge regression, split finer: what averaging over training sets would remove, and what not."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from riskcalc.arguments import FloatArray, common_shape, instance, numbers
from riskcalc.theory.effective_ridge import fixed_point
from riskcalc.theory.nodes import Nodes
from riskcalc.theory.problem import PROBLEM_HINT, Problem
from riskcalc.theory.ridge import ridge_risk
from riskcalc.theory.sums import sums_at


@dataclass(frozen=True, eq=False, repr=False)
class BiasDecomposition:
    r"""Four parts of the excess error of ridge regression; all of one broadcast shape, in units of y².

    .. math:: \mathrm{bias} = \mathrm{averaged} + \mathrm{outside} + \mathrm{sampling},\qquad
              \mathrm{variance} = \mathrm{noise\_variance}

    Parameters
    ----------
    averaged : ndarray
        B, the error of the predictor averaged over training sets within what the features reach.
    outside : ndarray
        M, the energy that no linear function of the features reaches.
    sampling : ndarray
        Variance of the noiseless predictor over the draw of the training inputs; ``outside`` acts as noise in it.
    noise_variance : ndarray
        What the label noise adds.

    References
    ----------
    .. [1] derived

    Examples
    --------
    >>> import riskcalc as rc
    >>> problem = rc.Problem(rc.Spectrum.isotropic(2.0), energies=[1.0], noise=0.25)
    >>> rc.theory.bias_decomposition(problem, n_samples=1.0, ridge=0)
    BiasDecomposition(averaged=0.25, outside=0, sampling=0.25, noise_variance=0.25)
    """

    averaged: FloatArray
    outside: FloatArray
    sampling: FloatArray
    noise_variance: FloatArray

    @property
    def bias(self) -> FloatArray:
        """Sum of the first three, the ``bias`` of ``ridge_risk``."""
        return np.asarray(self.averaged + self.outside + self.sampling)

    def __repr__(self) -> str:
        if self.averaged.ndim:
            return f"BiasDecomposition(shape={self.averaged.shape})"
        return "BiasDecomposition(" + ", ".join(f"{name}={float(value):g}" for name, value in vars(self).items()) + ")"


def bias_decomposition(problem: Problem, n_samples: npt.ArrayLike, ridge: npt.ArrayLike) -> BiasDecomposition:
    r"""Split the bias into the error of the averaged predictor, what lies outside, and the draw of the inputs.

    .. math:: \mathrm{bias} = B + M + (B+M)\frac{\mathrm{df}_2}{n-\mathrm{df}_2},\qquad
              B = \|\theta_*-\mathrm{E}\hat\theta\|_\Sigma^2
                = \kappa^2\sum_i\frac{e_i}{(\sigma_i+\kappa)^2}

    Parameters
    ----------
    problem : Problem
    n_samples : array_like, >= 0
    ridge : array_like, > ridge_lower_limit(spectrum, n_samples)

    Returns
    -------
    BiasDecomposition
        Fields of the broadcast shape of ``n_samples``, ``ridge`` and ``problem.noise``. At ridge 0 and n_samples equal
        to the rank ``sampling`` is inf if there is energy outside, else 0.

    Raises
    ------
    TypeError
        If ``problem`` is not a Problem.
    ValueError
        If a number is outside its domain.

    Notes
    -----
    The mean over training sets is :math:`\mathrm{E}\hat\theta\simeq\Sigma(\Sigma+\kappa)^{-1}\theta_*`. The spread
    about it, :math:`\mathrm{E}\|\hat\theta-\mathrm{E}\hat\theta\|_\Sigma^2`, is the test error times df2/n: its
    noiseless part is ``sampling``, the rest ``noise_variance``. An ensemble of predictors fitted to independent
    training sets of n samples each tends to ``averaged`` + ``outside``. Same regime and error as ``ridge_risk``.

    References
    ----------
    .. [1] cheng2024 (place not checked)
    .. [2] derived (the split)

    Examples
    --------
    >>> import riskcalc as rc
    >>> problem = rc.Problem(rc.Spectrum.isotropic(200), energies=[1.0], noise=0.25)
    >>> parts = rc.theory.bias_decomposition(problem, n_samples=400, ridge=[1.0, 50.0])
    >>> print((parts.bias + parts.noise_variance + 0.25).round(8))  # the test error
    [0.49515836 0.42539053]
    """
    n = numbers("n_samples", n_samples, at_least=0)
    lam = numbers("ridge", ridge, above=-np.inf, finite=False)
    noise: FloatArray = np.asarray(instance("problem", problem, Problem, PROBLEM_HINT).noise)
    shape = common_shape(n_samples=n, ridge=lam, noise=noise)
    nodes = Nodes.of(problem.spectrum, problem.reached, n_points=math.prod(np.broadcast_shapes(n.shape, lam.shape)))
    averaged = sums_at(nodes, fixed_point(problem.spectrum, n, lam, nodes)).left
    missed = averaged + problem.unreached
    variance = _unit_variance(problem, n, lam)
    parts = (averaged, np.asarray(problem.unreached), _product(missed, variance), _product(noise, variance))
    return BiasDecomposition(*(np.broadcast_to(part, shape) for part in parts))


def _unit_variance(problem: Problem, n: FloatArray, lam: FloatArray) -> FloatArray:
    """df2/(n - df2), the variance for unit noise."""
    silent = Problem(problem.spectrum, np.zeros_like(problem.energies), noise=1.0)
    return np.asarray(ridge_risk(silent, n, lam).variance)


def _product(amount: FloatArray, variance: FloatArray) -> FloatArray:
    """0 where there is nothing to amplify, at the threshold too."""
    with np.errstate(invalid="ignore"):
        return np.where(amount == 0, 0.0, amount * variance)
