"""The real network beside its linearisation, at several scales."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from riskcalc.activations import Activation, Custom
from riskcalc.arguments import FloatArray, instance, numbers, whole
from riskcalc.lazy_result import BoolArray, LazyExperiment
from riskcalc.simulation.network import Start, TrainedPath, drawn_start, points_like, trained
from riskcalc.simulation.simulate import Rng, entropy_of
from riskcalc.simulation.trials import one_blas_thread
from riskcalc.theory import lazy

__all__ = ["LazyExperiment", "lazy_experiment"]

TEST_POINTS = 200
TIMES, FIRST = 60, 0.1  # recorded ones, geometric from this share of n/σ_max² on
LAST = 8.0  # in units of n/σ_min²: the slowest direction of the linearised flow is left with e^{-8} of it
LONGEST = 5e3  # in units of n/σ_max²: what an explicit method of integration can afford
LARGEST = 1e8  # scale
ROUNDING = 1e-12


def lazy_experiment(
    activation: Activation,
    inputs: npt.ArrayLike,
    outputs: npt.ArrayLike,
    width: int,
    scales: npt.ArrayLike,
    rng: Rng,
    antisymmetric: bool = False,
    *,
    test_inputs: npt.ArrayLike | None = None,
    curvature: float | None = None,
) -> LazyExperiment:
    r"""Train a two-layer network at several scales, and its linearisation beside it.

    .. math:: f(x) = \frac1{\sqrt N}\sum_ja_j\varphi(\langle w_j, x\rangle), \qquad
              \dot w = -\nabla_w\frac1{2n}\sum_i\big(y_i-\alpha[f(x_i;w)-f(x_i;w_0)]\big)^2

    Parameters
    ----------
    activation : Activation
        φ; it must have a derivative.
    inputs : array_like, shape (n, d)
        X.
    outputs : array_like, shape (n,)
        y, not all 0.
    width : int, >= 1
        N.
    scales : array_like, 0 < α <= 1e8
        α, any shape; the start is the same at all of them. Beyond 1e8, α times the rounding of f would be seen.
    rng : int, SeedSequence, Generator or None
        Draws the start, and the test inputs after it: rows of the first layer uniform on the unit sphere, signs
        :math:`a_j = \pm1`.
    antisymmetric : bool
        Two copies of N/2 rows with opposite signs, so that f starts at 0; N must be even. Otherwise the start is
        subtracted.
    test_inputs : array_like, shape (m, d), optional
        Where network and linearisation are compared. Left out, 200 points like the training inputs: directions of
        Gaussian vectors with the second moments of X, each with the norm of a random row of X.
    curvature : float, >= 0, optional
        :math:`\sup|\varphi''|`, for an activation of one's own.

    Returns
    -------
    LazyExperiment

    Raises
    ------
    ValueError
        If shapes do not match, a number is outside its domain, the outputs or the Jacobian are 0, the activation has
        no derivative, or N is odd for the antisymmetric start.
    NotConvergedError
        If the flow cannot be integrated.

    Notes
    -----
    The first layer is trained by gradient flow, integrated by an adaptive Runge-Kutta method of order 8 with relative
    tolerance 1e-9 (an activation with kinks: of order 4, in fixed steps of :math:`0.1n/\sigma_{\max}^2`, since the flow
    may slide along a jump of the slope), in the time s = α²t in which the linearised flow is the same at every α, up to
    :math:`s = 8n/\sigma_{\min}^2` (at most :math:`5000n/\sigma_{\max}^2`; a note says so). Nothing of the
    linearised flow enters the training: it comes in closed form from the Gram matrix at the start.

    As α grows, displacement, kernel change and gap fall as 1/α. From the antisymmetric start the kernel changes by
    :math:`1/\alpha^2` only, and so does the gap: the first-order changes of a pair cancel [3]_. For an activation
    whose slope jumps, as ReLU, no Lipschitz constant is known: ρ is inf, nothing is promised, and the bounds are
    checked all the same.

    References
    ----------
    .. [1] chizat2019 (place not checked)
    .. [2] oymak2019 (place not checked)
    .. [3] derived

    Examples
    --------
    >>> import numpy as np
    >>> import riskcalc as rc
    >>> X = np.random.default_rng(0).standard_normal((5, 4))
    >>> found = rc.lazy_experiment(rc.activations.Tanh(), X, X[:, 0], 60, [1, 16], rng=0)
    >>> bool(found.rate_bound.all()), bool(found.gap[1] < found.gap[0] / 10)
    (True, True)
    """
    phi = instance("activation", activation, Activation, "make one with riskcalc.activations")
    X, y = _sample(inputs, outputs)
    alphas, stream = numbers("scales", scales, above=0, at_most=LARGEST), np.random.default_rng(entropy_of(rng))
    if alphas.size == 0:
        raise ValueError(f"scales must have at least one value, got shape {alphas.shape}")
    start = drawn_start(X.shape[1], _width(width, antisymmetric), stream, antisymmetric)
    tests = points_like(X, TEST_POINTS, stream) if test_inputs is None else _tests(test_inputs, X.shape[1])
    lipschitz = _lipschitz(phi, X, start.signs.size, curvature)
    with one_blas_thread():
        return _side_by_side(phi, X, y, tests, start, alphas, lipschitz)


def _side_by_side(
    phi: Activation,
    X: FloatArray,
    y: FloatArray,
    tests: FloatArray,
    start: Start,
    alphas: FloatArray,
    lipschitz: float,
) -> LazyExperiment:
    n, shape, r0 = len(X), alphas.shape, float(np.linalg.norm(y))
    gram = lazy.neural_tangent_gram(phi, np.vstack([X, tests]), start.weights, start.signs)
    K, cross = gram[:n, :n], gram[n:, :n]
    sigma_max, sigma_min = _extremes(K, start)
    times = _times(n, sigma_max, sigma_min)
    linear = lazy.flow_path(K, y, times) @ cross.T
    paths = [trained(phi, start, X, y, tests, float(alpha), times) for alpha in alphas.flat]
    moved, left = np.stack([p.moved for p in paths]), np.stack([(p.residuals**2).sum(axis=1) for p in paths])
    farthest = lazy.displacement_bound(r0, sigma_min, alphas.reshape(-1, 1))
    most = r0**2 * np.exp(-lazy.convergence_rate(sigma_min, n) * times)
    return LazyExperiment(
        scales=alphas,
        laziness_ratio=np.asarray(lazy.laziness_ratio(lipschitz, r0, sigma_min, alphas)),
        displacement=moved[:, -1].reshape(shape),
        kernel_change=np.array([_change(phi, X, K, start, p) for p in paths]).reshape(shape),
        gap=np.array([_largest_rms(p.outputs - linear) for p in paths]).reshape(shape),
        training_error=left[:, -1].reshape(shape) / n,
        displacement_bound=_held(moved, farthest).reshape(shape),
        rate_bound=_held(left, most).reshape(shape),
        times=times,
        sigma_min=sigma_min,
        antisymmetric=start.antisymmetric,
        notes=_notes(phi, lipschitz, sigma_min, times[-1] * sigma_min**2 / n),
    )


def _sample(inputs: npt.ArrayLike, outputs: npt.ArrayLike) -> tuple[FloatArray, FloatArray]:
    X, y = numbers("inputs", inputs, ndim=2), numbers("outputs", outputs, ndim=1)
    if X.size == 0 or len(X) != y.size:
        raise ValueError(f"inputs and outputs must have shapes (n, d) and (n,), got {X.shape} and {y.shape}")
    if not y.any():
        raise ValueError("outputs must not all be 0, got zeros: there is nothing to learn")
    return X, y


def _tests(test_inputs: npt.ArrayLike, n_inputs: int) -> FloatArray:
    tests = numbers("test_inputs", test_inputs, ndim=2)
    if tests.shape[1] != n_inputs or len(tests) == 0:
        raise ValueError(f"test_inputs must have shape (m, {n_inputs}), as inputs, got {tests.shape}")
    return tests


def _width(width: int, antisymmetric: bool) -> int:
    N = whole("width", width, at_least=1)
    if antisymmetric and N % 2:
        raise ValueError(f"width must be even for the antisymmetric start, got {N}; use {N + 1}")
    return N


def _extremes(K: FloatArray, start: Start) -> tuple[float, float]:
    """The largest and the smallest singular value of the Jacobian; 0 where it has too few independent columns."""
    sigma = lazy.singular_values(K)
    if sigma[0] == 0:
        raise ValueError("inputs must give a Jacobian that is not 0, got one that is: nothing can be learned")
    columns = start.weights.size // (2 if start.antisymmetric else 1)
    return float(sigma[0]), float(sigma[-1]) if columns >= len(K) else 0.0


def _times(n: int, sigma_max: float, sigma_min: float) -> FloatArray:
    """From 0 until the slowest direction is learned, or as far as can be afforded."""
    longest = LONGEST * n / sigma_max**2
    last = min(LAST * n / sigma_min**2, longest) if sigma_min > 0 else longest
    return np.append(0.0, np.geomspace(FIRST * n / sigma_max**2, last, TIMES))


def _lipschitz(phi: Activation, X: FloatArray, width: int, curvature: float | None) -> float:
    """L, inf where it is not known."""
    if isinstance(phi, Custom) and curvature is None:
        return math.inf
    return float(lazy.lipschitz_bound(phi, X, width, curvature))


def _change(phi: Activation, X: FloatArray, K: FloatArray, start: Start, path: TrainedPath) -> float:
    moved = lazy.neural_tangent_gram(phi, X, path.weights, start.signs)
    return float(np.linalg.norm(moved - K) / np.linalg.norm(K))


def _largest_rms(differences: FloatArray) -> float:
    """Over the points, largest over the times (rows)."""
    return float(np.sqrt(np.mean(differences**2, axis=1)).max())


def _held(values: FloatArray, bound: FloatArray) -> BoolArray:
    """Whether the bound held at all times (the last axis)."""
    return np.asarray((values <= bound * (1 + ROUNDING)).all(axis=1))


def _notes(phi: Activation, lipschitz: float, sigma_min: float, reached: float) -> tuple[str, ...]:
    notes = []
    if lipschitz == math.inf:
        known = "give curvature" if isinstance(phi, Custom) else "its derivative has no finite Lipschitz constant"
        notes.append(f"nothing is promised for {phi!r}, and the ratio is inf: {known}")
    if sigma_min == 0:
        notes.append("nothing is promised, and the ratio is inf: the Jacobian has fewer independent columns than rows")
    elif reached < LAST * (1 - ROUNDING):
        notes.append(f"training ends at {reached:.2g} n/σ_min², before the slowest direction is learned")
    return tuple(notes)
