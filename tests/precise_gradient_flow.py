"""Gradient flow to many digits, three times from other definitions than the package's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import mpmath as mp
import numpy as np

Function = Callable[[Any], Any]


def isotropic(gamma: float, time: float, digits: int = 25) -> dict[str, Any]:
    """Moments of the Marchenko-Pastur density at γ = p/n, Σ = I, unit signal and noise: bias, variance, train."""
    with mp.workdps(digits):
        g, t = mp.mpf(gamma), mp.mpf(time)
        atom = max(mp.mpf(0), 1 - 1 / g)

        def against(f: Function) -> Any:
            def density(phi: Any) -> Any:
                x = 1 + g + 2 * mp.sqrt(g) * mp.cos(phi)
                return 2 / mp.pi * mp.sin(phi) ** 2 / x * f(x) if x > 0 else mp.mpf(0)

            ends = [mp.pi - mp.pi * mp.mpf(2) ** -k for k in range(0, 40)] + [mp.pi]
            return mp.quad(density, ends)

        left = against(lambda x: mp.exp(-2 * t * x))
        return {
            "bias": left + atom,
            "variance": g * against(lambda x: mp.expm1(-t * x) ** 2 / x),
            "train": against(lambda x: x * mp.exp(-2 * t * x)) + 1 - g + g * (left + atom),
        }


def around(
    sigma: Sequence[float], m: Sequence[float], e: Sequence[float], n: float, time: float, count: int = 600
) -> dict[str, float]:
    """Contour integrals round the whole support: an ellipse in the plane of x, κ(x) followed along it."""
    s, w, energy = (np.asarray(a, dtype=float) for a in (sigma, m, e))
    right = s.max() * (1 + np.sqrt(w.sum() / n)) ** 2
    centre, a, b = right / 2, right / 2 + 0.4 / time, 2.0 / time
    theta = 2 * np.pi * (np.arange(count) + 0.5) / count
    z, dz = centre - a * np.cos(theta) - 1j * b * np.sin(theta), a * np.sin(theta) - 1j * b * np.cos(theta)
    dz = dz * 2 * np.pi / count
    kappa = _followed(s, w, n, z[0].real, z)
    q = 1 / (s + kappa[:, None])
    double = 1 - (q * (w * s**2)) @ q.T / n
    both = np.exp(-time * z) * kappa / z * dz / (2j * np.pi)
    decay = np.exp(-2 * time * z) * dz
    df1 = q @ (w * s)
    return {
        "bias": float((both @ ((q * energy) @ q.T / double) @ both).real),
        "variance": float(((1 - np.exp(-time * z)) ** 2 / z * kappa * df1 / z @ dz / (2j * np.pi)).real / n),
        "train_signal": float(-(decay @ (q @ energy) / (2j * np.pi)).real),
        "train_noise": float(-(decay @ (1 / kappa) / (2j * np.pi)).real),
        "df1": float(n * (1 + (np.exp(-time * z) @ (dz / kappa) / (2j * np.pi)).real)),
    }


def bias_by_parabola(
    sigma: Sequence[float], m: Sequence[float], e: Sequence[float], n: float, time: float, step: float = 0.05
) -> float:
    """The double integral for spectra of many decades, along z = -3(1+iθ)²/t from left of the support on."""
    s, w, energy = (np.asarray(a, dtype=float) for a in (sigma, m, e))
    theta = np.arange(0, 4, step)
    z, dz = -3 * (1 + 1j * theta) ** 2 / time, -6j * (1 + 1j * theta) / time * step
    kappa = _followed(s, w, n, z[0].real, z)
    z, dz, kappa = (np.concatenate([a, a[1:].conj()]) for a in (z, dz, kappa))
    dz[theta.size :] *= -1  # the way down is the mirror of the way up
    q = 1 / (s + kappa[:, None])
    double = 1 - (q * (w * s**2)) @ q.T / n
    both = np.exp(-time * z) * kappa / z * dz / (2j * np.pi)
    return float((both @ ((q * energy) @ q.T / double) @ both).real)


def _followed(s: Any, w: Any, n: float, start: float, path: Any) -> Any:
    """Roots of κ(df1/n - 1) = x along a path, from the positive root at a negative x."""
    low, high = 0.0, -start + (w * s).sum() / n
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if middle * ((w * s / (s + middle)).sum() / n - 1) > start else (low, middle)
    kappa, out = complex(low), []
    for goal in np.concatenate([np.linspace(start, path[0], 50), path]):
        for _ in range(12):
            value = kappa * ((w * s / (s + kappa)).sum() / n - 1) - goal
            kappa -= value / ((w * s**2 / (s + kappa) ** 2).sum() / n - 1)
        out.append(kappa)
    return np.array(out[50:])


class Inverted:
    """Fields as inverse Laplace transforms by mpmath; ``df1`` and ``left`` are functions of κ, Σ e/(σ+κ) the second."""

    def __init__(self, df1: Function, left: Function, n: float, energy: float, digits: int = 30) -> None:
        self.df1, self.left, self.n, self.energy, self.digits = df1, left, mp.mpf(n), energy, digits

    def kappa(self, w: Any) -> Any:
        """By bisection at |w|, then round to w in small steps of Newton's iteration."""

        def value(k: Any) -> Any:
            return k * (1 - self.df1(k) / self.n)

        size, angle = abs(w), mp.arg(w)
        low, high = mp.mpf("1e-200"), mp.mpf("1e200")
        for _ in range(120):
            middle = mp.sqrt(low * high)
            low, high = (middle, high) if value(middle) < size else (low, middle)
        k = mp.mpc(mp.sqrt(low * high))
        for turn in range(13):
            goal = size * mp.expj(angle * turn / 12)
            for _ in range(60):
                step = mp.mpf(10) ** (-self.digits // 2) * k
                slope = (value(k + step) - value(k - step)) / (2 * step)
                moved = (value(k) - goal) / slope
                k -= moved
                if abs(moved) < mp.mpf(10) ** (-self.digits + 5) * abs(k):
                    break
        return k

    def at(self, transform: Callable[[Any, Any], Any], time: float) -> Any:
        """Of a function of (w, κ(w))."""
        with mp.workdps(self.digits):
            return mp.invertlaplace(lambda w: transform(w, self.kappa(w)), time, method="talbot", degree=36)

    def fields(self, time: float) -> dict[str, Any]:
        """Variance, both parts of the train error, and df1."""

        def grown(w: Any, k: Any) -> Any:
            return (k / w - 1) / w

        return {
            "variance": 2 * self.at(grown, time) - self.at(grown, 2 * time),
            "train_signal": self.at(lambda w, k: self.left(k), 2 * time),
            "train_noise": self.at(lambda w, k: 1 / k, 2 * time),
            "df1": self.at(lambda w, k: self.df1(k) / w, time),
        }
