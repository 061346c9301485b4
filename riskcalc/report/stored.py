"""Answers as strict JSON, one line each, and back."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from riskcalc.arguments import choice, whole
from riskcalc.compare import Comparison
from riskcalc.report.models import models_of
from riskcalc.report.origin import Answer, Context, provenance, version
from riskcalc.report.readers import READERS
from riskcalc.report.rows import shape_of
from riskcalc.result import Risk, Trials
from riskcalc.tables import plain

FORMAT = 2  # of what is written; 1 had neither models nor single trials


def to_json(answer: Answer, experiment: Context = None) -> str:
    """One line of strict JSON, which ``read_json`` reads back.

    Parameters
    ----------
    answer : Risk, Trials, Comparison or LearningCurve
    experiment : mapping, optional
        What the answer belongs to: its ``name`` and ``parameters``, and the version ``riskcalc`` that computed it, if
        another than this one.

    Returns
    -------
    str
        An object without line breaks; inf is the string "inf". Keys are the dataclass's fields, and ``riskcalc``
        (version), ``format``, ``kind``, ``experiment``, ``data``, ``estimator``, ``rng``, ``sources``; ``models`` (as
        tables of experiment files) and, of trials, the single ``values``.

    Notes
    -----
    Not written is the rule that ``derivative`` calls. A model of more than 10 000 numbers, or with a function in it, is
    described only.

    Examples
    --------
    >>> import json
    >>> import riskcalc as rc
    >>> from riskcalc.report import to_json
    >>> risk = rc.predict(rc.GaussianData.isotropic(2.0, noise=0.25), rc.Ridge(0), n_samples=[1.0, 2.0])
    >>> json.loads(to_json(risk))["variance"]
    [0.25, 'inf']
    """
    origin = provenance(answer, experiment)
    body = {"riskcalc": origin.pop("riskcalc"), "format": FORMAT} | origin | _body(answer)
    return json.dumps(body, allow_nan=False, ensure_ascii=False)


def _body(answer: Answer) -> dict[str, Any]:
    """What the answer itself holds."""
    body = answer.to_dict()
    if isinstance(answer, Comparison):
        prediction = answer.prediction
        body["allowance"] = {name: plain(value) for name, value in answer.allowances.items()}
        body["notes"] = list(prediction.notes) if prediction else []
        body["simulation"] = _body(answer.trials)
        body["prediction"] = _body(prediction) if prediction else None
        if prediction and body["prediction"]["models"] == body["simulation"]["models"]:
            del body["prediction"]["models"]
        return body
    body |= {"shape": list(shape_of(answer)), "models": models_of(answer)}
    if isinstance(answer, Trials):
        body["values"] = {name: plain(measured.values) for name, measured in answer.measurements.items()}
    elif isinstance(answer, Risk) and answer.learned is not None:
        body["learned"] = plain(answer.learned)
    return body


@dataclass(frozen=True)
class Stored:
    """An answer as it was written, with what it belongs to."""

    answer: Answer
    experiment: Mapping[str, Any]


def read_json(text: str) -> Answer:
    """The answer of one line that ``to_json`` wrote.

    Parameters
    ----------
    text : str

    Returns
    -------
    Risk, Trials, Comparison or LearningCurve
        Its arrays bit for bit, coordinates, notes, sources and models. A model that was only described has the
        description as its ``repr``, and no verb takes it.

    Raises
    ------
    ValueError
        If it is not such a line, or one of a newer format; one sentence.

    Examples
    --------
    >>> import riskcalc as rc
    >>> from riskcalc.report import read_json, to_json
    >>> risk = rc.predict(rc.GaussianData.isotropic(2.0, noise=0.25), rc.Ridge(0), n_samples=[1.0, 2.0])
    >>> again = read_json(to_json(risk))
    >>> again.test, again.data == risk.data
    (array([ 1., inf]), True)
    """
    return stored(text, "text").answer


def read(path: str | os.PathLike[str], line: int | None = None) -> Answer:
    """The answer of a JSON file that the command line or ``to_json`` wrote.

    Parameters
    ----------
    path : path
    line : int, >= 1, optional
        Which answer, where the file has several lines.

    Returns
    -------
    Risk, Trials, Comparison or LearningCurve
        As ``read_json``.

    Raises
    ------
    ValueError
        If the file or the line is not such an answer, or of a newer format, or there are several and none is chosen.
    OSError
        If the file cannot be read.
    """
    text = Path(path).read_bytes()
    return stored(one_line(text, os.fspath(path), line), os.fspath(path)).answer


def one_line(text: bytes | str, name: str, line: int | None = None) -> str:
    """The line that is asked for, or the only one."""
    with _naming(name):
        lines = [part for part in (text.decode() if isinstance(text, bytes) else text).split("\n") if part.strip()]
    if line is None and len(lines) > 1:
        if any(not part.lstrip().startswith("{") for part in lines):
            return "\n".join(lines)  # one object over several lines, as other programs write it
        raise ValueError(f"{name} holds {len(lines)} answers; choose one by its line, from 1 to {len(lines)}")
    chosen = whole("line", 1 if line is None else line, at_least=1)
    if chosen > max(len(lines), 1):
        raise ValueError(f"line must be at most {len(lines)}, the number of answers in {name}, got {chosen}")
    return lines[chosen - 1] if lines else ""


def stored(text: str, name: str) -> Stored:
    """The answer of a line, and the experiment it belongs to."""
    with _naming(name):
        found = json.loads(text, parse_constant=_refuse)
        if not isinstance(found, dict):
            raise ValueError(f"it must be an object, got {text.strip()[:40]!r}")
        written = found.get("format", 1)
    if not isinstance(written, int) or written > FORMAT:
        raise ValueError(
            f"{name} was written by riskcalc {found.get('riskcalc')} in format {written}, and riskcalc {version()} "
            f"reads formats up to {FORMAT}; update riskcalc"
        )
    with _naming(name):
        answer = READERS[choice("kind", found.get("kind"), tuple(READERS))](found)
        experiment = found.get("experiment", {})
        if not isinstance(experiment, dict):
            raise ValueError(f"experiment must be an object, got {experiment!r}")
        older = {"riskcalc": found["riskcalc"]} if found["riskcalc"] != version() else {}
        return Stored(answer, experiment | older)


@contextmanager
def _naming(name: str) -> Iterator[None]:
    """One ValueError that names the file, whatever is wrong in it."""
    try:
        yield
    except KeyError as error:
        raise ValueError(f"{name} is not an answer of riskcalc: it has no {error.args[0]!r}") from None
    except RecursionError:
        raise ValueError(f"{name} is not an answer of riskcalc: it is nested too deeply") from None
    except (ValueError, TypeError, AttributeError, OverflowError) as error:
        raise ValueError(f"{name} is not an answer of riskcalc: {error}") from None


def _refuse(word: str) -> None:
    raise ValueError(f"{word} is not strict JSON")
