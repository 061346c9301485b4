"""How samples are drawn: frozen models."""

from riskcalc.data.dataset import Dataset
from riskcalc.data.gaussian import GaussianData

__all__ = ["Dataset", "GaussianData"]
