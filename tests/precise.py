"""mpmath twins of the ridge theory, written from the definitions: bisection on the equation, then the sums at its root.

Floats are taken as the exact numbers they are. Every function raises its own working precision until ``digits`` digits
are right; none of them cares about speed. Nothing here is imported by riskcalc, and nothing of riskcalc is used here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import mpmath
from mpmath import mpf

GUARD = 20  # digits beyond those asked for, lost in sums and in 2F1
INF = mpf("inf")


# What the equations act on: finite sums, and infinite power laws


@dataclass(frozen=True)
class Shells:
    """Eigenvalues with multiplicities, a tail, and the target's energies in function space."""

    eigenvalues: Sequence[Any]
    multiplicities: Sequence[Any]
    tail: Any = 0
    energies: Sequence[Any] = ()
    outside_energy: Any = 0

    @classmethod
    def of(cls, problem: Any) -> Shells:
        """The numbers of a Problem or of a Spectrum, and nothing that it computed."""
        spectrum = getattr(problem, "spectrum", problem)
        target = {name: getattr(problem, name) for name in ("energies", "outside_energy") if hasattr(problem, name)}
        return cls(spectrum.eigenvalues, spectrum.multiplicities, spectrum.tail, **target)

    def _positive(self) -> list[tuple[mpf, mpf]]:
        return [(mpf(s), mpf(m)) for s, m in zip(self.eigenvalues, self.multiplicities, strict=True) if s > 0]

    def trace(self) -> mpf:
        return mpmath.fsum(m * s for s, m in self._positive()) + mpf(self.tail)

    def rank(self) -> mpf:
        return INF if self.tail > 0 else mpmath.fsum(m for _, m in self._positive())

    def lower_bracket(self, n: mpf) -> mpf:
        """κ >= s_min (rank - n)/n at λ = 0."""
        return min(s for s, m in self._positive() if m > 0) * (self.rank() - n) / n

    def df1(self, kappa: mpf) -> mpf:
        return mpmath.fsum(m * s / (s + kappa) for s, m in self._positive()) + mpf(self.tail) / kappa

    def df2(self, kappa: mpf) -> mpf:
        return mpmath.fsum(m * s**2 / (s + kappa) ** 2 for s, m in self._positive())

    def left(self, kappa: mpf) -> mpf:
        """B + M: κ² Σ e/(σ+κ)² and what lies outside (a zero eigenvalue gives κ²/κ² = 1)."""
        terms = (mpf(e) * (kappa / (mpf(s) + kappa)) ** 2 for s, e in zip(self.eigenvalues, self.energies, strict=True))
        return mpmath.fsum(terms) + mpf(self.outside_energy)

    def trace_squared(self, kappa: mpf) -> mpf:
        """Tr Σ(Σ+κ)^-2, S of the sheet; the tail is mass at σ = 0."""
        return mpmath.fsum(m * s / (s + kappa) ** 2 for s, m in self._positive()) + mpf(self.tail) / kappa**2

    def outside(self) -> mpf:
        at_zero = (mpf(e) for s, e in zip(self.eigenvalues, self.energies, strict=True) if s == 0)
        return mpmath.fsum(at_zero) + mpf(self.outside_energy)

    def _coefficients(self) -> list[tuple[mpf, mpf]]:
        """(σ, F), F = e/σ the squared coefficients."""
        pairs = zip(self.eigenvalues, self.energies, strict=True)
        return [(mpf(s), mpf(e) / mpf(s)) for s, e in pairs if s > 0]

    def norm(self, kappa: mpf) -> mpf:
        """A₀ = Σ Fσ²/(σ+κ)²."""
        return mpmath.fsum(f * (s / (s + kappa)) ** 2 for s, f in self._coefficients())

    def far(self, kappa: mpf) -> mpf:
        """E₀ = κ² Σ F/(σ+κ)²."""
        return mpmath.fsum(f * (kappa / (s + kappa)) ** 2 for s, f in self._coefficients())


@dataclass(frozen=True)
class PowerLaw:
    """σ_i = i^-α and energies i^(-1-2αr), i = 1, 2, ...: Hurwitz zeta, and Euler-Maclaurin with 2F1 beyond index 64."""

    exponent: Any
    source: Any = None
    tail: Any = 0

    def trace(self) -> mpf:
        return mpmath.zeta(mpf(self.exponent))

    def energy(self) -> mpf:
        return mpmath.zeta(1 + 2 * mpf(self.exponent) * mpf(self.source))

    def rank(self) -> mpf:
        return INF

    def lower_bracket(self, n: mpf) -> mpf:
        """κ >= σ_k (k - n)/n for any k > n, at λ = 0."""
        k = mpmath.ceil(2 * n)
        return k ** -mpf(self.exponent) * (k - n) / n

    def df1(self, kappa: mpf) -> mpf:
        return self._sum(mpf(0), 1, kappa)

    def df2(self, kappa: mpf) -> mpf:
        return self._sum(mpf(0), 2, kappa)

    def left(self, kappa: mpf) -> mpf:
        alpha = mpf(self.exponent)
        return kappa**2 * self._sum(2 * alpha - 1 - 2 * alpha * mpf(self.source), 2, kappa)

    def trace_squared(self, kappa: mpf) -> mpf:
        return self._sum(mpf(self.exponent), 2, kappa)

    def outside(self) -> mpf:
        return mpf(0)

    def norm(self, kappa: mpf) -> mpf:
        return self._sum(mpf(self.exponent) * (1 - 2 * mpf(self.source)) - 1, 2, kappa)

    def far(self, kappa: mpf) -> mpf:
        """Finite where ‖θ*‖² is: for a source above 1/2."""
        alpha, r = mpf(self.exponent), mpf(self.source)
        return kappa**2 * self._sum(alpha * (3 - 2 * r) - 1, 2, kappa) if r > mpf(1) / 2 else INF

    def _sum(self, power: mpf, order: int, kappa: mpf) -> mpf:
        r"""Σ_{i>=1} f(i), f(x) = x^power / (1 + κ x^α)^order."""
        alpha, last, terms = mpf(self.exponent), mpf(64), 16
        bernoulli = [mpmath.bernoulli(2 * j) / (2 * j) for j in range(1, terms + 1)]
        ends = self._taylor(power, order, kappa, last, 2 * terms)  # f^(2j-1)/(2j)! = ends[2j-1]/(2j)
        return (
            mpmath.fsum(mpf(i) ** power / (1 + kappa * mpf(i) ** alpha) ** order for i in range(1, int(last)))
            + self.integral(power, order, kappa, last)
            + ends[0] / 2
            - mpmath.fsum(b * c for b, c in zip(bernoulli, ends[1::2], strict=True))
        )

    def _taylor(self, power: mpf, order: int, kappa: mpf, at: mpf, size: int) -> list[mpf]:
        """Taylor coefficients of f at ``at``: the binomial series of x^power, divided by the one of 1 + κ x^α."""
        alpha = mpf(self.exponent)
        f = [mpmath.binomial(power, j) * at ** (power - j) for j in range(size)]
        g = [kappa * mpmath.binomial(alpha, j) * at ** (alpha - j) for j in range(size)]
        g[0] += 1
        for _ in range(order):
            for j in range(size):
                f[j] = (f[j] - mpmath.fsum(g[i] * f[j - i] for i in range(1, j + 1))) / g[0]
        return f

    def integral(self, power: mpf, order: int, kappa: mpf, start: mpf) -> mpf:
        r"""∫_start^∞ f dx = Y^s/(αs κ^order) 2F1(order, s; s+1; -Y/κ), Y = start^-α, s = order - (power + 1)/α."""
        alpha = mpf(self.exponent)
        s, y = order - (power + 1) / alpha, start**-alpha
        return y**s / (alpha * s * kappa**order) * mpmath.hyp2f1(order, s, s + 1, -y / kappa)


Sums = Shells | PowerLaw


# Ridge regression


def bisect(increasing: Callable[[mpf], mpf], low: mpf, high: mpf, digits: int) -> mpf:
    """Root of an increasing function of a logarithm."""
    assert increasing(low) <= 0 <= increasing(high)
    while high - low > mpf(10) ** -digits:
        middle = (low + high) / 2
        low, high = (middle, high) if increasing(middle) < 0 else (low, middle)
    return (low + high) / 2


def log_bracket(sums: Sums, n: mpf, ridge: mpf) -> tuple[mpf, mpf]:
    """λ/n <= κ <= (λ + Tr Σ)/n, where the tail is a ridge too, and a wider step on either side."""
    linear = ridge + mpf(sums.tail)
    low = linear / n if linear > 0 else sums.lower_bracket(n)
    return mpmath.log(low) - 1, mpmath.log((ridge + sums.trace()) / n) + 1


def working_digits(sums: Sums, n: mpf, ridge: mpf, digits: int) -> int:
    """Near n = rank the equation's terms differ by κ/σ_max only: that many digits more than those asked for."""
    low, high = log_bracket(sums, n, ridge)
    return digits + GUARD + int((high - low) / mpmath.log(10))


def missing(sums: Sums, n: mpf, ridge: mpf, kappa: mpf) -> mpf:
    """The equation, n - λ/κ - Tr Σ(Σ+κ)^-1, which increases with κ."""
    return n - ridge / kappa - sums.df1(kappa)


def log_effective_ridge(sums: Sums, n: Any, ridge: Any, digits: int = 30) -> mpf:
    """Log κ, κ the root of n - λ/κ = Tr Σ(Σ+κ)^-1; -inf where λ = 0 and n >= rank, inf where n = 0."""
    with mpmath.workdps(60):
        n, ridge = mpf(n), mpf(ridge)
        if n == 0:
            return INF
        if ridge == 0 and n >= sums.rank():
            return -INF
        enough = working_digits(sums, n, ridge, digits)
    with mpmath.workdps(enough):
        low, high = log_bracket(sums, n, ridge)
        return bisect(lambda log: missing(sums, n, ridge, mpmath.exp(log)), low, high, digits)


def effective_ridge(sums: Sums, n: Any, ridge: Any, digits: int = 30) -> mpf:
    with mpmath.workdps(digits + GUARD):
        return mpmath.exp(log_effective_ridge(sums, n, ridge, digits))


def root_is_near(sums: Sums, n: Any, ridge: Any, log_kappa: Any, tolerance: float) -> bool:
    """Whether log κ lies within ``tolerance`` of ``log_kappa``: the equation changes sign there. For long spectra."""
    with mpmath.workdps(working_digits(sums, mpf(n), mpf(ridge), 30)):
        n, ridge, log_kappa = mpf(n), mpf(ridge), mpf(log_kappa)
        below, above = mpmath.exp(log_kappa - tolerance), mpmath.exp(log_kappa + tolerance)
        return bool(missing(sums, n, ridge, below) < 0 < missing(sums, n, ridge, above))


def lower_limit(sums: Shells, n: Any, digits: int = 30) -> tuple[mpf, mpf]:
    """κ_min, the largest root of df2(κ) = n, above -σ_min, and the ridge κ(n - df1) there; for n != rank."""
    with mpmath.workdps(2 * digits):
        n, s = mpf(n), [mpf(value) for value in sums.eigenvalues if value > 0]
        low, high = -min(s), mpmath.sqrt(sums.df2(mpf(0)) * max(s) ** 2 / n)  # df2 <= Σ mσ²/κ²
        while high - low > mpf(10) ** -digits * abs(low):
            middle = (low + high) / 2
            low, high = (middle, high) if sums.df2(middle) > n else (low, middle)
        kappa = (low + high) / 2
        return kappa, kappa * (n - sums.df1(kappa))


def ridge_risk(sums: Sums, n: Any, ridge: Any, noise: Any = 0, digits: int = 30) -> dict[str, mpf]:
    """The table of sheet 1, section 2.2, at a κ > 0 of its own."""
    with mpmath.workdps(60):
        n, ridge, noise = mpf(n), mpf(ridge), mpf(noise)
        enough = working_digits(sums, n, ridge, digits)
    log_kappa = log_effective_ridge(sums, n, ridge, enough - GUARD // 2)
    with mpmath.workdps(enough + GUARD):
        kappa = mpmath.exp(log_kappa)
        df2, left = sums.df2(kappa), sums.left(kappa)
        test = n * (left + noise) / (n - df2)
        df1, spread = sums.df1(kappa), sums.trace_squared(kappa)
        hat_squared = df2 + (df1 - df2) ** 2 / (n - df2)  # Tr H²
        share, bias_inside = ridge / (n * kappa), n * (left - sums.outside()) / (n - df2)
        return {
            "norm_squared": sums.norm(kappa) + spread * test / n,
            "estimation": sums.far(kappa) + spread * test / n,
            "in_sample": share**2 * bias_inside + (noise + sums.outside()) * hat_squared / n,
            "test": test,
            "train": (ridge / (n * kappa)) ** 2 * test,
            "bias": n * left / (n - df2),
            "variance": noise * df2 / (n - df2),
            "noise": noise,
            "effective_ridge": kappa,
            "df1": df1,
            "df2": df2,
        }


# A table of m rows


def omega_bracket(eigenvalues: Sequence[Any], n: mpf, ridge: mpf) -> tuple[mpf, mpf]:
    """ω >= λ, at λ = 0 ω >= s_min (rank - n)/n; and at (Tr K + mλ)/n even Σ (s + λ)/ω is n."""
    s = [mpf(value) for value in eigenvalues]
    positive = [value for value in s if value > 0]
    low = ridge if ridge > 0 else min(positive) * (len(positive) - n) / n
    return low, (mpmath.fsum(s) + len(s) * ridge) / n


def omega(eigenvalues: Sequence[Any], n: Any, ridge: Any, digits: int = 30) -> mpf:
    """Root of n = Σ (s + λ)/(s + ω) over all m eigenvalues, zeros included; λ > 0 or n < rank, and n > 0."""
    with mpmath.workdps(60):
        low, high = omega_bracket(eigenvalues, mpf(n), mpf(ridge))
        enough = digits + 2 * GUARD + int(mpmath.log10(high / low))
    with mpmath.workdps(enough):
        n, ridge = mpf(n), mpf(ridge)
        low, high = omega_bracket(eigenvalues, n, ridge)

        def left_over(log: mpf) -> mpf:
            value = mpmath.exp(log)
            return n - mpmath.fsum((mpf(s) + ridge) / (mpf(s) + value) for s in eigenvalues)

        return mpmath.exp(bisect(left_over, mpmath.log(low) - 1, mpmath.log(high) + 1, digits + GUARD))


def finite_population(
    eigenvalues: Sequence[Any], squared_projections: Sequence[Any], n: Any, ridge: Any, digits: int = 30
) -> dict[str, mpf]:
    """The boxed formula of sheet 2, section 9, as it is written there."""
    with mpmath.workdps(60):
        low, high = omega_bracket(eigenvalues, mpf(n), mpf(ridge))
        enough = digits + GUARD + int(mpmath.log10(high / low))  # g1² and (1 - a) g2 differ by about ω/s
    root = omega(eigenvalues, n, ridge, enough)
    with mpmath.workdps(enough + GUARD):
        m, n, ridge = len(eigenvalues), mpf(n), mpf(ridge)
        a = n / m
        inverse = [1 / (mpf(s) + root) for s in eigenvalues]
        g1, g2 = mpmath.fsum(inverse) / m, mpmath.fsum(q**2 for q in inverse) / m
        energy = mpmath.fsum(mpf(c) * q**2 for c, q in zip(squared_projections, inverse, strict=True))
        held_out = a / m * energy / (g1**2 - (1 - a) * g2)
        return {
            "test": held_out,
            "train": (ridge * g1 / a) ** 2 * held_out,
            "effective_ridge": root / m,
            "df1": n * (1 - ridge * g1 / a),
        }


def loo_and_gcv(kernel: Any, outputs: Any, shift: Any, digits: int = 30) -> tuple[mpf, mpf]:
    """Leave-one-out and generalised cross-validation of ridge ``shift`` > 0 on all rows, from the inverse of K + shift.

    With M = (K + ω)^-1 the residual of row i, left out, is [My]_i / M_ii; GCV puts the mean of M_ii in its place.
    """
    with mpmath.workdps(digits + GUARD):
        m = len(kernel)
        matrix = mpmath.matrix([[mpf(v) for v in row] for row in kernel]) + mpf(shift) * mpmath.eye(m)
        inverse = matrix**-1
        residuals = inverse * mpmath.matrix([[mpf(v) for v in row] for row in outputs])
        squares = [mpmath.fsum(residuals[i, j] ** 2 for j in range(residuals.cols)) for i in range(m)]
        mean = mpmath.fsum(inverse[i, i] for i in range(m)) / m
        loo = mpmath.fsum(squares[i] / inverse[i, i] ** 2 for i in range(m)) / m
        return loo, mpmath.fsum(squares) / m / mean**2
