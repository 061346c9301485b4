"""Execute the sources of the notebooks and write their pages: ``python tests/notebooks.py [NAME ...]``."""

import sys
import time
from pathlib import Path

import jupytext
import nbformat
from nbclient import NotebookClient

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"


def executed(source):
    """The page of a source without times, versions or random names: another run gives the same bytes."""
    book = jupytext.read(source)
    NotebookClient(book, timeout=300, record_timing=False, resources={"metadata": {"path": NOTEBOOKS}}).execute()
    book.metadata = {"kernelspec": book.metadata["kernelspec"], "language_info": {"name": "python"}}
    for number, cell in enumerate(book.cells, start=1):
        cell.id, cell.metadata = f"cell-{number}", {}
    return book


if __name__ == "__main__":
    for path in sorted(NOTEBOOKS.glob("*.py")):
        if not sys.argv[1:] or path.stem in sys.argv[1:]:
            start = time.monotonic()
            nbformat.write(executed(path), path.with_suffix(".ipynb"))
            print(f"{path.stem}: {time.monotonic() - start:.0f} s")
