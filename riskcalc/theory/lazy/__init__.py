r"""When is a network its own linearisation: a sufficient condition, its guarantees, and the linearised flow.

The network is :math:`\alpha f`, trained by :math:`\dot\theta = -\nabla\frac1{2n}\|y - \alpha f(\theta)\|^2`;
:math:`\sigma_{\min}`, :math:`L` and the Jacobian are those of f on the data, without the scale α.
"""

from riskcalc.theory.lazy.guarantees import convergence_rate, displacement_bound, laziness_ratio, lazy_scale
from riskcalc.theory.lazy.linear_flow import flow_path, ridge_for_time
from riskcalc.theory.lazy.network import lipschitz_bound, neural_tangent_gram, singular_values

__all__ = [
    "convergence_rate",
    "displacement_bound",
    "flow_path",
    "laziness_ratio",
    "lazy_scale",
    "lipschitz_bound",
    "neural_tangent_gram",
    "ridge_for_time",
    "singular_values",
]
