"""What every target is: a frozen model with an energy in each degree, that draws a function with these energies."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from riskcalc.arguments import FloatArray, choice, whole
from riskcalc.harmonics.multiplicity import sizes
from riskcalc.model import Model

DOMAINS = ("sphere", "hypercube", "gaussian")
Function = Callable[[FloatArray], FloatArray]


@dataclass(frozen=True, eq=False)
class Energies:
    r"""The energy of a target in each degree.

    .. math:: F_k^2 = \|P_k f_*\|^2,\ k \le K, \qquad \sum_{k>K} F_k^2

    Parameters
    ----------
    by_degree : ndarray, shape (K + 1,)
        Energies of the degrees 0 ... K. Units of y².
    rest : float
        The energy of all degrees beyond. Units of y².

    References
    ----------
    .. [1] derived

    Examples
    --------
    >>> import riskcalc as rc
    >>> rc.targets.DegreeEnergies({1: 0.5, 4: 0.25}).energies(n_inputs=10, max_degree=2).total
    0.75
    """

    by_degree: FloatArray
    rest: float

    @property
    def total(self) -> float:
        """E f*²."""
        return float(self.by_degree.sum()) + self.rest


class Target(Model):
    r"""A function f* of x, known by its energies :math:`F_k^2`; a subclass gives ``_energies``, ``_draw`` and ``_top``.

    Domains: ``"sphere"``, x uniform on :math:`\|x\|^2 = d` with its harmonics; ``"hypercube"``, x uniform on
    :math:`\{\pm1\}^d` with the monomials :math:`\chi_S`; ``"gaussian"``, x ~ N(0, 1_d) with the products of Hermite
    polynomials.
    """

    def energies(self, n_inputs: int, max_degree: int, domain: str = "sphere") -> Energies:
        r"""Energy of each degree 0 ... max_degree, and of all beyond.

        Parameters
        ----------
        n_inputs : int, >= 2
            The dimension d.
        max_degree : int, >= 0
        domain : "sphere", "hypercube" or "gaussian"

        Returns
        -------
        Energies
            ``by_degree``, shape (max_degree + 1,), ``rest`` and their sum ``total`` = E f*². Units of y².

        Raises
        ------
        ValueError
            If an argument is outside its domain, or the target has degrees or variables that the domain lacks.
        """
        d, top = self._sizes(n_inputs, domain), whole("max_degree", max_degree)
        return self._energies(d, top, domain)

    def total_energy(self, n_inputs: int, domain: str = "sphere") -> float:
        """E f*², units of y²."""
        return self.energies(n_inputs, 0, domain).total

    def draw(self, n_inputs: int, rng: np.random.Generator, domain: str = "sphere") -> Function:
        """One function with exactly these energies, of the rows of X, shape (n, n_inputs).

        Parameters
        ----------
        n_inputs : int, >= 2
        rng : numpy.random.Generator
        domain : "sphere", "hypercube" or "gaussian"

        Returns
        -------
        function
            Of an array of shape (n, n_inputs); returns n values.

        Raises
        ------
        ValueError
            As ``energies``.
        """
        return self._draw(self._sizes(n_inputs, domain), rng, domain)

    def degree(self, n_inputs: int, domain: str = "sphere") -> float:
        """The largest degree with energy; inf if there is none, on the hypercube at most ``n_inputs``."""
        top = self._top(self._sizes(n_inputs, domain), domain)
        return min(top, n_inputs) if domain == "hypercube" else top

    def is_cyclic(self, n_inputs: int) -> bool:
        """Whether every function that is drawn is invariant under cyclic shifts of the coordinates."""
        return False

    def _sizes(self, n_inputs: object, domain: object) -> int:
        """The dimension, if the domain and the target have it."""
        choice("domain", domain, DOMAINS)
        return sizes("sphere", n_inputs, 0)[0]

    def _energies(self, n_inputs: int, max_degree: int, domain: str) -> Energies:
        raise NotImplementedError

    def _draw(self, n_inputs: int, rng: np.random.Generator, domain: str) -> Function:
        raise NotImplementedError

    def _top(self, n_inputs: int, domain: str) -> float:
        raise NotImplementedError


def split(energies: FloatArray, max_degree: int) -> Energies:
    """All energies, cut or padded with zeros at ``max_degree``."""
    listed = np.zeros(max_degree + 1)
    listed[: energies.size] = energies[: max_degree + 1]
    return Energies(listed, float(energies[max_degree + 1 :].sum()))


def unit_rows(count: int, n_inputs: int, rng: np.random.Generator) -> FloatArray:
    """Directions, uniform on the unit sphere, shape (count, n_inputs)."""
    rows = rng.standard_normal((count, n_inputs))
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True))
