"""Which public function computes a letter, and from which other letters: data, not code."""

from __future__ import annotations

import dataclasses
import pkgutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

WIDTH = 88  # of the lines of code that are printed


@dataclass(frozen=True)
class Word:
    """An argument that is a string, and not the name of a letter."""

    text: str


@dataclass(frozen=True)
class Call:
    """A call of a public function, whose arguments are letters (by name), Words, numbers, calls, or tuples of these.

    Parameters
    ----------
    function : str
        Dotted public name, without ``riskcalc``; a method's name if ``of`` is given.
    arguments : mapping
        Parameter of the function to argument; one that starts with _ is passed by position.
    of : Call, optional
        Makes the object whose method is called.
    path : tuple of str or int
        What is read off the result: names of attributes, and indices (numbers or letters) in tuples of one.
    """

    function: str
    arguments: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    of: Call | None = None
    path: tuple[Any, ...] = ()

    def field(self, name: str) -> Call:
        """The attribute of that name of what the call returns."""
        return replace(self, path=(*self.path, name))

    def entry(self, index: int | str | Word) -> Call:
        """The entry of that index of what the call returns; a string is the letter that holds the index."""
        return replace(self, path=(*self.path, (index,)))

    def call(self, method: str, *same: str, **arguments: Any) -> Call:
        """The call of a method of what this one makes."""
        return Call(method, _named(same, arguments), self)

    @property
    def dotted(self) -> str:
        """The function's public name."""
        return (
            f"{self.of.dotted}.{self.function}" if self.of else _written(self.function).replace("rc.", "riskcalc.", 1)
        )

    def letters(self) -> Iterator[str]:
        """Names of the letters that are needed, in the order of the arguments, once each."""
        entries = (step[0] for step in self.path if isinstance(step, tuple))
        parts = (*([self.of] if self.of else []), *self.arguments.values(), *entries)
        yield from dict.fromkeys(name for part in parts for name in _letters(part))

    def value(self, values: Mapping[str, Any]) -> Any:
        """What the function returns for these values of the letters."""
        target = getattr(self.of.value(values), self.function) if self.of else _public(self.function)
        given = {key: _value(part, values) for key, part in self.arguments.items()}
        named = {key: part for key, part in given.items() if not key.startswith("_")}
        result = target(*(part for key, part in given.items() if key.startswith("_")), **named)
        for step in self.path:
            result = getattr(result, step) if isinstance(step, str) else result[_entry(step[0], values)]
        return result

    def code(self, indent: int = 0) -> str:
        """Python source of the call."""
        head = f"{self.of.code(indent)}.{self.function}" if self.of else _written(self.function)
        tail = "".join(f".{step}" if isinstance(step, str) else f"[{_code(step[0])}]" for step in self.path)
        flat = ", ".join(f"{_equals(key)}{_code(part)}" for key, part in self.arguments.items())
        if indent + len(head) + len(flat) + len(tail) + 2 <= WIDTH and "\n" not in head + flat:
            return f"{head}({flat}){tail}"
        pad = " " * (indent + 4)
        lines = "".join(f"{pad}{_equals(key)}{_code(part, indent + 4)},\n" for key, part in self.arguments.items())
        return f"{head}(\n{lines}{' ' * indent}){tail}"

    def to_dict(self) -> dict[str, Any]:
        """Function and arguments; a letter by its name."""
        return {"function": self.dotted, "arguments": {key: _plain(part) for key, part in self.arguments.items()}}


def call(function: str, *same: str, **arguments: Any) -> Call:
    """A Call; ``same`` are the parameters that are named like their letters."""
    return Call(function, _named(same, arguments))


def _named(same: tuple[str, ...], arguments: dict[str, Any]) -> dict[str, Any]:
    return arguments | {name: name for name in same}


def _public(name: str) -> Any:
    """The public object of that name: riskcalc's, or numpy's for matrices that are made of letters."""
    package, _, inner = name.partition(".") if name.startswith("numpy.") else ("riskcalc", "", name)
    return pkgutil.resolve_name(f"{package}:{inner}")


def _written(name: str) -> str:
    return name if name.startswith("numpy.") else f"rc.{name}"


def _equals(key: str) -> str:
    return "" if key.startswith("_") else f"{key}="


def _letters(part: Any) -> Iterator[str]:
    if isinstance(part, str):
        yield part
    elif isinstance(part, Call):
        yield from part.letters()
    elif isinstance(part, tuple):
        for inner in part:
            yield from _letters(inner)


def _value(part: Any, values: Mapping[str, Any]) -> Any:
    if isinstance(part, str):
        return values[part]
    if isinstance(part, Call):
        return part.value(values)
    if isinstance(part, Word):
        return part.text
    return [_value(inner, values) for inner in part] if isinstance(part, tuple) else part


def _entry(step: Any, values: Mapping[str, Any]) -> int | str:
    if isinstance(step, Word):
        return step.text
    return int(values[step]) if isinstance(step, str) else step


def _code(part: Any, indent: int = 0) -> str:
    if isinstance(part, Call):
        return part.code(indent)
    if isinstance(part, Word):
        return repr(part.text)
    if isinstance(part, tuple):
        return f"[{', '.join(_code(inner, indent) for inner in part)}]"
    return part if isinstance(part, str) else repr(part)


def _plain(part: Any) -> Any:
    if isinstance(part, Call):
        return part.to_dict()
    if isinstance(part, Word):
        return repr(part.text)
    return [_plain(inner) for inner in part] if isinstance(part, tuple) else part
