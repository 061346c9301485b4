"""Arrays over a grid as tables: flat columns, pandas, xarray, HTML and text."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from riskcalc.arguments import FloatArray

if TYPE_CHECKING:
    import pandas
    import xarray

Coordinates = Mapping[str, FloatArray]


class Fields(Mapping[str, FloatArray]):
    """Read-only arrays by name, computed when they are first asked for."""

    def __init__(self, rule: Callable[[], Mapping[str, FloatArray]]) -> None:
        self._rule = rule

    @cached_property
    def _arrays(self) -> dict[str, FloatArray]:
        arrays = {name: np.asarray(value) for name, value in self._rule().items()}
        for array in arrays.values():
            array.setflags(write=False)
        return arrays

    def __getitem__(self, name: str) -> FloatArray:
        return self._arrays[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._arrays)

    def __len__(self) -> int:
        return len(self._arrays)

    def __repr__(self) -> str:
        return f"Fields({', '.join(self)})"


def plain(value: FloatArray) -> Any:
    """Nested lists of floats; inf as the string "inf", which strict JSON allows."""
    array = np.asarray(value, dtype=np.float64)
    if np.isfinite(array).all():
        return array.tolist()
    if array.ndim:
        return [plain(item) for item in array]
    return str(float(array))


def columns(coordinates: Coordinates, named: Mapping[str, FloatArray], shape: tuple[int, ...]) -> dict[str, FloatArray]:
    """Coordinates and fields as flat columns of equal length."""
    return {name: np.broadcast_to(value, shape).ravel() for name, value in {**coordinates, **named}.items()}


def frame(coordinates: Coordinates, named: Mapping[str, FloatArray], shape: tuple[int, ...]) -> pandas.DataFrame:
    """Columns as a pandas DataFrame."""
    import pandas

    return pandas.DataFrame(columns(coordinates, named, shape))


def labelled(coordinates: Coordinates, named: Mapping[str, FloatArray], shape: tuple[int, ...]) -> xarray.Dataset:
    """Fields as an xarray Dataset; an axis along which exactly one coordinate varies is named after it.

    A field that was swept itself, as the noise, is the coordinate of that name.
    """
    import xarray

    dims = [axis_name(coordinates, axis, len(shape)) for axis in range(len(shape))]
    coords: dict[str, Any] = {}
    for name, value in coordinates.items():
        wide = np.broadcast_to(value, (1,) * (len(shape) - np.ndim(value)) + np.shape(value))
        axes = [axis for axis in range(len(shape)) if wide.shape[axis] != 1 or dims[axis] == name]
        coords[name] = ([dims[axis] for axis in axes], wide.reshape([wide.shape[axis] for axis in axes]))
    variables = {k: (dims, np.broadcast_to(v, shape)) for k, v in named.items() if k not in coords}
    return xarray.Dataset(variables, coords)


def axis_name(coordinates: Coordinates, axis: int, ndim: int) -> str:
    """The coordinate that varies along an axis and along no other, or ``axis_0``, ``axis_1``, ..."""
    for name, value in coordinates.items():
        shape = (1,) * (ndim - np.ndim(value)) + np.shape(value)
        if shape[axis] != 1 and all(size == 1 for i, size in enumerate(shape) if i != axis):
            return name
    return f"axis_{axis}"


def html_table(coordinates: Coordinates, named: Mapping[str, FloatArray], shape: tuple[int, ...]) -> str:
    """The first rows as an HTML table."""
    table = columns(coordinates, named, shape)
    head = "".join(f"<th>{name}</th>" for name in table)
    rows = ["".join(f"<td>{x:.6g}</td>" for x in row) for row in zip(*table.values(), strict=True)]
    more = f"<p>{len(rows)} rows, the first 20 shown</p>" if len(rows) > 20 else ""
    return f"<table><tr>{head}</tr>{''.join(f'<tr>{row}</tr>' for row in rows[:20])}</table>{more}"


def text_table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Rows of equal keys as aligned text, numbers to six digits."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in rows[0] if rows else ():
        numeric = isinstance(rows[0][name], (int, float)) and not isinstance(rows[0][name], bool)
        table.add_column(name.replace("_", " "), justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        table.add_row(*(f"{value:.6g}" if isinstance(value, float) else str(value) for value in row.values()))
    console = Console(
        width=160, no_color=True, highlight=False, legacy_windows=False, force_terminal=False, force_jupyter=False
    )
    with console.capture() as capture:
        console.print(table)
    return "\n".join(line.rstrip() for line in capture.get().splitlines() if line.strip())
