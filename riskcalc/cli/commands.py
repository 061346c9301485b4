"""The commands; their docstrings are the help texts."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import App, Parameter

from riskcalc.cli.export import Export
from riskcalc.cli.options import Choice, Output, Running, Table, recipe

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from riskcalc.compare import Comparison
    from riskcalc.experiment import Experiment
    from riskcalc.recipe import Recipe
    from riskcalc.report import Answer, Contents
    from riskcalc.result import Risk, Trials

DEFAULT = ("isotropic", "power-law", "ridgeless", "diabetes")  # what verify runs without a name
FIGURES = (".pdf", ".png", ".svg")
STORED = (".json", ".jsonl")  # answers of earlier commands
REFINED = ("n_samples", "width")  # axes between whose values theory is drawn
FINE = 200  # sizes at which the line of a picture is computed, beside those of the experiment

CHOICE, TABLE, RUNNING, OUTPUT, EXPORT = Choice(), Table(), Running(), Output(), Export()
Name = Annotated[str | None, Parameter(allow_leading_hyphen=True)]
Names = Annotated[str, Parameter(allow_leading_hyphen=True)]

app = App(
    name="riskcalc",
    help="The asymptotic risk calculator: the test error of linearised neural networks, predicted and checked.\n\n"
    "For example:\n\n    riskcalc verify --quick\n    riskcalc plot isotropic -o figure.pdf\n\n"
    "Exit codes: 0 done, 1 theory and simulation disagree, 2 wrong usage or input, 3 an equation was not solved, "
    "130 interrupted.",
    version=lambda: metadata.version("riskcalc"),
    default_parameter=Parameter(negative=(), show_default=False),
    help_format="plaintext",
    result_action="return_value",
    print_error=False,
    exit_on_error=False,
    suppress_keyboard_interrupt=False,
)
app.register_install_completion_command()


@app.command
def predict(
    experiment: Name = None,
    /,
    *,
    choice: Choice = CHOICE,
    table: Table = TABLE,
    output: Export = EXPORT,
) -> int:
    """Predict the risk of an experiment, or of a table of your own, by equations.

    For example:

        riskcalc predict isotropic
        riskcalc predict isotropic --ridge 0.1,1,10 --n-samples 50:800:8:log --json
        riskcalc predict --table my.csv --target y --n-samples 50:400:8

    Parameters
    ----------
    experiment
        Name of a shipped experiment, a TOML file, or - for stdin.
    """
    from riskcalc.experiment import Experiment

    form = output.check()
    chosen = recipe(experiment, choice, table)
    output.emit(_report(Experiment.of(chosen).predict(), chosen, form))
    return 0


@app.command
def simulate(
    experiment: Name = None,
    /,
    *,
    choice: Choice = CHOICE,
    table: Table = TABLE,
    running: Running = RUNNING,
    output: Export = EXPORT,
) -> int:
    """Measure the risk of an experiment, or of a table of your own, by trials.

    For example:

        riskcalc simulate isotropic --quick
        riskcalc simulate ridgeless --trials 50 --store trials.db -o risks.csv
        riskcalc simulate --table my.csv --target y --n-samples 50:400:8

    Parameters
    ----------
    experiment
        Name of a shipped experiment, a TOML file, or - for stdin.
    """
    from riskcalc.experiment import Experiment

    form = output.check()
    chosen = recipe(experiment, choice, table, running)
    made = Experiment.of(chosen)
    with running.executor() as pool:
        trials = made.simulate(executor=pool, store=running.store)
    output.emit(_report(trials, chosen, form))
    return 0


@app.command
def verify(
    *experiments: Names,
    everything: Annotated[bool, Parameter(name="--all")] = False,
    choice: Choice = CHOICE,
    table: Table = TABLE,
    running: Running = RUNNING,
    output: Export = EXPORT,
) -> int:
    """Put theory beside simulation; the exit code is 1 if they disagree.

    Without a name: the experiments isotropic, power-law, ridgeless and diabetes, a verdict each.

    For example:

        riskcalc verify --quick
        riskcalc verify isotropic --workers 2 --trials 40
        riskcalc verify --table my.csv --target y --n-samples 50:400:8 --standardise

    Parameters
    ----------
    experiments
        Names of shipped experiments, TOML files, or - for stdin. Several give one table with a verdict each.
    everything
        Every shipped experiment.
    """
    from riskcalc.experiment import Experiment

    form = output.check()
    names: tuple[str | None, ...] = _names(experiments, everything, table)
    if form == "netcdf" and len(names) > 1:
        raise ValueError(f"a file of netCDF holds one experiment, got {len(names)}; give one, or another format")
    chosen = [recipe(name, choice, table, running) for name in names]
    made = [Experiment.of(one) for one in chosen]
    with running.executor() as pool:
        found = [one.verify(executor=pool, store=running.store) for one in made]
    output.emit(_report(found[0], chosen[0], form) if len(found) == 1 else _verdicts(found, chosen, form))
    return 0 if all(comparison.agrees for comparison in found) else 1


@app.command
def experiments(*, output: Output = OUTPUT) -> int:
    """List the shipped experiments, a line each.

    For example:

        riskcalc experiments
    """
    import json

    from riskcalc.recipe import Recipe, shipped
    from riskcalc.report import csv_rows, markdown_rows, version

    form = output.check()
    rows = [{"experiment": name, "title": str(Recipe.read(name).tables.get("title", ""))} for name in shipped()]
    width = max(len(row["experiment"]) for row in rows) + 3
    text = {
        "json": lambda: "".join(
            json.dumps({"riskcalc": version(), "kind": "experiment", **row}) + "\n" for row in rows
        ),
        "csv": lambda: csv_rows(rows),
        "markdown": lambda: markdown_rows(rows),
        "text": lambda: "".join(f"{row['experiment']:{width}}{row['title']}\n" for row in rows),
    }
    output.emit(text[form]())
    return 0


@app.command
def plot(
    experiment: Name = None,
    /,
    *,
    output: Annotated[str, Parameter(alias="-o", metavar="FILE")],
    simulation: Annotated[bool, Parameter(negative="--no-simulation", show=True)] = True,
    coloured: Annotated[bool, Parameter(name="--map", negative=())] = False,
    choice: Choice = CHOICE,
    table: Table = TABLE,
    running: Running = RUNNING,
) -> int:
    """Draw the test error: theory as a line, simulation as points with standard errors.

    For example:

        riskcalc plot isotropic --quick -o figure.pdf
        riskcalc plot power-law --no-simulation -o figure.svg
        riskcalc plot random-features-map --map -o map.png

    Parameters
    ----------
    experiment
        Name of a shipped experiment, a TOML file, - for stdin, or a JSON file that an earlier command wrote.
    output
        File that ends in .pdf, .png or .svg.
    simulation
        Run trials and draw them, too.
    coloured
        Draw theory in colour over the two longest axes of the experiment instead; no trials are run.
    """
    from riskcalc import plot as drawing
    from riskcalc.experiment import Experiment
    from riskcalc.report import refuse_unwritable

    if Path(output).suffix.lower() not in FIGURES:
        raise ValueError(f"output must end in {', '.join(FIGURES)}, got {output!r}")
    refuse_unwritable(output)
    if experiment is not None and Path(experiment).suffix.lower() in STORED:
        from riskcalc.cli.stored_answers import picture_of

        if (choice, table, running) != (CHOICE, TABLE, RUNNING):
            raise ValueError(f"{experiment} is drawn as it was computed; give its experiment to change or run anything")
        drawing.save(picture_of(experiment, simulation, coloured), output)
        return 0
    chosen = recipe(experiment, choice, table, running)
    made = Experiment.of(chosen)
    if coloured:
        drawing.save(_map(made, made.title or chosen.origin), output)
        return 0
    trials = None
    if simulation:
        with running.executor() as pool:
            trials = made.simulate(executor=pool, store=running.store)
    points = [trials] if trials else []
    theory = made.predict()
    x = max(theory.coordinates, key=lambda name: theory.coordinates[name].size)
    if x in REFINED:
        theory = _fine(made, trials, x)
    picture = drawing.figure(theory, *points, title=made.title or chosen.origin, x=x)
    drawing.save(picture, output)
    return 0


@app.command
def explore(*, host: str = "127.0.0.1", port: int = 0, no_browser: bool = False) -> int:
    """Open the page on which parameters are moved and the curve follows (needs the extra explore).

    For example:

        riskcalc explore
        riskcalc explore --port 8000 --no-browser

    Parameters
    ----------
    host
        The address to listen on; 127.0.0.1, unless told otherwise, is reached from this machine only.
    port
        Left out, a free one is taken.
    no_browser
        Only say the address.
    """
    from riskcalc.explore import serve

    serve(host, port, browser=not no_browser)
    return 0


def _names(given: tuple[str, ...], everything: bool, table: Table) -> tuple[str | None, ...]:
    from riskcalc.recipe import shipped

    if everything and given:
        raise ValueError(f"give names or --all, not both; got {', '.join(given)}")
    if table != TABLE:
        return given or (None,)
    return shipped() if everything else given or DEFAULT


def _fine(made: Experiment, trials: Trials | None, x: str) -> Risk:
    """Theory at many sizes between those of the experiment, as they were simulated if they were."""
    from riskcalc.sweep import finer
    from riskcalc.theory import predict

    if trials is None:
        return _refined(made, x).predict()
    sizes, estimator = trials.coordinates["n_samples"], trials.estimator
    if x == "n_samples":
        sizes = finer(sizes, FINE)
    else:
        estimator = estimator.replace(width=finer(trials.coordinates["width"], FINE))
    return predict(trials.data, estimator, sizes, test_data=trials.test_data)


def _refined(made: Experiment, x: str) -> Experiment:
    """The experiment at many more sizes or widths."""
    from riskcalc.sweep import as_list, finer

    if x == "n_samples":
        return made.replace(n_samples=finer(as_list(x, made.n_samples), FINE))
    width = finer(made.estimator.width, FINE)  # type: ignore[attr-defined]
    return made.replace(estimator=made.estimator.replace(width=width))


def _map(made: Experiment, title: str) -> Figure:
    """Theory over the two longest axes."""
    from riskcalc import plot as drawing

    sizes = {name: values.size for name, values in made.predict().coordinates.items()}
    x, y = sorted(sizes, key=lambda name: -sizes[name])[:2]
    for name in {x, y} & set(REFINED):
        made = _refined(made, name)
    return drawing.map_figure(made.predict(), title=title, x=x, y=y)


def _report(answer: Answer, chosen: Recipe, form: str) -> Contents:
    from riskcalc.report import written

    return written(answer, form, {"name": chosen.origin, "parameters": chosen.parameters})


def _verdict(comparison: Comparison) -> str:
    if not comparison.agrees:
        return "DISAGREE"
    return "not judged" if comparison.verdict.startswith("nothing could be judged") else "agree"


def _verdicts(found: list[Comparison], chosen: list[Recipe], form: str) -> Contents:
    """One row per experiment."""
    from riskcalc import report
    from riskcalc.tables import text_table

    if form == "json":
        return "".join(str(_report(comparison, one, form)) for comparison, one in zip(found, chosen, strict=True))
    rows = [
        {
            "experiment": one.origin,
            "cells": comparison.judged.size,
            "judged": int(comparison.judged.sum()),
            "trials": comparison.trials.n_trials,
            "largest_excess_z": round(comparison.worst, 2),
            "limit": round(comparison.limit, 2),
            "verdict": _verdict(comparison),
        }
        for comparison, one in zip(found, chosen, strict=True)
    ]
    if form != "text":
        return {"csv": report.csv_rows, "markdown": report.markdown_rows, "latex": report.latex_rows}[form](rows)
    bad = [row["experiment"] for row in rows if row["verdict"] == "DISAGREE"]
    said = f"theory and simulation disagree in {', '.join(map(str, bad))}" if bad else "theory and simulation agree"
    return f"{text_table(rows)}\n{said} (riskcalc {report.version()})\n"
