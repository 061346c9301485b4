"""Inputs that are uniform on a sphere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy.typing as npt

from riskcalc.arguments import instance, numbers, whole
from riskcalc.model import Model
from riskcalc.targets import Target

TARGET_HINT = "use targets.DegreeEnergies({1: 0.7, 2: 0.3}), targets.SingleIndex or targets.Monomials"


@dataclass(frozen=True, eq=False, repr=False)
class SphereData(Model):
    r"""Inputs uniform on the sphere of radius √d, and a target of given energy in each degree.

    .. math:: x \sim \mathrm{Unif}\,S^{d-1}(\sqrt d), \qquad y = f_*(x) + \varepsilon, \qquad
              \|P_kf_*\|^2 = F_k^2,\quad \mathrm{E}\varepsilon^2 = \tau^2

    Parameters
    ----------
    n_inputs : int, >= 2
        The dimension d.
    target : model of ``targets``
        Its energies are what theory needs; an experiment draws one function with these energies in each trial.
    noise : array_like, >= 0
        Variance τ² of the label noise; an array broadcasts against ``n_samples`` and ``ridge``. Units of y².

    Raises
    ------
    ValueError
        If a number is outside its domain, or the target has variables that the inputs lack.
    TypeError
        If the target is not one of ``targets``.

    Notes
    -----
    The multiplicities are those of the spherical harmonics in d dimensions: sizes are counts here, not ratios.

    References
    ----------
    .. [1] misiakiewicz2024 (lecture 3; place not checked)
    .. [2] ghorbani2021 (place not checked)

    Examples
    --------
    >>> import riskcalc as rc
    >>> data = rc.SphereData(50, rc.targets.DegreeEnergies({1: 0.7, 2: 0.3}), noise=0.1)
    >>> print(rc.predict(data, rc.KernelRidge(rc.kernels.Exponential(), ridge=0), n_samples=[100, 1000]).test.round(3))
    [0.608 0.278]
    """

    n_inputs: int
    target: Target
    noise: npt.ArrayLike = 0.0

    domain: ClassVar[str] = "sphere"

    def _checked(self) -> dict[str, object]:
        return checked_inputs(self.n_inputs, self.target, self.noise, self.domain)


def checked_inputs(n_inputs: object, target: object, noise: npt.ArrayLike, domain: str) -> dict[str, object]:
    """The validated fields; the target must make sense in that dimension."""
    d = whole("n_inputs", n_inputs, at_least=2, hint="in one dimension there are two points only")
    instance("target", target, Target, TARGET_HINT).degree(d, domain)
    return {"n_inputs": d, "noise": numbers("noise", noise, at_least=0, hint="it is a variance")}
