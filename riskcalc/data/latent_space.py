"""Linear targets of a few latent variables, seen through many noisy features."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from riskcalc.arguments import numbers
from riskcalc.model import Model

LARGEST = 1e140  # the square is a variance; sums of squares must fit a float


@dataclass(frozen=True, eq=False, repr=False)
class LatentSpaceData(Model):
    r"""Features and outputs of the same latent variables, all Gaussian: the latent space model.

    .. math:: x = Wz + u,\qquad y = \langle\vartheta, z\rangle + \xi,\qquad
              z\sim N(0, 1_d),\; u\sim N(0, 1_p),\; \mathrm{E}\xi^2 = \tau^2

    Parameters
    ----------
    loadings : array_like, shape (p, d)
        W: what each of p features takes from each of d latent variables, in units of the features' own noise; at most
        1e140 in absolute value, as the coefficients.
    coefficients : array_like, shape (d,)
        ϑ. Units of y.
    noise : array_like, >= 0
        Variance τ² of the label noise ξ; an array broadcasts against ``n_samples`` and ``ridge``. Units of y².

    Raises
    ------
    ValueError
        If the lengths do not match, there is no feature or no latent variable, or a number is outside its domain.

    Notes
    -----
    Exactly a linear model with Gaussian features, of which ``reduce`` gives the Problem:

    .. math:: \Sigma = WW^\top+1,\quad \theta_* = \Sigma^{-1}W\vartheta,\quad
              M = \vartheta^\top(1+W^\top W)^{-1}\vartheta

    M is the part of ⟨ϑ, z⟩ that the features do not tell; it is independent of them and counts as energy outside, so
    that ``noise`` remains the label noise and ``excess`` the error of the prediction of ⟨ϑ, z⟩. The two parts together
    are ‖ϑ‖², however many features there are.

    References
    ----------
    .. [1] hastie2022 (latent space model; place not checked)

    Examples
    --------
    >>> import numpy as np
    >>> import riskcalc as rc
    >>> data = rc.LatentSpaceData(loadings=np.ones((200, 1)), coefficients=[1.0], noise=0.25)
    >>> print(rc.predict(data, rc.Ridge(200.0), n_samples=100).test.round(6))
    0.284922
    """

    loadings: npt.ArrayLike
    coefficients: npt.ArrayLike
    noise: npt.ArrayLike = 0.0

    def _checked(self) -> dict[str, object]:
        rows = "one row per feature, one column per latent variable"
        loadings = numbers("loadings", self.loadings, ndim=2, at_least=-LARGEST, at_most=LARGEST, hint=rows)
        coefficients = numbers("coefficients", self.coefficients, ndim=1, at_least=-LARGEST, at_most=LARGEST)
        if loadings.size == 0 or coefficients.size != loadings.shape[1]:
            raise ValueError(
                f"coefficients must have one entry per column of loadings, got {coefficients.size} for loadings of "
                f"shape {loadings.shape}; there must be a feature and a latent variable"
            )
        noise = numbers("noise", self.noise, at_least=0, hint="it is a variance")
        return {"loadings": loadings, "coefficients": coefficients, "noise": noise}

    @property
    def n_features(self) -> int:
        """Number of features p."""
        return int(np.shape(self.loadings)[0])

    @property
    def n_latent(self) -> int:
        """Number of latent variables d."""
        return int(np.shape(self.loadings)[1])
