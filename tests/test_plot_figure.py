"""Finished pictures and their files: nothing else is touched, and the same call gives the same bytes."""

import hashlib
import os
import subprocess
import sys

import matplotlib
import numpy as np
import pytest
from matplotlib.figure import Figure

import riskcalc as rc
from riskcalc import plot

N = np.array([40.0, 80.0, 100.0, 120.0, 200.0])
DATA = rc.GaussianData.isotropic(n_features=100, noise=0.25)
GRID = rc.Ridge([0, 1, 10])


@pytest.fixture
def ax():
    return Figure().subplots()


@pytest.fixture(scope="module")
def comparison():
    return rc.verify(DATA, GRID, N[:, None], n_trials=4, rng=0)


def test_nothing_else_is_touched(tmp_path, comparison):
    before = dict(matplotlib.rcParams)
    ax = Figure().subplots()
    limits, title = ax.get_position().bounds, ax.get_title()
    ax.set_xlabel("mine")
    artists = plot.risk_curve(comparison, ax=ax)
    bars = [part for bar in artists.points for part in (bar.lines[0], *bar.lines[2])]
    assert set(ax.get_children()) >= {*artists.lines, *bars, artists.threshold}
    assert len(ax.lines) == 7
    assert len(ax.collections) == 3
    assert (ax.get_position().bounds, ax.get_title(), ax.get_legend(), ax.get_xlabel()) == (limits, title, None, "mine")
    plot.save(plot.figure(comparison), tmp_path / "a.png")
    assert dict(matplotlib.rcParams) == before


def test_import_needs_no_matplotlib_and_drawing_no_pyplot(tmp_path):
    code = """
import sys
import riskcalc as rc
from riskcalc import plot
assert "matplotlib" not in sys.modules
figure = plot.figure(rc.predict(rc.GaussianData.isotropic(100), rc.Ridge([1, 2]), [[50], [200]]))
plot.save(figure, sys.argv[1])
assert "matplotlib.pyplot" not in sys.modules
"""
    subprocess.run([sys.executable, "-W", "error", "-c", code, tmp_path / "a.svg"], check=True)


def test_without_matplotlib_one_sentence(monkeypatch, ax):
    risk = rc.predict(DATA, rc.Ridge(1), N)
    picture = ax.figure
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    calls = [
        lambda: plot.risk_curve(risk, ax=ax),
        lambda: plot.decomposition(risk, ax=ax),
        lambda: plot.figure(risk),
        lambda: plot.save(picture, "a.svg"),
        lambda: plot.risk_map(risk, ax=ax, x="n_samples", y="ridge"),
        lambda: plot.spectrum(rc.MarchenkoPastur(0.5), ax=ax),
        lambda: plot.scaling(risk, ax=ax),
        lambda: plot.staircase([risk], ax=ax),
        lambda: plot.phase_diagram(2.0, 0.5, [0.5, 1.0], [0.5, 1.0], ax=ax),
        lambda: plot.comparison(risk, axes=(ax, ax)),
    ]
    for call in calls:
        with pytest.raises(ImportError, match=r"^drawing needs matplotlib: pip install 'riskcalc\[plot\]'$"):
            call()


@pytest.mark.parametrize("suffix", ["pdf", "svg", "png"])
def test_the_same_call_gives_the_same_bytes_whatever_the_time_and_the_users_settings(tmp_path, comparison, suffix):
    def digest(path):
        return hashlib.sha256(path.read_bytes()).hexdigest()

    plot.save(plot.figure(comparison, title="a"), tmp_path / f"a.{suffix}")
    code = """
import sys
import matplotlib
import numpy as np
import riskcalc as rc
from riskcalc import plot
matplotlib.rcParams.update({"font.size": 20, "svg.hashsalt": "other", "lines.linewidth": 9})
data, ridges, n = rc.GaussianData.isotropic(n_features=100, noise=0.25), rc.Ridge([0, 1, 10]), [40, 80, 100, 120, 200]
plot.save(plot.figure(rc.verify(data, ridges, np.array(n)[:, None], n_trials=4, rng=0), title="a"), sys.argv[1])
"""
    environment = os.environ | {"SOURCE_DATE_EPOCH": "1", "PYTHONHASHSEED": "5"}
    subprocess.run([sys.executable, "-c", code, tmp_path / f"b.{suffix}"], check=True, env=environment)
    assert digest(tmp_path / f"a.{suffix}") == digest(tmp_path / f"b.{suffix}")


def test_figure_has_title_and_legend(comparison):
    picture = plot.figure(comparison, title="isotropic")
    legend = picture.axes[0].get_legend()
    assert [text.get_text() for text in legend.get_texts()] == ["λ = 0", "λ = 1", "λ = 10", "n = rank = 100"]
    assert legend.get_title().get_text() == "line: theory\npoints: simulation ± s.e."
    assert picture.axes[0].get_title() == "isotropic"
    assert plot.figure(comparison.prediction).axes[0].get_legend().get_title().get_text() == ""


def test_a_long_legend_goes_below(comparison):
    picture = plot.figure(rc.predict(DATA, rc.Ridge(np.arange(8.0)), N[:, None]), comparison.trials)
    assert picture.axes[0].get_legend() is None
    assert len(picture.legends[0].get_texts()) == 10


@pytest.mark.parametrize("name", ["a.jpg", "a", "svg", "a.pdf.gz"])
def test_unknown_suffix(tmp_path, name):
    with pytest.raises(ValueError, match=r"^path must end in \.pdf, \.png or \.svg, got '.*'$"):
        plot.save(Figure(), tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_a_file_is_written_wholly_or_not_at_all(tmp_path, monkeypatch):
    path = tmp_path / "A.SVG"
    plot.save(Figure(), path)
    before = path.read_bytes()

    def full(self, data):
        with open(self, "wb") as file:
            file.write(data[:10])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.write_bytes", full)
    with pytest.raises(OSError, match="No space left"):
        plot.save(Figure(figsize=(1, 1)), path)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["A.SVG"]


def test_a_picture_ends_above_the_finite_values_of_theory():
    """At n = rank theory is inf, and what a simulation measures there would flatten all the rest."""
    data = rc.GaussianData.isotropic(n_features=20, noise=0.25)
    comparison = rc.verify(data, rc.Ridge([0, 1.0]), np.array([10, 20, 40])[:, None], n_trials=4, rng=0)
    finite = comparison.predicted["test"][np.isfinite(comparison.predicted["test"])]
    assert comparison.trials.test.mean.max() > 3 * finite.max()
    assert plot.figure(comparison).axes[0].get_ylim()[1] == pytest.approx(3 * finite.max())
