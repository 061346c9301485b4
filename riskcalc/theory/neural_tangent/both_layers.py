"""Both layers trained, where n, d and N grow together: the linear equivalent, averaged over the weights."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.linalg import eigh_tridiagonal

from riskcalc.activations import Activation
from riskcalc.arguments import FloatArray, common_shape, numbers
from riskcalc.quadrature import Nodes
from riskcalc.result import Risk
from riskcalc.spectrum import Spectrum
from riskcalc.theory.neural_tangent.block import sloped
from riskcalc.theory.neural_tangent.induced import self_induced_ridge
from riskcalc.theory.neural_tangent.linear_equivalent import linear_slope
from riskcalc.theory.problem import Problem
from riskcalc.theory.ridge import ridge_risk

SOURCES = ("adlam2020ntk", "montanari2022")
FIELDS = ("test", "train", "bias", "variance", "noise", "effective_ridge", "df1", "df2", "norm_squared", "gcv")
N_NODES = 96


def both_layers_risk(
    activation: Activation,
    n_inputs: npt.ArrayLike,
    n_samples: npt.ArrayLike,
    width: npt.ArrayLike,
    ridge: npt.ArrayLike,
    linear_energy: npt.ArrayLike,
    nonlinear_energy: npt.ArrayLike = 0,
    noise: npt.ArrayLike = 0,
) -> Risk:
    r"""Risk of a neural tangent model of both layers where n, d and N are of the same order.

    .. math:: \psi(x) = \Big(\frac{\mu_1Wx+\mu_*z}{\sqrt N},\ \frac{\mu_1x}{\sqrt d}\Big),\quad z \sim N(0, 1_N),
              \qquad n - \frac{\lambda+v_1}\kappa = \mathrm{df}_1(\kappa)

    Parameters
    ----------
    activation : Activation
        φ, with a bounded derivative, of which the mean is subtracted: φ - E φ(G).
    n_inputs, n_samples, width : array_like, > 0
        d, n and N; the width may be inf.
    ridge : array_like, >= 0
        λ of the sum objective, the same for both layers.
    linear_energy, nonlinear_energy, noise : array_like, >= 0
        :math:`F_1^2` and :math:`F_{>1}^2`, the target's energies, and the variance τ². A constant is not covered.

    Returns
    -------
    Risk
        Of the broadcast shape of all arguments.

    Raises
    ------
    ValueError
        If a number is outside its domain, shapes do not broadcast, or φ' is not bounded.
    TypeError
        If ``activation`` is not an Activation.

    Notes
    -----
    The equivalent conditional on W, with the squared singular values of W under the law of Marchenko and Pastur: a
    Gauss rule of its own polynomials. N → ∞ is kernel regression with the eigenvalue :math:`2\mu_1^2/d` and the tail
    :math:`\mu_*^2+v_1`. Nothing diverges at n = N unless φ is affine, since :math:`v_1` regularises. At d = 200 the
    deviation from simulations is some per cent. Not covered is n ~ d², where both layers together show a further peak.

    References
    ----------
    .. [1] adlam2020ntk (the setting; place not checked)
    .. [2] montanari2022 (the induced ridge; place not checked)
    .. [3] derived

    Examples
    --------
    >>> import riskcalc as rc
    >>> erf = rc.activations.Erf(2**-0.5)
    >>> risk = rc.neural_tangent.both_layers_risk(erf, 200, [100, 200, 600], [[50], [600]], 0.05, 1, 0.64, 0.2)
    >>> print(risk.test.round(4))
    [[1.8972 1.6838 1.1763]
     [1.7662 1.6999 1.1921]]
    """
    phi = sloped(activation)
    arguments: dict[str, FloatArray] = {
        "n_inputs": numbers("n_inputs", n_inputs, above=0),
        "n_samples": numbers("n_samples", n_samples, above=0),
        "width": numbers("width", width, above=0, finite=False),
        "ridge": numbers("ridge", ridge, at_least=0, finite=False),
        "linear_energy": numbers("linear_energy", linear_energy, at_least=0),
        "nonlinear_energy": numbers("nonlinear_energy", nonlinear_energy, at_least=0),
        "noise": numbers("noise", noise, at_least=0, hint="it is a variance"),
    }
    shape = common_shape(**arguments)
    flat = {name: np.broadcast_to(value, shape).ravel() for name, value in arguments.items()}
    kinds = np.stack([flat[name] for name in ("n_inputs", "width", "linear_energy", "nonlinear_energy")], axis=1)
    distinct, where = np.unique(kinds, axis=0, return_inverse=True)
    fields: dict[str, Any] = {name: np.empty(len(kinds)) for name in FIELDS}
    for index, (d, N, linear, nonlinear) in enumerate(distinct):  # each has a spectrum of its own
        at = where.reshape(-1) == index
        problem = weight_averaged_problem(phi, d, N, linear, nonlinear).replace(noise=flat["noise"][at])
        risk = ridge_risk(problem, flat["n_samples"][at], flat["ridge"][at])
        for name in FIELDS:
            fields[name][at] = getattr(risk, name)
    return Risk(
        **{name: value.reshape(shape) for name, value in fields.items()},
        coordinates={k: v for k, v in arguments.items() if k in ("n_inputs", "n_samples", "width", "ridge") or v.ndim},
        route="linear equivalent of both layers",
        sources=SOURCES,
    )


def weight_averaged_problem(phi: Activation, d: float, width: float, linear: float, nonlinear: float) -> Problem:
    r"""Eigenvalues of the 2 × 2 blocks of Σ at the squared singular values x of W, and the energies there.

    .. math:: \begin{pmatrix}(\mu_1^2x+\mu_*^2)/N & \mu_1^2\sqrt{x/(Nd)}\\ \cdot & \mu_1^2/d\end{pmatrix}

    The target is :math:`\theta = (0, \sqrt d/\mu_1)` in each, of energy σ⟨v,θ⟩² along an eigenvector v: nothing is
    outside, and nothing cancels. If N > d there are N - d eigenvalues :math:`\mu_*^2/N` without target, if N < d there
    are d - N eigenvalues :math:`\mu_1^2/d` that carry the share 1 - N/d of it.
    """
    mu1, tail = linear_slope(phi), float(self_induced_ridge(phi, 1))
    rest = max(phi.second_moment() - float((phi.hermite_coefficients(1) ** 2).sum()), 0.0)
    rest = rest if rest > 1e-14 * phi.second_moment() else 0.0
    level = mu1 * mu1 / d
    if mu1 == 0:
        eigenvalue, count = (0.0, 1.0) if width == np.inf else (rest / width, width)
        tail += rest if width == np.inf else 0.0
        return Problem(Spectrum.from_eigenvalues(eigenvalue, count, tail), [0.0], 0.0, linear + nonlinear)
    if width == np.inf:
        return Problem(Spectrum.from_eigenvalues(2 * level, d, tail + rest), [linear], 0.0, nonlinear)
    rule, count = singular_values(width / d), min(width, d)
    upper, mixed = (mu1 * mu1 * rule.points + rest) / width, mu1 * mu1 * np.sqrt(rule.points / (width * d))
    half, angle = (upper - level) / 2, np.arctan2(2 * mixed, upper - level) / 2
    root = np.hypot(half, mixed)
    large = (upper + level) / 2 + root
    small = rest / width * level / large  # the determinant is μ_*²/N · μ_1²/d
    along = rule.weights * np.stack([large * np.sin(angle) ** 2, small * np.cos(angle) ** 2]) / level
    left = (rest / width, 0.0) if width > d else (level, (1 - width / d) * linear)
    sigma = np.concatenate([large, small, [left[0]]])
    many = np.concatenate([np.tile(count * rule.weights, 2), [abs(width - d)]])
    energies = np.concatenate([(count / d * linear * along).ravel(), [left[1]]])
    return Problem(Spectrum.from_eigenvalues(sigma, many, tail), energies, 0.0, nonlinear)


def singular_values(psi1: float) -> Nodes:
    r"""Gauss rule for the law of the min(N, d) squared singular values of W, rows of norm 1, N/d = ψ₁.

    Its orthonormal polynomials have the recursion :math:`\alpha_0 = \max(\psi_1, 1)`, :math:`\alpha_k = 1+\psi_1`,
    :math:`\beta_k^2 = \psi_1`: those of Marchenko and Pastur without the atom at 0.
    """
    diagonal = np.full(N_NODES, 1 + psi1)
    diagonal[0] = max(psi1, 1.0)
    points, vectors = eigh_tridiagonal(diagonal, np.full(N_NODES - 1, np.sqrt(psi1)))
    weights = vectors[0] ** 2
    return Nodes(np.maximum(points, 0.0), weights / weights.sum())
