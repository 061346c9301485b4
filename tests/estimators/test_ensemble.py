"""The ensemble as a model: what it takes, what it refuses, how it is written."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

import riskcalc as rc
from riskcalc.kinds import built, written


def test_it_is_a_model() -> None:
    one = rc.Ensemble(rc.Ridge([0, 0.1]), size=10, subsample=80)
    assert one == rc.Ensemble(rc.Ridge([0.0, 0.1]), size=10.0, subsample=80.0)
    assert one != one.replace(size=11)
    assert one != one.replace(subsample=None)
    assert pickle.loads(pickle.dumps(one)) == one
    assert repr(one.replace(size=float("inf"), subsample=None)) == (
        "Ensemble(estimator=Ridge(ridge=[0, 0.1]), size=inf, subsample=None)"
    )
    assert rc.Ensemble(rc.Ridge(1), 3, [[1.5], [2.5]]).subsample.shape == (2, 1)
    several = rc.Ensemble(rc.Ridge(1), [[1], [4], [float("inf")]])
    assert several.size.shape == (3, 1)
    assert repr(several) == "Ensemble(estimator=Ridge(ridge=1), size=<array of shape (3, 1)>, subsample=None)"
    assert one.replace(size=np.array(10.0)).size == 10
    assert isinstance(one.replace(size=np.array(10.0)).size, int)


def test_it_can_be_written_to_a_file(tmp_path) -> None:
    for one in (rc.Ensemble(rc.Ridge([0, 0.1]), 10, 80), rc.Ensemble(rc.Ridge(2.0), float("inf"))):
        assert built(written(one), "estimator", tmp_path) == one
    features = rc.Ensemble(rc.RandomFeatureRidge(rc.activations.ReLU(), 9, 0.1), [1, 4])
    assert built(written(features), "estimator", tmp_path) == features


@pytest.mark.parametrize("size", [0, -1, 2.5, float("nan"), -float("inf")])
def test_sizes_that_are_refused(size: float) -> None:
    with pytest.raises(ValueError, match=r"^size must be a whole number >= 1, got .*; or inf, for all subsets"):
        rc.Ensemble(rc.Ridge(1.0), size)


def test_what_is_refused() -> None:
    for size in ([1, 2.5], [[float("nan")]], [0, 3], [-float("inf")]):
        with pytest.raises(ValueError, match=r"^size must be .*whole|^size must be >= 1"):
            rc.Ensemble(rc.Ridge(1.0), size)
    with pytest.raises(TypeError, match=r"^size must be a whole number, got 'ten'"):
        rc.Ensemble(rc.Ridge(1.0), "ten")
    member = rc.RandomFeatureRidge(rc.activations.ReLU(), 20, 0.1)
    with pytest.raises(ValueError, match=r"^subsample must be left out for RandomFeatureRidge, whose members have"):
        rc.Ensemble(member, 3, 10)
    with pytest.raises(ValueError, match=r'^weights must be "sphere" or "gaussian" in an ensemble'):
        rc.Ensemble(member.replace(weights=np.ones((20, 3))), 3)
    with pytest.raises(ValueError, match=r"^subsample must be finite and >= 0, got -1"):
        rc.Ensemble(rc.Ridge(1.0), 3, [5, -1])
    with pytest.raises(ValueError, match=r"^subsample must be finite"):
        rc.Ensemble(rc.Ridge(1.0), 3, np.inf)
    with pytest.raises(TypeError, match=r"^estimator must be a Model, got 1.0; use Ensemble\(Ridge\(1\)"):
        rc.Ensemble(1.0, 3)
    with pytest.raises(TypeError, match=r"^estimator must not be an Ensemble; an ensemble of ensembles is one"):
        rc.Ensemble(rc.Ensemble(rc.Ridge(1.0), 3), 3)


def test_a_flow_takes_kernels_only() -> None:
    assert rc.GradientFlow(1.0, rc.kernels.RBF()).kernel == rc.kernels.RBF()
    with pytest.raises(TypeError, match=r"^kernel must be a Kernel, got Ridge\(ridge=1\); use None for the linear"):
        rc.GradientFlow(1.0, kernel=rc.Ridge(1.0))
