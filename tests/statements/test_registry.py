"""Identities: the registry is a mapping, finds words, and has an entry for every formula of the theory."""

from __future__ import annotations

import inspect
import pkgutil
import subprocess
import sys
from collections.abc import Mapping

import pytest

import riskcalc as rc
from riskcalc import theory
from riskcalc.statements.call import Call

MODULES = {
    "": theory,
    "limits.": theory.limits,
    "random_features.": theory.random_features,
    "lazy.": theory.lazy,
    "dynamics.": theory.dynamics,
    "neural_tangent.": theory.neural_tangent,
    "finite_size.": theory.finite_size,
}
# Verbs and searches over other formulas or orderings, a classification, and what has no equation of its own.
NO_FORMULA = {
    "certify",
    "predict",
    "reduce",
    "log_effective_ridge",
    "optimal_time",
    "sample_size",
    "learning_curve",
    "random_features.tune",
    "random_features.tune_width",
    "overfitting_type",
    "dynamics.leap",
    "lazy.neural_tangent_gram",
    "lazy.singular_values",
}
# Still without an entry; this may only get shorter.
UNCOVERED: tuple[str, ...] = (
    "neural_tangent.approximation_error",
    "neural_tangent.both_layers_risk",
    "neural_tangent.conditional_problem",
    "neural_tangent.cross",
)


def functions_of(call: Call) -> set[object]:
    """Public objects of riskcalc that a call uses."""
    inner = [call.of] if call.of else []
    parts = [part for part in call.arguments.values() if isinstance(part, Call)]
    own = not call.of and not call.function.startswith("numpy.")
    found = {pkgutil.resolve_name(f"riskcalc:{call.function}")} if own else set()
    return found.union(*(functions_of(part) for part in (*inner, *parts)))


def public_theory() -> dict[str, object]:
    names = {f"{prefix}{name}": getattr(module, name) for prefix, module in MODULES.items() for name in module.__all__}
    results = {"Problem", "BiasDecomposition", "LearningCurve", "OptimalTime", "SampleSizes", "Tuned"}
    results |= {f"limits.{name}" for name in ("KernelSpectrum", "LinearRegime", "RandomFeatureRate")}
    results |= {f"random_features.{name}" for name in ("Decomposition", "Moments", "Regularisation", "TunedWidth")}
    results |= {"neural_tangent.Block", "neural_tangent.Cross"}
    return {name: thing for name, thing in names.items() if not inspect.ismodule(thing) and name not in results}


def test_every_formula_of_the_theory_has_an_entry() -> None:
    used = set().union(*(functions_of(call) for formula in rc.formulas.values() for call in formula.numeric.values()))
    there_are = public_theory()
    assert there_are.keys() >= NO_FORMULA
    missing = [name for name, thing in there_are.items() if thing not in used and name not in NO_FORMULA]
    assert sorted(missing) == sorted(UNCOVERED)


def test_it_is_a_mapping() -> None:
    assert isinstance(rc.formulas, Mapping)
    assert len(rc.formulas) == len(set(rc.formulas)) >= 50
    for name, formula in rc.formulas.items():
        assert formula.name == name
        assert rc.formulas[name] is formula
    assert "ridge.test" in rc.formulas
    assert "ridge" not in rc.formulas
    assert rc.formulas.get("ridge") is None
    assert repr(rc.formulas).startswith(f"<{len(rc.formulas)} formulas")


@pytest.mark.parametrize("error", [KeyError, ValueError])
def test_an_unknown_name_has_the_nearest(error: type[Exception]) -> None:
    with pytest.raises(error, match=r"there is no formula 'ridge\.tset'; did you mean 'ridge\.test'\?"):
        rc.formulas["ridge.tset"]


def test_search_finds_words_anywhere() -> None:
    assert [one.name for one in rc.formulas.search("BENIGN")] == ["overfitting.benign_bounds"]
    assert "ridge.least_squares" in [one.name for one in rc.formulas.search("least squares")]
    assert "flow.bias" in [one.name for one in rc.formulas.search("ali2019")]
    assert rc.formulas.search("no such word") == ()
    with pytest.raises(TypeError, match="word must be a string"):
        rc.formulas.search(3)  # type: ignore[arg-type]


def test_sympy_is_imported_when_a_formula_is_looked_at() -> None:
    code = "import sys, riskcalc as rc; rc.cite(); before = 'sympy' in sys.modules; len(rc.formulas)"
    code += "; print(before, 'sympy' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert found == ["False", "True"]


def test_cite_takes_formulas_and_experiments() -> None:
    assert rc.cite("ridge.test") == rc.cite(rc.formulas["ridge.test"]) == rc.formulas["ridge.test"].bibtex()
    experiment = rc.Experiment.load("isotropic")
    assert rc.cite(experiment) == rc.cite(experiment.predict())
    with pytest.raises(ValueError, match=r"did you mean 'ridge\.test'"):
        rc.cite("ridge.tests")
    with pytest.raises(TypeError, match="x must be"):
        rc.cite(3)  # type: ignore[arg-type]
