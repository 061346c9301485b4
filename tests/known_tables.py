"""Tables of which the truth is known: rows of a law, a target, an estimator, and errors measured on fresh samples."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

import riskcalc as rc

TEST_ROWS = 2000
RIDGES = 10.0 ** np.arange(-3, 1)  # in units of the mean diagonal of the kernel matrix
Draw = Callable[[np.random.Generator, int], np.ndarray]


@dataclass(frozen=True)
class Case:
    """Rows of a law, a function of them, the variance of the noise, and a kernel (None: the inner product)."""

    name: str
    draw: Draw
    target: Callable[[np.ndarray], np.ndarray]
    noise: float
    kernel: rc.kernels.Kernel | None

    def sample(self, rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
        X = self.draw(rng, n)
        return X, self.target(X) + np.sqrt(self.noise) * rng.standard_normal(n)

    def table(self, m: int, seed: int) -> rc.Dataset:
        return rc.Dataset(*self.sample(np.random.default_rng([seed, m, len(self.name)]), m))

    def estimator(self, ridge: np.ndarray | float) -> rc.Ridge | rc.KernelRidge:
        return rc.Ridge(ridge) if self.kernel is None else rc.KernelRidge(self.kernel, ridge)

    def gram(self, X: np.ndarray, Z: np.ndarray) -> np.ndarray:
        return X @ Z.T if self.kernel is None else self.kernel(X, Z)

    @property
    def diagonal(self) -> float:
        """Mean of K(x, x), from many rows: the unit of the ridge."""
        X = self.draw(np.random.default_rng(99), 4000)
        return float(np.mean((X**2).sum(axis=1)) if self.kernel is None else np.mean(np.diag(self.kernel(X[:300]))))

    def errors(self, n: int, ridges: np.ndarray, trials: int, seed: int) -> np.ndarray:
        """Error on fresh rows, noise included, of fits to n fresh rows with the mean of the outputs taken off."""
        out = []
        for trial in range(trials):
            rng = np.random.default_rng([seed, n, trial])
            X, y = self.sample(rng, n)
            Z = self.draw(rng, TEST_ROWS)
            s, u = np.linalg.eigh(self.gram(X, X))
            cross, seen = self.gram(Z, X) @ u, u.T @ (y - y.mean())
            fits = cross @ (seen[:, None] / (np.maximum(s, 0)[:, None] + ridges)) + y.mean()
            out.append(np.mean((self.target(Z)[:, None] - fits) ** 2, axis=0) + self.noise)
        return np.array(out)


def gaussian(p: int, deviations: np.ndarray | float = 1.0) -> Draw:
    return lambda rng, n: rng.standard_normal((n, p)) * deviations


def cube(p: int) -> Draw:
    return lambda rng, n: rng.uniform(0, 1, (n, p))


def sphere(p: int) -> Draw:
    def draw(rng: np.random.Generator, n: int) -> np.ndarray:
        X = rng.standard_normal((n, p))
        return X * np.sqrt(p) / np.linalg.norm(X, axis=1, keepdims=True)

    return draw


def signs(p: int) -> Draw:
    return lambda rng, n: rng.choice([-1.0, 1.0], (n, p))


def clusters(rng: np.random.Generator, n: int) -> np.ndarray:
    centres = np.random.default_rng(3).standard_normal((6, 8)) * 2
    return centres[rng.integers(0, 6, n)] + 0.7 * rng.standard_normal((n, 8))


def linear(coefficients: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    return lambda X: X @ coefficients


def power_law(exponent: float, decay: float, p: int) -> tuple[Draw, Callable[[np.ndarray], np.ndarray]]:
    """Deviations i^(-exponent/2), energies i^(-decay) with random signs, one in all."""
    i = np.arange(1.0, p + 1)
    energies = i**-decay / (i**-decay).sum()
    deviations = i ** (-exponent / 2)
    return gaussian(p, deviations), linear(np.sqrt(energies) / deviations * np.random.default_rng(p).choice([-1, 1], p))


K = rc.kernels
CASES = [
    Case("power law 1.3", *power_law(1.3, 1.5, 700), 0.3, None),
    Case("power law 1.8, weak noise", *power_law(1.8, 1.4, 500), 0.03, None),
    Case("40 isotropic columns", gaussian(40), linear(np.full(40, 0.2)), 1.0, None),
    Case("two indices", gaussian(6), lambda X: np.tanh(2 * X[:, 0]) + np.cos(X[:, 1]) / 2, 0.1, K.RBF(0.1)),
    Case("quadratic form", gaussian(12), lambda X: X[:, 0] * X[:, 1] + X[:, 2], 0.2, K.Laplace(5.0)),
    Case("waves", cube(3), lambda X: np.sin(6 * X[:, 0]) + np.abs(X[:, 1] - 0.5), 0.2, K.Laplace(0.7)),
    Case("a step", cube(2), lambda X: np.where(X[:, 0] + X[:, 1] > 1, 1.0, 0.0), 0.05, K.RBF(8.0)),
    Case("arc tangent", cube(4), lambda X: np.arctan2(X[:, 0] + X[:, 1], X[:, 2]), 0.02, K.RBF(1.5)),
    Case("degrees 1 and 3", sphere(10), lambda X: X[:, 0] + X[:, 1] * X[:, 2] * X[:, 3], 0.1, K.Exponential(1.0)),
    Case("single index", sphere(20), lambda X: np.maximum(X[:, 0], 0), 0.3, K.ReluNeuralTangent(1)),
    Case("pair of signs", signs(12), lambda X: X[:, 0] + X[:, 1] * X[:, 2], 0.5, K.Polynomial(2)),
    Case("six clusters", clusters, lambda X: np.sign(X[:, 0] * X[:, 1]), 0.1, K.RBF(0.08)),
    Case("without noise", sphere(6), lambda X: np.cos(2 * X[:, 0]) + X[:, 1], 0.0, K.ArcCosine(1)),
]
