"""Models beside an answer: as the tables of experiment files, or in words where a table would not give them back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from riskcalc.kinds import built, written
from riskcalc.model import Model

MOST = 10_000  # numbers of a model that are written beside an answer; a larger one is described
ROLES = ("data", "estimator", "test_data")
WORDS = {"inf": np.inf, "-inf": -np.inf, "nan": np.nan}


@dataclass(frozen=True, eq=False, repr=False)
class Described(Model):
    """A model that was described and not kept: a large table, or a kernel that is a function.

    Parameters
    ----------
    text : str
        What it was.
    """

    text: str

    def __repr__(self) -> str:
        return self.text


def models_of(pair: object) -> dict[str, Any]:
    """The models of an answer by role, each as a table, or as a string that describes it."""
    found = {role: getattr(pair, role, None) for role in ROLES}
    return {role: _written(model) for role, model in found.items() if model is not None}


def read_models(tables: Mapping[str, Any]) -> dict[str, Model]:
    """The models that ``models_of`` wrote."""
    return {role: _read(role, tables[role]) for role in ROLES if tables.get(role)}


def _written(model: Model) -> Any:
    """A table that gives back an equal model, or the description."""
    if isinstance(model, Described) or _size(model) > MOST:
        return repr(model)
    try:
        table = _strings(written(model))
        again = _read("model", json.loads(json.dumps(table, allow_nan=False)))
        return table if again == model else repr(model)
    except (ValueError, TypeError):
        return repr(model)


def _read(role: str, value: object) -> Model:
    if isinstance(value, str):
        return Described(value)
    if not isinstance(value, dict):
        raise ValueError(f"{role} must be a table or a description, got {str(value)[:80]!r}")
    table: dict[str, Any] = _floats(value)
    return built(table, role, Path())


def _size(value: object) -> int:
    """How many numbers a model holds."""
    if isinstance(value, Model):
        inside: list[int] = [_size(getattr(value, field.name)) for field in fields(value)]  # type: ignore[arg-type]
        return sum(inside)
    return int(value.size) if isinstance(value, np.ndarray) else 1


def _strings(value: Any) -> Any:
    """Infinities and nan as strings, for strict JSON."""
    if isinstance(value, dict):
        return {key: _strings(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_strings(item) for item in value]
    return str(value) if isinstance(value, float) and not np.isfinite(value) else value


def _floats(value: Any) -> Any:
    """Undo ``_strings``."""
    if isinstance(value, dict):
        return {key: _floats(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_floats(item) for item in value]
    return WORDS.get(value, value) if isinstance(value, str) else value
