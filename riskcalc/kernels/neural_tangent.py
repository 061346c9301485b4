"""Neural tangent kernels of two-layer networks with any activation."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from riskcalc.activations import Activation
from riskcalc.activations.piecewise_power import PiecewisePower
from riskcalc.arguments import FloatArray, choice, instance
from riskcalc.kernels.dual import ACTIVATION_HINT, WEIGHTS, Dual
from riskcalc.kernels.kernel import Kernel
from riskcalc.kernels.masses import Masses, added, times_t
from riskcalc.kernels.power_series import PowerSeries
from riskcalc.kernels.slope import slope

LAYERS = ("first", "both")


@dataclass(frozen=True, eq=False, repr=False)
class NeuralTangent(Kernel):
    r"""The neural tangent kernel of a two-layer network of infinite width.

    .. math:: h(t) = t\,E_w\,\varphi'(u)\varphi'(v) \quad\left[\,+\; E_w\,\varphi(u)\varphi(v)\right], \qquad
              \xi_k = \frac{k\,\zeta_{k-1}^2 + (k+d-2)\,\zeta_{k+1}^2}{2k+d-2} \quad [\,+\;\zeta_k(\varphi)^2]

    Parameters
    ----------
    activation : Activation
        φ; ζ are the coefficients of φ' on the sphere.
    layers : "first" or "both"
        Which layers are trained; "both" adds the bracket, the kernel of the second layer.
    weights : "sphere" or "gaussian"
        The law of the first layer's weights.

    Raises
    ------
    ValueError
        Another word, or an activation whose derivative has no second moment: h(1) would be infinite.
    TypeError
        If ``activation`` is not an Activation.

    Notes
    -----
    On vectors of any norm where the duals of φ' (and φ) have a closed form there; for φ positively homogeneous of
    degree α, so that φ' is of degree α - 1, it is :math:`(\|x\|\|z\|/d)^\alpha\,h(\cos)`. Else with
    :math:`\|x\|^2 = d` only. Some authors drop the 1/d of t; their ridge is d times ours.

    References
    ----------
    .. [1] jacot2018 (place not checked)
    .. [2] ghorbani2021 (place not checked)

    Examples
    --------
    >>> import riskcalc as rc
    >>> kernel = rc.kernels.NeuralTangent(rc.activations.ReLU(), layers="both")
    >>> print(2 * kernel.profile([0.0, 0.5, 1.0], 10).round(6))
    [0.31831  0.942332 2.      ]
    """

    activation: Activation
    layers: str = "first"
    weights: str = "sphere"

    def _checked(self) -> dict[str, object]:
        phi = instance("activation", self.activation, Activation, ACTIVATION_HINT)
        if isinstance(phi, PiecewisePower) and phi.kinks and phi.branches()[2] <= 0.5:
            raise ValueError(
                f"activation must have a derivative of finite second moment, got {phi!r}, for which h(1) is infinite; "
                "use one that is continuous, as ReLU()"
            )
        return {"layers": choice("layers", self.layers, LAYERS), "weights": choice("weights", self.weights, WEIGHTS)}

    def _slopes(self) -> tuple[float, Dual]:
        """f² and the dual kernel of ψ, where φ' = f ψ."""
        factor, psi = slope(self.activation)
        return factor**2, Dual(psi, self.weights)

    def _second_layer(self) -> Dual | None:
        return Dual(self.activation, self.weights) if self.layers == "both" else None

    def _profile(self, t: FloatArray, n_inputs: int) -> FloatArray:
        (factor, slopes), second = self._slopes(), self._second_layer()
        first = t * factor * slopes._profile(t, n_inputs)
        return first if second is None else first + second._profile(t, n_inputs)

    def _gram(self, X: FloatArray, Z: FloatArray, same: bool) -> FloatArray:
        (factor, slopes), second = self._slopes(), self._second_layer()
        first = np.asarray(X @ Z.T / X.shape[1] * factor * slopes._gram(X, Z, same))
        return first if second is None else first + second._gram(X, Z, same)

    def _total(self, n_inputs: int) -> float:
        (factor, slopes), second = self._slopes(), self._second_layer()
        return factor * slopes._total(n_inputs) + (0.0 if second is None else second._total(n_inputs))

    def _series(self, n_inputs: int) -> PowerSeries | None:
        (factor, slopes), second = self._slopes(), self._second_layer()
        series = slopes._series(n_inputs)
        if series is None:
            return None
        first = series.scaled(math.log(factor)).times_t()
        other = None if second is None else second._series(n_inputs)
        return first if other is None else first + other

    def _masses(self, n_inputs: int, max_degree: int, domain: str) -> Masses:
        if domain == "hypercube" and self._is_a_series(n_inputs):
            return super()._masses(n_inputs, max_degree, domain)
        (factor, slopes), second = self._slopes(), self._second_layer()
        top = max_degree + 1 if domain == "sphere" else min(max_degree + 1, n_inputs)
        masses = slopes._masses(n_inputs, top, domain).scaled(math.log(factor))
        first = times_t(masses, n_inputs, domain)
        return first if second is None else added(first, second._masses(n_inputs, max_degree, domain))

    def _is_a_series(self, n_inputs: int) -> bool:
        """Whether the Taylor coefficients are known, and not by quadrature: both layers then take one walk."""
        (_, slopes), second = self._slopes(), self._second_layer()
        parts = [slopes._series(n_inputs)] + ([] if second is None else [second._series(n_inputs)])
        return all(part is not None and part.error is None for part in parts)
