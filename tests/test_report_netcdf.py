"""Identities of netCDF: what xarray reads back has every number, on named dimensions, and says where it comes from."""

import json
import math

import numpy as np
import pytest
from numpy.testing import assert_array_equal

import riskcalc as rc
from riskcalc.report import dataset, to_dataset, to_netcdf, write

xarray = pytest.importorskip("xarray")

DATA = rc.GaussianData.isotropic(20, noise=0.25)
SIZES = np.array([[10.0], [20.0], [40.0]])
RISK = rc.predict(DATA, rc.Ridge([0, 1 / 3]), SIZES)
TRIALS = rc.simulate(DATA, rc.Ridge([0.1, 1 / 3]), SIZES, n_trials=5, rng=3)
COMPARISON = rc.compare(rc.predict(DATA, rc.Ridge([0.1, 1 / 3]), SIZES), TRIALS)
ANSWERS = {"risk": RISK, "trials": TRIALS, "comparison": COMPARISON}
EXPERIMENT = {"name": "mine, λ", "parameters": {"noise": math.inf, "path": "a\nb"}}


def stored(answer, path, experiment=None):
    write(path, to_netcdf(answer, experiment))
    with xarray.open_dataset(path) as found:
        return found.load()


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
class TestEveryAnswer:
    def test_what_is_read_is_what_was_written(self, answer, tmp_path):
        found, expected = stored(answer, tmp_path / "a.nc", EXPERIMENT), to_dataset(answer, EXPERIMENT)
        assert found.sizes == expected.sizes
        assert set(found.variables) == set(expected.variables)
        for name, variable in expected.variables.items():
            assert found[name].dims == variable.dims
            assert_array_equal(found[name], variable)
        assert found.attrs == expected.attrs

    def test_attributes(self, answer, tmp_path):
        said = stored(answer, tmp_path / "a.nc", EXPERIMENT).attrs
        assert said["version"] == f"riskcalc {rc.__version__}"
        assert said["kind"] == answer.to_dict()["kind"]
        assert said["experiment"] == "mine, λ"
        assert json.loads(said["parameters"]) == {"noise": "inf", "path": "a\nb"}
        assert (said["data"], said["test_data"]) == (repr(DATA), "none")
        assert said["estimator"].startswith("Ridge(ridge=")
        assert said["rng"] == ("none" if answer is RISK else "3")
        assert said["n_trials"] == (0 if answer is RISK else 5)
        assert said["sources"] == ("none" if answer is TRIALS else ", ".join(RISK.sources))
        assert (said.get("verdict"), said.get("rule")) == (
            (COMPARISON.verdict, COMPARISON.rule) if answer is COMPARISON else (None, None)
        )


def test_a_risk(tmp_path):
    found = stored(RISK, tmp_path / "a.nc")
    assert found["test"].dims == ("n_samples", "ridge")
    assert_array_equal(found["test"], RISK.test)
    assert np.isinf(found["test"]).any()
    assert_array_equal(found["n_samples"], [10, 20, 40])
    assert json.loads(found.attrs["parameters"])["estimator"]["kind"] == "Ridge"
    assert found.attrs["notes"] == "\n".join(RISK.notes) != ""
    for what in ("next_order", "spread"):
        for name, value in (getattr(RISK, what) or {}).items():
            assert_array_equal(found[f"{name}_{what}"], value)


def test_the_single_trials_have_a_dimension(tmp_path):
    for answer in (TRIALS, COMPARISON):
        found = stored(answer, tmp_path / "a.nc")
        assert found["test_values"].dims == ("trial", "n_samples", "ridge")
        for name, measured in TRIALS.measurements.items():
            assert_array_equal(found[f"{name}_values"], measured.values)
    assert_array_equal(found["test_theory"], COMPARISON.predicted["test"])
    assert_array_equal(found["test_z"], COMPARISON.z["test"])


def test_what_is_learned_of_each_degree(tmp_path):
    sphere = rc.SphereData(n_inputs=20, target=rc.targets.DegreeEnergies({1: 0.7, 2: 0.3}), noise=0.1)
    risk = rc.predict(sphere, rc.KernelRidge(rc.kernels.ReluNeuralTangent(depth=1), ridge=[0.1, 1]), [[50.0], [90.0]])
    found = stored(risk, tmp_path / "a.nc")
    assert found["learned"].dims == ("n_samples", "ridge", "degree")
    assert_array_equal(found["learned"], risk.learned)


@pytest.mark.parametrize("n_samples", [50.0, [50.0], [], [[50.0, 60.0]]], ids=["one", "a list", "none", "a row"])
def test_any_shape(tmp_path, n_samples):
    risk = rc.predict(DATA, rc.Ridge(1.0), n_samples)
    assert_array_equal(stored(risk, tmp_path / "a.nc")["test"], risk.test)


def test_a_large_seed_is_kept(tmp_path):
    trials = rc.simulate(DATA, rc.Ridge(1.0), 30, n_trials=2, rng=2**100)
    assert stored(trials, tmp_path / "a.nc").attrs["rng"] == str(2**100)


def test_without_xarray(monkeypatch):
    monkeypatch.setattr(dataset, "find_spec", lambda name: None)
    with pytest.raises(ImportError, match=r"netCDF needs xarray: pip install 'riskcalc\[data\]'"):
        to_netcdf(RISK)
