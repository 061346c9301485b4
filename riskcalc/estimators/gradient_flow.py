"""Gradient flow stopped early."""

from __future__ import annotations

from dataclasses import dataclass

import numpy.typing as npt

from riskcalc.arguments import instance, numbers
from riskcalc.kernels import Kernel
from riskcalc.model import Model


@dataclass(frozen=True, eq=False, repr=False)
class GradientFlow(Model):
    r"""Gradient flow on the mean square, from 0 for a time.

    .. math:: \dot\theta = \frac1nX^\mathsf{T}(y-X\theta),\quad \theta(0) = 0, \qquad
              \hat\theta = \hat\Sigma^+\big(1-e^{-t\hat\Sigma}\big)\frac{X^\mathsf{T}y}n,
              \quad \hat\Sigma = \frac{X^\mathsf{T}X}n

    .. math:: \hat f(x) = K(x, X)\,K^+\big(1-e^{-tK/n}\big)\,y, \qquad K = K(X, X)

    Parameters
    ----------
    time : array_like, >= 0
        t of the flow on :math:`\|y-X\theta\|^2/2n`, any shape; units of one over the squared features, or over the
        kernel. 0 predicts zero, inf is the minimum-norm interpolator, ``Ridge(0)`` or ``KernelRidge(kernel, 0)``. As
        the loss is a mean, it does not grow with the sizes: ``scale`` leaves it alone. Gradient descent with small
        steps η has t = η × steps.
    kernel : kernel, optional
        The flow is that of the kernel's features, as of a linearised network with its neural tangent kernel; for
        SphereData and HypercubeData. None is the linear model in the features of the data, for GaussianData and
        LatentSpaceData.

    Raises
    ------
    ValueError
        If a time is negative or nan.
    TypeError
        If ``kernel`` is not a kernel.

    Notes
    -----
    The comparable ridge is λ = n/t: along an eigenvector of :math:`\hat\Sigma` with eigenvalue s the flow has fitted
    :math:`1-e^{-ts}` of the labels, and ridge regression :math:`ts/(1+ts)`. The flow is ahead, by at most 0.2036322
    of the labels and by a factor of at most 1.2984256.

    References
    ----------
    .. [1] ali2019 (place not checked)

    Examples
    --------
    >>> import riskcalc as rc
    >>> data = rc.GaussianData.isotropic(100, noise=1.0)
    >>> print(rc.predict(data, rc.GradientFlow([0.5, 2, 8]), n_samples=200).test.round(4))
    [1.5181 1.4521 1.7664]
    """

    time: npt.ArrayLike
    kernel: Kernel | None = None

    def _checked(self) -> dict[str, object]:
        if self.kernel is not None:
            instance("kernel", self.kernel, Kernel, "use None for the linear model, or a kernel of riskcalc.kernels")
        return {"time": numbers("time", self.time, at_least=0, finite=False)}


def kernel_of(flow: GradientFlow, data: Model) -> Kernel:
    """The kernel of a flow on data that have no linear model of their own; TypeError if it is None."""
    if flow.kernel is None:
        raise TypeError(
            f"kernel must be given for {type(data).__name__}, which has no features of its own, got None; "
            "use GradientFlow(time, kernel=kernels.RBF())"
        )
    return flow.kernel
