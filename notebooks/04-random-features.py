# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Random features: how wide must the network be?
#
# **Question.** A two-layer network of which only the second layer is trained is linear in N random features. What does a
# finite width cost, and what happens where the network has just enough neurons to interpolate, N = n?
#
# **Sources.** T. Misiakiewicz and A. Montanari, *Six lectures on linearized neural networks*, arXiv:2308.13431, lecture 4;
# S. Mei and A. Montanari (2022) for the proportional limit, L. Defilippis, B. Loureiro and T. Misiakiewicz (2024) and
# J. Simon et al. (2024) for any spectrum, B. Adlam and J. Pennington (2020) for where the error comes from.

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
# ## One equation, and double descent in the width
#
# With the spectrum ξ of the kernel of infinite width, and u the inverse of the effective ridge,
#
# $$(n-D)(N-D) = \lambda N u,\qquad D = \sum_k m_k\frac{\xi_k u}{1+\xi_k u}.$$
#
# Lines are theory with every degree of the ReLU at d = 50; points are simulated networks with fresh weights and data.

# %%
target = rc.targets.DegreeEnergies({1: 1.0, 2: 0.3})
data = rc.SphereData(n_inputs=50, target=target, noise=0.25)
relu = rc.activations.ReLU()
ridges = [[0.0], [1e-3], [0.1]]
width = np.unique(np.geomspace(10, 2000, 120).round())
points = np.array([20, 50, 100, 170, 250, 500, 1000])
theory = rc.predict(data, rc.RandomFeatureRidge(relu, width, ridges), n_samples=200)
trials = rc.simulate(data, rc.RandomFeatureRidge(relu, points, ridges), n_samples=200, n_trials=10, rng=0)
(left, right) = panels(2)
plot.risk_curve(theory, ax=left, x="width")
plot.risk_curve(trials, ax=left, x="width")
left.set(yscale="linear", ylim=(0, 6), title="n = 200")
left.legend()
plot.decomposition(rc.predict(data, rc.RandomFeatureRidge(relu, width, 1e-3), 200), ax=right, x="width")
right.set(ylim=(0, 6), title="ridge 0.001")
right.legend()
plt.show()

# %%
check = rc.verify(data, rc.RandomFeatureRidge(relu, [100, 200, 400], [[1e-3], [0.1]]), 200, n_trials=20, rng=1)
print("z of the test error, one row per ridge:")
print(check.z["test"].round(2))
print("verdict:", "theory and simulation agree" if check.agrees else "they disagree")

# %% [markdown]
# ## Where the peak comes from
#
# The error is split by what is averaged: training sets, weights, noise, and their interactions. All of the peak at N = n is
# interaction of weights with data (and with noise): averaging either of them removes it.

# %%
problem = rc.reduce(data, rc.RandomFeatureRidge(relu, 1, 0))
parts = rc.random_features.decomposition(problem, 200, width, 1e-3)
(axis,) = panels(1)
for name in ("bias", "sampling", "initialisation", "interaction", "sampling_noise", "interaction_noise"):
    axis.plot(width, getattr(parts, name), marker="", label=name.replace("_", ", "))
axis.set(xscale="log", ylim=(0, 2), xlabel="width N", ylabel="part of the test error")
axis.legend()
plt.show()
for size in (1, 2, 5, np.inf):
    test = rc.random_features.ensemble_risk(problem, 200, 200, 1e-3, size).test
    print(f"{size:g} networks averaged at N = n: test error {test:.3f}")

# %% [markdown]
# ## The (ψ₁, ψ₂) map
#
# In the proportional limit only ψ₁ = N/d and ψ₂ = n/d matter. Small ridge; the ridge of infinite error at ψ₁ = ψ₂ is the
# interpolation threshold.

# %%
psi = np.geomspace(0.1, 10, 81)
moments = rc.random_features.moments(relu)
excess = rc.limits.mei_montanari(
    psi[:, None],
    psi,
    1e-5,
    np.sqrt(moments.linear),
    moments.nonlinear,
    linear_energy=1,
    nonlinear_energy=0.3,
    noise=0.25,
)
(axis,) = panels(1)
image = axis.pcolormesh(psi, psi, np.log10(excess.test), cmap="cividis", shading="nearest", vmax=1)
axis.set(xscale="log", yscale="log", xlabel="ψ₂ = n/d", ylabel="ψ₁ = N/d")
plt.colorbar(image, label="log₁₀ test error")
plt.show()

# %% [markdown]
# ## How wide is wide enough?
#
# Under power laws (ξ_k = k^-α, energies k^-1-2αr) and with the best ridge, a width N = n^q keeps the rate of the kernel
# from some q on. Slopes of the equivalent beside the closed form:

# %%
alpha, r = 1.5, 0.4
for q in (0.3, 0.5, 0.8, 1.0):
    rate = rc.limits.best_random_feature_rate(alpha, r, q)
    print(f"N = n^{q}: excess error ~ n^{float(rate.excess):.3f}")

# %% [markdown]
# ## Polynomial scaling
#
# With n = d^a samples and N = d^b neurons the degrees below min(a, b) are learned. At d = 20:

# %%
stairs = rc.SphereData(n_inputs=20, target=rc.targets.DegreeEnergies({1: 0.5, 2: 0.3, 3: 0.2}))
n = np.geomspace(5, 5000, 100)
(axis,) = panels(1)
gelu = rc.activations.GELU()
for size in (20, 200, 2000, np.inf):
    risk = rc.predict(stairs, rc.RandomFeatureRidge(gelu, size, 0.01), n)
    axis.plot(n, risk.test, marker="", label=f"N = {size:g}")
axis.set(xscale="log", ylim=(0, 1.4), xlabel="number of samples n", ylabel="excess error")
axis.legend()
plt.show()

# %% [markdown]
# ## Change and try
#
# * `rc.random_features.tune(problem, n_samples, width)`: the best ridge; with it the peak is gone.
# * `rc.activations.Tanh()` or `rc.activations.Abs()`: an even activation never learns a linear target.
# * `weights="gaussian"`: another kernel at finite d.
# * `rc.random_features.deep_risk`: frozen layers on top of each other.
