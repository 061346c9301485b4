"""Certified radii and digits: they contain the mpmath twin (precise) over drawn and hard inputs, and are small."""

from __future__ import annotations

import itertools
import subprocess
import sys
from fractions import Fraction

import mpmath
import numpy as np
import precise
import pytest
import strategies
from hypothesis import given, settings
from mpmath import mpf

import riskcalc as rc
from riskcalc.theory import certificate
from riskcalc.theory.compression_bound import POWERS, compression_bounds
from riskcalc.theory.nodes import Nodes
from riskcalc.theory.ridge import nodes_and_point

DIGITS = 60
FIELDS = (
    "effective_ridge", "test", "train", "bias", "variance", "noise", "df1", "df2", "norm_squared", "estimation",
    "in_sample", "gcv",
)  # fmt: skip
CONDITION_16 = rc.Problem(
    rc.Spectrum.from_eigenvalues([1.0, 3e-5, 2e-9, 1e-16], multiplicities=[2.5, 10, 7, 20.5]),
    [1.0, 0.1, 1e-3, 1e-6], 0.3, 0.01,
)  # fmt: skip
INDEX = np.arange(1.0, 1001)
LONG = rc.Problem(rc.Spectrum.from_eigenvalues(INDEX**-1.5), INDEX**-1.2, 0.1)


def data_of(problem: rc.Problem) -> rc.GaussianData:
    return rc.GaussianData(problem.spectrum, problem.energies, problem.noise, problem.outside_energy)


def exact_fields(problem: rc.Problem, n: float, ridge: float, digits: int = DIGITS) -> dict[str, mpf]:
    """The sheet's table at the root found by bisection; at ridge 0 above the rank, its limits."""
    shells = precise.Shells.of(problem)
    if ridge > 0 or n < shells.rank():
        exact = precise.ridge_risk(shells, n, ridge, float(problem.noise), digits)
        return exact | {"gcv": exact["test"]}
    with mpmath.workdps(2 * digits):
        pairs = [(mpf(s), mpf(m), mpf(e)) for s, m, e in zip(
            problem.spectrum.eigenvalues, problem.spectrum.multiplicities, problem.energies, strict=True)
            if s > 0]  # fmt: skip
        n, rank, noise, outside = mpf(n), shells.rank(), mpf(float(problem.noise)), shells.outside()
        test = n * (outside + noise) / (n - rank)
        amplified = test / n * mpmath.fsum(m / s for s, m, _ in pairs)
        return {
            "effective_ridge": mpf(0), "df1": rank, "df2": rank, "noise": noise, "test": test, "gcv": test,
            "bias": n * outside / (n - rank), "variance": noise * rank / (n - rank),
            "train": (1 - rank / n) ** 2 * test, "norm_squared": amplified + mpmath.fsum(e / s for s, _, e in pairs),
            "estimation": amplified, "in_sample": (noise + outside) * rank / n,
        }  # fmt: skip


def radii_at(problem: rc.Problem, n: float, ridge: float) -> tuple[rc.Risk, dict[str, float]]:
    risk = rc.predict(data_of(problem), rc.Ridge(ridge), n, certify=True)
    assert risk.radius is not None
    return risk, {name: float(radius) for name, radius in risk.radius.items()}


def assert_contained(problem: rc.Problem, n: float, ridge: float) -> list[str]:
    """Every certified field; the names of the others, if their values are beyond 1e-220."""
    risk, radii = radii_at(problem, n, ridge)
    if n == problem.spectrum.rank and ridge == 0:
        assert np.isinf(radii["test"])
        return []
    exact = exact_fields(problem, n, ridge)
    assert set(radii) == set(exact) == set(FIELDS)
    with mpmath.workdps(DIGITS):
        for name, radius in radii.items():
            assert radius >= 0, name
            if radius < np.inf:
                value = mpf(float(getattr(risk, name)))
                assert abs(value - exact[name]) <= mpf(radius) * value, (name, radius)
        return [name for name, radius in radii.items() if radius == np.inf and exact[name] > 1e-220]


def assert_digits(problem: rc.Problem, n: float, ridge: float, digits: int = 30) -> None:
    """One unit in the last printed digit, of as many as were asked for."""
    exact = exact_fields(problem, n, ridge)
    for name, array in rc.certify(problem, n, ridge, digits=digits).items():
        text = str(array)
        mantissa, _, exponent = text.partition("e")
        printed = mantissa.replace(".", "").lstrip("0")
        if exact[name] == 0:
            assert text == "0", name
            continue
        assert len(printed) >= digits - 1, (name, text)  # one digit less where rounding would not be unique
        unit = mpf(10) ** (int(exponent or 0) - len(mantissa.partition(".")[2]))
        with mpmath.workdps(DIGITS + 10):
            assert abs(mpf(text) - exact[name]) <= unit * mpf("1.000001"), (name, text)


# Precise: containment


@settings(max_examples=60)
@given(strategies.solved())
def test_radii_contain_the_twin(drawn):
    assert_contained(*drawn)


@settings(max_examples=40)
@given(strategies.solved())
def test_digits_are_those_of_the_twin(drawn):
    problem, n, ridge = drawn
    if n != problem.spectrum.rank or ridge > 0:
        assert_digits(problem, n, ridge)


@pytest.mark.slow
@settings(max_examples=2200)
@given(strategies.solved())
def test_radii_contain_the_twin_in_thousands_of_cases(drawn):
    assert_contained(*drawn)


@pytest.mark.parametrize("offset", [-1, -1e-9, 1e-9, 1])
@pytest.mark.parametrize("ridge", [0, 1e-300, 1e-200, 1e-100, 1e-16, 1e-8, 1, 1e6])
def test_hard_inputs_are_certified(offset, ridge):
    """Condition 1e16 and n at the rank: every field has a radius, 1e-10 at most, 2e-13 where nothing needs logarithms.

    All but a training error below 1e-220.
    """
    n = 40 + offset
    assert assert_contained(CONDITION_16, n, ridge) == []
    _, radii = radii_at(CONDITION_16, n, ridge)
    del radii["train"]
    assert max(radii.values()) <= (2e-13 if ridge >= 1e-16 else 1e-10)
    if ridge in (0, 1e-300, 1.0):
        assert_digits(CONDITION_16, n, ridge)


def test_twenty_decades_at_the_rank():
    spectrum = rc.Spectrum.from_eigenvalues(np.logspace(2, -18, 21), multiplicities=3)
    problem = rc.Problem(spectrum, np.ones(21), 0.5)
    for n, ridge in itertools.product([20.0, 63 - 1e-9, 63.0, 63 + 1e-9, 200.0], [1e-300, 1e-16, 1.0]):
        tiny = ["bias"] if (n, ridge) == (63.0, 1e-300) else []  # κ is 5e-160, and its square leaves the range
        assert assert_contained(problem, n, ridge) == tiny
        well_posed = 3e-14 * n / (n - rc.ridge_risk(problem, n, ridge).df2) if ridge > 1e-300 else 1e-10
        assert radii_at(problem, n, ridge)[1]["effective_ridge"] <= well_posed


def test_well_posed_radii_are_small():
    """Of κ within 3e-14 n/(n - df2), where nothing needs logarithms; the fields within twice that."""
    n, ridge = np.linspace(10, 900, 12)[:, None], np.geomspace(1e-6, 1e2, 9)
    for problem in (LONG, CONDITION_16, rc.Problem(rc.Spectrum.from_eigenvalues(INDEX[:100] ** -2), INDEX[:100])):
        risk = rc.predict(data_of(problem), rc.Ridge(ridge), n, certify=True)
        assert risk.radius is not None
        allowed = 3e-14 * n / (n - risk.df2)
        assert (risk.radius["effective_ridge"] <= allowed).all()
        for name, radius in risk.radius.items():
            assert (radius <= 2 * allowed).all(), name
        assert not any("radius" in note for note in risk.notes)


# Long spectra, which are compressed: against balls on the whole spectrum


def test_radii_of_compressed_spectra_contain_the_balls():
    n, ridge = np.array([3.0, 30.0, 999.0, 1000 - 1e-6, 1500.0])[:, None], np.array([0.0, 1e-9, 1e-3, 10.0])
    risk = rc.predict(data_of(LONG), rc.Ridge(ridge), n, certify=True)
    nodes, _ = nodes_and_point(LONG, n, ridge)
    assert nodes.sigma.size < 200
    assert risk.radius is not None
    for i, j in [(0, 0), (0, 3), (1, 1), (2, 0), (2, 1), (3, 1), (3, 2), (4, 0), (4, 2)]:
        digits = rc.certify(LONG, n[i], ridge[j], digits=25)
        for name, radius in risk.radius.items():
            got, true = Fraction(float(getattr(risk, name)[i, j])), Fraction(str(digits[name][0]))
            if np.isfinite(radius[i, j]):
                assert abs(got - true) <= Fraction(float(radius[i, j])) * got + true / 10**23, name
    assert np.isfinite(risk.radius["test"])[:, 1:].all()


@pytest.mark.parametrize("spoiled", [0.0, 1e-12, 1e-6])
def test_the_bound_on_compression_holds_and_sees_a_wrong_rule(spoiled):
    """One weight off by a relative 1e-12 or 1e-6: both the true change and its bound follow."""
    atoms = Nodes.of(LONG.spectrum, LONG.reached)
    good = atoms.compressed()
    mass, energies = good.mass.copy(), good.energies.copy()
    mass[-20] *= 1 + spoiled
    energies[-20] *= 1 + spoiled
    nodes = Nodes(good.sigma, mass, good.multiplicity, good.log_sigma, np.log(mass), good.energy_sigma,
                  good.energy_log_sigma, energies)  # fmt: skip
    ends = -25.0, 8.0
    bounds = compression_bounds(atoms, nodes, *ends)
    worst = dict.fromkeys(POWERS, 0.0)
    for xi, (name, (q, p)) in itertools.product(np.linspace(*ends, 40), POWERS.items()):
        of_energy = name in ("left", "norm", "far")
        sums = []
        for one in (atoms, nodes):
            sigma = (one.energy_sigma if of_energy else one.sigma).astype(np.longdouble)
            z = sigma / np.exp(np.longdouble(xi))
            weights = (one.energies if of_energy else one.mass).astype(np.longdouble)
            sums.append((weights * z**q / (1 + z) ** p).sum())
        worst[name] = max(worst[name], abs(float(sums[1] / sums[0] - 1)))
    for name, bound in bounds.items():
        assert worst[name] <= bound, name
        assert bound <= 50 * worst[name] + (4e-13 if name == "far" else 5e-14), name  # of 40 points; sharp it is not
    assert spoiled == 0 or min(worst.values()) > 0.004 * spoiled


# Where nothing is certified


@pytest.mark.parametrize(
    ("problem", "n", "ridge"),
    [
        (CONDITION_16, 0.0, 1.0),
        (CONDITION_16, 40.0, 0.0),
        (CONDITION_16, 50.0, np.inf),
        (CONDITION_16, 60.0, -1e-17),
        (rc.Problem(rc.Spectrum.power_law(2.0), np.zeros(rc.Spectrum.power_law(2.0).eigenvalues.size), 1.0), 9.0, 1.0),
    ],
)
def test_a_note_says_where_there_is_no_radius(problem, n, ridge):
    risk, radii = radii_at(problem, n, ridge)
    assert np.isinf(radii["test"])
    assert any(note.startswith("no radius at 1 of 1 points") for note in risk.notes)


def test_shapes_and_dictionaries():
    data = data_of(CONDITION_16.replace(noise=[0.0, 0.5, 1.0]))
    plain, risk = (rc.predict(data, rc.Ridge([[1.0], [2.0]]), 20, certify=certify) for certify in (False, True))
    assert plain.radius is None
    assert "radius" not in plain.to_dict()
    assert risk.radius is not None
    assert all(radius.shape == (2, 3) for radius in risk.radius.values())
    assert all((getattr(plain, name) == getattr(risk, name)).all() for name in FIELDS)
    assert set(risk.to_dict()["radius"]) == set(FIELDS)
    digits = rc.certify(CONDITION_16.replace(noise=[0.0, 0.5, 1.0]), 20, [[1.0], [2.0]], digits=12)
    assert digits["test"].shape == (2, 3)
    assert (digits["variance"][:, 0] == "0").all()
    assert float(digits["test"][1, 2]) == pytest.approx(float(risk.test[1, 2]), rel=1e-11)


def test_choices_that_do_not_go_together_are_refused():
    sphere = rc.SphereData(9, rc.targets.DegreeEnergies({1: 1.0}))
    with pytest.raises(ValueError, match="certify must be left out"):
        rc.predict(sphere, rc.KernelRidge(rc.kernels.RBF(), 1.0), 5, certify=True)
    with pytest.raises(ValueError, match="certify must be False with correction"):
        rc.predict(data_of(CONDITION_16), rc.Ridge(1.0), 20, correction="first", certify=True)
    for n, ridge, sentence in ((40.0, 0.0, "not be the rank"), (0.0, 1.0, "n_samples"), (5.0, -1.0, "ridge must be")):
        with pytest.raises(ValueError, match=sentence):
            rc.certify(CONDITION_16, n, ridge)
    with pytest.raises(ValueError, match="spectrum must be finite"):
        rc.certify(rc.reduce(rc.GaussianData.power_law(2.0, 1.0), rc.Ridge(1.0)), 5, 1.0)


def test_latent_space_data_are_certified_too():
    loadings = np.random.default_rng(0).standard_normal((30, 4))
    data = rc.LatentSpaceData(loadings, np.ones(4), 0.3)
    risk = rc.predict(data, rc.Ridge(2.0), 20, certify=True)
    problem = rc.reduce(data, rc.Ridge(2.0))
    assert risk.radius is not None
    exact = exact_fields(problem, 20.0, 2.0)
    for name, radius in risk.radius.items():
        assert abs(mpf(float(getattr(risk, name))) - exact[name]) <= float(radius) * exact[name] * 1.0001, name
        assert radius < 1e-13


def test_without_the_library_the_sentence_names_the_extra():
    code = (
        "import sys; sys.modules['flint'] = None\nimport riskcalc as rc\n"
        "try:\n    rc.certify(rc.Problem(rc.Spectrum.isotropic(2), [1.0]), 3, 1)\n"
        "except ImportError as error:\n    print(error)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "pip install 'riskcalc[certify]'" in run.stdout


def test_errors_of_positive_terms():
    """Rules of the logarithmic error: products add, sums keep the wider, exponents follow their signs."""
    a, b = certificate.Error(1e-15, -1, 0), certificate.Error(3e-15, 0, 2)
    assert ((a * b).lowest, (a * b).highest) == (-1, 2)
    assert ((a / b).lowest, (a / b).highest) == (-3, 0)
    assert ((a + b).lowest, (a + b).highest) == (-1, 2)
    assert 4e-15 < (a * b).rounding < 4.2e-15
    assert 3e-15 < (a + b).rounding < 3.2e-15
    assert (a / b).radius(np.array(1e-3)) == pytest.approx(np.expm1(3e-3), rel=1e-9)
