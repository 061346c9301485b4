"""Staircase, scaling laws and phase diagram: what is drawn equals the arrays, and the closed forms behind them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure
from numpy.testing import assert_allclose, assert_array_equal

import riskcalc as rc
from riskcalc import plot

TARGET = rc.targets.DegreeEnergies({0: 0.1, 1: 0.4, 2: 0.3, 4: 0.2})
KERNEL = rc.KernelRidge(rc.kernels.Exponential(), 1e-3)


@pytest.fixture
def ax() -> Any:
    return Figure().subplots()


def over(d: int, estimator: Any = KERNEL, target: Any = TARGET, exponents: Any = (0.5, 1.5, 2.5)) -> rc.Risk:
    return rc.predict(rc.SphereData(d, target, noise=0.05), estimator, float(d) ** np.array(exponents))


def test_a_staircase_has_a_line_per_dimension_and_the_limit(ax: Any) -> None:
    risks = [over(20), over(50, exponents=(2.5, 0.5, 1.5))]
    *lines, limit = plot.staircase(risks, ax=ax).lines
    for line, d, order in zip(lines, (20, 50), ([0, 1, 2], [1, 2, 0]), strict=True):
        assert_allclose(line.get_xdata(), [0.5, 1.5, 2.5])
        assert line.get_label() == f"d = {d}"
        assert_array_equal(line.get_ydata(), risks[d == 50].excess[order])
    assert_allclose(limit.get_xdata(), [0.5, 1, 2, 2.5])
    assert_allclose(limit.get_ydata(), [0.9, 0.5, 0.2, 0.2])  # the energies above degree 0, 1 and 2
    assert limit.get_drawstyle() == "steps-post"
    assert ax.get_legend_handles_labels()[1] == ["d = 20", "d = 50", "limit d → ∞"]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("log n / log d", "excess error")


def test_degrees_that_the_kernel_has_not_stay_in_the_limit(ax: Any) -> None:
    """The kernel of one ReLU layer has no odd degree above 1, and in the exponential one all is learned."""
    target = rc.targets.DegreeEnergies({1: 0.5, 3: 0.5})
    heights = []
    for kernel in (rc.kernels.ReluNeuralTangent(depth=1), rc.kernels.Exponential()):
        risk = over(30, rc.KernelRidge(kernel, 1e-3), target, (0.5, 3.8))
        heights.append(plot.staircase([risk], ax=ax).lines[-1].get_ydata()[-1])
    assert heights == [0.5, 0.0]


def test_the_limit_of_a_target_is_that_in_the_largest_dimension(ax: Any) -> None:
    target = rc.targets.SingleIndex(rc.activations.ReLU())
    limit = plot.staircase([over(200, target=target), over(10, target=target)], ax=ax).lines[-1]
    energies = target.energies(200, 2)
    expected = energies.total - np.cumsum(energies.by_degree)
    assert_allclose(limit.get_ydata(), [*expected, expected[-1]])


def test_one_step_from_one_sample_on(ax: Any) -> None:
    limit = plot.staircase([over(20, exponents=(0, 0.5))], ax=ax).lines[-1]
    assert_allclose(limit.get_data(), [[0, 0.5], [0.9, 0.9]])


def test_staircases_that_are_refused(ax: Any) -> None:
    linear = rc.predict(rc.GaussianData.isotropic(20), rc.Ridge(1), [10, 20])
    for risks in ([], over(20)):
        with pytest.raises(ValueError, match=r"^risks must be a sequence of at least one Risk, one per dimension"):
            plot.staircase(risks, ax=ax)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"^risks must be of KernelRidge on SphereData or HypercubeData, got Risk"):
        plot.staircase([linear], ax=ax)
    other = rc.KernelRidge(rc.kernels.RBF(), 1e-3)
    with pytest.raises(ValueError, match=r"^risks must have one kernel, got Exponential.* and RBF"):
        plot.staircase([over(20), over(50, other)], ax=ax)
    with pytest.raises(ValueError, match=r"^risks must have one target, got"):
        plot.staircase([over(20), over(50, target=rc.targets.DegreeEnergies({1: 1.0}))], ax=ax)
    cube = rc.predict(rc.HypercubeData(20, TARGET), KERNEL, [10, 20])
    with pytest.raises(ValueError, match=r"^risks must have one domain, got 'sphere' and 'hypercube'"):
        plot.staircase([over(20), cube], ax=ax)
    several = rc.predict(rc.SphereData(20, TARGET), rc.KernelRidge(KERNEL.kernel, [1, 2]), [[10], [20]])
    with pytest.raises(ValueError, match=r"^risks must be one curve each, got 2 \(λ = 1; λ = 2\); choose one"):
        plot.staircase([several], ax=ax)
    with pytest.raises(ValueError, match=r"^n_samples must be >= 1 and finite, got 0"):
        plot.staircase([rc.predict(rc.SphereData(20, TARGET), KERNEL, [0, 20])], ax=ax)
    assert not ax.lines


def power(exponents: list[float], n: np.ndarray) -> rc.Risk:
    """A risk whose excess is 3 n^γ exactly."""
    excess = 3 * n[:, None] ** np.array(exponents)
    ridge = np.arange(len(exponents), dtype=float)
    return rc.Risk(
        test=excess + 0.1,
        train=excess,
        noise=np.full(excess.shape, 0.1),
        coordinates={"n_samples": n[:, None], "ridge": ridge},
    )


def test_slopes_of_exact_powers_and_guides_through_the_last_points(ax: Any) -> None:
    n = np.geomspace(10, 1e4, 13)
    gamma = [-0.5, -1.25, 0.25]
    risk = power(gamma, n[::-1])
    artists = plot.scaling(risk, ax=ax, exponents=[-0.6, -1.25, 0.25])
    assert_allclose(artists.slopes, gamma, rtol=1e-9)
    for k, (line, guide) in enumerate(zip(artists.lines, artists.guides, strict=True)):
        assert_array_equal(line.get_xdata(), n)
        assert_allclose(line.get_ydata(), 3 * n ** gamma[k])
        straight = np.asarray(guide.get_ydata())
        assert straight[-1] == line.get_ydata()[-1]  # type: ignore[index]
        shown = np.isfinite(straight)
        assert_allclose(np.diff(np.log(straight[shown])) / np.diff(np.log(n[shown])), [-0.6, -1.25, 0.25][k])
    texts = ["λ = 0: slope −0.50 (−0.60)", "λ = 1: slope −1.25 (−1.25)", "λ = 2: slope 0.25 (0.25)", "closed form"]
    assert ax.get_legend_handles_labels()[1] == texts
    assert (ax.get_xscale(), ax.get_yscale(), ax.get_ylabel()) == ("log", "log", "excess error")


def test_the_slope_is_that_of_the_last_half_decade(ax: Any) -> None:
    """A curve that bends at n = 1000: only what is above 10^3.5 counts; of two sizes both."""
    n = np.geomspace(10, 1e4, 31)
    bent = np.where(n < 1000, 1000.0 / n, 1000.0**0.5 / n**0.5)
    risk = rc.Risk(test=bent, train=bent, coordinates={"n_samples": n})
    assert_allclose(plot.scaling(risk, ax=ax).slopes, [-0.5])
    two = rc.Risk(test=n[[0, -1]] ** -0.7, train=n[:2], coordinates={"n_samples": n[[0, -1]]})
    assert_allclose(plot.scaling(two, ax=ax, field="test").slopes, [-0.7])


def test_the_closed_form_of_the_exponents_is_the_slope_of_the_exact_curve(ax: Any) -> None:
    """Power law α = 2, r = 1/2; corrections at n = 10^6 are of the order n^-1/4 of the smaller term."""
    ell, n = np.array([0.5, 1.0, 1.5]), np.geomspace(1e3, 1e7, 25)[:, None]
    risk = rc.predict(rc.GaussianData.power_law(2.0, 0.5, noise=0.1), rc.Ridge(n ** (1 - ell)), n)
    rates = rc.learning_curve_exponents(2.0, 0.5, ell)
    names = ["ℓ = 0.5", "ℓ = 1", "ℓ = 1.5"]
    artists = plot.scaling(risk, ax=ax, exponents=rates.excess, labels=names)
    assert_allclose(artists.slopes, rates.excess, atol=0.02)
    assert [str(line.get_label()).split(":")[0] for line in artists.lines] == names
    variance = plot.scaling(risk, ax=Figure().subplots(), exponents=rates.variance, field="variance")
    assert_allclose(variance.slopes, rates.variance, atol=0.02)


def test_a_guide_ends_where_it_leaves_the_picture(ax: Any) -> None:
    n = np.geomspace(10, 1e4, 13)
    artists = plot.scaling(power([-0.5], n), ax=ax, exponents=-2.0)
    straight = np.asarray(artists.guides[0].get_ydata())
    assert np.nanmax(straight) <= 3 * 10**-0.5 < 3e-2 * 1e6
    assert 0 < np.isnan(straight).sum() < 13
    assert plot.scaling(power([-0.5], n), ax=ax).guides == ()


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"exponents": [1.0, 2.0, 3.0]}, r"exponents must be one, or 2 as the curves, got \(3,\)"),
        ({"labels": ["a"]}, "labels must be as many as the curves, 2, got 1"),
        ({"field": "norm"}, "field must be one of test, train, noise, excess, got 'norm'"),
        ({"x": "ridge"}, "ridge must be > 0 and finite for its logarithm, got 0"),
    ],
)
def test_scalings_that_are_refused(ax: Any, options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        plot.scaling(power([-1.0, -2.0], np.array([1.0, 10.0])), ax=ax, **options)
    assert not ax.lines


def test_an_error_without_a_logarithm_is_refused(ax: Any) -> None:
    risk = rc.predict(rc.GaussianData.isotropic(100, noise=0.25), rc.Ridge(0), [50, 100, 200])
    with pytest.raises(ValueError, match=r"^excess must be > 0 and finite for its logarithm, got .* inf"):
        plot.scaling(risk, ax=ax)
    with pytest.raises(TypeError, match=r"^risk must be a Risk"):
        plot.scaling([1.0], ax=ax)  # type: ignore[arg-type]


def terms(alpha: Any, r: Any, q: Any, ell: Any) -> np.ndarray:
    """The three exponents of the formula, larger is slower: variance, kernel, width."""
    delta = np.minimum(np.minimum(ell / alpha, q), 1)
    kernel, width = 2 * alpha * np.minimum(r, 1) * delta, (q - delta) + alpha * np.minimum(2 * r, 1) * delta
    return np.stack(np.broadcast_arrays(delta - 1, -kernel, -width))


@pytest.mark.parametrize("source", [0.3, 0.5, 0.75, 1.5])
def test_regions_are_the_largest_term(ax: Any, source: float) -> None:
    q, ell = np.linspace(0.021, 1.5, 40), np.linspace(0.013, 3.1, 50)
    artists = plot.phase_diagram(2.0, source, q, ell, ax=ax)
    found = terms(2.0, source, q, ell[:, None])
    chosen = np.take_along_axis(found, artists.regions[None], axis=0)[0]
    assert_allclose(chosen, found.max(axis=0), atol=1e-12)
    tied = np.isclose(found[1], found[2]) & (artists.regions > 0)
    limited = q < np.minimum(ell[:, None] / 2, 1)  # the width alone limits what is learned
    assert_array_equal(artists.regions[tied], np.where(limited, 2, 1)[tied])
    rate = -rc.limits.random_feature_rate(2.0, source, q, ell[:, None]).excess
    assert_array_equal(artists.mesh.get_array(), rate)
    assert_array_equal(rate, -found.max(axis=0))


def test_boundaries_are_the_lines_of_the_closed_form(ax: Any) -> None:
    """α = 2, r = 3/4 at large q: bias of the kernel and variance balance at ℓ = α/(1 + 2αr) = 1/2."""
    q, ell = np.linspace(0.02, 1.4, 70), np.linspace(0, 3, 61)
    noisy, narrow = plot.phase_diagram(2.0, 0.75, q, ell, ax=ax).boundaries
    corners = np.concatenate([path.vertices for path in noisy.get_paths()])
    assert_allclose(corners[corners[:, 0] > 0.6, 1], 0.5, atol=1e-9)
    assert_allclose(corners[corners[:, 1] > 1, 0], 1 / 3, atol=1e-3)  # q = 1/(1 + α), whatever the ridge beyond it
    corners = np.concatenate([path.vertices for path in narrow.get_paths()])
    low = corners[(corners[:, 1] < 0.4) & (corners[:, 1] > 0.05)]
    assert_allclose(low[:, 0], low[:, 1] / 2 * 2, atol=0.03)  # q = ℓ/α (1 + α(2r - 1)) = ℓ


def test_names_are_inside_their_regions(ax: Any) -> None:
    q, ell = np.linspace(0.02, 1.4, 70), np.linspace(0, 3, 61)
    artists = plot.phase_diagram(2.0, 0.75, q, ell, ax=ax)
    names = ["variance", "bias\nof the kernel", "bias\nof the width"]
    assert sorted(text.get_text() for text in artists.labels) == sorted(names)
    for text in artists.labels:
        at_q, at_ell = text.get_position()
        row, column = np.argmin(np.abs(ell - at_ell)), np.argmin(np.abs(q - at_q))
        assert artists.regions[row, column] == names.index(text.get_text())
    assert ax.get_ylabel().startswith("ridge ℓ")


def test_decay_and_source(ax: Any) -> None:
    alpha, r = np.linspace(1.1, 4, 30), np.linspace(0.05, 1.2, 24)
    artists = plot.phase_diagram(alpha, r, 0.6, 0.8, ax=ax, x="exponent", y="source")
    found = terms(alpha, r[:, None], 0.6, 0.8)
    assert_array_equal(artists.mesh.get_array(), -found.max(axis=0))
    assert_array_equal(artists.regions == 0, found[0] > found[1:].max(axis=0))
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("decay of the eigenvalues α", "source r")


def test_one_region_has_no_boundary(ax: Any) -> None:
    artists = plot.phase_diagram(2.0, 0.5, [2.0, 3.0], [0.01, 0.02], ax=ax)
    assert artists.boundaries == ()
    assert (artists.regions == 1).all()


@pytest.mark.parametrize(
    ("parameters", "options", "sentence"),
    [
        (
            (2.0, 0.5, [0.5, 1.0], 1.0),
            {},
            "the lists must be width_exponent and ridge_exponent, and the others numbers",
        ),
        ((2.0, 0.5, 1.0, 1.0), {}, "got lists none"),
        ((2.0, [0.5, 1.0], [0.5, 1.0], [0.5, 1.0]), {}, "got lists source, width_exponent, ridge_exponent"),
        ((2.0, 0.5, [1.0, 0.5], [0.5, 1.0]), {}, "width_exponent must be an ascending list of at least two numbers"),
        ((2.0, 0.5, [0.5, 1.0], [1.0]), {}, "ridge_exponent must be an ascending list of at least two numbers"),
        ((2.0, 0.5, [0.5, 1.0], [1.0, 2.0]), {"x": "q"}, "x must be one of"),
        ((2.0, 0.5, [0.5, 1.0], [1.0, 2.0]), {"x": "ridge_exponent"}, "x and y must be two parameters"),
        ((1.0, 0.5, [0.5, 1.0], [1.0, 2.0]), {}, "exponent must be finite and > 1"),
    ],
)
def test_diagrams_that_are_refused(ax: Any, parameters: Any, options: dict[str, str], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        plot.phase_diagram(*parameters, ax=ax, **options)
    assert not ax.collections
