"""The law of the eigenvalues of a sample covariance or a kernel matrix beside a histogram of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from riskcalc.arguments import numbers
from riskcalc.plot.style import cycle, require_matplotlib
from riskcalc.theory import MarchenkoPastur, SpectralLaw
from riskcalc.theory.limits import KernelSpectrum
from riskcalc.theory.spike import Spike

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.container import BarContainer
    from matplotlib.lines import Line2D

FAR = 1.5  # widths of the support beyond its right end, up to which eigenvalues and spikes are shown
POINTS = 400  # of a bulk, denser at its edges
ROUNDING = 1e-10  # eigenvalues below it, relative to the largest, are zeros


@dataclass(frozen=True, eq=False)
class SpectrumArtists:
    """What was drawn.

    Parameters
    ----------
    bulks : tuple of Line2D
        The density, one line per bulk.
    bars : BarContainer or None
        The histogram.
    spikes : tuple of Line2D
        One line per spike.

    References
    ----------
    .. [1] derived (a container of what was drawn)

    Examples
    --------
    >>> import riskcalc as rc
    >>> from matplotlib.figure import Figure
    >>> len(rc.plot.spectrum(rc.MarchenkoPastur(0.5), ax=Figure().subplots()).bulks)
    1
    """

    bulks: tuple[Line2D, ...]
    bars: BarContainer | None
    spikes: tuple[Line2D, ...]


def spectrum(
    law: MarchenkoPastur | SpectralLaw | KernelSpectrum,
    *,
    ax: Axes,
    eigenvalues: npt.ArrayLike | None = None,
    spikes: Spike | None = None,
    bins: int = 60,
) -> SpectrumArtists:
    r"""Draw the density of a spectral law, a histogram of sample eigenvalues, and where spikes are expected.

    .. math:: \int_{bulk} f(x)\,dx = 1 - \mathrm{atom}

    Parameters
    ----------
    law : MarchenkoPastur, SpectralLaw or KernelSpectrum
        A KernelSpectrum brings its own spikes.
    ax : matplotlib.axes.Axes
    eigenvalues : array_like, optional
        All p eigenvalues of a sample covariance, zeros included: they are the share of the atom; or all n of a kernel
        matrix.
    spikes : Spike, optional
        As ``riskcalc.spike`` gives them, one or an array; those that are not detached are left out.
    bins : int
        Of the histogram.

    Returns
    -------
    SpectrumArtists
        ``.bulks .bars .spikes``

    Raises
    ------
    TypeError
        If ``law`` is no spectral law.
    ValueError
        If eigenvalues are not a list of finite numbers.
    ImportError
        Without matplotlib.

    Notes
    -----
    The histogram is normalised like the density: its area is the share of positive eigenvalues. What is further beyond
    the bulk than 1.5 times its width is left out of the picture.

    References
    ----------
    .. [1] derived

    Examples
    --------
    >>> import numpy as np
    >>> import riskcalc as rc
    >>> from matplotlib.figure import Figure
    >>> from riskcalc import plot
    >>> law = rc.MarchenkoPastur(0.5)
    >>> spike = rc.spike(rc.Spectrum.isotropic(1.0), aspect_ratio=0.5, eigenvalue=4.0)
    >>> artists = plot.spectrum(law, ax=Figure().subplots(), eigenvalues=law.rvs(500, rng=0), spikes=spike)
    >>> len(artists.bulks), round(artists.spikes[0].get_xdata()[0], 3)
    (1, 4.667)
    """
    require_matplotlib()
    if not isinstance(law, (MarchenkoPastur, SpectralLaw, KernelSpectrum)):
        raise TypeError(f"law must be a MarchenkoPastur, a SpectralLaw or a KernelSpectrum, got {repr(law)[:80]}")
    styles = cycle()
    left, right = law.support[0, 0], law.support[-1, 1]
    end = right + FAR * (right - left)
    bars: Any = None
    if eigenvalues is not None:
        x = numbers("eigenvalues", eigenvalues, ndim=1)
        shown = x[(x > ROUNDING * x.max(initial=0.0)) & (x <= end)]
        if shown.size:
            width = np.ptp(shown) / bins or 1.0
            weights = np.full(shown.size, 1 / (x.size * width))
            _, _, bars = ax.hist(shown, bins, weights=weights, color="0.8", label="eigenvalues of the sample")
    bulks: list[Line2D] = []
    for start, stop in law.support:
        at = start + (stop - start) * np.sin(np.linspace(0, np.pi / 2, POINTS)) ** 2
        with np.errstate(divide="ignore"):
            density = law.pdf(at)
        finite = np.where(np.isfinite(density), density, np.nan)
        bulks += ax.plot(
            at, finite, color=styles[0]["color"], linestyle="-", marker="", label="_" * bool(bulks) + "theory"
        )
    places = law.spikes if isinstance(law, KernelSpectrum) else np.zeros(0)
    if spikes is not None:
        places = np.append(places, spikes.location[spikes.detached])
    marks = [
        ax.axvline(x, color=styles[1]["color"], linestyle="--", marker="", label="_" * bool(k) + "spike")
        for k, x in enumerate(places[places <= end].tolist())
    ]
    ax.set_xlabel("eigenvalue")
    ax.set_ylabel("density")
    if bars is not None and bulks:
        ax.set_ylim(0, 1.25 * max(float(patch.get_height()) for patch in bars))
    return SpectrumArtists(tuple(bulks), bars, tuple(marks))
