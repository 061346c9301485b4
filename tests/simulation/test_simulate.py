"""Identities, simulated: the same numbers, bit for bit, however the trials are run, stored, interrupted or extended."""

from __future__ import annotations

import json
import os
import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.stats
from numpy.testing import assert_allclose, assert_array_equal
from simulation import tasks
from threadpoolctl import threadpool_info, threadpool_limits

import riskcalc as rc
from riskcalc.simulation import trials as trials_module
from riskcalc.simulation.cells import Cell
from riskcalc.simulation.linear import LINEAR_FIELDS
from riskcalc.simulation.store import Store

POWER = rc.GaussianData.power_law(1.5, 0.4, noise=0.25, n_features=24)
UNEVEN = rc.GaussianData.power_law(9.0, 0.3, noise=[0.1, 1.0], n_features=24)  # needs singular values at small ridges
TABLE = rc.Dataset(np.random.default_rng(1).standard_normal((40, 5)), np.random.default_rng(2).standard_normal((40, 2)))
SIZES = np.array([[12], [24], [30]])
RIDGES = rc.Ridge([0.0, 1e-3, 2.0])
GRIDS = {
    "power": (POWER, RIDGES, SIZES),
    "uneven": (UNEVEN, rc.Ridge([[0.0], [1.0]]), 18),
    "table": (TABLE, RIDGES, SIZES),
}
FIELDS = LINEAR_FIELDS


def run(name: str, **more: Any) -> rc.Trials:
    return rc.simulate(*GRIDS[name], **{"n_trials": 6, "rng": 0} | more)


def assert_same(ours: rc.Trials, theirs: rc.Trials) -> None:
    assert list(ours.measurements) == list(theirs.measurements)
    for name, measured in ours.measurements.items():
        assert_array_equal(measured.values, theirs.measurements[name].values, err_msg=name, strict=True)


@pytest.fixture
def single_trials(monkeypatch: pytest.MonkeyPatch) -> None:
    """A task for each trial, so that there are many."""
    monkeypatch.setattr(trials_module, "TASK_FLOPS", 0)


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """(trial, number of points) of each trial that is computed."""
    calls, original = [], Cell.run

    def counting(self: Cell, entropy: int, trial: int, points: np.ndarray) -> np.ndarray:
        calls.append((trial, len(points)))
        return original(self, entropy, trial, points)

    monkeypatch.setattr(Cell, "run", counting)
    return calls


# ----------------------------------------------------------------------------------------------------- workers


@pytest.fixture(scope="module", params=[1, 2, 4])
def processes(request: pytest.FixtureRequest) -> Iterator[ProcessPoolExecutor]:
    with tasks.spawning_pool(request.param) as pool:
        yield pool


@pytest.mark.usefixtures("single_trials")
def test_worker_processes_give_the_serial_numbers(processes: ProcessPoolExecutor, tmp_path: Path) -> None:
    for name in GRIDS:
        assert_same(run(name, executor=processes), run(name))
    stored = run("power", executor=processes, store=tmp_path / "s", measures={"size": tasks.size}, label_noise="drawn")
    assert_same(stored, run("power", measures={"size": tasks.size}, label_noise="drawn"))


@pytest.mark.usefixtures("single_trials")
@pytest.mark.parametrize("n_threads", [1, 3])
def test_threads_give_the_serial_numbers(n_threads: int, tmp_path: Path) -> None:
    with ThreadPoolExecutor(n_threads) as threads:
        for name in GRIDS:
            assert_same(run(name, executor=threads, store=tmp_path / name), run(name))


@pytest.mark.usefixtures("single_trials")
@pytest.mark.parametrize("in_flight", [1, 3, 256])
@pytest.mark.parametrize("pick", [None, 0, 1])
def test_the_order_of_the_tasks_does_not_matter(
    pick: int | None, in_flight: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    executor = tasks.Postponed(None if pick is None else np.random.default_rng(pick))
    monkeypatch.setattr(trials_module, "SimpleQueue", executor)
    monkeypatch.setattr(trials_module, "IN_FLIGHT", in_flight)
    assert_same(run("power", executor=executor, store=tmp_path / "s"), run("power"))
    assert not executor.queue
    assert executor.most == min(in_flight, 18)


def test_the_size_of_the_tasks_does_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = run("power", n_trials=70)
    for flops in (0, 1e6, 1e12):
        monkeypatch.setattr(trials_module, "TASK_FLOPS", flops)
        assert_same(run("power", n_trials=70), whole)


# --------------------------------------------------------------------------------------- longer runs keep the old


@pytest.mark.parametrize("name", GRIDS)
def test_more_trials_keep_the_old_ones(name: str) -> None:
    few, many = run(name), run(name, n_trials=9)
    for field, measured in few.measurements.items():
        assert_array_equal(many.measurements[field].values[:6], measured.values)


@pytest.mark.parametrize("data", [POWER, UNEVEN.replace(noise=0.1), TABLE])
def test_a_longer_grid_keeps_the_old_numbers(data: rc.GaussianData | rc.Dataset) -> None:
    """Sizes before, between and after; ridges among which some need another factorisation."""
    short = rc.simulate(data, rc.Ridge([1.0]), np.array([[20], [30]]), n_trials=4, rng=0)
    long = rc.simulate(data, rc.Ridge([0, 1e-12, 1.0, 50.0]), np.array([[8], [20], [25], [30]]), n_trials=4, rng=0)
    for field, measured in short.measurements.items():
        assert_array_equal(long.measurements[field].values[:, [1, 3], 2:3], measured.values)


def test_the_noise_level_is_a_point_and_not_a_seed() -> None:
    one = rc.simulate(POWER, RIDGES, 20, n_trials=4, rng=0)
    grid = rc.simulate(POWER.replace(noise=[[0.0], [0.25]]), RIDGES, 20, n_trials=4, rng=0)
    assert grid.shape == (2, 3)
    assert list(grid.coordinates) == ["n_samples", "ridge", "noise"]
    for field, measured in one.measurements.items():
        assert_array_equal(grid.measurements[field].values[:, 1], measured.values)
    assert_array_equal(grid.variance.values[:, 0], 0.0)


def test_repeated_and_unsorted_points() -> None:
    grid = rc.simulate(POWER, rc.Ridge([2.0, 0.0, 2.0]), np.array([[30], [12], [30]]), n_trials=4, rng=0)
    sorted_grid = rc.simulate(POWER, rc.Ridge([0.0, 2.0]), np.array([[12], [30]]), n_trials=4, rng=0)
    for field, measured in sorted_grid.measurements.items():
        assert_array_equal(
            grid.measurements[field].values, measured.values[:, [1, 0, 1]][:, :, [1, 0, 1]], err_msg=field
        )


def test_an_empty_grid_has_no_cells() -> None:
    trials = rc.simulate(POWER, rc.Ridge([]), 20, n_trials=4, rng=0)
    assert trials.test.values.shape == (4, 0)


def test_cells_have_seeds_of_their_own() -> None:
    """Data, estimator's size, number of samples and trial all enter the seed: no two runs share their draws."""
    first = {"first": lambda fit: fit.inputs[0, 0]}
    runs = [
        rc.simulate(data, rc.Ridge(1.0), n, n_trials=3, rng=rng, measures=first).first.values
        for data in (rc.GaussianData.isotropic(10), rc.GaussianData.isotropic(10, signal=1 + 1e-12))
        for n in (20, 21)
        for rng in (0, 1)
    ]
    assert len(np.unique(np.round(np.concatenate(runs), 9))) == 3 * len(runs)


# ------------------------------------------------------------------------------------------------- label noise


@pytest.mark.parametrize("data", [POWER.replace(outside_energy=0.5), UNEVEN])
def test_averaged_and_drawn_noise_see_the_same_features_and_agree(data: rc.GaussianData) -> None:
    n_trials = 400
    averaged = rc.simulate(data, rc.Ridge([[0.1], [3.0]]), 30, n_trials=n_trials, rng=0)
    drawn = rc.simulate(data, rc.Ridge([[0.1], [3.0]]), 30, n_trials=n_trials, rng=0, label_noise="drawn")
    for field in ("bias", "effective_ridge", "df1"):
        assert_array_equal(drawn.measurements[field].values, averaged.measurements[field].values)
    limit = scipy.stats.norm.isf(1e-4 / 2 / (7 * averaged.test.mean.size))
    for field in ("test", "train", "variance", "norm_squared", "estimation", "in_sample", "gcv"):
        gap = drawn.measurements[field].values - averaged.measurements[field].values
        assert np.all(np.abs(gap.mean(axis=0)) <= limit * gap.std(axis=0, ddof=1) / np.sqrt(n_trials))
        assert gap.std(axis=0).min() > 0


@pytest.mark.parametrize("label_noise", ["averaged", "drawn"])
def test_test_error_is_bias_variance_and_noise(label_noise: str) -> None:
    for data in (POWER.replace(outside_energy=0.5), UNEVEN):
        trials = rc.simulate(data, rc.Ridge([[0.0], [0.1]]), 18, n_trials=5, rng=0, label_noise=label_noise)
        total = trials.bias.values + trials.variance.values + np.asarray(data.noise)
        assert_allclose(trials.test.values, total, rtol=1e-13)


def test_the_drawn_errors_are_those_of_the_fit_that_measures_see() -> None:
    measures = {"own_test": tasks.population_risk, "own_train": tasks.train_error}
    drawn = run("power", label_noise="drawn", measures=measures)
    assert_allclose(drawn.own_test.values, drawn.test.values, rtol=1e-12)
    assert_allclose(drawn.own_train.values, drawn.train.values, rtol=1e-12, atol=1e-25)
    outside = rc.simulate(
        POWER.replace(outside_energy=0.5), RIDGES, SIZES, n_trials=6, rng=0, label_noise="drawn", measures=measures
    )
    assert_allclose(outside.own_test.values + 0.5, outside.test.values, rtol=1e-12)
    assert_allclose(outside.own_train.values, outside.train.values, rtol=1e-12, atol=1e-25)
    own = {
        "own_norm": lambda fit: fit.coefficients @ fit.coefficients,
        "own_estimation": lambda fit: np.sum((fit.coefficients - fit.target) ** 2),
        "own_in_sample": lambda fit: np.mean((fit.inputs @ (fit.coefficients - fit.target)) ** 2),
    }
    outside = rc.simulate(
        POWER.replace(outside_energy=0.5), RIDGES, SIZES, n_trials=6, rng=0, label_noise="drawn", measures=own
    )
    assert_allclose(outside.own_norm.values, outside.norm_squared.values, rtol=1e-12)
    assert_allclose(outside.own_estimation.values, outside.estimation.values, rtol=1e-12)
    assert_allclose(outside.own_in_sample.values, outside.in_sample.values, rtol=1e-12)
    table = run("table", measures={"own_train": tasks.train_error})
    assert_allclose(table.own_train.values, table.train.values, rtol=1e-12)


def test_energy_outside_the_features_acts_as_noise_that_counts_as_bias() -> None:
    """By the exact finite-n law of least squares: error = outside (1 + p/(n - p - 1)), noise variance p/(n - p - 1)."""
    n, p, n_trials = 40, 10, 2000
    spectrum = rc.Spectrum.from_eigenvalues([1.0, 0.0], [p, 3])
    data = rc.GaussianData(spectrum, [1.0, 0.3], noise=0.5, outside_energy=0.2)
    for label_noise in ("averaged", "drawn"):
        trials = rc.simulate(data, rc.Ridge(0), n, n_trials=n_trials, rng=0, label_noise=label_noise)
        inverse = p / (n - p - 1)
        for field, exact in (("bias", 0.5 * (1 + inverse)), ("variance", 0.5 * inverse), ("train", (1 - p / n))):
            measured = trials.measurements[field]
            if measured.standard_error > 1e-12:
                assert abs(measured.mean - exact) <= 4.5 * measured.standard_error, field
            else:
                assert measured.mean == pytest.approx(exact, rel=1e-12)


# ----------------------------------------------------------------------------------------------------- scale


def test_scale_multiplies_sizes_and_ridge() -> None:
    """The run at ratios is the run at the counts, bit for bit (0.5 and 40 are exact in binary)."""
    ratios = rc.GaussianData(rc.Spectrum.from_eigenvalues([2.0, 1.0], [0.25, 0.5]), [1.0, 0.5], noise=0.25)
    counts = rc.GaussianData(rc.Spectrum.from_eigenvalues([2.0, 1.0], [10, 20]), [1.0, 0.5], noise=0.25)
    scaled = rc.simulate(ratios, rc.Ridge([0, 0.5]), [[0.5], [1.0]], n_trials=3, rng=0, scale=40)
    assert_same(scaled, rc.simulate(counts, rc.Ridge([0, 20.0]), [[20], [40]], n_trials=3, rng=0))
    assert_array_equal(scaled.coordinates["n_samples"], [[20], [40]])
    assert_array_equal(scaled.coordinates["ridge"], [0, 20])
    assert scaled.data == counts
    assert scaled.estimator == rc.Ridge([0, 20.0])


def test_sizes_are_rounded_and_reported_as_simulated() -> None:
    trials = rc.simulate(rc.GaussianData.isotropic(0.333), rc.Ridge(0.1), [0.126, 0.174], n_trials=2, rng=0, scale=100)
    assert_array_equal(trials.coordinates["n_samples"], [13, 17])
    assert trials.data.spectrum.n_features == 33
    assert trials.estimator.ridge == pytest.approx(10)
    assert_array_equal(rc.simulate(POWER, rc.Ridge(1), 9.6, n_trials=2, rng=0).coordinates["n_samples"], 10)


@pytest.mark.parametrize(
    ("data", "n_samples", "scale", "message"),
    [
        (
            rc.GaussianData(rc.Spectrum.from_eigenvalues([1.0], [9], tail=0.5), [1.0]),
            10,
            1,
            r"spectrum must have no tail to be simulated, got 0.5; list its eigenvalues",
        ),
        (
            rc.GaussianData.power_law(1.5, 0.4),
            10,
            1,
            r"n_features must be finite to be simulated, got inf; give .* n_features",
        ),
        (
            rc.GaussianData.isotropic(0.004),
            10,
            100,
            r"multiplicities must be at least 1 to be simulated, got 0.004 times scale 100; give a larger scale",
        ),
        (
            rc.GaussianData(rc.Spectrum.from_eigenvalues([1.0, 2.0], [9, 0]), [1.0, 0.5]),
            10,
            1,
            r"multiplicities must be at least 1 to be simulated, got 0 times scale 1",
        ),
        (
            rc.GaussianData.isotropic(2.0),
            [0.001, 1.0],
            100,
            r"n_samples must be at least 1 to be simulated, got 0.001 times scale 100; give a larger scale",
        ),
        (rc.GaussianData.isotropic(2.0), 0, 100, r"n_samples must be at least 1 to be simulated, got 0"),
        (rc.GaussianData.isotropic(2.0), np.nan, 100, r"n_samples must be finite and >= 0, got nan"),
        (rc.GaussianData.isotropic(2.0), -1, 100, r"n_samples must be finite and >= 0, got -1"),
        (rc.GaussianData.isotropic(2.0), 1, 0, r"scale must be finite and > 0, got 0"),
        (rc.GaussianData.isotropic(2.0), 1, np.inf, r"scale must be finite and > 0, got inf"),
        (TABLE, 10, 2, r"scale must be 1 for a Dataset, whose sizes are fixed, got 2"),
        (TABLE, 40, 1, r"n_samples must be below the 40 rows of the table, got 40; the error is measured on the rows"),
        (POWER, [10, 20], 1, r"shapes do not broadcast: n_samples \(2,\), ridge \(3,\); for a grid give one"),
    ],
)
def test_what_cannot_be_drawn_is_refused_in_one_sentence(data: Any, n_samples: Any, scale: float, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}"):
        rc.simulate(data, RIDGES, n_samples, n_trials=2, rng=0, scale=scale)


def test_other_arguments_are_refused_in_one_sentence() -> None:
    with pytest.raises(ValueError, match=r"^n_trials must be a whole number >= 2, got 1; a standard error needs two"):
        run("power", n_trials=1)
    with pytest.raises(TypeError, match=r"^n_trials must be a whole number, got 'many'"):
        run("power", n_trials="many")
    with pytest.raises(ValueError, match=r"^label_noise must be one of 'averaged', 'drawn', got 'none'"):
        run("power", label_noise="none")
    with pytest.raises(TypeError, match=r"^no experiment for \(Spectrum, Ridge\); the pairs there are: "):
        rc.simulate(rc.Spectrum.isotropic(3), rc.Ridge(1), 10, n_trials=2)


# -------------------------------------------------------------------------------------------------------- rng


def test_integers_are_reproducible() -> None:
    assert_same(run("power", rng=5), run("power", rng=np.int64(5)))
    assert run("power", rng=5).rng == 5
    assert not np.array_equal(run("power", rng=5).test.values, run("power", rng=6).test.values)
    assert_same(run("power", rng=2**70), run("power", rng=2**70))


def test_seed_sequences_and_generators() -> None:
    sequence = np.random.SeedSequence(8)
    first = run("power", rng=sequence)
    assert_same(first, run("power", rng=sequence))
    assert first.rng is None
    assert sequence.n_children_spawned == 0
    generator = np.random.default_rng(8)
    once, twice = run("power", rng=generator), run("power", rng=generator)
    assert not np.array_equal(once.test.values, twice.test.values)
    assert_same(once, run("power", rng=np.random.default_rng(8)))


def test_without_a_seed_every_run_is_new() -> None:
    assert not np.array_equal(run("power", rng=None).test.values, run("power", rng=None).test.values)


def test_what_is_no_seed() -> None:
    with pytest.raises(ValueError, match=r"^rng must be a whole number >= 0, got -1"):
        run("power", rng=-1)
    for bad in (True, "0"):
        with pytest.raises(TypeError, match=r"^rng must be a whole number, got "):
            run("power", rng=bad)


def test_global_random_state_is_left_alone() -> None:
    before = np.random.get_state(legacy=False)["state"]["key"].copy()  # noqa: NPY002
    run("power")
    assert_array_equal(np.random.get_state(legacy=False)["state"]["key"], before)  # noqa: NPY002


# ---------------------------------------------------------------------------------------------------- measures


def not_by_name(fit: Any) -> float:
    return 1.0


not_by_name.__qualname__ = "elsewhere.<locals>.not_by_name"


def test_measures_are_fields_like_the_others() -> None:
    with_measure = run("power", measures={"size": tasks.size})
    assert list(with_measure.measurements) == [*FIELDS, "size"]
    assert with_measure.size.values.shape == (6, 3, 3)
    plain = run("power")
    for field in FIELDS:
        assert_array_equal(with_measure.measurements[field].values, plain.measurements[field].values)


def test_a_measure_sees_the_whole_fit() -> None:
    seen = []
    rc.simulate(POWER, rc.Ridge(2.0), 12, n_trials=2, rng=0, measures={"m": lambda fit: seen.append(fit) or 0.0})
    fit = seen[0]
    assert fit.inputs.shape == (12, 24)
    assert_array_equal(fit.covariance, POWER.spectrum.eigenvalues)
    assert (fit.ridge, fit.noise) == (2.0, 0.25)
    dense = np.linalg.solve(fit.inputs.T @ fit.inputs + 2 * np.eye(24), fit.inputs.T @ fit.outputs)
    assert_allclose(fit.coefficients, dense, rtol=0, atol=1e-12)
    assert_allclose(fit.covariance * fit.target**2, POWER.energies, rtol=1e-14)
    rc.simulate(TABLE, rc.Ridge(2.0), 12, n_trials=2, rng=0, measures={"m": lambda fit: seen.append(fit) or 0.0})
    assert seen[-1].inputs.shape == (12, 5)
    assert (seen[-1].noise, seen[-1].target, seen[-1].covariance) == (None, None, None)


def test_measures_that_other_processes_cannot_find(tmp_path: Path, processes: ProcessPoolExecutor) -> None:
    message = r"^m must be a function that can be imported by name to be stored or sent to another process, got "
    for measure in (lambda fit: 1.0, not_by_name):
        run("power", measures={"m": measure})  # here they may be used
        with ThreadPoolExecutor(1) as threads:
            run("power", measures={"m": measure}, executor=threads)
        with pytest.raises(ValueError, match=message):
            run("power", measures={"m": measure}, store=tmp_path / "s")
        with pytest.raises(ValueError, match=message):
            run("power", measures={"m": measure}, executor=processes)


def test_a_measure_has_a_name_of_its_own() -> None:
    with pytest.raises(ValueError, match=r"^measures must have names of their own, got 'train', which is measured any"):
        run("power", measures={"train": tasks.size})


# ------------------------------------------------------------------------------------------------------- store


def test_the_same_call_computes_nothing(tmp_path: Path, counted: list[tuple[int, int]]) -> None:
    for name in GRIDS:
        first = run(name, store=tmp_path / "s")
        assert len(counted) == 6 * len(np.unique(GRIDS[name][2]))
        counted.clear()
        assert_same(run(name, store=tmp_path / "s"), first)
        assert_same(run(name, store=tmp_path / "s", n_trials=6, rng=np.int32(0)), first)
        assert counted == []


def test_a_longer_call_adds_what_is_missing(tmp_path: Path, counted: list[tuple[int, int]]) -> None:
    store = tmp_path / "s"
    rc.simulate(POWER, RIDGES, [[12], [24]], n_trials=4, rng=0, store=store)
    counted.clear()
    longer = rc.simulate(POWER, RIDGES, [[12], [24], [30]], n_trials=6, rng=0, store=store)
    assert sorted(counted) == [(0, 3), (1, 3), (2, 3), (3, 3)] + 3 * [(4, 3)] + 3 * [(5, 3)]
    assert_same(longer, rc.simulate(POWER, RIDGES, [[12], [24], [30]], n_trials=6, rng=0))
    counted.clear()
    assert_array_equal(run("power", n_trials=2, store=store).test.values, longer.test.values[:2])
    assert counted == []


@pytest.mark.parametrize("data", [POWER, UNEVEN.replace(noise=0.1), TABLE])
def test_a_longer_ridge_path_computes_the_missing_points(
    data: rc.GaussianData | rc.Dataset, tmp_path: Path, counted: list[tuple[int, int]]
) -> None:
    store = tmp_path / "s"
    rc.simulate(data, rc.Ridge([1.0, 5.0]), 18, n_trials=3, rng=0, store=store)
    counted.clear()
    path = rc.Ridge([0, 1e-12, 1.0, 5.0])
    longer = rc.simulate(data, path, 18, n_trials=4, rng=0, store=store)
    assert sorted(counted) == [(0, 2), (1, 2), (2, 2), (3, 4)]
    assert_same(longer, rc.simulate(data, path, 18, n_trials=4, rng=0))
    counted.clear()
    other = rc.simulate(data, rc.Ridge([7.0, 8.0, 9.0, 10.0]), 18, n_trials=4, rng=0, store=store)
    assert sorted(counted) == [(0, 4), (1, 4), (2, 4), (3, 4)]
    counted.clear()
    both = rc.simulate(data, rc.Ridge([10.0, 1.0, 0.0]), 18, n_trials=4, rng=0, store=store)
    assert counted == []
    assert_array_equal(both.test.values[:, 0], other.test.values[:, 3])
    assert_array_equal(both.test.values[:, 1:], longer.test.values[:, [2, 0]])
    last = rc.simulate(data, rc.Ridge([1.0, 5.0, 99.0]), 18, n_trials=4, rng=0, store=store)
    assert sorted(counted) == [(0, 1), (1, 1), (2, 1), (3, 1)]
    assert_same(last, rc.simulate(data, rc.Ridge([1.0, 5.0, 99.0]), 18, n_trials=4, rng=0))


def test_runs_that_differ_share_a_store_and_no_trial(tmp_path: Path, counted: list[tuple[int, int]]) -> None:
    store = tmp_path / "s"
    for more in (
        {},
        {"rng": 1},
        {"label_noise": "drawn"},
        {"measures": {"size": tasks.size}},
        {"measures": {"other": tasks.size}},
        {"measures": {"size": tasks.train_error}},
    ):
        counted.clear()
        assert_same(run("power", store=store, **more), run("power", **more))
        assert len(counted) == 2 * 6 * 3
    run("table", store=store)
    with Store(store) as opened:
        assert len(opened) == 7 * 6 * 3


@pytest.mark.parametrize("rng", [None, np.random.SeedSequence(1), np.random.default_rng(1), True, 1.0])
def test_a_store_needs_an_integer_seed(rng: Any, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"^rng must be an integer when trials are stored, got .*; give rng=0"):
        run("power", rng=rng, store=tmp_path / "s")
    assert not (tmp_path / "s").exists()


# -------------------------------------------------------------------------------------------------- interruptions


def rows_of(store: Path, cell: Cell) -> dict[int, tuple[np.ndarray, np.ndarray]]:
    with Store(store) as opened:
        return opened.finished(cell.key, 0)


def test_keyboard_interrupt_keeps_the_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, counted: list[tuple[int, int]], single_trials: None
) -> None:
    counting, store = Cell.run, tmp_path / "s"

    def interrupted(self: Cell, *args: Any) -> np.ndarray:
        if len(counted) == 10:
            raise KeyboardInterrupt
        return counting(self, *args)

    with monkeypatch.context() as patch:
        patch.setattr(Cell, "run", interrupted)
        with pytest.raises(KeyboardInterrupt):
            run("power", store=store)
    with Store(store) as opened:
        assert len(opened) == 10
    counted.clear()
    resumed = run("power", store=store)
    assert len(counted) == 18 - 10
    assert_same(resumed, run("power"))


@pytest.mark.usefixtures("single_trials")
@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_interrupted_while_waiting_for_workers(
    error: type[BaseException], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, counted: list[tuple[int, int]]
) -> None:
    store, executor = tmp_path / "s", tasks.Postponed(error=(5, error))
    monkeypatch.setattr(trials_module, "IN_FLIGHT", 6)
    with monkeypatch.context() as patch:
        patch.setattr(trials_module, "SimpleQueue", executor)
        with pytest.raises(error):
            run("power", store=store, executor=executor)
    assert len(executor.queue) == 6
    assert all(future.cancelled() for future, *_ in executor.queue)
    with Store(store) as opened:
        assert len(opened) == 4
    counted.clear()
    assert_same(run("power", store=store), run("power"))
    assert len(counted) == 18 - 4 + 18


@pytest.mark.usefixtures("single_trials")
def test_interrupted_while_storing_cancels_what_was_not_begun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At once, not when the traceback is forgotten: the end of a pool waits for its tasks."""
    executor, add = tasks.Postponed(), Store.add
    monkeypatch.setattr(trials_module, "SimpleQueue", executor)
    monkeypatch.setattr(trials_module, "IN_FLIGHT", 6)

    def interrupted(self: Store, *args: Any) -> None:
        add(self, *args)
        raise KeyboardInterrupt

    monkeypatch.setattr(Store, "add", interrupted)
    with pytest.raises(KeyboardInterrupt) as caught:
        run("power", store=tmp_path / "s", executor=executor)
    assert caught.traceback  # which holds on to everything that ran
    assert len(executor.queue) == 5
    assert all(future.cancelled() for future, *_ in executor.queue)
    with Store(tmp_path / "s") as opened:
        assert len(opened) == 1


@pytest.mark.usefixtures("single_trials")
@pytest.mark.parametrize("failing", [0, 4, 17])
def test_what_was_finished_beside_a_failure_is_kept(
    failing: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All tasks are done before the first result is looked at; one of them failed."""

    class AtOnce:
        count = 0

        def submit(self, fn: Any, /, *args: Any) -> Future[Any]:
            future: Future[Any] = Future()
            if self.count == failing:
                future.set_exception(ZeroDivisionError("of the user"))
            else:
                future.set_result(fn(*args))
            self.count += 1
            return future

    with pytest.raises(ZeroDivisionError, match="of the user"):
        run("power", store=tmp_path / "s", executor=AtOnce())
    with Store(tmp_path / "s") as opened:
        assert len(opened) == 17


@pytest.mark.usefixtures("single_trials")
def test_a_lost_worker_is_one_sentence_and_the_store_keeps_what_was_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = tmp_path / "s"
    arguments = {"n_trials": 20, "measures": {"size": tasks.fatal}}
    monkeypatch.setenv(tasks.FATAL, "12")
    with (
        tasks.spawning_pool(1) as pool,
        pytest.raises(RuntimeError, match=r"^a worker process was lost \(.*\); what was finished is kept"),
    ):
        rc.simulate(POWER, rc.Ridge(1.0), 20, rng=0, store=store, executor=pool, **arguments)
    cell = Cell(POWER.replace(noise=0.0), rc.Ridge(0.0), 20, measures=arguments["measures"])
    assert sorted(rows_of(store, cell)) == list(range(11))
    monkeypatch.delenv(tasks.FATAL)
    resumed = rc.simulate(POWER, rc.Ridge(1.0), 20, rng=0, store=store, **arguments)
    assert sorted(rows_of(store, cell)) == list(range(20))
    assert_same(resumed, rc.simulate(POWER, rc.Ridge(1.0), 20, rng=0, **arguments))


# ------------------------------------------------------------------------------------------------- BLAS threads


def blas_threads() -> set[int]:
    return {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}


def threads_seen(fit: Any) -> float:
    (count,) = blas_threads()
    return float(count)


def failing_measure(fit: Any) -> float:
    raise ArithmeticError


def test_one_blas_thread_inside_and_the_old_number_after() -> None:
    with threadpool_limits(2, user_api="blas"):
        assert blas_threads() == {2}
        assert set(run("power", measures={"threads": threads_seen}).threads.values.ravel()) == {1.0}
        assert blas_threads() == {2}
        with pytest.raises(ArithmeticError):
            run("power", measures={"m": failing_measure})
        assert blas_threads() == {2}
        with ThreadPoolExecutor(2) as threads:
            inside = run("power", measures={"threads": threads_seen}, executor=threads)
        assert set(inside.threads.values.ravel()) == {1.0}
        assert blas_threads() == {2}


def test_worker_processes_have_one_blas_thread(processes: ProcessPoolExecutor) -> None:
    found = run("power", measures={"threads": tasks.blas_threads}, executor=processes)
    assert set(found.threads.values.ravel()) == {1.0}


def test_nested_and_concurrent_calls_share_one_limit() -> None:
    """A starts, B starts, A ends, B goes on with one thread, B ends: two threads again."""
    b_is_in, a_is_done, seen = threading.Event(), threading.Event(), []

    def wait_for_b(fit: Any) -> float:
        assert b_is_in.wait(60)
        return threads_seen(fit)

    def wait_for_a(fit: Any) -> float:
        b_is_in.set()
        assert a_is_done.wait(60)
        seen.append(threads_seen(fit))
        rc.simulate(POWER, rc.Ridge(1.0), 20, n_trials=2, rng=0)
        seen.append(threads_seen(fit))
        return 0.0

    with threadpool_limits(2, user_api="blas"), ThreadPoolExecutor(2) as threads:
        a = threads.submit(rc.simulate, POWER, rc.Ridge(1.0), 20, n_trials=2, rng=0, measures={"m": wait_for_b})
        b = threads.submit(rc.simulate, POWER, rc.Ridge(1.0), 20, n_trials=2, rng=0, measures={"m": wait_for_a})
        first = a.result(60)
        a_is_done.set()
        second = b.result(60)
        assert blas_threads() == {2}
    assert set(first.m.values) == set(seen) == {1.0}
    assert_array_equal(first.test.values, second.test.values)


# --------------------------------------------------------------------------------------------------- never nan


HARD = {
    "isotropic": rc.Spectrum.isotropic(12),
    "zeros": rc.Spectrum.from_eigenvalues([1.0, 0.0, 1e-3], [3, 5, 4]),
    "20 decades": rc.Spectrum.from_eigenvalues(np.logspace(0, -20, 12)),
    "wide": rc.Spectrum.from_eigenvalues([1e80, 1.0, 1e-80], [2, 5, 5]),
    "nothing": rc.Spectrum.from_eigenvalues([0.0], [12]),
    "empty": rc.Spectrum.from_eigenvalues([0.0], [0]),
}


@pytest.mark.parametrize("spectrum", HARD)
@pytest.mark.parametrize("entries", ["gaussian", "rademacher", "student(2.1)"])
def test_never_nan_and_no_warning(spectrum: str, entries: str) -> None:
    """Everywhere around the threshold, for ridges from 0 and the smallest float to the largest."""
    chosen = HARD[spectrum]
    data = rc.GaussianData(chosen, np.ones(chosen.eigenvalues.size), noise=[[[0.0]], [[1.0]]], entries=entries)
    sizes = np.array([[1], [2], [7], [8], [11], [12], [13], [40]])
    ridge = rc.Ridge([0.0, 5e-324, 1e-310, 1e-300, 1e-12, 1.0, 1e12, 1e300])
    for label_noise in ("averaged", "drawn"):
        trials = rc.simulate(data, ridge, sizes, n_trials=2, rng=0, label_noise=label_noise)
        for name, measured in trials.measurements.items():
            assert np.isfinite(measured.values).all(), name
        assert trials.df1.values.min() >= 0
        assert np.all(trials.df1.values <= np.minimum(sizes, 12) * (1 + 1e-12))
        assert trials.bias.values.min() >= 0


def test_tables_never_give_nan() -> None:
    """Repeated rows, a column of zeros, a constant one, more columns than rows, and nothing at all."""
    rng = np.random.default_rng(0)
    base = rng.standard_normal((10, 3))
    tables = [
        rc.Dataset(np.vstack([base, base]), rng.standard_normal(20)),
        rc.Dataset(np.column_stack([np.zeros(10), np.ones(10), base]), rng.standard_normal(10)),
        rc.Dataset(rng.standard_normal((6, 30)), rng.standard_normal((6, 2))),
        rc.Dataset(np.zeros((5, 2)), np.zeros(5)),
    ]
    for table in tables:
        sizes = np.arange(1, table.n_rows)[:, None]
        trials = rc.simulate(table, rc.Ridge([0.0, 5e-324, 1e-12, 1.0, 1e300]), sizes, n_trials=3, rng=0)
        for measured in trials.measurements.values():
            assert np.isfinite(measured.values).all()
            assert measured.values.min() >= 0


def test_a_negative_ridge_is_one_more_point_and_refused_where_the_objective_has_no_minimum() -> None:
    for data, sizes in ((rc.GaussianData.isotropic(30, noise=0.5), [[10], [90]]), (TABLE, [[20], [30]])):
        path = rc.simulate(data, rc.Ridge([-1.0, 0.0, 2.0]), sizes, n_trials=4, rng=0)
        positive = rc.simulate(data, rc.Ridge([0.0, 2.0]), sizes, n_trials=4, rng=0)
        for name, measured in positive.measurements.items():
            assert_array_equal(path.measurements[name].values[..., 1:], measured.values)
        assert np.isfinite(path.test.values).all()
        with pytest.raises(ValueError, match=r"^ridge must be above -.*of a sample that was drawn, got -1e\+06"):
            rc.simulate(data, rc.Ridge([-1e6, 0.0]), sizes, n_trials=4, rng=0)


def test_the_environment_names_no_fatal_call() -> None:
    assert tasks.FATAL not in os.environ


def test_a_store_says_what_its_cells_are(tmp_path: Path) -> None:
    run("power", store=tmp_path / "s")
    connection = sqlite3.connect(tmp_path / "s")
    try:
        found = [json.loads(text) for (text,) in connection.execute("SELECT description FROM cells")]
    finally:
        connection.close()
    assert sorted(cell["n_samples"] for cell in found) == sorted(SIZES.ravel().tolist())
    assert all("GaussianData" in cell["data"] and cell["fields"] == list(FIELDS) for cell in found)
