"""Precise: compressed sums against math.fsum; identities: counts, positivity, and equality with the plain route."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose

import riskcalc as rc
from riskcalc.theory.nodes import GAUSS, Nodes

P = 20_000
RNG = np.random.default_rng(0)
INDEX = np.arange(1.0, P + 1)
SPECTRA = {
    "power 1.1": INDEX**-1.1,
    "power 1.5": INDEX**-1.5,
    "power 3": INDEX**-3,
    "marchenko-pastur": rc.MarchenkoPastur(0.81).ppf(np.linspace(1e-4, 1 - 1e-4, P)),
    "20 clusters over 10 decades": np.repeat(10.0 ** np.linspace(0, -10, 20), P // 20)
    * np.exp(0.05 * RNG.standard_normal(P)),
    "7 repeated atoms": np.repeat([5.0, 4.0, 3.0, 2.0, 1.0, 0.5, 0.1], P // 7),
    "log-uniform over 12 decades": 10 ** RNG.uniform(-12, 0, P),
    "exponential over 87 decades": np.exp(-200 * INDEX / P),
}
FUNCTIONALS = [(1, 0), (2, 0), (1, 1), (1, 2), (2, 1)]  # (a, b): the sum of m σ^a κ^b / (σ + κ)^(a + b)


@pytest.mark.parametrize("name", SPECTRA)
def test_sums_of_compressed_nodes_against_fsum(name: str) -> None:
    """Seen: 4e-15; 1e-14 over 87 decades, where log σ itself is rounded to 200 eps."""
    sigma = SPECTRA[name]
    energies = RNG.random(sigma.size)
    nodes = Nodes.of(rc.Spectrum.from_eigenvalues(sigma), energies, n_points=100)
    assert nodes.sigma.size <= min(sigma.size // 2, 12 * math.log10(sigma.max() / sigma.min()) + 2 * GAUSS)
    m = nodes.mass / nodes.sigma
    rtol = 2e-14 if "87" in name else 6e-15
    for kappa in np.geomspace(1e-3 * sigma.min(), 1e3 * sigma.max(), 13):
        for a, b in FUNCTIONALS:
            exact = math.fsum(sigma**a * kappa**b / (sigma + kappa) ** (a + b))
            got = math.fsum(m * nodes.sigma**a * kappa**b / (nodes.sigma + kappa) ** (a + b))
            assert_allclose(got, exact, rtol=rtol)
        exact = math.fsum(energies * (kappa / (sigma + kappa)) ** 2)
        assert_allclose(nodes.energies @ (kappa / (nodes.energy_sigma + kappa)) ** 2, exact, rtol=rtol)


@pytest.mark.parametrize("name", SPECTRA)
def test_weights_are_positive_and_counts_are_exact(name: str) -> None:
    nodes = Nodes.of(rc.Spectrum.from_eigenvalues(SPECTRA[name]), RNG.random(SPECTRA[name].size), n_points=100)
    assert (nodes.mass > 0).all()
    assert (nodes.energies > 0).all()
    whole, rest = nodes.counts.T
    assert abs((whole.sum() - SPECTRA[name].size) + rest.sum()) <= 1e-15 * SPECTRA[name].size


@pytest.mark.parametrize("ridge", [0.0, 1e-300, 1e-16, 1e-3])
def test_near_the_rank_compression_keeps_all_digits(ridge: float) -> None:
    """With n - rank = 1e-9 of an eigenvalue, the count must be exact. One point at a time there is no compression.

    At ridge 1e-300 the unknown is log u = 350 to 690, rounded to 1e-13 of u.
    """
    spectrum = rc.Spectrum.from_eigenvalues(np.arange(1, 2001) ** -1.5)
    n = np.concatenate([2000 + np.array([-1, -1e-9, 0, 1e-9, 1]), np.full(20, 5.0)])
    together = rc.effective_ridge(spectrum, n, ridge)[:5]
    alone = [float(rc.effective_ridge(spectrum, x, ridge)) for x in n[:5]]
    assert_allclose(together, alone, rtol=1e-14 if ridge != 1e-300 else 1e-12)


def test_order_and_zeros_do_not_matter() -> None:
    sigma = np.append(SPECTRA["power 1.5"], [0.0, 0.0])
    energies = np.append(INDEX**-1.2, [0.5, 0.5])
    n = np.linspace(10, 3 * P, 50)
    risk = rc.ridge_risk(rc.Problem(rc.Spectrum.from_eigenvalues(sigma), energies, 0.1), n, 1e-3)
    order = RNG.permutation(sigma.size)
    shuffled = rc.Problem(rc.Spectrum.from_eigenvalues(sigma[order]), energies[order], 0.1)
    assert_allclose(rc.ridge_risk(shuffled, n, 1e-3).test, risk.test, rtol=1e-14)


def test_compressed_risk_equals_the_plain_one() -> None:
    problem = rc.Problem(rc.Spectrum.from_eigenvalues(SPECTRA["power 1.5"]), INDEX**-1.2, 0.1)
    n = np.linspace(10, 3 * P, 30)
    together = rc.ridge_risk(problem, n, 1e-3)
    for k in (0, 13, 29):
        alone = rc.ridge_risk(problem, n[k], 1e-3)
        for name, value in alone.fields.items():
            assert_allclose(together.fields[name][k], value, rtol=1e-13)


def test_short_or_infinite_spectra_are_left_alone() -> None:
    short = Nodes.of(rc.Spectrum.from_eigenvalues(INDEX[:100]), n_points=100)
    assert short.sigma.size == 100
    infinite = rc.Spectrum.power_law(4.0)
    assert Nodes.of(infinite, n_points=100).sigma.size == infinite.eigenvalues.size
