# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # riskcalc in ten minutes
#
# **Question.** What test error will a linearised network have, before anyone trains it, and how do we know?
#
# **Sources.** T. Misiakiewicz and A. Montanari, *Six lectures on linearized neural networks*, arXiv:2308.13431. Each later
# notebook takes one lecture.

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
# ## A pair, and two questions to it
#
# A *data model* says how samples are drawn, an *estimator* says what is fitted. `predict` answers with equations,
# `simulate` with an experiment, and `verify` puts both side by side in standard errors.

# %%
data = rc.GaussianData.isotropic(n_features=200, noise=0.25)
estimator = rc.Ridge([0, 1, 50])
n = np.array([100, 300])[:, None]
print(rc.predict(data, estimator, n).test)
print(rc.simulate(data, estimator, n, n_trials=20, rng=0).test.mean)
print("agree:", rc.verify(data, estimator, n, n_trials=20, rng=0).agrees)

# %% [markdown]
# Everything broadcasts: sizes as a column and ridges as a row are a grid. A result knows its axes, its sources and its
# notes.

# %%
risk = rc.predict(data, rc.Ridge(1.0), [100, 199, 300])
print(risk.to_pandas()[["n_samples", "test", "train", "bias", "variance", "effective_ridge"]])
print("notes:", *risk.notes)
print(rc.cite(risk).splitlines()[0], "...")

# %% [markdown]
# ## The picture

# %%
(axis,) = panels(1)
plot.risk_curve(rc.predict(data, estimator, np.arange(20, 601, 3)[:, None]), ax=axis)
plot.risk_curve(rc.simulate(data, estimator, np.arange(40, 601, 80)[:, None], n_trials=10, rng=0), ax=axis)
axis.set(yscale="linear", ylim=(0, 3), title="ridge regression on 200 features")
axis.legend()
plt.show()

# %% [markdown]
# ## The same verbs for every model of the lectures

# %%
sphere = rc.SphereData(n_inputs=50, target=rc.targets.DegreeEnergies({1: 0.7, 2: 0.3}), noise=0.1)
relu = rc.activations.ReLU()
for one in (
    rc.KernelRidge(rc.kernels.ReluNeuralTangent(depth=1), ridge=0.1),
    rc.RandomFeatureRidge(relu, width=300, ridge=0.1),
    rc.NeuralTangentRidge(relu, width=1024, ridge=1e-2),
    rc.GradientFlow(time=1000.0, kernel=rc.kernels.RBF()),
):
    predicted = rc.predict(sphere, one, 200).test
    simulated = rc.simulate(sphere, one, 200, n_trials=10, rng=0).test
    print(
        f"{type(one).__name__:20} predicted {predicted:.4f}, simulated {simulated.mean:.4f} ± {simulated.standard_error:.4f}"
    )

# %% [markdown]
# ## Questions that need an answer, not a curve

# %%
print("best ridge:", rc.tune(data, rc.Ridge(0), 300).ridge.round(6))
print("samples until the error is 0.4:", round(float(rc.sample_size(data, rc.Ridge(50.0), 0.4)), 1))
print("what one more sample is worth:", risk.derivative("test", "n_samples").round(5))

# %% [markdown]
# ## Your own table

# %%
diabetes = rc.Experiment.load("diabetes-kernel").data
curve = rc.learning_curve(diabetes, rc.KernelRidge(rc.kernels.RBF(gamma=0.05), 10.0), [200, 442, 1000])
for size, test, low, high in zip([200, 442, 1000], curve.test, curve.lower, curve.upper, strict=True):
    print(f"n = {size}: {test:.0f}, between {low:.0f} and {high:.0f}")

# %% [markdown]
# ## The formula, for a paper

# %%
formula = rc.formulas["ridge.effective_ridge"]
print(formula.title)
print(formula.latex())
print(formula.python())

# %% [markdown]
# ## Change and try
#
# * Another estimator in the loop above, or `rc.HypercubeData` in the place of `rc.SphereData`.
# * `noise=[0, 0.5]` in a data model: one more axis.
# * From the shell: `riskcalc verify --quick`, `riskcalc plot isotropic -o figure.pdf`, `riskcalc explore`.
