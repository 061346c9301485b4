"""Identities of what every model promises: equality by content, read-only arrays, pickles and processes, replace."""

from __future__ import annotations

import copy
import functools
import multiprocessing
import pickle
import statistics
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import FrozenInstanceError, dataclass, field, fields

import numpy as np
import numpy.typing as npt
import pytest
import strategies
from hypothesis import given

import riskcalc as rc
from riskcalc.arguments import numbers
from riskcalc.model import Model, importable_name, lookup

SPECTRUM = rc.Spectrum.from_eigenvalues([2.0, 1.0, 0.0], multiplicities=[1, 2.5, 3], tail=0.5)
MODELS = {
    "Spectrum": SPECTRUM,
    "infinite Spectrum": rc.Spectrum.power_law(1.5),
    "Problem": rc.Problem(SPECTRUM, [1.0, 2.0, 0.5], noise=[0.1, 0.2], outside_energy=3.0),
    "GaussianData": rc.GaussianData(SPECTRUM, [1.0, 2.0, 0.5], noise=0.1, entries="student(7)"),
    "power law": rc.GaussianData.power_law(1.5, 0.4),
    "Dataset": rc.Dataset([[1.0, 2.0], [3.0, 4.0]], [1.0, 0.0], names=["a", "b"]),
    "Ridge": rc.Ridge([[0.0, 1.0]]),
}


@dataclass(frozen=True, eq=False, repr=False)
class Curve(Model):
    """A model with every kind of field there may be."""

    function: Callable[..., object] = statistics.mean
    values: npt.ArrayLike = 0.0
    options: dict[str, object] = field(default_factory=dict)
    remark: str = field(default="", compare=False)

    def _checked(self):
        return {"values": numbers("values", self.values, at_least=0)}


class Steeper(Curve):
    """The same contents, another type."""


def arrays(model: Model) -> list[np.ndarray]:
    """Every array of a model, of the models inside it too."""
    found = []
    for item in fields(model):
        value = getattr(model, item.name)
        found += [value] if isinstance(value, np.ndarray) else arrays(value) if isinstance(value, Model) else []
    return found


# Equality and hash


@pytest.mark.parametrize("name", MODELS)
def test_a_model_equals_what_has_the_same_contents(name):
    model = MODELS[name]
    other = type(model)(**{item.name: getattr(model, item.name) for item in fields(model)})
    assert other is not model
    assert other == model
    assert hash(other) == hash(model)
    assert {model: 1}[other] == 1
    assert model != "something else"
    assert [other_name for other_name, other in MODELS.items() if other == model] == [name]


@given(strategies.spectra())
def test_every_entry_counts(spectrum):
    sigma, m = spectrum.eigenvalues.copy(), spectrum.multiplicities.copy()
    assert rc.Spectrum.from_eigenvalues(sigma, m, spectrum.tail) == spectrum
    sigma[-1] = np.nextafter(sigma[-1], np.inf)
    assert rc.Spectrum.from_eigenvalues(sigma, m, spectrum.tail) != spectrum
    assert spectrum.replace(tail=np.nextafter(spectrum.tail, 1e9)) != spectrum


def test_lists_ints_and_minus_zero_are_the_same_numbers():
    assert rc.Ridge([0, 1]) == rc.Ridge(np.array([-0.0, 1.0])) == rc.Ridge((0.0, 1))
    assert hash(rc.Ridge(-0.0)) == hash(rc.Ridge(0))
    assert not np.signbit(rc.Ridge(-0.0).ridge)
    assert rc.Ridge(np.float32(0.5)) == rc.Ridge(0.5)
    assert not np.signbit(rc.Spectrum.isotropic(2).replace(tail=-0.0).tail)
    assert rc.Ridge([1.0]) != rc.Ridge(1.0)  # another shape is another result
    assert rc.Ridge([[1.0, 2.0]]) != rc.Ridge([[1.0], [2.0]])


def test_the_type_counts_and_so_do_the_field_names():
    assert Steeper(values=1.0) != Curve(values=1.0)
    problem = rc.Problem(SPECTRUM, [1.0, 2.0, 0.5])
    assert problem != rc.GaussianData(SPECTRUM, [1.0, 2.0, 0.5])
    assert problem.replace(noise=1.0) != problem.replace(outside_energy=1.0)
    assert Curve(options={"a": "bc"}) != Curve(options={"ab": "c"})
    assert Curve(options={"a": 1, "b": 2}) == Curve(options={"b": 2, "a": 1})
    assert Curve(options={"a": 1}) != Curve(options={"a": 1.0})
    assert Curve(options={"a": [1]}) != Curve(options={"a": (1,)})


def test_fields_that_do_not_compare():
    """A Dataset is equal by its numbers; the names of its columns are for messages."""
    data = MODELS["Dataset"]
    assert data.replace(names=["x", "y"]) == data
    assert hash(data.replace(names=())) == hash(data)
    assert Curve(remark="a") == Curve(remark="b")


# Frozen, all the way down


@pytest.mark.parametrize("name", MODELS)
def test_arrays_are_read_only_copies(name):
    model = MODELS[name]
    assert arrays(model)
    for array in arrays(model):
        assert array.dtype == np.float64
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 1.0
    with pytest.raises(FrozenInstanceError):
        setattr(model, fields(model)[0].name, 1.0)


def test_the_given_array_stays_the_users():
    given_array = np.array([1.0, 2.0])
    model = rc.Ridge(given_array)
    given_array[0] = 9.0
    assert model.ridge.tolist() == [1.0, 2.0]
    assert given_array.flags.writeable


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("travel", [lambda m: pickle.loads(pickle.dumps(m)), copy.copy, copy.deepcopy])
def test_pickles_rebuild_through_the_constructor(name, travel):
    model = MODELS[name]
    other = travel(model)
    assert type(other) is type(model)
    assert other == model
    assert repr(other) == repr(model)
    assert not any(array.flags.writeable for array in arrays(other))


def test_pickles_are_validated():
    """A pickle holds the arguments; unpickling checks them again."""
    rebuild, (kind, contents) = rc.Ridge([1.0]).__reduce__()
    with pytest.raises(ValueError, match=r"^ridge must be .*, got nan"):
        rebuild(kind, contents | {"ridge": np.nan})


def test_another_process_sees_the_same_model():
    """Spawned, as riskcalc's own pools are: there and back, equal, read-only, with the same hash there."""
    models = list(MODELS.values())
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        back = list(pool.map(copy.deepcopy, models))
        hashes = list(pool.map(hash, models))
    assert back == models
    assert hashes == [hash(model) for model in models]
    assert not any(array.flags.writeable for model in back for array in arrays(model))


# Functions


def test_functions_that_can_be_imported():
    assert importable_name(statistics.mean) == "statistics:mean"
    assert Curve(statistics.mean) == Curve(statistics.mean) != Curve(statistics.median)
    assert pickle.loads(pickle.dumps(Curve(statistics.mean))).function is statistics.mean


def nested() -> Callable[[float], float]:
    def double(x: float) -> float:
        return 2 * x

    return double


@pytest.mark.parametrize("function", [lambda x: x, nested()])
@pytest.mark.parametrize("use", [pickle.dumps, hash, lambda model: model == Curve()])
def test_functions_that_cannot_be_imported(function, use):
    model = Curve(function)  # it can be made and used, but not stored
    with pytest.raises(
        ValueError, match=r"^function must be a function that can be imported by name .* at the top level"
    ):
        use(model)


def test_a_bound_function_is_refused_too():
    with pytest.raises(ValueError, match=r"^function must be a function that can be imported by name"):
        importable_name(functools.partial(max, 1))


# replace, repr, lookup


def test_replace():
    ridge = rc.Ridge([1.0, 2.0])
    assert ridge.replace(ridge=3) == rc.Ridge(3)
    assert ridge.replace() == ridge
    with pytest.raises(ValueError, match=r"^ridge must be .*, got nan"):
        ridge.replace(ridge=np.nan)
    with pytest.raises(ValueError, match=r"^Ridge has no parameter 'alpha'; it has ridge$"):
        ridge.replace(alpha=1)
    assert rc.GaussianData.isotropic(3).replace(noise=[0.0, 1.0]).noise.tolist() == [0.0, 1.0]


def test_repr_is_one_line():
    assert repr(rc.Ridge(0.25)) == "Ridge(ridge=0.25)"
    assert repr(rc.Ridge([0, 1])) == "Ridge(ridge=[0, 1])"
    assert repr(rc.Ridge(np.ones((3, 40)))) == "Ridge(ridge=<array of shape (3, 40)>)"
    assert "\n" not in "".join(map(repr, MODELS.values()))


def test_lookup_goes_by_exact_types_and_lists_the_pairs():
    table = {(Curve, rc.Ridge): "found"}
    assert lookup(table, "theory", Curve(), rc.Ridge(0)) == "found"
    sentence = r"^no theory for \(Steeper, Ridge\); the pairs there are: \(Curve, Ridge\)$"
    with pytest.raises(TypeError, match=sentence):
        lookup(table, "theory", Steeper(), rc.Ridge(0))
    with pytest.raises(TypeError, match=r"^no theory for \(int, str\)"):
        lookup(table, "theory", 1, "ridge")
