"""The steps of the staircase: as many samples as there are harmonics of one degree, up to a factor."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from riskcalc.arguments import FloatArray, common_shape, numbers
from riskcalc.result import Risk

SOURCES = ("misiakiewicz2022", "xiao2022")


def critical_ridge_risk(
    psi: npt.ArrayLike,
    ridge: npt.ArrayLike,
    tail: npt.ArrayLike,
    energy_level: npt.ArrayLike,
    energy_above: npt.ArrayLike,
    noise: npt.ArrayLike,
) -> Risk:
    r"""Limit of the risk of kernel ridge regression where :math:`n/B(d,\ell) \to \psi`.

    .. math:: \psi = \frac1{1+r} + \frac\zeta r, \quad \zeta = \frac{\lambda+\lambda_{>\ell}}{m_\ell}, \qquad
              \mathrm{test} = \frac{F_\ell^2\frac{r^2}{(1+r)^2} + F_{>\ell}^2 + \tau^2}{1-D}, \quad
              D = \frac1{\psi(1+r)^2}

    Parameters
    ----------
    psi : array_like, >= 0
        ψ, samples per harmonic of degree ℓ; inf is the next plateau.
    ridge : array_like, >= 0
        :math:`\lambda/m_\ell`, in units of the degree's mass :math:`m_\ell = B(d,\ell)\,\xi_\ell`. inf predicts zero.
    tail : array_like, >= 0
        :math:`\lambda_{>\ell}/m_\ell`, the mass of all higher degrees in the same units.
    energy_level, energy_above : array_like, >= 0
        :math:`F_\ell^2` and :math:`F_{>\ell}^2`, the target's energies in degree ℓ and above. Units of y².
    noise : array_like, >= 0
        τ², a variance.

    Returns
    -------
    Risk
        Of the broadcast shape: ``test``, ``train`` (:math:`(\lambda/(\psi rm_\ell))^2` test), ``bias``, ``variance``
        (τ²D/(1−D)), ``excess`` and ``effective_ridge``, r = κ/ξ_ℓ.

    Raises
    ------
    ValueError
        If a number is outside its domain, or the shapes do not broadcast.

    Notes
    -----
    The limit d → ∞ on the sphere, the hypercube, or (ℓ = 1) Gaussian inputs; lower degrees are learned and contribute
    nothing. It joins the plateaus of ``staircase``: ψ → 0 leaves both energies, ψ → ∞ the one above. Near ψ = 1 there
    is a bump of height about :math:`(F_{>\ell}^2+\tau^2)/(2\sqrt\zeta)`, one for each ℓ (multiple descent); it is
    finite unless ridge and tail are 0, where the value at ψ = 1 is inf. In finite dimension the error is O(1/d) but
    large: 1.05 for 1.27 at d = 20, ℓ = 2, ψ = ½. For numbers use ``predict`` with SphereData.

    References
    ----------
    .. [1] misiakiewicz2022 (place not checked)
    .. [2] xiao2022 (place not checked)

    Examples
    --------
    >>> import riskcalc as rc
    >>> risk = rc.limits.critical_ridge_risk([0, 0.5, 1, 2], 0, tail=0.01, energy_level=1, energy_above=0, noise=0.1)
    >>> print(risk.excess.round(4), risk.effective_ridge.round(4))
    [1.     0.593  0.5018 0.0964] [   inf 1.0392 0.1051 0.0099]
    """
    named = {"psi": psi, "ridge": ridge, "tail": tail, "energy_level": energy_level, "energy_above": energy_above}
    infinite = ("psi", "ridge")
    given = {name: numbers(name, value, at_least=0, finite=name not in infinite) for name, value in named.items()}
    tau2 = numbers("noise", noise, at_least=0, hint="it is a variance")
    shape = common_shape(**given, noise=tau2)
    n, lam, rest, level, above = (np.broadcast_to(value, shape) for value in given.values())
    point = _point(n, lam + rest)
    threshold = point.room == 0
    left = level * point.unlearned**2 + above
    bias, variance = _over(left, point.room), tau2 * _over(point.learned_per_sample * point.learned, point.room)
    variance = np.where(threshold, np.where(tau2 > 0, np.inf, 0.0), variance)
    test = bias + variance + tau2
    train = np.where(threshold, 0.0, _hat(lam, rest, point) ** 2 * np.where(threshold, 0.0, test))
    fields = {"test": test, "train": train, "bias": bias, "variance": variance, "effective_ridge": point.r}
    arrays: dict[str, Any] = {name: np.broadcast_to(value, shape) for name, value in fields.items()}
    return Risk(
        **arrays,
        noise=np.broadcast_to(tau2, shape),
        coordinates=given | ({"noise": tau2} if tau2.ndim else {}),
        route="critical regime",
        sources=SOURCES,
    )


class _Point(NamedTuple):
    """r, 1/(1+r), r/(1+r), 1/(ψ(1+r)), ζ/(ψr), and 1 - D."""

    r: FloatArray
    learned: FloatArray
    unlearned: FloatArray
    learned_per_sample: FloatArray
    bare: FloatArray
    room: FloatArray


def _point(psi: FloatArray, zeta: FloatArray) -> _Point:
    r"""The positive root of :math:`\psi r^2 + (\psi-1-\zeta)r - \zeta = 0` as a ratio, no term of which cancels.

    :math:`1-D = \frac{\zeta}{\psi r} + \frac{1}{\psi(1+r)}\frac{r}{1+r}`, whose terms are positive.
    """
    plateau, refused = psi == np.inf, zeta == np.inf  # no root there: all is learned, or nothing
    n, z = np.where(plateau | refused, 2.0, psi), np.where(plateau | refused, 0.0, zeta)
    b = n - 1 - z
    q = np.hypot(b, 2 * np.sqrt(n) * np.sqrt(z))
    above, below, late = np.where(b < 0, q - b, 2 * z), np.where(b < 0, 2 * n, q + b), b >= 0
    total = np.where(above + below > 0, above + below, 1.0)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        r = np.where(above > 0, above / below, 0.0)
        per_sample = np.where(late, below / np.where(late, n, 1.0), 2.0) / total
        bare = np.where(late, below / np.where(late, 2 * n, 1.0), 2 * z / np.where(late, 1.0, above))
    cases = [refused, plateau & ~refused]
    r, learned, unlearned, per_sample, bare = (
        np.select(cases, ends, value)
        for value, ends in (
            (r, [np.inf, 0.0]),
            (below / total, [0.0, 1.0]),
            (above / total, [1.0, 0.0]),
            (per_sample, [0.0, 0.0]),
            (bare, [1.0, 1.0]),
        )
    )
    return _Point(r, learned, unlearned, per_sample, bare, bare + per_sample * unlearned)


def _hat(lam: FloatArray, rest: FloatArray, point: _Point) -> FloatArray:
    """λ/(ψr): the share of the bare ridge λ in ζ; at ζ = 0 the limit λ → 0."""
    zeta = lam + rest
    with np.errstate(invalid="ignore"):
        share = np.divide(lam, zeta, out=np.ones(zeta.shape), where=zeta > 0)
    return np.where(lam == np.inf, 1.0, share) * point.bare


def _over(numerator: FloatArray, room: FloatArray) -> FloatArray:
    """The ratio; where there is no room, inf, or 0 if there is nothing to amplify."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return np.where(numerator > 0, numerator / room, 0.0)
