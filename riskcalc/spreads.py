"""The spread of one experiment: the standard deviation over trials beside the predicted one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from riskcalc.arguments import FloatArray
from riskcalc.data import LatentSpaceData
from riskcalc.result import Risk, Trials
from riskcalc.tables import columns, plain
from riskcalc.theory import predict, reduce
from riskcalc.theory.finite_size.corrected import ENOUGH, ROUTE, independent_kurtosis, trusted

MISSED = 2.5  # relative next orders of the bias; beside u it is 2 for one coordinate, whose law is known
RULE = (
    "beside a standard error of the logarithm, the standard deviation over trials may differ from the spread by a "
    f"factor e^a: for bias a = u + {MISSED:g} |bias₁/bias| + M √(2n df2)/(spread (n - df2)²), where M is the energy "
    f"outside; for test, if the noise was drawn, a = 3u + {MISSED:g} |bias₁|/(bias + variance); judged where "
    f"n - df2 >= {ENOUGH:g} and the next order is below 30 % of bias and variance, but for LatentSpaceData with energy "
    "outside"
)


@dataclass(frozen=True, eq=False, repr=False)
class SpreadRatio:
    r"""Standard deviation of a field over trials, beside the predicted one.

    .. math:: z = \frac{\log(s/s_{theory})}{\mathrm{s.e.}}, \qquad
              z_{excess} = \frac{\max(0, |\log(s/s_{theory})| - a)}{\mathrm{s.e.}}

    Parameters
    ----------
    predicted, simulated : ndarray
        s_theory and s, in units of the field.
    relative_error : ndarray
        Standard error of log s.
    allowance : ndarray
        a, what the leading order of the spread may miss of its logarithm.
    judged : ndarray of bool

    References
    ----------
    .. [1] derived

    Examples
    --------
    >>> import riskcalc as rc
    >>> data = rc.GaussianData.isotropic(n_features=50, noise=0.25)
    >>> comparison = rc.verify(data, rc.Ridge(10.0), n_samples=100, n_trials=50, rng=0)
    >>> print(abs(comparison.spread["bias"].ratio - 1) < 0.4)
    True
    """

    predicted: FloatArray
    simulated: FloatArray
    relative_error: FloatArray
    allowance: FloatArray
    judged: npt.NDArray[np.bool_]

    @property
    def ratio(self) -> FloatArray:
        """Standard deviation of the trials over the predicted one; inf where that is 0."""
        some = self.predicted > 0
        return np.asarray(np.divide(self.simulated, self.predicted, out=np.full(some.shape, np.inf), where=some))

    @property
    def standard_error(self) -> FloatArray:
        """That of the ratio."""
        return np.asarray(self.ratio * self.relative_error)

    @property
    def z(self) -> FloatArray:
        """log(ratio) in standard errors."""
        with np.errstate(divide="ignore"):
            return np.asarray(np.log(self.ratio) / self.relative_error)

    @property
    def excess_z(self) -> FloatArray:
        """|z| after the allowance; 0 where a cell is not judged."""
        allowed = np.where(self.judged, self.allowance, 0.0) / self.relative_error
        return np.where(self.judged, np.maximum(np.abs(self.z) - allowed, 0.0), 0.0)

    def columns(self) -> dict[str, FloatArray]:
        """Theory, simulation, their ratio with its standard error, allowance and z."""
        return {
            "theory": self.predicted,
            "simulation": self.simulated,
            "ratio": self.ratio,
            "standard_error": self.standard_error,
            "allowance": self.allowance,
            "z": self.z,
        }

    def to_dict(self) -> dict[str, Any]:
        """Plain lists and numbers, for strict JSON."""
        return {name: plain(value) for name, value in self.columns().items()} | {"judged": self.judged.tolist()}

    def __repr__(self) -> str:
        return f"SpreadRatio(shape={self.judged.shape}, {int(self.judged.sum())} judged)"


def spread_ratios(
    trials: Trials, reference: Risk, predicted: Mapping[str, FloatArray] | None, judged: npt.NDArray[np.bool_]
) -> dict[str, SpreadRatio]:
    """Of the bias, and of the test error if the noise was drawn; those that were predicted.

    ``reference`` is the theory of the trials' own pair, which says where its spread is to be trusted.
    """
    if predicted is None or reference.next_order is None:
        return {}
    if reference.route == ROUTE:
        reference = predict(trials.data, trials.estimator, trials.coordinates["n_samples"])
    allowances, sound = _allowances(trials, reference)
    return {
        name: _ratio(trials, name, predicted[name], allowance, judged & sound[name])
        for name, allowance in allowances.items()
        if name in predicted and name in trials.measurements
    }


def spread_rows(ratios: Mapping[str, SpreadRatio], trials: Trials) -> list[dict[str, Any]]:
    """One row per cell and field."""
    where, out = columns(trials.coordinates, {}, trials.shape), []
    for k in range(int(np.prod(trials.shape))):
        for name, one in ratios.items():
            label = "" if one.judged.flat[k] else "not judged"
            place = {coordinate: float(values[k]) for coordinate, values in where.items()}
            numbers = {key: float(value.flat[k]) for key, value in one.columns().items()}
            out.append(place | {"spread of": name} | numbers | {"judged": label})
    return out


def _ratio(
    trials: Trials, name: str, predicted: FloatArray, allowance: FloatArray, judged: npt.NDArray[np.bool_]
) -> SpreadRatio:
    measured, theory = trials.measurements[name], np.broadcast_to(predicted, trials.shape)
    judged = judged & np.isfinite(theory) & (theory > 0)
    error = np.broadcast_to(measured.relative_error_of_deviation, trials.shape)
    return SpreadRatio(
        theory, measured.standard_deviation, error, np.where(judged, allowance, np.inf), np.asarray(judged)
    )


def _allowances(trials: Trials, risk: Any) -> tuple[dict[str, FloatArray], dict[str, npt.NDArray[np.bool_]]]:
    """What the leading order of a spread misses of its logarithm, and where that is known to be little.

    The units of 1/(n - df2) are those of least squares: there log s of test is short by 2.5 of them.
    """
    n, kurtosis = trials.coordinates["n_samples"], independent_kurtosis(trials.data)[0]  # type: ignore[arg-type]
    outside = reduce(trials.data, trials.estimator).unreached
    sound = {name: trusted(risk, name, risk.next_order[name]) for name in ("bias", "variance")}
    room = n - risk.df2
    unit, missed = (1 + abs(kurtosis)) / np.maximum(room - 1, 1.0), MISSED * np.abs(risk.next_order["bias"])
    with np.errstate(divide="ignore", invalid="ignore"):
        beside = np.where(outside > 0, outside * np.sqrt(2 * n * risk.df2) / (room**2 * risk.spread["bias"]), 0.0)
        bias, test = unit + missed / risk.bias + beside, 3 * unit + missed / (risk.bias + risk.variance)
    if isinstance(trials.data, LatentSpaceData):  # whose trials draw what lies outside, and do not average it
        sound = {name: where & (outside == 0) for name, where in sound.items()}
    if trials.label_noise == "drawn":
        return {"bias": bias, "test": test}, {"bias": sound["bias"], "test": sound["bias"] & sound["variance"]}
    return {"bias": bias}, {"bias": sound["bias"]}
