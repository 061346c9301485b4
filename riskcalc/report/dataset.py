"""Answers as labelled arrays that say where they come from, and as netCDF."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np

from riskcalc.arguments import FloatArray
from riskcalc.compare import Comparison
from riskcalc.report.origin import Answer, Context, parameters, parts, provenance
from riskcalc.report.rows import columns_of, coordinates_of, shape_of
from riskcalc.result import Measurement, Risk
from riskcalc.tables import axis_name, labelled

if TYPE_CHECKING:
    import xarray


def to_dataset(answer: Answer, experiment: Context = None) -> xarray.Dataset:
    """Labelled arrays, one dimension per swept parameter, with global attributes that say where they come from.

    Parameters
    ----------
    answer, experiment
        As for ``to_json``.

    Returns
    -------
    xarray.Dataset
        Variables as in ``to_csv``. Of trials and comparisons the single values are there too, ``test_values``, with a
        dimension ``trial``; of kernels ``learned``, with a dimension ``degree``; where they are known, the term of
        order 1/n ``test_next_order`` and the standard deviation ``test_spread``. Attributes ``version``, ``kind``,
        ``experiment``, ``parameters`` (strict JSON), ``data``, ``estimator``, ``rng``, ``sources``, ...; "none" where
        there is none.

    Raises
    ------
    ImportError
        If xarray is missing.

    Examples
    --------
    >>> import riskcalc as rc
    >>> from riskcalc.report import to_dataset
    >>> risk = rc.predict(rc.GaussianData.isotropic(100, noise=0.25), rc.Ridge(1.0), n_samples=[50, 200])
    >>> found = to_dataset(risk)
    >>> found["test"].dims, found.attrs["kind"]
    (('n_samples',), 'risk')
    """
    require_netcdf()
    coordinates, shape = coordinates_of(answer), shape_of(answer)
    found = labelled(coordinates, columns_of(answer) | _beside(answer), shape)
    dims = [axis_name(coordinates, axis, len(shape)) for axis in range(len(shape))]
    for name, (further, values) in _longer(answer, shape).items():
        found[name] = ([*dims, further] if further == "degree" else [further, *dims], values)
    return found.assign_attrs(_attributes(answer, experiment))


def to_netcdf(answer: Answer, experiment: Context = None) -> bytes:
    """The contents of a netCDF file of ``to_dataset``.

    Parameters
    ----------
    answer, experiment
        As for ``to_json``.

    Returns
    -------
    bytes
        Of netCDF 3 with 64-bit offsets, to be written by ``write(path, contents)``; ``xarray.open_dataset(path)`` reads
        the file.

    Raises
    ------
    ImportError
        If xarray is missing.
    """
    dataset = to_dataset(answer, experiment)
    return bytes(dataset.to_netcdf(engine="scipy", format="NETCDF3_64BIT"))


def require_netcdf() -> None:
    """Raise one sentence where xarray is missing."""
    if find_spec("xarray") is None:
        raise ImportError("netCDF needs xarray: pip install 'riskcalc[data]'")


def _beside(answer: Answer) -> dict[str, FloatArray]:
    """The term of order 1/n and the spread, where theory knows them."""
    prediction = parts(answer)[0]
    if not isinstance(prediction, Risk):
        return {}
    known = {"next_order": prediction.next_order or {}, "spread": prediction.spread or {}}
    return {f"{name}_{what}": value for what, named in known.items() for name, value in named.items()}


def _longer(answer: Answer, shape: tuple[int, ...]) -> dict[str, tuple[str, FloatArray]]:
    """Arrays with a dimension of their own: the single trials, and what is learned of each degree."""
    prediction, trials = parts(answer)
    measured: Mapping[str, Measurement] = trials.measurements if trials else {}
    found = {f"{name}_values": ("trial", measurement.values) for name, measurement in measured.items()}
    if isinstance(prediction, Risk) and prediction.learned is not None:
        learned = np.broadcast_to(prediction.learned, (*shape, prediction.learned.shape[-1]))
        found["learned"] = ("degree", learned)
    return found


def _attributes(answer: Answer, experiment: Context) -> dict[str, Any]:
    """Global attributes; a netCDF attribute is a number or a string."""
    prediction, trials = parts(answer)
    origin = provenance(answer, experiment)
    said = {
        "version": f"riskcalc {origin['riskcalc']}",
        "kind": answer.to_dict()["kind"],
        "experiment": str((experiment or {}).get("name", "")),
        "parameters": parameters(answer, experiment),
        **{name: origin.get(name, "") for name in ("data", "estimator", "test_data")},
        "rng": "" if origin["rng"] is None else str(origin["rng"]),
        "n_trials": trials.n_trials if trials else 0,
        "sources": ", ".join(origin["sources"]),
        "notes": "\n".join(prediction.notes) if prediction else "",
    }
    if isinstance(answer, Comparison):
        said |= {"rule": answer.rule, "verdict": answer.verdict}
    return {name: "none" if value == "" else value for name, value in said.items()}
