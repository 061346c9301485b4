"""The commands for answers that were stored as JSON: other formats, and pictures."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from riskcalc.cli.commands import EXPORT, app
from riskcalc.cli.export import Export

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from riskcalc.report import Stored

File = Annotated[str, Parameter(allow_leading_hyphen=True)]


@app.command
def report(
    file: File,
    /,
    *,
    line: Annotated[int | None, Parameter(metavar="N")] = None,
    output: Export = EXPORT,
) -> int:
    """Write a stored answer, a JSON file of an earlier command, in another format.

    Nothing is computed again: version, parameters, rng and sources are those of
    the file.

    For example:

        riskcalc verify isotropic --quick -o answer.json
        riskcalc report answer.json
        riskcalc report answer.json --latex
        riskcalc report answer.json -o answer.csv

    Parameters
    ----------
    file
        JSON file that predict, simulate, verify or learning-curve wrote, or - for stdin.
    line
        Which answer, from 1, where the file holds several, a line each.
    """
    from riskcalc.report import written

    form = output.check()
    found = read(file, line)
    output.emit(written(found.answer, form, found.experiment))
    return 0


def read(file: str, line: int | None = None) -> Stored:
    """The answer of a file, or of stdin."""
    from riskcalc.report import one_line, stored

    name = "stdin" if file == "-" else file
    return stored(one_line(sys.stdin.read() if file == "-" else Path(file).read_bytes(), name, line), name)


def picture_of(file: str, simulation: bool, coloured: bool) -> Figure:
    """A stored answer as ``plot`` draws it: theory, simulation, both, or theory in colour over its two longest axes."""
    from riskcalc import plot
    from riskcalc.compare import Comparison
    from riskcalc.result import Risk
    from riskcalc.theory import LearningCurve

    found = read(file)
    answer, title = found.answer, str(found.experiment.get("name", ""))
    if isinstance(answer, LearningCurve):
        return plot.learning_curve(answer).figure
    theory = answer.prediction if isinstance(answer, Comparison) else answer
    if (coloured or not simulation) and not isinstance(theory, Risk):
        raise ValueError(f"{file} holds no theory to be drawn alone; leave --map and --no-simulation out")
    if coloured and isinstance(theory, Risk):
        sizes = {name: values.size for name, values in theory.coordinates.items()}
        x, y = sorted(sizes, key=lambda name: -sizes[name])[:2]
        return plot.map_figure(theory, title=title, x=x, y=y)
    shown = answer if simulation or theory is None else theory
    coordinates = shown.trials.coordinates if isinstance(shown, Comparison) else shown.coordinates
    return plot.figure(shown, title=title, x=max(coordinates, key=lambda name: coordinates[name].size))
