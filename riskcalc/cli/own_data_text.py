"""Answers about a table of one's own as text: strict JSON, CSV, Markdown, and words and a table for people."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from riskcalc.hindsight import Hindsight
from riskcalc.report import csv_rows, markdown_rows, version
from riskcalc.tables import columns, text_table
from riskcalc.theory import LearningCurve, SampleSizes

if TYPE_CHECKING:
    from riskcalc.data import Dataset
    from riskcalc.model import Model

Answer = LearningCurve | SampleSizes | Hindsight


def written(
    answer: Answer, form: str, name: str, parameters: Mapping[str, Any], data: Dataset, estimator: Model
) -> str:
    """The answer in one of the formats "json", "csv", "markdown", "text", with version and parameters."""
    if form == "json":
        return _json(answer, name, parameters, data, estimator)
    rows = _rows(answer)
    models = [repr(data), _described(estimator, parameters["ridge_rule"])]
    end = f"{parameters['level']:.0%} interval, rng {parameters['rng']}"
    remarks = [f"note: {note}" for note in getattr(answer, "notes", ())]
    remarks.append("; ".join([f"riskcalc {version()}", name, *models, end]))
    if isinstance(answer, Hindsight):
        remarks.insert(0, answer.verdict)
    if form == "csv":
        return "".join(f"# {line}\n" for line in remarks) + csv_rows(rows)
    if form == "markdown":
        return markdown_rows(rows) + "".join(f"\n{line}\n" for line in remarks)
    first = _words(answer, data) if isinstance(answer, SampleSizes) else []
    return "\n".join([*first, text_table([_for_people(row) for row in rows]), *remarks]) + "\n"


def _json(answer: Answer, name: str, parameters: Mapping[str, Any], data: Dataset, estimator: Model) -> str:
    """One line; inf is the string "inf"."""
    origin = {
        "riskcalc": version(),
        "experiment": {"name": name, "parameters": parameters},
        "data": repr(data),
        "estimator": _described(estimator, parameters["ridge_rule"]),
        "rng": parameters["rng"],
    }
    body = answer.to_dict()
    if isinstance(answer, SampleSizes):
        body["at_n_rows"] = _now(answer)
    return json.dumps({**origin, **body}, allow_nan=False, ensure_ascii=False, default=_plain) + "\n"


def _plain(value: object) -> object:
    """Numbers and arrays of numpy."""
    return np.asarray(value).tolist()


def _rows(answer: Answer) -> list[dict[str, Any]]:
    """One row per size and ridge, or per error to be reached."""
    if isinstance(answer, Hindsight):
        return answer.rows()
    if isinstance(answer, SampleSizes):
        table = columns({"test": answer.test}, {"lower": answer.lower, "upper": answer.upper}, answer.test.shape)
        verdicts = np.ravel(np.asarray(answer.verdict)).tolist()
        numbers = [dict(zip(table, map(float, row), strict=True)) for row in zip(*table.values(), strict=True)]
        return [{"verdict": verdict, **row} for verdict, row in zip(verdicts, numbers, strict=True)]
    table = columns(answer.coordinates, answer.fields, answer.test.shape)
    rows = [dict(zip(table, map(float, row), strict=True)) for row in zip(*table.values(), strict=True)]
    return [{**row, "identified": bool(row["identified"])} for row in rows]


def _for_people(row: Mapping[str, Any]) -> dict[str, Any]:
    """Without the penalty where it is the ridge, and the verdict, which is said above; yes and no."""
    left_out = {"verdict"} | ({"penalty"} if row.get("penalty") == row.get("ridge") else set())
    words = {True: "yes", False: "no"}
    return {
        name: words[value] if isinstance(value, bool) else value for name, value in row.items() if name not in left_out
    }


def _words(answer: SampleSizes, data: Dataset) -> list[str]:
    """The verdicts, and what the table has now."""
    now, mean = _now(answer), float(data.output_columns.var(axis=0, ddof=1).sum())
    verdicts = zip(np.ravel(np.asarray(answer.verdict)), answer.test.flat, strict=True)
    return [
        *(f"{words}, for a test error of {target:.4g}" for words, target in verdicts),
        f"with the {answer.n_rows} rows of the table it is {now['test']:.3g} (from {now['lower']:.3g} to "
        f"{now['upper']:.3g}); that of the mean of the target is {mean:.3g}",
        "",
    ]


def _now(answer: SampleSizes) -> dict[str, float]:
    """Error and interval at the table's own number of rows, the first of the curve."""
    return {name: float(getattr(answer.curve, name)[0]) for name in ("test", "lower", "upper")}


def _described(estimator: Model, rule: str) -> str:
    """The estimator with the ridge as it goes with n."""
    *front, ridge = repr(estimator).rpartition("ridge=")
    return "".join(front) + {"best": "best)", "per_row": f"{ridge[:-1]} n)", "fixed": ridge}[rule]
