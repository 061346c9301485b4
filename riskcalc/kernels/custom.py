"""A kernel of the user's own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from riskcalc.arguments import FloatArray, numbers
from riskcalc.kernels.kernel import ROUNDING, Kernel
from riskcalc.kernels.masses import Masses
from riskcalc.kernels.projection import parity_of, projected


@dataclass(frozen=True, eq=False, repr=False)
class Custom(Kernel):
    r"""A profile of the user's own; ``custom`` makes it.

    .. math:: K(x, z) = h(\langle x, z\rangle/d)

    Parameters
    ----------
    function : callable
        h: takes a float array of cosines in [-1, 1], gives real numbers of its shape.
    kink_points : array_like
        Points inside (-1, 1) where h or a derivative of it jumps.

    Raises
    ------
    ValueError
        If a kink is outside [-1, 1].
    TypeError
        If ``function`` is not a function.

    References
    ----------
    .. [1] derived

    Examples
    --------
    >>> import numpy as np
    >>> from riskcalc import kernels
    >>> kernels.custom(np.exp).profile(0.0, n_inputs=10)
    array(1.)
    """

    function: Callable[..., npt.ArrayLike]
    kink_points: npt.ArrayLike = ()

    def _checked(self) -> dict[str, object]:
        if not callable(self.function):
            raise TypeError(f"function must be a function of an array, got {self.function!r}")
        return {"kink_points": numbers("kinks", self.kink_points, at_least=-1, at_most=1, ndim=1)}

    def _profile(self, t: FloatArray, n_inputs: int) -> FloatArray:
        values = np.asarray(self.function(t))
        if values.shape != np.shape(t) or values.dtype.kind not in "iufb":
            raise ValueError(
                f"function must return real numbers of the shape of its argument {np.shape(t)}, got "
                f"{values.dtype} of shape {values.shape}; write it with numpy, elementwise"
            )
        if np.isnan(values).any():
            raise ValueError(f"function must not be nan, got nan at t = {np.asarray(t)[np.isnan(values)].flat[0]:g}")
        return values.astype(np.float64)

    def _gram(self, X: FloatArray, Z: FloatArray, same: bool) -> FloatArray:
        return self._profile(cosines_of_data(X, Z), X.shape[1])

    def _series(self, n_inputs: int) -> None:
        return None

    def _masses(self, n_inputs: int, max_degree: int, domain: str) -> Masses:
        kinks = tuple(map(float, np.asarray(self.kink_points)))

        def profile(t: FloatArray) -> FloatArray:
            return self._profile(t, n_inputs)

        return projected(profile, n_inputs, max_degree, domain, repr(self), kinks=kinks, parity=parity_of(profile))


def custom(function: Callable[..., npt.ArrayLike], kinks: Sequence[float] = ()) -> Custom:
    r"""A kernel of the user's own, given by its profile.

    .. math:: K(x, z) = h(\langle x, z\rangle/d), \qquad m_k = B(d, k)\,E\,h(t)P_k(t)

    Parameters
    ----------
    function : callable
        h: takes a float array of cosines in [-1, 1], gives real numbers of its shape.
    kinks : sequence of float
        Points inside (-1, 1) where h or a derivative of it jumps.

    Returns
    -------
    Kernel

    Raises
    ------
    ValueError
        By ``spectrum``: a function that is not positive definite, that cannot be integrated, or a degree whose mass
        is below the rounding of h (the largest safe degree is named; what lies beyond goes into the tail).
    TypeError
        If it is not a function.

    Notes
    -----
    Values are known to 1e-16, so masses to :math:`10^{-16}\sqrt{B(d, k)}`: few degrees in high dimension. A kernel with
    known Taylor coefficients has no such limit as ``kernels.Taylor``. Vectors must lie on :math:`\|x\|^2 = d`.

    References
    ----------
    .. [1] derived

    Examples
    --------
    >>> import numpy as np
    >>> import riskcalc as rc
    >>> mine = rc.kernels.custom(lambda t: np.exp(t) / np.e)
    >>> print(mine.spectrum(20, 3).masses.round(6))
    [0.377182 0.376328 0.178418 0.05398 ]
    """
    return Custom(function, kinks)


def cosines_of_data(X: FloatArray, Z: FloatArray) -> FloatArray:
    """⟨x, z⟩/d, which must be a cosine."""
    t = X @ Z.T / X.shape[1]
    beyond = np.abs(t).max(initial=0.0)
    if beyond > 1 + ROUNDING:
        raise ValueError(
            f"X must have rows of squared norm {X.shape[1]}, the number of inputs, got an overlap of {beyond:g}; "
            "rescale the rows"
        )
    return np.asarray(t.clip(-1, 1))


def cosines_on_the_sphere(X: FloatArray, Z: FloatArray) -> FloatArray:
    """⟨x, z⟩/d of rows that must have the squared norm d."""
    for name, rows in (("X", X), ("Z", Z)):
        squares = (rows**2).sum(axis=1) / X.shape[1]
        if (np.abs(squares - 1) > ROUNDING).any():
            raise ValueError(
                f"{name} must have rows of squared norm {X.shape[1]}, the number of inputs, got {name} with a row of "
                f"{X.shape[1] * squares[np.abs(squares - 1).argmax()]:g}: elsewhere this kernel has no closed form; "
                "rescale the rows"
            )
    return np.asarray((X @ Z.T / X.shape[1]).clip(-1, 1))
