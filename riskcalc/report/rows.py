"""Answers as rows: one per point, or, of a comparison for people, one per point and field."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from riskcalc.arguments import FloatArray
from riskcalc.compare import Comparison
from riskcalc.report.origin import Answer
from riskcalc.result import Trials
from riskcalc.spreads import spread_rows
from riskcalc.tables import Coordinates, columns

FURTHER = ("norm_squared", "estimation", "in_sample", "gcv")  # fields that a table for people leaves out
ERROR = "_standard_error"


def shape_of(answer: Answer) -> tuple[int, ...]:
    """The common shape of an answer's fields."""
    if isinstance(answer, Comparison):
        return answer.judged.shape
    return answer.shape if isinstance(answer, Trials) else answer.test.shape


def coordinates_of(answer: Answer) -> Coordinates:
    """The swept parameters."""
    return answer.trials.coordinates if isinstance(answer, Comparison) else answer.coordinates


def columns_of(answer: Answer) -> dict[str, FloatArray]:
    """Every field by name; of a comparison theory, simulation, standard error, allowance, z and judged (1 or 0)."""
    if not isinstance(answer, Comparison):
        return answer.fields
    found: dict[str, FloatArray] = {}
    for name, theory in answer.predicted.items():
        measured, allowance = answer.trials.measurements[name], answer.allowances[name]
        found |= {
            f"{name}_theory": theory,
            f"{name}_simulation": measured.mean,
            f"{name}{ERROR}": measured.standard_error,
            f"{name}_allowance": allowance,
            f"{name}_z": answer.z[name],
            f"{name}_judged": (answer.judged & np.isfinite(allowance)).astype(np.float64),
        }
    for name, ratio in answer.spread.items():
        found |= {f"{name}_spread_{key}": value for key, value in ratio.columns().items()}
        found[f"{name}_spread_judged"] = ratio.judged.astype(np.float64)
    return found


def points(answer: Answer) -> list[dict[str, float]]:
    """One row per point: coordinates and every field; a coordinate goes before a field of its name."""
    coordinates = coordinates_of(answer)
    named = {name: value for name, value in columns_of(answer).items() if name not in coordinates}
    table = columns(coordinates, named, shape_of(answer))
    return [dict(zip(table, map(float, row), strict=True)) for row in zip(*table.values(), strict=True)]


def rows(answer: Answer) -> list[dict[str, Any]]:
    """One row per point, or per point and field (Comparison)."""
    return answer.rows() if isinstance(answer, Comparison) else points(answer)


def for_people(answer: Answer) -> list[dict[str, Any]]:
    """The rows without the fields that only few ask for."""
    if isinstance(answer, Comparison):
        return rows(answer)
    hidden = {*FURTHER, *(f"{name}{ERROR}" for name in FURTHER)}
    return [{name: value for name, value in row.items() if name not in hidden} for row in rows(answer)]


def spreads(answer: Answer) -> list[list[dict[str, Any]]]:
    """Of a comparison, a table of how trials spread beside what is predicted of it, if it is."""
    if isinstance(answer, Comparison) and answer.spread:
        return [spread_rows(answer.spread, answer.trials)]
    return []


def csv_rows(table: Sequence[Mapping[str, Any]]) -> str:
    """Rows of equal keys as CSV, the keys as its header."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(table[0] if table else [])
    writer.writerows(row.values() for row in table)
    return out.getvalue()


def markdown_rows(table: Sequence[Mapping[str, Any]]) -> str:
    """Rows of equal keys as a Markdown table."""
    names = list(table[0]) if table else []
    body = [[f"{x:.6g}" if isinstance(x, float) else str(x) for x in row.values()] for row in table]
    return "".join(f"| {' | '.join(line)} |\n" for line in [names, ["---"] * len(names), *body])
