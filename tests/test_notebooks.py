"""The notebooks: source beside the executed page, in step with it, and nothing in them that changes by itself."""

from pathlib import Path

import jupytext
import nbformat
import pytest

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"
PAGES = sorted(NOTEBOOKS.glob("*.ipynb"))
LARGEST = 1_500_000  # bytes


def cells(book):
    return [(cell.cell_type, cell.source.strip()) for cell in book.cells]


def test_each_source_has_its_page():
    assert PAGES
    assert [page.stem for page in PAGES] == sorted(path.stem for path in NOTEBOOKS.glob("*.py"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_is_its_source_executed_from_top_to_bottom(page):
    book = nbformat.read(page, as_version=4)
    assert cells(book) == cells(jupytext.read(page.with_suffix(".py")))
    code = [cell for cell in book.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    kinds = {output.output_type for cell in code for output in cell.outputs}
    assert "error" not in kinds
    assert all("execution" not in cell.metadata for cell in book.cells)  # times of a run
    assert not any(output.get("name") == "stderr" for cell in code for output in cell.outputs)
    assert page.stat().st_size < LARGEST


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_says_its_question_and_its_sources_first_and_ends_with_what_to_try(page):
    book = nbformat.read(page, as_version=4)
    first, last = book.cells[0].source, book.cells[-1].source
    assert first.startswith("# ")
    assert "**Question.**" in first
    assert "**Sources.**" in first
    assert last.startswith("## Change and try")
