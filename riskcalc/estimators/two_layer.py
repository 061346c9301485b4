"""A two-layer network that is trained."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from riskcalc.activations import Activation
from riskcalc.arguments import FloatArray, choice, instance, numbers
from riskcalc.model import Model

SCALINGS = ("mean_field", "lazy")
LAYERS = ("both", "first", "directions")


@dataclass(frozen=True, eq=False, repr=False)
class TwoLayerNetwork(Model):
    r"""A network of N neurons trained by one pass of stochastic gradient descent: each sample is one step.

    .. math:: f(x) = \frac1N\sum_{j\le N}a_j\,\varphi(\langle w_j,x\rangle), \qquad
              a_j \mathrel{+}= \frac\eta d\,(y-f)\,\varphi(\langle w_j,x\rangle), \quad
              w_j \mathrel{+}= \frac\eta d\,(y-f)\,a_j\varphi'(\langle w_j,x\rangle)\,x

    Parameters
    ----------
    width : array_like, whole, >= 1
        N, any shape. inf is the mean-field limit, which only ``predict`` knows.
    activation : activation
        φ of ``activations``, with a derivative.
    learning_rate : array_like, >= 0
        η, any shape; the step is η/d, d the number of inputs. 0 leaves the network at its start. An experiment trains
        on the same samples, from the same start, at every rate.
    scaling : {"mean_field", "lazy"}
        ``"lazy"`` has :math:`N^{-1/2}` in the place of 1/N, and steps times :math:`N^{-1/2}`: weights move by
        :math:`O(N^{-1/2})`, the function as fast as under the mean-field scaling.
    layers : {"both", "first", "directions"}
        What is trained. ``"first"``: the a_j stay. ``"directions"``: they stay, and so does :math:`|w_j| = 1`,

        .. math:: w_j \leftarrow \mathrm{normalise}\Big(w_j+\frac\eta d\,(y-f)\,a_j\varphi'(\langle w_j,x\rangle)
                  \,(1-w_jw_j^{\sf T})\,x\Big).
    overlap : float, -1 < overlap < 1, optional
        Correlation m₀ of every neuron with the target's direction at the start, :math:`|w_j| = 1`. Left out,
        :math:`w_j \sim N(0, 1/d)` independently, uniform on the unit sphere for ``"directions"``.

    Raises
    ------
    ValueError
        If a number is outside its domain, or the width of a lazy network is odd.
    TypeError
        If the activation is not one of ``activations``.

    Notes
    -----
    At the start :math:`a_j = 1, -1, 1, \ldots`; neurons of a lazy network start in pairs of equal w and opposite a, so
    that it starts at f = 0 and N is even. After n samples the time is t = ηn/d: as η → 0 the weights follow
    :math:`\dot a_j = -N\partial_{a_j}R`, :math:`\dot w_j = -N\nabla_{w_j}R` with :math:`R = \tfrac12E(f_*-f)^2`.

    ``simulate`` trains on any target, for each of several ``n_samples`` anew, with label noise that is drawn.
    ``predict`` knows targets of one direction (``SingleIndex``; a linear one on Gaussian data), as d → ∞:

    * φ and the link ``Erf``, layers "both" or "first", finite N: one pass at any η, in a time that grows as N⁴ (one
      second at N = 16); for "both" derived, and compared with simulation;
    * other φ, smooth or linear on each side of 0, "both": the flow η → 0, at a finite N by all overlaps (quick for
      piecewise linear φ and erf, minutes at N = 40 for others), at N = inf in the mean-field limit, from which a
      finite N differs by O(1/N). One pass lies above the flow by O(η), and a note says when that is much;
    * "directions" with N = 1: one pass at any η.

    A random start is replaced by a typical one: overlaps at the quantiles of their law, parts across orthogonal. Where
    the product of φ and link has no linear term that is a heuristic, which a note says, and one neuron needs
    ``overlap``.

    References
    ----------
    .. [1] misiakiewicz2024 (lecture 6; place not checked)
    .. [2] mei2018 (place not checked)
    .. [3] saad1995 (place not checked)
    .. [4] benarous2021 (place not checked)
    .. [5] derived (the second layer trained at a finite step)

    Examples
    --------
    >>> import riskcalc as rc
    >>> erf = rc.activations.Erf(2**-0.5)
    >>> data = rc.SphereData(50, rc.targets.SingleIndex(rc.activations.Erf(1.5)))
    >>> print(rc.predict(data, rc.TwoLayerNetwork(4, erf, learning_rate=1.0), n_samples=[0, 100, 1600]).test.round(3))
    [0.692 0.312 0.007]
    """

    width: npt.ArrayLike
    activation: Activation
    learning_rate: npt.ArrayLike
    scaling: str = "mean_field"
    layers: str = "both"
    overlap: float | None = None

    def _checked(self) -> dict[str, object]:
        instance("activation", self.activation, Activation, "use activations.Erf(), or activations.custom(function)")
        scaling = choice("scaling", self.scaling, SCALINGS)
        hint = "it is the correlation of unit vectors, and parallel ones never turn"
        overlap = None if self.overlap is None else numbers("overlap", self.overlap, ndim=0, hint=hint)
        if overlap is not None and abs(overlap) >= 1:
            raise ValueError(f"overlap must be inside (-1, 1), got {overlap:g}; {hint}")
        return {
            "width": _checked_width(self.width, scaling),
            "learning_rate": numbers("learning_rate", self.learning_rate, at_least=0),
            "scaling": scaling,
            "layers": choice("layers", self.layers, LAYERS),
            "overlap": None if overlap is None else float(overlap),
        }


def _checked_width(width: npt.ArrayLike, scaling: str) -> FloatArray:
    """Whole numbers, or inf; in pairs for a lazy network."""
    N = numbers("width", width, at_least=1, finite=False)
    unit, words = (2, "even") if scaling == "lazy" else (1, "a whole number")
    finite = N[np.isfinite(N)]
    wrong = finite[finite % unit != 0]
    if wrong.size:
        raise ValueError(f"width must be {words} for the {scaling} scaling, got {wrong[0]:g}; it counts neurons")
    return N


def refuse_other_features(data: Any) -> None:
    """A ValueError unless the features of Gaussian data are N(0, 1_d)."""
    spectrum = data.spectrum
    if spectrum.eigenvalues.tolist() != [1.0] or spectrum.tail > 0 or data.entries != "gaussian":
        raise ValueError(
            "data must have independent Gaussian features of variance 1 for a TwoLayerNetwork, got "
            f"{data.spectrum!r} with entries {data.entries!r}; use GaussianData(Spectrum.isotropic(n_features), ...), "
            "or SphereData"
        )
