"""Identities: what goes into the store of trials comes back bit for bit, whatever happens to process, disk and file."""

from __future__ import annotations

import os
import re
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import numpy as np
import pytest

from riskcalc.errors import StoreError
from riskcalc.simulation import store as module
from riskcalc.simulation.store import Store

CELL = "2f7c" * 16
POSIX = pytest.mark.skipif(os.name != "posix", reason="signals, limits and permissions of POSIX")

# A process that commits two trials at a time, says so, and stops at its limit on the size of files if it has one.
WRITER = """
import resource, signal, sys
import numpy as np
from riskcalc.errors import StoreError
from riskcalc.simulation.store import Store

path, first, step, n_commits, limit = sys.argv[1], *map(int, sys.argv[2:])
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
print("ready", flush=True)
sys.stdin.readline()
if limit:
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
with Store(path) as store:
    try:
        for k in range(n_commits):
            trials = first + 2 * k * step, first + (2 * k + 1) * step
            rows = [(t, np.full((30, 2), t / 7), np.full((6, 30), t / 3)) for t in trials]
            store.add("2f7c" * 16, 0, rows)
            print(*trials, flush=True)
    except StoreError as error:
        print("error", error)
        print("still", len(store), len(store.finished("2f7c" * 16, 0)))
"""


def path_of(trial: int) -> tuple[int, np.ndarray, np.ndarray]:
    return trial, np.full((30, 2), trial / 7), np.full((6, 30), trial / 3)


def assert_intact(paths: dict[int, tuple[np.ndarray, np.ndarray]]) -> None:
    for trial, (points, values) in paths.items():
        np.testing.assert_array_equal(points, path_of(trial)[1], strict=True)
        np.testing.assert_array_equal(values, path_of(trial)[2], strict=True)


def refusal(path: str | os.PathLike[str]) -> str:
    with pytest.raises(StoreError) as caught:
        Store(path)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None  # no traceback of sqlite3
    return str(caught.value)


@contextmanager
def writer(
    path: Path, first: int = 0, step: int = 1, n_commits: int = 100_000, limit: int = 0
) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", WRITER, str(path), *map(str, (first, step, n_commits, limit))]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            yield process
        finally:
            process.kill()


def go(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "trials.db"


@pytest.fixture
def filled(path: Path) -> Path:
    with Store(path) as store:
        store.add(CELL, 0, map(path_of, range(40)))
    return path


SPECIAL = np.array([[-0.0, 0.0, np.inf, -np.inf], [5e-324, -2.2e-308, 1 / 3, np.finfo(float).max]])
PAYLOAD = np.array([0x7FF8_0000_DEAD_BEEF, 0xFFF0_0000_0000_0001], dtype="u8").view("f8")[:, None]  # two unusual nan


@pytest.mark.parametrize("rng", [0, 2**63, 2**64 - 1, 2**64, 10**5000], ids=lambda rng: f"{rng.bit_length()} bits")
def test_bits_round_trip(path: Path, rng: int) -> None:
    fortran = np.asfortranarray(np.random.default_rng(0).normal(size=(3, 2)))
    rows = [(0, PAYLOAD, SPECIAL[:, :2]), (2**40, SPECIAL, SPECIAL.T[::-1, ::-1]), (7, fortran, fortran.T[:0])]
    with Store(path) as store:
        store.add(CELL, rng, rows)
    with Store(path) as store:
        found = store.finished(CELL, rng)
        assert store.finished(CELL, rng + 1) == store.finished("other", rng) == {}
    assert list(found) == [0, 7, 2**40]
    for trial, *arrays in rows:
        for array, twin in zip(arrays, found[trial], strict=True):
            assert (twin.dtype, twin.shape, twin.flags.writeable) == (np.dtype(np.float64), array.shape, True)
            assert twin.tobytes() == array.tobytes()


def test_no_points_and_numpy_integers(path: Path) -> None:
    with Store(path) as store:
        store.add(CELL, np.int64(3), [(np.int64(5), np.empty((0, 2)), np.empty((6, 0)))])  # type: ignore[arg-type, list-item]
        store.add(CELL, 3, [])
        points, values = store.finished(CELL, 3)[5]
    assert (points.shape, values.shape) == ((0, 2), (6, 0))


def test_longer_path_replaces_the_shorter(filled: Path) -> None:
    with Store(filled) as store:
        store.add(CELL, 0, [(3, np.ones((50, 2)), np.ones((6, 50)))])
        store.add(CELL, 1, [path_of(3)])
        assert len(store) == 41
        found = store.finished(CELL, 0)
        assert found.pop(3)[0].shape == (50, 2)
        assert_intact(found)


def test_an_empty_store_is_true_and_an_empty_file_becomes_a_store(path: Path) -> None:
    path.touch()
    with Store(path) as store:
        assert store
        assert len(store) == 0


@pytest.mark.parametrize("name", ["a b?mode=ro#%41é.db", ":memory:", "file:x"])
def test_any_file_name(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with Store(name) as store:
        store.add(CELL, 0, [path_of(1)])
    assert os.listdir() == [name]
    with Store(tmp_path / name) as store:
        assert_intact(store.finished(CELL, 0))


def test_file_says_what_it_is_and_is_described_once(filled: Path) -> None:
    with Store(filled) as store:
        store.describe(CELL, '{"data": "first"}')
        store.describe(CELL, '{"data": "second"}')
    assert filled.read_bytes()[68:72] == b"risk"
    with closing(sqlite3.connect(filled)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (module.FORMAT,)
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert connection.execute("SELECT * FROM cells").fetchall() == [(CELL, '{"data": "first"}')]
        assert connection.execute("SELECT n_points, n_fields FROM trials WHERE rng = '0'").fetchall() == [(30, 6)] * 40


def test_add_is_all_or_nothing(filled: Path) -> None:
    with Store(filled) as store:
        with pytest.raises(ZeroDivisionError):
            store.add(CELL, 0, (path_of(100 // k) for k in (1, 0)))
        with pytest.raises(ValueError, match=r"one column for each of the 30 points, got 6"):
            store.add(CELL, 0, [path_of(100), (101, np.ones((30, 2)), np.ones((30, 6)))])
        assert len(store) == 40
        store.add(CELL, 0, [path_of(100)])
        assert_intact(store.finished(CELL, 0))


@POSIX
@pytest.mark.parametrize("n_reported", [1, 40, 400])
def test_killed_while_writing(path: Path, n_reported: int) -> None:
    with writer(path) as process:
        go(process)
        assert process.stdout is not None
        reported = [process.stdout.readline() for _ in range(n_reported)]
        os.kill(process.pid, signal.SIGKILL)
        reported += process.stdout.readlines()  # what the pipe still held
        assert process.wait() == -signal.SIGKILL
    trials = {int(trial) for line in reported for trial in line.split()}
    with Store(path) as store:
        found = store.finished(CELL, 0)
        assert trials <= found.keys()
        assert len(found) % 2 == 0  # a commit is there or is not
        assert_intact(found)
        store.add(CELL, 0, [path_of(10**6)])


def test_killed_while_sqlite_moves_the_log_into_the_file(path: Path) -> None:
    log = path.with_name(path.name + "-wal")
    with Store(path) as store:
        store.add(CELL, 0, map(path_of, range(40)))
        file, logged = path.read_bytes(), log.read_bytes()
    moved = path.read_bytes()
    page = module._PAGE_BYTES
    assert len(file) < len(moved)
    path.write_bytes(moved[:page] + file[page:])  # its first page counts pages that are still in the log
    log.write_bytes(logged)
    with Store(path) as store:
        found = store.finished(CELL, 0)
    assert len(found) == 40
    assert_intact(found)


@POSIX
def test_two_processes_write_to_the_same_new_file(path: Path) -> None:
    with writer(path, first=0, step=2, n_commits=150) as even, writer(path, first=1, step=2, n_commits=150) as odd:
        go(even)
        go(odd)
        reports = [process.communicate()[0] for process in (even, odd)]
        assert even.returncode == odd.returncode == 0
    assert "error" not in "".join(reports)
    with Store(path) as store:
        found = store.finished(CELL, 0)
    assert sorted(found) == list(range(600))
    assert_intact(found)


@POSIX
def test_full_disk_keeps_what_was_committed(path: Path) -> None:
    with writer(path, limit=400_000) as process:
        go(process)
        *reported, error, still = process.communicate()[0].splitlines()
        assert process.returncode == 0
    assert re.fullmatch(
        rf"error store {re.escape(str(path))} met a full or failing disk; make room and start the same run again, "
        r"what was stored before is kept \(SQLITE_\w+\)",
        error,
    )
    n_trials = 2 * len(reported)
    assert n_trials > 0
    assert still == f"still {n_trials} {n_trials}"
    with Store(path) as store:
        assert sorted(store.finished(CELL, 0)) == list(range(n_trials))
        store.add(CELL, 0, [path_of(n_trials)])
        assert_intact(store.finished(CELL, 0))


def test_full_disk_as_sqlite_words_it(filled: Path) -> None:
    with Store(filled) as store:
        store._connection.execute("PRAGMA max_page_count = 1")  # raised by SQLite to the present size
        with pytest.raises(StoreError, match=r"full or failing disk; make room .* \(SQLITE_FULL\)$"):
            store.add(CELL, 0, map(path_of, range(40, 100)))
        assert len(store) == 40


def test_not_a_file_for_a_store(tmp_path: Path) -> None:
    assert refusal(tmp_path) == f"store {tmp_path} is a folder or a device; give the name of a file"
    assert refusal("") == "store . is a folder or a device; give the name of a file"
    lost = tmp_path / "no" / "x.db"
    assert refusal(lost) == (
        f"store {lost} cannot be made: there is no folder {lost.parent}; make it, or give another one"
    )
    assert refusal("a\0b") == r"store 'a\x00b' is not a file name; give one without null characters"
    assert "cannot be opened for writing" in refusal(tmp_path / ("x" * 300))
    assert os.listdir(tmp_path) == []
    if os.path.exists("/dev/full"):
        assert refusal("/dev/full") == "store /dev/full is a folder or a device; give the name of a file"


@pytest.mark.parametrize("text", ["\n", "a,b\n1,2\n", "SQLite format 3\0", "x" * 50_000])
def test_not_sqlite(path: Path, text: str) -> None:
    path.write_text(text)
    assert refusal(path).removesuffix(" (SQLITE_NOTADB)") == (
        f"store {path} is not a store of riskcalc; give another file name"
    )
    assert path.read_text() == text
    assert os.listdir(path.parent) == [path.name]


@pytest.mark.parametrize(
    "statement", ["CREATE TABLE photos (x)", "PRAGMA application_id = 5", "PRAGMA user_version = 1"]
)
def test_database_of_another_program(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(statement)
        connection.commit()
    before = path.read_bytes()
    assert refusal(path) == (
        f"store {path} is not a store of riskcalc but a database of another program; give another file name"
    )
    assert path.read_bytes() == before
    assert os.listdir(path.parent) == [path.name]


@pytest.mark.parametrize("version", [0, 2, -1])
def test_other_format(filled: Path, version: int) -> None:
    with closing(sqlite3.connect(filled)) as connection:
        connection.execute(f"PRAGMA user_version = {version}")
    before = filled.read_bytes()
    assert refusal(filled) == (
        f"store {filled} was written by another version of riskcalc (format {version}, here 1); "
        "give a new file name, or use that version"
    )
    assert filled.read_bytes() == before


@contextmanager
def without_privileges() -> Iterator[None]:
    """As an ordinary user: permissions do not bind root."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@POSIX
@pytest.mark.parametrize(("folder_mode", "file_mode"), [(0o777, 0o444), (0o555, 0o666), (0o777, 0o000), (0o555, None)])
def test_read_only(folder_mode: int, file_mode: int | None) -> None:
    with tempfile.TemporaryDirectory() as folder:  # the ancestors of tmp_path are closed to other users
        path = Path(folder) / "trials.db"
        before = b""
        if file_mode is not None:
            with Store(path) as store:
                store.add(CELL, 0, [path_of(0)])
            before = path.read_bytes()
            path.chmod(file_mode)
        os.chmod(folder, folder_mode)
        with without_privileges():
            message = refusal(path)
        os.chmod(folder, 0o700)
        assert message.startswith(
            f"store {path} cannot be opened for writing; give a file in a folder that you may write to"
        )
        assert os.listdir(folder) == ([] if file_mode is None else [path.name])
        if file_mode is not None:
            path.chmod(0o600)
            assert path.read_bytes() == before


def test_locked(filled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOCK_SECONDS", 0.1)
    with closing(sqlite3.connect(filled, isolation_level=None)) as other, Store(filled) as store:
        other.execute("BEGIN IMMEDIATE")
        sentence = (
            f"store {filled} is locked by another process, for 0.1 s now; wait for its end, "
            "or give this run a file of its own (SQLITE_BUSY)"
        )
        assert refusal(filled) == sentence
        with pytest.raises(StoreError, match=re.escape(sentence)):
            store.add(CELL, 0, [path_of(50)])
        assert len(store) == 40  # readers do not wait
        other.execute("ROLLBACK")
        store.add(CELL, 0, [path_of(50)])
        assert len(store) == 41


@pytest.mark.parametrize("patience", [30.0, 0.02])
def test_waits_where_sqlite_does_not(filled: Path, patience: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another process that makes the same file takes it between the making and the switch to WAL."""
    switch = Store._switch_to_wal

    def switch_meanwhile(store: Store) -> None:
        other.execute("BEGIN IMMEDIATE")
        timer = threading.Timer(0.2, other.execute, ["ROLLBACK"])
        timer.start()
        try:
            switch(store)
        finally:
            timer.join()

    monkeypatch.setattr(module, "LOCK_SECONDS", patience)
    monkeypatch.setattr(Store, "_switch_to_wal", switch_meanwhile)
    with closing(sqlite3.connect(filled, isolation_level=None, check_same_thread=False)) as other:
        assert other.execute("PRAGMA journal_mode = DELETE").fetchone() == ("delete",)
        if patience < 0.2:
            assert "is locked by another process, for 0.02 s now" in refusal(filled)
        else:
            with Store(filled) as store:
                assert len(store) == 40
    assert filled.read_bytes()[18] == (2 if patience > 0.2 else 1)  # 2: WAL


def test_misuse(path: Path) -> None:
    sentence = "is closed or belongs to another thread; open it with 'with Store(path)' in the thread that uses it"
    messages: list[str] = []

    def use() -> None:
        try:
            store.add(CELL, 0, [path_of(0)])
        except StoreError as error:
            messages.append(str(error))

    with Store(path) as store:
        thread = threading.Thread(target=use)
        thread.start()
        thread.join()
        store.close()
        store.close()
    use()
    assert messages == [f"store {path} {sentence} (ProgrammingError)"] * 2


@pytest.mark.parametrize(
    "change",
    [
        "trial = 77",
        "n_points = 20",
        "n_fields = 'six'",
        "points = measured",
        "points = 'text'",
        "measured = zeroblob(length(measured))",
        "measured = substr(measured, 9)",
        "checksum = checksum + 1",
    ],
)
def test_damaged_row_is_named_and_can_be_deleted(filled: Path, change: str) -> None:
    with closing(sqlite3.connect(filled)) as connection:
        connection.execute(f"UPDATE trials SET {change} WHERE trial = 7")
        connection.commit()
    with Store(filled) as store, pytest.raises(StoreError) as caught:
        store.finished(CELL, 0)
    trial = 77 if change.startswith("trial") else 7
    statement = f"DELETE FROM trials WHERE cell = '{CELL}' AND rng = '0' AND trial = {trial}"
    assert str(caught.value) == (
        f"store {filled} has a damaged row; give a new file name, or delete the row to run it again: {statement}"
    )
    with closing(sqlite3.connect(filled)) as connection:
        connection.execute(statement)
        connection.commit()
    with Store(filled) as store:
        assert sorted(store.finished(CELL, 0)) == [*range(7), *range(8, 40)]


def test_damaged_file_gives_right_numbers_or_one_sentence(filled: Path) -> None:
    whole, random = filled.read_bytes(), np.random.default_rng(0)
    page = module._PAGE_BYTES
    refused = 0
    for k in range(400):
        damaged = bytearray(whole)
        if k % 4 == 0:
            del damaged[random.integers(1, len(whole)) :]
        elif k % 4 == 1:
            start = int(random.integers(len(whole)))
            damaged[start : start + page] = bytes(len(damaged[start : start + page]))
        else:  # anywhere, or in the header of a page
            start, width = (0, len(whole)) if k % 4 == 2 else (page * int(random.integers(len(whole) // page)), 200)
            for i in random.integers(start, start + width, size=random.integers(1, 20)):
                damaged[i] = random.integers(256)
        filled.write_bytes(damaged)
        try:
            with Store(filled) as store:
                found = store.finished(CELL, 0)
                store.add(CELL, 0, [path_of(50)])
                store.describe(CELL, "{}")
                len(store)
            assert found.keys() <= set(range(40))
            assert_intact(found)
        except StoreError as error:
            refused += 1
            message = str(error)
            assert message.startswith(f"store {filled} ")
            assert "; " in message
            assert message.isprintable()
    assert 100 < refused < 400


def test_truncated_file_is_called_damaged(filled: Path) -> None:
    filled.write_bytes(filled.read_bytes()[:-20_000])
    assert refusal(filled) == (
        f"store {filled} is damaged; restore it from a copy, or give a new file name to start again (SQLITE_CORRUPT)"
    )
