"""What is conditional on given weights: the law of the inputs, and means of functions of two directions by degree."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count, islice

import numpy as np
import numpy.typing as npt

from riskcalc.activations.projection import Gaussian, Law, Sphere, converged
from riskcalc.arguments import FloatArray, choice, instance, numbers, whole
from riskcalc.harmonics.polynomials import polynomials
from riskcalc.targets import SingleIndex

INPUTS = ("gaussian", "sphere")
LONGEST = 256  # degrees of the series of a link that is no polynomial
RESOLVED = 1e-10  # of a mean, in units of the norms of its factors
TARGET_HINT = "make one with targets.SingleIndex(coefficients=...) or (link=...); its direction is an argument"


@dataclass(frozen=True)
class Expansion:
    """Coefficients of a function in the law's orthonormal polynomials, and the norm of what is left out."""

    coefficients: FloatArray
    norm: float
    rest: float


@dataclass(frozen=True)
class InputLaw:
    """x ~ N(0, 1_d), or x uniform on the sphere of radius √d."""

    name: str
    n_inputs: int

    @classmethod
    def of(cls, inputs: str, n_inputs: int) -> InputLaw:
        """Checked."""
        return cls(
            choice("inputs", inputs, INPUTS), whole("n_inputs", n_inputs, at_least=2 if inputs == "sphere" else 1)
        )

    @property
    def coordinate(self) -> Law:
        """The law of ⟨w, x⟩ for a unit vector w."""
        return Gaussian() if self.name == "gaussian" else Sphere(self.n_inputs)

    def zonal(self, t: FloatArray) -> Iterator[FloatArray]:
        """Means E p_k(⟨w, x⟩) p_k(⟨e, x⟩), k = 0, 1, ..., for t = ⟨w, e⟩: t^k, or P_k(t)."""
        return (t**k for k in count()) if self.name == "gaussian" else polynomials(self.n_inputs, t)

    def zonal_slopes(self, t: FloatArray) -> Iterator[FloatArray]:
        """Derivative of the zonal function of degree k + 1 over k + 1: t^k, or (k+d-1)/(d-1) P_k of dimension d + 2."""
        if self.name == "gaussian":
            return self.zonal(t)
        d = self.n_inputs
        return ((k + d - 1) / (d - 1) * row for k, row in enumerate(polynomials(d + 2, t)))

    def expansion(
        self, function: Callable[[FloatArray], FloatArray], max_degree: int, kinks: Sequence[float], name: str
    ) -> Expansion:
        """Of a function of one coordinate, up to a degree."""
        found, error = converged(function, self.coordinate, max_degree, kinks, name)
        c, norm = np.where(np.abs(found[:-1]) > error, found[:-1], 0.0), float(found[-1])
        missing = max(0.0, norm**2 - float(c @ c) - 1e-13 * norm**2)
        return Expansion(c, norm, missing**0.5)


def mean_of_pair(law: InputLaw, first: FloatArray, second: Expansion, t: FloatArray) -> FloatArray:
    """E φ(⟨w, x⟩) g(⟨e, x⟩) = Σ_k φ_k g_k Z_k(t); ``first`` has a row of coefficients for each t, or one for all."""
    total = np.zeros(t.shape)
    for k, row in enumerate(islice(law.zonal(t), second.coefficients.size)):
        total += first[..., k] * second.coefficients[k] * row
    return total


def mean_of_slope(law: InputLaw, slope: Expansion, other: Expansion, t: FloatArray) -> tuple[FloatArray, FloatArray]:
    r"""A and B of :math:`E\,\psi(\langle w,x\rangle)g(\langle e,x\rangle)\,x = A\,w + B\,e`, for t = ⟨w, e⟩.

    With :math:`x p_k = \beta_{k+1}p_{k+1} + \beta_kp_{k-1}`, the projections on w and e are sums of
    :math:`Z_k - tZ_{k+1} = (1-t^2)S_k` and :math:`Z_{k+1} - tZ_k = -(1-t^2)\frac{k}{k+d-2}S_{k-1}`,
    :math:`S_k = Z_{k+1}'/(k+1)`; the last vanishes for Gaussian x. Both expansions end at the same degree.
    """
    psi, g = slope.coefficients, other.coefficients
    beta, d = law.coordinate.recursion(psi.size), law.n_inputs
    along_weight, along_target, before = np.zeros(t.shape), np.zeros(t.shape), np.zeros(t.shape)
    for k, row in enumerate(islice(law.zonal_slopes(t), psi.size - 1)):
        up, down = beta[k] * psi[k] * g[k + 1], beta[k] * psi[k + 1] * g[k]
        share = k / (k + d - 2) if law.name == "sphere" and k > 0 else 0.0
        along_target += up * row - share * down * before
        along_weight += down * row - share * up * before
        before = row
    return along_weight, along_target


def refuse_unresolved(law: InputLaw, first: Expansion, second: Expansion, t: FloatArray, name: str) -> None:
    """A series that was cut too early, where both functions still have something beyond."""
    if first.rest == 0 or second.rest == 0 or t.size == 0:
        return
    last = list(islice(law.zonal_slopes(np.abs(t)), second.coefficients.size))[-2:]
    beyond = first.rest * second.rest * float(np.abs(last).max())
    if beyond > RESOLVED * first.norm * second.norm:
        raise ValueError(
            f"{name} must be smoother or have no weight so nearly along the target, got an overlap of "
            f"{np.abs(t).max():.6g}, where {LONGEST} degrees do not suffice; give the target by coefficients"
        )


def single_index(target: object) -> SingleIndex:
    """The target, if it is a function of one direction, else a TypeError."""
    return instance("target", target, SingleIndex, TARGET_HINT)


def target_expansion(law: InputLaw, target: SingleIndex) -> Expansion:
    """Of the link: all of it for a polynomial, LONGEST degrees else."""
    degree = target.degree(max(law.n_inputs, 2))
    g = target._function
    if degree == np.inf:
        return law.expansion(g, LONGEST, getattr(g, "kinks", ()), repr(target))
    c = np.asarray(target.coefficients)[: int(degree) + 1]
    if law.name == "sphere":
        return Expansion(law.expansion(g, int(degree), (), repr(target)).coefficients, float(np.linalg.norm(c)), 0.0)
    return Expansion(c, float(np.linalg.norm(c)), 0.0)


def weight_rows(weights: npt.ArrayLike, *, unit: str = "") -> FloatArray:
    """Rows w_j, none of them 0; all of norm 1 if ``unit`` says for whom."""
    W = numbers("weights", weights, ndim=2, hint="one row per neuron")
    if W.size == 0:
        raise ValueError(f"weights must have at least one row and one column, got shape {W.shape}")
    norms = np.linalg.norm(W, axis=1)
    if norms.min() == 0:
        raise ValueError("weights must have no row that is 0: such a neuron is constant; drop it")
    if unit and np.abs(norms - 1).max() > 1e-8:
        raise ValueError(
            f"weights must have rows of norm 1 for {unit}, got the norm {norms[np.abs(norms - 1).argmax()]:g}; "
            "divide each row by its norm"
        )
    return np.asarray(W / norms[:, None]) if unit else W


def unit_direction(direction: npt.ArrayLike | None, n_inputs: int) -> FloatArray:
    """The unit vector e, the first axis if none is given."""
    if direction is None:
        return np.asarray(np.eye(1, n_inputs)[0])
    e = numbers("direction", direction, ndim=1)
    if e.size != n_inputs or abs(float(np.linalg.norm(e)) - 1) > 1e-8:
        raise ValueError(
            f"direction must be a unit vector of {n_inputs} entries, got shape {e.shape} and norm "
            f"{np.linalg.norm(e):g}; a factor belongs into the target"
        )
    return np.asarray(e / np.linalg.norm(e))
