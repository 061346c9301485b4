"""Kernel ridge regression."""

from __future__ import annotations

from dataclasses import dataclass

import numpy.typing as npt

from riskcalc.arguments import instance, numbers
from riskcalc.kernels import Kernel
from riskcalc.model import Model


@dataclass(frozen=True, eq=False, repr=False)
class KernelRidge(Model):
    r"""Kernel ridge regression with the *sum* objective.

    .. math:: \hat f = \arg\min_f \sum_i (y_i - f(x_i))^2 + \lambda\|f\|_K^2, \qquad
              \hat f(x) = K(x, X)\,(K(X, X) + \lambda)^{-1} y

    Parameters
    ----------
    kernel : model of ``kernels``
    ridge : array_like, >= 0
        λ, any shape; units of the kernel. The same number as ``alpha`` of scikit-learn's ``KernelRidge``. 0 is the
        interpolator of least norm, and inf predicts zero.

    Raises
    ------
    ValueError
        If a ridge is negative or nan.
    TypeError
        If the kernel is not one of ``kernels``.

    References
    ----------
    .. [1] misiakiewicz2024 (lecture 3; place not checked)

    Examples
    --------
    >>> import riskcalc as rc
    >>> rc.KernelRidge(rc.kernels.Polynomial(2), ridge=[0, 0.1])
    KernelRidge(kernel=Polynomial(degree=2, constant=1.0), ridge=[0, 0.1])
    """

    kernel: Kernel
    ridge: npt.ArrayLike

    def _checked(self) -> dict[str, object]:
        instance("kernel", self.kernel, Kernel, "use kernels.RBF(), or kernels.custom(function)")
        return {"ridge": numbers("ridge", self.ridge, at_least=0, finite=False)}
