"""The map of widths and sample sizes: its numbers, and the threshold N = n as far as there is one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure
from numpy.testing import assert_array_equal

import riskcalc as rc
from riskcalc import plot

RELU = {"mu1": 0.5, "mu_star_squared": 0.25 - 0.5 / np.pi, "linear_energy": 1.0, "noise": 0.25}
DATA = rc.GaussianData.isotropic(n_features=100, noise=0.25)
SPHERE = rc.SphereData(8, rc.targets.DegreeEnergies({1: 1.0}), noise=0.1)


@pytest.fixture
def ax() -> Any:
    return Figure().subplots()


@pytest.mark.parametrize(("x", "y"), [("psi2", "psi1"), ("psi1", "psi2")])
def test_ratios_with_their_threshold(ax: Any, x: str, y: str) -> None:
    psi1, psi2 = np.geomspace(0.2, 8, 7), np.geomspace(0.1, 5, 9)
    risk = rc.limits.mei_montanari(psi1[:, None], psi2, 0, **RELU)
    artists = plot.risk_map(risk, ax=ax, x=x, y=y)
    shown = artists.mesh.get_array()
    assert_array_equal(shown, risk.test if x == "psi2" else risk.test.T)
    for values in artists.threshold.get_data():  # type: ignore[union-attr]
        assert_array_equal(values, [0.2, 5])
    assert artists.threshold.get_label() == "N = n"  # type: ignore[union-attr]
    names = {"psi1": "width per input ψ₁", "psi2": "samples per input ψ₂"}
    assert (ax.get_xlabel(), ax.get_ylabel()) == (names[x], names[y])
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "log")


def test_the_error_is_infinite_on_the_threshold_and_nowhere_else(ax: Any) -> None:
    psi = np.array([0.5, 1.0, 2.0, 4.0])
    mesh = plot.risk_map(rc.limits.mei_montanari(psi[:, None], psi, 0, **RELU), ax=ax, x="psi2", y="psi1").mesh
    assert_array_equal(np.ma.getmaskarray(mesh.get_array()), np.eye(4, dtype=bool))


@pytest.mark.parametrize(
    ("activation", "end"),
    [(rc.activations.ReLU(), 300.0), (rc.activations.Linear(), 8.0)],  # rank inf, and d
)
def test_the_threshold_of_a_pair_ends_at_the_rank_of_its_kernel(ax: Any, activation: Any, end: float) -> None:
    features = rc.RandomFeatureRidge(activation, width=np.array([3.0, 30.0, 300.0])[:, None], ridge=1e-3)
    risk = rc.predict(SPHERE, features, [2.0, 20.0, 200.0, 2000.0])
    artists = plot.risk_map(risk, ax=ax, x="n_samples", y="width")
    assert_array_equal(artists.threshold.get_xdata(), [3.0, end])  # type: ignore[union-attr]
    assert ax.get_ylabel() == "width N"


def test_there_is_no_threshold_where_the_diagonal_or_the_width_is_missing(ax: Any) -> None:
    apart = rc.limits.mei_montanari(np.array([[1.0], [2.0]]), [3.0, 4.0], 0.1, **RELU)
    assert plot.risk_map(apart, ax=ax, x="psi2", y="psi1").threshold is None
    ridges = rc.limits.mei_montanari(2.0, np.array([[3.0], [4.0]]), [0.1, 1.0], **RELU)
    assert plot.risk_map(ridges, ax=ax, x="psi2", y="ridge").threshold is None
    linear = rc.predict(rc.GaussianData.isotropic(10, noise=1), rc.Ridge([1.0, 2.0]), np.array([[3.0], [4.0]]))
    assert plot.risk_map(linear, ax=ax, x="n_samples", y="ridge").threshold is None


def test_a_finished_map_names_its_lines_below() -> None:
    psi = np.geomspace(0.2, 5, 6)
    picture = plot.map_figure(rc.limits.mei_montanari(psi[:, None], psi, 0.1, **RELU), x="psi2", y="psi1", title="a")
    assert [text.get_text() for text in picture.legends[0].get_texts()] == ["best width per input", "N = n"]
    assert picture.axes[0].get_legend() is None
    assert picture.axes[1].get_ylabel() == "test error"


def test_a_map_shows_the_table_in_ascending_order_and_its_smallest_values(ax: Any) -> None:
    n, ridge = np.array([200.0, 50.0, 100.0]), np.geomspace(100, 1, 21)
    risk = rc.predict(DATA, rc.Ridge(ridge), n[:, None])
    artists = plot.risk_map(risk, ax=ax, x="n_samples", y="ridge")
    shown = artists.mesh.get_array().reshape(21, 3)
    assert_array_equal(shown, risk.test[np.ix_([1, 2, 0], np.arange(21)[::-1])].T)
    assert_array_equal(artists.best.get_xdata(), [50, 100, 200])
    assert np.abs(np.log(artists.best.get_ydata() / 25)).max() < np.log(100) / 40  # half a step of the grid
    assert ax.get_yscale() == "log"
    assert ax.get_xscale() == "linear"


def test_a_map_of_other_axes_is_the_transpose(ax: Any) -> None:
    risk = rc.predict(DATA, rc.Ridge([0.0, 1.0, 10.0]), np.array([50.0, 100.0])[:, None])
    first = plot.risk_map(risk, ax=ax, x="n_samples", y="ridge").mesh.get_array().reshape(3, 2)
    second = plot.risk_map(risk, ax=Figure().subplots(), x="ridge", y="n_samples").mesh.get_array().reshape(2, 3)
    assert_array_equal(first.filled(-1), second.filled(-1).T)
    assert first.mask.sum() == 1  # inf at n = rank, ridge 0


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"x": "n_samples", "y": "n_samples"}, "a grid of n_samples and n_samples alone"),
        ({"x": "n_samples", "y": "ridge", "field": "risk"}, "field must be one of test, train"),
        ({"x": "n_samples", "y": "width"}, "x must be a coordinate that varies along one axis"),
    ],
)
def test_maps_that_are_refused(ax: Any, options: dict[str, str], sentence: str) -> None:
    risk = rc.predict(DATA, rc.Ridge([1.0, 10.0]), np.array([50.0, 100.0])[:, None])
    with pytest.raises(ValueError, match=sentence):
        plot.risk_map(risk, ax=ax, **options)


def test_a_map_has_no_infinite_axis(ax: Any) -> None:
    risk = rc.predict(DATA, rc.GradientFlow([1.0, np.inf]), np.array([50.0, 200.0])[:, None])
    with pytest.raises(ValueError, match=r"^time must be finite to be an axis of a map, got inf; leave it out"):
        plot.risk_map(risk, ax=ax, x="n_samples", y="time")


def test_a_map_has_no_best_where_all_is_infinite(ax: Any) -> None:
    """The noise of an interpolator at n = rank: inf whatever the noise is."""
    risk = rc.predict(DATA.replace(noise=[1.0, 2.0]), rc.Ridge(0.0), np.array([50.0, 100.0, 200.0])[:, None])
    best = plot.risk_map(risk, ax=ax, x="n_samples", y="noise").best.get_ydata()
    assert_array_equal(best, [1.0, np.nan, 1.0])
