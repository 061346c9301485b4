"""Polynomials of a few variables, given by their monomials."""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import partial

import numpy as np

from riskcalc.arguments import FloatArray, numbers, whole
from riskcalc.targets.target import Energies, Function, Target, split

Monomial = tuple[int, ...]  # variables, ascending, each as often as its power
Polynomial = dict[Monomial, Fraction]


@dataclass(frozen=True, eq=False, repr=False)
class Monomials(Target):
    r"""A polynomial.

    .. math:: f_*(x) = \sum_\alpha c_\alpha \prod_i x_i^{\alpha_i}

    Parameters
    ----------
    coefficients : mapping of monomial to float
        A monomial is a set of variables, or a tuple of variables in which each is repeated as often as its power:
        ``{(0, 1): 1.0, (2, 2, 3): 0.5}`` is :math:`x_0x_1 + \tfrac12 x_2^2x_3`, and ``()`` the constant. A string of
        variables, ``"2 2 3"``, is taken too, for files. Variables are counted from 0. Units of y.

    Raises
    ------
    ValueError
        If there is no monomial, two are the same, a variable is no whole number >= 0, or a coefficient not finite.
    TypeError
        If the coefficients are no mapping of monomials to numbers.

    Notes
    -----
    Nothing is random: ``draw`` returns the polynomial itself. Energies are exact (rational arithmetic). On the sphere
    monomials of one degree are not harmonic: with :math:`q_k = \sum_j d^j\Delta^jf_{k+2j}/\prod_{l\le j}2l(d+2k+2l-2)`,
    where :math:`f_m` collects the monomials of degree m, and :math:`\langle p, q\rangle = p(\partial)q`,

    .. math:: F_k^2 = \frac{d^k}{\prod_{i<k}(d+2i)} \sum_i \frac{(-1)^i\,\|\Delta^iq_k\|^2}{\prod_{l\le i}2l(d+2k-2-2l)}

    (derived). On the hypercube :math:`x_i^2 = 1`. For Gaussian x the degrees are those of Hermite polynomials.

    References
    ----------
    .. [1] derived

    Examples
    --------
    >>> import riskcalc as rc
    >>> target = rc.targets.Monomials({(0, 1, 2): 1.0})
    >>> print(target.energies(10, 3).by_degree)  # 10² / (12 · 14)
    [0.        0.        0.        0.5952381]
    """

    coefficients: Mapping[Hashable, float]

    def _checked(self) -> dict[str, object]:
        if not isinstance(self.coefficients, Mapping):
            raise TypeError(
                f"coefficients must be a mapping of monomials to numbers, got {repr(self.coefficients)[:80]}; "
                "{(0, 1): 1.0} is x_0 x_1"
            )
        found: dict[Monomial, float] = {}
        for key, value in self.coefficients.items():
            monomial = _monomial(key)
            if monomial in found:
                raise ValueError(f"coefficients must name each monomial once, got {key!r} twice; add them up")
            found[monomial] = float(numbers(f"the coefficient of {key!r}", value, ndim=0))
        if not found:
            raise ValueError("coefficients must have at least one monomial, got none; {(): 0.0} is the zero function")
        return {"coefficients": found}

    def is_cyclic(self, n_inputs: int) -> bool:
        """Whether the polynomial is invariant under cyclic shifts of ``n_inputs`` coordinates."""
        terms = {m: c for m, c in self._terms.items() if c}
        return all(c == terms.get(tuple(sorted((i + 1) % n_inputs for i in m))) for m, c in terms.items())

    @property
    def _terms(self) -> Polynomial:
        return {monomial: Fraction(c) for monomial, c in self.coefficients.items()}  # type: ignore[misc]

    def _sizes(self, n_inputs: object, domain: object) -> int:
        d = super()._sizes(n_inputs, domain)
        last = max((i for m in self._terms for i in m), default=0)
        if last >= d:
            raise ValueError(f"n_inputs must be > {last}, the last variable of {self!r}, got {d}")
        return d

    def _top(self, n_inputs: int, domain: str) -> float:
        return max(len(m) for m in self._terms)

    def _energies(self, n_inputs: int, max_degree: int, domain: str) -> Energies:
        top = int(self._top(n_inputs, domain))
        rule = {"sphere": _sphere_energy, "hypercube": _hypercube_energy, "gaussian": _gaussian_energy}[domain]
        return split(np.array([float(rule(self._terms, n_inputs, k)) for k in range(top + 1)]), max_degree)

    def _draw(self, n_inputs: int, rng: np.random.Generator, domain: str) -> Function:
        return partial(_evaluated, dict(self.coefficients))  # type: ignore[arg-type]


def _monomial(key: object) -> Monomial:
    """Variables ascending, each as often as its power."""
    if isinstance(key, str):
        parts: Iterable[object] = map(int, re.findall(r"\d+", key))
        if not re.fullmatch(r"[\d\s,()]*", key):
            raise ValueError(f'a monomial must be variables like "0 1 1", got {key!r}')
    elif isinstance(key, (tuple, frozenset)):
        parts = key
    else:
        raise TypeError(f"a monomial must be a tuple or a frozenset of variables, got {key!r}; (0,) is x_0")
    return tuple(sorted(whole("a variable", i, hint="variables are counted from 0") for i in parts))


def _laplacian(p: Polynomial) -> Polynomial:
    """Σ_i ∂²p/∂x_i²."""
    out: Polynomial = defaultdict(Fraction)
    for monomial, c in p.items():
        for i, power in Counter(monomial).items():
            if power >= 2:
                rest = list(monomial)
                rest.remove(i)
                rest.remove(i)
                out[tuple(rest)] += power * (power - 1) * c
    return out


def _squared(p: Polynomial) -> Fraction:
    """⟨p, p⟩ = p(∂)p = Σ_α α! c_α²."""
    return sum(
        (c * c * math.prod(map(math.factorial, Counter(monomial).values())) for monomial, c in p.items()), Fraction(0)
    )


def _lowered(terms: Polynomial, k: int, weight: list[Fraction]) -> Polynomial:
    """Σ_j w_j Δ^j f_{k+2j}, a homogeneous polynomial of degree k."""
    out: Polynomial = defaultdict(Fraction)
    for j, w in enumerate(weight):
        part = {m: c for m, c in terms.items() if len(m) == k + 2 * j}
        for _ in range(j):
            part = _laplacian(part)
        for m, c in part.items():
            out[m] += w * c
    return out


def _sphere_energy(terms: Polynomial, d: int, k: int) -> Fraction:
    r"""Of the harmonic part of :math:`q_k`, found without it: :math:`|x|^2` and the Laplacian are adjoint."""
    top = max(map(len, terms))
    scale = [Fraction(1)]
    for j in range(1, (top - k) // 2 + 1):
        scale.append(scale[-1] * d / (2 * j * (d + 2 * k + 2 * j - 2)))
    q, weight = _lowered(terms, k, scale), Fraction(1)
    harmonic = _squared(q)
    for i in range(1, k // 2 + 1):
        q, weight = _laplacian(q), -weight / (2 * i * (d + 2 * k - 2 - 2 * i))
        harmonic += weight * _squared(q)
    return harmonic * Fraction(d**k, math.prod(d + 2 * i for i in range(k)))


def _gaussian_energy(terms: Polynomial, d: int, k: int) -> Fraction:
    """Of degree k in exp(Δ/2) f, whose monomials stand for products of Hermite polynomials."""
    top = max(map(len, terms))
    return _squared(_lowered(terms, k, [Fraction(1, 2**j * math.factorial(j)) for j in range((top - k) // 2 + 1)]))


def _hypercube_energy(terms: Polynomial, d: int, k: int) -> Fraction:
    """Σ_{|S|=k} c_S², even powers being 1."""
    reduced: Polynomial = defaultdict(Fraction)
    for monomial, c in terms.items():
        reduced[tuple(i for i, power in sorted(Counter(monomial).items()) if power % 2)] += c
    return sum((c * c for S, c in reduced.items() if len(S) == k), Fraction(0))


def _evaluated(terms: dict[Monomial, float], X: FloatArray) -> FloatArray:
    """Σ c Π x on the rows of X."""
    return np.asarray(sum(c * X[:, list(m)].prod(axis=1) for m, c in terms.items()))
