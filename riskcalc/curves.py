"""Results over a grid cut into curves along one coordinate, with their names in words and symbols."""

from __future__ import annotations

import numpy as np

from riskcalc.arguments import FloatArray
from riskcalc.compare import Comparison
from riskcalc.result import Measurement, Risk, Trials
from riskcalc.tables import Coordinates

SYMBOLS = {"n_samples": "n", "width": "N", "ridge": "λ", "noise": "τ²", "effective_ridge": "κ"}
SYMBOLS |= {"df1": "df₁", "df2": "df₂", "psi1": "ψ₁", "psi2": "ψ₂"}
NAMES = {"n_samples": "number of samples", "test": "test error", "train": "training error"}
NAMES |= {"psi1": "width per input", "psi2": "samples per input"}
NAMES |= {"noise": "noise variance", "df1": "degrees of freedom", "df2": "degrees of freedom"}


def pair_of(result: Risk | Trials | Comparison) -> Risk | Trials:
    """The result that knows data, estimator and coordinates."""
    return result.trials if isinstance(result, Comparison) else result


def values_of(result: Risk | Trials | Comparison, field: str) -> tuple[FloatArray | None, Measurement | None]:
    """What theory and simulation say of a field."""
    theory = result.predicted if isinstance(result, Comparison) else result.fields if isinstance(result, Risk) else {}
    pair = pair_of(result)
    measured = pair.measurements if isinstance(pair, Trials) else {}
    if field not in {**theory, **measured}:
        raise ValueError(f"field must be one of {', '.join({**theory, **measured})}, got {field!r}")
    return theory.get(field), measured.get(field)


class Curves:
    """Cuts arrays over a grid into curves along one coordinate: (curves, points), points in ascending order."""

    def __init__(self, x: str | None, coordinates: Coordinates, shape: tuple[int, ...]) -> None:
        self.shape = shape
        wide = {name: np.broadcast_to(value, shape) for name, value in coordinates.items()}
        varying = {name: _varying_axes(value) for name, value in wide.items()}
        able = sorted((name for name in wide if len(varying[name]) == 1), key=lambda name: varying[name])
        if not able:
            raise ValueError(
                f"result must have two points or more along a coordinate, got shape {shape}; sweep n_samples"
            )
        if x is not None and x not in able:
            raise ValueError(f"x must be a coordinate that varies along one axis ({', '.join(able)}), got {x!r}")
        self.x = able[0] if x is None else x
        self.axis = varying[self.x][0]
        first = np.moveaxis(wide[self.x], self.axis, -1).reshape(-1, shape[self.axis])[0]
        self.order, self.at = np.argsort(first, kind="stable"), np.sort(first)
        others = {name: self(value) for name, value in wide.items() if set(varying[name]) - {self.axis}}
        count = self(wide[self.x]).shape[0]
        self.labels = [", ".join(_equation(name, value[k]) for name, value in others.items()) for k in range(count)]

    def __call__(self, values: FloatArray) -> FloatArray:
        """Values over the grid as curves, shape (curves, points)."""
        last = np.moveaxis(np.broadcast_to(values, self.shape), self.axis, -1)
        return last.reshape(-1, self.shape[self.axis])[:, self.order]


def _varying_axes(value: FloatArray) -> list[int]:
    return [axis for axis in range(value.ndim) if value.size and (value != value.take([0], axis)).any()]


def _equation(name: str, values: FloatArray) -> str:
    low, high = values.min(), values.max()
    return f"{SYMBOLS.get(name, spoken(name))} = {low:g}" + (f" … {high:g}" if high > low else "")


def spoken(name: str) -> str:
    """A field or coordinate in words."""
    return NAMES.get(name, name.replace("_", " "))
