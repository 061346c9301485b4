"""Kernels averaged over the cyclic shifts of the coordinates."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from riskcalc.arguments import FloatArray, instance
from riskcalc.harmonics import cyclic_multiplicity, sphere_multiplicity
from riskcalc.harmonics.multiplicity import sizes
from riskcalc.kernels.kernel import Kernel
from riskcalc.kernels.masses import Masses
from riskcalc.kernels.power_series import PowerSeries
from riskcalc.spectrum import Spectrum

FURTHER, MOST = 8, 1024  # degrees beyond those that are listed
NEGLIGIBLE = 1e-14  # of the trace


@dataclass(frozen=True, eq=False, repr=False)
class Cyclic(Kernel):
    r"""A kernel averaged over the cyclic shifts g of the coordinates.

    .. math:: K_{\rm inv}(x, z) = \frac1d\sum_g h\!\left(\frac{\langle x, gz\rangle}d\right), \qquad
              \xi_k \text{ as before, with multiplicity } D(d, k) \approx B(d, k)/d

    Parameters
    ----------
    kernel : Kernel
        The kernel that is averaged; itself not averaged already.

    Raises
    ------
    TypeError
        If it is no kernel, or averaged already.

    Notes
    -----
    It fits invariant functions only: use it with a target that is invariant. What lies beyond the degrees that are
    summed has the multiplicity B/d, which is right to 1e-9 of the trace (and to rounding for n_inputs >= 5). K(x, x) is
    not constant: the equivalent is good once n is about 40.

    References
    ----------
    .. [1] mei2021 (place not checked)

    Examples
    --------
    >>> import riskcalc as rc
    >>> print(rc.kernels.Cyclic(rc.kernels.Exponential()).spectrum(12, 3, "hypercube").multiplicities)
    [ 1.  1.  6. 19.]
    """

    kernel: Kernel

    def _checked(self) -> dict[str, object]:
        instance("kernel", self.kernel, Kernel, "use kernels.Cyclic(kernels.RBF()), say")
        if isinstance(self.kernel, Cyclic):
            raise TypeError(f"kernel must not be averaged already, got {self.kernel!r}")
        return {}

    def spectrum(self, n_inputs: int, max_degree: int, domain: str = "sphere") -> Spectrum:
        """Eigenvalues by degree as of the kernel itself, with the multiplicities of the invariant functions.

        Parameters
        ----------
        n_inputs : int, >= 2 (sphere) or >= 1 (hypercube)
        max_degree : int, >= 0
        domain : "sphere" or "hypercube"

        Returns
        -------
        Spectrum
            One entry per degree 0 ... max_degree; the rest of E K_inv(x, x) is the tail.

        Raises
        ------
        ValueError
            As the kernel itself.
        """
        _, listed = sizes(domain, n_inputs, max_degree)
        plain, counts, rest = self._resolved(n_inputs, listed, domain)
        with np.errstate(divide="ignore"):
            log_masses = plain.log_eigenvalues + np.log(counts)
        head = slice(listed + 1)
        tail = math.fsum(np.exp(log_masses[listed + 1 :])) + rest
        return Spectrum(plain.eigenvalues[head], plain.log_eigenvalues[head], log_masses[head], counts[head], tail)

    def second_moment(self, n_inputs: int, domain: str = "sphere") -> float:
        """E K_inv(x, x')² = Σ D ξ² over independent x and x'."""
        plain, counts, _ = self._resolved(n_inputs, 0, domain)
        return float(counts @ plain.eigenvalues**2)

    def _resolved(self, n_inputs: int, max_degree: int, domain: str) -> tuple[Spectrum, FloatArray, float]:
        """Spectrum of the kernel itself, D(d, k), and the trace beyond its last degree."""
        most = n_inputs if domain == "hypercube" else max_degree + MOST
        further = FURTHER
        while True:
            top = min(max_degree + further, most)
            plain = self.kernel.spectrum(n_inputs, top, domain)
            counts = [cyclic_multiplicity(n_inputs, k, domain) for k in range(top + 1)]
            if top == most or plain.tail * _uneven(n_inputs, counts, domain) <= NEGLIGIBLE * plain.trace:
                return plain, np.array(counts, dtype=np.float64), plain.tail / n_inputs
            further *= 2

    def _gram(self, X: FloatArray, Z: FloatArray, same: bool) -> FloatArray:
        d = X.shape[1]
        total = self.kernel._gram(X, Z, same)
        for g in range(1, d):
            total = total + self.kernel._gram(X, np.roll(Z, g, axis=1), False)
        return np.asarray(total / d)

    def _profile(self, t: FloatArray, n_inputs: int) -> FloatArray:
        raise ValueError(f"{self!r} is no function of ⟨x, z⟩; its kernel is")

    def _series(self, n_inputs: int) -> PowerSeries | None:
        return None

    def _masses(self, n_inputs: int, max_degree: int, domain: str) -> Masses:
        raise ValueError("a kernel averaged over shifts cannot be added to one that is not; average the sum")

    def __add__(self, other: Kernel) -> Kernel:
        return Cyclic(self.kernel + other.kernel) if isinstance(other, Cyclic) else NotImplemented

    def __mul__(self, factor: float) -> Kernel:
        return Cyclic(factor * self.kernel)

    __rmul__ = __mul__


def _uneven(n_inputs: int, counts: list[int], domain: str) -> float:
    """How far the last d multiplicities are from the d-th part of those without the symmetry, the worst of them."""
    if domain == "hypercube":
        return float(n_inputs)
    degrees = range(max(0, len(counts) - n_inputs), len(counts))
    return max(abs(n_inputs * counts[k] / sphere_multiplicity(n_inputs, k) - 1) for k in degrees)
