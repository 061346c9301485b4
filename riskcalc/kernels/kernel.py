"""What every kernel is: a function of vectors, a profile h(t), and a spectrum by degree."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from riskcalc.arguments import FloatArray, choice, numbers, whole
from riskcalc.harmonics import angle_nodes
from riskcalc.harmonics.multiplicity import DOMAINS, sizes
from riskcalc.kernels.hypercube_law import hypercube_law
from riskcalc.kernels.hypercube_walk import hypercube_masses
from riskcalc.kernels.masses import Masses, added
from riskcalc.kernels.multiplicities import multiplicities
from riskcalc.kernels.power_series import PowerSeries
from riskcalc.kernels.sphere_walk import sphere_masses
from riskcalc.model import Model
from riskcalc.spectrum import Spectrum

ROUNDING = 1e-12  # how far beyond ±1 rounding may put a cosine
BY_DIFFERENCE = 1e-9  # a tail below this share of h(1) is summed, not subtracted
FINITE_RANK = 1e-13
FURTHER = 64


class Kernel(Model):
    r"""A kernel :math:`K(x, x') = h(\langle x, x'\rangle/d)` on :math:`\|x\|^2 = d`.

    A subclass gives ``_profile`` and either ``_series`` (Taylor coefficients) or ``_masses``; ``_gram`` where it is
    more than h of the inner products.
    """

    def __call__(self, X: npt.ArrayLike, Z: npt.ArrayLike | None = None, /) -> FloatArray:
        """Gram matrix of the rows of X and Z (X and X if there is no Z), shape ``X.shape[:-1] + Z.shape[:-1]``."""
        left = numbers("X", X)
        right = left if Z is None else numbers("Z", Z)
        if left.ndim == 0 or right.ndim == 0 or left.shape[-1] != right.shape[-1] or left.shape[-1] == 0:
            raise ValueError(f"X and Z must have as many columns, got shapes {left.shape} and {right.shape}")
        d = left.shape[-1]
        gram = self._gram(left.reshape(-1, d), right.reshape(-1, d), Z is None)
        return gram.reshape(left.shape[:-1] + right.shape[:-1])

    def profile(self, t: npt.ArrayLike, n_inputs: int) -> FloatArray:
        r"""The function h(t) of :math:`t = \langle x, x'\rangle/d` on :math:`\|x\|^2 = d`.

        Parameters
        ----------
        t : array_like, -1 <= t <= 1
        n_inputs : int, >= 1
            The dimension d.

        Returns
        -------
        ndarray
            Of the shape of ``t``.

        Raises
        ------
        ValueError
            If ``t`` or ``n_inputs`` is outside its domain.
        """
        cosines = numbers("t", t, at_least=-1 - ROUNDING, at_most=1 + ROUNDING, hint="it is a cosine")
        return np.asarray(self._profile(cosines.clip(-1, 1), whole("n_inputs", n_inputs, at_least=1)))

    def spectrum(self, n_inputs: int, max_degree: int, domain: str = "sphere") -> Spectrum:
        r"""Eigenvalues by degree, x uniform on the sphere :math:`\|x\|^2 = d` or on the hypercube :math:`\{\pm1\}^d`.

        .. math:: h(t) = \sum_k B(d, k)\,\xi_k\,P_k(t)

        Parameters
        ----------
        n_inputs : int, >= 2 (sphere) or >= 1 (hypercube)
            The dimension d.
        max_degree : int, >= 0, on the hypercube <= n_inputs
            The last degree that is listed.
        domain : "sphere" or "hypercube"

        Returns
        -------
        Spectrum
            One entry per degree 0 ... max_degree, exactly 0 where parity forbids; the rest of h(1) is the tail.

        Raises
        ------
        ValueError
            A kernel that is not positive definite (the degree and the mass are named), h(1) infinite, or a degree
            whose mass is lost in rounding (the largest safe degree is named).
        """
        domain = choice("domain", domain, DOMAINS)
        d, top = sizes(domain, n_inputs, max_degree)
        if not math.isfinite(self._total(d)):
            raise ValueError(f"kernel must have a finite h(1), got {self._total(d)} for {self!r} with n_inputs={d}")
        log_masses = self._masses(d, top, domain).checked(repr(self), d, domain)
        m, log_m = multiplicities(d, top, domain)
        log_eigenvalues = log_masses - log_m
        with np.errstate(under="ignore"):
            tail = self._tail(np.exp(log_masses), d, domain)
            return Spectrum(np.exp(log_eigenvalues), log_eigenvalues, log_masses, m, tail)

    def taylor(self, n_inputs: int, n_terms: int) -> FloatArray:
        r"""Taylor coefficients :math:`h^{(j)}(0)/j!` of the profile.

        Parameters
        ----------
        n_inputs : int, >= 1
            The dimension d.
        n_terms : int, >= 1

        Returns
        -------
        ndarray, shape (n_terms,)

        Raises
        ------
        ValueError
            If the kernel is known by its values only.
        """
        size = whole("n_terms", n_terms, at_least=1)
        series = self._series(whole("n_inputs", n_inputs, at_least=1))
        if series is None:
            raise ValueError(
                f"{self!r} is known by its values only; kernels.Taylor(coefficients) has Taylor coefficients"
            )
        return series.values(size)

    def second_moment(self, n_inputs: int, domain: str = "sphere") -> float:
        r"""Second moment :math:`E\,h(t)^2 = \sum_k m_k \xi_k` of the profile.

        Parameters
        ----------
        n_inputs : int, >= 2 (sphere) or >= 1 (hypercube)
            The dimension d.
        domain : "sphere" or "hypercube"

        Returns
        -------
        float

        Raises
        ------
        ValueError
            If an argument is outside its domain.
        """
        d, _ = sizes(choice("domain", domain, DOMAINS), n_inputs, 0)
        if domain == "hypercube":
            t, weights = hypercube_law(d)
        else:
            rule = angle_nodes(d, 64, halvings=30)
            t, weights = rule.points, rule.weights
        return float(weights @ self._profile(t, d) ** 2)

    def __add__(self, other: Kernel) -> Kernel:
        return Sum(self, other) if isinstance(other, Kernel) else NotImplemented

    def __mul__(self, factor: float) -> Kernel:
        return Scaled(factor, self)

    __rmul__ = __mul__

    def _profile(self, t: FloatArray, n_inputs: int) -> FloatArray:
        """h(t)."""
        raise NotImplementedError

    def _gram(self, X: FloatArray, Z: FloatArray, same: bool) -> FloatArray:
        """h(⟨x, z⟩/d) for rows of X and Z; ``same`` if they are the same rows."""
        return self._profile(X @ Z.T / X.shape[1], X.shape[1])

    def _series(self, n_inputs: int) -> PowerSeries | None:
        """Taylor coefficients, if they are known."""
        raise NotImplementedError

    def _total(self, n_inputs: int) -> float:
        """h(1)."""
        with np.errstate(over="ignore", divide="ignore"):
            return float(self._profile(np.array(1.0), n_inputs))

    def _masses(self, n_inputs: int, max_degree: int, domain: str) -> Masses:
        """Masses of the degrees 0 ... max_degree."""
        series = self._series(n_inputs)
        assert series is not None
        if domain == "sphere":
            return sphere_masses(series, n_inputs, max_degree)
        profile = partial(self._profile, n_inputs=n_inputs)
        return hypercube_masses(series, profile, multiplicities(n_inputs, max_degree, domain)[1], n_inputs)

    def _tail(self, masses: FloatArray, n_inputs: int, domain: str) -> float:
        """h(1) less the masses of the listed degrees; summed from the next degrees where that loses digits."""
        total, listed = self._total(n_inputs), masses.size
        rest = total - math.fsum(masses)
        if rest > BY_DIFFERENCE * total:
            return rest
        top = listed - 1 + FURTHER if domain == "sphere" else min(n_inputs, listed - 1 + FURTHER)
        further = self._masses(n_inputs, top, domain)
        if further.n_resolved < further.logs.size:
            return rest if rest > FINITE_RANK * total else 0.0
        checked = np.exp(further.checked(repr(self), n_inputs, domain)[listed:])
        beyond = math.fsum(checked)
        return max(rest, beyond) if rest > FINITE_RANK * total else beyond


@dataclass(frozen=True, eq=False, repr=False)
class Sum(Kernel):
    """The sum of two kernels; write it ``first + second``."""

    first: Kernel
    second: Kernel

    def _profile(self, t: FloatArray, n_inputs: int) -> FloatArray:
        return self.first._profile(t, n_inputs) + self.second._profile(t, n_inputs)

    def _gram(self, X: FloatArray, Z: FloatArray, same: bool) -> FloatArray:
        return self.first._gram(X, Z, same) + self.second._gram(X, Z, same)

    def _masses(self, n_inputs: int, max_degree: int, domain: str) -> Masses:
        return added(
            self.first._masses(n_inputs, max_degree, domain), self.second._masses(n_inputs, max_degree, domain)
        )

    def _total(self, n_inputs: int) -> float:
        return self.first._total(n_inputs) + self.second._total(n_inputs)

    def _series(self, n_inputs: int) -> PowerSeries | None:
        parts = self.first._series(n_inputs), self.second._series(n_inputs)
        return None if parts[0] is None or parts[1] is None else parts[0] + parts[1]

    def __repr__(self) -> str:
        return f"{self.first!r} + {self.second!r}"


@dataclass(frozen=True, eq=False, repr=False)
class Scaled(Kernel):
    """A positive multiple of a kernel; write it ``factor * kernel``."""

    factor: float
    kernel: Kernel

    def _checked(self) -> dict[str, object]:
        return {
            "factor": float(numbers("factor", self.factor, above=0, ndim=0, hint="a kernel stays positive definite"))
        }

    def _profile(self, t: FloatArray, n_inputs: int) -> FloatArray:
        return self.factor * self.kernel._profile(t, n_inputs)

    def _gram(self, X: FloatArray, Z: FloatArray, same: bool) -> FloatArray:
        return self.factor * self.kernel._gram(X, Z, same)

    def _masses(self, n_inputs: int, max_degree: int, domain: str) -> Masses:
        return self.kernel._masses(n_inputs, max_degree, domain).scaled(math.log(self.factor))

    def _total(self, n_inputs: int) -> float:
        return self.factor * self.kernel._total(n_inputs)

    def _series(self, n_inputs: int) -> PowerSeries | None:
        series = self.kernel._series(n_inputs)
        return None if series is None else series.scaled(math.log(self.factor))

    def __repr__(self) -> str:
        return (
            f"{self.factor:g} * ({self.kernel!r})"
            if isinstance(self.kernel, Sum)
            else f"{self.factor:g} * {self.kernel!r}"
        )
