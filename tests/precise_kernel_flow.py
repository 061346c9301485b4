"""Gradient flow with a tail, from the definition of its kernel matrix: contour integrals round the shifted spectrum."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def kappa_along(s: np.ndarray, w: np.ndarray, n: float, z: np.ndarray) -> np.ndarray:
    """Roots of κ(df1(κ)/n - 1) = z along a path that starts at a negative z, as eigenvalues of companion matrices."""
    out = np.empty(z.size, dtype=complex)
    bottom = np.poly(-s)  # Π (σ + κ)
    tops = sum(m * x * np.poly(np.delete(-s, i)) for i, (x, m) in enumerate(zip(s, w, strict=True)))
    for k, goal in enumerate(z):
        roots = np.roots(
            np.polysub(np.polymul([1.0, 0.0], np.polysub(np.pad(tops / n, (1, 0)), bottom)), goal * bottom)
        )
        out[k] = roots[np.argmin(abs(roots - out[k - 1]))] if k else roots[np.argmax(roots.real)]
    return out


def with_tail(
    sigma: Sequence[float], m: Sequence[float], e: Sequence[float], tail: float, n: float, time: float
) -> dict[str, float]:
    """Bias, unit-noise variance, df1, both parts of the train error and of the norm, and the shares that are learned.

    The kernel matrix is K = Φ Φᵀ + tail·1: all is that of Φ Φᵀ at z - tail/n, with the singularities on
    [tail/n, right], and the fit at a new input is Φ(x)Φᵀ K⁻¹(1 - e^{-tK/n}) y.
    """
    s, w, energy = (np.asarray(a, dtype=float) for a in (sigma, m, e))
    right, count = s.max() * (1 + np.sqrt(w.sum() / n)) ** 2 + tail / n, 1200
    centre, a, b = right / 2, right / 2 + 0.4 / time, 2.0 / time
    theta = 2 * np.pi * (np.arange(count) + 0.5) / count
    z, dz = centre - a * np.cos(theta) - 1j * b * np.sin(theta), a * np.sin(theta) - 1j * b * np.cos(theta)
    dz = dz * 2 * np.pi / count / (2j * np.pi)
    kappa = kappa_along(s, w, n, z - tail / n)
    q = 1 / (s + kappa[:, None])
    double = 1 - (q * (w * s**2)) @ q.T / n
    both = np.exp(-time * z) * kappa / z * dz
    fitted = 1 - np.exp(-time * z)
    # (1/n) Tr Σ (Σ̂ - z + tail/n)⁻¹ = df1(κ)κ/(n(tail/n - z)), and Σ̂ = x - tail/n on the support
    trace = q @ (w * s) / n * kappa / (tail / n - z)
    return {
        "bias": float((both @ ((q * energy) @ q.T / double) @ both).real),
        "variance": float(-((fitted / z) ** 2 * (z - tail / n) * trace @ dz).real),
        "df1": float(n * -(fitted / kappa @ dz).real),
        "train_signal": float(-((1 - fitted) ** 2 * (q @ energy) @ dz).real),
        "train_noise": float(-((1 - fitted) ** 2 / kappa @ dz).real),
        "norm_signal": float(-(fitted**2 / z * (q @ energy) @ dz).real),
        "norm_noise": float(-(fitted**2 / z / kappa @ dz).real),
        "learned": float(1 - ((1 - fitted) * kappa / z * q[:, 0] @ dz).real),  # (Σ̂ - z)⁻¹ = -κ/(z(σ+κ))
    }
