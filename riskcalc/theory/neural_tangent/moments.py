r"""Moments of one pair of neurons, as functions of the angle θ between their weights.

With :math:`D = \varphi'(u)\varphi'(v)`, the matrix :math:`E\,D\,xx^\top` is isotropic across the plane of w and w', and
in the plane it has the axes w + w' and w - w': three numbers, which stay finite where h, b and q diverge.
"""

from __future__ import annotations

import math

import numpy as np

from riskcalc.activations import Abs, Activation, Erf, Hermite, LeakyReLU, Linear, Quadratic, ReLU
from riskcalc.arguments import FloatArray
from riskcalc.kernels.bivariate import gaussian_radius, sphere_radius
from riskcalc.theory.neural_tangent.plane import PairMoments
from riskcalc.theory.neural_tangent.series import kinked_moments, polynomial_moments
from riskcalc.theory.random_features.input_law import InputLaw

PIECEWISE_LINEAR = (ReLU, LeakyReLU, Abs, Linear)
ANGLES = 64  # the moments are analytic in θ on [0, π], also those of activations with a kink at 0
PANELS, NODES = 8, 16


def pair_moments(activation: Activation, angles: FloatArray, law: InputLaw) -> PairMoments:
    """By closed forms for piecewise linear activations, and for erf of Gaussian inputs; else by quadrature."""
    if isinstance(activation, PIECEWISE_LINEAR):
        return _of_lines(float(activation(1.0)), -float(activation(-1.0)), angles)
    if isinstance(activation, Erf) and law.name == "gaussian":
        return _of_erf(activation.scale, angles)
    if any(activation.kinks):
        return kinked_moments(activation, angles, law)
    if isinstance(activation, Quadratic) or (isinstance(activation, Hermite) and law.name == "gaussian"):
        return _scaled(polynomial_moments(activation, angles), law)
    if law.name == "sphere" and law.n_inputs == 2:
        raise ValueError(f'n_inputs must be >= 3 for {activation!r} and inputs="sphere", got 2')
    rule = gaussian_radius(()) if law.name == "gaussian" else sphere_radius(law.n_inputs, ())
    x = np.cos(np.pi * (np.arange(ANGLES) + 0.5) / ANGLES)
    values = np.array([_at(activation, rule.points, rule.weights, math.pi * (1 + one) / 2, law) for one in x])
    coefficients = np.polynomial.chebyshev.chebvander(x, ANGLES - 1).T @ values * (2 / ANGLES)
    coefficients[0] /= 2
    return PairMoments(*np.polynomial.chebyshev.chebval(2 * angles / math.pi - 1, coefficients))


def _scaled(gaussian: PairMoments, law: InputLaw) -> PairMoments:
    """Features of degree 4 in |x| altogether: on the sphere d/(d+2) of the Gaussian moments, E|x|⁴ = d(d+2)."""
    share = 1.0 if law.name == "gaussian" else law.n_inputs / (law.n_inputs + 2)
    return PairMoments(**{name: share * value for name, value in vars(gaussian).items()})


def _of_lines(right: float, left: float, angles: FloatArray) -> PairMoments:
    r"""Slopes p on the right and q on the left: degree 2 in |x|, so that Gaussian and spherical inputs agree.

    :math:`h = (p^2+q^2)s(\theta) + 2pq\,s(\pi-\theta)` with :math:`s = (\pi-\theta)/2\pi`, and
    :math:`\sqrt{1-t^2}\,b = (p-q)^2/2\pi`; :math:`v\varphi'(v) = \varphi(v)`.
    """
    sine, t = np.sin(angles), np.cos(angles)
    bend, share = (right - left) ** 2 / (2 * math.pi) * sine, (math.pi - angles) / (2 * math.pi)
    h = (right**2 + left**2) * share + 2 * right * left * (0.5 - share)
    return PairMoments(across=h, plus=h + bend, minus=h - bend, along=bend + t * h, side=h * sine)


def _of_erf(a: float, angles: FloatArray) -> PairMoments:
    r"""D is a Gaussian weight: :math:`E\,D\,xx^\top = h\,(1+2a^2(ww^\top+w'w'^\top))^{-1}`."""
    t, a2 = np.cos(angles), a * a
    plus, minus = 1 + 2 * a2 * (1 + t), 1 + 2 * a2 * (1 - t)
    h = 4 * a2 / math.pi / np.sqrt(plus * minus)
    along = t * h / (1 + 2 * a2)
    return PairMoments(across=h, plus=h / plus, minus=h / minus, along=along, side=h * np.sin(angles))


def _at(activation: Activation, r: FloatArray, weights: FloatArray, angle: float, law: InputLaw) -> FloatArray:
    """The moments at one angle: w at polar angle 0, w' at ``angle``, x at ψ; panels in ψ end where u or v is 0."""
    ends = np.sort(np.concatenate([
        np.linspace(0, 2 * math.pi, PANELS + 1),
        *(np.array([0.5, 1.5]) * math.pi + shift for shift in (0.0, angle)),
    ]) % (2 * math.pi))  # fmt: skip
    ends = np.unique(np.concatenate([[0.0], ends, [2 * math.pi]]))
    nodes, shares = np.polynomial.legendre.leggauss(NODES)
    half = np.diff(ends)[:, None] / 2
    psi = (ends[:-1, None] + half * (1 + nodes)).ravel()
    flat = (half * shares).ravel() / (2 * math.pi)
    radius, plane = r[:, None], (r * r)[:, None]
    u, v = radius * np.cos(psi), radius * np.cos(psi - angle)
    slopes, mixed = activation.derivative(u) * activation.derivative(v), activation(u) * activation.derivative(v)
    beside = 1.0 if law.name == "gaussian" else (law.n_inputs - plane) / (law.n_inputs - 2)
    integrands = (
        slopes * beside,
        slopes * plane * np.cos(psi - angle / 2) ** 2,
        slopes * plane * np.sin(psi - angle / 2) ** 2,
        mixed * v,
        -mixed * radius * np.sin(psi - angle),
    )
    return np.array([weights @ integrand @ flat for integrand in integrands])
