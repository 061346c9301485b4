"""What every data model, estimator and spectrum is: a frozen dataclass that is equal by content."""

from __future__ import annotations

import hashlib
import inspect
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, replace
from typing import Any, Self, TypeVar

import numpy as np


class Model:
    """Mixin of the frozen dataclasses (``@dataclass(frozen=True, eq=False, repr=False)``).

    A subclass returns its validated fields from ``_checked``. Arrays are kept as read-only float64; pickling rebuilds
    through the constructor; equality and hash are by content (fields with ``compare=False`` aside).

    Examples
    --------
    >>> import riskcalc as rc
    >>> rc.Ridge([0, 1]) == rc.Ridge([0.0, 1.0]), rc.Ridge(1).replace(ridge=2)
    (True, Ridge(ridge=2))
    """

    def __post_init__(self) -> None:
        for name, value in self._checked().items():
            object.__setattr__(self, name, value)

    def _checked(self) -> Mapping[str, object]:
        return {}

    def replace(self, **changes: Any) -> Self:
        """Copy with the fields ``changes`` changed, validated like a new one."""
        known = {field.name for field in fields(self)}  # type: ignore[arg-type]
        for name in changes:
            if name not in known:
                raise ValueError(f"{type(self).__name__} has no parameter {name!r}; it has {', '.join(sorted(known))}")
        return replace(self, **changes)  # type: ignore[type-var]

    def digest(self) -> bytes:
        """SHA-256 over type, field names and contents (dtypes, shapes, bytes)."""
        sha = hashlib.sha256()
        for part in _parts(self):
            sha.update(len(part).to_bytes(8, "little") + part)
        return sha.digest()

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Model):
            return NotImplemented
        return type(self) is type(other) and self.digest() == other.digest()

    def __hash__(self) -> int:
        return int.from_bytes(self.digest()[:8], "little", signed=True)

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[type[Self], dict[str, object]]]:
        contents: dict[str, object] = {field.name: getattr(self, field.name) for field in fields(self)}  # type: ignore[arg-type]
        for name, value in contents.items():
            if inspect.isfunction(value):
                importable_name(value, name)
        return _rebuild, (type(self), contents)

    def __repr__(self) -> str:
        shown = (f"{field.name}={brief(getattr(self, field.name))}" for field in fields(self))  # type: ignore[arg-type]
        return f"{type(self).__name__}({', '.join(shown)})"


def brief(value: object) -> str:
    """One short line for a field: small arrays in full, large ones by their shape."""
    if isinstance(value, np.ndarray):
        if value.ndim == 0:
            return f"{value:g}"
        if value.ndim == 1 and value.size <= 6:
            return "[" + ", ".join(f"{x:g}" for x in value) + "]"
        return f"<array of shape {value.shape}>"
    return repr(value)


def importable_name(function: Callable[..., Any], parameter: str = "function") -> str:
    """``module:name`` by which another process finds ``function``; ValueError if it cannot."""
    module, name = getattr(function, "__module__", ""), getattr(function, "__qualname__", repr(function))
    if getattr(sys.modules.get(module), name, None) is not function or module == "__main__":
        raise ValueError(
            f"{parameter} must be a function that can be imported by name to be stored or sent to another process, "
            f"got {name!r} of {module!r}; define it at the top level of a module of its own"
        )
    return f"{module}:{name}"


def _rebuild(kind: type[Model], contents: dict[str, Any]) -> Model:
    return kind(**contents)


def _parts(value: object) -> Iterator[bytes]:
    if isinstance(value, Model):
        yield f"{type(value).__module__}.{type(value).__qualname__}".encode()
        for field in fields(value):  # type: ignore[arg-type]
            if field.compare:
                yield field.name.encode()
                yield from _parts(getattr(value, field.name))
    elif isinstance(value, np.ndarray):
        yield f"{value.dtype.str}{value.shape}".encode()
        yield np.ascontiguousarray(value).tobytes()
    elif isinstance(value, (tuple, list)):
        yield f"{type(value).__name__}{len(value)}".encode()
        for item in value:
            yield from _parts(item)
    elif isinstance(value, Mapping):
        yield from _parts([pair for item in sorted(value.items()) for pair in item])
    elif callable(value):
        yield importable_name(value).encode()
    else:
        yield f"{type(value).__name__}:{value!r}".encode()


T = TypeVar("T")


def lookup(table: Mapping[tuple[type[Model], type[Model]], T], room: str, data: object, estimator: object) -> T:
    """The entry of a table of pairs, by exact types; a missing pair is a TypeError that lists those there are."""
    for (data_type, estimator_type), entry in table.items():
        if type(data) is data_type and type(estimator) is estimator_type:
            return entry
    pairs = ", ".join(f"({d.__name__}, {e.__name__})" for d, e in table)
    raise TypeError(f"no {room} for ({type(data).__name__}, {type(estimator).__name__}); the pairs there are: {pairs}")
