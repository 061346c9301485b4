"""A fit that is linear in the outputs, as an average of such fits is: what it leaves of them, and what it predicts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from riskcalc.arguments import FloatArray


@dataclass(frozen=True)
class Errors:
    """What a smoother gets wrong: on fresh points, on the sample, and by cross-validation."""

    test: float
    train: float
    bias: float
    variance: float
    df1: float
    gcv: float


@dataclass(frozen=True)
class Smoother:
    """The fit leaves L y of the outputs (n × n), and predicts S y at fresh points (m × n).

    ``shape`` is L up to a factor: where the fit interpolates, L = 0, it is the limit of L/λ.
    """

    left: FloatArray
    fresh: FloatArray
    shape: FloatArray

    def averaged(self, values: FloatArray, test_values: FloatArray, noise: float, outside: float = 0.0) -> Errors:
        """Averaged over the label noise, and over a part of the target of energy ``outside`` independent of x."""
        error = float(np.mean((test_values - self.fresh @ values) ** 2))
        spread, every = float(np.mean((self.fresh**2).sum(axis=1))), noise + outside
        bias, variance = error + outside * (1 + spread), noise * spread
        train, shape = (_squared(M, values, every) for M in (self.left, self.shape))
        return self._errors(bias + variance + noise, bias, variance, train, shape)

    def drawn(self, outputs: FloatArray, test_values: FloatArray, noise: float, outside: float, bias: float) -> Errors:
        """For the given outputs; bias and df1 do not depend on them."""
        test = float(np.mean((test_values - self.fresh @ outputs) ** 2)) + outside + noise
        train, shape = (_squared(M, outputs, 0.0) for M in (self.left, self.shape))
        return self._errors(test, bias, test - bias - noise, train, shape)

    def _errors(self, test: float, bias: float, variance: float, train: float, shape: float) -> Errors:
        n = len(self.left)
        gcv = n * shape / np.trace(self.shape) ** 2
        return Errors(test, train / n, bias, variance, n - float(np.trace(self.left)), gcv)


def _squared(matrix: FloatArray, outputs: FloatArray, noise: float) -> float:
    """E‖M(y + ε)‖² = ‖My‖² + noise Tr MᵀM."""
    moved = matrix @ outputs
    return float(moved @ moved + noise * (matrix * matrix).sum())
