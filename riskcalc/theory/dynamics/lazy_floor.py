"""What no lazy method learns."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from riskcalc.arguments import FloatArray, instance, numbers, whole
from riskcalc.targets import Monomials, Target

TARGET_HINT = "make one with riskcalc.targets"
LISTED = 200  # degrees beyond the last whose energies are summed one by one


def lazy_floor(target: Target, degree: npt.ArrayLike) -> FloatArray:
    r"""Energy of the target above a degree, in the limit d → ∞.

    .. math:: \|P_{>\ell}f_*\|^2 = \sum_{k>\ell}\frac{g_k^2}{k!}

    Parameters
    ----------
    target : Target
        f*.
    degree : array_like of int, >= -1
        ℓ; -1 is nothing learnt.

    Returns
    -------
    ndarray
        Of the shape of ``degree``. Units of y².

    Raises
    ------
    ValueError
        If ``degree`` is no whole number >= -1.
    TypeError
        If ``target`` is no target.

    Notes
    -----
    Up to o(1), a lower bound of the excess risk (without the ½ of the loss) of every method whose kernel is invariant
    under rotations, random features and neural tangent models of any width included, from at most
    :math:`d^{\ell+1-\delta}` samples; of random features with that many neurons; and with :math:`\ell+1` in the place
    of ℓ, of neural tangent models with that many neurons. From the literature.

    References
    ----------
    .. [1] ghorbani2021 (place not checked)
    .. [2] mei2022 (place not checked)
    .. [3] yehudai2019 (place not checked)

    Examples
    --------
    >>> import riskcalc as rc
    >>> steep = rc.activations.custom(lambda x: rc.activations.Tanh()(2 * x))
    >>> print(rc.dynamics.lazy_floor(rc.targets.SingleIndex(steep), [0, 1, 3]).round(4))
    [0.6353 0.1031 0.0403]
    """
    instance("target", target, Target, TARGET_HINT)
    levels = _levels(degree)
    n_inputs = 2
    if isinstance(target, Monomials):
        n_inputs = max([2, *(1 + i for monomial in target.coefficients for i in monomial)])  # type: ignore[attr-defined]
    return _above(target, n_inputs, levels, "gaussian")


def lazy_staircase(target: Target, n_inputs: int, n_samples: npt.ArrayLike) -> FloatArray:
    r"""The floor of lazy methods as a function of the sample size, at finite d.

    .. math:: \|P_{>\ell}f_*\|^2, \qquad d^{\ell} < n \le d^{\ell+1}

    Parameters
    ----------
    target : Target
        f*, with its energies on the sphere.
    n_inputs : int, >= 2
        The dimension d.
    n_samples : array_like, >= 0
        n.

    Returns
    -------
    ndarray
        Of the shape of ``n_samples``. Units of y².

    Raises
    ------
    ValueError
        If a number is outside its domain, or the target has more variables than ``n_inputs``.
    TypeError
        If ``target`` is no target.

    Notes
    -----
    A step function of log n/log d: a caricature for d → ∞, at its steps the value before them. A generic kernel
    reaches it between the steps; the smooth version is ``predict`` for ``KernelRidge``.

    References
    ----------
    .. [1] ghorbani2021 (place not checked)
    .. [2] mei2022 (place not checked)

    Examples
    --------
    >>> import riskcalc as rc
    >>> steep = rc.activations.custom(lambda x: rc.activations.Tanh()(2 * x))
    >>> print(rc.dynamics.lazy_staircase(rc.targets.SingleIndex(steep), 50, [25, 400, 1e5]).round(4))
    [0.6392 0.1005 0.1005]
    """
    instance("target", target, Target, TARGET_HINT)
    d = whole("n_inputs", n_inputs, at_least=2)
    n = numbers("n_samples", n_samples, at_least=0)
    top = math.ceil(math.log(max(float(n.max(initial=1.0)), 1.0)) / math.log(d)) + 1
    steps = np.array([float(d) ** k for k in range(top + 1)])
    return _above(target, d, np.searchsorted(steps, n, side="left") - 1, "sphere")


def _levels(degree: npt.ArrayLike) -> np.ndarray[tuple[int, ...], np.dtype[np.intp]]:
    """Whole numbers >= -1."""
    levels = numbers("degree", degree, at_least=-1)
    if (levels != np.floor(levels)).any():
        raise ValueError(f"degree must be whole numbers, got {levels[levels != np.floor(levels)].flat[0]:g}")
    return levels.astype(np.intp)


def _above(
    target: Target, n_inputs: int, levels: np.ndarray[tuple[int, ...], np.dtype[np.intp]], domain: str
) -> FloatArray:
    """Energy beyond each level, the small ones summed first."""
    top = int(levels.max(initial=0)) + LISTED
    energies = target.energies(n_inputs, top, domain)
    below = np.append(energies.by_degree, energies.rest)[::-1]
    return np.asarray(np.cumsum(below)[::-1][levels + 1])
