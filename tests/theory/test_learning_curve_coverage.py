"""Simulation: learning curves of 104 tables with known truth, beside the figures that the method was first tested with.

Those come from other laws, targets and kernels: at 100 and 200 rows the median and 90th percentile of the relative
error were 0.065 and 0.21 where the table determines the value, 0.14 and 0.435 elsewhere, and the 90 % interval covered
0.955 and 0.97. Cells of one table, and tables of one law, are correlated: the sampling error is that of a bootstrap on
laws and tables, and the older figures have one of their own, 0.02 inside and 0.05 outside.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from known_tables import CASES, RIDGES, Case

import riskcalc as rc
from riskcalc.theory.table_parts import HALF_DECADES

pytestmark = pytest.mark.slow

STEEPENING = ("without noise", "degrees 1 and 3")  # power law + constant cannot follow them: a known failure
SIZES, FACTORS, TABLES = (100, 200), np.array([1.5, 2.0, 4.0]), 4


@dataclass
class Cells:
    """Predicted/measured, whether covered, whether identified: one row per table, fixed ridges and the best last."""

    ratio: np.ndarray
    covered: np.ndarray
    identified: np.ndarray


def cells_of(case: Case) -> Cells:
    unit = case.diagonal
    sizes = np.unique(np.multiply.outer(SIZES, FACTORS)).astype(int)
    path = np.concatenate([RIDGES, HALF_DECADES]) * unit
    errors = {n: case.errors(n, path, 12 if n < 800 else 8, 1).mean(axis=0) for n in sizes}
    out: list[list[np.ndarray]] = [[], [], []]
    for m in SIZES:
        n = (FACTORS * m).astype(int)
        best = np.array([errors[size][RIDGES.size :].min() for size in n])
        truth = np.column_stack([[errors[size][: RIDGES.size] for size in n], best])
        for seed in range(TABLES):
            data = case.table(m, 500 + seed)
            curves = (
                rc.learning_curve(data, case.estimator(RIDGES * unit), n[:, None]),
                rc.learning_curve(data, case.estimator(1.0), n[:, None], ridge="best"),
            )
            test, low, high, identified = (
                np.hstack([getattr(curve, name) for curve in curves])
                for name in ("test", "lower", "upper", "identified")
            )
            for values, new in zip(out, (test / truth, (low <= truth) & (truth <= high), identified), strict=True):
                values.append(new.ravel())
    return Cells(*(np.array(values) for values in out))


@pytest.fixture(scope="module")
def study() -> dict[str, Cells]:
    return {case.name: cells_of(case) for case in CASES}


def figures(cells: list[Cells], identified: bool) -> np.ndarray:
    at = [c.identified == identified for c in cells]
    ratio = np.concatenate([c.ratio[k] for c, k in zip(cells, at, strict=True)])
    covered = np.concatenate([c.covered[k] for c, k in zip(cells, at, strict=True)])
    error = np.abs(ratio - 1)
    return np.array([np.median(error), np.quantile(error, 0.9), covered.mean(), np.median(ratio - 1)])


def sampling_error(cells: list[Cells], identified: bool) -> np.ndarray:
    """Standard deviation over draws of laws and of their tables, with replacement."""
    rng = np.random.default_rng(0)
    drawn = []
    for _ in range(300):
        sample = []
        for k in rng.integers(0, len(cells), len(cells)):
            c = cells[k]
            rows = rng.integers(0, len(c.ratio), len(c.ratio))
            sample.append(Cells(c.ratio[rows], c.covered[rows], c.identified[rows]))
        drawn.append(figures(sample, identified))
    return np.std(drawn, axis=0)


@pytest.mark.parametrize(
    ("identified", "median", "high", "coverage", "own"),
    [(True, 0.065, 0.21, 0.955, 0.02), (False, 0.14, 0.435, 0.97, 0.05)],
)
def test_errors_and_coverage_are_those_that_are_promised(
    study: dict[str, Cells], identified: bool, median: float, high: float, coverage: float, own: float
) -> None:
    cells = [c for name, c in study.items() if identified or name not in STEEPENING]
    found, error = figures(cells, identified), sampling_error(cells, identified)
    print(f"identified {identified}: median, p90, coverage, bias {found.round(3)} +- {error.round(3)}")
    assert found[0] < median + own + 2 * error[0]
    assert found[1] < high + own + 2 * error[1]
    assert found[2] > coverage - 0.02 - 2 * error[2]
    assert abs(found[3]) < 0.02 + 2 * error[3]
    assert (error < [0.05, 0.15, 0.06, 0.08]).all()  # so that the bounds mean something


def test_curves_that_steepen_are_predicted_too_high(study: dict[str, Cells]) -> None:
    """A power law with a constant bends the other way; no interval of the method covers that."""
    found = figures([study[name] for name in STEEPENING], identified=False)
    assert found[3] > 0.2
    assert found[2] < 0.9
