"""Targets that are given by their energies alone, drawn as random harmonics."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import islice

import numpy as np

from riskcalc.arguments import FloatArray, choice, numbers, whole
from riskcalc.harmonics import cyclic_multiplicity, log_sphere_multiplicity
from riskcalc.harmonics.polynomials import polynomials
from riskcalc.targets.single_index import hermite_series
from riskcalc.targets.target import Energies, Function, Target, split, unit_rows

DIRECTIONS = 16  # zonal functions, or monomials, that a drawn harmonic is a random combination of
SYMMETRIES = ("none", "cyclic")


@dataclass(frozen=True, eq=False, repr=False)
class DegreeEnergies(Target):
    r"""A random function with a given energy in each degree.

    .. math:: f_* = \sum_k F_k\,\frac{\sum_r a_r Y_{k,r}}{\|\sum_r a_r Y_{k,r}\|}, \qquad a_r \sim N(0, 1)

    Parameters
    ----------
    by_degree : mapping of int to float
        :math:`F_k^2 = \|P_kf_*\|^2 \ge 0`, the energy of the whole degree. Units of y².
    symmetry : "none" or "cyclic"
        ``"cyclic"``: functions that cyclic shifts of the coordinates leave unchanged, for kernels that do not see them.

    Raises
    ------
    ValueError
        If a degree is no whole number >= 0, an energy negative or not finite, or (later) a degree above ``n_inputs`` is
        asked for on the hypercube.
    TypeError
        If ``by_degree`` is no mapping of degrees to energies.

    Notes
    -----
    The :math:`Y_{k,r}` are 16 zonal functions :math:`\sqrt{B(d,k)}\,P_k(\langle v_r, x\rangle/\sqrt d)` of random
    directions on the sphere, 16 monomials of random sets of k variables on the hypercube, and
    :math:`He_k(\langle v_r, x\rangle)/\sqrt{k!}` for Gaussian x; with the cyclic symmetry each is summed over its
    shifts. Their Gram matrix is known, :math:`P_k(\langle v_r, v_s\rangle)`, so that the energy of every drawn function
    is exact, and only the shape of the function is random.

    References
    ----------
    .. [1] derived

    Examples
    --------
    >>> import riskcalc as rc
    >>> target = rc.targets.DegreeEnergies({1: 0.7, 2: 0.3})
    >>> print(target.energies(n_inputs=50, max_degree=1))
    Energies(by_degree=array([0. , 0.7]), rest=0.3)
    """

    by_degree: Mapping[Hashable, float]
    symmetry: str = "none"

    def _checked(self) -> dict[str, object]:
        if not isinstance(self.by_degree, Mapping):
            raise TypeError(
                f"by_degree must be a mapping of degrees to energies, got {repr(self.by_degree)[:80]}; "
                "{1: 0.7, 2: 0.3}, say"
            )
        hint = "an energy is a share of E f*²"
        energies = {
            _degree(k): float(numbers(f"the energy of degree {k}", e, at_least=0, ndim=0, hint=hint))
            for k, e in self.by_degree.items()
        }
        if len(energies) != len(self.by_degree) or not energies:
            raise ValueError(f"by_degree must name each degree once, and at least one, got {self.by_degree!r}")
        return {
            "by_degree": dict(sorted(energies.items())),
            "symmetry": choice("symmetry", self.symmetry, SYMMETRIES),
        }

    def is_cyclic(self, n_inputs: int) -> bool:
        """Whether the symmetry is "cyclic", or only the constant has energy."""
        return self.symmetry == "cyclic" or self._top(n_inputs, "sphere") == 0

    def _sizes(self, n_inputs: object, domain: object) -> int:
        d = super()._sizes(n_inputs, domain)
        top = int(self._top(d, str(domain)))
        if domain == "hypercube" and top > d:
            raise ValueError(f"degrees must be <= n_inputs on the hypercube ({d}), got energy at degree {top}")
        if self.symmetry == "cyclic":
            if domain == "gaussian":
                raise ValueError('symmetry must be "none" for Gaussian x, got "cyclic"')
            for k, energy in self._energy_items():
                if energy > 0 and cyclic_multiplicity(d, k, str(domain)) == 0:
                    raise ValueError(f"degree {k} has no cyclic functions with n_inputs={d}; give it no energy")
        return d

    def _energy_items(self) -> list[tuple[int, float]]:
        return list(self.by_degree.items())  # type: ignore[arg-type]

    def _top(self, n_inputs: int, domain: str) -> float:
        return max((k for k, e in self._energy_items() if e > 0), default=0)

    def _energies(self, n_inputs: int, max_degree: int, domain: str) -> Energies:
        energies = np.zeros(max(k for k, _ in self._energy_items()) + 1)
        for k, energy in self._energy_items():
            energies[k] = energy
        return split(energies, max_degree)

    def _draw(self, n_inputs: int, rng: np.random.Generator, domain: str) -> Function:
        shifts = n_inputs if self.symmetry == "cyclic" else 1
        harmonic = _random_monomials if domain == "hypercube" else partial(_random_zonal, domain == "gaussian")
        parts = [
            (np.sqrt(energy), harmonic(n_inputs, k, shifts, rng)) for k, energy in self._energy_items() if energy > 0
        ]
        return lambda X: np.asarray(sum((F * Y(X) for F, Y in parts), np.zeros(len(X))))


def _degree(key: object) -> int:
    """A degree; a string of digits is one, for files."""
    return whole("a degree", int(key) if isinstance(key, str) and key.isdecimal() else key)


def _random_zonal(gaussian: bool, d: int, k: int, shifts: int, rng: np.random.Generator) -> Function:
    """Σ_r a_r Y_k(⟨v_r, x⟩) of energy 1: orthonormal polynomials of random directions."""
    v = unit_rows(DIRECTIONS if k else 1, d, rng)
    a = rng.standard_normal(len(v))
    rolled = np.concatenate([np.roll(v, g, axis=1) for g in range(shifts)])
    cosines = np.clip(v @ rolled.T, -1, 1)
    gram = (cosines**k if gaussian else _polynomial(d, k, cosines)).reshape(len(v), shifts, len(v)).sum(axis=1)
    norm = np.sqrt(shifts * (a @ gram @ a))
    weights = np.tile(a / norm, shifts)
    if gaussian:
        return lambda X: _hermite(k, X @ rolled.T) @ weights
    root = np.exp(float(log_sphere_multiplicity(d, k)) / 2)
    return lambda X: root * (_polynomial(d, k, np.clip(X @ rolled.T / np.sqrt(d), -1, 1)) @ weights)


def _random_monomials(d: int, k: int, shifts: int, rng: np.random.Generator) -> Function:
    """Σ_S a_S χ_S of energy 1, over random sets of k variables, and all their shifts."""
    first = np.sort([rng.permutation(d)[:k] for _ in range(DIRECTIONS)], axis=1).astype(np.intp)
    a = rng.standard_normal(DIRECTIONS)
    rolled = np.concatenate([np.sort((first + g) % d, axis=1) for g in range(shifts)])
    sets, place = np.unique(rolled, axis=0, return_inverse=True)
    weights: FloatArray = np.asarray(np.bincount(place.reshape(-1), np.tile(a, shifts), len(sets)), dtype=np.float64)
    weights /= np.linalg.norm(weights)
    return lambda X: X[:, sets].prod(axis=2) @ weights


def _polynomial(d: int, k: int, t: FloatArray) -> FloatArray:
    """P_k(t)."""
    return next(islice(polynomials(d, t), k, None))


def _hermite(k: int, x: FloatArray) -> FloatArray:
    """He_k(x)/√k!."""
    return hermite_series(np.eye(1, k + 1, k)[0], x)
