"""What random features keep of an activation at Gaussian preactivations: constant, linear and nonlinear part."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from riskcalc.activations import Activation
from riskcalc.activations.piecewise_power import PiecewisePower, gaussian_powers
from riskcalc.activations.projection import Gaussian
from riskcalc.arguments import FloatArray, instance, numbers
from riskcalc.quadrature import Nodes

ACTIVATION_HINT = "use one of riskcalc.activations, or activations.custom(function)"
REFINEMENTS = 8  # halvings of the rule, which then resolves preactivations of variance 1e6
AGREEMENT = 1e-13  # of two refinements, in units of E φ²
AFFINE = 1e-30  # of E φ²: a rest below it is rounding
ROUNDING = 16 * float(np.finfo(float).eps)


@dataclass(frozen=True, eq=False, repr=False)
class Moments:
    r"""Parts of an activation at preactivations of variance r; arrays of the shape of r.

    .. math:: \varphi(\sqrt r\,G) = \kappa_0 + \kappa_1\sqrt r\,G + \text{rest}, \qquad
              \mathrm{E}\varphi^2 = \kappa_0^2 + r\kappa_1^2 + \kappa_*^2

    Parameters
    ----------
    constant : ndarray
        :math:`\kappa_0^2 = (\mathrm{E}\varphi)^2`.
    linear : ndarray
        :math:`\kappa_1^2 = (\mathrm{E}\varphi')^2`, per unit of variance.
    nonlinear : ndarray
        :math:`\kappa_*^2`, exactly 0 for an affine φ.
    variance : ndarray
        r.

    References
    ----------
    .. [1] meimontanari2022 (μ_0, μ_1, μ_*; place not checked)

    Examples
    --------
    >>> import riskcalc as rc
    >>> rc.random_features.moments(rc.activations.ReLU())
    Moments(constant=0.159155, linear=0.25, nonlinear=0.0908451)
    """

    constant: FloatArray
    linear: FloatArray
    nonlinear: FloatArray
    variance: FloatArray

    @property
    def total(self) -> FloatArray:
        """E φ² = κ_0² + rκ_1² + κ_*²."""
        return np.asarray(self.constant + self.variance * self.linear + self.nonlinear)

    @property
    def pair(self) -> tuple[FloatArray, FloatArray]:
        """(κ_1², κ_*²), one layer of ``deep_risk``."""
        return self.linear, self.nonlinear

    def __repr__(self) -> str:
        if self.variance.ndim:
            return f"Moments(shape={self.variance.shape})"
        return f"Moments(constant={self.constant:.6g}, linear={self.linear:.6g}, nonlinear={self.nonlinear:.6g})"


def moments(activation: Activation, variance: npt.ArrayLike = 1) -> Moments:
    r"""Constant, linear and nonlinear part of an activation.

    .. math:: \kappa_0 = \mathrm{E}\varphi(\sqrt rG),\qquad
              \kappa_1 = \mathrm{E}\,G\varphi(\sqrt rG)/\sqrt r = \mathrm{E}\varphi'(\sqrt rG),\qquad
              \kappa_*^2 = \mathrm{E}\big(\varphi(\sqrt rG) - \kappa_0 - \kappa_1\sqrt rG\big)^2

    Parameters
    ----------
    activation : Activation
        φ.
    variance : array_like, > 0
        r, the variance of the preactivations ⟨w, x⟩, any shape.

    Returns
    -------
    Moments
        ``.constant .linear .nonlinear`` (κ_0², κ_1², κ_*²) of the shape of ``variance``.

    Raises
    ------
    ValueError
        If a variance is not positive, or the integrals do not converge (name the kinks of a function of your own).
    TypeError
        If ``activation`` is not an Activation.

    Notes
    -----
    Quadrature that doubles its refinement and its reach until the moments agree to 1e-13; panels end at the kinks,
    which sit at b/√r. The rest is squared before it is averaged: as a difference of moments it would lose digits for a
    nearly affine φ. A positively homogeneous φ is scaled instead.

    References
    ----------
    .. [1] meimontanari2022 (place not checked)
    .. [2] derived (other variances)

    Examples
    --------
    >>> import riskcalc as rc
    >>> print(rc.random_features.moments(rc.activations.Tanh(), variance=[0.5, 1]).nonlinear.round(8))
    [0.00990326 0.02741533]
    """
    instance("activation", activation, Activation, ACTIVATION_HINT)
    r = numbers("variance", variance, above=0, hint="it is that of ⟨w, x⟩")
    distinct, place = np.unique(r, return_inverse=True)
    parts = np.array([_parts(activation, float(one)) for one in distinct]).reshape(-1, 3)
    constant, linear, nonlinear = parts[place.reshape(r.shape)].transpose(-1, *range(r.ndim))
    return Moments(np.asarray(constant), np.asarray(linear), np.asarray(nonlinear), r)


def layer_moments(activations: Sequence[Activation], variance: npt.ArrayLike = 1) -> tuple[Moments, ...]:
    r"""Moments of each of a stack of random layers.

    .. math:: r_{l+1} = \kappa_{1,l}^2r_l + \kappa_{*,l}^2

    Parameters
    ----------
    activations : sequence of Activation
        φ_1 ... φ_L. All but the last must be centred, E φ(√r G) = 0, as odd ones are.
    variance : array_like, > 0
        r_1 = Tr Σ/d.

    Returns
    -------
    tuple of Moments
        One per layer; ``[layer.pair for layer in ...]`` is what ``deep_risk`` takes.

    Raises
    ------
    ValueError
        If a variance is not positive, there is no layer, or one below the last is not centred.
    TypeError
        If an activation is not an Activation.

    References
    ----------
    .. [1] schroder2023 (recursion of the covariances; place not checked)

    Examples
    --------
    >>> import riskcalc as rc
    >>> problem = rc.Problem(rc.Spectrum.isotropic(100), energies=[1.0], noise=0.25)
    >>> layers = rc.random_features.layer_moments([rc.activations.Tanh()] * 2)
    >>> moments = [layer.pair for layer in layers]
    >>> print(rc.random_features.deep_risk(problem, 150, [150, 200], moments, ridge=0.02).test.round(4))
    0.8376
    """
    r, found = numbers("variance", variance, above=0), []
    if len(activations) == 0:
        raise ValueError("activations must have at least one layer, got none")
    for k, activation in enumerate(activations):
        layer = moments(activation, r)
        if k + 1 < len(activations) and (layer.constant > 1e-20 * layer.total).any():
            raise ValueError(
                f"activations must be centred below the last layer, got {activation!r} with a mean of "
                f"{math.sqrt(layer.constant.max()):.3g} in layer {k + 1}; use an odd one, or subtract its mean"
            )
        found.append(layer)
        r = np.asarray(layer.linear * r + layer.nonlinear)
    return tuple(found)


def second_coefficient(activation: Activation, variance: float) -> float:
    """c_2 = E φ(√r G)(G² - 1)/√2, to the accuracy that a note needs."""
    if isinstance(activation, PiecewisePower):
        scale: float = variance ** (activation.branches()[2] / 2)
        return scale * float(activation.hermite_coefficients(2)[2])
    if activation.parity == "odd":
        return 0.0
    root = math.sqrt(variance)
    rule = Gaussian().nodes(64, [kink / root for kink in activation.kinks], 8)
    square = (rule.points**2 - 1) / math.sqrt(2)
    return float(rule.weights @ (activation(root * rule.points) * square))


def _parts(activation: Activation, variance: float) -> tuple[float, float, float]:
    """κ_0², κ_1² and κ_*² at one variance."""
    if isinstance(activation, PiecewisePower):
        return _of_power(activation, variance)
    root, before = math.sqrt(variance), np.full(3, np.inf)
    kinks = [kink / root for kink in activation.kinks]
    for k in range(REFINEMENTS):
        rule = Gaussian().nodes(4**k, kinks, 2**k)
        with np.errstate(over="ignore", invalid="ignore", under="ignore"):
            parts, total = _integrated(np.asarray(activation(root * rule.points)), rule)
            if np.abs(parts - before).max() <= AGREEMENT * total:
                parts[[activation.parity == "odd", activation.parity == "even", parts[2] <= AFFINE * total]] = 0.0
                return float(parts[0]), float(parts[1]) / variance, float(parts[2])
        before = parts
    raise ValueError(
        f"{activation!r} could not be integrated at variance {variance:g}: finer and wider rules still differ; name "
        "the points where it or a derivative jumps as kinks"
    )


def _integrated(values: FloatArray, rule: Nodes) -> tuple[FloatArray, float]:
    """Squares of the projections on 1 and G, the square of the rest, and their sum."""
    weights, x = rule.weights, rule.points
    mean, slope = weights @ values, weights @ (x * values)
    rest = weights @ (values - mean - slope * x) ** 2
    parts: FloatArray = np.array([mean**2, slope**2, rest])
    return parts, float(parts.sum())


def _of_power(activation: PiecewisePower, variance: float) -> tuple[float, float, float]:
    r"""φ(√r x) = r^(α/2) φ(x); the even part (p+q)/2 |x|^α and the odd one have rests of their own."""
    p, q, alpha = activation.branches()
    even, odd = (p + q) / 2, (p - q) / 2
    square, mean, slope = (2 * gaussian_powers(power)[0] for power in (2 * alpha, alpha, alpha + 1))  # of |G|^power
    rest = even**2 * _above(square, mean**2) + odd**2 * _above(square, slope**2)
    scale = variance**alpha
    return scale * (even * mean) ** 2, scale * (odd * slope) ** 2 / variance, scale * rest


def _above(total: float, part: float) -> float:
    """The difference of two moments, of which that of affine functions is 0."""
    return total - part if total - part > ROUNDING * total else 0.0
