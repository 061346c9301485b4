"""Identities: the public names, what an import brings along, and one version everywhere."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

import riskcalc as rc

ROOT = Path(__file__).parents[1]
HEAVY = {"sympy", "mpmath", "matplotlib", "pandas", "xarray", "cyclopts", "rich", "sklearn", "distributed", "numba"}


def test_every_public_name_exists_and_is_sorted() -> None:
    assert sorted(rc.__all__) == list(rc.__all__)
    for name in rc.__all__:
        assert getattr(rc, name) is not None


@pytest.mark.parametrize("module", ["riskcalc", "riskcalc.cli", "riskcalc.plot", "riskcalc.experiment"])
def test_import_is_light(module: str) -> None:
    code = f"import sys, {module}; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    allowed = {"cyclopts", "rich"} if module == "riskcalc.cli" else set()
    assert not (HEAVY - allowed) & set(loaded)


def test_one_version() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert citation["version"] == rc.__version__
    assert citation["license"] == project["license"]
    assert [author["name"] for author in citation["authors"]] == [author["name"] for author in project["authors"]]


def test_the_package_is_typed_and_brings_its_data() -> None:
    package = Path(rc.__file__).parent
    for name in ("py.typed", "plot/riskcalc.mplstyle", "statements/references.bib", "experiments/diabetes.csv"):
        assert (package / name).is_file()


@pytest.mark.slow
def test_wheel_and_sdist_hold_what_they_should(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "build", "--outdir", str(tmp_path), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True)
    import tarfile
    import zipfile

    names = set(zipfile.ZipFile(next(tmp_path.glob("*.whl"))).namelist())
    for path in (ROOT / "riskcalc").rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts:
            assert str(path.relative_to(ROOT)) in names
    assert all(name.startswith(("riskcalc/", f"riskcalc-{rc.__version__}.dist-info/")) for name in names)
    with tarfile.open(next(tmp_path.glob("*.tar.gz"))) as sdist:
        tops = {name.split("/")[1] for name in sdist.getnames() if "/" in name}
    assert {"riskcalc", "tests", "pyproject.toml", "README.md", "LICENSE", "CITATION.cff"} <= tops
