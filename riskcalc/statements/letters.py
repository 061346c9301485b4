"""The letters of the formulas: what each stands for, where it lives, and how it is written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

ASSUMPTIONS: dict[str, dict[str, bool]] = {
    "> 0": {"positive": True},
    ">= 0": {"nonnegative": True},
    ">= 0, whole": {"integer": True, "nonnegative": True},
    ">= 1, whole": {"integer": True, "positive": True},
    ">= 2, whole": {"integer": True, "positive": True},
    "complex": {},
}


@dataclass(frozen=True)
class Letter:
    """A symbol of a formula.

    Parameters
    ----------
    name : str
        As in signatures: the keyword of ``evaluate`` and the key of ``latex(symbols=...)``.
    latex : str
        How it is written unless the reader wants another letter.
    meaning : str
        Plain words.
    domain : str
        In ASCII, such as ``> 0``.
    typical : pair of float
        A range in which tests and examples choose it.
    index : str
        The letter that numbers its entries, or nothing if it is a number.
    default : float, optional
        What ``evaluate`` takes where it is left out.
    """

    name: str
    latex: str
    meaning: str
    domain: str = ">= 0"
    typical: tuple[float, float] = (0.5, 2.0)
    index: str = ""
    default: float | None = None

    @property
    def whole(self) -> bool:
        """Whether it is a whole number."""
        return "whole" in self.domain

    def example(self) -> Any:
        """A value to start from: the middle of the typical range, for an indexed letter three values across it."""
        low, high = self.typical
        if self.index:
            return [round(high + (low - high) * step / 2, 3) for step in range(3)]
        return int((low + high) / 2) if self.whole else round((low + high) / 2, 3)

    def to_dict(self) -> dict[str, str]:
        """Name, LaTeX, meaning and domain."""
        return {"name": self.name, "latex": self.latex, "meaning": self.meaning, "domain": self.domain}


# By the index that runs up to it: i and j from 1, degrees k from 0.
COUNTS = {
    "i": Letter("n_entries", "K", "number of entries of the sum, which may be infinite", ">= 1, whole", (3, 3)),
    "j": Letter("n_points", "J", "number of points of the second sum", ">= 1, whole", (3, 3)),
    "k": Letter("max_degree", "K", "largest degree of the sum, which may be infinite", ">= 0, whole", (3, 3)),
}

COMMON: dict[str, Letter] = {
    "n": Letter("n_samples", "n", "number of training samples", "> 0", (20, 60)),
    "lam": Letter("ridge", r"\lambda", "ridge penalty of the sum objective", ">= 0", (0.1, 5)),
    "kappa": Letter("effective_ridge", r"\kappa", "effective regularisation", "> 0"),
    "sigma": Letter("eigenvalues", r"\sigma", "eigenvalues of the feature covariance", "> 0", (0.1, 3), "i"),
    "m": Letter("multiplicities", "m", "multiplicities of the eigenvalues", "> 0", (8, 40), "i", 1.0),
    "e": Letter("energies", "e", "energies of the target in the eigenspaces, in function space", ">= 0", (0.1, 1), "i"),
    "tau2": Letter("noise", r"\tau^2", "variance of the label noise", ">= 0", (0.05, 1), "", 0.0),
    "M": Letter("outside_energy", "M", "energy of the target outside the features", ">= 0", (0.05, 0.5), "", 0.0),
    "df1": Letter("df1", r"\mathrm{df}_1", "degrees of freedom, the trace of the hat matrix"),
    "df2": Letter("df2", r"\mathrm{df}_2", "second degrees of freedom"),
    "gamma": Letter("aspect_ratio", r"\gamma", "features per sample, p/n", "> 0", (0.2, 3)),
    "test": Letter("test", r"R_{\mathrm{test}}", "test error, with the noise of the test label"),
    "train": Letter("train", r"R_{\mathrm{train}}", "training error"),
    "bias": Letter("bias", r"R_{\mathrm{bias}}", "bias: the test error at zero noise"),
    "variance": Letter("variance", r"R_{\mathrm{var}}", "variance, proportional to the label noise"),
    "excess": Letter("excess", r"R_{\mathrm{excess}}", "excess risk, bias and variance"),
    "B": Letter("unlearned", "B", "energy that the averaged predictor misses"),
}
