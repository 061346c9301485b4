"""Functions of one direction."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from riskcalc.activations import Activation, custom
from riskcalc.activations.projection import Gaussian, Law, Sphere, converged
from riskcalc.arguments import FloatArray, numbers
from riskcalc.harmonics import krawtchouk, log_hypercube_multiplicity
from riskcalc.targets.target import Energies, Function, Target, unit_rows


@dataclass(frozen=True, eq=False, repr=False)
class SingleIndex(Target):
    r"""A function of one direction, drawn at random.

    .. math:: f_*(x) = g(\langle u, x\rangle), \quad \|u\| = 1, \qquad
              F_k^2 = B(d,k)\left(E\,g(\sqrt d\,t)P_k(t)\right)^2

    Parameters
    ----------
    link : Activation or function, optional
        g. A function of one's own is taken elementwise; if it or a derivative of it jumps, make it with
        ``activations.custom(function, kinks=...)``.
    coefficients : array_like, shape (K + 1,), optional
        In place of the link: normalised Hermite coefficients :math:`g_k`, for :math:`g = \sum_k g_k He_k/\sqrt{k!}`.
        Units of y.

    Raises
    ------
    ValueError
        If both or neither are given, or the coefficients are not a non-empty list of finite numbers.
    TypeError
        If the link is no function.

    Notes
    -----
    At finite d the energies differ from the squared Hermite coefficients, which are those for Gaussian x and their
    limits elsewhere; they are right to 1e-13 of the total. On the sphere u is uniform. On the hypercube u is a uniform
    one of :math:`\{\pm d^{-1/2}\}^d`, so that :math:`\langle u, x\rangle` has the law of a normalised sum of signs;
    another direction would have other energies.

    References
    ----------
    .. [1] ghorbani2021 (place not checked)

    Examples
    --------
    >>> import riskcalc as rc
    >>> target = rc.targets.SingleIndex(coefficients=[0, 1, 1])
    >>> print(target.energies(100, 3).by_degree.round(4))
    [0.     1.     0.9706 0.    ]
    """

    link: Activation | Callable[..., npt.ArrayLike] | None = None
    coefficients: npt.ArrayLike | None = None

    def _checked(self) -> dict[str, object]:
        if (self.link is None) == (self.coefficients is None):
            raise ValueError("link must be given, or coefficients in its place, and not both")
        if self.link is not None:
            if not callable(self.link):
                raise TypeError(f"link must be an activation or a function of an array, got {repr(self.link)[:80]}")
            return {}
        g = numbers("coefficients", self.coefficients, ndim=1)  # type: ignore[arg-type]
        if g.size == 0:
            raise ValueError("coefficients must have at least one entry, got none; [0.0] is the zero function")
        return {"coefficients": g}

    @property
    def _function(self) -> Callable[[FloatArray], FloatArray]:
        if self.coefficients is not None:
            return partial(hermite_series, np.asarray(self.coefficients))
        return self.link if isinstance(self.link, Activation) else custom(self.link)  # type: ignore[arg-type]

    def _top(self, n_inputs: int, domain: str) -> float:
        return np.inf if self.coefficients is None else int(np.flatnonzero(self.coefficients).max(initial=0))

    def _energies(self, n_inputs: int, max_degree: int, domain: str) -> Energies:
        if domain == "hypercube":
            found, total = _on_signs(self._function, n_inputs, max_degree)
        else:
            law: Law = Gaussian() if domain == "gaussian" else Sphere(n_inputs)
            kinks = getattr(self._function, "kinks", ())
            projections, error = converged(self._function, law, max_degree, kinks, repr(self))
            found, total = projections[:-1], projections[-1] ** 2
            found = np.where(np.abs(found) > error, found, 0.0)
        energies = found**2
        if max_degree >= self._top(n_inputs, domain):
            energies[int(self._top(n_inputs, domain)) + 1 :] = 0.0
            return Energies(energies, 0.0)
        return Energies(energies, max(float(total - energies.sum()), 0.0))

    def _draw(self, n_inputs: int, rng: np.random.Generator, domain: str) -> Function:
        if domain == "hypercube":
            u = rng.choice([-1.0, 1.0], n_inputs) / np.sqrt(n_inputs)
        else:
            u = unit_rows(1, n_inputs, rng)[0]
        g = self._function
        return lambda X: np.asarray(g(X @ u))


def hermite_series(coefficients: FloatArray, x: FloatArray) -> FloatArray:
    """Σ g_k He_k(x)/√k!, by the recursion √(k+1) h_(k+1) = x h_k - √k h_(k-1)."""
    before, now, total = np.zeros_like(x), np.ones_like(x), np.zeros_like(x)
    for k, g in enumerate(coefficients):
        total += g * now
        before, now = now, (x * now - np.sqrt(k) * before) / np.sqrt(k + 1)
    return total


def _on_signs(function: Callable[[FloatArray], FloatArray], n_inputs: int, max_degree: int) -> tuple[FloatArray, float]:
    """√C(d,k) E g(√d t) P_k(t) and E g(√d t)² for t the mean of d signs."""
    j = np.arange(n_inputs + 1.0)
    t = 1 - 2 * j / n_inputs
    with np.errstate(under="ignore"):
        weights = np.exp(log_hypercube_multiplicity(n_inputs, j) - n_inputs * np.log(2))
    values = function(np.sqrt(n_inputs) * t) * np.sqrt(weights)
    k = np.arange(min(max_degree, n_inputs) + 1.0)
    scale = np.sqrt(weights) * np.exp(log_hypercube_multiplicity(n_inputs, k) / 2)[:, None]
    found = np.zeros(max_degree + 1)
    found[: k.size] = (krawtchouk(n_inputs, k[:, None], t) * scale) @ values
    return found, float(values @ values)
