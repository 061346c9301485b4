"""The failures that are riskcalc's own."""

from __future__ import annotations

import numpy.typing as npt


class NotConvergedError(ArithmeticError):
    """An equation was not solved to rounding; what was reached is carried along.

    Parameters
    ----------
    quantity : str
        Name of the unknown.
    best : array_like
        The last iterate, for inspection only.
    residual : array_like
        What the defining equation misses there, relative to its right-hand side; dimensionless.

    Examples
    --------
    >>> from riskcalc.errors import NotConvergedError
    >>> str(NotConvergedError("effective ridge", best=0.5, residual=1e-3))
    'effective ridge was not solved for: relative residual 0.001'
    """

    def __init__(self, quantity: str, best: npt.ArrayLike, residual: npt.ArrayLike) -> None:
        super().__init__(f"{quantity} was not solved for: relative residual {residual!s}")
        self.quantity, self.best, self.residual = quantity, best, residual

    def __reduce__(self) -> tuple[type, tuple[str, npt.ArrayLike, npt.ArrayLike]]:
        return type(self), (self.quantity, self.best, self.residual)


class StoreError(OSError):
    """A store of trials that cannot be opened, read or written; the sentence says why and what to do.

    Examples
    --------
    >>> from riskcalc.errors import StoreError
    >>> issubclass(StoreError, OSError)
    True
    """
