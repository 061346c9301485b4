"""Gradient flow with a kernel on the sphere and the hypercube: one eigendecomposition of the Gram matrix per trial."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from riskcalc.arguments import FloatArray
from riskcalc.data import HypercubeData, SphereData
from riskcalc.estimators import GradientFlow, KernelRidge
from riskcalc.estimators.gradient_flow import kernel_of
from riskcalc.model import Model
from riskcalc.simulation.gradient_flow import comparable_ridge
from riskcalc.simulation.kernel_ridge import (
    GAP,
    ROUNDING,
    KernelFactorisation,
    KernelSample,
    factorised,
    kernel_sample,
    scaled_kernel_ridge,
)
from riskcalc.simulation.measures import Fit, measured

if TYPE_CHECKING:
    from riskcalc.simulation.cells import Cell

UNFITTED = 1e-2  # share up to which an eigenvalue that is lost in rounding would be fitted
KERNEL_FLOW_FIELDS = ("test", "train", "bias", "variance", "df1", "norm_squared")


@dataclass(frozen=True)
class FlowAtTime:
    """Shares 1 - e^{-ts/n} of the outputs that are fitted, shares left over, and weights (1 - e^{-ts/n})/s.

    One entry per eigenvector of the Gram matrix; s = 0 is never fitted, and its weight, which no prediction sees, is 0.
    """

    fitted: FloatArray
    left: FloatArray
    weights: FloatArray

    @classmethod
    def of(cls, fit: KernelFactorisation, time: float) -> FlowAtTime:
        """At a time, which may be inf."""
        s = fit.eigenvalues
        with np.errstate(invalid="ignore", over="ignore"):
            exponent = np.where(s > 0, -time * (s / s.size), 0.0)
        fitted = -np.expm1(exponent)
        return cls(fitted, np.exp(exponent), np.divide(fitted, s, out=np.zeros_like(s), where=s > 0))


def dual_path(fit: KernelFactorisation, outputs: FloatArray, time: float) -> FloatArray:
    """Coefficients c of f̂ = Σ c_i K(·, x_i) at a time."""
    return np.asarray(fit.vectors @ (FlowAtTime.of(fit, time).weights * (fit.vectors.T @ outputs)))


def refuse_unresolved(fit: KernelFactorisation, time: float) -> None:
    """Times that fit eigenvalues lost in rounding, unless those above it end at a gap: then the rank is finite."""
    s = fit.eigenvalues
    rounding = ROUNDING * s.size * s.max()
    latest = UNFITTED * s.size / rounding
    if time > latest and (s == 0).any() and s[s > 0].min() < GAP * rounding:
        raise ValueError(
            f"time must be at most {latest:.2g} to be simulated with this kernel and n_samples {s.size}, got {time:g}: "
            "the smaller eigenvalues of the Gram matrix are lost in rounding"
        )


def averaged(fit: KernelFactorisation, sample: KernelSample, time: float, noise: float) -> FloatArray:
    """The fields averaged over the label noise in closed form; the error on new inputs is a mean over test points."""
    flow, seen = FlowAtTime.of(fit, time), fit.vectors.T @ sample.values
    bias = float(np.mean((sample.test_values - fit.cross @ (flow.weights * seen)) ** 2))
    variance = noise * float(np.mean(fit.cross**2 @ flow.weights**2))
    return _fields(flow, seen**2 + noise, (bias + variance + noise, bias, variance))


def drawn(fit: KernelFactorisation, sample: KernelSample, time: float, noise: float, bias: float) -> FloatArray:
    """The same for one draw of the labels; bias and df1 do not depend on it."""
    flow = FlowAtTime.of(fit, time)
    seen = fit.vectors.T @ (sample.values + np.sqrt(noise) * sample.label_noise)
    test = float(np.mean((sample.test_values - fit.cross @ (flow.weights * seen)) ** 2)) + noise
    return _fields(flow, seen**2, (test, bias, test - bias - noise))


def _fields(flow: FlowAtTime, outputs: FloatArray, errors: tuple[float, float, float]) -> FloatArray:
    """From the squared outputs (Uᵀy)², or their means."""
    test, bias, variance = errors
    train = flow.left**2 @ outputs / outputs.size
    return np.array([test, train, bias, variance, flow.fitted.sum(), (flow.fitted * flow.weights) @ outputs])


def scaled_kernel_flow(
    data: SphereData | HypercubeData, estimator: GradientFlow, sizes: npt.ArrayLike, factor: float
) -> tuple[Model, Model]:
    """Nothing is scaled."""
    scaled_kernel_ridge(data, KernelRidge(kernel_of(estimator, data), 0.0), sizes, factor)
    return data, estimator


def kernel_flow_trial(cell: Cell, rng: np.random.Generator, points: FloatArray) -> FloatArray:
    """On drawn inputs: one Gram matrix, and one set of test points, for all times."""
    count, n = len(KERNEL_FLOW_FIELDS), cell.n_samples
    sample = kernel_sample(cell.data, n, rng)
    fit = factorised(cell.estimator.kernel, sample)  # type: ignore[attr-defined]
    ridges, out = comparable_ridge(n, points[:, 0]), np.empty((len(cell.fields), len(points)))
    refuse_unresolved(fit, points[:, 0].max())
    for k, (time, noise) in enumerate(points):
        out[:count, k] = averaged(fit, sample, time, noise)
        if cell.label_noise == "drawn":
            out[:count, k] = drawn(fit, sample, time, noise, bias=out[2, k])
        outputs = sample.values + np.sqrt(noise) * sample.label_noise
        own = Fit(
            sample.inputs, outputs, dual_path(fit, outputs, time), float(ridges[k]), float(noise), time=float(time)
        )
        out[count:, k] = measured(cell.measures, own)
    return out
