"""What hypothesis draws: spectra, problems and points (n_samples, ridge), the hard ones on purpose.

Eigenvalues span up to 20 decades, multiplicities are counts or multiples of 1/8 (so that the rank is exact in floats
and in mpmath alike), and n comes near the rank from either side.
"""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

import riskcalc as rc

DECADES = (0, 1, 4, 16, 20)
TINY_RIDGES = (0.0, 1e-300, 1e-200, 1e-100, 1e-30, 1e-16)
OFFSETS = (0.0, 1.0, -1.0, 1e-9, -1e-9)


def powers_of_ten(low: float, high: float) -> st.SearchStrategy[float]:
    return st.floats(low, high).map(lambda exponent: 10.0**exponent)


counts = st.integers(1, 60).map(float)
eighths = st.integers(1, 400).map(lambda k: k / 8)
ridges = st.one_of(st.sampled_from(TINY_RIDGES), powers_of_ten(-12, 6), powers_of_ten(-300, 6))


@st.composite
def spectra(draw: st.DrawFn, *, tails: bool = True, zeros: bool = True, max_size: int = 8) -> rc.Spectrum:
    """One eigenvalue or several, up to condition number 1e20, with multiplicities, zeros and a tail."""
    size = draw(st.integers(1, max_size))
    decades = draw(st.sampled_from(DECADES))
    scale = draw(powers_of_ten(-6, 6))
    eigenvalues = scale * 10.0 ** -np.array(draw(st.lists(st.floats(0, decades), min_size=size, max_size=size)))
    if size > 1:
        eigenvalues[-1] = scale * 10.0**-decades  # the condition number is reached
    multiplicities = draw(
        st.lists(draw(st.sampled_from([st.just(1.0), counts, eighths])), min_size=size, max_size=size)
    )
    if zeros and draw(st.booleans()):
        eigenvalues, multiplicities = [*eigenvalues, 0.0], [*multiplicities, draw(counts)]
    tail = draw(st.one_of(st.just(0.0), powers_of_ten(-12, 1))) if tails else 0.0
    return rc.Spectrum.from_eigenvalues(eigenvalues, multiplicities, tail)


@st.composite
def points(draw: st.DrawFn, spectrum: rc.Spectrum) -> tuple[float, float]:
    """(n_samples, ridge) with n_samples > 0, often at the rank of what is listed or close to it."""
    listed = float(spectrum.multiplicities[spectrum.eigenvalues > 0].sum())
    near = st.sampled_from(OFFSETS).map(lambda offset: listed + offset).filter(lambda n: n > 0)
    away = powers_of_ten(-3, 3).map(lambda share: share * listed)
    return draw(st.one_of(near, away)), draw(ridges)


@st.composite
def problems(draw: st.DrawFn, spectrum: rc.Spectrum) -> rc.Problem:
    """Energies and noise of any size or none."""
    size = spectrum.eigenvalues.size
    amounts = st.one_of(st.just(0.0), st.just(1.0), powers_of_ten(-8, 4))
    energies = draw(st.lists(amounts, min_size=size, max_size=size))
    return rc.Problem(spectrum, energies, noise=draw(amounts), outside_energy=draw(amounts))


@st.composite
def solved(draw: st.DrawFn, **kinds: bool) -> tuple[rc.Problem, float, float]:
    """A problem with a point."""
    spectrum = draw(spectra(**kinds))
    n, ridge = draw(points(spectrum))
    return draw(problems(spectrum)), n, ridge


@st.composite
def tables(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, float, float]:
    """(eigenvalues of the m × m kernel matrix, squared projections, n, ridge): 0 < n <= m, and n < rank at ridge 0."""
    m = draw(st.integers(2, 9))
    rank = draw(st.integers(1, m))
    scale, decades = draw(powers_of_ten(-6, 6)), draw(st.sampled_from(DECADES))
    s = np.zeros(m)
    s[:rank] = scale * 10.0 ** -np.array(draw(st.lists(st.floats(0, decades), min_size=rank, max_size=rank)))
    amounts = st.one_of(st.just(0.0), st.just(1.0), powers_of_ten(-8, 4))
    c = np.array(draw(st.lists(amounts, min_size=m, max_size=m)))
    n = draw(st.one_of(st.integers(1, m).map(float), st.floats(1e-3, 1).map(lambda share: share * m)))
    n = min(draw(st.sampled_from([n, rank, rank + 1e-9, rank - 1e-9])), float(m))
    ridge = draw(ridges)
    return s, c, n, ridge if ridge > 0 or n < rank else 1e-16
