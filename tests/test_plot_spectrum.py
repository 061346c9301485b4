"""Pictures of spectra and of the degrees of a kernel: what is drawn equals the arrays (kind a: identities)."""

import numpy as np
import pytest
from matplotlib.figure import Figure
from numpy.testing import assert_array_equal

import riskcalc as rc
from riskcalc import plot

KERNEL = rc.KernelRidge(rc.kernels.ReluGaussianProcess(1), 0.1)
SPHERE = rc.SphereData(20, rc.targets.DegreeEnergies({1: 1.0}))
DATA, N = rc.GaussianData.isotropic(n_features=100, noise=0.25), np.array([40.0, 80.0, 200.0])


@pytest.fixture
def ax():
    return Figure().subplots()


def test_only_a_law_has_a_spectrum(ax):
    with pytest.raises(TypeError, match=r"^law must be a MarchenkoPastur, a SpectralLaw or a KernelSpectrum, got"):
        plot.spectrum(rc.Spectrum.isotropic(3), ax=ax)


def test_a_spectrum_is_the_density_a_histogram_of_its_mass_and_the_detached_spikes(ax):
    law = rc.SpectralLaw(rc.Spectrum.from_eigenvalues([1.0, 20.0], [1, 1]), 2.0)  # half of the eigenvalues are zero
    eigenvalues = law.rvs(2000, rng=0)
    spikes = rc.spike(rc.Spectrum.isotropic(1.0), 0.5, [1.5, 4.0])
    artists = plot.spectrum(law, ax=ax, eigenvalues=eigenvalues, spikes=spikes)
    x, f = artists.bulks[0].get_data()
    assert_array_equal(f, law.pdf(x))
    assert len(artists.bulks) == len(law.support)
    area = sum(bar.get_height() * bar.get_width() for bar in artists.bars)
    assert area == pytest.approx((eigenvalues > 0).mean(), rel=1e-12)
    assert [line.get_xdata()[0] for line in artists.spikes] == [float(spikes.location[1])]


def test_a_spectrum_whose_density_is_infinite_at_zero_leaves_a_gap(ax):
    (bulk,) = plot.spectrum(rc.MarchenkoPastur(1.0), ax=ax).bulks
    assert np.isnan(bulk.get_ydata()[0])
    assert np.isfinite(bulk.get_ydata()[1:]).all()


def test_the_spectrum_of_a_kernel_matrix_has_its_own_spikes_and_leaves_out_what_is_far(ax):
    law = rc.limits.kernel_spectrum(rc.kernels.Taylor([0.01, 0.1, 1.0]), 40, 400)
    (left, right) = law.support[0]
    end = right + 1.5 * (right - left)
    artists = plot.spectrum(law, ax=ax, eigenvalues=np.append(np.linspace(left, right, 399), 10 * end))
    assert [line.get_xdata()[0] for line in artists.spikes] == [x for x in law.spikes if x <= end]
    area = sum(bar.get_height() * bar.get_width() for bar in artists.bars)
    assert area == pytest.approx(399 / 400)


def test_degrees_are_lines_through_the_learned_shares_and_forbidden_ones_are_left_out(ax):
    n = np.array([400.0, 20.0, 100.0])
    risk = rc.predict(SPHERE, KERNEL, n)
    lines = plot.degrees(risk, ax=ax, max_degree=4).lines
    assert [line.get_label() for line in lines] == ["degree 0", "degree 1", "degree 2", "degree 4"]
    for line, k in zip(lines, [0, 1, 2, 4], strict=True):
        assert_array_equal(line.get_xdata(), [20, 100, 400])
        assert_array_equal(line.get_ydata(), risk.learned[[1, 2, 0], k])
    (first, *_) = plot.degrees(risk, ax=Figure().subplots(), exponent=True).lines
    assert first.get_xdata()[0] == pytest.approx(1.0)  # n = d


def test_degrees_that_are_refused(ax):
    with pytest.raises(ValueError, match="risk must be that of KernelRidge on SphereData or HypercubeData"):
        plot.degrees(rc.predict(DATA, rc.Ridge(1), N), ax=ax)
    grid = rc.predict(SPHERE, KERNEL.replace(ridge=[0.1, 1.0]), np.array([20.0, 100.0])[:, None])
    with pytest.raises(ValueError, match="risk must be one curve, got 2"):
        plot.degrees(grid, ax=ax)
    with pytest.raises(ValueError, match="n_samples must be > 0 for its logarithm"):
        plot.degrees(rc.predict(SPHERE, KERNEL, [0.0, 10.0]), ax=ax, exponent=True)
