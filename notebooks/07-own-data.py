# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Your own table: the learning curve below and beyond its size
#
# **Question.** "I have 400 rows. What will the error be with 400, with 1000, with 3000, and is more data worth it?" The
# deterministic equivalents need only the eigenvalues of a kernel matrix and the projections of the outputs, and both can be
# read off the table itself, with corrections. Up to a size that the table tells, `n_identified`, nothing is extrapolated.
#
# **Sources.** T. Misiakiewicz and A. Montanari, arXiv:2308.13431, for the equivalents; the corrections, the identified
# region and the intervals are derived in the docstrings of `rc.learning_curve`. The table of digits is that of E. Alpaydin
# and C. Kaynak (1998), that of diabetes of B. Efron et al. (2004).

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
# ## Digits: 400 rows predict 1400
#
# The file has 1797 rows. Of these only 400 are shown to the theory; all are used to measure what really happens.

# %%
digits = rc.Experiment.load("digits").data
rng = np.random.default_rng(0)
rows = rng.permutation(digits.n_rows)[:400]
part = rc.Dataset(digits.inputs[rows], digits.outputs[rows])
estimator = rc.KernelRidge(rc.kernels.RBF(gamma=7.8125e-5), ridge=0.1)
n = np.unique(np.geomspace(50, 1400, 40).round())
curve = rc.learning_curve(part, estimator, n)
measured = rc.simulate(digits, estimator, np.array([50, 100, 200, 400, 800, 1400]), n_trials=10, rng=0)
(axis,) = panels(1)
plot.learning_curve(curve, measured=measured, ax=axis)
axis.set_title("digits, Gaussian kernel, ridge 0.1")
plt.show()
print(f"from {curve.n_rows} rows the curve is determined up to n = {curve.n_identified.max():.0f}")
for size in (400, 800, 1400):
    at = rc.learning_curve(part, estimator, size)
    truth = rc.simulate(digits, estimator, size, n_trials=10, rng=0).test
    print(f"n = {size}: predicted {at.test:.4f} in [{at.lower:.4f}, {at.upper:.4f}], measured {truth.mean:.4f}")

# %% [markdown]
# ## Is it to be trusted on this table? Hide a part and see
#
# `hindsight` takes parts of the table, predicts the error at larger sizes from each part, and compares with what the whole
# table says.

# %%
check = rc.hindsight(digits, estimator, np.array([400, 800]), part=0.2, n_splits=10, rng=0)
print("coverage of the 90 % interval:", check.coverage, " median relative error:", check.error.round(3))

# %% [markdown]
# ## Diabetes: is more data worth it?
#
# 442 rows, ten variables, a noisy target: the curve is flat, and the answer to "how many rows until ..." is a set.

# %%
diabetes = rc.Experiment.load("diabetes-kernel").data
flat = rc.KernelRidge(rc.kernels.RBF(gamma=0.05), ridge=10.0)
(axis,) = panels(1)
curve = rc.learning_curve(diabetes, flat, np.unique(np.geomspace(40, 4000, 40).round()))
plot.learning_curve(curve, ax=axis)
axis.set_title("diabetes, Gaussian kernel, ridge 10")
plt.show()
at_m = float(rc.learning_curve(diabetes, flat, 442).test)
for share in (1.1, 0.99, 0.9, 0.5):
    print(f"test error <= {share:g} of today's:", rc.sample_size(diabetes, flat, share * at_m).verdict)

# %% [markdown]
# ## A table of which the truth is known
#
# A synthetic target on the sphere: the population's equivalent gives the true curve for every n.

# %%
d, m = 20, 300
target = rc.targets.DegreeEnergies({1: 0.6, 2: 0.4})
sphere = rc.SphereData(d, target, noise=0.05)
x = rng.standard_normal((m, d))
x *= np.sqrt(d) / np.linalg.norm(x, axis=1, keepdims=True)
y = target.draw(d, rng)(x) + np.sqrt(0.05) * rng.standard_normal(m)
table = rc.Dataset(x, y)
fitted = rc.KernelRidge(rc.kernels.RBF(), ridge=0.05)
n = np.unique(np.geomspace(30, 3000, 40).round())
(left, right) = panels(2)
plot.learning_curve(rc.learning_curve(table, fitted, n), ax=left)
left.plot(n, rc.predict(sphere, fitted, n).test, color="C3", linestyle=":", marker="", label="truth")
left.legend()
left.set_title("ridge 0.05")
small = rc.KernelRidge(rc.kernels.RBF(), ridge=0.0)
plot.learning_curve(rc.learning_curve(table, small, n), ax=right)
right.plot(n, rc.predict(sphere, small, n).test, color="C3", linestyle=":", marker="", label="truth")
right.legend()
right.set_title("ridge 0")
plt.show()

# %% [markdown]
# ## Where it fails
#
# * A noiseless, smooth target whose curve steepens: the extrapolated part invents a floor. It cannot be seen from the table.
# * Too small a ridge on noisy data: overfitting starts beyond the sizes that the table shows, and the extrapolated part is
#   too low.
#
# Inside the identified region neither happens. The notes of a curve say what can be seen:

# %%
smooth = rc.Dataset(x, target.draw(d, rng)(x))
steep = rc.KernelRidge(rc.kernels.Laplace(), ridge=0.0)
far = rc.learning_curve(smooth, steep, 3000)
print(
    f"predicted {far.test:.4f} in [{far.lower:.4f}, {far.upper:.4f}]",
    "identified" if far.identified else "extrapolated",
)
print("truth", rc.predict(rc.SphereData(d, target), steep, 3000).test.round(4))
for note in far.notes:
    print("*", note)

# %% [markdown]
# ## Change and try
#
# * Your own file: `rc.Dataset.from_csv("my.csv", target="y", standardise=True)`, or
#   `riskcalc learning-curve --table my.csv --target y --kernel RBF --ridge best --n-samples 50:5000:20:log`.
# * `ridge="best"` in `rc.learning_curve`: the curve of the best ridge of each n.
# * Another kernel: `rc.kernels.Laplace()`, `rc.kernels.Polynomial(3)`, `rc.kernels.ReluNeuralTangent(2)`, or a matrix of
#   your own through `rc.Dataset.from_kernel`.
