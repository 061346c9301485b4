"""Pictures of trained networks: what is drawn equals the arrays (kind a: identities)."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.figure import Figure
from numpy.testing import assert_array_equal

import riskcalc as rc
from riskcalc import plot

N = [20.0, 80.0, 320.0]
ERF = rc.activations.Erf()
DATA = rc.SphereData(20, rc.targets.SingleIndex(rc.activations.Erf(1.5)), noise=0.1)
KERNEL = rc.predict(DATA, rc.KernelRidge(rc.kernels.Exponential(), 0.1), N)
NETWORK = rc.TwoLayerNetwork(2, ERF, 1.0)


@pytest.fixture
def ax():
    return Figure().subplots()


def test_theory_simulation_and_the_floor(ax) -> None:
    comparison = rc.verify(DATA, NETWORK, N, n_trials=3, rng=0)
    artists = plot.lazy_or_trained({"kernel": KERNEL, "trained": comparison}, ax=ax)
    kernel, trained, floor = artists.lines
    (points,) = artists.points
    assert_array_equal(kernel.get_ydata(), KERNEL.test)
    assert_array_equal(trained.get_ydata(), comparison.predicted["test"])
    assert_array_equal(points.lines[0].get_ydata(), comparison.trials.test.mean)
    energies = DATA.target.energies(20, 1)
    assert_array_equal(floor.get_ydata(), [0.1 + energies.rest] * 2)
    assert ax.get_legend_handles_labels()[1] == ["kernel", "trained", "energy above degree 1"]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("number of samples n", "test error")


@pytest.mark.parametrize(("degree", "words"), [(0, "energy of what is not constant"), (3, "energy above degree 3")])
def test_degrees(ax, degree: int, words: str) -> None:
    floor = plot.lazy_or_trained({"kernel": KERNEL}, ax=ax, degree=degree).lines[-1]
    assert floor.get_ydata()[0] == 0.1 + DATA.target.energies(20, degree).rest
    assert floor.get_label() == words


def test_refused(ax) -> None:
    with pytest.raises(ValueError, match=r"^results must have an entry to be drawn, got none"):
        plot.lazy_or_trained({}, ax=ax)
    other = rc.predict(DATA.replace(n_inputs=30), NETWORK, N)
    with pytest.raises(ValueError, match=r"^results must be of the same data, got SphereData.* and SphereData"):
        plot.lazy_or_trained({"kernel": KERNEL, "other": other}, ax=ax)
    linear = rc.predict(rc.GaussianData.isotropic(20), rc.Ridge(1), N)
    with pytest.raises(TypeError, match=r"^results must be of SphereData or HypercubeData"):
        plot.lazy_or_trained({"ridge": linear}, ax=ax)
    noisy = rc.predict(DATA.replace(noise=[0.1, 0.2]), NETWORK, np.array(N)[:, None])
    with pytest.raises(ValueError, match=r"^noise must be one number for one floor"):
        plot.lazy_or_trained({"trained": noisy}, ax=ax)
    with pytest.raises(ValueError, match=r"^degree must be a whole number >= 0, got -1"):
        plot.lazy_or_trained({"kernel": KERNEL}, ax=ax, degree=-1)
    assert not ax.lines


def test_trajectories(ax) -> None:
    flow, times = rc.dynamics.MeanField(ERF, DATA.target), np.linspace(0, 5, 11)
    path = flow.trajectory(times, a=[1.0, -1.0, 1.0], m=[0.1, -0.1, 0.3], r=[1.0, 1.0, 1.0])
    lines = plot.trajectory(path, ax=ax).lines
    for j, line in enumerate(lines):
        assert_array_equal(line.get_xdata(), times)
        assert_array_equal(line.get_ydata(), path.m[:, j])
        assert line.get_marker() == ""
    assert lines[0].get_color() == lines[2].get_color() != lines[1].get_color()
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("time t", "overlap m")
    (loss,) = plot.trajectory(path, ax=Figure().subplots(), quantity="loss").lines
    assert_array_equal(loss.get_ydata(), path.loss)
    finite = rc.dynamics.FiniteWidthFlow(ERF, DATA.target).trajectory(times, [1.0, -1.0], [0.1, 0.2], np.eye(2))
    assert_array_equal(
        plot.trajectory(finite, ax=Figure().subplots(), quantity="M").lines[1].get_ydata(), finite.M[:, 1]
    )
    with pytest.raises(ValueError, match=r"^quantity must be one of M, a, loss for OverlapPath, got 'm'"):
        plot.trajectory(finite, ax=ax)
    point = flow.trajectory(1.0, a=[1.0], m=[0.1], r=[1.0])
    with pytest.raises(ValueError, match=r"^path must have a list of times to be drawn, got shape \(\)"):
        plot.trajectory(point, ax=ax)
