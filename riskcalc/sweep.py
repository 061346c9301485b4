"""Grids: the outer product of sample sizes and parameters."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from riskcalc.arguments import FloatArray, numbers, whole
from riskcalc.model import Model
from riskcalc.parameters import changed, parameters

LARGEST = 10_000_000  # points of one grid

Answer = TypeVar("Answer")


def sweep(
    verb: Callable[..., Answer], data: Model, estimator: Model, n_samples: npt.ArrayLike | str, **grids: Any
) -> Answer:
    r"""A verb on the outer product of sample sizes and parameters.

    .. math:: \{n_1, n_2, \ldots\}\times\{\lambda_1, \lambda_2, \ldots\}\times\cdots

    Parameters
    ----------
    verb : function
        ``predict``, ``simulate`` or ``verify``.
    data : data model
    estimator : estimator
    n_samples : array_like, >= 0, or str
        A list is the first axis, a number has none. ``"50:800:8"`` is a grid of 8 sizes at equal steps,
        ``"50:800:8:log"`` at equal ratios.
    **grids
        Keywords with a dot name a parameter, its values are an axis each, in the order given:
        ``**{"estimator.ridge": [0, 1], "data.noise": [0.1, 1]}``; grids as strings are taken too. Keywords without a
        dot go to the verb (``n_trials=100, rng=0``).

    Returns
    -------
    Risk, Trials or Comparison
        Whatever the verb returns, of shape (sizes, first grid, second grid, ...).

    Raises
    ------
    ValueError
        A parameter that the equations do not take as an array, or that has several values without being swept.

    Notes
    -----
    Nothing is looped over: a grid is one call of the verb with arrays shaped for their axes.

    References
    ----------
    .. [1] derived

    Examples
    --------
    >>> import riskcalc as rc
    >>> from riskcalc.sweep import sweep
    >>> data = rc.GaussianData.isotropic(200, noise=0.25)
    >>> risk = sweep(rc.predict, data, rc.Ridge(0), [100, 400], **{"estimator.ridge": [1, 50], "data.noise": [0, 1, 2]})
    >>> risk.test.shape
    (2, 2, 3)
    """
    swept = {name: values for name, values in grids.items() if "." in name}
    keywords = {name: value for name, value in grids.items() if name not in swept}
    return verb(*on_axes(data, estimator, n_samples, swept), **keywords)


def on_axes(
    data: Model, estimator: Model, n_samples: npt.ArrayLike | str, grids: Mapping[str, npt.ArrayLike | str]
) -> tuple[Model, Model, FloatArray]:
    """Data, estimator and sizes with every list on an axis of its own, n_samples first."""
    pair = {"data": data, "estimator": estimator}
    known = dict(parameters(pair))
    for path in grids:
        if path not in known:
            raise ValueError(f"{path} cannot be swept; {', '.join(['n_samples', *known])} can")
    for path, value in known.items():
        if path not in grids and np.ndim(value):
            raise ValueError(f"{path} has several values, shape {np.shape(value)}; sweep it too, or give one value")
    arrays = {path: as_list(path, values) for path, values in {"n_samples": n_samples, **grids}.items()}
    later = sum(array.ndim for array in arrays.values())
    for path, array in arrays.items():
        later -= array.ndim
        shaped = array.reshape(-1, *[1] * later) if array.ndim else array
        if path == "n_samples":
            sizes = shaped
        else:
            root, _, rest = path.partition(".")
            pair[root] = changed(pair[root], rest, shaped)
    return pair["data"], pair["estimator"], sizes


def as_list(name: str, values: npt.ArrayLike | str) -> FloatArray:
    """A number or a list of numbers, from itself or from the string of a grid."""
    array = grid(name, values) if isinstance(values, str) else numbers(name, values, finite=False)
    if array.ndim > 1 or array.size == 0:
        raise ValueError(f"{name} must be a number or a list of numbers, got shape {array.shape}")
    return array


def grid(name: str, text: str) -> FloatArray:
    """Grid of the string ``"start:stop:count"`` (equal steps) or ``"start:stop:count:log"`` (equal ratios)."""
    match = re.fullmatch(r"([^:]+):([^:]+):([^:]+)(:log)?", text)
    try:
        start, stop, count = (float(part) for part in match.groups()[:3])  # type: ignore[union-attr]
    except (AttributeError, ValueError):
        raise ValueError(
            f'{name} must be a number, a list of numbers or a grid as "50:800:8" or "50:800:8:log", got {text!r}'
        ) from None
    size = whole(f"the count of {name}", count, at_least=2, hint=f"the grid is {text!r}")
    numbers(f"the count of {name}", size, at_most=LARGEST)
    if match and match[4]:
        numbers(name, [start, stop], above=0, hint="a grid of equal ratios has positive ends")
        return np.geomspace(start, stop, size)
    numbers(name, [start, stop])
    return np.linspace(start, stop, size)


def finer(sizes: npt.ArrayLike, count: int) -> FloatArray:
    """About ``count`` sizes between the smallest and the largest of a first axis, those that were there among them."""
    n: FloatArray = np.asarray(sizes, dtype=np.float64)
    if n.size < 2:
        return n
    between = np.geomspace if n.min() > 0 else np.linspace
    return np.union1d(n, between(n.min(), n.max(), count)).reshape(-1, *[1] * (n.ndim - 1))
