"""Finished trials in an SQLite file, so that an interrupted run goes on where it stopped."""

from __future__ import annotations

import os
import sqlite3
import time
import zlib
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Self

import numpy as np

from riskcalc.arguments import FloatArray
from riskcalc.errors import StoreError

APPLICATION_ID = 0x7269736B  # "risk", in the header of the file
FORMAT = 1
LOCK_SECONDS = 30.0  # how long to wait while another process writes
_PAGE_BYTES = 16384  # a ridge path of some 100 numbers fits in a page (with the usual 4096 the file is twice as large)
_TABLES = (
    "CREATE TABLE trials (cell TEXT NOT NULL, rng TEXT NOT NULL, trial INTEGER NOT NULL, n_points INTEGER NOT NULL, "
    "n_parameters INTEGER NOT NULL, n_fields INTEGER NOT NULL, points BLOB NOT NULL, measured BLOB NOT NULL, "
    "checksum INTEGER NOT NULL, PRIMARY KEY (cell, rng, trial)) WITHOUT ROWID",
    "CREATE TABLE cells (cell TEXT NOT NULL PRIMARY KEY, description TEXT NOT NULL) WITHOUT ROWID",
)
_SELECT = "SELECT * FROM trials WHERE cell = ? AND rng = ? ORDER BY trial"
_FOREIGN = "is not a store of riskcalc{}; give another file name"
_DAMAGED = "is damaged; restore it from a copy, or give a new file name to start again"
_FORBIDDEN = "cannot be opened for writing; give a file in a folder that you may write to"
_DISK = "met a full or failing disk; make room and start the same run again, what was stored before is kept"
_LOCKED = "is locked by another process, for {:g} s now; wait for its end, or give this run a file of its own"
_MISUSED = "is closed or belongs to another thread; open it with 'with Store(path)' in the thread that uses it"
_REASONS = {
    sqlite3.SQLITE_NOTADB: _FOREIGN.format(""),
    sqlite3.SQLITE_READONLY: _FORBIDDEN,
    sqlite3.SQLITE_CANTOPEN: _FORBIDDEN,
    sqlite3.SQLITE_FULL: _DISK,
    sqlite3.SQLITE_IOERR: _DISK,
    sqlite3.SQLITE_BUSY: _LOCKED,
    sqlite3.SQLITE_MISUSE: _MISUSED,
}


class Store:
    """SQLite file of finished trials; one writer, the parent process.

    A row is one trial's ridge path, keyed by the hash of its cell, the seed of the user and the number of the trial.
    Its numbers come back bit for bit. What `add` has returned from survives a kill of the process and a full disk.

    Parameters
    ----------
    path : path-like
        File on a local disk, made if it is not there. While it is open (and after a kill) the files ``-wal`` and
        ``-shm`` beside it belong to it.

    Raises
    ------
    StoreError
        From every method: the file is not a store, of another format, damaged, locked, or cannot be written.

    Examples
    --------
    >>> import os, tempfile
    >>> import numpy as np
    >>> from riskcalc.simulation.store import Store
    >>> with tempfile.TemporaryDirectory() as folder, Store(os.path.join(folder, "trials.db")) as store:
    ...     store.add("2f7c", 0, [(5, np.array([[0.0], [0.1]]), np.array([[0.25, 0.5]]))])
    ...     points, values = store.finished("2f7c", 0)[5]
    ...     print(len(store), points.shape, values)
    1 (2, 1) [[0.25 0.5 ]]
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        with _one_sentence(self.path):
            _refuse_foreign(self.path)
            self._connection = _connect(self.path, "mode=rwc")
            try:
                self._prepare()
            except BaseException:
                self._connection.close()
                raise

    def _prepare(self) -> None:
        for pragma in (f"page_size = {_PAGE_BYTES}", "synchronous = NORMAL"):
            self._connection.execute(f"PRAGMA {pragma}")
        with self._connection:
            self._connection.execute("BEGIN IMMEDIATE")  # one process makes the file, the others wait
            if _is_new(self._connection, self.path):
                for table in _TABLES:
                    self._connection.execute(table)
                self._connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
                self._connection.execute(f"PRAGMA user_version = {FORMAT}")
        self._switch_to_wal()

    def _switch_to_wal(self) -> None:
        deadline = time.monotonic() + LOCK_SECONDS
        while True:  # unlike elsewhere, SQLite does not wait here when several processes make the same file
            try:
                self._connection.execute("PRAGMA journal_mode = WAL")
                return
            except sqlite3.OperationalError as error:
                if _code(error) != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                    raise
            time.sleep(0.01)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; every `add` was committed when it returned."""
        with _one_sentence(self.path):
            self._connection.close()

    def finished(self, cell: str, rng: int) -> dict[int, tuple[FloatArray, FloatArray]]:
        """Finished trials of a cell: trial -> (points, values).

        Parameters
        ----------
        cell : str
            Hash of data, estimator without its ridge, and sizes.
        rng : int
            Seed of the user, >= 0.

        Returns
        -------
        dict
            Points of shape (n_points, n_parameters) and values of shape (n_fields, n_points), by trial.
        """
        with _one_sentence(self.path):
            rows = self._connection.execute(_SELECT, (cell, _text(rng))).fetchall()
        paths = {}
        for *row, checksum in rows:
            if checksum != _checksum(*row):
                raise StoreError(
                    f"store {self.path} has a damaged row; give a new file name, or delete the row to run it again: "
                    f"DELETE FROM trials WHERE cell = '{cell}' AND rng = '{_text(rng)}' AND trial = {row[2]}"
                )
            trial, n_points, n_parameters, n_fields, points, values = row[2:]
            paths[trial] = _array(points, n_points, n_parameters), _array(values, n_fields, n_points)
        return paths

    def add(self, cell: str, rng: int, rows: Iterable[tuple[int, FloatArray, FloatArray]]) -> None:
        """Store finished trials in one transaction, each in place of what the same trial had before.

        Parameters
        ----------
        cell, rng : str, int
            As in `finished`.
        rows : iterable of (trial, points, values)
            Float64 of shapes (n_points, n_parameters) and (n_fields, n_points).
        """
        encoded = [_encoded(cell, _text(rng), *row) for row in rows]
        with _one_sentence(self.path), self._connection:
            self._connection.execute("BEGIN IMMEDIATE")
            self._connection.executemany("INSERT OR REPLACE INTO trials VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", encoded)

    def describe(self, cell: str, description: str) -> None:
        """Say once, in words or JSON, what a cell is, for people who look into the file."""
        with _one_sentence(self.path), self._connection:
            self._connection.execute("BEGIN IMMEDIATE")
            self._connection.execute("INSERT OR IGNORE INTO cells VALUES (?, ?)", (cell, description))

    def __len__(self) -> int:
        with _one_sentence(self.path):
            return int(self._connection.execute("SELECT count(*) FROM trials").fetchone()[0])

    def __bool__(self) -> bool:
        return True  # an empty store is a store


@contextmanager
def _one_sentence(path: Path) -> Iterator[None]:
    """Turn what SQLite raises into a StoreError that says what is wrong and what to do."""
    try:
        yield
    except (sqlite3.Error, UnicodeDecodeError) as error:  # the latter from a damaged schema
        code = sqlite3.SQLITE_MISUSE if isinstance(error, sqlite3.ProgrammingError) else _code(error)
        reason = _REASONS.get(code, _DAMAGED).format(LOCK_SECONDS)
        name = getattr(error, "sqlite_errorname", type(error).__name__)  # error's own words may quote damaged bytes
        raise StoreError(f"store {path} {reason} ({name})") from None


def _code(error: Exception) -> int:
    return int(getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT)) & 0xFF  # the primary result code


def _connect(path: Path, options: str) -> sqlite3.Connection:
    uri = f"{path.absolute().as_uri()}?{options}"
    return sqlite3.connect(uri, uri=True, timeout=LOCK_SECONDS, isolation_level=None)


def _refuse_foreign(path: Path) -> None:
    """Look before anything is opened for writing, so that a file of somebody else stays as it is."""
    if "\0" in str(path):
        raise StoreError(f"store {str(path)!r} is not a file name; give one without null characters")
    if not os.path.isdir(path.parent):
        raise StoreError(f"store {path} cannot be made: there is no folder {path.parent}; make it, or give another one")
    if not os.path.exists(path):
        return
    if not os.path.isfile(path):
        raise StoreError(f"store {path} is a folder or a device; give the name of a file")
    if not os.access(path, os.W_OK, effective_ids=os.access in os.supports_effective_ids):
        raise StoreError(f"store {path} {_FORBIDDEN}")  # SQLite would find out at the first trial
    if os.path.getsize(path) == 1:  # which SQLite takes for empty
        raise StoreError(f"store {path} {_FOREIGN.format('')}")
    with closing(_connect(path, "mode=ro&immutable=1")) as connection:
        try:
            _is_new(connection, path)
        except sqlite3.DatabaseError as error:
            if _code(error) != sqlite3.SQLITE_CORRUPT:  # else perhaps another process makes it just now: wait for that
                raise


def _is_new(connection: sqlite3.Connection, path: Path) -> bool:
    """Whether the file is still empty; a StoreError if it is not a store of this format."""
    ours, version, tables = (
        int(connection.execute(query).fetchone()[0])
        for query in ("PRAGMA application_id", "PRAGMA user_version", "SELECT count(*) FROM sqlite_master")
    )
    if ours == version == tables == 0:
        return True
    if ours != APPLICATION_ID:
        raise StoreError(f"store {path} {_FOREIGN.format(' but a database of another program')}")
    if version != FORMAT:
        raise StoreError(
            f"store {path} was written by another version of riskcalc (format {version}, here {FORMAT}); "
            "give a new file name, or use that version"
        )
    return False


def _text(rng: int) -> str:
    return str(int(rng)) if rng < 2**64 else hex(rng)  # SQLite's integers end at 2^63, Python's decimals at 4300 digits


def _encoded(cell: str, rng: str, trial: int, points: FloatArray, values: FloatArray) -> tuple[Any, ...]:
    (n_points, n_parameters), (n_fields, n_values) = points.shape, values.shape
    if n_values != n_points:
        raise ValueError(f"values must have one column for each of the {n_points} points, got {n_values}")
    blobs = (array.astype("<f8").tobytes() for array in (points, values))
    row = cell, rng, int(trial), n_points, n_parameters, n_fields, *blobs
    return *row, _checksum(*row)


def _array(blob: bytes, *shape: int) -> FloatArray:
    return np.frombuffer(blob, "<f8").astype(np.float64).reshape(shape)


def _checksum(*row: object) -> int:
    return zlib.crc32(repr(row).encode())  # of any types: those of a damaged row may have changed
