"""Letters that no public function returns, found in mpmath from the equations that define them."""

from __future__ import annotations

from typing import Any

import mpmath

import riskcalc

Values = dict[str, Any]


def _sum(values: Values, term: Any) -> Any:
    sigma, m = values["eigenvalues"], values.get("multiplicities", [1.0] * len(values["eigenvalues"]))
    return mpmath.fsum(term(mpmath.mpf(s), mpmath.mpf(w)) for s, w in zip(sigma, m, strict=True))


def _bisect(decreasing: Any, low: Any, high: Any) -> Any:
    """Root of a decreasing function, to 40 digits of the interval."""
    for _ in range(150):
        middle = (low + high) / 2
        low, high = (middle, high) if decreasing(middle) > 0 else (low, middle)
    return low


def lowest_effective_ridge(values: Values) -> Values:
    """The largest root of df2 = n, by bisection between minus the least eigenvalue and far out."""
    n, least = mpmath.mpf(values["n_samples"]), min(values["eigenvalues"])

    def excess(kappa: Any) -> Any:
        return _sum(values, lambda s, m: m * (s / (s + kappa)) ** 2) - n

    with mpmath.workdps(40):
        low, high = -mpmath.mpf(least) * (1 - mpmath.mpf(10) ** -12), mpmath.mpf(10) ** 4
        return {"lowest_effective_ridge": _bisect(excess, low, high)}


def circle(values: Values) -> Values:
    """A circle about all discs of radius (sum of m s²/n)^(1/2) at -s, with room for the root of ridge 0."""
    n, top = values["n_samples"], max(values["eigenvalues"])
    reach = float(_sum(values, lambda s, m: m * s * s) / n) ** 0.5
    right = 2 * max(reach, float(_sum(values, lambda s, m: m * s)) / n)
    left = -top - 2 * reach
    return {"centre": (left + right) / 2, "radius": (right - left) / 2}


def _samples(values: Values) -> Any:
    return mpmath.fsum(values["multiplicities"]) / values["aspect_ratio"]


def complex_root(values: Values) -> Values:
    """The root in the lower half plane of x = κ(df1/n - 1), from starts over the bulk."""
    n, x = _samples(values), mpmath.mpf(values["x"])

    def miss(kappa: Any) -> Any:
        return kappa * (_sum(values, lambda s, m: m * s / (s + kappa)) / n - 1) - x

    with mpmath.workdps(40):
        for real in (0, -0.5, -1, -2, -3, 1):
            for imaginary in (0.5, 1, 2):
                try:
                    root = mpmath.findroot(miss, mpmath.mpc(real, -imaginary), tol=1e-60)
                except (ValueError, ZeroDivisionError):
                    continue
                if root.imag < -(mpmath.mpf(10) ** -10):
                    return {"root": root}
    raise ValueError(f"no root at {values}")


def real_root(values: Values) -> Values:
    """The positive root of z = κ(df1/n - 1) at a negative z: the right side decreases in κ there."""
    n, z = _samples(values), mpmath.mpf(values["z"])

    def miss(kappa: Any) -> Any:
        return kappa * (_sum(values, lambda s, m: m * s / (s + kappa)) / n - 1) - z

    with mpmath.workdps(40):
        high = -z + _sum(values, lambda s, m: m * s) / n
        return {"effective_ridge": _bisect(miss, mpmath.mpf(0), high)}


def edge_root(values: Values) -> Values:
    """The root of df2 = n below minus the largest eigenvalue."""
    n, top = _samples(values), mpmath.mpf(max(values["eigenvalues"]))

    def miss(kappa: Any) -> Any:
        return _sum(values, lambda s, m: m * (s / (s + kappa)) ** 2) - n

    with mpmath.workdps(40):
        reach = mpmath.sqrt(_sum(values, lambda s, m: m * s * s) / n)
        near = top * mpmath.sqrt(values["multiplicities"][0] / n)
        return {"edge_root": _bisect(lambda kappa: -miss(kappa), -top - reach, -top - near / 2)}


def inner_multiplier(values: Values) -> Values:
    """The root c'' of N_1 - E_0(c'') = d c''/c' for two random layers; the left side falls and the right one grows."""
    moments = ((values["first_linear"], values["first_nonlinear"]), (values["last_linear"], values["last_nonlinear"]))
    spectrum = riskcalc.Spectrum.isotropic(values["n_features"], values["input_variance"])
    problem = riskcalc.Problem(spectrum, [values["linear_energy"]], values["noise"])
    widths = [values["first_width"], values["width"]]
    risk = riskcalc.random_features.deep_risk(problem, values["n_samples"], widths, moments, values["ridge"])
    first, d, s = (mpmath.mpf(values[name]) for name in ("first_width", "n_features", "input_variance"))
    outer = mpmath.mpf(values["last_linear"]) / (mpmath.mpf(float(risk.effective_ridge)) * first)
    middle = outer * values["first_linear"] / (1 + outer * values["first_nonlinear"])
    with mpmath.workdps(40):
        return {"inner": _bisect(lambda c: first - d * c * s / (1 + c * s) - d * c / middle, 0, first * middle / d)}


HIDDEN = {
    "random_features.deep_degrees": inner_multiplier,
    "spectral_law.density": complex_root,
    "spectral_law.stieltjes": real_root,
    "spectral_law.edge": edge_root,
    "ridge.lower_limit": lowest_effective_ridge,
    "flow.variance": circle,
    "flow.bias": circle,
    "flow.train": circle,
}
