"""Identities: what is written as JSON is strict and read back bit for bit; anything else is refused in a sentence."""

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

import riskcalc as rc
from riskcalc.experiment import Experiment
from riskcalc.report import Described, models, provenance, read, read_json, stored, to_json, to_text
from riskcalc.report.models import MOST, models_of, read_models
from riskcalc.result import Measurement

DATA = rc.GaussianData.isotropic(20, noise=0.25)
SIZES = np.array([[10.0], [20.0], [40.0]])
RIDGE = rc.Ridge([0.1, 1 / 3])
RISK = rc.predict(DATA, rc.Ridge([0, 1 / 3]), SIZES)
TRIALS = rc.simulate(DATA, RIDGE, SIZES, n_trials=5, rng=3)
COMPARISON = rc.compare(rc.predict(DATA, RIDGE, SIZES), TRIALS)
CONJECTURE = rc.compare({"test": [[1.0], [2.0], [np.inf]]}, TRIALS)
SPHERE = rc.SphereData(n_inputs=20, target=rc.targets.DegreeEnergies({1: 0.7, 2: 0.3}), noise=0.1)
LEARNED = rc.predict(SPHERE, rc.KernelRidge(rc.kernels.ReluNeuralTangent(depth=1), ridge=[0.1, 1]), [[50.0], [100.0]])
X = np.random.default_rng(0).standard_normal((40, 3))
CURVE = rc.learning_curve(rc.Dataset(X, X[:, 0] + X[:, 1] ** 2), rc.Ridge([1.0, 5.0]), [[20], [80]])
ANSWERS = {
    "risk": RISK,
    "a kernel": LEARNED,
    "trials": TRIALS,
    "comparison": COMPARISON,
    "conjecture": CONJECTURE,
    "learning curve": CURVE,
}


def same(one, other):
    """Bit for bit, the sign of zero included; every nan is the same."""
    a, b = np.asarray(one), np.asarray(other)
    assert a.shape == b.shape
    assert_array_equal(a, b)
    assert_array_equal(np.signbit(a), np.signbit(b))


def all_same(some, others):
    assert list(some) == list(others)
    for name, value in some.items():
        same(value, others[name])


def strictly(text):
    def refuse(word):
        raise AssertionError(f"{word} is not strict JSON")

    return json.loads(text, parse_constant=refuse)


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
class TestEveryAnswer:
    def test_comes_back(self, answer):
        again = read_json(to_json(answer))
        assert type(again) is type(answer)
        parts = [(again, answer)]
        if isinstance(answer, rc.Comparison):
            assert (again.rule, again.verdict, again.agrees) == (answer.rule, answer.verdict, answer.agrees)
            for name in ("predicted", "allowances", "z", "excess_z"):
                all_same(getattr(again, name), getattr(answer, name))
            assert_array_equal(again.judged, answer.judged)
            assert again.judged.dtype == bool
            assert again.spread.keys() == answer.spread.keys()
            for name, ratio in answer.spread.items():
                all_same(again.spread[name].columns(), ratio.columns())
                assert_array_equal(again.spread[name].judged, ratio.judged)
            assert again.table() == answer.table()
            parts = [(again.trials, answer.trials)]
            assert (again.prediction is None) == (answer.prediction is None)
            parts += [(again.prediction, answer.prediction)] if answer.prediction else []
        for new, old in parts:
            all_same(new.fields, old.fields)
            all_same(new.coordinates, old.coordinates)
            assert (new.data, new.estimator) == (old.data, old.estimator)
            for name in ("notes", "sources", "route", "n_trials", "rng", "label_noise", "test_data", "n_rows", "level"):
                assert getattr(new, name, None) == getattr(old, name, None)
            for name in ("next_order", "spread"):
                all_same(getattr(new, name, None) or {}, getattr(old, name, None) or {})

    def test_is_one_strict_line_and_the_same_when_written_again(self, answer):
        parameters = {"n_features": math.inf, "noise": [math.nan, 1], "path": "a\nb"}
        text = to_json(answer, {"name": "mine", "parameters": parameters})
        assert "\n" not in text
        assert strictly(text)["riskcalc"] == rc.__version__
        found = stored(text, "it")
        assert found.experiment["parameters"] == {"n_features": "inf", "noise": ["nan", 1], "path": "a\nb"}
        assert to_json(found.answer, found.experiment) == text

    def test_keeps_the_version_that_computed_it(self, answer):
        text = to_json(answer).replace(f'"riskcalc": "{rc.__version__}"', '"riskcalc": "0.0.9"', 1)
        found = stored(text, "it")
        assert provenance(found.answer, found.experiment)["riskcalc"] == "0.0.9"
        assert "riskcalc 0.0.9; " in to_text(found.answer, found.experiment)
        assert to_json(found.answer, found.experiment) == text


class TestParts:
    def test_the_single_trials_come_back(self):
        again = read_json(to_json(TRIALS))
        for name, measured in TRIALS.measurements.items():
            same(again.measurements[name].values, measured.values)
        assert_array_equal(again.test.standard_error, TRIALS.test.standard_error)

    def test_what_a_kernel_learns_comes_back(self):
        same(read_json(to_json(LEARNED)).learned, LEARNED.learned)
        assert LEARNED.learned.shape[:2] == LEARNED.test.shape

    def test_what_comes_back_can_be_asked_again(self):
        again = read_json(to_json(RISK))
        same(rc.predict(again.data, again.estimator, again.coordinates["n_samples"]).test, RISK.test)
        trials = read_json(to_json(TRIALS))
        rerun = rc.simulate(trials.data, trials.estimator, trials.coordinates["n_samples"], n_trials=5, rng=trials.rng)
        same(rerun.test.values, TRIALS.test.values)
        assert rc.compare(RISK.fields | {}, trials).agrees == rc.compare(RISK.fields | {}, TRIALS).agrees

    def test_another_test_distribution_comes_back(self):
        other = rc.GaussianData.isotropic(20, noise=0.5)
        risk = rc.predict(DATA, rc.Ridge(1.0), SIZES, test_data=other)
        assert read_json(to_json(risk)).test_data == other

    def test_a_risk_without_models(self):
        risk = rc.Risk(test=np.array(1.0), train=np.array(0.5))
        again = read_json(to_json(risk))
        assert (again.data, again.estimator, again.coordinates) == (None, None, {})
        assert to_text(again).splitlines()[-1] == f"riskcalc {rc.__version__}"

    def test_format_1_of_a_risk_is_read(self):
        old = json.loads(to_json(RISK))
        del old["format"], old["models"], old["shape"]
        again = read_json(json.dumps(old))
        all_same(again.fields, RISK.fields)
        assert (repr(again.data), repr(again.estimator)) == (repr(DATA), repr(RISK.estimator))


def _double(x):
    return 2 * x


class TestModels:
    @pytest.mark.parametrize("name", Experiment.names())
    def test_those_of_the_shipped_experiments_come_back(self, name):
        made = Experiment.load(name)
        tables = json.loads(json.dumps(models_of(made), allow_nan=False))
        for role, model in read_models(tables).items():
            if name.startswith("digits") and role == "data":
                assert (type(model), repr(model)) == (Described, repr(made.data))
            else:
                assert model == getattr(made, role)

    def test_infinities_are_strings_and_come_back(self):
        flow = rc.GradientFlow(time=[1.0, np.inf])
        tables = models_of(rc.Risk(test=np.array(1.0), train=np.array(1.0), estimator=flow))
        assert tables["estimator"]["time"] == [1.0, "inf"]
        assert read_models(tables) == {"estimator": flow}

    def test_a_large_table_is_described_and_no_verb_takes_it(self):
        rows = np.arange(2.0 * MOST).reshape(MOST, 2)
        risk = rc.Risk(test=np.array(1.0), train=np.array(1.0), data=rc.Dataset(rows, rows[:, 0]), estimator=RIDGE)
        text = to_json(risk)
        assert len(text) < 2000
        again = read_json(text)
        assert repr(again.data) == repr(risk.data)
        assert to_json(again) == text
        with pytest.raises(TypeError, match="no theory for \\(Described, Ridge\\)"):
            rc.predict(again.data, again.estimator, 10)

    def test_a_table_that_would_give_another_model_is_not_written(self, monkeypatch):
        monkeypatch.setattr(models, "written", lambda model: {"kind": "Ridge", "ridge": 2.0})
        pair = rc.Risk(test=np.array(1.0), train=np.array(1.0), data=rc.Ridge(2.0), estimator=RIDGE)
        assert models_of(pair) == {"data": {"kind": "Ridge", "ridge": 2.0}, "estimator": repr(RIDGE)}

    def test_a_function_is_described(self):
        kernel = rc.kernels.Custom(_double)
        risk = rc.Risk(test=np.array(1.0), train=np.array(1.0), data=DATA, estimator=rc.KernelRidge(kernel, ridge=1.0))
        again = read_json(to_json(risk))
        assert again.data == DATA
        assert repr(again.estimator) == repr(risk.estimator)


values = st.one_of(
    st.floats(allow_nan=False), st.just(math.nan), st.sampled_from([-0.0, math.inf, -math.inf, 5e-324, 0.1, 1e308])
)
shapes = st.sampled_from([(), (1,), (3,), (0,), (2, 1), (1, 2), (2, 3), (0, 3), (3, 0), (2, 1, 2)])


def arrays(shape):
    size = math.prod(shape)
    return st.lists(values, min_size=size, max_size=size).map(lambda flat: np.array(flat, dtype=float).reshape(shape))


@st.composite
def risks(draw):
    """Any numbers in any shape, any words, fields and coordinates that are there or not."""
    shape = draw(shapes)
    names = draw(st.sets(st.sampled_from(["bias", "noise", "df1", "gcv", "truncation", "feature_ridge"])))
    fields = {name: draw(arrays(shape)) for name in ("test", "train", *sorted(names))}
    swept = draw(st.sets(st.sampled_from(["n_samples", "ridge", "noise", "width"])))
    words = st.lists(st.text(max_size=10), max_size=3).map(tuple)
    beside = {name: draw(st.none() | arrays(shape).map(lambda a: {"test": a})) for name in ("next_order", "spread")}
    learned = draw(st.none() | arrays((*shape, 2)))
    return rc.Risk(
        **fields, coordinates={name: draw(arrays(shape)) for name in sorted(swept)}, learned=learned, **beside,
        route=draw(st.text(max_size=10)), sources=draw(words), notes=draw(words),
    )  # fmt: skip


@given(risks())
def test_any_risk_comes_back(risk):
    text = to_json(risk)
    strictly(text)
    again = read_json(text)
    all_same(again.fields, risk.fields)
    all_same(again.coordinates, risk.coordinates)
    assert (again.route, again.sources, again.notes) == (risk.route, risk.sources, risk.notes)
    if risk.learned is None or risk.learned.size:
        assert (again.learned is None) == (risk.learned is None)
        same(0.0 if risk.learned is None else again.learned, 0.0 if risk.learned is None else risk.learned)
    assert to_json(again) == text


@given(st.data())
@settings(max_examples=30)
def test_any_trials_and_comparison_come_back(data):
    shape = data.draw(shapes)
    finite = st.floats(-1e6, 1e6)
    size = 3 * math.prod(shape)
    flat = st.lists(finite, min_size=size, max_size=size)
    measured = {name: Measurement(np.reshape(data.draw(flat), (3, *shape))) for name in ("test", "bias")}
    rng = data.draw(st.none() | st.integers(0, 2**128))
    trials = rc.Trials(measured, {"n_samples": np.full(shape, 50.0)}, DATA, rc.Ridge(1.0), 3, rng)
    again = read_json(to_json(trials))
    assert again.rng == rng
    for name in measured:
        same(again.measurements[name].values, measured[name].values)
    judged = np.reshape(data.draw(st.lists(st.booleans(), min_size=size // 3, max_size=size // 3)), shape).astype(bool)
    comparison = rc.Comparison({"test": np.zeros(shape)}, trials, {"test": np.full(shape, np.inf)}, judged, "none")
    found = read_json(to_json(comparison))
    assert_array_equal(found.judged, judged)
    assert found.verdict == comparison.verdict
    assert to_json(found) == to_json(comparison)


def changed(answer, **changes):
    found = json.loads(to_json(answer))
    for path, value in changes.items():
        *parents, key = path.split("__")
        inner = found
        for parent in parents:
            inner = inner[parent]
        if value is None:
            del inner[key]
        else:
            inner[key] = value
    return json.dumps(found)


REFUSED = {
    "nothing": ("", "Expecting value"),
    "half a line": (to_json(RISK)[:-5], "is not an answer of riskcalc"),
    "a list": ("[]", "it must be an object, got '[]'"),
    "another kind": ('{"kind": "table"}', "kind must be one of 'risk'"),
    "NaN": (to_json(RISK).replace("[0.25, 0.25]", "[0.25, NaN]", 1), "NaN is not strict JSON"),
    "Infinity": (to_json(RISK).replace('"inf"', "Infinity"), "Infinity is not strict JSON"),
    "deep": ("[" * 100_000, "nested too deeply"),
    "no test": (changed(RISK, test=None), "it has no 'test'"),
    "no version": (changed(RISK, riskcalc=None), "it has no 'riskcalc'"),
    "ragged": (changed(RISK, test=[[1.0, 2.0], [3.0], [4.0, 5.0]]), "test must have rows of equal length"),
    "a word": (changed(RISK, test=[[1.0, "many"]] * 3), "test must be numbers, got 'many'"),
    "a number as a word": (changed(RISK, test=[[1.0, "3"]] * 3), "test must be numbers, got '3'"),
    "true": (changed(RISK, test=[[1.0, True]] * 3), "test must be numbers, got 'True'"),
    "null": (changed(RISK, coordinates__ridge=[None]), "ridge must be numbers, got 'None'"),
    "a huge number": (changed(RISK, test=[[10**400, 1]] * 3), "too large"),
    "another shape": (changed(RISK, bias=[1.0, 2.0, 3.0, 4.0]), "bias must have shape (3, 2), got (4,)"),
    "another shape of a coordinate": (changed(RISK, coordinates__ridge=[1.0] * 5), "ridge must have shape"),
    "notes": (changed(RISK, notes="no list"), "notes must be a list of strings"),
    "experiment": (changed(RISK, experiment=3), "experiment must be an object, got 3"),
    "a model": (changed(RISK, models__estimator={"kind": "Rigde"}), "estimator.kind 'Rigde' is not known"),
    "a model's number": (changed(RISK, models__estimator__ridge="x"), "ridge must be a number"),
    "a model of a wrong type": (changed(RISK, models__data=3), "data must be a table or a description"),
    "means only": (changed(TRIALS, values=None), "means without the single trials, as format 1 did"),
    "no values": (changed(TRIALS, values={}), "values must have a field that was measured"),
    "trials that are missing": (changed(TRIALS, n_trials=6), "must have shape (6, 3, 2), got (5, 3, 2)"),
    "no trials": (changed(TRIALS, n_trials=0), "n_trials must be a whole number >= 1"),
    "a seed": (changed(TRIALS, rng="many"), "rng must be a whole number"),
    "label noise": (changed(TRIALS, label_noise="some"), "label_noise must be one of"),
    "fields": (changed(COMPARISON, theory={"test": 1.0}), "must have the same fields"),
    "judged": (changed(COMPARISON, judged=[[1, 0]] * 3), "judged must be true and false in shape (3, 2)"),
    "a curve": (changed(CURVE, identified=[True]), "identified must be true and false"),
}  # fmt: skip


class TestRefusals:
    @pytest.mark.parametrize(("text", "sentence"), REFUSED.values(), ids=REFUSED)
    def test_other_text(self, text, sentence):
        with pytest.raises(ValueError) as caught:  # noqa: PT011  (the sentence is looked at)
            read_json(text)
        assert str(caught.value).startswith("text is not an answer of riskcalc: ")
        assert sentence in str(caught.value)
        assert "\n" not in str(caught.value)

    def test_a_newer_format(self):
        text = changed(RISK, format=3, riskcalc="9.1", kind="something new")
        said = f"text was written by riskcalc 9.1 in format 3, and riskcalc {rc.__version__} reads formats up to 2; upd"
        with pytest.raises(ValueError, match=said):
            read_json(text)
        with pytest.raises(ValueError, match="in format many, and"):
            read_json(changed(RISK, format="many"))

    @given(st.data())
    def test_whatever_is_changed_in_it_is_a_value_error_or_an_answer(self, data):
        found = json.loads(to_json(data.draw(st.sampled_from([COMPARISON, CURVE]))))
        inner = found
        while True:
            keys = sorted(inner) if isinstance(inner, dict) else range(len(inner))
            key = data.draw(st.sampled_from(keys))
            if not isinstance(inner[key], (dict, list)) or not inner[key] or data.draw(st.booleans()):
                break
            inner = inner[key]
        inner[key] = data.draw(
            st.sampled_from([None, True, -1, 0.5, "x", "inf", [], {}, [[]], {"x": 1}, [1, [2]], {"kind": "Ridge"}])
        )
        try:
            answer = read_json(json.dumps(found))
        except ValueError as error:
            assert str(error).startswith(("text is not an answer of riskcalc: ", "text was written by"))  # noqa: PT017
        else:
            assert isinstance(answer, (rc.Comparison, rc.LearningCurve, rc.Risk, rc.Trials))


class TestFiles:
    def test_read(self, tmp_path):
        (tmp_path / "one.json").write_text(to_json(RISK) + "\n", encoding="utf-8")
        all_same(read(tmp_path / "one.json").fields, RISK.fields)

    def test_an_indented_file_is_read(self, tmp_path):
        (tmp_path / "one.json").write_text(json.dumps(json.loads(to_json(RISK)), indent=2))
        all_same(read(tmp_path / "one.json").fields, RISK.fields)

    def test_several_lines(self, tmp_path):
        path = tmp_path / "all.jsonl"
        path.write_text(f"{to_json(RISK)}\n{to_json(TRIALS)}\n\n", encoding="utf-8")
        assert isinstance(read(path, 1), rc.Risk)
        assert isinstance(read(path, line=2), rc.Trials)
        with pytest.raises(ValueError, match="holds 2 answers; choose one by its line, from 1 to 2"):
            read(path)
        for line in (0, 1.5):
            with pytest.raises(ValueError, match="line must be a whole number >= 1"):
                read(path, line)
        with pytest.raises(ValueError, match="line must be at most 2, the number of answers in"):
            read(path, 3)

    @pytest.mark.parametrize("contents", [b"", b"\n\n", b"\xff\xfe", b"\x00" * 9], ids=["empty", "blank", "bytes", "0"])
    def test_other_files(self, tmp_path, contents):
        (tmp_path / "x.json").write_bytes(contents)
        with pytest.raises(ValueError, match=r"x\.json is not an answer of riskcalc"):
            read(tmp_path / "x.json")

    def test_a_file_that_is_not_there(self, tmp_path):
        with pytest.raises(FileNotFoundError):
            read(tmp_path / "x.json")
