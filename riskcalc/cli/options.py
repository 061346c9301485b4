"""The options that commands share: which experiment, how it runs, how the answer is written."""

from __future__ import annotations

import os
import signal
import sys
import threading
import tomllib
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Group, Parameter

if TYPE_CHECKING:
    from riskcalc.recipe import Recipe

SUFFIXES = {".json": "json", ".jsonl": "json", ".csv": "csv", ".md": "markdown"}


@Parameter(name="*", group=Group("Experiment", sort_key=1))
@dataclass(frozen=True)
class Choice:
    """Which experiment, and what is changed in it.

    Parameters
    ----------
    changes
        Another value of what the file has; may be repeated. Numbers, comma lists 0.1,1,10 and grids 50:800:8 (equal
        steps) or 50:800:8:log (equal ratios).
    n_samples
        Sizes: short for --set n_samples=...
    ridge
        Penalties: short for --set estimator.ridge=... (1 if left out with --table).
    quick
        Take the values of the file's table [quick].
    """

    changes: Annotated[tuple[str, ...], Parameter(name="--set", metavar="KEY=VALUE")] = ()
    n_samples: Annotated[str | None, Parameter(metavar="GRID")] = None
    ridge: Annotated[str | None, Parameter(metavar="GRID")] = None
    quick: bool = False


@Parameter(name="*", group=Group("A table of your own instead of an experiment", sort_key=2))
@dataclass(frozen=True)
class Table:
    """A CSV file instead of an experiment.

    Parameters
    ----------
    table
        CSV file of numbers; comma, semicolon, tab or space between columns, with or without a header.
    target
        Column that is predicted: its name or position (from 0; -1 is the last).
    standardise
        Inputs to mean 0 and variance 1, the target to mean 0.
    intercept
        Add a column of ones.
    drop
        Column to leave out; may be repeated.
    missing
        What to do with rows that have an empty cell.
    header
        Whether the first line names the columns; left out, it does unless all its cells are numbers.
    kernel
        Kernel ridge regression with a kernel of riskcalc.kernels (RBF, Laplace, Polynomial, ...) instead of ridge
        regression; --set estimator.kernel.gamma=0.1 changes its arguments.
    """

    table: Annotated[str | None, Parameter(metavar="FILE")] = None
    target: Annotated[str | None, Parameter(metavar="COLUMN", allow_leading_hyphen=True)] = None
    standardise: bool = False
    intercept: bool = False
    drop: Annotated[tuple[str, ...], Parameter(metavar="COLUMN", allow_leading_hyphen=True)] = ()
    missing: Literal["error", "drop"] = "error"
    header: bool | None = None
    kernel: Annotated[str | None, Parameter(metavar="NAME")] = None


@Parameter(name="*", group=Group("Trials", sort_key=3))
@dataclass(frozen=True)
class Running:
    """How trials are run.

    Parameters
    ----------
    trials
        Number of trials, at least 2.
    rng
        Seed, a whole number; the same seed gives the same numbers for any number of workers.
    workers
        Number of processes; 1 is this one alone.
    store
        SQLite file of finished trials: an interrupted command goes on from it, a longer one adds to it.
    """

    trials: Annotated[int | None, Parameter(metavar="N")] = None
    rng: Annotated[int | None, Parameter(metavar="N")] = None
    workers: Annotated[int, Parameter(metavar="N")] = 1
    store: Annotated[str | None, Parameter(metavar="FILE")] = None

    @contextmanager
    def executor(self) -> Iterator[ProcessPoolExecutor | None]:
        """Processes to run trials in, which leave Ctrl-C to this one; None for a single worker."""
        from multiprocessing import get_context

        if self.workers < 1:
            raise ValueError(f"--workers must be at least 1, got {self.workers}")
        if self.workers == 1:
            yield None
            return
        with ProcessPoolExecutor(self.workers, get_context("spawn"), _leave_interrupts) as pool:
            with _without_interrupts():
                for _ in range(self.workers):
                    pool.submit(os.getpid)
            yield pool


@Parameter(name="*", group=Group("Output", sort_key=4))
@dataclass(frozen=True)
class Output:
    """How the answer is written.

    Parameters
    ----------
    json
        One strict JSON object per line.
    csv
        Comma-separated values.
    output
        File instead of stdout, written wholly or not at all; .json, .csv and .md choose the format.
    """

    json: bool = False
    csv: bool = False
    output: Annotated[str | None, Parameter(alias="-o", metavar="FILE")] = None

    @property
    def format(self) -> str:
        """One of "text", "json", "csv", "markdown"."""
        if self.json and self.csv:
            raise ValueError("--json and --csv exclude each other; give one")
        suffix = Path(self.output or "").suffix.lower()
        return "json" if self.json else "csv" if self.csv else SUFFIXES.get(suffix, "text")

    def check(self) -> str:
        """The format; ValueError now if the file could not be written later."""
        from riskcalc.report import refuse_unwritable

        if self.output is not None:
            refuse_unwritable(self.output)
        return self.format

    def emit(self, text: str | bytes) -> None:
        """Write to the file or to stdout; a reader that closed the pipe has had enough."""
        from riskcalc.report import write

        if self.output is not None or isinstance(text, bytes):  # only a file asks for bytes
            write(str(self.output), text)
            return
        encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
        try:
            sys.stdout.write(text.encode(encoding, "replace").decode(encoding))
            sys.stdout.flush()
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def recipe(name: str | None, choice: Choice, table: Table, running: Running | None = None) -> Recipe:
    """The experiment that the options describe, not yet made."""
    from riskcalc.recipe import Recipe, shipped

    if table.table is not None:
        if name is not None:
            raise ValueError(f"give an experiment or --table, not both; got {name} and {table.table}")
        found = _of_table(choice, table)
    elif table != Table():
        raise ValueError(
            "--target, --standardise, --intercept, --drop, --missing, --header and --kernel belong to --table FILE"
        )
    elif name is None:
        raise ValueError(f"give an experiment ({', '.join(shipped())}), a TOML file, - for stdin, or --table FILE")
    else:
        found = Recipe.parse(sys.stdin.read(), "stdin") if name == "-" else Recipe.read(name)
    given = {"n_samples": choice.n_samples, "estimator.ridge": choice.ridge}
    changes = {key: parsed(value) for key, value in given.items() if value is not None}
    if running is not None:
        numbers = {"n_trials": running.trials, "rng": running.rng}
        changes |= {key: number for key, number in numbers.items() if number is not None}
    return found.changed(changes | dict(map(_pair, choice.changes)), quick=choice.quick)


def _of_table(choice: Choice, table: Table) -> Recipe:
    found = table_recipe(table)
    if choice.n_samples is None:
        raise ValueError("--table needs --n-samples, the numbers of rows to train on; for example --n-samples 50:400:8")
    if choice.quick:
        raise ValueError("--quick belongs to experiments; with --table give fewer --trials")
    return found


def table_recipe(table: Table, changes: tuple[str, ...] = ()) -> Recipe:
    """Data and estimator of a table, without sizes; ``changes`` as --set takes them."""
    from riskcalc.recipe import Recipe

    if table.table is None:
        raise ValueError("give --table FILE, a CSV file of numbers, and --target COLUMN, what is predicted")
    if table.target is None:
        raise ValueError("--table needs --target COLUMN, the name or position of the column that is predicted")
    data = {
        "kind": "Dataset.from_csv",
        "path": table.table,
        "target": table.target,
        "standardise": table.standardise,
        "intercept": table.intercept,
        "drop": list(table.drop),
        "missing": table.missing,
    }
    if table.header is not None:
        data["header"] = table.header
    estimator: dict[str, Any] = {"kind": "Ridge", "ridge": 1.0}
    if table.kernel is not None:
        estimator |= {"kind": "KernelRidge", "kernel": {"kind": f"kernels.{table.kernel.removeprefix('kernels.')}"}}
    return Recipe(table.table, {"data": data, "estimator": estimator}).changed(dict(map(_pair, changes)))


def _pair(text: str) -> tuple[str, Any]:
    key, equals, value = text.partition("=")
    if not (equals and key.strip() and value.strip()):
        raise ValueError(f"--set takes KEY=VALUE, for example estimator.ridge=0.1, got {text!r}")
    return key.strip(), parsed(value)


def parsed(text: str) -> Any:
    """A value of the command line: as in TOML, or a comma list, or else a word (a grid is one)."""
    try:
        found = tomllib.loads(f"value = {text.strip()}")
        if list(found) == ["value"]:
            return found["value"]
    except tomllib.TOMLDecodeError:
        pass
    if "," in text:
        return [parsed(part) for part in text.split(",")]
    try:
        return float(text)
    except ValueError:
        return text.strip()


def _leave_interrupts() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)


@contextmanager
def _without_interrupts() -> Iterator[None]:
    """Processes started here are born deaf to Ctrl-C, so that none of them dies while it still imports."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
