"""The options of commands whose answers are exported: every format, LaTeX and netCDF included."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from cyclopts import Group, Parameter

from riskcalc.cli.options import SUFFIXES, Output

FURTHER_SUFFIXES = {".tex": "latex", ".nc": "netcdf"}


@Parameter(name="*", group=Group("Output", sort_key=4))
@dataclass(frozen=True)
class Export(Output):
    """How the answer is written, LaTeX and netCDF included.

    Parameters
    ----------
    json
        One strict JSON object per line, which report and plot read.
    csv
        Comma-separated values, one row per point, under lines of comment; pgfplots and pandas read it.
    latex
        A table for LaTeX, in the style of booktabs.
    markdown
        A table for Markdown.
    output
        File instead of stdout, written wholly or not at all; .json, .csv, .tex, .md and .nc (netCDF) choose the format.
    """

    output: Annotated[str | None, Parameter(alias="-o", metavar="FILE")] = None  # its hint is read in this module
    latex: bool = False
    markdown: bool = False

    @property
    def format(self) -> str:
        """One of "text", "json", "csv", "latex", "markdown", "netcdf"."""
        suffix = Path(self.output or "").suffix.lower()
        flags = {"json": self.json, "csv": self.csv, "latex": self.latex, "markdown": self.markdown}
        asked = [name for name, given in flags.items() if given]
        if len(asked) > 1:
            raise ValueError(f"--{' and --'.join(asked)} exclude each other; give one")
        if suffix == ".nc" and asked:
            raise ValueError(f"--{asked[0]} and a file of netCDF (.nc) exclude each other; give one")
        return asked[0] if asked else (SUFFIXES | FURTHER_SUFFIXES).get(suffix, "text")

    def check(self) -> str:
        """The format; an error now if the file could not be written later."""
        from riskcalc.report import require_netcdf

        form = super().check()
        if form == "netcdf":
            require_netcdf()
        return form
