"""Parts of a target that are not linear in whitened entries z: mean 0, energy 1, uncorrelated with every entry."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from riskcalc.model import Model

Array = np.ndarray


def product(z: Array) -> Array:
    """z_i z_j of two middle directions."""
    middle = z.shape[1] // 6
    return z[:, middle - 1] * z[:, middle]


def square(z: Array) -> Array:
    """He_2 of the strongest direction."""
    return (z[:, 0] ** 2 - 1) / np.sqrt(2)


def cubic(z: Array) -> Array:
    """He_3 of the strongest direction."""
    return (z[:, 0] ** 3 - 3 * z[:, 0]) / np.sqrt(6)


def many_products(z: Array) -> Array:
    """Sum of z_i z_j over pairs of all directions."""
    half = z.shape[1] // 2
    return (z[:, :half] * z[:, half : 2 * half]).sum(axis=1) / np.sqrt(half)


@dataclass(frozen=True, eq=False, repr=False)
class RandomProduct(Model):
    """Product of two random directions, another pair in each trial."""

    def draw(self, n_inputs: int, rng: np.random.Generator) -> Callable[[Array], Array]:
        """The function of one trial."""
        i, j = rng.choice(n_inputs, 2, replace=False)
        return lambda z: z[:, i] * z[:, j]


def table(z: Array) -> Array:
    return z[:, :2]


def broken(z: Array) -> Array:
    return np.full(len(z), np.nan)


def scaled_product(z: Array) -> Array:
    """Of energy 0.2."""
    return np.sqrt(0.2) * z[:, 0] * z[:, 1]
