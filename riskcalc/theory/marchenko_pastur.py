"""The law of the eigenvalues of a large sample covariance of white noise: Marchenko and Pastur's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.optimize.elementwise import find_root

from riskcalc.arguments import FloatArray, common_shape, numbers, whole
from riskcalc.errors import NotConvergedError
from riskcalc.model import Model
from riskcalc.theory.edge_mass import edge_mass, narayana

HIGHEST_MOMENT = 500  # Narayana's coefficients then sum to less than 4^500, which a float holds


@dataclass(frozen=True, eq=False, repr=False)
class MarchenkoPastur(Model):
    r"""Law of the eigenvalues of :math:`X^\mathsf{T}X/n`, where the n rows of X have covariance :math:`s I_p`.

    .. math:: \Big(1-\frac1\gamma\Big)_+\delta_0(dx) + \frac{\sqrt{(b-x)(x-a)}}{2\pi\gamma s x}\,1_{[a,b]}(x)\,dx,
              \qquad a, b = s(1\mp\sqrt\gamma)^2, \quad \gamma = p/n

    Parameters
    ----------
    aspect_ratio : array_like, > 0
        γ, features per sample; dimensionless.
    variance : array_like, > 0
        s, of each feature; units of x. Broadcasts against ``aspect_ratio``.

    Raises
    ------
    ValueError
        If a parameter is outside its domain, or the two do not broadcast.

    Notes
    -----
    The limit p, n → ∞ at fixed γ. The methods have scipy.stats' habits, and arguments broadcast against the parameters.
    Off zero, γ and 1/γ give one law up to the scale γ, so that all is computed at min(γ, 1/γ); the edges near γ = 1
    come from 1 − γ and keep their digits. At γ = 1 the density grows as 1/√x at 0.

    References
    ----------
    .. [1] marchenko1967 (place not checked)

    Examples
    --------
    >>> import riskcalc as rc
    >>> law = rc.MarchenkoPastur([0.25, 4])
    >>> law.support.round(4).tolist(), law.atom.tolist()
    ([[[0.25, 2.25]], [[1.0, 9.0]]], [0.0, 0.75])
    """

    aspect_ratio: npt.ArrayLike
    variance: npt.ArrayLike = 1.0

    def _checked(self) -> dict[str, object]:
        gamma = numbers("aspect_ratio", self.aspect_ratio, above=0)
        variance = numbers("variance", self.variance, above=0)
        common_shape(aspect_ratio=gamma, variance=variance)
        with np.errstate(over="ignore"):
            numbers("the upper edge, variance (1 + √aspect_ratio)²,", variance * (1 + np.sqrt(gamma)) ** 2)
        return {"aspect_ratio": gamma, "variance": variance}

    @property
    def support(self) -> FloatArray:
        """Ends of the one interval [a, b] of the continuous part; shape (..., 1, 2), units of the variance."""
        unit = self._unit()
        return np.stack([unit.scale * unit.low**2, unit.scale * unit.high**2], axis=-1)[..., None, :]

    @property
    def atom(self) -> FloatArray:
        """Mass at zero, (1 − 1/γ)₊; broadcast shape of the parameters."""
        gamma, variance = self._parameters()
        return np.broadcast_to(np.maximum(gamma - 1, 0) / gamma, np.broadcast_shapes(gamma.shape, variance.shape))[()]

    def pdf(self, x: npt.ArrayLike, /) -> FloatArray:
        r"""Density of the continuous part, whose mass is min(1, 1/γ): the atom is not in it.

        .. math:: f(x) = \frac{\sqrt{(b-x)(x-a)}}{2\pi\gamma s x}, \quad a \le x \le b

        Parameters
        ----------
        x : array_like
            Real or infinite, units of the variance.

        Returns
        -------
        ndarray
            Broadcast shape of x and the parameters. 0 outside [a, b]; inf at x = 0 if γ = 1.

        Raises
        ------
        ValueError
            If x is nan.

        Examples
        --------
        >>> import riskcalc as rc
        >>> print(rc.MarchenkoPastur(0.5).pdf([0.05, 1, 2]).round(6))
        [0.       0.421084 0.210542]
        """
        unit, y, above, below = self._place(x)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            density = np.sqrt(above) * np.sqrt(below) / (2 * np.pi * unit.ratio * y) * (unit.mass / unit.scale)
        inside = (above > 0) & (below > 0)
        return np.where((y == 0) & (unit.low == 0), np.inf, np.where(inside, density, 0.0))[()]

    def cdf(self, x: npt.ArrayLike, /) -> FloatArray:
        r"""Distribution function P(eigenvalue ≤ x), the atom included.

        .. math:: F(x) = \Big(1-\frac1\gamma\Big)_+ + \frac{1}{2\pi\gamma}\Big[\frac{\sqrt{uw}}s
                  + 2(1+\gamma)\arctan\sqrt{\frac uw} - 2|1-\gamma|\arctan\sqrt{\frac{bu}{aw}}\Big],
                  \quad u = x-a,\; w = b-x

        Parameters
        ----------
        x : array_like
            Real or infinite, units of the variance.

        Returns
        -------
        ndarray
            Broadcast shape of x and the parameters; 0 for x < 0, the atom for 0 ≤ x ≤ a, 1 from b on.

        Raises
        ------
        ValueError
            If x is nan.

        Notes
        -----
        Near the edges and for small γ the three terms cancel; they are regrouped so that the mass between x and the
        nearer edge has a *relative* error of about 1e-15, given u and w. Forming these costs x/u and b/w of the digits
        (nothing at γ = 1, where u = x).

        Examples
        --------
        >>> import riskcalc as rc
        >>> print(rc.MarchenkoPastur([0.5, 2]).cdf([[0], [1], [3]]).round(6))
        [[0.       0.5     ]
         [0.576004 0.659155]
         [1.       0.877122]]
        """
        left, tail, _ = self._tail(x)
        return np.where(np.asarray(x) < 0, 0.0, np.where(left, self.atom + tail, 1 - tail))[()]

    def sf(self, x: npt.ArrayLike, /) -> FloatArray:
        """Survival function P(eigenvalue > x): relative error about 1e-15 b/(b − x) up to the upper edge b."""
        left, tail, mass = self._tail(x)
        return np.where(np.asarray(x) < 0, 1.0, np.where(left, mass - tail, tail))[()]

    def ppf(self, q: npt.ArrayLike, /) -> FloatArray:
        r"""Quantile, the least x with F(x) ≥ q.

        .. math:: F(x) = q

        Parameters
        ----------
        q : array_like, >= 0 and <= 1
            Probability; dimensionless.

        Returns
        -------
        ndarray
            Broadcast shape of q and the parameters. 0 where q is at most a positive atom; without an atom q = 0 gives
            the edge a (scipy's habit).

        Raises
        ------
        ValueError
            If q is outside [0, 1] or nan.
        NotConvergedError
            If a root is not found in its proved bracket (not seen).

        Notes
        -----
        Solved in t = tan(ψ/2), x = a + (b − a) sin²(ψ/2), ψ counted from the nearer edge, so that small q keep their
        digits. F(ppf(q)) = q to the rounding of x, 1e-16 x f(x): below 1e-13 for γ in [1e-6, 1e6].

        Examples
        --------
        >>> import riskcalc as rc
        >>> print(rc.MarchenkoPastur([0.5, 2]).ppf([[0.25], [0.75]]).round(6))
        [[0.398254 0.      ]
         [1.485922 1.660932]]
        """
        q = numbers("q", q, at_least=0, at_most=1)
        return self._quantile(q, 1 - q)

    def isf(self, q: npt.ArrayLike, /) -> FloatArray:
        """Upper quantile, the least x with P(eigenvalue > x) ≤ q: ppf(1 − q) without the rounding of 1 − q."""
        q = numbers("q", q, at_least=0, at_most=1)
        return self._quantile(1 - q, q)

    def median(self) -> FloatArray:
        """Median, ppf(1/2); 0 for γ ≥ 2."""
        return self.ppf(0.5)

    def interval(self, confidence: float, /) -> FloatArray:
        """Interval with equal tails that holds the mass ``confidence``: its two ends on a last axis."""
        tail = (1 - numbers("confidence", confidence, at_least=0, at_most=1)) / 2
        return np.stack([self.ppf(tail), self.isf(tail)], axis=-1)

    def mean(self) -> FloatArray:
        """Mean, s."""
        return self.moment(1)

    def var(self) -> FloatArray:
        """Variance, γ s²."""
        gamma, variance = self._parameters()
        return gamma * variance**2

    def std(self) -> FloatArray:
        """Standard deviation, √γ s."""
        return np.sqrt(self.var())

    def rvs(self, size: int | tuple[int, ...] | None = None, rng: Any = None) -> FloatArray:
        """Independent draws, by inversion (the eigenvalues of one matrix are not independent: they repel each other).

        Parameters
        ----------
        size : int or tuple of int, optional
            Shape of the answer; by default the broadcast shape of the parameters.
        rng : int, SeedSequence or Generator, optional
            As in ``numpy.random.default_rng``; a Generator moves on.

        Returns
        -------
        ndarray
            Of shape ``size``; units of the variance.

        Raises
        ------
        ValueError
            If the parameters do not broadcast to ``size``.

        Examples
        --------
        >>> import riskcalc as rc
        >>> print(rc.MarchenkoPastur([0.5, 2]).rvs((1000, 2), rng=0).mean(axis=0).round(2))
        [1.01 0.98]
        """
        shape = self.atom.shape if size is None else tuple(np.atleast_1d(size))
        try:
            np.broadcast_to(self.atom, shape)
        except ValueError:
            message = f"size must be a shape that the parameters {self.atom.shape} broadcast to, got {size}"
            raise ValueError(message) from None
        return self.ppf(np.random.default_rng(rng).random(shape))

    def moment(self, k: int, /) -> FloatArray:
        r"""Moment of any whole order, by Narayana's polynomials.

        .. math:: E\,x^k = s^k\sum_{j=0}^{k-1}\frac1k\binom kj\binom k{j+1}\gamma^j \;(k\ge1), \qquad
                  E\,x^{-k-1} = \frac{E\,x^k}{(s(1-\gamma))^{2k+1}} \;(k\ge0,\ \gamma<1)

        Parameters
        ----------
        k : int, -500 to 500
            Order.

        Returns
        -------
        ndarray
            Broadcast shape of the parameters; inf for negative k if γ ≥ 1.

        Raises
        ------
        ValueError
            If k is not a whole number of its domain.

        Notes
        -----
        All terms are positive: relative error about 1e-16 |k|. The second equation holds because y = ab/x maps [a, b]
        to itself and f(x) dx to √(ab) f(y) dy/y (derived).

        Examples
        --------
        >>> import riskcalc as rc
        >>> law = rc.MarchenkoPastur([0.5, 2])
        >>> law.moment(3), law.moment(-1)
        (array([ 2.75, 11.  ]), array([ 2., inf]))
        """
        k = whole("k", k, at_least=-HIGHEST_MOMENT)
        if k > HIGHEST_MOMENT:
            raise ValueError(f"k must be a whole number <= {HIGHEST_MOMENT}, got {k}")
        gamma, variance = self._parameters()
        unit = self._unit()
        with np.errstate(over="ignore", under="ignore", divide="ignore"):
            if k >= 0:
                return (unit.mass if k else 1.0) * unit.scale**k * narayana(k, unit.ratio)
            gap = np.where(gamma < 1, 1 - gamma, 1.0)
            inverse = gap * (variance * gap**2) ** k * narayana(-k - 1, unit.ratio)
        return np.where(gamma < 1, inverse, np.inf)[()]

    def stieltjes(self, z: npt.ArrayLike, /) -> npt.NDArray[Any]:
        r"""Stieltjes transform m(z) = E 1/(x − z).

        .. math:: \gamma s z\,m^2 + (z - s(1-\gamma))\,m + 1 = 0

        Parameters
        ----------
        z : array_like, real or complex
            Real outside [a, b] (and not 0 if γ > 1), or with an imaginary part of either sign; units of the variance.

        Returns
        -------
        ndarray
            Broadcast shape of z and the parameters; real for real z.

        Raises
        ------
        ValueError
            If z is on the support, at the atom, nan or infinite.

        Notes
        -----
        The root with m ≃ −1/z at infinity: its square root is √(a − z)√(b − z), and of its two forms the one is taken
        that does not cancel, right to rounding for z → 0 and |z| → ∞. At a distance d from an edge the rounding of z
        moves m by its √d. In ridge regression m(−λ/n) = κ/(z(1 + κ)) with z = λ/n and the effective ridge κ.

        Examples
        --------
        >>> import riskcalc as rc
        >>> print(rc.MarchenkoPastur(0.5).stieltjes([-1, 0, 4]).round(6))
        [ 0.561553  2.       -0.359612]
        """
        real, imaginary = numbers("z", np.real(z)), numbers("z", np.imag(z))
        gamma, variance = self._parameters()
        a, b = self.support[..., 0, 0], self.support[..., 0, 1]
        refused = (imaginary == 0) & (((a <= real) & (real <= b)) | ((real == 0) & (gamma > 1)))
        if refused.any():
            got = np.broadcast_to(real, refused.shape)[refused].flat[0]
            raise ValueError(f"z must be off the .support and the .atom, got {got:g}; give it an imaginary part")
        point = real + 1j * imaginary
        root, middle = np.sqrt(a - point) * np.sqrt(b - point), variance * (1 - gamma) - point
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            forms = 2 / (middle + root), (middle - root) / (2 * gamma * variance) / point
            value = np.where(abs(middle + root) >= abs(middle - root), *forms)
        return np.asarray(value if np.iscomplexobj(z) else value.real)[()]

    def _parameters(self) -> tuple[FloatArray, FloatArray]:
        return np.asarray(self.aspect_ratio, dtype=np.float64), np.asarray(self.variance, dtype=np.float64)

    def _unit(self) -> _Unit:
        gamma, variance = self._parameters()
        larger = np.maximum(gamma, 1)
        ratio, high = np.minimum(gamma, 1) / larger, 1 + np.sqrt(np.minimum(gamma, 1) / larger)
        return _Unit(ratio, variance * larger, 1 / larger, abs(1 - gamma) / larger / high, high)

    def _place(self, x: npt.ArrayLike) -> tuple[_Unit, FloatArray, FloatArray, FloatArray]:
        """Argument y in units of the scale, and its distances from the edges, 0 outside."""
        unit = self._unit()
        with np.errstate(over="ignore"):
            y = numbers("x", x, finite=False) / unit.scale
        width = unit.high**2 - unit.low**2
        return unit, y, np.clip(y - unit.low**2, 0, width), np.clip(unit.high**2 - y, 0, width)

    def _tail(self, x: npt.ArrayLike) -> tuple[npt.NDArray[np.bool_], FloatArray, FloatArray]:
        """Whether x is nearer to the lower edge, the mass between x and the nearer edge, and that of the interval."""
        unit, _, above, below = self._place(x)
        left = above <= below
        tangent = np.sqrt(np.minimum(above, below) / np.maximum(np.maximum(above, below), 1e-300))
        edges = np.where(left, unit.low, unit.high), np.where(left, unit.high, unit.low)
        return left, unit.mass * edge_mass(tangent, *edges), unit.mass

    def _quantile(self, lower: FloatArray, upper: FloatArray) -> FloatArray:
        """The x with mass ``lower`` to its left and ``upper`` to its right."""
        unit = self._unit()
        upper_share = np.minimum(upper / unit.mass, 1)
        lower_share = np.where(unit.mass == 1, lower, 1 - upper_share)
        left = lower_share <= edge_mass(np.ones(()), unit.low, unit.high)
        near, far = np.where(left, unit.low, unit.high), np.where(left, unit.high, unit.low)
        share = np.where(left, lower_share, upper_share)
        cubic, linear = np.cbrt(3 * np.pi / 16 * near**2) * np.cbrt(share), np.pi / 16 * far**2 * share
        bracket = 0.99 * np.maximum(cubic, linear), np.minimum(np.maximum(2 * cubic, 24 * linear), 1.01)

        def excess(t: FloatArray, near: FloatArray, far: FloatArray, share: FloatArray) -> FloatArray:
            return edge_mass(t, near, far) - share

        root = find_root(excess, bracket, args=(near, far, share))
        if not np.all(root.success):
            raise NotConvergedError("quantile", best=root.x, residual=np.max(abs(root.f_x)))
        x = unit.scale * (near**2 + (far**2 - near**2) * root.x**2 / (1 + root.x**2))
        return np.where((lower <= self.atom) & (self.atom > 0), 0.0, x)[()]


class _Unit(NamedTuple):
    """Off zero the law is ``mass`` times the one at ``ratio`` <= 1, stretched by ``scale``; low, high = 1 ∓ √ratio."""

    ratio: FloatArray
    scale: FloatArray
    mass: FloatArray
    low: FloatArray
    high: FloatArray
