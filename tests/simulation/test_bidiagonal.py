"""Identities (the direct trial on the same matrix), precise (mpmath), simulated (two samples; n = p = 10⁵)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import mpmath
import numpy as np
import pytest
import scipy.stats
from numpy.testing import assert_allclose, assert_array_equal
from simulation import tasks

import riskcalc as rc
from riskcalc.simulation import bidiagonal
from riskcalc.simulation.bidiagonal import BidiagonalSample, bidiagonal_sample
from riskcalc.simulation.draw import LinearSample
from riskcalc.simulation.linear import LINEAR_FIELDS, linear_ridge_trial

EPS = np.finfo(float).eps
SHAPES = [(6, 3), (3, 6), (20, 10), (10, 20), (7, 7), (1, 5), (5, 1), (1, 1), (60, 59), (59, 60)]
RIDGES = np.array([0.0, 1e-9, 1e-3, 0.1, 1.0, 30.0, 1e5, 1e12])
VARIANCE, OUTSIDE, NOISE = 2.5, 0.3, 0.4


def isotropic(p: int, noise: Any = NOISE) -> rc.GaussianData:
    """With a dead direction, whose energy acts as noise."""
    spectrum = rc.Spectrum.from_eigenvalues([VARIANCE, 0.0], [p, 3])
    return rc.GaussianData(spectrum, [0.7, 0.2], noise, outside_energy=OUTSIDE)


def drawn(n: int, p: int, seed: int = 0) -> BidiagonalSample:
    return bidiagonal_sample(isotropic(p), n, np.random.default_rng(seed))


def dense(sample: BidiagonalSample) -> np.ndarray:
    """B as a matrix, n × p."""
    B = np.zeros((sample.n_rows, sample.n_features))
    m, k = len(sample.diagonal), len(sample.beside)
    B[range(m), range(m)] = sample.diagonal
    B[range(k), range(1, k + 1)] = sample.beside
    return B


def fields(sample: BidiagonalSample, ridges: np.ndarray, label_noise: str = "averaged") -> np.ndarray:
    points = np.column_stack([ridges, np.full(len(ridges), NOISE)])
    return bidiagonal._fields(sample, points, label_noise == "drawn")


def direct(X: np.ndarray, sample: BidiagonalSample, theta: np.ndarray, ridges: np.ndarray, how: str) -> np.ndarray:
    """The fields of the direct trial on features X with the target, noises and energies of the sample."""
    twin = LinearSample(
        X, np.full(X.shape[1], VARIANCE), theta, sample.outside, sample.label_noise, sample.outside_energy
    )
    cell: Any = SimpleNamespace(fields=LINEAR_FIELDS, label_noise=how, measures={})
    return linear_ridge_trial(cell, twin, np.column_stack([ridges, np.full(len(ridges), NOISE)]))


# --------------------------------------------------------------------------------------------- the same matrix


@pytest.mark.parametrize("how", ["averaged", "drawn"])
@pytest.mark.parametrize(("n", "p"), SHAPES)
def test_the_fields_are_those_of_the_direct_trial_on_the_same_matrix(n: int, p: int, how: str) -> None:
    """Conditions of B are below 200 here: 1e-10 is what the eigenvalues keep; errors are in units of test.

    With drawn labels the variance is a difference of test errors, and so is the residual in the direct trial.
    """
    sample = drawn(n, p)
    theta = np.append(np.sqrt(sample.signal), np.zeros(p - 1))
    theirs = direct(dense(sample), sample, theta, RIDGES, how)
    ours = fields(sample, RIDGES, how)
    for name, mine, other in zip(LINEAR_FIELDS, ours, theirs, strict=True):
        cancels = how == "drawn" and name in ("train", "variance")
        assert_allclose(mine, other, rtol=1e-10, atol=(1e-13 if cancels else 1e-22) * theirs[0].max(), err_msg=name)


def golub_kahan(X: np.ndarray, theta: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Diagonal and superdiagonal of UᵀXV whose V begins at θ/‖θ‖, by the recursion and full orthogonalisation."""
    n, p = X.shape
    V, U, alpha, beta = [theta / np.linalg.norm(theta)], [], [], []
    while len(U) < min(n, p):
        u = X @ V[-1]
        u -= sum((w * (w @ u) for w in U), np.zeros(n))
        alpha.append(np.linalg.norm(u))
        U.append(u / alpha[-1])
        if len(V) == p:
            break
        v = X.T @ U[-1]
        v -= sum((w * (w @ v) for w in V), np.zeros(p))
        beta.append(np.linalg.norm(v))
        V.append(v / beta[-1])
    return np.array(alpha), np.array(beta)


@pytest.mark.parametrize(("n", "p"), SHAPES[:5])
def test_bidiagonalisation_from_the_target_keeps_every_field(n: int, p: int) -> None:
    """The algorithm itself, on a dense X and any target: the fields are rotation invariant."""
    rng = np.random.default_rng(n)
    X, theta = rng.standard_normal((n, p)) * np.sqrt(VARIANCE), rng.standard_normal(p)
    alpha, beta = golub_kahan(X, theta)
    sample = BidiagonalSample(alpha, beta, n, p, VARIANCE, theta @ theta, OUTSIDE, np.zeros(n), np.zeros(n))
    ridges = np.array([0.0, 0.5, 30.0])
    theirs = direct(X, sample, theta, ridges, "averaged")
    assert_allclose(fields(sample, ridges), theirs, rtol=1e-9, atol=1e-20 * theirs[0].max())


def exact_fields(sample: BidiagonalSample, ridge: float) -> list[mpmath.mpf]:
    """By dense inverses in 60 digits, from the definitions; the ridge is positive."""
    B, n, p = mpmath.matrix(dense(sample).tolist()), sample.n_rows, sample.n_features
    M = (B * B.T + mpmath.mpf(ridge) * mpmath.eye(n)) ** -1
    G = B.T * M
    signal, noise = mpmath.mpf(sample.signal), mpmath.mpf(sample.outside_energy) + NOISE

    def power(matrix: mpmath.matrix) -> mpmath.mpf:
        return mpmath.fsum(x * x for x in matrix)

    def trace(matrix: mpmath.matrix) -> mpmath.mpf:
        return mpmath.fsum(matrix[i, i] for i in range(matrix.rows))

    fit, hat = G * B[:, 0], B * G
    error = fit - mpmath.eye(p)[:, 0]
    rest = mpmath.eye(n) - hat
    train, fitted = signal * power(rest * B[:, 0]), power(hat)
    bias = VARIANCE * signal * power(error) + sample.outside_energy * (1 + VARIANCE * power(G))
    gcv = n * (signal * power(M * B[:, 0]) + noise * power(M)) / trace(M) ** 2
    return [
        bias + NOISE * (1 + VARIANCE * power(G)),
        (train + noise * power(rest)) / n,
        bias,
        NOISE * VARIANCE * power(G),
        1 / trace(M),
        trace(hat),
        signal * power(fit) + noise * power(G),
        signal * power(error) + noise * power(G),
        (train + noise * fitted) / n,
        gcv,
    ]


@pytest.mark.parametrize("ridge", [1e-30, 1e-14, 1e-6, 1e-3, 1e8])
@pytest.mark.parametrize(("n", "p"), [(9, 9), (9, 10), (10, 9), (12, 4), (4, 12)])
def test_a_nearly_singular_matrix_against_mpmath(n: int, p: int, ridge: float) -> None:
    """Singular values down to 1e-9: by positive sums what is lost is at most the condition of B, not its square.

    What the noise adds is a difference, Σ s/(s+λ)² = Σ 1/(s+λ) - λ Σ 1/(s+λ)², with the rounding of the latter; where
    the condition of BᵀB + λ is below 10⁶ (ridge 1e-3) the eigenvalues s have errors of EPS max s, as always.
    """
    drawn_sample = drawn(n, p, 3)
    diagonal = drawn_sample.diagonal.copy()
    diagonal[-1] *= 1e-9
    beside = drawn_sample.beside * (1e-9 if p > n else 1)
    sample = BidiagonalSample(
        diagonal, beside, n, p, VARIANCE, drawn_sample.signal, OUTSIDE, drawn_sample.outside, drawn_sample.label_noise
    )
    ours = fields(sample, np.array([ridge]))[:, 0]
    with mpmath.workdps(60):
        theirs = np.array([float(x) for x in exact_fields(sample, ridge)])
    squares = np.linalg.svd(dense(sample), compute_uv=False) ** 2
    rounding = EPS * (squares.max() if ridge == 1e-3 else 4 * ridge)
    lost = rounding * VARIANCE * (OUTSIDE + NOISE) * (1 / (squares + ridge) ** 2).sum()
    assert_allclose(ours, theirs, rtol=1e-10, atol=lost + 1e-24 * theirs[0])


@pytest.mark.parametrize("how", ["averaged", "drawn"])
@pytest.mark.parametrize(("n", "p"), SHAPES)
def test_extreme_ridges_give_numbers(n: int, p: int, how: str) -> None:
    values = fields(drawn(n, p), np.array([0.0, 5e-324, 1e-300, 1e300]), how)
    assert np.isfinite(values).all()
    assert_allclose(values[LINEAR_FIELDS.index("df1"), :3], min(n, p), rtol=1e-12)
    assert values[LINEAR_FIELDS.index("norm_squared"), 3] < 1e-290


# ------------------------------------------------------------------------------------------------ the same law


TWO_SAMPLES = [(6, 3), (3, 6), (20, 10), (7, 7)]
LEVEL = 1e-3  # of the whole family of tests, fixed before the first run


def two_samples(n: int, p: int, how: str, n_direct: int, n_bidiagonal: int, seed: int) -> None:
    """Bonferroni over sizes, noises, ridges, fields and the two statistics."""
    data, estimator = isotropic(p), rc.Ridge([0.5, 8.0])
    one = rc.simulate(data, estimator, n, n_trials=n_direct, rng=seed, label_noise=how)
    two = rc.simulate(data, estimator, n, n_trials=n_bidiagonal, rng=seed, label_noise=how, route="bidiagonal")
    a, b = (np.stack([t.measurements[name].values for name in LINEAR_FIELDS], axis=1) for t in (one, two))
    signs = (-1.0) ** np.arange(len(LINEAR_FIELDS))[:, None]
    scale = a.std(axis=0)
    a, b = (np.concatenate([v, (signs * v / scale).sum(axis=1, keepdims=True)], axis=1) for v in (a, b))
    each = LEVEL / (len(TWO_SAMPLES) * 2 * a[0].size * 2)
    z = (b.mean(axis=0) - a.mean(axis=0)) / np.sqrt(a.var(axis=0, ddof=1) / len(a) + b.var(axis=0, ddof=1) / len(b))
    assert np.abs(z).max() <= scipy.stats.norm.isf(each / 2), z
    for index in np.ndindex(a.shape[1:]):
        distance = scipy.stats.ks_2samp(a[:, *index], b[:, *index], method="asymp")
        assert distance.pvalue >= each, (index, distance)


@pytest.mark.parametrize("how", ["averaged", "drawn"])
@pytest.mark.parametrize(("n", "p"), TWO_SAMPLES)
def test_the_law_is_that_of_the_direct_route(n: int, p: int, how: str) -> None:
    """Pre-registered, before the first run: seed 22, 800 direct trials against 3200 bidiagonal ones.

    Two statistics for each of the ten fields and for their alternating sum in standard deviations (their joint law), at
    two ridges: the z-score of the difference of the means (Welch) and the two-sample Kolmogorov-Smirnov distance. The
    level of all 4 sizes × 2 noises × 2 ridges × 11 fields × 2 statistics together is 1e-3, by Bonferroni.
    """
    two_samples(n, p, how, 800, 3200, seed=22)


@pytest.mark.slow
@pytest.mark.parametrize("how", ["averaged", "drawn"])
@pytest.mark.parametrize(("n", "p"), TWO_SAMPLES)
def test_the_law_is_that_of_the_direct_route_in_more_trials(n: int, p: int, how: str) -> None:
    """The same test, with eight times as much data and another seed (21), registered with it."""
    two_samples(n, p, how, 6400, 25_600, seed=21)


def test_theory_at_a_hundred_thousand_samples_and_features() -> None:
    """z-scores within Bonferroni's bound with no allowance beyond 30/n, and small gaps of the test error as such."""
    n = 10**5
    data = rc.GaussianData.isotropic(n, noise=0.25)
    comparison = rc.verify(
        data, rc.Ridge([3e-4 * n, 0.1 * n, 3.0 * n]), n, n_trials=16, rng=0, route="bidiagonal", allowance=30
    )
    assert comparison.agrees, comparison.verdict
    test = comparison.trials.test
    assert np.all(test.standard_error <= 1e-3 * test.mean)
    assert np.abs(test.mean / comparison.predicted["test"] - 1).max() <= 4e-3


@pytest.mark.parametrize(("n", "p"), [(0.5, 1.0), (1.0, 1.0), (2.0, 1.0)])
def test_verify_agrees_by_either_route(n: float, p: float) -> None:
    data, ridge = rc.GaussianData.isotropic(p, noise=0.25), rc.Ridge([0.01, 1.0])
    assert rc.verify(data, ridge, n, n_trials=30, rng=0, scale=100, route="bidiagonal").agrees


# -------------------------------------------------------------------------------------------------- the same bits


def values(trials: rc.Trials) -> np.ndarray:
    return np.stack([measured.values for measured in trials.measurements.values()], axis=1)


@pytest.mark.parametrize("how", ["averaged", "drawn"])
@pytest.mark.parametrize(("n", "p"), [(20, 10), (10, 20), (15, 15)])
def test_each_ridge_is_computed_by_itself(n: int, p: int, how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Longer paths, smaller blocks and more trials keep the old bits, and so do careful ridges among quick ones."""
    ridges = np.array([0.0, 1e-12, 0.3, 2.0, 50.0, 1e6, 1e9])

    def run(path: np.ndarray, n_trials: int = 4) -> np.ndarray:
        return values(
            rc.simulate(isotropic(p), rc.Ridge(path), n, n_trials=n_trials, rng=0, label_noise=how, route="bidiagonal")
        )

    whole = run(ridges, 6)[:4]
    for k in range(len(ridges)):
        assert_array_equal(run(ridges[k : k + 1]), whole[..., k : k + 1])
    assert_array_equal(run(ridges[1:6]), whole[..., 1:6])
    monkeypatch.setattr(bidiagonal, "BLOCK", 40)
    assert_array_equal(run(ridges), whole)


def test_workers_and_stores_give_the_serial_numbers(tmp_path: Path) -> None:
    def run(**more: Any) -> np.ndarray:
        sizes, route = np.array([[30], [2000]]), "bidiagonal"
        return values(rc.simulate(isotropic(200), rc.Ridge([0.1, 5.0]), sizes, n_trials=9, rng=0, route=route, **more))

    serial = run()
    with ThreadPoolExecutor(3) as threads:
        assert_array_equal(run(executor=threads, store=tmp_path / "s"), serial)
    with tasks.spawning_pool(2) as pool:
        assert_array_equal(run(executor=pool), serial)
    assert_array_equal(run(store=tmp_path / "s"), serial)


def test_a_store_keeps_the_routes_apart(tmp_path: Path) -> None:
    def run(route: str | None, **more: Any) -> np.ndarray:
        return values(rc.simulate(isotropic(8), rc.Ridge(1.0), 12, n_trials=5, rng=0, route=route, **more))

    first = run(None, store=tmp_path / "s")
    second = run("bidiagonal", store=tmp_path / "s")
    assert_array_equal(first, run(None))
    assert_array_equal(second, run("bidiagonal"))
    assert np.all(first != second)


# -------------------------------------------------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("data", "estimator", "more", "words"),
    [
        (rc.GaussianData.power_law(1.5, 0.4, n_features=9), rc.Ridge(1.0), {}, "9 different positive eigenvalues"),
        (rc.GaussianData.isotropic(9).replace(entries="rademacher"), rc.Ridge(1.0), {}, "entries 'rademacher'"),
        (rc.GaussianData.isotropic(9), rc.Ridge(1.0), {"measures": {"size": tasks.size}}, "measures"),
        (rc.GaussianData.isotropic(9), rc.Ridge(1.0), {"test_data": rc.GaussianData.isotropic(9)}, "test_data"),
        (rc.GaussianData.isotropic(9), rc.GradientFlow(1.0), {}, "GaussianData with GradientFlow"),
        (rc.GaussianData(rc.Spectrum.from_eigenvalues([0.0]), [1.0]), rc.Ridge(1.0), {}, "0 different positive"),
    ],
)
def test_other_laws_are_refused(data: Any, estimator: Any, more: dict[str, Any], words: str) -> None:
    for verb in (rc.simulate, rc.verify):
        with pytest.raises((ValueError, TypeError), match=rf"^route must be None .*{words}"):
            verb(data, estimator, 12, n_trials=2, rng=0, route="bidiagonal", **more)
    with pytest.raises(ValueError, match=r"^route must be one of 'bidiagonal', got 'svd'"):
        rc.simulate(data, estimator, 12, n_trials=2, rng=0, route="svd")


@pytest.mark.parametrize(("n", "p"), [(40, 15), (15, 40)])
def test_negative_ridges(n: int, p: int) -> None:
    """Down to minus the smallest positive eigenvalue, as in the direct trial."""
    sample = drawn(n, p)
    smallest = np.linalg.svd(dense(sample), compute_uv=False)[-1] ** 2
    ridges = -smallest * np.array([0.99, 0.5])
    theta = np.append(np.sqrt(sample.signal), np.zeros(p - 1))
    for how in ("averaged", "drawn"):
        theirs = direct(dense(sample), sample, theta, ridges, how)
        assert_allclose(fields(sample, ridges, how), theirs, rtol=1e-10)
    with pytest.raises(ValueError, match=rf"^ridge must be above {-smallest:g}, minus the smallest positive eigen"):
        fields(sample, np.array([1.0, -1.01 * smallest]))
