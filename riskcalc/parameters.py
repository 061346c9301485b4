"""The parameters that the equations take as arrays, wherever in a model they sit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Any

from riskcalc.model import Model

BROADCASTING = ("noise", "ridge", "width", "subsample", "size", "time", "learning_rate")


def parameters(models: Mapping[str, object]) -> Iterator[tuple[str, Any]]:
    """Path and value of every such parameter: ``data.noise``, ``estimator.ridge``, ``estimator.estimator.ridge``."""
    for path, model in models.items():
        inside = {field.name: getattr(model, field.name) for field in fields(model)}  # type: ignore[arg-type]
        yield from (
            (f"{path}.{name}", value) for name, value in inside.items() if name in BROADCASTING and value is not None
        )
        yield from parameters({f"{path}.{name}": value for name, value in inside.items() if isinstance(value, Model)})


def changed(model: Any, path: str, value: object) -> Model:
    """The model with another value at a path inside it: ``"ridge"``, ``"estimator.ridge"``."""
    name, _, rest = path.partition(".")
    new: Model = model.replace(**{name: changed(getattr(model, name), rest, value) if rest else value})
    return new
