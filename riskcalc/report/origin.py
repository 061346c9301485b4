"""Where an answer comes from, as a table and in words: version, parameters, models, rng and sources."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from importlib import metadata
from typing import Any

import numpy as np

from riskcalc.compare import Comparison
from riskcalc.report.models import models_of
from riskcalc.result import Risk, Trials
from riskcalc.theory import LearningCurve

Answer = Risk | Trials | Comparison | LearningCurve
Context = Mapping[str, Any] | None

LONGEST = 20_000  # characters of parameters that a remark repeats; models are described in any case


def version() -> str:
    """The version of riskcalc that is installed."""
    return metadata.version("riskcalc")


def parts(answer: Answer) -> tuple[Risk | LearningCurve | None, Trials | None]:
    """What theory says of the pair, and what was measured."""
    if isinstance(answer, Comparison):
        return answer.prediction, answer.trials
    return (None, answer) if isinstance(answer, Trials) else (answer, None)


def provenance(answer: Answer, experiment: Context = None) -> dict[str, Any]:
    """Where an answer comes from: version, experiment or models, seed, sources."""
    prediction, trials = parts(answer)
    pair = trials or prediction
    context = dict(experiment or {})
    test_data = getattr(pair, "test_data", None)
    return {
        "riskcalc": context.pop("riskcalc", version()),
        "experiment": strict(context),
        "data": repr(pair.data) if pair and pair.data is not None else "",
        "estimator": repr(pair.estimator) if pair and pair.estimator is not None else "",
        "rng": trials.rng if trials else None,
        "sources": list(prediction.sources) if prediction else [],
    } | ({"test_data": repr(test_data)} if test_data is not None else {})


def parameters(answer: Answer, experiment: Context = None) -> str:
    """The experiment's parameters, or else the models as tables, as strict JSON; "" where that is very long."""
    prediction, trials = parts(answer)
    given = (experiment or {}).get("parameters") or models_of(trials or prediction)
    text = json.dumps(strict(given), ensure_ascii=False)
    return text if len(text) <= LONGEST else ""


def remarks(answer: Answer, experiment: Context = None) -> list[str]:
    """What is said beside the numbers: rule and verdict, notes, and where the answer comes from."""
    prediction, trials = parts(answer)
    said = [answer.rule, answer.verdict] if isinstance(answer, Comparison) else []
    said += [f"note: {note}" for note in prediction.notes] if prediction else []
    origin = provenance(answer, experiment)
    words = [f"riskcalc {origin['riskcalc']}", str((experiment or {}).get("name", ""))]
    words += [origin["data"], f"tested on {origin['test_data']}" if "test_data" in origin else "", origin["estimator"]]
    words += [f"{trials.n_trials} trials, rng {trials.rng}" if trials else ""]
    words += ["sources: " + ", ".join(origin["sources"])] if origin["sources"] else []
    return [*said, "; ".join(word for word in words if word)]


def all_remarks(answer: Answer, experiment: Context = None) -> list[str]:
    """The remarks, and the parameters in full before the last."""
    *said, origin = remarks(answer, experiment)
    found = parameters(answer, experiment)
    return [*said, *([f"parameters: {found}"] if found else []), origin]


def commented(mark: str, lines: Iterable[str]) -> str:
    """Lines of comment that each begin with the mark, whatever line breaks a remark has."""
    return "".join(f"{mark} {line}\n" for remark in lines for line in remark.splitlines())


def strict(value: Any) -> Any:
    """What strict JSON can hold: inf and nan as strings."""
    if isinstance(value, Mapping):
        return {str(key): strict(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [strict(item) for item in value]
    if isinstance(value, float) and not np.isfinite(value):
        return str(value)
    return value if isinstance(value, (str, bool, int, float, type(None))) else str(value)
