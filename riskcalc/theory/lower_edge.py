"""The largest real κ with df2(κ) = n: where the nonzero bulk of the sample's eigenvalues begins."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from riskcalc.arguments import FloatArray
from riskcalc.theory.bracketed_root import root_in


@dataclass(frozen=True, eq=False)
class Counted:
    r"""Eigenvalues (descending), masses and multiplicities, summed without cancellation near n = rank.

    Eigenvalues above :math:`|\kappa|` enter by their number less a sum, the others by a sum (level is their number over
    n, less one):

    .. math:: \frac{\mathrm{df}_2}n - 1 = \mathrm{level} - \sum_{\sigma>|\kappa|}\frac{c\kappa(2\sigma+\kappa)}
              {(\sigma+\kappa)^2} + \sum_{\sigma\le|\kappa|}\frac{c\sigma^2}{(\sigma+\kappa)^2}
    """

    sigma: FloatArray
    mass: FloatArray
    multiplicity: FloatArray

    def largest_root(self, n: FloatArray, excess: FloatArray) -> FloatArray:
        """The largest κ with df2(κ) = n, for flat n > 0; ``excess`` is rank/n − 1."""
        kappa = np.zeros_like(n)
        for at, ends in ((excess > 0, self._bracket_above), (excess < 0, self._bracket_below)):
            if at.any():
                sign = np.where(excess[at] > 0, 1.0, -1.0)
                low, high = ends(n[at], excess[at])
                arguments = (sign, n[at], excess[at])
                root = root_in("lower edge", self._log_df2, (np.log(low), np.log(high)), *arguments)
                kappa[at] = sign * np.exp(root)
        return kappa

    def limit(self, n: FloatArray, excess: FloatArray, kappa: FloatArray) -> FloatArray:
        r"""λ(κ) = κ(n − df1(κ)); at the largest root at most two thirds of it cancel (derived)."""
        level, above, c = self._counts(n, excess, kappa)
        d = self.sigma + kappa[:, None]
        terms = np.where(above, c * (kappa[:, None] / d), -(self.mass / n[:, None]) / d)
        return np.asarray(kappa * n * (terms.sum(axis=1) - level))

    def _log_df2(self, log_kappa: FloatArray, sign: FloatArray, n: FloatArray, excess: FloatArray) -> FloatArray:
        kappa = sign * np.exp(log_kappa)
        level, above, c = self._counts(n, excess, kappa)
        k, d = kappa[:, None], self.sigma + kappa[:, None]
        with np.errstate(divide="ignore"):
            terms = np.where(
                above, -c * (k / d) * ((self.sigma + d) / d), (self.mass / n[:, None]) * (self.sigma / d) / d
            )
        return np.asarray(np.log1p(np.maximum(level + terms.sum(axis=1), -1 + 1e-15)))

    def _counts(
        self, n: FloatArray, excess: FloatArray, kappa: FloatArray
    ) -> tuple[FloatArray, npt.NDArray[np.bool_], FloatArray]:
        """Level, which eigenvalues are above, and multiplicities per sample."""
        above = (self.sigma > abs(kappa)[:, None]) & (self.multiplicity > 0)
        number = above.sum(axis=1)
        counted = np.append(0.0, np.cumsum(self.multiplicity))[number]
        whole = number == np.count_nonzero(self.multiplicity)
        return np.where(whole, excess, (counted - n) / n), above, self.multiplicity / n[:, None]

    def _bracket_above(self, n: FloatArray, excess: FloatArray) -> tuple[FloatArray, FloatArray]:
        """With N eigenvalues of at least σ, df2(κ) is at least N σ²/(σ+κ)², and at most Σ mσ²/κ²."""
        number = np.cumsum(self.multiplicity)
        level = (number - n[:, None]) / n[:, None]
        level[:, -1] = excess
        level = np.maximum(level, 0)
        low = (self.sigma * level / (1 + np.sqrt(1 + level))).max(axis=1)
        return 0.999 * low, 1.001 * np.sqrt((self.mass * self.sigma).sum() / n)

    def _bracket_below(self, n: FloatArray, excess: FloatArray) -> tuple[FloatArray, FloatArray]:
        """With t = −κ up to half the least σ, df2 is at most rank + 8 t Σ m/σ; the last pole alone bounds it above."""
        last = self.sigma[-1]
        low = np.minimum(last / 2, -excess * n / (8 * (self.multiplicity / self.sigma).sum()))
        return 0.999 * low, last * (1 - 0.999 * np.sqrt(self.multiplicity[-1] / n))
