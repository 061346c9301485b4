"""The six parts of the error of random features, as they are drawn."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.figure import Figure
from numpy.testing import assert_allclose

import riskcalc as rc
from riskcalc import plot

PROBLEM = rc.Problem(rc.Spectrum.from_eigenvalues([1.0, 0.1], [20, 60]), [0.7, 0.3], noise=0.25)
WIDTHS = np.array([80.0, 10.0, 20.0, 50.0, 40.0, 160.0])


def test_the_upper_edge_is_the_excess_error() -> None:
    causes = rc.random_features.decomposition(PROBLEM, 40, WIDTHS, 0.05)
    ax = Figure().subplots()
    areas = plot.parts(causes, WIDTHS, ax=ax).areas
    assert len(areas) == 6
    excess = rc.random_feature_risk(PROBLEM, 40, WIDTHS, 0.05).excess
    for area, name in zip(areas, ("bias", "sampling", "initialisation", "interaction"), strict=False):
        assert area.get_label() == name
    top = areas[-1].get_paths()[0].vertices
    for width, value in zip(WIDTHS, excess, strict=True):
        assert_allclose(top[np.isclose(top[:, 0], width), 1].max(), value, rtol=1e-12)
    heights = [path.get_paths()[0].vertices[:, 1].max() for path in areas]
    assert heights == sorted(heights)
    assert ax.get_ylabel() == "excess error"


def test_the_threshold_is_a_gap_and_nothing_is_not_drawn() -> None:
    quiet = rc.random_features.decomposition(PROBLEM.replace(noise=0.0), 40, np.sort(WIDTHS), 0)
    areas = plot.parts(quiet, np.sort(WIDTHS), ax=Figure().subplots()).areas
    assert [area.get_label() for area in areas] == ["bias", "sampling", "initialisation", "interaction"]
    assert all(len(area.get_paths()) == 2 for area in areas)  # both sides of n = N


def test_what_is_refused() -> None:
    ax = Figure().subplots()
    causes = rc.random_features.decomposition(PROBLEM, 40, WIDTHS, 0.05)
    with pytest.raises(ValueError, match=r"^x_values must be two or more, one for each .* shape \(5,\) .* \(6,\)"):
        plot.parts(causes, WIDTHS[1:], ax=ax)
    with pytest.raises(ValueError, match=r"^x_values must be two or more"):
        plot.parts(rc.random_features.decomposition(PROBLEM, 40, [9.0], 0.1), [9.0], ax=ax)
    with pytest.raises(TypeError, match=r"^decomposition must be a Decomposition.*; use random_features.decomposition"):
        plot.parts(rc.random_feature_risk(PROBLEM, 40, WIDTHS, 0.05), WIDTHS, ax=ax)
