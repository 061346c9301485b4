"""The verb simulate."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from riskcalc.arguments import FloatArray, choice, common_shape, numbers, whole
from riskcalc.model import Model
from riskcalc.parameters import changed, parameters
from riskcalc.result import Measurement, Trials
from riskcalc.simulation.bidiagonal import refuse_other_laws
from riskcalc.simulation.cells import Cell
from riskcalc.simulation.measures import Measures
from riskcalc.simulation.procedures import ROUTES, procedure
from riskcalc.simulation.shift import refuse_other_features
from riskcalc.simulation.sizes import rounded_sizes
from riskcalc.simulation.store import Store
from riskcalc.simulation.trials import Submits, run_cells

IF_VARYING = ("noise", "size")  # coordinates only where they have several values
Rng = int | np.random.SeedSequence | np.random.Generator | None


def simulate(
    data: Model,
    estimator: Model,
    n_samples: npt.ArrayLike,
    *,
    n_trials: int,
    rng: Rng = None,
    executor: Submits | None = None,
    store: str | os.PathLike[str] | None = None,
    scale: float = 1,
    measures: Measures | None = None,
    label_noise: str = "averaged",
    test_data: Model | None = None,
    route: str | None = None,
) -> Trials:
    r"""What an experiment measures of an estimator on data of n samples.

    .. math:: \text{test} = \|\hat\theta-\theta_*\|_\Sigma^2 + M + \tau^2, \qquad
              \mathrm{E}_\varepsilon\,\text{test} = \text{bias}(X) + \tau^2\,\mathrm{Tr}\,\Sigma G X^\top X G + \tau^2

    Parameters
    ----------
    data : data model
        GaussianData: features are drawn anew in each trial and the risk of the fitted coefficients is exact. Dataset:
        each trial is a random split, and the risk is measured on the rows that are left. SphereData, HypercubeData:
        inputs and a target function are drawn anew, and the risk is measured on 1000 fresh inputs, the same for all
        ridges; so are the weights of random features, unless they are given.
    estimator : estimator
        One factorisation per trial serves all its ridges.
    n_samples : array_like
        Broadcasts against ridge and noise; rounded to whole numbers, at least 1.
    n_trials : int, >= 2
    rng : int, SeedSequence, Generator or None
        Trial t of a cell (data, estimator without its ridge, size) is seeded by
        ``SeedSequence(rng, spawn_key=(*hash of the cell, t))``: longer grids and more trials keep the old numbers.
    executor : object with ``submit``, optional
        For example a ``concurrent.futures.ProcessPoolExecutor``; the numbers are the same, bit for bit.
    store : path, optional
        SQLite file of finished trials (local disk); the same call resumes. Needs an integer ``rng``.
    scale : float, > 0
        Multiplies the sizes (and the ridge of Ridge), to simulate ratios.
    measures : mapping of str to function, optional
        More fields: ``function(fit)`` gets the fitted model of the drawn labels (``.inputs .outputs .coefficients
        .ridge .noise .target .covariance``) and returns a float.
    label_noise : {"averaged", "drawn"}
        ``"averaged"``: the label noise is averaged in closed form given the features. ``"drawn"``: one draw a trial.
    test_data : data model, optional
        A GaussianData to judge the fit on instead: the same entries with the same multiplicities, with other variances,
        energies or noise (one number). The target is parallel to that of ``data`` in each eigenspace, as in ``predict``
        (in a random direction where ``data`` has none). Only ``test``, ``bias`` and ``variance`` change.
    route : {None, "bidiagonal"}
        None draws the samples. ``"bidiagonal"``, for Ridge on a GaussianData with Gaussian entries and one positive
        eigenvalue, draws the bidiagonal matrix that Golub and Kahan's algorithm [2]_ makes of X when it starts at
        :math:`\theta_*`, whose entries are independent [3]_: :math:`B_{kk}\sim\chi_{n-k+1}`,
        :math:`B_{k,k+1}\sim\chi_{p-k}`. All fields have the same joint law, from other draws, in time
        O(min(n, p)) a ridge: a million samples of a million features are within reach.

    Returns
    -------
    Trials
        With the sizes as simulated in ``coordinates``.

    Raises
    ------
    TypeError
        If there is no experiment for the pair, or none with ``test_data`` or by the ``route``.
    ValueError
        If a number is outside its domain, a size cannot be drawn, ``store`` is given without an integer ``rng``, or
        features are not isotropic Gaussian, or ``measures`` or ``test_data`` given, by ``route="bidiagonal"``.
    StoreError
        If the store cannot be used; what was computed before stays in it.

    Notes
    -----
    Bit-identical on one machine with one set of versions, for any number of workers.

    References
    ----------
    .. [1] derived (the closed form in the noise)
    .. [2] golub1965 (place not checked)
    .. [3] dumitriu2002 (the law of the bidiagonal entries; place not checked)

    Examples
    --------
    >>> import riskcalc as rc
    >>> data = rc.GaussianData.isotropic(n_features=0.5, noise=0.25)
    >>> trials = rc.simulate(data, rc.Ridge([0, 0.1]), n_samples=1.0, n_trials=10, rng=0, scale=100)
    >>> trials.test.mean.shape, trials.coordinates["n_samples"]
    ((2,), array(100.))
    """
    how = procedure(data, estimator)
    if route is not None:
        choice("route", route, tuple(ROUTES))
        refuse_other_laws(data, estimator, measures or {}, test_data)
    if executor is not None and not hasattr(executor, "submit"):
        raise TypeError(f"executor must have a submit method, as those of concurrent.futures do, got {executor!r}")
    n_trials = whole("n_trials", n_trials, at_least=2, hint="a standard error needs two")
    choice("label_noise", label_noise, ("averaged", "drawn"))
    _refuse_measures(measures or {}, how.fields)
    if store is not None and (isinstance(rng, bool) or not isinstance(rng, (int, np.integer))):
        got = " ".join(repr(rng).split())
        raise ValueError(f"rng must be an integer when trials are stored, got {got}; give rng=0, say")
    if test_data is not None and not how.judges_shift:
        raise TypeError(
            f"test_data must be left out for {type(data).__name__} with {type(estimator).__name__}: its error is "
            "measured on the training distribution only"
        )
    factor = float(numbers("scale", scale, above=0, ndim=0))
    if test_data is not None:
        refuse_other_features(data, test_data)
        test_data = as_simulated(test_data, estimator, n_samples, factor)[0]
    data, estimator, sizes = as_simulated(data, estimator, n_samples, factor)
    axes = swept(data, estimator, sizes)
    shape = common_shape(**axes)
    entropy = entropy_of(rng)
    whole_grid = Cell(data, estimator, 1, label_noise, dict(measures or {}), test_data, route)
    work, places = _cells(whole_grid, how.path, axes, shape)
    with Store(store) if store is not None else nullcontext() as opened:
        values = run_cells(work, n_trials, entropy, executor, opened)
    fields = work[0][0].fields if work else how.fields
    filled = np.empty((n_trials, len(fields), *shape))
    flat = filled.reshape(n_trials, len(fields), -1)
    for value, (at, columns) in zip(values, places, strict=True):
        flat[:, :, at] = value[:, :, columns]
    measurements = {name: Measurement(filled[:, j]) for j, name in enumerate(fields)}
    seed = int(rng) if isinstance(rng, (int, np.integer)) else None
    return Trials(measurements, axes, data, estimator, n_trials, seed, test_data, label_noise)


def as_simulated(
    data: Model, estimator: Model, n_samples: npt.ArrayLike, scale: float = 1
) -> tuple[Model, Model, FloatArray]:
    """Data, estimator and sizes as an experiment draws them: scaled, and rounded to whole numbers."""
    how = procedure(data, estimator)
    sizes, factor = rounded_sizes(n_samples, scale)
    return *how.scaled(data, estimator, sizes, factor), sizes


def _refuse_measures(measures: Measures, measured: tuple[str, ...]) -> None:
    if not isinstance(measures, Mapping):
        raise TypeError(f"measures must be a mapping of names to functions, got {measures!r}")
    for name, function in measures.items():
        if name in measured:
            raise ValueError(
                f"measures must have names of their own, got {name!r}, which is measured anyway; rename it"
            )
        taken = not isinstance(name, str) or not name.isidentifier() or hasattr(Trials, name)
        if taken or name in Trials.__dataclass_fields__:
            raise ValueError(f"measures must be named like Python names that Trials does not have, got {name!r}")
        if not callable(function):
            raise TypeError(f"measures must be functions, got {function!r} for {name!r}")


def swept(data: Model, estimator: Model, sizes: FloatArray) -> dict[str, FloatArray]:
    """The swept parameters of a pair by name."""
    noise = np.asarray(getattr(data, "noise", 0.0))
    axes = {path.rpartition(".")[2]: np.asarray(value) for path, value in parameters({"estimator": estimator})}
    shown = {name: value for name, value in (axes | {"noise": noise}).items() if value.ndim or name not in IF_VARYING}
    return {"n_samples": sizes} | shown


def _cells(
    whole_grid: Cell, path: str, axes: dict[str, FloatArray], shape: tuple[int, ...]
) -> tuple[list[tuple[Cell, FloatArray]], list[tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]]]:
    """One cell per size (and width, subsample, ...) with its distinct points, and where in the grid they belong.

    A point is a pair: a value of the estimator's parameter at ``path``, and a noise.
    """
    data: Any = whole_grid.data
    noise, name = np.asarray(getattr(data, "noise", 0.0)), path.rpartition(".")[2]
    bare = data.replace(noise=0.0) if hasattr(data, "noise") else data
    others = {
        other.partition(".")[2]: np.broadcast_to(value, shape).ravel()
        for other, value in parameters({"estimator": whole_grid.estimator})
        if other != f"estimator.{path}"
    }
    flat = [np.broadcast_to(a, shape).ravel() for a in (axes[name], noise)]
    keys = np.column_stack([np.broadcast_to(axes["n_samples"], shape).ravel(), *others.values()])
    distinct, numbers_of = np.unique(keys, axis=0, return_inverse=True)
    work, places = [], []
    for number, (size, *values) in enumerate(distinct):
        at = np.flatnonzero(numbers_of.reshape(-1) == number)
        estimator = changed(whole_grid.estimator, path, 0.0)
        for other, value in zip(others, values, strict=True):
            estimator = changed(estimator, other, value)
        points, columns = np.unique(np.column_stack([a[at] for a in flat]), axis=0, return_inverse=True)
        work.append((replace(whole_grid, data=bare, estimator=estimator, n_samples=int(size)), points))
        places.append((at, columns.reshape(-1)))
    return work, places


def entropy_of(rng: Rng) -> int:
    """The integer that seeds all trials."""
    if isinstance(rng, np.random.Generator):
        return int(rng.integers(2**63))
    if isinstance(rng, np.random.SeedSequence):
        return int.from_bytes(rng.generate_state(4).tobytes(), "little")
    if rng is None:
        return int(np.random.SeedSequence().entropy)  # type: ignore[arg-type]
    return whole("rng", rng)
