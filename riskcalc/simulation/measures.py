"""What the user's own measures see of a trial."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from riskcalc.arguments import FloatArray, numbers


@dataclass(frozen=True)
class Fit:
    """One fitted estimator of one trial, as the user's own measures see it.

    ``inputs`` (n × p) and ``outputs`` are the training sample with its drawn noise, ``coefficients`` the fit (of a
    kernel the dual ones, (K + λ)⁻¹y; of random features ``inputs`` are the N features), ``target`` the true
    coefficients and ``covariance`` the eigenvalues of the features' covariance (both None for a table, and so is
    ``noise``), ``ridge`` and ``noise`` the point; a flow has a ``time``, and the comparable ridge n/t.
    """

    inputs: FloatArray
    outputs: FloatArray
    coefficients: FloatArray
    ridge: float
    noise: float | None = None
    target: FloatArray | None = None
    covariance: FloatArray | None = None
    time: float | None = None


Measures = Mapping[str, Callable[[Fit], float]]


def measured(measures: Measures, fit: Fit) -> list[float]:
    """The value of each measure, checked to be a number."""
    hint = "a measure returns one number"
    return [
        float(numbers(f"measure {name!r}", f(fit), finite=False, ndim=0, hint=hint)) for name, f in measures.items()
    ]
