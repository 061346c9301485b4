"""Ensembles of ridge regressions on random subsets of one sample."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from riskcalc.arguments import FloatArray, choice, common_shape, instance, numbers
from riskcalc.result import Risk
from riskcalc.spectrum import Spectrum
from riskcalc.theory.effective_ridge import effective_ridge
from riskcalc.theory.newton import NO_SAMPLES
from riskcalc.theory.problem import PROBLEM_HINT, Problem
from riskcalc.theory.ridge import point_and_sums, ridge_fields, with_limits, without_norm
from riskcalc.theory.sums import Sums
from riskcalc.theory.sums_tangent import SumsTangent, tangents_of
from riskcalc.theory.tangent import Tangent

SOURCES = ("misiakiewicz2024", "cheng2024", "patil2023", "du2023")
SUBSAMPLE_HINT = "members are drawn without replacement"


def ensemble_risk(
    problem: Problem,
    n_samples: npt.ArrayLike,
    ridge: npt.ArrayLike,
    size: npt.ArrayLike,
    subsample: npt.ArrayLike | None = None,
) -> Risk:
    r"""Deterministic equivalent of the average of M ridge regressions on random subsets of k of n samples.

    Every member has the effective ridge κ of k samples. Two of them share k²/n samples, and together they are one ridge
    regression on all n at the same κ:

    .. math:: \mathrm{test} = \frac1M\,\frac{k(B+M_f+\tau^2)}{k-\mathrm{df}_2}
              + \Big(1-\frac1M\Big)\frac{n(B+M_f+\tau^2)}{n-\mathrm{df}_2},\qquad
              k - \frac\lambda\kappa = \mathrm{df}_1(\kappa)

    Parameters
    ----------
    problem : Problem
        Its energy outside is :math:`M_f`.
    n_samples : array_like, >= 0
        n, counts or ratios.
    ridge : array_like, > ridge_lower_limit(spectrum, subsample)
        λ of the sum objective of one member; 0 is the minimum-norm interpolator of its subset.
    size : array_like, >= 1
        M, whole numbers or inf.
    subsample : array_like, 0 <= k <= n_samples, optional
        k, in the units of n_samples. Left out, every member has the whole sample: the risk of ridge regression.

    Returns
    -------
    Risk
        Fields of the broadcast shape of all of them and ``problem.noise``; ``train`` and ``in_sample`` are over all n
        samples, ``df1`` is the trace of the averaged hat matrix, ``effective_ridge`` the members' κ, df2 at κ. At ridge
        0 and k equal to the rank a finite ensemble has variance inf if there is noise; an infinite one has not if
        n_samples is larger.

    Raises
    ------
    ValueError
        If a number is outside its domain, or a subsample larger than the sample.

    Notes
    -----
    An infinite ensemble has the risk of one ridge regression on all samples with ``equivalent_ridge``. Relative error
    O(1/(k - df2)) of the first term and O(1/n) of the second. ``gcv`` is train/(1 - df1/n)²: the test error of an
    infinite ensemble, but more than that of a finite one.

    References
    ----------
    .. [1] patil2023 (place not checked)
    .. [2] du2023 (place not checked)
    .. [3] derived (train, in-sample error, norms and cross-validation)

    Examples
    --------
    >>> import riskcalc as rc
    >>> problem = rc.Problem(rc.Spectrum.isotropic(200), energies=[1.0], noise=0.25)
    >>> print(rc.ensemble_risk(problem, n_samples=400, ridge=0, size=[1, 10, float("inf")], subsample=160).test)
    [1.45       0.52882353 0.42647059]
    """
    instance("problem", problem, Problem, PROBLEM_HINT)
    n, lam, members = (
        numbers("n_samples", n_samples, at_least=0),
        numbers("ridge", ridge, above=-np.inf, finite=False),
        _whole_or_infinite(size),
    )
    k = n if subsample is None else _within(n, subsample)
    noise: FloatArray = np.asarray(problem.noise)
    shape = common_shape(n_samples=n, ridge=lam, size=members, subsample=k, noise=noise)
    point, sums = point_and_sums(problem, k, lam)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        values = _averaged(problem, n, k, lam, members, point.bare, sums)
    if without_norm(problem):
        values["estimation"] = np.full_like(values["estimation"], np.inf)
    given = {"n_samples": n, "ridge": lam} | ({} if subsample is None else {"subsample": k})
    arrays: dict[str, Any] = {name: np.broadcast_to(value, shape) for name, value in values.items()}
    return Risk(
        **arrays,
        noise=np.broadcast_to(noise, shape),
        effective_ridge=np.broadcast_to(point.kappa, shape),
        coordinates=given | {name: x for name, x in (("size", members), ("noise", noise)) if x.ndim},
        route="deterministic equivalent",
        sources=SOURCES,
        rule=partial(ensemble_derivative, problem, n, lam, members, None if subsample is None else k),
    )


def equivalent_ridge(
    spectrum: Spectrum, n_samples: npt.ArrayLike, ridge: npt.ArrayLike, subsample: npt.ArrayLike
) -> FloatArray:
    r"""Ridge of the one regression on all n samples that has the risk of the infinite ensemble of k-subsets.

    .. math:: \lambda + \kappa(n-k), \qquad k - \frac\lambda\kappa = \mathrm{Tr}\,\Sigma(\Sigma+\kappa)^{-1}

    Parameters
    ----------
    spectrum : Spectrum
    n_samples : array_like, >= 0
    ridge : array_like, > ridge_lower_limit(spectrum, subsample)
        λ of the members.
    subsample : array_like, 0 <= k <= n_samples

    Returns
    -------
    ndarray
        Broadcast shape. At least λ where λ >= 0; inf where the subsample is empty and the sample is not, so that
        nothing is predicted.

    Raises
    ------
    ValueError
        If a number is outside its domain, or a subsample larger than the sample.

    References
    ----------
    .. [1] patil2023 (place not checked)
    .. [2] du2023 (place not checked)

    Examples
    --------
    >>> import riskcalc as rc
    >>> from riskcalc.theory.ensemble import equivalent_ridge
    >>> print(equivalent_ridge(rc.Spectrum.isotropic(200), n_samples=400, ridge=0, subsample=160).round(10))
    60.0
    """
    n = numbers("n_samples", n_samples, at_least=0)
    lam = numbers("ridge", ridge, above=-np.inf, finite=False)
    k = _within(n, subsample)
    common_shape(n_samples=n, ridge=lam, subsample=k)
    with np.errstate(invalid="ignore"):
        return np.asarray(np.where(n == k, lam, lam + effective_ridge(spectrum, k, lam) * (n - k)))


def _whole_or_infinite(size: npt.ArrayLike) -> FloatArray:
    members = numbers("size", size, at_least=1, finite=False, hint="inf averages over all subsets")
    if (members != np.floor(members)).any():
        raise ValueError(
            f"size must be whole numbers >= 1 or inf, got {members[members != np.floor(members)].flat[0]:g}"
        )
    return members


def _within(n: FloatArray, subsample: npt.ArrayLike) -> FloatArray:
    """Subsample sizes, at most the sample sizes."""
    k = numbers("subsample", subsample, at_least=0)
    common_shape(n_samples=n, subsample=k)
    if (k > n).any():
        wide, all_k = np.broadcast_arrays(n, k)
        at = np.argmax(all_k > wide)
        raise ValueError(
            f"subsample must be <= n_samples, got {all_k.flat[at]:g} of {wide.flat[at]:g}; {SUBSAMPLE_HINT}"
        )
    return k


def _averaged(
    problem: Problem, n: FloatArray, k: FloatArray, lam: FloatArray, size: FloatArray, bare: FloatArray, sums: Sums
) -> dict[str, FloatArray]:
    """The fields with their limits: of two members the ridge formulas at n, where λ/κ is that of k plus n - k."""
    noise, outside, unused = np.asarray(problem.noise), problem.unreached, n - k
    pair = ridge_fields(n, noise, outside, bare + unused, sums)
    pair = with_limits(problem, n, lam, noise, bare + unused + sums.spread, sums, pair)
    one = ridge_fields(k, noise, outside, bare, sums)
    one = with_limits(problem, k, lam, noise, bare + sums.spread, sums, one)
    fresh = _fresh_with_limits(k, noise + outside, bare, sums, _fresh_error(k, noise + outside, bare, sums))
    every = unused == 0  # n = 0 as well
    seen, rest = np.where(every, 1.0, k / n), np.where(every, 0.0, unused / n)
    beyond = {"test": np.where(every, 0.0, one["test"]), "in_sample": np.where(every, 0.0, fresh)}
    here = _on_the_sample(one, beyond, seen, rest, (bare + unused) / n)
    here["gcv"] = np.where(every, one["gcv"], np.where(here["train"] == 0, 0.0, here["gcv"]))
    one |= here
    values = {name: _mean_over_pairs(size, one[name], pair[name]) for name in pair}
    return values | {"test": values["bias"] + values["variance"] + noise}


def _fresh_error(k: Any, noise: Any, bare: Any, sums: Any) -> Any:
    """E⟨θ̂ - θ*, x⟩² of one member at a fresh point; ``noise`` counts the energy outside."""
    return (k * sums.left + noise * sums.df2) / (bare + sums.spread)


def _fresh_with_limits(k: FloatArray, noise: FloatArray, bare: FloatArray, sums: Sums, value: FloatArray) -> FloatArray:
    threshold = (bare + sums.spread == 0) & (k >= NO_SAMPLES)
    value = np.where(threshold, np.where(noise > 0, np.inf, 0.0), value)
    return np.where(k < NO_SAMPLES, sums.left, value)


def _on_the_sample(one: dict[str, Any], beyond: dict[str, Any], seen: Any, rest: Any, left: Any) -> dict[str, Any]:
    """What one member, fitted to the share ``seen``, does on all n samples; ``left`` is 1 - df1/n."""
    train = seen * one["train"] + rest * beyond["test"]
    return {
        "train": train,
        "in_sample": seen * one["in_sample"] + rest * beyond["in_sample"],
        "gcv": train / (left * left),
    }


def _mean_over_pairs(size: FloatArray, one: FloatArray, pair: FloatArray) -> FloatArray:
    """(1/M) one + (1 - 1/M) pair; one >= pair, so that nothing cancels."""
    more = np.where(one == pair, 0.0, one - pair)
    return np.asarray(pair + np.where(np.isinf(size), 0.0, more / size))


def ensemble_derivative(
    problem: Problem,
    n_samples: FloatArray,
    ridge: FloatArray,
    size: FloatArray,
    subsample: FloatArray | None,
    field: str,
    parameter: str,
) -> FloatArray:
    r"""Derivative of a field of ``ensemble_risk``, the other parameters fixed, by implicit differentiation.

    .. math:: \frac{\partial\kappa}{\partial\lambda} = \frac{1}{k-\mathrm{df}_2},\qquad
              \frac{\partial\kappa}{\partial k} = \frac{-\kappa}{k-\mathrm{df}_2}

    One-sided at ridge 0 and at k = n. ValueError at k = 0 and at the threshold k - df2 = 0, where there is none.
    """
    n, lam, noise = np.asarray(n_samples), np.asarray(ridge), np.asarray(problem.noise)
    choice("parameter", parameter, ("ridge", "n_samples") + (() if subsample is None else ("subsample",)))
    k = n if subsample is None else np.asarray(subsample)
    point, sums = point_and_sums(problem, k, lam, slopes=True)
    kappa, gap = point.kappa, point.bare + sums.spread
    at_n = 1.0 if parameter == "n_samples" else 0.0  # dn
    at_k = 1.0 if parameter == "subsample" or (subsample is None and at_n) else 0.0  # dk
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        moved = ((1.0 if parameter == "ridge" else 0.0) - kappa * at_k) / gap  # dκ
        tangents = tangents_of(sums, kappa, moved)
        bare = Tangent(point.bare, at_k + sums.trace * moved)
        sizes = Tangent(n, np.asarray(at_n)), Tangent(k, np.asarray(at_k))
        values = _slopes(problem, *sizes, Tangent(n - k, np.asarray(at_n - at_k)), size, bare, tangents)
    values |= {"effective_ridge": Tangent(kappa, moved), "noise": Tangent(noise, np.zeros(()))}
    if field not in values:
        raise ValueError(f"field must be one of {', '.join(values)}, got {field!r}")
    if ((gap == 0) | (k < NO_SAMPLES)).any() or (field == "gcv" and (point.bare + (n - k) == 0).any()):
        raise ValueError(
            "subsample must be > 0 and, at ridge 0, not the rank (for gcv below n_samples): there the fields have no "
            "derivative"
        )
    shape = common_shape(n_samples=n, ridge=lam, size=size, subsample=k, noise=noise)
    return np.broadcast_to(values[field].slope, shape)


def _slopes(
    problem: Problem, n: Tangent, k: Tangent, unused: Tangent, size: FloatArray, bare: Tangent, sums: SumsTangent
) -> dict[str, Tangent]:
    """The fields as tangents: the same means over pairs."""
    noise, outside = np.asarray(problem.noise), problem.unreached
    pair, one = ridge_fields(n, noise, outside, bare + unused, sums), ridge_fields(k, noise, outside, bare, sums)
    beyond = {"test": one["test"], "in_sample": _fresh_error(k, noise + outside, bare, sums)}
    one |= _on_the_sample(one, beyond, k / n, unused / n, (bare + unused) / n)
    return {name: one[name] * (1 / size) + pair[name] * (1 - 1 / size) for name in pair}
