"""Identities and an mpmath twin of the determined part; the continued part and the interval from their definitions."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
import scipy.optimize
from known_tables import CASES
from known_tables import RIDGES as SHARES
from numpy.testing import assert_allclose
from precise_learning_curve import determined
from scipy.stats import t as student_t

import riskcalc as rc
from riskcalc.theory.extrapolation import TableCurve
from riskcalc.theory.jackknife import row_sets, spread
from riskcalc.theory.population_functions import PopulationFunctions
from riskcalc.theory.power_law_fit import EXPONENTS, continued, steepening
from riskcalc.theory.table_parts import HALF_DECADES, TableParts
from riskcalc.theory.table_sample_size import _set

N = np.array([20.0, 50.0, 80.0, 130.0, 400.0])[:, None]
RIDGES = np.array([0.3, 3.0, 30.0])
LAPLACE = rc.kernels.Laplace(2.0)


def table(m: int = 80, p: int = 5, outputs: int = 1, seed: int = 0, noise: float = 0.3) -> rc.Dataset:
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((m, p))
    y = np.column_stack([np.sin(X @ rng.standard_normal(p)) for _ in range(outputs)])
    y += noise * rng.standard_normal(y.shape)
    return rc.Dataset(X, y if outputs > 1 else y[:, 0])


def curve_of(data: rc.Dataset, estimator: rc.Ridge | rc.KernelRidge) -> TableCurve:
    return TableCurve.of(TableParts.of(data, estimator, centre=False).eigensystem(np.arange(data.n_rows)))


@pytest.mark.parametrize(("kernel", "outputs"), [(LAPLACE, 2), (rc.kernels.Monomial(1), 1)])
def test_the_determined_part_against_mpmath(kernel: rc.kernels.Kernel, outputs: int) -> None:
    data = table(m=30, outputs=outputs)
    K = kernel(data.inputs)
    for n, ridge in ((12.0, 0.2), (30.0, 0.2), (45.0, 5.0), (300.0, 40.0)):
        found = rc.learning_curve(data, rc.KernelRidge(kernel, ridge), n, centre=False)
        assert found.identified
        exact = determined(K, np.asarray(data.outputs), n, ridge)[0]
        assert_allclose(found.test, float(exact), rtol=1e-11)


def test_the_functions_of_the_population_against_mpmath() -> None:
    data = table(m=30)
    curve = curve_of(data, rc.KernelRidge(LAPLACE, 0))
    _, omega, *exact = determined(LAPLACE(data.inputs), np.asarray(data.outputs), 60.0, 4.0)
    f = PopulationFunctions.of(curve.table, np.array([float(omega)]))
    for found, expected in zip((f.kappa, f.df1, f.df2), exact, strict=True):
        assert_allclose(found[0], float(expected), rtol=1e-12)
    M = np.linalg.inv(LAPLACE(data.inputs) + float(omega) * np.eye(30))
    assert_allclose(f.entries[0], np.trace(M @ M) ** 2 / np.trace(np.linalg.matrix_power(M, 4)), rtol=1e-11)
    assert_allclose(f.energy[0], np.sum((M @ data.outputs) ** 2) / np.trace(M @ M), rtol=1e-11)


@pytest.mark.parametrize("estimator", [rc.Ridge(RIDGES), rc.KernelRidge(LAPLACE, RIDGES / 10)])
def test_up_to_the_rows_it_is_what_predict_says(estimator: rc.Ridge | rc.KernelRidge) -> None:
    data, n = table(outputs=2), np.array([2.0, 10.0, 33.3, 70.0, 80.0])[:, None]
    found = rc.learning_curve(data, estimator, n, centre=False)
    at = found.identified
    assert at[:-1].all()
    assert_allclose(found.test[at], rc.predict(data, estimator, n).test[at], rtol=1e-10)


@pytest.mark.parametrize("n", [40.0, 80.0, 81.0, 160.0, 640.0])
def test_the_boxed_formula(n: float) -> None:
    """At λ = ω + (n-m)κ the error is n E/(n - df2) LOO/GCV, whatever n is: to rounding, 1e-10."""
    data = table()
    f = curve_of(data, rc.KernelRidge(LAPLACE, 0)).functions
    ridge = f.ridge(np.array([n]))[0]
    at = np.flatnonzero((ridge >= 0) & (f.df1 < 70))
    found = rc.learning_curve(data, rc.KernelRidge(LAPLACE, ridge[at]), n, centre=False)
    K, y = LAPLACE(data.inputs), np.asarray(data.outputs)
    for k, test in zip(at, found.test, strict=True):
        M = np.linalg.inv(K + f.omega[k] * np.eye(80))
        q, a = np.diag(M), M @ y
        loo_over_gcv = np.mean((a / q) ** 2) * q.mean() ** 2 / np.mean(a**2)
        boxed = n * f.energy[k] / (np.trace(M) ** 2 / np.trace(M @ M) + n - 80)
        assert_allclose(test, boxed * loo_over_gcv, rtol=1e-10)


def test_a_gaussian_power_law_is_recovered_from_tables() -> None:
    """κ, df1, df2 and E of 40 tables at fixed ω against the population's at κ(m, ω): errors of relative order 1/m.

    The equivalents are sharp to O(1/m) = 1 %; z counts what is beyond that.
    """
    m, omega, tables = 100, np.array([2.0, 10.0, 50.0]), 40
    data = rc.GaussianData.power_law(exponent=1.3, source=0.4, noise=0.2, n_features=250)
    sigma, energies = np.asarray(data.spectrum.eigenvalues), np.asarray(data.energies)
    rows = []
    for seed in range(tables):
        X, y = gaussian_table(data, m, seed)
        f = PopulationFunctions.of(curve_of(rc.Dataset(X, y), rc.Ridge(0)).table, omega)
        rows.append([f.kappa, f.df1, f.df2, f.energy])
    kappa = rc.effective_ridge(data.spectrum, m, omega)
    energy = np.array([(k**2 * energies / (sigma + k) ** 2).sum() for k in kappa]) + 0.2
    expected = np.array([kappa, data.spectrum.df1(kappa), data.spectrum.df2(kappa), energy])
    mean, error = np.mean(rows, axis=0), np.std(rows, axis=0, ddof=1) / math.sqrt(tables)
    assert (np.maximum(np.abs(mean - expected) - 0.01 * expected, 0) < 4 * error).all()
    assert (error < 0.03 * expected).all()


def gaussian_table(data: rc.GaussianData, m: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng([77, seed])
    sigma, energies = np.asarray(data.spectrum.eigenvalues), np.asarray(data.energies)
    X = rng.standard_normal((m, sigma.size)) * np.sqrt(sigma)
    theta = np.sqrt(energies / sigma) * rng.choice([-1, 1], sigma.size)
    return X, X @ theta + math.sqrt(float(data.noise)) * rng.standard_normal(m)


def test_four_times_the_rows_on_average_over_tables() -> None:
    """Beyond the table, without extrapolation: the mean over 60 tables is the exact equivalent of the population."""
    data = rc.GaussianData.power_law(exponent=1.3, source=0.4, noise=0.2, n_features=250)
    n, ridge = np.array([200.0, 400.0])[:, None], np.array([30.0, 60.0])
    found = []
    for seed in range(60):
        f = curve_of(rc.Dataset(*gaussian_table(data, 100, 1000 + seed)), rc.Ridge(0))
        assert (n <= f.determined.n_samples(ridge)).all()
        found.append(f.test(*(np.broadcast_to(a, (2, 2)).ravel() for a in (n, ridge)))[0].reshape(2, 2))
    expected = rc.predict(data, rc.Ridge(ridge), n).test
    error = np.std(found, axis=0, ddof=1) / math.sqrt(60)
    assert (np.maximum(np.abs(np.mean(found, axis=0) - expected) - 0.02 * expected, 0) < 3.5 * error).all()
    assert (error < 0.03 * expected).all()


@pytest.mark.parametrize("estimator", [rc.Ridge(RIDGES), rc.KernelRidge(LAPLACE, RIDGES / 100)])
def test_what_must_not_matter(estimator: rc.Ridge | rc.KernelRidge) -> None:
    """Units of y, a constant added to it, the order of the rows; units of the kernel if the ridge follows."""
    data = table()
    X, y = np.asarray(data.inputs), np.asarray(data.outputs)
    found = rc.learning_curve(data, estimator, N)
    scaled = rc.learning_curve(rc.Dataset(X, 3 * y + 7), estimator, N)
    for name in ("test", "lower", "upper", "bound"):
        assert_allclose(getattr(scaled, name), 9 * getattr(found, name), rtol=1e-9)
    order = np.random.default_rng(1).permutation(80)
    shuffled = rc.learning_curve(rc.Dataset(X[order], y[order]), estimator, N)
    assert_allclose(shuffled.test, found.test, rtol=1e-9)
    if isinstance(estimator, rc.Ridge):
        other = rc.learning_curve(rc.Dataset(10 * X, y), rc.Ridge(100 * RIDGES), N)
        for name in ("test", "lower", "upper", "bound", "n_identified"):
            assert_allclose(getattr(other, name), getattr(found, name), rtol=1e-8)
        assert_allclose(other.penalty, 100 * found.penalty)


def test_a_kernel_and_its_matrix_are_one() -> None:
    data = table()
    matrix = rc.Dataset.from_kernel(LAPLACE(data.inputs), data.outputs)
    by_kernel = rc.learning_curve(data, rc.KernelRidge(LAPLACE, RIDGES / 10), N)
    by_matrix = rc.learning_curve(matrix, rc.Ridge(RIDGES / 10), N)
    for name in ("test", "lower", "upper", "bound", "n_identified"):
        assert_allclose(getattr(by_matrix, name), getattr(by_kernel, name), rtol=1e-7)


def test_outputs_add_up_where_they_are_determined() -> None:
    """E·LOO/GCV is a sum over outputs; κ and the edges do not depend on them."""
    data = table(outputs=3)
    y = np.asarray(data.outputs)
    together = rc.learning_curve(data, rc.KernelRidge(LAPLACE, 10.0), N[:, 0])
    assert together.identified.all()
    apart = [rc.learning_curve(data.replace(outputs=y[:, k]), rc.KernelRidge(LAPLACE, 10.0), N[:, 0]) for k in range(3)]
    assert_allclose(together.test, sum(one.test for one in apart), rtol=1e-10)
    assert_allclose(together.n_identified, apart[0].n_identified, rtol=1e-12)


def test_identified_means_nine_tenths_of_the_rows() -> None:
    """At n_identified the root ω has df1 = 0.9 m; it is read off a grid of 100 points, to a few 1e-3."""
    data, ridge = table(), 2.0
    found = rc.learning_curve(data, rc.KernelRidge(LAPLACE, ridge), [40, 4000])
    assert found.identified.tolist() == [True, False]
    K = LAPLACE(data.inputs)
    s = np.linalg.eigvalsh(K)
    omega = scipy.optimize.brentq(lambda w: (s / (s + w)).sum() - 0.9 * 80, 1e-12, 1e3)
    kappa = 1 / (1 / (s + omega)).sum()
    assert_allclose(found.n_identified, 72 + ridge / kappa, rtol=5e-3)
    edge = curve_of(data, rc.KernelRidge(LAPLACE, 0)).determined
    n = np.array([30.0, 90.0, 900.0])
    assert_allclose(edge.n_samples(edge.ridge(n))[1:], n[1:], rtol=1e-12)
    assert edge.ridge(n)[0] == 0


def test_a_kernel_of_finite_rank_determines_every_size() -> None:
    found = rc.learning_curve(table(), rc.Ridge([0.0, 1e-3, 1.0]), np.array([10, 100, 10**6])[:, None])
    assert found.identified.all()
    assert (found.n_identified == np.inf).all()


def test_ridge_0_beyond_the_rank() -> None:
    r"""At n > r it is n c₀/((m-r)(n-r)) times LOO/GCV of the projector; inf at n = r; 0 for a linear target."""
    data, p = table(), 5
    X, y = np.asarray(data.inputs), np.asarray(data.outputs)
    n = np.array([20.0, 80.0, 1000.0])
    found = rc.learning_curve(data, rc.Ridge(0.0), n, centre=False)
    left = np.eye(80) - X @ np.linalg.pinv(X)
    a, q = left @ y, np.diag(left)
    correction = np.mean((a / q) ** 2) * q.mean() ** 2 / np.mean(a**2)
    assert_allclose(found.test, n * (a @ a) / ((80 - p) * (n - p)) * correction, rtol=1e-10)
    at_rank = rc.learning_curve(data, rc.Ridge(0.0), 5)
    assert at_rank.test == at_rank.upper == at_rank.lower == np.inf
    linear = rc.learning_curve(rc.Dataset(X, X @ np.ones(5)), rc.Ridge(0.0), [20, 200], centre=False)
    assert (linear.test == 0).all()
    assert (linear.upper == 0).all()


def test_the_power_law_is_found_and_continued() -> None:
    sizes = np.geomspace(10, 200, 12) * np.array([[1.0], [1.0], [1.0], [3.0]])
    b, a, c = EXPONENTS[[9, 30, 0, 20]], np.array([2.0, 5.0, 0.0, 4.0]), np.array([0.3, 0.0, 0.7, 0.1])
    values = a[:, None] * sizes ** -b[:, None] + c[:, None]
    which, n = np.array([0, 1, 2, 3, 0]), np.array([1e3, 1e4, 1e5, 700.0, 200.0])
    assert_allclose(continued(sizes, values, which, n), a[which] * n ** -b[which] + c[which], rtol=1e-6)


def test_the_power_law_is_the_best_with_coefficients_that_are_not_negative() -> None:
    """Against non-negative least squares for every exponent, on curves that no power law fits."""
    rng = np.random.default_rng(4)
    sizes = np.tile(np.geomspace(8, 90, 12), (6, 1))
    values = np.exp(rng.normal(0, 0.4, (6, 12)) - np.linspace(-1, 1, 6)[:, None] * np.log(sizes))
    found = continued(sizes, values, np.arange(6), np.full(6, 500.0))
    for x, v, value in zip(sizes, values, found, strict=True):
        fits = [scipy.optimize.nnls(np.column_stack([x**-b / v, 1 / v]), np.ones(12)) for b in EXPONENTS]
        k = int(np.argmin([residual for _, residual in fits]))
        (a, c), b = fits[k][0], EXPONENTS[k]
        assert_allclose(value, v[-1] * (a * 500.0**-b + c) / (a * x[-1] ** -b + c), rtol=1e-6)


def test_the_continued_part_from_its_definition() -> None:
    """Twelve sizes up to df1 = 0.8 m of the determined curve, fitted by scipy, anchored at the last."""
    data, estimator = table(), rc.KernelRidge(LAPLACE, 0.05)
    found = rc.learning_curve(data, estimator, 800.0)
    last = float(curve_of(data, estimator).fitted.n_samples(np.array(0.05)))
    s = np.linalg.eigvalsh(LAPLACE(data.inputs))
    omega = scipy.optimize.brentq(lambda w: (s / (s + w)).sum() - 0.8 * 80, 1e-12, 1e3)
    assert_allclose(last, 64 + 0.05 * (1 / (s + omega)).sum(), rtol=5e-3)
    sizes = np.geomspace(min(8.0, 0.2 * last), last, 12)
    values = rc.learning_curve(data, estimator, sizes).test
    fits = [scipy.optimize.nnls(np.column_stack([sizes**-b / values, 1 / values]), np.ones(12)) for b in EXPONENTS]
    k = int(np.argmin([residual for _, residual in fits]))
    (a, c), b = fits[k][0], EXPONENTS[k]
    assert_allclose(found.test, values[-1] * (a * 800.0**-b + c) / (a * last**-b + c), rtol=1e-6)
    assert not found.identified


def test_the_interval_from_its_definition() -> None:
    """Curves of the tables without each tenth of the rows, and 0.15 log(n/n_id) beyond what is determined."""
    data, estimator = table(), rc.KernelRidge(LAPLACE, RIDGES / 30)
    found = rc.learning_curve(data, estimator, N, centre=False, level=0.8, rng=5)
    assert 0 < found.identified.sum() < found.identified.size
    X, y = np.asarray(data.inputs), np.asarray(data.outputs)
    everything, *others = row_sets(80, 5)
    assert len(everything) == 80
    assert sorted(np.concatenate([np.setdiff1d(everything, rows) for rows in others])) == list(range(80))
    logs = np.log([rc.learning_curve(rc.Dataset(X[r], y[r]), estimator, N, centre=False).test for r in others])
    variance = 0.9 * ((logs - logs.mean(axis=0)) ** 2).sum(axis=0)
    beyond = np.maximum(np.log(N / found.n_identified), 0)
    half = student_t.ppf(0.9, 9) * np.sqrt(variance + (0.15 * beyond) ** 2)
    assert_allclose(found.upper, found.test * np.exp(half), rtol=1e-9)
    assert_allclose(found.lower, found.test * np.exp(-half), rtol=1e-9)


def test_the_spread_where_logs_are_infinite() -> None:
    logs = np.zeros((10, 4))
    logs[:, 1], logs[3, 2], logs[:, 3] = np.inf, -np.inf, np.arange(10)
    assert_allclose(spread(logs), [0, 0, np.inf, math.sqrt(0.9 * 82.5)])


def test_the_interval_has_the_size_of_the_fluctuation_of_tables() -> None:
    """Jackknife spread against the standard deviation of log predictions over 40 tables; each of the former is noisy.

    The ratio of root mean squares fluctuates by about 1/√(2·39) + 1/√(2·9·40) = 15 %, and ten groups of a log are
    conservative; a factor 1.6 either way.
    """
    data = rc.GaussianData.power_law(exponent=1.3, source=0.4, noise=0.2, n_features=120)
    logs, half = [], []
    for seed in range(40):
        found = rc.learning_curve(rc.Dataset(*gaussian_table(data, 60, 5000 + seed)), rc.Ridge(20.0), [60, 150])
        assert found.identified.all()
        logs.append(np.log(found.test))
        half.append(np.log(found.upper / found.test) / student_t.ppf(0.95, 9))
    ratio = np.sqrt(np.mean(np.square(half), axis=0)) / np.std(logs, axis=0, ddof=1)
    assert (ratio > 1 / 1.6).all()
    assert (ratio < 1.6).all()


@pytest.mark.parametrize("noise", [0.3, 0.0])
def test_the_bound_is_the_least_error_among_identified_ridges(noise: float) -> None:
    """Against a dense scan of ridges: never below it, and above by what a grid of 100 points misses, under 1 %.

    Without noise the least ridge is the best one, 0 for small n, where the unrestricted formula goes 20 % lower.
    """
    data = table(noise=noise)
    data = data if noise else data.replace(outputs=np.asarray(data.inputs) @ np.ones(5))
    n = np.array([10.0, 40.0, 160.0, 640.0])
    found = rc.learning_curve(data, rc.KernelRidge(LAPLACE, 1.0), n)
    ridges = np.append(0.0, np.geomspace(1e-4, 1e4, 4000))
    curve = curve_of(data.replace(outputs=data.outputs - np.mean(data.outputs)), rc.KernelRidge(LAPLACE, 1.0))
    sizes, path = (a.ravel() for a in np.broadcast_arrays(n[:, None], ridges))
    test = np.where(sizes <= curve.determined.n_samples(path), curve.test(sizes, path)[0], np.inf)
    least = test.reshape(4, -1).min(axis=1)
    assert (found.bound > least * (1 - 3e-3)).all()  # the scan misses the edge by one step of its grid
    assert (found.bound < least * 1.01).all()


def test_how_the_ridge_goes_with_n() -> None:
    data, n = table(), N[:, 0]
    per_row = rc.learning_curve(data, rc.KernelRidge(LAPLACE, 0.01), n, ridge="per_row")
    fixed = rc.learning_curve(data, rc.KernelRidge(LAPLACE, 0.01 * n), n)
    for name in ("test", "lower", "upper", "n_identified", "penalty"):
        assert_allclose(getattr(per_row, name), getattr(fixed, name), rtol=1e-12)
    best = rc.learning_curve(data, rc.KernelRidge(LAPLACE, 123.0), n, ridge="best")
    scan = rc.learning_curve(data, rc.KernelRidge(LAPLACE, HALF_DECADES), N)  # the diagonal is 1
    assert_allclose(best.test, scan.test.min(axis=1), rtol=1e-12)
    assert_allclose(best.penalty, HALF_DECADES[scan.test.argmin(axis=1)], rtol=1e-12)
    assert list(best.coordinates) == ["n_samples"]
    linear = rc.learning_curve(data, rc.Ridge(1.0), 100, ridge="best")
    diagonal = (np.asarray(data.inputs) ** 2).sum(axis=1).mean()
    assert np.isclose(linear.penalty / diagonal, HALF_DECADES, rtol=1e-12).sum() == 1


def test_shapes_and_exports() -> None:
    one = rc.learning_curve(table(), rc.Ridge(1.0), 100)
    assert one.test.shape == one.bound.shape == one.identified.shape == ()
    grid = rc.learning_curve(table(), rc.Ridge(RIDGES), N)
    names = ("test", "lower", "upper", "identified", "n_identified", "bound", "penalty")
    assert all(getattr(grid, name).shape == (5, 3) for name in names)
    assert len(grid.to_pandas()) == 15
    assert grid.to_dict()["kind"] == "learning curve"
    assert (grid.ridge_rule, grid.to_dict()["ridge_rule"]) == ("fixed", "fixed")
    assert rc.learning_curve(table(), rc.Ridge(1.0), 100, ridge="best").ridge_rule == "best"
    assert grid.to_xarray()["test"].dims == ("n_samples", "ridge")
    assert rc.learning_curve(table(), rc.Ridge(1.0), []).test.shape == (0,)


def notes(data: rc.Dataset, estimator: rc.Ridge | rc.KernelRidge, n: float) -> str:
    return " | ".join(rc.learning_curve(data, estimator, n).notes)


def test_notes() -> None:
    data, small = table(m=120), rc.KernelRidge(LAPLACE, 1e-3)
    assert notes(data, rc.KernelRidge(LAPLACE, 30.0), 150) == ""
    words = notes(data, small, 1200)
    assert words.startswith("extrapolated to 11 times")
    least = float(words.split("a ridge of at least ")[1].split()[0])
    assert rc.learning_curve(data, rc.KernelRidge(LAPLACE, 1.01 * least), 1200).identified
    assert not rc.learning_curve(data, rc.KernelRidge(LAPLACE, 0.98 * least), 1200).identified
    assert "extrapolated" not in notes(data, small, 250)
    assert "80 rows" in notes(table(), rc.KernelRidge(LAPLACE, 30.0), 150)
    X, y = np.asarray(data.inputs), np.asarray(data.outputs)
    twins = rc.Dataset(np.vstack([X, X[:7]]), np.append(y, y[:7]))
    assert "7 of 127 rows repeat" in notes(twins, rc.KernelRidge(LAPLACE, 30.0), 150)


def test_steepening_is_the_excess_of_the_last_slope() -> None:
    """Of a curve that falls ever faster the best fit with c >= 0 is a power; of a power law there is none."""
    x = np.geomspace(10, 100, 12)
    bent = np.exp(-(np.log(x / 10) ** 2))
    values = np.stack([2 * x ** -EXPONENTS[9] + 0.1, bent])
    found = steepening(np.stack([x, x]), values)
    assert abs(found[0]) < 0.03  # the chord over a quarter of a decade is steeper than the tangent at its end
    slopes = [scipy.optimize.nnls((x**-b / bent)[:, None], np.ones(12))[1] for b in EXPONENTS]
    chord = np.log(bent[8] / bent[11]) / np.log(x[11] / x[8])
    assert_allclose(found[1], chord - EXPONENTS[int(np.argmin(slopes))], rtol=1e-9)


@pytest.mark.parametrize(("name", "least", "most"), [("without noise", 4, 8), ("waves", 0, 1), ("power law 1.3", 0, 1)])
def test_a_note_where_the_curve_steepens(name: str, least: int, most: int) -> None:
    """Most tables of a smooth target without noise show it, and others do not: of eight each."""
    case = next(one for one in CASES if one.name == name)
    estimator = case.estimator(SHARES[:2] * case.diagonal)
    seen = [rc.learning_curve(case.table(200, seed), estimator, [[300], [800]]).notes for seed in range(8)]
    assert least <= sum("steepens" in " ".join(words) for words in seen) <= most


def test_notes_on_localisation() -> None:
    """A cubic kernel of rank 56 of 80, and a peaked one of full rank."""
    rows, cubic = table(m=80), rc.KernelRidge(rc.kernels.Polynomial(3), 1e-2)
    words = notes(rows, cubic, 320)
    assert "rank 56 of 80 and LOO/GCV comes up to" in words
    assert "eigenvectors are localised" not in words
    peaked = notes(table(m=120, noise=0.0), rc.KernelRidge(rc.kernels.RBF(0.5), 1e-3), 100)
    assert "eigenvectors are localised" in peaked


def test_a_note_on_too_small_a_ridge() -> None:
    """Of cells that are extrapolated, at a ridge well below the best at the last size that all ridges determine."""
    case = next(one for one in CASES if one.name == "two indices")  # noise 0.1 beside a signal of 0.6
    data, n = case.table(120, 5), 960
    curve = curve_of(data.replace(outputs=data.outputs - np.mean(data.outputs)), case.estimator(1.0))
    (size,) = curve.determined.n_samples(np.zeros(1))
    path = np.append(1e-3, HALF_DECADES)  # the diagonal is 1
    errors = rc.learning_curve(data, case.estimator(path), size).test
    (words,) = [note for note in rc.learning_curve(data, case.estimator(1e-3), n).notes if "overfits" in note]
    assert words.startswith(
        f"a ridge of 0.001 overfits: at {size:.0f} samples its error is {errors[0] / errors[1:].min() - 1:.0%} above "
        f"that at a ridge of {HALF_DECADES[errors[1:].argmin()]:.2g};"
    )
    assert "overfits" not in notes(data, case.estimator(0.3), n)
    assert "overfits" not in notes(data, case.estimator(1e-3), 60)
    assert "overfits" not in " ".join(rc.learning_curve(data, case.estimator(1e-3), n, ridge="best").notes)
    both = rc.learning_curve(data, case.estimator([1e-3, 0.3]), [[60], [n]]).notes
    assert words in both


@pytest.mark.parametrize(
    ("changes", "error", "sentence"),
    [
        ({"dataset": table(m=29)}, ValueError, "dataset must have at least 30 rows, got 29"),
        ({"dataset": table().replace(outputs=np.full(80, 0.1))}, ValueError, "outputs must vary, got a constant"),
        ({"n_samples": 1.5}, ValueError, "n_samples must be finite and >= 2, got 1.5"),
        ({"n_samples": math.nan}, ValueError, "n_samples must be finite and >= 2, got nan"),
        ({"n_samples": math.inf}, ValueError, "n_samples must be finite and >= 2, got inf"),
        ({"estimator": rc.Ridge(-1.0)}, ValueError, "ridge must be finite and >= 0, got -1"),
        ({"estimator": rc.Ridge(math.inf)}, ValueError, "ridge must be finite and >= 0, got inf"),
        ({"ridge": "tuned"}, ValueError, "ridge must be one of 'fixed', 'per_row', 'best', got 'tuned'"),
        ({"level": 1.0}, ValueError, "level must be"),
        ({"level": math.nan}, ValueError, "level must be"),
        ({"dataset": rc.GaussianData.isotropic(3)}, TypeError, "no learning curve for (GaussianData, Ridge)"),
        ({"dataset": table().replace(inputs=np.zeros((80, 2)))}, ValueError, "inputs must not all be zero"),
        ({"dataset": table(p=60).replace(inputs=np.full((80, 60), 1e200))}, ValueError, "inputs must have inner"),
        ({"estimator": rc.Ridge([1.0, 2.0]), "n_samples": [2, 3, 4]}, ValueError, "shapes do not broadcast"),
    ],
)
def test_bad_input(changes: dict[str, object], error: type[Exception], sentence: str) -> None:
    arguments = {"dataset": table(), "estimator": rc.Ridge(1.0), "n_samples": 100} | changes
    with pytest.raises(error) as raised:
        rc.learning_curve(**arguments)
    assert str(raised.value).startswith(sentence)


@pytest.mark.parametrize(
    ("matrix", "sentence"),
    [
        (np.ones((40, 30)), "matrix must be square"),
        (np.triu(np.ones((40, 40))), "matrix must be symmetric"),
        (np.diag(np.append(np.ones(39), -1.0)), "matrix must be positive semidefinite, got the eigenvalue -1"),
    ],
)
def test_bad_kernel_matrices(matrix: np.ndarray, sentence: str) -> None:
    with pytest.raises(ValueError, match=f"^{sentence}"):
        rc.Dataset.from_kernel(matrix, np.arange(40.0))
    with pytest.raises(ValueError, match=r"^outputs must be finite, got nan"):
        rc.Dataset.from_kernel(np.eye(40), np.full(40, math.nan))


def test_sample_sizes_are_where_the_interval_has_the_target() -> None:
    data, estimator = table(m=200), rc.KernelRidge(LAPLACE, 1.0)
    curve = rc.learning_curve(data, estimator, 200 * 2.0 ** np.arange(5.01))
    targets = np.sqrt(curve.test[:-1] * curve.test[1:])
    found = rc.sample_size(data, estimator, targets)
    for t, low, high in zip(targets, found.lower, found.upper, strict=True):
        if low > 200:
            assert_allclose(rc.learning_curve(data, estimator, low).lower, t, rtol=1e-3)
        if high < np.inf:
            assert_allclose(rc.learning_curve(data, estimator, high).upper, t, rtol=1e-3)
    assert (np.diff(found.lower) >= 0).all()
    assert found.lower[-1] > 200
    one = rc.sample_size(data, estimator, targets[0])
    assert one.lower.shape == ()
    assert one.verdict == found.verdict[0]
    assert one.to_dict()["kind"] == "sample sizes"


def test_exports_of_sample_sizes() -> None:
    found = rc.sample_size(table(), rc.KernelRidge(LAPLACE, 1.0), [[1.0, 0.2], [0.1, 1e-3]], level=0.8)
    text = json.dumps(found.to_dict(), allow_nan=False)
    for name in ("test", "lower", "upper"):
        assert np.array_equal(np.array(json.loads(text)[name], dtype=float), getattr(found, name))
    assert json.loads(text)["verdict"] == found.verdict.tolist()
    assert (json.loads(text)["level"], json.loads(text)["ridge_rule"]) == (0.8, "fixed")
    frame = found.to_pandas()
    assert list(frame.columns) == ["test", "lower", "upper", "verdict"]
    assert frame["verdict"].tolist() == found.verdict.ravel().tolist()
    assert np.array_equal(frame["upper"], found.upper.ravel())
    assert len(rc.sample_size(table(), rc.Ridge(1.0), 0.5).to_pandas()) == 1
    assert "test 0.001: never below" in found._repr_html_()
    assert found.notes == found.curve.notes
    assert found.curve.coordinates["n_samples"][[0, -1]].tolist() == [80, 32 * 80]


def test_the_verdict_of_a_set() -> None:
    """A band of width ±20 % around 1/n; 32 table sizes from 100."""
    n = 100 * 2.0 ** (np.arange(121) / 24)
    t = 100 / n

    def verdict(target: float, width: float = 1.2, floor: float = 0.0) -> tuple[float, float, str]:
        return _set(n, t + floor, (t + floor) / width, (t + floor) * width, target)

    assert verdict(2.0) == (100.0, 100.0, "the table's own 100 rows are enough")
    low, high, words = verdict(0.25)
    assert_allclose([low, high], [400 / 1.2, 480], rtol=1e-10)
    assert words == "between 330 and 480, about 400"
    low, high, words = verdict(0.9)
    assert (low, words) == (100.0, "at most 130, about 110")
    assert_allclose(high, 100 / 0.9 * 1.2, rtol=1e-10)
    assert_allclose(verdict(0.03)[0], 100 / 0.036, rtol=1e-10)
    assert verdict(0.03)[1:] == (math.inf, "at least 2800")
    assert verdict(0.1, width=3.0)[2] == "between 330 and 3000"  # spans more than a factor 4
    assert verdict(0.5, width=40.0) == (100.0, math.inf, "cannot be told")
    assert verdict(0.2, floor=0.5)[1:] == (math.inf, "never below 0.443 up to 3200")
    assert verdict(0.251, width=1 + 1e-9)[2] == "between 390 and 400"  # between two points of the grid


def test_bad_sample_sizes() -> None:
    with pytest.raises(ValueError, match="ridge must be a single number"):
        rc.sample_size(table(), rc.Ridge([1.0, 2.0]), 0.5)
    with pytest.raises(ValueError, match="ridge must be 'fixed' unless data is a Dataset"):
        rc.sample_size(rc.GaussianData.isotropic(10), rc.Ridge(1.0), 0.5, ridge="best")
    with pytest.raises(ValueError, match="test must be finite and >= 0, got nan"):
        rc.sample_size(table(), rc.Ridge(1.0), math.nan)
    assert "never below" in rc.sample_size(table(), rc.Ridge([1.0]), 0.0).verdict
