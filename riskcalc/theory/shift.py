"""Ridge regression judged under another distribution than the one it was trained on."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from riskcalc.arguments import FloatArray, common_shape, instance, numbers
from riskcalc.result import Risk
from riskcalc.theory.effective_ridge import FixedPoint, fixed_point
from riskcalc.theory.problem import PROBLEM_HINT, Problem
from riskcalc.theory.ridge import ridge_risk
from riskcalc.theory.shifted_target import Shift, ShiftedSums
from riskcalc.theory.tangent import Tangent

SOURCES = ("cheng2024", "canatar2021", "patil2024")
RESCALED = (
    "the test energies are not those of the training target under the test covariance: the target of the test is taken "
    "along the training target in each eigenspace, rescaled to these energies"
)


def shifted_risk(
    problem: Problem,
    n_samples: npt.ArrayLike,
    ridge: npt.ArrayLike,
    test_problem: Problem,
    cross_energies: npt.ArrayLike | None = None,
    test_covariance: npt.ArrayLike | None = None,
) -> Risk:
    r"""Deterministic equivalent of ridge regression that is tested under another covariance, target and noise.

    .. math:: \mathrm{test} = \|\Sigma(\Sigma+\kappa)^{-1}\theta_*-\theta'\|^2_{\Sigma'}
              + \frac{\mathrm{test}_{train}}{n}\,\mathrm{Tr}\,\Sigma'\Sigma(\Sigma+\kappa)^{-2} + M' + \tau'^2

    Parameters
    ----------
    problem : Problem
        What the samples are drawn from: Σ, :math:`e_i = \sigma_i\|P_i\theta_*\|^2`, M and τ². The error
        :math:`\mathrm{test}_{train}` and κ are those of ``ridge_risk``.
    n_samples : array_like, >= 0
    ridge : array_like, > ridge_lower_limit(spectrum, n_samples)
    test_problem : Problem
        What the predictor meets: Σ', :math:`e'_i = \sigma'_i\|P_i\theta'\|^2`, M' and τ'², with the same entries (the
        same eigenspaces, so the same multiplicities) in the same order. The target is the same if
        :math:`e'_i/\sigma'_i = e_i/\sigma_i`; if not, it is parallel, :math:`P_i\theta' = a_iP_i\theta_*` with
        :math:`a_i\ge 0` that gives the energies, and a note of the Risk says so.
    cross_energies : array_like, one per spectrum entry, optional
        :math:`\sigma_i\langle P_i\theta_*, P_i\theta'\rangle`, signed, where the targets are not parallel; at most
        :math:`\sqrt{e_ie'_i\sigma_i/\sigma'_i}` in absolute value.
    test_covariance : array_like, shape (n_features, n_features), optional
        Σ' if it does not commute with Σ, in the eigenbasis of Σ: rows in the order of the entries, as many per entry as
        its multiplicity (then whole). The first basis vector of an eigenspace points along :math:`P_i\theta_*` (along
        :math:`P_i\theta'` where that is 0), and the second, where the targets are not parallel, towards
        :math:`P_i\theta'`; every model has such a basis. It takes the place of the covariance of ``test_problem``,
        whose spectrum and energies then say only how long the target is, :math:`\|P_i\theta'\|^2 = e'_i/\sigma'_i`:
        ``problem`` itself is the same target.

    Returns
    -------
    Risk
        ``test``, ``bias``, ``variance`` and ``noise`` are under the test distribution; all other fields, ``train`` and
        ``gcv`` among them, are those of training: cross-validation does not estimate the shifted error.

    Raises
    ------
    TypeError
        If a problem is not a Problem.
    ValueError
        If a number is outside its domain, the entries differ, cross energies exceed their bound, or the matrix is not a
        covariance with one row per feature.

    Notes
    -----
    The bias is the error without label noise in training or test. Where training has no variance (σ_i = 0) nothing is
    learned, and :math:`e'_i` counts in full. A tail is not learned and has no variance of its own. At ridge 0 and
    n_samples equal to the rank the fields are inf as in ``ridge_risk``, unless Σ' and Σ have no direction in common.
    Only the diagonal of Σ' in the eigenbasis of Σ enters the second term. A negative ridge can be best. Same regime and
    error as ``ridge_risk``; [2]_ has the formula for kernels, [3]_ the best ridge.

    References
    ----------
    .. [1] cheng2024 (place not checked)
    .. [2] canatar2021 (place not checked)
    .. [3] patil2024 (place not checked)

    Examples
    --------
    >>> import riskcalc as rc
    >>> train = rc.Problem(rc.Spectrum.from_eigenvalues([4, 1], [50, 150]), energies=[1.0, 0.5], noise=0.25)
    >>> test = rc.Problem(rc.Spectrum.from_eigenvalues([1, 4], [50, 150]), energies=[0.25, 2.0], noise=0.25)
    >>> print(rc.shifted_risk(train, n_samples=400, ridge=10.0, test_problem=test).test.round(6))
    0.907594
    """
    n = numbers("n_samples", n_samples, at_least=0)
    lam = numbers("ridge", ridge, above=-np.inf, finite=False)
    trained = ridge_risk(problem, n, lam)
    fields = trained.fields
    noise: FloatArray = np.asarray(instance("test_problem", test_problem, Problem, PROBLEM_HINT).noise)
    shift = Shift.between(problem, test_problem, cross_energies, test_covariance)
    shape = common_shape(n_samples=n, ridge=lam, noise=np.asarray(problem.noise), test_noise=noise)
    point = fixed_point(problem.spectrum, n, lam)
    sums = shift.at(point)
    bias = sums.missed + test_problem.unreached + _spread(fields["bias"], n, sums)
    variance = _spread(fields["variance"] + fields["noise"], n, sums)
    fields = fields | {"test": bias + variance + noise, "bias": bias, "variance": variance, "noise": noise}
    arrays: dict[str, Any] = {name: np.broadcast_to(value, shape) for name, value in fields.items()}
    return replace(
        trained,
        **arrays,
        coordinates=_coordinates(trained, noise),
        sources=SOURCES,
        notes=trained.notes + ((RESCALED,) if cross_energies is None and not shift.is_none else ()),
        rule=partial(shifted_derivative, trained, shift, point, noise),
    )


def _spread(trained: FloatArray, n: FloatArray, sums: ShiftedSums) -> FloatArray:
    """A part of the training error as Σ' sees it; 0 without samples, or where Σ' sees nothing of what is learned."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(sums.gain > 0, trained / n * sums.gain, 0.0)


def _coordinates(trained: Risk, noise: FloatArray) -> dict[str, FloatArray]:
    """The swept parameters, in which the two noises have names that tell them apart."""
    named = {"training_noise" if name == "noise" else name: value for name, value in trained.coordinates.items()}
    return named | ({"test_noise": noise} if noise.ndim else {})


def shifted_derivative(
    trained: Risk, shift: Shift, point: FixedPoint, noise: FloatArray, field: str, parameter: str
) -> FloatArray:
    """Derivative of a field of ``shifted_risk`` from those of training and of κ, as in ``ridge_derivative``."""
    if field not in ("test", "bias", "variance", "noise"):
        slope = trained.derivative(field, parameter)
        return np.broadcast_to(slope, np.broadcast_shapes(slope.shape, noise.shape))
    n, sums = trained.coordinates["n_samples"], shift.at(point)
    moved = trained.derivative("effective_ridge", parameter)
    share = Tangent(sums.gain, sums.gain_slope * moved) / Tangent(n, np.asarray(float(parameter == "n_samples")))
    bias = Tangent(sums.missed, sums.missed_slope * moved) + share * _tangent(trained, "bias", parameter)
    variance = share * (_tangent(trained, "variance", parameter) + trained.fields["noise"])
    slopes = {"bias": bias.slope, "variance": variance.slope, "test": (bias + variance).slope}
    slope = slopes.get(field, np.zeros(()))
    return np.broadcast_to(slope, np.broadcast_shapes(trained.test.shape, noise.shape))


def _tangent(trained: Risk, field: str, parameter: str) -> Tangent:
    return Tangent(trained.fields[field], trained.derivative(field, parameter))
