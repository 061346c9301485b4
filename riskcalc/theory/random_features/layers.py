"""Degrees of freedom of features behind frozen random layers, by nested fixed points."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from riskcalc.arguments import FloatArray
from riskcalc.spectrum import Spectrum
from riskcalc.theory.random_features.concave_root import Parts, Places, Sizes, root


@dataclass(frozen=True)
class Freedom:
    """E_l(c), its derivative in log c, the innermost multiplier c_0, and d log c_0/d log c; flat arrays."""

    value: FloatArray
    slope: FloatArray
    inner: FloatArray
    inner_slope: FloatArray


@dataclass(frozen=True)
class Layers:
    r"""Inputs in d dimensions, then hidden layers of width N_l with moments :math:`\kappa_{1,l}^2, \kappa_{*,l}^2`.

    .. math:: E_0(c) = \sum_i\frac{c\sigma_i}{1+c\sigma_i},\qquad
              E_l(c) = N_l - \frac{N_l-E_{l-1}(c'')}{1+c\kappa_{*,l}^2},\qquad
              E_{l-1}(c'') + N_{l-1}\frac{c''}{c'} = N_l,\quad c' = \frac{c\kappa_{1,l}^2}{1+c\kappa_{*,l}^2}

    The equation for c'' is concave and solved like the outer one. Widths and moments are flat arrays, one row a layer;
    ``widths[0]`` is d.
    """

    spectrum: Spectrum
    widths: FloatArray
    linear: FloatArray
    dust: FloatArray

    @property
    def depth(self) -> int:
        """Number of hidden layers."""
        return len(self.linear)

    def at(self, places: Places) -> Layers:
        """The layers of some points."""
        return Layers(self.spectrum, self.widths[:, places], self.linear[:, places], self.dust[:, places])

    def trace(self, layer: int) -> FloatArray:
        r"""Slope of E_l at c = 0: :math:`T_l = N_l(\kappa_{1,l}^2T_{l-1}/N_{l-1} + \kappa_{*,l}^2)`."""
        trace = np.full(self.widths.shape[1], self.spectrum.trace)
        for k in range(layer):
            trace = self.widths[k + 1] * (self.linear[k] * trace / self.widths[k] + self.dust[k])
        return trace

    def rank(self) -> FloatArray:
        """Limit of E_L for c = inf."""
        rank = np.full(self.widths.shape[1], self.spectrum.rank)
        for k in range(self.depth):
            through = np.where(self.linear[k] > 0, np.minimum(rank, self.widths[k + 1]), 0.0)
            rank = np.where(self.dust[k] > 0, self.widths[k + 1], through)
        return rank

    def freedom(self, c: FloatArray, layer: int | None = None) -> Freedom:
        """E_l at flat c > 0 (of the last layer unless given)."""
        k = self.depth if layer is None else layer
        if k == 0:
            return _inputs(self.spectrum, c)
        width, before = self.widths[k], self.widths[k - 1]
        kept = 1 / (1 + c * self.dust[k - 1])
        lost = c * self.dust[k - 1] * kept
        bare = np.maximum(c * self.linear[k - 1] * kept, np.finfo(float).tiny)
        per_unit = before / bare

        def parts(at: Places, x: FloatArray) -> Parts:
            below = self.at(at).freedom(x, k - 1)
            linear = per_unit[at] * x
            return Parts(width[at], 0.0, below.value + linear, below.slope + linear)

        alone = Sizes(width, np.ones_like(width), np.zeros_like(width))  # without a factor q
        inner = root(alone, width / (self.trace(k - 1) + per_unit), parts)
        below, missing = self.freedom(inner, k - 1), per_unit * inner
        moved = kept * missing / (below.slope + missing)
        return Freedom(
            value=below.value * kept + width * lost,
            slope=kept * (below.slope * moved + missing * lost),
            inner=below.inner,
            inner_slope=below.inner_slope * moved,
        )


def _inputs(spectrum: Spectrum, c: FloatArray) -> Freedom:
    lost = 1 / (1 + np.multiply.outer(c, spectrum.eigenvalues))
    mass = spectrum.masses
    return Freedom(c * (lost @ mass), c * (np.square(lost) @ mass), c, np.ones_like(c))
