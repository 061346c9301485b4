"""Spikes: the isotropic closed form, published thresholds, mpmath derivatives (precise), eigenvectors (simulated)."""

from __future__ import annotations

import tomllib
from fractions import Fraction
from pathlib import Path

import mpmath
import numpy as np
import precise_spectral_law as precise
import pytest
import scipy.linalg
from numpy.testing import assert_allclose, assert_array_equal

from riskcalc import Spectrum
from riskcalc.theory.spectral_law import SpectralLaw
from riskcalc.theory.spike import Spike, spike

EPS = np.finfo(float).eps
PUBLISHED = tomllib.loads((Path(__file__).parents[1] / "published" / "spikes.toml").read_text(encoding="utf-8"))
WHITE = Spectrum.isotropic(1)
THREE = ([10.0, 3.0, 1.0], [3.0, 4.0, 3.0], 0.1)


def isotropic(gamma, ell, variance=1.0):
    """The closed form for the bulk s I: location, overlap, detached."""
    gamma, ell = np.broadcast_arrays(gamma, np.asarray(ell) / variance)
    far = abs(ell - 1) > np.sqrt(gamma)
    detached = far & ((ell > 1) | (gamma < 1))
    stretch = 1 + gamma / np.where(detached, ell - 1, 1)
    location = np.where(ell >= 1, (1 + np.sqrt(gamma)) ** 2, np.where(gamma < 1, (1 - np.sqrt(gamma)) ** 2, 0))
    location = np.where(detached, ell * stretch, location)
    overlap = np.where(detached, (1 - gamma / np.where(detached, ell - 1, 1) ** 2) / stretch, 0)
    return location * variance, overlap, detached


@pytest.mark.parametrize("variance", [1.0, 3.0])
def test_white_noise_in_closed_form(variance):
    gamma = np.array([[0.01], [0.25], [0.9], [1.5], [30.0]])
    ell = variance * np.array([0.01, 0.2, 0.5, 0.9, 1.0, 1.3, 1.5, 3.0, 7.0, 1e3, 1e9])
    found = spike(Spectrum.isotropic(17, variance), gamma, ell)
    location, overlap, detached = isotropic(gamma, ell, variance)
    assert_allclose(found.location, location, rtol=16 * EPS)
    assert_allclose(found.overlap, overlap, rtol=64 * EPS, atol=4 * EPS)
    assert_array_equal(found.detached, detached)


# Published


@pytest.mark.parametrize("row", PUBLISHED["threshold"])
def test_published_thresholds(row):
    """At the threshold a spike is not detached, and a last digit beyond it is."""
    gamma, edge = row["aspect_ratio"], row["above"]
    at, beyond = spike(WHITE, gamma, edge), spike(WHITE, gamma, edge * (1 + 1e-14))
    assert (at.detached, at.overlap, beyond.detached) == (False, 0, True)
    assert_allclose([at.location, beyond.location], edge**2, rtol=4 * EPS)
    if "below" in row:
        at, beyond = spike(WHITE, gamma, row["below"]), spike(WHITE, gamma, row["below"] * (1 - 1e-14))
        assert (at.detached, at.overlap, beyond.detached) == (False, 0, True)
        assert_allclose([at.location, beyond.location], row["below"] ** 2, rtol=4 * EPS)


@pytest.mark.parametrize("row", PUBLISHED["position"])
def test_published_positions(row):
    found = spike(WHITE, row["aspect_ratio"], row["eigenvalue"])
    assert found.detached
    assert_allclose(found.location, float(Fraction(row["location"])), rtol=4 * EPS)
    assert_allclose(found.overlap, float(Fraction(row["overlap"])), rtol=8 * EPS)


# Precise


@pytest.mark.parametrize("ell", [0.1, 0.7, 1.5, 2.0, 5.0, 6.5, 8.0, 13.0, 400.0])
def test_general_bulk_by_numerical_differentiation(ell):
    """ψ(ℓ) = x(−ℓ), and the overlap ℓψ'/ψ with ψ' differentiated by mpmath."""
    twin, found = precise.Population(*THREE), spike(Spectrum.from_eigenvalues(*THREE[:2]), THREE[2], ell)
    with mpmath.workdps(40):
        psi = lambda t: twin.position(-t)  # noqa: E731
        slope = mpmath.diff(psi, ell)
        assert found.detached == (slope > 0)
        if found.detached:
            assert_allclose(found.location, float(psi(ell)), rtol=8 * EPS)
            assert_allclose(found.overlap, float(ell * slope / psi(ell)), rtol=32 * EPS)
            law = SpectralLaw(Spectrum.from_eigenvalues(*THREE[:2]), THREE[2])
            assert law.pdf(found.location) == 0


# Identities


def test_the_observed_outlier_gives_the_spike_back():
    """ℓ = −κ(x) at the outlier x."""
    spectrum = Spectrum.from_eigenvalues([3.0, 1.0, 0.0], [1.0, 2.0, 1.0])
    for gamma in (0.1, 0.5, 2.0):
        found = spike(spectrum, gamma, [0.1, 5.0, 20.0])
        law = SpectralLaw(spectrum, gamma)
        kappa = 1 / law.companion_stieltjes(found.location[found.detached])
        assert_allclose(-kappa.real, np.array([0.1, 5.0, 20.0])[found.detached], rtol=1e-12)


def test_spikes_that_are_not_detached_keep_their_rank():
    """The bulk's eigenvalue of the same rank: its edge beside the spike, the quantile between its atoms, 0 below n."""
    spectrum = Spectrum.from_eigenvalues([2.0, 1.0])
    law = SpectralLaw(spectrum, 0.5)
    assert len(law.support) == 1
    found = spike(spectrum, 0.5, [0.99, 1.0, 1.5, 2.0, 2.1])
    expected = [law.support[0, 0], law.median(), law.median(), law.support[0, 1], law.support[0, 1]]
    assert_allclose(found.location, expected, rtol=4 * EPS)
    assert not found.detached.any()
    assert not found.overlap.any()
    assert_allclose(spike(spectrum, 1.5, 1.5).location, SpectralLaw(spectrum, 1.5).isf(0.5), rtol=4 * EPS)
    assert_array_equal(spike(spectrum, [2.0, 3.0], 1.5).location, [0, 0])  # half of p is n or more
    assert_array_equal(spike(spectrum, 1.5, 0.5).location, 0)
    between = spike(Spectrum.from_eigenvalues(*THREE[:2]), THREE[2], [0.9, 1.1, 2.9, 3.3, 9.0, 11.0])
    support = SpectralLaw(Spectrum.from_eigenvalues(*THREE[:2]), THREE[2]).support
    assert_array_equal(between.location, support.ravel())


def test_continuous_at_the_threshold():
    """Where two regimes meet the location is continuous and the overlap comes from 0: its slope there is finite."""
    spectrum = Spectrum.from_eigenvalues(*THREE[:2])
    law = SpectralLaw(spectrum, THREE[2])
    for place, edge in zip(-1 / law.companion_stieltjes(law.support.ravel()).real, law.support.ravel(), strict=True):
        ell = place * (1 + np.array([-1e-5, 0, 1e-5]))
        found = spike(spectrum, THREE[2], ell)
        assert_allclose(found.location, edge, rtol=1e-8)
        assert found.overlap.max() < 1e-3
        assert found.detached[0] != found.detached[2]


def test_shapes():
    found = spike(WHITE, [[0.1], [0.5]], [1.0, 2.0, 3.0])
    assert found.location.shape == found.overlap.shape == found.detached.shape == (2, 3)
    one = spike(WHITE, 0.5, 2)
    assert isinstance(one, Spike)
    assert np.shape(one.location) == np.shape(one.overlap) == np.shape(one.detached) == ()
    assert spike(WHITE, 0.5, []).location.shape == (0,)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: spike(WHITE, 0, 2), "aspect_ratio must be finite and > 0, got 0"),
        (lambda: spike(WHITE, 1, 0), "eigenvalue must be finite and > 0, got 0"),
        (lambda: spike(WHITE, 1, np.nan), "eigenvalue must be finite and > 0, got nan"),
        (lambda: spike(WHITE, [1, 2], [1, 2, 3]), r"aspect_ratio \(2,\), eigenvalue \(3,\)"),
        (lambda: spike(Spectrum.power_law(2.0), 1, 2), "finitely many eigenvalues"),
    ],
)
def test_bad_input(call, words):
    with pytest.raises(ValueError, match=words):
        call()


# Simulated


def draws(bulk, spikes, n, repetitions, seed):
    """Sample eigenvalues at the spikes' ranks and squared overlaps, for Gaussian X with diagonal covariance."""
    sigma = np.concatenate([spikes, bulk])
    rank = [np.count_nonzero(sigma > ell) for ell in spikes]
    rng, found = np.random.default_rng(seed), []
    for _ in range(repetitions):
        x = rng.standard_normal((n, sigma.size)) * np.sqrt(sigma)
        values, vectors = scipy.linalg.eigh(x.T @ x / n)
        at = sigma.size - 1 - np.array(rank)
        found.append([values[at], vectors[np.arange(len(spikes)), at] ** 2])
    mean, error = np.mean(found, axis=0), np.std(found, axis=0, ddof=1) / np.sqrt(repetitions)
    return mean, error


@pytest.mark.parametrize(
    ("bulk", "spikes", "n"),
    [
        (np.ones(150), [6.0, 3.0, 0.2], 600),
        (np.repeat([3.0, 1.0], 60), [9.0, 1.8, 0.4], 1200),
        (np.repeat([1.0, 0.0], [60, 120]), [4.0, 0.15], 150),
    ],
)
def test_simulated_spikes(bulk, spikes, n):
    """Means of 40 matrices within 4 standard errors, the theory's O(1/n) and the other spikes' O(1/n) allowed for."""
    mean, error = draws(bulk, np.array(spikes), n, 40, 3)
    spectrum = Spectrum.from_eigenvalues(bulk)
    found = spike(spectrum, len(bulk) / n, spikes)
    assert found.detached.all()
    assert np.all(abs(mean[0] - found.location) < 4 * error[0] + 6 / n * found.location)
    assert np.all(abs(mean[1] - found.overlap) < 4 * error[1] + 6 / n)


def test_simulated_spike_below_the_threshold():
    """It sticks to the edge within Tracy and Widom's n^(-2/3), and its overlap is of order n^(-1/3)."""
    mean, _ = draws(np.ones(150), np.array([1.2, 0.9]), 600, 20, 5)
    found = spike(WHITE, 0.25, [1.2, 0.9])
    assert_array_equal(found.location, [2.25, 0.25])
    assert np.all(abs(mean[0] - found.location) < 4 * found.location * 600 ** (-2 / 3))
    assert np.all(mean[1] < 600 ** (-1 / 3))
