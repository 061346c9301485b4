"""A matrix or vector from the user, as an array or in a file."""

from __future__ import annotations

from os import PathLike
from pathlib import Path

import numpy as np
import numpy.typing as npt

from riskcalc.data.csv_table import read_table

SUFFIXES = (".npy", ".npz", ".csv", ".tsv", ".txt")


def array_or_file(name: str, given: npt.ArrayLike | PathLike[str]) -> npt.ArrayLike:
    """What was given, or the array in the .npy, .npz (one array, or one called ``name``) or CSV file at that path."""
    if not isinstance(given, (str, PathLike)):
        return given
    path = Path(given)
    if path.suffix.lower() not in SUFFIXES:
        raise ValueError(f"{name} must be an array or a file ending in {', '.join(SUFFIXES)}, got {str(path)!r}")
    if path.suffix.lower() not in (".npy", ".npz"):
        return read_table(path).values
    try:
        content = np.load(path, allow_pickle=False)
    except (ValueError, EOFError) as error:
        raise ValueError(f"{path}: not an array file ({error}); write it with numpy.save") from None
    if isinstance(content, np.ndarray):
        return content
    with content:
        names = list(content)
        if name not in names and len(names) != 1:
            raise ValueError(f"{path}: the file must hold one array, or one called {name!r}, got {', '.join(names)}")
        array: npt.NDArray[np.float64] = content[name if name in names else names[0]]
        return array
