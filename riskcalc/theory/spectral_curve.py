"""The equation of the law off the real axis: its sums, its curve over the support, its complex roots and its masses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from riskcalc.arguments import FloatArray
from riskcalc.errors import NotConvergedError
from riskcalc.theory.edge_mass import arctan_defect
from riskcalc.theory.spectral_atoms import PIECE, Anchors, Atoms, Index

ComplexArray = npt.NDArray[np.complex128]
MOST_STEPS = 60
ARRIVED = 1e-8  # a relative step below it is squared by the step itself
SETTLED = 1e-14  # a step below it, relative to h, is rounding


@dataclass(frozen=True, eq=False)
class Curve:
    r"""Sums at κ = κ₀ + h, where h = α − iβ, β ≥ 0, and κ₀ is the anchor number ``at``.

    With d = σ + κ₀, w = cσ²/d² and :math:`q = 1/((d+\alpha)^2+\beta^2)` every sum is real products of q and q².
    """

    atoms: Atoms
    anchors: Anchors

    def sums(self, at: Index, h: ComplexArray) -> tuple[ComplexArray, ComplexArray]:
        r"""T(h) = Σ w/(d+h) and −T'(h) = Σ w/(d+h)²."""
        value, slope = np.empty((2, at.size), dtype=np.complex128)
        for rows, d, w in self._blocks(at):
            alpha, beta = h.real[rows], -h.imag[rows]
            q = _inverse_square(d, alpha, beta)
            wd, first = w * d, np.vecdot(q, w)
            value[rows] = np.vecdot(q, wd) + (alpha + 1j * beta) * first
            np.square(q, out=q)
            second = np.vecdot(q, w)
            slope[rows] = first + 2 * beta * (-beta * second + 1j * (np.vecdot(q, wd) + alpha * second))
        return value, slope

    def position(self, at: Index, h: ComplexArray) -> tuple[ComplexArray, ComplexArray]:
        """x(κ) less the anchor's, and x'(κ)."""
        value, slope = self.sums(at, h)
        residual = self.anchors.residual[at]
        return h * (residual - h * value), residual - h * (2 * value - h * slope)

    def height(self, at: Index, alpha: FloatArray, guess: FloatArray | None = None) -> FloatArray:
        r"""The β of the curve over α, the one root of :math:`P(\beta^2) = \sum_i c\sigma^2/((d+\alpha)^2+\beta^2) = 1`.

        1/P is increasing and concave in β², so that Newton's iteration rises to the root from the largest β² that one
        eigenvalue alone demands, and from a positive guess after one step; P − 1 is summed from the anchor's residual,
        without cancellation near an edge.
        """
        square, step = self._lowest_height(at, alpha) if guess is None else guess**2, np.zeros(0)
        todo = np.flatnonzero((alpha != 0) | (self.anchors.residual[at] > 0))  # else a dip that is just closed
        square[(alpha == 0) & (self.anchors.residual[at] <= 0)] = 0
        if todo.size == 0:
            return square
        for _ in range(MOST_STEPS):
            step, at_edge = self._height_step(at[todo], alpha[todo], square[todo])
            square[todo] = np.maximum(square[todo] + step, 0.1 * square[todo])
            square[todo[at_edge]] = 0
            todo = todo[~((abs(step) <= ARRIVED * square[todo]) | at_edge)]
            if todo.size == 0:
                return np.sqrt(square)
        raise NotConvergedError("height of the curve", best=square[todo], residual=float(step.max()))

    def root(self, at: Index, x: ComplexArray | FloatArray, start: ComplexArray) -> tuple[ComplexArray, Index]:
        """Newton's iteration for x(κ) = x (given less the anchor's) in the lower half plane, and who did not arrive.

        There is one root with Im κ < 0 for Im x > 0, and for real x inside the support.
        """
        h, todo = start.copy(), np.arange(at.size)
        for _ in range(MOST_STEPS // 4):
            here = h[todo]
            position, derivative = self.position(at[todo], here)
            with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
                step = (x[todo] - position) / derivative
                moved = here + np.where(np.isfinite(step), step, 0.0)
            moved.imag = np.minimum(moved.imag, 0.1 * here.imag)
            h[todo] = moved
            near = ARRIVED * abs(moved.imag)
            todo = todo[~((abs(step.real) <= np.maximum(near, SETTLED * abs(moved))) & (abs(step.imag) <= near))]
            if todo.size == 0:
                break
        return h, todo

    def upper_mass(self, at: Index, h: ComplexArray) -> FloatArray:
        r"""Share of the eigenvalues above x(κ), κ on the curve: the closed form of the distribution, from above.

        .. math:: 1-F = \frac1{\pi\gamma}\Big[\beta_0 + \sum_i c_i\Big(\beta_i-\beta_0-
                  \frac{\beta\sigma_i}{|\sigma_i+\kappa|^2}\Big)\Big], \qquad \beta_i = \arg(-\sigma_i-\bar\kappa)

        Where Re κ < −β the first term nearly cancels the last for small c; P = 1 joins the two (derived).
        """
        out = np.empty(at.size)
        for rows, d, w in self._blocks(at):
            alpha, beta = h.real[rows], abs(h.imag[rows])
            a = self.anchors.kappa[at[rows]] + alpha
            e = d + alpha[:, None]
            q = 1 / (e**2 + beta[:, None] ** 2)
            c, sigma = self.atoms.share, self.atoms.sigma
            turns = np.vecdot(np.arctan2(beta[:, None] * sigma, a[:, None] * e + beta[:, None] ** 2), c)
            joined = a < -beta
            ratio = np.where(joined, beta / np.where(joined, -a, 1), 0.0)
            direct = np.arctan2(beta, -a) - beta * np.vecdot(q, c * sigma)
            regrouped = ratio * (np.vecdot(q * e, w * d**2 / sigma) - arctan_defect(ratio))
            out[rows] = turns + np.where(joined, regrouped, direct)
        return out / (np.pi * self.atoms.aspect_ratio)

    def inverse_trace(self, at: Index, h: ComplexArray) -> ComplexArray:
        """Sum of c/(σ+κ)."""
        out = np.empty(at.size, dtype=np.complex128)
        for rows, d, _ in self._blocks(at):
            out[rows] = np.vecdot(self.atoms.share, 1 / (d + h[rows, None]))
        return out

    def _blocks(self, at: Index) -> Iterator[tuple[Index, FloatArray, FloatArray]]:
        """Rows with their d and w, one row of them where the whole block has one anchor."""
        order, sigma = np.argsort(at, kind="stable"), self.atoms.sigma
        cuts, runs = np.arange(0, at.size, max(1, PIECE // sigma.size)), 1 + np.flatnonzero(np.diff(at[order]))
        if 4 * runs.size < at.size:
            cuts = np.union1d(cuts, runs)
        for rows in np.split(order, cuts[1:]) if at.size else ():
            one = at[rows[0]] == at[rows[-1]]
            d = sigma + (self.anchors.kappa[at[rows[0]]] if one else self.anchors.kappa[at[rows], None])
            yield rows, d, self.atoms.share * (sigma / d) ** 2

    def _lowest_height(self, at: Index, alpha: FloatArray) -> FloatArray:
        square = np.empty(at.size)
        for rows, d, _ in self._blocks(at):
            square[rows] = np.max(self.atoms.weight - (d + alpha[rows, None]) ** 2, axis=1)
        return np.maximum(square, 0)

    def _height_step(self, at: Index, alpha: FloatArray, square: FloatArray) -> tuple[FloatArray, Any]:
        """Step of β², and where it is 0 to rounding: α is then an edge, or beyond it by a rounding."""
        step, at_edge = np.empty(at.size), np.empty(at.size, dtype=bool)
        for rows, d, w in self._blocks(at):
            a, b = alpha[rows], square[rows]
            q = _inverse_square(d, a, np.sqrt(b))
            first = np.vecdot(q, w)
            excess = self.anchors.residual[at[rows]] - 2 * a * np.vecdot(q, w * d) - (a**2 + b) * first
            at_edge[rows] = (excess < 0) & (b * first < 1e-30)
            step[rows] = excess * (1 + excess) / np.vecdot(np.square(q, out=q), w * d**2)
        return step, at_edge


def _inverse_square(d: FloatArray, alpha: FloatArray, beta: FloatArray) -> Any:
    """1/|d + h|²."""
    q = d + alpha[:, None]
    np.square(q, out=q)
    np.add(q, beta[:, None] ** 2, out=q)
    return np.reciprocal(q, out=q)
