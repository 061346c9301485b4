"""The effective ridge at complex ridges, from the ridgeless one on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from riskcalc.arguments import FloatArray
from riskcalc.errors import NotConvergedError
from riskcalc.spectrum import BLOCK, Spectrum
from riskcalc.theory.effective_ridge import fixed_point
from riskcalc.theory.nodes import Nodes
from riskcalc.theory.sums import sums_at

ComplexArray = npt.NDArray[np.complex128]
TURNS = 8  # steps from the real axis to a point of the contour
MOST_STEPS = 40
CLOSE, SETTLED = 1e-3, 1e-8  # steps at which an iteration ends on the way and at the goal: the next is its square
ALLOWED = 1e-11  # of the imaginary part: what rounding may take from a root in the upper half plane


@dataclass(frozen=True)
class RidgeMap:
    r"""The map from :math:`h = \kappa - \kappa_0` to :math:`w = \lambda/n`, where κ₀ is the κ of ridge 0 (derived).

    .. math:: w = h\,(g + hT(h)), \qquad g = 1 - \mathrm{df}_2(\kappa_0)/n, \qquad
              T = \frac1n\sum_i\frac{m_i\sigma_i^2}{(\sigma_i+\kappa_0)^2(\sigma_i+\kappa_0+h)}

    The ridge of the tail, which only shifts λ, is in κ₀. In the plane cut along the negative axis there is one root
    with Im κ of the sign of Im w.
    """

    distances: FloatArray
    weights: FloatArray
    kappa_0: float
    gap: float

    @classmethod
    def of(cls, spectrum: Spectrum, nodes: Nodes, n: float) -> RidgeMap:
        """The map of one n > 0."""
        point = fixed_point(spectrum, n, 0.0)
        sums, kappa = sums_at(nodes, point), float(point.kappa)
        tail = spectrum.tail / kappa if spectrum.tail > 0 else 0.0
        distances = nodes.sigma + kappa
        weights = nodes.mass / n * (nodes.sigma / distances) / distances
        return cls(distances, weights, kappa, float(point.bare + sums.spread + tail) / n)

    def roots(self, w: ComplexArray) -> tuple[ComplexArray, ComplexArray]:
        """The h of flat w with Im w > 0, and dh/dw, in blocks."""
        h, slope = np.empty((2, w.size), dtype=np.complex128)
        step = max(1, BLOCK // max(1, self.distances.size))
        for start in range(0, w.size, step):
            part = slice(start, start + step)
            h[part], slope[part] = self._roots(w[part])
        return h, slope

    def _roots(self, w: ComplexArray) -> tuple[ComplexArray, ComplexArray]:
        """From the positive axis round to w, by Newton's iteration in log h with log w as the guide."""
        angle = np.angle(w) / TURNS
        size: FloatArray = np.abs(w)
        h: ComplexArray = self._bound(size).astype(np.complex128)
        for turn in range(TURNS):
            h, slope = self._newton(np.asarray(size * np.exp(1j * turn * angle)), h, CLOSE)
            h = np.asarray(h * np.exp(1j * angle * slope))
        h, _ = self._newton(w, h, SETTLED)
        h, slope = self._newton(w, h, np.inf)  # one more step, with the slope at the root
        lost = h.imag < w.imag * (1 - ALLOWED)
        if lost.any():
            raise NotConvergedError("effective ridge at a complex ridge", best=h[lost], residual=float(lost.sum()))
        return h, np.asarray(slope * h / w)

    def _newton(self, w: ComplexArray, h: ComplexArray, tolerance: float) -> tuple[ComplexArray, ComplexArray]:
        """Solve to a relative step; the root and d log h / d log w there."""
        todo, slope = np.arange(w.size), np.ones_like(w)
        h = h.copy()
        for _ in range(MOST_STEPS):
            here = h[todo]
            first, second = self._sums(here)
            value = self.gap + here * first
            slope[todo] = value / (value + here * (first - here * second))
            step: ComplexArray = slope[todo] * np.log(w[todo] / (here * value))
            h[todo] = here * np.exp(step)
            todo = todo[abs(step) > tolerance]
            if todo.size == 0:
                return h, slope
        raise NotConvergedError("effective ridge at a complex ridge", best=h[todo], residual=float(abs(step).max()))

    def _sums(self, h: ComplexArray) -> tuple[ComplexArray, ComplexArray]:
        """T(h) and -T'(h)."""
        q = 1 / (self.distances + h[:, None])
        return q @ self.weights, np.asarray(np.square(q) @ self.weights, dtype=np.complex128)

    def _bound(self, w: FloatArray) -> FloatArray:
        r"""Upper bound of h at real w, Jensen's: as if all :math:`s_i = \sigma_i + \kappa_0` were their mean."""
        total = self.weights.sum()
        mean = self.weights @ self.distances / total if total > 0 else 0.0
        b = w - self.gap * mean
        both = abs(b) + np.hypot(b, 2 * np.sqrt(w) * np.sqrt(mean))
        return np.asarray(np.where(b > 0, both / 2, 2 * w * (mean / both)))
