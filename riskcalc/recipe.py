"""Experiment files as read: plain tables, not yet models."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from riskcalc.kinds import nearest

SHIPPED = Path(__file__).with_name("experiments")


def shipped() -> tuple[str, ...]:
    """Names of the shipped experiments."""
    return tuple(sorted(path.stem for path in SHIPPED.glob("*.toml")))


@dataclass(frozen=True)
class Recipe:
    """An experiment file as read: plain tables, and the folder that paths in it are relative to."""

    origin: str
    tables: Mapping[str, Any]
    folder: Path = Path()

    @classmethod
    def read(cls, path_or_name: str | os.PathLike[str]) -> Self:
        """From a shipped name, or a TOML file."""
        name = os.fspath(path_or_name)
        path = SHIPPED / f"{name}.toml" if name in shipped() else Path(name)
        if not path.is_file():
            known = nearest(path.stem, shipped())
            raise ValueError(f"{name}: there is no such file, and no shipped experiment of that name; {known}")
        with naming(name):
            return cls.parse(path.read_bytes().decode("utf-8-sig"), name, path.parent)

    @classmethod
    def parse(cls, text: str, origin: str, folder: Path = Path()) -> Self:
        """From the text of a TOML file."""
        with naming(origin):
            return cls(origin, tomllib.loads(text), folder)

    def changed(self, overrides: Mapping[str, Any] | None = None, *, quick: bool = False) -> Self:
        """With the values of the table [quick] first, and then ``{"estimator.ridge": 0.1}``."""
        with naming(self.origin):
            tables = {key: dict(value) if isinstance(value, dict) else value for key, value in self.tables.items()}
            if quick:
                if not isinstance(tables.get("quick"), dict):
                    raise ValueError("there is no table [quick]; add one with n_samples or n_trials")
                tables |= tables.pop("quick")
            for path, value in (overrides or {}).items():
                *parents, key = path.split(".")
                inner: Any = tables
                for parent in parents:
                    inner[parent] = dict(inner[parent]) if isinstance(inner.get(parent), dict) else {}
                    inner = inner[parent]
                inner[key] = value
            return type(self)(self.origin, tables, self.folder)

    @property
    def parameters(self) -> dict[str, Any]:
        """The tables without the words."""
        return {key: value for key, value in self.tables.items() if key not in ("title", "description", "quick")}


@contextmanager
def naming(origin: str) -> Iterator[None]:
    """One ValueError that names the file, whatever is wrong in it."""
    try:
        yield
    except RecursionError:
        raise ValueError(f"{origin}: nested too deeply to be an experiment") from None
    except (ValueError, TypeError) as error:
        sentence = str(error)
        raise ValueError(sentence if f"{origin}: " in sentence else f"{origin}: {sentence}") from None
