r"""Moments of a pair of neurons by Hermite series: polynomials, and activations with kinks away from 0.

By Stein's identity, with normalised coefficients s of φ' and c of φ: :math:`h = \sum s_k^2t^k,\ b = h',\
q = \sum\sqrt{(k+1)(k+2)}\,s_ks_{k+2}t^k`, and :math:`E\,\varphi(u)\varphi'(v)x = r\,w' + h\,w`,
:math:`r = \sum\sqrt{(k+1)(k+2)}\,c_kc_{k+2}t^k`.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.polynomial.polynomial import polyval

from riskcalc.activations import Activation, Hermite
from riskcalc.arguments import FloatArray
from riskcalc.theory.neural_tangent.plane import PairMoments
from riskcalc.theory.random_features.conditional import refuse_kinks_on_sphere, refuse_parallel
from riskcalc.theory.random_features.input_law import LONGEST, InputLaw


def polynomial_moments(activation: Activation, angles: FloatArray) -> PairMoments:
    """Of He_k and u², Gaussian x: finite series, so that a covariance that is singular is so to rounding."""
    degree = activation.degree if isinstance(activation, Hermite) else 2
    c = activation.hermite_coefficients(degree + 2)
    return _summed(np.sqrt(np.arange(1.0, degree + 3)) * c[1:], c, angles)


def kinked_moments(activation: Activation, angles: FloatArray, law: InputLaw) -> PairMoments:
    """Cut, and so those of a polynomial: the matrix of all pairs is positive semidefinite. At angle 0 quadrature."""
    refuse_kinks_on_sphere(activation, law)
    phi, slope, kinks, name = activation, activation.derivative, activation.kinks, repr(activation)
    s, c = (law.expansion(f, LONGEST, kinks, name) for f in (slope, phi))
    radial = law.expansion(lambda x: x * slope(x), 0, kinks, name).norm ** 2
    mixed = law.expansion(lambda x: x * phi(x) * slope(x), 0, kinks, name).coefficients[0]
    same = angles == 0
    refuse_parallel(np.abs(np.cos(angles[~same])), s, activation)
    at = _summed(s.coefficients, c.coefficients, angles)
    return replace(
        at,
        across=np.where(same, s.norm**2, at.across),
        plus=np.where(same, radial, at.plus),
        minus=np.where(same, s.norm**2, at.minus),
        along=np.where(same, mixed, at.along),
    )


def _summed(s: FloatArray, c: FloatArray, angles: FloatArray) -> PairMoments:
    t, k = np.cos(angles), np.arange(s.size - 2.0)
    jump = np.sqrt((k + 1) * (k + 2))
    h = polyval(t, s**2)
    b = polyval(t, np.arange(1.0, s.size) * s[1:] ** 2)
    q = polyval(t, jump * s[:-2] * s[2:])
    r = polyval(t, jump * c[: s.size][:-2] * c[: s.size][2:])
    return PairMoments(
        across=np.asarray(h),
        plus=h + (1 + t) * (q + b),
        minus=h + (1 - t) * (q - b),
        along=r + t * h,
        side=np.asarray(h * np.sin(angles)),
    )
