"""The staircases of networks with infinitely many samples: which degrees N = d^a neurons represent."""

from __future__ import annotations

import numpy.typing as npt

from riskcalc.activations import Activation
from riskcalc.arguments import FloatArray, instance, numbers
from riskcalc.kernels import Dual, NeuralTangent
from riskcalc.theory.limits.staircase import staircase

ACTIVATION_HINT = "use one of riskcalc.activations"


def random_feature_approximation(
    energies: npt.ArrayLike, width_exponent: npt.ArrayLike, activation: Activation | None = None
) -> FloatArray:
    r"""Limit of the approximation error of :math:`N = d^a` random features on the sphere.

    .. math:: R_{\rm RF} \to \|P_{>\ell}f_*\|^2, \qquad \ell < a < \ell+1

    Parameters
    ----------
    energies : array_like, >= 0, shape (K + 1,)
        :math:`F_k^2`, the target's energy in each degree 0 ... K. Units of y².
    width_exponent : array_like, >= 0
        a, any shape. At a whole number the limit does not exist: the upper value is returned.
    activation : Activation, optional
        Degrees that it has not are never represented. Left out, it has every degree.

    Returns
    -------
    ndarray
        Of the shape of ``width_exponent``: the risk at n = ∞ without noise. Units of y².

    Raises
    ------
    ValueError
        If a number is outside its domain.
    TypeError
        If ``activation`` is not an Activation.

    Notes
    -----
    As ``staircase`` with N in place of n: random features are symmetric in the two. Slow in d, with steps of order one
    in :math:`N/d^\ell`; for numbers ``random_feature_risk`` at n_samples inf, or ``neural_tangent.approximation_error``
    for given weights. Degrees whose coefficient vanishes in the limit only are treated as ``staircase`` does (derived).

    References
    ----------
    .. [1] ghorbani2021 (place not checked)
    .. [2] mei2022 (place not checked)

    Examples
    --------
    >>> import riskcalc as rc
    >>> print(rc.limits.random_feature_approximation([0.0, 0.5, 0.3, 0.2], [0.5, 1.5, 2.5]))
    [1.  0.5 0.2]
    """
    a = numbers("width_exponent", width_exponent, at_least=0)
    kernel = None if activation is None else Dual(instance("activation", activation, Activation, ACTIVATION_HINT))
    return staircase(energies, a, kernel)


def neural_tangent_approximation(
    energies: npt.ArrayLike, width_exponent: npt.ArrayLike, activation: Activation | None = None
) -> FloatArray:
    r"""Limit of the approximation error of a neural tangent model of :math:`N = d^a` neurons on the sphere.

    .. math:: R_{\rm NT} \to \|P_{>\ell+1}f_*\|^2, \qquad \ell < a < \ell+1

    Parameters
    ----------
    energies : array_like, >= 0, shape (K + 1,)
        :math:`F_k^2`, the target's energy in each degree 0 ... K. Units of y².
    width_exponent : array_like, >= 0
        a, any shape. At a whole number the limit does not exist: the upper value is returned.
    activation : Activation, optional
        With a derivative of finite second moment. Degrees that its tangent kernel has not are never represented (for
        ReLU the odd ones from 3 on). Left out, it has every degree.

    Returns
    -------
    ndarray
        Of the shape of ``width_exponent``: the risk at n = ∞ without noise. Units of y².

    Raises
    ------
    ValueError
        If a number is outside its domain.
    TypeError
        If ``activation`` is not an Activation.

    Notes
    -----
    One degree more than random features of the same width, and the same as random features with as many parameters,
    Nd. First layer trained. Slow in d, with steps of order one in :math:`N/d^\ell`; for numbers
    ``neural_tangent.approximation_error``.

    References
    ----------
    .. [1] ghorbani2021 (place not checked)

    Examples
    --------
    >>> import riskcalc as rc
    >>> print(rc.limits.neural_tangent_approximation([0.0, 0.5, 0.3, 0.2], [0.5, 1.5, 2.5]))
    [0.5 0.2 0. ]
    >>> print(rc.limits.neural_tangent_approximation([0.0, 0.5, 0.3, 0.2], 2.5, rc.activations.ReLU()))
    0.2
    """
    a = numbers("width_exponent", width_exponent, at_least=0)
    kernel = None
    if activation is not None:
        kernel = NeuralTangent(instance("activation", activation, Activation, ACTIVATION_HINT))
    return staircase(energies, a + 1, kernel)
