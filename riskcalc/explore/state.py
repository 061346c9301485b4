"""What the page shows: an experiment made of the controls, its curve and its points, and how to take it away."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import tomli_w

from riskcalc.experiment import Experiment
from riskcalc.explore.controls import Tables, Values
from riskcalc.explore.parts import DATA, ESTIMATORS
from riskcalc.plot import STYLE, risk_curve
from riskcalc.recipe import Recipe
from riskcalc.result import Measurement, Risk, Trials

POINTS = 120  # of a curve
ORIGIN = "the page"


@dataclass(frozen=True)
class State:
    """A choice of data and estimator with the values of their controls."""

    data: str
    estimator: str
    values: Values

    @property
    def tables(self) -> Tables:
        """The experiment as the tables of a file."""
        return {
            "title": f"{self.estimator}, {self.data}",
            "n_samples": f"{self.smallest:g}:{self.largest:g}:{POINTS}:log",
            "data": DATA[self.data].table(self.values),
            "estimator": ESTIMATORS[self.estimator][1].table(self.values),
        }

    @property
    def smallest(self) -> float:
        """The first sample size; a bag needs as many rows as its members."""
        return max(10.0, float(ESTIMATORS[self.estimator][1].table(self.values).get("subsample", 0)))

    @property
    def largest(self) -> float:
        """The last sample size."""
        return max(DATA[self.data].largest(self.values), 2 * self.smallest)

    @property
    def unit(self) -> float:
        """What sizes are divided by to give ratios."""
        return float(self.values[DATA[self.data].unit])

    def predicted(self) -> Risk:
        """The curve."""
        return self._experiment().predict()

    def predicted_at(self, n_samples: float) -> Risk:
        """One point of the curve."""
        return self._experiment(n_samples=float(n_samples)).predict()

    def simulated(self, n_samples: float, n_trials: int) -> Trials:
        """One point with its error bar."""
        return self._experiment(n_samples=[float(n_samples)], n_trials=n_trials).simulate()

    def toml(self) -> str:
        """The experiment as a file for ``riskcalc verify``."""
        return tomli_w.dumps(self.tables)

    def python(self) -> str:
        """Python that gives the same curve."""
        tables = self.tables
        return (
            "import numpy as np\n"
            "import riskcalc as rc\n\n"
            f"data = {call(tables['data'])}\n"
            f"estimator = {call(tables['estimator'])}\n"
            f"n_samples = np.geomspace({self.smallest:g}, {self.largest:g}, {POINTS})\n"
            "risk = rc.predict(data, estimator, n_samples)\n"
            "trials = rc.simulate(data, estimator, n_samples[::12], n_trials=20, rng=0)\n"
        )

    def _experiment(self, **changes: object) -> Experiment:
        return Experiment.of(Recipe(ORIGIN, self.tables).changed(changes))


def joined(points: Sequence[Trials]) -> Trials:
    """Points of several sizes as one curve."""
    names = points[0].measurements
    values = {name: np.concatenate([one.measurements[name].values for one in points], axis=1) for name in names}
    sizes = np.concatenate([one.coordinates["n_samples"] for one in points])
    measured = {name: Measurement(array) for name, array in values.items()}
    return replace(points[0], measurements=measured, coordinates={**points[0].coordinates, "n_samples": sizes})


def call(table: Mapping[str, Any]) -> str:
    """The table of a model as a call of its constructor."""
    arguments = ", ".join(f"{name}={_literal(value)}" for name, value in table.items() if name != "kind")
    return f"rc.{table['kind']}({arguments})"


def _literal(value: object) -> str:
    if isinstance(value, Mapping):
        if "kind" in value:
            return call(value)
        return "{" + ", ".join(f"{key}: {item!r}" for key, item in value.items()) + "}"
    return repr(int(value) if isinstance(value, float) and value.is_integer() else value)


def inline(svg: bytes) -> str:
    """An SVG file as an element that takes the width of its place."""
    text = svg.decode()
    element = text[text.index("<svg") :]
    return re.sub(
        r'(<svg[^>]*?) width="[^"]*" height="[^"]*"', r'\1 style="width: 100%; height: auto"', element, count=1
    )


def picture(state: State, risk: Risk, trials: Trials | None, field: str = "test", form: str = "svg") -> bytes:
    """The curve, the points, and above them the ratios n/p or n/d."""
    from matplotlib import style
    from matplotlib.figure import Figure

    unit = state.unit
    with style.context(STYLE):
        figure = Figure(figsize=(6.4, 3.8), layout="constrained")
        axes = figure.subplots()
        risk_curve(risk, ax=axes, field=field, label="theory")
        if trials is not None:
            risk_curve(trials, ax=axes, field=field, label="simulation")
        finite = np.asarray(getattr(risk, field))
        finite = finite[np.isfinite(finite)]
        axes.set(xscale="log", yscale="linear", ylim=(0, 1.1 * float(np.quantile(finite, 0.97)) if finite.size else 1))
        above = axes.secondary_xaxis(
            "top", functions=(lambda n: np.divide(n, unit), lambda ratio: np.multiply(ratio, unit))
        )
        above.set_xlabel(f"ratio n/{'p' if DATA[state.data].unit == 'n_features' else 'd'}")
        axes.legend(loc="upper right")
        file = io.BytesIO()
        metadata: dict[str, Any] = {"pdf": {"CreationDate": None}, "svg": {"Date": None}}.get(form, {})
        figure.savefig(file, format=form, metadata=metadata)
    return file.getvalue()
