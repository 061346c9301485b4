"""Theory beside experiment: gap, standard error, z, verdict."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from riskcalc.allowances import ALLOWANCES
from riskcalc.arguments import FloatArray, instance, numbers
from riskcalc.estimators import RandomFeatureRidge
from riskcalc.model import Model, brief, lookup
from riskcalc.result import Risk, Trials
from riskcalc.simulation import simulate
from riskcalc.simulation.measures import Measures
from riskcalc.simulation.simulate import Rng, as_simulated
from riskcalc.simulation.trials import Submits
from riskcalc.spreads import RULE, SpreadRatio, spread_ratios, spread_rows
from riskcalc.tables import columns, html_table, plain, text_table
from riskcalc.theory import predict, reduce

LEVEL = 1e-3  # chance that a right theory is refused
ROUNDING = 1e-8  # relative: a gap below it is none, and a standard error below it is zero
IN_UNITS_OF_TEST = (
    "test",
    "train",
    "bias",
    "variance",
    "in_sample",
)  # their zeros are rounded at the size of the test error
HEAVY = 3  # cells with |n - rank| or |n - width| <= HEAVY at ridge 0 have heavy tails and are not judged


@dataclass(frozen=True, eq=False, repr=False)
class Comparison:
    r"""A prediction beside trials, cell by cell and field by field.

    .. math:: z = \frac{\bar v - v_{theory}}{\mathrm{s.e.}}, \qquad
              z_{excess} = \frac{\max(0, |\bar v - v_{theory}| - a)}{\mathrm{s.e.}}

    Parameters
    ----------
    predicted : mapping of str to ndarray
        Values of theory, or of a conjecture of one's own.
    trials : Trials
    allowances : mapping of str to ndarray
        Finite-size gap a that is not counted against the theory, in units of the field; fixed per pair beforehand.
        inf where nothing is promised.
    judged : ndarray of bool
        False where a cell is shown but not judged: the prediction is inf, or |n - rank| or |n - width| is <= 3 at
        ridge 0.
    rule : str
        How the allowances were made, in words.
    prediction : Risk or None
    spread : mapping of str to SpreadRatio
        Standard deviation over trials beside the predicted one, with ``.ratio .standard_error .z .judged``: of
        ``"bias"``, and of ``"test"`` if the noise of the labels was drawn, where ``prediction.spread`` is known.

    Notes
    -----
    ``agrees`` is True if the largest excess z over all judged cells, fields and spreads is below ``limit``, the
    two-sided quantile of Student's t at level 0.001 divided by their number (Bonferroni). Where the standard error is
    zero, z is 0 or inf according to whether the gap is within rounding and allowance.

    References
    ----------
    .. [1] derived

    Examples
    --------
    >>> import riskcalc as rc
    >>> data = rc.GaussianData.isotropic(n_features=50, noise=0.25)
    >>> comparison = rc.verify(data, rc.Ridge([1.0, 10.0]), n_samples=100, n_trials=20, rng=0)
    >>> comparison.agrees
    True
    """

    predicted: Mapping[str, FloatArray]
    trials: Trials
    allowances: Mapping[str, FloatArray]
    judged: npt.NDArray[np.bool_]
    rule: str
    prediction: Risk | None = None
    spread: Mapping[str, SpreadRatio] = field(default_factory=dict)

    @property
    def z(self) -> dict[str, FloatArray]:
        """(simulation - theory) / standard error, by field; 0 or inf where the standard error is zero."""
        return {name: self._in_errors(name, self._gap(name)) for name in self.predicted}

    @property
    def excess_z(self) -> dict[str, FloatArray]:
        """|z| after the allowance, by field; 0 where a cell is not judged."""
        out = {}
        for name in self.predicted:
            beyond = np.maximum(np.abs(self._gap(name)) - self.allowances[name], 0.0)
            out[name] = np.where(self.judged, self._in_errors(name, beyond), 0.0)
        return out

    @property
    def limit(self) -> float:
        """Largest excess z that a right theory may show."""
        from scipy.stats import t as student_t

        spreads = sum(int(one.judged.sum()) for one in self.spread.values())
        count = max(1, spreads + sum(int(self._counted(name).sum()) for name in self.predicted))
        return float(student_t.isf(LEVEL / 2 / count, self.trials.n_trials - 1))

    @property
    def worst(self) -> float:
        """Largest excess z over judged cells, fields and spreads."""
        scores = [*self.excess_z.values(), *(one.excess_z for one in self.spread.values())]
        return max((float(z.max(initial=0.0)) for z in scores), default=0.0)

    @property
    def agrees(self) -> bool:
        """Whether no judged cell speaks against the theory; True if none is judged, see ``verdict``."""
        return self.worst <= self.limit

    @property
    def verdict(self) -> str:
        """One sentence."""
        n_fields = sum(bool(np.isfinite(self.allowances[name]).any()) for name in self.predicted)
        n_spreads = sum(bool(one.judged.any()) for one in self.spread.values())
        spreads = f" and {n_spreads} spread{'s' * (n_spreads > 1)}" if n_spreads else ""
        cells = f"{int(self.judged.sum())} of {self.judged.size} cells judged, {n_fields} fields{spreads}"
        if not any(self._counted(name).any() for name in self.predicted):
            why = "nothing is promised of these fields" if self.judged.any() else "every cell is at the threshold"
            why = why if self.judged.size else "there are no cells"
            return f"nothing could be judged: {why} ({cells})"
        word = "agree" if self.agrees else "DISAGREE"
        return f"theory and simulation {word}: largest excess |z| {self.worst:.2f}, limit {self.limit:.2f} ({cells})"

    def rows(self) -> list[dict[str, Any]]:
        """One row per cell and field: coordinates, theory, simulation, standard error, z and a label."""
        shape, z = self.judged.shape, self.z
        where = columns(self.trials.coordinates, {}, shape)
        out: list[dict[str, Any]] = []
        for k in range(self.judged.size):
            for name in self.predicted:
                measured = self.trials.measurements[name]
                out.append(
                    {coordinate: float(values[k]) for coordinate, values in where.items()}
                    | {
                        "field": name,
                        "theory": float(np.broadcast_to(self.predicted[name], shape).flat[k]),
                        "simulation": float(measured.mean.flat[k]),
                        "standard_error": float(measured.standard_error.flat[k]),
                        "allowance": float(np.broadcast_to(self.allowances[name], shape).flat[k]),
                        "z": float(z[name].flat[k]),
                        "judged": self._label(name, k),
                    }
                )
        return out

    def table(self) -> str:
        """The rows as text, those of the spread, the rule of the allowances and the verdict below."""
        spreads = [text_table(spread_rows(self.spread, self.trials))] if self.spread else []
        return "\n".join([text_table(self.rows()), *spreads, self.rule, self.verdict])

    def to_dict(self) -> dict[str, Any]:
        """Plain lists and numbers, for strict JSON."""
        shape = self.judged.shape
        return {
            "kind": "comparison",
            "agrees": self.agrees,
            "verdict": self.verdict,
            "worst": plain(np.asarray(self.worst)),
            "limit": plain(np.asarray(self.limit)),
            "rule": self.rule,
            "judged": self.judged.tolist(),
            "theory": {name: plain(np.broadcast_to(value, shape)) for name, value in self.predicted.items()},
            "z": {name: plain(value) for name, value in self.z.items()},
            **({"spread": {name: one.to_dict() for name, one in self.spread.items()}} if self.spread else {}),
            "simulation": self.trials.to_dict(),
        }

    def _counted(self, name: str) -> npt.NDArray[np.bool_]:
        return self.judged & np.isfinite(self.allowances[name])

    def _label(self, name: str, k: int) -> str:
        if self._counted(name).flat[k]:
            return ""
        return f"not judged: {'nothing promised' if self.judged.flat[k] else 'at the threshold'}"

    def _gap(self, name: str) -> FloatArray:
        with np.errstate(invalid="ignore"):
            return np.asarray(self.trials.measurements[name].mean - self.predicted[name])

    def _in_errors(self, name: str, gap: FloatArray) -> FloatArray:
        measured, predicted = self.trials.measurements[name], np.abs(self.predicted[name])
        size = np.where(np.isfinite(predicted), predicted, 0.0) + np.abs(measured.mean)
        floor = ROUNDING * size + (ROUNDING**1.5 * self.trials.test.mean if name in IN_UNITS_OF_TEST else 0.0)
        error = np.where(measured.standard_error > floor, measured.standard_error, 0.0)
        none = np.abs(gap) <= floor
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(none & (error == 0), 0.0, gap / error)

    def __repr__(self) -> str:
        return f"Comparison({self.verdict})"

    def _repr_html_(self) -> str:
        named: dict[str, FloatArray] = {}
        for name in self.predicted:
            measured = self.trials.measurements[name]
            named |= {name: self.predicted[name], f"{name} simulated": measured.mean, f"{name} z": self.z[name]}
        return html_table(self.trials.coordinates, named, self.judged.shape) + f"<p>{self.verdict}</p>"


def compare(
    prediction: Risk | Mapping[str, npt.ArrayLike], trials: Trials, *, allowance: float | None = None
) -> Comparison:
    r"""Put a prediction, or a conjecture of one's own, beside trials.

    .. math:: z = (\bar v - v_{theory}) / \mathrm{s.e.}

    Parameters
    ----------
    prediction : Risk, or mapping of field to array_like
        ``{"test": array}`` of a shape that broadcasts to the trials'.
    trials : Trials
    allowance : float, >= 0, optional
        Relative finite-size gap that is allowed, in units of 1/n, for every field. Left out, the pair's own:
        (GaussianData, Ridge) 3 of the bias and 1 of the variance in units of (1 + |excess kurtosis|)/(n - df2 - 1);
        (Dataset, Ridge) the relative 1, 3.5 and 8 % of test for a ridge of at least 0.35, 0.09 and less of the mean
        diagonal of the kernel matrix; inf for train and df1, of which nothing is promised: they are shown and not
        judged. The comparison states it as ``rule``.

    Returns
    -------
    Comparison

    Raises
    ------
    ValueError
        If the prediction has no field that was measured, or another shape.

    References
    ----------
    .. [1] derived

    Examples
    --------
    >>> import riskcalc as rc
    >>> trials = rc.simulate(rc.GaussianData.isotropic(50, noise=1.0), rc.Ridge(1.0), 100, n_trials=20, rng=0)
    >>> rc.compare({"variance": 3.0}, trials).agrees
    False
    """
    instance("trials", trials, Trials, "simulate(...) gives them")
    if not isinstance(prediction, (Risk, Mapping)):
        raise TypeError(f"prediction must be a Risk or {{field: values}}, got {str(prediction)[:80]!r}")
    risk = prediction if isinstance(prediction, Risk) else None
    given: Mapping[str, npt.ArrayLike] = prediction.fields if isinstance(prediction, Risk) else prediction
    unknown = [name for name in given if name not in trials.measurements and name not in Risk.__dataclass_fields__]
    predicted = {name: _as_measured(name, given[name], trials.shape) for name in given if name in trials.measurements}
    if unknown or not predicted:
        raise ValueError(
            f"prediction must have fields that were measured ({', '.join(trials.measurements)}), got "
            f"{', '.join(unknown or given)}"
        )
    _refuse_other_sizes(risk, trials)
    pair = (trials.data, trials.estimator, trials.test_data)
    foreign = risk is None or (risk.data, risk.estimator, risk.test_data) != pair
    n_samples = trials.coordinates["n_samples"]
    reference = risk if risk and not foreign else predict(*pair[:2], n_samples, test_data=trials.test_data)
    if allowance is None:
        allowances, rule = lookup(ALLOWANCES, "allowance", trials.data, trials.estimator)(trials, reference, predicted)
    else:
        unit = float(numbers("allowance", allowance, at_least=0, ndim=0)) / trials.coordinates["n_samples"]
        allowances = {name: np.abs(value) * unit for name, value in predicted.items()}
        rule = f"allowed beside the standard error: {allowance:g}/n of each value"
    judged = ~_at_threshold(trials)
    for name, value in predicted.items():
        judged = judged & np.isfinite(value)
        allowances[name] = np.broadcast_to(np.where(np.isfinite(value), allowances[name], 0.0), trials.shape)
    judged = np.broadcast_to(judged, trials.shape)
    spread = spread_ratios(trials, reference, risk.spread if risk else None, judged)
    rule = f"{rule}; {RULE}" if spread else rule
    return Comparison(predicted, trials, allowances, judged, rule, risk, spread)


def verify(
    data: Model,
    estimator: Model,
    n_samples: npt.ArrayLike,
    *,
    n_trials: int,
    rng: Rng = None,
    executor: Submits | None = None,
    store: str | os.PathLike[str] | None = None,
    scale: float = 1,
    measures: Measures | None = None,
    label_noise: str = "averaged",
    test_data: Model | None = None,
    allowance: float | None = None,
    route: str | None = None,
) -> Comparison:
    r"""Simulate, predict at the sizes that were simulated, and compare.

    .. math:: z = (\bar v - v_{theory}) / \mathrm{s.e.}

    Parameters
    ----------
    data, estimator, n_samples
        As for ``predict``.
    n_trials, rng, executor, store, scale, measures, label_noise
        As for ``simulate``.
    test_data
        As for ``predict`` and ``simulate``: another distribution to be tested on.
    allowance
        As for ``compare``.
    route
        As for ``simulate``.

    Returns
    -------
    Comparison

    Raises
    ------
    TypeError, ValueError, StoreError
        As the two verbs do.

    References
    ----------
    .. [1] derived

    Examples
    --------
    >>> import riskcalc as rc
    >>> data = rc.GaussianData.isotropic(n_features=2.0, noise=0.25)
    >>> rc.verify(data, rc.Ridge(0.1), n_samples=[0.5, 1.0], n_trials=20, rng=0, scale=100).agrees
    True
    """
    judged_on = None if test_data is None else as_simulated(test_data, estimator, n_samples, scale)[0]
    simulated = as_simulated(data, estimator, n_samples, scale)
    prediction = predict(*simulated, test_data=judged_on)  # refuses first what theory refuses
    trials = simulate(
        data,
        estimator,
        n_samples,
        n_trials=n_trials,
        rng=rng,
        executor=executor,
        store=store,
        scale=scale,
        measures=measures,
        label_noise=label_noise,
        test_data=test_data,
        route=route,
    )
    return compare(prediction, trials, allowance=allowance)


def _refuse_other_sizes(risk: Risk | None, trials: Trials) -> None:
    """A Risk must be of the sizes that were simulated, which rounding and scale may have changed."""
    if risk is None or "n_samples" not in risk.coordinates:
        return
    predicted, simulated = risk.coordinates["n_samples"], trials.coordinates["n_samples"]
    if not np.array_equal(np.broadcast_to(predicted, trials.shape), np.broadcast_to(simulated, trials.shape)):
        raise ValueError(
            f"prediction must be made at the n_samples that were simulated, {brief(simulated)}, got {brief(predicted)}"
            "; predict(trials.data, trials.estimator, trials.coordinates['n_samples'])"
        )


def _as_measured(name: str, value: npt.ArrayLike, shape: tuple[int, ...]) -> FloatArray:
    array = numbers(f"prediction {name!r}", value, finite=False)
    try:
        return np.broadcast_to(array, shape)
    except ValueError:
        raise ValueError(f"prediction {name!r} must have the trials' shape {shape}, got shape {array.shape}") from None


def _at_threshold(trials: Trials) -> npt.NDArray[np.bool_]:
    given = trials.coordinates
    if not {"time", "ridge"} & given.keys():  # one pass never interpolates
        return np.zeros(trials.shape, dtype=bool)
    rank = reduce(trials.data, trials.estimator).spectrum.rank
    interpolates = given["time"] == np.inf if "time" in given else given["ridge"] == 0
    size = given.get("subsample", given["n_samples"])
    member = getattr(trials.estimator, "estimator", trials.estimator)  # of an ensemble
    features = given["width"] if isinstance(member, RandomFeatureRidge) else rank
    room = np.minimum(np.abs(size - rank), np.abs(size - features))
    near = (room <= HEAVY) & interpolates
    return np.broadcast_to(near, trials.shape)
