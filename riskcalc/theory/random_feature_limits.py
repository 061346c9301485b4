"""Random features where n and N are powers of the dimension: which degrees are learned, and the critical lines."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from riskcalc.arguments import FloatArray, common_shape, numbers
from riskcalc.result import Risk
from riskcalc.theory.mei_montanari import one_level_fields

SOURCES = ("mei2022", "hulumisiakiewicz2024", "misiakiewicz2024")


def polynomial_random_features(
    sample_exponent: npt.ArrayLike,
    width_exponent: npt.ArrayLike,
    masses: npt.ArrayLike,
    energies: npt.ArrayLike,
    ridge: npt.ArrayLike = 0,
    noise: npt.ArrayLike = 0,
    *,
    psi1: npt.ArrayLike = 1,
    psi2: npt.ArrayLike = 1,
    mass_above: float = 0,
    energy_above: float = 0,
) -> Risk:
    r"""Limit of the risk of random features for :math:`n \asymp d^{\kappa_n}` and :math:`N \asymp d^{\kappa_N}`.

    .. math:: \ell = \lfloor\min(\kappa_n,\kappa_N)\rfloor:\qquad
              \mathrm{excess} \to \sum_{k>\ell}F_k^2\ \ (\kappa_n\ne\kappa_N),\qquad
              \mathrm{test} \to \Big(\sum_{k>\ell}F_k^2+\tau^2\Big)\frac{\max(\theta,1)}{|1-\theta|}
              \ \ (\kappa_n=\kappa_N,\ n/N\to\theta,\ \lambda=0)

    and, where the smaller exponent is the whole number ℓ, the proportional limit with :math:`\mu_1^2\to m_\ell` and
    :math:`\mu_*^2\to m_{>\ell}`.

    Parameters
    ----------
    sample_exponent, width_exponent : array_like, >= 0
        κ_n and κ_N; inf is legal for one of them.
    masses, energies : array_like, >= 0, shape (K + 1,)
        m_k = B(d,k) ξ_k of the kernel and F_k² of the target in each degree 0 ... K; a degree without mass (parity) is
        never learned.
    ridge, noise : array_like, >= 0
        λ of the sum objective, which stays fixed, and τ².
    psi1, psi2 : array_like, > 0
        Limits of N/B(d,ℓ) and n/B(d,ℓ) at a whole exponent ℓ; of equal exponents that are not whole only their ratio
        counts.
    mass_above, energy_above : float, >= 0
        Of the degrees beyond K.

    Returns
    -------
    Risk
        test, train, bias, variance and noise, of the broadcast shape of all but the lists.

    Raises
    ------
    ValueError
        If a number is outside its domain, or the lists differ in length.

    Notes
    -----
    Degrees below ℓ are learned at no cost. The approach is slow where exponents are nearly equal or nearly whole: for
    numbers at a finite d use ``random_feature_risk`` with the spectrum by degree. n and N are counted by B(d,ℓ), about
    d^ℓ/ℓ!.

    References
    ----------
    .. [1] mei2022 (staircase; place not checked)
    .. [2] hulumisiakiewicz2024 (critical lines; place not checked)

    Examples
    --------
    >>> import riskcalc as rc
    >>> risk = rc.limits.polynomial_random_features([0.5, 1.5, 2.5], 1.7, masses=[0.1, 0.3, 0.3], mass_above=0.3,
    ...                                             energies=[0.0, 0.5, 0.3], energy_above=0.2)
    >>> print(risk.excess)
    [1.  0.5 0.5]
    """
    arguments: dict[str, FloatArray] = {
        "sample_exponent": numbers("sample_exponent", sample_exponent, at_least=0, finite=False),
        "width_exponent": numbers("width_exponent", width_exponent, at_least=0, finite=False),
        "ridge": numbers("ridge", ridge, at_least=0, finite=False),
        "noise": numbers("noise", noise, at_least=0),
        "psi1": numbers("psi1", psi1, above=0),
        "psi2": numbers("psi2", psi2, above=0),
    }
    mass = numbers("masses", masses, at_least=0, ndim=1)
    energy = numbers("energies", energies, at_least=0, ndim=1)
    if energy.shape != mass.shape or mass.size == 0:
        raise ValueError(f"energies must have one entry per degree ({mass.size}, at least one), got {energy.size}")
    beyond = [
        float(numbers("mass_above", mass_above, at_least=0)),
        float(numbers("energy_above", energy_above, at_least=0)),
    ]
    shape = common_shape(**arguments)
    _refuse_unlisted(np.minimum(arguments["sample_exponent"], arguments["width_exponent"]), mass.size, any(beyond))
    k_n, k_width, lam, tau2, wide, many = (np.broadcast_to(x, shape).ravel() for x in arguments.values())
    level = _Level.of(np.minimum(k_n, k_width), mass, energy, *beyond)
    n, width = np.where(k_n > k_width, np.inf, many), np.where(k_width > k_n, np.inf, wide)
    fields = one_level_fields(n, width, lam, level.mass, level.mass_above, level.energy, level.energy_above, tau2)
    names = ("test", "train", "bias", "variance", "noise")
    return Risk(
        **{name: fields[name].reshape(shape) for name in names},
        coordinates={k: v for k, v in arguments.items() if v.ndim or "exponent" in k},
        route="polynomial limit",
        sources=SOURCES,
    )


def _refuse_unlisted(exponent: FloatArray, degrees: int, more: bool) -> None:
    """ValueError where the critical degree, or one below it, is not in the lists."""
    if np.isinf(exponent).any():
        raise ValueError("sample_exponent and width_exponent must not both be inf, got both; make one of them finite")
    if more and (exponent >= degrees).any():
        raise ValueError(
            f"the smaller exponent must be < {degrees}, the number of degrees listed, got {exponent.max():g}; "
            "list more masses and energies"
        )


@dataclass(frozen=True)
class _Level:
    """Mass and energy of the critical degree (0 between whole exponents), and of what is above it or never learned."""

    mass: FloatArray
    energy: FloatArray
    mass_above: FloatArray
    energy_above: FloatArray

    @classmethod
    def of(
        cls, exponent: FloatArray, masses: FloatArray, energies: FloatArray, mass_above: float, energy_above: float
    ) -> _Level:
        degrees = masses.size
        floor = np.minimum(np.floor(exponent), degrees).astype(np.intp)
        critical = (exponent == floor) & (floor < degrees)
        m, e = np.append(masses, 0.0), np.append(energies, 0.0)
        above = np.arange(degrees) > floor[:, None]
        never = np.arange(degrees) < floor[:, None] + ~critical[:, None]
        forbidden = np.where(never & (masses == 0), energies, 0.0).sum(axis=1)
        return cls(
            np.where(critical, m[floor], 0.0),
            np.where(critical, e[floor], 0.0),
            np.where(above, masses, 0.0).sum(axis=1) + mass_above,
            np.where(above, energies, 0.0).sum(axis=1) + energy_above + forbidden,
        )
