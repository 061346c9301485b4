"""The commands for a table of one's own: what more rows would bring."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Group, Parameter

from riskcalc.cli.commands import FIGURES, OUTPUT, TABLE, app
from riskcalc.cli.options import Output, Table, parsed, table_recipe

if TYPE_CHECKING:
    from riskcalc.data import Dataset
    from riskcalc.estimators import KernelRidge, Ridge
    from riskcalc.recipe import Recipe
    from riskcalc.theory import LearningCurve

SIZES = 20  # of the default grid, from a tenth of the rows to eight times as many
NEAREST, FARTHEST = 0.1, 8.0
MEASURED = 6  # sizes at which errors are measured
MOST_TO_FIT = 0.8  # of the rows, so that some are left to measure the error on


@Parameter(name="*", group=Group("The fit", sort_key=3))
@dataclass(frozen=True)
class Fit:
    """Which penalty goes with how many rows.

    Parameters
    ----------
    ridge
        The penalty, the same for every number of rows; best (what is taken if it is left out) is the best for each.
    ridge_per_row
        A penalty that grows with the rows, this times their number, instead of --ridge.
    changes
        Another argument of the kernel: --set estimator.kernel.gamma=0.1; may be repeated.
    """

    ridge: Annotated[str | None, Parameter(metavar="GRID")] = None
    ridge_per_row: Annotated[str | None, Parameter(metavar="GRID")] = None
    changes: Annotated[tuple[str, ...], Parameter(name="--set", metavar="KEY=VALUE")] = ()

    @property
    def rule(self) -> tuple[str, Any]:
        """How the penalty goes with n, and the penalties."""
        if self.ridge is not None and self.ridge_per_row is not None:
            raise ValueError("--ridge and --ridge-per-row exclude each other; give one")
        if self.ridge_per_row is not None:
            return "per_row", parsed(self.ridge_per_row)
        if any(change.split("=")[0].strip() == "estimator.ridge" for change in self.changes):
            raise ValueError(
                "--set estimator.ridge is --ridge here; give --ridge GRID, --ridge-per-row GRID or neither"
            )
        best = self.ridge is None or self.ridge.strip() == "best"
        return ("best", 1.0) if best else ("fixed", parsed(str(self.ridge)))


@Parameter(name="*", group=Group("The interval", sort_key=3))
@dataclass(frozen=True)
class Interval:
    """How far the table can be trusted.

    Parameters
    ----------
    level
        Nominal coverage of the interval; 0.9 if left out.
    rng
        Seed of the random groups that are left out in turn, and of what is measured; a whole number, 0 if left out.
    """

    level: Annotated[float, Parameter(metavar="SHARE")] = 0.9
    rng: Annotated[int, Parameter(metavar="N")] = 0


FIT, INTERVAL = Fit(), Interval()


@dataclass(frozen=True)
class Own:
    """What the options describe: a table, an estimator with its ridges, how they go with n, and all as parameters."""

    data: Dataset
    estimator: Ridge | KernelRidge
    rule: str
    recipe: Recipe

    @classmethod
    def of(cls, table: Table, fit: Fit, interval: Interval) -> Own:
        """Read the file and make the models; ValueError names the file and what is wrong."""
        from riskcalc.arguments import whole
        from riskcalc.kinds import built
        from riskcalc.recipe import naming

        rule, ridges = fit.rule
        whole("rng", interval.rng)
        options = {"estimator.ridge": ridges, "ridge_rule": rule, "level": interval.level, "rng": interval.rng}
        chosen = table_recipe(table, fit.changes).changed(options)
        with naming(chosen.origin):
            data, estimator = (built(chosen.tables[key], key, chosen.folder) for key in ("data", "estimator"))
        return cls(data, estimator, rule, chosen)  # type: ignore[arg-type]

    def ask(self, verb: Callable[..., Any], n_samples: Any, **keywords: Any) -> Any:
        """A verb on the outer product of sizes and ridges."""
        from riskcalc.sweep import sweep

        with unkept():
            swept = {"estimator.ridge": self.estimator.ridge}
            return sweep(verb, self.data, self.estimator, n_samples, ridge=self.rule, **keywords, **swept)

    def text(self, answer: Any, form: str, **options: Any) -> str:
        """The answer in a format, with what it belongs to."""
        from riskcalc.cli.own_data_text import written

        given = self.recipe.changed({"estimator.ridge": "best"} if self.rule == "best" else {}).parameters
        return written(answer, form, self.recipe.origin, given | options, self.data, self.estimator)


@contextmanager
def unkept() -> Iterator[None]:
    """An interruption here loses what was computed."""
    try:
        yield
    except KeyboardInterrupt:
        raise KeyboardInterrupt("interrupted; nothing was written, and the same command starts again") from None


@app.command
def learning_curve(
    *,
    table: Table = TABLE,
    n_samples: Annotated[str | None, Parameter(metavar="GRID")] = None,
    fit: Fit = FIT,
    interval: Interval = INTERVAL,
    plot: Annotated[str | None, Parameter(metavar="FILE")] = None,
    trials: Annotated[int, Parameter(metavar="N")] = 10,
    output: Output = OUTPUT,
) -> int:
    """Tell the test error with fewer and with more rows than your table has, with an interval.

    Columns: the error and its interval; identified, whether your rows determine
    it, or else it is extrapolated; n identified, up to how many rows they do;
    bound, the least error that they determine at any ridge; the penalty.

    For example:

        riskcalc learning-curve --table my.csv --target y --plot curve.pdf
        riskcalc learning-curve --table my.csv --target y --n-samples 50:5000:9:log
        riskcalc learning-curve --table my.csv --target y --kernel RBF --ridge 1,10

    Parameters
    ----------
    n_samples
        Numbers of rows; 20 from a tenth of your rows to eight times as many if left out.
    plot
        Draw it, too: a file that ends in .pdf, .png or .svg.
    trials
        Number of random parts of the table on whose other rows the points of the picture are measured; 0 for none.
    """
    from riskcalc.plot.style import require_matplotlib
    from riskcalc.report import refuse_unwritable
    from riskcalc.theory import learning_curve as verb

    form = output.check()
    if plot is not None:
        if Path(plot).suffix.lower() not in FIGURES:
            raise ValueError(f"--plot must end in {', '.join(FIGURES)}, got {plot!r}")
        refuse_unwritable(plot)
        require_matplotlib()
    if trials < 0 or trials == 1:
        raise ValueError(f"--trials must be at least 2, or 0 for a picture without points, got {trials}")
    own = Own.of(table, fit, interval)
    grid = _default_grid(own.data) if n_samples is None else parsed(n_samples)
    curve = own.ask(verb, grid, level=interval.level, rng=interval.rng)
    if plot is not None:
        _draw(own, curve, plot, trials)
    output.emit(own.text(curve, form, n_samples=grid))
    return 0


@app.command
def sample_size(
    *,
    table: Table = TABLE,
    test: Annotated[str, Parameter(metavar="GRID", allow_leading_hyphen=True)],
    fit: Fit = FIT,
    interval: Interval = INTERVAL,
    output: Output = OUTPUT,
) -> int:
    """Tell how many rows like those of your table bring the test error down to what you need.

    The answer is a set of numbers of rows, those at which the error is within the
    interval: "between 900 and 2600", "at least 700", "cannot be told", "never
    below 0.31".

    For example:

        riskcalc sample-size --table my.csv --target y --test 0.3
        riskcalc sample-size --table my.csv --target y --test 0.4,0.3 --kernel RBF

    Parameters
    ----------
    test
        The test error to be reached, a mean squared error in units of the target squared; several are asked for at
        once.
    """
    from riskcalc.arguments import numbers
    from riskcalc.sweep import as_list
    from riskcalc.theory import sample_size as verb

    form = output.check()
    hint = "it is a mean squared error, in units of the target squared"
    wanted = numbers("test", as_list("test", parsed(test)), above=0, hint=hint)
    own = Own.of(table, fit, interval)
    with unkept():
        found = verb(own.data, own.estimator, wanted, ridge=own.rule, level=interval.level, rng=interval.rng)
    output.emit(own.text(found, form, test=wanted.tolist()))
    return 0


@app.command
def hindsight(
    *,
    table: Table = TABLE,
    n_samples: Annotated[str | None, Parameter(metavar="GRID")] = None,
    fit: Fit = FIT,
    interval: Interval = INTERVAL,
    part: Annotated[float, Parameter(metavar="SHARE")] = 0.25,
    splits: Annotated[int, Parameter(metavar="N")] = 10,
    trials: Annotated[int, Parameter(metavar="N")] = 20,
    output: Output = OUTPUT,
) -> int:
    """Check learning-curve on your table: hide most of it, predict, and measure.

    Predictions are made from a part of the rows, again and again, and compared
    with the error that is measured on the whole table.

    For example:

        riskcalc hindsight --table my.csv --target y --standardise
        riskcalc hindsight --table my.csv --target y --n-samples 100,300 --ridge 1

    Parameters
    ----------
    n_samples
        Numbers of rows, fewer than the table has; 4 between the part and four fifths of it if left out.
    part
        Share of the rows that a prediction sees, at least 30 rows.
    splits
        Number of random parts, of which each makes a prediction.
    trials
        Number of random training sets on whose other rows the error is measured.
    """
    from riskcalc.hindsight import hindsight as verb

    form = output.check()
    if not 0 < part < 1:
        raise ValueError(f"--part must be between 0 and 1, a share of the rows, got {part:g}")
    own = Own.of(table, fit, interval)
    grid = _hidden_grid(own.data, part) if n_samples is None else parsed(n_samples)
    options = {"part": part, "n_splits": splits, "n_trials": trials}
    found = own.ask(verb, grid, **options, level=interval.level, rng=interval.rng)
    output.emit(own.text(found, form, n_samples=grid, **options))
    return 0


def _default_grid(data: Dataset) -> list[float]:
    """Whole numbers at equal ratios."""
    return _whole(max(NEAREST * data.n_rows, 2), FARTHEST * data.n_rows, SIZES)


def _hidden_grid(data: Dataset, part: float) -> list[float]:
    """Between a part of the rows and most of them."""
    most = MOST_TO_FIT * data.n_rows
    return _whole(max(min(1.5 * part * data.n_rows, most), 2), max(most, 2), 4)


def _whole(start: float, stop: float, count: int) -> list[float]:
    import numpy as np

    return [float(size) for size in np.unique(np.round(np.geomspace(start, stop, count)))]


def _draw(own: Own, curve: LearningCurve, path: str, trials: int) -> None:
    """The picture, with errors measured on rows left out at sizes of the curve below the table's own."""
    from riskcalc import plot
    from riskcalc.hindsight import held_out_errors

    measured, least = None, max(float(curve.coordinates["n_samples"].min()), NEAREST * own.data.n_rows)
    if trials and least <= MOST_TO_FIT * own.data.n_rows:
        sizes = _whole(least, MOST_TO_FIT * own.data.n_rows, MEASURED)
        measured = own.ask(held_out_errors, sizes, n_trials=trials, rng=own.recipe.parameters["rng"])
    plot.save(plot.learning_curve(curve, measured=measured).figure, path)
