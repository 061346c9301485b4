"""What the page computes, without a browser: experiments made of controls, and their exports."""

import itertools
import socket
import subprocess
import sys
import tomllib
import urllib.request

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import riskcalc as rc
from riskcalc.explore.controls import Menu, linear, logarithmic
from riskcalc.explore.own_table import curve_of, curve_picture
from riskcalc.explore.parts import DATA, ESTIMATORS
from riskcalc.explore.serve import serve
from riskcalc.explore.state import State, inline, joined, picture
from riskcalc.explore.words import formula_of, number_of, point_table, sentence, sizes_of

PAIRS = [(data, name) for name, (partners, _) in ESTIMATORS.items() for data in partners]


def controls(data, estimator):
    return {**DATA[data].controls, **ESTIMATORS[estimator][1].controls}


def state(data, estimator, **changes):
    values = {
        name: control.options[control.value] if isinstance(control, Menu) else control.value
        for name, control in controls(data, estimator).items()
    }
    return State(data, estimator, values | changes)


@pytest.mark.parametrize(("data", "estimator"), PAIRS)
def test_the_curve_is_that_of_the_experiment_file_and_of_the_python(data, estimator):
    shown = state(data, estimator)
    risk = shown.predicted()
    names = {}
    exec(shown.python().rpartition("trials =")[0], names)
    assert_array_equal(names["risk"].test, risk.test)
    tables = tomllib.loads(shown.toml())
    assert rc.Experiment.of(rc.recipe.Recipe("file", tables)).predict().test.tolist() == risk.test.tolist()
    assert_allclose(shown.predicted_at(risk.coordinates["n_samples"][7]).test, risk.test[7], rtol=1e-12)


@pytest.mark.parametrize(("data", "estimator"), PAIRS)
def test_every_end_of_every_control_is_an_answer(data, estimator):
    for name, control in controls(data, estimator).items():
        ends = control.options.values() if isinstance(control, Menu) else (control.steps[0], control.steps[-1])
        for value in ends:
            shown = state(data, estimator, **{name: value})
            assert np.all(shown.predicted_at(max(37.0, shown.smallest)).test > 0), (name, value)


def test_defaults_are_steps_of_their_sliders():
    for data, estimator in PAIRS:
        for control in controls(data, estimator).values():
            assert control.value in (control.options if isinstance(control, Menu) else control.steps)


def test_steps_are_round_numbers():
    assert logarithmic(-1, 1, zero=True) == (0.0, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
    assert linear(0, 0.3, 4) == (0.0, 0.1, 0.2, 0.3)


def test_points_are_those_of_simulate():
    shown = state("Gaussian, isotropic", "ridge regression")
    points = joined([shown.simulated(n, 3) for n in (20, 50)])
    data, estimator = rc.GaussianData.isotropic(200.0, noise=0.25), rc.Ridge(2.0)
    expected = rc.simulate(data, estimator, [20, 50], n_trials=3, rng=0)
    assert_array_equal(points.test.values, expected.test.values)
    assert_array_equal(points.coordinates["n_samples"], [20, 50])


@pytest.mark.parametrize("form", ["svg", "pdf"])
def test_the_picture_is_the_same_bytes_for_the_same_state(form):
    shown = state("Gaussian, isotropic", "ridge regression")
    risk, points = shown.predicted(), joined([shown.simulated(n, 2) for n in (20, 50)])
    first, second = (picture(shown, risk, points, "test", form) for _ in range(2))
    assert first == second
    if form == "svg":
        element = inline(first)
        assert element.startswith("<svg")
        assert 'style="width: 100%; height: auto"' in element
        assert 'height="' not in element[: element.index(">")]


def test_numbers_at_a_point():
    shown = state("sphere", "kernel ridge regression")
    risk = shown.predicted_at(64.0)
    table = point_table(shown, "64")
    assert f'data-field="test">{float(risk.test):.10g}<' in table
    assert "ratio 3.2" in table


@pytest.mark.parametrize("typed", ["", "many", "-3", "0", "nan", "inf, 3", "1e9", ",".join(["10"] * 31)])
def test_bad_sizes_are_one_sentence(typed):
    answer, words = sentence(lambda: sizes_of(typed))
    assert answer is None
    assert words.startswith("sizes must be")
    assert "\n" not in words


def test_sizes():
    assert sizes_of("20, 50,20.4 ,400") == [20.0, 50.0, 400.0]
    with pytest.raises(ValueError, match=r"^number of samples n must be a number above 0, got 'x'$"):
        number_of("number of samples n", "x")


def test_each_estimator_shows_its_formula_and_sources():
    for name in ESTIMATORS:
        shown = formula_of(name)
        assert shown.count("$$") >= 2
        assert "@" in shown[shown.index("BibTeX") :]


def test_own_table():
    rng = np.random.default_rng(0)
    x = rng.standard_normal((60, 3))
    rows = "\n".join(",".join(map(str, row)) for row in np.column_stack([x, x[:, 0] + rng.standard_normal(60)]))
    curve = curve_of(f"a,b,c,y\n{rows}".encode(), "y", "none (ridge regression)")
    assert curve.n_rows == 60
    assert b"<svg" in curve_picture(curve)
    for content, target, words in (
        (b"", "y", "the file"),
        (f"a,b,c,y\n{rows}".encode(), "z", "z"),
        (b"a,y\n1,2\n", "y", "rows"),
    ):
        answer, said = sentence(lambda: curve_of(content, target, "RBF"))  # noqa: B023
        assert answer is None
        assert words in said
        assert "/tmp" not in said


def test_the_page_is_served_on_this_machine_only():
    command = [sys.executable, "-u", "-m", "riskcalc", "explore", "--no-browser"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            address = next(word for word in server.stdout.readline().split() if word.startswith("http"))
            assert address.startswith("http://127.0.0.1:")
            for _ in itertools.repeat(None, 100):
                try:
                    page = urllib.request.urlopen(address, timeout=10).read().decode()
                    break
                except OSError:
                    server.poll()
            assert "<title>riskcalc" in page
            others = {info[4][0] for info in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)}
            for other in others - {"127.0.0.1", "127.0.1.1"}:
                with pytest.raises(ConnectionError), socket.create_connection((other, int(address.rsplit(":")[-1])), 2):
                    pass
        finally:
            server.terminate()


def test_without_the_extra_the_sentence_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "marimo", None)
    with pytest.raises(ImportError, match=r'pip install "riskcalc\[explore\]"'):
        serve()
