"""The network as a model: what it takes, what it refuses, how it is written."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

import riskcalc as rc
from riskcalc.estimators.two_layer import refuse_other_features
from riskcalc.kinds import built, written
from riskcalc.parameters import parameters

TANH = rc.activations.Tanh()


def test_it_is_a_model() -> None:
    one = rc.TwoLayerNetwork([10, 20], TANH, [0.5, 1], overlap=0.1)
    assert one == rc.TwoLayerNetwork([10.0, 20.0], TANH, [0.5, 1.0], "mean_field", "both", 0.1)
    assert one != one.replace(overlap=0.2)
    assert one != one.replace(overlap=None)
    assert one != one.replace(layers="first")
    assert one != one.replace(scaling="lazy")
    assert pickle.loads(pickle.dumps(one)) == one
    assert repr(one) == (
        "TwoLayerNetwork(width=[10, 20], activation=Tanh(), learning_rate=[0.5, 1], scaling='mean_field', "
        "layers='both', overlap=0.1)"
    )


def test_width_and_learning_rate_can_be_swept() -> None:
    paths = dict(parameters({"estimator": rc.TwoLayerNetwork(8, TANH, 1)}))
    assert set(paths) == {"estimator.width", "estimator.learning_rate"}
    data = rc.SphereData(20, rc.targets.SingleIndex(rc.activations.Erf()))
    grids = {"estimator.width": [2, 4], "estimator.learning_rate": [0.5, 1, 2]}
    network = rc.TwoLayerNetwork(2, rc.activations.Erf(), 1)
    assert rc.sweep(rc.predict, data, network, [0, 20], **grids).test.shape == (2, 2, 3)


def test_it_can_be_written_to_a_file(tmp_path) -> None:
    for one in (
        rc.TwoLayerNetwork(8, TANH, [1, 2]),
        rc.TwoLayerNetwork(np.inf, TANH, 0.1, overlap=-0.2),
        rc.TwoLayerNetwork(8, rc.activations.Erf(0.5), 1, "lazy", "first"),
    ):
        assert built(written(one), "estimator", tmp_path) == one


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"width": 0}, r"^width must be >= 1, got 0"),
        ({"width": 2.5}, r"^width must be a whole number for the mean_field scaling, got 2.5; it counts neurons"),
        ({"width": [2, 3], "scaling": "lazy"}, r"^width must be even for the lazy scaling, got 3; it counts neurons"),
        ({"width": np.nan}, r"^width must be >= 1, got nan"),
        ({"learning_rate": -1}, r"^learning_rate must be finite and >= 0, got -1"),
        ({"learning_rate": np.inf}, r"^learning_rate must be finite"),
        ({"scaling": "ntk"}, r"^scaling must be one of 'mean_field', 'lazy', got 'ntk'"),
        ({"layers": "second"}, r"^layers must be one of 'both', 'first', 'directions', got 'second'"),
        ({"overlap": 1.0}, r"^overlap must be inside \(-1, 1\), got 1; it is the correlation of unit vectors"),
        ({"overlap": [0.1, 0.2]}, r"^overlap must be an array of 0 dimension"),
    ],
)
def test_what_is_refused(arguments: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        rc.TwoLayerNetwork(**{"width": 4, "activation": TANH, "learning_rate": 1} | arguments)


def test_an_activation_is_needed() -> None:
    with pytest.raises(TypeError, match=r"^activation must be a Activation, got .*; use activations.Erf\(\)"):
        rc.TwoLayerNetwork(4, np.tanh, 1)


@pytest.mark.parametrize(
    "data",
    [
        rc.GaussianData(rc.Spectrum.from_eigenvalues([2.0, 1.0]), [1.0, 0.0]),
        rc.GaussianData(rc.Spectrum.isotropic(4, 2.0), [1.0]),
        rc.GaussianData(rc.Spectrum.isotropic(4), [1.0], entries="rademacher"),
        rc.GaussianData(rc.Spectrum.from_eigenvalues([1.0], tail=0.5), [1.0]),
    ],
)
def test_features_must_be_standard_gaussian(data: rc.GaussianData) -> None:
    with pytest.raises(ValueError, match=r"^data must have independent Gaussian features of variance 1"):
        refuse_other_features(data)
    with pytest.raises(ValueError, match=r"^data must have independent Gaussian features"):
        rc.predict(data, rc.TwoLayerNetwork(4, TANH, 1), 10)
    with pytest.raises(ValueError, match=r"^data must have independent Gaussian features"):
        rc.simulate(data, rc.TwoLayerNetwork(4, TANH, 1), 10, n_trials=2)
    refuse_other_features(rc.GaussianData.isotropic(4))
