"""Theory against simulation with its panel of z, and bands of the spread: what is drawn equals the arrays."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from numpy.testing import assert_allclose, assert_array_equal

import riskcalc as rc
from riskcalc import plot

N = np.array([20.0, 50.0, 100.0])
DATA = rc.GaussianData.isotropic(n_features=50, noise=0.25)


@pytest.fixture(scope="module")
def comparison() -> rc.Comparison:
    return rc.verify(DATA, rc.Ridge([0, 1.0]), N[:, None], n_trials=6, rng=0)


@pytest.fixture
def axes() -> Any:
    return Figure().subplots(2, 1, sharex=True)


def ends_of(stems: Any) -> np.ndarray:
    """Where the thin lines start and end, shape (points, 2); a line that is not there is nan."""
    return np.array([path.vertices[:, 1] for path in stems.get_paths()])


def test_the_panel_shows_the_excess_with_its_sign_and_the_way_to_z(comparison: rc.Comparison, axes: Any) -> None:
    shifted = {"test": comparison.predicted["test"] * [0.9, 1.3]}
    comparison = rc.compare(shifted, comparison.trials, allowance=0.5)
    artists = plot.comparison(comparison, axes=axes)
    z, excess = comparison.z["test"], comparison.excess_z["test"]
    assert (z[:, 1] < 0).all()
    assert (z[comparison.judged[:, 0], 0] > 0).all()
    assert (0 < excess)[comparison.judged].any()
    assert (excess < np.abs(z))[comparison.judged].all()
    for k, (filled, hollow, stems) in enumerate(zip(artists.judged, artists.unjudged, artists.allowances, strict=True)):
        signed = np.where(comparison.judged[:, k], np.sign(z[:, k]) * excess[:, k], np.nan)
        assert_array_equal(filled.get_xdata(), N)
        assert_array_equal(filled.get_ydata(), signed)
        assert np.isnan(hollow.get_ydata()).all()  # at n = rank z is infinite, elsewhere all is judged
        assert_allclose(
            ends_of(stems)[comparison.judged[:, k]], np.stack([signed, z[:, k]], 1)[comparison.judged[:, k]]
        )
        points = artists.curves.points[k].lines[0]
        assert (filled.get_color(), filled.get_marker()) == (points.get_color(), points.get_marker())
    assert [line.get_ydata()[0] for line in artists.limits] == [-comparison.limit, comparison.limit]


def test_the_upper_axes_have_the_curves_and_the_lower_ones_the_name(comparison: rc.Comparison, axes: Any) -> None:
    artists = plot.comparison(comparison, axes=axes, field="train")
    for k, line in enumerate(artists.curves.lines):
        assert_array_equal(line.get_ydata(), comparison.predicted["train"][:, k])
    assert [ax.get_xlabel() for ax in axes] == ["", "number of samples n"]
    assert [ax.get_ylabel() for ax in axes] == ["training error", "z"]
    apart = Figure().subplots(1, 2)
    wide = rc.verify(DATA, rc.Ridge(1.0), [4, 60, 200], n_trials=3, rng=0)
    plot.comparison(wide, axes=apart)
    assert [ax.get_xlabel() for ax in apart] == ["number of samples n"] * 2
    assert [ax.get_xscale() for ax in apart] == ["log"] * 2
    assert apart[0].get_xlim() == apart[1].get_xlim()


def test_nothing_promised_is_hollow(comparison: rc.Comparison, axes: Any) -> None:
    nothing = {name: np.where(comparison.judged, np.inf, 0.0) for name in comparison.allowances}
    artists = plot.comparison(replace(comparison, allowances=nothing), axes=axes)
    for k, (filled, hollow) in enumerate(zip(artists.judged, artists.unjudged, strict=True)):
        assert np.isnan(filled.get_ydata()).all()
        z = comparison.z["test"][:, k]
        assert_array_equal(hollow.get_ydata(), np.where(np.isfinite(z), z, np.nan))
        assert hollow.get_markerfacecolor() == "none"


def test_a_theory_that_is_refused_is_beyond_the_line_and_in_the_picture(comparison: rc.Comparison, axes: Any) -> None:
    wrong = rc.compare({"test": 2 * comparison.predicted["test"]}, comparison.trials, allowance=1e-9)
    assert not wrong.agrees
    drawn = np.concatenate([line.get_ydata() for line in plot.comparison(wrong, axes=axes).judged])
    assert np.nanmax(np.abs(drawn)) == wrong.worst > wrong.limit
    assert axes[1].get_ylim()[1] > wrong.worst


def test_an_infinite_z_is_at_the_edge(comparison: rc.Comparison, axes: Any) -> None:
    constant = rc.simulate(DATA, rc.Ridge(1.0), N, n_trials=3, rng=0, measures={"one": lambda fit: 1.0})
    found = rc.compare({"one": [1.0, 2.0, 0.5]}, constant, allowance=0)
    assert_array_equal(found.excess_z["one"], [0, np.inf, np.inf])
    artists = plot.comparison(found, axes=axes, field="one")
    edge = axes[1].get_ylim()[1]
    assert_array_equal(artists.judged[0].get_ydata(), [0, -edge, edge])
    assert not artists.judged[0].get_clip_on()


def test_panels_that_are_refused(comparison: rc.Comparison, axes: Any) -> None:
    with pytest.raises(TypeError, match=r"^comparison must be a Comparison"):
        plot.comparison(comparison.trials, axes=axes)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"^axes must be two, for the curves and for z below, got 1"):
        plot.comparison(comparison, axes=axes[:1])
    with pytest.raises(ValueError, match=r"^field must be one of test, train, .*, got 'norm'"):
        plot.comparison(comparison, axes=axes, field="norm")
    assert not axes[0].lines


def test_a_finished_picture_with_a_panel(comparison: rc.Comparison) -> None:
    picture = plot.figure(comparison, title="isotropic", z=True)
    upper, lower = picture.axes
    assert upper.get_title() == "isotropic"
    assert lower.get_ylabel() == "z"
    assert [text.get_text() for text in upper.get_legend().get_texts()] == ["λ = 0", "λ = 1", "n = rank = 50"]
    assert len(plot.figure(comparison).axes) == 1
    for results in ((comparison, comparison), (comparison.trials,), ()):
        with pytest.raises(TypeError, match=rf"^results must be one Comparison for a panel of z, got {len(results)}"):
            plot.figure(*results, z=True)


def band_of(area: Any) -> tuple[np.ndarray, np.ndarray]:
    """Lower and upper edge of a band at each x that it covers, from its corners."""
    corners = np.concatenate([path.vertices for path in area.get_paths()])
    at = np.unique(corners[:, 0])
    return at, np.array([[f(corners[corners[:, 0] == x, 1]) for f in (np.min, np.max)] for x in at])


@pytest.mark.parametrize(("spread", "name"), [(True, "test"), ("bias", "bias")])
def test_a_band_is_one_standard_deviation_to_both_sides(spread: bool | str, name: str) -> None:
    n = np.array([20.0, 30.0, 50.0, 100.0, 120.0])
    risk = rc.predict(DATA, rc.Ridge([0, 1.0]), n[:, None])
    ax = Figure().subplots()
    artists = plot.risk_curve(risk, ax=ax, spread=spread)
    for k, band in enumerate(artists.bands):
        shown = np.isfinite(risk.test[:, k])
        value, sigma = risk.test[shown, k], risk.spread[name][shown, k]
        at, edges = band_of(band)
        assert_array_equal(at, n[shown])
        assert_allclose(edges, np.stack([value - sigma, value + sigma], axis=1))
        assert band.get_facecolor()[0, :3] == pytest.approx(to_rgb(artists.lines[k].get_color()))
    assert ax.get_legend_handles_labels()[1] == ["λ = 0", "± spread of one experiment", "λ = 1", "n = rank = 50"]
    assert len(artists.bands) == 2
    assert plot.risk_curve(risk, ax=Figure().subplots()).bands == ()


def test_a_comparison_has_the_band_of_its_prediction(comparison: rc.Comparison) -> None:
    (_, band) = plot.risk_curve(comparison, ax=Figure().subplots(), spread="bias").bands
    value, sigma = comparison.predicted["test"][:, 1], comparison.prediction.spread["bias"][:, 1]
    assert_allclose(band_of(band)[1], np.stack([value - sigma, value + sigma], axis=1))


def test_bands_that_are_refused(comparison: rc.Comparison) -> None:
    ax = Figure().subplots()
    without = rc.predict(rc.SphereData(10, rc.targets.DegreeEnergies({1: 1.0})), rc.KernelRidge(rc.kernels.RBF(), 1), N)
    for result in (without, comparison.trials, rc.compare({"test": 1.0}, comparison.trials)):
        with pytest.raises(ValueError, match=r"^spread must be left out where theory has none"):
            plot.risk_curve(result, ax=ax, spread=True)
    with pytest.raises(ValueError, match=r"^spread must be that of one of test, bias, got 'train'$"):
        plot.risk_curve(comparison, ax=ax, field="train", spread=True)
    assert not ax.lines
