"""Kernel ridge regression on Gaussian data: the linear regime, and where it ends."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from riskcalc.data import GaussianData
from riskcalc.estimators import KernelRidge
from riskcalc.result import Risk
from riskcalc.theory.linear_regime import linear_regime
from riskcalc.theory.reductions import reduce
from riskcalc.theory.ridge import ridge_risk

LEARNED = 0.1  # share of a function of degree 2 that may be learned
SOURCES = ("elkaroui2010", "liang2020", "bartlett2021")


def gaussian_kernel_risk(data: GaussianData, estimator: KernelRidge, n_samples: npt.ArrayLike) -> Risk:
    r"""The risk of ridge regression on the kernel's linear part, with γ as its tail.

    .. math:: n - \frac\lambda\kappa = \sum_i \frac{\beta\sigma_i/d}{\beta\sigma_i/d+\kappa}
              + \frac\alpha{\alpha+\kappa} + \frac\gamma\kappa
    """
    risk = ridge_risk(reduce(data, estimator), n_samples, estimator.ridge)
    quadratic = linear_regime(estimator.kernel, data.spectrum).quadratic
    notes = risk.notes + _notes(quadratic, np.asarray(risk.effective_ridge))
    return replace(risk, route="linear regime", sources=SOURCES, notes=notes)


def _notes(quadratic: float, kappa: npt.NDArray[np.float64]) -> tuple[str, ...]:
    """Where functions of degree 2 are learned, ξ/(ξ+κ): they count as noise here."""
    if quadratic == 0:
        return ()
    share = float((1 / (1 + kappa / quadratic)).max(initial=0.0))
    if share <= LEARNED:
        return ()
    return (
        f"a share of up to {share:.2g} of degree 2 is learned: the linear regime n ≍ d ends there, and the theory "
        "counts all that is not linear as noise",
    )
