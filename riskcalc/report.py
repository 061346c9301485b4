"""Answers as text: strict JSON, CSV, Markdown and a table for people, each with version, parameters, seed, sources."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from riskcalc.arguments import FloatArray, choice
from riskcalc.compare import Comparison
from riskcalc.result import Risk, Trials
from riskcalc.tables import columns, plain, text_table

Answer = Risk | Trials | Comparison

FURTHER = ("norm_squared", "estimation", "in_sample", "gcv")  # fields that a table for people leaves out


def version() -> str:
    """The version of riskcalc that is installed."""
    return metadata.version("riskcalc")


def provenance(answer: Answer, experiment: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Where an answer comes from: version, experiment or models, seed, sources."""
    prediction, trials = _parts(answer)
    pair = trials or prediction
    return {
        "riskcalc": version(),
        "experiment": _strict(dict(experiment or {})),
        "data": repr(pair.data) if pair else "",
        "estimator": repr(pair.estimator) if pair else "",
        "rng": trials.rng if trials else None,
        "sources": list(prediction.sources) if prediction else [],
    } | ({"test_data": repr(pair.test_data)} if pair and pair.test_data is not None else {})


def _parts(answer: Answer) -> tuple[Risk | None, Trials | None]:
    if isinstance(answer, Comparison):
        return answer.prediction, answer.trials
    return (answer, None) if isinstance(answer, Risk) else (None, answer)


def to_json(answer: Answer, experiment: Mapping[str, Any] | None = None) -> str:
    """One line of strict JSON.

    Parameters
    ----------
    answer : Risk, Trials or Comparison
    experiment : mapping, optional
        What the answer belongs to: its name and parameters.

    Returns
    -------
    str
        An object without line breaks; inf is the string "inf". Keys are the dataclass's fields, and ``riskcalc``
        (version), ``kind``, ``experiment``, ``data``, ``estimator``, ``rng``, ``sources``.

    Examples
    --------
    >>> import json
    >>> import riskcalc as rc
    >>> from riskcalc.report import to_json
    >>> risk = rc.predict(rc.GaussianData.isotropic(2.0, noise=0.25), rc.Ridge(0), n_samples=[1.0, 2.0])
    >>> json.loads(to_json(risk))["variance"]
    [0.25, 'inf']
    """
    body = answer.to_dict()
    if isinstance(answer, Comparison):
        body["allowance"] = {name: plain(value) for name, value in answer.allowances.items()}
        body["notes"] = list(answer.prediction.notes) if answer.prediction else []
    return json.dumps({**provenance(answer, experiment), **body}, allow_nan=False, ensure_ascii=False)


def rows(answer: Answer) -> list[dict[str, Any]]:
    """One row per point (Risk, Trials), or per point and field (Comparison)."""
    if isinstance(answer, Comparison):
        return answer.rows()
    shape = answer.test.shape if isinstance(answer, Risk) else answer.shape
    table = columns(answer.coordinates, answer.fields, shape)
    return [dict(zip(table, map(float, row), strict=True)) for row in zip(*table.values(), strict=True)]


def to_csv(answer: Answer, experiment: Mapping[str, Any] | None = None) -> str:
    """Comma-separated rows under a header, after lines that begin with ``#`` and say where they come from.

    Parameters
    ----------
    answer, experiment
        As for ``to_json``.

    Returns
    -------
    str
        Numbers to all their digits; ``pandas.read_csv(file, comment="#")`` reads it.

    Examples
    --------
    >>> import riskcalc as rc
    >>> from riskcalc.report import to_csv
    >>> risk = rc.predict(rc.GaussianData.isotropic(2.0, noise=0.25), rc.Ridge(0), n_samples=1.0)
    >>> for line in to_csv(risk).splitlines()[-2:]:
    ...     print(line)
    n_samples,ridge,test,train,bias,variance,noise,effective_ridge,df1,df2,norm_squared,estimation,in_sample,gcv
    1.0,0.0,1.0,0.0,0.5,0.25,0.25,1.0,1.0,0.5,0.75,0.75,0.25,1.0
    """
    head = "".join(f"# {line}\n" for line in _remarks(answer, experiment))
    return head + csv_rows(rows(answer))


def csv_rows(table: Sequence[Mapping[str, Any]]) -> str:
    """Rows of equal keys as CSV, the keys as its header."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(table[0] if table else [])
    writer.writerows(row.values() for row in table)
    return out.getvalue()


def to_markdown(answer: Answer, experiment: Mapping[str, Any] | None = None) -> str:
    """A Markdown table, the remarks below it.

    Parameters
    ----------
    answer, experiment
        As for ``to_json``.

    Returns
    -------
    str
        Numbers to six digits.

    Examples
    --------
    >>> import riskcalc as rc
    >>> from riskcalc.report import to_markdown
    >>> risk = rc.predict(rc.GaussianData.isotropic(2.0, noise=0.25), rc.Ridge(0), n_samples=1.0)
    >>> print(to_markdown(risk).splitlines()[2][:23])
    | 1 | 0 | 1 | 0 | 0.5 |
    """
    return markdown_rows(rows(answer)) + "".join(f"\n{line}\n" for line in _remarks(answer, experiment))


def markdown_rows(table: Sequence[Mapping[str, Any]]) -> str:
    """Rows of equal keys as a Markdown table."""
    names = list(table[0]) if table else []
    body = [[f"{x:.6g}" if isinstance(x, float) else str(x) for x in row.values()] for row in table]
    return "".join(f"| {' | '.join(line)} |\n" for line in [names, ["---"] * len(names), *body])


def to_text(answer: Answer, experiment: Mapping[str, Any] | None = None) -> str:
    """A table for people, the remarks below it.

    Numbers to six digits; of Trials the mean ± its standard error. Parameters are those of ``to_json``. Norm,
    estimation, in-sample error and cross-validation are left to the other formats.
    """
    table = [_measured(row) for row in rows(answer)] if isinstance(answer, Trials) else rows(answer)
    if not isinstance(answer, Comparison):
        table = [{name: value for name, value in row.items() if name not in FURTHER} for row in table]
    return "\n".join([text_table(table), *_remarks(answer, experiment)]) + "\n"


def _measured(row: Mapping[str, float]) -> dict[str, Any]:
    """A row in which mean and standard error stand together."""
    end = "_standard_error"
    joined = {
        name: f"{value:.5g} ± {row[name + end]:.1g}" if name + end in row else value for name, value in row.items()
    }
    return {name: value for name, value in joined.items() if not name.endswith(end)}


def _remarks(answer: Answer, experiment: Mapping[str, Any] | None) -> list[str]:
    """What is said beside the numbers: rule and verdict, notes, and where the answer comes from."""
    prediction, trials = _parts(answer)
    said = [answer.rule, answer.verdict] if isinstance(answer, Comparison) else []
    said += [f"note: {note}" for note in prediction.notes] if prediction else []
    origin = provenance(answer, experiment)
    words = [f"riskcalc {origin['riskcalc']}", str((experiment or {}).get("name", ""))]
    words += [origin["data"], f"tested on {origin['test_data']}" if "test_data" in origin else "", origin["estimator"]]
    words += [f"{trials.n_trials} trials, rng {trials.rng}" if trials else ""]
    words += ["sources: " + ", ".join(origin["sources"])] if origin["sources"] else []
    return [*said, "; ".join(word for word in words if word)]


@dataclass(frozen=True)
class Summary:
    """What a JSON object of trials or of a comparison holds: means and standard errors, not the single trials.

    Coordinates, fields, n_trials and rng are those of Trials; theory, z and agrees belong to a comparison.
    """

    coordinates: Mapping[str, FloatArray]
    fields: Mapping[str, FloatArray]
    n_trials: int
    rng: int | None
    theory: Mapping[str, FloatArray] = field(default_factory=dict)
    z: Mapping[str, FloatArray] = field(default_factory=dict)
    agrees: bool | None = None


def read_json(text: str) -> Risk | Summary:
    """The answer of one line that ``to_json`` wrote.

    Parameters
    ----------
    text : str

    Returns
    -------
    Risk or Summary
        A Risk with its arrays bit for bit (without data and estimator); of trials and comparisons a Summary.

    Raises
    ------
    ValueError
        If it is not such a line.

    Examples
    --------
    >>> import riskcalc as rc
    >>> from riskcalc.report import read_json, to_json
    >>> risk = rc.predict(rc.GaussianData.isotropic(2.0, noise=0.25), rc.Ridge(0), n_samples=[1.0, 2.0])
    >>> read_json(to_json(risk)).test
    array([ 1., inf])
    """
    found = json.loads(text)
    kind = choice("kind", found.get("kind") if isinstance(found, dict) else None, ("risk", "trials", "comparison"))
    if kind == "risk":
        names = [f.name for f in fields(Risk) if f.name in found and str(f.type).startswith("FloatArray")]
        arrays: dict[str, Any] = {name: _array(found[name]) for name in names}
        words = {"route": found["route"], "sources": tuple(found["sources"]), "notes": tuple(found["notes"])}
        return Risk(**arrays, coordinates=_arrays(found["coordinates"]), **words)
    trials = found["simulation"] if kind == "comparison" else found
    measured = {name[: -len("_standard_error")] for name in trials if name.endswith("_standard_error")}
    return Summary(
        coordinates=_arrays(trials["coordinates"]),
        fields={name: _array(x) for name, x in trials.items() if name.removesuffix("_standard_error") in measured},
        n_trials=trials["n_trials"],
        rng=trials["rng"],
        theory=_arrays(found.get("theory", {})),
        z=_arrays(found.get("z", {})),
        agrees=found.get("agrees"),
    )


def write(path: str | os.PathLike[str], text: str) -> None:
    """Write a text file wholly or not at all; a device (``/dev/stdout``) is written to as it is."""
    target = Path(os.path.realpath(path))
    if target.exists() and not target.is_file():
        target.write_text(text, encoding="utf-8")
        return
    unfinished = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        with open(unfinished, "w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(target)
    finally:
        unfinished.unlink(missing_ok=True)


def refuse_unwritable(path: str | os.PathLike[str]) -> None:
    """ValueError if ``write`` cannot succeed there: to be called before anything is computed."""
    target = Path(os.path.realpath(path))
    if target.is_dir():
        raise ValueError(f"output {path} is a folder; give the name of a file")
    if not target.parent.is_dir():
        raise ValueError(f"output {path} cannot be made: there is no folder {target.parent}; make it, or give another")
    if not os.access(target if target.exists() and not target.is_file() else target.parent, os.W_OK):
        raise ValueError(f"output {path} cannot be written: {target.parent} is read-only for you; give another folder")


def _array(value: Any) -> FloatArray:
    return np.array(value, dtype=np.float64) if not isinstance(value, str) else np.array(float(value))


def _arrays(named: Mapping[str, Any]) -> dict[str, FloatArray]:
    return {name: _array(value) for name, value in named.items()}


def _strict(value: Any) -> Any:
    """What strict JSON can hold: inf and nan as strings."""
    if isinstance(value, Mapping):
        return {str(key): _strict(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_strict(item) for item in value]
    if isinstance(value, float) and not np.isfinite(value):
        return str(value)
    return value if isinstance(value, (str, bool, int, float, type(None))) else str(value)
