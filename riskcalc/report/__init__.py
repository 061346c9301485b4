"""Answers as JSON, CSV, Markdown, LaTeX, netCDF and text, each with version, parameters, rng, sources; JSON is read."""

from riskcalc.report.dataset import require_netcdf, to_dataset, to_netcdf
from riskcalc.report.files import refuse_unwritable, write
from riskcalc.report.latex import latex_rows, to_latex
from riskcalc.report.models import Described
from riskcalc.report.origin import Answer, provenance, version
from riskcalc.report.rows import csv_rows, markdown_rows, points, rows
from riskcalc.report.stored import Stored, one_line, read, read_json, stored, to_json
from riskcalc.report.text import to_csv, to_markdown, to_text
from riskcalc.report.written import Contents, written

__all__ = [
    "Answer",
    "Contents",
    "Described",
    "Stored",
    "csv_rows",
    "latex_rows",
    "markdown_rows",
    "one_line",
    "points",
    "provenance",
    "read",
    "read_json",
    "refuse_unwritable",
    "require_netcdf",
    "rows",
    "stored",
    "to_csv",
    "to_dataset",
    "to_json",
    "to_latex",
    "to_markdown",
    "to_netcdf",
    "to_text",
    "version",
    "write",
    "written",
]
