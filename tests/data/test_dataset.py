"""Identities: a table is what was given, equal by its numbers, and refuses what is no table in one sentence."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import riskcalc as rc

X = [[1.0, 2.0], [3.0, 4.0], [5.0, 7.0]]
Y = [1.0, 0.0, 2.0]


def test_a_table_is_its_numbers() -> None:
    table = rc.Dataset(X, Y, names=["a", "b"])
    assert (table.n_rows, table.n_features, table.names) == (3, 2, ("a", "b"))
    assert_array_equal(table.output_columns, np.array(Y)[:, None])
    assert repr(table) == "Dataset(3 rows, 2 inputs, 1 output)"
    several = rc.Dataset(X, np.column_stack([Y, Y]))
    assert several.output_columns.shape == (3, 2)
    assert repr(several) == "Dataset(3 rows, 2 inputs, 2 outputs)"


def test_arrays_are_copies_that_cannot_be_written_even_after_pickling() -> None:
    inputs, outputs = np.array(X), np.array(Y)
    table = rc.Dataset(inputs, outputs)
    inputs[0, 0] = outputs[0] = 99.0
    for copy in (table, pickle.loads(pickle.dumps(table)), table.replace(names=("a", "b"))):
        assert_array_equal(copy.inputs, X)
        for array in (copy.inputs, copy.outputs):
            with pytest.raises(ValueError, match="read-only"):
                np.asarray(array)[...] = 0


def test_equal_by_numbers_and_not_by_names() -> None:
    table = rc.Dataset(X, Y, names=["a", "b"])
    assert table == rc.Dataset(np.array(X, dtype=np.int64), Y) == rc.Dataset(np.float32(X), Y)
    assert hash(table) == hash(rc.Dataset(X, Y))
    assert table != rc.Dataset(X, [1.0, 0.0, 2.5])
    assert table != rc.Dataset(X, np.array(Y)[:, None])
    assert rc.Dataset([[0.0], [1.0]], [0.0, 1.0]) == rc.Dataset([[-0.0], [1.0]], [-0.0, 1.0])


def test_standardised_and_intercept() -> None:
    rng = np.random.default_rng(0)
    table = rc.Dataset(5 + 2 * rng.standard_normal((30, 3)), 7 + rng.standard_normal((30, 2)), names="abc")
    standard = table.standardised()
    assert_allclose(np.mean(standard.inputs, axis=0), 0, atol=1e-14)
    assert_allclose(np.std(standard.inputs, axis=0), 1, rtol=1e-14)
    assert_allclose(np.mean(standard.outputs, axis=0), 0, atol=1e-14)
    assert_allclose(np.std(standard.outputs, axis=0), np.std(table.outputs, axis=0), rtol=1e-14)
    assert standard.names == ("a", "b", "c")
    assert_array_equal(standard.with_intercept().inputs, np.column_stack([standard.inputs, np.ones(30)]))
    assert standard.with_intercept().names == ("a", "b", "c", "intercept")
    assert rc.Dataset(X, Y).with_intercept().names == ()


def test_constant_up_to_rounding_is_constant() -> None:
    column = np.full(5, 0.1) * (1 + 1e-16 * np.arange(5))
    table = rc.Dataset(np.column_stack([np.arange(5.0), column]), np.arange(5.0))
    with pytest.raises(
        ValueError, match=r"^inputs must vary to be standardised, column number 1 is constant; leave it"
    ):
        table.standardised()
    with pytest.raises(ValueError, match=r"column 'b' is constant"):
        table.replace(names=("a", "b")).standardised()
    small = rc.Dataset(1e6 + np.array([[0.0], [1e-3], [2e-3]]), Y)  # varies, if little
    assert_allclose(np.std(small.standardised().inputs), 1, rtol=1e-6)


def test_duplicates_are_rows_whose_inputs_came_before() -> None:
    assert rc.Dataset(X, Y).n_duplicates == 0
    assert rc.Dataset([[1, 2], [1, 2], [2, 1], [1, 2]], [1, 2, 3, 4]).n_duplicates == 2
    assert rc.Dataset([[0.0], [-0.0]], [1, 2]).n_duplicates == 1


@pytest.mark.parametrize(
    ("inputs", "outputs", "kind", "sentence"),
    [
        ([1.0, 2.0], Y, ValueError, "inputs must be an array of 2 dimension(s), got shape (2,)"),
        (X, [1.0, 2.0], ValueError, "outputs must have one row per row of inputs (3), got shape (2,)"),
        (X, 1.0, ValueError, "outputs must have one row per row of inputs (3), got shape ()"),
        (X, np.zeros((3, 1, 1)), ValueError, "outputs must have one row per row of inputs (3), got shape (3, 1, 1)"),
        (X, np.zeros((3, 0)), ValueError, "outputs must have one row per row of inputs (3), got shape (3, 0)"),
        ([[1.0, 2.0]], [1.0], ValueError, "inputs must have at least two rows and one column, got shape (1, 2)"),
        (np.zeros((3, 0)), Y, ValueError, "inputs must have at least two rows and one column, got shape (3, 0)"),
        (np.zeros((0, 2)), [], ValueError, "inputs must have at least two rows and one column, got shape (0, 2)"),
        ([[1.0, np.nan], [1, 2]], [1, 2], ValueError, "inputs must be finite, got nan; drop or fill the rows with"),
        ([[1.0, 2], [1, 2]], [1, np.inf], ValueError, "outputs must be finite, got inf; drop or fill the rows with"),
        (
            [["a", "b"], ["c", "d"]],
            [1, 2],
            TypeError,
            "inputs must be real numbers, got an array of dtype <U1; drop or",
        ),
        (
            [[1.0, None], [1, 2]],
            [1, 2],
            TypeError,
            "inputs must be real numbers, got an array of dtype object; drop or",
        ),
        ([[1.0, 2j], [1, 2]], [1, 2], TypeError, "inputs must be real numbers, got an array of dtype complex128"),
        ([[1.0], [1, 2]], [1, 2], ValueError, "inputs must be real numbers, got rows of unequal length"),
        (
            np.ma.masked_invalid([[1.0, np.nan], [1, 2]]),
            [1, 2],
            TypeError,
            "inputs must be real numbers, got a masked array; drop or fill the rows with missing values",
        ),
    ],
)
def test_refused_in_one_sentence(inputs: Any, outputs: Any, kind: type[Exception], sentence: str) -> None:
    with pytest.raises(kind) as caught:
        rc.Dataset(inputs, outputs)
    assert str(caught.value).startswith(sentence)
    assert "\n" not in str(caught.value)


def test_names_of_another_length() -> None:
    with pytest.raises(ValueError, match=r"^names must have one entry per input column \(2\), got 3"):
        rc.Dataset(X, Y, names=("a", "b", "c"))


def test_the_data_frame_of_pandas_is_a_table() -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"a": [1, 3, 5], "b": [2.0, 4.0, 7.0], "y": Y})
    assert rc.Dataset(frame[["a", "b"]], frame["y"]) == rc.Dataset(X, Y)
    with pytest.raises(TypeError, match=r"^inputs must be real numbers, got an array of dtype object"):
        rc.Dataset(frame[["a"]].assign(b=["x", "y", "z"]).astype(object), frame["y"])


# ------------------------------------------------------------------------------- what the rooms make of a table


def test_sizes_beyond_the_table_are_refused_by_both_rooms() -> None:
    table = rc.Dataset(X, Y)
    with pytest.raises(ValueError, match=r"n_samples must be .*<= 3, got 4; the table has 3 rows and tells no more"):
        rc.predict(table, rc.Ridge(1.0), 4)
    with pytest.raises(ValueError, match=r"^n_samples must be below the 3 rows of the table, got 3; the error is"):
        rc.simulate(table, rc.Ridge(1.0), [2, 3], n_trials=2, rng=0)


def test_the_measured_errors_are_those_of_the_rows_by_definition() -> None:
    """Every split of five rows into 3 and 2, by dense algebra: the trials' errors are among them, to rounding."""
    from itertools import combinations

    rng = np.random.default_rng(0)
    inputs, outputs = rng.standard_normal((5, 2)), rng.standard_normal((5, 2))
    expected = []
    for chosen in map(list, combinations(range(5), 3)):
        rest = [i for i in range(5) if i not in chosen]
        A, B = inputs[chosen], outputs[chosen]
        theta = np.linalg.solve(A.T @ A + 0.3 * np.eye(2), A.T @ B)
        test = ((outputs[rest] - inputs[rest] @ theta) ** 2).sum() / 2
        train = ((B - A @ theta) ** 2).sum() / 3
        expected.append((test, train, np.trace(A @ np.linalg.solve(A.T @ A + 0.3 * np.eye(2), A.T))))
    trials = rc.simulate(rc.Dataset(inputs, outputs), rc.Ridge(0.3), 3, n_trials=300, rng=0)
    measured = np.column_stack([trials.test.values, trials.train.values, trials.df1.values])
    distances = np.abs(measured[:, None, :] - np.array(expected)).max(axis=2)
    assert distances.min(axis=1).max() < 1e-13
    assert set(distances.argmin(axis=1)) == set(range(10))


def kernel_of(m: int = 12, rank: int = 12) -> np.ndarray:
    features = np.random.default_rng(0).standard_normal((m, rank))
    return features @ features.T


def test_a_kernel_matrix_is_the_gram_matrix_of_the_table() -> None:
    K = kernel_of()
    table = rc.Dataset.from_kernel(K, np.arange(12.0))
    assert_allclose(np.asarray(table.inputs) @ np.asarray(table.inputs).T, K, atol=1e-12)
    assert rc.Dataset.from_kernel(kernel_of(rank=5), np.arange(12.0)).n_features == 5


def test_a_kernel_of_a_table_predicts_like_the_table() -> None:
    rng = np.random.default_rng(1)
    X, y = rng.standard_normal((60, 20)), rng.standard_normal(60)
    n, ridge = np.array([10, 30, 50])[:, None], [0.1, 1.0, 10.0]
    expected = rc.predict(rc.Dataset(X, y), rc.Ridge(ridge), n)
    found = rc.predict(rc.Dataset.from_kernel(X @ X.T, y), rc.Ridge(ridge), n)
    for name in ("test", "train", "df1", "effective_ridge"):
        assert_allclose(getattr(found, name), getattr(expected, name), rtol=1e-9)


@pytest.mark.parametrize("suffix", ["npy", "npz", "csv"])
def test_a_kernel_matrix_from_a_file(tmp_path, suffix: str) -> None:
    K, y = kernel_of(), np.arange(12.0)
    for name, array in (("matrix", K), ("outputs", y[:, None])):
        path = tmp_path / f"{name}.{suffix}"
        if suffix == "npy":
            np.save(path, array)
        elif suffix == "npz":
            np.savez(path, **{name: array, "other": np.zeros(2)})
        else:
            np.savetxt(path, array, delimiter=",", fmt="%.17g")
    read = rc.Dataset.from_kernel(tmp_path / f"matrix.{suffix}", str(tmp_path / f"outputs.{suffix}"))
    assert read == rc.Dataset.from_kernel(K, y)


@pytest.mark.parametrize(
    ("matrix", "sentence"),
    [
        (np.ones((2, 3)), r"matrix must be square, got shape \(2, 3\)"),
        ([[1.0, 2.0], [0.0, 1.0]], "matrix must be symmetric, got entries that differ by 2"),
        ([[1.0, 2.0], [2.0, 1.0]], "matrix must be positive semidefinite, got the eigenvalue -1"),
        (np.zeros((2, 2)), "matrix must not be zero"),
        (np.eye(3), r"outputs must have one row per row of matrix \(3\), got 2"),
        ("kernel.mat", r"matrix must be an array or a file ending in \.npy, \.npz"),
    ],
)
def test_matrices_that_are_no_kernels(matrix: Any, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        rc.Dataset.from_kernel(matrix, [1.0, 2.0])


def test_files_that_hold_no_array(tmp_path) -> None:
    (tmp_path / "a.npy").write_text("1,2,3")
    np.savez(tmp_path / "b.npz", x=np.eye(2), z=np.eye(2))
    with pytest.raises(ValueError, match="not an array file"):
        rc.Dataset.from_kernel(tmp_path / "a.npy", [1.0, 2.0])
    with pytest.raises(ValueError, match="must hold one array, or one called 'matrix', got x, z"):
        rc.Dataset.from_kernel(tmp_path / "b.npz", [1.0, 2.0])
    with pytest.raises(FileNotFoundError):
        rc.Dataset.from_kernel(tmp_path / "c.npy", [1.0, 2.0])
