"""Multiplication by t moves mass one degree up or down: a random walk on the degrees."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from riskcalc.arguments import FloatArray, choice, numbers
from riskcalc.harmonics.multiplicity import DOMAINS, degrees, sizes


def up_probability(n_inputs: int, degree: npt.ArrayLike, domain: str = "sphere") -> FloatArray:
    r"""Share of :math:`P_{k+1}` in :math:`t\,P_k`; the rest is the share of :math:`P_{k-1}`.

    .. math:: p_{\rm sphere} = \frac{k+d-2}{2k+d-2}, \qquad p_{\rm cube} = \frac{d-k}{d}

    Parameters
    ----------
    n_inputs : int, >= 2 (sphere) or >= 1 (hypercube)
        The dimension d.
    degree : array_like of integers, >= 0, on the hypercube <= n_inputs
        The degree k.
    domain : "sphere" or "hypercube"

    Returns
    -------
    ndarray
        In [0, 1], of the shape of ``degree``. At degree 0 it is 1.

    Raises
    ------
    ValueError
        If an argument is outside its domain.

    References
    ----------
    .. [1] derived

    Examples
    --------
    >>> import riskcalc as rc
    >>> print(rc.harmonics.up_probability(4, [0, 1, 2]))
    [1.         0.75       0.66666667]
    """
    d, _ = sizes(choice("domain", domain, DOMAINS), n_inputs, 0)
    k = degrees(domain, d, degree)
    if domain == "hypercube":
        return np.asarray((d - k) / d)
    return np.where(k > 0, (k + d - 2) / np.maximum(2 * k + d - 2, 1), 1.0)


def times_t(masses: npt.ArrayLike, n_inputs: int, domain: str = "sphere") -> FloatArray:
    r"""Masses of :math:`t\,h(t)` from the masses of h.

    .. math:: m_k(t\,h) = p_{k-1}\, m_{k-1}(h) + (1 - p_{k+1})\, m_{k+1}(h)

    Parameters
    ----------
    masses : array_like, shape (..., K + 1)
        Coefficients of :math:`h = \sum_k m_k P_k` by degree, complete: what lies beyond K is taken as 0.
    n_inputs : int, >= 2 (sphere) or >= 1 (hypercube)
    domain : "sphere" or "hypercube"

    Returns
    -------
    ndarray, shape (..., K + 2)
        On the hypercube at most d + 1 degrees.

    Raises
    ------
    ValueError
        If an argument is outside its domain.

    References
    ----------
    .. [1] derived

    Examples
    --------
    >>> import riskcalc as rc
    >>> print(rc.harmonics.times_t([0, 1], n_inputs=4))  # t² = 1/4 + 3/4 P_2
    [0.25 0.   0.75]
    """
    m = numbers("masses", masses)
    if m.ndim == 0 or m.shape[-1] == 0:
        raise ValueError(f"masses must have one entry per degree on the last axis, got shape {m.shape}")
    d, _ = sizes(choice("domain", domain, DOMAINS), n_inputs, 0)
    up = up_probability(d, np.arange(m.shape[-1]), domain)
    result = np.zeros((*m.shape[:-1], m.shape[-1] + 1))
    result[..., 1:] = up * m
    result[..., :-2] += ((1 - up) * m)[..., 1:]
    return result[..., : d + 1] if domain == "hypercube" else result
