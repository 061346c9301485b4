"""Inputs that are independent signs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy.typing as npt

from riskcalc.data.sphere import checked_inputs
from riskcalc.model import Model
from riskcalc.targets import Target


@dataclass(frozen=True, eq=False, repr=False)
class HypercubeData(Model):
    r"""Inputs uniform on the hypercube, and a target of given energy in each degree.

    .. math:: x \sim \mathrm{Unif}\,\{\pm1\}^d, \qquad f_* = \sum_S \hat f_S \prod_{i\in S} x_i, \qquad
              F_k^2 = \sum_{|S|=k}\hat f_S^2

    Parameters
    ----------
    n_inputs : int, >= 2
        The dimension d.
    target : model of ``targets``
        Its energies are what theory needs; an experiment draws one function with these energies in each trial. Degrees
        above d do not exist.
    noise : array_like, >= 0
        Variance τ² of the label noise; an array broadcasts against ``n_samples`` and ``ridge``. Units of y².

    Raises
    ------
    ValueError
        If a number is outside its domain, or the target has degrees or variables that the inputs lack.
    TypeError
        If the target is not one of ``targets``.

    References
    ----------
    .. [1] misiakiewicz2024 (lecture 3; place not checked)
    .. [2] mei2022 (place not checked)

    Examples
    --------
    >>> import riskcalc as rc
    >>> data = rc.HypercubeData(20, rc.targets.Monomials({(0, 1): 1.0}), noise=0.1)
    >>> print(rc.predict(data, rc.KernelRidge(rc.kernels.Exponential(), ridge=0), n_samples=[20, 200]).test.round(3))
    [1.378 0.515]
    """

    n_inputs: int
    target: Target
    noise: npt.ArrayLike = 0.0

    domain: ClassVar[str] = "hypercube"

    def _checked(self) -> dict[str, object]:
        return checked_inputs(self.n_inputs, self.target, self.noise, self.domain)
