"""Quantiles of the law: the x above which a given share of the eigenvalues lies."""

from __future__ import annotations

import numpy as np

from riskcalc.arguments import FloatArray
from riskcalc.errors import NotConvergedError
from riskcalc.theory.spectral_atoms import EPS, Index
from riskcalc.theory.spectral_table import Table

MOST_STEPS = 100
ROUNDING = 4 * EPS  # of the distribution function
NEWTON_STEPS = 12  # before every second step is a bisection


def upper_quantile(table: Table, mass: FloatArray) -> FloatArray:
    """The least x of the support with at most ``mass`` above it: Newton's iteration in the bracket of two nodes."""
    nodes = table.nodes
    right = np.clip(np.searchsorted(-table.masses, -mass, side="left"), 0, table.masses.size - 1)
    left = np.maximum(right - 1, 0)
    exact = (table.masses[right] >= mass) | (nodes.branch[left] != nodes.branch[right]) | (right == 0)
    branch, x = nodes.branch[right], nodes.x[right].copy()
    todo = np.flatnonzero(~exact)
    if todo.size:
        x[todo] = _root(table, branch[todo], left[todo], mass[todo])
    anchors, at = table.curve.anchors, table.branches.at[branch]
    return np.asarray(anchors.high[at] + (anchors.low[at] + x))


def _root(table: Table, branch: Index, left: Index, mass: FloatArray) -> FloatArray:
    """The x, less the anchor's, between the nodes ``left`` and ``left`` + 1 of one branch."""
    low, high = table.nodes.x[left], table.nodes.x[left + 1]
    at = table.branches.at[branch]
    x, todo = _first_guess(table, branch, left, mass), np.arange(branch.size)
    excess = np.zeros(0)
    for step in range(MOST_STEPS):
        b, here = branch[todo], x[todo]
        h = table.solve(b, here)
        excess = table.mass_above(b, h) - mass[todo]
        low[todo], high[todo] = np.where(excess > 0, here, low[todo]), np.where(excess > 0, high[todo], here)
        kappa = table.curve.anchors.kappa[at[todo]] + h
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            density = -h.imag / abs(kappa) ** 2 / (np.pi * table.curve.atoms.aspect_ratio)
            moved = here + excess / density
        outside = ~((low[todo] < moved) & (moved < high[todo]))
        bisect = outside | (step > NEWTON_STEPS and step % 2 == 1)
        x[todo] = np.where(bisect, (low[todo] + high[todo]) / 2, moved)
        found = abs(excess) <= ROUNDING
        arrived = found | (high[todo] - low[todo] <= EPS * abs(here))
        x[todo[found]] = here[found]
        todo = todo[~arrived]
        if todo.size == 0:
            return x
    raise NotConvergedError("quantile", best=x[todo], residual=float(abs(excess).max()))


def _first_guess(table: Table, branch: Index, left: Index, mass: FloatArray) -> FloatArray:
    """Bisection of the cubic that interpolates the mass in t between two nodes."""
    nodes, sign = table.nodes, table.branches.sign[branch]
    t0, t1 = nodes.t[left], nodes.t[left + 1]
    m0, m1 = table.masses[left], table.masses[left + 1]
    slopes = []
    for node, t in ((left, t0), (left + 1, t1)):
        kappa = table.curve.anchors.kappa[table.branches.at[branch]] + nodes.h[node]
        square = np.maximum(abs(kappa) ** 2, 1e-300)
        slopes.append(2 * t * sign * nodes.h.imag[node] / square / (np.pi * table.curve.atoms.aspect_ratio) * (t1 - t0))
    low, high = np.zeros(branch.size), np.ones(branch.size)
    for _ in range(40):
        s = (low + high) / 2
        rest = s * (1 - s) * ((1 - s) * slopes[0] - s * slopes[1])
        above = m0 + s**2 * (3 - 2 * s) * (m1 - m0) + rest > mass
        low, high = np.where(above, s, low), np.where(above, high, s)
    t = t0 + (low + high) / 2 * (t1 - t0)
    return np.asarray(table.branches.start[branch] + sign * t**2)
