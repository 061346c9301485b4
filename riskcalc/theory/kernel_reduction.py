"""The spectrum of a kernel on the sphere or the hypercube by degree, and what is known of its tail."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from riskcalc.data import HypercubeData, SphereData
from riskcalc.harmonics import log_hypercube_multiplicity, log_sphere_multiplicity
from riskcalc.kernels import Kernel
from riskcalc.kernels.cyclic import Cyclic
from riskcalc.spectrum import Spectrum
from riskcalc.theory.problem import Problem

Inputs = SphereData | HypercubeData

LOG_ENOUGH = math.log(1e12)  # log of a multiplicity that no number of samples comes near
NEGLIGIBLE, LARGE = 1e-18, 1e-3  # of the trace
FIRST, PLENTY, MOST = 8, 256, 1024  # degrees
ROUNDING = 8 * float(np.finfo(float).eps)
SMALLEST = 1e-290  # added to bounds from above that may underflow
REFUSAL = "max_degree must be"  # how a kernel says that a degree is lost in rounding


@dataclass(frozen=True)
class Tail:
    r"""Degrees beyond the last: their number K + 1, the trace :math:`s_1 = \sum_{k>K} m_k`, and bounds from above.

    ``mean`` bounds :math:`\sum_{k>K} m_k\xi_k/s_1` and ``largest`` bounds :math:`\max_{k>K}\xi_k`. (With the symmetry
    of shifts: :math:`D\xi` in place of :math:`m`.)
    """

    trace: float
    mean: float
    largest: float


def refuse_variant_target(data: Inputs, kernel: Kernel) -> None:
    """A kernel averaged over shifts sees invariant functions only."""
    if isinstance(kernel, Cyclic) and not data.target.is_cyclic(data.n_inputs):
        raise ValueError(
            f"target must be invariant under cyclic shifts for {kernel!r}, got {data.target!r}; "
            'use targets.DegreeEnergies({1: 1.0}, symmetry="cyclic")'
        )


def kernel_spectrum(data: Inputs, kernel: Kernel, max_degree: int | None = None) -> Spectrum:
    """The kernel's eigenvalues by degree, up to ``max_degree``, or as many as are needed if it is None."""
    refuse_variant_target(data, kernel)
    if max_degree is not None:
        return kernel.spectrum(data.n_inputs, max_degree, data.domain)
    top = data.target.degree(data.n_inputs, data.domain)
    return _resolved(kernel, data.n_inputs, data.domain, int(top) if math.isfinite(top) else 0)


def kernel_problem(data: Inputs, kernel: Kernel, max_degree: int | None = None) -> Problem:
    """Eigenvalues and energies by degree up to ``max_degree`` (chosen if it is None), the rest in tail and outside."""
    spectrum = kernel_spectrum(data, kernel, max_degree)
    energies = data.target.energies(data.n_inputs, spectrum.eigenvalues.size - 1, data.domain)
    return Problem(spectrum, energies.by_degree, data.noise, energies.rest)


def _resolved(kernel: Kernel, n_inputs: int, domain: str, at_least: int) -> Spectrum:
    """Degrees until no n comes near their multiplicity, nothing is left, or the kernel's digits are exhausted."""
    most = n_inputs if domain == "hypercube" else MOST
    top = min(max(FIRST, at_least), most)
    spectrum = _largest_safe(kernel, n_inputs, domain, top)
    while spectrum.eigenvalues.size == top + 1 and top < most and not _enough(spectrum, n_inputs, domain):
        top = min(2 * top, most)
        spectrum = _largest_safe(kernel, n_inputs, domain, top)
    return spectrum


def _enough(spectrum: Spectrum, n_inputs: int, domain: str) -> bool:
    """On the hypercube multiplicities fall again beyond d/2, so that only s_2 bounds the eigenvalues of the tail.

    Its rounding must be far below κ > s_1/n: the tail is either large or nothing, or falls too slowly to become so.
    """
    following = spectrum.eigenvalues.size
    if spectrum.tail == 0 and not underflows(spectrum, n_inputs, domain):
        return True
    if domain == "sphere":
        return float(log_sphere_multiplicity(n_inputs, following)) >= LOG_ENOUGH
    many = 2 * following <= n_inputs and float(log_hypercube_multiplicity(n_inputs, following)) >= LOG_ENOUGH
    return many and (following > PLENTY or not NEGLIGIBLE * spectrum.trace < spectrum.tail < LARGE * spectrum.trace)


def underflows(spectrum: Spectrum, n_inputs: int, domain: str) -> bool:
    """Whether there are degrees beyond the last although their trace is 0 as a float."""
    complete = domain == "hypercube" and spectrum.eigenvalues.size > n_inputs
    return spectrum.tail == 0 and not complete and bool((spectrum.log_masses[-2:] > -np.inf).any())


def _largest_safe(kernel: Kernel, n_inputs: int, domain: str, top: int) -> Spectrum:
    """The spectrum up to ``top``, or up to the last degree below it that the kernel does not refuse."""
    try:
        return kernel.spectrum(n_inputs, top, domain)
    except ValueError as error:
        if not str(error).startswith(REFUSAL) or top == 0:
            raise
    safe, refused = kernel.spectrum(n_inputs, 0, domain), top
    while refused - safe.eigenvalues.size > 0:
        middle = (refused + safe.eigenvalues.size) // 2
        try:
            safe = kernel.spectrum(n_inputs, middle, domain)
        except ValueError:
            refused = middle
    return safe


def tail_of(data: Inputs, kernel: Kernel, spectrum: Spectrum) -> Tail:
    r"""Bounds by :math:`s_2 = \mathrm{E}h^2 - \sum_{k\le K} m_k\xi_k` with its rounding, and by multiplicities.

    :math:`\max\xi \le \sqrt{s_2}`, and :math:`\max\xi \le s_1/B(d,K+1)` on the sphere, where B grows with the degree.
    """
    trace = spectrum.tail
    if trace == 0:
        return Tail(0.0, 0.0, 0.0)
    moment = kernel.second_moment(data.n_inputs, data.domain)
    square = max(moment - float(spectrum.masses @ spectrum.eigenvalues), 0.0) + ROUNDING * moment + SMALLEST
    largest = min(math.sqrt(square), trace * _largest_share(data, kernel, spectrum.eigenvalues.size))
    return Tail(trace, min(square / trace, largest), largest)


def _largest_share(data: Inputs, kernel: Kernel, degree: int) -> float:
    """What one eigenvalue beyond can have of the trace beyond: the inverse of the smallest multiplicity there."""
    if data.domain == "hypercube":
        return 1.0
    fewer = 2.0 * data.n_inputs if isinstance(kernel, Cyclic) else 1.0
    return min(1.0, fewer * math.exp(-float(log_sphere_multiplicity(data.n_inputs, degree))))
