"""Gradient flow with a kernel on the sphere and the hypercube: the flow's equation on the kernel's spectrum."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from riskcalc.arguments import FloatArray, choice, numbers
from riskcalc.estimators import GradientFlow, KernelRidge
from riskcalc.estimators.gradient_flow import kernel_of
from riskcalc.result import Risk
from riskcalc.spectrum import BLOCK, Spectrum
from riskcalc.theory.complex_ridge import RidgeMap
from riskcalc.theory.gradient_flow import LONGEST, gradient_flow_risk
from riskcalc.theory.inverse_laplace import HALF, NODES, at_time
from riskcalc.theory.kernel_reduction import Inputs, kernel_problem, tail_of
from riskcalc.theory.kernel_ridge import CLOSURES, kernel_ridge_risk, with_atom
from riskcalc.theory.newton import NO_SAMPLES
from riskcalc.theory.nodes import Nodes
from riskcalc.theory.problem import Problem

SOURCES = ("misiakiewicz2024", "ali2019", "weideman2007")
LOG_SMALLEST = -580.0  # of the eigenvalues that the flow is solved with; smaller ones join the tail
LATEST = 1e230  # up to it, and long beyond, what joins the tail is fitted by nobody
APART = 1e-2


def kernel_flow_risk(data: Inputs, estimator: GradientFlow, n_samples: npt.ArrayLike, tail: str = "ridge") -> Risk:
    r"""The risk, with the share that is learned of each degree.

    .. math:: \mathrm{share}_k = \frac1{2\pi i}\int e^{tw}\,\frac{\xi_k}{\xi_k+\kappa(w)}\frac{dw}w, \qquad
              n - \frac{nw}\kappa = \sum_{k\le K} \frac{B_k\xi_k}{\xi_k+\kappa} + \frac{s_1}\kappa

    The tail :math:`s_1` shifts the kernel matrix by :math:`s_1`, and κ(w) is that of :math:`w+s_1/n` without a tail:
    its singularities move to the left of :math:`-s_1/n`, and every label is fitted a little by itself. Train error,
    trace and norm are those of the shifted matrix; new inputs see the resolved degrees only.
    """
    choice("tail", tail, CLOSURES)
    n, t = numbers("n_samples", n_samples, at_least=0), np.asarray(estimator.time)
    kernel = kernel_of(estimator, data)
    problem = kernel_problem(data, kernel)
    atom = with_atom(problem, tail_of(data, kernel, problem.spectrum))
    cut = _without_tiny(problem, t)
    by_ridge = gradient_flow_risk(cut, n, t)
    by_atom = by_ridge if atom is problem else gradient_flow_risk(_without_tiny(atom, t), n, t)
    risk, shares = (by_atom if tail == "atom" else by_ridge), degrees_learned(cut, n, t)
    risk = replace(
        risk,
        learned=np.broadcast_to(shares, (*risk.test.shape, shares.shape[-1])),
        sources=SOURCES,
        notes=risk.notes + _notes(by_ridge.test, by_atom.test, np.isfinite(t)),
    )
    return _ended(risk, kernel_ridge_risk(data, KernelRidge(kernel, 0.0), n, tail), t) if np.isinf(t).any() else risk


def degrees_learned(problem: Problem, n: FloatArray, t: FloatArray) -> FloatArray:
    """The mean of 1 - e^{-tΣ̂} in each eigenspace at finite t, on a last axis; absolute error about 1e-15."""
    shape, sigma = np.broadcast_shapes(n.shape, t.shape), problem.spectrum.eigenvalues
    n, t = (np.broadcast_to(a, shape).ravel() for a in (n, t))
    nodes, out = Nodes.of(problem.spectrum), np.zeros((n.size, sigma.size))
    moving = (n >= NO_SAMPLES) & (t > 1 / LONGEST) & (t < np.inf)
    step = max(1, BLOCK // (HALF * sigma.size))
    for size in np.unique(n[moving]):
        ridge_map, at = RidgeMap.of(problem.spectrum, nodes, size), np.flatnonzero(moving & (n == size))
        for part in (at[start : start + step] for start in range(0, at.size, step)):
            w = NODES / np.minimum(t[part], LONGEST)[:, None]
            kappa = (ridge_map.kappa_0 + ridge_map.roots(w.ravel())[0]).reshape(w.shape)
            out[part] = at_time(sigma[:, None] / (sigma[:, None] + kappa[:, None, :]))
    return np.clip(out, 0.0, 1.0).reshape(*shape, sigma.size)


def _without_tiny(problem: Problem, t: FloatArray) -> Problem:
    """Eigenvalues below the flow's range moved into the tail: they are below rounding of κ, which is at least 1/t."""
    spectrum = problem.spectrum
    tiny = (spectrum.log_eigenvalues < LOG_SMALLEST) & (spectrum.log_eigenvalues > -np.inf)
    if not tiny.any():
        return problem
    finite = t[t < np.inf]
    if (finite > LATEST).any():
        raise ValueError(f"time must be at most {LATEST:g}, or inf, for this kernel, got {finite.max():g}")
    sigma, log_sigma, log_masses = (
        np.where(tiny, zero, values)
        for zero, values in (
            (0.0, spectrum.eigenvalues),
            (-np.inf, spectrum.log_eigenvalues),
            (-np.inf, spectrum.log_masses),
        )
    )
    tail = spectrum.tail + float(spectrum.masses[tiny].sum())
    kept = Spectrum(sigma, log_sigma, log_masses, spectrum.multiplicities, tail)
    return problem.replace(spectrum=kept)


def _ended(risk: Risk, last: Risk, t: FloatArray) -> Risk:
    """With the interpolator of least norm where t = inf."""
    late, shape = np.isinf(t), risk.test.shape
    wide = late.reshape((1,) * (len(shape) - late.ndim) + late.shape)
    ends: dict[str, Any] = {
        name: np.broadcast_to(np.where(wide, last.fields[name], value), shape) for name, value in risk.fields.items()
    }
    shares = np.where(wide[..., None], np.asarray(last.learned), np.asarray(risk.learned))
    return replace(risk, **ends, learned=shares, notes=risk.notes + last.notes)


def _notes(by_ridge: FloatArray, by_atom: FloatArray, counted: npt.NDArray[np.bool_]) -> tuple[str, ...]:
    """Where it matters what becomes of the tail. At t = inf the bounds of ridge regression say it."""
    one, other = (np.where(counted, values, 0.0) for values in (by_ridge, by_atom))
    apart = float(np.divide(np.abs(one - other), one, out=np.zeros_like(one), where=one > 0).max(initial=0.0))
    if apart <= APART:
        return ()
    return (f"the tail as a ridge and as an eigenvalue give test errors that differ by up to {apart:.2g} of them",)
