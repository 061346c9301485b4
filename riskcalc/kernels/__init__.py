"""Kernels: functions of vectors, with their profile h(t) and their spectrum on the sphere and on the hypercube."""

from riskcalc.kernels.arc_cosine import ArcCosine
from riskcalc.kernels.custom import Custom, custom
from riskcalc.kernels.cyclic import Cyclic
from riskcalc.kernels.dual import Dual, Erf
from riskcalc.kernels.exponentials import RBF, Exponential, Laplace
from riskcalc.kernels.kernel import Kernel
from riskcalc.kernels.neural_tangent import NeuralTangent
from riskcalc.kernels.polynomials import Monomial, Polynomial, Taylor
from riskcalc.kernels.relu_network import ReluGaussianProcess, ReluNeuralTangent

__all__ = [
    "RBF",
    "ArcCosine",
    "Custom",
    "Cyclic",
    "Dual",
    "Erf",
    "Exponential",
    "Kernel",
    "Laplace",
    "Monomial",
    "NeuralTangent",
    "Polynomial",
    "ReluGaussianProcess",
    "ReluNeuralTangent",
    "Taylor",
    "custom",
]
