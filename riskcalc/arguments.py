"""Arguments become float64 arrays, or one sentence that names the parameter and the way out."""

from __future__ import annotations

from numbers import Real
from typing import TypeVar

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
T = TypeVar("T")


def numbers(
    name: str,
    value: npt.ArrayLike,
    *,
    at_least: float | None = None,
    above: float | None = None,
    at_most: float | None = None,
    finite: bool = True,
    ndim: int | None = None,
    hint: str = "",
) -> FloatArray:
    """Read-only float64 copy of ``value`` (-0.0 becomes 0.0), checked against its domain.

    Raises TypeError if it is not real numbers and ValueError if it is outside the domain; both name the parameter.
    """
    array = _real(name, value, hint)
    if ndim is not None and array.ndim != ndim:
        raise ValueError(_sentence(name, f"an array of {ndim} dimension(s)", f"shape {array.shape}", hint))
    domain, outside = _domain(array, at_least, above, at_most, finite)
    if outside.any():
        raise ValueError(_sentence(name, domain, f"{array[outside].flat[0]:g}", hint))
    array += 0.0
    array.setflags(write=False)
    return array


def _real(name: str, value: npt.ArrayLike, hint: str) -> FloatArray:
    if isinstance(value, np.ma.MaskedArray):
        raise TypeError(_sentence(name, "real numbers", "a masked array", hint or "fill or drop the masked entries"))
    try:
        array = np.asarray(value)
    except ValueError:
        raise ValueError(_sentence(name, "real numbers", "rows of unequal length", hint)) from None
    if array.dtype.kind == "O" and array.size and all(_is_real(x) for x in array.flat):
        try:
            array = array.astype(np.float64)  # integers of any size, fractions
        except OverflowError:
            raise ValueError(_sentence(name, "numbers that a float holds", "a larger one", hint)) from None
    if array.dtype.kind not in "iuf":
        got = repr(value)[:80] if array.ndim == 0 else f"an array of dtype {array.dtype}"
        raise TypeError(_sentence(name, "real numbers", got, hint))
    with np.errstate(over="ignore"):
        return np.array(array, dtype=np.float64)


def _is_real(value: object) -> bool:
    return isinstance(value, Real) and not isinstance(value, (bool, np.bool_))


def _domain(
    array: FloatArray, at_least: float | None, above: float | None, at_most: float | None, finite: bool
) -> tuple[str, npt.NDArray[np.bool_]]:
    words, outside = [], np.isnan(array)
    if finite:
        words.append("finite")
        outside |= np.isinf(array)
    if at_least is not None:
        words.append(f">= {at_least:g}")
        outside |= array < at_least
    if above is not None:
        words.append(f"> {above:g}")
        outside |= array <= above
    if at_most is not None:
        words.append(f"<= {at_most:g}")
        outside |= array > at_most
    return " and ".join(words) or "a number", outside


def _sentence(name: str, domain: str, got: str, hint: str) -> str:
    return f"{name} must be {domain}, got {got}" + (f"; {hint}" if hint else "")


def whole(name: str, value: object, *, at_least: int = 0, hint: str = "") -> int:
    """Integer argument ``value`` (a float with a whole value is taken), checked against its lower bound."""
    if isinstance(value, bool) or not isinstance(value, (int, float, np.integer, np.floating)):
        raise TypeError(_sentence(name, "a whole number", repr(value), hint))
    if value != value or value in (np.inf, -np.inf) or int(value) != value or value < at_least:
        raise ValueError(_sentence(name, f"a whole number >= {at_least}", f"{value}", hint))
    return int(value)


def instance(name: str, value: object, kind: type[T], hint: str) -> T:
    """``value`` if it is of the kind, else a TypeError that says how to make one."""
    if not isinstance(value, kind):
        raise TypeError(_sentence(name, f"a {kind.__name__}", repr(value)[:80], hint))
    return value


def choice(name: str, value: object, allowed: tuple[str, ...]) -> str:
    """``value`` if it is one of the words ``allowed``, else a ValueError that lists them."""
    if value not in allowed:
        raise ValueError(f"{name} must be one of {', '.join(map(repr, allowed))}, got {value!r}")
    return str(value)


def common_shape(**arrays: FloatArray) -> tuple[int, ...]:
    """Broadcast shape of the named arrays, or a ValueError that names their shapes."""
    try:
        return np.broadcast_shapes(*(array.shape for array in arrays.values()))
    except ValueError:
        shapes = ", ".join(f"{name} {array.shape}" for name, array in arrays.items())
        raise ValueError(
            f"shapes do not broadcast: {shapes}; for a grid give one of them a new axis, as n_samples[:, None]"
        ) from None


def symmetric(name: str, matrix: npt.ArrayLike) -> FloatArray:
    """A square symmetric matrix, checked."""
    square = numbers(name, matrix, ndim=2)
    if square.shape[0] != square.shape[1] or square.size == 0:
        raise ValueError(f"{name} must be square, got shape {square.shape}")
    gap = np.abs(square - square.T).max()
    if gap > 1e-10 * np.abs(square).max():
        raise ValueError(f"{name} must be symmetric, got entries that differ by {gap:g}; use (A + A.T) / 2")
    return square


def positive_part(name: str, eigenvalues: FloatArray) -> FloatArray:
    """Eigenvalues of a positive semidefinite matrix: rounding below zero is cut off, more is refused."""
    allowed = np.finfo(float).eps * eigenvalues.size * np.abs(eigenvalues).max()
    if eigenvalues.min() < -10 * allowed:
        raise ValueError(f"{name} must be positive semidefinite, got the eigenvalue {eigenvalues.min():g}")
    return np.where(eigenvalues <= allowed, 0.0, eigenvalues)
