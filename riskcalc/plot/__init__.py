"""Pictures: theory as a line, simulation as points with error bars. Needs the extra ``plot`` (matplotlib)."""

from riskcalc.plot.artists import Artists
from riskcalc.plot.comparison import ComparisonArtists, comparison
from riskcalc.plot.curve import risk_curve
from riskcalc.plot.decomposition import decomposition
from riskcalc.plot.degrees import degrees
from riskcalc.plot.lazy import LazyArtists, lazy
from riskcalc.plot.lazy_or_trained import lazy_or_trained
from riskcalc.plot.learning_curve import LearningCurveArtists, learning_curve
from riskcalc.plot.parts import parts
from riskcalc.plot.phase_diagram import PhaseArtists, phase_diagram
from riskcalc.plot.picture import figure, map_figure
from riskcalc.plot.risk_map import MapArtists, risk_map
from riskcalc.plot.scaling import ScalingArtists, scaling
from riskcalc.plot.spectrum import SpectrumArtists, spectrum
from riskcalc.plot.staircase import staircase
from riskcalc.plot.style import STYLE, save
from riskcalc.plot.trajectory import trajectory

__all__ = [
    "STYLE",
    "Artists",
    "ComparisonArtists",
    "LazyArtists",
    "LearningCurveArtists",
    "MapArtists",
    "PhaseArtists",
    "ScalingArtists",
    "SpectrumArtists",
    "comparison",
    "decomposition",
    "degrees",
    "figure",
    "lazy",
    "lazy_or_trained",
    "learning_curve",
    "map_figure",
    "parts",
    "phase_diagram",
    "risk_curve",
    "risk_map",
    "save",
    "scaling",
    "spectrum",
    "staircase",
    "trajectory",
]
