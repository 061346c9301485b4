"""Ridge regression on random features."""

from __future__ import annotations

from dataclasses import dataclass

import numpy.typing as npt

from riskcalc.activations import Activation
from riskcalc.arguments import instance, numbers
from riskcalc.estimators.weights import checked_weights, refuse_other_width
from riskcalc.model import Model


@dataclass(frozen=True, eq=False, repr=False)
class RandomFeatureRidge(Model):
    r"""Ridge regression on N random features: a two-layer network of which the second layer is trained.

    .. math:: \hat f(x) = \frac1{\sqrt N}\sum_{j\le N}\hat a_j\,\varphi(\langle w_j,x\rangle), \qquad
              \hat a = \arg\min_a\sum_i\big(y_i-f(x_i;a)\big)^2+\lambda\|a\|^2

    Parameters
    ----------
    activation : activation
        φ of ``activations``.
    width : array_like, >= 0
        N, any shape, a count or a ratio; inf is ridge regression with the kernel E_w φ(⟨w,x⟩)φ(⟨w,x'⟩).
    ridge : array_like, >= 0
        λ of the sum objective, any shape; units of φ². 0 is the minimum-norm interpolator, inf predicts zero. Features
        that are not divided by √N have the penalty Nλ.
    weights : {"sphere", "gaussian"} or array_like, shape (width, n_inputs)
        The law of w: uniform on the unit sphere, N(0, I/d), or given weights, on which the risk is then conditional.

    Raises
    ------
    ValueError
        If a number is outside its domain, or width is not the number of given weights.
    TypeError
        If the activation is not one of ``activations``.

    Notes
    -----
    On SphereData and HypercubeData the theory takes every degree of the kernel of infinite width in d dimensions
    (``kernels.Dual``), nothing linearised; on GaussianData its linear part, for n and N of the order of d, with the
    variance Tr Σ/d of ⟨w,x⟩ (``random_features.moments``). Both are right up to a share of order 1/(n - df2) +
    1/(N - df2). Given weights are a problem of ridge regression, averaged over the directions of the target; they need
    norm 1, unless φ is a power on each side of 0, or erf of Gaussian x. The columns of given weights are in the order
    of the spectrum, directions of variance 0 last.

    References
    ----------
    .. [1] misiakiewicz2024 (lecture 4; place not checked)
    .. [2] meimontanari2022 (place not checked)
    .. [3] defilippis2024 (place not checked)

    Examples
    --------
    >>> import riskcalc as rc
    >>> data = rc.SphereData(100, rc.targets.DegreeEnergies({1: 1.0, 2: 0.3}), noise=0.25)
    >>> risk = rc.predict(data, rc.RandomFeatureRidge(rc.activations.ReLU(), width=200, ridge=0.1), n_samples=200)
    >>> print(risk.test.round(4), risk.effective_ridge.round(5), risk.feature_ridge.round(5))
    1.2094 0.00202 0.00101
    >>> rc.RandomFeatureRidge(rc.activations.ReLU(), width=[100, 300], ridge=1e-3)
    RandomFeatureRidge(activation=ReLU(), width=[100, 300], ridge=0.001, weights='sphere')
    """

    activation: Activation
    width: npt.ArrayLike
    ridge: npt.ArrayLike
    weights: str | npt.ArrayLike = "sphere"

    def _checked(self) -> dict[str, object]:
        instance("activation", self.activation, Activation, "use activations.ReLU(), or activations.custom(function)")
        width, weights = numbers("width", self.width, at_least=0, finite=False), checked_weights(self.weights)
        refuse_other_width(width, weights)
        return {
            "width": width,
            "ridge": numbers("ridge", self.ridge, at_least=0, finite=False),
            "weights": weights,
        }
