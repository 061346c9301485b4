"""Neural tangent ridge regression on data: which equations hold at its width, and the answer by them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from riskcalc.arguments import FloatArray, choice, common_shape, numbers
from riskcalc.data import GaussianData, HypercubeData, SphereData
from riskcalc.estimators import KernelRidge, NeuralTangentRidge
from riskcalc.kernels import NeuralTangent
from riskcalc.result import Risk
from riskcalc.theory.kernel_ridge import kernel_ridge_risk
from riskcalc.theory.neural_tangent.both_layers import both_layers_risk
from riskcalc.theory.neural_tangent.linear_equivalent import linear_equivalent_risk
from riskcalc.theory.reductions import reduce
from riskcalc.theory.ridge import ridge_risk

ROUTES = ("infinite_width", "both_layers", "given_weights")
WIDE = 0.02  # n/(Nd) up to which the width counts as infinite
LINEAR = 1.0  # n/d from which degree 2 begins to be learned
FEW_NEURONS = 30  # whose slopes scale d features each at once
GIVEN_SOURCES = ("montanari2022", "misiakiewicz2024")


def neural_tangent_risk(
    data: SphereData | HypercubeData | GaussianData,
    estimator: NeuralTangentRidge,
    n_samples: npt.ArrayLike,
    route: str | None = None,
    tail: str = "ridge",
) -> Risk:
    """By the kernel of infinite width, the linear equivalent of both layers, or conditional on given weights."""
    n = numbers("n_samples", n_samples, at_least=0, finite=False)
    width: FloatArray = np.asarray(estimator.width)
    common_shape(n_samples=n, width=width, ridge=np.asarray(estimator.ridge))
    taken = _route(data, estimator, n, width, route)
    if tail != "ridge" and (taken != "infinite_width" or isinstance(data, GaussianData)):
        raise ValueError(f'tail must be "ridge" on this route, got {tail!r}; it is for kernels by degree')
    answer = {"infinite_width": _infinite_width, "both_layers": _both_layers, "given_weights": _given_weights}[taken]
    risk = answer(data, estimator, n, width, tail)
    given = {name: value for name, value in risk.coordinates.items() if name in ("ridge", "noise")}
    return replace(risk, coordinates={"n_samples": n, "width": width} | given, route=taken.replace("_", " "), rule=None)


def _route(data: Any, estimator: NeuralTangentRidge, n: FloatArray, width: FloatArray, route: str | None) -> str:
    """The one that was asked for, or the one that is right at this width."""
    given = not isinstance(estimator.weights, str)
    if route is not None:
        choice("route", route, ROUTES)
        if given != (route == "given_weights"):
            raise ValueError(f'route must be "given_weights" exactly if weights are given, got {route!r}')
        if route == "both_layers" and estimator.layers != "both":
            raise ValueError('route must be "infinite_width" for layers="first", got "both_layers"')
        return route
    if given:
        return "given_weights"
    share = per_parameter(n, width, dimension(data))
    if estimator.layers == "both" and ((share > WIDE) | (n > width)).any():
        return "both_layers"
    if (share > WIDE).any():
        raise ValueError(
            f"width must be at least {n.max() / (WIDE * dimension(data)):.0f} for {n.max():g} samples, got "
            f"{width.min():g}: no theory that is averaged over the weights exists at n/(Nd) = {share.max():.2g}; give "
            'weights= an array, or force route="infinite_width", which was 9.5 % low at 1/8'
        )
    return "infinite_width"


def dimension(data: Any) -> float:
    """The dimension d of the inputs, which a GaussianData must have with unit variances."""
    if not isinstance(data, GaussianData):
        return float(data.n_inputs)
    sigma = data.spectrum.eigenvalues
    if sigma.size != 1 or sigma[0] != 1 or data.spectrum.tail > 0:
        raise ValueError(
            f"spectrum must be isotropic with eigenvalue 1 for neural tangent ridge regression, got {data.spectrum!r}; "
            "use GaussianData.isotropic(n_features)"
        )
    return data.spectrum.n_features


def per_parameter(n: FloatArray, width: FloatArray, d: float) -> FloatArray:
    """Samples per parameter, n/(Nd)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.asarray(n / (width * d))
    return np.where(np.isinf(width) | (n == 0), 0.0, share)


def _infinite_width(data: Any, estimator: NeuralTangentRidge, n: FloatArray, width: FloatArray, tail: str) -> Risk:
    every: FloatArray = np.broadcast_to(n, np.broadcast_shapes(n.shape, width.shape))
    if isinstance(data, GaussianData):
        if estimator.layers == "both":
            risk = _both_layers(data, estimator, n, np.full_like(width, np.inf), tail)
        else:
            linear, rest = float(np.sum(data.energies)), data.outside_energy
            risk = linear_equivalent_risk(
                estimator.activation, dimension(data), every, estimator.ridge, linear, rest, data.noise
            )
        notes = (*risk.notes, *(_linear_notes(n, dimension(data)) if data.outside_energy > 0 else ()))
    else:
        kernel = NeuralTangent(estimator.activation, estimator.layers, str(estimator.weights))
        risk = kernel_ridge_risk(data, KernelRidge(kernel, estimator.ridge), every, tail)
        notes = risk.notes
    return replace(risk, notes=(*notes, *_wide_notes(n, width, dimension(data))))


def _wide_notes(n: FloatArray, width: FloatArray, d: float) -> tuple[str, ...]:
    share = float(per_parameter(n, width, d).max(initial=0.0))
    if share == 0:
        return ()
    return (
        f"the tangent features count as infinitely many: n/(Nd) is up to {share:.2g}; the equivalent was within 4 % at "
        "0.013, and 9.5 % low at 0.125",
    )


def _both_layers(data: Any, estimator: NeuralTangentRidge, n: FloatArray, width: FloatArray, tail: str) -> Risk:
    """The linear equivalent, averaged over the weights: n, d and N of one order."""
    d = dimension(data)
    if isinstance(data, GaussianData):
        constant, linear, rest = 0.0, float(np.sum(data.energies)), data.outside_energy
    else:
        energies = data.target.energies(data.n_inputs, 1, data.domain)
        (constant, linear), rest = energies.by_degree, energies.rest
    if constant > 1e-12 * (constant + linear + rest):
        raise ValueError(
            f'target must have no constant part on the route "both_layers", got energy {constant:g} in degree 0; '
            'subtract it, or force route="infinite_width"'
        )
    risk = both_layers_risk(estimator.activation, d, n, width, estimator.ridge, linear, rest, data.noise)
    return replace(risk, notes=(*risk.notes, *(_linear_notes(n, d) if rest > 0 else ()), *_wide_notes(n, width, d)))


def _linear_notes(n: FloatArray, d: float) -> tuple[str, ...]:
    most = float(n.max(initial=0.0)) / d
    if most <= LINEAR:
        return ()
    return (f"n/d is up to {most:.2g}: degree 2 is being learned, which this route counts as noise",)


def _given_weights(data: Any, estimator: NeuralTangentRidge, n: FloatArray, width: FloatArray, tail: str) -> Risk:
    """Ridge regression on the Nd features of the given weights."""
    every: FloatArray = np.broadcast_to(n, np.broadcast_shapes(n.shape, width.shape))
    risk = ridge_risk(reduce(data, estimator), every, estimator.ridge)
    neurons = np.shape(estimator.weights)[0]
    if neurons >= FEW_NEURONS:
        return replace(risk, sources=GIVEN_SOURCES)
    few = (
        f"there are only {neurons} neurons, each of whose slopes scales {dimension(data):g} features at once: the "
        "equivalent is low, with 5 neurons by 20 % near n = Nd, and with 1 by far"
    )
    return replace(risk, sources=GIVEN_SOURCES, notes=(*risk.notes, few))
