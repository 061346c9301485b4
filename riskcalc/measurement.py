"""One field of an experiment: its trials, their mean and their spread."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from riskcalc.arguments import FloatArray


@dataclass(frozen=True, eq=False, repr=False)
class Measurement:
    r"""One measured field.

    Parameters
    ----------
    values : ndarray, shape (n_trials, ...)
        Trials first, then the broadcast shape of the parameters.

    References
    ----------
    .. [1] derived

    Examples
    --------
    >>> import numpy as np
    >>> from riskcalc.result import Measurement
    >>> m = Measurement(np.array([1.0, 3.0]))
    >>> print(m.mean, m.standard_error)
    2.0 1.0
    """

    values: FloatArray

    @property
    def mean(self) -> FloatArray:
        """Mean over trials."""
        return np.asarray(self.values.mean(axis=0))

    @property
    def standard_deviation(self) -> FloatArray:
        """Standard deviation over trials."""
        return np.asarray(self.values.std(axis=0, ddof=1))

    @property
    def standard_error(self) -> FloatArray:
        """Standard error of the mean."""
        return np.asarray(self.standard_deviation / np.sqrt(len(self.values)))

    @property
    def relative_error_of_deviation(self) -> FloatArray:
        """Standard error of the standard deviation as a share of it, from fourth moments, at least those of a Gaussian.

        Few trials of a law with heavy tails seldom show them, and then claim a precision that they do not have.
        """
        n_trials, deviation = len(self.values), self.standard_deviation
        centred = (self.values - self.mean) / np.where(deviation > 0, deviation, 1.0)
        kurtosis = np.maximum((centred**4).mean(axis=0), 3.0)
        return np.asarray(np.sqrt((kurtosis - (n_trials - 3) / (n_trials - 1)) / n_trials) / 2)

    def __repr__(self) -> str:
        if self.values.ndim == 1:
            return f"{self.mean:.6g} ± {self.standard_error:.2g}"
        return f"Measurement({len(self.values)} trials, shape {self.values.shape[1:]})"
