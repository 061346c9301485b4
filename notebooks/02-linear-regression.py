# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Linear regression with as many features as samples
#
# **Question.** What does ridge regression cost when the number of features p and the number of samples n are comparable?
# Classical theory keeps p fixed. Here p/n is of order one, and then the test error is neither small nor random: it is the
# solution of one scalar equation.
#
# **Sources.** T. Misiakiewicz and A. Montanari, *Six lectures on linearized neural networks*, arXiv:2308.13431, lecture 2;
# T. Hastie et al. (2022) for the ridgeless case, E. Dobriban and S. Wager (2018) for the best ridge, V. Marchenko and
# L. Pastur (1967) for the spectrum. `rc.cite(risk)` prints them as BibTeX.

# %%
import matplotlib.pyplot as plt
import numpy as np

import riskcalc as rc
from riskcalc import plot

plt.style.use(plot.STYLE)


def panels(columns):
    """A row of axes."""
    return plt.subplots(1, columns, figsize=(3.6 * columns, 2.9), squeeze=False)[1][0]


# %% [markdown]
# ## The equation
#
# With n samples of a centred x of covariance Σ, and the sum objective ‖y − Xθ‖² + λ‖θ‖², everything follows from the
# *effective ridge* κ, the solution of
#
# $$n - \frac{\lambda}{\kappa} = \mathrm{Tr}\,\Sigma(\Sigma+\kappa)^{-1}, \qquad
# \mathrm{test} = \frac{\kappa^2\langle\theta_*,\Sigma(\Sigma+\kappa)^{-2}\theta_*\rangle+\tau^2}{1-\mathrm{df}_2/n},\qquad
# \mathrm{df}_2 = \mathrm{Tr}\,\Sigma^2(\Sigma+\kappa)^{-2}.$$
#
# It behaves like ridge regression on the population with penalty κ, with the noise of both label and unseen signal
# amplified by 1/(1 − df₂/n).

# %%
data = rc.GaussianData.isotropic(n_features=200, noise=0.25)
n, ridge = 400, np.array([1, 10, 50])
risk = rc.predict(data, rc.Ridge(ridge), n_samples=n)
print(risk.to_pandas()[["ridge", "test", "train", "bias", "variance", "effective_ridge", "df1", "df2"]])
kappa = risk.effective_ridge
print("left side minus right side:", n - ridge / kappa - 200 / (1 + kappa))

# %% [markdown]
# ## Double descent, predicted and simulated
#
# Lines are theory, points are means of 20 simulated experiments each with its standard error. At ridge 0 the theory
# diverges where n meets p.

# %%
estimator = rc.Ridge([0, 2, 50])
theory = rc.predict(data, estimator, np.arange(20, 601, 2)[:, None])
trials = rc.simulate(data, estimator, np.arange(40, 600, 40)[:, None], n_trials=20, rng=0)
left, right = panels(2)
plot.risk_curve(theory, ax=left)
plot.risk_curve(trials, ax=left)
left.set(yscale="linear", ylim=(0, 3), title="test error")
left.legend()
plot.decomposition(rc.predict(data, rc.Ridge(2), np.arange(20, 601, 2)), ax=right)
right.set(ylim=(0, 3), title="ridge 2: where it comes from")
right.legend()
plt.show()

# %% [markdown]
# `verify` puts both side by side: z is the gap in standard errors, and the verdict allows only the finite-size term that
# is stated below the table; here that term is known. The second table has the standard deviation of the trials beside the
# predicted spread of one experiment, which is judged, too.

# %%
check = rc.verify(data, rc.Ridge([2, 50]), np.array([100, 200, 400])[:, None], n_trials=50, rng=1)
print(check.table())
print("largest |z| of the test error:", np.abs(check.z["test"]).max().round(2))

# %% [markdown]
# ## At n = 20: the next order, and the error bar of one experiment
#
# The equivalent is right to O(1/n). Its next term is known in closed form, and with it the spread: the standard deviation
# of the test error from one experiment to the next (the band, label noise included).

# %%
small = rc.Experiment.load("finite-size")
leading, trials = small.predict(), small.simulate()
corrected = rc.predict(small.data, small.estimator, np.reshape(small.n_samples, (-1, 1)), correction="first")
for k, n in enumerate(small.n_samples):
    print(
        f"n = {n:.0f}: leading {leading.test[k, 0]:.4f}, corrected {corrected.test[k, 0]:.4f}, "
        f"simulated {trials.test.mean[k, 0]:.4f} ± {trials.test.standard_error[k, 0]:.4f}"
    )
(axis,) = panels(1)
fine = rc.predict(data, rc.Ridge(50), np.arange(20, 601, 5))
plot.risk_curve(fine, ax=axis, spread=True, label="ridge 50, mean and spread")
drawn = rc.simulate(data, rc.Ridge(50), np.arange(40, 600, 40), n_trials=2, rng=3, label_noise="drawn")
for one in drawn.test.values:
    axis.plot(np.arange(40, 600, 40), one, linestyle="none", marker=".", color="C1")
axis.set(yscale="linear")
axis.legend()
plt.show()

# %% [markdown]
# ## The best ridge removes the peak
#
# Tuned for each n, the error only falls. For an isotropic target the optimum is λ = τ²p/‖θ*‖², whatever n is.

# %%
n = np.arange(20, 601, 5)
best = rc.tune(data, rc.Ridge(0), n)
left, right = panels(2)
plot.risk_curve(rc.predict(data, rc.Ridge(0), n), ax=left, label="ridge 0")
plot.risk_curve(best.risk, ax=left, label="best ridge")
left.set(yscale="linear", ylim=(0, 3))
left.legend()
right.plot(n, best.ridge, marker="", label="best ridge")
right.axhline(0.25 * 200, color="C1", linestyle="--", label="τ²p/‖θ*‖²")
right.set(xlabel="number of samples n", ylim=(0, 100))
right.legend()
plt.show()

# %% [markdown]
# ## The spectrum behind it
#
# The eigenvalues of a sample covariance spread out by the law of Marchenko and Pastur; for a general covariance by the
# fixed point of the same form. The histogram is one sample.

# %%
rng = np.random.default_rng(0)
law = rc.MarchenkoPastur(aspect_ratio=0.5)
sample = rng.standard_normal((1600, 800))
two = rc.Spectrum.from_eigenvalues([4.0, 1.0], multiplicities=[400, 400])
stretched = sample * np.sqrt(np.repeat([4.0, 1.0], 400))
axes = panels(2)
plot.spectrum(law, eigenvalues=np.linalg.eigvalsh(sample.T @ sample / 1600), ax=axes[0])
ample = stretched.T @ stretched / 1600
plot.spectrum(rc.SpectralLaw(two, 0.5), eigenvalues=np.linalg.eigvalsh(ample), ax=axes[1])
axes[0].set_title("Marchenko–Pastur, p/n = 1/2")
axes[1].set_title("two scales, 4 and 1")
plt.show()

# %% [markdown]
# ## Benign, tempered, catastrophic
#
# An interpolator of noisy labels costs nothing, a constant factor, or everything as n grows, depending on how slowly the
# spectrum decays.

# %%
spectra = {
    "logarithmic": rc.Spectrum.logarithmic(2.0),
    "power law": rc.Spectrum.power_law(1.5),
    "exponential": rc.Spectrum.exponential(0.05),
}
n = np.geomspace(10, 1e4, 25)
(axis,) = panels(1)
for name, spectrum in spectra.items():
    problem = rc.Problem(spectrum, np.zeros(spectrum.masses.size), noise=1.0)
    axis.loglog(n, rc.ridge_risk(problem, n, 0).variance, marker="", label=f"{name}: {rc.overfitting_type(spectrum)}")
axis.set(xlabel="number of samples n", ylabel="what noise of variance 1 costs")
axis.legend()
plt.show()

# %% [markdown]
# ## Change and try
#
# * `noise=0`, or `rc.GaussianData.power_law(1.5, source=0.4, noise=0.1, n_features=400)`: what happens to the peak?
# * `entries="rademacher"` in `rc.GaussianData`: the theory does not see the difference; does the simulation?
# * `rc.Ensemble(rc.Ridge(0), size=10, subsample=100)` or `rc.GradientFlow(time)`: two other ways past the peak.
