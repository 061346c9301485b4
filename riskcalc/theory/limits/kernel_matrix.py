"""The eigenvalues of a kernel matrix: a spike for each harmonic of the lower degrees, and one bulk."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from riskcalc.arguments import FloatArray, choice, instance, numbers, whole
from riskcalc.harmonics import hypercube_multiplicity, sphere_multiplicity
from riskcalc.harmonics.multiplicity import DOMAINS, sizes
from riskcalc.kernels import Kernel
from riskcalc.spectrum import Spectrum
from riskcalc.theory.linear_regime import KERNEL_HINT
from riskcalc.theory.marchenko_pastur import MarchenkoPastur

HIGHEST = 32  # degree that is tried where the level is chosen


@dataclass(frozen=True, eq=False)
class KernelSpectrum:
    r"""The law of the n eigenvalues of a kernel matrix, as they are counted.

    .. math:: \sum_{k<\ell} \frac{B_k}n\,\delta_{n\xi_k+m_{>k}} + \frac{n'}n(\lambda_{>\ell}+m_\ell\,\mathrm{MP}_\psi),
              \qquad n' = n - \sum_{k<\ell}B_k, \quad \psi = \frac{n'}{B_\ell}

    Parameters
    ----------
    spikes, multiplicities : ndarray, shape (number of degrees below the level that the kernel has,)
        Where the spikes are, in the order of the degrees, and how many eigenvalues are there. Units of the kernel.
    bulk : MarchenkoPastur
        The law of the bulk before it is scaled and shifted; its aspect ratio is ψ.
    shift, scale : float
        :math:`\lambda_{>\ell}` and :math:`m_\ell`.
    n_samples : int
        n.
    level : int
        ℓ.

    References
    ----------
    .. [1] misiakiewicz2022 (place not checked)
    .. [2] lu2022 (place not checked)

    Examples
    --------
    >>> import riskcalc as rc
    >>> law = rc.limits.kernel_spectrum(rc.kernels.Exponential(), n_inputs=100, n_samples=400)
    >>> print(law.level, law.atom, law.cdf([law.shift, 100.0, 1000.0]))
    1 0.7475 [0.7475 0.9975 1.    ]
    """

    spikes: FloatArray
    multiplicities: FloatArray
    bulk: MarchenkoPastur
    shift: float
    scale: float
    n_samples: int
    level: int

    @property
    def share(self) -> float:
        """Share n'/n of the eigenvalues that is in the bulk; it tends to 1."""
        return 1 - float(self.multiplicities.sum()) / self.n_samples

    @property
    def support(self) -> FloatArray:
        """Ends of the bulk, shape (1, 2); units of the kernel."""
        return self.shift + self.scale * self.bulk.support

    @property
    def atom(self) -> FloatArray:
        """Share of the eigenvalues at ``shift``: those of the bulk beyond the number of harmonics."""
        return self.share * self.bulk.atom

    def pdf(self, x: npt.ArrayLike, /) -> FloatArray:
        """Density of the bulk's continuous part, counted as a share of all eigenvalues.

        Parameters
        ----------
        x : array_like
            Units of the kernel.

        Returns
        -------
        ndarray
            Of the shape of x; its integral is ``share - atom``.

        Raises
        ------
        ValueError
            If x is nan.
        """
        y = (numbers("x", x, finite=False) - self.shift) / self.scale
        return self.share * self.bulk.pdf(y) / self.scale

    def cdf(self, x: npt.ArrayLike, /) -> FloatArray:
        """Share of the eigenvalues that are at most x: bulk, atom and spikes.

        Parameters
        ----------
        x : array_like
            Units of the kernel.

        Returns
        -------
        ndarray
            Of the shape of x.

        Raises
        ------
        ValueError
            If x is nan.
        """
        at = numbers("x", x, finite=False)
        spiked = (at[..., None] >= self.spikes) @ self.multiplicities
        return np.asarray(self.share * self.bulk.cdf((at - self.shift) / self.scale) + spiked / self.n_samples)


def kernel_spectrum(
    kernel: Kernel, n_inputs: int, n_samples: int, level: int | None = None, domain: str = "sphere"
) -> KernelSpectrum:
    r"""Spectrum of :math:`K_{ij} = h(\langle x_i, x_j\rangle/d)` for n of the order of the harmonics of one degree ℓ.

    .. math:: B_k \text{ eigenvalues near } n\xi_k + m_{>k} \;(k<\ell), \qquad
              \text{the others } \lambda_{>\ell} + m_\ell\,\mathrm{MP}_\psi \text{ on }
              \lambda_{>\ell} + m_\ell\,(1\pm\sqrt\psi)^2

    Parameters
    ----------
    kernel : Kernel
    n_inputs : int, >= 2 (sphere) or >= 1 (hypercube)
        The dimension d of the inputs, uniform on the sphere :math:`\|x\|^2 = d` or on the hypercube.
    n_samples : int, >= 1
        n, more than there are harmonics of the degrees below the level.
    level : int, >= 1, optional
        ℓ; a degree that the kernel has. Left out, the one whose number of harmonics is nearest to n, as a ratio.
    domain : "sphere" or "hypercube"

    Returns
    -------
    KernelSpectrum
        ``.spikes .multiplicities .support .atom .pdf(x) .cdf(x)``

    Raises
    ------
    ValueError
        If a number is outside its domain, n is too small for the level, or the kernel has no such degree.
    TypeError
        If ``kernel`` is not a Kernel.

    Notes
    -----
    The limit d → ∞, :math:`n/B_\ell \to \psi`. The eigenvalues that spikes take are not counted in
    :math:`\psi = (n-\sum_{k<\ell}B_k)/B_\ell`, which is the same in the limit and nearer in finite dimension. There,
    the atom at :math:`\lambda_{>\ell}` (ψ > 1) is spread by degree ℓ + 1 over a width of
    :math:`m_{\ell+1}\sqrt{n/B_{\ell+1}}`, and spikes of a degree over a relative width of :math:`\sqrt{B_k/n}`.

    References
    ----------
    .. [1] misiakiewicz2022 (place not checked)
    .. [2] lu2022 (place not checked)
    .. [3] elkaroui2010 (place not checked)

    Examples
    --------
    >>> import riskcalc as rc
    >>> law = rc.limits.kernel_spectrum(rc.kernels.Taylor([0.3, 1, 1, 0.02]), n_inputs=40, n_samples=400)
    >>> print(law.level, law.spikes.round(2), law.multiplicities, law.support.round(3))
    2 [132.    11.01] [ 1. 40.] [[0.13  2.712]]
    """
    instance("kernel", kernel, Kernel, KERNEL_HINT)
    domain = choice("domain", domain, DOMAINS)
    d, n = sizes(domain, n_inputs, 0)[0], whole("n_samples", n_samples, at_least=1)
    top = _highest(domain, d, n) if level is None else whole("level", level, at_least=1)
    spectrum = kernel.spectrum(d, top, domain)
    counts = np.where(spectrum.masses > 0, spectrum.multiplicities, 0.0)
    below = np.cumsum(counts) - counts
    ell = _nearest(kernel, counts, below, n) if level is None else top
    _refuse_level(kernel, spectrum, ell, n, float(below[ell]))
    masses = spectrum.masses
    beyond = spectrum.tail + np.cumsum(masses[::-1])[::-1] - masses  # m_{>k}
    spiked = np.flatnonzero(counts[:ell])
    return KernelSpectrum(
        spikes=n * spectrum.eigenvalues[spiked] + beyond[spiked],
        multiplicities=counts[spiked],
        bulk=MarchenkoPastur((n - below[ell]) / counts[ell]),
        shift=float(beyond[ell]),
        scale=float(masses[ell]),
        n_samples=n,
        level=ell,
    )


def _highest(domain: str, d: int, n: int) -> int:
    """Two degrees beyond the first that has n harmonics: one of them has the parity of the kernel."""
    multiplicity = sphere_multiplicity if domain == "sphere" else hypercube_multiplicity
    most = HIGHEST if domain == "sphere" else min(HIGHEST, d)
    first = next((k for k in range(1, most) if multiplicity(d, k) >= n), most)
    return min(first + 2, most)


def _nearest(kernel: Kernel, counts: FloatArray, below: FloatArray, n: int) -> int:
    """The level ℓ >= 1 that the kernel has, whose number of harmonics is nearest to n as a ratio."""
    allowed = (counts > 0) & (below < n)
    allowed[0] = False
    if not allowed.any():
        raise ValueError(f"kernel must have a degree >= 1, got {kernel!r} with a constant profile")
    distance = np.where(allowed, np.abs(np.log(np.where(allowed, counts, 1.0)) - math.log(n)), np.inf)
    return int(np.argmin(distance))


def _refuse_level(kernel: Kernel, spectrum: Spectrum, level: int, n: int, below: float) -> None:
    if spectrum.masses[level] == 0:
        has = ", ".join(str(k) for k in np.flatnonzero(spectrum.masses > 0))
        raise ValueError(f"level must be a degree that the kernel has, got {level} for {kernel!r}, which has {has}")
    if n <= below:
        raise ValueError(
            f"n_samples must be above the number of harmonics of the degrees below the level {level}, {below:g}, got "
            f"{n}; take a lower level"
        )
