"""mpmath twin of the critical regime: ridge regression on B white features, by integrals against Marchenko and Pastur.

Where n/B → ψ the kernel matrix is XXᵀ/B + ζ (in units of m_ℓ), X n × B with independent entries of variance 1, and the
target is Xθ with E‖θ‖² = F, plus noise of variance s = F_above + τ². Everything is a trace of a function of XXᵀ/B or
XᵀX/n; no fixed point is solved. Nothing of riskcalc is used here.
"""

from __future__ import annotations

import mpmath
import precise_marchenko_pastur as mp
from mpmath import mpf


def critical(
    psi: float, ridge: float, tail: float, level: float, above: float, noise: float, digits: int = 20
) -> dict[str, mpf]:
    """At ζ = ridge + tail > 0."""
    with mpmath.workdps(digits + mp.GUARD):
        n, lam, zeta = mpf(psi), mpf(ridge), mpf(ridge) + mpf(tail)
        gamma, z = 1 / n, zeta / n  # XᵀX/n and its ridge
        first, second = (_mean(lambda x, k=k: (x + z) ** -k, gamma, digits) for k in (1, 2))
        s = mpf(above) + mpf(noise)
        fitted_noise = gamma * (first - z * second)  # Tr XᵀX (XᵀX + ζB)⁻²
        # residuals λ(K + λ)⁻¹y of outputs of covariance F XXᵀ/B + s
        train = lam**2 * _mean(lambda x: (level * x + s) / (x + zeta) ** 2, n, digits)
        return {
            "test": level * z**2 * second + s * (1 + fitted_noise),
            "variance": noise * fitted_noise,
            "bias": level * z**2 * second + above * (1 + fitted_noise),
            "train": train,
            "effective_ridge": 1 / (n * _mean(lambda x: 1 / (x + zeta), n, digits)),
        }


def _mean(function: object, gamma: mpf, digits: int) -> mpf:
    """Against the whole law, the atom at 0 included."""
    mass = mp.atom(gamma, digits)
    return mp.integral(function, gamma, digits=digits) + (mass * function(mpf(0)) if mass else 0)  # type: ignore[arg-type, operator]
