"""How samples are drawn: frozen models."""

from riskcalc.data.dataset import Dataset
from riskcalc.data.gaussian import GaussianData
from riskcalc.data.hypercube import HypercubeData
from riskcalc.data.latent_space import LatentSpaceData
from riskcalc.data.sphere import SphereData

__all__ = ["Dataset", "GaussianData", "HypercubeData", "LatentSpaceData", "SphereData"]
