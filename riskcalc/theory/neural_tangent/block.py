"""Second moments of two neurons' tangent features, and their product with a function of one direction."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from riskcalc.activations import Activation, Erf
from riskcalc.activations.powers import PiecewisePower
from riskcalc.arguments import FloatArray, instance, numbers
from riskcalc.theory.neural_tangent.moments import pair_moments
from riskcalc.theory.random_features.conditional import ACTIVATION_HINT
from riskcalc.theory.random_features.input_law import (
    Expansion,
    InputLaw,
    mean_of_slope,
    refuse_unresolved,
    single_index,
    target_expansion,
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Block:
    r"""The second moments of two neurons' tangent features.

    .. math:: E\,\varphi'(u)\varphi'(v)\,xx^\top = h\,1 + b\,(ww'^\top + w'w^\top) + q\,(ww^\top + w'w'^\top)

    Parameters
    ----------
    identity, crossed, straight : ndarray
        h, b and q, of the shape of the overlaps.

    References
    ----------
    .. [1] derived

    Examples
    --------
    >>> import riskcalc as rc
    >>> block = rc.neural_tangent.block(rc.activations.ReLU(), 0.5)
    >>> print(block.identity.round(6), block.crossed.round(6), block.straight.round(6))
    0.333333 0.183776 -0.091888
    """

    identity: FloatArray
    crossed: FloatArray
    straight: FloatArray


@dataclass(frozen=True, eq=False)
class Cross:
    r"""The product of a neuron's tangent feature with a function of one direction.

    .. math:: E\,\varphi'(\langle w,x\rangle)\,g(\langle e,x\rangle)\,x = A\,w + B\,e

    Parameters
    ----------
    along_weight, along_target : ndarray
        A and B, of the shape of the overlaps.

    References
    ----------
    .. [1] derived

    Examples
    --------
    >>> import riskcalc as rc
    >>> target = rc.targets.SingleIndex(coefficients=[1, 1])
    >>> cross = rc.neural_tangent.cross(rc.activations.ReLU(), 0.3, target)
    >>> print(cross.along_weight.round(6), cross.along_target.round(6))
    0.398942 0.5
    """

    along_weight: FloatArray
    along_target: FloatArray


def block(
    activation: Activation, overlap: npt.ArrayLike, *, inputs: str = "gaussian", n_inputs: int | None = None
) -> Block:
    r"""Second moments of two neurons' tangent features :math:`\varphi'(\langle w,x\rangle)\,x`.

    .. math:: h = \sum_k\frac{m_k^2}{k!}\rho^k,\qquad b = h'(\rho),\qquad
              q = \sum_k\frac{m_km_{k+2}}{k!}\rho^k,\qquad m_k = E\,\varphi'(G)He_k(G) \quad\text{(Gaussian x)}

    Parameters
    ----------
    activation : Activation
        φ, with a bounded derivative.
    overlap : array_like, -1 <= overlap <= 1
        ρ = ⟨w, w'⟩ of unit vectors.
    inputs : "gaussian" or "sphere"
        The law of x.
    n_inputs : int, >= 3
        d, needed on the sphere.

    Returns
    -------
    Block
        ``.identity`` h, ``.crossed`` b, ``.straight`` q.

    Raises
    ------
    ValueError
        If an overlap is outside its domain, n_inputs missing, or φ' not bounded.
    TypeError
        If ``activation`` is not an Activation.

    Notes
    -----
    At ρ = 1 the matrices of b and q are the same, and at ρ = -1 opposite: the limits of b and q are returned for erf,
    and for others, whose limits may be infinite, equal shares of what their matrices add up to (0 for ReLU). Closed
    forms for piecewise linear φ and, with Gaussian x, erf; otherwise by quadrature to 1e-13 of h(1), with b and q
    losing digits as :math:`1/(1-\rho^2)`; by Hermite series for kinks away from 0.

    References
    ----------
    .. [1] cho2009 (h of ReLU; place not checked)
    .. [2] derived

    Examples
    --------
    >>> import riskcalc as rc
    >>> block = rc.neural_tangent.block(rc.activations.Erf(2**-0.5), [0.0, 0.5, 1.0])
    >>> print(block.identity.round(6))
    [0.31831  0.328749 0.367553]
    """
    phi = sloped(activation)
    rho = numbers("overlap", overlap, at_least=-1, at_most=1, hint="it is ⟨w, w'⟩ of unit vectors")
    law = _law(inputs, n_inputs)
    at = pair_moments(phi, np.arccos(rho), law)
    if isinstance(phi, Erf) and law.name == "gaussian":
        a2 = phi.scale**2
        over = at.across * 2 * a2 / ((1 + 2 * a2) ** 2 - (2 * a2 * rho) ** 2)
        return Block(at.across, 2 * a2 * rho * over, -(1 + 2 * a2) * over)
    sums = _over(at.plus - at.across, 2 * (1 + rho))
    differences = _over(at.minus - at.across, 2 * (1 - rho))
    return Block(at.across, sums - differences, sums + differences)


def _over(numerator: FloatArray, denominator: FloatArray) -> FloatArray:
    """The ratio, 0 where the denominator is."""
    return np.divide(numerator, denominator, out=np.zeros_like(denominator), where=denominator > 0)


def cross(
    activation: Activation,
    overlap: npt.ArrayLike,
    target: object,
    *,
    inputs: str = "gaussian",
    n_inputs: int | None = None,
) -> Cross:
    r"""Product of a tangent feature :math:`\varphi'(\langle w,x\rangle)\,x` with a function of one direction.

    .. math:: A = \sum_k\frac{m_{k+1}g_k}{k!}\rho^k,\qquad B = \sum_k\frac{m_kg_{k+1}}{k!}\rho^k
              \quad\text{(Gaussian x)}

    Parameters
    ----------
    activation : Activation
        φ, with a bounded derivative.
    overlap : array_like, -1 <= overlap <= 1
        ρ = ⟨w, e⟩ of unit vectors.
    target : targets.SingleIndex
        g; :math:`g_k` here are its Hermite coefficients without the 1/√k!.
    inputs : "gaussian" or "sphere"
        The law of x.
    n_inputs : int, >= 2
        d, needed on the sphere.

    Returns
    -------
    Cross
        ``.along_weight`` A and ``.along_target`` B.

    Raises
    ------
    ValueError
        If an argument is outside its domain, or 256 degrees do not suffice.
    TypeError
        If ``activation`` is not an Activation or ``target`` not a SingleIndex.

    Notes
    -----
    Exact sums for a polynomial g. On the sphere, with :math:`\sqrt{B(d,k)}P_k` in place of Hermite polynomials,
    the recursion of the orthonormal polynomials and derivatives of :math:`P_k`.

    References
    ----------
    .. [1] derived

    Examples
    --------
    >>> import riskcalc as rc
    >>> target = rc.targets.SingleIndex(coefficients=[0, 0, 1])
    >>> print(rc.neural_tangent.cross(rc.activations.ReLU(), [0.0, 1.0], target).along_target.round(6))
    [0.      0.56419]
    """
    phi, g = sloped(activation), single_index(target)
    rho = numbers("overlap", overlap, at_least=-1, at_most=1, hint="it is ⟨w, e⟩ of unit vectors")
    law = _law(inputs, n_inputs)
    return Cross(*slope_products(phi, rho, target_expansion(law, g), law))


def slope_products(
    activation: Activation, overlap: FloatArray, link: Expansion, law: InputLaw
) -> tuple[FloatArray, FloatArray]:
    """A and B of E φ'(⟨w, x⟩)g(⟨e, x⟩)x = Aw + Be."""
    padded = Expansion(np.append(link.coefficients, 0.0), link.norm, link.rest)
    slope = law.expansion(activation.derivative, link.coefficients.size, activation.kinks, repr(activation))
    refuse_unresolved(law, slope, padded, overlap, "target")
    return mean_of_slope(law, slope, padded, overlap)


def sloped(activation: object) -> Activation:
    """The activation, if its derivative is bounded at its kinks, else a ValueError."""
    phi = instance("activation", activation, Activation, ACTIVATION_HINT)
    steep = isinstance(phi, PiecewisePower) and phi.branches()[2] < 1
    if steep or not np.isfinite(phi.derivative(np.array([0.0, *phi.kinks]))).all():
        raise ValueError(f"activation must have a bounded derivative, got {phi!r}; take a smoother one, as ReLU()")
    return phi


def _law(inputs: str, n_inputs: int | None) -> InputLaw:
    if inputs == "sphere" and n_inputs is None:
        raise ValueError('n_inputs must be given for inputs="sphere", got none; the moments depend on it')
    return InputLaw.of(inputs, 2 if n_inputs is None else n_inputs)
