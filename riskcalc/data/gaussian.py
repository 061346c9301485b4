"""Linear models with concentrated features."""

from __future__ import annotations

import inspect
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from riskcalc.arguments import FloatArray, instance, numbers
from riskcalc.model import Model, importable_name
from riskcalc.quadrature import power_law_nodes
from riskcalc.spectrum import SPECTRUM_HINT, Spectrum, indices, power_law_exponent


@dataclass(frozen=True, eq=False, repr=False)
class GaussianData(Model):
    r"""Features :math:`x = \Sigma^{1/2}z` with independent entries, and a linear target with noise.

    .. math:: y = \langle\theta_*, x\rangle + f_\perp(x) + \varepsilon,\qquad
              e_i = \sigma_i\|P_i\theta_*\|^2,\quad \mathrm{E}f_\perp^2 = M,\quad \mathrm{E}\varepsilon^2 = \tau^2

    Parameters
    ----------
    spectrum : Spectrum
        Eigenvalues σ of the covariance of x.
    energies : array_like, >= 0, one per spectrum entry
        :math:`e_i`, the target's share of :math:`\mathrm{E} f_*^2` in the whole eigenspace (an energy in function
        space, not a squared coefficient). Energy at a zero eigenvalue counts as ``outside_energy``. Units of y².
    noise : array_like, >= 0
        Variance τ² of the label noise; an array broadcasts against ``n_samples`` and ``ridge``. Units of y².
    outside_energy : float, >= 0
        M, the energy of the part that is not linear in x; it acts as noise. Units of y².
    entries : str
        Law of the entries of z, with mean 0 and variance 1: ``"gaussian"``, ``"rademacher"``, ``"uniform"``,
        ``"student"`` (5 degrees of freedom) or ``"student(7)"`` with any degrees of freedom above 2. The theory is the
        same for all of them; for Student laws with 4 or fewer degrees of freedom it is not valid.
        ``"ellipse(0.2, 1.8)"``: a Gaussian z is stretched by a random radius, whose square takes the two values equally
        often; they average to 1. The entries of a row then depend on each other, and ``predict`` is not valid;
        ``elliptical_risk`` is.
    target : function or model with ``draw``, optional
        :math:`f_\perp`, for simulation only: it takes z, shape (n, p), one column per positive eigenvalue counted with
        its multiplicity, in the order of the spectrum, and returns n values. It must have mean 0, be uncorrelated with
        every entry, and have the energy ``outside_energy``. A function must be importable by name; a model, as those of
        ``targets``, has a method ``draw(n_inputs, rng)`` that returns the function of one trial. Left out,
        :math:`f_\perp` is Gaussian and independent of x.

    Raises
    ------
    ValueError
        Energies of another length, numbers outside their domain, an unknown law of the entries, a ``target`` that
        cannot be imported by name, or one without energy.
    TypeError
        If ``spectrum`` is not a Spectrum, or ``target`` neither a function nor a model that draws one.

    Notes
    -----
    Sizes may be ratios: with ``n_features=2.0`` and ``n_samples=1`` the model is the proportional limit p/n → 2.

    A part that is not linear but depends on x acts as noise of its variance to leading order, whatever the function is;
    the theory takes ``outside_energy`` alone. The size of the next order then depends on the function, too.

    References
    ----------
    .. [1] misiakiewicz2024 (lecture 2; place not checked)
    .. [2] cheng2024 (place not checked)

    Examples
    --------
    >>> import riskcalc as rc
    >>> data = rc.GaussianData(rc.Spectrum.from_eigenvalues([4, 1], multiplicities=[50, 150]), energies=[1.0, 0.5])
    >>> print(rc.predict(data, rc.Ridge(10.0), n_samples=400).test.round(6))
    0.002234
    """

    spectrum: Spectrum
    energies: npt.ArrayLike
    noise: npt.ArrayLike = 0.0
    outside_energy: float = 0.0
    entries: str = "gaussian"
    target: Callable[[FloatArray], FloatArray] | Model | None = None

    def _checked(self) -> dict[str, object]:
        instance("spectrum", self.spectrum, Spectrum, SPECTRUM_HINT)
        entries_kurtosis(self.entries)
        outside = float(numbers("outside_energy", self.outside_energy, at_least=0, ndim=0))
        if self.target is not None:
            _refuse_target(self.target, outside)
        return {
            "energies": energies_per_entry(self.spectrum, self.energies),
            "noise": numbers("noise", self.noise, at_least=0, hint="it is a variance"),
            "outside_energy": outside,
        }

    @classmethod
    def isotropic(cls, n_features: float, signal: float = 1, noise: npt.ArrayLike = 0) -> Self:
        """Identity covariance.

        Parameters
        ----------
        n_features : float, > 0
            A count or a ratio.
        signal : float, >= 0
            Energy of the target, ‖θ*‖². Units of y².
        noise : array_like, >= 0
            Variance of the label noise. Units of y².

        Returns
        -------
        GaussianData

        Raises
        ------
        ValueError
            If a number is outside its domain.

        Examples
        --------
        >>> import riskcalc as rc
        >>> rc.GaussianData.isotropic(200, noise=0.25).spectrum
        Spectrum(n_features=200, trace=200)
        """
        energy = numbers("signal", signal, at_least=0, ndim=0)
        return cls(Spectrum.isotropic(n_features), [energy], noise)

    @classmethod
    def power_law(cls, exponent: float, source: float, noise: npt.ArrayLike = 0, n_features: float = np.inf) -> Self:
        r"""Capacity and source conditions: :math:`\sigma_i = i^{-\alpha}`, energy :math:`i^{-1-2\alpha r}`, i >= 1.

        Parameters
        ----------
        exponent : float
            α > 1 (any α >= 0 if ``n_features`` is finite).
        source : float, > 0
            r.
        noise : array_like, >= 0
            Variance of the label noise.
        n_features : float
            A whole number, or inf: infinitely many features, summed without truncation. Only a finite number can be
            simulated.

        Returns
        -------
        GaussianData

        Raises
        ------
        ValueError
            If a number is outside its domain.

        Notes
        -----
        Caponnetto and De Vito's b is α and their c is 2r. [1]_

        References
        ----------
        .. [1] caponnetto2007 (place not checked)
        .. [2] cui2021 (place not checked)

        Examples
        --------
        >>> import riskcalc as rc
        >>> data = rc.GaussianData.power_law(exponent=1.5, source=0.4, noise=0.1)
        >>> print(rc.predict(data, rc.Ridge(0), n_samples=10**6).variance.round(6))  # tends to noise * (exponent - 1)
        0.05
        """
        r = float(numbers("source", source, above=0, ndim=0))
        if n_features == np.inf:
            alpha = power_law_exponent(exponent)
            nodes = power_law_nodes(alpha, r)
            log_sigma = -alpha * nodes.log_indices
            spectrum = Spectrum.from_masses(log_sigma, np.exp(nodes.log_masses), nodes.multiplicities)
            return cls(spectrum, nodes.energies, noise)
        alpha = float(numbers("exponent", exponent, at_least=0, ndim=0))
        return cls(Spectrum.power_law(alpha, n_features), indices(n_features) ** (-1 - 2 * alpha * r), noise)


def energies_per_entry(spectrum: Spectrum, energies: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """The target's energies, one per entry of the spectrum."""
    checked = numbers("energies", energies, at_least=0, hint="an energy is a share of E f*²")
    if checked.shape != spectrum.eigenvalues.shape:
        raise ValueError(
            f"energies must have one entry per spectrum entry ({spectrum.eigenvalues.size}), got shape "
            f"{checked.shape}; an eigenspace has one energy, whatever its multiplicity"
        )
    return checked


def _refuse_target(target: object, outside_energy: float) -> None:
    """A function that another process finds, or a model that draws one; and it has an energy."""
    if inspect.isfunction(target):
        importable_name(target, "target")
    elif not isinstance(target, Model) or not callable(getattr(target, "draw", None)):
        raise TypeError(
            f"target must be a function or a model with a method draw(n_inputs, rng), got {repr(target)[:80]}; "
            "what is linear in x belongs in energies"
        )
    if outside_energy == 0:
        raise ValueError("outside_energy must be > 0 beside a target, whose energy E f² it is, got 0")


def entries_kurtosis(entries: str) -> float:
    """Excess kurtosis of the law named ``entries``; inf where the fourth moment does not exist."""
    known = {"gaussian": 0.0, "rademacher": -2.0, "uniform": -1.2}
    if entries in known:
        return known[entries]
    squares = squared_radii(entries)
    if squares:
        return 3 * (sum(w * w for w in squares) / 2 - 1)
    nu = student_degrees(entries)
    return 6 / (nu - 4) if nu > 4 else math.inf


def squared_radii(entries: str) -> tuple[float, float] | None:
    """The two equally likely squared radii of ``"ellipse(0.2, 1.8)"``; None for the laws of independent entries."""
    number = r"\s*(\d+\.?\d*|\.\d+)\s*"
    match = re.fullmatch(rf"ellipse\({number},{number}\)", entries if isinstance(entries, str) else "")
    if match is None:
        return None
    first, second = float(match[1]), float(match[2])
    if min(first, second) <= 0 or abs(first + second - 2) > 1e-12:
        raise ValueError(
            "entries must have squared radii that are > 0 and average to 1, as ellipse(0.2, 1.8), so that x has the "
            f"covariance of the spectrum; got {entries!r}"
        )
    return first, second


def student_degrees(entries: str) -> float:
    """Degrees of freedom of ``"student"`` or ``"student(7)"``."""
    match = re.fullmatch(r"student(?:\((\d+\.?\d*)\))?", entries if isinstance(entries, str) else "")
    nu = float(match[1] or 5) if match else 0.0
    if nu <= 2:
        raise ValueError(
            'entries must be "gaussian", "rademacher", "uniform", "student", "student(nu)" with nu > 2 degrees of '
            f'freedom, or "ellipse(a, b)" with squared radii a + b = 2, got {entries!r}'
        )
    return nu
