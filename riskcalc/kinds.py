"""Models as plain tables: ``kind`` names a public constructor, the other keys are its arguments."""

from __future__ import annotations

import difflib
import inspect
import types
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import MISSING, fields
from os import PathLike
from pathlib import Path
from typing import Any, Union, get_args, get_origin

import numpy as np
import numpy.typing as npt

from riskcalc import activations, data, estimators, kernels, targets
from riskcalc.model import Model, importable_name
from riskcalc.parameters import BROADCASTING
from riskcalc.spectrum import Spectrum
from riskcalc.sweep import grid

# What a table may name, and nothing else can be called from a file: these classes and their public class methods.
# Kernels, targets and activations go by their module: kernels.RBF, activations.ReLU.
MODULES = {"kernels": kernels, "targets": targets, "activations": activations}
KINDS: dict[str, type[Model]] = {
    **{name: getattr(room, name) for room in (data, estimators) for name in room.__all__},
    **{
        f"{module}.{name}": kind
        for module, room in MODULES.items()
        for name, kind in inspect.getmembers_static(room, inspect.isclass)
        if name in room.__all__ and name != "Custom" and issubclass(kind, Model) and kind.__bases__ != (Model,)
    },
    "Spectrum": Spectrum,
}
SWEPT = [name for name in BROADCASTING if any(name in {f.name for f in fields(kind)} for kind in KINDS.values())]  # type: ignore[arg-type]
DEEPEST = 8  # tables inside tables
WORDS = {bool: "true or false", str: "a string", int: "a whole number", float: "a number"}


def built(table: Mapping[str, Any], where: str, folder: Path, depth: int = 0) -> Model:
    """The model that a table describes.

    Parameters
    ----------
    table : dict
        ``{"kind": "GaussianData.isotropic", "n_features": 200}``; tables inside are models of their own.
    where : str
        The table's own key, for messages.
    folder : Path
        What a relative ``path`` is relative to.

    Raises
    ------
    ValueError, TypeError
        Unknown kind or key (the nearest is named), a missing key, a wrong type, or what the constructor refuses; the
        sentence names the key. Nothing is coerced: "3" is not 3, and true is not 1.
    """
    if depth > DEEPEST:
        raise ValueError(f"{where} is nested too deeply; models are at most {DEEPEST} tables deep")
    kind = table.get("kind")
    make = constructor(kind, where)
    rest = {key: value for key, value in table.items() if key != "kind"}
    arguments = arguments_of(make, str(kind), rest, where, folder, depth)
    try:
        return make(**arguments)
    except (ValueError, TypeError) as error:
        raise type(error)(f"{where}: {error}") from None


def constructor(kind: object, where: str) -> Callable[..., Model]:
    """The public constructor of that name: a class of KINDS or one of its class methods."""
    methods = {
        f"{name}.{method}": getattr(model, method)
        for name, model in KINDS.items()
        for method, member in inspect.getmembers_static(model)
        if isinstance(member, classmethod) and not method.startswith("_")
    }
    names: dict[str, Callable[..., Model]] = {**KINDS, **methods}
    if kind is None:
        raise ValueError(f"{where} needs a kind, one of {', '.join(names)}")
    if not isinstance(kind, str) or kind not in names:
        raise ValueError(f"{where}.kind {kind!r} is not known; {nearest(kind, names)}")
    return names[kind]


def arguments_of(
    make: Callable[..., object], name: str, table: Mapping[str, Any], where: str, folder: Path, depth: int = 0
) -> dict[str, Any]:
    """The keys of a table as arguments of ``make``: known, complete and of the right types, models and grids made."""
    parameters = inspect.signature(make, eval_str=True).parameters
    arguments = {}
    for key, value in table.items():
        if key not in parameters:
            raise ValueError(f"{where}{': ' * bool(where)}{name} has no {key!r}; {nearest(key, parameters)}")
        inner, annotation = f"{where}{'.' * bool(where)}{key}", parameters[key].annotation
        if isinstance(value, dict) and _is_model(annotation):
            value = built(value, inner, folder, depth + 1)
        elif isinstance(value, str) and key in ("n_samples", *BROADCASTING):
            value = grid(inner, value)
        elif isinstance(value, str) and _is_path(annotation):
            value = folder / value
        elif isinstance(value, str) and isinstance(parameters[key].default, str):
            pass  # a name where arrays are legal too, as of weights; the constructor knows which
        elif not fits(annotation, value):
            hint = f"; only {', '.join(['n_samples', *SWEPT])} can be swept" if annotation is float else ""
            raise TypeError(f"{inner} must be {_words(annotation)}, got {repr(value)[:80]}{hint}")
        arguments[key] = value
    for key, parameter in parameters.items():
        if parameter.default is parameter.empty and key not in arguments:
            raise ValueError(f"{where}{': ' * bool(where)}{name} needs {key!r}")
    return arguments


def nearest(word: object, known: Iterable[str]) -> str:
    """The known word that is most like ``word``, or all of them."""
    names = {name.casefold(): name for name in known}
    close = difflib.get_close_matches(str(word).casefold(), names, 1)
    return f"did you mean {names[close[0]]!r}?" if close else f"there are {', '.join(names.values())}"


def _is_model(annotation: Any) -> bool:
    """Whether the annotation is a model, or a union with one."""
    return any(isinstance(kind, type) and issubclass(kind, Model) for kind in (annotation, *get_args(annotation)))


def _is_path(annotation: Any) -> bool:
    """Whether the annotation is a path, or a union with one."""
    return any(get_origin(kind) is PathLike for kind in get_args(annotation))


def fits(annotation: Any, value: object) -> bool:
    """Whether a value of a file has the type that a parameter is annotated with, taken literally."""
    members = get_args(annotation)
    if get_origin(annotation) is np.ndarray or set(get_args(npt.ArrayLike)) <= set(members):
        return _numeric(value)
    if get_origin(annotation) in (Union, types.UnionType):
        return any(fits(member, value) for member in members)
    if get_origin(annotation) is Sequence:
        return isinstance(value, list) and all(fits(members[0], item) for item in value)
    if get_origin(annotation) is Mapping:
        return isinstance(value, dict)
    if isinstance(value, bool):
        return annotation is bool
    if annotation is float:
        return isinstance(value, (int, float))
    return isinstance(value, annotation) if isinstance(annotation, type) else False


def _numeric(value: object) -> bool:
    if isinstance(value, list):
        return all(_numeric(item) for item in value)
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _words(annotation: Any) -> str:
    members = get_args(annotation)
    if get_origin(annotation) is np.ndarray or set(get_args(npt.ArrayLike)) <= set(members):
        return "a number or a list of numbers"
    if get_origin(annotation) in (Sequence, Mapping):
        return "a list" if get_origin(annotation) is Sequence else "a table"
    if get_origin(annotation) in (Union, types.UnionType):
        return " or ".join(dict.fromkeys(_words(member) for member in members if member in WORDS or _is_model(member)))
    if _is_model(annotation):
        return 'a table with kind = "..."'
    return WORDS.get(annotation, str(annotation))


def written(model: Model) -> dict[str, Any]:
    """The table that ``built`` makes the same model of, by its fields; those at their defaults are left out.

    Raises
    ------
    ValueError
        For a model that no file can name, or a field that is a function.
    """
    kind = next((name for name, made in KINDS.items() if made is type(model)), None)
    if kind is None:
        raise ValueError(
            f"a {type(model).__name__} cannot be written to an experiment file; it takes {', '.join(KINDS)}"
        )
    table: dict[str, Any] = {"kind": kind}
    for field in fields(model):  # type: ignore[arg-type]
        if getattr(model, field.name) is None and field.default is None:
            continue
        value = _plain(getattr(model, field.name), f"{kind}.{field.name}")
        if field.default is MISSING or field.default is None or value != _plain(field.default, field.name):
            table[field.name] = value
    return table


def _key(key: object) -> str:
    """Keys of a table are strings: a degree, or the variables of a monomial."""
    return " ".join(map(str, key)) if isinstance(key, tuple) else str(key)


def _plain(value: object, where: str) -> Any:
    """Numbers, strings, lists and tables, which TOML has."""
    if isinstance(value, Model):
        return written(value)
    if isinstance(value, (np.ndarray, np.generic)):
        return value.tolist()
    if isinstance(value, (tuple, list)):
        return [_plain(item, where) for item in value]
    if isinstance(value, Mapping):
        return {_key(key): _plain(item, where) for key, item in value.items()}
    if isinstance(value, (str, bool, int, float)):
        return value
    if callable(value):
        importable_name(value, where)
        raise ValueError(f"{where} is a function, which an experiment file cannot hold; it names models only")
    raise ValueError(f"{where} cannot be written to an experiment file, got {value!r}")
