"""How many rows are enough, as far as a table can tell: a set of sizes, seldom a number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from riskcalc.arguments import FloatArray, numbers
from riskcalc.data import Dataset
from riskcalc.tables import frame, html_table, plain
from riskcalc.theory.learning_curve import LearningCurve, learning_curve

if TYPE_CHECKING:
    import pandas

FARTHEST = 32  # times the rows of the table
PER_DOUBLING = 24
NARROW = 4.0  # upper/lower below which a single number is told


@dataclass(frozen=True, eq=False, repr=False)
class SampleSizes:
    r"""Sizes at which a test error is within reach, by the interval of a learning curve.

    .. math:: \{n \in [m, 32m] : \text{lower}(n) \le t \le \text{upper}(n)\}

    Parameters
    ----------
    lower, upper : ndarray
        Ends of the set, shape of ``test``. ``lower`` is m if the table may have enough rows; ``upper`` is inf if the
        set reaches 32 m, and both are inf if no size does. Both are m if the table's own rows are enough.
    verdict : str, or ndarray of str
        In words; with a single number only where the set is bounded and spans less than a factor 4.
    test : ndarray
        The error to be reached.
    n_rows : int
        m.
    curve : LearningCurve
        The curve that the set was read off, on [m, 32m].

    References
    ----------
    .. [1] derived

    Examples
    --------
    >>> import numpy as np
    >>> import riskcalc as rc
    >>> X = np.random.default_rng(0).standard_normal((60, 10))
    >>> rc.sample_size(rc.Dataset(X, X[:, 0] + X[:, 1] ** 2), rc.Ridge(1.0), test=0.01)
    SampleSizes(never below ...)
    """

    lower: FloatArray
    upper: FloatArray
    verdict: str | npt.NDArray[np.str_]
    test: FloatArray
    n_rows: int
    curve: LearningCurve

    @property
    def notes(self) -> tuple[str, ...]:
        """Those of the learning curve."""
        return self.curve.notes

    def to_dict(self) -> dict[str, Any]:
        """Plain lists and numbers by name (inf as the string "inf"), for strict JSON."""
        return {
            "kind": "sample sizes",
            "n_rows": self.n_rows,
            "level": self.curve.level,
            "ridge_rule": self.curve.ridge_rule,
            **{name: plain(getattr(self, name)) for name in ("test", "lower", "upper")},
            "verdict": self._words,
            "sources": list(self.curve.sources),
            "notes": list(self.notes),
        }

    def to_pandas(self) -> pandas.DataFrame:
        """One row per error to be reached (needs the extra ``data``)."""
        table = frame({"test": self.test}, self._ends, self.test.shape)
        return table.assign(verdict=np.ravel(self._words))

    @property
    def _ends(self) -> dict[str, FloatArray]:
        return {"lower": self.lower, "upper": self.upper}

    @property
    def _words(self) -> Any:
        return self.verdict if isinstance(self.verdict, str) else self.verdict.tolist()

    def __repr__(self) -> str:
        return f"SampleSizes({self._words})"

    def _repr_html_(self) -> str:
        pairs = zip(self.test.flat, np.ravel(self._words), strict=True)
        verdicts = "".join(f"<p>test {t:.6g}: {words}</p>" for t, words in pairs)
        notes = "".join(f"<p>{note}</p>" for note in self.notes)
        return verdicts + html_table({"test": self.test}, self._ends, self.test.shape) + notes


def table_sample_size(
    data: Dataset, estimator: Any, test: npt.ArrayLike, ridge: str, level: float, rng: int | np.random.Generator
) -> SampleSizes:
    """The set for each target, from one learning curve on a logarithmic grid."""
    target = numbers("test", test, at_least=0)
    if np.size(estimator.ridge) != 1:
        raise ValueError(f"ridge must be a single number for a sample size, got shape {np.shape(estimator.ridge)}")
    n = data.n_rows * 2.0 ** (np.arange(PER_DOUBLING * np.log2(FARTHEST) + 1) / PER_DOUBLING)
    curve = learning_curve(
        data, estimator.replace(ridge=np.ravel(estimator.ridge)[0]), n, ridge=ridge, level=level, rng=rng
    )
    found = [_set(n, curve.test, curve.lower, curve.upper, t) for t in target.flat]
    lower, upper = (np.reshape([ends[k] for ends in found], target.shape) for k in (0, 1))
    words = np.reshape(np.array([ends[2] for ends in found], dtype=np.str_), target.shape)
    verdict = words if target.ndim else str(words)
    return SampleSizes(lower, upper, verdict, target, data.n_rows, curve)


def _set(
    n: FloatArray, test: FloatArray, lower: FloatArray, upper: FloatArray, target: float
) -> tuple[float, float, str]:
    """Ends of the set and its verdict; between grid points the band is a power law."""
    inside = np.flatnonzero((lower <= target) & (target <= upper))
    if inside.size == 0:
        return _outside(n, lower, upper, target)
    first, last = inside[0], inside[-1]
    reaches_start, reaches_end = first == 0, last == n.size - 1
    low = n[0] if reaches_start else _crossing(n, lower, upper, target, first, first - 1)
    high = np.inf if reaches_end else _crossing(n, lower, upper, target, last, last + 1)
    if reaches_start and reaches_end:
        return low, high, "cannot be told"
    if reaches_end:
        return low, high, f"at least {_rounded(low)}"
    about = ""
    reached = np.flatnonzero(test <= target)
    if high < NARROW * low and reached.size and n[reached[0]] > n[0]:
        about = f", about {_rounded(_between(n, test, target, reached[0], reached[0] - 1))}"
    words = f"at most {_rounded(high)}" if reaches_start else f"between {_rounded(low)} and {_rounded(high)}"
    return low, high, words + about


def _outside(n: FloatArray, lower: FloatArray, upper: FloatArray, target: float) -> tuple[float, float, str]:
    """No size has the target in its interval: it is passed at once, or between two grid points, or never."""
    if upper[0] < target:
        return n[0], n[0], f"the table's own {n[0]:g} rows are enough"
    passed = np.flatnonzero(upper < target)
    if passed.size:
        return n[passed[0] - 1], n[passed[0]], f"between {_rounded(n[passed[0] - 1])} and {_rounded(n[passed[0]])}"
    return np.inf, np.inf, f"never below {lower.min():.3g} up to {n[-1]:g}"


def _crossing(n: FloatArray, lower: FloatArray, upper: FloatArray, target: float, inside: int, outside: int) -> float:
    """Where the end of the interval that leaves the target passes it."""
    return _between(n, lower if lower[outside] > target else upper, target, inside, outside)


def _between(n: FloatArray, values: FloatArray, target: float, here: int, there: int) -> float:
    """The size at which a power law through two points has the target, or the point inside where there is none."""
    with np.errstate(divide="ignore", invalid="ignore"):
        a, b, t = np.log(values[here]), np.log(values[there]), np.log(target)
        part = (t - a) / (b - a)
    part = part if np.isfinite(part) else 0.0
    return float(n[here] * (n[there] / n[here]) ** np.clip(part, 0.0, 1.0))


def _rounded(n: float) -> str:
    """Two digits, in full: 1200, not 1.2e+03."""
    return f"{float(f'{n:.2g}'):.0f}"
