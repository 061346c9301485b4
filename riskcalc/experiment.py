"""Experiments as files: a pair, the sizes, the number of trials; shipped ones and the user's own."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from riskcalc import data as data_models
from riskcalc import estimators as estimator_models
from riskcalc.arguments import choice, numbers, whole
from riskcalc.compare import Comparison, verify
from riskcalc.kinds import arguments_of, nearest, written
from riskcalc.model import Model
from riskcalc.parameters import parameters
from riskcalc.recipe import Recipe, naming, shipped
from riskcalc.result import Risk, Trials
from riskcalc.simulation import simulate
from riskcalc.simulation.trials import Submits
from riskcalc.sweep import as_list, sweep
from riskcalc.theory import predict

QUICK = ("n_samples", "n_trials", "scale")  # what the table [quick] may change
Store = str | os.PathLike[str] | None


@dataclass(frozen=True, eq=False, repr=False)
class Experiment(Model):
    r"""A pair (data, estimator) with the grid on which it is predicted and simulated.

    .. math:: \{n_1, n_2, \ldots\}\times\{\lambda_1, \lambda_2, \ldots\}\times\cdots

    Parameters
    ----------
    data : data model
    estimator : estimator
    n_samples : array_like, >= 0, or str
        A number, a list, or a grid as ``"50:800:8"`` or ``"50:800:8:log"``.
    n_trials : int, >= 2
    rng : int, >= 0
        Seed of the trials.
    scale : float, > 0
        Multiplies the sizes when they are simulated, for models in ratios.
    label_noise : {"averaged", "drawn"}
        As for ``simulate``.
    title, description : str
        For people.
    quick : mapping
        Other values of n_samples, n_trials or scale, for a run in seconds.
    test_data : data model, optional
        Another distribution to be tested on, as for ``predict``; one for the whole grid.

    Raises
    ------
    ValueError, TypeError
        If a value is outside its domain; the sentence names it.

    Notes
    -----
    Every list is an axis: n_samples first, then the data's and the estimator's parameters that are lists (noise,
    ridge), as in ``sweep``. In a file, the tables [data], [estimator] and [test_data] name a public constructor by
    ``kind``; the other keys are its arguments. Relative paths are relative to the file. ::

        title = "Least squares"
        n_samples = "50:800:8:log"
        data = { kind = "GaussianData.isotropic", n_features = 200, noise = 0.25 }
        estimator = { kind = "Ridge", ridge = [0, 1, 10] }
        quick = { n_trials = 10 }

    References
    ----------
    .. [1] derived

    Examples
    --------
    >>> from riskcalc.experiment import Experiment
    >>> experiment = Experiment.load("isotropic", overrides={"estimator.ridge": [1, 50], "n_samples": "100:400:4"})
    >>> experiment.predict().test.shape
    (4, 2)
    >>> "diabetes" in Experiment.names()
    True
    """

    data: Model
    estimator: Model
    n_samples: npt.ArrayLike | str
    n_trials: int = 50
    rng: int = 0
    scale: float = 1.0
    label_noise: str = "averaged"
    title: str = ""
    description: str = ""
    quick: Mapping[str, Any] = field(default_factory=dict)
    test_data: Model | None = None

    def _checked(self) -> dict[str, object]:
        judged_on = {} if self.test_data is None else {"test_data": self.test_data}
        rooms = {"data": data_models, "estimator": estimator_models} | dict.fromkeys(judged_on, data_models)
        for name, room in rooms.items():
            if type(getattr(self, name)).__name__ not in room.__all__:
                raise TypeError(f"{name} must be one of {', '.join(room.__all__)}, got {getattr(self, name)!r}")
        for path, value in parameters(judged_on):
            numbers(path, value, ndim=0, hint="the test distribution is one for the whole grid")
        for path, value in self._grids().items():
            as_list(path, value)
        for name in ("title", "description"):
            if not isinstance(getattr(self, name), str):
                raise TypeError(f"{name} must be a string, got {getattr(self, name)!r}")
        return _sizes({"n_samples": self.n_samples, "n_trials": self.n_trials, "scale": self.scale}) | {
            "rng": whole("rng", self.rng),
            "label_noise": choice("label_noise", self.label_noise, ("averaged", "drawn")),
            "quick": _quick(self.quick),
        }

    @classmethod
    def names(cls) -> tuple[str, ...]:
        """Names of the shipped experiments.

        Returns
        -------
        tuple of str
        """
        return shipped()

    @classmethod
    def load(
        cls,
        path_or_name: str | os.PathLike[str],
        *,
        overrides: Mapping[str, Any] | None = None,
        quick: bool = False,
    ) -> Self:
        """Experiment of a TOML file, or a shipped one.

        Parameters
        ----------
        path_or_name : path or str
            A shipped name goes before a file of the same name.
        overrides : mapping of str to value, optional
            ``{"estimator.ridge": 0.1, "n_samples": "50:800:8:log"}``: other values of what the file has.
        quick : bool
            Take the values of the table [quick] first.

        Returns
        -------
        Experiment

        Raises
        ------
        ValueError
            No such file, not TOML, an unknown or missing key, or a value outside its domain; one sentence that names
            the file and the key.
        OSError
            If a file cannot be read.

        Examples
        --------
        >>> from riskcalc.experiment import Experiment
        >>> Experiment.load("isotropic", overrides={"n_trials": 10}).n_trials
        10
        """
        return cls.of(Recipe.read(path_or_name).changed(overrides, quick=quick))

    @classmethod
    def of(cls, recipe: Recipe) -> Self:
        """Experiment of the tables of a file, its models made and checked.

        Parameters
        ----------
        recipe : Recipe

        Returns
        -------
        Experiment

        Raises
        ------
        ValueError, OSError
            As ``load``.
        """
        with naming(recipe.origin):
            return cls(**arguments_of(cls, "an experiment", recipe.tables, "", recipe.folder))

    def to_toml(self) -> str:
        """Text of a file that loads as an equal experiment; the models are written by their fields.

        Returns
        -------
        str

        Raises
        ------
        ValueError
            If a model holds a function.
        """
        import tomli_w

        tables: dict[str, Any] = {}
        for f in fields(self):
            value = getattr(self, f.name)
            if f.default is MISSING or value != f.default:
                tables[f.name] = written(value) if isinstance(value, Model) else value
        tables["n_samples"] = np.asarray(self.n_samples).tolist()
        tables = {key: value for key, value in tables.items() if key != "quick" or value}
        return tomli_w.dumps(tables)

    def predict(self) -> Risk:
        """What theory says on the grid.

        Returns
        -------
        Risk
        """
        keys = self._grids() | {"test_data": self.test_data}
        return sweep(predict, self.data, self.estimator, self.n_samples, **keys)

    def simulate(self, *, executor: Submits | None = None, store: Store = None) -> Trials:
        """What the experiment measures on the grid.

        Parameters
        ----------
        executor, store
            As for the function ``simulate``.

        Returns
        -------
        Trials
        """
        return sweep(simulate, self.data, self.estimator, self.n_samples, **self._run(executor, store))

    def verify(self, *, executor: Submits | None = None, store: Store = None) -> Comparison:
        """Theory beside simulation on the grid.

        Parameters
        ----------
        executor, store
            As for the function ``simulate``.

        Returns
        -------
        Comparison
        """
        return sweep(verify, self.data, self.estimator, self.n_samples, **self._run(executor, store))

    def _grids(self) -> dict[str, Any]:
        return {path: value for path, value in parameters({"data": self.data, "estimator": self.estimator})}

    def _run(self, executor: Submits | None, store: Store) -> dict[str, Any]:
        keys = {name: getattr(self, name) for name in ("n_trials", "rng", "scale", "label_noise", "test_data")}
        return {**self._grids(), **keys, "executor": executor, "store": store}


def _sizes(values: Mapping[str, Any]) -> dict[str, object]:
    checked: dict[str, object] = {}
    for name, value in values.items():
        if name == "n_samples":
            checked[name] = numbers(name, as_list(name, value), at_least=0)
        elif name == "n_trials":
            checked[name] = whole(name, value, at_least=2, hint="a standard error needs two")
        else:
            checked[name] = float(numbers(name, value, above=0, ndim=0))
    return checked


def _quick(values: Mapping[str, Any]) -> dict[str, object]:
    if not isinstance(values, Mapping):
        raise TypeError(f"quick must be a table, got {values!r}")
    for name in values:
        if name not in QUICK:
            raise ValueError(f"quick: unknown key {name!r}; {nearest(name, QUICK)}")
    return {name: np.asarray(value).tolist() for name, value in _sizes(values).items()}
