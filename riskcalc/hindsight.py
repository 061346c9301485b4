"""Part of a table predicts the rest, so that its owner sees whether learning curves are to be trusted on it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from riskcalc.arguments import FloatArray, choice, numbers, whole
from riskcalc.data import Dataset
from riskcalc.estimators import KernelRidge, Ridge
from riskcalc.result import Measurement, Trials
from riskcalc.simulation import simulate
from riskcalc.tables import Coordinates, html_table, plain, text_table
from riskcalc.theory.learning_curve import FEWEST_ROWS, RIDGES, learning_curve
from riskcalc.theory.table_parts import HALF_DECADES


@dataclass(frozen=True, eq=False, repr=False)
class Hindsight:
    r"""Learning curves of parts of a table beside the error that was measured on all of it.

    .. math:: \text{coverage} = \frac1S\sum_s 1\{\text{lower}_s \le \bar t \le \text{upper}_s\}

    Parameters
    ----------
    test, lower, upper : ndarray, splits first
        Predictions from each part, and their intervals; units of y².
    identified : ndarray of bool, splits first
        Whether the part alone determines the value.
    measured, standard_error : ndarray
        Mean error over random training sets of n rows of the whole table, on its other rows.
    n_part, n_rows : int
        Rows of a part, and of the table.
    level : float
        Nominal coverage.
    coordinates : mapping of str to ndarray

    References
    ----------
    .. [1] derived

    Examples
    --------
    >>> import numpy as np
    >>> import riskcalc as rc
    >>> X = np.random.default_rng(0).standard_normal((300, 10))
    >>> table = rc.Dataset(X, X[:, 0] + X[:, 1] ** 2)
    >>> bool(rc.hindsight(table, rc.Ridge(1.0), 200, part=0.3, n_splits=4).coverage > 0.5)
    True
    """

    test: FloatArray
    lower: FloatArray
    upper: FloatArray
    identified: npt.NDArray[np.bool_]
    measured: FloatArray
    standard_error: FloatArray
    n_part: int
    n_rows: int
    level: float
    coordinates: Coordinates

    @property
    def covered(self) -> npt.NDArray[np.bool_]:
        """Whether the interval contains the measured error, splits first."""
        return np.asarray((self.lower <= self.measured) & (self.measured <= self.upper))

    @property
    def coverage(self) -> FloatArray:
        """Share of the splits whose interval contains the measured error."""
        return np.asarray(self.covered.mean(axis=0))

    @property
    def error(self) -> FloatArray:
        """Median over splits of the relative error; inf where the error is 0 and was not predicted to be."""
        with np.errstate(divide="ignore", invalid="ignore"):
            gap = np.abs(self.test - self.measured) / self.measured
        return np.asarray(np.median(np.where(self.test == self.measured, 0.0, gap), axis=0))

    @property
    def verdict(self) -> str:
        """One sentence."""
        kinds = (("identified", self.identified), ("extrapolated", ~self.identified))
        counts = [f"{word} {self.covered[at].sum()} of {at.sum()}" for word, at in kinds if at.any()]
        return (
            f"from {self.n_part} of {self.n_rows} rows the {self.level:.0%} interval covered the measured error: "
            f"{', '.join(counts)}; median error {np.median(self.error):.0%}"
        )

    def rows(self) -> list[dict[str, Any]]:
        """One row per cell: coordinates, measured error, median prediction and interval over splits, coverage."""
        shape = self.measured.shape
        named = {
            "measured": self.measured,
            "standard_error": self.standard_error,
            "predicted": np.median(self.test, axis=0),
            "lower": np.median(self.lower, axis=0),
            "upper": np.median(self.upper, axis=0),
            "identified": self.identified.mean(axis=0),
            "error": self.error,
            "coverage": self.coverage,
        }
        wide = {name: np.broadcast_to(value, shape).ravel() for name, value in {**self.coordinates, **named}.items()}
        return [{name: float(value[k]) for name, value in wide.items()} for k in range(self.measured.size)]

    def table(self) -> str:
        """The rows as text, the verdict below."""
        return f"{text_table(self.rows())}\n{self.verdict}"

    def to_dict(self) -> dict[str, Any]:
        """Plain lists and numbers by name (inf as the string "inf"), for strict JSON."""
        names = ("test", "lower", "upper", "measured", "standard_error", "coverage", "error")
        return {
            "kind": "hindsight",
            "verdict": self.verdict,
            "n_part": self.n_part,
            "n_rows": self.n_rows,
            "level": self.level,
            "coordinates": {name: plain(value) for name, value in self.coordinates.items()},
            **{name: plain(getattr(self, name)) for name in names},
            "identified": self.identified.tolist(),
        }

    def __repr__(self) -> str:
        return f"Hindsight({self.verdict})"

    def _repr_html_(self) -> str:
        named = {"measured": self.measured, "predicted": np.median(self.test, axis=0), "coverage": self.coverage}
        return html_table(self.coordinates, named, self.measured.shape) + f"<p>{self.verdict}</p>"


def hindsight(
    dataset: Dataset,
    estimator: Ridge | KernelRidge,
    n_samples: npt.ArrayLike,
    *,
    part: float = 0.25,
    n_splits: int = 10,
    n_trials: int = 20,
    ridge: str = "fixed",
    level: float = 0.9,
    rng: int = 0,
) -> Hindsight:
    r"""Hide most of a table, predict the error at n from the rest, and measure it.

    .. math:: \text{learning_curve}(\text{part of } m' \text{ rows}, n) \quad\text{beside}\quad
              \text{simulate}(\text{table of } m \text{ rows}, n), \qquad m' < n < m

    Parameters
    ----------
    dataset : Dataset
    estimator : Ridge or KernelRidge
    n_samples : array_like, whole, >= 2, < m
        Broadcasts against the ridge. Leave enough rows to measure the error on.
    part : float, 0 < part < 1
        Share of the rows that a prediction sees; at least 30 rows.
    n_splits : int, >= 1
        Random parts, of which each makes a prediction with its interval.
    n_trials : int, >= 2
        Random training sets of n rows that the error is measured on.
    ridge : {"fixed", "per_row", "best"}
        As in ``learning_curve``; for ``"best"`` the measured error is the least over the same grid of ridges.
    level : float, 0 < level < 1
    rng : int
        Seed.

    Returns
    -------
    Hindsight

    Raises
    ------
    TypeError
        If there is no theory for the pair.
    ValueError
        If a part has fewer than 30 rows, or a number is outside its domain.

    Notes
    -----
    Outputs are centred: those of a part by its own mean, those of the experiment by the mean of the table. The parts
    come from the table on which the error is measured, and overlap each other: what is reported is a little optimistic,
    and splits are not independent.

    References
    ----------
    .. [1] derived

    Examples
    --------
    >>> import numpy as np
    >>> import riskcalc as rc
    >>> X = np.random.default_rng(0).standard_normal((300, 10))
    >>> found = rc.hindsight(rc.Dataset(X, X[:, 0] + X[:, 1] ** 2), rc.Ridge([1.0, 10.0]), 200, part=0.3, n_splits=4)
    >>> found.test.shape, found.coverage.shape
    ((4, 2), (2,))
    """
    mode = choice("ridge", ridge, RIDGES)
    share = float(numbers("part", part, above=0, at_most=np.nextafter(1, 0), ndim=0, hint="below 1, say 0.25"))
    n_part, m = round(share * dataset.n_rows), dataset.n_rows
    if n_part < FEWEST_ROWS:
        raise ValueError(f"part must leave at least {FEWEST_ROWS} rows, got {share:g} of {m}, {n_part} rows")
    n = numbers(
        "n_samples", n_samples, at_least=2, at_most=m - 1, hint="some rows must be left to measure the error on"
    )
    curves = []
    for stream in np.random.default_rng(whole("rng", rng)).spawn(whole("n_splits", n_splits, at_least=1)):
        rows = np.sort(stream.choice(m, n_part, replace=False))
        sample = dataset.replace(inputs=np.asarray(dataset.inputs)[rows], outputs=np.asarray(dataset.outputs)[rows])
        curves.append(learning_curve(sample, estimator, n, ridge=mode, level=level, rng=stream))
    measured = held_out_errors(dataset, estimator, n, mode, n_trials, rng).test
    test, lower, upper = (np.stack([getattr(c, name) for c in curves]) for name in ("test", "lower", "upper"))
    identified = np.stack([curve.identified for curve in curves])
    mean, error = measured.mean, measured.standard_error
    return Hindsight(test, lower, upper, identified, mean, error, n_part, m, float(level), curves[0].coordinates)


def held_out_errors(
    dataset: Dataset, estimator: Ridge | KernelRidge, n_samples: npt.ArrayLike, ridge: str, n_trials: int, rng: int
) -> Trials:
    """Errors of fits to n rows of the centred table on its other rows, at the ridge that ``learning_curve`` means.

    Parameters
    ----------
    dataset, estimator, n_samples, ridge, n_trials, rng
        As for ``hindsight``; ``rng`` is a seed.

    Returns
    -------
    Trials
        ``.test`` of the shape of the learning curve; for ``"best"`` the errors at the ridge of least mean error.
    """
    n, given = numbers("n_samples", n_samples, at_least=2), numbers("ridge", estimator.ridge, at_least=0)
    y = np.asarray(dataset.outputs)
    data = dataset.replace(outputs=y - y.mean(axis=0))
    if choice("ridge", ridge, RIDGES) == "best":
        return _best(data, estimator, n, n_trials, rng)
    penalised = estimator.replace(ridge=given * n) if ridge == "per_row" else estimator
    trials = simulate(data, penalised, n, n_trials=n_trials, rng=rng)
    return replace(trials, coordinates={"n_samples": n, "ridge": given}, estimator=estimator)


def _best(data: Dataset, estimator: Any, n: FloatArray, n_trials: int, rng: int) -> Trials:
    """The least mean error over the half decades."""
    X = np.asarray(data.inputs)
    kernel = estimator.kernel if isinstance(estimator, KernelRidge) else None
    diagonal = np.diag(kernel(X)) if kernel else (X**2).sum(axis=1)
    path = estimator.replace(ridge=diagonal.mean() * HALF_DECADES)
    trials = simulate(data, path, n[..., None], n_trials=n_trials, rng=rng)
    values = trials.test.values
    best = np.broadcast_to(values.mean(axis=0).argmin(axis=-1), values.shape[:-1])[..., None]
    least = Measurement(np.take_along_axis(values, best, -1)[..., 0])
    return replace(trials, measurements={"test": least}, coordinates={"n_samples": n}, estimator=estimator)
