"""From ratios to the whole numbers that an experiment needs."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from riskcalc.arguments import FloatArray, numbers
from riskcalc.data import Dataset, GaussianData
from riskcalc.estimators import Ridge
from riskcalc.model import Model
from riskcalc.spectrum import Spectrum


def rounded_sizes(n_samples: npt.ArrayLike, scale: float) -> tuple[FloatArray, float]:
    """Sample sizes times ``scale``, rounded to whole numbers, and the scale as a float."""
    factor = float(numbers("scale", scale, above=0, ndim=0))
    sizes = np.asarray(np.rint(numbers("n_samples", n_samples, at_least=0) * factor))
    if sizes.min(initial=1) < 1:
        raise ValueError(
            f"n_samples must be at least 1 to be simulated, got {np.min(n_samples):g} times scale {factor:g}; "
            "give a larger scale"
        )
    return sizes, factor


def scaled_gaussian_ridge(
    data: GaussianData, estimator: Ridge, sizes: FloatArray, factor: float
) -> tuple[Model, Model]:
    """Multiplicities times the scale, and the ridge with them."""
    numbers("ridge", estimator.ridge, hint="an infinite ridge needs no experiment: it predicts zero")
    spectrum = data.spectrum
    if spectrum.tail > 0:
        raise ValueError(f"spectrum must have no tail to be simulated, got {spectrum.tail:g}; list its eigenvalues")
    if not np.isfinite(spectrum.multiplicities).all():
        raise ValueError("n_features must be finite to be simulated, got inf; give the power law a finite n_features")
    counts = np.rint(spectrum.multiplicities * factor)
    reached = (np.asarray(data.energies) > 0) & (spectrum.eigenvalues > 0)
    lost = (counts == 0) & ((spectrum.multiplicities > 0) | reached)
    if lost.any():
        raise ValueError(
            f"multiplicities must be at least 1 to be simulated, got {spectrum.multiplicities[lost].min():g} times "
            f"scale {factor:g}; give a larger scale"
        )
    if not np.array_equal(counts, spectrum.multiplicities):
        data = data.replace(spectrum=Spectrum.from_eigenvalues(spectrum.eigenvalues, counts))
    return data, estimator if factor == 1 else estimator.replace(ridge=np.asarray(estimator.ridge) * factor)


def scaled_table_ridge(data: Dataset, estimator: Ridge, sizes: FloatArray, factor: float) -> tuple[Model, Model]:
    """A table cannot be scaled, and some of its rows must be left to test on."""
    if factor != 1:
        raise ValueError(f"scale must be 1 for a Dataset, whose sizes are fixed, got {factor:g}")
    if sizes.max(initial=1) >= data.n_rows:
        raise ValueError(
            f"n_samples must be below the {data.n_rows} rows of the table, got {sizes.max():g}; the error is measured "
            "on the rows that are left"
        )
    return data, estimator
