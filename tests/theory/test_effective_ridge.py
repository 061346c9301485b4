"""The fixed point: identities, and its mpmath twin (precise) over drawn spectra and at named hard inputs."""

from __future__ import annotations

import math
import re
import subprocess
import sys
import textwrap

import mpmath
import numpy as np
import precise
import pytest
import strategies
from hypothesis import given
from hypothesis import strategies as st
from mpmath import mpf
from numpy.testing import assert_allclose, assert_array_equal

import riskcalc as rc
from riskcalc import effective_ridge, log_effective_ridge

EPS = np.finfo(float).eps
DECADES_20 = rc.Spectrum.from_eigenvalues(np.logspace(2, -18, 21), multiplicities=3)
CONDITION_16 = rc.Spectrum.from_eigenvalues([1.0, 3e-5, 2e-9, 1e-16], multiplicities=[2.5, 10, 7, 20.5])
SPIKES = rc.Spectrum.from_eigenvalues([*np.logspace(10, -9, 20), 1e-10], multiplicities=[1] * 20 + [1e6])
HARD = {"20 decades": DECADES_20, "condition 1e16": CONDITION_16, "spikes over a floor": SPIKES}


def rounding(log_kappa: float) -> float:
    """Relative error of κ, wherever n is: what a few sums lose, and the rounding of log κ itself.

    Seen in 5000 draws: 10 EPS, and .95 |log κ| EPS where κ is solved for in logs.
    """
    return float(EPS * (16 + abs(log_kappa)))


def condition(spectrum: rc.Spectrum, n: float, kappa: float) -> float:
    """n/(n - df2), the number that performance.md 1.2 multiplies 1e-12 with (at least 1)."""
    if not 0 < kappa < math.inf:
        return 1.0
    with mpmath.workdps(400):
        return float(n / (n - precise.Shells.of(spectrum).df2(mpf(kappa))))


def assert_agrees(spectrum: rc.Spectrum, n: float, ridge: float) -> None:
    exact = precise.log_effective_ridge(precise.Shells.of(spectrum), n, ridge)
    got, log_got = float(effective_ridge(spectrum, n, ridge)), float(log_effective_ridge(spectrum, n, ridge))
    if mpmath.isinf(exact):
        assert log_got == float(exact)
        assert got == (0.0 if exact < 0 else math.inf)
        return
    with mpmath.workdps(40):
        assert abs(log_got - exact) <= rounding(exact)
        if exact > -700:  # below, κ is subnormal or 0
            error = abs(got / mpmath.exp(exact) - 1)
            in_logs = 0 < ridge < 1e-190 * n  # solved for in log κ, so as not to leave the range of a float
            assert error <= (rounding(exact) if in_logs else 16 * EPS)
            assert error <= 1e-12 * condition(spectrum, n, got)


# Precise: against bisection on the definition


@given(st.data())
def test_agrees_with_bisection_on_the_definition(data):
    spectrum = data.draw(strategies.spectra())
    assert_agrees(spectrum, *data.draw(strategies.points(spectrum)))


@pytest.mark.parametrize("name", HARD)
@pytest.mark.parametrize("offset", [0, 1, -1, 1e-9, -1e-9, "half", "double"])
def test_hard_inputs(name, offset):
    spectrum = HARD[name]
    rank = spectrum.rank
    n = {"half": rank / 2, "double": 2 * rank}.get(offset) or rank + offset
    for ridge in [0, 1e-300, 1e-150, 1e-16, 1e-8, 1.0, 1e6]:
        assert_agrees(spectrum, n, ridge)


@pytest.mark.parametrize("multiplicity", [0.3, 1, 7.7, 1e6])
@pytest.mark.parametrize("eigenvalue", [1e-200, 1e-12, 1, 3e7, 1e200])
def test_one_eigenvalue_is_a_quadratic(multiplicity, eigenvalue):
    r"""N κ² + (nσ - λ - mσ) κ - λσ = 0."""
    spectrum = rc.Spectrum.isotropic(multiplicity, eigenvalue)
    for n in [multiplicity * share for share in (1e-3, 0.5, 1 - 1e-9, 1, 1 + 1e-9, 2, 1e3)]:
        for ridge in [eigenvalue * share for share in (1e-20, 1e-3, 1, 1e6)]:
            with mpmath.workdps(60):
                a, s = mpf(n), mpf(eigenvalue)
                b, c = a * s - mpf(ridge) - mpf(multiplicity) * s, mpf(ridge) * s
                exact = (mpmath.sqrt(b * b + 4 * a * c) - b) / (2 * a)
                assert abs(effective_ridge(spectrum, n, ridge) / exact - 1) <= rounding(mpmath.log(exact))


def test_logarithm_where_the_effective_ridge_underflows():
    """σ_i = e^-i: at ridge 0 κ is about e^-(n + 1/2), far below the smallest float."""
    spectrum = rc.Spectrum.from_log_eigenvalues(-np.arange(1.0, 2001))
    with mpmath.workdps(40):
        twin = precise.Shells([mpmath.exp(-mpf(i)) for i in range(1, 2001)], [1] * 2000)
    for n, ridge in [(1.0, 0.0), (1000.0, 0.0), (1000.25, 0.0), (1999.5, 0.0), (2001.0, 1e-300), (300.0, 1e-300)]:
        log_kappa = float(log_effective_ridge(spectrum, n, ridge))
        assert precise.root_is_near(twin, n, ridge, log_kappa, rounding(log_kappa))
    assert effective_ridge(spectrum, 1000, 0) == 0
    assert log_effective_ridge(spectrum, 2000, 0) == -np.inf


def test_masses_where_the_multiplicity_overflows():
    """Multiplicity 10^400 of eigenvalue 10^-400, as on the sphere: only the mass, 2, is a float; it acts as a tail."""
    log_small = -400 * math.log(10)
    spectrum = rc.Spectrum.from_masses([0.0, log_small], masses=[5.0, 2.0])
    assert spectrum.rank == np.inf
    with_tail = rc.Spectrum.isotropic(5.0).replace(tail=2.0)
    for n, ridge in [(1, 0), (5, 0), (6, 0), (50, 0.3)]:
        assert_allclose(effective_ridge(spectrum, n, ridge), effective_ridge(with_tail, n, ridge), rtol=4 * EPS)


@pytest.mark.parametrize("exponent", [1.02, 1.5, 4.0])
@pytest.mark.parametrize(("n", "ridge"), [(0.5, 0.0), (100.0, 0.0), (1e9, 0.0), (1e6, 1e-3), (10.0, 1e6)])
def test_infinite_power_law(exponent, n, ridge):
    """To what the nodes promise, 1e-12; seen 5e-15."""
    exact = precise.effective_ridge(precise.PowerLaw(exponent), n, ridge, digits=18)
    got = effective_ridge(rc.Spectrum.power_law(exponent), n, ridge)
    assert abs(float(got / exact - 1)) <= 1e-13


@pytest.mark.parametrize("decades", [0.5, 6, 17])
def test_long_spectra_on_a_grid(decades):
    """1500 eigenvalues and 240 points, where the solver compresses; its promise is 5e-15 on every sum.

    An error of a sum is amplified by n/(n - df2), at most tenfold: beyond, eigenvalues are counted.
    """
    rng = np.random.default_rng(5)
    spectrum = rc.Spectrum.from_eigenvalues(10.0 ** -rng.uniform(0, decades, 1500))
    n = np.array([30.0, 700.0, 1499.0, 1500.0, 1501.0, 4000.0])
    ridges = np.append(0, np.geomspace(1e-18, 1e2, 39))
    got = log_effective_ridge(spectrum, n[:, None], ridges)
    assert (got[3:, 0] == -np.inf).all()
    twin = precise.Shells.of(spectrum)
    for i, j in [(0, 0), (0, 39), (1, 0), (1, 20), (2, 0), (2, 10), (3, 1), (3, 30), (4, 1), (4, 20), (5, 9), (5, 39)]:
        assert precise.root_is_near(twin, n[i], ridges[j], got[i, j], 5e-14)


# Exact cases, by proof


def test_no_samples():
    assert effective_ridge(CONDITION_16, 0, [0, 1e-300, 1]).tolist() == [np.inf] * 3
    assert log_effective_ridge(CONDITION_16, 0, 1) == np.inf
    assert effective_ridge(rc.Spectrum.from_eigenvalues(0.0), 0, 0) == np.inf


def test_ridge_0_depends_on_the_rank_alone():
    """N >= rank: κ = 0; n < rank: the root; zero eigenvalues do not count."""
    spectrum = rc.Spectrum.from_eigenvalues([2.0, 0.5, 0.0], multiplicities=[3, 4, 100])
    assert effective_ridge(spectrum, [7, 7 + 1e-9, 8, 50, 106, 107, 108], 0).tolist() == [0.0] * 7
    assert log_effective_ridge(spectrum, [7, 8], 0).tolist() == [-np.inf] * 2
    assert (effective_ridge(spectrum, [1, 6, 7 - 1e-9, np.nextafter(7, 0)], 0) > 0).all()


def test_ten_tenths_are_one():
    """Ratios: the rank is a sum of floats, and n = rank must be met all the same."""
    for size in (3, 6, 10, 1000):
        spectrum = rc.Spectrum.from_eigenvalues(np.arange(1.0, size + 1), multiplicities=1 / size)
        assert spectrum.rank == 1
        assert effective_ridge(spectrum, 1.0, 0) == 0


@pytest.mark.parametrize(("m", "sigma", "n"), [(4, 1, 1), (4, 1, 3), (2.0, 8.0, 0.5), (1e6, 1e-12, 1e3)])
def test_ridge_0_of_one_eigenvalue(m, sigma, n):
    """κ = σ(m - n)/n."""
    assert_allclose(effective_ridge(rc.Spectrum.isotropic(m, sigma), n, 0), sigma * (m - n) / n, rtol=4 * EPS)


@given(strategies.spectra(tails=False), strategies.powers_of_ten(-12, 1), st.floats(0.01, 100))
def test_a_tail_acts_as_a_ridge(spectrum, tail, n):
    """At ridge 0 too, whatever the rank: with a tail κ is never 0."""
    with_tail = spectrum.replace(tail=tail)
    assert_allclose(effective_ridge(with_tail, n, 0), effective_ridge(spectrum, n, tail), rtol=4 * EPS)
    assert_allclose(effective_ridge(with_tail, n, 2.0), effective_ridge(spectrum, n, 2.0 + tail), rtol=4 * EPS)


def test_nothing_but_a_tail_or_a_ridge():
    """No positive eigenvalue: κ = (λ + t)/n."""
    nothing = rc.Spectrum.from_eigenvalues([0.0, 0.0])
    assert effective_ridge(nothing, 4, [0, 1, 1e-100]).tolist() == [0, 0.25, 0.25e-100]
    assert_allclose(effective_ridge(nothing, 4, 1e-300), 0.25e-300, rtol=rounding(-700))
    assert effective_ridge(nothing.replace(tail=2.0), 4, [0, 1]).tolist() == [0.5, 0.75]


def test_what_was_reached_is_carried_by_the_error(monkeypatch):
    """Never the last iterate as an answer: too few steps raise, with κ as far as it came (it falls to the root)."""
    kappa = effective_ridge(DECADES_20, DECADES_20.rank, [1e-20, 1e-300])
    monkeypatch.setattr(sys.modules["riskcalc.theory.newton"], "MOST_STEPS", 1)
    for ridge, root in zip([1e-20, 1e-300], kappa, strict=True):
        with pytest.raises(rc.NotConvergedError, match=r"^effective ridge was not solved for: relative resid") as error:
            effective_ridge(DECADES_20, DECADES_20.rank, ridge)
        assert error.value.best.shape == (1,)
        assert root < error.value.best < DECADES_20.trace
        assert error.value.residual > 1e-8


# Identities


@given(st.data())
def test_defining_equation_holds_at_the_root(data):
    """N = λ/κ + df1(κ), relative to n: an error of κ counts less here, because n - df2 <= n."""
    spectrum = data.draw(strategies.spectra())
    n, ridge = data.draw(strategies.points(spectrum))
    kappa = float(effective_ridge(spectrum, n, ridge))
    if 1e-200 < kappa:
        with mpmath.workdps(60):
            right = mpf(ridge) / mpf(kappa) + precise.Shells.of(spectrum).df1(mpf(kappa))
            assert abs(right / n - 1) <= rounding(math.log(kappa))


@given(st.data())
def test_brackets(data):
    r"""λ/n <= κ <= (λ + Tr Σ)/n, the sharper ones by counting, and Jensen's (sheet 1, section 1)."""
    spectrum = data.draw(strategies.spectra())
    n, ridge = data.draw(strategies.points(spectrum))
    kappa = float(effective_ridge(spectrum, n, ridge))
    if kappa < 1e-290:
        return
    order = np.argsort(-spectrum.eigenvalues)
    sigma, m = spectrum.eigenvalues[order], spectrum.multiplicities[order]
    count = np.append(0, np.cumsum(m))  # of the largest k shells
    beyond = np.append(np.cumsum((m * sigma)[::-1])[::-1], 0) + spectrum.tail  # mass of the others
    slack = 1 + rounding(math.log(kappa))
    assert kappa * slack >= ridge / n
    below = count < n
    assert kappa <= slack * ((ridge + beyond[below]) / (n - count[below])).min() * (1 + 1e-13)
    reached = count[1:] > n
    assert kappa * slack >= (sigma * (count[1:] - n) / n)[reached].max(initial=0)
    # Jensen: the mass, the tail's at σ = 0, put at its mean; where rounding that mean is not amplified
    trace, mean = beyond[0], (m * sigma**2).sum() / beyond[0] if beyond[0] > 0 else 0.0
    if mean > 0:
        jensen = float(effective_ridge(rc.Spectrum.isotropic(trace / mean, mean), n, ridge))
        if trace / mean / (1 + jensen / mean) ** 2 < 0.99 * n:
            assert kappa >= jensen * (1 - 1e-12)


@given(st.data())
def test_derivatives(data):
    r"""dκ/dλ = 1/(n - df2) and dκ/dn = -κ/(n - df2), as central differences of log κ.

    The steps are 1e-4 in log λ and in n/(n - df2), variables in which log κ varies at scale 1: h²/6 times a third
    derivative of order 1, and EPS/h, leave 1e-7.
    """
    spectrum = data.draw(strategies.spectra())
    n = data.draw(strategies.powers_of_ten(-2, 2)) * spectrum.multiplicities.sum()
    ridge = data.draw(strategies.powers_of_ten(-12, 6))
    h = 1e-4
    kappa = float(effective_ridge(spectrum, n, ridge))
    with mpmath.workdps(60):
        gap = float(n - precise.Shells.of(spectrum).df2(mpf(kappa)))
    up, down = log_effective_ridge(spectrum, n, [ridge * math.exp(h), ridge * math.exp(-h)])
    assert_allclose((up - down) / (2 * h), ridge / (kappa * gap), atol=1e-7)
    up, down = log_effective_ridge(spectrum, [n + h * gap, n - h * gap], ridge)
    if h * gap > 1e-6 * n:  # else n + h gap is rounded
        assert_allclose((up - down) / (2 * h), -1, atol=1e-7)


@given(st.data())
def test_homogeneity_and_scaling(data):
    """κ(cΣ, n, cλ) = cκ(Σ, n, λ) and κ(Σ, am, an, aλ) = κ(Σ, m, n, λ); powers of two round nothing."""
    spectrum = data.draw(strategies.spectra())
    n, ridge = data.draw(strategies.points(spectrum))
    ridge = max(ridge, 1e-290) if ridge else 0.0
    kappa, log_kappa = effective_ridge(spectrum, n, ridge), log_effective_ridge(spectrum, n, ridge)
    tolerance = rounding(log_kappa) if np.isfinite(log_kappa) else 0
    larger = rc.Spectrum.from_eigenvalues(8 * spectrum.eigenvalues, spectrum.multiplicities, 8 * spectrum.tail)
    assert_allclose(effective_ridge(larger, n, 8 * ridge), 8 * kappa, rtol=tolerance)
    more = rc.Spectrum.from_eigenvalues(spectrum.eigenvalues, 4 * spectrum.multiplicities, 4 * spectrum.tail)
    assert_allclose(effective_ridge(more, 4 * n, 4 * ridge), kappa, rtol=tolerance)


@given(strategies.spectra())
def test_monotone(spectrum):
    """κ rises with λ, λ/κ too, and κ falls with n."""
    rank = spectrum.multiplicities[spectrum.eigenvalues > 0].sum()
    n = np.sort(np.append(rank * np.geomspace(1e-2, 1e2, 40), [rank, rank + 1e-9, rank * (1 - 1e-9)]))
    ridge = np.append(0, np.geomspace(1e-20, 1e6, 60))
    log_kappa = log_effective_ridge(spectrum, n[:, None], ridge)
    with np.errstate(divide="ignore", invalid="ignore"):
        log_bare = np.log(ridge) - log_kappa
    for values, axis, sign in [(log_kappa, 1, 1), (log_kappa, 0, -1), (log_bare[:, 1:], 1, 1)]:
        held = np.maximum(values, -800)  # -inf at ridge 0
        assert (sign * np.diff(held, axis=axis) >= -EPS * (32 + 4 * np.abs(held).max())).all()


@given(st.data())
def test_zero_eigenvalues_are_inert(data):
    spectrum = data.draw(strategies.spectra(zeros=False))
    n, ridge = data.draw(strategies.points(spectrum))
    padded = rc.Spectrum.from_eigenvalues(
        [0.0, *spectrum.eigenvalues, 0.0], [7.0, *spectrum.multiplicities, 2.5], spectrum.tail
    )
    assert effective_ridge(padded, n, ridge) == effective_ridge(spectrum, n, ridge)
    nothing = spectrum.replace(multiplicities=np.zeros_like(spectrum.multiplicities), log_masses=np.full(
        spectrum.multiplicities.size, -np.inf))  # fmt: skip
    assert nothing.rank == (np.inf if spectrum.tail else 0)


@given(st.data())
def test_order_and_splitting_of_eigenvalues_do_not_matter(data):
    spectrum = data.draw(strategies.spectra())
    n, ridge = data.draw(strategies.points(spectrum))
    log_kappa = log_effective_ridge(spectrum, n, ridge)
    sigma, m = spectrum.eigenvalues, spectrum.multiplicities
    order = data.draw(st.permutations(range(sigma.size)))
    shuffled = rc.Spectrum.from_eigenvalues(sigma[order], m[order], spectrum.tail)
    halves = rc.Spectrum.from_eigenvalues(np.repeat(sigma, 2), np.repeat(m / 2, 2), spectrum.tail)
    for same in (shuffled, halves):
        if np.isfinite(log_kappa):
            assert abs(log_effective_ridge(same, n, ridge) - log_kappa) <= 2 * rounding(log_kappa)
        else:
            assert log_effective_ridge(same, n, ridge) == log_kappa


# Arrays


def test_shapes():
    assert effective_ridge(CONDITION_16, 10, 1.0).shape == ()
    assert effective_ridge(CONDITION_16, [10, 20], 1.0).shape == (2,)
    assert effective_ridge(CONDITION_16, np.ones((4, 1, 1)), np.ones((3, 1))).shape == (4, 3, 1)
    assert log_effective_ridge(CONDITION_16, np.ones((4, 1)), np.zeros(3)).shape == (4, 3)
    assert effective_ridge(CONDITION_16, [], 1.0).shape == (0,)
    grid = effective_ridge(CONDITION_16, [[10], [50]], [0, 1, 2])
    for i, n in enumerate([10, 50]):
        for j, ridge in enumerate([0, 1, 2]):
            assert_allclose(grid[i, j], effective_ridge(CONDITION_16, n, ridge), rtol=4 * EPS)


@pytest.mark.parametrize("name", HARD)
def test_a_point_does_not_depend_on_the_others_of_its_grid(name):
    """To 4 ulp of the equation's sums: a matrix product may add in another order, nothing more.

    What that is in κ is n/(n - df2) times as much, at most tenfold: beyond, eigenvalues are counted.
    """
    spectrum = HARD[name]
    rng = np.random.default_rng(3)
    n = rng.choice([0, *spectrum.rank * np.array([0.1, 0.999, 1, 1.001, 3])], 400)
    ridge = rng.choice([0, 1e-300, 1e-20, 1e-3, 1, 1e6], 400)
    whole = effective_ridge(spectrum, n, ridge)
    amplified = [min(condition(spectrum, *point), 10) for point in zip(n, whole, strict=True)]
    same = np.isfinite(whole)

    def assert_close(got, at):
        assert_array_equal(got[~same[at]], whole[at][~same[at]])
        exact = np.maximum(whole[at][same[at]], 0)
        assert (np.abs(got[same[at]] - exact) <= 4 * EPS * np.array(amplified)[at][same[at]] * exact).all()

    order = rng.permutation(400)
    assert_close(effective_ridge(spectrum, n[order], ridge[order]), order)
    alone = [float(effective_ridge(spectrum, *point)) for point in zip(n, ridge, strict=True)]
    assert_close(np.array(alone), np.arange(400))


@pytest.mark.parametrize("size", [1000, pytest.param(511, marks=pytest.mark.slow)])  # compressed, and not
def test_a_million_points_on_a_thousand_eigenvalues_need_less_than_a_gigabyte(size):
    script = f"""
        import numpy as np
        import riskcalc as rc
        rng = np.random.default_rng(0)
        spectrum = rc.Spectrum.from_eigenvalues(np.arange(1.0, {size} + 1) ** -1.3)
        n, ridge = 10 ** rng.uniform(0, 4, 10**6), 10 ** rng.uniform(-8, 3, 10**6)
        kappa = rc.effective_ridge(spectrum, n, ridge)
        at = rng.choice(10**6, 50)
        sigma = spectrum.eigenvalues
        total = ridge[at] / kappa[at] + (sigma / (sigma + kappa[at, None])).sum(axis=1)
        assert np.abs(total / n[at] - 1).max() < 1e-13
        status = dict(line.split(":") for line in open("/proc/self/status").read().splitlines())
        print(status["VmHWM"].split()[0])  # KiB; ru_maxrss would count the memory of the process that started this one
    """
    run = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, check=True)
    assert int(run.stdout) < 1024**2


# Bad input


@pytest.mark.parametrize(
    ("n", "ridge", "sentence"),
    [
        (10, math.nan, "ridge must be > -inf, got nan"),
        (10, -1e6, "ridge must be above ridge_lower_limit(spectrum, n_samples), got -1e+06 at n_samples 10"),
        (10, [0, 1, -math.inf], "ridge must be > -inf, got -inf"),
        (-1, 1.0, "n_samples must be finite and >= 0, got -1"),
        (math.nan, 1.0, "n_samples must be finite and >= 0, got nan"),
        ([1, 2, 3], [1, 2], "shapes do not broadcast: n_samples (3,), ridge (2,); for a grid give "),
    ],
)
@pytest.mark.parametrize("function", [effective_ridge, log_effective_ridge])
def test_bad_numbers(function, n, ridge, sentence):
    with pytest.raises(ValueError, match=r"^" + re.escape(sentence)):
        function(CONDITION_16, n, ridge)


@pytest.mark.parametrize("bad", ["1", True, 1j, None, [[1], [2, 3]]])
def test_what_is_not_a_number(bad):
    with pytest.raises((TypeError, ValueError), match=r"^ridge must be real numbers, got"):
        effective_ridge(CONDITION_16, 10, bad)


def test_an_infinite_spectrum_is_refused_where_its_nodes_end():
    spectrum = rc.Spectrum.power_law(1.5)
    assert effective_ridge(spectrum, 1e12, 0) > 0
    assert effective_ridge(spectrum, 1e20, 1.0) > 0
    with pytest.raises(ValueError, match=r"^n_samples must leave κ >= .*, got 1e\+15; give a larger ridge or a finite"):
        effective_ridge(spectrum, [1.0, 1e15, 1e16], 0)
