"""Identities: a CSV file is read as its numbers, or refused in one sentence that says where and what to do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal

import riskcalc as rc

ROWS = [[1.0, 2.0, 3.0], [2.0, 1.0, 0.0], [0.5, -4e-3, 1.0]]
TEXT = "a,b,y\n1,2,3\n2,1,0\n0.5,-4e-3,1\n"


@pytest.fixture
def read(tmp_path: Path) -> Any:
    """A table from text: `rc.Dataset.from_csv` of a file that holds it."""

    def reader(text: str | bytes, target: Any = "y", **more: Any) -> rc.Dataset:
        path = tmp_path / "table.csv"
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return rc.Dataset.from_csv(path, target, **more)

    return reader


# -------------------------------------------------------------------------------------------------- what is read


@pytest.mark.parametrize(
    "text",
    [
        TEXT,
        TEXT.rstrip("\n"),
        TEXT.replace("\n", "\r\n"),
        TEXT.replace("\n", "\n\n"),
        "\n\n" + TEXT,
        TEXT + " , ,\n",
        TEXT.replace(",", ", "),
        TEXT.replace(",", " ,"),
        TEXT.replace(",", ";"),
        TEXT.replace(",", "\t"),
        TEXT.replace(",", " "),
        TEXT.replace(",", "   ").replace("\n", "  \n  "),
        "\ufeff" + TEXT,
        '"a","b","y"\n"1","2","3"\n"2",1,0\n0.5,"-4e-3",1\n',
        TEXT.replace("1,2,3", "+1,2.,3e0"),
    ],
)
def test_separators_line_ends_quotes_and_marks(read: Any, text: str) -> None:
    table = read(text)
    assert_array_equal(np.column_stack([table.inputs, table.outputs]), ROWS)
    assert table.names == ("a", "b")


def test_without_a_header_columns_have_their_numbers(read: Any) -> None:
    table = read(TEXT.split("\n", 1)[1], target=2)
    assert_array_equal(table.inputs, np.array(ROWS)[:, :2])
    assert table.names == ("0", "1")
    assert_array_equal(read(TEXT.split("\n", 1)[1], target="1").outputs, [2, 1, -4e-3])


def test_a_first_row_with_gaps_is_no_header(read: Any) -> None:
    table = read("1,NA,3\n2,1,0\n0.5,2,1\n", target=-1, missing="drop")
    assert table.n_rows == 2


def test_years_and_numbers_may_be_names_beside_words(read: Any) -> None:
    assert read("2019,2020,y\n1,2,3\n2,1,0\n").names == ("2019", "2020")


@pytest.mark.parametrize(("target", "column"), [("a", 0), ("y", 2), (0, 0), (1, 1), (-1, 2), (-3, 0), (np.int64(1), 1)])
def test_the_target_by_name_or_position(read: Any, target: str | int, column: int) -> None:
    table = read(TEXT, target=target)
    assert_array_equal(table.outputs, np.array(ROWS)[:, column])
    assert_array_equal(table.inputs, np.delete(ROWS, column, axis=1))


@pytest.mark.parametrize("drop", [["a"], [0], "a", 0, ("a",), ["a", 0], [-3]])
@pytest.mark.parametrize("target", [2, -1, "y"])
def test_positions_are_those_in_the_file_whatever_is_dropped(read: Any, drop: Any, target: Any) -> None:
    for text, names in ((TEXT, ("b",)), (TEXT.split("\n", 1)[1], ("1",))):
        if names == ("1",) and ("a" in np.atleast_1d(drop).tolist() or target == "y"):
            continue
        table = read(text, target=target, drop=drop)
        assert_array_equal(table.outputs, np.array(ROWS)[:, 2])
        assert table.names == names


def test_text_and_gaps_may_stand_in_a_column_that_is_dropped(read: Any) -> None:
    table = read("id,b,y\nxx,2,3\n,1,0\n", drop=["id"])
    assert_array_equal(table.inputs, [[2], [1]])


@pytest.mark.parametrize("gap", ["", " ", "NA", "na", "N/A", "NaN", "nan", "null", "None", "?"])
def test_rows_with_gaps_may_be_left_out(read: Any, gap: str) -> None:
    text = f"a,b,y\n1,2,3\n{gap},5,6\n2,1,0\n7,8,{gap}\n"
    assert_array_equal(read(text, missing="drop").inputs, [[1, 2], [2, 1]])
    with pytest.raises(
        ValueError, match=r"table.csv: line 3 has no value in column 'a'; fill it, leave the column out"
    ):
        read(text)
    with pytest.raises(ValueError, match=r"line 5 has no value in column 'y'"):
        read(text, drop=["a"])


def test_standardise_and_intercept(read: Any) -> None:
    table = read(TEXT, standardise=True, intercept=True)
    inputs = np.asarray(table.inputs)
    np.testing.assert_allclose(inputs.mean(axis=0), [0, 0, 1], atol=1e-15)
    np.testing.assert_allclose(inputs.std(axis=0), [1, 1, 0], rtol=1e-15)
    assert abs(np.mean(table.outputs)) < 1e-15
    assert table.names == ("a", "b", "intercept")
    assert_array_equal(read(TEXT, intercept=True).inputs, np.column_stack([np.array(ROWS)[:, :2], np.ones(3)]))


def test_a_constant_input_is_legal_until_it_is_standardised(read: Any) -> None:
    text = "a,b,y\n0.1,2,3\n0.1,1,0\n0.1,5,1\n"
    assert read(text).n_features == 2
    with pytest.raises(
        ValueError, match=r"^inputs must vary to be standardised, column 'a' is constant; leave it out \(drop\)$"
    ):
        read(text, standardise=True)
    assert read(text, standardise=True, drop=["a"]).names == ("b",)


def test_repeated_rows_are_counted_and_noted(read: Any) -> None:
    table = read("a,b,y\n1,2,3\n1,2,4\n1,2,3\n0,1,5\n")
    assert table.n_duplicates == 2
    notes = rc.predict(table, rc.Ridge(1.0), 2).notes
    sentence = "2 of 4 rows repeat the inputs of another: held-out rows have twins among the training rows"
    assert sentence in notes
    assert not [note for note in rc.predict(read(TEXT), rc.Ridge(1.0), 2).notes if "repeat" in note]


# ------------------------------------------------------------------------------------------------ what is refused


@pytest.mark.parametrize(
    ("text", "more", "sentence"),
    [
        ("", {}, "{}: the file is empty; give a table with at least two rows"),
        (" \n\n", {}, "{}: the file is empty; give a table with at least two rows"),
        ("a,b,y\n", {}, "{}: a table needs at least two complete rows of data, got 0; add rows or fill gaps"),
        ("a,b,y\n1,2,3\n", {}, "{}: a table needs at least two complete rows of data, got 1; add rows or fill gaps"),
        (
            "1,2,3\n",
            {"target": 0},
            "{}: a table needs at least two complete rows of data, got 1; add rows or fill gaps",
        ),
        (
            "a,b,y\n,2,3\n1,2,3\n1,2,?\n",
            {"missing": "drop"},
            "{}: a table needs at least two complete rows of data, got 1; add rows or fill gaps",
        ),
        (
            "a,b,y\n1,2,3\n\n2,1\n",
            {},
            "{}: line 4 has 2 cells where the first line has 3; complete it, or put text with ',' in it between quotes",
        ),
        (
            "a;b;y\n1;2;3;4\n2;1;0\n",
            {},
            "{}: line 2 has 4 cells where the first line has 3; complete it, or put text with ';' in it between quotes",
        ),
        (
            "a,b,y\n1,2,3\n2,red,0\n",
            {},
            "{}: line 3 has 'red' in column 'b' where a number should be; leave the column out (drop) or encode it as "
            "numbers",
        ),
        (
            "1,2,3\nred,2,3\n",
            {"target": 2},
            "{}: line 2 has 'red' in column '0' where a number should be; leave the column out (drop) or encode it as "
            "numbers",
        ),
        (
            "a;b;y\n1,5;2;3\n2;1;0\n",
            {},
            "{}: line 2 has '1,5' in column 'a' where a number should be; leave the column out (drop) or encode it as "
            "numbers",
        ),
        (
            "a,b,y\n1_000,2,3\n2,1,0\n",
            {},
            "{}: line 2 has '1_000' in column 'a' where a number should be; leave the column out (drop) or encode it "
            "as numbers",
        ),
        ("a,b,y\n1,inf,3\n2,1,0\n", {}, "{}: line 2 has 'inf' in column 'b'; numbers must be finite"),
        ("a,b,y\n1,2,3\n2,1,-1e999\n", {}, "{}: line 3 has '-1e999' in column 'y'; numbers must be finite"),
        ("a,a,y\n1,2,3\n2,1,0\n", {}, "{}: column names must differ, got 'a' twice; rename one"),
        ("a,b,y\n1,2,3\n2,1,3\n", {}, "target 'y' must vary, got the constant 3; name another column"),
        (TEXT, {"target": "z"}, "target must be a column of the table, got 'z'; the columns are 'a', 'b', 'y'"),
        (TEXT, {"target": 3}, "target must be a column of the table, got 3; the columns are 'a', 'b', 'y'"),
        (TEXT, {"target": -4}, "target must be a column of the table, got -4; the columns are 'a', 'b', 'y'"),
        (
            TEXT.replace("y", "yield"),
            {"target": "yeild"},
            "target must be a column of the table, got 'yeild'; did you mean 'yield'?",
        ),
        (TEXT, {"drop": ["q"]}, "drop must be a column of the table, got 'q'; the columns are 'a', 'b', 'y'"),
        (TEXT, {"drop": "q"}, "drop must be a column of the table, got 'q'; the columns are 'a', 'b', 'y'"),
        (TEXT, {"drop": ["y"]}, "target must be a column that is kept, got 'y', which is in drop; take it out"),
        (TEXT, {"missing": "mean"}, "missing must be one of 'error', 'drop', got 'mean'"),
        ("y\n1\n2\n", {}, "inputs must have at least two rows and one column, got shape (2, 0)"),
        (
            b"\xff\xfea\x00,\x00",
            {},
            "{}: not a text file in UTF-8 (invalid start byte at byte 0); convert it",
        ),
        (
            "größe,y\n1,2\n3,4\n".encode("latin-1"),
            {},
            "{}: not a text file in UTF-8 (invalid continuation byte at byte 2); convert it",
        ),
    ],
)
def test_refused_in_one_sentence(read: Any, tmp_path: Path, text: str, more: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011  (the whole sentence is compared below)
        read(text, **more)
    found = str(caught.value)
    if "invalid continuation" in sentence:  # the place depends on the letters before it
        assert found.startswith(f"{tmp_path / 'table.csv'}: not a text file in UTF-8 (invalid ")
    else:
        assert found == sentence.format(tmp_path / "table.csv")


@pytest.mark.parametrize("bad", [1.5, None, True, ["y", 1.5]])
def test_what_names_no_column(read: Any, bad: Any) -> None:
    message = r"^target must be the name of a column or its position, a whole number, got "
    with pytest.raises(TypeError, match=message):
        read(TEXT, target=bad)


def test_several_targets_are_several_outputs(read: Any) -> None:
    several, first = read(TEXT, target=["y", "b"]), read(TEXT, target="y")
    assert_array_equal(np.asarray(several.outputs)[:, 0], first.outputs)
    assert_array_equal(np.asarray(several.outputs)[:, 1], np.asarray(first.inputs)[:, 1])
    assert (several.names, several.n_features) == (("a",), 1)
    assert read(TEXT, target=["y"]).output_columns.shape == (several.n_rows, 1)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"no\.csv"):
        rc.Dataset.from_csv(tmp_path / "no.csv", "y")
    with pytest.raises(OSError, match=tmp_path.name):
        rc.Dataset.from_csv(tmp_path, "y")


def test_many_columns_are_not_all_listed(read: Any) -> None:
    names = [f"column{i}" for i in range(50)]
    text = "\n".join([",".join(names), *(",".join(map(str, range(i, i + 50))) for i in range(3))])
    with pytest.raises(ValueError, match=r"got 'zzz'; the columns are 'column0', .*'column19'$"):
        read(text, target="zzz")
