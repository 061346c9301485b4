"""Random features on data: the kernel of infinite width by degree or its linear regime, or the given weights."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from riskcalc.arguments import FloatArray, choice, common_shape, numbers
from riskcalc.data import GaussianData
from riskcalc.estimators import RandomFeatureRidge
from riskcalc.kernels import Dual
from riskcalc.result import Risk
from riskcalc.theory.activation_moments import second_coefficient
from riskcalc.theory.kernel_reduction import Inputs, kernel_problem, tail_of, underflows
from riskcalc.theory.kernel_ridge import CLOSURES, learned, truncation_notes, with_atom
from riskcalc.theory.problem import Problem
from riskcalc.theory.random_features.ensemble import ensemble_risk
from riskcalc.theory.random_features.risk import random_feature_risk
from riskcalc.theory.random_features.truncation import truncation
from riskcalc.theory.reductions import reduce
from riskcalc.theory.ridge import ridge_risk

SOURCES = ("misiakiewicz2024", "defilippis2024", "simon2024", "mei2022")
LINEAR_SOURCES = ("misiakiewicz2024", "defilippis2024", "mel2022")
ENSEMBLE_SOURCES = ("jacot2020", "ruben2024")
GIVEN_SOURCES = ("misiakiewicz2024", "loureiro2021")
FEW = 10.0  # N - df2 below which the leading order is not to be trusted
FEW_FOR_TRAIN = 100  # samples, found by simulation as for kernels
INTERPOLATING = 0.5  # (n - D)/n, the square root of train over test
LEARNED = 0.1  # share of a function of degree 2 that may be learned


def kernel_features_risk(
    data: Inputs, estimator: RandomFeatureRidge, n_samples: npt.ArrayLike, tail: str = "ridge",
    max_degree: int | None = None, size: npt.ArrayLike | None = None,
) -> Risk:  # fmt: skip
    r"""On the sphere or the hypercube: every degree of the kernel h(t) = E_w φφ' in d dimensions, nothing linearised.

    .. math:: (n-D)(N-D) = \lambda Nu,\qquad D = \sum_{k\le K}\frac{m_ku}{1+\xi_ku} + s_1u,\qquad
              s_1 = h(1) - \sum_{k\le K}m_k

    (``tail="ridge"``; ``"atom"`` puts one eigenvalue in place of the tail). Energy beyond K is outside. With a ``size``
    it is the average of so many fits, each with weights of its own.
    """
    choice("tail", tail, CLOSURES)
    if not isinstance(estimator.weights, str):
        if tail != "ridge":
            raise ValueError(f'tail must be "ridge" for given weights, whose spectrum is complete, got {tail!r}')
        return given_weights_risk(data, estimator, n_samples)
    n = numbers("n_samples", n_samples, at_least=0, finite=False)
    kernel = Dual(estimator.activation, estimator.weights)
    problem = kernel_problem(data, kernel, max_degree)
    beyond = tail_of(data, kernel, problem.spectrum)
    least = np.minimum(n, estimator.width)
    _refuse_rank(data, problem, least, estimator.ridge)
    atom = with_atom(problem, beyond)
    if tail == "atom":
        _refuse_atom(atom, least, estimator.ridge)
    risk = _risk(atom if tail == "atom" else problem, estimator, n, size)
    with np.errstate(divide="ignore"):
        log_kappa = np.log(np.asarray(risk.effective_ridge))
    bound = truncation(problem, atom, beyond, risk, 1.0 if size is None else size)
    return replace(
        risk,
        truncation=bound,
        learned=learned(problem, log_kappa),
        sources=SOURCES + (() if size is None else ENSEMBLE_SOURCES),
        notes=risk.notes + truncation_notes(bound) + _notes(risk, counts=True),
    )


def gaussian_features_risk(
    data: GaussianData, estimator: RandomFeatureRidge, n_samples: npt.ArrayLike, size: npt.ArrayLike | None = None
) -> Risk:
    r"""On Gaussian data: the linear part of the kernel, its constant, and the rest as a tail that learns nothing.

    .. math:: \xi_i = \frac{\kappa_1^2\sigma_i}d,\qquad \xi_0 = \kappa_0^2,\qquad s_1 = \kappa_*^2,\qquad
              r = \frac{\mathrm{Tr}\,\Sigma}d

    With a ``size`` it is the average of so many fits, each with weights of its own.
    """
    if not isinstance(estimator.weights, str):
        return given_weights_risk(data, estimator, n_samples)
    risk = _risk(reduce(data, estimator), estimator, n_samples, size)
    notes = (
        risk.notes + _notes(risk, counts=False) + _quadratic_notes(data, estimator, np.asarray(risk.effective_ridge))
    )
    sources = LINEAR_SOURCES + (() if size is None else ENSEMBLE_SOURCES)
    return replace(risk, route="linear regime", sources=sources, notes=notes)


def _risk(
    problem: Problem, estimator: RandomFeatureRidge, n_samples: npt.ArrayLike, size: npt.ArrayLike | None
) -> Risk:
    """Of one model, or of the average of ``size`` models."""
    if size is None:
        return random_feature_risk(problem, n_samples, estimator.width, estimator.ridge)
    return ensemble_risk(problem, n_samples, estimator.width, estimator.ridge, size)


def given_weights_risk(data: Any, estimator: RandomFeatureRidge, n_samples: npt.ArrayLike) -> Risk:
    r"""Ridge regression on the features of given weights, of covariance Ω; κ is ν₁, and ν₂ is what it amounts to.

    .. math:: n - \frac\lambda{\nu_1} = D = \mathrm{Tr}\,\Omega(\Omega+\nu_1)^{-1},\qquad
              \nu_2 = \frac{N\nu_1}{N-D} = \frac N{\mathrm{Tr}(\Omega+\nu_1)^{-1}}
    """
    problem, n = reduce(data, estimator), numbers("n_samples", n_samples, at_least=0, finite=False)
    every: FloatArray = np.broadcast_to(n, common_shape(n_samples=n, width=np.asarray(estimator.width)))
    risk = ridge_risk(problem, every, estimator.ridge)
    nu1 = np.asarray(risk.effective_ridge)
    with np.errstate(divide="ignore"):
        inverse = (1 / (problem.spectrum.eigenvalues + nu1[..., None])) @ problem.spectrum.multiplicities
        nu2 = np.where(np.isinf(nu1), np.inf, np.asarray(estimator.width) / inverse)
    width = {"width": np.asarray(estimator.width)}
    given = dict(risk.coordinates)
    return replace(
        risk,
        effective_ridge=nu2,
        feature_ridge=nu1,
        coordinates={"n_samples": n} | width | {name: x for name, x in given.items() if name != "n_samples"},
        route="given weights",
        sources=GIVEN_SOURCES,
        rule=None,
    )


def _refuse_rank(data: Inputs, problem: Problem, least: FloatArray, ridge: npt.ArrayLike) -> None:
    """Beyond the degrees whose masses a float can hold κ is not known, and the rank is not theirs."""
    rank = problem.spectrum.rank
    many = (np.asarray(ridge) == 0) & (least >= rank)
    if many.any() and underflows(problem.spectrum, data.n_inputs, data.domain):
        raise ValueError(
            f"n_samples or width must be below {rank:g} at ridge 0, got both up to {least.max():g}: the eigenvalues of "
            "the degrees from there on underflow; give a ridge"
        )


def _refuse_atom(atom: Problem, least: FloatArray, ridge: npt.ArrayLike) -> None:
    rank = atom.spectrum.rank
    if ((np.asarray(ridge) == 0) & (least >= rank)).any() and math.isfinite(rank):
        raise ValueError(
            'tail must be "ridge" where ridge is 0 and both n_samples and width are at least the rank '
            f"{rank:.4g} of the degrees that are resolved and the atom, got both up to {least.max():g}"
        )


def _notes(risk: Risk, counts: bool) -> tuple[str, ...]:
    """Few effective features, and the train error of few samples; few effective samples are noted by ``predict``.

    Sizes below FEW may be ratios, unless they are counts.
    """
    n, width = risk.coordinates["n_samples"], risk.coordinates["width"]
    room, notes = width - np.asarray(risk.df2), []
    few = (room < FEW) & ((width >= FEW) | counts) & (width > 0) & np.isfinite(risk.test)
    if few.any():
        notes.append(
            f"width - df2 is only {room[few].min():.2g}: the theory is right to leading order in its inverse, and the "
            "mean over weights may be dominated by rare ones"
        )
    with np.errstate(divide="ignore", invalid="ignore"):
        share = 1 - np.asarray(risk.df1) / n
    if ((n > 0) & (n < FEW_FOR_TRAIN) & (share > 0) & (share < INTERPOLATING)).any():
        notes.append(
            f"below {FEW_FOR_TRAIN} samples the train error of an almost interpolating fit may be off by 10 % or more"
        )
    return tuple(notes)


def _quadratic_notes(data: GaussianData, estimator: RandomFeatureRidge, kappa: FloatArray) -> tuple[str, ...]:
    """Where functions of degree 2 are learned, with the eigenvalue 2c²(σ/Tr Σ)² at most, c their coefficient."""
    r = data.spectrum.trace / data.spectrum.n_features
    largest = float(data.spectrum.eigenvalues.max()) / data.spectrum.trace
    quadratic = 2 * (second_coefficient(estimator.activation, r) * largest) ** 2
    with np.errstate(divide="ignore"):
        share = float((1 / (1 + kappa / quadratic)).max(initial=0.0)) if quadratic > 0 else 0.0
    if share <= LEARNED:
        return ()
    return (
        f"a share of up to {share:.2g} of degree 2 is learned: the linear regime n, N ≍ d ends there, and the theory "
        "counts all that is not linear as noise",
    )
