"""Whether interpolating noise is benign, tempered or catastrophic."""

from __future__ import annotations

import math

import numpy as np

from riskcalc.arguments import FloatArray, instance
from riskcalc.infinite_spectra import SpectrumNodes, family_of
from riskcalc.spectrum import SPECTRUM_HINT, Spectrum
from riskcalc.theory.effective_ridge import df1_at, fixed_point
from riskcalc.theory.nodes import Nodes
from riskcalc.theory.sums import sums_at

FEWEST = 1000.0  # samples that a spectrum must resolve
STEEP, FLAT = 0.5, 0.1  # growth of the variance in powers of log n: beyond ± STEEP it goes, within ± FLAT it stays
MARGIN = math.log(100.0)  # of κ above the nodes that close the spectrum: their own size matters by 1 % there
POWERS = np.linspace(0.5, 1.0, 33)  # of the most samples that are resolved: where the variance is looked at
STEP = 8  # points over which its growth is taken: steps that overlap, so that no oscillation is missed


def overfitting_type(spectrum: Spectrum) -> str:
    r"""Class of the minimum-norm interpolator of noisy data on a fixed spectrum, as n grows.

    .. math:: \frac{\mathrm{variance}}{\tau^2} = \frac{\mathrm{df}_2/n}{1-\mathrm{df}_2/n} \to
              \begin{cases} 0 & \text{benign}\\ c\in(0,\infty) & \text{tempered}\\
              \infty & \text{catastrophic}\end{cases}

    Parameters
    ----------
    spectrum : Spectrum
        Infinite.

    Returns
    -------
    str
        ``"benign"``, ``"tempered"`` or ``"catastrophic"``.

    Raises
    ------
    ValueError
        If the rank is finite: for n above the rank the fit is classical, none of the three. Also if the spectrum is
        resolved for fewer than 1000 samples, or what it resolves shows no clear trend.

    Notes
    -----
    At ridge 0 and with a target in the span. Proved for ``Spectrum.logarithmic`` (benign, at the rate 1/log n),
    ``Spectrum.power_law`` (tempered, test/τ² → α) and ``Spectrum.exponential`` (catastrophic), which are recognised by
    their entries, and for any spectrum with a tail: the tail is mass at infinitesimal eigenvalues, acts as a ridge and
    makes the fit benign. If the tail stands for eigenvalues that a larger n would resolve, that holds only up to there.

    Of any other infinite spectrum (one with entries of infinite multiplicity) finitely many entries cannot prove a
    limit; the answer is its trend up to the largest n that it resolves, N: the growth of the variance in powers of
    log n, over all steps by N^⅛ from √N to N, is always below -½ (benign), always above ½ (catastrophic) or always
    within ±0.1 (tempered). Everything else is a ValueError, among it classes that are slower than any power of log n,
    and spectra with gaps, where the variance rises and falls.

    References
    ----------
    .. [1] mallinar2022 (the three classes; place not checked)
    .. [2] derived (the rule)

    Examples
    --------
    >>> import riskcalc as rc
    >>> spectra = rc.Spectrum.logarithmic(1.5), rc.Spectrum.power_law(1.5), rc.Spectrum.exponential(1.5)
    >>> [rc.overfitting_type(spectrum) for spectrum in spectra]
    ['benign', 'tempered', 'catastrophic']
    """
    instance("spectrum", spectrum, Spectrum, SPECTRUM_HINT)
    if spectrum.rank < math.inf:
        raise ValueError(
            f"spectrum must be infinite, got rank {spectrum.rank:g}; with more samples than that the fit is classical, "
            "neither benign nor tempered nor catastrophic"
        )
    if spectrum.tail > 0:
        return "benign"
    family = family_of(SpectrumNodes(spectrum.log_eigenvalues, spectrum.log_masses, spectrum.multiplicities))
    return family.overfitting if family else _trend(_growth(spectrum))


def _growth(spectrum: Spectrum) -> FloatArray:
    """Growth of log variance in log log n in steps from √N to N, the most samples that are resolved."""
    nodes = Nodes.of(spectrum)
    closing = np.isinf(spectrum.multiplicities)
    most = df1_at(nodes, spectrum.log_eigenvalues[closing].max() + MARGIN)
    if most < FEWEST:
        raise ValueError(
            f"spectrum must be resolved for at least {FEWEST:g} samples to show a trend, got {most:.4g}; "
            "give more eigenvalues before those of infinite multiplicity"
        )
    n = np.floor(most**POWERS)
    sums = sums_at(nodes, fixed_point(spectrum, n, 0.0, nodes))
    with np.errstate(divide="ignore", invalid="ignore"):
        log_variance, log_log_n = np.log(sums.df2) - np.log(sums.spread), np.log(np.log(n))
        growth = (log_variance[STEP:] - log_variance[:-STEP]) / (log_log_n[STEP:] - log_log_n[:-STEP])
    return np.asarray(np.nan_to_num(growth, nan=np.inf))  # the variance is inf at both ends


def _trend(growth: FloatArray) -> str:
    """The class that all steps agree on."""
    if (growth < -STEEP).all():
        return "benign"
    if (growth > STEEP).all():
        return "catastrophic"
    if (np.abs(growth) < FLAT).all():
        return "tempered"
    raise ValueError(
        "spectrum must show a trend of df2/n as n grows, got a variance that grows like (log n) to the powers "
        f"{growth.min():.2g} to {growth.max():.2g}; its entries do not decide the type"
    )
