"""Identities: a linear model keeps what it is given, equal by content, and refuses the rest in one sentence."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import zeta

import riskcalc as rc
from riskcalc.data.gaussian import entries_kurtosis, squared_radii, student_degrees
from riskcalc.model import Model

SPECTRUM = rc.Spectrum.from_eigenvalues([4.0, 1.0, 0.0], [10, 20, 5])


def model(**changes: Any) -> rc.GaussianData:
    return rc.GaussianData(**{"spectrum": SPECTRUM, "energies": [1.0, 0.5, 0.2]} | changes)


def test_what_is_left_out() -> None:
    data = model()
    assert (float(data.noise), data.outside_energy, data.entries) == (0.0, 0.0, "gaussian")
    assert rc.GaussianData(SPECTRUM, [1.0, 0.5, 0.2], 0.3).noise == 0.3


def test_isotropic() -> None:
    data = rc.GaussianData.isotropic(2.5, signal=3.0, noise=[0.1, 0.2])
    assert data == rc.GaussianData(rc.Spectrum.isotropic(2.5), [3.0], [0.1, 0.2])
    assert rc.GaussianData.isotropic(7).energies == 1.0


def test_a_finite_power_law_is_its_definition() -> None:
    i = np.arange(1.0, 41)
    data = rc.GaussianData.power_law(exponent=1.5, source=0.4, noise=0.1, n_features=40)
    assert_allclose(data.spectrum.eigenvalues, i**-1.5, rtol=1e-15)
    assert_allclose(data.energies, i ** (-1 - 2 * 1.5 * 0.4), rtol=1e-15)
    assert_array_equal(data.spectrum.multiplicities, 1)
    flat = rc.GaussianData.power_law(0, 0.4, n_features=5)
    assert_array_equal(flat.spectrum.eigenvalues, 1)


@pytest.mark.parametrize("exponent", [1.1, 1.5, 3.0])
def test_the_infinite_power_law_has_the_sums_of_zeta(exponent: float) -> None:
    data = rc.GaussianData.power_law(exponent, source=0.4)
    assert data.spectrum.trace == pytest.approx(zeta(exponent), rel=1e-12)
    assert np.sum(data.energies) == pytest.approx(zeta(1 + 2 * exponent * 0.4), rel=1e-12)


def test_content_decides_equality_and_nothing_can_be_written() -> None:
    data = model(noise=[0.1, 0.2])
    same = pickle.loads(pickle.dumps(data))
    assert data == same
    assert hash(data) == hash(same)
    for changed in (
        {"energies": [1.0, 0.5, 0.3]},
        {"noise": [0.1, 0.3]},
        {"noise": 0.1},
        {"outside_energy": 0.1},
        {"entries": "uniform"},
        {"spectrum": rc.Spectrum.from_eigenvalues([4.0, 1.0, 0.0], [10, 20, 6])},
    ):
        assert data.replace(**changed) != data
        assert data.replace(**changed).digest() != data.digest()
    for copy in (data, same):
        for array in (copy.energies, copy.noise, copy.spectrum.eigenvalues):
            with pytest.raises(ValueError, match="read-only"):
                np.asarray(array)[...] = 0


@pytest.mark.parametrize(
    ("entries", "kurtosis"),
    [
        ("gaussian", 0.0),
        ("rademacher", -2.0),
        ("uniform", -1.2),
        ("student", 6.0),
        ("student(5)", 6.0),
        ("student(10)", 1.0),
        ("student(4.5)", 12.0),
        ("student(4)", np.inf),
        ("student(2.1)", np.inf),
        ("ellipse(1, 1)", 0.0),
        ("ellipse(0.2, 1.8)", 3 * 0.64),
        ("ellipse(.5,1.5)", 3 * 0.25),
    ],
)
def test_laws_of_the_entries(entries: str, kurtosis: float) -> None:
    assert entries_kurtosis(model(entries=entries).entries) == pytest.approx(kurtosis)


@pytest.mark.parametrize(("entries", "nu"), [("student", 5.0), ("student(7)", 7.0), ("student(2.25)", 2.25)])
def test_degrees_of_freedom(entries: str, nu: float) -> None:
    assert student_degrees(entries) == nu


@pytest.mark.parametrize(
    "entries",
    [
        "normal",
        "Gaussian",
        "student(2)",
        "student(0)",
        "student(-3)",
        "student()",
        "student(x)",
        "student(7",
        "ellipse",
        "ellipse(1)",
        "ellipse(-1, 3)",
        "ellipse(0.2; 1.8)",
        "",
        5,
        None,
    ],
)
def test_other_laws_are_refused(entries: Any) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011  (the whole sentence is compared below)
        model(entries=entries)
    assert str(caught.value) == (
        'entries must be "gaussian", "rademacher", "uniform", "student", "student(nu)" with nu > 2 degrees of freedom, '
        f'or "ellipse(a, b)" with squared radii a + b = 2, got {entries!r}'
    )


@pytest.mark.parametrize(
    ("changes", "kind", "sentence"),
    [
        (
            {"energies": [1.0, 0.5]},
            ValueError,
            "energies must have one entry per spectrum entry (3), got shape (2,); an ",
        ),
        ({"energies": 1.0}, ValueError, "energies must have one entry per spectrum entry (3), got shape (); an eigens"),
        ({"energies": [1, -0.5, 0]}, ValueError, "energies must be finite and >= 0, got -0.5; an energy is a share of"),
        ({"energies": [1, np.nan, 0]}, ValueError, "energies must be finite and >= 0, got nan"),
        ({"energies": [1, np.inf, 0]}, ValueError, "energies must be finite and >= 0, got inf"),
        ({"energies": ["a", "b", "c"]}, TypeError, "energies must be real numbers, got an array of dtype <U1"),
        ({"noise": -0.1}, ValueError, "noise must be finite and >= 0, got -0.1; it is a variance"),
        ({"noise": [0.1, np.nan]}, ValueError, "noise must be finite and >= 0, got nan; it is a variance"),
        ({"noise": np.inf}, ValueError, "noise must be finite and >= 0, got inf; it is a variance"),
        ({"noise": None}, TypeError, "noise must be real numbers, got None; it is a variance"),
        ({"outside_energy": -1}, ValueError, "outside_energy must be finite and >= 0, got -1"),
        ({"outside_energy": [1, 2]}, ValueError, "outside_energy must be an array of 0 dimension(s), got shape (2,)"),
        (
            {"spectrum": [1, 2]},
            TypeError,
            "spectrum must be a Spectrum, got [1, 2]; use Spectrum.from_eigenvalues(...)",
        ),
    ],
)
def test_refused_in_one_sentence(changes: dict[str, Any], kind: type[Exception], sentence: str) -> None:
    with pytest.raises(kind) as caught:
        model(**changes)
    assert str(caught.value).startswith(sentence)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: rc.GaussianData.isotropic(0), "n_features must be finite and > 0, got 0"),
        (lambda: rc.GaussianData.isotropic(np.nan), "n_features must be finite and > 0, got nan"),
        (lambda: rc.GaussianData.isotropic(np.inf), "n_features must be finite and > 0, got inf"),
        (lambda: rc.GaussianData.isotropic([1, 2]), "n_features must be an array of 0 dimension(s), got shape (2,)"),
        (lambda: rc.GaussianData.isotropic(5, signal=-1), "signal must be finite and >= 0, got -1"),
        (
            lambda: rc.GaussianData.power_law(1.0, 0.4),
            "exponent must be finite and > 1, got 1; or give a finite n_feat",
        ),
        (lambda: rc.GaussianData.power_law(np.nan, 0.4), "exponent must be finite and > 1, got nan"),
        (lambda: rc.GaussianData.power_law(-1, 0.4, n_features=5), "exponent must be finite and >= 0, got -1"),
        (lambda: rc.GaussianData.power_law(1.5, 0), "source must be finite and > 0, got 0"),
        (lambda: rc.GaussianData.power_law(1.5, 0.4, n_features=2.5), "n_features must be a whole number or inf for a"),
        (lambda: rc.GaussianData.power_law(1.5, 0.4, n_features=0), "n_features must be finite and >= 1 and <= 1e+08"),
        (lambda: model().replace(noize=1), "GaussianData has no parameter 'noize'; it has energies, entries, noise"),
    ],
)
def test_constructors_refuse_in_one_sentence(call: Any, sentence: str) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011  (the sentence is compared below)
        call()
    assert str(caught.value).startswith(sentence)


# ------------------------------------------------------------------------------- random radii and nonlinear targets


def product(z: np.ndarray) -> np.ndarray:
    return z[:, 0] * z[:, 1]


def square(z: np.ndarray) -> np.ndarray:
    return (z[:, 0] ** 2 - 1) / np.sqrt(2)


@dataclass(frozen=True, eq=False, repr=False)
class RandomProduct(Model):
    first: int = 0

    def draw(self, n_inputs: int, rng: np.random.Generator) -> Callable[[np.ndarray], np.ndarray]:
        other = rng.integers(self.first + 1, n_inputs)
        return lambda z: z[:, self.first] * z[:, other]


def test_squared_radii() -> None:
    assert squared_radii("ellipse(0.2, 1.8)") == (0.2, 1.8)
    assert squared_radii("gaussian") is None
    assert model(entries="ellipse(0.2, 1.8)") != model(entries="ellipse(0.3, 1.7)")


@pytest.mark.parametrize("entries", ["ellipse(1, 2)", "ellipse(0, 2)", "ellipse(0.2, 1.9)"])
def test_squared_radii_must_average_to_1(entries: str) -> None:
    with pytest.raises(ValueError, match=r"^entries must have squared radii that are > 0 and average to 1, as ellipse"):
        model(entries=entries)


def test_targets_are_part_of_the_content() -> None:
    data = model(outside_energy=1.0)
    made = [data, *(data.replace(target=target) for target in (product, square, RandomProduct(), RandomProduct(3)))]
    assert len({one.digest() for one in made}) == len(made)
    for one in made:
        assert pickle.loads(pickle.dumps(one)) == one
    assert data.target is None


def test_a_target_does_not_enter_the_theory_but_by_its_energy() -> None:
    with_target, without = model(outside_energy=1.0, target=product), model(outside_energy=1.0)
    assert rc.reduce(with_target, rc.Ridge(1)) == rc.reduce(without, rc.Ridge(1))


@pytest.mark.parametrize(
    ("changes", "kind", "sentence"),
    [
        ({"target": 3}, TypeError, "target must be a function or a model with a method draw(n_inputs, rng), got 3; "),
        ({"target": SPECTRUM}, TypeError, "target must be a function or a model with a method draw(n_inputs, rng)"),
        (
            {"target": RandomProduct},
            TypeError,
            "target must be a function or a model with a method draw(n_inputs, rng)",
        ),
        ({"target": lambda z: z[:, 0]}, ValueError, "target must be a function that can be imported by name to be sto"),
        (
            {"outside_energy": 0},
            ValueError,
            "outside_energy must be > 0 beside a target, whose energy E f² it is, got 0",
        ),
    ],
)
def test_other_targets_are_refused_in_one_sentence(
    changes: dict[str, Any], kind: type[Exception], sentence: str
) -> None:
    with pytest.raises(kind) as caught:
        model(**{"target": product, "outside_energy": 1.0} | changes)
    assert str(caught.value).startswith(sentence)
    assert "\n" not in str(caught.value)
