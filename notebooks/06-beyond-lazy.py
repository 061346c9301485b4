# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Why stop being lazy, and how
#
# **Question.** Which targets does lazy training miss, and how does a network that learns features find them?
#
# **Sources.** T. Misiakiewicz and A. Montanari, *Six lectures on linearized neural networks*, arXiv:2308.13431, lecture 6;
# G. Ben Arous, R. Gheissari and A. Jagannath (2021), S. Mei, A. Montanari and P. Nguyen (2018), D. Saad and S. Solla
# (1995), E. Abbe, E. Boix-Adserà and T. Misiakiewicz (2022, 2023).

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
# ## The same target, four ways
#
# erf(1.5⟨e, x⟩) in d = 50 dimensions. No method with a rotation-invariant kernel goes below the energy of the degrees that
# n samples cannot resolve; the network that trains its first layer does.

# %%
names = {
    "kernel (NTK)": "lazy-or-trained-kernel",
    "random features": "lazy-or-trained-random-features",
    "neural tangent": "lazy-or-trained-neural-tangent",
    "trained network": "lazy-or-trained",
}
theory, points, checks = {}, {}, {}
for label, name in names.items():
    few = {"n_samples": [25, 100, 400], "n_trials": 6}
    rate = {"estimator.learning_rate": 1.0} if name == "lazy-or-trained" else {}
    experiment = rc.Experiment.load(name, overrides=few | rate)
    points[label] = experiment.simulate()
    checks[label] = rc.compare(experiment.predict(), points[label])
    theory[label] = rc.Experiment.load(name, overrides=rate | {"n_samples": "20:400:25:log"}).predict()
(axis,) = panels(1)
plot.lazy_or_trained(theory, ax=axis)
plot.lazy_or_trained(points, ax=axis)
axis.set(xscale="log", yscale="log")
axis.legend()
plt.show()
for label, check in checks.items():
    print(f"{label:16} z of the test error:", check.z["test"].ravel().round(2), "agree" if check.agrees else "disagree")

# %% [markdown]
# ## The lazy floor, sample by sample

# %%
d = 50
link = rc.targets.SingleIndex(rc.activations.Erf(1.5))
for samples in (40, 400, 3000, 200_000):
    print(f"n = {samples}: floor {float(rc.dynamics.lazy_staircase(link, d, samples)):.4f}")

# %% [markdown]
# ## One neuron: how long does it take to find the direction?
#
# The correlation m with the direction obeys an equation whose first nonzero coefficient is the information exponent k: 1
# escapes at once, 2 after log d, 3 and more after a power of d.

# %%
times = np.linspace(0, 5, 200)
(left, right) = panels(2)
for k in (1, 2, 3):
    he = rc.activations.Hermite(k)
    neuron = rc.dynamics.SingleNeuron(he, rc.targets.SingleIndex(coefficients=[0] * k + [1]))
    left.plot(times, neuron.trajectory(times, start=0.1), marker="", label=f"exponent {neuron.information_exponent}")
left.set(xlabel="time", ylabel="correlation m", ylim=(0, 1.02))
left.legend()
dimensions = np.geomspace(10, 1e6, 25)
for k in (1, 2, 3):
    products = np.zeros(k + 1)
    products[k] = 1.0
    reached = [float(rc.dynamics.hitting_time(products, 1 / np.sqrt(one), 0.9)) for one in dimensions]
    right.loglog(dimensions, reached, marker="", label=f"exponent {k}")
right.set(xlabel="dimension d", ylabel="time to m = 0.9")
right.legend()
plt.show()

# %% [markdown]
# ## Mean field: a population of neurons

# %%
erf = rc.activations.Erf(2**-0.5)
field = rc.dynamics.MeanField(erf, rc.targets.SingleIndex(rc.activations.Erf(1.5)))
start = np.linspace(-0.3, 0.3, 6)
path = field.trajectory(np.linspace(0, 40, 200), np.array([1.0, -1.0] * 3), start, np.sqrt(1 - start**2))
(left, right) = panels(2)
plot.trajectory(path, ax=left, quantity="m")
plot.trajectory(path, ax=right, quantity="loss")
plt.show()

# %% [markdown]
# ## Leaps
#
# A target that is a sum of monomials is learned in time d^(leap − 1) (up to logarithms): a merged staircase has leap 1.

# %%
for monomials in ([{0}, {0, 1}, {0, 1, 2}], [{0}, {0, 1, 2}], [{0, 1, 2}]):
    print(monomials, "leap", rc.dynamics.leap(monomials, basis="hypercube"))

# %% [markdown]
# ## Change and try
#
# * `learning_rate=2` in the experiment: faster, and above the flow by a noise floor.
# * `rc.targets.SingleIndex(coefficients=[0, 0, 1])`: information exponent 2; random starts take a logarithm longer.
# * `riskcalc verify lazy-or-trained`: the whole experiment with 60 networks a point.
