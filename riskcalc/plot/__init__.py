"""Pictures: theory as a line, simulation as points with error bars. Needs the extra ``plot`` (matplotlib)."""

from riskcalc.plot.curve import Artists, decomposition, risk_curve
from riskcalc.plot.degrees import degrees
from riskcalc.plot.picture import figure
from riskcalc.plot.risk_map import MapArtists, risk_map
from riskcalc.plot.spectrum import SpectrumArtists, spectrum
from riskcalc.plot.style import STYLE, save

__all__ = [
    "STYLE",
    "Artists",
    "MapArtists",
    "SpectrumArtists",
    "decomposition",
    "degrees",
    "figure",
    "risk_curve",
    "risk_map",
    "save",
    "spectrum",
]
