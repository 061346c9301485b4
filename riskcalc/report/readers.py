"""Answers of what a line of JSON holds, checked: shapes, numbers, words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any

import numpy as np
import numpy.typing as npt

from riskcalc.arguments import FloatArray, choice, whole
from riskcalc.compare import Comparison
from riskcalc.report.models import read_models
from riskcalc.report.origin import Answer
from riskcalc.result import Measurement, Risk, Trials
from riskcalc.spreads import SpreadRatio
from riskcalc.theory import LearningCurve

WORDS = ("inf", "-inf", "nan")


def _risk(found: Mapping[str, Any]) -> Risk:
    possible = [f.name for f in fields(Risk) if str(f.type).startswith("FloatArray")]
    names, shape = [name for name in possible if name in {*found, "test", "train"}], _shape(found)
    arrays: dict[str, Any] = {name: _array(name, found[name], shape, name != "learned") for name in names}
    named = [name for name in ("coordinates", "next_order", "spread") if name in found]
    known: dict[str, Any] = {name: _arrays(found[name], shape) for name in named}
    words: dict[str, Any] = {name: _words(found, name) for name in ("sources", "notes")}
    return Risk(**arrays, **known, **words, route=str(found["route"]), **_models(found))


def _trials(found: Mapping[str, Any]) -> Trials:
    if "values" not in found:
        raise ValueError("it holds means without the single trials, as format 1 did; simulate again")
    n_trials, shape = whole("n_trials", found["n_trials"], at_least=1), _shape(found)
    values = _arrays(found["values"], (n_trials, *shape))
    if not values:
        raise ValueError("values must have a field that was measured, got none")
    measurements = {name: Measurement(_of_shape(name, value, (n_trials, *shape))) for name, value in values.items()}
    others: dict[str, Any] = {"data": None, "estimator": None} | _models(found)
    others["rng"] = None if found["rng"] is None else whole("rng", found["rng"])
    others["label_noise"] = choice("label_noise", found["label_noise"], ("averaged", "drawn"))
    return Trials(measurements, _arrays(found["coordinates"], shape), n_trials=n_trials, **others)


def _comparison(found: Mapping[str, Any]) -> Comparison:
    trials = _trials(found["simulation"])
    predicted, allowances = (_arrays(found[name], trials.shape) for name in ("theory", "allowance"))
    unmatched = set(predicted) ^ set(allowances) | set(predicted) - set(trials.measurements)
    if unmatched:
        raise ValueError(f"theory, allowance and simulation must have the same fields, got {', '.join(unmatched)}")
    models = {"models": found["simulation"].get("models", {})}
    prediction = _risk(models | found["prediction"]) if found["prediction"] else None
    spread = {name: _spread(name, values, trials) for name, values in found.get("spread", {}).items()}
    judged = _truths("judged", found["judged"], trials.shape)
    return Comparison(predicted, trials, allowances, judged, str(found["rule"]), prediction, spread)


def _spread(name: str, found: Mapping[str, Any], trials: Trials) -> SpreadRatio:
    """The spread of a field; what was measured of it is computed from the trials again."""
    measured, shape = trials.measurements[name], trials.shape
    theory, allowance = (_of_shape(name, _array(name, found[key], shape), shape) for key in ("theory", "allowance"))
    error = np.broadcast_to(measured.relative_error_of_deviation, shape)
    return SpreadRatio(theory, measured.standard_deviation, error, allowance, _truths(name, found["judged"], shape))


def _curve(found: Mapping[str, Any]) -> LearningCurve:
    names = ("test", "lower", "upper", "n_identified", "bound", "penalty")
    shape = _shape(found)
    arrays: dict[str, Any] = {name: _array(name, found[name], shape) for name in names}
    return LearningCurve(
        **arrays,
        identified=_truths("identified", found["identified"], shape),
        n_rows=whole("n_rows", found["n_rows"]),
        level=float(found["level"]),
        notes=_words(found, "notes"),
        coordinates=_arrays(found["coordinates"], shape),
        sources=_words(found, "sources"),
        ridge_rule=str(found["ridge_rule"]),
        **_models(found),
    )


READERS: dict[str, Callable[[Mapping[str, Any]], Answer]] = {
    "risk": _risk,
    "trials": _trials,
    "comparison": _comparison,
    "learning curve": _curve,
}


def _models(found: Mapping[str, Any]) -> dict[str, Any]:
    """The models of an answer; those of format 1 were described."""
    return dict(read_models(found["models"] if "models" in found else found))


def _shape(found: Mapping[str, Any]) -> tuple[int, ...]:
    """The shape that is written, or, of format 1, that of the test error."""
    if "shape" in found:
        return tuple(whole("shape", size) for size in found["shape"])
    return np.shape(found["test"])


def _array(name: str, value: object, shape: tuple[int, ...], broadcasts: bool = True) -> FloatArray:
    """Numbers, of which only "inf", "-inf" and "nan" are strings; empty lists do not tell their shape."""
    if isinstance(value, list) and 0 in shape:
        return np.zeros(shape)
    try:
        array = np.asarray(value, dtype=object)
    except ValueError:
        raise ValueError(f"{name} must have rows of equal length") from None
    wrong = [x for x in array.flat if not (x in WORDS if isinstance(x, str) else type(x) in (int, float))]
    if wrong:
        domain = "have rows of equal length" if isinstance(wrong[0], list) else "be numbers"
        raise ValueError(f"{name} must {domain}, got {str(wrong[0])[:80]!r}")
    floats = array.astype(np.float64)
    if broadcasts:
        _of_shape(name, floats, shape)
    return floats


def _truths(name: str, value: object, shape: tuple[int, ...]) -> npt.NDArray[np.bool_]:
    """True and false."""
    array = np.zeros(shape, dtype=bool) if 0 in shape else np.asarray(value, dtype=object)
    if array.shape != shape or not all(type(x) is bool for x in array.flat):
        raise ValueError(f"{name} must be true and false in shape {shape}")
    return array.astype(np.bool_)


def _of_shape(name: str, array: FloatArray, shape: tuple[int, ...]) -> FloatArray:
    try:
        return np.broadcast_to(array, shape)
    except ValueError:
        raise ValueError(f"{name} must have shape {shape}, got {array.shape}") from None


def _arrays(named: Mapping[str, Any], shape: tuple[int, ...]) -> dict[str, FloatArray]:
    return {name: _array(name, value, shape) for name, value in named.items()}


def _words(found: Mapping[str, Any], name: str) -> tuple[str, ...]:
    if not isinstance(found[name], list) or not all(isinstance(word, str) for word in found[name]):
        raise ValueError(f"{name} must be a list of strings, got {str(found[name])[:80]!r}")
    return tuple(found[name])
