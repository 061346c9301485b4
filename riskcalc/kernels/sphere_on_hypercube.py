r"""Masses on the hypercube from those on the sphere: :math:`P_j` of the sphere is a mean of those of the hypercube.

On ±1 vectors the zonal polynomial of the sphere is still positive definite, so that

.. math:: P_j^{\rm sphere} = \sum_k C_{jk}\,P_k^{\rm cube}, \qquad C_{jk} \ge 0, \quad \sum_k C_{jk} = 1, \qquad
          m_k^{\rm cube} = \sum_{j\ge k} m_j\,C_{jk}

and :math:`(j+d-2)\,C_{j+1} = (2j+d-2)\,T C_j - j\,C_{j-1}`, where T is multiplication by t, the step of Ehrenfest's urn
(derived). The recursion is that of polynomials bounded by 1: its errors are roundings, some j of them.
"""

from __future__ import annotations

import numpy as np

from riskcalc.arguments import FloatArray
from riskcalc.kernels.masses import EPS, Masses
from riskcalc.kernels.power_series import logarithm

LAST = 8  # degrees whose shares, the largest of them, bound those of the degrees beyond


def hypercube_from_sphere(log_masses: FloatArray, tail: float, n_inputs: int, max_degree: int) -> Masses:
    """Masses of the degrees 0 ... max_degree, with their errors; ``tail`` is the sum of those not given."""
    shares = connection(n_inputs, log_masses.size - 1, max_degree)
    with np.errstate(under="ignore"):
        weights = np.exp(log_masses)
    logs = logarithm(weights @ shares)
    j, k = np.arange(log_masses.size)[:, None], np.arange(max_degree + 1)
    reached = (k <= j) & ((j - k) % 2 == 0)
    rounding = 8 * EPS * ((j + 1) * weights[:, None] * reached).sum(axis=0)
    goes_on = np.array([(log_masses[parity::2][-LAST:] > -np.inf).any() for parity in (0, 1)])
    cut = 2 * tail * shares[-LAST:].max(axis=0) * goes_on[k % 2]
    return Masses(logs, np.ones_like(logs), logarithm(rounding + cut))


def connection(n_inputs: int, last: int, max_degree: int) -> FloatArray:
    """C_jk, shape (last + 1, max_degree + 1); exactly 0 where j - k is odd."""
    d = n_inputs
    size = min(d, last) + 1
    k = np.arange(size)
    up, down = (d - k[:-1]) / d, k[1:] / d
    before, now = np.zeros(size), np.eye(1, size)[0]
    out = np.zeros((last + 1, max_degree + 1))
    shown = min(size, max_degree + 1)
    for j in range(last + 1):
        out[j, :shown] = now[:shown]
        moved = np.zeros(size)
        moved[1:] = now[:-1] * up
        moved[:-1] += now[1:] * down
        before, now = now, (moved if j == 0 else ((2 * j + d - 2) * moved - j * before) / (j + d - 2)).clip(0)
    return out
