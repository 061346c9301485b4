"""A CSV file as a table of numbers, with a clear answer where it is not one."""

from __future__ import annotations

import csv
import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from os import PathLike

import numpy as np

from riskcalc.arguments import FloatArray, choice

MISSING = {"", "na", "n/a", "nan", "null", "none", "?"}


@dataclass(frozen=True)
class NumericTable:
    """Columns by name, and their values, shape (rows, columns)."""

    names: tuple[str, ...]
    values: FloatArray
    all_names: tuple[str, ...]

    def position(self, column: str | int, parameter: str) -> int:
        """Index among ``names`` of a column given by name or by its position in the file."""
        name = self.all_names[_position(self.all_names, column, parameter)]
        if name not in self.names:
            raise ValueError(f"{parameter} must be a column that is kept, got {name!r}, which is in drop; take it out")
        return self.names.index(name)


def read_table(
    path: str | PathLike[str],
    *,
    drop: str | int | Sequence[str | int] = (),
    missing: str = "error",
    header: bool | None = None,
) -> NumericTable:
    """Numeric table of a CSV file; ValueError names row and column of what is not a number."""
    choice("missing", missing, ("error", "drop"))
    rows = _rows(path)
    if header is None:
        header = not all(_is_number(cell) or cell.strip().lower() in MISSING for cell in rows[0][1])
    names = tuple(cell.strip() for cell in rows[0][1]) if header else tuple(map(str, range(len(rows[0][1]))))
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"{path}: column names must differ, got {twice!r} twice; rename one")
    columns = [drop] if isinstance(drop, (str, int)) else drop
    left_out = {_position(names, column, "drop") for column in columns}
    kept = [i for i in range(len(names)) if i not in left_out]
    values = _values(path, rows[header:], names, kept, missing)
    if len(values) < 2:
        raise ValueError(
            f"{path}: a table needs at least two complete rows of data, got {len(values)}; add rows or fill gaps"
        )
    return NumericTable(tuple(names[i] for i in kept), np.array(values), names)


def _rows(path: str | PathLike[str]) -> list[tuple[int, list[str]]]:
    """Lines that are not empty, with their numbers, all of the same length."""
    try:
        with open(path, newline="", encoding="utf-8-sig") as file:
            text = file.read()
    except UnicodeDecodeError as error:
        raise ValueError(
            f"{path}: not a text file in UTF-8 ({error.reason} at byte {error.start}); convert it"
        ) from None
    lines = text.splitlines()
    first = next((line for line in lines if line.strip()), "")
    delimiter = next((mark for mark in ",;\t" if mark in first), " ")
    if delimiter == " ":
        lines = [line.strip() for line in lines]
    reader = csv.reader(lines, delimiter=delimiter, skipinitialspace=True)
    try:
        rows = [(reader.line_num, row) for row in reader if any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise ValueError(f"{path}: line {reader.line_num} is not CSV: {error}") from None
    if not rows:
        raise ValueError(f"{path}: the file is empty; give a table with at least two rows")
    for number, row in rows:
        if len(row) != len(rows[0][1]):
            raise ValueError(
                f"{path}: line {number} has {len(row)} cells where the first line has {len(rows[0][1])}; "
                f"complete it, or put text with {delimiter!r} in it between quotes"
            )
    return rows


def _values(
    path: str | PathLike[str], rows: list[tuple[int, list[str]]], names: tuple[str, ...], kept: list[int], missing: str
) -> list[list[float]]:
    values = []
    for number, row in rows:
        empty = [i for i in kept if row[i].strip().lower() in MISSING]
        if empty and missing == "error":
            raise ValueError(
                f"{path}: line {number} has no value in column {names[empty[0]]!r}; fill it, leave the column out "
                '(drop), or leave such rows out (missing="drop")'
            )
        if not empty:
            values.append([_number(path, number, names[i], row[i]) for i in kept])
    return values


def _number(path: str | PathLike[str], line: int, name: str, cell: str) -> float:
    if not _is_number(cell):
        raise ValueError(
            f"{path}: line {line} has {cell[:40]!r} in column {name!r} where a number should be; leave the column out "
            "(drop) or encode it as numbers"
        )
    value = float(cell)
    if not np.isfinite(value):
        raise ValueError(f"{path}: line {line} has {cell.strip()!r} in column {name!r}; numbers must be finite")
    return value


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return "_" not in cell


def _position(names: tuple[str, ...], column: str | int, parameter: str) -> int:
    if isinstance(column, bool) or not isinstance(column, (str, int, np.integer)):
        raise TypeError(f"{parameter} must be the name of a column or its position, a whole number, got {column!r}")
    if column in names:
        return names.index(str(column))
    try:
        return range(len(names))[int(column)]
    except (ValueError, IndexError):
        near = difflib.get_close_matches(str(column), names, 1)
        hint = f"did you mean {near[0]!r}?" if near else f"the columns are {', '.join(map(repr, names[:20]))}"
        raise ValueError(f"{parameter} must be a column of the table, got {column!r}; {hint}") from None
