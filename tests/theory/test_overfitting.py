"""Classes of overfitting: the families over their parameters, the user's own spectra, and what is not decided."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose

import riskcalc as rc
from riskcalc.theory.overfitting import _growth, _trend

FAMILIES = [
    *((rc.Spectrum.logarithmic(beta), "benign") for beta in (1.001, 1.5, 2.0, 10.0, 50.0)),
    *((rc.Spectrum.power_law(alpha, scale=3.0), "tempered") for alpha in (1.001, 1.5, 4.0, 30.0)),
    *((rc.Spectrum.exponential(rate), "catastrophic") for rate in (1e-6, 0.01, 0.1, 2.0, 300.0)),
]


@pytest.mark.parametrize(("spectrum", "expected"), FAMILIES)
def test_families(spectrum, expected):
    """By recognition, and by the trend of the prediction alone."""
    assert rc.overfitting_type(spectrum) == expected
    assert _trend(_growth(spectrum)) == expected


@pytest.mark.parametrize(("spectrum", "expected"), FAMILIES)
def test_a_family_with_other_first_eigenvalues_has_the_same_type(spectrum, expected):
    """The type is a property of the small eigenvalues; a changed spectrum is judged by its trend."""
    shift = np.zeros(spectrum.eigenvalues.size)
    shift[:20] = np.linspace(0.5, 0, 20)
    with np.errstate(under="ignore"):
        logs = spectrum.log_eigenvalues + shift
        changed = rc.Spectrum(np.exp(logs), logs, spectrum.log_masses + shift, spectrum.multiplicities)
    assert rc.overfitting_type(changed) == expected


def own(log_sigma: np.ndarray, closing: float) -> rc.Spectrum:
    """Eigenvalues of the user's, and the mass of the others at the last of them."""
    log_sigma = np.append(log_sigma, log_sigma[-1])
    log_masses = np.append(log_sigma[:-1], math.log(closing) + log_sigma[-1])
    m = np.append(np.ones(log_sigma.size - 1), np.inf)
    with np.errstate(under="ignore"):
        return rc.Spectrum(np.exp(log_sigma), log_sigma, log_masses, m)


def test_the_users_own_spectra():
    """Closed by the integral beyond the last index, in units of the last eigenvalue."""
    i = np.arange(1.0, 30_001)
    last = float(i[-1])
    assert rc.overfitting_type(own(-1.7 * np.log(i), last / 0.7)) == "tempered"
    assert rc.overfitting_type(own(-np.log(i) - 3 * np.log1p(np.log(i)), last * (1 + math.log(last)) / 2)) == "benign"
    assert rc.overfitting_type(own(-np.sqrt(i), 2 * math.sqrt(last))) == "catastrophic"
    assert rc.overfitting_type(own(-(np.log(i) ** 2), last / (2 * math.log(last)))) == "catastrophic"
    j = np.arange(1.0, last * math.exp(2 / 1.7) + 1)  # two power laws in one, down to the same eigenvalue
    two = np.sort(np.concatenate([-1.7 * np.log(i), 2 - 1.7 * np.log(j)]))[::-1]
    assert rc.overfitting_type(own(two, (last + j[-1]) / 0.7)) == "tempered"


def test_a_tail_is_benign():
    """Mass at infinitesimal eigenvalues is a ridge: df2/n <= κ df1/t → 0, also on a spectrum that would be tempered."""
    spectrum = rc.Spectrum.power_law(1.5).replace(tail=0.1)
    assert rc.overfitting_type(spectrum) == rc.overfitting_type(rc.Spectrum.isotropic(5).replace(tail=1.0)) == "benign"
    n = np.array([1e12, 1e15])
    problem = rc.Problem(spectrum, np.zeros(spectrum.eigenvalues.size), noise=1.0)
    variance = rc.ridge_risk(problem, n, 0).variance  # df2 ~ κ^(-1/α) with κ ≃ t/n: like n^(1/α - 1)
    assert_allclose(variance[1] / variance[0], 1e3 ** (1 / 1.5 - 1), rtol=0.01)


def test_what_is_not_decided():
    with pytest.raises(ValueError, match=r"^spectrum must be infinite, got rank 40; with more samples .* classical"):
        rc.overfitting_type(rc.Spectrum.isotropic(40))
    i = np.arange(1.0, 101)
    with pytest.raises(ValueError, match=r"^spectrum must be resolved for at least 1000 samples .* got "):
        rc.overfitting_type(own(-2 * np.log(i), 100.0))
    steps = np.arange(9.0)  # eigenspaces far apart: between them the variance rises and falls
    for ratio, fall in [(8, 12), (8, 6), (1000, 14), (10, 3.5)]:
        log_sigma, m = -fall * np.arange(10.0), np.append(ratio**steps, np.inf)
        gaps = rc.Spectrum.from_masses(log_sigma, ratio ** np.arange(10.0) * np.exp(log_sigma), m)
        with pytest.raises(ValueError, match=r"^spectrum must show a trend of df2/n .* do not decide the type"):
            rc.overfitting_type(gaps)
    with pytest.raises(TypeError, match=r"^spectrum must be a Spectrum"):
        rc.overfitting_type([1.0])


@pytest.mark.parametrize(
    ("growth", "expected"),
    [([-1, -0.51], "benign"), ([0.09, -0.09], "tempered"), ([0.51, np.inf], "catastrophic")],
)
def test_the_rule(growth, expected):
    assert _trend(np.array(growth)) == expected


@pytest.mark.parametrize("growth", [[-1, 1], [0.3, 0.3], [-0.05, -0.4], [0.05, 0.7], [-0.3, -0.7]])
def test_the_rule_does_not_guess(growth):
    with pytest.raises(ValueError, match="trend"):
        _trend(np.array(growth))
