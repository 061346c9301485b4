"""The picture of a lazy experiment: what is drawn equals the arrays, and the guides have the promised slopes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure
from numpy.testing import assert_allclose, assert_array_equal

import riskcalc as rc
from riskcalc import plot

X = np.random.default_rng(0).standard_normal((5, 4))
LABELS = ["displacement of the weights", "relative change of the kernel", "gap to the linearised flow"]


@pytest.fixture(scope="module")
def generic() -> rc.LazyExperiment:
    return rc.lazy_experiment(rc.activations.Tanh(), X, X[:, 0], 40, [64.0, 1.0, 8.0, 1e4], rng=0)


@pytest.fixture
def ax() -> Any:
    return Figure().subplots()


def test_lines_are_the_arrays_in_the_order_of_the_scales(generic: rc.LazyExperiment, ax: Any) -> None:
    artists = plot.lazy(generic, ax=ax)
    order = [1, 2, 0, 3]
    for line, name, label in zip(artists.lines, ("displacement", "kernel_change", "gap"), LABELS, strict=True):
        assert_array_equal(line.get_xdata(), [1, 8, 64, 1e4])
        assert_array_equal(line.get_ydata(), getattr(generic, name)[order])
        assert line.get_label() == label
    assert (ax.get_xscale(), ax.get_yscale(), ax.get_xlabel()) == ("log", "log", "scale α")
    assert ax.get_legend_handles_labels()[1] == [*LABELS, "slope −1", "ρ = 1"]
    assert_allclose(artists.threshold.get_xdata(), generic.laziness_ratio[0] * 64)  # type: ignore[union-attr]


@pytest.mark.parametrize(("antisymmetric", "slopes"), [(False, [-1, -1, -1]), (True, [-1, -2, -2])])
def test_guides_go_through_the_last_points(
    generic: rc.LazyExperiment, ax: Any, antisymmetric: bool, slopes: list[int]
) -> None:
    artists = plot.lazy(replace(generic, antisymmetric=antisymmetric), ax=ax)
    for guide, line, slope in zip(artists.guides, artists.lines, slopes, strict=True):
        x, y = (np.log(np.asarray(values, dtype=float)) for values in guide.get_data())
        assert_allclose(np.diff(y) / np.diff(x), slope)
        assert_allclose(guide.get_ydata()[-1], line.get_ydata()[-1])  # type: ignore[index]


def test_what_is_zero_or_never_promised_is_left_out(ax: Any) -> None:
    found = rc.lazy_experiment(rc.activations.ReLU(), X, X[:, 0], 40, [1.0, 1e6], rng=0)
    artists = plot.lazy(found, ax=ax)
    assert np.isnan(artists.lines[1].get_ydata()[1])  # type: ignore[index]
    assert len(artists.guides) == 2
    assert artists.threshold is None


def test_refused(ax: Any) -> None:
    with pytest.raises(TypeError, match="experiment must be a LazyExperiment"):
        plot.lazy(rc.Ridge(1.0), ax=ax)  # type: ignore[arg-type]
