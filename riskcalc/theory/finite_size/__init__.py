r"""Finite size: the term of order 1/n of ridge regression, the spread of one experiment, and exact facts.

The expansions are formal. All means derive from one function of a penalty matrix,
:math:`\Phi(\Lambda) = \mathrm{E}\log\det(X^\top X+\Lambda)`, whose term of order one is
:math:`\frac12\log(1-D) - \frac{\kappa_4}{2}D`.
"""

from riskcalc.theory.finite_size.exact import (
    isotropic_ridgeless_bias,
    isotropic_ridgeless_bias_spread,
    isotropic_ridgeless_variance,
    least_squares_law,
    least_squares_variance,
)
from riskcalc.theory.finite_size.next_order import ridge_next_order
from riskcalc.theory.finite_size.spread import measured_spread, ridge_spread

__all__ = [
    "isotropic_ridgeless_bias",
    "isotropic_ridgeless_bias_spread",
    "isotropic_ridgeless_variance",
    "least_squares_law",
    "least_squares_variance",
    "measured_spread",
    "ridge_next_order",
    "ridge_spread",
]
