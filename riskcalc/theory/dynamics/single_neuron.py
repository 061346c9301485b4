"""One neuron on the sphere that learns a function of one direction."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from riskcalc.activations import Activation
from riskcalc.arguments import FloatArray, common_shape, numbers
from riskcalc.model import Model
from riskcalc.targets import SingleIndex
from riskcalc.theory.dynamics.gaussian_pairs import Pairs, adapted_rule, kinked_pairs, smooth_pairs
from riskcalc.theory.dynamics.integrate import flow, passage_time, time_axis
from riskcalc.theory.dynamics.link import Link, differentiable, normalised_coefficients, single_index

DEGREES = 64
SERIES = 0.5  # |m| up to which 64 degrees are right to 2^-64
BALANCED = 1e-10  # speed in units of the terms that make it up, below which the neuron rests
ABSENT = 1e-9  # of √(Eφ² Eg²): a product of coefficients below it counts as zero


@dataclass(frozen=True, eq=False, repr=False)
class SingleNeuron(Model):
    r"""Teacher and student: a neuron of norm 1 trained on a function of one direction e, x ~ N(0, 1_d), d → ∞.

    .. math:: f(x) = \varphi(\langle w, x\rangle), \quad f_*(x) = g(\langle e, x\rangle), \quad m = \langle w, e\rangle,
              \qquad \dot m = (1-m^2)\,b(m) - \tfrac\eta2\,m\,V(m), \quad
              b(m) = \sum_{k\ge1} \frac{\mu_kg_k}{(k-1)!}m^{k-1}

    Parameters
    ----------
    activation : Activation
        φ, with a bounded derivative.
    target : SingleIndex
        g. Units of y.

    Raises
    ------
    ValueError
        If the activation has no bounded derivative, or a function cannot be integrated.
    TypeError
        If the target is no ``SingleIndex``.

    Notes
    -----
    With ``step`` 0 this is the spherical gradient flow of the loss. With ``step`` η it is one-pass gradient descent,
    :math:`w \leftarrow \mathrm{normalise}\big(w + \tfrac\eta d(y-f)\varphi'(\langle w,x\rangle)(1-ww^{\sf T})x\big)`,
    at the time t = η n/d after n samples, as d → ∞ at a fixed η, with label noise of variance ``noise``. Twelve runs at
    d = 500 agree with it. For |m| <= 1/2 the drift is summed, beyond it is the integral
    :math:`E\,g(v)\varphi'(u)(v-mu)` over a pair of Gaussians of correlation m.

    References
    ----------
    .. [1] benarous2021 (place not checked)

    Examples
    --------
    >>> import riskcalc as rc
    >>> tanh = rc.activations.Tanh()
    >>> neuron = rc.dynamics.SingleNeuron(tanh, rc.targets.SingleIndex(tanh))
    >>> print(neuron.trajectory([1, 2, 4, 8], start=0.1, step=0.5, noise=0.09).round(3))
    [0.425 0.664 0.901 0.982]
    >>> neuron.information_exponent, neuron.sample_exponent
    (1, 1)
    """

    activation: Activation
    target: SingleIndex

    def _checked(self) -> dict[str, object]:
        return {"activation": differentiable(self.activation), "target": single_index(self.target)}

    @cached_property
    def products(self) -> FloatArray:
        """Products c_k/k! of the normalised Hermite coefficients of φ and g, k = 0 ... 64."""
        phi, g = self.activation, self._link
        left = normalised_coefficients(phi, phi.kinks, DEGREES, repr(phi))
        right = np.zeros(DEGREES + 1)
        if self.target.coefficients is None:
            right = normalised_coefficients(g.value, g.kinks, DEGREES, repr(self.target))
        else:
            given = np.asarray(self.target.coefficients)[: DEGREES + 1]
            right[: given.size] = given
        return np.asarray(left * right)

    def loss(self, m: npt.ArrayLike) -> FloatArray:
        r"""Half the mean square of the error, :math:`\tfrac12E(g(v)-\varphi(u))^2`, without label noise.

        Parameters
        ----------
        m : array_like, -1 <= m <= 1

        Returns
        -------
        ndarray
            Of the shape of ``m``. Units of y².
        """
        return self._mean(_correlation("m", m), lambda at: (self._link.value(at.v) - self.activation(at.u)) ** 2 / 2)

    def drift(self, m: npt.ArrayLike, step: npt.ArrayLike = 0, noise: npt.ArrayLike = 0) -> FloatArray:
        r"""Velocity :math:`\dot m = (1-m^2)b(m) - \tfrac\eta2mV(m)`.

        Parameters
        ----------
        m : array_like, -1 <= m <= 1
        step : array_like, >= 0
            η; 0 is the gradient flow.
        noise : array_like, >= 0
            Variance of the label noise, which matters at a positive step.

        Returns
        -------
        ndarray
            Of the broadcast shape.
        """
        at, eta = _correlation("m", m), numbers("step", step, at_least=0)
        tau2 = numbers("noise", noise, at_least=0)
        shape = common_shape(m=at, step=eta, noise=tau2)
        velocity = np.broadcast_to(self._flow(at), shape)
        return np.asarray(velocity - eta / 2 * at * self.gradient_power(at, tau2) if eta.any() else velocity.copy())

    def gradient_power(self, m: npt.ArrayLike, noise: npt.ArrayLike = 0) -> FloatArray:
        r"""Mean square of the gradient per input, :math:`V(m) = E\big((g(v)-\varphi(u))^2+\tau^2\big)\varphi'(u)^2`.

        Parameters
        ----------
        m : array_like, -1 <= m <= 1
        noise : array_like, >= 0
            τ².

        Returns
        -------
        ndarray
            Of the broadcast shape.
        """
        at, tau2 = _correlation("m", m), numbers("noise", noise, at_least=0)
        common_shape(m=at, noise=tau2)

        def power(pairs: Pairs) -> FloatArray:
            error = self._link.value(pairs.v) - self.activation(pairs.u)
            return np.asarray((error * self.activation.derivative(pairs.u)) ** 2)

        return np.asarray(self._mean(at, power) + tau2 * self._slope_power)

    def trajectory(
        self, times: npt.ArrayLike, start: npt.ArrayLike, step: npt.ArrayLike = 0, noise: npt.ArrayLike = 0
    ) -> FloatArray:
        r"""Correlation m at each time.

        Parameters
        ----------
        times : array_like, >= 0
            t; of one-pass gradient descent η n/d.
        start : array_like, -1 < start < 1
            m at time 0; :math:`\pm d^{-1/2}` at random initialisation.
        step, noise : array_like, >= 0
            As ``drift``.

        Returns
        -------
        ndarray
            Shape ``times.shape`` + the broadcast shape of the others.
        """
        t, m0 = time_axis(times), _inside("start", start)
        eta, tau2 = numbers("step", step, at_least=0), numbers("noise", noise, at_least=0)
        m0 = np.broadcast_to(m0, common_shape(start=m0, step=eta, noise=tau2))

        def velocity(m: FloatArray) -> FloatArray:
            return self.drift(np.clip(m, -1, 1), eta, tau2)

        return np.clip(flow(velocity, m0, t, 1e-11 * np.maximum(np.abs(m0), 1e-9)), -1, 1)

    def hitting_time(
        self, start: npt.ArrayLike, end: npt.ArrayLike, step: npt.ArrayLike = 0, noise: npt.ArrayLike = 0
    ) -> FloatArray:
        r"""First time at which the flow from ``start`` is at ``end``.

        Parameters
        ----------
        start : array_like, -1 < start < 1
        end : array_like, -1 <= end <= 1
        step, noise : array_like, >= 0
            As ``drift``; without them the function ``hitting_time`` of ``products`` is faster and more accurate, as
            long as 64 degrees suffice.

        Returns
        -------
        ndarray
            Of the broadcast shape, right to a relative 1e-7; inf where the flow never arrives.
        """
        m0, m1 = _inside("start", start), _correlation("end", end)
        eta, tau2 = numbers("step", step, at_least=0), numbers("noise", noise, at_least=0)
        shape = common_shape(start=m0, end=m1, step=eta, noise=tau2)
        flat = (np.broadcast_to(x, shape).ravel().tolist() for x in (m0, m1, eta, tau2))
        return np.reshape([self._passage(*one) for one in zip(*flat, strict=True)], shape)

    def _passage(self, start: float, end: float, step: float, noise: float) -> float:
        """One passage; at rest where drift and noise balance to ten digits."""
        if start == end or abs(end) == 1:
            return 0.0 if start == end else math.inf
        sizes = np.arange(1.0, DEGREES + 1) * np.abs(self.products[1:])

        def velocity(m: float) -> float:
            return float(self.drift(min(max(m, -1.0), 1.0), step, noise))

        def rest(m: float) -> float:
            size = (1 - m * m) * float(np.polynomial.polynomial.polyval(abs(m), sizes))
            return BALANCED * (size + (step / 2 * abs(m) * float(self.gradient_power(m, noise)) if step else 0.0))

        return passage_time(velocity, rest, start, end)

    @cached_property
    def information_exponent(self) -> float:
        r"""Smallest k >= 1 with :math:`\mu_kg_k \ne 0`, of the *product*; inf if there is none up to 64.

        A product below 1e-9 of its bound counts as zero. A start m > 0 grows only if the first product is positive.
        """
        with np.errstate(under="ignore"):
            bound = math.sqrt(self.activation.second_moment() * self._link_power)
        present = np.flatnonzero(np.abs(self.products[1:]) > ABSENT * bound)
        return int(present[0]) + 1 if present.size else math.inf

    @property
    def sample_exponent(self) -> float:
        r"""Exponent max(s - 1, 1) of d in the samples that one-pass gradient descent needs, s the information exponent.

        From the balance of drift and noise, up to logarithms (s = 2: d log d); heuristic here, not simulated in d.
        Kernel methods need :math:`d^s` at least.
        """
        return max(self.information_exponent - 1, 1)

    @cached_property
    def _link(self) -> Link:
        return Link.of(self.target)

    @cached_property
    def _kinked(self) -> bool:
        return bool(self.activation.kinks or self._link.kinks)

    @cached_property
    def _rule(self) -> tuple[float, float]:
        """Of all that is integrated, with both functions at one point: the least smooth case."""
        return adapted_rule(
            lambda x: (self.activation(x) ** 2 + self._link.value(x) ** 2) * self._slope_squared(x), "V"
        )

    def _slope_squared(self, x: FloatArray) -> FloatArray:
        return np.asarray(1 + self.activation.derivative(x) ** 2)

    @cached_property
    def _slope_power(self) -> float:
        """E φ'²."""
        pairs = self._pairs(0.0)
        return float(pairs.weights @ self.activation.derivative(pairs.u) ** 2)

    @cached_property
    def _link_power(self) -> float:
        """E g²."""
        pairs = self._pairs(0.0)
        return float(pairs.weights @ self._link.value(pairs.v) ** 2)

    def _pairs(self, m: float) -> Pairs:
        if self._kinked:
            return kinked_pairs(m, self.activation.kinks, self._link.kinks)
        return smooth_pairs(m, *self._rule)

    def _mean(self, m: FloatArray, integrand: Callable[[Pairs], FloatArray]) -> FloatArray:
        """Expectation at each m; a rule of 10⁴ to 10⁶ points each, so one at a time."""
        found = [(pairs := self._pairs(float(x))).weights @ integrand(pairs) for x in m.ravel()]
        return np.asarray(found, dtype=np.float64).reshape(m.shape)

    def _flow(self, m: FloatArray) -> FloatArray:
        """(1 - m²) b(m)."""
        b = np.arange(1.0, DEGREES + 1) * self.products[1:]
        found = np.asarray((1 - m) * (1 + m) * np.polynomial.polynomial.polyval(m, b))
        far = np.abs(m) > SERIES
        s = np.sqrt((1 - m[far]) * (1 + m[far]))
        turning = self._mean(m[far], lambda at: self._link.value(at.v) * self.activation.derivative(at.u) * at.z)
        found[far] = s * turning
        return found


def _correlation(name: str, m: npt.ArrayLike) -> FloatArray:
    return numbers(name, m, at_least=-1, at_most=1, hint="it is the correlation ⟨w, e⟩ of unit vectors")


def _inside(name: str, m: npt.ArrayLike) -> FloatArray:
    """A correlation of which the neuron can still turn; ±1 are fixed points of every flow."""
    array = _correlation(name, m)
    if (np.abs(array) == 1).any():
        raise ValueError(
            f"{name} must be inside (-1, 1), got {array[np.abs(array) == 1].flat[0]:g}; it never moves there"
        )
    return array
