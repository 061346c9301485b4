"""Neural tangent regression with n ~ d samples: linear regression with the ridge that the kernel brings along."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from riskcalc.activations import Activation
from riskcalc.arguments import FloatArray, common_shape, numbers
from riskcalc.result import Risk
from riskcalc.theory.mei_montanari import one_level_fields
from riskcalc.theory.neural_tangent.block import sloped
from riskcalc.theory.neural_tangent.induced import self_induced_ridge

SOURCES = ("montanari2022", "bartlett2021")


def linear_equivalent_risk(
    activation: Activation,
    n_inputs: npt.ArrayLike,
    n_samples: npt.ArrayLike,
    ridge: npt.ArrayLike,
    linear_energy: npt.ArrayLike,
    nonlinear_energy: npt.ArrayLike = 0,
    noise: npt.ArrayLike = 0,
) -> Risk:
    r"""Risk of a wide neural tangent model where n is of the order of d.

    .. math:: K \approx \frac{m_0^2}dXX^\top + v_1,\qquad n - \frac{\lambda+v_1}\kappa = \frac{d\,m_0^2}{m_0^2+d\kappa},
              \qquad \mathrm{test} = \frac{F_1^2\big(\frac{d\kappa}{m_0^2+d\kappa}\big)^2 + F_{>1}^2 + \tau^2}
              {1-\mathrm{df}_2/n}

    Parameters
    ----------
    activation : Activation
        φ, with a bounded derivative; :math:`m_0 = E\,\varphi'(G)` and :math:`v_1 = E\,\varphi'(G)^2 - m_0^2`.
    n_inputs, n_samples : array_like, > 0
        d and n.
    ridge : array_like, >= 0
        λ of the sum objective; inf predicts zero.
    linear_energy, nonlinear_energy, noise : array_like, >= 0
        :math:`F_1^2` and :math:`F_{>1}^2`, the target's energies, and the variance τ². A constant is not covered.

    Returns
    -------
    Risk
        Of the broadcast shape of all arguments. ``effective_ridge`` is κ of kernel regression; that of linear
        regression on x is :math:`d\kappa/m_0^2`, with the ridge :math:`d(\lambda+v_1)/m_0^2`.

    Raises
    ------
    ValueError
        If a number is outside its domain, shapes do not broadcast, or φ' is not bounded.
    TypeError
        If ``activation`` is not an Activation.

    Notes
    -----
    Leading order for Nd ≫ n: there is no width in it. Unless φ is affine :math:`v_1 > 0` and nothing diverges, also at
    ridge 0. If :math:`m_0 = 0` (even φ) the linear part is not learned either. ``ridge_risk`` with all degrees of
    ``kernels.NeuralTangent`` is nearer at finite d: at d = 100 … 200 both are within a few per cent of simulations.

    References
    ----------
    .. [1] montanari2022 (place not checked)
    .. [2] bartlett2021 (place not checked)

    Examples
    --------
    >>> import riskcalc as rc
    >>> relu = rc.activations.ReLU()
    >>> nonlinear = 0.64 * 200 / 202  # of 0.8 x₂x₃ on the sphere
    >>> risk = rc.neural_tangent.linear_equivalent_risk(relu, 200, [100, 200, 400, 800], 0.3, 1, nonlinear, 0.2)
    >>> print(risk.test.round(4))
    [1.6371 1.4865 1.2844 1.0885]
    """
    phi = sloped(activation)
    arguments: dict[str, FloatArray] = {
        "n_inputs": numbers("n_inputs", n_inputs, above=0),
        "n_samples": numbers("n_samples", n_samples, above=0),
        "ridge": numbers("ridge", ridge, at_least=0, finite=False),
        "linear_energy": numbers("linear_energy", linear_energy, at_least=0),
        "nonlinear_energy": numbers("nonlinear_energy", nonlinear_energy, at_least=0),
        "noise": numbers("noise", noise, at_least=0, hint="it is a variance"),
    }
    shape = common_shape(**arguments)
    d, n, lam, linear, nonlinear, tau2 = (np.broadcast_to(value, shape).ravel() for value in arguments.values())
    level, tail = np.full_like(d, linear_slope(phi) ** 2), np.full_like(d, self_induced_ridge(phi, 1))
    fields: dict[str, Any] = one_level_fields(n / d, np.full_like(d, np.inf), lam, level, tail, linear, nonlinear, tau2)
    fields |= {"effective_ridge": fields["effective_ridge"] / d, "df1": d * fields["df1"], "df2": d * fields["df2"]}
    fields["norm_squared"] = d * fields["norm_squared"]
    return Risk(
        **{name: value.reshape(shape) for name, value in fields.items()},
        coordinates={k: v for k, v in arguments.items() if k in ("n_inputs", "n_samples", "ridge") or v.ndim},
        route="linear equivalent",
        sources=SOURCES,
    )


def linear_slope(activation: Activation) -> float:
    """m_0 = E φ'(G) = E Gφ(G)."""
    return float(activation.hermite_coefficients(1)[1])
