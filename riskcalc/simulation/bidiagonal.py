r"""Trials of ridge regression on isotropic Gaussian features without drawing them: the same law in O(min(n, p)).

The bidiagonalisation of Golub and Kahan, started at the target, turns X into √σ B, with independent entries
B_kk = χ_{n-k+1} and B_{k,k+1} = χ_{p-k}, the target into ‖θ*‖ e₁, and leaves the law of the noise as it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.linalg import eigvalsh_tridiagonal
from scipy.linalg.blas import dtbsv

from riskcalc.arguments import FloatArray
from riskcalc.data import GaussianData
from riskcalc.estimators import Ridge
from riskcalc.model import Model
from riskcalc.simulation.fit import SignalAndNoise
from riskcalc.simulation.linear import averaged_fields
from riskcalc.simulation.measures import Measures
from riskcalc.simulation.tridiagonal import Resolvent, Traces, Tridiagonal, in_blocks

if TYPE_CHECKING:
    from riskcalc.simulation.cells import Cell

BLOCK = 2**16  # entries of a block of ridges: it stays in the cache


def refuse_other_laws(data: Model, estimator: Model, measures: Measures, test_data: Model | None) -> None:
    """The shortcut is exact for isotropic Gaussian features and ridge regression, and for what is exact there."""
    if type(data) is not GaussianData or type(estimator) is not Ridge:
        raise TypeError(
            f"route must be None for {type(data).__name__} with {type(estimator).__name__}: 'bidiagonal' is for "
            "GaussianData with Ridge"
        )
    kept = (data.spectrum.eigenvalues > 0) & (data.spectrum.multiplicities > 0)
    variances = data.spectrum.eigenvalues[kept]
    obstacles = {
        f"a covariance with {len(np.unique(variances))} different positive eigenvalues, not 1": (
            len(np.unique(variances)) != 1
        ),
        f"entries {data.entries!r}": data.entries != "gaussian",
        "a target that is a function of the features": data.target is not None,
        "measures, which see features": bool(measures),
        "test_data": test_data is not None,
    }
    found = [words for words, is_there in obstacles.items() if is_there]
    if found:
        raise ValueError(
            f"route must be None here: 'bidiagonal' draws no features, so isotropic Gaussian ones are all it can take, "
            f"got {found[0]}"
        )


@dataclass(frozen=True)
class BidiagonalSample:
    """√σ B by its diagonal and superdiagonal (as long as the diagonal if p > n, else one shorter), and what it means.

    ``signal`` is ‖θ*‖², ``outside`` and ``label_noise`` are standardised noises of the n labels, in the basis of B.
    """

    diagonal: FloatArray
    beside: FloatArray
    n_rows: int
    n_features: int
    variance: float
    signal: float
    outside_energy: float
    outside: FloatArray
    label_noise: FloatArray

    @property
    def is_wide(self) -> bool:
        """Whether p > n: then the Gram matrix of the rows is inverted, else that of the columns."""
        return self.n_features > self.n_rows

    @cached_property
    def gram(self) -> Tridiagonal:
        """The smaller of BᵀB and BBᵀ."""
        if self.is_wide:
            return Tridiagonal(self.beside, self.diagonal)
        return Tridiagonal(self.diagonal, np.append(0.0, self.beside))

    def times(self, v: FloatArray) -> FloatArray:
        """B v along the last axis."""
        m = len(self.diagonal)
        out = self.diagonal * v[..., :m]
        out[..., : len(self.beside)] += self.beside * v[..., 1:]
        return out

    def first_entry(self, v: FloatArray) -> FloatArray:
        """Of BᵀBv."""
        along = self.diagonal[0] * v[:, 0] + (self.beside[0] * v[:, 1] if self.beside.size else 0.0)
        return np.asarray(self.diagonal[0] * along)

    def transposed_times(self, u: FloatArray) -> FloatArray:
        """Bᵀ u along the last axis; one entry longer if p > n."""
        m = len(self.diagonal)
        out = np.zeros((*u.shape[:-1], len(self.beside) + 1))
        out[..., :m] = self.diagonal * u
        out[..., 1:] += self.beside * u[..., : len(self.beside)]
        return out


def bidiagonal_sample(data: GaussianData, n: int, rng: np.random.Generator) -> BidiagonalSample:
    """One sample of n rows."""
    kept = (data.spectrum.eigenvalues > 0) & (data.spectrum.multiplicities > 0)
    variance, energies = float(data.spectrum.eigenvalues[kept][0]), np.asarray(data.energies)
    p = int(data.spectrum.multiplicities[kept].sum())
    m = min(n, p)
    diagonal = np.sqrt(variance * rng.chisquare(n - np.arange(m)))
    beside = np.sqrt(variance * rng.chisquare(p - 1 - np.arange(m if p > n else m - 1)))
    outside = data.outside_energy + float(energies[data.spectrum.eigenvalues == 0].sum())
    return BidiagonalSample(
        diagonal,
        beside,
        n,
        p,
        variance,
        float(energies[kept].sum()) / variance,
        outside,
        rng.standard_normal(n),
        rng.standard_normal(n),
    )


def bidiagonal_trial(cell: Cell, rng: np.random.Generator, points: FloatArray) -> FloatArray:
    """The fields of ``linear_ridge_trial``, with their joint law."""
    data: Any = cell.data
    sample = bidiagonal_sample(data, cell.n_samples, rng)

    def fields(some: FloatArray) -> FloatArray:
        return _fields(sample, some, cell.label_noise == "drawn")

    return in_blocks(fields, points, BLOCK // len(sample.diagonal))


def _fields(sample: BidiagonalSample, points: FloatArray, drawn: bool) -> FloatArray:
    """The fields at points (ridge, noise), shape (fields, points)."""
    ridge, noise = points.T
    try:
        resolvent = Resolvent.of(sample.gram, ridge)
    except np.linalg.LinAlgError:
        raise _indefinite(sample, ridge) from None
    traces, zeros = resolvent.traces(), sample.n_rows - len(sample.diagonal)
    with np.errstate(over="ignore", divide="ignore"):
        effective_ridge = 1 / (traces.inverse + (zeros / ridge if zeros else 0.0))
    parts = _signal_and_noise(sample, resolvent, traces)
    out = averaged_fields(parts, noise, sample.outside_energy, effective_ridge, traces.kept)
    return _drawn_fields(sample, resolvent, traces, noise, out) if drawn else out


def _signal_and_noise(sample: BidiagonalSample, resolvent: Resolvent, traces: Traces) -> SignalAndNoise:
    """Closed form in the label noise, from R e₁ and the traces of R."""
    n, zeros, signal = sample.n_rows, sample.n_rows - len(sample.diagonal), sample.signal
    kept, missed, left = _first_column(sample, resolvent, traces)
    distance = signal * (missed**2).sum(axis=-1)
    train = signal * traces.lost**2 * left / n
    noise_train = (traces.lost**2 * traces.inverse_squared + zeros) / n
    if zeros:
        diagonal = (traces.lost + zeros) / n
        signal_gcv, noise_gcv = train / diagonal**2, noise_train / diagonal**2
    else:  # the ridge cancels in the ratio, and so it does in the limit at ridge 0
        signal_gcv, noise_gcv = n * signal * left, n * traces.inverse_squared
    return SignalAndNoise(
        signal_error=sample.variance * distance,
        noise_error=sample.variance * traces.kept_inverse,
        signal_train=train,
        noise_train=noise_train,
        signal_norm=signal * (kept**2).sum(axis=-1),
        noise_norm=traces.kept_inverse,
        signal_distance=distance,
        signal_fitted=train,
        noise_fitted=traces.kept_squared / n,
        signal_gcv=signal_gcv,
        noise_gcv=noise_gcv,
    )


def _first_column(
    sample: BidiagonalSample, resolvent: Resolvent, traces: Traces
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Of a target e₁: the fit BᵀB(BᵀB + λ)⁻¹e₁, what it misses, and ‖(BBᵀ + λ)⁻¹Be₁‖² in units of (Σ 1/(s + λ))²."""
    column, ridge, unit = resolvent.first_column(), resolvent.ridge[:, None], traces.inverse[:, None]
    if sample.is_wide:
        column = sample.diagonal[0] * column
        kept = sample.transposed_times(column)
        missed = -kept
        missed[:, 0] += 1.0
        return kept, missed, ((column / unit) ** 2).sum(axis=-1)
    missed = ridge * column
    kept = -missed
    product = sample.first_entry(column)
    kept[:, 0] = np.where(missed[:, 0] < 0.5, 1 - missed[:, 0], product)
    return kept, missed, ((column / unit) * (kept / unit)).sum(axis=-1)


def _drawn_fields(
    sample: BidiagonalSample, resolvent: Resolvent, traces: Traces, noise: FloatArray, averaged: FloatArray
) -> FloatArray:
    """The same fields for one draw of the labels; bias, κ and df1 do not depend on it."""
    n, m, target = sample.n_rows, len(sample.diagonal), np.sqrt(sample.signal)
    errors = np.sqrt(sample.outside_energy) * sample.outside + np.sqrt(noise)[:, None] * sample.label_noise
    y, unseen = errors[:, :m], (errors[:, m:] ** 2).sum(axis=-1)
    y[:, 0] += target * sample.diagonal[0]
    if sample.is_wide:
        dual = resolvent.solve(y)
        fit = sample.transposed_times(dual)
    else:
        fit = resolvent.solve(sample.transposed_times(y))
        dual = _dual(sample, fit) if n == m else y
    residual = resolvent.ridge[:, None] * dual if n == m else y - sample.times(fit)
    error = fit.copy()
    error[:, 0] -= target
    estimation = (error**2).sum(axis=-1)
    fitted = sample.times(error)
    test = sample.variance * estimation + sample.outside_energy + noise
    _, _, bias, _, effective_ridge, df1, *_ = averaged
    train = ((residual**2).sum(axis=-1) + unseen) / n
    gcv = train / (1 - df1 / n) ** 2 if n > m else n * ((dual / traces.inverse[:, None]) ** 2).sum(axis=-1)
    variance, norm_squared = test - bias - noise, (fit**2).sum(axis=-1)
    in_sample = (fitted**2).sum(axis=-1) / n
    return np.array([test, train, bias, variance, effective_ridge, df1, norm_squared, estimation, in_sample, gcv])


def _dual(sample: BidiagonalSample, fit: FloatArray) -> FloatArray:
    """(BBᵀ + λ)⁻¹y of a square B: the solution of Bᵀu = θ̂."""
    band = np.vstack([sample.diagonal, np.append(sample.beside, 0.0)])
    band = np.asfortranarray(band)
    return np.array([dtbsv(1, band, row, lower=1) for row in fit])


def _indefinite(sample: BidiagonalSample, ridge: FloatArray) -> ValueError:
    """A negative ridge must leave the smallest positive eigenvalue of the sample positive."""
    gram = sample.gram
    (smallest,) = eigvalsh_tridiagonal(gram.diagonal, gram.beside[:-1], select="i", select_range=(0, 0))
    return ValueError(
        f"ridge must be above {-smallest:g}, minus the smallest positive eigenvalue of a sample that was drawn, "
        f"got {ridge.min():g}"
    )


def bidiagonal_flops(cell: Cell) -> float:
    """Work of a trial: some divisions per entry and ridge."""
    return 3000.0 * float(min(cell.n_samples, cell.data.spectrum.n_features))  # type: ignore[attr-defined]
