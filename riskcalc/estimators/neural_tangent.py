"""Ridge regression on the neural tangent features of a two-layer network."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from riskcalc.activations import Activation
from riskcalc.arguments import choice, instance, numbers, whole
from riskcalc.estimators.weights import LAWS, checked_weights, random_weights, refuse_other_width
from riskcalc.model import Model

LAYERS = ("first", "both")


@dataclass(frozen=True, eq=False, repr=False)
class NeuralTangentRidge(Model):
    r"""Ridge regression on the features of a two-layer network linearised in its first layer, or in both.

    .. math:: \hat f(x) = \frac1{\sqrt{Nd}}\sum_{j\le N}\langle\hat b_j,x\rangle\,\varphi'(\langle w_j,x\rangle), \qquad
              \hat b = \arg\min_b\sum_i\big(y_i-f(x_i;b)\big)^2+\lambda\|b\|^2

    Both layers add the random features :math:`\frac1{\sqrt N}\sum_ja_j\varphi(\langle w_j,x\rangle)`, with the same λ.

    Parameters
    ----------
    activation : activation
        φ of ``activations``, with a derivative.
    width : array_like, >= 0
        N, any shape; there are Nd parameters. inf is ridge regression with the neural tangent kernel.
    ridge : array_like, >= 0
        λ of the sum objective, any shape; units of φ'². Sources that leave out the 1/d have dλ.
    layers : {"first", "both"}
    weights : {"sphere", "gaussian"} or array_like, shape (width, n_inputs)
        The law of w: uniform on the unit sphere, N(0, I/d), or given weights, on which the risk is then conditional.

    Raises
    ------
    ValueError
        If a number is outside its domain, or width is not the number of given weights.
    TypeError
        If the activation is not one of ``activations``.

    References
    ----------
    .. [1] misiakiewicz2024 (lecture 5; place not checked)
    .. [2] montanari2022 (place not checked)

    Examples
    --------
    >>> import riskcalc as rc
    >>> rc.NeuralTangentRidge(rc.activations.Tanh(), width=1024, ridge=0.01)
    NeuralTangentRidge(activation=Tanh(), width=1024, ridge=0.01, layers='first', weights='sphere')
    """

    activation: Activation
    width: npt.ArrayLike = math.inf
    ridge: npt.ArrayLike = 0.0
    layers: str = "first"
    weights: str | npt.ArrayLike = "sphere"

    def _checked(self) -> dict[str, object]:
        instance("activation", self.activation, Activation, "use activations.ReLU(), or activations.custom(function)")
        width, weights = numbers("width", self.width, at_least=0, finite=False), checked_weights(self.weights)
        refuse_other_width(width, weights)
        return {
            "width": width,
            "ridge": numbers("ridge", self.ridge, at_least=0, finite=False),
            "layers": choice("layers", self.layers, LAYERS),
            "weights": weights,
        }

    @classmethod
    def of_random_weights(
        cls,
        activation: Activation,
        width: int,
        n_inputs: int,
        ridge: npt.ArrayLike = 0.0,
        layers: str = "first",
        weights: str = "sphere",
        rng: int = 0,
    ) -> Self:
        """With given weights that are drawn once, so that theory and experiment are conditional on the same ones.

        Parameters
        ----------
        activation, ridge, layers
            As for the class.
        width, n_inputs : int, >= 1
            N and d.
        weights : {"sphere", "gaussian"}
            The law that they are drawn from.
        rng : int, >= 0
            The seed.

        Returns
        -------
        NeuralTangentRidge

        Raises
        ------
        ValueError
            If a number is outside its domain.

        Examples
        --------
        >>> import riskcalc as rc
        >>> rc.NeuralTangentRidge.of_random_weights(rc.activations.ReLU(), width=15, n_inputs=40).weights.shape
        (15, 40)
        """
        rows, columns = whole("width", width, at_least=1), whole("n_inputs", n_inputs, at_least=1)
        drawn = random_weights(
            choice("weights", weights, LAWS), rows, columns, np.random.default_rng(whole("rng", rng))
        )
        return cls(activation, rows, ridge, layers, drawn)
