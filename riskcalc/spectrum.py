"""The population spectrum: eigenvalues, their multiplicities, and a tail that acts as a ridge."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt
import scipy.linalg

from riskcalc.arguments import FloatArray, numbers, positive_part, symmetric
from riskcalc.infinite_spectra import Exponential, Logarithmic, PowerLaw, SpectrumNodes
from riskcalc.model import Model

SPECTRUM_HINT = "use Spectrum.from_eigenvalues(...)"
BLOCK = 1 << 18  # entries of one (points x eigenvalues) block: small enough for the cache, whatever the grid


@dataclass(frozen=True, eq=False, repr=False)
class Spectrum(Model):
    r"""Eigenvalues :math:`\sigma_i`, multiplicities :math:`m_i`, and a tail of small eigenvalues known by its trace.

    .. math:: \mathrm{df}_1(\kappa) = \sum_i \frac{m_i\sigma_i}{\sigma_i+\kappa} + \frac{t}{\kappa}, \qquad
              \mathrm{df}_2(\kappa) = \sum_i \frac{m_i\sigma_i^2}{(\sigma_i+\kappa)^2}

    Parameters
    ----------
    eigenvalues : array_like, >= 0, shape (k,)
        In any order; zeros count in ``n_features``, not in ``rank``. Units of the squared features.
    log_eigenvalues, log_masses : array_like, shape (k,)
        Natural logarithms of the eigenvalues and of the masses :math:`m_i\sigma_i` (-inf for zero): what a float
        cannot hold is kept here.
    multiplicities : array_like, >= 0, shape (k,)
        Real numbers; inf where only the mass is finite.
    tail : float, >= 0
        Trace :math:`t` of eigenvalues too small to be resolved. It acts as a ridge: t/κ in df1, nothing in df2.

    Raises
    ------
    ValueError
        Eigenvalues that are empty, negative, nan or infinite, or arrays of unequal length.

    Notes
    -----
    Use the named constructors; this one takes what they store. ``eigenvalues`` keeps the digits that were given.

    References
    ----------
    .. [1] cheng2024 (place not checked)

    Examples
    --------
    >>> import riskcalc as rc
    >>> spectrum = rc.Spectrum.from_eigenvalues([4.0, 1.0, 0.0], multiplicities=[10, 20, 5])
    >>> spectrum.rank, spectrum.n_features, spectrum.trace
    (30.0, 35.0, 60.0)
    >>> print(spectrum.df1(1.0))
    18.0
    """

    eigenvalues: FloatArray
    log_eigenvalues: FloatArray
    log_masses: FloatArray
    multiplicities: FloatArray
    tail: float = 0.0

    def _checked(self) -> dict[str, object]:
        size = np.shape(self.eigenvalues)
        if len(size) != 1 or size[0] == 0:
            raise ValueError(f"eigenvalues must be a non-empty list, got shape {size}; give at least one eigenvalue")
        checked: dict[str, object] = {
            "eigenvalues": numbers("eigenvalues", self.eigenvalues, at_least=0),
            "log_eigenvalues": numbers("log_eigenvalues", self.log_eigenvalues, finite=False),
            "log_masses": numbers("log_masses", self.log_masses, finite=False),
            "multiplicities": numbers("multiplicities", self.multiplicities, at_least=0, finite=False),
            "tail": float(numbers("tail", self.tail, at_least=0, ndim=0)),
        }
        for name in ("log_eigenvalues", "log_masses", "multiplicities"):
            if np.shape(getattr(self, name)) != size:
                raise ValueError(
                    f"{name} must have one entry per eigenvalue ({size[0]}), got shape {np.shape(getattr(self, name))}"
                )
        if not np.all(np.asarray(checked["log_masses"]) < 700):
            raise ValueError("masses (multiplicity times eigenvalue) must be finite, got inf; the trace must exist")
        self._refuse_contradictions()
        return checked

    def _refuse_contradictions(self) -> None:
        sigma, m = np.asarray(self.eigenvalues, dtype=float), np.asarray(self.multiplicities, dtype=float)
        with np.errstate(divide="ignore", invalid="ignore"):
            logs = {"log_eigenvalues": np.log(sigma), "log_masses": np.log(sigma) + np.log(m)}
            held = (sigma > 1e-300) & np.isfinite(m) & (m > 0)
            for name, expected in logs.items():
                if (np.abs(np.asarray(getattr(self, name)) - expected) > 1e-6)[held].any():
                    raise ValueError(f"{name} must be those of eigenvalues and multiplicities; use a named constructor")

    @classmethod
    def from_eigenvalues(cls, eigenvalues: npt.ArrayLike, multiplicities: npt.ArrayLike = 1, tail: float = 0) -> Self:
        """Spectrum of the given eigenvalues.

        Parameters
        ----------
        eigenvalues : array_like, >= 0, shape (k,)
            A scalar is one eigenvalue.
        multiplicities : array_like, >= 0, shape (k,) or scalar
            Real numbers are legal: ratios instead of counts.
        tail : float, >= 0
            Trace of what is not listed.

        Returns
        -------
        Spectrum

        Raises
        ------
        ValueError
            Negative, nan or infinite entries, or a multiplicity list of another length.

        Examples
        --------
        >>> import riskcalc as rc
        >>> rc.Spectrum.from_eigenvalues([2.0, 1.0], tail=0.5).trace
        3.5
        """
        sigma = numbers("eigenvalues", eigenvalues, at_least=0)
        sigma = sigma.reshape(1) if sigma.ndim == 0 else sigma
        m = _multiplicities(multiplicities, sigma)
        with np.errstate(divide="ignore"):
            log_sigma = np.log(sigma)
            return cls(sigma, log_sigma, log_sigma + np.log(m), m, tail)

    @classmethod
    def from_log_eigenvalues(
        cls, log_eigenvalues: npt.ArrayLike, multiplicities: npt.ArrayLike = 1, tail: float = 0
    ) -> Self:
        """Spectrum given by natural logarithms, for eigenvalues that a float cannot hold.

        Parameters
        ----------
        log_eigenvalues : array_like, shape (k,)
            -inf is the eigenvalue 0.
        multiplicities : array_like, >= 0, shape (k,) or scalar
        tail : float, >= 0

        Returns
        -------
        Spectrum

        Raises
        ------
        ValueError
            Entries that are nan or above 700, or a multiplicity list of another length.

        Examples
        --------
        >>> import riskcalc as rc
        >>> spectrum = rc.Spectrum.from_log_eigenvalues([-1000.0, -2000.0])
        >>> print(rc.log_effective_ridge(spectrum, n_samples=1, ridge=0))
        -1500.0
        """
        log_sigma = numbers("log_eigenvalues", log_eigenvalues, at_most=700, finite=False, ndim=1)
        m = _multiplicities(multiplicities, log_sigma)
        with np.errstate(divide="ignore", under="ignore", over="ignore"):
            return cls(np.exp(log_sigma), log_sigma, log_sigma + np.log(m), m, tail)

    @classmethod
    def from_masses(
        cls,
        log_eigenvalues: npt.ArrayLike,
        masses: npt.ArrayLike,
        multiplicities: npt.ArrayLike | None = None,
        tail: float = 0,
    ) -> Self:
        """Spectrum given by masses (multiplicity times eigenvalue), as kernels on the sphere give it.

        Parameters
        ----------
        log_eigenvalues : array_like, shape (k,)
        masses : array_like, >= 0, shape (k,)
        multiplicities : array_like, >= 0, shape (k,), optional
            Mass over eigenvalue if not given (inf where a float cannot hold it).
        tail : float, >= 0

        Returns
        -------
        Spectrum

        Raises
        ------
        ValueError
            Negative or infinite masses, or lists of unequal length.

        Examples
        --------
        >>> import riskcalc as rc
        >>> rc.Spectrum.from_masses([0.0, -3.0], masses=[1.0, 0.5]).trace
        1.5
        """
        log_sigma = numbers("log_eigenvalues", log_eigenvalues, at_most=700, finite=False, ndim=1)
        mass = numbers("masses", masses, at_least=0)
        if mass.shape != log_sigma.shape:
            raise ValueError(f"masses must have one entry per eigenvalue ({log_sigma.size}), got shape {mass.shape}")
        with np.errstate(divide="ignore", under="ignore", over="ignore"):
            log_mass = np.log(mass)
            if multiplicities is None:
                m = np.where(mass > 0, np.exp(log_mass - np.maximum(log_sigma, -1e300)), 0.0)
            else:
                m = numbers("multiplicities", multiplicities, at_least=0, finite=False)
            return cls(np.exp(log_sigma), log_sigma, log_mass, m, tail)

    @classmethod
    def isotropic(cls, n_features: float, eigenvalue: float = 1) -> Self:
        """One eigenvalue with multiplicity ``n_features``.

        Parameters
        ----------
        n_features : float, > 0
            A count or a ratio.
        eigenvalue : float, >= 0

        Returns
        -------
        Spectrum

        Raises
        ------
        ValueError
            If a number is outside its domain.

        Examples
        --------
        >>> import riskcalc as rc
        >>> rc.Spectrum.isotropic(200).trace
        200.0
        """
        size = numbers("n_features", n_features, above=0, ndim=0)
        return cls.from_eigenvalues(numbers("eigenvalue", eigenvalue, at_least=0, ndim=0), size)

    @classmethod
    def power_law(cls, exponent: float, n_features: float = np.inf, scale: float = 1) -> Self:
        r"""Eigenvalues :math:`c\,i^{-\alpha}`, i = 1, 2, ...; infinitely many unless ``n_features`` is given.

        Parameters
        ----------
        exponent : float
            α > 1 if infinite, α >= 0 if finite.
        n_features : float
            A whole number up to 1e8, or inf.
        scale : float, > 0
            c.

        Returns
        -------
        Spectrum
            If infinite: a few hundred nodes with positive weights that give every sum of the theory to 1e-12
            (exponents 1.02 to 4, n_samples up to 1e12), without truncation.

        Raises
        ------
        ValueError
            If a number is outside its domain.

        References
        ----------
        .. [1] derived (Gregory end weights, Gauss panels and Gauss-Jacobi closing)

        Examples
        --------
        >>> import riskcalc as rc
        >>> print(f"{rc.Spectrum.power_law(2.0).trace:.13f}")  # pi^2 / 6
        1.6449340668482
        """
        log_scale = math.log(numbers("scale", scale, above=0, ndim=0))
        if n_features == np.inf:
            return cls._of_nodes(PowerLaw(power_law_exponent(exponent), log_scale).nodes())
        alpha = float(numbers("exponent", exponent, at_least=0, ndim=0))
        index = indices(n_features)
        with np.errstate(under="ignore"):
            sigma, log_sigma = scale * index**-alpha, log_scale - alpha * np.log(index)
        return cls(sigma, log_sigma, log_sigma, np.ones_like(sigma))

    @classmethod
    def logarithmic(cls, exponent: float) -> Self:
        r"""Eigenvalues :math:`1/(i(1+\log i)^\beta)`, i = 1, 2, ...: ridgeless fits are benign, at the rate 1/log n.

        Parameters
        ----------
        exponent : float
            β > 1.

        Returns
        -------
        Spectrum
            Infinite: several hundred nodes, of which the first 248 are the eigenvalues themselves, that give every sum
            of the theory to 1e-13 (exponents 1.02 to 20) for κ above ten times the eigenvalue of index 1e20.

        Raises
        ------
        ValueError
            If the exponent is not above 1: there is no trace.

        Notes
        -----
        Ridgeless, κ ≃ (log n)^(1-β)/((β-1)n) and df2/n ≃ (β-1)/log n.

        References
        ----------
        .. [1] derived (Gregory end weights, Gauss panels in 1 + log i, and the remainder in closed form)

        Examples
        --------
        >>> import numpy as np
        >>> import riskcalc as rc
        >>> spectrum = rc.Spectrum.logarithmic(2.0)
        >>> kappa = rc.effective_ridge(spectrum, n_samples=[1e4, 1e16], ridge=0)
        >>> print(spectrum.df2(kappa) / [1e4, 1e16] * np.log([1e4, 1e16]))
        [0.96045618 1.01947642]
        """
        hint = "eigenvalues without a trace have no ridgeless limit"
        return cls._of_nodes(Logarithmic(float(numbers("exponent", exponent, above=1, ndim=0, hint=hint))).nodes())

    @classmethod
    def exponential(cls, rate: float, max_samples: float = 10_000) -> Self:
        r"""Eigenvalues :math:`e^{-ai}`, i = 1, 2, ...: ridgeless fits are catastrophic, with variance ≃ τ²(an - 1).

        Parameters
        ----------
        rate : float, > 0 and <= 700
            a.
        max_samples : float, > 0 and <= 1e7
            Ridgeless fits are resolved up to this n_samples, or 500/a if that is more. A larger one costs one node per
            sample (for a > 0.02).

        Returns
        -------
        Spectrum
            Infinite: nodes that give every sum of the theory to 1e-13 down to that κ. Eigenvalues below 1e-308 live in
            ``log_eigenvalues``.

        Raises
        ------
        ValueError
            If a number is outside its domain.

        Notes
        -----
        Ridgeless with an ≫ 1, log κ ≃ -a(n + ½) and n - df2 ≃ 1/a. The equivalent is reliable only where that is ≫ 1:
        for a of order 1 and more the mean of the test error is dominated by rare samples.

        References
        ----------
        .. [1] derived (eigenvalue by eigenvalue, or Gauss panels where the decay is slow, and a geometric remainder)

        Examples
        --------
        >>> import riskcalc as rc
        >>> spectrum = rc.Spectrum.exponential(0.5)
        >>> print(rc.log_effective_ridge(spectrum, n_samples=9000, ridge=0).round(6), spectrum.rank)
        -4500.25 inf
        """
        a = float(numbers("rate", rate, above=0, at_most=700, ndim=0))
        most = float(numbers("max_samples", max_samples, above=0, at_most=1e7, ndim=0))
        return cls._of_nodes(Exponential.resolving(a, most).nodes())

    @classmethod
    def _of_nodes(cls, nodes: SpectrumNodes) -> Self:
        """Spectrum of a rule for infinitely many eigenvalues."""
        with np.errstate(under="ignore"):
            return cls(np.exp(nodes.log_sigma), nodes.log_sigma, nodes.log_masses, nodes.multiplicities)

    @classmethod
    def from_covariance(cls, matrix: npt.ArrayLike) -> Self:
        """Eigenvalues of a covariance matrix, descending.

        Parameters
        ----------
        matrix : array_like, shape (p, p)
            Symmetric positive semidefinite.

        Returns
        -------
        Spectrum

        Raises
        ------
        ValueError
            If the matrix is not square, not symmetric, or has a negative eigenvalue beyond rounding.

        Examples
        --------
        >>> import riskcalc as rc
        >>> rc.Spectrum.from_covariance([[2.0, 0.0], [0.0, 3.0]]).eigenvalues
        array([3., 2.])
        """
        sigma = np.asarray(scipy.linalg.eigvalsh(symmetric("matrix", matrix))[::-1], dtype=np.float64)
        return cls.from_eigenvalues(positive_part("matrix", sigma))

    @classmethod
    def from_samples(cls, X: npt.ArrayLike) -> Self:
        r"""Eigenvalues of the sample second moment :math:`X^\top X/m`, descending, each with multiplicity 1.

        Parameters
        ----------
        X : array_like, shape (m, p)
            Rows are samples; centre them first if the mean is not to count.

        Returns
        -------
        Spectrum
            p eigenvalues; with fewer rows than columns the last p - m are zero.

        Raises
        ------
        ValueError
            If X is not a non-empty table of finite numbers.

        Examples
        --------
        >>> import riskcalc as rc
        >>> rc.Spectrum.from_samples([[1.0, 0.0], [0.0, 2.0]]).eigenvalues
        array([2. , 0.5])
        """
        table = numbers("X", X, ndim=2)
        if table.size == 0:
            raise ValueError(f"X must have at least one row and one column, got shape {table.shape}")
        singular = scipy.linalg.svdvals(table)
        sigma = np.zeros(table.shape[1])
        sigma[: singular.size] = singular**2 / len(table)
        sigma[sigma < np.finfo(float).eps * max(table.shape) * sigma[0]] = 0.0
        return cls.from_eigenvalues(sigma)

    @property
    def masses(self) -> FloatArray:
        """Multiplicity times eigenvalue, shape (k,)."""
        with np.errstate(invalid="ignore", over="ignore"):
            product: FloatArray = self.multiplicities * self.eigenvalues
        unheld = ~(np.isfinite(product) & (product > 0)) & (self.log_masses > -np.inf)
        product[unheld] = np.exp(self.log_masses[unheld])
        product[self.log_masses == -np.inf] = 0.0
        return np.nan_to_num(product, copy=False)

    @property
    def trace(self) -> float:
        """Sum of all eigenvalues, the tail included."""
        return _exact_sum(self.masses) + self.tail

    @property
    def rank(self) -> float:
        """Number of positive eigenvalues; inf if there is a tail."""
        return math.inf if self.tail > 0 else _exact_sum(self.multiplicities[self.log_eigenvalues > -np.inf])

    @property
    def n_features(self) -> float:
        """Number of eigenvalues, zeros included; inf if there is a tail."""
        return math.inf if self.tail > 0 else _exact_sum(self.multiplicities)

    def df1(self, kappa: npt.ArrayLike, /) -> FloatArray:
        r"""Degrees of freedom :math:`\mathrm{Tr}\,\Sigma(\Sigma+\kappa)^{-1}`, the tail as t/κ.

        Parameters
        ----------
        kappa : array_like, > 0
            Units of the eigenvalues.

        Returns
        -------
        ndarray
            Shape of ``kappa``; dimensionless.

        Raises
        ------
        ValueError
            If ``kappa`` is not positive.

        Examples
        --------
        >>> import riskcalc as rc
        >>> print(rc.Spectrum.isotropic(200).df1(1.0))
        100.0
        """
        kappa = numbers("kappa", kappa, above=0)
        return self._summed(kappa, lambda share: 1.0) + self.tail / kappa

    def df2(self, kappa: npt.ArrayLike, /) -> FloatArray:
        r"""Degrees of freedom :math:`\mathrm{Tr}\,\Sigma^2(\Sigma+\kappa)^{-2}`; the tail does not count.

        Parameters
        ----------
        kappa : array_like, > 0
            Units of the eigenvalues.

        Returns
        -------
        ndarray
            Shape of ``kappa``; dimensionless.

        Raises
        ------
        ValueError
            If ``kappa`` is not positive.

        Examples
        --------
        >>> import riskcalc as rc
        >>> print(rc.Spectrum.isotropic(200).df2(1.0))
        50.0
        """
        kappa = numbers("kappa", kappa, above=0)
        return self._summed(kappa, lambda share: share)

    def _summed(self, kappa: FloatArray, weight: Callable[[FloatArray], FloatArray | float]) -> FloatArray:
        """Sum of mass/(σ+κ) times a weight of the share σ/(σ+κ); no square, so that any κ is legal."""
        flat, masses, out = kappa.ravel(), self.masses, np.empty(kappa.size)
        step = max(1, BLOCK // masses.size)
        for start in range(0, flat.size, step):
            total = self.eigenvalues + flat[start : start + step, None]
            out[start : start + step] = (masses / total * weight(self.eigenvalues / total)).sum(axis=1)
        return out.reshape(kappa.shape)

    def __repr__(self) -> str:
        tail = f", tail={self.tail:g}" if self.tail else ""
        return f"Spectrum(n_features={self.n_features:g}, trace={self.trace:g}{tail})"


def power_law_exponent(exponent: float) -> float:
    """The exponent of an infinite power law: above 1, so that the trace is finite."""
    return float(numbers("exponent", exponent, above=1, ndim=0, hint="or give a finite n_features"))


def indices(n_features: float) -> FloatArray:
    """1, 2, ..., ``n_features``."""
    size = float(numbers("n_features", n_features, at_least=1, at_most=1e8, ndim=0, hint="or inf"))
    if size != int(size):
        raise ValueError(f"n_features must be a whole number or inf for a power law, got {size:g}")
    return np.arange(1, int(size) + 1, dtype=np.float64)


def _multiplicities(multiplicities: npt.ArrayLike, eigenvalues: FloatArray) -> FloatArray:
    m = numbers("multiplicities", multiplicities, at_least=0)
    if m.ndim and m.shape != eigenvalues.shape:
        raise ValueError(f"multiplicities must have one entry per eigenvalue ({eigenvalues.size}), got shape {m.shape}")
    return np.broadcast_to(m, eigenvalues.shape)


def _exact_sum(values: FloatArray) -> float:
    """Correctly rounded sum (so that ten tenths are one); whole numbers are exact either way."""
    return math.fsum(values) if values.size <= 10_000 else float(values.sum())
