"""Experiment files, grids and sweeps: identities (a grid equals its single calls) and refusals."""

import math
import pickle
from dataclasses import fields

import numpy as np
import pytest
from numpy.testing import assert_array_equal

import riskcalc as rc
from riskcalc.experiment import Experiment
from riskcalc.kinds import KINDS, built, fits
from riskcalc.recipe import SHIPPED, Recipe
from riskcalc.sweep import finer, grid, sweep

FILE = """
n_samples = [20, 40]
n_trials = 4
[data]
kind = "GaussianData.isotropic"
n_features = 30
noise = [0.1, 0.2, 0.3]
[estimator]
kind = "Ridge"
ridge = [1, 2, 3, 4]
"""


@pytest.fixture
def write(tmp_path):
    def writer(text, name="my.toml"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return writer


DATA = rc.GaussianData.isotropic(30, noise=0.25)


class TestSweep:
    def test_is_the_outer_product(self):
        risk = sweep(
            rc.predict, DATA, rc.Ridge(9), [20, 40], **{"estimator.ridge": [1, 2, 3], "data.noise": [0.1, 0.2, 0.4, 1]}
        )
        assert risk.test.shape == (2, 3, 4)
        single = rc.predict(rc.GaussianData.isotropic(30, noise=0.4), rc.Ridge(3), 40)
        assert risk.test[1, 2, 2] == single.test
        assert_array_equal(np.broadcast_to(risk.coordinates["noise"], risk.test.shape)[0, 0], [0.1, 0.2, 0.4, 1])

    def test_the_order_given_is_the_order_of_the_axes(self):
        risk = sweep(rc.predict, DATA, rc.Ridge(9), 20, **{"data.noise": [0.1, 0.2], "estimator.ridge": [1, 2, 3]})
        assert risk.test.shape == (2, 3)

    def test_a_number_has_no_axis(self):
        assert sweep(rc.predict, DATA, rc.Ridge(9), 20).test.shape == ()
        assert sweep(rc.predict, DATA, rc.Ridge(9), 20, **{"estimator.ridge": 3}).test.shape == ()
        assert sweep(rc.predict, DATA, rc.Ridge(9), 20, **{"estimator.ridge": [3]}).test.shape == (1,)

    @pytest.mark.parametrize("verb", [rc.simulate, rc.verify])
    def test_keywords_without_a_dot_go_to_the_verb(self, verb):
        found = sweep(verb, DATA, rc.Ridge(9), [20, 40], n_trials=3, rng=0, **{"estimator.ridge": [1, 2, 3]})
        trials = found.trials if verb is rc.verify else found
        alone = rc.simulate(DATA, rc.Ridge(2), 40, n_trials=3, rng=0)
        assert_array_equal(trials.test.values[:, 1, 1], alone.test.values)

    def test_grids_as_strings(self):
        risk = sweep(rc.predict, DATA, rc.Ridge(9), "20:40:3", **{"estimator.ridge": "0.1:10:3:log"})
        assert_array_equal(risk.coordinates["n_samples"].ravel(), [20, 30, 40])
        assert_array_equal(risk.coordinates["ridge"].ravel(), [0.1, 1, 10])

    @pytest.mark.parametrize(
        "path", ["data.outside_energy", "data.spectrum", "estimator.rigde", "ridge.", "data.n_features"]
    )
    def test_what_cannot_be_swept_is_refused_with_what_can(self, path):
        with pytest.raises(ValueError, match=r"cannot be swept; n_samples, data.noise, estimator.ridge can"):
            sweep(rc.predict, DATA, rc.Ridge(9), 20, **{path: [1, 2]})

    def test_a_list_beside_the_grids_is_refused(self):
        with pytest.raises(ValueError, match=r"estimator.ridge has several values, shape \(2,\); sweep it too"):
            sweep(rc.predict, DATA, rc.Ridge([1, 2]), 20, **{"data.noise": [1, 2]})

    def test_tables_of_values_are_refused(self):
        with pytest.raises(ValueError, match=r"n_samples must be a number or a list of numbers, got shape \(1, 2\)"):
            sweep(rc.predict, DATA, rc.Ridge(1), [[20, 40]])
        with pytest.raises(ValueError, match="ridge"):
            sweep(rc.predict, DATA, rc.Ridge(1), 20, **{"estimator.ridge": []})


class TestGrid:
    def test_equal_steps_and_equal_ratios_with_exact_ends(self):
        assert_array_equal(grid("n", "50:800:4"), [50, 300, 550, 800])
        found = grid("n", "0.1:1000:5:log")
        assert (found[0], found[-1]) == (0.1, 1000)
        assert np.ptp(np.diff(np.log(found))) < 1e-12

    @pytest.mark.parametrize(
        "text", ["3", "a:b:c", "1:2", "1:2:3:4", "1:2:3:lin", "", "1:2:1", "1:2:2.5", "0:2:3:log", "1:nan:3", "1:2:1e9"]
    )
    def test_anything_else_is_refused_by_name(self, text):
        with pytest.raises(ValueError, match="ridge"):
            grid("ridge", text)

    def test_finer_keeps_the_given_sizes_and_the_axes(self):
        fine = finer(np.array([[50.0], [100.0], [200.0]]), 20)
        assert fine.ndim == 2
        assert fine.shape[1] == 1
        assert {50.0, 100.0, 200.0} <= set(fine.ravel())
        assert finer([0, 10], 5).tolist() == [0, 2.5, 5, 7.5, 10]
        assert finer(7, 5).shape == ()


class TestFiles:
    def test_every_list_is_an_axis_n_samples_first(self, write):
        experiment = Experiment.load(write(FILE))
        risk = experiment.predict()
        assert risk.test.shape == (2, 3, 4)
        assert risk.test[1, 2, 3] == rc.predict(rc.GaussianData.isotropic(30, noise=0.3), rc.Ridge(4), 40).test
        trials = experiment.simulate()
        alone = rc.simulate(rc.GaussianData.isotropic(30, noise=0.3), rc.Ridge(4), 40, n_trials=4, rng=0)
        assert_array_equal(trials.test.values[:, 1, 2, 3], alone.test.values)

    def test_verify_is_both(self, write):
        comparison = Experiment.load(write(FILE)).verify()
        assert comparison.judged.shape == (2, 3, 4)
        assert comparison.trials.n_trials == 4

    def test_scale_multiplies_sizes_when_simulated(self, write):
        text = (
            FILE.replace("n_features = 30", "n_features = 1.5")
            .replace("[20, 40]", "[1, 2]")
            .replace("n_trials = 4", "n_trials = 4\nscale = 20")
        )
        trials = Experiment.load(write(text)).simulate()
        assert_array_equal(trials.coordinates["n_samples"].ravel(), [20, 40])

    def test_label_noise_is_passed_on(self, write):
        drawn = Experiment.load(write(FILE), overrides={"label_noise": "drawn"}).simulate()
        averaged = Experiment.load(write(FILE)).simulate()
        assert not np.array_equal(drawn.test.values, averaged.test.values)
        assert_array_equal(drawn.df1.values, averaged.df1.values)  # the same features

    def test_store_and_executor_are_passed_on(self, write, tmp_path):
        experiment = Experiment.load(write(FILE))
        first = experiment.simulate(store=tmp_path / "trials.db")
        assert (tmp_path / "trials.db").exists()
        assert_array_equal(experiment.simulate(store=tmp_path / "trials.db").test.values, first.test.values)

    def test_grids_as_strings(self, write):
        text = FILE.replace("[20, 40]", '"20:80:3"').replace("[1, 2, 3, 4]", '"0.01:1:3:log"')
        experiment = Experiment.load(write(text))
        assert_array_equal(experiment.n_samples, [20, 50, 80])
        assert_array_equal(experiment.estimator.ridge, [0.01, 0.1, 1])

    def test_overrides_and_quick(self, write):
        path = write(FILE + "[quick]\nn_trials = 2\nn_samples = 10\n")
        assert Experiment.load(path).n_trials == 4
        quick = Experiment.load(path, quick=True)
        assert (quick.n_trials, quick.n_samples.tolist()) == (2, 10)
        changed = Experiment.load(path, quick=True, overrides={"n_trials": 3, "estimator.ridge": 7, "rng": 5})
        assert (changed.n_trials, float(changed.estimator.ridge), changed.rng) == (3, 7, 5)
        other = Experiment.load(
            path, overrides={"data.kind": "GaussianData.power_law", "data.exponent": 1.5, "data.source": 1}
        )
        assert other.data == rc.GaussianData.power_law(1.5, 1, noise=[0.1, 0.2, 0.3], n_features=30)

    def test_overrides_leave_the_recipe_as_it_was(self, write):
        recipe = Recipe.read(write(FILE))
        recipe.changed({"estimator.ridge": 7})
        assert recipe.tables["estimator"]["ridge"] == [1, 2, 3, 4]

    def test_quick_without_its_table_is_refused(self, write):
        with pytest.raises(ValueError, match=r"my.toml: there is no table \[quick\]"):
            Experiment.load(write(FILE), quick=True)

    def test_nested_models(self, write):
        text = """
        n_samples = 5
        estimator = { kind = "Ridge", ridge = 1 }
        [data]
        kind = "GaussianData"
        spectrum = { kind = "Spectrum.power_law", exponent = 2, n_features = 3 }
        energies = [1, 2, 3]
        """
        data = Experiment.load(write(text)).data
        assert data == rc.GaussianData(rc.Spectrum.power_law(2, 3), [1, 2, 3])

    def test_infinite_numbers(self, write):
        text = FILE.replace(
            '"GaussianData.isotropic"', '"GaussianData.power_law"\nexponent = 1.5\nsource = 0.4'
        ).replace("n_features = 30", "n_features = inf")
        assert Experiment.load(write(text)).data.spectrum.rank == math.inf

    def test_paths_are_relative_to_the_file(self, write, tmp_path, monkeypatch):
        (tmp_path / "deep").mkdir()
        write("a,y\n1,2\n2,1\n3,0\n", "deep/t.csv")
        text = 'n_samples = 2\nestimator = {kind="Ridge", ridge=1}\n'
        text += '[data]\nkind = "Dataset.from_csv"\npath = "t.csv"\ntarget="y"'
        path = write(text, "deep/mine.toml")
        monkeypatch.chdir(tmp_path)
        assert Experiment.load("deep/mine.toml").data.n_rows == 3
        assert Experiment.load(path).data.n_rows == 3

    def test_a_missing_table_is_an_oserror(self, write):
        text = (
            'n_samples=2\nestimator={kind="Ridge", ridge=1}\ndata={kind="Dataset.from_csv", path="no.csv", target="y"}'
        )
        with pytest.raises(OSError, match=r"no.csv"):
            Experiment.load(write(text))

    def test_a_byte_order_mark_and_windows_lines(self, tmp_path):
        path = tmp_path / "my.toml"
        path.write_bytes(b"\xef\xbb\xbf" + FILE.replace("\n", "\r\n").encode())
        assert Experiment.load(path).n_trials == 4


REFUSED = [
    ("n_trials = 4", "n_trial = 4", "an experiment has no 'n_trial'; did you mean 'n_trials'?"),
    ("n_samples = [20, 40]", "", "an experiment needs 'n_samples'"),
    ('kind = "Ridge"', "", "estimator needs a kind"),
    ('[estimator]\nkind = "Ridge"\nridge = [1, 2, 3, 4]', "", "an experiment needs 'estimator'"),
    ('"Ridge"', '"Rigde"', "estimator.kind 'Rigde' is not known; did you mean 'Ridge'?"),
    ('"Ridge"', "3", "estimator.kind 3 is not known"),
    ('"Ridge"', '"Ridge.replace"', "estimator.kind 'Ridge.replace' is not known"),
    ('"Ridge"', '"Ridge.__init__"', "is not known"),
    ('"Ridge"', '"os.system"', "is not known"),
    ('"Ridge"', '"GaussianData.isotropic"', "GaussianData.isotropic has no 'ridge'"),
    ('"Ridge"\nridge = [1, 2, 3, 4]', '"Spectrum.isotropic"\nn_features = 3', "estimator must be one of Ensemble"),
    ("ridge =", "rigde =", "estimator: Ridge has no 'rigde'; did you mean 'ridge'?"),
    ("ridge = [1, 2, 3, 4]", "", "estimator: Ridge needs 'ridge'"),
    ("[1, 2, 3, 4]", "-inf", "estimator: ridge must be > -inf, got -inf"),
    ("[1, 2, 3, 4]", '"3"', "estimator.ridge must be a number, a list of numbers or a grid"),
    ("[1, 2, 3, 4]", "true", "estimator.ridge must be a number or a list of numbers, got True"),
    ("[1, 2, 3, 4]", "[1, true]", "estimator.ridge must be a number or a list of numbers"),
    ("[1, 2, 3, 4]", '[1, "2"]', "estimator.ridge must be a number or a list of numbers"),
    ("[1, 2, 3, 4]", "2020-01-01", "estimator.ridge must be a number or a list of numbers"),
    ("[1, 2, 3, 4]", "{ a = 1 }", "estimator.ridge must be a number or a list of numbers"),
    ("[1, 2, 3, 4]", "[[1, 2], [3, 4]]", "estimator.ridge must be a number or a list of numbers, got shape (2, 2)"),
    ("[1, 2, 3, 4]", "nan", "estimator: ridge"),
    (
        "n_features = 30",
        "n_features = [30, 60]",
        "data.n_features must be a number, got [30, 60]; only n_samples, noise",
    ),
    (
        "n_features = 30",
        'n_features = "30:60:3"',
        "data.n_features must be a number, got '30:60:3'; only n_samples, noise",
    ),
    ("n_features = 30", 'n_features = "30"', "data.n_features must be a number, got '30'"),
    ("n_features = 30", "n_features = true", "data.n_features must be a number, got True"),
    ("n_trials = 4", "n_trials = 4.5", "n_trials must be a whole number, got 4.5"),
    ("n_trials = 4", "n_trials = true", "n_trials must be a whole number, got True"),
    ("n_trials = 4", "n_trials = 1", "n_trials must be a whole number >= 2, got 1"),
    ("n_trials = 4", "rng = -1", "rng must be a whole number >= 0, got -1"),
    ("n_trials = 4", "scale = 0", "scale must be finite and > 0, got 0"),
    ("n_trials = 4", "title = 3", "title must be a string, got 3"),
    ("n_trials = 4", 'label_noise = "some"', "label_noise must be one of 'averaged', 'drawn'"),
    ("n_trials = 4", "quick = 3", "quick must be a table, got 3"),
    ("n_trials = 4", "quick = { rng = 3 }", "quick: unknown key 'rng'"),
    ("[20, 40]", "[20, -1]", "n_samples must be finite and >= 0, got -1"),
    ("[20, 40]", '"20:40"', "n_samples must be a number, a list of numbers or a grid"),
    ("[20, 40]", "[20, true]", "n_samples must be a number or a list of numbers"),
    ("[20, 40]", "[", "Invalid value"),
    ("[data]", "[data", "Expected"),
]


class TestRefusals:
    @pytest.mark.parametrize(("old", "new", "sentence"), REFUSED, ids=[case[1] or case[0] for case in REFUSED])
    def test_one_sentence_names_file_and_key(self, write, old, new, sentence):
        assert old in FILE
        path = write(FILE.replace(old, new))
        with pytest.raises(ValueError) as caught:  # noqa: PT011  (the sentence is compared below)
            Experiment.load(path)
        assert type(caught.value) is ValueError
        assert str(caught.value).startswith(f"{path}: ")
        assert sentence in str(caught.value)
        assert "\n" not in str(caught.value)

    def test_types_of_a_table_are_not_coerced(self, write):
        write("a,y\n1,2\n2,1\n3,0\n", "t.csv")
        text = 'n_samples=2\nestimator={kind="Ridge", ridge=1}\n[data]\nkind="Dataset.from_csv"\npath="t.csv"\n'
        for line, sentence in [
            ("target=1.5", "data.target must be a string or a whole number, got 1.5"),
            ("target=true", "data.target must be a string or a whole number, got True"),
            ('target="y"\nstandardise="no"', "data.standardise must be true or false, got 'no'"),
            ('target="y"\nintercept=1', "data.intercept must be true or false, got 1"),
            ('target="y"\ndrop="a"', "data.drop must be a list, got 'a'"),
            ('target="y"\ndrop=[true]', "data.drop must be a list, got [True]"),
            ('target="y"\nmissing=true', "data.missing must be a string, got True"),
            ('target="z"', "target must be a column of the table, got 'z'"),
        ]:
            with pytest.raises(ValueError) as caught:  # noqa: PT011
                Experiment.load(write(text + line))
            assert sentence in str(caught.value)

    def test_a_number_where_a_model_should_be(self, write):
        text = FILE.replace('"GaussianData.isotropic"\nn_features = 30', '"GaussianData"\nenergies = [1]\nspectrum = 3')
        with pytest.raises(ValueError, match=r'data.spectrum must be a table with kind = "...", got 3'):
            Experiment.load(write(text))

    def test_no_such_file_names_the_nearest(self):
        with pytest.raises(ValueError, match=r"isotropc: there is no such file.*did you mean 'isotropic'\?"):
            Experiment.load("isotropc")
        with pytest.raises(ValueError, match=r"there are bagging, benign"):
            Experiment.load("no/thing/of/the/kind.toml")

    @pytest.mark.parametrize("text", ["a = " + "[" * 20_000, "a = " + "{a=" * 20_000, "a." * 2_000 + "b = 1"])
    def test_deep_nesting(self, write, text):
        with pytest.raises(ValueError, match=r"my\.toml: "):
            Experiment.load(write(text))

    def test_models_nest_to_a_limit(self, tmp_path):
        table = {"kind": "GaussianData", "energies": [1], "spectrum": 1}
        for _ in range(30):
            table = {"kind": "GaussianData", "energies": [1], "spectrum": table}
        with pytest.raises(ValueError, match=r"nested too deeply; models are at most 8 tables deep"):
            built(table, "data", tmp_path)

    def test_not_text(self, tmp_path):
        (tmp_path / "my.toml").write_bytes(b"\xff\xfe\x00")
        with pytest.raises(ValueError, match=r"my\.toml: "):
            Experiment.load(tmp_path / "my.toml")

    def test_made_in_python(self):
        with pytest.raises(TypeError, match=r"data must be one of Dataset, GaussianData, .*got Ridge\(ridge=1\)"):
            Experiment(rc.Ridge(1), rc.Ridge(1), 3)
        with pytest.raises(TypeError, match=r"estimator must be one of Ensemble"):
            Experiment(DATA, DATA, 3)
        with pytest.raises(ValueError, match=r"estimator.ridge must be a number or a list of numbers, got shape"):
            Experiment(DATA, rc.Ridge([[1, 2]]), 3)


class TestToToml:
    @pytest.mark.parametrize("quick", [False, True])
    @pytest.mark.parametrize("name", Experiment.names())
    def test_shipped_experiments_come_back_equal(self, name, quick, write):
        experiment = Experiment.load(name, quick=quick)
        again = Experiment.load(write(experiment.to_toml()))
        assert again == experiment
        assert all(getattr(again, f.name) is not None for f in fields(again) if f.default is not None)

    @pytest.mark.parametrize(
        "data",
        [
            rc.GaussianData.isotropic(2.5, noise=[0.1, 1 / 3]),
            rc.GaussianData.power_law(1.5, 0.4),
            rc.GaussianData(
                rc.Spectrum.from_eigenvalues([2, 1, 0], [3, 4, 5], tail=0.5), [1, 2, 3], 0.1, 0.2, "student(7)"
            ),
            rc.GaussianData(rc.Spectrum.from_log_eigenvalues([-1000.0, -np.inf]), [0.1, 0]),
            rc.Dataset([[1, 2], [3, 4 + 1e-15], [5, 6]], [1, 2, 3], ["a", "b"]),
            rc.Dataset([[1, 2], [3, 4], [5, 6]], [[1, 2], [2, 3], [3, 4]]),
        ],
    )
    def test_models_made_in_python_come_back_equal(self, data, write):
        text = 'with "quotes"\nand lines'
        experiment = Experiment(
            data, rc.Ridge([0, 0.1]), [1, 2], 7, 5, 2, "drawn", text, text, {"n_samples": [1], "n_trials": 2}
        )
        again = Experiment.load(write(experiment.to_toml()))
        assert again == experiment
        assert again.title == text
        assert again.quick == {"n_samples": [1.0], "n_trials": 2}
        assert getattr(again.data, "names", ()) == getattr(data, "names", ())

    def test_a_function_is_refused(self):
        class Named(rc.GaussianData):
            pass

        Named.__name__ = "GaussianData"
        with pytest.raises(ValueError, match="a GaussianData cannot be written"):
            Experiment(Named.isotropic(3), rc.Ridge(1), 2).to_toml()

    def test_functions_are_refused(self, monkeypatch):
        data = rc.GaussianData.isotropic(3)
        object.__setattr__(data, "entries", lambda: None)
        with pytest.raises(ValueError, match=r"GaussianData.entries must be a function that can be imported by name"):
            Experiment(data, rc.Ridge(1), 2).to_toml()
        object.__setattr__(data, "entries", math.sin)
        with pytest.raises(
            ValueError, match=r"GaussianData.entries is a function, which an experiment file cannot hold"
        ):
            Experiment(data, rc.Ridge(1), 2).to_toml()
        object.__setattr__(data, "entries", None)
        with pytest.raises(ValueError, match=r"GaussianData.entries cannot be written"):
            Experiment(data, rc.Ridge(1), 2).to_toml()

    def test_pickle_and_equality(self):
        experiment = Experiment.load("isotropic")
        assert pickle.loads(pickle.dumps(experiment)) == experiment
        assert experiment.replace(rng=1) != experiment


class TestKinds:
    def test_only_models_can_be_named(self):
        assert set(KINDS) >= {"GaussianData", "Dataset", "Ridge", "Spectrum"}
        assert all(issubclass(kind, rc.data.gaussian.Model) for kind in KINDS.values())

    def test_types_are_taken_literally(self):
        assert fits(float, 3)
        assert not fits(float, True)
        assert not fits(int, 3.0)
        assert not fits(str, 3)
        assert fits(bool, True)
        assert not fits(bool, 1)


class TestShipped:
    @pytest.mark.parametrize("name", Experiment.names())
    def test_each_says_what_it_is_and_has_a_quick_table(self, name):
        experiment = Experiment.load(name)
        assert experiment.title
        assert experiment.description
        assert experiment.quick
        assert experiment.rng == 0

    def test_the_diabetes_table_is_the_one_of_scikit_learn(self):
        sklearn = pytest.importorskip("sklearn.datasets")
        raw = sklearn.load_diabetes(scaled=False)
        table = rc.Dataset.from_csv(SHIPPED / "diabetes.csv", "target")
        assert_array_equal(table.inputs, raw.data)
        assert_array_equal(table.outputs, raw.target)
        assert table.names == tuple(raw.feature_names)

    def test_the_ridges_of_diabetes_reach_every_row_of_the_table_of_deviations(self):
        experiment = Experiment.load("diabetes")
        share = experiment.estimator.ridge / (np.asarray(experiment.data.inputs) ** 2).sum(axis=1).mean()
        counts = np.histogram(share, [0, 0.01, 0.09, 0.35, np.inf])[0]
        assert (counts > 0).all()

    def test_ridgeless_lies_below_at_and_above_the_threshold(self):
        experiment = Experiment.load("ridgeless")
        rank = experiment.data.spectrum.rank
        assert {-1, 0, 1} == set(np.sign(experiment.n_samples - rank))
        assert np.isinf(experiment.predict().test[experiment.n_samples == rank]).all()


SHIFTED = """
n_samples = [20, 40]
n_trials = 3
[data]
kind = "GaussianData"
spectrum = { kind = "Spectrum.from_eigenvalues", eigenvalues = [4, 1], multiplicities = [5, 15] }
energies = [1.0, 0.5]
noise = [0.1, 0.2, 0.3]
[test_data]
kind = "GaussianData"
spectrum = { kind = "Spectrum.from_eigenvalues", eigenvalues = [1, 4], multiplicities = [5, 15] }
energies = [0.25, 2.0]
noise = 0.7
[estimator]
kind = "Ridge"
ridge = [1, 2, 3, 4]
"""


class TestAnotherTestDistribution:
    def test_all_three_verbs_judge_on_it(self, write):
        experiment = Experiment.load(write(SHIFTED))
        risk, trials = experiment.predict(), experiment.simulate()
        assert risk.test.shape == trials.shape == (2, 3, 4)
        one = experiment.data.replace(noise=0.2), rc.Ridge(4)
        assert risk.test[1, 1, 3] == rc.predict(*one, 40, test_data=experiment.test_data).test
        assert risk.test[1, 1, 3] != rc.predict(*one, 40).test
        alone = rc.simulate(*one, 40, n_trials=3, rng=0, test_data=experiment.test_data)
        assert_array_equal(trials.test.values[:, 1, 1, 3], alone.test.values)
        assert_array_equal(experiment.verify().trials.test.values, trials.test.values)

    def test_it_is_written_changed_and_told_apart(self, write):
        experiment = Experiment.load(write(SHIFTED))
        assert Experiment.load(write(experiment.to_toml(), "again.toml")) == experiment
        assert experiment != experiment.replace(test_data=None)
        other = Experiment.load(write(SHIFTED), overrides={"test_data.noise": 0.0})
        assert_array_equal(experiment.predict().test - other.predict().test > 0.69, True)

    @pytest.mark.parametrize(
        ("change", "sentence"),
        [
            ({"test_data.noise": [0.1, 0.2]}, "test_data.noise must be an array of 0 dimension.*the whole grid"),
            ({"test_data.kind": "GaussianDat"}, "test_data.kind 'GaussianDat' is not known"),
            ({"test_data": 3}, "test_data must be a table"),
        ],
    )
    def test_what_is_refused(self, write, change, sentence):
        with pytest.raises(ValueError, match=sentence):
            Experiment.load(write(SHIFTED), overrides=change)

    def test_a_model_that_is_no_data(self, write):
        with pytest.raises(TypeError, match=r"^test_data must be one of"):
            Experiment.load(write(SHIFTED)).replace(test_data=rc.Ridge(1))
        with pytest.raises(TypeError, match=r"^test_data must be one of"):
            Experiment.load(write(SHIFTED)).replace(test_data=3)
        few = Experiment.load(write(SHIFTED)).replace(test_data=rc.GaussianData.isotropic(3))
        with pytest.raises(ValueError, match=r"^test_problem must have the entries of problem \(as test_data those of"):
            few.predict()
