"""Kernels with as many samples as inputs: only what is linear in x is left of them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from riskcalc.arguments import FloatArray, instance, numbers
from riskcalc.kernels import Cyclic, Kernel
from riskcalc.kernels.kernel import Scaled, Sum
from riskcalc.spectrum import SPECTRUM_HINT, Spectrum

KERNEL_HINT = "use one of riskcalc.kernels"
TERMS = 64  # of the Taylor series, where the difference that defines γ loses digits
ROUNDING = 16 * float(np.finfo(float).eps)
ON_THE_SPHERE = 1e-9  # how far Tr Σ/d may be from 1


@dataclass(frozen=True, eq=False)
class LinearRegime:
    r"""What is left of a kernel: :math:`K \approx \alpha 11^\top + \beta XX^\top/d + \gamma`.

    Parameters
    ----------
    constant : float, >= 0
        α, the eigenvalue of the constant function.
    linear : float, >= 0
        β; a linear function along an eigenvector of Σ has the eigenvalue βσ/d.
    ridge : float, >= 0
        γ, what the degrees from 2 on add to the ridge.
    quadratic : float
        :math:`h''(0)\sigma_{\max}^2/d^2`, the largest eigenvalue that is neglected.
    covariance : Spectrum
        Σ, with d eigenvalues.

    References
    ----------
    .. [1] elkaroui2010 (place not checked)

    Examples
    --------
    >>> import riskcalc as rc
    >>> regime = rc.limits.linear_regime(rc.kernels.Exponential(), rc.Spectrum.isotropic(100))
    >>> round(regime.constant, 4), regime.linear, round(regime.ridge, 4)
    (1.005, 1.0, 0.7183)
    """

    constant: float
    linear: float
    ridge: float
    quadratic: float
    covariance: Spectrum

    def equivalent_ridge(self, ridge: npt.ArrayLike) -> FloatArray:
        r"""The ridge of linear regression on x that fits the same function, up to the constant.

        .. math:: d\,(\lambda+\gamma)/\beta

        Parameters
        ----------
        ridge : array_like, >= 0
            λ of the kernel.

        Returns
        -------
        ndarray
            Of the shape of ``ridge``; inf if β = 0, where nothing linear is learned.

        Raises
        ------
        ValueError
            If a ridge is negative or nan.
        """
        lam = numbers("ridge", ridge, at_least=0, finite=False)
        if self.linear == 0:
            return np.full(lam.shape, np.inf)
        return np.asarray(self.covariance.n_features * (lam + self.ridge) / self.linear)

    @property
    def spectrum(self) -> Spectrum:
        """Spectrum of the kernel: βσ/d in the order of Σ, then α once, with γ as the tail."""
        along = self.linear * self.covariance.eigenvalues / self.covariance.n_features
        multiplicities = np.append(self.covariance.multiplicities, 1.0)
        return Spectrum.from_eigenvalues(np.append(along, self.constant), multiplicities, tail=self.ridge)


def linear_regime(kernel: Kernel, spectrum: Spectrum) -> LinearRegime:
    r"""Parameters of the linear regime n ≍ d, for inputs :math:`x = \Sigma^{1/2}z` with independent entries.

    .. math:: \alpha = h(0) + h''(0)\frac{\mathrm{Tr}\,\Sigma^2}{2d^2}, \qquad \beta = h'(0), \qquad
              \gamma = h(\tau) - h(0) - \tau h'(0), \qquad \tau = \frac{\mathrm{Tr}\,\Sigma}d

    Parameters
    ----------
    kernel : Kernel
        With known Taylor coefficients. A function of :math:`\langle x, z\rangle/d`, or any other if Tr Σ = d.
    spectrum : Spectrum
        Eigenvalues of Σ; finitely many, no tail. Their number, zeros included, is d.

    Returns
    -------
    LinearRegime
        ``.constant .linear .ridge`` (α, β, γ), ``.spectrum`` and ``.equivalent_ridge(ridge)``.

    Raises
    ------
    ValueError
        If d is no whole number, the kernel is known by its values only, depends on the norms beside the inner product
        while Tr Σ ≠ d, is averaged over shifts, or is not positive definite.
    TypeError
        If an argument is of another kind.

    Notes
    -----
    Kernel ridge regression is then ridge regression on x with the sum ridge d(λ+γ)/β. Relative error of the test error
    about 2/d, for entries with enough moments; it needs ‖x‖²/d to concentrate, and n far below d², from where on
    degree 2 is learned. A kernel that depends on norms is a function of the inner product on the sphere ‖x‖² = d that x
    is near; off it no such function is known to this routine.

    References
    ----------
    .. [1] elkaroui2010 (place not checked)
    .. [2] liang2020 (place not checked)
    .. [3] bartlett2021 (place not checked)

    Examples
    --------
    >>> import riskcalc as rc
    >>> spectrum = rc.Spectrum.from_eigenvalues([1.5, 0.5], multiplicities=[50, 50])
    >>> regime = rc.limits.linear_regime(rc.kernels.Polynomial(2), spectrum)
    >>> regime.constant, regime.linear, regime.ridge, float(regime.equivalent_ridge(1.0))
    (1.0125, 2.0, 1.0, 100.0)
    """
    instance("kernel", kernel, Kernel, KERNEL_HINT)
    d = whole_dimension(instance("spectrum", spectrum, Spectrum, SPECTRUM_HINT))
    tau, square = spectrum.trace / d, float(spectrum.masses @ spectrum.eigenvalues) / d**2
    _refuse_norms(kernel, tau)
    a = kernel.taylor(d, TERMS)
    alpha, beta = float(a[0] + a[2] * square), float(a[1])
    gamma = _beyond_linear(_at_norm(kernel, tau, d), a, tau)
    for name, value in {"h(0) + h''(0) Tr Σ²/2d²": alpha, "h'(0)": beta, "h(τ) - h(0) - τh'(0)": gamma}.items():
        numbers(f"{name} of {kernel!r}", value, at_least=0, ndim=0, hint="the kernel must be positive definite")
    largest = float(spectrum.eigenvalues.max())
    return LinearRegime(alpha, beta, gamma, 2 * float(a[2]) * (largest / d) ** 2, spectrum)


def whole_dimension(spectrum: Spectrum) -> int:
    """The dimension d, by which ⟨x, z⟩ and the variance of random weights are divided."""
    d = spectrum.n_features
    if not math.isfinite(d) or d != int(d):
        raise ValueError(
            f"n_features must be a finite whole number, got {d:g}; kernels and random weights divide by the number of "
            "inputs, so that sizes are counts"
        )
    return int(d)


def _refuse_norms(kernel: Kernel, tau: float) -> None:
    """Kernels that are no function of ⟨x, z⟩ alone need x near the sphere on which they are one."""
    if isinstance(kernel, Cyclic):
        raise ValueError(f"kernel must not be averaged over shifts, got {kernel!r}; it is no function of ⟨x, z⟩")
    if abs(tau - 1) > ON_THE_SPHERE and not _of_inner_products(kernel):
        raise ValueError(
            f"kernel must be a function of ⟨x, z⟩ alone, as kernels.Exponential(), where Tr Σ is not d, got {kernel!r} "
            f"with Tr Σ/d = {tau:.6g}; divide the eigenvalues by it"
        )


def _of_inner_products(kernel: Kernel) -> bool:
    """Whether K(x, z) = h(⟨x, z⟩/d) for vectors of any norm."""
    if isinstance(kernel, Sum):
        return _of_inner_products(kernel.first) and _of_inner_products(kernel.second)
    if isinstance(kernel, Scaled):
        return _of_inner_products(kernel.kernel)
    return type(kernel)._gram is Kernel._gram


def _at_norm(kernel: Kernel, tau: float, d: int) -> float:
    """h(τ) = K(x, x) at ‖x‖² = τd."""
    x = np.zeros(d)
    x[0] = math.sqrt(tau * d)
    return float(numbers("K(x, x) at ‖x‖² = Tr Σ", kernel(x), ndim=0, hint="rescale the eigenvalues"))


def _beyond_linear(total: float, a: FloatArray, tau: float) -> float:
    """h(τ) - a_0 - a_1τ, or its series where the two agree to the rounding of the difference."""
    with np.errstate(under="ignore", over="ignore"):
        terms = a * tau ** np.arange(a.size)
    difference, series = total - terms[0] - terms[1], math.fsum(terms[2:])
    return series if abs(difference - series) <= ROUNDING * total else difference
