"""A sufficient condition for lazy training, and what it guarantees."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from riskcalc.arguments import FloatArray, common_shape, numbers
from riskcalc.theory.lazy.quotient import over


def laziness_ratio(
    lipschitz: npt.ArrayLike, residual: npt.ArrayLike, sigma_min: npt.ArrayLike, scale: npt.ArrayLike = 1
) -> FloatArray:
    r"""The ratio ρ below 1 of which training is certain to stay close to the linearisation.

    .. math:: \rho = \frac{4L\,r_0}{\alpha\,\sigma_{\min}^2}

    Parameters
    ----------
    lipschitz : array_like, >= 0
        L, of the Jacobian on the data in operator norm, as ``lipschitz_bound``; may be inf.
    residual : array_like, >= 0
        :math:`r_0 = \|y - \alpha f(\theta_0)\|`, the Euclidean norm.
    sigma_min : array_like, >= 0
        Smallest of the n singular values of the Jacobian; 0 if there are fewer parameters than samples.
    scale : array_like, >= 0
        α.

    Returns
    -------
    ndarray
        Of the broadcast shape; inf where nothing is promised: at ``sigma_min`` 0, ``scale`` 0 or ``lipschitz`` inf.

    Raises
    ------
    ValueError
        If a number is outside its domain, or shapes do not broadcast.

    Notes
    -----
    ρ < 1 is sufficient: then ``convergence_rate`` and ``displacement_bound`` hold at all times. It is pessimistic, in
    experiments by two orders of magnitude.

    References
    ----------
    .. [1] oymak2019 (place not checked)
    .. [2] chizat2019 (place not checked)
    .. [3] bartlett2021 (section 5; place not checked)

    Examples
    --------
    >>> import riskcalc as rc
    >>> print(rc.lazy.laziness_ratio(lipschitz=0.5, residual=4.0, sigma_min=[2.0, 0.0], scale=8))
    [0.25  inf]
    """
    return over(numbers("scale", scale, at_least=0), lazy_scale(lipschitz, residual, sigma_min))


def lazy_scale(lipschitz: npt.ArrayLike, residual: npt.ArrayLike, sigma_min: npt.ArrayLike) -> FloatArray:
    r"""The scale above which training is certain to stay close to the linearisation.

    .. math:: \alpha_{\rm lazy} = \frac{4L\,r_0}{\sigma_{\min}^2}

    Parameters
    ----------
    lipschitz, residual, sigma_min : array_like, >= 0
        As ``laziness_ratio``.

    Returns
    -------
    ndarray
        Of the broadcast shape; inf where no scale is promised to be enough.

    Raises
    ------
    ValueError
        If a number is outside its domain, or shapes do not broadcast.

    Notes
    -----
    For a residual that does not depend on α, as of a network that starts at f = 0.

    References
    ----------
    .. [1] oymak2019 (place not checked)

    Examples
    --------
    >>> import riskcalc as rc
    >>> print(rc.lazy.lazy_scale(lipschitz=0.5, residual=4.0, sigma_min=2.0))
    2.0
    """
    L = numbers("lipschitz", lipschitz, at_least=0, finite=False)
    r0, sigma = numbers("residual", residual, at_least=0), numbers("sigma_min", sigma_min, at_least=0)
    common_shape(lipschitz=L, residual=r0, sigma_min=sigma)
    with np.errstate(invalid="ignore"):
        top = np.where(L == np.inf, np.inf, 4 * L * r0)
    return over(sigma, over(sigma, top))


def convergence_rate(sigma_min: npt.ArrayLike, n_samples: npt.ArrayLike, scale: npt.ArrayLike = 1) -> FloatArray:
    r"""Rate of the training error that is guaranteed where ``laziness_ratio`` is below 1.

    .. math:: \|y - \alpha f(\theta_t)\|^2 \le r_0^2\,e^{-ct}, \qquad c = \frac{\alpha^2\sigma_{\min}^2}{2n}

    Parameters
    ----------
    sigma_min : array_like, >= 0
        Smallest singular value of the Jacobian.
    n_samples : array_like, > 0
        n.
    scale : array_like, >= 0
        α.

    Returns
    -------
    ndarray
        c, of the broadcast shape. Units of 1/t.

    Raises
    ------
    ValueError
        If a number is outside its domain, or shapes do not broadcast.

    Notes
    -----
    A quarter of the rate of the linearised flow, :math:`2\alpha^2\sigma_{\min}^2/n`.

    References
    ----------
    .. [1] oymak2019 (place not checked)

    Examples
    --------
    >>> import riskcalc as rc
    >>> print(rc.lazy.convergence_rate(sigma_min=2.0, n_samples=20, scale=10))
    10.0
    """
    sigma, n = numbers("sigma_min", sigma_min, at_least=0), numbers("n_samples", n_samples, above=0)
    alpha = numbers("scale", scale, at_least=0)
    common_shape(sigma_min=sigma, n_samples=n, scale=alpha)
    return np.asarray((alpha * sigma) ** 2 / (2 * n))


def displacement_bound(residual: npt.ArrayLike, sigma_min: npt.ArrayLike, scale: npt.ArrayLike = 1) -> FloatArray:
    r"""How far the parameters move at most, at any time, where ``laziness_ratio`` is below 1.

    .. math:: \|\theta_t - \theta_0\| \le \frac{2r_0}{\alpha\,\sigma_{\min}}

    Parameters
    ----------
    residual, sigma_min, scale : array_like, >= 0
        As ``laziness_ratio``.

    Returns
    -------
    ndarray
        Of the broadcast shape; inf where ``sigma_min`` or ``scale`` is 0.

    Raises
    ------
    ValueError
        If a number is outside its domain, or shapes do not broadcast.

    Notes
    -----
    It bounds the length of the path.

    References
    ----------
    .. [1] oymak2019 (place not checked)

    Examples
    --------
    >>> import riskcalc as rc
    >>> print(rc.lazy.displacement_bound(residual=4.0, sigma_min=2.0, scale=8))
    0.5
    """
    r0, sigma = numbers("residual", residual, at_least=0), numbers("sigma_min", sigma_min, at_least=0)
    alpha = numbers("scale", scale, at_least=0)
    common_shape(residual=r0, sigma_min=sigma, scale=alpha)
    return over(alpha, over(sigma, 2 * r0))
