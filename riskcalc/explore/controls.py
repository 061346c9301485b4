"""What a reader can move: sliders, menus, and the parts of an experiment that they make."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Values = Mapping[str, Any]
Tables = dict[str, Any]


@dataclass(frozen=True)
class Slider:
    """A number among ``steps``."""

    label: str
    steps: tuple[float, ...]
    value: float


@dataclass(frozen=True)
class Menu:
    """One of ``options``: what is shown, and what it stands for."""

    label: str
    options: Mapping[str, Tables]
    value: str


Controls = Mapping[str, Slider | Menu]


@dataclass(frozen=True)
class Part:
    """A data model or an estimator as a page offers it.

    ``table`` makes the tables of an experiment file from the values of the controls (of an estimator: from those of the
    data, too); ``unit`` names the control that sizes are divided by to give ratios, and ``largest`` is the last sample
    size of the curve. ``formulas`` are names of the registry, shown beside the curve of an estimator.
    """

    controls: Controls
    table: Callable[[Values], Tables]
    unit: str = ""
    largest: Callable[[Values], float] = lambda values: 1000.0
    formulas: tuple[str, ...] = ()


def logarithmic(lowest: int, highest: int, *, zero: bool = False) -> tuple[float, ...]:
    """Steps 1, 2, 5 of each power of ten, and 0 before them."""
    steps = [float(f"{digit}e{power}") for power in range(lowest, highest) for digit in (1, 2, 5)]
    return (*((0.0,) if zero else ()), *steps, float(f"1e{highest}"))


def linear(first: float, last: float, count: int) -> tuple[float, ...]:
    """Equal steps, rounded to what they say."""
    return tuple(round(first + (last - first) * k / (count - 1), 10) for k in range(count))
