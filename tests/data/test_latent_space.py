"""Identities: the latent space model is the linear model that it says it is, and refuses what it is not."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

import riskcalc as rc
from riskcalc.experiment import Experiment

FIELDS = ("test", "train", "bias", "variance", "effective_ridge", "norm_squared", "estimation", "in_sample")


def loadings(p: int, d: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((p, d)) / np.sqrt(d)


def model(p: int = 50, d: int = 10, noise: Any = 0.3) -> rc.LatentSpaceData:
    return rc.LatentSpaceData(loadings(p, d), np.random.default_rng(1).standard_normal(d), noise)


def deficient() -> rc.LatentSpaceData:
    """A column of zeros and two equal ones: three directions of ϑ, of which the features tell one."""
    W = loadings(20, 20)
    W[:, 3], W[:, 5] = 0.0, W[:, 6]
    return rc.LatentSpaceData(W, np.random.default_rng(2).standard_normal(20), 0.3)


@pytest.mark.parametrize("data", [model(50, 10), model(10, 50), model(20, 20), model(1, 3), model(3, 1), deficient()])
def test_the_problem_is_that_of_the_moments(data: rc.LatentSpaceData) -> None:
    """Σ = WWᵀ + 1, E xy = Wϑ, E⟨ϑ, z⟩² = ‖ϑ‖², by dense linear algebra; M by (1 + WᵀW)⁻¹."""
    W, theta = np.asarray(data.loadings), np.asarray(data.coefficients)
    p, d = W.shape
    problem = rc.reduce(data, rc.Ridge(0))
    dense = rc.Problem.from_moments(W @ W.T + np.eye(p), W @ theta, theta @ theta, 0.3)
    for n, ridge in ((p / 2, 0.0), (p + 5, 0.0), (30, 2.0)):
        ours, theirs = rc.ridge_risk(problem, n, ridge), rc.ridge_risk(dense, n, ridge)
        for name in FIELDS:
            assert_allclose(ours.fields[name], theirs.fields[name], rtol=1e-10, atol=1e-13, err_msg=name)
    assert problem.outside_energy == pytest.approx(theta @ np.linalg.solve(np.eye(d) + W.T @ W, theta), rel=1e-12)
    assert np.sum(problem.energies) + problem.outside_energy == pytest.approx(theta @ theta, rel=1e-13)
    assert problem.spectrum.n_features == p
    assert problem.spectrum.trace == pytest.approx(p + np.sum(W**2), rel=1e-13)


def test_the_label_noise_stays_the_label_noise() -> None:
    risk = rc.predict(model(noise=[0.0, 0.3]), rc.Ridge(1.0), 30)
    assert_allclose(risk.noise, [0.0, 0.3])
    assert_allclose(risk.excess, risk.bias + risk.variance, rtol=1e-13)
    assert risk.variance[0] == 0
    assert risk.bias[0] == risk.bias[1]
    assert risk.bias[0] > rc.reduce(model(), rc.Ridge(0)).outside_energy


def test_more_features_tell_more() -> None:
    """W of many rows: M → 0 like 1/p; no cancellation even where M is 1e-14 of ‖ϑ‖²."""
    for strength in (1.0, 1e7):
        data = rc.LatentSpaceData(np.full((100, 1), strength), [3.0])
        assert rc.reduce(data, rc.Ridge(0)).outside_energy == pytest.approx(9 / (1 + 100 * strength**2), rel=1e-13)


def test_content_decides_equality() -> None:
    data = model()
    same = pickle.loads(pickle.dumps(data))
    assert (data, hash(data)) == (same, hash(same))
    assert (data.n_features, data.n_latent) == (50, 10)
    assert data.replace(noise=0.4) != data
    assert rc.LatentSpaceData(2 * loadings(50, 10), data.coefficients, 0.3) != data
    with pytest.raises(ValueError, match="read-only"):
        np.asarray(data.loadings)[0, 0] = 1


def test_an_experiment_file_holds_it(tmp_path: Any) -> None:
    experiment = Experiment(model(5, 2), rc.Ridge([1, 2]), [10, 20])
    path = tmp_path / "latent.toml"
    path.write_text(experiment.to_toml(), encoding="utf-8")
    assert Experiment.load(path) == experiment


@pytest.mark.parametrize(
    ("W", "theta", "noise", "kind", "sentence"),
    [
        ([1.0, 2.0], [1.0], 0, ValueError, "loadings must be an array of 2 dimension(s), got shape (2,); one row per"),
        ([[1.0, np.nan]], [1.0, 2.0], 0, ValueError, "loadings must be finite and >= -1e+140 and <= 1e+140, got nan"),
        ([["a"]], [1.0], 0, TypeError, "loadings must be real numbers, got an array of dtype <U1"),
        (
            [[1.0, 2.0]],
            [1.0],
            0,
            ValueError,
            "coefficients must have one entry per column of loadings, got 1 for loadi",
        ),
        (np.zeros((0, 2)), [1.0, 2.0], 0, ValueError, "coefficients must have one entry per column of loadings, got 2"),
        (
            np.zeros((2, 0)),
            [],
            0,
            ValueError,
            "coefficients must have one entry per column of loadings, got 0 for load",
        ),
        ([[1.0]], [np.inf], 0, ValueError, "coefficients must be finite and >= -1e+140 and <= 1e+140, got inf"),
        ([[-1e160]], [1.0], 0, ValueError, "loadings must be finite and >= -1e+140 and <= 1e+140, got -1e+160"),
        ([[1.0]], [1.0], -1, ValueError, "noise must be finite and >= 0, got -1; it is a variance"),
    ],
)
def test_refused_in_one_sentence(W: Any, theta: Any, noise: Any, kind: type[Exception], sentence: str) -> None:
    with pytest.raises(kind) as caught:
        rc.LatentSpaceData(W, theta, noise)
    assert str(caught.value).startswith(sentence)
    assert "\n" not in str(caught.value)


def test_its_sizes_are_those_of_the_loadings() -> None:
    with pytest.raises(
        ValueError, match=r"^scale must be 1 for LatentSpaceData, whose sizes are those of its loadings"
    ):
        rc.simulate(model(), rc.Ridge(1.0), 20, n_trials=2, rng=0, scale=2)
    with pytest.raises(ValueError, match=r"^ridge must be finite, got inf; an infinite ridge needs no experiment"):
        rc.simulate(model(), rc.Ridge(np.inf), 20, n_trials=2, rng=0)


def test_the_largest_numbers_leave_no_overflow() -> None:
    risk = rc.predict(rc.LatentSpaceData([[1e140], [-1e140]], [1e140], noise=1.0), rc.Ridge(1.0), 10)
    assert all(np.isfinite(value).all() for value in risk.fields.values())
