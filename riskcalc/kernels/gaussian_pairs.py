r"""The mean :math:`E\,\varphi(u)\varphi(v)` of centred Gaussian u and v in closed form, whatever their variances.

With the variances A and B and the covariance C:

.. math:: e^{a(u+v)}:\ e^{a^2(A+B+2C)/2}, \qquad
          \cos\omega u\cos\omega v,\ \sin\omega u\sin\omega v:\
          \tfrac12\left[e^{-\omega^2(A+B-2C)/2} \pm e^{-\omega^2(A+B+2C)/2}\right]

.. math:: \mathrm{erf}(au)\,\mathrm{erf}(av):\ \frac2\pi\arcsin\frac{2a^2C}{\sqrt{(1+2a^2A)(1+2a^2B)}}, \qquad
          \mathrm{erf}'(au)\,\mathrm{erf}'(av):\ \frac{4a^2/\pi}{\sqrt{(1+2a^2A)(1+2a^2B)-4a^4C^2}}
"""

from __future__ import annotations

import math

import numpy as np

from riskcalc.activations import Activation, Cos, Erf, Exp, Sin
from riskcalc.arguments import FloatArray
from riskcalc.kernels.slope import Slope


def gaussian_pairs(activation: Activation, A: FloatArray, B: FloatArray, C: FloatArray) -> FloatArray | None:
    """E φ(u)φ(v), or None where there is no closed form."""
    if isinstance(activation, Exp):
        return np.asarray(np.exp(activation.scale**2 * (A + B + 2 * C) / 2))
    if isinstance(activation, (Cos, Sin)):
        sign, square = (1 if isinstance(activation, Cos) else -1), activation.frequency**2
        near, far = (np.exp(-square * (A + B + side * 2 * C) / 2) for side in (-1, 1))
        return np.asarray((near + sign * far) / 2)
    if isinstance(activation, Erf):
        a2 = 2 * activation.scale**2
        return np.asarray(2 / math.pi * np.arcsin((a2 * C / np.sqrt((1 + a2 * A) * (1 + a2 * B))).clip(-1, 1)))
    if isinstance(activation, Slope) and isinstance(activation.activation, Erf):
        a2 = 2 * activation.activation.scale**2
        return np.asarray(2 * a2 / math.pi / np.sqrt((1 + a2 * A) * (1 + a2 * B) - (a2 * C) ** 2))
    return None
