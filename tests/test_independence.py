"""Identities: the experiment is no copy of the theory; each room works where the other one is broken or missing."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
import types
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_array_equal

import riskcalc as rc
from riskcalc import theory

PACKAGE = Path(rc.__file__).parent
CONTRACT = Path(__file__).parents[1] / "pyproject.toml"
DATA = rc.GaussianData.power_law(1.5, 0.4, noise=0.25, n_features=24)
TABLE = rc.Dataset(np.random.default_rng(1).standard_normal((40, 5)), np.random.default_rng(2).standard_normal(40))


def refuse(*args: object, **more: object) -> None:
    raise AssertionError("the theory was asked")


@pytest.fixture
def broken_theory(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """Every function of theory/ raises, wherever its name is bound, and so do the sums of a spectrum."""
    broken = 0
    for name, module in list(sys.modules.items()):
        if not name.startswith("riskcalc"):
            continue
        for attribute, value in list(vars(module).items()):
            if isinstance(value, types.FunctionType) and value.__module__.startswith("riskcalc.theory"):
                monkeypatch.setattr(module, attribute, refuse)
                broken += 1
    for attribute in ("df1", "df2", "_summed"):
        monkeypatch.setattr(rc.Spectrum, attribute, refuse, raising=False)
    return broken


def test_simulate_works_where_every_function_of_theory_raises(broken_theory: int) -> None:
    assert broken_theory > 20
    for equation in (
        lambda: rc.predict(DATA, rc.Ridge(1.0), 10),
        lambda: theory.effective_ridge(DATA.spectrum, 10, 1.0),
        lambda: sys.modules["riskcalc.theory.effective_ridge"].solve(),
        lambda: theory.ridge_risk(None, 1, 1),
        lambda: rc.reduce(DATA, rc.Ridge(1.0)),
        lambda: DATA.spectrum.df1(1.0),
        lambda: DATA.spectrum.df2(1.0),
    ):
        with pytest.raises(AssertionError, match="the theory was asked"):
            equation()
    for label_noise in ("averaged", "drawn"):
        trials = rc.simulate(
            DATA, rc.Ridge([0.0, 1e-9, 1.0]), [[10], [24], [40]], n_trials=3, rng=0, label_noise=label_noise
        )
        assert np.isfinite(trials.test.values).all()
    assert rc.simulate(TABLE, rc.Ridge([0.0, 1.0]), 20, n_trials=3, rng=0).test.values.shape == (3, 2)
    scaled = rc.simulate(rc.GaussianData.isotropic(2.0, noise=1), rc.Ridge(0.1), 1.0, n_trials=2, rng=0, scale=20)
    assert scaled.variance.values.min() > 0
    sphere = rc.SphereData(9, rc.targets.DegreeEnergies({1: 1.0, 2: 0.5}), noise=0.25)
    for data in (sphere, rc.HypercubeData(9, sphere.target, 0.25), DATA):
        estimator = rc.RandomFeatureRidge(rc.activations.Tanh(), width=[8, 30], ridge=0.1)
        assert np.isfinite(rc.simulate(data, estimator, 20, n_trials=3, rng=0).test.values).all()


# Without riskcalc/__init__.py, which fetches both rooms.
ALONE = """
import sys, types
package = types.ModuleType("riskcalc")
package.__path__ = [sys.argv[1]]
sys.modules["riskcalc"] = package
sys.modules["riskcalc." + sys.argv[2]] = None  # its import fails
import numpy as np
from riskcalc.data import GaussianData
from riskcalc.estimators import Ridge
data, ridge = GaussianData.power_law(1.5, 0.4, noise=0.25, n_features=24), Ridge([0.0, 1.0])
if sys.argv[2] == "theory":
    from riskcalc.simulation import simulate
    print(simulate(data, ridge, 30, n_trials=3, rng=0).test.values.tobytes().hex())
else:
    from riskcalc.theory import predict
    print(predict(data, ridge, 30).test.tobytes().hex())
assert not [name for name in sys.modules if name.startswith("riskcalc." + sys.argv[2] + ".")]
"""


@pytest.mark.parametrize("missing", ["theory", "simulation"])
def test_each_room_gives_its_numbers_where_the_other_is_missing(missing: str) -> None:
    answer = subprocess.run(
        [sys.executable, "-c", ALONE, str(PACKAGE), missing], capture_output=True, text=True, check=False, timeout=120
    )
    assert answer.returncode == 0, answer.stderr
    found = np.frombuffer(bytes.fromhex(answer.stdout))
    if missing == "theory":
        expected = rc.simulate(DATA, rc.Ridge([0.0, 1.0]), 30, n_trials=3, rng=0).test.values
    else:
        expected = rc.predict(DATA, rc.Ridge([0.0, 1.0]), 30).test
    assert_array_equal(found.reshape(expected.shape), expected)


def imported(path: Path) -> set[str]:
    """Full names of all that a file imports, at any depth of its code."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("import_module", "__import__")):
            names |= {ast.unparse(argument) for argument in node.args}
    return names


@pytest.mark.parametrize(("room", "other"), [("theory", "simulation"), ("simulation", "theory")])
def test_the_rooms_never_import_each_other_nor_what_is_above_them(room: str, other: str) -> None:
    files = sorted((PACKAGE / room).rglob("*.py"))
    assert len(files) > 5
    for path in files:
        for name in imported(path):
            assert f"riskcalc.{other}" not in name, path
            assert not name.startswith(("riskcalc.compare", "riskcalc.statements", "riskcalc.report")), path
            if name == "riskcalc" or name.startswith("riskcalc."):
                assert (PACKAGE / name.split(".")[1]).is_dir() or (PACKAGE / f"{name.split('.')[1]}.py").is_file(), path


# ---------------------------------------------------------------------------------------------- the layers contract


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    code = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"
    return subprocess.run(
        [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=False, timeout=120
    )


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the package beside its contract."""
    folder = tmp_path_factory.mktemp("house")
    shutil.copytree(PACKAGE, folder / "riskcalc", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(CONTRACT, folder)
    return folder


def test_layers_contract(house: Path) -> None:
    answer = lint(house)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert "1 kept, 0 broken" in answer.stdout


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("simulation/draw.py", "from riskcalc.theory.effective_ridge import effective_ridge"),
        ("theory/ridge.py", "import riskcalc.simulation.draw"),
        ("result.py", "from riskcalc.theory import predict"),
        ("data/gaussian.py", "from riskcalc.estimators import Ridge"),
        ("spectrum.py", "from riskcalc.result import Risk"),
    ],
)
def test_layers_contract_finds_a_forbidden_import(house: Path, file: str, line: str) -> None:
    path = house / "riskcalc" / file
    before = path.read_text(encoding="utf-8")
    try:
        path.write_text(f"{before}\n{line}\n", encoding="utf-8")
        answer = lint(house)
    finally:
        path.write_text(before, encoding="utf-8")
    assert answer.returncode == 1, answer.stdout
    assert f"riskcalc.{file.removesuffix('.py').replace('/', '.')}" in answer.stdout.replace("\n", " ")
