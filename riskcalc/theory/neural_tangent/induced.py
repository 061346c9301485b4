"""What the unlearned degrees of a neural tangent kernel amount to: a ridge."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from riskcalc.activations import Activation
from riskcalc.arguments import FloatArray, numbers
from riskcalc.kernels.slope import slope
from riskcalc.theory.neural_tangent.block import sloped

SMALL = 1e-4  # share of the total below which a difference has lost digits that the sum of the tail has not
STEP = 64  # degrees by which the tail is prolonged


def self_induced_ridge(activation: Activation, degree: npt.ArrayLike) -> FloatArray:
    r"""The ridge that the degrees from ℓ on of a neural tangent kernel act as.

    .. math:: v_\ell = \sum_{k\ge\ell}\frac{m_k^2}{k!} = E\,\varphi'(G)^2 - \sum_{k<\ell}\frac{m_k^2}{k!},
              \qquad m_k = E\,\varphi'(G)He_k(G)

    Parameters
    ----------
    activation : Activation
        φ, with a bounded derivative.
    degree : array_like of whole numbers, >= 0
        ℓ, the degree that is resolved: :math:`d^\ell\ll n\ll d^{\ell+1}`.

    Returns
    -------
    ndarray
        Of the shape of ``degree``. 0 for a polynomial of degree ℓ or less.

    Raises
    ------
    ValueError
        If a degree is no whole number >= 0, φ' not bounded, or the coefficients of a tail not known.
    TypeError
        If ``activation`` is not an Activation.

    Notes
    -----
    For n ≪ Nd up to powers of logarithms: the kernel matrix is that of the degrees up to ℓ plus :math:`v_\ell1`, and
    its smallest eigenvalue tends to :math:`v_\ell`. The sum starts at ℓ and not at ℓ + 1, since degree k of the kernel
    carries :math:`m_{k-1}`. For kernels divided by d as here; without the 1/d it is d times that.

    References
    ----------
    .. [1] montanari2022 (place not checked)

    Examples
    --------
    >>> import riskcalc as rc
    >>> print(rc.neural_tangent.self_induced_ridge(rc.activations.Tanh(), [0, 1, 2]).round(6))
    [0.464403 0.097524 0.097524]
    """
    phi = sloped(activation)
    ell = numbers("degree", degree, at_least=0)
    if (ell != np.floor(ell)).any():
        raise ValueError(f"degree must be a whole number, got {ell[ell != np.floor(ell)].flat[0]:g}")
    factor, psi = slope(phi)
    total, last = psi.second_moment(), int(ell.max(initial=0))
    squares = psi.hermite_coefficients(last) ** 2
    heads = np.array([total - math.fsum(squares[:k]) for k in range(last + 1)])
    lost = np.flatnonzero(heads < SMALL * total)
    if lost.size:
        heads[lost] = _tails(psi, last)[lost]
    return np.asarray(factor**2 * heads[ell.astype(int)])


def _tails(psi: Activation, last: int) -> FloatArray:
    """Σ_{k>=ℓ} c_k² for ℓ = 0 ... last, smallest terms first; prolonged until nothing is added."""
    end = last + STEP
    while True:
        squares = psi.hermite_coefficients(end) ** 2
        tails = np.cumsum(squares[::-1])[::-1]
        if tails[end - STEP // 2] <= 1e-15 * tails[last]:
            return np.asarray(tails[: last + 1])
        end += STEP
