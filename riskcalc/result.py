"""The answers: Risk from theory, Trials from experiments."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

from riskcalc.arguments import FloatArray
from riskcalc.measurement import Measurement
from riskcalc.model import Model
from riskcalc.tables import Coordinates, frame, html_table, labelled, plain

if TYPE_CHECKING:
    import pandas
    import xarray

__all__ = ["Measurement", "Risk", "Trials"]


@dataclass(frozen=True, eq=False, repr=False)
class Risk:
    r"""What theory says of a pair (data, estimator); every field has one common broadcast shape, or is None.

    .. math:: \mathrm{test} = \mathrm{E}(y_{new}-\hat f(x_{new}))^2 = \mathrm{bias}+\mathrm{variance}+\mathrm{noise}

    Parameters
    ----------
    test, train : ndarray
        Test error and training error, in units of y². inf at a threshold where the theory diverges.
    bias, variance, noise : ndarray or None
        Error without label noise, the part proportional to it, and the noise itself; None where they cannot be told
        apart.
    effective_ridge, df1, df2 : ndarray or None
        κ (units of the eigenvalues), the trace n - λ/κ of the hat matrix, and Tr Σ²(Σ+κ)⁻² (dimensionless). Of random
        features κ is ν₂, that of the kernel of infinite width.
    feature_ridge : ndarray or None
        Of random features: ν₁ <= ν₂, the effective ridge of ridge regression on the N features; df1 is n - λ/ν₁.
    norm_squared, estimation : ndarray or None
        E‖θ̂‖² and E‖θ̂ - θ*‖² (θ* on the positive eigenvalues), in units of y² per eigenvalue.
    in_sample, gcv : ndarray or None
        Error of the fitted values on the training inputs, (1/n)E‖X(θ̂ - θ*)‖², and the limit of generalised (and
        leave-one-out) cross-validation, in units of y².
    truncation : ndarray or None
        Of kernels: how far the test error may be from that of the whole spectrum, as a share of it, since only finitely
        many degrees are resolved.
    coordinates : mapping of str to ndarray
        The swept parameters, each of a shape that broadcasts to the fields'.
    data, estimator : model or None
        The pair it belongs to.
    test_data : model or None
        Where the test error was to be under another distribution.
    route : str
        The equations used.
    sources : tuple of str
        Bibliography keys of what the numbers rest on.
    notes : tuple of str
        Sentences where the prediction is not to be trusted.
    rule : callable or None
        What ``derivative`` calls.
    learned : ndarray or None
        Of kernels: the share σ/(σ+κ) that is learned of each degree, on a last axis of its own.
    next_order : mapping of str to ndarray, or None
        The term of order 1/n by field, ``risk.next_order["test"]``, where it is known; computed when first asked for.
    spread : mapping of str to ndarray, or None
        Standard deviation over experiments, ``risk.spread["test"]``; a test error averaged over noise has ``"bias"``'s.
    radius : mapping of str to ndarray, or None
        Certified relative error by field, ``risk.radius["test"]``; inf where none is certified.

    References
    ----------
    .. [1] derived

    Examples
    --------
    >>> import riskcalc as rc
    >>> rc.predict(rc.GaussianData.isotropic(2.0, noise=0.25), rc.Ridge(0), n_samples=1.0)
    Risk(test=1, train=0, bias=0.5, variance=0.25, noise=0.25, effective_ridge=1, df1=1, df2=0.5, ...)
    """

    test: FloatArray
    train: FloatArray
    bias: FloatArray | None = None
    variance: FloatArray | None = None
    noise: FloatArray | None = None
    effective_ridge: FloatArray | None = None
    df1: FloatArray | None = None
    df2: FloatArray | None = None
    norm_squared: FloatArray | None = None
    estimation: FloatArray | None = None
    in_sample: FloatArray | None = None
    gcv: FloatArray | None = None
    truncation: FloatArray | None = None
    coordinates: Coordinates = field(default_factory=dict)
    data: Model | None = None
    estimator: Model | None = None
    route: str = ""
    sources: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    rule: Callable[[str, str], FloatArray] | None = None
    test_data: Model | None = None
    learned: FloatArray | None = None
    next_order: Mapping[str, FloatArray] | None = None
    spread: Mapping[str, FloatArray] | None = None
    feature_ridge: FloatArray | None = None
    radius: Mapping[str, FloatArray] | None = None

    def derivative(self, field: str, parameter: str) -> FloatArray:
        """Derivative of a field with respect to ``"ridge"`` or ``"n_samples"``, by implicit differentiation.

        Parameters
        ----------
        field : str
            "test", "train", "bias", ...
        parameter : {"ridge", "n_samples"}

        Returns
        -------
        ndarray
            Shape of the fields; one-sided at ridge 0, inf at a threshold.

        Raises
        ------
        ValueError
            For another field or parameter, or if the route has no derivatives.

        Examples
        --------
        >>> import riskcalc as rc
        >>> risk = rc.predict(rc.GaussianData.isotropic(200, noise=0.25), rc.Ridge(50.0), n_samples=400)
        >>> print(abs(risk.derivative("test", "ridge")) < 1e-15)  # 50 is the best ridge
        True
        """
        if self.rule is None:
            raise ValueError(f"there are no derivatives for the route {self.route!r}; use finite differences")
        return self.rule(field, parameter)

    @property
    def excess(self) -> FloatArray:
        """Test error less the noise, units of y²."""
        return self.test - (0.0 if self.noise is None else self.noise)

    @property
    def fields(self) -> dict[str, FloatArray]:
        """The fields that have a meaning, by name."""
        names = [f.name for f in fields(self)[:13]]
        named = {name: getattr(self, name) for name in (*names, "feature_ridge")}
        return {name: value for name, value in named.items() if value is not None}

    def to_dict(self) -> dict[str, Any]:
        """Plain lists and numbers by name (inf as the string "inf"), for strict JSON.

        With ``next_order``, ``spread`` and ``radius`` where they are known.
        """
        known = {name: getattr(self, name) for name in ("next_order", "spread", "radius")}
        return {
            "kind": "risk",
            "coordinates": _plain(self.coordinates),
            **_plain(self.fields),
            **{name: _plain(of_fields) for name, of_fields in known.items() if of_fields is not None},
            "route": self.route,
            "sources": list(self.sources),
            "notes": list(self.notes),
        }

    def to_pandas(self) -> pandas.DataFrame:
        """One row per point, coordinates first (needs the extra ``data``)."""
        return frame(self.coordinates, self.fields, self.test.shape)

    def to_xarray(self) -> xarray.Dataset:
        """Labelled arrays, one dimension per swept parameter (needs the extra ``data``)."""
        return labelled(self.coordinates, self.fields, self.test.shape)

    def __repr__(self) -> str:
        first = dict(list(self.fields.items())[:8])
        return _line("Risk", first, self.test.shape, more=len(first) < len(self.fields))

    def _repr_html_(self) -> str:
        return html_table(self.coordinates, self.fields, self.test.shape)


@dataclass(frozen=True, eq=False, repr=False)
class Trials:
    r"""What an experiment measured of a pair (data, estimator).

    .. math:: \bar v = \frac1T\sum_t v_t, \qquad \mathrm{s.e.} = \sqrt{\frac{1}{T(T-1)}\sum_t (v_t-\bar v)^2}

    Parameters
    ----------
    measurements : mapping of str to Measurement
        ``test``, ``train``, ``bias``, ... as in Risk, as far as an experiment can measure them; also as attributes.
    coordinates : mapping of str to ndarray
        The swept parameters *as simulated* (sizes rounded to whole numbers).
    data, estimator : model
        The pair as simulated.
    n_trials : int
    rng : int or None
        Seed.
    test_data : model or None
        The distribution that the fits were judged on, if another than ``data``.
    label_noise : {"averaged", "drawn"}
        Whether the noise of the labels was averaged in closed form, or drawn anew in each trial.

    References
    ----------
    .. [1] derived

    Examples
    --------
    >>> import riskcalc as rc
    >>> trials = rc.simulate(rc.GaussianData.isotropic(20, noise=0.25), rc.Ridge(1.0), 40, n_trials=8, rng=0)
    >>> trials.test.values.shape, bool(trials.test.standard_error < 0.1)
    ((8,), True)
    """

    measurements: Mapping[str, Measurement]
    coordinates: Coordinates
    data: Model
    estimator: Model
    n_trials: int
    rng: int | None = None
    test_data: Model | None = None
    label_noise: str = "averaged"

    def __getattr__(self, name: str) -> Measurement:
        measurements = self.__dict__.get("measurements", {})
        if name in measurements:
            found: Measurement = measurements[name]
            return found
        raise AttributeError(f"these trials did not measure {name!r}; they have {', '.join(measurements)}")

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self.measurements]

    @property
    def shape(self) -> tuple[int, ...]:
        """Common shape of the parameters."""
        return next(iter(self.measurements.values())).values.shape[1:]

    @property
    def fields(self) -> dict[str, FloatArray]:
        """Means and standard errors by name."""
        out = {}
        for name, measured in self.measurements.items():
            out[name], out[f"{name}_standard_error"] = measured.mean, measured.standard_error
        return out

    def to_dict(self) -> dict[str, Any]:
        """Plain lists and numbers by name, for strict JSON."""
        return {
            "kind": "trials",
            "n_trials": self.n_trials,
            "rng": self.rng,
            "label_noise": self.label_noise,
            "coordinates": _plain(self.coordinates),
            **_plain(self.fields),
        }

    def to_pandas(self) -> pandas.DataFrame:
        """One row per point, coordinates first (needs the extra ``data``)."""
        return frame(self.coordinates, self.fields, self.shape)

    def to_xarray(self) -> xarray.Dataset:
        """Labelled arrays, one dimension per swept parameter (needs the extra ``data``)."""
        return labelled(self.coordinates, self.fields, self.shape)

    def __repr__(self) -> str:
        return _line(f"Trials[{self.n_trials}]", {k: m.mean for k, m in self.measurements.items()}, self.shape)

    def _repr_html_(self) -> str:
        return html_table(self.coordinates, self.fields, self.shape)


def _plain(named: Mapping[str, FloatArray]) -> dict[str, Any]:
    return {name: plain(value) for name, value in named.items()}


def _line(title: str, named: Mapping[str, FloatArray], shape: tuple[int, ...], more: bool = False) -> str:
    words = list(named) if shape else [f"{name}={float(value):.6g}" for name, value in named.items()]
    text = ", ".join(words + ["..."] * more)
    return f"{title}(shape={shape}, fields={text})" if shape else f"{title}({text})"
