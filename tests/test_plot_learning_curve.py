"""A learning curve's picture: what is drawn equals the arrays (kind a: identities)."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import matplotlib
import numpy as np
import pytest
from known_tables import CASES
from matplotlib.figure import Figure
from numpy.testing import assert_allclose, assert_array_equal

import riskcalc as rc
from riskcalc import plot
from riskcalc.hindsight import held_out_errors
from riskcalc.plot.learning_curve_axes import BEYOND

WAVES = next(case for case in CASES if case.name == "waves")
M = 100
DATA = WAVES.table(M, 3)
N = np.geomspace(20, 1600, 12)
RIDGES = [0.02, 0.3, 3.0]


@pytest.fixture
def ax():
    return Figure().subplots()


@pytest.fixture(scope="module")
def one():
    return rc.learning_curve(DATA, WAVES.estimator(0.3), N)


@pytest.fixture(scope="module")
def several():
    return rc.learning_curve(DATA, WAVES.estimator(RIDGES), N[:, None])


def drawn(line):
    """The finite points of a line."""
    at, values = np.asarray(line.get_xdata()), np.asarray(line.get_ydata())
    return at[np.isfinite(values)], values[np.isfinite(values)]


def edges(band):
    """Sizes, lower and upper edge of a band without gaps."""
    (path,) = band.get_paths()
    points = path.vertices[:-1]
    at = np.unique(points[:, 0])
    sides = [points[points[:, 0] == x, 1] for x in at]
    return at, np.array([y.min() for y in sides]), np.array([y.max() for y in sides])


def on(points, at, values):
    """Whether every (at, value) is among the drawn points."""
    where = np.searchsorted(points[0], at)
    assert_array_equal(points[0][where], at)
    assert_allclose(points[1][where], values, rtol=1e-15)


def entries(ax):
    return ax.get_legend_handles_labels()[1]


def test_solid_where_determined_dashed_where_extrapolated(ax, one):
    assert 0 < one.identified.sum() < N.size
    found = plot.learning_curve(one, ax=ax)
    (solid,), (dashed,) = found.determined, found.extrapolated
    assert solid.get_linestyle() == "-"
    assert dashed.get_linestyle() == "--"
    inside = one.identified
    on(drawn(solid), N[inside], one.test[inside])
    on(drawn(dashed), N[~inside], one.test[~inside])
    end = float(one.n_identified[0])
    for line, edge in ((solid, -1), (dashed, 0)):
        at, values = drawn(line)
        assert_allclose(at[edge], end, rtol=1e-12)  # of a fixed ridge n/n_identified is a power law: no error at all
        assert_allclose(values[edge], np.exp(np.interp(np.log(end), np.log(N), np.log(one.test))), rtol=1e-12)
    assert drawn(solid)[0].size == inside.sum() + 1
    assert drawn(dashed)[0].size == (~inside).sum() + 1


def test_the_band_is_the_interval(ax, one):
    (band,) = plot.learning_curve(one, ax=ax).bands
    at, lower, upper = edges(band)
    on((at, lower), N, one.lower)
    on((at, upper), N, np.minimum(one.upper, BEYOND * one.test.max()))


def test_vertical_lines_and_their_labels(ax, one):
    found = plot.learning_curve(one, ax=ax)
    assert_array_equal(found.rows.get_xdata(), [M, M])
    (end,) = found.ends
    assert_allclose(end.get_xdata(), one.n_identified[0], rtol=1e-12)
    texts = [text.get_text() for text in found.labels]
    assert sorted(texts) == sorted([f"{M} rows", f"determined ≤ {float(f'{one.n_identified[0]:.3g}'):g}"])
    assert_array_equal([text.xy[0] for text in found.labels], sorted([M, end.get_xdata()[0]]))


def test_no_end_where_all_is_determined(ax):
    curve = rc.learning_curve(DATA, rc.Ridge(1.0), N)  # three columns
    assert curve.identified.all()
    found = plot.learning_curve(curve, ax=ax)
    assert found.ends == ()
    assert [text.get_text() for text in found.labels] == [f"{M} rows"]
    assert drawn(found.extrapolated[0])[0].size == 0
    assert entries(ax) == ["determined by the table", "90% interval"]


def test_one_colour_for_each_ridge(ax, several):
    found = plot.learning_curve(several, ax=ax)
    colors = [line.get_color() for line in found.determined]
    assert len(set(colors)) == 3
    assert [line.get_color() for line in found.extrapolated] == colors
    for k, (solid, dashed) in enumerate(zip(found.determined, found.extrapolated, strict=True)):
        inside = several.identified[:, k]
        on(drawn(solid), N[inside], several.test[inside, k])
        on(drawn(dashed), N[~inside], several.test[~inside, k])
    assert_allclose([line.get_xdata()[0] for line in found.ends], several.n_identified[0], rtol=1e-12)
    assert [text.get_text() for text in found.labels] == [f"{M} rows"]
    assert entries(ax) == ["λ = 0.02", "λ = 0.3", "λ = 3", "extrapolated", "90% interval", "last determined n"]


def test_a_ridge_per_row_is_named_so(ax):
    curve = rc.learning_curve(DATA, WAVES.estimator([1e-3, 1e-2]), N[:, None], ridge="per_row")
    plot.learning_curve(curve, ax=ax)
    assert entries(ax)[:2] == ["λ/n = 0.001", "λ/n = 0.01"]


def test_of_best_ridges_the_last_determined_size_is_one_of_the_grid(ax):
    curve = rc.learning_curve(DATA, WAVES.estimator(1.0), N, ridge="best")
    assert 0 < curve.identified.sum() < N.size
    found = plot.learning_curve(curve, ax=ax)
    last = N[np.flatnonzero(curve.identified)[-1]]
    assert_allclose([line.get_xdata()[0] for line in found.ends], last, rtol=1e-15)


def test_a_gap_in_what_is_determined(ax):
    """As best ridges that jump can leave it: its ends are the determined sizes beside it."""
    curve = rc.learning_curve(DATA, WAVES.estimator(1.0), N, ridge="best")
    flags = np.arange(N.size) < 8
    flags[[3, 4]] = False
    found = plot.learning_curve(replace(curve, identified=flags), ax=ax)
    assert_allclose([line.get_xdata()[0] for line in found.ends], N[[2, 5, 7]], rtol=1e-15)
    on(drawn(found.extrapolated[0]), N[~flags], curve.test[~flags])
    assert_array_equal(np.unique(drawn(found.determined[0])[0]), N[flags])
    (line,) = found.determined
    between = (line.get_xdata() > N[2]) & (line.get_xdata() < N[5])
    assert between.sum() == 2
    assert np.isnan(line.get_ydata()[between]).all()


@pytest.mark.parametrize("kind", ["trials", "hindsight"])
def test_measured_points(ax, several, kind):
    sizes, estimator = np.array([30.0, 60.0, 80.0])[:, None], WAVES.estimator(RIDGES)
    if kind == "trials":
        measured = held_out_errors(DATA, estimator, sizes, "fixed", 3, 0)
        mean, error = measured.test.mean, measured.test.standard_error
    else:
        measured = rc.hindsight(DATA, estimator, sizes, part=0.3, n_splits=1, n_trials=3)
        mean, error = measured.measured, measured.standard_error
    found = plot.learning_curve(several, ax=ax, measured=measured)
    assert len(found.points) == 3
    for k, bars in enumerate(found.points):
        points, _, (segments,) = bars.lines
        assert_array_equal(points.get_xdata(), sizes[:, 0])
        assert_array_equal(points.get_ydata(), mean[:, k])
        ends = np.array(segments.get_segments())
        assert_allclose((ends[:, 1, 1] - ends[:, 0, 1]) / 2, error[:, k], rtol=1e-9)
        assert points.get_color() == found.determined[k].get_color()
        assert points.get_linestyle() == "None"
    assert "measured ± s.e." in entries(ax)


def test_points_at_a_single_size_or_of_another_ridge(ax, several):
    measured = held_out_errors(DATA, WAVES.estimator([0.3, 7.0]), 60, "fixed", 3, 0)
    found = plot.learning_curve(several, ax=ax, measured=measured)
    known, other = found.points
    assert known.lines[0].get_color() == found.determined[1].get_color()
    assert other.lines[0].get_color() not in {line.get_color() for line in found.determined}
    assert entries(ax)[-1] == "λ = 7"
    assert_array_equal([bars.lines[0].get_ydata()[0] for bars in found.points], measured.test.mean)


def test_both_axes_are_logarithmic_and_the_curves_inside(ax, several):
    plot.learning_curve(several, ax=ax)
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "log")
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("number of samples n", "test error")
    low, high = ax.get_ylim()
    assert low < several.test.min() < several.test.max() < high <= BEYOND * several.test.max()
    assert low >= several.test.min() / BEYOND


def test_errors_of_zero_and_infinite_ones_are_drawn(ax):
    X = np.random.default_rng(0).standard_normal((60, 5))
    centred = X - X.mean(axis=0)
    exact = rc.learning_curve(rc.Dataset(centred, centred[:, 0]), rc.Ridge(0.0), [3, 30, 300])
    assert_array_equal(exact.test[1:], 0.0)
    assert_array_equal(drawn(plot.learning_curve(exact, ax=ax).determined[0])[1], exact.test)
    assert ax.get_yscale() == "linear"
    assert np.isfinite(ax.get_ylim()).all()
    noisy = rc.Dataset(X, X[:, 0] + np.random.default_rng(1).standard_normal(60))
    peak = rc.learning_curve(noisy, rc.Ridge(0.0), [3, 4, 5, 6, 30])
    assert np.isinf(peak.test[2])
    (line,) = plot.learning_curve(peak, ax=Figure().subplots()).determined
    assert np.isnan(line.get_ydata()).tolist() == [False, False, True, False, False]


def test_unordered_sizes_are_drawn_in_order(ax, one):
    backwards = rc.learning_curve(DATA, WAVES.estimator(0.3), N[::-1])
    found, straight = plot.learning_curve(backwards, ax=ax), plot.learning_curve(one, ax=Figure().subplots())
    assert_allclose(drawn(found.determined[0]), drawn(straight.determined[0]), rtol=1e-12)


def test_without_axes_a_finished_picture(tmp_path, several):
    before = dict(matplotlib.rcParams)
    measured = held_out_errors(DATA, WAVES.estimator(RIDGES), N[:3, None].round(), "fixed", 3, 0)
    found = plot.learning_curve(several, measured=measured)
    assert dict(matplotlib.rcParams) == before
    assert found.figure.get_size_inches().tolist() == [3.4, 2.7]
    digests = []
    for name in ("a.svg", "b.svg"):
        plot.save(found.figure, tmp_path / name)
        digests.append(hashlib.sha256((tmp_path / name).read_bytes()).hexdigest())
    assert digests[0] == digests[1]


@pytest.mark.parametrize("many", [False, True])
def test_nothing_is_cut_off_and_labels_are_apart(one, several, many):
    """Legend and labels lie inside the picture; no label overlaps another, and none the legend."""
    curve, ridges = (several, RIDGES) if many else (one, 0.3)
    sizes = np.array([30.0, 60.0]).reshape(-1, *[1] * (curve.test.ndim - 1))
    found = plot.learning_curve(
        curve, measured=held_out_errors(DATA, WAVES.estimator(ridges), sizes, "fixed", 3, 0)
    )  # fmt: skip
    figure = found.figure
    figure.draw_without_rendering()
    (legend,) = figure.legends
    boxes = [box.get_window_extent() for box in (legend, *found.labels, figure.axes[0].xaxis.label)]
    for box in boxes:
        assert box.x0 >= -1
        assert box.x1 <= figure.bbox.x1 + 1
        assert box.y0 >= -1
        assert box.y1 <= figure.bbox.y1 + 1
    for k, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[k + 1 :])


def test_bad_input(ax, one):
    with pytest.raises(TypeError, match="curve must be a LearningCurve"):
        plot.learning_curve(one.test, ax=ax)
    with pytest.raises(TypeError, match="measured must be a Hindsight or Trials"):
        plot.learning_curve(one, ax=ax, measured=one)
    with pytest.raises(ValueError, match="two points or more"):
        plot.learning_curve(rc.learning_curve(DATA, WAVES.estimator(0.3), 200), ax=ax)
