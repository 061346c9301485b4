"""Pictures: what is drawn equals the arrays (kind a: identities), and nothing else is touched."""

import matplotlib
import numpy as np
import pytest
from matplotlib.figure import Figure
from numpy.testing import assert_array_equal

import riskcalc as rc
from riskcalc import plot
from riskcalc.result import Measurement

N = np.array([40.0, 80.0, 100.0, 120.0, 200.0])
DATA = rc.GaussianData.isotropic(n_features=100, noise=0.25)
GRID = rc.Ridge([0, 1, 10])


@pytest.fixture
def ax():
    return Figure().subplots()


@pytest.fixture(scope="module")
def comparison():
    return rc.verify(DATA, GRID, N[:, None], n_trials=4, rng=0)


def finite(values):
    return np.where(np.isfinite(values), values, np.nan)


def drawn_points(bars):
    """Positions, means and half lengths of error bars, read off the artists."""
    data, _, (segments,) = bars.lines
    ends = np.array(segments.get_segments())
    return data.get_xdata(), data.get_ydata(), (ends[:, 1, 1] - ends[:, 0, 1]) / 2


def entries(ax):
    return ax.get_legend_handles_labels()[1]


def test_theory_is_a_line_through_the_arrays(ax):
    risk = rc.predict(DATA, GRID, N[:, None])
    artists = plot.risk_curve(risk, ax=ax)
    assert len(artists.lines) == 3
    assert artists.points == artists.areas == ()
    for k, line in enumerate(artists.lines):
        assert_array_equal(line.get_xdata(), N)
        assert_array_equal(line.get_ydata(), finite(risk.test[:, k]))
    assert entries(ax) == ["λ = 0", "λ = 1", "λ = 10", "n = rank = 100"]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("number of samples n", "test error")


def test_inf_leaves_a_gap_and_only_there(ax):
    risk = rc.predict(DATA, rc.Ridge(0), N)
    assert np.isinf(risk.test).tolist() == [False, False, True, False, False]
    (line,) = plot.risk_curve(risk, ax=ax).lines
    assert_array_equal(np.isnan(line.get_ydata()), np.isinf(risk.test))
    assert np.isfinite(ax.get_ylim()).all()


def test_simulation_is_points_with_one_standard_error(ax, comparison):
    artists = plot.risk_curve(comparison.trials, ax=ax)
    assert artists.lines == ()
    for k, bars in enumerate(artists.points):
        at, mean, error = drawn_points(bars)
        assert_array_equal(at, N)
        assert_array_equal(mean, comparison.trials.test.mean[:, k])
        np.testing.assert_allclose(error, comparison.trials.test.standard_error[:, k], rtol=1e-12)
        assert bars.lines[0].get_linestyle() == "None"


def test_a_comparison_is_both_in_one_colour_and_one_legend_entry(ax, comparison):
    artists = plot.risk_curve(comparison, ax=ax, field="train")
    assert len(artists.lines) == len(artists.points) == 3
    for k, (line, bars) in enumerate(zip(artists.lines, artists.points, strict=True)):
        assert_array_equal(line.get_ydata(), comparison.predicted["train"][:, k])
        assert_array_equal(drawn_points(bars)[1], comparison.trials.train.mean[:, k])
        assert line.get_color() == bars.lines[0].get_color()
        assert line.get_marker() == bars.lines[0].get_marker()
    assert entries(ax) == ["λ = 0", "λ = 1", "λ = 10", "n = rank = 100"]
    assert ax.get_ylabel() == "training error"


@pytest.mark.parametrize("theory_first", [True, False])
def test_two_calls_share_colours_entries_and_threshold(ax, comparison, theory_first):
    fine = rc.predict(DATA, GRID, np.arange(40, 201)[:, None])
    drawn = [plot.risk_curve(result, ax=ax) for result in (fine, comparison.trials)[:: 1 if theory_first else -1]]
    theory, simulation = drawn if theory_first else drawn[::-1]
    for line, bars in zip(theory.lines, simulation.points, strict=True):
        assert line.get_color() == bars.lines[0].get_color()
    assert len({line.get_color() for line in theory.lines}) == 3
    assert sorted(entries(ax)) == ["n = rank = 100", "λ = 0", "λ = 1", "λ = 10"]
    assert drawn[0].threshold is drawn[1].threshold


def test_other_labels_get_other_styles(ax):
    risk = rc.predict(DATA, rc.Ridge(1), N)
    lines = [plot.risk_curve(risk, ax=ax, label=label).lines[0] for label in ("a", "b")]
    lines += plot.risk_curve(risk, ax=ax, field="train").lines
    assert len({line.get_color() for line in lines}) == len({line.get_linestyle() for line in lines}) == 3
    assert entries(ax) == ["a", "n = rank = 100", "b", "training error"]


def test_a_label_goes_before_the_coordinates(ax):
    plot.risk_curve(rc.predict(DATA, GRID, N[:, None]), ax=ax, label="isotropic")
    assert entries(ax)[0] == "isotropic, λ = 0"


def test_properties_of_lines_and_points(ax, comparison):
    artists = plot.risk_curve(comparison, ax=ax, c="red", lw=3, ls=":", marker="x", alpha=0.5)
    for line, bars in zip(artists.lines, artists.points, strict=True):
        assert (line.get_color(), line.get_linewidth(), line.get_linestyle()) == ("red", 3, ":")
        assert (bars.lines[0].get_color(), bars.lines[0].get_marker()) == ("red", "x")
        assert (bars.lines[0].get_alpha(), bars.lines[0].get_linestyle()) == (0.5, "None")


def test_threshold_only_inside_the_range_and_against_n(ax):
    line = plot.risk_curve(rc.predict(DATA, rc.Ridge(1), N), ax=ax).threshold
    assert set(line.get_xdata()) == {100.0}
    assert plot.risk_curve(rc.predict(DATA, rc.Ridge(1), N[:2]), ax=Figure().subplots()).threshold is None
    assert plot.risk_curve(rc.predict(DATA, GRID, 100), ax=Figure().subplots(), x="ridge").threshold is None
    power_law = rc.GaussianData.power_law(1.5, 0.5)
    assert plot.risk_curve(rc.predict(power_law, rc.Ridge(1), N), ax=Figure().subplots()).threshold is None
    bare = rc.ridge_risk(rc.reduce(DATA, rc.Ridge(1)), N, 1.0)
    assert plot.risk_curve(bare, ax=Figure().subplots()).threshold is None
    table = rc.Dataset(np.random.default_rng(0).normal(size=(30, 5)), np.arange(30.0))
    artists = plot.risk_curve(rc.predict(table, rc.Ridge(1), [3, 10]), ax=Figure().subplots())
    assert set(artists.threshold.get_xdata()) == {5.0}


def test_zipped_coordinates_are_one_curve(ax):
    risk = rc.predict(DATA, rc.Ridge(N[::-1] / 10), N)
    (line,) = plot.risk_curve(risk, ax=ax).lines
    assert_array_equal(line.get_xdata(), N)
    assert_array_equal(line.get_ydata(), risk.test)
    (line,) = plot.risk_curve(risk, ax=Figure().subplots(), x="ridge").lines
    assert_array_equal(line.get_xdata(), N / 10)
    assert_array_equal(line.get_ydata(), risk.test[::-1])


def test_coordinates_that_vary_along_x_and_across(ax):
    plot.risk_curve(rc.predict(DATA.replace(noise=[0.1, 0.2]), rc.Ridge(N[:, None] * [1, 2]), N[:, None]), ax=ax)
    assert entries(ax)[:2] == ["λ = 40 … 200, τ² = 0.1", "λ = 80 … 400, τ² = 0.2"]


def test_unsorted_sizes_are_drawn_in_order(ax):
    order = np.array([3, 0, 4, 1, 2])
    risk = rc.predict(DATA, GRID, N[order][:, None])
    line = plot.risk_curve(risk, ax=ax).lines[1]
    assert_array_equal(line.get_xdata(), N)
    assert_array_equal(line.get_ydata(), rc.predict(DATA, rc.Ridge(1), N).test)


def test_x_along_another_axis(ax):
    risk = rc.predict(DATA, GRID, N[:2, None])
    artists = plot.risk_curve(risk, ax=ax, x="ridge")
    assert_array_equal([line.get_ydata() for line in artists.lines], risk.test)
    assert entries(ax) == ["n = 40", "n = 80"]
    assert ax.get_xlabel() == "ridge λ"


def test_three_axes(ax):
    risk = rc.predict(DATA.replace(noise=[[0.0], [1.0]]), GRID, N[:, None, None])
    artists = plot.risk_curve(risk, ax=ax)
    assert_array_equal([line.get_ydata() for line in artists.lines], finite(risk.test.reshape(5, 6).T))
    assert entries(ax)[4] == "λ = 1, τ² = 1"


@pytest.mark.parametrize(
    ("n_samples", "ridge", "x", "scale"),
    [
        ([10, 316], 1, "n_samples", "linear"),
        ([10, 317], 1, "n_samples", "log"),
        ([0, 10, 317], 1, "n_samples", "symlog"),
        (100, [0, 0.1, 10], "ridge", "symlog"),
    ],
)
def test_scale_of_x(ax, n_samples, ridge, x, scale):
    plot.risk_curve(rc.predict(DATA, rc.Ridge(ridge), n_samples), ax=ax, x=x)
    assert ax.get_xscale() == scale


def test_scale_of_y(ax):
    values = np.array([0.1, 10.0, np.inf])
    risk = rc.Risk(test=values, train=np.array([0.0, 0.1, 10.0]), coordinates={"n_samples": N[:3]})
    plot.risk_curve(risk, ax=ax, field="train")
    assert ax.get_yscale() == "linear"
    plot.risk_curve(risk, ax=ax)
    assert ax.get_yscale() == "log"
    plot.risk_curve(risk, ax=ax, xscale="log", yscale="linear")
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "linear")
    negative = rc.Risk(test=N[:3], train=N[:3], coordinates={"ridge": np.array([-1.0, 0.1, 10.0])})
    ax = Figure().subplots()
    plot.risk_curve(negative, ax=ax)
    assert ax.get_xscale() == "linear"


def test_a_conjecture_and_a_measure_of_ones_own(ax):
    trials = rc.simulate(DATA, rc.Ridge(1), N, n_trials=2, rng=0, measures={"size_squared": lambda fit: 1.0})
    artists = plot.risk_curve(rc.compare({"test": 2.0}, trials), ax=ax)
    assert_array_equal(artists.lines[0].get_ydata(), np.full(5, 2.0))
    artists = plot.risk_curve(trials, ax=Figure().subplots(), field="size_squared", label=None)
    assert artists.points[0].lines[0].axes.get_ylabel() == "size squared"


def test_decomposition_stacks_to_the_test_error(ax):
    risk = rc.predict(DATA, rc.Ridge(0), N)
    artists = plot.decomposition(risk, ax=ax)
    edge = np.zeros(5)
    for name, area in zip(("bias", "variance", "noise"), artists.areas, strict=True):
        edge = edge + risk.fields[name]
        corners = np.concatenate([path.vertices for path in area.get_paths()])
        for n, y in zip(N, edge, strict=True):
            at_n = corners[corners[:, 0] == n, 1]
            assert at_n.max() == y if np.isfinite(y) else at_n.size == 0
    np.testing.assert_allclose(edge, risk.test, rtol=1e-14)
    assert sorted(entries(ax)) == ["bias", "n = rank = 100", "noise", "variance"]
    assert set(artists.threshold.get_xdata()) == {100.0}
    assert ax.get_ylabel() == "test error"


def test_styles_can_be_told_apart_in_grey_and_beyond_the_end_of_the_cycle(ax):
    lines = plot.risk_curve(rc.predict(DATA, rc.Ridge(np.arange(9.0)), N[:, None]), ax=ax).lines
    grey = [np.dot(matplotlib.colors.to_rgb(line.get_color()), [0.299, 0.587, 0.114]) for line in lines[:7]]
    for k in range(6):
        assert abs(grey[k] - grey[k + 1]) > 0.1
        assert lines[k].get_linestyle() != lines[k + 1].get_linestyle()
    assert lines[7].get_color() == lines[0].get_color()


@pytest.mark.parametrize(
    ("result", "options", "sentence"),
    [
        (rc.predict(DATA, rc.Ridge(1), 50), {}, "two points or more along a coordinate, got shape ()"),
        (rc.predict(DATA, rc.Ridge(1), [50]), {}, "two points or more along a coordinate, got shape (1,)"),
        (rc.predict(DATA, rc.Ridge(1), []), {}, "two points or more along a coordinate, got shape (0,)"),
        (rc.Risk(test=N, train=N), {}, "two points or more along a coordinate, got shape (5,)"),
        (rc.predict(DATA, rc.Ridge(1), N), {"x": "ridge"}, "varies along one axis (n_samples), got 'ridge'"),
        (rc.predict(DATA, rc.Ridge(1), N), {"x": "width"}, "varies along one axis (n_samples), got 'width'"),
        (
            rc.predict(DATA, rc.Ridge(N[:, None] * [1, 2]), N[:, None]),
            {"x": "ridge"},
            "varies along one axis (n_samples), got 'ridge'",
        ),
        (rc.predict(DATA, rc.Ridge(1), N), {"field": "tests"}, "field must be one of test, train, bias, variance"),
    ],
)
def test_what_cannot_be_drawn_is_refused_with_a_sentence(ax, result, options, sentence):
    with pytest.raises(ValueError, match="must") as error:
        plot.risk_curve(result, ax=ax, **options)
    assert sentence in str(error.value)
    assert not ax.lines


def test_decompositions_that_are_refused(ax, comparison):
    without = rc.finite_population_risk([1.0, 2.0, 3.0], [1.0, 1.0, 1.0], [1, 2], 1.0)
    for risk in (without, comparison):
        with pytest.raises(ValueError, match="risk must be a Risk with bias, variance and noise to be decomposed, got"):
            plot.decomposition(risk, ax=ax)
    with pytest.raises(ValueError, match="risk must be one curve, got 3 \\(λ = 0; λ = 1; λ = 10\\); choose one"):
        plot.decomposition(comparison.prediction, ax=ax)


def test_a_field_that_was_not_measured(ax):
    trials = rc.Trials({"train": Measurement(np.ones((2, 5)))}, {"n_samples": N}, DATA, rc.Ridge(1), 2)
    with pytest.raises(ValueError, match=r"^field must be one of train, got 'test'$"):
        plot.risk_curve(trials, ax=ax)
