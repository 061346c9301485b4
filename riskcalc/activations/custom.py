"""An activation of the user's own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from riskcalc.activations.activation import Activation, Parity
from riskcalc.arguments import FloatArray, numbers

PROBES = np.linspace(0.017, 12.3, 97)  # where a function is asked whether it is even or odd


@dataclass(frozen=True, eq=False, repr=False)
class Custom(Activation):
    r"""A function of the user's own; make it with ``custom``.

    .. math:: c_k = \frac{1}{\sqrt{2\pi k!}}\int \varphi(x)\,He_k(x)\,e^{-x^2/2}\,dx

    Parameters
    ----------
    function : callable
        φ.
    slope : callable or None
        φ'.
    kink_points : array_like, shape (m,)
        Where φ or a derivative of it jumps; kept ascending.

    Raises
    ------
    ValueError
        A function that gives another shape, nan or inf.
    TypeError
        If it is not a function.

    References
    ----------
    .. [1] derived

    Examples
    --------
    >>> import numpy as np
    >>> import riskcalc as rc
    >>> rc.activations.custom(np.sinc).parity
    'even'
    """

    function: Callable[..., npt.ArrayLike]
    slope: Callable[..., npt.ArrayLike] | None
    kink_points: npt.ArrayLike = ()

    def _checked(self) -> dict[str, object]:
        for name, value in (("function", self.function), ("derivative", self.slope)):
            if not callable(value) and (name == "function" or value is not None):
                raise TypeError(f"{name} must be a function of an array, got {value!r}")
        points = np.unique(numbers("kinks", self.kink_points, ndim=1))
        _values(self.function, PROBES, "function")
        if self.slope is not None:
            _values(self.slope, PROBES, "derivative")
        return {"kink_points": numbers("kinks", points)}

    @property
    def is_named(self) -> bool:
        """No: another function may have the same name one day."""
        return False

    @property
    def kinks(self) -> tuple[float, ...]:
        """Points where the function or a derivative of it jumps, as given."""
        return tuple(map(float, np.asarray(self.kink_points)))

    @property
    def parity(self) -> Parity:
        """Even or odd if the function is at 97 pairs ±x, to the last digit or two."""
        right, left = self(PROBES), self(-PROBES)
        allowed = 4 * np.finfo(float).eps * np.abs(right)
        if (np.abs(right - left) <= allowed).all():
            return "even"
        return "odd" if (np.abs(right + left) <= allowed).all() else None

    def _value(self, x: FloatArray) -> FloatArray:
        return _values(self.function, x, "function")

    def _slope(self, x: FloatArray) -> FloatArray:
        if self.slope is None:
            raise ValueError("this activation has no derivative; give one: activations.custom(function, derivative)")
        return _values(self.slope, x, "derivative")


def _values(function: Callable[..., npt.ArrayLike], x: FloatArray, name: str) -> FloatArray:
    """Values of the user's function, if they are real, finite and as many as the points."""
    values = np.asarray(function(x))
    if values.shape != x.shape:
        raise ValueError(
            f"{name} must return an array of the shape of its argument {x.shape}, got {values.shape}; "
            "write it with numpy, elementwise"
        )
    if values.dtype.kind not in "iufb":
        raise ValueError(f"{name} must return real numbers, got dtype {values.dtype}")
    if not np.isfinite(values).all():
        bad = x[~np.isfinite(values)].flat[0]
        raise ValueError(f"{name} must be finite, got {values[~np.isfinite(values)].flat[0]} at x = {bad:g}")
    return values.astype(np.float64)


def custom(
    function: Callable[..., npt.ArrayLike],
    derivative: Callable[..., npt.ArrayLike] | None = None,
    kinks: Sequence[float] = (),
) -> Custom:
    r"""An activation of the user's own, by quadrature.

    .. math:: c_k = \frac{1}{\sqrt{2\pi k!}}\int \varphi(x)\,He_k(x)\,e^{-x^2/2}\,dx

    Parameters
    ----------
    function : callable
        φ: takes a float array, gives real finite numbers of its shape.
    derivative : callable, optional
        φ', where it is needed (neural tangent models).
    kinks : sequence of float
        Points where φ or a derivative of it jumps.

    Returns
    -------
    Activation

    Raises
    ------
    ValueError
        A function that gives another shape, nan or inf, or (when coefficients are asked for) one that jumps where no
        kink was named.
    TypeError
        If it is not a function.

    Notes
    -----
    A function that cannot be imported by name (a lambda) can be used, but neither stored nor sent to another process.

    References
    ----------
    .. [1] derived

    Examples
    --------
    >>> import numpy as np
    >>> import riskcalc as rc
    >>> clipped = rc.activations.custom(lambda x: np.clip(x, -1, 1), kinks=(-1, 1))
    >>> print(clipped.hermite_coefficients(3).round(6))
    [ 0.        0.682689  0.       -0.197568]
    """
    return Custom(function, derivative, kinks)
