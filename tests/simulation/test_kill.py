"""Identities: a run that is killed, or whose disk is full or closed, goes on to the very numbers of a quiet one."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from simulation import tasks

import riskcalc as rc
from riskcalc.simulation.cells import Cell
from riskcalc.simulation.store import Store

TESTS = Path(__file__).parents[1]
pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals and limits of POSIX")


@cache
def quiet() -> rc.Trials:
    return tasks.killed_run(None)


def start(store: Path, n_workers: int, limit: int = 0) -> subprocess.Popen[str]:
    """The run in a process group of its own."""
    path = os.pathsep.join([str(TESTS), str(Path(rc.__file__).parents[1]), os.environ.get("PYTHONPATH", "")])
    command = [sys.executable, str(TESTS / "simulation" / "tasks.py"), str(store), str(n_workers), str(limit)]
    return subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        env=os.environ | {"PYTHONPATH": path, "PYTHONWARNINGS": "error"},
    )


def n_stored(store: Path) -> int:
    """Rows as another process sees them."""
    if not store.exists():
        return 0
    try:
        with closing(sqlite3.connect(f"file:{store}?mode=ro", uri=True)) as connection:
            return int(connection.execute("SELECT count(*) FROM trials").fetchone()[0])
    except sqlite3.OperationalError:  # not made yet
        return 0


def assert_stored_trials_are_those_of_a_quiet_run(store: Path) -> int:
    """Every row, bit for bit; how many there are."""
    found = 0
    with Store(store) as opened:
        for row, n in enumerate((100, 140)):
            cell = Cell(tasks.killed_data().replace(noise=0.0), rc.Ridge(0.0), n)
            for trial, (points, values) in opened.finished(cell.key, 3).items():
                assert_array_equal(points, [[0.0, 0.25], [0.1, 0.25], [1.0, 0.25]])
                expected = [m.values[trial, row] for m in quiet().measurements.values()]
                assert_array_equal(values, np.array(expected))
                found += 1
        assert len(opened) == found
    return found


@pytest.mark.parametrize("sent", [signal.SIGKILL, signal.SIGINT])
def test_killed_in_the_middle_and_started_again(sent: signal.Signals, tmp_path: Path) -> None:
    """Twice with four workers; what was stored is not computed again, so no trial is lost or doubled."""
    store, total = tmp_path / "trials.sqlite", 2 * tasks.N_TRIALS
    process = start(store, 4)
    deadline = time.monotonic() + 120
    while n_stored(store) == 0 and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.005)
    if sent == signal.SIGKILL:
        os.killpg(process.pid, sent)  # parent and workers at once
    else:  # a bare pool of Python may hang if its workers are interrupted too; the command line's ignore it
        os.kill(process.pid, sent)
    output = process.communicate(timeout=120)[0]
    assert process.returncode != 0, output
    kept = assert_stored_trials_are_those_of_a_quiet_run(store)
    assert 0 < kept < total
    again = start(store, 4)
    output = again.communicate(timeout=120)[0]
    assert (again.returncode, output) == (0, f"added {total - kept}\n")
    assert assert_stored_trials_are_those_of_a_quiet_run(store) == total
    resumed = tasks.killed_run(str(store))
    for name, measured in quiet().measurements.items():
        assert_array_equal(resumed.measurements[name].values, measured.values)


def test_full_disk_is_one_sentence_and_keeps_what_was_stored(tmp_path: Path) -> None:
    store, total = tmp_path / "trials.sqlite", 2 * tasks.N_TRIALS
    process = start(store, 0, limit=120_000)
    output = process.communicate(timeout=120)[0]
    assert process.returncode == 4, output
    sentence, added = output.splitlines()
    assert sentence.startswith(f"store {store} met a full or failing disk; make room and start the same run again")
    kept = assert_stored_trials_are_those_of_a_quiet_run(store)
    assert 0 < kept < total
    assert added == f"added {kept}"
    again = start(store, 0)
    assert again.communicate(timeout=120)[0] == f"added {total - kept}\n"
    assert assert_stored_trials_are_those_of_a_quiet_run(store) == total


def test_a_store_that_cannot_be_written_is_one_sentence() -> None:
    """As an ordinary user, whom permissions bind, in a folder whose ancestors are open to everyone."""
    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder) / "trials.sqlite"
        rc.simulate(tasks.killed_data(), rc.Ridge(1.0), 100, n_trials=2, rng=3, store=store)
        store.chmod(0o444)
        os.chmod(folder, 0o755)
        privileged = os.geteuid() == 0
        if privileged:
            os.seteuid(65534)
        try:
            with pytest.raises(rc.StoreError) as caught:
                rc.simulate(tasks.killed_data(), rc.Ridge(1.0), 100, n_trials=4, rng=3, store=store)
        finally:
            if privileged:
                os.seteuid(0)
        assert str(caught.value).startswith(f"store {store} cannot be opened for writing; give a file in a folder")
        assert "\n" not in str(caught.value)
