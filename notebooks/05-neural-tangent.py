# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # The neural tangent model: does training the first layer, linearly, change the picture?
#
# **Question.** Linearised in its first layer, a network has Nd features instead of N. What does it learn, when does its
# width matter, and what happens at n = Nd?
#
# **Sources.** T. Misiakiewicz and A. Montanari, *Six lectures on linearized neural networks*, arXiv:2308.13431, lecture 5;
# B. Ghorbani et al. (2021) for approximation, A. Montanari and Y. Zhong (2022) for interpolation and the self-induced
# ridge, B. Adlam and J. Pennington (2020) for both layers.

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
# ## What N neurons can represent: random features against neural tangent
#
# Infinitely many samples, N neurons with given weights: the share of each degree that is missed. Random features need
# N ~ d^k neurons for degree k; the neural tangent model needs N ~ d^(k-1), at the same number of parameters. The ReLU's
# tangent features never represent degree 3.

# %%
d, rng = 20, np.random.default_rng(0)
relu = rc.activations.ReLU()
widths = np.array([2, 4, 8, 15, 30])
missed = {name: np.empty((3, widths.size)) for name in ("neural tangent", "random features")}
for j, width in enumerate(widths):
    weights = rng.standard_normal((width, d))
    weights /= np.linalg.norm(weights, axis=1, keepdims=True)
    for k in (1, 2, 3):
        link = rc.targets.SingleIndex(coefficients=[0] * k + [1])
        tangent = rc.neural_tangent.conditional_problem(relu, weights, link)
        features = rc.random_features.conditional_problem(relu, weights, link)
        missed["neural tangent"][k - 1, j] = tangent.unreached
        missed["random features"][k - 1, j] = features.unreached
axes = panels(2)
for axis, (name, shares) in zip(axes, missed.items(), strict=True):
    for k in (1, 2, 3):
        axis.plot(widths, shares[k - 1], label=f"degree {k}")
    axis.set(xscale="log", ylim=(0, 1.05), xlabel="width N", ylabel="share missed", title=name)
    axis.set_xticks(widths, widths)
    axis.minorticks_off()
    axis.legend()
plt.show()

# %% [markdown]
# ## Many more parameters than samples: the width does not matter
#
# For Nd ≫ n the model is kernel ridge regression with the kernel of infinite width, and the degrees beyond what n
# resolves act as a ridge v_ℓ, also at λ = 0: no divergence anywhere.

# %%
print(
    "self-induced ridge v_1:",
    {
        name: round(float(rc.neural_tangent.self_induced_ridge(phi, 1)), 6)
        for name, phi in {"ReLU": relu, "tanh": rc.activations.Tanh(), "erf": rc.activations.Erf(2**-0.5)}.items()
    },
)
data = rc.SphereData(n_inputs=100, target=rc.targets.DegreeEnergies({1: 1.0, 2: 0.64}), noise=0.2)
estimator = rc.NeuralTangentRidge(relu, width=300, ridge=[0, 0.3])
n = np.geomspace(20, 600, 60)
theory = rc.predict(data, estimator.replace(width=np.inf), n[:, None])
(axis,) = panels(1)
plot.risk_curve(theory, ax=axis)
plot.risk_curve(rc.simulate(data, estimator, np.array([50, 100, 200, 400])[:, None], n_trials=10, rng=0), ax=axis)
axis.set(yscale="linear", ylim=(0, 2), title="ReLU, d = 100, N = 300")
axis.legend()
plt.show()

# %% [markdown]
# ## Through n = Nd
#
# With given weights the equivalent is conditional on them, and holds for any n. With a small ridge the error peaks where
# the samples are as many as the parameters, here 800.

# %%
threshold = rc.Experiment.load("neural-tangent-threshold")
n = np.geomspace(100, 6000, 80)
given = threshold.estimator
risk = rc.predict(threshold.data, given, n[:, None])
trials = rc.simulate(threshold.data, given, np.array([200, 400, 600, 1000])[:, None], n_trials=2, rng=0)
(axis,) = panels(1)
plot.risk_curve(risk, ax=axis)
plot.risk_curve(trials, ax=axis)
axis.axvline(800, color="0.7", linewidth=0.7, zorder=0)
axis.legend()
plt.show()

# %%
check = rc.verify(threshold.data, given, np.array([200, 400, 600])[:, None], n_trials=4, rng=1)
print("z of the test error, one row per n:")
print(check.z["test"].round(2))
print("verdict:", "theory and simulation agree" if check.agrees else "they disagree")

# %% [markdown]
# ## Both layers
#
# Where n, d and N are of one order, training both layers is a linear model with a ridge of its own; nothing diverges at
# n = N.

# %%
gaussian = rc.GaussianData.isotropic(200, noise=0.2)
both = rc.NeuralTangentRidge(rc.activations.Erf(2**-0.5), [[50], [200], [600]], 0, layers="both")
n = np.linspace(40, 800, 60)
(axis,) = panels(1)
plot.risk_curve(rc.predict(gaussian, both, n), ax=axis, x="n_samples")
plot.risk_curve(rc.simulate(gaussian, both, np.array([100, 200, 400]), n_trials=4, rng=0), ax=axis, x="n_samples")
axis.set(yscale="linear", title="erf, d = 200, both layers")
axis.legend()
plt.show()

# %% [markdown]
# ## Change and try
#
# * A narrow network without given weights: the sentence says why no theory is averaged over them.
# * `rc.activations.Tanh()`: an odd activation learns only odd degrees.
# * `rc.NeuralTangentRidge.of_random_weights(..., rng=1)`: other weights, nearly the same curve.
# * Gaussian inputs, `riskcalc verify neural-tangent-gaussian`: their norms fluctuate, and the prediction is some per cent
#   low around n = Nd.
