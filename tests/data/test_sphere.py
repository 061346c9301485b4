"""Data on the sphere and the hypercube: fields, refusals, files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_array_equal

import riskcalc as rc
from riskcalc import kernels, targets
from riskcalc.experiment import Experiment
from riskcalc.kinds import built, written

TARGET = targets.DegreeEnergies({1: 0.7, 2: 0.3})
MODELS = [
    rc.SphereData(12, TARGET, [0.1, 0.2]),
    rc.HypercubeData(9, targets.Monomials({(0, 1): 1.0, (2,): -0.5, (): 0.25})),
    rc.SphereData(9, targets.SingleIndex(rc.activations.ReLU()), 0.5),
    rc.SphereData(9, targets.SingleIndex(coefficients=[0.0, 1.0, 0.5])),
    rc.HypercubeData(9, targets.DegreeEnergies({1: 1.0}, symmetry="cyclic")),
    rc.KernelRidge(kernels.Cyclic(kernels.RBF(0.1)), [0.0, 1.0]),
    rc.KernelRidge(kernels.Taylor([0.5, 1.0, 0.25]), 0.0),
]


@pytest.mark.parametrize("model", MODELS, ids=repr)
def test_models_are_written_to_files_and_built_again(model: rc.SphereData) -> None:
    assert built(written(model), "model", Path()) == model


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({"kind": "SphereData", "n_inputs": 5, "target": {"kind": "targets.DegreeEnergy"}}, "did you mean"),
        ({"kind": "SphereData", "n_inputs": 5, "target": {"kind": "targets.DegreeEnergies"}}, "needs 'by_degree'"),
        ({"kind": "KernelRidge", "ridge": 0, "kernel": {"kind": "kernels.RBF", "gama": 1}}, "has no 'gama'"),
        ({"kind": "KernelRidge", "ridge": 0, "kernel": {"kind": "Ridge", "ridge": 1}}, "kernel must be a Kernel"),
        ({"kind": "KernelRidge", "ridge": 0, "kernel": {"kind": "kernels.Custom"}}, "is not known"),
    ],
)
def test_files_that_are_wrong_are_refused(table: dict[str, object], words: str) -> None:
    with pytest.raises((ValueError, TypeError), match=words):
        built(table, "model", Path())


@pytest.mark.parametrize("make", [rc.SphereData, rc.HypercubeData])
@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ((1, TARGET), ValueError, "n_inputs must be a whole number >= 2"),
        ((2.5, TARGET), ValueError, "n_inputs must be a whole number"),
        (("5", TARGET), TypeError, "n_inputs must be a whole number"),
        ((5, {1: 0.7}), TypeError, "target must be a Target"),
        ((5, TARGET, -1), ValueError, "noise must be finite and >= 0"),
        ((5, targets.Monomials({(7,): 1.0})), ValueError, "n_inputs must be > 7"),
    ],
)
def test_refusals(make: type, arguments: tuple[object, ...], error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        make(*arguments)


def test_noise_broadcasts() -> None:
    data = rc.SphereData(12, TARGET, [0.0, 0.5])
    risk = rc.predict(data, rc.KernelRidge(kernels.RBF(), 0.1), np.array([[20], [50]]))
    assert risk.test.shape == (2, 2)
    assert risk.learned.shape[:-1] == (2, 2)
    assert_array_equal(risk.bias[:, 0], risk.bias[:, 1])
    assert (risk.variance[:, 0] == 0).all()


@pytest.mark.parametrize("name", ["staircase", "staircase-rbf", "staircase-relu", "multiple-descent", "invariance"])
def test_shipped_experiments(name: str) -> None:
    """They load, are written and read as the same, and their risks fall or have the bumps that they are about."""
    experiment = Experiment.load(name)
    test = experiment.predict().test
    assert np.isfinite(test).all()
    n = np.asarray(experiment.n_samples)
    if name == "multiple-descent":
        ridgeless = test[:, 0]
        peaks = n[1:-1][(ridgeless[1:-1] > ridgeless[:-2]) & (ridgeless[1:-1] > ridgeless[2:])]
        assert_array_equal(peaks, [30, 464])
    else:
        assert (np.diff(test, axis=0) < 0).all()


def test_a_shipped_experiment_agrees() -> None:
    assert Experiment.load("invariance", quick=True).verify().agrees
