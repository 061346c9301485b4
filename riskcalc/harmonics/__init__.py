"""Harmonics on the sphere and the hypercube: multiplicities, zonal polynomials, multiplication by t, quadrature.

Throughout t = ⟨x, x'⟩/d in [-1, 1] with d = ``n_inputs``, P_k is the zonal polynomial of degree k with P_k(1) = 1,
B(d, k) the multiplicity, and a *mass* the coefficient m_k of h(t) = Σ m_k P_k(t): multiplicity times eigenvalue.
"""

from riskcalc.harmonics.multiplicity import (
    cyclic_multiplicity,
    hypercube_multiplicity,
    log_hypercube_multiplicity,
    log_sphere_multiplicity,
    sphere_multiplicity,
)
from riskcalc.harmonics.nodes import AngleNodes, angle_nodes, sphere_nodes
from riskcalc.harmonics.polynomials import gegenbauer, krawtchouk
from riskcalc.harmonics.walk import times_t, up_probability

__all__ = [
    "AngleNodes",
    "angle_nodes",
    "cyclic_multiplicity",
    "gegenbauer",
    "hypercube_multiplicity",
    "krawtchouk",
    "log_hypercube_multiplicity",
    "log_sphere_multiplicity",
    "sphere_multiplicity",
    "sphere_nodes",
    "times_t",
    "up_probability",
]
