"""Pictures beside stored ones: regression only, for what no array says (legends, scales, overlaps, colours).

``RISKCALC_BASELINES=write python -m pytest tests/test_plot_baselines.py`` makes them anew; look at them before they are
kept. Each stored picture names the version of matplotlib that made it; beside another version, whose letters and
anti-aliasing may differ, nothing is compared.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.testing.compare import compare_images
from PIL import Image

import riskcalc as rc
from riskcalc import plot

BASELINES = Path(__file__).with_name("baselines")
WRITE = os.environ.get("RISKCALC_BASELINES") == "write"
TOLERANCE = 2.0  # root mean square of grey levels, of 255; one line of another colour or width gives 3 and more
LARGEST = 40_000  # bytes
DPI = 110
ISOTROPIC = rc.GaussianData.isotropic(n_features=60, noise=0.25)
TARGET = rc.targets.DegreeEnergies({1: 0.5, 2: 0.3, 3: 0.2})
ERF = rc.activations.Erf()


def comparison() -> Figure:
    pair = ISOTROPIC, rc.Ridge([0, 1, 10]), np.array([[20.0], [40.0], [60.0], [90.0], [150.0]])
    conjecture = {"test": rc.predict(*pair).test * [1.0, 1.0, 1.05]}
    return plot.figure(rc.compare(conjecture, rc.simulate(*pair, n_trials=20, rng=0), allowance=1.0), z=True, title="a")


def ratio_map() -> Figure:
    psi, relu = np.geomspace(0.1, 10, 40), {"mu1": 0.5, "mu_star_squared": 0.25 - 0.5 / np.pi}
    risk = rc.limits.mei_montanari(psi[:, None], psi, 1e-3, **relu, linear_energy=1.0, noise=0.25)
    return plot.map_figure(risk, x="psi2", y="psi1", title="random features")


def decomposition(figure: Figure, ax: Axes) -> None:
    plot.decomposition(rc.predict(ISOTROPIC, rc.Ridge(0.3), np.arange(10, 151)), ax=ax)


def spread(figure: Figure, ax: Axes) -> None:
    plot.risk_curve(rc.predict(ISOTROPIC, rc.Ridge([1, 10]), np.arange(20, 151)[:, None]), ax=ax, spread=True)


def spectrum(figure: Figure, ax: Axes) -> None:
    population = rc.Spectrum.from_eigenvalues([1.0, 4.0], [0.5, 0.5])
    law, spike = rc.SpectralLaw(population, aspect_ratio=0.1), rc.spike(population, aspect_ratio=0.1, eigenvalue=9.0)
    plot.spectrum(law, ax=ax, eigenvalues=law.ppf((np.arange(400) + 0.5) / 400), spikes=spike, bins=30)


def staircase(figure: Figure, ax: Axes) -> None:
    kernel = rc.KernelRidge(rc.kernels.Exponential(), 1e-3)
    risks = [rc.predict(rc.SphereData(d, TARGET), kernel, d ** np.linspace(0.1, 3.4, 60)) for d in (20, 100, 500)]
    plot.staircase(risks, ax=ax)


def degrees(figure: Figure, ax: Axes) -> None:
    kernel = rc.KernelRidge(rc.kernels.ReluGaussianProcess(1), 1e-3)
    plot.degrees(rc.predict(rc.SphereData(30, TARGET), kernel, np.geomspace(3, 1e5, 60)), ax=ax, exponent=True)


def scaling(figure: Figure, ax: Axes) -> None:
    ell, n = np.array([0.3, 0.5, 1.0, 1.5]), np.geomspace(10, 1e6, 40)[:, None]
    risk = rc.predict(rc.GaussianData.power_law(2.0, 0.5, noise=0.1), rc.Ridge(n ** (1 - ell)), n)
    law = rc.learning_curve_exponents(2.0, 0.5, ell).excess
    plot.scaling(risk, ax=ax, exponents=law, labels=[f"ℓ = {one:g}" for one in ell])


def phase_diagram(figure: Figure, ax: Axes) -> None:
    mesh = plot.phase_diagram(2.0, 0.75, np.linspace(0.02, 1.4, 70), np.linspace(0, 3, 61), ax=ax).mesh
    figure.colorbar(mesh, label="rate of the excess error")


def trajectory(figure: Figure, ax: Axes) -> None:
    flow = rc.dynamics.MeanField(ERF, rc.targets.SingleIndex(rc.activations.Erf(1.5)))
    start = {"a": [1.0, -1.0, 1.0, -1.0], "m": [0.1, -0.1, 0.3, 0.2], "r": [1.0, 1.0, 1.0, 1.0]}
    plot.trajectory(flow.trajectory(np.linspace(0, 20, 41), **start), ax=ax)


def lazy_or_trained(figure: Figure, ax: Axes) -> None:
    data, n = rc.SphereData(50, rc.targets.SingleIndex(rc.activations.Erf(1.5)), noise=0.1), np.geomspace(25, 3200, 8)
    kernel = rc.KernelRidge(rc.kernels.NeuralTangent(ERF, layers="both"), ridge=1e-3)
    methods = {"kernel": kernel, "trained": rc.TwoLayerNetwork(4, ERF, learning_rate=1)}
    plot.lazy_or_trained({name: rc.predict(data, method, n) for name, method in methods.items()}, ax=ax)


FINISHED = [comparison, ratio_map]
DRAWN = [decomposition, spread, spectrum, staircase, degrees, scaling, phase_diagram, trajectory, lazy_or_trained]
NAMES = [one.__name__ for one in (*FINISHED, *DRAWN)]


def finished(draw: Callable[[Figure, Axes], None]) -> Figure:
    """What draws on axes, with the legend below."""
    figure = Figure(layout="constrained")
    draw(figure, figure.subplots())
    handles, texts = figure.axes[0].get_legend_handles_labels()
    if texts:
        figure.legend(handles, texts, loc="outside lower center", ncols=1 if max(map(len, texts)) > 25 else 2)
    return figure


def picture(name: str) -> Figure:
    function = globals()[name]
    return function() if function in FINISHED else finished(function)


def skip_beside_another_version(stored: Path) -> None:
    with Image.open(stored) as image:
        maker = str(image.info["Software"]).split(",")[0]
    if maker != f"Matplotlib version{matplotlib.__version__}":
        pytest.skip(f"the stored picture is by {maker}, and this is {matplotlib.__version__}")


@pytest.mark.parametrize("name", NAMES)
def test_a_picture_is_the_stored_one(name: str, tmp_path: Path) -> None:
    stored, drawn = BASELINES / f"{name}.png", tmp_path / f"{name}.png"
    if not WRITE:
        skip_beside_another_version(stored)
    with style.context(["default", plot.STYLE]):
        picture(name).savefig(stored if WRITE else drawn, dpi=DPI)
    if WRITE:
        pytest.skip("written anew")
    assert compare_images(str(stored), str(drawn), tol=TOLERANCE) is None


@pytest.mark.parametrize("name", ["comparison", "staircase"])
def test_a_line_of_another_colour_is_another_picture(name: str, tmp_path: Path) -> None:
    stored, drawn = BASELINES / f"{name}.png", tmp_path / f"{name}.png"
    skip_beside_another_version(stored)
    with style.context(["default", plot.STYLE]):
        figure = picture(name)
        figure.axes[0].lines[0].set_color("#009E73")
        figure.savefig(drawn, dpi=DPI)
    assert compare_images(str(stored), str(drawn), tol=TOLERANCE) is not None


def test_stored_pictures_are_small_and_all_of_them_are_compared() -> None:
    paths = sorted(BASELINES.glob("*.png"))
    assert [path.stem for path in paths] == sorted(NAMES)
    assert max(path.stat().st_size for path in paths) < LARGEST
