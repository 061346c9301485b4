"""A part of a table beside all of it: identities, and the share of splits that is covered."""

from __future__ import annotations

import numpy as np
import pytest
from known_tables import CASES
from numpy.testing import assert_allclose

import riskcalc as rc

WAVES = next(case for case in CASES if case.name == "waves")
TABLE = WAVES.table(300, 7)
ESTIMATOR = WAVES.estimator([0.1, 1.0])
N = np.array([90.0, 250.0])[:, None]


def test_both_sides_are_the_two_verbs() -> None:
    found = rc.hindsight(TABLE, ESTIMATOR, N, part=0.2, n_splits=2, n_trials=3, rng=4)
    assert found.test.shape == found.identified.shape == (2, 2, 2)
    y = np.asarray(TABLE.outputs)
    trials = rc.simulate(TABLE.replace(outputs=y - y.mean()), ESTIMATOR, N, n_trials=3, rng=4)
    assert_allclose(found.measured, trials.test.mean)
    assert_allclose(found.standard_error, trials.test.standard_error)
    stream = np.random.default_rng(4).spawn(2)[1]
    rows = np.sort(stream.choice(300, 60, replace=False))
    part = TABLE.replace(inputs=np.asarray(TABLE.inputs)[rows], outputs=y[rows])
    curve = rc.learning_curve(part, ESTIMATOR, N, rng=stream)
    for name in ("test", "lower", "upper", "identified"):
        assert_allclose(getattr(found, name)[1], getattr(curve, name))


def test_ridges_that_go_with_n() -> None:
    per_row = rc.hindsight(TABLE, WAVES.estimator(1e-3), N[:, 0], n_splits=1, n_trials=3, ridge="per_row")
    fixed = rc.hindsight(TABLE, WAVES.estimator(1e-3 * N[:, 0]), N[:, 0], n_splits=1, n_trials=3)
    assert_allclose(per_row.measured, fixed.measured)
    assert_allclose(per_row.test, fixed.test)
    best = rc.hindsight(TABLE, WAVES.estimator(1.0), N[:, 0], n_splits=1, n_trials=3, ridge="best")
    scan = rc.hindsight(TABLE, WAVES.estimator(10 ** np.linspace(-3.5, 2, 12)), N, n_splits=1, n_trials=3)
    assert_allclose(best.measured, scan.measured.min(axis=1))
    assert_allclose(best.test, scan.test.min(axis=-1))


def test_coverage_and_error_are_what_they_say() -> None:
    """Independent tables would cover 90 % of 24 cells; parts of one table are correlated, so half of them at least."""
    found = rc.hindsight(TABLE, ESTIMATOR, N, n_splits=6, n_trials=20, rng=1)
    inside = (found.lower <= found.measured) & (found.measured <= found.upper)
    assert_allclose(found.coverage, inside.mean(axis=0))
    assert_allclose(found.error, np.median(np.abs(found.test / found.measured - 1), axis=0))
    assert found.coverage.mean() >= 0.5
    assert f"identified {inside[found.identified].sum()} of {found.identified.sum()}" in found.verdict
    assert found.verdict in found.table()
    assert len(found.rows()) == 4
    assert found.to_dict()["kind"] == "hindsight"


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"part": 0.05}, "part must leave at least 30 rows, got 0.05 of 300, 15 rows"),
        ({"part": 1.0}, "part must be"),
        ({"n_samples": 300}, "n_samples must be finite and >= 2 and <= 299, got 300; some rows must be left"),
        ({"n_splits": 0}, "n_splits must be a whole number >= 1, got 0"),
        ({"ridge": "free"}, "ridge must be one of"),
    ],
)
def test_bad_input(changes: dict[str, object], sentence: str) -> None:
    with pytest.raises(ValueError, match=f"^{sentence}"):
        rc.hindsight(**({"dataset": TABLE, "estimator": ESTIMATOR, "n_samples": 100} | changes))
