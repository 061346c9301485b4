"""The answer of lazy_experiment."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from riskcalc.arguments import FloatArray
from riskcalc.tables import html_table, plain, text_table

MEASURED = ("laziness_ratio", "displacement", "kernel_change", "gap", "training_error")
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False, repr=False)
class LazyExperiment:
    r"""What a trained network did at each scale α, beside its linearised flow and what was promised of it.

    .. math:: \Delta\theta = \theta_s-\theta_0, \qquad \frac{\|K_s-K_0\|_F}{\|K_0\|_F}, \qquad
              \max_s\Big[\frac1m\sum_{i\le m}\big(\alpha f(x_i;\theta_s)-\hat f_s(x_i)\big)^2\Big]^{1/2}

    Parameters
    ----------
    scales : ndarray
        α, of any shape; the other arrays have it too.
    laziness_ratio : ndarray
        ρ; training is certain to be lazy below 1. inf where nothing is promised at any scale.
    displacement : ndarray
        ‖Δθ‖ of the first layer at the last time, in units of its rows' length.
    kernel_change : ndarray
        Relative change of the neural tangent Gram matrix on the training inputs at the last time, dimensionless.
    gap : ndarray
        Root mean square over the test inputs of network less linearised flow, the largest over the times; units of y.
    training_error : ndarray
        Mean square of y - αf at the last time, units of y².
    displacement_bound, rate_bound : ndarray of bool
        Whether :math:`\|\theta_s-\theta_0\| \le 2r_0/(\alpha\sigma_{\min})` and
        :math:`\|y-\alpha f\|^2 \le r_0^2e^{-\sigma_{\min}^2s/(2n)}` held at all recorded times. Promised where ρ < 1.
    times : ndarray
        The recorded times s = α²t, where t is that of the flow on ‖y - αf‖²/2n.
    sigma_min : float
        Smallest singular value of the Jacobian at the start.
    antisymmetric : bool
        How the network was started.
    notes : tuple of str
        Where nothing is promised, or training was cut short, and why.

    References
    ----------
    .. [1] chizat2019 (place not checked)
    .. [2] bartlett2021 (section 5; place not checked)

    Examples
    --------
    >>> import numpy as np
    >>> import riskcalc as rc
    >>> X = np.random.default_rng(0).standard_normal((5, 4))
    >>> found = rc.lazy_experiment(rc.activations.Tanh(), X, X[:, 0], 60, [64, 256], rng=0)
    >>> {name: round(slope, 1) for name, slope in found.slopes.items()}
    {'displacement': -1.0, 'kernel_change': -1.0, 'gap': -1.0}
    """

    scales: FloatArray
    laziness_ratio: FloatArray
    displacement: FloatArray
    kernel_change: FloatArray
    gap: FloatArray
    training_error: FloatArray
    displacement_bound: BoolArray
    rate_bound: BoolArray
    times: FloatArray
    sigma_min: float
    antisymmetric: bool
    notes: tuple[str, ...] = ()

    @property
    def slopes(self) -> dict[str, float]:
        """Slopes d log q/d log α of displacement, kernel change and gap between the two largest scales.

        -inf for what is 0; a gap below 1e-7 of the outputs may be that of the integration, and has no slope.
        """
        distinct, at = np.unique(self.scales, return_index=True)
        if distinct.size < 2:
            raise ValueError(f"scales must have two different values for a slope, got {distinct.tolist()}")
        step, (last, largest) = math.log(distinct[-1] / distinct[-2]), at[-2:]
        pairs = {
            name: getattr(self, name).ravel()[[last, largest]] for name in ("displacement", "kernel_change", "gap")
        }
        return {name: float(np.log(q[1] / q[0]) / step) if q.all() else -math.inf for name, q in pairs.items()}

    def rows(self) -> list[dict[str, Any]]:
        """One row per scale: what was measured, and whether the guarantees held."""
        names = ("scales", *MEASURED, "displacement_bound", "rate_bound")
        columns = {name.removesuffix("s"): getattr(self, name).ravel().tolist() for name in names}
        return [{name: column[k] for name, column in columns.items()} for k in range(self.scales.size)]

    def table(self) -> str:
        """The rows as text, the notes below."""
        return "\n".join([text_table(self.rows()), *self.notes])

    def to_dict(self) -> dict[str, Any]:
        """Plain lists and numbers by name (inf as the string "inf"), for strict JSON."""
        return {
            "kind": "lazy_experiment",
            **{name: plain(getattr(self, name)) for name in ("scales", *MEASURED, "times")},
            **{name: getattr(self, name).tolist() for name in ("displacement_bound", "rate_bound")},
            "sigma_min": self.sigma_min,
            "antisymmetric": self.antisymmetric,
            "notes": list(self.notes),
        }

    def __repr__(self) -> str:
        held = int((self.displacement_bound & self.rate_bound).sum())
        return (
            f"LazyExperiment({self.scales.size} scales from {self.scales.min():g} to {self.scales.max():g}, "
            f"ρ down to {self.laziness_ratio.min():.3g}, both bounds held at {held})"
        )

    def _repr_html_(self) -> str:
        named = {name: getattr(self, name) for name in MEASURED}
        return html_table({"scale": self.scales}, named, self.scales.shape) + "".join(f"<p>{n}</p>" for n in self.notes)
